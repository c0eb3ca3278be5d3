/* SPDX-License-Identifier: Apache-2.0 */
/* Submit, what others have to agree to: a request is joined, made, or used. */
#include "submit.h"
#include "mem.h"
#include <stdlib.h>

/* What is said of a request that is left open. */
static char *open_text(const struct task *task, const struct cs_decision *reply, bool cools)
{
	const struct cs_submit *submit = task->call;

	if (cools)
		return cooling_text(reply->remaining_ms);
	if (submit->ahead && task->stored.state == CS_APPROVED)
		return cs_dup("Approved; run it when you want to.");
	if (submit->ahead)
		return cs_dup("The request is open. Run it after it is approved.");
	return cs_dup(cs_reason_text(reply->reason));
}

/* The reply to a request that waits for people or for its time: held on line, or left open where nobody can wait. */
static void reply_open(struct task *task, struct cs_decision *decision)
{
	const struct cs_submit *submit = task->call;
	bool waits = submit->may_wait && !submit->ahead;
	struct cs_decision reply = { 0 };
	int r = decision_of(task->authority, &task->stored, task->votes, task->n_votes, &task->now, &reply);
	int cools = r == 0 && stored_cooling(task->authority, &task->stored, &task->now, &reply.remaining_ms);

	if (r == 0) {
		decision_needs(&reply, decision);
		reply.verdict = waits ? CS_HOLD : CS_DENY;
		reply.reason = !waits ? CS_WHY_NOT_WAITING : cools ? CS_WHY_COOLING : CS_WHY_NEEDS_APPROVAL;
		reply.text = open_text(task, &reply, cools);
		reply.check_code = malloc(CS_CODE_LEN + 1);
		if (reply.check_code)
			cs_check_code(task->stored.digest, reply.check_code);
		r = !reply.text || !reply.check_code ? CS_ENOMEM : 0;
	}
	if (r == 0 && waits)
		r = live_add(task, &reply.hold_ms, &reply);
	if (r < 0) {
		cs_clear(&cs_decision_shape, &reply);
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	} else {
		task_reply(task, &reply);
	}
}

static int over_limit(const struct task *task)
{
	const struct cs_submit *submit = task->call;
	const struct cs_authority_options *o = &task->authority->options;
	uint64_t of_uid = 0, pending = 0, approved = 0;
	int r = cs_store_count_open(task->authority->store, submit->subject.uid, &of_uid, &pending, &approved);

	return r < 0 ? r : of_uid >= o->max_open_per_uid || pending + approved >= o->max_open;
}

enum cs_reason submit_new_refused(const struct task *task, const struct cs_person *person, char **ret_text)
{
	uint64_t wait = backoff_left(task->authority, person, &task->now);
	char span[16];
	int r = 0;

	if (wait > 0) {
		cs_span_text(wait, span);
		(void)cs_format(ret_text, "Too many of your requests were rejected; ask again in %s.", span);
		return CS_WHY_BACK_OFF;
	}
	r = over_limit(task);
	return r < 0 ? CS_WHY_STORE : r == 1 ? CS_WHY_LIMIT : CS_WHY_NONE;
}

bool submit_lacks_reason(const struct task *task)
{
	const struct cs_submit *submit = task->call;

	return cs_gate_needs_reason(task->match.gate) && (!submit->reason || !*submit->reason);
}

static void open_new(struct task *task, const struct cs_facts *facts, struct cs_decision *decision)
{
	enum cs_reason refused = CS_WHY_NONE;
	char *text = NULL;
	int r = 0;

	if (submit_lacks_reason(task)) {
		task_decide(task, CS_HOLD, CS_WHY_NEEDS_REASON, NULL);
		return;
	}
	refused = submit_new_refused(task, &facts->person, &text);
	if (refused == CS_WHY_NONE) {
		r = request_make(task, facts, decision);
		task->made = r == 0;
	}
	if (refused == CS_WHY_STORE || (r < 0 && r != CS_ETOOBIG))
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else if (refused != CS_WHY_NONE)
		submit_deny(task, refused, text);
	else if (r == CS_ETOOBIG)
		submit_deny(task, CS_WHY_BAD_CALL, "The request is too large: shorten the command line or the environment.");
	else
		reply_open(task, decision);
	free(text);
}

static void use_joined(struct task *task, const struct cs_answer *answer)
{
	struct cs_decision used = { 0 };
	int r = claim_use(task, answer, &used);

	if (r < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else if (used.reason == CS_WHY_COOLING)
		reply_open(task, &used);
	else
		task_reply(task, &used);
	cs_clear(&cs_decision_shape, &used);
}

/* The request was there. Votes that suffice by now are counted: at the last one the directory could not tell about all
 * who voted, or said no of one; or nobody objected in time. */
static void resume_joined(struct task *task, const struct cs_answer *answer, struct cs_decision *decision)
{
	const struct cs_submit *submit = task->call;
	int r = 0;

	if (task->stored.state == CS_PENDING && decision->verdict == CS_PERMIT)
		r = count_again(task, task->match.gate, answer);
	if (r < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else if (task->stored.state == CS_APPROVED && !submit->ahead)
		use_joined(task, answer);
	else
		reply_open(task, decision);
}

/* Nobody is asked to approve what could not run as the gate wants it. */
static bool cannot_be_kept(const struct task *task)
{
	const struct cs_gate *gate = task->match.gate;

	return task->nested && (cs_gate_session_ms(gate) != 0 || cs_gate_watch(gate) == CS_WATCH_REQUIRED);
}

void submit_hold(struct task *task, const struct cs_answer *answer, struct cs_decision *decision)
{
	const struct cs_submit *submit = task->call;
	int joined = submit->only_ask ? 0 : join_still(task);

	if (cannot_be_kept(task))
		submit_refuse(task, CS_WHY_NESTED, NULL);
	else if (submit->only_ask)
		task_decide(task, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	else if (joined == 1)
		resume_joined(task, answer, decision);
	else if (joined == 0)
		open_new(task, &answer->facts[0], decision);
	else if (!task_again(task))
		submit_deny(task, CS_WHY_STATE, "The request changed while it was looked at; run it again.");
}
