/* SPDX-License-Identifier: Apache-2.0 */
/* The helper that ends logins. It is forked by the daemon while that is still root, and keeps of root's rights only the one
 * to send signals (CAP_KILL). It ends the processes that registered themselves with it on end.sock: SIGTERM, and SIGKILL 5 s
 * later, by pidfd. What such a process had started itself when it was told to end (the shell of su or login) gets that SIGKILL
 * too, if it is still there, and no other process gets any. The daemon tells it which registration; it cannot name a process.
 *
 * It ends with the daemon. What is registered is kept in a file of root's, `logins` in the folder of the sockets, with the
 * time at which each process began; so the next helper finds the same processes again, and no others. */
#ifndef CS_ENDER_H
#define CS_ENDER_H

#include "end.h"
#include <sys/types.h>

struct cs_ender;

struct cs_ender_settings {
	const char *folder; /* of the sockets; root's */
	int listen_fd;      /* end.sock, bound; stays the caller's */
	uid_t uid;          /* whose process it becomes */
	gid_t gid;
	uid_t root_uid;     /* who may register; 0, or who started the daemon */
};

/* Forks it. 0, CS_EIO, CS_ENOMEM. */
int cs_ender_open(const struct cs_ender_settings *settings, struct cs_ender **ret_ender);
void cs_ender_close(struct cs_ender **ender);

/* For the loop: readable means cs_ender_hear. -1: it is gone. */
int cs_ender_fd(const struct cs_ender *ender);

/* Calls told for each login that began (runs) or is over; told returns 0, or CS_ENOMEM: that one stays the next that is told. 0;
 * CS_ENOMEM: nothing is lost, call it again soon, readable or not; CS_EUNAVAIL: the helper is gone, and nothing is to be heard
 * of it any more. */
typedef int (*cs_ender_fn)(void *arg, bool runs, const struct cs_login *login);
int cs_ender_hear(struct cs_ender *ender, cs_ender_fn told, void *arg);

/* End the process with this registration. 0, CS_EUNAVAIL, CS_EBUSY, CS_ENOMEM. */
int cs_ender_end(struct cs_ender *ender, uint64_t registration);

#endif
