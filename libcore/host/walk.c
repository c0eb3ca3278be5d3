/* SPDX-License-Identifier: Apache-2.0 */
/* A walk through the local file systems. */
#include "walk.h"
#include "countersign/error.h"
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { DEPTH_MAX = 128, PROGRESS_EVERY = 4096 };

struct place {
	char path[PATH_MAX];
	size_t len;
	unsigned depth;
	dev_t device;
};

/* Made by the kernel, or of another machine. */
static bool is_foreign(int fd)
{
	static const unsigned long types[] = { 0x9fa0 /* proc */, 0x62656572 /* sysfs */, 0x63677270 /* cgroup2 */,
		0x27e0eb /* cgroup */, 0x1cd1 /* devpts */, 0x64626720 /* debugfs */, 0x74726163 /* tracefs */,
		0x6969 /* nfs */, 0xfe534d42 /* smb2 */, 0xff534d42 /* cifs */, 0x65735546 /* fuse */, 0x01021997 /* 9p */,
		0x5346414f /* afs */, 0xcafe4a11 /* bpf */, 0x6165676c /* pstore */ };
	struct statfs fs;
	struct statvfs vfs;

	if (fstatfs(fd, &fs) != 0 || fstatvfs(fd, &vfs) != 0 || (vfs.f_flag & ST_NOSUID) != 0)
		return true;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((unsigned long)fs.f_type == types[i])
			return true;
	return false;
}

static uint64_t le32(const unsigned char *at)
{
	return at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24;
}

/* Of the attribute as linux/capability.h has it: a word with the revision, then what is permitted and what is inherited, once
 * or, from the second revision on, twice. */
static uint64_t capabilities_of(int folder, const char *name)
{
	unsigned char value[64];
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? fgetxattr(fd, "security.capability", value, sizeof(value)) : 0;

	cs_close(&fd);
	if (n <= 0)
		return 0;
	if (n < 12)
		return UINT64_MAX;
	return le32(value + 4) | (n >= 20 ? le32(value + 12) << 32 : 0);
}

static int look_at_file(struct cs_walk *walk, const struct place *at, int folder, const char *name, const struct stat *st)
{
	bool set = (st->st_mode & (S_ISUID | S_ISGID)) != 0, runs = (st->st_mode & 0111) != 0;
	uint64_t capabilities = runs && !set ? capabilities_of(folder, name) : 0;

	return runs && (set || capabilities != 0) ? walk->found(walk->arg, at->path, st, capabilities) : 0;
}

static int walk_folder(struct cs_walk *walk, struct place *at, int fd);

static int enter(struct cs_walk *walk, struct place *at, int folder, const char *name, const struct stat *st)
{
	struct place inner;
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || (st->st_dev != at->device && is_foreign(fd))) {
		walk->skipped++;
		cs_close(&fd);
		return 0;
	}
	if (at->depth >= DEPTH_MAX) {
		cs_close(&fd);
		return CS_ETOOBIG;
	}
	inner = *at;
	inner.depth++;
	inner.device = st->st_dev;
	return walk_folder(walk, &inner, fd);
}

static int one_entry(struct cs_walk *walk, struct place *at, int folder, const char *name)
{
	size_t len = at->len;
	struct stat st;
	int n = snprintf(at->path + len, sizeof(at->path) - len, "%s%s", len > 1 ? "/" : "", name), r = 0;

	if (n < 0 || (size_t)n >= sizeof(at->path) - len) {
		at->path[len] = '\0';
		return CS_ETOOBIG;
	}
	at->len += (size_t)n;
	if (++walk->entries > CS_WALK_MAX)
		r = CS_ETOOBIG;
	else if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		r = 0; /* it is gone */
	else if (S_ISDIR(st.st_mode))
		r = enter(walk, at, folder, name, &st);
	else if (S_ISREG(st.st_mode))
		r = look_at_file(walk, at, folder, name, &st);
	if (walk->progress != NULL && walk->entries % PROGRESS_EVERY == 0)
		walk->progress(walk->arg, walk->entries, at->path);
	at->len = len;
	at->path[len] = '\0';
	return r;
}

/* Owns fd. */
static int walk_folder(struct cs_walk *walk, struct place *at, int fd)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry = NULL;
	int r = 0;

	if (dir == NULL) {
		cs_close(&fd);
		return CS_EIO;
	}
	while (r == 0 && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = one_entry(walk, at, dirfd(dir), entry->d_name);
	(void)closedir(dir);
	return r;
}

int cs_host_walk(const struct cs_host *host, struct cs_walk *walk)
{
	struct place at = { .path = "/", .len = 1 };
	struct stat st;
	int fd = cs_host_open_file(host, "/", O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) != 0) {
		cs_close(&fd);
		return CS_EIO;
	}
	at.device = st.st_dev;
	return walk_folder(walk, &at, fd);
}
