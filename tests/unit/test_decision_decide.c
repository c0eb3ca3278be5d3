/* SPDX-License-Identifier: Apache-2.0 */
/* The decision by itself: who needs nobody, who may not ask, which people fill which rules, and who could. */
#include "committee.h"

#define RIGHTS \
	"permission deploy { } permission approve { } permission audit { }\n" \
	"role deployer { permissions = { deploy, approve } }\n" \
	"role auditor { permissions = audit }\n" \
	"role oncall { permissions = deploy }\n" \
	"role checker { permissions = approve }\n" \
	"assignment deployers { role = deployer scope = \"*\" group = \"cn=deployers,ou=g\" listed = member }\n" \
	"assignment auditors { role = auditor scope = \"*\" group = \"cn=auditors,ou=g\" listed = member }\n" \
	"assignment oncall { role = oncall scope = \"*\" group = \"cn=oncall,ou=g\" listed = member }\n"
#define GATE "gate deploy { service = sudo command = \"/bin/deploy\" permission = deploy\n"
#define TWO_RULES \
	"  approval check { count = 1 permission = approve }\n" \
	"  approval audit { count = 1 role = auditor }\n"

struct scene {
	struct cs_policy *policy;
	const struct cs_gate *gate;
	struct member alice, bob, carol, dave;
	struct cs_approval votes[4];
	struct cs_facts voters[4];
	struct listing kept[4];
	struct cs_listing listings[4];
	size_t of_rule[4];
	struct cs_case what;
	struct cs_decision decision;
};

static void scene_open(struct scene *scene, const char *text)
{
	memset(scene, 0, sizeof(*scene));
	scene->policy = committee_parse(text);
	scene->gate = cs_policy_gate(scene->policy, "deploy");
	assert_non_null(scene->gate);
	member_make(&scene->alice, "alice", 1);
	member_make(&scene->bob, "bob", 2);
	member_make(&scene->carol, "carol", 3);
	member_make(&scene->dave, "dave", 4);
	scene->what = (struct cs_case){ .policy = scene->policy, .gate = scene->gate, .scope = "*",
		.requester = &scene->alice.facts, .votes = scene->votes, .voters = scene->voters };
}

static void scene_close(struct scene *scene)
{
	cs_clear(&cs_decision_shape, &scene->decision);
	cs_policy_free(&scene->policy);
}

static void vote(struct scene *scene, struct member *member)
{
	scene->votes[scene->what.n_votes] = vote_for(scene->gate, member, CS_VOTE_APPROVE);
	scene->voters[scene->what.n_votes++] = member->facts;
}

/* The people of the next rule. */
static void list(struct scene *scene, size_t rule, struct member *const *members, size_t n)
{
	listing_make(&scene->kept[rule], members, n);
	scene->listings[rule] = scene->kept[rule].listing;
	scene->of_rule[rule] = 1;
	scene->what.listings = scene->listings;
	scene->what.listings_of_rule = scene->of_rule;
}

static void decide(struct scene *scene, enum cs_verdict verdict, enum cs_reason reason)
{
	cs_clear(&cs_decision_shape, &scene->decision);
	assert_int_equal(cs_decide(&scene->what, &scene->decision), 0);
	assert_string_equal(cs_reason_name(scene->decision.reason), cs_reason_name(reason));
	assert_int_equal(scene->decision.verdict, verdict);
	assert_non_null(scene->decision.text);
}

static bool names(const struct scene *scene, size_t rule, const char *name)
{
	const struct cs_need *need = &scene->decision.needs[rule];

	return cs_strv_has(need->who, need->n_who, name) == 1;
}

/* --- Who needs nobody --------------------------------------------------------------------------------------------- */

static void test_decision_exempt_needs_the_permission_and_nobody_else(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, RIGHTS GATE TWO_RULES "  exempt standby { role = oncall } }\n");
	member_join(&s.alice, s.policy, "deployers");
	decide(&s, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	member_join(&s.alice, s.policy, "oncall");
	decide(&s, CS_PERMIT, CS_WHY_EXEMPT);
	assert_non_null(strstr(s.decision.text, "standby"));
	assert_non_null(strstr(s.decision.text, "cn=oncall,ou=g"));
	assert_int_equal(s.decision.needs[0].have, 0);
	s.alice.facts.known = CS_KNOWN_DOUBT;
	decide(&s, CS_DENY, CS_WHY_DOUBT);
	s.alice.facts.known = CS_KNOWN_YES;
	s.alice.facts.person.locked = true;
	decide(&s, CS_DENY, CS_WHY_LOCKED_PERSON);
	scene_close(&s);
	/* exempted by a role that does not give the permission */
	scene_open(&s, RIGHTS GATE TWO_RULES "  exempt standby { role = auditor } }\n");
	member_join(&s.alice, s.policy, "auditors");
	decide(&s, CS_DENY, CS_WHY_NO_PERMISSION);
	scene_close(&s);
}

/* What was asked of others is theirs to answer: being exempt later neither takes it from them nor spends it. */
static void test_decision_exemption_is_for_who_asks_not_for_what_was_asked(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, RIGHTS GATE TWO_RULES "  exempt standby { role = oncall } }\n");
	member_join(&s.alice, s.policy, "oncall");
	member_join(&s.bob, s.policy, "deployers");
	member_join(&s.carol, s.policy, "auditors");
	s.what.asked_by = &s.alice.facts.person;
	decide(&s, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	vote(&s, &s.bob);
	vote(&s, &s.carol);
	decide(&s, CS_PERMIT, CS_WHY_APPROVED);
	scene_close(&s);
}

/* --- Who may not ask ---------------------------------------------------------------------------------------------- */

static void test_decision_exclusive_roles_count_for_nothing(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, RIGHTS "exclusive apart { roles = { deployer, auditor } }\n" GATE TWO_RULES "}\n");
	member_join(&s.alice, s.policy, "deployers");
	decide(&s, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	member_join(&s.alice, s.policy, "auditors");
	decide(&s, CS_DENY, CS_WHY_EXCLUSIVE);
	assert_non_null(strstr(s.decision.text, "deployer"));
	assert_non_null(strstr(s.decision.text, "auditor"));
	/* and to a voter neither */
	member_make(&s.alice, "alice", 1);
	member_join(&s.alice, s.policy, "oncall");
	member_join(&s.bob, s.policy, "deployers");
	member_join(&s.bob, s.policy, "auditors");
	vote(&s, &s.bob);
	decide(&s, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(s.decision.needs[0].have + s.decision.needs[1].have, 0);
	scene_close(&s);
}

/* --- Who fills what ----------------------------------------------------------------------------------------------- */

#define DYNAMIC "exclusive hats { roles = { checker, auditor } within = request }\n" \
	"assignment checkers { role = checker scope = \"*\" group = \"cn=checkers,ou=g\" listed = member }\n" \
	"assignment chiefs { role = oncall scope = \"*\" group = \"cn=chiefs,ou=g\" listed = member }\n"
#define SHARED GATE \
	"  approval check { count = 1 role = checker }\n" \
	"  approval audit { count = 1 role = auditor }\n" \
	"  approval chief { count = 1 role = oncall }\n" \
	"  people = shared }\n"

static void bob_wears_all_hats(struct scene *s)
{
	member_join(&s->alice, s->policy, "deployers");
	member_join(&s->bob, s->policy, "checkers");
	member_join(&s->bob, s->policy, "auditors");
	member_join(&s->bob, s->policy, "oncall");
	member_join(&s->carol, s->policy, "auditors");
	vote(s, &s->bob);
}

static void test_decision_dynamic_exclusion_parts_shared_rules(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, RIGHTS DYNAMIC SHARED);
	bob_wears_all_hats(&s);
	decide(&s, CS_HOLD, CS_WHY_NEEDS_APPROVAL); /* one of the two hats, and the third rule beside it */
	assert_int_equal(cs_needs_missing(s.decision.needs, s.decision.n_needs), 1);
	assert_int_equal(s.decision.needs[2].have, 1);
	vote(&s, &s.carol);
	decide(&s, CS_PERMIT, CS_WHY_APPROVED);
	scene_close(&s);
}

static void test_decision_shared_rules_are_one_persons_without_it(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, RIGHTS "assignment checkers { role = checker scope = \"*\" group = \"cn=checkers,ou=g\" "
		"listed = member }\n" SHARED);
	bob_wears_all_hats(&s);
	decide(&s, CS_PERMIT, CS_WHY_APPROVED);
	scene_close(&s);
}

/* --- Who could fill it -------------------------------------------------------------------------------------------- */

static void test_decision_people_named_by_a_rule_are_told_and_counted(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, RIGHTS GATE
		"  approval board { count = 1 person = { \"uid=bob,ou=people\", \"uid=alice, ou=people\" } } }\n");
	member_join(&s.alice, s.policy, "deployers");
	s.what.listings_of_rule = s.of_rule; /* no list is needed */
	decide(&s, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	assert_true(names(&s, 0, "bob"));
	assert_false(names(&s, 0, "alice")); /* the requester, spelled otherwise */
	assert_int_equal(s.decision.needs[0].n_who, 1);
	vote(&s, &s.bob);
	decide(&s, CS_PERMIT, CS_WHY_APPROVED);
	assert_false(names(&s, 0, "bob")); /* he is counted already */
	scene_close(&s);
	scene_open(&s, RIGHTS GATE "  approval board { count = 1 person = { \"UID=Alice, ou=People\" } } }\n");
	member_join(&s.alice, s.policy, "deployers");
	s.what.listings_of_rule = s.of_rule;
	decide(&s, CS_DENY, CS_WHY_UNSATISFIABLE); /* only the requester himself */
	scene_close(&s);
}

static void test_decision_people_with_a_role_by_name_are_told_and_counted(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, RIGHTS "assignment dave { role = auditor scope = \"*\" person = \"uid=dave,ou=people\" }\n"
		GATE TWO_RULES "}\n");
	member_join(&s.alice, s.policy, "deployers");
	list(&s, 0, (struct member *[]){ &s.alice, &s.bob }, 2);
	list(&s, 1, NULL, 0); /* the group of auditors is empty */
	decide(&s, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	assert_true(names(&s, 0, "bob"));
	assert_false(names(&s, 0, "dave"));
	assert_true(names(&s, 1, "dave"));
	list(&s, 0, (struct member *[]){ &s.alice, &s.dave }, 2);
	decide(&s, CS_DENY, CS_WHY_UNSATISFIABLE); /* dave alone cannot fill both */
	member_join(&s.bob, s.policy, "deployers");
	vote(&s, &s.bob);
	vote(&s, &s.dave);
	decide(&s, CS_PERMIT, CS_WHY_APPROVED);
	scene_close(&s);
}

static void test_decision_aliases_of_the_requester_are_no_candidates(void **state)
{
	char second[] = "UID=alice2,OU=people";
	char *aliases[] = { second };
	struct scene s;
	struct member alice2;

	(void)state;
	scene_open(&s, RIGHTS GATE "  approval check { count = 1 permission = approve } }\n");
	member_join(&s.alice, s.policy, "deployers");
	member_make(&alice2, "alice2", 9);
	s.alice.facts.aliases = aliases;
	s.alice.facts.n_aliases = 1;
	list(&s, 0, (struct member *[]){ &s.alice, &alice2 }, 2);
	decide(&s, CS_DENY, CS_WHY_UNSATISFIABLE);
	s.alice.facts.n_aliases = 0;
	decide(&s, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	scene_close(&s);
}

static void big_listing(struct cs_listing *listing, size_t n, size_t different)
{
	memset(listing, 0, sizeof(*listing));
	listing->known = CS_KNOWN_YES;
	for (size_t i = 0; i < n; i++) {
		char *text = NULL;

		assert_int_equal(cs_format(&text, "uid=p%zu,ou=people", i % different), 0);
		assert_int_equal(cs_strv_add(&listing->dns, &listing->n_dns, text), 0);
		free(text);
		assert_int_equal(cs_format(&text, "p%zu", i % different), 0);
		assert_int_equal(cs_strv_add(&listing->names, &listing->n_names, text), 0);
		free(text);
	}
}

/* A list of thousands costs no more than to read it; and what is too much to look at is tried. */
static void test_decision_lists_of_thousands(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, RIGHTS GATE "  approval check { count = 2 permission = approve } }\n");
	member_join(&s.alice, s.policy, "deployers");
	s.what.listings = s.listings;
	s.what.listings_of_rule = s.of_rule;
	s.of_rule[0] = 1;
	big_listing(&s.listings[0], CS_MAX_LISTING, CS_MAX_LISTING);
	decide(&s, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(s.decision.needs[0].n_who, CS_MAX_WHO);
	assert_true(names(&s, 0, "(and others)"));
	cs_clear(&cs_listing_shape, &s.listings[0]);
	big_listing(&s.listings[0], CS_MAX_LISTING, 1); /* one person, many times */
	decide(&s, CS_DENY, CS_WHY_UNSATISFIABLE);
	assert_int_equal(s.decision.needs[0].n_who, 1);
	cs_clear(&cs_listing_shape, &s.listings[0]);
	big_listing(&s.listings[0], 2, 2);
	s.listings[0].known = CS_KNOWN_DOUBT;
	s.listings[0].n_dns = s.listings[0].n_names = 1;
	decide(&s, CS_HOLD, CS_WHY_NEEDS_APPROVAL); /* a list that is not known in full refuses nobody */
	s.listings[0].n_dns = s.listings[0].n_names = 2;
	cs_clear(&cs_listing_shape, &s.listings[0]);
	scene_close(&s);
}

/* --- Lists that are not to be believed ----------------------------------------------------------------------------- */

/* Could-not-tell never counts an approver, and takes nothing from what he may fill for certain (A079). */
static void test_decision_a079_unsure_list_counts_no_approver(void **state)
{
	static char too_few[] = "cn=auditors,ou=g lists 1, and at_least says 2";
	struct cs_unsure unsure = { 1, too_few };
	struct scene scene;

	(void)state;
	scene_open(&scene, RIGHTS GATE TWO_RULES "}\n");
	member_join(&scene.alice, scene.policy, "deployers");
	member_join(&scene.bob, scene.policy, "deployers");
	member_join(&scene.carol, scene.policy, "auditors");
	scene.bob.facts.unsure = scene.carol.facts.unsure = &unsure;
	scene.bob.facts.n_unsure = scene.carol.facts.n_unsure = 1;
	vote(&scene, &scene.bob);
	vote(&scene, &scene.carol);
	decide(&scene, CS_HOLD, CS_WHY_DOUBT);
	assert_string_equal(scene.decision.text, too_few);
	assert_int_equal(scene.decision.needs[0].have, 1);
	assert_int_equal(scene.decision.needs[1].have, 0);
	scene.voters[0].n_unsure = scene.voters[1].n_unsure = 0;
	decide(&scene, CS_PERMIT, CS_WHY_APPROVED);
	/* Of the requester as of anybody; and a list that is too short by mistake makes nothing hopeless. */
	unsure.query = 0;
	scene.alice.facts.unsure = &unsure;
	scene.alice.facts.n_unsure = 1;
	decide(&scene, CS_DENY, CS_WHY_DOUBT);
	assert_string_equal(scene.decision.text, too_few);
	scene_close(&scene);
}

static void test_decision_a079_unsure_list_makes_nothing_hopeless(void **state)
{
	static char too_few[] = "cn=auditors,ou=g lists 0, and at_least says 2";
	struct cs_unsure unsure = { 1, too_few };
	struct scene scene;

	(void)state;
	scene_open(&scene, RIGHTS GATE TWO_RULES "}\n");
	member_join(&scene.alice, scene.policy, "deployers");
	list(&scene, 0, (struct member *[]){ &scene.bob }, 1);
	list(&scene, 1, (struct member *[]){ &scene.alice }, 1);
	decide(&scene, CS_DENY, CS_WHY_UNSATISFIABLE);
	scene.alice.facts.unsure = &unsure;
	scene.alice.facts.n_unsure = 1;
	decide(&scene, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decision_exempt_needs_the_permission_and_nobody_else),
		cmocka_unit_test(test_decision_exemption_is_for_who_asks_not_for_what_was_asked),
		cmocka_unit_test(test_decision_exclusive_roles_count_for_nothing),
		cmocka_unit_test(test_decision_dynamic_exclusion_parts_shared_rules),
		cmocka_unit_test(test_decision_shared_rules_are_one_persons_without_it),
		cmocka_unit_test(test_decision_people_named_by_a_rule_are_told_and_counted),
		cmocka_unit_test(test_decision_people_with_a_role_by_name_are_told_and_counted),
		cmocka_unit_test(test_decision_aliases_of_the_requester_are_no_candidates),
		cmocka_unit_test(test_decision_a079_unsure_list_counts_no_approver),
		cmocka_unit_test(test_decision_a079_unsure_list_makes_nothing_hopeless),
		cmocka_unit_test(test_decision_lists_of_thousands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
