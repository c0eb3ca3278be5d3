/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups would have to be listed to know who could fill a rule? */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static bool listed_already(const struct cs_roster_query *queries, size_t n, const struct cs_roster_query *query)
{
	for (size_t i = 0; i < n; i++) {
		if (queries[i].where == query->where && strcmp(queries[i].dn, query->dn) == 0 &&
		    strcmp(queries[i].listed, query->listed) == 0 &&
		    strcmp(queries[i].attribute, query->attribute) == 0 && strcmp(queries[i].value, query->value) == 0)
			return true;
	}
	return false;
}

static int add(struct cs_roster_query **queries, size_t *n_queries, struct cs_roster_query *query)
{
	struct cs_roster_query *more;

	if (listed_already(*queries, *n_queries, query))
		return 0;
	more = reallocarray(*queries, *n_queries + 1, sizeof(*more));
	if (!more)
		return CS_ENOMEM;
	*queries = more;
	more[(*n_queries)++] = *query;
	*query = (struct cs_roster_query){0};
	return 0;
}

static int ask_for(const struct cs_policy *policy, const struct assignment *assignment, const char *value,
		   struct cs_roster_query **queries, size_t *n_queries)
{
	const struct cs_group_query *group = &policy->queries[assignment->query];
	const char *attribute = cs_scope_name(&assignment->scope, 0);
	struct cs_roster_query query = {.where = group->where};
	int r = CS_ENOMEM;

	query.dn = cs_dup(group->dn);
	query.listed = cs_dup(group->listed);
	query.attribute = cs_dup(attribute);
	query.value = cs_dup(value);
	if (query.dn && query.listed && query.attribute && query.value)
		r = add(queries, n_queries, &query);
	cs_clear(&cs_roster_query_shape, &query);
	return r;
}

int cs_policy_who(const struct cs_policy *policy, const struct cs_gate *gate, size_t rule, const char *scope,
		  struct cs_roster_query **queries, size_t *n_queries)
{
	char buffer[CS_MAX_SCOPE + 1], value[CS_MAX_SCOPE + 1];
	const char *asked;
	int r = 0;

	if (rule >= gate->n_rules)
		return 0;
	asked = cs_policy_rule_scope(gate, &gate->rules[rule], scope, buffer);
	if (cs_scope_valid(asked) != 1)
		return 0;
	for (size_t i = 0; r == 0 && i < policy->n_assignments; i++) {
		const struct assignment *assignment = &policy->assignments[i];

		if (cs_policy_supplies(policy, assignment->role, gate->rules[rule].want) &&
		    cs_scope_extract(&assignment->scope, asked, NULL, value) == 1)
			r = ask_for(policy, assignment, value, queries, n_queries);
	}
	return r;
}
