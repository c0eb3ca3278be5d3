/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox in SQLite. */
#include "sqlite.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

int sqlite_tell(struct cs_store *store, const struct cs_bytes *body, uint64_t request, uint64_t due_wall_ms,
	uint64_t *ret_number)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_TELL);
	int bound = sql_bind_number(stmt, 1, due_wall_ms) | sql_bind_bytes(stmt, 2, body->data, body->len) |
		    sql_bind_number(stmt, 3, request);
	int r = sql_run(store, CS_SQL_TELL, bound, "cannot add a notice");

	if (r == 0)
		*ret_number = sql_last_number(store);
	return r;
}

/* The rows of a statement that is bound. */
static int read_letters(struct cs_store *store, enum cs_sql which, int bound, struct cs_letter **ret_letters,
	size_t *ret_count)
{
	struct sqlite3_stmt *stmt = sql_statement(store, which);
	struct cs_letter *letters = NULL;
	size_t n = 0, cap = 0;
	int r;

	while ((r = sql_next(store, which, bound, "cannot read notices")) == 1) {
		void *items = letters;

		r = cs_reserve(&items, &cap, n, 1, sizeof(*letters));
		letters = items;
		if (r < 0)
			break;
		letters[n] = (struct cs_letter){.number = sql_number(stmt, 0), .tries = (uint32_t)sql_number(stmt, 1)};
		r = sql_bytes(stmt, 2, &letters[n].body);
		if (r < 0)
			break;
		n++;
	}
	sql_done(store, which);
	if (r < 0) {
		cs_letters_free(&letters, &n);
		return r;
	}
	*ret_letters = letters;
	*ret_count = n;
	return 0;
}

int sqlite_notices(struct cs_store *store, uint64_t wall_ms, size_t max, struct cs_letter **ret_letters,
	size_t *ret_count)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_NOTICES);
	int bound = sql_bind_number(stmt, 1, wall_ms) | sql_bind_number(stmt, 2, max);

	return read_letters(store, CS_SQL_NOTICES, bound, ret_letters, ret_count);
}

int sqlite_notices_of(struct cs_store *store, uint64_t request, struct cs_letter **ret_letters, size_t *ret_count)
{
	int bound = sql_bind_number(sql_statement(store, CS_SQL_NOTICES_OF), 1, request);

	return read_letters(store, CS_SQL_NOTICES_OF, bound, ret_letters, ret_count);
}

int sqlite_told(struct cs_store *store, uint64_t number)
{
	int bound = sql_bind_number(sql_statement(store, CS_SQL_TOLD), 1, number);
	int r = sql_run(store, CS_SQL_TOLD, bound, "cannot take out a notice");

	return r < 0 ? r : sql_changed(store) == 1 ? 0 : CS_ENOENT;
}

int sqlite_tell_later(struct cs_store *store, uint64_t number, uint64_t due_wall_ms)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_TELL_LATER);
	int bound = sql_bind_number(stmt, 1, number) | sql_bind_number(stmt, 2, due_wall_ms);
	int r = sql_run(store, CS_SQL_TELL_LATER, bound, "cannot change a notice");

	return r < 0 ? r : sql_changed(store) == 1 ? 0 : CS_ENOENT;
}

int sqlite_count_notices(struct cs_store *store, uint64_t *ret_count, uint64_t *ret_due_wall_ms)
{
	uint64_t count = 0, due = 0;
	int r = sql_row_of_numbers(store, CS_SQL_COUNT_NOTICES, 0, &count, 1);

	if (r == 0)
		r = sql_row_of_numbers(store, CS_SQL_NEXT_NOTICE, 0, &due, 1);
	if (r < 0)
		return r;
	*ret_count = count;
	*ret_due_wall_ms = count ? due : CS_STORE_MAX_MS + 1;
	return 0;
}

int sqlite_set_quiet(struct cs_store *store, const char *name, uint64_t until_wall_ms)
{
	enum cs_sql which = until_wall_ms ? CS_SQL_SET_QUIET : CS_SQL_END_QUIET;
	struct sqlite3_stmt *stmt = sql_statement(store, which);
	int bound = sql_bind_bytes(stmt, 1, name, strlen(name)) | (until_wall_ms ? sql_bind_number(stmt, 2, until_wall_ms) : 0);

	return sql_run(store, which, bound, "cannot keep who is left alone");
}

int sqlite_quiet(struct cs_store *store, const char *name, uint64_t *ret_until_wall_ms)
{
	int bound = sql_bind_bytes(sql_statement(store, CS_SQL_QUIET), 1, name, strlen(name));

	return sql_row_of_numbers(store, CS_SQL_QUIET, bound, ret_until_wall_ms, 1);
}
