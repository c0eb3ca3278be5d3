/* SPDX-License-Identifier: Apache-2.0 */
/* The store in memory, for tests and models. A transaction keeps what takes back each of its changes. */
#include "ops.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

struct ballot {
	char *person_id;
	struct cs_bytes body;
};

/* A request and its votes. Number n stands at place n - 1: rows are never taken out, except by an undo of the last. */
struct held {
	struct cs_row row;
	struct ballot *ballots;
	size_t n_ballots, cap_ballots;
};

/* Generation n of the policy stands at place n - 1. */
struct kept_policy {
	struct cs_generation generation;
	struct cs_bytes text;
};

enum undo_kind { UNDO_ADD, UNDO_CHANGE, UNDO_VOTE, UNDO_APPEND, UNDO_POLICY };

struct undo {
	enum undo_kind kind;
	size_t place;     /* of the request */
	struct cs_row was; /* UNDO_CHANGE: state, version and times before; without body */
};

struct memory {
	struct cs_store front;
	struct held *held;
	size_t n_held, cap_held;
	struct cs_record *records;
	size_t n_records, cap_records;
	struct kept_policy *policies;
	size_t n_policies, cap_policies;
	struct undo *undo;
	size_t n_undo, cap_undo;
	size_t mark;
};

static struct memory *memory_of(struct cs_store *store)
{
	return (struct memory *)(void *)store;
}

/* --- Taking back -------------------------------------------------------------------------------------------------- */

static void free_ballot(struct ballot *ballot)
{
	free(ballot->person_id);
	free(ballot->body.data);
	*ballot = (struct ballot){0};
}

static void free_held(struct held *held)
{
	for (size_t i = 0; i < held->n_ballots; i++)
		free_ballot(&held->ballots[i]);
	free(held->ballots);
	cs_row_clear(&held->row);
	*held = (struct held){0};
}

static void free_policy(struct kept_policy *policy)
{
	cs_clear(&cs_generation_shape, &policy->generation);
	free(policy->text.data);
	*policy = (struct kept_policy){0};
}

static void restore(struct cs_row *row, const struct cs_row *was)
{
	row->state = was->state;
	row->version = was->version;
	row->since_boot_ms = was->since_boot_ms;
	row->since_wall_ms = was->since_wall_ms;
	memcpy(row->since_boot, was->since_boot, sizeof(row->since_boot));
}

static void take_back(struct memory *memory, const struct undo *undo)
{
	bool of_request = undo->kind != UNDO_APPEND && undo->kind != UNDO_POLICY;
	struct held *held = of_request ? &memory->held[undo->place] : NULL;

	switch (undo->kind) {
	case UNDO_ADD:
		free_held(held);
		memory->n_held--;
		break;
	case UNDO_CHANGE:
		restore(&held->row, &undo->was);
		break;
	case UNDO_VOTE:
		held->row.version--;
		free_ballot(&held->ballots[--held->n_ballots]);
		break;
	case UNDO_APPEND:
		cs_clear(&cs_record_shape, &memory->records[--memory->n_records]);
		break;
	case UNDO_POLICY:
		free_policy(&memory->policies[--memory->n_policies]);
		break;
	}
}

static void take_back_to(struct memory *memory, size_t n)
{
	while (memory->n_undo > n)
		take_back(memory, &memory->undo[--memory->n_undo]);
}

/* Makes room for one undo, so that a change that was made can always be taken back. */
static int prepare(struct memory *memory)
{
	void *items = memory->undo;
	int r = cs_reserve(&items, &memory->cap_undo, memory->n_undo, 1, sizeof(*memory->undo));

	memory->undo = items;
	return r;
}

static void remember(struct memory *memory, enum undo_kind kind, size_t place)
{
	struct undo *undo = &memory->undo[memory->n_undo++];

	*undo = (struct undo){.kind = kind, .place = place};
	if (kind == UNDO_CHANGE)
		restore(&undo->was, &memory->held[place].row);
}

/* --- Transactions ------------------------------------------------------------------------------------------------- */

static void memory_close(struct cs_store *store)
{
	struct memory *memory = memory_of(store);

	for (size_t i = 0; i < memory->n_held; i++)
		free_held(&memory->held[i]);
	for (size_t i = 0; i < memory->n_records; i++)
		cs_clear(&cs_record_shape, &memory->records[i]);
	free(memory->held);
	for (size_t i = 0; i < memory->n_policies; i++)
		free_policy(&memory->policies[i]);
	free(memory->records);
	free(memory->policies);
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

/* --- Requests ----------------------------------------------------------------------------------------------------- */

static struct held *find(struct memory *memory, uint64_t number)
{
	return number >= 1 && number <= memory->n_held ? &memory->held[number - 1] : NULL;
}

static int memory_add(struct cs_store *store, const struct cs_row *row, uint64_t *ret_number)
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
		r = prepare(memory);
	if (r == 0)
		r = cs_bytes_copy(row->body.data, row->body.len, &body);
	if (r < 0)
		return r;
	memory->held[memory->n_held] = (struct held){.row = *row};
	memory->held[memory->n_held].row.number = memory->n_held + 1;
	memory->held[memory->n_held].row.body = body;
	remember(memory, UNDO_ADD, memory->n_held++);
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

static int memory_get(struct cs_store *store, uint64_t number, struct cs_row *ret_row)
{
	const struct held *held = find(memory_of(store), number);

	return held ? copy_row(&held->row, ret_row) : CS_ENOENT;
}

static int memory_get_id(struct cs_store *store, const uint8_t id[CS_ID_LEN], struct cs_row *ret_row)
{
	const struct memory *memory = memory_of(store);

	for (size_t i = 0; i < memory->n_held; i++)
		if (memcmp(memory->held[i].row.id, id, CS_ID_LEN) == 0)
			return copy_row(&memory->held[i].row, ret_row);
	return CS_ENOENT;
}

static int memory_find_open(struct cs_store *store, const uint8_t action_key[CS_DIGEST_LEN], uint64_t *ret_numbers,
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

static int memory_change(struct cs_store *store, uint64_t number, enum cs_state from, enum cs_state to,
			 const struct cs_now *now)
{
	struct memory *memory = memory_of(store);
	struct held *held = find(memory, number);
	int r;

	if (!held || held->row.state != from)
		return 0;
	r = prepare(memory);
	if (r < 0)
		return r;
	remember(memory, UNDO_CHANGE, number - 1);
	held->row.state = to;
	held->row.version++;
	held->row.since_boot_ms = now->boot_ms;
	held->row.since_wall_ms = now->wall_ms;
	memcpy(held->row.since_boot, now->boot_id, sizeof(held->row.since_boot));
	return 1;
}

static int memory_list(struct cs_store *store, bool open_only, uint64_t before, uint64_t *ret_numbers, size_t max)
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

static int memory_overdue(struct cs_store *store, const struct cs_now *now, uint64_t *ret_numbers, size_t max)
{
	const struct memory *memory = memory_of(store);
	size_t n = 0;

	for (size_t i = 0; i < memory->n_held && n < max; i++)
		if (cs_row_overdue(&memory->held[i].row, now))
			ret_numbers[n++] = memory->held[i].row.number;
	return (int)n;
}

static int memory_count_open(struct cs_store *store, uint32_t uid, uint64_t *ret_of_uid, uint64_t *ret_pending,
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

static int may_vote(const struct held *held, const char *person_id)
{
	for (size_t i = 0; i < held->n_ballots; i++)
		if (strcmp(held->ballots[i].person_id, person_id) == 0)
			return CS_EEXIST;
	return held->n_ballots < CS_MAX_VOTES ? 0 : CS_EBUSY;
}

static int memory_vote(struct cs_store *store, uint64_t number, const char *person_id, const struct cs_bytes *body)
{
	struct memory *memory = memory_of(store);
	struct held *held = find(memory, number);
	struct ballot ballot = {0};
	void *items;
	int r;

	if (!held)
		return CS_ENOENT;
	r = may_vote(held, person_id);
	if (r < 0)
		return r;
	items = held->ballots;
	r = cs_reserve(&items, &held->cap_ballots, held->n_ballots, 1, sizeof(*held->ballots));
	held->ballots = items;
	if (r == 0)
		r = prepare(memory);
	if (r == 0)
		r = cs_bytes_copy(body->data, body->len, &ballot.body);
	if (r < 0)
		return r;
	ballot.person_id = cs_dup(person_id);
	if (!ballot.person_id) {
		free_ballot(&ballot);
		return CS_ENOMEM;
	}
	held->ballots[held->n_ballots++] = ballot;
	held->row.version++;
	remember(memory, UNDO_VOTE, number - 1);
	return 0;
}

static int memory_votes(struct cs_store *store, uint64_t number, struct cs_bytes **ret_bodies, size_t *ret_count)
{
	const struct held *held = find(memory_of(store), number);
	size_t n = held ? held->n_ballots : 0;
	struct cs_bytes *bodies = calloc(n ? n : 1, sizeof(*bodies));
	int r = bodies ? 0 : CS_ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = cs_bytes_copy(held->ballots[i].body.data, held->ballots[i].body.len, &bodies[i]);
	if (r < 0) {
		cs_bodies_free(&bodies, &n);
		return r;
	}
	*ret_bodies = bodies;
	*ret_count = n;
	return 0;
}

/* --- Events ------------------------------------------------------------------------------------------------------- */

static int memory_head(struct cs_store *store, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN])
{
	const struct memory *memory = memory_of(store);

	*ret_number = memory->n_records;
	memset(ret_chain, 0, CS_DIGEST_LEN);
	if (memory->n_records > 0)
		memcpy(ret_chain, memory->records[memory->n_records - 1].chain, CS_DIGEST_LEN);
	return 0;
}

static int memory_append(struct cs_store *store, const struct cs_record *record)
{
	struct memory *memory = memory_of(store);
	struct cs_record copy = {0};
	void *items = memory->records;
	int r = cs_reserve(&items, &memory->cap_records, memory->n_records, 1, sizeof(*memory->records));

	memory->records = items;
	if (r == 0)
		r = prepare(memory);
	if (r == 0)
		r = cs_copy(&cs_record_shape, record, &copy);
	if (r < 0)
		return r;
	memory->records[memory->n_records++] = copy;
	remember(memory, UNDO_APPEND, 0);
	return 0;
}

static int memory_records(struct cs_store *store, uint64_t from, size_t max, struct cs_record **ret_records,
			  size_t *ret_count)
{
	const struct memory *memory = memory_of(store);
	size_t first = from > 0 ? (size_t)from - 1 : 0;
	size_t n = first < memory->n_records ? memory->n_records - first : 0;
	struct cs_record *records = NULL;
	size_t done = 0;
	int r = 0;

	n = n < max ? n : max;
	records = calloc(n ? n : 1, sizeof(*records));
	if (!records)
		return CS_ENOMEM;
	for (; r == 0 && done < n; done++)
		r = cs_copy(&cs_record_shape, &memory->records[first + done], &records[done]);
	if (r == 0) {
		*ret_records = records;
		*ret_count = n;
		return 0;
	}
	for (size_t i = 0; i < done; i++)
		cs_clear(&cs_record_shape, &records[i]);
	free(records);
	return r;
}

/* --- Policies ----------------------------------------------------------------------------------------------------- */

static int memory_policy_add(struct cs_store *store, const struct cs_generation *generation,
	const struct cs_bytes *text)
{
	struct memory *memory = memory_of(store);
	struct kept_policy added = {0};
	void *items = memory->policies;
	int r;

	if (generation->request && !find(memory, generation->request))
		return CS_ENOENT;
	r = cs_reserve(&items, &memory->cap_policies, memory->n_policies, 1, sizeof(*memory->policies));
	memory->policies = items;
	if (r == 0)
		r = prepare(memory);
	if (r == 0)
		r = cs_copy(&cs_generation_shape, generation, &added.generation);
	if (r == 0)
		r = cs_bytes_copy(text->data, text->len, &added.text);
	if (r < 0) {
		free_policy(&added);
		return r;
	}
	memory->policies[memory->n_policies++] = added;
	remember(memory, UNDO_POLICY, 0);
	return 0;
}

static int memory_policies(struct cs_store *store, uint64_t before, size_t max, struct cs_generation **ret_generations,
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

static int memory_policy_text(struct cs_store *store, uint64_t number, struct cs_bytes *ret_text)
{
	const struct memory *memory = memory_of(store);
	const struct cs_bytes *text = NULL;

	if (number < 1 || number > memory->n_policies)
		return CS_ENOENT;
	text = &memory->policies[number - 1].text;
	return cs_bytes_copy(text->data, text->len, ret_text);
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
	.change = memory_change,
	.vote = memory_vote,
	.votes = memory_votes,
	.list = memory_list,
	.overdue = memory_overdue,
	.count_open = memory_count_open,
	.head = memory_head,
	.append = memory_append,
	.records = memory_records,
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
