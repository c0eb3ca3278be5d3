/* SPDX-License-Identifier: Apache-2.0 */
/* What a gate says of itself. */
#include "policy_internal.h"
#include "buf.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cs_gate *cs_policy_gate(const struct cs_policy *policy, const char *name)
{
	for (size_t i = 0; name && i < all_gates(policy); i++) {
		if (strcmp(policy->gates[i].name, name) == 0)
			return &policy->gates[i];
	}
	return NULL;
}

const char *cs_gate_name(const struct cs_gate *gate)
{
	return gate->name;
}

const char *cs_gate_service(const struct cs_gate *gate, size_t i)
{
	return i < gate->n_services ? gate->services[i] : NULL;
}

const char *cs_gate_permission(const struct cs_gate *gate)
{
	return gate->permission_name ? gate->permission_name : "";
}

bool cs_gate_needs_reason(const struct cs_gate *gate)
{
	return gate->needs_reason;
}

bool cs_gate_takes_exposed(const struct cs_gate *gate)
{
	return gate->takes_exposed;
}

uint64_t cs_gate_lifetime_ms(const struct cs_gate *gate)
{
	return gate->lifetime_ms;
}

uint64_t cs_gate_use_within_ms(const struct cs_gate *gate)
{
	return gate->use_within_ms;
}

uint64_t cs_gate_use_after_ms(const struct cs_gate *gate)
{
	return gate->use_after_ms;
}

uint64_t cs_gate_fresh_ms(const struct cs_gate *gate)
{
	return gate->least_fresh_ms;
}

uint64_t cs_policy_service_fresh_ms(const struct cs_policy *policy, const char *service)
{
	uint64_t least = CS_FRESH_ANY;

	for (size_t i = 0; i < policy->n_gates; i++) {
		const struct cs_gate *gate = &policy->gates[i];

		if (gate->least_fresh_ms < least && cs_strv_has(gate->services, gate->n_services, service) == 1)
			least = gate->least_fresh_ms;
	}
	return least;
}

uint64_t cs_policy_permission_fresh_ms(const struct cs_policy *policy, const char *permission)
{
	size_t i = cs_policy_find_permission(policy, permission);

	return i == SIZE_MAX ? CS_FRESH_ANY : policy->permissions[i].fresh_ms;
}

uint64_t cs_policy_role_fresh_ms(const struct cs_policy *policy, const char *role)
{
	size_t role_at = cs_policy_find_role(policy, role);
	uint64_t least = CS_FRESH_ANY;

	for (size_t i = 0; role_at != SIZE_MAX && i < policy->n_permissions; i++) {
		struct want want = {.kind = WANT_PERMISSION, .index = i};

		if (policy->permissions[i].fresh_ms < least && cs_policy_carries(policy, role_at, &want))
			least = policy->permissions[i].fresh_ms;
	}
	return least;
}

size_t cs_policy_gates(const struct cs_policy *policy)
{
	return policy->n_gates;
}

const struct cs_gate *cs_policy_gate_at(const struct cs_policy *policy, size_t i)
{
	return i < policy->n_gates ? &policy->gates[i] : NULL;
}

bool cs_gate_denies(const struct cs_gate *gate)
{
	return gate->deny != NULL;
}

bool cs_gate_monitors(const struct cs_gate *gate)
{
	return gate->monitors;
}

const char *cs_gate_scope(const struct cs_gate *gate)
{
	return gate->scope.text;
}

size_t cs_gate_rules(const struct cs_gate *gate)
{
	return gate->n_rules;
}

const char *cs_gate_rule_name(const struct cs_gate *gate, size_t rule)
{
	return rule < gate->n_rules ? gate->rules[rule].name : "";
}

uint32_t cs_gate_rule_count(const struct cs_gate *gate, size_t rule)
{
	return rule < gate->n_rules ? gate->rules[rule].count : 0;
}

struct gate_values {
	const struct cs_gate *gate;
	const char *scope;
	char value[CS_MAX_SCOPE + 1];
};

static const char *value_in_scope(void *arg, const char *name)
{
	struct gate_values *values = arg;

	return cs_scope_extract(&values->gate->scope, values->scope, name, values->value) == 1 ? values->value : NULL;
}

const char *cs_policy_rule_scope(const struct cs_gate *gate, const struct rule *rule, const char *scope,
				 char buffer[CS_MAX_SCOPE + 1])
{
	struct gate_values values = {.gate = gate, .scope = scope};

	/* A deny gate has no scope to fill in: its exemptions mean everywhere, or what they say themselves. */
	if (!rule->own_scope)
		return gate->deny ? gate->scope.text : scope;
	if (!cs_scope_name(&rule->scope, 0))
		return rule->scope.text;
	if (cs_scope_valid(scope) != 1 || cs_scope_fill(&rule->scope, value_in_scope, &values, buffer) < 0)
		return NULL;
	return buffer;
}

/* The value of the first part of a DN: "alice" of "uid=alice,ou=people,…". */
static const char *first_value(const char *dn, size_t *ret_len)
{
	const char *equals = strchr(dn, '='), *value = equals ? equals + 1 : dn;
	size_t len = 0;

	value += strspn(value, " ");
	while (value[len] && value[len] != ',' && value[len] != '+')
		len += value[len] == '\\' && value[len + 1] ? 2 : 1;
	*ret_len = len;
	return value;
}

enum { NAMES_SHOWN = 8 };

/* "alice, bob or carol"; the last of many is "12 others". */
static int name_people(const struct want *want, const char *count, char **ret_text)
{
	size_t shown = want->n_people <= NAMES_SHOWN ? want->n_people : NAMES_SHOWN - 1;
	struct cs_buf text;
	char number[64] = "";
	int r;

	cs_buf_init(&text, CS_MAX_TEXT + NAMES_SHOWN * CS_MAX_DN);
	cs_buf_put(&text, count, strlen(count));
	for (size_t i = 0; i < shown; i++) {
		const char *between = i == 0 ? "" : i + 1 == want->n_people ? " or " : ", ", *name;
		size_t len;

		cs_buf_put(&text, between, strlen(between));
		name = first_value(want->people[i], &len);
		cs_buf_put(&text, name, len);
	}
	if (shown < want->n_people)
		(void)snprintf(number, sizeof(number), " or %zu others", want->n_people - shown);
	cs_buf_put(&text, number, strlen(number) + 1);
	r = cs_buf_error(&text);
	if (r == 0)
		r = cs_set(ret_text, (const char *)text.data);
	cs_buf_clear(&text);
	return r;
}

static int name_group(const struct want *want, const char *count, char **ret_text)
{
	size_t len;
	const char *value = first_value(want->dn, &len), *rest = value + len;

	return cs_format(ret_text, "%s%s of %.*s%s", count, want->listed, (int)(rest - want->dn), want->dn,
			 *rest ? ",…" : "");
}

static int name_right(const struct cs_policy *policy, const struct want *want, const char *count, const char *where,
		      char **ret_text)
{
	const char *label =
		want->kind == WANT_ROLE ? policy->roles[want->index].label : policy->permissions[want->index].label;

	if (where && strcmp(where, "*") == 0)
		return cs_format(ret_text, "%s%s (everywhere)", count, label);
	return cs_format(ret_text, "%s%s in %s", count, label, where ? where : "?");
}

/* "2 × ", "majority of ", "all of ". */
static const char *say_count(const struct rule *rule, char text[32])
{
	static const char *const parts[] = {[CS_QUORUM_MAJORITY] = "majority of ", [CS_QUORUM_ALL] = "all of "};

	if (rule->quorum != CS_QUORUM_COUNT)
		return parts[rule->quorum];
	(void)snprintf(text, 32, "%u × ", (unsigned)rule->count);
	return text;
}

char *cs_gate_rule_label(const struct cs_policy *policy, const struct cs_gate *gate, size_t rule, const char *scope)
{
	char buffer[CS_MAX_SCOPE + 1], number[32], span[32];
	const struct rule *this;
	const char *count;
	char *who = NULL, *text = NULL;
	int r;

	if (rule >= gate->n_rules)
		return cs_dup("");
	this = &gate->rules[rule];
	count = say_count(this, number);
	if (this->want.kind == WANT_GROUP)
		r = name_group(&this->want, count, &who);
	else if (this->want.kind == WANT_PEOPLE)
		r = name_people(&this->want, count, &who);
	else
		r = name_right(policy, &this->want, count, cs_policy_rule_scope(gate, this, scope, buffer), &who);
	if (r < 0 || this->after_ms == 0)
		return r < 0 ? NULL : who;
	r = cs_format(&text, "%s, from %s on", who, cs_policy_say_span(this->after_ms, span));
	free(who);
	return r < 0 ? NULL : text;
}
