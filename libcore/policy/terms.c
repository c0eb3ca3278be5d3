/* SPDX-License-Identifier: Apache-2.0 */
/* The terms of a gate beside who may fill its rules. */
#include "policy_internal.h"
#include "mem.h"

#include <inttypes.h>
#include <stdio.h>

enum cs_quorum cs_gate_rule_quorum(const struct cs_gate *gate, size_t rule)
{
	return rule < gate->n_rules ? gate->rules[rule].quorum : CS_QUORUM_ALL;
}

uint32_t cs_gate_rule_stage(const struct cs_gate *gate, size_t rule)
{
	return rule < gate->n_rules ? gate->rules[rule].stage : UINT32_MAX;
}

const char *cs_gate_rule_alternative(const struct cs_gate *gate, size_t rule)
{
	return rule < gate->n_rules ? gate->rules[rule].alternative : "";
}

uint64_t cs_gate_rule_after_ms(const struct cs_gate *gate, size_t rule)
{
	return rule < gate->n_rules ? gate->rules[rule].after_ms : UINT64_MAX;
}

bool cs_gate_rule_counts_rejects(const struct cs_gate *gate, size_t rule)
{
	return rule < gate->n_rules && gate->rules[rule].counts_rejects;
}

uint64_t cs_gate_objection_ms(const struct cs_gate *gate)
{
	return gate->objection_ms;
}

bool cs_gate_takes_self_approval(const struct cs_gate *gate)
{
	return gate->takes_self_approval;
}

bool cs_gate_needs_signature(const struct cs_gate *gate)
{
	return gate->needs_signature;
}

uint32_t cs_gate_uses(const struct cs_gate *gate)
{
	return (uint32_t)gate->uses;
}

uint64_t cs_gate_ahead_ms(const struct cs_gate *gate)
{
	return gate->ahead_ms;
}

uint64_t cs_gate_session_ms(const struct cs_gate *gate)
{
	return gate->session_ms;
}

enum cs_watch_rule cs_gate_watch(const struct cs_gate *gate)
{
	return (enum cs_watch_rule)gate->watch;
}

uint64_t cs_gate_watch_grace_ms(const struct cs_gate *gate)
{
	return gate->watch_grace_ms;
}

uint64_t cs_gate_remind_ms(const struct cs_gate *gate)
{
	return gate->remind_ms;
}

const char *cs_policy_say_span(uint64_t value, char text[32])
{
	static const struct {
		uint64_t ms;
		char letter;
	} units[] = {{POLICY_DAY, 'd'}, {POLICY_HOUR, 'h'}, {POLICY_MINUTE, 'm'}, {POLICY_SECOND, 's'}};
	size_t i = 0;

	while (i < CS_COUNT(units) - 1 && (value == 0 || value % units[i].ms != 0))
		i++;
	(void)snprintf(text, 32, "%" PRIu64 "%c", value / units[i].ms, units[i].letter);
	return text;
}
