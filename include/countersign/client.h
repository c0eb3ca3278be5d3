/* SPDX-License-Identifier: Apache-2.0 */
/* libcountersign: may this person do that? Asked of the countersignd of this machine. */
#ifndef COUNTERSIGN_CLIENT_H
#define COUNTERSIGN_CLIENT_H

#include <countersign/error.h>
#include <countersign/types.h>

#define COUNTERSIGN_PEOPLE_SOCKET "/run/countersign/people.sock"

#ifdef __cplusplus
extern "C" {
#endif

/* Does user (a login name; NULL or "" for the caller; others only where root asks) hold the permission in the scope?
 * socket_path NULL means COUNTERSIGN_PEOPLE_SOCKET. 1 yes, 0 no, or a negative cs_error when it could not be told: compare
 * with == 1. *ret_reason (may be NULL) says why; CS_WHY_UNREACHABLE where there was no answer. Waits at most 7 seconds.
 * Uses no global state: may be called from several threads. */
int cs_has_right(const char *socket_path, const char *user, const char *permission, const char *scope,
	enum cs_reason *ret_reason);

#ifdef __cplusplus
}
#endif

#endif
