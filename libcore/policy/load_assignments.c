/* SPDX-License-Identifier: Apache-2.0 */
/* Reading assignments, and what has to be asked of the directory for them. */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int load_scope(struct loader *loader, const struct cs_conf_section *section, struct scope *ret_scope)
{
	const char *name;
	int r = cs_load_scope(loader, section, "scope", NULL, ret_scope);

	for (size_t i = 0; r == 0 && (name = cs_scope_name(ret_scope, i)); i++) {
		if (cs_check_attribute(name) != 1)
			return REFUSE(loader, section, "scope",
				      "%%{%s}: the name of an attribute holds letters, digits and '-'", name);
	}
	return r;
}

static int load_place(struct loader *loader, const struct cs_conf_section *section, enum cs_where *ret_where,
		      const char **ret_dn)
{
	bool group = cs_conf_given(section, "group"), below = cs_conf_given(section, "below");
	const char *key = group ? "group" : "below";

	if (group == below)
		return REFUSE(
			loader, section, group ? "below" : NULL,
			"an assignment names either one group (group = DN) or the groups of a subtree (below = DN)%s",
			group ? ", not both" : "");
	*ret_dn = cs_conf_str(section, key, "");
	if (cs_check_dn(*ret_dn) != 1)
		return REFUSE(loader, section, key,
			      "%s is a DN such as cn=infra,ou=groups,dc=example,dc=org, not \"%s\"", key, *ret_dn);
	*ret_where = group ? CS_GROUP_AT : CS_GROUPS_BELOW;
	return 0;
}

static int load_listed(struct loader *loader, const struct cs_conf_section *section, const char **ret_listed)
{
	*ret_listed = cs_conf_str(section, "listed", "");
	if (cs_check_attribute(*ret_listed) != 1)
		return REFUSE(loader, section, "listed",
			      "listed is the attribute that lists people, such as member or owner, not \"%s\"",
			      *ret_listed);
	return 0;
}

/* Attribute names and, nearly always, DNs do not tell upper from lower case. */
static size_t find_query(const struct cs_policy *policy, enum cs_where where, const char *dn, const char *listed)
{
	for (size_t i = 0; i < policy->n_queries; i++) {
		const struct cs_group_query *query = &policy->queries[i];

		if (query->where == where && strcasecmp(query->dn, dn) == 0 && strcasecmp(query->listed, listed) == 0)
			return i;
	}
	return SIZE_MAX;
}

static int add_query(struct loader *loader, const struct cs_conf_section *section, enum cs_where where, const char *dn,
		     const char *listed, size_t *ret_query)
{
	struct cs_policy *policy = loader->policy;
	struct cs_group_query query = {.where = where};

	*ret_query = find_query(policy, where, dn, listed);
	if (*ret_query != SIZE_MAX)
		return 0;
	if (policy->n_queries >= CS_MAX_QUERIES)
		return REFUSE(loader, section, NULL,
			      "the assignments need more than %d questions to the directory; use below = DN for many "
			      "groups at once",
			      CS_MAX_QUERIES);
	query.dn = cs_dup(dn);
	query.listed = cs_dup(listed);
	if (!query.dn || !query.listed) {
		cs_clear(&cs_group_query_shape, &query);
		return CS_ENOMEM;
	}
	*ret_query = policy->n_queries;
	policy->queries[policy->n_queries++] = query;
	return 0;
}

static bool wants(const struct cs_group_query *query, const char *attribute)
{
	for (size_t i = 0; i < query->n_wanted; i++) {
		if (strcasecmp(query->wanted[i], attribute) == 0)
			return true;
	}
	return false;
}

static int add_wanted(struct loader *loader, const struct cs_conf_section *section, const struct scope *scope,
		      struct cs_group_query *query)
{
	const char *name;
	int r = 0;

	for (size_t i = 0; r == 0 && (name = cs_scope_name(scope, i)); i++) {
		if (wants(query, name))
			continue;
		if (query->n_wanted >= POLICY_MAX_WANTED)
			return REFUSE(loader, section, "scope",
				      "the assignments use more than %d attributes of these groups", POLICY_MAX_WANTED);
		r = cs_strv_add(&query->wanted, &query->n_wanted, name);
	}
	return r;
}

/* Two that say the same are a slip: one of them will be forgotten when the other is changed. */
static int check_duplicate(struct loader *loader, const struct cs_conf_section *section, size_t index)
{
	const struct assignment *all = loader->policy->assignments, *mine = &all[index];

	for (size_t i = 0; i < index; i++) {
		if (all[i].role == mine->role && all[i].query == mine->query &&
		    strcmp(all[i].scope.text, mine->scope.text) == 0)
			return REFUSE(loader, section, NULL, "assignment %s says the same as assignment %s", mine->name,
				      all[i].name);
	}
	return 0;
}

static int load_assignment(struct loader *loader, const struct cs_conf_section *section, size_t index)
{
	struct assignment *assignment = &loader->policy->assignments[index];
	const char *dn = NULL, *listed = NULL;
	enum cs_where where = CS_GROUP_AT;
	int r;

	r = cs_load_title(loader, section, "assignment", &assignment->name);
	if (r == 0)
		r = cs_load_role(loader, section, "role", cs_conf_str(section, "role", ""), &assignment->role);
	if (r == 0)
		r = load_scope(loader, section, &assignment->scope);
	if (r == 0)
		r = load_place(loader, section, &where, &dn);
	if (r == 0)
		r = load_listed(loader, section, &listed);
	if (r == 0)
		r = add_query(loader, section, where, dn, listed, &assignment->query);
	if (r == 0)
		r = add_wanted(loader, section, &assignment->scope, &loader->policy->queries[assignment->query]);
	return r < 0 ? r : check_duplicate(loader, section, index);
}

static int sort_by_query(struct cs_policy *policy)
{
	size_t n = 0;

	policy->by_query = calloc(policy->n_assignments + 1, sizeof(*policy->by_query));
	policy->query_start = calloc(policy->n_queries + 1, sizeof(*policy->query_start));
	if (!policy->by_query || !policy->query_start)
		return CS_ENOMEM;
	for (size_t q = 0; q < policy->n_queries; q++) {
		policy->query_start[q] = n;
		for (size_t i = 0; i < policy->n_assignments; i++) {
			if (policy->assignments[i].query == q)
				policy->by_query[n++] = i;
		}
	}
	policy->query_start[policy->n_queries] = n;
	return 0;
}

int cs_load_assignments(struct loader *loader)
{
	struct cs_policy *policy = loader->policy;
	int r = cs_load_items(loader, "assignment", sizeof(*policy->assignments), &policy->assignments,
			      &policy->n_assignments);

	if (r < 0)
		return r;
	policy->queries = calloc(CS_MAX_QUERIES, sizeof(*policy->queries));
	if (!policy->queries)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < policy->n_assignments; i++)
		r = load_assignment(loader, cs_conf_section(loader->top, "assignment", i), i);
	return r < 0 ? r : sort_by_query(policy);
}
