/* SPDX-License-Identifier: Apache-2.0 */
/* What a gate approves by itself: reading it, and asking it. */
#include "policy_internal.h"
#include "mem.h"

#include <stdlib.h>

/* A captured argument is for the scope, which the gate's own command fills in. */
static int refuse_captures(struct loader *loader, const struct cs_conf_section *section,
			   const struct automatic *automatic)
{
	for (size_t i = 0; i < automatic->n_commands; i++) {
		const struct command *command = &automatic->commands[i];

		for (size_t k = 0; k < command->n_words; k++) {
			if (command->words[k].kind == WORD_CAPTURE)
				return REFUSE(
					loader, section, "command",
					"the command \"%s\" of an automatic approval captures nothing: write * for "
					"any argument",
					command->text);
		}
	}
	return 0;
}

static int load_automatic(struct loader *loader, const struct cs_conf_section *section, const struct cs_gate *gate,
			  struct automatic *automatic)
{
	char *what = NULL;
	int r = cs_load_title(loader, section, "automatic", &automatic->name);

	automatic->line = automatic->who.line = cs_conf_line(section, NULL);
	if (r == 0)
		r = cs_format(&what, "automatic %s", automatic->name);
	if (r == 0)
		r = cs_load_commands(loader, section, gate, &automatic->commands, &automatic->n_commands);
	if (r == 0)
		r = refuse_captures(loader, section, automatic);
	if (r == 0)
		r = cs_load_limits(loader, section, &automatic->limits);
	if (r == 0)
		r = cs_load_who(loader, section, gate, what, &automatic->who, &automatic->has_who);
	free(what);
	return r;
}

int cs_load_automatics(struct loader *loader, const struct cs_conf_section *section, struct cs_gate *gate)
{
	const struct cs_conf_section *first = cs_conf_section(section, "automatic", 0);
	size_t n = 0;
	int r = 0;

	if (first && gate->n_rules == 0)
		return REFUSE(loader, first, NULL,
			      "gate %s asks for no approval, so there is none to give automatically", gate->name);
	while (n <= CS_MAX_RULES && cs_conf_section(section, "automatic", n))
		n++;
	if (n > CS_MAX_RULES)
		return REFUSE(loader, cs_conf_section(section, "automatic", n - 1), NULL,
			      "more than %d automatic sections in one gate", CS_MAX_RULES);
	gate->automatics = calloc(n + 1, sizeof(*gate->automatics));
	if (!gate->automatics)
		return CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = load_automatic(loader, cs_conf_section(section, "automatic", i), gate,
				   &gate->automatics[gate->n_automatics++]);
	return r;
}

void cs_automatic_clear(struct automatic *automatic)
{
	free(automatic->name);
	for (size_t i = 0; i < automatic->n_commands; i++)
		cs_command_clear(&automatic->commands[i]);
	free(automatic->commands);
	cs_limits_clear(&automatic->limits);
	cs_rule_clear(&automatic->who);
	*automatic = (struct automatic){0};
}

/* --- Asking ------------------------------------------------------------------------------------------------------- */

static bool means_command(const struct cs_policy *policy, const struct automatic *automatic,
			  const struct cs_action *action)
{
	for (size_t i = 0; i < automatic->n_commands; i++) {
		if (cs_policy_command_meets(policy, &automatic->commands[i], action))
			return true;
	}
	return automatic->n_commands == 0;
}

/* Everything that is asked about one automatic approval. */
struct asking {
	const struct cs_policy *policy;
	const struct cs_facts *facts;
	const struct cs_gate *gate;
	const char *scope;
	const struct cs_action *action;
	uint64_t wall_ms;
};

/* 1, 0, CS_EDOUBT, CS_ENOMEM; held is what is said about the person. */
static int approves(const struct asking *asking, const struct automatic *automatic, struct cs_held *held)
{
	int in;

	if (!cs_limits_in_time(&automatic->limits, asking->wall_ms) ||
	    !means_command(asking->policy, automatic, asking->action))
		return 0;
	in = cs_limits_in_range(&automatic->limits, asking->action);
	if (in != 1 || !automatic->has_who)
		return in;
	return cs_policy_meets_rule(asking->policy, asking->facts, asking->gate, &automatic->who, asking->scope, held);
}

static int say_automatic(const struct automatic *automatic, struct cs_held *held)
{
	char *because = NULL;
	int r = cs_format(&because, "automatic %s%s%s", automatic->name, held->because ? ": " : "",
			  held->because ? held->because : "");

	cs_held_clear(held);
	if (r < 0)
		return CS_ENOMEM;
	*held = (struct cs_held){CS_WHY_AUTOMATIC, because};
	return 1;
}

/* The reason that is told without a yes. */
static int say_doubt(int r, struct cs_held *held)
{
	if (held)
		*held = (struct cs_held){.reason = r == CS_EDOUBT ? CS_WHY_DOUBT
						   : r == 0       ? CS_WHY_NEEDS_APPROVAL
								  : CS_WHY_NONE};
	return r;
}

int cs_policy_automatic(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_gate *gate,
			const char *scope, const struct cs_action *action, uint64_t wall_ms, struct cs_held *ret_held)
{
	const struct asking asking = {policy, facts, gate, scope, action, wall_ms};
	struct cs_held held = {0};
	int doubtful = 0;

	for (size_t i = 0; action && i < gate->n_automatics; i++) {
		int r = approves(&asking, &gate->automatics[i], ret_held ? &held : NULL);

		if (r == 1 && ret_held)
			r = say_automatic(&gate->automatics[i], &held);
		if (r == 1 && ret_held)
			*ret_held = held;
		if (r == 1)
			return r;
		cs_held_clear(&held);
		if (r == CS_ENOMEM)
			return say_doubt(r, ret_held);
		/* Another one may approve without what could not be told. */
		doubtful = r < 0 ? CS_EDOUBT : doubtful;
	}
	return say_doubt(doubtful, ret_held);
}
