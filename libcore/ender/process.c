/* SPDX-License-Identifier: Apache-2.0 */
/* A process by its descriptor: a number may be somebody else's by the next moment, a pidfd never is. */
#include "ender_internal.h"
#include "file.h"
#include "mem.h"
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int process_open(uint32_t pid, int *ret_pidfd)
{
	int fd = pid > 0 && pid <= INT32_MAX ? (int)syscall(SYS_pidfd_open, (pid_t)pid, 0) : -1;

	if (fd < 0)
		return CS_ENOENT;
	*ret_pidfd = fd; /* close-on-exec, always */
	return 0;
}

int process_is_over(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

void process_signal(int pidfd, int number)
{
	(void)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

/* The 22nd field of proc_pid_stat(5). The second is a name in parentheses, which may hold anything. */
static int start_of(const char *stat, uint64_t *ret_start)
{
	const char *at = strrchr(stat, ')');
	unsigned long long start = 0;

	for (int field = 2; at != NULL && field < 22; field++) {
		at = strchr(at + 1, ' ');
	}
	if (at == NULL || sscanf(at, " %llu", &start) != 1)
		return CS_ENOENT;
	*ret_start = start;
	return 0;
}

int process_start(int pidfd, uint32_t pid, uint64_t *ret_start)
{
	char path[32], text[1024] = { 0 };
	uint64_t start = 0;
	ssize_t n = -1;
	int fd = -1, r = CS_ENOENT;

	(void)snprintf(path, sizeof(path), "/proc/%u/stat", (unsigned)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		n = read(fd, text, sizeof(text) - 1);
	cs_close(&fd);
	if (n > 0)
		r = start_of(text, &start);
	if (r == 0 && process_is_over(pidfd)) /* what was read may be of the next one with this number */
		r = CS_ENOENT;
	if (r == 0)
		*ret_start = start;
	return r;
}
