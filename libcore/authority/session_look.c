/* SPDX-License-Identifier: Apache-2.0 */
/* What runs is looked at again: would it be released now? Doubt never ends anything. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>

#define LOOKS_AT_ONCE 64

static bool tells_nothing(enum cs_reason reason)
{
	return reason == CS_WHY_NONE || reason == CS_WHY_DOUBT || reason == CS_WHY_STORE;
}

/* By the policy of now it may have less time. */
static void look_at_time(struct cs_authority *a, const struct cs_stored *stored)
{
	for (struct session *s = session_of(a, stored->number, NULL); s; s = session_of(a, stored->number, s))
		s->lasts_ms = stored_session_ms(a, stored);
}

static void look_resume(struct task *task, const struct cs_answer *answer)
{
	char *text = NULL;
	uint64_t version = task->stored.version;
	enum cs_reason reason = CS_WHY_NONE;

	/* What was voted meanwhile is looked at again: the vote sees to it. */
	if (task_load(task, task->stored.number) == 0 && task->stored.version == version)
		reason = claim_stands(task, answer, &text);
	look_at_time(task->authority, &task->stored);
	if (!tells_nothing(reason))
		(void)session_end(task->authority, &task->stored, reason, NULL, text);
	free(text);
	task_decide(task, CS_DENY, CS_WHY_NONE, NULL);
}

static void look_start(struct task *task)
{
	const struct cs_show *call = task->call;
	int r = task_load(task, call->number);

	if (r == 0)
		r = claim_ask(task, look_resume);
	if (r < 0)
		task_fail(task, r, NULL);
}

static void look_done(void *arg, int error, const char *text, const void *reply)
{
	(void)arg;
	(void)error;
	(void)text;
	(void)reply;
}

/* All sessions of one request are one question. */
static void look_at(struct cs_authority *a, uint64_t number, const struct cs_now *now)
{
	static const struct handler handler = { CS_CALL_NONE, &cs_show_shape, &cs_decision_shape, look_start };
	const struct cs_caller nobody = { .uid = CS_NO_UID, .login_uid = CS_NO_UID };
	const struct cs_show call = { .number = number };

	for (struct session *s = session_of(a, number, NULL); s; s = session_of(a, number, s))
		s->look_ms = now->boot_ms + SESSION_LOOK_MS;
	task_begin(a, &nobody, &handler, &call, NULL, look_done, NULL);
}

static void end_overdue(struct cs_authority *a, uint64_t number)
{
	struct cs_stored stored = { 0 };

	if (cs_store_get(a->store, number, &stored) == 0)
		(void)session_end(a, &stored, CS_WHY_ENDED, NULL, "its time is over");
	cs_clear(&cs_stored_shape, &stored);
}

/* Nobody looks on, for longer than the gate takes. */
static void end_unwatched(struct cs_authority *a, struct session *session)
{
	struct cs_stored stored = { 0 };
	char *text = NULL;
	char span[16];
	int r = cs_store_get(a->store, session->number, &stored);

	cs_span_text(r == 0 ? stored_watch_grace_ms(a, &stored) : 0, span);
	if (r == 0 && cs_format(&text, "nobody looked on for %s", span) == 0)
		(void)session_end_one(a, &stored, session, CS_WHY_UNWATCHED, text);
	free(text);
	cs_clear(&cs_stored_shape, &stored);
}

void sessions_look(struct cs_authority *a, const struct cs_now *now)
{
	unsigned looks = 0;

	for (struct session *s = a->sessions; s; s = s->next) {
		bool over = false;

		(void)session_left(s, now, &over);
		if (over && !s->end)
			end_overdue(a, s->number);
		if (!s->end && s->screen && screen_pauses(s->screen) && screen_left(s->screen, now) == 0)
			end_unwatched(a, s);
		if (s->end || s->look_ms > now->boot_ms || looks == LOOKS_AT_ONCE)
			continue;
		looks++;
		look_at(a, s->number, now);
	}
}
