/* SPDX-License-Identifier: Apache-2.0 */
/* Reading gates: which actions they guard, under which conditions, and what they ask for. */
#include "policy_internal.h"
#include "mem.h"
#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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

/* The index of a netgroup, added where it is new. */
static int keep_netgroup(struct loader *loader, const struct cs_conf_section *section, const char *dn,
			 size_t *ret_index)
{
	struct cs_policy *policy = loader->policy;
	size_t i = 0;

	if (cs_check_dn(dn) != 1)
		return REFUSE(loader, section, "netgroup",
			      "netgroup is a DN such as cn=release-hosts,ou=netgroup,dc=example,dc=org, not \"%s\"",
			      dn);
	while (i < policy->n_netgroups && !cs_dn_same(policy->netgroups[i], dn))
		i++;
	*ret_index = i;
	if (i < policy->n_netgroups)
		return 0;
	if (i >= POLICY_MAX_NETGROUPS)
		return REFUSE(loader, section, "netgroup", "more than %d netgroups", POLICY_MAX_NETGROUPS);
	return cs_strv_add(&policy->netgroups, &policy->n_netgroups, dn);
}

static int load_netgroups(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	size_t n = 0;
	int r = cs_load_list(loader, section, "netgroup", &n);

	if (r == 0 && n > POLICY_MAX_CONDITIONS)
		return REFUSE(loader, section, "netgroup", "netgroup has more than %d values", POLICY_MAX_CONDITIONS);
	if (r < 0)
		return r;
	gate->netgroups = calloc(n + 1, sizeof(*gate->netgroups));
	if (!gate->netgroups)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = keep_netgroup(loader, section, cs_conf_list_at(section, "netgroup", i),
				  &gate->netgroups[gate->n_netgroups]);
		gate->n_netgroups += r == 0;
	}
	return r;
}

/* What sudo runs is always a file, so a name there is a path that somebody forgot to write out. */
static int load_command(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate,
			const char *text, struct command *ret_command)
{
	const char *what = NULL;
	int r = cs_command_parse(text, ret_command, &what);

	if (r == CS_ECONF)
		return REFUSE(loader, section, "command", "the command \"%s\" is refused: %s", text, what);
	for (size_t i = 0; r == 0 && !cs_command_is_path(ret_command) && i < gate->n_services; i++) {
		if (cs_service_runs_files(gate->services[i]))
			return REFUSE(loader, section, "command",
				      "the command \"%s\" is refused: for %s it begins with an absolute path", text,
				      gate->services[i]);
	}
	return r;
}

int cs_load_commands(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate,
		     struct command **commands, size_t *n_commands)
{
	size_t n = 0;
	int r = cs_load_list(loader, section, "command", &n);

	if (r < 0 || n == 0)
		return r;
	if (n > POLICY_MAX_COMMANDS)
		return REFUSE(loader, section, "command", "more than %d commands in one gate", POLICY_MAX_COMMANDS);
	*commands = calloc(n, sizeof(**commands));
	if (!*commands)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = load_command(loader, section, gate, cs_conf_list_at(section, "command", i),
				 &(*commands)[(*n_commands)++]);
	return r;
}

static int load_classes(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	size_t n = 0;
	int r = cs_load_list(loader, section, "class", &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *name = cs_conf_list_at(section, "class", i);
		int class = CS_CLASS_PLAIN;

		if (cs_value_of(cs_class_names, name, &class) != 1 || class == CS_CLASS_PLAIN)
			return REFUSE(loader, section, "class", "class is open-ended or edit, not \"%s\"", name);
		gate->classes |= 1u << class;
	}
	return r;
}

static int load_limits(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	return cs_load_limits(loader, section, &gate->limits);
}

static int load_commands(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	return cs_load_commands(loader, section, gate, &gate->commands, &gate->n_commands);
}

static int load_gate(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	static int (*const steps[])(struct loader *, const struct cs_conf_section *, struct cs_gate *) = {
		load_services, load_hosts, load_netgroups, load_classes, load_limits, load_commands};
	int r = cs_load_title(loader, section, "gate", &gate->name);

	gate->line = cs_conf_line(section, NULL);
	gate->fresh_ms = CS_FRESH_ANY;
	gate->uses = 1;
	for (size_t i = 0; r == 0 && i < CS_COUNT(steps); i++)
		r = steps[i](loader, section, gate);
	if (r == 0)
		r = cs_conf_given(section, "deny") ? cs_load_deny(loader, section, gate)
						   : cs_load_terms(loader, section, gate);
	if (r == 0)
		r = cs_load_exemptions(loader, section, gate);
	if (r == 0)
		r = cs_load_automatics(loader, section, gate);
	if (r == 0)
		cs_load_least_fresh(loader->policy, gate);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_path(const void *name, const void *path)
{
	return strcmp(name, ((const struct path *)path)->name);
}

/* Every path once, sorted, so that a thousand gates need no walk through all paths for each. */
static int keep_paths(struct cs_policy *policy, char **names, size_t n)
{
	qsort(names, n, sizeof(*names), by_name);
	policy->paths = calloc(n + 1, sizeof(*policy->paths));
	if (!policy->paths)
		return CS_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct path *path = &policy->paths[policy->n_paths];

		if (i > 0 && strcmp(names[i], names[i - 1]) == 0)
			continue;
		policy->n_paths++;
		path->name = cs_dup(names[i]);
		path->resolved = cs_dup("");
		if (!path->name || !path->resolved)
			return CS_ENOMEM;
	}
	return 0;
}

/* Calls each for every command that is a path, of gates and of what they approve by themselves. */
static void each_path(struct command *commands, size_t n, void (*each)(void *arg, struct command *command), void *arg)
{
	for (size_t i = 0; i < n; i++) {
		if (cs_command_is_path(&commands[i]))
			each(arg, &commands[i]);
	}
}

static void each_path_of_all(struct cs_policy *policy, void (*each)(void *arg, struct command *command), void *arg)
{
	for (size_t i = 0; i < policy->n_gates; i++) {
		struct cs_gate *gate = &policy->gates[i];

		each_path(gate->commands, gate->n_commands, each, arg);
		for (size_t k = 0; k < gate->n_automatics; k++)
			each_path(gate->automatics[k].commands, gate->automatics[k].n_commands, each, arg);
	}
}

static void count_path(void *arg, struct command *command)
{
	(void)command;
	++*(size_t *)arg;
}

static void take_name(void *arg, struct command *command)
{
	char ***next = arg;

	*(*next)++ = command->name;
}

static void take_path(void *arg, struct command *command)
{
	const struct cs_policy *policy = arg;
	const struct path *path =
		bsearch(command->name, policy->paths, policy->n_paths, sizeof(*path), by_path);

	command->path = (size_t)(path - policy->paths);
}

/* Tells each command which path is its own. */
static int load_paths(struct cs_policy *policy)
{
	char **names, **next;
	size_t n = 0;
	int r;

	each_path_of_all(policy, count_path, &n);
	names = calloc(n + 1, sizeof(*names));
	if (!names)
		return CS_ENOMEM;
	next = names;
	each_path_of_all(policy, take_name, &next);
	r = keep_paths(policy, names, n);
	free(names);
	if (r == 0)
		each_path_of_all(policy, take_path, policy);
	return r;
}

int cs_load_gates(struct loader *loader)
{
	struct cs_policy *policy = loader->policy;
	int r = cs_load_items(loader, "gate", sizeof(*policy->gates), &policy->gates, &policy->n_gates);

	for (size_t i = 0; r == 0 && i < policy->n_gates; i++)
		r = load_gate(loader, cs_conf_section(loader->top, "gate", i), &policy->gates[i]);
	return r < 0 ? r : load_paths(policy);
}
