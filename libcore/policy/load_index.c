/* SPDX-License-Identifier: Apache-2.0 */
/* The last step of loading: what is found by a query, by a DN, and who is named. */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static bool by_query(const struct cs_policy *policy, const struct assignment *assignment)
{
	return assignment->to == ASSIGNED_BELOW ||
	       (assignment->to == ASSIGNED_GROUP && policy->queries[assignment->query].where == CS_GROUP_AT);
}

/* A counting sort. */
static int sort_by_query(struct cs_policy *policy)
{
	size_t *start = calloc(policy->n_queries + 2, sizeof(*start));

	policy->query_start = start;
	policy->by_query = calloc(policy->n_assignments + 1, sizeof(*policy->by_query));
	if (!start || !policy->by_query)
		return CS_ENOMEM;
	for (size_t i = 0; i < policy->n_assignments; i++) {
		if (by_query(policy, &policy->assignments[i]))
			start[policy->assignments[i].query + 2]++;
	}
	for (size_t q = 2; q <= policy->n_queries + 1; q++)
		start[q] += start[q - 1];
	/* Each start is one place too far on; filling moves it back to where it belongs. */
	for (size_t i = 0; i < policy->n_assignments; i++) {
		if (by_query(policy, &policy->assignments[i]))
			policy->by_query[start[policy->assignments[i].query + 1]++] = i;
	}
	return 0;
}

static int check_people(struct loader *loader)
{
	const struct assignment *all = loader->policy->assignments;
	size_t one = 0, other = 0;

	if (!cs_index_twice(loader->policy->index, loader->policy, &one, &other))
		return 0;
	cs_problem_set(loader->problem, loader->file, all[other].line,
		       "assignment %s says the same of somebody as assignment %s", all[other].name, all[one].name);
	return CS_ECONF;
}

/* One DN as it is written, and as it is compared. */
struct named {
	char *key;
	const char *dn;
};

struct names {
	struct named *all;
	size_t n, cap;
};

static int add_names(struct names *names, char *const *people, size_t n)
{
	char key[CS_MAX_DN + 1];
	int r = cs_reserve((void **)&names->all, &names->cap, names->n, n, sizeof(*names->all));

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct named *named = &names->all[names->n];

		r = cs_dn_key(people[i], key);
		named->dn = people[i];
		named->key = r == 0 ? cs_dup(key) : NULL;
		if (r == 0 && !named->key)
			r = CS_ENOMEM;
		names->n += r == 0;
	}
	return r;
}

static int collect_names(const struct cs_policy *policy, struct names *names)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_assignments; i++)
		r = add_names(names, policy->assignments[i].people, policy->assignments[i].n_people);
	for (size_t i = 0; r == 0 && i < all_gates(policy); i++) {
		const struct cs_gate *gate = &policy->gates[i];

		for (size_t k = 0; r == 0 && k < gate->n_rules; k++)
			r = add_names(names, gate->rules[k].want.people, gate->rules[k].want.n_people);
		for (size_t k = 0; r == 0 && k < gate->n_exempts; k++)
			r = add_names(names, gate->exempts[k].want.people, gate->exempts[k].want.n_people);
		for (size_t k = 0; r == 0 && k < gate->n_automatics; k++)
			r = add_names(names, gate->automatics[k].who.want.people,
				      gate->automatics[k].who.want.n_people);
	}
	return r;
}

static int named_order(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* Everybody once. */
static int keep_names(struct cs_policy *policy, const struct names *names)
{
	policy->named = calloc(names->n + 1, sizeof(*policy->named));
	if (!policy->named)
		return CS_ENOMEM;
	for (size_t i = 0; i < names->n; i++) {
		if (i > 0 && strcmp(names->all[i - 1].key, names->all[i].key) == 0)
			continue;
		policy->named[policy->n_named] = cs_dup(names->all[i].dn);
		if (!policy->named[policy->n_named])
			return CS_ENOMEM;
		policy->n_named++;
	}
	return 0;
}

static int load_named(struct cs_policy *policy)
{
	struct names names = {0};
	int r = collect_names(policy, &names);

	if (r == 0 && names.n > 0)
		qsort(names.all, names.n, sizeof(*names.all), named_order);
	if (r == 0)
		r = keep_names(policy, &names);
	for (size_t i = 0; i < names.n; i++)
		free(names.all[i].key);
	free(names.all);
	return r;
}

int cs_load_index(struct loader *loader)
{
	struct cs_policy *policy = loader->policy;
	int r = cs_merge_queries(loader);

	if (r == 0)
		r = sort_by_query(policy);
	if (r == 0)
		r = cs_index_make(policy, &policy->index);
	if (r == 0)
		r = check_people(loader);
	return r < 0 ? r : load_named(policy);
}
