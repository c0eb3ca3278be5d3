/* SPDX-License-Identifier: Apache-2.0 */
/* The two listening sockets and the processes' privileges. */
#ifndef CS_DAEMON_SOCKETS_H
#define CS_DAEMON_SOCKETS_H

#include "file.h"
#include <stdint.h>

/* Makes the folder (owned by us, 0755) and locks it for as long as *ret_fd is open: one daemon serves there.
 * 0; CS_EEXIST (another does), CS_EUNTRUSTED, CS_EIO. */
int sockets_lock(const char *dir, int *ret_fd, struct cs_problem *problem);

/* Binds a socket in the locked folder: 0600 from its first moment, then with its mode, so that
 * nobody ever meets it wider. It is bound under its final name, by which clients find a connection again
 * (cs_client_resume). Does not listen yet: who calls listen is whom clients see. The descriptor is non-blocking
 * and close-on-exec. */
int socket_bind(const char *dir, const char *name, unsigned mode, int *ret_fd, struct cs_problem *problem);

/* Becomes uid and gid for good, with no supplementary group but this one (NULL: none at all), no way to gain rights, no
 * core file. Verified; a failure is fatal. group is never root's. */
int privileges_drop(uid_t uid, gid_t gid, const gid_t *group, struct cs_problem *problem);

/* A055: does a connection by another uid show that uid? In a user namespace it would not, and every name would be a
 * guess. Listens on a socket of its own in dir. Only as root. 0, CS_EUNTRUSTED. */
int sockets_self_test(const char *dir, struct cs_problem *problem);

/* The peer's credentials as of connect(2). 0; CS_EUNTRUSTED when the kernel does not say (A051: never zero, which is root). */
int socket_peer(int fd, uint32_t *ret_uid, int32_t *ret_pid);

/* And its group, as of then; UINT32_MAX when the kernel does not say. */
uint32_t socket_peer_gid(int fd);

/* The audit login uid of that process; UINT32_MAX where none is set or it cannot be read, because the process is gone, for
 * example. It is not attested like the uid is: it may only take something away. */
uint32_t process_login_uid(int32_t pid);

#endif
