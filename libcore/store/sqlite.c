/* SPDX-License-Identifier: Apache-2.0 */
/* The store in SQLite: one private file, one connection, statements prepared once. */
#include "sqlite.h"
#include "file.h"
#include "mem.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 250 };

struct sqlite {
	struct cs_store front;
	sqlite3 *db;
	sqlite3_stmt *statements[CS_N_SQL];
	int lock;
};

static struct sqlite *sqlite_of(struct cs_store *store)
{
	return (struct sqlite *)(void *)store;
}

/* --- Errors and statements ---------------------------------------------------------------------------------------- */

static const struct {
	int code; /* SQLite's */
	int error;
} error_table[] = {
	{SQLITE_CONSTRAINT_UNIQUE, CS_EEXIST},
	{SQLITE_CONSTRAINT_PRIMARYKEY, CS_EEXIST},
	{SQLITE_CONSTRAINT_FOREIGNKEY, CS_ENOENT},
	{SQLITE_CONSTRAINT_TRIGGER, CS_ECONFLICT},
	{SQLITE_CONSTRAINT_CHECK, CS_EINVAL},
	{SQLITE_CORRUPT, CS_ECORRUPT},
	{SQLITE_NOTADB, CS_ECORRUPT},
	{SQLITE_NOMEM, CS_ENOMEM},
};

/* What a result code means to the caller; everything not named is CS_EIO. The text is kept either way. */
static int fail(struct sqlite *sqlite, int code, const char *doing)
{
	int error = CS_EIO;

	for (size_t i = 0; i < CS_COUNT(error_table); i++)
		if (error_table[i].code == code || error_table[i].code == (code & 0xff))
			error = error_table[i].error;
	return cs_store_fail(&sqlite->front, error, "%s: %s", doing,
			     sqlite->db && (sqlite3_extended_errcode(sqlite->db) & 0xff) == (code & 0xff)
				     ? sqlite3_errmsg(sqlite->db)
				     : sqlite3_errstr(code));
}

sqlite3_stmt *sql_statement(struct cs_store *store, enum cs_sql which)
{
	return sqlite_of(store)->statements[which];
}

int sql_next(struct cs_store *store, enum cs_sql which, int bound, const char *doing)
{
	int code = bound ? SQLITE_NOMEM : sqlite3_step(sql_statement(store, which));

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : fail(sqlite_of(store), code, doing);
}

void sql_done(struct cs_store *store, enum cs_sql which)
{
	sqlite3_reset(sql_statement(store, which));
	sqlite3_clear_bindings(sql_statement(store, which));
}

int sql_run(struct cs_store *store, enum cs_sql which, int bound, const char *doing)
{
	int code = bound ? SQLITE_NOMEM : sqlite3_step(sql_statement(store, which));
	int r = code == SQLITE_DONE ? 0 : fail(sqlite_of(store), code, doing);

	sql_done(store, which);
	return r;
}

int sql_changed(struct cs_store *store)
{
	return sqlite3_changes(sqlite_of(store)->db);
}

uint64_t sql_last_number(struct cs_store *store)
{
	return (uint64_t)sqlite3_last_insert_rowid(sqlite_of(store)->db);
}

int sql_bind_number(sqlite3_stmt *stmt, int place, uint64_t number)
{
	return sqlite3_bind_int64(stmt, place, number > INT64_MAX ? INT64_MAX : (sqlite3_int64)number);
}

int sql_bind_bytes(sqlite3_stmt *stmt, int place, const void *bytes, size_t n)
{
	return sqlite3_bind_blob64(stmt, place, bytes, n, SQLITE_STATIC);
}

int sql_bind_text(sqlite3_stmt *stmt, int place, const char *text)
{
	return sqlite3_bind_text(stmt, place, text, -1, SQLITE_STATIC);
}

uint64_t sql_number(sqlite3_stmt *stmt, int column)
{
	sqlite3_int64 value = sqlite3_column_int64(stmt, column);

	return value > 0 ? (uint64_t)value : 0;
}

int sql_fixed(sqlite3_stmt *stmt, int column, void *ret_bytes, size_t n)
{
	const void *bytes = sqlite3_column_blob(stmt, column);

	if (!bytes || sqlite3_column_bytes(stmt, column) != (int)n)
		return 0;
	memcpy(ret_bytes, bytes, n);
	return 1;
}

int sql_short(sqlite3_stmt *stmt, int column, char *ret_text, size_t n)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	if (!text || strlen(text) > n)
		return 0;
	memcpy(ret_text, text, strlen(text) + 1);
	return 1;
}

int sql_bytes(sqlite3_stmt *stmt, int column, struct cs_bytes *ret)
{
	const void *bytes = sqlite3_column_blob(stmt, column);
	int n = sqlite3_column_bytes(stmt, column);

	if (!bytes && n > 0)
		return CS_ENOMEM;
	return cs_bytes_copy(bytes, bytes ? (size_t)n : 0, ret);
}

int sql_text(sqlite3_stmt *stmt, int column, char **ret)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);
	char *copy = text ? cs_dup((const char *)text) : NULL;

	if (!copy)
		return CS_ENOMEM;
	*ret = copy;
	return 0;
}

int sql_numbers(struct cs_store *store, enum cs_sql which, int bound, uint64_t *ret_numbers, size_t max)
{
	size_t n = 0;
	int r = 0;

	while (n < max && (r = sql_next(store, which, bound, "cannot look for requests")) == 1)
		ret_numbers[n++] = sql_number(sql_statement(store, which), 0);
	sql_done(store, which);
	return r < 0 ? r : (int)n;
}

int sql_row_of_numbers(struct cs_store *store, enum cs_sql which, int bound, uint64_t *ret_numbers, int n)
{
	int r = sql_next(store, which, bound, "cannot count");

	for (int i = 0; r >= 0 && i < n; i++)
		ret_numbers[i] = r == 1 ? sql_number(sql_statement(store, which), i) : 0;
	sql_done(store, which);
	return r < 0 ? r : 0;
}

/* --- Transactions ------------------------------------------------------------------------------------------------- */

static bool sqlite_active(struct cs_store *store)
{
	return !sqlite3_get_autocommit(sqlite_of(store)->db);
}

static int sqlite_begin(struct cs_store *store)
{
	return sql_run(store, CS_SQL_BEGIN, 0, "cannot begin a transaction");
}

static int sqlite_mark(struct cs_store *store, bool again)
{
	int r = again ? sql_run(store, CS_SQL_RELEASE, 0, "cannot set a mark") : 0;

	return r < 0 ? r : sql_run(store, CS_SQL_MARK, 0, "cannot set a mark");
}

static int sqlite_undo(struct cs_store *store)
{
	return sql_run(store, CS_SQL_UNDO, 0, "cannot undo");
}

static int sqlite_commit(struct cs_store *store)
{
	return sql_run(store, CS_SQL_COMMIT, 0, "cannot commit");
}

static void sqlite_rollback(struct cs_store *store)
{
	sqlite3_stmt *stmt = sql_statement(store, CS_SQL_ROLLBACK);

	/* Not through run: the text of what went wrong before stays. */
	if (sqlite_active(store))
		sqlite3_step(stmt);
	sqlite3_reset(stmt);
}

/* --- Opening ------------------------------------------------------------------------------------------------------ */

static void sqlite_close(struct cs_store *store)
{
	struct sqlite *sqlite = sqlite_of(store);

	for (size_t i = 0; i < CS_N_SQL; i++)
		sqlite3_finalize(sqlite->statements[i]);
	sqlite3_close(sqlite->db);
	/* After the database: whoever gets the lock finds it closed. */
	cs_close(&sqlite->lock);
	free(sqlite);
}

static int exec(struct sqlite *sqlite, const char *sql)
{
	int code = sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL);

	if (code == SQLITE_OK)
		return 0;
	if ((code & 0xff) == SQLITE_BUSY)
		return cs_store_fail(&sqlite->front, CS_EBUSY, "another program has the store's file open");
	return fail(sqlite, code, "cannot open the store");
}

/* The first column of the first row as text, into 64 bytes. The statement runs, so a pragma is set and read at once. */
static int ask(struct sqlite *sqlite, const char *sql, char ret_text[64])
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(sqlite->db, sql, -1, &stmt, NULL);
	const char *text = NULL;
	int r = 0;

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(stmt, 0);
	if ((code & 0xff) == SQLITE_BUSY)
		r = cs_store_fail(&sqlite->front, CS_EBUSY, "another program has the store's file open");
	else if (!text || strlen(text) >= 64)
		r = fail(sqlite, code == SQLITE_ROW ? SQLITE_ERROR : code, "cannot open the store");
	else
		memcpy(ret_text, text, strlen(text) + 1);
	sqlite3_finalize(stmt);
	return r;
}

/* Sets or asks what sql says and insists on the answer. */
static int insist(struct sqlite *sqlite, const char *sql, const char *wanted)
{
	char text[64];
	int r = ask(sqlite, sql, text);

	if (r == 0 && strcmp(text, wanted) != 0)
		r = cs_store_fail(&sqlite->front, CS_EIO, "SQLite answers %s to %s, not %s", text, sql, wanted);
	return r;
}

static const struct {
	int option;
	int value;
} db_options[] = {
	{SQLITE_DBCONFIG_DEFENSIVE, 1},
	{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
	{SQLITE_DBCONFIG_ENABLE_FKEY, 1},
	{SQLITE_DBCONFIG_ENABLE_TRIGGER, 1},
	{SQLITE_DBCONFIG_DQS_DML, 0},
	{SQLITE_DBCONFIG_DQS_DDL, 0},
	{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
};

/* What concerns the connection only; nothing is read from the file yet. */
static int connect_db(struct sqlite *sqlite, const char *path)
{
	int code = sqlite3_open_v2(path, &sqlite->db,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
					   SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
				   NULL);

	if (code != SQLITE_OK)
		return fail(sqlite, code, "cannot open the store");
	for (size_t i = 0; i < CS_COUNT(db_options); i++) {
		int now = !db_options[i].value;

		code = sqlite3_db_config(sqlite->db, db_options[i].option, db_options[i].value, &now);
		if (code != SQLITE_OK || now != db_options[i].value)
			return fail(sqlite, SQLITE_MISUSE, "cannot configure the store");
	}
	sqlite3_limit(sqlite->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_busy_timeout(sqlite->db, BUSY_MS);
	return exec(sqlite, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cell_size_check = ON; PRAGMA secure_delete = OFF; "
			    "PRAGMA temp_store = MEMORY");
}

/* Is the file ours and of the version that is known? 1; 0 it is empty. Changes nothing. */
static int check_version(struct sqlite *sqlite)
{
	char version[64];
	char application[64];
	char tables[64];
	long number;
	int r = ask(sqlite, "SELECT count(*) FROM sqlite_schema", tables);

	if (r == 0)
		r = ask(sqlite, "PRAGMA user_version", version);
	if (r == 0)
		r = ask(sqlite, "PRAGMA application_id", application);
	if (r < 0)
		return r;
	if (strcmp(tables, "0") == 0 && strcmp(version, "0") == 0 && strcmp(application, "0") == 0)
		return 0;
	if (strtol(application, NULL, 10) != CS_SCHEMA_APPLICATION)
		return cs_store_fail(&sqlite->front, CS_ECORRUPT, "the file is a database of another program");
	number = strtol(version, NULL, 10);
	if (number != CS_SCHEMA_VERSION)
		return cs_store_fail(&sqlite->front, CS_EVERSION, number < CS_SCHEMA_VERSION
			? "the store has schema version %s, made before the first release; this program knows version %d: "
			  "move the file away, keep it with its evidence, and start with a new one"
			: "the store has schema version %s, made by a newer program; this one knows version %d: "
			  "run that program",
			version, CS_SCHEMA_VERSION);
	return 1;
}

static int make_durable(struct sqlite *sqlite)
{
	int r = insist(sqlite, "PRAGMA journal_mode = WAL", "wal");

	if (r == 0)
		r = exec(sqlite, "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216");
	if (r == 0)
		r = insist(sqlite, "PRAGMA synchronous", "2");
	if (r == 0)
		r = insist(sqlite, "PRAGMA foreign_keys", "1");
	if (r == 0)
		r = insist(sqlite, "PRAGMA trusted_schema", "0");
	return r;
}

/* Makes the schema in an empty file, all or nothing. */
static int make_schema(struct sqlite *sqlite)
{
	char *stamp = NULL;
	int r = cs_format(&stamp, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", CS_SCHEMA_APPLICATION,
		CS_SCHEMA_VERSION);

	if (r == 0)
		r = exec(sqlite, "BEGIN EXCLUSIVE");
	for (size_t i = 0; r == 0 && i < CS_N_SCHEMA; i++)
		r = exec(sqlite, cs_schema[i]);
	if (r == 0)
		r = exec(sqlite, stamp);
	cs_free_str(&stamp);
	return r;
}

static int prepare_all(struct sqlite *sqlite)
{
	for (size_t i = 0; i < CS_N_SQL; i++) {
		int code = sqlite3_prepare_v3(sqlite->db, cs_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
					      &sqlite->statements[i], NULL);

		if (code != SQLITE_OK)
			return fail(sqlite, code, "the store's tables are not as they should be");
	}
	return 0;
}

static int open_steps(struct sqlite *sqlite, const char *path)
{
	char *real = NULL;
	int r = cs_store_take_file(&sqlite->front, path, &real, &sqlite->lock);
	int made = 0;

	if (r == 0)
		r = cs_format(&sqlite->front.name, "sqlite %s", real);
	if (r == 0)
		r = connect_db(sqlite, real);
	if (r == 0) {
		made = check_version(sqlite);
		r = made < 0 ? made : make_durable(sqlite);
	}
	if (r == 0 && !made)
		r = make_schema(sqlite);
	if (r == 0)
		r = prepare_all(sqlite);
	cs_free_str(&real);
	return r;
}

static const struct cs_store_ops sqlite_ops = {
	.close = sqlite_close,
	.active = sqlite_active,
	.begin = sqlite_begin,
	.mark = sqlite_mark,
	.undo = sqlite_undo,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.add = sqlite_add,
	.get = sqlite_get,
	.get_id = sqlite_get_id,
	.find_open = sqlite_find_open,
	.find_id = sqlite_find_id,
	.change = sqlite_change,
	.use = sqlite_use,
	.voter = sqlite_voter,
	.vote = sqlite_vote,
	.votes = sqlite_votes,
	.list = sqlite_list,
	.list_of = sqlite_list_of,
	.next_place = sqlite_next_place,
	.overdue = sqlite_overdue,
	.unopposed = sqlite_unopposed,
	.count_open = sqlite_count_open,
	.head = sqlite_head,
	.append = sqlite_append,
	.records = sqlite_records,
	.records_of = sqlite_records_of,
	.archive = sqlite_archive,
	.segments = sqlite_segments,
	.tell = sqlite_tell,
	.notices = sqlite_notices,
	.notices_of = sqlite_notices_of,
	.told = sqlite_told,
	.tell_later = sqlite_tell_later,
	.count_notices = sqlite_count_notices,
	.set_quiet = sqlite_set_quiet,
	.quiet = sqlite_quiet,
	.policy_add = sqlite_policy_add,
	.policies = sqlite_policies,
	.policy_text = sqlite_policy_text,
};

int cs_store_open_sqlite(const char *path, struct cs_store **ret_store, char **ret_why)
{
	struct sqlite *sqlite = calloc(1, sizeof(*sqlite));
	struct cs_store *store;
	int r;

	if (!sqlite)
		return CS_ENOMEM;
	sqlite->front.ops = &sqlite_ops;
	sqlite->lock = -1;
	store = &sqlite->front;
	r = open_steps(sqlite, path);
	if (r == 0) {
		*ret_store = store;
		return 0;
	}
	if (ret_why)
		*ret_why = cs_dup(store->error[0] ? store->error : cs_strerror(r));
	cs_store_close(&store);
	return r;
}
