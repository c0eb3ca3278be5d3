/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files that steer the program, and the problems found in them. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <stdbool.h>
#include <unistd.h>

#include <countersign/error.h>

#include "mem.h"

void cs_problem_set(struct cs_problem *problem, const char *file, unsigned line, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	if (problem == NULL || problem->text != NULL)
		return;
	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		return;
	cs_free_str(&problem->file);
	problem->file = cs_dup(file);
	problem->line = line;
	problem->text = text;
}

void cs_problem_clear(struct cs_problem *problem)
{
	if (problem == NULL)
		return;
	cs_free_str(&problem->file);
	cs_free_str(&problem->text);
	problem->line = 0;
}

char *cs_problem_text(const struct cs_problem *problem)
{
	const char *file = problem->file != NULL ? problem->file : "";
	const char *text = problem->text != NULL ? problem->text : "no problem is known";
	char *ret = NULL;
	int r = 0;

	if (file[0] == '\0')
		return cs_dup(text);
	if (problem->line == 0)
		r = cs_format(&ret, "%s: %s", file, text);
	else
		r = cs_format(&ret, "%s:%u: %s", file, problem->line, text);
	return r == 0 ? ret : NULL;
}

void cs_close(int *fd)
{
	if (fd == NULL || *fd == -1)
		return;
	int kept = errno;
	(void)close(*fd);
	errno = kept;
	*fd = -1;
}

static int open_problem(const char *path, int e, struct cs_problem *problem)
{
	if (e == ENOENT || e == ENOTDIR) {
		cs_problem_set(problem, path, 0, "there is no such file");
		return CS_ENOENT;
	}
	if (e == ELOOP) {
		cs_problem_set(problem, path, 0, "is a symbolic link; name the file itself");
		return CS_EUNTRUSTED;
	}
	cs_problem_set(problem, path, 0, "cannot be opened: %s", strerrordesc_np(e));
	return CS_EIO;
}

static int check_mode(const char *path, const struct stat *st, uid_t owner, enum cs_file_kind kind,
		      struct cs_problem *problem)
{
	unsigned mode = st->st_mode & 07777u;

	if (!S_ISREG(st->st_mode)) {
		cs_problem_set(problem, path, 0, "is not a regular file");
		return CS_EUNTRUSTED;
	}
	if (st->st_uid != 0 && st->st_uid != owner) {
		cs_problem_set(problem, path, 0, "belongs to uid %u, must belong to root%s; chown root %s",
			       (unsigned)st->st_uid, owner == 0 ? "" : " or the user it is read by", path);
		return CS_EUNTRUSTED;
	}
	if ((mode & 022u) != 0) {
		cs_problem_set(problem, path, 0, "has mode %04o, others than its owner may write it; chmod go-w %s",
			       mode, path);
		return CS_EUNTRUSTED;
	}
	if (kind != CS_FILE_TEXT && (mode & 007u) != 0) {
		cs_problem_set(problem, path, 0, "holds a secret and has mode %04o, everybody may use it; chmod o= %s",
			       mode, path);
		return CS_EUNTRUSTED;
	}
	return 0;
}

static int too_big(const char *path, size_t max, struct cs_problem *problem)
{
	cs_problem_set(problem, path, 0, "is larger than %zu bytes", max);
	return CS_ETOOBIG;
}

/* A file's text while it is read: room bytes, and one more for the NUL. */
struct reading {
	char *text;
	size_t len, room;
	bool secret;
};

static void wipe(struct reading *reading)
{
	if (reading->text != NULL && reading->secret)
		explicit_bzero(reading->text, reading->room + 1);
	free(reading->text);
	reading->text = NULL;
}

/* Makes room for room bytes; what was read so far is kept. */
static int make_room(struct reading *reading, size_t room)
{
	struct reading larger = { malloc(room + 1), reading->len, room, reading->secret };
	if (larger.text == NULL)
		return CS_ENOMEM;
	if (reading->len > 0)
		memcpy(larger.text, reading->text, reading->len);
	wipe(reading);
	*reading = larger;
	return 0;
}

/* Reads to the end of the file, which may have grown since it was looked at. */
static int read_all(int fd, const char *path, size_t max, struct reading *reading, struct cs_problem *problem)
{
	for (;;) {
		size_t doubled = reading->room <= max / 2 ? 2 * reading->room : max + 1;
		int r = reading->len == reading->room ? make_room(reading, doubled) : 0;
		if (r != 0)
			return r;
		ssize_t n = read(fd, reading->text + reading->len, reading->room - reading->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			cs_problem_set(problem, path, 0, "cannot be read: %s", strerrordesc_np(errno));
			return CS_EIO;
		}
		if (n == 0)
			break;
		reading->len += (size_t)n;
		if (reading->len > max)
			return too_big(path, max, problem);
	}
	reading->text[reading->len] = '\0';
	return 0;
}

int cs_file_read(const char *path, uid_t owner, enum cs_file_kind kind, size_t max, char **ret_text, size_t *ret_len,
		 struct cs_problem *problem)
{
	struct stat st;
	struct reading reading = { .secret = kind != CS_FILE_TEXT };
	int r = 0;

	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return open_problem(path, errno, problem);
	if (fstat(fd, &st) != 0) {
		cs_problem_set(problem, path, 0, "cannot be looked at: %s", strerrordesc_np(errno));
		r = CS_EIO;
		goto out;
	}
	r = check_mode(path, &st, owner, kind, problem);
	if (r != 0)
		goto out;
	if (max >= SSIZE_MAX || (uint64_t)st.st_size > max) {
		r = too_big(path, max, problem);
		goto out;
	}
	/* One byte more than it has, to see its end. */
	r = make_room(&reading, (size_t)st.st_size + 1);
	if (r == 0)
		r = read_all(fd, path, max, &reading, problem);
	if (r == 0 && kind != CS_FILE_KEYS && memchr(reading.text, '\0', reading.len) != NULL) {
		cs_problem_set(problem, path, 0, "holds a NUL byte; it must be plain text");
		r = CS_EPROTO;
	}
	if (r != 0)
		goto out;
	*ret_text = reading.text;
	reading.text = NULL;
	*ret_len = reading.len;
out:
	wipe(&reading);
	cs_close(&fd);
	return r;
}

/* One component: 1, 0 or CS_EIO as cs_path_sealed. */
static int component_sealed(int top, uid_t owner, const char *path)
{
	struct stat st;
	const char *below = path[1] == '\0' ? "." : path + 1;
	if (fstatat(top, top == AT_FDCWD ? path : below, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return CS_EIO;
	if (S_ISLNK(st.st_mode) || st.st_uid != owner || (st.st_mode & 022) != 0)
		return 0;
	return 1;
}

int cs_path_sealed_below(int top, uid_t owner, const char *path, size_t *ret_open)
{
	char prefix[PATH_MAX];
	size_t len = strlen(path), checked = 1;

	*ret_open = len;
	if (path[0] != '/' || len >= sizeof(prefix) || strstr(path, "//") != NULL || strstr(path, "/../") != NULL ||
	    strstr(path, "/./") != NULL)
		return 0;
	int r = component_sealed(top, owner, "/");
	for (size_t i = 1; r == 1 && i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(prefix, path, i);
		prefix[i] = '\0';
		checked = i;
		r = component_sealed(top, owner, prefix);
	}
	if (r == 0)
		*ret_open = checked;
	return r;
}

int cs_path_sealed(const char *path)
{
	size_t open_part = 0;

	return cs_path_sealed_below(AT_FDCWD, 0, path, &open_part);
}

#define LINKS_MAX 40 /* as the kernel has it */

/* A walk along a path that somebody wrote: where it is, and what is still to go. */
struct way {
	char done[PATH_MAX];
	char rest[PATH_MAX];
	int links;
};

static int way_put(char *out, size_t at, const char *more, size_t len)
{
	if (at + len >= PATH_MAX)
		return CS_EIO;
	memcpy(out + at, more, len);
	out[at + len] = '\0';
	return 0;
}

/* What a symlink says takes its place in what is to go. */
static int way_follow(struct way *way, size_t before)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t n = readlink(way->done, target, sizeof(target));

	if (n <= 0 || (size_t)n >= sizeof(target) || ++way->links > LINKS_MAX)
		return CS_EIO;
	memcpy(rest, way->rest, strlen(way->rest) + 1);
	if (way_put(way->rest, 0, target, (size_t)n) != 0 || way_put(way->rest, (size_t)n, "/", 1) != 0 ||
	    way_put(way->rest, (size_t)n + 1, rest, strlen(rest)) != 0)
		return CS_EIO;
	way->done[target[0] == '/' ? 0 : before] = '\0';
	return 0;
}

static void way_up(struct way *way)
{
	char *slash = strrchr(way->done, '/');

	if (slash != NULL)
		*slash = '\0';
}

/* One component further. 1, 0 or CS_EIO as cs_way_sealed. */
static int way_on(struct way *way, const char *name, size_t len)
{
	size_t before = strlen(way->done);
	struct stat st;

	if (way_put(way->done, before, "/", 1) != 0 || way_put(way->done, before + 1, name, len) != 0 ||
	    lstat(way->done, &st) != 0)
		return CS_EIO;
	if (st.st_uid != 0)
		return 0;
	if (!S_ISLNK(st.st_mode))
		return (st.st_mode & 022) == 0;
	return way_follow(way, before) == 0 ? 1 : CS_EIO;
}

int cs_way_sealed(const char *path)
{
	struct way way = { .links = 0 };
	int r = path[0] == '/' && strlen(path) < PATH_MAX ? component_sealed(AT_FDCWD, 0, "/") : CS_EIO;

	if (r == 1)
		memcpy(way.rest, path, strlen(path) + 1);
	while (r == 1) {
		char name[PATH_MAX];
		char *at = way.rest + strspn(way.rest, "/");
		size_t len = strcspn(at, "/");

		if (len == 0)
			return 1;
		memcpy(name, at, len);
		memmove(way.rest, at + len, strlen(at + len) + 1);
		if (len == 2 && name[0] == '.' && name[1] == '.')
			way_up(&way);
		else if (len != 1 || name[0] != '.')
			r = way_on(&way, name, len);
	}
	return r;
}
