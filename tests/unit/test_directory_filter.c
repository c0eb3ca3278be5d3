/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4515 escaping, RFC 4514 reading, and what is no filter, name or attribute. */
#include "filter.h"
#include "mem.h"
#include "model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void check_escaped(const char *value, const char *expected)
{
	struct cs_buf out;
	cs_buf_init(&out, 4096);
	cs_filter_put_value(&out, value);
	cs_buf_put_u8(&out, 0);
	assert_int_equal(cs_buf_error(&out), 0);
	assert_string_equal((const char *)out.data, expected);
	cs_buf_clear(&out);
}

static void test_a071_values_are_escaped(void **state)
{
	(void)state;
	check_escaped("alice", "alice");
	check_escaped("uid=alice,ou=people", "uid=alice,ou=people");
	check_escaped("*)(uid=*", "\\2a\\29\\28uid=\\2a");
	check_escaped("a\\b", "a\\5cb");
	check_escaped("cn=a\\2C b", "cn=a\\5c2C\\20b");
	check_escaped("\x01\x7f\xff\n", "\\01\\7f\\ff\\0a");
	check_escaped("", "");
}

static void test_filters(void **state)
{
	(void)state;
	static const char *const good[] = {"(a=b)", "(&(a=b)(!(c=*)))",
					   "(|(pwdAccountLockedTime=*)(nsAccountLock=TRUE))", "(cn=a\\29b)"};
	static const char *const bad[] = {"",   "a=b",   "(a=b",    "a=b)",   "(a=b)(c=d)", "(a=b) ", " (a=b)",
					  "()", "(&())", "(a=\\2)", "(a=\\)", "(a=\\zz)",   "(a=b))", ")("};
	for (size_t i = 0; i < CS_COUNT(good); i++)
		assert_int_equal(cs_filter_is_whole(good[i]), 1);
	for (size_t i = 0; i < CS_COUNT(bad); i++)
		assert_int_equal(cs_filter_is_whole(bad[i]), 0);
	char deep[256];
	memset(deep, '(', 255);
	deep[255] = '\0';
	assert_int_equal(cs_filter_is_whole(deep), 0);
	assert_int_equal(cs_filter_is_whole(NULL), 0);
}

static void test_attributes(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "1a", "-a", "a b", "a;lang-en", "a=", "a*", "a)", "memb\xc3\xa9r",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	assert_int_equal(cs_filter_is_attribute("entryUUID"), 1);
	assert_int_equal(cs_filter_is_attribute("x-my-1"), 1);
	assert_int_equal(cs_filter_is_attribute(NULL), 0);
	for (size_t i = 0; i < CS_COUNT(bad); i++)
		assert_int_equal(cs_filter_is_attribute(bad[i]), 0);
}

static void test_a074_names(void **state)
{
	(void)state;
	static const char *const good[] = {"dc=org",         "uid=alice,ou=people,dc=example,dc=org",
					   "cn=a\\, b,dc=x", "cn=a\\2Cb+sn=c,dc=x",
					   "cn=x, dc=y",     "2.5.4.3=x"};
	static const char *const bad[] = {"",           "alice",  "=x",       "cn=",       "cn=a,",  ",cn=a",
					  "cn=a,,dc=b", "cn=a\\", "cn=\"a\"", "cn=a\\00b", "cn=a,dc"};
	for (size_t i = 0; i < CS_COUNT(good); i++)
		assert_int_equal(cs_dn_is_valid(good[i]), 1);
	for (size_t i = 0; i < CS_COUNT(bad); i++)
		assert_int_equal(cs_dn_is_valid(bad[i]), 0);
	char long_dn[CS_MAX_DN + 2];
	memset(long_dn, 'a', sizeof(long_dn));
	memcpy(long_dn, "cn=", 3);
	long_dn[CS_MAX_DN] = '\0';
	assert_int_equal(cs_dn_is_valid(long_dn), 1);
	long_dn[CS_MAX_DN] = 'a';
	long_dn[CS_MAX_DN + 1] = '\0';
	assert_int_equal(cs_dn_is_valid(long_dn), 0);
}

static void test_first_values(void **state)
{
	(void)state;
	static const struct {
		const char *dn, *value;
	} cases[] = {{"uid=alice,ou=people", "alice"},
		     {"cn=a\\, b,dc=x", "a, b"},
		     {"cn=a\\2Cb+sn=c,dc=x", "a,b"},
		     {"cn=\\C3\\A9,dc=x", "\xc3\xa9"},
		     {" cn=x,dc=y", "x"}};
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		char *value = NULL;
		assert_int_equal(cs_dn_first_value(cases[i].dn, &value), 0);
		assert_string_equal(value, cases[i].value);
		free(value);
	}
	char *untouched = NULL;
	assert_int_equal(cs_dn_first_value("alice", &untouched), CS_EPROTO);
	assert_int_equal(cs_dn_first_value("cn=a\\00b", &untouched), CS_EPROTO);
	assert_null(untouched);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a071_values_are_escaped),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_a074_names),
		cmocka_unit_test(test_first_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
