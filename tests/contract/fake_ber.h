/* SPDX-License-Identifier: Apache-2.0 */
/* BER as far as a fake LDAP server needs it: growing bytes, writing elements, finding the elements of a message. */
#ifndef CS_TEST_FAKE_BER_H
#define CS_TEST_FAKE_BER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
	uint8_t *data;
	size_t n, cap;
};

static inline void bytes_add(struct bytes *b, const void *data, size_t n)
{
	if (b->n + n > b->cap) {
		b->cap = (b->n + n) * 2 + 64;
		b->data = realloc(b->data, b->cap);
		if (b->data == NULL)
			abort();
	}
	if (n > 0)
		memcpy(b->data + b->n, data, n);
	b->n += n;
}

static inline void bytes_clear(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){ 0 };
}

static inline void bytes_drop_front(struct bytes *b, size_t n)
{
	if (n > 0 && n < b->n)
		memmove(b->data, b->data + n, b->n - n);
	b->n -= n;
}

/* Puts these bytes in the place of n bytes at that offset. */
static inline void bytes_replace(struct bytes *b, size_t at, size_t n, const void *with, size_t n_with)
{
	struct bytes whole = { 0 };
	bytes_add(&whole, b->data, at);
	bytes_add(&whole, with, n_with);
	bytes_add(&whole, b->data + at + n, b->n - at - n);
	bytes_clear(b);
	*b = whole;
}

/* --- Writing --- */

static inline void ber_head(struct bytes *out, uint8_t tag, size_t n)
{
	const uint8_t four[] = { tag, 0x84, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	const uint8_t one[] = { tag, (uint8_t)n };
	if (n < 0x80)
		bytes_add(out, one, sizeof(one));
	else
		bytes_add(out, four, sizeof(four));
}

static inline void ber_put_element(struct bytes *out, uint8_t tag, const void *data, size_t n)
{
	ber_head(out, tag, n);
	bytes_add(out, data, n);
}

static inline void ber_put_text(struct bytes *out, uint8_t tag, const char *text)
{
	ber_put_element(out, tag, text, strlen(text));
}

/* Moves what was written behind this offset into an element of its own. */
static inline void ber_wrap(struct bytes *out, size_t from, uint8_t tag)
{
	struct bytes whole = { 0 };
	bytes_add(&whole, out->data, from);
	ber_put_element(&whole, tag, out->data + from, out->n - from);
	bytes_clear(out);
	*out = whole;
}

static inline void ber_put_number(struct bytes *out, uint8_t tag, int32_t value)
{
	const uint8_t four[] = { (uint8_t)((uint32_t)value >> 24), (uint8_t)((uint32_t)value >> 16),
		(uint8_t)((uint32_t)value >> 8), (uint8_t)value };
	size_t skip = 0;
	while (skip < 3 && four[skip] == 0 && four[skip + 1] < 0x80)
		skip++;
	ber_put_element(out, tag, four + skip, sizeof(four) - skip);
}

/* A whole message of an operation, or of an operation with controls behind it. */
static inline void ber_put_message(struct bytes *out, int32_t msgid, const void *op, size_t n)
{
	size_t from = out->n;
	ber_put_number(out, 0x02, msgid);
	bytes_add(out, op, n);
	ber_wrap(out, from, 0x30);
}

/* A result: 0x61 bind, 0x65 search, 0x78 extended. name: of an extended result, or NULL. */
static inline void ber_put_result(struct bytes *out, int32_t msgid, uint8_t tag, uint8_t code, const char *referral,
	const char *name)
{
	struct bytes op = { 0 };
	ber_put_element(&op, 0x0a, &code, 1);
	ber_put_text(&op, 0x04, "");
	ber_put_text(&op, 0x04, "as the fake likes");
	if (referral != NULL) {
		size_t from = op.n;
		ber_put_text(&op, 0x04, referral);
		ber_wrap(&op, from, 0xa3);
	}
	if (name != NULL)
		ber_put_text(&op, 0x8a, name);
	ber_wrap(&op, 0, tag);
	ber_put_message(out, msgid, op.data, op.n);
	bytes_clear(&op);
}

/* --- Reading --- */

struct element {
	size_t at, head, n; /* of n bytes behind a head of so many */
	uint8_t tag;
};

/* One with a definite length that is wholly there: 1; else 0. */
static inline int ber_read(const uint8_t *data, size_t n, size_t at, struct element *ret)
{
	if (at + 2 > n)
		return 0;
	size_t octets = data[at + 1] & 0x80 ? data[at + 1] & 0x7fU : 0, length = octets == 0 ? data[at + 1] : 0;
	if (octets > 4 || at + 2 + octets > n || data[at + 1] == 0x80)
		return 0;
	for (size_t i = 0; i < octets; i++)
		length = length << 8 | data[at + 2 + i];
	if (length > n - at - 2 - octets)
		return 0;
	*ret = (struct element){ at, 2 + octets, length, data[at] };
	return 1;
}

/* Every element of the message, those inside others too. Returns how many. */
static inline size_t ber_elements(const uint8_t *data, size_t n, struct element *ret, size_t max)
{
	size_t found = 0, at = 0;
	while (at < n && found < max) {
		struct element e;
		if (ber_read(data, n, at, &e) != 1)
			break;
		ret[found++] = e;
		at += e.tag & 0x20 ? e.head : e.head + e.n;
	}
	return found;
}

/* A message: its id and where its operation begins. 1; 0 when it is none. */
static inline int ber_read_message(const uint8_t *data, size_t n, int32_t *ret_msgid, struct element *ret_op)
{
	struct element whole, id;
	if (ber_read(data, n, 0, &whole) != 1 || whole.tag != 0x30 || ber_read(data, n, whole.head, &id) != 1 ||
	    id.tag != 0x02 || id.n > 4)
		return 0;
	uint32_t value = 0;
	for (size_t i = 0; i < id.n; i++)
		value = value << 8 | data[id.at + id.head + i];
	*ret_msgid = (int32_t)value;
	return ber_read(data, n, id.at + id.head + id.n, ret_op);
}

#endif
