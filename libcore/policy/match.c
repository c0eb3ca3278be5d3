/* SPDX-License-Identifier: Apache-2.0 */
/* Which gate does an action meet? */
#include "policy_internal.h"
#include "mem.h"
#include "text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* How an action meets a gate of its service and host. */
enum meeting {
	MEETS_NOT,
	MEETS_PATH, /* a command of the gate has this path, but other arguments */
	MEETS
};

static const char *text_of(const char *s)
{
	return s ? s : "";
}

/* A host whose name could not be told meets every pattern: it must not leave a gate by that. */
static bool meets_host(const struct cs_gate *gate, const struct cs_action *action)
{
	const char *host = text_of(action->host);
	char lower[CS_MAX_NAME + 1] = "";

	if (gate->n_hosts == 0 || *host == '\0' || strlen(host) > CS_MAX_NAME)
		return true;
	for (size_t i = 0; host[i]; i++)
		lower[i] = (char)tolower((unsigned char)host[i]);
	for (size_t i = 0; i < gate->n_hosts; i++) {
		if (cs_glob(gate->hosts[i], lower) == 1)
			return true;
	}
	return false;
}

static bool same_path(const struct path *path, const char *s)
{
	return *s && (strcmp(path->name, s) == 0 || strcmp(path->resolved, s) == 0);
}

/* What is not spelled plainly and was not resolved could be any file. */
static bool path_is_doubtful(const struct cs_action *action)
{
	return *text_of(action->command) && !*text_of(action->resolved) && cs_path_normal(action->command) != 1;
}

static enum meeting meets_command(const struct cs_policy *policy, const struct command *command,
				  const struct cs_action *action)
{
	const struct path *path = &policy->paths[command->path];

	if (!same_path(path, text_of(action->command)) && !same_path(path, text_of(action->resolved)))
		return path_is_doubtful(action) ? MEETS_PATH : MEETS_NOT;
	return cs_command_meets(command, action) == 1 ? MEETS : MEETS_PATH;
}

/* The first command that meets the action decides; *ret_command is NULL for a gate without commands. */
static enum meeting meets_gate(const struct cs_policy *policy, const struct cs_gate *gate,
			       const struct cs_action *action, const struct command **ret_command)
{
	enum meeting best = MEETS_NOT;

	*ret_command = NULL;
	if (cs_strv_has(gate->services, gate->n_services, text_of(action->service)) != 1 || !meets_host(gate, action))
		return MEETS_NOT;
	if (gate->n_commands == 0)
		return MEETS;
	for (size_t i = 0; i < gate->n_commands; i++) {
		enum meeting meeting = meets_command(policy, &gate->commands[i], action);

		if (meeting > best) {
			best = meeting;
			*ret_command = &gate->commands[i];
		}
		if (best == MEETS)
			break;
	}
	return best;
}

/* Where the names of a gate's scope come from. */
struct captures {
	const struct command *command;
	const struct cs_action *action;
};

static const char *captured(void *arg, const char *name)
{
	const struct captures *captures = arg;

	if (strcmp(name, "host") == 0)
		return captures->action->host;
	return captures->command ? cs_command_captured(captures->command, captures->action, name) : NULL;
}

static int denied_by(const struct cs_gate *gate, struct cs_match *match)
{
	match->text = cs_dup(gate->deny);
	if (!match->text)
		return CS_ENOMEM;
	match->kind = CS_MATCH_DENY;
	match->gate = gate;
	return 0;
}

static int not_a_word(const struct cs_gate *gate, const char *name, struct cs_match *match)
{
	match->kind = CS_MATCH_ARGUMENTS;
	return cs_format(&match->text,
			 "gate %s: the value of %s must be one word of letters, digits, '.', '_' and '-', not "
			 "beginning with '-' or '.'",
			 gate->name, name);
}

static int guarded_by(const struct cs_gate *gate, const struct command *command, const struct cs_action *action,
		      struct cs_match *match)
{
	struct captures captures = {command, action};
	char scope[CS_MAX_SCOPE + 1];
	const char *bad = command ? cs_command_bad_capture(command, action) : NULL;

	if (bad)
		return not_a_word(gate, bad, match);
	if (cs_scope_fill(&gate->scope, captured, &captures, scope) < 0)
		return not_a_word(
			gate, cs_scope_uses(&gate->scope, "host") ? "the host's name or an argument" : "an argument",
			match);
	match->scope = cs_dup(scope);
	if (!match->scope)
		return CS_ENOMEM;
	match->kind = CS_MATCH_GATE;
	match->gate = gate;
	return 0;
}

static int other_arguments(const struct cs_gate *gate, const struct command *command, const struct cs_action *action,
			   struct cs_match *match)
{
	match->kind = CS_MATCH_ARGUMENTS;
	if (path_is_doubtful(action))
		return cs_format(&match->text,
				 "it could not be told which file this command is; name it by its plain path");
	if (gate->deny)
		return cs_format(&match->text,
				 "gate %s names this command, and no gate permits it with these arguments", gate->name);
	return cs_format(&match->text, "gate %s guards this command, but not with these arguments; it takes: %s",
			 gate->name, command->text);
}

static bool unmatched_permits(const struct cs_policy *policy, const char *service)
{
	for (size_t i = 0; i < policy->n_services; i++) {
		if (strcmp(policy->services[i].name, service) == 0)
			return policy->services[i].unmatched_permits;
	}
	return false;
}

/* A gate and the command of it that was met. */
struct met {
	const struct cs_gate *gate;
	const struct command *command;
};

/* The first gate that guards the action and the first that only names its path; 1 when a deny gate ends the search:
 * then guards is that one. */
static int search(const struct cs_policy *policy, const struct cs_action *action, struct met *guards, struct met *names)
{
	for (size_t i = 0; i < policy->n_gates; i++) {
		struct met met = {.gate = &policy->gates[i]};
		enum meeting meeting = meets_gate(policy, met.gate, action, &met.command);

		if (meeting == MEETS && met.gate->deny) {
			*guards = met;
			return 1;
		}
		if (meeting == MEETS && !guards->gate)
			*guards = met;
		/* What a gate with terms takes tells more than that another denies something else. */
		if (meeting == MEETS_PATH && (!names->gate || (names->gate->deny && !met.gate->deny)))
			*names = met;
	}
	return 0;
}

int cs_policy_match(const struct cs_policy *policy, const struct cs_action *action, struct cs_match *ret_match)
{
	struct cs_match match = {0};
	struct met guards = {0}, names = {0};
	int r = 0;

	if (search(policy, action, &guards, &names) == 1)
		r = denied_by(guards.gate, &match);
	else if (guards.gate)
		r = guarded_by(guards.gate, guards.command, action, &match);
	else if (names.gate)
		r = other_arguments(names.gate, names.command, action, &match);
	else
		match.unmatched_permits = unmatched_permits(policy, text_of(action->service));
	if (r == 0)
		*ret_match = match;
	else
		cs_match_clear(&match);
	return r;
}

void cs_match_clear(struct cs_match *match)
{
	if (!match)
		return;
	free(match->scope);
	free(match->text);
	*match = (struct cs_match){0};
}
