/* SPDX-License-Identifier: Apache-2.0 */
/* Whom groups of the tree list, and which hosts its netgroups hold. */
#include "mem.h"
#include "netgroup.h"
#include "text.h"
#include "tree_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- People --- */

/* The entries that one listing query is about. */
struct walk {
	const struct asked *asked;
	const struct cs_tree *tree;
	const struct cs_listing_query *query;
	uint32_t dn, listed;
	enum cs_lists lists;
	const char *key; /* of the query's DN */
	struct cs_listing_fill *fill;
	struct groups nested; /* that are listed, and whose people are told in their place */
	bool by_member_of;    /* people in groups in these groups say so by themselves */
	bool has_others;      /* … and somebody is listed who is no person */
	bool seen;
	int error;
};

static int add_person(const struct cs_tree *tree, uint32_t person, struct cs_listing_fill *fill)
{
	const struct cs_tree_person *p = &tree->people[person];
	return p->gone ? 0 : cs_listing_put(fill, dn_text(tree, p->dn), cs_tree_text(tree, p->name));
}

static int add_dn(const struct cs_tree *tree, uint32_t dn, struct cs_listing_fill *fill)
{
	uint32_t person = tree->terms[dn].person;
	return person != CS_TREE_NONE ? add_person(tree, person, fill) : cs_listing_put_dn(fill, dn_text(tree, dn));
}

/* Whoever has this canonical login; a login that nobody has lists nobody. */
static int add_login(const struct cs_tree *tree, const char *login, struct cs_listing_fill *fill)
{
	uint32_t hash = cs_tree_hash(login);
	size_t at = 0;
	int r = 0;
	if (cs_is_login(login) != 1)
		return 0;
	for (uint32_t i; r == 0 && (i = cs_hash_next(&tree->by_login, hash, &at)) != CS_HASH_NONE;) {
		uint32_t person = tree->logins[i].person;
		if (strcmp(cs_tree_text(tree, tree->people[person].name), login) == 0)
			r = add_person(tree, person, fill);
	}
	return r;
}

/* The term of the DN in front of the bits. 1; 0 where nothing else has this DN, and it was added by itself. */
static int find_without_bits(struct walk *walk, uint32_t *term, int *ret_error)
{
	const char *text = dn_text(walk->tree, *term);
	char dn[CS_MAX_DN + 1], key[CS_MAX_DN + 1];
	size_t n = cs_schema_dn_length(text);
	if (text[n] == '\0')
		return 1;
	(void)snprintf(dn, sizeof(dn), "%.*s", (int)n, text);
	if (cs_dn_key(dn, key) == 0 && (*term = cs_tree_find_key(walk->tree, key)) != CS_TREE_NONE)
		return 1;
	*ret_error = cs_listing_put_dn(walk->fill, dn);
	return 0;
}

static bool is_below(const struct cs_tree *tree, uint32_t dn, const char *base)
{
	return *base != '\0' && cs_dn_key_below(cs_tree_text(tree, tree->terms[dn].key), base);
}

/* Somebody listed by a DN: where groups name each other in memberOf, whoever is among the people. */
static int add_among_people(struct walk *walk, uint32_t dn)
{
	const struct asked *asked = walk->asked;
	bool is_person = *asked->people_base != '\0' ? is_below(walk->tree, dn, asked->people_base)
						     : walk->tree->terms[dn].person != CS_TREE_NONE;
	if (is_person && !is_below(walk->tree, dn, asked->groups_base))
		return add_dn(walk->tree, dn, walk->fill);
	walk->has_others = true;
	return 0;
}

static bool has_value(const struct cs_tree *tree, uint32_t entry, uint32_t attribute, uint32_t term)
{
	size_t n = 0;
	const struct cs_tree_value *values = cs_tree_values(tree, entry, &n);
	for (size_t v = 0; v < n; v++)
		if (values[v].attribute == attribute && (term == CS_TREE_NONE || values[v].term == term))
			return true;
	return false;
}

/* One of the groups whose listing is asked for is nobody, whatever its class is, where groups are. */
static bool is_asked_for(const struct walk *walk, uint32_t entry)
{
	const struct cs_tree *tree = walk->tree;
	const struct cs_listing_query *query = walk->query;
	const char *base = walk->asked->groups_base;
	if (!entry_is_meant(tree, entry, query->where, walk->dn, walk->key) ||
	    (*base != '\0' && !is_below(tree, tree->entries[entry].dn, base)))
		return false;
	if (query->where == CS_GROUP_AT)
		return true;
	if (query->attribute == NULL || *query->attribute == '\0')
		return has_value(tree, entry, walk->listed, CS_TREE_NONE);
	uint32_t term = cs_tree_find_value(tree, query->attribute, query->value);
	return term != CS_TREE_NONE && has_value(tree, entry, cs_tree_find_attribute(tree, query->attribute), term);
}

static int add_listed(struct walk *walk, uint32_t term)
{
	const struct cs_tree *tree = walk->tree;
	int error = 0;
	if (walk->lists == CS_LISTS_LOGIN)
		return add_login(tree, cs_tree_text(tree, tree->terms[term].key) + 1, walk->fill);
	if (!tree->terms[term].is_dn)
		return walk->lists == CS_LISTS_URL ? CS_EDOUBT : 0;
	if (find_without_bits(walk, &term, &error) == 0)
		return error;
	if (walk->by_member_of)
		return add_among_people(walk, term);
	uint32_t entry = tree->terms[term].entry;
	if (walk->asked->nesting == 0 || entry == CS_TREE_NONE)
		return add_dn(tree, term, walk->fill);
	int nested = group_is_nested(walk->asked, entry);
	if (nested != 0)
		return nested == 1 ? groups_add(&walk->nested, entry) : nested;
	return is_asked_for(walk, entry) ? 0 : add_dn(tree, term, walk->fill);
}

static void walk_values(struct walk *walk, uint32_t entry, uint32_t attribute)
{
	size_t n = 0;
	const struct cs_tree_value *values = cs_tree_values(walk->tree, entry, &n);
	for (size_t v = 0; v < n && walk->error == 0; v++)
		if (values[v].attribute == attribute)
			walk->error = values[v].term == CS_TREE_NONE ? CS_ETOOBIG : add_listed(walk, values[v].term);
}

/* People whose own entries name this group. */
static void walk_members(struct walk *walk, uint32_t group)
{
	const struct cs_tree *tree = walk->tree;
	const struct cs_tree_mention *at = cs_tree_first_listing(tree, group);
	for (; at != NULL && walk->error == 0; at = cs_tree_next_listing(tree, at)) {
		uint32_t person = tree->terms[tree->entries[at->entry].dn].person;
		if (at->attribute == walk->asked->member_of && person != CS_TREE_NONE)
			walk->error = add_person(tree, person, walk->fill);
	}
}

static void walk_entry(struct walk *walk, uint32_t entry)
{
	if (walk->error != 0 || !entry_is_meant(walk->tree, entry, walk->query->where, walk->dn, walk->key))
		return;
	walk->seen = true;
	walk->has_others = false;
	walk_values(walk, entry, walk->listed);
	if (walk->error == 0 && walk->has_others)
		walk_members(walk, walk->tree->entries[entry].dn);
}

static void walk_at(struct walk *walk)
{
	const struct cs_tree *tree = walk->tree;
	if (walk->dn == CS_TREE_NONE)
		return;
	walk->seen = tree->terms[walk->dn].person != CS_TREE_NONE; /* an entry that lists nobody */
	if (tree->terms[walk->dn].entry != CS_TREE_NONE)
		walk_entry(walk, tree->terms[walk->dn].entry);
}

/* Those below that have this value. */
static void walk_value(struct walk *walk)
{
	const struct cs_tree *tree = walk->tree;
	uint32_t attribute = cs_tree_find_attribute(tree, walk->query->attribute);
	uint32_t term = cs_tree_find_value(tree, walk->query->attribute, walk->query->value);
	const struct cs_tree_mention *at = term != CS_TREE_NONE ? cs_tree_first_listing(tree, term) : NULL;
	for (; at != NULL; at = cs_tree_next_listing(tree, at))
		if (at->attribute == attribute)
			walk_entry(walk, at->entry);
}

/* Those below that list anybody at all. */
static void walk_below(struct walk *walk)
{
	const struct cs_tree *tree = walk->tree;
	for (uint32_t i = 0; i < tree->n_entries; i++) {
		if (has_value(tree, i, walk->listed, CS_TREE_NONE))
			walk_entry(walk, i);
	}
}

/* The people of groups that are listed, of groups in those, and so on. */
static void walk_nested(struct walk *walk)
{
	if (walk->error == 0)
		walk->error = groups_below(walk->asked, &walk->nested);
	walk->lists = CS_LISTS_DN;
	size_t n = walk->nested.n;
	for (size_t i = 0; i < n; i++)
		walk_values(walk, walk->nested.entries[i], walk->asked->member);
}

static void listing_answer(const struct asked *asked, const struct cs_listing_query *query, const char *key,
	struct cs_listing_fill *fill)
{
	struct walk walk = { .asked = asked, .tree = asked->tree, .query = query, .key = key, .fill = fill };
	walk.dn = cs_tree_find_key(asked->tree, key);
	walk.listed = cs_tree_find_attribute(asked->tree, query->listed);
	walk.lists = cs_schema_lists(query->listed);
	walk.by_member_of = cs_schema_by_member_of(asked->schema, query->listed);
	if (query->where == CS_GROUP_AT)
		walk_at(&walk);
	else if (query->attribute != NULL && *query->attribute != '\0')
		walk_value(&walk);
	else
		walk_below(&walk);
	walk_nested(&walk);
	enum cs_known known = walk.error != 0 ? CS_KNOWN_DOUBT : walk.seen ? CS_KNOWN_YES : CS_KNOWN_NO;
	const char *cause = walk.error == CS_EDOUBT ? TREE_URL_DOUBT : cs_listing_error(walk.error);
	cs_listing_settle(fill, known, query->dn, cause);
}

/* --- Netgroups --- */

static int values_of(const struct cs_tree *tree, uint32_t entry, const char *name, char ***ret_values, size_t *ret_n)
{
	uint32_t attribute = cs_tree_find_attribute(tree, name);
	int r = 0;
	size_t n = 0;
	const struct cs_tree_value *values = cs_tree_values(tree, entry, &n);
	for (size_t v = 0; v < n && r == 0; v++) {
		const struct cs_tree_value *value = &values[v];
		if (value->attribute == attribute)
			r = value->text == CS_TREE_NONE
				    ? CS_ETOOBIG
				    : cs_strv_add(ret_values, ret_n, cs_tree_text(tree, value->text));
	}
	return r;
}

static int netgroup_entry(const struct cs_tree *tree, uint32_t dn, struct cs_netgroup *netgroup, const char **what)
{
	struct cs_netgroup_entry read = { 0 };
	uint32_t entry = tree->terms[dn].entry;
	if (entry == CS_TREE_NONE) /* a person, or listed somewhere but not there */
		return tree->terms[dn].person == CS_TREE_NONE ? CS_ENOENT : cs_netgroup_take(netgroup, &read, what);
	int r = values_of(tree, entry, "objectClass", &read.classes, &read.n_classes);
	if (r == 0)
		r = values_of(tree, entry, CS_NETGROUP_TRIPLE, &read.triples, &read.n_triples);
	if (r == 0)
		r = values_of(tree, entry, CS_NETGROUP_MEMBER, &read.members, &read.n_members);
	if (r == 0)
		r = cs_netgroup_take(netgroup, &read, what);
	cs_netgroup_entry_clear(&read);
	return r;
}

/* The netgroups of one level. 0, CS_ENOENT, or why they cannot be told. */
static int netgroup_level(const struct cs_tree *tree, struct cs_netgroup *netgroup, const char **what)
{
	int r = 0;
	for (size_t i = netgroup->level; i < netgroup->end && r == 0; i++) {
		char key[CS_MAX_DN + 1];
		char *dn = NULL;
		r = cs_netgroup_dn(netgroup, i, &dn);
		if (r == 0)
			r = cs_dn_key(dn, key);
		uint32_t found = r == 0 ? cs_tree_find_key(tree, key) : CS_TREE_NONE;
		free(dn);
		if (found != CS_TREE_NONE)
			r = netgroup_entry(tree, found, netgroup, what);
		else if (r == 0)
			r = CS_ENOENT;
	}
	return r;
}

static void netgroup_answer(const struct cs_tree *tree, const struct cs_listing_query *query,
			    struct cs_listing_fill *fill)
{
	struct cs_netgroup netgroup;
	const char *what = NULL;
	int r = cs_netgroup_start(&netgroup, query->dn, fill);
	if (r == 0)
		r = netgroup_level(tree, &netgroup, &what);
	bool missing = r == CS_ENOENT;
	while (r == 0 && (r = cs_netgroup_descend(&netgroup)) == 1)
		r = netgroup_level(tree, &netgroup, &what);
	cs_listing_settle(fill, missing ? CS_KNOWN_NO : r == 0 ? CS_KNOWN_YES : CS_KNOWN_DOUBT, query->dn,
			 cs_netgroup_error(r, what));
	cs_netgroup_clear(&netgroup);
}

/* --- All of them --- */

void listings_answer(const struct asked *asked, const struct cs_question *question, struct cs_answer *answer)
{
	for (size_t i = 0; i < question->n_listings; i++) {
		const struct cs_listing_query *query = &question->listings[i];
		struct cs_listing_fill fill = { .listing = &answer->listings[i] };
		char key[CS_MAX_DN + 1];
		int r = cs_dn_key(query->dn, key);
		if (r != 0)
			cs_listing_settle(&fill, CS_KNOWN_DOUBT, query->dn, cs_listing_error(r));
		else if (query->where == CS_NETGROUP)
			netgroup_answer(asked->tree, query, &fill);
		else
			listing_answer(asked, query, key, &fill);
	}
}
