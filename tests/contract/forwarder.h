/* SPDX-License-Identifier: Apache-2.0 */
/* A process between a client and a server that counts connections and, as told meanwhile, holds back, slows down, ends
 * or half closes what goes through it. */
#ifndef CS_TEST_FORWARDER_H
#define CS_TEST_FORWARDER_H

#include "clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAIRS_MAX = 64, CONNECTS_MAX = 32 };

enum way {
	WAY_THROUGH = 0,
	WAY_HOLD,       /* nothing comes back from the server */
	WAY_SLOW,       /* a byte every 20 ms comes back */
	WAY_LATE,       /* every answer comes back 20 ms later */
	WAY_HALF_CLOSE, /* the next answer is swallowed and the direction back is closed */
	WAY_REFUSE      /* a connection is taken and ended at once */
};

struct forwarder {
	atomic_int way;
	atomic_uint connects, open, most_open;
	atomic_ullong connect_ms[CONNECTS_MAX];
	unsigned port, target;
	pid_t pid;
};

struct pair {
	int client, server;
};

static int forward_listen(unsigned *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		abort();
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static int forward_connect(unsigned port)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void forward_accept(struct forwarder *f, int listener, struct pair *pairs)
{
	int client = accept(listener, NULL, NULL);
	unsigned n = atomic_fetch_add(&f->connects, 1);
	if (n < CONNECTS_MAX)
		atomic_store(&f->connect_ms[n], cs_boot_ms());
	int server = atomic_load(&f->way) == WAY_REFUSE ? -1 : forward_connect(f->target);
	for (size_t i = 0; i < PAIRS_MAX && server >= 0; i++)
		if (pairs[i].client < 0) {
			pairs[i] = (struct pair){ client, server };
			unsigned open = atomic_fetch_add(&f->open, 1) + 1;
			if (open > atomic_load(&f->most_open))
				atomic_store(&f->most_open, open);
			return;
		}
	(void)close(client);
	(void)close(server);
}

static void forward_end(struct forwarder *f, struct pair *pair)
{
	(void)close(pair->client);
	(void)close(pair->server);
	*pair = (struct pair){ -1, -1 };
	(void)atomic_fetch_sub(&f->open, 1);
}

static void forward_back(struct forwarder *f, struct pair *pair)
{
	char bytes[65536];
	int way = atomic_load(&f->way);
	ssize_t n = read(pair->server, bytes, way == WAY_SLOW ? 1 : sizeof(bytes));
	if (way == WAY_SLOW || way == WAY_LATE)
		(void)usleep(20000);
	if (n > 0 && way == WAY_HALF_CLOSE)
		(void)shutdown(pair->client, SHUT_WR);
	else if (n <= 0 || write(pair->client, bytes, (size_t)n) != n)
		forward_end(f, pair);
}

static void forward_on(struct forwarder *f, struct pair *pair)
{
	char bytes[65536];
	ssize_t n = read(pair->client, bytes, sizeof(bytes));
	if (n <= 0 || write(pair->server, bytes, (size_t)n) != n)
		forward_end(f, pair);
}

static volatile sig_atomic_t forward_end_all; /* SIGUSR1: ends every connection that there is */

static void forward_signal(int number)
{
	(void)number;
	forward_end_all = 1;
}

_Noreturn static void forward_serve(struct forwarder *f, int listener)
{
	struct pair pairs[PAIRS_MAX];
	for (size_t i = 0; i < PAIRS_MAX; i++)
		pairs[i] = (struct pair){ -1, -1 };
	for (;;) {
		struct pollfd fds[1 + 2 * PAIRS_MAX] = { { .fd = listener, .events = POLLIN } };
		bool hold = atomic_load(&f->way) == WAY_HOLD;
		for (size_t i = 0; i < PAIRS_MAX; i++) {
			fds[1 + 2 * i] = (struct pollfd){ .fd = pairs[i].client, .events = POLLIN };
			fds[2 + 2 * i] = (struct pollfd){ .fd = hold ? -1 : pairs[i].server, .events = POLLIN };
		}
		(void)poll(fds, 1 + 2 * PAIRS_MAX, 10); /* the way changes without a sign */
		for (size_t i = 0; i < PAIRS_MAX && forward_end_all; i++)
			if (pairs[i].client >= 0)
				forward_end(f, &pairs[i]);
		if (forward_end_all) {
			forward_end_all = 0;
			continue;
		}
		if (fds[0].revents != 0)
			forward_accept(f, listener, pairs);
		for (size_t i = 0; i < PAIRS_MAX; i++) {
			if (fds[1 + 2 * i].fd >= 0 && fds[1 + 2 * i].revents != 0)
				forward_on(f, &pairs[i]);
			const struct pollfd *back = &fds[2 + 2 * i];
			if (back->fd >= 0 && pairs[i].server == back->fd && back->revents != 0)
				forward_back(f, &pairs[i]);
		}
	}
}

/* Between a port of its own and this one. */
static struct forwarder *forwarder_start(unsigned target)
{
	struct forwarder *f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (f == MAP_FAILED)
		abort();
	f->target = target;
	int listener = forward_listen(&f->port);
	pid_t pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)signal(SIGPIPE, SIG_IGN);
		(void)signal(SIGUSR1, forward_signal);
		forward_serve(f, listener);
	}
	if (pid < 0)
		abort();
	f->pid = pid; /* the memory is shared: only this side writes it */
	(void)close(listener);
	return f;
}

static void forwarder_end(struct forwarder **f)
{
	if (*f == NULL)
		return;
	(void)kill((*f)->pid, SIGKILL);
	while (waitpid((*f)->pid, NULL, 0) < 0 && errno == EINTR)
		;
	(void)munmap(*f, sizeof(**f));
	*f = NULL;
}

#endif
