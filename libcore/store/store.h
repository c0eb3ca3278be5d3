/* SPDX-License-Identifier: Apache-2.0 */
/* The store: requests, votes, states and events behind one interface. Everything that changes is inside one
 * transaction with its event. Not thread-safe; one process opens it. */
#ifndef CS_STORE_H
#define CS_STORE_H

#include "clock.h"
#include "model.h"

struct cs_store;

/* Opens (and creates, mode 0600) the SQLite store: WAL, synchronous=FULL, defensive, trusted_schema off, foreign
 * keys on, locked for this process (a lock file beside it, path.lock). To be opened after the last fork.
 * CS_EUNTRUSTED: the file, its lock or the folder belongs to somebody else, others may read the file or write the
 * folder, or the path names a symlink or hard link. CS_EBUSY: somebody has it open. CS_EVERSION: another schema than
 * this program knows; there is no release yet whose stores would have to be raised. CS_ECORRUPT: no SQLite file, or another program's. CS_ENOENT: no such folder. CS_EINVAL, CS_EIO,
 * CS_ENOMEM. *ret_why (may be NULL): allocated text on failure. */
int cs_store_open_sqlite(const char *path, struct cs_store **ret_store, char **ret_why);
/* Keeps everything in memory; for tests and models. */
int cs_store_open_memory(struct cs_store **ret_store);
void cs_store_close(struct cs_store **store);
/* The last failure for people, such as "cannot commit: database or disk is full"; "" when none yet. Owned by the store.
 * Plain answers (CS_ENOENT, CS_EEXIST for a known row) need not set it. */
const char *cs_store_error(const struct cs_store *store);
/* "sqlite /var/lib/…" for status. */
const char *cs_store_name(const struct cs_store *store);

/* One transaction: begin, any number of changes, commit or rollback. mark and undo make one call's changes atomic
 * inside it: undo goes back to the last mark, which stays. 0 or CS_EIO; after a failed commit all is rolled back.
 * A change that fails with CS_EIO, CS_ENOMEM or CS_ECORRUPT rolls back at once: every further change of this
 * transaction, and its commit, is CS_EIO. Changes outside a transaction, begin inside one, undo without a mark:
 * CS_ECONFLICT. */
int cs_store_begin(struct cs_store *store);
int cs_store_mark(struct cs_store *store);
int cs_store_undo(struct cs_store *store);
int cs_store_commit(struct cs_store *store);
void cs_store_rollback(struct cs_store *store);

/* What the store keeps of a request beside its immutable bytes. */
struct cs_stored {
	uint64_t number; /* 1, 2, 3, … given by add */
	uint8_t digest[CS_DIGEST_LEN];
	uint8_t action_key[CS_DIGEST_LEN];
	uint8_t person_key[CS_DIGEST_LEN]; /* one for all requests of a person */
	uint8_t place_key[CS_DIGEST_LEN];  /* one for all requests that the same people may see: a gate and a scope */
	enum cs_state state;
	uint64_t version;    /* rises with every change of state or votes */
	uint64_t since_boot_ms, since_wall_ms; /* when the state was entered */
	char *since_boot;    /* boot id then */
	uint32_t used;       /* how often it was used */
	struct cs_request request;
};
extern const struct cs_shape cs_stored_shape;

/* Adds a request in state PENDING (stored->state NONE counts as that). stored->number, state and version are set, and
 * without a since_boot also since_*, from the request's own boot and created_*. 0, CS_EEXIST (id or digest), CS_EINVAL
 * (a time out of range, a boot id too long), CS_ETOOBIG (over 1 MiB encoded), CS_EIO, CS_ENOMEM. */
int cs_store_add(struct cs_store *store, struct cs_stored *stored);
/* 0, CS_ENOENT, CS_EIO, CS_ECORRUPT (the bytes do not decode), CS_ENOMEM. Clear with cs_clear(&cs_stored_shape). */
int cs_store_get(struct cs_store *store, uint64_t number, struct cs_stored *ret_stored);
int cs_store_get_id(struct cs_store *store, const uint8_t id[CS_ID_LEN], struct cs_stored *ret_stored);
/* All requests in state PENDING or APPROVED with this action key, newest first, numbers only, at most max. Returns
 * their count or a negative error. */
int cs_store_find_open(struct cs_store *store, const uint8_t action_key[CS_DIGEST_LEN], uint64_t *ret_numbers,
		       size_t max);
/* Conditional: from -> to where the state still is from. 1: done, 0: it was another state; CS_EIO. One UPDATE whose row
 * count decides (A091). The time in the new state counts from now on: for APPROVED -> PENDING give the time when the
 * request was made. A closed from, and from == to, are CS_EINVAL: what is closed never opens again. */
int cs_store_change(struct cs_store *store, uint64_t number, enum cs_state from, enum cs_state to,
		    const struct cs_now *now);
/* One use of an approved request: where its state still is APPROVED and it was used less often than request.uses (0
 * counts as 1) it is used once more, and with the last use USED. One UPDATE whose row count decides (A091). 1 with
 * *ret_used (how often by now), 0, CS_EIO. */
int cs_store_use(struct cs_store *store, uint64_t number, const struct cs_now *now, uint32_t *ret_used);
/* The request whose id begins with these 4 to 32 hexadecimal digits. 0, CS_ENOENT, CS_ECONFLICT (several), CS_EINVAL,
 * CS_EIO. */
int cs_store_find_prefix(struct cs_store *store, const char *hex, uint64_t *ret_number);
/* Numbers after `after` of pending requests whose objection_ms is over, as cs_store_overdue. What is overdue is not among them: so
 * where the clock is not believed there are none. */
int cs_store_unopposed(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max);
/* Adds a vote. An earlier one of this person (person.id) is kept and counts no more; a CS_VOTE_WITHDRAW is kept and
 * stands for none. CS_EINVAL without a person.id or a vote; CS_ENOENT; CS_EBUSY when CS_MAX_VOTES people voted; CS_EPERM when
 * this person voted CS_STORE_VOTES_MOST times and this vote would not take an approval of his away, or be his no; CS_ETOOBIG,
 * CS_EIO, CS_ENOMEM. */
#define CS_STORE_VOTES_MOST 16 /* of one person on one request, and then at most two more: taken back, and a reject */
int cs_store_vote(struct cs_store *store, uint64_t number, const struct cs_approval *approval);
/* The votes that stand, one a person, withdrawn ones left out, in the order in which they were cast; *ret_votes
 * allocated; clear each with cs_clear(&cs_approval_shape) and free. 0, CS_EIO, CS_ECORRUPT, CS_ENOMEM. */
int cs_store_votes(struct cs_store *store, uint64_t number, struct cs_approval **ret_votes, size_t *ret_count);
/* Calls each for requests, newest first: open_only for PENDING and APPROVED, only numbers below before (0: all). each returns 0 to go on, else the walk
 * ends with that value. */
typedef int (*cs_store_each)(void *arg, const struct cs_stored *stored);
int cs_store_list(struct cs_store *store, bool open_only, uint64_t before, size_t max, cs_store_each each, void *arg);
/* Which open requests: of a uid, or with a key. */
enum cs_group { CS_GROUP_UID, CS_GROUP_PERSON, CS_GROUP_PLACE };
struct cs_which {
	enum cs_group group;
	uint32_t uid;
	uint8_t key[CS_DIGEST_LEN];
};
/* Their numbers below before (0: all), newest first, at most max: how many, or a negative error. Indexed. */
int cs_store_list_of(struct cs_store *store, const struct cs_which *which, uint64_t before, uint64_t *ret_numbers,
	size_t max);
/* The place key that follows this one (NULL: the first) among the open requests, and a request that has it. 1, 0, CS_EIO.
 * ret_key may be after. */
int cs_store_next_place(struct cs_store *store, const uint8_t *after, uint8_t ret_key[CS_DIGEST_LEN],
	uint64_t *ret_number);
/* Numbers after `after` of open requests whose time is over (PENDING past lifetime, APPROVED past use_within;
 * cs_deadline_passed), rising, at most max: count or error. Who finds max of them asks again after the last: those that
 * stay open all the same must not hide the others. Must not decode what is not due: indexed. */
int cs_store_overdue(struct cs_store *store, const struct cs_now *now, uint64_t after, uint64_t *ret_numbers, size_t max);
/* How many are open: of this uid (subject.uid), and in all. */
int cs_store_count_open(struct cs_store *store, uint32_t uid, uint64_t *ret_of_uid, uint64_t *ret_pending,
			uint64_t *ret_approved);

/* The chain: number and value of the last event; 0 and zero bytes when there is none. */
int cs_store_head(struct cs_store *store, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN]);
/* Appends a record about this request (0: none); record->number must be head + 1. CS_ECONFLICT otherwise. Never updated,
 * and deleted by cs_store_archive alone: triggers in the schema refuse it. CS_EINVAL, CS_EIO, CS_ENOMEM. */
int cs_store_append(struct cs_store *store, const struct cs_record *record, uint64_t request);
/* Records from a number on, at most max; allocated; clear each with cs_clear(&cs_record_shape) and free. */
int cs_store_records(struct cs_store *store, uint64_t from, size_t max, struct cs_record **ret_records,
		     size_t *ret_count);

/* The records about one request, in order, at most max; as cs_store_records. */
int cs_store_records_of(struct cs_store *store, uint64_t request, size_t max, struct cs_record **ret_records,
			size_t *ret_count);
/* The number of the oldest event that is here (1 as long as nothing was archived; also in an empty store), and the
 * chain's value before it. */
int cs_store_first(struct cs_store *store, uint64_t *ret_number, uint8_t ret_before[CS_DIGEST_LEN]);
/* Takes the events of a segment out: first has to be cs_store_first's, before and chain what is here, last below the
 * head. The segment's row stays for ever. Nothing else removes an event. CS_ECONFLICT where it does not fit, CS_EINVAL
 * (no file name, or one with a folder; a time out of range), CS_ETOOBIG, CS_EIO, CS_ENOMEM. */
int cs_store_archive(struct cs_store *store, const struct cs_segment *segment);
/* All segments, in order; allocated; clear each with cs_clear(&cs_segment_shape, …) and free. */
int cs_store_segments(struct cs_store *store, struct cs_segment **ret_segments, size_t *ret_count);

/* The outbox. Adds a notice, to be told at due_wall_ms or after; notice->number is set. In the transaction of its
 * event. 0, CS_EINVAL, CS_ETOOBIG, CS_EIO, CS_ENOMEM. */
int cs_store_tell(struct cs_store *store, struct cs_notice *notice, uint64_t due_wall_ms);
/* Notices whose time has come, the longest due first, at most max; allocated; clear each with cs_clear(&cs_notice_shape)
 * and free. ret_tries (max entries) is how often each was tried before. */
int cs_store_notices(struct cs_store *store, uint64_t wall_ms, size_t max, struct cs_notice **ret_notices,
		     uint32_t *ret_tries, size_t *ret_count);
/* Those about one request, whenever they are due, oldest first; as cs_store_notices. */
int cs_store_notices_of(struct cs_store *store, uint64_t request, struct cs_notice **ret_notices, size_t *ret_count);
/* It was told, or is moot: the row goes. 0, CS_ENOENT, CS_EIO. */
int cs_store_told(struct cs_store *store, uint64_t number);
/* It was tried and is to be tried again at due_wall_ms. 0, CS_ENOENT, CS_EINVAL (a time out of range), CS_EIO. */
int cs_store_tell_later(struct cs_store *store, uint64_t number, uint64_t due_wall_ms);
/* How many there are, and when the next is due (UINT64_MAX: none). */
int cs_store_count_notices(struct cs_store *store, uint64_t *ret_count, uint64_t *ret_due_wall_ms);
/* Whoever wants to be left alone until then (UINT64_MAX: for ever; 0: not any more), by login name. CS_EINVAL for no
 * name. quiet: 1 with *ret_until, 0, CS_EIO. */
int cs_store_set_quiet(struct cs_store *store, const char *name, uint64_t until_wall_ms);
int cs_store_quiet(struct cs_store *store, const char *name, uint64_t wall_ms, uint64_t *ret_until);

/* Adds a generation of the policy with its text, which holds no NUL: it is the newest from now on. Never updated, never
 * deleted: triggers in the schema refuse it. generation's number and size are set. 0, CS_EINVAL (an empty text or one
 * with a NUL, a time out of range), CS_ETOOBIG (text, author or comment over their bounds), CS_ENOENT (there is no such
 * request), CS_EIO, CS_ENOMEM. */
int cs_store_policy_add(struct cs_store *store, struct cs_generation *generation, const char *text, size_t len);
/* One generation; number 0 means the newest. *ret_text (ret_text may be NULL: then the text is not read) is its text,
 * NUL-terminated; the caller frees. 0, CS_ENOENT, CS_EIO, CS_ECORRUPT, CS_ENOMEM. */
int cs_store_policy_get(struct cs_store *store, uint64_t number, struct cs_generation *ret_generation, char **ret_text);
/* Generations with a number below before (0: all), newest first, at most max; allocated; free with
 * cs_generations_free. */
int cs_store_policies(struct cs_store *store, uint64_t before, size_t max, struct cs_generation **ret_generations,
		      size_t *ret_count);
void cs_generations_free(struct cs_generation **generations, size_t *count);

#endif
