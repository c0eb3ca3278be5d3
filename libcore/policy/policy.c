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
	free(gate->netgroups);
	cs_free_strv(&gate->artefact_texts, &gate->n_artefact_texts);
	for (size_t i = 0; i < gate->n_artefacts; i++)
		free(gate->artefacts[i].suffix);
	free(gate->artefacts);
	cs_limits_clear(&gate->limits);
	for (size_t i = 0; i < gate->n_rules; i++)
		cs_rule_clear(&gate->rules[i]);
	free(gate->rules);
	for (size_t i = 0; i < gate->n_exempts; i++)
		cs_rule_clear(&gate->exempts[i]);
	free(gate->exempts);
	for (size_t i = 0; i < gate->n_automatics; i++)
		cs_automatic_clear(&gate->automatics[i]);
	free(gate->automatics);
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
		for (size_t k = 0; k < role->n_kinds; k++) {
			free(role->kinds[k].kind);
			free(role->kinds[k].permissions);
			free(role->kinds[k].own);
		}
		free(role->kinds);
	}
	for (size_t i = 0; i < policy->n_exclusives; i++) {
		free(policy->exclusives[i].name);
		free(policy->exclusives[i].roles);
	}
	free(policy->exclusives);
	free(policy->restricted);
	free(policy->permissions);
	free(policy->roles);
}

static void clear_conditions(struct condition *conditions, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(conditions[i].attribute);
		free(conditions[i].value);
	}
	free(conditions);
}

static void clear_assignment(struct assignment *assignment)
{
	free(assignment->name);
	free(assignment->label);
	free(assignment->dn);
	free(assignment->dn_key);
	free(assignment->listed);
	cs_scope_clear(&assignment->scope);
	cs_free_strv(&assignment->people, &assignment->n_people);
	clear_conditions(assignment->where, assignment->n_where);
	clear_conditions(assignment->unless, assignment->n_unless);
}

static void clear_assignments(struct cs_policy *policy)
{
	for (size_t i = 0; i < policy->n_assignments; i++)
		clear_assignment(&policy->assignments[i]);
	for (size_t i = 0; i < policy->n_queries; i++)
		cs_clear(&cs_group_query_shape, &policy->queries[i]);
	free(policy->assignments);
	free(policy->queries);
	free(policy->by_query);
	free(policy->query_start);
	cs_index_free(&policy->index);
	cs_free_strv(&policy->named, &policy->n_named);
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
	for (size_t i = 0; i < all_gates(p); i++)
		clear_gate(&p->gates[i]);
	free(p->gates);
	for (size_t i = 0; i < p->n_glasses; i++) {
		free(p->glasses[i].name);
		free(p->glasses[i].uids);
		cs_scope_clear(&p->glasses[i].scope);
	}
	free(p->glasses);
	cs_free_strv(&p->netgroups, &p->n_netgroups);
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

struct role_kind *cs_role_kind(const struct role *role, const char *kind, size_t len)
{
	size_t low = 0, high = role->n_kinds;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct role_kind *here = &role->kinds[middle];
		int order = strncmp(kind, here->kind, len);

		if (order == 0 && here->kind[len] == '\0')
			return here;
		if (order <= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

bool cs_policy_supplies(const struct cs_policy *policy, size_t role, const struct want *want, const char *kind,
			size_t kind_len)
{
	const struct role *held = &policy->roles[role];
	const struct role_kind *more;

	if (want->kind == WANT_ROLE)
		return bit_has(held->covers, want->index);
	if (bit_has(held->permissions, want->index))
		return true;
	more = cs_role_kind(held, kind, kind_len);
	return more && bit_has(more->permissions, want->index);
}

bool cs_policy_carries(const struct cs_policy *policy, size_t role, const struct want *want)
{
	const struct role *held = &policy->roles[role];
	bool carries = cs_policy_supplies(policy, role, want, "", 0);

	for (size_t i = 0; !carries && want->kind == WANT_PERMISSION && i < held->n_kinds; i++)
		carries = bit_has(held->kinds[i].permissions, want->index);
	return carries;
}

void cs_held_clear(struct cs_held *held)
{
	free(held->because);
	*held = (struct cs_held){0};
}

const char *cs_policy_attribute(void *arg, const char *name)
{
	const struct cs_membership *membership = arg;
	const char *value = NULL;

	for (size_t i = 0; i < membership->n_attributes; i++) {
		const struct cs_attribute *attribute = &membership->attributes[i];

		if (!attribute->name || strcasecmp(attribute->name, name) != 0)
			continue;
		if (value)
			return NULL;
		value = attribute->value ? attribute->value : "";
	}
	return value;
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

const char *cs_policy_path_resolved(const struct cs_policy *policy, size_t i)
{
	return i < policy->n_paths && policy->paths[i].resolved ? policy->paths[i].resolved : "";
}

void cs_policy_count(const struct cs_policy *policy, struct cs_policy_counts *ret_counts)
{
	*ret_counts = (struct cs_policy_counts){
		.permissions = policy->n_permissions,
		.roles = policy->n_roles,
		.assignments = policy->n_assignments,
		.gates = policy->n_gates,
		.services = policy->n_services,
		.exclusives = policy->n_exclusives,
	};
	for (size_t i = 0; i < policy->n_gates; i++)
		ret_counts->monitoring += policy->gates[i].monitors;
}

const struct cs_group_query *cs_policy_queries(const struct cs_policy *policy, size_t *ret_count)
{
	*ret_count = policy->n_queries;
	return policy->queries;
}

char *const *cs_policy_named_people(const struct cs_policy *policy, size_t *ret_count)
{
	*ret_count = policy->n_named;
	return policy->named;
}

int cs_policy_role_known(const struct cs_policy *policy, const char *role)
{
	return role && cs_policy_find_role(policy, role) != SIZE_MAX;
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
