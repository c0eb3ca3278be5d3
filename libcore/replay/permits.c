/* SPDX-License-Identifier: Apache-2.0 */
/* Permits, derived again: by matching the action and deciding from what the record holds. */
#include "replay_internal.h"
#include "mem.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

int replay_match(const struct cs_replay *replay, const struct cs_action *action, const struct cs_grounds *grounds,
	struct cs_match *ret_match)
{
	static const struct cs_listing none;
	struct cs_circumstances circumstances = { .action = action, .wall_ms = grounds->wall_ms };
	int r = cs_policy_match(replay->policy, &circumstances, ret_match);

	if (r < 0 || ret_match->kind != CS_MATCH_ASK)
		return r;
	cs_match_clear(ret_match);
	circumstances.person = &grounds->requester;
	circumstances.listings = grounds->n_match > 0 ? grounds->match : &none;
	circumstances.n_listings = grounds->n_match;
	return cs_policy_match(replay->policy, &circumstances, ret_match);
}

int lead_to(struct step *step, const struct cs_action *action, const struct cs_grounds *grounds, const char *gate,
	const char *scope, const struct cs_gate **ret_gate)
{
	struct cs_wanted missing = { 0 };
	struct cs_match found = { 0 };
	int r = step->replay->policy ? replay_match(step->replay, action, grounds, &found)
				     : BAD(step, "no policy is in force");

	if (r == 0 && step->replay->extract && found.kind == CS_MATCH_NONE)
		found.gate = cs_policy_gate(step->replay->policy, gate ? gate : "");
	else if (r == 0 && (found.kind != CS_MATCH_GATE || !same_text(cs_gate_name(found.gate), gate) ||
		!same_text(found.scope, scope)))
		found.gate = NULL;
	if (r == 0 && !found.gate)
		r = BAD(step, "its policy does not lead what was asked to gate %s in %s", gate ? gate : "",
			scope ? scope : "");
	if (r == 0 && action->option_refused)
		r = BAD(step, "it has an option that no gate takes");
	if (r == 0 && cs_gate_refuses_files(found.gate, action) != CS_WHY_NONE)
		r = BAD(step, "others could change a file of it, and gate %s does not take that", gate);
	if (r == 0 && cs_action_runs(action) && !cs_gate_has_files(found.gate, action, &missing))
		r = BAD(step, "argument %u names a file that gate %s wants hashed, and it was not", (unsigned)missing.arg, gate);
	if (r == 0)
		*ret_gate = found.gate;
	cs_match_clear(&found);
	return r;
}

int decide_again(struct step *step, const struct cs_case *what, enum cs_verdict verdict, enum cs_reason reason,
	struct cs_decision *ret_decision)
{
	struct cs_decision decision = { 0 };
	int r = cs_decide(what, &decision);

	if (r == 0 && (decision.verdict != verdict || (verdict == CS_PERMIT && decision.reason != reason)))
		r = BAD(step, "decided again it is %s (%s)", cs_verdict_name(decision.verdict),
			cs_reason_name(decision.reason));
	if (r == 0 && ret_decision)
		*ret_decision = decision;
	else
		cs_clear(&cs_decision_shape, &decision);
	return r;
}

/* --- Permitted at once -------------------------------------------------------------------------------------------- */

/* The directory spoke of the person who asked. */
static int same_person(struct step *step, const struct cs_permitted_body *body)
{
	const struct cs_facts *told = &body->grounds.requester;

	if (body->subject.uid != step->event.actor_uid || told->person.uid != body->subject.uid)
		return BAD(step, "what is recorded of the person is about uid %u, and uid %u was permitted",
			(unsigned)told->person.uid, (unsigned)step->event.actor_uid);
	return 0;
}

static int permitted_root(struct step *step, const struct cs_permitted_body *body)
{
	if (body->subject.uid == 0 && step->event.actor_uid == 0 && same_text(body->action.peer, ""))
		return 0;
	return BAD(step, "it was not root on this machine");
}

static int permitted_unguarded(struct step *step, const struct cs_permitted_body *body)
{
	struct cs_match found = { 0 };
	int r = replay_match(step->replay, &body->action, &body->grounds, &found);

	if (r == 0 && (found.kind != CS_MATCH_NONE || !found.unmatched_permits))
		r = BAD(step, "its policy does not leave this unguarded");
	cs_match_clear(&found);
	return r;
}

/* A module asked for a plain right: the permission stands where else the command is, or a role where the target is. */
static int permitted_right(struct step *step, const struct cs_permitted_body *body)
{
	struct cs_sought sought = { .permission = body->action.command, .role = body->action.target_name,
		.scope = body->scope };
	bool is_role = !same_text(sought.role, "");
	int r = cs_policy_holds(step->replay->policy, &body->grounds.requester, &sought, NULL);

	if (r == CS_ENOMEM || r == 1)
		return r == 1 ? 0 : r;
	return BAD(step, "the %s %s in %s is not held by what is recorded", is_role ? "role" : "permission",
		is_role ? sought.role : sought.permission, sought.scope);
}

static int permitted_gate(struct step *step, const struct cs_permitted_body *body)
{
	struct cs_request request = { .scope = body->scope, .action = body->action }; /* a view */
	const struct cs_gate *gate = NULL;
	size_t of_rule[CS_MAX_RULES];
	struct cs_case what = { 0 };
	int r = lead_to(step, &body->action, &body->grounds, step->event.gate, body->scope, &gate);

	if (r < 0)
		return r;
	if (cs_grounds_case(step->replay->policy, gate, &request, NULL, 0, &body->grounds, of_rule, &what) < 0)
		return BAD(step, "what it was decided from does not belong together");
	what.asked_by = NULL;
	return decide_again(step, &what, CS_PERMIT, step->event.reason, NULL);
}

/* Past the approvals of whichever gate it is; where nobody could tell which, who is past all of them. What surely denies
 * it, denies it, and the policy is never changed so. */
static int permitted_glass(struct step *step, const struct cs_permitted_body *body)
{
	const struct cs_gate *gate = NULL;
	struct cs_match found = { 0 };
	int r = replay_match(step->replay, &body->action, &body->grounds, &found);
	bool doubted = r == 0 && (found.kind == CS_MATCH_DOUBT || found.kind == CS_MATCH_ASK);

	cs_match_clear(&found);
	if (r == 0 && !doubted)
		r = lead_to(step, &body->action, &body->grounds, step->event.gate, body->scope, &gate);
	if (r == 0 && same_text(body->action.service, "countersign"))
		r = BAD(step, "break-glass is not for changing the policy");
	if (r == 0 && !is_past_approvals(step->replay, body->subject.uid, doubted ? "*" : body->scope))
		r = BAD(step, "uid %u had not broken the glass in %s, or its time was over",
			(unsigned)body->subject.uid, doubted ? "*" : body->scope);
	return r;
}

static int permitted_by(struct step *step, const struct cs_permitted_body *body)
{
	int r = 0;

	if (step->event.reason == CS_WHY_ROOT)
		return permitted_root(step, body);
	if (!step->replay->policy)
		return BAD(step, "no policy is in force");
	if (step->event.reason == CS_WHY_UNGUARDED)
		return permitted_unguarded(step, body);
	if (step->event.reason == CS_WHY_BREAK_GLASS)
		return permitted_glass(step, body);
	r = same_person(step, body);
	if (r < 0)
		return r;
	return same_text(body->action.service, "") && step->event.reason == CS_WHY_HAS_RIGHT
		       ? permitted_right(step, body) : permitted_gate(step, body);
}

/* What a gate that only monitors let through says more. */
static int monitored(struct step *step)
{
	struct cs_monitored_body body = { 0 };
	int r = step_body(step, &cs_monitored_body_shape, &body);

	if (r == 0 && body.permitted.subject.uid != step->event.actor_uid)
		r = BAD(step, "another uid was permitted than asked");
	if (r == 0)
		r = step_clock(step, &body.permitted.grounds, NULL);
	if (r == 0)
		r = permitted_monitored(step, &body);
	step->replay->sums.permits += r == 0;
	cs_clear(&cs_monitored_body_shape, &body);
	return r;
}

int step_permitted(struct step *step)
{
	struct cs_permitted_body body = { 0 };
	int r = 0;

	if (step->event.reason == CS_WHY_MONITORED)
		return monitored(step);
	r = step_body(step, &cs_permitted_body_shape, &body);
	if (r == 0 && body.subject.uid != step->event.actor_uid)
		r = BAD(step, "another uid was permitted than asked");
	if (r == 0)
		r = step_clock(step, &body.grounds, NULL);
	if (r == 0)
		r = permitted_by(step, &body);
	if (r == 0)
		change_note(step->replay, &body.action, body.subject.uid, 0);
	step->replay->sums.permits += r == 0;
	cs_clear(&cs_permitted_body_shape, &body);
	return r;
}

/* --- Approved and claimed ----------------------------------------------------------------------------------------- */

/* Silence approves only a request that was asked with a time for objections, for as long as that, and is that of people who
 * were told of it; and what votes approved, no silence holds up once they are gone. */
static int silence_holds(struct step *step, const struct asked *asked, const struct cs_grounds *grounds,
	const struct cs_decision *decision)
{
	uint64_t objection_ms = asked->request.objection_ms;

	if (step->event.reason != CS_WHY_NO_OBJECTION)
		return 0;
	if (asked->state == CS_APPROVED)
		return asked->by_silence ? 0 : BAD(step, "votes approved it, and they do not suffice any more");
	if (objection_ms == 0 || grounds->elapsed_ms < objection_ms)
		return BAD(step, "the time for objections to request %llu was not over", (unsigned long long)asked->number);
	return cs_heard_suffices(&asked->heard, decision->needs, decision->n_needs) ? 0
		: BAD(step, "not everybody who could object to request %llu was told of it",
			  (unsigned long long)asked->number);
}

/* The votes that stand suffice, or silence does, by what is recorded of requester and voters now. */
static int suffice(struct step *step, const struct asked *asked, const struct cs_gate *gate,
	const struct cs_grounds *grounds)
{
	size_t of_rule[CS_MAX_RULES];
	struct cs_decision decision = { 0 };
	struct cs_case what = { 0 };
	int r = 0;

	if (cs_grounds_case(step->replay->policy, gate, &asked->request, asked->votes, asked->n_votes, grounds, of_rule,
		&what) < 0)
		return BAD(step, "it was decided from %zu voters, and %zu votes stand", grounds->n_voters,
			asked->n_votes);
	r = signatures_stand(step, asked, gate, grounds);
	if (r == 0)
		r = decide_again(step, &what, CS_PERMIT, step->event.reason, &decision);
	if (r == 0)
		r = silence_holds(step, asked, grounds, &decision);
	cs_clear(&cs_decision_shape, &decision);
	return r;
}

int step_approved(struct step *step)
{
	struct cs_grounds grounds = { 0 };
	const struct cs_gate *gate = NULL;
	struct asked *asked = NULL;
	struct cs_now now;
	int r = step->replay->policy ? step_asked(step, &asked) : BAD(step, "no policy is in force");

	if (r == 0 && asked->state != CS_PENDING)
		r = BAD(step, "request %llu was approved already", (unsigned long long)asked->number);
	if (r == 0)
		r = step_body(step, &cs_grounds_shape, &grounds);
	if (r == 0 && !(gate = judge_of(step->replay, asked)))
		r = BAD(step, "its policy has no gate %s", asked->request.gate);
	if (r == 0)
		r = step_elapsed(step, asked, &grounds, &now);
	if (r == 0 && is_overdue(asked, &now))
		r = BAD(step, "the time of request %llu was over", (unsigned long long)asked->number);
	if (r == 0)
		r = suffice(step, asked, gate, &grounds);
	if (r == 0) {
		asked->by_silence = step->event.reason == CS_WHY_NO_OBJECTION;
		asked->state = CS_APPROVED;
		asked->approved = now;
	}
	cs_clear(&cs_grounds_shape, &grounds);
	return r;
}

static int check_claim(struct step *step, const struct asked *asked, const struct cs_grounds *grounds)
{
	const struct cs_request *request = &asked->request;
	const struct cs_gate *gate = NULL;
	struct cs_now now;
	int r = 0;

	if (asked->state != CS_APPROVED)
		return BAD(step, "request %llu is not approved", (unsigned long long)asked->number);
	r = step_elapsed(step, asked, grounds, &now);
	if (r < 0)
		return r;
	if (asked->debt)
		gate = judge_of(step->replay, asked);
	else
		r = lead_to(step, &request->action, grounds, request->gate, request->scope, &gate);
	if (r == 0 && !gate)
		r = BAD(step, "its policy has no gate %s", request->gate);
	if (r == 0 && !asked->debt && asked->used >= (cs_gate_uses(gate) ? cs_gate_uses(gate) : 1))
		r = BAD(step, "gate %s does not let it be used once more", request->gate);
	if (r == 0)
		r = suffice(step, asked, gate, grounds);
	return r == 0 && !asked->debt ? step_in_time(step, asked, gate, &now) : r;
}

int step_claimed(struct step *step)
{
	struct cs_replay *replay = step->replay;
	struct cs_grounds grounds = { 0 };
	struct asked *asked = NULL;
	int r = replay->policy ? step_asked(step, &asked) : BAD(step, "no policy is in force");

	if (r == 0)
		r = step_body(step, &cs_grounds_shape, &grounds);
	if (r == 0)
		r = check_claim(step, asked, &grounds);
	if (r == 0) {
		replay->sums.permits++;
		claims_add(replay, asked->number);
		change_note(replay, &asked->request.action, asked->request.subject.uid, asked->number);
		asked->used++;
		if (asked->request.uses != CS_USES_ANY &&
			asked->used >= (asked->request.uses ? asked->request.uses : 1))
			asked_close(replay, asked);
	}
	cs_clear(&cs_grounds_shape, &grounds);
	return r;
}
