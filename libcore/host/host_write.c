/* SPDX-License-Identifier: Apache-2.0 */
/* Changing a file of a machine. */
#include "host_write.h"
#include "countersign/error.h"
#include "file.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int error_of(void)
{
	return errno == EPERM || errno == EACCES || errno == EROFS ? CS_EPERM : CS_EIO;
}

/* The folder of a path, open, and the name in it, which points into path. */
static int open_folder(const struct cs_host *host, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char *folder = NULL;
	int fd = CS_EIO;

	if (slash == NULL || slash[1] == '\0')
		return CS_EINVAL;
	folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (folder == NULL)
		return CS_ENOMEM;
	fd = cs_host_open_file(host, folder, O_RDONLY | O_DIRECTORY);
	free(folder);
	*ret_name = slash + 1;
	return fd;
}

static int put_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_of();
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Also a folder, where nothing is in it: whoever made one there is not to stop what undoes. */
static int take_away(int folder, const char *name)
{
	if (unlinkat(folder, name, 0) == 0)
		return 0;
	return errno == EISDIR ? unlinkat(folder, name, AT_REMOVEDIR) : -1;
}

static int put_draft(int folder, const char *draft, const char *text, size_t len, const struct stat *st)
{
	int fd = -1, r = 0;

	(void)take_away(folder, draft);
	fd = openat(folder, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return error_of();
	r = put_all(fd, text, len);
	if (r == 0 && geteuid() == 0 && fchown(fd, st->st_uid, st->st_gid) != 0)
		r = error_of();
	if (r == 0 && (fchmod(fd, st->st_mode & 07777) != 0 || fsync(fd) != 0))
		r = error_of();
	cs_close(&fd);
	return r;
}

int cs_host_write(const struct cs_host *host, const char *path, const char *text, size_t len, const struct stat *st)
{
	const char *name = NULL;
	char *draft = NULL;
	int folder = open_folder(host, path, &name), r = 0;

	if (folder < 0)
		return folder;
	r = cs_format(&draft, "%s" CS_HOST_DRAFT, name);
	if (r == 0)
		r = put_draft(folder, draft, text, len, st);
	if (r == 0 && (renameat(folder, draft, folder, name) != 0 || fsync(folder) != 0))
		r = error_of();
	if (r < 0 && draft != NULL)
		(void)unlinkat(folder, draft, 0);
	free(draft);
	cs_close(&folder);
	return r;
}

int cs_host_remove(const struct cs_host *host, const char *path)
{
	const char *name = NULL;
	int folder = open_folder(host, path, &name), r = 0;

	if (folder < 0)
		return folder == CS_ENOENT ? 0 : folder;
	if (take_away(folder, name) != 0)
		r = errno == ENOENT ? 0 : error_of();
	else if (fsync(folder) != 0)
		r = CS_EIO;
	cs_close(&folder);
	return r;
}

int cs_host_move(const struct cs_host *host, const char *path, const char *to)
{
	const char *name = NULL, *slash = strrchr(to, '/');
	int folder = slash != NULL ? open_folder(host, path, &name) : CS_EINVAL, r = 0;

	if (folder < 0)
		return folder;
	if (renameat(folder, name, folder, slash + 1) != 0)
		r = errno == ENOENT ? CS_ENOENT : error_of();
	else if (fsync(folder) != 0)
		r = CS_EIO;
	cs_close(&folder);
	return r;
}

int cs_host_make_folder(const struct cs_host *host, const char *path)
{
	const char *name = NULL;
	int folder = open_folder(host, path, &name), r = 0;

	if (folder < 0)
		return folder == CS_ENOENT ? CS_EIO : folder;
	if (mkdirat(folder, name, 0700) == 0)
		r = fsync(folder) == 0 ? 0 : CS_EIO;
	else if (errno != EEXIST)
		r = error_of();
	cs_close(&folder);
	return r;
}
