/* SPDX-License-Identifier: Apache-2.0 */
/* A process by its descriptor: a number may be somebody else's by the next moment, a pidfd never is. */
#include "ender_internal.h"
#include "file.h"
#include "mem.h"
#include <errno.h>
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
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? CS_EIO : CS_ENOENT;
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

/* The beginning of a file of /proc, as text. 0, CS_ENOENT. */
static int read_proc(const char *path, char *ret_text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, ret_text, size - 1) : -1;

	cs_close(&fd);
	if (n <= 0)
		return CS_ENOENT;
	ret_text[n] = '\0';
	return 0;
}

enum { PARENT = 4, START = 22 };

/* A numbered field of proc_pid_stat(5). The second is a name in parentheses, which may hold anything. */
static int field_of(const char *stat, int wanted, uint64_t *ret_value)
{
	const char *at = strrchr(stat, ')');
	unsigned long long value = 0;

	for (int field = 2; at != NULL && field < wanted; field++) {
		at = strchr(at + 1, ' ');
	}
	if (at == NULL || sscanf(at, " %llu", &value) != 1)
		return CS_ENOENT;
	*ret_value = value;
	return 0;
}

static int read_field(int pidfd, uint32_t pid, int field, uint64_t *ret_value)
{
	char path[32], text[1024];
	uint64_t value = 0;
	int r = CS_ENOENT;

	(void)snprintf(path, sizeof(path), "/proc/%u/stat", (unsigned)pid);
	r = read_proc(path, text, sizeof(text));
	if (r == 0)
		r = field_of(text, field, &value);
	if (r == 0 && process_is_over(pidfd)) /* what was read may be of the next one with this number */
		r = CS_ENOENT;
	if (r == 0)
		*ret_value = value;
	return r;
}

int process_start(int pidfd, uint32_t pid, uint64_t *ret_start)
{
	return read_field(pidfd, pid, START, ret_start);
}

int process_number(int pidfd, uint32_t *ret_pid)
{
	char path[40], text[512];
	const char *at = NULL;
	unsigned pid = 0;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (read_proc(path, text, sizeof(text)) == 0)
		at = strstr(text, "\nPid:");
	if (at == NULL || sscanf(at, "\nPid: %u", &pid) != 1 || pid == 0)
		return CS_ENOENT; /* over: -1 stands there */
	*ret_pid = pid;
	return 0;
}

/* A number that was read may be somebody else's by now: who is open counts only as long as it says whose it is, and nobody
 * becomes another's by dying. */
static int open_own(uint32_t pid, uint32_t parent, int *ret_pidfd)
{
	uint64_t whose = 0;
	int fd = -1, r = process_open(pid, &fd);

	if (r == 0)
		r = read_field(fd, pid, PARENT, &whose);
	if (r == 0 && whose == parent) {
		*ret_pidfd = fd;
		return 0;
	}
	cs_close(&fd);
	return CS_ENOENT;
}

size_t process_started(int pidfd, uint32_t pid, int *ret_fds, size_t max)
{
	char path[48], text[256], *rest = NULL;
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "/proc/%u/task/%u/children", (unsigned)pid, (unsigned)pid);
	if (read_proc(path, text, sizeof(text)) < 0)
		return 0;
	for (char *word = strtok_r(text, " ", &rest); word != NULL && n < max; word = strtok_r(NULL, " ", &rest))
		if (open_own((uint32_t)strtoul(word, NULL, 10), pid, &ret_fds[n]) == 0)
			n++;
	if (!process_is_over(pidfd)) /* it was there all the time, so the number was its own */
		return n;
	while (n > 0)
		cs_close(&ret_fds[--n]);
	return 0;
}
