/* SPDX-License-Identifier: Apache-2.0 */
/* Command-line options: long ones only, anywhere among the words, `--name value` or `--name=value`; `--` ends them. */
#ifndef CS_COMMAND_OPTIONS_H
#define CS_COMMAND_OPTIONS_H

#include "command.h"

/* The values of an option that may be given several times. */
enum { CS_WORDS_MAX = 256 };
struct cs_words {
	char *at[CS_WORDS_MAX]; /* point into the arguments */
	size_t n;
};

/* An option is a flag, takes a value, or gathers values; the one that is not NULL is set. */
struct cs_option {
	const char *name; /* with the dashes */
	bool *flag;
	const char **value;
	struct cs_words *words;
};

/* Reads the options that every subcommand knows (--json, --socket, --server-user, --help) and those given. The other
 * words are moved to the front of args in their order; their number must lie between min and max.
 * 0, or CS_EXIT_USAGE after the error was told; with --help run->help is set and the words are not counted. */
int cs_options_read(struct cs_run *run, char **args, size_t n, const struct cs_option *options, size_t n_options,
	size_t min, size_t max, size_t *ret_words);

/* The same for what stands before the subcommand: stops at the first word, or at an option that is
 * not one of those of every subcommand. */
int cs_options_leading(struct cs_run *run, char **args, size_t n, size_t *ret_used);

#endif
