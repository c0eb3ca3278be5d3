/* SPDX-License-Identifier: Apache-2.0 */
/* The roles of a policy, for programs that list them. */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>

static const struct cs_field kind_fields[] = {
	CS_STR(cs_role_kind, kind, CS_MAX_SCOPE),
	CS_STRV(cs_role_kind, permissions, POLICY_MAX_ITEMS, CS_MAX_NAME),
};
static const struct cs_shape kind_shape = CS_SHAPE("kind", cs_role_kind, kind_fields);

static const struct cs_field role_fields[] = {
	CS_STR(cs_role, name, CS_MAX_NAME),
	CS_STR(cs_role, label, CS_MAX_TEXT),
	CS_STRV(cs_role, inherits, POLICY_MAX_ROLES, CS_MAX_NAME),
	CS_STRV(cs_role, permissions, POLICY_MAX_ITEMS, CS_MAX_NAME),
	CS_ARRAY(cs_role, kinds, &kind_shape, POLICY_MAX_ITEMS),
};
const struct cs_shape cs_role_shape = CS_SHAPE("role", cs_role, role_fields);

size_t cs_policy_roles(const struct cs_policy *policy)
{
	return policy->n_roles;
}

static int copy_permissions(const struct cs_policy *policy, const uint64_t *bits, char ***ret_names, size_t *ret_n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_permissions; i++) {
		if (bit_has(bits, i))
			r = cs_strv_add(ret_names, ret_n, policy->permissions[i].name);
	}
	return r;
}

/* Kinds for which the role lists nothing itself come from another role, and are told there. */
static int copy_kinds(const struct cs_policy *policy, const struct role *role, struct cs_role *out)
{
	int r = 0;

	out->kinds = calloc(role->n_kinds + 1, sizeof(*out->kinds));
	if (!out->kinds)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < role->n_kinds; i++) {
		struct cs_role_kind *kind = &out->kinds[out->n_kinds];

		r = copy_permissions(policy, role->kinds[i].own, &kind->permissions, &kind->n_permissions);
		if (r == 0 && kind->n_permissions == 0)
			continue;
		out->n_kinds++;
		if (r == 0)
			r = cs_set(&kind->kind, role->kinds[i].kind);
	}
	return r;
}

int cs_policy_role(const struct cs_policy *policy, size_t i, struct cs_role *ret_role)
{
	const struct role *role;
	struct cs_role copy = {0};
	int r;

	if (i >= policy->n_roles)
		return CS_ENOENT;
	role = &policy->roles[i];
	r = cs_set(&copy.name, role->name);
	if (r == 0)
		r = cs_set(&copy.label, role->label);
	for (size_t k = 0; r == 0 && k < role->n_inherits; k++)
		r = cs_strv_add(&copy.inherits, &copy.n_inherits, policy->roles[role->inherits[k]].name);
	if (r == 0)
		r = copy_permissions(policy, role->own, &copy.permissions, &copy.n_permissions);
	if (r == 0)
		r = copy_kinds(policy, role, &copy);
	if (r < 0) {
		cs_clear(&cs_role_shape, &copy);
		return r;
	}
	*ret_role = copy;
	return 0;
}
