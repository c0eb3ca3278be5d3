/* SPDX-License-Identifier: Apache-2.0 */
/* Submit, the end: permitted or denied at once, and recorded as that. */
#include "submit.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* What is told and recorded: asked for ahead, nothing runs now, whatever may run later. */
static void as_ahead(const struct cs_submit *submit, enum cs_verdict *verdict, enum cs_reason *reason, const char **text)
{
	if (!submit->ahead || *verdict != CS_PERMIT)
		return;
	*verdict = CS_DENY;
	*reason = CS_WHY_NOT_WAITING;
	*text = "Nobody has to be asked for this: it may run when you want it to.";
}

/* What is recorded: who told what it depends on, and, of what is permitted, the reason that was given for it. */
static int kept_text(const struct task *task, enum cs_verdict verdict, const char *shown, char **ret_kept)
{
	const struct cs_submit *submit = task->call;
	bool reasoned = verdict == CS_PERMIT && submit->reason && *submit->reason;

	return cs_format(ret_kept, "%s%s%s%s", shown, task->told ? task->told : "", reasoned ? "; reason: " : "",
		reasoned ? submit->reason : "");
}

/* Nothing opens because of it: the session phase asks again, and what it is told is recorded. */
static bool opens_nothing(const struct cs_submit *submit, enum cs_verdict verdict)
{
	return verdict == CS_PERMIT && submit->only_ask && submit->asked_again;
}

/* Records a verdict that makes no request, and ends the task. A permit that cannot be recorded is none. */
void submit_conclude(struct task *task, enum cs_verdict verdict, enum cs_reason reason, const char *gate,
	const char *text)
{
	const struct cs_submit *submit = task->call;
	struct cs_authority *a = task->authority;
	const char *shown = NULL;
	char *kept = NULL;
	int r = 0;

	as_ahead(submit, &verdict, &reason, &text);
	shown = text && *text ? text : cs_reason_text(reason);
	if (opens_nothing(submit, verdict)) {
		task_decide(task, verdict, reason, shown);
		return;
	}
	if (kept_text(task, verdict, shown, &kept) < 0) {
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
		return;
	}
	r = record_begin(a);
	if (r == 0)
		r = record_outright(task, verdict == CS_PERMIT ? CS_EVENT_PERMITTED : CS_EVENT_DENIED, verdict, reason,
			gate, strlen(kept) <= CS_MAX_TEXT ? kept : shown);
	if (r == 0 && verdict == CS_PERMIT && !submit->only_ask)
		r = release_add(task, &submit->action, submit->subject.uid, 0);
	if (r < 0)
		record_undo(a);
	free(kept);
	if (r == CS_ETOOBIG && verdict == CS_PERMIT)
		submit_conclude(task, CS_DENY, CS_WHY_BAD_CALL, gate,
			"The command line is too long to be recorded, and without a record nothing is permitted.");
	else if (r < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else
		task_decide(task, verdict, reason, shown);
}

void submit_refuse(struct task *task, enum cs_reason reason, const char *text)
{
	submit_conclude(task, CS_DENY, reason, task->match.gate ? cs_gate_name(task->match.gate) : NULL, text);
}

void submit_deny(struct task *task, enum cs_reason reason, const char *text)
{
	if (task->match.monitored)
		submit_monitored(task, CS_DENY, reason, text);
	else
		submit_refuse(task, reason, text);
}
