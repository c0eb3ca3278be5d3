/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups of users with the re-entrant calls, every buffer bounded. */
#include "users.h"
#include "args.h"
#include "file.h"
#include "mem.h"
#include "model.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_FIRST 4096u
#define BUFFER_MAX (1024u * 1024u)
#define GROUPS_FIRST 64

static int copy_user(const struct passwd *pw, struct cs_user *ret_user)
{
	struct cs_user user = { .uid = (uint32_t)pw->pw_uid, .gid = (uint32_t)pw->pw_gid };

	user.name = cs_dup(pw->pw_name);
	user.home = cs_dup(pw->pw_dir);
	if (user.name == NULL || user.home == NULL) {
		cs_user_clear(&user);
		return CS_ENOMEM;
	}
	*ret_user = user;
	return 0;
}

/* One try with a buffer of size bytes. name is NULL when the uid is meant. Returns 0, an errno, or -1 for "no such user". */
static int look_up(const char *name, uint32_t uid, char *buffer, size_t size, struct passwd *pw)
{
	struct passwd *found = NULL;
	int e = name != NULL ? getpwnam_r(name, pw, buffer, size, &found) : getpwuid_r((uid_t)uid, pw, buffer, size, &found);

	if (e == 0 && found == NULL)
		return -1;
	/* What POSIX lets a system say instead of an empty answer. */
	if (e == ENOENT || e == ESRCH)
		return -1;
	return e;
}

static int find(const char *name, uint32_t uid, struct cs_user *ret_user)
{
	for (size_t size = BUFFER_FIRST; size <= BUFFER_MAX; size *= 4) {
		struct passwd pw = { 0 };
		char *buffer = malloc(size);
		int e = 0, r = 0;

		if (buffer == NULL)
			return CS_ENOMEM;
		e = look_up(name, uid, buffer, size, &pw);
		if (e == 0)
			r = copy_user(&pw, ret_user);
		free(buffer);
		if (e == 0)
			return r;
		if (e != ERANGE)
			return e == -1 ? CS_ENOENT : CS_EIO;
	}
	return CS_EIO;
}

int cs_user_by_name(const char *name, struct cs_user *ret_user)
{
	return find(name, 0, ret_user);
}

int cs_user_by_uid(uint32_t uid, struct cs_user *ret_user)
{
	return find(NULL, uid, ret_user);
}

void cs_user_clear(struct cs_user *user)
{
	cs_free_str(&user->name);
	cs_free_str(&user->home);
	memset(user, 0, sizeof(*user));
}

int cs_user_groups(const struct cs_user *user, uint32_t **ret_groups, size_t *ret_n)
{
	_Static_assert(sizeof(gid_t) == sizeof(uint32_t), "groups are taken as they come");
	int n = GROUPS_FIRST;

	for (int tries = 0; tries < 3 && n > 0 && n <= CS_MAX_GROUPS; tries++) {
		gid_t *groups = calloc((size_t)n, sizeof(*groups));

		if (groups == NULL)
			return CS_ENOMEM;
		if (getgrouplist(user->name, (gid_t)user->gid, groups, &n) >= 0 && n >= 0) {
			*ret_groups = groups;
			*ret_n = (size_t)n;
			return 0;
		}
		free(groups);
	}
	return CS_ETOOBIG;
}

uint32_t cs_user_login_uid(void)
{
	char text[16] = { 0 };
	uint32_t uid = CS_NO_UID;
	int fd = open("/proc/self/loginuid", O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd == -1)
		return CS_NO_UID;
	n = read(fd, text, sizeof(text) - 1);
	cs_close(&fd);
	if (n <= 0 || cs_args_id(text, &uid) < 0)
		return CS_NO_UID;
	return uid;
}
