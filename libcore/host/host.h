/* SPDX-License-Identifier: Apache-2.0 */
/* A machine as it is configured: this one, or a tree of files that stands for one (an image, a sample). Every path
 * begins with '/' and is meant inside that machine; links are followed inside of it and never lead out. Nothing here
 * judges: it reads. */
#ifndef CS_HOST_H
#define CS_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define CS_HOST_FILE_MAX (1024u * 1024u) /* bytes of a file that is read whole */

/* A file as it would be: what is read of it is this text. */
struct cs_host_edit {
	char *path; /* without links, inside the machine */
	char *text; /* with a NUL behind it that is not counted */
	size_t len;
};

struct cs_host {
	int fd;      /* its root folder */
	char *root;  /* as given; owned */
	bool live;   /* this machine: its programs may be asked, too */
	uid_t owner; /* who is root there: the owner of the root folder; 0 on this machine */
	const struct cs_host_edit *edits; /* borrowed: looked at as if these had been written */
	size_t n_edits;
};

#define CS_HOST_NEW_MODE 0644 /* of a file that is made */

/* Where something stands: a path inside the machine, and a line (0: the whole file). */
struct cs_place {
	char *file; /* owned */
	unsigned line;
};

/* root NULL or "/" is this machine. 0; CS_ENOENT; CS_EIO (no folder, or this kernel has no openat2); CS_ENOMEM. Close with
 * cs_host_close. */
int cs_host_open(const char *root, struct cs_host *ret_host);
void cs_host_close(struct cs_host *host);

/* 0; CS_ENOENT; CS_EIO. cs_host_look follows links, cs_host_look_at looks at the last component itself. */
int cs_host_look(const struct cs_host *host, const char *path, struct stat *ret_stat);
int cs_host_look_at(const struct cs_host *host, const char *path, struct stat *ret_stat);

/* Opens for reading, without waiting for a writer of a pipe. The descriptor, or CS_ENOENT, CS_EIO. */
int cs_host_open_file(const struct cs_host *host, const char *path, int flags);

/* A regular file of at most CS_HOST_FILE_MAX bytes, whoever it belongs to, with a NUL behind it that is not counted. The
 * caller frees. 0; CS_ENOENT; CS_EIO (also: no regular file); CS_ETOOBIG; CS_ENOMEM. */
int cs_host_read(const struct cs_host *host, const char *path, char **ret_text, size_t *ret_len);

/* The edit of a file; NULL: there is none. */
const struct cs_host_edit *cs_host_edited(const struct cs_host *host, const char *path);

/* The names in a folder, sorted by their bytes, without "." and "..". 0; CS_ENOENT; CS_EIO; CS_ETOOBIG (more than 4096);
 * CS_ENOMEM. Free with cs_free_strv. */
int cs_host_list(const struct cs_host *host, const char *path, char ***ret_names, size_t *ret_n);

/* The path without links. 0; CS_ENOENT; CS_EIO; CS_ENOMEM. The caller frees. */
int cs_host_real(const struct cs_host *host, const char *path, char **ret_path);

/* 1: the file and every folder above it belong to the machine's root, and nobody else may write them; 0: *ret_open is the
 * first path that somebody else owns or may write (the caller frees); CS_ENOENT; CS_EIO; CS_ENOMEM. */
int cs_host_sealed(const struct cs_host *host, const char *path, char **ret_open);

/* The next of the folders that hold PAM's modules, as /lib/x86_64-linux-gnu/security; NULL past the end. i counts from 0.
 * They are those that libpam is built with on the systems known here. */
const char *cs_host_pam_folder(size_t i);

#endif
