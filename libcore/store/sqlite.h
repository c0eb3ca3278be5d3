/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite as the other files of this backend see it: statements by their number, values in, columns out. Only sqlite.c
 * knows sqlite3.h. */
#ifndef CS_STORE_SQLITE_H
#define CS_STORE_SQLITE_H

#include "ops.h"
#include "schema.h"

struct sqlite3_stmt;

struct sqlite3_stmt *sql_statement(struct cs_store *store, enum cs_sql which);

/* Binding, place counts from 1. What is bound has to last until the statement ran. 0, else out of memory; the answers of
 * several are joined with |. A number over INT64_MAX counts as that. */
int sql_bind_number(struct sqlite3_stmt *stmt, int place, uint64_t number);
int sql_bind_bytes(struct sqlite3_stmt *stmt, int place, const void *bytes, size_t n);
int sql_bind_text(struct sqlite3_stmt *stmt, int place, const char *text);

/* Runs a statement that brings no rows. bound: what binding its parameters answered. 0 or CS_E…. */
int sql_run(struct cs_store *store, enum cs_sql which, int bound, const char *doing);
/* How many rows the last one changed. */
int sql_changed(struct cs_store *store);
uint64_t sql_last_number(struct cs_store *store);
/* Takes the next row of a query: 1, 0 at the end, or an error. The caller calls sql_done. */
int sql_next(struct cs_store *store, enum cs_sql which, int bound, const char *doing);
void sql_done(struct cs_store *store, enum cs_sql which);

/* Columns of the row that was taken, counted from 0. A number below 0 counts as 0. */
uint64_t sql_number(struct sqlite3_stmt *stmt, int column);
/* A column of exactly n bytes. 1, or 0 when it is not that. */
int sql_fixed(struct sqlite3_stmt *stmt, int column, void *ret_bytes, size_t n);
/* A text of at most n bytes, into n + 1. 1, or 0 when it is not that. */
int sql_short(struct sqlite3_stmt *stmt, int column, char *ret_text, size_t n);
/* Copies a column. 0, CS_ENOMEM. */
int sql_bytes(struct sqlite3_stmt *stmt, int column, struct cs_bytes *ret);
int sql_text(struct sqlite3_stmt *stmt, int column, char **ret);

/* The numbers of a query's first column: how many, or an error. */
int sql_numbers(struct cs_store *store, enum cs_sql which, int bound, uint64_t *ret_numbers, size_t max);
/* The first n columns of the first row, as numbers; all 0 where there is none. 0 or an error. */
int sql_row_of_numbers(struct cs_store *store, enum cs_sql which, int bound, uint64_t *ret_numbers, int n);

/* Of struct cs_store_ops. */
int sqlite_add(struct cs_store *store, const struct cs_row *row, uint64_t *ret_number);
int sqlite_get(struct cs_store *store, uint64_t number, struct cs_row *ret_row);
int sqlite_get_id(struct cs_store *store, const uint8_t id[CS_ID_LEN], struct cs_row *ret_row);
int sqlite_find_id(struct cs_store *store, const uint8_t low[CS_ID_LEN], const uint8_t high[CS_ID_LEN],
	uint64_t *ret_numbers, size_t max);
int sqlite_find_open(struct cs_store *store, const uint8_t action_key[CS_DIGEST_LEN], uint64_t *ret_numbers,
	size_t max);
int sqlite_change(struct cs_store *store, uint64_t number, enum cs_state from, enum cs_state to,
	const struct cs_now *now);
int sqlite_use(struct cs_store *store, uint64_t number, const struct cs_now *now, uint32_t *ret_used);
int sqlite_list(struct cs_store *store, bool open_only, uint64_t before, uint64_t *ret_numbers, size_t max);
int sqlite_list_of(struct cs_store *store, const struct cs_which *which, uint64_t before, uint64_t *ret_numbers, size_t max);
int sqlite_next_place(struct cs_store *store, const uint8_t *after, uint8_t ret_key[CS_DIGEST_LEN], uint64_t *ret_number);
int sqlite_overdue(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max);
int sqlite_unopposed(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max);
int sqlite_count_open(struct cs_store *store, uint32_t uid, uint64_t *ret_of_uid, uint64_t *ret_pending,
	uint64_t *ret_approved);
int sqlite_voter(struct cs_store *store, uint64_t number, const char *person_id, struct cs_voter *ret_voter);
int sqlite_vote(struct cs_store *store, uint64_t number, const char *person_id, enum cs_vote vote,
	const struct cs_bytes *body);
int sqlite_votes(struct cs_store *store, uint64_t number, struct cs_bytes **ret_bodies, size_t *ret_count);
int sqlite_head(struct cs_store *store, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN]);
int sqlite_append(struct cs_store *store, const struct cs_record *record, uint64_t request);
int sqlite_records(struct cs_store *store, uint64_t from, size_t max, struct cs_record **ret_records,
	size_t *ret_count);
int sqlite_records_of(struct cs_store *store, uint64_t request, size_t max, struct cs_record **ret_records,
	size_t *ret_count);
int sqlite_archive(struct cs_store *store, const struct cs_segment *segment);
int sqlite_segments(struct cs_store *store, size_t max, struct cs_segment **ret_segments, size_t *ret_count);
int sqlite_policy_add(struct cs_store *store, const struct cs_generation *generation, const struct cs_bytes *text);
int sqlite_policies(struct cs_store *store, uint64_t before, size_t max, struct cs_generation **ret_generations,
	size_t *ret_count);
int sqlite_policy_text(struct cs_store *store, uint64_t number, struct cs_bytes *ret_text);
int sqlite_tell(struct cs_store *store, const struct cs_bytes *body, uint64_t request, uint64_t due_wall_ms,
	uint64_t *ret_number);
int sqlite_notices_of(struct cs_store *store, uint64_t request, struct cs_letter **ret_letters, size_t *ret_count);
int sqlite_notices(struct cs_store *store, uint64_t wall_ms, size_t max, struct cs_letter **ret_letters,
	size_t *ret_count);
int sqlite_told(struct cs_store *store, uint64_t number);
int sqlite_tell_later(struct cs_store *store, uint64_t number, uint64_t due_wall_ms);
int sqlite_count_notices(struct cs_store *store, uint64_t *ret_count, uint64_t *ret_due_wall_ms);
int sqlite_set_quiet(struct cs_store *store, const char *name, uint64_t until_wall_ms);
int sqlite_quiet(struct cs_store *store, const char *name, uint64_t *ret_until_wall_ms);

#endif
