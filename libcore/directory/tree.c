/* SPDX-License-Identifier: Apache-2.0 */
/* Filling the tree in memory, and finding things in it. */
#include "tree.h"
#include "mem.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- Texts --- */

static int pool_add(struct cs_tree *tree, const char *s, uint32_t *ret_text)
{
	size_t n = strlen(s) + 1;
	if (n > UINT32_MAX - 1 - tree->n_pool)
		return CS_ETOOBIG;
	int r = cs_reserve((void **)&tree->pool, &tree->cap_pool, tree->n_pool, n, 1);
	if (r != 0)
		return r;
	memcpy(tree->pool + tree->n_pool, s, n);
	*ret_text = (uint32_t)tree->n_pool;
	tree->n_pool += n;
	return 0;
}

const char *cs_tree_text(const struct cs_tree *tree, uint32_t text)
{
	return tree->pool + text;
}

static uint32_t find_text(const struct cs_tree *tree, uint32_t hash, const char *s)
{
	size_t at = 0;
	uint32_t text = CS_TREE_NONE;
	while ((text = cs_hash_next(&tree->by_text, hash, &at)) != CS_HASH_NONE)
		if (strcmp(cs_tree_text(tree, text), s) == 0)
			break;
	return text;
}

/* A text that is kept once, however often it is added. */
static int intern(struct cs_tree *tree, const char *s, uint32_t *ret_text)
{
	if (s == NULL || *s == '\0') {
		*ret_text = 0;
		return 0;
	}
	uint32_t hash = cs_hash_text(s);
	uint32_t text = find_text(tree, hash, s);
	int r = 0;
	if (text == CS_TREE_NONE) {
		r = pool_add(tree, s, &text);
		if (r == 0)
			r = cs_hash_add(&tree->by_text, hash, text);
	}
	if (r == 0)
		*ret_text = text;
	return r;
}

/* --- Terms --- */

static void lower(const char *s, char *ret_folded, size_t max)
{
	size_t n = 0;
	for (; s[n] != '\0' && n < max; n++)
		ret_folded[n] = s[n] >= 'A' && s[n] <= 'Z' ? (char)(s[n] - 'A' + 'a') : s[n];
	ret_folded[n] = '\0';
}

/* Blanks at the ends mean nothing in a value, and several are one (RFC 4518 2.6.1). */
static void squeeze(const char *s, char *ret_text, size_t max)
{
	size_t n = 0;
	for (; *s != '\0' && n < max; s++)
		if (*s != ' ' || (n > 0 && ret_text[n - 1] != ' '))
			ret_text[n++] = *s;
	n -= n > 0 && ret_text[n - 1] == ' ';
	ret_text[n] = '\0';
}

/* How a login is compared: byte for byte. No DN and no other text has such a key, but for one that begins with '='. */
static void login_key(const char *login, char ret_key[CS_MAX_DN + 1])
{
	*ret_key = '=';
	squeeze(login, ret_key + 1, CS_MAX_DN - 1);
}

/* How a value is compared, and whether it is a DN. A key that is a DN is never the key of another text. */
static bool value_key(const char *attribute, const char *value, char ret_key[CS_MAX_DN + 1])
{
	char text[CS_MAX_DN + 1];
	if (cs_schema_lists(attribute) == CS_LISTS_LOGIN) {
		login_key(value, ret_key);
		return false;
	}
	if (cs_dn_is_valid(value) && cs_dn_key(value, ret_key) == 0)
		return true;
	squeeze(value, text, CS_MAX_DN);
	lower(text, ret_key, CS_MAX_DN);
	return false;
}

uint32_t cs_tree_find_key(const struct cs_tree *tree, const char *key)
{
	uint32_t hash = cs_hash_text(key);
	size_t at = 0;
	uint32_t term = CS_TREE_NONE;
	while ((term = cs_hash_next(&tree->by_term, hash, &at)) != CS_HASH_NONE)
		if (strcmp(cs_tree_text(tree, tree->terms[term].key), key) == 0)
			break;
	return term;
}

uint32_t cs_tree_find_value(const struct cs_tree *tree, const char *attribute, const char *value)
{
	char key[CS_MAX_DN + 1];
	(void)value_key(attribute, value, key);
	return cs_tree_find_key(tree, key);
}

uint32_t cs_tree_find_taken(const struct cs_tree *tree, const char *dn)
{
	char key[CS_MAX_DN + 1];
	uint32_t term = cs_dn_key(dn, key) == 0 ? cs_tree_find_key(tree, key) : CS_TREE_NONE;
	if (term == CS_TREE_NONE)
		return CS_TREE_NONE;
	bool taken = tree->terms[term].person != CS_TREE_NONE || tree->terms[term].entry != CS_TREE_NONE;
	return taken ? term : CS_TREE_NONE;
}

static int add_term(struct cs_tree *tree, const char *attribute, const char *value, uint32_t *ret_term)
{
	char key[CS_MAX_DN + 1];
	struct cs_tree_term term = { .person = CS_TREE_NONE, .entry = CS_TREE_NONE, .listed = CS_TREE_NONE };
	term.is_dn = value_key(attribute, value, key);
	*ret_term = cs_tree_find_key(tree, key);
	if (*ret_term != CS_TREE_NONE)
		return 0;
	int r = intern(tree, value, &term.text);
	if (r == 0)
		r = intern(tree, key, &term.key);
	if (r == 0)
		r = cs_reserve((void **)&tree->terms, &tree->cap_terms, tree->n_terms, 1, sizeof(term));
	if (r == 0)
		r = cs_hash_add(&tree->by_term, cs_hash_text(key), (uint32_t)tree->n_terms);
	if (r != 0)
		return r;
	*ret_term = (uint32_t)tree->n_terms;
	tree->terms[tree->n_terms++] = term;
	return 0;
}

/* The term of an entry's DN, which is spelled as the entry itself does from now on. */
static int add_dn(struct cs_tree *tree, const char *dn, uint32_t *ret_term)
{
	uint32_t text = 0;
	int r = add_term(tree, "dn", dn, ret_term);
	if (r != 0 || strcmp(cs_tree_text(tree, tree->terms[*ret_term].text), dn) == 0)
		return r;
	r = intern(tree, dn, &text);
	if (r == 0)
		tree->terms[*ret_term].text = text;
	return r;
}

/* --- People --- */

static int person_texts(struct cs_tree *tree, const struct cs_tree_new_person *person, struct cs_tree_person *kept)
{
	const struct {
		const char *text;
		uint32_t *place;
	} texts[] = {
		{ person->name, &kept->name },       { person->id, &kept->id },
		{ person->human, &kept->human },     { person->unclear, &kept->unclear },
	};
	int r = add_dn(tree, person->dn, &kept->dn);
	for (size_t i = 0; i < CS_COUNT(texts) && r == 0; i++)
		r = intern(tree, texts[i].text, texts[i].place);
	return r;
}

int cs_tree_add_person(struct cs_tree *tree, const struct cs_tree_new_person *person)
{
	struct cs_tree_person kept = { .uid = person->uid, .locked = person->locked, .starts_s = person->starts_s,
		.ends_s = person->ends_s };
	int r = person_texts(tree, person, &kept);
	if (r == 0 && tree->terms[kept.dn].person != CS_TREE_NONE)
		r = CS_EEXIST;
	if (r == 0)
		r = cs_reserve((void **)&tree->people, &tree->cap_people, tree->n_people, 1, sizeof(kept));
	if (r == 0 && kept.human != 0)
		r = cs_hash_add(&tree->by_human, cs_hash_folded(person->human), (uint32_t)tree->n_people);
	if (r != 0)
		return r;
	tree->terms[kept.dn].person = (uint32_t)tree->n_people;
	tree->people[tree->n_people++] = kept;
	return 0;
}

int cs_tree_add_login(struct cs_tree *tree, const char *login)
{
	struct cs_tree_login kept = { .person = (uint32_t)tree->n_people - 1 };
	int r = intern(tree, login, &kept.name);
	if (r == 0)
		r = cs_reserve((void **)&tree->logins, &tree->cap_logins, tree->n_logins, 1, sizeof(kept));
	if (r == 0)
		r = cs_hash_add(&tree->by_login, cs_hash_folded(login), (uint32_t)tree->n_logins);
	if (r == 0)
		tree->logins[tree->n_logins++] = kept;
	return r;
}

int cs_tree_add_uid(struct cs_tree *tree, uint32_t uid)
{
	return cs_hash_add(&tree->by_uid, cs_hash_number(uid), (uint32_t)tree->n_people - 1);
}

uint32_t cs_tree_find_login(const struct cs_tree *tree, const char *login)
{
	uint32_t hash = cs_hash_folded(login);
	size_t at = 0;
	for (uint32_t i; (i = cs_hash_next(&tree->by_login, hash, &at)) != CS_HASH_NONE;)
		if (strcmp(cs_tree_text(tree, tree->logins[i].name), login) == 0)
			return tree->logins[i].person;
	return CS_TREE_NONE;
}

uint32_t cs_tree_find_uid(const struct cs_tree *tree, uint32_t uid)
{
	size_t at = 0;
	return cs_hash_next(&tree->by_uid, cs_hash_number(uid), &at); /* mixing is one to one: equal hash, equal uid */
}

/* --- Entries --- */

int cs_tree_add_entry(struct cs_tree *tree, const char *dn)
{
	struct cs_tree_entry entry = { .value = (uint32_t)tree->n_values };
	int r = add_dn(tree, dn, &entry.dn);
	if (r == 0 && tree->terms[entry.dn].entry != CS_TREE_NONE)
		r = CS_EEXIST;
	if (r == 0)
		r = cs_reserve((void **)&tree->entries, &tree->cap_entries, tree->n_entries, 1, sizeof(entry));
	if (r != 0)
		return r;
	tree->terms[entry.dn].entry = (uint32_t)tree->n_entries;
	tree->entries[tree->n_entries++] = entry;
	return 0;
}

uint32_t cs_tree_find_attribute(const struct cs_tree *tree, const char *name)
{
	char folded[CS_MAX_NAME + 1];
	lower(name, folded, CS_MAX_NAME);
	return find_text(tree, cs_hash_text(folded), folded);
}

int cs_tree_add_value(struct cs_tree *tree, const char *attribute, const char *value)
{
	char name[CS_MAX_NAME + 1];
	struct cs_tree_value kept = { .text = CS_TREE_NONE, .term = CS_TREE_NONE };
	lower(attribute, name, CS_MAX_NAME);
	int r = intern(tree, name, &kept.attribute);
	if (r == 0 && value != NULL)
		r = intern(tree, value, &kept.text);
	if (r == 0 && value != NULL)
		r = add_term(tree, attribute, value, &kept.term);
	if (r == 0)
		r = cs_reserve((void **)&tree->values, &tree->cap_values, tree->n_values, 1, sizeof(kept));
	if (r == 0 && tree->n_values >= UINT32_MAX - 1)
		r = CS_ETOOBIG;
	if (r == 0)
		tree->values[tree->n_values++] = kept;
	return r;
}

/* --- Finishing --- */

static int listing_order(const void *a, const void *b)
{
	const struct cs_tree_listing *x = a, *y = b;
	if (x->term != y->term)
		return x->term < y->term ? -1 : 1;
	if (x->entry != y->entry)
		return x->entry < y->entry ? -1 : 1;
	return x->attribute < y->attribute ? -1 : x->attribute > y->attribute;
}

static int collect_listings(struct cs_tree *tree)
{
	int r = 0;
	for (size_t e = 0; e < tree->n_entries && r == 0; e++) {
		size_t end = e + 1 < tree->n_entries ? tree->entries[e + 1].value : tree->n_values;
		for (size_t v = tree->entries[e].value; v < end && r == 0; v++) {
			const struct cs_tree_value *value = &tree->values[v];
			if (value->term == CS_TREE_NONE)
				continue;
			r = cs_reserve((void **)&tree->listings, &tree->cap_listings, tree->n_listings, 1,
				       sizeof(*tree->listings));
			if (r == 0)
				tree->listings[tree->n_listings++] =
					(struct cs_tree_listing){ value->term, (uint32_t)e, value->attribute };
		}
	}
	return r;
}

/* Sorted, and each once: who is listed twice by one group is listed. */
static void order_listings(struct cs_tree *tree)
{
	size_t kept = 0;
	if (tree->n_listings > 1)
		qsort(tree->listings, tree->n_listings, sizeof(*tree->listings), listing_order);
	for (size_t i = 0; i < tree->n_listings; i++) {
		const struct cs_tree_listing *listing = &tree->listings[i];
		if (kept > 0 && listing_order(listing, &tree->listings[kept - 1]) == 0)
			continue;
		if (tree->terms[listing->term].listed == CS_TREE_NONE)
			tree->terms[listing->term].listed = (uint32_t)kept;
		tree->listings[kept++] = *listing;
	}
	tree->n_listings = kept;
}

/* Texts are looked up by what they say only while the tree is filled; attributes always. */
static int keep_attributes(struct cs_tree *tree)
{
	struct cs_hash attributes = { 0 };
	int r = 0;
	for (size_t i = 0; i < tree->n_values && r == 0; i++) {
		uint32_t hash = cs_hash_text(cs_tree_text(tree, tree->values[i].attribute));
		size_t at = 0;
		uint32_t text;
		while ((text = cs_hash_next(&attributes, hash, &at)) != CS_HASH_NONE)
			if (text == tree->values[i].attribute)
				break;
		if (text == CS_HASH_NONE)
			r = cs_hash_add(&attributes, hash, tree->values[i].attribute);
	}
	cs_hash_clear(&tree->by_text);
	tree->by_text = attributes;
	return r;
}

/* Gives back the room behind the last item. */
static void *trim(void *items, size_t *cap, size_t count, size_t size)
{
	void *trimmed = count > 0 && count < *cap ? realloc(items, count * size) : NULL;
	if (trimmed == NULL)
		return items;
	*cap = count;
	return trimmed;
}

int cs_tree_finish(struct cs_tree *tree)
{
	int r = collect_listings(tree);
	if (r == 0)
		r = keep_attributes(tree);
	if (r != 0)
		return r;
	order_listings(tree);
	tree->pool = trim(tree->pool, &tree->cap_pool, tree->n_pool, 1);
	tree->people = trim(tree->people, &tree->cap_people, tree->n_people, sizeof(*tree->people));
	tree->logins = trim(tree->logins, &tree->cap_logins, tree->n_logins, sizeof(*tree->logins));
	tree->terms = trim(tree->terms, &tree->cap_terms, tree->n_terms, sizeof(*tree->terms));
	tree->entries = trim(tree->entries, &tree->cap_entries, tree->n_entries, sizeof(*tree->entries));
	tree->values = trim(tree->values, &tree->cap_values, tree->n_values, sizeof(*tree->values));
	tree->listings = trim(tree->listings, &tree->cap_listings, tree->n_listings, sizeof(*tree->listings));
	return 0;
}

int cs_tree_without(struct cs_tree *tree, const char *login)
{
	uint32_t hash = cs_hash_folded(login);
	size_t at = 0;
	int r = CS_ENOENT;
	for (uint32_t i; (i = cs_hash_next(&tree->by_login, hash, &at)) != CS_HASH_NONE;) {
		if (strcmp(cs_tree_text(tree, tree->logins[i].name), login) != 0)
			continue;
		tree->people[tree->logins[i].person].gone = true;
		r = 0;
	}
	return r;
}

const struct cs_tree_listing *cs_tree_first_listing(const struct cs_tree *tree, uint32_t term)
{
	uint32_t first = tree->terms[term].listed;
	return first < tree->n_listings ? &tree->listings[first] : NULL;
}

const struct cs_tree_listing *cs_tree_next_listing(const struct cs_tree *tree, const struct cs_tree_listing *listing)
{
	const struct cs_tree_listing *next = listing + 1;
	return next < tree->listings + tree->n_listings && next->term == listing->term ? next : NULL;
}

const struct cs_tree_value *cs_tree_values(const struct cs_tree *tree, uint32_t entry, size_t *ret_n)
{
	uint32_t first = tree->entries[entry].value;
	size_t end = entry + 1 < tree->n_entries ? tree->entries[entry + 1].value : tree->n_values;
	*ret_n = end - first;
	return tree->values + first;
}

bool cs_tree_is_gone(const struct cs_tree *tree, uint32_t term)
{
	return tree->terms[term].person != CS_TREE_NONE && tree->people[tree->terms[term].person].gone;
}

/* --- Life --- */

int cs_tree_new(struct cs_tree **ret_tree)
{
	struct cs_tree *tree = calloc(1, sizeof(*tree));
	uint32_t empty = 0;
	if (tree == NULL)
		return CS_ENOMEM;
	int r = pool_add(tree, "", &empty);
	if (r == 0)
		*ret_tree = tree;
	else
		cs_tree_free(&tree);
	return r;
}

void cs_tree_free(struct cs_tree **tree)
{
	struct cs_tree *t = *tree;
	if (t == NULL)
		return;
	free(t->pool);
	free(t->people);
	free(t->logins);
	free(t->terms);
	free(t->entries);
	free(t->values);
	free(t->listings);
	cs_hash_clear(&t->by_text);
	cs_hash_clear(&t->by_login);
	cs_hash_clear(&t->by_uid);
	cs_hash_clear(&t->by_human);
	cs_hash_clear(&t->by_term);
	free(t);
	*tree = NULL;
}
