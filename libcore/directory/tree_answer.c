/* SPDX-License-Identifier: Apache-2.0 */
/* Answers from the tree in memory, as an LDAP server with the same entries would lead to them (lookup.c). */
#include "filter_match.h"
#include "mem.h"
#include "person.h"
#include "ssh_key.h"
#include "text.h"
#include "tree_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { FOUND_MAX = 3 }; /* one more than can be told apart */

const char *dn_text(const struct cs_tree *tree, uint32_t dn)
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
	uint32_t hash = cs_tree_hash(name);
	size_t at = 0;
	for (uint32_t i; (i = cs_hash_next(&tree->by_login, hash, &at)) != CS_HASH_NONE;) {
		const char *login = cs_tree_text(tree, tree->logins[i].name);
		if (!cs_tree_is_same(login, name))
			continue;
		struct found *found = search_add(tree, search, tree->logins[i].person);
		if (found != NULL && strcmp(login, name) == 0)
			found->match.by_name = true;
	}
}

static int keys_copy(const char *joined, struct cs_person *copy)
{
	char key[CS_SSH_FINGERPRINT_LEN + 1];
	int r = 0;
	while (*joined != '\0' && r == 0) {
		size_t n = strcspn(joined, " ");
		(void)snprintf(key, sizeof(key), "%.*s", (int)n, joined);
		r = cs_strv_add(&copy->keys, &copy->n_keys, key);
		joined += n + (joined[n] == ' ');
	}
	return r;
}

static int person_copy(const struct cs_tree *tree, const struct cs_tree_person *person, const char *name,
	struct cs_person *copy)
{
	copy->uid = person->uid;
	const struct cs_account account = { .locked = person->locked || person->held, .starts_s = person->starts_s,
		.ends_s = person->ends_s };
	copy->locked = cs_account_is_closed(&account, (uint64_t)time(NULL)) == 1;
	int r = cs_set(&copy->name, name != NULL ? name : cs_tree_text(tree, person->name));
	if (r == 0)
		r = cs_set(&copy->id, cs_tree_text(tree, person->id));
	if (r == 0)
		r = cs_set(&copy->human, cs_tree_text(tree, person->human));
	if (r == 0)
		r = keys_copy(cs_tree_text(tree, person->keys), copy);
	if (r == 0)
		r = cs_set(&copy->dn, dn_text(tree, person->dn));
	return r;
}

static void person_answer(const struct cs_tree *tree, const struct cs_schema *schema, const struct found *found,
	const struct cs_subject *asked, struct subject *subject)
{
	const struct cs_tree_person *person = &tree->people[found->person];
	const char *unclear = cs_tree_text(tree, person->unclear);
	struct cs_facts *facts = subject->facts;
	if (*unclear != '\0') {
		cs_facts_doubt_of(facts, dn_text(tree, person->dn), unclear);
		return;
	}
	subject->person = found->person;
	subject->dn = person->dn;
	int r = person_copy(tree, person, found->match.by_name ? asked->name : NULL, &facts->person);
	if (r == 0 && person->bad_key)
		r = cs_person_tell_bad_key(schema, dn_text(tree, person->dn), &facts->left_out);
	if (r != 0)
		cs_facts_doubt(facts, cs_strerror(r));
	else if (!cs_person_fits(&facts->person, asked))
		cs_facts_no(facts);
	else
		facts->known = CS_KNOWN_YES;
}

/* Groups may list him by his canonical login, whatever he was asked for by. */
static bool has_twin(const struct cs_tree *tree, uint32_t person, const struct cs_subject *asked)
{
	const char *login = cs_tree_text(tree, tree->people[person].name);
	struct search search = { 0 };
	if (cs_is_login(login) != 1 || (asked->name != NULL && strcmp(asked->name, login) == 0))
		return false;
	search_by_name(tree, login, &search);
	return search.n > 1;
}

static void subject_answer(const struct cs_tree *tree, const struct cs_schema *schema, const struct cs_subject *asked,
	struct subject *subject)
{
	struct search search = { 0 };
	if (!cs_subject_is_nobody(asked)) {
		if (asked->uid != CS_NO_UID)
			search_by_uid(tree, asked->uid, &search);
		if (asked->name != NULL && *asked->name != '\0')
			search_by_name(tree, asked->name, &search);
	}
	if (search.n == 1)
		person_answer(tree, schema, &search.found[0], asked, subject);
	else if (search.n > 2 || (search.n == 2 && cs_matches_clash(&search.found[0].match, &search.found[1].match)))
		cs_facts_doubt_of(subject->facts, "who it is", CS_DOUBT_TWINS);
	else
		cs_facts_no(subject->facts);
	if (subject->facts->known == CS_KNOWN_YES && has_twin(tree, search.found[0].person, asked))
		cs_facts_doubt_of(subject->facts, "who it is", CS_DOUBT_TWINS);
}

/* DNs of the other entries of the same human; none where there are too many to tell. */
static int aliases_answer(const struct cs_tree *tree, uint32_t self, struct cs_facts *facts)
{
	const char *human = facts->person.human;
	uint32_t hash = cs_tree_hash(human);
	size_t at = 0;
	int r = 0;
	for (uint32_t i; r == 0 && *human != '\0' && (i = cs_hash_next(&tree->by_human, hash, &at)) != CS_HASH_NONE;) {
		const struct cs_tree_person *other = &tree->people[i];
		if (other->dn == self || other->gone || !cs_tree_is_same(cs_tree_text(tree, other->human), human))
			continue;
		if (facts->n_aliases >= CS_MAX_ALIASES) {
			cs_free_strv(&facts->aliases, &facts->n_aliases);
			return 0;
		}
		r = cs_strv_add(&facts->aliases, &facts->n_aliases, dn_text(tree, other->dn));
	}
	return r;
}

/* --- All of it --- */

bool entry_is_meant(const struct cs_tree *tree, uint32_t entry, enum cs_where where, uint32_t dn, const char *key)
{
	uint32_t own = tree->entries[entry].dn;
	if (cs_tree_is_gone(tree, own))
		return false;
	return own == dn ||
	       (where == CS_GROUPS_BELOW && cs_dn_key_below(cs_tree_text(tree, tree->terms[own].key), key));
}

static uint32_t find_part(const struct cs_tree *tree, const char *attribute)
{
	return attribute != NULL && *attribute != '\0' ? cs_tree_find_attribute(tree, attribute) : CS_TREE_NONE;
}

static int base_key(const char *base, char ret_key[CS_MAX_DN + 1])
{
	*ret_key = '\0';
	return base == NULL || *base == '\0' ? 0 : cs_dn_key(base, ret_key);
}

/* A form without a schema (fixed.c) has no groups in groups. */
static int asked_make(const struct cs_tree *tree, const struct cs_settings *settings, struct asked *asked)
{
	const struct cs_schema *schema = &settings->schema;
	asked->tree = tree;
	asked->schema = schema;
	asked->nesting = schema->nesting;
	asked->member = find_part(tree, schema->member_attribute);
	asked->member_of = find_part(tree, schema->member_of);
	int r = base_key(settings->people_base, asked->people_base);
	return r != 0 ? r : base_key(settings->groups_base, asked->groups_base);
}

static void subject_end(const struct cs_tree *tree, struct subject *subject)
{
	int r = subject->facts->known == CS_KNOWN_YES ? aliases_answer(tree, subject->dn, subject->facts) : 0;
	if (r != 0)
		cs_facts_doubt(subject->facts, cs_strerror(r));
}

int cs_tree_answer(const struct cs_tree *tree, const struct cs_settings *settings, const struct cs_question *question,
	struct cs_answer *answer)
{
	struct asked asked;
	struct subject *subjects = calloc(question->n_subjects + 1, sizeof(*subjects));
	int r = subjects == NULL ? CS_ENOMEM : asked_make(tree, settings, &asked);
	if (r != 0)
		goto out;
	for (size_t i = 0; i < question->n_subjects; i++) {
		subjects[i].facts = &answer->facts[i];
		subject_answer(tree, &settings->schema, &question->subjects[i], &subjects[i]);
	}
	queries_answer(&asked, question, subjects);
	for (size_t i = 0; i < question->n_subjects; i++) {
		if (question->n_listings > 0)
			subject_end(tree, &subjects[i]);
		cs_facts_sort(&answer->facts[i]);
		free(subjects[i].nested);
		free(subjects[i].told);
	}
	listings_answer(&asked, question, answer);
out:
	free(subjects);
	return r;
}

bool cs_tree_can_answer(const struct cs_settings *settings, const struct cs_question *question)
{
	const struct cs_schema *schema = &settings->schema;
	if (schema->nesting > 0 && (schema->in_chain || !cs_filter_is_plain(schema->group_filter)))
		return false;
	for (size_t i = 0; i < question->n_queries; i++)
		if (cs_schema_lists(question->queries[i].listed) == CS_LISTS_URL)
			return false;
	for (size_t i = 0; i < question->n_listings; i++)
		if (cs_schema_lists(question->listings[i].listed) == CS_LISTS_URL)
			return false;
	return true;
}
