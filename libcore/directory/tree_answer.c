/* SPDX-License-Identifier: Apache-2.0 */
/* Answers from the tree in memory, as an LDAP server with the same entries would lead to them (lookup.c). */
#include "answer.h"
#include "mem.h"
#include "netgroup.h"
#include "person.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { FOUND_MAX = 3 }; /* one more than can be told apart */

static const char *dn_text(const struct cs_tree *tree, uint32_t dn)
{
	return cs_tree_text(tree, tree->terms[dn].text);
}

/* --- Who it is --- */

struct found {
	uint32_t person;
	struct cs_match match;
};

struct search {
	struct found found[FOUND_MAX];
	size_t n;
};

static struct found *search_add(const struct cs_tree *tree, struct search *search, uint32_t person)
{
	for (size_t i = 0; i < search->n; i++)
		if (search->found[i].person == person)
			return &search->found[i];
	if (search->n == FOUND_MAX || tree->people[person].gone)
		return NULL;
	search->found[search->n] = (struct found){ .person = person };
	return &search->found[search->n++];
}

static void search_by_uid(const struct cs_tree *tree, uint32_t uid, struct search *search)
{
	uint32_t hash = cs_hash_number(uid);
	size_t at = 0;
	for (uint32_t i; (i = cs_hash_next(&tree->by_uid, hash, &at)) != CS_HASH_NONE;) {
		struct found *found = search_add(tree, search, i);
		if (found != NULL)
			found->match.by_uid = tree->people[i].uid == uid;
	}
}

static void search_by_name(const struct cs_tree *tree, const char *name, struct search *search)
{
	uint32_t hash = cs_hash_folded(name);
	size_t at = 0;
	for (uint32_t i; (i = cs_hash_next(&tree->by_login, hash, &at)) != CS_HASH_NONE;) {
		const char *login = cs_tree_text(tree, tree->logins[i].name);
		if (strcasecmp(login, name) != 0)
			continue;
		struct found *found = search_add(tree, search, tree->logins[i].person);
		if (found != NULL && strcmp(login, name) == 0)
			found->match.by_name = true;
	}
}

static int person_copy(const struct cs_tree *tree, const struct cs_tree_person *person, const char *name,
	struct cs_person *copy)
{
	copy->uid = person->uid;
	const struct cs_account account = { .locked = person->locked, .starts_s = person->starts_s,
		.ends_s = person->ends_s };
	copy->locked = cs_account_is_closed(&account, (uint64_t)time(NULL)) == 1;
	int r = cs_set(&copy->name, name != NULL ? name : cs_tree_text(tree, person->name));
	if (r == 0)
		r = cs_set(&copy->id, cs_tree_text(tree, person->id));
	if (r == 0)
		r = cs_set(&copy->human, cs_tree_text(tree, person->human));
	if (r == 0)
		r = cs_set(&copy->dn, dn_text(tree, person->dn));
	return r;
}

static void person_answer(const struct cs_tree *tree, const struct found *found, const struct cs_subject *subject,
	struct cs_facts *facts)
{
	const struct cs_tree_person *person = &tree->people[found->person];
	const char *unclear = cs_tree_text(tree, person->unclear);
	if (*unclear != '\0') {
		cs_facts_doubt_of(facts, dn_text(tree, person->dn), unclear);
		return;
	}
	int r = person_copy(tree, person, found->match.by_name ? subject->name : NULL, &facts->person);
	if (r != 0)
		cs_facts_doubt(facts, cs_strerror(r));
	else if (!cs_person_fits(&facts->person, subject))
		cs_facts_no(facts);
	else
		facts->known = CS_KNOWN_YES;
}

static void subject_answer(const struct cs_tree *tree, const struct cs_subject *subject, struct cs_facts *facts)
{
	struct search search = { 0 };
	if (!cs_subject_is_nobody(subject)) {
		if (subject->uid != CS_NO_UID)
			search_by_uid(tree, subject->uid, &search);
		if (subject->name != NULL && *subject->name != '\0')
			search_by_name(tree, subject->name, &search);
	}
	if (search.n == 1)
		person_answer(tree, &search.found[0], subject, facts);
	else if (search.n > 2 || (search.n == 2 && cs_matches_clash(&search.found[0].match, &search.found[1].match)))
		cs_facts_doubt_of(facts, "who it is", "two entries have the same number or login name");
	else
		cs_facts_no(facts);
}

/* DNs of the other entries of the same human; none where there are too many to tell. */
static int aliases_answer(const struct cs_tree *tree, uint32_t self, struct cs_facts *facts)
{
	const char *human = facts->person.human;
	uint32_t hash = cs_hash_folded(human);
	size_t at = 0;
	int r = 0;
	for (uint32_t i; r == 0 && *human != '\0' && (i = cs_hash_next(&tree->by_human, hash, &at)) != CS_HASH_NONE;) {
		const struct cs_tree_person *other = &tree->people[i];
		if (other->dn == self || other->gone || strcasecmp(cs_tree_text(tree, other->human), human) != 0)
			continue;
		if (facts->n_aliases >= CS_MAX_ALIASES) {
			cs_free_strv(&facts->aliases, &facts->n_aliases);
			return 0;
		}
		r = cs_strv_add(&facts->aliases, &facts->n_aliases, dn_text(tree, other->dn));
	}
	return r;
}

/* --- Groups that list somebody --- */

/* A group query, looked up once for all subjects. */
struct plan {
	const struct cs_group_query *query;
	uint32_t number;
	uint32_t attribute;
	uint32_t dn; /* the group, or the base where it is an entry */
	char key[CS_MAX_DN + 1];
};

static bool entry_is_meant(const struct cs_tree *tree, uint32_t entry, enum cs_where where, uint32_t dn,
			   const char *key)
{
	uint32_t own = tree->entries[entry].dn;
	return own == dn ||
	       (where == CS_GROUPS_BELOW && cs_dn_key_below(cs_tree_text(tree, tree->terms[own].key), key));
}

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

static int membership_make(const struct cs_tree *tree, uint32_t entry, const struct cs_group_query *query,
	struct cs_membership *membership)
{
	size_t cap = 0, n = 0;
	const struct cs_tree_value *values = cs_tree_values(tree, entry, &n);
	int r = cs_set(&membership->group_dn, dn_text(tree, tree->entries[entry].dn));
	for (size_t i = 0; i < query->n_wanted && r == 0; i++) {
		uint32_t attribute = cs_tree_find_attribute(tree, query->wanted[i]);
		for (size_t v = 0; v < n && r == 0; v++) {
			const struct cs_tree_value *value = &values[v];
			if (value->attribute == attribute)
				r = value->text == CS_TREE_NONE
					    ? CS_ETOOBIG
					    : attribute_add(membership, &cap, query->wanted[i],
							    cs_tree_text(tree, value->text));
		}
	}
	return r;
}

static int membership_add(const struct cs_tree *tree, uint32_t entry, const struct plan *plan, struct cs_facts *facts,
	size_t *cap)
{
	struct cs_membership membership = { .query = plan->number };
	int r = facts->n_memberships < CS_MAX_MEMBERSHIPS ? membership_make(tree, entry, plan->query, &membership)
							  : CS_ETOOBIG;
	if (r == 0)
		r = cs_reserve((void **)&facts->memberships, cap, facts->n_memberships, 1, sizeof(membership));
	if (r != 0) {
		cs_clear(&cs_membership_shape, &membership);
		return r;
	}
	facts->memberships[facts->n_memberships++] = membership;
	return 0;
}

static void query_answer(const struct cs_tree *tree, const struct plan *plan, struct cs_facts *facts, size_t *cap)
{
	char key[CS_MAX_DN + 1];
	if (facts->known != CS_KNOWN_YES || cs_dn_key(facts->person.dn, key) != 0)
		return;
	uint32_t self = cs_tree_find_key(tree, key);
	const struct cs_tree_listing *at = cs_tree_first_listing(tree, self);
	for (; at != NULL; at = cs_tree_next_listing(tree, at)) {
		uint32_t entry = at->entry;
		if (at->attribute != plan->attribute ||
		    !entry_is_meant(tree, entry, plan->query->where, plan->dn, plan->key))
			continue;
		int r = membership_add(tree, entry, plan, facts, cap);
		if (r == 0)
			continue;
		cs_facts_doubt_of(facts, dn_text(tree, tree->entries[entry].dn),
				  r == CS_ETOOBIG ? CS_DOUBT_ATTRIBUTES : cs_strerror(r));
		return;
	}
}

static void queries_answer(const struct cs_tree *tree, const struct cs_question *question, struct cs_answer *answer,
	size_t *caps)
{
	struct plan plan;
	for (size_t q = 0; q < question->n_queries; q++) {
		plan.query = &question->queries[q];
		plan.number = (uint32_t)q;
		plan.attribute = cs_tree_find_attribute(tree, plan.query->listed);
		if (cs_dn_key(plan.query->dn, plan.key) != 0)
			continue; /* it was checked: there is none */
		plan.dn = cs_tree_find_key(tree, plan.key);
		for (size_t i = 0; i < question->n_subjects; i++)
			query_answer(tree, &plan, &answer->facts[i], &caps[i]);
	}
}

/* --- Rosters --- */

static int roster_add(const struct cs_tree *tree, uint32_t dn, struct cs_roster_fill *fill)
{
	uint32_t person = tree->terms[dn].person;
	char *name = NULL;
	if (cs_tree_is_gone(tree, dn))
		return 0;
	if (person != CS_TREE_NONE)
		return cs_roster_put(fill, dn_text(tree, dn), cs_tree_text(tree, tree->people[person].name));
	int r = cs_dn_first_value(dn_text(tree, dn), &name);
	if (r == 0)
		r = cs_roster_put(fill, dn_text(tree, dn), name);
	free(name);
	return r == CS_EPROTO ? 0 : r;
}

/* The entries that one roster query is about. */
struct walk {
	const struct cs_tree *tree;
	const struct cs_roster_query *query;
	uint32_t dn, listed;
	const char *key; /* of the query's DN */
	struct cs_roster_fill *fill;
	bool seen;
	int error;
};

static void walk_entry(struct walk *walk, uint32_t entry)
{
	const struct cs_tree *tree = walk->tree;
	if (walk->error != 0 || !entry_is_meant(tree, entry, walk->query->where, walk->dn, walk->key))
		return;
	walk->seen = true;
	size_t n = 0;
	const struct cs_tree_value *values = cs_tree_values(tree, entry, &n);
	for (size_t v = 0; v < n && walk->error == 0; v++) {
		const struct cs_tree_value *value = &values[v];
		if (value->attribute != walk->listed)
			continue;
		if (value->term == CS_TREE_NONE)
			walk->error = CS_ETOOBIG;
		else if (tree->terms[value->term].is_dn)
			walk->error = roster_add(tree, value->term, walk->fill);
	}
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
	const struct cs_tree_listing *at = term != CS_TREE_NONE ? cs_tree_first_listing(tree, term) : NULL;
	for (; at != NULL; at = cs_tree_next_listing(tree, at))
		if (at->attribute == attribute)
			walk_entry(walk, at->entry);
}

/* Those below that list anybody at all. */
static void walk_below(struct walk *walk)
{
	const struct cs_tree *tree = walk->tree;
	for (uint32_t i = 0; i < tree->n_entries; i++) {
		size_t v = 0, n = 0;
		const struct cs_tree_value *values = cs_tree_values(tree, i, &n);
		while (v < n && values[v].attribute != walk->listed)
			v++;
		if (v < n)
			walk_entry(walk, i);
	}
}

static void roster_answer(const struct cs_tree *tree, const struct cs_roster_query *query, const char *key,
	struct cs_roster_fill *fill)
{
	struct walk walk = { .tree = tree, .query = query, .key = key, .fill = fill };
	walk.dn = cs_tree_find_key(tree, key);
	walk.listed = cs_tree_find_attribute(tree, query->listed);
	if (query->where == CS_GROUP_AT)
		walk_at(&walk);
	else if (query->attribute != NULL && *query->attribute != '\0')
		walk_value(&walk);
	else
		walk_below(&walk);
	enum cs_known known = walk.error != 0 ? CS_KNOWN_DOUBT : walk.seen ? CS_KNOWN_YES : CS_KNOWN_NO;
	cs_roster_settle(fill, known, query->dn, cs_roster_error(walk.error));
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

static void netgroup_answer(const struct cs_tree *tree, const struct cs_roster_query *query,
			    struct cs_roster_fill *fill)
{
	struct cs_netgroup netgroup;
	const char *what = NULL;
	int r = cs_netgroup_start(&netgroup, query->dn, fill);
	if (r == 0)
		r = netgroup_level(tree, &netgroup, &what);
	bool missing = r == CS_ENOENT;
	while (r == 0 && (r = cs_netgroup_descend(&netgroup)) == 1)
		r = netgroup_level(tree, &netgroup, &what);
	cs_roster_settle(fill, missing ? CS_KNOWN_NO : r == 0 ? CS_KNOWN_YES : CS_KNOWN_DOUBT, query->dn,
			 cs_netgroup_error(r, what));
	cs_netgroup_clear(&netgroup);
}

/* --- All of it --- */

static void rosters_answer(const struct cs_tree *tree, const struct cs_question *question, struct cs_answer *answer)
{
	for (size_t i = 0; i < question->n_rosters; i++) {
		const struct cs_roster_query *query = &question->rosters[i];
		struct cs_roster_fill fill = { .roster = &answer->rosters[i] };
		char key[CS_MAX_DN + 1];
		int r = cs_dn_key(query->dn, key);
		if (r != 0)
			cs_roster_settle(&fill, CS_KNOWN_DOUBT, query->dn, cs_roster_error(r));
		else if (query->where == CS_NETGROUP)
			netgroup_answer(tree, query, &fill);
		else
			roster_answer(tree, query, key, &fill);
	}
}

static void aliases_of(const struct cs_tree *tree, struct cs_facts *facts)
{
	char key[CS_MAX_DN + 1];
	if (facts->known != CS_KNOWN_YES || cs_dn_key(facts->person.dn, key) != 0)
		return;
	int r = aliases_answer(tree, cs_tree_find_key(tree, key), facts);
	if (r != 0)
		cs_facts_doubt(facts, cs_strerror(r));
}

int cs_tree_answer(const struct cs_tree *tree, const struct cs_question *question, struct cs_answer *answer)
{
	size_t *caps = calloc(question->n_subjects + 1, sizeof(*caps));
	if (caps == NULL)
		return CS_ENOMEM;
	for (size_t i = 0; i < question->n_subjects; i++)
		subject_answer(tree, &question->subjects[i], &answer->facts[i]);
	queries_answer(tree, question, answer, caps);
	free(caps);
	for (size_t i = 0; i < question->n_subjects; i++) {
		if (question->n_rosters > 0)
			aliases_of(tree, &answer->facts[i]);
		cs_facts_sort(&answer->facts[i]);
	}
	rosters_answer(tree, question, answer);
	return 0;
}
