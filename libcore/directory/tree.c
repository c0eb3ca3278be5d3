/* SPDX-License-Identifier: Apache-2.0 */
/* Filling the tree in memory, and finding things in it. */
#include "tree.h"
#include "mem.h"
#include "ssh_key.h"
#include "schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- Texts --- */

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

uint32_t cs_tree_hash(const char *value)
{
	char text[CS_MAX_DN + 1];
	squeeze(value, text, CS_MAX_DN);
	return cs_hash_folded(text);
}

bool cs_tree_is_same(const char *a, const char *b)
{
	char text_a[CS_MAX_DN + 1], text_b[CS_MAX_DN + 1];
	squeeze(a, text_a, CS_MAX_DN);
	squeeze(b, text_b, CS_MAX_DN);
	return strcasecmp(text_a, text_b) == 0;
}

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

static int intern_as(struct cs_tree *tree, const char *s, bool remember, uint32_t *ret_text)
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
		if (r == 0 && remember)
			r = cs_hash_add(&tree->by_text, hash, text);
	}
	if (r == 0)
		*ret_text = text;
	return r;
}

/* A text that is kept once while the tree is filled, however often it is added. */
static int intern(struct cs_tree *tree, const char *s, uint32_t *ret_text)
{
	return intern_as(tree, s, !tree->finished, ret_text);
}

/* --- Terms --- */

static void lower(const char *s, char *ret_folded, size_t max)
{
	size_t n = 0;
	for (; s[n] != '\0' && n < max; n++)
		ret_folded[n] = s[n] >= 'A' && s[n] <= 'Z' ? (char)(s[n] - 'A' + 'a') : s[n];
	ret_folded[n] = '\0';
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

/* What is counted right below the DN above this one. CS_TREE_NONE for the last. */
static int parent_of(struct cs_tree *tree, uint32_t dn, uint32_t *ret_parent)
{
	char key[CS_MAX_DN + 1];
	const char *own = cs_tree_text(tree, tree->terms[dn].key);
	while (*own != '\0' && *own != ',')
		own += *own == '\\' && own[1] != '\0' ? 2 : 1;
	*ret_parent = CS_TREE_NONE;
	if (*own == '\0')
		return 0;
	(void)snprintf(key, sizeof(key), "%s", own + 1); /* the pool may move */
	return add_term(tree, "dn", key, ret_parent);
}

static int count_child(struct cs_tree *tree, uint32_t dn)
{
	uint32_t parent = CS_TREE_NONE;
	int r = tree->counts ? parent_of(tree, dn, &parent) : 0;
	if (r == 0 && parent != CS_TREE_NONE)
		tree->terms[parent].children++;
	return r;
}

static void uncount_child(struct cs_tree *tree, uint32_t dn)
{
	uint32_t parent = CS_TREE_NONE;
	if (tree->counts && parent_of(tree, dn, &parent) == 0 && parent != CS_TREE_NONE)
		tree->terms[parent].children--;
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

static int person_keys(struct cs_tree *tree, const struct cs_tree_new_person *person, uint32_t *ret_keys)
{
	struct cs_buf joined;
	*ret_keys = 0;
	if (person->n_keys == 0)
		return 0;
	cs_buf_init(&joined, CS_MAX_KEYS * (CS_SSH_FINGERPRINT_LEN + 1));
	for (size_t i = 0; i < person->n_keys; i++) {
		cs_buf_put(&joined, person->keys[i], strlen(person->keys[i]));
		cs_buf_put_u8(&joined, i + 1 < person->n_keys ? ' ' : '\0');
	}
	int r = cs_buf_error(&joined);
	if (r == 0)
		r = intern(tree, (const char *)joined.data, ret_keys);
	cs_buf_clear(&joined);
	return r;
}

int cs_tree_add_person(struct cs_tree *tree, const struct cs_tree_new_person *person)
{
	struct cs_tree_person kept = { .uid = person->uid, .locked = person->locked, .starts_s = person->starts_s,
		.ends_s = person->ends_s, .bad_key = person->bad_key };
	int r = person_texts(tree, person, &kept);
	if (r == 0)
		r = person_keys(tree, person, &kept.keys);
	if (r == 0 && tree->terms[kept.dn].person != CS_TREE_NONE)
		r = CS_EEXIST;
	if (r == 0)
		r = cs_reserve((void **)&tree->people, &tree->cap_people, tree->n_people, 1, sizeof(kept));
	if (r == 0 && kept.human != 0)
		r = cs_hash_add(&tree->by_human, cs_tree_hash(person->human), (uint32_t)tree->n_people);
	if (r != 0)
		return r;
	tree->terms[kept.dn].person = (uint32_t)tree->n_people;
	tree->people[tree->n_people++] = kept;
	return count_child(tree, kept.dn);
}

int cs_tree_add_login(struct cs_tree *tree, const char *login)
{
	struct cs_tree_login kept = { .person = (uint32_t)tree->n_people - 1 };
	int r = intern(tree, login, &kept.name);
	if (r == 0)
		r = cs_reserve((void **)&tree->logins, &tree->cap_logins, tree->n_logins, 1, sizeof(kept));
	if (r == 0)
		r = cs_hash_add(&tree->by_login, cs_tree_hash(login), (uint32_t)tree->n_logins);
	if (r == 0)
		tree->logins[tree->n_logins++] = kept;
	return r;
}

int cs_tree_add_uid(struct cs_tree *tree, uint32_t uid)
{
	return cs_hash_add(&tree->by_uid, cs_hash_number(uid), (uint32_t)tree->n_people - 1);
}

/* Not there any more, as opposed to somebody who was taken out and whose DN is still known as his. */
static bool is_removed(const struct cs_tree *tree, uint32_t person)
{
	return tree->terms[tree->people[person].dn].person != person;
}

uint32_t cs_tree_find_login(const struct cs_tree *tree, const char *login)
{
	uint32_t hash = cs_tree_hash(login);
	size_t at = 0;
	for (uint32_t i; (i = cs_hash_next(&tree->by_login, hash, &at)) != CS_HASH_NONE;)
		if (strcmp(cs_tree_text(tree, tree->logins[i].name), login) == 0 &&
		    !is_removed(tree, tree->logins[i].person))
			return tree->logins[i].person;
	return CS_TREE_NONE;
}

uint32_t cs_tree_find_uid(const struct cs_tree *tree, uint32_t uid)
{
	uint32_t hash = cs_hash_number(uid); /* mixing is one to one: equal hash, equal uid */
	size_t at = 0;
	uint32_t person = CS_TREE_NONE;
	while ((person = cs_hash_next(&tree->by_uid, hash, &at)) != CS_HASH_NONE && is_removed(tree, person))
		;
	return person;
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
	return count_child(tree, entry.dn);
}

uint32_t cs_tree_find_attribute(const struct cs_tree *tree, const char *name)
{
	char folded[CS_MAX_NAME + 1];
	lower(name, folded, CS_MAX_NAME);
	return find_text(tree, cs_hash_text(folded), folded);
}

/* Who is listed twice by one attribute of an entry is listed: an entry's values come in a row, so that its other mentions
 * of a term are the newest. */
static bool is_listed(const struct cs_tree *tree, uint32_t term, const struct cs_tree_mention *mention)
{
	uint32_t at = tree->terms[term].listed;
	for (; at != CS_TREE_NONE && tree->mentions[at].entry == mention->entry; at = tree->mentions[at].next)
		if (tree->mentions[at].attribute == mention->attribute)
			return true;
	return false;
}

static int add_mention(struct cs_tree *tree, uint32_t term, uint32_t attribute)
{
	struct cs_tree_mention mention = { .next = tree->terms[term].listed,
		.entry = (uint32_t)tree->n_entries - 1, .attribute = attribute };
	if (is_listed(tree, term, &mention))
		return 0;
	int r = tree->n_mentions < CS_TREE_NONE ? 0 : CS_ETOOBIG;
	if (r == 0)
		r = cs_reserve((void **)&tree->mentions, &tree->cap_mentions, tree->n_mentions, 1, sizeof(mention));
	if (r != 0)
		return r;
	tree->terms[term].listed = (uint32_t)tree->n_mentions;
	tree->mentions[tree->n_mentions++] = mention;
	return 0;
}

int cs_tree_add_value(struct cs_tree *tree, const char *attribute, const char *value)
{
	char name[CS_MAX_NAME + 1];
	struct cs_tree_value kept = { .text = CS_TREE_NONE, .term = CS_TREE_NONE };
	lower(attribute, name, CS_MAX_NAME);
	int r = intern_as(tree, name, true, &kept.attribute);
	if (r == 0 && value != NULL)
		r = add_term(tree, attribute, value, &kept.term);
	if (r == 0 && value != NULL && strcmp(cs_tree_text(tree, tree->terms[kept.term].text), value) == 0)
		kept.text = tree->terms[kept.term].text; /* once, even where texts are not looked up any more */
	else if (r == 0 && value != NULL)
		r = intern(tree, value, &kept.text);
	if (r == 0)
		r = cs_reserve((void **)&tree->values, &tree->cap_values, tree->n_values, 1, sizeof(kept));
	if (r == 0 && tree->n_values >= UINT32_MAX - 1)
		r = CS_ETOOBIG;
	if (r == 0 && kept.term != CS_TREE_NONE)
		r = add_mention(tree, kept.term, kept.attribute);
	if (r == 0)
		tree->values[tree->n_values++] = kept;
	return r;
}

/* --- Finishing --- */

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
	int r = keep_attributes(tree);
	if (r != 0)
		return r;
	tree->finished = true;
	tree->pool = trim(tree->pool, &tree->cap_pool, tree->n_pool, 1);
	tree->people = trim(tree->people, &tree->cap_people, tree->n_people, sizeof(*tree->people));
	tree->logins = trim(tree->logins, &tree->cap_logins, tree->n_logins, sizeof(*tree->logins));
	tree->terms = trim(tree->terms, &tree->cap_terms, tree->n_terms, sizeof(*tree->terms));
	tree->entries = trim(tree->entries, &tree->cap_entries, tree->n_entries, sizeof(*tree->entries));
	tree->values = trim(tree->values, &tree->cap_values, tree->n_values, sizeof(*tree->values));
	tree->mentions = trim(tree->mentions, &tree->cap_mentions, tree->n_mentions, sizeof(*tree->mentions));
	tree->objects = trim(tree->objects, &tree->cap_objects, tree->n_objects, sizeof(*tree->objects));
	return 0;
}

int cs_tree_without(struct cs_tree *tree, const char *login)
{
	uint32_t hash = cs_tree_hash(login);
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

static bool is_there(const struct cs_tree *tree, uint32_t entry)
{
	return tree->terms[tree->entries[entry].dn].entry == entry;
}

static const struct cs_tree_mention *listing_from(const struct cs_tree *tree, uint32_t at)
{
	while (at != CS_TREE_NONE && !is_there(tree, tree->mentions[at].entry))
		at = tree->mentions[at].next;
	return at != CS_TREE_NONE ? &tree->mentions[at] : NULL;
}

const struct cs_tree_mention *cs_tree_first_listing(const struct cs_tree *tree, uint32_t term)
{
	return listing_from(tree, tree->terms[term].listed);
}

const struct cs_tree_mention *cs_tree_next_listing(const struct cs_tree *tree, const struct cs_tree_mention *mention)
{
	return listing_from(tree, mention->next);
}

static size_t count_values(const struct cs_tree *tree, uint32_t entry)
{
	size_t end = entry + 1 < tree->n_entries ? tree->entries[entry + 1].value : tree->n_values;
	return end - tree->entries[entry].value;
}

const struct cs_tree_value *cs_tree_values(const struct cs_tree *tree, uint32_t entry, size_t *ret_n)
{
	*ret_n = is_there(tree, entry) ? count_values(tree, entry) : 0;
	return tree->values + tree->entries[entry].value;
}

bool cs_tree_is_gone(const struct cs_tree *tree, uint32_t term)
{
	return tree->terms[term].person != CS_TREE_NONE && tree->people[tree->terms[term].person].gone;
}

/* --- Replacing and removing --- */

static uint32_t hash_uuid(const uint8_t uuid[CS_TREE_UUID], enum cs_tree_kind kind)
{
	uint32_t words[CS_TREE_UUID / sizeof(uint32_t)];
	uint32_t hash = (uint32_t)kind;
	memcpy(words, uuid, sizeof(words));
	for (size_t i = 0; i < CS_COUNT(words); i++)
		hash = cs_hash_number(hash ^ words[i]);
	return hash;
}

static uint32_t find_object(const struct cs_tree *tree, enum cs_tree_kind kind, const uint8_t uuid[CS_TREE_UUID])
{
	uint32_t hash = hash_uuid(uuid, kind);
	size_t at = 0;
	for (uint32_t i; (i = cs_hash_next(&tree->by_uuid, hash, &at)) != CS_HASH_NONE;) {
		const struct cs_tree_object *object = &tree->objects[i];
		if (!object->gone && object->kind == kind && memcmp(object->uuid, uuid, CS_TREE_UUID) == 0)
			return i;
	}
	return CS_TREE_NONE;
}

const struct cs_tree_object *cs_tree_find_uuid(const struct cs_tree *tree, enum cs_tree_kind kind,
	const uint8_t uuid[CS_TREE_UUID])
{
	uint32_t found = find_object(tree, kind, uuid);
	return found != CS_TREE_NONE ? &tree->objects[found] : NULL;
}

uint32_t cs_tree_object_dn(const struct cs_tree *tree, const struct cs_tree_object *object)
{
	return object->kind == CS_TREE_PERSON ? tree->people[object->at].dn : tree->entries[object->at].dn;
}

int cs_tree_name(struct cs_tree *tree, enum cs_tree_kind kind, const uint8_t uuid[CS_TREE_UUID])
{
	size_t n = kind == CS_TREE_PERSON ? tree->n_people : tree->n_entries;
	struct cs_tree_object object = { .at = (uint32_t)n - 1, .kind = (uint8_t)kind };
	if (find_object(tree, kind, uuid) != CS_TREE_NONE)
		return CS_EEXIST;
	memcpy(object.uuid, uuid, CS_TREE_UUID);
	int r = cs_reserve((void **)&tree->objects, &tree->cap_objects, tree->n_objects, 1, sizeof(object));
	if (r == 0)
		r = cs_hash_add(&tree->by_uuid, hash_uuid(uuid, kind), (uint32_t)tree->n_objects);
	if (r == 0)
		tree->objects[tree->n_objects++] = object;
	return r;
}

int cs_tree_remove(struct cs_tree *tree, enum cs_tree_kind kind, const uint8_t uuid[CS_TREE_UUID])
{
	uint32_t found = find_object(tree, kind, uuid);
	if (found == CS_TREE_NONE)
		return 0;
	struct cs_tree_object *object = &tree->objects[found];
	uint32_t dn = cs_tree_object_dn(tree, object);
	object->gone = true;
	tree->n_waste++;
	if (kind == CS_TREE_PERSON) {
		tree->people[object->at].gone = true;
		tree->terms[dn].person = CS_TREE_NONE;
	} else {
		tree->n_waste += count_values(tree, object->at);
		tree->terms[dn].entry = CS_TREE_NONE;
	}
	uncount_child(tree, dn);
	return 1;
}

void cs_tree_hold(struct cs_tree *tree, const uint8_t uuid[CS_TREE_UUID], bool held)
{
	uint32_t found = find_object(tree, CS_TREE_PERSON, uuid);
	if (found != CS_TREE_NONE)
		tree->people[tree->objects[found].at].held = held;
}

void cs_tree_count_children(struct cs_tree *tree)
{
	tree->counts = true;
}

bool cs_tree_is_waste(const struct cs_tree *tree)
{
	return tree->n_waste > (tree->n_people + tree->n_entries + tree->n_values) / 2;
}

size_t cs_tree_bytes(const struct cs_tree *tree)
{
	const struct cs_hash *hashes[] = { &tree->by_text, &tree->by_login, &tree->by_uid, &tree->by_human,
		&tree->by_term, &tree->by_uuid };
	size_t bytes = tree->cap_pool + tree->cap_people * sizeof(*tree->people) +
		       tree->cap_logins * sizeof(*tree->logins) + tree->cap_terms * sizeof(*tree->terms) +
		       tree->cap_entries * sizeof(*tree->entries) + tree->cap_values * sizeof(*tree->values) +
		       tree->cap_mentions * sizeof(*tree->mentions) + tree->cap_objects * sizeof(*tree->objects);
	for (size_t i = 0; i < CS_COUNT(hashes); i++)
		bytes += hashes[i]->n_slots * sizeof(*hashes[i]->slots);
	return bytes;
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
	free(t->mentions);
	free(t->objects);
	cs_hash_clear(&t->by_text);
	cs_hash_clear(&t->by_login);
	cs_hash_clear(&t->by_uid);
	cs_hash_clear(&t->by_human);
	cs_hash_clear(&t->by_term);
	cs_hash_clear(&t->by_uuid);
	free(t);
	*tree = NULL;
}
