/* SPDX-License-Identifier: Apache-2.0 */
/* countersign why: the same answer as can, with the steps that lead to it. */
#include "right.h"

static void put_answer(struct cs_buf *out, const struct cs_look *look, const struct cs_right_answer *answer)
{
	cs_put_right(out, look, answer);
	cs_put(out, "\n");
	for (size_t i = 0; i < answer->n_steps; i++)
		cs_put_step(out, answer->steps[i]);
	cs_put_told(out, answer);
}

int cs_run_why(struct cs_run *run, char **args, size_t n)
{
	return cs_run_right(run, args, n, put_answer, cs_exit_of_right);
}
