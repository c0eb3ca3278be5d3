/* SPDX-License-Identifier: Apache-2.0 */
/* countersign status */
#include "options.h"
#include "print.h"
#include "view.h"
#include "view_parts.h"

int cs_run_status(struct cs_run *run, char **args, size_t n)
{
	struct cs_empty call = { 0 };
	struct cs_status answer = { 0 };
	struct cs_buf out;
	int status = cs_options_read(run, args, n, NULL, 0, 0, 0, &n);

	if (status == 0)
		status = cs_ask(run, CS_CALL_STATUS, &call, "", &answer);
	if (status != 0)
		return status;
	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (run->json) {
		status = cs_print_json(&cs_status_shape, &answer);
	} else {
		cs_view_status(&out, &run->look, &answer);
		status = cs_print_wrapped(&run->look, &out, CS_GOES_ON);
	}
	if (status == 0 && !answer.directory_ok)
		status = CS_EXIT_NO;
	cs_clear(&cs_status_shape, &answer);
	return status;
}
