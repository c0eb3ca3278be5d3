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
 * socket_path NULL means COUNTERSIGN_PEOPLE_SOCKET. 1 yes, 0 no, or a negative cs_error when it could not be told:
 * compare with == 1. *ret_reason (may be NULL) says why; CS_WHY_UNREACHABLE where there was no answer. Waits at most 7
 * seconds. Uses no global state: may be called from several threads. */
int cs_has_right(const char *socket_path, const char *user, const char *permission, const char *scope,
	enum cs_reason *ret_reason);

/* One of many such questions: user as above. */
struct cs_right_question {
	const char *user;
	const char *permission;
	const char *scope;
};

/* Its answer. Compare verdict with == CS_PERMIT. reason is CS_WHY_BAD_CALL where the policy has no such permission, or
 * scope is none, and CS_WHY_UNREACHABLE where there was no answer. */
struct cs_right_result {
	enum cs_verdict verdict; /* CS_PERMIT or CS_DENY */
	enum cs_reason reason;
};

/* Asks n questions at once, over one connection. ret_results has room for n and is set in every case, in the order of
 * the questions. 0: each was answered. A negative cs_error: it could not be told, and every result is CS_DENY. Waits at
 * most 7 seconds for each 256 questions. Uses no global state. */
int cs_has_rights(const char *socket_path, const struct cs_right_question *questions, size_t n,
	struct cs_right_result *ret_results);

#ifdef __cplusplus
}
#endif

#endif
