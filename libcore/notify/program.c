/* SPDX-License-Identifier: Apache-2.0 */
/* One program that runs: fed, listened to, and killed when its time is over. */
#include "clock.h"
#include "confine.h"
#include "file.h"
#include "notify_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nothing of ours is in its environment (A015). */
static char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", home[] = "HOME=/", lang[] = "LANG=C.UTF-8",
	shell[] = "SHELL=/bin/sh";
static char *const environment[] = { path_variable, home, lang, shell, NULL };

/* In the child. Whatever is still open but its three is closed; it ends with the worker. */
static _Noreturn void become(const char *path, int input, int output, pid_t worker)
{
	char *name = strdup(path);
	char *const argv[] = { name, NULL };
	int r = cs_confine_signals();

	(void)signal(SIGPIPE, SIG_DFL);
	if (r < 0 || setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != worker ||
		dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 ||
		close_range(3, UINT_MAX, 0) < 0 || !name)
		_exit(126);
	(void)execve(path, argv, environment);
	(void)dprintf(2, "cannot be run: %s", strerrordesc_np(errno));
	_exit(127);
}

/* Two pipes of which only our ends do not block. 0 or CS_EIO. */
static int make_pipes(int input[2], int output[2])
{
	if (pipe2(input, O_CLOEXEC) < 0)
		return CS_EIO;
	if (pipe2(output, O_CLOEXEC) < 0) {
		cs_close(&input[0]);
		cs_close(&input[1]);
		return CS_EIO;
	}
	(void)fcntl(input[1], F_SETFL, O_NONBLOCK);
	(void)fcntl(output[0], F_SETFL, O_NONBLOCK);
	return 0;
}

int program_start(struct program *program, const char *path, const char *text, uint64_t timeout_ms)
{
	int input[2] = { -1, -1 }, output[2] = { -1, -1 };
	pid_t worker = getpid(), pid = -1;

	if (make_pipes(input, output) < 0)
		return CS_EIO;
	pid = fork();
	if (pid == 0)
		become(path, input[0], output[1], worker);
	cs_close(&input[0]);
	cs_close(&output[1]);
	*program = (struct program){ .pid = pid, .ended = pid > 0 ? pidfd_open(pid, 0) : -1, .input = input[1],
		.output = output[0], .text = text, .len = strlen(text), .deadline_ms = cs_boot_ms() + timeout_ms };
	if (program->ended >= 0)
		return 0;
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	cs_close(&program->input);
	cs_close(&program->output);
	program->pid = 0;
	return CS_EIO;
}

void program_poll(const struct program *program, struct pollfd fds[PROGRAM_FDS])
{
	fds[0] = (struct pollfd){ .fd = program->pid ? program->ended : -1, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = program->pid ? program->input : -1, .events = POLLOUT };
	fds[2] = (struct pollfd){ .fd = program->pid ? program->output : -1, .events = POLLIN };
}

/* A program need not read all of it, or anything. */
static void feed(struct program *program)
{
	while (program->input >= 0) {
		ssize_t n = write(program->input, program->text + program->at, program->len - program->at);

		if (n > 0)
			program->at += (size_t)n;
		if ((n < 0 && errno != EAGAIN && errno != EINTR) || program->at == program->len)
			cs_close(&program->input);
		else if (n < 0 && errno == EAGAIN)
			return;
	}
}

/* Keeps the beginning; a flood is read and let go, some of it at a time. */
static void listen_to(struct program *program)
{
	char bytes[4096];

	for (int round = 0; round < 16 && program->output >= 0; round++) {
		ssize_t n = read(program->output, bytes, sizeof(bytes));
		size_t room = OUTPUT_MAX - program->n_printed, take = 0;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			cs_close(&program->output);
			return;
		}
		take = (size_t)n < room ? (size_t)n : room;
		for (size_t i = 0; i < take; i++) /* the text that is made of it ends at no NUL */
			program->printed[program->n_printed++] = bytes[i] ? bytes[i] : '?';
		program->more = program->more || take < (size_t)n;
	}
}

int program_work(struct program *program, int *ret_status)
{
	pid_t r = 0;

	feed(program);
	listen_to(program);
	if (!program->killed && cs_boot_ms() >= program->deadline_ms) {
		program->killed = true;
		(void)kill(-program->pid, SIGKILL);
		(void)kill(program->pid, SIGKILL); /* it may not have a group of its own yet */
	}
	r = waitpid(program->pid, ret_status, WNOHANG);
	if (r == 0 || (r < 0 && errno == EINTR))
		return 0;
	if (r < 0)
		*ret_status = 126 << 8;
	listen_to(program); /* what it left behind may still hold the pipe open: that is not waited for */
	cs_close(&program->input);
	cs_close(&program->output);
	cs_close(&program->ended);
	program->pid = 0;
	return 1;
}
