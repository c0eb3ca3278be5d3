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
	size_t rule_of[CS_MAX_WHO];    /* the rule that a person fills, or NO_RULE */
	uint32_t have[CS_MAX_RULES];
	size_t moved_by[CS_MAX_RULES]; /* in one search: who would move to this rule; NOBODY while not reached */
	size_t queue[CS_MAX_RULES];
	size_t n_queue;
};

static bool may_fill(const struct flow *flow, size_t person, size_t rule)
{
	return flow->may[person * flow->n_rules + rule] == 1;
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

static void assign_distinct(struct flow *flow, uint8_t *ret_filled)
{
	for (size_t person = 0; person < flow->n_people; person++)
		flow->rule_of[person] = NO_RULE;
	for (size_t person = 0; person < flow->n_people; person++)
		place(flow, person);
	for (size_t person = 0; ret_filled && person < flow->n_people; person++)
		if (flow->rule_of[person] != NO_RULE)
			ret_filled[person * flow->n_rules + flow->rule_of[person]] = 1;
}

static void assign_shared(struct flow *flow, uint8_t *ret_filled)
{
	for (size_t rule = 0; rule < flow->n_rules; rule++) {
		for (size_t person = 0; person < flow->n_people; person++) {
			if (flow->have[rule] == flow->counts[rule])
				break;
			if (!may_fill(flow, person, rule))
				continue;
			flow->have[rule]++;
			if (ret_filled)
				ret_filled[person * flow->n_rules + rule] = 1;
		}
	}
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

int cs_approval_assign(const uint32_t *counts, size_t n_rules, const int8_t *may, size_t n_people, bool distinct,
	uint32_t *ret_have, uint8_t *ret_filled)
{
	struct flow flow = {.counts = counts, .n_rules = n_rules, .may = may, .n_people = n_people};

	if (!sensible(counts, n_rules, may, n_people) || !ret_have)
		return CS_EINVAL;
	if (ret_filled)
		memset(ret_filled, 0, n_people * n_rules);
	if (distinct)
		assign_distinct(&flow, ret_filled);
	else
		assign_shared(&flow, ret_filled);
	memcpy(ret_have, flow.have, n_rules * sizeof(*ret_have));
	for (size_t rule = 0; rule < n_rules; rule++)
		if (flow.have[rule] < counts[rule])
			return 0;
	return 1;
}
