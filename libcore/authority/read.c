/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at requests: the waiting module at its own, people at what they asked for or could vote on, root at all. */
#include "internal.h"
#include "frame.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

int decision_of(const struct cs_stored *stored, const struct cs_approval *votes, size_t n_votes,
	const struct cs_now *now, struct cs_decision *ret_decision)
{
	struct cs_decision d = { 0 };
	int r = 0;

	d.number = stored->number;
	memcpy(d.id, stored->request.id, CS_ID_LEN);
	d.gate = cs_dup(stored->request.gate);
	d.scope = cs_dup(stored->request.scope);
	d.state = stored->state;
	d.version = stored->version;
	d.votes = calloc(n_votes + 1, sizeof(*d.votes));
	if (!d.gate || !d.scope || !d.votes)
		r = CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n_votes; i++) {
		r = cs_copy(&cs_approval_shape, &votes[i], &d.votes[i]);
		if (r == 0)
			d.n_votes++;
	}
	if (stored->state == CS_PENDING || stored->state == CS_APPROVED)
		(void)stored_overdue(stored, now, &d.remaining_ms);
	if (r < 0) {
		cs_clear(&cs_decision_shape, &d);
		return r;
	}
	*ret_decision = d;
	return 0;
}

static void free_votes(struct cs_approval **votes, size_t n)
{
	for (size_t i = 0; *votes && i < n; i++)
		cs_clear(&cs_approval_shape, &(*votes)[i]);
	free(*votes);
	*votes = NULL;
}

/* --- The waiting module ------------------------------------------------------------------------------------------- */

/* The time on line is over: the connection lets go, the request stays. */
static void park(struct cs_authority *a, struct live *live, const struct cs_stored *stored)
{
	if (record_begin(a) == 0 &&
		record_request(a, stored, CS_EVENT_PARKED, CS_HOLD, CS_WHY_PARKED, &stored->request.requester, NULL,
			NULL) < 0)
		record_undo(a);
	live_drop(a, live);
}

static int look_fill(struct cs_authority *a, struct live *live, const struct cs_stored *stored,
	const struct cs_now *now, struct cs_decision *decision)
{
	uint64_t held = now->boot_ms > live->since_ms ? now->boot_ms - live->since_ms : 0;
	int cools = !stored_overdue(stored, now, NULL) && stored_cooling(a, stored, now, &decision->remaining_ms);

	decision->needs = calloc(live->n_needs + 1, sizeof(*decision->needs));
	if (!decision->needs)
		return CS_ENOMEM;
	for (size_t i = 0; i < live->n_needs; i++) {
		if (cs_copy(&cs_need_shape, &live->needs[i], &decision->needs[i]) < 0)
			return CS_ENOMEM;
		decision->n_needs++;
	}
	decision->hold_ms = held < a->options.hold_ms ? a->options.hold_ms - held : 0;
	decision->reason = cools ? CS_WHY_COOLING : cs_state_reason(stored->state);
	decision->verdict = stored->state == CS_PENDING || stored->state == CS_APPROVED ? CS_HOLD : CS_DENY;
	if ((stored->state == CS_PENDING || cools) && decision->hold_ms == 0) {
		decision->verdict = CS_DENY;
		decision->reason = CS_WHY_PARKED;
	}
	decision->text = cools ? cooling_text(decision->remaining_ms) : cs_dup(cs_reason_text(decision->reason));
	return decision->text ? 0 : CS_ENOMEM;
}

int cs_authority_look(struct cs_authority *a, const struct cs_caller *caller, const struct cs_wait *wait,
	struct cs_decision *ret_decision)
{
	struct live *live = live_find(a, wait->id, wait->secret);
	struct cs_decision decision = { 0 };
	struct cs_stored stored = { 0 };
	struct cs_approval *votes = NULL;
	size_t n_votes = 0;
	struct cs_now now;
	int r = 0;

	if (!live || live->connection != caller->connection)
		return CS_EPERM;
	r = a->options.now(&now);
	if (r == 0)
		r = cs_store_get(a->store, live->number, &stored);
	if (r == 0)
		r = cs_store_votes(a->store, live->number, &votes, &n_votes);
	if (r == 0)
		r = decision_of(&stored, votes, n_votes, &now, &decision);
	if (r == 0)
		r = look_fill(a, live, &stored, &now, &decision);
	if (r == 0 && decision.reason == CS_WHY_PARKED)
		park(a, live, &stored);
	free_votes(&votes, n_votes);
	cs_clear(&cs_stored_shape, &stored);
	if (r < 0) {
		cs_clear(&cs_decision_shape, &decision);
		return r;
	}
	*ret_decision = decision;
	return 0;
}

/* --- People ------------------------------------------------------------------------------------------------------- */

static int is_root(const struct task *task)
{
	return task->caller.uid == task->authority->options.root_uid;
}

static int is_mine(const struct task *task, const struct cs_stored *stored, const struct cs_facts *viewer)
{
	if (task->caller.uid == stored->request.subject.uid)
		return 1;
	return viewer->known == CS_KNOWN_YES && viewer->person.id && stored->request.requester.id &&
	       strcmp(viewer->person.id, stored->request.requester.id) == 0;
}

/* Could the viewer fill a rule of it? */
static int is_approver(const struct task *task, const struct cs_stored *stored, const struct cs_facts *viewer)
{
	const struct cs_policy *policy = task->authority->policy;
	const struct cs_gate *gate = cs_policy_gate(policy, stored->request.gate);

	for (size_t i = 0; gate && i < cs_gate_rules(gate); i++)
		if (cs_policy_may_fill(policy, viewer, gate, i, stored->request.scope, NULL) == 1)
			return 1;
	return 0;
}

static int may_see(const struct task *task, const struct cs_stored *stored, const struct cs_facts *viewer)
{
	return is_root(task) || is_mine(task, stored, viewer) || is_approver(task, stored, viewer);
}

static int frozen(struct task *task, const struct cs_stored *stored, const struct cs_approval *votes, size_t n_votes,
	struct cs_need **needs, size_t *n_needs)
{
	const struct cs_gate *gate = cs_policy_gate(task->authority->policy, stored->request.gate);
	struct cs_case what = { 0 };

	if (!gate)
		return 0;
	what.policy = task->authority->policy;
	what.gate = gate;
	what.scope = stored->request.scope;
	what.votes = votes;
	what.n_votes = n_votes;
	return cs_needs_frozen(&what, needs, n_needs);
}

int request_fits(struct task *task, size_t reserve)
{
	struct cs_decision decision = { 0 };
	struct cs_buf size;
	int r = decision_of(&task->stored, task->votes, task->n_votes, &task->now, &decision);

	if (r == 0)
		r = frozen(task, &task->stored, task->votes, task->n_votes, &decision.needs, &decision.n_needs);
	cs_buf_init(&size, CS_FRAME_MAX - reserve);
	if (r == 0)
		r = cs_encode(&cs_request_shape, &task->stored.request, &size);
	if (r == 0)
		r = cs_encode(&cs_decision_shape, &decision, &size);
	cs_buf_clear(&size);
	cs_clear(&cs_decision_shape, &decision);
	return r == 0 ? 1 : r == CS_ETOOBIG ? 0 : r;
}

/* cs_action_line, or as much of it as a list row takes, with a mark that there is more. */
static char *row_line(const struct cs_action *action)
{
	static const char more[] = " [more: see show]";
	char *line = cs_action_line(action);

	if (line && strlen(line) > CS_MAX_TEXT)
		memcpy(line + CS_MAX_TEXT - sizeof(more) + 1, more, sizeof(more));
	return line;
}

#define LIST_WALK 2000 /* requests looked at in one turn, however many are kept: anybody may ask for a list */

struct walk {
	struct task *task;
	const struct cs_facts *viewer;
	struct cs_list_answer *answer;
	size_t cap;
	size_t seen;
};

static int list_fill(struct walk *walk, const struct cs_stored *stored, struct cs_list_row *row)
{
	struct cs_approval *votes = NULL;
	struct cs_need *needs = NULL;
	size_t n_votes = 0, n_needs = 0;
	int r = cs_store_votes(walk->task->authority->store, stored->number, &votes, &n_votes);

	if (r == 0)
		r = frozen(walk->task, stored, votes, n_votes, &needs, &n_needs);
	row->number = stored->number;
	row->state = stored->state;
	row->requester = cs_dup(stored->request.requester.name);
	row->gate = cs_dup(stored->request.gate);
	row->scope = cs_dup(stored->request.scope);
	row->line = row_line(&stored->request.action);
	row->reason = cs_dup(stored->request.reason);
	row->created_wall_ms = stored->request.created_wall_ms;
	if (stored->state == CS_PENDING || stored->state == CS_APPROVED)
		(void)stored_overdue(stored, &walk->task->now, &row->remaining_ms);
	row->missing = stored->state == CS_PENDING ? cs_needs_missing(needs, n_needs) : 0;
	row->mine = is_mine(walk->task, stored, walk->viewer);
	cs_needs_free(&needs, &n_needs);
	free_votes(&votes, n_votes);
	return r == 0 && !(row->requester && row->gate && row->scope && row->line && row->reason) ? CS_ENOMEM : r;
}

static int list_each(void *arg, const struct cs_stored *stored)
{
	struct walk *walk = arg;
	const struct cs_list *call = walk->task->call;
	struct cs_list_answer *answer = walk->answer;
	int r = 0;

	if (++walk->seen > LIST_WALK) {
		answer->more = true;
		return 1;
	}
	if (call->mine ? !is_mine(walk->task, stored, walk->viewer) : !may_see(walk->task, stored, walk->viewer))
		return 0;
	if (answer->n_rows >= walk->cap) {
		answer->more = true;
		return 1;
	}
	r = list_fill(walk, stored, &answer->rows[answer->n_rows++]);
	return r;
}

#define LIST_ROWS 100 /* so that rows of the longest lines still fit one frame: see list_answer */

static void list_answer(struct task *task, const struct cs_facts *viewer)
{
	const struct cs_list *call = task->call;
	struct cs_list_answer answer = { 0 };
	struct walk walk = { task, viewer, &answer, LIST_ROWS, 0 };
	struct cs_buf size;
	int r = 0;

	answer.rows = calloc(LIST_ROWS, sizeof(*answer.rows));
	r = answer.rows ? cs_store_list(task->authority->store, !call->all, call->before, LIST_WALK + 1, list_each, &walk)
		: CS_ENOMEM;
	cs_buf_init(&size, CS_MAX_EVENT);
	/* Fewer rows where they are long: "more" says so, and the frame's bound is never met. */
	while (r >= 0 && answer.n_rows > 0 && cs_encode(&cs_list_answer_shape, &answer, &size) == CS_ETOOBIG) {
		cs_clear(&cs_list_row_shape, &answer.rows[--answer.n_rows]);
		answer.more = true;
		cs_buf_clear(&size);
	}
	cs_buf_clear(&size);
	if (r < 0) {
		cs_clear(&cs_list_answer_shape, &answer);
		task_fail(task, r, NULL);
	} else {
		task_reply(task, &answer);
	}
}

static void list_resume(struct task *task, const struct cs_answer *answer)
{
	list_answer(task, &answer->facts[0]);
}

void list_start(struct task *task)
{
	struct cs_facts nobody = { 0 };
	const struct cs_list *call = task->call;
	int r = 0;

	if (is_root(task) || call->mine) {
		list_answer(task, &nobody);
		return;
	}
	r = task_ask_subject(task, task->caller.uid, NULL);
	if (r == 0)
		r = task_ask_groups(task);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		task_ask(task, CS_FRESH_ANY, list_resume);
}

/* Why the viewer may not vote, or CS_WHY_NONE. */
static enum cs_reason vote_refused(const struct task *task, const struct cs_facts *viewer)
{
	const struct cs_stored *stored = &task->stored;

	if (is_root(task))
		return CS_WHY_NOT_APPROVER;
	if (cs_state_after(stored->state, CS_STEP_VOTE) == CS_STATE_NONE)
		return CS_WHY_STATE;
	if (viewer->known == CS_KNOWN_DOUBT)
		return CS_WHY_DOUBT;
	if (viewer->known != CS_KNOWN_YES)
		return CS_WHY_NOT_APPROVER;
	if (cs_same_human(&viewer->person, &stored->request.requester) != 0)
		return CS_WHY_SELF;
	for (size_t i = 0; i < task->n_votes; i++)
		if (cs_same_human(&viewer->person, &task->votes[i].person) != 0)
			return CS_WHY_VOTED;
	return is_approver(task, stored, viewer) ? CS_WHY_NONE : CS_WHY_NOT_APPROVER;
}

static int show_fill(struct task *task, const struct cs_answer *from, struct cs_show_answer *show)
{
	const struct cs_facts *viewer = &from->facts[0];
	struct cs_decision *d = &show->decision;
	struct cs_case what = { .policy = task->authority->policy, .listings = from->listings };
	uint64_t cooling_ms = 0;
	enum cs_reason refused = vote_refused(task, viewer);
	int r = cs_copy(&cs_request_shape, &task->stored.request, &show->request);

	if (r == 0)
		r = decision_of(&task->stored, task->votes, task->n_votes, &task->now, d);
	if (r == 0)
		r = frozen(task, &task->stored, task->votes, task->n_votes, &d->needs, &d->n_needs);
	what.gate = cs_policy_gate(what.policy, task->stored.request.gate);
	what.scope = task->stored.request.scope;
	what.requester = &from->facts[1];
	what.listings_of_rule = task->listings_of_rule;
	if (r == 0 && d->n_needs > 0 && what.gate && what.listings_of_rule)
		r = cs_needs_who(&what, d->needs, d->n_needs);
	if (r < 0)
		return r;
	memcpy(show->digest, task->stored.digest, CS_DIGEST_LEN);
	d->reason = cs_state_reason(task->stored.state);
	d->verdict = task->stored.state == CS_PENDING ? CS_HOLD : task->stored.state == CS_APPROVED ? CS_PERMIT
		: CS_DENY;
	d->text = stored_cooling(task->authority, &task->stored, &task->now, &cooling_ms) ? cooling_text(cooling_ms)
		: cs_dup(cs_reason_text(d->reason));
	show->mine = task->caller.uid == task->stored.request.subject.uid;
	if (show->mine && (d->check_code = malloc(CS_CODE_LEN + 1)))
		cs_check_code(task->stored.digest, d->check_code);
	show->may_vote = refused == CS_WHY_NONE;
	show->may_vote_text = cs_dup(refused == CS_WHY_NONE ? "" : cs_reason_text(refused));
	return 0;
}

static void show_resume(struct task *task, const struct cs_answer *answer)
{
	struct cs_show_answer show = { 0 };
	int r = task_load(task, task->stored.number);

	if (r == 0 && !may_see(task, &task->stored, &answer->facts[0])) {
		int doubt = answer->facts[0].known == CS_KNOWN_DOUBT;

		task_fail(task, doubt ? CS_EDOUBT : CS_ENOENT,
			doubt ? "the directory could not tell whether you may see this"
			: "there is no request with this number that you may see");
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

void show_start(struct task *task)
{
	const struct cs_show *call = task->call;
	const struct cs_gate *gate = NULL;
	int r = task_load(task, call->number);

	if (r == CS_ENOENT) {
		task_fail(task, r, "there is no request with this number that you may see");
		return;
	}
	gate = r == 0 ? cs_policy_gate(task->authority->policy, task->stored.request.gate) : NULL;
	if (r == 0)
		r = task_ask_subject(task, task->caller.uid, NULL);
	if (r == 0)
		r = task_ask_subject(task, task->stored.request.subject.uid, task->stored.request.subject.name);
	if (r == 0)
		r = task_ask_groups(task);
	if (r == 0 && gate)
		r = task_ask_listings(task, gate, task->stored.request.scope);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		task_ask(task, CS_FRESH_ANY, show_resume);
}
