/* SPDX-License-Identifier: Apache-2.0 */
/* What the directory section refuses, and that it says which option and why. */
#include "conf.h"
#include "mem.h"
#include "directory.h"
#include "keytab.h"
#include "settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/countersign-settings-XXXXXX";

static void put(const char *name, const char *text, mode_t mode)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* Keys of host/rel1 and countersign at R, as ktutil writes them: each has its size, two components or one, the realm,
 * the names, type of name, time, version, type and bytes of the key. */
#define KEY "\0\0\0\1" "\1\2\3\4" "\7" "\0\22" "\0\4" "\0k\1y"
static const char keytab[] = "\5\2"
	"\0\0\0\42" "\0\2" "\0\1R" "\0\4host" "\0\4rel1" KEY
	"\377\377\377\374" "hole"
	"\0\0\0\43" "\0\1" "\0\1R" "\0\13countersign" KEY;
enum { FIRST = 38, HOLE = 8, SECOND = 39 };

static void put_bytes(const char *name, const char *bytes, size_t n)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

/* The section's text with every DIR replaced by the folder, read. */
static int read_text(const char *body, struct cs_settings *settings, struct cs_secrets *secrets,
		     struct cs_problem *problem)
{
	static const struct cs_conf_option options[] = {
		{ "directory", CS_CONF_SECTION, true, cs_directory_options },
		{ NULL, CS_CONF_STR, false, NULL },
	};
	char text[2048] = "directory {\n";
	size_t n = strlen(text);
	for (const char *p = body; *p != '\0'; p++) {
		if (strncmp(p, "DIR", 3) == 0) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", folder);
			p += 2;
		} else {
			text[n++] = *p;
		}
	}
	(void)snprintf(text + n, sizeof(text) - n, "\n}\n");
	struct cs_conf *conf = NULL;
	assert_int_equal(cs_conf_parse(text, "test.conf", options, &conf, problem), 0);
	int r = cs_settings_read(cs_conf_section(cs_conf_top(conf), "directory", 0), geteuid(), settings, secrets,
				 problem);
	cs_conf_free(&conf);
	return r;
}

#define BIND " bind_dn = \"cn=c,dc=x\" bind_secret_file = \"DIR/secret\""
#define BASE " people_base = \"dc=x\""
#define GROUPS " groups_base = \"ou=g,dc=x\""
#define LOCAL "uri = \"ldapi:///\""
#define KEYTAB " keytab = \"DIR/keytab\""
#define OWN " tls_certificate = \"DIR/cert\" tls_key = \"DIR/key\""
#define TLS " ca_file = \"DIR/ca\""

static const struct {
	const char *body, *says;
} refused[] = {
	{"", "needs uri"},
	{"ldif = \"DIR/x\" file = \"DIR/x\"", "ldif: cannot be combined with file"},
	{"unix = true file = \"DIR/x\"", "unix: cannot be combined with file"},
	{"unix = true ldif = \"DIR/x\"", "unix: cannot be combined with ldif"},
	{"unix = true " LOCAL, "uri: cannot be combined with unix"},
	{"unix = true" BASE, "people_base: cannot be combined with unix"},
	{"unix = true deadline = 1s", "deadline: cannot be combined with unix"},
	{"unix = false", "unix: is true, or left out"},
	{"unix = false " LOCAL BIND BASE, "unix: is true, or left out"},
	{"ldif = \"DIR/x\" " LOCAL, "uri: cannot be combined with ldif"},
	{"ldif = \"DIR/x\"" BIND, "bind_dn: cannot be combined with ldif"},
	{"ldif = \"DIR/x\" deadline = 1s", "deadline: cannot be combined with ldif"},
	{"ldif = \"DIR/x\" people_base = x", "people_base: is no DN"},
	{"ldif = \"DIR/x\" login_attribute = \"a b\"", "login_attribute: is no attribute"},
	{"ldif = \"DIR/x\" id_attribute = \"\"", "id_attribute: must not be empty"},
	{"ldif = \"DIR/x\" locked_filter = \"(a=b\"", "locked_filter: is no LDAP filter"},
	{"ldif = \"DIR/x\" groups_base = x", "groups_base: is no DN"},
	{"ldif = \"DIR/x\" schema = ldap", "schema: is none of rfc2307bis"},
	{"uri = \"http://x\"" BIND BASE, "uri: must begin with"},
	{"uri = \"LDAP://x\"" BIND BASE, "uri: must begin with"},
	{"uri = \"ldap://x\"" BIND BASE, "uri: ldap:// needs starttls = true"},
	{"uri = \"ldap://127.0.0.1\"" BIND BASE, "uri: ldap:// needs starttls = true"},
	{"uri = \"ldap://x\" insecure_loopback = true" BIND BASE, "insecure_loopback: is only for"},
	{"uri = \"ldap://127.0.0.1.evil.example\" insecure_loopback = true" BIND BASE,
	 "insecure_loopback: is only for"},
	{"uri = \"ldap://localhost\" insecure_loopback = true" BIND BASE, "insecure_loopback: is only for"},
	{"uri = \"ldap://127.0.0.1@evil\" insecure_loopback = true" BIND BASE, "uri: ldap:// takes one host"},
	{"uri = \"ldap://127.0.0.1 ldap://x\" insecure_loopback = true" BIND BASE, "uri: ldap:// takes one host"},
	{"uri = \"ldap://x\" starttls = true insecure_loopback = true" TLS BIND BASE,
	 "insecure_loopback: cannot be combined"},
	{"uri = \"ldap://x\" starttls = true" BIND BASE, "ca_file: is required"},
	{"uri = \"ldap://x\" starttls = true ca_file = \"DIR/missing\"" BIND BASE, "ca_file: "},
	{"uri = \"ldap://x\" starttls = true ca_file = \"DIR/loose\"" BIND BASE, "ca_file: "},
	{"uri = \"ldaps://x\"" BIND BASE, "ca_file: is required"},
	{"uri = \"ldaps://x\" starttls = true" TLS BIND BASE, "starttls: is for ldap:// only"},
	{"uri = \"ldaps://\"" TLS BIND BASE, "uri: ldaps:// takes one host"},
	{"uri = \"ldaps://x/dc=y\"" TLS BIND BASE, "uri: ldaps:// takes one host"},
	{"uri = \"ldaps://x?y\"" TLS BIND BASE, "uri: ldaps:// takes one host"},
	{"uri = \"ldapi:///run/x\"" BIND BASE, "uri: write each '/'"},
	{"uri = \"ldapi://a b\"" BIND BASE, "uri: ldapi:// takes one socket"},
	{LOCAL TLS BIND BASE, "ca_file: is not used without TLS"},
	{LOCAL BASE, "needs bind_dn and bind_secret_file"},
	{LOCAL BASE " bind_dn = \"cn=c,dc=x\"", "needs bind_dn and bind_secret_file"},
	{LOCAL BASE BIND " sasl_external = true", "sasl_external: cannot be combined"},
	{"uri = \"ldaps://x\" sasl_external = true" TLS BASE, "sasl_external: is for ldapi://, or with TLS"},
	{LOCAL BASE " sasl_external = true keytab = \"DIR/keytab\"", "sasl_external: cannot be combined"},
	{LOCAL BASE BIND " keytab = \"DIR/keytab\"", "keytab: cannot be combined"},
	{LOCAL BASE BIND " sasl_principal = \"x\"", "sasl_principal: needs keytab"},
	{LOCAL BASE " keytab = \"DIR/missing\"", "keytab: "},
	{LOCAL BASE " keytab = \"DIR/readable\"", "keytab: "},
	{LOCAL BASE " keytab = \"DIR/secret\"", "keytab: is no keytab"},
	{LOCAL BASE " keytab = \"DIR/empty\"", "keytab: is no keytab"},
	{LOCAL BASE " keytab = \"DIR/keyless\"", "keytab: holds no key"},
	{LOCAL BASE " keytab = \"DIR/keytab\" sasl_principal = \"other\"", "keytab: holds no key of sasl_principal"},
	{LOCAL BASE " keytab = \"DIR/keytab\" sasl_principal = \"a b\"", "sasl_principal: is no principal"},
	{"uri = \"ldap://x\" starttls = true" TLS BASE " sasl_external = true",
	 "sasl_external: is for ldapi://, or with TLS"},
	{"uri = { \"ldaps://x\", \"ldap://y\" }" TLS BASE KEYTAB, "uri: ldap:// needs starttls = true beside"},
	{"uri = \"ldaps://x\"" TLS BASE BIND " tls_key = \"DIR/key\"", "tls_key: needs tls_certificate"},
	{"uri = \"ldaps://x\"" TLS BASE BIND " tls_certificate = \"DIR/cert\"", "tls_certificate: needs tls_key"},
	{LOCAL BASE BIND OWN, "tls_certificate: is not used without TLS"},
	{"uri = \"ldaps://x\"" TLS BASE BIND " tls_certificate = \"DIR/key\" tls_key = \"DIR/key\"",
	 "tls_certificate: holds no certificate"},
	{"uri = \"ldaps://x\"" TLS BASE BIND " tls_certificate = \"DIR/cert\" tls_key = \"DIR/secret\"",
	 "tls_key: holds no private key"},
	{"uri = \"ldaps://x\"" TLS BASE BIND " tls_certificate = \"DIR/cert\" tls_key = \"DIR/readable\"", "tls_key: "},
	{"uri = \"ldaps://x\"" TLS BASE BIND " tls_certificate = \"DIR/cert\" tls_key = \"DIR/locked\"",
	 "tls_key: is locked with a passphrase"},
	{LOCAL BASE " bind_dn = \"alice\" bind_secret_file = \"DIR/secret\"", "bind_dn: is no DN"},
	{LOCAL BASE " bind_dn = \"cn=c\" bind_secret_file = \"DIR/readable\"", "bind_secret_file: "},
	{LOCAL BASE " bind_dn = \"cn=c\" bind_secret_file = \"DIR/empty\"",
	 "bind_secret_file: holds an empty password"},
	{LOCAL BASE " bind_dn = \"cn=c\" bind_secret_file = \"DIR/newline\"",
	 "bind_secret_file: holds an empty password"},
	{LOCAL BASE " bind_dn = \"cn=c\" bind_secret_file = \"DIR/missing\"", "bind_secret_file: "},
	{LOCAL BIND, "people_base: is required"},
	{LOCAL BIND " people_base = \"people\"", "people_base: is no DN"},
	{LOCAL BIND BASE " login_attribute = \"uid;x\"", "login_attribute: is no attribute name"},
	{LOCAL BIND BASE " uid_attribute = \"a)(b\"", "uid_attribute: is no attribute name"},
	{LOCAL BIND BASE " id_attribute = \"\"", "id_attribute: must not be empty"},
	{LOCAL BIND BASE " person_attribute = \"*\"", "person_attribute: is no attribute name"},
	{LOCAL BIND BASE " locked_filter = \"(a=b\"", "locked_filter: is no LDAP filter"},
	{LOCAL BIND BASE " schema = nis", "schema: is none of rfc2307bis, "},
	{LOCAL BIND BASE " people_filter = \"uid=*\"", "people_filter: is no LDAP filter"},
	{LOCAL BIND BASE " people_filter = \"\"", "people_filter: must not be empty"},
	{LOCAL BIND BASE " group_filter = \"(a=b\"", "group_filter: is no LDAP filter"},
	{LOCAL BIND BASE " member_attribute = \"member;x\"", "member_attribute: is no attribute name"},
	{LOCAL BIND BASE " groups_base = groups", "groups_base: is no DN"},
	{LOCAL BIND BASE " nesting = 2", "nesting: needs groups_base"},
	{LOCAL BIND BASE GROUPS " nesting = 17", "nesting: is at most 16"},
	{LOCAL BIND BASE GROUPS " nesting = 2 member_attribute = \"\"", "nesting: needs member_attribute"},
	{LOCAL BIND BASE GROUPS " nesting = 2 member_attribute = memberUid", "nesting: needs member_attribute"},
	{LOCAL BIND BASE GROUPS " schema = rfc2307 nesting = 2", "nesting: needs member_attribute"},
	{LOCAL BIND BASE GROUPS " in_chain = true", "in_chain: needs nesting"},
	{LOCAL BIND BASE GROUPS " schema = ad nesting = 0 in_chain = true", "in_chain: needs nesting"},
	{LOCAL BIND BASE " schema = ad", "nesting: needs groups_base"},
	{LOCAL BIND BASE " schema = rfc2307 member_of = memberOf", "member_of: needs member_attribute"},
	{LOCAL BIND BASE " deadline = 2m", "deadline: is at most 1m"},
	{"file = \"DIR/x\" uri = \"ldapi:///\"", "uri: cannot be combined with file"},
	{"uri = { \"ldaps://a\", \"ldap://b\" }" TLS BIND BASE, "uri: ldap:// needs starttls = true"},
	{"uri = { \"ldap://a\", \"ldaps://b\" } starttls = true" TLS BIND BASE, "starttls: is for ldap:// only"},
	{"uri = { \"ldaps://a\", \"ldap://127.0.0.1\" } insecure_loopback = true" TLS BIND BASE,
	 "insecure_loopback: cannot be combined with a server that has TLS"},
	{"uri = { \"ldapi:///\", \"ldaps://a\" } sasl_external = true" TLS BASE, "sasl_external: "},
	{"srv_domain = \"example.org\" uri = \"ldaps://a\"" TLS BIND BASE, "srv_domain: cannot be combined with uri"},
	{"srv_domain = \"example.org\" insecure_loopback = true" TLS BIND BASE, "insecure_loopback: "},
	{"srv_domain = \"example.org\"" BIND BASE, "ca_file: is required"},
	{"srv_domain = \"a b.org\"" TLS BIND BASE, "srv_domain: is no name of a domain"},
	{"srv_domain = \".org\"" TLS BIND BASE, "srv_domain: is no name of a domain"},
	{"srv_domain = \"org\"" TLS BIND BASE, "srv_domain: is no name of a domain"},
	{"srv_domain = \"example.org\" sasl_external = true" TLS BASE, "sasl_external: "},
	{"ldif = \"DIR/x\" srv_domain = \"example.org\"", "srv_domain: cannot be combined with ldif"},
	{"file = \"DIR/x\" deadline = 2s", "deadline: cannot be combined with file"},
};

static void test_a082_a070_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(refused); i++) {
		struct cs_settings settings = { 0 };
		struct cs_problem problem = { 0 };
		struct cs_secrets secrets = { 0 };
		assert_int_equal(read_text(refused[i].body, &settings, &secrets, &problem), CS_ECONF);
		assert_non_null(problem.text);
		if (strstr(problem.text, refused[i].says) == NULL || problem.line == 0)
			fail_msg("%s\ngives: %s (line %u)", refused[i].body, problem.text, problem.line);
		assert_null(secrets.bytes[CS_SECRET_PASSWORD]);
		assert_null(settings.uris);
		cs_problem_clear(&problem);
	}
}

static void test_defaults(void **state)
{
	(void)state;
	struct cs_settings settings = { 0 };
	struct cs_problem problem = { 0 };
	struct cs_secrets secrets = { 0 };
	assert_int_equal(read_text("uri = \"ldap://ldap.example.org/\" starttls = true" TLS BIND BASE, &settings,
				   &secrets, &problem),
			 0);
	assert_string_equal(settings.uris[0], "ldap://ldap.example.org");
	assert_true(settings.starttls && settings.tls);
	assert_string_equal(settings.schema.login_attribute, "uid");
	assert_string_equal(settings.schema.uid_attribute, "uidNumber");
	assert_string_equal(settings.schema.id_attribute, "entryUUID");
	assert_string_equal(settings.schema.person_attribute, "");
	assert_string_equal(settings.locked_filter, "");
	assert_int_equal(settings.deadline_ms, 2500);
	assert_int_equal(settings.bind, CS_BIND_SIMPLE);
	assert_string_equal(secrets.bytes[CS_SECRET_PASSWORD], "correct horse");
	cs_secrets_clear(&secrets);
	cs_settings_clear(&settings);
	assert_null(settings.uris);
}

static void test_what_is_taken(void **state)
{
	(void)state;
	static const char *const good[] = {LOCAL BIND BASE GROUPS " schema = ad",
					   LOCAL BIND BASE " schema = ad nesting = 0",
					   LOCAL BIND BASE " schema = freeipa", LOCAL BIND BASE " schema = 389ds",
					   LOCAL BIND BASE " schema = rfc2307 id_attribute = dn",
					   LOCAL BIND BASE GROUPS " nesting = 16 in_chain = true",
					   LOCAL BIND BASE " schema = openldap-memberof person_attribute = \"\"",
					   "uri = \"ldap://127.0.0.1:1389\" insecure_loopback = true" BIND BASE,
					   "uri = \"ldap://[::1]\" insecure_loopback = true" BIND BASE,
					   LOCAL BASE " sasl_external = true",
					   "uri = \"ldapi://%2Frun%2Fldapi\"" BASE " sasl_external = true",
					   "uri = \"ldaps://h:636/\"" TLS BIND BASE,
					   "uri = { \"ldapi:///\", \"ldaps://a\", \"ldaps://b\" }" TLS BIND BASE,
					   "uri = { \"ldapi:///\", \"ldap://a\" } starttls = true" TLS BIND BASE,
					   "srv_domain = \"example.org\"" TLS BIND BASE,
					   "srv_domain = \"example.org\" starttls = true" TLS BIND BASE,
					   "uri = \"ldaps://h\"" TLS BIND BASE OWN,
					   "uri = \"ldaps://h\" sasl_external = true" TLS BASE OWN,
					   "uri = { \"ldapi:///\", \"ldaps://h\" } sasl_external = true" TLS BASE OWN,
					   "uri = \"ldap://h\"" BASE KEYTAB, "uri = \"ldapi:///\"" BASE KEYTAB,
					   "uri = \"ldap://h\" starttls = true" TLS BASE KEYTAB OWN,
					   "uri = \"ldaps://h\" sasl_principal = \"host/rel1\"" TLS BASE KEYTAB};
	for (size_t i = 0; i < CS_COUNT(good); i++) {
		struct cs_settings settings = { 0 };
		struct cs_problem problem = { 0 };
		struct cs_secrets secrets = { 0 };
		if (read_text(good[i], &settings, &secrets, &problem) != 0)
			fail_msg("%s\ngives: %s", good[i], problem.text);
		cs_secrets_clear(&secrets);
		cs_settings_clear(&settings);
	}
}

static void test_several_servers(void **state)
{
	(void)state;
	struct cs_settings settings = { 0 };
	struct cs_problem problem = { 0 };
	struct cs_secrets secrets = { 0 };
	assert_int_equal(read_text("uri = { \"ldaps://a/\", \"ldaps://b:1636\" }" TLS BIND BASE, &settings, &secrets,
				   &problem),
			 0);
	assert_int_equal(settings.n_uris, 2);
	assert_string_equal(settings.uris[0], "ldaps://a");
	assert_string_equal(settings.uris[1], "ldaps://b:1636");
	assert_string_equal(settings.name, "ldaps://a, ldaps://b:1636");
	assert_true(settings.tls);
	cs_secrets_clear(&secrets);
	cs_settings_clear(&settings);
	assert_int_equal(read_text("srv_domain = \"example.org\"" TLS BIND BASE, &settings, &secrets, &problem), 0);
	assert_int_equal(settings.n_uris, 0);
	assert_string_equal(settings.srv_domain, "example.org");
	assert_true(settings.tls && !settings.starttls);
	cs_secrets_clear(&secrets);
	cs_settings_clear(&settings);
}

static void test_only_the_keys_of_the_principal_are_kept(void **state)
{
	(void)state;
	static const struct {
		const char *principal;
		int result;
		size_t from, n;
	} cases[] = {
		{ "host/rel1", 0, 2, FIRST },
		{ "host/rel1@R", 0, 2, FIRST },
		{ "countersign@R", 0, 2 + FIRST + HOLE, SECOND },
		{ "countersign", 0, 2 + FIRST + HOLE, SECOND },
		{ "counter", CS_ENOENT, 0, 0 },
		{ "host", CS_ENOENT, 0, 0 },
		{ "host/rel1@S", CS_ENOENT, 0, 0 },
		{ "host/rel1@R@R", CS_ENOENT, 0, 0 },
	};
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		uint8_t bytes[sizeof(keytab)];
		size_t n = sizeof(keytab) - 1;
		memcpy(bytes, keytab, n);
		assert_int_equal(cs_keytab_reduce(bytes, &n, cases[i].principal), cases[i].result);
		assert_int_equal(n, 2 + cases[i].n);
		assert_memory_equal(bytes + 2, keytab + cases[i].from, cases[i].n);
		for (size_t k = n; k < sizeof(keytab) - 1; k++)
			assert_int_equal(bytes[k], 0);
	}
}

/* Cut anywhere it is refused or whole; what is read stays inside (the sanitizer sees to that). */
static void test_a_damaged_keytab_is_no_keytab(void **state)
{
	(void)state;
	size_t ends[] = { 2, 2 + FIRST, 2 + FIRST + HOLE, sizeof(keytab) - 1 };
	for (size_t n = 0; n < sizeof(keytab); n++) {
		uint8_t *bytes = malloc(n + 1);
		size_t left = n;
		bool whole = false;
		for (size_t i = 0; i < CS_COUNT(ends); i++)
			whole = whole || n == ends[i];
		assert_non_null(bytes);
		memcpy(bytes, keytab, n);
		int r = cs_keytab_reduce(bytes, &left, "");
		assert_true(whole ? r == 0 || n == 2 : r != 0 || n < 2 + FIRST + HOLE + SECOND);
		if (n > 2 + FIRST + HOLE + 4 && n < sizeof(keytab) - 1)
			assert_int_equal(r, CS_EPROTO);
		free(bytes);
	}
	for (size_t at = 0; at < sizeof(keytab) - 1; at++)
		for (unsigned value = 0; value < 256; value++) {
			uint8_t bytes[sizeof(keytab)];
			size_t n = sizeof(keytab) - 1;
			memcpy(bytes, keytab, n);
			bytes[at] = (uint8_t)value;
			(void)cs_keytab_reduce(bytes, &n, "countersign");
			assert_true(n <= sizeof(keytab) - 1);
		}
}

/* What was read is gone from this memory once it is sealed, and nobody can change it there. */
static void test_secrets_are_sealed_and_wiped(void **state)
{
	(void)state;
	struct cs_secrets secrets = { 0 };
	struct cs_sealed sealed = cs_sealed_none;
	struct cs_credentials credentials = { 0 };
	char text[64] = "";
	secrets.bytes[CS_SECRET_PASSWORD] = strdup("correct horse");
	secrets.n[CS_SECRET_PASSWORD] = strlen("correct horse");
	secrets.bytes[CS_SECRET_KEYTAB] = calloc(1, sizeof(keytab));
	memcpy(secrets.bytes[CS_SECRET_KEYTAB], keytab, sizeof(keytab));
	secrets.n[CS_SECRET_KEYTAB] = sizeof(keytab) - 1;
	assert_int_equal(cs_secrets_seal(&secrets, &sealed), 0);
	for (size_t i = 0; i < CS_SECRETS; i++)
		assert_null(secrets.bytes[i]);
	assert_int_equal(sealed.fd[CS_SECRET_KEY], -1);
	assert_int_equal(write(sealed.fd[CS_SECRET_KEYTAB], "x", 1), -1);
	assert_int_equal(ftruncate(sealed.fd[CS_SECRET_KEYTAB], 0), -1);
	assert_int_equal(cs_credentials_take(&sealed, &credentials), 0);
	assert_int_equal(sealed.fd[CS_SECRET_PASSWORD], -1);
	assert_string_equal(credentials.password, "correct horse");
	assert_string_equal(credentials.key, "");
	FILE *file = fopen(credentials.keytab, "re");
	assert_non_null(file);
	assert_int_equal(fread(text, 1, 2, file), 2);
	assert_memory_equal(text, keytab, 2);
	(void)fclose(file);
	cs_credentials_clear(&credentials);
	assert_null(credentials.password);
	cs_sealed_close(&sealed);
}

static int make_files(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	put("secret", "correct horse\n", 0600);
	put("readable", "correct horse\n", 0644);
	put("empty", "", 0600);
	put("newline", "\n", 0600);
	put("ca", "certificate\n", 0644);
	put("loose", "certificate\n", 0666);
	put("cert", "-----BEGIN CERTIFICATE-----\n", 0644);
	put("key", "-----BEGIN PRIVATE KEY-----\n", 0600);
	put("locked", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 0600);
	put_bytes("keytab", keytab, sizeof(keytab) - 1);
	put_bytes("keyless", keytab, 2);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	static const char *const names[] = { "secret", "readable", "empty", "newline", "ca", "loose", "cert", "key",
		"locked", "keytab", "keyless" };
	char path[128];
	for (size_t i = 0; i < CS_COUNT(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a082_a070_refusals),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_what_is_taken),
		cmocka_unit_test(test_several_servers),
		cmocka_unit_test(test_only_the_keys_of_the_principal_are_kept),
		cmocka_unit_test(test_a_damaged_keytab_is_no_keytab),
		cmocka_unit_test(test_secrets_are_sealed_and_wiped),
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
