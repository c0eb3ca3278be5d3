/* SPDX-License-Identifier: Apache-2.0 */
/* Who gains or loses which right, whatever the directory holds. A place is where people hold a role by one assignment:
 * who is listed, under which conditions, in which scope. What it carries is gained where no place of the other policy
 * gives the same to all these people in all of that scope. */
#include "diff.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SCAN_MAX                                                                                                       \
	1024 /* places of one source and scope that are looked through; what is not found counts as not there */

struct place {
	const struct assignment *assignment;
	const char *dn; /* the group, the subtree or the person */
	bool settled;   /* the other policy has just the same */
	bool known;     /* the other policy has it too, but its role carries something else */
};

/* The places of one policy, as they are written and sorted by source and scope. */
struct places {
	const struct side *side;
	struct place *items;
	struct place **sorted;
	size_t n;
};

/* A comparison in one direction: what mine gives and the other does not. */
struct search {
	struct diff *diff;
	const struct places *mine, *other;
	const char *verb;            /* "gains", "loses" */
	uint64_t *carried, *covered; /* bits: rows to work in */
};

/* --- Places --------------------------------------------------------------------------------------------------- */

static const char *listed_of(const struct assignment *assignment)
{
	return assignment->listed ? assignment->listed : "";
}

/* The source and the scope: what a search looks for. */
static int source_scope_order(const struct place *a, const struct place *b)
{
	int order = (int)a->assignment->to - (int)b->assignment->to;

	if (order == 0)
		order = strcasecmp(a->dn, b->dn);
	if (order == 0)
		order = strcasecmp(listed_of(a->assignment), listed_of(b->assignment));
	return order == 0 ? strcmp(a->assignment->scope.text, b->assignment->scope.text) : order;
}

static int by_source_scope(const void *a, const void *b)
{
	const struct place *const *x = a, *const *y = b;

	return source_scope_order(*x, *y);
}

static int make_places(struct places *places, const struct side *side)
{
	const struct cs_policy *policy = side->policy;
	size_t n = 0;

	for (size_t i = 0; i < policy->n_assignments; i++)
		n += policy->assignments[i].to == ASSIGNED_PEOPLE ? policy->assignments[i].n_people : 1;
	places->side = side;
	places->items = calloc(n + 1, sizeof(*places->items));
	places->sorted = calloc(n + 1, sizeof(struct place *));
	if (!places->items || !places->sorted)
		return CS_ENOMEM;
	for (size_t i = 0; i < policy->n_assignments; i++) {
		const struct assignment *assignment = &policy->assignments[i];

		if (assignment->to != ASSIGNED_PEOPLE)
			places->items[places->n++] = (struct place){.assignment = assignment, .dn = assignment->dn};
		for (size_t k = 0; assignment->to == ASSIGNED_PEOPLE && k < assignment->n_people; k++)
			places->items[places->n++] =
				(struct place){.assignment = assignment, .dn = assignment->people[k]};
	}
	return 0;
}

static void sort_places(struct places *places)
{
	for (size_t i = 0; i < places->n; i++)
		places->sorted[i] = &places->items[i];
	qsort(places->sorted, places->n, sizeof(struct place *), by_source_scope);
}

static size_t first_place(const struct places *places, const struct place *key)
{
	size_t low = 0, high = places->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (source_scope_order(places->sorted[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int condition_order(const struct condition *a, const struct condition *b)
{
	int order = strcasecmp(a->attribute, b->attribute);

	return order == 0 ? strcasecmp(a->value, b->value) : order;
}

static bool conditions_within(const struct condition *few, size_t n_few, const struct condition *many, size_t n_many)
{
	for (size_t i = 0; i < n_few; i++) {
		size_t k = 0;

		while (k < n_many && condition_order(&few[i], &many[k]) != 0)
			k++;
		if (k == n_many)
			return false;
	}
	return true;
}

/* Does whoever meets the conditions of b meet those of a as well? */
static bool asks_no_more(const struct assignment *a, const struct assignment *b)
{
	return conditions_within(a->where, a->n_where, b->where, b->n_where) &&
	       conditions_within(a->unless, a->n_unless, b->unless, b->n_unless);
}

/* --- What is the same in both ---------------------------------------------------------------------------------- */

static bool same_place(const struct place *a, const struct place *b)
{
	return source_scope_order(a, b) == 0 && asks_no_more(a->assignment, b->assignment) &&
	       asks_no_more(b->assignment, a->assignment);
}

static void settle(const struct diff *diff, struct place *before, struct place *after)
{
	size_t a = before->assignment->role, b = after->assignment->role;

	if (before->settled || after->settled || diff->before.roles[a] != diff->after.roles[b] ||
	    !same_place(before, after))
		return;
	if (cs_diff_role_same(diff, a, b))
		before->settled = after->settled = true;
	else
		before->known = after->known = true;
}

/* Nearly all assignments stand in both policies in the same order, with some new or gone between them: they are settled
 * in one walk without a search. What it misses is only searched for. */
static void settle_in_order(const struct diff *diff, struct places *before, struct places *after)
{
	size_t i = 0, k = 0;

	while (i < before->n && k < after->n) {
		size_t rest_before = before->n - i, rest_after = after->n - k;

		if (strcmp(before->items[i].assignment->name, after->items[k].assignment->name) != 0 &&
		    rest_before != rest_after) {
			i += rest_before > rest_after;
			k += rest_before < rest_after;
			continue;
		}
		settle(diff, &before->items[i++], &after->items[k++]);
	}
}

/* The same for what is written elsewhere. */
static void settle_sorted(const struct diff *diff, struct places *before, struct places *after)
{
	for (size_t i = 0; i < before->n; i++) {
		struct place *place = &before->items[i];
		size_t from = place->settled ? after->n : first_place(after, place);

		for (size_t k = from; k < after->n && k - from < SCAN_MAX && !place->settled && !place->known; k++) {
			if (source_scope_order(place, after->sorted[k]) != 0)
				break;
			settle(diff, place, after->sorted[k]);
		}
	}
}

/* --- What the other policy gives ------------------------------------------------------------------------------- */

/* Roles that exclude each other take rights away, so it matters by which of them a right is held: one place stands for
 * another only when its role counts as no exclusive role that the other's does not count as. */
static bool stands_for(const struct search *search, const struct place *given, const struct place *place)
{
	const struct diff *diff = search->diff;

	return asks_no_more(given->assignment, place->assignment) &&
	       !cs_diff_more(diff, diff->roles_at, cs_diff_row(diff, search->other->side, given->assignment->role, 0),
			     cs_diff_row(diff, search->mine->side, place->assignment->role, 0), diff->exclusive);
}

/* Adds what the other policy gives the people of this place in a scope that is written just so. */
static void add_given(struct search *search, const struct place *place, char *scope, const char *kind, size_t kind_len)
{
	const struct places *other = search->other;
	struct assignment asked = *place->assignment;
	struct place key = {.assignment = &asked, .dn = place->dn};
	size_t from;

	asked.scope.text = scope;
	from = first_place(other, &key);
	for (size_t i = from; i < other->n && i - from < SCAN_MAX; i++) {
		if (source_scope_order(other->sorted[i], &key) != 0)
			break;
		if (stands_for(search, other->sorted[i], place))
			cs_diff_carried(search->diff, other->side, other->sorted[i]->assignment->role, kind, kind_len,
					search->covered);
	}
}

/* Everything the other policy gives the people of this place in all of a scope: there, and in the scopes that contain
 * it, which are its beginnings. */
static void add_covered(struct search *search, const struct place *place, const char *scope)
{
	char everywhere[] = "*", text[CS_MAX_SCOPE + 1];
	size_t kind_len = 0, len = 0;
	const char *kind = cs_scope_kind(scope, &kind_len);

	add_given(search, place, everywhere, kind, kind_len);
	if (kind_len == 0)
		return;
	strcpy(text, scope);
	while (scope[len]) {
		len += 1 + strcspn(scope + len + 1, "/");
		text[len] = '\0';
		add_given(search, place, text, kind, kind_len);
		text[len] = scope[len];
	}
}

/* --- Saying it ------------------------------------------------------------------------------------------------ */

static void put(struct cs_buf *text, const char *s)
{
	cs_buf_put(text, s, strlen(s));
}

static void put_conditions(struct cs_buf *text, const char *word, const struct condition *conditions, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put(text, i == 0 ? word : " and ");
		put(text, conditions[i].attribute);
		put(text, "=");
		put(text, conditions[i].value);
	}
}

static void put_source(struct cs_buf *text, const struct place *place)
{
	const struct assignment *assignment = place->assignment;

	if (assignment->to == ASSIGNED_PEOPLE) {
		put(text, "person ");
	} else {
		put(text, "listed as ");
		put(text, assignment->listed);
		put(text, assignment->to == ASSIGNED_BELOW ? " of a group below " : " of ");
	}
	put(text, place->dn);
	put_conditions(text, " where ", assignment->where, assignment->n_where);
	put_conditions(text, " unless ", assignment->unless, assignment->n_unless);
	cs_buf_put_u8(text, 0);
}

static int say(const struct search *search, const struct place *place, const char *source, enum cs_effect effect,
	       const char *object, const char *name, const char *scope)
{
	const struct assignment *assignment = place->assignment;
	const char *role = search->mine->side->policy->roles[assignment->role].name;

	return cs_diff_say(search->diff, effect, place->known ? "role" : "assignment",
			   place->known ? role : assignment->name, "%s: %s %s%s in %s", source, search->verb, object,
			   name, scope);
}

/* What it means that these people get or lose a role or a permission, and what there is to say beside it. */
struct meaning {
	enum cs_effect effect;
	const char *said;
};

static struct meaning of_bit(const struct search *search, size_t at, size_t bit)
{
	const struct diff *diff = search->diff;

	if (search->mine->side == &diff->after)
		return (struct meaning){CS_EFFECT_WEAKER, ""};
	/* Whoever stops to count as an exclusive role may get back what it took away. */
	if (bit_has(diff->exclusive + at, bit))
		return (struct meaning){CS_EFFECT_WEAKER, "(and with it what it excludes) "};
	if (bit_has(diff->counted + at, bit))
		return (struct meaning){CS_EFFECT_WEAKER, "(of whom a part has to agree, or any may object) "};
	return (struct meaning){CS_EFFECT_STRONGER, ""};
}

/* A line for each bit that is carried and not covered. */
static int say_bits(const struct search *search, const struct place *place, const char *source, const char *scope,
		    size_t at, const char *const *names, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct meaning meaning = of_bit(search, at, i);
		char object[80];

		if (!bit_has(search->carried + at, i) || bit_has(search->covered + at, i))
			continue;
		(void)snprintf(object, sizeof(object), "%s%s", meaning.said, at > 0 ? "role " : "");
		r = say(search, place, source, meaning.effect, object, names[i], scope);
	}
	return r;
}

static int say_missing(const struct search *search, const struct place *place, const char *source, const char *scope)
{
	const struct diff *diff = search->diff;
	int r = say_bits(search, place, source, scope, diff->roles_at, diff->roles, diff->n_roles);

	return r < 0 ? r : say_bits(search, place, source, scope, 0, diff->permissions, diff->n_permissions);
}

/* --- Comparing ------------------------------------------------------------------------------------------------ */

/* What is carried in this scope, where the other policy does not give it. */
static int compare_in(struct search *search, const struct place *place, const char *scope)
{
	const struct diff *diff = search->diff;
	struct cs_buf source;
	int r;

	memset(search->covered, 0, diff->words * sizeof(*search->covered));
	add_covered(search, place, scope);
	if (!cs_diff_more(diff, 0, search->carried, search->covered, NULL))
		return 0;
	cs_buf_init(&source, CS_POLICY_TEXT_MAX);
	put_source(&source, place);
	r = cs_buf_error(&source);
	if (r == 0)
		cs_diff_cut((char *)source.data, DIFF_LONG_PART);
	if (r == 0)
		r = say_missing(search, place, (const char *)source.data, scope);
	cs_buf_clear(&source);
	return r;
}

/* A place in "*" carries more in some kinds of scope, each of which is a scope itself. */
static int compare_kinds(struct search *search, const struct place *place)
{
	const struct diff *diff = search->diff;
	const struct side *side = search->mine->side;
	const struct role *role = &side->policy->roles[place->assignment->role];
	const uint64_t *plain = cs_diff_row(diff, side, place->assignment->role, 0);
	int r = 0;

	for (size_t k = 0; r == 0 && k < role->n_kinds; k++) {
		const uint64_t *more = cs_diff_row(diff, side, place->assignment->role, 1 + k);

		for (size_t i = 0; i < diff->words; i++)
			search->carried[i] = more[i] & ~plain[i];
		r = compare_in(search, place, role->kinds[k].kind);
	}
	return r;
}

static int compare_place(struct search *search, const struct place *place)
{
	const struct assignment *assignment = place->assignment;
	size_t kind_len = 0;
	const char *kind = cs_scope_kind(assignment->scope.text, &kind_len);
	int r;

	memset(search->carried, 0, search->diff->words * sizeof(*search->carried));
	cs_diff_carried(search->diff, search->mine->side, assignment->role, kind, kind_len, search->carried);
	r = compare_in(search, place, assignment->scope.text);
	return r == 0 && cs_scope_everywhere(&assignment->scope) ? compare_kinds(search, place) : r;
}

static int compare(struct diff *diff, const struct places *mine, const struct places *other, const char *verb)
{
	struct search search = {.diff = diff, .mine = mine, .other = other, .verb = verb};
	int r = CS_ENOMEM;

	search.carried = calloc(diff->words, sizeof(*search.carried));
	search.covered = calloc(diff->words, sizeof(*search.covered));
	if (!search.carried || !search.covered)
		goto out;
	r = 0;
	for (size_t i = 0; r == 0 && i < mine->n; i++) {
		if (!mine->items[i].settled)
			r = compare_place(&search, &mine->items[i]);
	}
out:
	free(search.carried);
	free(search.covered);
	return r;
}

static bool all_settled(const struct places *places)
{
	for (size_t i = 0; i < places->n; i++) {
		if (!places->items[i].settled)
			return false;
	}
	return true;
}

static void clear_places(struct places *places)
{
	free(places->items);
	free(places->sorted);
}

int cs_diff_rights(struct diff *diff)
{
	struct places before = {0}, after = {0};
	int r = make_places(&before, &diff->before);

	if (r == 0)
		r = make_places(&after, &diff->after);
	if (r < 0)
		goto out;
	settle_in_order(diff, &before, &after);
	if (all_settled(&before) && all_settled(&after))
		goto out;
	sort_places(&before);
	sort_places(&after);
	settle_sorted(diff, &before, &after);
	r = compare(diff, &after, &before, "gains");
	if (r == 0)
		r = compare(diff, &before, &after, "loses");
out:
	clear_places(&before);
	clear_places(&after);
	return r;
}
