/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a person holds. */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

struct list {
	const struct cs_policy *policy;
	const struct cs_facts *facts;
	struct cs_right_held *rights;
	size_t n, cap;
};

static int add(struct list *list, const struct assignment *assignment, struct cs_membership *membership,
	       const char *permission, const char *scope)
{
	struct cs_right_held right = {.permission = permission, .scope = cs_dup(scope)};
	int r = right.scope ? cs_policy_say_held(list->policy, assignment, membership, &right.because) : CS_ENOMEM;

	if (r == 0)
		r = cs_reserve((void **)&list->rights, &list->cap, list->n, 1, sizeof(*list->rights));
	if (r < 0) {
		cs_free_str(&right.scope);
		cs_free_str(&right.because);
		return r;
	}
	list->rights[list->n++] = right;
	return 0;
}

/* What the role carries where a scope of this kind is asked for: all of it, or only what it has not everywhere. */
static int add_kind(struct list *list, const struct assignment *assignment, struct cs_membership *membership,
		    const char *scope, bool only_more)
{
	const struct cs_policy *policy = list->policy;
	size_t len;
	const char *kind = cs_scope_kind(scope, &len);
	int r = 0;

	if (policy->restricted && bit_has(policy->restricted, assignment->role))
		r = cs_policy_excluded(policy, list->facts, assignment->role, scope, NULL);
	if (r == 0 && policy->restricted && bit_has(policy->restricted, assignment->role) &&
	    cs_policy_perhaps_excluded(policy, list->facts, assignment->role, scope))
		return 0;
	if (r != 0)
		return r < 0 ? r : 0;
	for (size_t i = 0; r == 0 && i < policy->n_permissions; i++) {
		const struct want want = {.kind = WANT_PERMISSION, .index = i};

		if (cs_policy_supplies(policy, assignment->role, &want, kind, len) &&
		    !(only_more && bit_has(policy->roles[assignment->role].permissions, i)))
			r = add(list, assignment, membership, policy->permissions[i].name, scope);
	}
	return r;
}

static int add_role(void *arg, const struct assignment *assignment, struct cs_membership *membership)
{
	struct list *list = arg;
	const struct role *role = &list->policy->roles[assignment->role];
	char scope[CS_MAX_SCOPE + 1];
	int r;

	if ((membership && cs_policy_conditions(assignment, membership) != 1) ||
	    cs_scope_fill(&assignment->scope, cs_policy_attribute, membership, scope) < 0)
		return 0;
	r = add_kind(list, assignment, membership, scope, false);
	for (size_t i = 0; r == 0 && cs_scope_everywhere(&assignment->scope) && i < role->n_kinds; i++)
		r = add_kind(list, assignment, membership, role->kinds[i].kind, true);
	return r;
}

static int right_order(const void *a, const void *b)
{
	const struct cs_right_held *x = a, *y = b;
	int order = strcmp(x->scope, y->scope);

	if (order == 0)
		order = strcmp(x->permission, y->permission);
	return order ? order : strcmp(x->because, y->because);
}

/* Each once: the first of those that say the same stays. */
static void keep_first(struct list *list)
{
	size_t kept = 0;

	if (list->n > 1)
		qsort(list->rights, list->n, sizeof(*list->rights), right_order);
	for (size_t i = 0; i < list->n; i++) {
		struct cs_right_held *right = &list->rights[i], *last = kept ? &list->rights[kept - 1] : NULL;

		if (last && strcmp(last->scope, right->scope) == 0 &&
		    strcmp(last->permission, right->permission) == 0) {
			cs_free_str(&right->scope);
			cs_free_str(&right->because);
			continue;
		}
		list->rights[kept++] = *right;
	}
	list->n = kept;
}

int cs_policy_rights_of(const struct cs_policy *policy, const struct cs_facts *facts, struct cs_right_held **ret_rights,
			size_t *ret_count)
{
	struct list list = {.policy = policy, .facts = facts};
	int r = cs_policy_person_counts(facts);

	if (r == 1)
		r = cs_policy_visit(policy, facts, add_role, &list);
	if (r < 0) {
		cs_rights_held_free(&list.rights, &list.n);
		return r;
	}
	keep_first(&list);
	*ret_rights = list.rights;
	*ret_count = list.n;
	return 0;
}

void cs_rights_held_free(struct cs_right_held **rights, size_t *count)
{
	for (size_t i = 0; *rights && i < *count; i++) {
		cs_free_str(&(*rights)[i].scope);
		cs_free_str(&(*rights)[i].because);
	}
	free(*rights);
	*rights = NULL;
	*count = 0;
}
