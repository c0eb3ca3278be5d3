/* SPDX-License-Identifier: Apache-2.0 */
/* The store in memory, for tests and models. A transaction keeps what takes back each of its changes. */
#include "memory.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

struct memory *memory_of(struct cs_store *store)
{
	return (struct memory *)(void *)store;
}

/* --- Taking back -------------------------------------------------------------------------------------------------- */

static void free_held(struct held *held)
{
	for (size_t i = 0; i < held->n_ballots; i++)
		memory_free_ballot(&held->ballots[i]);
	free(held->ballots);
	cs_row_clear(&held->row);
	*held = (struct held){0};
}

static void restore(struct cs_row *row, const struct cs_row *was)
{
	row->state = was->state;
	row->version = was->version;
	row->used = was->used;
	row->since_boot_ms = was->since_boot_ms;
	row->since_wall_ms = was->since_wall_ms;
	memcpy(row->since_boot, was->since_boot, sizeof(row->since_boot));
}

static void take_back_add(struct memory *memory, const struct undo *undo)
{
	free_held(&memory->held[undo->place]);
	memory->n_held--;
}

static void take_back_change(struct memory *memory, const struct undo *undo)
{
	restore(&memory->held[undo->place].row, &undo->was);
}

static void take_back_vote(struct memory *memory, const struct undo *undo)
{
	struct held *held = &memory->held[undo->place];

	held->row.version--;
	memory_free_ballot(&held->ballots[--held->n_ballots]);
}

static void take_back_append(struct memory *memory, const struct undo *undo)
{
	(void)undo;
	cs_clear(&cs_record_shape, &memory->records[--memory->n_records].record);
}

static void take_back_archive(struct memory *memory, const struct undo *undo)
{
	(void)undo;
	cs_clear(&cs_segment_shape, &memory->segments[--memory->n_segments]);
}

static void take_back_policy(struct memory *memory, const struct undo *undo)
{
	(void)undo;
	memory_free_policy(&memory->policies[--memory->n_policies]);
}

static void take_back_tell(struct memory *memory, const struct undo *undo)
{
	free(memory->letters[undo->place].letter.body.data);
	memory->n_letters--;
}

static void take_back_letter(struct memory *memory, const struct undo *undo)
{
	struct kept_letter *kept = &memory->letters[undo->place];

	kept->due_wall_ms = undo->wall_ms;
	kept->letter.tries = undo->tries;
	kept->gone = false;
}

static void take_back_quiet(struct memory *memory, const struct undo *undo)
{
	memory->quiet[undo->place].until_wall_ms = undo->wall_ms;
}

static void (*const take_back[])(struct memory *memory, const struct undo *undo) = {
	[UNDO_ADD] = take_back_add,
	[UNDO_CHANGE] = take_back_change,
	[UNDO_VOTE] = take_back_vote,
	[UNDO_APPEND] = take_back_append,
	[UNDO_ARCHIVE] = take_back_archive,
	[UNDO_POLICY] = take_back_policy,
	[UNDO_TELL] = take_back_tell,
	[UNDO_LETTER] = take_back_letter,
	[UNDO_QUIET] = take_back_quiet,
};

static void take_back_to(struct memory *memory, size_t n)
{
	while (memory->n_undo > n) {
		const struct undo *undo = &memory->undo[--memory->n_undo];

		take_back[undo->kind](memory, undo);
	}
}

int memory_prepare(struct memory *memory)
{
	void *items = memory->undo;
	int r = cs_reserve(&items, &memory->cap_undo, memory->n_undo, 1, sizeof(*memory->undo));

	memory->undo = items;
	return r;
}

struct undo *memory_remember(struct memory *memory, enum undo_kind kind, size_t place)
{
	struct undo *undo = &memory->undo[memory->n_undo++];

	*undo = (struct undo){.kind = kind, .place = place};
	if (kind == UNDO_CHANGE)
		restore(&undo->was, &memory->held[place].row);
	return undo;
}

/* --- Transactions ------------------------------------------------------------------------------------------------- */

static void memory_close(struct cs_store *store)
{
	struct memory *memory = memory_of(store);

	for (size_t i = 0; i < memory->n_held; i++)
		free_held(&memory->held[i]);
	free(memory->held);
	for (size_t i = 0; i < memory->n_records; i++)
		cs_clear(&cs_record_shape, &memory->records[i].record);
	free(memory->records);
	cs_segments_free(&memory->segments, &memory->n_segments);
	for (size_t i = 0; i < memory->n_policies; i++)
		memory_free_policy(&memory->policies[i]);
	free(memory->policies);
	for (size_t i = 0; i < memory->n_letters; i++)
		free(memory->letters[i].letter.body.data);
	free(memory->letters);
	for (size_t i = 0; i < memory->n_quiet; i++)
		free(memory->quiet[i].name);
	free(memory->quiet);
	free(memory->undo);
	free(memory);
}

static bool memory_active(struct cs_store *store)
{
	return store->open;
}

static int memory_begin(struct cs_store *store)
{
	memory_of(store)->n_undo = 0;
	return 0;
}

static int memory_mark(struct cs_store *store, bool again)
{
	struct memory *memory = memory_of(store);

	(void)again;
	memory->mark = memory->n_undo;
	return 0;
}

static int memory_undo(struct cs_store *store)
{
	take_back_to(memory_of(store), memory_of(store)->mark);
	return 0;
}

static int memory_commit(struct cs_store *store)
{
	memory_of(store)->n_undo = 0;
	return 0;
}

static void memory_rollback(struct cs_store *store)
{
	take_back_to(memory_of(store), 0);
}

static const struct cs_store_ops memory_ops = {
	.close = memory_close,
	.active = memory_active,
	.begin = memory_begin,
	.mark = memory_mark,
	.undo = memory_undo,
	.commit = memory_commit,
	.rollback = memory_rollback,
	.add = memory_add,
	.get = memory_get,
	.get_id = memory_get_id,
	.find_open = memory_find_open,
	.find_id = memory_find_id,
	.change = memory_change,
	.use = memory_use,
	.voter = memory_voter,
	.vote = memory_vote,
	.votes = memory_votes,
	.list = memory_list,
	.list_of = memory_list_of,
	.next_place = memory_next_place,
	.overdue = memory_overdue,
	.unopposed = memory_unopposed,
	.count_open = memory_count_open,
	.head = memory_head,
	.append = memory_append,
	.records = memory_records,
	.records_of = memory_records_of,
	.archive = memory_archive,
	.segments = memory_segments,
	.tell = memory_tell,
	.notices = memory_notices,
	.notices_of = memory_notices_of,
	.told = memory_told,
	.tell_later = memory_tell_later,
	.count_notices = memory_count_notices,
	.set_quiet = memory_set_quiet,
	.quiet = memory_quiet,
	.policy_add = memory_policy_add,
	.policies = memory_policies,
	.policy_text = memory_policy_text,
};

int cs_store_open_memory(struct cs_store **ret_store)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return CS_ENOMEM;
	memory->front.ops = &memory_ops;
	memory->front.name = cs_dup("memory");
	if (!memory->front.name) {
		free(memory);
		return CS_ENOMEM;
	}
	*ret_store = &memory->front;
	return 0;
}
