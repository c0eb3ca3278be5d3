/* SPDX-License-Identifier: Apache-2.0 */
/* A vote is stored, all of them are counted, and what follows happens: approved, rejected, open again. */
#include "ballot.h"
#include "mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What nobody could look at any more nobody should agree to, and one who rejects for good has to find room. */
static int leave_room(struct ballot *b)
{
	int fits = 0;

	if (b->approval.vote == CS_VOTE_WITHDRAW || (b->approval.vote == CS_VOTE_REJECT && ballot_rules(b) == 1))
		return 0;
	fits = b->task->n_votes < CS_MAX_VOTES ? request_fits(b->task, LAST_VOTE_BYTES) : 0;
	return fits == 0 ? CS_EBUSY : fits < 0 ? fits : 0;
}

/* The vote goes into the store; the task has the votes that stand with it. */
static int add_vote(struct ballot *b)
{
	struct task *task = b->task;
	int r = cs_store_vote(task->authority->store, task->stored.number, &b->approval);

	b->too_often = r == CS_EPERM;
	if (r < 0)
		return r;
	b->before = task->votes;
	b->n_before = task->n_votes;
	task->votes = NULL;
	task->n_votes = 0;
	r = task_load(task, task->stored.number);
	return r == 0 ? leave_room(b) : r;
}

/* What is told of the person who cast this vote: the voter of now, or one of those before. */
static const struct cs_facts *facts_of(const struct ballot *b, const struct cs_approval *vote)
{
	static const struct cs_facts nobody;

	if (strcmp(vote->person.id, b->approval.person.id) == 0)
		return &b->answer->facts[0];
	for (size_t i = 0; i < b->n_before; i++)
		if (strcmp(vote->person.id, b->before[i].person.id) == 0)
			return &b->answer->facts[2 + i];
	return &nobody;
}

/* Does it suffice now? Every earlier voter and the requester are looked at afresh. */
static int count_votes(struct ballot *b, struct count *ret_count, struct cs_decision *ret_now)
{
	struct task *task = b->task;
	struct cs_facts *voters = calloc(task->n_votes + 1, sizeof(*voters));
	int r = voters ? 0 : CS_ENOMEM;

	for (size_t i = 0; r == 0 && i < task->n_votes; i++)
		voters[i] = *facts_of(b, &task->votes[i]);
	if (r == 0)
		r = count_begin(task, b->gate, &b->answer->facts[1], voters, b->answer, ret_count);
	if (r == 0)
		r = cs_decide(&ret_count->what, ret_now);
	free(voters);
	return r;
}

/* How many of the votes before this one go into its record: all where they decide which rules were open to it. What
 * takes away needs no proof, and has to find room. */
static size_t frozen_before(const struct ballot *b)
{
	return b->approval.vote == CS_VOTE_APPROVE && cs_gate_staged(b->gate) ? b->n_before : 0;
}

/* The vote with what is known of the voter, and of those before him, for the record. */
static int freeze_vote(struct ballot *b, const struct count *count, struct cs_grounds *ret_grounds)
{
	struct count then = *count; /* views, all of them */
	size_t n = frozen_before(b);
	struct cs_approval *votes = calloc(n + 1, sizeof(*votes));
	struct cs_facts *voters = calloc(n + 1, sizeof(*voters));
	int r = votes && voters ? 0 : CS_ENOMEM;

	for (size_t i = 0; r == 0 && i <= n; i++) {
		votes[i] = i == 0 ? b->approval : b->before[i - 1];
		voters[i] = i == 0 ? *b->voter.facts : b->known[i - 1];
	}
	then.what.votes = votes;
	then.what.voters = voters;
	then.what.n_votes = n + 1;
	if (n == 0 || !gate_counts_listed(b->gate)) {
		then.what.listings = NULL;
		then.what.listings_of_rule = NULL;
	}
	if (r == 0)
		r = count_freeze(b->task, &then, b->answer, ret_grounds);
	free(votes);
	free(voters);
	return r;
}

static int record_vote(struct ballot *b, const struct count *count, const struct cs_decision *now)
{
	struct cs_voted_body body = { .approval = b->approval }; /* a view */
	struct telling telling = { .kind = CS_EVENT_VOTED, .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL,
		.actor = &b->approval.person, .text = b->approval.comment, .shape = &cs_voted_body_shape, .body = &body,
		.needs = now->needs, .n_needs = now->n_needs };
	int r = freeze_vote(b, count, &body.grounds);

	if (r == 0)
		r = record_told(b->task->authority, &b->task->stored, &telling);
	cs_clear(&cs_grounds_shape, &body.grounds);
	return r;
}

/* A reject by somebody who may fill a rule that does not count them ends it, whatever else is known by now. No reject ends
 * a review. */
static bool ends(const struct ballot *b)
{
	if (cs_gate_reviews(b->gate))
		return false;
	for (size_t i = 0; b->approval.vote == CS_VOTE_REJECT && i < cs_gate_rules(b->gate); i++)
		if (!cs_gate_rule_counts_rejects(b->gate, i) &&
			cs_strv_has(b->approval.rules, b->approval.n_rules, cs_gate_rule_name(b->gate, i)) == 1)
			return true;
	return false;
}

static enum cs_step step_of(const struct ballot *b, const struct cs_decision *now)
{
	if (ends(b) || (now->verdict == CS_DENY && now->reason == CS_WHY_REJECTED))
		return CS_STEP_REJECT;
	if (b->task->stored.state == CS_APPROVED)
		return count_suffices(b->task, now) ? CS_STEP_WITHDRAW : CS_STEP_REOPEN;
	return count_suffices(b->task, now) ? CS_STEP_SUFFICE
		: b->approval.vote == CS_VOTE_APPROVE	? CS_STEP_VOTE : CS_STEP_WITHDRAW;
}

/* Into another state, with its event. What is open again has the time that it had from the beginning. */
static int move(struct ballot *b, enum cs_step step, struct telling *telling)
{
	struct task *task = b->task;
	const struct cs_request *request = &task->stored.request;
	enum cs_state from = task->stored.state, to = cs_state_after(from, step);
	struct cs_now since = task->now;
	int r = 0;

	if (to == CS_PENDING) {
		since.boot_ms = request->created_boot_ms;
		since.wall_ms = request->created_wall_ms;
		(void)snprintf(since.boot_id, sizeof(since.boot_id), "%s", request->boot);
	}
	r = to == CS_STATE_NONE ? CS_ECONFLICT
		: cs_store_change(task->authority->store, task->stored.number, from, to, &since);
	if (r != 1)
		return r < 0 ? r : CS_ECONFLICT;
	task->stored.state = to;
	telling->reason = cs_state_reason(to);
	telling->actor = &b->approval.person;
	telling->text = b->approval.comment;
	r = record_told(task->authority, &task->stored, telling);
	return r < 0 ? r : task_load(task, task->stored.number);
}

static int reject(struct ballot *b, const struct cs_decision *now)
{
	struct telling telling = { .kind = CS_EVENT_REJECTED, .verdict = CS_DENY, .needs = now->needs,
		.n_needs = now->n_needs };
	int r = move(b, CS_STEP_REJECT, &telling);

	if (r == 0)
		backoff_note(b->task->authority, &b->task->stored.request.requester, &b->task->now);
	return r;
}

static int reopen(struct ballot *b, const struct cs_decision *now)
{
	struct telling telling = { .kind = CS_EVENT_REOPENED, .verdict = CS_HOLD, .needs = now->needs,
		.n_needs = now->n_needs };

	return move(b, CS_STEP_REOPEN, &telling);
}

/* What follows from the count. */
static int follow(struct ballot *b, const struct count *count, const struct cs_decision *now)
{
	enum cs_step step = step_of(b, now);

	if (step == CS_STEP_REJECT)
		return reject(b, now);
	if (step == CS_STEP_REOPEN)
		return reopen(b, now);
	if (step == CS_STEP_SUFFICE)
		return count_approve(b->task, count, b->answer, now, &b->approval.person, b->approval.comment);
	return 0; /* it stays as it is */
}

int ballot_cast(struct ballot *b, struct cs_decision *ret_now)
{
	struct task *task = b->task;
	struct count count = { 0 };
	int r = add_vote(b);

	if (r == 0)
		r = count_votes(b, &count, ret_now);
	if (r == 0)
		r = record_vote(b, &count, ret_now);
	if (r == 0 && ret_now->n_needs > 0)
		live_set_needs(task->authority, task->stored.number, ret_now->needs, ret_now->n_needs, task->now.boot_ms);
	if (r == 0)
		r = follow(b, &count, ret_now);
	sessions_look_soon(task->authority, task->stored.number); /* of several uses one may run */
	count_clear(&count);
	return r;
}
