/* SPDX-License-Identifier: Apache-2.0 */
/* What runs: who may attend, who sees it and ends it, and what ends by itself. */
#include "houses.h"

#define SECOND UINT64_C(1000)

static struct cs_attend attend_to(const struct cs_decision *used, enum cs_attend_kind kind)
{
	static char tty[] = "pts/7";
	struct cs_attend attend = { .kind = kind, .number = used->number, .tty = tty, .pid = 4711 };

	memcpy(attend.id, used->id, CS_ID_LEN);
	return attend;
}

/* Comes back for what began then. */
static int attends_again(struct house *h, const struct cs_decision *used, uint64_t connection, uint64_t since_boot_ms)
{
	struct cs_caller caller = house_module(h, connection);
	struct cs_attend attend = attend_to(used, CS_ATTEND_COMMAND);
	struct cs_attend_answer answer = { 0 };
	int r = 0;

	attend.since_boot_ms = since_boot_ms;
	r = house_call(h, &caller, CS_CALL_ATTEND, &attend, -1, &cs_attend_answer_shape, &answer);
	cs_clear(&cs_attend_answer_shape, &answer);
	return r;
}

static int attends(struct house *h, const struct cs_decision *used, uint64_t connection, enum cs_attend_kind kind)
{
	struct cs_caller caller = house_module(h, connection);
	struct cs_attend attend = attend_to(used, kind);
	struct cs_attend_answer answer = { 0 };
	int r = house_call(h, &caller, CS_CALL_ATTEND, &attend, -1, &cs_attend_answer_shape, &answer);

	if (r == 0) {
		assert_int_equal(answer.version, 1);
		assert_false(answer.end);
	}
	cs_clear(&cs_attend_answer_shape, &answer);
	return r;
}

/* Why it is to end, as whoever attends is told; CS_WHY_NONE: it goes on. */
static enum cs_reason told(struct house *h, const struct cs_decision *used, uint64_t connection, const char *text)
{
	struct cs_caller caller = house_module(h, connection);
	struct cs_attend attend = attend_to(used, CS_ATTEND_COMMAND);
	struct cs_attend_answer answer = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	assert_int_equal(cs_authority_attended(h->authority, &caller, &attend, &answer), 0);
	assert_int_equal(answer.end, answer.reason != CS_WHY_NONE);
	reason = answer.reason;
	if (text)
		assert_non_null(strstr(answer.text, text));
	cs_clear(&cs_attend_answer_shape, &answer);
	return reason;
}

static size_t listed(struct house *h, uint32_t uid, struct cs_sessions call, struct cs_session *ret_first)
{
	struct cs_caller caller = house_person(uid);
	struct cs_sessions_answer answer = { 0 };
	size_t n = 0;

	assert_int_equal(house_call(h, &caller, CS_CALL_SESSIONS, &call, -1, &cs_sessions_answer_shape, &answer), 0);
	n = answer.n_sessions;
	if (n > 0 && ret_first)
		assert_int_equal(cs_copy(&cs_session_shape, &answer.sessions[0], ret_first), 0);
	cs_clear(&cs_sessions_answer_shape, &answer);
	return n;
}

static int ends(struct house *h, uint32_t uid, uint64_t number, enum cs_reason *ret_reason)
{
	static char why[] = "wrong release";
	struct cs_caller caller = house_person(uid);
	struct cs_end call = { .number = number, .reason = why };
	struct cs_decision reply = { 0 };
	int r = house_call(h, &caller, CS_CALL_END, &call, -1, &cs_decision_shape, &reply);

	assert_int_not_equal(reply.verdict, CS_PERMIT);
	*ret_reason = reply.reason;
	cs_clear(&cs_decision_shape, &reply);
	return r;
}

/* `deploy` by alice, approved by bob, claimed on connection 7, and attended to on 8. */
static void runs(void **state, struct house *h, const char *gate, struct cs_decision *used)
{
	struct house_sudo s;

	open_house(state, h, gate);
	held(h, &s, 7, used);
	assert_int_equal(house_vote(h, BOB, used->number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(h, used, 7, CS_PERMIT, CS_WHY_APPROVED);
	assert_int_equal(attends(h, used, 8, CS_ATTEND_COMMAND), 0);
}

static void over(struct house *h, struct cs_decision *used)
{
	cs_clear(&cs_decision_shape, used);
	close_house(h);
}

/* The claim says that there is something to attend to. Kills: reply->attend. */
static void test_authority_a_release_is_to_be_attended(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, used = { 0 };
	struct cs_confirm confirm = { .subject = { .uid = ALICE } };
	struct cs_caller caller = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	held(&h, &s, 7, &d);
	assert_false(d.attend);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(house_claim(&h, &d, 7, &used), 0);
	assert_int_equal(used.verdict, CS_PERMIT);
	assert_true(used.attend);
	cs_clear(&cs_decision_shape, &used);
	caller = house_module(&h, 7);
	assert_int_equal(house_call(&h, &caller, CS_CALL_CONFIRM, &confirm, -1, &cs_decision_shape, &used), 0);
	assert_int_equal(used.verdict, CS_PERMIT);
	assert_true(used.attend);
	cs_clear(&cs_decision_shape, &used);
	over(&h, &d);
}

/* Only what was released, by its own id, once on a connection. Kills: stored->used > 0; the comparison of the id; the one of
 * the connection. */
static void test_authority_only_what_was_released_is_attended(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, other = { 0 };
	struct cs_caller person = house_person(ALICE), caller = { 0 };
	struct cs_attend attend = { 0 };
	struct cs_attend_answer answer = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	held(&h, &s, 7, &d);
	assert_int_equal(attends(&h, &d, 8, CS_ATTEND_COMMAND), CS_EPERM);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(attends(&h, &d, 8, CS_ATTEND_COMMAND), CS_EPERM);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	other.number = d.number;
	assert_int_equal(attends(&h, &other, 8, CS_ATTEND_COMMAND), CS_EPERM);
	assert_int_equal(attends(&h, &d, 8, CS_ATTEND_NONE), CS_EPERM);
	attend = attend_to(&d, CS_ATTEND_COMMAND);
	assert_int_equal(house_call(&h, &person, CS_CALL_ATTEND, &attend, -1, &cs_attend_answer_shape, &answer), CS_EPERM);
	caller = house_module(&h, 8);
	assert_int_equal(cs_authority_attended(h.authority, &caller, &attend, &answer), CS_ENOENT);
	assert_int_equal(attends(&h, &d, 8, CS_ATTEND_COMMAND), 0);
	assert_int_equal(attends(&h, &d, 8, CS_ATTEND_COMMAND), CS_EEXIST);
	attend.number++;
	assert_int_equal(cs_authority_attended(h.authority, &caller, &attend, &answer), CS_EPERM);
	over(&h, &d);
}

/* Who asked, who could approve it, and root; nobody else. Kills: viewer_may_see in is_for; mine. */
static void test_authority_who_sees_what_runs(void **state)
{
	static const struct {
		uint32_t uid;
		struct cs_sessions call;
		size_t n;
	} cases[] = {
		{ ALICE, { 0 }, 1 }, { ALICE, { .mine = true }, 1 }, { BOB, { 0 }, 1 }, { BOB, { .mine = true }, 0 },
		{ DAVE, { 0 }, 0 }, { 0, { 0 }, 1 }, { 0, { .all = true }, 1 }, { 0, { .number = 999 }, 0 },
	};
	struct house h;
	struct cs_decision d = { 0 };
	struct cs_session row = { 0 };
	struct cs_caller bob = house_person(BOB);
	struct cs_sessions all = { .all = true };

	runs(state, &h, RIGHTS DEPLOY ONE "  session = 1h }\n", &d);
	house_pass(10 * MINUTE);
	for (size_t i = 0; i < CS_COUNT(cases); i++)
		assert_int_equal(listed(&h, cases[i].uid, cases[i].call, NULL), cases[i].n);
	assert_int_equal(house_call(&h, &bob, CS_CALL_SESSIONS, &all, -1, &cs_sessions_answer_shape, NULL), CS_EPERM);
	assert_int_equal(listed(&h, BOB, (struct cs_sessions){ .number = d.number }, &row), 1);
	assert_int_equal(row.number, d.number);
	assert_string_equal(row.requester, "alice");
	assert_string_equal(row.tty, "pts/7");
	assert_non_null(strstr(row.line, "deploy-release tomcat 10.1"));
	assert_int_equal(row.since_wall_ms, house_now.wall_ms - 10 * MINUTE);
	assert_int_equal(row.ends_in_ms, 50 * MINUTE);
	assert_true(row.may_end && !row.mine && !row.ending);
	cs_clear(&cs_session_shape, &row);
	over(&h, &d);
}

/* What a request shows of the end: text has to be in it; NULL: nothing is. */
static void shows_end(struct house *h, uint64_t number, const char *text)
{
	struct cs_show_answer show = { 0 };

	assert_int_equal(house_show(h, ALICE, number, &show), 0);
	assert_int_equal(show.ended_wall_ms != 0, text != NULL);
	assert_int_equal(show.ended_text != NULL && *show.ended_text, text != NULL);
	if (text)
		assert_non_null(strstr(show.ended_text, text));
	cs_clear(&cs_show_answer_shape, &show);
}

/* Kills: viewer_may_see in end_resume; the reason that is asked for; session->end; session_last_end in show. */
static void test_authority_who_ends_what_runs(void **state)
{
	static const uint32_t may[] = { ALICE, BOB, 0 };
	enum cs_reason reason = CS_WHY_NONE;
	struct cs_end silent = { 0 };
	struct cs_caller bob = house_person(BOB);

	for (size_t i = 0; i < CS_COUNT(may); i++) {
		struct house h;
		struct cs_decision d = { 0 };
		unsigned changes = 0;

		runs(state, &h, RIGHTS DEPLOY ONE "}\n", &d);
		assert_int_equal(ends(&h, DAVE, d.number, &reason), CS_ENOENT);
		silent.number = d.number;
		assert_int_equal(house_call(&h, &bob, CS_CALL_END, &silent, -1, &cs_decision_shape, NULL), CS_EINVAL);
		assert_int_equal(told(&h, &d, 8, NULL), CS_WHY_NONE);
		shows_end(&h, d.number, NULL);
		changes = h.changes;
		assert_int_equal(ends(&h, may[i], d.number, &reason), 0);
		assert_int_equal(reason, CS_WHY_ENDED);
		assert_true(h.changes > changes); /* whoever attends looks */
		assert_int_equal(told(&h, &d, 8, "wrong release"), CS_WHY_ENDED);
		assert_int_equal(house_events(&h, CS_EVENT_ENDED, CS_WHY_ENDED), 1);
		assert_int_equal(ends(&h, BOB, d.number, &reason), 0);
		assert_int_equal(reason, CS_WHY_STATE); /* told already */
		shows_end(&h, d.number, "wrong release");
		over(&h, &d);
	}
}

/* Kills: session_gone; the reason in CLOSED. */
static void test_authority_what_is_over_is_recorded(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };
	struct cs_caller caller = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	runs(state, &h, RIGHTS DEPLOY ONE "}\n", &d);
	caller = house_module(&h, 7);
	cs_authority_gone(h.authority, &caller); /* another connection */
	assert_int_equal(listed(&h, 0, (struct cs_sessions){ 0 }, NULL), 1);
	assert_int_equal(ends(&h, BOB, d.number, &reason), 0);
	caller = house_module(&h, 8);
	cs_authority_gone(h.authority, &caller);
	cs_authority_turn(h.authority);
	assert_int_equal(listed(&h, 0, (struct cs_sessions){ 0 }, NULL), 0);
	assert_int_equal(house_events(&h, CS_EVENT_CLOSED, CS_WHY_ENDED), 1);
	assert_int_equal(ends(&h, BOB, d.number, &reason), 0);
	assert_int_equal(reason, CS_WHY_STATE);
	over(&h, &d);
}

/* Its record is closed; so this is no vote any more. Kills: the comparison of the person; end_withdrawn. */
static void test_authority_a_vote_taken_back_ends_what_runs(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };

	runs(state, &h, RIGHTS DEPLOY ONE "}\n", &d);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_WITHDRAW), CS_WHY_NOT_APPROVER);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_REJECT), CS_WHY_STATE);
	assert_int_equal(told(&h, &d, 8, NULL), CS_WHY_NONE);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_WITHDRAW), CS_WHY_ENDED);
	assert_int_equal(told(&h, &d, 8, "took the approval back"), CS_WHY_ENDED);
	over(&h, &d);
}

/* Looked at again every 30 s. Kills: sessions_look; SESSION_LOOK_MS. */
static void test_authority_a_lost_right_ends_what_runs(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };

	runs(state, &h, RIGHTS DEPLOY ONE "}\n", &d);
	tick(&h, SECOND);
	house_set_people(&h, "alice, erin", "carol, erin"); /* bob is no owner any more */
	tick(&h, 20 * SECOND);
	assert_int_equal(told(&h, &d, 8, NULL), CS_WHY_NONE);
	tick(&h, 15 * SECOND);
	assert_int_equal(told(&h, &d, 8, NULL), CS_WHY_APPROVER_LOST);
	assert_int_equal(house_events(&h, CS_EVENT_ENDED, CS_WHY_APPROVER_LOST), 1);
	tick(&h, 60 * SECOND);
	assert_int_equal(house_events(&h, CS_EVENT_ENDED, CS_WHY_APPROVER_LOST), 1); /* told once */
	over(&h, &d);
}

static void test_authority_a_requester_without_his_right_is_ended(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };

	runs(state, &h, RIGHTS DEPLOY ONE "}\n", &d);
	house_set_people(&h, "bob, erin", "carol, erin");
	tick(&h, 31 * SECOND);
	assert_int_equal(told(&h, &d, 8, NULL), CS_WHY_REQUESTER_LOST);
	over(&h, &d);
}

/* Kills: CS_WHY_DOUBT in tells_nothing. */
static void test_authority_doubt_ends_nothing(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };

	runs(state, &h, RIGHTS DEPLOY ONE "}\n", &d);
	house_write(h.people, "person {\n");
	tick(&h, 31 * SECOND);
	tick(&h, 31 * SECOND);
	assert_int_equal(told(&h, &d, 8, NULL), CS_WHY_NONE);
	over(&h, &d);
}

/* At the next tick, not after 30 s. Kills: sessions_look_soon in policy_settle. */
static void test_authority_a_new_policy_ends_what_it_denies(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };

	runs(state, &h, RIGHTS DEPLOY ONE "}\n", &d);
	tick(&h, SECOND);
	house_load(&h, RIGHTS DEPLOY "  approval other { count = 1 role = infra scope = \"*\" } }\n");
	tick(&h, SECOND);
	assert_int_equal(told(&h, &d, 8, NULL), CS_WHY_POLICY_CHANGED);
	over(&h, &d);
}

/* And what asks for less does not. Kills: CS_PERMIT in claim_stands. */
static void test_authority_a_new_policy_that_asks_nobody_ends_nothing(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };

	runs(state, &h, RIGHTS DEPLOY ONE "}\n", &d);
	house_load(&h, RIGHTS DEPLOY "}\n");
	tick(&h, SECOND);
	assert_int_equal(told(&h, &d, 8, NULL), CS_WHY_NONE);
	over(&h, &d);
}

/* The house begins at 2026-09-21T14:13:20Z. A freeze begins, and the time of its own gate is over: looked at again every 30 s.
 * Kills: the wall clock of the claim's that a look would keep. */
static void test_authority_a_window_that_closes_ends_what_runs(void **state)
{
	static const struct {
		const char *policy;
		enum cs_reason reason;
	} cases[] = {
		{ RIGHTS DEPLOY ONE "}\ngate freeze { service = sudo command = \"/usr/local/sbin/deploy-release **\"\n"
			"  time = \"2026-09-21T14:15Z/2026-09-21T15:00Z\" deny = \"No releases now\" }\n", CS_WHY_DENY_GATE },
		{ RIGHTS DEPLOY "  time = \"2026-09-21T14:00Z/2026-09-21T14:15Z\"\n" ONE "}\n", CS_WHY_CONDITION },
	};

	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct house h;
		struct cs_decision d = { 0 };

		runs(state, &h, cases[i].policy, &d);
		for (int second = 0; second < 95; second++)
			tick(&h, SECOND);
		assert_int_equal(told(&h, &d, 8, NULL), CS_WHY_NONE);
		for (int second = 0; second < 35; second++)
			tick(&h, SECOND);
		assert_int_equal(told(&h, &d, 8, NULL), cases[i].reason);
		over(&h, &d);
	}
}

/* By the clock of whoever attends, also at a daemon that was started later. Kills: since_boot_ms in begin_at. */
static void test_authority_the_time_of_what_runs(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };
	struct cs_attend attend = { 0 };
	struct cs_attend_answer answer = { 0 };
	struct cs_caller caller = { 0 };

	runs(state, &h, RIGHTS DEPLOY ONE "  session = 1h }\n", &d);
	attend = attend_to(&d, CS_ATTEND_LOGIN);
	attend.since_boot_ms = house_now.boot_ms;
	tick(&h, 40 * MINUTE);
	cs_authority_stops(h.authority); /* nothing is recorded */
	cs_authority_close(&h.authority);
	house_open_authority(&h);
	assert_int_equal(house_events(&h, CS_EVENT_CLOSED, CS_WHY_NONE), 0);
	caller = house_module(&h, 8);
	assert_int_equal(house_call(&h, &caller, CS_CALL_ATTEND, &attend, -1, &cs_attend_answer_shape, &answer), 0);
	assert_int_equal(answer.ends_in_ms, 20 * MINUTE);
	cs_clear(&cs_attend_answer_shape, &answer);
	tick(&h, 20 * MINUTE - 1);
	assert_int_equal(told(&h, &d, 8, NULL), CS_WHY_NONE);
	tick(&h, 1);
	assert_int_equal(told(&h, &d, 8, "its time is over"), CS_WHY_ENDED);
	over(&h, &d);
}

/* Whoever attends may hear of it only when he comes back, to this daemon or the next. Kills: session_end_again, and its look
 * at what was used since. */
static void test_authority_an_end_is_not_forgotten(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, again = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	open_house(state, &h, RIGHTS DEPLOY ONE "  uses = 3 }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	assert_int_equal(attends(&h, &d, 8, CS_ATTEND_COMMAND), 0);
	tick(&h, SECOND);
	assert_int_equal(ends(&h, BOB, d.number, &reason), 0);
	cs_authority_stops(h.authority);
	cs_authority_close(&h.authority);
	house_open_authority(&h);
	assert_int_equal(attends_again(&h, &d, 8, house_now.boot_ms - SECOND), 0);
	assert_int_equal(told(&h, &d, 8, "wrong release"), CS_WHY_ENDED);
	assert_int_equal(house_events(&h, CS_EVENT_ENDED, CS_WHY_ENDED), 1);
	/* what is used after it is another's */
	tick(&h, SECOND);
	assert_int_equal(house_submit(&h, &s, 9, &again), 0);
	assert_int_equal(again.verdict, CS_PERMIT);
	assert_int_equal(attends_again(&h, &again, 10, house_now.boot_ms), 0);
	assert_int_equal(told(&h, &again, 10, NULL), CS_WHY_NONE);
	cs_clear(&cs_decision_shape, &again);
	over(&h, &d);
}

/* Of several uses each runs by itself, and one end is for all. Kills: the loop in session_end. */
static void test_authority_an_end_is_for_every_use(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, again = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	open_house(state, &h, RIGHTS DEPLOY ONE "  uses = 3 }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	assert_int_equal(house_submit(&h, &s, 9, &again), 0);
	assert_int_equal(again.verdict, CS_PERMIT);
	assert_true(again.attend);
	assert_int_equal(attends(&h, &d, 8, CS_ATTEND_COMMAND), 0);
	assert_int_equal(attends(&h, &again, 10, CS_ATTEND_COMMAND), 0);
	assert_int_equal(ends(&h, BOB, d.number, &reason), 0);
	assert_int_equal(told(&h, &d, 8, "wrong release"), CS_WHY_ENDED);
	assert_int_equal(told(&h, &d, 10, "wrong release"), CS_WHY_ENDED);
	assert_int_equal(house_events(&h, CS_EVENT_ENDED, CS_WHY_ENDED), 1);
	cs_clear(&cs_decision_shape, &again);
	over(&h, &d);
}

/* And a reject of what has uses left, with the vote itself. Kills: sessions_look_soon in ballot_cast. */
static void test_authority_a_reject_ends_a_use_that_runs(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "  uses = 3 }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	assert_int_equal(attends(&h, &d, 8, CS_ATTEND_COMMAND), 0);
	tick(&h, SECOND);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_REJECT), CS_WHY_REJECTED);
	tick(&h, SECOND);
	assert_int_equal(told(&h, &d, 8, NULL), CS_WHY_REJECTED);
	over(&h, &d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_STORES(test_authority_a_release_is_to_be_attended),
		BOTH_STORES(test_authority_only_what_was_released_is_attended),
		BOTH_STORES(test_authority_who_sees_what_runs),
		BOTH_STORES(test_authority_who_ends_what_runs),
		BOTH_STORES(test_authority_what_is_over_is_recorded),
		BOTH_STORES(test_authority_a_vote_taken_back_ends_what_runs),
		BOTH_STORES(test_authority_a_lost_right_ends_what_runs),
		BOTH_STORES(test_authority_a_requester_without_his_right_is_ended),
		BOTH_STORES(test_authority_doubt_ends_nothing),
		BOTH_STORES(test_authority_a_new_policy_ends_what_it_denies),
		BOTH_STORES(test_authority_a_new_policy_that_asks_nobody_ends_nothing),
		BOTH_STORES(test_authority_a_window_that_closes_ends_what_runs),
		BOTH_STORES(test_authority_the_time_of_what_runs),
		BOTH_STORES(test_authority_an_end_is_not_forgotten),
		BOTH_STORES(test_authority_an_end_is_for_every_use),
		BOTH_STORES(test_authority_a_reject_ends_a_use_that_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
