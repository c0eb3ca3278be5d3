/* SPDX-License-Identifier: Apache-2.0 */
/* countersign end: what runs because of a request is told to end. */
#include "mem.h"
#include "options.h"
#include "print.h"
#include "which.h"

#include <stdio.h>

static int print_ended(uint64_t number)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "what runs because of request %llu is told to end\n", (unsigned long long)number);
	return cs_print(&out);
}

static int end(struct cs_run *run, uint64_t number, const char *reason)
{
	struct cs_end call = { .number = number, .reason = cs_dup(reason) };
	struct cs_decision decision = { 0 };
	char where[40];
	int status = 0;

	(void)snprintf(where, sizeof(where), "request %llu", (unsigned long long)number);
	if (call.reason == NULL)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), where, "");
	status = cs_ask(run, CS_CALL_END, &call, where, &decision);
	cs_clear(&cs_end_shape, &call);
	if (status != 0)
		return status;
	if (run->json)
		status = cs_print_json(&cs_decision_shape, &decision);
	else if (decision.reason == CS_WHY_ENDED)
		status = print_ended(number);
	if (decision.reason != CS_WHY_ENDED)
		status = cs_fail(cs_exit_of_reason(decision.reason),
			cs_text_or(decision.text, cs_reason_text(decision.reason)), where, "nothing was ended");
	cs_clear(&cs_decision_shape, &decision);
	return status;
}

int cs_run_end(struct cs_run *run, char **args, size_t n)
{
	const char *reason = NULL;
	const struct cs_option options[] = { { "--reason", NULL, &reason, NULL } };
	uint64_t number = 0;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 1, 1, &n);

	if (status == 0 && run->help)
		return 0;
	if (status == 0 && (reason == NULL || *reason == '\0'))
		return cs_fail(CS_EXIT_USAGE, "a reason is needed", "end", "the person in it reads it: --reason TEXT");
	if (status == 0)
		status = cs_find_request(run, args[0], &number);
	return status == 0 ? end(run, number, reason) : status;
}
