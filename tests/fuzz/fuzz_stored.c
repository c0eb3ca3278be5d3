/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the body of a stored request, vote or notice: what decodes can be stored and comes back byte for byte, and what
 * is refused leaves the store as it was. */
#include "mem.h"
#include "store.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Encodes again what came back. */
static void same_bytes(const struct cs_shape *shape, const void *obj, const uint8_t *data, size_t size)
{
	struct cs_buf out;

	cs_buf_init(&out, size);
	check(cs_encode(shape, obj, &out) == 0 && out.len == size && memcmp(out.data, data, size) == 0);
	cs_buf_clear(&out);
}

static void as_request(struct cs_store *store, const uint8_t *data, size_t size)
{
	struct cs_stored stored = {0}, back = {0};
	int r;

	if (cs_decode_all(&cs_request_shape, data, size, &stored.request) != 0)
		return;
	check(cs_store_begin(store) == 0 && cs_store_mark(store) == 0);
	r = cs_store_add(store, &stored);
	check(r == 0 || (r == CS_EINVAL && stored.number == 0));
	if (r == 0) {
		check(cs_store_get_id(store, stored.request.id, &back) == 0 && back.number == 1);
		same_bytes(&cs_request_shape, &back.request, data, size);
		cs_clear(&cs_stored_shape, &back);
		check(cs_store_add(store, &stored) == CS_EEXIST);
		check(cs_store_undo(store) == 0);
	}
	check(cs_store_get(store, 1, &back) == CS_ENOENT);
	check(cs_store_commit(store) == 0);
	cs_clear(&cs_stored_shape, &stored);
}

static void as_vote(struct cs_store *store, const uint8_t *data, size_t size)
{
	struct cs_stored stored = {0};
	struct cs_approval approval, *votes = NULL;
	size_t n = 0;
	int r;

	if (cs_decode_all(&cs_approval_shape, data, size, &approval) != 0)
		return;
	check(cs_store_begin(store) == 0 && cs_store_add(store, &stored) == 0);
	r = cs_store_vote(store, stored.number, &approval);
	check(r == 0 || r == CS_EINVAL);
	check(cs_store_votes(store, stored.number, &votes, &n) == 0);
	check(n == (r == 0 && approval.vote != CS_VOTE_WITHDRAW));
	if (n == 1) {
		same_bytes(&cs_approval_shape, &votes[0], data, size);
		cs_clear(&cs_approval_shape, &votes[0]);
	}
	free(votes);
	cs_store_rollback(store);
	cs_clear(&cs_stored_shape, &stored);
	cs_clear(&cs_approval_shape, &approval);
}

/* Its number is the row's. */
static void as_notice(struct cs_store *store, const uint8_t *data, size_t size)
{
	struct cs_notice notice, *back = NULL;
	uint32_t tries = 9;
	uint64_t number = 0;
	size_t n = 0;

	if (cs_decode_all(&cs_notice_shape, data, size, &notice) != 0)
		return;
	number = notice.number;
	check(cs_store_begin(store) == 0 && cs_store_tell(store, &notice, 1) == 0);
	check(cs_store_notices(store, 1, 2, &back, &tries, &n) == 0 && n == 1 && tries == 0);
	check(back[0].number == notice.number);
	back[0].number = number;
	same_bytes(&cs_notice_shape, &back[0], data, size);
	check(cs_store_told(store, notice.number) == 0);
	cs_store_rollback(store);
	cs_clear(&cs_notice_shape, &back[0]);
	free(back);
	cs_clear(&cs_notice_shape, &notice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_store *store = NULL;

	check(cs_store_open_memory(&store) == 0);
	as_request(store, data, size);
	as_vote(store, data, size);
	as_notice(store, data, size);
	cs_store_close(&store);
	return 0;
}
