/* SPDX-License-Identifier: Apache-2.0 */
/* Looking on while memory is short: attending, what is shown, and who looks. Each allocation of each fails once: who looks on is in
 * the record, who is not in it does not look on, and what is not kept is told as left out. */
#include "alloc_fault.h"
#include "houses.h"
#include "internal.h"
#include "screen.h"

#define POLICY RIGHTS DEPLOY ONE "  watch = required }\n"

enum { PID = 4711, SUDO = 7, ATTENDS = 8, STREAMS = 9, LOOKS = 20 };

struct outcome {
	int given, error;
};

static void done(void *arg, int error, const char *text, const void *reply)
{
	struct outcome *outcome = arg;

	(void)text;
	(void)reply;
	outcome->given++;
	outcome->error = error;
}

/* Makes the call; 1 when no allocation of it failed. */
static int make(struct house *h, size_t fail_at, struct cs_caller caller, enum cs_call_type type, const void *call,
	struct outcome *outcome)
{
	int over = 0;

	*outcome = (struct outcome){ 0 };
	alloc_fault_reset(fail_at);
	cs_authority_call(h->authority, &caller, type, call, -1, done, outcome);
	cs_authority_turn(h->authority);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	assert_int_equal(outcome->given, 1);
	assert_true(outcome->error == 0 || !over);
	return over;
}

static unsigned watched(struct house *h)
{
	return (unsigned)house_events(h, CS_EVENT_WATCHED, CS_WHY_NONE);
}

/* Up to what is attended to, and then that too. */
static struct cs_attend begin(struct house *h, bool attends)
{
	static void *memory;
	struct cs_decision d = { 0 };
	struct cs_attend attend = { .kind = CS_ATTEND_COMMAND, .pid = PID };
	struct house_sudo s;

	open_house(&memory, h, POLICY);
	held(h, &s, SUDO, &d);
	assert_int_equal(house_vote(h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(h, &d, SUDO, CS_PERMIT, CS_WHY_APPROVED);
	attend.number = d.number;
	memcpy(attend.id, d.id, CS_ID_LEN);
	cs_clear(&cs_decision_shape, &d);
	if (attends) {
		struct cs_attend_answer answer = { 0 };
		struct cs_caller caller = house_module(h, ATTENDS);

		assert_int_equal(house_call(h, &caller, CS_CALL_ATTEND, &attend, -1, &cs_attend_answer_shape, &answer), 0);
		cs_clear(&cs_attend_answer_shape, &answer);
	}
	return attend;
}

static int attend_once(size_t fail_at)
{
	struct outcome outcome;
	struct house h;
	struct cs_attend attend = begin(&h, false);
	int over = make(&h, fail_at, house_module(&h, ATTENDS), CS_CALL_ATTEND, &attend, &outcome);

	/* What is attended to can be looked at, or it is not attended to. */
	assert_int_equal(h.authority->n_sessions, h.authority->screens ? 1 : 0);
	assert_true(outcome.error != 0 || h.authority->screens);
	close_house(&h);
	return over;
}

static int stream_once(size_t fail_at)
{
	static uint8_t bytes[40000];
	struct outcome outcome;
	struct house h;
	struct cs_attend attend = begin(&h, true);
	struct cs_stream call = { .number = attend.number, .pid = PID, .kind = CS_STREAM_OUT, .bytes = bytes, .n_bytes = 20000 };
	const struct screen *screen = h.authority->screens;
	int over = 0;

	memcpy(call.id, attend.id, CS_ID_LEN);
	over = make(&h, fail_at, house_module(&h, STREAMS), CS_CALL_STREAM, &call, &outcome);
	assert_true(screen->end == 20000 || (outcome.error != 0 && screen->end == 0));
	assert_true(screen->n_bytes == 20000 || screen->n_bytes == 0);
	assert_true(screen->n_bytes == 20000 || !over);
	assert_true(screen->room >= screen->n_bytes && h.authority->screens_bytes == screen->room);
	close_house(&h);
	return over;
}

static int screen_once(size_t fail_at)
{
	struct outcome outcome;
	struct house h;
	struct cs_attend attend = begin(&h, true);
	struct cs_screen call = { .number = attend.number };
	struct cs_caller bob = house_person(BOB);
	const struct screen *screen = h.authority->screens;
	int over = 0;

	bob.connection = LOOKS;
	over = make(&h, fail_at, bob, CS_CALL_SCREEN, &call, &outcome);
	assert_true(screen->n_watchers == 1 || outcome.error != 0);
	assert_int_equal(watched(&h), screen->n_watchers);
	assert_int_equal(screen->begun_turn != 0, screen->n_watchers);
	close_house(&h);
	return over;
}

/* However short memory is, whoever is gone looks on no more. */
static int gone_once(size_t fail_at)
{
	struct outcome outcome;
	struct house h;
	struct cs_attend attend = begin(&h, true);
	struct cs_screen call = { .number = attend.number };
	struct cs_caller bob = house_person(BOB);
	const struct screen *screen = h.authority->screens;
	int over = 0;

	bob.connection = LOOKS;
	(void)make(&h, 100000, bob, CS_CALL_SCREEN, &call, &outcome);
	assert_int_equal(screen->n_watchers, 1);
	alloc_fault_reset(fail_at);
	cs_authority_gone(h.authority, &bob);
	cs_authority_turn(h.authority);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	assert_int_equal(screen->n_watchers, 0);
	assert_true(screen_pauses(screen));
	close_house(&h);
	return over;
}

#define EVERY(name) \
	static void test_authority_a119_watching_##name(void **state) \
	{ \
		(void)state; \
		for (size_t at = 1; name##_once(at) == 0; at++) \
			assert_true(at < 5000); \
	}

EVERY(attend)
EVERY(stream)
EVERY(screen)
EVERY(gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority_a119_watching_attend), cmocka_unit_test(test_authority_a119_watching_stream),
		cmocka_unit_test(test_authority_a119_watching_screen), cmocka_unit_test(test_authority_a119_watching_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
