/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded buffer and the cursor that every encoding here is written and read with. */
#include "buf.h"

#include <stdlib.h>
#include <string.h>

#include <countersign/error.h>

#define FIRST_CAPACITY 64
/* An emptied buffer gives back more than this, so that a thousand waiting connections stay small. */
#define KEPT_CAPACITY 1024

void cs_buf_init(struct cs_buf *buf, size_t max)
{
	*buf = (struct cs_buf){.max = max};
}

void cs_buf_clear(struct cs_buf *buf)
{
	if (buf == NULL)
		return;
	if (buf->data != NULL)
		explicit_bzero(buf->data, buf->len);
	free(buf->data);
	cs_buf_init(buf, buf->max);
}

int cs_buf_error(const struct cs_buf *buf)
{
	return buf->error;
}

/* Not realloc: the old copy has to be wiped before it is freed. */
static int move_to(struct cs_buf *buf, size_t cap)
{
	uint8_t *grown = malloc(cap);
	if (grown == NULL)
		return CS_ENOMEM;
	if (buf->len > 0) {
		memcpy(grown, buf->data, buf->len);
		explicit_bzero(buf->data, buf->len);
	}
	free(buf->data);
	buf->data = grown;
	buf->cap = cap;
	return 0;
}

int cs_buf_room(struct cs_buf *buf, size_t n)
{
	if (buf->error != 0)
		return buf->error;
	if (buf->len > buf->max || n > buf->max - buf->len)
		return CS_ETOOBIG;
	size_t need = buf->len + n;
	if (need <= buf->cap)
		return 0;
	size_t cap = buf->cap < FIRST_CAPACITY ? FIRST_CAPACITY : buf->cap;
	while (cap < need)
		cap = cap > buf->max / 2 ? buf->max : cap * 2;
	return move_to(buf, cap);
}

void cs_buf_consume(struct cs_buf *buf, size_t n)
{
	if (n > buf->len)
		n = buf->len;
	if (n == 0)
		return;
	size_t left = buf->len - n;
	memmove(buf->data, buf->data + n, left);
	explicit_bzero(buf->data + left, n);
	buf->len = left;
	if (left == 0 && buf->cap > KEPT_CAPACITY) {
		free(buf->data);
		buf->data = NULL;
		buf->cap = 0;
	}
}

void cs_buf_put(struct cs_buf *buf, const void *bytes, size_t n)
{
	int r = cs_buf_room(buf, n);
	if (r != 0) {
		buf->error = r;
		return;
	}
	if (n == 0)
		return;
	memcpy(buf->data + buf->len, bytes, n);
	buf->len += n;
}

void cs_buf_put_u8(struct cs_buf *buf, uint8_t value)
{
	cs_buf_put(buf, &value, 1);
}

void cs_buf_put_u32(struct cs_buf *buf, uint32_t value)
{
	const uint8_t bytes[4] = {
		(uint8_t)(value >> 24),
		(uint8_t)(value >> 16),
		(uint8_t)(value >> 8),
		(uint8_t)value,
	};
	cs_buf_put(buf, bytes, sizeof(bytes));
}

void cs_buf_put_u64(struct cs_buf *buf, uint64_t value)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> (56 - 8 * i));
	cs_buf_put(buf, bytes, sizeof(bytes));
}

void cs_buf_put_string(struct cs_buf *buf, const void *bytes, size_t n)
{
	/* Asked for as a whole first, so that a string that does not fit leaves no length behind. */
	int r = n > UINT32_MAX - 4 ? CS_ETOOBIG : cs_buf_room(buf, n + 4);
	if (r != 0) {
		if (buf->error == 0)
			buf->error = r;
		return;
	}
	cs_buf_put_u32(buf, (uint32_t)n);
	cs_buf_put(buf, bytes, n);
}

void cs_buf_put_cstr(struct cs_buf *buf, const char *s)
{
	if (s == NULL)
		s = "";
	cs_buf_put_string(buf, s, strlen(s));
}

void cs_cursor_init(struct cs_cursor *cur, const void *bytes, size_t n)
{
	*cur = (struct cs_cursor){.at = bytes, .left = n};
}

static void fail(struct cs_cursor *cur, int error)
{
	if (cur->error == 0)
		cur->error = error;
}

/* The next n bytes, or NULL with the error set. */
static const uint8_t *take(struct cs_cursor *cur, size_t n)
{
	if (cur->error != 0)
		return NULL;
	if (n > cur->left) {
		fail(cur, CS_EPROTO);
		return NULL;
	}
	if (n == 0)
		return cur->at != NULL ? cur->at : (const uint8_t *)"";
	const uint8_t *at = cur->at;
	cur->at += n;
	cur->left -= n;
	return at;
}

static uint64_t take_number(struct cs_cursor *cur, size_t n)
{
	const uint8_t *at = take(cur, n);
	uint64_t value = 0;
	for (size_t i = 0; at != NULL && i < n; i++)
		value = value << 8 | at[i];
	return value;
}

uint8_t cs_cursor_u8(struct cs_cursor *cur)
{
	return (uint8_t)take_number(cur, 1);
}

uint32_t cs_cursor_u32(struct cs_cursor *cur)
{
	return (uint32_t)take_number(cur, 4);
}

uint64_t cs_cursor_u64(struct cs_cursor *cur)
{
	return take_number(cur, 8);
}

void cs_cursor_bytes(struct cs_cursor *cur, void *out, size_t n)
{
	const uint8_t *at = take(cur, n);
	if (n == 0)
		return;
	if (at != NULL)
		memcpy(out, at, n);
	else
		memset(out, 0, n);
}

void cs_cursor_string(struct cs_cursor *cur, size_t max, const uint8_t **ret, size_t *ret_len)
{
	*ret = NULL;
	*ret_len = 0;
	size_t n = cs_cursor_u32(cur);
	if (cur->error != 0)
		return;
	if (n > max) {
		fail(cur, CS_ETOOBIG);
		return;
	}
	const uint8_t *at = take(cur, n);
	if (at == NULL)
		return;
	*ret = at;
	*ret_len = n;
}

char *cs_cursor_cstr(struct cs_cursor *cur, size_t max)
{
	const uint8_t *at = NULL;
	size_t n = 0;
	cs_cursor_string(cur, max, &at, &n);
	if (at == NULL)
		return NULL;
	if (memchr(at, '\0', n) != NULL) {
		fail(cur, CS_EPROTO);
		return NULL;
	}
	char *s = malloc(n + 1);
	if (s == NULL) {
		fail(cur, CS_ENOMEM);
		return NULL;
	}
	memcpy(s, at, n);
	s[n] = '\0';
	return s;
}

int cs_cursor_end(const struct cs_cursor *cur)
{
	if (cur->error != 0)
		return cur->error;
	return cur->left == 0 ? 0 : CS_EPROTO;
}
