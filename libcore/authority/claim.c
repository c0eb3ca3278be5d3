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

static int same_gate(const struct cs_request *request, const struct cs_match *match)
{
	return match->kind == CS_MATCH_GATE && match->gate && strcmp(cs_gate_name(match->gate), request->gate) == 0 &&
	       strcmp(match->scope ? match->scope : "", request->scope) == 0;
}

/* What another match means for a request. Within one policy only a condition can lead to another gate. */
static enum cs_reason other_match(const struct task *task, enum cs_match_kind kind)
{
	static const struct {
		enum cs_match_kind kind;
		enum cs_reason reason;
	} others[] = {
		{ CS_MATCH_DENY, CS_WHY_DENY_GATE },
		{ CS_MATCH_CONDITION, CS_WHY_CONDITION },
		{ CS_MATCH_ASK, CS_WHY_DOUBT },
		{ CS_MATCH_DOUBT, CS_WHY_DOUBT },
	};

	for (size_t i = 0; i < CS_COUNT(others); i++)
		if (others[i].kind == kind)
			return others[i].reason;
	return memcmp(task->stored.request.policy_digest, task->authority->policy_digest, CS_DIGEST_LEN) == 0
		? CS_WHY_CONDITION : CS_WHY_POLICY_CHANGED;
}

/* What the directory said it could not tell; NULL when nothing. */
static char *doubt_of(const struct cs_facts *facts)
{
	return facts->doubt && *facts->doubt ? cs_dup(facts->doubt) : NULL;
}

enum cs_reason match_again(struct task *task, const struct cs_facts *requester, const struct cs_answer *answer,
	const struct cs_gate **ret_gate, char **ret_text)
{
	struct cs_match match = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	if (task_match(task, &task->stored.request.action, requester, answer, &match) < 0)
		return CS_WHY_STORE;
	if (same_gate(&task->stored.request, &match)) {
		*ret_gate = match.gate;
	} else if (requester->known == CS_KNOWN_DOUBT) {
		reason = CS_WHY_DOUBT; /* a deny gate may exempt the person: that it denies now is not the last word */
		*ret_text = doubt_of(requester);
	} else {
		reason = other_match(task, match.kind);
		*ret_text = match.text;
		match.text = NULL;
	}
	cs_match_clear(&match);
	return reason;
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

/* The decision of now, and why the claim is refused by it. */
static enum cs_reason decide_again(struct task *task, const struct cs_answer *answer, const struct cs_gate *gate,
	struct cs_decision *ret_now)
{
	struct cs_case what = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	what.policy = task->authority->policy;
	what.gate = gate;
	what.scope = task->stored.request.scope;
	what.asked_by = &task->stored.request.requester;
	what.requester = &answer->facts[0];
	what.votes = task->votes;
	what.voters = answer->facts + 1;
	what.n_votes = task->n_votes;
	if (cs_decide(&what, ret_now) < 0)
		return CS_WHY_STORE;
	reason = refused_now(ret_now);
	/* Under another policy than it was asked under, what is missing is not the approvers' doing. */
	if (reason == CS_WHY_APPROVER_LOST &&
		memcmp(task->stored.request.policy_digest, task->authority->policy_digest, CS_DIGEST_LEN) != 0)
		reason = CS_WHY_POLICY_CHANGED;
	return reason;
}

/* Everything once more. CS_WHY_NONE: it may be used. *ret_text where there is more to say than the reason does. */
static enum cs_reason check_claim(struct task *task, const struct cs_answer *answer, struct cs_decision *ret_now,
	char **ret_text)
{
	const struct cs_action *action = &task->stored.request.action;
	const struct cs_gate *gate = NULL;
	enum cs_reason reason = CS_WHY_NONE;
	uint64_t cooling_ms = 0;

	if (strcmp(action->host, task->authority->options.host) != 0)
		return CS_WHY_NOT_YOURS;
	if (!same_file(&action->file, &task->file))
		return CS_WHY_TARGET_CHANGED;
	reason = match_again(task, &answer->facts[0], answer, &gate, ret_text);
	if (reason == CS_WHY_NONE && cs_action_runs(action) && action->exposed && !cs_gate_takes_exposed(gate))
		reason = CS_WHY_POLICY_CHANGED;
	if (reason == CS_WHY_NONE && facts_stale(task, answer->facts, answer->n_facts, cs_gate_fresh_ms(gate),
		"the gate", ret_text))
		reason = CS_WHY_DOUBT;
	else if (reason == CS_WHY_NONE)
		reason = decide_again(task, answer, gate, ret_now);
	if (reason == CS_WHY_DOUBT && !*ret_text)
		*ret_text = ret_now->text ? cs_dup(ret_now->text) : doubt_of(&answer->facts[0]);
	if (reason != CS_WHY_NONE)
		return reason;
	if (!stored_cooling(task->authority, &task->stored, &task->now, &cooling_ms))
		return CS_WHY_NONE;
	*ret_text = cooling_text(cooling_ms);
	return CS_WHY_COOLING;
}

/* The request is spent without a use: what was approved does not hold any more, so the next call asks again. Doubt, the
 * wrong time and the machine's own trouble pass, so they leave it open. */
static int spends(enum cs_reason reason)
{
	return reason != CS_WHY_DOUBT && reason != CS_WHY_CONDITION && reason != CS_WHY_STORE &&
		reason != CS_WHY_NOT_YOURS;
}

static int refuse(struct task *task, enum cs_reason reason, const char *text)
{
	struct cs_authority *a = task->authority;
	struct cs_stored *stored = &task->stored;
	int r = record_request(a, stored, CS_EVENT_DENIED, CS_DENY, reason, &stored->request.requester,
		text ? text : cs_reason_text(reason), NULL);

	if (r < 0 || !spends(reason))
		return r;
	r = cs_store_change(a->store, stored->number, CS_APPROVED, cs_state_after(CS_APPROVED, CS_STEP_CANCEL),
		&task->now);
	if (r == 1)
		r = record_request(a, stored, CS_EVENT_CANCELLED, CS_DENY, reason, NULL,
			"the approval does not hold any more", NULL);
	return r < 0 ? r : 0;
}

/* One conditional update decides who uses it (A091); its event is in the same transaction. */
static int use(struct task *task, const struct cs_facts *requester)
{
	struct cs_authority *a = task->authority;
	struct cs_stored *stored = &task->stored;
	int r = cs_store_change(a->store, stored->number, CS_APPROVED, cs_state_after(CS_APPROVED, CS_STEP_CLAIM),
		&task->now);

	char *told = NULL, *text = NULL;

	if (r != 1)
		return r < 0 ? r : CS_ECONFLICT;
	told = facts_told(requester, &task->now);
	r = told ? cs_format(&text, "%s (%s)", cs_reason_text(CS_WHY_APPROVED), told) : CS_ENOMEM;
	if (r == 0)
		r = record_request(a, stored, CS_EVENT_CLAIMED, CS_PERMIT, CS_WHY_APPROVED, &stored->request.requester,
			text, NULL);
	free(told);
	free(text);
	if (r == 0)
		r = release_add(task, &stored->request.action, stored->request.subject.uid, stored->number);
	return r;
}

/* Uses it or records why not. 0 or CS_E…; *reason changes where somebody else was faster. */
static int settle(struct task *task, const struct cs_answer *answer, enum cs_reason *reason, const char *text)
{
	int r = record_begin(task->authority);

	if (r < 0)
		return r;
	r = *reason == CS_WHY_NONE ? use(task, &answer->facts[0]) : refuse(task, *reason, text);
	if (r < 0)
		record_undo(task->authority);
	if (r == CS_ECONFLICT) {
		*reason = CS_WHY_USED;
		r = 0;
	}
	return r;
}

/* now's needs and the text move into the reply. */
static void fill_reply(struct task *task, enum cs_reason refused, struct cs_decision *now, char **text,
	struct cs_decision *reply)
{
	reply->needs = now->needs;
	reply->n_needs = now->n_needs;
	now->needs = NULL;
	now->n_needs = 0;
	reply->reason = refused == CS_WHY_NONE ? CS_WHY_APPROVED : refused;
	reply->text = *text ? *text : cs_dup(cs_reason_text(reply->reason));
	*text = NULL;
	reply->state = refused == CS_WHY_NONE ? CS_USED : reply->state;
	reply->verdict = refused == CS_WHY_NONE ? CS_PERMIT : refused == CS_WHY_COOLING ? CS_HOLD : CS_DENY;
	if (refused == CS_WHY_COOLING)
		(void)stored_cooling(task->authority, &task->stored, &task->now, &reply->remaining_ms);
}

int claim_use(struct task *task, const struct cs_answer *answer, struct cs_decision *ret_decision)
{
	struct cs_decision now = { 0 }, reply = { 0 };
	char *text = NULL;
	enum cs_reason refused = check_claim(task, answer, &now, &text);
	int r = decision_of(&task->stored, task->votes, task->n_votes, &task->now, &reply);

	if (r == 0 && refused != CS_WHY_COOLING)
		r = settle(task, answer, &refused, text);
	if (r == 0) {
		fill_reply(task, refused, &now, &text, &reply);
		*ret_decision = reply;
	} else {
		cs_clear(&cs_decision_shape, &reply);
	}
	cs_clear(&cs_decision_shape, &now);
	free(text);
	return r;
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
	if (claim_use(task, answer, &decision) < 0) {
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
		return;
	}
	if (decision.reason != CS_WHY_COOLING)
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
	if (r == 0)
		r = task_ask_match(task, &task->stored.request.action);
	if (r < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else
		task_ask(task, cs_policy_service_fresh_ms(task->authority->policy,
			task->stored.request.action.service), claim_resume);
}

/* --- Confirm ------------------------------------------------------------------------------------------------------ */

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
