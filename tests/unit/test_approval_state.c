/* SPDX-License-Identifier: Apache-2.0 */
/* The state table, every state with every step: what is not listed here is not allowed. */
#include "approval.h"
#include "mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define NONE CS_STATE_NONE

static const enum cs_state states[] = {
	CS_STATE_NONE, CS_PENDING, CS_APPROVED, CS_REJECTED, CS_CANCELLED, CS_EXPIRED, CS_USED,
	CS_UNANSWERED, (enum cs_state)8};

static const enum cs_step steps[] = {
	CS_STEP_VOTE, CS_STEP_SUFFICE, CS_STEP_REJECT, CS_STEP_CANCEL, CS_STEP_EXPIRE, CS_STEP_CLAIM, CS_STEP_USE,
	CS_STEP_LAPSE, CS_STEP_WITHDRAW, CS_STEP_REOPEN};

/* One row a state, one column a step, in the order of the two lists above. */
#define CLOSED {NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE}
static const enum cs_state after[CS_COUNT(states)][CS_COUNT(steps)] = {
	/* vote, suffice, reject, cancel, expire, claim, use, lapse, withdraw, reopen */
	/* none */       CLOSED,
	/* pending */    {CS_PENDING, CS_APPROVED, CS_REJECTED, CS_CANCELLED, CS_EXPIRED, NONE, NONE, CS_UNANSWERED,
			  CS_PENDING, NONE},
	/* approved */   {NONE, NONE, CS_REJECTED, CS_CANCELLED, CS_EXPIRED, CS_USED, CS_APPROVED, NONE, CS_APPROVED,
			  CS_PENDING},
	/* rejected */   CLOSED,
	/* cancelled */  CLOSED,
	/* expired */    CLOSED,
	/* used */       CLOSED,
	/* unanswered */ CLOSED,
	/* no state */   CLOSED,
};

static void test_approval_state_every_pair(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(states); i++)
		for (size_t j = 0; j < CS_COUNT(steps); j++)
			assert_int_equal(cs_state_after(states[i], steps[j]), after[i][j]);
}

static void test_approval_state_unknown_steps_lead_nowhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(states); i++) {
		assert_int_equal(cs_state_after(states[i], (enum cs_step)0), CS_STATE_NONE);
		assert_int_equal(cs_state_after(states[i], (enum cs_step)(CS_STEP_REOPEN + 1)), CS_STATE_NONE);
	}
}

/* Only an approved request can be used, and only once; nothing reopens what is closed (A091, A092). */
static void test_approval_a092_closed_stays_closed(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(states); i++) {
		enum cs_state next = cs_state_after(states[i], CS_STEP_CLAIM);

		assert_true(next == (states[i] == CS_APPROVED ? CS_USED : CS_STATE_NONE));
		if (states[i] == CS_PENDING || states[i] == CS_APPROVED)
			continue;
		for (size_t j = 0; j < CS_COUNT(steps); j++)
			assert_int_equal(cs_state_after(states[i], steps[j]), CS_STATE_NONE);
	}
}

static void test_approval_state_reasons(void **state)
{
	(void)state;
	assert_int_equal(cs_state_reason(CS_PENDING), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(cs_state_reason(CS_APPROVED), CS_WHY_APPROVED);
	assert_int_equal(cs_state_reason(CS_REJECTED), CS_WHY_REJECTED);
	assert_int_equal(cs_state_reason(CS_CANCELLED), CS_WHY_CANCELLED);
	assert_int_equal(cs_state_reason(CS_EXPIRED), CS_WHY_EXPIRED);
	assert_int_equal(cs_state_reason(CS_USED), CS_WHY_USED);
	assert_int_equal(cs_state_reason(CS_UNANSWERED), CS_WHY_UNANSWERED);
	assert_int_equal(cs_state_reason(CS_STATE_NONE), CS_WHY_NONE);
	assert_int_equal(cs_state_reason((enum cs_state)99), CS_WHY_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_approval_state_every_pair),
		cmocka_unit_test(test_approval_state_unknown_steps_lead_nowhere),
		cmocka_unit_test(test_approval_a092_closed_stays_closed),
		cmocka_unit_test(test_approval_state_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
