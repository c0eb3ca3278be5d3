/* SPDX-License-Identifier: Apache-2.0 */
/* Command-line options from tables; an unknown one is an error and never a word. */
#include "options.h"
#include "mem.h"

#include <string.h>

/* 0, or -1 after the error was told. */
static int set_value(const struct cs_option *option, char *value)
{
	if (option->words == NULL) {
		*option->value = value;
		return 0;
	}
	if (option->words->n == CS_WORDS_MAX)
		return cs_fail(-1, "the option is given too often", option->name, "");
	option->words->at[option->words->n++] = value;
	return 0;
}

/* Tries one table on args[at]. 1: taken, *ret_used words were used; 0: not in this table; -1: wrong, told. */
static int take(const struct cs_option *options, size_t n_options, char **args, size_t n, size_t at, size_t *ret_used)
{
	const char *word = args[at];
	size_t length = strcspn(word, "=");
	bool joined = word[length] == '=';

	for (size_t i = 0; i < n_options; i++) {
		if (strlen(options[i].name) != length || strncmp(options[i].name, word, length) != 0)
			continue;
		*ret_used = 1;
		if (options[i].flag != NULL && joined)
			return cs_fail(-1, "the option takes no value", options[i].name, "");
		if (options[i].flag != NULL) {
			*options[i].flag = true;
			return 1;
		}
		if (!joined && at + 1 >= n)
			return cs_fail(-1, "the option needs a value", options[i].name, "");
		*ret_used = joined ? 1 : 2;
		return set_value(&options[i], joined ? args[at] + length + 1 : args[at + 1]) == 0 ? 1 : -1;
	}
	return 0;
}

static int take_shared(struct cs_run *run, char **args, size_t n, size_t at, size_t *ret_used)
{
	const struct cs_option shared[] = {
		{ "--json", &run->json, NULL, NULL },
		{ "--help", &run->help, NULL, NULL },
		{ "--socket", NULL, &run->socket, NULL },
		{ "--server-user", NULL, &run->server_user, NULL },
	};

	return take(shared, CS_COUNT(shared), args, n, at, ret_used);
}

static int usage_hint(const struct cs_run *run, const char *what, const char *where)
{
	char *next = NULL;
	int status = CS_EXIT_USAGE;

	if (cs_format(&next, "usage: countersign %s %s", run->command->name, run->command->usage) != 0)
		return cs_fail(CS_EXIT_USAGE, what, where, "");
	status = cs_fail(CS_EXIT_USAGE, what, where, next);
	cs_free_str(&next);
	return status;
}

static bool looks_like_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

int cs_options_read(struct cs_run *run, char **args, size_t n, const struct cs_option *options, size_t n_options,
	size_t min, size_t max, size_t *ret_words)
{
	size_t words = 0, used = 1;
	bool only_words = false;

	for (size_t at = 0; at < n; at += used) {
		int taken = 0;

		used = 1;
		if (!only_words && strcmp(args[at], "--") == 0) {
			only_words = true;
			continue;
		}
		if (only_words || !looks_like_option(args[at])) {
			args[words++] = args[at];
			continue;
		}
		taken = take(options, n_options, args, n, at, &used);
		if (taken == 0)
			taken = take_shared(run, args, n, at, &used);
		if (taken == 0)
			return usage_hint(run, "there is no such option", args[at]);
		if (taken != 1)
			return CS_EXIT_USAGE;
	}
	if (run->help)
		return CS_EXIT_USAGE;
	if (words < min)
		return usage_hint(run, "something is missing", run->command->name);
	if (words > max)
		return usage_hint(run, "this is too much", args[max]);
	*ret_words = words;
	return 0;
}

int cs_options_leading(struct cs_run *run, char **args, size_t n, size_t *ret_used)
{
	size_t at = 0, used = 0;

	while (at < n && looks_like_option(args[at])) {
		int taken = take_shared(run, args, n, at, &used);

		if (taken == 0 && strcmp(args[at], "--version") == 0) {
			run->version = true;
			taken = 1;
			used = 1;
		}
		if (taken < 0)
			return CS_EXIT_USAGE;
		if (taken == 0)
			break;
		at += used;
	}
	*ret_used = at;
	return 0;
}
