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

/* Did a person end it by this event? claimed: there was a use since, whose end this is not; then the wall clock tells them
 * apart. 1 and it is told, 0, CS_E…. */
static int end_by_event(struct cs_authority *a, struct session *session, const struct cs_record *record, bool *claimed)
{
	struct cs_event event = { 0 };
	int r = cs_decode_all(&cs_event_shape, record->bytes, record->n_bytes, &event);

	if (r == 0 && event.kind == CS_EVENT_CLAIMED)
		*claimed = true;
	if (r == 0 && event.kind == CS_EVENT_ENDED && event.actor_name && *event.actor_name &&
		(!*claimed || event.wall_ms >= session->since_wall_ms)) {
		tell(a, session, event.reason, event.text);
		session->end_turn = 0; /* it is recorded */
		r = 1;
	}
	cs_clear(&cs_event_shape, &event);
	return r;
}

int session_end_again(struct cs_authority *a, struct session *session)
{
	struct cs_record *records = NULL;
	bool claimed = false;
	size_t n = 0;
	int r = cs_store_records_of(a->store, session->number, INT32_MAX, &records, &n);

	for (size_t i = n; r == 0 && i-- > 0;)
		r = end_by_event(a, session, &records[i], &claimed);
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_record_shape, &records[i]);
	free(records);
	return r < 0 ? r : 0;
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
