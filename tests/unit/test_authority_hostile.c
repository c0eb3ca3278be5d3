/* SPDX-License-Identifier: Apache-2.0 */
/* What an attacker or a bad moment would like: each of these went wrong once. */
#include "house.h"
#include "ops.h"
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* A store whose next calls of one kind fail. */
static struct {
	const struct cs_store_ops *real;
	struct cs_store_ops ops;
	int begins, commits, appends;
	uint64_t committed; /* number of the last event that was */
	uint64_t damaged; /* a request whose bytes cannot be read */
} broken;

static int broken_begin(struct cs_store *store)
{
	return broken.begins && broken.begins-- ? CS_EIO : broken.real->begin(store);
}

static int broken_commit(struct cs_store *store)
{
	uint8_t chain[CS_DIGEST_LEN];

	(void)broken.real->head(store, &broken.committed, chain);
	return broken.commits && broken.commits-- ? CS_EIO : broken.real->commit(store);
}

static int broken_append(struct cs_store *store, const struct cs_record *record, uint64_t request)
{
	return broken.appends && broken.appends-- ? CS_EIO : broken.real->append(store, record, request);
}

static int broken_get(struct cs_store *store, uint64_t number, struct cs_row *ret_row)
{
	return number == broken.damaged ? CS_ECORRUPT : broken.real->get(store, number, ret_row);
}

static void open_breakable(struct house *h)
{
	memset(&broken, 0, sizeof(broken));
	house_open(h);
	broken.real = h->store->ops;
	broken.ops = *broken.real;
	broken.ops.begin = broken_begin;
	broken.ops.commit = broken_commit;
	broken.ops.append = broken_append;
	broken.ops.get = broken_get;
	h->store->ops = &broken.ops;
}

static void hold_on(struct house *h, struct house_sudo *s, uint64_t connection, struct cs_decision *d)
{
	house_sudo_by(s, ALICE, "alice");
	assert_int_equal(house_submit(h, s, connection, d), 0);
	if (d->verdict != CS_HOLD)
		fail_msg("not held: %s (%s)", cs_reason_name(d->reason), d->text);
}

static void approve_by_both(struct house *h, uint64_t number)
{
	assert_int_equal(house_vote(h, BOB, number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(h, CAROL, number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
}

static void claim_permits(struct house *h, const struct cs_decision *d, uint64_t connection)
{
	struct cs_decision reply = { 0 };

	assert_int_equal(house_claim(h, d, connection, &reply), 0);
	if (reply.verdict != CS_PERMIT)
		fail_msg("not permitted: %s", cs_reason_name(reply.reason));
	cs_clear(&cs_decision_shape, &reply);
}

/* One transaction that cannot even be begun must not move the chain back: everything after it would be refused. */
static void test_authority_a106_begin_that_fails_leaves_the_chain(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	open_breakable(&h);
	broken.begins = 1;
	house_sudo_by(&s, 0, "root");
	assert_int_equal(house_submit(&h, &s, 1, &d), 0);
	assert_int_equal(d.reason, CS_WHY_STORE);
	cs_clear(&cs_decision_shape, &d);
	assert_int_equal(house_submit(&h, &s, 1, &d), 0);
	assert_int_equal(d.verdict, CS_PERMIT);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* A policy whose loading is not recorded is not in force. */
static void test_authority_a133_unrecorded_policy_is_not_in_force(void **state)
{
	static char id[] = "/usr/bin/id";
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_apply_answer answer = { 0 };
	char *text = NULL;

	(void)state;
	open_breakable(&h);
	assert_int_equal(cs_format(&text, "%s%s", "service other { unmatched = permit }\n",
		house_policy + strlen("service sudo { unmatched = permit }\n")), 0);
	broken.commits = 1;
	assert_int_equal(house_apply(&h, 0, text, 0, false, &answer), CS_EIO);
	assert_int_equal(house_events(&h, CS_EVENT_POLICY, CS_WHY_NONE), 1);
	house_sudo_by(&s, DAVE, "dave");
	s.submit.action.command = s.submit.action.resolved = id;
	assert_int_equal(house_submit(&h, &s, 1, &d), 0);
	assert_int_equal(d.reason, CS_WHY_UNGUARDED); /* by the old one */
	cs_clear(&cs_decision_shape, &d);
	house_load(&h, text);
	assert_int_equal(house_submit(&h, &s, 1, &d), 0);
	assert_int_equal(d.reason, CS_WHY_UNMATCHED);
	cs_clear(&cs_decision_shape, &d);
	cs_clear(&cs_apply_answer_shape, &answer);
	free(text);
	house_close(&h);
}

/* Whoever hears an answer may make the next turn begin. What that records is told when it is committed, not before. */
struct hearer {
	struct house *h;
	uint64_t connection;
	unsigned told_early;
};
static struct hearer hearer;

static void hear(void *arg, int error, const char *text, const void *reply)
{
	struct cs_caller gone = { .connection = hearer.connection };

	(void)arg;
	(void)error;
	(void)text;
	(void)reply;
	cs_authority_gone(hearer.h->authority, &gone);
}

static void told(struct house *h, const struct cs_event *event, const uint8_t chain[CS_DIGEST_LEN])
{
	(void)h;
	(void)chain;
	hearer.told_early += event->number > broken.committed;
}

static void test_authority_a133_nothing_is_told_before_its_commit(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_caller module = { 0 };
	FILE *f = NULL;

	(void)state;
	open_breakable(&h);
	h.recorded = told;
	hearer = (struct hearer){ &h, 7, 0 };
	module = house_module(&h, 7);
	house_sudo_by(&s, ALICE, "alice");
	f = fopen(h.program, "r");
	assert_non_null(f);
	cs_authority_call(h.authority, &module, CS_CALL_SUBMIT, &s.submit, fileno(f), hear, NULL);
	(void)fclose(f);
	cs_authority_turn(h.authority);
	cs_authority_turn(h.authority);
	assert_int_equal(hearer.told_early, 0);
	assert_int_equal(house_events(&h, CS_EVENT_PARKED, CS_WHY_PARKED), 1);
	house_close(&h);
}

/* The votes on an identical request whose time is over say nothing about a new one. */
static void test_authority_votes_of_an_old_request_do_not_show(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, again = { 0 };
	struct cs_caller module = { 0 };

	(void)state;
	house_open(&h);
	hold_on(&h, &s, 7, &d);
	approve_by_both(&h, d.number);
	module = house_module(&h, 7);
	cs_authority_gone(h.authority, &module);
	cs_authority_turn(h.authority);
	house_pass(11 * 60000); /* approved, not used in time, and not yet marked as that */
	hold_on(&h, &s, 8, &again);
	assert_int_equal(again.number, d.number + 1);
	assert_int_equal(again.n_votes, 0);
	assert_int_equal(again.needs[0].have, 0);
	cs_clear(&cs_decision_shape, &d);
	cs_clear(&cs_decision_shape, &again);
	house_close(&h);
}

/* A directory that fails at the last vote must not leave a request that everybody approved and nobody can approve. */
static void test_authority_a079_votes_are_counted_again_after_doubt(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, again = { 0 };
	struct cs_caller module = { 0 };

	(void)state;
	house_open(&h);
	hold_on(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	house_set_people(&h, "alice", "carol, erin"); /* bob is no owner for a moment */
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	house_set_people(&h, "alice, bob", "carol, erin");
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_VOTED);
	module = house_module(&h, 7);
	cs_authority_gone(h.authority, &module);
	cs_authority_turn(h.authority);
	assert_int_equal(house_submit(&h, &s, 8, &again), 0);
	assert_int_equal(again.verdict, CS_PERMIT);
	assert_int_equal(again.number, d.number);
	assert_int_equal(house_events(&h, CS_EVENT_APPROVED, CS_WHY_APPROVED), 1);
	assert_int_equal(house_events(&h, CS_EVENT_CLAIMED, CS_WHY_APPROVED), 1);
	cs_clear(&cs_decision_shape, &d);
	cs_clear(&cs_decision_shape, &again);
	house_close(&h);
}

static enum cs_verdict confirm(struct house *h, uint64_t connection)
{
	static char alice[] = "alice", service[] = "sudo";
	struct cs_caller caller = house_module(h, connection);
	struct cs_confirm call = { .subject = { ALICE, CS_NO_UID, alice }, .target_uid = 0, .service = service };
	struct cs_decision reply = { 0 };
	enum cs_verdict verdict = CS_DENY;

	assert_int_equal(house_call(h, &caller, CS_CALL_CONFIRM, &call, -1, &cs_decision_shape, &reply), 0);
	verdict = reply.verdict;
	cs_clear(&cs_decision_shape, &reply);
	return verdict;
}

/* A session that confirms late, after the alarm, is let in with a record like any other. */
static void test_authority_a007_late_confirmation_is_recorded(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	house_open(&h);
	hold_on(&h, &s, 7, &d);
	approve_by_both(&h, d.number);
	claim_permits(&h, &d, 7);
	house_pass(4000);
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	assert_int_equal(house_events(&h, CS_EVENT_UNCONFIRMED, CS_WHY_UNCONFIRMED), 1);
	assert_int_equal(confirm(&h, 7), CS_PERMIT);
	assert_int_equal(house_events(&h, CS_EVENT_CONFIRMED, CS_WHY_CONFIRMED), 1);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* The alarm of an unconfirmed release is not lost with a disk that is full for a second. */
static void test_authority_a007_alarm_is_tried_again(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	open_breakable(&h);
	hold_on(&h, &s, 7, &d);
	approve_by_both(&h, d.number);
	claim_permits(&h, &d, 7);
	house_pass(3000);
	broken.appends = 1;
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	house_pass(1000);
	broken.commits = 1;
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	assert_int_equal(house_events(&h, CS_EVENT_UNCONFIRMED, CS_WHY_UNCONFIRMED), 0);
	house_pass(1000);
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	assert_int_equal(house_events(&h, CS_EVENT_UNCONFIRMED, CS_WHY_UNCONFIRMED), 1);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* One request whose stored bytes are damaged does not keep the others from expiring. */
static void test_authority_damaged_request_does_not_stop_the_clock(void **state)
{
	static char other[] = "10.2";
	struct house h;
	struct house_sudo s;
	struct cs_decision first = { 0 }, second = { 0 };

	(void)state;
	open_breakable(&h);
	hold_on(&h, &s, 7, &first);
	s.argv[2] = other;
	assert_int_equal(house_submit(&h, &s, 8, &second), 0);
	assert_true(second.number > first.number);
	broken.damaged = first.number;
	house_pass(31 * 60000);
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	assert_int_equal(house_state(&h, second.number), CS_UNANSWERED);
	broken.damaged = 0;
	cs_clear(&cs_decision_shape, &first);
	cs_clear(&cs_decision_shape, &second);
	house_close(&h);
}

/* A gate that took files which others can change, and does not any more, does not let an approval of before through. */
static void test_authority_a087_exposed_file_is_judged_again_at_claim(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, reply = { 0 };
	char *text = NULL;
	const char *at = strstr(house_policy, "  reason = required");

	(void)state;
	house_open(&h);
	assert_int_equal(cs_format(&text, "%.*s  exposed_file = permit\n%s", (int)(at - house_policy), house_policy,
		at), 0);
	house_load(&h, text);
	house_sudo_by(&s, ALICE, "alice");
	s.submit.action.exposed = true;
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(d.verdict, CS_HOLD);
	approve_by_both(&h, d.number);
	house_load(&h, house_policy);
	assert_int_equal(house_claim(&h, &d, 7, &reply), 0);
	assert_int_equal(reply.verdict, CS_DENY);
	assert_int_equal(reply.reason, CS_WHY_POLICY_CHANGED);
	cs_clear(&cs_decision_shape, &reply);
	cs_clear(&cs_decision_shape, &d);
	free(text);
	house_close(&h);
}

/* Anybody may ask for the list of all there ever was: the answer must not take longer the longer the history is. */
static unsigned gets;

static int counted_get(struct cs_store *store, uint64_t number, struct cs_row *ret_row)
{
	gets++;
	return broken.real->get(store, number, ret_row);
}

static void test_authority_a060_list_of_all_is_bounded(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_caller dave = house_person(DAVE), alice = house_person(ALICE);
	struct cs_list list = { .all = true };
	struct cs_list_answer rows = { 0 };

	(void)state;
	open_breakable(&h);
	for (unsigned i = 0; i < 2100; i++) {
		struct cs_decision d = { 0 };
		struct cs_cancel cancel = { 0 };
		struct cs_decision reply = { 0 };

		hold_on(&h, &s, 10 + i, &d);
		cancel.number = d.number;
		assert_int_equal(house_call(&h, &alice, CS_CALL_CANCEL, &cancel, -1, &cs_decision_shape, &reply), 0);
		cs_clear(&cs_decision_shape, &reply);
		cs_clear(&cs_decision_shape, &d);
	}
	broken.ops.get = counted_get;
	gets = 0;
	assert_int_equal(house_call(&h, &dave, CS_CALL_LIST, &list, -1, &cs_list_answer_shape, &rows), 0);
	assert_int_equal(rows.n_rows, 0);
	assert_true(rows.more);
	assert_true(gets <= 2001);
	cs_clear(&cs_list_answer_shape, &rows);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority_a106_begin_that_fails_leaves_the_chain),
		cmocka_unit_test(test_authority_a133_unrecorded_policy_is_not_in_force),
		cmocka_unit_test(test_authority_a133_nothing_is_told_before_its_commit),
		cmocka_unit_test(test_authority_votes_of_an_old_request_do_not_show),
		cmocka_unit_test(test_authority_a079_votes_are_counted_again_after_doubt),
		cmocka_unit_test(test_authority_a007_late_confirmation_is_recorded),
		cmocka_unit_test(test_authority_a007_alarm_is_tried_again),
		cmocka_unit_test(test_authority_damaged_request_does_not_stop_the_clock),
		cmocka_unit_test(test_authority_a087_exposed_file_is_judged_again_at_claim),
		cmocka_unit_test(test_authority_a060_list_of_all_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
