/* SPDX-License-Identifier: Apache-2.0 */
/* What runs: which connection attends to what was released because of which request. In memory only: whoever attends
 * does so again when the daemon was started anew. */
#include "screen.h"
#include "mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct session *session_of(struct cs_authority *a, uint64_t number, const struct session *after)
{
	for (struct session *s = after ? after->next : a->sessions; s; s = s->next)
		if (s->number == number)
			return s;
	return NULL;
}

static struct session *session_on(struct cs_authority *a, uint64_t connection)
{
	for (struct session *s = a->sessions; s; s = s->next)
		if (s->connection == connection)
			return s;
	return NULL;
}

/* Its terminal comes on a connection of its own, on which whoever tells it waits too. */
static struct session *session_told_on(struct cs_authority *a, uint64_t connection)
{
	for (struct session *s = a->sessions; s; s = s->next)
		if (s->connection == connection || (s->screen && s->screen->stream == connection))
			return s;
	return NULL;
}

static void session_drop(struct cs_authority *a, struct session *session)
{
	for (struct session **at = &a->sessions; *at; at = &(*at)->next) {
		if (*at != session)
			continue;
		*at = session->next;
		a->n_sessions--;
		if (session->screen)
			screen_close(a, session->screen, session);
		free(session->text);
		free(session);
		return;
	}
}

void sessions_free(struct cs_authority *a)
{
	while (a->sessions)
		session_drop(a, a->sessions);
	screens_free(a);
}

void cs_authority_stops(struct cs_authority *a)
{
	sessions_free(a);
}

void sessions_forget_turn(struct cs_authority *a)
{
	for (struct session *s = a->sessions; s; s = s->next) {
		if (s->end_turn != a->turn)
			continue;
		s->end = false;
		s->end_turn = 0;
		cs_free_str(&s->text);
		s->reason = CS_WHY_NONE;
		s->look_ms = 0;
	}
	watchers_forget_turn(a);
}

/* --- It begins ----------------------------------------------------------------------------------------------------- */

static bool same_request(const struct session *session, const struct cs_attend *attend)
{
	return session->number == attend->number && memcmp(session->id, attend->id, CS_ID_LEN) == 0;
}

/* Only what was released here, and by this very request. 0; CS_EPERM is for good, anything else is not known now. */
static int may_attend(struct task *task)
{
	const struct cs_attend *call = task->call;
	const struct cs_stored *stored = &task->stored;
	int r = call->kind == CS_ATTEND_COMMAND || call->kind == CS_ATTEND_LOGIN ? task_load(task, call->number) : CS_EPERM;

	if (r < 0)
		return r == CS_ENOENT ? CS_EPERM : r;
	return stored->used > 0 && !glass_is_debt(stored) && memcmp(stored->request.id, call->id, CS_ID_LEN) == 0 &&
			strcmp(stored->request.action.host, task->authority->options.host) == 0 ? 0 : CS_EPERM;
}

/* Whoever attends to it says since when: a daemon that was started later cannot know. Never in the future. */
static void begin_at(struct session *session, const struct cs_attend *call, const struct cs_now *now)
{
	uint64_t since = call->since_boot_ms;

	session->since_ms = since > 0 && since < now->boot_ms ? since : now->boot_ms;
	session->since_wall_ms = now->wall_ms - (now->boot_ms - session->since_ms);
}

static int session_add(struct task *task)
{
	const struct cs_attend *call = task->call;
	struct cs_authority *a = task->authority;
	struct session *session = a->n_sessions < SESSIONS_MAX ? calloc(1, sizeof(*session)) : NULL;
	int r = 0;

	if (!session)
		return CS_ENOMEM;
	session->connection = task->caller.connection;
	session->number = call->number;
	memcpy(session->id, call->id, CS_ID_LEN);
	session->kind = call->kind;
	(void)snprintf(session->tty, sizeof(session->tty), "%s", call->tty ? call->tty : "");
	session->pid = call->pid;
	begin_at(session, call, &task->now);
	session->lasts_ms = stored_session_ms(a, &task->stored);
	session->version = 1;
	r = session_end_again(a, session);
	if (r == 0)
		r = screen_open(task, session);
	if (r < 0) { /* whoever attends asks again */
		free(session->text);
		free(session);
		return r;
	}
	session->look_ms = task->now.boot_ms; /* the policy may have changed since it was released */
	session->next = a->sessions;
	a->sessions = session;
	a->n_sessions++;
	return 0;
}

void attend_start(struct task *task)
{
	const struct cs_attend *call = task->call;
	struct cs_attend_answer answer = { 0 };
	int r = task->caller.module ? 0 : CS_EPERM;

	if (r == 0 && session_on(task->authority, task->caller.connection))
		r = CS_EEXIST;
	if (r == 0)
		r = may_attend(task);
	if (r == 0)
		r = session_add(task);
	if (r == 0)
		r = cs_authority_attended(task->authority, &task->caller, call, &answer);
	if (r < 0)
		task_fail(task, r, r == CS_EPERM ? "nothing was released by that request" : NULL);
	else
		task_reply(task, &answer);
}

/* --- It runs ------------------------------------------------------------------------------------------------------- */

uint64_t session_left(const struct session *session, const struct cs_now *now, bool *ret_over)
{
	uint64_t gone = now->boot_ms > session->since_ms ? now->boot_ms - session->since_ms : 0;

	if (ret_over)
		*ret_over = session->lasts_ms > 0 && gone >= session->lasts_ms;
	return gone < session->lasts_ms ? session->lasts_ms - gone : 0;
}

/* Who looks on, and whether anything may pass while nobody does. */
static int fill_watched(const struct session *session, const struct cs_now *now, struct cs_attend_answer *answer)
{
	uint64_t left = 0;

	answer->watched_by = session->screen ? screen_names(session->screen) : cs_dup("");
	if (!session->screen)
		return answer->watched_by ? 0 : CS_ENOMEM;
	answer->watchers = session->screen->n_watchers;
	answer->pause = screen_pauses(session->screen);
	left = answer->pause ? screen_left(session->screen, now) : 0;
	if (answer->pause && (answer->ends_in_ms == 0 || left < answer->ends_in_ms))
		answer->ends_in_ms = left > 0 ? left : 1;
	return answer->watched_by ? 0 : CS_ENOMEM;
}

int cs_authority_attended(struct cs_authority *a, const struct cs_caller *caller, const struct cs_attend *attend,
	struct cs_attend_answer *ret_answer)
{
	const struct session *session = session_told_on(a, caller->connection);
	struct cs_attend_answer answer = { 0 };
	struct cs_now now = { 0 };
	int r = 0;

	if (!session)
		return CS_ENOENT;
	if (!same_request(session, attend))
		return CS_EPERM;
	answer.version = session->version;
	answer.end = session->end;
	answer.reason = session->reason;
	answer.text = cs_dup(session->text ? session->text : "");
	if (a->options.now(&now) == 0)
		answer.ends_in_ms = session_left(session, &now, NULL);
	r = answer.text ? fill_watched(session, &now, &answer) : CS_ENOMEM;
	if (r < 0)
		cs_clear(&cs_attend_answer_shape, &answer);
	else
		*ret_answer = answer;
	return r;
}

/* --- It is over ---------------------------------------------------------------------------------------------------- */

static int record_closed(struct cs_authority *a, const struct session *session)
{
	struct cs_stored stored = { 0 };
	int r = cs_store_get(a->store, session->number, &stored);

	if (r == 0)
		r = record_begin(a);
	if (r == 0) {
		r = record_request(a, &stored, CS_EVENT_CLOSED, CS_DENY, session->reason, &stored.request.requester,
			session->kind == CS_ATTEND_LOGIN ? "the login is over" : "the command is over", NULL);
		if (r < 0)
			record_undo(a);
	}
	cs_clear(&cs_stored_shape, &stored);
	return r;
}

/* Where that cannot be recorded it is over all the same. */
void session_gone(struct cs_authority *a, uint64_t connection)
{
	struct session *session = session_on(a, connection);

	if (!session)
		return;
	(void)record_closed(a, session);
	session_drop(a, session);
}
