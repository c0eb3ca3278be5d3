/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the caller wants to be told of requests. His name is the directory's: nobody makes another quiet. */
#include "internal.h"

static int quiet_change(struct task *task, const char *name)
{
	const struct cs_quiet *call = task->call;
	struct cs_authority *a = task->authority;
	uint64_t until = call->kind == CS_QUIET_OFF ? 0 : call->until_wall_ms ? call->until_wall_ms : UINT64_MAX;
	int r = call->kind == CS_QUIET_SHOW ? 0 : record_begin(a);

	if (r < 0 || call->kind == CS_QUIET_SHOW)
		return r;
	r = cs_store_set_quiet(a->store, name, until);
	if (r < 0)
		record_undo(a);
	return r;
}

static void quiet_resume(struct task *task, const struct cs_answer *answer)
{
	const struct cs_facts *caller = &answer->facts[0];
	struct cs_quiet_answer reply = { 0 };
	int r = caller->known == CS_KNOWN_DOUBT ? CS_EDOUBT : CS_EPERM;

	if (caller->known == CS_KNOWN_YES && caller->person.uid == task->caller.uid && caller->person.name &&
		*caller->person.name)
		r = quiet_change(task, caller->person.name);
	if (r == 0)
		r = cs_store_quiet(task->authority->store, caller->person.name, task->now.wall_ms, &reply.until_wall_ms);
	if (r < 0) {
		task_fail(task, r, r == CS_EPERM ? "the directory knows nobody by your uid" : NULL);
		return;
	}
	reply.quiet = r == 1;
	if (reply.until_wall_ms == UINT64_MAX || !reply.quiet)
		reply.until_wall_ms = 0;
	task_reply(task, &reply);
}

void quiet_start(struct task *task)
{
	const struct cs_quiet *call = task->call;
	int r = call->kind == CS_QUIET_ON && call->until_wall_ms != 0 && call->until_wall_ms <= task->now.wall_ms
		? CS_EINVAL : 0;

	if (r < 0) {
		task_fail(task, r, "that time is over");
		return;
	}
	r = task_ask_subject(task, task->caller.uid, NULL);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		task_ask(task, CS_FRESH_ANY, quiet_resume);
}
