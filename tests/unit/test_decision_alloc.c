/* SPDX-License-Identifier: Apache-2.0 */
/* A119: the n-th allocation fails, for every n of a decision and of a lock-out check: an error, never another
 * answer. */
#include "alloc_fault.h"
#include "committee.h"

static const char text[] =
	"permission deploy { } role asker { permissions = deploy } role a { } role b { }\n"
	"assignment asker { role = asker scope = \"*\" group = \"cn=asker,ou=g\" listed = member }\n"
	"assignment a { role = a scope = \"*\" group = \"cn=a,ou=g\" listed = member }\n"
	"assignment b { role = b scope = \"*\" group = \"cn=b,ou=g\" listed = member }\n"
	"assignment dave { role = b scope = \"*\" person = \"uid=dave,ou=people\" }\n"
	"gate deploy { service = sudo command = \"/bin/deploy\" permission = deploy\n"
	"  approval a { count = 1 role = a } approval b { count = 1 role = b } exempt vip { role = b scope = \"*\" } "
	"}\n";

static struct cs_policy *policy;
static struct member alice, bob, carol;

static void make(void)
{
	policy = committee_parse(text);
	member_make(&alice, "alice", 1);
	member_make(&bob, "bob", 2);
	member_make(&carol, "carol", 3);
	member_join(&alice, policy, "asker");
	member_join(&bob, policy, "a");
	member_join(&carol, policy, "asker");
	member_join(&carol, policy, "b");
}

/* Decides with one vote and one that is missing, with the n-th allocation failing. */
static int decide(size_t n, const struct member *requester, struct cs_decision *ret)
{
	struct cs_approval vote = vote_for(cs_policy_gate(policy, "deploy"), &bob, CS_VOTE_APPROVE);
	struct listing lists[2];
	struct cs_listing listings[2];
	size_t of_rule[2] = { 1, 1 };
	struct cs_case what = { .policy = policy, .gate = cs_policy_gate(policy, "deploy"), .scope = "*",
		.requester = &requester->facts, .votes = &vote, .voters = &bob.facts, .n_votes = 1, .listings = listings,
		.listings_of_rule = of_rule };
	int r = 0;

	listing_make(&lists[0], (struct member *[]){ &bob, &carol }, 2);
	listing_make(&lists[1], (struct member *[]){ &carol }, 1);
	listings[0] = lists[0].listing;
	listings[1] = lists[1].listing;
	alloc_fault_reset(n);
	r = cs_decide(&what, ret);
	alloc_fault_reset(0);
	return r;
}

static void decide_with_every_fault(const struct member *requester, enum cs_verdict verdict, enum cs_reason reason)
{
	size_t failed = 0;

	for (size_t n = 1; n <= 200; n++) {
		struct cs_decision decision = { 0 };
		int r = decide(n, requester, &decision);

		if (r == 0 && decision.verdict != CS_DENY) {
			assert_int_equal(decision.verdict, verdict);
			assert_int_equal(decision.reason, reason);
		}
		if (r < 0)
			assert_int_equal(decision.verdict, CS_DENY);
		failed += r < 0;
		cs_clear(&cs_decision_shape, &decision);
	}
	assert_true(failed > 3 && failed < 200);
}

static char too_few[] = "cn=a lists 1, and at_least says 2";
static struct cs_unsure unsure = { 1, too_few };

static void test_decision_a119_every_allocation(void **state)
{
	(void)state;
	make();
	decide_with_every_fault(&alice, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	decide_with_every_fault(&carol, CS_PERMIT, CS_WHY_EXEMPT);
	bob.facts.unsure = &unsure;
	bob.facts.n_unsure = 1;
	decide_with_every_fault(&alice, CS_HOLD, CS_WHY_DOUBT);
	cs_policy_free(&policy);
}

static void test_lockout_a119_every_allocation(void **state)
{
	struct cs_facts people[2];
	size_t failed = 0;

	(void)state;
	make();
	people[0] = alice.facts;
	people[1] = bob.facts;
	for (size_t n = 1; n <= 100; n++) {
		struct cs_lockout *list = NULL;
		size_t count = 0, may_ask = 0;
		int r = 0;

		alloc_fault_reset(n);
		r = cs_lockout_check(policy, cs_policy_gate(policy, "deploy"), "*", people, 2, 5, &may_ask, &list,
			&count);
		alloc_fault_reset(0);
		assert_true(r == CS_ENOMEM || (r == 0 && count == 1 && may_ask == 1 && list[0].requester == 0));
		failed += r == CS_ENOMEM;
		cs_lockouts_free(&list, &count);
	}
	assert_true(failed > 5 && failed < 100);
	cs_policy_free(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decision_a119_every_allocation),
		cmocka_unit_test(test_lockout_a119_every_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
