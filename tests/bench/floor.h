/* SPDX-License-Identifier: Apache-2.0 */
/* What the floor's module and daemon say to each other: one message of a fixed size, one reply of a fixed size, about as
 * large as a call and a decision are. */
#ifndef CS_BENCH_FLOOR_H
#define CS_BENCH_FLOOR_H

#define FLOOR_SOCKET "/run/bench-floor/floor.sock"
#define FLOOR_SERVICES "/run/bench-floor/pam.d" /* in place of /etc/pam.d, whose file "other" loads a dozen modules */
#define FLOOR_CALL 128
#define FLOOR_REPLY 160

#endif
