/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a request: joined by identical calls, asked for ahead, used several times, gone ahead because nobody
 * objected, over with an answer or without one. */
#include "houses.h"
#include "internal.h"

static char rel[] = "10.2";

/* --- Identical calls ----------------------------------------------------------------------------------------------- */

static struct cs_decision cancel_by(struct house *h, const struct cs_decision *d, int expected)
{
	struct cs_caller module = house_module(h, 99); /* Ctrl-C comes on a connection of its own */
	struct cs_cancel call = { 0 };
	struct cs_decision reply = { 0 };

	memcpy(call.id, d->id, CS_ID_LEN);
	memcpy(call.secret, d->secret, CS_ID_LEN);
	assert_int_equal(house_call(h, &module, CS_CALL_CANCEL, &call, -1, &cs_decision_shape, &reply), expected);
	return reply;
}

/* Ctrl-C of one of two that wait only lets go of it; of the last it withdraws it. Were each Ctrl-C a withdrawal, the other
 * session would be refused. */
static void test_authority_r8_ctrl_c_of_the_last_withdraws(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision first = { 0 }, second = { 0 }, reply = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	held(&h, &s, 7, &first);
	held(&h, &s, 8, &second);
	assert_int_equal(second.number, first.number);
	assert_int_equal(house_events(&h, CS_EVENT_REQUESTED, CS_WHY_NEEDS_APPROVAL), 1);
	reply = cancel_by(&h, &first, 0);
	assert_int_equal(reply.reason, CS_WHY_PARKED);
	assert_non_null(strstr(reply.text, "Another of your sessions waits"));
	cs_clear(&cs_decision_shape, &reply);
	assert_int_equal(house_state(&h, first.number), CS_PENDING);
	assert_int_equal(house_events(&h, CS_EVENT_PARKED, CS_WHY_PARKED), 1);
	reply = cancel_by(&h, &first, CS_EPERM);
	saw(&h, &second, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	reply = cancel_by(&h, &second, 0);
	assert_int_equal(reply.reason, CS_WHY_CANCELLED);
	cs_clear(&cs_decision_shape, &reply);
	assert_int_equal(house_state(&h, first.number), CS_CANCELLED);
	saw(&h, &second, 8, CS_DENY, CS_WHY_CANCELLED);
	cs_clear(&cs_decision_shape, &first);
	cs_clear(&cs_decision_shape, &second);
	close_house(&h);
}

/* Of what another session asked for, Ctrl-C only stops waiting: what was asked for ahead, and what was parked. Kills
 * withdrawing whatever nobody else waits for. */
static void test_authority_r8_ctrl_c_leaves_what_was_asked_before(void **state)
{
	for (int parked = 0; parked < 2; parked++) {
		struct house h;
		struct house_sudo s;
		struct cs_decision d = { 0 }, waiting = { 0 }, reply = { 0 };

		open_house(state, &h, RIGHTS DEPLOY ONE "  ahead = 7d }\n");
		house_sudo_by(&s, ALICE, "alice");
		s.submit.ahead = !parked;
		ask(&h, &s, 5, parked ? CS_HOLD : CS_DENY, parked ? CS_WHY_NEEDS_APPROVAL : CS_WHY_NOT_WAITING, &d);
		gone(&h, 5);
		held(&h, &s, 7, &waiting);
		assert_int_equal(waiting.number, d.number);
		reply = cancel_by(&h, &waiting, 0);
		assert_int_equal(reply.reason, CS_WHY_PARKED);
		assert_non_null(strstr(reply.text, "stays open until it is cancelled by its number"));
		assert_int_equal(house_state(&h, d.number), CS_PENDING);
		cs_clear(&cs_decision_shape, &reply);
		cs_clear(&cs_decision_shape, &waiting);
		cs_clear(&cs_decision_shape, &d);
		close_house(&h);
	}
}

/* One who is alice by su only has a request of his own: who approved alice's did not look at him. */
static void test_authority_a104_another_login_does_not_join(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, other = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	gone(&h, 7);
	s.submit.subject.login_uid = BOB;
	ask(&h, &s, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &other);
	assert_true(other.number > d.number);
	s.submit.subject.login_uid = ALICE;
	ask(&h, &s, 9, CS_PERMIT, CS_WHY_APPROVED, NULL);
	cs_clear(&cs_decision_shape, &d);
	cs_clear(&cs_decision_shape, &other);
	close_house(&h);
}

/* --- Uses ---------------------------------------------------------------------------------------------------------- */

/* As many as the gate says and not one more, by sessions that wait and by later calls; each is released by itself. */
static void test_authority_a091_uses_are_counted(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, other = { 0 }, third = { 0 }, used = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "  uses = 3 }\n");
	held(&h, &s, 7, &d);
	held(&h, &s, 8, &other);
	held(&h, &s, 9, &third);
	assert_int_equal(d.uses, 3);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	claim(&h, &d, 7, CS_DENY, CS_WHY_NOT_YOURS); /* this connection had its use */
	assert_int_equal(house_claim(&h, &other, 8, &used), 0);
	assert_int_equal(used.verdict, CS_PERMIT);
	assert_int_equal(used.state, CS_APPROVED);
	assert_int_equal(used.used, 2);
	cs_clear(&cs_decision_shape, &used);
	s.submit.may_wait = false;
	ask(&h, &s, 10, CS_PERMIT, CS_WHY_APPROVED, &used);
	assert_int_equal(used.state, CS_USED);
	assert_int_equal(used.used, 3);
	cs_clear(&cs_decision_shape, &used);
	claim(&h, &third, 9, CS_DENY, CS_WHY_USED);
	assert_int_equal(house_events(&h, CS_EVENT_CLAIMED, CS_WHY_APPROVED), 3);
	ask(&h, &s, 11, CS_DENY, CS_WHY_NOT_WAITING, &used);
	assert_true(used.number > d.number);
	cs_clear(&cs_decision_shape, &used);
	cs_clear(&cs_decision_shape, &d);
	cs_clear(&cs_decision_shape, &other);
	cs_clear(&cs_decision_shape, &third);
	close_house(&h);
}

/* As often as it is called, until its time is over; what is left then is over too. */
static void test_authority_a093_any_number_of_uses_ends_with_time(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_event event = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "  uses = any use_within = 10m }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	for (uint64_t i = 0; i < 9; i++) {
		house_pass(MINUTE);
		ask(&h, &s, 20 + i, CS_PERMIT, CS_WHY_APPROVED, NULL);
	}
	tick(&h, MINUTE);
	assert_int_equal(house_state(&h, d.number), CS_EXPIRED);
	newest_event(&h, CS_EVENT_EXPIRED, &event);
	assert_string_equal(event.text, "the time in which it could be used is over");
	cs_clear(&cs_event_shape, &event);
	ask(&h, &s, 40, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	assert_int_equal(house_events(&h, CS_EVENT_CLAIMED, CS_WHY_APPROVED), 10);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* A vote that is taken back between two uses stops the next one. */
static void test_authority_a080_taken_back_between_uses(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "  uses = 5 }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_WITHDRAW), CS_WHY_NEEDS_APPROVAL);
	ask(&h, &s, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	ask(&h, &s, 9, CS_PERMIT, CS_WHY_APPROVED, NULL);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* --- Ahead --------------------------------------------------------------------------------------------------------- */

#define AHEAD "  ahead = 7d lifetime = 30m use_within = 10m }\n"

static void ask_ahead(struct house *h, struct house_sudo *s, uint64_t start, enum cs_reason reason, struct cs_decision *ret)
{
	house_sudo_by(s, ALICE, "alice");
	s->submit.ahead = true;
	s->submit.start_wall_ms = start;
	ask(h, s, 5, CS_DENY, reason, ret);
}

/* Asked for tonight: it waits for people until then and its lifetime beyond, is not used before, and is used after. */
static void test_authority_r5_asked_for_ahead_with_a_start(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, found = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE AHEAD);
	ask_ahead(&h, &s, house_now.wall_ms + 5 * HOUR, CS_WHY_NOT_WAITING, &d);
	assert_int_equal(d.state, CS_PENDING);
	assert_int_equal(d.remaining_ms, 5 * HOUR + 30 * MINUTE);
	assert_int_equal(strlen(d.check_code), CS_CODE_LEN);
	ask_ahead(&h, &s, house_now.wall_ms + 5 * HOUR, CS_WHY_NOT_WAITING, &found);
	assert_int_equal(found.number, d.number); /* made once */
	cs_clear(&cs_decision_shape, &found);
	ask_ahead(&h, &s, house_now.wall_ms + 6 * HOUR, CS_WHY_NOT_WAITING, &found);
	assert_true(found.number > d.number); /* another start is another request */
	cs_clear(&cs_decision_shape, &found);
	tick(&h, HOUR);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	house_sudo_by(&s, ALICE, "alice");
	ask(&h, &s, 8, CS_HOLD, CS_WHY_COOLING, &found);
	assert_int_equal(found.remaining_ms, 4 * HOUR);
	claim(&h, &found, 8, CS_HOLD, CS_WHY_COOLING);
	cs_clear(&cs_decision_shape, &found);
	gone(&h, 8);
	tick(&h, 4 * HOUR - 1);
	ask(&h, &s, 9, CS_HOLD, CS_WHY_COOLING, NULL);
	gone(&h, 9);
	tick(&h, 10 * MINUTE);
	ask(&h, &s, 10, CS_PERMIT, CS_WHY_APPROVED, NULL);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

static void test_authority_r5_the_window_ends_after_the_start(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE AHEAD);
	ask_ahead(&h, &s, house_now.wall_ms + HOUR, CS_WHY_NOT_WAITING, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	tick(&h, HOUR + 10 * MINUTE - 1);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	tick(&h, 1);
	assert_int_equal(house_state(&h, d.number), CS_EXPIRED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* In the past, too far, or where the gate takes no start; and a start that nothing is asked ahead with. */
static void test_authority_r5_starts_that_are_refused(void **state)
{
	struct house h;
	struct house_sudo s;

	open_house(state, &h, RIGHTS DEPLOY ONE AHEAD);
	ask_ahead(&h, &s, house_now.wall_ms, CS_WHY_AHEAD, NULL);
	ask_ahead(&h, &s, house_now.wall_ms + 7 * 24 * HOUR + 1, CS_WHY_AHEAD, NULL);
	ask_ahead(&h, &s, house_now.wall_ms + 7 * 24 * HOUR, CS_WHY_NOT_WAITING, NULL);
	house_load(&h, RIGHTS DEPLOY ONE "}\n");
	ask_ahead(&h, &s, house_now.wall_ms + HOUR, CS_WHY_AHEAD, NULL);
	s.submit.ahead = false;
	assert_int_equal(house_submit(&h, &s, 6, NULL), CS_EINVAL);
	assert_int_equal(house_events(&h, CS_EVENT_REQUESTED, CS_WHY_NEEDS_APPROVAL), 1);
	close_house(&h);
}

/* Asking ahead never runs anything: neither what is approved, nor what needs nobody. Were it answered like any call, sudo
 * would run it. */
static void test_authority_r5_ahead_never_permits(void **state)
{
	static char id[] = "/usr/bin/id";
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE AHEAD);
	ask_ahead(&h, &s, 0, CS_WHY_NOT_WAITING, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	ask_ahead(&h, &s, 0, CS_WHY_NOT_WAITING, NULL);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	house_sudo_by(&s, DAVE, "dave");
	s.submit.ahead = true;
	s.submit.action.command = s.submit.action.resolved = id;
	ask(&h, &s, 6, CS_DENY, CS_WHY_NOT_WAITING, NULL);
	house_sudo_by(&s, 0, "root");
	s.submit.ahead = true;
	ask(&h, &s, 6, CS_DENY, CS_WHY_NOT_WAITING, NULL);
	assert_int_equal(house_events(&h, CS_EVENT_PERMITTED, CS_WHY_UNGUARDED), 0);
	assert_int_equal(house_events(&h, CS_EVENT_CLAIMED, CS_WHY_APPROVED), 0);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* What people are asked about tomorrow does not keep anybody from asking for today, and Ctrl-C on one that was asked for
 * ahead does not take it back. */
static void test_authority_r5_ahead_and_now_are_two(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision later = { 0 }, now = { 0 }, reply = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE AHEAD);
	ask_ahead(&h, &s, house_now.wall_ms + HOUR, CS_WHY_NOT_WAITING, &later);
	held(&h, &s, 7, &now);
	assert_true(now.number > later.number);
	assert_int_equal(house_vote(&h, BOB, later.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	reply = cancel_by(&h, &now, 0);
	cs_clear(&cs_decision_shape, &reply);
	cs_clear(&cs_decision_shape, &now);
	ask(&h, &s, 8, CS_HOLD, CS_WHY_COOLING, &now);
	reply = cancel_by(&h, &now, 0);
	assert_int_equal(reply.reason, CS_WHY_PARKED);
	cs_clear(&cs_decision_shape, &reply);
	assert_int_equal(house_state(&h, later.number), CS_APPROVED);
	cs_clear(&cs_decision_shape, &now);
	cs_clear(&cs_decision_shape, &later);
	close_house(&h);
}

/* --- Time and silence ---------------------------------------------------------------------------------------------- */

/* "Nobody answered" is not "not enough did"; a vote that was taken back is an answer. */
static void test_authority_nobody_answered_is_told_apart(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision silent = { 0 }, spoken = { 0 };

	open_house(state, &h, RIGHTS DEPLOY BOTH "}\n");
	held(&h, &s, 7, &silent);
	s.argv[2] = rel;
	ask(&h, &s, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &spoken);
	assert_int_equal(house_vote(&h, BOB, spoken.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, BOB, spoken.number, CS_VOTE_WITHDRAW), CS_WHY_NEEDS_APPROVAL);
	tick(&h, 30 * MINUTE);
	assert_int_equal(house_state(&h, silent.number), CS_UNANSWERED);
	assert_int_equal(house_state(&h, spoken.number), CS_EXPIRED);
	saw(&h, &silent, 7, CS_DENY, CS_WHY_UNANSWERED);
	saw(&h, &spoken, 8, CS_DENY, CS_WHY_EXPIRED);
	assert_int_equal(house_events(&h, CS_EVENT_EXPIRED, CS_WHY_UNANSWERED), 1);
	assert_int_equal(house_events(&h, CS_EVENT_EXPIRED, CS_WHY_EXPIRED), 1);
	claim(&h, &silent, 7, CS_DENY, CS_WHY_UNANSWERED);
	cs_clear(&cs_decision_shape, &silent);
	cs_clear(&cs_decision_shape, &spoken);
	close_house(&h);
}

#define LAZY DEPLOY ONE "  lifetime = 2h objections = 1h }\n"

static void open_lazy(void **state, struct house *h)
{
	open_house(state, h, RIGHTS LAZY);
	h->authority->options.tells = true;
	h->authority->options.tell_for_ms = HOUR;
}

/* Unless somebody objects: after its time it goes ahead, with that reason, and the claim decides the same again. */
static void test_authority_a26_nobody_objected(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_lazy(state, &h);
	held(&h, &s, 7, &d);
	assert_int_equal(d.objection_ms, HOUR);
	everybody_is_told(&h);
	gone(&h, 7);
	tick(&h, HOUR - 1);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	tick(&h, 1);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	assert_int_equal(house_events(&h, CS_EVENT_APPROVED, CS_WHY_NO_OBJECTION), 1);
	ask(&h, &s, 8, CS_PERMIT, CS_WHY_NO_OBJECTION, NULL);
	assert_int_equal(house_events(&h, CS_EVENT_CLAIMED, CS_WHY_NO_OBJECTION), 1);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

static void test_authority_a26_an_objection_ends_it(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, late = { 0 };

	open_lazy(state, &h);
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_REJECT), CS_WHY_REJECTED);
	s.argv[2] = rel;
	ask(&h, &s, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &late);
	everybody_is_told(&h);
	tick(&h, HOUR);
	assert_int_equal(house_state(&h, late.number), CS_APPROVED);
	assert_int_equal(house_vote(&h, CAROL, late.number, CS_VOTE_REJECT), CS_WHY_REJECTED); /* until it is used */
	claim(&h, &late, 8, CS_DENY, CS_WHY_REJECTED);
	cs_clear(&cs_decision_shape, &d);
	cs_clear(&cs_decision_shape, &late);
	close_house(&h);
}

/* Silence says nothing where it is not known who could have objected, or nobody could; when the directory answers again, it
 * goes ahead by itself. */
static void test_authority_a079_silence_of_unknown_people_approves_nothing(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_lazy(state, &h);
	held(&h, &s, 7, &d);
	everybody_is_told(&h);
	house_write(h.people, "this is no directory\n");
	tick(&h, HOUR);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	house_set_people(&h, "alice", "alice-adm");
	tick(&h, 5000);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	house_set_people(&h, "alice, bob", "carol");
	tick(&h, 5000);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	house_set_people(&h, "alice", "alice-adm");
	claim(&h, &d, 7, CS_DENY, CS_WHY_APPROVER_LOST);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Asked before a reboot, approved and used after it, and the wall clock set on by a day or back by an hour between: by the
 * clock of this boot it is in time, and the record shows that (close_house replays it). Kills: a replay that knows of no clock
 * but the one on the wall. */
static void test_authority_a093_used_after_a_reboot_with_the_wall_clock_set(void **state)
{
	static const int64_t sets[] = { 24 * (int64_t)HOUR, -(int64_t)HOUR };

	for (size_t i = 0; i < CS_COUNT(sets); i++) {
		struct house h;
		struct house_sudo s;
		struct cs_decision d = { 0 };

		open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
		held(&h, &s, 7, &d);
		cs_authority_close(&h.authority);
		(void)snprintf(house_now.boot_id, sizeof(house_now.boot_id), "boot-two");
		house_now.boot_ms = cs_boot_ms();
		house_open_authority(&h);
		assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
		house_now.wall_ms += (uint64_t)sets[i];
		cs_clear(&cs_decision_shape, &d);
		assert_int_equal(house_submit(&h, &s, 8, &d), 0);
		assert_int_equal(d.verdict, CS_PERMIT);
		assert_int_equal(house_events(&h, CS_EVENT_CLAIMED, CS_WHY_APPROVED), 1);
		cs_clear(&cs_decision_shape, &d);
		close_house(&h);
	}
}

/* A clock that went back over a reboot brings nothing forward: the request is over. */
static void test_authority_a093_silence_by_a_clock_that_went_back(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_lazy(state, &h);
	held(&h, &s, 7, &d);
	everybody_is_told(&h);
	(void)snprintf(house_now.boot_id, sizeof(house_now.boot_id), "boot-two");
	house_now.boot_ms = 5000;
	house_now.wall_ms -= 10 * MINUTE;
	tick(&h, 0);
	assert_int_equal(house_state(&h, d.number), CS_UNANSWERED);
	assert_int_equal(house_events(&h, CS_EVENT_APPROVED, CS_WHY_NO_OBJECTION), 0);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* --- Asking again and again ---------------------------------------------------------------------------------------- */

static void rejected(struct house *h, struct house_sudo *s)
{
	struct cs_decision d = { 0 };

	held(h, s, 7, &d);
	assert_int_equal(house_vote(h, BOB, d.number, CS_VOTE_REJECT), CS_WHY_REJECTED);
	cs_clear(&cs_decision_shape, &d);
}

/* After three within an hour a minute, then twice as long each time, an hour at most; others are not refused, and what was
 * asked before stays. */
static void test_authority_a094_who_is_refused_again_and_again_waits(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	for (int i = 0; i < 3; i++)
		rejected(&h, &s);
	ask(&h, &s, 7, CS_DENY, CS_WHY_BACK_OFF, &d);
	assert_non_null(strstr(d.text, "ask again in 1m"));
	cs_clear(&cs_decision_shape, &d);
	house_sudo_by(&s, ERIN, "erin");
	ask(&h, &s, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	house_pass(MINUTE);
	rejected(&h, &s);
	ask(&h, &s, 7, CS_DENY, CS_WHY_BACK_OFF, &d);
	assert_non_null(strstr(d.text, "ask again in 2m"));
	cs_clear(&cs_decision_shape, &d);
	house_pass(2 * MINUTE - 1);
	ask(&h, &s, 7, CS_DENY, CS_WHY_BACK_OFF, NULL);
	house_pass(1);
	rejected(&h, &s);
	house_pass(4 * MINUTE);
	rejected(&h, &s);
	house_pass(8 * MINUTE);
	rejected(&h, &s);
	house_pass(16 * MINUTE - 1);
	ask(&h, &s, 7, CS_DENY, CS_WHY_BACK_OFF, NULL);
	house_pass(44 * MINUTE + 1); /* an hour after the last none of them counts */
	ask(&h, &s, 7, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	close_house(&h);
}

#define COUNTED DEPLOY "  approval two { count = 2 permission = release.approve reject = counts } }\n"

static void cancelled(struct house *h, struct house_sudo *s, bool somebody_rejected)
{
	struct cs_decision d = { 0 }, reply = { 0 };

	held(h, s, 7, &d);
	if (somebody_rejected)
		assert_int_equal(house_vote(h, BOB, d.number, CS_VOTE_REJECT), CS_WHY_NEEDS_APPROVAL);
	reply = cancel_by(h, &d, 0);
	assert_int_equal(reply.reason, CS_WHY_CANCELLED);
	cs_clear(&cs_decision_shape, &reply);
	cs_clear(&cs_decision_shape, &d);
}

/* Taking it back just before the rejection that counts is no way around that; taking back what nobody rejected is nothing to
 * wait for. Kills noting rejected requests alone. */
static void test_authority_a094_taken_back_after_a_reject_counts(void **state)
{
	struct house h;
	struct house_sudo s;

	open_house(state, &h, RIGHTS COUNTED);
	for (int i = 0; i < 5; i++)
		cancelled(&h, &s, false);
	for (int i = 0; i < 3; i++)
		cancelled(&h, &s, true);
	ask(&h, &s, 7, CS_DENY, CS_WHY_BACK_OFF, NULL);
	close_house(&h);
}

/* Another account of the same human waits with her. Kills counting by uid. */
static void test_authority_a094_another_account_waits_too(void **state)
{
	struct house h;
	struct house_sudo s;

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	for (int i = 0; i < 3; i++)
		rejected(&h, &s);
	house_sudo_by(&s, ALICE_ADM, "alice-adm");
	ask(&h, &s, 8, CS_DENY, CS_WHY_BACK_OFF, NULL);
	close_house(&h);
}

/* --- By itself ----------------------------------------------------------------------------------------------------- */

/* What the gate approves by itself is recorded as just that, with the reason that was given for it. */
static void test_authority_a23_automatic_is_recorded_as_such(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_event event = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "  reason = required\n"
		"  automatic tens { command = \"/usr/local/sbin/deploy-release * 10.1\" } }\n");
	house_sudo_by(&s, ALICE, "alice");
	s.submit.reason = NULL;
	ask(&h, &s, 7, CS_HOLD, CS_WHY_NEEDS_REASON, NULL);
	house_sudo_by(&s, ALICE, "alice");
	ask(&h, &s, 7, CS_PERMIT, CS_WHY_AUTOMATIC, NULL);
	newest_event(&h, CS_EVENT_PERMITTED, &event);
	assert_int_equal(event.reason, CS_WHY_AUTOMATIC);
	assert_non_null(strstr(event.text, "tens"));
	assert_non_null(strstr(event.text, "release day"));
	cs_clear(&cs_event_shape, &event);
	s.argv[2] = rel;
	ask(&h, &s, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	house_sudo_by(&s, DAVE, "dave"); /* who lacks the permission is not approved */
	ask(&h, &s, 9, CS_DENY, CS_WHY_NO_PERMISSION, NULL);
	close_house(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_STORES(test_authority_r8_ctrl_c_of_the_last_withdraws),
		BOTH_STORES(test_authority_r8_ctrl_c_leaves_what_was_asked_before),
		BOTH_STORES(test_authority_a104_another_login_does_not_join),
		BOTH_STORES(test_authority_a091_uses_are_counted),
		BOTH_STORES(test_authority_a093_any_number_of_uses_ends_with_time),
		BOTH_STORES(test_authority_a080_taken_back_between_uses),
		BOTH_STORES(test_authority_r5_asked_for_ahead_with_a_start),
		BOTH_STORES(test_authority_r5_the_window_ends_after_the_start),
		BOTH_STORES(test_authority_r5_starts_that_are_refused),
		BOTH_STORES(test_authority_r5_ahead_never_permits),
		BOTH_STORES(test_authority_r5_ahead_and_now_are_two),
		BOTH_STORES(test_authority_nobody_answered_is_told_apart),
		BOTH_STORES(test_authority_a26_nobody_objected),
		BOTH_STORES(test_authority_a26_an_objection_ends_it),
		BOTH_STORES(test_authority_a079_silence_of_unknown_people_approves_nothing),
		BOTH_STORES(test_authority_a093_used_after_a_reboot_with_the_wall_clock_set),
		BOTH_STORES(test_authority_a093_silence_by_a_clock_that_went_back),
		BOTH_STORES(test_authority_a094_who_is_refused_again_and_again_waits),
		BOTH_STORES(test_authority_a094_taken_back_after_a_reject_counts),
		BOTH_STORES(test_authority_a094_another_account_waits_too),
		BOTH_STORES(test_authority_a23_automatic_is_recorded_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
