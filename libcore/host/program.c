/* SPDX-License-Identifier: Apache-2.0 */
/* Running a program and reading what it says. */
#include "program.h"
#include "buf.h"
#include "clock.h"
#include "countersign/error.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct pipes {
	int in, out[2], err[2];
};

static int open_pipes(struct pipes *pipes, const char *input, size_t n)
{
	pipes->in = memfd_create("countersign", MFD_CLOEXEC); /* a file: nobody has to write while the other reads */
	if (pipes->in == -1 || (n > 0 && write(pipes->in, input, n) != (ssize_t)n) || lseek(pipes->in, 0, SEEK_SET) != 0)
		return CS_EIO;
	return pipe2(pipes->out, O_CLOEXEC) == 0 && pipe2(pipes->err, O_CLOEXEC) == 0 ? 0 : CS_EIO;
}

static void close_pipes(struct pipes *pipes)
{
	cs_close(&pipes->in);
	for (size_t i = 0; i < 2; i++) {
		cs_close(&pipes->out[i]);
		cs_close(&pipes->err[i]);
	}
}

static int spawn(const char *const *argv, const struct pipes *pipes, pid_t *ret_pid)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language[] = "LC_ALL=C";
	char *environment[] = { path, language, NULL };
	posix_spawn_file_actions_t actions;
	int e = posix_spawn_file_actions_init(&actions);

	if (e != 0)
		return CS_ENOMEM;
	e = posix_spawn_file_actions_adddup2(&actions, pipes->in, STDIN_FILENO);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&actions, pipes->out[1], STDOUT_FILENO);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&actions, pipes->err[1], STDERR_FILENO);
	if (e == 0)
		e = posix_spawn(ret_pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	return e == 0 ? 0 : e == ENOENT ? CS_ENOENT : e == ENOMEM ? CS_ENOMEM : CS_EIO;
}

/* 1: there may be more; 0: the end. */
static int take(int fd, struct cs_buf *buf)
{
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 1 : CS_EIO;
	cs_buf_put(buf, bytes, (size_t)n);
	if (cs_buf_error(buf) < 0)
		return cs_buf_error(buf);
	return n > 0 ? 1 : 0;
}

static int read_both(int out, int err, uint64_t timeout_ms, struct cs_buf *out_buf, struct cs_buf *err_buf)
{
	struct pollfd polled[] = { { .fd = out, .events = POLLIN }, { .fd = err, .events = POLLIN } };
	struct cs_buf *bufs[] = { out_buf, err_buf };
	uint64_t end = cs_boot_ms() + timeout_ms;

	while (polled[0].fd != -1 || polled[1].fd != -1) {
		uint64_t now = cs_boot_ms();

		if (now >= end)
			return CS_ETIMEDOUT;
		if (poll(polled, 2, (int)(end - now)) < 0 && errno != EINTR)
			return CS_EIO;
		for (size_t i = 0; i < 2; i++) {
			int r = polled[i].fd != -1 && polled[i].revents != 0 ? take(polled[i].fd, bufs[i]) : 1;

			if (r < 0)
				return r;
			if (r == 0)
				polled[i].fd = -1;
		}
	}
	return 0;
}

static int collect(pid_t pid, bool end_it)
{
	int status = 0;

	if (end_it)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *text_of(struct cs_buf *buf)
{
	cs_buf_put_u8(buf, 0);
	return cs_buf_error(buf) == 0 ? strndup((const char *)buf->data, buf->len) : NULL;
}

static int hand_over(struct cs_buf *out, struct cs_buf *err, int status, struct cs_program_said *ret_said)
{
	struct cs_program_said said = { .out = text_of(out), .err = text_of(err), .status = status };

	if (said.out == NULL || said.err == NULL) {
		cs_program_said_clear(&said);
		return CS_ENOMEM;
	}
	said.n_out = strlen(said.out);
	*ret_said = said;
	return 0;
}

int cs_program_ask(const char *const *argv, const char *input, size_t n_input, uint64_t timeout_ms, size_t max,
	struct cs_program_said *ret_said)
{
	struct pipes pipes = { -1, { -1, -1 }, { -1, -1 } };
	struct cs_buf out, err;
	pid_t pid = -1;
	int status = 0, r = open_pipes(&pipes, input, n_input);

	cs_buf_init(&out, max + 1);
	cs_buf_init(&err, max + 1);
	if (r == 0)
		r = spawn(argv, &pipes, &pid);
	if (r == 0) {
		cs_close(&pipes.out[1]);
		cs_close(&pipes.err[1]);
		r = read_both(pipes.out[0], pipes.err[0], timeout_ms, &out, &err);
		status = collect(pid, r < 0);
	}
	if (r == 0)
		r = hand_over(&out, &err, status, ret_said);
	close_pipes(&pipes);
	cs_buf_clear(&out);
	cs_buf_clear(&err);
	return r;
}

void cs_program_said_clear(struct cs_program_said *said)
{
	free(said->out);
	free(said->err);
	memset(said, 0, sizeof(*said));
}
