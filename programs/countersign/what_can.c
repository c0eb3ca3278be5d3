/* SPDX-License-Identifier: Apache-2.0 */
/* countersign what-can: everything one person holds, and where. */
#include "mem.h"
#include "print.h"
#include "source.h"
#include "text.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is printed with --json. */
struct right_row {
	char *permission, *label, *scope, *because;
};
struct right_rows {
	char *user;
	enum cs_known known;
	bool locked;
	struct right_row *rights;
	size_t n_rights;
	char **doubts; /* lists that are not to be believed: what they might give is left out */
	size_t n_doubts;
};

static const struct cs_field row_fields[] = {
	CS_STR(right_row, permission, CS_MAX_NAME), CS_STR(right_row, label, CS_MAX_TEXT),
	CS_STR(right_row, scope, CS_MAX_SCOPE), CS_STR(right_row, because, CS_MAX_TEXT)
};
static const struct cs_shape row_shape = CS_SHAPE("right", right_row, row_fields);
static const struct cs_field rows_fields[] = {
	CS_STR(right_rows, user, CS_MAX_NAME), CS_ENUM(right_rows, known, cs_known_names), CS_BOOL(right_rows, locked),
	CS_ARRAY(right_rows, rights, &row_shape, SIZE_MAX), CS_STRV(right_rows, doubts, CS_MAX_QUERIES, CS_MAX_TEXT)
};
static const struct cs_shape rows_shape = CS_SHAPE("rights", right_rows, rows_fields);

static int fill_row(const struct cs_policy *policy, const struct cs_right_held *held, struct right_row *row)
{
	row->permission = cs_dup(held->permission);
	row->label = cs_dup(cs_policy_permission_label(policy, held->permission));
	row->scope = cs_dup(held->scope);
	row->because = cs_dup(held->because);
	if (row->permission == NULL || row->label == NULL || row->scope == NULL || row->because == NULL)
		return CS_ENOMEM;
	return 0;
}

static int gather(const struct cs_policy *policy, const char *user, const struct cs_facts *facts,
	struct right_rows *ret_rows)
{
	struct right_rows rows = { .known = facts->known, .locked = facts->person.locked };
	struct cs_right_held *held = NULL;
	size_t n = 0;
	int r = facts->known == CS_KNOWN_DOUBT ? 0 : cs_policy_rights_of(policy, facts, &held, &n);

	if (r == CS_EDOUBT) {
		rows.known = CS_KNOWN_DOUBT;
		r = 0;
	}
	rows.rights = calloc(n + 1, sizeof(*rows.rights));
	rows.user = cs_dup(user);
	if (rows.rights == NULL || rows.user == NULL)
		r = CS_ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = fill_row(policy, &held[i], &rows.rights[rows.n_rights++]);
	for (size_t i = 0; r == 0 && i < facts->n_unsure; i++)
		r = cs_strv_add(&rows.doubts, &rows.n_doubts, cs_text_or(facts->unsure[i].doubt, "a group"));
	cs_rights_held_free(&held, &n);
	if (r != 0)
		cs_clear(&rows_shape, &rows);
	else
		*ret_rows = rows;
	return r;
}

static void put_rows(struct cs_buf *out, const struct cs_look *look, const struct right_rows *rows)
{
	const char *scope = NULL;

	for (size_t i = 0; i < rows->n_rights; i++) {
		const struct right_row *row = &rows->rights[i];
		struct cs_buf where;

		if (scope == NULL || strcmp(scope, row->scope) != 0) {
			cs_buf_init(&where, CS_OUTPUT_MAX);
			cs_escape(&where, strcmp(row->scope, "*") == 0 ? "everywhere (*)" : row->scope);
			cs_buf_put_u8(&where, 0);
			cs_put_styled(out, look, CS_BOLD, cs_buf_error(&where) == 0 ? (const char *)where.data : "");
			cs_put(out, "\n");
			cs_buf_clear(&where);
		}
		scope = row->scope;
		cs_put(out, "  ");
		cs_escape(out, row->permission);
		cs_put(out, "  (");
		cs_escape(out, row->label);
		cs_put(out, ")  by ");
		cs_escape(out, row->because);
		cs_put(out, "\n");
	}
	if (rows->known == CS_KNOWN_DOUBT)
		cs_put(out, "Could not tell.\n");
	else if (rows->known == CS_KNOWN_NO)
		cs_put(out, "Nothing: the directory does not know this person.\n");
	else if (rows->locked)
		cs_put(out, "Nothing: the account is locked.\n");
	else if (rows->n_rights == 0 && rows->n_doubts == 0)
		cs_put(out, "Nothing.\n");
	for (size_t i = 0; i < rows->n_doubts; i++) {
		cs_put(out, "Could not tell what else: ");
		cs_escape(out, rows->doubts[i]);
		cs_put(out, "\n");
	}
}

static int print_rows(const struct cs_run *run, const struct right_rows *rows)
{
	struct cs_buf out;
	int status = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (run->json) {
		status = cs_print_json(&rows_shape, rows);
	} else {
		put_rows(&out, &run->look, rows);
		status = cs_print_wrapped(&run->look, &out, CS_LINE_GOES_ON);
	}
	if (status != 0)
		return status;
	if (rows->known == CS_KNOWN_DOUBT)
		return CS_EXIT_DOUBT;
	if (rows->n_rights > 0)
		return CS_EXIT_YES;
	return rows->n_doubts > 0 ? CS_EXIT_DOUBT : CS_EXIT_NO;
}

static int answer(struct cs_source *source, char *user)
{
	struct cs_facts *facts = NULL;
	struct right_rows rows = { 0 };
	size_t n = 1;
	int status = cs_source_facts(source, source->policy.policy, &user, 1, &facts);
	int r = status == 0 ? gather(source->policy.policy, user, facts, &rows) : 0;

	if (r != 0)
		status = cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), user, "");
	if (status == 0)
		status = print_rows(source->run, &rows);
	cs_clear(&rows_shape, &rows);
	cs_facts_free(&facts, &n);
	return status;
}

int cs_run_what_can(struct cs_run *run, char **args, size_t n)
{
	struct cs_source_options options = { 0 };
	struct cs_option rows[CS_SOURCE_ROWS];
	struct cs_source source;
	const struct passwd *me = NULL;
	int status = 0;

	cs_source_rows(&options, rows);
	status = cs_options_read(run, args, n, rows, CS_SOURCE_ROWS, 0, 1, &n);
	if (status != 0)
		return status;
	me = n == 0 ? getpwuid(getuid()) : NULL;
	if (n == 0 && me == NULL)
		return cs_fail(CS_EXIT_USAGE, "your uid has no name here", run->command->name, "name a user");
	status = cs_source_open(run, &options, true, &source);
	if (status == 0)
		status = answer(&source, n == 0 ? me->pw_name : args[0]);
	cs_source_close(&source);
	return status;
}
