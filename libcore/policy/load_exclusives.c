/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the sets of roles that exclude each other. */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static int load_roles(struct loader *loader, const struct cs_conf_section *section, struct exclusive *set)
{
	size_t n = cs_conf_list_len(section, "roles");
	int r;

	if (n > POLICY_MAX_ROLES)
		return REFUSE(loader, section, "roles", "roles has more than %d values", POLICY_MAX_ROLES);
	r = cs_load_list(loader, section, "roles", &n);
	if (r == 0 && n < 2)
		return REFUSE(loader, section, "roles",
			      "exclusive %s names one role; it takes two to exclude each other", set->name);
	set->roles = r == 0 ? calloc(n, sizeof(*set->roles)) : NULL;
	if (r == 0 && !set->roles)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = cs_load_role(loader, section, "roles", cs_conf_list_at(section, "roles", i), &set->roles[i]);
		set->n_roles += r == 0;
	}
	return r;
}

static int load_within(struct loader *loader, const struct cs_conf_section *section, struct exclusive *set)
{
	const char *within = cs_conf_str(section, "within", "scope");

	set->within_request = strcmp(within, "request") == 0;
	set->anywhere = strcmp(within, "anywhere") == 0;
	if (!set->within_request && !set->anywhere && strcmp(within, "scope") != 0)
		return REFUSE(loader, section, "within", "within is scope, anywhere or request, not \"%s\"", within);
	return 0;
}

/* A role that covers two of the set could never be held. */
static int check_role(struct loader *loader, const struct cs_conf_section *section, const struct exclusive *set,
		      size_t role)
{
	const struct role *roles = loader->policy->roles;
	size_t first = SIZE_MAX;

	for (size_t i = 0; i < set->n_roles; i++) {
		if (!bit_has(roles[role].covers, set->roles[i]))
			continue;
		if (first == SIZE_MAX) {
			first = set->roles[i];
			continue;
		}
		if (first == role || set->roles[i] == role)
			return REFUSE(loader, section, "roles",
				      "role %s inherits role %s, which it would exclude: nobody could hold it",
				      roles[role].name, roles[first == role ? set->roles[i] : first].name);
		return REFUSE(loader, section, "roles",
			      "role %s inherits both %s and %s, which would exclude each other: nobody could hold it",
			      roles[role].name, roles[first].name, roles[set->roles[i]].name);
	}
	return 0;
}

/* Remembers which roles need a second look when somebody holds them. */
static int restrict_roles(struct cs_policy *policy, const struct exclusive *set)
{
	if (set->within_request)
		return 0;
	if (!policy->restricted)
		policy->restricted = calloc(bit_words(policy->n_roles), sizeof(uint64_t));
	if (!policy->restricted)
		return CS_ENOMEM;
	for (size_t i = 0; i < policy->n_roles; i++) {
		if (cs_exclusive_member(policy, set, i) != SIZE_MAX)
			bit_set(policy->restricted, i);
	}
	return 0;
}

static int load_set(struct loader *loader, const struct cs_conf_section *section, struct exclusive *set)
{
	int r = cs_load_title(loader, section, "set of exclusive roles", &set->name);

	set->line = cs_conf_line(section, NULL);
	if (r == 0)
		r = load_roles(loader, section, set);
	if (r == 0)
		r = load_within(loader, section, set);
	for (size_t i = 0; r == 0 && i < loader->policy->n_roles; i++)
		r = check_role(loader, section, set, i);
	return r < 0 ? r : restrict_roles(loader->policy, set);
}

int cs_load_exclusives(struct loader *loader)
{
	struct cs_policy *policy = loader->policy;
	int r = cs_load_items(loader, "exclusive", sizeof(*policy->exclusives), &policy->exclusives,
			      &policy->n_exclusives);

	for (size_t i = 0; r == 0 && i < policy->n_exclusives; i++)
		r = load_set(loader, cs_conf_section(loader->top, "exclusive", i), &policy->exclusives[i]);
	return r;
}
