/* SPDX-License-Identifier: Apache-2.0 */
/* countersign role grant, revoke and define: one change of the policy's text, by the daemon or in a file. */
#include "apply.h"
#include "mem.h"
#include "policy_text.h"
#include "print.h"

#include <string.h>

/* What was said on the command line. */
struct said {
	struct cs_apply_options how;
	const char *policy; /* a file: the new text is printed */
	const char *in, *label;
	struct cs_words permissions, inherits;
};

enum { ROWS = CS_APPLY_ROWS + 3 };

/* With --policy nothing is put in force: the text comes out, for whoever keeps the file. */
static int edit_file(const char *file, const struct cs_apply *call, enum cs_edit_kind kind)
{
	struct cs_edit edit = { .kind = kind, .role = call->role, .scope_kind = call->scope_kind, .label = call->label,
		.permissions = call->permissions, .n_permissions = call->n_permissions, .inherits = call->inherits,
		.n_inherits = call->n_inherits };
	struct cs_problem problem = { 0 };
	struct cs_buf out;
	char *text = NULL, *edited = NULL;
	int status = 0;
	int r = cs_policy_text_read(file, &text, &problem);

	if (r == 0)
		r = cs_policy_edit(text, file, &edit, &edited, &problem);
	if (r != 0) {
		status = cs_fail_problem(r == CS_ENOMEM ? CS_EXIT_INTERNAL : CS_EXIT_NO, file, r, &problem);
	} else {
		cs_buf_init(&out, CS_OUTPUT_MAX);
		cs_buf_put(&out, edited, strlen(edited));
		status = cs_print(&out);
	}
	cs_problem_clear(&problem);
	cs_free_str(&text);
	cs_free_str(&edited);
	return status;
}

static int change(struct cs_run *run, struct cs_apply *call, const struct said *said, enum cs_edit_kind kind)
{
	if (said->policy != NULL)
		return edit_file(said->policy, call, kind);
	return cs_apply(run, call, NULL, &said->how);
}

/* An option's value goes into a member that owns its text elsewhere; here nobody frees it. */
static char *borrowed(const char *text)
{
	char *same = NULL;

	memcpy(&same, &text, sizeof(same));
	return same;
}

static int change_permissions(struct cs_run *run, char **args, size_t n, enum cs_apply_kind kind,
	enum cs_edit_kind edit)
{
	struct said said = { 0 };
	struct cs_option rows[ROWS] = {
		[CS_APPLY_ROWS] = { "--in", NULL, &said.in, NULL },
		[CS_APPLY_ROWS + 1] = { "--policy", NULL, &said.policy, NULL },
	};
	struct cs_apply call = { .kind = kind };
	int status = 0;

	cs_apply_rows(&said.how, rows);
	status = cs_options_read(run, args, n, rows, ROWS - 1, 2, SIZE_MAX, &n);
	if (status != 0)
		return status;
	call.role = args[0];
	call.scope_kind = borrowed(said.in);
	call.permissions = args + 1;
	call.n_permissions = n - 1;
	return change(run, &call, &said, edit);
}

int cs_run_role_grant(struct cs_run *run, char **args, size_t n)
{
	return change_permissions(run, args, n, CS_APPLY_GRANT, CS_EDIT_GRANT);
}

int cs_run_role_revoke(struct cs_run *run, char **args, size_t n)
{
	return change_permissions(run, args, n, CS_APPLY_REVOKE, CS_EDIT_REVOKE);
}

int cs_run_role_define(struct cs_run *run, char **args, size_t n)
{
	struct said said = { 0 };
	struct cs_option rows[ROWS + 1] = {
		[CS_APPLY_ROWS] = { "--label", NULL, &said.label, NULL },
		[CS_APPLY_ROWS + 1] = { "--permission", NULL, NULL, &said.permissions },
		[CS_APPLY_ROWS + 2] = { "--inherits", NULL, NULL, &said.inherits },
		[CS_APPLY_ROWS + 3] = { "--policy", NULL, &said.policy, NULL },
	};
	struct cs_apply call = { .kind = CS_APPLY_DEFINE };
	int status = 0;

	cs_apply_rows(&said.how, rows);
	status = cs_options_read(run, args, n, rows, CS_COUNT(rows), 1, 1, &n);
	if (status != 0)
		return status;
	call.role = args[0];
	call.label = borrowed(said.label);
	call.permissions = said.permissions.at;
	call.n_permissions = said.permissions.n;
	call.inherits = said.inherits.at;
	call.n_inherits = said.inherits.n;
	return change(run, &call, &said, CS_EDIT_DEFINE);
}
