/* SPDX-License-Identifier: Apache-2.0 */
/* countersign break-glass: past the approvals for a while, for those whom the policy names. */
#include "mem.h"
#include "options.h"
#include "print.h"
#include "text.h"

#include "clock.h"

#include <string.h>

#define NOTHING "nothing was opened"

/* What is open, until when, and what has to follow: everything that the person needs in a hurry. */
static int print_open(const struct cs_break_glass_answer *answer)
{
	unsigned long long number = answer->decision.number;
	char until[21];
	struct cs_buf out;

	cs_time_text(answer->until_wall_ms, until);
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "Glass ");
	cs_escape(&out, cs_text_or(answer->name, ""));
	cs_put(&out, " is broken until %s: nobody is asked in ", until);
	cs_escape(&out, cs_text_or(answer->scope, ""));
	cs_put(&out, ", and everything you do there is recorded.\n");
	cs_put(&out, "Two others have to review it, or the next one is refused: countersign approve %llu", number);
	if (*cs_text_or(answer->decision.check_code, "") != '\0')
		cs_put(&out, ", check code %s", answer->decision.check_code);
	cs_put(&out, "\n");
	for (size_t i = 0; i < answer->n_lines; i++) {
		cs_escape(&out, answer->lines[i]);
		cs_put(&out, "\n");
	}
	return cs_print(&out);
}

static int read_reason(const char *given, char **ret_reason)
{
	int r = given != NULL ? 0 : cs_prompt("Reason, which everybody will read: ", CS_MAX_REASON, ret_reason);

	if (given != NULL && strlen(given) > CS_MAX_REASON)
		return cs_fail(CS_EXIT_USAGE, "the reason is longer than 1024 bytes", "--reason", NOTHING);
	if (given != NULL && (*ret_reason = cs_dup(given)) == NULL)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "break-glass", NOTHING);
	if (r != 0)
		return cs_fail(CS_EXIT_USAGE, "a reason is needed", "break-glass", "add --reason TEXT; " NOTHING);
	return 0;
}

static int break_it(struct cs_run *run, const struct cs_break_glass *call)
{
	struct cs_break_glass_answer answer = { 0 };
	const struct cs_decision *decision = &answer.decision;
	int status = cs_ask(run, CS_CALL_BREAK_GLASS, call, "break-glass", &answer);
	bool open = false;

	if (status != 0)
		return status;
	open = decision->verdict == CS_PERMIT;
	if (run->json)
		status = cs_print_json(&cs_break_glass_answer_shape, &answer);
	else if (open)
		status = print_open(&answer);
	if (!open)
		status = cs_fail(cs_exit_of_reason(decision->reason),
			cs_text_or(decision->text, cs_reason_text(decision->reason)), "break-glass", NOTHING);
	cs_clear(&cs_break_glass_answer_shape, &answer);
	return status;
}

int cs_run_break_glass(struct cs_run *run, char **args, size_t n)
{
	const char *reason = NULL, *lasts = NULL;
	const struct cs_option options[] = { { "--reason", NULL, &reason, NULL }, { "--for", NULL, &lasts, NULL } };
	struct cs_break_glass call = { 0 };
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 1, &n);

	if (status != 0)
		return status;
	call.glass = n > 0 ? args[0] : NULL;
	if (lasts != NULL && cs_parse_span(lasts, &call.lasts_ms) != 0)
		return cs_fail(CS_EXIT_USAGE, "is no span of time such as 15m", lasts, NOTHING);
	status = read_reason(reason, &call.reason);
	if (status == 0)
		status = break_it(run, &call);
	cs_free_str(&call.reason);
	return status;
}
