/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: every allocation fails once (A119), and a hostile count never makes the daemon ask for much. */
#include "alloc_fault.h"
#include "calls.h"
#include "shape_fill.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* The largest struct of an array per byte that its encoding takes at least, with room to spare. */
#define GROWTH 64u
#define CONSTANT 4096u

static void encode(const struct cs_shape *shape, const void *obj, struct cs_buf *out)
{
	cs_buf_init(out, FILL_MAX);
	assert_int_equal(cs_encode(shape, obj, out), 0);
}

static void test_model_a119_decode_every_allocation_fails_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++) {
		const struct cs_shape *shape = fill_shapes[i];
		void *obj = fill_alloc(1, shape->size), *back = fill_alloc(1, shape->size);
		struct cs_buf bytes;
		size_t at = 0;
		int r = CS_ENOMEM;

		fill_struct(shape, obj, FILL_SMALL);
		encode(shape, obj, &bytes);
		while (r == CS_ENOMEM) {
			memset(back, 0xa5, shape->size);
			alloc_fault_reset(++at);
			r = cs_decode_all(shape, bytes.data, bytes.len, back);
			assert_true(r == 0 ? alloc_fault.calls < at : r == CS_ENOMEM && fill_all_zero(back, shape->size));
		}
		assert_true(fill_same(shape, obj, back));
		alloc_fault_reset(0);
		cs_buf_clear(&bytes);
		cs_clear(shape, obj);
		cs_clear(shape, back);
		free(obj);
		free(back);
	}
}

static void test_model_a119_copy_every_allocation_fails_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++) {
		const struct cs_shape *shape = fill_shapes[i];
		void *obj = fill_alloc(1, shape->size), *copy = fill_alloc(1, shape->size);
		size_t at = 0;
		int r = CS_ENOMEM;

		fill_struct(shape, obj, FILL_SMALL);
		while (r == CS_ENOMEM) {
			memset(copy, 0xa5, shape->size);
			alloc_fault_reset(++at);
			r = cs_copy(shape, obj, copy);
			assert_true(r == 0 ? alloc_fault.calls < at : r == CS_ENOMEM && fill_all_zero(copy, shape->size));
		}
		assert_true(at > 1);
		assert_true(fill_same(shape, obj, copy));
		alloc_fault_reset(0);
		cs_clear(shape, obj);
		cs_clear(shape, copy);
		free(obj);
		free(copy);
	}
}

static void test_wire_a119_put_and_get_every_allocation_fails_once(void **state)
{
	const struct cs_message *message = cs_message_find(CS_CALL_SUBMIT);
	struct cs_submit submit, back;
	struct cs_buf out;
	size_t at = 0;
	int r = CS_ENOMEM;

	(void)state;
	fill_struct(&cs_submit_shape, &submit, FILL_SMALL);
	cs_buf_init(&out, FILL_MAX);
	while (r == CS_ENOMEM) {
		size_t before = out.len;

		alloc_fault_reset(++at);
		r = cs_wire_put_call(&out, message, &submit);
		assert_true(r == 0 || (r == CS_ENOMEM && out.len == before && cs_buf_error(&out) == 0));
	}
	assert_int_equal(r, 0);
	alloc_fault_reset(0);
	assert_int_equal(cs_wire_get_call(message, out.data + 5, out.len - 5, &back), 0);
	assert_true(fill_same(&cs_submit_shape, &submit, &back));
	cs_clear(&cs_submit_shape, &submit);
	cs_clear(&cs_submit_shape, &back);
	cs_buf_clear(&out);
}

static void test_wire_a119_reply_text_every_allocation_fails_once(void **state)
{
	const struct cs_message *message = cs_message_find(CS_CALL_VOTE);
	struct cs_decision back;
	struct cs_buf payload;
	char *text = NULL;

	(void)state;
	cs_buf_init(&payload, 1024);
	cs_buf_put_u32(&payload, 8);
	cs_buf_put_cstr(&payload, "why");
	alloc_fault_reset(1);
	assert_int_equal(cs_wire_get_reply(message, payload.data, payload.len, &back, &text), CS_ENOMEM);
	assert_null(text);
	alloc_fault_reset(0);
	assert_int_equal(cs_wire_get_reply(message, payload.data, payload.len, &back, &text), CS_EPERM);
	free(text);
	cs_buf_clear(&payload);
}

static void test_model_a119_action_line_every_allocation_fails_once(void **state)
{
	struct cs_action action;
	char *line = NULL;
	size_t at = 0;

	(void)state;
	fill_struct(&cs_action_shape, &action, FILL_SMALL);
	while (!line) {
		alloc_fault_reset(++at);
		line = cs_action_line(&action);
		assert_true(line ? alloc_fault.calls < at : alloc_fault.calls >= at);
	}
	alloc_fault_reset(0);
	assert_true(at > 3);
	free(line);
	cs_clear(&cs_action_shape, &action);
}

/* Where a count or a length may stand, every four bytes of the encoding become a large number: what is asked for stays
 * within a fixed multiple of what was sent. */
static void hostile(const struct cs_shape *shape, struct cs_buf *bytes, size_t at, uint32_t number, void *back)
{
	uint8_t kept[4];
	const uint8_t lie[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};

	memcpy(kept, bytes->data + at, 4);
	memcpy(bytes->data + at, lie, 4);
	alloc_fault_reset(0);
	if (cs_decode_all(shape, bytes->data, bytes->len, back) == 0)
		cs_clear(shape, back);
	assert_true(alloc_fault.bytes <= CONSTANT + GROWTH * bytes->len);
	memcpy(bytes->data + at, kept, 4);
}

static void test_model_a060_hostile_counts_stay_small(void **state)
{
	static const uint32_t lies[] = {3, 32, 256, 500, 1024, 4096, 65536, 0x00ffffff, 0x7fffffff, 0xfffffffc, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++) {
		const struct cs_shape *shape = fill_shapes[i];
		void *obj = fill_alloc(1, shape->size), *back = fill_alloc(1, shape->size);
		struct cs_buf bytes;

		fill_struct(shape, obj, FILL_SMALL);
		encode(shape, obj, &bytes);
		for (size_t at = 0; at + 4 <= bytes.len; at++)
			for (size_t k = 0; k < CS_COUNT(lies); k++)
				hostile(shape, &bytes, at, lies[k], back);
		cs_buf_clear(&bytes);
		cs_clear(shape, obj);
		free(obj);
		free(back);
	}
}

/* The most that a whole frame of nothing but counts can cost. */
static void test_model_a060_a_frame_of_zeros_stays_small(void **state)
{
	uint8_t *zeros = fill_alloc(CS_FRAME_MAX, 1);

	(void)state;
	for (size_t i = 0; i < CS_COUNT(fill_shapes); i++) {
		const struct cs_shape *shape = fill_shapes[i];
		void *back = fill_alloc(1, shape->size);

		for (unsigned fill = 0; fill <= 3; fill++) {
			memset(zeros, (int)fill, CS_FRAME_MAX);
			alloc_fault_reset(0);
			if (cs_decode_all(shape, zeros, CS_FRAME_MAX, back) == 0)
				cs_clear(shape, back);
			assert_true(alloc_fault.bytes <= CONSTANT + GROWTH * CS_FRAME_MAX);
		}
		free(back);
	}
	free(zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model_a119_decode_every_allocation_fails_once),
		cmocka_unit_test(test_model_a119_copy_every_allocation_fails_once),
		cmocka_unit_test(test_wire_a119_put_and_get_every_allocation_fails_once),
		cmocka_unit_test(test_wire_a119_reply_text_every_allocation_fails_once),
		cmocka_unit_test(test_model_a119_action_line_every_allocation_fails_once),
		cmocka_unit_test(test_model_a060_hostile_counts_stay_small),
		cmocka_unit_test(test_model_a060_a_frame_of_zeros_stays_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
