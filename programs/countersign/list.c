/* SPDX-License-Identifier: Apache-2.0 */
/* countersign list */
#include "mem.h"
#include "options.h"
#include "print.h"
#include "view.h"
#include "which.h"

#include <stddef.h>

/* What an empty list says, in one line. */
static void put_nothing(struct cs_buf *out, const struct cs_list *call)
{
	const char *open = call->all ? "" : "open ";

	if (call->waiting)
		cs_put(out, "Nothing waits for your vote.\n");
	else if (call->mine)
		cs_put(out, "You have no %srequests.\n", open);
	else
		cs_put(out, "No %srequests that you may see.\n", open);
}

static int print_list(struct cs_run *run, const struct cs_list *call, const struct cs_list_answer *answer)
{
	struct cs_buf out;
	int r = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (answer->n_rows == 0)
		put_nothing(&out, call);
	else
		r = cs_view_list(&out, &run->look, answer);
	if (r != 0) {
		cs_buf_clear(&out);
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "list", "");
	}
	cs_view_more(&out, call, answer);
	return cs_print(&out);
}

int cs_run_list(struct cs_run *run, char **args, size_t n)
{
	struct cs_list call = { 0 };
	struct cs_list_answer answer = { 0 };
	const char *before = NULL;
	const struct cs_option options[] = { { "--all", &call.all, NULL, NULL }, { "--mine", &call.mine, NULL, NULL },
		{ "--waiting", &call.waiting, NULL, NULL }, { "--before", NULL, &before, NULL } };
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n);

	if (status == 0 && before != NULL)
		status = cs_find_request(run, before, &call.before);
	if (status == 0)
		status = cs_ask(run, CS_CALL_LIST, &call, "", &answer);
	if (status != 0)
		return status;
	status = run->json ? cs_print_json(&cs_list_answer_shape, &answer) : print_list(run, &call, &answer);
	cs_clear(&cs_list_answer_shape, &answer);
	return status;
}
