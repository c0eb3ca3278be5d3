/* SPDX-License-Identifier: Apache-2.0 */
/* countersign policy apply: a new generation of the policy, from a file. */
#include "apply.h"
#include "mem.h"
#include "policy_text.h"

/* The file that the daemon is configured with: where it is edited on many hosts. */
static int find_file(struct cs_run *run, char **ret_file)
{
	struct cs_empty call = { 0 };
	struct cs_status answer = { 0 };
	int status = cs_ask(run, CS_CALL_STATUS, &call, "status", &answer);

	if (status != 0)
		return status;
	if (answer.policy_file == NULL || answer.policy_file[0] != '/') {
		cs_clear(&cs_status_shape, &answer);
		return cs_fail(CS_EXIT_USAGE, "the daemon names no policy file", "policy apply", "name one");
	}
	*ret_file = answer.policy_file;
	answer.policy_file = NULL;
	cs_clear(&cs_status_shape, &answer);
	return 0;
}

static int apply_file(struct cs_run *run, const char *file, const struct cs_apply_options *options)
{
	struct cs_apply call = { .kind = CS_APPLY_TEXT };
	struct cs_policy_text text;
	int status = 0;

	if (cs_is_generation(file))
		return cs_fail(CS_EXIT_USAGE, "that is a generation, not a file", file,
			"see `countersign policy rollback`, or write ./FILE");
	status = cs_policy_text_open(run, file, 0, &text);
	if (status == 0)
		status = cs_apply(run, &call, text.text, options);
	cs_policy_text_clear(&text);
	return status;
}

int cs_run_policy_apply(struct cs_run *run, char **args, size_t n)
{
	struct cs_apply_options options = { 0 };
	struct cs_option rows[CS_APPLY_ROWS];
	char *file = NULL;
	int status = 0;

	cs_apply_rows(&options, rows);
	status = cs_options_read(run, args, n, rows, CS_APPLY_ROWS, 0, 1, &n);
	if (status == 0 && n == 0)
		status = find_file(run, &file);
	if (status == 0)
		status = apply_file(run, n == 0 ? file : args[0], &options);
	cs_free_str(&file);
	return status;
}
