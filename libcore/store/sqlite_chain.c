/* SPDX-License-Identifier: Apache-2.0 */
/* Events, segments and policies in SQLite. */
#include "sqlite.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* --- Events ------------------------------------------------------------------------------------------------------- */

int sqlite_head(struct cs_store *store, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN])
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_HEAD);
	uint8_t chain[CS_DIGEST_LEN] = {0};
	uint64_t number = 0;
	int r = sql_next(store, CS_SQL_HEAD, 0, "cannot read the head of the evidence");

	if (r == 1) {
		number = sql_number(stmt, 0);
		r = sql_fixed(stmt, 1, chain, sizeof(chain)) ? 0
			: cs_store_fail(store, CS_ECORRUPT, "event %llu: its chain value is none",
				(unsigned long long)number);
	}
	sql_done(store, CS_SQL_HEAD);
	if (r < 0)
		return r;
	*ret_number = number;
	memcpy(ret_chain, chain, sizeof(chain));
	return 0;
}

int sqlite_append(struct cs_store *store, const struct cs_record *record, uint64_t request)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_APPEND);
	int bound = sql_bind_number(stmt, 1, record->number) | sql_bind_number(stmt, 2, request) |
		sql_bind_bytes(stmt, 3, record->bytes, record->n_bytes) |
		sql_bind_bytes(stmt, 4, record->chain, CS_DIGEST_LEN);

	return sql_run(store, CS_SQL_APPEND, bound, "cannot record an event");
}

static int read_record(struct cs_store *store, struct sqlite3_stmt *stmt, struct cs_record *ret_record)
{
	struct cs_record record = {.number = sql_number(stmt, 0)};
	struct cs_bytes bytes = {0};
	int r;

	if (!sql_fixed(stmt, 2, record.chain, sizeof(record.chain)))
		return cs_store_fail(store, CS_ECORRUPT, "event %llu: its chain value is none",
			(unsigned long long)record.number);
	r = sql_bytes(stmt, 1, &bytes);
	if (r < 0)
		return r;
	record.bytes = bytes.data;
	record.n_bytes = bytes.len;
	*ret_record = record;
	return 0;
}

static int read_records(struct cs_store *store, enum cs_sql which, int bound, struct cs_record **ret_records,
	size_t *ret_count)
{
	struct cs_record *records = NULL;
	size_t n = 0, cap = 0;
	int r;

	while ((r = sql_next(store, which, bound, "cannot read the evidence")) == 1) {
		void *items = records;

		r = cs_reserve(&items, &cap, n, 1, sizeof(*records));
		records = items;
		if (r == 0)
			r = read_record(store, sql_statement(store, which), &records[n]);
		if (r < 0)
			break;
		n++;
	}
	sql_done(store, which);
	if (r < 0) {
		cs_records_free(&records, &n);
		return r;
	}
	*ret_records = records;
	*ret_count = n;
	return 0;
}

int sqlite_records(struct cs_store *store, uint64_t from, size_t max, struct cs_record **ret_records,
	size_t *ret_count)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_RECORDS);
	int bound = sql_bind_number(stmt, 1, from) | sql_bind_number(stmt, 2, max);

	return read_records(store, CS_SQL_RECORDS, bound, ret_records, ret_count);
}

int sqlite_records_of(struct cs_store *store, uint64_t request, size_t max, struct cs_record **ret_records,
	size_t *ret_count)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_RECORDS_OF);
	int bound = sql_bind_number(stmt, 1, request) | sql_bind_number(stmt, 2, max);

	return read_records(store, CS_SQL_RECORDS_OF, bound, ret_records, ret_count);
}

/* --- Segments ----------------------------------------------------------------------------------------------------- */

/* The row first: without it the schema refuses to delete an event. */
int sqlite_archive(struct cs_store *store, const struct cs_segment *segment)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_ADD_SEGMENT);
	int bound = sql_bind_number(stmt, 1, segment->first) | sql_bind_number(stmt, 2, segment->last) |
		sql_bind_bytes(stmt, 3, segment->before, CS_DIGEST_LEN) |
		sql_bind_bytes(stmt, 4, segment->chain, CS_DIGEST_LEN) | sql_bind_number(stmt, 5, segment->wall_ms) |
		sql_bind_bytes(stmt, 6, segment->sha256, CS_DIGEST_LEN) | sql_bind_text(stmt, 7, segment->file);
	int r = sql_run(store, CS_SQL_ADD_SEGMENT, bound, "cannot record a segment");

	stmt = sql_statement(store, CS_SQL_TAKE_OUT);
	if (r == 0)
		r = sql_run(store, CS_SQL_TAKE_OUT, sql_bind_number(stmt, 1, segment->last), "cannot take out events");
	return r;
}

static int read_segment(struct cs_store *store, struct sqlite3_stmt *stmt, struct cs_segment *ret_segment)
{
	struct cs_segment segment = {.first = sql_number(stmt, 0), .last = sql_number(stmt, 1),
		.wall_ms = sql_number(stmt, 4)};
	int r;

	if (!sql_fixed(stmt, 2, segment.before, CS_DIGEST_LEN) || !sql_fixed(stmt, 3, segment.chain, CS_DIGEST_LEN) ||
		!sql_fixed(stmt, 5, segment.sha256, CS_DIGEST_LEN))
		return cs_store_fail(store, CS_ECORRUPT, "the segment from event %llu on: its row is none",
			(unsigned long long)segment.first);
	r = sql_text(stmt, 6, &segment.file);
	if (r == 0)
		*ret_segment = segment;
	return r;
}

/* They are read newest first. */
static void turn_around(struct cs_segment *segments, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct cs_segment kept = segments[i];

		segments[i] = segments[n - 1 - i];
		segments[n - 1 - i] = kept;
	}
}

int sqlite_segments(struct cs_store *store, size_t max, struct cs_segment **ret_segments, size_t *ret_count)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_SEGMENTS);
	int bound = sql_bind_number(stmt, 1, max);
	struct cs_segment *segments = NULL;
	size_t n = 0, cap = 0;
	int r;

	while ((r = sql_next(store, CS_SQL_SEGMENTS, bound, "cannot read segments")) == 1) {
		void *items = segments;

		r = cs_reserve(&items, &cap, n, 1, sizeof(*segments));
		segments = items;
		if (r == 0)
			r = read_segment(store, stmt, &segments[n]);
		if (r < 0)
			break;
		n++;
	}
	sql_done(store, CS_SQL_SEGMENTS);
	if (r < 0) {
		cs_segments_free(&segments, &n);
		return r;
	}
	turn_around(segments, n);
	*ret_segments = segments;
	*ret_count = n;
	return 0;
}

/* --- Policies ----------------------------------------------------------------------------------------------------- */

int sqlite_policy_add(struct cs_store *store, const struct cs_generation *generation, const struct cs_bytes *text)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_ADD_POLICY);
	int bound = sql_bind_number(stmt, 1, generation->number) | sql_bind_number(stmt, 2, generation->wall_ms) |
		sql_bind_number(stmt, 3, generation->uid) |
		sql_bind_text(stmt, 4, generation->author ? generation->author : "") |
		sql_bind_text(stmt, 5, generation->comment ? generation->comment : "") |
		sql_bind_number(stmt, 6, generation->request) |
		sql_bind_bytes(stmt, 7, generation->digest, CS_DIGEST_LEN) |
		sql_bind_bytes(stmt, 8, text->data, text->len);

	return sql_run(store, CS_SQL_ADD_POLICY, bound, "cannot add a policy");
}

static int read_generation(struct cs_store *store, struct sqlite3_stmt *stmt, struct cs_generation *ret_generation)
{
	struct cs_generation generation = {.number = sql_number(stmt, 0), .wall_ms = sql_number(stmt, 1),
		.uid = (uint32_t)sql_number(stmt, 2), .request = sql_number(stmt, 5), .size = sql_number(stmt, 7)};
	int r;

	if (!sql_fixed(stmt, 6, generation.digest, sizeof(generation.digest)))
		return cs_store_fail(store, CS_ECORRUPT, "generation %llu of the policy: its row is none",
			(unsigned long long)generation.number);
	r = sql_text(stmt, 3, &generation.author);
	if (r == 0)
		r = sql_text(stmt, 4, &generation.comment);
	if (r < 0)
		cs_clear(&cs_generation_shape, &generation);
	else
		*ret_generation = generation;
	return r;
}

int sqlite_policies(struct cs_store *store, uint64_t before, size_t max, struct cs_generation **ret_generations,
	size_t *ret_count)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_POLICIES);
	int bound = sql_bind_number(stmt, 1, before) | sql_bind_number(stmt, 2, max);
	struct cs_generation *found = NULL;
	size_t n = 0, cap = 0;
	int r;

	while ((r = sql_next(store, CS_SQL_POLICIES, bound, "cannot read policies")) == 1) {
		void *items = found;

		r = cs_reserve(&items, &cap, n, 1, sizeof(*found));
		found = items;
		if (r == 0)
			r = read_generation(store, stmt, &found[n]);
		if (r < 0)
			break;
		n++;
	}
	sql_done(store, CS_SQL_POLICIES);
	if (r < 0) {
		cs_generations_free(&found, &n);
		return r;
	}
	*ret_generations = found;
	*ret_count = n;
	return 0;
}

int sqlite_policy_text(struct cs_store *store, uint64_t number, struct cs_bytes *ret_text)
{
	struct sqlite3_stmt *stmt = sql_statement(store, CS_SQL_POLICY_TEXT);
	int r = sql_next(store, CS_SQL_POLICY_TEXT, sql_bind_number(stmt, 1, number), "cannot read a policy");

	if (r == 1)
		r = sql_bytes(stmt, 0, ret_text);
	else if (r == 0)
		r = CS_ENOENT;
	sql_done(store, CS_SQL_POLICY_TEXT);
	return r;
}
