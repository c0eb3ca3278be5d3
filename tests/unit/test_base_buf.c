/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded buffer and the cursor: bounds, sticky errors, what is left over (A063). */
#include "buf.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <countersign/error.h>

#include "mem.h"

static void test_base_buf_encodes_as_rfc4251(void **state)
{
	static const uint8_t expected[] = {
		0x07, 0x01, 0x02, 0x03, 0x04, 0xff, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 2, 'h', 'i', 0, 0, 0, 0, 'r',
	};
	struct cs_buf buf;
	(void)state;

	cs_buf_init(&buf, 100);
	cs_buf_put_u8(&buf, 7);
	cs_buf_put_u32(&buf, 0x01020304);
	cs_buf_put_u64(&buf, 0xff00000000000080);
	cs_buf_put_cstr(&buf, "hi");
	cs_buf_put_cstr(&buf, NULL);
	cs_buf_put(&buf, "r", 1);
	assert_int_equal(cs_buf_error(&buf), 0);
	assert_int_equal(buf.len, sizeof(expected));
	assert_memory_equal(buf.data, expected, sizeof(expected));
	cs_buf_clear(&buf);
	assert_null(buf.data);
	assert_int_equal(buf.len, 0);
	assert_int_equal(buf.max, 100);
}

static void test_base_buf_bound_is_exact_and_sticky(void **state)
{
	struct cs_buf buf;
	(void)state;

	cs_buf_init(&buf, 10);
	cs_buf_put(&buf, "0123456789", 10);
	assert_int_equal(cs_buf_error(&buf), 0);
	cs_buf_put_u8(&buf, 1);
	assert_int_equal(cs_buf_error(&buf), CS_ETOOBIG);
	assert_int_equal(buf.len, 10);
	cs_buf_consume(&buf, 5);
	cs_buf_put_u8(&buf, 1);
	assert_int_equal(cs_buf_error(&buf), CS_ETOOBIG);
	assert_int_equal(buf.len, 5);
	assert_int_equal(cs_buf_room(&buf, 1), CS_ETOOBIG);
	cs_buf_clear(&buf);
	assert_int_equal(cs_buf_error(&buf), 0);
}

static void test_base_buf_string_that_does_not_fit_leaves_no_length(void **state)
{
	struct cs_buf buf;
	(void)state;

	cs_buf_init(&buf, 8);
	cs_buf_put_cstr(&buf, "12345");
	assert_int_equal(cs_buf_error(&buf), CS_ETOOBIG);
	assert_int_equal(buf.len, 0);
	cs_buf_clear(&buf);
	cs_buf_put_cstr(&buf, "1234");
	assert_int_equal(cs_buf_error(&buf), 0);
	assert_int_equal(buf.len, 8);
	cs_buf_clear(&buf);
}

static void test_base_buf_room_does_not_stick(void **state)
{
	struct cs_buf buf;
	(void)state;

	cs_buf_init(&buf, 100);
	assert_int_equal(cs_buf_room(&buf, 101), CS_ETOOBIG);
	assert_int_equal(cs_buf_room(&buf, SIZE_MAX), CS_ETOOBIG);
	assert_int_equal(cs_buf_error(&buf), 0);
	assert_int_equal(cs_buf_room(&buf, 100), 0);
	assert_true(buf.cap >= 100);
	assert_int_equal(buf.len, 0);
	cs_buf_clear(&buf);
}

static void test_base_buf_consume_keeps_the_rest_and_wipes(void **state)
{
	struct cs_buf buf;
	(void)state;

	cs_buf_init(&buf, 100000);
	cs_buf_put(&buf, "secret-rest", 11);
	cs_buf_consume(&buf, 7);
	assert_int_equal(buf.len, 4);
	assert_memory_equal(buf.data, "rest", 4);
	for (size_t i = 4; i < 11; i++)
		assert_int_equal(buf.data[i], 0);
	cs_buf_consume(&buf, 100);
	assert_int_equal(buf.len, 0);
	assert_int_equal(cs_buf_room(&buf, 50000), 0);
	cs_buf_put_u8(&buf, 1);
	cs_buf_consume(&buf, 1);
	assert_true(buf.cap <= 1024); /* a waiting connection does not keep what its largest message took */
	cs_buf_clear(&buf);
	cs_buf_clear(NULL);
}

static void test_base_cursor_reads_what_was_written(void **state)
{
	struct cs_buf buf;
	struct cs_cursor cur;
	const uint8_t *at = NULL;
	size_t n = 0;
	uint8_t raw[2];
	(void)state;

	cs_buf_init(&buf, 100);
	cs_buf_put_u8(&buf, 9);
	cs_buf_put_u32(&buf, UINT32_MAX);
	cs_buf_put_u64(&buf, UINT64_MAX - 1);
	cs_buf_put_cstr(&buf, "text");
	cs_buf_put_string(&buf, "\0x", 2);
	cs_buf_put(&buf, "ab", 2);
	cs_cursor_init(&cur, buf.data, buf.len);
	assert_int_equal(cs_cursor_u8(&cur), 9);
	assert_int_equal(cs_cursor_u32(&cur), UINT32_MAX);
	assert_true(cs_cursor_u64(&cur) == UINT64_MAX - 1);
	char *text = cs_cursor_cstr(&cur, 4);
	assert_string_equal(text, "text");
	cs_free_str(&text);
	cs_cursor_string(&cur, 2, &at, &n);
	assert_int_equal(n, 2);
	assert_memory_equal(at, "\0x", 2);
	assert_int_equal(cs_cursor_end(&cur), CS_EPROTO); /* two bytes are left over */
	cs_cursor_bytes(&cur, raw, 2);
	assert_memory_equal(raw, "ab", 2);
	assert_int_equal(cs_cursor_end(&cur), 0);
	cs_buf_clear(&buf);
}

/* Each way to read past the end, from a copy of the exact size so that the sanitizer would see it. */
static void test_base_a063_cursor_never_reads_past_the_end(void **state)
{
	static const uint8_t source[] = {0, 0, 0, 5, 'a', 'b', 'c'};
	uint8_t out[8];
	(void)state;

	for (size_t n = 0; n <= sizeof(source); n++) {
		uint8_t *exact = malloc(n > 0 ? n : 1);
		struct cs_cursor cur;
		const uint8_t *at = source;
		size_t len = 1;
		assert_non_null(exact);
		memcpy(exact, source, n);
		cs_cursor_init(&cur, exact, n);
		cs_cursor_string(&cur, 100, &at, &len);
		assert_null(at);
		assert_int_equal(len, 0);
		assert_int_equal(cs_cursor_end(&cur), CS_EPROTO);
		cs_cursor_init(&cur, exact, n);
		memset(out, 0xff, sizeof(out));
		cs_cursor_bytes(&cur, out, 8);
		assert_int_equal(out[0] | out[7], 0);
		assert_int_equal(cs_cursor_u64(&cur), 0);
		assert_int_equal(cs_cursor_end(&cur), CS_EPROTO);
		free(exact);
	}
}

static void test_base_cursor_first_error_stays(void **state)
{
	static const uint8_t source[] = {0, 0, 0, 3, 'a', 'b', 'c', 1};
	struct cs_cursor cur;
	(void)state;

	cs_cursor_init(&cur, source, sizeof(source));
	assert_null(cs_cursor_cstr(&cur, 2));
	assert_int_equal(cur.error, CS_ETOOBIG);
	assert_int_equal(cs_cursor_u8(&cur), 0);
	assert_int_equal(cs_cursor_u32(&cur), 0);
	assert_null(cs_cursor_cstr(&cur, 100));
	assert_int_equal(cs_cursor_end(&cur), CS_ETOOBIG);
}

static void test_base_cursor_nul_in_a_string_is_an_error(void **state)
{
	static const uint8_t source[] = {0, 0, 0, 3, 'a', 0, 'c'};
	struct cs_cursor cur;
	(void)state;

	cs_cursor_init(&cur, source, sizeof(source));
	assert_null(cs_cursor_cstr(&cur, 100));
	assert_int_equal(cs_cursor_end(&cur), CS_EPROTO);
}

static void test_base_cursor_empty_input_and_empty_string(void **state)
{
	static const uint8_t source[] = {0, 0, 0, 0};
	struct cs_cursor cur;
	const uint8_t *at = NULL;
	size_t n = 1;
	(void)state;

	cs_cursor_init(&cur, NULL, 0);
	cs_cursor_bytes(&cur, NULL, 0);
	assert_int_equal(cs_cursor_end(&cur), 0);
	cs_cursor_init(&cur, source, 4);
	cs_cursor_string(&cur, 0, &at, &n);
	assert_non_null(at);
	assert_int_equal(n, 0);
	cs_cursor_init(&cur, source, 4);
	char *s = cs_cursor_cstr(&cur, 0);
	assert_string_equal(s, "");
	assert_int_equal(cs_cursor_end(&cur), 0);
	cs_free_str(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base_buf_encodes_as_rfc4251),
		cmocka_unit_test(test_base_buf_bound_is_exact_and_sticky),
		cmocka_unit_test(test_base_buf_string_that_does_not_fit_leaves_no_length),
		cmocka_unit_test(test_base_buf_room_does_not_stick),
		cmocka_unit_test(test_base_buf_consume_keeps_the_rest_and_wipes),
		cmocka_unit_test(test_base_cursor_reads_what_was_written),
		cmocka_unit_test(test_base_a063_cursor_never_reads_past_the_end),
		cmocka_unit_test(test_base_cursor_first_error_stays),
		cmocka_unit_test(test_base_cursor_nul_in_a_string_is_an_error),
		cmocka_unit_test(test_base_cursor_empty_input_and_empty_string),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
