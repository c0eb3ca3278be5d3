/* SPDX-License-Identifier: Apache-2.0 */
/* A sudo I/O plugin that sees no I/O: as long as the command runs it keeps a connection to the daemon, and ends the command
 * when it is told to. It has none of the functions that log what passes, so that sudo uses no terminal of its own where
 * sudoers wants none; and where there is nothing to attend to open says 0, and sudo goes on as if it were not there. */
#include "attend.h"
#include "clock.h"
#include "input.h"
#include "mem.h"
#include "released.h"
#include "steady.h"
#include "text.h"
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sudo_plugin.h>
#include <sys/time.h>
#include <unistd.h>

#define CONNECT_MS   200u /* in sudo's own loop: the command's output waits meanwhile */
#define AGAIN_S      2
#define REFUSED_S    30
#define BLIND_MS     2000 /* so long sudo stays stopped where no daemon could wake it */

extern struct io_plugin sudo_countersign_attend;

/* One sudo process attends to one command. */
static struct attending {
	struct cs_sudo_released released;
	struct cs_attend attend;
	struct cs_client *client;
	struct sudo_plugin_event *readable, *again, *alone;
	bool ends;        /* it was told to, and the command was */
	bool edits;       /* sudoedit */
	pid_t waker;      /* while sudo is stopped; else 0 or -1 */
	bool is_alone;    /* somebody has to look on, and there is no daemon to show it */
	char *watched_by; /* as the person was told */
	char tty[CS_MAX_NAME + 1];
} attending;

static void on_readable(int fd, int what, void *closure);

/* Where somebody has to look on nobody can without the daemon: that lasts as long as the gate takes it. */
static void be_alone(struct attending *self)
{
	struct timespec grace = { .tv_sec = (time_t)(self->released.watch_grace_ms / 1000) };

	if (self->released.watch != CS_WATCH_REQUIRED || self->is_alone)
		return;
	self->is_alone = self->alone->add(self->alone, &grace) == 1;
}

/* The connection that went wrong is closed. The command goes on: a daemon that does not answer ends nothing else. */
static void lose(struct attending *self, int seconds)
{
	struct timespec when = { .tv_sec = seconds };

	be_alone(self);
	(void)self->readable->del(self->readable);
	cs_client_close(&self->client);
	(void)self->again->add(self->again, &when);
}

static int ask(struct attending *self)
{
	return cs_client_send(self->client, CS_CALL_ATTEND, &self->attend, -1);
}

static void begin(struct attending *self)
{
	int r = cs_client_open(&self->released.options, &self->client, NULL);

	self->attend.seen = 0;
	if (r == 0)
		r = ask(self);
	if (r == 0 && (self->readable->set(self->readable, cs_client_fd(self->client),
		SUDO_PLUGIN_EV_READ | SUDO_PLUGIN_EV_PERSIST, on_readable, self) != 1 ||
		self->readable->add(self->readable, NULL) != 1))
		r = CS_EIO;
	if (r < 0)
		lose(self, AGAIN_S);
}

/* The first time this is the first turn of sudo's loop: the command was just started. */
static void on_again(int fd, int what, void *closure)
{
	struct attending *self = closure;

	(void)fd;
	(void)what;
	cs_steady_limits();
	if (self->client == NULL)
		begin(self);
}

/* The session's time is over now. sudo takes SIGALRM for the end of command_timeout: it says so to the command with HUP and
 * TERM, and two seconds later with KILL. The connection stays until the command is gone. */
static void end(struct attending *self, const struct cs_attend_answer *answer)
{
	const struct itimerval now = { .it_value = { .tv_usec = 1 } };
	char *reason = cs_escaped(answer->text != NULL ? answer->text : "");
	char *text = NULL;

	self->ends = true;
	(void)self->readable->del(self->readable);
	/* Not cs_limit_session: a timer of that kind can be refused to whoever has no signal left to wait for (RLIMIT_SIGPENDING). */
	(void)setitimer(ITIMER_REAL, &now, NULL);
	if (cs_format(&text, "\r\ncountersign: request %llu: %s\r\n", (unsigned long long)self->attend.number,
		reason != NULL ? reason : "ended") == 0)
		cs_steady_say(text);
	cs_free_str(&text);
	cs_free_str(&reason);
}

static void on_alone(int fd, int what, void *closure)
{
	static char text[] = "ended: countersignd does not answer, so nobody can look on";
	const struct cs_attend_answer answer = { .text = text };

	(void)fd;
	(void)what;
	end(closure, &answer);
}

/* Whoever is looked at is told. */
static void tell_watchers(struct attending *self, const struct cs_attend_answer *answer)
{
	const char *names = answer->watched_by != NULL ? answer->watched_by : "";
	char *shown = cs_escaped(names), *text = NULL;

	if (strcmp(names, self->watched_by != NULL ? self->watched_by : "") != 0 &&
		cs_format(&text, "\r\ncountersign: request %llu: %s%s\r\n", (unsigned long long)self->attend.number,
			*names == '\0' || shown == NULL ? "" : shown,
			*names == '\0' ? "nobody looks on any more" : shown == NULL ? "somebody looks on" : " looks on") == 0)
		cs_steady_say(text);
	cs_free_str(&shown);
	cs_free_str(&text);
	(void)cs_set(&self->watched_by, names);
}

static void heard(struct attending *self, const struct cs_attend_answer *answer)
{
	if (self->is_alone)
		(void)self->alone->del(self->alone);
	self->is_alone = false;
	tell_watchers(self, answer);
}

static void on_readable(int fd, int what, void *closure)
{
	struct attending *self = closure;
	struct cs_attend_answer answer = { 0 };
	char *text = NULL;
	int r = cs_client_finish(self->client, &answer, &text);

	(void)fd;
	(void)what;
	if (r == CS_EBUSY && text == NULL)
		return;
	if (r == 0)
		heard(self, &answer);
	if (r == 0 && answer.end) {
		end(self, &answer);
	} else {
		self->attend.seen = answer.version;
		if (r == 0)
			r = ask(self);
		if (r < 0)
			lose(self, text != NULL ? REFUSED_S : AGAIN_S);
	}
	cs_free_str(&text);
	cs_clear(&cs_attend_answer_shape, &answer);
}

/* Whatever came before it stopped, or while it was, counts before anything else does. */
static void look(struct attending *self)
{
	struct pollfd p = { .fd = cs_client_fd(self->client), .events = POLLIN };

	if (!self->ends && poll(&p, 1, 0) == 1)
		on_readable(p.fd, SUDO_PLUGIN_EV_READ, self);
}

int cs_sudo_attend_fd(void)
{
	return attending.ends ? -1 : cs_client_fd(attending.client);
}

void cs_sudo_attend_hear(void)
{
	look(&attending);
}

int cs_sudo_attend_ends(void)
{
	look(&attending);
	return attending.ends;
}

/* Before sudo stops itself, as it does when its command is stopped, and after that (SIGCONT). Nobody but the person decides when
 * it goes on, and he can have the command go on alone: so an end wakes it. */
static int on_suspend(int signo, const char **errstr)
{
	struct attending *self = &attending;
	int fd = cs_client_fd(self->client);

	(void)errstr;
	cs_steady_awake(&self->waker);
	if (signo == SIGCONT)
		look(self);
	else
		(void)cs_steady_wake(self->ends ? -1 : fd, self->ends ? 0 : fd == -1 ? BLIND_MS : -1, &self->waker);
	return 1;
}

static void tty_of(char *const user_info[], char ret_tty[CS_MAX_NAME + 1])
{
	for (size_t i = 0; user_info != NULL && user_info[i] != NULL; i++)
		if (strncmp(user_info[i], "tty=", 4) == 0 && strlen(user_info[i] + 4) <= CS_MAX_NAME)
			memcpy(ret_tty, user_info[i] + 4, strlen(user_info[i] + 4) + 1);
}

static int make_events(struct attending *self)
{
	struct sudo_plugin_event *(*make)(void) = sudo_countersign_attend.event_alloc;

	if (make == NULL)
		return CS_EVERSION;
	self->readable = make();
	self->again = make();
	self->alone = make();
	if (self->readable == NULL || self->again == NULL || self->alone == NULL ||
		self->alone->set(self->alone, -1, SUDO_PLUGIN_EV_TIMEOUT, on_alone, self) != 1 ||
		self->again->set(self->again, -1, SUDO_PLUGIN_EV_TIMEOUT, on_again, self) != 1)
		return CS_ENOMEM;
	return 0;
}

static void forget(struct attending *self)
{
	struct sudo_plugin_event *events[] = { self->readable, self->again, self->alone };

	for (size_t i = 0; i < CS_COUNT(events); i++)
		if (events[i] != NULL)
			events[i]->free(events[i]);
	cs_client_close(&self->client);
	cs_free_str(&self->watched_by);
	cs_steady_awake(&self->waker);
	memset(self, 0, sizeof(*self));
}

/* 1: it attends; 0: nothing to attend to; -1: sudo ends, and nothing runs. */
static int open_attend(unsigned int version, sudo_conv_t conversation, sudo_printf_t sudo_plugin_printf,
	char *const settings[], char *const user_info[], char *const command_info[], int argc, char *const argv[],
	char *const user_env[], char *const plugin_options[], const char **errstr)
{
	struct timespec at_once = { 0 };
	struct attending *self = &attending;
	int r = 0;

	(void)conversation;
	(void)sudo_plugin_printf;
	(void)argc;
	(void)argv;
	(void)user_env;
	if (plugin_options != NULL && plugin_options[0] != NULL) {
		*errstr = "countersign: sudo_countersign_attend takes no arguments in sudo.conf";
		return -1;
	}
	forget(self);
	self->released = cs_sudo_released();
	if (self->released.number == 0)
		return 0;
	self->released.options.connect_ms = CONNECT_MS;
	self->edits = cs_sudo_edits(settings, command_info) == 1;
	tty_of(user_info, self->tty);
	self->attend = (struct cs_attend){ .kind = CS_ATTEND_COMMAND, .number = self->released.number, .tty = self->tty,
		.pid = (uint32_t)getpid(), .since_boot_ms = cs_boot_ms() };
	memcpy(self->attend.id, self->released.id, CS_ID_LEN);
	r = SUDO_API_VERSION_GET_MAJOR(version) == SUDO_API_VERSION_MAJOR ? make_events(self) : CS_EVERSION;
	if (r < 0) {
		*errstr = "countersign: what runs could not be attended to: this sudo has no event loop for plugins";
		forget(self);
		return -1;
	}
	begin(self);
	(void)self->again->add(self->again, &at_once);
	return 1;
}

/* Its timer, which another module has set in this process, may have told it before the daemon did. */
static bool is_over(const struct attending *self)
{
	uint64_t lasts_ms = self->released.session_ms;

	return lasts_ms != 0 && cs_boot_ms() - self->attend.since_boot_ms >= lasts_ms;
}

/* The editor is gone, and sudoedit installs whatever it left next, however it ended. There is no other word to sudo from here that
 * keeps it from that. */
static void keep_from_installing(struct attending *self)
{
	char *text = NULL;

	if (!self->edits || (cs_sudo_attend_ends() == 0 && !is_over(self)))
		return;
	if (cs_format(&text, "countersign: request %llu: ended, so nothing was installed; what was written is left in /var/tmp\n",
		(unsigned long long)self->attend.number) == 0)
		cs_steady_say(text);
	_exit(1);
}

static void close_attend(int exit_status, int error)
{
	(void)exit_status;
	(void)error;
	keep_from_installing(&attending);
	forget(&attending);
}

static int show_version(int verbose)
{
	(void)verbose;
	return 1;
}

/* sudo fills in event_alloc. */
__attribute__((visibility("default"))) struct io_plugin sudo_countersign_attend = {
	.type = SUDO_IO_PLUGIN,
	.version = SUDO_API_VERSION,
	.open = open_attend,
	.close = close_attend,
	.show_version = show_version,
	.log_suspend = on_suspend,
};
