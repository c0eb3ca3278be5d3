/* SPDX-License-Identifier: Apache-2.0 */
/* The authority as a whole: asking, voting, claiming, and everything that must not be a permit. */
#include "house.h"
#include "evidence.h"
#include <signal.h>
#include <sys/resource.h>

static const char *const house_store_files[] = { "", "-wal", "-shm", ".lock" };

#define WITH_HOUSE(h) struct house h; house_open(&h)

static enum cs_reason submit_reason(struct house *h, const struct house_sudo *s, enum cs_verdict expected)
{
	struct cs_decision d = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	assert_int_equal(house_submit(h, s, 1, &d), 0);
	assert_int_equal(d.verdict, expected);
	reason = d.reason;
	cs_clear(&cs_decision_shape, &d);
	return reason;
}

/* alice asks on connection 7 and is held. */
static void hold(struct house *h, struct house_sudo *s, struct cs_decision *d)
{
	house_sudo_by(s, ALICE, "alice");
	assert_int_equal(house_submit(h, s, 7, d), 0);
	if (d->verdict != CS_HOLD)
		fail_msg("not held: %s (%s)", cs_reason_name(d->reason), d->text);
	assert_int_equal(d->reason, CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(d->state, CS_PENDING);
}

static void approve_by_both(struct house *h, uint64_t number)
{
	assert_int_equal(house_vote(h, BOB, number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(h, CAROL, number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
}

static enum cs_reason claim_reason(struct house *h, const struct cs_decision *d, uint64_t connection,
	enum cs_verdict expected)
{
	struct cs_decision reply = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	assert_int_equal(house_claim(h, d, connection, &reply), 0);
	assert_int_equal(reply.verdict, expected);
	reason = reply.reason;
	cs_clear(&cs_decision_shape, &reply);
	return reason;
}

static void test_authority_two_approvals_release_once(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	hold(&h, &s, &d);
	assert_int_equal(d.n_needs, 2);
	assert_int_equal(d.number, 1);
	assert_int_equal(strlen(d.check_code), CS_CODE_LEN);
	assert_true(cs_strv_has(d.needs[0].who, d.needs[0].n_who, "bob"));
	assert_false(cs_strv_has(d.needs[0].who, d.needs[0].n_who, "alice"));
	assert_false(cs_strv_has(d.needs[0].who, d.needs[0].n_who, "alice-adm")); /* the same human */
	assert_int_equal(claim_reason(&h, &d, 7, CS_HOLD), CS_WHY_NEEDS_APPROVAL); /* and goes on waiting */
	approve_by_both(&h, d.number);
	assert_int_equal(claim_reason(&h, &d, 7, CS_PERMIT), CS_WHY_APPROVED);
	assert_int_equal(house_state(&h, d.number), CS_USED);
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_NOT_YOURS);
	assert_int_equal(house_events(&h, CS_EVENT_CLAIMED, CS_WHY_APPROVED), 1);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a073_second_account_is_self(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	hold(&h, &s, &d);
	assert_int_equal(house_vote(&h, ALICE, d.number, CS_VOTE_APPROVE), CS_WHY_SELF);
	assert_int_equal(house_vote(&h, ALICE_ADM, d.number, CS_VOTE_APPROVE), CS_WHY_SELF);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	assert_int_equal(house_events(&h, CS_EVENT_VOTE_REFUSED, CS_WHY_SELF), 2);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_votes_that_do_not_count(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	hold(&h, &s, &d);
	assert_int_equal(house_vote(&h, DAVE, d.number, CS_VOTE_APPROVE), CS_WHY_NOT_APPROVER);
	assert_int_equal(house_vote(&h, DAVE, d.number, CS_VOTE_REJECT), CS_WHY_NOT_APPROVER);
	assert_int_equal(house_vote(&h, 0, d.number, CS_VOTE_APPROVE), CS_WHY_NOT_APPROVER);      /* A054 */
	assert_int_equal(house_vote(&h, 65534, d.number, CS_VOTE_APPROVE), CS_WHY_NOT_APPROVER);
	assert_int_equal(house_vote(&h, 4242, d.number, CS_VOTE_APPROVE), CS_WHY_NOT_APPROVER);   /* nobody knows it */
	assert_int_equal(house_vote(&h, FRANK, d.number, CS_VOTE_APPROVE), CS_WHY_LOCKED_PERSON); /* A080 */
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_VOTED);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* Anybody on the host may try to vote; the evidence does not grow with every try (A060). */
static void test_authority_a060_refused_votes_do_not_flood_the_evidence(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	hold(&h, &s, &d);
	for (int i = 0; i < 30; i++)
		assert_int_equal(house_vote(&h, DAVE, d.number, CS_VOTE_APPROVE), CS_WHY_NOT_APPROVER);
	assert_int_equal(house_events(&h, CS_EVENT_VOTE_REFUSED, CS_WHY_NOT_APPROVER), 20);
	assert_int_equal(house_vote(&h, ALICE, d.number, CS_VOTE_APPROVE), CS_WHY_SELF); /* others are kept */
	assert_int_equal(house_events(&h, CS_EVENT_VOTE_REFUSED, CS_WHY_SELF), 1);
	house_pass(60000);
	assert_int_equal(house_vote(&h, DAVE, d.number, CS_VOTE_APPROVE), CS_WHY_NOT_APPROVER);
	assert_int_equal(house_events(&h, CS_EVENT_VOTE_REFUSED, CS_WHY_NOT_APPROVER), 21);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* erin could fill both rules, bob only one: greedy counting of erin under bob's rule would never finish. */
static void test_authority_a8_assignment_is_not_greedy(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	hold(&h, &s, &d);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a094_wrong_code_and_digest(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 }, reply = { 0 };
	struct cs_caller bob = house_person(BOB);
	char wrong[] = "0000", right[CS_CODE_LEN + 1];
	struct cs_vote_call call = { .number = 1, .vote = CS_VOTE_APPROVE, .check_code = wrong };

	(void)state;
	hold(&h, &s, &d);
	house_digest(&h, 1, call.digest);
	cs_check_code(call.digest, right);
	if (strcmp(right, wrong) == 0)
		wrong[0] = '1';
	assert_int_equal(house_call(&h, &bob, CS_CALL_VOTE, &call, -1, &cs_decision_shape, &reply), 0);
	assert_int_equal(reply.reason, CS_WHY_CODE);
	cs_clear(&cs_decision_shape, &reply);
	call.check_code = right;
	call.digest[5] ^= 1;
	assert_int_equal(house_call(&h, &bob, CS_CALL_VOTE, &call, -1, &cs_decision_shape, &reply), 0);
	assert_int_equal(reply.reason, CS_WHY_DIGEST);
	cs_clear(&cs_decision_shape, &reply);
	call.vote = CS_VOTE_NONE;
	assert_int_equal(house_call(&h, &bob, CS_CALL_VOTE, &call, -1, &cs_decision_shape, NULL), CS_EINVAL);
	assert_int_equal(house_state(&h, 1), CS_PENDING);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a12_one_reject_ends_it(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 }, seen = { 0 };
	struct cs_wait wait = { .wait_ms = 1 };
	struct cs_caller module = house_module(&h, 7);

	(void)state;
	hold(&h, &s, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_REJECT), CS_WHY_REJECTED);
	memcpy(wait.id, d.id, CS_ID_LEN);
	memcpy(wait.secret, d.secret, CS_ID_LEN);
	assert_int_equal(cs_authority_look(h.authority, &module, &wait, &seen), 0);
	assert_int_equal(seen.verdict, CS_DENY);
	assert_int_equal(seen.reason, CS_WHY_REJECTED);
	assert_int_equal(seen.n_votes, 1);
	assert_string_equal(seen.votes[0].comment, "a comment");
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_STATE);
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_REJECTED);
	cs_clear(&cs_decision_shape, &seen);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* An approved request may still be rejected before it is used. */
static void test_authority_a092_reject_wins_over_approved(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_REJECT), CS_WHY_REJECTED);
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_REJECTED);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a080_approver_lost_at_claim(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	house_set_people(&h, "alice, bob, erin", "erin"); /* carol left infra */
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_APPROVER_LOST);
	assert_int_equal(house_state(&h, d.number), CS_CANCELLED); /* spent: the next call asks again */
	assert_int_equal(house_events(&h, CS_EVENT_CLAIMED, CS_WHY_APPROVED), 0);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a080_requester_lost_at_claim(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	house_set_people(&h, "bob, erin", "carol");
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_REQUESTER_LOST);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a079_doubt_at_claim_denies_and_passes(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	house_write(h.people, "this is no directory\n");
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_DOUBT);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	house_set_people(&h, "alice, bob, erin", "carol");
	assert_int_equal(submit_reason(&h, &s, CS_PERMIT), CS_WHY_APPROVED); /* the doubt has passed */
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a034_file_changed_at_claim(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	house_write(h.program, "#!/bin/sh\n# other\n");
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_TARGET_CHANGED);
	assert_int_equal(house_state(&h, d.number), CS_CANCELLED);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a087_policy_changed_before_claim(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_apply_answer answer = { 0 };
	char *text = NULL, *at = NULL;

	(void)state;
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	text = cs_dup(house_policy);
	at = strstr(text, "count = 1 permission");
	assert_non_null(at);
	at[8] = '2';
	house_load(&h, text);
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_POLICY_CHANGED);
	assert_int_equal(house_apply(&h, 0, "gate broken {\n", 0, false, &answer), 0);
	assert_false(answer.applied);
	assert_int_equal(answer.decision.reason, CS_WHY_BAD_CALL);
	assert_int_equal(submit_reason(&h, &s, CS_HOLD), CS_WHY_NEEDS_APPROVAL); /* the old one is kept */
	cs_clear(&cs_apply_answer_shape, &answer);
	free(text);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a103_claim_is_bound(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	assert_int_equal(claim_reason(&h, &d, 8, CS_DENY), CS_WHY_NOT_YOURS); /* another connection */
	d.secret[0] ^= 1;
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_NOT_YOURS);
	d.secret[0] ^= 1;
	assert_int_equal(claim_reason(&h, &d, 7, CS_PERMIT), CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_parked_is_claimed_once_by_the_identical_call(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_caller module = house_module(&h, 7);

	(void)state;
	hold(&h, &s, &d);
	cs_authority_gone(h.authority, &module);
	cs_authority_turn(h.authority);
	assert_int_equal(house_events(&h, CS_EVENT_PARKED, CS_WHY_PARKED), 1);
	approve_by_both(&h, d.number);
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_NOT_YOURS);
	s.submit.reason = NULL; /* the identical call is not asked again */
	assert_int_equal(submit_reason(&h, &s, CS_PERMIT), CS_WHY_APPROVED);
	assert_int_equal(submit_reason(&h, &s, CS_HOLD), CS_WHY_NEEDS_REASON);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* What must be the same in an identical call, one difference at a time. */
static void test_authority_a103_other_calls_do_not_claim_a_parked_one(void **state)
{
	static char other_arg[] = "10.2", other_cwd[] = "/tmp", variable[] = "DEPLOY=1", peer[] = "192.0.2.1";
	char *env[] = { variable };
	uint32_t groups[] = { 5 };
	struct house_sudo base, s;

	(void)state;
	for (int i = 0; i < 8; i++) {
		WITH_HOUSE(h);
		struct cs_decision d = { 0 };
		struct cs_caller module = house_module(&h, 7);

		hold(&h, &base, &d);
		cs_authority_gone(h.authority, &module);
		approve_by_both(&h, d.number);
		s = base;
		s.submit.action.argv = s.argv;
		switch (i) {
		case 0: s.argv[2] = other_arg; break;
		case 1: s.submit.action.cwd = other_cwd; break;
		case 2: s.submit.action.target_uid = 33; break;
		case 3: s.submit.action.target_gid = 33; break;
		case 4: s.submit.action.env = env; s.submit.action.n_env = 1; break;
		case 5: s.submit.action.peer = peer; break;
		case 6: s.submit.action.target_groups = groups; s.submit.action.n_target_groups = 1; break;
		default: house_write(h.program, "#!/bin/sh\n# other\n"); break;
		}
		assert_int_equal(submit_reason(&h, &s, CS_HOLD), CS_WHY_NEEDS_APPROVAL);
		assert_int_equal(house_state(&h, d.number), CS_APPROVED);
		cs_clear(&cs_decision_shape, &d);
		house_close(&h);
	}
}

static void test_authority_parked_pending_is_taken_up_again(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 }, again = { 0 };
	struct cs_caller module = house_module(&h, 7);

	(void)state;
	hold(&h, &s, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	cs_authority_gone(h.authority, &module);
	assert_int_equal(house_submit(&h, &s, 9, &again), 0);
	assert_int_equal(again.verdict, CS_HOLD);
	assert_int_equal(again.number, d.number);
	assert_int_equal(again.n_votes, 1);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(claim_reason(&h, &again, 9, CS_PERMIT), CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	cs_clear(&cs_decision_shape, &again);
	house_close(&h);
}

static void test_authority_a093_deadlines(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_caller module = house_module(&h, 7);

	(void)state;
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	house_pass(10 * 60 * 1000);
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_EXPIRED);
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	assert_int_equal(house_state(&h, d.number), CS_EXPIRED);
	cs_authority_gone(h.authority, &module);
	cs_clear(&cs_decision_shape, &d);
	hold(&h, &s, &d);
	house_pass(30 * 60 * 1000 - 1);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	house_pass(1);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_STATE);
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	assert_int_equal(house_state(&h, d.number), CS_EXPIRED);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* Setting the wall clock back must not stretch an approval (CVE-2013-1775). */
static void test_authority_a093_wall_clock_does_not_stretch(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	house_now.boot_ms += 11 * 60 * 1000;
	house_now.wall_ms -= 3600 * 1000;
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_EXPIRED);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_hold_time_is_over(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 }, seen = { 0 };
	struct cs_wait wait = { .wait_ms = 1 };
	struct cs_caller module = house_module(&h, 7);

	(void)state;
	hold(&h, &s, &d);
	memcpy(wait.id, d.id, CS_ID_LEN);
	memcpy(wait.secret, d.secret, CS_ID_LEN);
	house_pass(60000);
	assert_int_equal(cs_authority_look(h.authority, &module, &wait, &seen), 0);
	assert_int_equal(seen.verdict, CS_DENY);
	assert_int_equal(seen.reason, CS_WHY_PARKED);
	cs_clear(&cs_decision_shape, &seen);
	assert_int_equal(cs_authority_look(h.authority, &module, &wait, &seen), CS_EPERM);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_submit_denials(void **state)
{
	static char sh[] = "/bin/sh", extra[] = "extra", slash[] = "a/b", preload[] = "LD_PRELOAD=/tmp/x.so",
		httpd[] = "httpd";
	char *env[] = { preload };
	WITH_HOUSE(h);
	struct house_sudo s;

	(void)state;
	house_sudo_by(&s, DAVE, "dave");
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_NO_PERMISSION);
	house_sudo_by(&s, 4242, "nobody-known");
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_UNKNOWN_PERSON);
	house_sudo_by(&s, ALICE, "bob"); /* uid and name name two people */
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_UNKNOWN_PERSON);
	house_sudo_by(&s, 65534, "nobody"); /* A004 */
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_UNKNOWN_PERSON);
	house_sudo_by(&s, CS_NO_UID, "alice");
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_UNKNOWN_PERSON);
	assert_int_equal(house_events(&h, CS_EVENT_DENIED, CS_WHY_UNKNOWN_PERSON), 4);
	house_sudo_by(&s, FRANK, "frank");
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_LOCKED_PERSON);
	house_sudo_by(&s, ALICE, "alice");
	s.argv[1] = httpd;
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_NO_PERMISSION);
	house_sudo_by(&s, ALICE, "alice");
	s.argv[3] = extra;
	s.submit.action.n_argv = 4;
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_ARGUMENTS);
	house_sudo_by(&s, ALICE, "alice");
	s.argv[1] = slash;
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_ARGUMENTS);
	house_sudo_by(&s, ALICE, "alice");
	s.submit.action.command = s.submit.action.resolved = sh;
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_DENY_GATE);
	house_sudo_by(&s, ALICE, "alice");
	s.submit.action.env = env;
	s.submit.action.n_env = 1;
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_ENVIRONMENT); /* A038 */
	house_sudo_by(&s, ALICE, "alice");
	s.submit.action.option_refused = true;
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_OPTION); /* A039 */
	house_sudo_by(&s, ALICE, "alice");
	s.submit.action.exposed = true;
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_EXPOSED_FILE);
	house_sudo_by(&s, ALICE, "alice");
	s.submit.has_file = false;
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_NO_FILE);
	house_close(&h);
}

static void test_authority_root_and_unguarded(void **state)
{
	static char id[] = "/usr/bin/id", sshd[] = "sshd", none[] = "", cron[] = "cron", peer[] = "192.0.2.9";
	WITH_HOUSE(h);
	struct house_sudo s;

	(void)state;
	house_sudo_by(&s, 0, "root");
	assert_int_equal(submit_reason(&h, &s, CS_PERMIT), CS_WHY_ROOT);
	house_sudo_by(&s, 65534, "nobody"); /* A004: not even what no gate guards */
	s.submit.action.command = s.submit.action.resolved = id;
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_UNKNOWN_PERSON);
	house_sudo_by(&s, DAVE, "dave");
	s.submit.action.command = s.submit.action.resolved = id;
	assert_int_equal(submit_reason(&h, &s, CS_PERMIT), CS_WHY_UNGUARDED);
	s.submit.action.service = cron; /* a service that the policy does not name */
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_UNMATCHED);
	house_sudo_by(&s, 0, "root"); /* root over the network is nobody in particular */
	s.submit.action.service = sshd;
	s.submit.action.command = s.submit.action.resolved = none;
	s.submit.action.n_argv = 0;
	s.submit.action.peer = peer;
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_UNKNOWN_PERSON);
	assert_int_equal(house_events(&h, CS_EVENT_PERMITTED, CS_WHY_ROOT), 1);
	assert_int_equal(house_events(&h, CS_EVENT_PERMITTED, CS_WHY_UNGUARDED), 1);
	house_close(&h);
}

static void test_authority_unsatisfiable_at_submit(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;

	(void)state;
	house_sudo_by(&s, ALICE, "alice");
	house_set_people(&h, "alice, bob", "bob"); /* bob alone cannot fill two rules */
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_UNSATISFIABLE);
	house_set_people(&h, "alice, alice-adm", "carol"); /* alice's second account does not help her */
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_UNSATISFIABLE);
	house_set_people(&h, "alice", "carol, erin"); /* a permission counts from every role that gives it */
	assert_int_equal(submit_reason(&h, &s, CS_HOLD), CS_WHY_NEEDS_APPROVAL);
	house_close(&h);
}

static void test_authority_reason_and_not_waiting(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	house_sudo_by(&s, ALICE, "alice");
	s.submit.reason = NULL;
	assert_int_equal(submit_reason(&h, &s, CS_HOLD), CS_WHY_NEEDS_REASON);
	assert_int_equal(house_events(&h, CS_EVENT_REQUESTED, CS_WHY_NEEDS_APPROVAL), 0);
	house_sudo_by(&s, ALICE, "alice");
	s.submit.may_wait = false;
	assert_int_equal(house_submit(&h, &s, 1, &d), 0); /* A050 */
	assert_int_equal(d.verdict, CS_DENY);
	assert_int_equal(d.reason, CS_WHY_NOT_WAITING);
	assert_int_equal(d.number, 1);
	approve_by_both(&h, d.number);
	assert_int_equal(submit_reason(&h, &s, CS_PERMIT), CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a009_only_ask_makes_no_request(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;

	(void)state;
	house_sudo_by(&s, ALICE, "alice");
	s.submit.only_ask = true;
	assert_int_equal(submit_reason(&h, &s, CS_HOLD), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_events(&h, CS_EVENT_REQUESTED, CS_WHY_NEEDS_APPROVAL), 0);
	house_sudo_by(&s, DAVE, "dave");
	s.submit.only_ask = true;
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_NO_PERMISSION);
	house_close(&h);
}

/* What opens nothing leaves no permit behind; what may open something does, whatever else the call says. Kills: each half of
 * opens_nothing. */
static void test_authority_a_login_is_recorded_once(void **state)
{
	static const struct {
		bool only_ask, asked_again;
		size_t permits;
	} calls[] = { { true, true, 0 }, { true, false, 1 }, { false, true, 1 }, { false, false, 1 } };
	static char id[] = "/usr/bin/id";
	WITH_HOUSE(h);
	struct house_sudo s;
	size_t permits = 0;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(calls); i++) {
		house_sudo_by(&s, ALICE, "alice");
		s.submit.action.command = s.submit.action.resolved = id;
		s.submit.only_ask = calls[i].only_ask;
		s.submit.asked_again = calls[i].asked_again;
		assert_int_equal(submit_reason(&h, &s, CS_PERMIT), CS_WHY_UNGUARDED);
		permits += calls[i].permits;
		assert_int_equal(house_events(&h, CS_EVENT_PERMITTED, CS_WHY_UNGUARDED), permits);
	}
	house_sudo_by(&s, DAVE, "dave");
	s.submit.only_ask = s.submit.asked_again = true;
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_NO_PERMISSION);
	assert_int_equal(house_events(&h, CS_EVENT_DENIED, CS_WHY_NO_PERMISSION), 1);
	house_close(&h);
}

static void test_authority_a060_open_requests_are_limited(void **state)
{
	static char versions[21][8];
	WITH_HOUSE(h);
	struct house_sudo s;

	(void)state;
	for (int i = 0; i < 20; i++) {
		house_sudo_by(&s, ALICE, "alice");
		(void)snprintf(versions[i], sizeof(versions[i]), "1.%d", i);
		s.argv[2] = versions[i];
		assert_int_equal(submit_reason(&h, &s, CS_HOLD), CS_WHY_NEEDS_APPROVAL);
	}
	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(submit_reason(&h, &s, CS_DENY), CS_WHY_LIMIT);
	house_sudo_by(&s, BOB, "bob"); /* only the one who floods is refused */
	assert_int_equal(submit_reason(&h, &s, CS_HOLD), CS_WHY_NEEDS_APPROVAL);
	house_close(&h);
}

static void test_authority_a092_who_may_cancel(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 }, reply = { 0 };
	struct cs_caller bob = house_person(BOB), alice = house_person(ALICE), module = house_module(&h, 99);
	struct cs_cancel cancel = { .number = 1 };

	(void)state;
	hold(&h, &s, &d);
	assert_int_equal(house_call(&h, &bob, CS_CALL_CANCEL, &cancel, -1, &cs_decision_shape, NULL), CS_EPERM);
	assert_int_equal(house_call(&h, &module, CS_CALL_CANCEL, &cancel, -1, &cs_decision_shape, NULL), CS_EPERM);
	assert_int_equal(house_state(&h, 1), CS_PENDING);
	assert_int_equal(house_call(&h, &alice, CS_CALL_CANCEL, &cancel, -1, &cs_decision_shape, &reply), 0);
	assert_int_equal(reply.reason, CS_WHY_CANCELLED);
	assert_int_equal(house_state(&h, 1), CS_CANCELLED);
	assert_int_equal(house_vote(&h, BOB, 1, CS_VOTE_APPROVE), CS_WHY_STATE);
	cs_clear(&cs_decision_shape, &reply);
	assert_int_equal(house_call(&h, &alice, CS_CALL_CANCEL, &cancel, -1, &cs_decision_shape, &reply), 0);
	assert_int_equal(reply.reason, CS_WHY_STATE);
	cs_clear(&cs_decision_shape, &reply);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static enum cs_reason confirm(struct house *h, struct cs_caller *caller, uint32_t uid, uint32_t target)
{
	static char sudo[] = "sudo";
	struct cs_confirm call = { .subject = { .uid = uid, .login_uid = CS_NO_UID }, .target_uid = target,
		.service = sudo };
	struct cs_decision reply = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	assert_int_equal(house_call(h, caller, CS_CALL_CONFIRM, &call, -1, &cs_decision_shape, &reply), 0);
	reason = reply.reason;
	assert_int_equal(reply.verdict == CS_PERMIT, reason == CS_WHY_CONFIRMED);
	cs_clear(&cs_decision_shape, &reply);
	return reason;
}

/* The connection on which it was released is the proof; nothing that can be said on another one counts (A053). */
static void test_authority_a032_session_confirms_on_the_same_connection(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_caller same = house_module(&h, 7), other = house_module(&h, 12);

	(void)state;
	assert_int_equal(confirm(&h, &same, ALICE, 0), CS_WHY_UNCONFIRMED); /* nothing was released */
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	assert_int_equal(confirm(&h, &same, ALICE, 0), CS_WHY_UNCONFIRMED); /* approved is not released */
	assert_int_equal(claim_reason(&h, &d, 7, CS_PERMIT), CS_WHY_APPROVED);
	assert_int_equal(confirm(&h, &other, ALICE, 0), CS_WHY_UNCONFIRMED);
	assert_int_equal(confirm(&h, &same, BOB, 0), CS_WHY_UNCONFIRMED);
	assert_int_equal(confirm(&h, &same, ALICE, 33), CS_WHY_UNCONFIRMED);
	assert_int_equal(confirm(&h, &same, ALICE, 0), CS_WHY_CONFIRMED);
	assert_int_equal(confirm(&h, &same, ALICE, 0), CS_WHY_UNCONFIRMED); /* once */
	cs_clear(&cs_decision_shape, &d);
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	assert_int_equal(claim_reason(&h, &d, 7, CS_PERMIT), CS_WHY_APPROVED);
	house_pass(10001);
	assert_int_equal(confirm(&h, &same, ALICE, 0), CS_WHY_UNCONFIRMED); /* too late */
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* A released sudo that died does not leave its release to the next one, not even for something no gate guards. */
static void test_authority_a032_release_ends_with_its_connection(void **state)
{
	static char id[] = "/usr/bin/id";
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_caller same = house_module(&h, 1);

	(void)state;
	house_sudo_by(&s, ALICE, "alice");
	s.submit.action.command = s.submit.action.resolved = id;
	assert_int_equal(submit_reason(&h, &s, CS_PERMIT), CS_WHY_UNGUARDED);
	cs_authority_gone(h.authority, &same);
	cs_authority_turn(h.authority);
	assert_int_equal(confirm(&h, &same, ALICE, 0), CS_WHY_UNCONFIRMED);
	house_close(&h);
}

static void test_authority_a007_unconfirmed_release_is_an_alarm(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	assert_int_equal(claim_reason(&h, &d, 7, CS_PERMIT), CS_WHY_APPROVED);
	house_pass(2001);
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	assert_int_equal(house_events(&h, CS_EVENT_UNCONFIRMED, CS_WHY_UNCONFIRMED), 1);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* Identical calls wait for one request together; what it permits goes to the first that claims it, once. */
static void test_authority_a103_identical_calls_join_and_one_of_them_uses_it(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 }, other = { 0 }, seen = { 0 };
	struct cs_caller module = house_module(&h, 7);
	struct cs_wait wait = { .wait_ms = 1 };

	(void)state;
	hold(&h, &s, &d);
	assert_int_equal(d.waiting, 1);
	assert_int_equal(house_submit(&h, &s, 8, &other), 0);
	assert_int_equal(other.waiting, 2);
	assert_int_equal(other.verdict, CS_HOLD);
	assert_int_equal(other.number, d.number);
	assert_memory_not_equal(other.secret, d.secret, CS_ID_LEN);
	approve_by_both(&h, d.number);
	assert_int_equal(claim_reason(&h, &other, 8, CS_PERMIT), CS_WHY_APPROVED);
	memcpy(wait.id, d.id, CS_ID_LEN);
	memcpy(wait.secret, d.secret, CS_ID_LEN);
	assert_int_equal(cs_authority_look(h.authority, &module, &wait, &seen), 0);
	assert_int_equal(seen.verdict, CS_DENY);
	assert_int_equal(seen.reason, CS_WHY_USED);
	assert_non_null(strstr(seen.text, "Another of your sessions"));
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_USED);
	assert_int_equal(house_events(&h, CS_EVENT_CLAIMED, CS_WHY_APPROVED), 1);
	cs_clear(&cs_decision_shape, &seen);
	cs_clear(&cs_decision_shape, &d);
	cs_clear(&cs_decision_shape, &other);
	house_close(&h);
}

/* No record, no permit: with the disk full nothing is permitted, nothing stays half done, and it heals (A106, A133). */
static void test_authority_a106_full_disk_denies(void **state)
{
	static char id[] = "/usr/bin/id";
	struct house h;
	struct house_sudo s, plain;
	struct cs_store *store = NULL;
	struct cs_decision d = { 0 };
	struct rlimit full = { 4096, RLIM_INFINITY }, old;
	struct cs_verifier verifier;
	struct cs_record *records = NULL;
	char dir[] = "/tmp/cs-full-XXXXXX", path[64];
	size_t n = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/store.db", dir);
	assert_int_equal(cs_store_open_sqlite(path, &store, NULL), 0);
	house_open_with(&h, store);
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	house_sudo_by(&plain, DAVE, "dave");
	plain.submit.action.command = plain.submit.action.resolved = id;
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	assert_int_equal(submit_reason(&h, &plain, CS_DENY), CS_WHY_STORE);
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_STORE);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	assert_int_equal(submit_reason(&h, &plain, CS_PERMIT), CS_WHY_UNGUARDED);
	cs_verifier_init(&verifier);
	assert_int_equal(cs_store_records(h.store, 1, 1000, &records, &n), 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(cs_verifier_next(&verifier, &records[i]), 0);
		cs_clear(&cs_record_shape, &records[i]);
	}
	free(records);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
	for (size_t i = 0; i < CS_COUNT(house_store_files); i++) {
		char file[96];

		(void)snprintf(file, sizeof(file), "%s%s", path, house_store_files[i]);
		(void)unlink(file);
	}
	(void)rmdir(dir);
}

static void test_authority_who_sees_what(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_show_answer show = { 0 };

	(void)state;
	hold(&h, &s, &d);
	assert_int_equal(house_show(&h, DAVE, 1, &show), CS_ENOENT);
	assert_int_equal(house_show(&h, 4242, 1, &show), CS_ENOENT);
	assert_int_equal(house_show(&h, BOB, 2, &show), CS_ENOENT);
	assert_int_equal(house_show(&h, BOB, 1, &show), 0);
	assert_true(show.may_vote);
	assert_string_equal(show.decision.check_code, ""); /* the requester tells it */
	cs_clear(&cs_show_answer_shape, &show);
	assert_int_equal(house_show(&h, ALICE, 1, &show), 0);
	assert_false(show.may_vote);
	assert_string_equal(show.decision.check_code, d.check_code);
	cs_clear(&cs_show_answer_shape, &show);
	assert_int_equal(house_show(&h, 0, 1, &show), 0);
	assert_false(show.may_vote);
	cs_clear(&cs_show_answer_shape, &show);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_right_of_others_is_roots_to_ask(void **state)
{
	static char bob_name[] = "bob", permission[] = "release.deploy", scope[] = "project/tomcat",
		wrong[] = "release.deplay";
	WITH_HOUSE(h);
	struct cs_right right = { bob_name, permission, scope };
	struct cs_right_answer answer = { 0 };
	struct cs_caller bob = house_person(BOB), dave = house_person(DAVE), root = house_person(0);

	(void)state;
	assert_int_equal(house_call(&h, &bob, CS_CALL_RIGHT, &right, -1, &cs_right_answer_shape, &answer), 0);
	assert_int_equal(answer.verdict, CS_PERMIT);
	cs_clear(&cs_right_answer_shape, &answer);
	assert_int_equal(house_call(&h, &root, CS_CALL_RIGHT, &right, -1, &cs_right_answer_shape, &answer), 0);
	assert_int_equal(answer.verdict, CS_PERMIT);
	assert_true(answer.n_steps > 0);
	cs_clear(&cs_right_answer_shape, &answer);
	assert_int_equal(house_call(&h, &dave, CS_CALL_RIGHT, &right, -1, &cs_right_answer_shape, NULL), CS_EPERM);
	right.permission = wrong;
	assert_int_equal(house_call(&h, &root, CS_CALL_RIGHT, &right, -1, &cs_right_answer_shape, NULL), CS_ENOENT);
	house_close(&h);
}

static int ask_role(struct house *h, uint32_t uid, const char *role, const char *scope,
	struct cs_right_answer *ret_answer)
{
	static char bob_name[] = "bob";
	struct cs_has_role call = { .subject = { .uid = uid, .login_uid = CS_NO_UID, .name = bob_name },
		.role = (char *)(uintptr_t)role, .scope = (char *)(uintptr_t)scope };
	struct cs_caller module = house_module(h, 3);

	return house_call(h, &module, CS_CALL_ROLE, &call, -1, &cs_right_answer_shape, ret_answer);
}

static enum cs_reason role_reason(struct house *h, uint32_t uid, const char *role, const char *scope)
{
	struct cs_right_answer answer = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	assert_int_equal(ask_role(h, uid, role, scope, &answer), 0);
	reason = answer.reason;
	assert_int_equal(answer.verdict, reason == CS_WHY_HAS_RIGHT ? CS_PERMIT : CS_DENY);
	cs_clear(&cs_right_answer_shape, &answer);
	return reason;
}

/* sudo's group plugin asks. A yes may open a door and is recorded, once in 30 s; a no is no denial (is_worth_a_record). The
 * record is decided again when the house closes. */
static void test_authority_role_in_scope(void **state)
{
	WITH_HOUSE(h);

	(void)state;
	assert_int_equal(role_reason(&h, BOB, "pmc", "project/tomcat"), CS_WHY_HAS_RIGHT);
	assert_int_equal(role_reason(&h, BOB, "pmc", "project/tomcat"), CS_WHY_HAS_RIGHT);
	assert_int_equal(house_events(&h, CS_EVENT_PERMITTED, CS_WHY_HAS_RIGHT), 1);
	assert_int_equal(role_reason(&h, BOB, "infra", "project/tomcat"), CS_WHY_NO_PERMISSION);
	assert_int_equal(role_reason(&h, BOB, "pmc", "project/httpd"), CS_WHY_NO_PERMISSION);
	assert_int_equal(role_reason(&h, BOB, "pmc", "*"), CS_WHY_NO_PERMISSION);
	assert_int_equal(house_events(&h, CS_EVENT_DENIED, CS_WHY_NO_PERMISSION), 0);
	house_set_people(&h, "alice", "carol");
	assert_int_equal(role_reason(&h, BOB, "pmc", "project/tomcat"), CS_WHY_NO_PERMISSION);
	house_close(&h);
}

/* Bob's name under another number is not bob: right_subject tells the directory both. */
static void test_authority_a004_role_of_a_name_with_another_number(void **state)
{
	WITH_HOUSE(h);

	(void)state;
	assert_int_equal(role_reason(&h, BOB, "pmc", "project/tomcat"), CS_WHY_HAS_RIGHT);
	assert_int_not_equal(role_reason(&h, CAROL, "pmc", "project/tomcat"), CS_WHY_HAS_RIGHT);
	assert_int_not_equal(role_reason(&h, 0, "pmc", "project/tomcat"), CS_WHY_HAS_RIGHT);
	assert_int_not_equal(role_reason(&h, 65534, "pmc", "project/tomcat"), CS_WHY_HAS_RIGHT);
	house_close(&h);
}

static void test_authority_role_that_is_none(void **state)
{
	WITH_HOUSE(h);

	(void)state;
	assert_int_equal(ask_role(&h, BOB, "pcm", "project/tomcat", NULL), CS_ENOENT);
	assert_int_equal(ask_role(&h, BOB, "release.deploy", "project/tomcat", NULL), CS_ENOENT);
	assert_int_equal(ask_role(&h, BOB, "", "project/tomcat", NULL), CS_ENOENT);
	assert_int_equal(ask_role(&h, BOB, "pmc", "", NULL), CS_EINVAL);
	assert_int_equal(role_reason(&h, BOB, "pmc", "project/tomcat/../httpd"), CS_WHY_NO_PERMISSION);
	house_close(&h);
}

static void test_authority_a023_answer_to_a_gone_connection_is_let_go(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 }, again = { 0 };
	struct cs_caller module = house_module(&h, 7);

	(void)state;
	hold(&h, &s, &d);
	cs_authority_gone(h.authority, &module);
	cs_authority_gone(h.authority, &module);
	cs_authority_turn(h.authority);
	assert_int_equal(house_events(&h, CS_EVENT_PARKED, CS_WHY_PARKED), 1);
	assert_int_equal(house_submit(&h, &s, 8, &again), 0);
	assert_int_equal(again.number, d.number);
	cs_clear(&cs_decision_shape, &d);
	cs_clear(&cs_decision_shape, &again);
	house_close(&h);
}

static void test_authority_a065_restart_keeps_requests_and_chain(void **state)
{
	WITH_HOUSE(h);
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_record *records = NULL;
	struct cs_verifier verifier;
	size_t n = 0;

	(void)state;
	hold(&h, &s, &d);
	approve_by_both(&h, d.number);
	cs_authority_close(&h.authority);
	house_open_authority(&h);
	assert_int_equal(claim_reason(&h, &d, 7, CS_DENY), CS_WHY_NOT_YOURS); /* the connection died with the daemon */
	assert_int_equal(submit_reason(&h, &s, CS_PERMIT), CS_WHY_APPROVED);
	cs_verifier_init(&verifier);
	assert_int_equal(cs_store_records(h.store, 1, 1000, &records, &n), 0);
	assert_true(n >= 8);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(cs_verifier_next(&verifier, &records[i]), 0);
		cs_clear(&cs_record_shape, &records[i]);
	}
	assert_int_equal(verifier.permits, 1);
	free(records);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority_two_approvals_release_once),
		cmocka_unit_test(test_authority_a073_second_account_is_self),
		cmocka_unit_test(test_authority_votes_that_do_not_count),
		cmocka_unit_test(test_authority_a060_refused_votes_do_not_flood_the_evidence),
		cmocka_unit_test(test_authority_a8_assignment_is_not_greedy),
		cmocka_unit_test(test_authority_a094_wrong_code_and_digest),
		cmocka_unit_test(test_authority_a12_one_reject_ends_it),
		cmocka_unit_test(test_authority_a092_reject_wins_over_approved),
		cmocka_unit_test(test_authority_a080_approver_lost_at_claim),
		cmocka_unit_test(test_authority_a080_requester_lost_at_claim),
		cmocka_unit_test(test_authority_a079_doubt_at_claim_denies_and_passes),
		cmocka_unit_test(test_authority_a034_file_changed_at_claim),
		cmocka_unit_test(test_authority_a087_policy_changed_before_claim),
		cmocka_unit_test(test_authority_a103_claim_is_bound),
		cmocka_unit_test(test_authority_parked_is_claimed_once_by_the_identical_call),
		cmocka_unit_test(test_authority_a103_other_calls_do_not_claim_a_parked_one),
		cmocka_unit_test(test_authority_parked_pending_is_taken_up_again),
		cmocka_unit_test(test_authority_a093_deadlines),
		cmocka_unit_test(test_authority_a093_wall_clock_does_not_stretch),
		cmocka_unit_test(test_authority_hold_time_is_over),
		cmocka_unit_test(test_authority_submit_denials),
		cmocka_unit_test(test_authority_root_and_unguarded),
		cmocka_unit_test(test_authority_unsatisfiable_at_submit),
		cmocka_unit_test(test_authority_reason_and_not_waiting),
		cmocka_unit_test(test_authority_a009_only_ask_makes_no_request),
		cmocka_unit_test(test_authority_a_login_is_recorded_once),
		cmocka_unit_test(test_authority_a060_open_requests_are_limited),
		cmocka_unit_test(test_authority_a092_who_may_cancel),
		cmocka_unit_test(test_authority_a032_session_confirms_on_the_same_connection),
		cmocka_unit_test(test_authority_a032_release_ends_with_its_connection),
		cmocka_unit_test(test_authority_a007_unconfirmed_release_is_an_alarm),
		cmocka_unit_test(test_authority_a103_identical_calls_join_and_one_of_them_uses_it),
		cmocka_unit_test(test_authority_a106_full_disk_denies),
		cmocka_unit_test(test_authority_who_sees_what),
		cmocka_unit_test(test_authority_right_of_others_is_roots_to_ask),
		cmocka_unit_test(test_authority_role_in_scope),
		cmocka_unit_test(test_authority_a004_role_of_a_name_with_another_number),
		cmocka_unit_test(test_authority_role_that_is_none),
		cmocka_unit_test(test_authority_a023_answer_to_a_gone_connection_is_let_go),
		cmocka_unit_test(test_authority_a065_restart_keeps_requests_and_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
