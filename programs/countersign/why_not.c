/* SPDX-License-Identifier: Apache-2.0 */
/* countersign why-not: what is missing comes first, then the other steps; the exit status is the other way round. */
#include "right.h"

#include <string.h>

/* The engine's word for a step that is missing and for what would supply it. */
static bool is_missing(const char *step)
{
	return step != NULL && strncmp(step, "not held:", strlen("not held:")) == 0;
}

static void put_steps(struct cs_buf *out, const struct cs_right_answer *answer, bool missing)
{
	for (size_t i = 0; i < answer->n_steps; i++) {
		if (is_missing(answer->steps[i]) == missing)
			cs_put_step(out, answer->steps[i]);
	}
}

static void put_answer(struct cs_buf *out, const struct cs_look *look, const struct cs_right_answer *answer)
{
	if (answer->verdict == CS_PERMIT) {
		cs_put_styled(out, look, CS_GREEN, "it is held");
		cs_put(out, "\n");
	} else {
		cs_put_right(out, look, answer);
		cs_put(out, "\n");
		put_steps(out, answer, true);
	}
	put_steps(out, answer, false);
	cs_put_told(out, answer);
}

static int exit_of(const struct cs_right_answer *answer)
{
	static const int statuses[] = { [CS_EXIT_YES] = CS_EXIT_NO, [CS_EXIT_NO] = CS_EXIT_YES,
		[CS_EXIT_DOUBT] = CS_EXIT_DOUBT };

	return statuses[cs_exit_of_right(answer)];
}

int cs_run_why_not(struct cs_run *run, char **args, size_t n)
{
	return cs_run_right(run, args, n, put_answer, exit_of);
}
