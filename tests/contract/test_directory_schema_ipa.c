/* SPDX-License-Identifier: Apache-2.0 */
/* The shapes of FreeIPA and of 389 Directory Server: a slapd with their attributes. memberOf stands here as FreeIPA's
 * plugin would keep it, with the groups that somebody is in by way of others. */
#include "schema_world.h"

#define STRING(N, NAME) \
	"attributetype ( 1.3.6.1.4.1.55555.3." N " NAME '" NAME "' EQUALITY caseIgnoreMatch SYNTAX " \
	"1.3.6.1.4.1.1466.115.121.1.15 )\n"
#define DN_TYPE(N, NAME) \
	"attributetype ( 1.3.6.1.4.1.55555.3." N " NAME '" NAME "' EQUALITY distinguishedNameMatch SYNTAX " \
	"1.3.6.1.4.1.1466.115.121.1.12 )\n"
static const char schema[] = STRING("1", "ipaUniqueID") STRING("2", "nsUniqueId") STRING("3", "nsAccountLock")
	DN_TYPE("4", "nsRoleDN") DN_TYPE("5", "memberOf")
	"attributetype ( 1.3.6.1.4.1.55555.3.6 NAME 'krbPrincipalExpiration' EQUALITY generalizedTimeMatch SYNTAX "
	"1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )\n"
	"objectclass ( 1.3.6.1.4.1.55555.4.1 NAME 'ipaUser' SUP top AUXILIARY MAY ( ipaUniqueID $ nsUniqueId $ "
	"nsRoleDN $ nsAccountLock $ memberOf $ krbPrincipalExpiration ) )\n"
	"objectclass ( 1.3.6.1.4.1.55555.4.2 NAME 'ipaUserGroup' SUP top AUXILIARY MAY ( memberOf $ ipaUniqueID ) )\n";

#define USERS "cn=users,cn=accounts," BASE
#define IPA_GROUPS "cn=groups,cn=accounts," BASE
#define CONTAINER(CN, ABOVE) "dn: cn=" CN "," ABOVE "\nobjectClass: applicationProcess\ncn: " CN "\n\n"
#define USER(RDN, UID, NUMBER, REST) \
	"dn: " RDN "," USERS "\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\nobjectClass: ipaUser\n" \
	"uid: " UID "\ncn: " UID "\nsn: x\nuidNumber: " NUMBER "\ngidNumber: 1\nhomeDirectory: /\n" \
	"ipaUniqueID: i-" UID "\nnsUniqueId: n-" UID "\n" REST "\n"
#define IN_GROUP(CN) "memberOf: cn=" CN "," IPA_GROUPS "\n"
#define TEAM(CN, REST) \
	"dn: cn=" CN "," IPA_GROUPS "\nobjectClass: groupOfNames\nobjectClass: ipaUserGroup\ncn: " CN "\n" REST "\n"
#define MEMBER(RDN) "member: " RDN "," USERS "\n"
#define ROLE(CN) "nsRoleDN: cn=" CN "," BASE "\n"

/* alice is in team, and team is in unit. */
static const char tree[] = TOP CONTAINER("accounts", BASE) CONTAINER("users", "cn=accounts," BASE)
	CONTAINER("groups", "cn=accounts," BASE)
	USER("uid=alice", "alice", "2001", IN_GROUP("team") IN_GROUP("unit") "nsAccountLock: FALSE\n")
	USER("uid=bob", "bob", "2002", IN_GROUP("unit") "krbPrincipalExpiration: 20990101000000Z\n" ROLE("staff"))
	USER(ODD_RDN, "frank", "2003", IN_GROUP("team") IN_GROUP("unit"))
	USER("uid=locked", "locked", "2010", "nsAccountLock: TRUE\n")
	USER("uid=lower", "lower", "2011", "nsAccountLock: true\n")
	USER("uid=expired", "expired", "2012", "krbPrincipalExpiration: 20200101000000Z\n")
	USER("uid=role", "role", "2013", ROLE("staff") ROLE("nsManagedDisabledRole"))
	USER("uid=nested", "nested", "2014", ROLE("nsDisabledRole"))
	USER("uid=unclear", "unclear", "2015", "nsAccountLock: perhaps\n")
	TEAM("team", "businessCategory: pmc\n" MEMBER("uid=alice") MEMBER(ODD_RDN) "owner: uid=bob," USERS "\n")
	TEAM("unit", "member: cn=team," IPA_GROUPS "\n" MEMBER("uid=bob"))
	TEAM("flat", MEMBER("uid=bob"))
	"dn: cn=unique," IPA_GROUPS "\nobjectClass: groupOfUniqueNames\ncn: unique\n"
	"uniqueMember: uid=bob," USERS "\n\n";

static int open_ipa(void **state)
{
	*state = open_schema(NULL, "people_base = \"" USERS "\" groups_base = \"" IPA_GROUPS "\" schema = freeipa");
	return 0;
}

static int open_389(void **state)
{
	*state = open_schema(NULL, "people_base = \"" USERS "\" groups_base = \"" IPA_GROUPS
		"\" schema = 389ds nesting = 4");
	return 0;
}

static int open_389_unique(void **state)
{
	*state = open_schema(NULL, "people_base = \"" USERS "\" schema = 389ds member_attribute = uniqueMember");
	return 0;
}

static void test_ipa_person(void **state)
{
	assert_string_equal(who(*state, 2001, "alice"), "i-alice alice");
}

static void test_389_person(void **state)
{
	assert_string_equal(who(*state, 2001, "alice"), "n-alice alice");
}

static void test_a072_nobody_else(void **state)
{
	assert_string_equal(who(*state, 2001, "ALICE"), "nobody");
	assert_string_equal(who(*state, 2002, "alice"), "nobody");
	assert_string_equal(who(*state, CS_NO_UID, "al*"), "nobody");
}

static void test_closed_accounts(void **state)
{
	static const char *const closed[] = { "locked", "lower", "expired", "role", "nested" };
	for (size_t i = 0; i < CS_COUNT(closed); i++)
		assert_holds(who(*state, CS_NO_UID, closed[i]), " locked");
	assert_null(strstr(who(*state, CS_NO_UID, "alice"), "locked"));
	assert_null(strstr(who(*state, CS_NO_UID, "bob"), "locked"));
	assert_holds(who(*state, CS_NO_UID, "unclear"), "nsAccountLock is not TRUE or FALSE");
}

static void test_groups(void **state)
{
	assert_string_equal(below(*state, "alice", IPA_GROUPS, "member"), "team unit");
	assert_string_equal(at(*state, "alice", "cn=unit," IPA_GROUPS, "member"), "unit");
	assert_string_equal(at(*state, "bob", "cn=team," IPA_GROUPS, "member"), "");
	assert_string_equal(at(*state, "bob", "cn=team," IPA_GROUPS, "owner"), "team");
	assert_string_equal(at(*state, "alice", "cn=team," IPA_GROUPS, "owner"), "");
	assert_string_equal(wanted(*state, "alice", CS_GROUPS_BELOW, IPA_GROUPS, "member", "businessCategory"), "pmc");
}

static void test_a071_odd_names(void **state)
{
	assert_string_equal(at(*state, "frank", "cn=unit," IPA_GROUPS, "member"), "unit");
	assert_string_equal(at(*state, "frank", "cn=flat," IPA_GROUPS, "member"), "");
}

/* People of a group in a group are in the listing; the group is not. */
static void test_listings(void **state)
{
	assert_string_equal(listing(*state, "cn=team," IPA_GROUPS, "member"), "Frank, (ops) *\\x alice");
	assert_string_equal(listing(*state, "cn=unit," IPA_GROUPS, "member"), "Frank, (ops) *\\x alice bob");
	assert_string_equal(listing(*state, "cn=flat," IPA_GROUPS, "member"), "bob");
	assert_string_equal(listing(*state, "cn=team," IPA_GROUPS, "owner"), "bob");
	assert_string_equal(listing(*state, "cn=none," IPA_GROUPS, "member"), "no such group");
}

static void test_ipa_asks_once(void **state)
{
	unsigned before = searches();
	assert_string_equal(at(*state, "alice", "cn=unit," IPA_GROUPS, "member"), "unit");
	assert_int_equal(searches() - before, 1);
}

static void test_389_unique_names(void **state)
{
	assert_string_equal(at(*state, "bob", "cn=unique," IPA_GROUPS, "uniqueMember"), "unique");
	assert_string_equal(at(*state, "alice", "cn=unique," IPA_GROUPS, "uniqueMember"), "");
	assert_string_equal(listing(*state, "cn=unique," IPA_GROUPS, "uniqueMember"), "bob");
}

#define IN(SCHEMA, TEST) cmocka_unit_test_setup_teardown(TEST, open_##SCHEMA, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN(ipa, test_ipa_person),
		IN(ipa, test_a072_nobody_else),
		IN(ipa, test_closed_accounts),
		IN(ipa, test_groups),
		IN(ipa, test_a071_odd_names),
		IN(ipa, test_listings),
		IN(ipa, test_ipa_asks_once),
		IN(389, test_389_person),
		IN(389, test_a072_nobody_else),
		IN(389, test_closed_accounts),
		IN(389, test_groups),
		IN(389, test_a071_odd_names),
		IN(389, test_listings),
		IN(389_unique, test_389_unique_names),
	};
	const struct server_extra extra = { .level = "stats", .global = schema };
	return run_world(tree, &extra, tests, CS_COUNT(tests));
}
