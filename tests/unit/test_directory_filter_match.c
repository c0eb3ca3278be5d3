/* SPDX-License-Identifier: Apache-2.0 */
/* Plain filters, evaluated without a server: what they are, and what matches. */
#include "filter_match.h"
#include "mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

/* An entry as pairs: attribute, value. */
struct entry {
	const char *pairs[16][2];
	size_t fail_at; /* the look that fails; 0: none does */
	size_t looks;
};

static int entry_values(void *arg, const char *attribute, struct cs_bytes *ret_values, size_t max, size_t *ret_n)
{
	struct entry *entry = arg;
	size_t n = 0;
	if (++entry->looks == entry->fail_at)
		return CS_ENOMEM;
	for (size_t i = 0; i < 16 && entry->pairs[i][0] != NULL; i++) {
		if (strcasecmp(entry->pairs[i][0], attribute) != 0)
			continue;
		if (n < max)
			ret_values[n] = (struct cs_bytes){ entry->pairs[i][1], strlen(entry->pairs[i][1]) };
		n++;
	}
	*ret_n = n;
	return 0;
}

static int matches(const char *filter, struct entry entry)
{
	const struct cs_entry_source source = { &entry, entry_values };
	return cs_filter_matches(filter, &source);
}

static const char *const not_plain[] = { "", "(", ")", "()", "(a)", "(a=)", "(=b)", "a=b", "(a=b", "(a=b))",
	"(a=b)(a=b)",
	"(!(a=b))", "(&)", "(|)", "(&(a=b)", "(&(a=b)(!(c=d)))", "(a~=b)", "(a>=b)", "(a<=b)", "(a:=b)", "(a:dn:=b)",
	"(a:1.2.840.113556.1.4.803:=2)", "(a=b*)", "(a=*b)", "(a=b*c)", "(a=**)", "(a;x=b)", "(a b=c)", "( a=b)",
	"(a=b\\)", "(a=\\zz)", "(a=\\00)", "(a=b\\2)", "(a=(b)", "(&(a=b) (c=d))", "(a=b) " };

static void test_what_is_plain(void **state)
{
	static const char *const plain[] = { "(a=b)", "(a=*)", "(objectClass=posixAccount)", "(&(a=b))",
		"(&(objectCategory=person)(objectClass=user))", "(|(a=b)(&(c=*)(|(d=e)(f=g))))", "(a=\\2a)", "(a= b )",
		"(a-1=b=c)" };
	const struct entry nobody = { 0 };
	(void)state;
	for (size_t i = 0; i < CS_COUNT(plain); i++) {
		if (cs_filter_is_plain(plain[i]) != 1 || matches(plain[i], nobody) < 0)
			fail_msg("%s is plain", plain[i]);
	}
	for (size_t i = 0; i < CS_COUNT(not_plain); i++) {
		if (cs_filter_is_plain(not_plain[i]) != 0 || matches(not_plain[i], nobody) != CS_EINVAL)
			fail_msg("%s is not plain", not_plain[i]);
	}
}

static void test_depth_is_bounded(void **state)
{
	char text[4096] = "";
	size_t n = 0;
	(void)state;
	for (int depth = 1; depth <= 1000; depth++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "(&");
		if (depth == 20 || depth == 40 || depth == 1000) {
			char whole[4096];
			size_t m = (size_t)snprintf(whole, sizeof(whole), "%s(a=b)", text);
			memset(whole + m, ')', (size_t)depth);
			whole[m + (size_t)depth] = '\0';
			assert_int_equal(cs_filter_is_plain(whole), depth == 20);
		}
	}
}

static void test_what_matches(void **state)
{
	static const struct entry entry = { { { "objectClass", "inetOrgPerson" }, { "OBJECTCLASS", "posixAccount" },
		{ "uid", "alice" }, { "uid", "ali" }, { "manager", "UID=Bob, ou=people,dc=x" },
		{ "cn", "a*(b)" } }, 0, 0 };
	static const struct {
		const char *filter;
		int expected;
	} cases[] = { { "(objectClass=POSIXACCOUNT)", 1 }, { "(objectclass=posixGroup)", 0 }, { "(uid=ali)", 1 },
		{ "(uid=al)", 0 }, { "(uid=*)", 1 }, { "(mail=*)", 0 }, { "(mail=x)", 0 },
		{ "(manager=uid=bob,ou=People,dc=x)", 1 }, { "(manager=uid=bob,dc=x)", 0 },
		{ "(cn=a\\2a\\28b\\29)", 1 },
		{ "(&(uid=alice)(cn=*))", 1 }, { "(&(uid=alice)(mail=*))", 0 }, { "(&(mail=*)(uid=alice))", 0 },
		{ "(|(mail=*)(uid=alice))", 1 }, { "(|(mail=*)(uid=bob))", 0 }, { "(|(uid=alice)(mail=*))", 1 },
		{ "(&(|(uid=x)(uid=alice))(|(cn=x)(mail=x)))", 0 }, { "(objectCategory=person)", 0 } };
	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++)
		if (matches(cases[i].filter, entry) != cases[i].expected)
			fail_msg("%s", cases[i].filter);
}

static void test_categories_and_classes_that_are_not_told(void **state)
{
	static const struct entry person = { { { "objectClass", "user" },
		{ "objectCategory", "CN=Person,CN=Schema,DC=x" } }, 0, 0 };
	static const struct entry untold = { { { "uid", "alice" } }, 0, 0 };
	(void)state;
	assert_int_equal(matches("(objectCategory=person)", person), 1);
	assert_int_equal(matches("(objectCategory=CN=Person,CN=Schema,DC=X)", person), 1);
	assert_int_equal(matches("(objectCategory=pers)", person), 0);
	assert_int_equal(matches("(objectCategory=personal)", person), 0);
	assert_int_equal(matches("(uid=Schema)", person), 0);
	assert_int_equal(matches("(objectClass=posixAccount)", untold), 1);
	assert_int_equal(matches("(objectClass=*)", untold), 1);
	assert_int_equal(matches("(&(objectCategory=person)(objectClass=user))", untold), 1);
	assert_int_equal(matches("(&(objectClass=user)(uid=bob))", untold), 0);
}

static void test_what_cannot_be_told(void **state)
{
	struct entry entry = { { { "uid", "alice" } }, 1, 0 };
	(void)state;
	assert_int_equal(matches("(uid=alice)", entry), CS_ENOMEM);
	entry.fail_at = 2;
	assert_int_equal(matches("(&(uid=bob)(cn=x))", entry), CS_ENOMEM);
	assert_int_equal(matches("(objectClass=x)", entry), CS_ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_plain),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_what_matches),
		cmocka_unit_test(test_categories_and_classes_that_are_not_told),
		cmocka_unit_test(test_what_cannot_be_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
