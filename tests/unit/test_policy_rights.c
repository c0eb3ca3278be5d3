/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds what where: scopes, inheritance, doubt; who could fill a rule; why. */
#include "test_policy_world.h"

#include "text.h"

#define GATES                                                                                                          \
	"gate deploy { service = sudo command = \"/sbin/deploy %{project} *\" permission = release.deploy "            \
	"scope = \"project/%{project}\" "                                                                              \
	"approval committee { count = 2 permission = release.approve } "                                               \
	"approval infra { count = 1 role = infra scope = \"*\" } "                                                     \
	"approval part { count = 1 permission = release.stage scope = \"project/%{project}/part\" } }\n"               \
	"gate login { service = sshd permission = host.login scope = \"host/%{host}\" "                                \
	"approval peer { count = 1 role = infra } people = shared reason = required exposed_file = permit "            \
	"lifetime = 15m use_within = 2m }\n"

static int policy_setup(void **state)
{
	*state = parse(RIGHTS GATES);
	return 0;
}

static int policy_teardown(void **state)
{
	struct cs_policy *policy = *state;

	cs_policy_free(&policy);
	assert_null(policy);
	return 0;
}

static void test_policy_queries(void **state)
{
	static const struct {
		enum cs_where where;
		const char *dn, *listed;
		size_t wanted;
	} expected[] = {
		[Q_OWNER] = {CS_GROUPS_BELOW, PROJECTS, "owner", 1},
		[Q_MEMBER] = {CS_GROUPS_BELOW, PROJECTS, "member", 1},
		[Q_INFRA] = {CS_GROUP_AT, INFRA, "member", 0},
		[Q_CHIEFS] = {CS_GROUP_AT, INFRA, "owner", 0},
	};
	size_t n = 0;
	const struct cs_group_query *queries = cs_policy_queries(*state, &n);

	assert_int_equal(n, CS_COUNT(expected));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(queries[i].where, expected[i].where);
		assert_string_equal(queries[i].dn, expected[i].dn);
		assert_string_equal(queries[i].listed, expected[i].listed);
		assert_int_equal(queries[i].n_wanted, expected[i].wanted);
	}
	assert_string_equal(queries[Q_OWNER].wanted[0], "cn");
}

/* Two assignments that need the same are asked once, with the attributes of both. */
static void test_policy_queries_are_shared(void **state)
{
	struct cs_policy *policy =
		parse("permission p { }\nrole a { permissions = p }\nrole b { permissions = p }\n"
		      "assignment one { role = a scope = \"x/%{cn}\" below = \"ou=g\" listed = member }\n"
		      "assignment two { role = b scope = \"y/%{ou}/%{cn}\" below = \"OU=g\" listed = Member }\n");
	size_t n = 0;
	const struct cs_group_query *queries = cs_policy_queries(policy, &n);

	(void)state;
	assert_int_equal(n, 1);
	assert_int_equal(queries[0].n_wanted, 2);
	cs_policy_free(&policy);
}

/* One line a case: listed where, which permission in which scope. */
static void test_policy_has_right_table(void **state)
{
	static const struct {
		uint32_t query;
		const char *cn, *permission, *scope;
		int expected;
	} cases[] = {
		{Q_OWNER, "tomcat", "release.deploy", "project/tomcat", 1},
		{Q_OWNER, "tomcat", "release.stage", "project/tomcat", 1}, /* inherited */
		{Q_OWNER, "tomcat", "host.login", "project/tomcat", 0},
		{Q_OWNER, "tomcat", "release.deploy", "project/httpd", 0},
		{Q_OWNER, "tomcat", "release.deploy", "project/tomcat/part", 1},
		{Q_OWNER, "tomcat", "release.deploy", "project/tomcat2", 0},
		{Q_OWNER, "tomcat", "release.deploy", "project/tomca", 0},
		{Q_OWNER, "tomcat", "release.deploy", "project/TOMCAT", 0},
		{Q_OWNER, "tomcat", "release.deploy", "project", 0},
		{Q_OWNER, "tomcat", "release.deploy", "*", 0},
		{Q_OWNER, "tomcat", "release.deploy", "", 0},
		{Q_OWNER, "tomcat", "release.deploy", "project/tomcat/", 0},
		{Q_OWNER, "tomcat", "release.deploy", "project//tomcat", 0},
		{Q_OWNER, "tomcat", "release.deploy", "/project/tomcat", 0},
		{Q_OWNER, "tomcat", "release.deploy", "project/tomcat/../httpd", 0},
		{Q_OWNER, "tomcat", "release.deploy", "project/*", 0},
		{Q_OWNER, "*", "release.deploy", "project/*", 0},
		{Q_OWNER, "*", "release.deploy", "project/tomcat", 0},
		{Q_OWNER, "tomcat/part", "release.deploy", "project/tomcat/part", 0},
		{Q_OWNER, "..", "release.deploy", "project/..", 0},
		{Q_OWNER, "", "release.deploy", "project", 0},
		{Q_OWNER, "", "release.deploy", "project/", 0},
		{Q_MEMBER, "tomcat", "release.stage", "project/tomcat", 1},
		{Q_MEMBER, "tomcat", "release.deploy", "project/tomcat", 0},
		{Q_INFRA, "infra", "release.approve", "project/tomcat", 1},
		{Q_INFRA, "infra", "release.approve", "*", 1},
		{Q_INFRA, "infra", "release.approve", "no scope", 0},
		{Q_INFRA, "infra", "release.deploy", "*", 0},
		{Q_CHIEFS, "infra", "host.login", "host/rel1", 1},
		{Q_CHIEFS, "infra", "host.login", "host", 1},
		{Q_CHIEFS, "infra", "host.login", "hosts", 0},
		{Q_CHIEFS, "infra", "host.login", "*", 0},
		{99, "infra", "host.login", "*", 0},
		{Q_INFRA, "infra", "host.logi", "*", CS_ENOENT},
		{Q_INFRA, "infra", "", "*", CS_ENOENT},
	};
	struct somebody who;

	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		make_somebody(&who);
		list_in(&who, cases[i].query, cases[i].cn);
		int r = cs_policy_has_right(*state, &who.facts, cases[i].permission, cases[i].scope, NULL);

		if (r != cases[i].expected)
			fail_msg("case %zu: %s in \"%s\" by %s: %d instead of %d", i, cases[i].permission,
				 cases[i].scope, cases[i].cn, r, cases[i].expected);
	}
}

/* A role is had by itself or by one that inherits it, never by having its permissions. */
static void test_policy_holds_role_table(void **state)
{
	static const struct {
		uint32_t query;
		const char *cn, *role, *scope;
		int expected;
	} cases[] = {
		{Q_OWNER, "tomcat", "pmc", "project/tomcat", 1},
		{Q_OWNER, "tomcat", "committer", "project/tomcat", 1}, /* inherited */
		{Q_OWNER, "tomcat", "pmc", "project/tomcat/part", 1},
		{Q_OWNER, "tomcat", "infra", "project/tomcat", 0},
		{Q_OWNER, "tomcat", "pmc", "project/httpd", 0},
		{Q_OWNER, "tomcat", "pmc", "project", 0},
		{Q_OWNER, "tomcat", "pmc", "*", 0},
		{Q_OWNER, "tomcat", "pmc", "project/tomcat/", 0},
		{Q_OWNER, "tomcat", "PMC", "project/tomcat", CS_ENOENT},
		{Q_OWNER, "tomcat", "release.deploy", "project/tomcat", CS_ENOENT},
		{Q_MEMBER, "tomcat", "pmc", "project/tomcat", 0},
		{Q_INFRA, "infra", "infra", "project/tomcat", 1},
		{Q_INFRA, "infra", "root", "*", 0},
		{Q_CHIEFS, "infra", "infra", "host/rel1", 1},
		{Q_CHIEFS, "infra", "infra", "*", 0},
	};
	struct somebody who;

	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_sought sought = {.role = cases[i].role, .scope = cases[i].scope};

		make_somebody(&who);
		list_in(&who, cases[i].query, cases[i].cn);
		int r = cs_policy_holds(*state, &who.facts, &sought, NULL);

		if (r != cases[i].expected)
			fail_msg("case %zu: %s in \"%s\" by %s: %d instead of %d", i, cases[i].role, cases[i].scope,
				 cases[i].cn, r, cases[i].expected);
		who.facts.known = CS_KNOWN_DOUBT;
		assert_int_equal(cs_policy_holds(*state, &who.facts, &sought, NULL),
				 cases[i].expected < 0 ? CS_ENOENT : CS_EDOUBT);
	}
}

/* As fresh as the strictest permission that it carries, in whichever scopes. */
static void test_policy_role_is_as_fresh_as_its_permissions(void **state)
{
	struct cs_policy *policy =
		parse("permission a { fresh = 1h }\npermission b { fresh = 5s }\npermission c { fresh = 2s }\n"
		      "permission d { }\nrole one { permissions = a }\nrole two { inherits = one permissions = b }\n"
		      "role three { inherits = one in wg { permissions = c } }\nrole four { permissions = d }\n");

	(void)state;
	assert_int_equal(cs_policy_role_fresh_ms(policy, "one"), 3600000);
	assert_int_equal(cs_policy_role_fresh_ms(policy, "two"), 5000);
	assert_int_equal(cs_policy_role_fresh_ms(policy, "three"), 2000);
	assert_true(cs_policy_role_fresh_ms(policy, "four") == CS_FRESH_ANY);
	cs_policy_free(&policy);
}

/* What may stand in a scope is what cs_is_word takes, byte for byte. */
static void test_policy_scope_bytes(void **state)
{
	struct somebody who;

	make_somebody(&who);
	list_in(&who, Q_INFRA, "infra");
	for (int byte = 1; byte < 256; byte++) {
		char first[] = {(char)byte, 'a', '\0'}, second[] = {'a', (char)byte, '\0'};

		assert_int_equal(cs_policy_has_right(*state, &who.facts, "host.login", first, NULL),
				 cs_is_word(first, CS_MAX_SCOPE));
		/* A slash at the end leaves an empty part. */
		assert_int_equal(cs_policy_has_right(*state, &who.facts, "host.login", second, NULL),
				 cs_is_word(second, CS_MAX_SCOPE));
	}
}

static void test_policy_nobody_holds_nothing(void **state)
{
	struct somebody who;

	make_somebody(&who);
	assert_int_equal(cs_policy_has_right(*state, &who.facts, "host.login", "*", NULL), 0);
	list_in(&who, Q_OWNER, "tomcat");
	who.memberships[0].n_attributes = 0;
	assert_int_equal(cs_policy_has_right(*state, &who.facts, "release.deploy", "project/tomcat", NULL), 0);
}

/* Doubt is neither yes nor no; a locked or unknown person holds nothing whatever the lists say (A003, A079). */
static void test_policy_a079_doubt_is_no_answer(void **state)
{
	const struct cs_gate *gate = cs_policy_gate(*state, "deploy");
	struct somebody who;

	make_somebody(&who);
	list_in(&who, Q_INFRA, "infra");
	who.facts.known = CS_KNOWN_DOUBT;
	assert_int_equal(cs_policy_has_right(*state, &who.facts, "host.login", "*", NULL), CS_EDOUBT);
	assert_int_equal(cs_policy_may_fill(*state, &who.facts, gate, 1, "project/tomcat", NULL), CS_EDOUBT);
	who.facts.n_memberships = 0;
	assert_int_equal(cs_policy_has_right(*state, &who.facts, "host.login", "*", NULL), CS_EDOUBT);
	who.facts.n_memberships = 1;
	who.facts.known = CS_KNOWN_NO;
	assert_int_equal(cs_policy_has_right(*state, &who.facts, "host.login", "*", NULL), 0);
	who.facts.known = CS_KNOWN_YES;
	assert_int_equal(cs_policy_has_right(*state, &who.facts, "host.login", "*", NULL), 1);
	who.facts.person.locked = true;
	assert_int_equal(cs_policy_has_right(*state, &who.facts, "host.login", "*", NULL), 0);
	assert_int_equal(cs_policy_may_fill(*state, &who.facts, gate, 1, "project/tomcat", NULL), 0);
}

static void test_policy_because(void **state)
{
	struct cs_held held = {CS_WHY_ROOT, NULL};
	struct somebody who;

	make_somebody(&who);
	list_in(&who, Q_MEMBER, "tomcat");
	list_in(&who, Q_OWNER, "tomcat");
	assert_int_equal(cs_policy_has_right(*state, &who.facts, "release.deploy", "project/tomcat", &held), 1);
	assert_int_equal(held.reason, CS_WHY_HAS_RIGHT);
	assert_string_equal(held.because, "role pmc in project/tomcat by owner of cn=tomcat,ou=groups");
	cs_held_clear(&held);
	assert_null(held.because);
	assert_int_equal(held.reason, CS_WHY_NONE);
}

/* Every answer that is none says why; an error says nothing. */
static void test_policy_why_not(void **state)
{
	struct cs_held held = {CS_WHY_ROOT, NULL};
	struct somebody who;

	make_somebody(&who);
	list_in(&who, Q_OWNER, "tomcat");
	assert_int_equal(cs_policy_has_right(*state, &who.facts, "release.deploy", "project/httpd", &held), 0);
	assert_int_equal(held.reason, CS_WHY_NO_PERMISSION);
	assert_null(held.because);
	assert_int_equal(cs_policy_has_right(*state, &who.facts, "release.deploi", "project/tomcat", &held), CS_ENOENT);
	assert_int_equal(held.reason, CS_WHY_NONE);
	held.reason = CS_WHY_ROOT;
	assert_int_equal(cs_policy_may_fill(*state, &who.facts, cs_policy_gate(*state, "deploy"), 9, "*", &held),
			 CS_ENOENT);
	assert_int_equal(held.reason, CS_WHY_NONE);
	who.facts.person.locked = true;
	assert_int_equal(cs_policy_has_right(*state, &who.facts, "release.deploy", "project/tomcat", &held), 0);
	assert_int_equal(held.reason, CS_WHY_LOCKED_PERSON);
	who.facts.known = CS_KNOWN_NO;
	assert_int_equal(cs_policy_has_right(*state, &who.facts, "release.deploy", "project/tomcat", &held), 0);
	assert_int_equal(held.reason, CS_WHY_UNKNOWN_PERSON);
	who.facts.known = CS_KNOWN_DOUBT;
	assert_int_equal(cs_policy_has_right(*state, &who.facts, "release.deploy", "project/tomcat", &held), CS_EDOUBT);
	assert_int_equal(held.reason, CS_WHY_DOUBT);
	assert_null(held.because);
}

static void test_policy_may_fill_table(void **state)
{
	static const struct {
		uint32_t query;
		const char *cn, *gate;
		size_t rule;
		const char *scope;
		int expected;
	} cases[] = {
		{Q_OWNER, "tomcat", "deploy", 0, "project/tomcat", 1},
		{Q_OWNER, "httpd", "deploy", 0, "project/tomcat", 0},
		{Q_MEMBER, "tomcat", "deploy", 0, "project/tomcat", 0},
		{Q_INFRA, "infra", "deploy", 0, "project/tomcat", 1},
		{Q_INFRA, "infra", "deploy", 1, "project/tomcat", 1},
		{Q_OWNER, "tomcat", "deploy", 1, "project/tomcat", 0},
		{Q_CHIEFS, "infra", "deploy", 1, "project/tomcat",
		 0},                                             /* role root, which inherits infra, but only in host */
		{Q_CHIEFS, "infra", "login", 0, "host/rel1", 1}, /* … there it counts for role = infra */
		{Q_INFRA, "infra", "login", 0, "host/rel1", 1},
		{Q_MEMBER, "tomcat", "deploy", 2, "project/tomcat", 1},
		{Q_MEMBER, "httpd", "deploy", 2, "project/tomcat", 0},
		{Q_MEMBER, "tomcat", "deploy", 2, "host/tomcat", 0},
		{Q_MEMBER, "tomcat", "deploy", 2, "", 0},
		{Q_MEMBER, "tomcat", "deploy", 3, "project/tomcat", CS_ENOENT},
	};
	struct somebody who;

	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		const struct cs_gate *gate = cs_policy_gate(*state, cases[i].gate);

		make_somebody(&who);
		list_in(&who, cases[i].query, cases[i].cn);
		int r = cs_policy_may_fill(*state, &who.facts, gate, cases[i].rule, cases[i].scope, NULL);

		if (r != cases[i].expected)
			fail_msg("case %zu: %d instead of %d", i, r, cases[i].expected);
	}
}

static void test_policy_gate_values(void **state)
{
	const struct cs_gate *deploy = cs_policy_gate(*state, "deploy"), *login = cs_policy_gate(*state, "login");
	char *label;

	assert_null(cs_policy_gate(*state, "nothing"));
	assert_string_equal(cs_gate_permission(deploy), "release.deploy");
	assert_false(cs_gate_needs_reason(deploy));
	assert_false(cs_gate_takes_exposed(deploy));
	assert_int_equal(cs_gate_lifetime_ms(deploy), 1800000);
	assert_int_equal(cs_gate_use_within_ms(deploy), 600000);
	assert_int_equal(cs_gate_rules(deploy), 3);
	assert_string_equal(cs_gate_rule_name(deploy, 1), "infra");
	assert_int_equal(cs_gate_rule_count(deploy, 0), 2);
	assert_int_equal(cs_gate_rule_count(deploy, 3), 0);
	assert_true(cs_gate_needs_reason(login));
	assert_true(cs_gate_takes_exposed(login));
	assert_int_equal(cs_gate_lifetime_ms(login), 900000);
	assert_int_equal(cs_gate_use_within_ms(login), 120000);
	label = cs_gate_rule_label(*state, deploy, 0, "project/tomcat");
	assert_string_equal(label, "2 × Approve a deployment in project/tomcat");
	cs_free_str(&label);
	label = cs_gate_rule_label(*state, deploy, 1, "project/tomcat");
	assert_string_equal(label, "1 × Infrastructure (everywhere)");
	cs_free_str(&label);
	label = cs_gate_rule_label(*state, deploy, 2, "project/tomcat");
	assert_string_equal(label, "1 × Stage a release candidate in project/tomcat/part");
	cs_free_str(&label);
	assert_int_equal(cs_policy_permission_known(*state, "host.login"), 1);
	assert_int_equal(cs_policy_permission_known(*state, "host"), 0);
	assert_string_equal(cs_policy_permission_label(*state, "host.login"), "Log in to a release host");
}

static void assert_query(const struct cs_listing_query *query, enum cs_where where, const char *dn, const char *listed,
			 const char *attribute, const char *value)
{
	assert_int_equal(query->where, where);
	assert_string_equal(query->dn, dn);
	assert_string_equal(query->listed, listed);
	assert_string_equal(query->attribute, attribute);
	assert_string_equal(query->value, value);
}

static void test_policy_who(void **state)
{
	const struct cs_gate *deploy = cs_policy_gate(*state, "deploy"), *login = cs_policy_gate(*state, "login");
	struct cs_listing_query *queries = NULL;
	size_t n = 0;

	assert_int_equal(cs_policy_who(*state, deploy, 0, "project/tomcat", &queries, &n), 0);
	assert_int_equal(n, 2);
	assert_query(&queries[0], CS_GROUPS_BELOW, PROJECTS, "owner", "cn", "tomcat");
	assert_query(&queries[1], CS_GROUP_AT, INFRA, "member", "", "");
	/* Appended; what stands there already is not asked twice. */
	assert_int_equal(cs_policy_who(*state, login, 0, "host/rel1", &queries, &n), 0);
	assert_int_equal(n, 3);
	assert_query(&queries[2], CS_GROUP_AT, INFRA, "owner", "", "");
	/* The rule's own scope is deeper than the template. */
	assert_int_equal(cs_policy_who(*state, deploy, 2, "project/tomcat", &queries, &n), 0);
	assert_int_equal(n, 4);
	assert_query(&queries[3], CS_GROUPS_BELOW, PROJECTS, "member", "cn", "tomcat");
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_listing_query_shape, &queries[i]);
	free(queries);
}

static void assert_steps(const struct cs_policy *policy, const struct cs_facts *facts, const char *permission,
			 const char *scope, const char *expected)
{
	char **steps = NULL, text[4096] = "";
	size_t n = 0;

	assert_int_equal(cs_policy_explain(policy, facts, permission, scope, &steps, &n), 0);
	for (size_t i = 0; i < n; i++) {
		strcat(text, steps[i]);
		strcat(text, "\n");
	}
	assert_string_equal(text, expected);
	cs_free_strv(&steps, &n);
}

static void test_policy_explain_held(void **state)
{
	struct somebody who;

	make_somebody(&who);
	list_in(&who, Q_OWNER, "httpd");
	list_in(&who, Q_OWNER, "tomcat");
	assert_steps(*state, &who.facts, "release.deploy", "project/tomcat",
		     "permission release.deploy is in role pmc (PMC member)\n"
		     "role pmc in project/httpd: by assignment project-owners, owner of cn=httpd,ou=groups; "
		     "that is another scope than project/tomcat\n"
		     "role pmc in project/tomcat: by assignment project-owners, owner of cn=tomcat,ou=groups\n"
		     "held: release.deploy in project/tomcat\n");
}

static void test_policy_explain_not_held(void **state)
{
	struct somebody who;

	make_somebody(&who);
	list_in(&who, Q_OWNER, "no/word");
	assert_steps(
		*state, &who.facts, "release.stage", "project/tomcat",
		"permission release.stage is in role committer (Committer)\n"
		"permission release.stage is in role pmc (PMC member), inherited from role committer\n"
		"assignment project-owners: owner of cn=no/word,ou=groups gives nothing: an attribute for the scope "
		"project/%{cn} is missing, has several values or is no word\n"
		"assignment project-members (role committer in project/%{cn}): not listed as member of a group "
		"below " PROJECTS "\n"
		"not held: role pmc in project/tomcat would supply it: be listed as owner of a group below " PROJECTS
		" with cn = tomcat\n"
		"not held: role committer in project/tomcat would supply it: be listed as member of a group "
		"below " PROJECTS " with cn = tomcat\n");
}

static void test_policy_explain_verdicts(void **state)
{
	struct somebody who;
	char **steps = NULL;
	char doubt[] = "no answer from the server";
	size_t n = 0;

	make_somebody(&who);
	assert_steps(
		*state, &who.facts, "release.deploy", "host/rel1",
		"permission release.deploy is in role pmc (PMC member)\n"
		"assignment project-owners (role pmc in project/%{cn}): not listed as owner of a group below " PROJECTS
		"\n"
		"not held: no assignment gives a role with release.deploy in host/rel1\n");
	assert_steps(*state, &who.facts, "release.deploy", "a b",
		     "permission release.deploy is in role pmc (PMC member)\n"
		     "not held: \"a b\" is no scope; write * or words between slashes\n");
	who.facts.known = CS_KNOWN_DOUBT;
	who.facts.doubt = doubt;
	assert_steps(
		*state, &who.facts, "release.deploy", "project/x",
		"permission release.deploy is in role pmc (PMC member)\ncould not tell: no answer from the server\n");
	who.facts.known = CS_KNOWN_NO;
	assert_steps(*state, &who.facts, "release.deploy", "project/x",
		     "permission release.deploy is in role pmc (PMC member)\nnot held: the directory does not know "
		     "this person\n");
	assert_int_equal(cs_policy_explain(*state, &who.facts, "release.deplo", "*", &steps, &n), CS_ENOENT);
	assert_int_equal(n, 0);
}

/* A name in the middle of a part, two names in one scope: the value is found again and nothing else fits. */
static void test_policy_scope_templates(void **state)
{
	struct cs_policy *policy =
		parse("permission p { }\nrole a { permissions = p }\n"
		      "assignment one { role = a scope = \"wg/team-%{cn}.x/%{ou}\" below = \"ou=g\" listed = member }\n"
		      "gate g { service = sudo permission = p scope = \"wg/team-a.x/b/c\" approval r { count = 1 role "
		      "= a } }\n");
	static const struct {
		const char *cn, *ou, *scope;
		int expected;
	} cases[] = {
		{"a", "b", "wg/team-a.x/b", 1},   {"a", "b", "wg/team-a.x/b/c", 1}, {"a", "b", "wg/team-a.x", 0},
		{"a", "b", "wg/team-a.y/b", 0},   {"a", "b", "wg/tea-a.x/b", 0},    {"a", "c", "wg/team-a.x/b", 0},
		{"a.x", "b", "wg/team-a.x/b", 0}, {".a", "b", "wg/team-.a.x/b", 0}, {"a", NULL, "wg/team-a.x/b", 0},
	};
	struct cs_listing_query *queries = NULL;
	struct somebody who;
	char ou[8];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		make_somebody(&who);
		list_in(&who, 0, cases[i].cn);
		snprintf(ou, sizeof(ou), "%s", cases[i].ou ? cases[i].ou : "");
		who.attributes[1] = (struct cs_attribute){(char *)(uintptr_t) "OU", ou};
		who.memberships[0].n_attributes = cases[i].ou ? 2 : 1;
		assert_int_equal(cs_policy_has_right(policy, &who.facts, "p", cases[i].scope, NULL), cases[i].expected);
	}
	/* Only one name can be asked for: the first; the list is then longer than it need be, never shorter. */
	assert_int_equal(cs_policy_who(policy, cs_policy_gate(policy, "g"), 0, "wg/team-a.x/b/c", &queries, &n), 0);
	assert_int_equal(n, 1);
	assert_query(&queries[0], CS_GROUPS_BELOW, "ou=g", "member", "cn", "a");
	cs_clear(&cs_listing_query_shape, &queries[0]);
	free(queries);
	cs_policy_free(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_queries),
		cmocka_unit_test(test_policy_queries_are_shared),
		cmocka_unit_test(test_policy_has_right_table),
		cmocka_unit_test(test_policy_holds_role_table),
		cmocka_unit_test(test_policy_role_is_as_fresh_as_its_permissions),
		cmocka_unit_test(test_policy_scope_bytes),
		cmocka_unit_test(test_policy_nobody_holds_nothing),
		cmocka_unit_test(test_policy_a079_doubt_is_no_answer),
		cmocka_unit_test(test_policy_because),
		cmocka_unit_test(test_policy_why_not),
		cmocka_unit_test(test_policy_may_fill_table),
		cmocka_unit_test(test_policy_gate_values),
		cmocka_unit_test(test_policy_who),
		cmocka_unit_test(test_policy_explain_held),
		cmocka_unit_test(test_policy_explain_not_held),
		cmocka_unit_test(test_policy_explain_verdicts),
		cmocka_unit_test(test_policy_scope_templates),
	};

	return cmocka_run_group_tests(tests, policy_setup, policy_teardown);
}
