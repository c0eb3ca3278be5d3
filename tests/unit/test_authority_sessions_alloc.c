/* SPDX-License-Identifier: Apache-2.0 */
/* What runs, while memory is short: attending, listing, ending, and looking again. Each allocation of each fails once. What runs is
 * listed until whoever attends is gone; what is told to end is in the record; and no want of memory ends anything. */
#include "alloc_fault.h"
#include "houses.h"
#include "internal.h"

#define SECOND UINT64_C(1000)
#define POLICY RIGHTS DEPLOY ONE "  session = 1h }\n"

enum { PID = 4711, SUDO = 7, ATTENDS = 8 };

/* A use of alice's `deploy`, which bob approved, and what came of the call that was made about it. */
struct scene {
	struct house h;
	struct cs_attend attend;
	int given, error;
	enum cs_verdict verdict;
	enum cs_reason reason;
	size_t n_rows;
	bool more;
};

static void done(void *arg, int error, const char *text, const void *reply)
{
	struct scene *x = arg;

	(void)text;
	(void)reply;
	x->given++;
	x->error = error;
}

static void done_decision(void *arg, int error, const char *text, const void *reply)
{
	const struct cs_decision *decision = reply;
	struct scene *x = arg;

	done(arg, error, text, reply);
	if (error < 0)
		return;
	x->verdict = decision->verdict;
	x->reason = decision->reason;
}

static void done_rows(void *arg, int error, const char *text, const void *reply)
{
	const struct cs_sessions_answer *answer = reply;
	struct scene *x = arg;

	done(arg, error, text, reply);
	x->n_rows = error < 0 ? 0 : answer->n_sessions;
	x->more = error == 0 && answer->more;
}

/* Makes the call; 1 when no allocation of it failed. */
static int make(struct scene *x, size_t fail_at, struct cs_caller caller, enum cs_call_type type, const void *call, cs_reply_fn reply)
{
	int over = 0;

	x->given = x->error = 0;
	x->verdict = CS_DENY;
	x->reason = CS_WHY_NONE;
	alloc_fault_reset(fail_at);
	cs_authority_call(x->h.authority, &caller, type, call, -1, reply, x);
	cs_authority_turn(x->h.authority);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	assert_int_equal(x->given, 1);
	assert_int_not_equal(x->verdict, CS_PERMIT);
	return over;
}

static int attends(struct scene *x, size_t fail_at)
{
	return make(x, fail_at, house_module(&x->h, ATTENDS), CS_CALL_ATTEND, &x->attend, done);
}

/* Up to what was released; and attended to. */
static void begin(struct scene *x, bool attended)
{
	static void *memory;
	static char tty[] = "pts/7";
	struct cs_decision d = { 0 };
	struct house_sudo s;

	memset(x, 0, sizeof(*x));
	open_house(&memory, &x->h, POLICY);
	held(&x->h, &s, SUDO, &d);
	assert_int_equal(house_vote(&x->h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&x->h, &d, SUDO, CS_PERMIT, CS_WHY_APPROVED);
	x->attend = (struct cs_attend){ .kind = CS_ATTEND_COMMAND, .number = d.number, .tty = tty, .pid = PID };
	memcpy(x->attend.id, d.id, CS_ID_LEN);
	cs_clear(&cs_decision_shape, &d);
	if (attended)
		assert_int_equal(attends(x, SIZE_MAX), 1);
}

static unsigned ended(struct scene *x, enum cs_reason reason)
{
	return house_events(&x->h, CS_EVENT_ENDED, reason);
}

/* Why it is to end, as whoever attends is told. */
static enum cs_reason told(struct scene *x)
{
	struct cs_caller caller = house_module(&x->h, ATTENDS);
	struct cs_attend_answer answer = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	assert_int_equal(cs_authority_attended(x->h.authority, &caller, &x->attend, &answer), 0);
	assert_int_equal(answer.end, answer.reason != CS_WHY_NONE);
	reason = answer.reason;
	cs_clear(&cs_attend_answer_shape, &answer);
	return reason;
}

/* Root sees so many, with all the memory there is. */
static void listed(struct scene *x, size_t n)
{
	const struct cs_sessions all = { .all = true };

	(void)make(x, SIZE_MAX, house_person(0), CS_CALL_SESSIONS, &all, done_rows);
	assert_int_equal(x->n_rows, n);
}

/* What was answered is attended to. Whoever heard that it failed calls again, and then it is: at once, or it was already and only the
 * answer was lost. Kills: an answer before session_add; CS_EPERM where the store could not be read. */
static int attend_once(size_t fail_at)
{
	struct scene x;
	int over = 0;

	begin(&x, false);
	over = attends(&x, fail_at);
	assert_true(x.error < 0 || x.h.authority->n_sessions == 1);
	assert_true(x.error == 0 || !over);
	assert_int_not_equal(x.error, CS_EPERM); /* that would be for good */
	if (x.error < 0) {
		int again = x.h.authority->n_sessions == 1 ? CS_EEXIST : 0;

		(void)attends(&x, SIZE_MAX);
		assert_int_equal(x.error, again);
	}
	assert_int_equal(told(&x), CS_WHY_NONE);
	listed(&x, 1);
	close_house(&x.h);
	return over;
}

/* All of the answer or none, and never one without the end. Kills: the answer that is given without its text. */
static int attended_once(size_t fail_at)
{
	static char why[] = "wrong release";
	struct cs_attend_answer answer = { 0 };
	struct cs_caller caller = { 0 };
	struct cs_end call = { .reason = why };
	struct scene x;
	int r = 0, over = 0;

	begin(&x, true);
	call.number = x.attend.number;
	(void)make(&x, SIZE_MAX, house_person(BOB), CS_CALL_END, &call, done_decision);
	caller = house_module(&x.h, ATTENDS);
	alloc_fault_reset(fail_at);
	r = cs_authority_attended(x.h.authority, &caller, &x.attend, &answer);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	assert_int_equal(r, over ? 0 : CS_ENOMEM);
	assert_int_equal(answer.end, over);
	assert_true(!over || strstr(answer.text, "wrong release"));
	assert_int_equal(told(&x), CS_WHY_ENDED);
	cs_clear(&cs_attend_answer_shape, &answer);
	close_house(&x.h);
	return over;
}

/* The row or an error, and a stranger no row. Kills: a list that ends early and says nothing; a row without a field. */
static int list_once(size_t fail_at, uint32_t uid, size_t n)
{
	const struct cs_sessions call = { .all = uid == 0 };
	struct scene x;
	int over = 0;

	begin(&x, true);
	over = make(&x, fail_at, house_person(uid), CS_CALL_SESSIONS, &call, done_rows);
	/* what the directory could not tell hides it from him, and never shows it */
	assert_true(x.n_rows == n || (x.n_rows == 0 && !over));
	assert_true(x.n_rows == n || x.error < 0 || uid == BOB);
	assert_false(x.more);
	listed(&x, 1);
	close_house(&x.h);
	return over;
}

static int list_alice_once(size_t fail_at)
{
	return list_once(fail_at, ALICE, 1);
}

static int list_bob_once(size_t fail_at)
{
	return list_once(fail_at, BOB, 1);
}

static int list_dave_once(size_t fail_at)
{
	return list_once(fail_at, DAVE, 0);
}

static int list_root_once(size_t fail_at)
{
	return list_once(fail_at, 0, 1);
}

/* What is told to end is in the record, and what is in the record is told to end; whoever hears that it ends is right. (Where
 * there was no memory for his answer he looks again.) Kills: tell before record_ended. */
static void ended_as_told(struct scene *x)
{
	bool ends = told(x) == CS_WHY_ENDED;

	assert_true(ends || told(x) == CS_WHY_NONE);
	assert_int_equal(ended(x, CS_WHY_ENDED), ends);
	assert_true(ends ? x->error < 0 || x->reason == CS_WHY_ENDED : x->reason != CS_WHY_ENDED);
	listed(x, 1);
}

static int end_once(size_t fail_at, uint32_t uid, bool may)
{
	static char why[] = "wrong release";
	struct cs_end call = { .reason = why };
	struct scene x;
	int over = 0;

	begin(&x, true);
	call.number = x.attend.number;
	over = make(&x, fail_at, house_person(uid), CS_CALL_END, &call, done_decision);
	assert_true(may || (x.error < 0 && told(&x) == CS_WHY_NONE));
	assert_true(!may || !over || x.reason == CS_WHY_ENDED);
	ended_as_told(&x);
	close_house(&x.h);
	return over;
}

static int end_bob_once(size_t fail_at)
{
	return end_once(fail_at, BOB, true);
}

static int end_root_once(size_t fail_at)
{
	return end_once(fail_at, 0, true);
}

static int end_dave_once(size_t fail_at)
{
	return end_once(fail_at, DAVE, false);
}

/* A vote taken back ends it; carol's, who has none, never. */
static int withdrawn_once(size_t fail_at, uint32_t uid, bool ends)
{
	struct cs_vote_call call = { .vote = CS_VOTE_WITHDRAW };
	struct scene x;
	int over = 0;

	begin(&x, true);
	call.number = x.attend.number;
	house_digest(&x.h, call.number, call.digest);
	over = make(&x, fail_at, house_person(uid), CS_CALL_VOTE, &call, done_decision);
	assert_true(ends || told(&x) == CS_WHY_NONE);
	assert_true(!ends || !over || x.reason == CS_WHY_ENDED);
	assert_int_equal(house_state(&x.h, call.number), CS_USED);
	ended_as_told(&x);
	close_house(&x.h);
	return over;
}

static int withdrawn_bob_once(size_t fail_at)
{
	return withdrawn_once(fail_at, BOB, true);
}

static int withdrawn_carol_once(size_t fail_at)
{
	return withdrawn_once(fail_at, CAROL, false);
}

/* A tick after so long. 1: no allocation of it failed. */
static int tick_once(struct scene *x, size_t fail_at, uint64_t ms)
{
	int over = 0;

	alloc_fault_reset(fail_at);
	tick(&x->h, ms);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	return over;
}

/* It is looked at again, and what failed for want of memory comes again. Kills: a look that is not made any more. */
static int look_once(size_t fail_at, const char *owners, uint64_t ms, enum cs_reason reason)
{
	struct scene x;
	int over = 0;

	begin(&x, true);
	tick(&x.h, SECOND);
	house_set_people(&x.h, owners, "carol, erin");
	over = tick_once(&x, fail_at, ms);
	if (told(&x) != reason && (told(&x) != CS_WHY_NONE || over))
		fail_msg("allocation %zu: %s", fail_at, cs_reason_name(told(&x)));
	assert_int_equal(house_events(&x.h, CS_EVENT_ENDED, reason), told(&x) == CS_WHY_NONE ? 0 : 1);
	tick(&x.h, 31 * SECOND);
	assert_int_equal(told(&x), reason);
	assert_int_equal(house_events(&x.h, CS_EVENT_ENDED, reason), reason == CS_WHY_NONE ? 0 : 1);
	listed(&x, 1);
	close_house(&x.h);
	return over;
}

/* Nothing has changed, so nothing ends. Kills: CS_WHY_STORE in tells_nothing. */
static int look_stands_once(size_t fail_at)
{
	return look_once(fail_at, "alice, alice-adm, bob, erin, frank", 31 * SECOND, CS_WHY_NONE);
}

/* bob is no owner any more. */
static int look_lost_once(size_t fail_at)
{
	return look_once(fail_at, "alice, erin", 31 * SECOND, CS_WHY_APPROVER_LOST);
}

static int look_time_once(size_t fail_at)
{
	return look_once(fail_at, "alice, alice-adm, bob, erin, frank", HOUR, CS_WHY_ENDED);
}

/* It is over whatever fails, and recorded at most once. Kills: session_drop only after record_closed went well. */
static int gone_once(size_t fail_at)
{
	struct cs_caller caller;
	struct scene x;
	int over = 0;

	begin(&x, true);
	caller = house_module(&x.h, ATTENDS);
	alloc_fault_reset(fail_at);
	cs_authority_gone(x.h.authority, &caller);
	cs_authority_turn(x.h.authority);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	assert_int_equal(x.h.authority->n_sessions, 0);
	assert_true(house_events(&x.h, CS_EVENT_CLOSED, CS_WHY_NONE) == 1 || !over);
	listed(&x, 0);
	close_house(&x.h);
	return over;
}

#define EVERY(name) \
	static void test_authority_a119_sessions_##name(void **state) \
	{ \
		(void)state; \
		for (size_t at = 1; name##_once(at) == 0; at++) \
			assert_true(at < 5000); \
	}

EVERY(attend)
EVERY(attended)
EVERY(list_alice)
EVERY(list_bob)
EVERY(list_dave)
EVERY(list_root)
EVERY(end_bob)
EVERY(end_root)
EVERY(end_dave)
EVERY(withdrawn_bob)
EVERY(withdrawn_carol)
EVERY(look_stands)
EVERY(look_lost)
EVERY(look_time)
EVERY(gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority_a119_sessions_attend),
		cmocka_unit_test(test_authority_a119_sessions_attended),
		cmocka_unit_test(test_authority_a119_sessions_list_alice),
		cmocka_unit_test(test_authority_a119_sessions_list_bob),
		cmocka_unit_test(test_authority_a119_sessions_list_dave),
		cmocka_unit_test(test_authority_a119_sessions_list_root),
		cmocka_unit_test(test_authority_a119_sessions_end_bob),
		cmocka_unit_test(test_authority_a119_sessions_end_root),
		cmocka_unit_test(test_authority_a119_sessions_end_dave),
		cmocka_unit_test(test_authority_a119_sessions_withdrawn_bob),
		cmocka_unit_test(test_authority_a119_sessions_withdrawn_carol),
		cmocka_unit_test(test_authority_a119_sessions_look_stands),
		cmocka_unit_test(test_authority_a119_sessions_look_lost),
		cmocka_unit_test(test_authority_a119_sessions_look_time),
		cmocka_unit_test(test_authority_a119_sessions_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
