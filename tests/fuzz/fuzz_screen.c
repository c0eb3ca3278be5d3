/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as somebody else's terminal, whole and in pieces. What comes out is harmless by a second reading: no control but those
 * that move by a line or a column, and no sequence but CSI of a fixed set and five of two bytes. */
#include "screen_text.h"
#include "mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* How long the sequence at s is. */
static size_t check_sequence(const uint8_t *s, size_t n)
{
	size_t i = 2;

	require(n >= 2);
	if (s[1] != '[')
		return require(strchr("78DEM", s[1]) != NULL && s[1] != '\0'), 2;
	while (i < n && s[i] != '\0' && strchr("0123456789;:?", s[i]) != NULL)
		i++;
	require(i < n && s[i] != '\0' && strchr("ABCDEFGHIJKLMPSTXZ@`adefrsumhl", s[i]) != NULL);
	require((memchr(s, '?', i) != NULL) == (s[i] == 'h' || s[i] == 'l'));
	return i + 1;
}

static void check(const struct cs_buf *out, bool plain)
{
	for (size_t i = 0; i < out->len;) {
		uint8_t byte = out->data[i];

		if (byte == '\033') {
			require(!plain);
			i += check_sequence(out->data + i, out->len - i);
			continue;
		}
		require(byte != 0x7f && (byte >= ' ' || byte == '\n' || byte == '\t' || (!plain && (byte == '\r' || byte == '\b'))));
		if (byte == 0xc2)
			require(i + 1 < out->len && out->data[i + 1] > 0x9f); /* no control of eight bits */
		i++;
	}
}

static void run(const uint8_t *data, size_t size, bool plain, size_t piece, struct cs_buf *out)
{
	struct cs_screen_text text = { .plain = plain };

	cs_buf_init(out, 16u * 1024u * 1024u);
	for (size_t at = 0; at < size; at += piece)
		cs_screen_text_put(&text, data + at, size - at < piece ? size - at : piece, out);
	cs_screen_text_end(&text, out);
	require(cs_buf_error(out) == 0);
	check(out, plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > 65536)
		return 0;
	for (int plain = 0; plain < 2; plain++) {
		struct cs_buf whole, pieces;

		run(data, size, plain == 1, size, &whole);
		run(data, size, plain == 1, 1 + data[0] % 7u, &pieces);
		require(whole.len == pieces.len && (whole.len == 0 || memcmp(whole.data, pieces.data, whole.len) == 0));
		cs_buf_clear(&whole);
		cs_buf_clear(&pieces);
	}
	return 0;
}
