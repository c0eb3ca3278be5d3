/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and votes in SQLite. */
#include "sqlite.h"

#include <stdlib.h>
#include <string.h>

/* --- Requests ----------------------------------------------------------------------------------------------------- */

static int bind_row(struct sqlite3_stmt *stmt, const struct cs_row *row)
{
	return sql_bind_bytes(stmt, 1, row->id, sizeof(row->id)) |
		sql_bind_bytes(stmt, 2, row->digest, sizeof(row->digest)) |
		sql_bind_bytes(stmt, 3, row->action_key, sizeof(row->action_key)) | sql_bind_number(stmt, 4, row->uid) |
		sql_bind_number(stmt, 5, (uint64_t)row->state) | sql_bind_number(stmt, 6, row->version) |
		sql_bind_text(stmt, 7, row->since_boot) | sql_bind_number(stmt, 8, row->since_boot_ms) |
		sql_bind_number(stmt, 9, row->since_wall_ms) | sql_bind_number(stmt, 10, row->lifetime_ms) |
		sql_bind_number(stmt, 11, row->use_within_ms) | sql_bind_number(stmt, 12, row->objection_ms) |
		sql_bind_number(stmt, 13, row->start_wall_ms) | sql_bind_number(stmt, 14, row->uses) |
		sql_bind_bytes(stmt, 15, row->person_key, sizeof(row->person_key)) |
		sql_bind_bytes(stmt, 16, row->place_key, sizeof(row->place_key)) |
		sql_bind_bytes(stmt, 17, row->body.data, row->body.len);
}

int sqlite_add(struct cs_store *store, const struct cs_row *row, uint64_t *ret_number)
{
	int bound = bind_row(sql_statement(store, CS_SQL_ADD), row);
	int r = sql_run(store, CS_SQL_ADD, bound, "cannot add a request");

	if (r == 0)
		*ret_number = sql_last_number(store);
	return r;
}

/* State and times, in the order of TIMES in schema.c from this column on. 1, or 0 when they cannot be true. */
static int read_times(struct sqlite3_stmt *stmt, int column, struct cs_row *row)
{
	uint64_t state = sql_number(stmt, column);

	if (state < CS_PENDING || state > CS_UNANSWERED)
		return 0;
	row->state = (enum cs_state)state;
	row->since_boot_ms = sql_number(stmt, column + 2);
	row->since_wall_ms = sql_number(stmt, column + 3);
	row->lifetime_ms = sql_number(stmt, column + 4);
	row->use_within_ms = sql_number(stmt, column + 5);
	row->objection_ms = sql_number(stmt, column + 6);
	row->start_wall_ms = sql_number(stmt, column + 7);
	return sql_short(stmt, column + 1, row->since_boot, CS_BOOT_ID_LEN);
}

/* The columns are those of COLUMNS in schema.c. */
static int read_row(struct cs_store *store, struct sqlite3_stmt *stmt, struct cs_row *ret_row)
{
	struct cs_row row = {.number = sql_number(stmt, 0), .uid = (uint32_t)sql_number(stmt, 4),
		.version = sql_number(stmt, 5), .uses = (uint32_t)sql_number(stmt, 6),
		.used = (uint32_t)sql_number(stmt, 7)};
	int r;

	if (!sql_fixed(stmt, 1, row.id, sizeof(row.id)) || !sql_fixed(stmt, 2, row.digest, sizeof(row.digest)) ||
		!sql_fixed(stmt, 3, row.action_key, sizeof(row.action_key)) || !read_times(stmt, 8, &row) ||
		!sql_fixed(stmt, 16, row.person_key, sizeof(row.person_key)) ||
		!sql_fixed(stmt, 17, row.place_key, sizeof(row.place_key)))
		return cs_store_fail(store, CS_ECORRUPT, "request %llu: its row is no request",
			(unsigned long long)row.number);
	r = sql_bytes(stmt, 18, &row.body);
	if (r == 0)
		*ret_row = row;
	return r;
}

static int get_row(struct cs_store *store, enum cs_sql which, int bound, struct cs_row *ret_row)
{
	int r = sql_next(store, which, bound, "cannot read a request");

	if (r == 1)
		r = read_row(store, sql_statement(store, which), ret_row);
	else if (r == 0)
		r = CS_ENOENT;
	sql_done(store, which);
	return r;
}

int sqlite_get(struct cs_store *store, uint64_t number, struct cs_row *ret_row)
{
	return get_row(store, CS_SQL_GET, sql_bind_number(sql_statement(store, CS_SQL_GET), 1, number), ret_row);
}

int sqlite_get_id(struct cs_store *store, const uint8_t id[CS_ID_LEN], struct cs_row *ret_row)
{
	int bound = sql_bind_bytes(sql_statement(store, CS_SQL_GET_ID), 1, id, CS_ID_LEN);

	return get_row(store, CS_SQL_GET_ID, bound, ret_row);
}

int sqlite_find_id(struct cs_store *store, const uint8_t low[CS_ID_LEN], const uint8_t high[CS_ID_LEN],
	uint64_t *ret_numbers, size_t max)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_FIND_ID);
	int bound = sql_bind_bytes(stmt, 1, low, CS_ID_LEN) | sql_bind_bytes(stmt, 2, high, CS_ID_LEN) |
		sql_bind_number(stmt, 3, max);

	return sql_numbers(store, CS_SQL_FIND_ID, bound, ret_numbers, max);
}

int sqlite_find_open(struct cs_store *store, const uint8_t action_key[CS_DIGEST_LEN], uint64_t *ret_numbers,
	size_t max)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_FIND_OPEN);
	int bound = sql_bind_bytes(stmt, 1, action_key, CS_DIGEST_LEN) | sql_bind_number(stmt, 2, max);

	return sql_numbers(store, CS_SQL_FIND_OPEN, bound, ret_numbers, max);
}

/* A time in the three places from place on. */
static int bind_now(struct sqlite3_stmt *stmt, int place, const struct cs_now *now)
{
	return sql_bind_text(stmt, place, now->boot_id) | sql_bind_number(stmt, place + 1, now->boot_ms) |
		sql_bind_number(stmt, place + 2, now->wall_ms);
}

int sqlite_change(struct cs_store *store, uint64_t number, enum cs_state from, enum cs_state to,
	const struct cs_now *now)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_CHANGE);
	int bound = sql_bind_number(stmt, 1, number) | sql_bind_number(stmt, 2, (uint64_t)from) |
		sql_bind_number(stmt, 3, (uint64_t)to) | bind_now(stmt, 4, now);
	int r = sql_run(store, CS_SQL_CHANGE, bound, "cannot change a request");

	return r < 0 ? r : sql_changed(store) == 1;
}

/* The one row that comes back is the one that was changed. */
int sqlite_use(struct cs_store *store, uint64_t number, const struct cs_now *now, uint32_t *ret_used)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_USE);
	int r = sql_next(store, CS_SQL_USE, sql_bind_number(stmt, 1, number) | bind_now(stmt, 2, now),
		"cannot use a request");

	if (r == 1)
		*ret_used = (uint32_t)sql_number(stmt, 0);
	sql_done(store, CS_SQL_USE);
	return r;
}

int sqlite_list(struct cs_store *store, bool open_only, uint64_t before, uint64_t *ret_numbers, size_t max)
{
	enum cs_sql which = open_only ? CS_SQL_LIST_OPEN : CS_SQL_LIST;
	struct sqlite3_stmt *stmt = sql_statement(store, which);

	return sql_numbers(store, which, sql_bind_number(stmt, 1, before) | sql_bind_number(stmt, 2, max), ret_numbers,
		max);
}

int sqlite_list_of(struct cs_store *store, const struct cs_which *which, uint64_t before, uint64_t *ret_numbers, size_t max)
{
	static const enum cs_sql of[] = {[CS_GROUP_UID] = CS_SQL_LIST_UID, [CS_GROUP_PERSON] = CS_SQL_LIST_PERSON,
		[CS_GROUP_PLACE] = CS_SQL_LIST_PLACE};
	struct sqlite3_stmt *stmt = sql_statement(store, of[which->group]);
	int bound = sql_bind_number(stmt, 1, before) | sql_bind_number(stmt, 2, max) |
		(which->group == CS_GROUP_UID ? sql_bind_number(stmt, 3, which->uid)
					      : sql_bind_bytes(stmt, 3, which->key, sizeof(which->key)));

	return sql_numbers(store, of[which->group], bound, ret_numbers, max);
}

int sqlite_next_place(struct cs_store *store, const uint8_t *after, uint8_t ret_key[CS_DIGEST_LEN], uint64_t *ret_number)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_NEXT_PLACE);
	int r = sql_next(store, CS_SQL_NEXT_PLACE, sql_bind_bytes(stmt, 1, after ? after : (const uint8_t *)"",
		after ? CS_DIGEST_LEN : 0), "cannot look for places");

	if (r == 1 && !sql_fixed(stmt, 0, ret_key, CS_DIGEST_LEN))
		r = cs_store_fail(store, CS_ECORRUPT, "a request's place is none");
	if (r == 1)
		*ret_number = sql_number(stmt, 1);
	sql_done(store, CS_SQL_NEXT_PLACE);
	return r;
}

/* Of the candidates of a query those for which the rule says so. */
static int due(struct cs_store *store, enum cs_sql which, bool (*rule)(const struct cs_row *, const struct cs_now *),
	const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max)
{
	struct sqlite3_stmt *stmt = sql_statement(store, which);
	int bound = bind_now(stmt, 1, now) | sql_bind_number(stmt, 4, after);
	size_t n = 0;
	int r = 0;

	while (n < max && (r = sql_next(store, which, bound, "cannot look for deadlines")) == 1) {
		struct cs_row row = {.number = sql_number(stmt, 0)};

		/* What cannot be told is left to whoever reads the request; it is refused there. */
		if (read_times(stmt, 1, &row) && rule(&row, now))
			ret_numbers[n++] = row.number;
	}
	sql_done(store, which);
	return r < 0 ? r : (int)n;
}

int sqlite_overdue(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max)
{
	return due(store, CS_SQL_OVERDUE, cs_row_overdue, now, after, ret_numbers, max);
}

int sqlite_unopposed(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max)
{
	return due(store, CS_SQL_UNOPPOSED, cs_row_unopposed, now, after, ret_numbers, max);
}

int sqlite_count_open(struct cs_store *store, uint32_t uid, uint64_t *ret_of_uid, uint64_t *ret_pending,
	uint64_t *ret_approved)
{
	uint64_t counts[3];
	int r = sql_row_of_numbers(store, CS_SQL_COUNT, sql_bind_number(sql_statement(store, CS_SQL_COUNT), 1, uid),
		counts, 3);

	if (r < 0)
		return r;
	*ret_of_uid = counts[0];
	*ret_pending = counts[1];
	*ret_approved = counts[2];
	return 0;
}

/* --- Votes -------------------------------------------------------------------------------------------------------- */

int sqlite_voter(struct cs_store *store, uint64_t number, const char *person_id, struct cs_voter *ret_voter)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_VOTER);
	uint64_t counts[3];
	int r = sql_row_of_numbers(store, CS_SQL_VOTER, sql_bind_number(stmt, 1, number) |
		sql_bind_bytes(stmt, 2, person_id, strlen(person_id)), counts, 3);

	if (r == 0)
		*ret_voter = (struct cs_voter){counts[0], counts[1], (enum cs_vote)counts[2]};
	return r;
}

int sqlite_vote(struct cs_store *store, uint64_t number, const char *person_id, enum cs_vote vote,
	const struct cs_bytes *body)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_VOTE);
	int bound = sql_bind_number(stmt, 1, number) | sql_bind_bytes(stmt, 2, person_id, strlen(person_id)) |
		sql_bind_number(stmt, 3, (uint64_t)vote) | sql_bind_bytes(stmt, 4, body->data, body->len);
	int r = sql_run(store, CS_SQL_VOTE, bound, "cannot add a vote");

	if (r < 0)
		return r;
	return sql_run(store, CS_SQL_VOTED, sql_bind_number(sql_statement(store, CS_SQL_VOTED), 1, number),
		"cannot add a vote");
}

int sqlite_votes(struct cs_store *store, uint64_t number, struct cs_bytes **ret_bodies, size_t *ret_count)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_VOTES);
	int bound = sql_bind_number(stmt, 1, number);
	struct cs_bytes *bodies = calloc(CS_MAX_VOTES, sizeof(*bodies));
	size_t n = 0;
	int r = bodies ? 0 : CS_ENOMEM;

	while (r == 0 && n < CS_MAX_VOTES && (r = sql_next(store, CS_SQL_VOTES, bound, "cannot read votes")) == 1) {
		r = sql_bytes(stmt, 0, &bodies[n]);
		n += r == 0;
	}
	sql_done(store, CS_SQL_VOTES);
	if (r < 0) {
		cs_bodies_free(&bodies, &n);
		return r;
	}
	*ret_bodies = bodies;
	*ret_count = n;
	return 0;
}
