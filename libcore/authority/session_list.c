/* SPDX-License-Identifier: Apache-2.0 */
/* What runs because of which request: people see what they asked for and what they could have approved, root all. */
#include "screen.h"
#include "frame.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

#define SESSION_ROWS 100 /* rows of the longest lines still fit one frame */

static int fill(struct task *task, const struct session *session, const struct cs_facts *viewer, struct cs_session *row)
{
	const struct cs_request *request = &task->stored.request;

	row->number = session->number;
	memcpy(row->id, session->id, CS_ID_LEN);
	row->kind = session->kind;
	row->requester = cs_dup(request->requester.name);
	row->gate = cs_dup(request->gate);
	row->scope = cs_dup(request->scope);
	row->line = row_line(&request->action);
	row->tty = cs_dup(session->tty);
	row->peer = cs_dup(request->action.peer);
	row->pid = session->pid;
	row->since_wall_ms = session->since_wall_ms;
	row->ends_in_ms = session_left(session, &task->now, NULL);
	row->watch = session->screen ? session->screen->rule : CS_WATCH_NONE;
	row->watchers = session->screen ? session->screen->n_watchers : 0;
	row->watched_by = session->screen ? screen_names(session->screen) : cs_dup("");
	row->ending = session->end;
	row->mine = viewer_asked(task, &task->stored, viewer);
	row->may_end = true; /* whoever may see it */
	row->may_watch = row->watch != CS_WATCH_NONE && !row->mine;
	return row->requester && row->gate && row->scope && row->line && row->tty && row->peer && row->watched_by ? 0 : CS_ENOMEM;
}

/* 1: it is for him, and loaded. */
static int is_for(struct task *task, const struct session *session, const struct cs_facts *viewer)
{
	const struct cs_sessions *call = task->call;
	int r = 0;

	if (call->number != 0 && call->number != session->number)
		return 0;
	r = task_load(task, session->number);
	if (r < 0)
		return r;
	return call->mine ? viewer_asked(task, &task->stored, viewer) : viewer_may_see(task, &task->stored, viewer);
}

/* Newest first, as they are kept. */
static int list(struct task *task, const struct cs_facts *viewer, struct cs_sessions_answer *answer)
{
	int r = 0;

	answer->sessions = calloc(SESSION_ROWS, sizeof(*answer->sessions));
	if (!answer->sessions)
		return CS_ENOMEM;
	for (struct session *s = task->authority->sessions; r >= 0 && s; s = s->next) {
		r = is_for(task, s, viewer);
		if (r == 1 && answer->n_sessions == SESSION_ROWS) {
			answer->more = true;
			return 0;
		}
		if (r == 1)
			r = fill(task, s, viewer, &answer->sessions[answer->n_sessions++]);
	}
	return r < 0 ? r : 0;
}

/* Fewer rows where they are long: more says so, and the frame's bound is never met. */
static void shorten(struct cs_sessions_answer *answer)
{
	struct cs_buf size;

	cs_buf_init(&size, CS_MAX_EVENT);
	while (answer->n_sessions > 0 && cs_encode(&cs_sessions_answer_shape, answer, &size) == CS_ETOOBIG) {
		cs_clear(&cs_session_shape, &answer->sessions[--answer->n_sessions]);
		answer->more = true;
		cs_buf_clear(&size);
	}
	cs_buf_clear(&size);
}

static void answer_list(struct task *task, const struct cs_facts *viewer)
{
	struct cs_sessions_answer answer = { 0 };
	int r = list(task, viewer, &answer);

	if (r < 0) {
		cs_clear(&cs_sessions_answer_shape, &answer);
		task_fail(task, r, NULL);
		return;
	}
	shorten(&answer);
	task_reply(task, &answer);
}

static void sessions_resume(struct task *task, const struct cs_answer *answer)
{
	answer_list(task, &answer->facts[0]);
}

void sessions_start(struct task *task)
{
	static const struct cs_facts nobody;
	const struct cs_sessions *call = task->call;

	if (call->all && !caller_is_root(task))
		task_fail(task, CS_EPERM, "only root sees all of them");
	else if (caller_is_root(task) || call->mine)
		answer_list(task, &nobody);
	else
		task_ask_caller(task, sessions_resume);
}
