/* SPDX-License-Identifier: Apache-2.0 */
/* People and groups in memory, compact and indexed, and the answers from them. A reader (fixed.c, ldif_read.c) fills a
 * tree once; the replica goes on adding and removing afterwards. Nothing is ever moved or given back: what was removed
 * stays behind as waste, until whoever fills the tree begins a new one. */
#ifndef CS_DIRECTORY_TREE_H
#define CS_DIRECTORY_TREE_H

#include "directory.h"
#include "hash.h"
#include "settings.h"

#define CS_TREE_NONE CS_HASH_NONE

/* Texts are places in one pool; 0 is "". */
struct cs_tree_person {
	uint32_t name; /* the first login that could be one */
	uint32_t id;
	uint32_t dn;   /* a term */
	uint32_t human;
	uint32_t keys; /* with a blank between */
	uint32_t unclear; /* what keeps it from being an answer */
	uint32_t uid;
	uint64_t starts_s, ends_s; /* when the account is open (struct cs_account) */
	bool locked;
	bool held; /* locked by something else than his own entry */
	bool gone; /* taken out, or removed */
	bool bad_key;
};

/* What entries are found by: a DN that is a person's, a group's or only listed somewhere, or another value. */
struct cs_tree_term {
	uint32_t text, key; /* as it was spelled first, and as it is compared: cs_dn_key of it, or in lower case */
	uint32_t person, entry;
	uint32_t listed; /* the newest of its mentions */
	uint32_t children : 31; /* how many people and entries are right below it; only told of a tree that counts them */
	uint32_t is_dn : 1;
};

struct cs_tree_entry {
	uint32_t dn;    /* a term */
	uint32_t value; /* its first; the next entry's ends it */
};

struct cs_tree_value {
	uint32_t attribute; /* text: the name in lower case */
	uint32_t text;      /* CS_TREE_NONE: too long, or holds a NUL */
	uint32_t term;      /* CS_TREE_NONE as well */
};

/* This entry has a term as a value of this attribute. Each once. */
struct cs_tree_mention {
	uint32_t next; /* an older one of the same term */
	uint32_t entry, attribute;
};

struct cs_tree_login {
	uint32_t name, person;
};

/* What is replaced and removed by a name that never changes. Who tells of an entry may be one of several: each has names
 * of its own. */
enum { CS_TREE_UUID = 16 };
enum cs_tree_kind { CS_TREE_PERSON = 0, CS_TREE_ENTRY = 1, CS_TREE_OTHER = 2 /* entries without values */ };

struct cs_tree_object {
	uint8_t uuid[CS_TREE_UUID];
	uint32_t at; /* which person, or which entry */
	uint8_t kind;
	bool gone;
};

struct cs_tree {
	bool counts;   /* children */
	bool finished;
	size_t n_waste; /* people, entries and values that were removed */
	char *pool;
	size_t n_pool, cap_pool;
	struct cs_tree_person *people;
	size_t n_people, cap_people;
	struct cs_tree_login *logins; /* every spelling of everybody */
	size_t n_logins, cap_logins;
	struct cs_tree_term *terms;
	size_t n_terms, cap_terms;
	struct cs_tree_entry *entries;
	size_t n_entries, cap_entries;
	struct cs_tree_value *values;
	size_t n_values, cap_values;
	struct cs_tree_mention *mentions;
	size_t n_mentions, cap_mentions;
	struct cs_hash by_text; /* places in the pool; after cs_tree_finish attribute names alone */
	struct cs_hash by_login, by_uid, by_human, by_term;
	struct cs_tree_object *objects;
	size_t n_objects, cap_objects;
	struct cs_hash by_uuid; /* places among the objects */
};

/* --- Filling (tree.c) -------------------------------------------------------------------------------------------- */

/* All of them: 0, CS_ETOOBIG (over 4 GiB), CS_ENOMEM; after a failure only cs_tree_free. */
int cs_tree_new(struct cs_tree **ret_tree);
void cs_tree_free(struct cs_tree **tree);

/* Everything is copied. NULL counts as "". */
struct cs_tree_new_person {
	const char *dn; /* valid */
	const char *name, *id, *human, *unclear;
	uint32_t uid; /* CS_NO_UID: unclear */
	uint64_t starts_s, ends_s;
	bool locked;
	char *const *keys; /* as cs_person_entry */
	size_t n_keys;
	bool bad_key;
};
/* Also CS_EEXIST: another person has the DN. */
int cs_tree_add_person(struct cs_tree *tree, const struct cs_tree_new_person *person);
/* A login or a number by which the newest person is found. */
int cs_tree_add_login(struct cs_tree *tree, const char *login);
int cs_tree_add_uid(struct cs_tree *tree, uint32_t uid);

/* Begins an entry: what has values that are asked for. A person's entry is one too where it lists somebody or says by
 * member_of who lists him. Also CS_EEXIST: another entry has the DN. */
int cs_tree_add_entry(struct cs_tree *tree, const char *dn);
/* One more value of the newest entry; NULL is one that cannot be used. */
int cs_tree_add_value(struct cs_tree *tree, const char *attribute, const char *value);

/* Ends the filling: gives back what only filling needs. What is added afterwards works as before and takes more room. */
int cs_tree_finish(struct cs_tree *tree);

/* Names the newest person or entry. 0, CS_EEXIST (somebody has the name), CS_ETOOBIG, CS_ENOMEM. */
int cs_tree_name(struct cs_tree *tree, enum cs_tree_kind kind, const uint8_t uuid[CS_TREE_UUID]);
/* What has this name; NULL. Until the next is named. */
const struct cs_tree_object *cs_tree_find_uuid(const struct cs_tree *tree, enum cs_tree_kind kind,
	const uint8_t uuid[CS_TREE_UUID]);
/* Removes what has this name. What lists its DN goes on doing so. 1; 0 where there is none. */
int cs_tree_remove(struct cs_tree *tree, enum cs_tree_kind kind, const uint8_t uuid[CS_TREE_UUID]);
/* Locks a person whatever his entry says, or does so no longer. Nothing where there is no such person. */
void cs_tree_hold(struct cs_tree *tree, const uint8_t uuid[CS_TREE_UUID], bool held);
/* The DN of an object: a term. */
uint32_t cs_tree_object_dn(const struct cs_tree *tree, const struct cs_tree_object *object);
/* From now on it is counted how many are right below each DN. Before anything is added. */
void cs_tree_count_children(struct cs_tree *tree);
/* Bytes of memory, and whether more than half of what is there is waste. */
size_t cs_tree_bytes(const struct cs_tree *tree);
bool cs_tree_is_waste(const struct cs_tree *tree);

/* Takes whoever has this login out: as a person and from every list. 0, CS_ENOENT. */
int cs_tree_without(struct cs_tree *tree, const char *login);

/* --- Looking (tree.c) -------------------------------------------------------------------------------------------- */

const char *cs_tree_text(const struct cs_tree *tree, uint32_t text);
/* How logins and humans are found, as a server finds values whose case and blanks do not matter (RFC 4518). */
uint32_t cs_tree_hash(const char *value);
bool cs_tree_is_same(const char *a, const char *b);
/* The term with this key; with this value of that attribute, whatever its case but for logins (memberUid); the person
 * with this login or number. CS_TREE_NONE where there is none. */
uint32_t cs_tree_find_key(const struct cs_tree *tree, const char *key);
uint32_t cs_tree_find_value(const struct cs_tree *tree, const char *attribute, const char *value);
uint32_t cs_tree_find_login(const struct cs_tree *tree, const char *login);
uint32_t cs_tree_find_uid(const struct cs_tree *tree, uint32_t uid);
/* The term of a DN that is a person's or an entry's; CS_TREE_NONE where there is neither. */
uint32_t cs_tree_find_taken(const struct cs_tree *tree, const char *dn);
/* The place of an attribute's name, whatever its case. */
uint32_t cs_tree_find_attribute(const struct cs_tree *tree, const char *name);
/* The mentions of a term, one after the other: which entries that are there have it as a value, of which attribute. */
const struct cs_tree_mention *cs_tree_first_listing(const struct cs_tree *tree, uint32_t term);
const struct cs_tree_mention *cs_tree_next_listing(const struct cs_tree *tree, const struct cs_tree_mention *mention);
/* The values of an entry; *ret_n of them, 0 where it was removed. */
const struct cs_tree_value *cs_tree_values(const struct cs_tree *tree, uint32_t entry, size_t *ret_n);
/* The term is the DN of somebody who was taken out. */
bool cs_tree_is_gone(const struct cs_tree *tree, uint32_t term);

/* --- Answering (tree_answer.c) ----------------------------------------------------------------------------------- */

/* Answers a question that was checked, into a blank answer without a cause of doubt yet. Of the settings it takes the
 * schema and groups_base ("": groups are everywhere). 0, CS_ENOMEM. */
int cs_tree_answer(const struct cs_tree *tree, const struct cs_settings *settings, const struct cs_question *question,
	struct cs_answer *answer);

/* False where only a server can tell: groups that list people by searches (memberURL), groups in groups that the server
 * chains, or whose filter it has to evaluate. Answered all the same, such a question is doubt. */
bool cs_tree_can_answer(const struct cs_settings *settings, const struct cs_question *question);

#endif
