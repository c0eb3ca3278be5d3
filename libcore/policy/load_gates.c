/* SPDX-License-Identifier: Apache-2.0 */
/* Reading gates: which actions they guard, under which conditions, and what they ask for. */
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

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

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

/* The length of a list of conditions. */
static int load_conditions(struct loader *loader, const struct cs_conf_section *section, const char *key, size_t *ret_n)
{
	int r = cs_load_list(loader, section, key, ret_n);

	if (r == 0 && *ret_n > POLICY_MAX_CONDITIONS)
		return REFUSE(loader, section, key, "%s has more than %d values", key, POLICY_MAX_CONDITIONS);
	return r;
}

static int load_netgroups(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	size_t n = 0;
	int r = load_conditions(loader, section, "netgroup", &n);

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

static int load_peers(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	const char *what = NULL;
	size_t n = 0;
	int r = load_conditions(loader, section, "peer", &n);

	if (r < 0)
		return r;
	gate->peers = calloc(n + 1, sizeof(*gate->peers));
	if (!gate->peers)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *text = cs_conf_list_at(section, "peer", i);

		if (cs_range_parse(text, &gate->peers[i], &what) < 0)
			return REFUSE(loader, section, "peer", "the range \"%s\" is refused: %s", text, what);
		r = cs_strv_add(&gate->peer_texts, &gate->n_peers, text);
	}
	return r;
}

static int load_times(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	const char *what = NULL;
	size_t n = 0;
	int r = load_conditions(loader, section, "time", &n);

	if (r < 0)
		return r;
	gate->times = calloc(n + 1, sizeof(*gate->times));
	if (!gate->times)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		const char *text = cs_conf_list_at(section, "time", i);

		if (cs_window_parse(text, &gate->times[i], &what) < 0)
			return REFUSE(loader, section, "time", "the window \"%s\" is refused: %s", text, what);
		r = cs_strv_add(&gate->time_texts, &gate->n_times, text);
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
		r = load_command(loader, section, gate, cs_conf_list_at(section, "command", i),
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
	static const char *const others[] = {"permission", "scope",      "people",    "reason",
					     "lifetime",   "use_within", "use_after", "exposed_file", "fresh"};
	int r;

	if (cs_conf_section(section, "approval", 0))
		return REFUSE(loader, cs_conf_section(section, "approval", 0), NULL,
			      "gate %s denies, so an approval in it would mean nothing", gate->name);
	for (size_t i = 0; i < CS_COUNT(others); i++) {
		if (cs_conf_given(section, others[i]))
			return REFUSE(loader, section, others[i], "gate %s denies, so %s in it would mean nothing",
				      gate->name, others[i]);
	}
	r = cs_load_text(loader, section, "deny", "", CS_MAX_REASON, &gate->deny);
	/* Where an exemption of it asks for a right without saying where. */
	return r < 0 ? r : cs_scope_parse("*", &gate->scope, &(const char *){NULL});
}

/* How long an approved request waits before it may be used. */
static int load_use_after(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	gate->use_after_ms = cs_conf_span(section, "use_after", 0);
	if (!cs_conf_given(section, "use_after"))
		return 0;
	if (gate->n_rules == 0)
		return REFUSE(loader, section, "use_after",
			      "use_after counts from an approval, and gate %s asks for none", gate->name);
	if (gate->use_after_ms >= gate->use_within_ms)
		return REFUSE(loader, section, "use_after",
			      "use_after is shorter than use_within, or the approval could never be used");
	return 0;
}

/* What a gate that does not deny asks for. */
static int load_terms(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	int r = load_permission(loader, section, gate);

	if (r == 0)
		r = cs_load_approvals(loader, section, gate);
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
	if (r == 0)
		r = cs_load_fresh(loader, section, &gate->fresh_ms);
	return r < 0 ? r : load_use_after(loader, section, gate);
}

/* A gate asks for its own permission and for those of its approvals and exemptions: what any of them wants of the
 * directory's word holds for the gate. */
static void find_least_fresh(const struct cs_policy *policy, struct cs_gate *gate)
{
	uint64_t least = gate->fresh_ms;

	if (!gate->deny)
		least = smaller(least, policy->permissions[gate->permission].fresh_ms);
	for (size_t i = 0; i < gate->n_rules + gate->n_exempts; i++) {
		const struct rule *rule = i < gate->n_rules ? &gate->rules[i] : &gate->exempts[i - gate->n_rules];

		if (rule->want.kind == WANT_PERMISSION)
			least = smaller(least, policy->permissions[rule->want.index].fresh_ms);
	}
	gate->least_fresh_ms = least;
}

static int load_gate(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	static int (*const steps[])(struct loader *, const struct cs_conf_section *, struct cs_gate *) = {
		load_services, load_hosts, load_netgroups, load_peers, load_times, load_commands};
	int r = cs_load_title(loader, section, "gate", &gate->name);

	gate->line = cs_conf_line(section, NULL);
	gate->fresh_ms = CS_FRESH_ANY;
	for (size_t i = 0; r == 0 && i < CS_COUNT(steps); i++)
		r = steps[i](loader, section, gate);
	if (r == 0)
		r = cs_conf_given(section, "deny") ? load_deny(loader, section, gate)
						   : load_terms(loader, section, gate);
	if (r == 0)
		r = cs_load_exemptions(loader, section, gate);
	if (r == 0)
		find_least_fresh(loader->policy, gate);
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

static struct command *next_path(const struct cs_policy *policy, size_t *gate, size_t *command)
{
	for (; *gate < policy->n_gates; ++*gate, *command = 0) {
		const struct cs_gate *this = &policy->gates[*gate];

		while (*command < this->n_commands) {
			if (cs_command_is_path(&this->commands[(*command)++]))
				return &this->commands[*command - 1];
		}
	}
	return NULL;
}

/* Tells each command which path is its own. */
static int load_paths(struct cs_policy *policy)
{
	struct command *command;
	char **names = NULL;
	size_t gate = 0, i = 0, n = 0;
	int r;

	while (next_path(policy, &gate, &i))
		n++;
	names = calloc(n + 1, sizeof(*names));
	if (!names)
		return CS_ENOMEM;
	gate = i = n = 0;
	while ((command = next_path(policy, &gate, &i)))
		names[n++] = command->name;
	r = keep_paths(policy, names, n);
	free(names);
	gate = i = 0;
	while (r == 0 && (command = next_path(policy, &gate, &i))) {
		const struct path *path =
			bsearch(command->name, policy->paths, policy->n_paths, sizeof(*path), by_path);

		command->path = (size_t)(path - policy->paths);
	}
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
