/* SPDX-License-Identifier: Apache-2.0 */
/* Which people fill which rules, and which state may follow which. Pure. */
#ifndef CS_APPROVAL_H
#define CS_APPROVAL_H

#include "model.h"

/* Assigns people to rules by maximum flow, never greedily (Ford and Fulkerson 1956, augmenting paths): every rule i
 * needs counts[i] people (each at least 1); may[p * n_rules + i] is 1 where person p may fill rule i, anything else is
 * not. block[i]: rules with the same number are filled by different people, and rules with different numbers do not
 * mind each other; NULL: all rules are in one block. Rules are filled in their order: as many as can be of the first, then
 * of the first two, and so on, so what an earlier rule has does not depend on the later ones.
 * ret_have[i] is how many are assigned, at most counts[i]; ret_filled[p * n_rules + i] (may be NULL) who fills what.
 * 1: every rule is filled; 0: not; CS_EINVAL (no rule, a count of 0, more than CS_MAX_RULES or CS_MAX_WHO);
 * CS_ENOMEM. */
int cs_approval_assign(const uint32_t *counts, size_t n_rules, const int8_t *may, size_t n_people, const uint8_t *block,
	uint32_t *ret_have, uint8_t *ret_filled);

/* What can happen to a request. */
enum cs_step {
	CS_STEP_VOTE = 1,   /* a vote that does not yet suffice */
	CS_STEP_SUFFICE,    /* the last vote that was missing */
	CS_STEP_REJECT,
	CS_STEP_CANCEL,
	CS_STEP_EXPIRE,
	CS_STEP_CLAIM,      /* the last use */
	CS_STEP_USE,        /* one of several uses, and there are more */
	CS_STEP_LAPSE,      /* its time is over and nobody answered */
	CS_STEP_WITHDRAW,   /* a vote is taken back, and the others suffice, or it waits anyway */
	CS_STEP_REOPEN      /* a vote was taken back or changed, and the others do not suffice */
};

/* The state after a step, from the one table; CS_STATE_NONE when the step is not allowed in that state. */
enum cs_state cs_state_after(enum cs_state state, enum cs_step step);

/* The reason code by which a state that is closed is told to the requester (CS_WHY_REJECTED, …); CS_WHY_NEEDS_APPROVAL
 * while pending, CS_WHY_APPROVED when approved. */
enum cs_reason cs_state_reason(enum cs_state state);

#endif
