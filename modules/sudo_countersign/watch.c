/* SPDX-License-Identifier: Apache-2.0 */
/* A sudo I/O plugin that shows what passes over the terminal to those who look on. Where nobody is to look on open says 0, and
 * sudo runs as if it were not there. Where somebody may, what is shown goes to the daemon as fast as it takes it, and
 * nothing waits. Where somebody has to, nothing passes while nobody does. What is typed is never shown. */
#include "clock.h"
#include "mem.h"
#include "released.h"
#include "steady.h"
#include "text.h"
#include "watch_wait.h"
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sudo_plugin.h>
#include <unistd.h>

#define CONNECT_MS  200u   /* in sudo's own loop: the command's output waits meanwhile */
#define CALL_MS     2000u
#define AGAIN_S     2
#define KEPT_BYTES  (128u * 1024u) /* what the daemon did not take yet; older bytes are left out */

extern struct io_plugin sudo_countersign_watch;

static struct watching {
	struct cs_sudo_released released;
	struct cs_client *client;
	uint32_t pid, lines, columns;
	bool size_told; /* on this connection */
	bool sent;      /* a call is under way (allowed) */
	bool ended;
	struct cs_buf kept;
	uint64_t left_out; /* in front of what is kept */
	struct sudo_plugin_event *readable, *again;
} watching;

static struct cs_stream stream_of(const struct watching *self, enum cs_stream_kind kind)
{
	struct cs_stream call = { .number = self->released.number, .pid = self->pid, .kind = kind, .lines = self->lines,
		.columns = self->columns };

	memcpy(call.id, self->released.id, CS_ID_LEN);
	return call;
}

/* Never waits for the terminal, which its owner can stop. */
static void say(const struct watching *self, const char *text)
{
	char *line = NULL;

	if (cs_format(&line, "\r\ncountersign: request %llu %s\r\n", (unsigned long long)self->released.number, text) == 0)
		cs_steady_say(line);
	cs_free_str(&line);
}

/* --- Others may look on ---------------------------------------------------------------------------------------------- */

static void lose(struct watching *self)
{
	struct timespec when = { .tv_sec = AGAIN_S };

	(void)self->readable->del(self->readable);
	cs_client_close(&self->client);
	self->sent = self->size_told = false;
	(void)self->again->add(self->again, &when);
}

static int send_next(struct watching *self)
{
	struct cs_stream call = stream_of(self, self->size_told ? CS_STREAM_OUT : CS_STREAM_SIZE);
	int r = 0;

	if (self->size_told) {
		call.left_out = self->left_out;
		call.bytes = self->kept.data;
		call.n_bytes = self->kept.len < CS_MAX_STREAM ? self->kept.len : CS_MAX_STREAM;
		if (call.n_bytes == 0)
			return 0;
	}
	r = cs_client_send(self->client, CS_CALL_STREAM, &call, -1);
	if (r < 0)
		return r;
	self->sent = true;
	if (self->size_told) {
		cs_buf_consume(&self->kept, call.n_bytes);
		self->left_out = 0;
	}
	self->size_told = true;
	return 0;
}

static void on_readable(int fd, int what, void *closure)
{
	struct watching *self = closure;
	struct cs_attend_answer answer = { 0 };
	char *text = NULL;
	int r = cs_client_finish(self->client, &answer, &text);

	(void)fd;
	(void)what;
	if (r == CS_EBUSY && text == NULL)
		return;
	self->sent = false;
	if (r == 0)
		r = send_next(self);
	if (r < 0)
		lose(self);
	cs_free_str(&text);
	cs_clear(&cs_attend_answer_shape, &answer);
}

static void begin(struct watching *self)
{
	int r = cs_client_open(&self->released.options, &self->client, NULL);

	if (r == 0)
		r = send_next(self);
	if (r == 0 && (self->readable->set(self->readable, cs_client_fd(self->client),
		SUDO_PLUGIN_EV_READ | SUDO_PLUGIN_EV_PERSIST, on_readable, self) != 1 ||
		self->readable->add(self->readable, NULL) != 1))
		r = CS_EIO;
	if (r < 0)
		lose(self);
}

static void on_again(int fd, int what, void *closure)
{
	(void)fd;
	(void)what;
	begin(closure);
}

static void tell(struct watching *self, const char *bytes, size_t n)
{
	if (self->kept.len + n > KEPT_BYTES) {
		self->left_out += self->kept.len;
		cs_buf_consume(&self->kept, self->kept.len);
	}
	if (n > KEPT_BYTES || cs_buf_room(&self->kept, n) < 0) {
		self->left_out += n;
		return;
	}
	cs_buf_put(&self->kept, bytes, n);
	if (self->client != NULL && !self->sent && send_next(self) < 0)
		lose(self);
}

/* --- Others have to look on ------------------------------------------------------------------------------------------ */

/* What is shown now, or nothing; the size in front of it where that is not known yet. */
static int tell_now(struct watching *self, const char *bytes, size_t n, struct cs_attend_answer *ret_answer)
{
	struct cs_stream call = stream_of(self, self->size_told ? CS_STREAM_OUT : CS_STREAM_SIZE);
	int r = self->client != NULL ? 0 : cs_client_open(&self->released.options, &self->client, NULL);

	if (r == 0 && !self->size_told) {
		r = cs_client_call(self->client, CS_CALL_STREAM, &call, -1, CALL_MS, ret_answer, NULL);
		if (r < 0 || n == 0)
			goto out;
		cs_clear(&cs_attend_answer_shape, ret_answer);
		call.kind = CS_STREAM_OUT;
	}
	call.bytes = (uint8_t *)(uintptr_t)bytes;
	call.n_bytes = n;
	if (r == 0)
		r = cs_client_call(self->client, CS_CALL_STREAM, &call, -1, CALL_MS, ret_answer, NULL);
out:
	self->size_told = r == 0;
	if (r < 0)
		cs_client_close(&self->client);
	return r;
}

/* Until who looks on changes, or the time is over. The answer, or an error: then it is asked anew. */
static int wait_for_change(struct watching *self, uint64_t seen, uint64_t until_ms, struct cs_attend_answer *ret_answer)
{
	struct cs_attend call = { .kind = CS_ATTEND_NONE, .number = self->released.number, .seen = seen, .wait_ms = 60000 };
	int r = CS_EBUSY;

	memcpy(call.id, self->released.id, CS_ID_LEN);
	if (cs_client_send(self->client, CS_CALL_ATTEND, &call, -1) < 0)
		return CS_EUNAVAIL;
	while (r == CS_EBUSY && cs_boot_ms() < until_ms) {
		r = cs_watch_wait(cs_client_fd(self->client), until_ms);
		if (r == 0)
			r = cs_client_finish(self->client, ret_answer, NULL);
	}
	return r;
}

static int stop(struct watching *self, const char *text)
{
	char *shown = cs_escaped(text);

	if (!self->ended)
		say(self, shown != NULL ? shown : "ended");
	cs_free_str(&shown);
	self->ended = true;
	return 0;
}

/* Nobody looks on, or the daemon does not answer. 1: it may go on; 0: it ends. Says so once, and once that it goes on. */
static int stand_still(struct watching *self, const char *before, struct cs_attend_answer *answer, int r)
{
	uint64_t until_ms = cs_boot_ms() + self->released.watch_grace_ms;
	char *text = NULL;

	if (cs_format(&text, "%s until somebody looks on: countersign watch %llu (within %llu s)", before,
		(unsigned long long)self->released.number, (unsigned long long)self->released.watch_grace_ms / 1000) == 0)
		say(self, text);
	cs_free_str(&text);
	/* The daemon ends it at its time, which is in the record; where it does not, this does. */
	while (r < 0 || answer->pause) {
		uint64_t seen = answer->version, now = cs_boot_ms();

		if (r == 0 && answer->end)
			return stop(self, answer->text != NULL ? answer->text : "ended");
		if (now >= until_ms + (r == 0 ? CALL_MS : 0))
			return stop(self, r == 0 ? "ended: nobody looked on" : "ended: countersignd does not answer, so nobody can look on");
		cs_clear(&cs_attend_answer_shape, answer);
		if (r == 0)
			r = wait_for_change(self, seen, until_ms + CALL_MS, answer);
		else if (cs_watch_wait(-1, now + 1000 < until_ms ? now + 1000 : until_ms) == CS_EINTR)
			r = CS_EINTR;
		else
			r = tell_now(self, NULL, 0, answer);
		if (r == CS_EINTR)
			return stop(self, "ended: interrupted while nobody looked on");
		if (r < 0) {
			cs_client_close(&self->client);
			self->size_told = false;
		}
	}
	if (answer->end)
		return stop(self, answer->text != NULL ? answer->text : "ended");
	say(self, "goes on");
	return 1;
}

/* 1: what is shown may pass, and was told; 0: it ends. */
static int pass_piece(struct watching *self, const char *before, const char *bytes, size_t n)
{
	struct cs_attend_answer answer = { 0 };
	int r = tell_now(self, bytes, n, &answer);
	bool lost = r < 0;
	int passes = r == 0 && !answer.pause && !answer.end;

	if (r == 0 && answer.end)
		passes = stop(self, answer.text != NULL ? answer.text : "ended");
	else if (!passes)
		passes = stand_still(self, before, &answer, r);
	cs_clear(&cs_attend_answer_shape, &answer);
	if (passes && lost && n > 0) /* nobody has seen it yet */
		return pass_piece(self, before, bytes, n);
	return passes;
}

static int pass(struct watching *self, const char *before, const char *bytes, size_t n)
{
	sigset_t mask;
	int passes = 1;

	if (self->ended)
		return 0;
	cs_watch_hold_signals(&mask);
	do {
		size_t piece = n < CS_MAX_STREAM ? n : CS_MAX_STREAM;

		passes = pass_piece(self, before, bytes, piece);
		bytes = n > 0 ? bytes + piece : bytes;
		n -= piece;
	} while (passes == 1 && n > 0);
	cs_watch_let_signals(&mask);
	return passes;
}

/* --- What sudo calls ------------------------------------------------------------------------------------------------- */

static int log_out(const char *bytes, unsigned int n, const char **errstr)
{
	struct watching *self = &watching;

	(void)errstr;
	if (self->released.watch == CS_WATCH_REQUIRED)
		return n > 0 ? pass(self, "stands still", bytes, n) : 1;
	tell(self, bytes, n);
	return 1;
}

/* Nothing of it is told, but while nobody looks on nothing goes in. */
static int log_in(const char *bytes, unsigned int n, const char **errstr)
{
	(void)bytes;
	(void)n;
	(void)errstr;
	return pass(&watching, "stands still", NULL, 0);
}

static int change_winsize(unsigned int lines, unsigned int columns, const char **errstr)
{
	struct watching *self = &watching;

	(void)errstr;
	self->lines = lines;
	self->columns = columns;
	self->size_told = false;
	return 1;
}

static uint32_t number_of(char *const user_info[], const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; user_info != NULL && user_info[i] != NULL; i++)
		if (strncmp(user_info[i], name, len) == 0)
			return (uint32_t)strtoul(user_info[i] + len, NULL, 10);
	return 0;
}

static int make_events(struct watching *self)
{
	struct sudo_plugin_event *(*make)(void) = sudo_countersign_watch.event_alloc;

	if (make == NULL)
		return CS_EVERSION;
	self->readable = make();
	self->again = make();
	if (self->readable == NULL || self->again == NULL ||
		self->again->set(self->again, -1, SUDO_PLUGIN_EV_TIMEOUT, on_again, self) != 1)
		return CS_ENOMEM;
	return 0;
}

static void forget(struct watching *self)
{
	struct sudo_plugin_event *events[] = { self->readable, self->again };

	for (size_t i = 0; i < CS_COUNT(events); i++)
		if (events[i] != NULL)
			events[i]->free(events[i]);
	cs_client_close(&self->client);
	if (self->kept.data != NULL)
		explicit_bzero(self->kept.data, self->kept.len);
	cs_buf_clear(&self->kept);
	memset(self, 0, sizeof(*self));
}

/* The command is not started before somebody looks on. */
static int open_required(struct watching *self, const char **errstr)
{
	struct cs_attend_answer answer = { 0 };
	int r = tell_now(self, NULL, 0, &answer);

	cs_clear(&cs_attend_answer_shape, &answer);
	if (r < 0) {
		*errstr = "countersign: somebody has to look on while it runs, and countersignd cannot show it: sudo.conf has to "
			  "have the line of sudo_countersign_attend before this one";
		say(self, "is not started: it cannot be looked at");
		return -1;
	}
	if (pass(self, "waits to be started,", NULL, 0) == 1)
		return 1;
	*errstr = "countersign: nobody looked on, and the gate wants somebody who does";
	return -1;
}

/* 1: others look on; 0: nobody; -1: sudo ends, and nothing runs. */
static int open_watch(unsigned int version, sudo_conv_t conversation, sudo_printf_t sudo_plugin_printf,
	char *const settings[], char *const user_info[], char *const command_info[], int argc, char *const argv[],
	char *const user_env[], char *const plugin_options[], const char **errstr)
{
	struct watching *self = &watching;
	bool required = false;

	(void)conversation;
	(void)sudo_plugin_printf;
	(void)settings;
	(void)command_info;
	(void)argc;
	(void)argv;
	(void)user_env;
	if (plugin_options != NULL && plugin_options[0] != NULL) {
		*errstr = "countersign: sudo_countersign_watch takes no arguments in sudo.conf";
		return -1;
	}
	forget(self);
	self->released = cs_sudo_released();
	if (self->released.number == 0 || self->released.watch == CS_WATCH_NONE)
		return 0;
	required = self->released.watch == CS_WATCH_REQUIRED;
	self->released.options.connect_ms = CONNECT_MS;
	self->pid = (uint32_t)getpid();
	self->lines = number_of(user_info, "lines=");
	self->columns = number_of(user_info, "cols=");
	cs_buf_init(&self->kept, KEPT_BYTES);
	/* Nobody has to look on at what is typed; where somebody has to be there, it waits for him. */
	sudo_countersign_watch.log_ttyin = required ? log_in : NULL;
	sudo_countersign_watch.log_stdin = required ? log_in : NULL;
	if (SUDO_API_VERSION_GET_MAJOR(version) != SUDO_API_VERSION_MAJOR || make_events(self) < 0) {
		*errstr = "countersign: what runs could not be shown: this sudo has no event loop for plugins";
		forget(self);
		return -1;
	}
	if (required)
		return open_required(self, errstr);
	begin(self);
	return 1;
}

static void close_watch(int exit_status, int error)
{
	(void)exit_status;
	(void)error;
	forget(&watching);
}

static int show_version(int verbose)
{
	(void)verbose;
	return 1;
}

/* sudo fills in event_alloc. */
__attribute__((visibility("default"))) struct io_plugin sudo_countersign_watch = {
	.type = SUDO_IO_PLUGIN,
	.version = SUDO_API_VERSION,
	.open = open_watch,
	.close = close_watch,
	.show_version = show_version,
	.log_ttyout = log_out,
	.log_stdout = log_out,
	.log_stderr = log_out,
	.change_winsize = change_winsize,
};
