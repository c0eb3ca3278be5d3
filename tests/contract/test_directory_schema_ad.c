/* SPDX-License-Identifier: Apache-2.0 */
/* Active Directory's shape: a slapd with a few of its attributes, and ad_server.py in front of it, which adds the
 * matching rule for groups in groups and lists that come in pieces. objectCategory is a plain string here. The real one
 * also tells of more than 1,000 entries only in pages. */
#include "schema_world.h"

#define TYPE(N, NAME, EQUALITY, SYNTAX) \
	"attributetype ( 1.3.6.1.4.1.55555.1." N " NAME '" NAME "' EQUALITY " EQUALITY \
	" SYNTAX 1.3.6.1.4.1.1466.115.121.1." SYNTAX " )\n"
static const char schema[] =
	TYPE("1", "objectGUID", "octetStringMatch", "40") TYPE("2", "sAMAccountName", "caseIgnoreMatch", "15")
	TYPE("3", "userAccountControl", "integerMatch", "27") TYPE("4", "accountExpires", "integerMatch", "27")
	TYPE("5", "msDS-User-Account-Control-Computed", "integerMatch", "27")
	TYPE("6", "objectCategory", "caseIgnoreMatch", "15")
	TYPE("7", "supportedCapabilities", "objectIdentifierMatch", "38")
	TYPE("8", "managedBy", "distinguishedNameMatch", "12")
	"objectclass ( 1.3.6.1.4.1.55555.2.1 NAME 'user' SUP top AUXILIARY MAY ( objectGUID $ sAMAccountName $ "
	"userAccountControl $ accountExpires $ msDS-User-Account-Control-Computed $ objectCategory $ uidNumber ) )\n"
	"objectclass ( 1.3.6.1.4.1.55555.2.2 NAME 'group' SUP top STRUCTURAL MUST cn MAY ( member $ managedBy ) )\n";

#define USER(CN, SAM, NUMBER, REST) \
	"dn: cn=" CN "," PEOPLE "\nobjectClass: inetOrgPerson\nobjectClass: user\nobjectCategory: person\n" \
	"sn: x\nsAMAccountName: " SAM "\nuidNumber: " NUMBER "\n" REST "\n"
#define GUID "objectGUID:: MyIRAFVEd2aImaq7zN3u/w==\n" /* 33 22 11 00 55 44 77 66 88 99 … ff */
#define GUID_OF(N) "objectGUID:: AAAAAAAAAAAAAAAAAAAAA" N "==\n"
#define MEMBER(CN) "member: cn=" CN "," PEOPLE "\n"
#define HOLDS(CN) "member: cn=" CN "," GROUPS "\n"
#define SET(CN, REST) GROUP(CN, "group", REST)

static const char tree[] = TOP USER("Alice Smith", "alice", "2001", GUID "userAccountControl: 512\naccountExpires: 0\n")
	USER("Bob", "bob", "2002", GUID_OF("g") "userAccountControl: 66048\naccountExpires: 9223372036854775807\n")
	USER("Frank\\2C (ops) *\\5Cx", "frank", "2003", GUID_OF("w"))
	USER("Big", "Big.Boss", "2004", GUID_OF("Q"))
	USER("Off", "off", "2010", GUID_OF("A") "userAccountControl: 514\n")
	USER("Out", "out", "2011", GUID_OF("A") "userAccountControl: 512\nmsDS-User-Account-Control-Computed: 16\n")
	USER("Over", "over", "2012", GUID_OF("A") "accountExpires: 132223104000000000\n")
	USER("Odd", "odd", "2013", GUID_OF("A") "userAccountControl: 512\nuserAccountControl: 514\n")
	USER("Nobody", "noguid", "2014", "")
	"dn: cn=host," PEOPLE "\nobjectClass: inetOrgPerson\nobjectClass: user\nobjectCategory: computer\nsn: x\n"
	"sAMAccountName: host\nuidNumber: 2015\n" GUID_OF("A") "\n"
	SET("team", MEMBER("Alice Smith") MEMBER("Frank\\2C (ops) *\\5Cx"))
	SET("unit", HOLDS("team") MEMBER("Bob")) SET("all", HOLDS("unit") "managedBy: cn=team," GROUPS "\n")
	SET("ring1", HOLDS("ring2") MEMBER("Bob")) SET("ring2", HOLDS("ring1"))
	SET("hollow", "");

enum { PIECE = 10 };

static pid_t proxy = -1;
static char uri[64];

static const char ad[] = "people_base = \"" BASE "\" groups_base = \"" BASE "\" schema = ad insecure_loopback = true";

static int open_ad(void **state)
{
	*state = open_schema(uri, ad);
	return 0;
}

/* The same without the rule: level by level. */
static int open_levels(void **state)
{
	char options[512];
	(void)snprintf(options, sizeof(options), "%s in_chain = false", ad);
	*state = open_schema(uri, options);
	return 0;
}

static void test_a072_the_right_person(void **state)
{
	assert_string_equal(who(*state, 2001, "alice"), "00112233-4455-6677-8899-aabbccddeeff alice");
	assert_string_equal(who(*state, 2001, "Alice"), "nobody");
	assert_string_equal(who(*state, 2002, "alice"), "nobody");
	assert_string_equal(who(*state, CS_NO_UID, "host"), "nobody");
	assert_holds(who(*state, 2004, ""), " Big.Boss");
	assert_holds(who(*state, CS_NO_UID, "noguid"), "objectGUID is missing");
}

static void test_closed_accounts(void **state)
{
	assert_holds(who(*state, CS_NO_UID, "off"), " off locked");
	assert_holds(who(*state, CS_NO_UID, "out"), " out locked");
	assert_holds(who(*state, CS_NO_UID, "over"), " over locked");
	assert_null(strstr(who(*state, CS_NO_UID, "alice"), "locked"));
	assert_null(strstr(who(*state, CS_NO_UID, "bob"), "locked"));
	assert_begins(who(*state, CS_NO_UID, "odd"), "doubt: ");
	assert_holds(said, "userAccountControl has too many values");
}

static void test_a077_groups_in_groups(void **state)
{
	assert_string_equal(at(*state, "alice", "cn=all," GROUPS, "member"), "all");
	assert_string_equal(below(*state, "alice", GROUPS, "member"), "all gap short stop team unit");
	assert_string_equal(below(*state, "bob", GROUPS, "member"), "all ring1 ring2 unit");
	assert_string_equal(at(*state, "bob", "cn=team," GROUPS, "member"), "");
	assert_string_equal(at(*state, "frank", "cn=all," GROUPS, "member"), "all");
	/* who is in team manages all, as team does */
	assert_string_equal(below(*state, "alice", GROUPS, "managedBy"), "all");
	assert_string_equal(below(*state, "bob", GROUPS, "managedBy"), "");
}

static void test_a077_listings(void **state)
{
	assert_string_equal(listing(*state, "cn=team," GROUPS, "member"), "Alice Smith Frank, (ops) *\\x");
	assert_string_equal(listing(*state, "cn=all," GROUPS, "member"), "Alice Smith Bob Frank, (ops) *\\x");
	assert_string_equal(listing(*state, "cn=ring1," GROUPS, "member"), "Bob");
	assert_string_equal(listing(*state, "cn=hollow," GROUPS, "member"), "");
	assert_string_equal(listing(*state, "cn=none," GROUPS, "member"), "no such group");
	assert_string_equal(listing(*state, "cn=all," GROUPS, "managedBy"), "Alice Smith Frank, (ops) *\\x");
}

/* The root DSE and the person at once, then the group: whatever the depth. */
static void test_few_searches(void **state)
{
	assert_string_equal(at(*state, "alice", "cn=all," GROUPS, "member"), "all");
	struct cs_group_query query = { .where = CS_GROUP_AT, .dn = writable("cn=hollow," GROUPS),
		.listed = writable("member") };
	unsigned before = searches();
	struct cs_answer answer = ask_one(*state, 2001, "alice", &query, 1);
	/* and four of the proxy's own, which goes up from alice over team, unit and all */
	assert_int_equal(searches() - before, 3 + 4);
	cs_clear(&cs_answer_shape, &answer);
}

/* Adds a group that lists so many, of whom alice is the last. */
static void add_list(const char *cn, unsigned n)
{
	char *ldif = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&ldif, &size);
	assert_non_null(out);
	(void)fprintf(out, "dn: cn=%s," GROUPS "\nchangetype: add\nobjectClass: group\ncn: %s\n", cn, cn);
	for (unsigned i = 0; i + 1 < n; i++)
		(void)fprintf(out, "member: cn=p%u," PEOPLE "\n", i);
	(void)fprintf(out, MEMBER("Alice Smith"));
	(void)fclose(out);
	assert_int_equal(server_modify(&server, ldif), 0);
	free(ldif);
}

static void test_a077_lists_in_pieces(void **state)
{
	static const unsigned sizes[] = { PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 10 * PIECE + 5 };
	for (size_t i = 0; i < CS_COUNT(sizes); i++) {
		char cn[32], dn[128], expected[64];
		(void)snprintf(cn, sizeof(cn), "list%u", sizes[i]);
		(void)snprintf(dn, sizeof(dn), "cn=%s," GROUPS, cn);
		add_list(cn, sizes[i]);
		assert_string_equal(at(*state, "alice", dn, "member"), cn);
		assert_string_equal(at_least(*state, "alice", CS_GROUP_AT, dn, "member", sizes[i]), cn);
		(void)snprintf(expected, sizeof(expected), "lists %u, and at_least says %u", sizes[i], sizes[i] + 1);
		assert_holds(at_least(*state, "alice", CS_GROUP_AT, dn, "member", sizes[i] + 1), expected);
		listing(*state, dn, "member");
		assert_holds(said, sizes[i] > 100 ? "105 people" : "Alice Smith");
		/* each once, and nobody left out */
		unsigned blanks = 0;
		for (const char *p = said; *p != '\0' && sizes[i] <= 100; p++)
			blanks += *p == ' ';
		if (sizes[i] <= 100)
			assert_int_equal(blanks, sizes[i]); /* one is in Alice's name */
	}
	assert_string_equal(at_least(*state, "alice", CS_GROUPS_BELOW, "cn=list105," GROUPS, "member", 105), "list105");
	assert_holds(at_least(*state, "alice", CS_GROUPS_BELOW, "cn=list105," GROUPS, "member", 106),
		"lists 105, and at_least says 106");
}

static const char *const broken[] = { "gap", "stop", "short" };

static void test_a077_broken_pieces_are_doubt(void **state)
{
	for (size_t i = 0; i < CS_COUNT(broken); i++) {
		char dn[128];
		(void)snprintf(dn, sizeof(dn), "cn=%s," GROUPS, broken[i]);
		assert_begins(listing(*state, dn, "member"), "doubt: ");
		assert_holds(at_least(*state, "alice", CS_GROUP_AT, dn, "member", 2 * PIECE), " unsure: ");
	}
	assert_string_equal(at(*state, "alice", "cn=gap," GROUPS, "member"), "gap");
}

/* What a policy wants of a group is not cut either. */
static void test_wanted_in_pieces_is_doubt(void **state)
{
	assert_begins(wanted(*state, "alice", CS_GROUP_AT, "cn=list30," GROUPS, "member", "member"), "doubt: ");
}

/* What still waits for the root DSE at the deadline is doubt, and the worker lives on. */
static void test_a083_a_silent_server_is_doubt(void **state)
{
	assert_string_equal(at(*state, "alice", "cn=all," GROUPS, "member"), "all");
	(void)kill(server.pid, SIGSTOP);
	listing(*state, "cn=all," GROUPS, "member");
	(void)kill(server.pid, SIGCONT);
	assert_begins(said, "doubt: cn=all," GROUPS);
	assert_holds(said, "no whole answer from ");
	assert_string_equal(at(*state, "alice", "cn=all," GROUPS, "member"), "all");
}

/* Starts ad_server.py before this slapd; it ends with the test program. */
static int start_proxy(void)
{
	char port[16], slapd_port[16], piece[16], word[8] = "";
	int out[2];
	unsigned number = free_port();
	(void)snprintf(port, sizeof(port), "%u", number);
	(void)snprintf(slapd_port, sizeof(slapd_port), "%u", server.port);
	(void)snprintf(piece, sizeof(piece), "%d", PIECE);
	(void)snprintf(uri, sizeof(uri), "ldap://127.0.0.1:%u", number);
	if (pipe2(out, O_CLOEXEC) != 0)
		return -1;
	proxy = fork();
	if (proxy == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(out[1], 1);
		(void)unsetenv("LD_PRELOAD");
		(void)execl("/usr/bin/python3", "python3", CS_SOURCE_DIR "/tests/contract/ad_server.py", port,
			slapd_port, piece, "cn=countersign," BASE, PASSWORD, BASE, (char *)NULL);
		_exit(127);
	}
	(void)close(out[1]);
	ssize_t n = read(out[0], word, sizeof(word) - 1);
	(void)close(out[0]);
	return n > 0 && strncmp(word, "ready", 5) == 0 ? 0 : -1;
}

static void begin(void **state)
{
	(void)state;
	assert_int_equal(start_proxy(), 0);
	for (size_t i = 0; i < CS_COUNT(broken); i++)
		add_list(broken[i], 2 * PIECE);
}

static void end(void **state)
{
	(void)state;
	(void)kill(proxy, SIGKILL);
	assert_int_equal(waitpid(proxy, NULL, 0), proxy);
}

#define IN(HOW, TEST) cmocka_unit_test_setup_teardown(TEST, open_##HOW, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begin),
		IN(ad, test_a072_the_right_person),
		IN(ad, test_closed_accounts),
		IN(ad, test_a077_groups_in_groups),
		IN(ad, test_a077_listings),
		IN(levels, test_a077_groups_in_groups),
		IN(levels, test_a077_listings),
		IN(ad, test_few_searches),
		IN(ad, test_a077_lists_in_pieces),
		IN(ad, test_a077_broken_pieces_are_doubt),
		IN(levels, test_a077_broken_pieces_are_doubt),
		IN(ad, test_wanted_in_pieces_is_doubt),
		IN(ad, test_a083_a_silent_server_is_doubt),
		cmocka_unit_test(end),
	};
	char global[8192];
	FILE *root = NULL;
	static char path[] = "/tmp/countersign-root-XXXXXX";
	int fd = mkstemp(path);
	if (fd < 0 || (root = fdopen(fd, "w")) == NULL)
		return 1;
	(void)fprintf(root, "dn:\nsupportedCapabilities: 1.2.840.113556.1.4.800\n");
	(void)fclose(root);
	(void)snprintf(global, sizeof(global), "%srootDSE %s", schema, path);
	const struct server_extra extra = { .level = "stats", .limit = "sizelimit 500", .global = global };
	if (access("/usr/bin/python3", X_OK) != 0) {
		(void)fprintf(stderr, "skipped: python3 is missing\n");
		(void)unlink(path);
		return 77;
	}
	int r = run_world(tree, &extra, tests, CS_COUNT(tests));
	(void)unlink(path);
	return r;
}
