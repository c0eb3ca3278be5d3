/* SPDX-License-Identifier: Apache-2.0 */
/* Which hosts a netgroup holds. */
#include "lookup_internal.h"

#include <stdlib.h>

static struct lookup_listing *listing_of(const struct task *task)
{
	return &task->job->listings[task->index];
}

static int netgroup_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct cs_netgroup_entry read = { 0 };
	const char *what = NULL;
	task->seen = true;
	if (listing_of(task)->settled)
		return 0;
	int r = cs_entry_values(entry, "objectClass", CS_MAX_ATTRIBUTES, CS_MAX_NAME, &read.classes, &read.n_classes);
	if (r == 0)
		r = cs_entry_values(entry, CS_NETGROUP_TRIPLE, CS_MAX_LISTING, CS_MAX_DN, &read.triples,
				    &read.n_triples);
	if (r == 0)
		r = cs_entry_values(entry, CS_NETGROUP_MEMBER, CS_NETGROUPS_MOST, CS_MAX_DN, &read.members,
				    &read.n_members);
	if (r == 0)
		r = cs_netgroup_take(&listing_of(task)->netgroup, &read, &what);
	if (r != 0)
		lookup_listing_settle(task, CS_KNOWN_DOUBT, cs_netgroup_error(r, what));
	cs_netgroup_entry_clear(&read);
	return r;
}

static int ask_level(const struct task *task);

/* All netgroups of a level were read: the next one, or the end. */
static void level_end(const struct task *task)
{
	struct lookup_listing *listing = listing_of(task);
	int r = listing->settled ? 0 : cs_netgroup_descend(&listing->netgroup);
	if (r == 1)
		r = ask_level(task);
	else if (r == 0)
		lookup_listing_settle(task, CS_KNOWN_YES, "");
	if (r < 0)
		lookup_listing_settle(task, CS_KNOWN_DOUBT, cs_netgroup_error(r, NULL));
}

static void netgroup_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	struct lookup_listing *listing = listing_of(task);
	bool missing = ended == CS_ENDED_NO_BASE || (ended == CS_ENDED_WHOLE && !task->seen);
	if (missing && listing->netgroup.depth == 0)
		lookup_listing_settle(task, CS_KNOWN_NO, "");
	else if (missing)
		lookup_listing_settle(task, CS_KNOWN_DOUBT, cs_netgroup_error(CS_ENOENT, NULL));
	else if (ended == CS_ENDED_DOUBT)
		lookup_listing_settle(task, CS_KNOWN_DOUBT, cause);
	listing->open--;
	if (listing->open == 0 && ended != CS_ENDED_CANCELLED)
		level_end(task);
	task_end(task);
}

static int ask_netgroup(const struct task *task, size_t i)
{
	static const struct cs_search_calls calls = { netgroup_entry, netgroup_end };
	static const char *const attributes[] = { "objectClass", CS_NETGROUP_TRIPLE, CS_NETGROUP_MEMBER, NULL };
	struct lookup_listing *listing = listing_of(task);
	char *dn = NULL;
	int r = cs_netgroup_dn(&listing->netgroup, i, &dn);
	if (r != 0)
		return r;
	struct cs_search search = { .base = dn, .filter = "(objectClass=*)", .attributes = attributes, .limit = 1 };
	r = task_start(task, &search, &calls);
	if (r == 0)
		listing->open++;
	free(dn);
	return r;
}

static int ask_level(const struct task *task)
{
	struct cs_netgroup *netgroup = &listing_of(task)->netgroup;
	const struct task fresh = { .job = task->job, .index = task->index };
	int r = 0;
	for (size_t i = netgroup->level; i < netgroup->end && r == 0; i++)
		r = ask_netgroup(&fresh, i);
	return r;
}

int lookup_netgroup(const struct task *task)
{
	struct lookup_listing *listing = listing_of(task);
	int r = cs_netgroup_start(&listing->netgroup, task->job->question.listings[task->index].dn, &listing->fill);
	return r != 0 ? r : ask_level(task);
}
