/* SPDX-License-Identifier: Apache-2.0 */
/* The votes counted: the case of a request as it is now, what is frozen of it, and what follows where it suffices. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

bool gate_counts_listed(const struct cs_gate *gate)
{
	for (size_t i = 0; i < cs_gate_rules(gate); i++)
		if (cs_gate_rule_quorum(gate, i) != CS_QUORUM_COUNT)
			return true;
	return cs_gate_objection_ms(gate) != 0;
}

/* An approval whose signature does not stand any more is one of somebody who is not known: it counts for nothing, and the
 * frozen grounds say so. A reject stands as it is: taking one away would give something. */
static void look_at_signature(struct task *task, size_t i, struct count *count)
{
	char *text = NULL;
	enum cs_reason reason = CS_WHY_NONE;

	if (task->votes[i].vote != CS_VOTE_APPROVE || count->voters[i].known != CS_KNOWN_YES)
		return;
	reason = signed_check(task, &count->voters[i], &task->votes[i], &text);
	if (reason != CS_WHY_NONE) {
		/* where there was no memory to look, nothing is known of it */
		count->voters[i].known = reason == CS_WHY_DOUBT || reason == CS_WHY_STORE ? CS_KNOWN_DOUBT : CS_KNOWN_NO;
		if (!count->text) {
			count->text = text;
			text = NULL;
		}
	}
	free(text);
}

int count_begin(struct task *task, const struct cs_gate *gate, const struct cs_facts *requester,
	const struct cs_facts *voters, const struct cs_answer *answer, struct count *ret_count)
{
	struct cs_case *what = &ret_count->what;

	memset(ret_count, 0, sizeof(*ret_count));
	ret_count->voters = calloc(task->n_votes + 1, sizeof(*ret_count->voters));
	if (!ret_count->voters)
		return CS_ENOMEM;
	for (size_t i = 0; i < task->n_votes; i++) {
		ret_count->voters[i] = voters[i];
		look_at_signature(task, i, ret_count);
	}
	what->policy = task->authority->policy;
	what->gate = gate;
	what->scope = task->stored.request.scope;
	what->action = &task->stored.request.action;
	what->wall_ms = task->now.wall_ms;
	what->elapsed_ms = stored_elapsed(&task->stored, &task->now);
	what->boot = task->now.boot_id;
	what->boot_ms = task->now.boot_ms;
	what->asked_by = &task->stored.request.requester;
	what->requester = requester;
	what->votes = task->votes;
	what->voters = ret_count->voters;
	what->n_votes = task->n_votes;
	what->listings = answer->listings;
	what->listings_of_rule = task->listings_of_rule;
	return 0;
}

void count_clear(struct count *count)
{
	free(count->voters);
	cs_free_str(&count->text);
	memset(count, 0, sizeof(*count));
}

int count_freeze(const struct task *task, const struct count *count, const struct cs_answer *answer,
	struct cs_grounds *ret_grounds)
{
	return cs_grounds_freeze(&count->what, answer->listings + (task->n_match > 0 ? task->match_at : 0), task->n_match,
		ret_grounds);
}

struct cs_grounds grounds_at(struct cs_now *now)
{
	return (struct cs_grounds){ .wall_ms = now->wall_ms, .boot = now->boot_id, .boot_ms = now->boot_ms };
}

int is_approval(const struct cs_decision *decision)
{
	return decision->verdict == CS_PERMIT &&
	       (decision->reason == CS_WHY_APPROVED || decision->reason == CS_WHY_NO_OBJECTION);
}

/* Is this the event of an approval, and was it by silence? 1, 0, CS_ENOENT (another event), CS_E…. */
static int by_silence(const struct cs_record *record)
{
	struct cs_event event = { 0 };
	int r = cs_decode_all(&cs_event_shape, record->bytes, record->n_bytes, &event);

	if (r == 0)
		r = event.kind != CS_EVENT_APPROVED ? CS_ENOENT : event.reason == CS_WHY_NO_OBJECTION;
	cs_clear(&cs_event_shape, &event);
	return r;
}

/* Was it silence that approved the request, the last time? 1, 0; CS_E… where the record does not tell. */
static int silence_approved(const struct task *task)
{
	struct cs_record *records = NULL;
	size_t n = 0;
	int r = cs_store_records_of(task->authority->store, task->stored.number, INT32_MAX, &records, &n);

	if (r == 0)
		r = CS_ENOENT;
	for (size_t i = n; r == CS_ENOENT && i-- > 0;)
		r = by_silence(&records[i]);
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_record_shape, &records[i]);
	free(records);
	return r;
}

/* Does silence approve it? Only that of people who were told, and as long as they were told: a policy that came later
 * does not make it shorter. What votes approved, no silence holds up once they are gone: nobody was asked any more. */
static int silence_holds(const struct task *task, const struct cs_decision *now)
{
	const struct cs_stored *stored = &task->stored;

	if (stored->state != CS_PENDING)
		return silence_approved(task) == 1;
	return stored->request.objection_ms > 0 && stored_elapsed(stored, &task->now) >= stored->request.objection_ms &&
	       tell_reached(task->authority, stored, now->needs, now->n_needs) == 1;
}

int count_suffices(const struct task *task, const struct cs_decision *now)
{
	return is_approval(now) && (now->reason != CS_WHY_NO_OBJECTION || silence_holds(task, now));
}

int count_approve(struct task *task, const struct count *count, const struct cs_answer *answer,
	const struct cs_decision *now, const struct cs_person *actor, const char *text)
{
	struct cs_authority *a = task->authority;
	enum cs_state to = cs_state_after(task->stored.state, CS_STEP_SUFFICE);
	struct cs_grounds grounds = { 0 };
	struct telling telling = { .kind = CS_EVENT_APPROVED, .verdict = CS_PERMIT, .reason = now->reason, .actor = actor,
		.text = text, .shape = &cs_grounds_shape, .body = &grounds, .needs = now->needs, .n_needs = now->n_needs };
	int r = to == CS_STATE_NONE ? CS_ECONFLICT : count_freeze(task, count, answer, &grounds);

	if (r == 0) {
		r = cs_store_change(a->store, task->stored.number, task->stored.state, to, &task->now);
		r = r == 1 ? 0 : r < 0 ? r : CS_ECONFLICT;
	}
	if (r == 0) {
		task->stored.state = to;
		r = record_told(a, &task->stored, &telling);
	}
	if (r == 0 && glass_is_debt(&task->stored))
		r = glass_reviewed(task, &grounds);
	cs_clear(&cs_grounds_shape, &grounds);
	return r < 0 ? r : task_load(task, task->stored.number);
}

/* Records it, or nothing of it. */
static int approve_recorded(struct task *task, const struct count *count, const struct cs_answer *answer,
	const struct cs_decision *now)
{
	int r = record_begin(task->authority);

	if (r < 0)
		return r;
	r = count_approve(task, count, answer, now, NULL, now->reason == CS_WHY_NO_OBJECTION
		? cs_reason_text(now->reason) : "the votes were counted again, and suffice now");
	if (r < 0)
		record_undo(task->authority);
	return r;
}

int count_again(struct task *task, const struct cs_gate *gate, const struct cs_answer *answer)
{
	struct cs_decision now = { 0 };
	struct count count = { 0 };
	int r = count_begin(task, gate, &answer->facts[0], answer->facts + 1, answer, &count);
	int suffices = 0;

	if (r == 0)
		r = cs_decide(&count.what, &now);
	if (r == 0) {
		suffices = count_suffices(task, &now);
		live_set_needs(task->authority, task->stored.number, now.needs, now.n_needs, task->now.boot_ms);
	}
	if (r == 0 && suffices)
		r = approve_recorded(task, &count, answer, &now);
	cs_clear(&cs_decision_shape, &now);
	count_clear(&count);
	return r < 0 ? r : suffices;
}
