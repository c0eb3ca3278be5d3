/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups would have to be listed to know who holds a right or could fill a rule? */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

struct listings {
	struct cs_listing_query **queries;
	size_t *n;
};

static bool listed_already(const struct cs_listing_query *queries, size_t n, const struct cs_listing_query *query)
{
	for (size_t i = 0; i < n; i++) {
		if (queries[i].where == query->where && strcmp(queries[i].dn, query->dn) == 0 &&
		    strcmp(queries[i].listed, query->listed) == 0 &&
		    strcmp(queries[i].attribute, query->attribute) == 0 && strcmp(queries[i].value, query->value) == 0)
			return true;
	}
	return false;
}

static int add(struct listings *listings, struct cs_listing_query *query)
{
	struct cs_listing_query *more;

	if (listed_already(*listings->queries, *listings->n, query))
		return 0;
	more = reallocarray(*listings->queries, *listings->n + 1, sizeof(*more));
	if (!more)
		return CS_ENOMEM;
	*listings->queries = more;
	more[(*listings->n)++] = *query;
	*query = (struct cs_listing_query){0};
	return 0;
}

/* attribute and value may be NULL: everybody who is listed. */
static int ask_for(struct listings *listings, enum cs_where where, const char *dn, const char *listed,
		   const char *attribute, const char *value)
{
	struct cs_listing_query query = {.where = where};
	int r = CS_ENOMEM;

	query.dn = cs_dup(dn);
	query.listed = cs_dup(listed);
	query.attribute = cs_dup(attribute);
	query.value = cs_dup(value);
	if (query.dn && query.listed && query.attribute && query.value)
		r = add(listings, &query);
	cs_clear(&cs_listing_query_shape, &query);
	return r;
}

static int ask_query(struct listings *listings, const struct cs_group_query *query)
{
	return ask_for(listings, query->where, query->dn, query->listed, NULL, NULL);
}

/* What somebody has to have, and where. */
struct asked {
	const struct cs_policy *policy;
	const struct want *want;
	const char *scope, *kind;
	size_t kind_len;
};

/* 1 when the assignment could give it; *ret_value is then what the first name of its scope has to be. */
static int could_give(const struct asked *asked, const struct assignment *assignment, char ret_value[CS_MAX_SCOPE + 1])
{
	return assignment->to != ASSIGNED_PEOPLE &&
	       cs_policy_supplies(asked->policy, assignment->role, asked->want, asked->kind, asked->kind_len) &&
	       cs_scope_extract(&assignment->scope, asked->scope, NULL, ret_value) == 1;
}

/* Single groups are asked for one by one, but where there are many with one parent, all below it. */
static int ask_assignment(const struct asked *asked, const struct assignment *assignment, const char *value,
			  const size_t *groups, struct listings *listings)
{
	const struct cs_group_query *query = &asked->policy->queries[assignment->query];

	if (assignment->to == ASSIGNED_BELOW)
		return ask_for(listings, CS_GROUPS_BELOW, assignment->dn, assignment->listed,
			       cs_scope_name(&assignment->scope, 0), value);
	if (groups[assignment->query] > POLICY_AT_QUERIES)
		return ask_query(listings, query);
	return ask_for(listings, CS_GROUP_AT, assignment->dn, assignment->listed, NULL, NULL);
}

static int ask_assignments(const struct cs_policy *policy, const struct want *want, const char *scope,
			   struct listings *listings)
{
	struct asked asked = {.policy = policy, .want = want, .scope = scope};
	size_t groups[CS_MAX_QUERIES] = {0};
	char value[CS_MAX_SCOPE + 1];
	int r = 0;

	if (cs_scope_valid(scope) != 1)
		return 0;
	asked.kind = cs_scope_kind(scope, &asked.kind_len);
	for (size_t i = 0; i < policy->n_assignments; i++) {
		if (policy->assignments[i].to == ASSIGNED_GROUP && could_give(&asked, &policy->assignments[i], value))
			groups[policy->assignments[i].query]++;
	}
	for (size_t i = 0; r == 0 && i < policy->n_assignments; i++) {
		if (could_give(&asked, &policy->assignments[i], value))
			r = ask_assignment(&asked, &policy->assignments[i], value, groups, listings);
	}
	return r;
}

int cs_policy_who(const struct cs_policy *policy, const struct cs_gate *gate, size_t rule, const char *scope,
		  struct cs_listing_query **queries, size_t *n_queries)
{
	struct listings listings = {queries, n_queries};
	char buffer[CS_MAX_SCOPE + 1];
	const struct want *want;

	if (rule >= gate->n_rules)
		return 0;
	want = &gate->rules[rule].want;
	if (want->kind == WANT_PEOPLE)
		return 0;
	if (want->kind == WANT_GROUP)
		return ask_for(&listings, CS_GROUP_AT, want->dn, want->listed, NULL, NULL);
	return ask_assignments(policy, want, cs_policy_rule_scope(gate, &gate->rules[rule], scope, buffer), &listings);
}

int cs_policy_who_can(const struct cs_policy *policy, const char *permission, const char *scope,
		      struct cs_listing_query **queries, size_t *n_queries)
{
	struct want want = {.kind = WANT_PERMISSION};
	struct listings listings = {queries, n_queries};

	want.index = permission ? cs_policy_find_permission(policy, permission) : SIZE_MAX;
	return want.index == SIZE_MAX ? CS_ENOENT : ask_assignments(policy, &want, scope, &listings);
}

int cs_policy_everybody(const struct cs_policy *policy, struct cs_listing_query **queries, size_t *n_queries)
{
	struct listings listings = {queries, n_queries};
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_queries; i++)
		r = ask_query(&listings, &policy->queries[i]);
	return r;
}
