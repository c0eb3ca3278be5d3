/* SPDX-License-Identifier: Apache-2.0 */
/* The helper that ends logins, with processes that register as the PAM module does. */
#include "ender_scene.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

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

struct family {
	pid_t login, child, grandchild;
};

static _Noreturn void wait_for_ever(void)
{
	for (;;)
		(void)pause();
}

/* A login that started a process, which started another. */
static struct family log_in_family(const struct scene *s)
{
	const struct cs_client_options options = { .path = s->path, .server_uid = geteuid() };
	const struct cs_attend attend = { .kind = CS_ATTEND_LOGIN, .number = 7, .tty = (char[]){ "pts/9" } };
	struct family *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), family;
	pid_t login = -1;
	char ready = 0;
	int ends[2] = { -1, -1 };

	assert_true(shared != MAP_FAILED);
	assert_int_equal(pipe(ends), 0);
	login = fork();
	if (login == 0) {
		pid_t child = fork();

		if (child == 0) {
			pid_t grandchild = fork();

			if (grandchild == 0)
				wait_for_ever();
			shared->grandchild = grandchild;
			(void)!write(ends[1], "c", 1);
			wait_for_ever();
		}
		shared->child = child;
		if (cs_client_register(&options, &attend, 5000, NULL) == 0)
			(void)!write(ends[1], "l", 1);
		wait_for_ever();
	}
	assert_int_equal(read(ends[0], &ready, 1), 1);
	assert_int_equal(read(ends[0], &ready, 1), 1);
	(void)close(ends[0]);
	(void)close(ends[1]);
	family = *shared;
	family.login = login;
	(void)munmap(shared, sizeof(*shared));
	return family;
}

static void lives(pid_t pid)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
}

static void finish(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	assert_int_equal(signal_of(pid), SIGKILL);
}

/* Exactly the one, and only while the login is there. Kills: the parent that is compared in open_own; what is read of a process
 * that is over. */
static void test_ender_process_started(void **state)
{
	struct scene *s = *state;
	struct family f = log_in_family(s);
	int fds[STARTED], pidfd = -1;
	uint32_t pid = 0;

	assert_int_equal(process_open((uint32_t)f.login, &pidfd), 0);
	assert_int_equal(process_started(pidfd, (uint32_t)f.login, fds, STARTED), 1);
	assert_int_equal(process_number(fds[0], &pid), 0);
	assert_int_equal(pid, f.child);
	(void)close(fds[0]);
	assert_int_equal(process_started(pidfd, (uint32_t)f.login, fds, 0), 0);
	/* a descriptor of a process that is over: whose number that is now nobody knows */
	finish(f.login);
	assert_int_equal(process_started(pidfd, (uint32_t)f.child, fds, STARTED), 0);
	(void)close(pidfd);
	finish(f.child);
	finish(f.grandchild);
}

/* What the login started is ended with it, five seconds later where it does not end by itself, and so long the login is not over. What
 * that started in its turn, and what others started, is left alone. Kills: gather in end_login; pass_on in login_over; what is
 * started in kill_login. */
static void test_ender_ends_what_the_login_started_itself(void **state)
{
	struct scene *s = *state;
	struct family f = log_in_family(s);
	pid_t other = fork();

	if (other == 0)
		wait_for_ever();
	hear(s, 1, 0);
	assert_int_equal(s->pid, f.login);
	assert_int_equal(cs_ender_end(s->ender, s->registration), 0);
	assert_int_equal(signal_of(f.login), SIGTERM);
	lives(f.child);
	hear(s, 1, 1);
	assert_int_equal(signal_of(f.child), SIGKILL);
	lives(f.grandchild);
	lives(other);
	finish(f.grandchild);
	finish(other);
}

/* A login that ends by itself takes nobody along. */
static void test_ender_leaves_alone_what_a_login_left(void **state)
{
	struct scene *s = *state;
	struct family f = log_in_family(s);

	hear(s, 1, 0);
	(void)kill(f.login, SIGTERM);
	hear(s, 1, 1);
	assert_int_equal(signal_of(f.login), SIGTERM);
	lives(f.child);
	finish(f.child);
	finish(f.grandchild);
}

/* What the login went over to is found again by the next helper. Kills: keep in login_over. */
static void test_ender_finds_again_what_the_login_started(void **state)
{
	struct scene *s = *state;
	struct family f = log_in_family(s);
	int r = CS_EIO;
	pid_t other = -1;

	hear(s, 1, 0);
	assert_int_equal(cs_ender_end(s->ender, s->registration), 0);
	assert_int_equal(signal_of(f.login), SIGTERM);
	other = log_in(s, CS_ATTEND_LOGIN, false, &r); /* the helper looked at the end of the first before it took this one */
	assert_int_equal(r, 0);
	hear(s, 2, 0);
	cs_ender_close(&s->ender);
	finish(other);
	s->runs = 0;
	start(s);
	hear(s, 1, 0);
	assert_int_equal(s->pid, f.login); /* as it registered */
	assert_int_equal(cs_ender_end(s->ender, s->registration), 0);
	assert_int_equal(signal_of(f.child), SIGTERM);
	hear(s, 1, 1);
	finish(f.grandchild);
}

/* Takes no more than s->takes of them. */
static int told_some(void *arg, bool runs, const struct cs_login *login)
{
	struct scene *s = arg;

	if (s->takes == 0)
		return CS_ENOMEM;
	s->takes--;
	return told(arg, runs, login);
}

/* What there was no memory for is told again, once, and before what came after it. Kills: untold in tell_next. */
static void test_ender_forgets_nothing_that_was_not_taken(void **state)
{
	struct scene *s = *state;
	struct pollfd p = { .fd = cs_ender_fd(s->ender), .events = POLLIN };
	int r = CS_EIO;
	pid_t first = log_in(s, CS_ATTEND_LOGIN, false, &r), second = -1;

	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_int_equal(cs_ender_hear(s->ender, told_some, s), CS_ENOMEM);
	assert_int_equal(cs_ender_hear(s->ender, told_some, s), CS_ENOMEM);
	second = log_in(s, CS_ATTEND_LOGIN, false, &r);
	assert_int_equal(poll(&p, 1, 20000), 1);
	s->takes = 1;
	assert_int_equal(cs_ender_hear(s->ender, told_some, s), CS_ENOMEM);
	assert_int_equal(s->runs, 1);
	assert_int_equal(s->pid, first);
	assert_int_equal(cs_ender_hear(s->ender, told, s), 0); /* though nothing is readable */
	assert_int_equal(s->runs, 2);
	assert_int_equal(s->pid, second);
	finish(first);
	finish(second);
	hear(s, 2, 2);
}

/* Kills: a record that could not be written and counts as kept; one that cannot be read and counts as free. */
static void test_ender_says_what_it_cannot_keep(void **state)
{
	struct registered entry = { .pidfd = -1, .pid = 1 }, found = { .pidfd = -1 };
	int full = open("/dev/full", O_RDWR | O_CLOEXEC), unreadable = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(kept_write(full, 0, &entry), CS_EIO);
	assert_int_equal(kept_write(full, 0, NULL), CS_EIO);
	assert_int_equal(kept_read(unreadable, 0, &found), CS_EIO);
	assert_int_equal(kept_read(full, 0, &found), 0); /* nothing but zero */
	(void)close(full);
	(void)close(unreadable);
}

/* Kills: EMFILE that counts as over, in process_open or in find. */
static void test_ender_without_descriptors_knows_of_nobody_that_he_is_gone(void **state)
{
	struct registered entry = { .pid = (uint32_t)getpid() }, found = { .pidfd = -1 };
	struct rlimit limit, none;
	int pidfd = -1;
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	assert_int_equal(process_open(entry.pid, &pidfd), 0);
	assert_int_equal(process_start(pidfd, entry.pid, &entry.start), 0);
	(void)close(pidfd);
	assert_int_equal(kept_write(fileno(f), 0, &entry), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	for (rlim_t free_fds = 0; free_fds < 2; free_fds++) {
		none.rlim_cur = (rlim_t)pidfd + free_fds;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
		assert_int_equal(kept_read(fileno(f), 0, &found), CS_EIO);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(kept_read(fileno(f), 0, &found), 1);
	(void)close(found.pidfd);
	cs_clear(&cs_login_shape, &found.login);
	assert_int_equal(fclose(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ender_ends_exactly_the_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ender_kills_what_does_not_hear, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ender_refuses_what_is_no_login, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ender_finds_them_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ender_believes_no_damaged_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ender_process_started, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ender_ends_what_the_login_started_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ender_leaves_alone_what_a_login_left, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ender_finds_again_what_the_login_started, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ender_forgets_nothing_that_was_not_taken, setup, teardown),
		cmocka_unit_test(test_ender_says_what_it_cannot_keep),
		cmocka_unit_test(test_ender_without_descriptors_knows_of_nobody_that_he_is_gone),
	};

	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* what outlives its parent is waited for here */

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
