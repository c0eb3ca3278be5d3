/* SPDX-License-Identifier: Apache-2.0 */
/* The last close of a descriptor can take as long as whoever passed it likes (SO_LINGER of a TCP connection), also where the
 * kernel does it for the daemon: what was sent and never taken, or lies in a socket that was passed. Only a signal ends such
 * a wait. So one comes every few milliseconds while a turn of the loop takes longer than that, and does nothing else. */
#ifndef CS_DAEMON_NUDGE_H
#define CS_DAEMON_NUDGE_H

struct nudge;
/* SIGALRM is its own from here on. One in a process. 0, CS_ENOMEM, CS_EIO. */
int nudge_new(struct nudge **ret_nudge);
void nudge_free(struct nudge **nudge);

/* Something that may close begins: as often as is liked in one turn. NULL: does nothing. */
void nudge_begin(struct nudge *nudge);
/* The turn is over, and the loop may sleep. */
void nudge_end(struct nudge *nudge);

#endif
