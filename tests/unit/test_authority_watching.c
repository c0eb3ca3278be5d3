/* SPDX-License-Identifier: Apache-2.0 */
/* Who looks on at what runs: who may, what he sees, and what it means where somebody has to. */
#include "houses.h"

#define SECOND UINT64_C(1000)
#define REQUIRED RIGHTS DEPLOY ONE "  watch = required watch_grace = 20s }\n"
#define ALLOWED RIGHTS DEPLOY ONE "  watch = allowed }\n"

enum { PID = 4711, SUDO = 7, ATTENDS = 8, STREAMS = 9, LOOKS = 20, LOOKS_TOO = 21 };

static int attends(struct house *h, const struct cs_decision *used, uint64_t connection, uint32_t pid)
{
	struct cs_caller caller = house_module(h, connection);
	struct cs_attend attend = { .kind = CS_ATTEND_COMMAND, .number = used->number, .pid = pid };
	struct cs_attend_answer answer = { 0 };
	int r = 0;

	memcpy(attend.id, used->id, CS_ID_LEN);
	r = house_call(h, &caller, CS_CALL_ATTEND, &attend, -1, &cs_attend_answer_shape, &answer);
	cs_clear(&cs_attend_answer_shape, &answer);
	return r;
}

static int stream(struct house *h, const struct cs_decision *used, uint64_t connection, struct cs_stream call,
	struct cs_attend_answer *ret_answer)
{
	struct cs_caller caller = house_module(h, connection);
	struct cs_attend_answer answer = { 0 };
	int r = 0;

	call.number = used->number;
	call.pid = call.pid ? call.pid : PID;
	memcpy(call.id, used->id, CS_ID_LEN);
	r = house_call(h, &caller, CS_CALL_STREAM, &call, -1, &cs_attend_answer_shape, &answer);
	if (r == 0 && ret_answer)
		*ret_answer = answer;
	else
		cs_clear(&cs_attend_answer_shape, &answer);
	return r;
}

/* The text passes over the terminal. Is it to pause? */
static bool shows(struct house *h, const struct cs_decision *used, const char *text)
{
	struct cs_stream call = { .kind = CS_STREAM_OUT, .bytes = (uint8_t *)(uintptr_t)text, .n_bytes = strlen(text) };
	struct cs_attend_answer answer = { 0 };
	bool pause = false;

	assert_int_equal(stream(h, used, STREAMS, call, &answer), 0);
	pause = answer.pause;
	cs_clear(&cs_attend_answer_shape, &answer);
	return pause;
}

/* `deploy` by alice, approved by bob, claimed, attended to, and its terminal is told. */
static void runs(void **state, struct house *h, const char *gate, struct cs_decision *used)
{
	struct house_sudo s;

	open_house(state, h, gate);
	held(h, &s, SUDO, used);
	assert_int_equal(house_vote(h, BOB, used->number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(h, used, SUDO, CS_PERMIT, CS_WHY_APPROVED);
	assert_int_equal(attends(h, used, ATTENDS, PID), 0);
	assert_int_equal(stream(h, used, STREAMS, (struct cs_stream){ .kind = CS_STREAM_SIZE, .lines = 24, .columns = 80 },
		NULL), 0);
}

static void over(struct house *h, struct cs_decision *used)
{
	cs_clear(&cs_decision_shape, used);
	close_house(h);
}

static int screen_from(struct house *h, struct cs_caller caller, struct cs_screen call, struct cs_screen_answer *ret_answer)
{
	struct cs_screen_answer answer = { 0 };
	int r = house_call(h, &caller, CS_CALL_SCREEN, &call, -1, &cs_screen_answer_shape, &answer);

	if (r == 0 && ret_answer)
		*ret_answer = answer;
	else
		cs_clear(&cs_screen_answer_shape, &answer);
	return r;
}

static struct cs_caller person_on(uint32_t uid, uint64_t connection)
{
	struct cs_caller caller = house_person(uid);

	caller.connection = connection;
	return caller;
}

/* Looks on, on this connection. */
static int looks(struct house *h, uint32_t uid, uint64_t connection, uint64_t number)
{
	return screen_from(h, person_on(uid, connection), (struct cs_screen){ .number = number }, NULL);
}

static void sees(struct house *h, uint32_t uid, uint64_t connection, uint64_t number, uint64_t from, const char *text)
{
	struct cs_screen_answer answer = { 0 };

	assert_int_equal(screen_from(h, person_on(uid, connection), (struct cs_screen){ .number = number, .from = from },
		&answer), 0);
	assert_int_equal(answer.n_bytes, strlen(text));
	assert_memory_equal(answer.bytes, text, answer.n_bytes);
	cs_clear(&cs_screen_answer_shape, &answer);
}

static enum cs_reason told(struct house *h, const struct cs_decision *used, struct cs_attend_answer *ret_answer)
{
	struct cs_caller caller = house_module(h, ATTENDS);
	struct cs_attend attend = { .number = used->number };
	struct cs_attend_answer answer = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	memcpy(attend.id, used->id, CS_ID_LEN);
	assert_int_equal(cs_authority_attended(h->authority, &caller, &attend, &answer), 0);
	reason = answer.reason;
	if (ret_answer)
		*ret_answer = answer;
	else
		cs_clear(&cs_attend_answer_shape, &answer);
	return reason;
}

static void gone_person(struct house *h, uint64_t connection)
{
	struct cs_caller caller = person_on(BOB, connection);

	cs_authority_gone(h->authority, &caller);
	cs_authority_turn(h->authority);
}

static int watch_of(struct house *h, const struct cs_decision *d)
{
	struct cs_decision reply = { 0 };
	int watch = 0;

	assert_int_equal(house_claim(h, d, SUDO, &reply), 0);
	watch = reply.verdict == CS_PERMIT ? (int)reply.watch : -1;
	assert_int_equal(reply.watch_grace_ms, reply.watch == CS_WATCH_REQUIRED ? 20 * SECOND : 0);
	cs_clear(&cs_decision_shape, &reply);
	return watch;
}

/* The stricter of then and now. Kills: request->watch; stored_watch. */
static void test_authority_a_release_says_whether_others_look_on(void **state)
{
	static const struct {
		const char *then, *now;
		int watch;
	} cases[] = {
		{ RIGHTS DEPLOY ONE "}\n", RIGHTS DEPLOY ONE "}\n", CS_WATCH_NONE },
		{ ALLOWED, ALLOWED, CS_WATCH_ALLOWED },
		{ REQUIRED, REQUIRED, CS_WATCH_REQUIRED },
		{ RIGHTS DEPLOY ONE "}\n", REQUIRED, CS_WATCH_REQUIRED },
		{ ALLOWED, RIGHTS DEPLOY ONE "}\n", CS_WATCH_ALLOWED },
	};

	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct house h;
		struct house_sudo s;
		struct cs_decision d = { 0 };

		open_house(state, &h, cases[i].then);
		held(&h, &s, SUDO, &d);
		assert_int_equal(d.watch, CS_WATCH_NONE == cases[i].watch ? CS_WATCH_NONE : d.watch);
		house_load(&h, cases[i].now);
		assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
		assert_int_equal(watch_of(&h, &d), cases[i].watch);
		over(&h, &d);
	}
}

/* By number, id and process of what is attended to, and on one connection. Kills: each comparison in streamed; stream. */
static void test_authority_only_what_is_attended_to_is_told(void **state)
{
	const struct cs_stream other_pid = { .kind = CS_STREAM_OUT, .pid = PID + 1 };
	const struct cs_stream out = { .kind = CS_STREAM_OUT };
	struct cs_caller person = house_person(ALICE);
	struct cs_stream call = { .kind = CS_STREAM_OUT, .pid = PID };
	struct cs_decision d = { 0 }, other = { 0 };
	struct house h;

	runs(state, &h, ALLOWED, &d);
	other.number = d.number;
	call.number = d.number;
	memcpy(call.id, d.id, CS_ID_LEN);
	assert_int_equal(stream(&h, &other, STREAMS, out, NULL), CS_EPERM);
	assert_int_equal(stream(&h, &d, STREAMS, other_pid, NULL), CS_EPERM);
	assert_int_equal(stream(&h, &d, STREAMS + 1, out, NULL), CS_EEXIST);
	assert_int_equal(house_call(&h, &person, CS_CALL_STREAM, &call, -1, &cs_attend_answer_shape, NULL), CS_EPERM);
	gone(&h, STREAMS);
	assert_int_equal(stream(&h, &d, STREAMS + 1, out, NULL), 0);
	gone(&h, ATTENDS);
	assert_int_equal(stream(&h, &d, STREAMS + 1, out, NULL), CS_EPERM);
	over(&h, &d);
}

static void test_authority_without_a_rule_nobody_looks_on(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	held(&h, &s, SUDO, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, SUDO, CS_PERMIT, CS_WHY_APPROVED);
	assert_int_equal(attends(&h, &d, ATTENDS, PID), 0);
	assert_int_equal(stream(&h, &d, STREAMS, (struct cs_stream){ .kind = CS_STREAM_OUT }, NULL), CS_EPERM);
	assert_int_equal(looks(&h, BOB, LOOKS, d.number), CS_ENOENT);
	over(&h, &d);
}

/* Who could approve it, and root; not who asked, under whichever account or login. Kills: each check of person_may and root_may. */
static void test_authority_who_may_look_on(void **state)
{
	static const struct {
		uint32_t uid, login_uid;
		int r;
	} cases[] = {
		{ BOB, CS_NO_UID, 0 }, { CAROL, CS_NO_UID, 0 }, { ERIN, ERIN, 0 }, { 0, CS_NO_UID, 0 }, { 0, BOB, 0 },
		{ ALICE, CS_NO_UID, CS_EPERM }, { ALICE_ADM, CS_NO_UID, CS_EPERM }, { BOB, ALICE, CS_EPERM },
		{ 0, ALICE, CS_EPERM }, { DAVE, CS_NO_UID, CS_ENOENT }, { FRANK, CS_NO_UID, CS_ENOENT }, /* locked */
		{ 4242, CS_NO_UID, CS_ENOENT },
	};
	struct house h;
	struct cs_decision d = { 0 };

	runs(state, &h, ALLOWED, &d);
	assert_false(shows(&h, &d, "a canary"));
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_caller caller = person_on(cases[i].uid, LOOKS + i);
		struct cs_screen_answer answer = { 0 };
		int r = 0;

		caller.login_uid = cases[i].login_uid;
		r = screen_from(&h, caller, (struct cs_screen){ .number = d.number }, &answer);
		if (r != cases[i].r)
			fail_msg("uid %u: %d", cases[i].uid, r);
		assert_true(r == 0 ? answer.n_bytes == 8 && memcmp(answer.bytes, "a canary", 8) == 0 : answer.n_bytes == 0);
		cs_clear(&cs_screen_answer_shape, &answer);
	}
	assert_int_equal(looks(&h, BOB, LOOKS, d.number + 1), CS_ENOENT);
	assert_int_equal(house_events(&h, CS_EVENT_WATCHED, CS_WHY_NONE), 5);
	over(&h, &d);
}

/* The requester may be root in the very session that somebody else has to look at. Kills: doubt of who became root. */
static void test_authority_who_is_root_by_nobodys_word_is_not_who_has_to_look(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };
	struct cs_caller root = person_on(0, LOOKS);
	struct cs_screen_answer answer = { 0 };

	runs(state, &h, REQUIRED, &d);
	root.login_uid = CS_NO_UID;
	assert_int_equal(screen_from(&h, root, (struct cs_screen){ .number = d.number }, &answer), CS_EDOUBT);
	root.login_uid = BOB;
	assert_int_equal(screen_from(&h, root, (struct cs_screen){ .number = d.number }, &answer), 0);
	cs_clear(&cs_screen_answer_shape, &answer);
	over(&h, &d);
}

/* Where the gate takes the requester's own vote as well. Kills: voter.self. */
static void test_authority_his_own_vote_is_not_his_own_watcher(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };

	runs(state, &h, RIGHTS DEPLOY ONE "  watch = allowed self_approval = permit }\n", &d);
	assert_int_equal(looks(&h, ALICE, LOOKS, d.number), CS_EPERM);
	assert_int_equal(looks(&h, BOB, LOOKS, d.number), 0);
	over(&h, &d);
}

/* Kills: CS_KNOWN_DOUBT in person_may. */
static void test_authority_doubt_looks_on_at_nothing(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };

	runs(state, &h, ALLOWED, &d);
	house_write(h.people, "person {\n");
	assert_int_equal(looks(&h, BOB, LOOKS, d.number), CS_EDOUBT);
	assert_int_equal(house_events(&h, CS_EVENT_WATCHED, CS_WHY_NONE), 0);
	over(&h, &d);
}

/* From where he asks, as far as it is kept; and to its end. Kills: screen_read; make_room; screen_close. */
static void test_authority_what_is_seen(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };
	struct cs_screen_answer answer = { 0 };
	struct cs_caller bob = person_on(BOB, LOOKS);
	char *long_text = malloc(30001);
	struct cs_screen call = { 0 };

	runs(state, &h, ALLOWED, &d);
	assert_false(shows(&h, &d, "one "));
	assert_false(shows(&h, &d, "two "));
	sees(&h, BOB, LOOKS, d.number, 0, "one two ");
	sees(&h, CAROL, LOOKS_TOO, d.number, 4, "two ");
	sees(&h, BOB, LOOKS, d.number, 8, "");
	call = (struct cs_screen){ .number = d.number, .from = 8 };
	assert_int_equal(cs_authority_screen(h.authority, &bob, &call, &answer), 0);
	assert_int_equal(answer.lines, 24);
	assert_int_equal(answer.columns, 80);
	assert_int_equal(answer.watchers, 2);
	assert_false(answer.over);
	cs_clear(&cs_screen_answer_shape, &answer);
	memset(long_text, 'x', 30000);
	long_text[30000] = '\0';
	for (int i = 0; i < 20; i++)
		assert_false(shows(&h, &d, long_text));
	assert_int_equal(cs_authority_screen(h.authority, &bob, &call, &answer), 0);
	assert_true(answer.from > 8 && answer.from >= 600008 - 256 * 1024 && answer.n_bytes == CS_MAX_STREAM);
	cs_clear(&cs_screen_answer_shape, &answer);
	call.from = 600000;
	gone(&h, ATTENDS);
	assert_int_equal(cs_authority_screen(h.authority, &bob, &call, &answer), 0);
	assert_int_equal(answer.n_bytes, 8);
	assert_true(answer.over);
	assert_non_null(strstr(answer.text, "over"));
	cs_clear(&cs_screen_answer_shape, &answer);
	free(long_text);
	over(&h, &d);
}

/* Kills: left_out in put. */
static void test_authority_what_was_left_out_is_told(void **state)
{
	static uint8_t bytes[] = "after";
	struct house h;
	struct cs_decision d = { 0 };
	struct cs_screen_answer answer = { 0 };

	runs(state, &h, ALLOWED, &d);
	assert_false(shows(&h, &d, "before"));
	assert_int_equal(stream(&h, &d, STREAMS,
		(struct cs_stream){ .kind = CS_STREAM_OUT, .left_out = 100, .bytes = bytes, .n_bytes = 5 }, NULL), 0);
	assert_int_equal(screen_from(&h, person_on(BOB, LOOKS), (struct cs_screen){ .number = d.number, .from = 6 },
		&answer), 0);
	assert_int_equal(answer.from, 106);
	assert_int_equal(answer.n_bytes, 5);
	cs_clear(&cs_screen_answer_shape, &answer);
	over(&h, &d);
}

/* Whoever is looked at is told by whom, at once. Kills: screen_changed; fill_watched. */
static void test_authority_it_is_told_who_looks_on(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };
	struct cs_attend_answer answer = { 0 };
	struct cs_sessions call = { 0 };
	struct cs_sessions_answer list = { 0 };
	struct cs_caller root = house_person(0);
	uint64_t version = 0;
	unsigned changes = 0;

	runs(state, &h, ALLOWED, &d);
	told(&h, &d, &answer);
	assert_int_equal(answer.watchers, 0);
	version = answer.version;
	cs_clear(&cs_attend_answer_shape, &answer);
	changes = h.changes;
	assert_int_equal(looks(&h, BOB, LOOKS, d.number), 0);
	assert_int_equal(looks(&h, CAROL, LOOKS_TOO, d.number), 0);
	assert_true(h.changes > changes);
	told(&h, &d, &answer);
	assert_true(answer.version > version && answer.watchers == 2 && !answer.pause);
	assert_string_equal(answer.watched_by, "carol, bob");
	cs_clear(&cs_attend_answer_shape, &answer);
	assert_int_equal(house_call(&h, &root, CS_CALL_SESSIONS, &call, -1, &cs_sessions_answer_shape, &list), 0);
	assert_string_equal(list.sessions[0].watched_by, "carol, bob");
	assert_int_equal(list.sessions[0].watch, CS_WATCH_ALLOWED);
	cs_clear(&cs_sessions_answer_shape, &list);
	gone_person(&h, LOOKS);
	assert_int_equal(screen_from(&h, person_on(CAROL, LOOKS_TOO), (struct cs_screen){ .number = d.number, .leave = true },
		NULL), 0);
	told(&h, &d, &answer);
	assert_int_equal(answer.watchers, 0);
	cs_clear(&cs_attend_answer_shape, &answer);
	assert_int_equal(house_events(&h, CS_EVENT_WATCHED, CS_WHY_NONE), 4);
	over(&h, &d);
}

/* Who asks no more looks on no more. Kills: drop_silent; asked_ms. */
static void test_authority_who_is_silent_looks_on_no_more(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };
	struct cs_caller bob = person_on(BOB, LOOKS);
	struct cs_screen call = { 0 };
	struct cs_screen_answer answer = { 0 };

	runs(state, &h, REQUIRED, &d);
	call.number = d.number;
	assert_int_equal(looks(&h, BOB, LOOKS, d.number), 0);
	tick(&h, 10 * SECOND);
	assert_int_equal(cs_authority_screen(h.authority, &bob, &call, &answer), 0);
	cs_clear(&cs_screen_answer_shape, &answer);
	tick(&h, 14 * SECOND);
	assert_false(shows(&h, &d, "x"));
	tick(&h, SECOND);
	assert_true(shows(&h, &d, "x"));
	assert_int_equal(cs_authority_screen(h.authority, &bob, &call, &answer), CS_ENOENT);
	over(&h, &d);
}

/* Looked at again every 30 s, and when the policy changes. Kills: look_ms; look_away; watchers_look_soon. */
static void test_authority_who_loses_his_right_looks_on_no_more(void **state)
{
	struct cs_caller bob = person_on(BOB, LOOKS);
	struct cs_screen call = { 0 };
	struct cs_screen_answer answer = { 0 };

	for (int by_policy = 0; by_policy < 2; by_policy++) {
		struct house h;
		struct cs_decision d = { 0 };

		runs(state, &h, REQUIRED, &d);
		call.number = d.number;
		assert_int_equal(looks(&h, BOB, LOOKS, d.number), 0);
		if (by_policy)
			house_load(&h, REQUIRED "permission other { label = \"Other\" }\n");
		house_set_people(&h, "alice, erin", "carol, erin");
		if (!by_policy) {
			house_pass(29 * SECOND);
			assert_int_equal(cs_authority_screen(h.authority, &bob, &call, &answer), 0);
			cs_clear(&cs_screen_answer_shape, &answer);
			house_pass(SECOND);
		}
		assert_int_equal(cs_authority_screen(h.authority, &bob, &call, &answer), CS_ENOENT);
		assert_false(shows(&h, &d, "x")); /* so far he is believed to look on */
		assert_int_not_equal(looks(&h, BOB, LOOKS, d.number), 0);
		assert_true(shows(&h, &d, "x"));
		over(&h, &d);
	}
}

/* Kills: screen_pauses; end_unwatched; unwatched_ms. */
static void test_authority_unwatched_is_paused_and_then_ended(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };
	struct cs_attend_answer answer = { 0 };

	runs(state, &h, REQUIRED, &d);
	assert_true(shows(&h, &d, "x"));
	told(&h, &d, &answer);
	assert_true(answer.pause);
	assert_int_equal(answer.ends_in_ms, 20 * SECOND);
	cs_clear(&cs_attend_answer_shape, &answer);
	tick(&h, 19 * SECOND);
	assert_int_equal(told(&h, &d, NULL), CS_WHY_NONE);
	assert_int_equal(looks(&h, BOB, LOOKS, d.number), 0);
	assert_false(shows(&h, &d, "y"));
	house_pass(5 * SECOND);
	gone_person(&h, LOOKS);
	assert_true(shows(&h, &d, "z"));
	tick(&h, 19 * SECOND);
	assert_int_equal(told(&h, &d, NULL), CS_WHY_NONE);
	tick(&h, SECOND);
	assert_int_equal(told(&h, &d, NULL), CS_WHY_UNWATCHED);
	assert_int_equal(house_events(&h, CS_EVENT_ENDED, CS_WHY_UNWATCHED), 1);
	tick(&h, SECOND);
	assert_int_equal(house_events(&h, CS_EVENT_ENDED, CS_WHY_UNWATCHED), 1);
	over(&h, &d);
}

/* Of several uses one is looked at: it goes on. Kills: session_end_one. */
static void test_authority_only_the_unwatched_one_is_ended(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, again = { 0 };
	struct cs_screen_answer answer = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "  uses = 3 watch = required watch_grace = 20s }\n");
	held(&h, &s, SUDO, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, SUDO, CS_PERMIT, CS_WHY_APPROVED);
	assert_int_equal(attends(&h, &d, ATTENDS, PID), 0);
	assert_int_equal(screen_from(&h, person_on(BOB, LOOKS), (struct cs_screen){ .number = d.number }, &answer), 0);
	assert_int_equal(answer.session, 1);
	cs_clear(&cs_screen_answer_shape, &answer);
	assert_int_equal(house_submit(&h, &s, 10, &again), 0);
	assert_int_equal(attends(&h, &again, 11, PID + 1), 0);
	tick(&h, 10 * SECOND);
	assert_int_equal(looks(&h, BOB, LOOKS, d.number), 0);
	tick(&h, 10 * SECOND);
	assert_int_equal(told(&h, &d, NULL), CS_WHY_NONE);
	assert_int_equal(house_events(&h, CS_EVENT_ENDED, CS_WHY_UNWATCHED), 1);
	/* Who comes next is shown the one that nobody looks at. */
	assert_int_equal(screen_from(&h, person_on(CAROL, LOOKS_TOO), (struct cs_screen){ .number = d.number }, &answer), 0);
	assert_int_equal(answer.session, 2);
	cs_clear(&cs_screen_answer_shape, &answer);
	cs_clear(&cs_decision_shape, &again);
	over(&h, &d);
}

static enum cs_reason confirmed(struct house *h)
{
	struct cs_confirm confirm = { .subject = { .uid = ALICE } };
	struct cs_caller caller = house_module(h, SUDO);
	struct cs_decision reply = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	assert_int_equal(house_call(h, &caller, CS_CALL_CONFIRM, &confirm, -1, &cs_decision_shape, &reply), 0);
	assert_int_equal(reply.verdict == CS_PERMIT, reply.reason == CS_WHY_CONFIRMED);
	reason = reply.reason;
	cs_clear(&cs_decision_shape, &reply);
	return reason;
}

/* The session line lets nothing run that nobody looks at, also where sudo.conf lacks the plugin that shows it. The release
 * does not become too old while that waits for somebody. Kills: is_unwatched; screens_wait in drop_old_releases. */
static void test_authority_what_has_to_be_watched_begins_with_somebody(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };

	runs(state, &h, REQUIRED, &d);
	assert_int_equal(confirmed(&h), CS_WHY_UNWATCHED);
	over(&h, &d);
	runs(state, &h, REQUIRED, &d);
	for (int i = 0; i < 15; i++)
		tick(&h, SECOND);
	assert_int_equal(looks(&h, BOB, LOOKS, d.number), 0);
	assert_int_equal(confirmed(&h), CS_WHY_CONFIRMED);
	assert_int_equal(house_events(&h, CS_EVENT_UNCONFIRMED, CS_WHY_UNCONFIRMED), 0);
	over(&h, &d);
	runs(state, &h, REQUIRED, &d);
	assert_int_equal(looks(&h, BOB, LOOKS, d.number), 0);
	for (int i = 0; i < 11; i++)
		tick(&h, SECOND);
	assert_int_equal(confirmed(&h), CS_WHY_UNCONFIRMED); /* from then on it is as old as any */
	over(&h, &d);
	runs(state, &h, ALLOWED, &d);
	assert_int_equal(confirmed(&h), CS_WHY_CONFIRMED);
	over(&h, &d);
}

/* A bounded number of people; and none where that he does cannot be recorded. Kills: WATCHERS_MAX. */
static void test_authority_too_many_look_on(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };

	runs(state, &h, ALLOWED, &d);
	for (uint64_t i = 0; i < 16; i++)
		assert_int_equal(looks(&h, BOB, LOOKS + i, d.number), 0);
	assert_int_equal(looks(&h, BOB, LOOKS + 16, d.number), CS_EBUSY);
	gone_person(&h, LOOKS + 3);
	assert_int_equal(looks(&h, BOB, LOOKS + 16, d.number), 0);
	over(&h, &d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_STORES(test_authority_a_release_says_whether_others_look_on),
		BOTH_STORES(test_authority_only_what_is_attended_to_is_told),
		BOTH_STORES(test_authority_without_a_rule_nobody_looks_on),
		BOTH_STORES(test_authority_who_may_look_on),
		BOTH_STORES(test_authority_who_is_root_by_nobodys_word_is_not_who_has_to_look),
		BOTH_STORES(test_authority_his_own_vote_is_not_his_own_watcher),
		BOTH_STORES(test_authority_doubt_looks_on_at_nothing),
		BOTH_STORES(test_authority_what_is_seen),
		BOTH_STORES(test_authority_what_was_left_out_is_told),
		BOTH_STORES(test_authority_it_is_told_who_looks_on),
		BOTH_STORES(test_authority_who_is_silent_looks_on_no_more),
		BOTH_STORES(test_authority_who_loses_his_right_looks_on_no_more),
		BOTH_STORES(test_authority_unwatched_is_paused_and_then_ended),
		BOTH_STORES(test_authority_only_the_unwatched_one_is_ended),
		BOTH_STORES(test_authority_what_has_to_be_watched_begins_with_somebody),
		BOTH_STORES(test_authority_too_many_look_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
