/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding and decoding of every shape: round trips, and everything that has to be refused. */
#include "calls.h"
#include "shape_fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void encode(const struct cs_shape *shape, const void *obj, struct cs_buf *out)
{
	cs_buf_init(out, FILL_MAX);
	assert_int_equal(cs_encode(shape, obj, out), 0);
}

static void round_trip(const struct cs_shape *shape, enum fill_mode mode)
{
	void *obj = fill_alloc(1, shape->size), *back = fill_alloc(1, shape->size);
	struct cs_buf first, second;

	fill_struct(shape, obj, mode);
	encode(shape, obj, &first);
	memset(back, 0xa5, shape->size); /* decode must not depend on what was there */
	assert_int_equal(cs_decode_all(shape, first.data, first.len, back), 0);
	assert_true(fill_same(shape, obj, back));
	encode(shape, back, &second);
	assert_int_equal(first.len, second.len);
	assert_memory_equal(first.data, second.data, first.len);
	cs_buf_clear(&first);
	cs_buf_clear(&second);
	cs_clear(shape, obj);
	cs_clear(shape, back);
	free(obj);
	free(back);
}

static void test_model_shape_round_trip_empty(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++)
		round_trip(fill_shapes[i], FILL_EMPTY);
}

static void test_model_shape_round_trip_small(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++)
		round_trip(fill_shapes[i], FILL_SMALL);
}

static void test_model_shape_round_trip_full(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++)
		round_trip(fill_shapes[i], FILL_FULL);
}

/* A whole object decodes to something of its own: changing one does not change the other. */
static void test_model_shape_copy_is_deep(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++) {
		const struct cs_shape *shape = fill_shapes[i];
		void *obj = fill_alloc(1, shape->size), *copy = fill_alloc(1, shape->size), *twin = fill_alloc(1, shape->size);

		fill_struct(shape, obj, FILL_SMALL);
		fill_struct(shape, twin, FILL_SMALL);
		memset(copy, 0xa5, shape->size);
		assert_int_equal(cs_copy(shape, obj, copy), 0);
		assert_true(fill_same(shape, obj, copy));
		cs_clear(shape, obj);
		assert_true(fill_same(shape, twin, copy));
		cs_clear(shape, copy);
		cs_clear(shape, twin);
		free(obj);
		free(copy);
		free(twin);
	}
}

static void test_model_shape_clear_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++) {
		const struct cs_shape *shape = fill_shapes[i];
		void *obj = fill_alloc(1, shape->size);

		cs_clear(shape, NULL);
		cs_clear(shape, obj);
		fill_struct(shape, obj, FILL_SMALL);
		cs_clear(shape, obj);
		assert_true(fill_all_zero(obj, shape->size));
		cs_clear(shape, obj);
		assert_true(fill_all_zero(obj, shape->size));
		free(obj);
	}
}

static void test_model_a063_truncated_at_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++) {
		const struct cs_shape *shape = fill_shapes[i];
		void *obj = fill_alloc(1, shape->size), *back = fill_alloc(1, shape->size);
		struct cs_buf bytes;

		fill_struct(shape, obj, FILL_SMALL);
		encode(shape, obj, &bytes);
		for (size_t n = 0; n < bytes.len; n++) {
			uint8_t *exact = fill_alloc(n, 1); /* of the exact size, so that a read past the end is seen */

			memcpy(exact, bytes.data, n);
			memset(back, 0xa5, shape->size);
			assert_int_equal(cs_decode_all(shape, exact, n, back), CS_EPROTO);
			assert_true(fill_all_zero(back, shape->size));
			free(exact);
		}
		cs_buf_clear(&bytes);
		cs_clear(shape, obj);
		free(obj);
		free(back);
	}
}

static void test_model_a063_trailing_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++) {
		const struct cs_shape *shape = fill_shapes[i];
		void *obj = fill_alloc(1, shape->size), *back = fill_alloc(1, shape->size);
		struct cs_buf bytes;
		struct cs_cursor cur;

		fill_struct(shape, obj, FILL_SMALL);
		encode(shape, obj, &bytes);
		cs_buf_put_u8(&bytes, 0);
		memset(back, 0xa5, shape->size);
		assert_int_equal(cs_decode_all(shape, bytes.data, bytes.len, back), CS_EPROTO);
		assert_true(fill_all_zero(back, shape->size));
		cs_cursor_init(&cur, bytes.data, bytes.len);
		assert_int_equal(cs_decode(shape, &cur, back), 0); /* more may follow where more is expected */
		assert_int_equal(cur.left, 1);
		cs_buf_clear(&bytes);
		cs_clear(shape, obj);
		cs_clear(shape, back);
		free(obj);
		free(back);
	}
}

static void test_model_a013_nul_in_every_string(void **state)
{
	size_t marks = 0;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++) {
		const struct cs_shape *shape = fill_shapes[i];
		void *obj = fill_alloc(1, shape->size), *back = fill_alloc(1, shape->size);
		struct cs_buf bytes;

		fill_struct(shape, obj, FILL_SMALL);
		encode(shape, obj, &bytes);
		for (size_t n = 0; n < bytes.len; n++) {
			if (bytes.data[n] != FILL_MARK)
				continue;
			bytes.data[n] = 0;
			assert_int_equal(cs_decode_all(shape, bytes.data, bytes.len, back), CS_EPROTO);
			assert_true(fill_all_zero(back, shape->size));
			bytes.data[n] = FILL_MARK;
			marks++;
		}
		cs_buf_clear(&bytes);
		cs_clear(shape, obj);
		free(obj);
		free(back);
	}
	assert_true(marks > 100);
}

/* The shape with one field changed; the rest is shared. */
struct variant {
	struct cs_shape shape;
	struct cs_field fields[32];
};

static void vary(const struct cs_shape *shape, struct variant *ret_variant)
{
	assert_true(shape->n_fields <= CS_COUNT(ret_variant->fields));
	memcpy(ret_variant->fields, shape->fields, shape->n_fields * sizeof(*shape->fields));
	ret_variant->shape = *shape;
	ret_variant->shape.fields = ret_variant->fields;
}

/* obj has one field over its bound: refused on the way out, and on the way in when somebody wrote it all the same. */
static void refused_both_ways(const struct cs_shape *shape, const struct cs_shape *wider, const void *obj, int out_error,
	int in_error)
{
	void *back = fill_alloc(1, shape->size);
	struct cs_buf bytes;

	cs_buf_init(&bytes, FILL_MAX);
	assert_int_equal(cs_encode(shape, obj, &bytes), out_error);
	assert_int_equal(cs_buf_error(&bytes), out_error);
	cs_buf_clear(&bytes);
	encode(wider, obj, &bytes);
	memset(back, 0xa5, shape->size);
	assert_int_equal(cs_decode_all(shape, bytes.data, bytes.len, back), in_error);
	assert_true(fill_all_zero(back, shape->size));
	cs_buf_clear(&bytes);
	free(back);
}

static void one_over(const struct cs_shape *shape, size_t index, bool item)
{
	void *obj = fill_alloc(1, shape->size);
	struct variant wider;

	vary(shape, &wider);
	if (item)
		wider.fields[index].item_limit++;
	else
		wider.fields[index].limit++;
	fill_struct(shape, obj, FILL_EMPTY);
	fill_field(&wider.fields[index], obj, FILL_FULL);
	refused_both_ways(shape, &wider.shape, obj, CS_ETOOBIG, CS_ETOOBIG);
	cs_clear(shape, obj);
	free(obj);
}

static void test_model_a060_one_over_every_bound(void **state)
{
	size_t bounds = 0;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++) {
		for (size_t j = 0; j < fill_shapes[i]->n_fields; j++) {
			enum cs_kind kind = fill_shapes[i]->fields[j].kind;

			if (kind != CS_K_STR && kind != CS_K_BLOB && kind != CS_K_STRV && kind != CS_K_U32V && kind != CS_K_ARRAY)
				continue;
			assert_true(fill_shapes[i]->fields[j].limit > 0);
			one_over(fill_shapes[i], j, false);
			if (kind == CS_K_STRV)
				one_over(fill_shapes[i], j, true);
			bounds++;
		}
	}
	assert_true(bounds > 60);
}

static void test_model_shape_unknown_enum_value(void **state)
{
	static const struct cs_names odd[] = {{0x7eadbeef, "odd"}, {-5, "negative"}, {0, NULL}};
	size_t enums = 0;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++) {
		const struct cs_shape *shape = fill_shapes[i];

		for (size_t j = 0; j < shape->n_fields; j++) {
			void *obj = fill_alloc(1, shape->size);
			struct variant wider;

			vary(shape, &wider);
			if (shape->fields[j].kind == CS_K_ENUM) {
				wider.fields[j].names = odd;
				for (size_t k = 0; k < 2; k++) {
					fill_struct(shape, obj, FILL_EMPTY);
					memcpy((char *)obj + shape->fields[j].offset, &odd[k].value, sizeof(int));
					refused_both_ways(shape, &wider.shape, obj, CS_EINVAL, CS_EPROTO);
				}
				enums++;
			}
			free(obj);
		}
	}
	assert_true(enums >= 10);
}

/* One value has one encoding, because the bytes are hashed: a bool is 0 or 1 and nothing else. */
static void test_model_a086_bool_is_canonical(void **state)
{
	(void)state;
	for (unsigned value = 0; value <= 255; value++) {
		const uint8_t bytes[11] = {(uint8_t)value}; /* three bools and a number */
		struct cs_list list;

		memset(&list, 0xa5, sizeof(list));
		assert_int_equal(cs_decode_all(&cs_list_shape, bytes, sizeof(bytes), &list), value <= 1 ? 0 : CS_EPROTO);
		assert_true(list.all == (value == 1));
		assert_false(list.mine);
	}
}

/* NULL and "" are one value; they encode alike and come back as "". */
static void test_model_shape_null_is_empty(void **state)
{
	char empty[] = "";
	struct cs_right with_null = {0}, with_empty = {.user = empty, .permission = empty, .scope = empty}, back;
	struct cs_buf a, b;

	(void)state;
	encode(&cs_right_shape, &with_null, &a);
	encode(&cs_right_shape, &with_empty, &b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	assert_int_equal(cs_decode_all(&cs_right_shape, a.data, a.len, &back), 0);
	assert_string_equal(back.user, "");
	cs_clear(&cs_right_shape, &back);
	cs_buf_clear(&a);
	cs_buf_clear(&b);
}

/* The buffer's own bound holds too, and the first error stays. */
static void test_model_shape_sticky_error(void **state)
{
	struct cs_right right = {.user = fill_string(100)};
	struct cs_right small = {0};
	struct cs_buf out;

	(void)state;
	cs_buf_init(&out, 50);
	assert_int_equal(cs_encode(&cs_right_shape, &right, &out), CS_ETOOBIG);
	assert_int_equal(cs_encode(&cs_right_shape, &small, &out), CS_ETOOBIG);
	assert_true(out.len <= 50);
	cs_buf_clear(&out);
	cs_clear(&cs_right_shape, &right);
}

/* The layout on the wire, byte for byte, so that it does not change unseen. */
static void test_model_shape_layout(void **state)
{
	static const uint8_t expected[] = {0, 0, 0x03, 0xe9, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 5, 'a', 'l', 'i', 'c', 'e'};
	char alice[] = "alice";
	const struct cs_subject subject = {.uid = 1001, .login_uid = CS_NO_UID, .name = alice};
	struct cs_buf out;

	(void)state;
	encode(&cs_subject_shape, &subject, &out);
	assert_int_equal(out.len, sizeof(expected));
	assert_memory_equal(out.data, expected, sizeof(expected));
	cs_buf_clear(&out);
}

/* The tables describe the structs: every field inside, none overlapping, every member covered. */
static void test_model_shape_tables_are_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++) {
		const struct cs_shape *shape = fill_shapes[i];

		assert_non_null(shape->name);
		assert_true(shape->n_fields > 0);
		for (size_t j = 0; j < shape->n_fields; j++) {
			assert_non_null(shape->fields[j].name);
			assert_true(shape->fields[j].offset < shape->size);
			if (j > 0)
				assert_true(shape->fields[j].offset > shape->fields[j - 1].offset);
			if (shape->fields[j].kind == CS_K_ENUM)
				assert_non_null(shape->fields[j].names);
			if (shape->fields[j].kind == CS_K_NEST || shape->fields[j].kind == CS_K_ARRAY)
				assert_non_null(shape->fields[j].shape);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model_shape_round_trip_empty),
		cmocka_unit_test(test_model_shape_round_trip_small),
		cmocka_unit_test(test_model_shape_round_trip_full),
		cmocka_unit_test(test_model_shape_copy_is_deep),
		cmocka_unit_test(test_model_shape_clear_twice),
		cmocka_unit_test(test_model_a063_truncated_at_every_byte),
		cmocka_unit_test(test_model_a063_trailing_bytes),
		cmocka_unit_test(test_model_a013_nul_in_every_string),
		cmocka_unit_test(test_model_a060_one_over_every_bound),
		cmocka_unit_test(test_model_shape_unknown_enum_value),
		cmocka_unit_test(test_model_a086_bool_is_canonical),
		cmocka_unit_test(test_model_shape_null_is_empty),
		cmocka_unit_test(test_model_shape_sticky_error),
		cmocka_unit_test(test_model_shape_layout),
		cmocka_unit_test(test_model_shape_tables_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
