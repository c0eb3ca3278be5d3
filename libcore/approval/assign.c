/* SPDX-License-Identifier: Apache-2.0 */
/* Which people fill which rules: maximum flow by augmenting paths, so that the order in which people voted and the
 * order of the rules never decide whether a gate opens. */
#include "approval.h"

#include <string.h>

#define NOBODY SIZE_MAX
#define NO_RULE SIZE_MAX

struct flow {
	const uint32_t *counts;
	size_t n_rules;
	const int8_t *may;
	size_t n_people;
	const uint8_t *block;          /* NULL: all rules are in one */
	size_t first;                  /* a rule of the block that is solved now */
	size_t rule_of[CS_MAX_WHO];    /* the rule of this block that a person fills, or NO_RULE */
	uint32_t have[CS_MAX_RULES];
	size_t moved_by[CS_MAX_RULES]; /* in one search: who would move to this rule; NOBODY while not reached */
	size_t queue[CS_MAX_RULES];
	size_t n_queue;
};

static bool one_block(const struct flow *flow, size_t a, size_t b)
{
	return !flow->block || flow->block[a] == flow->block[b];
}

static bool may_fill(const struct flow *flow, size_t person, size_t rule)
{
	return one_block(flow, flow->first, rule) && flow->may[person * flow->n_rules + rule] == 1;
}

/* Reaches every rule that a person may fill and that this search has not reached before. */
static void reach(struct flow *flow, size_t person)
{
	for (size_t rule = 0; rule < flow->n_rules; rule++) {
		if (flow->moved_by[rule] != NOBODY || !may_fill(flow, person, rule))
			continue;
		flow->moved_by[rule] = person;
		flow->queue[flow->n_queue++] = rule;
	}
}

/* Walks the path back: everybody on it moves one rule on, which makes room for the newcomer. */
static void augment(struct flow *flow, size_t newcomer, size_t rule)
{
	flow->have[rule]++;
	for (;;) {
		size_t person = flow->moved_by[rule];
		size_t left = flow->rule_of[person];

		flow->rule_of[person] = rule;
		if (person == newcomer)
			return;
		rule = left;
	}
}

/* Finds room for one more person, moving others where that makes some. */
static void place(struct flow *flow, size_t newcomer)
{
	for (size_t rule = 0; rule < flow->n_rules; rule++)
		flow->moved_by[rule] = NOBODY;
	flow->n_queue = 0;
	reach(flow, newcomer);
	for (size_t at = 0; at < flow->n_queue; at++) {
		size_t rule = flow->queue[at];

		if (flow->have[rule] < flow->counts[rule]) {
			augment(flow, newcomer, rule);
			return;
		}
		for (size_t person = 0; person < newcomer; person++)
			if (flow->rule_of[person] == rule)
				reach(flow, person);
	}
}

/* The block that this rule is in: each person fills at most one rule of it. */
static void assign_block(struct flow *flow, size_t first, uint8_t *ret_filled)
{
	flow->first = first;
	for (size_t person = 0; person < flow->n_people; person++)
		flow->rule_of[person] = NO_RULE;
	for (size_t person = 0; person < flow->n_people; person++)
		place(flow, person);
	for (size_t person = 0; ret_filled && person < flow->n_people; person++)
		if (flow->rule_of[person] != NO_RULE)
			ret_filled[person * flow->n_rules + flow->rule_of[person]] = 1;
}

/* Is this the first rule of its block? */
static bool begins_block(const struct flow *flow, size_t rule)
{
	for (size_t before = 0; before < rule; before++)
		if (one_block(flow, before, rule))
			return false;
	return true;
}

static bool sensible(const uint32_t *counts, size_t n_rules, const int8_t *may, size_t n_people)
{
	if (!counts || n_rules == 0 || n_rules > CS_MAX_RULES || n_people > CS_MAX_WHO || (!may && n_people > 0))
		return false;
	for (size_t rule = 0; rule < n_rules; rule++)
		if (counts[rule] == 0)
			return false;
	return true;
}

int cs_approval_assign(const uint32_t *counts, size_t n_rules, const int8_t *may, size_t n_people, const uint8_t *block,
	uint32_t *ret_have, uint8_t *ret_filled)
{
	struct flow flow = {.counts = counts, .n_rules = n_rules, .may = may, .n_people = n_people, .block = block};

	if (!sensible(counts, n_rules, may, n_people) || !ret_have)
		return CS_EINVAL;
	if (ret_filled)
		memset(ret_filled, 0, n_people * n_rules);
	for (size_t rule = 0; rule < n_rules; rule++)
		if (begins_block(&flow, rule))
			assign_block(&flow, rule, ret_filled);
	memcpy(ret_have, flow.have, n_rules * sizeof(*ret_have));
	for (size_t rule = 0; rule < n_rules; rule++)
		if (flow.have[rule] < counts[rule])
			return 0;
	return 1;
}
