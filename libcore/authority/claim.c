/* SPDX-License-Identifier: Apache-2.0 */
/* Claim: an approved request is used once, after everything has been looked at again. And confirm: the session phase
 * asks whether this very process is the one that was released. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

static int same_file(const struct cs_file *a, const struct cs_file *b)
{
	return a->present == b->present && memcmp(a->sha256, b->sha256, CS_DIGEST_LEN) == 0 && a->device == b->device &&
	       a->inode == b->inode && a->size == b->size && a->mode == b->mode && a->uid == b->uid && a->gid == b->gid;
}

/* Does the policy of now still lead this action to the same gate in the same scope? The gate, or NULL. */
static const struct cs_gate *gate_now(struct task *task)
{
	struct cs_match match = { 0 };
	const struct cs_gate *gate = NULL;
	const struct cs_request *request = &task->stored.request;

	if (cs_policy_match(task->authority->policy, &request->action, &match) == 0 && match.kind == CS_MATCH_GATE &&
		match.gate && strcmp(cs_gate_name(match.gate), request->gate) == 0 &&
		strcmp(match.scope ? match.scope : "", request->scope) == 0)
		gate = match.gate;
	cs_match_clear(&match);
	return gate;
}

/* Why the claim is refused by the decision of now; CS_WHY_NONE when it stands. */
static enum cs_reason refused_now(const struct cs_decision *now)
{
	if (now->verdict == CS_PERMIT)
		return now->reason == CS_WHY_APPROVED ? CS_WHY_NONE : CS_WHY_POLICY_CHANGED;
	if (now->verdict == CS_HOLD)
		return now->reason == CS_WHY_DOUBT ? CS_WHY_DOUBT : CS_WHY_APPROVER_LOST;
	if (now->reason == CS_WHY_DOUBT || now->reason == CS_WHY_REJECTED)
		return now->reason;
	return CS_WHY_REQUESTER_LOST;
}

static enum cs_reason check_claim(struct task *task, const struct cs_facts *requester, const struct cs_facts *voters,
	struct cs_decision *ret_now)
{
	const struct cs_action *action = &task->stored.request.action;
	struct cs_case what = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	if (strcmp(task->stored.request.action.host, task->authority->options.host) != 0)
		return CS_WHY_NOT_YOURS;
	if (!same_file(&task->stored.request.action.file, &task->file))
		return CS_WHY_TARGET_CHANGED;
	what.policy = task->authority->policy;
	what.gate = gate_now(task);
	if (!what.gate || (*action->command && action->exposed && !cs_gate_takes_exposed(what.gate)))
		return CS_WHY_POLICY_CHANGED;
	what.scope = task->stored.request.scope;
	what.asked_by = &task->stored.request.requester;
	what.requester = requester;
	what.votes = task->votes;
	what.voters = voters;
	what.n_votes = task->n_votes;
	if (cs_authority_decide(&what, ret_now) < 0)
		return CS_WHY_STORE;
	reason = refused_now(ret_now);
	/* Under another policy than it was asked under, what is missing is not the approvers' doing. */
	if (reason == CS_WHY_APPROVER_LOST &&
		memcmp(task->stored.request.policy_digest, task->authority->policy_digest, CS_DIGEST_LEN) != 0)
		reason = CS_WHY_POLICY_CHANGED;
	return reason;
}

/* The request is spent without a use: what was approved does not hold any more, so the next call asks again. Doubt and
 * the machine's own trouble pass, so they leave it open. */
static int spends(enum cs_reason reason)
{
	return reason != CS_WHY_DOUBT && reason != CS_WHY_STORE && reason != CS_WHY_NOT_YOURS;
}

static int refuse(struct task *task, enum cs_reason reason)
{
	struct cs_authority *a = task->authority;
	struct cs_stored *stored = &task->stored;
	int r = record_request(a, stored, CS_EVENT_DENIED, CS_DENY, reason, &stored->request.requester,
		cs_reason_text(reason), NULL);

	if (r < 0 || !spends(reason))
		return r;
	r = cs_store_change(a->store, stored->number, CS_APPROVED, cs_state_after(CS_APPROVED, CS_STEP_CANCEL), &task->now);
	if (r == 1)
		r = record_request(a, stored, CS_EVENT_CANCELLED, CS_DENY, reason, NULL, "the approval does not hold any more", NULL);
	return r < 0 ? r : 0;
}

/* One conditional update decides who uses it (A091); its event is in the same transaction. */
static int use(struct task *task)
{
	struct cs_authority *a = task->authority;
	struct cs_stored *stored = &task->stored;
	int r = cs_store_change(a->store, stored->number, CS_APPROVED, cs_state_after(CS_APPROVED, CS_STEP_CLAIM), &task->now);

	if (r != 1)
		return r < 0 ? r : CS_ECONFLICT;
	r = record_request(a, stored, CS_EVENT_CLAIMED, CS_PERMIT, CS_WHY_APPROVED, &stored->request.requester,
		cs_reason_text(CS_WHY_APPROVED), NULL);
	if (r == 0)
		r = release_add(task, &stored->request.action, stored->request.subject.uid, stored->number);
	return r;
}

int claim_use(struct task *task, const struct cs_facts *requester, const struct cs_facts *voters,
	struct cs_decision *ret_decision)
{
	struct cs_authority *a = task->authority;
	struct cs_decision now = { 0 }, reply = { 0 };
	enum cs_reason refused = check_claim(task, requester, voters, &now);
	int r = decision_of(&task->stored, task->votes, task->n_votes, &task->now, &reply);

	if (r == 0)
		r = record_begin(a);
	if (r == 0) {
		r = refused == CS_WHY_NONE ? use(task) : refuse(task, refused);
		if (r == CS_ECONFLICT)
			refused = CS_WHY_USED;
		if (r < 0)
			record_undo(a);
		if (r == CS_ECONFLICT)
			r = 0;
	}
	if (r == 0) {
		reply.needs = now.needs;
		reply.n_needs = now.n_needs;
		now.needs = NULL;
		now.n_needs = 0;
		reply.reason = refused == CS_WHY_NONE ? CS_WHY_APPROVED : refused;
		reply.text = cs_dup(refused == CS_WHY_DOUBT && requester->doubt && *requester->doubt ? requester->doubt
												      : cs_reason_text(reply.reason));
		reply.state = refused == CS_WHY_NONE ? CS_USED : reply.state;
		reply.verdict = refused == CS_WHY_NONE ? CS_PERMIT : CS_DENY;
	}
	cs_clear(&cs_decision_shape, &now);
	if (r < 0) {
		cs_clear(&cs_decision_shape, &reply);
		return r;
	}
	*ret_decision = reply;
	return 0;
}

static void claim_resume(struct task *task, const struct cs_answer *answer)
{
	const struct cs_claim *claim = task->call;
	struct live *live = live_find(task->authority, claim->id, claim->secret);
	struct cs_decision decision = { 0 };

	if (!live || live->connection != task->caller.connection || task_load(task, live->number) < 0) {
		task_decide(task, CS_DENY, CS_WHY_NOT_YOURS, NULL);
		return;
	}
	if (task->stored.state != CS_APPROVED || stored_overdue(&task->stored, &task->now, NULL)) {
		enum cs_reason reason = cs_state_reason(task->stored.state);

		task_decide(task, CS_DENY, task->stored.state == CS_APPROVED ? CS_WHY_EXPIRED : reason, NULL);
		return;
	}
	if (task->n_votes + 1 != answer->n_facts) {
		task_decide(task, CS_DENY, CS_WHY_STATE, "A vote came in while it was looked at; run it again.");
		return;
	}
	if (claim_use(task, &answer->facts[0], answer->facts + 1, &decision) < 0) {
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
		return;
	}
	live_drop(task->authority, live);
	task_reply(task, &decision);
}

void claim_start(struct task *task)
{
	const struct cs_claim *claim = task->call;
	struct live *live = live_find(task->authority, claim->id, claim->secret);
	const struct cs_subject *subject = NULL;
	int r = 0;

	if (!live || live->connection != task->caller.connection || task_load(task, live->number) < 0) {
		task_decide(task, CS_DENY, CS_WHY_NOT_YOURS, NULL);
		return;
	}
	task_measure(task);
	subject = &task->stored.request.subject;
	r = task_ask_subject(task, subject->uid, subject->name);
	if (r == 0)
		r = task_ask_voters(task);
	if (r == 0)
		r = task_ask_groups(task);
	if (r < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else
		task_ask(task, claim_resume);
}

/* --- Confirm ------------------------------------------------------------------------------------------------------- */

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

static int record_confirm(struct task *task, const struct cs_confirm *confirm, const struct release *release)
{
	struct cs_authority *a = task->authority;
	struct cs_event event = { 0 };
	int r = 0;

	if (release && release->number == 0)
		return 0; /* no gate guards it: its permit is recorded, and there is nothing to add */
	r = record_begin(a);
	if (r < 0)
		return r;
	if (release) {
		r = task_load(task, release->number);
		if (r == 0)
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

void confirm_start(struct task *task)
{
	const struct cs_confirm *confirm = task->call;
	struct release *release = task->caller.module ? find_release(task, confirm) : NULL;
	int r = record_confirm(task, confirm, release);

	if (r == 0 && release) {
		release_drop(task->authority, release); /* once */
		task_decide(task, CS_PERMIT, CS_WHY_CONFIRMED, NULL);
	} else {
		task_decide(task, CS_DENY, r < 0 ? CS_WHY_STORE : CS_WHY_UNCONFIRMED, NULL);
	}
}
