/* SPDX-License-Identifier: Apache-2.0 */
/* A shape describes a struct once: its fields, their kinds and their bounds. Encoding, decoding, copying, comparing,
 * freeing and rendering all walk the same table, so a field is added in one place and is bounded everywhere.
 *
 * Encoding is RFC 4251's, field after field: bool as byte 0 or 1; u32, u64; str as string; fixed as raw bytes;
 * strv and u32v and array as uint32 count, then the items; nested as its fields. */
#ifndef CS_MODEL_SHAPE_H
#define CS_MODEL_SHAPE_H

#include "buf.h"
#include <stdbool.h>

enum cs_kind {
	CS_K_BOOL,  /* bool */
	CS_K_U32,   /* uint32_t */
	CS_K_U64,   /* uint64_t */
	CS_K_ENUM,  /* an enum of int size; names says which values exist, others are CS_EPROTO */
	CS_K_STR,   /* char *, owned; NULL counts as "" and decodes as ""; limit bytes */
	CS_K_FIXED, /* uint8_t [limit] */
	CS_K_BLOB,  /* uint8_t *, owned, with its length in a size_t at count_offset; limit bytes */
	CS_K_STRV,  /* char **, owned, count in a size_t at count_offset; limit items, item_limit bytes each */
	CS_K_U32V,  /* uint32_t *, owned, count likewise */
	CS_K_NEST,  /* a struct inside, described by shape */
	CS_K_ARRAY  /* struct *, owned, count likewise, each described by shape; limit items */
};

struct cs_names {
	int value;
	const char *name;
};

struct cs_shape;

struct cs_field {
	const char *name; /* as in JSON, in documentation and in messages: lower_case */
	enum cs_kind kind;
	size_t offset;
	size_t count_offset;
	size_t limit;
	size_t item_limit;
	const struct cs_shape *shape;
	const struct cs_names *names; /* ends with a NULL name */
};

struct cs_shape {
	const char *name;
	size_t size; /* sizeof the struct */
	const struct cs_field *fields;
	size_t n_fields;
};

/* Building the tables. T is the struct type, F the member. */
#define CS_BOOL(T, F) { .name = #F, .kind = CS_K_BOOL, .offset = offsetof(struct T, F) }
#define CS_U32(T, F) { .name = #F, .kind = CS_K_U32, .offset = offsetof(struct T, F) }
#define CS_U64(T, F) { .name = #F, .kind = CS_K_U64, .offset = offsetof(struct T, F) }
#define CS_ENUM(T, F, N) { .name = #F, .kind = CS_K_ENUM, .offset = offsetof(struct T, F), .names = (N) }
#define CS_STR(T, F, L) { .name = #F, .kind = CS_K_STR, .offset = offsetof(struct T, F), .limit = (L) }
#define CS_FIXED(T, F, L) { .name = #F, .kind = CS_K_FIXED, .offset = offsetof(struct T, F), .limit = (L) }
#define CS_BLOB(T, F, L) \
	{ .name = #F, .kind = CS_K_BLOB, .offset = offsetof(struct T, F), .count_offset = offsetof(struct T, n_##F), .limit = (L) }
#define CS_STRV(T, F, L, IL) \
	{ .name = #F, .kind = CS_K_STRV, .offset = offsetof(struct T, F), .count_offset = offsetof(struct T, n_##F), .limit = (L), .item_limit = (IL) }
#define CS_U32V(T, F, L) \
	{ .name = #F, .kind = CS_K_U32V, .offset = offsetof(struct T, F), .count_offset = offsetof(struct T, n_##F), .limit = (L) }
#define CS_NEST(T, F, S) { .name = #F, .kind = CS_K_NEST, .offset = offsetof(struct T, F), .shape = (S) }
#define CS_ARRAY(T, F, S, L) \
	{ .name = #F, .kind = CS_K_ARRAY, .offset = offsetof(struct T, F), .count_offset = offsetof(struct T, n_##F), .shape = (S), .limit = (L) }
#define CS_SHAPE(N, T, FIELDS) { .name = (N), .size = sizeof(struct T), .fields = (FIELDS), .n_fields = sizeof(FIELDS) / sizeof((FIELDS)[0]) }

/* Appends obj to out. The bounds are checked on the way out too. 0, CS_ETOOBIG, CS_EINVAL (an enum value that has no
 * name), CS_ENOMEM; out's error is sticky and the same. */
int cs_encode(const struct cs_shape *shape, const void *obj, struct cs_buf *out);

/* Reads one object from cur into *ret_obj, which need not be initialised; zeroed on failure. The cursor may have more
 * behind it (see cs_cursor_end). 0, CS_EPROTO, CS_ETOOBIG, CS_ENOMEM. */
int cs_decode(const struct cs_shape *shape, struct cs_cursor *cur, void *ret_obj);

/* The same for bytes that hold exactly one object. */
int cs_decode_all(const struct cs_shape *shape, const void *bytes, size_t n, void *ret_obj);

/* Frees what obj owns and zeroes it. obj may be NULL or all zero. */
void cs_clear(const struct cs_shape *shape, void *obj);

/* Deep copy into *ret_obj (not initialised before; zeroed on failure). 0, CS_ENOMEM, CS_ETOOBIG, CS_EINVAL. */
int cs_copy(const struct cs_shape *shape, const void *obj, void *ret_obj);

/* The name of an enum value in a table, or "unknown"; and back: 1 and *ret_value, or 0. */
const char *cs_name_of(const struct cs_names *names, int value);
int cs_value_of(const struct cs_names *names, const char *name, int *ret_value);

#endif
