/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin that shows what runs, loaded and called as sudo does, against a scripted daemon: what it tells, when it waits, and
 * what it lets pass. */
#include "clock.h"
#include "decisions.h"
#include "mem.h"
#include "plugin.h"
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sudo_plugin.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PLAY(...) (const struct fake_step[]){ __VA_ARGS__ }, CS_COUNT(((const struct fake_step[]){ __VA_ARGS__ }))
#define SUBMIT { .call = CS_CALL_SUBMIT, .act = FAKE_REPLY, .reply = &released }
#define STREAM(r) { .call = CS_CALL_STREAM, .act = FAKE_REPLY, .reply = r }
#define ATTEND(r) { .call = CS_CALL_ATTEND, .act = FAKE_REPLY, .reply = r }

static int came[2]; /* FAKE_NOTIFY writes here */
static int errors[2], stderr_fd = -1; /* what is said where there is no terminal */
static struct cs_decision released;
static struct cs_attend_answer looked_at = { .version = 2, .watchers = 1 }, alone = { .version = 1, .pause = true },
	ended = { .version = 3, .pause = true, .end = true, .reason = CS_WHY_ENDED, .text = T("ended by bob: no\033[2J") };

static struct {
	char said[8192];
	const char *errstr;
	int open;
	struct fake fake;
	struct fake_seen seen;
} saw;

static const char *said(void)
{
	size_t used = strlen(saw.said);
	ssize_t n = read(errors[0], saw.said + used, sizeof(saw.said) - 1 - used);

	if (n > 0)
		saw.said[used + (size_t)n] = '\0';
	return saw.said;
}

static void forget_said(void)
{
	(void)said();
	saw.said[0] = '\0';
}

/* --- A small sudo ------------------------------------------------------------------------------------------------- */

/* Its events, of which the test makes one happen. */
static struct event {
	struct sudo_plugin_event base;
	sudo_plugin_ev_callback_t callback;
	void *closure;
	int fd;
	bool added;
} events[4];
static size_t n_events;

static struct event *of(struct sudo_plugin_event *event)
{
	return (struct event *)(void *)event;
}

static int event_set(struct sudo_plugin_event *event, int fd, int what, sudo_plugin_ev_callback_t callback, void *closure)
{
	(void)what;
	of(event)->fd = fd;
	of(event)->callback = callback;
	of(event)->closure = closure;
	return 1;
}

static int event_add(struct sudo_plugin_event *event, struct timespec *when)
{
	(void)when;
	of(event)->added = true;
	return 1;
}

static int event_del(struct sudo_plugin_event *event)
{
	of(event)->added = false;
	return 1;
}

static void event_free(struct sudo_plugin_event *event)
{
	(void)event;
}

static struct sudo_plugin_event *event_alloc(void)
{
	struct event *event = &events[n_events++ % CS_COUNT(events)];

	*event = (struct event){ .base = { .set = event_set, .add = event_add, .del = event_del, .free = event_free } };
	return &event->base;
}

static int converse(int n, const struct sudo_conv_message messages[], struct sudo_conv_reply replies[],
	struct sudo_conv_callback *callback)
{
	(void)n;
	(void)messages;
	(void)replies;
	(void)callback;
	return -1;
}

__attribute__((format(printf, 2, 3))) static int print(int type, const char *format, ...)
{
	size_t used = strlen(saw.said);
	va_list args;

	(void)type;
	va_start(args, format);
	(void)vsnprintf(saw.said + used, sizeof(saw.said) - used, format, args);
	va_end(args);
	return 1;
}

static char *const user_info[] = { T("user=games"), T("uid=5"), T("gid=60"), T("cwd=/usr"), T("lines=24"), T("cols=80"), NULL };

/* What the approval plugin was told to release. */
static void release(void)
{
	const struct approval_plugin *plugin = plugin_symbol("sudo_countersign");
	static char socket[160], server[40];
	char *options[] = { socket, server, NULL }, *settings[] = { T("progname=sudo"), NULL }, *none[] = { NULL };
	char *command[] = { T("command=/usr/bin/true"), T("runas_uid=0"), T("runas_gid=0"), NULL };
	char *argv[] = { T("true"), NULL };
	const char *errstr = NULL;

	(void)snprintf(socket, sizeof(socket), "socket=%s", saw.fake.path);
	(void)snprintf(server, sizeof(server), "server_uid=%u", (unsigned)geteuid());
	if (getuid() == 0)
		assert_int_equal(setresuid(5, 0, 0), 0);
	assert_int_equal(plugin->open(SUDO_API_MKVERSION(1, 20), converse, print, settings, user_info, 1, argv, none, options,
		&errstr), 1);
	assert_int_equal(plugin->check(command, argv, none, &errstr), 1);
	plugin->close();
	if (geteuid() == 0)
		assert_int_equal(setresuid(0, 0, 0), 0);
}

static struct io_plugin *shower(void)
{
	struct io_plugin *plugin = plugin_symbol("sudo_countersign_watch");

	plugin->event_alloc = event_alloc;
	return plugin;
}

static struct io_plugin *begin(enum cs_watch_rule watch, const struct fake_step *steps, size_t n_steps)
{
	struct fake_options how = { .steps = steps, .n_steps = n_steps, .listen_as = geteuid(), .notify_fd = came[1] };
	char *none[] = { NULL };
	struct io_plugin *plugin = NULL;

	plugin_unload();
	plugin = shower();
	memset(&saw, 0, sizeof(saw));
	released = d_permit;
	released.attend = true;
	released.number = 17;
	released.watch = watch;
	released.watch_grace_ms = watch == CS_WATCH_REQUIRED ? 1000 : 0;
	memset(released.id, 7, CS_ID_LEN);
	fake_start(&saw.fake, &how);
	release();
	(void)said();
	forget_said();
	assert_int_equal(dup2(errors[1], STDERR_FILENO), STDERR_FILENO);
	saw.open = plugin->open(SUDO_API_MKVERSION(1, 20), converse, print, none, user_info, none, 0, none, none, none,
		&saw.errstr);
	return plugin;
}

static void end(struct io_plugin *plugin)
{
	if (saw.open == 1)
		plugin->close(0, 0);
	assert_int_equal(dup2(stderr_fd, STDERR_FILENO), STDERR_FILENO);
	saw.seen = *saw.fake.seen;
	fake_stop(&saw.fake);
	assert_int_equal(saw.seen.unexpected, 0);
}

static void kill_daemon(void)
{
	kill(saw.fake.pid, SIGKILL);
	waitpid(saw.fake.pid, NULL, 0);
	saw.fake.pid = 0;
}

/* The nth call told this. */
static void told(unsigned n, enum cs_stream_kind kind, const char *bytes, uint64_t left_out)
{
	struct fake fake = { .seen = &saw.seen };
	struct cs_stream call = { 0 };

	assert_int_equal(saw.seen.calls[n].type, CS_CALL_STREAM);
	fake_call(&fake, n, &call);
	assert_int_equal(call.number, 17);
	assert_int_equal(call.pid, getpid());
	assert_int_equal(call.kind, kind);
	assert_int_equal(call.n_bytes, strlen(bytes));
	assert_memory_equal(call.bytes, bytes, call.n_bytes);
	assert_int_equal(call.left_out, left_out);
	if (kind == CS_STREAM_SIZE)
		assert_true(call.lines == 24 && call.columns == 80);
	cs_clear(&cs_stream_shape, &call);
}

static int shows(struct io_plugin *plugin, const char *text)
{
	return plugin->log_ttyout(text, (unsigned)strlen(text), &saw.errstr);
}

/* --- Nobody, and others may ------------------------------------------------------------------------------------------ */

/* Kills: the test of watch in open. */
static void test_sudo_watch_nobody_looks_on(void **state)
{
	(void)state;
	begin(CS_WATCH_NONE, PLAY(SUBMIT));
	assert_int_equal(saw.open, 0);
	assert_int_equal(saw.fake.seen->connections, 1);
	end(shower());
}

/* Waits for the reply to what was sent, as sudo's loop does. */
static void hear(struct event *event)
{
	struct pollfd polled = { .fd = event->fd, .events = POLLIN };

	assert_true(event->added);
	assert_int_equal(poll(&polled, 1, 10000), 1);
	event->callback(event->fd, SUDO_PLUGIN_EV_READ, event->closure);
}

/* What comes while a call is under way is told with the next one. Kills: sent; left_out. */
static void test_sudo_watch_never_waits(void **state)
{
	static char much[130 * 1024 + 1];
	struct io_plugin *plugin = begin(CS_WATCH_ALLOWED, PLAY(SUBMIT, STREAM(&looked_at), STREAM(&looked_at),
		{ .call = CS_CALL_STREAM, .act = FAKE_NOTIFY }));
	char byte = 0;

	(void)state;
	assert_int_equal(saw.open, 1);
	assert_null(plugin->log_ttyin); /* what is typed does not even come here */
	assert_null(plugin->log_stdin);
	assert_int_equal(shows(plugin, "one "), 1);
	assert_int_equal(shows(plugin, "two"), 1);
	hear(&events[0]);
	memset(much, 'x', 130 * 1024);
	assert_int_equal(shows(plugin, "lost"), 1);
	assert_int_equal(plugin->log_ttyout(much, 130 * 1024, &saw.errstr), 1);
	assert_int_equal(shows(plugin, "last"), 1);
	hear(&events[0]);
	assert_int_equal(read(came[0], &byte, 1), 1); /* the last one is there */
	end(plugin);
	told(1, CS_STREAM_SIZE, "", 0);
	told(2, CS_STREAM_OUT, "one two", 0);
	told(3, CS_STREAM_OUT, "last", 130 * 1024 + 4);
	assert_string_equal(said(), "");
}

static void test_sudo_watch_allowed_outlives_the_daemon(void **state)
{
	struct io_plugin *plugin = begin(CS_WATCH_ALLOWED, PLAY(SUBMIT, STREAM(&looked_at)));
	uint64_t since = cs_boot_ms();

	(void)state;
	assert_int_equal(saw.open, 1);
	kill_daemon();
	for (int i = 0; i < 100; i++)
		assert_int_equal(shows(plugin, "text"), 1);
	assert_true(cs_boot_ms() - since < 2000);
	end(plugin);
}

/* --- Others have to -------------------------------------------------------------------------------------------------- */

/* Not before somebody looks on, and each piece only while he does. Kills: pass in open_required; pause in pass_piece. */
static void test_sudo_watch_required_waits(void **state)
{
	struct io_plugin *plugin = begin(CS_WATCH_REQUIRED, PLAY(SUBMIT, STREAM(&alone), STREAM(&alone), ATTEND(&looked_at),
		STREAM(&looked_at), STREAM(&looked_at), STREAM(&alone), ATTEND(&alone), ATTEND(&looked_at)));

	(void)state;
	assert_int_equal(saw.open, 1);
	assert_non_null(strstr(said(), "waits to be started, until somebody looks on: countersign watch 17 (within 1 s)"));
	assert_non_null(strstr(said(), "goes on"));
	forget_said();
	assert_int_equal(shows(plugin, "one"), 1);
	assert_string_equal(said(), "");
	assert_int_equal(plugin->log_ttyin("a password", 10, &saw.errstr), 1);
	assert_int_equal(shows(plugin, "two"), 1);
	assert_non_null(strstr(said(), "stands still"));
	end(plugin);
	told(1, CS_STREAM_SIZE, "", 0);
	told(4, CS_STREAM_OUT, "one", 0);
	told(5, CS_STREAM_OUT, "", 0); /* what was typed is nowhere */
	told(6, CS_STREAM_OUT, "two", 0);
	for (unsigned i = 0; i < saw.seen.n_calls; i++)
		assert_null(memmem(saw.seen.calls[i].payload, saw.seen.calls[i].len, "password", 8));
}

/* Kills: end in stand_still and pass_piece; ended. */
static void test_sudo_watch_required_is_ended(void **state)
{
	struct io_plugin *plugin = begin(CS_WATCH_REQUIRED, PLAY(SUBMIT, STREAM(&looked_at), STREAM(&looked_at), STREAM(&alone),
		ATTEND(&ended)));

	(void)state;
	assert_int_equal(saw.open, 1);
	assert_int_equal(shows(plugin, "one"), 0);
	assert_non_null(strstr(said(), "ended by bob: no\\x1B[2J"));
	assert_int_equal(shows(plugin, "two"), 0); /* nothing is asked any more */
	end(plugin);
	assert_int_equal(saw.seen.n_calls, 5);
}

/* Kills: the error of tell_now in open_required. */
static void test_sudo_watch_required_and_not_attended_to(void **state)
{
	(void)state;
	begin(CS_WATCH_REQUIRED, PLAY(SUBMIT, { .call = CS_CALL_STREAM, .act = FAKE_ERROR, .error = CS_EPERM, .text = "" }));
	assert_int_equal(saw.open, -1);
	assert_non_null(strstr(saw.errstr, "sudo_countersign_attend before this one"));
	end(shower());
}

/* A daemon that is gone is nobody who looks. Kills: until_ms in stand_still. */
static void test_sudo_watch_required_without_a_daemon(void **state)
{
	struct io_plugin *plugin = begin(CS_WATCH_REQUIRED, PLAY(SUBMIT, STREAM(&looked_at), STREAM(&looked_at)));
	uint64_t since = cs_boot_ms();

	(void)state;
	assert_int_equal(saw.open, 1);
	kill_daemon();
	assert_int_equal(shows(plugin, "one"), 0);
	assert_true(cs_boot_ms() - since >= 1000);
	assert_non_null(strstr(said(), "countersignd does not answer"));
	end(plugin);
}

static void on_signal(int number)
{
	(void)number;
}

/* A signal that ends sudo's command ends the wait; one that does not, does not. Kills: ending; the mask. */
static void test_sudo_watch_required_hears_signals(void **state)
{
	static const struct {
		int number;
		const char *says;
	} signals[] = { { SIGTERM, "interrupted" }, { SIGALRM, "interrupted" }, { SIGWINCH, "nobody can look on" },
		{ SIGCHLD, "nobody can look on" } };
	const struct sigaction action = { .sa_handler = on_signal };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(signals); i++) {
		struct io_plugin *plugin = begin(CS_WATCH_REQUIRED, PLAY(SUBMIT, STREAM(&looked_at), STREAM(&looked_at),
			STREAM(&alone), { .call = CS_CALL_ATTEND, .act = FAKE_SILENT }));
		struct sigaction before;
		sigset_t one, mask;

		assert_int_equal(sigaction(signals[i].number, &action, &before), 0);
		assert_int_equal(saw.open, 1);
		/* It comes before the wait, which is the same: it is held until then. */
		(void)sigemptyset(&one);
		(void)sigaddset(&one, signals[i].number);
		assert_int_equal(sigprocmask(SIG_BLOCK, &one, NULL), 0);
		assert_int_equal(raise(signals[i].number), 0);
		assert_int_equal(shows(plugin, "one"), 0);
		assert_non_null(strstr(said(), signals[i].says));
		assert_int_equal(sigprocmask(SIG_UNBLOCK, &one, &mask), 0);
		assert_int_equal(sigismember(&mask, SIGHUP), 0); /* as it was before */
		assert_int_equal(sigaction(signals[i].number, &before, NULL), 0);
		end(plugin);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sudo_watch_nobody_looks_on),
		cmocka_unit_test(test_sudo_watch_never_waits),
		cmocka_unit_test(test_sudo_watch_allowed_outlives_the_daemon),
		cmocka_unit_test(test_sudo_watch_required_waits),
		cmocka_unit_test(test_sudo_watch_required_is_ended),
		cmocka_unit_test(test_sudo_watch_required_and_not_attended_to),
		cmocka_unit_test(test_sudo_watch_required_without_a_daemon),
		cmocka_unit_test(test_sudo_watch_required_hears_signals),
	};

	pid_t child = fork();
	int status = 1;

	/* Without a terminal, so that what is said there can be read. */
	if (child > 0)
		return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	if (child < 0 || setsid() < 0 || pipe(came) != 0 || pipe2(errors, O_NONBLOCK | O_CLOEXEC) != 0 ||
		(stderr_fd = dup(STDERR_FILENO)) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
