/* SPDX-License-Identifier: Apache-2.0 */
/* The whole program in a child process, against a server in this one that speaks the real protocol and answers as each
 * test wants. Included once by a test, after cmocka.h. */
#ifndef CS_TESTS_COMMAND_SERVER_H
#define CS_TESTS_COMMAND_SERVER_H

#include "command.h"
#include "file.h"
#include "mem.h"
#include "wire.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- The server -------------------------------------------------------------------------------------------------- */

/* Answers one call: 0 with *reply filled, or an error with *text. */
typedef int (*answer_fn)(enum cs_call_type type, const void *call, void *reply, char **text);

static char folder[] = "/tmp/cs-command-XXXXXX";
static char socket_path[64];
static int listener = -1;
static answer_fn answer;
static unsigned calls[32]; /* how often each type came */
static struct cs_vote_call voted;
static struct cs_apply applied; /* the last one that was to change something */
static char applied_text[4096]; /* what came with it */
static int applied_seals;
static int passed_fd = -1;
static bool hang_up; /* set by an answer: the connection ends without it, as when the daemon is restarted */

struct line {
	int fd;
	bool greeted;
	struct cs_buf in;
};

/* The daemon may read the text only when nobody can change it any more. */
static void keep_applied(const struct cs_apply *call)
{
	cs_clear(&cs_apply_shape, &applied);
	assert_int_equal(cs_copy(&cs_apply_shape, call, &applied), 0);
	memset(applied_text, 0, sizeof(applied_text));
	applied_seals = 0;
	if (passed_fd < 0)
		return;
	applied_seals = fcntl(passed_fd, F_GET_SEALS);
	assert_true(pread(passed_fd, applied_text, sizeof(applied_text) - 1, 0) >= 0);
}

static void answer_frame(struct line *line, uint8_t type, const uint8_t *payload, size_t n)
{
	const struct cs_message *message = cs_message_find(type);
	union {
		struct cs_show_answer largest;
		struct cs_status status;
		uint8_t room[4096];
	} call, reply;
	struct cs_buf out;
	char *text = NULL;
	int r = 0;

	assert_non_null(message);
	assert_true(message->call->size <= sizeof(call) && message->reply->size <= sizeof(reply));
	memset(&reply, 0, sizeof(reply));
	assert_int_equal(cs_wire_get_call(message, payload, n, &call), 0);
	calls[type]++;
	if (type == CS_CALL_VOTE) {
		cs_clear(message->call, &voted);
		assert_int_equal(cs_copy(message->call, &call, &voted), 0);
	}
	if (type == CS_CALL_APPLY && !((const struct cs_apply *)(const void *)&call)->only_show)
		keep_applied((const struct cs_apply *)(const void *)&call);
	cs_close(&passed_fd);
	r = answer(message->type, &call, &reply, &text);
	if (hang_up) {
		cs_clear(message->call, &call);
		return;
	}
	cs_buf_init(&out, CS_FRAME_MAX + 64);
	assert_int_equal(cs_wire_put_reply(&out, message, r, text == NULL ? "" : text, r == 0 ? &reply : NULL), 0);
	while (out.len > 0)
		assert_true(cs_frame_send(line->fd, &out, NULL) > 0);
	cs_buf_clear(&out);
	cs_free_str(&text);
	cs_clear(message->call, &call);
	cs_clear(message->reply, &reply);
}

/* Reads what came; 0 when the client is gone. */
static int serve_line(struct line *line)
{
	const uint8_t *payload = NULL;
	size_t n = 0, total = 0;
	uint8_t type = 0;

	struct cs_fds passed = { .n = 0 };
	int r = cs_frame_recv(line->fd, &line->in, &passed);

	if (passed.n > 0) {
		assert_int_equal(passed.n, 1);
		passed_fd = passed.fds[0];
	}
	if (r <= 0)
		return 0;
	if (!line->greeted && line->in.len >= CS_WIRE_HELLO_LEN) {
		assert_int_equal(cs_wire_check_hello(line->in.data), 0);
		cs_buf_consume(&line->in, CS_WIRE_HELLO_LEN);
		line->greeted = true;
	}
	while (line->greeted && cs_frame_get(&line->in, &type, &payload, &n, &total) == 1) {
		answer_frame(line, type, payload, n);
		cs_buf_consume(&line->in, total);
		if (hang_up) {
			hang_up = false;
			return 0;
		}
	}
	return 1;
}

static void open_listener(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, socket_path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0);
}

/* --- The program ------------------------------------------------------------------------------------------------- */

struct ran {
	int status;
	char out[1u << 20];
	char err[8192];
};
static struct ran ran;

static void run_child(const char *const *words, size_t n)
{
	static char *kept[24];
	char *argv[24] = { NULL };
	size_t used = 0;
	const struct passwd *me = getpwuid(getuid());

	argv[used++] = strdup("countersign");
	argv[used++] = strdup("--socket");
	argv[used++] = strdup(folder);
	argv[used++] = strdup("--server-user");
	argv[used++] = strdup(me == NULL ? "root" : me->pw_name);
	for (size_t i = 0; i < n; i++)
		argv[used++] = strdup(words[i]);
	close(listener);
	memcpy(kept, argv, sizeof(kept)); /* the program moves its words about */
	/* Not _exit: a sanitizer looks for leaks of the program at exit and changes the status. */
	exit(cs_command_main((int)used, argv));
}

/* Takes what is there; -1 in *fd at its end. A terminal whose other side is closed ends with EIO. */
static void drain(int *fd, char *text, size_t max)
{
	size_t used = strlen(text);
	ssize_t n = read(*fd, text + used, max - 1 - used);

	if (n <= 0) {
		close(*fd);
		*fd = -1;
	} else {
		text[used + (size_t)n] = '\0';
	}
}

/* Serves until the program's output ends. typed is written to its terminal when it has asked for something. */
static void serve(int out, int err, const char *typed)
{
	struct line line = { .fd = -1 };

	cs_buf_init(&line.in, CS_FRAME_MAX + 64);
	while (out != -1 || err != -1) {
		struct pollfd fds[] = {
			{ out, POLLIN, 0 }, { err, POLLIN, 0 }, { listener, POLLIN, 0 }, { line.fd, POLLIN, 0 }
		};

		assert_true(poll(fds, 4, 20000) > 0);
		if (fds[3].revents != 0 && serve_line(&line) == 0) {
			cs_close(&line.fd);
			cs_buf_clear(&line.in);
			line.greeted = false;
		}
		if (fds[2].revents != 0 && line.fd == -1)
			line.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fds[0].revents != 0)
			drain(&out, ran.out, sizeof(ran.out));
		if (fds[1].revents != 0)
			drain(&err, ran.err, sizeof(ran.err));
		if (typed != NULL && out != -1 && (strstr(ran.out, "): ") != NULL || strstr(ran.out,
			"[y/N] ") != NULL ||
			strstr(ran.out, "in force: ") != NULL)) {
			assert_int_equal(write(out, typed, strlen(typed)), strlen(typed));
			typed = NULL;
		}
	}
	cs_close(&line.fd);
	cs_buf_clear(&line.in);
}

static void finish(pid_t child)
{
	int status = 0;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	ran.status = WEXITSTATUS(status);
}

/* Runs with pipes, without a terminal. */
static void run(answer_fn how, const char *const *words, size_t n)
{
	int out[2], err[2];
	pid_t child = 0;

	answer = how;
	memset(&ran, 0, sizeof(ran));
	memset(calls, 0, sizeof(calls));
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

		dup2(null, 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		run_child(words, n);
	}
	close(out[1]);
	close(err[1]);
	serve(out[0], err[0], NULL);
	finish(child);
}

/* Runs on a terminal of 70 columns. */
static inline void run_on_terminal(answer_fn how, const char *typed, const char *const *words, size_t n)
{
	struct winsize size = { .ws_row = 24, .ws_col = 70 };
	int master = -1;
	pid_t child = 0;

	answer = how;
	memset(&ran, 0, sizeof(ran));
	memset(calls, 0, sizeof(calls));
	child = forkpty(&master, NULL, NULL, &size);
	assert_true(child >= 0);
	if (child == 0) {
		setenv("NO_COLOR", "1", 1);
		run_child(words, n);
	}
	serve(master, -1, typed);
	finish(child);
}

#define RUN(how, ...) \
	do { \
		const char *const words_[] = { __VA_ARGS__ }; \
		run(how, words_, CS_COUNT(words_)); \
	} while (0)

static void assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(socket_path, sizeof(socket_path), "%s/people.sock", folder);
	open_listener();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cs_clear(&cs_vote_call_shape, &voted);
	cs_clear(&cs_apply_shape, &applied);
	cs_close(&listener);
	unlink(socket_path);
	return rmdir(folder);
}

#endif
