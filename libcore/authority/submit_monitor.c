/* SPDX-License-Identifier: Apache-2.0 */
/* Submit, at a gate that only monitors: what it would hold or deny is permitted at once, and recorded with what would have
 * been. No request is made and nobody is told. */
#include "submit.h"
#include "mem.h"
#include <stdlib.h>

/* would moves into the task. */
static void permit(struct task *task, struct cs_decision *would)
{
	char *text = cs_monitored_text(would);

	cs_clear(&cs_decision_shape, &task->would);
	task->would = *would;
	*would = (struct cs_decision){ 0 };
	if (text)
		submit_conclude(task, CS_PERMIT, CS_WHY_MONITORED, cs_gate_name(task->match.gate), text);
	else
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	free(text);
}

void submit_monitored(struct task *task, enum cs_verdict verdict, enum cs_reason reason, const char *text)
{
	struct cs_decision would = { .verdict = verdict, .reason = reason };

	if (text && !(would.text = cs_dup(text)))
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else
		permit(task, &would);
}

void submit_monitored_decision(struct task *task, const struct cs_facts *facts, struct cs_decision *decision)
{
	enum cs_reason refused = CS_WHY_NONE;
	char *text = NULL;

	if (decision->verdict == CS_HOLD && submit_lacks_reason(task))
		refused = CS_WHY_NEEDS_REASON;
	else if (decision->verdict == CS_HOLD)
		refused = submit_new_refused(task, &facts->person, &text);
	if (refused == CS_WHY_STORE) {
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
		return;
	}
	if (refused != CS_WHY_NONE) {
		decision->verdict = refused == CS_WHY_NEEDS_REASON ? CS_HOLD : CS_DENY;
		decision->reason = refused;
		cs_free_str(&decision->text);
		decision->text = text;
	}
	permit(task, decision);
}
