/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as text: what comes out of cs_escape is printable, one line, and says every byte that went in. */
#include "text.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void put_utf8(struct cs_buf *out, unsigned long cp)
{
	if (cp < 0x80) {
		cs_buf_put_u8(out, (uint8_t)cp);
		return;
	}
	if (cp >= 0x10000) {
		cs_buf_put_u8(out, (uint8_t)(0xF0 | cp >> 18));
		cs_buf_put_u8(out, (uint8_t)(0x80 | (cp >> 12 & 0x3F)));
	} else if (cp >= 0x800) {
		cs_buf_put_u8(out, (uint8_t)(0xE0 | cp >> 12));
	}
	if (cp >= 0x800)
		cs_buf_put_u8(out, (uint8_t)(0x80 | (cp >> 6 & 0x3F)));
	else
		cs_buf_put_u8(out, (uint8_t)(0xC0 | cp >> 6));
	cs_buf_put_u8(out, (uint8_t)(0x80 | (cp & 0x3F)));
}

/* Undoes the escape that begins at s; returns how many characters it has. */
static size_t unescape_one(struct cs_buf *out, const char *s)
{
	char *end = NULL;
	if (s[1] == 'x') {
		const char digits[3] = {s[2], s[3], '\0'};
		cs_buf_put_u8(out, (uint8_t)strtoul(digits, &end, 16));
		require(end == digits + 2);
		return 4;
	}
	if (s[1] == 'u') {
		require(s[2] == '{');
		put_utf8(out, strtoul(s + 3, &end, 16));
		require(*end == '}' && end - s >= 7);
		return (size_t)(end + 1 - s);
	}
	require(s[1] == '\\' || s[1] == 'n' || s[1] == 't');
	cs_buf_put_u8(out, s[1] == 'n' ? '\n' : s[1] == 't' ? '\t' : '\\');
	return 2;
}

static void check_escape(const char *s)
{
	char *escaped = cs_escaped(s);
	struct cs_buf back;

	cs_buf_init(&back, 1u << 21);
	if (escaped == NULL) {
		require(strlen(s) > 100000);
		return;
	}
	for (const char *at = escaped; *at != '\0';) {
		if (*at == '\\') {
			at += unescape_one(&back, at);
			continue;
		}
		size_t n = cs_text_shown(at);
		require(n > 0);
		cs_buf_put(&back, at, n);
		at += n;
	}
	require(cs_buf_error(&back) == 0 && back.len == strlen(s) &&
		(back.len == 0 || memcmp(back.data, s, back.len) == 0));
	cs_buf_clear(&back);
	cs_free_str(&escaped);
}

static void check_grammars(const char *s)
{
	uint32_t uid = 0;
	uint64_t ms = 0;
	uint8_t bytes[4];

	if (cs_parse_uid(s, &uid) == 0)
		require(uid != 65534 && uid != UINT32_MAX && strlen(s) <= 10);
	if (cs_parse_span(s, &ms) == 0)
		require(ms >= 1000 && ms <= UINT64_C(365) * 86400 * 1000 && ms % 1000 == 0);
	if (cs_is_word(s, 64) == 1)
		require(strlen(s) <= 64 && cs_glob("*", s) == 1 && cs_glob(s, s) == 1);
	if (cs_is_login(s) == 1)
		require(strlen(s) <= 32);
	if (cs_unhex(s, bytes, sizeof(bytes)) == 0) {
		char hex[9];
		cs_hex(bytes, sizeof(bytes), hex);
		require(strcasecmp(hex, s) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 65536)
		return 0;
	char *s = malloc(size + 1);
	require(s != NULL);
	if (size > 0)
		memcpy(s, data, size);
	s[size] = '\0';
	check_escape(s);
	check_grammars(s);
	/* The first line as a pattern for the rest. */
	char *rest = strchr(s, '\n');
	if (rest != NULL && size < 4096) {
		*rest++ = '\0';
		int r = cs_glob(s, rest);
		require(r == 0 || r == 1);
	}
	free(s);
	return 0;
}
