/* SPDX-License-Identifier: Apache-2.0 */
/* Reading gates and their approval rules. */
#include "policy_internal.h"
#include "mem.h"
#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_MS UINT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

static int load_services(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	size_t n = 0;
	int r = cs_load_list(loader, section, "service", &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *name = cs_conf_list_at(section, "service", i);

		if (cs_is_word(name, CS_MAX_NAME) != 1)
			return REFUSE(loader, section, "service",
				      "\"%s\" is no name of a service; patterns are not known here", name);
		r = cs_strv_add(&gate->services, &gate->n_services, name);
	}
	return r;
}

static bool is_host_pattern(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len <= CS_MAX_NAME &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-*") == len;
}

static int load_hosts(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	size_t n = 0;
	int r = cs_load_list(loader, section, "host", &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *pattern = cs_conf_list_at(section, "host", i);

		if (!is_host_pattern(pattern))
			return REFUSE(loader, section, "host", "\"%s\" is no host name, with '*' for any letters",
				      pattern);
		r = cs_strv_add(&gate->hosts, &gate->n_hosts, pattern);
		for (char *at = r == 0 ? gate->hosts[i] : NULL; at && *at; at++)
			*at = (char)tolower((unsigned char)*at);
	}
	return r;
}

/* The index of a path, added where it is new. Takes the string over. */
static int keep_path(struct cs_policy *policy, char *name, size_t *ret_index)
{
	struct path path = {.name = name};
	int r;

	for (size_t i = 0; i < policy->n_paths; i++) {
		if (strcmp(policy->paths[i].name, name) == 0) {
			free(name);
			*ret_index = i;
			return 0;
		}
	}
	r = cs_reserve((void **)&policy->paths, &policy->cap_paths, policy->n_paths, 1, sizeof(*policy->paths));
	path.resolved = cs_dup("");
	if (r < 0 || !path.resolved) {
		free(name);
		free(path.resolved);
		return CS_ENOMEM;
	}
	*ret_index = policy->n_paths;
	policy->paths[policy->n_paths++] = path;
	return 0;
}

static int load_command(struct loader *loader, const struct cs_conf_section *section, const char *text,
			struct command *ret_command)
{
	const char *what = NULL;
	char *path = NULL;
	int r = cs_command_parse(text, ret_command, &path, &what);

	if (r == CS_ECONF)
		return REFUSE(loader, section, "command", "the command \"%s\" is refused: %s", text, what);
	return r < 0 ? r : keep_path(loader->policy, path, &ret_command->path);
}

static int load_commands(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	size_t n = 0;
	int r = cs_load_list(loader, section, "command", &n);

	if (r < 0 || n == 0)
		return r;
	if (n > POLICY_MAX_COMMANDS)
		return REFUSE(loader, section, "command", "more than %d commands in one gate", POLICY_MAX_COMMANDS);
	gate->commands = calloc(n, sizeof(*gate->commands));
	if (!gate->commands)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = load_command(loader, section, cs_conf_list_at(section, "command", i),
				 &gate->commands[gate->n_commands++]);
	return r;
}

/* Every command of the gate must define every name that the scope uses. */
static int check_captures(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate)
{
	const char *name;

	for (size_t i = 0; (name = cs_scope_name(&gate->scope, i)); i++) {
		if (strcmp(name, "host") == 0)
			continue;
		if (gate->n_commands == 0)
			return REFUSE(loader, section, "scope",
				      "the scope uses %%{%s}, and the gate has no command that could define it", name);
		for (size_t k = 0; k < gate->n_commands; k++) {
			if (!cs_command_captures(&gate->commands[k], name))
				return REFUSE(loader, section, "scope",
					      "the scope uses %%{%s}, which the command \"%s\" does not define", name,
					      gate->commands[k].text);
		}
	}
	return 0;
}

static int load_span(struct loader *loader, const struct cs_conf_section *section, const char *key, uint64_t fallback,
		     uint64_t least, uint64_t most, uint64_t *ret_ms)
{
	uint64_t span = cs_conf_span(section, key, fallback);

	if (span < least || span > most)
		return REFUSE(loader, section, key, "%s is %u s at least and %u h at most", key,
			      (unsigned)(least / SECOND_MS), (unsigned)(most / HOUR_MS));
	*ret_ms = span;
	return 0;
}

static int load_want(struct loader *loader, const struct cs_conf_section *section, struct want *ret_want)
{
	bool permission = cs_conf_given(section, "permission"), role = cs_conf_given(section, "role");

	if (permission == role)
		return REFUSE(loader, section, role ? "role" : NULL,
			      "approval %s names either the permission or the role that its people need%s",
			      cs_conf_title(section), role ? ", not both" : "");
	ret_want->is_role = role;
	if (role)
		return cs_load_role(loader, section, "role", cs_conf_str(section, "role", ""), &ret_want->index);
	return cs_load_permission(loader, section, "permission", cs_conf_str(section, "permission", ""),
				  &ret_want->index);
}

static int load_rule_scope(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate,
			   struct rule *rule)
{
	const char *name;
	int r;

	rule->own_scope = cs_conf_given(section, "scope");
	if (!rule->own_scope)
		return 0;
	r = cs_load_scope(loader, section, "scope", NULL, &rule->scope);
	/* A rule is evaluated later with the gate's scope alone, so that has to say the values. */
	for (size_t i = 0; r == 0 && (name = cs_scope_name(&rule->scope, i)); i++) {
		if (!cs_scope_uses(&gate->scope, name))
			return REFUSE(loader, section, "scope",
				      "approval %s uses %%{%s}, which the gate's scope \"%s\" does not use", rule->name,
				      name, gate->scope.text);
	}
	return r;
}

static int load_rule(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate,
		     struct rule *rule)
{
	uint64_t count = cs_conf_count(section, "count", 0);
	char *what = NULL;
	int r = cs_load_title(loader, section, "approval", &rule->name);

	if (r < 0)
		return r;
	if (count < 1 || count > POLICY_MAX_COUNT)
		return REFUSE(loader, section, "count", "count is 1 at least and %d at most", POLICY_MAX_COUNT);
	rule->count = (uint32_t)count;
	r = load_want(loader, section, &rule->want);
	if (r == 0)
		r = load_rule_scope(loader, section, gate, rule);
	if (r == 0)
		r = cs_format(&what, "approval %s", rule->name);
	if (r == 0)
		r = cs_check_reachable(loader, section, rule->want.is_role ? "role" : "permission", what, rule->want,
				       rule->own_scope ? &rule->scope : &gate->scope);
	free(what);
	return r;
}

static int load_rules(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	size_t n = 0;
	int r = 0;

	while (n <= CS_MAX_RULES && cs_conf_section(section, "approval", n))
		n++;
	if (n > CS_MAX_RULES)
		return REFUSE(loader, cs_conf_section(section, "approval", n - 1), NULL,
			      "more than %d approvals in one gate", CS_MAX_RULES);
	gate->rules = calloc(n + 1, sizeof(*gate->rules));
	if (!gate->rules)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = load_rule(loader, cs_conf_section(section, "approval", i), gate, &gate->rules[gate->n_rules++]);
	return r;
}

static int load_permission(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	struct want want = {0};
	char *what = NULL;
	int r;

	if (!cs_conf_given(section, "permission"))
		return REFUSE(loader, section, NULL,
			      "gate %s says neither which permission the requester needs nor that it denies",
			      gate->name);
	r = cs_load_permission(loader, section, "permission", cs_conf_str(section, "permission", ""), &want.index);
	if (r < 0)
		return r;
	gate->permission = want.index;
	gate->permission_name = loader->policy->permissions[want.index].name;
	r = cs_load_scope(loader, section, "scope", "*", &gate->scope);
	if (r == 0)
		r = check_captures(loader, section, gate);
	if (r == 0)
		r = cs_format(&what, "gate %s", gate->name);
	if (r == 0)
		r = cs_check_reachable(loader, section, "permission", what, want, &gate->scope);
	free(what);
	return r;
}

static int load_deny(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	static const char *const others[] = {"permission", "scope",      "people",      "reason",
					     "lifetime",   "use_within", "exposed_file"};

	if (cs_conf_section(section, "approval", 0))
		return REFUSE(loader, cs_conf_section(section, "approval", 0), NULL,
			      "gate %s denies, so an approval in it would mean nothing", gate->name);
	for (size_t i = 0; i < CS_COUNT(others); i++) {
		if (cs_conf_given(section, others[i]))
			return REFUSE(loader, section, others[i], "gate %s denies, so %s in it would mean nothing",
				      gate->name, others[i]);
	}
	return cs_load_text(loader, section, "deny", "", CS_MAX_REASON, &gate->deny);
}

/* What a gate that does not deny asks for. */
static int load_terms(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	int r = load_permission(loader, section, gate);

	if (r == 0)
		r = load_rules(loader, section, gate);
	if (r == 0)
		r = cs_load_choice(loader, section, "people", "shared", "distinct", &gate->shared);
	if (r == 0)
		r = cs_load_choice(loader, section, "reason", "required", "optional", &gate->needs_reason);
	if (r == 0)
		r = cs_load_choice(loader, section, "exposed_file", "permit", "deny", &gate->takes_exposed);
	if (r == 0)
		r = load_span(loader, section, "lifetime", 30 * MINUTE_MS, 10 * SECOND_MS, 7 * DAY_MS,
			      &gate->lifetime_ms);
	if (r == 0)
		r = load_span(loader, section, "use_within", 10 * MINUTE_MS, 5 * SECOND_MS, DAY_MS,
			      &gate->use_within_ms);
	return r;
}

int cs_load_gates(struct loader *loader)
{
	struct cs_policy *policy = loader->policy;
	int r = cs_load_items(loader, "gate", sizeof(*policy->gates), &policy->gates, &policy->n_gates);

	for (size_t i = 0; r == 0 && i < policy->n_gates; i++) {
		const struct cs_conf_section *section = cs_conf_section(loader->top, "gate", i);
		struct cs_gate *gate = &policy->gates[i];

		r = cs_load_title(loader, section, "gate", &gate->name);
		if (r == 0)
			r = load_services(loader, section, gate);
		if (r == 0)
			r = load_hosts(loader, section, gate);
		if (r == 0)
			r = load_commands(loader, section, gate);
		if (r == 0)
			r = cs_conf_given(section, "deny") ? load_deny(loader, section, gate)
							   : load_terms(loader, section, gate);
	}
	return r;
}
