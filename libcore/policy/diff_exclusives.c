/* SPDX-License-Identifier: Apache-2.0 */
/* What changes in sets of roles that exclude each other. Which rules of a gate they keep apart is seen at the gate. */
#include "diff.h"

#include <string.h>

/* Two sets of one name. */
struct sets {
	struct diff *diff;
	const struct exclusive *before, *after;
};

static const char *within_text(const struct exclusive *exclusive)
{
	if (exclusive->within_request)
		return "request";
	return exclusive->anywhere ? "anywhere" : "scope";
}

static bool names(const struct side *side, const struct exclusive *exclusive, size_t number)
{
	for (size_t i = 0; i < exclusive->n_roles; i++) {
		if (side->roles[exclusive->roles[i]] == number)
			return true;
	}
	return false;
}

/* Says each role of one set that the other does not name. */
static int say_roles(const struct sets *sets, bool gone)
{
	const struct side *mine = gone ? &sets->diff->before : &sets->diff->after;
	const struct side *other = gone ? &sets->diff->after : &sets->diff->before;
	const struct exclusive *from = gone ? sets->before : sets->after, *to = gone ? sets->after : sets->before;
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->n_roles; i++) {
		size_t number = mine->roles[from->roles[i]];

		if (!names(other, to, number))
			r = cs_diff_say(sets->diff, gone ? CS_EFFECT_WEAKER : cs_diff_less(sets->diff), "exclusive",
					from->name,
					gone ? "role %s is not one of them any more" : "role %s is one of them now",
					sets->diff->roles[number]);
	}
	return r;
}

/* Whom two roles in one scope are refused, they are refused in any: only that is surely stronger. */
static int say_within(const struct sets *sets)
{
	const struct exclusive *a = sets->before, *b = sets->after;
	bool wider = !a->within_request && !a->anywhere && !b->within_request && b->anywhere;

	if (a->within_request == b->within_request && a->anywhere == b->anywhere)
		return 0;
	return cs_diff_say(sets->diff, wider ? cs_diff_less(sets->diff) : CS_EFFECT_WEAKER, "exclusive", a->name,
			   "within: %s -> %s", within_text(a), within_text(b));
}

static int pair_exclusive(void *arg, const void *before, const void *after)
{
	struct sets sets = {.diff = arg, .before = before, .after = after};
	int r;

	if (!after)
		return cs_diff_say(arg, CS_EFFECT_WEAKER, "exclusive", sets.before->name,
				   "is gone: its roles may be held together");
	if (!before)
		return cs_diff_say(arg, cs_diff_less(arg), "exclusive", sets.after->name,
				   "is new: keeps its roles apart, within %s", within_text(sets.after));
	r = say_roles(&sets, true);
	if (r == 0)
		r = say_roles(&sets, false);
	return r < 0 ? r : say_within(&sets);
}

int cs_diff_exclusives(struct diff *diff)
{
	const struct cs_policy *a = diff->before.policy, *b = diff->after.policy;

	return cs_diff_each(a->exclusives, a->n_exclusives, b->exclusives, b->n_exclusives, sizeof(*a->exclusives),
			    pair_exclusive, diff);
}
