/* SPDX-License-Identifier: Apache-2.0 */
/* The difference of two texts as `diff -u` shows it. */
#ifndef CS_COMMAND_UNIFIED_H
#define CS_COMMAND_UNIFIED_H

#include "output.h"

/* Appends it, escaped, with three lines around each change; nothing where the texts are the same. old NULL: there was no such
 * file. 0; CS_ENOMEM. */
int cs_put_unified(struct cs_buf *out, const struct cs_look *look, const char *path, const char *old, const char *new);

#endif
