/* SPDX-License-Identifier: Apache-2.0 */
/* The I/O plugin that attends to a command, loaded and called as sudo does, in a loop that is sudo's but for its clock: a
 * timer is noted, and is over at once. Nothing that a daemon does ends the command but the word that says so. */
#include "clock.h"
#include "decisions.h"
#include "mem.h"
#include "plugin.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sudo_plugin.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MANY 8

struct scene {
	const struct fake_step *steps;
	size_t n_steps;
	unsigned turns; /* of the loop, at most; an end is the last in any case */
	bool unguarded; /* nobody was asked about the command */
	bool dies;      /* the daemon, once the command runs */
	bool full;      /* nobody reads standard error */
	bool suspended; /* instead of the loop: sudo stops, and goes on once an answer is there */
	bool no_loop;
	const char *argument;
	unsigned version;
};

static struct {
	int open;
	bool ended;
	unsigned n_waits, events;
	long waits[MANY]; /* seconds */
	char said[4096];
	const char *errstr;
	struct fake_seen seen;
} saw;

/* --- sudo's loop -------------------------------------------------------------------------------------------------- */

struct event {
	struct sudo_plugin_event functions;
	sudo_plugin_ev_callback_t callback;
	void *closure;
	int fd, what;
	bool added, timed;
	struct timespec timeout;
};

static struct event loop[MANY];

static struct event *event_of(struct sudo_plugin_event *functions)
{
	return (struct event *)functions; /* the first of its fields */
}

static int event_set(struct sudo_plugin_event *functions, int fd, int what, sudo_plugin_ev_callback_t callback, void *closure)
{
	struct event *event = event_of(functions);

	assert_false(event->added);
	event->fd = fd;
	event->what = what;
	event->callback = callback;
	event->closure = closure;
	return 1;
}

static int event_add(struct sudo_plugin_event *functions, struct timespec *timeout)
{
	struct event *event = event_of(functions);

	assert_non_null(event->callback);
	event->added = true;
	event->timed = timeout != NULL;
	if (timeout != NULL)
		event->timeout = *timeout;
	return 1;
}

static int event_del(struct sudo_plugin_event *functions)
{
	event_of(functions)->added = false;
	return 1;
}

static void event_free(struct sudo_plugin_event *functions)
{
	assert_true(saw.events > 0);
	saw.events--;
	event_of(functions)->added = false;
}

static struct sudo_plugin_event *event_make(void)
{
	static const struct sudo_plugin_event functions = { .set = event_set, .add = event_add, .del = event_del,
		.free = event_free };

	assert_true(saw.events < MANY);
	loop[saw.events] = (struct event){ .functions = functions, .fd = -1 };
	return &loop[saw.events++].functions;
}

static void fire(struct event *event, int what)
{
	event->added = event->added && (event->what & SUDO_PLUGIN_EV_PERSIST) != 0;
	event->callback(event->fd, what, event->closure);
}

static bool fire_timer(void)
{
	for (size_t i = 0; i < saw.events; i++) {
		if (!loop[i].added || !loop[i].timed)
			continue;
		assert_true(saw.n_waits < MANY);
		saw.waits[saw.n_waits++] = (long)loop[i].timeout.tv_sec;
		fire(&loop[i], SUDO_PLUGIN_EV_TIMEOUT);
		return true;
	}
	return false;
}

static bool fire_readable(void)
{
	for (size_t i = 0; i < saw.events; i++) {
		struct pollfd p = { .fd = loop[i].fd, .events = POLLIN };

		if (!loop[i].added)
			continue;
		assert_int_equal(poll(&p, 1, -1), 1);
		fire(&loop[i], SUDO_PLUGIN_EV_READ);
		return true;
	}
	return false;
}

/* SIGALRM is blocked here, and so is kept. */
static bool is_ended(void)
{
	struct itimerval left = { 0 };
	sigset_t pending;

	assert_int_equal(getitimer(ITIMER_REAL, &left), 0);
	if (left.it_value.tv_sec != 0 || left.it_value.tv_usec != 0)
		return true;
	sigemptyset(&pending);
	assert_int_equal(sigpending(&pending), 0);
	return sigismember(&pending, SIGALRM) == 1;
}

static void take_alarm(void)
{
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	while (sigwaitinfo(&alarm, NULL) < 0)
		assert_int_equal(errno, EINTR);
}

/* --- A small sudo ------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static int print(int type, const char *format, ...)
{
	(void)type;
	(void)format;
	return 1;
}

/* What the approval plugin of this process is told to release. */
static void release(const struct fake *fake)
{
	char *settings[] = { T("progname=sudo"), NULL }, *user[] = { T("user=games"), T("uid=5"), T("gid=60"),
		T("groups=60"), T("cwd=/usr"), NULL };
	char *command[] = { T("command=/usr/bin/true"), T("runas_uid=0"), T("runas_gid=0"), T("runas_groups=0"),
		NULL };
	char *argv[] = { T("true"), NULL }, *none[] = { NULL };
	static char socket[160], server[40]; /* sudo's own stay as well */
	char *options[] = { socket, server, NULL };
	const struct approval_plugin *plugin = plugin_symbol("sudo_countersign");
	const char *errstr = NULL;

	(void)snprintf(socket, sizeof(socket), "socket=%s", fake->path);
	(void)snprintf(server, sizeof(server), "server_uid=%u", (unsigned)geteuid());
	assert_int_equal(plugin->open(SUDO_API_MKVERSION(1, 20), NULL, print, settings, user, 1, argv, none, options, &errstr),
		1);
	assert_int_equal(plugin->check(command, argv, none, &errstr), 1);
	plugin->close();
}

static unsigned children(void)
{
	unsigned n = 0;
	int pid = 0;
	FILE *file = NULL;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "r");
	assert_non_null(file);
	while (fscanf(file, "%d", &pid) == 1)
		n++;
	(void)fclose(file);
	return n;
}

/* Stopped, and woken by whatever the daemon says. */
static void suspend(const struct io_plugin *plugin)
{
	struct pollfd p = { .fd = loop[0].fd, .events = POLLIN };
	const char *errstr = NULL;

	assert_int_equal(plugin->log_suspend(SIGTSTP, &errstr), 1);
	assert_int_equal(children(), 2);
	assert_int_equal(poll(&p, 1, -1), 1);
	assert_int_equal(plugin->log_suspend(SIGCONT, &errstr), 1);
	assert_int_equal(children(), 1); /* the daemon; what woke sudo is gone */
}

static void play_loop(const struct scene *scene, struct fake *fake)
{
	const struct io_plugin *plugin = plugin_symbol("sudo_countersign_attend");

	if (scene->dies)
		fake_kill(fake);
	if (scene->suspended)
		suspend(plugin);
	for (unsigned i = 0; i < scene->turns && !is_ended(); i++)
		if (!fire_timer() && !fire_readable())
			break;
	saw.ended = is_ended();
	if (saw.ended)
		take_alarm();
}

static void call_plugin(const struct scene *scene, struct fake *fake)
{
	struct io_plugin *plugin = plugin_symbol("sudo_countersign_attend");
	char *user[] = { T("user=games"), T("tty=/dev/pts/9"), NULL }, *none[] = { NULL };
	char *options[] = { (char *)(uintptr_t)scene->argument, NULL };

	assert_int_equal(plugin->type, SUDO_IO_PLUGIN);
	plugin->event_alloc = scene->no_loop ? NULL : event_make;
	saw.open = plugin->open(scene->version != 0 ? scene->version : SUDO_API_MKVERSION(1, 20), NULL, print, none, user,
		none, 0, none, none, scene->argument != NULL ? options : NULL, &saw.errstr);
	if (saw.open == 1)
		play_loop(scene, fake);
	plugin->close(0, 0);
	assert_int_equal(saw.events, 0);
}

/* Standard error is a pipe meanwhile. */
static void capture(const struct scene *scene, struct fake *fake)
{
	int ends[2], before = dup(STDERR_FILENO);
	char full[4096] = { 0 };

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	while (scene->full && write(ends[1], full, sizeof(full)) > 0)
		;
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	assert_int_not_equal(dup2(ends[1], STDERR_FILENO), -1);
	call_plugin(scene, fake);
	assert_int_not_equal(dup2(before, STDERR_FILENO), -1);
	if (!scene->full)
		(void)!read(ends[0], saw.said, sizeof(saw.said) - 1);
	close(before);
	close(ends[0]);
	close(ends[1]);
}

static struct cs_decision released = { .verdict = CS_PERMIT, .reason = CS_WHY_APPROVED, .number = 4711, .id = { 0xa1, 0xa2 },
	.attend = true };

static int play(struct scene scene)
{
	struct fake_step steps[MANY] = { ANSWER(CS_CALL_SUBMIT, scene.unguarded ? &d_permit : &released) };
	struct fake_options how = { .steps = steps, .n_steps = scene.n_steps + 1, .listen_as = geteuid() };
	struct fake fake;

	assert_true(scene.n_steps < MANY);
	plugin_unload();
	for (size_t i = 0; i < scene.n_steps; i++)
		steps[i + 1] = scene.steps[i];
	memset(&saw, 0, sizeof(saw));
	fake_start(&fake, &how);
	release(&fake);
	capture(&scene, &fake);
	saw.seen = *fake.seen;
	fake_stop(&fake);
	assert_int_equal(saw.seen.unexpected, 0);
	return saw.open;
}

/* The nth call but one: the first is the submit. */
static struct cs_attend attend_of(unsigned n)
{
	struct fake fake = { .seen = &saw.seen };
	struct cs_attend call = { 0 };

	assert_int_equal(saw.seen.calls[n].type, CS_CALL_ATTEND);
	fake_call(&fake, n, &call);
	cs_free_str(&call.tty);
	return call;
}

static struct cs_attend_answer end_now = { .version = 2, .end = true, .reason = CS_WHY_ENDED, .text = T("ended by bob: \033[2J") },
	news = { .version = 9, .watchers = 1, .text = T("") };

#define ATTEND(r) ANSWER(CS_CALL_ATTEND, r)

/* --- What is attended to ------------------------------------------------------------------------------------------ */

/* Kills: open that says 1 where nothing was released, which costs every sudo. */
static void test_attend_only_what_a_request_released(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.unguarded = true)), 0);
	assert_int_equal(saw.events, 0);
	assert_int_equal(saw.seen.connections, 1);
}

/* Kills: a plugin that is set up wrongly and says 0, so that the command runs and nobody attends. */
static void test_attend_refuses_what_it_cannot_attend_to(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.argument = "socket=/x")), -1);
	assert_non_null(strstr(saw.errstr, "takes no arguments"));
	assert_int_equal(play(SCENE(.version = SUDO_API_MKVERSION(2, 0))), -1);
	assert_int_equal(play(SCENE(.no_loop = true)), -1);
	assert_non_null(strstr(saw.errstr, "no event loop"));
}

static void test_attend_says_what_runs(void **state)
{
	uint64_t before = cs_boot_ms();
	struct cs_attend call;

	(void)state;
	assert_int_equal(play(SCENE(.turns = 8, STEPS(ATTEND(&end_now)))), 1);
	call = attend_of(1);
	assert_int_equal(call.kind, CS_ATTEND_COMMAND);
	assert_int_equal(call.number, 4711);
	assert_memory_equal(call.id, released.id, CS_ID_LEN);
	assert_int_equal(call.pid, getpid());
	assert_true(call.since_boot_ms >= before && call.since_boot_ms <= cs_boot_ms());
	assert_int_equal(call.seen, 0);
	assert_int_equal(call.wait_ms, 0); /* or sudo, stopped, would be woken by nothing */
}

/* --- The end ------------------------------------------------------------------------------------------------------ */

/* Kills: end without its timer; a text that is not escaped. */
static void test_attend_ends_when_it_is_told_to(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.turns = 8, STEPS(ATTEND(&end_now)))), 1);
	assert_true(saw.ended);
	assert_non_null(strstr(saw.said, "countersign: request 4711: ended by bob: \\x1B[2J"));
	assert_null(strchr(saw.said, '\033'));
}

/* Kills: on_readable that ends whatever the answer says; seen that stays, with which the daemon would answer at once for ever. */
static void test_attend_goes_on_with_news(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.turns = 2, STEPS(ATTEND(&news), { .call = CS_CALL_ATTEND, .act = FAKE_SILENT }))), 1);
	assert_false(saw.ended);
	assert_string_equal(saw.said, "");
	assert_int_equal(play(SCENE(.turns = 8, STEPS(ATTEND(&news), ATTEND(&end_now)))), 1);
	assert_true(saw.ended);
	assert_int_equal(attend_of(2).seen, 9);
	assert_int_equal(saw.seen.connections, 2);
}

/* Kills: a text that waits for whoever does not read it. */
static void test_attend_waits_for_no_reader(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.turns = 8, .full = true, STEPS(ATTEND(&end_now)))), 1);
	assert_true(saw.ended);
}

/* --- A daemon that is not well ------------------------------------------------------------------------------------ */

/* It is asked again, on a connection of its own, 2 seconds later, and says it then. Kills: lose that ends the command, or that
 * does not ask again; a half-read answer that is believed. */
static void test_attend_asks_again(void **state)
{
	static const enum fake_act acts[] = { FAKE_CLOSE, FAKE_GARBAGE, FAKE_OTHER_TYPE };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(acts); i++) {
		assert_int_equal(play(SCENE(.turns = 8,
			STEPS({ .call = CS_CALL_ATTEND, .act = acts[i], .reply = &end_now }, ATTEND(&news), ATTEND(&end_now)))), 1);
		assert_true(saw.ended);
		assert_int_equal(saw.n_waits, 2);
		assert_int_equal(saw.waits[0], 0); /* the first turn */
		assert_int_equal(saw.waits[1], 2);
		assert_int_equal(saw.seen.connections, 3);
		assert_int_equal(attend_of(1).since_boot_ms, attend_of(2).since_boot_ms);
		assert_int_equal(attend_of(2).seen, 0); /* of another connection */
	}
}

/* Kills: 2 seconds for what was refused in words. */
static void test_attend_asks_later_where_it_was_refused(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.turns = 8, STEPS({ .call = CS_CALL_ATTEND, .act = FAKE_ERROR, .error = CS_EPERM,
		.text = "nothing was released by that request" }, ATTEND(&end_now)))), 1);
	assert_true(saw.ended);
	assert_int_equal(saw.waits[1], 30);
}

/* Half of an answer, and then nothing: the loop waits for the rest. Kills: CS_EBUSY that is taken for a failure. */
static void test_attend_half_an_answer_is_none(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.turns = 2, STEPS({ .call = CS_CALL_ATTEND, .act = FAKE_CUT, .reply = &end_now }))), 1);
	assert_false(saw.ended);
	assert_int_equal(saw.n_waits, 1);
}

/* Again and again, every 2 seconds, and the command goes on. */
static void test_attend_without_a_daemon_ends_nothing(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.turns = 7, .dies = true, STEPS({ .call = CS_CALL_ATTEND, .act = FAKE_SILENT }))), 1);
	assert_false(saw.ended);
	assert_true(saw.n_waits >= 5);
	for (unsigned i = 1; i < saw.n_waits; i++)
		assert_int_equal(saw.waits[i], 2);
}

/* --- Stopped ------------------------------------------------------------------------------------------------------ */

/* What was said while it was stopped counts before the loop goes on; and what woke it is gone. Kills: look in on_suspend. */
static void test_attend_ends_before_it_stops_again(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.turns = 0, .suspended = true, STEPS(ATTEND(&end_now)))), 1);
	assert_true(saw.ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attend_only_what_a_request_released),
		cmocka_unit_test(test_attend_refuses_what_it_cannot_attend_to),
		cmocka_unit_test(test_attend_says_what_runs),
		cmocka_unit_test(test_attend_ends_when_it_is_told_to),
		cmocka_unit_test(test_attend_goes_on_with_news),
		cmocka_unit_test(test_attend_waits_for_no_reader),
		cmocka_unit_test(test_attend_asks_again),
		cmocka_unit_test(test_attend_asks_later_where_it_was_refused),
		cmocka_unit_test(test_attend_half_an_answer_is_none),
		cmocka_unit_test(test_attend_without_a_daemon_ends_nothing),
		cmocka_unit_test(test_attend_ends_before_it_stops_again),
	};
	int status = 0;
	pid_t child = fork();
	sigset_t alarm;

	/* Without a terminal, whoever started it. */
	if (child > 0)
		return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	if (child < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setsid() < 0 || sigprocmask(SIG_BLOCK, &alarm, NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
