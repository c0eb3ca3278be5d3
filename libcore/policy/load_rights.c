/* SPDX-License-Identifier: Apache-2.0 */
/* Reading permissions and roles: what each role holds by itself and by what it inherits, everywhere and in one kind of
 * scope. */
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

		permission->line = cs_conf_line(section, NULL);
		r = cs_load_title(loader, section, "permission", &permission->name);
		if (r == 0)
			r = cs_load_text(loader, section, "label", permission->name, CS_MAX_NAME, &permission->label);
		if (r == 0)
			r = cs_load_fresh(loader, section, &permission->fresh_ms);
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

/* The listed permissions, as bits of what is its own and of what it has. */
static int load_bits(struct loader *loader, const struct cs_conf_section *section, uint64_t *own, uint64_t *all)
{
	size_t n = 0, index = 0;
	int r = cs_load_list(loader, section, "permissions", &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = cs_load_permission(loader, section, "permissions", cs_conf_list_at(section, "permissions", i),
				       &index);
		if (r == 0) {
			bit_set(own, index);
			bit_set(all, index);
		}
	}
	return r;
}

/* Room for one more kind, with nothing in it yet. */
static int add_kind(struct loader *loader, struct role *role, unsigned line, struct role_kind **ret_kind)
{
	size_t words = bit_words(loader->policy->n_permissions);
	struct role_kind *more, kind = {.line = line};

	if (role->n_kinds >= POLICY_MAX_KINDS) {
		cs_problem_set(loader->problem, loader->file, line, "role %s has more than %d kinds of scope",
			       role->name, POLICY_MAX_KINDS);
		return CS_ECONF;
	}
	more = reallocarray(role->kinds, role->n_kinds + 1, sizeof(*more));
	if (!more)
		return CS_ENOMEM;
	role->kinds = more;
	kind.permissions = calloc(words, sizeof(uint64_t));
	kind.own = calloc(words, sizeof(uint64_t));
	more[role->n_kinds] = kind;
	*ret_kind = &more[role->n_kinds++];
	return kind.permissions && kind.own ? 0 : CS_ENOMEM;
}

static int by_kind(const void *a, const void *b)
{
	const struct role_kind *x = a, *y = b;

	return strcmp(x->kind, y->kind);
}

static void sort_kinds(struct role *role)
{
	if (role->n_kinds > 1)
		qsort(role->kinds, role->n_kinds, sizeof(*role->kinds), by_kind);
}

static int load_kinds(struct loader *loader, const struct cs_conf_section *section, struct role *role)
{
	const struct cs_conf_section *in;
	struct role_kind *kind = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && (in = cs_conf_section(section, "in", i)); i++) {
		r = add_kind(loader, role, cs_conf_line(in, NULL), &kind);
		if (r == 0)
			r = cs_load_title(loader, in, "kind of scope", &kind->kind);
		if (r == 0)
			r = load_bits(loader, in, kind->own, kind->permissions);
	}
	if (r == 0)
		sort_kinds(role);
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

static int load_role(struct loader *loader, const struct cs_conf_section *section, struct role *role)
{
	int r = cs_load_title(loader, section, "role", &role->name);

	role->line = cs_conf_line(section, NULL);
	if (r == 0)
		r = cs_load_text(loader, section, "label", role->name, CS_MAX_NAME, &role->label);
	if (r == 0)
		r = make_bits(loader->policy, role);
	if (r == 0)
		r = load_bits(loader, section, role->own, role->permissions);
	return r < 0 ? r : load_kinds(loader, section, role);
}

int cs_load_rights(struct loader *loader)
{
	struct cs_policy *policy = loader->policy;
	int r = load_permissions(loader);

	if (r == 0 && cs_conf_section(loader->top, "role", POLICY_MAX_ROLES))
		return REFUSE(loader, cs_conf_section(loader->top, "role", POLICY_MAX_ROLES), NULL,
			      "more than %d roles", POLICY_MAX_ROLES);
	if (r == 0)
		r = cs_load_items(loader, "role", sizeof(*policy->roles), &policy->roles, &policy->n_roles);
	for (size_t i = 0; r == 0 && i < policy->n_roles; i++)
		r = load_role(loader, cs_conf_section(loader->top, "role", i), &policy->roles[i]);
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

static void or_bits(uint64_t *bits, const uint64_t *more, size_t n)
{
	for (size_t i = 0; i < bit_words(n); i++)
		bits[i] |= more[i];
}

static int take_over_kind(struct loader *loader, struct role *role, const struct role_kind *from)
{
	struct role_kind *kind = cs_role_kind(role, from->kind, strlen(from->kind));
	int r = 0;

	if (!kind) {
		r = add_kind(loader, role, role->line, &kind);
		if (r == 0) {
			kind->kind = cs_dup(from->kind);
			r = kind->kind ? 0 : CS_ENOMEM;
		}
		if (r < 0)
			return r;
	}
	or_bits(kind->permissions, from->permissions, loader->policy->n_permissions);
	sort_kinds(role);
	return 0;
}

static int take_over(struct loader *loader, struct role *role, const struct role *from)
{
	int r = 0;

	or_bits(role->permissions, from->permissions, loader->policy->n_permissions);
	or_bits(role->covers, from->covers, loader->policy->n_roles);
	for (size_t i = 0; r == 0 && i < from->n_kinds; i++)
		r = take_over_kind(loader, role, &from->kinds[i]);
	return r;
}

/* At most POLICY_MAX_ROLES deep. */
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
			r = take_over(walk->loader, role, &policy->roles[role->inherits[i]]);
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
