/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups list a person: by DN, by login or by URL, asked of the groups or, with member_of, of his own entry. */
#include "lookup_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct cs_group_query *query_of(const struct task *task)
{
	return &task->job->question.queries[task->index];
}

static const struct cs_schema *schema_of(const struct task *task)
{
	return &task->job->lookup->settings->schema;
}

static struct lookup_subject *subject_of(const struct task *task)
{
	return &task->job->subjects[task->subject];
}

/* --- Memberships --- */

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

int membership_read(const struct task *task, const struct cs_entry *entry, struct cs_membership *ret_membership)
{
	const struct cs_group_query *query = query_of(task);
	ret_membership->query = (uint32_t)task->index;
	int r = cs_entry_dn(entry, &ret_membership->group_dn);
	if (r != 0)
		return r;
	size_t cap = 0;
	for (size_t i = 0; i < query->n_wanted && r == 0; i++)
		r = wanted_add(entry, query->wanted[i], ret_membership, &cap);
	if (r == CS_ETOOBIG || r == CS_EPROTO)
		cs_facts_doubt_of(task_facts(task), ret_membership->group_dn, CS_DOUBT_ATTRIBUTES);
	return r;
}

static bool is_known(const struct cs_facts *facts, const struct cs_membership *membership)
{
	for (size_t i = 0; i < facts->n_memberships; i++)
		if (facts->memberships[i].query == membership->query &&
		    strcmp(facts->memberships[i].group_dn, membership->group_dn) == 0)
			return true;
	return false;
}

int membership_add(const struct task *task, struct cs_membership *membership)
{
	struct cs_facts *facts = task_facts(task);
	if (facts->known != CS_KNOWN_YES || (task->once && is_known(facts, membership)))
		return 0;
	if (facts->n_memberships >= CS_MAX_MEMBERSHIPS) {
		cs_facts_doubt_of(facts, query_of(task)->dn, "too many groups list him");
		return CS_ETOOBIG;
	}
	int r = cs_reserve((void **)&facts->memberships, &subject_of(task)->cap_memberships, facts->n_memberships, 1,
		sizeof(*membership));
	if (r != 0)
		return r;
	facts->memberships[facts->n_memberships++] = *membership;
	*membership = (struct cs_membership){ 0 };
	return 0;
}

void query_unsure(const struct task *task, const char *dn, const char *cause)
{
	struct cs_facts *facts = task_facts(task);
	char *doubt = NULL;
	if (facts->known != CS_KNOWN_YES)
		return;
	for (size_t i = 0; i < facts->n_unsure; i++)
		if (facts->unsure[i].query == task->index)
			return; /* the first cause stays */
	int r = cs_format(&doubt, "%s %s", dn, cause);
	if (r == 0)
		r = cs_reserve((void **)&facts->unsure, &subject_of(task)->cap_unsure, facts->n_unsure, 1,
			sizeof(*facts->unsure));
	if (r != 0) {
		free(doubt);
		cs_facts_doubt_of(facts, dn, cs_strerror(r)); /* never surer for want of memory */
		return;
	}
	facts->unsure[facts->n_unsure++] = (struct cs_unsure){ (uint32_t)task->index, doubt };
}

/* --- Groups that list him --- */

static int group_entry(void *arg, const struct cs_entry *entry)
{
	struct task *task = arg;
	struct cs_membership membership = { 0 };
	if (task_facts(task)->known != CS_KNOWN_YES)
		return 0;
	int r = membership_read(task, entry, &membership);
	if (r == 0 && query_of(task)->where == CS_GROUPS_BELOW && query_of(task)->at_least > 0)
		r = lookup_count_entry(task, entry, membership.group_dn);
	if (r == 0)
		r = membership_add(task, &membership);
	cs_clear(&cs_membership_shape, &membership);
	return r;
}

static void group_end(void *arg, enum cs_ended ended, const char *cause)
{
	struct task *task = arg;
	if (ended == CS_ENDED_DOUBT)
		cs_facts_doubt_of(task_facts(task), query_of(task)->dn, cause);
	task_end(task);
}

/* Asks whether the group lists one of these, never for the list (A077); but below, with at_least, what is found is
 * counted as well. */
static int ask_listing(const struct task *what, char *const *listed, size_t n, const char *rule)
{
	static const struct cs_search_calls calls = { group_entry, group_end };
	const struct cs_group_query *query = query_of(what);
	const bool below = query->where == CS_GROUPS_BELOW;
	const struct filter_equality equality = { query->listed, rule };
	const struct any_of any = { NULL, listed, n, filter_part_equals, &equality };
	const char **attributes = calloc(query->n_wanted + 2, sizeof(*attributes));
	if (attributes == NULL)
		return CS_ENOMEM;
	for (size_t i = 0; i < query->n_wanted; i++)
		attributes[i] = query->wanted[i];
	if (below && query->at_least > 0)
		attributes[query->n_wanted] = query->listed;
	struct cs_search search = { .base = query->dn, .below = below,
		.attributes = attributes[0] != NULL ? (const char *const *)attributes : lookup_nothing,
		.limit = below ? CS_MAX_MEMBERSHIPS : 1 };
	struct task task = *what;
	task.once = n > 1;
	size_t open = 0;
	int r = task_start_any_of(&task, &search, &any, &calls, &open);
	free(attributes);
	return r;
}

/* --- By member_of --- */

/* What the policy wants to know of a group that lists him, or whether it lists enough people. */
static int ask_of_group(const struct task *task, char *dn)
{
	static const struct cs_search_calls calls = { group_entry, group_end };
	const struct cs_group_query *query = query_of(task);
	const bool count = query->where == CS_GROUPS_BELOW && query->at_least > 0;
	const char **attributes = calloc(query->n_wanted + 2, sizeof(*attributes));
	if (attributes == NULL)
		return CS_ENOMEM;
	for (size_t i = 0; i < query->n_wanted; i++)
		attributes[i] = query->wanted[i];
	if (count)
		attributes[query->n_wanted] = query->listed;
	struct cs_search search = { .base = dn, .filter = "(objectClass=*)",
		.attributes = (const char *const *)attributes, .limit = 1 };
	int r = task_start(task, &search, &calls);
	free(attributes);
	return r;
}

static int take_group(const struct task *task, char *dn)
{
	const struct cs_group_query *query = query_of(task);
	struct cs_membership membership = { .query = (uint32_t)task->index };
	if (query->n_wanted > 0 || (query->where == CS_GROUPS_BELOW && query->at_least > 0))
		return ask_of_group(task, dn);
	int r = cs_set(&membership.group_dn, dn);
	if (r == 0)
		r = membership_add(task, &membership);
	cs_clear(&cs_membership_shape, &membership);
	return r;
}

static int ask_own_entry(const struct task *what)
{
	const struct cs_group_query *query = query_of(what);
	const struct found *found = &subject_of(what)->found[0];
	char key[CS_MAX_DN + 1], base[CS_MAX_DN + 1];
	struct task task = *what;
	task.once = true;
	if (cs_dn_key(query->dn, base) != 0)
		return CS_EINVAL;
	int r = 0;
	for (size_t i = 0; i < found->n_member_of && r == 0; i++) {
		if (cs_dn_key(found->member_of[i], key) != 0)
			continue; /* no DN names a group */
		if (query->where == CS_GROUPS_BELOW ? cs_dn_key_below(key, base) : strcmp(key, base) == 0)
			r = take_group(&task, found->member_of[i]);
	}
	return r;
}

/* --- Asking --- */

/* The query follows groups in groups, which have to be known first. */
static bool needs_closure(const struct task *task)
{
	const struct cs_schema *schema = schema_of(task);
	if (schema->nesting == 0 || cs_schema_lists(query_of(task)->listed) != CS_LISTS_DN)
		return false;
	return task->job->in_chain != CS_KNOWN_YES || strcasecmp(query_of(task)->listed, schema->member_attribute) != 0;
}

static int ask_by_login(const struct task *task)
{
	char *login = subject_of(task)->found[0].login;
	return *login != '\0' ? ask_listing(task, &login, 1, "") : 0; /* he has none that could be listed */
}

static int ask_by_dn(const struct task *task)
{
	const struct closure *closure = &subject_of(task)->closure;
	char *dn = task_facts(task)->person.dn;
	if (cs_schema_by_member_of(schema_of(task), query_of(task)->listed))
		return ask_own_entry(task);
	if (schema_of(task)->nesting > 0 && !needs_closure(task))
		return ask_listing(task, &dn, 1, LOOKUP_IN_CHAIN);
	if (schema_of(task)->nesting == 0 || closure->groups.n == 0)
		return ask_listing(task, &dn, 1, "");
	char **all = calloc(closure->groups.n + 1, sizeof(*all));
	if (all == NULL)
		return CS_ENOMEM;
	memcpy(all, closure->groups.texts, closure->groups.n * sizeof(*all));
	all[closure->groups.n] = dn;
	int r = ask_listing(task, all, closure->groups.n + 1, "");
	free(all);
	return r;
}

static int ask_query(const struct task *task)
{
	static int (*const ask[])(const struct task *) = { [CS_LISTS_DN] = ask_by_dn, [CS_LISTS_LOGIN] = ask_by_login,
		[CS_LISTS_URL] = lookup_dynamic };
	return ask[cs_schema_lists(query_of(task)->listed)](task);
}

static int ask_count(const struct task *task)
{
	const struct cs_group_query *query = query_of(task);
	return query->where == CS_GROUP_AT && query->at_least > 0 ? lookup_count(task, query->dn) : 0;
}

int lookup_groups(struct task *task)
{
	bool closure = false;
	int r = 0;
	for (task->index = 0; task->index < task->job->question.n_queries && r == 0; task->index++) {
		r = ask_count(task);
		if (r == 0 && needs_closure(task))
			closure = true;
		else if (r == 0)
			r = ask_query(task);
	}
	return r == 0 && closure ? lookup_closure(task) : r;
}

int lookup_groups_nested(struct task *task)
{
	int r = 0;
	for (task->index = 0; task->index < task->job->question.n_queries && r == 0; task->index++)
		if (needs_closure(task))
			r = ask_query(task);
	return r;
}
