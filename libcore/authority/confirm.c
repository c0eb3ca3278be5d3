/* SPDX-License-Identifier: Apache-2.0 */
/* Confirm: the session phase asks whether this very process is the one that was released. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>

static struct release *find_release(struct task *task, const struct cs_confirm *confirm)
{
	struct cs_authority *a = task->authority;

	for (struct release *release = a->releases; release; release = release->next)
		if (release->connection == task->caller.connection && release->uid == confirm->subject.uid &&
			release->target_uid == confirm->target_uid && task->now.boot_ms >= release->at_ms &&
			task->now.boot_ms - release->at_ms <= a->options.confirm_ms)
			return release;
	return NULL;
}

static void release_drop(struct cs_authority *a, struct release *release)
{
	for (struct release **at = &a->releases; *at; at = &(*at)->next) {
		if (*at != release)
			continue;
		*at = release->next;
		free(release);
		return;
	}
}

/* What has to be looked at runs only where somebody does: the module that shows it has waited for him. */
static bool is_unwatched(struct task *task, const struct release *release)
{
	return release && release->number != 0 && stored_watch(task->authority, &task->stored) == CS_WATCH_REQUIRED &&
	       !screens_watched(task->authority, release->number);
}

static int record_confirm(struct task *task, const struct cs_confirm *confirm, const struct release *release, bool unwatched)
{
	struct cs_authority *a = task->authority;
	struct cs_event event = { 0 };
	int r = 0;

	if (release && release->number == 0)
		return 0; /* no gate guards it: its permit is recorded, and there is nothing to add */
	r = record_begin(a);
	if (r < 0)
		return r;
	if (release && unwatched) {
		r = record_request(a, &task->stored, CS_EVENT_DENIED, CS_DENY, CS_WHY_UNWATCHED,
			&task->stored.request.requester, "nobody looks on", NULL);
	} else if (release) {
		r = record_request(a, &task->stored, CS_EVENT_CONFIRMED, CS_PERMIT, CS_WHY_CONFIRMED,
			&task->stored.request.requester, NULL, NULL);
	} else {
		event.kind = CS_EVENT_DENIED;
		event.actor_uid = confirm->subject.uid;
		event.actor_name = confirm->subject.name;
		event.verdict = CS_DENY;
		event.reason = CS_WHY_UNCONFIRMED;
		r = record_event(a, &event);
	}
	if (r < 0)
		record_undo(a);
	return r;
}

/* What was released may last so long: the session line sets the timer. */
static void reply_confirmed(struct task *task)
{
	struct cs_decision reply = { .verdict = CS_PERMIT, .reason = CS_WHY_CONFIRMED, .number = task->stored.number,
		.session_ms = stored_session_ms(task->authority, &task->stored), .watch = stored_watch(task->authority, &task->stored),
		.watch_grace_ms = stored_watch_grace_ms(task->authority, &task->stored),
		.attend = task->stored.number != 0 };

	reply.text = cs_dup(cs_reason_text(CS_WHY_CONFIRMED));
	task_reply(task, &reply);
}

void confirm_start(struct task *task)
{
	const struct cs_confirm *confirm = task->call;
	struct release *release = task->caller.module ? find_release(task, confirm) : NULL;
	int r = release && release->number != 0 ? task_load(task, release->number) : 0;
	bool unwatched = r == 0 && is_unwatched(task, release);

	if (r == 0)
		r = record_confirm(task, confirm, release, unwatched);
	if (r == 0 && unwatched) {
		release_drop(task->authority, release);
		task_decide(task, CS_DENY, CS_WHY_UNWATCHED, "Somebody has to look on while it runs, and this sudo shows "
			"it to nobody: sudo.conf lacks the lines for that.");
	} else if (r == 0 && release) {
		release_drop(task->authority, release); /* once */
		reply_confirmed(task);
	} else {
		task_decide(task, CS_DENY, r < 0 ? CS_WHY_STORE : CS_WHY_UNCONFIRMED, NULL);
	}
}
