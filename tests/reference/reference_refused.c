/* SPDX-License-Identifier: Apache-2.0 */
/* What docs/policy.md has refused although its form is right. */
#include "reference_scope.h"

#include <string.h>

static bool circle(const struct ref_policy *policy, const char *role, const char *from, size_t depth)
{
	const struct ref_role *at = ref_role(policy, role);

	for (size_t i = 0; depth > 0 && i < at->inherits.n; i++)
		if (strcmp(at->inherits.at[i], from) == 0 || circle(policy, at->inherits.at[i], from, depth - 1))
			return true;
	return false;
}

static bool nobody_could_hold_set(const struct ref_policy *policy, const struct ref_exclusive *set)
{
	for (size_t r = 0; r < policy->n_roles; r++) {
		size_t n = 0;

		for (size_t i = 0; i < set->roles.n; i++)
			n += ref_role_is(policy, policy->roles[r].name, set->roles.at[i]);
		if (n >= 2)
			return true;
	}
	return false;
}

static bool could_be_given(const struct ref_policy *policy, const struct ref_want *want, const char *scope)
{
	if (want->group || want->person.n > 0)
		return true;
	for (size_t i = 0; i < policy->n_assignments; i++) {
		const struct ref_assignment *assignment = &policy->assignments[i];

		if (ref_role_supplies(policy, assignment->role, want, scope) &&
		    ref_scope_could_contain(assignment->scope, scope))
			return true;
	}
	return false;
}

static bool names_too_few(const struct ref_rule *rule)
{
	return rule->want.person.n > 0 && rule->want.person.n < rule->count;
}

static const char *gate_refused(const struct ref_policy *policy, const struct ref_gate *gate)
{
	const struct ref_want permission = {.permission = gate->permission};
	const char *scope = gate->scope ? gate->scope : "*";

	if (gate->permission && !could_be_given(policy, &permission, scope))
		return "a gate's permission that no assignment could give";
	for (size_t i = 0; i < gate->n_rules; i++)
		if (!could_be_given(policy, &gate->rules[i].want, gate->rules[i].scope ? gate->rules[i].scope : scope))
			return "an approval that no assignment could give";
	for (size_t i = 0; i < gate->n_rules; i++)
		if (names_too_few(&gate->rules[i]))
			return "an approval that names fewer people than it asks for";
	for (size_t i = 0; gate->permission && i < gate->n_exempts; i++)
		if (gate->exempts[i].want.permission && strcmp(gate->exempts[i].want.permission, gate->permission) == 0)
			return "an exemption for everybody who may ask";
	return NULL;
}

const char *ref_refused(const struct ref_policy *policy)
{
	const char *why = NULL;

	for (size_t i = 0; i < policy->n_roles; i++)
		if (circle(policy, policy->roles[i].name, policy->roles[i].name, policy->n_roles))
			return "roles that inherit in a circle";
	for (size_t i = 0; i < policy->n_exclusives; i++)
		if (nobody_could_hold_set(policy, &policy->exclusives[i]))
			return "exclusive roles that nobody could hold";
	for (size_t i = 0; !why && i < policy->n_gates; i++)
		why = gate_refused(policy, &policy->gates[i]);
	return why;
}
