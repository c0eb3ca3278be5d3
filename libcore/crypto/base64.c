/* SPDX-License-Identifier: Apache-2.0 */
/* Base64, by hand: libcrypto's reader skips blanks and takes several texts for the same bytes. */
#include "base64.h"

#include <countersign/error.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, of which the last `padding` are '='. */
static int read_four(const char *text, size_t padding, struct cs_buf *out)
{
	uint32_t bits = 0;
	for (size_t i = 0; i < 4 - padding; i++) {
		int value = value_of(text[i]);
		if (value < 0)
			return CS_EPROTO;
		bits |= (uint32_t)value << (18 - 6 * i);
	}
	const uint8_t bytes[3] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
	for (size_t i = 3 - padding; i < 3; i++)
		if (bytes[i] != 0)
			return CS_EPROTO;
	cs_buf_put(out, bytes, 3 - padding);
	return cs_buf_error(out);
}

int cs_base64_read(const char *text, size_t n, struct cs_buf *out)
{
	size_t padding = n > 0 && text[n - 1] == '=' ? n > 1 && text[n - 2] == '=' ? 2 : 1 : 0;
	int r = n % 4 == 0 ? 0 : CS_EPROTO;
	for (size_t i = 0; i < n && r == 0; i += 4)
		r = read_four(text + i, i + 4 == n ? padding : 0, out);
	return r;
}

int cs_base64_write(const uint8_t *bytes, size_t n, struct cs_buf *out)
{
	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i < 3 ? n - i : 3;
		uint32_t bits = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
				(left > 2 ? bytes[i + 2] : 0);
		for (size_t j = 0; j < 4; j++)
			cs_buf_put_u8(out, j <= left ? (uint8_t)alphabet[bits >> (18 - 6 * j) & 63] : '=');
	}
	return cs_buf_error(out);
}
