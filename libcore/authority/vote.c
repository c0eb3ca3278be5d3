/* SPDX-License-Identifier: Apache-2.0 */
/* A vote is cast, changed or taken back. Of each person the last one counts. */
#include "ballot.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* The uid's own place, or that of whose span began longest ago. */
static struct refused_votes *place_of(struct cs_authority *a, uint32_t uid)
{
	struct refused_votes *best = &a->refused[0];

	for (size_t i = 0; i < REFUSED_UIDS; i++) {
		if (a->refused[i].uid == uid)
			return &a->refused[i];
		if (a->refused[i].since_ms < best->since_ms)
			best = &a->refused[i];
	}
	return best;
}

int refusal_is_kept(struct task *task, uint32_t uid)
{
	struct refused_votes *of = place_of(task->authority, uid);

	if (of->uid != uid || task->now.boot_ms - of->since_ms >= REFUSED_SPAN_MS)
		*of = (struct refused_votes){ .uid = uid, .since_ms = task->now.boot_ms };
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
	int recorded = refusal_is_kept(task, voter && voter->id && *voter->id ? task->caller.uid : CS_NO_UID);
	int r = recorded ? record_begin(a) : 0;

	if (r == 0 && recorded) {
		r = record_request(a, &task->stored, CS_EVENT_VOTE_REFUSED, CS_DENY, reason, voter ? voter : &caller,
			text ? text : cs_reason_text(reason), NULL);
		if (r < 0)
			record_undo(a);
	}
	task_decide(task, CS_DENY, r < 0 ? CS_WHY_STORE : reason, r < 0 ? NULL : text);
}

static enum cs_vote vote_of(const struct task *task)
{
	return ((const struct cs_vote_call *)task->call)->vote;
}

/* What the call itself says wrong; CS_WHY_NONE when it may go on to the directory. */
static enum cs_reason call_refused(const struct task *task, const char **ret_text)
{
	static const enum cs_step steps[] = { [CS_VOTE_APPROVE] = CS_STEP_VOTE, [CS_VOTE_REJECT] = CS_STEP_REJECT,
		[CS_VOTE_WITHDRAW] = CS_STEP_WITHDRAW };
	const struct cs_vote_call *call = task->call;
	const struct cs_stored *stored = &task->stored;

	if (stored_overdue(stored, &task->now, NULL))
		return CS_WHY_STATE;
	if (cs_state_after(stored->state, steps[call->vote]) != CS_STATE_NONE)
		return CS_WHY_NONE;
	if (stored->state == CS_APPROVED)
		*ret_text = "Enough people approved it already; until it is used it may still be rejected.";
	return CS_WHY_STATE;
}

static int approval_fill(struct ballot *b)
{
	const struct cs_vote_call *call = b->task->call;
	struct cs_approval *approval = &b->approval;
	int r = cs_copy(&cs_person_shape, &b->voter.facts->person, &approval->person);

	approval->vote = call->vote;
	approval->login_uid = b->task->caller.login_uid;
	approval->wall_ms = b->task->now.wall_ms;
	approval->self = b->voter.self;
	approval->not_after_wall_ms = call->not_after_wall_ms;
	approval->head_number = call->head_number;
	memcpy(approval->head_chain, call->head_chain, CS_DIGEST_LEN);
	memcpy(approval->digest, b->task->stored.digest, CS_DIGEST_LEN);
	approval->comment = cs_dup(call->comment);
	approval->assurance = cs_dup("local-uid");
	approval->signature = malloc(call->n_signature + 1);
	if (r < 0 || !approval->comment || !approval->assurance || !approval->signature)
		return r < 0 ? r : CS_ENOMEM;
	if (call->n_signature > 0)
		memcpy(approval->signature, call->signature, call->n_signature);
	approval->n_signature = call->n_signature;
	return 0;
}

static void reply_vote(struct task *task, struct cs_decision *now)
{
	enum cs_vote vote = vote_of(task);
	enum cs_state state = task->stored.state == CS_USED ? CS_APPROVED : task->stored.state; /* a review, done by this */
	struct cs_decision reply = { 0 };

	if (decision_of(task->authority, &task->stored, task->votes, task->n_votes, &task->now, &reply) < 0) {
		task_fail(task, CS_ENOMEM, NULL);
		return;
	}
	reply.verdict = state == CS_APPROVED ? CS_PERMIT : state == CS_PENDING ? CS_HOLD : CS_DENY;
	reply.reason = cs_state_reason(state);
	reply.text = vote == CS_VOTE_WITHDRAW ? cs_dup("Your vote is taken back.") : cs_dup(cs_reason_text(reply.reason));
	decision_needs(&reply, now);
	task_reply(task, &reply);
}

/* What he said last stands, and what he may do yet. */
static const char *too_often_text(const struct ballot *b)
{
	const struct task *task = b->task;
	bool stands = b->voter.standing < task->n_votes;

	if (!stands)
		return "You changed your vote on this request too often: none of yours stands. You may still reject it; "
		       "others may approve it, or it is asked anew.";
	return task->votes[b->voter.standing].vote == CS_VOTE_APPROVE
		? "You changed your vote on this request too often: your approval stands. You may still take it back, or reject."
		: "You changed your vote on this request too often: your rejection stands. Others may approve it, or it is "
		  "asked anew.";
}

static void end_cast(struct ballot *b, int r, struct cs_decision *now)
{
	struct task *task = b->task;

	if (r < 0 && b->too_often)
		refuse(task, &b->approval.person, CS_WHY_LIMIT, too_often_text(b));
	else if (r == CS_EBUSY)
		refuse(task, &b->approval.person, CS_WHY_LIMIT,
			"This request has no room for another vote. Shorten the comment, or reject it and let it be "
			"asked anew.");
	else if (r < 0)
		task_fail(task, r, r == CS_ECONFLICT ? "the request moved on; look at it again" : NULL);
	else
		reply_vote(task, now);
}

/* Counts it, or nothing of it. */
static void count_ballot(struct ballot *b)
{
	struct cs_decision now = { 0 };
	int r = record_begin(b->task->authority);

	if (r == 0) {
		r = ballot_cast(b, &now);
		if (r < 0)
			record_undo(b->task->authority);
	}
	end_cast(b, r, &now);
	cs_clear(&cs_decision_shape, &now);
}

static void ballot_clear(struct ballot *b)
{
	cs_clear(&cs_approval_shape, &b->approval);
	for (size_t i = 0; i < b->n_before; i++)
		cs_clear(&cs_approval_shape, &b->before[i]);
	free(b->before);
	free(b->known);
}

/* The request as it is now; 1 when the task goes on. */
static int reload(struct task *task)
{
	uint64_t version = task->stored.version;
	const char *text = NULL;
	enum cs_reason refused = CS_WHY_NONE;

	if (task_load(task, task->stored.number) < 0) {
		task_fail(task, CS_EIO, NULL);
		return 0;
	}
	refused = call_refused(task, &text);
	if (refused != CS_WHY_NONE) {
		refuse(task, NULL, refused, text);
		return 0;
	}
	if (version == task->stored.version)
		return 1;
	/* Another vote came in while the directory was asked; its facts are not in this answer. */
	if (!task_again(task))
		task_fail(task, CS_ECONFLICT,
			"another vote came in at the same moment; look at the request and vote again");
	return 0;
}

static void vote_resume(struct task *task, const struct cs_answer *answer)
{
	struct ballot b = { .task = task, .answer = answer };
	enum cs_reason refused = CS_WHY_NONE;
	char *text = NULL;
	int r = 0;

	if (!reload(task))
		return;
	b.voter.facts = &answer->facts[0];
	b.voter.login_uid = task->caller.login_uid;
	b.gate = request_gate(task->authority, &task->stored.request);
	refused = voter_known(task, &answer->facts[1], answer->facts + 2, &b.voter, &text);
	if (refused == CS_WHY_NOT_INDEPENDENT && vote_of(task) == CS_VOTE_WITHDRAW && b.voter.standing < task->n_votes)
		refused = CS_WHY_NONE; /* what he said is his to take back, whoever he turned out to be */
	if (refused == CS_WHY_NONE)
		r = approval_fill(&b);
	if (refused == CS_WHY_NONE && r == 0)
		refused = ballot_refused(&b, &text);
	if (r < 0)
		task_fail(task, r, NULL);
	else if (refused != CS_WHY_NONE)
		refuse(task, &b.voter.facts->person, refused,
			text ? text : refused == CS_WHY_DOUBT ? b.voter.facts->doubt : NULL);
	else
		count_ballot(&b);
	ballot_clear(&b);
	free(text);
}

/* What the vote needs to know: the voter, the requester, who voted, who could. */
static void ask(struct task *task)
{
	const struct cs_subject *requester = &task->stored.request.subject;
	const struct cs_gate *gate = request_gate(task->authority, &task->stored.request);
	int r = task_ask_subject(task, task->caller.uid, NULL);

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

void vote_start(struct task *task)
{
	const struct cs_vote_call *call = task->call;
	const char *text = NULL;
	enum cs_reason refused = CS_WHY_NONE;
	int r = call->vote == CS_VOTE_APPROVE || call->vote == CS_VOTE_REJECT || call->vote == CS_VOTE_WITHDRAW
		? task_load(task, call->number) : CS_EINVAL;

	if (r < 0 && r != CS_ENOENT) {
		task_fail(task, r, NULL);
		return;
	}
	if (task->caller.uid == task->authority->options.root_uid || task->caller.uid == 65534) {
		task_decide(task, CS_DENY, CS_WHY_NOT_APPROVER, NULL); /* A054: not a person */
		return;
	}
	if (r == CS_ENOENT || memcmp(call->digest, task->stored.digest, CS_DIGEST_LEN) != 0) {
		unseen_start(task);
		return;
	}
	if (end_withdrawn(task))
		return;
	refused = call_refused(task, &text);
	if (refused != CS_WHY_NONE)
		task_decide(task, CS_DENY, refused, text); /* nothing about the directory is known: not worth an event */
	else
		ask(task);
}
