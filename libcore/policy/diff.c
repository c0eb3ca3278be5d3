/* SPDX-License-Identifier: Apache-2.0 */
/* What changes from one policy to the next: collecting it, and the parts that are words or a single switch. */
#include "diff.h"
#include "mem.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CUT "…"

/* --- Collecting ----------------------------------------------------------------------------------------------- */

void cs_diff_cut(char *text, size_t most)
{
	size_t at = most - sizeof(CUT);

	if (strlen(text) <= most)
		return;
	while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	memcpy(text + at, CUT, sizeof(CUT));
}

static int add(struct diff_list *list, struct cs_change *change)
{
	if (cs_reserve((void **)&list->items, &list->cap, list->n, 1, sizeof(*list->items)) < 0)
		return CS_ENOMEM;
	list->items[list->n++] = *change;
	*change = (struct cs_change){0};
	return 0;
}

int cs_diff_say(struct diff *diff, enum cs_effect effect, const char *kind, const char *name, const char *format, ...)
{
	struct diff_list *list = &diff->said[effect];
	struct cs_change change = {.effect = effect};
	va_list args;
	int r;

	if (list->n >= DIFF_MAX_SAID) {
		list->left_out++;
		return 0;
	}
	r = cs_format(&change.what, "%s%s%s", kind, *name ? " " : "", name);
	va_start(args, format);
	if (r == 0 && vasprintf(&change.text, format, args) < 0) {
		change.text = NULL; /* undefined then */
		r = CS_ENOMEM;
	}
	va_end(args);
	if (r == 0) {
		cs_diff_cut(change.text, CS_MAX_TEXT);
		r = add(list, &change);
	}
	cs_clear(&cs_change_shape, &change);
	return r;
}

enum cs_effect cs_diff_less(const struct diff *diff)
{
	return diff->lazy ? CS_EFFECT_WEAKER : CS_EFFECT_STRONGER;
}

static int say_left_out(struct diff *diff)
{
	int r = 0;

	for (enum cs_effect effect = CS_EFFECT_NONE; r == 0 && effect <= CS_EFFECT_WEAKER; effect++) {
		struct diff_list *list = &diff->said[effect];
		struct cs_change change = {.effect = effect};

		if (list->left_out == 0)
			continue;
		change.what = cs_dup("policy");
		r = cs_format(&change.text, "%zu more changes of this effect", list->left_out);
		if (r == 0)
			r = change.what ? add(list, &change) : CS_ENOMEM;
		cs_clear(&cs_change_shape, &change);
	}
	return r;
}

/* --- Pairs ---------------------------------------------------------------------------------------------------- */

static const char *name_at(const void *items, size_t size, size_t i)
{
	const char *name;

	memcpy(&name, (const char *)items + i * size, sizeof(name));
	return name;
}

/* An item of after, to be found by its name. */
struct named {
	const char *name;
	const void *item;
	bool met;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* Nearly always two lists are the same, in the same order. */
static bool same_names(const void *before, size_t n_before, const void *after, size_t n_after, size_t size)
{
	if (n_before != n_after)
		return false;
	for (size_t i = 0; i < n_before; i++) {
		if (strcmp(name_at(before, size, i), name_at(after, size, i)) != 0)
			return false;
	}
	return true;
}

static int each_in_order(const void *before, const void *after, size_t n, size_t size, cs_diff_pair pair, void *arg)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = pair(arg, (const char *)before + i * size, (const char *)after + i * size);
	return r;
}

int cs_diff_each(const void *before, size_t n_before, const void *after, size_t n_after, size_t size, cs_diff_pair pair,
		 void *arg)
{
	struct named *sorted;
	int r = 0;

	if (same_names(before, n_before, after, n_after, size))
		return each_in_order(before, after, n_before, size, pair, arg);
	sorted = calloc(n_after + 1, sizeof(*sorted));
	if (!sorted)
		return CS_ENOMEM;
	for (size_t i = 0; i < n_after; i++)
		sorted[i] = (struct named){name_at(after, size, i), (const char *)after + i * size, false};
	qsort(sorted, n_after, sizeof(*sorted), by_name);
	for (size_t i = 0; r == 0 && i < n_before; i++) {
		struct named key = {.name = name_at(before, size, i)};
		struct named *found = bsearch(&key, sorted, n_after, sizeof(*sorted), by_name);

		if (found)
			found->met = true;
		r = pair(arg, (const char *)before + i * size, found ? found->item : NULL);
	}
	for (size_t i = 0; r == 0 && i < n_after; i++) {
		if (!sorted[i].met)
			r = pair(arg, NULL, sorted[i].item);
	}
	free(sorted);
	return r;
}

/* --- Words and switches --------------------------------------------------------------------------------------- */

static int said_label(struct diff *diff, const char *kind, const char *name, const char *before, const char *after)
{
	if (strcmp(before ? before : "", after ? after : "") == 0)
		return 0;
	return cs_diff_say(diff, CS_EFFECT_NONE, kind, name, "label: %s -> %s", before ? before : "none",
			   after ? after : "none");
}

/* What comes or goes here gives nothing by itself: rights are told apart from the sections they are written in. */
static int said_section(struct diff *diff, const char *kind, const char *before, const char *after)
{
	return cs_diff_say(diff, CS_EFFECT_NONE, kind, before ? before : after, before ? "is gone" : "is new");
}

static int said_fresh(struct diff *diff, const struct permission *a, const struct permission *b)
{
	char had[32], has[32];

	return cs_diff_say(diff, b->fresh_ms > a->fresh_ms ? CS_EFFECT_WEAKER : CS_EFFECT_STRONGER, "permission",
			   a->name, "fresh: %s -> %s", a->fresh_ms == CS_FRESH_ANY ? "none" : cs_policy_say_span(a->fresh_ms, had),
			   b->fresh_ms == CS_FRESH_ANY ? "none" : cs_policy_say_span(b->fresh_ms, has));
}

static int pair_permission(void *arg, const void *before, const void *after)
{
	const struct permission *a = before, *b = after;

	if (!a || !b)
		return said_section(arg, "permission", a ? a->name : NULL, b ? b->name : NULL);
	if (a->fresh_ms != b->fresh_ms && said_fresh(arg, a, b) < 0)
		return CS_ENOMEM;
	return said_label(arg, "permission", a->name, a->label, b->label);
}

static int pair_role(void *arg, const void *before, const void *after)
{
	const struct role *a = before, *b = after;

	if (!a || !b)
		return said_section(arg, "role", a ? a->name : NULL, b ? b->name : NULL);
	return said_label(arg, "role", a->name, a->label, b->label);
}

static int pair_assignment(void *arg, const void *before, const void *after)
{
	const struct assignment *a = before, *b = after;

	if (!a || !b)
		return said_section(arg, "assignment", a ? a->name : NULL, b ? b->name : NULL);
	return said_label(arg, "assignment", a->name, a->label, b->label);
}

/* A service that is not named is `deny`. */
static int pair_service(void *arg, const void *before, const void *after)
{
	const struct service *a = before, *b = after;
	const char *name = a ? a->name : b->name;
	bool permitted = a && a->unmatched_permits, permits = b && b->unmatched_permits;

	if (permitted != permits)
		return cs_diff_say(arg, permits ? CS_EFFECT_WEAKER : CS_EFFECT_STRONGER, "service", name,
				   "what no gate guards: %s -> %s", permitted ? "permitted" : "denied",
				   permits ? "permitted" : "denied");
	return a && b ? 0 : said_section(arg, "service", a ? name : NULL, b ? name : NULL);
}

static int diff_sections(struct diff *diff)
{
	const struct cs_policy *a = diff->before.policy, *b = diff->after.policy;
	int r = cs_diff_each(a->services, a->n_services, b->services, b->n_services, sizeof(*a->services), pair_service,
			     diff);

	if (r == 0)
		r = cs_diff_each(a->permissions, a->n_permissions, b->permissions, b->n_permissions,
				 sizeof(*a->permissions), pair_permission, diff);
	if (r == 0)
		r = cs_diff_each(a->roles, a->n_roles, b->roles, b->n_roles, sizeof(*a->roles), pair_role, diff);
	if (r == 0)
		r = cs_diff_each(a->assignments, a->n_assignments, b->assignments, b->n_assignments,
				 sizeof(*a->assignments), pair_assignment, diff);
	return r;
}

/* --- The whole ------------------------------------------------------------------------------------------------ */

/* Hands the changes over: weaker first, each effect in the order in which it was found. */
static int hand_over(struct diff *diff, struct cs_change **ret_changes, size_t *ret_count)
{
	struct cs_change *changes;
	size_t n = 0;

	for (size_t i = 0; i < CS_COUNT(diff->said); i++)
		n += diff->said[i].n;
	changes = calloc(n + 1, sizeof(*changes));
	if (!changes)
		return CS_ENOMEM;
	n = 0;
	for (size_t i = CS_COUNT(diff->said); i-- > 0;) {
		struct diff_list *list = &diff->said[i];

		if (list->n > 0)
			memcpy(changes + n, list->items, list->n * sizeof(*changes));
		n += list->n;
		list->n = 0;
	}
	*ret_changes = changes;
	*ret_count = n;
	return 0;
}

int cs_policy_diff(const struct cs_policy *before, const struct cs_policy *after, struct cs_change **ret_changes,
		   size_t *ret_count)
{
	static int (*const steps[])(struct diff *) = {cs_diff_rights, cs_diff_floors, cs_diff_exclusives,
						      cs_diff_gates,  cs_diff_glasses, diff_sections,
						      say_left_out};
	struct diff diff = {0};
	int r = cs_diff_prepare(&diff, before, after);

	for (size_t i = 0; r == 0 && i < CS_COUNT(steps); i++)
		r = steps[i](&diff);
	if (r == 0)
		r = hand_over(&diff, ret_changes, ret_count);
	cs_diff_clear(&diff);
	return r;
}

void cs_changes_free(struct cs_change **changes, size_t *count)
{
	if (!changes || !count)
		return;
	for (size_t i = 0; *changes && i < *count; i++)
		cs_clear(&cs_change_shape, &(*changes)[i]);
	free(*changes);
	*changes = NULL;
	*count = 0;
}

enum cs_effect cs_changes_effect(const struct cs_change *changes, size_t count)
{
	enum cs_effect strongest = CS_EFFECT_NONE;

	for (size_t i = 0; i < count; i++) {
		if (changes[i].effect > strongest)
			strongest = changes[i].effect;
	}
	return strongest;
}
