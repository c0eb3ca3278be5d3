/* SPDX-License-Identifier: Apache-2.0 */
/* The roster's file, as `countersign roster` reads and writes it. */
#ifndef CS_COMMAND_ROSTER_FILE_H
#define CS_COMMAND_ROSTER_FILE_H

#include "roster.h"

struct roster_file {
	const char *path;
	char *text;
	size_t n;
	struct cs_roster *roster;
};

/* path NULL: /etc/countersign/roster. 0, with may_lack also where there is none (then roster is NULL); else an exit status,
 * told. */
int roster_file_read(const char *path, bool may_lack, struct roster_file *file);
void roster_file_clear(struct roster_file *file);
/* Puts a text in the place of a file, whole and at once, mode 0644. 0, or an exit status, told. */
int roster_file_write(const char *path, const struct cs_buf *text);

#endif
