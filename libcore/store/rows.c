/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and their bytes: the small helpers that the front and every backend share. */
#include "ops.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cs_field stored_fields[] = {
	CS_U64(cs_stored, number),
	CS_FIXED(cs_stored, digest, CS_DIGEST_LEN),
	CS_FIXED(cs_stored, action_key, CS_DIGEST_LEN),
	CS_FIXED(cs_stored, person_key, CS_DIGEST_LEN),
	CS_FIXED(cs_stored, place_key, CS_DIGEST_LEN),
	CS_ENUM(cs_stored, state, cs_state_names),
	CS_U64(cs_stored, version),
	CS_U64(cs_stored, since_boot_ms),
	CS_U64(cs_stored, since_wall_ms),
	CS_STR(cs_stored, since_boot, CS_BOOT_ID_LEN),
	CS_U32(cs_stored, used),
	CS_NEST(cs_stored, request, &cs_request_shape),
};
const struct cs_shape cs_stored_shape = CS_SHAPE("stored", cs_stored, stored_fields);

int cs_store_fail(struct cs_store *store, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(store->error, sizeof(store->error), format, args);
	va_end(args);
	return error;
}

void cs_row_clear(struct cs_row *row)
{
	if (!row)
		return;
	free(row->body.data);
	*row = (struct cs_row){0};
}

void cs_bodies_free(struct cs_bytes **bodies, size_t *n)
{
	for (size_t i = 0; *bodies && i < *n; i++)
		free((*bodies)[i].data);
	free(*bodies);
	*bodies = NULL;
	*n = 0;
}

void cs_generations_free(struct cs_generation **generations, size_t *count)
{
	for (size_t i = 0; *generations && i < *count; i++)
		cs_clear(&cs_generation_shape, &(*generations)[i]);
	free(*generations);
	*generations = NULL;
	*count = 0;
}

void cs_letters_free(struct cs_letter **letters, size_t *n)
{
	for (size_t i = 0; *letters && i < *n; i++)
		free((*letters)[i].body.data);
	free(*letters);
	*letters = NULL;
	*n = 0;
}

void cs_records_free(struct cs_record **records, size_t *n)
{
	for (size_t i = 0; *records && i < *n; i++)
		cs_clear(&cs_record_shape, &(*records)[i]);
	free(*records);
	*records = NULL;
	*n = 0;
}

void cs_segments_free(struct cs_segment **segments, size_t *n)
{
	for (size_t i = 0; *segments && i < *n; i++)
		cs_clear(&cs_segment_shape, &(*segments)[i]);
	free(*segments);
	*segments = NULL;
	*n = 0;
}

int cs_bytes_copy(const void *bytes, size_t n, struct cs_bytes *ret)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		return CS_ENOMEM;
	if (n)
		memcpy(copy, bytes, n);
	*ret = (struct cs_bytes){copy, n};
	return 0;
}

bool cs_state_is_open(enum cs_state state)
{
	return state == CS_PENDING || state == CS_APPROVED;
}

bool cs_row_overdue(const struct cs_row *row, const struct cs_now *now)
{
	uint64_t span = row->state == CS_APPROVED
		? cs_use_span_ms(row->since_wall_ms, row->start_wall_ms, row->use_within_ms)
		: row->lifetime_ms;

	if (!cs_state_is_open(row->state))
		return false;
	return cs_deadline_passed(row->since_boot, row->since_boot_ms, row->since_wall_ms, span, now, NULL) != 0;
}

bool cs_row_unopposed(const struct cs_row *row, const struct cs_now *now)
{
	if (row->state != CS_PENDING || row->objection_ms == 0 || cs_row_overdue(row, now))
		return false;
	return cs_deadline_passed(row->since_boot, row->since_boot_ms, row->since_wall_ms, row->objection_ms, now,
		NULL) == 1;
}

uint32_t cs_row_uses(const struct cs_row *row)
{
	return row->uses ? row->uses : 1;
}
