/* SPDX-License-Identifier: Apache-2.0 */
/* Votes and cancelling. Only a person the directory knows, who is not the requester, may vote, and once. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* Takes one from what this uid may still have recorded. 1 or 0. */
static int may_record_refusal(struct task *task)
{
	struct refused_votes *of = &task->authority->refused[task->caller.uid % REFUSED_UIDS];

	if (of->uid != task->caller.uid || task->now.boot_ms - of->since_ms >= REFUSED_SPAN_MS)
		*of = (struct refused_votes){ .uid = task->caller.uid, .since_ms = task->now.boot_ms };
	if (of->count >= REFUSED_KEPT)
		return 0;
	of->count++;
	return 1;
}

/* A refused vote is told and recorded; the request stays as it is. */
static void refuse(struct task *task, const struct cs_person *voter, enum cs_reason reason, const char *text)
{
	struct cs_authority *a = task->authority;
	struct cs_person caller = { .uid = task->caller.uid };
	int recorded = may_record_refusal(task);
	int r = recorded ? record_begin(a) : 0;

	if (r == 0 && recorded) {
		r = record_request(a, &task->stored, CS_EVENT_VOTE_REFUSED, CS_DENY, reason, voter ? voter : &caller,
			text ? text : cs_reason_text(reason), NULL);
		if (r < 0)
			record_undo(a);
	}
	task_decide(task, CS_DENY, r < 0 ? CS_WHY_STORE : reason, r < 0 ? NULL : text);
}

/* What the call itself says wrong; CS_WHY_NONE when it may go on to the directory. */
static enum cs_reason call_refused(const struct task *task)
{
	const struct cs_vote_call *call = task->call;
	const struct cs_stored *stored = &task->stored;
	enum cs_step step = call->vote == CS_VOTE_APPROVE ? CS_STEP_VOTE : CS_STEP_REJECT;

	if (task->caller.uid == task->authority->options.root_uid || task->caller.uid == 65534)
		return CS_WHY_NOT_APPROVER; /* A054: not a person */
	if (memcmp(call->digest, stored->digest, CS_DIGEST_LEN) != 0)
		return CS_WHY_DIGEST;
	if (cs_state_after(stored->state, step) == CS_STATE_NONE || stored_overdue(stored, &task->now, NULL))
		return CS_WHY_STATE;
	return CS_WHY_NONE;
}

static enum cs_reason voter_refused(const struct task *task, const struct cs_facts *voter)
{
	if (voter->known == CS_KNOWN_DOUBT)
		return CS_WHY_DOUBT;
	if (voter->known != CS_KNOWN_YES || voter->person.uid != task->caller.uid)
		return CS_WHY_NOT_APPROVER;
	if (voter->person.locked)
		return CS_WHY_LOCKED_PERSON;
	if (cs_same_human(&voter->person, &task->stored.request.requester) != 0)
		return CS_WHY_SELF;
	for (size_t i = 0; i < task->n_votes; i++)
		if (cs_same_human(&voter->person, &task->votes[i].person) != 0)
			return CS_WHY_VOTED;
	return CS_WHY_NONE;
}

/* Keeps a rule that the voter may fill, with what it counts on and who said so when. */
static int take_rule(struct task *task, const struct cs_gate *gate, size_t rule, const struct cs_facts *voter,
	const char *because, struct cs_approval *approval)
{
	char *told = facts_told(voter, &task->now), *text = NULL;
	int r = told ? cs_format(&text, "%s, %s", because, told) : CS_ENOMEM;

	if (r == 0)
		r = cs_strv_add(&approval->rules, &approval->n_rules, cs_gate_rule_name(gate, rule));
	if (r == 0)
		r = cs_strv_add(&approval->because, &approval->n_because, text);
	free(told);
	free(text);
	return r;
}

/* Which rules the voter may fill, kept in the vote. CS_WHY_NONE when at least one, which is all that a reject needs: so
 * it stays small. One that could not be told counts as one he may not fill, and takes nothing from the others. */
static enum cs_reason take_rules(struct task *task, const struct cs_gate *gate, const struct cs_facts *voter,
	struct cs_approval *approval, char **ret_text)
{
	const struct cs_vote_call *call = task->call;
	size_t enough = call->vote == CS_VOTE_REJECT ? 1 : cs_gate_rules(gate);
	bool doubt = false;
	int r = 0;

	for (size_t i = 0; i < cs_gate_rules(gate) && approval->n_rules < enough; i++) {
		struct cs_held held = { 0 };

		r = cs_policy_may_fill(task->authority->policy, voter, gate, i, task->stored.request.scope, &held);
		if (r == 1)
			r = take_rule(task, gate, i, voter, held.because, approval);
		else if (r == CS_EDOUBT && !doubt) {
			*ret_text = held.because;
			held.because = NULL;
		}
		doubt = doubt || r == CS_EDOUBT;
		cs_held_clear(&held);
		if (r < 0 && r != CS_EDOUBT)
			return CS_WHY_STORE;
	}
	if (approval->n_rules == 0)
		return doubt ? CS_WHY_DOUBT : CS_WHY_NOT_APPROVER;
	cs_free_str(ret_text);
	return CS_WHY_NONE;
}

/* An approval that could never be used is none. A condition that does not hold now may hold again when it is used; and
 * a reject always counts. */
static enum cs_reason approve_refused(struct task *task, const struct cs_answer *answer, char **ret_text)
{
	const struct cs_vote_call *call = task->call;
	const struct cs_gate *gate = NULL;
	enum cs_reason reason = CS_WHY_NONE;

	if (call->vote == CS_VOTE_REJECT)
		return CS_WHY_NONE;
	reason = match_again(task, &answer->facts[1], answer, &gate, ret_text);
	return reason == CS_WHY_CONDITION ? CS_WHY_NONE : reason;
}

static int code_matches(const struct task *task)
{
	const struct cs_vote_call *call = task->call;
	char code[CS_CODE_LEN + 1];

	if (call->vote == CS_VOTE_REJECT)
		return 1;
	cs_check_code(task->stored.digest, code);
	return call->check_code && strcmp(call->check_code, code) == 0;
}

static int approval_fill(struct task *task, const struct cs_facts *voter, struct cs_approval *approval)
{
	const struct cs_vote_call *call = task->call;
	int r = cs_copy(&cs_person_shape, &voter->person, &approval->person);

	approval->vote = call->vote;
	approval->wall_ms = task->now.wall_ms;
	memcpy(approval->digest, task->stored.digest, CS_DIGEST_LEN);
	approval->comment = cs_dup(call->comment);
	return r == 0 && !approval->comment ? CS_ENOMEM : r;
}

/* What nobody could look at any more nobody should agree to, and one who rejects has to find room. */
static int leave_room(struct task *task)
{
	int fits = task->n_votes < CS_MAX_VOTES ? request_fits(task, LAST_VOTE_BYTES) : 0;

	return fits == 0 ? CS_EBUSY : fits < 0 ? fits : 0;
}

/* The vote and its event, and the votes as they are with it. */
static int add_vote(struct task *task, const struct cs_approval *approval)
{
	struct cs_authority *a = task->authority;
	struct cs_buf body;
	int r = cs_store_vote(a->store, task->stored.number, approval);

	cs_buf_init(&body, CS_MAX_EVENT);
	if (r == 0)
		r = cs_encode(&cs_approval_shape, approval, &body);
	if (r == 0)
		r = record_request(a, &task->stored, CS_EVENT_VOTED, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &approval->person,
			approval->comment, &body);
	if (r == 0)
		r = task_load(task, task->stored.number);
	if (r == 0 && approval->vote == CS_VOTE_APPROVE)
		r = leave_room(task);
	cs_buf_clear(&body);
	return r;
}

static int move(struct task *task, enum cs_step step, enum cs_event_kind kind, const struct cs_approval *approval)
{
	struct cs_authority *a = task->authority;
	enum cs_state from = task->stored.state, to = cs_state_after(from, step);
	int r = to == CS_STATE_NONE ? CS_ECONFLICT
		: cs_store_change(a->store, task->stored.number, from, to, &task->now);

	if (r != 1)
		return r < 0 ? r : CS_ECONFLICT;
	r = record_request(a, &task->stored, kind, kind == CS_EVENT_APPROVED ? CS_PERMIT : CS_DENY, cs_state_reason(to),
		&approval->person, approval->comment, NULL);
	return r < 0 ? r : task_load(task, task->stored.number);
}

/* Does it suffice now? Every earlier voter and the requester are looked at afresh. */
static int count_votes(struct task *task, const struct cs_answer *answer, const struct cs_gate *gate,
	struct cs_decision *ret_now)
{
	struct cs_facts *voters = calloc(task->n_votes, sizeof(*voters));
	struct cs_case what = { 0 };
	int r = 0;

	if (!voters)
		return CS_ENOMEM;
	/* facts: the voter of now, the requester, then the earlier votes in order; the new vote is the last. */
	for (size_t i = 0; i + 1 < task->n_votes; i++)
		voters[i] = answer->facts[2 + i];
	voters[task->n_votes - 1] = answer->facts[0];
	what.policy = task->authority->policy;
	what.gate = gate;
	what.scope = task->stored.request.scope;
	what.asked_by = &task->stored.request.requester;
	what.requester = &answer->facts[1];
	what.votes = task->votes;
	what.voters = voters;
	what.n_votes = task->n_votes;
	what.listings = answer->listings;
	what.listings_of_rule = task->listings_of_rule;
	r = cs_decide(&what, ret_now);
	free(voters);
	return r;
}

static int cast(struct task *task, const struct cs_answer *answer, const struct cs_gate *gate,
	const struct cs_approval *approval, struct cs_decision *ret_now)
{
	struct cs_authority *a = task->authority;
	struct live *live = live_of_number(a, task->stored.number);
	int r = add_vote(task, approval);

	if (r == 0)
		r = count_votes(task, answer, gate, ret_now);
	if (r == 0 && live && ret_now->n_needs > 0)
		live_set_needs(live, ret_now->needs, ret_now->n_needs);
	if (r == 0 && approval->vote == CS_VOTE_REJECT)
		r = move(task, CS_STEP_REJECT, CS_EVENT_REJECTED, approval);
	else if (r == 0 && ret_now->verdict == CS_PERMIT && ret_now->reason == CS_WHY_APPROVED)
		r = move(task, CS_STEP_SUFFICE, CS_EVENT_APPROVED, approval);
	return r;
}

static void reply_vote(struct task *task, struct cs_decision *now)
{
	struct cs_decision reply = { 0 };

	if (decision_of(&task->stored, task->votes, task->n_votes, &task->now, &reply) < 0) {
		task_fail(task, CS_ENOMEM, NULL);
		return;
	}
	reply.verdict = task->stored.state == CS_APPROVED ? CS_PERMIT
		: task->stored.state == CS_PENDING	  ? CS_HOLD
							  : CS_DENY;
	reply.reason = cs_state_reason(task->stored.state);
	reply.text = cs_dup(cs_reason_text(reply.reason));
	reply.needs = now->needs;
	reply.n_needs = now->n_needs;
	now->needs = NULL;
	now->n_needs = 0;
	task_reply(task, &reply);
}

/* Why the vote does not count; CS_WHY_NONE when it does, and the rules it counts for are in *approval. */
static enum cs_reason vote_refused(struct task *task, const struct cs_answer *answer, const struct cs_gate *gate,
	struct cs_approval *approval, char **ret_text)
{
	enum cs_reason refused = call_refused(task);

	if (refused == CS_WHY_NONE)
		refused = voter_refused(task, &answer->facts[0]);
	if (refused == CS_WHY_NONE && gate && facts_stale(task, answer->facts, answer->n_facts, cs_gate_fresh_ms(gate),
		"the gate", ret_text))
		return CS_WHY_DOUBT;
	if (refused == CS_WHY_NONE)
		refused = !gate ? CS_WHY_POLICY_CHANGED
			: take_rules(task, gate, &answer->facts[0], approval, ret_text);
	if (refused == CS_WHY_NONE && !code_matches(task))
		refused = CS_WHY_CODE;
	if (refused == CS_WHY_NONE)
		refused = approve_refused(task, answer, ret_text);
	return refused;
}

static void vote_resume(struct task *task, const struct cs_answer *answer)
{
	const struct cs_facts *voter = &answer->facts[0];
	const struct cs_gate *gate = cs_policy_gate(task->authority->policy, task->stored.request.gate);
	struct cs_approval approval = { 0 };
	struct cs_decision now = { 0 };
	uint64_t version = task->stored.version;
	enum cs_reason refused = CS_WHY_NONE;
	char *text = NULL;
	int r = 0;

	if (task_load(task, task->stored.number) < 0) {
		task_fail(task, CS_EIO, NULL);
		return;
	}
	refused = vote_refused(task, answer, gate, &approval, &text);
	if (refused == CS_WHY_NONE && version != task->stored.version) {
		/* Another vote came in while the directory was asked; its facts are not in this answer. */
		cs_clear(&cs_approval_shape, &approval);
		free(text);
		task_fail(task, CS_ECONFLICT,
			"another vote came in at the same moment; look at the request and vote again");
		return;
	}
	if (refused != CS_WHY_NONE) {
		refuse(task, &voter->person, refused, text ? text : refused == CS_WHY_DOUBT ? voter->doubt : NULL);
		cs_clear(&cs_approval_shape, &approval);
		free(text);
		return;
	}
	r = approval_fill(task, voter, &approval);
	if (r == 0)
		r = record_begin(task->authority);
	if (r == 0) {
		r = cast(task, answer, gate, &approval, &now);
		if (r < 0)
			record_undo(task->authority);
	}
	if (r == CS_EBUSY)
		refuse(task, &voter->person, CS_WHY_LIMIT,
			"This request has no room for another vote. Shorten the comment, or reject it and let it be "
			"asked anew.");
	else if (r < 0)
		task_fail(task, r, r == CS_ECONFLICT ? "the request moved on; look at it again" : NULL);
	else
		reply_vote(task, &now);
	cs_clear(&cs_approval_shape, &approval);
	cs_clear(&cs_decision_shape, &now);
	free(text);
}

void vote_start(struct task *task)
{
	const struct cs_vote_call *call = task->call;
	const struct cs_subject *requester = NULL;
	const struct cs_gate *gate = NULL;
	enum cs_reason refused = CS_WHY_NONE;
	int r = call->vote == CS_VOTE_APPROVE || call->vote == CS_VOTE_REJECT ? task_load(task, call->number)
		: CS_EINVAL;

	if (r < 0) {
		task_fail(task, r, r == CS_ENOENT ? "there is no such request" : NULL);
		return;
	}
	refused = call_refused(task);
	if (refused != CS_WHY_NONE) {
		/* nothing about the directory is known: not worth an event */
		task_decide(task, CS_DENY, refused, NULL);
		return;
	}
	requester = &task->stored.request.subject;
	gate = cs_policy_gate(task->authority->policy, task->stored.request.gate);
	r = task_ask_subject(task, task->caller.uid, NULL);
	if (r == 0)
		r = task_ask_subject(task, requester->uid, requester->name);
	if (r == 0)
		r = task_ask_voters(task);
	if (r == 0)
		r = task_ask_groups(task);
	if (r == 0 && gate)
		r = task_ask_listings(task, gate, task->stored.request.scope);
	if (r == 0)
		r = task_ask_match(task, &task->stored.request.action);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		task_ask(task, cs_policy_service_fresh_ms(task->authority->policy,
			task->stored.request.action.service), vote_resume);
}

/* --- Cancel ------------------------------------------------------------------------------------------------------- */

/* By whom: the waiting module with its secret; the person whose uid asked; root. Nobody else (A092). */
static int may_cancel(struct task *task, const struct cs_cancel *call)
{
	struct live *live = NULL;

	if (task->caller.module) {
		live = live_find(task->authority, call->id, call->secret);
		return live ? task_load(task, live->number) : CS_EPERM;
	}
	if (task_load(task, call->number) < 0)
		return CS_ENOENT;
	if (task->caller.uid != task->authority->options.root_uid &&
		task->caller.uid != task->stored.request.subject.uid)
		return CS_EPERM;
	return 0;
}

void cancel_start(struct task *task)
{
	const struct cs_cancel *call = task->call;
	struct cs_authority *a = task->authority;
	static char root[] = "root";
	struct cs_person actor = { .uid = task->caller.uid, .name = root };
	struct cs_decision reply = { 0 };
	enum cs_state to = CS_STATE_NONE;
	int r = may_cancel(task, call);

	if (r < 0) {
		task_fail(task, r, r == CS_EPERM ? "only the requester and root cancel a request"
			: "there is no such request");
		return;
	}
	to = cs_state_after(task->stored.state, CS_STEP_CANCEL);
	if (to == CS_STATE_NONE) {
		task_decide(task, CS_DENY, CS_WHY_STATE, NULL);
		return;
	}
	r = record_begin(a);
	if (r == 0) {
		r = cs_store_change(a->store, task->stored.number, task->stored.state, to, &task->now);
		if (r == 1)
			r = record_request(a, &task->stored, CS_EVENT_CANCELLED, CS_DENY, CS_WHY_CANCELLED,
				task->caller.uid == task->stored.request.subject.uid || task->caller.module
					? &task->stored.request.requester : &actor, NULL, NULL);
		else if (r == 0)
			r = CS_ECONFLICT;
		if (r == 0)
			r = task_load(task, task->stored.number);
		if (r < 0)
			record_undo(a);
	}
	if (r == 0)
		r = decision_of(&task->stored, task->votes, task->n_votes, &task->now, &reply);
	if (r < 0) {
		task_fail(task, r, NULL);
		return;
	}
	reply.reason = CS_WHY_CANCELLED;
	reply.text = cs_dup(cs_reason_text(CS_WHY_CANCELLED));
	task_reply(task, &reply);
}
