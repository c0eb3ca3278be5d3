/* SPDX-License-Identifier: Apache-2.0 */
/* countersign withdraw: takes back one's own vote. It needs no check code and no signature: it only takes away. */
#include "mem.h"
#include "options.h"
#include "print.h"
#include "vote.h"
#include "which.h"

#include <stdio.h>
#include <string.h>

static int print_withdrawn(const struct cs_decision *decision, uint64_t number)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "your vote on request %llu is withdrawn; it is %s\n", (unsigned long long)number,
		decision->reason == CS_WHY_ENDED ? "ended" : cs_state_name(decision->state));
	return cs_print(&out);
}

/* What a withdrawal leaves: the request waits on, or goes on with the others' votes; what it started is ended. */
static bool was_taken(const struct cs_decision *decision)
{
	return decision->reason == CS_WHY_NEEDS_APPROVAL || decision->reason == CS_WHY_PARKED ||
	       decision->reason == CS_WHY_APPROVED || decision->reason == CS_WHY_COOLING ||
	       decision->reason == CS_WHY_ENDED;
}

static int withdraw(struct cs_run *run, const struct cs_show_answer *shown, const char *comment)
{
	struct cs_vote_call call = { .number = shown->decision.number, .vote = CS_VOTE_WITHDRAW };
	struct cs_decision decision = { 0 };
	char where[40];
	int status = 0;

	snprintf(where, sizeof(where), "request %llu", (unsigned long long)call.number);
	memcpy(call.digest, shown->digest, sizeof(call.digest));
	call.comment = cs_dup(comment);
	if (call.comment == NULL)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), where, "");
	status = cs_ask(run, CS_CALL_VOTE, &call, where, &decision);
	cs_clear(&cs_vote_call_shape, &call);
	if (status != 0)
		return status;
	if (run->json)
		status = cs_print_json(&cs_decision_shape, &decision);
	else if (was_taken(&decision))
		status = print_withdrawn(&decision, shown->decision.number);
	if (!was_taken(&decision))
		status = cs_fail(cs_exit_of_reason(decision.reason),
			cs_text_or(decision.text, cs_reason_text(decision.reason)), where, "nothing was withdrawn");
	cs_clear(&cs_decision_shape, &decision);
	return status;
}

int cs_run_withdraw(struct cs_run *run, char **args, size_t n)
{
	struct cs_show_answer answer = { 0 };
	const char *comment = NULL;
	const struct cs_option options[] = { { "--comment", NULL, &comment, NULL } };
	uint64_t number = 0;
	int status = cs_options_read(run, args, n, options, 1, 1, 1, &n);

	if (status == 0)
		status = cs_check_comment(comment);
	if (status == 0)
		status = cs_find_request(run, args[0], &number);
	if (status == 0)
		status = cs_fetch_request(run, number, &answer);
	if (status != 0)
		return status;
	status = withdraw(run, &answer, comment);
	cs_clear(&cs_show_answer_shape, &answer);
	return status;
}
