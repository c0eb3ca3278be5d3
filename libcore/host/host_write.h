/* SPDX-License-Identifier: Apache-2.0 */
/* Changing a file of a machine: the old one or the new one is there, whole, at every moment and after a crash. */
#ifndef CS_HOST_WRITE_H
#define CS_HOST_WRITE_H

#include "host.h"

/* What a file that is being written ends in; what a killed program left behind is taken away by the next one. */
#define CS_HOST_DRAFT ".countersign-new~"

/* Puts text in the place of a file, or makes it: written beside it, with owner and mode of st, durable, and renamed.
 * path has no links. 0; CS_EPERM; CS_EIO (errno says why); CS_ENOMEM. The old file is untouched then. */
int cs_host_write(const struct cs_host *host, const char *path, const char *text, size_t len, const struct stat *st);

/* Takes a file, or a folder with nothing in it, away, durably. 0, also where there is none; CS_EPERM; CS_EIO. */
int cs_host_remove(const struct cs_host *host, const char *path);

/* Gives whatever has this name another one in the same folder; what has that is taken away, but for a folder. 0; CS_ENOENT;
 * CS_EPERM; CS_EIO; CS_ENOMEM. */
int cs_host_move(const struct cs_host *host, const char *path, const char *to);

/* Makes a folder that is root's alone, if there is none. 0; CS_EPERM; CS_EIO; CS_ENOMEM. Folders above have to be there. */
int cs_host_make_folder(const struct cs_host *host, const char *path);

#endif
