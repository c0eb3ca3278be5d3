/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and votes in memory. */
#include "mem.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

struct held *memory_find(struct memory *memory, uint64_t number)
{
	return number >= 1 && number <= memory->n_held ? &memory->held[number - 1] : NULL;
}

int memory_add(struct cs_store *store, const struct cs_row *row, uint64_t *ret_number)
{
	struct memory *memory = memory_of(store);
	struct cs_bytes body = {0};
	void *items = memory->held;
	int r;

	for (size_t i = 0; i < memory->n_held; i++) {
		const struct cs_row *other = &memory->held[i].row;

		if (memcmp(other->id, row->id, sizeof(row->id)) == 0 ||
			memcmp(other->digest, row->digest, sizeof(row->digest)) == 0)
			return CS_EEXIST;
	}
	r = cs_reserve(&items, &memory->cap_held, memory->n_held, 1, sizeof(*memory->held));
	memory->held = items;
	if (r == 0)
		r = memory_prepare(memory);
	if (r == 0)
		r = cs_bytes_copy(row->body.data, row->body.len, &body);
	if (r < 0)
		return r;
	memory->held[memory->n_held] = (struct held){.row = *row};
	memory->held[memory->n_held].row.number = memory->n_held + 1;
	memory->held[memory->n_held].row.body = body;
	memory_remember(memory, UNDO_ADD, memory->n_held++);
	*ret_number = memory->n_held;
	return 0;
}

static int copy_row(const struct cs_row *row, struct cs_row *ret_row)
{
	struct cs_bytes body = {0};
	int r = cs_bytes_copy(row->body.data, row->body.len, &body);

	if (r < 0)
		return r;
	*ret_row = *row;
	ret_row->body = body;
	return 0;
}

int memory_get(struct cs_store *store, uint64_t number, struct cs_row *ret_row)
{
	const struct held *held = memory_find(memory_of(store), number);

	return held ? copy_row(&held->row, ret_row) : CS_ENOENT;
}

int memory_get_id(struct cs_store *store, const uint8_t id[CS_ID_LEN], struct cs_row *ret_row)
{
	const struct memory *memory = memory_of(store);

	for (size_t i = 0; i < memory->n_held; i++)
		if (memcmp(memory->held[i].row.id, id, CS_ID_LEN) == 0)
			return copy_row(&memory->held[i].row, ret_row);
	return CS_ENOENT;
}

int memory_find_id(struct cs_store *store, const uint8_t low[CS_ID_LEN], const uint8_t high[CS_ID_LEN],
	uint64_t *ret_numbers, size_t max)
{
	const struct memory *memory = memory_of(store);
	size_t n = 0;

	for (size_t i = 0; i < memory->n_held && n < max; i++) {
		const struct cs_row *row = &memory->held[i].row;

		if (memcmp(row->id, low, CS_ID_LEN) >= 0 && memcmp(row->id, high, CS_ID_LEN) <= 0)
			ret_numbers[n++] = row->number;
	}
	return (int)n;
}

int memory_find_open(struct cs_store *store, const uint8_t action_key[CS_DIGEST_LEN], uint64_t *ret_numbers,
			    size_t max)
{
	const struct memory *memory = memory_of(store);
	size_t n = 0;

	for (size_t i = memory->n_held; i > 0 && n < max; i--) {
		const struct cs_row *row = &memory->held[i - 1].row;

		if (cs_state_is_open(row->state) && memcmp(row->action_key, action_key, CS_DIGEST_LEN) == 0)
			ret_numbers[n++] = row->number;
	}
	return (int)n;
}

/* A state begins. */
static void enter(struct cs_row *row, enum cs_state state, const struct cs_now *now)
{
	row->state = state;
	row->since_boot_ms = now->boot_ms;
	row->since_wall_ms = now->wall_ms;
	memcpy(row->since_boot, now->boot_id, sizeof(row->since_boot));
}

int memory_change(struct cs_store *store, uint64_t number, enum cs_state from, enum cs_state to,
			 const struct cs_now *now)
{
	struct memory *memory = memory_of(store);
	struct held *held = memory_find(memory, number);
	int r;

	if (!held || held->row.state != from)
		return 0;
	r = memory_prepare(memory);
	if (r < 0)
		return r;
	memory_remember(memory, UNDO_CHANGE, number - 1);
	held->row.version++;
	enter(&held->row, to, now);
	return 1;
}

int memory_use(struct cs_store *store, uint64_t number, const struct cs_now *now, uint32_t *ret_used)
{
	struct memory *memory = memory_of(store);
	struct held *held = memory_find(memory, number);
	int r;

	if (!held || held->row.state != CS_APPROVED || held->row.used >= cs_row_uses(&held->row))
		return 0;
	r = memory_prepare(memory);
	if (r < 0)
		return r;
	memory_remember(memory, UNDO_CHANGE, number - 1);
	held->row.version++;
	*ret_used = ++held->row.used;
	if (held->row.used == cs_row_uses(&held->row))
		enter(&held->row, CS_USED, now);
	return 1;
}

int memory_list(struct cs_store *store, bool open_only, uint64_t before, uint64_t *ret_numbers, size_t max)
{
	const struct memory *memory = memory_of(store);
	size_t n = 0;

	for (size_t i = memory->n_held; i > 0 && n < max; i--) {
		const struct cs_row *row = &memory->held[i - 1].row;

		if (row->number < before && (!open_only || cs_state_is_open(row->state)))
			ret_numbers[n++] = row->number;
	}
	return (int)n;
}

static bool is_one_of(const struct cs_row *row, const struct cs_which *which)
{
	switch (which->group) {
	case CS_GROUP_UID:
		return row->uid == which->uid;
	case CS_GROUP_PERSON:
		return memcmp(row->person_key, which->key, sizeof(which->key)) == 0;
	case CS_GROUP_PLACE:
		return memcmp(row->place_key, which->key, sizeof(which->key)) == 0;
	}
	return false;
}

int memory_list_of(struct cs_store *store, const struct cs_which *which, uint64_t before, uint64_t *ret_numbers, size_t max)
{
	const struct memory *memory = memory_of(store);
	size_t n = 0;

	for (size_t i = memory->n_held; i > 0 && n < max; i--) {
		const struct cs_row *row = &memory->held[i - 1].row;

		if (row->number < before && cs_state_is_open(row->state) && is_one_of(row, which))
			ret_numbers[n++] = row->number;
	}
	return (int)n;
}

int memory_next_place(struct cs_store *store, const uint8_t *after, uint8_t ret_key[CS_DIGEST_LEN], uint64_t *ret_number)
{
	const struct memory *memory = memory_of(store);
	const struct cs_row *next = NULL;

	for (size_t i = 0; i < memory->n_held; i++) {
		const struct cs_row *row = &memory->held[i].row;

		if (cs_state_is_open(row->state) && (!after || memcmp(row->place_key, after, CS_DIGEST_LEN) > 0) &&
			(!next || memcmp(row->place_key, next->place_key, CS_DIGEST_LEN) < 0))
			next = row;
	}
	if (!next)
		return 0;
	memcpy(ret_key, next->place_key, CS_DIGEST_LEN);
	*ret_number = next->number;
	return 1;
}

int memory_overdue(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max)
{
	const struct memory *memory = memory_of(store);
	size_t n = 0;

	for (size_t i = 0; i < memory->n_held && n < max; i++)
		if (memory->held[i].row.number > after && cs_row_overdue(&memory->held[i].row, now))
			ret_numbers[n++] = memory->held[i].row.number;
	return (int)n;
}

int memory_unopposed(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max)
{
	const struct memory *memory = memory_of(store);
	size_t n = 0;

	for (size_t i = 0; i < memory->n_held && n < max; i++)
		if (memory->held[i].row.number > after && cs_row_unopposed(&memory->held[i].row, now))
			ret_numbers[n++] = memory->held[i].row.number;
	return (int)n;
}

int memory_count_open(struct cs_store *store, uint32_t uid, uint64_t *ret_of_uid, uint64_t *ret_pending,
	uint64_t *ret_approved)
{
	const struct memory *memory = memory_of(store);

	*ret_of_uid = *ret_pending = *ret_approved = 0;
	for (size_t i = 0; i < memory->n_held; i++) {
		const struct cs_row *row = &memory->held[i].row;

		*ret_of_uid += cs_state_is_open(row->state) && row->uid == uid;
		*ret_pending += row->state == CS_PENDING;
		*ret_approved += row->state == CS_APPROVED;
	}
	return 0;
}

/* --- Votes -------------------------------------------------------------------------------------------------------- */

void memory_free_ballot(struct ballot *ballot)
{
	free(ballot->person_id);
	free(ballot->body.data);
	*ballot = (struct ballot){0};
}

/* The place of this person's last vote before n; n where there is none. */
static size_t last_before(const struct held *held, size_t n, const char *person_id)
{
	for (size_t i = n; i > 0; i--)
		if (strcmp(held->ballots[i - 1].person_id, person_id) == 0)
			return i - 1;
	return n;
}

int memory_voter(struct cs_store *store, uint64_t number, const char *person_id, struct cs_voter *ret_voter)
{
	const struct held *held = memory_find(memory_of(store), number);
	struct cs_voter voter = {0};

	for (size_t i = 0; held && i < held->n_ballots; i++) {
		voter.people += last_before(held, i, held->ballots[i].person_id) == i;
		if (strcmp(held->ballots[i].person_id, person_id) == 0) {
			voter.votes++;
			voter.last = held->ballots[i].vote;
		}
	}
	*ret_voter = voter;
	return 0;
}

int memory_vote(struct cs_store *store, uint64_t number, const char *person_id, enum cs_vote vote,
	const struct cs_bytes *body)
{
	struct memory *memory = memory_of(store);
	struct held *held = memory_find(memory, number);
	struct ballot ballot = {.vote = vote};
	void *items;
	int r;

	if (!held)
		return CS_ENOENT;
	items = held->ballots;
	r = cs_reserve(&items, &held->cap_ballots, held->n_ballots, 1, sizeof(*held->ballots));
	held->ballots = items;
	if (r == 0)
		r = memory_prepare(memory);
	if (r == 0)
		r = cs_bytes_copy(body->data, body->len, &ballot.body);
	if (r < 0)
		return r;
	ballot.person_id = cs_dup(person_id);
	if (!ballot.person_id) {
		memory_free_ballot(&ballot);
		return CS_ENOMEM;
	}
	held->ballots[held->n_ballots++] = ballot;
	held->row.version++;
	memory_remember(memory, UNDO_VOTE, number - 1);
	return 0;
}

/* Does nothing come after it, and is there something to count? */
static bool stands(const struct held *held, size_t place)
{
	const struct ballot *ballot = &held->ballots[place];

	return ballot->vote != CS_VOTE_WITHDRAW &&
		last_before(held, held->n_ballots, ballot->person_id) == place;
}

int memory_votes(struct cs_store *store, uint64_t number, struct cs_bytes **ret_bodies, size_t *ret_count)
{
	const struct held *held = memory_find(memory_of(store), number);
	size_t all = held ? held->n_ballots : 0, n = 0;
	struct cs_bytes *bodies = calloc(all ? all : 1, sizeof(*bodies));
	int r = bodies ? 0 : CS_ENOMEM;

	for (size_t i = 0; r == 0 && i < all; i++)
		if (stands(held, i)) {
			r = cs_bytes_copy(held->ballots[i].body.data, held->ballots[i].body.len, &bodies[n]);
			n += r == 0;
		}
	if (r < 0) {
		cs_bodies_free(&bodies, &n);
		return r;
	}
	*ret_bodies = bodies;
	*ret_count = n;
	return 0;
}
