/* SPDX-License-Identifier: Apache-2.0 */
/* Which memberships of a person can matter for what is decided about one gate in one scope: the others need not be kept
 * with the decision. */
#include "policy_internal.h"

#include <string.h>

struct bearing {
	const struct cs_policy *policy;
	const struct cs_gate *gate;
	const char *scope;
};

static bool covers(const struct assignment *assignment, struct cs_membership *membership, const char *scope)
{
	return scope && cs_scope_covers(&assignment->scope, cs_policy_attribute, membership, scope) == 1;
}

/* In the scope that one of these rules asks for. */
static bool covers_rules(const struct bearing *bearing, const struct assignment *assignment,
			 struct cs_membership *membership, const struct rule *rules, size_t n)
{
	char buffer[CS_MAX_SCOPE + 1];

	for (size_t i = 0; i < n; i++) {
		if (rules[i].own_scope && covers(assignment, membership,
						 cs_policy_rule_scope(bearing->gate, &rules[i], bearing->scope, buffer)))
			return true;
	}
	return false;
}

/* Deny gates come before any other, and are lifted from whom they exempt. */
static bool lifts_denial(const struct cs_policy *policy, const struct assignment *assignment)
{
	for (size_t i = 0; i < policy->n_gates; i++) {
		const struct cs_gate *gate = &policy->gates[i];

		for (size_t j = 0; gate->deny && j < gate->n_exempts; j++) {
			const struct want *want = &gate->exempts[j].want;

			if ((want->kind == WANT_ROLE || want->kind == WANT_PERMISSION) &&
			    cs_policy_carries(policy, assignment->role, want))
				return true;
		}
	}
	return false;
}

static bool covers_automatic(const struct bearing *bearing, const struct assignment *assignment,
			     struct cs_membership *membership)
{
	const struct cs_gate *gate = bearing->gate;

	for (size_t i = 0; i < gate->n_automatics; i++) {
		const struct automatic *automatic = &gate->automatics[i];

		if (automatic->has_who && covers_rules(bearing, assignment, membership, &automatic->who, 1))
			return true;
	}
	return false;
}

/* For what the gate asks for beside its permission, or for whether it is met at all. */
static bool gate_bears(const struct bearing *bearing, const struct assignment *assignment,
		       struct cs_membership *membership)
{
	const struct cs_gate *gate = bearing->gate;

	return covers_rules(bearing, assignment, membership, gate->rules, gate->n_rules) ||
	       covers_rules(bearing, assignment, membership, gate->exempts, gate->n_exempts) ||
	       covers_automatic(bearing, assignment, membership) || lifts_denial(bearing->policy, assignment);
}

static int bears(void *arg, const struct assignment *assignment, struct cs_membership *membership)
{
	const struct bearing *bearing = arg;
	const struct cs_policy *policy = bearing->policy;

	return covers(assignment, membership, bearing->scope) ||
	       (policy->restricted && bit_has(policy->restricted, assignment->role)) ||
	       (bearing->gate && gate_bears(bearing, assignment, membership));
}

/* Does one of these rules want just this group? */
static bool is_wanted(const struct rule *rules, size_t n, const struct cs_membership *membership)
{
	char key[CS_MAX_DN + 1];

	if (cs_dn_key(membership->group_dn, key) < 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct want *want = &rules[i].want;

		if (want->kind == WANT_GROUP && want->query == membership->query && strcmp(want->dn_key, key) == 0)
			return true;
	}
	return false;
}

/* The gate wants the group itself, or a deny gate is lifted by it. */
static bool is_wanted_by(const struct cs_policy *policy, const struct cs_gate *gate,
			 const struct cs_membership *membership)
{
	if (is_wanted(gate->rules, gate->n_rules, membership) || is_wanted(gate->exempts, gate->n_exempts, membership))
		return true;
	for (size_t i = 0; i < gate->n_automatics; i++) {
		if (gate->automatics[i].has_who && is_wanted(&gate->automatics[i].who, 1, membership))
			return true;
	}
	for (size_t i = 0; i < policy->n_gates; i++) {
		if (policy->gates[i].deny &&
		    is_wanted(policy->gates[i].exempts, policy->gates[i].n_exempts, membership))
			return true;
	}
	return false;
}

int cs_policy_matters(const struct cs_policy *policy, const struct cs_gate *gate, const char *scope,
		      const struct cs_membership *membership)
{
	struct bearing bearing = {policy, gate, scope};
	struct cs_membership one = *membership; /* a view */
	struct cs_facts facts = {.known = CS_KNOWN_YES, .memberships = &one, .n_memberships = 1};

	if (gate && is_wanted_by(policy, gate, membership))
		return 1;
	return cs_policy_visit(policy, &facts, bears, &bearing) == 1;
}
