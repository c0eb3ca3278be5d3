/* SPDX-License-Identifier: Apache-2.0 */
/* at_least: whether a group lists as many as it always does. One that is suddenly empty is a mistake, not a fact. */
#include "lookup_internal.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One group whose list is counted. */
struct count {
	char *dn;
	struct text_set listed;
	struct text_set people; /* whom the URLs in listed find */
	size_t next; /* where to go on; 0: it was read to its end, or far enough */
	size_t open; /* searches by URL that have not ended */
	bool seen;
};

enum { CAUSE_MAX = 160 };

static const struct cs_group_query *query_of(const struct task *task)
{
	return &task->job->question.queries[task->index];
}

static bool by_url(const struct task *task)
{
	return cs_schema_lists(query_of(task)->listed) == CS_LISTS_URL;
}

static void count_free(struct count *count)
{
	if (count == NULL)
		return;
	text_set_clear(&count->listed);
	text_set_clear(&count->people);
	free(count->dn);
	free(count);
}

static int count_new(const char *dn, enum cs_lists lists, struct count **ret_count)
{
	struct count *count = calloc(1, sizeof(*count));
	if (count == NULL)
		return CS_ENOMEM;
	count->dn = cs_dup(dn);
	count->listed.of_dns = lists == CS_LISTS_DN;
	count->people.of_dns = true;
	if (count->dn == NULL) {
		free(count);
		return CS_ENOMEM;
	}
	*ret_count = count;
	return 0;
}

/* What is no DN lists nobody. */
static int take_values(struct count *count, char *const *values, size_t n)
{
	int r = 0;
	for (size_t i = 0; i < n && r >= 0; i++) {
		r = text_set_put(&count->listed, values[i]);
		r = r == CS_EINVAL ? 0 : r;
	}
	return r < 0 ? r : 0;
}

static int take_entry(const struct task *task, const struct cs_entry *entry, struct count *count)
{
	char **values = NULL;
	size_t n = 0;
	int r = cs_entry_piece(entry, query_of(task)->listed, count->next, CS_MAX_LISTING, CS_MAX_DN, &values, &n,
		&count->next);
	if (r == 0)
		r = take_values(count, values, n);
	count->seen = true;
	cs_free_strv(&values, &n);
	return r;
}

/* Everything that was to be read was. */
static void judge(const struct task *task, const struct count *count)
{
	const struct text_set *counted = by_url(task) ? &count->people : &count->listed;
	char cause[CAUSE_MAX];
	if (!count->seen)
		(void)snprintf(cause, sizeof(cause), "is missing, and at_least says %u", query_of(task)->at_least);
	else if (counted->n < query_of(task)->at_least)
		(void)snprintf(cause, sizeof(cause), "lists %zu, and at_least says %u", counted->n,
			query_of(task)->at_least);
	else
		return;
	query_unsure(task, count->dn, cause);
}

/* --- Whom URLs find --- */

static int person_counted(const struct task *task, void *arg, const char *dn)
{
	struct count *count = arg;
	(void)task;
	int r = text_set_put(&count->people, dn);
	return r < 0 ? r : 0;
}

static void people_counted(const struct task *task, void *arg, enum cs_ended ended, const char *cause)
{
	struct count *count = arg;
	if (ended == CS_ENDED_DOUBT)
		query_unsure(task, count->dn, cause);
	if (--count->open > 0)
		return;
	if (ended != CS_ENDED_CANCELLED)
		judge(task, count);
	count_free(count);
}

/* Takes the count over. */
static void ask_people(const struct task *task, struct count *count)
{
	static const struct dynamic_calls calls = { person_counted, people_counted };
	const char *why = NULL;
	count->open = 1; /* until all were asked */
	for (size_t i = 0; i < count->listed.n; i++) {
		int r = dynamic_people(task, count->listed.texts[i], &calls, count, &why);
		if (r == 0)
			count->open++;
		else
			query_unsure(task, count->dn, r == CS_EPROTO ? why : cs_strerror(r));
	}
	people_counted(task, count, CS_ENDED_WHOLE, "");
}

/* --- Searches --- */

static int ask_count(const struct task *task);

static int count_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	return take_entry(task, entry, task->more);
}

/* Goes on where the server handed out only a part that is not enough, and to the people where there are URLs. */
static int go_on(struct task *task, struct count *count)
{
	if (by_url(task) && count->next == 0 && count->seen) {
		task->more = NULL;
		ask_people(task, count);
		return 0;
	}
	if (count->next == 0 || (!by_url(task) && count->listed.n >= query_of(task)->at_least)) {
		judge(task, count);
		return 0;
	}
	int r = ask_count(task);
	if (r == 0)
		task->more = NULL; /* it goes along */
	return r;
}

static void count_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	struct count *count = task->more;
	int r = 0;
	if (ended == CS_ENDED_DOUBT)
		query_unsure(task, count->dn, cause);
	else if (ended == CS_ENDED_WHOLE || ended == CS_ENDED_NO_BASE)
		r = go_on(task, count);
	if (r != 0)
		query_unsure(task, count->dn, cs_strerror(r));
	count_free(task->more);
	task_end(task);
}

static int ask_count(const struct task *task)
{
	static const struct cs_search_calls calls = { count_entry, count_end };
	const struct count *count = task->more;
	char *piece = NULL;
	int r = count->next == 0 ? cs_format(&piece, "%s", query_of(task)->listed)
				 : cs_format(&piece, "%s;range=%zu-*", query_of(task)->listed, count->next);
	const char *attributes[] = { piece, NULL };
	struct cs_search search = { .base = count->dn, .filter = "(objectClass=*)", .attributes = attributes,
		.limit = 1 };
	if (r == 0)
		r = task_start(task, &search, &calls);
	free(piece);
	return r;
}

int lookup_count(const struct task *what, const char *dn)
{
	struct task task = *what;
	struct count *count = NULL;
	int r = count_new(dn, cs_schema_lists(query_of(what)->listed), &count);
	if (r != 0)
		return r;
	task.more = count;
	r = ask_count(&task);
	if (r != 0)
		count_free(count);
	return r;
}

int lookup_count_entry(const struct task *what, const struct cs_entry *entry, const char *dn)
{
	struct task task = *what;
	struct count *count = NULL;
	int r = count_new(dn, cs_schema_lists(query_of(what)->listed), &count);
	if (r != 0)
		return r;
	r = take_entry(&task, entry, count);
	task.more = count;
	if (r == 0)
		r = go_on(&task, count);
	if (task.more != NULL)
		count_free(count);
	return r;
}
