/* SPDX-License-Identifier: Apache-2.0 */
/* countersign list */
#include "mem.h"
#include "options.h"
#include "print.h"
#include "view.h"

#include <stddef.h>

static int print_list(struct cs_run *run, const struct cs_list *call, const struct cs_list_answer *answer)
{
	struct cs_buf out;
	int r = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (answer->n_rows == 0)
		cs_put(&out, call->mine ? "You have no %srequests.\n" : "No %srequests that you may see.\n",
			call->all ? "" : "open ");
	else
		r = cs_view_list(&out, &run->look, answer);
	if (r != 0) {
		cs_buf_clear(&out);
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "list", "");
	}
	return cs_print(&out);
}

int cs_run_list(struct cs_run *run, char **args, size_t n)
{
	struct cs_list call = { 0 };
	struct cs_list_answer answer = { 0 };
	const struct cs_option options[] = { { "--all", &call.all, NULL, NULL }, { "--mine", &call.mine, NULL, NULL } };
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n);

	if (status == 0)
		status = cs_ask(run, CS_CALL_LIST, &call, "", &answer);
	if (status != 0)
		return status;
	status = run->json ? cs_print_json(&cs_list_answer_shape, &answer) : print_list(run, &call, &answer);
	cs_clear(&cs_list_answer_shape, &answer);
	return status;
}
