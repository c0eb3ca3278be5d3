/* SPDX-License-Identifier: Apache-2.0 */
/* Dynamic groups: memberURL says by a filter who is a member. */
#include "schema_world.h"

#define URLS(CN, REST) GROUP(CN, "groupOfURLs", REST)
#define URL(BASE_DN, SCOPE, FILTER) "memberURL: ldap:///" BASE_DN "??" SCOPE "?" FILTER "\n"

static const char tree[] = TOP UNIT("ops", PEOPLE) PERSON("alice", "2001", "employeeType: release\n")
	PERSON("bob", "2002", "employeeType: staff\ndescription: a (b) *\n") PERSON("carol", "2003", "")
	POSIX("uid=dan,ou=ops", "dan", "2004", "employeeType: release\n")
	POSIX(ODD_RDN, "frank", "2020", "employeeType: odd\n")
	"dn: cn=robot," PEOPLE "\nobjectClass: device\ncn: robot\nserialNumber: 1\n\n"
	URLS("release", "businessCategory: pmc\n" URL(PEOPLE, "sub", "(employeeType=release)"))
	URLS("one", URL(PEOPLE, "one", "(employeeType=release)"))
	URLS("children", URL("uid=alice," PEOPLE, "children", "(objectClass=*)"))
	URLS("itself", URL("uid=alice," PEOPLE, "base", "(objectClass=*)"))
	URLS("nofilter", "memberURL: ldap:///ou=ops," PEOPLE "??sub\n")
	URLS("two", URL(PEOPLE, "sub", "(uid=bob)") URL(PEOPLE, "sub", "(employeeType=staff)")
		URL(PEOPLE, "sub", "(uid=carol)"))
	URLS("escaped", URL(PEOPLE, "sub", "(description=a%20\\28b\\29%20\\2a)"))
	URLS("odd", URL(PEOPLE, "sub", "(employeeType=odd)"))
	URLS("everything", URL(PEOPLE, "sub", "(cn=*)"))
	URLS("elsewhere", URL("ou=none," BASE, "sub", "(objectClass=*)"))
	URLS("empty", "")
	"dn: ou=bad," GROUPS "\nobjectClass: organizationalUnit\nou: bad\n\n"
#define BAD(CN, TEXT) "dn: cn=" CN ",ou=bad," GROUPS "\nobjectClass: groupOfURLs\ncn: " CN "\nmemberURL: " TEXT "\n\n"
	BAD("host", "ldap://other.example.org/" PEOPLE "??sub?(uid=alice)")
	BAD("nobase", "ldap:///??sub?(uid=alice)")
	BAD("broken", "ldap:///" PEOPLE "??sub?(uid=alice")
	BAD("open", "ldap:///" PEOPLE "??sub?(uid=alice))(uid=*")
	BAD("scope", "ldap:///" PEOPLE "??everywhere?(uid=alice)")
	BAD("http", "http://example.org/")
	BAD("extension", "ldap:///" PEOPLE "??sub?(uid=alice)?!x-more");

#define CN(NAME) "cn=" NAME "," GROUPS

static int open_world(void **state)
{
	*state = open_schema(NULL, "people_base = \"" PEOPLE "\" groups_base = \"" GROUPS "\"");
	return 0;
}

static void test_members(void **state)
{
	assert_string_equal(at(*state, "alice", CN("release"), "memberURL"), "release");
	assert_string_equal(at(*state, "dan", CN("release"), "memberURL"), "release");
	assert_string_equal(at(*state, "bob", CN("release"), "memberURL"), "");
	assert_string_equal(at(*state, "alice", CN("empty"), "memberURL"), "");
	assert_string_equal(at(*state, "alice", CN("none"), "memberURL"), "");
	assert_string_equal(at(*state, "alice", CN("release"), "member"), "");
	assert_string_equal(at(*state, "bob", CN("two"), "memberURL"), "two");
	assert_string_equal(wanted(*state, "alice", CS_GROUP_AT, CN("release"), "memberURL", "businessCategory"),
		"pmc");
	assert_string_equal(wanted(*state, "bob", CS_GROUP_AT, CN("release"), "memberURL", "businessCategory"), "");
}

static void test_scopes(void **state)
{
	assert_string_equal(at(*state, "alice", CN("one"), "memberURL"), "one");
	assert_string_equal(at(*state, "dan", CN("one"), "memberURL"), "");
	assert_string_equal(at(*state, "alice", CN("children"), "memberURL"), "");
	assert_string_equal(at(*state, "alice", CN("itself"), "memberURL"), "itself");
	assert_string_equal(at(*state, "bob", CN("itself"), "memberURL"), "");
	assert_string_equal(at(*state, "dan", CN("nofilter"), "memberURL"), "nofilter");
	assert_string_equal(at(*state, "alice", CN("nofilter"), "memberURL"), "");
	assert_string_equal(at(*state, "alice", CN("elsewhere"), "memberURL"), "");
}

static void test_a071_escapes(void **state)
{
	assert_string_equal(at(*state, "bob", CN("escaped"), "memberURL"), "escaped");
	assert_string_equal(at(*state, "alice", CN("escaped"), "memberURL"), "");
	assert_string_equal(at(*state, "frank", CN("odd"), "memberURL"), "odd");
}

static const struct {
	const char *cn, *why;
} bad[] = {
	{ "host", "names a server" }, { "nobase", "has no base" }, { "broken", "no whole filter" },
	{ "open", "no whole filter" }, { "scope", "no LDAP URL" }, { "http", "no LDAP URL" },
	{ "extension", "extensions" },
};

static void test_bad_urls_are_doubt(void **state)
{
	for (size_t i = 0; i < CS_COUNT(bad); i++) {
		char dn[256];
		(void)snprintf(dn, sizeof(dn), "cn=%s,ou=bad," GROUPS, bad[i].cn);
		assert_begins(at(*state, "alice", dn, "memberURL"), "doubt: ");
		assert_holds(said, bad[i].why);
		assert_begins(listing(*state, dn, "memberURL"), "doubt: ");
		assert_holds(said, bad[i].why);
		assert_holds(at_least(*state, "alice", CS_GROUP_AT, dn, "memberURL", 1), "doubt: ");
	}
	assert_begins(below(*state, "alice", GROUPS, "memberURL"), "doubt: ");
}

static void test_listings(void **state)
{
	assert_string_equal(listing(*state, CN("release"), "memberURL"), "alice dan");
	assert_string_equal(listing(*state, CN("one"), "memberURL"), "alice");
	assert_string_equal(listing(*state, CN("two"), "memberURL"), "bob carol");
	assert_string_equal(listing(*state, CN("itself"), "memberURL"), "alice");
	assert_string_equal(listing(*state, CN("elsewhere"), "memberURL"), "");
	assert_string_equal(listing(*state, CN("empty"), "memberURL"), "");
	assert_string_equal(listing(*state, CN("none"), "memberURL"), "no such group");
	/* a device is no person */
	assert_string_equal(listing(*state, CN("everything"), "memberURL"), "Frank, (ops) *\\x alice bob carol dan");
	assert_string_equal(listing_below(*state, GROUPS, "memberURL", "businessCategory", "pmc"), "alice dan");
}

static void test_at_least_counts_people(void **state)
{
	assert_string_equal(at_least(*state, "alice", CS_GROUP_AT, CN("release"), "memberURL", 2), "release");
	assert_string_equal(at_least(*state, "bob", CS_GROUP_AT, CN("release"), "memberURL", 3),
		" unsure: " CN("release") " lists 2, and at_least says 3");
	/* three URLs, two people */
	assert_string_equal(at_least(*state, "bob", CS_GROUP_AT, CN("two"), "memberURL", 3),
		"two unsure: " CN("two") " lists 2, and at_least says 3");
	assert_string_equal(at_least(*state, "bob", CS_GROUP_AT, CN("none"), "memberURL", 1),
		" unsure: " CN("none") " is missing, and at_least says 1");
	assert_string_equal(at_least(*state, "bob", CS_GROUP_AT, CN("empty"), "memberURL", 1),
		" unsure: " CN("empty") " lists 0, and at_least says 1");
}

static void test_below_asks_every_url(void **state)
{
	for (size_t i = 0; i < CS_COUNT(bad); i++) {
		char ldif[256];
		(void)snprintf(ldif, sizeof(ldif), "dn: cn=%s,ou=bad," GROUPS "\nchangetype: delete\n", bad[i].cn);
		assert_int_equal(server_modify(&server, ldif), 0);
	}
	assert_string_equal(below(*state, "alice", GROUPS, "memberURL"), "everything itself one release");
	assert_string_equal(below(*state, "carol", GROUPS, "memberURL"), "everything two");
	assert_string_equal(at_least(*state, "bob", CS_GROUPS_BELOW, GROUPS, "memberURL", 2),
		"escaped everything two unsure: " CN("escaped") " lists 1, and at_least says 2");
}

#define IN(TEST) cmocka_unit_test_setup_teardown(TEST, open_world, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN(test_members),
		IN(test_scopes),
		IN(test_a071_escapes),
		IN(test_bad_urls_are_doubt),
		IN(test_listings),
		IN(test_at_least_counts_people),
		IN(test_below_asks_every_url),
	};
	const struct server_extra extra = { .global = "include /etc/ldap/schema/dyngroup.schema",
		.limit = "sizelimit 500" };
	return run_world(tree, &extra, tests, CS_COUNT(tests));
}
