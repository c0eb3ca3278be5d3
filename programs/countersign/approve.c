/* SPDX-License-Identifier: Apache-2.0 */
/* countersign approve: shows the request, asks for the check code, votes on exactly what was shown. */
#include "mem.h"
#include "options.h"
#include "vote.h"

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

int cs_run_approve(struct cs_run *run, char **args, size_t n)
{
	struct approve_options chosen = { 0 };
	const struct cs_option options[] = {
		{ "--code", NULL, &chosen.code, NULL }, { "--comment", NULL, &chosen.comment, NULL },
		{ "--yes", &chosen.yes, NULL, NULL }, CS_SIGN_OPTIONS(chosen.sign)
	};
	struct cs_show_answer answer = { 0 };
	uint64_t number = 0;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 1, 1, &n);

	if (status == 0)
		status = cs_read_number(args[0], &number);
	if (status == 0 && chosen.code != NULL)
		status = cs_check_code_form(chosen.code);
	if (status == 0)
		status = cs_check_comment(chosen.comment);
	if (status == 0)
		status = cs_fetch_request(run, number, &answer);
	if (status != 0)
		return status;
	cs_hang_up(run);
	status = cs_show_before_vote(run, &answer);
	if (status == 0)
		status = approve(run, &answer, &chosen);
	cs_clear(&cs_show_answer_shape, &answer);
	return status;
}
