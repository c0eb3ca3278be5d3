/* SPDX-License-Identifier: Apache-2.0 */
/* When two DNs are the same, and when one is below another. */
#include "mem.h"
#include "model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_keys(void **state)
{
	(void)state;
	static const struct {
		const char *dn, *key;
	} cases[] = {
		{ "uid=alice,ou=people,dc=x", "uid=alice,ou=people,dc=x" },
		{ "  UID = Alice , OU=People,DC=X ", "uid=alice,ou=people,dc=x" },
		{ "cn=Alice   B,dc=x", "cn=alice b,dc=x" },
		{ "cn=a + sn=b;dc=x", "cn=a+sn=b,dc=x" },
		{ "cn=a + sn=b", "cn=a+sn=b" },
		{ "cn=a", "cn=a" },
		{ "cn=a ,dc=xy", "cn=a,dc=xy" },
		{ "cn=a=b,dc=x", "cn=a=b,dc=x" },
		{ "cn=a\\=b,dc=x", "cn=a=b,dc=x" },
		{ "cn=a\\,b\\2B\\\\,dc=x", "cn=a\\,b\\+\\\\,dc=x" },
		{ "cn=\\61lice\\20,dc=x", "cn=alice,dc=x" },
		{ "cn=\\#1,dc=x", "cn=\\#1,dc=x" },
		{ "cn=#04,dc=x", "cn=#04,dc=x" },
		{ "cn=\\c3\\84,dc=x", "cn=\xc3\x84,dc=x" },
	};
	char key[CS_MAX_DN + 1];
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		assert_int_equal(cs_dn_key(cases[i].dn, key), 0);
		assert_string_equal(key, cases[i].key);
		assert_int_equal(cs_dn_key(cases[i].key, key), 0); /* the key of a key is the key */
		assert_string_equal(key, cases[i].key);
		assert_true(cs_dn_same(cases[i].dn, cases[i].key));
		/* same() reads no further than they agree: kills an answer from a part of them */
		for (size_t k = 0; k < CS_COUNT(cases); k++)
			assert_int_equal(cs_dn_same(cases[i].dn, cases[k].dn), strcmp(cases[i].key, cases[k].key) == 0);
	}
}

static void test_what_has_no_key(void **state)
{
	(void)state;
	char key[CS_MAX_DN + 1], longest[CS_MAX_DN + 2];
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(cs_dn_key(NULL, key), CS_EINVAL);
	assert_int_equal(cs_dn_key("", key), CS_EINVAL);
	assert_int_equal(cs_dn_key("cn=a\\00b", key), CS_EINVAL);
	assert_int_equal(cs_dn_key("cn=\"a\"", key), CS_EINVAL);
	assert_int_equal(cs_dn_key(longest, key), CS_ETOOBIG);
	longest[CS_MAX_DN] = '\0';
	assert_int_equal(cs_dn_key(longest, key), 0);
	assert_int_equal(strlen(key), CS_MAX_DN);
	assert_false(cs_dn_same("cn=\"a\"", "cn=\"a\""));
	assert_false(cs_dn_same("", ""));
}

static void test_a074_what_differs(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{ "cn=a,dc=x", "cn=ab,dc=x" },      { "cn=a,dc=x", "cn=a" },         { "cn=a\\,dc=x", "cn=a,dc=x" },
		{ "cn=a\\+b=c", "cn=a+b=c" },       { "cn=a b,dc=x", "cn=ab,dc=x" }, { "cn=\\#04,dc=x", "cn=#04,dc=x" },
		{ "cn=\\\\,dc=x", "cn=\\,\\,dc=x" },
	};
	for (size_t i = 0; i < CS_COUNT(pairs); i++)
		assert_false(cs_dn_same(pairs[i][0], pairs[i][1]));
}

static void test_a074_below(void **state)
{
	(void)state;
	assert_true(cs_dn_key_below("cn=a,ou=b,dc=x", "ou=b,dc=x"));
	assert_true(cs_dn_key_below("ou=b,dc=x", "ou=b,dc=x"));
	assert_true(cs_dn_key_below("cn=\\\\,ou=b,dc=x", "ou=b,dc=x"));
	assert_false(cs_dn_key_below("cn=a\\,ou=b,dc=x", "ou=b,dc=x"));
	assert_false(cs_dn_key_below("cn=\\\\\\,ou=b,dc=x", "ou=b,dc=x"));
	assert_false(cs_dn_key_below("cn=a+ou=b,dc=x", "ou=b,dc=x"));
	assert_false(cs_dn_key_below("cn=aou=b,dc=x", "ou=b,dc=x"));
	assert_false(cs_dn_key_below(",ou=b,dc=x", "ou=b,dc=x"));
	assert_false(cs_dn_key_below("dc=x", "ou=b,dc=x"));
	assert_false(cs_dn_key_below("cn=a,ou=c,dc=x", "ou=b,dc=x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_what_has_no_key),
		cmocka_unit_test(test_a074_what_differs),
		cmocka_unit_test(test_a074_below),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
