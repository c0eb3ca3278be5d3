/* SPDX-License-Identifier: Apache-2.0 */
/* countersign can: one word, and the exit status says the same. */
#include "print.h"
#include "right.h"

int cs_run_can(struct cs_run *run, char **args, size_t n)
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
		cs_put(&out, "%s\n", cs_word_of_right(&answer));
		status = cs_print(&out);
	}
	if (status == 0)
		status = cs_exit_of_right(&answer);
	cs_clear(&cs_right_answer_shape, &answer);
	return status;
}
