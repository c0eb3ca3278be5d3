/* SPDX-License-Identifier: Apache-2.0 */
/* countersign reject: a rejection needs no check code; a comment is asked for, because the requester will read it. */
#include "mem.h"
#include "options.h"
#include "vote.h"
#include "which.h"

static int get_comment(const char *given, bool yes, char **ret_comment)
{
	int r = CS_EUNAVAIL;

	if (given == NULL && !yes)
		r = cs_prompt("Comment for the requester (may be empty): ", CS_MAX_REASON, ret_comment);
	if (r == 0)
		return 0;
	if (r == CS_ETOOBIG)
		return cs_fail(CS_EXIT_USAGE, "the comment is longer than 1024 bytes", "reject",
			"nothing was rejected");
	if (r != CS_EUNAVAIL)
		return cs_fail(CS_EXIT_USAGE, "no comment was typed", "reject", "nothing was rejected");
	*ret_comment = cs_dup(given);
	return *ret_comment == NULL ? cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "reject", "") : 0;
}

struct reject_options {
	const char *comment;
	bool yes;
	struct cs_sign_options sign;
};

static int reject(struct cs_run *run, const struct cs_show_answer *answer, const struct reject_options *options)
{
	char *comment = NULL;
	int status = 0;

	/* Nobody is asked for words that will be refused. */
	if (answer->may_vote)
		status = get_comment(options->comment, options->yes, &comment);
	if (status == 0)
		status = cs_cast_vote(run, answer, CS_VOTE_REJECT, "", answer->may_vote ? comment : options->comment,
			&options->sign);
	cs_free_str(&comment);
	return status;
}

/* Shows one request and votes on it. */
static int reject_one(struct cs_run *run, const char *word, const struct reject_options *options)
{
	struct cs_show_answer answer = { 0 };
	uint64_t number = 0;
	int status = cs_find_request(run, word, &number);

	if (status == 0)
		status = cs_fetch_to_vote(run, number, CS_VOTE_REJECT, &answer);
	if (status != 0)
		return status;
	cs_hang_up(run);
	status = cs_show_before_vote(run, &answer);
	if (status == 0)
		status = reject(run, &answer, options);
	cs_clear(&cs_show_answer_shape, &answer);
	return status;
}

int cs_run_reject(struct cs_run *run, char **args, size_t n)
{
	struct reject_options chosen = { 0 };
	const struct cs_option options[] = { { "--comment", NULL, &chosen.comment, NULL },
		{ "--yes", &chosen.yes, NULL, NULL }, CS_SIGN_OPTIONS(chosen.sign) };
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 1, CS_WORDS_MAX, &n), one = 0;

	if (status == 0)
		status = cs_check_comment(chosen.comment);
	if (status != 0)
		return status;
	/* One that fails does not keep the others from it. */
	for (size_t i = 0; i < n; i++) {
		one = reject_one(run, args[i], &chosen);
		status = status != 0 ? status : one;
	}
	return status;
}
