/* SPDX-License-Identifier: Apache-2.0 */
/* countersign drill: would break-glass work? Everything is tried and nothing opened. */
#include "options.h"
#include "print.h"
#include "text.h"

static void put_line(struct cs_buf *out, const char *line)
{
	cs_escape(out, line);
	cs_put(out, "\n");
}

static int print_drill(const struct cs_break_glass_answer *answer)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	for (size_t i = 0; i < answer->n_lines; i++)
		put_line(&out, answer->lines[i]);
	if (answer->decision.verdict == CS_PERMIT)
		put_line(&out, cs_text_or(answer->decision.text, ""));
	return cs_print(&out);
}

int cs_run_drill(struct cs_run *run, char **args, size_t n)
{
	struct cs_break_glass call = { .drill = true };
	struct cs_break_glass_answer answer = { 0 };
	const struct cs_decision *decision = &answer.decision;
	int status = cs_options_read(run, args, n, NULL, 0, 0, 1, &n);

	if (status != 0)
		return status;
	call.glass = n > 0 ? args[0] : NULL;
	status = cs_ask(run, CS_CALL_BREAK_GLASS, &call, "drill", &answer);
	if (status != 0)
		return status;
	status = run->json ? cs_print_json(&cs_break_glass_answer_shape, &answer) : print_drill(&answer);
	if (decision->verdict != CS_PERMIT)
		status = cs_fail(cs_exit_of_reason(decision->reason),
			cs_text_or(decision->text, cs_reason_text(decision->reason)), "drill",
			"break-glass would not work");
	cs_clear(&cs_break_glass_answer_shape, &answer);
	return status;
}
