/* SPDX-License-Identifier: Apache-2.0 */
/* Who a subject is: one search by number and name together, then the lock and other accounts of the same human. */
#include "filter.h"
#include "lookup_internal.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOGIN_VALUES_MAX = 32 };

void found_clear(struct found *found)
{
	cs_clear(&cs_person_shape, &found->person);
	cs_free_str(&found->unclear);
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
	static const char *const nothing[] = { "1.1", NULL };
	const struct cs_settings *settings = task->job->lookup->settings;
	if (*settings->locked_filter == '\0')
		return 0;
	struct cs_search search = { .base = task_facts(task)->person.dn, .filter = settings->locked_filter,
		.attributes = nothing, .limit = 1 };
	return task_start(task, &search, &calls);
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

/* Only beside rosters, from which they are to be left out. */
static int ask_aliases(const struct task *task)
{
	static const struct cs_search_calls calls = { alias_entry, alias_end };
	static const char *const nothing[] = { "1.1", NULL };
	const struct cs_settings *settings = task->job->lookup->settings;
	const char *human = task_facts(task)->person.human;
	if (task->job->question.n_rosters == 0 || human == NULL || *human == '\0')
		return 0;
	struct cs_buf filter;
	cs_buf_init(&filter, LOOKUP_FILTER_MAX);
	put_text(&filter, "(");
	put_text(&filter, settings->schema.person_attribute);
	put_text(&filter, "=");
	cs_filter_put_value(&filter, human);
	cs_buf_put(&filter, ")", 2);
	struct cs_search search = { .base = settings->people_base, .below = true, .filter = (const char *)filter.data,
		.attributes = nothing, .limit = CS_MAX_ALIASES };
	int r = cs_buf_error(&filter);
	if (r == 0)
		r = task_start(task, &search, &calls);
	cs_buf_clear(&filter);
	return r;
}

static void ask_about(struct task *task)
{
	int r = ask_locked(task);
	if (r == 0)
		r = ask_aliases(task);
	if (r == 0)
		r = lookup_groups(task);
	if (r != 0)
		cs_facts_doubt_of(task_facts(task), "groups", cs_strerror(r));
}

/* --- Identity --- */

/* Marks an entry as one that cannot be an answer; the first reason stays. */
static int unclear(struct found *found, const char *attribute, const char *what)
{
	return found->unclear != NULL ? 0 : cs_format(&found->unclear, "attribute %s %s", attribute, what);
}

/* At most one value, which must fit: 0 and a copy ("" for none), or an error with the entry marked unclear. */
static int single_value(const struct cs_entry *entry, const char *attribute, size_t max_bytes, struct found *found,
	char **ret_value)
{
	char **values = NULL;
	size_t n = 0;
	int r = cs_entry_values(entry, attribute, 1, max_bytes, &values, &n);
	if (r == CS_ETOOBIG || r == CS_EPROTO)
		r = unclear(found, attribute, "has several values or one that cannot be used");
	else if (r == 0)
		r = cs_set(ret_value, n > 0 ? values[0] : "");
	cs_free_strv(&values, &n);
	return r;
}

/* The login name: the one asked for where it is there to the byte (A013, A072), else the first that could be one. */
static int read_login(const struct cs_entry *entry, const struct cs_settings *settings, const char *name,
	struct found *found)
{
	char **values = NULL;
	size_t n = 0;
	int r = cs_entry_values(entry, settings->schema.login_attribute, LOGIN_VALUES_MAX, CS_MAX_NAME, &values, &n);
	if (r == CS_ETOOBIG || r == CS_EPROTO)
		return unclear(found, settings->schema.login_attribute, "has too many values or one that cannot be used");
	if (r != 0)
		return r;
	const char *login = n > 0 ? values[0] : "";
	for (size_t i = n; i > 0; i--)
		if (cs_is_login(values[i - 1]) == 1)
			login = values[i - 1];
	if (name != NULL && *name != '\0' && cs_strv_has(values, n, name) == 1) {
		found->match.by_name = true;
		login = name;
	}
	r = cs_set(&found->person.name, login);
	cs_free_strv(&values, &n);
	return r;
}

static int read_uid(const struct cs_entry *entry, const struct cs_settings *settings, uint32_t uid, struct found *found)
{
	char *text = NULL;
	found->person.uid = CS_NO_UID;
	int r = single_value(entry, settings->schema.uid_attribute, CS_MAX_NAME, found, &text);
	if (r == 0 && text != NULL && cs_parse_uid(text, &found->person.uid) != 0)
		found->person.uid = CS_NO_UID;
	found->match.by_uid = uid != CS_NO_UID && found->person.uid == uid;
	free(text);
	return r;
}

static int read_identity(const struct cs_entry *entry, const struct cs_settings *settings, struct found *found)
{
	int r = single_value(entry, settings->schema.id_attribute, CS_MAX_NAME, found, &found->person.id);
	if (r == 0 && *settings->schema.person_attribute != '\0')
		r = single_value(entry, settings->schema.person_attribute, CS_MAX_NAME, found, &found->person.human);
	if (r == 0 && (found->person.id == NULL || *found->person.id == '\0'))
		r = unclear(found, settings->schema.id_attribute,
			    "is missing; let the bind account read it, or set id_attribute to one "
			    "that is stable and unique");
	return r;
}

static int read_expiry(const struct cs_entry *entry, struct found *found)
{
	char *text = NULL;
	int r = single_value(entry, "shadowExpire", CS_MAX_NAME, found, &text);
	int over = r == 0 ? cs_account_is_over(text) : 0;
	if (over == 1)
		found->person.locked = true;
	else if (over < 0)
		r = unclear(found, "shadowExpire", "is no number");
	free(text);
	return r;
}

static int person_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	const struct cs_settings *settings = task->job->lookup->settings;
	const struct cs_subject *asked = &task->job->question.subjects[task->subject];
	struct lookup_subject *subject = &task->job->subjects[task->subject];
	if (subject->n_found >= LOOKUP_FOUND_MAX)
		return CS_ETOOBIG;
	struct found *found = &subject->found[subject->n_found++];
	int r = cs_entry_dn(entry, &found->person.dn);
	if (r == 0)
		r = read_uid(entry, settings, asked->uid, found);
	if (r == 0)
		r = read_login(entry, settings, asked->name, found);
	if (r == 0)
		r = read_identity(entry, settings, found);
	if (r == 0)
		r = read_expiry(entry, found);
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
			cs_facts_doubt_of(facts, "who it is", "two entries have the same number or login name");
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

/* One search by number and by name together: whoever else bears either is found too. */
static void person_filter(const struct cs_settings *settings, const struct cs_subject *subject, struct cs_buf *out)
{
	bool by_name = subject->name != NULL && *subject->name != '\0';
	bool by_uid = subject->uid != CS_NO_UID;
	put_text(out, "(&(objectClass=posixAccount)");
	put_text(out, by_name && by_uid ? "(|" : "");
	if (by_uid) {
		char number[16];
		(void)snprintf(number, sizeof(number), "%u", subject->uid);
		put_text(out, "(");
		put_text(out, settings->schema.uid_attribute);
		put_text(out, "=");
		put_text(out, number);
		put_text(out, ")");
	}
	if (by_name) {
		put_text(out, "(");
		put_text(out, settings->schema.login_attribute);
		put_text(out, "=");
		cs_filter_put_value(out, subject->name);
		put_text(out, ")");
	}
	put_text(out, by_name && by_uid ? "))" : ")");
	cs_buf_put_u8(out, 0);
}

int lookup_person(struct job *job, size_t i)
{
	static const struct cs_search_calls calls = { person_entry, person_end };
	const struct cs_settings *settings = job->lookup->settings;
	const char *attributes[] = { settings->schema.login_attribute, settings->schema.uid_attribute, settings->schema.id_attribute,
		"shadowExpire", NULL, NULL };
	if (*settings->schema.person_attribute != '\0')
		attributes[4] = settings->schema.person_attribute;
	if (cs_subject_is_nobody(&job->question.subjects[i])) {
		cs_facts_no(&job->answer.facts[i]);
		return 0;
	}
	struct cs_buf filter;
	cs_buf_init(&filter, LOOKUP_FILTER_MAX);
	person_filter(settings, &job->question.subjects[i], &filter);
	struct cs_search search = { .base = settings->people_base, .below = true, .filter = (const char *)filter.data,
		.attributes = attributes, .limit = LOOKUP_FOUND_MAX };
	const struct task task = { .job = job, .subject = i };
	int r = cs_buf_error(&filter);
	if (r == 0)
		r = task_start(&task, &search, &calls);
	cs_buf_clear(&filter);
	return r;
}

