/* SPDX-License-Identifier: Apache-2.0 */
/* What can and why share: one question to the daemon, three possible answers. */
#ifndef CS_COMMAND_RIGHT_H
#define CS_COMMAND_RIGHT_H

#include "command.h"

/* Reads USER PERMISSION SCOPE and asks. 0, or the exit status after the error was told. */
int cs_fetch_right(struct cs_run *run, char **args, size_t n, struct cs_right_answer *ret_answer);

/* CS_EXIT_YES, CS_EXIT_NO or CS_EXIT_DOUBT; and the word for it. */
int cs_exit_of_right(const struct cs_right_answer *answer);
const char *cs_word_of_right(const struct cs_right_answer *answer);

#endif
