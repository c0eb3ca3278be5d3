/* SPDX-License-Identifier: Apache-2.0 */
/* Random small gates, decided by the engine and by trying everything: every assignment of at most six people to rules,
 * every alternative, and stages by replaying the votes in their order. CS_RANDOM_GATES says how many (20,000),
 * CS_RANDOM_SEED where the numbers begin; a failure prints what it was about. */
#include "committee.h"

enum { PEOPLE = 6, RULES = 4, ACTS = 7, MINUTE = 60000 };

struct rule {
	enum cs_quorum quorum;
	uint32_t count, stage;
	uint64_t after_ms;
	bool counts_rejects;
	int alternative; /* 0: always needed */
	uint32_t group;  /* bits of people who are listed; person 0 asks */
};

struct act {
	int person; /* -1: only time passes */
	enum cs_vote vote;
	uint64_t at_ms;
};

struct world {
	struct rule rules[RULES];
	size_t n_rules;
	bool shared, self;
	uint64_t objection_ms;
	struct act acts[ACTS];
	size_t n_acts;
	uint32_t lost[RULES]; /* people who are not in the group any more when it is decided */
	char text[2048];
};

/* What stands of one person. */
struct standing {
	enum cs_vote vote;
	uint32_t rules; /* for which it was cast */
	int order;      /* -1: none */
};

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

/* --- Making a world ------------------------------------------------------------------------------------------------ */

static void make_rule(struct rule *rule)
{
	static const enum cs_quorum quorums[] = { CS_QUORUM_COUNT, CS_QUORUM_COUNT, CS_QUORUM_COUNT,
		CS_QUORUM_MAJORITY, CS_QUORUM_ALL };

	rule->quorum = quorums[draw(CS_COUNT(quorums))];
	rule->count = 1 + draw(3) / 2;
	rule->stage = 1 + draw(4) / 3;
	rule->after_ms = draw(4) == 0 ? (1 + draw(3)) * 10 * MINUTE : 0;
	rule->counts_rejects = draw(2) == 0;
	rule->alternative = draw(2) == 0 ? 0 : (int)(1 + draw(2));
	rule->group = draw(1u << PEOPLE);
}

static void make_world(struct world *world)
{
	static const enum cs_vote votes[] = { CS_VOTE_APPROVE, CS_VOTE_APPROVE, CS_VOTE_APPROVE, CS_VOTE_APPROVE,
		CS_VOTE_REJECT, CS_VOTE_WITHDRAW };
	uint64_t at_ms = 0;

	memset(world, 0, sizeof(*world));
	world->n_rules = 1 + draw(RULES);
	for (size_t i = 0; i < world->n_rules; i++)
		make_rule(&world->rules[i]);
	world->shared = draw(4) == 0;
	world->self = draw(4) == 0;
	if (draw(4) == 0) {
		world->objection_ms = 20 * MINUTE;
		for (size_t i = 0; i < world->n_rules; i++) {
			world->rules[i].stage = 1;
			world->rules[i].after_ms = 0;
		}
	}
	world->n_acts = draw(ACTS + 1);
	for (size_t i = 0; i < world->n_acts; i++) {
		at_ms += draw(3) * 5 * MINUTE;
		world->acts[i] = (struct act){ .person = (int)draw(PEOPLE), .vote = votes[draw(CS_COUNT(votes))],
			.at_ms = at_ms };
	}
	for (size_t i = 0; i < world->n_rules && draw(5) == 0; i++)
		world->lost[i] = draw(1u << PEOPLE) & draw(1u << PEOPLE);
}

static void write_world(struct world *world)
{
	static const char *const quorums[] = { NULL, "majority", "all" };
	size_t n = 0;

#define ADD(...) n += (size_t)snprintf(world->text + n, sizeof(world->text) - n, __VA_ARGS__)
	ADD("permission deploy { } role asker { permissions = deploy }\n"
		"assignment asker { role = asker scope = \"*\" group = \"cn=asker,ou=g\" listed = member }\n"
		"gate deploy { service = sudo command = \"/bin/deploy\" permission = deploy lifetime = 5h\n");
	for (size_t i = 0; i < world->n_rules; i++) {
		const struct rule *rule = &world->rules[i];

		ADD("approval r%zu { group = \"cn=g%zu,ou=g\" listed = member stage = %u", i, i, rule->stage);
		if (rule->quorum == CS_QUORUM_COUNT)
			ADD(" count = %u", rule->count);
		else
			ADD(" count = %s", quorums[rule->quorum]);
		if (rule->after_ms > 0)
			ADD(" after = %um", (unsigned)(rule->after_ms / MINUTE));
		if (rule->alternative > 0)
			ADD(" alternative = way%d", rule->alternative);
		ADD(" reject = %s }\n", rule->counts_rejects ? "counts" : "ends");
	}
	ADD("people = %s self_approval = %s\n", world->shared ? "shared" : "distinct", world->self ? "permit" : "deny");
	if (world->objection_ms > 0)
		ADD("objections = %um\n", (unsigned)(world->objection_ms / MINUTE));
	ADD("}\n");
#undef ADD
}

/* --- Trying everything --------------------------------------------------------------------------------------------- */

/* What people may fill, how many each rule needs, and which rules are meant. */
struct trial {
	const struct world *world;
	uint32_t may[PEOPLE]; /* bits of rules */
	uint32_t need[RULES];
	uint32_t rules;
	uint32_t least;       /* found so far */
};

static void try_person(struct trial *trial, int person, uint32_t *have)
{
	uint32_t missing = 0;

	for (size_t i = 0; i < trial->world->n_rules; i++)
		missing += trial->rules >> i & 1 && have[i] < trial->need[i] ? trial->need[i] - have[i] : 0;
	trial->least = missing < trial->least ? missing : trial->least;
	if (person == PEOPLE || trial->least == 0)
		return;
	if (trial->world->shared) { /* he fills whatever he may */
		for (size_t i = 0; i < trial->world->n_rules; i++)
			have[i] += trial->may[person] >> i & 1;
		try_person(trial, person + 1, have);
		for (size_t i = 0; i < trial->world->n_rules; i++)
			have[i] -= trial->may[person] >> i & 1;
		return;
	}
	try_person(trial, person + 1, have);
	for (size_t i = 0; i < trial->world->n_rules; i++) {
		if ((trial->may[person] & trial->rules) >> i & 1) {
			have[i]++;
			try_person(trial, person + 1, have);
			have[i]--;
		}
	}
}

/* The fewest that stay missing in these rules together. */
static uint32_t fewest_missing(struct trial *trial, uint32_t rules)
{
	uint32_t have[RULES] = { 0 };

	trial->rules = rules;
	trial->least = UINT32_MAX;
	try_person(trial, 0, have);
	return trial->least;
}

static uint32_t rules_with(const struct world *world, int alternative)
{
	uint32_t rules = 0;

	for (size_t i = 0; i < world->n_rules; i++)
		if (world->rules[i].alternative == alternative)
			rules |= 1u << i;
	return rules;
}

/* Each set of rules that suffices; how many there are. */
static size_t ways_of(const struct world *world, uint32_t ways[2])
{
	uint32_t base = rules_with(world, 0);
	size_t n = 0;

	for (int k = 1; k <= 2; k++)
		if (rules_with(world, k) != 0)
			ways[n++] = base | rules_with(world, k);
	if (n == 0)
		ways[n++] = base;
	return n;
}

static uint32_t listed_now(const struct world *world, size_t rule, bool lost)
{
	return world->rules[rule].group & ~(lost ? world->lost[rule] : 0);
}

/* Who could fill a rule beside the requester. */
static uint32_t electorate(const struct world *world, size_t rule, bool lost)
{
	return listed_now(world, rule, lost) & ~(world->self ? 0u : 1u);
}

static void count_needed(struct trial *trial, bool lost)
{
	for (size_t i = 0; i < trial->world->n_rules; i++) {
		const struct rule *rule = &trial->world->rules[i];
		uint32_t n = (uint32_t)__builtin_popcount(electorate(trial->world, i, lost));

		if (rule->quorum == CS_QUORUM_MAJORITY)
			n = n / 2 + 1;
		trial->need[i] = rule->quorum == CS_QUORUM_COUNT ? rule->count : n == 0 ? 1 : n;
	}
}

static void take_votes(struct trial *trial, const struct standing *standings, bool lost)
{
	for (int p = 0; p < PEOPLE; p++) {
		trial->may[p] = 0;
		if (standings[p].order < 0 || standings[p].vote != CS_VOTE_APPROVE || (p == 0 && !trial->world->self))
			continue;
		for (size_t i = 0; i < trial->world->n_rules; i++)
			trial->may[p] |= (standings[p].rules & 1u << i) &
					 (listed_now(trial->world, i, lost) >> p & 1) << i;
	}
}

static uint32_t before_stage(const struct world *world, uint32_t rules, uint32_t stage)
{
	uint32_t before = 0;

	for (size_t i = 0; i < world->n_rules; i++)
		if (rules >> i & 1 && world->rules[i].stage < stage)
			before |= 1u << i;
	return before;
}

/* For this person's vote: what stands of him does not come before it, unless one person may fill several rules. */
static uint32_t open_rules(const struct world *world, const struct standing *standings, int person, uint64_t now_ms)
{
	struct trial trial = { .world = world };
	uint32_t ways[2] = { 0 }, open = 0;
	size_t n_ways = ways_of(world, ways);

	count_needed(&trial, false);
	take_votes(&trial, standings, false);
	trial.may[person] = world->shared ? trial.may[person] : 0;
	for (size_t i = 0; i < world->n_rules; i++)
		for (size_t k = 0; k < n_ways && world->rules[i].after_ms <= now_ms; k++)
			if (ways[k] >> i & 1 &&
				fewest_missing(&trial, before_stage(world, ways[k], world->rules[i].stage)) == 0)
				open |= 1u << i;
	return open;
}

static uint32_t fewest_of_ways(struct trial *trial)
{
	uint32_t ways[2] = { 0 }, least = UINT32_MAX;
	size_t n_ways = ways_of(trial->world, ways);

	for (size_t k = 0; k < n_ways; k++) {
		uint32_t missing = fewest_missing(trial, ways[k]);

		least = missing < least ? missing : least;
	}
	return least;
}

/* Could everybody listed meet the rules, without those who rejected? */
static bool could(const struct world *world, const struct standing *standings, bool without_rejecters)
{
	struct trial trial = { .world = world };

	count_needed(&trial, true);
	for (int p = 0; p < PEOPLE; p++)
		for (size_t i = 0; i < world->n_rules; i++)
			if (electorate(world, i, true) >> p & 1 &&
				!(without_rejecters && standings[p].order >= 0 && standings[p].vote == CS_VOTE_REJECT))
				trial.may[p] |= 1u << i;
	return fewest_of_ways(&trial) == 0;
}

static bool ends(const struct world *world, int person, const struct standing *standing)
{
	uint32_t concerns = standing->rules;
	bool ended = false;

	for (size_t i = 0; i < world->n_rules; i++) {
		concerns |= (listed_now(world, i, true) >> person & 1) << i;
		ended = ended || (concerns >> i & 1 && !world->rules[i].counts_rejects);
	}
	return ended || concerns == 0;
}

static bool everybody_known(const struct world *world)
{
	for (size_t i = 0; i < world->n_rules; i++)
		if (electorate(world, i, true) == 0)
			return false;
	return true;
}

static enum cs_reason expected(const struct world *world, const struct standing *standings, uint64_t now_ms,
	uint32_t *ret_missing)
{
	struct trial trial = { .world = world };
	size_t rejects = 0;
	bool ended = false;

	for (int p = 0; p < PEOPLE; p++) {
		if (standings[p].order < 0 || standings[p].vote != CS_VOTE_REJECT)
			continue;
		rejects++;
		ended = ended || ends(world, p, &standings[p]);
	}
	count_needed(&trial, true);
	take_votes(&trial, standings, true);
	*ret_missing = fewest_of_ways(&trial);
	if (ended)
		return CS_WHY_REJECTED;
	if (*ret_missing == 0)
		return CS_WHY_APPROVED;
	if (world->objection_ms > 0 && now_ms >= world->objection_ms && rejects == 0 && everybody_known(world))
		return CS_WHY_NO_OBJECTION;
	if (!could(world, standings, true))
		return rejects > 0 && could(world, standings, false) ? CS_WHY_REJECTED : CS_WHY_UNSATISFIABLE;
	return CS_WHY_NEEDS_APPROVAL;
}

/* --- Asking the engine --------------------------------------------------------------------------------------------- */

struct stage {
	struct cs_policy *policy;
	struct member members[PEOPLE];
	struct listing kept[RULES];
	struct cs_listing listings[RULES];
	size_t of_rule[RULES];
	struct cs_approval votes[PEOPLE];
	struct cs_facts voters[PEOPLE];
	char *rules[PEOPLE][RULES];
	struct cs_case what;
};

/* The people as the directory tells them now. */
static void set_people(struct stage *stage, const struct world *world, bool lost)
{
	static const char *const names[] = { "alice", "bob", "carol", "dave", "erin", "frank" };

	for (uint32_t p = 0; p < PEOPLE; p++) {
		member_make(&stage->members[p], names[p], p);
		if (p == 0)
			member_join(&stage->members[p], stage->policy, "asker");
	}
	for (size_t i = 0; i < world->n_rules; i++) {
		struct member *listed[PEOPLE];
		size_t n = 0;

		for (int p = 0; p < PEOPLE; p++) {
			char group[32];

			if ((listed_now(world, i, lost) >> p & 1) == 0)
				continue;
			(void)snprintf(group, sizeof(group), "g%zu", i);
			member_join(&stage->members[p], stage->policy, group);
			listed[n++] = &stage->members[p];
		}
		listing_make(&stage->kept[i], listed, n);
		stage->listings[i] = stage->kept[i].listing;
		stage->of_rule[i] = 1;
	}
}

/* The votes that stand, in the order in which they were cast. */
static void set_votes(struct stage *stage, const struct world *world, const struct standing *standings)
{
	stage->what.n_votes = 0;
	for (int order = 0; order < ACTS; order++) {
		for (int p = 0; p < PEOPLE; p++) {
			struct cs_approval *vote = &stage->votes[stage->what.n_votes];

			if (standings[p].order != order)
				continue;
			*vote = (struct cs_approval){ .vote = standings[p].vote, .rules = stage->rules[p],
				.person = stage->members[p].facts.person };
			for (size_t i = 0; i < world->n_rules; i++) {
				const char *name = cs_gate_rule_name(stage->what.gate, i);

				if (standings[p].rules >> i & 1)
					memcpy(&stage->rules[p][vote->n_rules++], &name, sizeof(name));
			}
			stage->voters[stage->what.n_votes++] = stage->members[p].facts;
		}
	}
}

static uint32_t engine_open(struct stage *stage, const struct world *world, int person, uint64_t now_ms)
{
	bool open[RULES] = { false };
	uint32_t rules = 0;

	stage->what.elapsed_ms = now_ms;
	assert_int_equal(cs_rules_open(&stage->what, stage->members[person].facts.person.id, open), 0);
	for (size_t i = 0; i < world->n_rules; i++)
		rules |= (uint32_t)open[i] << i;
	return rules;
}

/* One vote after the other, each for what is open then. */
static void replay(struct stage *stage, const struct world *world, struct standing *standings)
{
	for (size_t i = 0; i < world->n_acts; i++) {
		const struct act *act = &world->acts[i];
		uint32_t open = open_rules(world, standings, act->person, act->at_ms), may = 0;

		set_votes(stage, world, standings);
		if (engine_open(stage, world, act->person, act->at_ms) != open)
			fail_msg("%s\nact %zu: open %x, the engine says otherwise", world->text, i, open);
		for (size_t k = 0; k < world->n_rules; k++)
			may |= world->rules[k].group >> act->person & 1 ? open & 1u << k : 0;
		if (act->vote == CS_VOTE_WITHDRAW)
			standings[act->person].order = -1;
		else if (may != 0 && (act->person != 0 || world->self))
			standings[act->person] = (struct standing){ act->vote, may, (int)i };
	}
}

static unsigned seen[256];

static void compare(const struct world *world, struct cs_policy *policy)
{
	struct stage stage = { .policy = policy };
	struct standing standings[PEOPLE];
	uint64_t now_ms = world->n_acts > 0 ? world->acts[world->n_acts - 1].at_ms : 0;
	struct cs_decision decision = { 0 };
	enum cs_reason reason = CS_WHY_NONE;
	uint32_t missing = 0;

	for (int p = 0; p < PEOPLE; p++)
		standings[p] = (struct standing){ .order = -1 };
	stage.what = (struct cs_case){ .policy = policy, .gate = cs_policy_gate(policy, "deploy"), .scope = "*",
		.requester = &stage.members[0].facts, .votes = stage.votes, .voters = stage.voters,
		.listings = stage.listings, .listings_of_rule = stage.of_rule };
	set_people(&stage, world, false);
	replay(&stage, world, standings);
	set_people(&stage, world, true);
	set_votes(&stage, world, standings);
	stage.what.elapsed_ms = now_ms;
	reason = expected(world, standings, now_ms, &missing);
	assert_int_equal(cs_decide(&stage.what, &decision), 0);
	if (decision.reason != reason)
		fail_msg("%s\nexpected %s, the engine says %s: %s", world->text, cs_reason_name(reason),
			cs_reason_name(decision.reason), decision.text);
	assert_int_equal(decision.verdict == CS_PERMIT, reason == CS_WHY_APPROVED || reason == CS_WHY_NO_OBJECTION);
	assert_int_equal(decision.verdict == CS_HOLD, reason == CS_WHY_NEEDS_APPROVAL);
	/* an alternative whose time has not come is not the nearest, however few it needs */
	if (decision.missing != missing && (decision.missing < missing || missing == 0))
		fail_msg("%s\n%u missing, the engine says %u", world->text, missing, decision.missing);
	seen[reason & 255]++;
	cs_clear(&cs_decision_shape, &decision);
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_decision_equals_trying_everything(void **state)
{
	uint64_t n = number_of("CS_RANDOM_GATES", 20000), done = 0;
	struct world world;

	(void)state;
	seed = number_of("CS_RANDOM_SEED", 1);
	while (done < n) {
		struct cs_problem problem = { 0 };
		struct cs_policy *policy = NULL;

		make_world(&world);
		write_world(&world);
		/* stages that nobody reaches and the like are refused by the policy */
		if (cs_policy_parse(world.text, "policy.conf", &policy, &problem) == 0) {
			compare(&world, policy);
			done++;
		}
		cs_policy_free(&policy);
		cs_problem_clear(&problem);
	}
	/* every outcome was among them, often */
	assert_true(seen[CS_WHY_APPROVED] > n / 100);
	assert_true(seen[CS_WHY_REJECTED] > n / 100);
	assert_true(seen[CS_WHY_NEEDS_APPROVAL] > n / 100);
	assert_true(seen[CS_WHY_UNSATISFIABLE] > n / 100);
	assert_true(seen[CS_WHY_NO_OBJECTION] > n / 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_decision_equals_trying_everything) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
