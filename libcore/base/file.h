/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files that steer the program: the right owner, not writable by others, of bounded size. */
#ifndef CS_BASE_FILE_H
#define CS_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* What went wrong with a file, for people: where (file and line; line 0 when the whole file is meant) and what. */
struct cs_problem {
	char *file;
	unsigned line;
	char *text; /* says what to do next where that is known */
};

/* Sets a problem, unless one is set already (the first is the one to mend first). file and the text are copied. */
void cs_problem_set(struct cs_problem *problem, const char *file, unsigned line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void cs_problem_clear(struct cs_problem *problem);
/* "policy.conf:12: text" as an allocated string; NULL when out of memory. */
char *cs_problem_text(const struct cs_problem *problem);

enum cs_file_kind {
	CS_FILE_TEXT = 0,  /* anybody may read it; it holds no NUL */
	CS_FILE_SECRET = 1, /* others may not read it; it holds no NUL */
	CS_FILE_KEYS = 2   /* others may not read it; any bytes */
};

/* Reads a whole file of at most max bytes that is a regular file, belongs to uid 0 or to owner, is not writable by
 * group or others, and is of this kind. It is opened without following a final symlink and checked on the open
 * descriptor. *ret_text has a NUL behind it; the caller frees.
 * 0, CS_ENOENT, CS_EUNTRUSTED, CS_ETOOBIG, CS_EIO, CS_EPROTO (a NUL), CS_ENOMEM; problem says which and why. */
int cs_file_read(const char *path, uid_t owner, enum cs_file_kind kind, size_t max, char **ret_text, size_t *ret_len,
	struct cs_problem *problem);

/* 1 when the file and every folder above it belong to root and nobody else may write them (sticky folders do not
 * count as safe); 0 when somebody else could change or replace it; CS_EIO when that could not be told.
 * path is absolute and free of symlinks (realpath). */
int cs_path_sealed(const char *path);

/* The same for a path as somebody wrote it: also every folder and symlink on the way belongs to root, and nobody else may
 * write there, so that it leads to the same file later. path is absolute. 1, 0, CS_EIO (also where it leads nowhere). */
int cs_way_sealed(const char *path);

/* The same for a tree that stands for another machine: top is its open root folder, owner who is root there, path begins
 * with '/' and is meant below top. Where it says 0, *ret_open is the length of the first part of path that is not safe. */
int cs_path_sealed_below(int top, uid_t owner, const char *path, size_t *ret_open);

/* Closes *fd unless it is -1 and sets it to -1. errno is kept. */
void cs_close(int *fd);

#endif
