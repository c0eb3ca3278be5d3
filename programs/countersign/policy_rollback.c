/* SPDX-License-Identifier: Apache-2.0 */
/* countersign policy rollback: the text of an earlier generation as a new one. */
#include "apply.h"
#include "policy_text.h"

int cs_run_policy_rollback(struct cs_run *run, char **args, size_t n)
{
	struct cs_apply call = { .kind = CS_APPLY_ROLLBACK };
	struct cs_apply_options options = { 0 };
	struct cs_option rows[CS_APPLY_ROWS];
	int status = 0;

	cs_apply_rows(&options, rows);
	status = cs_options_read(run, args, n, rows, CS_APPLY_ROWS, 1, 1, &n);
	if (status == 0)
		status = cs_read_generation(args[0], &call.number);
	if (status == 0 && call.number == 0)
		status = cs_fail(CS_EXIT_USAGE, "it is in force already", args[0], "see `countersign policy history`");
	return status != 0 ? status : cs_apply(run, &call, NULL, &options);
}
