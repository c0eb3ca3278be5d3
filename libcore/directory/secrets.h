/* SPDX-License-Identifier: Apache-2.0 */
/* What the directory section names and only root may read, on its way to the worker: read from its files as root, put
 * into sealed memory of the kernel, and used from there by the worker, which could not open the files. */
#ifndef CS_DIRECTORY_SECRETS_H
#define CS_DIRECTORY_SECRETS_H

#include <stddef.h>

enum cs_secret {
	CS_SECRET_PASSWORD = 0,
	CS_SECRET_CERTIFICATE = 1, /* no secret, but it goes with its key */
	CS_SECRET_KEY = 2,
	CS_SECRET_KEYTAB = 3,
	CS_SECRETS = 4
};

/* As read. NULL where there is none; each has a NUL behind it that does not count. */
struct cs_secrets {
	char *bytes[CS_SECRETS];
	size_t n[CS_SECRETS];
};
void cs_secrets_clear(struct cs_secrets *secrets); /* wipes */

/* Put away: descriptors of memory that is mapped nowhere and that nobody can write; -1 where there is none. */
struct cs_sealed {
	int fd[CS_SECRETS];
};
extern const struct cs_sealed cs_sealed_none;
/* The secrets are in no memory of this process afterwards, also on failure. 0, CS_EIO. */
int cs_secrets_seal(struct cs_secrets *secrets, struct cs_sealed *ret_sealed);
void cs_sealed_close(struct cs_sealed *sealed);

/* In the worker: what a bind takes. The paths open for this process alone, "" where there is none. */
enum { CS_SEALED_PATH = 32 };
struct cs_credentials {
	char *password; /* NULL where there is none */
	char certificate[CS_SEALED_PATH], key[CS_SEALED_PATH], keytab[CS_SEALED_PATH];
};
/* Reads the password and closes its descriptor; the others stay open. 0, CS_EIO, CS_ENOMEM. */
int cs_credentials_take(struct cs_sealed *sealed, struct cs_credentials *ret_credentials);
void cs_credentials_clear(struct cs_credentials *credentials);

#endif
