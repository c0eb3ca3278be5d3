/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a stream, arriving in pieces: the first byte says how large the pieces are. However it is cut, the same
 * frames come out, and never one that reaches past what has arrived. */
#include "frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	size_t frames;
	size_t bytes; /* consumed */
	int error;
};

static void take_frames(struct cs_buf *in, struct seen *seen)
{
	while (seen->error == 0) {
		const uint8_t *payload = NULL;
		size_t len = 0, total = 0;
		uint8_t type = 0;
		int r = cs_frame_get(in, &type, &payload, &len, &total);

		if (r < 0)
			seen->error = r;
		if (r != 1)
			return;
		if (total > in->len || total != len + 5 || len >= CS_FRAME_MAX || payload != in->data + 5 || type != in->data[4])
			abort();
		cs_buf_consume(in, total);
		seen->frames++;
		seen->bytes += total;
	}
}

static struct seen read_in_pieces(const uint8_t *data, size_t size, size_t piece)
{
	struct seen seen = {0};
	struct cs_buf in;

	cs_buf_init(&in, 2 * CS_FRAME_MAX + size);
	for (size_t at = 0; at < size && seen.error == 0; at += piece) {
		cs_buf_put(&in, data + at, size - at < piece ? size - at : piece);
		take_frames(&in, &seen);
	}
	cs_buf_clear(&in);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = {0}, cut = {0};

	if (size < 2)
		return 0;
	whole = read_in_pieces(data + 1, size - 1, size - 1);
	cut = read_in_pieces(data + 1, size - 1, (size_t)data[0] + 1);
	if (whole.frames != cut.frames || whole.bytes != cut.bytes || whole.error != cut.error)
		abort();
	return 0;
}
