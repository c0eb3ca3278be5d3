/* SPDX-License-Identifier: Apache-2.0 */
/* What a gate says of itself. */
#include "policy_internal.h"
#include "mem.h"

#include <string.h>

const struct cs_gate *cs_policy_gate(const struct cs_policy *policy, const char *name)
{
	for (size_t i = 0; name && i < policy->n_gates; i++) {
		if (strcmp(policy->gates[i].name, name) == 0)
			return &policy->gates[i];
	}
	return NULL;
}

const char *cs_gate_name(const struct cs_gate *gate)
{
	return gate->name;
}

const char *cs_gate_permission(const struct cs_gate *gate)
{
	return gate->permission_name ? gate->permission_name : "";
}

bool cs_gate_needs_reason(const struct cs_gate *gate)
{
	return gate->needs_reason;
}

bool cs_gate_distinct(const struct cs_gate *gate)
{
	return !gate->shared;
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

	if (!rule->own_scope)
		return scope;
	if (!cs_scope_name(&rule->scope, 0))
		return rule->scope.text;
	if (cs_scope_valid(scope) != 1 || cs_scope_fill(&rule->scope, value_in_scope, &values, buffer) < 0)
		return NULL;
	return buffer;
}

char *cs_gate_rule_label(const struct cs_policy *policy, const struct cs_gate *gate, size_t rule, const char *scope)
{
	char buffer[CS_MAX_SCOPE + 1];
	const struct rule *this;
	const char *label, *where;
	char *text = NULL;
	int r;

	if (rule >= gate->n_rules)
		return cs_dup("");
	this = &gate->rules[rule];
	label = this->want.is_role ? policy->roles[this->want.index].label
				   : policy->permissions[this->want.index].label;
	where = cs_policy_rule_scope(gate, this, scope, buffer);
	if (where && strcmp(where, "*") == 0)
		r = cs_format(&text, "%u × %s (everywhere)", this->count, label);
	else
		r = cs_format(&text, "%u × %s in %s", this->count, label, where ? where : "?");
	return r < 0 ? NULL : text;
}
