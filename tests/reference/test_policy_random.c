/* SPDX-License-Identifier: Apache-2.0 */
/* The engine and the reference are asked the same random questions. A pair is one random policy and directory with one
 * question. CS_RANDOM_PAIRS: how many (default 100,000); CS_RANDOM_SEED: where to begin, to see one world again. */
#include "clock.h"
#include "decision.h"
#include "describe.h"
#include "generate.h"
#include "mem.h"
#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { QUESTIONS = 25 }; /* of one world */

/* One world on both sides. */
static const struct cs_terms terms; /* none */

struct both {
	uint64_t seed;
	struct ref_world world;
	char *policy_text, *directory_text;
	struct cs_policy *policy;
	void *fixed;                        /* the real directory; NULL where the facts are made from the description */
	struct cs_facts facts[REF_FEW + 1]; /* of everybody; the last: who is unknown */
	struct dice dice;
};

static struct {
	uint64_t worlds, refused, pairs, yes, fixed, unsure;
	uint64_t kinds[CS_MATCH_DOUBT + 1], monitored[CS_MATCH_DOUBT + 1], reasons[256], verdicts[3], asked_first, automatic;
} seen;

static void disagree(const struct both *both, const char *question, const char *ours, const char *theirs)
{
	(void)fprintf(
		stderr,
		"CS_RANDOM_SEED=%llu\n--- policy\n%s--- directory\n%s--- question\n%s\nreference: %s\nengine:    %s\n",
		(unsigned long long)both->seed, both->policy_text, both->directory_text, question, ours, theirs);
	fail();
}

/* Compares two answers that are written out. */
static void compare(const struct both *both, const char *question, const char *ours, const char *theirs)
{
	seen.pairs++;
	if (strcmp(ours, theirs) != 0)
		disagree(both, question, ours, theirs);
}

static const char *name_of(const struct ref_person *person)
{
	return person ? person->name : "somebody unknown";
}

/* --- Facts --- */

static void keep_facts(void *facts, const struct cs_answer *answer)
{
	assert_int_equal(cs_copy(&cs_facts_shape, &answer->facts[0], facts), 0);
}

static void keep_listings(void *listings, const struct cs_answer *answer)
{
	for (size_t i = 0; i < answer->n_listings; i++)
		assert_int_equal(cs_copy(&cs_listing_shape, &answer->listings[i], (struct cs_listing *)listings + i), 0);
}

static char *login(const struct ref_person *person)
{
	char *name = cs_dup(person ? person->name : "u9");

	assert_non_null(name);
	return name;
}

static void ask_facts(const struct both *both, const struct ref_person *person, struct cs_facts *ret_facts)
{
	size_t n = 0;
	const struct cs_group_query *queries = cs_policy_queries(both->policy, &n);
	struct cs_subject subject = {.uid = person ? person->uid : 2009, .login_uid = CS_NO_UID};
	struct cs_question question = {.subjects = &subject, .n_subjects = 1, .n_queries = n};

	*ret_facts = (struct cs_facts){0};
	if (!both->fixed) {
		describe_facts(&both->world.directory, person, queries, n, ret_facts);
		describe_unsure(&both->world.directory, queries, n, ret_facts);
		return;
	}
	subject.name = login(person);
	memcpy(&question.queries, &queries, sizeof(queries));
	assert_int_equal(cs_memory_backend.ask(both->fixed, &question, &terms, keep_facts, ret_facts), 0);
	cs_free_str(&subject.name);
	/* The fixed directory has no room for people who are no entries, whom the described one counts as well. */
	describe_unsure(&both->world.directory, queries, n, ret_facts);
}

static const struct cs_facts *facts_of(const struct both *both, const struct ref_person *person)
{
	return &both->facts[person ? (size_t)(person - both->world.directory.people) : REF_FEW];
}

static struct cs_listing *get_listings(const struct both *both, struct cs_listing_query *queries, size_t n)
{
	struct cs_listing *listings = calloc(n + 1, sizeof(*listings));
	struct cs_question question = {.listings = queries, .n_listings = n};

	assert_non_null(listings);
	if (both->fixed && n > 0)
		assert_int_equal(cs_memory_backend.ask(both->fixed, &question, &terms, keep_listings, listings), 0);
	for (size_t i = 0; !both->fixed && i < n; i++)
		describe_listing(&both->world.directory, &queries[i], &listings[i]);
	return listings;
}

/* --- Rights, rules and exemptions --- */

static void write_held(int r, const struct cs_held *held, char *ret_text, size_t size)
{
	(void)snprintf(ret_text, size, "%s (%s)%s",
		       r == 1           ? "yes"
		       : r == 0         ? "no"
		       : r == CS_EDOUBT ? "doubt"
					: cs_strerror(r),
		       cs_reason_name(held->reason), r == 1 && !held->because ? " for no reason" : "");
	seen.yes += r == 1;
	seen.unsure += r == CS_EDOUBT && held->because; /* a person who could not be told has no text here */
	seen.reasons[held->reason % CS_COUNT(seen.reasons)]++;
}

static void write_answer(const struct ref_answer *answer, char *ret_text, size_t size)
{
	(void)snprintf(ret_text, size, "%s (%s)",
		       answer->yes                      ? "yes"
		       : answer->reason == CS_WHY_DOUBT ? "doubt"
							: "no",
		       cs_reason_name(answer->reason));
}

/* The answer without a reason asked for is the same. */
static int twice(int r, int again)
{
	assert_int_equal(r, again);
	return r;
}

static void ask_right(struct both *both)
{
	const struct ref_person *person = generate_person(&both->dice, &both->world);
	const char *permission =
		both->world.policy.permissions.at[dice_roll(&both->dice, both->world.policy.permissions.n)];
	const char *scope = generate_scope(&both->dice);
	struct ref_answer answer = ref_has_right(&both->world, person, permission, scope);
	struct cs_held held = {0};
	char question[512], ours[128], theirs[128];

	write_held(twice(cs_policy_has_right(both->policy, facts_of(both, person), permission, scope, &held),
			 cs_policy_has_right(both->policy, facts_of(both, person), permission, scope, NULL)),
		   &held, theirs, sizeof(theirs));
	write_answer(&answer, ours, sizeof(ours));
	(void)snprintf(question, sizeof(question), "does %s hold %s in %s?", name_of(person), permission, scope);
	compare(both, question, ours, theirs);
	cs_held_clear(&held);
}

static const struct ref_gate *any_gate(struct both *both)
{
	return &both->world.policy.gates[dice_roll(&both->dice, both->world.policy.n_gates)];
}

static const struct cs_gate *real_gate(const struct both *both, const struct ref_gate *gate)
{
	const struct cs_gate *real = cs_policy_gate(both->policy, gate->name);

	assert_non_null(real);
	return real;
}

static void ask_fill(struct both *both)
{
	const struct ref_person *person = generate_person(&both->dice, &both->world);
	const struct ref_gate *gate = any_gate(both);
	size_t rule = gate->n_rules ? dice_roll(&both->dice, gate->n_rules) : 0;
	const char *scope = generate_gate_scope(&both->dice, gate);
	struct cs_held held = {0};
	char question[512], ours[128], theirs[128];
	struct ref_answer answer;

	if (gate->n_rules == 0) {
		ask_right(both);
		return;
	}
	answer = ref_may_fill(&both->world, person, gate, rule, scope);
	write_held(cs_policy_may_fill(both->policy, facts_of(both, person), real_gate(both, gate), rule, scope, &held),
		   &held, theirs, sizeof(theirs));
	write_answer(&answer, ours, sizeof(ours));
	(void)snprintf(question, sizeof(question), "may %s fill rule %s of gate %s in %s?", name_of(person),
		       gate->rules[rule].name, gate->name, scope);
	compare(both, question, ours, theirs);
	cs_held_clear(&held);
}

static void ask_exempt(struct both *both)
{
	const struct ref_person *person = generate_person(&both->dice, &both->world);
	const struct ref_gate *gate = any_gate(both);
	const char *scope = gate->deny ? NULL : generate_gate_scope(&both->dice, gate);
	struct ref_answer answer = ref_exempt(&both->world, person, gate, scope);
	struct cs_held held = {0};
	char question[512];
	int r = 0;

	r = cs_policy_exempt(both->policy, facts_of(both, person), real_gate(both, gate), scope, &held);
	(void)snprintf(question, sizeof(question), "does gate %s exempt %s in %s?", gate->name, name_of(person),
		       scope ? scope : "any scope");
	assert_true(r != 1 || held.reason == CS_WHY_EXEMPT);
	compare(both, question, answer.yes ? "yes" : "no",
		r == 1                     ? "yes"
		: r == 0 || r == CS_EDOUBT ? "no"
					   : cs_strerror(r));
	cs_held_clear(&held);
}

/* --- Matching --- */

static const char *const kind_names[] = {"no gate", "gate", "denied by", "arguments", "condition", "ask", "doubt"};

static void write_match(enum cs_match_kind kind, const char *gate, const char *scope, bool permits, bool monitored,
			char *ret_text, size_t size)
{
	(void)snprintf(ret_text, size, "%s%s %s %s%s", monitored ? "monitored: " : "", kind_names[kind],
		       kind == CS_MATCH_GATE || kind == CS_MATCH_DENY ? gate : "", kind == CS_MATCH_GATE ? scope : "",
		       kind == CS_MATCH_NONE && permits ? "permitted" : "");
}

static void write_action(const struct ref_action *action, const struct ref_person *person, char *ret_text, size_t size)
{
	FILE *out = fmemopen(ret_text, size, "w");

	assert_non_null(out);
	(void)fprintf(out, "%s on %s at %llu from [%s] by %s: %s (%s)", action->service, action->host,
		      (unsigned long long)action->wall_ms, action->peer, name_of(person), action->command,
		      action->resolved);
	for (size_t i = 0; i < action->arguments.n; i++)
		(void)fprintf(out, " [%s]", action->arguments.at[i]);
	(void)fclose(out);
}

/* The action as the engine takes it. The strings stay those of the tables: only their const is cast away. */
static void make_action(const struct ref_action *action, char **argv, struct cs_action *ret_action)
{
	const char *const from[] = {action->service, action->host, action->command, action->resolved, action->peer};
	char *to[CS_COUNT(from)];

	memcpy(to, from, sizeof(to));
	*ret_action = (struct cs_action){
		.service = to[0], .host = to[1], .command = to[2], .resolved = to[3], .peer = to[4], .argv = argv};
	if (*action->command)
		memcpy(&argv[ret_action->n_argv++], &action->command, sizeof(*argv));
	for (size_t i = 0; *action->command && i < action->arguments.n; i++)
		memcpy(&argv[ret_action->n_argv++], &action->arguments.at[i], sizeof(*argv));
}

/* What the engine says, written out. */
struct told {
	enum cs_match_kind kind;
	bool monitored;
	char text[256];
};

static bool denies(const struct told *told)
{
	return told->kind == CS_MATCH_DENY || told->kind == CS_MATCH_ARGUMENTS || told->kind == CS_MATCH_CONDITION ||
	       told->kind == CS_MATCH_DOUBT;
}

static void match_once(const struct both *both, const struct cs_circumstances *circumstances, struct told *ret_told)
{
	struct cs_match match = {0};

	assert_int_equal(cs_policy_match(both->policy, circumstances, &match), 0);
	ret_told->kind = match.kind;
	ret_told->monitored = match.monitored;
	assert_true(!match.monitored || cs_gate_monitors(match.gate));
	write_match(match.kind, match.gate ? cs_gate_name(match.gate) : "", match.scope, match.unmatched_permits,
		    match.monitored, ret_told->text, sizeof(ret_told->text));
	cs_match_clear(&match);
}

/* As the authority does it: first without the directory, then with it. */
static void match_twice(const struct both *both, const struct cs_action *action, uint64_t wall_ms,
			const struct ref_person *person, struct told *ret_without, struct told *ret_with)
{
	struct cs_circumstances circumstances = {.action = action, .wall_ms = wall_ms};
	struct cs_listing_query *queries = NULL;
	struct cs_listing *listings = NULL;
	size_t n = 0;

	match_once(both, &circumstances, ret_without);
	assert_int_equal(cs_policy_match_needs(both->policy, action, &queries, &n), 0);
	listings = get_listings(both, queries, n);
	circumstances.person = facts_of(both, person);
	circumstances.listings = listings;
	circumstances.n_listings = n;
	match_once(both, &circumstances, ret_with);
	for (size_t i = 0; i < n; i++) {
		cs_clear(&cs_listing_shape, &listings[i]);
		cs_clear(&cs_listing_query_shape, &queries[i]);
	}
	free(listings);
	free(queries);
}

/* Where the directory could not lift a denial, it need not be asked, and the denial may have another reason. Everything
 * else has to be the same. */
static void compare_match(const struct both *both, const char *question, const struct ref_match *match,
			  const struct told *without, const struct told *with)
{
	char ours[256];

	write_match(match->kind, match->gate ? match->gate->name : "", match->scope, match->unmatched_permits,
		    match->monitored, ours, sizeof(ours));
	if (without->kind != CS_MATCH_ASK && !(denies(without) && denies(with) && without->monitored == with->monitored) &&
	    strcmp(without->text, with->text) != 0)
		disagree(both, question, "the same with and without the directory", without->text);
	compare(both, question, ours, match->denied_anyway && denies(with) && with->monitored == match->monitored ? ours : with->text);
}

static void ask_match(struct both *both)
{
	const struct ref_person *person = generate_person(&both->dice, &both->world);
	struct ref_action action;
	struct cs_action real;
	struct ref_match match;
	struct told without, with;
	char question[1024];
	char *argv[REF_LIST + 1];

	generate_action(&both->dice, &both->world, &action);
	make_action(&action, argv, &real);
	ref_match(&both->world, &action, person, &match);
	match_twice(both, &real, action.wall_ms, person, &without, &with);
	seen.asked_first += without.kind == CS_MATCH_ASK;
	seen.kinds[with.kind]++;
	seen.monitored[with.kind] += with.monitored;
	write_action(&action, person, question, sizeof(question));
	compare_match(both, question, &match, &without, &with);
}

/* --- Deciding --- */

static size_t write_votes(const struct ref_vote *votes, size_t n_votes, char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < n_votes && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, " %s%s", votes[i].vote == CS_VOTE_REJECT ? "not " : "",
				      votes[i].person->name);
	return n;
}

/* For which rules the last of the votes counts. */
static void real_cast(const struct cs_case *what, bool all, struct cs_approval *vote)
{
	const struct cs_facts *voter = &what->voters[what->n_votes];
	bool open[CS_MAX_RULES] = {false};

	assert_int_equal(cs_rules_open(what, NULL, open), 0);
	for (size_t i = 0; i < cs_gate_rules(what->gate); i++) {
		if (all || (open[i] && cs_policy_may_fill(what->policy, voter, what->gate, i, what->scope, NULL) == 1))
			assert_int_equal(
				cs_strv_add(&vote->rules, &vote->n_rules, cs_gate_rule_name(what->gate, i)), 0);
	}
}

/* all: the votes were cast for every rule, long ago. */
static void real_decide(const struct both *both, const struct ref_gate *gate, const char *scope,
			const struct ref_person *requester, const struct ref_vote *votes, size_t n_votes, bool late,
			bool all, char *ret_text, size_t size)
{
	struct cs_facts facts[REF_FEW];
	struct cs_approval approvals[REF_FEW] = {0};
	struct cs_decision decision = {0};
	struct cs_case what = {.policy = both->policy,
			       .gate = real_gate(both, gate),
			       .scope = scope,
			       .elapsed_ms = late ? 30 * 60 * 1000 : 30 * 60 * 1000 - 1,
			       .requester = facts_of(both, requester),
			       .votes = approvals,
			       .voters = facts};

	for (; what.n_votes < n_votes; what.n_votes++) {
		size_t i = what.n_votes;

		facts[i] = *facts_of(both, votes[i].person);
		approvals[i].vote = votes[i].vote;
		describe_person(votes[i].person, &approvals[i].person); /* as it was stored when the vote was cast */
		real_cast(&what, all, &approvals[i]);
	}
	assert_int_equal(cs_decide(&what, &decision), 0);
	(void)snprintf(ret_text, size, "%s (%s)", cs_verdict_name(decision.verdict), cs_reason_name(decision.reason));
	seen.verdicts[decision.verdict == CS_PERMIT ? 0 : decision.verdict == CS_HOLD ? 1 : 2]++;
	cs_clear(&cs_decision_shape, &decision);
	for (size_t i = 0; i < n_votes; i++) {
		cs_clear(&cs_person_shape, &approvals[i].person);
		cs_free_strv(&approvals[i].rules, &approvals[i].n_rules);
	}
}

/* Somebody who may ask, where there is one: else nearly every answer would be the same. */
static const struct ref_person *generate_requester(struct both *both, const struct ref_gate *gate, const char *scope)
{
	const struct ref_person *person = NULL;

	for (size_t tries = 0; tries < 6; tries++) {
		person = generate_person(&both->dice, &both->world);
		if (ref_has_right(&both->world, person, gate->permission, scope).yes)
			break;
	}
	return person;
}

static void ask_decide(struct both *both)
{
	const struct ref_gate *gate = any_gate(both);
	const char *scope = generate_gate_scope(&both->dice, gate);
	const struct ref_person *requester = NULL;
	struct ref_vote votes[REF_FEW];
	size_t n_votes = generate_votes(&both->dice, &both->world, votes), n = 0;
	struct ref_decision decision;
	bool late = dice_chance(&both->dice, 50), all = dice_chance(&both->dice, 40);
	char question[1024], ours[128], theirs[128];

	if (gate->deny) {
		ask_match(both);
		return;
	}
	requester = generate_requester(both, gate, scope);
	if (!all)
		ref_cast(&both->world, gate, scope, requester, late, votes, n_votes);
	decision = ref_decide(&both->world, gate, scope, requester, votes, n_votes);
	real_decide(both, gate, scope, requester, votes, n_votes, late, all, theirs, sizeof(theirs));
	(void)snprintf(ours, sizeof(ours), "%s (%s)", cs_verdict_name(decision.verdict),
		       cs_reason_name(decision.reason));
	n = (size_t)snprintf(question, sizeof(question), "gate %s in %s, %s asks; %s; votes%s:", gate->name, scope,
			     name_of(requester), late ? "late" : "early", all ? " for every rule" : "");
	(void)write_votes(votes, n_votes, question + n, sizeof(question) - n);
	compare(both, question, ours, theirs);
}

static void ask_automatic(struct both *both)
{
	const struct ref_person *person = generate_person(&both->dice, &both->world);
	const struct ref_gate *gate = any_gate(both);
	const char *scope = generate_gate_scope(&both->dice, gate);
	struct ref_action action;
	struct cs_action real;
	struct ref_answer answer;
	struct cs_held held = {0};
	char *argv[REF_LIST + 1], question[1024], ours[128], theirs[128], doing[900];

	generate_action(&both->dice, &both->world, &action);
	make_action(&action, argv, &real);
	answer = ref_automatic(&both->world, gate, scope, person, &action);
	write_held(twice(cs_policy_automatic(both->policy, facts_of(both, person), real_gate(both, gate), scope, &real,
					     action.wall_ms, &held),
			 cs_policy_automatic(both->policy, facts_of(both, person), real_gate(both, gate), scope, &real,
					     action.wall_ms, NULL)),
		   &held, theirs, sizeof(theirs));
	write_answer(&answer, ours, sizeof(ours));
	seen.automatic += answer.yes;
	write_action(&action, person, doing, sizeof(doing));
	(void)snprintf(question, sizeof(question), "does gate %s approve it by itself in %s: %s", gate->name, scope, doing);
	compare(both, question, ours, theirs);
	cs_held_clear(&held);
}

/* --- One world --- */

static void resolve_paths(struct both *both)
{
	for (size_t i = 0; i < cs_policy_paths(both->policy); i++)
		for (size_t k = 0; k < both->world.n_links; k++)
			if (strcmp(cs_policy_path(both->policy, i), both->world.links[k].path) == 0)
				assert_int_equal(cs_policy_resolved(both->policy, i, both->world.links[k].leads_to), 0);
}

/* False where both refuse the policy. */
static bool load(struct both *both)
{
	struct cs_problem problem = {0};
	const char *refused = ref_refused(&both->world.policy);
	int r = cs_policy_parse(both->policy_text, "policy.conf", &both->policy, &problem);

	seen.worlds++;
	seen.refused += r != 0;
	assert_true(r == 0 || r == CS_ECONF);
	if ((r != 0) != (refused != NULL)) {
		char *told = cs_problem_text(&problem);

		disagree(both, "is it sound?", refused ? refused : "yes", told && r != 0 ? told : "yes");
	}
	cs_problem_clear(&problem);
	return r == 0;
}

static void open_fixed(struct both *both)
{
	struct cs_problem problem = {0};
	struct cs_settings settings = {0};

	if (cs_memory_parse(&cs_fixed_form, both->directory_text, strlen(both->directory_text), "people.conf",
			    &settings, &both->fixed, &problem) != 0)
		disagree(both, "is the directory sound?", "yes", problem.text);
	seen.fixed++;
}

static void ask_everybody(struct both *both)
{
	for (size_t i = 0; i < both->world.directory.n_people; i++)
		ask_facts(both, &both->world.directory.people[i], &both->facts[i]);
	ask_facts(both, NULL, &both->facts[REF_FEW]);
}

static void ask_questions(struct both *both)
{
	static void (*const asks[])(struct both *) = {ask_right, ask_right,  ask_match,  ask_match,
						      ask_fill,  ask_exempt, ask_decide, ask_decide, ask_automatic};

	for (size_t i = 0; i < QUESTIONS; i++)
		asks[dice_roll(&both->dice, CS_COUNT(asks))](both);
}

static void run_world(uint64_t seed)
{
	static struct both both;

	both = (struct both){.seed = seed, .dice = dice_from(seed)};
	both.dice.plain = dice_chance(&both.dice, 25);
	generate_world(&both.dice, &both.world);
	both.policy_text = describe_policy(&both.world.policy, seed);
	both.directory_text = describe_directory(&both.world.directory);
	if (load(&both)) {
		resolve_paths(&both);
		if (both.dice.plain)
			open_fixed(&both);
		ask_everybody(&both);
		ask_questions(&both);
	}
	for (size_t i = 0; i <= REF_FEW; i++)
		cs_clear(&cs_facts_shape, &both.facts[i]);
	if (both.fixed)
		cs_memory_backend.close(both.fixed);
	cs_policy_free(&both.policy);
	free(both.policy_text);
	free(both.directory_text);
}

static uint64_t number_from(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : fallback;
}

/* A comparison of two that always say no would show nothing. */
static void check_variety(void)
{
	for (size_t i = 0; i < CS_COUNT(seen.kinds); i++)
		assert_true(i == CS_MATCH_ASK || seen.kinds[i] > 0);
	for (size_t i = 0; i < CS_COUNT(seen.verdicts); i++)
		assert_true(seen.verdicts[i] > seen.worlds / 50);
	assert_true(seen.unsure > seen.pairs / 200);
	assert_true(seen.reasons[CS_WHY_EXCLUSIVE] > 0 && seen.reasons[CS_WHY_LOCKED_PERSON] > 0);
	assert_true(seen.yes > seen.pairs / 20);
	assert_true(seen.asked_first > 0);
	assert_true(seen.automatic > seen.pairs / 500);
	assert_true(seen.monitored[CS_MATCH_GATE] > 0 && seen.monitored[CS_MATCH_ARGUMENTS] > 0 &&
		    seen.monitored[CS_MATCH_CONDITION] > 0 && seen.monitored[CS_MATCH_DOUBT] > 0);
	assert_true(seen.worlds - seen.refused >= 3000);
	assert_true(seen.refused > 0 && seen.refused * 10 < seen.worlds * 3);
}

static void test_engine_and_reference_agree(void **state)
{
	uint64_t wanted = number_from("CS_RANDOM_PAIRS", 100000);

	(void)state;
	for (uint64_t seed = number_from("CS_RANDOM_SEED", 1); seen.pairs < wanted; seed++)
		run_world(seed);
	print_message(
		"%llu pairs of %llu policies and directories (%llu of them through the fixed directory); %llu more "
		"policies were refused by both\n",
		(unsigned long long)seen.pairs, (unsigned long long)(seen.worlds - seen.refused),
		(unsigned long long)seen.fixed, (unsigned long long)seen.refused);
	for (size_t i = 0; i < CS_COUNT(seen.kinds); i++)
		print_message("%s: %llu (%llu monitored)\n", kind_names[i], (unsigned long long)seen.kinds[i],
			      (unsigned long long)seen.monitored[i]);
	print_message("permit %llu, hold %llu, deny %llu\n", (unsigned long long)seen.verdicts[0],
		      (unsigned long long)seen.verdicts[1], (unsigned long long)seen.verdicts[2]);
	print_message("%llu answers a list that is not to be believed might have changed\n",
		      (unsigned long long)seen.unsure);
	if (wanted >= 100000)
		check_variety();
}

/* --- What docs/policy.md has refused, each behind a policy that is sound --- */

#define SOUND                                                                                                          \
	"permission f.p { }\npermission f.q { }\nrole f.r { permissions = { f.p, f.q } }\nrole f.s { inherits = f.r "  \
	"}\n"                                                                                                          \
	"role f.t { permissions = f.p }\n"                                                                             \
	"assignment f.a { role = f.r scope = \"*\" person = \"uid=f,dc=x\" }\n"
#define GATE(keys)    "gate f.g { service = sudo permission = f.p " keys " }"
#define COMMAND(text) GATE("command = \"" text "\"")
#define ASSIGN(keys)  "assignment f.b { role = f.r " keys " }"
#define RULE(keys)    GATE("approval one { " keys " }")

static const char *const sound[] = {
	GATE(""),
	COMMAND("/bin/x %{n} a **"),
	ASSIGN("scope = \"project/%{cn}\" below = \"dc=x\" listed = owner where = \"a=b\" unless = \"a=c\""),
	RULE("count = 100 permission = f.q scope = project"),
	GATE("time = \"Mon-Fri 08:00-18:00 +02:00\" peer = \"192.0.2.0/24\" approval one { count = 1 role = f.r } "
	     "use_within = 10m use_after = 9m"),
	"gate f.g { service = sudo deny = \"No\" exempt e { role = f.r } }",
	"exclusive f.x { roles = { f.r, f.t } within = anywhere }",
	RULE("count = majority role = f.r reject = counts"),
	GATE("mode = monitor class = { edit, open-ended }"),
	GATE("lifetime = 1h approval one { count = all role = f.r alternative = x } "
	     "approval two { count = 1 role = f.r alternative = y after = 30m } approval three { count = 1 role = f.r stage = 2 }"),
	GATE("approval one { count = 1 role = f.r } objections = 5m signature = required self_approval = permit uses = any "
	     "session = 1h remind = 1m automatic n { command = \"/bin/x\" time = \"Sat\" }"),
	"break_glass f.b { scope = host uid = { 1, 2 } approval one { count = 2 role = f.r } }",
};

static const char *const flawed[] = {
	RULE("count = most role = f.r"),
	RULE("count = 1 role = f.r stage = 2"),
	RULE("count = 1 role = f.r stage = 0"),
	RULE("count = 1 role = f.r after = 30m"),
	RULE("count = 1 role = f.r reject = never"),
	RULE("count = 1 role = f.r alternative = \"a b\""),
	GATE("approval one { count = 1 role = f.r alternative = x } approval two { count = 1 role = f.r alternative = y stage = 2 }"),
	GATE("approval one { count = 1 person = \"uid=f,dc=x\" } approval two { count = 1 person = \"UID=f, dc=x\" }"),
	GATE("objections = 5m"),
	GATE("approval one { count = 1 role = f.r } objections = 30m"),
	GATE("approval one { count = 1 role = f.r after = 1m } objections = 5m"),
	GATE("approval one { count = 1 role = f.r } uses = 2 ahead = 1h"),
	GATE("approval one { count = 1 role = f.r } uses = 0"),
	GATE("approval one { count = 1 role = f.r } remind = 30m"),
	"gate f.g { service = app permission = f.p approval one { count = 1 role = f.r } session = 1h }",
	GATE("automatic n { time = Sat }"),
	GATE("command = \"/bin/x %{n}\" approval one { count = 1 role = f.r } automatic n { command = \"/bin/x %{n}\" }"),
	GATE("approval one { count = 1 role = f.r } automatic n { listed = owner }"),
	"break_glass f.b { scope = host uid = 0 approval one { count = 2 role = f.r } }",
	"break_glass f.b { scope = host uid = { 1, 1 } approval one { count = 2 role = f.r } }",
	"break_glass f.b { scope = host uid = { } approval one { count = 2 role = f.r } }",
	"break_glass f.b { scope = host uid = 1 approval one { count = 1 role = f.r } }",
	"break_glass f.b { scope = \"host/%{host}\" uid = 1 approval one { count = 2 role = f.r } }",
	GATE("permision = f.p"),
	GATE("mode = watch"),
	"gate f.g { service = sudo deny = \"No\" mode = monitor }",
	"gate f.g { service = { countersign, sudo } permission = f.p mode = monitor }",
	GATE("class = plain"),
	"gate f.g { service = sudo permission = f.z }",
	"gate f.g { service = sudo }",
	"gate f.g { service = { } permission = f.p }",
	"gate f.g { service = { sudo, sudo } permission = f.p }",
	"gate f.g { service = \"su*\" permission = f.p }",
	"gate f.g { service = sudo deny = \"No\" permission = f.p }",
	"gate f.g { service = sudo deny = \"No\" reason = required }",
	"gate f.g { service = sudo deny = \"No\" approval one { count = 1 role = f.r } }",
	GATE("host = \"h/1\""),
	GATE("lifetime = 5s"),
	GATE("use_within = 2d"),
	GATE("use_after = 1m"),
	GATE("approval one { count = 1 role = f.r } use_within = 5m use_after = 5m"),
	GATE("scope = \"project/%{n}\""),
	GATE("command = { \"/bin/x %{n}\", \"/bin/y\" } scope = \"project/%{n}\""),
	GATE("scope = \"%{host}/a\""),
	GATE("scope = \"project/%{host}%{host}\""),
	GATE("scope = \"project//a\""),
	GATE("time = \"08:00-08:00\""),
	GATE("time = \"Mon-Fri 08:00-25:00\""),
	GATE("time = \"2026-02-30T00:00Z/2026-03-01T00:00Z\""),
	GATE("time = \"2026-12-20T00:00Z/2026-12-20T00:00Z\""),
	GATE("peer = \"192.0.2.1/24\""),
	GATE("peer = \"rel1.example\""),
	GATE("exempt e { permission = f.p }"),
	GATE("exempt e { count = 1 role = f.r }"),
	GATE("exempt e { role = f.r person = \"uid=f,dc=x\" }"),
	COMMAND("bin/x"),
	COMMAND("/bin//x"),
	COMMAND("/bin/../x"),
	COMMAND("/bin/x/"),
	COMMAND("/bin/x a*"),
	COMMAND("/bin/x a%{n}"),
	COMMAND("/bin/x ** a"),
	COMMAND("/bin/x 'a'"),
	COMMAND("/bin/x %{n} %{n}"),
	COMMAND("/bin/x %{host}"),
	RULE("count = 0 role = f.r"),
	RULE("count = 101 role = f.r"),
	RULE("role = f.r"),
	RULE("count = 1"),
	RULE("count = 1 role = f.r permission = f.p"),
	RULE("count = 1 role = f.z"),
	RULE("count = 1 role = f.r scope = \"project/%{n}\""),
	RULE("count = 1 group = \"cn=a,dc=x\""),
	RULE("count = 1 person = \"somebody\""),
	RULE("count = 1 person = { \"uid=f,dc=x\", \"uid=f,dc=x\" }"),
	RULE("count = 1 role = f.t"),
	ASSIGN(""),
	ASSIGN("scope = \"*\""),
	ASSIGN("scope = \"*\" group = \"cn=a,dc=x\" below = \"dc=x\" listed = owner"),
	ASSIGN("scope = \"*\" group = \"cn=a,dc=x\""),
	ASSIGN("scope = \"*\" group = \"a\" listed = owner"),
	ASSIGN("scope = \"*\" below = \"dc=x\" listed = \"o w\""),
	ASSIGN("scope = \"*\" below = \"dc=x\" listed = owner where = \"status\""),
	ASSIGN("scope = \"project/%{cn}\" person = \"uid=f,dc=x\""),
	ASSIGN("scope = \"*\" person = \"uid=g,dc=x\" where = \"a=b\""),
	ASSIGN("scope = \"*\" person = \"uid=f,dc=x\""),
	"exclusive f.x { roles = f.r }",
	"exclusive f.x { roles = { f.r, f.r } }",
	"exclusive f.x { roles = { f.r, f.s } }",
	"exclusive f.x { roles = { f.r, f.t } within = day }\n",
	"role f.u { inherits = { f.r, f.t } }\nexclusive f.x { roles = { f.r, f.t } }",
	"role f.u { inherits = f.v }\nrole f.v { inherits = f.u }",
	"role f.u { permissions = f.z }",
	"role f.u { in wg { permissions = f.z } }",
	"role f.u { permissions = { f.p, f.p } }",
	"permission f.p { }",
	"permission -f { }",
	"service sudo { unmatched = permit }\nservice sudo { unmatched = deny }",
	"service other { unmatched = maybe }",
	"gate f.g { service = other permission = f.p }\ngate f.g { service = other permission = f.p }",
};

static int parse_with(const char *before, const char *sections, char **ret_problem)
{
	struct cs_problem problem = {0};
	struct cs_policy *policy = NULL;
	char *text = NULL;
	int r = 0;

	assert_int_equal(cs_format(&text, "%s%s%s\n", before, SOUND, sections), 0);
	r = cs_policy_parse(text, "policy.conf", &policy, &problem);
	*ret_problem = r ? cs_problem_text(&problem) : NULL;
	cs_policy_free(&policy);
	cs_problem_clear(&problem);
	free(text);
	return r;
}

static void test_one_flaw_refuses_the_policy(void **state)
{
	struct ref_world world;
	char *problem = NULL, *before = NULL;

	(void)state;
	for (uint64_t seed = 1, policies = 0; policies < 5; seed++) {
		struct dice dice = dice_from(seed);

		generate_world(&dice, &world);
		if (ref_refused(&world.policy))
			continue;
		policies++;
		before = describe_policy(&world.policy, seed);
		for (size_t i = 0; i < CS_COUNT(sound); i++)
			if (parse_with(before, sound[i], &problem) != 0)
				fail_msg("%s is refused: %s", sound[i], problem);
		for (size_t i = 0; i < CS_COUNT(flawed); i++) {
			if (parse_with(before, flawed[i], &problem) != CS_ECONF)
				fail_msg("%s is not refused", flawed[i]);
			free(problem);
		}
		free(before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_flaw_refuses_the_policy),
		cmocka_unit_test(test_engine_and_reference_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
