/* SPDX-License-Identifier: Apache-2.0 */
/* What can, why and why-not share: one question, three possible answers. */
#ifndef CS_COMMAND_RIGHT_H
#define CS_COMMAND_RIGHT_H

#include "source.h"

typedef void (*cs_put_right_fn)(struct cs_buf *out, const struct cs_look *look, const struct cs_right_answer *answer);

/* Reads the options and USER PERMISSION SCOPE, asks the daemon, or with a what-if the source that is named, and prints
 * the answer: with put, or as JSON. Returns the exit status; exit_of gives it where all went well. */
int cs_run_right(struct cs_run *run, char **args, size_t n, cs_put_right_fn put,
	int (*exit_of)(const struct cs_right_answer *answer));

/* The same answer from facts. 0; CS_ENOENT (no such permission), CS_ENOMEM. Clear it with cs_clear. */
int cs_right_of(const struct cs_policy *policy, const struct cs_facts *facts, const char *permission, const char *scope,
	struct cs_right_answer *ret_answer);

/* One line of error for a permission that the policy does not define. Returns the exit status. */
int cs_fail_permission(const char *permission);

/* CS_EXIT_YES, CS_EXIT_NO or CS_EXIT_DOUBT; and the word for it. */
int cs_exit_of_right(const struct cs_right_answer *answer);
const char *cs_word_of_right(const struct cs_right_answer *answer);
/* Appends "yes", "no: …" or "could not tell: …" in its colour, without a newline. */
void cs_put_right(struct cs_buf *out, const struct cs_look *look, const struct cs_right_answer *answer);
/* Appends "from ldaps://ldap2.example.org, 4s old" on a line of its own; nothing where nobody told any facts. */
void cs_put_told(struct cs_buf *out, const struct cs_right_answer *answer);
/* Appends one step on a line of its own. */
void cs_put_step(struct cs_buf *out, const char *step);

#endif
