/* SPDX-License-Identifier: Apache-2.0 */
/* Lock-out: by hand, and against every set of votes that others could cast. */
#include "committee.h"
#include <time.h>

#define RIGHTS \
	"permission deploy { }\n" \
	"role asker { permissions = deploy }\n" \
	"role a { } role b { } role c { } role free { }\n" \
	"assignment asker { role = asker scope = \"*\" group = \"cn=asker,ou=g\" listed = member }\n" \
	"assignment a { role = a scope = \"*\" group = \"cn=a,ou=g\" listed = member }\n" \
	"assignment b { role = b scope = \"*\" group = \"cn=b,ou=g\" listed = member }\n" \
	"assignment c { role = c scope = \"*\" group = \"cn=c,ou=g\" listed = member }\n" \
	"assignment free { role = free scope = \"*\" group = \"cn=free,ou=g\" listed = member }\n"
#define GATE "gate deploy { service = sudo command = \"/bin/deploy\" permission = deploy\n"
#define EXEMPT "  exempt free { role = free }\n"

static int check(const struct cs_policy *policy, const struct cs_facts *people, size_t n, size_t max,
	size_t *ret_may_ask, struct cs_lockout **list, size_t *count)
{
	*list = NULL;
	*count = 0;
	return cs_lockout_check(policy, cs_policy_gate(policy, "deploy"), "*", people, n, max, ret_may_ask, list,
		count);
}

static void test_lockout_the_only_approver_cannot_ask(void **state)
{
	struct cs_policy *policy = committee_parse(RIGHTS GATE "  approval a { count = 1 role = a }\n" EXEMPT "}\n");
	struct member alice, bob, carol;
	struct cs_facts people[3];
	struct cs_lockout *list = NULL;
	size_t count = 0, may_ask = 0;

	(void)state;
	member_make(&alice, "alice", 1);
	member_make(&bob, "bob", 2);
	member_make(&carol, "carol", 3);
	member_join(&alice, policy, "asker");
	member_join(&bob, policy, "asker");
	member_join(&bob, policy, "a");
	people[0] = alice.facts;
	people[1] = bob.facts;
	people[2] = carol.facts;
	assert_int_equal(check(policy, people, 3, 10, &may_ask, &list, &count), 0);
	assert_int_equal(may_ask, 2);
	assert_int_equal(count, 1);
	assert_int_equal(list[0].requester, 1);
	assert_int_equal(list[0].n_needs, 1);
	assert_int_equal(list[0].needs[0].have, 0);
	assert_int_equal(list[0].needs[0].count, 1);
	cs_lockouts_free(&list, &count);
	member_join(&carol, policy, "a");
	people[2] = carol.facts;
	assert_int_equal(check(policy, people, 3, 10, &may_ask, &list, &count), 1);
	assert_int_equal(count, 0);
	assert_int_equal(check(policy, people, 2, 0, &may_ask, &list, &count), 0); /* found, and not listed */
	assert_int_equal(count, 0);
	member_join(&bob, policy, "free"); /* who is exempt needs nobody */
	people[1] = bob.facts;
	assert_int_equal(check(policy, people, 2, 10, &may_ask, &list, &count), 1);
	assert_int_equal(may_ask, 1);
	cs_policy_free(&policy);
}

/* A second account of the requester is no help, nor are two accounts of one human two people. */
static void test_lockout_a073_accounts_are_not_people(void **state)
{
	struct cs_policy *policy = committee_parse(RIGHTS GATE "  approval a { count = 3 role = a } }\n");
	struct member m[4];
	struct cs_facts people[4];
	struct cs_lockout *list = NULL;
	size_t count = 0, may_ask = 0;

	(void)state;
	member_make(&m[0], "alice", 1);
	member_make(&m[1], "bob", 2);
	member_make(&m[2], "bob-adm", 3);
	member_make(&m[3], "carol", 4);
	member_join(&m[0], policy, "asker");
	for (size_t i = 1; i < 4; i++)
		member_join(&m[i], policy, "a");
	for (size_t i = 0; i < 4; i++)
		people[i] = m[i].facts;
	assert_int_equal(check(policy, people, 4, 10, &may_ask, &list, &count), 1);
	(void)snprintf(m[1].human, sizeof(m[1].human), "1003");
	(void)snprintf(m[2].human, sizeof(m[2].human), "1003");
	assert_int_equal(check(policy, people, 4, 10, &may_ask, &list, &count), 0);
	assert_int_equal(list[0].needs[0].have, 2);
	cs_lockouts_free(&list, &count);
	m[1].human[0] = '\0';
	m[2].human[0] = '\0';
	assert_int_equal(check(policy, people, 4, 10, &may_ask, &list, &count), 1);
	(void)snprintf(m[0].human, sizeof(m[0].human), "1001"); /* now carol's account is alice's */
	(void)snprintf(m[3].human, sizeof(m[3].human), "1001");
	assert_int_equal(check(policy, people, 4, 10, &may_ask, &list, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(list[0].requester, 0);
	assert_int_equal(list[0].needs[0].have, 2);
	cs_lockouts_free(&list, &count);
	cs_policy_free(&policy);
}

/* Where one person may fill several rules, two accounts of one human still have one vote. */
static void test_lockout_a073_accounts_do_not_add_up(void **state)
{
	struct cs_policy *policy = committee_parse(RIGHTS GATE "  approval a { count = 1 role = a }\n"
		"  approval b { count = 1 role = b }\n  people = shared }\n");
	struct member m[3];
	struct cs_facts people[3];
	struct cs_lockout *list = NULL;
	size_t count = 0, may_ask = 0;

	(void)state;
	member_make(&m[0], "alice", 1);
	member_make(&m[1], "bob", 2);
	member_make(&m[2], "bob-adm", 3);
	member_join(&m[0], policy, "asker");
	member_join(&m[1], policy, "a");
	member_join(&m[2], policy, "b");
	for (size_t i = 0; i < 3; i++)
		people[i] = m[i].facts;
	assert_int_equal(check(policy, people, 3, 10, &may_ask, &list, &count), 1);
	(void)snprintf(m[1].human, sizeof(m[1].human), "1003");
	(void)snprintf(m[2].human, sizeof(m[2].human), "1003");
	assert_int_equal(check(policy, people, 3, 10, &may_ask, &list, &count), 0);
	cs_lockouts_free(&list, &count);
	member_join(&m[2], policy, "a"); /* one account that may do both is enough */
	people[2] = m[2].facts;
	assert_int_equal(check(policy, people, 3, 10, &may_ask, &list, &count), 1);
	cs_policy_free(&policy);
}

static void test_lockout_doubt_is_not_help(void **state)
{
	struct cs_policy *policy = committee_parse(RIGHTS GATE "  approval a { count = 1 role = a } }\n");
	struct member alice, bob;
	struct cs_facts people[3] = { 0 };
	struct cs_lockout *list = NULL;
	size_t count = 0, may_ask = 0;

	(void)state;
	member_make(&alice, "alice", 1);
	member_make(&bob, "bob", 2);
	member_join(&alice, policy, "asker");
	member_join(&bob, policy, "a");
	people[0] = alice.facts;
	people[1] = bob.facts;
	people[2].known = CS_KNOWN_DOUBT; /* nobody knows who that is */
	assert_int_equal(check(policy, people, 3, 10, &may_ask, &list, &count), 1);
	people[1].known = CS_KNOWN_DOUBT;
	assert_int_equal(check(policy, people, 3, 10, &may_ask, &list, &count), CS_EDOUBT);
	assert_int_equal(may_ask, 1);
	cs_lockouts_free(&list, &count);
	people[1].known = CS_KNOWN_NO; /* that is no doubt; the third still is */
	assert_int_equal(check(policy, people, 3, 10, &may_ask, &list, &count), CS_EDOUBT);
	cs_lockouts_free(&list, &count);
	assert_int_equal(check(policy, people, 2, 10, &may_ask, &list, &count), 0);
	cs_lockouts_free(&list, &count);
	people[1].known = CS_KNOWN_YES;
	people[1].person.locked = true; /* A080 */
	assert_int_equal(check(policy, people, 2, 10, &may_ask, &list, &count), 0);
	cs_lockouts_free(&list, &count);
	cs_policy_free(&policy);
}

static void test_lockout_a_gate_without_approvals_locks_nobody_out(void **state)
{
	struct cs_policy *policy = committee_parse(RIGHTS GATE "}\n");
	struct member alice;
	struct cs_lockout *list = NULL;
	size_t count = 0, may_ask = 0;

	(void)state;
	member_make(&alice, "alice", 1);
	member_join(&alice, policy, "asker");
	assert_int_equal(check(policy, &alice.facts, 1, 10, &may_ask, &list, &count), 1);
	assert_int_equal(may_ask, 1);
	assert_int_equal(check(policy, NULL, 0, 10, &may_ask, &list, &count), 1);
	assert_int_equal(may_ask, 0);
	cs_policy_free(&policy);
}

/* --- Every set of votes ------------------------------------------------------------------------------------------- */

enum { WORLD_PEOPLE = 6 };

struct world {
	struct member members[WORLD_PEOPLE];
	struct cs_facts people[WORLD_PEOPLE];
	bool one_human_with_different_roles;
};

static uint32_t draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % below;
}

static void world_make(struct world *world, const struct cs_policy *policy, uint64_t *seed)
{
	static const char *const groups[] = { "asker", "a", "b", "c", "free" };
	static const uint32_t one_in[] = { 2, 2, 3, 3, 6 };

	memset(world, 0, sizeof(*world));
	for (uint32_t p = 0; p < WORLD_PEOPLE; p++) {
		struct member *member = &world->members[p];
		char name[16];

		(void)snprintf(name, sizeof(name), "p%u", p);
		member_make(member, name, p);
		for (size_t g = 0; g < CS_COUNT(groups); g++)
			if (draw(seed, one_in[g]) == 0)
				member_join(member, policy, groups[g]);
		if (draw(seed, 3) == 0) {
			(void)snprintf(member->human, sizeof(member->human), "h%u", draw(seed, 2));
			world->one_human_with_different_roles = true;
		}
		if (draw(seed, 12) == 0)
			member->facts.person.locked = true;
		world->people[p] = member->facts;
	}
}

/* Could others approve what this person asks? Every set of votes is tried. 1, 0; -1: he may not ask, or needs
 * nobody. */
static int oracle(const struct cs_policy *policy, struct world *world, size_t requester)
{
	struct cs_approval votes[WORLD_PEOPLE];
	struct cs_facts voters[WORLD_PEOPLE];
	struct cs_case what = { .policy = policy, .gate = cs_policy_gate(policy, "deploy"), .scope = "*",
		.requester = &world->people[requester], .votes = votes, .voters = voters };

	for (uint32_t set = 0; set < 1u << WORLD_PEOPLE; set++) {
		struct cs_decision decision = { 0 };
		int verdict = 0;

		what.n_votes = 0;
		for (size_t p = 0; p < WORLD_PEOPLE; p++) {
			if ((set >> p & 1) == 0)
				continue;
			votes[what.n_votes] = vote_for(what.gate, &world->members[p], CS_VOTE_APPROVE);
			voters[what.n_votes++] = world->people[p];
		}
		assert_int_equal(cs_decide(&what, &decision), 0);
		verdict = decision.verdict == CS_PERMIT ? decision.reason == CS_WHY_APPROVED ? 1 : -1
			: decision.verdict == CS_HOLD	? 0
							: -1;
		cs_clear(&cs_decision_shape, &decision);
		if (verdict != 0)
			return verdict;
	}
	return 0;
}

/* Asks both about one world. exact: false where a human with two accounts may be counted for less than he could. */
static void compare(const struct cs_policy *policy, struct world *world, bool exact, unsigned *ret_found)
{
	struct cs_lockout *list = NULL;
	size_t count = 0, may_ask = 0, askers = 0, at = 0;
	int r = check(policy, world->people, WORLD_PEOPLE, WORLD_PEOPLE, &may_ask, &list, &count);

	for (size_t p = 0; p < WORLD_PEOPLE; p++) {
		int expected = oracle(policy, world, p);
		bool found = at < count && list[at].requester == p;

		askers += expected >= 0;
		if (exact || expected != 1)
			assert_int_equal(found, expected == 0);
		ret_found[found]++;
		if (found)
			assert_true(cs_needs_missing(list[at].needs, list[at].n_needs) > 0);
		at += found;
	}
	assert_int_equal(may_ask, askers);
	assert_int_equal(at, count);
	assert_int_equal(r, count == 0 ? 1 : 0);
	cs_lockouts_free(&list, &count);
}

static void test_lockout_equals_every_set_of_votes(void **state)
{
	static const struct {
		const char *text;
		bool shared;
	} policies[] = {
		{ RIGHTS GATE "  approval a { count = 1 role = a }\n" EXEMPT "}\n", false },
		{ RIGHTS GATE "  approval a { count = 2 role = a }\n  approval b { count = 1 role = b }\n" EXEMPT "}\n",
			false },
		{ RIGHTS GATE "  approval a { count = 1 role = a }\n  approval b { count = 1 role = b }\n"
			"  approval c { count = 1 role = c } }\n", false },
		{ RIGHTS GATE "  approval a { count = 1 role = a }\n  approval b { count = 2 role = b }\n"
			"  approval c { count = 1 role = c }\n  people = shared }\n", true },
		{ RIGHTS "exclusive x { roles = { a, b } within = request }\n" GATE
			"  approval a { count = 1 role = a }\n"
			"  approval b { count = 1 role = b }\n  approval c { count = 2 role = c }\n  people = shared "
			"}\n", true },
		{ RIGHTS "exclusive x { roles = { a, b } }\n" GATE "  approval a { count = 1 role = a }\n"
			"  approval b { count = 1 role = b } }\n", false },
	};
	unsigned found[2] = { 0 };
	uint64_t seed = 11;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(policies); i++) {
		struct cs_policy *policy = committee_parse(policies[i].text);

		for (int n = 0; n < 60; n++) {
			struct world world;

			world_make(&world, policy, &seed);
			compare(policy, &world, !policies[i].shared || !world.one_human_with_different_roles, found);
		}
		cs_policy_free(&policy);
	}
	assert_true(found[0] > 200);
	assert_true(found[1] > 200);
}

/* --- Many people -------------------------------------------------------------------------------------------------- */

/* Everybody may ask and a few approve: the cost is that of looking at everybody once. */
static void test_lockout_many_who_ask(void **state)
{
	enum { MANY = 20000 };
	struct cs_policy *policy = committee_parse(RIGHTS GATE "  approval a { count = 2 role = a }\n"
		"  approval b { count = 1 role = b } }\n");
	struct member *members = calloc(MANY, sizeof(*members));
	struct cs_facts *people = calloc(MANY, sizeof(*people));
	struct cs_lockout *list = NULL;
	size_t count = 0, may_ask = 0;
	struct timespec from, to;

	(void)state;
	assert_non_null(members);
	assert_non_null(people);
	for (uint32_t p = 0; p < MANY; p++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "p%u", p);
		member_make(&members[p], name, p);
		member_join(&members[p], policy, "asker");
		if (p % 100 == 7)
			member_join(&members[p], policy, "a");
		if (p == 5 || p == 107)
			member_join(&members[p], policy, "b");
		people[p] = members[p].facts;
	}
	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from), 0);
	assert_int_equal(check(policy, people, MANY, 100, &may_ask, &list, &count), 1);
	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to), 0);
	assert_int_equal(may_ask, MANY);
	assert_true(to.tv_sec - from.tv_sec < 20); /* pairs of people would take minutes */
	people[107].known = CS_KNOWN_NO; /* b has one left, who cannot ask any more */
	assert_int_equal(check(policy, people, MANY, 100, &may_ask, &list, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(list[0].requester, 5);
	cs_lockouts_free(&list, &count);
	people[5].known = CS_KNOWN_NO; /* now nobody can */
	assert_int_equal(check(policy, people, MANY, 100, &may_ask, &list, &count), 0);
	assert_int_equal(count, 100);
	cs_lockouts_free(&list, &count);
	free(people);
	free(members);
	cs_policy_free(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lockout_the_only_approver_cannot_ask),
		cmocka_unit_test(test_lockout_a073_accounts_are_not_people),
		cmocka_unit_test(test_lockout_a073_accounts_do_not_add_up),
		cmocka_unit_test(test_lockout_doubt_is_not_help),
		cmocka_unit_test(test_lockout_a_gate_without_approvals_locks_nobody_out),
		cmocka_unit_test(test_lockout_equals_every_set_of_votes),
		cmocka_unit_test(test_lockout_many_who_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
