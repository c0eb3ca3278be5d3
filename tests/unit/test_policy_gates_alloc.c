/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of loading, matching and looking at gates fails once: it is out of memory, nothing leaks, and
 * nothing is opened (A119). */
#include "alloc_fault.h"
#include "test_policy_world.h"

#define ALICE "uid=alice,ou=people,dc=example,dc=org"

static const char text[] = RIGHTS
	"service sudo { unmatched = permit }\n"
	"gate freeze { service = sudo command = \"/sbin/deploy\" netgroup = \"cn=h\" time = \"00:00-24:00\" "
	"deny = \"No\" exempt a { person = { \"" ALICE
	"\", \"cn=x\" } } exempt b { group = \"cn=g\" listed = member } }\n"
	"gate deploy { service = sudo host = { rel1, \"*\" } peer = { local, \"192.0.2.0/24\" } time = { \"Mon\", "
	"\"08:00-18:00\" } command = { \"/sbin/deploy %{project} **\", \"/bin/x %{project}\" } permission = "
	"release.deploy "
	"scope = \"project/%{project}\" use_after = 1m "
	"approval a { count = 1 permission = release.approve scope = \"project/%{project}/x\" } "
	"approval b { count = 1 person = { \"cn=x\", \"cn=y\" } } approval c { count = 1 group = \"cn=g\" listed = "
	"owner } }\n"
	"gate other { service = { sudo, shop } command = \"/bin/x\" permission = host.login }\n"
	"gate ways { service = shop permission = host.login lifetime = 1d self_approval = permit objections = 1h uses = any "
	"approval a { count = majority role = infra alternative = x } "
	"approval b { count = all group = \"cn=h\" listed = owner alternative = y reject = counts } "
	"approval c { count = 1 person = { \"cn=x\", \"cn=y\" } } approval d { count = 1 person = \"cn=x\" } "
	"automatic n { command = do time = Mon peer = local role = infra } "
	"automatic m { group = \"cn=g\" listed = member } automatic o { person = \"" ALICE "\" } }\n"
	"break_glass night { scope = \"*\" uid = { 7, 8 } signature = required approval r { count = 2 role = infra } }\n";

static int try_parse(struct cs_policy **ret_policy)
{
	struct cs_problem problem = {0};
	int r = cs_policy_parse(text, "policy.conf", ret_policy, &problem);

	if (r == CS_ECONF)
		fail_msg("%u: %s", problem.line, problem.text ? problem.text : "");
	cs_problem_clear(&problem);
	return r;
}

static void test_policy_a119_load(void **state)
{
	struct cs_policy *policy = NULL;
	size_t calls;

	(void)state;
	alloc_fault_reset(0);
	assert_int_equal(try_parse(&policy), 0);
	calls = alloc_fault.calls;
	cs_policy_free(&policy);
	assert_true(calls > 300);
	for (size_t i = 1; i <= calls; i++) {
		alloc_fault_reset(i);
		if (try_parse(&policy) != CS_ENOMEM)
			fail_msg("allocation %zu", i);
		assert_null(policy);
	}
}

/* Everything that matching can answer here. */
static int try_match(const struct cs_policy *policy, bool exempt, const char *peer, enum cs_match_kind expected)
{
	static char alice[] = ALICE, bob[] = "cn=bob", id[] = "1";
	char *hosts[] = {(char *)(uintptr_t) "rel1"};
	struct cs_listing listing = {.known = CS_KNOWN_YES, .dns = hosts, .n_dns = 1};
	struct cs_facts person = {.known = CS_KNOWN_YES, .person = {.id = id, .dn = exempt ? alice : bob}};
	struct cs_circumstances now = {
		.wall_ms = 9 * 3600 * 1000, .person = &person, .listings = &listing, .n_listings = 1};
	struct cs_listing_query *queries = NULL;
	struct cs_match match = {0};
	struct doing doing;
	size_t n = 0;
	int r;

	make_action(&doing, "sudo", "rel1", "/sbin/deploy", "tomcat", NULL);
	doing.action.peer = (char *)(uintptr_t)peer;
	now.action = &doing.action;
	r = cs_policy_match_needs(policy, &doing.action, &queries, &n);
	if (r == 0)
		r = cs_policy_match(policy, &now, &match);
	assert_int_equal(match.kind, r == 0 ? expected : CS_MATCH_NONE);
	assert_true(r == 0 || (!match.text && !match.scope && !match.gate && !match.unmatched_permits));
	cs_match_clear(&match);
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_listing_query_shape, &queries[i]);
	free(queries);
	return r;
}

static void test_policy_a119_match(void **state)
{
	static const struct {
		bool exempt;
		const char *peer;
		enum cs_match_kind kind;
	} cases[] = {
		{false, "", CS_MATCH_DENY},
		{true, "", CS_MATCH_GATE},
		{true, "192.0.3.1", CS_MATCH_CONDITION},
	};
	struct cs_policy *policy = NULL;

	(void)state;
	assert_int_equal(try_parse(&policy), 0);
	for (size_t k = 0; k < CS_COUNT(cases); k++) {
		size_t calls;

		alloc_fault_reset(0);
		assert_int_equal(try_match(policy, cases[k].exempt, cases[k].peer, cases[k].kind), 0);
		calls = alloc_fault.calls;
		for (size_t i = 1; i <= calls; i++) {
			alloc_fault_reset(i);
			assert_int_equal(try_match(policy, cases[k].exempt, cases[k].peer, cases[k].kind), CS_ENOMEM);
		}
	}
	cs_policy_free(&policy);
}

static void test_policy_a119_lint_and_labels(void **state)
{
	struct cs_policy *policy = NULL;
	struct cs_finding *findings = NULL;
	size_t calls, n = 0;

	(void)state;
	assert_int_equal(try_parse(&policy), 0);
	alloc_fault_reset(0);
	assert_int_equal(cs_policy_lint(policy, &findings, &n), 0);
	calls = alloc_fault.calls;
	cs_findings_free(&findings, &n);
	for (size_t i = 1; i <= calls; i++) {
		alloc_fault_reset(i);
		assert_int_equal(cs_policy_lint(policy, &findings, &n), CS_ENOMEM);
		assert_null(findings);
	}
	for (size_t rule = 0; rule < 3; rule++) {
		char *label;

		alloc_fault_reset(1);
		label = cs_gate_rule_label(policy, cs_policy_gate(policy, "deploy"), rule, "project/x");
		assert_null(label);
	}
	cs_policy_free(&policy);
}

/* An automatic approval that cannot be told for want of memory approves nothing. */
static void test_policy_a119_automatic(void **state)
{
	static char alice[] = ALICE, id[] = "1";
	struct cs_facts person = {.known = CS_KNOWN_YES, .person = {.id = id, .dn = alice}};
	struct cs_policy *policy = NULL;
	struct doing doing;
	struct cs_held held = {0};
	size_t calls;

	(void)state;
	assert_int_equal(try_parse(&policy), 0);
	make_action(&doing, "shop", "rel1", "do", NULL);
	alloc_fault_reset(0);
	assert_int_equal(cs_policy_automatic(policy, &person, cs_policy_gate(policy, "ways"), "*", &doing.action, 0, &held),
			 1);
	calls = alloc_fault.calls;
	assert_true(calls >= 2);
	cs_held_clear(&held);
	for (size_t i = 1; i <= calls; i++) {
		alloc_fault_reset(i);
		assert_int_equal(cs_policy_automatic(policy, &person, cs_policy_gate(policy, "ways"), "*", &doing.action, 0,
						     &held),
				 CS_ENOMEM);
		assert_null(held.because);
		assert_int_equal(held.reason, CS_WHY_NONE);
	}
	cs_policy_free(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_a119_load),
		cmocka_unit_test(test_policy_a119_match),
		cmocka_unit_test(test_policy_a119_lint_and_labels),
		cmocka_unit_test(test_policy_a119_automatic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
