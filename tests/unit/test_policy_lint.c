/* SPDX-License-Identifier: Apache-2.0 */
/* What is found in a sound policy, and what must not be. */
#include "test_policy_world.h"

#define PERMIT_REST "service sudo { unmatched = permit }\nservice sshd { unmatched = permit }\n"

/* How often a code is found in a policy; the last text of it in ret_text. */
static size_t count(const char *text, const char *code, char ret_text[512])
{
	struct cs_policy *policy = parse(text);
	struct cs_finding *findings = NULL;
	size_t n = 0, found = 0;

	assert_int_equal(cs_policy_lint(policy, &findings, &n), 0);
	for (size_t i = 0; i < n; i++) {
		assert_true(findings[i].line > 0);
		assert_true(i == 0 || findings[i - 1].line <= findings[i].line);
		if (strcmp(findings[i].code, code) != 0)
			continue;
		found++;
		snprintf(ret_text, 512, "%c %u: %s", findings[i].warning ? 'W' : 'n', findings[i].line,
			 findings[i].text);
	}
	cs_findings_free(&findings, &n);
	assert_null(findings);
	cs_policy_free(&policy);
	return found;
}

#define P "permission = host.login"

/* Gates that monitor come behind all others, so the wide one takes what the earlier one watches. Kills: the order of the file
 * for gates of different modes. */
static void test_policy_lint_monitors_come_last(void **state)
{
	static const char text[] = RIGHTS PERMIT_REST "gate a { service = sudo command = \"/sbin/x\" " P " mode = monitor }\n"
						      "gate b { service = sudo " P " }\n";
	char says[512];

	(void)state;
	assert_int_equal(count(text, "unreachable-gate", says), 1);
	assert_non_null(strstr(says, "gate a never counts: gate b"));
	assert_int_equal(count(text, "shadowed-gate", says), 0);
}

/* Does the first gate, or what stands before the last, take everything of the last one? */
static void test_policy_lint_shadowed(void **state)
{
	static const struct {
		const char *gates; /* without "gate NAME { service = sudo": a, b, c … divided by '|' */
		bool shadowed;
	} cases[] = {
		{P "|command = \"/sbin/x\" " P, true},
		{P "|" P, true},
		/* What monitors comes last, wherever it stands. */
		{"command = \"/sbin/x\" " P " mode = monitor|" P " mode = monitor", false},
		{P "|" P " mode = monitor", true},
		{P " mode = monitor|" P " mode = monitor", true},
		{"command = \"/sbin/x\" " P "|" P, false},
		{"command = \"/sbin/x\" " P "|command = \"/sbin/x a *\" " P, true},
		{"command = \"/sbin/x **\" " P "|command = \"/sbin/x\" " P, true},
		{"command = \"/sbin/x *\" " P "|command = \"/sbin/x a\" " P, true},
		{"command = \"/sbin/x %{a}\" " P "|command = \"/sbin/x *\" " P, true},
		{"command = \"/sbin/x a\" " P "|command = \"/sbin/x *\" " P, false},
		{"command = \"/sbin/x a\" " P "|command = \"/sbin/x %{a}\" " P, false},
		{"command = \"/sbin/x a\" " P "|command = \"/sbin/x b\" " P, false},
		{"command = \"/sbin/x a\" " P "|command = \"/sbin/y a\" " P, false},
		{"command = \"/sbin/x a\" " P "|command = \"/sbin/x a b\" " P, false},
		{"command = \"/sbin/x a b\" " P "|command = \"/sbin/x a\" " P, false},
		{"command = \"/sbin/x a **\" " P "|command = \"/sbin/x a\" " P, true},
		{"command = \"/sbin/x a **\" " P "|command = \"/sbin/x\" " P, false},
		{"command = \"/sbin/x a *\" " P "|command = \"/sbin/x a **\" " P, false},
		{"command = \"/sbin/x a **\" " P "|command = \"/sbin/x a * c **\" " P, true},
		{"command = { \"/sbin/x\", \"/sbin/y\" } " P "|command = { \"/sbin/y a\", \"/sbin/x\" } " P, true},
		{"command = { \"/sbin/x\", \"/sbin/y\" } " P "|command = { \"/sbin/y a\", \"/sbin/z\" } " P, false},
		/* Hosts. */
		{"host = \"rel*\" " P "|host = rel1 " P, true},
		{"host = \"rel*\" " P "|host = \"rel1*\" " P, true},
		{"host = \"rel1*\" " P "|host = \"rel*\" " P, false},
		{"host = rel1 " P "|host = { rel1, rel2 } " P, false},
		{"host = rel1 " P "|" P, false},
		{"host = \"*\" " P "|" P, true},
		{"host = \"**\" " P "|netgroup = \"cn=h\" " P, true},
		{"netgroup = \"cn=h\" " P "|netgroup = \"CN=h\" " P, true},
		{"netgroup = \"cn=h\" " P "|netgroup = { \"cn=h\", \"cn=i\" } " P, false},
		{"netgroup = \"cn=h\" " P "|" P, false},
		{"netgroup = \"cn=h\" " P "|host = h " P, false},
		{"host = \"rel*\" " P "|host = rel1 netgroup = \"cn=h\" " P, false},
		{"host = \"rel*\" netgroup = \"cn=h\" " P "|host = rel1 netgroup = \"cn=h\" " P, true},
		/* Conditions may fail; those of the later one do not help it. */
		{"time = \"08:00-18:00\" " P "|" P, false},
		{"peer = local " P "|" P, false},
		{P "|time = \"08:00-18:00\" peer = local " P, true},
		/* Several together. */
		{"command = \"/sbin/x\" " P "|command = \"/sbin/y\" " P "|command = { \"/sbin/x\", \"/sbin/y\" } " P,
		 true},
		{"host = a " P "|host = b " P "|host = { a, b } command = \"/sbin/x\" " P, true},
		{"host = a " P "|host = b command = \"/sbin/x\" " P "|host = { a, b } " P, false},
		/* What denies takes from what permits, and not the other way. */
		{"command = \"/sbin/x\" deny = \"No\"|command = \"/sbin/x a\" " P, true},
		{"command = \"/sbin/x\" deny = \"No\"|command = \"/sbin/x a\" deny = \"No\"", true},
		{"command = \"/sbin/x a\" deny = \"No\"|command = \"/sbin/x\" " P, false},
		{P "|command = \"/sbin/x\" deny = \"No\"", false},
		{"deny = \"No\" exempt e { role = infra }|" P, false},
		{"deny = \"No\" time = \"Mon\"|" P, false},
		{P " exempt e { role = infra }|" P, true}, /* from approval, not from the gate */
	};
	char text[4096], says[512];

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "%s%s", RIGHTS, PERMIT_REST);
		const char *at = cases[i].gates;
		size_t found;

		for (char name = 'a'; *at; name++) {
			size_t n = strcspn(at, "|");

			len += (size_t)snprintf(text + len, sizeof(text) - len, "gate %c { service = sudo %.*s }\n",
						name, (int)n, at);
			at += at[n] ? n + 1 : n;
		}
		found = count(text, "shadowed-gate", says);
		if (found != cases[i].shadowed)
			fail_msg("%zu found: %s", found, cases[i].gates);
		assert_int_equal(count(text, "unreachable-gate", says), 0);
	}
}

/* A deny gate further down takes everything as well; one that exempts or sleeps does not. */
static void test_policy_lint_unreachable(void **state)
{
	char says[512];

	(void)state;
	assert_int_equal(count(RIGHTS PERMIT_REST "gate a { service = sudo command = \"/sbin/x a\" " P " }\n"
						  "gate b { service = { sshd, sudo } deny = \"No\" }\n",
			       "unreachable-gate", says),
			 1);
	assert_string_equal(says,
			    "W 15: gate a never counts: gate b in line 16 always denies everything that it names");
	assert_int_equal(count(RIGHTS PERMIT_REST "gate a { service = sudo " P " }\n"
						  "gate b { service = sudo deny = \"No\" exempt e { role = infra } }\n",
			       "unreachable-gate", says),
			 0);
	assert_int_equal(count(RIGHTS PERMIT_REST "gate a { service = sudo deny = \"No\" }\n"
						  "gate b { service = sudo deny = \"Never\" }\n",
			       "unreachable-gate", says),
			 0);
	assert_int_equal(count(RIGHTS PERMIT_REST "gate a { service = { sudo, sshd } " P " }\n"
						  "gate b { service = sudo deny = \"No\" }\n",
			       "unreachable-gate", says),
			 0);
}

/* A path and what it resolves to. */
static void test_policy_lint_resolved(void **state)
{
	struct cs_policy *policy =
		parse(RIGHTS PERMIT_REST "gate a { service = sudo command = \"/bin/sh\" deny = \"No\" }\n"
					 "gate b { service = sudo command = \"/usr/bin/dash\" " P " }\n");
	static const size_t expected[] = {0, 1, 0};
	static const char *const leads_to[][2] = {{"", ""}, {"/usr/bin/dash", "/usr/bin/dash"}, {"", "/bin/sh"}};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(expected); i++) {
		struct cs_finding *findings = NULL;
		size_t n = 0, found = 0;

		assert_int_equal(cs_policy_resolved(policy, 0, leads_to[i][0]), 0);
		assert_int_equal(cs_policy_resolved(policy, 1, leads_to[i][1]), 0);
		assert_int_equal(cs_policy_lint(policy, &findings, &n), 0);
		for (size_t k = 0; k < n; k++)
			found += strcmp(findings[k].code, "shadowed-gate") == 0;
		assert_int_equal(found, expected[i]);
		cs_findings_free(&findings, &n);
	}
	cs_policy_free(&policy);
}

static void test_policy_lint_services(void **state)
{
	char says[512];

	(void)state;
	assert_int_equal(count("service sudo { unmatched = permit }\n", "unguarded-service", says), 1);
	assert_int_equal(count("service sudo { unmatched = deny }\n", "unguarded-service", says), 0);
	assert_int_equal(count(PERMIT_REST "gate a { service = sshd deny = \"No\" }\n", "unguarded-service", says), 1);
	assert_non_null(strstr(says, "n 1: no gate names service sudo"));
	assert_int_equal(count("service sudo { unmatched = deny }\ngate a { service = { sudo, sshd } deny = \"No\" }\n"
			       "gate b { service = sshd command = \"/x\" deny = \"No\" }\n",
			       "undeclared-service", says),
			 1);
	assert_non_null(strstr(says, "n 2: gate a names service sshd"));
}

static void test_policy_lint_unused(void **state)
{
	static const char text[] =
		RIGHTS "permission lone { }\npermission kind { }\npermission own { }\npermission gated { }\n"
		       "role nobody { permissions = own }\nrole below { }\n"
		       "role above { inherits = below in wg { permissions = kind } }\n"
		       "gate g { service = sudo deny = \"No\" exempt e { permission = gated } }\n";
	char says[512];

	(void)state;
	assert_int_equal(count(text, "unused-permission", says), 1);
	assert_string_equal(says, "n 13: no gate and no role names permission lone");
	assert_int_equal(count(text, "unused-role", says), 2);
	assert_string_equal(says, "n 19: no assignment gives role above, and no role inherits it");
}

static void test_policy_lint_redundant(void **state)
{
	static const struct {
		const char *assignment; /* the second, after `RIGHTS` has infra in "*" by member of cn=infra */
		bool redundant;
	} cases[] = {
		{"role = infra scope = \"host\" group = \"" INFRA "\" listed = member", true},
		{"role = infra scope = \"host/x\" group = \"CN=infra, ou=groups,dc=example,dc=org\" listed = Member",
		 true},
		{"role = infra scope = \"host\" group = \"" INFRA "\" listed = owner", true}, /* root inherits infra */
		{"role = infra scope = \"hosts\" group = \"" INFRA "\" listed = owner", false},
		{"role = root scope = \"host/x\" group = \"" INFRA "\" listed = member", false},
		{"role = pmc scope = \"host\" group = \"" INFRA "\" listed = member", false},
		{"role = infra scope = \"host\" group = \"" INFRA "\" listed = member where = \"a=b\"", true},
		{"role = infra scope = \"host\" group = \"" INFRA "\" listed = member label = \"Ops\"", false},
		{"role = infra scope = \"host\" group = \"cn=x\" listed = member", false},
		{"role = infra scope = \"host\" person = \"cn=x\"", false},
		{"role = committer scope = \"project/%{cn}\" below = \"" PROJECTS "\" listed = owner", true},
		{"role = committer scope = \"project/%{cn}/docs\" below = \"" PROJECTS "\" listed = owner", true},
		{"role = committer scope = \"project/%{ou}\" below = \"" PROJECTS "\" listed = owner", false},
		{"role = committer scope = \"project\" below = \"" PROJECTS "\" listed = owner", false},
		{"role = pmc scope = \"*\" person = \"cn=x\" }\nassignment y { role = committer scope = \"project\" "
		 "person = "
		 "\"CN=x\"",
		 true},
		{"role = pmc scope = \"*\" person = \"cn=x\" }\nassignment y { role = committer scope = \"project\" "
		 "person = { "
		 "\"CN=x\", \"cn=y\" }",
		 false},
		{"role = pmc scope = \"*\" person = { \"cn=y\", \"cn=x\" } }\nassignment y { role = committer scope = "
		 "\"*\" "
		 "person = \"CN=x\"",
		 true},
		{"role = infra scope = \"host\" group = \"cn=c\" listed = member where = { \"a=b\", \"c=d\" } }\n"
		 "assignment y { role = infra scope = \"host/x\" group = \"cn=c\" listed = member where = { \"C=D\", "
		 "\"a=B\", "
		 "\"e=f\" }",
		 true},
		{"role = infra scope = \"host\" group = \"cn=c\" listed = member where = \"a=b\" }\n"
		 "assignment y { role = infra scope = \"host/x\" group = \"cn=c\" listed = member where = \"a=c\"",
		 false},
		/* Two that say the same in other words: one of them. */
		{"role = infra scope = \"host\" group = \"cn=c\" listed = member where = { \"a=b\", \"A=B\" } }\n"
		 "assignment y { role = infra scope = \"host\" group = \"cn=c\" listed = member where = \"a=b\"",
		 true},
		{"role = infra scope = \"host\" group = \"cn=c\" listed = member unless = \"a=b\" }\n"
		 "assignment y { role = infra scope = \"host/x\" group = \"cn=c\" listed = member where = \"a=b\"",
		 false},
	};
	char text[4096], says[512];

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		snprintf(text, sizeof(text), "%sassignment x { %s }\n", RIGHTS, cases[i].assignment);
		if (count(text, "redundant-assignment", says) != cases[i].redundant)
			fail_msg("%s", cases[i].assignment);
	}
	assert_int_equal(count(RIGHTS, "redundant-assignment", says), 0);
}

static void test_policy_lint_exemptions(void **state)
{
	char says[512];

	(void)state;
	assert_int_equal(
		count(RIGHTS "gate g { service = sudo " P "\nexempt e { permission = release.approve scope = \"*\" }\n"
			     "exempt f { group = \"cn=x\" listed = owner } }\n"
			     "gate h { service = sshd deny = \"No\"\nexempt p { person = { \"cn=a\", \"cn=b\" } } }\n",
		      "exemption", says),
		3);
	assert_string_equal(says, "n 17: gate h does not deny cn=a and others (exemption p)");
	/* Whoever holds infra or root may ask, and both carry release.approve. */
	assert_int_equal(count(RIGHTS "gate g { service = sudo " P "\nexempt e { permission = release.approve } }\n",
			       "exempts-everybody", says),
			 1);
	assert_int_equal(
		count(RIGHTS "gate g { service = sudo " P "\nexempt e { role = root } }\n", "exempts-everybody", says),
		0);
	assert_int_equal(count(RIGHTS "gate g { service = sudo " P
				      " scope = \"host/x\"\nexempt e { role = infra scope = host "
				      "} }\n",
			       "exempts-everybody", says),
			 0);
	assert_int_equal(count(RIGHTS "gate g { service = sudo deny = \"No\"\nexempt e { role = infra } }\n",
			       "exempts-everybody", says),
			 0);
}

/* A deny gate on sudo with a range would never deny. */
static void test_policy_lint_peers(void **state)
{
	char says[512];

	(void)state;
	assert_int_equal(count(RIGHTS "gate g { service = { sshd, sudo } peer = \"192.0.2.0/24\" deny = \"No\" }\n",
			       "local-peer", says),
			 1);
	assert_non_null(strstr(says, "gate g: sudo tells no address"));
	assert_int_equal(count(RIGHTS "gate g { service = sshd peer = \"192.0.2.0/24\" deny = \"No\" }\n"
				      "gate h { service = sudo deny = \"No\" }\n",
			       "local-peer", says),
			 0);
}

static void test_policy_lint_ages_and_floors(void **state)
{
	char last[512];

	(void)state;
	assert_int_equal(count(RIGHTS "permission x { fresh = 31s }\n", "idle-fresh", last), 1);
	assert_int_equal(last[0], 'W');
	assert_non_null(strstr(last, "permission x: no right is remembered for more than 30 s"));
	assert_int_equal(count(RIGHTS "permission x { fresh = 30s }\npermission y { fresh = 0s }\n", "idle-fresh", last),
			 0);
	assert_int_equal(count(RIGHTS "gate a { service = sudo permission = host.login fresh = 5s }\n", "idle-fresh",
			       last), 0);
	assert_int_equal(count("permission p { fresh = 4s }\nrole r { permissions = p }\n"
			       "assignment a { role = r scope = \"*\" group = \"cn=g,dc=x\" listed = member }\n"
			       "gate a { service = sudo permission = p fresh = 5s }\n", "idle-fresh", last), 1);
	assert_int_equal(last[0], 'n');
	assert_int_equal(count(RIGHTS "assignment x { role = pmc scope = \"*\" group = \"" INFRA
			       "\" listed = member at_least = 2 }\n"
			       "assignment y { role = committer scope = \"wg\" group = \"" INFRA
			       "\" listed = member at_least = 3 }\n", "covered-floor", last), 1);
	assert_non_null(strstr(last, "assignment x: at_least = 2 means nothing"));
}

#define TERMS(in) RIGHTS "gate g { service = sudo permission = release.deploy scope = \"project/x\"\n" in " }\n"
#define BY_PMC	  "approval a { count = 1 role = pmc }\n"

/* Each is found where it is said, and not where it is not. */
static void test_policy_lint_terms(void **state)
{
	char says[512];

	(void)state;
	assert_int_equal(count(TERMS(BY_PMC), "self-approval", says), 0);
	assert_int_equal(count(TERMS(BY_PMC), "lazy-consensus", says), 0);
	assert_int_equal(count(TERMS(BY_PMC "self_approval = permit"), "self-approval", says), 1);
	assert_string_equal(says, "W 13: gate g counts the requester's own vote (self_approval = permit), and every record "
				  "of it says so");
	assert_int_equal(count(TERMS(BY_PMC "objections = 5m"), "lazy-consensus", says), 1);
	assert_string_equal(says, "n 13: gate g goes ahead after 5m where nobody objects, though nobody agreed; on a host that "
		"tells nobody (countersignd.conf, notify) it waits for approvals");
	assert_int_equal(count(TERMS(BY_PMC "watch = required"), "unwatched", says), 0);
	assert_int_equal(count(TERMS(BY_PMC "watch = allowed automatic n { peer = local }"), "unwatched", says), 0);
	assert_int_equal(count(TERMS(BY_PMC "watch = required automatic n { peer = local }"), "unwatched", says), 1);
	assert_string_equal(says, "n 13: gate g wants its sessions watched; what its exempt and automatic sections let through "
		"is not");
	assert_int_equal(count(RIGHTS "break_glass b { scope = host uid = { 7, 8 } approval v { count = 2 role = root } }\n",
			       "break-glass", says),
			 1);
	assert_string_equal(says, "n 13: break_glass b lets 2 people past the approvals in host for 30m, reviewed afterwards");
}

static void test_policy_lint_automatic(void **state)
{
	static const char code[] = "automatic-everything";
	char says[512];

	(void)state;
	assert_int_equal(count(TERMS(BY_PMC "automatic n { }"), code, says), 1);
	assert_string_equal(says, "W 15: gate g, automatic n: approves whatever is asked, so nobody else ever is");
	assert_int_equal(count(TERMS(BY_PMC "automatic n { permission = release.deploy }"), code, says), 1);
	assert_int_equal(count(TERMS(BY_PMC "automatic n { permission = host.login }"), code, says), 0);
	assert_int_equal(count(TERMS(BY_PMC "automatic n { time = Mon }"), code, says), 0);
	assert_int_equal(count(TERMS(BY_PMC "automatic n { peer = local }"), code, says), 0);
	assert_int_equal(count(TERMS(BY_PMC "automatic n { command = \"/bin/x\" }"), code, says), 0);
}

#define WAY(name, word, rest) "approval " name " { alternative = " word " " rest " }\n"

static void test_policy_lint_alternatives(void **state)
{
	static const char code[] = "covered-alternative";
	char says[512];

	(void)state;
	assert_int_equal(count(TERMS(WAY("a", "x", "count = 1 role = pmc")), "lone-alternative", says), 1);
	assert_string_equal(says, "n 14: gate g has no alternative but x, so its approvals are always needed");
	assert_int_equal(count(TERMS(WAY("a", "x", "count = 1 role = pmc") WAY("b", "y", "count = 2 role = pmc after = 1m")),
			       code, says),
			 1);
	assert_string_equal(says, "n 15: gate g: alternative y asks for no less than alternative x, which suffices alone");
	assert_int_equal(count(TERMS(WAY("a", "x", "count = 1 role = pmc after = 1m") WAY("b", "y", "count = 2 role = pmc")),
			       code, says),
			 0);
	assert_int_equal(count(TERMS(WAY("a", "x", "count = 1 role = pmc") WAY("b", "y", "count = 1 role = infra")), code,
			       says),
			 0);
	assert_int_equal(count(TERMS(WAY("a", "x", "count = 1 role = pmc") WAY("b", "x", "count = 1 role = pmc")
				     WAY("c", "y", "count = 2 role = pmc")),
			       code, says),
			 0);
	assert_int_equal(count(TERMS(WAY("a", "x", "count = majority role = pmc") WAY("b", "y", "count = 9 role = pmc")),
			       code, says),
			 0);
	assert_int_equal(count(TERMS(WAY("a", "x", "count = 1 role = pmc") WAY("b", "y", "count = 1 role = pmc")), code, says),
			 1);
	assert_non_null(strstr(says, "alternative y asks"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_lint_monitors_come_last),
		cmocka_unit_test(test_policy_lint_shadowed),   cmocka_unit_test(test_policy_lint_unreachable),
		cmocka_unit_test(test_policy_lint_resolved),   cmocka_unit_test(test_policy_lint_services),
		cmocka_unit_test(test_policy_lint_unused),     cmocka_unit_test(test_policy_lint_redundant),
		cmocka_unit_test(test_policy_lint_exemptions), cmocka_unit_test(test_policy_lint_peers),
		cmocka_unit_test(test_policy_lint_ages_and_floors),
		cmocka_unit_test(test_policy_lint_terms),      cmocka_unit_test(test_policy_lint_automatic),
		cmocka_unit_test(test_policy_lint_alternatives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
