/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon's end and the worker say to each other: packets of a seqpacket socket, a byte for the kind and then
 * the encoding. A worker begins with HELLO: whatever the one before it had is lost. */
#ifndef CS_NOTIFY_INTERNAL_H
#define CS_NOTIFY_INTERNAL_H

#include "notify.h"
#include <poll.h>

enum packet {
	PACKET_NOTICE = 1, /* u32: programs that took it already, a bit each; the cs_notice */
	PACKET_RESULT = 2, /* u64: the notice's number; u32: programs that took it; string: text */
	PACKET_HELLO = 3
};
enum {
	PACKET_MAX = 160 * 1024, /* the largest notice fits */
	TEXT_MAX = 4096,         /* of a result */
	OUTPUT_MAX = 1024        /* of one program that is kept */
};

/* packet.c: one packet, never waiting. send: 0, CS_EBUSY, CS_EUNAVAIL. recv: 1, 0 (nothing there), CS_EUNAVAIL. */
int packet_send(int fd, const struct cs_buf *packet);
int packet_recv(int fd, struct cs_buf *packet);

/* program.c: one program that runs. */
struct program {
	pid_t pid; /* 0: none */
	int ended; /* a pidfd, readable when it has ended */
	int input, output;
	const char *text; /* what goes to its standard input; the caller's */
	size_t at, len;
	uint64_t deadline_ms;
	bool killed;
	char printed[OUTPUT_MAX + 1];
	size_t n_printed;
	bool more; /* it printed more than is kept */
};

/* 0 or CS_EIO. */
int program_start(struct program *program, const char *path, const char *text, uint64_t timeout_ms);
enum { PROGRAM_FDS = 3 };
/* What to wait for: always PROGRAM_FDS entries. */
void program_poll(const struct program *program, struct pollfd fds[PROGRAM_FDS]);
/* Feeds it, listens to it, kills it when its time is over. 1 when it has ended, with *ret_status as of wait(2). */
int program_work(struct program *program, int *ret_status);

/* worker.c: the worker's process. Never returns. */
_Noreturn void worker_serve(const struct cs_notify_settings *settings, int socket);

#endif
