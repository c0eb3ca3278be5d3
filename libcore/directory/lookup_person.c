/* SPDX-License-Identifier: Apache-2.0 */
/* Who a subject is: one search by number and name together, then the lock and other accounts of the same human. */
#include "lookup_internal.h"
#include "person.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { PERSON_ATTRIBUTES_MAX = 24 }; /* six of its own and those of an account */

static void found_clear(struct found *found)
{
	cs_clear(&cs_person_shape, &found->person);
	cs_free_str(&found->login);
	cs_free_strv(&found->member_of, &found->n_member_of);
	cs_free_str(&found->unclear);
}

void lookup_subject_clear(struct lookup_subject *subject)
{
	for (size_t i = 0; i < subject->n_found; i++)
		found_clear(&subject->found[i]);
	closure_clear(&subject->closure);
}

/* --- Finding --- */

/* One search by number and by name together: whoever else bears either is found too. */
static void person_filter(const struct cs_schema *schema, const struct cs_subject *subject, struct cs_buf *out)
{
	put_text(out, "(&");
	put_text(out, schema->people_filter);
	put_text(out, "(|");
	if (subject->uid != CS_NO_UID) {
		char number[16];
		(void)snprintf(number, sizeof(number), "%u", subject->uid);
		filter_equals(out, schema->uid_attribute, "", number);
	}
	if (subject->name != NULL && *subject->name != '\0')
		filter_equals(out, schema->login_attribute, "", subject->name);
	put_text(out, "))");
	cs_buf_put_u8(out, 0);
}

/* --- The lock --- */

static int locked_entry(void *arg, const struct cs_entry *entry)
{
	(void)entry;
	struct task *task = arg;
	if (task_facts(task)->known == CS_KNOWN_YES)
		task_facts(task)->person.locked = true;
	return 0;
}

static void locked_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	if (ended == CS_ENDED_NO_BASE)
		cs_facts_doubt_of(task_facts(task), "whether the account is locked", "the entry vanished");
	else if (ended == CS_ENDED_DOUBT)
		cs_facts_doubt_of(task_facts(task), "whether the account is locked", cause);
	task_end(task);
}

static int ask_locked(const struct task *task)
{
	static const struct cs_search_calls calls = { locked_entry, locked_end };
	const struct cs_settings *settings = task->job->lookup->settings;
	if (*settings->locked_filter == '\0')
		return 0;
	struct cs_search search = { .base = task_facts(task)->person.dn, .filter = settings->locked_filter,
		.attributes = lookup_nothing, .limit = 1 };
	return task_start(task, &search, &calls);
}

/* --- Other entries with his login --- */

static int twin_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct cs_facts *facts = task_facts(task);
	char *dn = NULL;
	int r = cs_entry_dn(entry, &dn);
	if (r == 0 && facts->known == CS_KNOWN_YES && strcmp(dn, facts->person.dn) != 0)
		cs_facts_doubt_of(facts, "who it is", CS_DOUBT_TWINS);
	free(dn);
	return r;
}

static void twin_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	if (ended == CS_ENDED_NO_BASE || ended == CS_ENDED_DOUBT)
		cs_facts_doubt_of(task_facts(task), "who else has the login name",
			ended == CS_ENDED_DOUBT ? cause : "people_base vanished");
	task_end(task);
}

/* Groups may list him by his canonical login: who asked by number, or by another login, did not ask for that one. */
static int ask_twins(const struct task *task)
{
	static const struct cs_search_calls calls = { twin_entry, twin_end };
	const struct cs_settings *settings = task->job->lookup->settings;
	const char *asked = task->job->question.subjects[task->subject].name;
	char *login = task->job->subjects[task->subject].found[0].login;
	const struct cs_subject same = { .uid = CS_NO_UID, .name = login };
	if (*login == '\0' || (asked != NULL && strcmp(asked, login) == 0))
		return 0;
	struct cs_buf filter;
	cs_buf_init(&filter, LOOKUP_FILTER_MAX);
	person_filter(&settings->schema, &same, &filter);
	struct cs_search search = { .base = settings->people_base, .below = true, .filter = (const char *)filter.data,
		.attributes = lookup_nothing, .limit = LOOKUP_FOUND_MAX };
	int r = cs_buf_error(&filter);
	if (r == 0)
		r = task_start(task, &search, &calls);
	cs_buf_clear(&filter);
	return r;
}

/* --- Other accounts of the same human --- */

static int alias_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct cs_facts *facts = task_facts(task);
	char *dn = NULL;
	int r = cs_entry_dn(entry, &dn);
	if (r == 0 && facts->known == CS_KNOWN_YES && strcmp(dn, facts->person.dn) != 0)
		r = facts->n_aliases < CS_MAX_ALIASES ? cs_strv_add(&facts->aliases, &facts->n_aliases, dn)
						      : CS_ETOOBIG;
	free(dn);
	return r;
}

static void alias_end(void *arg, enum cs_ended ended, const char *cause)
{
	(void)cause;
	struct task *task = arg;
	if (ended != CS_ENDED_WHOLE)
		cs_free_strv(&task_facts(task)->aliases, &task_facts(task)->n_aliases);
	task_end(task);
}

/* Only beside listings, from which they are to be left out. */
static int ask_aliases(const struct task *task)
{
	static const struct cs_search_calls calls = { alias_entry, alias_end };
	const struct cs_settings *settings = task->job->lookup->settings;
	const char *human = task_facts(task)->person.human;
	if (task->job->question.n_listings == 0 || human == NULL || *human == '\0')
		return 0;
	struct cs_buf filter;
	cs_buf_init(&filter, LOOKUP_FILTER_MAX);
	filter_equals(&filter, settings->schema.person_attribute, "", human);
	cs_buf_put_u8(&filter, 0);
	struct cs_search search = { .base = settings->people_base, .below = true, .filter = (const char *)filter.data,
		.attributes = lookup_nothing, .limit = CS_MAX_ALIASES };
	int r = cs_buf_error(&filter);
	if (r == 0)
		r = task_start(task, &search, &calls);
	cs_buf_clear(&filter);
	return r;
}

static void ask_groups(struct task *task)
{
	int r = lookup_groups(task);
	if (r != 0)
		cs_facts_doubt_of(task_facts(task), "groups", cs_strerror(r));
}

/* Groups wait until it is known whether the server follows them by itself. */
static void ask_about(struct task *task)
{
	int r = ask_locked(task);
	if (r == 0)
		r = ask_twins(task);
	if (r == 0)
		r = ask_aliases(task);
	if (r != 0)
		cs_facts_doubt_of(task_facts(task), "whether the account is locked", cs_strerror(r));
	else if (task->job->in_chain != CS_KNOWN_DOUBT)
		ask_groups(task);
}

void lookup_person_resume(struct job *job, size_t subject)
{
	struct task task = { .job = job, .subject = subject };
	if (job->answer.facts[subject].known == CS_KNOWN_YES)
		ask_groups(&task);
}

/* --- Identity --- */

/* The login that was asked for where it is there to the byte (A013, A072), else the canonical one. */
static int take_identity(struct cs_person_entry *read, const struct cs_subject *asked, struct found *found)
{
	bool by_name = asked->name != NULL && *asked->name != '\0' &&
		       cs_strv_has(read->logins, read->n_logins, asked->name) == 1;
	found->match = (struct cs_match){ .by_uid = asked->uid != CS_NO_UID && read->uid == asked->uid,
		.by_name = by_name };
	found->person.uid = read->uid;
	found->person.id = read->id;
	found->person.human = read->human;
	found->person.keys = read->keys;
	found->person.n_keys = read->n_keys;
	found->bad_key = read->bad_key;
	found->unclear = read->unclear;
	read->keys = NULL;
	read->n_keys = 0;
	read->id = read->human = read->unclear = NULL;
	found->person.locked = cs_account_is_closed(&read->account, (uint64_t)time(NULL)) == 1;
	int r = cs_set(&found->person.name, by_name ? asked->name : read->name);
	return r != 0 ? r : cs_set(&found->login, read->n_logins > 0 ? read->name : "");
}

static int read_identity(const struct cs_entry *entry, const struct cs_schema *schema, const struct cs_subject *asked,
	struct found *found)
{
	const struct cs_entry_source source = cs_entry_as_source(entry);
	struct cs_person_entry read = { 0 };
	int r = cs_person_read(schema, found->person.dn, &source, &read);
	if (r == 0)
		r = take_identity(&read, asked, found);
	cs_person_entry_clear(&read);
	return r;
}

static int read_member_of(const struct cs_entry *entry, const char *attribute, struct found *found)
{
	if (*attribute == '\0')
		return 0;
	int r = cs_entry_values(entry, attribute, CS_MAX_MEMBERSHIPS, CS_MAX_DN, &found->member_of,
		&found->n_member_of);
	if (r != CS_ETOOBIG && r != CS_EPROTO)
		return r;
	return found->unclear != NULL ? 0 : cs_format(&found->unclear, "attribute %s has too many values or one that "
		"cannot be used", attribute);
}

static int person_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	const struct cs_schema *schema = &task->job->lookup->settings->schema;
	const struct cs_subject *asked = &task->job->question.subjects[task->subject];
	struct lookup_subject *subject = &task->job->subjects[task->subject];
	if (subject->n_found >= LOOKUP_FOUND_MAX)
		return CS_ETOOBIG;
	struct found *found = &subject->found[subject->n_found++];
	int r = cs_entry_dn(entry, &found->person.dn);
	if (r == 0)
		r = read_identity(entry, schema, asked, found);
	if (r == 0)
		r = read_member_of(entry, schema->member_of, found);
	return r;
}

static void person_found(struct task *task)
{
	struct cs_facts *facts = task_facts(task);
	struct lookup_subject *subject = &task->job->subjects[task->subject];
	struct found *found = &subject->found[0];
	if (subject->n_found == 0) {
		cs_facts_no(facts);
	} else if (subject->n_found > 1) {
		if (cs_matches_clash(&found->match, &subject->found[1].match))
			cs_facts_doubt_of(facts, "who it is", CS_DOUBT_TWINS);
		else
			cs_facts_no(facts);
	} else if (found->unclear != NULL) {
		cs_facts_doubt_of(facts, found->person.dn, found->unclear);
	} else if (!cs_person_fits(&found->person, &task->job->question.subjects[task->subject])) {
		cs_facts_no(facts);
	} else {
		facts->known = CS_KNOWN_YES;
		facts->person = found->person;
		found->person = (struct cs_person){ 0 };
		(void)cs_set(&facts->doubt, "");
		if (found->bad_key)
			(void)cs_person_tell_bad_key(&task->job->lookup->settings->schema, facts->person.dn,
				&facts->left_out);
		ask_about(task);
	}
}

static void person_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	if (ended == CS_ENDED_WHOLE)
		person_found(task);
	else if (ended == CS_ENDED_NO_BASE)
		cs_facts_doubt_of(task_facts(task), "who it is",
				  "people_base does not exist on the server, or may not be searched");
	else if (ended == CS_ENDED_DOUBT)
		cs_facts_doubt_of(task_facts(task), "who it is", cause);
	task_end(task);
}

/* What is asked for of a person; an attribute that the schema does not have is left out. */
static void person_attributes(const struct cs_schema *schema, const char **ret_attributes)
{
	const char *const own[] = { schema->login_attribute, schema->uid_attribute,
		strcasecmp(schema->id_attribute, "dn") == 0 ? "" : schema->id_attribute, schema->person_attribute,
		schema->key_attribute, schema->member_of };
	for (size_t i = 0; i < CS_COUNT(own); i++)
		if (*own[i] != '\0')
			*ret_attributes++ = own[i];
	for (const char *const *attribute = cs_account_attributes; *attribute != NULL; attribute++)
		*ret_attributes++ = *attribute;
	*ret_attributes = NULL;
}

int lookup_person(struct job *job, size_t i)
{
	static const struct cs_search_calls calls = { person_entry, person_end };
	const struct cs_settings *settings = job->lookup->settings;
	const char *attributes[PERSON_ATTRIBUTES_MAX];
	if (cs_subject_is_nobody(&job->question.subjects[i])) {
		cs_facts_no(&job->answer.facts[i]);
		return 0;
	}
	struct cs_buf filter;
	cs_buf_init(&filter, LOOKUP_FILTER_MAX);
	person_filter(&settings->schema, &job->question.subjects[i], &filter);
	person_attributes(&settings->schema, attributes);
	struct cs_search search = { .base = settings->people_base, .below = true, .filter = (const char *)filter.data,
		.attributes = attributes, .limit = LOOKUP_FOUND_MAX };
	const struct task task = { .job = job, .subject = i };
	int r = cs_buf_error(&filter);
	if (r == 0)
		r = task_start(&task, &search, &calls);
	cs_buf_clear(&filter);
	return r;
}
