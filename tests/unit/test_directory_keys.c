/* SPDX-License-Identifier: Apache-2.0 */
/* The ssh keys of people, from every kind of directory in memory: as fingerprints, each once; what is no key is left out
 * and told; too many are doubt. */
#include "directory.h"
#include "mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFIMp7pYiEkFYm/d1ns2MPo5Gi2aJDMJAj3JzuOwkcAr"
#define EC "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOvagmqYdUfovva/QG6SduaRQzPe5DlwNBpt3UJ" \
	"hVXCTiRtiiWP4ikuw+GuGbYSaXMP4KzFMlnxrDYR5wVyxrEw="
#define ED_PRINT "SHA256:kpAaIbSoUTK7hw3ZBnOO94pZDEH4y59KghmjH23u8DM"
#define EC_PRINT "SHA256:QwKm899NKJqplZB1BOdFOFmiJdQ1eD684b4mwi3ucjk"
#define ALICE    "dn: uid=alice,ou=people,dc=x\nuid: alice\nuidNumber: 2001\n"

static void keep(void *arg, const struct cs_answer *answer)
{
	assert_int_equal(cs_copy(&cs_answer_shape, answer, arg), 0);
}

static struct cs_answer ask(struct cs_directory *directory, uint32_t uid)
{
	struct cs_subject subject = { .uid = uid, .login_uid = CS_NO_UID };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	struct cs_answer answer = { 0 };
	assert_int_equal(cs_directory_ask(directory, &question, NULL, keep, &answer), 0);
	return answer;
}

static struct cs_directory *open_ldif(const char *text, const char *schema)
{
	const struct cs_ldif_options options = { .schema = schema };
	struct cs_directory *directory = NULL;
	struct cs_problem problem = { 0 };
	assert_int_equal(cs_directory_open_ldif(text, strlen(text), "people.ldif", &options, &directory, &problem), 0);
	assert_int_equal(cs_directory_has_keys(directory), 1);
	return directory;
}

/* Kills: leaving out read_keys in cs_person_read, or keys_copy in person_copy. */
static void check_keys(const char *text, const char *schema, size_t n, const char *left_out)
{
	struct cs_directory *directory = open_ldif(text, schema);
	struct cs_answer answer = ask(directory, 2001);
	const struct cs_facts *facts = &answer.facts[0];
	assert_int_equal(facts->known, CS_KNOWN_YES);
	assert_int_equal(facts->person.n_keys, n);
	if (n > 0)
		assert_string_equal(facts->person.keys[0], ED_PRINT);
	if (n > 1)
		assert_string_equal(facts->person.keys[1], EC_PRINT);
	assert_string_equal(facts->doubt, "");
	assert_string_equal(facts->left_out ? facts->left_out : "", left_out);
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
}

static void test_directory_keys_of_ldif(void **state)
{
	(void)state;
	check_keys(ALICE, NULL, 0, "");
	check_keys(ALICE "sshPublicKey: " ED " alice@laptop\n", NULL, 1, "");
	check_keys(ALICE "SSHPUBLICKEY: no-pty " ED "\nsshPublicKey: " EC "\nsshPublicKey: " ED " again\n", NULL, 2, "");
	/* each preset has its own attribute, and no other counts */
	check_keys(ALICE "ipaSshPubKey: " ED "\n", "freeipa", 1, "");
	check_keys(ALICE "sshPublicKey: " ED "\n", "freeipa", 0, "");
	check_keys(ALICE "nsSshPublicKey: " ED "\n", "389ds", 1, "");
	check_keys(ALICE "sshPublicKey: " ED "\n", "rfc2307", 1, "");
	check_keys(ALICE "sshPublicKey: " ED "\n", "openldap-memberof", 1, "");
}

static void test_directory_a125_what_is_no_key_is_left_out(void **state)
{
	static const char told[] =
		"sshPublicKey of uid=alice,ou=people,dc=x has a value that is no ssh key; it is left out";
	(void)state;
	check_keys(ALICE "sshPublicKey: ssh-ed25519 AAAA\n", NULL, 0, told);
	check_keys(ALICE "sshPublicKey: hello\nsshPublicKey: " ED "\n", NULL, 1, told);
	check_keys(ALICE "sshPublicKey:: AAAA\nsshPublicKey: " ED "\n", NULL, 1, told); /* NULs */
}

/* It is told once in the log. */
static void test_directory_a125_a_bad_key_is_told(void **state)
{
	struct cs_directory *directory = open_ldif(ALICE "sshPublicKey: hello\n", NULL);
	char *line = NULL;
	int ok = 0;
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct cs_answer answer = ask(directory, 2001);
		cs_clear(&cs_answer_shape, &answer);
	}
	line = cs_directory_event(directory, &ok);
	assert_non_null(line);
	assert_non_null(strstr(line, "no ssh key"));
	free(line);
	assert_null(cs_directory_event(directory, &ok));
	cs_directory_close(&directory);
}

/* Some of a person's keys left out might hide that two people have one. */
static void test_directory_too_many_keys_are_doubt(void **state)
{
	struct cs_directory *directory = NULL;
	struct cs_answer answer = { 0 };
	struct cs_buf text;
	(void)state;
	cs_buf_init(&text, 65536);
	cs_buf_put(&text, ALICE, strlen(ALICE));
	for (int i = 0; i < CS_MAX_KEYS + 1; i++) {
		char line[256];
		int n = snprintf(line, sizeof(line), "sshPublicKey: %s number %d\n", ED, i);
		cs_buf_put(&text, line, (size_t)n);
	}
	cs_buf_put_u8(&text, 0);
	directory = open_ldif((const char *)text.data, NULL);
	answer = ask(directory, 2001);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_DOUBT);
	assert_non_null(strstr(answer.facts[0].doubt, "attribute sshPublicKey has more than 32 values"));
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
	cs_buf_clear(&text);
}

static void test_directory_keys_of_a_file(void **state)
{
	struct cs_directory *directory = NULL;
	struct cs_problem problem = { 0 };
	struct cs_answer answer = { 0 };
	(void)state;
	assert_int_equal(cs_directory_open_people("person alice { uid = 2001 key = { \"" ED " a\", \"" EC "\", \"" ED "\" } }\n"
						  "person bob { uid = 2002 key = \"" EC "\" }\n",
				 "people.conf", &directory, &problem), 0);
	assert_int_equal(cs_directory_has_keys(directory), 1);
	answer = ask(directory, 2001);
	assert_int_equal(answer.facts[0].person.n_keys, 2);
	assert_string_equal(answer.facts[0].person.keys[1], EC_PRINT);
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
	assert_int_equal(cs_directory_open_people("person alice {\n uid = 2001\n key = \"ssh-ed25519 AAAA\"\n}",
				 "people.conf", &directory, &problem), CS_ECONF);
	assert_int_equal(problem.line, 3);
	assert_non_null(strstr(problem.text, "is no public key"));
	cs_problem_clear(&problem);
}

/* The accounts of a host say nothing of keys: there the roster alone says whose a key is. */
static void test_directory_keys_of_a_hosts_accounts(void **state)
{
	static const char text[] = "alice:x:2001:2001::/home/alice:/bin/sh\n\0alice:x:2001:\n\0alice:*:1::::::\n";
	struct cs_directory *directory = NULL;
	struct cs_problem problem = { 0 };
	struct cs_answer answer = { 0 };
	(void)state;
	assert_int_equal(cs_directory_open_unix(text, sizeof(text) - 1, "unix", &directory, &problem), 0);
	assert_int_equal(cs_directory_has_keys(directory), 0);
	answer = ask(directory, 2001);
	assert_int_equal(answer.facts[0].person.n_keys, 0);
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directory_keys_of_ldif),
		cmocka_unit_test(test_directory_a125_what_is_no_key_is_left_out),
		cmocka_unit_test(test_directory_a125_a_bad_key_is_told),
		cmocka_unit_test(test_directory_too_many_keys_are_doubt),
		cmocka_unit_test(test_directory_keys_of_a_file),
		cmocka_unit_test(test_directory_keys_of_a_hosts_accounts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
