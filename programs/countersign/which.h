/* SPDX-License-Identifier: Apache-2.0 */
/* Which request a person means: "12", "#12", or the first digits of its id. */
#ifndef CS_COMMAND_WHICH_H
#define CS_COMMAND_WHICH_H

#include "command.h"

/* Reads a word without asking anybody: decimal digits, with or without '#', are a number; 4 to 32 hexadecimal digits of
 * which one is a letter, or more than 18 digits, begin an id. Nothing else is a request. ret_call->prefix is owned, in
 * lower case. 0, CS_EINVAL, CS_ENOMEM. */
int cs_which_parse(const char *word, struct cs_show *ret_call);

/* The request's number. For a prefix the daemon is asked; where several begin so they are listed. 0, or the exit status
 * after the error was told. */
int cs_find_request(struct cs_run *run, const char *word, uint64_t *ret_number);

/* Does the same with each word; one that fails does not keep the others from it. 0, or the first exit status that is not
 * 0. */
int cs_for_each(struct cs_run *run, char *const *words, size_t n, int (*act)(struct cs_run *run, const char *word));

#endif
