/* SPDX-License-Identifier: Apache-2.0 */
/* What approve, reject and show share: the request as it is, and the vote on exactly that. */
#ifndef CS_COMMAND_VOTE_H
#define CS_COMMAND_VOTE_H

#include "command.h"

/* Fetches a request and computes its digest here, so that what is shown is what a vote names: a daemon whose digest
 * is another is not believed. 0, or the exit status after the error was told. */
int cs_fetch_request(struct cs_run *run, uint64_t number, struct cs_show_answer *ret_answer);

/* Shows the request, shorter: on standard output, or with --json on standard error. An exit status. */
int cs_show_before_vote(const struct cs_run *run, const struct cs_show_answer *answer);

/* Checks a comment's length. 0, or CS_EXIT_USAGE, told. */
int cs_check_comment(const char *comment);

/* Sends the vote on the request as it was shown and prints what it led to. An exit status. */
int cs_cast_vote(struct cs_run *run, const struct cs_show_answer *shown, enum cs_vote vote, const char *code,
	const char *comment);

#endif
