/* SPDX-License-Identifier: Apache-2.0 */
/* OpenLDAP with its memberof overlay: the person's own entry says which groups list him. */
#include "schema_world.h"

#define MEMBER(UID) "member: uid=" UID "," PEOPLE "\n"
#define OWNER(UID) "owner: uid=" UID "," PEOPLE "\n"
#define NAMES(CN, REST) GROUP(CN, "groupOfNames", REST)

static const char tree[] = TOP PERSON("alice", "2001", "") PERSON("bob", "2002", "") PERSON("carol", "2003", "")
	PERSON("locked", "2004", "pwdAccountLockedTime: 000001010000Z\n") POSIX(ODD_RDN, "frank", "2020", "")
	UNIT("project", GROUPS);

/* The overlay keeps memberOf for what comes over LDAP. */
#define ADD(CN, BELOW, REST) \
	"dn: cn=" CN "," BELOW "\nchangetype: add\nobjectClass: groupOfNames\ncn: " CN "\n" REST "\n"
#define PROJECTS "ou=project," GROUPS
static const char changes[] =
	ADD("tomcat", PROJECTS, "businessCategory: pmc\nbusinessCategory: active\n" OWNER("bob") MEMBER("alice")
		"member: " ODD_RDN "," PEOPLE "\n")
	ADD("httpd", PROJECTS, "businessCategory: dormant\n" MEMBER("alice") MEMBER("bob"))
	ADD("infra", GROUPS, MEMBER("alice"))
	ADD("Odd\\2C (x) *\\5C", GROUPS, MEMBER("carol"))
	ADD("outer", GROUPS, "member: cn=infra," GROUPS "\n" MEMBER("bob"))
	ADD("last", GROUPS, "member: uid=locked," PEOPLE "\n");

#define BASES "people_base = \"" PEOPLE "\" schema = openldap-memberof "
#define TOMCAT "cn=tomcat," PROJECTS

static int open_world(void **state)
{
	*state = open_schema(NULL, BASES);
	return 0;
}

static void test_a072_the_right_person(void **state)
{
	assert_holds(who(*state, 2001, "alice"), " alice");
	assert_string_equal(who(*state, 2001, "Alice"), "nobody");
	assert_string_equal(who(*state, 2002, "alice"), "nobody");
	assert_holds(who(*state, 2004, "locked"), " locked locked");
}

static void test_his_own_entry_tells(void **state)
{
	assert_string_equal(at(*state, "alice", TOMCAT, "member"), "tomcat");
	assert_string_equal(at(*state, "bob", TOMCAT, "member"), "");
	assert_string_equal(at(*state, "alice", "CN=Tomcat, " PROJECTS, "MEMBER"), "tomcat");
	assert_string_equal(below(*state, "alice", GROUPS, "member"), "httpd infra tomcat");
	assert_string_equal(below(*state, "alice", PROJECTS, "member"), "httpd tomcat");
	assert_string_equal(at(*state, "alice", PROJECTS, "member"), "");
	assert_string_equal(at(*state, "locked", "cn=last," GROUPS, "member"), "last");
}

/* memberOf says nothing of owners: the group is asked. */
static void test_other_lists_are_asked_of_the_group(void **state)
{
	assert_string_equal(at(*state, "bob", TOMCAT, "owner"), "tomcat");
	assert_string_equal(below(*state, "alice", GROUPS, "owner"), "");
}

static void test_a071_odd_names(void **state)
{
	assert_string_equal(at(*state, "frank", TOMCAT, "member"), "tomcat");
	assert_string_equal(at(*state, "carol", "cn=Odd\\2C (x) *\\5C," GROUPS, "member"), "Odd, (x) *\\");
	assert_string_equal(listing(*state, TOMCAT, "member"), "Frank, (ops) *\\x alice");
}

static void test_wanted_attributes_come_from_the_group(void **state)
{
	assert_string_equal(wanted(*state, "alice", CS_GROUPS_BELOW, PROJECTS, "member", "businessCategory"),
		"dormant pmc active");
	assert_string_equal(wanted(*state, "alice", CS_GROUP_AT, TOMCAT, "member", "businessCategory"), "pmc active");
	assert_string_equal(wanted(*state, "bob", CS_GROUP_AT, TOMCAT, "member", "businessCategory"), "");
}

static void test_at_least(void **state)
{
	assert_string_equal(at_least(*state, "alice", CS_GROUP_AT, TOMCAT, "member", 2), "tomcat");
	assert_string_equal(at_least(*state, "alice", CS_GROUPS_BELOW, GROUPS, "member", 2),
		"httpd infra tomcat unsure: cn=infra," GROUPS " lists 1, and at_least says 2");
	assert_string_equal(at_least(*state, "bob", CS_GROUP_AT, "cn=infra," GROUPS, "member", 2),
		" unsure: cn=infra," GROUPS " lists 1, and at_least says 2");
}

/* A listed group is nobody: whom memberOf does not place in a group is not in it. */
static void test_listings(void **state)
{
	assert_string_equal(listing(*state, "cn=infra," GROUPS, "member"), "alice");
	assert_string_equal(listing(*state, "cn=outer," GROUPS, "member"), "bob");
	assert_string_equal(listing(*state, "cn=none," GROUPS, "member"), "no such group");
	assert_string_equal(listing_below(*state, PROJECTS, "member", "businessCategory", "dormant"), "alice bob");
}

/* The overlay names the groups that list somebody himself; with nesting the others are looked for. */
static void test_with_nesting_groups_are_asked(void **state)
{
	struct cs_directory *directory = open_schema(NULL, BASES "groups_base = \"" GROUPS "\" nesting = 2");
	assert_string_equal(at(*state, "alice", "cn=outer," GROUPS, "member"), "");
	assert_string_equal(at(directory, "alice", "cn=outer," GROUPS, "member"), "outer");
	assert_string_equal(at(directory, "carol", "cn=outer," GROUPS, "member"), "");
	assert_string_equal(listing(directory, "cn=outer," GROUPS, "member"), "alice bob");
	cs_directory_close(&directory);
}

/* Without attributes of groups one search answers everything. */
static void test_one_search(void **state)
{
	unsigned before = searches();
	assert_string_equal(below(*state, "alice", GROUPS, "member"), "httpd infra tomcat");
	assert_int_equal(searches() - before, 1);
}

/* A removal takes effect at once, and a deleted group is none. */
static void test_a080_read_afresh(void **state)
{
	assert_string_equal(below(*state, "bob", PROJECTS, "member"), "httpd");
	assert_int_equal(server_modify(&server, "dn: cn=httpd," PROJECTS "\nchangetype: modify\ndelete: member\n"
		MEMBER("bob")), 0);
	assert_string_equal(below(*state, "bob", PROJECTS, "member"), "");
	assert_int_equal(server_modify(&server, "dn: cn=httpd," PROJECTS "\nchangetype: delete\n"), 0);
	assert_string_equal(below(*state, "alice", PROJECTS, "member"), "tomcat");
}

static void fill(void **state)
{
	(void)state;
	assert_int_equal(server_modify(&server, changes), 0);
}

#define IN(TEST) cmocka_unit_test_setup_teardown(TEST, open_world, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fill),
		IN(test_a072_the_right_person),
		IN(test_his_own_entry_tells),
		IN(test_other_lists_are_asked_of_the_group),
		IN(test_a071_odd_names),
		IN(test_wanted_attributes_come_from_the_group),
		IN(test_at_least),
		IN(test_listings),
		IN(test_with_nesting_groups_are_asked),
		IN(test_one_search),
		IN(test_a080_read_afresh),
	};
	const struct server_extra extra = { .level = "stats", .global = "moduleload memberof",
		.database = "overlay memberof\nmemberof-refint TRUE" };
	return run_world(tree, &extra, tests, CS_COUNT(tests));
}
