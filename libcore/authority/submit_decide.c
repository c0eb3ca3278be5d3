/* SPDX-License-Identifier: Apache-2.0 */
/* Submit, what is decided at its gate: whoever asks is looked up, with those whose votes are there already. */
#include "submit.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* What an identical call has too, in task->key. */
static int action_key(struct task *task)
{
	const struct cs_submit *submit = task->call;
	struct cs_buf bytes;
	int r = 0;

	cs_buf_init(&bytes, CS_MAX_EVENT);
	r = cs_action_key_encode(&submit->subject, &submit->action, &bytes);
	if (r == 0)
		r = cs_digest(CS_DOMAIN_ACTION, bytes.data, bytes.len, task->key);
	cs_buf_clear(&bytes);
	return r;
}

/* People change things through people.sock by their uid alone: the directory has told who that is. */
static void name_subject(struct cs_submit *submit, const struct cs_facts *facts)
{
	if (facts->known == CS_KNOWN_YES && (!submit->subject.name || !*submit->subject.name))
		/* for display: without it the uid stands alone */
		(void)cs_set(&submit->subject.name, facts->person.name);
}

/* Keeps for the event who said what the verdict depends on, and how old that is. 0, CS_ENOMEM. */
int submit_keep_told(struct task *task, const struct cs_facts *facts)
{
	char *told = facts_told(facts, &task->now);
	int r = told ? 0 : CS_ENOMEM;

	cs_free_str(&task->told);
	if (told && *told)
		r = cs_format(&task->told, " (%s)", told);
	free(told);
	return r;
}

/* The case as it is asked: with the votes of the request that was found, if one was. */
static int ask_case(struct task *task, const struct cs_answer *answer, struct count *ret_count)
{
	const struct cs_submit *submit = task->call;
	int r = count_begin(task, task->match.gate, &answer->facts[0], answer->facts + 1, answer, ret_count);

	if (r < 0)
		return r;
	ret_count->what.scope = task->match.scope;
	ret_count->what.action = &submit->action;
	ret_count->what.asked_by = NULL;
	if (task->stored.number == 0)
		ret_count->what.elapsed_ms = 0;
	return 0;
}

/* Decides, and keeps what it was decided from. */
static int decide(struct task *task, const struct cs_answer *answer, struct cs_decision *ret_decision)
{
	struct cs_decision decision = { 0 };
	struct count count = { 0 };
	int r = ask_case(task, answer, &count);

	cs_clear(&cs_grounds_shape, &task->grounds);
	if (r == 0)
		r = cs_decide(&count.what, &decision);
	if (r == 0)
		r = count_freeze(task, &count, answer, &task->grounds);
	if (r == CS_ETOOBIG && decision.verdict != CS_PERMIT && !task->match.monitored)
		r = 0; /* a denial is told and recorded with as much as fits */
	count_clear(&count);
	if (r == 0)
		*ret_decision = decision;
	else
		cs_clear(&cs_decision_shape, &decision);
	return r;
}

/* Between two questions to the directory a netgroup, or the time, may have come to lead elsewhere. What is recorded is the
 * last answer, and everything has to follow from it. 1, 0, CS_ENOMEM. */
static int still_leads(const struct task *task, const struct cs_answer *answer)
{
	const struct cs_submit *submit = task->call;
	struct cs_match match = { 0 };
	int r = task_match(task, &submit->action, &answer->facts[0], answer, &match);

	if (r == 0)
		r = match.kind == CS_MATCH_GATE && match.gate == task->match.gate &&
			strcmp(match.scope ? match.scope : "", task->match.scope ? task->match.scope : "") == 0;
	cs_match_clear(&match);
	return r;
}

/* Without the directory it could not be told which gate is met; so what is in doubt about that is no gate's to monitor. */
static bool match_was_asked(const struct task *task)
{
	const struct cs_submit *submit = task->call;
	struct cs_circumstances circumstances = { .action = &submit->action, .wall_ms = task->now.wall_ms };
	struct cs_match match = { 0 };
	int r = cs_policy_match(task->authority->policy, &circumstances, &match);
	bool asked = r < 0 || match.kind == CS_MATCH_ASK;

	cs_match_clear(&match);
	return asked;
}

/* Is what the directory said too old for the gate, or does it lead elsewhere by now? true: the task has ended. */
static bool refused_in_doubt(struct task *task, const struct cs_answer *answer)
{
	bool looks = task->match.monitored || answer->facts[0].known == CS_KNOWN_YES;
	char *stale = NULL;

	if (facts_stale(task, answer->facts, answer->n_facts, cs_gate_fresh_ms(task->match.gate), "the gate", &stale)) {
		if (match_was_asked(task))
			submit_refuse(task, CS_WHY_DOUBT, stale);
		else
			submit_deny(task, CS_WHY_DOUBT, stale);
		free(stale);
		return true;
	}
	if (!looks || still_leads(task, answer) == 1)
		return false;
	submit_refuse(task, CS_WHY_DOUBT, "What guards this changed while it was looked at; run it again.");
	return true;
}

/* Automatic, and the gate wants a reason. */
static void lacks_reason(struct task *task)
{
	if (task->match.monitored)
		submit_monitored(task, CS_HOLD, CS_WHY_NEEDS_REASON, NULL);
	else
		task_decide(task, CS_HOLD, CS_WHY_NEEDS_REASON, NULL);
}

static void submit_resume(struct task *task, const struct cs_answer *answer)
{
	struct cs_decision decision = { 0 };
	int r = submit_keep_told(task, &answer->facts[0]);

	name_subject(task->call, &answer->facts[0]);
	if (refused_in_doubt(task, answer))
		return;
	if (r == 0)
		r = decide(task, answer, &decision);
	if (r < 0)
		submit_refuse(task, CS_WHY_STORE, "The decision could not be made.");
	else if (decision.reason == CS_WHY_AUTOMATIC && submit_lacks_reason(task))
		lacks_reason(task);
	else if (decision.verdict == CS_PERMIT && !is_approval(&decision))
		submit_conclude(task, CS_PERMIT, decision.reason, cs_gate_name(task->match.gate), decision.text);
	else if (task->match.monitored)
		submit_monitored_decision(task, &answer->facts[0], &decision);
	else if (decision.verdict == CS_HOLD || (is_approval(&decision) && task->stored.number != 0))
		submit_hold(task, answer, &decision);
	else
		submit_deny(task, decision.reason, decision.text);
	cs_clear(&cs_decision_shape, &decision);
}

void submit_gate(struct task *task)
{
	const struct cs_submit *submit = task->call;
	int r = action_key(task);

	if (r == 0 && !submit->only_ask && !task->match.monitored)
		r = join_find(task);
	if (r >= 0)
		r = task_ask_subject(task, submit->subject.uid, submit->subject.name);
	if (r == 0)
		r = task_ask_voters(task);
	if (r == 0)
		r = task_ask_groups(task);
	if (r == 0)
		r = task_ask_listings(task, task->match.gate, task->match.scope);
	if (r == 0)
		r = task_ask_match(task, &submit->action);
	if (r == CS_ETOOBIG)
		submit_deny(task, CS_WHY_BAD_CALL, "The command line is too long for a request.");
	else if (r < 0)
		task_decide(task, CS_DENY, CS_WHY_STORE, NULL);
	else
		task_ask(task, cs_policy_service_fresh_ms(task->authority->policy, submit->action.service),
			submit_resume);
}
