/* SPDX-License-Identifier: Apache-2.0 */
/* The policy when memory runs out (A119): each allocation of ours fails once, while it is loaded and while it answers;
 * and a question about a right allocates nothing. libConfuse's own allocations are not reached. */
#include "alloc_fault.h"
#include "test_policy_world.h"

#define GROUPS "ou=groups,dc=example,dc=org"
#define MARA   "uid=mara,ou=people,dc=example,dc=org"

/* Every kind of section, and so many groups that they become one query. */
static char *world_text(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	fputs(RIGHTS
	      "permission adopt { fresh = 5s }\n"
	      "role chair { inherits = committer in wg { permissions = adopt } in rg { permissions = { adopt } } }\n"
	      "role head { inherits = chair in ag { permissions = adopt } }\n"
	      "exclusive two { roles = { pmc, infra } within = anywhere }\n"
	      "exclusive hats { roles = { chair, infra } within = request }\n"
	      "assignment wgs { role = chair label = \"Chair of it\" scope = \"wg/%{cn}\" below = \"ou=wg," GROUPS
	      "\" listed = chair where = { \"groupType=wg\", \"a=b\" } unless = \"status=archived\" }\n"
	      "assignment named { role = infra scope = \"host\" person = { \"" MARA "\", \"uid=ida\" } }\n",
	      out);
	for (size_t i = 0; i < 18; i++)
		fprintf(out,
			"assignment g%zu { role = head scope = \"*\" group = \"cn=g%zu," GROUPS
			"\" listed = member%s }\n",
			i, i, i == 3 ? " at_least = 2" : "");
	fputs("service sudo { unmatched = permit }\n"
	      "gate g { service = sudo command = \"/sbin/x %{p} **\" permission = release.deploy scope = "
	      "\"project/%{p}\" "
	      "people = shared approval a { count = 1 group = \"cn=rule," GROUPS "\" listed = member } "
	      "approval b { count = 1 person = { \"uid=zoe\", \"" MARA "\" } } approval c { count = 1 role = infra } "
	      "exempt e { role = infra scope = \"host\" } }\n",
	      out);
	fclose(out);
	return text;
}

static void test_policy_a119_loading(void **state)
{
	char *text = world_text();
	size_t at = 1;
	int r = CS_ENOMEM;

	(void)state;
	for (; r != 0; at++) {
		struct cs_problem problem = {0};
		struct cs_policy *policy = NULL;

		alloc_fault_reset(at);
		r = cs_policy_parse(text, "policy.conf", &policy, &problem);
		if (alloc_fault.calls < at)
			assert_int_equal(r, 0);
		else if (r == 0) /* what fails inside libConfuse's callbacks must not be swallowed either */
			fail_msg("allocation %zu failed, and the policy was taken", at);
		else
			assert_int_equal(r, CS_ENOMEM);
		assert_true((r == 0) == (policy != NULL));
		alloc_fault_reset(0);
		cs_policy_free(&policy);
		cs_problem_clear(&problem);
	}
	assert_true(at > 200);
	free(text);
}

/* What is refused stays refused, even where the words for it are missing. */
static void test_policy_a119_refusals(void **state)
{
	static const char *const cases[] = {
		"permission p { } role r { } exclusive e { roles = { r, r } }",
		"permission p { } role a { } role b { inherits = a } exclusive e { roles = { a, b } }",
		"permission p { } role r { } assignment a { role = r scope = \"*\" person = { \"uid=a\", \"UID=A\" } }",
		"permission p { } role r { } assignment a { role = r scope = \"*\" person = \"uid=a\" } "
		"assignment b { role = r scope = \"*\" person = \"uid=a\" }",
		"permission p { } role r { } assignment a { role = r scope = \"*\" group = \"cn=a\" listed = m } "
		"assignment b { role = r scope = \"*\" group = \"cn=a\" listed = m }",
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		for (size_t at = 1, calls = 1; calls >= at; at++) {
			struct cs_problem problem = {0};
			struct cs_policy *policy = NULL;
			int r;

			alloc_fault_reset(at);
			r = cs_policy_parse(cases[i], "policy.conf", &policy, &problem);
			calls = alloc_fault.calls;
			assert_true(r == CS_ECONF || (calls >= at && r == CS_ENOMEM));
			assert_null(policy);
			alloc_fault_reset(0);
			cs_problem_clear(&problem);
		}
	}
}

/* --- Answers ---------------------------------------------------------------------------------------------------------
 */

struct world {
	struct cs_policy *policy;
	struct member who;
	struct cs_listing_query *queries;
	size_t n_queries;
	char **lines;
	size_t n_lines;
	struct cs_right_held *rights;
	size_t n_rights;
	struct cs_held held;
};

static const struct cs_gate *gate_of(const struct world *world)
{
	return cs_policy_gate(world->policy, "g");
}

static int held_right(struct world *world)
{
	return cs_policy_has_right(world->policy, &world->who.facts, "release.stage", "wg/tls", &world->held);
}

static int held_exclusive(struct world *world)
{
	int r = cs_policy_has_right(world->policy, &world->who.facts, "release.deploy", "project/tomcat", &world->held);

	/* Never a yes: two roles exclude each other. */
	assert_true(r == 0 || r == CS_ENOMEM);
	return r;
}

static int held_rule(struct world *world)
{
	return cs_policy_may_fill(world->policy, &world->who.facts, gate_of(world), 1, "project/tomcat", &world->held);
}

static int held_group(struct world *world)
{
	return cs_policy_may_fill(world->policy, &world->who.facts, gate_of(world), 0, "project/tomcat", &world->held);
}

static int exempt(struct world *world)
{
	return cs_policy_exempt(world->policy, &world->who.facts, gate_of(world), "project/tomcat", &world->held);
}

static int violations(struct world *world)
{
	return cs_policy_violations(world->policy, &world->who.facts, &world->lines, &world->n_lines);
}

static int explain(struct world *world)
{
	return cs_policy_explain(world->policy, &world->who.facts, "adopt", "wg/tls", &world->lines, &world->n_lines);
}

static int explain_missing(struct world *world)
{
	return cs_policy_explain(world->policy, &world->who.facts, "adopt", "rg/x", &world->lines, &world->n_lines);
}

static int rights_of(struct world *world)
{
	return cs_policy_rights_of(world->policy, &world->who.facts, &world->rights, &world->n_rights);
}

static int who(struct world *world)
{
	return cs_policy_who(world->policy, gate_of(world), 0, "project/tomcat", &world->queries, &world->n_queries);
}

static int who_can(struct world *world)
{
	return cs_policy_who_can(world->policy, "release.stage", "project/tomcat", &world->queries, &world->n_queries);
}

static int everybody(struct world *world)
{
	return cs_policy_everybody(world->policy, &world->queries, &world->n_queries);
}

static void clear(struct world *world)
{
	for (size_t i = 0; i < world->n_queries; i++)
		cs_clear(&cs_listing_query_shape, &world->queries[i]);
	free(world->queries);
	world->queries = NULL;
	world->n_queries = 0;
	cs_free_strv(&world->lines, &world->n_lines);
	cs_rights_held_free(&world->rights, &world->n_rights);
	cs_held_clear(&world->held);
}

static uint32_t query_of(const struct cs_policy *policy, const char *dn, const char *listed)
{
	size_t n = 0;
	const struct cs_group_query *queries = cs_policy_queries(policy, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(queries[i].dn, dn) == 0 && strcmp(queries[i].listed, listed) == 0)
			return (uint32_t)i;
	fail_msg("no query for %s", dn);
	return 0;
}

static void make_world(struct world *world)
{
	char *text = world_text();

	memset(world, 0, sizeof(*world));
	world->policy = parse(text);
	free(text);
	make_member(&world->who, MARA);
	list_as(&world->who, query_of(world->policy, PROJECTS, "owner"), "cn=tomcat," PROJECTS, "cn", "tomcat", NULL);
	list_as(&world->who, query_of(world->policy, GROUPS, "member"), "cn=rule," GROUPS, NULL);
	list_as(&world->who, query_of(world->policy, GROUPS, "member"), "cn=g4," GROUPS, NULL);
	list_as(&world->who, query_of(world->policy, "ou=wg," GROUPS, "chair"), "cn=tls,ou=wg," GROUPS, "cn", "tls",
		"groupType", "wg", "a", "b", NULL);
}

static void test_policy_a119_answers(void **state)
{
	static const struct {
		int (*ask)(struct world *world);
		int expected;
	} cases[] = {
		{held_right, 1}, {held_exclusive, 0},  {held_rule, 1}, {held_group, 1}, {exempt, 0},  {violations, 0},
		{explain, 0},    {explain_missing, 0}, {rights_of, 0}, {who, 0},        {who_can, 0}, {everybody, 0},
	};
	struct world world;

	(void)state;
	make_world(&world);
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		bool failed = true;
		size_t at = 0;

		while (failed) {
			int r;

			alloc_fault_reset(++at);
			r = cases[i].ask(&world);
			failed = alloc_fault.calls >= at;
			if (r != (failed ? CS_ENOMEM : cases[i].expected))
				fail_msg("case %zu, allocation %zu: %d", i, at, r);
			alloc_fault_reset(0);
			clear(&world);
		}
		assert_true(at > 1);
	}
	cs_policy_free(&world.policy);
}

static void test_policy_questions_allocate_nothing(void **state)
{
	static const struct {
		const char *permission, *scope;
		int expected;
	} cases[] = {
		{"release.stage", "wg/tls", 1},     {"release.stage", "x", 1}, {"adopt", "rg/x", 1},
		{"release.deploy", "project/x", 0}, {"host.login", "host", 0}, {"release.deploy", "project/tomcat", 0},
	};
	struct world world;

	(void)state;
	make_world(&world);
	alloc_fault_reset(1);
	for (size_t i = 0; i < CS_COUNT(cases); i++)
		assert_int_equal(
			cs_policy_has_right(world.policy, &world.who.facts, cases[i].permission, cases[i].scope, NULL),
			cases[i].expected);
	for (size_t rule = 0; rule < 3; rule++)
		assert_int_equal(
			cs_policy_may_fill(world.policy, &world.who.facts, gate_of(&world), rule, "project/x", NULL),
			rule < 2);
	assert_int_equal(cs_policy_exempt(world.policy, &world.who.facts, gate_of(&world), "project/x", NULL), 0);
	assert_int_equal(alloc_fault.calls, 0);
	alloc_fault_reset(0);
	cs_policy_free(&world.policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_a119_loading),
		cmocka_unit_test(test_policy_a119_refusals),
		cmocka_unit_test(test_policy_a119_answers),
		cmocka_unit_test(test_policy_questions_allocate_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
