/* SPDX-License-Identifier: Apache-2.0 */
/* Groups in groups: how deep they are followed, cycles, a group in itself, too many of them. */
#include "schema_world.h"

#define MEMBER(UID) "member: uid=" UID "," PEOPLE "\n"
#define HOLDS(CN) "member: cn=" CN "," GROUPS "\n"
#define NAMES(CN, REST) GROUP(CN, "groupOfNames", REST)

/* l3 holds l2 holds l1 holds alice. */
static const char tree[] = TOP PERSON("alice", "2001", "") PERSON("bob", "2002", "") PERSON("carol", "2003", "")
	PERSON("busy", "2004", "") PERSON("many", "2005", "") POSIX(ODD_RDN, "frank", "2020", "")
	NAMES("l1", MEMBER("alice")) NAMES("l2", HOLDS("l1") MEMBER("bob")) NAMES("l3", HOLDS("l2"))
	NAMES("l4", HOLDS("l3") MEMBER("carol"))
	NAMES("ring1", HOLDS("ring2") MEMBER("alice")) NAMES("ring2", HOLDS("ring1") MEMBER("bob"))
	NAMES("self", HOLDS("self") MEMBER("carol"))
	NAMES("owned", "owner: cn=l1," GROUPS "\n" MEMBER("bob"))
	NAMES("ownself", "owner: cn=ownself," GROUPS "\nowner: cn=l1," GROUPS "\n" MEMBER("carol"))
	NAMES("ghosts", HOLDS("ghost") MEMBER("bob"))
	NAMES("Odd\\2C (x) *\\5C", "member: " ODD_RDN "," PEOPLE "\n")
	NAMES("outer", HOLDS("Odd\\2C (x) *\\5C"))
	"dn: cn=l1," PEOPLE "\nobjectClass: groupOfNames\ncn: l1\n" MEMBER("carol") "\n"
	NAMES("elsewhere", "member: cn=l1," PEOPLE "\n");

#define BASES "people_base = \"" PEOPLE "\" groups_base = \"" GROUPS "\" "

static int open_two(void **state)
{
	*state = open_schema(NULL, BASES "nesting = 2");
	return 0;
}

static int open_deep(void **state)
{
	*state = open_schema(NULL, BASES "nesting = 16");
	return 0;
}

/* Where the root DSE does not say that the server follows groups by itself it is not left to it. */
static int open_wishful(void **state)
{
	*state = open_schema(NULL, BASES "nesting = 16 in_chain = true");
	return 0;
}

static int open_flat(void **state)
{
	*state = open_schema(NULL, BASES);
	return 0;
}

static void test_a077_so_deep_and_no_deeper(void **state)
{
	assert_string_equal(below(*state, "alice", GROUPS, "member"), "l1 l2 l3 ring1 ring2");
	assert_string_equal(at(*state, "alice", "cn=l3," GROUPS, "member"), "l3");
	assert_string_equal(at(*state, "alice", "cn=l4," GROUPS, "member"), "");
	assert_string_equal(listing(*state, "cn=l3," GROUPS, "member"), "alice bob");
	assert_string_equal(listing(*state, "cn=l4," GROUPS, "member"), "bob carol");
}

static void test_a077_deep(void **state)
{
	assert_string_equal(at(*state, "alice", "cn=l4," GROUPS, "member"), "l4");
	assert_string_equal(at(*state, "bob", "cn=l4," GROUPS, "member"), "l4");
	assert_string_equal(listing(*state, "cn=l4," GROUPS, "member"), "alice bob carol");
}

static void test_flat_is_flat(void **state)
{
	assert_string_equal(below(*state, "alice", GROUPS, "member"), "l1 ring1");
	assert_string_equal(at(*state, "alice", "cn=l2," GROUPS, "member"), "");
	assert_string_equal(listing(*state, "cn=l2," GROUPS, "member"), "bob l1");
}

static void test_a077_cycles_end(void **state)
{
	assert_string_equal(at(*state, "alice", "cn=ring2," GROUPS, "member"), "ring2");
	assert_string_equal(at(*state, "bob", "cn=ring1," GROUPS, "member"), "ring1");
	assert_string_equal(at(*state, "carol", "cn=ring1," GROUPS, "member"), "");
	assert_string_equal(listing(*state, "cn=ring1," GROUPS, "member"), "alice bob");
	assert_string_equal(below(*state, "carol", GROUPS, "member"), "l4 ownself self");
	assert_string_equal(listing(*state, "cn=self," GROUPS, "member"), "carol");
}

/* Who is in a group by way of member is listed wherever that group is listed. */
static void test_other_lists_hold_groups_too(void **state)
{
	assert_string_equal(at(*state, "alice", "cn=owned," GROUPS, "owner"), "owned");
	assert_string_equal(at(*state, "bob", "cn=owned," GROUPS, "owner"), "");
	assert_string_equal(at(*state, "alice", "cn=owned," GROUPS, "member"), "");
	assert_string_equal(listing(*state, "cn=owned," GROUPS, "owner"), "alice");
	/* a group that owns itself is owned by its members */
	assert_string_equal(at(*state, "carol", "cn=ownself," GROUPS, "owner"), "ownself");
	assert_string_equal(listing(*state, "cn=ownself," GROUPS, "owner"), "alice carol");
	assert_string_equal(listing_below(*state, GROUPS, "owner", "cn", "ownself"), "alice carol");
}

/* Only what is below groups_base is a group; another with the same name is not. */
static void test_a074_groups_elsewhere_are_no_groups(void **state)
{
	assert_string_equal(at(*state, "carol", "cn=elsewhere," GROUPS, "member"), "");
	assert_string_equal(at(*state, "alice", "cn=elsewhere," GROUPS, "member"), "");
	assert_string_equal(listing(*state, "cn=ghosts," GROUPS, "member"), "bob ghost");
	assert_string_equal(listing(*state, "cn=elsewhere," GROUPS, "member"), "l1");
}

static void test_a071_odd_names(void **state)
{
	assert_string_equal(at(*state, "frank", "cn=outer," GROUPS, "member"), "outer");
	assert_string_equal(at(*state, "alice", "cn=outer," GROUPS, "member"), "");
	assert_string_equal(listing(*state, "cn=outer," GROUPS, "member"), "Frank, (ops) *\\x");
}

/* One search for the person, one a level, then the query. */
static void test_searches_are_few(void **state)
{
	unsigned before = searches();
	assert_string_equal(at(*state, "alice", "cn=l3," GROUPS, "member"), "l3");
	assert_int_equal(searches() - before, 4);
}

/* Puts so many groups into the server, each of which lists this DN, and a group of them all. */
static void add_groups(const char *name, const char *listed, unsigned from, unsigned to)
{
	char *ldif = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&ldif, &size);
	assert_non_null(out);
	for (unsigned i = from; i < to; i++)
		(void)fprintf(out, "dn: cn=%s%u," GROUPS "\nchangetype: add\nobjectClass: groupOfNames\ncn: %s%u\n"
			"member: %s\n\n", name, i, name, i, listed);
	(void)fprintf(out, "dn: cn=all-%s," GROUPS "\nchangetype: %s\n", name, from == 0 ? "add" : "modify");
	(void)fprintf(out, from == 0 ? "objectClass: groupOfNames\ncn: all-%s\n" : "add: member%.0s\n", name);
	for (unsigned i = from; i < to; i++)
		(void)fprintf(out, "member: cn=%s%u," GROUPS "\n", name, i);
	(void)fclose(out);
	assert_int_equal(server_modify(&server, ldif), 0);
	free(ldif);
}

static void test_a077_too_many_groups_are_doubt(void **state)
{
	static const char many[] = "uid=many," PEOPLE;
	add_groups("many", many, 0, 255);
	assert_string_equal(at(*state, "many", "cn=all-many," GROUPS, "member"), "all-many");
	assert_string_equal(at(*state, "many", "cn=many200," GROUPS, "member"), "many200");
	assert_string_equal(listing(*state, "cn=all-many," GROUPS, "member"), "many");
	add_groups("many", many, 255, 258);
	assert_begins(at(*state, "many", "cn=all-many," GROUPS, "member"), "doubt: groups in groups: ");
	assert_begins(listing(*state, "cn=all-many," GROUPS, "member"), "doubt: cn=all-many," GROUPS);
	assert_string_equal(at(*state, "alice", "cn=l2," GROUPS, "member"), "l2");
}

/* Too many of two levels together. */
static void test_a077_too_many_on_the_way_up(void **state)
{
	add_groups("busy", "uid=busy," PEOPLE, 0, 150);
	assert_string_equal(at(*state, "busy", "cn=busy7," GROUPS, "member"), "busy7");
	add_groups("above", "cn=busy0," GROUPS, 0, 150);
	assert_begins(at(*state, "busy", "cn=busy7," GROUPS, "member"), "doubt: groups in groups: is in more groups");
}

static void test_a077_a_missing_base_is_doubt(void **state)
{
	struct cs_directory *directory = open_schema(NULL,
		"people_base = \"" PEOPLE "\" groups_base = \"ou=none," BASE "\" nesting = 2");
	(void)state;
	assert_begins(at(directory, "alice", "cn=l1," GROUPS, "member"), "doubt: groups in groups: groups_base");
	cs_directory_close(&directory);
}

/* People and groups below one base: who is a group is found out among all who are listed. */
static void test_one_base_for_all(void **state)
{
	struct cs_directory *directory = open_schema(NULL, "people_base = \"" BASE "\" groups_base = \"" BASE
		"\" nesting = 8");
	(void)state;
	assert_string_equal(listing(directory, "cn=l4," GROUPS, "member"), "alice bob carol");
	assert_string_equal(listing(directory, "cn=elsewhere," GROUPS, "member"), "carol");
	assert_string_equal(at(directory, "carol", "cn=elsewhere," GROUPS, "member"), "elsewhere");
	cs_directory_close(&directory);
}

/* Lists these people in cn=big, which also holds l2. */
static void add_crowd(unsigned from, unsigned to)
{
	char *ldif = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&ldif, &size);
	assert_non_null(out);
	(void)fprintf(out, "dn: cn=big," GROUPS "\nchangetype: %s\n%s", from == 0 ? "add" : "modify",
		from == 0 ? "objectClass: groupOfNames\ncn: big\n" HOLDS("l2") : "add: member\n");
	for (unsigned i = from; i < to; i++)
		(void)fprintf(out, "member: uid=p%u," PEOPLE "\n", i);
	(void)fclose(out);
	assert_int_equal(server_modify(&server, ldif), 0);
	free(ldif);
}

/* Big groups, whose members are all looked at because any of them might be a group. */
static void test_a077_big_groups_in_groups(void **state)
{
	static const char alike[] = "people_base = \"" BASE "\" groups_base = \"" BASE "\" nesting = 8 "
		"deadline = 20s"; /* how long it takes is printed: machines are busy */
	struct cs_directory *directory = open_schema(NULL, alike);
	(void)state;
	add_crowd(0, 4000);
	assert_string_equal(listing(directory, "cn=big," GROUPS, "member"), "4002 people");
	add_crowd(4000, 10000);
	uint64_t begin = cs_boot_ms();
	assert_string_equal(at(directory, "alice", "cn=big," GROUPS, "member"), "big");
	assert_string_equal(at_least(directory, "alice", CS_GROUP_AT, "cn=big," GROUPS, "member", 10001), "big");
	assert_holds(at_least(directory, "alice", CS_GROUP_AT, "cn=big," GROUPS, "member", 10002), "lists 10001,");
	(void)fprintf(stderr, "in a group of 10,001, three times: %llu ms\n",
		(unsigned long long)(cs_boot_ms() - begin));
	begin = cs_boot_ms();
	/* read in time, and then too long for one message to the daemon */
	assert_string_equal(listing(directory, "cn=big," GROUPS, "member"), "doubt: the answer is too long");
	(void)fprintf(stderr, "a listing of 10,002 among people and groups: %llu ms\n",
		(unsigned long long)(cs_boot_ms() - begin));
	cs_directory_close(&directory);
}

#define IN(DEPTH, TEST) cmocka_unit_test_setup_teardown(TEST, open_##DEPTH, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN(two, test_a077_so_deep_and_no_deeper),
		IN(deep, test_a077_deep),
		IN(flat, test_flat_is_flat),
		IN(wishful, test_a077_deep),
		IN(deep, test_a077_cycles_end),
		IN(wishful, test_a077_cycles_end),
		IN(deep, test_other_lists_hold_groups_too),
		IN(deep, test_a074_groups_elsewhere_are_no_groups),
		IN(deep, test_a071_odd_names),
		IN(two, test_searches_are_few),
		IN(deep, test_a077_too_many_groups_are_doubt),
		IN(deep, test_a077_too_many_on_the_way_up),
		cmocka_unit_test(test_a077_a_missing_base_is_doubt),
		cmocka_unit_test(test_one_base_for_all),
		cmocka_unit_test(test_a077_big_groups_in_groups),
	};
	const struct server_extra extra = { .level = "stats", .limit = "sizelimit 500",
		.database = "index objectClass,cn,uid,member eq" };
	return run_world(tree, &extra, tests, CS_COUNT(tests));
}
