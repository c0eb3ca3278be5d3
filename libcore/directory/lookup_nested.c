/* SPDX-License-Identifier: Apache-2.0 */
/* Groups in groups: upwards from a person, level by level, or at once where the server does it. */
#include "lookup_internal.h"

#include <string.h>

/* --- Whether the server does it --- */

static int root_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	(void)entry;
	task->seen = true;
	return 0;
}

/* A server that does not say that it can is asked level by level. */
static void root_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	struct job *job = task->job;
	(void)cause;
	job->in_chain = ended == CS_ENDED_WHOLE && task->seen ? CS_KNOWN_YES : CS_KNOWN_NO;
	for (size_t i = 0; i < job->question.n_subjects && ended != CS_ENDED_CANCELLED; i++)
		lookup_person_resume(job, i);
	for (size_t i = 0; i < job->question.n_listings && ended != CS_ENDED_CANCELLED; i++)
		lookup_listing(job, i);
	task_end(task);
}

int lookup_chain_ask(struct job *job)
{
	static const struct cs_search_calls calls = { root_entry, root_end };
	const struct cs_schema *schema = &job->lookup->settings->schema;
	job->in_chain = CS_KNOWN_NO;
	if (!schema->in_chain || schema->nesting == 0 || job->question.n_queries + job->question.n_listings == 0)
		return 0;
	struct cs_search search = { .base = "", .filter = "(supportedCapabilities=" LOOKUP_IS_AD ")",
		.attributes = lookup_nothing, .limit = 1 };
	const struct task task = { .job = job };
	int r = task_start(&task, &search, &calls);
	if (r == 0)
		job->in_chain = CS_KNOWN_DOUBT;
	return r;
}

/* --- The groups that a person is in --- */

void closure_clear(struct closure *closure)
{
	text_set_clear(&closure->groups);
}

static struct closure *closure_of(const struct task *task)
{
	return &task->job->subjects[task->subject].closure;
}

static void doubt(const struct task *task, const char *cause)
{
	cs_facts_doubt_of(task_facts(task), "groups in groups", cause);
}

static int parent_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct closure *closure = closure_of(task);
	char *dn = NULL;
	int r = cs_entry_dn(entry, &dn);
	if (r == 0 && closure->groups.n >= CS_NESTED_MAX && text_set_has(&closure->groups, dn) != 1)
		doubt(task, CS_NESTED_DOUBT);
	else if (r == 0)
		r = text_set_put(&closure->groups, dn);
	cs_free_str(&dn);
	return r < 0 ? r : 0;
}

static void ask_level(const struct task *task);

/* A level is there: the next one, or every group is known. */
static void level_end(struct task *task)
{
	struct closure *closure = closure_of(task);
	const struct cs_schema *schema = &task->job->lookup->settings->schema;
	bool more = closure->level < closure->groups.n && closure->depth < schema->nesting &&
		    task->job->in_chain != CS_KNOWN_YES;
	if (task_facts(task)->known != CS_KNOWN_YES)
		return;
	if (more) {
		ask_level(task);
		return;
	}
	int r = lookup_groups_nested(task);
	if (r != 0)
		doubt(task, cs_strerror(r));
}

static void parent_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	if (ended == CS_ENDED_NO_BASE)
		doubt(task, "groups_base does not exist on the server, or may not be searched");
	else if (ended == CS_ENDED_DOUBT)
		doubt(task, cause);
	closure_of(task)->open--;
	if (closure_of(task)->open == 0 && ended != CS_ENDED_CANCELLED)
		level_end(task);
	task_end(task);
}

/* Which groups list the person, or one of the groups of the level before? */
static int ask_parents(const struct task *task, char *const *listed, size_t n)
{
	static const struct cs_search_calls calls = { parent_entry, parent_end };
	const struct cs_settings *settings = task->job->lookup->settings;
	const struct filter_equality equality = { settings->schema.member_attribute,
		task->job->in_chain == CS_KNOWN_YES ? LOOKUP_IN_CHAIN : "" };
	const struct any_of any = { settings->schema.group_filter, listed, n, filter_part_equals, &equality };
	struct cs_search search = { .base = settings->groups_base, .below = true, .attributes = lookup_nothing,
		.limit = CS_NESTED_MAX + 1 };
	return task_start_any_of(task, &search, &any, &calls, &closure_of(task)->open);
}

static void ask_level(const struct task *task)
{
	struct closure *closure = closure_of(task);
	size_t from = closure->level, end = closure->groups.n;
	closure->level = end;
	closure->depth++;
	int r = ask_parents(task, closure->groups.texts + from, end - from);
	if (r != 0)
		doubt(task, cs_strerror(r));
}

int lookup_closure(const struct task *task)
{
	struct closure *closure = closure_of(task);
	char *dn = task_facts(task)->person.dn;
	closure->groups.of_dns = true;
	closure->depth = 1;
	return ask_parents(task, &dn, 1);
}
