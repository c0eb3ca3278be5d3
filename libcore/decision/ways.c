/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules of a gate together suffice, in which order, and whether some people can fill them. */
#include "needs_internal.h"
#include "approval.h"

#include <stdlib.h>
#include <string.h>

static bool is_base(const struct cs_gate *gate, size_t rule)
{
	return *cs_gate_rule_alternative(gate, rule) == '\0';
}

static bool one_alternative(const struct cs_gate *gate, size_t a, size_t b)
{
	return strcmp(cs_gate_rule_alternative(gate, a), cs_gate_rule_alternative(gate, b)) == 0;
}

static void ways_of(const struct cs_gate *gate, size_t n_rules, struct ways *ways)
{
	for (size_t i = 0; i < n_rules; i++)
		ways->base |= is_base(gate, i) ? UINT32_C(1) << i : 0;
	for (size_t i = 0; i < n_rules; i++) {
		uint32_t rules = 0;
		bool seen = is_base(gate, i);

		for (size_t k = 0; k < n_rules; k++) {
			seen = seen || (k < i && one_alternative(gate, i, k));
			rules |= one_alternative(gate, i, k) ? UINT32_C(1) << k : 0;
		}
		if (!seen)
			ways->way[ways->n++] = ways->base | rules;
	}
	if (ways->n == 0)
		ways->way[ways->n++] = ways->base;
}

int crew_make(const struct cs_policy *policy, const struct cs_gate *gate, struct crew *ret_crew)
{
	struct crew crew = { .policy = policy, .gate = gate, .n_rules = cs_gate_rules(gate) };

	if (crew.n_rules > CS_MAX_RULES)
		return CS_EINVAL;
	ways_of(gate, crew.n_rules, &crew.ways);
	for (size_t i = 0; i < crew.n_rules; i++)
		crew.counts[i] = cs_gate_rule_quorum(gate, i) == CS_QUORUM_COUNT ? cs_gate_rule_count(gate, i) : 1;
	*ret_crew = crew;
	return 0;
}

/* The rules one by one, those of the base first. */
static size_t order_of(const struct crew *crew, uint32_t rules, size_t order[CS_MAX_RULES])
{
	size_t n = 0;

	for (int base = 1; base >= 0; base--)
		for (size_t i = 0; i < crew->n_rules; i++)
			if (has_rule(rules, i) && has_rule(crew->ways.base, i) == (base == 1))
				order[n++] = i;
	return n;
}

/* Assigns in that order; filled and may are of the n rules alone. */
static int assign(const struct crew *crew, const size_t *order, size_t n, uint32_t have[CS_MAX_RULES], uint8_t *filled)
{
	uint8_t blocks[CS_MAX_RULES] = { 0 }, block[CS_MAX_RULES] = { 0 };
	uint32_t counts[CS_MAX_RULES] = { 0 };
	int8_t *may = calloc(crew->n_people + 1, n);
	int r = 0;

	if (!may)
		return CS_ENOMEM;
	cs_gate_blocks(crew->policy, crew->gate, blocks);
	for (size_t k = 0; k < n; k++) {
		counts[k] = crew->counts[order[k]];
		block[k] = blocks[order[k]];
		for (size_t p = 0; p < crew->n_people; p++)
			may[p * n + k] = crew->may[p * crew->n_rules + order[k]];
	}
	r = cs_approval_assign(counts, n, may, crew->n_people, block, have, filled);
	free(may);
	return r;
}

int crew_fill(const struct crew *crew, uint32_t rules, uint32_t *ret_have, uint8_t *ret_filled)
{
	size_t order[CS_MAX_RULES] = { 0 }, n = order_of(crew, rules, order);
	uint32_t have[CS_MAX_RULES] = { 0 };
	uint8_t *filled = NULL;
	int r = 1;

	if (ret_have)
		memset(ret_have, 0, CS_MAX_RULES * sizeof(*ret_have));
	if (ret_filled)
		memset(ret_filled, 0, crew->n_people * crew->n_rules);
	if (n == 0)
		return 1;
	filled = calloc(crew->n_people + 1, n);
	r = filled ? assign(crew, order, n, have, filled) : CS_ENOMEM;
	for (size_t k = 0; r >= 0 && k < n; k++) {
		if (ret_have)
			ret_have[order[k]] = have[k];
		for (size_t p = 0; ret_filled && p < crew->n_people; p++)
			ret_filled[p * crew->n_rules + order[k]] = filled[p * n + k];
	}
	free(filled);
	return r;
}

int crew_fill_any(const struct crew *crew)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < crew->ways.n; k++)
		r = crew_fill(crew, crew->ways.way[k], NULL, NULL);
	return r;
}

static uint32_t rules_before(const struct crew *crew, uint32_t rules, size_t rule)
{
	uint32_t stage = cs_gate_rule_stage(crew->gate, rule), before = 0;

	for (size_t i = 0; i < crew->n_rules; i++)
		if (has_rule(rules, i) && cs_gate_rule_stage(crew->gate, i) < stage)
			before |= UINT32_C(1) << i;
	return before;
}

int crew_reaches(const struct crew *crew, size_t rule)
{
	int r = 0;

	/* a rule of an alternative waits for its own alternative, a base rule for whichever */
	for (size_t k = 0; r == 0 && k < crew->ways.n; k++)
		if (has_rule(crew->ways.way[k], rule))
			r = crew_fill(crew, rules_before(crew, crew->ways.way[k], rule), NULL, NULL);
	return r;
}
