/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a machine, below its root folder. */
#include "host.h"
#include "countersign/error.h"
#include "file.h"
#include "mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NAMES_MAX = 4096 };

int cs_host_open(const char *root, struct cs_host *ret_host)
{
	struct cs_host host = { .fd = -1, .live = root == NULL || strcmp(root, "/") == 0 };
	struct stat st;
	int r = 0;

	host.root = cs_dup(host.live ? "/" : root);
	if (host.root == NULL)
		return CS_ENOMEM;
	host.fd = open(host.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (host.fd == -1 || fstat(host.fd, &st) != 0)
		r = errno == ENOENT ? CS_ENOENT : CS_EIO;
	if (r == 0) {
		host.owner = host.live ? 0 : st.st_uid;
		r = cs_host_look(&host, "/", &st);
	}
	if (r < 0) {
		cs_host_close(&host);
		return r;
	}
	*ret_host = host;
	return 0;
}

void cs_host_close(struct cs_host *host)
{
	cs_close(&host->fd);
	cs_free_str(&host->root);
}

int cs_host_open_file(const struct cs_host *host, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned long long)(unsigned)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT };
	int fd = -1;

	if (path[0] != '/')
		return CS_EIO;
	fd = (int)syscall(SYS_openat2, host->fd, path, &how, sizeof(how));
	if (fd >= 0)
		return fd;
	return errno == ENOENT || errno == ENOTDIR ? CS_ENOENT : CS_EIO;
}

static int look(const struct cs_host *host, const char *path, int flags, struct stat *ret_stat)
{
	struct stat st;
	int fd = cs_host_open_file(host, path, O_PATH | flags), r = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) != 0)
		r = CS_EIO;
	else
		*ret_stat = st;
	cs_close(&fd);
	return r;
}

const struct cs_host_edit *cs_host_edited(const struct cs_host *host, const char *path)
{
	const struct cs_host_edit *found = NULL;
	char *real = NULL;

	if (host->n_edits == 0)
		return NULL;
	if (cs_host_real(host, path, &real) == 0)
		path = real; /* a file that is not there yet has no links, either */
	for (size_t i = 0; i < host->n_edits && found == NULL; i++)
		if (strcmp(host->edits[i].path, path) == 0)
			found = &host->edits[i];
	free(real);
	return found;
}

int cs_host_look(const struct cs_host *host, const char *path, struct stat *ret_stat)
{
	const struct cs_host_edit *edit = NULL;
	int r = look(host, path, 0, ret_stat);

	if (r != CS_ENOENT || (edit = cs_host_edited(host, path)) == NULL)
		return r;
	*ret_stat = (struct stat){ .st_mode = S_IFREG | CS_HOST_NEW_MODE, .st_uid = host->owner, .st_size = (off_t)edit->len };
	return 0;
}

int cs_host_look_at(const struct cs_host *host, const char *path, struct stat *ret_stat)
{
	return look(host, path, O_NOFOLLOW, ret_stat);
}

/* What grows while it is read is refused like what is too big from the beginning. size is what the kernel says, which is 0
 * of some files that have a content. */
static int read_all(int fd, size_t size, char **ret_text, size_t *ret_len)
{
	size_t room = (size < CS_HOST_FILE_MAX ? size : CS_HOST_FILE_MAX) + 2, len = 0;
	char *text = malloc(room);
	ssize_t n = 1;

	while (text != NULL && n > 0 && len <= CS_HOST_FILE_MAX) {
		if (len + 1 == room) {
			char *larger = realloc(text, room * 2);

			if (larger == NULL)
				break;
			text = larger;
			room *= 2;
		}
		n = read(fd, text + len, room - 1 - len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += (size_t)n;
	}
	if (text == NULL || n != 0 || len > CS_HOST_FILE_MAX) {
		int r = n < 0 ? CS_EIO : len > CS_HOST_FILE_MAX ? CS_ETOOBIG : CS_ENOMEM;

		free(text);
		return r;
	}
	text[len] = '\0';
	*ret_text = text;
	*ret_len = len;
	return 0;
}

static int copy_edit(const struct cs_host_edit *edit, char **ret_text, size_t *ret_len)
{
	char *text = malloc(edit->len + 1);

	if (text == NULL)
		return CS_ENOMEM;
	memcpy(text, edit->text, edit->len + 1);
	*ret_text = text;
	*ret_len = edit->len;
	return 0;
}

int cs_host_read(const struct cs_host *host, const char *path, char **ret_text, size_t *ret_len)
{
	const struct cs_host_edit *edit = cs_host_edited(host, path);
	struct stat st;
	int fd = edit != NULL ? CS_EIO : cs_host_open_file(host, path, O_RDONLY | O_NONBLOCK | O_NOCTTY), r = 0;

	if (edit != NULL)
		return copy_edit(edit, ret_text, ret_len);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		r = CS_EIO;
	if (r == 0)
		r = read_all(fd, (size_t)st.st_size, ret_text, ret_len);
	cs_close(&fd);
	return r;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_all(DIR *dir, char ***names, size_t *n)
{
	struct dirent *entry = NULL;
	int r = 0;

	errno = 0;
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = *n >= NAMES_MAX ? CS_ETOOBIG : cs_strv_add(names, n, entry->d_name);
		errno = 0;
	}
	return r == 0 && errno != 0 ? CS_EIO : r;
}

int cs_host_list(const struct cs_host *host, const char *path, char ***ret_names, size_t *ret_n)
{
	int fd = cs_host_open_file(host, path, O_RDONLY | O_DIRECTORY), r = 0;
	char **names = NULL;
	size_t n = 0;
	DIR *dir = NULL;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (dir == NULL) {
		cs_close(&fd);
		return CS_ENOMEM;
	}
	r = list_all(dir, &names, &n);
	(void)closedir(dir);
	if (r < 0) {
		cs_free_strv(&names, &n);
		return r;
	}
	if (n > 1)
		qsort(names, n, sizeof(*names), by_bytes);
	*ret_names = names;
	*ret_n = n;
	return 0;
}

/* The kernel's name of an open descriptor. */
static int name_of(int fd, char name[PATH_MAX])
{
	char proc[64];
	ssize_t n = 0;

	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	n = readlink(proc, name, PATH_MAX - 1);
	if (n <= 0 || name[0] != '/')
		return CS_EIO;
	name[n] = '\0';
	return 0;
}

/* Of the kernel's name for the whole machine, what is below the root folder's own. */
static int below_root(const struct cs_host *host, const char *name, char **ret_path)
{
	char top[PATH_MAX];
	size_t len = 0;
	char *path = NULL;
	int r = name_of(host->fd, top);

	if (r < 0)
		return r;
	len = strcmp(top, "/") == 0 ? 0 : strlen(top);
	if (strncmp(name, top, len) != 0 || (name[len] != '/' && name[len] != '\0'))
		return CS_EIO;
	path = cs_dup(name[len] == '\0' ? "/" : name + len);
	if (path == NULL)
		return CS_ENOMEM;
	*ret_path = path;
	return 0;
}

int cs_host_real(const struct cs_host *host, const char *path, char **ret_path)
{
	char name[PATH_MAX];
	int fd = cs_host_open_file(host, path, O_PATH), r = 0;

	if (fd < 0)
		return fd;
	r = name_of(fd, name);
	if (r == 0)
		r = below_root(host, name, ret_path);
	cs_close(&fd);
	return r;
}

int cs_host_sealed(const struct cs_host *host, const char *path, char **ret_open)
{
	char *real = NULL;
	size_t part = 0;
	int r = cs_host_real(host, path, &real);

	if (r < 0)
		return r;
	r = cs_path_sealed_below(host->fd, host->owner, real, &part);
	if (r == 0) {
		real[part] = '\0';
		*ret_open = real;
		real = NULL;
	}
	free(real);
	return r;
}

const char *cs_host_pam_folder(size_t i)
{
	static const char *const folders[] = { "/lib/x86_64-linux-gnu/security", "/lib/aarch64-linux-gnu/security",
		"/lib/riscv64-linux-gnu/security", "/lib/powerpc64le-linux-gnu/security", "/lib/s390x-linux-gnu/security",
		"/lib/arm-linux-gnueabihf/security", "/lib/i386-linux-gnu/security", "/lib64/security", "/lib/security" };

	return i < CS_COUNT(folders) ? folders[i] : NULL;
}
