/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the store have in common: a private folder, requests, votes and sealed events to put in. */
#ifndef CS_TEST_STORE_FILL_H
#define CS_TEST_STORE_FILL_H

#include "evidence.h"
#include "mem.h"
#include "shape_fill.h"
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOOT_A "aaaaaaaa-0000-4000-8000-000000000001"
#define BOOT_B "bbbbbbbb-0000-4000-8000-000000000002"

enum { MINUTE = 60000 };

struct stage {
	char folder[64];
	char path[80];
	struct cs_store *store;
	bool sqlite;
};

static inline void stage_folder(struct stage *stage)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(stage->folder, sizeof(stage->folder), "%s/cs-store-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	assert_non_null(mkdtemp(stage->folder));
	snprintf(stage->path, sizeof(stage->path), "%s/store.db", stage->folder);
}

static inline void stage_open(struct stage *stage)
{
	char *why = NULL;
	int r = stage->sqlite ? cs_store_open_sqlite(stage->path, &stage->store, &why)
			      : cs_store_open_memory(&stage->store);

	if (r < 0)
		print_error("%s\n", why ? why : "");
	cs_free_str(&why);
	assert_int_equal(r, 0);
}

static inline void stage_remove(struct stage *stage)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal", ".lock", "2", "2.lock"};

	cs_store_close(&stage->store);
	for (size_t i = 0; i < CS_COUNT(ends); i++) {
		char name[96];

		snprintf(name, sizeof(name), "%s%s", stage->path, ends[i]);
		unlink(name);
	}
	rmdir(stage->folder);
}

/* A pending request whose id, digest and texts come from n. Made in boot A at 1,000,000 ms (boot) and
 * 1,700,000,000,000 ms (wall); waits 10 minutes for people, 5 for its use. */
static inline struct cs_stored make_request(unsigned n, unsigned key, uint32_t uid)
{
	struct cs_stored stored = {0};

	fill_struct(&cs_request_shape, &stored.request, FILL_SMALL);
	memcpy(stored.request.id, &n, sizeof(n));
	memcpy(stored.digest, &n, sizeof(n));
	memcpy(stored.action_key, &key, sizeof(key));
	stored.request.subject.uid = uid;
	assert_int_equal(cs_set(&stored.request.boot, BOOT_A), 0);
	stored.request.created_boot_ms = 1000000;
	stored.request.created_wall_ms = UINT64_C(1700000000000);
	stored.request.lifetime_ms = 10 * MINUTE;
	stored.request.use_within_ms = 5 * MINUTE;
	stored.request.start_wall_ms = stored.request.objection_ms = 0;
	stored.request.uses = 1;
	return stored;
}

static inline uint64_t put_request(struct cs_store *store, unsigned n, unsigned key, uint32_t uid)
{
	struct cs_stored stored = make_request(n, key, uid);
	uint64_t number;

	assert_int_equal(cs_store_add(store, &stored), 0);
	number = stored.number;
	cs_clear(&cs_stored_shape, &stored);
	return number;
}

/* One that may be used so often. */
static inline void put_uses(struct cs_store *store, unsigned n, uint32_t uses)
{
	struct cs_stored stored = make_request(n, 1, 1000);

	stored.request.uses = uses;
	assert_int_equal(cs_store_add(store, &stored), 0);
	cs_clear(&cs_stored_shape, &stored);
}

/* The time, minutes after the requests were made. */
static inline struct cs_now now_after(const char *boot, int64_t ms)
{
	struct cs_now now = {.boot_ms = (uint64_t)(1000000 + ms), .wall_ms = (uint64_t)(INT64_C(1700000000000) + ms)};

	snprintf(now.boot_id, sizeof(now.boot_id), "%s", boot);
	return now;
}

static inline struct cs_approval make_vote(const char *person_id, enum cs_vote vote)
{
	struct cs_approval approval = {0};

	fill_struct(&cs_approval_shape, &approval, FILL_SMALL);
	approval.vote = vote;
	assert_int_equal(cs_set(&approval.person.id, person_id), 0);
	return approval;
}

static inline int put_vote(struct cs_store *store, uint64_t number, const char *person_id, enum cs_vote vote)
{
	struct cs_approval approval = make_vote(person_id, vote);
	int r = cs_store_vote(store, number, &approval);

	cs_clear(&cs_approval_shape, &approval);
	return r;
}

static inline size_t count_votes(struct cs_store *store, uint64_t number)
{
	struct cs_approval *votes = NULL;
	size_t n = 0;

	assert_int_equal(cs_store_votes(store, number, &votes, &n), 0);
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_approval_shape, &votes[i]);
	free(votes);
	return n;
}

static inline enum cs_state state_of(struct cs_store *store, uint64_t number)
{
	struct cs_stored stored = {0};
	enum cs_state state;

	assert_int_equal(cs_store_get(store, number, &stored), 0);
	state = stored.state;
	cs_clear(&cs_stored_shape, &stored);
	return state;
}

static inline uint64_t version_of(struct cs_store *store, uint64_t number)
{
	struct cs_stored stored = {0};
	uint64_t version;

	assert_int_equal(cs_store_get(store, number, &stored), 0);
	version = stored.version;
	cs_clear(&cs_stored_shape, &stored);
	return version;
}

/* Is there a request with this number? */
static inline bool is_there(struct cs_store *store, uint64_t number)
{
	struct cs_stored stored = {0};
	int r = cs_store_get(store, number, &stored);

	assert_true(r == 0 || r == CS_ENOENT);
	cs_clear(&cs_stored_shape, &stored);
	return r == 0;
}

static inline uint64_t head_of(struct cs_store *store)
{
	uint8_t chain[CS_DIGEST_LEN];
	uint64_t number = UINT64_MAX;

	assert_int_equal(cs_store_head(store, &number, chain), 0);
	return number;
}

/* Seals one event about a request after the store's head and appends it. */
static inline int put_event_of(struct cs_store *store, enum cs_event_kind kind, const char *text, uint64_t request)
{
	struct cs_event event = {0};
	struct cs_record record = {0};
	uint8_t chain[CS_DIGEST_LEN];
	uint64_t head = 0;
	int r;

	fill_struct(&cs_event_shape, &event, FILL_SMALL);
	event.kind = kind;
	event.request = request;
	assert_int_equal(cs_set(&event.text, text), 0);
	assert_int_equal(cs_store_head(store, &head, chain), 0);
	assert_int_equal(cs_evidence_seal(head, chain, &event, &record), 0);
	r = cs_store_append(store, &record, request);
	cs_clear(&cs_record_shape, &record);
	cs_clear(&cs_event_shape, &event);
	return r;
}

static inline int put_event(struct cs_store *store, enum cs_event_kind kind, const char *text)
{
	return put_event_of(store, kind, text, 0);
}

/* Its number, or an error. */
static inline int put_notice(struct cs_store *store, const char *text, uint64_t due_wall_ms)
{
	struct cs_notice notice = {.kind = CS_NOTICE_ASKED};
	int r;

	assert_int_equal(cs_set(&notice.text, text), 0);
	r = cs_store_tell(store, &notice, due_wall_ms);
	r = r == 0 ? (int)notice.number : r;
	cs_clear(&cs_notice_shape, &notice);
	return r;
}

/* A generation of the policy whose author, comment and digest come from n. */
static inline struct cs_generation make_generation(unsigned n)
{
	struct cs_generation generation = {.wall_ms = UINT64_C(1700000000000) + n, .uid = 1000 + n};
	char text[32];

	snprintf(text, sizeof(text), "author %u", n);
	assert_int_equal(cs_set(&generation.author, text), 0);
	snprintf(text, sizeof(text), "comment %u", n);
	assert_int_equal(cs_set(&generation.comment, text), 0);
	memcpy(generation.digest, &n, sizeof(n));
	return generation;
}

/* Its number, or an error. */
static inline int put_policy(struct cs_store *store, unsigned n, const char *text)
{
	struct cs_generation generation = make_generation(n);
	int r = cs_store_policy_add(store, &generation, text, strlen(text));

	r = r == 0 ? (int)generation.number : r;
	cs_clear(&cs_generation_shape, &generation);
	return r;
}

/* The number of the newest generation; 0 when there is none. */
static inline uint64_t newest_policy(struct cs_store *store)
{
	struct cs_generation generation = {0};
	int r = cs_store_policy_get(store, 0, &generation, NULL);
	uint64_t number = generation.number;

	assert_true(r == 0 || r == CS_ENOENT);
	cs_clear(&cs_generation_shape, &generation);
	return number;
}

/* Walks all records of a store in pages of three: what the verifier says; *ret_verifier keeps why. */
static inline int verify_store(struct cs_store *store, struct cs_verifier *ret_verifier)
{
	struct cs_record *records = NULL;
	size_t n = 3;
	int r = 0;

	cs_verifier_init(ret_verifier);
	while (n == 3) {
		assert_int_equal(cs_store_records(store, ret_verifier->number + 1, 3, &records, &n), 0);
		for (size_t i = 0; i < n; i++) {
			if (r == 0)
				r = cs_verifier_next(ret_verifier, &records[i]);
			cs_clear(&cs_record_shape, &records[i]);
		}
		free(records);
		if (r < 0)
			return r;
	}
	return 0;
}

#endif
