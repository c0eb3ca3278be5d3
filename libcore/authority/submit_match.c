/* SPDX-License-Identifier: Apache-2.0 */
/* Submit, which gate does it meet? By the action alone, or by what the directory says of the person and of netgroups. */
#include "submit.h"
#include "mem.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>

/* What a gate never lets through, whoever asks. gate may be NULL: it could not be told which. */
static enum cs_reason refused_outright(const struct task *task, const struct cs_gate *gate)
{
	const struct cs_submit *submit = task->call;
	const struct cs_action *action = &submit->action;
	enum cs_reason reason = CS_WHY_NONE;

	if (action->option_refused)
		return CS_WHY_OPTION;
	if (gate)
		reason = cs_gate_refuses_files(gate, action);
	else if (cs_action_runs(action) && action->exposed)
		reason = CS_WHY_EXPOSED_FILE;
	/* Which arguments name files is the caller's word where no module asks, and they are his to change. */
	if (reason == CS_WHY_NONE && gate && !task->caller.module && cs_action_runs(action) && action->n_argv > 1 &&
		cs_gate_refuses_exposed_input(gate))
		reason = CS_WHY_EXPOSED_INPUT;
	for (size_t i = 0; reason == CS_WHY_NONE && i < action->n_env; i++)
		if (environment_steers(action->env[i]))
			reason = CS_WHY_ENVIRONMENT;
	return reason;
}

/* Past the approvals: before the directory is asked, because it may be what is down. 1 when the task has ended. */
static int past_approvals(struct task *task, const char *scope)
{
	char *text = NULL;
	int r = glass_permits(task, scope, &text);

	if (r == 1)
		submit_conclude(task, CS_PERMIT, CS_WHY_BREAK_GLASS,
			task->match.gate ? cs_gate_name(task->match.gate) : NULL, text);
	free(text);
	return r == 1;
}

/* What was measured is part of the action from here on. CS_WHY_NO_FILE where what is to run is not there. */
static enum cs_reason stamp_files(struct task *task)
{
	struct cs_submit *submit = task->call;
	struct cs_action *action = &submit->action;

	action->file = task->file;
	for (size_t i = 0; i < action->n_operands; i++)
		action->operands[i].file = task->files[i];
	return cs_action_runs(action) && !action->file.present ? CS_WHY_NO_FILE : CS_WHY_NONE;
}

/* A file that the gate wants hashed was not there, or is none that can be hashed. */
static void deny_without(struct task *task, const struct cs_wanted *missing)
{
	const struct cs_submit *submit = task->call;
	const struct cs_action *action = &submit->action;
	const char *word = missing->arg < action->n_argv ? action->argv[missing->arg] : NULL;
	char *shown = cs_escaped(word ? word : ""), *text = NULL;

	if (word && strlen(word) <= CS_MAX_REASON)
		(void)cs_format(&text, "What argument %u names (%s%s) has to be hashed, and could not be opened as a regular "
			"file on a local file system.", (unsigned)missing->arg, shown ? shown : "?", missing->suffix);
	else
		(void)cs_format(&text, "Argument %u has to name a file, which is hashed.", (unsigned)missing->arg);
	submit_deny(task, CS_WHY_NO_INPUT, text);
	free(shown);
	free(text);
}

static void match_measured(struct task *task)
{
	const struct cs_submit *submit = task->call;
	struct cs_wanted missing = { 0 };
	enum cs_reason refused = stamp_files(task);
	char *text = NULL;

	if (refused == CS_WHY_NONE && cs_action_runs(&submit->action) &&
		!cs_gate_has_files(task->match.gate, &submit->action, &missing)) {
		deny_without(task, &missing);
		return;
	}
	if (refused == CS_WHY_NONE)
		refused = ahead_refused(task, &text);
	if (refused != CS_WHY_NONE)
		submit_deny(task, refused, text);
	else if (!past_approvals(task, task->match.scope))
		submit_gate(task);
	free(text);
}

/* The module opens them, and asks again. */
static void want_files(struct task *task, const struct cs_wanted *wanted, size_t n)
{
	struct cs_decision decision = { .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_FILES };
	int r = 0;

	decision.text = cs_dup(cs_reason_text(decision.reason));
	decision.wanted = calloc(n, sizeof(*decision.wanted));
	for (size_t i = 0; decision.wanted && r == 0 && i < n; i++) {
		r = cs_copy(&cs_wanted_shape, &wanted[i], &decision.wanted[i]);
		decision.n_wanted += r == 0;
	}
	if (decision.text && decision.wanted && r == 0)
		task_reply(task, &decision);
	else
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	cs_clear(&cs_decision_shape, &decision);
}

/* Last: by then it is what only root can change, unless the gate takes more. */
static void measure_for(struct task *task, void (*measured)(struct task *task))
{
	const struct cs_submit *submit = task->call;

	if (!cs_action_runs(&submit->action))
		task->measured = true;
	task_measure(task, measured);
}

static void match_gate(struct task *task)
{
	const struct cs_submit *submit = task->call;
	enum cs_reason refused = refused_outright(task, task->match.gate);
	struct cs_wanted wanted[CS_MAX_WANTED];
	size_t n = cs_action_runs(&submit->action) ? cs_gate_wanted(task->match.gate, &submit->action, wanted) : 0;

	if (refused != CS_WHY_NONE)
		submit_deny(task, refused, NULL);
	else if (n > CS_MAX_WANTED)
		submit_deny(task, CS_WHY_NO_INPUT, "It runs more files than can be hashed.");
	else if (n > 0 && !submit->opened)
		want_files(task, wanted, n);
	else
		measure_for(task, match_measured);
}

static void doubt_measured(struct task *task)
{
	if (stamp_files(task) != CS_WHY_NONE || !past_approvals(task, "*"))
		submit_deny(task, CS_WHY_DOUBT, task->match.text);
}

/* Whichever gate it is, none denies it for sure: who has broken the glass for everything goes past it. */
static void match_doubted(struct task *task)
{
	bool named = task->only_gate && *task->only_gate; /* and nobody can say that it is that one */

	if (named || refused_outright(task, task->match.gate) != CS_WHY_NONE)
		submit_deny(task, CS_WHY_DOUBT, task->match.text);
	else
		measure_for(task, doubt_measured);
}

/* Whoever asks says by which gate he means to be guarded: then another one does not do, and none neither. What is denied
 * or in doubt anyway says so itself. */
static bool is_other_gate(const struct task *task)
{
	const struct cs_match *match = &task->match;

	if (!task->only_gate || !*task->only_gate)
		return false;
	return match->kind == CS_MATCH_NONE || ((match->kind == CS_MATCH_GATE || match->monitored) &&
						       strcmp(cs_gate_name(match->gate), task->only_gate) != 0);
}

static void submit_matched(struct task *task)
{
	if (is_other_gate(task)) {
		submit_refuse(task, CS_WHY_UNMATCHED, task->match.kind == CS_MATCH_NONE
			? "No gate guards this, and the one that was named has to."
			: "Another gate guards this than the one that was named.");
		return;
	}
	switch (task->match.kind) {
	case CS_MATCH_NONE:
		if (task->match.unmatched_permits)
			submit_conclude(task, CS_PERMIT, CS_WHY_UNGUARDED, NULL, NULL);
		else
			submit_deny(task, CS_WHY_UNMATCHED, NULL);
		return;
	case CS_MATCH_DENY:
		submit_deny(task, CS_WHY_DENY_GATE, task->match.text);
		return;
	case CS_MATCH_ARGUMENTS:
		submit_deny(task, CS_WHY_ARGUMENTS, task->match.text);
		return;
	case CS_MATCH_CONDITION:
		submit_deny(task, CS_WHY_CONDITION, task->match.text);
		return;
	case CS_MATCH_DOUBT:
	case CS_MATCH_ASK: /* the directory was asked already, or could not be */
		match_doubted(task);
		return;
	case CS_MATCH_GATE:
		match_gate(task);
		return;
	}
	submit_deny(task, CS_WHY_NONE, NULL);
}

/* Could the membership lift a denial? Nothing else of a person decides which gate is met. */
static int may_matter(const struct cs_policy *policy, const struct cs_membership *membership)
{
	for (size_t i = 0; i < cs_policy_gates(policy); i++) {
		const struct cs_gate *gate = cs_policy_gate_at(policy, i);

		if (cs_gate_denies(gate))
			return cs_policy_matters(policy, gate, NULL, membership); /* which looks at all that deny */
	}
	return 0;
}

static int keep_person(const struct task *task, const struct cs_facts *facts, struct cs_facts *ret_facts)
{
	struct cs_facts view = *facts;
	int r = 0;

	view.memberships = calloc(facts->n_memberships + 1, sizeof(*view.memberships));
	view.n_memberships = 0;
	if (!view.memberships)
		return CS_ENOMEM;
	for (size_t i = 0; i < facts->n_memberships; i++)
		if (may_matter(task->authority->policy, &facts->memberships[i]) == 1)
			view.memberships[view.n_memberships++] = facts->memberships[i];
	r = cs_copy(&cs_facts_shape, &view, ret_facts);
	free(view.memberships);
	return r;
}

/* What a match was made from: who asked, and netgroups. Where it leads to a gate, the decision's grounds take their
 * place. */
static int keep_match(struct task *task, const struct cs_answer *answer)
{
	struct cs_grounds *grounds = &task->grounds;
	int r = 0;

	cs_clear(&cs_grounds_shape, grounds);
	grounds->wall_ms = task->now.wall_ms;
	grounds->match = calloc(task->n_match + 1, sizeof(*grounds->match));
	if (!grounds->match)
		return CS_ENOMEM;
	r = keep_person(task, &answer->facts[0], &grounds->requester);
	for (size_t i = 0; r == 0 && i < task->n_match; i++) {
		r = cs_copy(&cs_listing_shape, &answer->listings[task->match_at + i], &grounds->match[i]);
		grounds->n_match += r == 0;
	}
	return r;
}

/* The directory has told what the match depends on: now it is decided. What comes next is a question of its own. */
static void submit_told(struct task *task, const struct cs_answer *answer)
{
	const struct cs_submit *submit = task->call;
	struct cs_match match = { 0 };
	int r = task_match(task, &submit->action, &answer->facts[0], answer, &match);

	if (r == 0)
		r = submit_keep_told(task, &answer->facts[0]);
	if (r == 0)
		r = keep_match(task, answer);
	cs_clear(&cs_question_shape, &task->question);
	task->match_at = task->n_match = 0;
	if (r < 0) {
		cs_match_clear(&match);
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
		return;
	}
	task->match = match;
	submit_matched(task);
}

/* Which gate counts depends on the person or on netgroups. */
static void submit_ask(struct task *task)
{
	const struct cs_submit *submit = task->call;
	int r = task_ask_subject(task, submit->subject.uid, submit->subject.name);

	cs_match_clear(&task->match);
	task_keep_fds(task);
	if (r == 0)
		r = task_ask_groups(task);
	if (r == 0)
		r = task_ask_match(task, &submit->action);
	if (r < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else
		task_ask(task, cs_policy_service_fresh_ms(task->authority->policy, submit->action.service),
			submit_told);
}

void submit_match(struct task *task)
{
	const struct cs_submit *submit = task->call;
	struct cs_circumstances circumstances = { .action = &submit->action, .wall_ms = task->now.wall_ms };

	task->grounds.wall_ms = task->now.wall_ms; /* all that a match depends on when nothing is asked */
	if (cs_policy_match(task->authority->policy, &circumstances, &task->match) < 0)
		task_decide(task, CS_DENY, CS_WHY_NONE, NULL);
	else if (task->match.kind == CS_MATCH_ASK)
		submit_ask(task);
	else
		submit_matched(task);
}
