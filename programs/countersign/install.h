/* SPDX-License-Identifier: Apache-2.0 */
/* Replacing a file so that at every moment it is either the old one or the new one, and the old one can come back. */
#ifndef CS_COMMAND_INSTALL_H
#define CS_COMMAND_INSTALL_H

#include <stddef.h>
#include <sys/stat.h>

struct cs_install {
	int folder;       /* locked while this lives */
	char *path;       /* of the file */
	const char *name; /* its last part; points into path */
	char *fresh;      /* the new content beside it; NULL once in place */
	char *kept;       /* a second name of the old file; NULL once put back or kept as .previous */
	struct stat old;
};

/* Locks the folder and looks at the file, which must be there and be a regular file. path is absolute. 0; CS_EINVAL,
 * CS_ENOENT, CS_EPERM, CS_EIO, CS_EUNTRUSTED (no regular file), CS_EBUSY (another install is under way). */
int cs_install_begin(const char *path, struct cs_install *ret_install);

/* Writes text beside the file with the old one's owner and mode, makes it durable, gives the old file a second name,
 * and moves the new one into its place. On failure the old file is where it was, except with CS_ECORRUPT: then it
 * stands under install->kept. 0, CS_EPERM, CS_EIO, CS_ENOMEM. */
int cs_install_replace(struct cs_install *install, const char *text, size_t n);

/* Puts the old file back. 0, or CS_EIO: then it still exists under install->kept in the same folder. */
int cs_install_undo(struct cs_install *install);

/* Keeps the old file as FILE.previous. 0, CS_EIO, CS_ENOMEM. */
int cs_install_keep(struct cs_install *install);

/* Removes what is left over except an old file that could not be put back; unlocks. */
void cs_install_end(struct cs_install *install);

#endif
