/* SPDX-License-Identifier: Apache-2.0 */
/* Does a person hold a right? Nothing is allocated unless the reason is asked for. */
#include "policy_internal.h"
#include "mem.h"

#include <string.h>

/* 1: the person is certainly known and not locked. */
static int person_counts(const struct cs_facts *facts)
{
	if (facts->known == CS_KNOWN_DOUBT)
		return CS_EDOUBT;
	return facts->known == CS_KNOWN_YES && !facts->person.locked;
}

static int say_because(const struct cs_policy *policy, const struct assignment *assignment,
		       struct cs_membership *membership, char **ret_because)
{
	char scope[CS_MAX_SCOPE + 1];

	if (cs_scope_fill(&assignment->scope, cs_policy_attribute, membership, scope) < 0)
		return CS_EDOUBT;
	return cs_format(ret_because, "role %s in %s by %s of %s", policy->roles[assignment->role].name, scope,
			 policy->queries[assignment->query].listed, membership->group_dn ? membership->group_dn : "");
}

/* What one membership gives: 1 when it supplies what is wanted in the scope. */
static int gives(const struct cs_policy *policy, struct cs_membership *membership, struct want want, const char *scope,
		 char **ret_because)
{
	if (membership->query >= policy->n_queries)
		return 0;
	for (size_t i = policy->query_start[membership->query]; i < policy->query_start[membership->query + 1]; i++) {
		const struct assignment *assignment = &policy->assignments[policy->by_query[i]];
		int r;

		if (!cs_policy_supplies(policy, assignment->role, want))
			continue;
		if (cs_scope_covers(&assignment->scope, cs_policy_attribute, membership, scope) != 1)
			continue;
		r = ret_because ? say_because(policy, assignment, membership, ret_because) : 0;
		return r < 0 ? r : 1;
	}
	return 0;
}

static int holds(const struct cs_policy *policy, const struct cs_facts *facts, struct want want, const char *scope,
		 char **ret_because)
{
	int r = person_counts(facts);

	if (r != 1)
		return r;
	if (cs_scope_valid(scope) != 1)
		return 0;
	for (size_t i = 0; i < facts->n_memberships; i++) {
		r = gives(policy, &facts->memberships[i], want, scope, ret_because);
		if (r != 0)
			return r;
	}
	return 0;
}

int cs_policy_has_right(const struct cs_policy *policy, const struct cs_facts *facts, const char *permission,
			const char *scope, char **ret_because)
{
	struct want want = {.is_role = false};

	want.index = permission ? cs_policy_find_permission(policy, permission) : SIZE_MAX;
	if (want.index == SIZE_MAX)
		return CS_ENOENT;
	return holds(policy, facts, want, scope, ret_because);
}

int cs_policy_may_fill(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_gate *gate,
		       size_t rule, const char *scope, char **ret_because)
{
	char buffer[CS_MAX_SCOPE + 1];
	const char *asked;

	if (rule >= gate->n_rules)
		return CS_ENOENT;
	asked = cs_policy_rule_scope(gate, &gate->rules[rule], scope, buffer);
	return holds(policy, facts, gate->rules[rule].want, asked, ret_because);
}
