/* SPDX-License-Identifier: Apache-2.0 */
/* countersign policy check: what the daemon would say of the file, without a daemon. */
#include "mem.h"
#include "options.h"
#include "policy_load.h"
#include "print.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is printed with --json. */
struct checked {
	bool ok;
	char *file;
	uint32_t line;
	char *text;
	uint64_t permissions, roles, assignments, gates, services;
};

static const struct cs_field checked_fields[] = {
	CS_BOOL(checked, ok), CS_STR(checked, file, CS_MAX_PATH), CS_U32(checked, line),
	CS_STR(checked, text, CS_MAX_TEXT), CS_U64(checked, permissions), CS_U64(checked, roles),
	CS_U64(checked, assignments), CS_U64(checked, gates), CS_U64(checked, services)
};
static const struct cs_shape checked_shape = {
	.name = "checked", .size = sizeof(struct checked), .fields = checked_fields,
	.n_fields = CS_COUNT(checked_fields)
};

int cs_policy_load(const char *path, uid_t owner, struct cs_policy_counts *ret_counts, char **ret_text,
	struct cs_problem *problem)
{
	struct cs_policy *policy = NULL;
	char *text = NULL;
	size_t n = 0;
	int r = cs_file_read(path, owner, 0, CS_POLICY_FILE_MAX, &text, &n, problem);

	if (r == 0)
		r = cs_policy_parse(text, path, &policy, problem);
	if (r == 0) {
		cs_policy_count(policy, ret_counts);
		if (ret_text != NULL) {
			*ret_text = text;
			text = NULL;
		}
	}
	cs_policy_free(&policy);
	cs_free_str(&text);
	return r;
}

int cs_fail_problem(int status, const char *path, int error, const struct cs_problem *problem)
{
	char *text = problem->text != NULL ? cs_problem_text(problem) : NULL;
	struct cs_buf line;

	if (text == NULL)
		return cs_fail(status, cs_strerror(error), path, "");
	cs_buf_init(&line, CS_OUTPUT_MAX);
	cs_escape(&line, text);
	cs_buf_put(&line, "\n", 1);
	if (cs_buf_error(&line) == 0)
		fwrite(line.data, 1, line.len, stderr);
	cs_buf_clear(&line);
	cs_free_str(&text);
	return status;
}

static int print_ok(const char *path, const struct cs_policy_counts *counts)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "permissions %zu, roles %zu, assignments %zu, gates %zu, services %zu\n", counts->permissions,
		counts->roles, counts->assignments, counts->gates, counts->services);
	cs_escape(&out, path);
	cs_put(&out, ": ok\n");
	return cs_print(&out);
}

static int print_json(int error, char *path, const struct cs_policy_counts *counts, const struct cs_problem *problem)
{
	struct checked checked = { .ok = error == 0, .file = path, .permissions = counts->permissions,
		.roles = counts->roles, .assignments = counts->assignments,
		.gates = counts->gates, .services = counts->services };
	char *fallback = NULL;
	int status = 0;

	if (error != 0 && problem->text == NULL)
		(void)cs_format(&fallback, "%s", cs_strerror(error));
	checked.line = problem->line;
	checked.text = problem->text != NULL ? problem->text : fallback;
	status = cs_print_json(&checked_shape, &checked);
	cs_free_str(&fallback);
	return status;
}

int cs_run_policy_check(struct cs_run *run, char **args, size_t n)
{
	struct cs_policy_counts counts = { 0 };
	struct cs_problem problem = { 0 };
	int status = cs_options_read(run, args, n, NULL, 0, 1, 1, &n);
	int r = 0;

	if (status != 0)
		return status;
	r = cs_policy_load(args[0], getuid(), &counts, NULL, &problem);
	if (run->json)
		status = print_json(r, args[0], &counts, &problem);
	else if (r == 0)
		status = print_ok(args[0], &counts);
	if (r != 0)
		status = cs_fail_problem(r == CS_ENOMEM ? CS_EXIT_INTERNAL : CS_EXIT_NO, args[0], r, &problem);
	cs_problem_clear(&problem);
	return status;
}
