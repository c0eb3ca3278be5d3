/* SPDX-License-Identifier: Apache-2.0 */
/* libcountersign: may this person do that, and have others agreed to it? Asked of the countersignd of this machine. */
#ifndef COUNTERSIGN_CLIENT_H
#define COUNTERSIGN_CLIENT_H

#include <countersign/error.h>
#include <countersign/types.h>
#include <sys/types.h>

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

/* --- What others have to agree to --------------------------------------------------------------------------------- */

/* What a program is about to do for whoever runs it: the kernel says who that is. A service that runs as root says for whom it
 * does it. All strings stay the caller's. */
struct cs_app_action {
	const char *service;   /* a word that begins with "app-" and names the program: "app-projects" */
	const char *gate;      /* has to be the gate that guards it; NULL: whichever does */
	const char *command;   /* a word for what is done: "delete" */
	const char *const *arguments; /* what it is done to, as the approvers read it; may be NULL when there are none */
	size_t n_arguments;
	const char *reason;    /* for the approvers; NULL: none */
	const uid_t *user;     /* root alone: who asked the program for it, and proved to it who he is; NULL: the caller */
};

/* How it stands. Only verdict == CS_PERMIT lets anything be done. */
struct cs_app_answer {
	enum cs_verdict verdict; /* CS_HOLD: others have to agree first, and the request is held for this connection */
	enum cs_reason reason;
	enum cs_state state;     /* of the request; CS_STATE_NONE when there is none */
	uint64_t number;         /* of the request, by which people approve it; 0 when there is none */
	uint64_t remaining_ms;   /* for how long it, or its approval, still counts */
	uint32_t missing;        /* how many people are missing */
	char check_code[8];      /* what an approver types; of cs_app_submit, "" otherwise */
	char text[256];          /* a sentence for people, escaped; cut where it is longer */
};

/* A request that is held. One thread at a time may use it, and not beyond a fork. */
struct cs_app_request;

/* Asks. socket_path as in cs_has_right. 0 and *ret_answer: CS_PERMIT (nobody has to agree, or others have already, and the
 * approval is used by this: do it now, once), CS_DENY, or CS_HOLD; *ret_request is then held, and NULL otherwise. The caller
 * ends it with cs_app_close. Where a gate wants a reason and none was given: CS_DENY with CS_WHY_NEEDS_REASON.
 * CS_EINVAL: the words make no sense, or the service is none of a program; CS_EPERM: another user is named, and the caller is
 * not root; CS_ETOOBIG; CS_EUNAVAIL, CS_ETIMEDOUT,
 * CS_EUNTRUSTED, CS_EPROTO (nobody to be trusted answers), CS_EINTR (a signal came), CS_EBUSY, CS_ENOMEM. After an error nothing
 * is changed but *ret_answer, which denies. Waits at most 7 seconds. */
int cs_app_submit(const char *socket_path, const struct cs_app_action *action, struct cs_app_request **ret_request,
	struct cs_app_answer *ret_answer);

/* Waits until it changes, at most within_ms (60,000 count for more), and says how it stands: CS_HOLD with CS_PENDING (wait
 * again) or CS_APPROVED (claim it; with CS_WHY_COOLING when its time has come), CS_DENY when there is nothing to wait for. It
 * never permits. 0, or as cs_app_submit; after an error the request is of no more use but to be closed. */
int cs_app_wait(struct cs_app_request *request, uint32_t within_ms, struct cs_app_answer *ret_answer);

/* Uses the approval, after everything was looked at again: the policy, the rights of who asks and of who approved. CS_PERMIT:
 * do it now, once. CS_HOLD: it waits again, for people or for its time. CS_DENY: it is over. Errors as cs_app_wait; waits at
 * most 7 seconds. */
int cs_app_claim(struct cs_app_request *request, struct cs_app_answer *ret_answer);

/* Withdraws it, unless another program of the same person waits for the same: reason is CS_WHY_CANCELLED, or CS_WHY_PARKED
 * where it stays open. Errors as cs_app_wait; CS_EPERM: it is held no more. */
int cs_app_cancel(struct cs_app_request *request, struct cs_app_answer *ret_answer);

/* Ends the waiting and sets *request to NULL, which it may be. What is open stays open: the next identical cs_app_submit finds
 * it. */
void cs_app_close(struct cs_app_request **request);

#ifdef __cplusplus
}
#endif

#endif
