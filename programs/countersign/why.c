/* SPDX-License-Identifier: Apache-2.0 */
/* countersign why: the same answer as can, with the steps that lead to it. */
#include "print.h"
#include "right.h"

static void put_answer(struct cs_buf *out, const struct cs_look *look, const struct cs_right_answer *answer)
{
	cs_put_right(out, look, answer);
	cs_put(out, "\n");
	for (size_t i = 0; i < answer->n_steps; i++)
		cs_put_step(out, answer->steps[i]);
}

int cs_run_why(struct cs_run *run, char **args, size_t n)
{
	struct cs_right_answer answer = { 0 };
	struct cs_buf out;
	int status = cs_fetch_right(run, args, n, &answer);

	if (status != 0)
		return status;
	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (run->json) {
		status = cs_print_json(&cs_right_answer_shape, &answer);
	} else {
		put_answer(&out, &run->look, &answer);
		status = cs_print(&out);
	}
	if (status == 0)
		status = cs_exit_of_right(&answer);
	cs_clear(&cs_right_answer_shape, &answer);
	return status;
}
