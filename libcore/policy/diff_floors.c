/* SPDX-License-Identifier: Apache-2.0 */
/* How many people a group has to list to be believed. The largest floor that anything sets on a group counts for all
 * that ask about it, so it is compared by group and not by assignment: one that goes may leave others without. */
#include "diff.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A group, or the groups below a DN, as some attribute lists people, and what asks about it. */
struct floor {
	const struct cs_group_query *query; /* whose floor counts */
	enum cs_where where;
	const char *dn, *key, *listed;
	const char *kind, *name; /* "assignment", "infra" */
};

struct floors {
	struct floor *all;
	size_t n;
};

static int floor_order(const void *a, const void *b)
{
	const struct floor *x = a, *y = b;
	int order = (int)x->where - (int)y->where;

	if (order == 0)
		order = strcmp(x->key, y->key);
	return order ? order : strcasecmp(x->listed, y->listed);
}

/* The first of those that ask about one group is always the same. */
static int sort_order(const void *a, const void *b)
{
	const struct floor *x = a, *y = b;
	int order = floor_order(a, b);

	if (order == 0)
		order = strcmp(x->kind, y->kind);
	return order ? order : strcmp(x->name, y->name);
}

static size_t rules_of(const struct cs_policy *policy)
{
	size_t n = 0;

	for (size_t i = 0; i < all_gates(policy); i++)
		n += policy->gates[i].n_rules + policy->gates[i].n_exempts + policy->gates[i].n_automatics;
	return n;
}

static void take_want(const struct cs_policy *policy, const struct cs_gate *gate, const struct want *want,
		      struct floors *floors)
{
	if (want->kind == WANT_GROUP)
		floors->all[floors->n++] = (struct floor){
			&policy->queries[want->query], CS_GROUP_AT, want->dn, want->dn_key, want->listed, "gate",
			gate->name};
}

static void take_gates(const struct cs_policy *policy, struct floors *floors)
{
	for (size_t i = 0; i < all_gates(policy); i++) {
		const struct cs_gate *gate = &policy->gates[i];

		for (size_t k = 0; k < gate->n_rules; k++)
			take_want(policy, gate, &gate->rules[k].want, floors);
		for (size_t k = 0; k < gate->n_exempts; k++)
			take_want(policy, gate, &gate->exempts[k].want, floors);
		for (size_t k = 0; k < gate->n_automatics; k++)
			take_want(policy, gate, &gate->automatics[k].who.want, floors);
	}
}

static int make(const struct cs_policy *policy, struct floors *floors)
{
	floors->all = calloc(policy->n_assignments + rules_of(policy) + 1, sizeof(*floors->all));
	if (!floors->all)
		return CS_ENOMEM;
	for (size_t i = 0; i < policy->n_assignments; i++) {
		const struct assignment *assignment = &policy->assignments[i];
		enum cs_where where = assignment->to == ASSIGNED_GROUP ? CS_GROUP_AT : CS_GROUPS_BELOW;

		if (assignment->to != ASSIGNED_PEOPLE)
			floors->all[floors->n++] = (struct floor){
				&policy->queries[assignment->query], where, assignment->dn, assignment->dn_key,
				assignment->listed, "assignment", assignment->name};
	}
	take_gates(policy, floors);
	if (floors->n > 0)
		qsort(floors->all, floors->n, sizeof(*floors->all), sort_order);
	return 0;
}

static bool any_floor(const struct cs_policy *policy)
{
	for (size_t i = 0; i < policy->n_queries; i++) {
		if (policy->queries[i].at_least > 0)
			return true;
	}
	return false;
}

static int said_floor(struct diff *diff, const struct floor *floor, uint32_t had, uint32_t has)
{
	char before[16] = "none", after[16] = "none";

	if (had > 0)
		(void)snprintf(before, sizeof(before), "%u", (unsigned)had);
	if (has > 0)
		(void)snprintf(after, sizeof(after), "%u", (unsigned)has);
	return cs_diff_say(diff, has < had ? CS_EFFECT_WEAKER : cs_diff_less(diff), floor->kind, floor->name,
			   "at_least of those listed as %s of %s%s: %s -> %s", floor->listed,
			   floor->where == CS_GROUP_AT ? "" : "a group below ", floor->dn, before, after);
}

int cs_diff_floors(struct diff *diff)
{
	struct floors before = {0}, after = {0};
	int r = 0;

	if (!any_floor(diff->before.policy) && !any_floor(diff->after.policy))
		return 0;
	r = make(diff->before.policy, &before);
	if (r == 0)
		r = make(diff->after.policy, &after);
	for (size_t i = 0; r == 0 && i < after.n; i++) {
		const struct floor *now = &after.all[i], *was;
		uint32_t had, has = now->query->at_least;

		if (i > 0 && floor_order(now - 1, now) == 0)
			continue;
		/* What nothing asks about any more needs no floor; what is asked about for the first time had none. */
		was = before.n > 0 ? bsearch(now, before.all, before.n, sizeof(*now), floor_order) : NULL;
		had = was ? was->query->at_least : 0;
		if (had != has)
			r = said_floor(diff, now, had, has);
	}
	free(before.all);
	free(after.all);
	return r;
}
