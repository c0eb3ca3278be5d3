/* SPDX-License-Identifier: Apache-2.0 */
/* Who is listed by a group, and which hosts a netgroup holds. */
#include "filter.h"
#include "lookup_internal.h"

#include <stdlib.h>
#include <string.h>

/* --- Rosters --- */

static struct lookup_roster *roster_of(const struct task *task)
{
	return &task->job->rosters[task->index];
}

void lookup_roster_settle(const struct task *task, enum cs_known known, const char *cause)
{
	struct lookup_roster *roster = roster_of(task);
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
		lookup_roster_settle(task, CS_KNOWN_DOUBT, cs_roster_error(r));
	return r;
}

static void roster_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	if (ended == CS_ENDED_WHOLE && task->seen)
		lookup_roster_settle(task, CS_KNOWN_YES, "");
	else if (ended == CS_ENDED_WHOLE || ended == CS_ENDED_NO_BASE)
		lookup_roster_settle(task, CS_KNOWN_NO, "");
	else if (ended == CS_ENDED_DOUBT)
		lookup_roster_settle(task, CS_KNOWN_DOUBT, cause);
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
	cs_buf_init(&filter, LOOKUP_FILTER_MAX);
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
		r = task_start(task, &search, &calls);
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
		lookup_roster_settle(task, CS_KNOWN_DOUBT, cs_netgroup_error(r, what));
	cs_netgroup_entry_clear(&read);
	return r;
}

static int ask_level(const struct task *task);

/* All netgroups of a level were read: the next one, or the end. */
static void level_end(const struct task *task)
{
	struct lookup_roster *roster = roster_of(task);
	int r = roster->settled ? 0 : cs_netgroup_descend(&roster->netgroup);
	if (r == 1)
		r = ask_level(task);
	else if (r == 0)
		lookup_roster_settle(task, CS_KNOWN_YES, "");
	if (r < 0)
		lookup_roster_settle(task, CS_KNOWN_DOUBT, cs_netgroup_error(r, NULL));
}

static void netgroup_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	struct lookup_roster *roster = roster_of(task);
	bool missing = ended == CS_ENDED_NO_BASE || (ended == CS_ENDED_WHOLE && !task->seen);
	if (missing && roster->netgroup.depth == 0)
		lookup_roster_settle(task, CS_KNOWN_NO, "");
	else if (missing)
		lookup_roster_settle(task, CS_KNOWN_DOUBT, cs_netgroup_error(CS_ENOENT, NULL));
	else if (ended == CS_ENDED_DOUBT)
		lookup_roster_settle(task, CS_KNOWN_DOUBT, cause);
	roster->open--;
	if (roster->open == 0 && ended != CS_ENDED_CANCELLED)
		level_end(task);
	task_end(task);
}

static int ask_netgroup(const struct task *task, size_t i)
{
	static const struct cs_search_calls calls = { netgroup_entry, netgroup_end };
	static const char *const attributes[] = { "objectClass", CS_NETGROUP_TRIPLE, CS_NETGROUP_MEMBER, NULL };
	struct lookup_roster *roster = roster_of(task);
	char *dn = NULL;
	int r = cs_netgroup_dn(&roster->netgroup, i, &dn);
	if (r != 0)
		return r;
	struct cs_search search = { .base = dn, .filter = "(objectClass=*)", .attributes = attributes, .limit = 1 };
	r = task_start(task, &search, &calls);
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

void lookup_roster(struct job *job, size_t i)
{
	const struct cs_roster_query *query = &job->question.rosters[i];
	const struct task task = { .job = job, .index = i };
	struct lookup_roster *roster = &job->rosters[i];
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
		lookup_roster_settle(&task, CS_KNOWN_DOUBT, cs_roster_error(r));
}
