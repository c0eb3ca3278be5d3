/* SPDX-License-Identifier: Apache-2.0 */
/* How rules count, as truth tables: one gate, some votes in their order, one outcome a line.
 *
 * alice asks. chairs lists bob and carol; infra carol, dave and erin; board erin and frank; nobody is in empty. In the
 * votes b is bob and so on, + approves, - rejects, ~ takes back, ! after it: there is no rule open that he may fill, so it
 * is no vote. @30 means that 30 minutes have passed. */
#include "committee.h"

enum { PEOPLE = 6, MINUTE = 60000 };

static const char *const names[PEOPLE] = { "alice", "bob", "carol", "dave", "erin", "frank" };
static const char *const groups[PEOPLE][4] = { { "asker", "infra" }, { "chairs" }, { "chairs", "infra" }, { "infra" },
	{ "infra", "board" }, { "board" } };

struct row {
	const char *gate;
	const char *votes;
	const char *outcome; /* verdict, reason, how many are missing */
};

struct scene {
	struct cs_policy *policy;
	struct member members[PEOPLE];
	struct cs_approval votes[PEOPLE];
	struct cs_facts voters[PEOPLE];
	char *rules[PEOPLE][8];
	struct listing kept[8];
	struct cs_listing listings[8];
	size_t of_rule[8];
	struct cs_case what;
	struct cs_decision decision;
};

#define HEAD \
	"permission deploy { } role asker { permissions = deploy }\n" \
	"assignment asker { role = asker scope = \"*\" group = \"cn=asker,ou=g\" listed = member }\n" \
	"assignment infra { role = asker scope = x group = \"cn=infra,ou=g\" listed = member }\n" \
	"assignment chairs { role = asker scope = x group = \"cn=chairs,ou=g\" listed = member }\n" \
	"assignment board { role = asker scope = x group = \"cn=board,ou=g\" listed = member }\n" \
	"gate deploy { service = sudo command = \"/bin/deploy\" permission = deploy lifetime = 7d\n"
#define OF(group) " group = \"cn=" group ",ou=g\" listed = member "

static bool is_in(size_t person, const char *group)
{
	for (size_t i = 0; i < CS_COUNT(groups[person]) && groups[person][i]; i++)
		if (strcmp(groups[person][i], group) == 0)
			return true;
	return false;
}

/* The people of each rule, as the directory would list them. */
static void list_rules(struct scene *s)
{
	for (size_t i = 0; i < cs_gate_rules(s->what.gate); i++) {
		struct cs_listing_query *queries = NULL;
		struct member *listed[PEOPLE];
		size_t n_queries = 0, n = 0;

		assert_int_equal(cs_policy_who(s->policy, s->what.gate, i, "*", &queries, &n_queries), 0);
		assert_int_equal(n_queries, 1);
		for (size_t p = 0; p < PEOPLE; p++) {
			char group[32];

			assert_int_equal(sscanf(queries[0].dn, "cn=%31[^,]", group), 1);
			if (is_in(p, group))
				listed[n++] = &s->members[p];
		}
		listing_make(&s->kept[i], listed, n);
		s->listings[i] = s->kept[i].listing;
		s->of_rule[i] = 1;
		cs_clear(&cs_listing_query_shape, &queries[0]);
		free(queries);
	}
}

static void scene_open(struct scene *s, const char *gate)
{
	char *text = NULL;

	memset(s, 0, sizeof(*s));
	assert_int_equal(cs_format(&text, "%s%s }\n", HEAD, gate), 0);
	s->policy = committee_parse(text);
	free(text);
	for (uint32_t p = 0; p < PEOPLE; p++) {
		member_make(&s->members[p], names[p], p);
		for (size_t i = 0; i < CS_COUNT(groups[p]) && groups[p][i]; i++)
			member_join(&s->members[p], s->policy, groups[p][i]);
	}
	s->what = (struct cs_case){ .policy = s->policy, .gate = cs_policy_gate(s->policy, "deploy"), .scope = "*",
		.asked_by = &s->members[0].facts.person, .requester = &s->members[0].facts, .votes = s->votes,
		.voters = s->voters, .listings = s->listings, .listings_of_rule = s->of_rule };
	list_rules(s);
}

static void scene_close(struct scene *s)
{
	cs_clear(&cs_decision_shape, &s->decision);
	cs_policy_free(&s->policy);
}

static void take_back(struct scene *s, size_t person)
{
	size_t n = 0;

	for (size_t i = 0; i < s->what.n_votes; i++) {
		if (s->votes[i].person.uid == s->members[person].facts.person.uid)
			continue;
		s->votes[n] = s->votes[i];
		s->voters[n++] = s->voters[i];
	}
	s->what.n_votes = n;
}

/* Casts a vote for what is open; false when that is nothing. */
static bool cast(struct scene *s, size_t person, enum cs_vote kind)
{
	struct cs_approval vote = { .vote = kind, .person = s->members[person].facts.person, .rules = s->rules[person] };
	bool open[8] = { false };

	assert_int_equal(cs_rules_open(&s->what, vote.person.id, open), 0);
	for (size_t i = 0; i < cs_gate_rules(s->what.gate); i++) {
		const char *name = cs_gate_rule_name(s->what.gate, i);

		if (open[i] && cs_policy_may_fill(s->policy, &s->members[person].facts, s->what.gate, i, "*", NULL) == 1)
			memcpy(&s->rules[person][vote.n_rules++], &name, sizeof(name));
	}
	if (vote.n_rules == 0)
		return false;
	take_back(s, person);
	s->votes[s->what.n_votes] = vote;
	s->voters[s->what.n_votes++] = s->members[person].facts;
	return true;
}

static void replay(struct scene *s, const char *votes)
{
	for (const char *at = votes; *at; at++) {
		size_t person = (size_t)(*at - 'a');

		if (*at == ' ')
			continue;
		if (*at == '@') {
			s->what.elapsed_ms = strtoull(at + 1, NULL, 10) * MINUTE;
			at += strspn(at + 1, "0123456789");
			continue;
		}
		assert_true(person < PEOPLE);
		if (*++at == '~') {
			take_back(s, person);
		} else {
			bool counts = cast(s, person, *at == '+' ? CS_VOTE_APPROVE : CS_VOTE_REJECT);

			if (counts == (at[1] == '!'))
				fail_msg("%s: the vote of %s %s", votes, names[person], counts ? "counts" : "does not count");
			at += at[1] == '!';
		}
	}
}

static void decide(struct scene *s, char outcome[128])
{
	cs_clear(&cs_decision_shape, &s->decision);
	assert_int_equal(cs_decide(&s->what, &s->decision), 0);
	(void)snprintf(outcome, 128, "%s %s %u", cs_verdict_name(s->decision.verdict),
		cs_reason_name(s->decision.reason), s->decision.missing);
}

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct scene s;
		char outcome[128];

		scene_open(&s, rows[i].gate);
		replay(&s, rows[i].votes);
		decide(&s, outcome);
		if (strcmp(outcome, rows[i].outcome) != 0)
			fail_msg("line %zu: %s: %s, and not %s", i, rows[i].votes, outcome, rows[i].outcome);
		scene_close(&s);
	}
}
#define CHECK(rows) check((rows), CS_COUNT(rows))

/* --- Parts of those who could -------------------------------------------------------------------------------------- */

#define MAJORITY "approval r { count = majority" OF("infra") "}"
#define MAJORITY_COUNTS "approval r { count = majority reject = counts" OF("infra") "}"
#define ALL "approval r { count = all" OF("infra") "}"
#define ALL_COUNTS "approval r { count = all reject = counts" OF("infra") "}"

/* infra lists four, of whom alice asks. Kills counting her, rounding down, and a part of nobody. */
static void test_rules_majority_and_all(void **state)
{
	static const struct row rows[] = {
		{ MAJORITY, "", "hold needs-approval 2" },
		{ MAJORITY, "c+", "hold needs-approval 1" },
		{ MAJORITY, "c+ d+", "permit approved 0" },
		{ MAJORITY, "b+!", "hold needs-approval 2" },
		{ MAJORITY, "c+ d+ e-", "deny rejected 0" },
		{ MAJORITY, "c+ d+ d~", "hold needs-approval 1" },
		{ MAJORITY_COUNTS, "c-", "hold needs-approval 2" },
		{ MAJORITY_COUNTS, "c- d+ e+", "permit approved 0" },
		{ MAJORITY_COUNTS, "c- d-", "deny rejected 2" },
		{ MAJORITY_COUNTS, "c- d- d~", "hold needs-approval 2" },
		{ MAJORITY_COUNTS, "c- d- c+", "hold needs-approval 1" },
		{ ALL, "", "hold needs-approval 3" },
		{ ALL, "c+ d+", "hold needs-approval 1" },
		{ ALL, "c+ d+ e+", "permit approved 0" },
		{ ALL, "c+ d+ e-", "deny rejected 1" },
		{ ALL_COUNTS, "c-", "deny rejected 3" },
		{ "approval r { count = all" OF("board") "}", "f+ e+", "permit approved 0" },
		{ "approval r { count = majority" OF("board") "}", "f+", "hold needs-approval 1" },
		{ "self_approval = permit " MAJORITY, "c+ d+", "hold needs-approval 1" },
		{ "self_approval = permit " MAJORITY, "a+ c+ d+", "permit approved 0" },
		{ "self_approval = permit " ALL, "c+ d+ e+", "hold needs-approval 1" },
	};

	(void)state;
	CHECK(rows);
}

/* The directory says of bob that he is of infra, and does not list him there: he is none of those of whom it takes a majority,
 * so his vote makes none, while he may fill a rule that counts people. Kills counting whoever is entitled. */
static void test_rules_majority_of_those_who_are_listed(void **state)
{
	static const struct {
		const char *gate, *outcome;
	} rows[] = {
		{ MAJORITY, "hold needs-approval 1" },
		{ ALL, "hold needs-approval 2" },
		{ "approval r { count = 2" OF("infra") "}", "permit approved 0" },
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(rows); i++) {
		struct scene s;
		char outcome[128];

		scene_open(&s, rows[i].gate);
		member_join(&s.members[1], s.policy, "infra");
		replay(&s, "b+ c+");
		decide(&s, outcome);
		assert_string_equal(outcome, rows[i].outcome);
		scene_close(&s);
	}
}

/* --- Rejects ------------------------------------------------------------------------------------------------------- */

#define TWO_OF_CHAIRS "approval r { count = 2" OF("chairs") "}"
#define COUNTS_AND_ENDS \
	"approval c { count = 1 reject = counts" OF("infra") "} approval e { count = 1" OF("board") "}"

static void test_rules_rejects(void **state)
{
	static const struct row rows[] = {
		{ TWO_OF_CHAIRS, "b-", "deny rejected 2" },
		{ TWO_OF_CHAIRS, "b- b~", "hold needs-approval 2" },
		{ TWO_OF_CHAIRS, "b- b+ c+", "permit approved 0" },
		{ "approval r { count = 2 reject = counts" OF("infra") "}", "c-", "hold needs-approval 2" },
		{ "approval r { count = 2 reject = counts" OF("infra") "}", "c- d-", "deny rejected 2" },
		{ "approval r { count = 1 reject = counts" OF("infra") "}", "c- d- e+", "permit approved 0" },
		{ COUNTS_AND_ENDS, "c-", "hold needs-approval 2" },
		{ COUNTS_AND_ENDS, "f-", "deny rejected 2" },
		{ COUNTS_AND_ENDS, "e-", "deny rejected 2" }, /* could fill both, and one says it ends */
		{ "approval a { count = 2 reject = counts alternative = x" OF("chairs") "}"
		  "approval b { count = 1 reject = counts alternative = y" OF("board") "}", "b-", "hold needs-approval 1" },
		{ "approval a { count = 2 reject = counts alternative = x" OF("chairs") "}"
		  "approval b { count = 1 reject = counts alternative = y" OF("board") "}", "b- e- f-", "deny rejected 1" },
	};

	(void)state;
	CHECK(rows);
}

/* A reject stands when the rejecter has lost the right since. Kills looking only at what he may fill now. */
static void test_rules_reject_outlives_the_right(void **state)
{
	struct scene s;
	char outcome[128];

	(void)state;
	scene_open(&s, TWO_OF_CHAIRS);
	replay(&s, "b-");
	s.voters[0].n_memberships = 0;
	decide(&s, outcome);
	assert_string_equal(outcome, "deny rejected 2");
	s.voters[0].known = CS_KNOWN_DOUBT;
	decide(&s, outcome);
	assert_string_equal(outcome, "deny rejected 2");
	scene_close(&s);
}

static void test_rules_count_what_stands_against(void **state)
{
	struct scene s;
	char outcome[128];

	(void)state;
	scene_open(&s, "approval r { count = 1 reject = counts" OF("infra") "} approval b { count = 1" OF("board") "}");
	replay(&s, "c- d-");
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 2");
	assert_int_equal(s.decision.needs[0].against, 2);
	assert_int_equal(s.decision.needs[1].against, 0);
	scene_close(&s);
}

/* --- Stages, alternatives, escalation ------------------------------------------------------------------------------ */

#define STAGES \
	"approval first { count = 1" OF("infra") "} approval then { count = 1 stage = 2" OF("chairs") "}"
#define ESCALATES \
	"approval usual { count = 2 alternative = usual" OF("chairs") "}" \
	"approval board { count = 1 alternative = board after = 30m" OF("board") "}"
#define WAYS \
	"approval base { count = 1" OF("chairs") "}" \
	"approval x { count = 1 alternative = x" OF("infra") "}" \
	"approval y1 { count = 1 alternative = y" OF("board") "} approval y2 { count = 1 alternative = y" OF("board") "}"
#define PATHS \
	"approval review { count = 1 alternative = normal" OF("infra") "}" \
	"approval release { count = 1 stage = 2 alternative = normal" OF("chairs") "}" \
	"approval call { count = 1 alternative = hotfix" OF("board") "}" \
	"approval chief { count = 1 stage = 2 alternative = hotfix" OF("infra") "}"

static void test_rules_stages(void **state)
{
	static const struct row rows[] = {
		{ STAGES, "b+!", "hold needs-approval 2" },
		{ STAGES, "d+ b+", "permit approved 0" },
		{ STAGES, "b+! d+", "hold needs-approval 1" },
		{ STAGES, "c+ b+", "permit approved 0" },
		/* carol fills the first; for the second she may only be counted when she votes once it is open */
		{ STAGES, "c+ d+", "hold needs-approval 1" },
		{ STAGES, "c+ d+ c+", "permit approved 0" },
		/* nobody comes before himself: carol's second vote is not for the second, though she fills the first */
		{ STAGES, "c+ c+ d+", "hold needs-approval 1" },
		{ STAGES, "c+ c+ d+ c+", "permit approved 0" },
		{ STAGES "people = shared ", "c+ c+", "permit approved 0" },
		{ STAGES, "d+ b+ d~", "hold needs-approval 1" },
		{ STAGES, "d+ b+ d~ e+", "permit approved 0" },
		{ STAGES, "b-!", "hold needs-approval 2" },
	};

	(void)state;
	CHECK(rows);
}

static void test_rules_alternatives(void **state)
{
	static const struct row rows[] = {
		{ WAYS, "", "hold needs-approval 2" },
		{ WAYS, "b+", "hold needs-approval 1" },
		{ WAYS, "b+ d+", "permit approved 0" },
		{ WAYS, "b+ f+", "hold needs-approval 1" }, /* half of one alternative */
		{ WAYS, "b+ f+ e+", "permit approved 0" },
		{ WAYS, "d+ f+ e+", "hold needs-approval 1" }, /* both, and not what is always needed */
		{ WAYS, "c+ e+", "permit approved 0" },
		{ WAYS, "c+ f+", "hold needs-approval 1" }, /* carol is one person */
		/* A rule of an alternative waits for its own: one of another opens nothing. */
		{ PATHS, "f+ b+!", "hold needs-approval 1" },
		{ PATHS, "f+ d+", "permit approved 0" },
		{ PATHS, "d+ b+", "permit approved 0" },
	};

	(void)state;
	CHECK(rows);
}

static void test_rules_escalation(void **state)
{
	static const struct row rows[] = {
		{ ESCALATES, "", "hold needs-approval 2" }, /* the board is nearer, but not yet */
		{ ESCALATES, "f+!", "hold needs-approval 2" },
		{ ESCALATES, "@29 f+!", "hold needs-approval 2" },
		{ ESCALATES, "@30", "hold needs-approval 1" },
		{ ESCALATES, "@30 f+", "permit approved 0" },
		{ ESCALATES, "b+ c+ @30", "permit approved 0" },
		/* a vote before its time is none later either */
		{ "approval a { count = 1" OF("infra") "} approval b { count = 1 after = 30m" OF("chairs") "}",
			"c+ @30", "hold needs-approval 1" },
		{ "approval a { count = 1" OF("infra") "} approval b { count = 1 after = 30m" OF("chairs") "}",
			"c+ @30 c+ d+", "permit approved 0" },
	};

	(void)state;
	CHECK(rows);
}

static void test_rules_are_told_with_when_they_open(void **state)
{
	struct scene s;
	char outcome[128];

	(void)state;
	scene_open(&s, ESCALATES);
	s.what.elapsed_ms = 10 * MINUTE;
	decide(&s, outcome);
	assert_true(s.decision.needs[0].open);
	assert_false(s.decision.needs[1].open);
	assert_int_equal(s.decision.needs[1].opens_in_ms, 20 * MINUTE);
	assert_string_equal(s.decision.needs[1].alternative, "board");
	s.what.elapsed_ms = 40 * MINUTE;
	decide(&s, outcome);
	assert_true(s.decision.needs[1].open);
	assert_int_equal(s.decision.needs[1].opens_in_ms, 0);
	scene_close(&s);
	scene_open(&s, STAGES);
	decide(&s, outcome);
	assert_int_equal(s.decision.needs[1].stage, 2);
	assert_true(s.decision.needs[0].open);
	assert_false(s.decision.needs[1].open);
	scene_close(&s);
}

/* --- Lazy consensus ------------------------------------------------------------------------------------------------ */

#define LAZY "objections = 2h approval r { count = 2" OF("chairs") "}"
#define LAZY_COUNTS "objections = 2h approval r { count = 2 reject = counts" OF("infra") "}"

static void test_rules_lazy_consensus(void **state)
{
	static const struct row rows[] = {
		{ LAZY, "", "hold needs-approval 2" },
		{ LAZY, "@119", "hold needs-approval 2" },
		{ LAZY, "@120", "permit no-objection 2" },
		{ LAZY, "b+ @120", "permit no-objection 1" },
		{ LAZY, "b+ c+", "permit approved 0" }, /* approvals bring it forward */
		{ LAZY, "b- @120", "deny rejected 2" },
		{ LAZY, "b- b~ @120", "permit no-objection 2" },
		{ LAZY_COUNTS, "c- @120", "hold needs-approval 2" }, /* an objection that only counts is one */
		{ LAZY_COUNTS, "c- d+ e+ @120", "permit approved 0" },
	};

	(void)state;
	CHECK(rows);
}

/* Silence says nothing where it is not known who is silent. Kills every one of these looks. */
static void test_rules_lazy_consensus_knows_everybody(void **state)
{
	static char too_few[] = "cn=chairs,ou=g lists 2, and at_least says 3", away[] = "the server does not answer";
	struct cs_unsure unsure = { 1, too_few };
	struct scene s;
	char outcome[128];

	(void)state;
	scene_open(&s, LAZY);
	s.what.elapsed_ms = 120 * MINUTE;
	s.listings[0].known = CS_KNOWN_DOUBT;
	s.listings[0].doubt = away;
	decide(&s, outcome);
	assert_string_equal(outcome, "hold doubt 2");
	assert_string_equal(s.decision.text, away);
	list_rules(&s);
	s.members[0].facts.unsure = &unsure;
	s.members[0].facts.n_unsure = 1;
	decide(&s, outcome);
	assert_string_equal(outcome, "hold doubt 2");
	assert_string_equal(s.decision.text, too_few);
	s.members[0].facts.n_unsure = 0;
	s.listings[0].n_dns = s.listings[0].n_names = 0;
	decide(&s, outcome);
	assert_string_equal(outcome, "deny unsatisfiable 2");
	list_rules(&s);
	s.what.listings_of_rule = NULL;
	decide(&s, outcome);
	assert_string_equal(outcome, "hold doubt 2");
	s.what.listings_of_rule = s.of_rule;
	replay(&s, "b+");
	s.voters[0].known = CS_KNOWN_DOUBT;
	decide(&s, outcome);
	assert_string_equal(outcome, "hold doubt 2");
	scene_close(&s);
}

static void test_rules_lazy_consensus_says_how_long(void **state)
{
	struct scene s;
	char outcome[128];

	(void)state;
	scene_open(&s, LAZY);
	s.what.elapsed_ms = 30 * MINUTE;
	decide(&s, outcome);
	assert_int_equal(s.decision.objection_ms, 90 * MINUTE);
	replay(&s, "b-");
	decide(&s, outcome);
	assert_int_equal(s.decision.objection_ms, 0);
	scene_close(&s);
}

/* --- Doubt --------------------------------------------------------------------------------------------------------- */

/* A part of nobody knows how many is never filled (A079). Kills counting those who happen to be listed. */
static void test_rules_a079_part_of_an_unknown_list(void **state)
{
	static char away[] = "the server does not answer";
	struct scene s;
	char outcome[128];

	(void)state;
	scene_open(&s, MAJORITY);
	replay(&s, "c+ d+ e+");
	s.listings[0].known = CS_KNOWN_DOUBT;
	s.listings[0].doubt = away;
	decide(&s, outcome);
	assert_string_equal(outcome, "hold doubt 1");
	assert_string_equal(s.decision.text, away);
	assert_int_equal(s.decision.needs[0].have, 0);
	s.what.listings_of_rule = NULL; /* nobody asked */
	decide(&s, outcome);
	assert_string_equal(outcome, "hold doubt 1");
	scene_close(&s);
	/* another alternative does not need that list */
	scene_open(&s, "approval m { count = majority alternative = x" OF("infra") "}"
		"approval b { count = 1 alternative = y" OF("board") "}");
	s.listings[0].known = CS_KNOWN_DOUBT;
	replay(&s, "f+");
	decide(&s, outcome);
	assert_string_equal(outcome, "permit approved 0");
	scene_close(&s);
}

/* --- Whose votes --------------------------------------------------------------------------------------------------- */

#define ONE_INFRA "approval r { count = 1" OF("infra") "}"
#define SELF "self_approval = permit approval r { count = 2" OF("infra") "}"

/* A086: the requester counts only where the gate says so, as one person, and by no other account. */
static void test_rules_a086_self_approval(void **state)
{
	static const struct row rows[] = {
		{ ONE_INFRA, "a+", "hold needs-approval 1" },
		{ SELF, "a+", "hold needs-approval 1" },
		{ SELF, "a+ c+", "permit approved 0" },
		{ SELF, "c+ a+ a~", "hold needs-approval 1" },
	};
	struct scene s;
	char outcome[128];

	(void)state;
	CHECK(rows);
	scene_open(&s, SELF);
	replay(&s, "a+ c+");
	(void)strcpy(s.members[0].human, "1001");
	(void)strcpy(s.members[2].human, "1001"); /* carol is another account of alice */
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 1");
	scene_close(&s);
	/* the other account alone is neither the requester's own vote */
	scene_open(&s, SELF);
	replay(&s, "c+ d+");
	(void)strcpy(s.members[0].human, "1001");
	(void)strcpy(s.members[2].human, "1001");
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 1");
	scene_close(&s);
}

/* Two accounts with one ssh key are one human, whatever the directory calls them. */
static void test_rules_one_key_is_one_human(void **state)
{
	static char one[] = "SHA256:one", two[] = "SHA256:two";
	char *of_carol[] = { two, one }, *of_dave[] = { one };
	struct scene s;
	char outcome[128];

	(void)state;
	scene_open(&s, "approval r { count = 2" OF("infra") "}");
	replay(&s, "c+ d+");
	s.voters[0].person.keys = s.votes[0].person.keys = of_carol;
	s.voters[0].person.n_keys = s.votes[0].person.n_keys = 2;
	s.voters[1].person.keys = s.votes[1].person.keys = of_dave;
	s.voters[1].person.n_keys = s.votes[1].person.n_keys = 1;
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 1");
	s.voters[1].person.n_keys = s.votes[1].person.n_keys = 0;
	decide(&s, outcome);
	assert_string_equal(outcome, "permit approved 0");
	scene_close(&s);
}

/* What a vote was cast for, and what its voter may fill now, both. */
static void test_rules_vote_counts_for_what_it_was_cast_for(void **state)
{
	struct scene s;
	char outcome[128];

	(void)state;
	scene_open(&s, ONE_INFRA);
	replay(&s, "c+");
	s.votes[0].n_rules = 0;
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 1");
	s.votes[0].n_rules = 1;
	s.voters[0].n_memberships = 0;
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 1");
	scene_close(&s);
}

/* --- Automatic ----------------------------------------------------------------------------------------------------- */

static void test_rules_automatic(void **state)
{
	static char sudo[] = "sudo", command[] = "/bin/deploy", docs[] = "docs", site[] = "site", empty[] = "";
	char *argv[] = { command, docs };
	struct cs_action action = { .service = sudo, .command = command, .resolved = empty, .host = empty, .peer = empty,
		.argv = argv, .n_argv = 2 };
	struct scene s;
	char outcome[128];

	(void)state;
	scene_open(&s, ONE_INFRA " automatic docs { command = \"/bin/deploy docs\" }");
	s.what.action = &action;
	s.what.asked_by = NULL;
	decide(&s, outcome);
	assert_string_equal(outcome, "permit automatic 0");
	assert_non_null(strstr(s.decision.text, "docs"));
	s.what.asked_by = &s.members[0].facts.person; /* what was asked of others is answered by them */
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 1");
	s.what.asked_by = NULL;
	argv[1] = site;
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 1");
	argv[1] = docs;
	s.what.action = NULL;
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 1");
	s.what.action = &action;
	s.members[0].facts.n_memberships = 0; /* the permission is needed all the same */
	decide(&s, outcome);
	assert_string_equal(outcome, "deny no-permission 0");
	scene_close(&s);
}

/* --- Reviews ------------------------------------------------------------------------------------------------------- */

/* The review of a break-glass, which alice broke: two of infra. */
static void open_review(struct scene *s)
{
	scene_open(s, ONE_INFRA " }\nbreak_glass night { scope = x uid = 3000\n  approval r { count = 2" OF("infra") "}");
	s->what.gate = cs_policy_gate(s->policy, "break-glass night");
	assert_non_null(s->what.gate);
	assert_true(cs_gate_reviews(s->what.gate));
	list_rules(s);
}

static void test_rules_review_asks_for_no_right_and_no_reject_ends_it(void **state)
{
	struct scene s;
	char outcome[128];

	(void)state;
	open_review(&s);
	s.members[0].facts.n_memberships = 0;
	s.members[0].facts.person.locked = true;
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 2");
	replay(&s, "c- d- e-");
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 2");
	assert_int_equal(s.decision.needs[0].against, 3);
	replay(&s, "c+ d+");
	decide(&s, outcome);
	assert_string_equal(outcome, "permit approved 0");
	s.what.asked_by = NULL; /* nobody asks for one by himself */
	decide(&s, outcome);
	assert_string_equal(outcome, "deny unknown-person 0");
	scene_close(&s);
	open_review(&s);
	s.listings[0].n_dns = s.listings[0].n_names = 1; /* too few: it waits until there are more */
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 2");
	scene_close(&s);
}

/* Whoever broke it may be known by his uid alone; as he was then, or as he is now, he reviews nothing. */
static void test_rules_review_is_not_for_who_broke_it(void **state)
{
	static char id[] = "uid:3000", human[] = "1001";
	struct cs_person then = { .id = id, .uid = 3000 };
	struct scene s;
	char outcome[128];

	(void)state;
	open_review(&s);
	s.what.asked_by = &then;
	s.members[0].facts.known = CS_KNOWN_NO;
	replay(&s, "c+ d+");
	decide(&s, outcome);
	assert_string_equal(outcome, "permit approved 0");
	/* carol is the human who broke it, by another account: his own is gone since */
	then.human = human;
	(void)strcpy(s.members[2].human, human);
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 1");
	/* or nobody knew that then, and the directory tells it now */
	then.human = NULL;
	s.members[0].facts.known = CS_KNOWN_YES;
	(void)strcpy(s.members[0].human, human);
	decide(&s, outcome);
	assert_string_equal(outcome, "hold needs-approval 1");
	/* or cannot tell it */
	s.members[0].facts.known = CS_KNOWN_DOUBT;
	decide(&s, outcome);
	assert_string_equal(outcome, "hold doubt 2");
	scene_close(&s);
}

/* --- Who is left --------------------------------------------------------------------------------------------------- */

static void expect_text(const char *gate, const char *votes, const char *text)
{
	struct scene s;
	char outcome[128];

	scene_open(&s, gate);
	replay(&s, votes);
	decide(&s, outcome);
	assert_string_equal(cs_reason_name(s.decision.reason), "unsatisfiable");
	if (!strstr(s.decision.text, text))
		fail_msg("%s: %s", text, s.decision.text);
	scene_close(&s);
}

static void test_rules_refusal_names_the_rule_and_who_is_left(void **state)
{
	(void)state;
	expect_text("approval r { count = 3" OF("chairs") "}", "", "needs 3 more; only bob and carol could.");
	expect_text("approval r { count = 3" OF("chairs") "}", "b+", "needs 2 more; only carol could.");
	expect_text("approval a { count = 1" OF("infra") "} approval r { count = 1" OF("empty") "}", "",
		"member of cn=empty");
	expect_text("approval r { count = 1" OF("empty") "}", "", "needs 1 more; nobody could.");
	expect_text("approval a { count = 2" OF("chairs") "} approval b { count = 3" OF("infra") "}", "",
		"needs 3 more; only carol, dave and erin could.");
}

/* --- Without facts ------------------------------------------------------------------------------------------------- */

static void frozen_missing(const char *gate, const char *votes, bool listed, uint32_t missing)
{
	struct cs_need *needs = NULL;
	size_t n = 0;
	struct scene s;

	scene_open(&s, gate);
	replay(&s, votes);
	if (!listed)
		s.what.listings_of_rule = NULL;
	s.what.voters = NULL;
	assert_int_equal(cs_needs_frozen(&s.what, &needs, &n), 0);
	assert_int_equal(cs_needs_missing(needs, n), missing);
	assert_int_equal(needs[0].n_who > 0, listed);
	cs_needs_free(&needs, &n);
	scene_close(&s);
}

static void test_rules_frozen(void **state)
{
	(void)state;
	frozen_missing(WAYS, "b+ f+", true, 1);
	frozen_missing(WAYS, "b+ f+", false, 1);
	frozen_missing(STAGES, "d+", false, 1);
	frozen_missing(MAJORITY, "c+", true, 1);
	frozen_missing(MAJORITY, "", true, 2);
	frozen_missing(MAJORITY, "", false, 1); /* one more than there are: how many, nobody listed */
	frozen_missing(ESCALATES, "", true, 2);
	frozen_missing(ESCALATES, "@30", true, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_majority_and_all),
		cmocka_unit_test(test_rules_majority_of_those_who_are_listed),
		cmocka_unit_test(test_rules_rejects),
		cmocka_unit_test(test_rules_reject_outlives_the_right),
		cmocka_unit_test(test_rules_count_what_stands_against),
		cmocka_unit_test(test_rules_stages),
		cmocka_unit_test(test_rules_alternatives),
		cmocka_unit_test(test_rules_escalation),
		cmocka_unit_test(test_rules_are_told_with_when_they_open),
		cmocka_unit_test(test_rules_lazy_consensus),
		cmocka_unit_test(test_rules_lazy_consensus_knows_everybody),
		cmocka_unit_test(test_rules_lazy_consensus_says_how_long),
		cmocka_unit_test(test_rules_a079_part_of_an_unknown_list),
		cmocka_unit_test(test_rules_a086_self_approval),
		cmocka_unit_test(test_rules_one_key_is_one_human),
		cmocka_unit_test(test_rules_vote_counts_for_what_it_was_cast_for),
		cmocka_unit_test(test_rules_automatic),
		cmocka_unit_test(test_rules_review_asks_for_no_right_and_no_reject_ends_it),
		cmocka_unit_test(test_rules_review_is_not_for_who_broke_it),
		cmocka_unit_test(test_rules_refusal_names_the_rule_and_who_is_left),
		cmocka_unit_test(test_rules_frozen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
