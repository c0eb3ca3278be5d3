/* SPDX-License-Identifier: Apache-2.0 */
/* Events: what may be appended, what may be taken out, and in which order. */
#include "mem.h"
#include "ops.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

int cs_store_head(struct cs_store *store, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN])
{
	return store->ops->head(store, ret_number, ret_chain);
}

int cs_store_append(struct cs_store *store, const struct cs_record *record, uint64_t request)
{
	uint8_t chain[CS_DIGEST_LEN];
	uint64_t head = 0;
	int r = cs_store_enter(store);

	if (r < 0)
		return r;
	if (!record->bytes || record->n_bytes == 0 || record->n_bytes > CS_MAX_EVENT)
		return cs_store_fail(store, CS_EINVAL, "a record holds 1 to %d bytes", CS_MAX_EVENT);
	if (request > INT64_MAX)
		return cs_store_fail(store, CS_EINVAL, "there is no such request");
	r = cs_store_leave(store, store->ops->head(store, &head, chain));
	if (r < 0)
		return r;
	if (head >= INT64_MAX || record->number != head + 1)
		return cs_store_fail(store, CS_ECONFLICT, "event %llu does not follow event %llu",
			(unsigned long long)record->number, (unsigned long long)head);
	return cs_store_leave(store, store->ops->append(store, record, request));
}

static int no_records(struct cs_record **ret_records, size_t *ret_count)
{
	*ret_records = NULL;
	*ret_count = 0;
	return 0;
}

int cs_store_records(struct cs_store *store, uint64_t from, size_t max, struct cs_record **ret_records,
		     size_t *ret_count)
{
	if (max == 0 || from > INT64_MAX)
		return no_records(ret_records, ret_count);
	return store->ops->records(store, from, max < INT_MAX ? max : INT_MAX, ret_records, ret_count);
}

int cs_store_records_of(struct cs_store *store, uint64_t request, size_t max, struct cs_record **ret_records,
			size_t *ret_count)
{
	if (max == 0 || request == 0 || request > INT64_MAX)
		return no_records(ret_records, ret_count);
	return store->ops->records_of(store, request, max < INT_MAX ? max : INT_MAX, ret_records, ret_count);
}

/* --- Segments ----------------------------------------------------------------------------------------------------- */

int cs_store_segments(struct cs_store *store, struct cs_segment **ret_segments, size_t *ret_count)
{
	return store->ops->segments(store, INT_MAX, ret_segments, ret_count);
}

int cs_store_first(struct cs_store *store, uint64_t *ret_number, uint8_t ret_before[CS_DIGEST_LEN])
{
	struct cs_segment *last = NULL;
	size_t n = 0;
	int r = store->ops->segments(store, 1, &last, &n);

	if (r < 0)
		return r;
	*ret_number = n ? last[0].last + 1 : 1;
	memset(ret_before, 0, CS_DIGEST_LEN);
	if (n)
		memcpy(ret_before, last[0].chain, CS_DIGEST_LEN);
	cs_segments_free(&last, &n);
	return 0;
}

static int check_segment(struct cs_store *store, const struct cs_segment *segment)
{
	const char *file = segment->file ? segment->file : "";

	if (!*file || strchr(file, '/') || strcmp(file, ".") == 0 || strcmp(file, "..") == 0)
		return cs_store_fail(store, CS_EINVAL, "a segment is named by a file without its folder");
	if (segment->wall_ms > CS_STORE_MAX_MS)
		return cs_store_fail(store, CS_EINVAL, "the time is out of range");
	return 0;
}

/* Is the chain's value after this event the one given? 1, 0, or CS_E…. */
static int chain_is(struct cs_store *store, uint64_t number, const uint8_t chain[CS_DIGEST_LEN])
{
	struct cs_record *records = NULL;
	size_t n = 0;
	int r = store->ops->records(store, number, 1, &records, &n);

	if (r == 0)
		r = n == 1 && records[0].number == number && memcmp(records[0].chain, chain, CS_DIGEST_LEN) == 0;
	cs_records_free(&records, &n);
	return r;
}

/* The head stays, whatever is taken out: the next event follows it. 1, 0, or CS_E…. */
static int segment_fits(struct cs_store *store, const struct cs_segment *segment)
{
	uint8_t before[CS_DIGEST_LEN], chain[CS_DIGEST_LEN];
	uint64_t first = 0, head = 0;
	int r = cs_store_first(store, &first, before);

	if (r == 0)
		r = store->ops->head(store, &head, chain);
	if (r < 0)
		return r;
	if (segment->first != first || segment->last < first || segment->last >= head ||
		memcmp(segment->before, before, CS_DIGEST_LEN) != 0)
		return 0;
	return chain_is(store, segment->last, segment->chain);
}

int cs_store_archive(struct cs_store *store, const struct cs_segment *segment)
{
	struct cs_bytes bounds = {0};
	int r = cs_store_enter(store);

	if (r == 0)
		r = check_segment(store, segment);
	if (r == 0)
		r = cs_store_encode(store, &cs_segment_shape, segment, &bounds);
	free(bounds.data);
	if (r < 0)
		return r == CS_ENOMEM ? cs_store_leave(store, r) : r;
	r = segment_fits(store, segment);
	if (r == 0)
		r = cs_store_fail(store, CS_ECONFLICT, "events %llu to %llu are not the oldest here",
			(unsigned long long)segment->first, (unsigned long long)segment->last);
	else if (r == 1)
		r = store->ops->archive(store, segment);
	return cs_store_leave(store, r);
}
