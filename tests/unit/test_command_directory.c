/* SPDX-License-Identifier: Apache-2.0 */
/* countersign directory test: every trouble has its sentence, with the facts in it; certificates of nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "countersign/error.h"
#include "directory_hints.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 24 * 3600, NOW_S = 1000 * DAY_S };

static char issuer[] = "CN=The CA", subject[] = "CN=ldap1", dns[] = "ldap1.example.org", address[] = "10.0.0.1";
static char *names[] = { dns, address };
static const struct cs_certificate good = { .subject = subject, .issuer = issuer, .names = names, .n_names = 2,
	.from_s = NOW_S - DAY_S, .until_s = NOW_S + 100 * DAY_S, .for_host = true };

static struct cs_conf *conf;
static struct cs_settings settings;

static struct cs_hint hint_of(const struct cs_certificate *certificate)
{
	return (struct cs_hint){ .section = cs_conf_section(cs_conf_top(conf), "directory", 0), .settings = &settings,
		.uri = "ldaps://ldap1.example.org:636", .about = "ABOUT", .certificate = certificate, .now_s = NOW_S };
}

static void check_sentence(const char *trouble)
{
	const struct cs_hint hint = hint_of(&good);
	char *text = cs_hint_text(trouble, &hint);
	assert_non_null(text);
	if (*text == '\0' || strchr(text, '{') != NULL || strchr(text, '}') != NULL)
		fail_msg("%s: \"%s\"", trouble, text);
	free(text);
}

static void test_every_trouble_has_a_sentence(void **state)
{
	(void)state;
	static const char *const of_certificates[] = { "certificate_over", "certificate_early", "certificate_name",
		"certificate_self", "certificate_ca", "certificate_soon" };
	size_t n = 0;
	for (const struct cs_names *t = cs_troubles; t->name != NULL; t++, n++)
		if (t->value != CS_TROUBLE_NONE && t->value != CS_TROUBLE_CERTIFICATE)
			check_sentence(t->name);
	assert_int_equal(n, CS_TROUBLES);
	for (size_t i = 0; i < CS_COUNT(of_certificates); i++)
		check_sentence(of_certificates[i]);
}

static void test_sentences_hold_the_facts(void **state)
{
	(void)state;
	static const struct {
		const char *trouble, *holds;
	} cases[] = {
		{ "password", "know cn=me,dc=x; put the right password into /etc/secret" },
		{ "certificate_name", "is for ldap1.example.org and 10.0.0.1, not for ldap1.example.org" },
		{ "certificate_ca", "issued by CN=The CA, which /etc/ca.pem does not lead to" },
		{ "certificate_soon", "ends in 100 days, on 1973-01-05" },
		{ "silent", "within 2s (ABOUT)" },
		{ "person_attribute", "person_attribute ABOUT: no entry has it, or the bind account may not read it; then two "
			"accounts of one human count as two" },
		{ "kerberos", "the realm knows ldap/ldap1.example.org" },
	};
	const struct cs_hint hint = hint_of(&good);
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		char *text = cs_hint_text(cases[i].trouble, &hint);
		assert_non_null(text);
		if (strstr(text, cases[i].holds) == NULL)
			fail_msg("%s: \"%s\"", cases[i].trouble, text);
		free(text);
	}
}

/* What is surest is told: a date is wrong whoever signed it. */
static void test_what_is_wrong_with_a_certificate(void **state)
{
	(void)state;
	struct cs_certificate c = good;
	struct cs_hint hint = hint_of(&c);
	assert_string_equal(cs_certificate_trouble(&hint, false), "");
	assert_string_equal(cs_certificate_trouble(&hint, true), "certificate_ca");
	c.self_signed = true;
	assert_string_equal(cs_certificate_trouble(&hint, true), "certificate_self");
	c.for_host = false;
	assert_string_equal(cs_certificate_trouble(&hint, true), "certificate_name");
	c.until_s = NOW_S + 30 * DAY_S;
	assert_string_equal(cs_certificate_trouble(&hint, false), "");
	c.until_s--;
	assert_string_equal(cs_certificate_trouble(&hint, false), "certificate_soon");
	c.until_s = NOW_S - 1;
	assert_string_equal(cs_certificate_trouble(&hint, true), "certificate_over");
	c.until_s = NOW_S + DAY_S;
	c.from_s = NOW_S + 1;
	assert_string_equal(cs_certificate_trouble(&hint, true), "certificate_early");
}

static void test_hosts_of_uris(void **state)
{
	(void)state;
	static const char *const cases[][2] = { { "ldaps://a.example:636", "a.example" }, { "ldap://[::1]:389", "::1" },
		{ "ldap://127.0.0.1", "127.0.0.1" }, { "ldaps://h/", "h" }, { "ldapi:///", "" } };
	char host[256];
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		cs_uri_host(cases[i][0], host);
		assert_string_equal(host, cases[i][1]);
	}
}

static void test_a084_what_is_no_certificate(void **state)
{
	(void)state;
	static const uint8_t bytes[] = { 0x30, 0x82, 0x01, 0x00, 0x30, 0x03, 0x02, 0x01, 0x01 };
	struct cs_certificate certificate = { 0 };
	for (size_t n = 0; n <= sizeof(bytes); n++)
		assert_int_equal(cs_certificate_read(bytes, n, "h", &certificate), CS_EPROTO);
	assert_null(certificate.subject);
}

static int make(void **state)
{
	static const struct cs_conf_option options[] = { { "directory", CS_CONF_SECTION, true, cs_directory_options },
		{ NULL, CS_CONF_STR, false, NULL } };
	struct cs_problem problem = { 0 };
	(void)state;
	settings.deadline_ms = 2500;
	return cs_conf_parse("directory {\nbind_dn = \"cn=me,dc=x\"\nbind_secret_file = \"/etc/secret\"\n"
			     "ca_file = \"/etc/ca.pem\"\n}\n", "test.conf", options, &conf, &problem);
}

static int clear(void **state)
{
	(void)state;
	cs_conf_free(&conf);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_trouble_has_a_sentence),
		cmocka_unit_test(test_sentences_hold_the_facts),
		cmocka_unit_test(test_what_is_wrong_with_a_certificate),
		cmocka_unit_test(test_hosts_of_uris),
		cmocka_unit_test(test_a084_what_is_no_certificate),
	};
	return cmocka_run_group_tests(tests, make, clear);
}
