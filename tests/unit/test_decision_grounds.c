/* SPDX-License-Identifier: Apache-2.0 */
/* What a decision was made from: what is left out of it, what is not, and what does not fit. Random policies are in
 * tests/reference/test_grounds_random.c. */
#include "committee.h"

#define RIGHTS \
	"permission deploy { } permission approve { }\n" \
	"role deployer { permissions = { deploy } }\n" \
	"role checker { permissions = approve }\n" \
	"role clerk { permissions = deploy }\n" \
	"assignment deployers { role = deployer scope = \"a\" group = \"cn=deployers,ou=g\" listed = member }\n" \
	"assignment others { role = deployer scope = \"b\" group = \"cn=others,ou=g\" listed = member }\n" \
	"assignment checkers { role = checker scope = \"*\" group = \"cn=checkers,ou=g\" listed = member }\n" \
	"assignment clerks { role = clerk scope = \"b\" group = \"cn=clerks,ou=g\" listed = member }\n"
#define GATE \
	"gate deploy { service = sudo command = \"/bin/deploy\" permission = deploy scope = a\n" \
	"  approval check { count = 1 permission = approve } }\n"
#define EXCLUSIVE "exclusive apart { roles = { deployer, clerk } within = anywhere }\n"

struct scene {
	struct cs_policy *policy;
	struct member alice, bob;
	struct cs_approval vote;
	char *rule;
	struct cs_case what;
	struct cs_grounds grounds;
};

static void scene_open(struct scene *s, const char *text)
{
	static char rule[] = "check";

	memset(s, 0, sizeof(*s));
	s->policy = committee_parse(text);
	member_make(&s->alice, "alice", 1);
	member_make(&s->bob, "bob", 2);
	member_join(&s->alice, s->policy, "deployers");
	member_join(&s->alice, s->policy, "others");
	member_join(&s->bob, s->policy, "checkers");
	member_join(&s->bob, s->policy, "others");
	s->vote = vote_of(&s->bob, CS_VOTE_APPROVE);
	s->rule = rule;
	s->vote.rules = &s->rule;
	s->vote.n_rules = 1;
	s->what = (struct cs_case){ .policy = s->policy, .gate = cs_policy_gate(s->policy, "deploy"), .scope = "a",
		.requester = &s->alice.facts, .asked_by = &s->alice.facts.person, .votes = &s->vote,
		.voters = &s->bob.facts, .n_votes = 1 };
}

static void scene_close(struct scene *s)
{
	cs_clear(&cs_grounds_shape, &s->grounds);
	cs_policy_free(&s->policy);
}

static void test_grounds_leave_out_what_is_elsewhere(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, RIGHTS GATE);
	assert_int_equal(cs_grounds_freeze(&s.what, NULL, 0, &s.grounds), 0);
	assert_int_equal(s.grounds.requester.n_memberships, 1);
	assert_string_equal(s.grounds.requester.memberships[0].group_dn, "cn=deployers,ou=g");
	assert_int_equal(s.grounds.n_voters, 1);
	assert_int_equal(s.grounds.voters[0].n_memberships, 1);
	assert_string_equal(s.grounds.voters[0].memberships[0].group_dn, "cn=checkers,ou=g");
	assert_string_equal(s.grounds.voters[0].person.id, "id-bob");
	scene_close(&s);
}

/* A role elsewhere that excludes the one here is why the right is not held: without it the record would say yes. */
static void test_grounds_keep_what_excludes(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, RIGHTS GATE EXCLUSIVE);
	member_join(&s.alice, s.policy, "clerks");
	assert_int_equal(cs_grounds_freeze(&s.what, NULL, 0, &s.grounds), 0);
	assert_int_equal(s.grounds.requester.n_memberships, 3);
	scene_close(&s);
}

static void test_grounds_keep_listings_only_where_they_count(void **state)
{
	struct cs_listing listing = { .known = CS_KNOWN_YES };
	struct member *people[1];
	struct listing kept;
	size_t of_rule[1] = { 1 };
	struct scene s;

	(void)state;
	scene_open(&s, RIGHTS GATE);
	people[0] = &s.bob;
	listing_make(&kept, people, 1);
	listing = kept.listing;
	s.what.listings = &listing;
	s.what.listings_of_rule = of_rule;
	assert_int_equal(cs_grounds_freeze(&s.what, &listing, 1, &s.grounds), 0);
	assert_int_equal(s.grounds.n_listings, 0);
	assert_int_equal(s.grounds.n_listings_of_rule, 0);
	assert_int_equal(s.grounds.n_match, 1); /* those that the match needed are kept */
	cs_clear(&cs_grounds_shape, &s.grounds);
	/* Nobody could approve: that is why it was denied, and is kept. */
	listing.n_dns = listing.n_names = 0;
	s.what.n_votes = 0;
	assert_int_equal(cs_grounds_freeze(&s.what, NULL, 0, &s.grounds), 0);
	assert_int_equal(s.grounds.n_listings, 1);
	assert_int_equal(s.grounds.n_listings_of_rule, 1);
	scene_close(&s);
}

static void test_grounds_too_large_are_refused(void **state)
{
	enum { N = CS_MAX_MEMBERSHIPS };
	struct cs_membership *many = calloc(N, sizeof(*many));
	char dn[900] = "cn=deployers,ou=g,";
	struct scene s;

	(void)state;
	assert_non_null(many);
	memset(dn + 18, 'x', sizeof(dn) - 19);
	scene_open(&s, RIGHTS GATE);
	for (size_t i = 0; i < N; i++)
		many[i] = (struct cs_membership){ .query = s.alice.memberships[0].query, .group_dn = dn };
	s.alice.facts.memberships = many;
	s.alice.facts.n_memberships = N;
	assert_int_equal(cs_grounds_freeze(&s.what, NULL, 0, &s.grounds), CS_ETOOBIG);
	assert_null(s.grounds.voters);
	scene_close(&s);
	free(many);
}

static void test_grounds_that_do_not_belong_together_are_no_case(void **state)
{
	size_t of_rule[CS_MAX_RULES];
	struct cs_request request = { 0 };
	struct cs_case again = { 0 };
	uint32_t one[2] = { 1, 0 };
	struct scene s;

	(void)state;
	scene_open(&s, RIGHTS GATE);
	assert_int_equal(cs_grounds_freeze(&s.what, NULL, 0, &s.grounds), 0);
	/* another number of votes than of voters */
	assert_int_equal(cs_grounds_case(s.policy, s.what.gate, &request, &s.vote, 0, &s.grounds, of_rule, &again),
		CS_ECORRUPT);
	/* listings of rules that are not there */
	free(s.grounds.listings_of_rule);
	s.grounds.listings_of_rule = one;
	s.grounds.n_listings_of_rule = 1;
	assert_int_equal(cs_grounds_case(s.policy, s.what.gate, &request, &s.vote, 1, &s.grounds, of_rule, &again),
		CS_ECORRUPT);
	one[0] = 0;
	s.grounds.n_listings_of_rule = 2;
	assert_int_equal(cs_grounds_case(s.policy, s.what.gate, &request, &s.vote, 1, &s.grounds, of_rule, &again),
		CS_ECORRUPT);
	assert_null(again.policy);
	s.grounds.listings_of_rule = NULL;
	s.grounds.n_listings_of_rule = 0;
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grounds_leave_out_what_is_elsewhere),
		cmocka_unit_test(test_grounds_keep_what_excludes),
		cmocka_unit_test(test_grounds_keep_listings_only_where_they_count),
		cmocka_unit_test(test_grounds_too_large_are_refused),
		cmocka_unit_test(test_grounds_that_do_not_belong_together_are_no_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
