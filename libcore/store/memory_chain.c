/* SPDX-License-Identifier: Apache-2.0 */
/* Events, segments and policies in memory. */
#include "mem.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

int memory_head(struct cs_store *store, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN])
{
	const struct memory *memory = memory_of(store);

	*ret_number = memory->n_records;
	memset(ret_chain, 0, CS_DIGEST_LEN);
	if (memory->n_records > 0)
		memcpy(ret_chain, memory->records[memory->n_records - 1].record.chain, CS_DIGEST_LEN);
	return 0;
}

int memory_append(struct cs_store *store, const struct cs_record *record, uint64_t request)
{
	struct memory *memory = memory_of(store);
	struct kept_record kept = {.request = request};
	void *items = memory->records;
	int r = cs_reserve(&items, &memory->cap_records, memory->n_records, 1, sizeof(*memory->records));

	memory->records = items;
	if (r == 0)
		r = memory_prepare(memory);
	if (r == 0)
		r = cs_copy(&cs_record_shape, record, &kept.record);
	if (r < 0)
		return r;
	memory->records[memory->n_records++] = kept;
	memory_remember(memory, UNDO_APPEND, 0);
	return 0;
}

/* The place of the first event that was not taken out. */
static size_t first_place(const struct memory *memory)
{
	return memory->n_segments ? (size_t)memory->segments[memory->n_segments - 1].last : 0;
}

/* Copies the records from a place on that are about this request (0: all), at most max. */
static int copy_records(const struct memory *memory, size_t place, uint64_t request, size_t max,
	struct cs_record **ret_records, size_t *ret_count)
{
	size_t left = place < memory->n_records ? memory->n_records - place : 0, n = 0;
	struct cs_record *records = calloc((left < max ? left : max) + 1, sizeof(*records));
	int r = records ? 0 : CS_ENOMEM;

	for (size_t i = place; r == 0 && i < memory->n_records && n < max; i++)
		if (request == 0 || memory->records[i].request == request) {
			r = cs_copy(&cs_record_shape, &memory->records[i].record, &records[n]);
			n += r == 0;
		}
	if (r < 0) {
		cs_records_free(&records, &n);
		return r;
	}
	*ret_records = records;
	*ret_count = n;
	return 0;
}

int memory_records(struct cs_store *store, uint64_t from, size_t max, struct cs_record **ret_records,
	size_t *ret_count)
{
	const struct memory *memory = memory_of(store);
	size_t place = from > 0 ? (size_t)from - 1 : 0, first = first_place(memory);

	return copy_records(memory, place > first ? place : first, 0, max, ret_records, ret_count);
}

int memory_records_of(struct cs_store *store, uint64_t request, size_t max, struct cs_record **ret_records,
	size_t *ret_count)
{
	const struct memory *memory = memory_of(store);

	return copy_records(memory, first_place(memory), request, max, ret_records, ret_count);
}

int memory_archive(struct cs_store *store, const struct cs_segment *segment)
{
	struct memory *memory = memory_of(store);
	struct cs_segment copy = {0};
	void *items = memory->segments;
	int r = cs_reserve(&items, &memory->cap_segments, memory->n_segments, 1, sizeof(*memory->segments));

	memory->segments = items;
	if (r == 0)
		r = memory_prepare(memory);
	if (r == 0)
		r = cs_copy(&cs_segment_shape, segment, &copy);
	if (r < 0)
		return r;
	memory->segments[memory->n_segments++] = copy;
	memory_remember(memory, UNDO_ARCHIVE, 0);
	return 0;
}

int memory_segments(struct cs_store *store, size_t max, struct cs_segment **ret_segments, size_t *ret_count)
{
	const struct memory *memory = memory_of(store);
	size_t count = memory->n_segments < max ? memory->n_segments : max, n = 0;
	struct cs_segment *segments = calloc(count + 1, sizeof(*segments));
	int r = segments ? 0 : CS_ENOMEM;

	while (r == 0 && n < count) {
		r = cs_copy(&cs_segment_shape, &memory->segments[memory->n_segments - count + n], &segments[n]);
		n += r == 0;
	}
	if (r < 0) {
		cs_segments_free(&segments, &n);
		return r;
	}
	*ret_segments = segments;
	*ret_count = n;
	return 0;
}

/* --- Policies ----------------------------------------------------------------------------------------------------- */

void memory_free_policy(struct kept_policy *policy)
{
	cs_clear(&cs_generation_shape, &policy->generation);
	free(policy->text.data);
	*policy = (struct kept_policy){0};
}

int memory_policy_add(struct cs_store *store, const struct cs_generation *generation,
	const struct cs_bytes *text)
{
	struct memory *memory = memory_of(store);
	struct kept_policy added = {0};
	void *items = memory->policies;
	int r;

	if (generation->request && !memory_find(memory, generation->request))
		return CS_ENOENT;
	r = cs_reserve(&items, &memory->cap_policies, memory->n_policies, 1, sizeof(*memory->policies));
	memory->policies = items;
	if (r == 0)
		r = memory_prepare(memory);
	if (r == 0)
		r = cs_copy(&cs_generation_shape, generation, &added.generation);
	if (r == 0)
		r = cs_bytes_copy(text->data, text->len, &added.text);
	if (r < 0) {
		memory_free_policy(&added);
		return r;
	}
	memory->policies[memory->n_policies++] = added;
	memory_remember(memory, UNDO_POLICY, 0);
	return 0;
}

int memory_policies(struct cs_store *store, uint64_t before, size_t max, struct cs_generation **ret_generations,
			   size_t *ret_count)
{
	const struct memory *memory = memory_of(store);
	size_t below = before - 1 < memory->n_policies ? (size_t)before - 1 : memory->n_policies;
	size_t n = 0, count = below < max ? below : max;
	struct cs_generation *found = calloc(count ? count : 1, sizeof(*found));
	int r = found ? 0 : CS_ENOMEM;

	while (r == 0 && n < count) {
		r = cs_copy(&cs_generation_shape, &memory->policies[below - 1 - n].generation, &found[n]);
		n += r == 0;
	}
	if (r < 0) {
		cs_generations_free(&found, &n);
		return r;
	}
	*ret_generations = found;
	*ret_count = n;
	return 0;
}

int memory_policy_text(struct cs_store *store, uint64_t number, struct cs_bytes *ret_text)
{
	const struct memory *memory = memory_of(store);
	const struct cs_bytes *text = NULL;

	if (number < 1 || number > memory->n_policies)
		return CS_ENOENT;
	text = &memory->policies[number - 1].text;
	return cs_bytes_copy(text->data, text->len, ret_text);
}
