/* SPDX-License-Identifier: Apache-2.0 */
/* How far the rules of a gate are filled, and by whom. */
#include "needs_internal.h"
#include "approval.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

void cs_needs_free(struct cs_need **needs, size_t *n_needs)
{
	for (size_t i = 0; *needs && i < *n_needs; i++)
		cs_clear(&cs_need_shape, &(*needs)[i]);
	free(*needs);
	*needs = NULL;
	*n_needs = 0;
}

int needs_new(const struct cs_policy *policy, const struct cs_gate *gate, const char *scope, struct cs_need **ret_needs,
	size_t *ret_count)
{
	size_t n = cs_gate_rules(gate);
	struct cs_need *needs = calloc(n + 1, sizeof(*needs));

	if (!needs)
		return CS_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		needs[i].rule = cs_dup(cs_gate_rule_name(gate, i));
		needs[i].label = cs_gate_rule_label(policy, gate, i, scope);
		needs[i].count = cs_gate_rule_count(gate, i);
		if (!needs[i].rule || !needs[i].label) {
			cs_needs_free(&needs, &n);
			return CS_ENOMEM;
		}
	}
	*ret_needs = needs;
	*ret_count = n;
	return 0;
}

uint32_t cs_needs_missing(const struct cs_need *needs, size_t n_needs)
{
	uint32_t missing = 0;

	for (size_t i = 0; i < n_needs; i++)
		missing += needs[i].count > needs[i].have ? needs[i].count - needs[i].have : 0;
	return missing;
}

/* Names those who fill a rule. */
static int put_by(struct cs_need *need, const struct cs_person *const *people, size_t n_people, const uint8_t *filled,
	size_t stride)
{
	for (size_t p = 0; p < n_people; p++) {
		const char *name = people[p]->name ? people[p]->name : "";

		if (filled[p * stride] == 1 && cs_strv_add(&need->by, &need->n_by, name) < 0)
			return CS_ENOMEM;
	}
	return 0;
}

int needs_fill(const struct cs_policy *policy, const struct cs_gate *gate, const struct cs_person *const *people,
	size_t n_people, const int8_t *may, struct cs_need *needs, size_t n_needs)
{
	uint32_t counts[CS_MAX_RULES] = { 0 }, have[CS_MAX_RULES] = { 0 };
	uint8_t block[CS_MAX_RULES] = { 0 };
	uint8_t *filled = NULL;
	int verdict = 0;

	if (n_needs > CS_MAX_RULES)
		return CS_EINVAL;
	filled = calloc(n_needs * (n_people + 1), 1);
	if (!filled)
		return CS_ENOMEM;
	for (size_t i = 0; i < n_needs; i++)
		counts[i] = needs[i].count;
	cs_gate_blocks(policy, gate, block);
	verdict = cs_approval_assign(counts, n_needs, may, n_people, block, have, filled);
	for (size_t i = 0; verdict >= 0 && i < n_needs; i++) {
		needs[i].have = have[i];
		if (put_by(&needs[i], people, n_people, filled + i, n_needs) < 0)
			verdict = CS_ENOMEM;
	}
	free(filled);
	return verdict;
}

int cs_rules_open(const struct cs_case *what, bool *ret_open)
{
	for (size_t i = 0; i < cs_gate_rules(what->gate); i++)
		ret_open[i] = true;
	return 0;
}

/* What the votes say of themselves: rules that they could fill when they were cast. */
static int fill_frozen(const struct cs_policy *policy, const struct cs_gate *gate, const struct cs_approval *votes,
	size_t n_votes, struct cs_need *needs, size_t n_needs)
{
	const struct cs_person **people = calloc(n_votes + 1, sizeof(const struct cs_person *));
	int8_t *may = calloc(n_needs * (n_votes + 1), 1);
	int r = people && may ? 0 : CS_ENOMEM;

	for (size_t p = 0; r == 0 && p < n_votes; p++) {
		people[p] = &votes[p].person;
		for (size_t i = 0; i < n_needs; i++)
			may[p * n_needs + i] = votes[p].vote == CS_VOTE_APPROVE &&
					       cs_strv_has(votes[p].rules, votes[p].n_rules, needs[i].rule) == 1;
	}
	if (r == 0)
		r = needs_fill(policy, gate, people, n_votes, may, needs, n_needs);
	free(people);
	free(may);
	return r;
}

int cs_needs_frozen(const struct cs_policy *policy, const struct cs_gate *gate, const char *scope,
	const struct cs_approval *votes, size_t n_votes, struct cs_need **ret_needs, size_t *ret_count)
{
	struct cs_need *needs = NULL;
	size_t n = 0;
	int r = needs_new(policy, gate, scope, &needs, &n);

	if (r == 0 && n > 0)
		r = fill_frozen(policy, gate, votes, n_votes, needs, n);
	if (r < 0) {
		cs_needs_free(&needs, &n);
		return r;
	}
	*ret_needs = needs;
	*ret_count = n;
	return 0;
}
