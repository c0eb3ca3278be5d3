/* SPDX-License-Identifier: Apache-2.0 */
/* The notify worker with real programs: one that takes what it is told, one that fails, hangs, floods, or dies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mem.h"
#include "notify.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 }; /* for a busy machine; nothing waits that long */

struct post {
	char dir[64];
	char *programs[2];
	struct cs_notify *notify;
	unsigned n_told, n_failed;
	uint64_t number;   /* the last one that was done with */
	char text[8192];
};

static void program(struct post *p, size_t i, const char *script)
{
	FILE *f = NULL;

	assert_int_equal(cs_format(&p->programs[i], "%s/program%zu", p->dir, i), 0);
	f = fopen(p->programs[i], "we");
	assert_non_null(f);
	assert_true(fprintf(f, "#!/bin/sh\ncd '%s' || exit 99\n%s\n", p->dir, script) > 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(p->programs[i], 0755), 0);
}

static void done(void *arg, uint64_t number, bool told, const char *text)
{
	struct post *p = arg;

	p->number = number;
	p->n_told += told;
	p->n_failed += !told;
	(void)snprintf(p->text, sizeof(p->text), "%s", text);
}

static void post_open(struct post *p, const char *first, const char *second, uint64_t timeout_ms)
{
	struct cs_notify_settings settings = { .timeout_ms = timeout_ms };

	memset(p, 0, sizeof(*p));
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/cs post;-XXXXXX"); /* no shell looks at the path */
	assert_non_null(mkdtemp(p->dir));
	program(p, 0, first);
	if (second)
		program(p, 1, second);
	settings.programs = p->programs;
	settings.n_programs = second ? 2 : 1;
	settings.uid = getuid();
	settings.gid = getgid();
	assert_int_equal(cs_notify_open(&settings, &p->notify), 0);
	while (cs_notify_room(p->notify) == 0) {
		struct pollfd fd = { .fd = cs_notify_fd(p->notify), .events = POLLIN };

		assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
		cs_notify_serve(p->notify, done, p);
	}
	assert_int_equal(p->n_told + p->n_failed, 0);
}

static void post_close(struct post *p)
{
	DIR *dir = opendir(p->dir);

	cs_notify_close(&p->notify);
	assert_non_null(dir);
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	(void)closedir(dir);
	(void)rmdir(p->dir);
	cs_free_str(&p->programs[0]);
	cs_free_str(&p->programs[1]);
}

/* A notice that begins so; reason is what a requester wrote. */
static struct cs_notice notice_of(uint64_t number, char *reason)
{
	static char bob[] = "bob", carol[] = "carol", alice[] = "alice", text[] = "alice asks.";
	static char *recipients[] = { bob, carol };

	return (struct cs_notice){ .number = number, .kind = CS_NOTICE_ASKED, .request = 12, .event = 40,
		.wall_ms = 1790000000000, .deadline_wall_ms = 1790001800000, .recipients = recipients,
		.n_recipients = 2, .requester = alice, .text = text, .reason = reason, .state = CS_PENDING };
}

static void tell(struct post *p, uint64_t number)
{
	static char reason[] = "release day";
	struct cs_notice notice = notice_of(number, reason);

	assert_int_equal(cs_notify_tell(p->notify, &notice), 0);
}

/* Until so many notices are done with. */
static void await(struct post *p, unsigned n)
{
	while (p->n_told + p->n_failed < n) {
		struct pollfd fd = { .fd = cs_notify_fd(p->notify), .events = POLLIN };

		assert_true(poll(&fd, 1, PATIENCE_MS) == 1);
		cs_notify_serve(p->notify, done, p);
	}
}

/* What a program wrote; "" where there is no such file. */
static void contents(const struct post *p, const char *name, char *ret, size_t size)
{
	char path[160];
	FILE *f = NULL;
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	f = fopen(path, "re");
	n = f ? fread(ret, 1, size - 1, f) : 0;
	ret[n] = '\0';
	if (f)
		(void)fclose(f);
}

static bool has_file(const struct post *p, const char *name)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", p->dir, name);
	return access(path, F_OK) == 0;
}

/* Something outside of this process happens, or the test fails. */
static void await_file(const struct post *p, const char *name)
{
	for (int i = 0; i < PATIENCE_MS / 10 && !has_file(p, name); i++)
		(void)poll(NULL, 0, 10);
	assert_true(has_file(p, name));
}

static pid_t pid_in(const struct post *p, const char *name)
{
	char text[64] = "";

	for (int i = 0; i < PATIENCE_MS / 10 && !strchr(text, '\n'); i++) {
		(void)poll(NULL, 0, 10);
		contents(p, name, text, sizeof(text));
	}
	assert_true(atoi(text) > 1);
	return (pid_t)atoi(text);
}

/* A zombie of another parent counts as gone. */
static void await_end(pid_t pid)
{
	char path[64], state[512];
	FILE *f = NULL;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		f = fopen(path, "re");
		if (!f)
			return;
		if (!fgets(state, sizeof(state), f))
			state[0] = '\0';
		(void)fclose(f);
		if (state[0] == '\0' || strstr(state, ") Z "))
			return;
		(void)poll(NULL, 0, 10);
	}
	fail_msg("process %d did not end", (int)pid);
}

/* Kills what removing the object from standard input, or running the program twice, would do. */
static void test_notify_a_program_gets_the_notice_as_one_object(void **state)
{
	static char reason[] = "first\nsecond \"quoted\" \xff";
	struct post p;
	struct cs_notice notice = notice_of(7, reason), read = { 0 };
	char text[8192];
	const char *why = NULL;

	(void)state;
	post_open(&p, "cat >> took; echo >> took; pwd -P > /dev/null; env > env; echo \"$#\" > args", NULL, 30000);
	assert_int_equal(cs_notify_tell(p.notify, &notice), 0);
	assert_int_equal(cs_notify_tell(p.notify, &notice), CS_EEXIST);
	await(&p, 1);
	assert_int_equal(p.n_told, 1);
	assert_int_equal(p.number, 7);
	assert_string_equal(p.text, "");
	contents(&p, "took", text, sizeof(text));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1); /* one line, whatever the reason holds */
	assert_int_equal(cs_notice_from_json(text, strlen(text), &read, &why), 0);
	assert_int_equal(read.number, 7);
	assert_int_equal(read.kind, CS_NOTICE_ASKED);
	assert_int_equal(read.n_recipients, 2);
	assert_string_equal(read.recipients[1], "carol");
	assert_string_equal(read.reason, "first\\nsecond \"quoted\" \\xFF");
	assert_non_null(strstr(text, "\"reason_escaped\":true"));
	assert_non_null(strstr(text, "\"until\":\"2026-09-21T"));
	cs_clear(&cs_notice_shape, &read);
	contents(&p, "args", text, sizeof(text));
	assert_string_equal(text, "0\n");
	post_close(&p);
}

/* A015, A016: nothing of the daemon reaches a program: no variable, no descriptor. */
static void test_notify_a016_nothing_of_the_daemon_is_in_a_program(void **state)
{
	struct post p;
	char text[8192];
	int kept = open("/etc/passwd", O_RDONLY); /* not closed on exec, on purpose */

	(void)state;
	assert_true(kept > 2);
	assert_int_equal(setenv("LD_PRELOAD_CANARY", "x", 1), 0);
	post_open(&p, "cat > /dev/null; env > env; ls -l /proc/$$/fd > fds; umask > mask", NULL, 30000);
	tell(&p, 1);
	await(&p, 1);
	assert_int_equal(p.n_told, 1);
	contents(&p, "env", text, sizeof(text));
	assert_null(strstr(text, "CANARY"));
	assert_non_null(strstr(text, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"));
	contents(&p, "fds", text, sizeof(text));
	assert_null(strstr(text, "/etc/passwd"));
	assert_null(strstr(text, "socket:"));
	(void)close(kept);
	post_close(&p);
}

static void test_notify_a_failure_is_said_and_tried_again(void **state)
{
	struct post p;

	(void)state;
	post_open(&p, "cat > /dev/null; if [ -e up ]; then exit 0; fi; echo no relay; exit 75", NULL, 30000);
	tell(&p, 3);
	await(&p, 1);
	assert_int_equal(p.n_failed, 1);
	assert_non_null(strstr(p.text, "program0: exit status 75: no relay"));
	assert_int_equal(cs_notify_room(p.notify), CS_NOTIFY_SLOTS);
	{
		char path[160];

		(void)snprintf(path, sizeof(path), "%s/up", p.dir);
		assert_int_equal(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	}
	tell(&p, 3);
	await(&p, 2);
	assert_int_equal(p.n_told, 1);
	post_close(&p);
}

/* Whoever got the mail gets no second one because the chat was away. */
static void test_notify_only_programs_that_failed_run_again(void **state)
{
	struct post p;
	char text[256];

	(void)state;
	post_open(&p, "echo x >> first; exec cat > /dev/null", "echo x >> second; test -e once || { : > once; exit 1; }",
		30000);
	tell(&p, 5);
	await(&p, 1);
	assert_int_equal(p.n_failed, 1);
	tell(&p, 5);
	await(&p, 2);
	assert_int_equal(p.n_told, 1);
	contents(&p, "first", text, sizeof(text));
	assert_string_equal(text, "x\n");
	contents(&p, "second", text, sizeof(text));
	assert_string_equal(text, "x\nx\n");
	post_close(&p);
}

/* One that hangs holds neither its caller nor the next notice, and is killed with what it started. */
static void test_notify_a_program_that_hangs_is_killed_with_its_children(void **state)
{
	struct post p;

	(void)state;
	post_open(&p, "if [ -e hung ]; then exec cat > /dev/null; fi; : > hung; "
		      "sh -c 'echo $$ > child; while :; do sleep 1000; done' & echo started; wait", NULL, 1000);
	tell(&p, 1);
	await_file(&p, "hung");
	tell(&p, 2);
	await(&p, 1);
	assert_int_equal(p.number, 2); /* the first still hangs */
	assert_int_equal(p.n_told, 1);
	await(&p, 2);
	assert_int_equal(p.n_failed, 1);
	assert_non_null(strstr(p.text, "did not end within 1s and was killed: started"));
	await_end(pid_in(&p, "child"));
	post_close(&p);
}

static void test_notify_a_flood_is_read_and_bounded(void **state)
{
	struct post p;

	(void)state;
	post_open(&p, "head -c 3000000 /dev/zero; exit 4", NULL, 30000); /* and it reads nothing */
	tell(&p, 1);
	await(&p, 1);
	assert_int_equal(p.n_failed, 1);
	assert_non_null(strstr(p.text, "exit status 4: ????"));
	assert_non_null(strstr(p.text, "[cut]"));
	assert_true(strlen(p.text) < 2048);
	post_close(&p);
}

static void test_notify_the_largest_notice_fits_and_need_not_be_read(void **state)
{
	struct post p;
	char *recipients[CS_MAX_RECIPIENTS], name[CS_MAX_NAME + 1], text[CS_MAX_TEXT + 1];
	struct cs_notice notice = { .number = 1, .kind = CS_NOTICE_ASKED, .recipients = recipients,
		.n_recipients = CS_MAX_RECIPIENTS, .text = text, .line = text, .command = text };

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	memset(text, '\x01', sizeof(text) - 1); /* six bytes each in JSON */
	name[CS_MAX_NAME] = text[CS_MAX_TEXT] = '\0';
	for (size_t i = 0; i < CS_MAX_RECIPIENTS; i++)
		recipients[i] = name;
	post_open(&p, "test -e once || { : > once; exit 0; }; wc -c > size", NULL, 30000);
	for (; notice.number <= 2; notice.number++) {
		assert_int_equal(cs_notify_tell(p.notify, &notice), 0);
		await(&p, (unsigned)notice.number);
	}
	assert_int_equal(p.n_told, 2);
	contents(&p, "size", text, sizeof(text));
	assert_true(atoi(text) > CS_MAX_RECIPIENTS * CS_MAX_NAME + 18 * CS_MAX_TEXT);
	post_close(&p);
}

static void test_notify_a_program_that_is_not_there_is_said(void **state)
{
	struct post p;

	(void)state;
	post_open(&p, "exit 0", NULL, 30000);
	assert_int_equal(unlink(p.programs[0]), 0);
	tell(&p, 1);
	await(&p, 1);
	assert_int_equal(p.n_failed, 1);
	assert_non_null(strstr(p.text, "cannot be run: No such file or directory"));
	post_close(&p);
}

/* The worker is the parent of the program; the keeper starts another, and what it had is said to have failed. */
static void test_notify_a_worker_that_dies_is_started_again(void **state)
{
	struct post p;
	pid_t child = 0;

	(void)state;
	post_open(&p, "cat > /dev/null; test -e second && exit 0; : > second; echo $$ > child; "
		      "echo $PPID > worker; exec sleep 1000", NULL, 600000);
	tell(&p, 1);
	child = pid_in(&p, "child");
	assert_int_equal(kill(pid_in(&p, "worker"), SIGKILL), 0);
	await(&p, 1);
	assert_int_equal(p.n_failed, 1);
	assert_non_null(strstr(p.text, "worker ended"));
	await_end(child); /* a program ends with its worker */
	tell(&p, 1);
	await(&p, 2);
	assert_int_equal(p.n_told, 1);
	post_close(&p);
}

static void test_notify_without_its_keeper_nothing_is_taken(void **state)
{
	struct post p;
	char path[64], text[64];
	FILE *f = NULL;
	pid_t worker = 0;
	int keeper = 0;

	(void)state;
	post_open(&p, "echo $PPID > worker; exec sleep 1000", NULL, 600000);
	tell(&p, 1);
	worker = pid_in(&p, "worker");
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)worker);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*d %63s %*c %d", text, &keeper), 2);
	(void)fclose(f);
	assert_int_equal(kill(keeper, SIGKILL), 0);
	await(&p, 1);
	assert_int_equal(p.n_failed, 1);
	assert_int_equal(cs_notify_fd(p.notify), -1);
	assert_int_equal(cs_notify_room(p.notify), 0);
	{
		static char none[] = "";
		struct cs_notice notice = notice_of(2, none);

		assert_int_equal(cs_notify_tell(p.notify, &notice), CS_EUNAVAIL);
	}
	await_end(worker);
	post_close(&p);
}

static void test_notify_closing_leaves_no_process_behind(void **state)
{
	struct post p;
	pid_t worker = 0, child = 0;

	(void)state;
	post_open(&p, "echo $PPID > worker; echo $$ > child; exec sleep 1000", NULL, 600000);
	tell(&p, 1);
	worker = pid_in(&p, "worker");
	child = pid_in(&p, "child");
	cs_notify_close(&p.notify);
	await_end(worker);
	await_end(child);
	post_close(&p);
}

static void test_notify_more_than_fit_are_refused(void **state)
{
	struct post p;
	static char none[] = "";
	struct cs_notice notice = notice_of(100, none);

	(void)state;
	post_open(&p, "cat > /dev/null; until [ -e go ]; do sleep 0.05; done", NULL, 600000);
	for (uint64_t i = 1; i <= CS_NOTIFY_SLOTS; i++)
		tell(&p, i);
	assert_int_equal(cs_notify_tell(p.notify, &notice), CS_EBUSY);
	program(&p, 1, "");
	{
		char path[160];

		(void)snprintf(path, sizeof(path), "%s/go", p.dir);
		assert_int_equal(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	}
	await(&p, CS_NOTIFY_SLOTS);
	assert_int_equal(p.n_told, CS_NOTIFY_SLOTS);
	post_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notify_a_program_gets_the_notice_as_one_object),
		cmocka_unit_test(test_notify_a016_nothing_of_the_daemon_is_in_a_program),
		cmocka_unit_test(test_notify_a_failure_is_said_and_tried_again),
		cmocka_unit_test(test_notify_only_programs_that_failed_run_again),
		cmocka_unit_test(test_notify_a_program_that_hangs_is_killed_with_its_children),
		cmocka_unit_test(test_notify_a_flood_is_read_and_bounded),
		cmocka_unit_test(test_notify_the_largest_notice_fits_and_need_not_be_read),
		cmocka_unit_test(test_notify_a_program_that_is_not_there_is_said),
		cmocka_unit_test(test_notify_a_worker_that_dies_is_started_again),
		cmocka_unit_test(test_notify_without_its_keeper_nothing_is_taken),
		cmocka_unit_test(test_notify_closing_leaves_no_process_behind),
		cmocka_unit_test(test_notify_more_than_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
