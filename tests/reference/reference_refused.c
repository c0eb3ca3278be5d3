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

static unsigned stage_of(const struct ref_rule *rule)
{
	return rule->stage ? rule->stage : 1;
}

/* Is there a rule in this stage, of an alternative (NULL: any rule, "": any alternative)? */
static bool has_stage(const struct ref_gate *gate, unsigned stage, const char *alternative)
{
	for (size_t i = 0; i < gate->n_rules; i++) {
		const char *word = gate->rules[i].alternative;

		if (stage_of(&gate->rules[i]) == stage &&
		    (!alternative || (word && (!*alternative || strcmp(word, alternative) == 0))))
			return true;
	}
	return false;
}

static bool skips_a_stage(const struct ref_gate *gate, const struct ref_rule *rule)
{
	for (unsigned stage = 1; stage < stage_of(rule); stage++)
		if (!has_stage(gate, stage, NULL) || (rule->alternative && has_stage(gate, stage, "") &&
						      !has_stage(gate, stage, rule->alternative)))
			return true;
	return false;
}

static bool names(const struct ref_rule *rule, const char *dn)
{
	for (size_t i = 0; i < rule->want.person.n; i++)
		if (ref_dn_same(rule->want.person.at[i], dn))
			return true;
	return false;
}

/* Tries all people for the seats of the rules of one way that name people, each for one seat. */
static bool can_seat(const struct ref_gate *gate, const char *alternative, size_t rule, unsigned have,
		     struct ref_list *taken)
{
	const struct ref_rule *at = &gate->rules[rule];
	bool seated = false;

	if (rule == gate->n_rules)
		return true;
	if (at->want.person.n == 0 || have == at->count ||
	    (at->alternative && strcmp(at->alternative, alternative) != 0))
		return can_seat(gate, alternative, rule + 1, 0, taken);
	for (size_t i = 0; i < at->want.person.n && !seated; i++) {
		struct ref_rule others = {.want = {.person = *taken}};

		if (names(&others, at->want.person.at[i]))
			continue;
		taken->at[taken->n++] = at->want.person.at[i];
		seated = can_seat(gate, alternative, rule, have + 1, taken);
		taken->n--;
	}
	return seated;
}

static bool named_too_few(const struct ref_gate *gate)
{
	struct ref_list taken = {0};

	for (size_t i = 0; i < gate->n_rules; i++)
		if (!can_seat(gate, gate->rules[i].alternative ? gate->rules[i].alternative : "", 0, 0, &taken))
			return true;
	return false;
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
	for (size_t i = 0; i < gate->n_rules; i++)
		if (skips_a_stage(gate, &gate->rules[i]))
			return "an approval in a stage that could not be reached";
	if (!gate->shared && named_too_few(gate))
		return "approvals that name too few people together";
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
