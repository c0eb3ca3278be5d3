/* SPDX-License-Identifier: Apache-2.0 */
/* A request is withdrawn: by whoever asked, by root, or by Ctrl-C where it is held. */
#include "internal.h"
#include "mem.h"
#include <string.h>

/* By the secret of a connection that waits. On people.sock it is the caller's own as well, or root's, which may have asked for
 * another: a secret is no way to act for him. */
static int may_let_go(struct task *task, struct live **ret_live)
{
	const struct cs_cancel *call = task->call;
	struct live *live = live_find(task->authority, call->id, call->secret);
	int r = live ? task_load(task, live->number) : CS_EPERM;

	if (r == 0 && !task->caller.module && !caller_is_root(task) &&
		task->caller.uid != task->stored.request.subject.uid)
		r = CS_EPERM;
	if (r == 0)
		*ret_live = live;
	return r;
}

/* Never the review of a break-glass. By whom: who waits, with its secret; the person whose uid asked; root. Nobody else
 * (A092). *ret_live: the connection that waits, where it says so itself. */
static int may_cancel(struct task *task, struct live **ret_live)
{
	const struct cs_cancel *call = task->call;

	if (task->caller.module || call->number == 0)
		return may_let_go(task, ret_live);
	if (task_load(task, call->number) < 0)
		return CS_ENOENT;
	if (glass_is_debt(&task->stored))
		return CS_ECONFLICT;
	if (task->caller.uid != task->authority->options.root_uid &&
		task->caller.uid != task->stored.request.subject.uid)
		return CS_EPERM;
	return 0;
}

/* Somebody else still wants it: who waits for it too, or who asked for it, ahead or before. Then one session only stops
 * waiting. */
static const char *wanted_still(const struct task *task, const struct live *live)
{
	if (live_count(task->authority, live->number) > 1)
		return "Another of your sessions waits for it still; it stays open.";
	if (!live->asked)
		return "It was asked for before, and stays open until it is cancelled by its number.";
	return NULL;
}

static void detach(struct task *task, struct live *live, const char *text)
{
	for (struct live *other = live_of(task->authority, live->number, NULL); other && live->asked;
		other = live_of(task->authority, live->number, other))
		other->asked = true; /* it is there for those alone who still wait */
	if (live_park(task->authority, live, &task->stored) < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else
		task_decide(task, CS_DENY, CS_WHY_PARKED, text);
}

/* Whoever takes back what somebody rejected already, and others might still have, asked once too often as well (A094). */
static void note_rejected(struct task *task)
{
	for (size_t i = 0; i < task->n_votes; i++)
		if (task->votes[i].vote == CS_VOTE_REJECT) {
			backoff_note(task->authority, &task->stored.request.requester, &task->now);
			return;
		}
}

static int record_cancel(struct task *task)
{
	static char root[] = "root";
	const struct cs_person actor = { .uid = task->caller.uid, .name = root };
	struct cs_stored *stored = &task->stored;
	bool own = task->caller.uid == stored->request.subject.uid || task->caller.module;
	enum cs_state to = cs_state_after(stored->state, CS_STEP_CANCEL);
	int r = cs_store_change(task->authority->store, stored->number, stored->state, to, &task->now);

	if (r != 1)
		return r < 0 ? r : CS_ECONFLICT;
	stored->state = to;
	r = record_request(task->authority, stored, CS_EVENT_CANCELLED, CS_DENY, CS_WHY_CANCELLED,
		own ? &stored->request.requester : &actor, NULL, NULL);
	return r < 0 ? r : task_load(task, stored->number);
}

static void cancel(struct task *task)
{
	struct cs_decision reply = { 0 };
	int r = record_begin(task->authority);

	if (r == 0) {
		r = record_cancel(task);
		if (r < 0)
			record_undo(task->authority);
	}
	if (r == 0)
		r = decision_of(task->authority, &task->stored, task->votes, task->n_votes, &task->now, &reply);
	if (r < 0) {
		task_fail(task, r, NULL);
		return;
	}
	note_rejected(task);
	reply.reason = CS_WHY_CANCELLED;
	reply.text = cs_dup(cs_reason_text(CS_WHY_CANCELLED));
	task_reply(task, &reply);
}

void cancel_start(struct task *task)
{
	struct live *live = NULL;
	const char *wanted = NULL;
	int r = may_cancel(task, &live);

	if (r < 0) {
		task_fail(task, r, r == CS_EPERM ? "only the requester and root cancel a request"
			: r == CS_ECONFLICT ? "the review of a break-glass is not cancelled: two others approve it"
			: "there is no such request");
		return;
	}
	if (cs_state_after(task->stored.state, CS_STEP_CANCEL) == CS_STATE_NONE) {
		task_decide(task, CS_DENY, CS_WHY_STATE, NULL);
		return;
	}
	wanted = live ? wanted_still(task, live) : NULL;
	if (wanted)
		detach(task, live, wanted);
	else
		cancel(task);
}
