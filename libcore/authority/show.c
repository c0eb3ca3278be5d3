/* SPDX-License-Identifier: Apache-2.0 */
/* One request in full, by its number or the beginning of its id. */
#include "internal.h"
#include "frame.h"
#include "mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_THERE "there is no such request that you may see"

int request_fits(struct task *task, size_t reserve)
{
	struct cs_decision decision = { 0 };
	struct cs_buf size;
	int r = decision_of(task->authority, &task->stored, task->votes, task->n_votes, &task->now, &decision);

	if (r == 0)
		r = needs_frozen(task->authority, &task->stored, task->votes, task->n_votes, &task->now,
			&decision.needs, &decision.n_needs);
	cs_buf_init(&size, CS_FRAME_MAX - reserve);
	if (r == 0)
		r = cs_encode(&cs_request_shape, &task->stored.request, &size);
	if (r == 0)
		r = cs_encode(&cs_decision_shape, &decision, &size);
	cs_buf_clear(&size);
	cs_clear(&cs_decision_shape, &decision);
	return r == 0 ? 1 : r == CS_ETOOBIG ? 0 : r;
}

/* Why the viewer may not vote, or CS_WHY_NONE. *ret_text (owned) where there is more to say. */
static enum cs_reason vote_refused(const struct task *task, const struct cs_answer *from, const struct cs_decision *shown,
	char **ret_text)
{
	const struct cs_stored *stored = &task->stored;
	struct voter voter = { .facts = &from->facts[0], .login_uid = task->caller.login_uid };
	enum cs_reason refused = CS_WHY_NONE;

	if (caller_is_root(task))
		return CS_WHY_NOT_APPROVER;
	if (cs_state_after(stored->state, CS_STEP_VOTE) == CS_STATE_NONE)
		return CS_WHY_STATE;
	refused = voter_known(task, &from->facts[1], NULL, &voter, ret_text);
	if (refused == CS_WHY_NONE && voter.standing < task->n_votes) {
		*ret_text = cs_dup(task->votes[voter.standing].vote == CS_VOTE_REJECT
			? "You rejected it; while it is open you may take that back."
			: "You approved it; while it is open you may take that back or reject it.");
		return CS_WHY_VOTED;
	}
	if (refused == CS_WHY_NONE && (*ret_text = glass_orphan_text(task->authority, stored)))
		return CS_WHY_POLICY_CHANGED;
	return refused == CS_WHY_NONE ? voter_entitled(task, voter.facts, shown->needs, shown->n_needs) : refused;
}

/* The rules, how far they are filled, and who could. */
static int show_needs(struct task *task, const struct cs_answer *from, struct cs_decision *d)
{
	const struct cs_case what = { .policy = task->authority->policy,
		.gate = request_gate(task->authority, &task->stored.request),
		.scope = task->stored.request.scope, .elapsed_ms = stored_elapsed(&task->stored, &task->now),
		.requester = &from->facts[1], .votes = task->votes, .n_votes = task->n_votes,
		.listings = from->listings, .listings_of_rule = task->listings_of_rule };
	int r = what.gate ? cs_needs_frozen(&what, &d->needs, &d->n_needs) : 0;

	if (r == 0 && task->stored.state == CS_PENDING)
		d->missing = cs_needs_missing(d->needs, d->n_needs);
	return r;
}

static int show_decision(struct task *task, const struct cs_answer *from, bool mine, struct cs_decision *d)
{
	uint64_t cooling_ms = 0;
	int r = decision_of(task->authority, &task->stored, task->votes, task->n_votes, &task->now, d);

	if (r == 0)
		r = show_needs(task, from, d);
	if (r < 0)
		return r;
	d->reason = cs_state_reason(task->stored.state);
	d->verdict = task->stored.state == CS_PENDING ? CS_HOLD : task->stored.state == CS_APPROVED ? CS_PERMIT
		: CS_DENY;
	d->text = stored_cooling(task->authority, &task->stored, &task->now, &cooling_ms) ? cooling_text(cooling_ms)
		: cs_dup(cs_reason_text(d->reason));
	if (mine && (d->check_code = malloc(CS_CODE_LEN + 1)))
		cs_check_code(task->stored.digest, d->check_code);
	return 0;
}

static int show_end(struct task *task, struct cs_show_answer *show)
{
	struct cs_event event = { 0 };
	int r = task->stored.used > 0 ? session_last_end(task->authority, task->stored.number, &event) : 0;

	if (r == 1) {
		show->ended_text = event.text; /* moved */
		show->ended_wall_ms = event.wall_ms;
		event.text = NULL;
	}
	cs_clear(&cs_event_shape, &event);
	return r < 0 ? r : 0;
}

static int show_fill(struct task *task, const struct cs_answer *from, struct cs_show_answer *show)
{
	struct cs_authority *a = task->authority;
	enum cs_reason refused = CS_WHY_NONE;
	char *text = NULL;
	int r = cs_copy(&cs_request_shape, &task->stored.request, &show->request);

	show->policy_changed = cs_state_after(task->stored.state, CS_STEP_CANCEL) != CS_STATE_NONE &&
		memcmp(task->stored.request.policy_digest, a->policy_digest, CS_DIGEST_LEN) != 0;
	show->mine = task->caller.uid == task->stored.request.subject.uid;
	if (r == 0)
		r = show_decision(task, from, show->mine, &show->decision);
	if (r == 0)
		r = show_end(task, show);
	if (r < 0)
		return r;
	memcpy(show->digest, task->stored.digest, CS_DIGEST_LEN);
	show->head_number = a->head;
	memcpy(show->head_chain, a->chain, CS_DIGEST_LEN);
	refused = vote_refused(task, from, &show->decision, &text);
	show->may_vote = refused == CS_WHY_NONE;
	show->may_vote_text = refused == CS_WHY_NONE ? cs_dup("") : text ? text : cs_dup(cs_reason_text(refused));
	return 0;
}

static void show_resume(struct task *task, const struct cs_answer *answer)
{
	struct cs_show_answer show = { 0 };
	int r = task_load(task, task->stored.number);

	if (r == 0 && !viewer_may_see(task, &task->stored, &answer->facts[0])) {
		int doubt = answer->facts[0].known == CS_KNOWN_DOUBT;

		task_fail(task, doubt ? CS_EDOUBT : CS_ENOENT,
			doubt ? "the directory could not tell whether you may see this" : NOT_THERE);
		return;
	}
	if (r == 0)
		r = show_fill(task, answer, &show);
	if (r < 0) {
		cs_clear(&cs_show_answer_shape, &show);
		task_fail(task, r, NULL);
	} else {
		task_reply(task, &show);
	}
}

static void show_number(struct task *task, uint64_t number)
{
	const struct cs_subject *subject = NULL;
	const struct cs_gate *gate = NULL;
	int r = task_load(task, number);

	if (r == CS_ENOENT) {
		task_fail(task, r, NOT_THERE);
		return;
	}
	subject = &task->stored.request.subject;
	gate = r == 0 ? request_gate(task->authority, &task->stored.request) : NULL;
	if (r == 0)
		r = task_ask_subject(task, task->caller.uid, NULL);
	if (r == 0)
		r = task_ask_subject(task, subject->uid, subject->name);
	if (r == 0)
		r = task_ask_groups(task);
	if (r == 0 && gate)
		r = task_ask_listings(task, gate, task->stored.request.scope);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		task_ask(task, CS_FRESH_ANY, show_resume);
}

/* --- By the beginning of its id ------------------------------------------------------------------------------------ */

#define PREFIX_WALK 2000 /* requests looked at where several begin alike */

struct same_start {
	struct task *task;
	const struct cs_facts *viewer;
	size_t n;
	uint64_t number;
};

static bool begins(const uint8_t id[CS_ID_LEN], const char *prefix)
{
	char hex[2 * CS_ID_LEN + 1];

	for (size_t i = 0; i < CS_ID_LEN; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", id[i]);
	return strncasecmp(hex, prefix, strlen(prefix)) == 0;
}

static int begins_each(void *arg, const struct cs_stored *stored)
{
	struct same_start *same = arg;
	const struct cs_show *call = same->task->call;

	if (!begins(stored->request.id, call->prefix) || !viewer_may_see(same->task, stored, same->viewer))
		return 0;
	same->n++;
	same->number = stored->number;
	return same->n > 1;
}

/* Several begin so: of those that the viewer may see it may be one. What others asked does not show in that. */
static void show_among(struct task *task, const struct cs_answer *answer)
{
	struct same_start same = { .task = task, .viewer = &answer->facts[0] };
	int r = cs_store_list(task->authority->store, false, 0, PREFIX_WALK, begins_each, &same);

	cs_clear(&cs_question_shape, &task->question);
	if (r < 0)
		task_fail(task, r, NULL);
	else if (same.n == 0)
		task_fail(task, CS_ENOENT, NOT_THERE);
	else if (same.n > 1)
		task_fail(task, CS_ECONFLICT, "several requests begin so; give more of the id");
	else
		show_number(task, same.number);
}

static void show_prefix(struct task *task, const char *prefix)
{
	uint64_t number = 0;
	int r = cs_store_find_prefix(task->authority->store, prefix ? prefix : "", &number);

	if (r == 0) {
		show_number(task, number);
		return;
	}
	if (r != CS_ECONFLICT) {
		task_fail(task, r, r == CS_ENOENT ? NOT_THERE
			: r == CS_EINVAL ? "an id begins with 4 to 32 hexadecimal digits" : NULL);
		return;
	}
	task_ask_caller(task, show_among);
}

void show_start(struct task *task)
{
	const struct cs_show *call = task->call;

	if (call->number != 0)
		show_number(task, call->number);
	else
		show_prefix(task, call->prefix);
}
