/* SPDX-License-Identifier: Apache-2.0 */
/* Replacing a file so that at every moment it is either the old one or the new one, and the old one can come back. */
#include "install.h"
#include "countersign/error.h"
#include "crypto.h"
#include "file.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int error_now(void)
{
	if (errno == ENOENT)
		return CS_ENOENT;
	return errno == EACCES || errno == EPERM || errno == EROFS ? CS_EPERM : CS_EIO;
}

static int open_folder(const char *path, const char *name, int *ret_folder)
{
	char *folder = strndup(path, (size_t)(name - path));
	int fd = -1, r = 0;

	if (folder == NULL)
		return CS_ENOMEM;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		r = error_now();
	else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		r = errno == EWOULDBLOCK ? CS_EBUSY : CS_EIO;
	if (r == 0)
		*ret_folder = fd;
	else
		cs_close(&fd);
	cs_free_str(&folder);
	return r;
}

int cs_install_begin(const char *path, struct cs_install *ret_install)
{
	struct cs_install install = { .folder = -1 };
	int r = CS_EINVAL;

	if (path[0] != '/' || path[strlen(path) - 1] == '/')
		return r;
	install.path = cs_dup(path);
	if (install.path == NULL)
		return CS_ENOMEM;
	install.name = strrchr(install.path, '/') + 1;
	r = open_folder(install.path, install.name, &install.folder);
	if (r == 0 && fstatat(install.folder, install.name, &install.old, AT_SYMLINK_NOFOLLOW) != 0)
		r = error_now();
	if (r == 0 && !S_ISREG(install.old.st_mode))
		r = CS_EUNTRUSTED;
	if (r != 0) {
		cs_install_end(&install);
		return r;
	}
	*ret_install = install;
	return 0;
}

/* A name beside the file that nobody uses. */
static int name_beside(const struct cs_install *install, const char *what, char **ret_name)
{
	uint64_t random = 0;
	int r = cs_random(&random, sizeof(random));

	return r != 0 ? r : cs_format(ret_name, ".%s.%s.%016llx", install->name, what, (unsigned long long)random);
}

static int write_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t written = write(fd, text, n);

		if (written <= 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return CS_EIO;
		text += written;
		n -= (size_t)written;
	}
	return 0;
}

/* Owner first: a change of owner may take mode bits away. */
static int dress(int fd, const struct stat *old)
{
	if (fchown(fd, old->st_uid, old->st_gid) != 0 || fchmod(fd, old->st_mode & 0777) != 0)
		return error_now();
	return 0;
}

static int write_fresh(struct cs_install *install, const char *text, size_t n)
{
	char *name = NULL;
	int fd = -1;
	int r = name_beside(install, "new", &name);

	if (r != 0)
		return r;
	fd = openat(install->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1) {
		r = error_now();
		cs_free_str(&name);
		return r;
	}
	install->fresh = name;
	r = write_all(fd, text, n);
	if (r == 0)
		r = dress(fd, &install->old);
	if (r == 0 && fsync(fd) != 0)
		r = CS_EIO;
	if (close(fd) != 0 && r == 0)
		r = CS_EIO;
	return r;
}

static int keep_second_name(struct cs_install *install)
{
	char *name = NULL;
	int r = name_beside(install, "old", &name);

	if (r != 0)
		return r;
	if (linkat(install->folder, install->name, install->folder, name, 0) != 0) {
		r = error_now();
		cs_free_str(&name);
		return r;
	}
	install->kept = name;
	return 0;
}

static void forget(const struct cs_install *install, char **name)
{
	if (*name != NULL)
		(void)unlinkat(install->folder, *name, 0);
	cs_free_str(name);
}

int cs_install_replace(struct cs_install *install, const char *text, size_t n)
{
	int r = write_fresh(install, text, n);

	if (r == 0)
		r = keep_second_name(install);
	if (r == 0 && renameat(install->folder, install->fresh, install->folder, install->name) != 0)
		r = error_now();
	if (r != 0) {
		forget(install, &install->fresh);
		forget(install, &install->kept);
		return r;
	}
	cs_free_str(&install->fresh);
	if (fsync(install->folder) != 0)
		return cs_install_undo(install) == 0 ? CS_EIO : CS_ECORRUPT;
	return 0;
}

int cs_install_undo(struct cs_install *install)
{
	if (install->kept == NULL)
		return 0;
	if (renameat(install->folder, install->kept, install->folder, install->name) != 0)
		return CS_EIO;
	cs_free_str(&install->kept);
	(void)fsync(install->folder);
	return 0;
}

int cs_install_keep(struct cs_install *install)
{
	char *previous = NULL;
	int r = 0;

	if (install->kept == NULL)
		return 0;
	if (cs_format(&previous, "%s.previous", install->name) != 0)
		return CS_ENOMEM;
	if (renameat(install->folder, install->kept, install->folder, previous) != 0)
		r = CS_EIO;
	else if (fsync(install->folder) != 0)
		r = CS_EIO;
	/* Where FILE.previous was this very file already, rename does nothing and leaves the second name. */
	if (r == 0)
		forget(install, &install->kept);
	cs_free_str(&previous);
	return r;
}

void cs_install_end(struct cs_install *install)
{
	forget(install, &install->fresh);
	cs_free_str(&install->kept);
	cs_free_str(&install->path);
	cs_close(&install->folder);
}
