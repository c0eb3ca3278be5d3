/* SPDX-License-Identifier: Apache-2.0 */
/* A loaded policy: looking things up in it, its parts by number, and its end. */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void clear_gate(struct cs_gate *gate)
{
	free(gate->name);
	cs_free_strv(&gate->services, &gate->n_services);
	cs_free_strv(&gate->hosts, &gate->n_hosts);
	for (size_t i = 0; i < gate->n_commands; i++)
		cs_command_clear(&gate->commands[i]);
	free(gate->commands);
	free(gate->deny);
	cs_scope_clear(&gate->scope);
	for (size_t i = 0; i < gate->n_rules; i++) {
		free(gate->rules[i].name);
		cs_scope_clear(&gate->rules[i].scope);
	}
	free(gate->rules);
}

static void clear_rights(struct cs_policy *policy)
{
	for (size_t i = 0; i < policy->n_permissions; i++) {
		free(policy->permissions[i].name);
		free(policy->permissions[i].label);
	}
	for (size_t i = 0; i < policy->n_roles; i++) {
		struct role *role = &policy->roles[i];

		free(role->name);
		free(role->label);
		free(role->inherits);
		free(role->permissions);
		free(role->own);
		free(role->covers);
	}
	free(policy->permissions);
	free(policy->roles);
}

static void clear_assignments(struct cs_policy *policy)
{
	for (size_t i = 0; i < policy->n_assignments; i++) {
		free(policy->assignments[i].name);
		cs_scope_clear(&policy->assignments[i].scope);
	}
	for (size_t i = 0; i < policy->n_queries; i++)
		cs_clear(&cs_group_query_shape, &policy->queries[i]);
	free(policy->assignments);
	free(policy->queries);
	free(policy->by_query);
	free(policy->query_start);
}

void cs_policy_free(struct cs_policy **policy)
{
	struct cs_policy *p;

	if (!policy || !*policy)
		return;
	p = *policy;
	clear_rights(p);
	clear_assignments(p);
	for (size_t i = 0; i < p->n_services; i++)
		free(p->services[i].name);
	free(p->services);
	for (size_t i = 0; i < p->n_gates; i++)
		clear_gate(&p->gates[i]);
	free(p->gates);
	for (size_t i = 0; i < p->n_paths; i++) {
		free(p->paths[i].name);
		free(p->paths[i].resolved);
	}
	free(p->paths);
	free(p);
	*policy = NULL;
}

size_t cs_policy_find_permission(const struct cs_policy *policy, const char *name)
{
	size_t low = 0, high = policy->n_permissions;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, policy->permissions[middle].name);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SIZE_MAX;
}

size_t cs_policy_find_role(const struct cs_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_roles; i++) {
		if (policy->roles[i].name && strcmp(policy->roles[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

bool cs_policy_supplies(const struct cs_policy *policy, size_t role, struct want want)
{
	const struct role *held = &policy->roles[role];

	return bit_has(want.is_role ? held->covers : held->permissions, want.index);
}

const char *cs_policy_attribute(void *arg, const char *name)
{
	const struct cs_membership *membership = arg;

	for (size_t i = 0; i < membership->n_attributes; i++) {
		const struct cs_attribute *attribute = &membership->attributes[i];

		if (attribute->name && strcasecmp(attribute->name, name) == 0)
			return attribute->value;
	}
	return NULL;
}

size_t cs_policy_paths(const struct cs_policy *policy)
{
	return policy->n_paths;
}

const char *cs_policy_path(const struct cs_policy *policy, size_t i)
{
	return i < policy->n_paths ? policy->paths[i].name : NULL;
}

int cs_policy_resolved(struct cs_policy *policy, size_t i, const char *resolved)
{
	if (i >= policy->n_paths || (resolved && *resolved && cs_path_normal(resolved) != 1))
		return CS_EINVAL;
	return cs_set(&policy->paths[i].resolved, resolved ? resolved : "");
}

void cs_policy_count(const struct cs_policy *policy, struct cs_policy_counts *ret_counts)
{
	*ret_counts = (struct cs_policy_counts){
		.permissions = policy->n_permissions,
		.roles = policy->n_roles,
		.assignments = policy->n_assignments,
		.gates = policy->n_gates,
		.services = policy->n_services,
	};
}

const struct cs_group_query *cs_policy_queries(const struct cs_policy *policy, size_t *ret_count)
{
	*ret_count = policy->n_queries;
	return policy->queries;
}

int cs_policy_permission_known(const struct cs_policy *policy, const char *permission)
{
	return permission && cs_policy_find_permission(policy, permission) != SIZE_MAX;
}

const char *cs_policy_permission_label(const struct cs_policy *policy, const char *permission)
{
	size_t i = permission ? cs_policy_find_permission(policy, permission) : SIZE_MAX;

	if (i != SIZE_MAX)
		return policy->permissions[i].label;
	return permission ? permission : "";
}
