/* SPDX-License-Identifier: Apache-2.0 */
/* How a login is registered to be ended: between the PAM module and the helper (end.sock), and between the helper and the
 * daemon (a socketpair). Frames as everywhere; every one of them carries a cs_login.
 *
 *   module                helper                       daemon
 *     connects  ------->    takes a pidfd of the peer
 *               <-------    GREETING
 *     LOGIN     ------->    RUNS ------------------->
 *               <-------    TAKEN or REFUSED
 *                           SIGTERM, later SIGKILL  <-- END
 *                           OVER ------------------->
 *
 * The module waits for the greeting before it speaks: so the process that connected was alive when its pidfd was taken, and
 * the pidfd is its own. Nobody ever names a process by its number. */
#ifndef CS_WIRE_END_H
#define CS_WIRE_END_H

#include "calls.h"
#include "frame.h"

enum cs_end_frame {
	CS_END_GREETING = 1,
	CS_END_LOGIN = 2,   /* attend: kind LOGIN, number, id, tty */
	CS_END_TAKEN = 3,
	CS_END_REFUSED = 4,
	CS_END_RUNS = 5,    /* registration and attend */
	CS_END_OVER = 6,    /* registration */
	CS_END_END = 7      /* registration */
};

struct cs_login {
	uint64_t registration; /* a number of the helper; never used twice by one helper */
	struct cs_attend attend; /* pid and since_boot_ms are set by the helper */
};
extern const struct cs_shape cs_login_shape;

/* Appends one frame; login NULL: all zero. 0, CS_ETOOBIG, CS_ENOMEM. */
int cs_end_put(struct cs_buf *out, enum cs_end_frame frame, const struct cs_login *login);

/* Takes one frame from the front of in. 1 with *ret_frame and *ret_login (clear it with cs_clear); 0: it is not there in
 * full. CS_EPROTO, CS_ETOOBIG: close the stream. CS_ENOMEM. */
int cs_end_take(struct cs_buf *in, enum cs_end_frame *ret_frame, struct cs_login *ret_login);

#endif
