/* SPDX-License-Identifier: Apache-2.0 */
/* A vote that does not name what was asked: on no request at all, or on one that its sender never saw. Who may not see it
 * reads the same either way, and learns nothing of it. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>

/* An event of no request: what strangers try neither wakes who waits for it nor fills its receipt. */
static int record_stranger(struct task *task, const struct cs_person *person, const char *text)
{
	struct cs_event event = { .kind = CS_EVENT_VOTE_REFUSED, .actor_uid = task->caller.uid, .verdict = CS_DENY,
		.reason = CS_WHY_NOT_APPROVER, .actor_name = person ? person->name : NULL,
		.actor_id = person ? person->id : NULL };
	char *copy = cs_dup(text);
	int r = copy ? record_begin(task->authority) : CS_ENOMEM;

	event.text = copy;
	if (r == 0 && (r = record_event(task->authority, &event)) < 0)
		record_undo(task->authority);
	free(copy);
	return r;
}

static void refuse_stranger(struct task *task, const struct cs_facts *caller)
{
	const struct cs_vote_call *call = task->call;
	bool known = caller->known == CS_KNOWN_YES && caller->person.uid == task->caller.uid;
	char *text = NULL;
	int r = cs_format(&text, NO_PERMISSION_TEXT "there is no request %llu that waits for you.",
		(unsigned long long)call->number);

	/* An empty number says nothing of anybody's request. */
	if (r == 0 && task->stored.number != 0 && refusal_is_kept(task, known ? task->caller.uid : CS_NO_UID))
		r = record_stranger(task, known ? &caller->person : NULL, text);
	task_decide(task, CS_DENY, r < 0 ? CS_WHY_STORE : CS_WHY_NOT_APPROVER, r < 0 ? NULL : text);
	free(text);
}

static void unseen_resume(struct task *task, const struct cs_answer *answer)
{
	const struct cs_facts *caller = &answer->facts[0];

	if (task->stored.number != 0 && viewer_may_see(task, &task->stored, caller))
		task_decide(task, CS_DENY, CS_WHY_DIGEST, NULL);
	else if (caller->known == CS_KNOWN_DOUBT)
		task_decide(task, CS_DENY, CS_WHY_DOUBT, NULL);
	else
		refuse_stranger(task, caller);
}

void unseen_start(struct task *task)
{
	task_ask_caller(task, unseen_resume);
}
