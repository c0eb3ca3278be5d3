/* SPDX-License-Identifier: Apache-2.0 */
/* Every common schema, with the same entries in each kind of directory: every kind has to give the same answers. */
#include "directory_schemas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct server server;

/* --- The entries ------------------------------------------------------------------------------------------------- */

#define P ",ou=people," BASE
#define G ",ou=groups," BASE
#define UNIT(DN, OU) "dn: " DN "\nobjectClass: organizationalUnit\nou: " OU "\n\n"
#define HUMAN(UID, NUMBER, REST)                                                                                       \
	"dn: uid=" UID P "\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\nobjectClass: shadowAccount\n"       \
	"objectClass: told\nuid: " UID "\ncn: " UID "\nsn: x\nuidNumber: " NUMBER "\ngidNumber: 1\n"                   \
	"homeDirectory: /\nentryUUID: 00000000-0000-4000-8000-00000000" NUMBER "\nipaUniqueID: ipa-" NUMBER            \
	"\nnsUniqueId: ns-" NUMBER "\n" REST "\n"
#define NAMES(CN, REST) "dn: cn=" CN G "\nobjectClass: groupOfNames\nobjectClass: told\ncn: " CN "\n" REST "\n"
#define IN(CN) "memberOf: cn=" CN G "\n"
#define M(RDN) "member: " RDN "\n"

#define TREE \
	"dn: " BASE "\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: x\n\n" \
	UNIT("ou=people," BASE, "people") UNIT("ou=groups," BASE, "groups") UNIT("ou=other," BASE, "other") \
	HUMAN("ann", "2001", "employeeNumber: 7\nmemberOf: CN=Of, ou=groups," BASE "\n" IN("ghost")) \
	HUMAN("bob", "2002", "uid: robert\nmanager: uid=ann" P "\n" IN("of") IN("ofdirect")) \
	HUMAN("cid", "2003", IN("of") IN("ofnested") IN("ofdirect")) \
	HUMAN("dan", "2004", "member: uid=ann" P "\n") \
	HUMAN("eve", "2005", "nsAccountLock: true\n") \
	HUMAN("fay", "2006", "shadowExpire: 100\n") \
	HUMAN("gus", "2007", "pwdAccountLockedTime: 000001010000Z\n") \
	HUMAN("hal", "2008", "shadowExpire: 90000\nnsAccountLock: FALSE\n") \
	/* login names */ \
	"dn: cn=posix" G "\nobjectClass: posixGroup\ncn: posix\ngidNumber: 10\nmemberUid: ann\nmemberUid: BOB\n" \
	"memberUid: robert\nmemberUid: ghost\nmemberUid: cid\n\n" \
	"dn: cn=posix2" G "\nobjectClass: posixGroup\ncn: posix2\ngidNumber: 11\nmemberUid: bob\nmemberUid: dan\n\n" \
	/* unique names */ \
	"dn: cn=unique" G "\nobjectClass: groupOfUniqueNames\ncn: unique\n" \
	"uniqueMember: UID=Ann , ou=people," BASE "\n" \
	"uniqueMember: uid=bob" P "#'0101'B\nuniqueMember: uid=cid" P "\nuniqueMember: uid=cid" P "#'1'B\n\n" \
	/* one group in another, in circles, too deep, and outside */ \
	NAMES("n0", M("uid=ann" P)) NAMES("n1", M("cn=n0" G)) NAMES("n2", M("cn=N1,ou=Groups," BASE) M("uid=bob" P)) \
	NAMES("n3", M("cn=n2" G)) NAMES("n4", M("cn=n3" G) M("uid=cid" P)) \
	NAMES("ring1", M("cn=ring2" G) M("uid=cid" P)) NAMES("ring2", M("cn=ring1" G) M("cn=ring2" G)) \
	NAMES("owned", M("uid=dan" P) "owner: cn=n0" G "\nowner: uid=cid" P "\n") \
	NAMES("outer", M("cn=outside,ou=other," BASE) M("cn=gone" G)) \
	"dn: cn=outside,ou=other," BASE "\nobjectClass: groupOfNames\ncn: outside\nmember: uid=dan" P "\n\n" \
	/* what is below is a group of another class: it lists, but nobody follows it */ \
	"dn: cn=role" G "\nobjectClass: organizationalRole\nobjectClass: told\ncn: role\nmember: uid=eve" P "\n\n" \
	NAMES("roles", M("cn=role" G)) \
	/* memberOf */ \
	NAMES("of", M("uid=ann" P) M("uid=bob" P) M("uid=cid" P) "description: told\n") \
	NAMES("ofdirect", M("uid=bob" P) M("cn=ofnested" G)) NAMES("ofnested", M("uid=cid" P)) \
	/* at_least: everybody counts once */ \
	NAMES("few", M("uid=ann" P) M("uid=bob" P))

#define AD_PERSON(CN, NUMBER, GUID, CONTROL) \
	"dn: cn=" CN ",cn=users," BASE "\nobjectClass: user\ncn: " CN "\nsn: x\nsAMAccountName: " CN "\nuidNumber: " \
	NUMBER "\nobjectGUID:: " GUID "\nobjectCategory: person\nuserAccountControl: " CONTROL "\n\n"
#define AD_TREE \
	"dn: cn=users," BASE "\nobjectClass: namedObject\ncn: users\n\n" \
	AD_PERSON("ada", "3001", "AAECAwQFBgcICQoLDA0ODw==", "512") \
	AD_PERSON("ben", "3002", "EAECAwQFBgcICQoLDA0ODw==", "514") \
	"dn: cn=pc,cn=users," BASE "\nobjectClass: user\ncn: pc\nsn: x\nsAMAccountName: pc\nuidNumber: 3003\n" \
	"objectCategory: computer\nobjectGUID:: IAECAwQFBgcICQoLDA0ODw==\n\n" \
	"dn: cn=inner,cn=users," BASE "\nobjectClass: group\ncn: inner\nmember: cn=ada,cn=users," BASE "\n\n" \
	"dn: cn=outer,cn=users," BASE "\nobjectClass: group\ncn: outer\nmember: cn=inner,cn=users," BASE "\n\n"

/* --- Questions --------------------------------------------------------------------------------------------------- */

#define BASES "people_base = \"ou=people," BASE "\" groups_base = \"ou=groups," BASE "\"\n"
#define AD_BASES "people_base = \"cn=users," BASE "\" groups_base = \"cn=users," BASE "\"\n"

#define AT CS_GROUP_AT
#define BELOW CS_GROUPS_BELOW
enum { ASKS_MAX = 4 };

/* One question of one person (a login, or NULL), in a directory with these options. */
struct ask {
	enum cs_where where;
	const char *dn, *listed;
	const char *wanted; /* NULL: none */
	uint32_t at_least;
};
struct row {
	const char *name, *options, *login;
	struct ask asks[ASKS_MAX]; /* up to one without a DN */
	const char *expected;
};

#define ANN "yes ann 2001 00000000-0000-4000-8000-000000002001 uid=ann,ou=people,dc=example,dc=org"
#define BOB "yes bob 2002 00000000-0000-4000-8000-000000002002 uid=bob,ou=people,dc=example,dc=org"
#define CID "yes cid 2003 00000000-0000-4000-8000-000000002003 uid=cid,ou=people,dc=example,dc=org"
#define GG ",ou=groups,dc=example,dc=org"
#define PP ",ou=people,dc=example,dc=org"

static const struct row people[] = {
	/* A075: logins, to the byte, and the canonical one alone */
	{ "login", "schema = rfc2307 " BASES, "ann", { { AT, "cn=posix" G, "memberUid", "cn", 0 } },
	  ANN " 0:cn=posix" GG "{cn=posix}" },
	{ "login in other letters", "schema = rfc2307 " BASES, "bob", { { AT, "cn=posix" G, "memberUid", NULL, 0 } },
	  BOB },
	{ "logins below", "schema = rfc2307 " BASES, "bob", { { BELOW, "ou=groups," BASE, "memberUID", NULL, 0 } },
	  BOB " 0:cn=posix2" GG },
	{ "a second login is found and not listed", "schema = rfc2307 " BASES, "robert",
	  { { AT, "cn=posix" G, "memberUid", NULL, 0 }, { AT, "cn=posix2" G, "memberUid", NULL, 0 } },
	  "yes robert 2002 00000000-0000-4000-8000-000000002002 uid=bob" PP " 1:cn=posix2" GG },
	/* uniqueMember: with a bit string it is somebody else */
	{ "unique", "schema = rfc2307bis " BASES, "ann", { { AT, "cn=unique" G, "uniqueMember", "cn", 0 } },
	  ANN " 0:cn=unique" GG "{cn=unique}" },
	{ "unique with bits", "schema = rfc2307bis " BASES, "bob", { { AT, "cn=unique" G, "uniqueMember", NULL, 0 } },
	  BOB },
	{ "unique with and without", "schema = rfc2307bis " BASES, "cid",
	  { { AT, "cn=unique" G, "uniqueMember", NULL, 0 } }, CID " 0:cn=unique" GG },
	/* A077: groups in groups */
	{ "not nested", "schema = rfc2307bis " BASES, "ann",
	  { { AT, "cn=n0" G, "member", NULL, 0 }, { AT, "cn=n1" G, "member", NULL, 0 } }, ANN " 0:cn=n0" GG },
	{ "nested once", "schema = rfc2307bis nesting = 1 " BASES, "ann",
	  { { AT, "cn=n0" G, "member", NULL, 0 }, { AT, "cn=n1" G, "member", NULL, 0 },
	    { AT, "cn=n2" G, "member", NULL, 0 } }, ANN " 0:cn=n0" GG " 1:cn=n1" GG },
	{ "nested deep", "schema = rfc2307bis nesting = 3 " BASES, "ann",
	  { { AT, "cn=n2" G, "member", NULL, 0 }, { AT, "cn=n3" G, "member", NULL, 0 },
	    { AT, "cn=n4" G, "member", NULL, 0 } }, ANN " 0:cn=n2" GG " 1:cn=n3" GG },
	{ "in circles", "schema = rfc2307bis nesting = 16 " BASES, "cid",
	  { { AT, "cn=ring1" G, "member", NULL, 0 }, { AT, "cn=ring2" G, "member", NULL, 0 },
	    { BELOW, "ou=groups," BASE, "member", NULL, 0 } },
	  CID " 0:cn=ring1" GG " 1:cn=ring2" GG " 2:cn=n4" GG " 2:cn=of" GG " 2:cn=ofdirect" GG " 2:cn=ofnested" GG
	  " 2:cn=ring1" GG " 2:cn=ring2" GG },
	{ "owned by a group", "schema = rfc2307bis nesting = 2 " BASES, "ann",
	  { { AT, "cn=owned" G, "owner", "cn", 0 }, { AT, "cn=owned" G, "member", NULL, 0 } },
	  ANN " 0:cn=owned" GG "{cn=owned}" },
	{ "outside the base is no group to follow", "schema = rfc2307bis nesting = 4 " BASES, "dan",
	  { { AT, "cn=outer" G, "member", NULL, 0 }, { AT, "cn=outside,ou=other," BASE, "member", NULL, 0 } },
	  "yes dan 2004 00000000-0000-4000-8000-000000002004 uid=dan" PP " 1:cn=outside,ou=other,dc=example,dc=org" },
	{ "another class is no group to follow", "schema = rfc2307bis nesting = 4 " BASES, "eve",
	  { { AT, "cn=role" G, "member", NULL, 0 }, { AT, "cn=roles" G, "member", NULL, 0 } },
	  "yes eve 2005 00000000-0000-4000-8000-000000002005 uid=eve" PP " locked 0:cn=role" GG },
	{ "unless the filter says so", "schema = rfc2307bis nesting = 4 group_filter = \"(member=*)\" " BASES, "eve",
	  { { AT, "cn=roles" G, "member", NULL, 0 } },
	  "yes eve 2005 00000000-0000-4000-8000-000000002005 uid=eve" PP " locked 0:cn=roles" GG },
	/* memberOf */
	{ "own entry", "schema = openldap-memberof " BASES, "ann",
	  { { AT, "cn=of" G, "member", NULL, 0 }, { AT, "cn=of" G, "member", "description", 0 },
	    { BELOW, "ou=groups," BASE, "member", NULL, 0 }, { BELOW, "ou=groups," BASE, "member", "description", 0 } },
	  ANN " 0:cn=of" GG " 1:cn=of" GG "{description=told} 2:cn=ghost" GG " 2:cn=of" GG
	  " 3:cn=of" GG "{description=told}" },
	{ "groups that do not say so on his own entry", "schema = openldap-memberof " BASES, "ann",
	  { { AT, "cn=n0" G, "member", NULL, 0 }, { AT, "cn=unique" G, "uniqueMember", NULL, 0 } },
	  ANN " 1:cn=unique" GG },
	/* people who list people */
	{ "a person lists", "schema = rfc2307bis " BASES, "ann",
	  { { BELOW, "ou=people," BASE, "member", "uid", 0 }, { AT, "uid=bob" P, "manager", "uidNumber", 0 } },
	  ANN " 0:uid=dan" PP "{uid=dan} 1:uid=bob" PP "{uidNumber=2002}" },
	/* how many */
	{ "enough", "schema = rfc2307bis " BASES, "ann",
	  { { AT, "cn=few" G, "member", NULL, 2 }, { AT, "cn=unique" G, "uniqueMember", NULL, 4 } },
	  ANN " 0:cn=few" GG " 1:cn=unique" GG },
	{ "too few", "schema = rfc2307bis " BASES, "ann",
	  { { AT, "cn=few" G, "member", NULL, 3 }, { AT, "cn=ghost" G, "member", NULL, 1 },
	    { AT, "cn=few" G, "owner", NULL, 1 } },
	  ANN " 0:cn=few" GG " 0?cn=few,ou=groups," BASE " lists 2, and at_least says 3"
	  " 1?cn=ghost,ou=groups," BASE " is missing, and at_least says 1"
	  " 2?cn=few,ou=groups," BASE " lists 0, and at_least says 1" },
	{ "too few, and not among them", "schema = rfc2307bis " BASES, "cid",
	  { { AT, "cn=few" G, "member", NULL, 3 } },
	  CID " 0?cn=few,ou=groups," BASE " lists 2, and at_least says 3" },
	{ "too few below", "schema = rfc2307bis " BASES, "bob",
	  { { BELOW, "cn=few" G, "member", "cn", 3 }, { BELOW, "cn=few" G, "member", NULL, 2 },
	    { BELOW, "cn=posix2" G, "memberUid", NULL, 3 }, { BELOW, "cn=posix" G, "memberUid", NULL, 9 } },
	  BOB " 0:cn=few" GG "{cn=few} 1:cn=few" GG " 2:cn=posix2" GG
	  " 0?cn=few,ou=groups," BASE " lists 2, and at_least says 3"
	  " 2?cn=posix2,ou=groups," BASE " lists 2, and at_least says 3" },
	{ "too few in memberOf", "schema = openldap-memberof " BASES, "bob",
	  { { BELOW, "cn=ofdirect" G, "member", NULL, 3 }, { AT, "cn=of" G, "member", NULL, 4 } },
	  BOB " 0:cn=ofdirect" GG " 1:cn=of" GG
	  " 0?cn=ofdirect,ou=groups," BASE " lists 2, and at_least says 3"
	  " 1?cn=of,ou=groups," BASE " lists 3, and at_least says 4" },
	/* identities and accounts */
	{ "locked by 389", "schema = 389ds " BASES, "eve", { { 0 } }, "yes eve 2005 ns-2005 uid=eve" PP " locked" },
	{ "expired", "schema = freeipa " BASES, "fay", { { 0 } }, "yes fay 2006 ipa-2006 uid=fay" PP " locked" },
	{ "locked by ppolicy", "schema = rfc2307bis " BASES, "gus", { { 0 } },
	  "yes gus 2007 00000000-0000-4000-8000-000000002007 uid=gus" PP " locked" },
	{ "open", "schema = rfc2307 " BASES, "hal", { { 0 } },
	  "yes hal 2008 00000000-0000-4000-8000-000000002008 uid=hal" PP },
	{ "locked by a filter", "schema = rfc2307 locked_filter = \"(&(uid=hal)(|(cn=x)(cn=HAL)))\" " BASES, "hal",
	  { { 0 } }, "yes hal 2008 00000000-0000-4000-8000-000000002008 uid=hal" PP " locked" },
	{ "people by a filter", "schema = rfc2307 people_filter = \"(employeeNumber=*)\" " BASES, "bob", { { 0 } },
	  "no" },
	{ "one human", "schema = rfc2307 person_attribute = employeeNumber " BASES, "ann", { { 0 } }, ANN " 7" },
	{ "the DN stands in", "schema = rfc2307 id_attribute = dn " BASES, "ann", { { 0 } },
	  "yes ann 2001 uid=ann" PP " uid=ann" PP },
	{ "Active Directory", "schema = ad in_chain = false " AD_BASES, "ada",
	  { { AT, "cn=outer,cn=users," BASE, "member", NULL, 0 },
	    { AT, "cn=inner,cn=users," BASE, "member", NULL, 0 } },
	  "yes ada 3001 03020100-0504-0706-0809-0a0b0c0d0e0f cn=ada,cn=users,dc=example,dc=org"
	  " 0:cn=outer,cn=users,dc=example,dc=org 1:cn=inner,cn=users,dc=example,dc=org" },
	{ "a server that cannot chain", "schema = ad " AD_BASES, "ada",
	  { { AT, "cn=outer,cn=users," BASE, "member", NULL, 0 } },
	  "yes ada 3001 03020100-0504-0706-0809-0a0b0c0d0e0f cn=ada,cn=users,dc=example,dc=org"
	  " 0:cn=outer,cn=users,dc=example,dc=org" },
	{ "disabled", "schema = ad in_chain = false " AD_BASES, "ben", { { 0 } },
	  "yes ben 3002 03020110-0504-0706-0809-0a0b0c0d0e0f cn=ben,cn=users,dc=example,dc=org locked" },
	{ "a computer is nobody", "schema = ad in_chain = false " AD_BASES, "pc", { { 0 } }, "no" },
};

static const struct row listings[] = {
	{ "logins", "schema = rfc2307 " BASES, NULL, { { AT, "cn=posix" G, "memberUid", NULL, 0 } },
	  "yes uid=ann" PP " uid=cid" PP },
	{ "unique", "schema = rfc2307bis " BASES, NULL, { { AT, "cn=unique" G, "uniqueMember", NULL, 0 } },
	  "yes uid=ann" PP " uid=bob" PP " uid=cid" PP },
	{ "not nested", "schema = rfc2307bis " BASES, NULL, { { AT, "cn=n2" G, "member", NULL, 0 } },
	  "yes cn=n1" GG " uid=bob" PP },
	{ "nested once", "schema = rfc2307bis nesting = 1 " BASES, NULL,
	  { { AT, "cn=n2" G, "member", NULL, 0 }, { AT, "cn=n1" G, "member", NULL, 0 } },
	  "yes uid=bob" PP "\nyes uid=ann" PP },
	{ "nested deep", "schema = rfc2307bis nesting = 2 " BASES, NULL,
	  { { AT, "cn=n2" G, "member", NULL, 0 }, { AT, "cn=n4" G, "member", NULL, 0 } },
	  "yes uid=ann" PP " uid=bob" PP "\nyes uid=bob" PP " uid=cid" PP },
	{ "in circles", "schema = rfc2307bis nesting = 16 " BASES, NULL,
	  { { AT, "cn=ring1" G, "member", NULL, 0 }, { AT, "cn=ring2" G, "member", NULL, 0 } },
	  "yes uid=cid" PP "\nyes uid=cid" PP },
	{ "owned by a group", "schema = rfc2307bis nesting = 2 " BASES, NULL,
	  { { AT, "cn=owned" G, "owner", NULL, 0 } }, "yes uid=ann" PP " uid=cid" PP },
	{ "outside, and not there", "schema = rfc2307bis nesting = 2 " BASES, NULL,
	  { { AT, "cn=outer" G, "member", NULL, 0 } },
	  "yes cn=gone" GG " cn=outside,ou=other,dc=example,dc=org" },
	{ "of memberOf", "schema = openldap-memberof " BASES, NULL,
	  { { AT, "cn=of" G, "member", NULL, 0 }, { AT, "cn=ofdirect" G, "member", NULL, 0 } },
	  "yes uid=ann" PP " uid=bob" PP " uid=cid" PP "\nyes uid=bob" PP " uid=cid" PP },
	{ "none", "schema = rfc2307 " BASES, NULL, { { AT, "cn=ghost" G, "memberUid", NULL, 0 } }, "no" },
};

/* Which of these no replica can answer, so that they are looked up. */
static const char *const looked_up[] = {
	"outside the base is no group to follow", /* one of its groups is outside */
	"own entry",
	"groups that do not say so on his own entry",
	"a person lists", /* where no groups are */
	"too few in memberOf",
	"a server that cannot chain",
};

static bool is_looked_up(const char *name)
{
	for (size_t i = 0; i < CS_COUNT(looked_up); i++)
		if (strcmp(looked_up[i], name) == 0)
			return true;
	return false;
}

/* --- Running them ------------------------------------------------------------------------------------------------ */

static void make_query(const struct ask *ask, struct cs_group_query *query, struct cs_listing_query *listing)
{
	*query = (struct cs_group_query){ .where = ask->where, .dn = cs_dup(ask->dn), .listed = cs_dup(ask->listed),
		.at_least = ask->at_least };
	*listing = (struct cs_listing_query){ .where = ask->where, .dn = cs_dup(ask->dn), .listed = cs_dup(ask->listed) };
	if (ask->wanted != NULL)
		assert_int_equal(cs_strv_add(&query->wanted, &query->n_wanted, ask->wanted), 0);
}

static void check_row(const struct backend *backend, const struct row *row)
{
	struct cs_group_query queries[ASKS_MAX];
	struct cs_listing_query lists[ASKS_MAX];
	char *login = cs_dup(row->login), *expected = NULL;
	struct cs_subject subject = { .uid = CS_NO_UID, .login_uid = CS_NO_UID, .name = login };
	size_t n = 0;
	for (; n < ASKS_MAX && row->asks[n].dn != NULL; n++)
		make_query(&row->asks[n], &queries[n], &lists[n]);
	const struct cs_question about_him = { .subjects = &subject, .n_subjects = 1, .queries = queries,
		.n_queries = n };
	const struct cs_question about_lists = { .listings = lists, .n_listings = n };
	struct cs_directory *directory = open_backend(&server, backend, row->options);
	assert_non_null(directory);
	char *text = answer_text(directory, row->login != NULL ? &about_him : &about_lists, true);
	assert_int_equal(cs_format(&expected, "%s\n", row->expected), 0);
	if (strcmp(text, expected) != 0)
		fail_msg("%s, %s:\n%sexpected:\n%s", backend->name, row->name, text, expected);
	if (strcmp(backend->name, "replica") == 0 && row->login != NULL && was_by_replica == is_looked_up(row->name))
		fail_msg("%s: %s", row->name, was_by_replica ? "by the replica" : "looked up");
	free(text);
	free(expected);
	free(login);
	for (size_t i = 0; i < n; i++) {
		cs_clear(&cs_group_query_shape, &queries[i]);
		cs_clear(&cs_listing_query_shape, &lists[i]);
	}
	cs_directory_close(&directory);
}

static void test_a075_a077_people_and_groups(void **state)
{
	for (size_t i = 0; i < CS_COUNT(people); i++)
		check_row(*state, &people[i]);
}

static void test_a075_a077_listings(void **state)
{
	for (size_t i = 0; i < CS_COUNT(listings); i++)
		check_row(*state, &listings[i]);
}

int main(void)
{
	struct CMUnitTest tests[2 * BACKENDS];
	int r = schema_server_make(&server, TREE AD_TREE);
	for (size_t i = 0; i < BACKENDS; i++) {
		void *backend = (void *)(uintptr_t)&backends[i];
		tests[2 * i] = (struct CMUnitTest){ "people and groups", test_a075_a077_people_and_groups, NULL, NULL,
			backend };
		tests[2 * i + 1] = (struct CMUnitTest){ "listings", test_a075_a077_listings, NULL, NULL, backend };
	}
	if (r == 0)
		r = cmocka_run_group_tests(tests, NULL, NULL);
	if (r != 77)
		server_remove(&server);
	return r < 0 ? 1 : r;
}
