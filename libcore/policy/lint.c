/* SPDX-License-Identifier: Apache-2.0 */
/* What a sound policy says that its author may not have meant. Nothing is said that is not so: where it cannot be
 * shown, it is left out. */
#include "lint.h"
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int cs_lint_say(struct lint *lint, bool warning, unsigned line, const char *code, const char *format, ...)
{
	struct cs_finding finding = {.warning = warning, .line = line, .code = cs_dup(code)};
	va_list args;
	int r;

	va_start(args, format);
	r = vasprintf(&finding.text, format, args);
	va_end(args);
	if (r < 0)
		finding.text = NULL;
	r = cs_reserve((void **)&lint->findings, &lint->cap, lint->n, 1, sizeof(*lint->findings));
	if (r < 0 || !finding.code || !finding.text) {
		free(finding.code);
		free(finding.text);
		return CS_ENOMEM;
	}
	lint->findings[lint->n++] = finding;
	return 0;
}

/* --- Gates -----------------------------------------------------------------------------------------------------------
 */

/* A part of what a gate meets: one service, one host, one command. */
struct part {
	const char *service;
	const char *host;              /* a pattern; NULL: a netgroup, or every host */
	size_t netgroup;               /* SIZE_MAX: none */
	const struct command *command; /* NULL: every action */
};

/* Does the gate always decide where it is met: no condition could fail and nobody is exempt from it? */
static bool always_decides(const struct cs_gate *gate)
{
	return gate->limits.n_times == 0 && gate->limits.n_peers == 0 && !(gate->deny && gate->n_exempts > 0);
}

static bool covers_part(const struct cs_policy *policy, const struct cs_gate *gate, const struct part *part)
{
	bool host = part->host                   ? cs_covers_host(gate, part->host)
		    : part->netgroup != SIZE_MAX ? cs_covers_netgroup(gate, part->netgroup)
						 : cs_covers_every_host(gate);

	return host && cs_strv_has(gate->services, gate->n_services, part->service) == 1 &&
	       cs_covers_command(policy, gate, part->command);
}

/* Of two gates that an action meets: deny gates first, gates that only monitor last, else as they stand. */
static bool comes_before(const struct cs_gate *a, const struct cs_gate *b)
{
	if (!a->deny != !b->deny)
		return a->deny != NULL;
	return a->monitors != b->monitors ? b->monitors : a < b;
}

/* A gate that takes this part of another away. */
static const struct cs_gate *taker_of(const struct cs_policy *policy, const struct cs_gate *gate,
				      const struct part *part)
{
	for (size_t i = 0; i < policy->n_gates; i++) {
		const struct cs_gate *other = &policy->gates[i];

		if (other == gate || !always_decides(other) || !comes_before(other, gate))
			continue;
		if (cs_covers_classes(other, gate) && covers_part(policy, other, part))
			return other;
	}
	return NULL;
}

/* What takes the k-th part; *ret_end past the last. Every host is one part where the gate names none. */
static const struct cs_gate *taker_at(const struct cs_policy *policy, const struct cs_gate *gate, size_t k,
				      bool *ret_end)
{
	size_t n_hosts = gate->n_hosts + gate->n_netgroups, n_commands = gate->n_commands;
	size_t host = k % (n_hosts ? n_hosts : 1), rest = k / (n_hosts ? n_hosts : 1);
	size_t command = rest % (n_commands ? n_commands : 1), service = rest / (n_commands ? n_commands : 1);
	struct part part = {.netgroup = SIZE_MAX};

	*ret_end = service >= gate->n_services;
	if (*ret_end)
		return NULL;
	part.service = gate->services[service];
	part.command = n_commands ? &gate->commands[command] : NULL;
	if (host < gate->n_hosts)
		part.host = gate->hosts[host];
	else if (n_hosts)
		part.netgroup = gate->netgroups[host - gate->n_hosts];
	return taker_of(policy, gate, &part);
}

static int lint_gate(struct lint *lint, const struct cs_gate *gate)
{
	const struct cs_gate *first = NULL, *taker;
	bool end, several = false, earlier = false;

	for (size_t k = 0; (taker = taker_at(lint->policy, gate, k, &end)); k++) {
		several = several || (first && first != taker);
		earlier = earlier || taker < gate;
		first = first ? first : taker;
	}
	if (!end || !first)
		return 0;
	return cs_lint_say(lint, true, gate->line, earlier ? "shadowed-gate" : "unreachable-gate",
		   "gate %s never counts: gate %s in line %u%s %s everything that it names", gate->name, first->name,
		   first->line, several ? " and others" : "", first->deny ? "always denies" : "always takes");
}

static bool has_section(const struct cs_policy *policy, const char *service)
{
	for (size_t i = 0; i < policy->n_services; i++) {
		if (strcmp(policy->services[i].name, service) == 0)
			return true;
	}
	return false;
}

/* The first gate that names a service; NULL when none does. */
static const struct cs_gate *first_gate(const struct cs_policy *policy, const char *service)
{
	for (size_t i = 0; i < policy->n_gates; i++) {
		if (cs_strv_has(policy->gates[i].services, policy->gates[i].n_services, service) == 1)
			return &policy->gates[i];
	}
	return NULL;
}

static int lint_services(struct lint *lint, const struct cs_gate *gate)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < gate->n_services; i++) {
		const char *service = gate->services[i];

		if (!has_section(lint->policy, service) && first_gate(lint->policy, service) == gate)
			r = cs_lint_say(lint, false, gate->line, "undeclared-service",
				"gate %s names service %s, and there is no service %s { … }: what no gate names there "
				"is "
				"denied",
				gate->name, service, service);
	}
	return r;
}

/* Where a command comes from is not told by what runs it: every one is local, so a range is never met. */
static int lint_peers(struct lint *lint, const struct cs_gate *gate)
{
	int r = 0;

	for (size_t i = 0; r == 0 && gate->limits.n_peers > 0 && i < gate->n_services; i++) {
		if (cs_service_runs_files(gate->services[i]))
			r = cs_lint_say(lint, true, gate->line, "local-peer",
				"gate %s: %s tells no address, so every action of it is local; guard the login instead",
				gate->name, gate->services[i]);
	}
	return r;
}

/* --- Exemptions ------------------------------------------------------------------------------------------------------
 */

int cs_lint_name(const struct cs_policy *policy, const struct cs_gate *gate, const struct rule *rule,
		     char **ret_text)
{
	const struct want *want = &rule->want;
	const char *scope = rule->own_scope ? rule->scope.text : gate->scope.text;

	if (want->kind == WANT_GROUP)
		return cs_format(ret_text, "whoever is listed as %s of %s", want->listed, want->dn);
	if (want->kind == WANT_PEOPLE)
		return cs_format(ret_text, "%s%s", want->people[0], want->n_people > 1 ? " and others" : "");
	return cs_format(ret_text, "whoever has %s %s in %s", want->kind == WANT_ROLE ? "role" : "permission",
			 want->kind == WANT_ROLE ? policy->roles[want->index].name
						 : policy->permissions[want->index].name,
			 scope);
}

bool cs_lint_everybody(const struct cs_policy *policy, const struct cs_gate *gate, const struct rule *rule)
{
	const struct want asks = {.kind = WANT_PERMISSION, .index = gate->permission};
	size_t len;
	const char *kind = cs_scope_kind(gate->scope.text, &len);

	if (gate->deny || rule->want.kind > WANT_ROLE ||
	    (rule->own_scope && !cs_scope_contains(&gate->scope, &rule->scope)))
		return false;
	for (size_t i = 0; i < policy->n_assignments; i++) {
		const struct assignment *assignment = &policy->assignments[i];

		if (cs_policy_supplies(policy, assignment->role, &asks, kind, len) &&
		    cs_scope_could_cover(&assignment->scope, &gate->scope) &&
		    !cs_policy_supplies(policy, assignment->role, &rule->want, kind, len))
			return false;
	}
	return true;
}

static int lint_exemptions(struct lint *lint, const struct cs_gate *gate)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < gate->n_exempts; i++) {
		const struct rule *rule = &gate->exempts[i];
		char *who = NULL;

		r = cs_lint_name(lint->policy, gate, rule, &who);
		if (r == 0)
			r = cs_lint_say(lint, false, rule->line, "exemption",
				gate->deny ? "gate %s does not deny %s (exemption %s)"
					   : "gate %s asks no approval for %s (exemption %s)",
				gate->name, who, rule->name);
		if (r == 0 && cs_lint_everybody(lint->policy, gate, rule))
			r = cs_lint_say(lint, true, rule->line, "exempts-everybody",
				"gate %s, exemption %s: every role that lets somebody ask exempts him as well",
				gate->name, rule->name);
		free(who);
	}
	return r;
}

static int lint_gates(struct lint *lint)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < lint->policy->n_gates; i++) {
		r = lint_gate(lint, &lint->policy->gates[i]);
		if (r == 0)
			r = lint_services(lint, &lint->policy->gates[i]);
		if (r == 0)
			r = lint_peers(lint, &lint->policy->gates[i]);
		if (r == 0)
			r = lint_exemptions(lint, &lint->policy->gates[i]);
		if (r == 0)
			r = cs_lint_terms(lint, &lint->policy->gates[i]);
	}
	return r;
}

static int lint_unguarded(struct lint *lint)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < lint->policy->n_services; i++) {
		const struct service *service = &lint->policy->services[i];

		if (service->unmatched_permits && !first_gate(lint->policy, service->name))
			r = cs_lint_say(lint, false, service->line, "unguarded-service",
				"no gate names service %s, and unmatched = permit: all of it is left to the host",
				service->name);
	}
	return r;
}

/* --- Roles and permissions -------------------------------------------------------------------------------------------
 */

/* What is used, as bits. */
struct used {
	uint64_t *permissions, *roles;
};

static void use_want(struct used *used, const struct want *want)
{
	if (want->kind == WANT_PERMISSION)
		bit_set(used->permissions, want->index);
}

static void use_gates(const struct cs_policy *policy, struct used *used)
{
	for (size_t i = 0; i < all_gates(policy); i++) {
		const struct cs_gate *gate = &policy->gates[i];

		if (!gate->deny && gate->permission != SIZE_MAX)
			bit_set(used->permissions, gate->permission);
		for (size_t k = 0; k < gate->n_rules; k++)
			use_want(used, &gate->rules[k].want);
		for (size_t k = 0; k < gate->n_exempts; k++)
			use_want(used, &gate->exempts[k].want);
		for (size_t k = 0; k < gate->n_automatics; k++) {
			if (gate->automatics[k].has_who)
				use_want(used, &gate->automatics[k].who.want);
		}
	}
}

static void use_roles(const struct cs_policy *policy, struct used *used)
{
	for (size_t i = 0; i < policy->n_assignments; i++)
		bit_set(used->roles, policy->assignments[i].role);
	for (size_t i = 0; i < policy->n_roles; i++) {
		const struct role *role = &policy->roles[i];

		for (size_t k = 0; k < role->n_inherits; k++)
			bit_set(used->roles, role->inherits[k]);
		for (size_t word = 0; word < bit_words(policy->n_permissions); word++) {
			used->permissions[word] |= role->own[word];
			for (size_t k = 0; k < role->n_kinds; k++)
				used->permissions[word] |= role->kinds[k].permissions[word];
		}
	}
}

static int lint_unused(struct lint *lint)
{
	const struct cs_policy *policy = lint->policy;
	struct used used = {.permissions = calloc(bit_words(policy->n_permissions), sizeof(uint64_t)),
			    .roles = calloc(bit_words(policy->n_roles), sizeof(uint64_t))};
	int r = used.permissions && used.roles ? 0 : CS_ENOMEM;

	if (r == 0) {
		use_gates(policy, &used);
		use_roles(policy, &used);
	}
	for (size_t i = 0; r == 0 && i < policy->n_roles; i++) {
		if (!bit_has(used.roles, i))
			r = cs_lint_say(lint, false, policy->roles[i].line, "unused-role",
				"no assignment gives role %s, and no role inherits it", policy->roles[i].name);
	}
	for (size_t i = 0; r == 0 && i < policy->n_permissions; i++) {
		if (!bit_has(used.permissions, i))
			r = cs_lint_say(lint, false, policy->permissions[i].line, "unused-permission",
				"no gate and no role names permission %s", policy->permissions[i].name);
	}
	free(used.permissions);
	free(used.roles);
	return r;
}

/* --- Assignments -----------------------------------------------------------------------------------------------------
 */

static bool has_condition(const struct condition *conditions, size_t n, const struct condition *wanted)
{
	for (size_t i = 0; i < n; i++) {
		if (strcasecmp(conditions[i].attribute, wanted->attribute) == 0 &&
		    strcasecmp(conditions[i].value, wanted->value) == 0)
			return true;
	}
	return false;
}

/* Every condition of a is one of b, so that a holds wherever b does. */
static bool no_stricter(const struct condition *a, size_t n_a, const struct condition *b, size_t n_b)
{
	for (size_t i = 0; i < n_a; i++) {
		if (!has_condition(b, n_b, &a[i]))
			return false;
	}
	return true;
}

static bool has_person(const struct assignment *assignment, const char *dn)
{
	for (size_t i = 0; i < assignment->n_people; i++) {
		if (cs_dn_same(assignment->people[i], dn))
			return true;
	}
	return false;
}

/* Does a concern everybody that b does, through the same groups? */
static bool same_people(const struct assignment *a, const struct assignment *b)
{
	if (a->to != b->to)
		return false;
	for (size_t i = 0; i < b->n_people; i++) {
		if (!has_person(a, b->people[i]))
			return false;
	}
	return a->to == ASSIGNED_PEOPLE || (strcasecmp(a->listed, b->listed) == 0 && cs_dn_same(a->dn, b->dn) &&
					    no_stricter(a->where, a->n_where, b->where, b->n_where) &&
					    no_stricter(a->unless, a->n_unless, b->unless, b->n_unless));
}

static bool gives_all(const struct cs_policy *policy, const struct assignment *a, const struct assignment *b)
{
	return bit_has(policy->roles[a->role].covers, b->role) && cs_scope_contains(&a->scope, &b->scope) &&
	       same_people(a, b);
}

/* Those that could contain this one: of the same person or group, or with the same question. */
static const size_t *neighbours(const struct cs_policy *policy, const struct assignment *assignment, size_t *ret_n)
{
	const size_t *found;

	if (assignment->to == ASSIGNED_PEOPLE)
		return cs_index_find(policy->index, INDEX_PEOPLE, assignment->people[0], ret_n);
	found = assignment->to == ASSIGNED_GROUP
			? cs_index_find(policy->index, assignment->query, assignment->dn, ret_n)
			: NULL;
	if (found)
		return found;
	*ret_n = policy->query_start[assignment->query + 1] - policy->query_start[assignment->query];
	return policy->by_query + policy->query_start[assignment->query];
}

static int lint_assignment(struct lint *lint, const struct assignment *assignment)
{
	const struct cs_policy *policy = lint->policy;
	size_t n = 0;
	const size_t *near = neighbours(policy, assignment, &n);

	for (size_t i = 0; i < n; i++) {
		const struct assignment *other = &policy->assignments[near[i]];

		if (other == assignment || !gives_all(policy, other, assignment))
			continue;
		/* Of two that say the same, the later one is too much. */
		if (other > assignment && gives_all(policy, assignment, other))
			continue;
		return cs_lint_say(lint, false, assignment->line, "redundant-assignment",
			   "assignment %s gives nothing that assignment %s in line %u does not give", assignment->name,
			   other->name, other->line);
	}
	return 0;
}

/* The largest floor of a group counts for all that ask about it. */
static int lint_floor(struct lint *lint, const struct assignment *assignment)
{
	uint32_t counts = assignment->at_least > 0 ? lint->policy->queries[assignment->query].at_least : 0;

	if (counts == assignment->at_least)
		return 0;
	return cs_lint_say(lint, false, assignment->line, "covered-floor",
		   "assignment %s: at_least = %u means nothing, because another assignment with this list says %u",
		   assignment->name, (unsigned)assignment->at_least, (unsigned)counts);
}

static int lint_assignments(struct lint *lint)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < lint->policy->n_assignments; i++) {
		r = lint_floor(lint, &lint->policy->assignments[i]);
		if (r < 0)
			break;
		/* One with a label of its own may be there for that. */
		if (!lint->policy->assignments[i].label)
			r = lint_assignment(lint, &lint->policy->assignments[i]);
	}
	return r;
}

/* --- Freshness -------------------------------------------------------------------------------------------------------
 */

#define REMEMBERED_MS UINT64_C(30000) /* what any right is remembered at most */

static int lint_fresh(struct lint *lint)
{
	const struct cs_policy *policy = lint->policy;
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->n_permissions; i++) {
		const struct permission *permission = &policy->permissions[i];

		if (permission->fresh_ms > REMEMBERED_MS && permission->fresh_ms != CS_FRESH_ANY)
			r = cs_lint_say(lint, true, permission->line, "idle-fresh",
				"permission %s: no right is remembered for more than 30 s, so a longer fresh means "
				"nothing",
				permission->name);
	}
	for (size_t i = 0; r == 0 && i < policy->n_gates; i++) {
		const struct cs_gate *gate = &policy->gates[i];

		if (gate->fresh_ms != CS_FRESH_ANY && gate->least_fresh_ms < gate->fresh_ms)
			r = cs_lint_say(lint, false, gate->line, "idle-fresh",
				"gate %s: its fresh means nothing, because a permission it asks for has a shorter one",
				gate->name);
	}
	return r;
}

static int by_line(const void *a, const void *b)
{
	const struct cs_finding *x = a, *y = b;
	int order = compare_sizes(x->line, y->line);

	if (order == 0)
		order = strcmp(x->code, y->code);
	return order ? order : strcmp(x->text, y->text);
}

int cs_policy_lint(const struct cs_policy *policy, struct cs_finding **ret_findings, size_t *ret_count)
{
	static int (*const steps[])(struct lint *) = {lint_gates,       lint_unguarded, lint_unused,
						lint_assignments, lint_fresh,     cs_lint_glasses};
	struct lint lint = {.policy = policy};
	int r = 0;

	for (size_t i = 0; r == 0 && i < CS_COUNT(steps); i++)
		r = steps[i](&lint);
	if (r < 0) {
		cs_findings_free(&lint.findings, &lint.n);
		return r;
	}
	if (lint.n > 0)
		qsort(lint.findings, lint.n, sizeof(*lint.findings), by_line);
	*ret_findings = lint.findings;
	*ret_count = lint.n;
	return 0;
}

void cs_findings_free(struct cs_finding **findings, size_t *count)
{
	for (size_t i = 0; *findings && i < *count; i++) {
		free((*findings)[i].code);
		free((*findings)[i].text);
	}
	free(*findings);
	*findings = NULL;
	*count = 0;
}
