/* SPDX-License-Identifier: Apache-2.0 */
/* Memory helpers and error texts. */
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <countersign/error.h>

static void test_base_frees_take_null_and_leave_null(void **state)
{
	char *s = cs_dup("x"), *secret = cs_dup("y"), *none = NULL;
	char **v = NULL;
	size_t n = 0;
	(void)state;

	cs_free_str(&s);
	cs_free_secret(&secret);
	assert_null(s);
	assert_null(secret);
	cs_free_str(&none);
	cs_free_secret(&none);
	cs_free_str(NULL);
	cs_free_secret(NULL);
	cs_free_strv(&v, &n);
	assert_int_equal(cs_strv_add(&v, &n, "a"), 0);
	cs_free_strv(&v, &n);
	assert_null(v);
	assert_int_equal(n, 0);
}

static void test_base_dup_and_set_take_null_as_empty(void **state)
{
	char *s = cs_dup(NULL);
	(void)state;

	assert_string_equal(s, "");
	assert_int_equal(cs_set(&s, "one"), 0);
	assert_string_equal(s, "one");
	assert_int_equal(cs_set(&s, s + 1), 0);
	assert_string_equal(s, "ne");
	assert_int_equal(cs_set(&s, NULL), 0);
	assert_string_equal(s, "");
	cs_free_str(&s);
	assert_int_equal(cs_format(&s, "%d-%s", 7, "x"), 0);
	assert_string_equal(s, "7-x");
	cs_free_str(&s);
}

static void test_base_strv_keeps_order_and_copies(void **state)
{
	char **v = NULL;
	char text[] = "0";
	size_t n = 0;
	(void)state;

	for (; text[0] <= '9'; text[0]++)
		assert_int_equal(cs_strv_add(&v, &n, text), 0);
	assert_int_equal(n, 10);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(v[i][0], '0' + (char)i);
	assert_int_equal(cs_strv_has(v, n, "9"), 1);
	assert_int_equal(cs_strv_has(v, n - 1, "9"), 0);
	assert_int_equal(cs_strv_has(v, n, "09"), 0);
	assert_int_equal(cs_strv_has(v, n, ""), 0);
	assert_int_equal(cs_strv_has(NULL, 0, ""), 0);
	cs_free_strv(&v, &n);
}

static void test_base_reserve_zeroes_and_keeps(void **state)
{
	uint32_t *items = NULL;
	size_t cap = 0;
	(void)state;

	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(cs_reserve((void **)&items, &cap, i, 1, sizeof(*items)), 0);
		assert_true(cap > i);
		assert_int_equal(items[i], 0);
		items[i] = i + 1;
	}
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(items[i], i + 1);
	assert_true(cap < 2100);
	free(items);
}

static void test_base_reserve_refuses_overflow(void **state)
{
	char *items = NULL, *before = NULL;
	size_t cap = 0;
	(void)state;

	assert_int_equal(cs_reserve((void **)&items, &cap, 1, 1, 16), 0);
	before = items;
	assert_int_equal(cs_reserve((void **)&items, &cap, SIZE_MAX, 1, 1), CS_ENOMEM);
	assert_int_equal(cs_reserve((void **)&items, &cap, 0, SIZE_MAX / 4, 16), CS_ENOMEM);
	assert_int_equal(cs_reserve((void **)&items, &cap, cap, 1, 0), CS_ENOMEM);
	assert_ptr_equal(items, before);
	assert_int_equal(cap, 8);
	free(items);
}

static void test_base_every_error_has_its_own_text(void **state)
{
	(void)state;
	for (int a = CS_EVERSION; a <= CS_OK; a++) {
		assert_true(cs_strerror(a)[0] != '\0');
		assert_string_not_equal(cs_strerror(a), "unknown error");
		for (int b = CS_EVERSION; b < a; b++)
			assert_string_not_equal(cs_strerror(a), cs_strerror(b));
	}
	assert_string_equal(cs_strerror(CS_EDOUBT), "could not tell");
	assert_string_equal(cs_strerror(1), "unknown error");
	assert_string_equal(cs_strerror(CS_EVERSION - 1), "unknown error");
	assert_string_equal(cs_strerror(INT32_MIN), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base_frees_take_null_and_leave_null),
		cmocka_unit_test(test_base_dup_and_set_take_null_as_empty),
		cmocka_unit_test(test_base_strv_keeps_order_and_copies),
		cmocka_unit_test(test_base_reserve_zeroes_and_keeps),
		cmocka_unit_test(test_base_reserve_refuses_overflow),
		cmocka_unit_test(test_base_every_error_has_its_own_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
