/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the tables of shape.h: one function a kind, one row a kind. */
#include "shape.h"
#include "countersign/error.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

struct kind_ops {
	void (*encode)(const struct cs_field *f, const char *obj, struct cs_buf *out);
	void (*decode)(const struct cs_field *f, struct cs_cursor *cur, char *obj);
	void (*clear)(const struct cs_field *f, char *obj);
};

/* Members are reached by offset and moved by memcpy, so that no type is read through a pointer of another. */
static void *get_pointer(const char *obj, size_t offset)
{
	void *p = NULL;

	memcpy(&p, obj + offset, sizeof(p));
	return p;
}

static void set_pointer(char *obj, size_t offset, void *p)
{
	memcpy(obj + offset, &p, sizeof(p));
}

static size_t get_count(const char *obj, const struct cs_field *f)
{
	size_t n = 0;

	memcpy(&n, obj + f->count_offset, sizeof(n));
	return n;
}

static void set_count(char *obj, const struct cs_field *f, size_t n)
{
	memcpy(obj + f->count_offset, &n, sizeof(n));
}

static void fail_out(struct cs_buf *out, int error)
{
	if (out->error == 0)
		out->error = error;
}

static void fail_in(struct cs_cursor *cur, int error)
{
	if (cur->error == 0)
		cur->error = error;
}

static void encode_bool(const struct cs_field *f, const char *obj, struct cs_buf *out)
{
	bool value = false;

	memcpy(&value, obj + f->offset, sizeof(value));
	cs_buf_put_u8(out, value ? 1 : 0);
}

static void decode_bool(const struct cs_field *f, struct cs_cursor *cur, char *obj)
{
	uint8_t byte = cs_cursor_u8(cur);
	bool value = byte == 1;

	if (byte > 1)
		fail_in(cur, CS_EPROTO); /* one value, one encoding: the bytes are hashed */
	memcpy(obj + f->offset, &value, sizeof(value));
}

static void encode_u32(const struct cs_field *f, const char *obj, struct cs_buf *out)
{
	uint32_t value = 0;

	memcpy(&value, obj + f->offset, sizeof(value));
	cs_buf_put_u32(out, value);
}

static void decode_u32(const struct cs_field *f, struct cs_cursor *cur, char *obj)
{
	uint32_t value = cs_cursor_u32(cur);

	memcpy(obj + f->offset, &value, sizeof(value));
}

static void encode_u64(const struct cs_field *f, const char *obj, struct cs_buf *out)
{
	uint64_t value = 0;

	memcpy(&value, obj + f->offset, sizeof(value));
	cs_buf_put_u64(out, value);
}

static void decode_u64(const struct cs_field *f, struct cs_cursor *cur, char *obj)
{
	uint64_t value = cs_cursor_u64(cur);

	memcpy(obj + f->offset, &value, sizeof(value));
}

static int value_has_name(const struct cs_names *names, int value)
{
	for (; names->name; names++)
		if (names->value == value)
			return 1;
	return 0;
}

_Static_assert(sizeof(enum cs_kind) == sizeof(int), "enum members are moved as int");

static void encode_enum(const struct cs_field *f, const char *obj, struct cs_buf *out)
{
	int value = 0;

	memcpy(&value, obj + f->offset, sizeof(value));
	if (!value_has_name(f->names, value))
		fail_out(out, CS_EINVAL);
	cs_buf_put_u32(out, (uint32_t)value);
}

static void decode_enum(const struct cs_field *f, struct cs_cursor *cur, char *obj)
{
	uint32_t raw = cs_cursor_u32(cur);
	int value = raw <= INT32_MAX ? (int)raw : -1;

	if (!value_has_name(f->names, value)) {
		fail_in(cur, CS_EPROTO);
		value = 0;
	}
	memcpy(obj + f->offset, &value, sizeof(value));
}

static void put_str(struct cs_buf *out, const char *s, size_t limit)
{
	if (s && strlen(s) > limit)
		fail_out(out, CS_ETOOBIG);
	else
		cs_buf_put_cstr(out, s);
}

static void encode_str(const struct cs_field *f, const char *obj, struct cs_buf *out)
{
	put_str(out, get_pointer(obj, f->offset), f->limit);
}

static void decode_str(const struct cs_field *f, struct cs_cursor *cur, char *obj)
{
	set_pointer(obj, f->offset, cs_cursor_cstr(cur, f->limit));
}

static void clear_pointer(const struct cs_field *f, char *obj)
{
	free(get_pointer(obj, f->offset));
}

static void encode_fixed(const struct cs_field *f, const char *obj, struct cs_buf *out)
{
	cs_buf_put(out, obj + f->offset, f->limit);
}

static void decode_fixed(const struct cs_field *f, struct cs_cursor *cur, char *obj)
{
	cs_cursor_bytes(cur, obj + f->offset, f->limit);
}

static void encode_blob(const struct cs_field *f, const char *obj, struct cs_buf *out)
{
	size_t n = get_count(obj, f);

	if (n > f->limit)
		fail_out(out, CS_ETOOBIG);
	else
		cs_buf_put_string(out, get_pointer(obj, f->offset), n);
}

static void decode_blob(const struct cs_field *f, struct cs_cursor *cur, char *obj)
{
	const uint8_t *bytes = NULL;
	uint8_t *copy = NULL;
	size_t n = 0;

	cs_cursor_string(cur, f->limit, &bytes, &n);
	if (cur->error || n == 0)
		return;
	copy = malloc(n);
	if (!copy) {
		fail_in(cur, CS_ENOMEM);
		return;
	}
	memcpy(copy, bytes, n);
	set_pointer(obj, f->offset, copy);
	set_count(obj, f, n);
}

/* A count is believed only as far as the bytes that are left could hold that many items of at least min bytes. */
static size_t take_count(const struct cs_field *f, struct cs_cursor *cur, size_t min)
{
	size_t n = cs_cursor_u32(cur);

	if (cur->error)
		return 0;
	if (n > f->limit) {
		fail_in(cur, CS_ETOOBIG);
		return 0;
	}
	if (n > cur->left / min) {
		fail_in(cur, CS_EPROTO);
		return 0;
	}
	return n;
}

static void *take_items(const struct cs_field *f, struct cs_cursor *cur, char *obj, size_t n, size_t size)
{
	void *items = n ? calloc(n, size) : NULL;

	if (n && !items) {
		fail_in(cur, CS_ENOMEM);
		return NULL;
	}
	set_pointer(obj, f->offset, items);
	set_count(obj, f, n);
	return items;
}

static void encode_strv(const struct cs_field *f, const char *obj, struct cs_buf *out)
{
	char **v = get_pointer(obj, f->offset);
	size_t n = get_count(obj, f);

	if (n > f->limit) {
		fail_out(out, CS_ETOOBIG);
		return;
	}
	cs_buf_put_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		put_str(out, v[i], f->item_limit);
}

static void decode_strv(const struct cs_field *f, struct cs_cursor *cur, char *obj)
{
	size_t n = take_count(f, cur, 4);
	char **v = take_items(f, cur, obj, n, sizeof(*v));

	for (size_t i = 0; v && i < n && cur->error == 0; i++)
		v[i] = cs_cursor_cstr(cur, f->item_limit);
}

static void clear_strv(const struct cs_field *f, char *obj)
{
	char **v = get_pointer(obj, f->offset);
	size_t n = get_count(obj, f);

	cs_free_strv(&v, &n);
}

static void encode_u32v(const struct cs_field *f, const char *obj, struct cs_buf *out)
{
	const uint32_t *v = get_pointer(obj, f->offset);
	size_t n = get_count(obj, f);

	if (n > f->limit) {
		fail_out(out, CS_ETOOBIG);
		return;
	}
	cs_buf_put_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		cs_buf_put_u32(out, v[i]);
}

static void decode_u32v(const struct cs_field *f, struct cs_cursor *cur, char *obj)
{
	size_t n = take_count(f, cur, 4);
	uint32_t *v = take_items(f, cur, obj, n, sizeof(*v));

	for (size_t i = 0; v && i < n; i++)
		v[i] = cs_cursor_u32(cur);
}

static void encode_nest(const struct cs_field *f, const char *obj, struct cs_buf *out)
{
	(void)cs_encode(f->shape, obj + f->offset, out);
}

static void decode_fields(const struct cs_shape *shape, struct cs_cursor *cur, char *obj);

static void decode_nest(const struct cs_field *f, struct cs_cursor *cur, char *obj)
{
	decode_fields(f->shape, cur, obj + f->offset);
}

static void clear_nest(const struct cs_field *f, char *obj)
{
	cs_clear(f->shape, obj + f->offset);
}

static void encode_array(const struct cs_field *f, const char *obj, struct cs_buf *out)
{
	const char *items = get_pointer(obj, f->offset);
	size_t n = get_count(obj, f);

	if (n > f->limit) {
		fail_out(out, CS_ETOOBIG);
		return;
	}
	cs_buf_put_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		(void)cs_encode(f->shape, items + i * f->shape->size, out);
}

static void decode_array(const struct cs_field *f, struct cs_cursor *cur, char *obj)
{
	/* Every field takes at least one byte, so a hostile count cannot make us allocate far beyond the input. */
	size_t n = take_count(f, cur, f->shape->n_fields);
	char *items = take_items(f, cur, obj, n, f->shape->size);

	for (size_t i = 0; items && i < n && cur->error == 0; i++)
		decode_fields(f->shape, cur, items + i * f->shape->size);
}

static void clear_array(const struct cs_field *f, char *obj)
{
	char *items = get_pointer(obj, f->offset);

	for (size_t i = 0; items && i < get_count(obj, f); i++)
		cs_clear(f->shape, items + i * f->shape->size);
	free(items);
}

static const struct kind_ops kinds[] = {
	[CS_K_BOOL] = { encode_bool, decode_bool, NULL },
	[CS_K_U32] = { encode_u32, decode_u32, NULL },
	[CS_K_U64] = { encode_u64, decode_u64, NULL },
	[CS_K_ENUM] = { encode_enum, decode_enum, NULL },
	[CS_K_STR] = { encode_str, decode_str, clear_pointer },
	[CS_K_FIXED] = { encode_fixed, decode_fixed, NULL },
	[CS_K_BLOB] = { encode_blob, decode_blob, clear_pointer },
	[CS_K_STRV] = { encode_strv, decode_strv, clear_strv },
	[CS_K_U32V] = { encode_u32v, decode_u32v, clear_pointer },
	[CS_K_NEST] = { encode_nest, decode_nest, clear_nest },
	[CS_K_ARRAY] = { encode_array, decode_array, clear_array },
};

int cs_encode(const struct cs_shape *shape, const void *obj, struct cs_buf *out)
{
	for (size_t i = 0; i < shape->n_fields; i++)
		kinds[shape->fields[i].kind].encode(&shape->fields[i], obj, out);
	return cs_buf_error(out);
}

static void decode_fields(const struct cs_shape *shape, struct cs_cursor *cur, char *obj)
{
	for (size_t i = 0; i < shape->n_fields && cur->error == 0; i++)
		kinds[shape->fields[i].kind].decode(&shape->fields[i], cur, obj);
}

int cs_decode(const struct cs_shape *shape, struct cs_cursor *cur, void *ret_obj)
{
	memset(ret_obj, 0, shape->size);
	decode_fields(shape, cur, ret_obj);
	if (cur->error)
		cs_clear(shape, ret_obj);
	return cur->error;
}

int cs_decode_all(const struct cs_shape *shape, const void *bytes, size_t n, void *ret_obj)
{
	struct cs_cursor cur;
	int r = 0;

	cs_cursor_init(&cur, bytes, n);
	r = cs_decode(shape, &cur, ret_obj);
	if (r == 0 && (r = cs_cursor_end(&cur)) < 0)
		cs_clear(shape, ret_obj);
	return r;
}

void cs_clear(const struct cs_shape *shape, void *obj)
{
	if (!obj)
		return;
	for (size_t i = 0; i < shape->n_fields; i++)
		if (kinds[shape->fields[i].kind].clear)
			kinds[shape->fields[i].kind].clear(&shape->fields[i], obj);
	memset(obj, 0, shape->size);
}

int cs_copy(const struct cs_shape *shape, const void *obj, void *ret_obj)
{
	struct cs_buf buf;
	int r = 0;

	memset(ret_obj, 0, shape->size);
	cs_buf_init(&buf, SIZE_MAX / 2);
	r = cs_encode(shape, obj, &buf);
	if (r == 0)
		r = cs_decode_all(shape, buf.data, buf.len, ret_obj);
	cs_buf_clear(&buf);
	return r;
}

const char *cs_name_of(const struct cs_names *names, int value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names->name;
	return "unknown";
}

int cs_value_of(const struct cs_names *names, const char *name, int *ret_value)
{
	for (; names->name; names++) {
		if (strcmp(names->name, name) == 0) {
			*ret_value = names->value;
			return 1;
		}
	}
	return 0;
}
