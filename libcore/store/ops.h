/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend of the store offers to the front: rows of bytes, no nouns. The front encodes and validates. */
#ifndef CS_STORE_OPS_H
#define CS_STORE_OPS_H

#include "store.h"

enum {
	CS_STORE_MAX_BODY = 1048576, /* bytes of one encoded request, vote or notice; the schema says the same */
	CS_STORE_ERROR_LEN = 256
};

/* The largest number of milliseconds that is stored: four of them still add up within an int64. */
#define CS_STORE_MAX_MS (UINT64_C(2305843009213693951))

struct cs_bytes {
	uint8_t *data;
	size_t len;
};

/* A request as a backend keeps it. The body is owned. */
struct cs_row {
	uint64_t number;
	uint8_t id[CS_ID_LEN];
	uint8_t digest[CS_DIGEST_LEN];
	uint8_t action_key[CS_DIGEST_LEN], person_key[CS_DIGEST_LEN], place_key[CS_DIGEST_LEN];
	uint32_t uid;
	enum cs_state state;
	uint64_t version;
	char since_boot[CS_BOOT_ID_LEN + 1];
	uint64_t since_boot_ms, since_wall_ms;
	uint64_t lifetime_ms, use_within_ms, objection_ms, start_wall_ms;
	uint32_t uses, used;
	struct cs_bytes body;
};

/* A notice as a backend keeps it. The body is owned. */
struct cs_letter {
	uint64_t number;
	uint32_t tries;
	struct cs_bytes body;
};

/* What decides whether one more vote of a person is taken. */
struct cs_voter {
	uint64_t people; /* who voted on this request, also those who took it back */
	uint64_t votes;  /* of this person */
	enum cs_vote last;
};

/* The front keeps the rules of transactions: changes and mark come only inside one, undo only after a mark, and none
 * of them after a failure of the backend. Numbers fit an int64, milliseconds are at most CS_STORE_MAX_MS. */
struct cs_store_ops {
	/* Frees what the backend holds, and the store itself. */
	void (*close)(struct cs_store *store);
	/* Is the transaction that was begun still there? A failure may have ended it. */
	bool (*active)(struct cs_store *store);
	int (*begin)(struct cs_store *store);
	int (*mark)(struct cs_store *store, bool again); /* again: there is a mark already, to be replaced */
	int (*undo)(struct cs_store *store);
	int (*commit)(struct cs_store *store);
	void (*rollback)(struct cs_store *store); /* harmless when there is none */

	int (*add)(struct cs_store *store, const struct cs_row *row, uint64_t *ret_number);
	int (*get)(struct cs_store *store, uint64_t number, struct cs_row *ret_row);
	int (*get_id)(struct cs_store *store, const uint8_t id[CS_ID_LEN], struct cs_row *ret_row);
	int (*find_open)(struct cs_store *store, const uint8_t action_key[CS_DIGEST_LEN], uint64_t *ret_numbers,
			 size_t max);
	int (*change)(struct cs_store *store, uint64_t number, enum cs_state from, enum cs_state to,
		      const struct cs_now *now);
	int (*use)(struct cs_store *store, uint64_t number, const struct cs_now *now, uint32_t *ret_used);
	/* Ids from low to high. */
	int (*find_id)(struct cs_store *store, const uint8_t low[CS_ID_LEN], const uint8_t high[CS_ID_LEN],
		uint64_t *ret_numbers, size_t max);
	/* All zero for a request that is not there. */
	int (*voter)(struct cs_store *store, uint64_t number, const char *person_id, struct cs_voter *ret_voter);
	int (*vote)(struct cs_store *store, uint64_t number, const char *person_id, enum cs_vote vote,
		const struct cs_bytes *body);
	/* The last one of each person, without withdrawals. */
	int (*votes)(struct cs_store *store, uint64_t number, struct cs_bytes **ret_bodies, size_t *ret_count);
	/* Numbers below before, newest first: how many. */
	int (*list)(struct cs_store *store, bool open_only, uint64_t before, uint64_t *ret_numbers, size_t max);
	int (*list_of)(struct cs_store *store, const struct cs_which *which, uint64_t before, uint64_t *ret_numbers,
		size_t max);
	/* after: NULL or a key. */
	int (*next_place)(struct cs_store *store, const uint8_t *after, uint8_t ret_key[CS_DIGEST_LEN],
		uint64_t *ret_number);
	int (*overdue)(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max);
	int (*unopposed)(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max);
	int (*count_open)(struct cs_store *store, uint32_t uid, uint64_t *ret_of_uid, uint64_t *ret_pending,
		uint64_t *ret_approved);

	int (*head)(struct cs_store *store, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN]);
	int (*append)(struct cs_store *store, const struct cs_record *record, uint64_t request);
	int (*records)(struct cs_store *store, uint64_t from, size_t max, struct cs_record **ret_records,
		       size_t *ret_count);
	int (*records_of)(struct cs_store *store, uint64_t request, size_t max, struct cs_record **ret_records,
		size_t *ret_count);
	/* The segment is known to follow the last one and to fit the events that are here. */
	int (*archive)(struct cs_store *store, const struct cs_segment *segment);
	/* The last max of them, in order. */
	int (*segments)(struct cs_store *store, size_t max, struct cs_segment **ret_segments, size_t *ret_count);

	int (*tell)(struct cs_store *store, const struct cs_bytes *body, uint64_t request, uint64_t due_wall_ms,
		uint64_t *ret_number);
	/* By the time they are due, then by number. */
	int (*notices)(struct cs_store *store, uint64_t wall_ms, size_t max, struct cs_letter **ret_letters,
		size_t *ret_count);
	/* By number. */
	int (*notices_of)(struct cs_store *store, uint64_t request, struct cs_letter **ret_letters, size_t *ret_count);
	int (*told)(struct cs_store *store, uint64_t number);
	int (*tell_later)(struct cs_store *store, uint64_t number, uint64_t due_wall_ms);
	/* The next is due at CS_STORE_MAX_MS + 1 when there is none. */
	int (*count_notices)(struct cs_store *store, uint64_t *ret_count, uint64_t *ret_due_wall_ms);
	int (*set_quiet)(struct cs_store *store, const char *name, uint64_t until_wall_ms);
	/* 0 where nothing was set. */
	int (*quiet)(struct cs_store *store, const char *name, uint64_t *ret_until_wall_ms);

	/* generation->number is the newest's and one more; its request, where it has one, may not be there:
	 * CS_ENOENT. */
	int (*policy_add)(struct cs_store *store, const struct cs_generation *generation, const struct cs_bytes *text);
	/* Those with a number below before, newest first. */
	int (*policies)(struct cs_store *store, uint64_t before, size_t max, struct cs_generation **ret_generations,
			size_t *ret_count);
	int (*policy_text)(struct cs_store *store, uint64_t number, struct cs_bytes *ret_text);
};

/* The front's half of a store; the first member of every backend's own struct. */
struct cs_store {
	const struct cs_store_ops *ops;
	char *name;
	char error[CS_STORE_ERROR_LEN];
	bool open;   /* a transaction was begun and neither committed nor rolled back */
	bool marked;
	bool doomed; /* a change failed inside it: nothing of it may be committed */
};

/* Before a change. A transaction of which a part failed takes no further change: what would be committed is not what
 * was decided. 0, CS_ECONFLICT (there is none), CS_EIO. */
int cs_store_enter(struct cs_store *store);
/* After a change: what could not be done, not even with other arguments, leaves nothing of the transaction behind.
 * Returns r. */
int cs_store_leave(struct cs_store *store, int r);
/* The bytes of an object of this shape; the caller frees them. 0, CS_ETOOBIG, CS_EINVAL, CS_ENOMEM. */
int cs_store_encode(struct cs_store *store, const struct cs_shape *shape, const void *obj, struct cs_bytes *ret_body);
int cs_store_check_now(struct cs_store *store, const struct cs_now *now);

/* Keeps a text for cs_store_error and returns error. */
int cs_store_fail(struct cs_store *store, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Makes sure that path is, or can become, a private file in a folder that nobody else can write, and that no other
 * process has the store open. *ret_path is free of symlinks and allocated, *ret_lock holds the lock until it is closed.
 * 0, CS_EUNTRUSTED, CS_EBUSY, CS_EIO, CS_ENOENT (no such folder), CS_EINVAL, CS_ENOMEM, with the store's text set. */
int cs_store_take_file(struct cs_store *store, const char *path, char **ret_path, int *ret_lock);

void cs_row_clear(struct cs_row *row);
/* n votes' bodies; sets *bodies to NULL and *n to 0. */
void cs_bodies_free(struct cs_bytes **bodies, size_t *n);
/* Copies bytes into *ret. 0, CS_ENOMEM. */
int cs_bytes_copy(const void *bytes, size_t n, struct cs_bytes *ret);

void cs_letters_free(struct cs_letter **letters, size_t *n);
void cs_records_free(struct cs_record **records, size_t *n);
void cs_segments_free(struct cs_segment **segments, size_t *n);

/* Is the deadline of an open row over? */
bool cs_row_overdue(const struct cs_row *row, const struct cs_now *now);
/* Did nobody object to a pending row in the time that is given for it? Never where the clock is not believed: then it
 * is overdue. */
bool cs_row_unopposed(const struct cs_row *row, const struct cs_now *now);
/* How often an approval may be used. */
uint32_t cs_row_uses(const struct cs_row *row);
bool cs_state_is_open(enum cs_state state);

#endif
