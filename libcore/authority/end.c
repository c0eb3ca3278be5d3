/* SPDX-License-Identifier: Apache-2.0 */
/* What runs is told to end: by a person, by a vote that is taken back, or because it would not be released any more. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* --- Telling ------------------------------------------------------------------------------------------------------- */

/* "ended by bob: wrong release": allocated; NULL where there is no memory for it. */
static char *told_text(enum cs_reason reason, const struct cs_person *by, const char *text)
{
	bool said = text && *text;
	char *told = NULL;

	if (by)
		(void)cs_format(&told, "ended by %s%s%s", by->name && *by->name ? by->name : "somebody", said ? ": " : "",
			said ? text : "");
	else
		(void)cs_format(&told, "ended: %s", said ? text : cs_reason_text(reason));
	return told;
}

static void tell(struct cs_authority *a, struct session *session, enum cs_reason reason, const char *told)
{
	session->end = true;
	session->reason = reason;
	free(session->text);
	session->text = told ? cs_dup(told) : NULL;
	session->version++;
	session->end_turn = a->turn;
}

static int record_ended(struct cs_authority *a, const struct cs_stored *stored, enum cs_reason reason,
	const struct cs_person *by, const char *told)
{
	int r = told ? record_begin(a) : CS_ENOMEM;

	if (r == 0) {
		r = record_request(a, stored, CS_EVENT_ENDED, CS_DENY, reason, by, told, NULL);
		if (r < 0)
			record_undo(a);
	}
	return r;
}

int session_end_one(struct cs_authority *a, const struct cs_stored *stored, struct session *session, enum cs_reason reason,
	const char *text)
{
	char *told = told_text(reason, NULL, text);
	int r = record_ended(a, stored, reason, NULL, told);

	if (r == 0)
		tell(a, session, reason, told);
	free(told);
	return r;
}

/* One event for all of it. Whoever attends looks after the commit, as at every change of a request. */
int session_end(struct cs_authority *a, const struct cs_stored *stored, enum cs_reason reason, const struct cs_person *by,
	const char *text)
{
	struct session *session = session_of(a, stored->number, NULL);
	char *told = NULL;
	int r = 0;

	while (session && session->end)
		session = session_of(a, stored->number, session);
	if (!session)
		return CS_ENOENT;
	told = told_text(reason, by, text);
	r = record_ended(a, stored, reason, by, told);
	for (; r == 0 && session; session = session_of(a, stored->number, session))
		if (!session->end)
			tell(a, session, reason, told);
	free(told);
	return r;
}

/* Each event of a request, the newest first, until one is what was looked for. 1, 0, CS_E…. */
typedef int (*event_fn)(void *arg, struct cs_event *event);
static int look_back(struct cs_authority *a, uint64_t number, event_fn each, void *arg)
{
	struct cs_record *records = NULL;
	size_t n = 0;
	int r = cs_store_records_of(a->store, number, INT32_MAX, &records, &n);

	for (size_t i = n; r == 0 && i-- > 0;) {
		struct cs_event event = { 0 };

		r = cs_decode_all(&cs_event_shape, records[i].bytes, records[i].n_bytes, &event);
		if (r == 0)
			r = each(arg, &event);
		cs_clear(&cs_event_shape, &event);
	}
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_record_shape, &records[i]);
	free(records);
	return r;
}

struct end_again {
	struct cs_authority *authority;
	struct session *session;
	bool claimed; /* there was a use since, whose end an older one is not; then the wall clock tells them apart */
};

/* Did a person end it by this event? Then it is told. */
static int end_by_event(void *arg, struct cs_event *event)
{
	struct end_again *again = arg;

	if (event->kind == CS_EVENT_CLAIMED)
		again->claimed = true;
	if (event->kind != CS_EVENT_ENDED || !event->actor_name || !*event->actor_name ||
		(again->claimed && event->wall_ms < again->session->since_wall_ms))
		return 0;
	tell(again->authority, again->session, event->reason, event->text);
	again->session->end_turn = 0; /* it is recorded */
	return 1;
}

int session_end_again(struct cs_authority *a, struct session *session)
{
	struct end_again again = { .authority = a, .session = session };
	int r = look_back(a, session->number, end_by_event, &again);

	return r < 0 ? r : 0;
}

static int take_ended(void *arg, struct cs_event *event)
{
	struct cs_event *ended = arg;

	if (event->kind != CS_EVENT_ENDED)
		return 0;
	*ended = *event;
	*event = (struct cs_event){ 0 };
	return 1;
}

int session_last_end(struct cs_authority *a, uint64_t number, struct cs_event *ret_event)
{
	return look_back(a, number, take_ended, ret_event);
}

void sessions_look_soon(struct cs_authority *a, uint64_t number)
{
	for (struct session *s = a->sessions; s; s = s->next)
		if (number == 0 || s->number == number)
			s->look_ms = 0;
	watchers_look_soon(a, number);
}

/* --- By a person --------------------------------------------------------------------------------------------------- */

/* The task's request, by this person. The task ends. */
static void end_by(struct task *task, const struct cs_person *by, const char *text)
{
	struct cs_decision reply = { .number = task->stored.number, .state = task->stored.state };
	int r = session_end(task->authority, &task->stored, CS_WHY_ENDED, by, text);

	if (r == CS_ENOENT) {
		task_decide(task, CS_DENY, CS_WHY_STATE, session_of(task->authority, task->stored.number, NULL)
			? "It was told to end already." : "Nothing runs because of that request.");
		return;
	}
	if (r < 0) {
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
		return;
	}
	reply.reason = CS_WHY_ENDED;
	memcpy(reply.id, task->stored.request.id, CS_ID_LEN);
	reply.text = cs_dup("What runs is told to end.");
	task_reply(task, &reply);
}

/* Whoever could approve it may end it, who asked for it, and root. */
static void end_resume(struct task *task, const struct cs_answer *answer)
{
	const struct cs_end *call = task->call;
	const struct cs_facts *facts = &answer->facts[0];
	struct cs_person caller = { .uid = task->caller.uid };
	int r = task_load(task, call->number);

	if (r == 0 && !viewer_may_see(task, &task->stored, facts)) {
		bool doubt = facts->known == CS_KNOWN_DOUBT;

		task_fail(task, doubt ? CS_EDOUBT : CS_ENOENT, doubt
			? "the directory could not tell whether you may end this" : "there is no such request that you may see");
		return;
	}
	if (r < 0)
		task_fail(task, r, NULL);
	else
		end_by(task, facts->known == CS_KNOWN_YES ? &facts->person : &caller, call->reason);
}

void end_start(struct task *task)
{
	static char root[] = "root";
	const struct cs_person as_root = { .uid = task->caller.uid, .name = root };
	const struct cs_end *call = task->call;
	int r = task_load(task, call->number);

	if (!call->reason || !*call->reason)
		task_fail(task, CS_EINVAL, "say why: the person in it reads it, and it is recorded");
	else if (r < 0 && (r != CS_ENOENT || caller_is_root(task)))
		task_fail(task, r, r == CS_ENOENT ? "there is no such request" : NULL);
	else if (caller_is_root(task))
		end_by(task, &as_root, call->reason);
	else
		task_ask_caller(task, end_resume);
}

/* --- A vote is taken back ------------------------------------------------------------------------------------------ */

static void withdrawn_resume(struct task *task, const struct cs_answer *answer)
{
	const struct cs_vote_call *call = task->call;
	const struct cs_facts *facts = &answer->facts[0];
	char *text = NULL;

	for (size_t i = 0; facts->known == CS_KNOWN_YES && i < task->n_votes; i++) {
		if (task->votes[i].vote != CS_VOTE_APPROVE || strcmp(task->votes[i].person.id, facts->person.id) != 0)
			continue;
		if (cs_format(&text, "took the approval back%s%s", call->comment && *call->comment ? ": " : "",
			call->comment ? call->comment : "") < 0)
			task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
		else
			end_by(task, &facts->person, text);
		free(text);
		return;
	}
	task_decide(task, CS_DENY, facts->known == CS_KNOWN_DOUBT ? CS_WHY_DOUBT : CS_WHY_NOT_APPROVER, NULL);
}

/* What is used up takes no votes any more, and its record is closed. Whoever approved it does not agree to it any more: that
 * ends it, whether or not the others would have been enough. */
int end_withdrawn(struct task *task)
{
	const struct cs_vote_call *call = task->call;

	if (call->vote != CS_VOTE_WITHDRAW || task->stored.state != CS_USED ||
		!session_of(task->authority, task->stored.number, NULL))
		return 0;
	task_ask_caller(task, withdrawn_resume);
	return 1;
}
