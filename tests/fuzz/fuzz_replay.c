/* SPDX-License-Identifier: Apache-2.0 */
/* Any events in a right chain, as somebody who knows the formula would write them: the replay takes them or says what is
 * wrong, and never believes a claim that nothing led to. Each input is events in a row: a kind, then a uint16 length and the
 * body. */
#include "evidence.h"
#include "mem.h"
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#define POLICY \
	"service sudo { unmatched = permit }\npermission p.a { }\nrole r { permissions = p.a }\n" \
	"assignment a { role = r scope = \"*\" group = \"cn=g,dc=x\" listed = member }\n" \
	"gate g { service = sudo command = \"/bin/x\" permission = p.a approval c { count = 1 role = r } }\n" \
	"gate w { service = sudo command = \"/bin/w\" mode = monitor permission = p.a approval c { count = 1 role = r } }\n"

static int text_of(void *arg, const uint8_t digest[CS_DIGEST_LEN], char **ret_text)
{
	(void)arg;
	(void)digest;
	*ret_text = cs_dup(POLICY);
	return *ret_text ? 0 : CS_ENOMEM;
}

static void require(int holds)
{
	if (!holds)
		abort();
}

struct writer {
	struct cs_replay *replay;
	uint64_t head;
	uint8_t chain[CS_DIGEST_LEN];
};

static int put(struct writer *w, uint8_t kind, const uint8_t *body, size_t n)
{
	struct cs_event event = { .kind = 1 + kind % 20, .request = 1, .verdict = kind & 32 ? CS_PERMIT : CS_DENY,
		.reason = kind & 128 ? CS_WHY_MONITORED : kind & 64 ? CS_WHY_APPROVED : CS_WHY_UNGUARDED };
	struct cs_record record = { 0 };
	int r = 0;

	memcpy(&event.body, &body, sizeof(body)); /* only read */
	event.n_body = n;
	if (cs_evidence_seal(w->head, w->chain, &event, &record) < 0)
		return CS_ECORRUPT;
	w->head = record.number;
	memcpy(w->chain, record.chain, CS_DIGEST_LEN);
	r = cs_replay_next(w->replay, &record);
	require(r == 0 || r == CS_ENOMEM || r == CS_ECORRUPT);
	require(r != CS_ECORRUPT || (*cs_replay_why(w->replay) && cs_replay_bad(w->replay) == record.number));
	cs_clear(&cs_record_shape, &record);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct writer writer = { 0 };
	struct cs_replay_sums sums;
	int r = cs_replay_new(text_of, NULL, &writer.replay);

	while (r == 0 && size >= 3) {
		size_t n = (size_t)data[1] << 8 | data[2];

		n = n < size - 3 ? n : size - 3;
		r = put(&writer, data[0], data + 3, n);
		data += 3 + n;
		size -= 3 + n;
	}
	if (r == 0)
		(void)cs_replay_end(writer.replay, 0);
	cs_replay_sum(writer.replay, &sums);
	require(sums.requests > 0 || sums.votes == 0);
	cs_replay_free(&writer.replay);
	return 0;
}
