/* SPDX-License-Identifier: Apache-2.0 */
/* A119: the n-th allocation fails, for every n of a whole story. Nobody is let in who should not be, nothing crashes or
 * leaks, the evidence stays whole, and afterwards everything works again. */
#include "alloc_fault.h"
#include "story.h"

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

/* Returns false when the part ends before the n-th allocation. */
static bool tell_with_fault(void (*part)(struct house *h), size_t n)
{
	struct house h;
	bool fired = false;

	memset(&paused, 0, sizeof(paused));
	alloc_fault_reset(0);
	story_open(&h, false);
	alloc_fault_reset(n);
	part(&h);
	fired = alloc_fault.calls >= n;
	alloc_fault_reset(0);
	if (getenv("STORY_SHOW"))
		print_message("allocation %zu\n", n);
	story_heals(&h);
	house_close(&h);
	return fired;
}

static void tell_with_every_fault(void (*part)(struct house *h))
{
	size_t n = 1;

	while (tell_with_fault(part, n))
		n++;
	assert_true(n > 50);
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
		cmocka_unit_test(test_authority_a119_applied),
		cmocka_unit_test(test_authority_a119_parked),
		cmocka_unit_test(test_authority_a119_withdrawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
