/* SPDX-License-Identifier: Apache-2.0 */
/* Does one gate surely meet all that another one meets? What cannot be shown here counts as no. */
#include "policy_internal.h"
#include "text.h"

#include <string.h>

bool cs_covers_every_host(const struct cs_gate *gate)
{
	for (size_t i = 0; i < gate->n_hosts; i++) {
		if (strspn(gate->hosts[i], "*") == strlen(gate->hosts[i]))
			return true;
	}
	return gate->n_hosts == 0 && gate->n_netgroups == 0;
}

/* A '*' of the narrower pattern is a letter that only a '*' of the wider one meets. */
bool cs_covers_host(const struct cs_gate *gate, const char *pattern)
{
	for (size_t i = 0; i < gate->n_hosts; i++) {
		if (cs_glob(gate->hosts[i], pattern) == 1)
			return true;
	}
	return cs_covers_every_host(gate);
}

bool cs_covers_netgroup(const struct cs_gate *gate, size_t netgroup)
{
	for (size_t i = 0; i < gate->n_netgroups; i++) {
		if (gate->netgroups[i] == netgroup)
			return true;
	}
	return cs_covers_every_host(gate);
}

bool cs_covers_classes(const struct cs_gate *wide, const struct cs_gate *narrow)
{
	return wide->classes == 0 || (narrow->classes != 0 && (narrow->classes & ~wide->classes) == 0);
}

static bool has_name(const struct path *path, const char *name)
{
	return !*name || strcmp(path->name, name) == 0 || strcmp(path->resolved, name) == 0;
}

/* Everything that leads to the narrower path leads to the wider one. */
static bool covers_name(const struct cs_policy *policy, const struct command *wide, const struct command *narrow)
{
	const struct path *path;

	if (strcmp(wide->name, narrow->name) == 0)
		return true;
	if (!cs_command_is_path(wide) || !cs_command_is_path(narrow))
		return false;
	path = &policy->paths[wide->path];
	return has_name(path, policy->paths[narrow->path].name) && has_name(path, policy->paths[narrow->path].resolved);
}

/* The word at a place; a path alone takes every list of arguments. NULL past the end. */
static const struct word *word_at(const struct command *command, size_t i)
{
	static const struct word rest = {.kind = WORD_REST};

	if (command->n_words == 0)
		return i == 0 ? &rest : NULL;
	return i < command->n_words ? &command->words[i] : NULL;
}

static bool covers_words(const struct command *wide, const struct command *narrow)
{
	for (size_t i = 0;; i++) {
		const struct word *a = word_at(wide, i), *b = word_at(narrow, i);

		if (a && a->kind == WORD_REST)
			return true;
		if (!a || !b)
			return !a && !b;
		if (b->kind == WORD_REST)
			return false;
		if (a->kind == WORD_LITERAL && (b->kind != WORD_LITERAL || strcmp(a->text, b->text) != 0))
			return false;
	}
}

bool cs_covers_command(const struct cs_policy *policy, const struct cs_gate *gate, const struct command *command)
{
	for (size_t i = 0; command && i < gate->n_commands; i++) {
		if (covers_name(policy, &gate->commands[i], command) && covers_words(&gate->commands[i], command))
			return true;
	}
	return gate->n_commands == 0;
}
