/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the store in memory share. */
#ifndef CS_STORE_MEMORY_H
#define CS_STORE_MEMORY_H

#include "ops.h"

struct ballot {
	char *person_id;
	enum cs_vote vote;
	struct cs_bytes body;
};

/* A request and its votes. Number n stands at place n - 1: rows are never taken out, except by an undo of the last. */
struct held {
	struct cs_row row;
	struct ballot *ballots;
	size_t n_ballots, cap_ballots;
};

/* Event n stands at place n - 1, also when its segment was taken out: what counts is where the last segment ends. */
struct kept_record {
	struct cs_record record;
	uint64_t request;
};

/* Generation n of the policy stands at place n - 1. */
struct kept_policy {
	struct cs_generation generation;
	struct cs_bytes text;
};

/* Notice n stands at place n - 1. */
struct kept_letter {
	struct cs_letter letter;
	uint64_t request;
	uint64_t due_wall_ms;
	bool gone;
};

struct kept_quiet {
	char *name;
	uint64_t until_wall_ms; /* 0: not any more */
};

enum undo_kind {
	UNDO_ADD,
	UNDO_CHANGE,
	UNDO_VOTE,
	UNDO_APPEND,
	UNDO_ARCHIVE,
	UNDO_POLICY,
	UNDO_TELL,
	UNDO_LETTER,
	UNDO_QUIET
};

struct undo {
	enum undo_kind kind;
	size_t place;
	struct cs_row was; /* UNDO_CHANGE: state, version, uses and times before; without body */
	uint64_t wall_ms;  /* UNDO_LETTER: when it was due; UNDO_QUIET: until when */
	uint32_t tries;    /* UNDO_LETTER */
};

struct memory {
	struct cs_store front;
	struct held *held;
	size_t n_held, cap_held;
	struct kept_record *records;
	size_t n_records, cap_records;
	struct cs_segment *segments;
	size_t n_segments, cap_segments;
	struct kept_policy *policies;
	size_t n_policies, cap_policies;
	struct kept_letter *letters;
	size_t n_letters, cap_letters;
	struct kept_quiet *quiet;
	size_t n_quiet, cap_quiet;
	struct undo *undo;
	size_t n_undo, cap_undo;
	size_t mark;
};

struct memory *memory_of(struct cs_store *store);

/* Makes room for one undo, so that a change that was made can always be taken back. 0, CS_ENOMEM. */
int memory_prepare(struct memory *memory);
/* How to take back the change that is made now, to what stands at this place. Never fails after memory_prepare. */
struct undo *memory_remember(struct memory *memory, enum undo_kind kind, size_t place);

struct held *memory_find(struct memory *memory, uint64_t number);
void memory_free_ballot(struct ballot *ballot);
void memory_free_policy(struct kept_policy *policy);

/* Of struct cs_store_ops. */
int memory_add(struct cs_store *store, const struct cs_row *row, uint64_t *ret_number);
int memory_get(struct cs_store *store, uint64_t number, struct cs_row *ret_row);
int memory_get_id(struct cs_store *store, const uint8_t id[CS_ID_LEN], struct cs_row *ret_row);
int memory_find_id(struct cs_store *store, const uint8_t low[CS_ID_LEN], const uint8_t high[CS_ID_LEN],
	uint64_t *ret_numbers, size_t max);
int memory_find_open(struct cs_store *store, const uint8_t action_key[CS_DIGEST_LEN], uint64_t *ret_numbers,
	size_t max);
int memory_change(struct cs_store *store, uint64_t number, enum cs_state from, enum cs_state to,
	const struct cs_now *now);
int memory_use(struct cs_store *store, uint64_t number, const struct cs_now *now, uint32_t *ret_used);
int memory_list(struct cs_store *store, bool open_only, uint64_t before, uint64_t *ret_numbers, size_t max);
int memory_list_of(struct cs_store *store, const struct cs_which *which, uint64_t before, uint64_t *ret_numbers, size_t max);
int memory_next_place(struct cs_store *store, const uint8_t *after, uint8_t ret_key[CS_DIGEST_LEN], uint64_t *ret_number);
int memory_overdue(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max);
int memory_unopposed(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max);
int memory_count_open(struct cs_store *store, uint32_t uid, uint64_t *ret_of_uid, uint64_t *ret_pending,
	uint64_t *ret_approved);
int memory_voter(struct cs_store *store, uint64_t number, const char *person_id, struct cs_voter *ret_voter);
int memory_vote(struct cs_store *store, uint64_t number, const char *person_id, enum cs_vote vote,
	const struct cs_bytes *body);
int memory_votes(struct cs_store *store, uint64_t number, struct cs_bytes **ret_bodies, size_t *ret_count);
int memory_head(struct cs_store *store, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN]);
int memory_append(struct cs_store *store, const struct cs_record *record, uint64_t request);
int memory_records(struct cs_store *store, uint64_t from, size_t max, struct cs_record **ret_records,
	size_t *ret_count);
int memory_records_of(struct cs_store *store, uint64_t request, size_t max, struct cs_record **ret_records,
	size_t *ret_count);
int memory_archive(struct cs_store *store, const struct cs_segment *segment);
int memory_segments(struct cs_store *store, size_t max, struct cs_segment **ret_segments, size_t *ret_count);
int memory_policy_add(struct cs_store *store, const struct cs_generation *generation, const struct cs_bytes *text);
int memory_policies(struct cs_store *store, uint64_t before, size_t max, struct cs_generation **ret_generations,
	size_t *ret_count);
int memory_policy_text(struct cs_store *store, uint64_t number, struct cs_bytes *ret_text);
int memory_tell(struct cs_store *store, const struct cs_bytes *body, uint64_t request, uint64_t due_wall_ms,
	uint64_t *ret_number);
int memory_notices_of(struct cs_store *store, uint64_t request, struct cs_letter **ret_letters, size_t *ret_count);
int memory_notices(struct cs_store *store, uint64_t wall_ms, size_t max, struct cs_letter **ret_letters,
	size_t *ret_count);
int memory_told(struct cs_store *store, uint64_t number);
int memory_tell_later(struct cs_store *store, uint64_t number, uint64_t due_wall_ms);
int memory_count_notices(struct cs_store *store, uint64_t *ret_count, uint64_t *ret_due_wall_ms);
int memory_set_quiet(struct cs_store *store, const char *name, uint64_t until_wall_ms);
int memory_quiet(struct cs_store *store, const char *name, uint64_t *ret_until_wall_ms);

#endif
