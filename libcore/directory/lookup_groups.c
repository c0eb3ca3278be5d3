/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups list a person. */
#include "filter.h"
#include "lookup_internal.h"

#include <stdlib.h>
#include <string.h>

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
	struct cs_facts *facts = task_facts(task);
	struct lookup_subject *subject = &task->job->subjects[task->subject];
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
		cs_facts_doubt_of(task_facts(task), task->job->question.queries[task->index].dn, cause);
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
	cs_buf_init(&filter, LOOKUP_FILTER_MAX);
	cs_buf_put_u8(&filter, '(');
	cs_buf_put(&filter, query->listed, strlen(query->listed));
	cs_buf_put_u8(&filter, '=');
	cs_filter_put_value(&filter, task_facts(task)->person.dn);
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
	r = task_start(task, &search, &calls);
out:
	free(attributes);
	cs_buf_clear(&filter);
	return r;
}

int lookup_groups(struct task *task)
{
	int r = 0;
	for (task->index = 0; task->index < task->job->question.n_queries && r == 0; task->index++)
		r = ask_group(task);
	return r;
}
