/* SPDX-License-Identifier: Apache-2.0 */
/* Break-glass: who may, for how long, and not before the last one was reviewed. */
#include "replay_internal.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void forget_old(struct cs_replay *replay, uint64_t wall_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < replay->n_windows; i++)
		if (replay->windows[i].until_wall_ms >= wall_ms)
			replay->windows[kept++] = replay->windows[i];
	replay->n_windows = kept;
}

static int open_window(struct step *step, const struct cs_glass *glass)
{
	struct cs_replay *replay = step->replay;
	struct window *window = NULL;

	forget_old(replay, step->event.wall_ms);
	if (cs_reserve((void **)&replay->windows, &replay->cap_windows, replay->n_windows, 1, sizeof(*window)) < 0)
		return CS_ENOMEM;
	window = &replay->windows[replay->n_windows++];
	window->uid = step->event.actor_uid;
	window->until_wall_ms = step->event.wall_ms + glass->lasts_ms;
	(void)snprintf(window->scope, sizeof(window->scope), "%s", glass->scope);
	return 0;
}

static int may_break(struct step *step, const struct asked *debt, const struct cs_glass *glass)
{
	const struct cs_replay *replay = step->replay;
	bool named = false;

	for (size_t i = 0; i < glass->n_uids; i++)
		named = named || glass->uids[i] == step->event.actor_uid;
	if (!named)
		return BAD(step, "break_glass %s does not name uid %u", glass->name, (unsigned)step->event.actor_uid);
	if (!debt->request.reason || !*debt->request.reason)
		return BAD(step, "it gives no reason");
	for (size_t i = 0; i < replay->n_asked; i++)
		if (replay->asked[i]->debt && replay->asked[i] != debt &&
			strcmp(replay->asked[i]->request.scope, debt->request.scope) == 0)
			return BAD(step, "the one before, request %llu, was not reviewed",
				(unsigned long long)replay->asked[i]->number);
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
	return r == 0 ? open_window(step, &glass) : r;
}

int window_covers(const struct cs_replay *replay, uint32_t uid, const char *scope, uint64_t wall_ms)
{
	for (size_t i = 0; i < replay->n_windows; i++) {
		const struct window *window = &replay->windows[i];
		struct cs_glass glass = { .scope = window->scope };

		if (window->uid == uid && wall_ms <= window->until_wall_ms &&
			cs_policy_glass_covers(&glass, scope) == 1)
			return 1;
	}
	return 0;
}
