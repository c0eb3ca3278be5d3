/* SPDX-License-Identifier: Apache-2.0 */
/* The helper that ends logins while memory is short (A119): each allocation of it and of the daemon's end fails once. A login that was
 * taken is ended when the daemon wants that, by this helper or by the next, and nobody is believed to be gone who is not. */
#include "alloc_fault.h"
#include "ender_scene.h"
#include <sys/mman.h>
#include <sys/syscall.h>

enum { PIDS = 4 };

/* What this daemon knows of its logins. */
static struct known {
	uint32_t pid;
	uint64_t registration;
} known[PIDS];

static size_t *helper_calls; /* allocations of the helper that fails, as it counts them */
static pid_t daemon_pid;

static void seen(void)
{
	if (getpid() != daemon_pid)
		*helper_calls = alloc_fault.calls;
}

static int told_known(void *arg, bool runs, const struct cs_login *login)
{
	size_t i = 0;

	(void)arg;
	for (; runs && i < PIDS && known[i].pid != 0; i++)
		assert_int_not_equal(known[i].registration, login->registration);
	assert_true(i < PIDS);
	if (runs)
		known[i] = (struct known){ login->attend.pid, login->registration };
	return 0;
}

static uint64_t registration_of(pid_t pid)
{
	for (size_t i = 0; i < PIDS; i++)
		if (known[i].pid == (uint32_t)pid)
			return known[i].registration;
	return 0;
}

/* A helper whose n-th allocation fails, those of the daemon that starts it counted first. 0: there is none. */
static int start_failing(struct scene *s, size_t fail_at)
{
	const struct cs_ender_settings settings = { .folder = s->folder, .listen_fd = s->listen_fd, .uid = geteuid(), .gid = getegid(),
		.root_uid = geteuid() };
	int r = 0;

	memset(known, 0, sizeof(known));
	alloc_fault_seen = fail_at > 0 ? seen : NULL;
	alloc_fault_reset(fail_at);
	r = cs_ender_open(&settings, &s->ender);
	alloc_fault_seen = NULL;
	alloc_fault_reset(0);
	assert_true(r == 0 || (r == CS_ENOMEM && !s->ender) || (r == CS_EIO && !s->ender));
	return r == 0;
}

static void start_anew(struct scene *s)
{
	cs_ender_close(&s->ender);
	assert_int_equal(start_failing(s, 0), 1);
}

/* Tells the helper to end it as soon as it is known, and again each next helper, until it is over. */
static void ends(struct scene *s, pid_t pid)
{
	int pidfd = -1;
	bool asked = false;

	assert_int_equal(process_open((uint32_t)pid, &pidfd), 0);
	while (!process_is_over(pidfd)) {
		struct pollfd p[] = { { .fd = cs_ender_fd(s->ender), .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };

		if (!asked && registration_of(pid) != 0)
			asked = cs_ender_end(s->ender, registration_of(pid)) == 0;
		if (poll(p, 2, 20000) <= 0)
			fail_msg("%d was forgotten", pid);
		if (p[0].revents != 0 && cs_ender_hear(s->ender, told_known, s) == CS_EUNAVAIL) {
			start_anew(s);
			asked = false;
		}
	}
	(void)close(pidfd);
	assert_int_equal(signal_of(pid), SIGTERM);
}

/* What was taken ends, and what was not is left alone. */
static void ends_if_taken(struct scene *s, pid_t pid, int r)
{
	if (r == 0) {
		ends(s, pid);
		return;
	}
	(void)kill(pid, SIGKILL);
	assert_int_equal(signal_of(pid), SIGKILL);
}

/* 1: the helper had no such allocation. */
static int helper_once(void **state, size_t fail_at, bool found_again)
{
	struct scene *s = *state;
	pid_t first = -1, second = -1;
	int r1 = CS_EIO, r2 = CS_EIO, over = 0;

	*helper_calls = 0;
	assert_true(start_failing(s, found_again ? 0 : fail_at) || !found_again);
	if (!s->ender)
		return 0;
	first = log_in(s, CS_ATTEND_LOGIN, false, &r1);
	second = log_in(s, CS_ATTEND_LOGIN, false, &r2);
	if (found_again) {
		cs_ender_close(&s->ender);
		assert_int_equal(r1 | r2, 0);
		if (!start_failing(s, fail_at))
			start_anew(s);
	}
	ends_if_taken(s, first, r1);
	ends_if_taken(s, second, r2);
	over = *helper_calls > 0 && *helper_calls < fail_at;
	assert_true(!over || (r1 == 0 && r2 == 0));
	cs_ender_close(&s->ender);
	return over;
}

/* Kills: add that takes what was not written; what is told without memory for it and forgotten. */
static int registers_once(void **state, size_t fail_at)
{
	return helper_once(state, fail_at, false);
}

/* Kills: kept_read that says 0 where there was no memory; find_again that goes on then. */
static int finds_again_once(void **state, size_t fail_at)
{
	return helper_once(state, fail_at, true);
}

/* Heard now, or the next time, or by the next daemon. Kills: CS_ENOMEM of a frame that counts as heard. */
static int hears_once(void **state, size_t fail_at)
{
	struct scene *s = *state;
	struct pollfd p = { .fd = -1, .events = POLLIN };
	pid_t pid = -1;
	int r = CS_EIO, over = 0;

	assert_int_equal(start_failing(s, 0), 1);
	pid = log_in(s, CS_ATTEND_LOGIN, false, &r);
	assert_int_equal(r, 0);
	p.fd = cs_ender_fd(s->ender);
	assert_int_equal(poll(&p, 1, 20000), 1);
	alloc_fault_reset(fail_at);
	r = cs_ender_hear(s->ender, told_known, s);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	assert_true(r == (over ? 0 : CS_ENOMEM) || (!over && r == CS_EUNAVAIL));
	assert_int_equal(registration_of(pid) != 0, over);
	if (r == CS_ENOMEM)
		assert_int_equal(cs_ender_hear(s->ender, told_known, s), 0);
	if (r == CS_EUNAVAIL)
		start_anew(s);
	else
		assert_int_not_equal(registration_of(pid), 0);
	ends(s, pid);
	cs_ender_close(&s->ender);
	return over;
}

/* Said, and then it is told the next time. Kills: an error of cs_end_put that is passed over. */
static int told_to_end_once(void **state, size_t fail_at)
{
	struct scene *s = *state;
	struct pollfd p = { .fd = -1, .events = POLLIN };
	pid_t pid = -1;
	int r = CS_EIO, over = 0;

	assert_int_equal(start_failing(s, 0), 1);
	pid = log_in(s, CS_ATTEND_LOGIN, false, &r);
	p.fd = cs_ender_fd(s->ender);
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_int_equal(cs_ender_hear(s->ender, told_known, s), 0);
	alloc_fault_reset(fail_at);
	r = cs_ender_end(s->ender, registration_of(pid));
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	assert_int_equal(r, over ? 0 : CS_ENOMEM);
	if (r < 0)
		assert_int_equal(cs_ender_end(s->ender, registration_of(pid)), 0);
	assert_int_equal(signal_of(pid), SIGTERM);
	cs_ender_close(&s->ender);
	return over;
}

/* Written whole, or what stood there stays. Kills: a record of zeros in its place. */
static int written_once(void **state, size_t fail_at)
{
	static char tty[] = "pts/9";
	struct registered before = { .pid = 7, .login.attend.number = 1 }, after = { .pid = 8, .login.attend.number = 2 }, found;
	uint8_t bytes[RECORD];
	struct cs_now now;
	FILE *f = tmpfile();
	int r = 0, over = 0;

	(void)state;
	assert_non_null(f);
	assert_int_equal(cs_now_read(&now), 0);
	after.login.attend.tty = tty;
	assert_int_equal(kept_write(fileno(f), 0, &before), 0);
	alloc_fault_reset(fail_at);
	r = kept_write(fileno(f), 0, &after);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	assert_int_equal(r, over ? 0 : CS_ENOMEM);
	assert_int_equal(pread(fileno(f), bytes, RECORD, 0), RECORD);
	assert_int_equal(kept_parse(bytes, RECORD, now.boot_id, &found), 0);
	assert_int_equal(found.pid, over ? 8 : 7);
	cs_clear(&cs_login_shape, &found.login);
	assert_int_equal(fclose(f), 0);
	return over;
}

/* Kills: CS_EPROTO, which is a free place, in kept_parse. */
static int read_once(void **state, size_t fail_at)
{
	static char tty[] = "pts/9";
	struct registered entry = { .pid = (uint32_t)getpid(), .login.attend.tty = tty }, found = { .pidfd = -1 };
	FILE *f = tmpfile();
	int pidfd = -1, r = 0, over = 0;

	(void)state;
	assert_non_null(f);
	assert_int_equal(process_open(entry.pid, &pidfd), 0);
	assert_int_equal(process_start(pidfd, entry.pid, &entry.start), 0);
	(void)close(pidfd);
	assert_int_equal(kept_write(fileno(f), 0, &entry), 0);
	alloc_fault_reset(fail_at);
	r = kept_read(fileno(f), 0, &found);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	assert_int_equal(r, over ? 1 : CS_ENOMEM);
	if (r == 1) {
		assert_string_equal(found.login.attend.tty, "pts/9");
		(void)close(found.pidfd);
		cs_clear(&cs_login_shape, &found.login);
	}
	assert_int_equal(fclose(f), 0);
	return over;
}

#define EVERY(name) \
	static void test_ender_a119_##name(void **state) \
	{ \
		size_t at = 1; \
		\
		for (; name##_once(state, at) == 0; at++) \
			assert_true(at < 500); \
		assert_true(at > 2); \
	}

EVERY(registers)
EVERY(finds_again)
EVERY(hears)
EVERY(told_to_end)
EVERY(written)
EVERY(read)

#define CASE(name) cmocka_unit_test_setup_teardown(test_ender_a119_##name, setup_folder, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(registers), CASE(finds_again), CASE(hears), CASE(told_to_end), CASE(written), CASE(read),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	daemon_pid = getpid();
	helper_calls = mmap(NULL, sizeof(*helper_calls), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (helper_calls == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
