/* SPDX-License-Identifier: Apache-2.0 */
/* The directory worker: a child process that alone speaks LDAP, and the daemon's end of it. */
#ifndef CS_DIRECTORY_WORKER_H
#define CS_DIRECTORY_WORKER_H

#include "backend.h"
#include "settings.h"

/* Starts the worker. Takes over settings and secrets (both are empty afterwards, also on failure); the secrets are in
 * no memory of this process when it returns. 0, CS_EIO, CS_ENOMEM. */
int cs_worker_open(struct cs_settings *settings, struct cs_secrets *secrets, const struct cs_directory_ids *ids,
	void **ret_worker);

extern const struct cs_backend cs_worker_backend;

/* --- Inside the child --- */

struct cs_worker_start {
	const struct cs_settings *settings;
	struct cs_directory_ids ids;
	int socket;
	const struct cs_sealed *sealed;
	pid_t parent;
};

/* worker_confine.c: right after fork. Keeps only the socket (with a new number) and what is sealed, changes to the ids,
 * empties the environment, takes the credentials. 0; CS_EIO, CS_EPERM, CS_ENOMEM, and the process must end. */
int cs_worker_confine(const struct cs_worker_start *start, int *ret_socket, struct cs_credentials *ret_credentials);

/* worker_serve.c: confines the process and serves until the socket closes. Never returns. */
_Noreturn void cs_worker_serve(const struct cs_worker_start *start);

#endif
