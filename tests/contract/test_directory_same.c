/* SPDX-License-Identifier: Apache-2.0 */
/* What both backends must answer alike: the same cases against a file and against a real slapd. */
#include "directory_server.h"
#include "directory_ask.h"
#include "directory_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct server server;
static struct cs_directory *ldap, *fixed;

static char cn_text[] = "cn", owner_text[] = "owner", member_text[] = "member", mail_text[] = "mail";
static char tomcat_dn[] = "cn=tomcat," PROJECTS, projects_dn[] = PROJECTS, groups_dn[] = GROUPS;
static char nothing_dn[] = "cn=nothing," GROUPS, approvers_dn[] = "cn=approvers," GROUPS;
static char *wanted_texts[] = { cn_text, mail_text };

static struct cs_group_query at(char *dn, char *listed)
{
	return (struct cs_group_query){
		.where = CS_GROUP_AT, .dn = dn, .listed = listed, .wanted = wanted_texts, .n_wanted = 2};
}

static struct cs_group_query below(char *dn, char *listed)
{
	return (struct cs_group_query){
		.where = CS_GROUPS_BELOW, .dn = dn, .listed = listed, .wanted = wanted_texts, .n_wanted = 2};
}

static struct cs_directory *here(void **state)
{
	return *(struct cs_directory **)*state;
}

static void test_identity_is_whole(void **state)
{
	struct cs_answer answer = ask_one(here(state), 2001, "alice", NULL, 0);
	assert_int_equal(answer.n_facts, 1);
	const struct cs_facts *facts = &answer.facts[0];
	assert_int_equal(facts->known, CS_KNOWN_YES);
	assert_string_equal(facts->person.id, UUID("1"));
	assert_string_equal(facts->person.dn, "uid=alice," PEOPLE);
	assert_string_equal(facts->person.human, "1001");
	assert_string_equal(facts->person.name, "alice");
	assert_int_equal(facts->person.uid, 2001);
	assert_false(facts->person.locked);
	assert_int_equal(facts->n_memberships, 0);
	assert_true(*facts->source != '\0');
	assert_string_equal(facts->doubt, "");
	assert_true(facts->boot_ms > 0 && facts->boot_ms <= cs_boot_ms());
	cs_clear(&cs_answer_shape, &answer);
}

static void test_uid_alone_and_name_alone(void **state)
{
	struct cs_answer by_uid = ask_one(here(state), 2003, "", NULL, 0);
	struct cs_answer by_name = ask_one(here(state), CS_NO_UID, "bob", NULL, 0);
	assert_int_equal(by_uid.facts[0].known, CS_KNOWN_YES);
	assert_int_equal(by_name.facts[0].known, CS_KNOWN_YES);
	assert_string_equal(by_uid.facts[0].person.id, by_name.facts[0].person.id);
	assert_string_equal(by_uid.facts[0].person.name, "bob");
	assert_int_equal(by_name.facts[0].person.uid, 2003);
	cs_clear(&cs_answer_shape, &by_uid);
	cs_clear(&cs_answer_shape, &by_name);
}

static void test_a003_unknown_is_no(void **state)
{
	assert_int_equal(known(here(state), 2999, "nobody-here"), CS_KNOWN_NO);
	assert_int_equal(known(here(state), 2999, ""), CS_KNOWN_NO);
	assert_int_equal(known(here(state), CS_NO_UID, "nobody-here"), CS_KNOWN_NO);
	assert_int_equal(known(here(state), 2001, "nobody-here"), CS_KNOWN_NO);
	assert_int_equal(known(here(state), 2999, "alice"), CS_KNOWN_NO);
	assert_int_equal(known(here(state), 2001, "bob"), CS_KNOWN_NO);
}

static void test_a004_no_such_principals(void **state)
{
	assert_int_equal(known(here(state), 0, "alice"), CS_KNOWN_NO);
	assert_int_equal(known(here(state), 0, ""), CS_KNOWN_NO);
	assert_int_equal(known(here(state), 65534, ""), CS_KNOWN_NO);
	assert_int_equal(known(here(state), CS_NO_UID, ""), CS_KNOWN_NO);
	assert_int_equal(known(here(state), CS_NO_UID, NULL), CS_KNOWN_NO);
}

static void test_a013_a071_a072_spellings_are_nobody(void **state)
{
	static const char *const names[] = {"ALICE",
					    "Alice",
					    "alic",
					    "alicee",
					    " alice",
					    "alice ",
					    "  alice  ",
					    "*",
					    "al*",
					    "*)(uid=*",
					    "alice)(uid=*",
					    "alice\\2a",
					    "\xef\xbd\x81lice",
					    "alice\n",
					    "-alice",
					    "al,ice",
					    "alice=",
					    "aliceaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	for (size_t i = 0; i < CS_COUNT(names); i++) {
		assert_int_equal(known(here(state), CS_NO_UID, names[i]), CS_KNOWN_NO);
		assert_int_equal(known(here(state), 2001, names[i]), CS_KNOWN_NO);
	}
}

static void test_a074_memberships_at_and_below(void **state)
{
	struct cs_group_query queries[] = {at(tomcat_dn, owner_text),      at(tomcat_dn, member_text),
					   below(projects_dn, owner_text), below(groups_dn, member_text),
					   at(nothing_dn, member_text),    at(approvers_dn, member_text)};
	struct cs_answer answer = ask_one(here(state), 2001, "alice", queries, CS_COUNT(queries));
	const struct cs_facts *facts = &answer.facts[0];
	assert_int_equal(facts->known, CS_KNOWN_YES);
	/* owner of tomcat (queries 0 and 2), member of httpd (query 3); the other cn=approvers lists her, this one not
	 */
	assert_int_equal(facts->n_memberships, 3);
	const struct {
		uint32_t query;
		const char *dn, *cn;
	} expected[] = {{0, tomcat_dn, "tomcat"}, {2, tomcat_dn, "tomcat"}, {3, "cn=httpd," PROJECTS, "httpd"}};
	for (size_t i = 0; i < CS_COUNT(expected); i++) {
		assert_int_equal(facts->memberships[i].query, expected[i].query);
		assert_string_equal(facts->memberships[i].group_dn, expected[i].dn);
		assert_int_equal(facts->memberships[i].n_attributes, 1); /* no group has a mail address */
		assert_string_equal(facts->memberships[i].attributes[0].name, "cn");
		assert_string_equal(facts->memberships[i].attributes[0].value, expected[i].cn);
	}
	cs_clear(&cs_answer_shape, &answer);
}

static void test_many_subjects_keep_their_order(void **state)
{
	char alice[] = "alice", ghost[] = "ghost", carol[] = "carol";
	struct cs_subject subjects[] = {
		{2001, CS_NO_UID, alice}, {2998, CS_NO_UID, ghost}, {CS_NO_UID, CS_NO_UID, carol}};
	struct cs_group_query queries[] = { below(groups_dn, member_text) };
	const struct cs_question question = {.subjects = subjects, .n_subjects = 3, .queries = queries, .n_queries = 1};
	struct cs_answer answer = ask(here(state), &question);
	assert_int_equal(answer.n_facts, 3);
	assert_string_equal(answer.facts[0].person.name, "alice");
	assert_int_equal(answer.facts[1].known, CS_KNOWN_NO);
	assert_int_equal(answer.facts[1].person.uid, CS_NO_UID);
	assert_string_equal(answer.facts[2].person.name, "carol");
	assert_int_equal(answer.facts[0].n_memberships, 1);
	assert_int_equal(answer.facts[2].n_memberships, 3);
	cs_clear(&cs_answer_shape, &answer);
}

static void test_locked_is_told(void **state)
{
	struct cs_answer answer = ask_one(here(state), 2005, "lena", NULL, 0);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	assert_true(answer.facts[0].person.locked);
	cs_clear(&cs_answer_shape, &answer);
}

static int has_name(const struct cs_roster *roster, const char *name)
{
	return cs_strv_has(roster->names, roster->n_names, name);
}

static void test_rosters(void **state)
{
	char value[] = "httpd", none[] = "no*such)";
	struct cs_roster_query rosters[] = {
		{.where = CS_GROUP_AT, .dn = tomcat_dn, .listed = owner_text},
		{.where = CS_GROUPS_BELOW,
		 .dn = groups_dn,
		 .listed = member_text,
		 .attribute = cn_text,
		 .value = value},
		{.where = CS_GROUP_AT, .dn = nothing_dn, .listed = member_text},
		{.where = CS_GROUPS_BELOW, .dn = groups_dn, .listed = member_text, .attribute = cn_text, .value = none},
		{.where = CS_GROUPS_BELOW, .dn = groups_dn, .listed = member_text},
	};
	const struct cs_question question = { .rosters = rosters, .n_rosters = CS_COUNT(rosters) };
	struct cs_answer answer = ask(here(state), &question);
	assert_int_equal(answer.n_rosters, 5);
	assert_int_equal(answer.rosters[0].known, CS_KNOWN_YES);
	assert_int_equal(answer.rosters[0].n_dns, 2);
	assert_true(has_name(&answer.rosters[0], "alice") && has_name(&answer.rosters[0], "bob"));
	assert_int_equal(answer.rosters[1].known, CS_KNOWN_YES);
	assert_int_equal(answer.rosters[1].n_names, 2);
	assert_true(has_name(&answer.rosters[1], "alice") && has_name(&answer.rosters[1], "carol"));
	assert_int_equal(answer.rosters[2].known, CS_KNOWN_NO);
	assert_int_equal(answer.rosters[3].known, CS_KNOWN_NO);
	assert_int_equal(answer.rosters[4].known, CS_KNOWN_YES);
	assert_int_equal(answer.rosters[4].n_names, 3); /* each once, however often listed */
	cs_clear(&cs_answer_shape, &answer);
}

static void test_a073_other_accounts_beside_rosters(void **state)
{
	char alice[] = "alice", carol[] = "carol";
	struct cs_subject subjects[] = { { 2001, CS_NO_UID, alice }, { 2004, CS_NO_UID, carol } };
	struct cs_roster_query roster = { .where = CS_GROUP_AT, .dn = tomcat_dn, .listed = owner_text };
	const struct cs_question question = {.subjects = subjects, .n_subjects = 2, .rosters = &roster, .n_rosters = 1};
	struct cs_answer answer = ask(here(state), &question);
	assert_int_equal(answer.n_facts, 2);
	assert_int_equal(answer.facts[0].n_aliases, 1);
	assert_string_equal(answer.facts[0].aliases[0], "uid=alice-adm," PEOPLE);
	assert_int_equal(answer.facts[1].n_aliases, 0);
	cs_clear(&cs_answer_shape, &answer);
}

static void test_a074_bad_questions_are_refused(void **state)
{
	char empty[] = "", injected[] = "member=*)(cn", options[] = "cn;lang-en";
	char *bad_wanted[] = { options };
	struct cs_group_query queries[] = { at(empty, member_text), at(tomcat_dn, injected), at(tomcat_dn, member_text),
		at(tomcat_dn, member_text) };
	struct heard heard = { 0 };
	queries[2].wanted = bad_wanted;
	queries[2].n_wanted = 1;
	queries[3].where = (enum cs_where)0;
	for (size_t i = 0; i < CS_COUNT(queries); i++) {
		const struct cs_question question = { .queries = &queries[i], .n_queries = 1 };
		assert_int_equal(cs_directory_ask(here(state), &question, hear, &heard), CS_EINVAL);
	}
	const struct cs_question large = { .queries = queries, .n_queries = CS_MAX_QUERIES + 1 };
	assert_int_equal(cs_directory_ask(here(state), &large, hear, &heard), CS_ETOOBIG);
	assert_int_equal(heard.times, 0);
}

static void test_state_says_that_it_answers(void **state)
{
	int ok = 0;
	assert_int_equal(known(here(state), 2001, "alice"), CS_KNOWN_YES);
	assert_non_null(strstr(cs_directory_state(here(state), &ok), " answers"));
	assert_int_equal(ok, 1);
}

static struct cs_directory *open_ldap(void)
{
	char text[2048];
	struct cs_problem problem = { 0 };
	(void)snprintf(text, sizeof(text),
		       "directory { uri = \"%s\" bind_dn = \"cn=countersign," BASE "\"\n"
		       "bind_secret_file = \"%s/secret\" people_base = \"" PEOPLE "\"\n"
		       "person_attribute = employeeNumber locked_filter = \"(employeeType=locked)\" }",
		       server.ldapi, server.dir);
	struct cs_directory *directory = open_text(text, &problem);
	if (directory == NULL)
		(void)fprintf(stderr, "%s\n", cs_problem_text(&problem));
	return directory;
}

static struct cs_directory *open_fixed(void)
{
	char text[512];
	struct cs_problem problem = { 0 };
	write_file(&server, "people.conf", "%s", TREE_FILE);
	(void)snprintf(text, sizeof(text), "directory { file = \"%s/people.conf\" }", server.dir);
	struct cs_directory *directory = open_text(text, &problem);
	if (directory == NULL)
		(void)fprintf(stderr, "%s\n", cs_problem_text(&problem));
	return directory;
}

#define BOTH(F) { "file: " #F, F, NULL, NULL, &fixed }, { "slapd: " #F, F, NULL, NULL, &ldap }

int main(void)
{
	int r = server_make(&server, TREE_LDIF);
	if (r == 0) {
		const struct CMUnitTest tests[] = {
			BOTH(test_identity_is_whole),
			BOTH(test_uid_alone_and_name_alone),
			BOTH(test_a003_unknown_is_no),
			BOTH(test_a004_no_such_principals),
			BOTH(test_a013_a071_a072_spellings_are_nobody),
			BOTH(test_a074_memberships_at_and_below),
			BOTH(test_many_subjects_keep_their_order),
			BOTH(test_locked_is_told),
			BOTH(test_rosters),
			BOTH(test_a073_other_accounts_beside_rosters),
			BOTH(test_a074_bad_questions_are_refused),
			BOTH(test_state_says_that_it_answers),
		};
		ldap = open_ldap();
		fixed = open_fixed();
		r = ldap != NULL && fixed != NULL ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
		cs_directory_close(&ldap);
		cs_directory_close(&fixed);
	}
	if (r != 77)
		server_remove(&server);
	return r < 0 ? 1 : r;
}
