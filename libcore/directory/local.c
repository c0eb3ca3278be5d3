/* SPDX-License-Identifier: Apache-2.0 */
/* Names and numbers of /etc/passwd. */
#include "local.h"
#include "hash.h"
#include "mem.h"
#include "unix_text.h"
#include "watch.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct account {
	char *name;
	uint32_t uid;
};

struct table {
	struct account *accounts;
	size_t n, cap;
	struct cs_hash by_name, by_uid;
};

struct cs_local {
	struct cs_watch watch;
	struct table table;
	bool readable;
	char *problem;
	uint64_t changes;
};

static void table_clear(struct table *table)
{
	for (size_t i = 0; i < table->n; i++)
		free(table->accounts[i].name);
	free(table->accounts);
	cs_hash_clear(&table->by_name);
	cs_hash_clear(&table->by_uid);
	*table = (struct table){ 0 };
}

static int take_account(void *arg, const void *entry, unsigned line)
{
	struct table *table = arg;
	const struct passwd *from = entry;
	(void)line;
	int r = cs_reserve((void **)&table->accounts, &table->cap, table->n, 1, sizeof(*table->accounts));
	char *name = r == 0 ? cs_dup(from->pw_name) : NULL;
	if (name == NULL)
		return CS_ENOMEM;
	uint32_t place = (uint32_t)table->n;
	table->accounts[table->n++] = (struct account){ name, from->pw_uid };
	r = cs_hash_add(&table->by_name, cs_hash_text(name), place);
	return r != 0 ? r : cs_hash_add(&table->by_uid, cs_hash_number(from->pw_uid), place);
}

static int load(struct cs_local *local, struct cs_problem *problem)
{
	struct table table = { 0 };
	char *text = NULL;
	size_t n = 0;
	int r = cs_watch_read(&local->watch, &text, &n, problem);
	if (r == 0)
		r = cs_unix_each(CS_UNIX_PASSWD, text, n, take_account, &table, problem);
	cs_watch_free(&local->watch, &text, n);
	if (r == 0)
		local->table = table;
	else
		table_clear(&table);
	return r;
}

void cs_local_refresh(struct cs_local *local)
{
	struct cs_problem problem = { 0 };
	if (local->readable && cs_watch_is_current(&local->watch))
		return;
	table_clear(&local->table);
	cs_free_str(&local->problem);
	local->readable = load(local, &problem) == 0;
	local->changes++;
	if (!local->readable)
		local->problem = cs_problem_text(&problem);
	cs_problem_clear(&problem);
}

uint64_t cs_local_changes(const struct cs_local *local)
{
	return local->changes;
}

const char *cs_local_problem(const struct cs_local *local)
{
	if (local->readable)
		return NULL;
	return local->problem != NULL ? local->problem : "the accounts of this host cannot be read";
}

/* Another account with the number. */
static const struct account *find_uid(const struct table *table, const struct cs_person *person)
{
	uint32_t hash = cs_hash_number(person->uid);
	size_t at = 0;
	for (uint32_t i; (i = cs_hash_next(&table->by_uid, hash, &at)) != CS_HASH_NONE;) {
		const struct account *account = &table->accounts[i];
		if (account->uid == person->uid && strcmp(account->name, person->name) != 0)
			return account;
	}
	return NULL;
}

/* An account with the name and another number. */
static const struct account *find_name(const struct table *table, const struct cs_person *person)
{
	uint32_t hash = cs_hash_text(person->name);
	size_t at = 0;
	for (uint32_t i; (i = cs_hash_next(&table->by_name, hash, &at)) != CS_HASH_NONE;) {
		const struct account *account = &table->accounts[i];
		if (account->uid != person->uid && strcmp(account->name, person->name) == 0)
			return account;
	}
	return NULL;
}

int cs_local_clashes(const struct cs_local *local, const struct cs_person *person,
	char ret_cause[CS_LOCAL_CAUSE_MAX])
{
	const struct account *other = NULL;
	if (!local->readable) {
		(void)snprintf(ret_cause, CS_LOCAL_CAUSE_MAX, "%s", cs_local_problem(local));
		return 1;
	}
	if (person->name == NULL) {
		(void)snprintf(ret_cause, CS_LOCAL_CAUSE_MAX, "uid %u has no name", (unsigned)person->uid);
		return 1;
	}
	if ((other = find_uid(&local->table, person)) != NULL) {
		(void)snprintf(ret_cause, CS_LOCAL_CAUSE_MAX, "uid %u of %s is also the local account %s",
			       (unsigned)person->uid, person->name, other->name);
		return 1;
	}
	if ((other = find_name(&local->table, person)) != NULL) {
		(void)snprintf(ret_cause, CS_LOCAL_CAUSE_MAX, "the local account %s has uid %u, not %u", person->name,
			       (unsigned)other->uid, (unsigned)person->uid);
		return 1;
	}
	return 0;
}

int cs_local_open(const char *path, uid_t owner, struct cs_local **ret_local)
{
	struct cs_local *local = calloc(1, sizeof(*local));
	if (local == NULL || cs_watch_add(&local->watch, path, false, false) != 0) {
		free(local);
		return CS_ENOMEM;
	}
	local->watch.owner = owner;
	local->watch.max = CS_UNIX_FILE_MAX;
	*ret_local = local;
	return 0;
}

void cs_local_close(struct cs_local **local)
{
	struct cs_local *closing = *local;
	if (closing == NULL)
		return;
	table_clear(&closing->table);
	cs_watch_clear(&closing->watch);
	free(closing->problem);
	free(closing);
	*local = NULL;
}
