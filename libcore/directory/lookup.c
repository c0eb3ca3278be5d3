/* SPDX-License-Identifier: Apache-2.0 */
/* The searches behind a question: each person first, then that person's lock and groups together, and the rosters
 * beside them. */
#include "answer.h"
#include "clock.h"
#include "filter.h"
#include "lookup.h"
#include "mem.h"
#include "netgroup.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FOUND_MAX = 2, /* a second entry is a reason to doubt, a third changes nothing */
	FILTER_BYTES_MAX = 8192,
	LOGIN_VALUES_MAX = 32,
	CAUSE_MAX = 1024
};

/* One entry that the search for a person brought. */
struct found {
	struct cs_person person;
	struct cs_match match;
	char *unclear; /* what keeps it from being an answer */
};

struct subject {
	struct found found[FOUND_MAX];
	size_t n_found;
	size_t cap_memberships;
};

/* A roster while it is filled. */
struct roster {
	struct cs_roster_fill fill;
	struct cs_netgroup netgroup;
	size_t open;    /* searches for a netgroup that have not ended */
	bool settled;
};

struct job {
	struct job *next;
	struct cs_lookup *lookup;
	uint64_t number;
	uint64_t asked_ms;
	uint64_t deadline_ms;
	struct cs_question question;
	struct cs_answer answer;
	struct subject *subjects;
	struct roster *rosters;
	size_t open; /* searches that have not ended */
};

struct cs_lookup {
	const struct cs_settings *settings;
	struct cs_ldap *ldap;
	cs_lookup_fn done;
	void *arg;
	struct job *jobs; /* oldest first */
	struct job **tail;
};

/* What one search is for. */
struct task {
	struct job *job;
	size_t subject;
	size_t index; /* of the group query or roster */
	bool seen;
};

/* --- Jobs --- */

int cs_lookup_new(const struct cs_settings *settings, struct cs_ldap *ldap, cs_lookup_fn done, void *arg,
	struct cs_lookup **ret_lookup)
{
	struct cs_lookup *lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL)
		return CS_ENOMEM;
	lookup->settings = settings;
	lookup->ldap = ldap;
	lookup->done = done;
	lookup->arg = arg;
	lookup->tail = &lookup->jobs;
	*ret_lookup = lookup;
	return 0;
}

static void put_text(struct cs_buf *out, const char *text)
{
	cs_buf_put(out, text, strlen(text));
}

static void found_clear(struct found *found)
{
	cs_clear(&cs_person_shape, &found->person);
	cs_free_str(&found->unclear);
}

static void job_free(struct job *job)
{
	for (size_t i = 0; job->subjects != NULL && i < job->question.n_subjects; i++)
		for (size_t k = 0; k < job->subjects[i].n_found; k++)
			found_clear(&job->subjects[i].found[k]);
	for (size_t i = 0; job->rosters != NULL && i < job->question.n_rosters; i++) {
		cs_hash_clear(&job->rosters[i].fill.seen);
		cs_netgroup_clear(&job->rosters[i].netgroup);
	}
	free(job->subjects);
	free(job->rosters);
	cs_clear(&cs_question_shape, &job->question);
	cs_clear(&cs_answer_shape, &job->answer);
	free(job);
}

void cs_lookup_free(struct cs_lookup **lookup)
{
	if (*lookup == NULL)
		return;
	while ((*lookup)->jobs != NULL) {
		struct job *job = (*lookup)->jobs;
		(*lookup)->jobs = job->next;
		cs_ldap_cancel((*lookup)->ldap, job);
		job_free(job);
	}
	free(*lookup);
	*lookup = NULL;
}

static struct cs_facts *facts_of(const struct task *task)
{
	return &task->job->answer.facts[task->subject];
}

/* Starts one search for a task. When it cannot be started the facts or the roster simply stay doubt. */
static int start(const struct task *what, struct cs_search *search, const struct cs_search_calls *calls)
{
	struct task *task = malloc(sizeof(*task));
	if (task == NULL)
		return CS_ENOMEM;
	*task = *what;
	search->owner = task->job;
	search->deadline_ms = task->job->deadline_ms;
	int r = cs_ldap_search(task->job->lookup->ldap, search, calls, task);
	if (r != 0) {
		free(task);
		return r;
	}
	task->job->open++;
	return 0;
}

static void task_end(struct task *task)
{
	task->job->open--;
	free(task);
}

/* --- The person: lock and groups --- */

static int locked_entry(void *arg, const struct cs_entry *entry)
{
	(void)entry;
	struct task *task = arg;
	if (facts_of(task)->known == CS_KNOWN_YES)
		facts_of(task)->person.locked = true;
	return 0;
}

static void locked_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	if (ended == CS_ENDED_NO_BASE)
		cs_facts_doubt_of(facts_of(task), "whether the account is locked", "the entry vanished");
	else if (ended == CS_ENDED_DOUBT)
		cs_facts_doubt_of(facts_of(task), "whether the account is locked", cause);
	task_end(task);
}

static int ask_locked(const struct task *task)
{
	static const struct cs_search_calls calls = { locked_entry, locked_end };
	static const char *const nothing[] = { "1.1", NULL };
	const struct cs_settings *settings = task->job->lookup->settings;
	if (*settings->locked_filter == '\0')
		return 0;
	struct cs_search search = { .base = facts_of(task)->person.dn, .filter = settings->locked_filter,
		.attributes = nothing, .limit = 1 };
	return start(task, &search, &calls);
}

static int wanted_add(const struct cs_entry *entry, const char *name, struct cs_membership *membership, size_t *cap)
{
	char **values = NULL;
	size_t n = 0;
	size_t room = CS_MAX_ATTRIBUTES - membership->n_attributes;
	int r = cs_entry_values(entry, name, room, CS_MAX_DN, &values, &n);
	if (r == 0)
		r = cs_reserve((void **)&membership->attributes, cap, membership->n_attributes, n,
			       sizeof(*membership->attributes));
	for (size_t i = 0; i < n && r == 0; i++) {
		struct cs_attribute *attribute = &membership->attributes[membership->n_attributes++];
		attribute->name = cs_dup(name);
		attribute->value = cs_dup(values[i]);
		r = attribute->name != NULL && attribute->value != NULL ? 0 : CS_ENOMEM;
	}
	cs_free_strv(&values, &n);
	return r;
}

static int membership_read(const struct task *task, const struct cs_entry *entry, struct cs_membership *membership)
{
	const struct cs_group_query *query = &task->job->question.queries[task->index];
	membership->query = (uint32_t)task->index;
	int r = cs_entry_dn(entry, &membership->group_dn);
	if (r != 0)
		return r;
	size_t cap = 0;
	for (size_t i = 0; i < query->n_wanted && r == 0; i++)
		r = wanted_add(entry, query->wanted[i], membership, &cap);
	return r;
}

static int group_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct cs_facts *facts = facts_of(task);
	struct subject *subject = &task->job->subjects[task->subject];
	if (facts->known != CS_KNOWN_YES)
		return 0;
	if (facts->n_memberships >= CS_MAX_MEMBERSHIPS)
		return CS_ETOOBIG;
	struct cs_membership membership = { 0 };
	int r = membership_read(task, entry, &membership);
	if (r == 0)
		r = cs_reserve((void **)&facts->memberships, &subject->cap_memberships, facts->n_memberships, 1,
			sizeof(membership));
	if (r == 0) {
		facts->memberships[facts->n_memberships++] = membership;
		return 0;
	}
	if (membership.group_dn != NULL && (r == CS_ETOOBIG || r == CS_EPROTO))
		cs_facts_doubt_of(facts, membership.group_dn, CS_DOUBT_ATTRIBUTES);
	cs_clear(&cs_membership_shape, &membership);
	return r;
}

static void group_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	if (ended == CS_ENDED_DOUBT)
		cs_facts_doubt_of(facts_of(task), task->job->question.queries[task->index].dn, cause);
	task_end(task);
}

/* Asks whether the group lists the person, never for the list (A077). */
static int ask_group(const struct task *task)
{
	static const struct cs_search_calls calls = { group_entry, group_end };
	static const char *const nothing[] = { "1.1", NULL };
	const struct cs_group_query *query = &task->job->question.queries[task->index];
	const char **attributes = calloc(query->n_wanted + 1, sizeof(*attributes));
	struct cs_buf filter;
	cs_buf_init(&filter, FILTER_BYTES_MAX);
	cs_buf_put_u8(&filter, '(');
	cs_buf_put(&filter, query->listed, strlen(query->listed));
	cs_buf_put_u8(&filter, '=');
	cs_filter_put_value(&filter, facts_of(task)->person.dn);
	cs_buf_put(&filter, ")", 2);
	int r = attributes == NULL ? CS_ENOMEM : cs_buf_error(&filter);
	if (r != 0)
		goto out;
	for (size_t i = 0; i < query->n_wanted; i++)
		attributes[i] = query->wanted[i];
	bool below = query->where == CS_GROUPS_BELOW;
	struct cs_search search = { .base = query->dn, .below = below, .filter = (const char *)filter.data,
		.attributes = query->n_wanted > 0 ? (const char *const *)attributes : nothing,
		.limit = below ? CS_MAX_MEMBERSHIPS : 1 };
	r = start(task, &search, &calls);
out:
	free(attributes);
	cs_buf_clear(&filter);
	return r;
}

/* --- The person: other accounts of the same human --- */

static int alias_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct cs_facts *facts = facts_of(task);
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
		cs_free_strv(&facts_of(task)->aliases, &facts_of(task)->n_aliases);
	task_end(task);
}

/* Only beside rosters, from which they are to be left out. */
static int ask_aliases(const struct task *task)
{
	static const struct cs_search_calls calls = { alias_entry, alias_end };
	static const char *const nothing[] = { "1.1", NULL };
	const struct cs_settings *settings = task->job->lookup->settings;
	const char *human = facts_of(task)->person.human;
	if (task->job->question.n_rosters == 0 || human == NULL || *human == '\0')
		return 0;
	struct cs_buf filter;
	cs_buf_init(&filter, FILTER_BYTES_MAX);
	put_text(&filter, "(");
	put_text(&filter, settings->person_attribute);
	put_text(&filter, "=");
	cs_filter_put_value(&filter, human);
	cs_buf_put(&filter, ")", 2);
	struct cs_search search = { .base = settings->people_base, .below = true, .filter = (const char *)filter.data,
		.attributes = nothing, .limit = CS_MAX_ALIASES };
	int r = cs_buf_error(&filter);
	if (r == 0)
		r = start(task, &search, &calls);
	cs_buf_clear(&filter);
	return r;
}

static void ask_about(struct task *task)
{
	int r = ask_locked(task);
	if (r == 0)
		r = ask_aliases(task);
	for (task->index = 0; task->index < task->job->question.n_queries && r == 0; task->index++)
		r = ask_group(task);
	if (r != 0)
		cs_facts_doubt_of(facts_of(task), "groups", cs_strerror(r));
}

/* --- The person: identity --- */

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
	int r = cs_entry_values(entry, settings->login_attribute, LOGIN_VALUES_MAX, CS_MAX_NAME, &values, &n);
	if (r == CS_ETOOBIG || r == CS_EPROTO)
		return unclear(found, settings->login_attribute, "has too many values or one that cannot be used");
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
	int r = single_value(entry, settings->uid_attribute, CS_MAX_NAME, found, &text);
	if (r == 0 && text != NULL && cs_parse_uid(text, &found->person.uid) != 0)
		found->person.uid = CS_NO_UID;
	found->match.by_uid = uid != CS_NO_UID && found->person.uid == uid;
	free(text);
	return r;
}

static int read_identity(const struct cs_entry *entry, const struct cs_settings *settings, struct found *found)
{
	int r = single_value(entry, settings->id_attribute, CS_MAX_NAME, found, &found->person.id);
	if (r == 0 && *settings->person_attribute != '\0')
		r = single_value(entry, settings->person_attribute, CS_MAX_NAME, found, &found->person.human);
	if (r == 0 && (found->person.id == NULL || *found->person.id == '\0'))
		r = unclear(found, settings->id_attribute,
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
	struct subject *subject = &task->job->subjects[task->subject];
	if (subject->n_found >= FOUND_MAX)
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
	struct cs_facts *facts = facts_of(task);
	struct subject *subject = &task->job->subjects[task->subject];
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
		cs_facts_doubt_of(facts_of(task), "who it is",
				  "people_base does not exist on the server, or may not be searched");
	else if (ended == CS_ENDED_DOUBT)
		cs_facts_doubt_of(facts_of(task), "who it is", cause);
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
		put_text(out, settings->uid_attribute);
		put_text(out, "=");
		put_text(out, number);
		put_text(out, ")");
	}
	if (by_name) {
		put_text(out, "(");
		put_text(out, settings->login_attribute);
		put_text(out, "=");
		cs_filter_put_value(out, subject->name);
		put_text(out, ")");
	}
	put_text(out, by_name && by_uid ? "))" : ")");
	cs_buf_put_u8(out, 0);
}

static int ask_person(struct job *job, size_t i)
{
	static const struct cs_search_calls calls = { person_entry, person_end };
	const struct cs_settings *settings = job->lookup->settings;
	const char *attributes[] = { settings->login_attribute, settings->uid_attribute, settings->id_attribute,
		"shadowExpire", NULL, NULL };
	if (*settings->person_attribute != '\0')
		attributes[4] = settings->person_attribute;
	if (cs_subject_is_nobody(&job->question.subjects[i])) {
		cs_facts_no(&job->answer.facts[i]);
		return 0;
	}
	struct cs_buf filter;
	cs_buf_init(&filter, FILTER_BYTES_MAX);
	person_filter(settings, &job->question.subjects[i], &filter);
	struct cs_search search = { .base = settings->people_base, .below = true, .filter = (const char *)filter.data,
		.attributes = attributes, .limit = FOUND_MAX };
	const struct task task = { .job = job, .subject = i };
	int r = cs_buf_error(&filter);
	if (r == 0)
		r = start(&task, &search, &calls);
	cs_buf_clear(&filter);
	return r;
}

/* --- Rosters --- */

static struct roster *roster_of(const struct task *task)
{
	return &task->job->rosters[task->index];
}

/* Once only: what comes later changes nothing. */
static void settle(const struct task *task, enum cs_known known, const char *cause)
{
	struct roster *roster = roster_of(task);
	if (!roster->settled)
		cs_roster_settle(&roster->fill, known, task->job->question.rosters[task->index].dn, cause);
	roster->settled = true;
}

static int roster_add(struct cs_roster_fill *fill, const char *dn)
{
	char *name = NULL;
	int r = cs_dn_first_value(dn, &name);
	if (r == 0)
		r = cs_roster_put(fill, dn, name);
	free(name);
	return r == CS_EPROTO ? 0 : r; /* a value that is no DN lists nobody */
}

static int roster_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	const struct cs_roster_query *query = &task->job->question.rosters[task->index];
	char **values = NULL;
	size_t n = 0;
	task->seen = true;
	if (roster_of(task)->settled)
		return 0;
	int r = cs_entry_values(entry, query->listed, CS_MAX_ROSTER, CS_MAX_DN, &values, &n);
	for (size_t i = 0; i < n && r == 0; i++)
		r = roster_add(&roster_of(task)->fill, values[i]);
	cs_free_strv(&values, &n);
	if (r != 0)
		settle(task, CS_KNOWN_DOUBT, cs_roster_error(r));
	return r;
}

static void roster_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	if (ended == CS_ENDED_WHOLE && task->seen)
		settle(task, CS_KNOWN_YES, "");
	else if (ended == CS_ENDED_WHOLE || ended == CS_ENDED_NO_BASE)
		settle(task, CS_KNOWN_NO, "");
	else if (ended == CS_ENDED_DOUBT)
		settle(task, CS_KNOWN_DOUBT, cause);
	task_end(task);
}

static int ask_people(const struct task *task)
{
	static const struct cs_search_calls calls = { roster_entry, roster_end };
	const struct cs_roster_query *query = &task->job->question.rosters[task->index];
	const char *attributes[] = { query->listed, NULL };
	bool below = query->where == CS_GROUPS_BELOW;
	bool by_value = below && query->attribute != NULL && *query->attribute != '\0';
	struct cs_buf filter;
	cs_buf_init(&filter, FILTER_BYTES_MAX);
	put_text(&filter, "(");
	put_text(&filter, by_value ? query->attribute : below ? query->listed : "objectClass");
	put_text(&filter, "=");
	if (by_value)
		cs_filter_put_value(&filter, query->value);
	else
		put_text(&filter, "*");
	cs_buf_put(&filter, ")", 2);
	struct cs_search search = { .base = query->dn, .below = below, .filter = (const char *)filter.data,
		.attributes = attributes, .limit = below ? CS_MAX_ROSTER : 1 };
	int r = cs_buf_error(&filter);
	if (r == 0)
		r = start(task, &search, &calls);
	cs_buf_clear(&filter);
	return r;
}

/* --- Netgroups --- */

static int netgroup_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct cs_netgroup_entry read = { 0 };
	const char *what = NULL;
	task->seen = true;
	if (roster_of(task)->settled)
		return 0;
	int r = cs_entry_values(entry, "objectClass", CS_MAX_ATTRIBUTES, CS_MAX_NAME, &read.classes, &read.n_classes);
	if (r == 0)
		r = cs_entry_values(entry, CS_NETGROUP_TRIPLE, CS_MAX_ROSTER, CS_MAX_DN, &read.triples,
				    &read.n_triples);
	if (r == 0)
		r = cs_entry_values(entry, CS_NETGROUP_MEMBER, CS_NETGROUPS_MOST, CS_MAX_DN, &read.members,
				    &read.n_members);
	if (r == 0)
		r = cs_netgroup_take(&roster_of(task)->netgroup, &read, &what);
	if (r != 0)
		settle(task, CS_KNOWN_DOUBT, cs_netgroup_error(r, what));
	cs_netgroup_entry_clear(&read);
	return r;
}

static int ask_level(const struct task *task);

/* All netgroups of a level were read: the next one, or the end. */
static void level_end(const struct task *task)
{
	struct roster *roster = roster_of(task);
	int r = roster->settled ? 0 : cs_netgroup_descend(&roster->netgroup);
	if (r == 1)
		r = ask_level(task);
	else if (r == 0)
		settle(task, CS_KNOWN_YES, "");
	if (r < 0)
		settle(task, CS_KNOWN_DOUBT, cs_netgroup_error(r, NULL));
}

static void netgroup_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	struct roster *roster = roster_of(task);
	bool missing = ended == CS_ENDED_NO_BASE || (ended == CS_ENDED_WHOLE && !task->seen);
	if (missing && roster->netgroup.depth == 0)
		settle(task, CS_KNOWN_NO, "");
	else if (missing)
		settle(task, CS_KNOWN_DOUBT, cs_netgroup_error(CS_ENOENT, NULL));
	else if (ended == CS_ENDED_DOUBT)
		settle(task, CS_KNOWN_DOUBT, cause);
	roster->open--;
	if (roster->open == 0 && ended != CS_ENDED_CANCELLED)
		level_end(task);
	task_end(task);
}

static int ask_netgroup(const struct task *task, size_t i)
{
	static const struct cs_search_calls calls = { netgroup_entry, netgroup_end };
	static const char *const attributes[] = { "objectClass", CS_NETGROUP_TRIPLE, CS_NETGROUP_MEMBER, NULL };
	struct roster *roster = roster_of(task);
	char *dn = NULL;
	int r = cs_netgroup_dn(&roster->netgroup, i, &dn);
	if (r != 0)
		return r;
	struct cs_search search = { .base = dn, .filter = "(objectClass=*)", .attributes = attributes, .limit = 1 };
	r = start(task, &search, &calls);
	if (r == 0)
		roster->open++;
	free(dn);
	return r;
}

static int ask_level(const struct task *task)
{
	struct cs_netgroup *netgroup = &roster_of(task)->netgroup;
	const struct task fresh = { .job = task->job, .index = task->index };
	int r = 0;
	for (size_t i = netgroup->level; i < netgroup->end && r == 0; i++)
		r = ask_netgroup(&fresh, i);
	return r;
}

static void ask_roster(struct job *job, size_t i)
{
	const struct cs_roster_query *query = &job->question.rosters[i];
	const struct task task = { .job = job, .index = i };
	struct roster *roster = &job->rosters[i];
	roster->fill.roster = &job->answer.rosters[i];
	int r = 0;
	if (query->where == CS_NETGROUP) {
		r = cs_netgroup_start(&roster->netgroup, query->dn, &roster->fill);
		if (r == 0)
			r = ask_level(&task);
	} else {
		r = ask_people(&task);
	}
	if (r != 0)
		settle(&task, CS_KNOWN_DOUBT, cs_roster_error(r));
}

/* --- Asking and answering --- */

/* What could not be started is doubt. */
static void job_start(struct job *job)
{
	int r = 0;
	for (size_t i = 0; i < job->question.n_subjects && r == 0; i++)
		r = ask_person(job, i);
	for (size_t i = 0; i < job->question.n_rosters; i++)
		ask_roster(job, i);
}

int cs_lookup_ask(struct cs_lookup *lookup, uint64_t number, uint64_t deadline_ms, struct cs_question *question)
{
	int r = cs_question_check(question);
	if (r != 0)
		return r;
	struct job *job = calloc(1, sizeof(*job));
	if (job == NULL)
		return CS_ENOMEM;
	job->lookup = lookup;
	job->number = number;
	job->asked_ms = cs_boot_ms();
	job->deadline_ms = deadline_ms;
	job->subjects = calloc(question->n_subjects + 1, sizeof(*job->subjects));
	job->rosters = calloc(question->n_rosters + 1, sizeof(*job->rosters));
	r = cs_answer_blank(question->n_subjects, question->n_rosters, &job->answer);
	if (r != 0 || job->subjects == NULL || job->rosters == NULL) {
		job_free(job);
		return CS_ENOMEM;
	}
	cs_answer_blame(&job->answer, lookup->settings->uri, NULL);
	job->question = *question;
	*question = (struct cs_question){ 0 };
	*lookup->tail = job;
	lookup->tail = &job->next;
	job_start(job);
	return 0;
}

static void job_answer(struct job *job, const char *cause)
{
	for (size_t i = 0; i < job->answer.n_facts; i++) {
		struct cs_facts *facts = &job->answer.facts[i];
		if (facts->known == CS_KNOWN_DOUBT && (facts->doubt == NULL || *facts->doubt == '\0'))
			(void)cs_set(&facts->doubt, cause);
		cs_facts_sort(facts);
	}
	job->lookup->done(job->lookup->arg, job->number, &job->answer);
}

/* At the deadline nothing half told is used; a roster that was settled is whole. */
static void job_expire(struct job *job)
{
	char cause[CAUSE_MAX];
	(void)snprintf(cause, sizeof(cause), "no whole answer from %.500s within %llu ms", job->lookup->settings->uri,
		(unsigned long long)job->lookup->settings->deadline_ms);
	/* A connection on which nothing came for so long is of no use to the next question either. */
	bool waited = job->asked_ms + job->lookup->settings->deadline_ms / 2 <= cs_boot_ms();
	if (waited && cs_ldap_heard_ms(job->lookup->ldap) < job->asked_ms && cs_ldap_fd(job->lookup->ldap) >= 0)
		cs_ldap_drop(job->lookup->ldap, cause);
	cs_ldap_cancel(job->lookup->ldap, job);
	for (size_t i = 0; i < job->answer.n_facts; i++)
		if (job->answer.facts[i].known != CS_KNOWN_NO)
			cs_facts_doubt_of(&job->answer.facts[i], "too late", cause);
	for (size_t i = 0; i < job->answer.n_rosters; i++) {
		const struct task task = { .job = job, .index = i };
		settle(&task, CS_KNOWN_DOUBT, cause);
	}
	job_answer(job, cause);
}

void cs_lookup_work(struct cs_lookup *lookup)
{
	uint64_t now = cs_boot_ms();
	struct job **at = &lookup->jobs;
	while (*at != NULL) {
		struct job *job = *at;
		if (job->open > 0 && job->deadline_ms > now) {
			at = &job->next;
			continue;
		}
		if (job->open > 0)
			job_expire(job);
		else
			job_answer(job, "could not be asked");
		*at = job->next;
		if (lookup->tail == &job->next)
			lookup->tail = at;
		job_free(job);
	}
}

uint64_t cs_lookup_next_ms(const struct cs_lookup *lookup)
{
	uint64_t next = 0;
	for (const struct job *job = lookup->jobs; job != NULL; job = job->next) {
		uint64_t due = job->open > 0 ? job->deadline_ms : 1;
		if (next == 0 || due < next)
			next = due;
	}
	return next;
}
