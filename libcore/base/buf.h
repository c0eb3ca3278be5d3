/* SPDX-License-Identifier: Apache-2.0 */
/* One bounded buffer and one cursor for everything encoded: RFC 4251 section 5 (byte, uint32, uint64, string).
 * Writing past the bound, reading past the end and bytes left over are errors here and nowhere else. */
#ifndef CS_BASE_BUF_H
#define CS_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct cs_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max; /* the bound: len never exceeds it */
	int error;  /* first error; sticky, so that a chain of puts is checked once */
};

/* An empty buffer that holds at most max bytes. No allocation yet. */
void cs_buf_init(struct cs_buf *buf, size_t max);
/* Wipes (explicit_bzero) and frees the content; the buffer is empty again with the same bound. */
void cs_buf_clear(struct cs_buf *buf);
/* The sticky error: 0, CS_ETOOBIG or CS_ENOMEM. */
int cs_buf_error(const struct cs_buf *buf);
/* Room for n more bytes behind data[len], so that the next puts of n bytes cannot fail. 0, CS_ETOOBIG, CS_ENOMEM or the
 * sticky error; on failure nothing changed. */
int cs_buf_room(struct cs_buf *buf, size_t n);
/* Removes n bytes (at most len) from the front and wipes what is no longer used. */
void cs_buf_consume(struct cs_buf *buf, size_t n);

void cs_buf_put(struct cs_buf *buf, const void *bytes, size_t n); /* raw bytes, no length */
void cs_buf_put_u8(struct cs_buf *buf, uint8_t value);
void cs_buf_put_u32(struct cs_buf *buf, uint32_t value); /* big endian */
void cs_buf_put_u64(struct cs_buf *buf, uint64_t value);
void cs_buf_put_string(struct cs_buf *buf, const void *bytes, size_t n); /* uint32 length, then the bytes */
void cs_buf_put_cstr(struct cs_buf *buf, const char *s);                 /* NULL is written as "" */

/* Reads from bytes that somebody else owns. */
struct cs_cursor {
	const uint8_t *at;
	size_t left;
	int error; /* sticky: CS_EPROTO, CS_ETOOBIG or CS_ENOMEM; every get after it yields zero */
};

void cs_cursor_init(struct cs_cursor *cur, const void *bytes, size_t n);
uint8_t cs_cursor_u8(struct cs_cursor *cur);
uint32_t cs_cursor_u32(struct cs_cursor *cur);
uint64_t cs_cursor_u64(struct cs_cursor *cur);
/* Copies n raw bytes to out; on error out is zeroed. */
void cs_cursor_bytes(struct cs_cursor *cur, void *out, size_t n);
/* A length-prefixed string of at most max bytes; *ret points into the source. NULL and 0 on error. */
void cs_cursor_string(struct cs_cursor *cur, size_t max, const uint8_t **ret, size_t *ret_len);
/* The same as an allocated C string; a NUL inside is CS_EPROTO. NULL on error. The caller frees. */
char *cs_cursor_cstr(struct cs_cursor *cur, size_t max);
/* 0 when nothing went wrong and nothing is left; else the error, CS_EPROTO for trailing bytes. */
int cs_cursor_end(const struct cs_cursor *cur);

#endif
