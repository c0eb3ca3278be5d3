/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that are not to be believed (A079): what they might change is doubt, and nothing else is. And how the policy
 * says it: at_least and fresh. */
#include "test_policy_world.h"

#define BASE \
	"permission p { }\npermission q { }\npermission r { }\n" \
	"role a { permissions = p }\nrole b { permissions = q }\nrole c { permissions = r }\n"
#define GROUP(name, role, rest) "assignment " name " { role = " role " listed = member " rest " }\n"

static char too_few[] = "cn=g lists 1, and at_least says 3";

/* Of up to four queries nothing is to be believed. */
static struct cs_unsure unsure[4];

static void doubt(struct member *who, uint32_t query)
{
	unsure[who->facts.n_unsure] = (struct cs_unsure){query, too_few};
	who->facts.unsure = unsure;
	who->facts.n_unsure++;
}

static void expect_right(const struct cs_policy *policy, const struct member *who, const char *permission,
			 const char *scope, int expected, enum cs_reason reason)
{
	struct cs_held held = {0};
	int r = cs_policy_has_right(policy, &who->facts, permission, scope, &held);

	if (r != expected || held.reason != reason)
		fail_msg("%s in %s: %d (%s)", permission, scope, r, cs_reason_name(held.reason));
	if (r == CS_EDOUBT)
		assert_string_equal(held.because, too_few);
	assert_int_equal(cs_policy_has_right(policy, &who->facts, permission, scope, NULL), expected);
	cs_held_clear(&held);
}

static void test_policy_a079_unsure_list_is_doubt_where_it_could_supply(void **state)
{
	static const char text[] = BASE GROUP("one", "a", "scope = \"project/%{cn}\" group = \"cn=g,dc=x\"")
		GROUP("two", "b", "scope = \"*\" group = \"cn=h,dc=x\" unless = \"status=archived\"");
	struct cs_policy *policy = parse(text);
	struct member who;

	(void)state;
	make_member(&who, "uid=u,dc=x");
	list_as(&who, 0, "cn=g,dc=x", "cn", "tomcat", NULL);
	list_as(&who, 1, "cn=h,dc=x", NULL);
	expect_right(policy, &who, "p", "project/tomcat", 1, CS_WHY_HAS_RIGHT);
	doubt(&who, 0);
	expect_right(policy, &who, "p", "project/tomcat", CS_EDOUBT, CS_WHY_DOUBT); /* its memberships count nothing */
	expect_right(policy, &who, "p", "project/other", CS_EDOUBT, CS_WHY_DOUBT);
	expect_right(policy, &who, "p", "wg/tomcat", 0, CS_WHY_NO_PERMISSION); /* it could not give that */
	expect_right(policy, &who, "p", "*", 0, CS_WHY_NO_PERMISSION);
	expect_right(policy, &who, "q", "project/tomcat", 1, CS_WHY_HAS_RIGHT); /* nor is anybody else locked out */
	expect_right(policy, &who, "r", "project/tomcat", 0, CS_WHY_NO_PERMISSION);
	doubt(&who, 1);
	expect_right(policy, &who, "q", "project/tomcat", CS_EDOUBT, CS_WHY_DOUBT); /* whatever `unless` says */
	cs_policy_free(&policy);
}

static void test_policy_a079_doubt_of_a_person_comes_first(void **state)
{
	struct cs_policy *policy = parse(BASE GROUP("one", "a", "scope = \"*\" group = \"cn=g,dc=x\""));
	struct member who;

	(void)state;
	make_member(&who, "uid=u,dc=x");
	doubt(&who, 0);
	who.facts.person.locked = true;
	expect_right(policy, &who, "p", "*", 0, CS_WHY_LOCKED_PERSON);
	who.facts.person.locked = false;
	who.facts.known = CS_KNOWN_NO;
	expect_right(policy, &who, "p", "*", 0, CS_WHY_UNKNOWN_PERSON);
	cs_policy_free(&policy);
}

#define SETS(within) BASE "role d { inherits = b permissions = p }\nexclusive x { roles = { a, b } within = " within " }\n" \
	GROUP("sure", "a", "scope = \"project\" group = \"cn=s,dc=x\"") \
	GROUP("unsure", "b", "scope = \"project/%{cn}\" group = \"cn=g,dc=x\"") \
	GROUP("other", "c", "scope = \"project\" group = \"cn=g,dc=x\"")

static void test_policy_a079_unsure_list_might_exclude(void **state)
{
	struct cs_policy *policy = parse(SETS("scope"));
	struct member who;

	(void)state;
	make_member(&who, "uid=u,dc=x");
	list_as(&who, 0, "cn=s,dc=x", NULL);
	expect_right(policy, &who, "p", "project/tomcat", 1, CS_WHY_HAS_RIGHT);
	doubt(&who, 1);
	expect_right(policy, &who, "p", "project/tomcat", CS_EDOUBT, CS_WHY_DOUBT);
	expect_right(policy, &who, "p", "project", 1, CS_WHY_HAS_RIGHT); /* b could not be held in all of it */
	/* With a held for certain, b would count for nothing: q is surely not held. */
	expect_right(policy, &who, "q", "project/tomcat", 0, CS_WHY_NO_PERMISSION);
	expect_right(policy, &who, "r", "project/tomcat", CS_EDOUBT, CS_WHY_DOUBT);
	cs_policy_free(&policy);

	policy = parse(SETS("anywhere"));
	expect_right(policy, &who, "p", "project", CS_EDOUBT, CS_WHY_DOUBT);
	cs_policy_free(&policy);
	policy = parse(SETS("request"));
	expect_right(policy, &who, "p", "project/tomcat", 1, CS_WHY_HAS_RIGHT);
	cs_policy_free(&policy);
}

static void test_policy_a079_unsure_list_in_rules_and_exemptions(void **state)
{
	struct cs_policy *policy = parse(
		BASE GROUP("one", "a", "scope = \"*\" group = \"cn=s,dc=x\"")
		"gate g { service = sudo permission = p\n"
		"  approval group { count = 1 group = \"cn=g,dc=x\" listed = member }\n"
		"  approval name { count = 1 person = \"uid=u,dc=x\" }\n"
		"  exempt first { group = \"cn=g,dc=x\" listed = member }\n"
		"  exempt second { person = \"uid=u,dc=x\" } }\n");
	const struct cs_gate *gate = cs_policy_gate(policy, "g");
	struct cs_held held = {0};
	struct member who;

	(void)state;
	make_member(&who, "uid=u,dc=x");
	list_as(&who, 1, "cn=g,dc=x", NULL);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 0, "*", NULL), 1);
	doubt(&who, 1);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 0, "*", &held), CS_EDOUBT);
	assert_string_equal(held.because, too_few);
	cs_held_clear(&held);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 1, "*", NULL), 1);
	/* The second exemption holds without the first. */
	assert_int_equal(cs_policy_exempt(policy, &who.facts, gate, "*", &held), 1);
	assert_string_equal(held.because, "exemption second: by name");
	cs_held_clear(&held);
	who.facts.person.dn = (char *)(uintptr_t)"uid=v,dc=x";
	assert_int_equal(cs_policy_exempt(policy, &who.facts, gate, "*", &held), CS_EDOUBT);
	assert_string_equal(held.because, too_few);
	assert_int_equal(held.reason, CS_WHY_DOUBT);
	cs_held_clear(&held);
	cs_policy_free(&policy);
}

/* Single groups that are asked about below their parent are found as well. */
static void test_policy_a079_unsure_list_of_many_groups(void **state)
{
	char text[8192] = BASE;
	struct cs_policy *policy;
	struct member who;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 20; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       GROUP("g%zu", "a", "scope = \"project/p%zu\" group = \"cn=g%zu,ou=x\""), i, i, i);
	policy = parse(text);
	(void)cs_policy_queries(policy, &n);
	assert_int_equal(n, 1);
	make_member(&who, "uid=u,dc=x");
	doubt(&who, 0);
	expect_right(policy, &who, "p", "project/p7", CS_EDOUBT, CS_WHY_DOUBT);
	expect_right(policy, &who, "p", "project/p20", 0, CS_WHY_NO_PERMISSION);
	cs_policy_free(&policy);
}

static void expect_steps(const struct cs_policy *policy, const struct member *who, const char *permission,
			 const char *const *lines, size_t n)
{
	char **steps = NULL;
	size_t n_steps = 0;

	assert_int_equal(cs_policy_explain(policy, &who->facts, permission, "project/tomcat", &steps, &n_steps), 0);
	for (size_t i = 0; i < n; i++) {
		if (n_steps < n || strcmp(steps[n_steps - n + i], lines[i]) != 0)
			fail_msg("%s", n_steps < n ? "too few" : steps[n_steps - n + i]);
	}
	cs_free_strv(&steps, &n_steps);
}

static void test_policy_explains_unsure_lists(void **state)
{
	static const char *const might[] = {
		"assignment unsure (role b in project/%{cn}): could not tell: cn=g lists 1, and at_least says 3",
		"could not tell: q in project/tomcat"};
	static const char *const excludes[] = {
		"role a in project: by assignment sure, member of cn=s,dc=x; whether a role excludes it could not be "
		"told: cn=g lists 1, and at_least says 3",
		"could not tell: p in project/tomcat"};
	struct cs_policy *policy = parse(SETS("scope"));
	struct cs_right_held *rights = NULL;
	struct member who;
	size_t n = 0;

	(void)state;
	make_member(&who, "uid=u,dc=x");
	doubt(&who, 1);
	expect_steps(policy, &who, "q", might, CS_COUNT(might));
	list_as(&who, 0, "cn=s,dc=x", NULL);
	expect_steps(policy, &who, "p", excludes, CS_COUNT(excludes));
	/* What is listed of somebody is what he surely has. */
	assert_int_equal(cs_policy_rights_of(policy, &who.facts, &rights, &n), 0);
	assert_int_equal(n, 1);
	assert_string_equal(rights[0].permission, "p");
	assert_string_equal(rights[0].scope, "project");
	cs_rights_held_free(&rights, &n);
	cs_policy_free(&policy);
}

/* --- at_least ----------------------------------------------------------------------------------------------------- */

static void expect_queries(const char *text, const uint32_t *floors, size_t n, size_t n_below)
{
	struct cs_policy *policy = parse(text);
	size_t n_queries = 0, below = 0;
	const struct cs_group_query *queries = cs_policy_queries(policy, &n_queries);

	assert_int_equal(n_queries, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(queries[i].at_least, floors[i]);
	for (size_t i = 0; i < n; i++)
		below += queries[i].where == CS_GROUPS_BELOW;
	assert_int_equal(below, n_below);
	cs_policy_free(&policy);
}

static void test_policy_largest_floor_of_a_group_counts(void **state)
{
	(void)state;
	expect_queries(BASE GROUP("one", "a", "scope = \"*\" group = \"cn=g,dc=x\" at_least = 2")
		       GROUP("two", "b", "scope = \"*\" group = \"CN=g, dc=x\" at_least = 5")
		       GROUP("three", "c", "scope = \"*\" group = \"cn=g,dc=x\"")
		       "assignment owner { role = a scope = \"*\" group = \"cn=g,dc=x\" listed = owner }\n"
		       GROUP("below", "a", "scope = \"*\" below = \"cn=g,dc=x\" at_least = 1")
		       "gate g { service = sudo permission = p\n"
		       "  approval x { count = 1 group = \"cn=g,dc=x\" listed = member } }\n",
		       (const uint32_t[]){5, 0, 1}, 3, 1);
}

/* Groups with a floor are counted one by one; the others of their parent stay one question. */
static void test_policy_floor_is_not_lost_below_a_parent(void **state)
{
	char text[16384] = BASE;
	uint32_t floors[41] = {0};

	(void)state;
	for (size_t i = 0; i < 40; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       GROUP("g%zu", "a", "scope = \"project/p%zu\" group = \"cn=g%zu,ou=x\" %s%.0zu"), i, i, i,
			       i % 2 ? "at_least = " : "", i % 2 ? i : 0);
	/* … one of them is asked for by an assignment that sets none as well. */
	(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
		       GROUP("again", "b", "scope = \"*\" group = \"cn=g1,ou=x\""));
	for (size_t i = 1; i < 40; i += 2)
		floors[(i + 1) / 2] = (uint32_t)i;
	expect_queries(text, floors, 21, 1);
}

/* What is asked below the parent instead takes no floor from those who ask about all groups there. */
static void test_policy_floor_of_all_groups_is_not_that_of_single_ones(void **state)
{
	char text[16384] = BASE GROUP("all", "b", "scope = \"*\" below = \"ou=x\" at_least = 4");

	(void)state;
	for (size_t i = 0; i < 20; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       GROUP("g%zu", "a", "scope = \"project/p%zu\" group = \"cn=g%zu,ou=x\""), i, i, i);
	expect_queries(text, (const uint32_t[]){4, 0}, 2, 2);
}

static void test_policy_refuses_floors_and_ages(void **state)
{
	(void)state;
#define LINE 7
	assert_text_refused(BASE GROUP("one", "a", "scope = \"*\" group = \"cn=g,dc=x\" at_least = 0"), LINE,
			    "1 at least");
	assert_text_refused(BASE GROUP("one", "a", "scope = \"*\" group = \"cn=g,dc=x\" at_least = 16385"), LINE,
			    "16384 at most");
	assert_text_refused(BASE "assignment one { role = a scope = \"*\" person = \"uid=u,dc=x\" at_least = 1 }\n", LINE,
			    "at_least in it would mean nothing");
	assert_text_refused(BASE "permission z { fresh = 25h }\n", LINE, "24 h at most");
	assert_text_refused(BASE "permission z { fresh = soon }\n", LINE, "a time such as");
	assert_text_refused(BASE "gate z { service = sudo deny = \"no\" fresh = 5s }\n", LINE, "would mean nothing");
}

/* --- fresh -------------------------------------------------------------------------------------------------------- */

#define ROLES GROUP("one", "a", "scope = \"*\" group = \"cn=g,dc=x\"") GROUP("two", "b", "scope = \"*\" group = \"cn=g,dc=x\"") \
	"role a { permissions = p }\nrole b { permissions = q }\n"

static void test_policy_a079_smallest_age_of_a_gate_counts(void **state)
{
	struct cs_policy *policy = parse(
		"permission p { fresh = 0s }\npermission q { fresh = 20s }\npermission r { }\n"
		"role c { permissions = r }\n" GROUP("three", "c", "scope = \"*\" group = \"cn=g,dc=x\"") ROLES
		"gate none { service = app permission = r }\n"
		"gate own { service = sudo permission = r fresh = 10s }\n"
		"gate shorter { service = sudo permission = q fresh = 30s }\n"
		"gate approval { service = sshd permission = r approval x { count = 1 permission = q } }\n"
		"gate exempt { service = login permission = r approval x { count = 1 role = a } exempt e { permission = p "
		"} }\n"
		"gate denies { service = { sudo, su } deny = \"no\" exempt e { permission = q scope = \"*\" } }\n");
	static const struct {
		const char *gate;
		uint64_t fresh_ms;
	} gates[] = {{"none", CS_FRESH_ANY}, {"own", 10000},  {"shorter", 20000},
		     {"approval", 20000},    {"exempt", 0},   {"denies", 20000}};
	static const struct {
		const char *service;
		uint64_t fresh_ms;
	} services[] = {{"app", CS_FRESH_ANY}, {"sudo", 10000}, {"sshd", 20000}, {"login", 0}, {"su", 20000},
			{"other", CS_FRESH_ANY}};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(gates); i++)
		assert_int_equal(cs_gate_fresh_ms(cs_policy_gate(policy, gates[i].gate)), gates[i].fresh_ms);
	for (size_t i = 0; i < CS_COUNT(services); i++)
		assert_int_equal(cs_policy_service_fresh_ms(policy, services[i].service), services[i].fresh_ms);
	assert_int_equal(cs_policy_permission_fresh_ms(policy, "p"), 0);
	assert_int_equal(cs_policy_permission_fresh_ms(policy, "r"), CS_FRESH_ANY);
	assert_int_equal(cs_policy_permission_fresh_ms(policy, "none"), CS_FRESH_ANY);
	cs_policy_free(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_a079_unsure_list_is_doubt_where_it_could_supply),
		cmocka_unit_test(test_policy_a079_doubt_of_a_person_comes_first),
		cmocka_unit_test(test_policy_a079_unsure_list_might_exclude),
		cmocka_unit_test(test_policy_a079_unsure_list_in_rules_and_exemptions),
		cmocka_unit_test(test_policy_a079_unsure_list_of_many_groups),
		cmocka_unit_test(test_policy_explains_unsure_lists),
		cmocka_unit_test(test_policy_largest_floor_of_a_group_counts),
		cmocka_unit_test(test_policy_floor_is_not_lost_below_a_parent),
		cmocka_unit_test(test_policy_floor_of_all_groups_is_not_that_of_single_ones),
		cmocka_unit_test(test_policy_refuses_floors_and_ages),
		cmocka_unit_test(test_policy_a079_smallest_age_of_a_gate_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
