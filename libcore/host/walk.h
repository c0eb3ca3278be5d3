/* SPDX-License-Identifier: Apache-2.0 */
/* Every program of a machine that gives its caller what he has not: setuid, setgid, and capabilities of files. */
#ifndef CS_HOST_WALK_H
#define CS_HOST_WALK_H

#include "host.h"
#include <stdint.h>

#define CS_WALK_MAX 5000000u /* entries of folders that are looked at */

struct cs_walk {
	/* A regular file that somebody may execute, and that is setuid, setgid, or has capabilities: bits of those that it is
	 * permitted, as in capabilities(7); all of them where what it has is not understood. Below 0 ends the walk. */
	int (*found)(void *arg, const char *path, const struct stat *st, uint64_t capabilities);
	/* May be NULL: every few thousand entries, with the folder that is looked at. */
	void (*progress)(void *arg, uint64_t entries, const char *folder);
	void *arg;
	uint64_t entries; /* looked at so far */
	uint64_t skipped; /* folders that could not be opened, and file systems that are not of this machine */
};

/* Through all local file systems from "/" on: not through those that honour no setuid, are made by the kernel or come over
 * the network. 0; CS_ETOOBIG (CS_WALK_MAX entries, or 128 folders deep: what was found is not all); CS_EIO; what found
 * returned. */
int cs_host_walk(const struct cs_host *host, struct cs_walk *walk);

#endif
