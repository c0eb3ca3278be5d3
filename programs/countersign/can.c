/* SPDX-License-Identifier: Apache-2.0 */
/* countersign can: one word, and the exit status says the same. */
#include "right.h"

static void put_word(struct cs_buf *out, const struct cs_look *look, const struct cs_right_answer *answer)
{
	(void)look;
	cs_put(out, "%s\n", cs_word_of_right(answer));
}

int cs_run_can(struct cs_run *run, char **args, size_t n)
{
	return cs_run_right(run, args, n, put_word, cs_exit_of_right);
}
