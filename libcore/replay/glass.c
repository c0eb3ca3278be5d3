/* SPDX-License-Identifier: Apache-2.0 */
/* Break-glass: who may, for how long, and not before the last one was reviewed. The debt is a request; for as long as its
 * session_ms says, and until it is reviewed, who made it is past the approvals. */
#include "replay_internal.h"
#include "mem.h"

#include <string.h>

/* Clocks are set: by so much the end of a window may seem to have passed. */
#define SLACK_MS 60000

/* The break-glass whose review is this gate. 1, 0. */
static int glass_of(const struct cs_policy *policy, const char *gate, struct cs_glass *ret_glass)
{
	for (size_t i = 0; policy && gate && cs_policy_glass(policy, i, ret_glass) == 0; i++)
		if (ret_glass->review && strcmp(cs_gate_name(ret_glass->review), gate) == 0)
			return 1;
	return 0;
}

bool is_review(const struct cs_policy *policy, const char *gate)
{
	struct cs_glass glass = { 0 };

	return glass_of(policy, gate, &glass) == 1;
}

int step_debt(struct step *step, const struct cs_request *request)
{
	const struct cs_action *action = &request->action;

	return action->service && strcmp(action->service, "countersign") == 0 && action->command &&
			       strcmp(action->command, "break-glass.review") == 0
		       ? 0 : BAD(step, "it is asked for by gate %s, and is no review", request->gate);
}

static bool names(const struct cs_glass *glass, uint32_t uid)
{
	for (size_t i = 0; i < glass->n_uids; i++)
		if (glass->uids[i] == uid)
			return true;
	return false;
}

static bool covers(const char *scope, const char *other)
{
	const struct cs_glass glass = { .scope = scope };

	return strcmp(scope, other) == 0 || cs_policy_glass_covers(&glass, other) == 1;
}

/* Another debt that is open where this one is. */
static const struct asked *other_debt(const struct cs_replay *replay, const struct asked *debt)
{
	const char *scope = debt->request.scope;

	for (size_t i = 0; i < replay->n_asked; i++) {
		const struct asked *other = replay->asked[i];

		if (other->debt && other != debt &&
			(covers(scope, other->request.scope) || covers(other->request.scope, scope)))
			return other;
	}
	return NULL;
}

static int may_break(struct step *step, const struct asked *debt, const struct cs_glass *glass)
{
	const struct cs_request *request = &debt->request;
	const struct asked *other = other_debt(step->replay, debt);

	if (request->subject.uid != step->event.actor_uid || !names(glass, request->subject.uid))
		return BAD(step, "break_glass %s does not name uid %u", glass->name, (unsigned)request->subject.uid);
	if (!*request->reason)
		return BAD(step, "it gives no reason");
	if (strcmp(request->scope, glass->scope) != 0 || request->session_ms > glass->lasts_ms)
		return BAD(step, "it goes further than break_glass %s", glass->name);
	if (request->created_wall_ms > step->event.wall_ms + SLACK_MS)
		return BAD(step, "its review was asked for later than it was broken");
	if (debt->broken)
		return BAD(step, "it was broken already");
	if (other)
		return BAD(step, "the one before, request %llu, was not reviewed", (unsigned long long)other->number);
	return 0;
}

int step_break_glass(struct step *step)
{
	struct cs_glass glass = { 0 };
	struct asked *debt = NULL;
	int r = step_asked(step, &debt);

	if (r == 0 && (!debt->debt || glass_of(step->replay->policy, debt->request.gate, &glass) != 1))
		r = BAD(step, "request %llu is no review of a break-glass", (unsigned long long)debt->number);
	if (r == 0)
		r = may_break(step, debt, &glass);
	if (r == 0)
		debt->broken = true;
	return r;
}

/* Is its time over, by the clock of now? */
static bool is_over(const struct cs_replay *replay, const struct cs_request *request, const struct cs_glass *glass)
{
	return cs_deadline_passed(request->boot, request->created_boot_ms, request->created_wall_ms,
		request->session_ms < glass->lasts_ms ? request->session_ms : glass->lasts_ms, &replay->clock, NULL);
}

bool is_past_approvals(const struct cs_replay *replay, uint32_t uid, const char *scope)
{
	for (size_t i = 0; i < replay->n_asked; i++) {
		const struct cs_request *request = &replay->asked[i]->request;
		struct cs_glass glass = { 0 };

		if (replay->asked[i]->broken && request->subject.uid == uid && covers(request->scope, scope) &&
			glass_of(replay->policy, request->gate, &glass) == 1 && names(&glass, uid) &&
			covers(glass.scope, scope) && !is_over(replay, request, &glass))
			return true;
	}
	return false;
}
