/* SPDX-License-Identifier: Apache-2.0 */
/* Random policies, people and votes: what is frozen for the evidence decides the same as everything that was known, and
 * fits what an event may hold. One-line change it kills: cs_grounds_freeze that does not decide again, with any mistake in
 * cs_policy_matters. */
#include "decision.h"
#include "describe.h"
#include "generate.h"
#include "mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { WORLDS = 1500, QUESTIONS = 8 };

static struct { size_t decisions, memberships, kept, permits; } seen;

/* One question: who asks, who voted, and what the directory says of them. */
struct question {
	const struct cs_policy *policy;
	struct cs_facts requester, voters[REF_FEW];
	struct cs_approval votes[REF_FEW];
	char *rules[REF_FEW][CS_MAX_RULES];
	size_t n_votes;
	struct cs_action action;
};

static void facts_of(const struct question *question, const struct ref_world *world, const struct ref_person *person,
		     struct cs_facts *ret_facts)
{
	size_t n = 0;
	const struct cs_group_query *queries = cs_policy_queries(question->policy, &n);

	describe_facts(&world->directory, person, queries, n, ret_facts);
	describe_unsure(&world->directory, queries, n, ret_facts);
}

static void ask(struct dice *dice, const struct ref_world *world, const struct cs_gate *gate,
		struct question *question)
{
	struct ref_vote votes[REF_FEW];

	question->n_votes = generate_votes(dice, world, votes);
	facts_of(question, world, generate_person(dice, world), &question->requester);
	for (size_t i = 0; i < question->n_votes; i++) {
		struct cs_approval *vote = &question->votes[i];

		facts_of(question, world, votes[i].person, &question->voters[i]);
		vote->vote = votes[i].vote;
		vote->person = question->voters[i].person; /* a view */
		vote->rules = question->rules[i];
		vote->n_rules = cs_gate_rules(gate);
		for (size_t k = 0; k < vote->n_rules; k++) {
			const char *name = cs_gate_rule_name(gate, k);

			memcpy(&question->rules[i][k], &name, sizeof(name));
		}
	}
}

static void let_go(struct question *question)
{
	cs_clear(&cs_facts_shape, &question->requester);
	for (size_t i = 0; i < question->n_votes; i++)
		cs_clear(&cs_facts_shape, &question->voters[i]);
}

static void write_decision(const struct cs_case *what, char *ret_text, size_t size)
{
	struct cs_decision decision = {0};
	size_t n = 0;

	assert_int_equal(cs_decide(what, &decision), 0);
	n = (size_t)snprintf(ret_text, size, "%s (%s)", cs_verdict_name(decision.verdict),
			     cs_reason_name(decision.reason));
	for (size_t i = 0; i < decision.n_needs; i++)
		n += (size_t)snprintf(ret_text + n, size - n, " %u/%u", decision.needs[i].have, decision.needs[i].count);
	seen.permits += decision.verdict == CS_PERMIT;
	cs_clear(&cs_decision_shape, &decision);
}

static void count(const struct cs_case *what, const struct cs_grounds *grounds)
{
	seen.decisions++;
	seen.memberships += what->requester->n_memberships;
	seen.kept += grounds->requester.n_memberships;
	for (size_t i = 0; i < what->n_votes; i++) {
		seen.memberships += what->voters[i].n_memberships;
		seen.kept += grounds->voters[i].n_memberships;
	}
}

static void compare(struct question *question, const struct cs_gate *gate, const char *scope, uint64_t seed)
{
	struct cs_case what = {.policy = question->policy, .gate = gate, .scope = scope, .wall_ms = 7, .elapsed_ms = 9,
		.action = &question->action, .requester = &question->requester, .asked_by = &question->requester.person,
		.votes = question->votes, .voters = question->voters, .n_votes = question->n_votes};
	struct cs_request request = {.requester = question->requester.person}; /* a view */
	struct cs_grounds grounds = {0}, back = {0};
	size_t of_rule[CS_MAX_RULES];
	struct cs_case again;
	struct cs_buf bytes;
	char ours[512], theirs[512];

	memcpy(&request.scope, &scope, sizeof(scope));
	assert_int_equal(cs_grounds_freeze(&what, NULL, 0, &grounds), 0);
	count(&what, &grounds);
	cs_buf_init(&bytes, CS_GROUNDS_BYTES); /* as they are read from a record */
	assert_int_equal(cs_encode(&cs_grounds_shape, &grounds, &bytes), 0);
	assert_int_equal(cs_decode_all(&cs_grounds_shape, bytes.data, bytes.len, &back), 0);
	assert_int_equal(cs_grounds_case(question->policy, gate, &request, question->votes, question->n_votes, &back,
					 of_rule, &again), 0);
	assert_true(again.wall_ms == 7 && again.elapsed_ms == 9);
	write_decision(&what, ours, sizeof(ours));
	write_decision(&again, theirs, sizeof(theirs));
	if (strcmp(ours, theirs) != 0)
		fail_msg("seed %llu, gate %s in %s: %s, and from the record %s", (unsigned long long)seed,
			 cs_gate_name(gate), scope, ours, theirs);
	cs_buf_clear(&bytes);
	cs_clear(&cs_grounds_shape, &grounds);
	cs_clear(&cs_grounds_shape, &back);
}

static void try_gates(struct dice *dice, const struct ref_world *world, const struct cs_policy *policy, uint64_t seed)
{
	for (size_t i = 0; i < QUESTIONS; i++) {
		const struct ref_gate *asked = &world->policy.gates[dice_roll(dice, world->policy.n_gates)];
		const struct cs_gate *gate = cs_policy_gate(policy, asked->name);
		struct question question = {.policy = policy};

		if (asked->deny)
			continue;
		ask(dice, world, gate, &question);
		compare(&question, gate, generate_gate_scope(dice, asked), seed);
		let_go(&question);
	}
}

static void test_grounds_decide_the_same_as_all_that_was_known(void **state)
{
	struct ref_world *world = malloc(sizeof(*world));

	(void)state;
	assert_non_null(world);
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct dice dice = dice_from(seed);
		struct cs_problem problem = {0};
		struct cs_policy *policy = NULL;
		char *text = NULL;

		generate_world(&dice, world);
		text = describe_policy(&world->policy, seed);
		if (!ref_refused(&world->policy)) {
			assert_int_equal(cs_policy_parse(text, "policy.conf", &policy, &problem), 0);
			try_gates(&dice, world, policy, seed);
		}
		cs_policy_free(&policy);
		free(text);
	}
	free(world);
	print_message("%zu decisions, %zu permits, %zu of %zu memberships kept\n", seen.decisions, seen.permits,
		      seen.kept, seen.memberships);
	assert_true(seen.decisions > 5000 && seen.permits > 100);
	assert_true(seen.kept < seen.memberships); /* something is left out */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_grounds_decide_the_same_as_all_that_was_known)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
