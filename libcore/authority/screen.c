/* SPDX-License-Identifier: Apache-2.0 */
/* What passes over the terminal of what runs: kept in memory, the last of it, for those who look on. */
#include "screen.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

#define GRACE_MS 60000 /* where the policy of now does not say */

/* --- By which rule -------------------------------------------------------------------------------------------------- */

enum cs_watch_rule stored_watch(const struct cs_authority *a, const struct cs_stored *stored)
{
	const struct cs_gate *gate = request_gate(a, &stored->request);
	enum cs_watch_rule then = stored->request.watch, now = gate ? cs_gate_watch(gate) : CS_WATCH_NONE;

	return now > then ? now : then;
}

uint64_t stored_watch_grace_ms(const struct cs_authority *a, const struct cs_stored *stored)
{
	const struct cs_gate *gate = request_gate(a, &stored->request);
	uint64_t ms = gate ? cs_gate_watch_grace_ms(gate) : 0;

	if (stored_watch(a, stored) != CS_WATCH_REQUIRED)
		return 0;
	return ms > 0 ? ms : GRACE_MS;
}

/* --- Coming and going ----------------------------------------------------------------------------------------------- */

int screen_open(struct task *task, struct session *session)
{
	struct cs_authority *a = task->authority;
	enum cs_watch_rule rule = stored_watch(a, &task->stored);
	struct screen *screen = NULL;

	if (rule == CS_WATCH_NONE || session->kind != CS_ATTEND_COMMAND)
		return 0;
	screen = calloc(1, sizeof(*screen));
	if (!screen)
		return CS_ENOMEM;
	screen->number = session->number;
	memcpy(screen->id, session->id, CS_ID_LEN);
	screen->pid = session->pid;
	screen->session = ++a->last_screen;
	screen->rule = rule;
	screen->grace_ms = stored_watch_grace_ms(a, &task->stored);
	screen->unwatched_ms = task->now.boot_ms;
	screen->next = a->screens;
	a->screens = screen;
	session->screen = screen;
	return 0;
}

static void forget_bytes(struct cs_authority *a, struct screen *screen)
{
	if (screen->bytes)
		explicit_bzero(screen->bytes, screen->room);
	free(screen->bytes);
	screen->bytes = NULL;
	a->screens_bytes -= screen->room;
	screen->room = screen->n_bytes = 0;
}

static void screen_free(struct cs_authority *a, struct screen *screen)
{
	struct screen **at = &a->screens;

	while (*at && *at != screen)
		at = &(*at)->next;
	if (*at)
		*at = screen->next;
	while (screen->watchers)
		watcher_drop(screen, screen->watchers);
	forget_bytes(a, screen);
	free(screen->text);
	free(screen);
}

void screens_free(struct cs_authority *a)
{
	while (a->screens)
		screen_free(a, a->screens);
}

void screen_reap(struct cs_authority *a, struct screen *screen)
{
	if (screen->over && !screen->watchers)
		screen_free(a, screen);
}

void screen_close(struct cs_authority *a, struct screen *screen, const struct session *session)
{
	screen->over = true;
	screen->stream = 0;
	screen->reason = session->reason;
	screen->text = cs_dup(session->text ? session->text : "the command is over");
	screen_shown(a, screen);
	screen_reap(a, screen);
}

void screen_shown(struct cs_authority *a, const struct screen *screen)
{
	if (a->options.events.shown && screen->watchers)
		a->options.events.shown(a->options.events.arg, screen->id);
}

void screen_changed(struct cs_authority *a, const struct screen *screen)
{
	for (struct session *s = session_of(a, screen->number, NULL); s; s = session_of(a, screen->number, s))
		if (s->screen == screen)
			s->version++;
}

/* --- What comes ------------------------------------------------------------------------------------------------------ */

/* Nothing of a terminal is left behind where it was. */
static int grow(struct cs_authority *a, struct screen *screen, size_t wanted)
{
	size_t room = screen->room ? screen->room : SCREEN_FIRST_BYTES;
	uint8_t *bytes = NULL;

	while (room < wanted)
		room *= 2;
	if (room == screen->room)
		return 0;
	if (a->screens_bytes - screen->room + room > SCREENS_BYTES)
		return CS_ENOMEM;
	bytes = malloc(room);
	if (!bytes)
		return CS_ENOMEM;
	if (screen->bytes) {
		memcpy(bytes, screen->bytes, screen->n_bytes);
		explicit_bzero(screen->bytes, screen->room);
		free(screen->bytes);
	}
	a->screens_bytes += room - screen->room;
	screen->bytes = bytes;
	screen->room = room;
	return 0;
}

/* A quarter at a time, so that not every byte moves all of them. */
static void make_room(struct screen *screen, size_t n)
{
	size_t drop = 0;

	if (screen->n_bytes + n <= SCREEN_BYTES)
		return;
	drop = screen->n_bytes + n - SCREEN_BYTES;
	if (drop < SCREEN_BYTES / 4)
		drop = SCREEN_BYTES / 4 < screen->n_bytes ? SCREEN_BYTES / 4 : screen->n_bytes;
	memmove(screen->bytes, screen->bytes + drop, screen->n_bytes - drop);
	screen->n_bytes -= drop;
}

/* What finds no room is left out, and whoever looks on is told. It stops nothing. */
static void put(struct cs_authority *a, struct screen *screen, const struct cs_stream *call)
{
	uint64_t left_out = call->left_out;

	make_room(screen, call->n_bytes);
	if (grow(a, screen, screen->n_bytes + call->n_bytes) < 0)
		left_out += call->n_bytes;
	if (left_out > 0)
		screen->n_bytes = 0;
	screen->end += left_out;
	if (left_out > call->left_out || call->n_bytes == 0)
		return;
	memcpy(screen->bytes + screen->n_bytes, call->bytes, call->n_bytes);
	screen->n_bytes += call->n_bytes;
	screen->end += call->n_bytes;
}

static struct screen *streamed(const struct task *task)
{
	const struct cs_stream *call = task->call;

	for (struct screen *s = task->authority->screens; s && task->caller.module; s = s->next)
		if (s->number == call->number && s->pid == call->pid && !s->over &&
			memcmp(s->id, call->id, CS_ID_LEN) == 0)
			return s;
	return NULL;
}

void stream_start(struct task *task)
{
	const struct cs_stream *call = task->call;
	struct cs_attend same = { .number = call->number };
	struct screen *screen = streamed(task);
	struct cs_attend_answer answer = { 0 };
	int r = 0;

	if (!screen || (screen->stream != 0 && screen->stream != task->caller.connection)) {
		task_fail(task, screen ? CS_EEXIST : CS_EPERM, screen ? "its terminal is told on another connection"
			: "nothing that may be looked at is attended to there");
		return;
	}
	screen->stream = task->caller.connection;
	if (call->kind == CS_STREAM_SIZE) {
		screen->lines = call->lines;
		screen->columns = call->columns;
	} else if (call->kind == CS_STREAM_OUT) {
		put(task->authority, screen, call);
	}
	if (call->n_bytes > 0 || call->left_out > 0)
		screen_shown(task->authority, screen);
	memcpy(same.id, call->id, CS_ID_LEN);
	r = cs_authority_attended(task->authority, &task->caller, &same, &answer);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		task_reply(task, &answer);
}

void stream_gone(struct cs_authority *a, uint64_t connection)
{
	for (struct screen *s = a->screens; s; s = s->next)
		if (s->stream == connection)
			s->stream = 0;
}

/* --- What goes ------------------------------------------------------------------------------------------------------- */

int screen_read(const struct screen *screen, uint64_t from, struct cs_screen_answer *ret_answer)
{
	uint64_t first = screen->end - screen->n_bytes;
	struct cs_screen_answer answer = { .lines = screen->lines, .columns = screen->columns, .session = screen->session,
		.watchers = screen->n_watchers, .watch = screen->rule };
	size_t n = 0;

	/* Whoever knows of more than there was knew a daemon before this one. */
	answer.from = from < first || from > screen->end ? first : from;
	n = (size_t)(screen->end - answer.from);
	n = n < CS_MAX_STREAM ? n : CS_MAX_STREAM;
	answer.bytes = malloc(n + 1);
	answer.text = cs_dup(screen->text ? screen->text : "");
	if (!answer.bytes || !answer.text) {
		cs_clear(&cs_screen_answer_shape, &answer);
		return CS_ENOMEM;
	}
	if (n > 0)
		memcpy(answer.bytes, screen->bytes + (answer.from - first), n);
	answer.n_bytes = n;
	answer.over = screen->over && answer.from + n == screen->end;
	answer.reason = screen->reason;
	*ret_answer = answer;
	return 0;
}

/* --- Where it is required -------------------------------------------------------------------------------------------- */

bool screen_pauses(const struct screen *screen)
{
	return screen->rule == CS_WATCH_REQUIRED && screen->n_watchers == 0;
}

uint64_t screen_left(const struct screen *screen, const struct cs_now *now)
{
	uint64_t gone = now->boot_ms > screen->unwatched_ms ? now->boot_ms - screen->unwatched_ms : 0;

	return gone < screen->grace_ms ? screen->grace_ms - gone : 0;
}

bool screens_wait(struct cs_authority *a, uint64_t number)
{
	for (struct session *s = session_of(a, number, NULL); s; s = session_of(a, number, s))
		if (s->screen && s->screen->rule == CS_WATCH_REQUIRED && s->screen->begun_turn == 0 && !s->end)
			return true;
	return false;
}

bool screens_watched(struct cs_authority *a, uint64_t number)
{
	for (struct session *s = session_of(a, number, NULL); s; s = session_of(a, number, s))
		if (s->screen && s->screen->stream != 0 && s->screen->begun_turn != 0 && !s->end)
			return true;
	return false;
}

char *screen_names(const struct screen *screen)
{
	struct cs_buf out;
	char *text = NULL;

	cs_buf_init(&out, CS_MAX_TEXT);
	for (const struct watcher *w = screen->watchers; w; w = w->next) {
		const char *name = w->person.name && *w->person.name ? w->person.name : "somebody";

		if (w != screen->watchers)
			cs_buf_put(&out, ", ", 2);
		cs_buf_put(&out, name, strlen(name));
	}
	cs_buf_put_u8(&out, 0);
	if (cs_buf_error(&out) == 0 || cs_buf_error(&out) == CS_ETOOBIG)
		text = cs_dup(cs_buf_error(&out) == 0 ? (const char *)out.data : "many");
	cs_buf_clear(&out);
	return text;
}
