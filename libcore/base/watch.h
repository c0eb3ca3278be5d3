/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are read again when they change, and that belong together: what is read of them is one state. */
#ifndef CS_BASE_WATCH_H
#define CS_BASE_WATCH_H

#include "file.h"

#include <stdbool.h>
#include <sys/stat.h>

#define CS_WATCH_MAX 3 /* files of one watch */

/* By which a change is noticed. */
struct cs_stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct cs_watched {
	char *path;
	bool secret; /* others may not read it, what is read is wiped, and it is read anew as whoever we became since */
	bool open;   /* … but for the first of these: it is a copy for trying things */
	struct cs_stamp stamp;
};

/* All zero watches nothing. */
struct cs_watch {
	struct cs_watched files[CS_WATCH_MAX];
	size_t n;
	uid_t owner; /* who besides root may own them */
	size_t max;  /* bytes of each */
	bool good;   /* they could be read, and nothing was seen to change since */
	uid_t reader;
};

/* Adds a file; the path is copied. 0, CS_ENOMEM. */
int cs_watch_add(struct cs_watch *watch, const char *path, bool secret, bool open);
void cs_watch_clear(struct cs_watch *watch);

/* 1 when what was read last still holds. 0 before the first time, after a failure and after a change; also shortly
 * after a file was written, when the clock of the file system cannot tell another change. */
int cs_watch_is_current(const struct cs_watch *watch);

/* Reads them all: one text after the other with a NUL between them, and one behind the last that *ret_n does not count.
 * The caller frees with cs_watch_free. 0; CS_ENOMEM; or with problem what cs_file_read says, or CS_EIO where they
 * never stood still. */
int cs_watch_read(struct cs_watch *watch, char **ret_text, size_t *ret_n, struct cs_problem *problem);
/* Wipes the text where any of the files is secret. */
void cs_watch_free(const struct cs_watch *watch, char **text, size_t n);

#endif
