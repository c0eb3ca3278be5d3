/* SPDX-License-Identifier: Apache-2.0 */
/* What approve, reject, sign and show share: the request as it is, and the vote on exactly that. */
#ifndef CS_COMMAND_VOTE_H
#define CS_COMMAND_VOTE_H

#include "command.h"
#include "signer.h"

/* Fetches a request and computes its digest here, so that what is shown is what a vote names: a daemon whose digest
 * is another is not believed. 0, or the exit status after the error was told. */
int cs_fetch_request(struct cs_run *run, uint64_t number, struct cs_show_answer *ret_answer);

/* The same for somebody who is about to vote. Where there is no such request that the caller may see, the vote is sent
 * without a digest, which no daemon takes, and why it was refused is told. 0, or an exit status, told. */
int cs_fetch_to_vote(struct cs_run *run, uint64_t number, enum cs_vote vote, struct cs_show_answer *ret_answer);

/* The digest of a request as it is here. 0, CS_ENOMEM, CS_ETOOBIG. */
int cs_request_digest(const struct cs_request *request, uint8_t ret_digest[CS_DIGEST_LEN]);

/* Shows the request, shorter: on standard output, or with --json on standard error. An exit status. */
int cs_show_before_vote(const struct cs_run *run, const struct cs_show_answer *answer);

/* Checks a comment's length. 0, or CS_EXIT_USAGE, told. */
int cs_check_comment(const char *comment);

/* The vote on a request as it was shown, without a signature. 0, or CS_EXIT_INTERNAL, told. Clear with cs_clear. */
int cs_make_vote(const struct cs_show_answer *shown, enum cs_vote vote, const char *code, const char *comment,
	struct cs_vote_call *ret_call);

/* Signs it where the request asks for that, or one of the signer's keys is at hand, and says which; over the head of the
 * evidence that was kept last. signer is all zero where there is none, because of `why`. 0, or an exit status, told. */
int cs_sign_vote(const struct cs_run *run, const struct cs_sign_options *options, const struct cs_show_answer *shown,
	const struct cs_signer *signer, const char *why, struct cs_vote_call *call);

/* Sends it and prints what it led to. shown (may be NULL) is what was shown. An exit status. */
int cs_send_vote(struct cs_run *run, const struct cs_show_answer *shown, const struct cs_vote_call *call);

/* All three: the vote on the request as it was shown, signed by the caller as the roster of this host knows him. */
int cs_cast_vote(struct cs_run *run, const struct cs_show_answer *shown, enum cs_vote vote, const char *code,
	const char *comment, const struct cs_sign_options *options);

/* Four digits? 0, or CS_EXIT_USAGE, told. */
int cs_check_code_form(const char *code);
/* The check code from the command line (may be NULL) or, unless yes, from the terminal. 0, or an exit status, told. */
int cs_get_code(const char *given, bool yes, char **ret_code);

#endif
