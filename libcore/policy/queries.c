/* SPDX-License-Identifier: Apache-2.0 */
/* What the directory is asked about a person: one query for whatever asks the same, and one below their parent for many
 * single groups. At the end of loading, when all are known. */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int cs_load_query(struct loader *loader, const struct cs_conf_section *section, enum cs_where where, const char *dn,
		  const char *listed, size_t *ret_query)
{
	struct cs_policy *policy = loader->policy;
	struct cs_group_query query = {.where = where};
	int r;

	(void)section;
	r = cs_reserve((void **)&policy->queries, &policy->cap_queries, policy->n_queries, 1, sizeof(*policy->queries));
	if (r < 0)
		return r;
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

int cs_query_want(struct cs_group_query *query, const char *attribute)
{
	for (size_t i = 0; i < query->n_wanted; i++) {
		if (strcasecmp(query->wanted[i], attribute) == 0)
			return 0;
	}
	if (query->n_wanted >= POLICY_MAX_WANTED)
		return CS_ETOOBIG;
	return cs_strv_add(&query->wanted, &query->n_wanted, attribute);
}

/* --- Which of them ask the same --------------------------------------------------------------------------------------
 */

/* A query as it is compared. */
struct asked {
	enum cs_where where;
	char *own_key;
	const char *key; /* of the DN; of its parent once the parent is asked instead */
	const char *listed;
	uint32_t at_least; /* the largest that anything sets on the same groups */
	size_t number;     /* as loaded */
};

struct merge {
	struct cs_policy *policy;
	struct asked *asked;
	size_t *becomes; /* the new number of each query */
	bool *parent;    /* its parent is asked instead */
	size_t n;        /* queries as loaded */
};

/* The DN above; "" at the top. */
static const char *parent_of(const char *dn)
{
	while (*dn && *dn != ',' && *dn != ';')
		dn += *dn == '\\' && dn[1] ? 2 : 1;
	if (*dn)
		dn++;
	return dn + strspn(dn, " ");
}

static int place_order(const struct asked *x, const struct asked *y, const char *x_key, const char *y_key)
{
	int order = compare_sizes(x->where, y->where);

	if (order == 0)
		order = strcmp(x_key, y_key);
	return order ? order : strcasecmp(x->listed, y->listed);
}

static int same_order(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;
	int order = place_order(x, y, x->key, y->key);

	if (order == 0)
		order = compare_sizes(x->at_least, y->at_least);
	return order ? order : compare_sizes(x->number, y->number);
}

static int parent_order(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;
	int order = place_order(x, y, parent_of(x->key), parent_of(y->key));

	if (order == 0)
		order = (x->at_least > 0) - (y->at_least > 0);
	return order ? order : strcmp(x->key, y->key);
}

static int begin(struct merge *merge)
{
	char key[CS_MAX_DN + 1];

	merge->asked = calloc(merge->n + 1, sizeof(*merge->asked));
	merge->becomes = calloc(merge->n + 1, sizeof(*merge->becomes));
	merge->parent = calloc(merge->n + 1, sizeof(*merge->parent));
	if (!merge->asked || !merge->becomes || !merge->parent)
		return CS_ENOMEM;
	for (size_t i = 0; i < merge->n; i++) {
		const struct cs_group_query *query = &merge->policy->queries[i];
		struct asked *asked = &merge->asked[i];
		int r = cs_dn_key(query->dn, key);

		if (r < 0)
			return r;
		asked->own_key = cs_dup(key);
		if (!asked->own_key)
			return CS_ENOMEM;
		asked->where = query->where;
		asked->key = asked->own_key;
		asked->listed = query->listed;
		asked->at_least = query->at_least;
		asked->number = i;
	}
	return 0;
}

/* A floor belongs to the groups, so the largest counts for all that ask about the same ones, as they are written: a
 * query that comes from asking the parent instead takes over none and gives none away. */
static void share_floors(struct merge *merge)
{
	struct asked *all = merge->asked;
	size_t end;

	qsort(all, merge->n, sizeof(*all), same_order);
	for (size_t start = 0; start < merge->n; start = end) {
		for (end = start + 1;
		     end < merge->n && place_order(&all[start], &all[end], all[start].key, all[end].key) == 0; end++)
			;
		for (size_t i = start; i < end; i++) {
			all[i].at_least = all[end - 1].at_least; /* they are sorted by it */
			merge->policy->queries[all[i].number].at_least = all[i].at_least;
		}
	}
}

/* Where more than POLICY_AT_QUERIES groups have one parent and one `listed`, all below the parent are asked for. A group
 * with a floor is counted, so it is asked for by itself. */
static void ask_parents(struct merge *merge)
{
	struct asked *all = merge->asked;
	size_t end;

	qsort(all, merge->n, sizeof(*all), parent_order);
	for (size_t start = 0; start < merge->n; start = end) {
		const char *parent = parent_of(all[start].key);
		size_t groups = 1;

		for (end = start + 1;
		     end < merge->n && (all[start].at_least > 0) == (all[end].at_least > 0) &&
		     place_order(&all[start], &all[end], parent, parent_of(all[end].key)) == 0;
		     end++)
			groups += strcmp(all[end - 1].key, all[end].key) != 0;
		if (all[start].where != CS_GROUP_AT || all[start].at_least > 0 || *parent == '\0' ||
		    groups <= POLICY_AT_QUERIES)
			continue;
		for (size_t i = start; i < end; i++) {
			all[i].where = CS_GROUPS_BELOW;
			all[i].key = parent_of(all[i].key);
			merge->parent[all[i].number] = true;
		}
	}
}

/* The first of those that ask the same stands for them: becomes of each is that one. */
static void find_same(struct merge *merge)
{
	struct asked *all = merge->asked;
	size_t first = 0;

	qsort(all, merge->n, sizeof(*all), same_order);
	for (size_t i = 0; i < merge->n; i++) {
		if (place_order(&all[first], &all[i], all[first].key, all[i].key) != 0 ||
		    all[first].at_least != all[i].at_least)
			first = i;
		merge->becomes[all[i].number] = all[first].number;
	}
}

static int take_wanted(struct cs_group_query *query, const struct cs_group_query *from)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->n_wanted; i++)
		r = cs_query_want(query, from->wanted[i]);
	return r;
}

static void fix_rule(struct rule *rule, void (*fix)(void *arg, size_t *number, unsigned line), void *arg)
{
	if (rule->want.kind == WANT_GROUP)
		fix(arg, &rule->want.query, rule->line);
}

/* Calls fix for every index of a query. */
static void each_number(struct cs_policy *policy, void (*fix)(void *arg, size_t *number, unsigned line), void *arg)
{
	for (size_t i = 0; i < policy->n_assignments; i++) {
		if (policy->assignments[i].to != ASSIGNED_PEOPLE)
			fix(arg, &policy->assignments[i].query, policy->assignments[i].line);
	}
	for (size_t i = 0; i < all_gates(policy); i++) {
		struct cs_gate *gate = &policy->gates[i];

		for (size_t k = 0; k < gate->n_rules; k++)
			fix_rule(&gate->rules[k], fix, arg);
		for (size_t k = 0; k < gate->n_exempts; k++)
			fix_rule(&gate->exempts[k], fix, arg);
		for (size_t k = 0; k < gate->n_automatics; k++)
			fix_rule(&gate->automatics[k].who, fix, arg);
	}
}

/* The line of the first that asks this query or a later one. */
struct search {
	size_t least;
	unsigned line;
};

static void find_line(void *arg, size_t *number, unsigned line)
{
	struct search *search = arg;

	if (*number >= search->least && search->line == 0)
		search->line = line;
}

static unsigned line_of(struct cs_policy *policy, size_t number)
{
	struct search search = {.least = number};

	each_number(policy, find_line, &search);
	return search.line;
}

/* Those that ask the same bring back what any of them wants. */
static int join_wanted(struct loader *loader, const struct merge *merge)
{
	struct cs_group_query *queries = merge->policy->queries;
	int r = 0;

	for (size_t i = 0; r == 0 && i < merge->n; i++) {
		if (merge->becomes[i] == i)
			continue;
		r = take_wanted(&queries[merge->becomes[i]], &queries[i]);
		if (r != CS_ETOOBIG)
			continue;
		cs_problem_set(loader->problem, loader->file, line_of(merge->policy, i),
			       "the assignments use more than %d attributes of these groups", POLICY_MAX_WANTED);
		r = CS_ECONF;
	}
	return r;
}

/* Keeps the first of each, in the order of the file, and numbers them anew. */
static void renumber(struct merge *merge)
{
	struct cs_group_query *queries = merge->policy->queries;
	size_t kept = 0;

	for (size_t i = 0; i < merge->n; i++) {
		struct cs_group_query query = queries[i];

		queries[i] = (struct cs_group_query){0};
		if (merge->becomes[i] != i) {
			merge->becomes[i] = merge->becomes[merge->becomes[i]];
			cs_clear(&cs_group_query_shape, &query);
			continue;
		}
		if (merge->parent[i]) {
			const char *parent = parent_of(query.dn);

			query.where = CS_GROUPS_BELOW;
			memmove(query.dn, parent, strlen(parent) + 1);
		}
		merge->becomes[i] = kept;
		queries[kept++] = query;
	}
	merge->policy->n_queries = kept;
}

static void take_number(void *arg, size_t *number, unsigned line)
{
	const struct merge *merge = arg;

	(void)line;
	*number = merge->becomes[*number];
}

static void end(struct merge *merge)
{
	for (size_t i = 0; merge->asked && i < merge->n; i++)
		free(merge->asked[i].own_key);
	free(merge->asked);
	free(merge->becomes);
	free(merge->parent);
}

int cs_merge_queries(struct loader *loader)
{
	struct cs_policy *policy = loader->policy;
	struct merge merge = {.policy = policy, .n = policy->n_queries};
	int r = begin(&merge);

	if (r < 0)
		goto out;
	share_floors(&merge);
	ask_parents(&merge);
	find_same(&merge);
	r = join_wanted(loader, &merge);
	if (r < 0)
		goto out;
	renumber(&merge);
	each_number(policy, take_number, &merge);
	if (policy->n_queries > CS_MAX_QUERIES) {
		cs_problem_set(loader->problem, loader->file, line_of(policy, CS_MAX_QUERIES),
			       "the assignments need more than %d questions to the directory; use below = DN for many "
			       "groups at once",
			       CS_MAX_QUERIES);
		r = CS_ECONF;
	}
out:
	end(&merge);
	return r;
}
