/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the policy itself names for a rule, without asking the directory. */
#include "policy_internal.h"

static int each_of(char *const *people, size_t n, int (*each)(void *arg, const char *dn), void *arg)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = each(arg, people[i]);
	return r;
}

int cs_policy_who_named(const struct cs_policy *policy, const struct cs_gate *gate, size_t rule, const char *scope,
			int (*each)(void *arg, const char *dn), void *arg)
{
	char buffer[CS_MAX_SCOPE + 1], value[CS_MAX_SCOPE + 1];
	const struct want *want = rule < gate->n_rules ? &gate->rules[rule].want : NULL;
	const char *asked = NULL, *kind = NULL;
	size_t kind_len = 0;
	int r = 0;

	if (want && want->kind == WANT_PEOPLE)
		return each_of(want->people, want->n_people, each, arg);
	if (!want || want->kind == WANT_GROUP)
		return 0;
	asked = cs_policy_rule_scope(gate, &gate->rules[rule], scope, buffer);
	if (cs_scope_valid(asked) != 1)
		return 0;
	kind = cs_scope_kind(asked, &kind_len);
	for (size_t i = 0; r == 0 && i < policy->n_assignments; i++) {
		const struct assignment *assignment = &policy->assignments[i];

		if (assignment->to == ASSIGNED_PEOPLE &&
			cs_policy_supplies(policy, assignment->role, want, kind, kind_len) &&
		    cs_scope_extract(&assignment->scope, asked, NULL, value) == 1)
			r = each_of(assignment->people, assignment->n_people, each, arg);
	}
	return r;
}
