/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a daemon that answers by a script: who may be behind the socket, and what a bad answer becomes. */
#include "client.h"
#include "clock.h"
#include "mem.h"
#include "../modules/fake_daemon.c" /* the one scripted daemon, shared with tests/modules */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>

static struct cs_decision permit = { .verdict = CS_PERMIT, .reason = CS_WHY_UNGUARDED };
static struct cs_right_answer yes = { .verdict = CS_PERMIT, .reason = CS_WHY_HAS_RIGHT };

static struct cs_client_options options_for(const struct fake *fake)
{
	return (struct cs_client_options){ .path = fake->path, .server_uid = geteuid() };
}

static struct cs_submit a_submit(void)
{
	return (struct cs_submit){ .subject = { .uid = 1, .name = T("daemon") }, .action = { .service = T("sshd") } };
}

/* Starts the daemon with one step, makes one submit and gives its result. */
static int one_call(const struct fake_step *steps, size_t n_steps, uint32_t deadline_ms, struct cs_decision *ret_decision,
	char **ret_text, unsigned *ret_calls)
{
	struct fake fake;
	struct fake_options how = { .steps = steps, .n_steps = n_steps, .listen_as = geteuid() };
	struct cs_client_options options;
	struct cs_client *client = NULL;
	struct cs_submit submit = a_submit();
	int r = 0;

	fake_start(&fake, &how);
	options = options_for(&fake);
	assert_int_equal(cs_client_open(&options, &client, NULL), 0);
	r = cs_client_call(client, CS_CALL_SUBMIT, &submit, -1, deadline_ms, ret_decision, ret_text);
	*ret_calls = fake.seen->n_calls;
	cs_client_close(&client);
	assert_null(client);
	fake_stop(&fake);
	return r;
}

static void test_client_permit_arrives(void **state)
{
	const struct fake_step steps[] = { { .call = CS_CALL_SUBMIT, .act = FAKE_REPLY, .reply = &permit } };
	struct cs_decision decision = { 0 };
	unsigned calls = 0;

	(void)state;
	assert_int_equal(one_call(steps, 1, 5000, &decision, NULL, &calls), 0);
	assert_int_equal(decision.verdict, CS_PERMIT);
	assert_int_equal(calls, 1);
	cs_clear(&cs_decision_shape, &decision);
}

static void test_client_error_of_the_server_is_itself(void **state)
{
	const struct fake_step steps[] = { { .call = CS_CALL_SUBMIT, .act = FAKE_ERROR, .error = CS_EBUSY, .text = "full" } };
	struct cs_decision decision = { 0 };
	char *text = NULL;
	unsigned calls = 0;

	(void)state;
	assert_int_equal(one_call(steps, 1, 5000, &decision, &text, &calls), CS_EBUSY);
	assert_string_equal(text, "full");
	assert_int_equal(decision.verdict, CS_DENY);
	free(text);
}

/* Every way of answering badly ends with an error and a decision that denies. */
static void test_client_a063_bad_replies(void **state)
{
	static const struct {
		enum fake_act act;
		int error;
	} cases[] = {
		{ FAKE_CLOSE, CS_EUNAVAIL },   { FAKE_GARBAGE, CS_EPROTO },    { FAKE_CUT, CS_ETIMEDOUT },
		{ FAKE_TWICE, CS_EPROTO },     { FAKE_OTHER_TYPE, CS_EPROTO }, { FAKE_BAD_VERDICT, CS_EPROTO },
		{ FAKE_SILENT, CS_ETIMEDOUT },
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		const struct fake_step steps[] = { { .call = CS_CALL_SUBMIT, .act = cases[i].act, .reply = &permit } };
		struct cs_decision decision = { 0 };
		char *text = NULL;
		unsigned calls = 0;
		int r = one_call(steps, 1, 300, &decision, &text, &calls);

		/* Two frames may also come one after the other, and then the first is a good reply. */
		if (cases[i].act == FAKE_TWICE && r == 0) {
			cs_clear(&cs_decision_shape, &decision);
			continue;
		}
		assert_int_equal(r, cases[i].error);
		assert_int_equal(decision.verdict, CS_DENY);
		assert_null(text);
	}
}

/* After an error the same connection gives nothing more, so that a late reply never answers a later call. */
static void test_client_broken_connection_stays_broken(void **state)
{
	const struct fake_step steps[] = { { .call = CS_CALL_SUBMIT, .act = FAKE_SILENT },
		{ .call = CS_CALL_SUBMIT, .act = FAKE_REPLY, .reply = &permit } };
	struct fake fake;
	struct fake_options how = { .steps = steps, .n_steps = 2, .listen_as = geteuid() };
	struct cs_client_options options;
	struct cs_client *client = NULL;
	struct cs_submit submit = a_submit();
	struct cs_decision decision = { 0 };

	(void)state;
	fake_start(&fake, &how);
	options = options_for(&fake);
	assert_int_equal(cs_client_open(&options, &client, NULL), 0);
	assert_int_equal(cs_client_call(client, CS_CALL_SUBMIT, &submit, -1, 100, &decision, NULL), CS_ETIMEDOUT);
	assert_int_equal(cs_client_call(client, CS_CALL_SUBMIT, &submit, -1, 1000, &decision, NULL), CS_ETIMEDOUT);
	assert_int_equal(fake.seen->n_calls, 1);
	cs_client_close(&client);
	fake_stop(&fake);
}

static void test_client_two_calls_on_one_connection(void **state)
{
	const struct fake_step steps[] = { { .call = CS_CALL_RIGHT, .act = FAKE_REPLY, .reply = &yes },
		{ .call = CS_CALL_SUBMIT, .act = FAKE_REPLY, .reply = &permit } };
	struct fake fake;
	struct fake_options how = { .steps = steps, .n_steps = 2, .listen_as = geteuid() };
	struct cs_client_options options;
	struct cs_client *client = NULL;
	struct cs_right right = { .permission = T("a.b"), .scope = T("*") };
	struct cs_submit submit = a_submit();
	struct cs_right_answer answer = { 0 };
	struct cs_decision decision = { 0 };
	struct stat st;
	int fd = open("/bin/true", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(fstat(fd, &st), 0);
	fake_start(&fake, &how);
	options = options_for(&fake);
	assert_int_equal(cs_client_open(&options, &client, NULL), 0);
	assert_int_equal(cs_client_call(client, CS_CALL_RIGHT, &right, fd, 5000, &answer, NULL), CS_EINVAL);
	assert_int_equal(cs_client_call(client, CS_CALL_RIGHT, &right, -1, 5000, &answer, NULL), 0);
	assert_int_equal(cs_client_call(client, CS_CALL_SUBMIT, &submit, fd, 5000, &decision, NULL), 0);
	assert_true(fake.seen->calls[1].has_fd);
	assert_int_equal(fake.seen->calls[1].inode, st.st_ino);
	assert_int_not_equal(fcntl(fd, F_GETFD), -1); /* it stays the caller's */
	cs_clear(&cs_right_answer_shape, &answer);
	cs_clear(&cs_decision_shape, &decision);
	cs_client_close(&client);
	fake_stop(&fake);
	close(fd);
}

/* The descriptor goes with the frame also when the hello has not been sent before. */
static void test_client_descriptor_with_the_first_call(void **state)
{
	const struct fake_step steps[] = { { .call = CS_CALL_SUBMIT, .act = FAKE_REPLY, .reply = &permit } };
	struct fake fake;
	struct fake_options how = { .steps = steps, .n_steps = 1, .listen_as = geteuid() };
	struct cs_client_options options;
	struct cs_client *client = NULL;
	struct cs_submit submit = a_submit();
	struct cs_decision decision = { 0 };
	int fd = open("/bin/true", O_RDONLY | O_CLOEXEC);

	(void)state;
	fake_start(&fake, &how);
	options = options_for(&fake);
	assert_int_equal(cs_client_open(&options, &client, NULL), 0);
	assert_int_equal(fcntl(cs_client_fd(client), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC); /* A016 */
	assert_int_equal(cs_client_call(client, CS_CALL_SUBMIT, &submit, fd, 5000, &decision, NULL), 0);
	assert_true(fake.seen->calls[0].has_fd);
	cs_clear(&cs_decision_shape, &decision);
	cs_client_close(&client);
	fake_stop(&fake);
	close(fd);
}

static void test_client_split_call(void **state)
{
	const struct fake_step steps[] = { { .call = CS_CALL_SUBMIT, .act = FAKE_ERROR, .error = CS_EBUSY, .text = "" },
		{ .call = CS_CALL_SUBMIT, .act = FAKE_REPLY, .reply = &permit } };
	struct fake fake;
	struct fake_options how = { .steps = steps, .n_steps = 2, .listen_as = geteuid() };
	struct cs_client_options options;
	struct cs_client *client = NULL;
	struct cs_submit submit = a_submit();
	struct cs_decision decision = { 0 };
	char *text = NULL;

	(void)state;
	fake_start(&fake, &how);
	options = options_for(&fake);
	assert_int_equal(cs_client_open(&options, &client, NULL), 0);
	assert_int_equal(cs_client_finish(client, &decision, &text), CS_EINVAL);
	assert_int_equal(cs_client_send(client, CS_CALL_SUBMIT, &submit, -1), 0);
	assert_int_equal(cs_client_send(client, CS_CALL_SUBMIT, &submit, -1), CS_EINVAL);
	for (int r = CS_EBUSY; r == CS_EBUSY && text == NULL;) {
		struct pollfd p = { .fd = cs_client_fd(client), .events = POLLIN };

		assert_int_equal(poll(&p, 1, 5000), 1);
		r = cs_client_finish(client, &decision, &text);
		assert_int_equal(r, CS_EBUSY);
	}
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(cs_client_call(client, CS_CALL_SUBMIT, &submit, -1, 5000, &decision, NULL), 0);
	assert_int_equal(decision.verdict, CS_PERMIT);
	cs_clear(&cs_decision_shape, &decision);
	cs_client_close(&client);
	fake_stop(&fake);
}

static void on_signal(int number)
{
	(void)number;
}

static void test_client_a043_signal_ends_the_wait(void **state)
{
	const struct fake_step steps[] = { { .call = CS_CALL_SUBMIT, .act = FAKE_SIGNAL } };
	struct sigaction restart = { .sa_handler = on_signal, .sa_flags = SA_RESTART }, old;
	struct cs_decision decision = { 0 };
	unsigned calls = 0;

	(void)state;
	assert_int_equal(sigaction(SIGINT, &restart, &old), 0);
	assert_int_equal(one_call(steps, 1, 20000, &decision, NULL, &calls), CS_EINTR);
	assert_int_equal(decision.verdict, CS_DENY);
	assert_int_equal(sigaction(SIGINT, &old, NULL), 0);
}

/* --- Whom it trusts -------------------------------------------------------------------------------------------------- */

static int try_open(const struct fake *fake, uid_t server_uid, const char **ret_why)
{
	struct cs_client_options options = { .path = fake->path, .server_uid = server_uid };
	struct cs_client *client = NULL;
	int r = cs_client_open(&options, &client, ret_why);

	cs_client_close(&client);
	return r;
}

static void test_client_a057_wrong_server(void **state)
{
	struct fake fake;
	struct fake_options how = { .listen_as = 65534 };
	const char *why = NULL;

	(void)state;
	if (geteuid() != 0)
		skip();
	fake_start(&fake, &how);
	assert_int_equal(try_open(&fake, 0, &why), CS_EUNTRUSTED);
	assert_string_equal(why, "another user answers on its socket");
	assert_int_equal(try_open(&fake, 1, &why), CS_EUNTRUSTED);
	assert_int_equal(try_open(&fake, 65534, &why), 0);
	fake_stop(&fake);
}

static void test_client_a057_root_may_have_listened(void **state)
{
	struct fake fake;
	struct fake_options how = { .listen_as = 0 };

	(void)state;
	if (geteuid() != 0)
		skip();
	fake_start(&fake, &how);
	assert_int_equal(try_open(&fake, 1, NULL), 0);
	fake_stop(&fake);
}

static void test_client_a057_folder(void **state)
{
	static const mode_t open_modes[] = { 0770, 0707, 0777, 01777, 0720, 0702 };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(open_modes); i++) {
		struct fake fake;
		struct fake_options how = { .listen_as = geteuid(), .folder_mode = open_modes[i] };
		const char *why = NULL;

		fake_start(&fake, &how);
		assert_int_equal(try_open(&fake, geteuid(), &why), CS_EUNTRUSTED);
		assert_string_equal(why, "the folder of its socket could be written by others");
		assert_int_equal(fake.seen->connections, 0);
		assert_int_equal(chmod(fake.folder, 0755), 0);
		assert_int_equal(try_open(&fake, geteuid(), &why), 0);
		fake_stop(&fake);
	}
}

static void test_client_a057_folder_of_another(void **state)
{
	struct fake fake;
	struct fake_options how = { .listen_as = geteuid() };

	(void)state;
	if (geteuid() != 0)
		skip();
	fake_start(&fake, &how);
	assert_int_equal(chown(fake.folder, 5, 0), 0);
	assert_int_equal(try_open(&fake, 1, NULL), CS_EUNTRUSTED);
	assert_int_equal(try_open(&fake, 5, NULL), 0); /* the server's own */
	fake_stop(&fake);
}

static void test_client_a057_folder_is_a_link(void **state)
{
	struct fake fake;
	struct fake_options how = { .listen_as = geteuid() };
	struct cs_client_options options = { .server_uid = geteuid() };
	struct cs_client *client = NULL;
	char link[80], path[120];

	(void)state;
	fake_start(&fake, &how);
	(void)snprintf(link, sizeof(link), "%s-link", fake.folder);
	(void)snprintf(path, sizeof(path), "%s/module.sock", link);
	assert_int_equal(symlink(fake.folder, link), 0);
	options.path = path;
	assert_int_equal(cs_client_open(&options, &client, NULL), CS_EUNTRUSTED);
	unlink(link);
	fake_stop(&fake);
}

static void test_client_bad_paths(void **state)
{
	char too_long[200];
	const char *paths[] = { NULL, "", "module.sock", "./x", too_long };
	struct cs_client *client = NULL;

	(void)state;
	memset(too_long, 'a', sizeof(too_long) - 1);
	too_long[0] = '/';
	too_long[sizeof(too_long) - 1] = '\0';
	for (size_t i = 0; i < CS_COUNT(paths); i++) {
		struct cs_client_options options = { .path = paths[i] };

		assert_int_equal(cs_client_open(&options, &client, NULL), CS_EINVAL);
	}
	assert_null(client);
}

/* --- How long it takes ----------------------------------------------------------------------------------------------- */

static void test_client_a067_absent(void **state)
{
	struct fake fake;
	struct fake_options how = { .listen_as = geteuid() };
	const char *why = NULL;
	uint64_t began = 0;

	(void)state;
	fake_start(&fake, &how);
	kill(fake.pid, SIGKILL);
	waitpid(fake.pid, NULL, 0);
	fake.pid = 0;
	began = cs_boot_ms();
	assert_int_equal(try_open(&fake, geteuid(), &why), CS_EUNAVAIL); /* the socket is left over */
	assert_string_equal(why, "it is not running");
	assert_int_equal(unlink(fake.path), 0);
	assert_int_equal(try_open(&fake, geteuid(), &why), CS_EUNAVAIL);
	assert_int_equal(rmdir(fake.folder), 0);
	assert_int_equal(try_open(&fake, geteuid(), &why), CS_EUNAVAIL);
	assert_true(cs_boot_ms() - began < 500);
	fake_stop(&fake);
}

/* A daemon that is there and takes no connections: the queue is full, and connecting itself has the deadline. */
static void test_client_a067_queue_full(void **state)
{
	char folder[] = "/tmp/cs-full-XXXXXX";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct cs_client_options options = { .path = address.sun_path, .server_uid = geteuid(), .connect_ms = 200 };
	struct cs_client *client = NULL;
	const char *why = NULL;
	uint64_t began = 0;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), waiting[4];

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 0), 0);
	for (size_t i = 0; i < CS_COUNT(waiting); i++) {
		waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(waiting[i], (struct sockaddr *)&address, sizeof(address));
	}
	began = cs_boot_ms();
	assert_int_equal(cs_client_open(&options, &client, &why), CS_EUNAVAIL);
	assert_string_equal(why, "it takes no connections");
	assert_true(cs_boot_ms() - began >= 190);
	assert_true(cs_boot_ms() - began < 900);
	for (size_t i = 0; i < CS_COUNT(waiting); i++)
		close(waiting[i]);
	close(listener);
	unlink(address.sun_path);
	rmdir(folder);
}

static void test_client_deadline_is_kept(void **state)
{
	const struct fake_step steps[] = { { .call = CS_CALL_SUBMIT, .act = FAKE_SILENT } };
	struct cs_decision decision = { 0 };
	unsigned calls = 0;
	uint64_t began = cs_boot_ms();

	(void)state;
	assert_int_equal(one_call(steps, 1, 250, &decision, NULL, &calls), CS_ETIMEDOUT);
	assert_true(cs_boot_ms() - began >= 250);
	assert_true(cs_boot_ms() - began < 2000);
}

/* More than the socket takes at once, against a daemon that does not read: sending has the deadline too. */
static void test_client_a060_too_large_is_refused(void **state)
{
	struct fake fake;
	struct fake_options how = { .listen_as = geteuid() };
	struct cs_client_options options;
	struct cs_client *client = NULL;
	struct cs_submit submit = a_submit();
	struct cs_decision decision = { 0 };
	char *argument = malloc(CS_MAX_ARG);
	char *arguments[8];

	(void)state;
	assert_non_null(argument);
	memset(argument, 'x', CS_MAX_ARG - 1);
	argument[CS_MAX_ARG - 1] = '\0';
	for (size_t i = 0; i < CS_COUNT(arguments); i++)
		arguments[i] = argument;
	submit.action.argv = arguments;
	submit.action.n_argv = CS_COUNT(arguments);
	fake_start(&fake, &how);
	options = options_for(&fake);
	assert_int_equal(cs_client_open(&options, &client, NULL), 0);
	assert_int_equal(cs_client_call(client, CS_CALL_SUBMIT, &submit, -1, 1000, &decision, NULL), CS_ETOOBIG);
	assert_int_equal(decision.verdict, CS_DENY);
	cs_client_close(&client);
	fake_stop(&fake);
	free(argument);
}

/* sudo's plugin is unloaded before its session phase begins: only the connection goes from one to the other. */
static void test_client_a053_left_connection_is_found_again(void **state)
{
	const struct fake_step steps[] = { { .call = CS_CALL_SUBMIT, .act = FAKE_REPLY, .reply = &permit },
		{ .call = CS_CALL_SUBMIT, .act = FAKE_REPLY, .reply = &permit } };
	struct fake fake;
	struct fake_options how = { .steps = steps, .n_steps = 2, .listen_as = geteuid() };
	struct cs_client_options options, other;
	struct cs_client *client = NULL, *other_client = NULL;
	struct cs_submit submit = a_submit();
	struct cs_decision decision = { 0 };
	int fd = -1;

	(void)state;
	fake_start(&fake, &how);
	options = other = options_for(&fake);
	other.path = "/run/somewhere/else.sock";
	assert_int_equal(cs_client_resume(&options, 64, &client), CS_ENOENT);
	assert_int_equal(cs_client_open(&options, &client, NULL), 0);
	assert_int_equal(cs_client_call(client, CS_CALL_SUBMIT, &submit, -1, 5000, &decision, NULL), 0);
	cs_clear(&cs_decision_shape, &decision);
	fd = cs_client_fd(client);
	assert_int_equal(cs_client_resume(&options, 64, &other_client), CS_ENOENT); /* it is still used: cs_client_leave marks it */
	cs_client_leave(&client);
	assert_null(client);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(cs_client_resume(&other, 64, &client), CS_ENOENT);
	assert_int_equal(cs_client_resume(&options, fd, &client), CS_ENOENT); /* below the bound only */
	assert_int_equal(fcntl(fd, F_SETFD, 0), 0);
	assert_int_equal(cs_client_resume(&options, 64, &client), CS_ENOENT); /* it could have come with exec */
	assert_int_equal(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
	assert_int_equal(cs_client_resume(&options, 64, &client), 0);
	assert_int_equal(cs_client_fd(client), fd);
	assert_int_equal(cs_client_call(client, CS_CALL_SUBMIT, &submit, -1, 5000, &decision, NULL), 0);
	assert_int_equal(decision.verdict, CS_PERMIT);
	cs_clear(&cs_decision_shape, &decision);
	assert_int_equal(fake.seen->connections, 1);
	cs_client_close(&client);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	fake_stop(&fake);
}

/* A connection on which nothing was asked, or something went wrong, is closed instead. */
static void test_client_a016_bad_connection_is_not_left(void **state)
{
	const struct fake_step steps[] = { { .call = CS_CALL_SUBMIT, .act = FAKE_GARBAGE } };
	struct fake fake;
	struct fake_options how = { .steps = steps, .n_steps = 1, .listen_as = geteuid() };
	struct cs_client_options options;
	struct cs_client *client = NULL;
	struct cs_submit submit = a_submit();
	struct cs_decision decision = { 0 };

	(void)state;
	fake_start(&fake, &how);
	options = options_for(&fake);
	assert_int_equal(cs_client_open(&options, &client, NULL), 0);
	cs_client_leave(&client);
	assert_int_equal(cs_client_resume(&options, 64, &client), CS_ENOENT);
	assert_int_equal(cs_client_open(&options, &client, NULL), 0);
	assert_true(cs_client_call(client, CS_CALL_SUBMIT, &submit, -1, 5000, &decision, NULL) < 0);
	cs_client_leave(&client);
	assert_int_equal(cs_client_resume(&options, 64, &client), CS_ENOENT);
	fake_stop(&fake);
}

/* Kills: select(), whose sets end at descriptor 1023. sshd and sudo may have more open than that. */
static void test_client_a059_descriptors_above_those_of_select(void **state)
{
	const struct fake_step steps[] = { { .call = CS_CALL_SUBMIT, .act = FAKE_REPLY, .reply = &permit } };
	struct rlimit limit = { 0 };
	struct cs_decision decision = { 0 };
	unsigned calls = 0;
	int last = -1;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < 2 * FD_SETSIZE)
		skip();
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	do
		last = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (last >= 0 && last < FD_SETSIZE + 16);
	assert_true(last >= FD_SETSIZE);
	assert_int_equal(one_call(steps, 1, 5000, &decision, NULL, &calls), 0);
	assert_int_equal(decision.verdict, CS_PERMIT);
	cs_clear(&cs_decision_shape, &decision);
	for (; last > 16; last--)
		(void)close(last);
}

static void test_client_close_nothing(void **state)
{
	struct cs_client *client = NULL;

	(void)state;
	cs_client_close(NULL);
	cs_client_close(&client);
	assert_int_equal(cs_client_fd(NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_permit_arrives),
		cmocka_unit_test(test_client_error_of_the_server_is_itself),
		cmocka_unit_test(test_client_a063_bad_replies),
		cmocka_unit_test(test_client_broken_connection_stays_broken),
		cmocka_unit_test(test_client_two_calls_on_one_connection),
		cmocka_unit_test(test_client_descriptor_with_the_first_call),
		cmocka_unit_test(test_client_split_call),
		cmocka_unit_test(test_client_a043_signal_ends_the_wait),
		cmocka_unit_test(test_client_a057_wrong_server),
		cmocka_unit_test(test_client_a057_root_may_have_listened),
		cmocka_unit_test(test_client_a057_folder),
		cmocka_unit_test(test_client_a057_folder_of_another),
		cmocka_unit_test(test_client_a057_folder_is_a_link),
		cmocka_unit_test(test_client_bad_paths),
		cmocka_unit_test(test_client_a067_absent),
		cmocka_unit_test(test_client_a067_queue_full),
		cmocka_unit_test(test_client_deadline_is_kept),
		cmocka_unit_test(test_client_a060_too_large_is_refused),
		cmocka_unit_test(test_client_a053_left_connection_is_found_again),
		cmocka_unit_test(test_client_a016_bad_connection_is_not_left),
		cmocka_unit_test(test_client_close_nothing),
		cmocka_unit_test(test_client_a059_descriptors_above_those_of_select), /* closes them all: the last one */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
