/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups of the tree list a person. */
#include "mem.h"
#include "text.h"
#include "tree_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A group query, looked up once for all subjects. */
struct plan {
	const struct cs_group_query *query;
	uint32_t number;
	uint32_t attribute;
	uint32_t dn; /* the group, or the base where it is an entry */
	enum cs_lists lists;
	bool own;     /* asked of the person's own entry */
	char *unsure; /* whoever asks: why this query cannot be answered; NULL while it can */
	char key[CS_MAX_DN + 1];
};

/* --- Memberships --- */

static int attribute_add(struct cs_membership *membership, size_t *cap, const char *name, const char *value)
{
	if (membership->n_attributes >= CS_MAX_ATTRIBUTES)
		return CS_ETOOBIG;
	int r = cs_reserve((void **)&membership->attributes, cap, membership->n_attributes, 1,
			   sizeof(*membership->attributes));
	if (r != 0)
		return r;
	struct cs_attribute *attribute = &membership->attributes[membership->n_attributes++];
	r = cs_set(&attribute->name, name);
	return r != 0 ? r : cs_set(&attribute->value, value);
}

static int wanted_add(const struct cs_tree *tree, uint32_t entry, const char *name, struct cs_membership *membership,
	size_t *cap)
{
	uint32_t attribute = cs_tree_find_attribute(tree, name);
	size_t n = 0;
	const struct cs_tree_value *values = cs_tree_values(tree, entry, &n);
	int r = 0;
	for (size_t v = 0; v < n && r == 0 && attribute != CS_TREE_NONE; v++) {
		if (values[v].attribute != attribute)
			continue;
		r = values[v].text == CS_TREE_NONE
			    ? CS_ETOOBIG
			    : attribute_add(membership, cap, name, cs_tree_text(tree, values[v].text));
	}
	return r;
}

static int membership_make(const struct cs_tree *tree, uint32_t group, const struct plan *plan,
	struct cs_membership *membership)
{
	size_t cap = 0;
	int r = cs_set(&membership->group_dn, dn_text(tree, group));
	for (size_t i = 0; i < plan->query->n_wanted && r == 0 && tree->terms[group].entry != CS_TREE_NONE; i++)
		r = wanted_add(tree, tree->terms[group].entry, plan->query->wanted[i], membership, &cap);
	return r;
}

static int membership_add(const struct cs_tree *tree, uint32_t group, const struct plan *plan, struct subject *subject)
{
	struct cs_facts *facts = subject->facts;
	struct cs_membership membership = { .query = plan->number };
	int r = facts->n_memberships < CS_MAX_MEMBERSHIPS ? 0 : CS_ETOOBIG;
	if (r == 0)
		r = membership_make(tree, group, plan, &membership);
	if (r == 0)
		r = cs_reserve((void **)&facts->memberships, &subject->cap_memberships, facts->n_memberships, 1,
			       sizeof(membership));
	if (r == 0)
		r = cs_reserve((void **)&subject->told, &subject->cap_told, facts->n_memberships, 1,
			       sizeof(*subject->told));
	if (r != 0) {
		cs_clear(&cs_membership_shape, &membership);
		return r;
	}
	subject->told[facts->n_memberships] = group;
	facts->memberships[facts->n_memberships++] = membership;
	return 0;
}

/* The newest memberships are those of the query that is being answered. */
static bool is_told(const struct subject *subject, const struct plan *plan, uint32_t group)
{
	const struct cs_facts *facts = subject->facts;
	for (size_t i = facts->n_memberships; i > 0 && facts->memberships[i - 1].query == plan->number; i--)
		if (subject->told[i - 1] == group)
			return true;
	return false;
}

/* --- Sanity --- */

/* The first reason stays. */
static void unsure_add(struct subject *subject, const struct plan *plan, const char *doubt)
{
	struct cs_facts *facts = subject->facts;
	if (facts->n_unsure > 0 && facts->unsure[facts->n_unsure - 1].query == plan->number)
		return;
	int r = cs_reserve((void **)&facts->unsure, &subject->cap_unsure, facts->n_unsure, 1, sizeof(*facts->unsure));
	char *text = r == 0 ? cs_dup(doubt) : NULL;
	if (text == NULL)
		cs_facts_doubt(facts, cs_strerror(CS_ENOMEM));
	else
		facts->unsure[facts->n_unsure++] = (struct cs_unsure){ .query = plan->number, .doubt = text };
}

/* How many a group lists, each once; no more are counted than need be. What is no DN lists nobody. */
static int count_listed(const struct cs_tree *tree, const struct plan *plan, uint32_t entry, size_t *ret_n)
{
	struct cs_hash seen = { 0 };
	size_t n = 0;
	const struct cs_tree_value *values = cs_tree_values(tree, entry, &n);
	int r = 0;
	for (size_t v = 0; v < n && r == 0 && seen.n_items < plan->query->at_least; v++) {
		uint32_t term = values[v].attribute == plan->attribute ? values[v].term : CS_TREE_NONE;
		size_t at = 0;
		if (term == CS_TREE_NONE || cs_tree_is_gone(tree, term) ||
		    (plan->lists == CS_LISTS_DN && !tree->terms[term].is_dn))
			continue;
		if (cs_hash_next(&seen, cs_hash_number(term), &at) == CS_HASH_NONE) /* mixing is one to one */
			r = cs_hash_add(&seen, cs_hash_number(term), term);
	}
	*ret_n = seen.n_items;
	cs_hash_clear(&seen);
	return r;
}

static bool is_there(const struct cs_tree *tree, uint32_t dn)
{
	return dn != CS_TREE_NONE && !cs_tree_is_gone(tree, dn) &&
	       (tree->terms[dn].person != CS_TREE_NONE || tree->terms[dn].entry != CS_TREE_NONE);
}

/* *ret_text stays NULL where a group lists enough, or nobody said how many that are. */
static int floor_check(const struct cs_tree *tree, const struct plan *plan, uint32_t group, char **ret_text)
{
	uint32_t entry = group != CS_TREE_NONE ? tree->terms[group].entry : CS_TREE_NONE;
	const char *dn = plan->query->where == CS_GROUP_AT ? plan->query->dn : dn_text(tree, group);
	size_t n = 0;
	if (plan->query->at_least == 0)
		return 0;
	if (!is_there(tree, group))
		return cs_format(ret_text, "%s is missing, and at_least says %u", dn, plan->query->at_least);
	int r = entry != CS_TREE_NONE ? count_listed(tree, plan, entry, &n) : 0;
	if (r != 0 || n >= plan->query->at_least)
		return r;
	return cs_format(ret_text, "%s lists %zu, and at_least says %u", dn, n, plan->query->at_least);
}

/* --- Queries --- */

/* One group that lists the person. */
static int take_group(const struct asked *asked, const struct plan *plan, struct subject *subject, uint32_t group)
{
	const struct cs_tree *tree = asked->tree;
	char *unsure = NULL;
	if (is_told(subject, plan, group))
		return 0;
	int r = plan->query->where == CS_GROUPS_BELOW ? floor_check(tree, plan, group, &unsure) : 0;
	if (unsure != NULL)
		unsure_add(subject, plan, unsure);
	free(unsure);
	if (r == 0)
		r = membership_add(tree, group, plan, subject);
	if (r != 0)
		cs_facts_doubt_of(subject->facts, dn_text(tree, group),
				  r == CS_ETOOBIG ? CS_DOUBT_ATTRIBUTES : cs_strerror(r));
	return r;
}

/* The groups that list this value by the query's attribute. */
static int take_listings(const struct asked *asked, const struct plan *plan, struct subject *subject, uint32_t term)
{
	const struct cs_tree_mention *at =
		term != CS_TREE_NONE ? cs_tree_first_listing(asked->tree, term) : NULL;
	int r = 0;
	for (; at != NULL && r == 0; at = cs_tree_next_listing(asked->tree, at))
		if (at->attribute == plan->attribute &&
		    entry_is_meant(asked->tree, at->entry, plan->query->where, plan->dn, plan->key))
			r = take_group(asked, plan, subject, asked->tree->entries[at->entry].dn);
	return r;
}

/* Whoever is in a group is in those that list it. */
static void ask_nested(const struct asked *asked, const struct plan *plan, struct subject *subject)
{
	int r = take_listings(asked, plan, subject, subject->dn);
	if (r != 0 || asked->nesting == 0)
		return;
	if (subject->nested == NULL) {
		subject->nested = calloc(1, sizeof(*subject->nested));
		r = subject->nested != NULL ? groups_above(asked, subject->dn, subject->nested) : CS_ENOMEM;
		if (r != 0)
			cs_facts_doubt_of(subject->facts, "groups in groups",
					  r == CS_ETOOBIG ? CS_NESTED_DOUBT : cs_strerror(r));
	}
	for (size_t i = 0; r == 0 && i < subject->nested->n; i++)
		r = take_listings(asked, plan, subject, asked->tree->entries[subject->nested->entries[i]].dn);
}

/* The canonical login, byte for byte (A075). */
static void ask_login(const struct asked *asked, const struct plan *plan, struct subject *subject)
{
	const char *login = cs_tree_text(asked->tree, asked->tree->people[subject->person].name);
	if (cs_is_login(login) == 1)
		(void)take_listings(asked, plan, subject,
				    cs_tree_find_value(asked->tree, plan->query->listed, login));
}

static bool dn_is_meant(const struct cs_tree *tree, const struct plan *plan, uint32_t dn)
{
	const char *key = cs_tree_text(tree, tree->terms[dn].key);
	if (!tree->terms[dn].is_dn || cs_tree_is_gone(tree, dn))
		return false;
	return plan->query->where == CS_GROUPS_BELOW ? cs_dn_key_below(key, plan->key) : dn == plan->dn;
}

/* The person's own entry names the groups that list him. They are believed, but where more is asked of a group than its
 * name it has to be there. */
static void ask_own(const struct asked *asked, const struct plan *plan, struct subject *subject)
{
	const struct cs_tree *tree = asked->tree;
	uint32_t own = tree->terms[subject->dn].entry;
	size_t n = 0;
	const struct cs_tree_value *values = own != CS_TREE_NONE ? cs_tree_values(tree, own, &n) : NULL;
	int r = 0;
	for (size_t v = 0; v < n && r == 0; v++) {
		if (values[v].attribute != asked->member_of)
			continue;
		if (values[v].term == CS_TREE_NONE) {
			cs_facts_doubt_of(subject->facts, dn_text(tree, subject->dn), CS_DOUBT_ATTRIBUTES);
			return;
		}
		bool by_name = plan->query->n_wanted == 0 &&
			       (plan->query->where == CS_GROUP_AT || plan->query->at_least == 0);
		if (dn_is_meant(tree, plan, values[v].term) && (by_name || is_there(tree, values[v].term)))
			r = take_group(asked, plan, subject, values[v].term);
	}
}

static void query_answer(const struct asked *asked, const struct plan *plan, struct subject *subject)
{
	if (subject->facts->known != CS_KNOWN_YES)
		return;
	if (plan->lists == CS_LISTS_LOGIN)
		ask_login(asked, plan, subject);
	else if (plan->own)
		ask_own(asked, plan, subject);
	else
		ask_nested(asked, plan, subject);
	if (plan->unsure != NULL && subject->facts->known == CS_KNOWN_YES)
		unsure_add(subject, plan, plan->unsure);
}

/* --- Plans --- */

static bool lists_by_search(const struct cs_tree *tree, const struct plan *plan, uint32_t entry)
{
	size_t n = 0;
	const struct cs_tree_value *values = cs_tree_values(tree, entry, &n);
	for (size_t v = 0; v < n; v++)
		if (values[v].attribute == plan->attribute &&
		    (values[v].term == CS_TREE_NONE || !tree->terms[values[v].term].is_dn))
			return true;
	return false;
}

/* A group that lists people by a search makes the query unsure for everybody. */
static int search_check(const struct cs_tree *tree, struct plan *plan)
{
	for (uint32_t i = 0; i < tree->n_entries && plan->attribute != CS_TREE_NONE; i++)
		if (entry_is_meant(tree, i, plan->query->where, plan->dn, plan->key) && lists_by_search(tree, plan, i))
			return cs_format(&plan->unsure, "%s " TREE_URL_DOUBT, dn_text(tree, tree->entries[i].dn));
	return 0;
}

/* 0, CS_ENOMEM. The caller frees unsure. */
static int plan_make(const struct asked *asked, const struct cs_group_query *query, uint32_t number, struct plan *plan)
{
	plan->query = query;
	plan->number = number;
	plan->attribute = cs_tree_find_attribute(asked->tree, query->listed);
	plan->lists = cs_schema_lists(query->listed);
	plan->own = cs_schema_by_member_of(asked->schema, query->listed);
	plan->unsure = NULL;
	int r = cs_dn_key(query->dn, plan->key);
	if (r != 0)
		return r; /* it was checked: there is none */
	plan->dn = cs_tree_find_key(asked->tree, plan->key);
	if (query->where == CS_GROUP_AT)
		r = floor_check(asked->tree, plan, plan->dn, &plan->unsure);
	if (r == 0 && plan->lists == CS_LISTS_URL && plan->unsure == NULL)
		r = search_check(asked->tree, plan);
	return r;
}

void queries_answer(const struct asked *asked, const struct cs_question *question, struct subject *subjects)
{
	struct plan plan;
	for (size_t q = 0; q < question->n_queries; q++) {
		int r = plan_make(asked, &question->queries[q], (uint32_t)q, &plan);
		for (size_t i = 0; i < question->n_subjects; i++)
			if (r == 0)
				query_answer(asked, &plan, &subjects[i]);
			else if (subjects[i].facts->known == CS_KNOWN_YES)
				cs_facts_doubt_of(subjects[i].facts, question->queries[q].dn, cs_strerror(r));
		free(plan.unsure);
	}
}
