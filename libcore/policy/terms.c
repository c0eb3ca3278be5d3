/* SPDX-License-Identifier: Apache-2.0 */
/* The terms of a gate beside its rules. */
#include "policy_internal.h"

enum cs_quorum cs_gate_rule_quorum(const struct cs_gate *gate, size_t rule)
{
	(void)gate;
	(void)rule;
	return CS_QUORUM_COUNT;
}

uint32_t cs_gate_rule_stage(const struct cs_gate *gate, size_t rule)
{
	(void)gate;
	(void)rule;
	return 1;
}

const char *cs_gate_rule_alternative(const struct cs_gate *gate, size_t rule)
{
	(void)gate;
	(void)rule;
	return "";
}

uint64_t cs_gate_rule_after_ms(const struct cs_gate *gate, size_t rule)
{
	(void)gate;
	(void)rule;
	return 0;
}

bool cs_gate_rule_counts_rejects(const struct cs_gate *gate, size_t rule)
{
	(void)gate;
	(void)rule;
	return false;
}

uint64_t cs_gate_objection_ms(const struct cs_gate *gate)
{
	(void)gate;
	return 0;
}

bool cs_gate_takes_self_approval(const struct cs_gate *gate)
{
	(void)gate;
	return false;
}

bool cs_gate_needs_signature(const struct cs_gate *gate)
{
	(void)gate;
	return false;
}

uint32_t cs_gate_uses(const struct cs_gate *gate)
{
	(void)gate;
	return 1;
}

uint64_t cs_gate_ahead_ms(const struct cs_gate *gate)
{
	(void)gate;
	return 0;
}

uint64_t cs_gate_session_ms(const struct cs_gate *gate)
{
	(void)gate;
	return 0;
}

uint64_t cs_gate_remind_ms(const struct cs_gate *gate)
{
	(void)gate;
	return 0;
}

int cs_policy_automatic(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_gate *gate,
	const char *scope, const struct cs_action *action, uint64_t wall_ms, struct cs_held *ret_held)
{
	(void)policy;
	(void)facts;
	(void)gate;
	(void)scope;
	(void)action;
	(void)wall_ms;
	(void)ret_held;
	return 0;
}

size_t cs_policy_glasses(const struct cs_policy *policy)
{
	(void)policy;
	return 0;
}

int cs_policy_glass(const struct cs_policy *policy, size_t i, struct cs_glass *ret_glass)
{
	(void)policy;
	(void)i;
	(void)ret_glass;
	return CS_ENOENT;
}

int cs_policy_glass_covers(const struct cs_glass *glass, const char *scope)
{
	(void)glass;
	(void)scope;
	return 0;
}
