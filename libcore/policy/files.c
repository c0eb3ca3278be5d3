/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an action, beside its command: which of them a gate wants hashed, and which keep it out. */
#include "policy_internal.h"

#include <string.h>

bool cs_gate_refuses_exposed_input(const struct cs_gate *gate)
{
	return gate->refuses_exposed_input;
}

static bool is_wanted(const struct cs_wanted *wanted, size_t n, uint32_t arg, const char *suffix)
{
	for (size_t i = 0; i < n; i++) {
		if (wanted[i].arg == arg && strcmp(wanted[i].suffix, suffix) == 0)
			return true;
	}
	return false;
}

size_t cs_gate_wanted(const struct cs_gate *gate, const struct cs_action *action,
		      struct cs_wanted ret_wanted[CS_MAX_WANTED])
{
	static char none[] = "";
	uint32_t scripts[CS_MAX_WANTED];
	size_t n_scripts = cs_action_scripts(action, scripts), n = 0;

	for (; n < n_scripts && n < CS_MAX_WANTED; n++)
		ret_wanted[n] = (struct cs_wanted){.arg = scripts[n], .suffix = none};
	n = n_scripts;
	for (size_t i = 0; i < gate->n_artefacts && n <= CS_MAX_WANTED; i++) {
		const struct cs_wanted *artefact = &gate->artefacts[i];

		if (is_wanted(ret_wanted, n, artefact->arg, artefact->suffix))
			continue;
		if (n < CS_MAX_WANTED)
			ret_wanted[n] = *artefact;
		n++;
	}
	return n;
}

const struct cs_operand *cs_operand_of(const struct cs_action *action, const struct cs_wanted *wanted)
{
	for (size_t i = 0; i < action->n_operands; i++) {
		const struct cs_operand *operand = &action->operands[i];

		if (operand->arg == wanted->arg && strcmp(operand->suffix ? operand->suffix : "", wanted->suffix) == 0)
			return operand;
	}
	return NULL;
}

/* A script is what runs, as its interpreter is: a hash proves nothing where others can change it afterwards. */
static enum cs_reason refuses_script(const struct cs_gate *gate, const struct cs_action *action)
{
	uint32_t scripts[CS_MAX_WANTED];
	size_t n = cs_action_scripts(action, scripts);

	for (size_t i = 0; i < n && i < CS_MAX_WANTED && !gate->takes_exposed; i++) {
		const struct cs_operand *operand =
			cs_operand_of(action, &(struct cs_wanted){.arg = scripts[i], .suffix = (char[]){""}});

		if (operand && operand->exposed)
			return CS_WHY_EXPOSED_FILE;
	}
	return CS_WHY_NONE;
}

static enum cs_reason refuses_input(const struct cs_gate *gate, const struct cs_action *action)
{
	bool exposed = action->more_operands; /* what was not looked at may be */

	for (size_t i = 0; i < action->n_operands; i++)
		exposed |= action->operands[i].exposed;
	return exposed && gate->refuses_exposed_input ? CS_WHY_EXPOSED_INPUT : CS_WHY_NONE;
}

enum cs_reason cs_gate_refuses_files(const struct cs_gate *gate, const struct cs_action *action)
{
	enum cs_reason reason = CS_WHY_NONE;

	if (cs_action_runs(action) && action->exposed && !gate->takes_exposed)
		return CS_WHY_EXPOSED_FILE;
	reason = refuses_script(gate, action);
	return reason != CS_WHY_NONE ? reason : refuses_input(gate, action);
}

bool cs_gate_has_files(const struct cs_gate *gate, const struct cs_action *action, struct cs_wanted *ret_missing)
{
	struct cs_wanted wanted[CS_MAX_WANTED];
	size_t n = cs_gate_wanted(gate, action, wanted);

	for (size_t i = 0; i < n && i < CS_MAX_WANTED; i++) {
		const struct cs_operand *operand = cs_operand_of(action, &wanted[i]);

		if (operand && operand->file.present)
			continue;
		*ret_missing = wanted[i];
		return false;
	}
	if (n > CS_MAX_WANTED)
		*ret_missing = wanted[CS_MAX_WANTED - 1];
	return n <= CS_MAX_WANTED;
}
