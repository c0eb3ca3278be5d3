/* SPDX-License-Identifier: Apache-2.0 */
/* The directory worker: a child process that alone speaks LDAP, and the daemon's end of it. */
#ifndef CS_DIRECTORY_WORKER_H
#define CS_DIRECTORY_WORKER_H

#include "backend.h"
#include "settings.h"

/* Starts the worker. Takes over settings and secret (both are empty afterwards, also on failure); the secret is in no
 * memory of this process when it returns. 0, CS_EIO, CS_ENOMEM. */
int cs_worker_open(struct cs_settings *settings, char **secret, const struct cs_directory_ids *ids, void **ret_worker);

extern const struct cs_backend cs_worker_backend;

/* --- Inside the child (worker_serve.c) --- */

struct cs_worker_start {
	const struct cs_settings *settings;
	struct cs_directory_ids ids;
	int socket;
	int secret_fd; /* -1 when there is none */
	pid_t parent;
};

/* Confines the process and serves until the socket closes. Never returns. */
_Noreturn void cs_worker_serve(const struct cs_worker_start *start);

#endif
