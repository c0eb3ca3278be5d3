/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a policy: the table of what may stand in it, and the small readers that every section uses. */
#include "policy_internal.h"
#include "mem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static const struct cs_conf_option permission_options[] = {
	{"label", CS_CONF_STR, false, NULL},
	{"fresh", CS_CONF_AGE, false, NULL},
	{0},
};

static const struct cs_conf_option role_kind_options[] = {
	{"permissions", CS_CONF_LIST, true, NULL},
	{0},
};

static const struct cs_conf_option role_options[] = {
	{"label", CS_CONF_STR, false, NULL},
	{"permissions", CS_CONF_LIST, false, NULL},
	{"inherits", CS_CONF_LIST, false, NULL},
	{"in", CS_CONF_TITLED, false, role_kind_options},
	{0},
};

static const struct cs_conf_option exclusive_options[] = {
	{"roles", CS_CONF_LIST, true, NULL},
	{"within", CS_CONF_STR, false, NULL},
	{0},
};

static const struct cs_conf_option assignment_options[] = {
	{"role", CS_CONF_STR, true, NULL},     {"label", CS_CONF_STR, false, NULL},
	{"scope", CS_CONF_STR, true, NULL},    {"group", CS_CONF_STR, false, NULL},
	{"below", CS_CONF_STR, false, NULL},   {"person", CS_CONF_LIST, false, NULL},
	{"listed", CS_CONF_STR, false, NULL},  {"where", CS_CONF_LIST, false, NULL},
	{"unless", CS_CONF_LIST, false, NULL}, {"at_least", CS_CONF_COUNT, false, NULL},
	{0},
};

static const struct cs_conf_option service_options[] = {
	{"unmatched", CS_CONF_STR, true, NULL},
	{0},
};

static const struct cs_conf_option approval_options[] = {
	{"count", CS_CONF_STR, true, NULL},   {"permission", CS_CONF_STR, false, NULL},
	{"role", CS_CONF_STR, false, NULL},   {"group", CS_CONF_STR, false, NULL},
	{"listed", CS_CONF_STR, false, NULL}, {"person", CS_CONF_LIST, false, NULL},
	{"scope", CS_CONF_STR, false, NULL},  {"stage", CS_CONF_COUNT, false, NULL},
	{"after", CS_CONF_SPAN, false, NULL}, {"alternative", CS_CONF_STR, false, NULL},
	{"reject", CS_CONF_STR, false, NULL}, {0},
};

static const struct cs_conf_option exempt_options[] = {
	{"permission", CS_CONF_STR, false, NULL},
	{"role", CS_CONF_STR, false, NULL},
	{"group", CS_CONF_STR, false, NULL},
	{"listed", CS_CONF_STR, false, NULL},
	{"person", CS_CONF_LIST, false, NULL},
	{"scope", CS_CONF_STR, false, NULL},
	{0},
};

static const struct cs_conf_option automatic_options[] = {
	{"command", CS_CONF_LIST, false, NULL}, {"permission", CS_CONF_STR, false, NULL},
	{"role", CS_CONF_STR, false, NULL},     {"group", CS_CONF_STR, false, NULL},
	{"listed", CS_CONF_STR, false, NULL},   {"person", CS_CONF_LIST, false, NULL},
	{"scope", CS_CONF_STR, false, NULL},    {"peer", CS_CONF_LIST, false, NULL},
	{"time", CS_CONF_LIST, false, NULL},    {0},
};

static const struct cs_conf_option glass_options[] = {
	{"scope", CS_CONF_STR, true, NULL},
	{"uid", CS_CONF_LIST, true, NULL},
	{"lasts", CS_CONF_SPAN, false, NULL},
	{"signature", CS_CONF_STR, false, NULL},
	{"approval", CS_CONF_TITLED, false, approval_options},
	{0},
};

static const struct cs_conf_option gate_options[] = {
	{"service", CS_CONF_LIST, true, NULL},    {"host", CS_CONF_LIST, false, NULL},
	{"netgroup", CS_CONF_LIST, false, NULL},  {"peer", CS_CONF_LIST, false, NULL},
	{"time", CS_CONF_LIST, false, NULL},      {"exempt", CS_CONF_TITLED, false, exempt_options},
	{"command", CS_CONF_LIST, false, NULL},   {"permission", CS_CONF_STR, false, NULL},
	{"scope", CS_CONF_STR, false, NULL},      {"approval", CS_CONF_TITLED, false, approval_options},
	{"people", CS_CONF_STR, false, NULL},     {"reason", CS_CONF_STR, false, NULL},
	{"lifetime", CS_CONF_SPAN, false, NULL},  {"use_within", CS_CONF_SPAN, false, NULL},
	{"use_after", CS_CONF_SPAN, false, NULL}, {"exposed_file", CS_CONF_STR, false, NULL},
	{"fresh", CS_CONF_AGE, false, NULL},      {"deny", CS_CONF_STR, false, NULL},
	{"objections", CS_CONF_SPAN, false, NULL}, {"self_approval", CS_CONF_STR, false, NULL},
	{"signature", CS_CONF_STR, false, NULL},  {"uses", CS_CONF_STR, false, NULL},
	{"ahead", CS_CONF_SPAN, false, NULL},     {"session", CS_CONF_SPAN, false, NULL},
	{"remind", CS_CONF_SPAN, false, NULL},    {"automatic", CS_CONF_TITLED, false, automatic_options},
	{"class", CS_CONF_LIST, false, NULL},     {"artefact", CS_CONF_LIST, false, NULL},
	{"exposed_input", CS_CONF_STR, false, NULL}, {"watch", CS_CONF_STR, false, NULL},
	{"watch_grace", CS_CONF_SPAN, false, NULL}, {"mode", CS_CONF_STR, false, NULL},
	{0},
};

const struct cs_conf_option cs_policy_options[] = {
	{"permission", CS_CONF_TITLED, false, permission_options},
	{"role", CS_CONF_TITLED, false, role_options},
	{"assignment", CS_CONF_TITLED, false, assignment_options},
	{"exclusive", CS_CONF_TITLED, false, exclusive_options},
	{"service", CS_CONF_TITLED, false, service_options},
	{"gate", CS_CONF_TITLED, false, gate_options},
	{"break_glass", CS_CONF_TITLED, false, glass_options},
	{0},
};

int cs_load_items(struct loader *loader, const char *kind, size_t size, void *ret_items, size_t *ret_n)
{
	void *items;
	size_t n = 0;

	while (n <= POLICY_MAX_ITEMS && cs_conf_section(loader->top, kind, n))
		n++;
	if (n > POLICY_MAX_ITEMS)
		return REFUSE(loader, cs_conf_section(loader->top, kind, n - 1), NULL, "more than %d of %s",
			      POLICY_MAX_ITEMS, kind);
	items = calloc(n + 1, size);
	if (!items)
		return CS_ENOMEM;
	memcpy(ret_items, &items, sizeof(items));
	*ret_n = n;
	return 0;
}

int cs_load_title(struct loader *loader, const struct cs_conf_section *section, const char *kind, char **ret_name)
{
	const char *title = cs_conf_title(section);

	if (!title || cs_is_word(title, CS_MAX_NAME) != 1)
		return REFUSE(loader, section, NULL,
			      "the name of this %s may hold letters, digits, '.', '_' and '-', not '-' or '.' at its "
			      "beginning: \"%s\"",
			      kind, title ? title : "");
	*ret_name = cs_dup(title);
	return *ret_name ? 0 : CS_ENOMEM;
}

int cs_load_text(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *fallback,
		 size_t max, char **ret_text)
{
	const char *text = cs_conf_str(section, key, fallback);

	if (*text == '\0')
		return REFUSE(loader, section, key, "%s is empty", key);
	if (strlen(text) > max)
		return REFUSE(loader, section, key, "%s is longer than %zu bytes", key, max);
	for (const char *at = text; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return REFUSE(loader, section, key, "%s holds a control character", key);
	}
	*ret_text = cs_dup(text);
	return *ret_text ? 0 : CS_ENOMEM;
}

int cs_load_choice(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *yes,
		   const char *no, bool *ret_yes)
{
	const char *text = cs_conf_str(section, key, NULL);

	if (!text)
		return 0;
	if (strcmp(text, yes) != 0 && strcmp(text, no) != 0)
		return REFUSE(loader, section, key, "%s is %s or %s, not \"%s\"", key, yes, no, text);
	*ret_yes = strcmp(text, yes) == 0;
	return 0;
}

int cs_load_number(const char *text, uint64_t most, uint64_t *ret_number)
{
	size_t n = strlen(text);
	uint64_t number = 0;

	if (n < 1 || n > 9 || strspn(text, "0123456789") != n || *text == '0')
		return 0;
	for (; *text; text++)
		number = number * 10 + (uint64_t)(*text - '0');
	if (number > most)
		return 0;
	*ret_number = number;
	return 1;
}

int cs_load_fresh(struct loader *loader, const struct cs_conf_section *section, uint64_t *ret_ms)
{
	uint64_t ms = cs_conf_given(section, "fresh") ? cs_conf_span(section, "fresh", 0) : CS_FRESH_ANY;

	if (ms != CS_FRESH_ANY && ms > POLICY_MAX_FRESH)
		return REFUSE(loader, section, "fresh", "fresh is 24 h at most");
	*ret_ms = ms;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, because a list may be long. */
static int refuse_twice(struct loader *loader, const struct cs_conf_section *section, const char *key, size_t n)
{
	const char **values = calloc(n, sizeof(*values));
	int r = values ? 0 : CS_ENOMEM;

	for (size_t i = 0; values && i < n; i++)
		values[i] = cs_conf_list_at(section, key, i);
	if (values)
		qsort(values, n, sizeof(*values), by_text);
	for (size_t i = 1; r == 0 && i < n; i++) {
		if (strcmp(values[i - 1], values[i]) == 0)
			r = REFUSE(loader, section, key, "\"%s\" stands twice in %s", values[i], key);
	}
	free(values);
	return r;
}

int cs_load_list(struct loader *loader, const struct cs_conf_section *section, const char *key, size_t *ret_n)
{
	size_t n = cs_conf_list_len(section, key);
	int r;

	if (cs_conf_given(section, key) && n == 0)
		return REFUSE(loader, section, key, "%s is an empty list; leave it out or name something", key);
	if (n > POLICY_MAX_ITEMS)
		return REFUSE(loader, section, key, "%s has more than %d values", key, POLICY_MAX_ITEMS);
	r = n > 1 ? refuse_twice(loader, section, key, n) : 0;
	if (r == 0)
		*ret_n = n;
	return r;
}

int cs_load_scope(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *fallback,
		  struct scope *ret_scope)
{
	const char *text = cs_conf_str(section, key, fallback), *what = NULL;
	int r = cs_scope_parse(text, ret_scope, &what);

	if (r == CS_ECONF)
		return REFUSE(loader, section, key, "the scope \"%s\" is not one: %s", text, what);
	return r;
}

static int refuse_unknown(struct loader *loader, const struct cs_conf_section *section, const char *key,
			  const char *kind, const char *name, const char *near)
{
	if (near)
		return REFUSE(loader, section, key, "no %s is called \"%s\"; did you mean \"%s\"?", kind, name, near);
	return REFUSE(loader, section, key, "no %s is called \"%s\"; define it with: %s NAME { … }", kind, name, kind);
}

int cs_load_permission(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *name,
		       size_t *ret_index)
{
	const struct cs_policy *policy = loader->policy;
	size_t i = cs_policy_find_permission(policy, name);

	if (i == SIZE_MAX)
		return refuse_unknown(loader, section, key, "permission", name,
				      cs_policy_nearest(name, policy->permissions, policy->n_permissions,
							sizeof(*policy->permissions)));
	*ret_index = i;
	return 0;
}

int cs_load_role(struct loader *loader, const struct cs_conf_section *section, const char *key, const char *name,
		 size_t *ret_index)
{
	const struct cs_policy *policy = loader->policy;
	size_t i = cs_policy_find_role(policy, name);

	if (i == SIZE_MAX)
		return refuse_unknown(loader, section, key, "role", name,
				      cs_policy_nearest(name, policy->roles, policy->n_roles, sizeof(*policy->roles)));
	*ret_index = i;
	return 0;
}

static int load_services(struct loader *loader)
{
	struct cs_policy *policy = loader->policy;
	int r = cs_load_items(loader, "service", sizeof(*policy->services), &policy->services, &policy->n_services);

	for (size_t i = 0; r == 0 && i < policy->n_services; i++) {
		const struct cs_conf_section *section = cs_conf_section(loader->top, "service", i);

		policy->services[i].line = cs_conf_line(section, NULL);
		r = cs_load_title(loader, section, "service", &policy->services[i].name);
		if (r == 0)
			r = cs_load_choice(loader, section, "unmatched", "permit", "deny",
					   &policy->services[i].unmatched_permits);
	}
	return r;
}

/* A file that was cut to nothing, by a full disk or an editor, would lock everybody out. */
static int refuse_nothing(struct loader *loader)
{
	const struct cs_policy *policy = loader->policy;

	if (policy->n_gates > 0 || policy->n_services > 0 || policy->n_permissions > 0)
		return 0;
	cs_problem_set(loader->problem, loader->file, 0,
		       "it says nothing: a policy has at least a permission, a service or a gate");
	return CS_ECONF;
}

int cs_policy_parse(const char *text, const char *name, struct cs_policy **ret_policy, struct cs_problem *problem)
{
	static int (*const steps[])(struct loader *) = {cs_load_rights,     cs_load_inherit, cs_load_assignments,
							cs_load_exclusives, load_services,   cs_load_gates,
							cs_load_glasses,    refuse_nothing,  cs_load_index};
	struct loader loader = {.file = name, .problem = problem};
	struct cs_policy *policy = NULL;
	struct cs_conf *conf = NULL;
	int r = CS_ECONF;

	if (strnlen(text, CS_POLICY_TEXT_MAX + 1) > CS_POLICY_TEXT_MAX) {
		cs_problem_set(problem, name, 0, "it is longer than %u MiB", CS_POLICY_TEXT_MAX / (1024u * 1024u));
		goto out;
	}
	r = cs_conf_parse(text, name, cs_policy_options, &conf, problem);
	if (r < 0)
		goto out;
	policy = calloc(1, sizeof(*policy));
	r = policy ? 0 : CS_ENOMEM;
	loader.top = cs_conf_top(conf);
	loader.policy = policy;
	for (size_t i = 0; r == 0 && i < CS_COUNT(steps); i++)
		r = steps[i](&loader);
	if (r < 0)
		goto out;
	*ret_policy = policy;
	policy = NULL;
out:
	cs_conf_free(&conf);
	cs_policy_free(&policy);
	return r;
}
