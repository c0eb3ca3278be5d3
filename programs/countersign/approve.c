/* SPDX-License-Identifier: Apache-2.0 */
/* countersign approve: shows each request, asks for its check code, votes on exactly what was shown. */
#include "mem.h"
#include "options.h"
#include "vote.h"
#include "which.h"

#include <string.h>

struct approve_options {
	const char *code;
	const char *comment;
	bool yes;
	struct cs_sign_options sign;
};

/* Who may not vote is not asked for a code; the vote is sent without one, so that the daemon refuses and records it. */
static int vote_without_right(struct cs_run *run, const struct cs_show_answer *answer,
	const struct approve_options *options)
{
	return cs_cast_vote(run, answer, CS_VOTE_APPROVE, options->code, options->comment, &options->sign);
}

static int approve(struct cs_run *run, const struct cs_show_answer *answer, const struct approve_options *options)
{
	char *code = NULL;
	int status = 0;

	if (!answer->may_vote)
		return vote_without_right(run, answer, options);
	status = cs_get_code(options->code, options->yes, &code);
	/* A person thinks for minutes; the daemon need not keep the line open for that. */
	if (status == 0)
		status = cs_cast_vote(run, answer, CS_VOTE_APPROVE, code, options->comment, &options->sign);
	cs_free_str(&code);
	return status;
}

/* Shows one request and votes on it. */
static int approve_one(struct cs_run *run, const char *word, const struct approve_options *options)
{
	struct cs_show_answer answer = { 0 };
	uint64_t number = 0;
	int status = cs_find_request(run, word, &number);

	if (status == 0)
		status = cs_fetch_to_vote(run, number, CS_VOTE_APPROVE, &answer);
	if (status != 0)
		return status;
	cs_hang_up(run);
	status = cs_show_before_vote(run, &answer);
	if (status == 0)
		status = approve(run, &answer, options);
	cs_clear(&cs_show_answer_shape, &answer);
	return status;
}

/* Each request has a code of its own, in the same order. */
static int check_codes(const struct cs_words *codes, size_t n)
{
	int status = 0;

	if (codes->n > 0 && codes->n != n)
		return cs_fail(CS_EXIT_USAGE, "each request has its own check code", "--code", "give it once for each");
	for (size_t i = 0; i < codes->n && status == 0; i++)
		status = cs_check_code_form(codes->at[i]);
	return status;
}

int cs_run_approve(struct cs_run *run, char **args, size_t n)
{
	struct approve_options chosen = { 0 };
	struct cs_words codes = { .n = 0 };
	const struct cs_option options[] = {
		{ "--code", NULL, NULL, &codes }, { "--comment", NULL, &chosen.comment, NULL },
		{ "--yes", &chosen.yes, NULL, NULL }, CS_SIGN_OPTIONS(chosen.sign)
	};
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 1, CS_WORDS_MAX, &n), one = 0;

	if (status == 0)
		status = check_codes(&codes, n);
	if (status == 0)
		status = cs_check_comment(chosen.comment);
	if (status != 0)
		return status;
	/* One that fails does not keep the others from it. */
	for (size_t i = 0; i < n; i++) {
		chosen.code = codes.n > 0 ? codes.at[i] : NULL;
		one = approve_one(run, args[i], &chosen);
		status = status != 0 ? status : one;
	}
	return status;
}
