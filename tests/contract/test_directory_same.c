/* SPDX-License-Identifier: Apache-2.0 */
/* What every directory must answer alike: the same cases against a file, LDIF, a real slapd, and a replica of it. */
#include "directory_server.h"
#include "directory_ask.h"
#include "directory_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct server server;
static struct cs_directory *ldap, *fixed, *ldif, *replica;

#define WIDE "ou=wide,dc=example,dc=org"
static char tree_ldif[32768], tree_file[32768];
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

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int has_name(const struct cs_listing *listing, const char *name)
{
	return cs_strv_has(listing->names, listing->n_names, name);
}

static void test_listings(void **state)
{
	char value[] = "httpd", none[] = "no*such)";
	struct cs_listing_query listings[] = {
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
	const struct cs_question question = { .listings = listings, .n_listings = CS_COUNT(listings) };
	struct cs_answer answer = ask(here(state), &question);
	assert_int_equal(answer.n_listings, 5);
	assert_int_equal(answer.listings[0].known, CS_KNOWN_YES);
	assert_int_equal(answer.listings[0].n_dns, 2);
	assert_true(has_name(&answer.listings[0], "alice") && has_name(&answer.listings[0], "bob"));
	assert_int_equal(answer.listings[1].known, CS_KNOWN_YES);
	assert_int_equal(answer.listings[1].n_names, 2);
	assert_true(has_name(&answer.listings[1], "alice") && has_name(&answer.listings[1], "carol"));
	assert_int_equal(answer.listings[2].known, CS_KNOWN_NO);
	assert_int_equal(answer.listings[3].known, CS_KNOWN_NO);
	assert_int_equal(answer.listings[4].known, CS_KNOWN_YES);
	assert_int_equal(answer.listings[4].n_names, 3); /* each once, however often listed */
	cs_clear(&cs_answer_shape, &answer);
}

/* A listing of one query: its known, and the names in alphabetical order with a blank behind each. */
static enum cs_known listing_of(struct cs_directory *directory, enum cs_where where, const char *dn, const char *listed,
	char names[1024])
{
	struct cs_listing_query query = { .where = where, .dn = cs_dup(dn), .listed = cs_dup(listed) };
	const struct cs_question question = { .listings = &query, .n_listings = 1 };
	struct cs_answer answer = ask(directory, &question);
	const struct cs_listing *listing = &answer.listings[0];
	assert_int_equal(answer.n_listings, 1);
	enum cs_known result = listing->known;
	if (listing->n_names > 1)
		qsort(listing->names, listing->n_names, sizeof(*listing->names), by_text);
	*names = '\0';
	for (size_t i = 0; i < listing->n_names; i++)
		(void)strcat(strcat(names, listing->names[i]), " ");
	assert_int_equal(listing->n_dns, listing->n_names);
	assert_int_equal(*listing->doubt != '\0', result == CS_KNOWN_DOUBT); /* doubt has to say why */
	cs_clear(&cs_listing_query_shape, &query);
	cs_clear(&cs_answer_shape, &answer);
	return result;
}

static void test_dns_in_other_spellings(void **state)
{
	char names[1024], spelled[] = "CN=Tomcat, OU=project ,ou=Groups,dc=example,DC=org";
	assert_int_equal(listing_of(here(state), CS_GROUP_AT, spelled, "OWNER", names), CS_KNOWN_YES);
	assert_string_equal(names, "alice bob ");
	struct cs_group_query query = at(spelled, owner_text);
	struct cs_answer answer = ask_one(here(state), 2001, "alice", &query, 1);
	assert_int_equal(answer.facts[0].n_memberships, 1);
	assert_string_equal(answer.facts[0].memberships[0].group_dn, tomcat_dn);
	cs_clear(&cs_answer_shape, &answer);
}

static void test_every_value_is_brought(void **state)
{
	char category[] = "BUSINESScategory";
	char *wanted[] = { category, cn_text };
	struct cs_group_query query = at(tomcat_dn, owner_text);
	query.wanted = wanted;
	struct cs_answer answer = ask_one(here(state), 2001, "alice", &query, 1);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	assert_int_equal(answer.facts[0].n_memberships, 1);
	const struct cs_membership *membership = &answer.facts[0].memberships[0];
	static const char *const expected[][2] = { { "BUSINESScategory", "wg" }, { "BUSINESScategory", "active" },
		{ "cn", "tomcat" } };
	assert_int_equal(membership->n_attributes, CS_COUNT(expected));
	for (size_t i = 0; i < CS_COUNT(expected); i++) {
		assert_string_equal(membership->attributes[i].name, expected[i][0]);
		assert_string_equal(membership->attributes[i].value, expected[i][1]);
	}
	cs_clear(&cs_answer_shape, &answer);
}

static void test_too_many_values_are_doubt(void **state)
{
	static const struct {
		const char *cn;
		enum cs_known expected;
	} wide[] = { { "wide64", CS_KNOWN_YES }, { "wide65", CS_KNOWN_DOUBT } };
	char category[] = "businessCategory", dn[128];
	char *wanted[] = { category };
	for (size_t i = 0; i < CS_COUNT(wide); i++) {
		(void)snprintf(dn, sizeof(dn), "cn=%s," WIDE, wide[i].cn);
		struct cs_group_query query = at(dn, member_text);
		query.wanted = wanted;
		query.n_wanted = 1;
		struct cs_answer answer = ask_one(here(state), 2003, "bob", &query, 1);
		assert_int_equal(answer.facts[0].known, wide[i].expected);
		assert_int_equal(answer.facts[0].n_memberships, wide[i].expected == CS_KNOWN_YES ? 1 : 0);
		if (wide[i].expected == CS_KNOWN_YES)
			assert_int_equal(answer.facts[0].memberships[0].n_attributes, CS_MAX_ATTRIBUTES);
		else
			assert_non_null(strstr(answer.facts[0].doubt, "cn=wide65," WIDE ": too many values"));
		cs_clear(&cs_answer_shape, &answer);
	}
}

static void test_netgroups(void **state)
{
	static const struct {
		const char *cn;
		enum cs_known expected;
		const char *names;
	} cases[] = {
		{ "release", CS_KNOWN_YES, "rel1 rel2.example.org rel3 " },
		{ "SPARE", CS_KNOWN_YES, "rel1 rel2.example.org rel3 " },
		{ "any", CS_KNOWN_YES, "* " },
		{ "empty", CS_KNOWN_YES, "" },
		{ "nothing", CS_KNOWN_NO, "" },
		{ "broken", CS_KNOWN_DOUBT, "" },
		{ "d0", CS_KNOWN_YES, "deep " },
		{ "d", CS_KNOWN_DOUBT, "" },
	};
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		char names[1024], dn[128];
		(void)snprintf(dn, sizeof(dn), "cn=%s," NETGROUPS, cases[i].cn);
		enum cs_known result = listing_of(here(state), CS_NETGROUP, dn, "nisNetgroupTriple", names);
		if (result != cases[i].expected || strcmp(names, cases[i].names) != 0)
			fail_msg("%s gives %d: %s", cases[i].cn, (int)result, names);
	}
	char names[1024];
	assert_int_equal(listing_of(here(state), CS_NETGROUP, tomcat_dn, "nisNetgroupTriple", names), CS_KNOWN_DOUBT);
	assert_int_equal(listing_of(here(state), CS_NETGROUP, "uid=bob," PEOPLE, "nisNetgroupTriple", names),
			 CS_KNOWN_DOUBT);
}

static void test_many_netgroups_in_one_question(void **state)
{
	static const char *const names[] = { "release", "any", "d0", "broken", "nothing", "d", "release" };
	static const enum cs_known expected[] = { CS_KNOWN_YES, CS_KNOWN_YES, CS_KNOWN_YES, CS_KNOWN_DOUBT, CS_KNOWN_NO,
		CS_KNOWN_DOUBT, CS_KNOWN_YES };
	static const size_t counts[] = { 3, 1, 1, 0, 0, 0, 3 };
	char dns[CS_COUNT(names)][128], triple[] = "nisNetgroupTriple", carol[] = "carol";
	struct cs_listing_query listings[CS_COUNT(names)];
	struct cs_subject subject = { 2004, CS_NO_UID, carol };
	for (size_t i = 0; i < CS_COUNT(names); i++) {
		(void)snprintf(dns[i], sizeof(dns[i]), "cn=%s," NETGROUPS, names[i]);
		listings[i] = (struct cs_listing_query){ .where = CS_NETGROUP, .dn = dns[i], .listed = triple };
	}
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1, .listings = listings,
		.n_listings = CS_COUNT(listings) };
	struct cs_answer answer = ask(here(state), &question);
	assert_int_equal(answer.n_listings, CS_COUNT(names));
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	for (size_t i = 0; i < CS_COUNT(names); i++) {
		assert_int_equal(answer.listings[i].known, expected[i]);
		assert_int_equal(answer.listings[i].n_names, counts[i]);
	}
	cs_clear(&cs_answer_shape, &answer);
}

static void test_a073_other_accounts_beside_listings(void **state)
{
	char alice[] = "alice", carol[] = "carol";
	struct cs_subject subjects[] = { { 2001, CS_NO_UID, alice }, { 2004, CS_NO_UID, carol } };
	struct cs_listing_query listing = { .where = CS_GROUP_AT, .dn = tomcat_dn, .listed = owner_text };
	const struct cs_question question = {.subjects = subjects, .n_subjects = 2, .listings = &listing, .n_listings = 1};
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
		at(tomcat_dn, member_text), at(tomcat_dn, member_text) };
	struct heard heard = { 0 };
	queries[2].wanted = bad_wanted;
	queries[2].n_wanted = 1;
	queries[3].where = (enum cs_where)0;
	queries[4].where = CS_NETGROUP;
	for (size_t i = 0; i < CS_COUNT(queries); i++) {
		const struct cs_question question = { .queries = &queries[i], .n_queries = 1 };
		assert_int_equal(cs_directory_ask(here(state), &question, NULL, hear, &heard), CS_EINVAL);
	}
	const struct cs_question large = { .queries = queries, .n_queries = CS_MAX_QUERIES + 1 };
	assert_int_equal(cs_directory_ask(here(state), &large, NULL, hear, &heard), CS_ETOOBIG);
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

/* Everything is followed, so that it answers whatever the cases ask about. */
static struct cs_directory *open_replica(void)
{
	char text[2048];
	struct cs_problem problem = { 0 };
	(void)snprintf(text, sizeof(text),
		       "directory { uri = \"%s\" bind_dn = \"cn=countersign," BASE "\" mode = replica\n"
		       "bind_secret_file = \"%s/secret\" people_base = \"" PEOPLE "\" groups_base = \"" BASE "\"\n"
		       "person_attribute = employeeNumber locked_filter = \"(employeeType=locked)\" }",
		       server.ldapi, server.dir);
	struct cs_directory *directory = open_text(text, &problem);
	if (directory == NULL)
		(void)fprintf(stderr, "%s\n", cs_problem_text(&problem));
	return directory;
}

/* Asks for every attribute once, and waits until the replica has it. */
static int start_replica(void **state)
{
	char category[] = "businessCategory", triple[] = "nisNetgroupTriple", any[] = "cn=any," NETGROUPS;
	char *wanted[] = { cn_text, mail_text, category };
	struct cs_group_query queries[] = { at(tomcat_dn, owner_text), at(tomcat_dn, member_text) };
	struct cs_listing_query netgroup = { .where = CS_NETGROUP, .dn = any, .listed = triple };
	char alice[] = "alice", base[] = BASE;
	struct cs_subject subject = { 2001, CS_NO_UID, alice };
	queries[1].wanted = wanted;
	queries[1].n_wanted = 3;
	struct cs_listing_query below_all = {
		.where = CS_GROUPS_BELOW, .dn = base, .listed = owner_text, .attribute = cn_text, .value = alice };
	struct cs_listing_query listings[] = { netgroup, below_all };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1, .queries = queries, .n_queries = 2,
		.listings = listings, .n_listings = 2 };
	int is_replica = 0;
	(void)state;
	for (int i = 0; i < 10000 && !is_replica; i++) {
		struct cs_answer answer = ask(replica, &question);
		is_replica = answer.n_facts == 1 && strncmp(answer.facts[0].source, "replica of ", 11) == 0;
		cs_clear(&cs_answer_shape, &answer);
		turn(replica, 5);
	}
	return is_replica ? 0 : -1;
}

static struct cs_directory *open_fixed(void)
{
	char text[512];
	struct cs_problem problem = { 0 };
	write_file(&server, "people.conf", "%s", tree_file);
	(void)snprintf(text, sizeof(text), "directory { file = \"%s/people.conf\" }", server.dir);
	struct cs_directory *directory = open_text(text, &problem);
	if (directory == NULL)
		(void)fprintf(stderr, "%s\n", cs_problem_text(&problem));
	return directory;
}

static struct cs_directory *open_ldif(void)
{
	char text[512];
	struct cs_problem problem = { 0 };
	(void)snprintf(text, sizeof(text), "directory { ldif = \"%s/tree.ldif\" people_base = \"" PEOPLE "\"\n"
		       "person_attribute = employeeNumber }", server.dir);
	struct cs_directory *directory = open_text(text, &problem);
	if (directory == NULL)
		(void)fprintf(stderr, "%s\n", cs_problem_text(&problem));
	return directory;
}

/* Beside the common tree: groups with as many values as may be brought back, and one more. */
static void write_trees(void)
{
	static const unsigned widths[] = { CS_MAX_ATTRIBUTES, CS_MAX_ATTRIBUTES + 1 };
	size_t n = (size_t)snprintf(tree_ldif, sizeof(tree_ldif), "%s" UNIT("wide", "dc=example,dc=org"), TREE_LDIF);
	size_t m = (size_t)snprintf(tree_file, sizeof(tree_file), "%s", TREE_FILE);
	for (size_t i = 0; i < CS_COUNT(widths); i++) {
		n += (size_t)snprintf(tree_ldif + n, sizeof(tree_ldif) - n,
				      "dn: cn=wide%u," WIDE "\nobjectClass: groupOfNames\n"
				      "cn: wide%u\n" MEMBER("bob"),
				      widths[i], widths[i]);
		m += (size_t)snprintf(tree_file + m, sizeof(tree_file) - m,
				      "group wide%u { dn = \"cn=wide%u," WIDE "\"\n"
				      "listed member { people = bob } attribute businessCategory { value = { v0",
				      widths[i], widths[i]);
		for (unsigned k = 0; k < widths[i]; k++) {
			n += (size_t)snprintf(tree_ldif + n, sizeof(tree_ldif) - n, "businessCategory: v%u\n", k);
			if (k > 0)
				m += (size_t)snprintf(tree_file + m, sizeof(tree_file) - m, ", v%u", k);
		}
		n += (size_t)snprintf(tree_ldif + n, sizeof(tree_ldif) - n, "\n");
		m += (size_t)snprintf(tree_file + m, sizeof(tree_file) - m, " } } }\n");
	}
	if (n >= sizeof(tree_ldif) || m >= sizeof(tree_file))
		abort();
}

#define ALL(F)                                                                                                         \
	{"file: " #F, F, NULL, NULL, &fixed}, {"ldif: " #F, F, NULL, NULL, &ldif},                                     \
	{"slapd: " #F, F, NULL, NULL, &ldap},                                                                          \
	{                                                                                                              \
		"replica: " #F, F, start_replica, NULL, &replica                                                       \
	}

int main(void)
{
	write_trees();
	const struct server_extra extra = { .global = "moduleload syncprov",
		.database = "limits dn.exact=\"cn=countersign," BASE "\" size=unlimited\noverlay syncprov" };
	int r = server_make_with(&server, tree_ldif, &extra);
	if (r == 0) {
		const struct CMUnitTest tests[] = {
			ALL(test_identity_is_whole),
			ALL(test_uid_alone_and_name_alone),
			ALL(test_a003_unknown_is_no),
			ALL(test_a004_no_such_principals),
			ALL(test_a013_a071_a072_spellings_are_nobody),
			ALL(test_a074_memberships_at_and_below),
			ALL(test_many_subjects_keep_their_order),
			ALL(test_locked_is_told),
			ALL(test_listings),
			ALL(test_dns_in_other_spellings),
			ALL(test_every_value_is_brought),
			ALL(test_too_many_values_are_doubt),
			ALL(test_netgroups),
			ALL(test_many_netgroups_in_one_question),
			ALL(test_a073_other_accounts_beside_listings),
			ALL(test_a074_bad_questions_are_refused),
			ALL(test_state_says_that_it_answers),
		};
		ldap = open_ldap();
		fixed = open_fixed();
		ldif = open_ldif();
		replica = open_replica();
		bool all = ldap != NULL && fixed != NULL && ldif != NULL && replica != NULL;
		r = all ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
		cs_directory_close(&ldap);
		cs_directory_close(&fixed);
		cs_directory_close(&ldif);
		cs_directory_close(&replica);
	}
	if (r != 77)
		server_remove(&server);
	return r < 0 ? 1 : r;
}
