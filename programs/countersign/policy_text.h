/* SPDX-License-Identifier: Apache-2.0 */
/* One policy to look at: a file, standard input, or a generation that the daemon keeps. */
#ifndef CS_COMMAND_POLICY_TEXT_H
#define CS_COMMAND_POLICY_TEXT_H

#include "command.h"
#include "file.h"
#include "policy.h"

struct cs_policy_text {
	char *name;               /* for people: the file, "standard input" or "generation 7" */
	char *text;
	struct cs_policy *policy; /* NULL where the text was refused */
	struct cs_generation generation; /* of the daemon's; its number is 0 for every other text */
	struct cs_problem problem;       /* why it was refused */
};

/* which: a file, "-", a generation's number, "current", or NULL for the generation that was in force at wall_ms (0: the
 * one in force). 0; or the exit status after the error was told, CS_EXIT_NO where the policy is refused: then the
 * problem is set. Clear it in every case. */
int cs_policy_text_open(struct cs_run *run, const char *which, uint64_t wall_ms, struct cs_policy_text *ret_text);
void cs_policy_text_clear(struct cs_policy_text *text);

/* True when such a word names one of the daemon's generations and no file. */
bool cs_is_generation(const char *which);

/* Reads a generation's number. 0, or CS_EXIT_USAGE after the error was told. */
int cs_read_generation(const char *word, uint64_t *ret_number);

/* A policy file as bytes: that of root or of the caller, or "-". 0; or a negative error with problem set. */
int cs_policy_text_read(const char *path, char **ret_text, struct cs_problem *problem);

/* The text of one generation (0: the one in force), checked against its digest. 0, or the exit status after the error
 * was told. */
int cs_policy_text_fetch(struct cs_run *run, uint64_t number, struct cs_generation *ret_generation, char **ret_text);

/* Calls each for every generation, newest first, until it returns not 0 (which is returned). */
typedef int (*cs_generation_fn)(void *arg, const struct cs_generation *generation);
int cs_generations_each(struct cs_run *run, cs_generation_fn each, void *arg);

/* Prints "file:line: text" on standard error. Returns status. */
int cs_fail_problem(int status, const char *path, int error, const struct cs_problem *problem);

#endif
