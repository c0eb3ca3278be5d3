/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 2307 (memberUid), RFC 2307bis and groupOfUniqueNames, committees with owner and member, and people without
 * entryUUID: who they are, whether their accounts are open, which groups list them, whom groups list. */
#include "schema_world.h"

#define MEMBER(UID) "member: uid=" UID "," PEOPLE "\n"
#define OWNER(UID) "owner: uid=" UID "," PEOPLE "\n"
#define UNIQUE(UID) "uniqueMember: uid=" UID "," PEOPLE "\n"
#define UUID(N) "entryUUID: 00000000-0000-4000-8000-00000000000" N "\n"
#define ID(N) "00000000-0000-4000-8000-00000000000" N

static const char tree[] = TOP PERSON("alice", "2001", UUID("1")) PERSON("bob", "2002", UUID("2"))
	PERSON("carol", "2003", UUID("3") "uid: caz\n") PERSON("Dora", "2004", UUID("4"))
	PERSON("expired", "2010", "shadowExpire: 100\n") PERSON("open", "2011", "shadowExpire: 99999\n")
	PERSON("locked", "2012", "pwdAccountLockedTime: 000001010000Z\n")
	PERSON("lockout", "2013", "pwdAccountLockedTime: 20200101000000Z\n")
	PERSON("early", "2014", "pwdStartTime: 20990101000000Z\n")
	PERSON("late", "2015", "pwdEndTime: 20200101000000Z\n")
	PERSON("suspended", "2016", "employeeType: suspended\n")
	POSIX(ODD_RDN, "frank", "2020", "")
	PERSON("erin", "2031", "uid: erica\n") POSIX("cn=Mallory", "erin", "2032", "uid: mallory\n")
	GROUP("devs", "posixGroup", "gidNumber: 10\nmemberUid: alice\nmemberUid: BOB\nmemberUid: ghost\n"
		"memberUid: carol\nmemberUid: *\nmemberUid: Dora\n")
	GROUP("shouting", "posixGroup", "gidNumber: 11\nmemberUid: ALICE\nmemberUid: caz\n")
	GROUP("few", "posixGroup", "gidNumber: 12\nmemberUid: alice\n")
	GROUP("erins", "posixGroup", "gidNumber: 15\nmemberUid: erin\n")
	GROUP("void", "posixGroup", "gidNumber: 13\n")
	GROUP("odd", "posixGroup", "gidNumber: 14\nmemberUid: frank\n")
	GROUP("tomcat", "groupOfNames", "businessCategory: pmc\n" OWNER("alice") OWNER("bob") MEMBER("carol")
		"member: " ODD_RDN "," PEOPLE "\n")
	GROUP("httpd", "groupOfNames", OWNER("bob") MEMBER("alice") MEMBER("gone"))
	GROUP("unique", "groupOfUniqueNames", UNIQUE("alice") "uniqueMember: uid=bob," PEOPLE "#'0101'B\n"
		UNIQUE("carol") "uniqueMember: uid=carol," PEOPLE "#'1'B\n");

#define BASES "people_base = \"" PEOPLE "\" groups_base = \"" GROUPS "\" "
#define DEVS "cn=devs," GROUPS
#define TOMCAT "cn=tomcat," GROUPS

static int open_2307(void **state)
{
	*state = open_schema(NULL, BASES "schema = rfc2307");
	return 0;
}

static int open_bis(void **state)
{
	*state = open_schema(NULL, BASES "schema = rfc2307bis");
	return 0;
}

static int open_without_ids(void **state)
{
	*state = open_schema(NULL, BASES "schema = rfc2307 id_attribute = dn");
	return 0;
}

static void test_a072_the_right_person(void **state)
{
	assert_string_equal(who(*state, 2001, "alice"), ID("1") " alice");
	assert_string_equal(who(*state, CS_NO_UID, "caz"), ID("3") " caz");
	assert_string_equal(who(*state, 2003, ""), ID("3") " carol");
	assert_string_equal(who(*state, 2001, "bob"), "nobody");
	assert_string_equal(who(*state, CS_NO_UID, "dora"), "nobody");
	assert_string_equal(who(*state, CS_NO_UID, "ALICE"), "nobody");
}

static void test_closed_accounts_are_locked(void **state)
{
	static const char *const closed[] = { "expired", "locked", "lockout", "early", "late" };
	for (size_t i = 0; i < CS_COUNT(closed); i++)
		assert_holds(who(*state, CS_NO_UID, closed[i]), " locked");
	assert_null(strstr(who(*state, CS_NO_UID, "open"), "locked"));
	assert_null(strstr(who(*state, CS_NO_UID, "suspended"), "locked"));
}

static void test_locked_filter_is_one_more_reason(void **state)
{
	struct cs_directory *directory = open_schema(NULL, BASES "locked_filter = \"(employeeType=suspended)\"");
	(void)state;
	assert_holds(who(directory, CS_NO_UID, "suspended"), " locked");
	assert_holds(who(directory, CS_NO_UID, "expired"), " locked");
	assert_null(strstr(who(directory, CS_NO_UID, "open"), "locked"));
	cs_directory_close(&directory);
}

static void test_a075_member_uid_is_the_canonical_login(void **state)
{
	assert_string_equal(at(*state, "alice", DEVS, "memberUid"), "devs");
	assert_string_equal(at(*state, "bob", DEVS, "memberUid"), "");
	assert_string_equal(at(*state, "carol", DEVS, "memberUid"), "devs");
	/* by another of his names he is still the same, and that name is no member */
	assert_string_equal(at(*state, "caz", DEVS, "memberUid"), "devs");
	assert_string_equal(below(*state, "caz", GROUPS, "memberUid"), "devs");
	assert_string_equal(below(*state, "alice", GROUPS, "memberUid"), "devs few");
	assert_string_equal(below(*state, "frank", GROUPS, "memberUid"), "odd");
}

/* Who adds somebody's login to an entry of his own is in no group of that login, by whichever way he is asked for.
 * Teeth: without ask_twins the number, or the other login, finds him alone, and "erins" lists him. */
static void test_a072_another_entry_with_the_login_is_doubt(void **state)
{
	static const char *const names[] = { "erin", "mallory", "erica" };
	assert_holds(who(*state, 2032, ""), "two entries");
	assert_holds(who(*state, 2031, ""), "two entries");
	assert_holds(who(*state, 2032, "mallory"), "two entries");
	for (size_t i = 0; i < CS_COUNT(names); i++)
		assert_null(strstr(at(*state, names[i], "cn=erins," GROUPS, "memberUid"), "erins"));
}

static void test_member_uid_listings_are_people(void **state)
{
	assert_string_equal(listing(*state, DEVS, "memberUid"), "alice carol");
	assert_string_equal(listing(*state, "cn=shouting," GROUPS, "memberUid"), "");
	assert_string_equal(listing(*state, "cn=void," GROUPS, "memberUid"), "");
	assert_string_equal(listing(*state, "cn=odd," GROUPS, "memberUid"), "frank");
	assert_string_equal(listing(*state, "cn=ghost," GROUPS, "memberUid"), "no such group");
	assert_string_equal(listing_below(*state, GROUPS, "memberUid", "", ""), "alice carol erin erin frank");
}

static void test_committees(void **state)
{
	assert_string_equal(below(*state, "alice", GROUPS, "owner"), "tomcat");
	assert_string_equal(below(*state, "alice", GROUPS, "member"), "httpd");
	assert_string_equal(below(*state, "bob", GROUPS, "owner"), "httpd tomcat");
	assert_string_equal(at(*state, "bob", TOMCAT, "member"), "");
	assert_string_equal(wanted(*state, "alice", CS_GROUPS_BELOW, GROUPS, "owner", "businessCategory"), "pmc");
	assert_string_equal(listing(*state, TOMCAT, "owner"), "alice bob");
	assert_string_equal(listing_below(*state, GROUPS, "owner", "businessCategory", "pmc"), "alice bob");
	assert_string_equal(listing(*state, "cn=httpd," GROUPS, "member"), "alice gone");
}

static void test_a071_odd_dns_are_found(void **state)
{
	assert_string_equal(at(*state, "frank", TOMCAT, "member"), "tomcat");
	assert_string_equal(at(*state, "frank", TOMCAT, "owner"), "");
	assert_string_equal(listing(*state, TOMCAT, "member"), "Frank, (ops) *\\x carol");
}

static void test_unique_names(void **state)
{
	assert_string_equal(below(*state, "alice", GROUPS, "uniqueMember"), "unique");
	assert_string_equal(below(*state, "carol", GROUPS, "uniqueMember"), "unique");
	assert_string_equal(below(*state, "open", GROUPS, "uniqueMember"), "");
	/* RFC 4517 4.2.31: a server takes a name with a bit string behind it for another one */
	assert_string_equal(below(*state, "bob", GROUPS, "uniqueMember"), "");
	assert_string_equal(listing(*state, "cn=unique," GROUPS, "uniqueMember"), "alice bob carol");
}

static void test_at_least(void **state)
{
	assert_string_equal(at_least(*state, "alice", CS_GROUP_AT, TOMCAT, "owner", 2), "tomcat");
	assert_string_equal(at_least(*state, "alice", CS_GROUP_AT, TOMCAT, "owner", 3),
		"tomcat unsure: " TOMCAT " lists 2, and at_least says 3");
	/* whether he is listed or not */
	assert_string_equal(at_least(*state, "carol", CS_GROUP_AT, TOMCAT, "owner", 3),
		" unsure: " TOMCAT " lists 2, and at_least says 3");
	assert_string_equal(at_least(*state, "carol", CS_GROUP_AT, "cn=none," GROUPS, "owner", 1),
		" unsure: cn=none," GROUPS " is missing, and at_least says 1");
	assert_string_equal(at_least(*state, "carol", CS_GROUP_AT, "cn=void," GROUPS, "memberUid", 1),
		" unsure: cn=void," GROUPS " lists 0, and at_least says 1");
	assert_string_equal(at_least(*state, "alice", CS_GROUPS_BELOW, GROUPS, "memberUid", 2),
		"devs few unsure: cn=few," GROUPS " lists 1, and at_least says 2");
	assert_string_equal(at_least(*state, "carol", CS_GROUPS_BELOW, GROUPS, "memberUid", 2), "devs");
}

static void test_a_dn_stands_in_for_an_id(void **state)
{
	assert_string_equal(who(*state, 2001, "alice"), "uid=alice," PEOPLE " alice");
	assert_string_equal(at(*state, "alice", DEVS, "memberUid"), "devs");
}

/* Three groups one by one, beside who he is: four searches. */
static void test_searches_are_few(void **state)
{
	struct cs_group_query queries[] = {
		{ .where = CS_GROUP_AT, .dn = writable(TOMCAT), .listed = writable("owner") },
		{ .where = CS_GROUP_AT, .dn = writable("cn=httpd," GROUPS), .listed = writable("member") },
		{ .where = CS_GROUPS_BELOW, .dn = writable(GROUPS), .listed = writable("memberUid") },
	};
	unsigned before = searches();
	struct cs_answer answer = ask_one(*state, CS_NO_UID, "alice", queries, CS_COUNT(queries));
	assert_int_equal(answer.facts[0].n_memberships, 4);
	assert_int_equal(searches() - before, 4);
	cs_clear(&cs_answer_shape, &answer);
}

/* Ten thousand logins, of which these people have two. */
static void test_a077_a_big_list_of_logins(void **state)
{
	char *ldif = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&ldif, &size);
	assert_non_null(out);
	(void)fprintf(out, "dn: cn=crowd,ou=groups,dc=example,dc=org\nchangetype: add\nobjectClass: posixGroup\n"
		"cn: crowd\ngidNumber: 99\nmemberUid: alice\n");
	for (unsigned i = 0; i < 10000; i++)
		(void)fprintf(out, "memberUid: p%u\n", i);
	(void)fprintf(out, "memberUid: bob\n");
	(void)fclose(out);
	assert_int_equal(server_modify(&server, ldif), 0);
	free(ldif);
	uint64_t begin = cs_boot_ms();
	assert_string_equal(listing(*state, "cn=crowd," GROUPS, "memberUid"), "alice bob");
	(void)fprintf(stderr, "a listing of 10,002 logins: %llu ms\n", (unsigned long long)(cs_boot_ms() - begin));
	assert_string_equal(at(*state, "bob", "cn=crowd," GROUPS, "memberUid"), "crowd");
	assert_string_equal(at_least(*state, "carol", CS_GROUP_AT, "cn=crowd," GROUPS, "memberUid", 10003),
		" unsure: cn=crowd," GROUPS " lists 10002, and at_least says 10003");
}

#define IN(SCHEMA, TEST) cmocka_unit_test_setup_teardown(TEST, open_##SCHEMA, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN(2307, test_a072_the_right_person),
		IN(2307, test_closed_accounts_are_locked),
		IN(2307, test_a075_member_uid_is_the_canonical_login),
		IN(2307, test_a072_another_entry_with_the_login_is_doubt),
		IN(2307, test_member_uid_listings_are_people),
		IN(2307, test_at_least),
		IN(2307, test_searches_are_few),
		IN(bis, test_a072_the_right_person),
		IN(bis, test_closed_accounts_are_locked),
		IN(bis, test_committees),
		IN(bis, test_a071_odd_dns_are_found),
		IN(bis, test_unique_names),
		IN(bis, test_at_least),
		IN(bis, test_searches_are_few),
		IN(without_ids, test_a_dn_stands_in_for_an_id),
		IN(without_ids, test_closed_accounts_are_locked),
		cmocka_unit_test(test_locked_filter_is_one_more_reason),
		IN(2307, test_a077_a_big_list_of_logins),
	};
	const struct server_extra extra = { .level = "stats", .limit = "sizelimit 500",
		.database = "index objectClass,uid,cn eq" };
	return run_world(tree, &extra, tests, CS_COUNT(tests));
}
