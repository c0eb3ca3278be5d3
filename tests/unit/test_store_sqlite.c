/* SPDX-License-Identifier: Apache-2.0 */
/* What only the SQLite store has: its file, its lock, its schema, and what is left after things go wrong. */
#include "store_fill.h"
#include "../../libcore/store/schema.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int setup(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	assert_non_null(stage);
	stage->sqlite = true;
	stage_folder(stage);
	*state = stage;
	return 0;
}

static int teardown(void **state)
{
	struct stage *stage = *state;

	stage_remove(stage);
	free(stage);
	return 0;
}

/* Opens and expects that it is refused with this error and a text that holds word. */
static void refused(const struct stage *stage, int error, const char *word)
{
	struct cs_store *store = NULL;
	char *why = NULL;

	assert_int_equal(cs_store_open_sqlite(stage->path, &store, &why), error);
	assert_null(store);
	assert_non_null(why);
	if (!strstr(why, word))
		fail_msg("\"%s\" is not in \"%s\"", word, why);
	cs_free_str(&why);
	assert_int_equal(cs_store_open_sqlite(stage->path, &store, NULL), error);
}

/* A second program that opens the file; only while the store is closed. */
static sqlite3 *raw_open(const struct stage *stage)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open_v2(stage->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	return db;
}

static void raw_run(const struct stage *stage, const char *sql)
{
	sqlite3 *db = raw_open(stage);
	char *text = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
		fail_msg("%s: %s", sql, text);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void raw_refused(const struct stage *stage, const char *sql, const char *word)
{
	sqlite3 *db = raw_open(stage);
	char *text = NULL;

	assert_int_not_equal(sqlite3_exec(db, sql, NULL, NULL, &text), SQLITE_OK);
	if (!text || !strstr(text, word))
		fail_msg("%s: \"%s\" is not in \"%s\"", sql, word, text ? text : "");
	sqlite3_free(text);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* One request with a vote and three events, committed. */
static void put_some(struct cs_store *store)
{
	assert_int_equal(cs_store_begin(store), 0);
	put_request(store, 1, 1, 1000);
	assert_int_equal(put_vote(store, 1, "bob", CS_VOTE_APPROVE), 0);
	assert_int_equal(put_event(store, CS_EVENT_START, "first"), 0);
	assert_int_equal(put_event(store, CS_EVENT_REQUESTED, "find me in the file"), 0);
	assert_int_equal(put_event(store, CS_EVENT_CLAIMED, "third"), 0);
	assert_int_equal(put_policy(store, 1, "the policy"), 1);
	assert_int_equal(cs_store_commit(store), 0);
}

/* --- The file ----------------------------------------------------------------------------------------------------- */

static void test_store_file_is_private(void **state)
{
	static const char *const ends[] = {"", "-wal", ".lock"};
	struct stage *stage = *state;
	mode_t before = umask(0);
	char name[96];

	stage_open(stage);
	put_some(stage->store);
	umask(before);
	for (size_t i = 0; i < CS_COUNT(ends); i++) {
		struct stat st;

		snprintf(name, sizeof(name), "%s%s", stage->path, ends[i]);
		assert_int_equal(stat(name, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	snprintf(name, sizeof(name), "sqlite %s", stage->path);
	assert_string_equal(cs_store_name(stage->store), name);
	assert_string_equal(cs_store_error(stage->store), "");
}

static void test_store_created_under_a_tight_umask(void **state)
{
	struct stage *stage = *state;
	mode_t before = umask(0777);
	struct stat st;

	stage_open(stage);
	umask(before);
	put_some(stage->store);
	assert_int_equal(stat(stage->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_store_refuses_modes_and_links(void **state)
{
	struct stage *stage = *state;
	char other[96];

	stage_open(stage);
	cs_store_close(&stage->store);
	assert_int_equal(chmod(stage->path, 0644), 0);
	refused(stage, CS_EUNTRUSTED, "0644");
	assert_int_equal(chmod(stage->path, 0620), 0);
	refused(stage, CS_EUNTRUSTED, "0620");
	assert_int_equal(chmod(stage->path, 0600), 0);
	snprintf(other, sizeof(other), "%s2", stage->path);
	assert_int_equal(link(stage->path, other), 0);
	refused(stage, CS_EUNTRUSTED, "hard link");
	assert_int_equal(unlink(stage->path), 0);
	assert_int_equal(symlink(other, stage->path), 0);
	refused(stage, CS_EUNTRUSTED, "symbolic link");
	assert_int_equal(unlink(stage->path), 0);
	assert_int_equal(mkdir(stage->path, 0700), 0);
	refused(stage, CS_EIO, "directory");
	assert_int_equal(rmdir(stage->path), 0);
	assert_int_equal(mkfifo(stage->path, 0600), 0);
	refused(stage, CS_EUNTRUSTED, "regular");
	assert_int_equal(unlink(stage->path), 0);
	assert_int_equal(rename(other, stage->path), 0);
	stage_open(stage);
}

static void test_store_refuses_a_foreign_owner(void **state)
{
	struct stage *stage = *state;

	if (geteuid() != 0)
		skip();
	stage_open(stage);
	cs_store_close(&stage->store);
	assert_int_equal(chown(stage->path, 1, 1), 0);
	refused(stage, CS_EUNTRUSTED, "uid 1");
	assert_int_equal(chown(stage->path, 0, 0), 0);
	assert_int_equal(chown(stage->folder, 1, 1), 0);
	refused(stage, CS_EUNTRUSTED, "uid 1");
	assert_int_equal(chown(stage->folder, 0, 0), 0);
}

static void test_store_refuses_an_open_folder(void **state)
{
	struct stage *stage = *state;
	struct stage missing = {0};

	assert_int_equal(chmod(stage->folder, 01777), 0);
	refused(stage, CS_EUNTRUSTED, "chmod go-w");
	assert_int_equal(chmod(stage->folder, 0770), 0);
	refused(stage, CS_EUNTRUSTED, "chmod go-w");
	assert_int_equal(chmod(stage->folder, 0700), 0);
	assert_int_equal(access(stage->path, F_OK), -1);
	snprintf(missing.path, sizeof(missing.path), "%s/no/store.db", stage->folder);
	refused(&missing, CS_ENOENT, "No such file");
	snprintf(missing.path, sizeof(missing.path), "%s/", stage->folder);
	refused(&missing, CS_EINVAL, "does not name a file");
}

static void test_store_a107_one_process_opens_it(void **state)
{
	struct stage *stage = *state;
	pid_t child;
	int status = 0;

	stage_open(stage);
	refused(stage, CS_EBUSY, "another process");
	child = fork();
	if (child == 0) {
		struct cs_store *store = NULL;

		_exit(cs_store_open_sqlite(stage->path, &store, NULL) == CS_EBUSY ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	put_some(stage->store); /* the attempts did no harm */
	cs_store_close(&stage->store);
	stage_open(stage);
	assert_true(is_there(stage->store, 1));
}

/* Somebody with another program, who knows nothing of the lock file. */
static void test_store_a107_other_programs_are_kept_out(void **state)
{
	struct stage *stage = *state;
	sqlite3 *db;

	stage_open(stage);
	put_some(stage->store);
	db = raw_open(stage);
	assert_int_equal(sqlite3_exec(db, "SELECT count(*) FROM event", NULL, NULL, NULL), SQLITE_BUSY);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	cs_store_close(&stage->store);
	db = raw_open(stage);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE; DELETE FROM sqlite_sequence", NULL, NULL, NULL), SQLITE_OK);
	refused(stage, CS_EBUSY, "another program");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	stage_open(stage);
	assert_true(is_there(stage->store, 1));
}

/* --- The schema --------------------------------------------------------------------------------------------------- */

static void test_store_reopening_keeps_everything(void **state)
{
	struct stage *stage = *state;
	struct cs_stored before = {0};
	struct cs_stored after = {0};
	struct cs_verifier verifier;

	stage_open(stage);
	put_some(stage->store);
	assert_int_equal(cs_store_get(stage->store, 1, &before), 0);
	cs_store_close(&stage->store);
	stage_open(stage);
	assert_int_equal(cs_store_get(stage->store, 1, &after), 0);
	assert_true(fill_same(&cs_stored_shape, &before, &after));
	assert_int_equal(count_votes(stage->store, 1), 1);
	assert_int_equal(verify_store(stage->store, &verifier), 0);
	assert_int_equal(verifier.number, 3);
	assert_int_equal(cs_store_begin(stage->store), 0);
	assert_int_equal(put_request(stage->store, 2, 1, 1), 2);
	assert_int_equal(put_event(stage->store, CS_EVENT_REQUESTED, "goes on"), 0);
	assert_int_equal(cs_store_commit(stage->store), 0);
	assert_int_equal(head_of(stage->store), 4);
	cs_clear(&cs_stored_shape, &before);
	cs_clear(&cs_stored_shape, &after);
}

static void test_store_refuses_other_versions_and_files(void **state)
{
	struct stage *stage = *state;
	struct stat before, after;
	int fd;

	stage_open(stage);
	put_some(stage->store);
	cs_store_close(&stage->store);
	raw_run(stage, "PRAGMA user_version = 6");
	assert_int_equal(stat(stage->path, &before), 0);
	refused(stage, CS_EVERSION, "version 6, made by a newer program");
	assert_int_equal(stat(stage->path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	for (int version = 0; version < 5; version++) {
		char sql[64], words[64];

		snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
		snprintf(words, sizeof(words), "version %d, made before the first release", version);
		raw_run(stage, sql);
		refused(stage, CS_EVERSION, words);
		refused(stage, CS_EVERSION, "move the file away");
	}
	raw_run(stage, "PRAGMA user_version = 5; PRAGMA application_id = 5");
	refused(stage, CS_ECORRUPT, "another program");
	raw_run(stage, "PRAGMA application_id = 1129531214");
	stage_open(stage);
	cs_store_close(&stage->store);
	raw_run(stage, "DROP INDEX request_open_due");
	refused(stage, CS_EIO, "request_open_due");
	fd = open(stage->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(write(fd, "not a database, but long enough to be one by its size", 53), 53);
	close(fd);
	refused(stage, CS_ECORRUPT, "not a database");
}

/* Without the tally's triggers, or with one of them, some of these differ. */
static void test_store_counts_are_true_after_reopening(void **state)
{
	struct stage *stage = *state;
	struct cs_now now = now_after(BOOT_A, 1);
	uint64_t counts[3] = {0};
	uint32_t used = 0;

	stage_open(stage);
	assert_int_equal(cs_store_begin(stage->store), 0);
	for (unsigned i = 1; i <= 9; i++)
		put_request(stage->store, i, 1, i % 2);
	for (uint64_t i = 1; i <= 4; i++)
		assert_int_equal(cs_store_change(stage->store, i, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(cs_store_use(stage->store, 1, &now, &used), 1);
	assert_int_equal(cs_store_change(stage->store, 2, CS_APPROVED, CS_PENDING, &now), 1);
	assert_int_equal(cs_store_change(stage->store, 5, CS_PENDING, CS_UNANSWERED, &now), 1);
	assert_int_equal(cs_store_commit(stage->store), 0);
	assert_int_equal(cs_store_begin(stage->store), 0);
	put_request(stage->store, 10, 1, 1);
	cs_store_close(&stage->store);
	stage_open(stage);
	assert_int_equal(cs_store_count_open(stage->store, 1, &counts[0], &counts[1], &counts[2]), 0);
	assert_true(counts[0] == 3 && counts[1] == 5 && counts[2] == 2);
	assert_int_equal(cs_store_count_open(stage->store, 0, &counts[0], &counts[1], &counts[2]), 0);
	assert_int_equal(counts[0], 4);
}

static void test_store_is_durable_and_strict(void **state)
{
	struct stage *stage = *state;
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db;

	stage_open(stage);
	cs_store_close(&stage->store);
	db = raw_open(stage);
	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT (SELECT journal_mode FROM pragma_journal_mode) = 'wal', "
					    "(SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict "
					    "= 0 AND name NOT LIKE 'sqlite%')",
					    -1, &stmt, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(stmt, 0), 1);
	assert_int_equal(sqlite3_column_int(stmt, 1), 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

static void test_store_triggers_keep_what_was_written(void **state)
{
	static const struct {
		const char *sql;
		const char *word;
	} cases[] = {
		{"UPDATE event SET bytes = x'00' WHERE number = 2", "never changed"},
		{"UPDATE event SET chain = zeroblob(32)", "never changed"},
		{"DELETE FROM event WHERE number = 3", "never deleted"},
		{"DELETE FROM event", "never deleted"},
		{"INSERT INTO event VALUES (5, 0, x'00', zeroblob(32))", "follows"},
		{"INSERT OR REPLACE INTO event VALUES (2, 0, x'00', zeroblob(32))", "follows"},
		{"UPDATE request SET body = x'00'", "never changed"},
		{"UPDATE request SET digest = zeroblob(32)", "never changed"},
		{"UPDATE request SET id = zeroblob(16)", "never changed"},
		{"UPDATE request SET number = 9", "never changed"},
		{"UPDATE request SET lifetime_ms = 99999999", "never changed"},
		{"UPDATE request SET use_within_ms = 99999999", "never changed"},
		{"UPDATE request SET uid = 0", "never changed"},
		{"UPDATE request SET action_key = zeroblob(32)", "never changed"},
		{"UPDATE request SET person_key = zeroblob(32)", "never changed"},
		{"UPDATE request SET place_key = zeroblob(32)", "never changed"},
		{"UPDATE request SET objection_ms = 1", "never changed"},
		{"UPDATE request SET start_wall_ms = 1", "never changed"},
		{"UPDATE request SET uses = 4294967295", "never changed"},
		{"UPDATE request SET state = 8", "CHECK"},
		{"UPDATE request SET used = 1", "counted once"},
		{"UPDATE request SET state = 2; UPDATE request SET used = 2", "counted once"},
		{"UPDATE request SET used = 1; UPDATE request SET used = 0", "counted once"},
		{"UPDATE request SET used = 2", "CHECK"},
		{"UPDATE request SET state = 'x'", "store TEXT"},
		{"UPDATE request SET state = 6; UPDATE request SET state = 2", "stays closed"},
		{"DELETE FROM request", "never deleted"},
		{"UPDATE vote SET body = x'00'", "never changed"},
		{"DELETE FROM vote", "never deleted"},
		{"INSERT INTO vote VALUES (1, 3, x'00', 1, x'00')", "follows"},
		{"INSERT OR REPLACE INTO vote VALUES (1, 1, x'00', 1, x'00')", "follows"},
		{"INSERT INTO vote VALUES (1, 2, x'00', 4, x'00')", "CHECK"},
		{"INSERT INTO segment SELECT 1, 3, zeroblob(32), chain, 0, zeroblob(32), 'f' FROM event WHERE number = 3",
			"ends before the last event"},
		{"INSERT INTO segment SELECT 2, 2, zeroblob(32), chain, 0, zeroblob(32), 'f' FROM event WHERE number = 2",
			"follows"},
		{"INSERT INTO segment SELECT 1, 2, chain, chain, 0, zeroblob(32), 'f' FROM event WHERE number = 2",
			"follows"},
		{"INSERT INTO segment VALUES (1, 2, zeroblob(32), zeroblob(32), 0, zeroblob(32), 'f')", "follows"},
		{"INSERT INTO segment VALUES (1, 2, zeroblob(32), NULL, 0, zeroblob(32), 'f')", "follows"},
		{"UPDATE policy SET text = x'00'", "never changed"},
		{"UPDATE policy SET author = 'somebody else'", "never changed"},
		{"DELETE FROM policy", "never deleted"},
		{"INSERT OR REPLACE INTO policy VALUES (1, 1, 1, '', '', NULL, zeroblob(32), x'00')", "follows"},
		{"INSERT INTO policy VALUES (3, 1, 1, '', '', NULL, zeroblob(32), x'00')", "follows"},
		{"PRAGMA foreign_keys = ON; INSERT INTO policy VALUES (2, 1, 1, '', '', 9, zeroblob(32), x'00')",
			"FOREIGN KEY"},
	};
	struct stage *stage = *state;
	struct cs_verifier verifier;

	stage_open(stage);
	put_some(stage->store);
	cs_store_close(&stage->store);
	for (size_t i = 0; i < CS_COUNT(cases); i++)
		raw_refused(stage, cases[i].sql, cases[i].word);
	stage_open(stage);
	assert_int_equal(verify_store(stage->store, &verifier), 0);
	assert_int_equal(verifier.number, 3);
	assert_int_equal(count_votes(stage->store, 1), 1);
}

/* What a segment holds may go, and nothing else. */
static void test_store_a_recorded_segment_alone_may_go(void **state)
{
	struct stage *stage = *state;

	stage_open(stage);
	put_some(stage->store);
	cs_store_close(&stage->store);
	raw_run(stage, "INSERT INTO segment SELECT 1, 1, zeroblob(32), chain, 0, zeroblob(32), 'f' FROM event "
		"WHERE number = 1");
	raw_refused(stage, "DELETE FROM event WHERE number = 2", "never deleted but with its segment");
	raw_refused(stage, "DELETE FROM event", "never deleted but with its segment");
	raw_refused(stage, "DELETE FROM segment", "never deleted");
	raw_refused(stage, "UPDATE segment SET last = 2", "never changed");
	raw_refused(stage, "INSERT OR REPLACE INTO segment SELECT 1, 2, zeroblob(32), chain, 0, zeroblob(32), 'f' "
		"FROM event WHERE number = 2", "follows");
	raw_run(stage, "DELETE FROM event WHERE number = 1");
	stage_open(stage);
	assert_int_equal(head_of(stage->store), 3);
}

/* Deadlines and counts are looked up, however many requests there are. */
static void test_store_statements_never_scan_or_read_bodies(void **state)
{
	static const enum cs_sql which[] = {CS_SQL_GET, CS_SQL_GET_ID, CS_SQL_FIND_ID, CS_SQL_FIND_OPEN, CS_SQL_CHANGE,
		CS_SQL_USE, CS_SQL_VOTER, CS_SQL_VOTES, CS_SQL_LIST, CS_SQL_LIST_OPEN, CS_SQL_OVERDUE, CS_SQL_UNOPPOSED,
		CS_SQL_COUNT, CS_SQL_RECORDS, CS_SQL_RECORDS_OF, CS_SQL_NOTICES, CS_SQL_TOLD, CS_SQL_TELL_LATER,
		CS_SQL_NEXT_NOTICE, CS_SQL_QUIET, CS_SQL_POLICIES, CS_SQL_POLICY_TEXT};
	struct stage *stage = *state;
	sqlite3 *db;

	stage_open(stage);
	cs_store_close(&stage->store);
	db = raw_open(stage);
	for (size_t i = 0; i < CS_COUNT(which); i++) {
		char sql[4096];
		sqlite3_stmt *stmt = NULL;

		snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", cs_sql[which[i]]);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW)
			if (strstr((const char *)sqlite3_column_text(stmt, 3), "SCAN") &&
				!strstr((const char *)sqlite3_column_text(stmt, 3), "CONSTANT ROW"))
				fail_msg("%s: %s", cs_sql[which[i]], (const char *)sqlite3_column_text(stmt, 3));
		sqlite3_finalize(stmt);
	}
	assert_null(strstr(cs_sql[CS_SQL_OVERDUE], "body"));
	assert_null(strstr(cs_sql[CS_SQL_UNOPPOSED], "body"));
	sqlite3_close(db);
}

/* --- Tampering ---------------------------------------------------------------------------------------------------- */

static size_t find_bytes(const char *path, const char *wanted)
{
	FILE *file = fopen(path, "rb");
	size_t n = strlen(wanted);
	char *all;
	size_t len;
	size_t at = 0;

	assert_non_null(file);
	all = malloc(1 << 20);
	assert_non_null(all);
	len = fread(all, 1, 1 << 20, file);
	fclose(file);
	while (at + n <= len && memcmp(all + at, wanted, n) != 0)
		at++;
	assert_true(at + n <= len);
	free(all);
	return at;
}

static void flip(const char *path, size_t at)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char byte;

	assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
	byte = (char)(byte ^ 1);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	close(fd);
}

static void test_store_a110_a_flipped_byte_is_found(void **state)
{
	struct stage *stage = *state;
	struct cs_verifier verifier;

	stage_open(stage);
	put_some(stage->store);
	cs_store_close(&stage->store);
	flip(stage->path, find_bytes(stage->path, "find me in the file"));
	stage_open(stage);
	assert_int_equal(verify_store(stage->store, &verifier), CS_ECORRUPT);
	assert_int_equal(verifier.bad, 2);
	assert_non_null(strstr(verifier.why, "event 2: its content was changed"));
}

static void test_store_a110_a_missing_event_is_found(void **state)
{
	struct stage *stage = *state;
	struct cs_verifier verifier;

	stage_open(stage);
	put_some(stage->store);
	cs_store_close(&stage->store);
	raw_run(stage, "DROP TRIGGER event_is_kept; DELETE FROM event WHERE number = 2");
	stage_open(stage);
	assert_int_equal(verify_store(stage->store, &verifier), CS_ECORRUPT);
	assert_int_equal(verifier.bad, 2);
	assert_non_null(strstr(verifier.why, "event 2 is missing"));
}

static void test_store_a110_rows_that_do_not_fit_their_bytes(void **state)
{
	static const char *const changes[] = {
		"UPDATE request SET body = CAST(substr(body, 1, length(body) - 1) AS BLOB)",
		"UPDATE request SET body = CAST(body || x'00' AS BLOB)",
		"UPDATE request SET body = x'00'",
		"UPDATE request SET uid = uid + 1",
		"UPDATE request SET lifetime_ms = lifetime_ms + 1",
		"UPDATE request SET use_within_ms = use_within_ms + 1",
		"UPDATE request SET objection_ms = 1",
		"UPDATE request SET start_wall_ms = 1",
		"UPDATE request SET uses = 4294967295",
		"UPDATE request SET id = zeroblob(16)",
	};
	struct stage *stage = *state;

	stage_open(stage);
	put_some(stage->store);
	cs_store_close(&stage->store);
	raw_run(stage, "DROP TRIGGER request_is_fixed; DROP TRIGGER vote_is_fixed; CREATE TABLE kept AS SELECT * FROM "
		       "request");
	for (size_t i = 0; i < CS_COUNT(changes); i++) {
		struct cs_stored stored = {0};

		raw_run(stage, changes[i]);
		stage_open(stage);
		assert_int_equal(cs_store_get(stage->store, 1, &stored), CS_ECORRUPT);
		assert_true(fill_all_zero(&stored, sizeof(stored)));
		assert_non_null(strstr(cs_store_error(stage->store), "request 1"));
		cs_store_close(&stage->store);
		raw_run(stage, "UPDATE request SET (id, uid, lifetime_ms, use_within_ms, objection_ms, start_wall_ms, "
			"uses, body) = (SELECT id, uid, lifetime_ms, use_within_ms, objection_ms, start_wall_ms, uses, "
			"body FROM kept)");
	}
	raw_run(stage, "UPDATE vote SET body = x'0000'");
	stage_open(stage);
	assert_true(is_there(stage->store, 1));
	assert_int_equal(cs_store_votes(stage->store, 1, &(struct cs_approval *){NULL}, &(size_t){0}), CS_ECORRUPT);
}

static void test_store_a110_a_policy_that_is_no_text(void **state)
{
	struct stage *stage = *state;
	struct cs_generation generation = {0};
	char *text = NULL;

	stage_open(stage);
	put_some(stage->store);
	cs_store_close(&stage->store);
	raw_run(stage, "DROP TRIGGER policy_is_fixed; UPDATE policy SET text = x'610062'");
	stage_open(stage);
	assert_int_equal(cs_store_policy_get(stage->store, 1, &generation, &text), CS_ECORRUPT);
	assert_null(text);
	assert_null(generation.author);
}

/* --- Crash and full disk ------------------------------------------------------------------------------------------ */

/* A child opens the store, changes it, commits if it should, says so and is killed where it stands. */
static void killed(const struct stage *stage, bool commit)
{
	int ends[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct stage mine = *stage;
		struct cs_now now = now_after(BOOT_A, 1);

		stage_open(&mine);
		if (cs_store_begin(mine.store) < 0 ||
		    cs_store_change(mine.store, 1, CS_PENDING, CS_APPROVED, &now) != 1 ||
		    put_request(mine.store, 2, 1, 1000) != 2 || put_vote(mine.store, 2, "carol", CS_VOTE_APPROVE) < 0 ||
		    put_event(mine.store, CS_EVENT_CLAIMED, "in the child") < 0 ||
		    (commit && cs_store_commit(mine.store) < 0))
			_exit(1);
		if (write(ends[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_store_a065_a136_killed_before_commit(void **state)
{
	struct stage *stage = *state;
	struct cs_verifier verifier;

	stage_open(stage);
	put_some(stage->store);
	cs_store_close(&stage->store);
	killed(stage, false);
	stage_open(stage);
	assert_int_equal(state_of(stage->store, 1), CS_PENDING);
	assert_false(is_there(stage->store, 2));
	assert_int_equal(head_of(stage->store), 3);
	assert_int_equal(verify_store(stage->store, &verifier), 0);
}

static void test_store_a065_killed_after_commit(void **state)
{
	struct stage *stage = *state;
	struct cs_verifier verifier;

	stage_open(stage);
	put_some(stage->store);
	cs_store_close(&stage->store);
	killed(stage, true);
	stage_open(stage);
	assert_int_equal(state_of(stage->store, 1), CS_APPROVED);
	assert_int_equal(count_votes(stage->store, 2), 1);
	assert_int_equal(head_of(stage->store), 4);
	assert_int_equal(verify_store(stage->store, &verifier), 0);
}

/* Files may not grow over this many bytes from now on; as a full disk, but for one process. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Fills a transaction until something is refused; 0 when the commit was what failed. */
static int fill_until_refused(struct cs_store *store, unsigned first, unsigned n)
{
	assert_int_equal(cs_store_begin(store), 0);
	for (unsigned i = 0; i < n; i++) {
		struct cs_stored made = make_request(first + i, 1, 1000);
		int r = cs_store_add(store, &made);

		cs_clear(&cs_stored_shape, &made);
		if (r < 0)
			return r;
	}
	assert_int_equal(put_event(store, CS_EVENT_CLAIMED, "lost"), 0);
	return 0;
}

/* r: how filling ends; 0 when only the commit can fail. */
static void full_disk(struct stage *stage, unsigned n, int r)
{
	struct cs_now now = now_after(BOOT_A, 1);
	struct cs_verifier verifier;
	struct rlimit before;
	char wal[96];
	struct stat st;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	stage_open(stage);
	put_some(stage->store);
	snprintf(wal, sizeof(wal), "%s-wal", stage->path);
	assert_int_equal(stat(wal, &st), 0);
	limit_files((rlim_t)st.st_size);
	assert_int_equal(fill_until_refused(stage->store, 100, n), r);
	if (r == 0)
		assert_int_equal(cs_store_change(stage->store, 1, CS_PENDING, CS_APPROVED, &now), 1);
	else /* nothing more goes into a transaction of which a part is lost */
		assert_int_equal(cs_store_change(stage->store, 1, CS_PENDING, CS_APPROVED, &now), CS_EIO);
	assert_int_equal(cs_store_commit(stage->store), CS_EIO);
	assert_string_not_equal(cs_store_error(stage->store), "");
	assert_int_equal(state_of(stage->store, 1), CS_PENDING);
	assert_false(is_there(stage->store, 2));
	assert_int_equal(head_of(stage->store), 3);
	assert_int_equal(cs_store_begin(stage->store), 0);
	cs_store_rollback(stage->store);
	limit_files(before.rlim_cur);
	assert_int_equal(cs_store_begin(stage->store), 0);
	assert_int_equal(put_request(stage->store, 100, 1, 1000), 2);
	assert_int_equal(put_event(stage->store, CS_EVENT_REQUESTED, "after"), 0);
	assert_int_equal(cs_store_commit(stage->store), 0);
	cs_store_close(&stage->store);
	stage_open(stage);
	assert_true(is_there(stage->store, 2) && !is_there(stage->store, 3));
	assert_int_equal(verify_store(stage->store, &verifier), 0);
	assert_int_equal(verifier.number, 4);
}

static void test_store_a106_disk_full_at_commit(void **state)
{
	full_disk(*state, 3, 0);
}

/* Large enough that SQLite writes pages before the commit. */
static void test_store_a106_disk_full_inside_a_transaction(void **state)
{
	full_disk(*state, 20000, CS_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_store_file_is_private, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_created_under_a_tight_umask, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_refuses_modes_and_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_refuses_a_foreign_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_refuses_an_open_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_a107_one_process_opens_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_a107_other_programs_are_kept_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_reopening_keeps_everything, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_refuses_other_versions_and_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_counts_are_true_after_reopening, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_is_durable_and_strict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_triggers_keep_what_was_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_a_recorded_segment_alone_may_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_statements_never_scan_or_read_bodies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_a110_a_flipped_byte_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_a110_a_missing_event_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_a110_rows_that_do_not_fit_their_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_a110_a_policy_that_is_no_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_a065_a136_killed_before_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_a065_killed_after_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_a106_disk_full_at_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_store_a106_disk_full_inside_a_transaction, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
