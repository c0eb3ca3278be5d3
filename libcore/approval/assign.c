/* SPDX-License-Identifier: Apache-2.0 */
/* Which people fill which rules: maximum flow by augmenting paths, so that the order in which people voted and the
 * order of the rules never decide whether a gate opens. */
#include "approval.h"

#include <string.h>

#define NO_RULE SIZE_MAX

struct flow {
	const uint32_t *counts;
	size_t n_rules;
	const int8_t *may;
	size_t n_people;
	const uint8_t *block;         /* NULL: all rules are in one */
	size_t rule_of[CS_MAX_WHO];   /* the rule of this block that a person fills, or NO_RULE */
	uint32_t have[CS_MAX_RULES];
	/* of one search, which looks for somebody for a rule: */
	size_t wanted[CS_MAX_WHO];    /* the rule that a person would move to, or NO_RULE while not reached */
	size_t leaver[CS_MAX_RULES];  /* whose place in a rule would become free */
	size_t queue[CS_MAX_RULES];
	size_t n_queue;
};

static bool one_block(const struct flow *flow, size_t a, size_t b)
{
	return !flow->block || flow->block[a] == flow->block[b];
}

/* Is a place of this rule looked for already? */
static bool is_queued(const struct flow *flow, size_t rule)
{
	for (size_t i = 0; i < flow->n_queue; i++)
		if (flow->queue[i] == rule)
			return true;
	return false;
}

/* Everybody on the way back moves one rule on, and the first rule has one more. */
static void augment(struct flow *flow, size_t person)
{
	for (;;) {
		size_t rule = flow->wanted[person];

		flow->rule_of[person] = rule;
		if (rule == flow->queue[0])
			break;
		person = flow->leaver[rule];
	}
	flow->have[flow->queue[0]]++;
}

/* Reaches everybody who could take a place in this rule; true when one of them was free. */
static bool reach(struct flow *flow, size_t rule)
{
	for (size_t person = 0; person < flow->n_people; person++) {
		size_t left = flow->rule_of[person];

		if (flow->wanted[person] != NO_RULE || flow->may[person * flow->n_rules + rule] != 1)
			continue;
		flow->wanted[person] = rule;
		if (left == NO_RULE) {
			augment(flow, person);
			return true;
		}
		if (!is_queued(flow, left)) {
			flow->leaver[left] = person;
			flow->queue[flow->n_queue++] = left;
		}
	}
	return false;
}

/* Finds one more for a rule, moving others where that sets somebody free. */
static bool find_one(struct flow *flow, size_t rule)
{
	for (size_t person = 0; person < flow->n_people; person++)
		flow->wanted[person] = NO_RULE;
	flow->n_queue = 0;
	flow->queue[flow->n_queue++] = rule;
	for (size_t at = 0; at < flow->n_queue; at++)
		if (reach(flow, flow->queue[at]))
			return true;
	return false;
}

/* The block that this rule begins: each person fills at most one rule of it. A rule never loses a place to a later one,
 * since everybody who moves on is followed by another. */
static void assign_block(struct flow *flow, size_t first, uint8_t *ret_filled)
{
	for (size_t person = 0; person < flow->n_people; person++)
		flow->rule_of[person] = NO_RULE;
	for (size_t rule = first; rule < flow->n_rules; rule++)
		while (one_block(flow, first, rule) && flow->have[rule] < flow->counts[rule])
			if (!find_one(flow, rule))
				break;
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
