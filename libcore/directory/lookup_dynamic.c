/* SPDX-License-Identifier: Apache-2.0 */
/* Dynamic groups: their memberURL says by a filter who is listed. Whether somebody is, his own entry tells. */
#include "ldap_url.h"
#include "lookup_internal.h"

#include <stdlib.h>
#include <string.h>

enum { URLS_MAX = 64, URL_BYTES_MAX = 4096 };

#define ODD_URLS "has too many values of memberURL, or one that cannot be used"

static const struct cs_group_query *query_of(const struct task *task)
{
	return &task->job->question.queries[task->index];
}

/* --- Is a person listed? --- */

static int match_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct cs_membership *membership = task->more;
	(void)entry;
	if (query_of(task)->where == CS_GROUPS_BELOW && query_of(task)->at_least > 0) {
		int r = lookup_count(task, membership->group_dn);
		if (r != 0)
			return r;
	}
	return membership_add(task, membership);
}

static void match_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	struct cs_membership *membership = task->more;
	if (ended == CS_ENDED_DOUBT)
		cs_facts_doubt_of(task_facts(task), query_of(task)->dn, cause);
	cs_clear(&cs_membership_shape, membership);
	free(membership);
	task_end(task);
}

static int ask_match(const struct task *what, const struct cs_url *url, const struct cs_membership *membership)
{
	static const struct cs_search_calls calls = { match_entry, match_end };
	struct cs_search search = { .base = task_facts(what)->person.dn, .filter = url->filter,
		.attributes = lookup_nothing, .limit = 1 };
	struct task task = *what;
	struct cs_membership *copy = calloc(1, sizeof(*copy));
	if (copy == NULL)
		return CS_ENOMEM;
	int r = cs_copy(&cs_membership_shape, membership, copy);
	task.more = copy;
	task.once = true;
	if (r == 0)
		r = task_start(&task, &search, &calls);
	if (r != 0) {
		cs_clear(&cs_membership_shape, copy);
		free(copy);
	}
	return r;
}

static int evaluate(const struct task *task, const char *text, const struct cs_membership *membership)
{
	struct cs_facts *facts = task_facts(task);
	struct lookup_subject *subject = &task->job->subjects[task->subject];
	struct cs_url url = { 0 };
	const char *why = NULL;
	int r = cs_url_parse(text, &url, &why);
	if (r == CS_EPROTO)
		cs_facts_doubt_of(facts, membership->group_dn, why);
	if (r == 0 && facts->known == CS_KNOWN_YES && cs_url_reaches(&url, facts->person.dn)) {
		if (++subject->urls > LOOKUP_URLS_MAX)
			cs_facts_doubt_of(facts, query_of(task)->dn, "there are too many memberURL to ask");
		else
			r = ask_match(task, &url, membership);
	}
	cs_url_clear(&url);
	return r;
}

static int dynamic_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct cs_membership membership = { 0 };
	char **urls = NULL;
	size_t n = 0;
	if (task_facts(task)->known != CS_KNOWN_YES)
		return 0;
	int r = membership_read(task, entry, &membership);
	if (r == 0) {
		r = cs_entry_values(entry, query_of(task)->listed, URLS_MAX, URL_BYTES_MAX, &urls, &n);
		if (r == CS_ETOOBIG || r == CS_EPROTO)
			cs_facts_doubt_of(task_facts(task), membership.group_dn, ODD_URLS);
	}
	for (size_t i = 0; i < n && r == 0; i++)
		r = evaluate(task, urls[i], &membership);
	cs_free_strv(&urls, &n);
	cs_clear(&cs_membership_shape, &membership);
	return r;
}

static void dynamic_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	if (ended == CS_ENDED_DOUBT)
		cs_facts_doubt_of(task_facts(task), query_of(task)->dn, cause);
	task_end(task);
}

int lookup_dynamic(const struct task *task)
{
	static const struct cs_search_calls calls = { dynamic_entry, dynamic_end };
	const struct cs_group_query *query = query_of(task);
	const bool below = query->where == CS_GROUPS_BELOW;
	const char **attributes = calloc(query->n_wanted + 2, sizeof(*attributes));
	struct cs_buf filter;
	if (attributes == NULL)
		return CS_ENOMEM;
	attributes[0] = query->listed;
	for (size_t i = 0; i < query->n_wanted; i++)
		attributes[i + 1] = query->wanted[i];
	cs_buf_init(&filter, LOOKUP_FILTER_MAX);
	put_text(&filter, "(");
	put_text(&filter, query->listed);
	cs_buf_put(&filter, "=*)", 4);
	struct cs_search search = { .base = query->dn, .below = below, .filter = (const char *)filter.data,
		.attributes = attributes, .limit = below ? CS_MAX_MEMBERSHIPS : 1 };
	int r = cs_buf_error(&filter);
	if (r == 0)
		r = task_start(task, &search, &calls);
	cs_buf_clear(&filter);
	free(attributes);
	return r;
}

/* --- Who is listed? --- */

struct people {
	struct cs_url url;
	struct dynamic_calls calls;
	void *arg;
};

static int people_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct people *people = task->more;
	char *dn = NULL;
	int r = cs_entry_dn(entry, &dn);
	if (r == 0 && cs_url_reaches(&people->url, dn))
		r = people->calls.person(task, people->arg, dn);
	free(dn);
	return r;
}

static void people_free(struct people *people)
{
	cs_url_clear(&people->url);
	free(people);
}

static void people_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	struct people *people = task->more;
	people->calls.end(task, people->arg, ended, cause);
	people_free(people);
	task_end(task);
}

static int ask_people(struct task *task, const struct people *people)
{
	static const struct cs_search_calls calls = { people_entry, people_end };
	struct cs_buf filter;
	cs_buf_init(&filter, LOOKUP_FILTER_MAX);
	put_text(&filter, "(&");
	put_text(&filter, task->job->lookup->settings->schema.people_filter);
	put_text(&filter, people->url.filter);
	cs_buf_put(&filter, ")", 2);
	struct cs_search search = { .base = people->url.base, .below = people->url.scope != CS_URL_BASE,
		.filter = (const char *)filter.data, .attributes = lookup_nothing, .limit = CS_MAX_LISTING };
	int r = cs_buf_error(&filter);
	if (r == 0)
		r = task_start(task, &search, &calls);
	cs_buf_clear(&filter);
	return r;
}

int dynamic_people(const struct task *what, const char *url, const struct dynamic_calls *calls, void *arg,
	const char **ret_why)
{
	struct task task = *what;
	struct people *people = calloc(1, sizeof(*people));
	if (people == NULL)
		return CS_ENOMEM;
	people->calls = *calls;
	people->arg = arg;
	task.more = people;
	int r = cs_url_parse(url, &people->url, ret_why);
	if (r == 0)
		r = ask_people(&task, people);
	if (r != 0)
		people_free(people);
	return r;
}
