/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox in memory. What was told is freed with the store. */
#include "mem.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

int memory_tell(struct cs_store *store, const struct cs_bytes *body, uint64_t request, uint64_t due_wall_ms,
	uint64_t *ret_number)
{
	struct memory *memory = memory_of(store);
	struct kept_letter kept = {.request = request, .due_wall_ms = due_wall_ms};
	void *items = memory->letters;
	int r = cs_reserve(&items, &memory->cap_letters, memory->n_letters, 1, sizeof(*memory->letters));

	memory->letters = items;
	if (r == 0)
		r = memory_prepare(memory);
	if (r == 0)
		r = cs_bytes_copy(body->data, body->len, &kept.letter.body);
	if (r < 0)
		return r;
	kept.letter.number = memory->n_letters + 1;
	memory->letters[memory->n_letters] = kept;
	memory_remember(memory, UNDO_TELL, memory->n_letters++);
	*ret_number = kept.letter.number;
	return 0;
}

/* The place of what is due next after this time and place, by time and then by place; n_letters where there is none. */
static size_t next_due(const struct memory *memory, uint64_t wall_ms, size_t after)
{
	size_t best = memory->n_letters;

	for (size_t i = 0; i < memory->n_letters; i++) {
		const struct kept_letter *kept = &memory->letters[i];

		if (kept->gone || kept->due_wall_ms < wall_ms || (kept->due_wall_ms == wall_ms && i < after))
			continue;
		if (best == memory->n_letters || kept->due_wall_ms < memory->letters[best].due_wall_ms)
			best = i;
	}
	return best;
}

static int copy_letter(const struct cs_letter *letter, struct cs_letter *letters, size_t *n)
{
	int r = 0;

	letters[*n] = (struct cs_letter){.number = letter->number, .tries = letter->tries};
	r = cs_bytes_copy(letter->body.data, letter->body.len, &letters[*n].body);
	*n += r == 0;
	return r;
}

int memory_notices_of(struct cs_store *store, uint64_t request, struct cs_letter **ret_letters, size_t *ret_count)
{
	const struct memory *memory = memory_of(store);
	struct cs_letter *letters = calloc(memory->n_letters + 1, sizeof(*letters));
	size_t n = 0;
	int r = letters ? 0 : CS_ENOMEM;

	for (size_t i = 0; r == 0 && i < memory->n_letters; i++)
		if (!memory->letters[i].gone && memory->letters[i].request == request)
			r = copy_letter(&memory->letters[i].letter, letters, &n);
	if (r < 0) {
		cs_letters_free(&letters, &n);
		return r;
	}
	*ret_letters = letters;
	*ret_count = n;
	return 0;
}

int memory_notices(struct cs_store *store, uint64_t wall_ms, size_t max, struct cs_letter **ret_letters,
	size_t *ret_count)
{
	const struct memory *memory = memory_of(store);
	struct cs_letter *letters = calloc(memory->n_letters + 1, sizeof(*letters));
	size_t n = 0, at = letters ? next_due(memory, 0, 0) : 0;
	int r = letters ? 0 : CS_ENOMEM;

	while (r == 0 && n < max && at < memory->n_letters && memory->letters[at].due_wall_ms <= wall_ms) {
		const struct kept_letter *kept = &memory->letters[at];

		r = copy_letter(&kept->letter, letters, &n);
		at = next_due(memory, kept->due_wall_ms, at + 1);
	}
	if (r < 0) {
		cs_letters_free(&letters, &n);
		return r;
	}
	*ret_letters = letters;
	*ret_count = n;
	return 0;
}

/* What is to be changed, with its undo; *ret_kept. 0, CS_ENOENT, CS_ENOMEM. */
static int change_letter(struct memory *memory, uint64_t number, struct kept_letter **ret_kept)
{
	struct kept_letter *kept = NULL;
	struct undo *undo = NULL;
	int r = number >= 1 && number <= memory->n_letters && !memory->letters[number - 1].gone
		? memory_prepare(memory) : CS_ENOENT;

	if (r < 0)
		return r;
	kept = &memory->letters[number - 1];
	undo = memory_remember(memory, UNDO_LETTER, number - 1);
	undo->wall_ms = kept->due_wall_ms;
	undo->tries = kept->letter.tries;
	*ret_kept = kept;
	return 0;
}

int memory_told(struct cs_store *store, uint64_t number)
{
	struct kept_letter *kept = NULL;
	int r = change_letter(memory_of(store), number, &kept);

	if (r == 0)
		kept->gone = true;
	return r;
}

int memory_tell_later(struct cs_store *store, uint64_t number, uint64_t due_wall_ms)
{
	struct kept_letter *kept = NULL;
	int r = change_letter(memory_of(store), number, &kept);

	if (r < 0)
		return r;
	kept->due_wall_ms = due_wall_ms;
	kept->letter.tries++;
	return 0;
}

int memory_count_notices(struct cs_store *store, uint64_t *ret_count, uint64_t *ret_due_wall_ms)
{
	const struct memory *memory = memory_of(store);
	size_t next = next_due(memory, 0, 0);
	uint64_t count = 0;

	for (size_t i = 0; i < memory->n_letters; i++)
		count += !memory->letters[i].gone;
	*ret_count = count;
	*ret_due_wall_ms = count ? memory->letters[next].due_wall_ms : CS_STORE_MAX_MS + 1;
	return 0;
}

/* --- Who is left alone -------------------------------------------------------------------------------------------- */

static struct kept_quiet *find_quiet(struct memory *memory, const char *name)
{
	for (size_t i = 0; i < memory->n_quiet; i++)
		if (strcmp(memory->quiet[i].name, name) == 0)
			return &memory->quiet[i];
	return NULL;
}

/* A name that nothing is set for needs no undo. */
static int add_quiet(struct memory *memory, const char *name)
{
	void *items = memory->quiet;
	int r = cs_reserve(&items, &memory->cap_quiet, memory->n_quiet, 1, sizeof(*memory->quiet));
	char *copy = NULL;

	memory->quiet = items;
	if (r < 0)
		return r;
	copy = cs_dup(name);
	if (!copy)
		return CS_ENOMEM;
	memory->quiet[memory->n_quiet++] = (struct kept_quiet){.name = copy};
	return 0;
}

int memory_set_quiet(struct cs_store *store, const char *name, uint64_t until_wall_ms)
{
	struct memory *memory = memory_of(store);
	struct kept_quiet *kept = find_quiet(memory, name);
	int r = kept ? 0 : add_quiet(memory, name);

	if (r == 0)
		r = memory_prepare(memory);
	if (r < 0)
		return r;
	kept = find_quiet(memory, name);
	memory_remember(memory, UNDO_QUIET, (size_t)(kept - memory->quiet))->wall_ms = kept->until_wall_ms;
	kept->until_wall_ms = until_wall_ms;
	return 0;
}

int memory_quiet(struct cs_store *store, const char *name, uint64_t *ret_until_wall_ms)
{
	const struct kept_quiet *kept = find_quiet(memory_of(store), name);

	*ret_until_wall_ms = kept ? kept->until_wall_ms : 0;
	return 0;
}
