/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon, as the library finds it. */
#ifndef CS_LIBRARY_DAEMON_H
#define CS_LIBRARY_DAEMON_H

#include "client.h"

#define ANSWER_MS 6000u

/* A connection to the daemon at this path; NULL: the usual one. 0 or as cs_client_open. */
int cs_library_open(const char *socket_path, struct cs_client **ret_client);

#endif
