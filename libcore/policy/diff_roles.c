/* SPDX-License-Identifier: Apache-2.0 */
/* What the roles of two policies carry, as bits in one numbering, so that they can be compared. */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

static int number_permission(void *arg, const void *before, const void *after)
{
	struct diff *diff = arg;
	const struct permission *a = before, *b = after;

	if (a)
		diff->before.permissions[a - diff->before.policy->permissions] = diff->n_permissions;
	if (b)
		diff->after.permissions[b - diff->after.policy->permissions] = diff->n_permissions;
	diff->permissions[diff->n_permissions++] = a ? a->name : b->name;
	return 0;
}

static int number_role(void *arg, const void *before, const void *after)
{
	struct diff *diff = arg;
	const struct role *a = before, *b = after;

	if (a)
		diff->before.roles[a - diff->before.policy->roles] = diff->n_roles;
	if (b)
		diff->after.roles[b - diff->after.policy->roles] = diff->n_roles;
	diff->roles[diff->n_roles++] = a ? a->name : b->name;
	return 0;
}

static int number_all(struct diff *diff)
{
	const struct cs_policy *a = diff->before.policy, *b = diff->after.policy;
	int r;

	diff->permissions = calloc(a->n_permissions + b->n_permissions + 1, sizeof(*diff->permissions));
	diff->roles = calloc(a->n_roles + b->n_roles + 1, sizeof(*diff->roles));
	if (!diff->permissions || !diff->roles)
		return CS_ENOMEM;
	r = cs_diff_each(a->permissions, a->n_permissions, b->permissions, b->n_permissions, sizeof(*a->permissions),
			 number_permission, diff);
	if (r == 0)
		r = cs_diff_each(a->roles, a->n_roles, b->roles, b->n_roles, sizeof(*a->roles), number_role, diff);
	diff->roles_at = bit_words(diff->n_permissions);
	diff->words = diff->roles_at + bit_words(diff->n_roles);
	return r;
}

uint64_t *cs_diff_row(const struct diff *diff, const struct side *side, size_t role, size_t k)
{
	return side->rows + (side->row[role] + k) * diff->words;
}

static void renumber(const uint64_t *bits, const size_t *numbers, size_t n, uint64_t *row)
{
	for (size_t i = 0; i < n; i++) {
		if (bits[i / 64] == 0)
			i |= 63; /* none in this word */
		else if (bit_has(bits, i))
			bit_set(row, numbers[i]);
	}
}

static int fill_rows(struct diff *diff, struct side *side)
{
	const struct cs_policy *policy = side->policy;
	size_t n = 0;

	for (size_t i = 0; i < policy->n_roles; i++) {
		side->row[i] = n;
		n += 1 + policy->roles[i].n_kinds;
	}
	side->rows = calloc(n + 1, diff->words * sizeof(*side->rows));
	if (!side->rows)
		return CS_ENOMEM;
	for (size_t i = 0; i < policy->n_roles; i++) {
		const struct role *role = &policy->roles[i];
		uint64_t *row = cs_diff_row(diff, side, i, 0);

		renumber(role->permissions, side->permissions, policy->n_permissions, row);
		renumber(role->covers, side->roles, policy->n_roles, row + diff->roles_at);
		for (size_t k = 0; k < role->n_kinds; k++)
			renumber(role->kinds[k].permissions, side->permissions, policy->n_permissions,
				 cs_diff_row(diff, side, i, 1 + k));
	}
	return 0;
}

static void mark_exclusive(struct diff *diff, const struct side *side)
{
	for (size_t i = 0; i < side->policy->n_exclusives; i++) {
		const struct exclusive *exclusive = &side->policy->exclusives[i];

		for (size_t k = 0; k < exclusive->n_roles && !exclusive->within_request; k++)
			bit_set(diff->exclusive + diff->roles_at, side->roles[exclusive->roles[k]]);
	}
}

static void mark_want(const struct diff *diff, const struct side *side, const struct want *want)
{
	if (want->kind == WANT_PERMISSION)
		bit_set(diff->counted, side->permissions[want->index]);
	else if (want->kind == WANT_ROLE)
		bit_set(diff->counted + diff->roles_at, side->roles[want->index]);
}

static void mark_counted(struct diff *diff, const struct side *side)
{
	for (size_t i = 0; i < all_gates(side->policy); i++) {
		const struct cs_gate *gate = &side->policy->gates[i];

		diff->lazy = diff->lazy || gate->objection_ms > 0;
		for (size_t k = 0; k < gate->n_rules; k++) {
			if (gate->rules[k].quorum != CS_QUORUM_COUNT || gate->objection_ms > 0)
				mark_want(diff, side, &gate->rules[k].want);
		}
	}
}

static int make_side(struct side *side, const struct cs_policy *policy)
{
	side->policy = policy;
	side->permissions = calloc(policy->n_permissions + 1, sizeof(*side->permissions));
	side->roles = calloc(policy->n_roles + 1, sizeof(*side->roles));
	side->row = calloc(policy->n_roles + 1, sizeof(*side->row));
	return side->permissions && side->roles && side->row ? 0 : CS_ENOMEM;
}

int cs_diff_prepare(struct diff *diff, const struct cs_policy *before, const struct cs_policy *after)
{
	int r = make_side(&diff->before, before);

	if (r == 0)
		r = make_side(&diff->after, after);
	if (r == 0)
		r = number_all(diff);
	if (r == 0)
		r = fill_rows(diff, &diff->before);
	if (r == 0)
		r = fill_rows(diff, &diff->after);
	if (r < 0)
		return r;
	diff->exclusive = calloc(diff->words, sizeof(*diff->exclusive));
	diff->counted = calloc(diff->words, sizeof(*diff->counted));
	if (!diff->exclusive || !diff->counted)
		return CS_ENOMEM;
	mark_exclusive(diff, &diff->before);
	mark_exclusive(diff, &diff->after);
	mark_counted(diff, &diff->before);
	mark_counted(diff, &diff->after);
	return 0;
}

static void clear_side(struct side *side)
{
	free(side->permissions);
	free(side->roles);
	free(side->rows);
	free(side->row);
}

void cs_diff_clear(struct diff *diff)
{
	clear_side(&diff->before);
	clear_side(&diff->after);
	free(diff->permissions);
	free(diff->roles);
	free(diff->exclusive);
	free(diff->counted);
	for (size_t i = 0; i <= CS_EFFECT_WEAKER; i++)
		cs_changes_free(&diff->said[i].items, &diff->said[i].n);
}

void cs_diff_carried(const struct diff *diff, const struct side *side, size_t role, const char *kind, size_t kind_len,
		     uint64_t *bits)
{
	const struct role *held = &side->policy->roles[role];
	const struct role_kind *found = cs_role_kind(held, kind, kind_len);
	const uint64_t *plain = cs_diff_row(diff, side, role, 0), *more = plain;

	if (found)
		more = cs_diff_row(diff, side, role, 1 + (size_t)(found - held->kinds));
	for (size_t i = 0; i < diff->words; i++)
		bits[i] |= plain[i] | more[i];
}

bool cs_diff_role_same(const struct diff *diff, size_t before, size_t after)
{
	const struct role *a = &diff->before.policy->roles[before], *b = &diff->after.policy->roles[after];

	if (diff->before.roles[before] != diff->after.roles[after] || a->n_kinds != b->n_kinds)
		return false;
	for (size_t k = 0; k <= a->n_kinds; k++) {
		if (memcmp(cs_diff_row(diff, &diff->before, before, k), cs_diff_row(diff, &diff->after, after, k),
			   diff->words * sizeof(uint64_t)) != 0)
			return false;
		if (k < a->n_kinds && strcmp(a->kinds[k].kind, b->kinds[k].kind) != 0)
			return false;
	}
	return true;
}

bool cs_diff_more(const struct diff *diff, size_t at, const uint64_t *a, const uint64_t *b, const uint64_t *mask)
{
	for (size_t i = at; i < diff->words; i++) {
		if (a[i] & ~b[i] & (mask ? mask[i] : UINT64_MAX))
			return true;
	}
	return false;
}
