/* SPDX-License-Identifier: Apache-2.0 */
/* The helper that ends logins in a folder of its own, and processes that register as the PAM module does. */
#ifndef CS_TEST_ENDER_SCENE_H
#define CS_TEST_ENDER_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "client.h"
#include "clock.h"
#include "ender_internal.h"
#include "mem.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct scene {
	char folder[64], path[96], kept[96];
	struct cs_ender *ender;
	int listen_fd;
	unsigned runs, over;
	unsigned takes; /* so many are still taken by whoever hears of them */
	uint64_t registration;
	uint32_t pid;
};

static inline void start(struct scene *s)
{
	struct cs_ender_settings settings = { .folder = s->folder, .listen_fd = s->listen_fd, .uid = geteuid(), .gid = getegid(),
		.root_uid = geteuid() };

	assert_int_equal(cs_ender_open(&settings, &s->ender), 0);
}

/* Without a helper. */
static inline int setup_folder(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	(void)snprintf(s->folder, sizeof(s->folder), "/tmp/cs-ender-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	(void)snprintf(s->path, sizeof(s->path), "%s/end.sock", s->folder);
	(void)snprintf(s->kept, sizeof(s->kept), "%s/logins", s->folder);
	memcpy(name.sun_path, s->path, strlen(s->path) + 1);
	s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listen_fd, (const struct sockaddr *)&name, sizeof(name)), 0);
	*state = s;
	return 0;
}

static inline int setup(void **state)
{
	int r = setup_folder(state);

	start(*state);
	return r;
}

static inline int teardown(void **state)
{
	struct scene *s = *state;

	cs_ender_close(&s->ender);
	(void)close(s->listen_fd);
	(void)unlink(s->path);
	(void)unlink(s->kept);
	(void)rmdir(s->folder);
	free(s);
	return 0;
}

/* A login: registers, and then waits for its end. With stubborn SIGTERM is not heard. */
static inline pid_t log_in(const struct scene *s, enum cs_attend_kind kind, bool stubborn, int *ret_result)
{
	char tty[] = "pts/9";
	const struct cs_client_options options = { .path = s->path, .server_uid = geteuid() };
	const struct cs_attend attend = { .kind = kind, .number = 7, .id = "0123456789abcde", .tty = tty };
	int ends[2] = { -1, -1 };
	pid_t pid = -1;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		int r = cs_client_register(&options, &attend, 5000, NULL);

		(void)signal(SIGTERM, stubborn ? SIG_IGN : SIG_DFL);
		(void)!write(ends[1], &r, sizeof(r));
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], ret_result, sizeof(*ret_result)), (ssize_t)sizeof(*ret_result));
	(void)close(ends[0]);
	return pid;
}

static inline int told(void *arg, bool runs, const struct cs_login *login)
{
	struct scene *s = arg;

	s->runs += runs;
	s->over += !runs;
	s->registration = login->registration;
	s->pid = login->attend.pid;
	assert_int_equal(login->attend.number, 7);
	assert_string_equal(login->attend.tty, "pts/9");
	return 0;
}

/* Hears until so many began and are over. */
static inline void hear(struct scene *s, unsigned runs, unsigned over)
{
	while (s->runs < runs || s->over < over) {
		struct pollfd p = { .fd = cs_ender_fd(s->ender), .events = POLLIN };

		assert_int_equal(poll(&p, 1, 20000), 1);
		assert_int_equal(cs_ender_hear(s->ender, told, s), 0);
	}
	assert_int_equal(s->runs, runs);
	assert_int_equal(s->over, over);
}

static inline int signal_of(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

#endif
