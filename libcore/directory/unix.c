/* SPDX-License-Identifier: Apache-2.0 */
/* passwd, group and shadow as people and groups. */
#include "unix.h"
#include "mem.h"
#include "text.h"
#include "unix_text.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_TEXT = 24, PARTS = 3 };
#define NOBODY_UID 65534u
#define NO_DAY LONG_MAX
#define DAY_SECONDS 86400u

struct account {
	char *name;
	uint32_t uid, gid;
	long over;           /* the day on which it is over; NO_DAY */
	const char *unclear; /* what keeps it from being an answer; NULL */
	bool is_person;
	bool locked;
	bool in_shadow;
	bool needs_shadow;   /* passwd says that the password is there */
	bool has_group;      /* a group with the number of its primary one was read */
};

/* One pass over the three texts. */
struct reading {
	struct cs_tree *tree;
	struct cs_problem *problem;
	struct account *accounts;
	size_t n_accounts, cap_accounts;
	struct cs_hash by_name, by_uid, by_gid; /* accounts */
	struct cs_hash listed;                  /* names of the present group's list */
	char **names;
	size_t n_names;
};

static int refuse(const struct reading *r, enum cs_unix_file file, unsigned line, const char *text)
{
	cs_problem_set(r->problem, cs_unix_file_name(file), line, "%s", text);
	return CS_ECONF;
}

static void doubt(struct account *account, const char *cause)
{
	if (account->unclear == NULL)
		account->unclear = cause;
}

/* --- Accounts --- */

/* A '!' before anything is what usermod -L puts there. By itself it is an account without a password, which ssh keys
 * may open. */
static bool is_locked_password(const char *password)
{
	size_t marks = strspn(password, "!");
	return marks > 0 && password[marks] != '\0';
}

static bool is_closed_shell(const char *shell)
{
	const char *slash = strrchr(shell, '/');
	const char *name = slash != NULL ? slash + 1 : shell;
	return strcmp(name, "nologin") == 0 || strcmp(name, "false") == 0;
}

static struct account *find_account(const struct reading *r, const char *name, size_t *at)
{
	uint32_t hash = cs_hash_text(name);
	for (uint32_t i; (i = cs_hash_next(&r->by_name, hash, at)) != CS_HASH_NONE;)
		if (strcmp(r->accounts[i].name, name) == 0)
			return &r->accounts[i];
	return NULL;
}

/* Two accounts with one name or one number: neither can be told. */
static void doubt_twins(struct reading *r, struct account *account)
{
	size_t at = 0;
	for (struct account *twin; (twin = find_account(r, account->name, &at)) != NULL;) {
		doubt(twin, "its name is twice in passwd");
		doubt(account, "its name is twice in passwd");
	}
	uint32_t hash = cs_hash_number(account->uid);
	at = 0;
	for (uint32_t i; (i = cs_hash_next(&r->by_uid, hash, &at)) != CS_HASH_NONE;)
		if (r->accounts[i].uid == account->uid) {
			doubt(&r->accounts[i], "another account has its number");
			doubt(account, "another account has its number");
		}
}

static int keep_account(struct reading *r, const struct account *account)
{
	int e = cs_reserve((void **)&r->accounts, &r->cap_accounts, r->n_accounts, 1, sizeof(*account));
	if (e != 0)
		return e;
	uint32_t place = (uint32_t)r->n_accounts;
	r->accounts[r->n_accounts++] = *account;
	e = cs_hash_add(&r->by_name, cs_hash_text(account->name), place);
	if (e == 0)
		e = cs_hash_add(&r->by_uid, cs_hash_number(account->uid), place);
	return e != 0 ? e : cs_hash_add(&r->by_gid, cs_hash_number(account->gid), place);
}

static int take_account(void *arg, const void *entry, unsigned line)
{
	struct reading *r = arg;
	const struct passwd *from = entry;
	struct account account = { .uid = from->pw_uid, .gid = from->pw_gid, .over = NO_DAY };
	(void)line;
	account.is_person = account.uid >= CS_UNIX_UID_MIN && account.uid != NOBODY_UID && account.uid != CS_NO_UID &&
			    cs_is_login(from->pw_name) == 1;
	account.needs_shadow = strcmp(from->pw_passwd, "x") == 0;
	account.locked = is_locked_password(from->pw_passwd) || is_closed_shell(from->pw_shell);
	account.name = cs_dup(from->pw_name);
	if (account.name == NULL)
		return CS_ENOMEM;
	doubt_twins(r, &account);
	size_t before = r->n_accounts;
	int e = keep_account(r, &account);
	if (r->n_accounts == before)
		free(account.name);
	return e;
}

/* --- Shadow --- */

static long earlier(long a, long b)
{
	return a < b ? a : b;
}

/* As pam_unix judges it: the day of the account's end, and the first after the password and its grace are over. */
static long last_day(const struct spwd *from)
{
	long day = NO_DAY;
	if (from->sp_expire != -1)
		day = from->sp_expire > 0 ? from->sp_expire : 0;
	if (from->sp_lstchg > 0 && from->sp_max >= 0 && from->sp_inact >= 0)
		day = earlier(day, from->sp_lstchg + from->sp_max + from->sp_inact + 1);
	return day;
}

static int take_shadow(void *arg, const void *entry, unsigned line)
{
	struct reading *r = arg;
	const struct spwd *from = entry;
	size_t at = 0;
	(void)line;
	for (struct account *account; (account = find_account(r, from->sp_namp, &at)) != NULL;) {
		if (account->in_shadow)
			doubt(account, "its name is twice in shadow");
		account->in_shadow = true;
		account->locked = account->locked || is_locked_password(from->sp_pwdp);
		account->over = earlier(account->over, last_day(from));
	}
	return 0;
}

/* --- Groups --- */

/* cn=NAME below the groups, with RFC 4514's escapes. */
static int group_dn(const char *name, char ret_dn[CS_MAX_DN + 1])
{
	static const char special[] = ",+\"\\<>;= #";
	char value[CS_MAX_DN + 1];
	size_t n = 0;
	for (; *name != '\0'; name++) {
		if (n + 2 >= sizeof(value))
			return CS_ETOOBIG;
		if (strchr(special, *name) != NULL)
			value[n++] = '\\';
		value[n++] = *name;
	}
	value[n] = '\0';
	int length = snprintf(ret_dn, CS_MAX_DN + 1, "cn=%s,%s", value, CS_UNIX_GROUPS);
	char key[CS_MAX_DN + 1];
	bool good = length > 0 && length <= CS_MAX_DN && cs_dn_is_valid(ret_dn) && cs_dn_key(ret_dn, key) == 0;
	return good ? 0 : CS_EINVAL;
}

static void person_dn(const char *login, char ret_dn[CS_MAX_DN + 1])
{
	(void)snprintf(ret_dn, CS_MAX_DN + 1, "uid=%s,%s", login, CS_UNIX_PEOPLE);
}

static bool is_listed(const struct reading *r, const char *name)
{
	uint32_t hash = cs_hash_text(name);
	size_t at = 0;
	for (uint32_t i; (i = cs_hash_next(&r->listed, hash, &at)) != CS_HASH_NONE;)
		if (strcmp(r->names[i], name) == 0)
			return true;
	return false;
}

/* A member of the present group, once. Who is no login name can be nobody, and is there to be seen only. */
static int add_member(struct reading *r, const char *name)
{
	char dn[CS_MAX_DN + 1];
	if (*name == '\0' || is_listed(r, name))
		return 0;
	int e = cs_strv_add(&r->names, &r->n_names, name);
	if (e == 0)
		e = cs_hash_add(&r->listed, cs_hash_text(name), (uint32_t)r->n_names - 1);
	if (e == 0)
		e = cs_tree_add_value(r->tree, "memberUid", strlen(name) <= CS_MAX_NAME ? name : NULL);
	if (e != 0 || cs_is_login(name) != 1)
		return e;
	person_dn(name, dn);
	return cs_tree_add_value(r->tree, "member", dn);
}

/* Those whose primary group has this number. */
static int add_primary(struct reading *r, uint32_t gid)
{
	uint32_t hash = cs_hash_number(gid);
	size_t at = 0;
	int e = 0;
	for (uint32_t i; e == 0 && (i = cs_hash_next(&r->by_gid, hash, &at)) != CS_HASH_NONE;) {
		struct account *account = &r->accounts[i];
		if (account->gid != gid || !account->is_person)
			continue;
		if (account->has_group)
			doubt(account, "two groups have the number of its primary group");
		account->has_group = true;
		e = add_member(r, account->name);
	}
	return e;
}

static int add_group(struct reading *r, const struct group *from)
{
	char number[NUMBER_TEXT];
	(void)snprintf(number, sizeof(number), "%u", (unsigned)from->gr_gid);
	cs_hash_clear(&r->listed);
	cs_free_strv(&r->names, &r->n_names);
	int e = cs_tree_add_value(r->tree, "objectClass", "posixGroup");
	if (e == 0)
		e = cs_tree_add_value(r->tree, "cn", from->gr_name);
	if (e == 0)
		e = cs_tree_add_value(r->tree, "gidNumber", number);
	for (char **name = from->gr_mem; *name != NULL && e == 0; name++)
		e = add_member(r, *name);
	return e != 0 ? e : add_primary(r, from->gr_gid);
}

static int take_group(void *arg, const void *entry, unsigned line)
{
	struct reading *r = arg;
	const struct group *from = entry;
	char dn[CS_MAX_DN + 1];
	if (*from->gr_name == '\0' || group_dn(from->gr_name, dn) != 0)
		return refuse(r, CS_UNIX_GROUP, line, "has no name that a group can have");
	int e = cs_tree_add_entry(r->tree, dn);
	if (e == CS_EEXIST)
		return refuse(r, CS_UNIX_GROUP, line, "has the name of another group, if only in another case");
	return e != 0 ? e : add_group(r, from);
}

/* --- People --- */

/* Finds whoever else has the name. True when one of them was added before: he stands for all, and is in doubt. */
static bool has_earlier_twin(const struct reading *r, const struct account *account)
{
	size_t at = 0;
	for (const struct account *twin; (twin = find_account(r, account->name, &at)) != NULL;)
		if (twin < account && twin->is_person)
			return true;
	return false;
}

/* The newest person is found by every number that goes with his name. */
static int add_uids(const struct reading *r, const char *name)
{
	size_t at = 0;
	int e = 0;
	for (const struct account *twin; e == 0 && (twin = find_account(r, name, &at)) != NULL;)
		if (twin->is_person)
			e = cs_tree_add_uid(r->tree, twin->uid);
	return e;
}

static int add_person(const struct reading *r, const struct account *account)
{
	char dn[CS_MAX_DN + 1], id[CS_MAX_NAME];
	struct cs_tree_new_person person = { .dn = dn, .name = account->name, .id = id, .unclear = account->unclear,
		.uid = account->uid, .locked = account->locked || account->over <= 0 };
	if (person.unclear == NULL && account->needs_shadow && !account->in_shadow)
		person.unclear = "it has no line in shadow";
	if (account->over > 0 && account->over != NO_DAY)
		person.ends_s = (uint64_t)account->over * DAY_SECONDS;
	(void)snprintf(id, sizeof(id), "%s:%u", account->name, (unsigned)account->uid);
	person_dn(account->name, dn);
	int e = cs_tree_add_person(r->tree, &person);
	if (e == 0)
		e = cs_tree_add_login(r->tree, account->name);
	return e != 0 ? e : add_uids(r, account->name);
}

static int add_people(const struct reading *r)
{
	int e = 0;
	for (size_t i = 0; i < r->n_accounts && e == 0; i++)
		if (r->accounts[i].is_person && !has_earlier_twin(r, &r->accounts[i]))
			e = add_person(r, &r->accounts[i]);
	return e;
}

/* --- All of it --- */

/* The texts stand one behind the other, with a NUL between them. */
static int split(char *text, size_t n, char *ret_parts[PARTS], size_t ret_sizes[PARTS])
{
	size_t at = 0;
	for (size_t i = 0; i < PARTS; i++) {
		char *nul = i + 1 < PARTS ? memchr(text + at, '\0', n - at) : text + n;
		if (nul == NULL)
			return CS_ECONF;
		ret_parts[i] = text + at;
		ret_sizes[i] = (size_t)(nul - (text + at));
		at += ret_sizes[i] + 1;
	}
	return memchr(ret_parts[PARTS - 1], '\0', ret_sizes[PARTS - 1]) == NULL ? 0 : CS_ECONF;
}

static void reading_clear(struct reading *r)
{
	for (size_t i = 0; i < r->n_accounts; i++)
		free(r->accounts[i].name);
	free(r->accounts);
	cs_hash_clear(&r->by_name);
	cs_hash_clear(&r->by_uid);
	cs_hash_clear(&r->by_gid);
	cs_hash_clear(&r->listed);
	cs_free_strv(&r->names, &r->n_names);
}

static int unix_read(const struct cs_settings *settings, char *text, size_t n, const char *name, struct cs_tree *tree,
	struct cs_problem *problem)
{
	static const struct {
		enum cs_unix_file file;
		cs_unix_fn take;
	} steps[] = {
		{ CS_UNIX_PASSWD, take_account },
		{ CS_UNIX_SHADOW, take_shadow },
		{ CS_UNIX_GROUP, take_group },
	};
	struct reading reading = { .tree = tree, .problem = problem };
	char *parts[PARTS];
	size_t sizes[PARTS];
	(void)settings;
	int e = split(text, n, parts, sizes);
	if (e != 0)
		cs_problem_set(problem, name, 0, "is not three texts");
	for (size_t i = 0; i < CS_COUNT(steps) && e == 0; i++) {
		enum cs_unix_file file = steps[i].file;
		e = cs_unix_each(file, parts[file], sizes[file], steps[i].take, &reading, problem);
	}
	if (e == 0)
		e = add_people(&reading);
	reading_clear(&reading);
	return e;
}

const struct cs_form cs_unix_form = { .max = CS_UNIX_FILE_MAX, .read = unix_read };
