/* SPDX-License-Identifier: Apache-2.0 */
/* Where the store's file lies: a private file in a folder that only its owner and root can write, locked by one
 * process. The lock is a file of its own beside it, because closing any descriptor of the database itself would drop
 * SQLite's locks (A107). */
#include "ops.h"
#include "file.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens the folder of path. *ret_base points into path. */
static int open_folder(struct cs_store *store, const char *path, char **ret_folder, const char **ret_base, int *ret_fd)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	char *named = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	char *folder = NULL;
	int fd = -1;
	int r = 0;

	if (!named)
		return CS_ENOMEM;
	if (base[0] == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0) {
		r = cs_store_fail(store, CS_EINVAL, "%s does not name a file", path);
		goto out;
	}
	folder = realpath(named, NULL);
	if (folder)
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		r = cs_store_fail(store, errno == ENOENT ? CS_ENOENT : CS_EIO, "%s: %s", named, strerror(errno));
		goto out;
	}
	*ret_folder = folder;
	*ret_base = base;
	*ret_fd = fd;
	folder = NULL;
out:
	free(named);
	free(folder);
	return r;
}

/* Who could write the folder could put another file, or a made-up journal beside it, in our place. */
static int check_folder(struct cs_store *store, const char *folder, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return cs_store_fail(store, CS_EIO, "%s: %s", folder, strerror(errno));
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return cs_store_fail(store, CS_EUNTRUSTED,
				     "the folder %s belongs to uid %u; it must be root's or the daemon's own", folder,
				     (unsigned)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return cs_store_fail(store, CS_EUNTRUSTED, "others can write the folder %s; take that away: chmod go-w",
				     folder);
	return 0;
}

static int check_file(struct cs_store *store, const char *base, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return cs_store_fail(store, CS_EIO, "%s: %s", base, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return cs_store_fail(store, CS_EUNTRUSTED, "%s is not a regular file", base);
	if (st.st_uid != geteuid())
		return cs_store_fail(store, CS_EUNTRUSTED, "%s belongs to uid %u, not to the daemon (uid %u)", base,
			(unsigned)st.st_uid, (unsigned)geteuid());
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return cs_store_fail(store, CS_EUNTRUSTED, "%s has mode %04o; others must have no access: chmod 0600",
				     base, (unsigned)(st.st_mode & 07777));
	if (st.st_nlink != 1)
		return cs_store_fail(store, CS_EUNTRUSTED, "%s has a second name (hard link)", base);
	return 0;
}

/* Opens base in the folder, creating it with mode 0600 whatever the umask is. */
static int open_private(struct cs_store *store, int folder, const char *base, int *ret_fd)
{
	int fd = openat(folder, base, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (fd >= 0 && (fchmod(fd, 0600) < 0 || fsync(folder) < 0)) {
		r = cs_store_fail(store, CS_EIO, "%s: %s", base, strerror(errno));
		goto out;
	}
	if (fd < 0 && errno == EEXIST)
		fd = openat(folder, base, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP ? cs_store_fail(store, CS_EUNTRUSTED, "%s is a symbolic link", base)
				      : cs_store_fail(store, CS_EIO, "%s: %s", base, strerror(errno));
	r = check_file(store, base, fd);
	if (r < 0)
		goto out;
	*ret_fd = fd;
	fd = -1;
out:
	cs_close(&fd);
	return r;
}

static int take_lock(struct cs_store *store, int folder, const char *base, int *ret_lock)
{
	char *name = NULL;
	int fd = -1;
	int r = cs_format(&name, "%s.lock", base);

	if (r == 0)
		r = open_private(store, folder, name, &fd);
	if (r < 0)
		goto out;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK ? cs_store_fail(store, CS_EBUSY, "another process has the store %s open", base)
					 : cs_store_fail(store, CS_EIO, "%s: %s", name, strerror(errno));
		goto out;
	}
	*ret_lock = fd;
	fd = -1;
out:
	cs_close(&fd);
	cs_free_str(&name);
	return r;
}

int cs_store_take_file(struct cs_store *store, const char *path, char **ret_path, int *ret_lock)
{
	const char *base = NULL;
	char *folder = NULL;
	char *real = NULL;
	int folder_fd = -1;
	int file_fd = -1;
	int lock_fd = -1;
	int r = open_folder(store, path, &folder, &base, &folder_fd);

	if (r == 0)
		r = check_folder(store, folder, folder_fd);
	/* The lock first: the file is opened and closed here only while no connection of ours can exist. */
	if (r == 0)
		r = take_lock(store, folder_fd, base, &lock_fd);
	if (r == 0)
		r = open_private(store, folder_fd, base, &file_fd);
	if (r == 0)
		r = cs_format(&real, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, base);
	if (r < 0)
		goto out;
	*ret_path = real;
	*ret_lock = lock_fd;
	lock_fd = -1;
out:
	cs_close(&file_fd);
	cs_close(&lock_fd);
	cs_close(&folder_fd);
	free(folder);
	return r;
}
