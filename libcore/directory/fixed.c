/* SPDX-License-Identifier: Apache-2.0 */
/* The directory in a file: the same questions, answered at once. */
#include "answer.h"
#include "clock.h"
#include "filter.h"
#include "fixed.h"
#include "mem.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { FILE_MAX = 4 * 1024 * 1024, STATE_TEXT = 1024 };

static const struct cs_conf_option person_options[] = {
	{ "uid", CS_CONF_STR, true, NULL },
	{ "id", CS_CONF_STR, false, NULL },
	{ "dn", CS_CONF_STR, false, NULL },
	{ "human", CS_CONF_STR, false, NULL },
	{ "locked", CS_CONF_BOOL, false, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};

static const struct cs_conf_option attribute_options[] = {
	{ "value", CS_CONF_STR, true, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};

static const struct cs_conf_option listed_options[] = {
	{ "people", CS_CONF_LIST, true, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};

static const struct cs_conf_option group_options[] = {
	{ "dn", CS_CONF_STR, true, NULL },
	{ "attribute", CS_CONF_TITLED, false, attribute_options },
	{ "listed", CS_CONF_TITLED, false, listed_options },
	{ NULL, CS_CONF_STR, false, NULL },
};

static const struct cs_conf_option file_options[] = {
	{ "person", CS_CONF_TITLED, false, person_options },
	{ "group", CS_CONF_TITLED, false, group_options },
	{ NULL, CS_CONF_STR, false, NULL },
};

/* What was read: the groups stay in the tree. */
struct tree {
	struct cs_conf *conf;
	struct cs_person *people;
	size_t n_people, cap_people;
};

/* By which a changed file is noticed. */
struct stamp {
	struct timespec changed;
	ino_t inode;
	off_t size;
};

struct fixed {
	char *path;
	uid_t owner;
	bool from_text;
	struct tree tree;
	struct stamp stamp;
	char *broken; /* why the file cannot be used now; NULL while it can */
	char *text;   /* STATE_TEXT bytes */
};

/* --- Reading --- */

static void tree_clear(struct tree *tree)
{
	for (size_t i = 0; i < tree->n_people; i++)
		cs_clear(&cs_person_shape, &tree->people[i]);
	free(tree->people);
	cs_conf_free(&tree->conf);
	*tree = (struct tree){ 0 };
}

static const struct cs_person *person_named(const struct tree *tree, const char *name)
{
	for (size_t i = 0; i < tree->n_people; i++)
		if (strcmp(tree->people[i].name, name) == 0)
			return &tree->people[i];
	return NULL;
}

static int person_refuse(const char *file, const struct cs_conf_section *section, const char *key, const char *text,
	struct cs_problem *problem)
{
	const char *at = cs_conf_given(section, key) ? key : NULL;
	cs_problem_set(problem, file, cs_conf_line(section, at), "person %s, %s: %s", cs_conf_title(section), key,
		       text);
	return CS_ECONF;
}

static int person_fill(const struct cs_conf_section *section, struct cs_person *person)
{
	const char *name = cs_conf_title(section);
	char *dn = NULL;
	if (cs_format(&dn, "uid=%s", name) != 0)
		return CS_ENOMEM;
	int r = cs_set(&person->name, name);
	if (r == 0)
		r = cs_set(&person->id, cs_conf_str(section, "id", name));
	if (r == 0)
		r = cs_set(&person->dn, cs_conf_str(section, "dn", dn));
	if (r == 0)
		r = cs_set(&person->human, cs_conf_str(section, "human", ""));
	person->locked = cs_conf_bool(section, "locked", false);
	free(dn);
	return r;
}

static int person_check(const struct tree *tree, const char *file, const struct cs_conf_section *section,
	const struct cs_person *person, struct cs_problem *problem)
{
	if (*person->id == '\0' || strlen(person->id) > CS_MAX_NAME)
		return person_refuse(file, section, "id", "is empty or too long", problem);
	if (strlen(person->human) > CS_MAX_NAME)
		return person_refuse(file, section, "human", "is too long", problem);
	if (!cs_dn_is_valid(person->dn))
		return person_refuse(file, section, "dn", "is no DN such as uid=alice,ou=people,dc=example,dc=org",
				     problem);
	for (size_t i = 0; i < tree->n_people; i++) {
		const struct cs_person *other = &tree->people[i];
		if (other->uid == person->uid)
			return person_refuse(file, section, "uid", "another person has it", problem);
		if (strcmp(other->id, person->id) == 0)
			return person_refuse(file, section, "id", "another person has it", problem);
		if (strcasecmp(other->dn, person->dn) == 0)
			return person_refuse(file, section, "dn", "another person has it", problem);
	}
	return 0;
}

static int person_read(struct tree *tree, const char *file, const struct cs_conf_section *section,
	struct cs_problem *problem)
{
	struct cs_person person = { 0 };
	if (cs_is_login(cs_conf_title(section)) != 1) {
		cs_problem_set(problem, file, cs_conf_line(section, NULL), "person: not a login name");
		return CS_ECONF;
	}
	if (cs_parse_uid(cs_conf_str(section, "uid", ""), &person.uid) != 0 || person.uid == 0)
		return person_refuse(file, section, "uid", "is no number of an ordinary account", problem);
	int r = person_fill(section, &person);
	if (r == 0)
		r = person_check(tree, file, section, &person, problem);
	if (r == 0)
		r = cs_reserve((void **)&tree->people, &tree->cap_people, tree->n_people, 1, sizeof(person));
	if (r != 0) {
		cs_clear(&cs_person_shape, &person);
		return r;
	}
	tree->people[tree->n_people++] = person;
	return 0;
}

static int listed_check(const struct tree *tree, const char *file, const struct cs_conf_section *listed,
	struct cs_problem *problem)
{
	if (!cs_filter_is_attribute(cs_conf_title(listed))) {
		cs_problem_set(problem, file, cs_conf_line(listed, NULL), "listed %s: no attribute name",
			       cs_conf_title(listed));
		return CS_ECONF;
	}
	for (size_t i = 0; i < cs_conf_list_len(listed, "people"); i++) {
		const char *name = cs_conf_list_at(listed, "people", i);
		if (person_named(tree, name) != NULL)
			continue;
		cs_problem_set(problem, file, cs_conf_line(listed, "people"), "people: there is no person %s", name);
		return CS_ECONF;
	}
	return 0;
}

static int group_check(const struct tree *tree, const char *file, const struct cs_conf_section *group,
	struct cs_problem *problem)
{
	const struct cs_conf_section *part = NULL;
	if (!cs_dn_is_valid(cs_conf_str(group, "dn", ""))) {
		cs_problem_set(problem, file, cs_conf_line(group, "dn"), "group %s, dn: is no DN",
			       cs_conf_title(group));
		return CS_ECONF;
	}
	for (size_t i = 0; (part = cs_conf_section(group, "attribute", i)) != NULL; i++) {
		if (cs_filter_is_attribute(cs_conf_title(part)) && strlen(cs_conf_str(part, "value", "")) <= CS_MAX_DN)
			continue;
		cs_problem_set(problem, file, cs_conf_line(part, NULL),
			       "attribute %s: no attribute name, or its value is too long", cs_conf_title(part));
		return CS_ECONF;
	}
	for (size_t i = 0; (part = cs_conf_section(group, "listed", i)) != NULL; i++) {
		int r = listed_check(tree, file, part, problem);
		if (r != 0)
			return r;
	}
	return 0;
}

static int group_is_new(const struct cs_conf_section *top, size_t n, const char *file, struct cs_problem *problem)
{
	const struct cs_conf_section *group = cs_conf_section(top, "group", n);
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(cs_conf_str(cs_conf_section(top, "group", i), "dn", ""), cs_conf_str(group, "dn", "")) !=
		    0)
			continue;
		cs_problem_set(problem, file, cs_conf_line(group, "dn"), "group %s, dn: another group has it",
			       cs_conf_title(group));
		return CS_ECONF;
	}
	return 0;
}

static int tree_read(const char *text, const char *file, struct tree *ret_tree, struct cs_problem *problem)
{
	struct tree tree = { 0 };
	const struct cs_conf_section *section = NULL;
	int r = cs_conf_parse(text, file, file_options, &tree.conf, problem);
	if (r != 0)
		return r;
	const struct cs_conf_section *top = cs_conf_top(tree.conf);
	for (size_t i = 0; r == 0 && (section = cs_conf_section(top, "person", i)) != NULL; i++)
		r = person_read(&tree, file, section, problem);
	for (size_t i = 0; r == 0 && (section = cs_conf_section(top, "group", i)) != NULL; i++) {
		r = group_check(&tree, file, section, problem);
		if (r == 0)
			r = group_is_new(top, i, file, problem);
	}
	if (r != 0) {
		tree_clear(&tree);
		return r;
	}
	*ret_tree = tree;
	return 0;
}

static int stamp_read(const char *path, struct stamp *ret_stamp)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return CS_EIO;
	*ret_stamp = (struct stamp){ .changed = st.st_mtim, .inode = st.st_ino, .size = st.st_size };
	return 0;
}

static bool stamp_same(const struct stamp *a, const struct stamp *b)
{
	return a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec &&
	       a->inode == b->inode && a->size == b->size;
}

/* The stamp is taken before the text, so that a change in between is seen the next time. */
static int fixed_load(struct fixed *fixed, struct cs_problem *problem)
{
	struct stamp stamp = { 0 };
	struct tree tree = { 0 };
	char *text = NULL;
	size_t n = 0;
	(void)stamp_read(fixed->path, &stamp);
	int r = cs_file_read(fixed->path, fixed->owner, 0, FILE_MAX, &text, &n, problem);
	if (r == 0)
		r = tree_read(text, fixed->path, &tree, problem);
	free(text);
	if (r != 0)
		return r == CS_ENOMEM ? r : CS_ECONF;
	tree_clear(&fixed->tree);
	fixed->tree = tree;
	fixed->stamp = stamp;
	return 0;
}

static void fixed_refresh(struct fixed *fixed)
{
	struct stamp stamp = { 0 };
	if (fixed->from_text)
		return;
	if (stamp_read(fixed->path, &stamp) == 0 && fixed->broken == NULL && stamp_same(&stamp, &fixed->stamp))
		return;
	struct cs_problem problem = { 0 };
	int r = fixed_load(fixed, &problem);
	cs_free_str(&fixed->broken);
	if (r != 0) {
		fixed->broken = cs_problem_text(&problem);
		tree_clear(&fixed->tree); /* old people are not asked, whatever becomes of the text */
		fixed->stamp = (struct stamp){ 0 };
	}
	cs_problem_clear(&problem);
}

/* --- Answering --- */

/* dn is below base, whatever the case of the letters. */
static bool is_below(const char *dn, const char *base)
{
	size_t n = strlen(dn), m = strlen(base);
	return n > m + 1 && dn[n - m - 1] == ',' && strcasecmp(dn + n - m, base) == 0;
}

static bool group_is_at(const struct cs_conf_section *group, enum cs_where where, const char *dn)
{
	const char *own = cs_conf_str(group, "dn", "");
	return strcasecmp(own, dn) == 0 || (where == CS_GROUPS_BELOW && is_below(own, dn));
}

/* The section of this kind whose title is the attribute; attribute names know no case. */
static const struct cs_conf_section *part_of(const struct cs_conf_section *group, const char *kind, const char *name)
{
	const struct cs_conf_section *part = NULL;
	for (size_t i = 0; (part = cs_conf_section(group, kind, i)) != NULL; i++)
		if (strcasecmp(cs_conf_title(part), name) == 0)
			return part;
	return NULL;
}

static bool group_lists(const struct cs_conf_section *group, const char *listed, const char *name)
{
	const struct cs_conf_section *part = part_of(group, "listed", listed);
	for (size_t i = 0; part != NULL && i < cs_conf_list_len(part, "people"); i++)
		if (strcmp(cs_conf_list_at(part, "people", i), name) == 0)
			return true;
	return false;
}

static int membership_make(const struct cs_conf_section *group, const struct cs_group_query *query,
	struct cs_membership *membership)
{
	membership->group_dn = cs_dup(cs_conf_str(group, "dn", ""));
	membership->attributes = calloc(query->n_wanted + 1, sizeof(*membership->attributes));
	if (membership->group_dn == NULL || membership->attributes == NULL)
		return CS_ENOMEM;
	for (size_t i = 0; i < query->n_wanted; i++) {
		const struct cs_conf_section *part = part_of(group, "attribute", query->wanted[i]);
		if (part == NULL)
			continue;
		struct cs_attribute *attribute = &membership->attributes[membership->n_attributes++];
		attribute->name = cs_dup(query->wanted[i]);
		attribute->value = cs_dup(cs_conf_str(part, "value", ""));
		if (attribute->name == NULL || attribute->value == NULL)
			return CS_ENOMEM;
	}
	return 0;
}

static int query_answer(const struct tree *tree, const struct cs_question *question, size_t q, struct cs_facts *facts,
	size_t *cap)
{
	const struct cs_group_query *query = &question->queries[q];
	const struct cs_conf_section *group = NULL;
	for (size_t i = 0; (group = cs_conf_section(cs_conf_top(tree->conf), "group", i)) != NULL; i++) {
		if (!group_is_at(group, query->where, query->dn) ||
		    !group_lists(group, query->listed, facts->person.name))
			continue;
		struct cs_membership membership = { .query = (uint32_t)q };
		int r = facts->n_memberships < CS_MAX_MEMBERSHIPS ? membership_make(group, query, &membership)
								  : CS_ETOOBIG;
		if (r == 0)
			r = cs_reserve((void **)&facts->memberships, cap, facts->n_memberships, 1, sizeof(membership));
		if (r != 0) {
			cs_clear(&cs_membership_shape, &membership);
			return r;
		}
		facts->memberships[facts->n_memberships++] = membership;
	}
	return 0;
}

static const struct cs_person *person_of(const struct tree *tree, const struct cs_subject *subject)
{
	if (cs_subject_is_nobody(subject))
		return NULL;
	for (size_t i = 0; i < tree->n_people; i++)
		if (cs_person_fits(&tree->people[i], subject) == 1)
			return &tree->people[i];
	return NULL;
}

/* DNs of the other entries of the same human. */
static int aliases_answer(const struct tree *tree, struct cs_facts *facts)
{
	int r = 0;
	if (facts->person.human == NULL || *facts->person.human == '\0')
		return 0;
	for (size_t i = 0; i < tree->n_people && r == 0; i++) {
		const struct cs_person *other = &tree->people[i];
		if (other->human == NULL || strcmp(other->human, facts->person.human) != 0 ||
			strcmp(other->dn, facts->person.dn) == 0 || facts->n_aliases >= CS_MAX_ALIASES)
			continue;
		r = cs_strv_add(&facts->aliases, &facts->n_aliases, other->dn);
	}
	return r;
}

static void subject_answer(const struct tree *tree, const struct cs_question *question, size_t s,
			   struct cs_facts *facts)
{
	size_t cap = 0;
	const struct cs_person *person = person_of(tree, &question->subjects[s]);
	if (person == NULL) {
		cs_facts_no(facts);
		return;
	}
	int r = cs_copy(&cs_person_shape, person, &facts->person);
	for (size_t q = 0; q < question->n_queries && r == 0; q++)
		r = query_answer(tree, question, q, facts, &cap);
	if (r == 0 && question->n_rosters > 0)
		r = aliases_answer(tree, facts);
	if (r != 0) {
		cs_facts_doubt(facts, cs_strerror(r));
		return;
	}
	facts->known = CS_KNOWN_YES;
	cs_facts_sort(facts);
}

static int roster_add(const struct tree *tree, const struct cs_conf_section *listed, struct cs_roster *roster)
{
	int r = 0;
	for (size_t i = 0; listed != NULL && i < cs_conf_list_len(listed, "people") && r == 0; i++) {
		const struct cs_person *person = person_named(tree, cs_conf_list_at(listed, "people", i));
		if (person == NULL || cs_strv_has(roster->dns, roster->n_dns, person->dn) == 1)
			continue;
		r = roster->n_dns < CS_MAX_WHO ? cs_strv_add(&roster->dns, &roster->n_dns, person->dn) : CS_ETOOBIG;
		if (r == 0)
			r = cs_strv_add(&roster->names, &roster->n_names, person->name);
	}
	return r;
}

/* Below a DN: the group has this value or, where no attribute is named, lists anybody at all. */
static bool group_is_meant(const struct cs_conf_section *group, const struct cs_roster_query *query)
{
	if (query->where != CS_GROUPS_BELOW)
		return true;
	if (query->attribute == NULL || *query->attribute == '\0')
		return part_of(group, "listed", query->listed) != NULL;
	const struct cs_conf_section *part = part_of(group, "attribute", query->attribute);
	return part != NULL && strcasecmp(cs_conf_str(part, "value", ""), query->value) == 0;
}

static void roster_answer(const struct tree *tree, const struct cs_roster_query *query, struct cs_roster *roster)
{
	const struct cs_conf_section *group = NULL;
	bool seen = false;
	int r = 0;
	for (size_t i = 0; r == 0 && (group = cs_conf_section(cs_conf_top(tree->conf), "group", i)) != NULL; i++) {
		if (!group_is_at(group, query->where, query->dn) || !group_is_meant(group, query))
			continue;
		seen = true;
		r = roster_add(tree, part_of(group, "listed", query->listed), roster);
	}
	if (r != 0)
		cs_clear(&cs_roster_shape, roster);
	roster->known = r != 0 ? CS_KNOWN_DOUBT : seen ? CS_KNOWN_YES : CS_KNOWN_NO;
}

static int fixed_ask(void *self, const struct cs_question *question, cs_answer_fn done, void *arg)
{
	struct fixed *fixed = self;
	struct cs_answer answer = { 0 };
	fixed_refresh(fixed);
	int r = cs_answer_blank(question->n_subjects, question->n_rosters, &answer);
	if (r != 0)
		return r;
	cs_answer_blame(&answer, fixed->path, fixed->broken != NULL ? fixed->broken : "");
	if (fixed->tree.conf != NULL) {
		for (size_t i = 0; i < question->n_subjects; i++)
			subject_answer(&fixed->tree, question, i, &answer.facts[i]);
		for (size_t i = 0; i < question->n_rosters; i++)
			roster_answer(&fixed->tree, &question->rosters[i], &answer.rosters[i]);
	}
	done(arg, &answer);
	cs_clear(&cs_answer_shape, &answer);
	return 0;
}

/* --- Life --- */

static int fixed_fd(const void *self)
{
	(void)self;
	return -1;
}

static int fixed_wants_write(const void *self)
{
	(void)self;
	return 0;
}

static uint64_t fixed_next_ms(const void *self)
{
	(void)self;
	return 0;
}

static void fixed_serve(void *self)
{
	(void)self;
}

static const char *fixed_state(const void *self, int *ret_ok)
{
	const struct fixed *fixed = self;
	*ret_ok = fixed->tree.conf != NULL ? 1 : 0;
	if (fixed->tree.conf == NULL)
		(void)snprintf(fixed->text, STATE_TEXT, "%s", fixed->broken != NULL ? fixed->broken : "cannot be read");
	else
		(void)snprintf(fixed->text, STATE_TEXT, "%s answers", fixed->path);
	return fixed->text;
}

static void fixed_close(void *self)
{
	struct fixed *fixed = self;
	if (fixed == NULL)
		return;
	tree_clear(&fixed->tree);
	free(fixed->path);
	free(fixed->broken);
	free(fixed->text);
	free(fixed);
}

static int fixed_new(const char *path, uid_t owner, struct fixed **ret_fixed)
{
	struct fixed *fixed = calloc(1, sizeof(*fixed));
	if (fixed == NULL)
		return CS_ENOMEM;
	fixed->owner = owner;
	fixed->path = cs_dup(path);
	fixed->text = calloc(1, STATE_TEXT);
	if (fixed->path == NULL || fixed->text == NULL) {
		fixed_close(fixed);
		return CS_ENOMEM;
	}
	*ret_fixed = fixed;
	return 0;
}

int cs_fixed_open(const char *path, uid_t owner, void **ret_fixed, struct cs_problem *problem)
{
	struct fixed *fixed = NULL;
	int r = fixed_new(path, owner, &fixed);
	if (r != 0)
		return r;
	r = fixed_load(fixed, problem);
	if (r != 0) {
		fixed_close(fixed);
		return r;
	}
	*ret_fixed = fixed;
	return 0;
}

int cs_fixed_parse(const char *text, const char *name, void **ret_fixed, struct cs_problem *problem)
{
	struct fixed *fixed = NULL;
	int r = fixed_new(name, 0, &fixed);
	if (r != 0)
		return r;
	fixed->from_text = true;
	r = tree_read(text, name, &fixed->tree, problem);
	if (r != 0) {
		fixed_close(fixed);
		return r;
	}
	*ret_fixed = fixed;
	return 0;
}

const struct cs_backend cs_fixed_backend = {
	.ask = fixed_ask,
	.fd = fixed_fd,
	.wants_write = fixed_wants_write,
	.next_ms = fixed_next_ms,
	.serve = fixed_serve,
	.state = fixed_state,
	.close = fixed_close,
};
