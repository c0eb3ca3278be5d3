/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of requests: people see what they asked for and what they could vote on, root all. */
#include "internal.h"
#include "frame.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

char *row_line(const struct cs_action *action)
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

/* It would count now, and he has not voted. */
static bool waits_for(const struct walk *walk, const struct cs_stored *stored, struct cs_approval *votes, size_t n_votes,
	const struct cs_need *needs, size_t n_needs)
{
	struct task view = *walk->task; /* of this request: nothing in it is freed */
	struct voter voter = { .facts = walk->viewer, .login_uid = walk->task->caller.login_uid };
	enum cs_reason refused = CS_WHY_NONE;
	char *text = NULL;

	if (stored->state != CS_PENDING || caller_is_root(walk->task))
		return false;
	view.stored = *stored;
	view.votes = votes;
	view.n_votes = n_votes;
	refused = voter_known(&view, NULL, NULL, &voter, &text);
	free(text);
	return refused == CS_WHY_NONE && voter.standing == n_votes &&
	       voter_entitled(&view, voter.facts, needs, n_needs) == CS_WHY_NONE;
}

static int list_fill(struct walk *walk, const struct cs_stored *stored, struct cs_list_row *row)
{
	struct cs_authority *a = walk->task->authority;
	struct cs_approval *votes = NULL;
	struct cs_need *needs = NULL;
	size_t n_votes = 0, n_needs = 0;
	int r = cs_store_votes(a->store, stored->number, &votes, &n_votes);

	if (r == 0)
		r = needs_frozen(a, stored, votes, n_votes, &walk->task->now, &needs, &n_needs);
	row->number = stored->number;
	row->state = stored->state;
	row->requester = cs_dup(stored->request.requester.name);
	row->gate = cs_dup(stored->request.gate);
	row->scope = cs_dup(stored->request.scope);
	row->line = row_line(&stored->request.action);
	row->reason = cs_dup(stored->request.reason);
	row->created_wall_ms = stored->request.created_wall_ms;
	memcpy(row->id, stored->request.id, CS_ID_LEN);
	if (stored->state == CS_PENDING)
		(void)stored_overdue(stored, &walk->task->now, &row->remaining_ms);
	else if (stored->state == CS_APPROVED)
		(void)stored_use_over(a, stored, &walk->task->now, &row->remaining_ms);
	row->missing = stored->state == CS_PENDING ? cs_needs_missing(needs, n_needs) : 0;
	row->mine = viewer_asked(walk->task, stored, walk->viewer);
	row->waits = r == 0 && waits_for(walk, stored, votes, n_votes, needs, n_needs);
	cs_needs_free(&needs, &n_needs);
	votes_free(&votes, &n_votes);
	return r == 0 && !(row->requester && row->gate && row->scope && row->line && row->reason) ? CS_ENOMEM : r;
}

/* Only what waits for him is a matter of its votes too, so it is looked at first. */
static int list_add(struct walk *walk, const struct cs_stored *stored)
{
	const struct cs_list *call = walk->task->call;
	struct cs_list_answer *answer = walk->answer;
	struct cs_list_row row = { 0 };
	int r = list_fill(walk, stored, &row);

	if (r < 0 || (call->waiting && !row.waits)) {
		cs_clear(&cs_list_row_shape, &row);
		return r;
	}
	if (answer->n_rows >= walk->cap) {
		cs_clear(&cs_list_row_shape, &row);
		answer->more = true;
		return 1;
	}
	answer->rows[answer->n_rows++] = row;
	return 0;
}

static int list_each(void *arg, const struct cs_stored *stored)
{
	struct walk *walk = arg;
	const struct cs_list *call = walk->task->call;
	bool looks = call->mine ? viewer_asked(walk->task, stored, walk->viewer)
		: viewer_may_see(walk->task, stored, walk->viewer);

	if (++walk->seen > LIST_WALK) {
		walk->answer->more = true;
		return 1;
	}
	return looks ? list_add(walk, stored) : 0;
}

/* What is open is found by whom it concerns. What is closed too, and root's list, is walked as it was asked. */
static int list_walk(struct walk *walk)
{
	struct task *task = walk->task;
	const struct cs_list *call = task->call;

	if (call->all || caller_is_root(task))
		return cs_store_list(task->authority->store, !call->all, call->before, LIST_WALK + 1, list_each, walk);
	return concern_walk(task, walk->viewer, call->mine, call->before, LIST_WALK + 1, list_each, walk);
}

#define LIST_ROWS 100 /* so that rows of the longest lines still fit one frame: see list_answer */

static void list_answer(struct task *task, const struct cs_facts *viewer)
{
	struct cs_list_answer answer = { 0 };
	struct walk walk = { task, viewer, &answer, LIST_ROWS, 0 };
	struct cs_buf size;
	int r = 0;

	answer.rows = calloc(LIST_ROWS, sizeof(*answer.rows));
	r = answer.rows ? list_walk(&walk) : CS_ENOMEM;
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

	if (caller_is_root(task) || (call->mine && !call->waiting)) {
		list_answer(task, &nobody);
		return;
	}
	task_ask_caller(task, list_resume);
}
