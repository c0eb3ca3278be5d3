/* SPDX-License-Identifier: Apache-2.0 */
/* Reading assignments: who holds which role where. */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int load_scope(struct loader *loader, const struct cs_conf_section *section, struct assignment *assignment)
{
	const char *name;
	int r = cs_load_scope(loader, section, "scope", NULL, &assignment->scope);

	for (size_t i = 0; r == 0 && (name = cs_scope_name(&assignment->scope, i)); i++) {
		if (assignment->to == ASSIGNED_PEOPLE)
			return REFUSE(loader, section, "scope",
				      "people hold a role in one scope, so %%{%s} has nothing that could fill it in",
				      name);
		if (cs_check_attribute(name) != 1)
			return REFUSE(loader, section, "scope",
				      "%%{%s}: the name of an attribute holds letters, digits and '-'", name);
	}
	return r;
}

/* Exactly one of the keys; the array is in the order of enum assigned_to. */
static const char *const places[] = {"group", "below", "person"};

static int load_to(struct loader *loader, const struct cs_conf_section *section, enum assigned_to *ret_to)
{
	const char *first = NULL;

	for (size_t i = 0; i < CS_COUNT(places); i++) {
		if (!cs_conf_given(section, places[i]))
			continue;
		if (first)
			return REFUSE(loader, section, places[i],
				      "an assignment names one of group, below and person, not both %s and %s", first,
				      places[i]);
		first = places[i];
		*ret_to = (enum assigned_to)i;
	}
	if (!first)
		return REFUSE(loader, section, NULL,
			      "an assignment names either one group (group = DN), the groups of a subtree (below = DN) "
			      "or people (person = DN)");
	return 0;
}

static int load_dn(struct loader *loader, const struct cs_conf_section *section, struct assignment *assignment)
{
	const char *key = places[assignment->to], *dn = cs_conf_str(section, key, "");
	char dn_key[CS_MAX_DN + 1];

	if (cs_check_dn(dn) != 1 || cs_dn_key(dn, dn_key) < 0)
		return REFUSE(loader, section, key,
			      "%s is a DN such as cn=infra,ou=groups,dc=example,dc=org, not \"%s\"", key, dn);
	assignment->dn = cs_dup(dn);
	assignment->dn_key = cs_dup(dn_key);
	return assignment->dn && assignment->dn_key ? 0 : CS_ENOMEM;
}

static int load_listed(struct loader *loader, const struct cs_conf_section *section, struct assignment *assignment)
{
	const char *listed = cs_conf_str(section, "listed", "");

	if (cs_check_attribute(listed) != 1)
		return REFUSE(loader, section, "listed",
			      "listed is the attribute that lists people, such as member or owner, not \"%s\"", listed);
	assignment->listed = cs_dup(listed);
	return assignment->listed ? 0 : CS_ENOMEM;
}

static int add_wanted(struct loader *loader, const struct cs_conf_section *section, const char *key,
		      const char *attribute, struct cs_group_query *query)
{
	int r = cs_query_want(query, attribute);

	if (r == CS_ETOOBIG)
		return REFUSE(loader, section, key, "the assignments use more than %d attributes of these groups",
			      POLICY_MAX_WANTED);
	return r;
}

static int load_query(struct loader *loader, const struct cs_conf_section *section, struct assignment *assignment)
{
	enum cs_where where = assignment->to == ASSIGNED_GROUP ? CS_GROUP_AT : CS_GROUPS_BELOW;
	struct cs_group_query *query;
	const char *name;
	int r = cs_load_query(loader, section, where, assignment->dn, assignment->listed, &assignment->query);

	if (r < 0)
		return r;
	query = &loader->policy->queries[assignment->query];
	query->at_least = assignment->at_least;
	for (size_t i = 0; r == 0 && (name = cs_scope_name(&assignment->scope, i)); i++)
		r = add_wanted(loader, section, "scope", name, query);
	for (size_t i = 0; r == 0 && i < assignment->n_where; i++)
		r = add_wanted(loader, section, "where", assignment->where[i].attribute, query);
	for (size_t i = 0; r == 0 && i < assignment->n_unless; i++)
		r = add_wanted(loader, section, "unless", assignment->unless[i].attribute, query);
	return r;
}

static int load_at_least(struct loader *loader, const struct cs_conf_section *section, struct assignment *assignment)
{
	uint64_t at_least = cs_conf_count(section, "at_least", 0);

	if (cs_conf_given(section, "at_least") && (at_least < 1 || at_least > CS_MAX_LISTING))
		return REFUSE(loader, section, "at_least", "at_least is 1 at least and %d at most", CS_MAX_LISTING);
	assignment->at_least = (uint32_t)at_least;
	return 0;
}

static int load_groups(struct loader *loader, const struct cs_conf_section *section, struct assignment *assignment)
{
	int r = load_dn(loader, section, assignment);

	if (r == 0)
		r = load_listed(loader, section, assignment);
	if (r == 0)
		r = cs_load_conditions(loader, section, "where", &assignment->where, &assignment->n_where);
	if (r == 0)
		r = cs_load_conditions(loader, section, "unless", &assignment->unless, &assignment->n_unless);
	if (r == 0)
		r = load_at_least(loader, section, assignment);
	return r < 0 ? r : load_query(loader, section, assignment);
}

static int load_people(struct loader *loader, const struct cs_conf_section *section, struct assignment *assignment)
{
	static const char *const others[] = {"listed", "where", "unless", "at_least"};

	for (size_t i = 0; i < CS_COUNT(others); i++) {
		if (cs_conf_given(section, others[i]))
			return REFUSE(loader, section, others[i],
				      "assignment %s names people, so %s in it would mean nothing", assignment->name,
				      others[i]);
	}
	return cs_load_people(loader, section, "person", &assignment->people, &assignment->n_people);
}

static int load_assignment(struct loader *loader, const struct cs_conf_section *section, struct assignment *assignment)
{
	int r = cs_load_title(loader, section, "assignment", &assignment->name);

	assignment->line = cs_conf_line(section, NULL);
	if (r == 0)
		r = cs_load_role(loader, section, "role", cs_conf_str(section, "role", ""), &assignment->role);
	if (r == 0 && cs_conf_given(section, "label"))
		r = cs_load_text(loader, section, "label", "", CS_MAX_NAME, &assignment->label);
	if (r == 0)
		r = load_to(loader, section, &assignment->to);
	if (r == 0)
		r = load_scope(loader, section, assignment);
	if (r < 0)
		return r;
	return assignment->to == ASSIGNED_PEOPLE ? load_people(loader, section, assignment)
						 : load_groups(loader, section, assignment);
}

/* 0 where both say the same of groups. */
static int saying_order(const struct assignment *a, const struct assignment *b)
{
	int order = strcmp(a->dn_key, b->dn_key);

	if (order == 0)
		order = compare_sizes(a->to, b->to);
	if (order == 0)
		order = compare_sizes(a->role, b->role);
	if (order == 0)
		order = strcmp(a->scope.text, b->scope.text);
	if (order == 0)
		order = strcasecmp(a->listed, b->listed);
	if (order == 0)
		order = cs_conditions_order(a->where, a->n_where, b->where, b->n_where);
	return order ? order : cs_conditions_order(a->unless, a->n_unless, b->unless, b->n_unless);
}

static int sort_order(const void *a, const void *b)
{
	const struct assignment *x = *(const struct assignment *const *)a, *y = *(const struct assignment *const *)b;
	int order = saying_order(x, y);

	return order ? order : (x > y) - (x < y);
}

/* Two that say the same are a slip: one of them will be forgotten when the other is changed. Those of people are
 * compared with the index. */
static int check_duplicates(struct loader *loader)
{
	const struct cs_policy *policy = loader->policy;
	const struct assignment **sorted = calloc(policy->n_assignments + 1, sizeof(*sorted));
	size_t n = 0;
	int r = 0;

	if (!sorted)
		return CS_ENOMEM;
	for (size_t i = 0; i < policy->n_assignments; i++) {
		if (policy->assignments[i].to != ASSIGNED_PEOPLE)
			sorted[n++] = &policy->assignments[i];
	}
	qsort(sorted, n, sizeof(*sorted), sort_order);
	for (size_t i = 1; r == 0 && i < n; i++) {
		if (saying_order(sorted[i - 1], sorted[i]) != 0)
			continue;
		cs_problem_set(loader->problem, loader->file, sorted[i]->line,
			       "assignment %s says the same as assignment %s", sorted[i]->name, sorted[i - 1]->name);
		r = CS_ECONF;
	}
	free(sorted);
	return r;
}

int cs_load_assignments(struct loader *loader)
{
	struct cs_policy *policy = loader->policy;
	int r = cs_load_items(loader, "assignment", sizeof(*policy->assignments), &policy->assignments,
			      &policy->n_assignments);

	for (size_t i = 0; r == 0 && i < policy->n_assignments; i++)
		r = load_assignment(loader, cs_conf_section(loader->top, "assignment", i), &policy->assignments[i]);
	return r < 0 ? r : check_duplicates(loader);
}
