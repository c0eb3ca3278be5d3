/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the helper share. */
#ifndef CS_ENDER_INTERNAL_H
#define CS_ENDER_INTERNAL_H

#include "clock.h"
#include "ender.h"

enum { LOGINS = 4096, PEERS = 32, RECORD = 512, STARTED = 8 };
#define GREETED_MS 2000 /* whoever connected has to register by then */
#define KILL_MS    5000 /* from SIGTERM to SIGKILL */
#define AGAIN_MS   1000 /* to the next try to write down what could not be */

/* A process that registered. */
struct registered {
	int pidfd;            /* -1: free */
	uint32_t pid;         /* with start what finds it again; never whom to signal */
	uint64_t start;       /* in clock ticks since the boot, as /proc says */
	uint64_t kill_ms;     /* boot time; 0: it was not told to end */
	bool killed;
	bool unkept;          /* what is in the file is not this: it is written again */
	int started[STARTED]; /* pidfds of what it had started itself when it was told to end; -1: free */
	struct cs_login login;
};

/* One that connected and did not register yet. */
struct peer {
	int fd;               /* -1: free */
	int pidfd;
	uint32_t pid;
	uint64_t until_ms;
	struct cs_buf in;
};

/* process.c: when this process began; the descriptor says that it still is the same. 0, CS_ENOENT (it is over). */
int process_start(int pidfd, uint32_t pid, uint64_t *ret_start);
/* 0, CS_ENOENT; CS_EIO: there is no descriptor for it. */
int process_open(uint32_t pid, int *ret_pidfd);
/* 1: it is over. */
int process_is_over(int pidfd);
void process_signal(int pidfd, int number);
/* The processes that this one started and that are still its own: at most max pidfds into ret_fds. How many. */
size_t process_started(int pidfd, uint32_t pid, int *ret_fds, size_t max);
/* What the process with this descriptor is: its number. 0, CS_ENOENT. */
int process_number(int pidfd, uint32_t *ret_pid);

/* kept.c: one record of the file, written at once. entry NULL: free. 0; CS_ENOMEM, CS_EIO: the next helper would not find it. */
int kept_write(int fd, size_t slot, const struct registered *entry);
/* Reads it: 1 with *ret_entry, whose process is still the one that registered; 0: free, damaged, or over. CS_ENOMEM, CS_EIO: it
 * is not known which. */
int kept_read(int fd, size_t slot, struct registered *ret_entry);
/* Its bytes alone. 0, CS_EPROTO (none, or of another boot), CS_ENOMEM. */
int kept_parse(const uint8_t *bytes, size_t n, const char *boot_id, struct registered *ret_entry);

/* serve.c: the helper's process. */
_Noreturn void ender_serve(const struct cs_ender_settings *settings, int daemon, int listen_fd, int kept);

#endif
