/* SPDX-License-Identifier: Apache-2.0 */
/* countersign cancel */
#include "options.h"
#include "print.h"
#include "which.h"

#include <stdio.h>

static int print_cancelled(uint64_t number)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "request %llu is cancelled\n", (unsigned long long)number);
	return cs_print(&out);
}

static int cancel(struct cs_run *run, const char *word)
{
	struct cs_cancel call = { 0 };
	struct cs_decision decision = { 0 };
	char where[40];
	int status = cs_find_request(run, word, &call.number);

	if (status != 0)
		return status;
	snprintf(where, sizeof(where), "request %llu", (unsigned long long)call.number);
	status = cs_ask(run, CS_CALL_CANCEL, &call, where, &decision);
	if (status != 0)
		return status;
	if (run->json)
		status = cs_print_json(&cs_decision_shape, &decision);
	else if (decision.reason == CS_WHY_CANCELLED)
		status = print_cancelled(call.number);
	if (decision.reason != CS_WHY_CANCELLED)
		status = cs_fail(cs_exit_of_reason(decision.reason),
			cs_text_or(decision.text, cs_reason_text(decision.reason)), where,
			"nothing was cancelled");
	cs_clear(&cs_decision_shape, &decision);
	return status;
}

int cs_run_cancel(struct cs_run *run, char **args, size_t n)
{
	int status = cs_options_read(run, args, n, NULL, 0, 1, CS_WORDS_MAX, &n);

	if (status != 0)
		return status;
	return cs_for_each(run, args, n, cancel);
}
