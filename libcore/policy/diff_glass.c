/* SPDX-License-Identifier: Apache-2.0 */
/* What changes in who may go past the approvals, where, for how long, and who reviews it. */
#include "diff.h"
#include "diff_gates.h"
#include "mem.h"

#include <string.h>

#define TELL(glasses, effect, ...) cs_diff_say((glasses)->diff, (effect), "break_glass", (glasses)->name, __VA_ARGS__)

struct glasses {
	struct diff *diff;
	const char *name;
	const struct glass *before, *after;
};

static bool has_uid(const struct glass *glass, uint32_t uid)
{
	for (size_t i = 0; i < glass->n_uids; i++) {
		if (glass->uids[i] == uid)
			return true;
	}
	return false;
}

/* Whom one names and the other does not (NULL: all). */
static int say_uids(const struct glasses *glasses, const struct glass *mine, const struct glass *other,
		    enum cs_effect effect, const char *said)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < mine->n_uids; i++) {
		if (!other || !has_uid(other, mine->uids[i]))
			r = TELL(glasses, effect, "uid %u: %s", (unsigned)mine->uids[i], said);
	}
	return r;
}

static const struct cs_gate *review_of(const struct cs_policy *policy, const struct glass *glass)
{
	return &policy->gates[policy->n_gates + (size_t)(glass - policy->glasses)];
}

static int diff_glass(struct glasses *glasses)
{
	const struct glass *a = glasses->before, *b = glasses->after;
	struct gates reviews = {glasses->diff, review_of(glasses->diff->before.policy, a),
				review_of(glasses->diff->after.policy, b)};
	char had[32], has[32];
	int r = say_uids(glasses, b, a, CS_EFFECT_WEAKER, "may go past the approvals now");

	if (r == 0)
		r = say_uids(glasses, a, b, CS_EFFECT_STRONGER, "may not go past the approvals any more");
	/* In a smaller place, more people have the roles that review. */
	if (r == 0 && strcmp(a->scope.text, b->scope.text) != 0)
		r = TELL(glasses, CS_EFFECT_WEAKER, "scope: %s -> %s", a->scope.text, b->scope.text);
	if (r == 0 && a->lasts_ms != b->lasts_ms)
		r = TELL(glasses, b->lasts_ms > a->lasts_ms ? CS_EFFECT_WEAKER : CS_EFFECT_STRONGER, "lasts: %s -> %s",
			 cs_policy_say_span(a->lasts_ms, had), cs_policy_say_span(b->lasts_ms, has));
	return r < 0 ? r : cs_diff_terms(&reviews);
}

static int say_glass(struct glasses *glasses)
{
	const struct glass *b = glasses->after;
	struct gates review = {glasses->diff, NULL, review_of(glasses->diff->after.policy, b)};
	char lasts[32];
	int r = TELL(glasses, CS_EFFECT_WEAKER, "is new: past the approvals in %s for %s", b->scope.text,
		     cs_policy_say_span(b->lasts_ms, lasts));

	if (r == 0)
		r = say_uids(glasses, b, NULL, CS_EFFECT_WEAKER, "may go past the approvals");
	return r < 0 ? r : cs_diff_new_terms(&review, CS_EFFECT_WEAKER);
}

/* What it leaves behind outlives it. */
static int say_gone(struct glasses *glasses)
{
	return TELL(glasses, CS_EFFECT_STRONGER, "is gone: where it was used and not reviewed yet, another break_glass for %s "
		"says who reviews that, and without one nobody can", glasses->before->scope.text);
}

static int pair_glass(void *arg, const void *before, const void *after)
{
	struct glasses glasses = {.diff = arg, .before = before, .after = after};

	glasses.name = before ? glasses.before->name : glasses.after->name;
	if (before && after)
		return diff_glass(&glasses);
	return after ? say_glass(&glasses) : say_gone(&glasses);
}

int cs_diff_glasses(struct diff *diff)
{
	const struct cs_policy *a = diff->before.policy, *b = diff->after.policy;

	return cs_diff_each(a->glasses, a->n_glasses, b->glasses, b->n_glasses, sizeof(*a->glasses), pair_glass, diff);
}
