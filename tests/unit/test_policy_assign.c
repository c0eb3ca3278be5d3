/* SPDX-License-Identifier: Apache-2.0 */
/* Who is assigned what: kinds of scopes, people by name, conditions on groups, many single groups, exemptions. */
#include "test_policy_world.h"

#include <strings.h>

#define PEOPLE "ou=people,dc=example,dc=org"
#define GROUPS "ou=groups,dc=example,dc=org"
#define MARA   "uid=mara," PEOPLE
#define IDA    "uid=ida," PEOPLE

static struct cs_policy *policy;

static int no_policy(void **state)
{
	(void)state;
	cs_policy_free(&policy);
	return 0;
}

static int has(const struct member *who, const char *permission, const char *scope)
{
	struct cs_held held = {0};
	int silent = cs_policy_has_right(policy, &who->facts, permission, scope, NULL);
	int r = cs_policy_has_right(policy, &who->facts, permission, scope, &held);

	/* Whether somebody wants to know why changes nothing. */
	assert_int_equal(silent, r);
	assert_true((r == 1) == (held.reason == CS_WHY_HAS_RIGHT));
	assert_true(r != 1 || held.because);
	cs_held_clear(&held);
	return r;
}

static void assert_because(const struct member *who, const char *permission, const char *scope, const char *because)
{
	struct cs_held held = {0};

	assert_int_equal(cs_policy_has_right(policy, &who->facts, permission, scope, &held), 1);
	assert_string_equal(held.because, because);
	cs_held_clear(&held);
}

static void assert_steps(const struct member *who, const char *permission, const char *scope, const char *expected)
{
	char **steps = NULL, *text = NULL;
	size_t n = 0, len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(cs_policy_explain(policy, &who->facts, permission, scope, &steps, &n), 0);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\n", steps[i]);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	cs_free_strv(&steps, &n);
}

/* --- Kinds of scopes -------------------------------------------------------------------------------------------------
 */

#define KINDS                                                                                                          \
	"permission read { }\npermission adopt { }\npermission request { }\n"                                          \
	"role reader { permissions = read in wg { permissions = request } }\n"                                         \
	"role chair { label = Chair inherits = reader in wg { permissions = adopt } in rg { permissions = request } "  \
	"}\n"                                                                                                          \
	"role area { inherits = chair in wgx { permissions = adopt } }\n"                                              \
	"assignment chairs { role = chair scope = \"%s\" below = \"ou=g\" listed = chair }\n"

static void load_kinds(const char *scope)
{
	char *text = NULL;

	cs_policy_free(&policy);
	assert_int_equal(cs_format(&text, KINDS, scope), 0);
	policy = parse(text);
	free(text);
}

static void test_policy_kinds(void **state)
{
	static const struct {
		const char *held, *permission, *scope;
		int expected;
	} cases[] = {
		{"wg/%{cn}", "adopt", "wg/tls", 1},
		{"wg/%{cn}", "adopt", "wg/tls/draft", 1},
		{"wg/%{cn}", "request", "wg/tls", 1}, /* inherited for this kind */
		{"wg/%{cn}", "read", "wg/tls", 1},
		{"rg/%{cn}", "adopt", "rg/tls", 0},
		{"rg/%{cn}", "request", "rg/tls", 1},
		{"wgx/%{cn}", "adopt", "wgx/tls", 0}, /* a kind is a whole word; of area alone */
		{"w/%{cn}", "adopt", "w/tls", 0},
		{"WG/%{cn}", "adopt", "WG/tls", 0},
		{"*", "adopt", "wg/tls", 1}, /* held everywhere: the kind of what is asked for counts */
		{"*", "adopt", "wg", 1},
		{"*", "adopt", "rg/tls", 0},
		{"*", "adopt", "*", 0},
		{"*", "read", "*", 1},
		{"*", "read", "xg/any", 1},
		{"*", "request", "*", 0},
	};
	struct member who;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		load_kinds(cases[i].held);
		make_member(&who, MARA);
		list_as(&who, 0, "cn=tls,ou=g", "cn", "tls", NULL);
		int r = has(&who, cases[i].permission, cases[i].scope);

		if (r != cases[i].expected)
			fail_msg("case %zu: %s in %s held in %s: %d", i, cases[i].permission, cases[i].scope,
				 cases[i].held, r);
	}
}

/* A rule that asks for a role does not ask for a kind; a gate may ask only where somebody could have it. */
static void test_policy_kinds_in_gates(void **state)
{
	(void)state;
	policy = parse(
		"permission p { }\nrole r { in wg { permissions = p } }\n"
		"assignment a { role = r scope = \"*\" group = \"cn=g,ou=g\" listed = member }\n"
		"gate good { service = sudo permission = p scope = \"wg/tls\" approval one { count = 1 role = r } }\n");
	assert_text_refused("permission p { }\nrole r { in wg { permissions = p } }\n"
			    "assignment a { role = r scope = \"*\" group = \"cn=g,ou=g\" listed = member }\n"
			    "gate bad { service = sudo permission = p scope = \"rg/tls\" }\n",
			    4, "another kind of scope");
	assert_text_refused("permission p { }\nrole r { in wg { permissions = p } }\n"
			    "assignment a { role = r scope = \"*\" group = \"cn=g,ou=g\" listed = member }\n"
			    "gate bad { service = sudo permission = p }\n",
			    4, "another kind of scope");
}

static void test_policy_explains_kinds(void **state)
{
	struct member who;

	(void)state;
	load_kinds("rg/%{cn}");
	make_member(&who, MARA);
	list_as(&who, 0, "cn=nmrg,ou=g", "cn", "nmrg", NULL);
	assert_steps(&who, "adopt", "rg/nmrg",
		     "permission adopt: role chair (Chair) carries it in wg, not in rg/nmrg\n"
		     "permission adopt: role area (area) carries it in wg, wgx, not in rg/nmrg\n"
		     "not held: no assignment gives a role with adopt in rg/nmrg\n");
	assert_steps(&who, "request", "rg/nmrg",
		     "permission request: role reader (reader) carries it in wg, not in rg/nmrg\n"
		     "permission request: role chair (Chair) carries it in rg, wg\n"
		     "permission request: role area (area) carries it in rg, wg, inherited from role reader\n"
		     "role chair in rg/nmrg: by assignment chairs, chair of cn=nmrg,ou=g\n"
		     "held: request in rg/nmrg\n");
}

static void test_policy_refuses_kinds(void **state)
{
	char *text = NULL;
	size_t len = 0;

	(void)state;
	assert_text_refused("permission p { }\nrole r {\nin \"a b\" { permissions = p }\n}\n", 3,
			    "the name of this kind of scope");
	assert_text_refused("permission p { }\nrole r {\nin wg {\npermissions = q\n}\n}\n", 4,
			    "no permission is called");
	assert_text_refused("permission p { }\nrole r {\nin wg {\npermissions = { }\n}\n}\n", 4, "empty");
	assert_text_refused("permission p { }\nrole r {\nin wg { permissions = p }\nin wg { permissions = p }\n}\n", 4,
			    "wg");
	for (size_t i = 32; i <= 33; i++) {
		FILE *out = open_memstream(&text, &len);

		fputs("permission p { } role base { in k0 { permissions = p } }\nrole r { inherits = base\n", out);
		for (size_t k = 1; k < i; k++)
			fprintf(out, "in k%zu { permissions = p }\n", k);
		fputs("}\n", out);
		fclose(out);
		if (i == 32)
			policy = parse(text);
		else
			assert_text_refused(text, 2, "more than 32 kinds of scope");
		free(text);
	}
}

static void test_policy_refuses_too_many_roles(void **state)
{
	char *text = NULL;
	size_t len = 0;

	(void)state;
	for (size_t n = 1024; n <= 1025; n++) {
		FILE *out = open_memstream(&text, &len);

		fputs("permission p { }\n", out);
		for (size_t i = 0; i < n; i++)
			fprintf(out, "role r%zu { }\n", i);
		fclose(out);
		if (n == 1024)
			policy = parse(text);
		else
			assert_text_refused(text, 1026, "more than 1024 roles");
		free(text);
	}
}

/* --- People by name
 * --------------------------------------------------------------------------------------------------- */

#define RIGHT "permission p { }\npermission q { }\nrole r { label = R permissions = p }\nrole s { permissions = q }\n"
#define NAMED                                                                                                          \
	RIGHT "assignment by-name { role = r scope = \"project/tomcat\" person = { \"" MARA                            \
	      "\", \"uid=Bob\\\\2C Jr , " PEOPLE "\" } }\n"                                                            \
	      "assignment all { role = s scope = \"*\" person = \"" IDA "\" }\n"                                       \
	      "assignment grouped { role = r scope = \"project/%{cn}\" below = \"" PROJECTS "\" listed = owner }\n"

static void test_policy_people(void **state)
{
	static const struct {
		const char *dn, *permission, *scope;
		int expected;
	} cases[] = {
		{MARA, "p", "project/tomcat", 1},
		{MARA, "p", "project/tomcat/docs", 1},
		{MARA, "p", "project/httpd", 0},
		{MARA, "p", "project", 0},
		{MARA, "p", "*", 0},
		{MARA, "q", "project/tomcat", 0},
		{"UID=Mara, OU=People,dc=EXAMPLE , dc=org", "p", "project/tomcat", 1}, /* as another server spells it */
		{" uid = mara ,ou=people,dc=example,dc=org", "p", "project/tomcat", 1},
		{"uid=m\\61ra,ou=people,dc=example,dc=org", "p", "project/tomcat", 1},
		{"uid=mara", "p", "project/tomcat", 0},
		{"uid=mara,ou=people,dc=example", "p", "project/tomcat", 0},
		{"uid=mara,ou=people,dc=example,dc=org,dc=x", "p", "project/tomcat", 0},
		{"uid=mar,a,ou=people,dc=example,dc=org", "p", "project/tomcat", 0},
		{"uid=mara,ou=attic,dc=example,dc=org", "p", "project/tomcat", 0},
		{"uid=ma ra,ou=people,dc=example,dc=org", "p", "project/tomcat", 0},
		{"uid=bob\\, jr,ou=people,dc=example,dc=org", "p", "project/tomcat", 1}, /* one escape for another */
		{"uid=bob,jr,ou=people,dc=example,dc=org", "p", "project/tomcat", 0},
		{IDA, "q", "*", 1},
		{IDA, "q", "anything/at/all", 1},
		{IDA, "p", "project/tomcat", 0},
		{"", "p", "project/tomcat", 0},
		{NULL, "p", "project/tomcat", 0},
		{"\"uid=mara\",ou=people,dc=example,dc=org", "p", "project/tomcat", 0},
	};
	struct member who;

	(void)state;
	policy = parse(NAMED);
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		make_member(&who, cases[i].dn);
		int r = has(&who, cases[i].permission, cases[i].scope);

		if (r != cases[i].expected)
			fail_msg("case %zu: %s: %d", i, cases[i].dn ? cases[i].dn : "NULL", r);
	}
}

/* A name in the policy is no more than the directory says of the person (A003, A079). */
static void test_policy_a003_named_people_have_to_be_known(void **state)
{
	struct member who;

	(void)state;
	policy = parse(NAMED);
	make_member(&who, MARA);
	assert_int_equal(has(&who, "p", "project/tomcat"), 1);
	who.facts.person.locked = true;
	assert_int_equal(has(&who, "p", "project/tomcat"), 0);
	who.facts.person.locked = false;
	who.facts.known = CS_KNOWN_NO;
	assert_int_equal(has(&who, "p", "project/tomcat"), 0);
	who.facts.known = CS_KNOWN_DOUBT;
	assert_int_equal(has(&who, "p", "project/tomcat"), CS_EDOUBT);
}

static void test_policy_explains_people(void **state)
{
	struct member who;

	(void)state;
	policy = parse(NAMED);
	make_member(&who, MARA);
	assert_because(&who, "p", "project/tomcat", "role r in project/tomcat by name");
	assert_steps(&who, "p", "project/tomcat",
		     "permission p is in role r (R)\n"
		     "role r in project/tomcat: by assignment by-name, by name\n"
		     "assignment grouped (role r in project/%{cn}): not listed as owner of a group below " PROJECTS "\n"
		     "held: p in project/tomcat\n");
	assert_steps(
		&who, "p", "project/httpd",
		"permission p is in role r (R)\n"
		"role r in project/tomcat: by assignment by-name, by name; that is another scope than project/httpd\n"
		"assignment grouped (role r in project/%{cn}): not listed as owner of a group below " PROJECTS "\n"
		"not held: role r in project/httpd would supply it: be listed as owner of a group below " PROJECTS
		" with cn = httpd\n");
	assert_steps(&who, "q", "project/httpd",
		     "permission q is in role s (s)\n"
		     "assignment all (role s in *): does not name this person\n"
		     "not held: role s in * would supply it: be named in assignment all\n");
}

static void test_policy_named_people(void **state)
{
	char *const *named;
	size_t n = 0;

	(void)state;
	policy = parse(NAMED "gate g { service = sudo permission = p scope = \"project/x\" "
			     "approval one { count = 1 person = { \"UID=mara," PEOPLE "\", \"uid=zoe," PEOPLE "\" } } "
			     "exempt two { person = \"uid=Abe," PEOPLE "\" } }\n");
	named = cs_policy_named_people(policy, &n);
	assert_int_equal(n, 5);
	assert_string_equal(named[0], "uid=Abe," PEOPLE);
	assert_string_equal(named[1], "uid=Bob\\2C Jr , " PEOPLE);
	assert_string_equal(named[2], IDA);
	assert_true(strcasecmp(named[3], MARA) == 0);
	assert_string_equal(named[4], "uid=zoe," PEOPLE);
}

/* --- What is refused
 * ----------------------------------------------------------------------------------------------------- */

#define ASSIGN(text) RIGHT "assignment a {\nrole = r\nscope = \"project/x\"\n" text "}\n"
#define GROUP        "group = \"cn=g,ou=g\"\nlisted = member\n"
#define SECOND(text) ASSIGN(text) "assignment b { role = r scope = \"project/x\" "

static void test_policy_refuses_assignments(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *says;
	} cases[] = {
		{ASSIGN("listed = member\n"), 5, "people (person = DN)"},
		{ASSIGN("person = \"" MARA "\"\n" GROUP), 8, "not both group and person"},
		{ASSIGN("person = \"" MARA "\"\nbelow = \"ou=g\"\nlisted = member\n"), 8, "not both below and person"},
		{ASSIGN("person = \"" MARA "\"\nlisted = member\n"), 9, "listed in it would mean nothing"},
		{ASSIGN("person = \"" MARA "\"\nwhere = \"a=b\"\n"), 9, "where in it would mean nothing"},
		{ASSIGN("person = \"" MARA "\"\nunless = \"a=b\"\n"), 9, "unless in it would mean nothing"},
		{ASSIGN("person = { }\n"), 8, "empty"},
		{ASSIGN("person = mara\n"), 8, "person is a DN"},
		{ASSIGN("person = { \"" MARA "\", \"uid=mara , OU=people,dc=example,dc=org\" }\n"), 8, "stands twice"},
		{ASSIGN("person = \"cn=\\\"a, b=c\\\",ou=g\"\n"), 8, "person is a DN"},
		{RIGHT "assignment a {\nrole = r\nscope = \"project/%{cn}\"\nperson = \"" MARA "\"\n}\n", 7,
		 "nothing that could fill it in"},
		{ASSIGN(GROUP "label = \"\"\n"), 10, "label is empty"},
		{ASSIGN(GROUP "where = { }\n"), 10, "empty"},
		{ASSIGN(GROUP "where = \"groupType\"\n"), 10, "where is \"attribute=value\""},
		{ASSIGN(GROUP "where = \"groupType=\"\n"), 10, "where is \"attribute=value\""},
		{ASSIGN(GROUP "where = \"=wg\"\n"), 10, "where is \"attribute=value\""},
		{ASSIGN(GROUP "where = \"\"\n"), 10, "where is \"attribute=value\""},
		{ASSIGN(GROUP "unless = { \"a=b\", \"group type=wg\" }\n"), 10, "not \"group type=wg\""},
		{ASSIGN(GROUP "unless = \"1a=b\"\n"), 10, "unless is \"attribute=value\""},
		{ASSIGN(GROUP "unless = { \"a=b\", \"a=b\" }\n"), 10, "stands twice"},
		{ASSIGN(GROUP
			"unless = { \"a=1\", \"a=2\", \"a=3\", \"a=4\", \"a=5\", \"a=6\", \"a=7\", \"a=8\", \"a=9\", "
			"\"a=10\", \"a=11\", \"a=12\", \"a=13\", \"a=14\", \"a=15\", \"a=16\", \"a=17\" }\n"),
		 10, "more than 16 conditions"},
		/* The same in other words. */
		{SECOND(GROUP) "group = \"CN=g , ou=G\" listed = Member }\n", 11,
		 "assignment b says the same as assignment a"},
		{SECOND(GROUP "where = { \"a=b\", \"c=d\" }\n") "group = \"cn=g,ou=g\" listed = member "
								"where = { \"C=D\", \"A=b\" } }\n",
		 12, "assignment b says the same as assignment a"},
		{SECOND("person = { \"" MARA "\", \"" IDA "\" }\n") "person = { \"uid=x,ou=y\", \"UID=IDA, " PEOPLE
								    "\" } }\n",
		 10, "assignment b says the same of somebody as assignment a"},
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++)
		assert_text_refused(cases[i].text, cases[i].line, cases[i].says);
}

static void load_groups(size_t n, const char *more);

/* Near to the same, but not the same. */
static void test_policy_takes_assignments(void **state)
{
	static const char *const cases[] = {
		SECOND(GROUP) "group = \"cn=g,ou=h\" listed = member }\n",
		SECOND(GROUP) "below = \"cn=g,ou=g\" listed = member }\n",
		SECOND(GROUP) "group = \"cn=g,ou=g\" listed = owner }\n",
		ASSIGN(GROUP) "assignment b { role = r scope = \"project/y\" group = \"cn=g,ou=g\" listed = member }\n",
		ASSIGN(GROUP) "assignment b { role = s scope = \"project/x\" group = \"cn=g,ou=g\" listed = member }\n",
		SECOND(GROUP) "group = \"cn=g,ou=g\" listed = member where = \"a=b\" }\n",
		SECOND(GROUP "where = \"a=b\"\n") "group = \"cn=g,ou=g\" listed = member unless = \"a=b\" }\n",
		SECOND(GROUP "where = \"a=b\"\n") "group = \"cn=g,ou=g\" listed = member where = \"a=c\" }\n",
		SECOND("person = \"" MARA "\"\n") "person = \"" IDA "\" }\n",
		ASSIGN("person = \"" MARA "\"\n") "assignment b { role = s scope = \"project/x\" person = \"" MARA
						  "\" }\n",
		ASSIGN("person = \"" MARA "\"\n") "assignment b { role = r scope = \"project/y\" person = \"" MARA
						  "\" }\n",
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		policy = parse(cases[i]);
		cs_policy_free(&policy);
	}
	load_groups(17, "assignment x { role = r scope = \"x/s3\" group = \"cn=g3," GROUPS "\" listed = member "
			"where = \"a=b\" }\n");
}

static void test_policy_refuses_too_many_people(void **state)
{
	char *text = NULL;
	size_t len = 0;

	(void)state;
	for (size_t n = 1024; n <= 1025; n++) {
		FILE *out = open_memstream(&text, &len);

		fputs(RIGHT "assignment a { role = r scope = \"*\"\nperson = {", out);
		for (size_t i = 0; i < n; i++)
			fprintf(out, "%s\"uid=u%zu\"", i ? "," : "", i);
		fputs("} }\n", out);
		fclose(out);
		if (n == 1024)
			policy = parse(text);
		else
			assert_text_refused(text, 6, "more than 1024 people");
		free(text);
	}
}

/* --- Conditions on groups
 * ------------------------------------------------------------------------------------------------ */

static void load_conditions(const char *conditions)
{
	char *text = NULL;

	cs_policy_free(&policy);
	assert_int_equal(
		cs_format(&text,
			  RIGHT "assignment a { role = r scope = \"x/%%{cn}\" below = \"ou=g\" listed = member %s }\n",
			  conditions),
		0);
	policy = parse(text);
	free(text);
}

/* A group that says nothing meets no `where` (A088): that none of its values is wrong is not enough. */
static void test_policy_a088_conditions(void **state)
{
	static const struct {
		const char *conditions;
		const char *values[4]; /* of the attribute t; then one of u */
		const char *other;
		int expected;
	} cases[] = {
		{"where = \"t=wg\"", {"wg"}, NULL, 1},
		{"where = \"T=WG\"", {"wg"}, NULL, 1},
		{"where = \"t=wg\"", {"rg"}, NULL, 0},
		{"where = \"t=wg\"", {NULL}, NULL, 0},
		{"where = \"t=wg\"", {""}, NULL, 0},
		{"where = \"t=wg\"", {NULL}, "wg", 0},
		{"where = \"t=wg\"", {"rg", "x", "wg"}, NULL, 1}, /* every value is looked at */
		{"where = \"t=wg\"", {"wgx", "w"}, NULL, 0},
		{"where = \"t=a=b\"", {"a=b"}, NULL, 1}, /* the first '=' parts them */
		{"where = { \"t=a\", \"t=b\" }", {"a"}, NULL, 0},
		{"where = { \"t=a\", \"t=b\" }", {"b", "a"}, NULL, 1},
		{"where = { \"t=a\", \"u=b\" }", {"a"}, "c", 0},
		{"where = { \"t=a\", \"u=b\" }", {"a"}, "b", 1},
		{"unless = \"t=archived\"", {NULL}, NULL, 1},
		{"unless = \"t=archived\"", {"active"}, NULL, 1},
		{"unless = \"t=archived\"", {"active", "x", "Archived"}, NULL, 0},
		{"unless = { \"t=a\", \"u=b\" }", {"x"}, "b", 0},
		{"unless = { \"t=a\", \"u=b\" }", {"a"}, "x", 0},
		{"unless = { \"t=a\", \"u=b\" }", {"b"}, "a", 1},
		{"where = \"t=a\" unless = \"t=b\"", {"a"}, NULL, 1},
		{"where = \"t=a\" unless = \"t=b\"", {"a", "b"}, NULL, 0},
		{"where = \"t=a\" unless = \"t=a\"", {"a"}, NULL, 0},
	};
	struct member who;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_attribute *attributes = who.attributes[0];
		size_t n = 1;

		load_conditions(cases[i].conditions);
		make_member(&who, MARA);
		list_as(&who, 0, "cn=tls,ou=g", "cn", "tls", NULL);
		for (size_t k = 0; k < CS_COUNT(cases[i].values) && cases[i].values[k]; k++)
			attributes[n++] =
				(struct cs_attribute){(char *)(uintptr_t) "t", (char *)(uintptr_t)cases[i].values[k]};
		if (cases[i].other)
			attributes[n++] =
				(struct cs_attribute){(char *)(uintptr_t) "u", (char *)(uintptr_t)cases[i].other};
		who.memberships[0].n_attributes = n;
		int r = has(&who, "p", "x/tls");

		if (r != cases[i].expected)
			fail_msg("case %zu (%s): %d", i, cases[i].conditions, r);
	}
}

static void test_policy_conditions_are_asked_for(void **state)
{
	const struct cs_group_query *queries;
	size_t n = 0;

	(void)state;
	load_conditions("where = { \"t=a\", \"T=b\" } unless = { \"u=b\", \"CN=x\" }");
	queries = cs_policy_queries(policy, &n);
	assert_int_equal(n, 1);
	assert_int_equal(queries[0].n_wanted, 3);
	assert_string_equal(queries[0].wanted[0], "cn");
	assert_true(strcasecmp(queries[0].wanted[1], "t") == 0);
	assert_string_equal(queries[0].wanted[2], "u");
}

/* Which of two values would be the scope? None. For a condition any of them will do. */
static void test_policy_two_values_are_no_scope(void **state)
{
	struct member who;

	(void)state;
	load_conditions("where = \"cn=b\"");
	make_member(&who, MARA);
	list_as(&who, 0, "cn=b,ou=g", "cn", "a", "CN", "b", NULL);
	assert_int_equal(has(&who, "p", "x/a"), 0);
	assert_int_equal(has(&who, "p", "x/b"), 0);
	assert_steps(
		&who, "p", "x/b",
		"permission p is in role r (R)\n"
		"assignment a: member of cn=b,ou=g gives nothing: an attribute for the scope x/%{cn} is missing, has "
		"several values or is no word\n"
		"not held: role r in x/b would supply it: be listed as member of a group below ou=g with cn = b, cn = "
		"b\n");
	list_as(&who, 0, "cn=b,ou=g", "cn", "b", NULL);
	assert_int_equal(has(&who, "p", "x/b"), 1);
}

static void test_policy_explains_conditions(void **state)
{
	struct member who;

	(void)state;
	load_conditions(
		"label = \"Working group\" where = \"groupType=wg\" unless = { \"status=archived\", \"status=gone\" }");
	make_member(&who, MARA);
	list_as(&who, 0, "cn=a,ou=g", "cn", "a", "groupType", "rg", NULL);
	list_as(&who, 0, "cn=b,ou=g", "cn", "b", "groupType", "wg", "status", "ARCHIVED", NULL);
	assert_steps(&who, "p", "x/a",
		     "permission p is in role r (R)\n"
		     "assignment a: member of cn=a,ou=g gives nothing: cn=a,ou=g does not have groupType=wg\n"
		     "assignment a: member of cn=b,ou=g gives nothing: cn=b,ou=g has status=archived\n"
		     "not held: role r in x/a would supply it: be listed as member of a group below ou=g with cn = a, "
		     "groupType = wg without status = archived, status = gone\n");
	list_as(&who, 0, "cn=c,ou=g", "cn", "c", "groupType", "wg", "status", "active", NULL);
	assert_steps(&who, "p", "x/c",
		     "permission p is in role r (R)\n"
		     "assignment a: member of cn=a,ou=g gives nothing: cn=a,ou=g does not have groupType=wg\n"
		     "assignment a: member of cn=b,ou=g gives nothing: cn=b,ou=g has status=archived\n"
		     "role r (Working group) in x/c: by assignment a, member of cn=c,ou=g\n"
		     "held: p in x/c\n");
}

/* --- Many single groups
 * -------------------------------------------------------------------------------------------------- */

/* So many groups below ou=groups, each with a scope of its own, and what else. */
static void load_groups(size_t n, const char *more)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	cs_policy_free(&policy);
	fputs(RIGHT, out);
	for (size_t i = 0; i < n; i++)
		fprintf(out,
			"assignment g%zu { role = r scope = \"x/s%zu\" group = \"%s=g%zu, " GROUPS "\" listed = %s }\n",
			i, i, i % 2 ? "cn" : "CN", i, i % 2 ? "member" : "Member");
	fputs(more, out);
	fclose(out);
	policy = parse(text);
	free(text);
}

static void assert_queries(size_t expected, size_t below)
{
	size_t n = 0, found = 0;
	const struct cs_group_query *queries = cs_policy_queries(policy, &n);

	for (size_t i = 0; i < n; i++)
		found += queries[i].where == CS_GROUPS_BELOW;
	assert_int_equal(n, expected);
	assert_int_equal(found, below);
}

static void test_policy_many_groups_are_one_query(void **state)
{
	static const struct {
		size_t groups;
		const char *more;
		size_t queries, below;
	} cases[] = {
		{16, "", 16, 0},
		{17, "", 1, 1},
		{300, "", 1, 1},
		/* One group asked for twice is one group. */
		{16, "assignment x { role = s scope = \"*\" group = \"cn=g3," GROUPS "\" listed = member }\n", 16, 0},
		/* Another parent, another list: of their own. */
		{16, "assignment x { role = s scope = \"*\" group = \"cn=g,ou=h\" listed = member }\n", 17, 0},
		{16, "assignment x { role = s scope = \"*\" group = \"cn=g," GROUPS "\" listed = owner }\n", 17, 0},
		{17, "assignment x { role = s scope = \"*\" group = \"cn=g," GROUPS "\" listed = owner }\n", 2, 1},
		/* Whatever asks for groups counts: rules and exemptions, and what is asked below anyway. */
		{15,
		 "gate g { service = sudo permission = p scope = \"x/s1\" "
		 "approval a { count = 1 group = \"cn=rule," GROUPS "\" listed = member } "
		 "exempt e { group = \"cn=exempt," GROUPS "\" listed = member } }\n",
		 1, 1},
		{17,
		 "assignment x { role = s scope = \"*\" below = \"OU=groups,dc=example,dc=org\" listed = member }\n", 1,
		 1},
		{16,
		 "assignment x { role = s scope = \"*\" below = \"OU=groups,dc=example,dc=org\" listed = member }\n",
		 17, 1},
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		print_message("case %zu\n", i);
		load_groups(cases[i].groups, cases[i].more);
		assert_queries(cases[i].queries, cases[i].below);
	}
}

/* Subtrees are asked for one by one: what is below their parent beside them is not meant. */
static void test_policy_many_subtrees_stay(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	fputs(RIGHT, out);
	for (size_t i = 0; i < 17; i++)
		fprintf(out, "assignment b%zu { role = r scope = \"*\" below = \"ou=b%zu,ou=g\" listed = member }\n", i,
			i);
	fclose(out);
	policy = parse(text);
	free(text);
	assert_queries(17, 17);
}

/* The parent is asked, but only the group that is named gives anything. */
static void test_policy_merged_groups_keep_apart(void **state)
{
	static const struct {
		const char *group, *scope;
		int expected;
	} cases[] = {
		{"cn=g3," GROUPS, "x/s3", 1},
		{"CN=G3,ou=Groups, dc=example,dc=org", "x/s3", 1},
		{"cn=g3," GROUPS, "x/s4", 0},
		{"cn=g99," GROUPS, "x/s3", 0},
		{"cn=g3,ou=deeper," GROUPS, "x/s3", 0},
		{"cn=g3,ou=groups,dc=example", "x/s3", 0},
		{GROUPS, "x/s3", 0},
		{"", "x/s3", 0},
		{NULL, "x/s3", 0},
	};
	struct cs_group_query const *queries;
	struct member who;
	size_t n = 0;

	(void)state;
	load_groups(17, "");
	queries = cs_policy_queries(policy, &n);
	assert_string_equal(queries[0].dn, GROUPS);
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		make_member(&who, MARA);
		list_as(&who, 0, cases[i].group, NULL);
		if (has(&who, "p", cases[i].scope) != cases[i].expected)
			fail_msg("case %zu: %s", i, cases[i].group);
	}
	make_member(&who, MARA);
	list_as(&who, 1, "cn=g3," GROUPS, NULL); /* no such query */
	assert_int_equal(has(&who, "p", "x/s3"), 0);
}

/* A group without a query of its own and one for all groups below: both count where they are meant to. */
static void test_policy_merged_with_below(void **state)
{
	struct member who;
	size_t n = 0;

	(void)state;
	load_groups(17,
		    "assignment all { role = s scope = \"y/%{cn}\" below = \"" GROUPS "\" listed = member }\n"
		    "assignment wanting { role = s scope = \"z/%{ou}\" group = \"cn=g5," GROUPS "\" listed = member "
		    "where = \"t=v\" }\n");
	assert_int_equal(cs_policy_queries(policy, &n)[0].n_wanted, 3);
	make_member(&who, MARA);
	list_as(&who, 0, "cn=g5," GROUPS, "cn", "g5", "ou", "here", "t", "V", NULL);
	assert_int_equal(has(&who, "p", "x/s5"), 1);
	assert_int_equal(has(&who, "p", "x/s6"), 0);
	assert_int_equal(has(&who, "q", "y/g5"), 1);
	assert_int_equal(has(&who, "q", "z/here"), 1);
	who.attributes[0][2].value = (char *)(uintptr_t) "w";
	assert_int_equal(has(&who, "q", "z/here"), 0);
	assert_steps(
		&who, "q", "z/here",
		"permission q is in role s (s)\n"
		"role s in y/g5: by assignment all, member of cn=g5," GROUPS "; that is another scope than z/here\n"
		"assignment wanting: member of cn=g5," GROUPS " gives nothing: cn=g5," GROUPS " does not have t=v\n"
		"not held: role s in z/here would supply it: be listed as member of cn=g5," GROUPS
		" with ou = here, t = v\n");
}

/* A rule's query has another number after loading, and its group is found again. */
static void test_policy_merged_rules(void **state)
{
	const struct cs_gate *gate;
	struct cs_held held = {0};
	struct member who;

	(void)state;
	load_groups(17, "assignment own { role = r scope = \"y\" group = \"cn=g,ou=h\" listed = owner }\n"
			"gate g { service = sudo permission = p scope = \"x/s1\" "
			"approval a { count = 1 group = \"cn=rule," GROUPS "\" listed = member } "
			"approval b { count = 1 group = \"cn=g,ou=h\" listed = owner } "
			"exempt e { group = \"cn=free," GROUPS "\" listed = member } }\n");
	assert_queries(2, 1);
	gate = cs_policy_gate(policy, "g");
	make_member(&who, MARA);
	list_as(&who, 0, "cn=Rule," GROUPS, NULL);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 0, "x/s1", &held), 1);
	assert_int_equal(held.reason, CS_WHY_HAS_RIGHT);
	assert_string_equal(held.because, "member of cn=Rule," GROUPS);
	cs_held_clear(&held);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 0, "x/s1", NULL), 1);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 1, "x/s1", NULL), 0);
	assert_int_equal(cs_policy_exempt(policy, &who.facts, gate, "x/s1", NULL), 0);
	make_member(&who, MARA);
	list_as(&who, 1, "cn=g,ou=h", NULL);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 0, "x/s1", NULL), 0);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 1, "x/s1", NULL), 1);
	make_member(&who, MARA);
	list_as(&who, 0, "cn=free," GROUPS, NULL);
	assert_int_equal(cs_policy_exempt(policy, &who.facts, gate, "x/s1", NULL), 1);
}

static void test_policy_refuses_too_many_wanted(void **state)
{
	char *text = NULL;
	size_t len = 0;

	(void)state;
	for (size_t wanted = 16; wanted <= 17; wanted++) {
		FILE *out = open_memstream(&text, &len);

		fputs("permission p { } role r { }\n", out);
		for (size_t i = 0; i < 17; i++)
			fprintf(out,
				"assignment g%zu { role = r scope = \"x/%%{a%zu}\" group = \"cn=g%zu,ou=g\" listed = m "
				"}\n",
				i, i % wanted, i);
		fclose(out);
		if (wanted == 16)
			policy = parse(text);
		else
			assert_text_refused(text, 18, "more than 16 attributes");
		free(text);
	}
}

/* The directory is asked at most 256 questions, however they come about. */
static void test_policy_bounds_merged_queries(void **state)
{
	char *text = NULL;
	size_t len = 0, n = 0;

	(void)state;
	for (size_t parents = 256; parents <= 257; parents++) {
		FILE *out = open_memstream(&text, &len);

		fputs("permission p { } role r { }\n", out);
		for (size_t i = 0; i < parents * 17; i++)
			fprintf(out,
				"assignment g%zu { role = r scope = \"x\" group = \"cn=g%zu,ou=p%zu\" listed = m }\n",
				i, i, i / 17);
		fclose(out);
		if (parents == 256) {
			policy = parse(text);
			cs_policy_queries(policy, &n);
			assert_int_equal(n, 256);
		} else {
			assert_text_refused(text, 256 * 17 + 2, "more than 256 questions");
		}
		free(text);
	}
}

/* --- Rules and exemptions
 * ------------------------------------------------------------------------------------------------ */

#define EXEMPT                                                                                                         \
	RIGHT "assignment a { role = r scope = \"x\" group = \"cn=a,ou=g\" listed = member }\n"                        \
	      "assignment b { role = s scope = \"*\" group = \"cn=b,ou=g\" listed = member }\n"                        \
	      "gate g { service = sudo permission = p scope = \"x/y\" "                                                \
	      "approval named { count = 1 person = { \"" IDA "\", \"" MARA "\" } } "                                   \
	      "approval group { count = 1 group = \"cn=c,ou=g\" listed = owner } "                                     \
	      "exempt first { role = s scope = \"x\" } exempt second { person = \"" MARA "\" } }\n"                    \
	      "gate none { service = sshd permission = p scope = \"x/y\" }\n"

static void test_policy_exempt(void **state)
{
	const struct cs_gate *gate, *none;
	struct cs_held held = {0};
	struct member who;

	(void)state;
	policy = parse(EXEMPT);
	gate = cs_policy_gate(policy, "g");
	none = cs_policy_gate(policy, "none");
	make_member(&who, "UID=mara, " PEOPLE);
	assert_int_equal(cs_policy_exempt(policy, &who.facts, gate, "x/y", &held), 1);
	assert_int_equal(held.reason, CS_WHY_EXEMPT);
	assert_string_equal(held.because, "exemption second: by name");
	cs_held_clear(&held);
	list_as(&who, 1, "cn=b,ou=g", NULL);
	assert_int_equal(cs_policy_exempt(policy, &who.facts, gate, "x/y", &held), 1);
	assert_string_equal(held.because, "exemption first: role s in * by member of cn=b,ou=g");
	cs_held_clear(&held);
	assert_int_equal(cs_policy_exempt(policy, &who.facts, none, "x/y", &held), 0);
	assert_int_equal(held.reason, CS_WHY_NO_PERMISSION);
	assert_null(held.because);
	who.facts.person.locked = true;
	assert_int_equal(cs_policy_exempt(policy, &who.facts, gate, "x/y", &held), 0);
	assert_int_equal(held.reason, CS_WHY_LOCKED_PERSON);
	who.facts.known = CS_KNOWN_DOUBT;
	assert_int_equal(cs_policy_exempt(policy, &who.facts, gate, "x/y", &held), CS_EDOUBT);
	assert_int_equal(held.reason, CS_WHY_DOUBT);
	make_member(&who, IDA);
	assert_int_equal(cs_policy_exempt(policy, &who.facts, gate, "x/y", &held), 0);
	assert_int_equal(held.reason, CS_WHY_NO_PERMISSION);
}

static void test_policy_rules_by_name_and_group(void **state)
{
	const struct cs_gate *gate;
	struct cs_held held = {0};
	struct member who;

	(void)state;
	policy = parse(EXEMPT);
	gate = cs_policy_gate(policy, "g");
	make_member(&who, "uid=IDA, " PEOPLE);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 0, "x/y", &held), 1);
	assert_string_equal(held.because, "by name");
	cs_held_clear(&held);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 1, "x/y", &held), 0);
	assert_int_equal(held.reason, CS_WHY_NO_PERMISSION);
	who.facts.person.locked = true;
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 0, "x/y", NULL), 0);
	who.facts.known = CS_KNOWN_DOUBT;
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 0, "x/y", NULL), CS_EDOUBT);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 1, "x/y", NULL), CS_EDOUBT);
	make_member(&who, "uid=other," PEOPLE);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 0, "x/y", NULL), 0);
	list_as(&who, 0, "cn=c,ou=g", NULL); /* in another list */
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 1, "x/y", NULL), 0);
	list_as(&who, 2, "cn=d,ou=g", NULL); /* an answer about another group than the one that is named */
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 1, "x/y", NULL), 0);
	list_as(&who, 2, "CN=c, ou=G", NULL);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 1, "x/y", &held), 1);
	assert_string_equal(held.because, "owner of CN=c, ou=G");
	cs_held_clear(&held);
}

/* --- Who and what
 * ---------------------------------------------------------------------------------------------------------- */

static void assert_listings(struct cs_listing_query **queries, size_t *n, const char *expected)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	for (size_t i = 0; i < *n; i++) {
		const struct cs_listing_query *query = &(*queries)[i];

		fprintf(out, "%s %s %s %s=%s\n", query->where == CS_GROUP_AT ? "at" : "below", query->dn, query->listed,
			query->attribute, query->value);
		cs_clear(&cs_listing_query_shape, &(*queries)[i]);
	}
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	free(*queries);
	*queries = NULL;
	*n = 0;
}

static void test_policy_who_can(void **state)
{
	struct cs_listing_query *queries = NULL;
	const struct cs_gate *gate;
	size_t n = 0;

	(void)state;
	policy = parse(EXEMPT
		       "assignment c { role = r scope = \"x/%{cn}\" below = \"ou=g\" listed = owner where = \"t=v\" }\n"
		       "assignment d { role = r scope = \"x/y\" person = \"" MARA "\" }\n");
	gate = cs_policy_gate(policy, "g");
	assert_int_equal(cs_policy_who(policy, gate, 0, "x/y", &queries, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(cs_policy_who(policy, gate, 1, "x/y", &queries, &n), 0);
	assert_listings(&queries, &n, "at cn=c,ou=g owner =\n");
	assert_int_equal(cs_policy_who(policy, gate, 2, "x/y", &queries, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(cs_policy_who_can(policy, "p", "x/y", &queries, &n), 0);
	assert_listings(&queries, &n, "at cn=a,ou=g member =\nbelow ou=g owner cn=y\n");
	assert_int_equal(cs_policy_who_can(policy, "p", "*", &queries, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(cs_policy_who_can(policy, "p", "no scope", &queries, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(cs_policy_who_can(policy, "pp", "x/y", &queries, &n), CS_ENOENT);
	assert_int_equal(cs_policy_everybody(policy, &queries, &n), 0);
	assert_listings(&queries, &n,
		       "at cn=a,ou=g member =\nat cn=b,ou=g member =\nbelow ou=g owner =\nat cn=c,ou=g owner =\n");
}

/* A list for each of many groups would be more than one question may hold. */
static void test_policy_who_can_of_many_groups(void **state)
{
	struct cs_listing_query *queries = NULL;
	size_t n = 0;

	(void)state;
	load_groups(17, "assignment more { role = s scope = \"*\" group = \"cn=more," GROUPS "\" listed = member }\n");
	assert_int_equal(cs_policy_who_can(policy, "p", "x/s3", &queries, &n), 0);
	assert_listings(&queries, &n, "at cn=g3, " GROUPS " member =\n");
	assert_int_equal(cs_policy_who_can(policy, "q", "x/s3", &queries, &n), 0);
	assert_listings(&queries, &n, "at cn=more," GROUPS " member =\n");
	cs_policy_free(&policy);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	fputs(RIGHT, out);
	for (size_t i = 0; i < 300; i++)
		fprintf(out, "assignment g%zu { role = r scope = \"*\" group = \"cn=g%zu,ou=g\" listed = member }\n", i,
			i);
	fclose(out);
	policy = parse(text);
	free(text);
	assert_int_equal(cs_policy_who_can(policy, "p", "x", &queries, &n), 0);
	assert_listings(&queries, &n, "below ou=g member =\n");
}

static void assert_rights(const struct member *who, const char *expected)
{
	struct cs_right_held *rights = NULL;
	size_t n = 0, len = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(cs_policy_rights_of(policy, &who->facts, &rights, &n), 0);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s %s: %s\n", rights[i].scope, rights[i].permission, rights[i].because);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	cs_rights_held_free(&rights, &n);
	assert_null(rights);
	assert_int_equal(n, 0);
}

static void test_policy_rights_of(void **state)
{
	struct cs_right_held *rights = NULL;
	struct member who;
	size_t n = 0;

	(void)state;
	load_kinds("*");
	make_member(&who, MARA);
	assert_rights(&who, "");
	list_as(&who, 0, "cn=a,ou=g", NULL);
	list_as(&who, 0, "cn=b,ou=g", NULL);
	assert_rights(&who, "* read: role chair in * by chair of cn=a,ou=g\n"
			    "rg request: role chair in * by chair of cn=a,ou=g\n"
			    "wg adopt: role chair in * by chair of cn=a,ou=g\n"
			    "wg request: role chair in * by chair of cn=a,ou=g\n");
	who.facts.person.locked = true;
	assert_rights(&who, "");
	who.facts.known = CS_KNOWN_NO;
	assert_rights(&who, "");
	who.facts.known = CS_KNOWN_DOUBT;
	assert_int_equal(cs_policy_rights_of(policy, &who.facts, &rights, &n), CS_EDOUBT);
	assert_null(rights);
	load_kinds("wg/%{cn}");
	make_member(&who, MARA);
	list_as(&who, 0, "cn=b,ou=g", "cn", "b", NULL);
	list_as(&who, 0, "cn=a,ou=g", "cn", "a", NULL);
	list_as(&who, 0, "cn=c,ou=g", "cn", "c", "cn", "d", NULL);
	assert_rights(&who, "wg/a adopt: role chair in wg/a by chair of cn=a,ou=g\n"
			    "wg/a read: role chair in wg/a by chair of cn=a,ou=g\n"
			    "wg/a request: role chair in wg/a by chair of cn=a,ou=g\n"
			    "wg/b adopt: role chair in wg/b by chair of cn=b,ou=g\n"
			    "wg/b read: role chair in wg/b by chair of cn=b,ou=g\n"
			    "wg/b request: role chair in wg/b by chair of cn=b,ou=g\n");
	cs_policy_free(&policy);
	policy = parse(NAMED);
	make_member(&who, MARA);
	assert_rights(&who, "project/tomcat p: role r in project/tomcat by name\n");
	load_conditions("where = \"t=v\"");
	make_member(&who, MARA);
	list_as(&who, 0, "cn=a,ou=g", "cn", "a", "t", "w", NULL);
	assert_rights(&who, "");
}

/* A large policy still gives an answer that fits a reply. */
static void test_policy_explains_briefly(void **state)
{
	struct member who;
	char **steps = NULL;
	size_t n = 0;

	(void)state;
	load_groups(300, "assignment all { role = r scope = \"*\" group = \"cn=all,ou=h\" listed = member }\n");
	make_member(&who, MARA);
	assert_int_equal(cs_policy_explain(policy, &who.facts, "p", "x/s7", &steps, &n), 0);
	assert_int_equal(n, 1 + 50 + 1 + 2);
	assert_string_equal(steps[51], "and 251 more assignments that do not list this person");
	assert_string_equal(steps[52],
			    "not held: role r in x/s7 would supply it: be listed as member of cn=g7, " GROUPS);
	cs_free_strv(&steps, &n);
	/* Of the groups below the parent only the one that lists her counts. */
	list_as(&who, 0, "cn=g7," GROUPS, NULL);
	assert_int_equal(cs_policy_explain(policy, &who.facts, "p", "x/s7", &steps, &n), 0);
	assert_int_equal(n, 1 + 50 + 1 + 1 + 1);
	assert_string_equal(steps[8], "role r in x/s7: by assignment g7, member of cn=g7," GROUPS);
	assert_string_equal(steps[52], "and 250 more assignments that do not list this person");
	assert_string_equal(steps[53], "held: p in x/s7");
	cs_free_strv(&steps, &n);
}

#define TEST(name) cmocka_unit_test_teardown(test_policy_##name, no_policy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kinds),
		TEST(kinds_in_gates),
		TEST(explains_kinds),
		TEST(refuses_kinds),
		TEST(refuses_too_many_roles),
		TEST(people),
		TEST(a003_named_people_have_to_be_known),
		TEST(explains_people),
		TEST(named_people),
		TEST(refuses_assignments),
		TEST(takes_assignments),
		TEST(refuses_too_many_people),
		TEST(a088_conditions),
		TEST(conditions_are_asked_for),
		TEST(two_values_are_no_scope),
		TEST(explains_conditions),
		TEST(many_groups_are_one_query),
		TEST(many_subtrees_stay),
		TEST(merged_groups_keep_apart),
		TEST(merged_with_below),
		TEST(merged_rules),
		TEST(refuses_too_many_wanted),
		TEST(bounds_merged_queries),
		TEST(exempt),
		TEST(rules_by_name_and_group),
		TEST(who_can),
		TEST(who_can_of_many_groups),
		TEST(rights_of),
		TEST(explains_briefly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
