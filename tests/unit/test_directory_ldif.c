/* SPDX-License-Identifier: Apache-2.0 */
/* People and groups in LDIF: what is refused with its line, who is a person, what is doubt, what a group holds. */
#include "directory.h"
#include "mem.h"
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

/* The clock of whoever asks whether an account is over. */
static time_t present = 1800000000;

time_t time(time_t *ret_time)
{
	if (ret_time != NULL)
		*ret_time = present;
	return present;
}

#define ALICE "dn: uid=alice,ou=people,dc=x\nuid: alice\nuidNumber: 2001\n\n"
#define BOB "dn: uid=bob,ou=people,dc=x\nuid: bob\nuidNumber: 2002\n\n"
#define TEAM "dn: cn=team,ou=groups,dc=x\nobjectClass: groupOfNames\ncn: team\n"

static struct cs_directory *open_with(const char *text, const struct cs_ldif_options *options)
{
	struct cs_problem problem = { 0 };
	struct cs_directory *directory = NULL;
	if (cs_directory_open_ldif(text, strlen(text), "people.ldif", options, &directory, &problem) != 0)
		fail_msg("line %u: %s\n%s", problem.line, problem.text, text);
	assert_null(problem.text);
	return directory;
}

static void hear(void *arg, const struct cs_answer *answer)
{
	struct cs_answer *heard = arg;
	assert_int_equal(heard->n_facts + heard->n_listings, 0);
	assert_int_equal(cs_copy(&cs_answer_shape, answer, heard), 0);
}

static struct cs_answer ask(struct cs_directory *directory, const struct cs_question *question)
{
	struct cs_answer answer = { 0 };
	assert_int_equal(cs_directory_ask(directory, question, NULL, hear, &answer), 0);
	assert_int_equal(answer.n_facts, question->n_subjects);
	assert_int_equal(answer.n_listings, question->n_listings);
	return answer;
}

static struct cs_answer ask_one(struct cs_directory *directory, uint32_t uid, const char *name,
	struct cs_group_query *queries, size_t n)
{
	char *copy = cs_dup(name);
	struct cs_subject subject = { .uid = uid, .login_uid = CS_NO_UID, .name = copy };
	const struct cs_question question = {.subjects = &subject, .n_subjects = 1, .queries = queries, .n_queries = n};
	struct cs_answer answer = ask(directory, &question);
	free(copy);
	return answer;
}

static enum cs_known known(struct cs_directory *directory, uint32_t uid, const char *name)
{
	struct cs_answer answer = ask_one(directory, uid, name, NULL, 0);
	enum cs_known result = answer.facts[0].known;
	if (result == CS_KNOWN_DOUBT)
		assert_true(*answer.facts[0].doubt != '\0');
	cs_clear(&cs_answer_shape, &answer);
	return result;
}

/* The listing of one query; the caller clears the answer. */
static struct cs_answer ask_listing(struct cs_directory *directory, enum cs_where where, const char *dn,
	const char *listed, const char *attribute, const char *value)
{
	struct cs_listing_query query = { .where = where, .dn = cs_dup(dn), .listed = cs_dup(listed),
		.attribute = cs_dup(attribute), .value = cs_dup(value) };
	const struct cs_question question = { .listings = &query, .n_listings = 1 };
	struct cs_answer answer = ask(directory, &question);
	cs_clear(&cs_listing_query_shape, &query);
	return answer;
}

/* --- What is refused --- */

static const struct {
	const char *text;
	unsigned line;
	const char *says;
} refused[] = {
	{"uid: alice\n", 1, "does not begin an entry with dn:"},
	{"\n\n# who\nuid: alice\n", 4, "does not begin an entry with dn:"},
	{"version: 2\n\n" ALICE, 1, "another version"},
	{ALICE "version: 1\n", 5, "does not begin an entry with dn:"},
	{ALICE ALICE, 5, "dn another entry has"},
	{ALICE "dn: UID=Alice, ou=people,dc=x\ncn: x\n", 5, "dn another entry has"},
	{"dn: alice\ncn: x\n", 1, "is no DN"},
	{"dn: uid=a,dc=x\ndn: uid=b,dc=x\n", 2, "second dn"},
	{"dn: uid=a,dc=x\nchangetype: add\nuid: a\n", 2, "is a change"},
	{"dn: uid=a,dc=x\ncontrol: 1.2 true\nchangetype: delete\n", 2, "is a change"},
	{"dn: uid=a,dc=x\ncn: a\n b\n c\ncn:< file:///etc/shadow\n", 5, "which is not followed"},
	{"dn: uid=a,dc=x\ncn: < file:///etc/shadow\n", 2, "which is not followed"},
	{"dn: uid=a,dc=x\ncn:\n < file:///etc/shadow\n", 2, "which is not followed"},
	{ALICE "include: file:///etc/passwd\n", 5, "include: is not followed"},
	{ALICE "INCLUDE: file:///etc/passwd\n", 5, "include: is not followed"},
	{"dn: uid=a,dc=x\ncn:\n : YWJj\n", 2, "begins with ':'"},
	{"dn: uid=a,dc=x\n\ndn: uid=b,dc=x\n# c\n#d\ncn:: YW\n", 6, "is no base64"},
	{"dn: uid=a,dc=x\ncn:: Y!Jj\n", 2, "is no base64"},
	{"dn: uid=a,dc=x\ncn:: Y===\n", 2, "is no base64"},
	{"dn: uid=a,dc=x\ncn::\n", 2, "is no base64"},
	{"dn:: dWlkPWEAYixkYz14\ncn: x\n", 1, "does not begin an entry with dn:"}, /* uid=a NUL b,dc=x */
	{"dn: uid=a,dc=x\nnothing\n", 2, "no line such as"},
	{"dn: uid=a,dc=x\n: b\n", 2, "no line such as"},
	{"dn: uid=a,dc=x\nc n: b\n", 2, "no line such as"},
	{"dn: uid=a,dc=x\nc\n n: b\n", 2, "no line such as"},
	{"dn: uid=a,dc=x\n1cn: b\n", 2, "no attribute name"},
	{"dn: cn=a,dc=x\nmember;range=0-1: uid=b,dc=x\n", 2, "only (;range=)"},
	{"dn: cn=a,dc=x\nmember;Range=2-*: uid=b,dc=x\n", 2, "only (;range=)"},
	{"dn: uid=a,dc=x\ncn: a\rb\n", 2, "carriage return"},
	{"dn: uid=a,dc=x\ncn: a\r", 2, "carriage return"},
};

static void test_a014_refusals_name_the_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(refused); i++) {
		struct cs_problem problem = { 0 };
		struct cs_directory *directory = NULL;
		int r = cs_directory_open_ldif(refused[i].text, strlen(refused[i].text), "people.ldif", NULL,
					       &directory, &problem);
		if (r != CS_ECONF || problem.text == NULL || strstr(problem.text, refused[i].says) == NULL ||
		    problem.line != refused[i].line)
			fail_msg("%s\ngives: %d, line %u: %s", refused[i].text, r, problem.line, problem.text);
		assert_null(directory);
		assert_string_equal(problem.file, "people.ldif");
		cs_problem_clear(&problem);
	}
}

static void test_nul_bytes_and_bad_options_are_refused(void **state)
{
	(void)state;
	struct cs_problem problem = { 0 };
	struct cs_directory *directory = NULL;
	static const char nul[] = "dn: uid=a,dc=x\ncn: a\0include: x\n";
	const struct cs_ldif_options bad[] = { { .people_base = "people" }, { .login_attribute = "a;b" },
		{ .uid_attribute = "" }, { .person_attribute = "a b" }, { .groups_base = "groups" },
		{ .schema = "novell" }, { .schema = "" } };
	assert_int_equal(cs_directory_open_ldif(nul, sizeof(nul) - 1, "x", NULL, &directory, &problem), CS_ECONF);
	assert_int_equal(problem.line, 2);
	cs_problem_clear(&problem);
	for (size_t i = 0; i < CS_COUNT(bad); i++) {
		assert_int_equal(cs_directory_open_ldif(ALICE, strlen(ALICE), "x", &bad[i], &directory, &problem),
				 CS_ECONF);
		assert_non_null(problem.text);
		cs_problem_clear(&problem);
	}
	assert_null(directory);
}

/* --- What is read --- */

static void test_every_way_to_write_a_line(void **state)
{
	(void)state;
	struct cs_directory *directory = open_with(
		"# people\nversion: 1\n# the first\ndn: uid=alice,ou=peo\n ple,dc=x\nUID: alice\nuidnumber:2001\n"
		"# in between\nentryUUID: id-\n 1\nemployeeNumber:: MTAw\n MQ==\n\n\n"
		"dn:: dWlkPWJvYixkYz14\r\nuid:: Ym9i\r\nuidNumber:   2002\r\nentryUUID;x-y: other\r\n\r\n",
		&(struct cs_ldif_options){ .person_attribute = "employeeNumber" });
	struct cs_answer answer = ask_one(directory, 2001, "alice", NULL, 0);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	assert_string_equal(answer.facts[0].person.dn, "uid=alice,ou=people,dc=x");
	assert_string_equal(answer.facts[0].person.id, "id-1");
	assert_string_equal(answer.facts[0].person.human, "1001");
	assert_string_equal(answer.facts[0].source, "people.ldif");
	cs_clear(&cs_answer_shape, &answer);
	answer = ask_one(directory, CS_NO_UID, "bob", NULL, 0);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	assert_int_equal(answer.facts[0].person.uid, 2002);
	assert_string_equal(answer.facts[0].person.id, "uid=bob,dc=x"); /* the DN stands in */
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
	directory = open_with("", NULL);
	assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_NO);
	cs_directory_close(&directory);
	directory = open_with("version: 1\n\n# nobody\n", NULL);
	assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_NO);
	cs_directory_close(&directory);
}

static void test_who_is_a_person(void **state)
{
	(void)state;
	struct cs_directory *directory = open_with(
		ALICE "dn: uid=carol,ou=guests,dc=x\nuid: carol\nuidNumber: 2003\n\n"
		      "dn: uid=dave\\,ou=people,dc=x\nuid: dave\nuidNumber: 2004\n\n"
		      "dn: uid=noid,ou=people,dc=x\nuid: noid\n\n"
		      "dn: uid=words,ou=people,dc=x\nuid: words\nuidNumber: many\n\n"
		      "dn: uid=zero,ou=people,dc=x\nuid: zero\nuidNumber: 0\n\n"
		      "dn: cn=2009,ou=people,dc=x\nuidNumber: 2009\n\n",
		&(struct cs_ldif_options){ .people_base = "OU=People, dc=x" });
	assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_YES);
	assert_int_equal(known(directory, 2001, ""), CS_KNOWN_YES);
	assert_int_equal(known(directory, 2003, "carol"), CS_KNOWN_NO);
	assert_int_equal(known(directory, 2004, "dave"), CS_KNOWN_NO); /* that comma is part of the name (A074) */
	assert_int_equal(known(directory, CS_NO_UID, "noid"), CS_KNOWN_NO);
	assert_int_equal(known(directory, CS_NO_UID, "words"), CS_KNOWN_NO);
	assert_int_equal(known(directory, CS_NO_UID, "zero"), CS_KNOWN_NO);
	assert_int_equal(known(directory, 2009, ""), CS_KNOWN_NO);
	cs_directory_close(&directory);
	directory = open_with("dn: cn=a,dc=x\nlogin: alice\nnumber: 2001\nkey: k1\n\n" BOB,
			      &(struct cs_ldif_options){ .login_attribute = "LOGIN", .uid_attribute = "number",
				      .id_attribute = "key" });
	struct cs_answer answer = ask_one(directory, 2001, "alice", NULL, 0);
	assert_string_equal(answer.facts[0].person.id, "k1");
	cs_clear(&cs_answer_shape, &answer);
	assert_int_equal(known(directory, 2002, "bob"), CS_KNOWN_NO);
	cs_directory_close(&directory);
}

/* By whichever way he is asked for: groups may list him by the login that another entry has too. */
static void test_a072_another_entry_with_the_login_is_doubt(void **state)
{
	(void)state;
	struct cs_directory *directory = open_with(
		"dn: uid=erin,ou=people,dc=x\nuid: erin\nuid: erica\nuidNumber: 2031\nentryUUID: 1\n\n"
		"dn: cn=m,ou=people,dc=x\nuid: erin\nuid: mallory\nuidNumber: 2032\nentryUUID: 2\n\n", NULL);
	assert_int_equal(known(directory, 2031, ""), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, 2032, ""), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, 2032, "mallory"), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, CS_NO_UID, "erica"), CS_KNOWN_DOUBT);
	cs_directory_close(&directory);
}

static void test_a003_unclear_people_are_doubt(void **state)
{
	(void)state;
	struct cs_directory *directory = open_with(
		"dn: cn=1,dc=x\nuid: twin1\nuidNumber: 2100\n\ndn: cn=2,dc=x\nuid: twin2\nuidNumber: 2100\n\n"
		"dn: cn=3,dc=x\nuid: twin3\nuid: shared\nuidNumber: 2101\n\n"
		"dn: cn=4,dc=x\nuid: twin4\nuid: SHARED\nuidNumber: 2102\n\n"
		"dn: cn=5,dc=x\nuid: two\nuidNumber: 2103\nuidNumber: 2104\n\n"
		"dn: cn=6,dc=x\nuid: ids\nuidNumber: 2105\nentryUUID: a\nentryUUID: b\n\n"
		"dn: cn=7,dc=x\nuid: nul\nuidNumber: 2106\nentryUUID:: YQBi\n\n"
		"dn: cn=8,dc=x\nuid: soon\nuidNumber: 2107\nshadowExpire: soon\n\n"
		"dn: cn=9,dc=x\nuid: LOUD\nuidNumber: 2108\n\n"
		"dn: cn=10,dc=x\nuid: one\nuidNumber: 2109\n\ndn: cn=11,dc=x\nuid: other\nuidNumber: 2110\n\n", NULL);
	assert_int_equal(known(directory, 2100, ""), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, 2100, "twin1"), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, CS_NO_UID, "twin1"), CS_KNOWN_YES);
	assert_int_equal(known(directory, CS_NO_UID, "shared"), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, 2101, "shared"), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, 2101, "twin3"), CS_KNOWN_YES);
	assert_int_equal(known(directory, 2101, "twin4"), CS_KNOWN_NO);
	assert_int_equal(known(directory, 2103, ""), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, 2104, "two"), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, 2105, "ids"), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, 2106, "nul"), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, 2107, "soon"), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, CS_NO_UID, "loud"), CS_KNOWN_NO);
	assert_int_equal(known(directory, 2108, "loud"), CS_KNOWN_NO);
	assert_int_equal(known(directory, 2109, "other"), CS_KNOWN_NO);
	cs_directory_close(&directory);
}

static bool is_locked(struct cs_directory *directory, uint32_t uid)
{
	struct cs_answer answer = ask_one(directory, uid, "", NULL, 0);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	bool locked = answer.facts[0].person.locked;
	cs_clear(&cs_answer_shape, &answer);
	return locked;
}

static void test_locked(void **state)
{
	(void)state;
	struct cs_directory *directory = open_with(
		"dn: cn=1,dc=x\nuid: a\nuidNumber: 1\npwdAccountLockedTime: 000001010000Z\n\n"
		"dn: cn=2,dc=x\nuid: b\nuidNumber: 2\nnsaccountlock: true\n\n"
		"dn: cn=3,dc=x\nuid: c\nuidNumber: 3\nnsAccountLock: FALSE\n\n"
		"dn: cn=4,dc=x\nuid: d\nuidNumber: 4\nshadowExpire: 1000\n\n"
		"dn: cn=5,dc=x\nuid: e\nuidNumber: 5\nshadowExpire: 99999\n\n", NULL);
	assert_true(is_locked(directory, 1));
	assert_true(is_locked(directory, 2));
	assert_false(is_locked(directory, 3));
	assert_true(is_locked(directory, 4));
	assert_false(is_locked(directory, 5));
	cs_directory_close(&directory);
}

static void test_a080_an_account_ends_while_the_file_stays(void **state)
{
	(void)state;
	struct cs_directory *directory = open_with(
		"dn: cn=1,dc=x\nuid: a\nuidNumber: 1\npwdEndTime: 20270115080001Z\n\n"
		"dn: cn=2,dc=x\nuid: b\nuidNumber: 2\npwdStartTime: 20270115080001Z\n\n", NULL);
	present = 1800000000; /* 2027-01-15 08:00:00 */
	assert_false(is_locked(directory, 1));
	assert_true(is_locked(directory, 2));
	present++;
	assert_true(is_locked(directory, 1));
	assert_false(is_locked(directory, 2));
	present--;
	cs_directory_close(&directory);
}

/* --- Schemas --- */

static void check_person(struct cs_directory *directory, const char *name, const char *id, bool locked)
{
	struct cs_answer answer = ask_one(directory, CS_NO_UID, name, NULL, 0);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	assert_string_equal(answer.facts[0].person.id, id);
	assert_int_equal(answer.facts[0].person.locked, locked);
	cs_clear(&cs_answer_shape, &answer);
}

#define CATEGORY(NAME) "objectCategory: CN=" NAME ",CN=Schema,CN=Configuration,DC=x\n"
#define USER "objectClass: top\nobjectClass: person\nobjectClass: user\n"

static void test_active_directory(void **state)
{
	(void)state;
	struct cs_directory *directory = open_with(
		"dn: CN=A,DC=x\n" USER CATEGORY("Person") "sAMAccountName: ada\nuidNumber: 2001\nuserAccountControl: 512\n"
		"objectGUID:: AAECAwQFBgcICQoLDA0ODw==\naccountExpires: 9223372036854775807\n\n"
		"dn: CN=B,DC=x\n" USER CATEGORY("Person") "sAMAccountName: ben\nuidNumber: 2002\nuserAccountControl: 514\n"
		"objectGUID:: AAECAwQFBgcICQoLDA0OEA==\n\n"
		"dn: CN=C,DC=x\n" USER CATEGORY("Computer") "sAMAccountName: pc\nuidNumber: 2003\n\n"
		"dn: CN=D,DC=x\n" USER CATEGORY("Person") "sAMAccountName: eve\n\n"
		"dn: CN=E,DC=x\n" USER CATEGORY("Person") "sAMAccountName: odd\nuidNumber: 2005\n"
		"userAccountControl: many\n\n",
		&(struct cs_ldif_options){ .schema = "ad" });
	check_person(directory, "ada", "03020100-0504-0706-0809-0a0b0c0d0e0f", false);
	check_person(directory, "ben", "03020100-0504-0706-0809-0a0b0c0d0e10", true);
	assert_int_equal(known(directory, 2003, "pc"), CS_KNOWN_NO);
	assert_int_equal(known(directory, CS_NO_UID, "eve"), CS_KNOWN_NO); /* without a number nobody is meant */
	assert_int_equal(known(directory, 2005, "odd"), CS_KNOWN_DOUBT);
	cs_directory_close(&directory);
}

static void test_ids_of_schemas(void **state)
{
	(void)state;
	static const struct {
		const char *schema, *id;
	} cases[] = { { "rfc2307", "e-1" }, { "rfc2307bis", "e-1" }, { "openldap-memberof", "e-1" },
		{ "freeipa", "i-1" }, { "389ds", "n-1" } };
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_directory *directory = open_with(
			"dn: uid=alice,dc=x\nobjectClass: posixAccount\nuid: alice\nuidNumber: 2001\nentryUUID: e-1\n"
			"ipaUniqueID: i-1\nnsUniqueId: n-1\nnsAccountLock: FALSE\n\n"
			"dn: uid=bob,dc=x\nobjectClass: person\nuid: bob\nuidNumber: 2002\n\n",
			&(struct cs_ldif_options){ .schema = cases[i].schema });
		check_person(directory, "alice", cases[i].id, false);
		assert_int_equal(known(directory, 2002, "bob"), CS_KNOWN_NO); /* its classes are told */
		cs_directory_close(&directory);
	}
}

/* --- Groups --- */

static char team_dn[] = "CN=Team,  OU=groups,DC=x", groups_dn[] = "ou=groups,dc=x", member_text[] = "MEMBER";
static char cn_text[] = "CN", mail_text[] = "mail";
static char *wanted_texts[] = { mail_text, cn_text };

static struct cs_answer ask_team(struct cs_directory *directory, const char *name, enum cs_where where, char *dn)
{
	struct cs_group_query query = { .where = where, .dn = dn, .listed = member_text, .wanted = wanted_texts,
		.n_wanted = 2 };
	return ask_one(directory, CS_NO_UID, name, &query, 1);
}

static void test_memberships_bring_every_value(void **state)
{
	(void)state;
	struct cs_directory *directory =
		open_with(ALICE BOB TEAM
			  "mail: b@x\nmail: a@x\nmember: UID=alice, OU=people, DC=x\nmember: uid=ALICE,ou=people,dc=x\n"
			  "member;x-old: uid=bob,ou=people,dc=x\n\n"
			  "dn: cn=e\\,ou=groups,dc=x\nmember: uid=alice,ou=people,dc=x\n\n",
			  NULL);
	struct cs_answer answer = ask_team(directory, "alice", CS_GROUP_AT, team_dn);
	const struct cs_facts *facts = &answer.facts[0];
	assert_int_equal(facts->known, CS_KNOWN_YES);
	assert_int_equal(facts->n_memberships, 1); /* listed twice, told once */
	assert_string_equal(facts->memberships[0].group_dn, "cn=team,ou=groups,dc=x");
	assert_int_equal(facts->memberships[0].n_attributes, 3);
	assert_string_equal(facts->memberships[0].attributes[0].name, "mail");
	assert_string_equal(facts->memberships[0].attributes[0].value, "b@x");
	assert_string_equal(facts->memberships[0].attributes[1].value, "a@x");
	assert_string_equal(facts->memberships[0].attributes[2].name, "CN");
	assert_string_equal(facts->memberships[0].attributes[2].value, "team");
	cs_clear(&cs_answer_shape, &answer);
	answer = ask_team(directory, "alice", CS_GROUPS_BELOW, groups_dn);
	assert_int_equal(answer.facts[0].n_memberships, 1); /* the other's comma is part of its name (A074) */
	cs_clear(&cs_answer_shape, &answer);
	answer = ask_team(directory, "bob", CS_GROUP_AT, team_dn);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	assert_int_equal(answer.facts[0].n_memberships, 0);
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
}

/* A team of alice with so many values of mail and then this line. */
static struct cs_directory *open_team(size_t n, const char *line)
{
	static char text[65536];
	size_t at = (size_t)snprintf(text, sizeof(text), ALICE TEAM "member: uid=alice,ou=people,dc=x\n");
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "mail: m%zu@x\n", i);
	assert_true((size_t)snprintf(text + at, sizeof(text) - at, "%s\n", line) < sizeof(text) - at);
	return open_with(text, NULL);
}

static void check_team(size_t n, const char *line, enum cs_known expected)
{
	struct cs_directory *directory = open_team(n, line);
	struct cs_answer answer = ask_team(directory, "alice", CS_GROUP_AT, team_dn);
	assert_int_equal(answer.facts[0].known, expected);
	assert_int_equal(answer.facts[0].n_memberships, expected == CS_KNOWN_YES ? 1 : 0);
	if (expected == CS_KNOWN_DOUBT)
		assert_non_null(strstr(answer.facts[0].doubt, "cn=team,ou=groups,dc=x: too many values"));
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
}

static void test_what_cannot_be_brought_whole_is_doubt(void **state)
{
	(void)state;
	static char line[2048] = "description: ";
	check_team(CS_MAX_ATTRIBUTES - 1, "", CS_KNOWN_YES); /* and one cn */
	check_team(CS_MAX_ATTRIBUTES, "", CS_KNOWN_DOUBT);
	check_team(1, "mail:: YQBi\n", CS_KNOWN_DOUBT);
	check_team(1, "jpegPhoto:: YQBi\n", CS_KNOWN_YES); /* nobody asked for it */
	memset(line + 13, 'x', CS_MAX_DN + 1);
	check_team(1, line, CS_KNOWN_YES);
	memcpy(line, "mail:        ", 13);
	check_team(1, line, CS_KNOWN_DOUBT);
	line[13 + CS_MAX_DN] = '\0';
	check_team(1, line, CS_KNOWN_YES);
}

/* --- Listings --- */

static struct cs_directory *open_crowd(size_t n)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	assert_non_null(file);
	(void)fputs(TEAM, file);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(file, "member: uid=u%zu,dc=x\n", i);
	(void)fputs("member: UID=u0, dc=x\nmember: not a DN\n\n" ALICE, file);
	assert_int_equal(fclose(file), 0);
	struct cs_directory *directory = open_with(text, NULL);
	free(text);
	return directory;
}

static void test_listings_are_whole_or_doubt(void **state)
{
	(void)state;
	struct cs_directory *directory = open_crowd(CS_MAX_LISTING);
	struct cs_answer answer = ask_listing(directory, CS_GROUP_AT, team_dn, "member", "", "");
	assert_int_equal(answer.listings[0].known, CS_KNOWN_YES);
	assert_int_equal(answer.listings[0].n_dns, CS_MAX_LISTING);
	assert_int_equal(answer.listings[0].n_names, CS_MAX_LISTING);
	assert_string_equal(answer.listings[0].names[CS_MAX_LISTING - 1], "u16383");
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
	directory = open_crowd(CS_MAX_LISTING + 1);
	answer = ask_listing(directory, CS_GROUPS_BELOW, groups_dn, "member", "cn", "TEAM");
	assert_int_equal(answer.listings[0].known, CS_KNOWN_DOUBT);
	assert_int_equal(answer.listings[0].n_dns, 0);
	assert_non_null(strstr(answer.listings[0].doubt, "ou=groups,dc=x: lists too many"));
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
}

static void test_listings_by_value(void **state)
{
	(void)state;
	struct cs_directory *directory = open_with(
		TEAM "member: uid=alice,dc=x\n\ndn: cn=other,ou=groups,dc=x\ncn: other\nou: team\nmember: "
		"uid=bob,dc=x\n\n"
		     "dn: cn=team,dc=x\ncn: team\nmember: uid=carol,dc=x\n\n"
		     "dn: cn=sub,cn=team,ou=groups,dc=x\nseeAlso: cn=Team, dc=X\nmember: uid=dave,dc=x\n\n",
		NULL);
	static const struct {
		const char *attribute, *value, *name;
	} cases[] = {
		{ "CN", "Team", "alice" }, { "ou", "team", "bob" }, { "seeAlso", "CN=team,dc=x", "dave" },
		{ "cn", "bob", NULL },     { "mail", "team", NULL }, { "cn", "uid=alice,dc=x", NULL },
	};
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_answer answer = ask_listing(directory, CS_GROUPS_BELOW, groups_dn, "member",
			cases[i].attribute,
						     cases[i].value);
		assert_int_equal(answer.listings[0].known, cases[i].name != NULL ? CS_KNOWN_YES : CS_KNOWN_NO);
		assert_int_equal(answer.listings[0].n_names, cases[i].name != NULL ? 1 : 0);
		if (cases[i].name != NULL)
			assert_string_equal(answer.listings[0].names[0], cases[i].name);
		cs_clear(&cs_answer_shape, &answer);
	}
	cs_directory_close(&directory);
}

/* --- Groups in groups, searches, floors --- */

/* cn=g0 lists alice, cn=g1 lists g0 and so on. AD's schema follows eight of them; a wide one lists alice in each. */
static struct cs_directory *open_chain(size_t n, bool wide)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	assert_non_null(file);
	(void)fputs("dn: cn=alice,dc=x\n" USER CATEGORY("Person") "sAMAccountName: alice\nuidNumber: 2001\n\n", file);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || wide)
			(void)fprintf(file, "dn: cn=g%zu,dc=x\nobjectClass: group\nmember: cn=alice,dc=x\n\n", i);
		else
			(void)fprintf(file, "dn: cn=g%zu,dc=x\nobjectClass: group\nmember: CN=g%zu, dc=x\n\n", i,
				      i - 1);
	(void)fputs("dn: cn=top,dc=x\nobjectClass: group\n", file);
	for (size_t i = 0; i < n && wide; i++)
		(void)fprintf(file, "member: cn=g%zu,dc=x\n", i);
	(void)fputs("\n", file);
	assert_int_equal(fclose(file), 0);
	struct cs_directory *directory = open_with(text, &(struct cs_ldif_options){ .schema = "ad" });
	free(text);
	return directory;
}

static void check_nested(struct cs_directory *directory, const char *dn, enum cs_known expected, size_t groups,
	size_t people)
{
	struct cs_group_query query = { .where = CS_GROUP_AT, .dn = cs_dup(dn), .listed = member_text };
	struct cs_answer answer = ask_one(directory, 2001, "alice", &query, 1);
	assert_int_equal(answer.facts[0].known, expected);
	assert_int_equal(answer.facts[0].n_memberships, groups);
	if (expected == CS_KNOWN_DOUBT)
		assert_non_null(strstr(answer.facts[0].doubt, "groups in groups: is in more groups"));
	cs_clear(&cs_answer_shape, &answer);
	answer = ask_listing(directory, CS_GROUP_AT, dn, "member", "", "");
	assert_int_equal(answer.listings[0].known, expected);
	assert_int_equal(answer.listings[0].n_dns, people);
	cs_clear(&cs_answer_shape, &answer);
	free(query.dn);
}

static void test_a077_groups_in_groups_are_bounded(void **state)
{
	(void)state;
	struct cs_directory *directory = open_chain(12, false);
	check_nested(directory, "cn=g8,dc=x", CS_KNOWN_YES, 1, 1);
	check_nested(directory, "cn=g9,dc=x", CS_KNOWN_YES, 0, 0);
	cs_directory_close(&directory);
	directory = open_chain(255, true); /* and cn=top */
	check_nested(directory, "cn=top,dc=x", CS_KNOWN_YES, 1, 1);
	cs_directory_close(&directory);
	directory = open_chain(257, true);
	check_nested(directory, "cn=top,dc=x", CS_KNOWN_DOUBT, 0, 0);
	cs_directory_close(&directory);
}

static void test_searches_cannot_be_told(void **state)
{
	(void)state;
	char urls[] = "memberURL", groups[] = "ou=groups,dc=x", people[] = "ou=people,dc=x";
	char team[] = "cn=team,ou=groups,dc=x";
	struct cs_directory *directory = open_with(
		ALICE BOB TEAM "memberURL: ldap:///ou=people,dc=x??sub?(uid=alice)\n"
		"member: uid=alice,ou=people,dc=x\n\n", NULL);
	struct cs_group_query queries[] = { { .where = CS_GROUP_AT, .dn = team, .listed = urls },
		{ .where = CS_GROUPS_BELOW, .dn = groups, .listed = urls },
		{ .where = CS_GROUPS_BELOW, .dn = people, .listed = urls },
		{ .where = CS_GROUP_AT, .dn = team, .listed = member_text } };
	struct cs_answer answer = ask_one(directory, 2001, "alice", queries, CS_COUNT(queries));
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	assert_int_equal(answer.facts[0].n_memberships, 1);
	assert_int_equal(answer.facts[0].memberships[0].query, 3);
	assert_int_equal(answer.facts[0].n_unsure, 2);
	assert_int_equal(answer.facts[0].unsure[0].query, 0);
	assert_int_equal(answer.facts[0].unsure[1].query, 1);
	assert_non_null(strstr(answer.facts[0].unsure[0].doubt, "cn=team,ou=groups,dc=x lists people by a search"));
	cs_clear(&cs_answer_shape, &answer);
	answer = ask_listing(directory, CS_GROUP_AT, team, urls, "", "");
	assert_int_equal(answer.listings[0].known, CS_KNOWN_DOUBT);
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
}

static void check_settings(const char *schema, uint32_t nesting, const char *listed, bool expected)
{
	struct cs_settings settings = { 0 };
	char *text = cs_dup(listed);
	struct cs_group_query query = { .where = CS_GROUP_AT, .dn = team_dn, .listed = text };
	struct cs_listing_query listing = { .where = CS_GROUP_AT, .dn = team_dn, .listed = text };
	const struct cs_question one = { .queries = &query, .n_queries = 1 };
	const struct cs_question other = { .listings = &listing, .n_listings = 1 };
	assert_int_equal(cs_schema_preset(schema, &settings.schema), 0);
	settings.schema.nesting = nesting;
	assert_int_equal(cs_tree_can_answer(&settings, &one), expected);
	assert_int_equal(cs_tree_can_answer(&settings, &other), expected);
	cs_schema_clear(&settings.schema);
	free(text);
}

static void test_what_a_tree_can_answer(void **state)
{
	(void)state;
	check_settings("rfc2307bis", 0, "member", true);
	check_settings("rfc2307bis", 3, "member", true);
	check_settings("rfc2307bis", 0, "MemberUrl", false);
	check_settings("ad", 8, "member", false); /* the server chains them as deep as they are */
	check_settings("ad", 0, "member", true);
}

/* A floor counts who is there: who was taken out is not. */
static void test_floors(void **state)
{
	(void)state;
	struct cs_directory *directory = open_with(ALICE BOB TEAM "member: uid=alice,ou=people,dc=x\n"
		"member: UID=Alice, ou=people,dc=x\nmember: uid=bob,ou=people,dc=x\nmember: who knows\n\n", NULL);
	struct cs_group_query query = { .where = CS_GROUPS_BELOW, .dn = groups_dn, .listed = member_text,
		.at_least = 2 };
	struct cs_answer answer = ask_one(directory, 2001, "alice", &query, 1);
	assert_int_equal(answer.facts[0].n_memberships, 1);
	assert_int_equal(answer.facts[0].n_unsure, 0);
	cs_clear(&cs_answer_shape, &answer);
	assert_int_equal(cs_directory_without(directory, "bob"), 0);
	answer = ask_one(directory, 2001, "alice", &query, 1);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	assert_int_equal(answer.facts[0].n_unsure, 1);
	assert_string_equal(answer.facts[0].unsure[0].doubt,
			    "cn=team,ou=groups,dc=x lists 1, and at_least says 2");
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
}

/* A deputy's entry lists whom he stands for. It goes with him. */
static void test_people_who_list_people(void **state)
{
	(void)state;
	char people[] = "ou=people,dc=x", listed[] = "seeAlso", uid_text[] = "uid";
	char *wanted[] = { uid_text };
	struct cs_directory *directory = open_with(
		ALICE "dn: uid=bob,ou=people,dc=x\nuid: bob\nuidNumber: 2002\n"
		"seeAlso: uid=alice,ou=people,dc=x\n\n", NULL);
	struct cs_group_query query = { .where = CS_GROUPS_BELOW, .dn = people, .listed = listed, .wanted = wanted,
		.n_wanted = 1 };
	struct cs_answer answer = ask_one(directory, 2001, "alice", &query, 1);
	assert_int_equal(answer.facts[0].n_memberships, 1);
	assert_string_equal(answer.facts[0].memberships[0].group_dn, "uid=bob,ou=people,dc=x");
	assert_string_equal(answer.facts[0].memberships[0].attributes[0].value, "bob");
	cs_clear(&cs_answer_shape, &answer);
	assert_int_equal(known(directory, 2002, "bob"), CS_KNOWN_YES);
	assert_int_equal(cs_directory_without(directory, "bob"), 0);
	answer = ask_one(directory, 2001, "alice", &query, 1);
	assert_int_equal(answer.facts[0].n_memberships, 0);
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
}

/* --- Netgroups --- */

#define NET(CN, REST) "dn: cn=" CN ",ou=net,dc=x\nobjectClass: nisNetgroup\ncn: " CN "\n" REST "\n"

static void check_netgroup(const char *text, enum cs_known expected, const char *says)
{
	struct cs_directory *directory = open_with(text, NULL);
	struct cs_answer answer = ask_listing(directory, CS_NETGROUP, "cn=a, ou=NET,dc=x", "nisNetgroupTriple", "", "");
	const struct cs_listing *listing = &answer.listings[0];
	char names[256] = "";
	for (size_t i = 0; i < listing->n_names; i++) {
		assert_string_equal(listing->names[i], listing->dns[i]);
		(void)strcat(strcat(names, listing->names[i]), " ");
	}
	if (listing->known != expected || strstr(expected == CS_KNOWN_YES ? names : listing->doubt, says) == NULL ||
	    (expected == CS_KNOWN_YES && strcmp(names, says) != 0))
		fail_msg("%s\ngives %d: %s; %s", text, (int)listing->known, names, listing->doubt);
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
}

static void test_netgroup_hosts(void **state)
{
	(void)state;
	check_netgroup(
		NET("a", "nisNetgroupTriple: (Rel1.Example.org,-,-)\nnisNetgroupTriple: (rel2,alice,example.org)\n"
			 "nisNetgroupTriple: (REL2,,)\nnisNetgroupTriple: (-,bob,)\nnisNetgroupTriple: ( rel3 ,-,)\n"),
		CS_KNOWN_YES, "rel1.example.org rel2 rel3 ");
	check_netgroup(NET("a", "nisNetgroupTriple: (,,)\n"), CS_KNOWN_YES, "* ");
	check_netgroup(NET("a", ""), CS_KNOWN_YES, "");
	check_netgroup(NET("b", "nisNetgroupTriple: (x,,)\n"), CS_KNOWN_NO, "");
	check_netgroup(NET("a", "memberNisNetgroup: b\nmemberNisNetgroup: A\nnisNetgroupTriple: (x,,)\n")
			       NET("b", "nisNetgroupTriple: (y,,)\nmemberNisNetgroup: a\nmemberNisNetgroup: c\n")
				       NET("c", "nisNetgroupTriple: (z,,)\nmemberNisNetgroup: b\n"),
		       CS_KNOWN_YES, "x y z ");
}

static void test_unclear_netgroups_are_doubt(void **state)
{
	(void)state;
	static const char *const malformed[] = {"rel1", "(rel1)", "(rel1,-)", "(rel1,-,-", "rel1,-,-)", "(rel1,-,-,-)",
		"(rel 1,-,-)", "((rel1,-,-)", "(rel1,-,-))", "(.,-,)", "(rel1,(,)", "(*,-,)", "()", "(,)"};
	for (size_t i = 0; i < CS_COUNT(malformed); i++) {
		char text[512];
		(void)snprintf(text, sizeof(text), NET("a", "nisNetgroupTriple: (ok,,)\nnisNetgroupTriple: %s\n"),
			       malformed[i]);
		check_netgroup(text, CS_KNOWN_DOUBT, "is not (host,user,domain)");
	}
	check_netgroup(NET("a", "memberNisNetgroup: b\n"), CS_KNOWN_DOUBT, "names a netgroup that is not there");
	check_netgroup(NET("a", "memberNisNetgroup: b,ou=evil\n"), CS_KNOWN_DOUBT, "is no name");
	check_netgroup(NET("a", "memberNisNetgroup: b\n") "dn: cn=b,ou=net,dc=x\ncn: b\n", CS_KNOWN_DOUBT,
		       "is no netgroup");
	check_netgroup(NET("a", "nisNetgroupTriple:: KGEAYiwsKQ==\n"), CS_KNOWN_DOUBT, "");
	check_netgroup("dn: cn=a,ou=net,dc=x\nuid: alice\nuidNumber: 2001\n", CS_KNOWN_DOUBT, "is no netgroup");
}

/* a names n1, that names n2, … so many times; the last holds a host. */
static void check_depth(unsigned n, enum cs_known expected, const char *says)
{
	char text[4096];
	size_t at = (size_t)snprintf(text, sizeof(text), NET("a", "memberNisNetgroup: n1\n"));
	for (unsigned i = 1; i <= n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       i < n ? NET("n%u", "memberNisNetgroup: n%u\n")
					     : NET("n%u", "nisNetgroupTriple: (deep,,)\n"),
				       i, i, i + 1);
	check_netgroup(text, expected, says);
}

static void test_netgroups_nest_eight_deep(void **state)
{
	(void)state;
	check_depth(1, CS_KNOWN_YES, "deep ");
	check_depth(8, CS_KNOWN_YES, "deep ");
	check_depth(9, CS_KNOWN_DOUBT, "nested too deep");
}

static void test_netgroup_is_for_listings_only(void **state)
{
	(void)state;
	struct cs_directory *directory = open_with(ALICE, NULL);
	char dn[] = "cn=a,dc=x", triple[] = "nisNetgroupTriple", empty[] = "";
	struct cs_answer unheard = { 0 };
	struct cs_group_query group = { .where = CS_NETGROUP, .dn = dn, .listed = triple };
	struct cs_listing_query listing = { .where = CS_NETGROUP, .dn = dn, .listed = member_text };
	const struct cs_question bad[] = {{.queries = &group, .n_queries = 1}, {.listings = &listing, .n_listings = 1}};
	for (size_t i = 0; i < CS_COUNT(bad); i++)
		assert_int_equal(cs_directory_ask(directory, &bad[i], NULL, hear, &unheard), CS_EINVAL);
	listing.listed = triple;
	listing.dn = empty;
	assert_int_equal(cs_directory_ask(directory, &bad[1], NULL, hear, &unheard), CS_EINVAL);
	cs_directory_close(&directory);
}

/* --- What if --- */

static void test_without_somebody(void **state)
{
	(void)state;
	struct cs_directory *directory = open_with(
		"dn: uid=alice,ou=people,dc=x\nuid: alice\nuidNumber: 2001\nemployeeNumber: 7\n\n"
		"dn: uid=adm,ou=people,dc=x\nuid: adm\nuidNumber: 2003\nemployeeNumber: 7\n\n" BOB TEAM
		"member: uid=alice,ou=people,dc=x\nmember: uid=bob,ou=people,dc=x\n\n",
		&(struct cs_ldif_options){ .person_attribute = "employeeNumber" });
	struct cs_listing_query query = { .where = CS_GROUP_AT, .dn = team_dn, .listed = member_text };
	char adm[] = "adm";
	struct cs_subject subject = { 2003, CS_NO_UID, adm };
	const struct cs_question question = {.subjects = &subject, .n_subjects = 1, .listings = &query, .n_listings = 1};
	struct cs_answer answer = ask(directory, &question);
	assert_int_equal(answer.listings[0].n_names, 2);
	assert_int_equal(answer.facts[0].n_aliases, 1);
	cs_clear(&cs_answer_shape, &answer);

	assert_int_equal(cs_directory_without(directory, "nobody"), CS_ENOENT);
	assert_int_equal(cs_directory_without(directory, "ALICE"), CS_ENOENT);
	assert_int_equal(cs_directory_without(directory, "alice"), 0);
	assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_NO);
	assert_int_equal(known(directory, 2002, "bob"), CS_KNOWN_YES);
	answer = ask(directory, &question);
	assert_int_equal(answer.listings[0].n_names, 1);
	assert_string_equal(answer.listings[0].names[0], "bob");
	assert_int_equal(answer.facts[0].n_aliases, 0);
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
}

/* The login by which people are asked again, not whatever begins their DN. */
static void test_listings_name_logins(void **state)
{
	(void)state;
	struct cs_directory *directory = open_with("dn: cn=Alice A,dc=x\nuid: alice\nuidNumber: 2001\n\n" TEAM
						   "member: CN=Alice A,dc=x\nmember: cn=Bob,dc=x\n\n",
						   NULL);
	struct cs_answer answer = ask_listing(directory, CS_GROUP_AT, team_dn, "member", "", "");
	assert_int_equal(answer.listings[0].n_names, 2);
	assert_string_equal(answer.listings[0].names[0], "alice");
	assert_string_equal(answer.listings[0].names[1], "Bob");
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a014_refusals_name_the_line),
		cmocka_unit_test(test_nul_bytes_and_bad_options_are_refused),
		cmocka_unit_test(test_every_way_to_write_a_line),
		cmocka_unit_test(test_who_is_a_person),
		cmocka_unit_test(test_a072_another_entry_with_the_login_is_doubt),
		cmocka_unit_test(test_a003_unclear_people_are_doubt),
		cmocka_unit_test(test_locked),
		cmocka_unit_test(test_memberships_bring_every_value),
		cmocka_unit_test(test_what_cannot_be_brought_whole_is_doubt),
		cmocka_unit_test(test_listings_are_whole_or_doubt),
		cmocka_unit_test(test_listings_by_value),
		cmocka_unit_test(test_a080_an_account_ends_while_the_file_stays),
		cmocka_unit_test(test_active_directory),
		cmocka_unit_test(test_ids_of_schemas),
		cmocka_unit_test(test_a077_groups_in_groups_are_bounded),
		cmocka_unit_test(test_searches_cannot_be_told),
		cmocka_unit_test(test_what_a_tree_can_answer),
		cmocka_unit_test(test_floors),
		cmocka_unit_test(test_people_who_list_people),
		cmocka_unit_test(test_netgroup_hosts),
		cmocka_unit_test(test_unclear_netgroups_are_doubt),
		cmocka_unit_test(test_netgroups_nest_eight_deep),
		cmocka_unit_test(test_netgroup_is_for_listings_only),
		cmocka_unit_test(test_without_somebody),
		cmocka_unit_test(test_listings_name_logins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
