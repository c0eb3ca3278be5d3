/* SPDX-License-Identifier: Apache-2.0 */
/* What a request and its approval are worth when the policy changes meanwhile: the one in force judges, and what was agreed
 * to never lasts longer for it. */
#include "houses.h"
#include "internal.h"

/* Approved for ten minutes; the policy of now gives two. Kills asking the request alone. */
static void test_authority_a087_a_shorter_time_to_use_it(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, again = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "  use_within = 10m }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	house_load(&h, RIGHTS DEPLOY ONE "  use_within = 2m }\n");
	look(&h, &d, 7, &again);
	assert_int_equal(again.remaining_ms, 2 * MINUTE);
	cs_clear(&cs_decision_shape, &again);
	house_pass(2 * MINUTE);
	ask(&h, &s, 8, CS_DENY, CS_WHY_POLICY_CHANGED, &again);
	assert_non_null(strstr(again.text, "for 2m 00s, and that is over; ask again"));
	cs_clear(&cs_decision_shape, &again);
	assert_int_equal(house_state(&h, d.number), CS_CANCELLED);
	ask(&h, &s, 9, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* In time by both it is used; and a policy that gives more gives nothing to what was approved for less. */
static void test_authority_a087_a_longer_time_is_not_for_what_was_asked_before(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "  use_within = 10m }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	house_load(&h, RIGHTS DEPLOY ONE "  use_within = 2m }\n");
	house_pass(2 * MINUTE - 1);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	held(&h, &s, 8, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	house_load(&h, RIGHTS DEPLOY ONE "  use_within = 10m }\n");
	house_pass(2 * MINUTE);
	claim(&h, &d, 8, CS_DENY, CS_WHY_EXPIRED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

static uint64_t confirmed_session(struct house *h, uint64_t connection)
{
	static char sudo[] = "sudo";
	struct cs_caller caller = house_module(h, connection);
	struct cs_confirm call = { .subject = { .uid = ALICE, .login_uid = CS_NO_UID }, .service = sudo };
	struct cs_decision reply = { 0 };
	uint64_t session_ms = 0;

	assert_int_equal(house_call(h, &caller, CS_CALL_CONFIRM, &call, -1, &cs_decision_shape, &reply), 0);
	assert_int_equal(reply.reason, CS_WHY_CONFIRMED);
	session_ms = reply.session_ms;
	cs_clear(&cs_decision_shape, &reply);
	return session_ms;
}

/* How long what it starts may last: the shorter of what was agreed to and what the policy in force says. Kills the
 * request's own number at the session line. */
static void test_authority_a087_a_shorter_session(void **state)
{
	static const struct {
		const char *then, *now;
		uint64_t lasts_ms;
	} rows[] = {
		{ "session = 2h", "session = 1h", HOUR },
		{ "session = 1h", "session = 2h", HOUR },
		{ "session = 1h", "", HOUR },
		{ "", "session = 1h", HOUR },
		{ "", "", 0 },
	};

	for (size_t i = 0; i < CS_COUNT(rows); i++) {
		struct house h;
		struct house_sudo s;
		struct cs_decision d = { 0 };
		char *then = NULL, *now = NULL;

		assert_int_equal(cs_format(&then, "%s%s }\n", RIGHTS DEPLOY ONE, rows[i].then), 0);
		assert_int_equal(cs_format(&now, "%s%s }\n", RIGHTS DEPLOY ONE, rows[i].now), 0);
		open_house(state, &h, then);
		held(&h, &s, 7, &d);
		assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
		house_load(&h, now);
		claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
		assert_int_equal(confirmed_session(&h, 7), rows[i].lasts_ms);
		cs_clear(&cs_decision_shape, &d);
		close_house(&h);
		free(then);
		free(now);
	}
}

static void nested(struct house_sudo *s)
{
	house_sudo_by(s, ALICE, "alice");
	s->submit.nested = true;
}

static size_t alarms(struct house *h)
{
	house_pass(2001);
	for (int i = 0; i < 2; i++) {
		(void)cs_authority_tick(h->authority);
		cs_authority_turn(h->authority);
	}
	return house_events(h, CS_EVENT_UNCONFIRMED, CS_WHY_UNCONFIRMED);
}

/* What sudo runs inside a command that runs has no session line: nobody sets it a time, nobody looks at it. Kills: cannot_be_kept, each of
 * its halves, and that only what is held is looked at. */
static void test_authority_a040_what_cannot_be_kept_is_not_held_inside(void **state)
{
	static const char *const terms[] = { "session = 1h", "watch = required" };

	for (size_t i = 0; i < CS_COUNT(terms); i++) {
		struct house h;
		struct house_sudo s;
		struct cs_decision d = { 0 };
		char *policy = NULL;

		assert_int_equal(cs_format(&policy, "%s%s }\n", RIGHTS DEPLOY ONE, terms[i]), 0);
		open_house(state, &h, policy);
		nested(&s);
		ask(&h, &s, 7, CS_DENY, CS_WHY_NESTED, NULL);
		assert_int_equal(house_events(&h, CS_EVENT_REQUESTED, CS_WHY_NEEDS_APPROVAL), 0);
		held(&h, &s, 8, &d); /* asked for by itself it is held */
		assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
		nested(&s);
		ask(&h, &s, 9, CS_DENY, CS_WHY_NESTED, NULL); /* and inside it is not used either */
		claim(&h, &d, 8, CS_PERMIT, CS_WHY_APPROVED);
		cs_clear(&cs_decision_shape, &d);
		close_house(&h);
		free(policy);
	}
}

/* Held when the gate wanted neither. It stays approved for who can keep it. Kills: NESTED among what spends a request; the submit's word,
 * not kept for the claim; stored_needs_session. */
static void test_authority_a040_a_stricter_policy_meanwhile(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	nested(&s);
	ask(&h, &s, 7, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	house_load(&h, RIGHTS DEPLOY ONE "  session = 1h }\n");
	claim(&h, &d, 7, CS_DENY, CS_WHY_NESTED);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	house_sudo_by(&s, ALICE, "alice");
	ask(&h, &s, 8, CS_PERMIT, CS_WHY_APPROVED, &d);
	assert_int_equal(confirmed_session(&h, 8), HOUR);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Kills: release_add for what nothing confirms: an alarm for each of them. */
static void test_authority_a040_nothing_confirms_what_runs_inside(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	nested(&s);
	ask(&h, &s, 7, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	assert_int_equal(alarms(&h), 0);
	held(&h, &s, 8, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 8, CS_PERMIT, CS_WHY_APPROVED);
	assert_int_equal(alarms(&h), 1);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

#define TWO "  approval committee { count = 2 permission = release.approve }\n"

static bool shown_as_changed(struct house *h, uint32_t uid, uint64_t number)
{
	struct cs_show_answer show = { 0 };
	bool changed = false;

	assert_int_equal(house_show(h, uid, number, &show), 0);
	changed = show.policy_changed;
	cs_clear(&cs_show_answer_shape, &show);
	return changed;
}

/* Asked when two had to agree, and approved by one: the policy in force judges. Whoever votes is told that it is another
 * one. When it is over there is nothing more to say of that. */
static void test_authority_a087_the_policy_in_force_judges_and_is_told(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY TWO "}\n");
	held(&h, &s, 7, &d);
	assert_false(shown_as_changed(&h, BOB, d.number));
	house_load(&h, RIGHTS DEPLOY ONE "}\n");
	assert_true(shown_as_changed(&h, BOB, d.number));
	assert_true(shown_as_changed(&h, ALICE, d.number));
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	assert_false(shown_as_changed(&h, BOB, d.number));
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* And the other way: what one was enough for waits for two. */
static void test_authority_a087_a_stricter_policy_judges_too(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	held(&h, &s, 7, &d);
	house_load(&h, RIGHTS DEPLOY TWO "}\n");
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

#define GLASS(lasts) \
	RIGHTS DEPLOY ONE "}\n" \
	"break_glass oncall { scope = \"project/tomcat\" uid = { 2001 } lasts = " lasts "\n" \
	"  approval review { count = 2 permission = release.approve } }\n"

/* A break-glass that is open lasts no longer than the policy in force says. Kills asking the debt alone. */
static void test_authority_a087_a_shorter_break_glass(void **state)
{
	static char because[] = "the site is down";
	struct house h;
	struct house_sudo s;
	struct cs_caller alice = house_person(ALICE);
	struct cs_break_glass call = { .reason = because };
	struct cs_break_glass_answer answer = { 0 };

	open_house(state, &h, GLASS("15m"));
	assert_int_equal(house_call(&h, &alice, CS_CALL_BREAK_GLASS, &call, -1, &cs_break_glass_answer_shape, &answer), 0);
	assert_int_equal(answer.decision.reason, CS_WHY_BREAK_GLASS);
	cs_clear(&cs_break_glass_answer_shape, &answer);
	house_load(&h, GLASS("5m"));
	house_pass(5 * MINUTE - 1);
	house_sudo_by(&s, ALICE, "alice");
	ask(&h, &s, 7, CS_PERMIT, CS_WHY_BREAK_GLASS, NULL);
	house_pass(1);
	ask(&h, &s, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	close_house(&h);
}

/* Debts do not lapse, so their time may be over for ever: more of them than a tick looks at do not keep alive what is over
 * after them. Kills looking at the oldest alone. */
static void test_authority_a093_debts_hide_nothing_that_is_over(void **state)
{
	enum { DEBTS = 130 };
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_stored first = { 0 };

	open_house(state, &h, GLASS("15m"));
	h.no_replay = true;
	h.authority->options.max_open = h.authority->options.max_open_per_uid = 2 * DEBTS;
	held(&h, &s, 7, &d);
	assert_int_equal(cs_store_get(h.store, d.number, &first), 0);
	assert_int_equal(cs_set(&first.request.gate, "break-glass oncall"), 0);
	assert_int_equal(cs_store_begin(h.store), 0);
	for (unsigned i = 0; i < DEBTS; i++) {
		memcpy(first.request.id, &i, sizeof(i));
		memcpy(first.digest, &i, sizeof(i));
		assert_int_equal(cs_store_add(h.store, &first), 0);
	}
	assert_int_equal(cs_store_commit(h.store), 0);
	cs_clear(&cs_stored_shape, &first);
	cs_clear(&cs_decision_shape, &d);
	gone(&h, 7);
	s.argv[2] = s.argv[1];
	ask(&h, &s, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &d);
	assert_true(d.number > DEBTS);
	for (int i = 0; i < 3; i++)
		tick(&h, 24 * HOUR);
	assert_int_equal(house_state(&h, d.number), CS_UNANSWERED);
	assert_int_equal(house_state(&h, d.number - 1), CS_PENDING);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_STORES(test_authority_a087_a_shorter_time_to_use_it),
		BOTH_STORES(test_authority_a087_a_longer_time_is_not_for_what_was_asked_before),
		BOTH_STORES(test_authority_a087_a_shorter_session),
		BOTH_STORES(test_authority_a040_what_cannot_be_kept_is_not_held_inside),
		BOTH_STORES(test_authority_a040_a_stricter_policy_meanwhile),
		BOTH_STORES(test_authority_a040_nothing_confirms_what_runs_inside),
		BOTH_STORES(test_authority_a087_the_policy_in_force_judges_and_is_told),
		BOTH_STORES(test_authority_a087_a_stricter_policy_judges_too),
		BOTH_STORES(test_authority_a087_a_shorter_break_glass),
		BOTH_STORES(test_authority_a093_debts_hide_nothing_that_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
