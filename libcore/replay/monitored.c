/* SPDX-License-Identifier: Apache-2.0 */
/* Permitted by a gate that only monitors: that it does, and that it would have said what is recorded. */
#include "replay_internal.h"
#include "mem.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* --- Refused before the directory is asked ----------------------------------------------------------------------- */

static bool has_option(const struct cs_gate *gate, const struct cs_action *action)
{
	(void)gate;
	return action->option_refused;
}

static bool has_exposed_file(const struct cs_gate *gate, const struct cs_action *action)
{
	return cs_gate_refuses_files(gate, action) == CS_WHY_EXPOSED_FILE;
}

static bool has_exposed_input(const struct cs_gate *gate, const struct cs_action *action)
{
	return cs_gate_refuses_files(gate, action) == CS_WHY_EXPOSED_INPUT;
}

static bool has_no_file(const struct cs_gate *gate, const struct cs_action *action)
{
	(void)gate;
	return cs_action_runs(action) && !action->file.present;
}

static bool has_no_input(const struct cs_gate *gate, const struct cs_action *action)
{
	struct cs_wanted wanted[CS_MAX_WANTED], missing;

	return cs_action_runs(action) && (cs_gate_wanted(gate, action, wanted) > CS_MAX_WANTED ||
						 !cs_gate_has_files(gate, action, &missing));
}

static bool wants_reason(const struct cs_gate *gate, const struct cs_action *action)
{
	(void)action;
	return cs_gate_needs_reason(gate);
}

/* What a record does not tell again: what stood open or was rejected then, what a variable does, how long a line is for a
 * request, how old the directory's word was. */
static bool is_possible(const struct cs_gate *gate, const struct cs_action *action)
{
	(void)gate;
	(void)action;
	return true;
}

static const struct outright {
	enum cs_reason reason;
	enum cs_verdict verdict;
	bool (*holds)(const struct cs_gate *gate, const struct cs_action *action);
} outrights[] = {
	{ CS_WHY_OPTION, CS_DENY, has_option },
	{ CS_WHY_EXPOSED_FILE, CS_DENY, has_exposed_file },
	{ CS_WHY_EXPOSED_INPUT, CS_DENY, has_exposed_input },
	{ CS_WHY_NO_FILE, CS_DENY, has_no_file },
	{ CS_WHY_NO_INPUT, CS_DENY, has_no_input },
	{ CS_WHY_NEEDS_REASON, CS_HOLD, wants_reason },
	{ CS_WHY_ENVIRONMENT, CS_DENY, is_possible },
	{ CS_WHY_BAD_CALL, CS_DENY, is_possible },
	{ CS_WHY_BACK_OFF, CS_DENY, is_possible },
	{ CS_WHY_LIMIT, CS_DENY, is_possible },
	{ CS_WHY_DOUBT, CS_DENY, is_possible },
};

static const struct outright *outright_of(const struct cs_monitored_body *body)
{
	for (size_t i = 0; i < CS_COUNT(outrights); i++)
		if (outrights[i].reason == body->reason && outrights[i].verdict == body->verdict)
			return &outrights[i];
	return NULL;
}

/* --- Decided ------------------------------------------------------------------------------------------------------ */

static bool same_needs(const struct cs_decision *decision, const struct cs_monitored_body *body)
{
	if (decision->n_needs != body->n_needs)
		return false;
	for (size_t i = 0; i < body->n_needs; i++) {
		const struct cs_need *a = &decision->needs[i], *b = &body->needs[i];

		if (!same_text(a->rule, b->rule) || a->count != b->count || a->have != b->have)
			return false;
	}
	return true;
}

static int decided(struct step *step, const struct cs_match *found, const struct cs_monitored_body *body)
{
	struct cs_request request = { .scope = body->permitted.scope, .action = body->permitted.action }; /* a view */
	struct cs_decision decision = { 0 };
	size_t of_rule[CS_MAX_RULES];
	struct cs_case what = { 0 };
	int r = 0;

	if (cs_grounds_case(step->replay->policy, found->gate, &request, NULL, 0, &body->permitted.grounds, of_rule,
		    &what) < 0)
		return BAD(step, "what it was decided from does not belong together");
	what.asked_by = NULL;
	r = cs_decide(&what, &decision);
	if (r == 0 && (decision.verdict != body->verdict || decision.reason != body->reason))
		r = BAD(step, "decided again gate %s would have said %s (%s)", cs_gate_name(found->gate),
			cs_verdict_name(decision.verdict), cs_reason_name(decision.reason));
	else if (r == 0 && !same_needs(&decision, body))
		r = BAD(step, "decided again others would have been missing at gate %s", cs_gate_name(found->gate));
	cs_clear(&cs_decision_shape, &decision);
	return r;
}

static int would_be(struct step *step, const struct cs_match *found, const struct cs_monitored_body *body)
{
	static const enum cs_reason reasons[] = { [CS_MATCH_ARGUMENTS] = CS_WHY_ARGUMENTS,
		[CS_MATCH_CONDITION] = CS_WHY_CONDITION, [CS_MATCH_DOUBT] = CS_WHY_DOUBT };
	const struct outright *outright = outright_of(body);
	bool holds = false;

	if (body->verdict != CS_DENY && body->verdict != CS_HOLD)
		return BAD(step, "it says neither that it would have been denied nor that it would have been held");
	if (found->kind != CS_MATCH_GATE)
		holds = body->verdict == CS_DENY && body->reason == reasons[found->kind];
	else if (outright)
		holds = outright->holds(found->gate, &body->permitted.action);
	else
		return decided(step, found, body);
	return holds ? 0 : BAD(step, "gate %s would not have said %s (%s)", cs_gate_name(found->gate),
				   cs_verdict_name(body->verdict), cs_reason_name(body->reason));
}

int permitted_monitored(struct step *step, const struct cs_monitored_body *body)
{
	const struct cs_permitted_body *permitted = &body->permitted;
	struct cs_match found = { 0 };
	int r = step->replay->policy ? replay_match(step->replay, &permitted->action, &permitted->grounds, &found)
				     : BAD(step, "no policy is in force");

	if (r == 0 && (!found.monitored || !same_text(cs_gate_name(found.gate), step->event.gate) ||
			      !same_text(found.scope, permitted->scope)))
		r = BAD(step, "its policy does not lead this to a gate %s in %s that only monitors",
			step->event.gate ? step->event.gate : "", permitted->scope ? permitted->scope : "");
	if (r == 0 && permitted->grounds.requester.known == CS_KNOWN_YES &&
		permitted->grounds.requester.person.uid != permitted->subject.uid)
		r = BAD(step, "what is recorded of the person is about uid %u, and uid %u was permitted",
			(unsigned)permitted->grounds.requester.person.uid, (unsigned)permitted->subject.uid);
	if (r == 0)
		r = would_be(step, &found, body);
	cs_match_clear(&found);
	return r;
}
