/* SPDX-License-Identifier: Apache-2.0 */
/* Reading permissions and roles: what each role holds by itself and by what it inherits. */
#include "policy_internal.h"
#include "buf.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	const struct permission *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int load_permissions(struct loader *loader)
{
	struct cs_policy *policy = loader->policy;
	int r = cs_load_items(loader, "permission", sizeof(*policy->permissions), &policy->permissions,
			      &policy->n_permissions);

	for (size_t i = 0; r == 0 && i < policy->n_permissions; i++) {
		const struct cs_conf_section *section = cs_conf_section(loader->top, "permission", i);
		struct permission *permission = &policy->permissions[i];

		r = cs_load_title(loader, section, "permission", &permission->name);
		if (r == 0)
			r = cs_load_text(loader, section, "label", permission->name, CS_MAX_NAME, &permission->label);
	}
	if (r == 0)
		qsort(policy->permissions, policy->n_permissions, sizeof(*policy->permissions), by_name);
	return r;
}

static int make_bits(const struct cs_policy *policy, struct role *role)
{
	role->own = calloc(bit_words(policy->n_permissions), sizeof(uint64_t));
	role->permissions = calloc(bit_words(policy->n_permissions), sizeof(uint64_t));
	role->covers = calloc(bit_words(policy->n_roles), sizeof(uint64_t));
	return role->own && role->permissions && role->covers ? 0 : CS_ENOMEM;
}

static int load_role_permissions(struct loader *loader, const struct cs_conf_section *section, struct role *role)
{
	size_t n = 0, index = 0;
	int r = cs_load_list(loader, section, "permissions", &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = cs_load_permission(loader, section, "permissions", cs_conf_list_at(section, "permissions", i),
				       &index);
		if (r == 0) {
			bit_set(role->own, index);
			bit_set(role->permissions, index);
		}
	}
	return r;
}

static int load_role_inherits(struct loader *loader, const struct cs_conf_section *section, struct role *role)
{
	size_t n = 0;
	int r = cs_load_list(loader, section, "inherits", &n);

	if (r < 0 || n == 0)
		return r;
	role->inherits = calloc(n, sizeof(*role->inherits));
	if (!role->inherits)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = cs_load_role(loader, section, "inherits", cs_conf_list_at(section, "inherits", i),
				 &role->inherits[i]);
		role->n_inherits += r == 0;
	}
	return r;
}

int cs_load_rights(struct loader *loader)
{
	struct cs_policy *policy = loader->policy;
	int r = load_permissions(loader);

	if (r == 0)
		r = cs_load_items(loader, "role", sizeof(*policy->roles), &policy->roles, &policy->n_roles);
	for (size_t i = 0; r == 0 && i < policy->n_roles; i++) {
		const struct cs_conf_section *section = cs_conf_section(loader->top, "role", i);
		struct role *role = &policy->roles[i];

		r = cs_load_title(loader, section, "role", &role->name);
		if (r == 0)
			r = cs_load_text(loader, section, "label", role->name, CS_MAX_NAME, &role->label);
		if (r == 0)
			r = make_bits(policy, role);
		if (r == 0)
			r = load_role_permissions(loader, section, role);
		role->line = cs_conf_line(section, NULL);
	}
	/* A role may inherit one that stands further down. */
	for (size_t i = 0; r == 0 && i < policy->n_roles; i++)
		r = load_role_inherits(loader, cs_conf_section(loader->top, "role", i), &policy->roles[i]);
	return r;
}

/* A walk through what is inherited: the roles on the way, and which are finished. */
struct walk {
	struct loader *loader;
	size_t *way;
	size_t n_way;
	bool *on_way, *finished;
};

static int refuse_circle(const struct walk *walk, size_t role)
{
	const struct cs_policy *policy = walk->loader->policy;
	const struct role *roles = policy->roles;
	struct cs_buf text;
	size_t from = 0;

	cs_buf_init(&text, CS_MAX_TEXT);
	while (walk->way[from] != role)
		from++;
	for (size_t i = from; i < walk->n_way; i++) {
		const char *name = roles[walk->way[i]].name;

		cs_buf_put(&text, name, strlen(name));
		cs_buf_put(&text, " -> ", 4);
	}
	cs_buf_put(&text, roles[role].name, strlen(roles[role].name) + 1);
	cs_problem_set(walk->loader->problem, walk->loader->file, roles[role].line, "roles inherit in a circle: %s",
		       cs_buf_error(&text) ? roles[role].name : (const char *)text.data);
	cs_buf_clear(&text);
	return CS_ECONF;
}

static void take_over(const struct cs_policy *policy, struct role *role, const struct role *from)
{
	for (size_t i = 0; i < bit_words(policy->n_permissions); i++)
		role->permissions[i] |= from->permissions[i];
	for (size_t i = 0; i < bit_words(policy->n_roles); i++)
		role->covers[i] |= from->covers[i];
}

/* At most POLICY_MAX_ITEMS deep. */
static int visit(struct walk *walk, size_t index)
{
	struct cs_policy *policy = walk->loader->policy;
	struct role *role = &policy->roles[index];
	int r = 0;

	if (walk->on_way[index])
		return refuse_circle(walk, index);
	if (walk->finished[index])
		return 0;
	walk->on_way[index] = true;
	walk->way[walk->n_way++] = index;
	for (size_t i = 0; r == 0 && i < role->n_inherits; i++) {
		r = visit(walk, role->inherits[i]);
		if (r == 0)
			take_over(policy, role, &policy->roles[role->inherits[i]]);
	}
	bit_set(role->covers, index);
	walk->n_way--;
	walk->on_way[index] = false;
	walk->finished[index] = true;
	return r;
}

int cs_load_inherit(struct loader *loader)
{
	size_t n = loader->policy->n_roles;
	struct walk walk = {.loader = loader};
	int r = CS_ENOMEM;

	walk.way = calloc(n + 1, sizeof(*walk.way));
	walk.on_way = calloc(n + 1, sizeof(*walk.on_way));
	walk.finished = calloc(n + 1, sizeof(*walk.finished));
	if (!walk.way || !walk.on_way || !walk.finished)
		goto out;
	r = 0;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = visit(&walk, i);
out:
	free(walk.way);
	free(walk.on_way);
	free(walk.finished);
	return r;
}
