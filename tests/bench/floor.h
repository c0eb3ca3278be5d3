/* SPDX-License-Identifier: Apache-2.0 */
/* What the floor's modules and daemon say to each other: one message of a fixed size, one reply of a fixed size, about as
 * large as a call and a decision are. A call that begins with FLOOR_RECORD is answered once a record of it is on disk. */
#ifndef CS_BENCH_FLOOR_H
#define CS_BENCH_FLOOR_H

#define FLOOR_SOCKET "/run/bench-floor/floor.sock"
#define FLOOR_SERVICES "/run/bench-floor/pam.d" /* in place of /etc/pam.d, whose file "other" loads a dozen modules */
#define FLOOR_CALL 128
#define FLOOR_REPLY 160
#define FLOOR_RECORD 1

/* Connects, calls and closes; 0 when it was answered. */
int floor_ask(char first);

#endif
