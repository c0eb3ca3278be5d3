/* SPDX-License-Identifier: Apache-2.0 */
/* countersign show */
#include "bundle.h"
#include "options.h"
#include "mem.h"
#include "print.h"
#include "view.h"
#include "vote.h"
#include "which.h"

int cs_run_show(struct cs_run *run, char **args, size_t n)
{
	struct cs_sign_options sign = { 0 };
	bool bundle = false;
	const struct cs_option options[] = { { "--bundle", &bundle, NULL, NULL }, { "--roster", NULL, &sign.roster, NULL },
		{ "--key", NULL, &sign.key, NULL } };
	struct cs_show_answer answer = { 0 };
	struct cs_buf out;
	uint64_t number = 0;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 1, 1, &n);

	if (status == 0)
		status = cs_find_request(run, args[0], &number);
	if (status == 0)
		status = cs_fetch_request(run, number, &answer);
	if (status != 0)
		return status;
	if (bundle) {
		status = cs_bundle_print(&sign, &answer);
		cs_clear(&cs_show_answer_shape, &answer);
		return status;
	}
	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (run->json) {
		status = cs_print_request_json(&answer, true);
	} else {
		cs_view_request(&out, &run->look, &answer, false);
		status = cs_print(&out);
	}
	if (status == 0)
		status = cs_exit_of_state(answer.decision.state);
	cs_clear(&cs_show_answer_shape, &answer);
	return status;
}
