/* SPDX-License-Identifier: Apache-2.0 */
/* The store in SQLite: one private file, one connection, statements prepared once. */
#include "ops.h"
#include "file.h"
#include "mem.h"
#include "schema.h"

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

static sqlite3_stmt *statement(struct sqlite *sqlite, enum cs_sql which)
{
	return sqlite->statements[which];
}

static void done(sqlite3_stmt *stmt)
{
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
}

/* Runs a statement that brings no rows. bound: what binding its parameters answered, 0 when all went well. */
static int run(struct sqlite *sqlite, enum cs_sql which, int bound, const char *doing)
{
	sqlite3_stmt *stmt = statement(sqlite, which);
	int code = bound ? SQLITE_NOMEM : sqlite3_step(stmt);
	int r = code == SQLITE_DONE ? 0 : fail(sqlite, code, doing);

	done(stmt);
	return r;
}

/* Takes the next row of a query: 1, 0 at the end, or an error. The caller calls done. */
static int next_row(struct sqlite *sqlite, sqlite3_stmt *stmt, int bound, const char *doing)
{
	int code = bound ? SQLITE_NOMEM : sqlite3_step(stmt);

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : fail(sqlite, code, doing);
}

static int bind_number(sqlite3_stmt *stmt, int place, uint64_t number)
{
	return sqlite3_bind_int64(stmt, place, number > INT64_MAX ? INT64_MAX : (sqlite3_int64)number);
}

static int bind_bytes(sqlite3_stmt *stmt, int place, const void *bytes, size_t n)
{
	return sqlite3_bind_blob64(stmt, place, bytes, n, SQLITE_STATIC);
}

static int bind_text(sqlite3_stmt *stmt, int place, const char *text)
{
	return sqlite3_bind_text(stmt, place, text, -1, SQLITE_STATIC);
}

static uint64_t column_number(sqlite3_stmt *stmt, int column)
{
	sqlite3_int64 value = sqlite3_column_int64(stmt, column);

	return value > 0 ? (uint64_t)value : 0;
}

/* A column of exactly n bytes. 1, or 0 when it is not that. */
static int column_fixed(sqlite3_stmt *stmt, int column, void *ret_bytes, size_t n)
{
	const void *bytes = sqlite3_column_blob(stmt, column);

	if (!bytes || sqlite3_column_bytes(stmt, column) != (int)n)
		return 0;
	memcpy(ret_bytes, bytes, n);
	return 1;
}

/* Copies the bytes of a column. 0, CS_ENOMEM. */
static int column_bytes(sqlite3_stmt *stmt, int column, struct cs_bytes *ret)
{
	const void *bytes = sqlite3_column_blob(stmt, column);
	int n = sqlite3_column_bytes(stmt, column);

	if (!bytes && n > 0)
		return CS_ENOMEM;
	return cs_bytes_copy(bytes, bytes ? (size_t)n : 0, ret);
}

/* The numbers of a query's first column: how many, or an error. */
static int numbers(struct sqlite *sqlite, enum cs_sql which, int bound, uint64_t *ret_numbers, size_t max)
{
	sqlite3_stmt *stmt = statement(sqlite, which);
	size_t n = 0;
	int r = 0;

	while (n < max && (r = next_row(sqlite, stmt, bound, "cannot look for requests")) == 1)
		ret_numbers[n++] = column_number(stmt, 0);
	done(stmt);
	return r < 0 ? r : (int)n;
}

/* --- Transactions ------------------------------------------------------------------------------------------------- */

static bool sqlite_active(struct cs_store *store)
{
	return !sqlite3_get_autocommit(sqlite_of(store)->db);
}

static int sqlite_begin(struct cs_store *store)
{
	return run(sqlite_of(store), CS_SQL_BEGIN, 0, "cannot begin a transaction");
}

static int sqlite_mark(struct cs_store *store, bool again)
{
	struct sqlite *sqlite = sqlite_of(store);
	int r = again ? run(sqlite, CS_SQL_RELEASE, 0, "cannot set a mark") : 0;

	return r < 0 ? r : run(sqlite, CS_SQL_MARK, 0, "cannot set a mark");
}

static int sqlite_undo(struct cs_store *store)
{
	return run(sqlite_of(store), CS_SQL_UNDO, 0, "cannot undo");
}

static int sqlite_commit(struct cs_store *store)
{
	return run(sqlite_of(store), CS_SQL_COMMIT, 0, "cannot commit");
}

static void sqlite_rollback(struct cs_store *store)
{
	sqlite3_stmt *stmt = statement(sqlite_of(store), CS_SQL_ROLLBACK);

	/* Not through run: the text of what went wrong before stays. */
	if (sqlite_active(store))
		sqlite3_step(stmt);
	sqlite3_reset(stmt);
}

/* --- Requests ----------------------------------------------------------------------------------------------------- */

static int bind_row(sqlite3_stmt *stmt, const struct cs_row *row)
{
	return bind_bytes(stmt, 1, row->id, sizeof(row->id)) | bind_bytes(stmt, 2, row->digest, sizeof(row->digest)) |
		bind_bytes(stmt, 3, row->action_key, sizeof(row->action_key)) | bind_number(stmt, 4, row->uid) |
		sqlite3_bind_int(stmt, 5, (int)row->state) | bind_number(stmt, 6, row->version) |
		bind_text(stmt, 7, row->since_boot) | bind_number(stmt, 8, row->since_boot_ms) |
		bind_number(stmt, 9, row->since_wall_ms) | bind_number(stmt, 10, row->lifetime_ms) |
		bind_number(stmt, 11, row->use_within_ms) | bind_bytes(stmt, 12, row->body.data, row->body.len);
}

static int sqlite_add(struct cs_store *store, const struct cs_row *row, uint64_t *ret_number)
{
	struct sqlite *sqlite = sqlite_of(store);
	int bound = bind_row(statement(sqlite, CS_SQL_ADD), row);
	int r = run(sqlite, CS_SQL_ADD, bound, "cannot add a request");

	if (r == 0)
		*ret_number = (uint64_t)sqlite3_last_insert_rowid(sqlite->db);
	return r;
}

/* Columns of state, boot id and times, in this order from column on. 1, or 0 when they cannot be true. */
static int read_times(sqlite3_stmt *stmt, int state, int boot, struct cs_row *row)
{
	const unsigned char *text = sqlite3_column_text(stmt, boot);
	int value = sqlite3_column_int(stmt, state);

	if (!text || strlen((const char *)text) > CS_BOOT_ID_LEN || value < CS_PENDING || value > CS_USED)
		return 0;
	memcpy(row->since_boot, text, strlen((const char *)text) + 1);
	row->state = (enum cs_state)value;
	row->since_boot_ms = column_number(stmt, boot + 1);
	row->since_wall_ms = column_number(stmt, boot + 2);
	row->lifetime_ms = column_number(stmt, boot + 3);
	row->use_within_ms = column_number(stmt, boot + 4);
	return 1;
}

static int read_row(struct sqlite *sqlite, sqlite3_stmt *stmt, struct cs_row *ret_row)
{
	struct cs_row row = {.number = column_number(stmt, 0), .uid = (uint32_t)column_number(stmt, 4),
		.version = column_number(stmt, 6)};
	int r;

	if (!column_fixed(stmt, 1, row.id, sizeof(row.id)) || !column_fixed(stmt, 2, row.digest, sizeof(row.digest)) ||
		!column_fixed(stmt, 3, row.action_key, sizeof(row.action_key)) || !read_times(stmt, 5, 7, &row))
		return cs_store_fail(&sqlite->front, CS_ECORRUPT, "request %llu: its row is no request",
			(unsigned long long)row.number);
	r = column_bytes(stmt, 12, &row.body);
	if (r == 0)
		*ret_row = row;
	return r;
}

static int get_row(struct sqlite *sqlite, enum cs_sql which, int bound, struct cs_row *ret_row)
{
	sqlite3_stmt *stmt = statement(sqlite, which);
	int r = next_row(sqlite, stmt, bound, "cannot read a request");

	if (r == 1)
		r = read_row(sqlite, stmt, ret_row);
	else if (r == 0)
		r = CS_ENOENT;
	done(stmt);
	return r;
}

static int sqlite_get(struct cs_store *store, uint64_t number, struct cs_row *ret_row)
{
	struct sqlite *sqlite = sqlite_of(store);

	return get_row(sqlite, CS_SQL_GET, bind_number(statement(sqlite, CS_SQL_GET), 1, number), ret_row);
}

static int sqlite_get_id(struct cs_store *store, const uint8_t id[CS_ID_LEN], struct cs_row *ret_row)
{
	struct sqlite *sqlite = sqlite_of(store);

	return get_row(sqlite, CS_SQL_GET_ID, bind_bytes(statement(sqlite, CS_SQL_GET_ID), 1, id, CS_ID_LEN), ret_row);
}

static int sqlite_find_open(struct cs_store *store, const uint8_t action_key[CS_DIGEST_LEN], uint64_t *ret_numbers,
			    size_t max)
{
	struct sqlite *sqlite = sqlite_of(store);
	sqlite3_stmt *stmt = statement(sqlite, CS_SQL_FIND_OPEN);
	int bound = bind_bytes(stmt, 1, action_key, CS_DIGEST_LEN) | bind_number(stmt, 2, max);

	return numbers(sqlite, CS_SQL_FIND_OPEN, bound, ret_numbers, max);
}

static int sqlite_change(struct cs_store *store, uint64_t number, enum cs_state from, enum cs_state to,
			 const struct cs_now *now)
{
	struct sqlite *sqlite = sqlite_of(store);
	sqlite3_stmt *stmt = statement(sqlite, CS_SQL_CHANGE);
	int bound = bind_number(stmt, 1, number) | sqlite3_bind_int(stmt, 2, (int)from) |
		    sqlite3_bind_int(stmt, 3, (int)to) | bind_text(stmt, 4, now->boot_id) |
		    bind_number(stmt, 5, now->boot_ms) | bind_number(stmt, 6, now->wall_ms);
	int r = run(sqlite, CS_SQL_CHANGE, bound, "cannot change a request");

	return r < 0 ? r : sqlite3_changes(sqlite->db) == 1;
}

static int sqlite_list(struct cs_store *store, bool open_only, uint64_t before, uint64_t *ret_numbers, size_t max)
{
	struct sqlite *sqlite = sqlite_of(store);
	enum cs_sql which = open_only ? CS_SQL_LIST_OPEN : CS_SQL_LIST;
	sqlite3_stmt *stmt = statement(sqlite, which);

	return numbers(sqlite, which, bind_number(stmt, 1, before) | bind_number(stmt, 2, max), ret_numbers, max);
}

static int sqlite_overdue(struct cs_store *store, const struct cs_now *now, uint64_t *ret_numbers, size_t max)
{
	struct sqlite *sqlite = sqlite_of(store);
	sqlite3_stmt *stmt = statement(sqlite, CS_SQL_OVERDUE);
	int bound = bind_text(stmt, 1, now->boot_id) | bind_number(stmt, 2, now->boot_ms) |
		    bind_number(stmt, 3, now->wall_ms);
	size_t n = 0;
	int r = 0;

	while (n < max && (r = next_row(sqlite, stmt, bound, "cannot look for deadlines")) == 1) {
		struct cs_row row = {.number = column_number(stmt, 0)};

		/* What cannot be told is left to whoever reads the request; it is refused there. */
		if (read_times(stmt, 1, 2, &row) && cs_row_overdue(&row, now))
			ret_numbers[n++] = row.number;
	}
	done(stmt);
	return r < 0 ? r : (int)n;
}

/* One row of n counts. */
static int count(struct sqlite *sqlite, enum cs_sql which, int bound, uint64_t *ret_counts, int n)
{
	sqlite3_stmt *stmt = statement(sqlite, which);
	int r = next_row(sqlite, stmt, bound, "cannot count requests");

	for (int i = 0; r == 1 && i < n; i++)
		ret_counts[i] = column_number(stmt, i);
	done(stmt);
	return r < 0 ? r : r == 1 ? 0 : CS_EIO;
}

static int sqlite_count_open(struct cs_store *store, uint32_t uid, uint64_t *ret_of_uid, uint64_t *ret_pending,
	uint64_t *ret_approved)
{
	struct sqlite *sqlite = sqlite_of(store);
	uint64_t of_uid = 0;
	uint64_t both[2] = {0};
	int r = count(sqlite, CS_SQL_COUNT_UID, bind_number(statement(sqlite, CS_SQL_COUNT_UID), 1, uid), &of_uid, 1);

	if (r == 0)
		r = count(sqlite, CS_SQL_COUNT, 0, both, 2);
	if (r < 0)
		return r;
	*ret_of_uid = of_uid;
	*ret_pending = both[0];
	*ret_approved = both[1];
	return 0;
}

/* --- Votes -------------------------------------------------------------------------------------------------------- */

static int sqlite_vote(struct cs_store *store, uint64_t number, const char *person_id, const struct cs_bytes *body)
{
	struct sqlite *sqlite = sqlite_of(store);
	sqlite3_stmt *stmt = statement(sqlite, CS_SQL_VOTE);
	int bound = bind_number(stmt, 1, number) | bind_bytes(stmt, 2, person_id, strlen(person_id)) |
		bind_bytes(stmt, 3, body->data, body->len);
	int r = run(sqlite, CS_SQL_VOTE, bound, "cannot add a vote");

	if (r == CS_EINVAL) /* the schema's bound on place */
		return CS_EBUSY;
	if (r < 0)
		return r;
	return run(sqlite, CS_SQL_VOTED, bind_number(statement(sqlite, CS_SQL_VOTED), 1, number), "cannot add a vote");
}

static int sqlite_votes(struct cs_store *store, uint64_t number, struct cs_bytes **ret_bodies, size_t *ret_count)
{
	struct sqlite *sqlite = sqlite_of(store);
	sqlite3_stmt *stmt = statement(sqlite, CS_SQL_VOTES);
	int bound = bind_number(stmt, 1, number);
	struct cs_bytes *bodies = calloc(CS_MAX_VOTES, sizeof(*bodies));
	size_t n = 0;
	int r = bodies ? 0 : CS_ENOMEM;

	while (r == 0 && n < CS_MAX_VOTES && (r = next_row(sqlite, stmt, bound, "cannot read votes")) == 1) {
		r = column_bytes(stmt, 0, &bodies[n]);
		n += r == 0;
	}
	done(stmt);
	if (r < 0) {
		cs_bodies_free(&bodies, &n);
		return r;
	}
	*ret_bodies = bodies;
	*ret_count = n;
	return 0;
}

/* --- Events ------------------------------------------------------------------------------------------------------- */

static int sqlite_head(struct cs_store *store, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN])
{
	struct sqlite *sqlite = sqlite_of(store);
	sqlite3_stmt *stmt = statement(sqlite, CS_SQL_HEAD);
	uint8_t chain[CS_DIGEST_LEN] = {0};
	uint64_t number = 0;
	int r = next_row(sqlite, stmt, 0, "cannot read the head of the evidence");

	if (r == 1) {
		number = column_number(stmt, 0);
		r = column_fixed(stmt, 1, chain, sizeof(chain))
			    ? 0
			    : cs_store_fail(store, CS_ECORRUPT, "event %llu: its chain value is none",
					    (unsigned long long)number);
	}
	done(stmt);
	if (r < 0)
		return r;
	*ret_number = number;
	memcpy(ret_chain, chain, sizeof(chain));
	return 0;
}

static int sqlite_append(struct cs_store *store, const struct cs_record *record)
{
	struct sqlite *sqlite = sqlite_of(store);
	sqlite3_stmt *stmt = statement(sqlite, CS_SQL_APPEND);
	int bound = bind_number(stmt, 1, record->number) | bind_bytes(stmt, 2, record->bytes, record->n_bytes) |
		bind_bytes(stmt, 3, record->chain, CS_DIGEST_LEN);

	return run(sqlite, CS_SQL_APPEND, bound, "cannot record an event");
}

struct record_list {
	struct cs_record *items;
	size_t n, cap;
};

static int add_record(struct sqlite *sqlite, sqlite3_stmt *stmt, struct record_list *list)
{
	struct cs_record record = {.number = column_number(stmt, 0)};
	struct cs_bytes bytes = {0};
	void *items = list->items;
	int r = cs_reserve(&items, &list->cap, list->n, 1, sizeof(*list->items));

	list->items = items;
	if (r < 0)
		return r;
	if (!column_fixed(stmt, 2, record.chain, sizeof(record.chain)))
		return cs_store_fail(&sqlite->front, CS_ECORRUPT, "event %llu: its chain value is none",
			(unsigned long long)record.number);
	r = column_bytes(stmt, 1, &bytes);
	if (r < 0)
		return r;
	record.bytes = bytes.data;
	record.n_bytes = bytes.len;
	list->items[list->n++] = record;
	return 0;
}

static int sqlite_records(struct cs_store *store, uint64_t from, size_t max, struct cs_record **ret_records,
			  size_t *ret_count)
{
	struct sqlite *sqlite = sqlite_of(store);
	sqlite3_stmt *stmt = statement(sqlite, CS_SQL_RECORDS);
	int bound = bind_number(stmt, 1, from) | bind_number(stmt, 2, max);
	struct record_list list = {0};
	int r;

	while ((r = next_row(sqlite, stmt, bound, "cannot read the evidence")) == 1) {
		r = add_record(sqlite, stmt, &list);
		if (r < 0)
			break;
	}
	done(stmt);
	if (r == 0) {
		*ret_records = list.items;
		*ret_count = list.n;
		return 0;
	}
	for (size_t i = 0; i < list.n; i++)
		cs_clear(&cs_record_shape, &list.items[i]);
	free(list.items);
	return r;
}

/* --- Policies ----------------------------------------------------------------------------------------------------- */

static int sqlite_policy_add(struct cs_store *store, const struct cs_generation *generation,
	const struct cs_bytes *text)
{
	struct sqlite *sqlite = sqlite_of(store);
	sqlite3_stmt *stmt = statement(sqlite, CS_SQL_ADD_POLICY);
	int bound = bind_number(stmt, 1, generation->number) | bind_number(stmt, 2, generation->wall_ms) |
		bind_number(stmt, 3, generation->uid) |
		bind_text(stmt, 4, generation->author ? generation->author : "") |
		bind_text(stmt, 5, generation->comment ? generation->comment : "") |
		bind_number(stmt, 6, generation->request) | bind_bytes(stmt, 7, generation->digest, CS_DIGEST_LEN) |
		bind_bytes(stmt, 8, text->data, text->len);

	return run(sqlite, CS_SQL_ADD_POLICY, bound, "cannot add a policy");
}

/* A column of text, whatever its bytes. 0, CS_ENOMEM. */
static int column_text(sqlite3_stmt *stmt, int column, char **ret)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);
	char *copy = text ? cs_dup((const char *)text) : NULL;

	if (!copy)
		return CS_ENOMEM;
	*ret = copy;
	return 0;
}

static int read_generation(struct sqlite *sqlite, sqlite3_stmt *stmt, struct cs_generation *ret_generation)
{
	struct cs_generation generation = {.number = column_number(stmt, 0), .wall_ms = column_number(stmt, 1),
		.uid = (uint32_t)column_number(stmt, 2), .request = column_number(stmt, 5),
		.size = column_number(stmt, 7)};
	int r;

	if (!column_fixed(stmt, 6, generation.digest, sizeof(generation.digest)))
		return cs_store_fail(&sqlite->front, CS_ECORRUPT, "generation %llu of the policy: its row is none",
			(unsigned long long)generation.number);
	r = column_text(stmt, 3, &generation.author);
	if (r == 0)
		r = column_text(stmt, 4, &generation.comment);
	if (r < 0)
		cs_clear(&cs_generation_shape, &generation);
	else
		*ret_generation = generation;
	return r;
}

static int sqlite_policies(struct cs_store *store, uint64_t before, size_t max, struct cs_generation **ret_generations,
			   size_t *ret_count)
{
	struct sqlite *sqlite = sqlite_of(store);
	sqlite3_stmt *stmt = statement(sqlite, CS_SQL_POLICIES);
	int bound = bind_number(stmt, 1, before) | bind_number(stmt, 2, max);
	struct cs_generation *found = NULL;
	size_t n = 0, cap = 0;
	int r;

	while ((r = next_row(sqlite, stmt, bound, "cannot read policies")) == 1) {
		void *items = found;

		r = cs_reserve(&items, &cap, n, 1, sizeof(*found));
		found = items;
		if (r == 0)
			r = read_generation(sqlite, stmt, &found[n]);
		if (r < 0)
			break;
		n++;
	}
	done(stmt);
	if (r < 0) {
		cs_generations_free(&found, &n);
		return r;
	}
	*ret_generations = found;
	*ret_count = n;
	return 0;
}

static int sqlite_policy_text(struct cs_store *store, uint64_t number, struct cs_bytes *ret_text)
{
	struct sqlite *sqlite = sqlite_of(store);
	sqlite3_stmt *stmt = statement(sqlite, CS_SQL_POLICY_TEXT);
	int r = next_row(sqlite, stmt, bind_number(stmt, 1, number), "cannot read a policy");

	if (r == 1)
		r = column_bytes(stmt, 0, ret_text);
	else if (r == 0)
		r = CS_ENOENT;
	done(stmt);
	return r;
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

/* Is the file ours and of a version that is known? Its version; 0 it is empty. Changes nothing. */
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
	if (number < 1 || number > CS_SCHEMA_VERSION)
		return cs_store_fail(&sqlite->front, CS_EVERSION,
			"the store has schema version %s; this program knows versions up to %d", version,
			CS_SCHEMA_VERSION);
	return (int)number;
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

/* Makes the schema of today out of that of a version, all or nothing. 0: out of an empty file. */
static int raise_schema(struct sqlite *sqlite, int version)
{
	char *stamp = NULL;
	int r = cs_format(&stamp, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", CS_SCHEMA_APPLICATION,
		CS_SCHEMA_VERSION);

	if (r == 0)
		r = exec(sqlite, "BEGIN EXCLUSIVE");
	for (int i = version; r == 0 && i < CS_SCHEMA_VERSION; i++)
		r = exec(sqlite, cs_schema_steps[i]);
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
	int version = 0;

	if (r == 0)
		r = cs_format(&sqlite->front.name, "sqlite %s", real);
	if (r == 0)
		r = connect_db(sqlite, real);
	if (r == 0) {
		version = check_version(sqlite);
		r = version < 0 ? version : make_durable(sqlite);
	}
	if (r == 0 && version < CS_SCHEMA_VERSION)
		r = raise_schema(sqlite, version);
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
	.change = sqlite_change,
	.vote = sqlite_vote,
	.votes = sqlite_votes,
	.list = sqlite_list,
	.overdue = sqlite_overdue,
	.count_open = sqlite_count_open,
	.head = sqlite_head,
	.append = sqlite_append,
	.records = sqlite_records,
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
