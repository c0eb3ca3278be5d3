/* SPDX-License-Identifier: Apache-2.0 */
/* Submit: what is to be done is matched, the person is looked up, and the answer is permit, deny or hold. Here a call
 * begins: does it make sense, and who asks? */
#include "submit.h"
#include "mem.h"
#include <string.h>

/* Root on this machine. Over the network "root" is a person nobody can name, and is judged like anybody. */
static int is_local_root(const struct task *task)
{
	const struct cs_submit *submit = task->call;

	return submit->subject.uid == task->authority->options.root_uid &&
	       (!submit->action.peer || !*submit->action.peer);
}

/* Numbers and names that stand for no person (A004). */
static int is_nobody(const struct cs_subject *subject)
{
	return !subject->name || !*subject->name || subject->uid == CS_NO_UID || subject->uid == 65534;
}

/* What an operand's file is, only the daemon says; the call says which of them came. 0, or the task has ended. */
static int take_files(struct task *task)
{
	struct cs_submit *submit = task->call;
	struct cs_action *action = &submit->action;
	int r = task->tries == 0 ? task_take_files(task, files_of(action)) : 0;

	for (size_t i = 0; i < action->n_operands; i++) {
		memset(&action->operands[i].file, 0, sizeof(action->operands[i].file));
		if (action->operands[i].arg >= action->n_argv)
			r = CS_EINVAL;
	}
	if (r < 0)
		task_fail(task, CS_EINVAL, "operands");
	return r;
}

/* Stamps what only the daemon knows and looks whether the call makes sense. 0, or the task has ended. */
static int submit_check(struct task *task)
{
	struct cs_submit *submit = task->call;
	const char *what = NULL;

	if (cs_set(&submit->action.host, task->authority->options.host) < 0) {
		task_fail(task, CS_ENOMEM, NULL);
		return CS_ENOMEM;
	}
	memset(&submit->action.file, 0, sizeof(submit->action.file));
	if (take_files(task) < 0)
		return CS_EINVAL;
	if (submit->start_wall_ms != 0 && !submit->ahead) {
		task_fail(task, CS_EINVAL, "a start is for what is asked for ahead");
		return CS_EINVAL;
	}
	if (cs_action_check(&submit->action, &what) < 0) {
		task_fail(task, CS_EINVAL, what);
		return CS_EINVAL;
	}
	return 0;
}

void submit_start(struct task *task)
{
	const struct cs_submit *submit = task->call;

	task->nested = submit->nested;
	if (!task->caller.module)
		task_fail(task, CS_EPERM, NULL);
	else if (submit_check(task) < 0)
		return;
	else if (is_nobody(&submit->subject))
		submit_deny(task, CS_WHY_UNKNOWN_PERSON, NULL);
	else if (is_local_root(task))
		submit_conclude(task, CS_PERMIT, CS_WHY_ROOT, NULL, NULL);
	else
		submit_match(task);
}

/* --- Through people.sock ------------------------------------------------------------------------------------------ */

void submit_internal_start(struct task *task)
{
	const struct cs_submit *submit = task->call;

	if (submit_check(task) < 0)
		return;
	if (submit->subject.uid == CS_NO_UID || submit->subject.uid == 65534)
		submit_deny(task, CS_WHY_UNKNOWN_PERSON, NULL);
	else
		submit_match(task);
}

void submit_internal(struct cs_authority *a, const struct cs_caller *caller, const struct cs_submit *submit,
	cs_reply_fn done, void *arg)
{
	static const struct handler handler = { CS_CALL_SUBMIT, &cs_submit_shape, &cs_decision_shape, submit_internal_start };
	struct cs_submit own = *submit; /* a view: task_begin copies it */

	own.subject = (struct cs_subject){ .uid = caller->uid, .login_uid = caller->login_uid };
	own.may_wait = false;
	own.has_file = false;
	task_begin(a, caller, &handler, &own, NULL, done, arg);
}
