/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of states: which may follow which. docs/glossary.md shows the same. */
#include "approval.h"
#include "mem.h"

static const struct transition {
	enum cs_state from;
	enum cs_step step;
	enum cs_state to;
} transitions[] = {
	{CS_PENDING, CS_STEP_VOTE, CS_PENDING},
	{CS_PENDING, CS_STEP_SUFFICE, CS_APPROVED},
	{CS_PENDING, CS_STEP_REJECT, CS_REJECTED},
	{CS_PENDING, CS_STEP_CANCEL, CS_CANCELLED},
	{CS_PENDING, CS_STEP_EXPIRE, CS_EXPIRED},
	{CS_PENDING, CS_STEP_LAPSE, CS_UNANSWERED},
	{CS_PENDING, CS_STEP_WITHDRAW, CS_PENDING},
	{CS_APPROVED, CS_STEP_WITHDRAW, CS_APPROVED},
	{CS_APPROVED, CS_STEP_REOPEN, CS_PENDING},
	{CS_APPROVED, CS_STEP_USE, CS_APPROVED},
	{CS_APPROVED, CS_STEP_REJECT, CS_REJECTED},
	{CS_APPROVED, CS_STEP_CANCEL, CS_CANCELLED},
	{CS_APPROVED, CS_STEP_EXPIRE, CS_EXPIRED},
	{CS_APPROVED, CS_STEP_CLAIM, CS_USED},
};

static const struct telling {
	enum cs_state state;
	enum cs_reason reason;
} tellings[] = {
	{CS_PENDING, CS_WHY_NEEDS_APPROVAL},
	{CS_APPROVED, CS_WHY_APPROVED},
	{CS_REJECTED, CS_WHY_REJECTED},
	{CS_CANCELLED, CS_WHY_CANCELLED},
	{CS_EXPIRED, CS_WHY_EXPIRED},
	{CS_USED, CS_WHY_USED},
	{CS_UNANSWERED, CS_WHY_UNANSWERED},
};

enum cs_state cs_state_after(enum cs_state state, enum cs_step step)
{
	for (size_t i = 0; i < CS_COUNT(transitions); i++)
		if (transitions[i].from == state && transitions[i].step == step)
			return transitions[i].to;
	return CS_STATE_NONE;
}

enum cs_reason cs_state_reason(enum cs_state state)
{
	for (size_t i = 0; i < CS_COUNT(tellings); i++)
		if (tellings[i].state == state)
			return tellings[i].reason;
	return CS_WHY_NONE;
}
