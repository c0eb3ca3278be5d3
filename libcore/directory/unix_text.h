/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of passwd(5), group(5) and shadow(5), as glibc reads them for everybody else on this machine. */
#ifndef CS_DIRECTORY_UNIX_TEXT_H
#define CS_DIRECTORY_UNIX_TEXT_H

#include "file.h"

#include <stddef.h>

enum cs_unix_file { CS_UNIX_PASSWD = 0, CS_UNIX_GROUP = 1, CS_UNIX_SHADOW = 2 };

#define CS_UNIX_FILE_MAX (16u * 1024u * 1024u)

/* "passwd", "group", "shadow": for messages. */
const char *cs_unix_file_name(enum cs_unix_file file);

/* Gets a struct passwd, group or spwd, which lives during the call. Other than 0 ends the reading. */
typedef int (*cs_unix_fn)(void *arg, const void *entry, unsigned line);

/* Calls each for every line of the text (text[n] is NUL) in order, but for comments and for the lines of NIS, which
 * begin with '+' or '-'. What glibc would skip in silence refuses the whole: a line that cannot be read, or that is too
 * long, a last line without an end, as a write that was cut off leaves it, and an empty passwd or group.
 * Nothing of the text is left in memory but in the text itself. 0, CS_ECONF with problem, CS_ENOMEM, or what
 * each returned. */
int cs_unix_each(enum cs_unix_file file, char *text, size_t n, cs_unix_fn each, void *arg, struct cs_problem *problem);

#endif
