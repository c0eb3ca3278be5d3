/* SPDX-License-Identifier: Apache-2.0 */
/* Who looks on: whoever could approve it, and never who asked for it. That he begins and ends is in the record. */
#include "screen.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* --- The list -------------------------------------------------------------------------------------------------------- */

static struct watcher *watcher_on(const struct screen *screen, uint64_t connection)
{
	for (struct watcher *w = screen->watchers; w; w = w->next)
		if (w->connection == connection)
			return w;
	return NULL;
}

void watcher_drop(struct screen *screen, struct watcher *watcher)
{
	struct watcher **at = &screen->watchers;

	while (*at && *at != watcher)
		at = &(*at)->next;
	if (*at)
		*at = watcher->next;
	screen->n_watchers--;
	cs_clear(&cs_person_shape, &watcher->person);
	free(watcher);
}

/* 0 or CS_E…: then nothing was recorded. */
static int record_watched(struct cs_authority *a, const struct screen *screen, const struct cs_person *who, const char *text)
{
	struct cs_stored stored = { 0 };
	int r = cs_store_get(a->store, screen->number, &stored);

	if (r == 0)
		r = record_begin(a);
	if (r == 0) {
		r = record_request(a, &stored, CS_EVENT_WATCHED, CS_DENY, CS_WHY_NONE, who, text, NULL);
		if (r < 0)
			record_undo(a);
	}
	cs_clear(&cs_stored_shape, &stored);
	return r;
}

/* Where that cannot be recorded he looks on no more all the same. */
static void watcher_leave(struct cs_authority *a, struct screen *screen, struct watcher *watcher, const char *why)
{
	struct cs_now now;

	(void)record_watched(a, screen, &watcher->person, why);
	watcher_drop(screen, watcher);
	if (screen->n_watchers == 0 && a->options.now(&now) == 0)
		screen->unwatched_ms = now.boot_ms;
	screen_changed(a, screen);
	screen_reap(a, screen);
}

void watchers_gone(struct cs_authority *a, uint64_t connection)
{
	struct screen *next = NULL;

	for (struct screen *s = a->screens; s; s = next) {
		struct watcher *w = watcher_on(s, connection);

		next = s->next;
		if (w)
			watcher_leave(a, s, w, "looks on no more: the connection ended");
	}
}

void watchers_forget_turn(struct cs_authority *a)
{
	struct screen *next = NULL;

	for (struct screen *s = a->screens; s; s = next) {
		struct watcher *after = NULL;

		next = s->next;
		for (struct watcher *w = s->watchers; w; w = after) {
			after = w->next;
			if (w->turn == a->turn)
				watcher_drop(s, w);
		}
		if (s->begun_turn == a->turn)
			s->begun_turn = 0;
		screen_reap(a, s);
	}
}

/* --- May he? --------------------------------------------------------------------------------------------------------- */

static const char *own_text = "nobody looks on at a session of his own, under whichever account";

/* Root looks at everything, unless it is the requester who became root. Where nobody can tell who became root, he may look, and
 * is not the one who has to: the requester may be root in the very session. 0; or why not, with *ret_text (static). */
static int root_may(const struct task *task, const char **ret_text)
{
	const struct cs_subject *asked = &task->stored.request.subject;
	uint32_t login = task->caller.login_uid;

	*ret_text = own_text;
	if (asked->uid == task->caller.uid || (login != CS_NO_UID && (login == asked->uid || login == asked->login_uid)))
		return CS_EPERM;
	*ret_text = "somebody has to look on at this, and nobody can tell who became root here (no login uid): use an account of your own";
	return login == CS_NO_UID && stored_watch(task->authority, &task->stored) == CS_WATCH_REQUIRED ? CS_EDOUBT : 0;
}

/* facts: the caller, then the requester. 0; or why not, with *ret_text (static). */
static int person_may(const struct task *task, const struct cs_facts *facts, const char **ret_text)
{
	struct voter voter = { .facts = &facts[0], .login_uid = task->caller.login_uid };
	char *why = NULL;
	enum cs_reason reason = CS_WHY_NONE;

	if (facts[0].known == CS_KNOWN_DOUBT || facts[1].known == CS_KNOWN_DOUBT) {
		*ret_text = "the directory could not tell whether you may look on";
		return CS_EDOUBT;
	}
	if (!viewer_may_see(task, &task->stored, &facts[0])) {
		*ret_text = "there is no such request that you may see";
		return CS_ENOENT;
	}
	reason = voter_other(task, &facts[1], &voter, &why);
	free(why);
	if (reason == CS_WHY_NONE && !voter.self && viewer_could_approve(task, &task->stored, &facts[0]))
		return 0;
	*ret_text = reason == CS_WHY_NONE || reason == CS_WHY_SELF || reason == CS_WHY_NOT_INDEPENDENT ? own_text
		: cs_reason_text(reason);
	return CS_EPERM;
}

/* --- Looking on ------------------------------------------------------------------------------------------------------ */

static bool is_asked(const struct screen *screen, const struct cs_screen *call)
{
	return screen->number == call->number && (call->session == 0 || screen->session == call->session);
}

/* The one he looks at; else the newest, first one that nobody looks at. NULL: there is none. */
static struct screen *find_screen(struct cs_authority *a, const struct cs_screen *call, uint64_t connection)
{
	struct screen *any = NULL, *free_one = NULL;

	for (struct screen *s = a->screens; s; s = s->next) {
		if (!is_asked(s, call))
			continue;
		if (watcher_on(s, connection))
			return s;
		if (s->over)
			continue;
		any = any ? any : s;
		free_one = free_one || s->n_watchers > 0 ? free_one : s;
	}
	return free_one ? free_one : any;
}

static int watcher_add(struct task *task, struct screen *screen, const struct cs_person *who)
{
	struct watcher *w = screen->n_watchers < WATCHERS_MAX ? calloc(1, sizeof(*w)) : NULL;
	int r = w ? cs_copy(&cs_person_shape, who, &w->person) : screen->n_watchers < WATCHERS_MAX ? CS_ENOMEM : CS_EBUSY;

	if (r == 0)
		r = record_watched(task->authority, screen, who, "looks on");
	if (r < 0) {
		if (w)
			cs_clear(&cs_person_shape, &w->person);
		free(w);
		return r;
	}
	w->connection = task->caller.connection;
	w->turn = task->authority->turn;
	w->asked_ms = task->now.boot_ms;
	w->look_ms = task->now.boot_ms + SESSION_LOOK_MS;
	w->next = screen->watchers;
	screen->watchers = w;
	screen->n_watchers++;
	if (screen->begun_turn == 0)
		screen->begun_turn = task->authority->turn;
	screen_changed(task->authority, screen);
	return 0;
}

/* He may; the task ends. */
static void look_on(struct task *task, const struct cs_person *who)
{
	const struct cs_screen *call = task->call;
	struct screen *screen = find_screen(task->authority, call, task->caller.connection);
	struct watcher *w = screen ? watcher_on(screen, task->caller.connection) : NULL;
	struct cs_screen_answer answer = { 0 };
	int r = screen ? 0 : CS_ENOENT;

	if (r == 0 && !w)
		r = watcher_add(task, screen, who);
	if (w)
		w->look_ms = task->now.boot_ms + SESSION_LOOK_MS;
	if (r == 0)
		r = screen_read(screen, call->from, &answer);
	if (r == 0)
		task_reply(task, &answer);
	else
		task_fail(task, r, r == CS_ENOENT ? "nothing that may be looked at runs because of that request"
			: r == CS_EBUSY ? "too many look on already" : NULL);
}

/* He may not, or not any more. */
static void look_away(struct task *task, int error, const char *text)
{
	const struct cs_screen *call = task->call;
	struct screen *screen = find_screen(task->authority, call, task->caller.connection);
	struct watcher *w = screen ? watcher_on(screen, task->caller.connection) : NULL;

	if (w)
		watcher_leave(task->authority, screen, w, "looks on no more: may not, or not for sure");
	task_fail(task, error, text);
}

static void screen_resume(struct task *task, const struct cs_answer *answer)
{
	const char *text = NULL;
	int r = task_load(task, task->stored.number);

	if (r == 0)
		r = person_may(task, answer->facts, &text);
	if (r < 0)
		look_away(task, r, text);
	else
		look_on(task, &answer->facts[0].person);
}

static void ask(struct task *task)
{
	const struct cs_request *request = &task->stored.request;
	int r = task_ask_subject(task, task->caller.uid, NULL);

	if (r == 0)
		r = task_ask_subject(task, request->subject.uid, request->subject.name);
	if (r == 0)
		r = task_ask_groups(task);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		task_ask(task, cs_policy_service_fresh_ms(task->authority->policy, request->action.service), screen_resume);
}

static void leave(struct task *task)
{
	const struct cs_screen *call = task->call;
	struct screen *screen = find_screen(task->authority, call, task->caller.connection);
	struct watcher *w = screen ? watcher_on(screen, task->caller.connection) : NULL;
	struct cs_screen_answer answer = { .over = true };

	if (w)
		watcher_leave(task->authority, screen, w, "looks on no more: left");
	task_reply(task, &answer);
}

void screen_start(struct task *task)
{
	static char root[] = "root";
	const struct cs_person as_root = { .uid = task->caller.uid, .name = root };
	const struct cs_screen *call = task->call;
	const char *text = NULL;
	int r = task_load(task, call->number);

	if (call->leave)
		leave(task);
	else if (r < 0)
		task_fail(task, r, r == CS_ENOENT ? "there is no such request that you may see" : NULL);
	else if (!caller_is_root(task))
		ask(task);
	else if ((r = root_may(task, &text)) == 0)
		look_on(task, &as_root);
	else
		look_away(task, r, text);
}

int cs_authority_screen(struct cs_authority *a, const struct cs_caller *caller, const struct cs_screen *call,
	struct cs_screen_answer *ret_answer)
{
	struct screen *screen = call->leave ? NULL : find_screen(a, call, caller->connection);
	struct watcher *w = screen ? watcher_on(screen, caller->connection) : NULL;
	struct cs_now now;

	if (!w || a->options.now(&now) < 0 || w->look_ms <= now.boot_ms)
		return CS_ENOENT;
	w->asked_ms = now.boot_ms;
	return screen_read(screen, call->from, ret_answer);
}

/* --- At each tick ---------------------------------------------------------------------------------------------------- */

void watchers_look_soon(struct cs_authority *a, uint64_t number)
{
	for (struct screen *s = a->screens; s; s = s->next) {
		if (number != 0 && s->number != number)
			continue;
		for (struct watcher *w = s->watchers; w; w = w->next)
			w->look_ms = 0;
		screen_shown(a, s);
	}
}

static void drop_silent(struct cs_authority *a, struct screen *screen, const struct cs_now *now)
{
	struct watcher *next = NULL;

	for (struct watcher *w = screen->watchers; w; w = next) {
		uint64_t silent = now->boot_ms - w->asked_ms;

		next = w->next;
		if (silent < CS_SCREEN_MS)
			continue;
		watcher_leave(a, screen, w, "looks on no more: was silent");
		if (!next)
			return; /* the screen may be gone with its last watcher */
	}
}

void watchers_look(struct cs_authority *a, const struct cs_now *now)
{
	struct screen *next = NULL;

	for (struct screen *s = a->screens; s; s = next) {
		next = s->next;
		drop_silent(a, s, now);
	}
}
