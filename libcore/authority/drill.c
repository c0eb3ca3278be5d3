/* SPDX-License-Identifier: Apache-2.0 */
/* A drill: would breaking the glass work? Every part that it takes is looked at and used as it would be, and nothing is
 * opened. That it was tried is recorded. */
#include "glass.h"
#include "mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLOCK_BEHIND_MS = 60000 };

struct drill {
	struct task *task;
	struct cs_glass glass;
	const struct cs_answer *answer;
	struct cs_break_glass_answer reply;
	struct cs_need *needs; /* of the review, with who could */
	size_t n_needs;
	enum cs_reason wrong;  /* the first that is; NONE: it would work */
};

/* Adds a line about one part; ok false: with this it would not work. Once there is no memory, that is what is wrong. */
__attribute__((format(printf, 4, 5))) static void say(struct drill *drill, bool ok, enum cs_reason wrong,
	const char *format, ...)
{
	char *line = NULL;
	va_list list;

	va_start(list, format);
	if (vasprintf(&line, format, list) < 0)
		line = NULL;
	va_end(list);
	if (!line || cs_strv_add(&drill->reply.lines, &drill->reply.n_lines, line) < 0) {
		ok = false;
		wrong = CS_WHY_STORE;
	}
	if (!ok && drill->wrong == CS_WHY_NONE)
		drill->wrong = wrong;
	free(line);
}

static void look_at_policy(struct drill *drill)
{
	const struct cs_glass *glass = &drill->glass;
	char span[16];

	cs_span_text(glass->lasts_ms, span);
	say(drill, true, CS_WHY_NONE, "policy: break_glass %s names uid %u for %s, %s at most", glass->name,
		(unsigned)drill->task->caller.uid, glass->scope, span);
}

/* Somebody whom nobody knows any more is no reason why it should not work for others, so it is only said. */
static void look_at_people(struct drill *drill)
{
	for (size_t i = 0; i < drill->glass.n_uids && i < drill->answer->n_facts; i++) {
		const struct cs_facts *facts = &drill->answer->facts[i];
		unsigned uid = (unsigned)drill->glass.uids[i];

		if (facts->known == CS_KNOWN_YES)
			say(drill, true, CS_WHY_NONE, "people: uid %u is %s%s", uid, facts->person.name,
				facts->person.locked ? ", whose account is locked" : "");
		else if (facts->known == CS_KNOWN_NO)
			say(drill, true, CS_WHY_NONE, "people: the directory knows nobody with uid %u, whom the policy names",
				uid);
	}
}

static void look_at_directory(struct drill *drill)
{
	const struct cs_facts *facts = &drill->answer->facts[0];
	bool tells = facts->known != CS_KNOWN_DOUBT;

	say(drill, true, CS_WHY_NONE, "directory: %s%s%s", tells ? "answers" : "could not tell; it is not needed",
		!tells && facts->doubt && *facts->doubt ? ": " : "", !tells && facts->doubt ? facts->doubt : "");
}

/* Two others who could review it. Where the directory does not tell, that is no obstacle. */
static void look_at_reviewers(struct drill *drill)
{
	for (size_t i = 0; i < drill->n_needs; i++) {
		const struct cs_need *need = &drill->needs[i];
		bool enough = need->n_who >= need->count;

		if (need->n_who == 0)
			say(drill, drill->answer->facts[0].known == CS_KNOWN_DOUBT, CS_WHY_UNSATISFIABLE,
				"review: %s: nobody is known who could", need->label);
		else
			say(drill, enough, CS_WHY_UNSATISFIABLE, "review: %s: %zu could, %s first", need->label,
				need->n_who, need->who[0]);
	}
}

static void look_at_debt(struct drill *drill)
{
	uint64_t number = 0;
	int r = glass_debt(drill->task->authority, drill->glass.scope, &number);

	if (r == 1)
		say(drill, false, CS_WHY_DEBT, "debt: request %llu was not reviewed yet: the next one is refused until it is",
			(unsigned long long)number);
	else
		say(drill, r == 0, CS_WHY_STORE, "debt: %s", r == 0 ? "none" : cs_store_error(drill->task->authority->store));
}

/* Times of a clock that is behind what was recorded already would not be believed. */
static void look_at_clock(struct drill *drill)
{
	const struct cs_now *now = &drill->task->now;
	char text[21];
	bool behind = now->wall_ms + CLOCK_BEHIND_MS < drill->task->authority->generation.wall_ms;

	cs_time_text(now->wall_ms, text);
	say(drill, !behind, CS_WHY_STORE, "clock: %s%s", text, behind ? ", before the policy came into force: it is wrong" : "");
}

static void look_at_outbox(struct drill *drill)
{
	uint64_t n = 0, due = 0;
	int r = cs_store_count_notices(drill->task->authority->store, &n, &due);

	say(drill, r == 0, CS_WHY_STORE, "outbox: %s", r == 0 ? n ? "notices wait to be told" : "empty"
		: cs_store_error(drill->task->authority->store));
}

/* Who could review it, as the directory tells. */
static int find_reviewers(struct drill *drill)
{
	struct task *task = drill->task;
	static const struct cs_facts nobody;
	const struct cs_facts *caller = &nobody;
	struct cs_case what = { .policy = task->authority->policy, .gate = drill->glass.review,
		.scope = drill->glass.scope, .listings = drill->answer->listings,
		.listings_of_rule = task->listings_of_rule };

	for (size_t i = 0; i < drill->glass.n_uids && i < drill->answer->n_facts; i++)
		if (drill->glass.uids[i] == task->caller.uid)
			caller = &drill->answer->facts[i];
	what.requester = caller;
	(void)cs_set(&drill->reply.decision.gate, cs_gate_name(drill->glass.review));
	task->stored.request.subject.uid = task->caller.uid;
	if (cs_set(&task->stored.request.subject.name, caller->person.name) < 0 ||
		cs_set(&task->stored.request.scope, drill->glass.scope) < 0)
		return CS_ENOMEM;
	return cs_needs_frozen(&what, &drill->needs, &drill->n_needs);
}

/* Writing is tried by writing: that this was a drill, which permits nothing, and the notices that say so. */
static int record(struct drill *drill)
{
	struct task *task = drill->task;
	struct cs_authority *a = task->authority;
	struct cs_event event = { .kind = CS_EVENT_DRILL, .actor_uid = task->caller.uid,
		.actor_name = task->stored.request.subject.name, .reason = drill->wrong,
		.gate = drill->reply.decision.gate };
	int r = record_begin(a);

	event.text = cs_dup(drill->wrong == CS_WHY_NONE ? "it would have worked" : cs_reason_text(drill->wrong));
	if (drill->wrong == CS_WHY_NONE)
		event.reason = CS_WHY_BREAK_GLASS;
	if (r == 0 && !event.text)
		r = CS_ENOMEM;
	if (r == 0) {
		r = record_event(a, &event);
		if (r == 0)
			r = tell_people(a, &task->stored, CS_EVENT_DRILL, drill->needs, drill->n_needs);
		if (r < 0)
			record_undo(a);
	}
	free(event.text);
	return r;
}

static void conclude(struct drill *drill, int recorded)
{
	struct cs_decision *decision = &drill->reply.decision;

	say(drill, recorded == 0, CS_WHY_STORE, "store: %s", recorded == 0 ? "writes, and this drill is recorded"
		: cs_store_error(drill->task->authority->store));
	decision->verdict = drill->wrong == CS_WHY_NONE ? CS_PERMIT : CS_DENY;
	decision->reason = drill->wrong == CS_WHY_NONE ? CS_WHY_BREAK_GLASS : drill->wrong;
	decision->text = cs_dup(drill->wrong == CS_WHY_NONE ? "Breaking the glass would work. Nothing was opened."
		: cs_reason_text(drill->wrong));
	drill->reply.name = cs_dup(drill->glass.name);
	drill->reply.scope = cs_dup(drill->glass.scope);
	task_reply(drill->task, &drill->reply);
}

static void look(struct drill *drill)
{
	static void (*const parts[])(struct drill *) = { look_at_policy, look_at_directory, look_at_people,
		look_at_reviewers, look_at_debt, look_at_clock, look_at_outbox };
	int r = find_reviewers(drill);

	if (r < 0)
		drill->wrong = CS_WHY_STORE;
	for (size_t i = 0; r == 0 && i < CS_COUNT(parts); i++)
		parts[i](drill);
	conclude(drill, r == 0 ? record(drill) : r);
	cs_needs_free(&drill->needs, &drill->n_needs);
}

static void drill_resume(struct task *task, const struct cs_answer *answer)
{
	struct drill drill = { .task = task, .answer = answer };
	const char *text = NULL;

	if (glass_meant(task, &drill.glass, &text) != CS_WHY_NONE || drill.glass.n_uids != answer->n_facts)
		task_fail(task, CS_ECONFLICT, "the policy changed meanwhile; try again");
	else
		look(&drill);
}

void drill_start(struct task *task, const struct cs_glass *glass)
{
	int r = refusal_is_kept(task, task->caller.uid) ? 0 : CS_EBUSY; /* each is recorded, and told to everybody */

	for (size_t i = 0; r == 0 && i < glass->n_uids; i++)
		r = task_ask_subject(task, glass->uids[i], NULL);
	if (r == 0)
		r = task_ask_listings(task, glass->review, glass->scope);
	if (r < 0)
		task_fail(task, r, r == CS_EBUSY ? "you tried it often enough for now; try again in a minute" : NULL);
	else
		task_ask(task, CS_FRESH_ANY, drill_resume);
}
