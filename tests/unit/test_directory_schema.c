/* SPDX-License-Identifier: Apache-2.0 */
/* Presets, what attributes list, and the URLs of dynamic groups. */
#include "ldap_url.h"
#include "mem.h"
#include "schema.h"
#include "filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Every preset is one that the settings would take, and a copy of it is the same. */
static void test_presets(void **state)
{
	(void)state;
	const char *name = NULL;
	unsigned n = 0;
	for (; (name = cs_schema_name(n)) != NULL; n++) {
		struct cs_schema schema = { 0 }, copy = { 0 };
		assert_int_equal(cs_schema_preset(name, &schema), 0);
		assert_string_equal(schema.name, name);
		assert_int_equal(cs_filter_is_whole(schema.people_filter), 1);
		assert_int_equal(cs_filter_is_whole(schema.group_filter), 1);
		assert_int_equal(cs_filter_is_attribute(schema.login_attribute), 1);
		assert_int_equal(cs_filter_is_attribute(schema.uid_attribute), 1);
		assert_int_equal(cs_filter_is_attribute(schema.id_attribute), 1);
		assert_true(*schema.member_of == '\0' || *schema.member_attribute != '\0');
		assert_true(schema.nesting == 0 || *schema.member_attribute != '\0');
		assert_true(!schema.in_chain || schema.nesting > 0);
		assert_int_equal(cs_schema_copy(&schema, &copy), 0);
		assert_string_equal(copy.group_filter, schema.group_filter);
		assert_string_equal(copy.member_of, schema.member_of);
		assert_int_equal(copy.nesting, schema.nesting);
		assert_int_equal(copy.in_chain, schema.in_chain);
		cs_schema_clear(&schema);
		cs_schema_clear(&copy);
		assert_null(copy.name);
	}
	assert_int_equal(n, 6);
	struct cs_schema none = { 0 };
	assert_int_equal(cs_schema_preset("RFC2307", &none), CS_ENOENT);
	assert_null(none.name);
}

static void test_what_attributes_list(void **state)
{
	(void)state;
	assert_int_equal(cs_schema_lists("memberUid"), CS_LISTS_LOGIN);
	assert_int_equal(cs_schema_lists("MEMBERUID"), CS_LISTS_LOGIN);
	assert_int_equal(cs_schema_lists("memberURL"), CS_LISTS_URL);
	assert_int_equal(cs_schema_lists("member"), CS_LISTS_DN);
	assert_int_equal(cs_schema_lists("uniqueMember"), CS_LISTS_DN);
	assert_int_equal(cs_schema_lists("memberUidNumber"), CS_LISTS_DN);
}

#define TOP "dc=example,dc=org"

static void test_urls(void **state)
{
	(void)state;
	static const struct {
		const char *text, *base, *filter;
		enum cs_url_scope scope;
	} good[] = {
		{ "ldap:///" TOP "??sub?(uid=a)", TOP, "(uid=a)", CS_URL_BELOW },
		{ "ldap:///" TOP "?cn,sn?one?(uid=a)", TOP, "(uid=a)", CS_URL_ONE },
		{ "ldap:///" TOP "??base?(uid=a)", TOP, "(uid=a)", CS_URL_BASE },
		{ "ldap:///" TOP "??children?(uid=a)", TOP, "(uid=a)", CS_URL_CHILDREN },
		{ "ldap:///" TOP "??\?(uid=a)", TOP, "(uid=a)", CS_URL_BASE },
		{ "ldap:///" TOP, TOP, "(objectClass=*)", CS_URL_BASE },
		{ "ldap:///ou=a%20b," TOP "??sub?(&(uid=a)(!(cn=%28)))", NULL, NULL, CS_URL_BASE },
		{ "ldap:///ou=a%20b," TOP "??sub?(cn=%5c28)", "ou=a b," TOP, "(cn=\\28)", CS_URL_BELOW },
	};
	for (size_t i = 0; i < CS_COUNT(good); i++) {
		struct cs_url url = { 0 };
		const char *why = NULL;
		int r = cs_url_parse(good[i].text, &url, &why);
		if (good[i].base == NULL) {
			assert_int_equal(r, CS_EPROTO);
			continue;
		}
		if (r != 0)
			fail_msg("%s: %s", good[i].text, why);
		assert_string_equal(url.base, good[i].base);
		assert_string_equal(url.filter, good[i].filter);
		assert_int_equal(url.scope, good[i].scope);
		cs_url_clear(&url);
	}
}

static void test_bad_urls(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "x", "http:///" TOP, "ldap://h/" TOP "??sub?(uid=a)",
		"ldaps://h:636/" TOP, "ldapi://%2Frun/" TOP, "ldap:///??sub?(uid=a)", "ldap:///people??sub?(uid=a)",
		"ldap:///" TOP "??sub?uid=a", "ldap:///" TOP "??sub?(uid=a", "ldap:///" TOP "??sub?(uid=a)(uid=b)",
		"ldap:///" TOP "??wide?(uid=a)", "ldap:///" TOP "??sub?(uid=a)?x", "ldap:///" TOP "??sub?(uid=a)?!x" };
	for (size_t i = 0; i < CS_COUNT(bad); i++) {
		struct cs_url url = { 0 };
		const char *why = NULL;
		if (cs_url_parse(bad[i], &url, &why) != CS_EPROTO || why == NULL)
			fail_msg("%s is taken", bad[i]);
		assert_null(url.base);
		assert_null(url.filter);
	}
}

static void test_reach(void **state)
{
	(void)state;
	static const struct {
		enum cs_url_scope scope;
		const char *dn;
		bool reaches;
	} cases[] = {
		{ CS_URL_BASE, TOP, true },           { CS_URL_BASE, "uid=a," TOP, false },
		{ CS_URL_BASE, "DC=Example, DC=org", true },
		{ CS_URL_ONE, TOP, false },           { CS_URL_ONE, "uid=a," TOP, true },
		{ CS_URL_ONE, "uid=a,ou=b," TOP, false }, { CS_URL_ONE, "cn=a\\,b," TOP, true },
		{ CS_URL_BELOW, TOP, true },          { CS_URL_BELOW, "uid=a,ou=b," TOP, true },
		{ CS_URL_BELOW, "dc=org", false },    { CS_URL_BELOW, "uid=a,xdc=example,dc=org", false },
		{ CS_URL_CHILDREN, TOP, false },      { CS_URL_CHILDREN, "uid=a,ou=b," TOP, true },
		{ CS_URL_CHILDREN, "uid=a,dc=other,dc=org", false },
	};
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		char base[] = TOP;
		const struct cs_url url = { .base = base, .scope = cases[i].scope };
		if (cs_url_reaches(&url, cases[i].dn) != cases[i].reaches)
			fail_msg("scope %d, %s", cases[i].scope, cases[i].dn);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_presets),
		cmocka_unit_test(test_what_attributes_list),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_bad_urls),
		cmocka_unit_test(test_reach),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
