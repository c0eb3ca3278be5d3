/* SPDX-License-Identifier: Apache-2.0 */
/* A119: the n-th allocation fails, for every n of a whole story. Nobody is let in who should not be, nothing crashes or
 * leaks, the evidence stays whole, and afterwards everything works again.
 * Under the sanitizers a story takes ten times as long. There, of the allocations that are made from the same chain of
 * calls, the innermost seven, the first two and the last fail; the same test without them (…_plain) leaves none out. */
#include "alloc_fault.h"
#include "story.h"

#include <errno.h>
#include <execinfo.h>
#include <time.h>

static struct {
	struct alloc_fault kept;
	unsigned depth;
} paused;

static void story_pause(void)
{
	if (paused.depth++ == 0) {
		paused.kept = alloc_fault;
		alloc_fault_reset(0);
	}
}

static void story_resume(void)
{
	if (--paused.depth == 0)
		alloc_fault = paused.kept;
}

#if defined(__SANITIZE_ADDRESS__)
static const size_t same_calls = 2;
#else
static const size_t same_calls = SIZE_MAX;
#endif
enum { CALLS_MAX = 1 << 14, DEEP = 10 };

/* For each allocation of a part the chain of calls that it is made from. */
static struct {
	uint64_t chain[CALLS_MAX];
	size_t n;
} calls;

static void note_chain(void)
{
	void *frames[DEEP];
	uint64_t chain = 1;

	if (paused.depth > 0)
		return;
	alloc_fault_seen = NULL; /* backtrace may allocate */
	for (int i = backtrace(frames, DEEP) - 1; i >= 0; i--)
		chain = (chain ^ (uintptr_t)frames[i]) * UINT64_C(0x9E3779B97F4A7C15) ^ chain >> 29;
	alloc_fault_seen = note_chain;
	assert_true(calls.n < CALLS_MAX);
	calls.chain[calls.n++] = chain;
}

/* Does the allocation with this number (from 1) stand for others? */
static bool is_picked(size_t number)
{
	size_t before = 0, after = 0;

	for (size_t i = 0; i < calls.n; i++) {
		before += i + 1 < number && calls.chain[i] == calls.chain[number - 1];
		after += i + 1 > number && calls.chain[i] == calls.chain[number - 1];
	}
	return before < same_calls || after == 0;
}

/* Returns false when the part ends before the n-th allocation. */
static bool tell_with_fault(struct house *h, void (*part)(struct house *h), size_t n)
{
	bool fired = false;

	memset(&paused, 0, sizeof(paused));
	alloc_fault_reset(0);
	story_open(h, false);
	alloc_fault_reset(n);
	part(h);
	fired = alloc_fault.calls >= n;
	alloc_fault_reset(0);
	if (getenv("STORY_SHOW"))
		print_message("allocation %zu\n", n);
	story_heals(h);
	house_empty(h);
	return fired;
}

static void note_chains(struct house *h, void (*part)(struct house *h))
{
	memset(&paused, 0, sizeof(paused));
	calls.n = 0;
	story_open(h, false);
	alloc_fault_reset(0);
	alloc_fault_seen = note_chain;
	part(h);
	alloc_fault_seen = NULL;
	assert_int_equal(calls.n, alloc_fault.calls);
	house_empty(h);
}

/* What was written this moment is read again for each question (libcore/directory/watch.c), so that the n-th allocation
 * would be another one each time: goes on a second after that. */
static void let_files_rest(const struct house *h)
{
	struct stat st = { 0 };

	assert_int_equal(stat(h->people, &st), 0);
	st.st_ctim.tv_sec++;
	while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &st.st_ctim, NULL) == EINTR)
		;
}

static void tell_with_every_fault(void (*part)(struct house *h))
{
	struct house h;
	size_t n = 1, told = 0;

	alloc_fault_reset(0);
	house_build_files(&h);
	let_files_rest(&h);
	note_chains(&h, part);
	for (; n <= calls.n; n++)
		if (is_picked(n)) {
			assert_true(tell_with_fault(&h, part, n));
			told++;
		}
	assert_false(tell_with_fault(&h, part, n));
	assert_true(told > 50);
	print_message("%zu of %zu allocations failed\n", told, calls.n);
	house_close(&h);
}

/* What leads up to these is in the other parts: here only what is new fails. */

static void story_reopened(struct house *h)
{
	struct cs_decision d = { 0 };

	story_pause();
	story_ask(h, &d);
	story_vote(h, BOB, d.number, CS_VOTE_APPROVE);
	story_vote(h, CAROL, d.number, CS_VOTE_APPROVE);
	story_resume();
	story_vote(h, CAROL, d.number, CS_VOTE_WITHDRAW);
	story_claim(h, &d);
	cs_clear(&cs_decision_shape, &d);
}

static void story_used_twice(struct house *h)
{
	struct cs_decision first = { 0 }, second = { 0 };

	story_pause();
	story_set_terms(h, "uses = 2");
	story_ask(h, &first);
	story_resume();
	story_ask(h, &second); /* joins */
	story_pause();
	story_vote(h, BOB, first.number, CS_VOTE_APPROVE);
	story_vote(h, CAROL, first.number, CS_VOTE_APPROVE);
	story_resume();
	story_claim_on(h, &first, story.connection - 1);
	story_claim_on(h, &second, story.connection);
	story_set_terms(h, "");
	cs_clear(&cs_decision_shape, &first);
	cs_clear(&cs_decision_shape, &second);
}

static void story_asked_ahead(struct house *h)
{
	struct house_sudo s;
	struct cs_decision d = { 0 };

	story_set_terms(h, "ahead = 1h");
	house_sudo_by(&s, ALICE, "alice");
	s.submit.ahead = true;
	s.submit.start_wall_ms = house_now.wall_ms + 60000;
	story_submit(h, &s, &d);
	assert_true(d.verdict != CS_PERMIT);
	cs_clear(&cs_decision_shape, &d);
	story_set_terms(h, "");
}

static void story_unopposed(struct house *h)
{
	struct cs_decision d = { 0 };

	story_pause();
	story_set_terms(h, "objections = 5m");
	h->authority->options.tells = true;
	h->authority->options.tell_for_ms = 3600000;
	story_ask(h, &d);
	story_gone(h);
	story_notices(h);
	story_resume();
	story_tick(h, 5 * 60000);
	h->authority->options.tells = false;
	story_set_terms(h, "");
	cs_clear(&cs_decision_shape, &d);
}

#define PART(name) \
	static void test_authority_a119_##name(void **state) \
	{ \
		(void)state; \
		tell_with_every_fault(story_##name); \
	}

PART(used)
PART(outright)
PART(looks)
PART(cooled)
PART(rejected)
PART(reopened)
PART(used_twice)
PART(asked_ahead)
PART(unopposed)
PART(applied)
PART(parked)
PART(withdrawn)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority_a119_used),
		cmocka_unit_test(test_authority_a119_outright),
		cmocka_unit_test(test_authority_a119_looks),
		cmocka_unit_test(test_authority_a119_cooled),
		cmocka_unit_test(test_authority_a119_rejected),
		cmocka_unit_test(test_authority_a119_reopened),
		cmocka_unit_test(test_authority_a119_used_twice),
		cmocka_unit_test(test_authority_a119_asked_ahead),
		cmocka_unit_test(test_authority_a119_unopposed),
		cmocka_unit_test(test_authority_a119_applied),
		cmocka_unit_test(test_authority_a119_parked),
		cmocka_unit_test(test_authority_a119_withdrawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
