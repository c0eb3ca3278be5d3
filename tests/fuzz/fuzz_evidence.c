/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an evidence record: they are one event with one encoding or none; an event makes one line of printable
 * text; and no bytes pass the verifier under a chain value that was not made from them. */
#include "evidence.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one_encoding(const struct cs_event *event, const uint8_t *data, size_t size)
{
	struct cs_buf out;

	cs_buf_init(&out, size);
	if (cs_encode(&cs_event_shape, event, &out) != 0 || out.len != size || memcmp(out.data, data, size) != 0)
		abort();
	cs_buf_clear(&out);
}

static void one_line(const struct cs_event *event)
{
	char *line = cs_event_line(event);

	for (const char *p = line; p && *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			abort();
	free(line);
}

/* Sealed again as the first event, it verifies; under any other chain value it does not. */
static void only_as_sealed(struct cs_event *event)
{
	static const uint8_t none[CS_DIGEST_LEN];
	struct cs_record record = {0};
	struct cs_verifier verifier;

	if (cs_evidence_seal(0, none, event, &record) != 0)
		return;
	cs_verifier_init(&verifier);
	if (cs_verifier_next(&verifier, &record) != 0 || cs_verifier_end(&verifier, 1, record.chain) != 0)
		abort();
	record.chain[record.n_bytes % CS_DIGEST_LEN] ^= 0x40;
	cs_verifier_init(&verifier);
	if (cs_verifier_next(&verifier, &record) != CS_ECORRUPT || verifier.bad != 1 || verifier.why[0] == '\0')
		abort();
	cs_clear(&cs_record_shape, &record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[4096];
	struct cs_record raw = {.number = 1, .bytes = bytes, .n_bytes = size < sizeof(bytes) ? size : sizeof(bytes)};
	struct cs_verifier verifier;
	struct cs_event event;

	if (size > 0)
		memcpy(bytes, data, raw.n_bytes);
	cs_verifier_init(&verifier);
	if (cs_verifier_next(&verifier, &raw) != CS_ECORRUPT)
		abort();
	if (cs_decode_all(&cs_event_shape, data, size, &event) != 0)
		return 0;
	one_encoding(&event, data, size);
	one_line(&event);
	only_as_sealed(&event);
	cs_clear(&cs_event_shape, &event);
	return 0;
}
