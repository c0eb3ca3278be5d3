/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what a receipt signs, and as every body of an event: it decodes to something that encodes to the same bytes,
 * or is refused. What a receipt holds is replayed out of its chain. */
#include "calls.h"
#include "mem.h"
#include "replay.h"

#include <stdlib.h>
#include <string.h>

static void require(int holds)
{
	if (!holds)
		abort();
}

static int no_text(void *arg, const uint8_t digest[CS_DIGEST_LEN], char **ret_text)
{
	(void)arg;
	(void)digest;
	(void)ret_text;
	return CS_ENOENT;
}

static void back_and_forth(const struct cs_shape *shape, const uint8_t *data, size_t size)
{
	void *obj = calloc(1, shape->size);
	struct cs_buf bytes;

	if (!obj)
		return;
	if (cs_decode_all(shape, data, size, obj) == 0) {
		cs_buf_init(&bytes, size + 1);
		require(cs_encode(shape, obj, &bytes) == 0);
		require(bytes.len == size && (size == 0 || memcmp(bytes.data, data, size) == 0));
		cs_buf_clear(&bytes);
	}
	cs_clear(shape, obj);
	free(obj);
}

static void replay(const uint8_t *data, size_t size)
{
	struct cs_receipt_answer receipt = { 0 };
	struct cs_replay *replayed = NULL;
	int r = cs_decode_all(&cs_receipt_answer_shape, data, size, &receipt);

	if (r == 0)
		r = cs_replay_new(no_text, NULL, &replayed);
	if (r == 0)
		cs_replay_extract(replayed);
	for (size_t i = 0; r == 0 && i < receipt.n_records; i++)
		r = cs_replay_next(replayed, &receipt.records[i]);
	cs_replay_free(&replayed);
	cs_clear(&cs_receipt_answer_shape, &receipt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cs_shape *const shapes[] = { &cs_receipt_answer_shape, &cs_grounds_shape,
		&cs_permitted_body_shape, &cs_requested_body_shape, &cs_voted_body_shape, &cs_in_force_shape,
		&cs_segment_shape };

	for (size_t i = 0; i < CS_COUNT(shapes); i++)
		back_and_forth(shapes[i], data, size);
	replay(data, size);
	return 0;
}
