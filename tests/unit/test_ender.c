/* SPDX-License-Identifier: Apache-2.0 */
/* The helper that ends logins, with processes that register as the PAM module does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "client.h"
#include "clock.h"
#include "ender.h"
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
	uint64_t registration;
	uint32_t pid;
};

static void start(struct scene *s)
{
	struct cs_ender_settings settings = { .folder = s->folder, .listen_fd = s->listen_fd, .uid = geteuid(), .gid = getegid(),
		.root_uid = geteuid() };

	assert_int_equal(cs_ender_open(&settings, &s->ender), 0);
}

static int setup(void **state)
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
	start(s);
	*state = s;
	return 0;
}

static int teardown(void **state)
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
static pid_t log_in(const struct scene *s, enum cs_attend_kind kind, bool stubborn, int *ret_result)
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

static void told(void *arg, bool runs, const struct cs_login *login)
{
	struct scene *s = arg;

	s->runs += runs;
	s->over += !runs;
	s->registration = login->registration;
	s->pid = login->attend.pid;
	assert_int_equal(login->attend.number, 7);
	assert_string_equal(login->attend.tty, "pts/9");
}

/* Hears until so many began and are over. */
static void hear(struct scene *s, unsigned runs, unsigned over)
{
	while (s->runs < runs || s->over < over) {
		struct pollfd p = { .fd = cs_ender_fd(s->ender), .events = POLLIN };

		assert_int_equal(poll(&p, 1, 20000), 1);
		assert_int_equal(cs_ender_hear(s->ender, told, s), 0);
	}
	assert_int_equal(s->runs, runs);
	assert_int_equal(s->over, over);
}

static int signal_of(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* Kills: the registration that is compared in end_login. */
static void test_ender_ends_exactly_the_one(void **state)
{
	struct scene *s = *state;
	int r = CS_EIO;
	pid_t first = log_in(s, CS_ATTEND_LOGIN, false, &r), second = -1;

	assert_int_equal(r, 0);
	hear(s, 1, 0);
	assert_int_equal(s->pid, first);
	second = log_in(s, CS_ATTEND_LOGIN, false, &r);
	assert_int_equal(r, 0);
	hear(s, 2, 0);
	assert_int_equal(s->pid, second);
	assert_int_equal(cs_ender_end(s->ender, 999), 0);
	assert_int_equal(cs_ender_end(s->ender, s->registration), 0);
	assert_int_equal(signal_of(second), SIGTERM);
	hear(s, 2, 1);
	assert_int_equal(kill(first, 0), 0);
	(void)kill(first, SIGKILL);
	assert_int_equal(signal_of(first), SIGKILL);
	hear(s, 2, 2);
}

/* Kills: SIGKILL in look_at_time. */
static void test_ender_kills_what_does_not_hear(void **state)
{
	struct scene *s = *state;
	int r = CS_EIO;
	pid_t pid = log_in(s, CS_ATTEND_LOGIN, true, &r);

	hear(s, 1, 0);
	assert_int_equal(cs_ender_end(s->ender, s->registration), 0);
	assert_int_equal(signal_of(pid), SIGKILL);
	hear(s, 1, 1);
}

/* Only a login registers. Kills: the kind in register_peer. */
static void test_ender_refuses_what_is_no_login(void **state)
{
	struct scene *s = *state;
	int r = 0;
	pid_t pid = log_in(s, CS_ATTEND_COMMAND, false, &r);

	assert_int_equal(r, CS_EBUSY);
	(void)kill(pid, SIGKILL);
	(void)signal_of(pid);
}

/* Kills: find_again; process_start in kept_read. */
static void test_ender_finds_them_again(void **state)
{
	struct scene *s = *state;
	int r = CS_EIO;
	pid_t lives = log_in(s, CS_ATTEND_LOGIN, false, &r), dies = -1;

	hear(s, 1, 0);
	dies = log_in(s, CS_ATTEND_LOGIN, false, &r);
	hear(s, 2, 0);
	cs_ender_close(&s->ender);
	(void)kill(dies, SIGKILL);
	(void)signal_of(dies);
	s->runs = 0;
	start(s);
	hear(s, 1, 0);
	assert_int_equal(s->pid, lives);
	assert_int_equal(cs_ender_end(s->ender, s->registration), 0);
	assert_int_equal(signal_of(lives), SIGTERM);
	hear(s, 1, 1);
}

/* What somebody else has written there leads to nobody. */
static void test_ender_believes_no_damaged_file(void **state)
{
	struct scene *s = *state;
	int r = CS_EIO;
	pid_t pid = log_in(s, CS_ATTEND_LOGIN, false, &r), other = -1;
	FILE *f = NULL;

	hear(s, 1, 0);
	cs_ender_close(&s->ender);
	f = fopen(s->kept, "r+e");
	assert_non_null(f);
	assert_int_equal(fseek(f, 2 + 4 + CS_BOOT_ID_LEN + 4, SEEK_SET), 0);
	assert_int_equal(fwrite("\0\0\0\0\0\0\0\1", 8, 1, f), 1); /* it began at another time */
	assert_int_equal(fclose(f), 0);
	s->runs = 0;
	start(s);
	other = log_in(s, CS_ATTEND_LOGIN, false, &r); /* the first that is heard of */
	hear(s, 1, 0);
	assert_int_equal(s->pid, other);
	assert_int_equal(cs_ender_end(s->ender, s->registration), 0);
	assert_int_equal(signal_of(other), SIGTERM);
	(void)kill(pid, SIGKILL);
	(void)signal_of(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ender_ends_exactly_the_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ender_kills_what_does_not_hear, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ender_refuses_what_is_no_login, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ender_finds_them_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ender_believes_no_damaged_file, setup, teardown),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
