/* SPDX-License-Identifier: Apache-2.0 */
/* People to rules: by hand where greed fails, against a brute-force oracle everywhere else. */
#include "approval.h"
#include "mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ORACLE_PEOPLE 6
#define ORACLE_RULES 4

struct problem {
	uint32_t counts[ORACLE_RULES];
	size_t n_rules;
	int8_t may[ORACLE_PEOPLE * ORACLE_RULES];
	size_t n_people;
};

/* A fixed sequence, so that a failure can be repeated. */
static uint32_t draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % below;
}

static struct problem random_problem(uint64_t *seed)
{
	static const int8_t values[] = {1, 1, 1, 0, 0, -1, 2};
	struct problem problem = {.n_rules = 1 + draw(seed, ORACLE_RULES), .n_people = draw(seed, ORACLE_PEOPLE + 1)};

	for (size_t i = 0; i < problem.n_rules; i++)
		problem.counts[i] = 1 + draw(seed, 3);
	for (size_t i = 0; i < problem.n_people * problem.n_rules; i++)
		problem.may[i] = values[draw(seed, CS_COUNT(values))];
	return problem;
}

/* Every way to send each person to one rule or to none: the largest number of people that are of use. */
static uint32_t oracle(const struct problem *problem, size_t person, uint32_t *have)
{
	uint32_t best = 0;

	if (person == problem->n_people)
		return 0;
	best = oracle(problem, person + 1, have);
	for (size_t rule = 0; rule < problem->n_rules; rule++) {
		uint32_t here = 0;

		if (problem->may[person * problem->n_rules + rule] != 1 || have[rule] == problem->counts[rule])
			continue;
		have[rule]++;
		here = 1 + oracle(problem, person + 1, have);
		have[rule]--;
		if (here > best)
			best = here;
	}
	return best;
}

static uint32_t sum(const uint32_t *values, size_t n)
{
	uint32_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += values[i];
	return total;
}

/* filled agrees with have, sends nobody where he may not go, and with one person only once when distinct. */
static void check_filled(const struct problem *problem, const uint32_t *have, const uint8_t *filled, bool distinct)
{
	uint32_t of_rule[ORACLE_RULES] = {0};

	for (size_t person = 0; person < problem->n_people; person++) {
		uint32_t of_person = 0;

		for (size_t rule = 0; rule < problem->n_rules; rule++) {
			uint8_t fills = filled[person * problem->n_rules + rule];

			assert_true(fills <= 1);
			of_rule[rule] += fills;
			of_person += fills;
			if (fills == 1)
				assert_int_equal(problem->may[person * problem->n_rules + rule], 1);
		}
		if (distinct)
			assert_true(of_person <= 1);
	}
	for (size_t rule = 0; rule < problem->n_rules; rule++) {
		assert_int_equal(of_rule[rule], have[rule]);
		assert_true(have[rule] <= problem->counts[rule]);
	}
}

static void test_approval_assign_equals_brute_force(void **state)
{
	uint64_t seed = 1;
	size_t whole = 0, short_of = 0;

	(void)state;
	for (size_t i = 0; i < 4000; i++) {
		struct problem problem = random_problem(&seed);
		uint32_t have[ORACLE_RULES] = {0}, scratch[ORACLE_RULES] = {0};
		uint8_t filled[ORACLE_PEOPLE * ORACLE_RULES];
		uint32_t best = oracle(&problem, 0, scratch);
		int r = 0;

		memset(filled, 0xff, sizeof(filled));
		r = cs_approval_assign(problem.counts, problem.n_rules, problem.may, problem.n_people, true, have, filled);
		assert_int_equal(sum(have, problem.n_rules), best);
		assert_int_equal(r, best == sum(problem.counts, problem.n_rules) ? 1 : 0);
		check_filled(&problem, have, filled, true);
		whole += r == 1;
		short_of += r == 0;
	}
	assert_true(whole > 200);
	assert_true(short_of > 200);
}

static void test_approval_assign_shared_counts_each_rule_alone(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (size_t i = 0; i < 2000; i++) {
		struct problem problem = random_problem(&seed);
		uint32_t have[ORACLE_RULES] = {0};
		uint8_t filled[ORACLE_PEOPLE * ORACLE_RULES];
		int all = 1;
		int r = cs_approval_assign(problem.counts, problem.n_rules, problem.may, problem.n_people, false, have, filled);

		for (size_t rule = 0; rule < problem.n_rules; rule++) {
			uint32_t able = 0;

			for (size_t person = 0; person < problem.n_people; person++)
				able += problem.may[person * problem.n_rules + rule] == 1;
			assert_int_equal(have[rule], able < problem.counts[rule] ? able : problem.counts[rule]);
			all = all && have[rule] == problem.counts[rule];
		}
		assert_int_equal(r, all);
		check_filled(&problem, have, filled, false);
	}
}

/* bob may fill both rules, carol only the first. Whoever takes the first that fits gives bob the first rule. */
static void test_approval_assign_moves_who_came_first(void **state)
{
	const uint32_t counts[] = {1, 1};
	const int8_t may[] = {1, 1, /* bob */ 1, 0 /* carol */};
	uint32_t have[2] = {0};
	uint8_t filled[4] = {0};

	(void)state;
	assert_int_equal(cs_approval_assign(counts, 2, may, 2, true, have, filled), 1);
	assert_int_equal(have[0], 1);
	assert_int_equal(have[1], 1);
	assert_int_equal(filled[1], 1);
	assert_int_equal(filled[2], 1);
}

/* A chain in which the last person only fits when everybody before moves on by one. */
static void test_approval_assign_moves_a_whole_chain(void **state)
{
	uint32_t counts[CS_MAX_RULES], have[CS_MAX_RULES];
	int8_t may[CS_MAX_RULES * CS_MAX_RULES] = {0};

	(void)state;
	for (size_t i = 0; i < CS_MAX_RULES; i++) {
		counts[i] = 1;
		may[i * CS_MAX_RULES + i] = 1;
		if (i + 1 < CS_MAX_RULES)
			may[i * CS_MAX_RULES + i + 1] = 1;
	}
	memset(may + (CS_MAX_RULES - 1) * CS_MAX_RULES, 0, CS_MAX_RULES);
	may[(CS_MAX_RULES - 1) * CS_MAX_RULES] = 1;
	assert_int_equal(cs_approval_assign(counts, CS_MAX_RULES, may, CS_MAX_RULES, true, have, NULL), 1);
	assert_int_equal(sum(have, CS_MAX_RULES), CS_MAX_RULES);
}

static void test_approval_assign_one_person_fills_one_rule(void **state)
{
	const uint32_t counts[] = {1, 1};
	const int8_t may[] = {1, 1};
	uint32_t have[2] = {9, 9};

	(void)state;
	assert_int_equal(cs_approval_assign(counts, 2, may, 1, true, have, NULL), 0);
	assert_int_equal(have[0] + have[1], 1);
	assert_int_equal(cs_approval_assign(counts, 2, may, 1, false, have, NULL), 1);
	assert_int_equal(have[0] + have[1], 2);
}

static void test_approval_assign_doubt_is_not_yes(void **state)
{
	const uint32_t counts[] = {1};
	const int8_t doubts[] = {-1, 0, 2, INT8_MIN, INT8_MAX, CS_EDOUBT};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(doubts); i++) {
		for (int distinct = 0; distinct <= 1; distinct++) {
			uint32_t have = 9;
			uint8_t filled = 9;

			assert_int_equal(cs_approval_assign(counts, 1, &doubts[i], 1, distinct == 1, &have, &filled), 0);
			assert_int_equal(have, 0);
			assert_int_equal(filled, 0);
		}
	}
}

/* Nothing that needs nobody is ever "filled": no rule, a count of 0 and nobody at all are refused or not enough. */
static void test_approval_a088_nothing_needed_is_not_enough(void **state)
{
	const uint32_t none[] = {1, 0}, one[] = {1};
	const int8_t may[] = {1, 1};
	uint32_t have[2] = {7, 7};
	uint8_t filled[2] = {7, 7};

	(void)state;
	for (int distinct = 0; distinct <= 1; distinct++) {
		assert_int_equal(cs_approval_assign(none, 2, may, 1, distinct == 1, have, filled), CS_EINVAL);
		assert_int_equal(cs_approval_assign(none + 1, 1, may, 1, distinct == 1, have, filled), CS_EINVAL);
		assert_int_equal(cs_approval_assign(one, 0, may, 1, distinct == 1, have, filled), CS_EINVAL);
		assert_int_equal(cs_approval_assign(NULL, 0, NULL, 0, distinct == 1, have, filled), CS_EINVAL);
		assert_int_equal(cs_approval_assign(one, 1, NULL, 1, distinct == 1, have, filled), CS_EINVAL);
		assert_int_equal(have[0], 7);
		assert_int_equal(have[1], 7);
		assert_int_equal(filled[0], 7);
		assert_int_equal(filled[1], 7);
		assert_int_equal(cs_approval_assign(one, 1, NULL, 0, distinct == 1, have, NULL), 0);
		assert_int_equal(have[0], 0);
		have[0] = 7;
	}
}

static void test_approval_assign_bounds(void **state)
{
	uint32_t counts[CS_MAX_RULES + 1], have[CS_MAX_RULES + 1];
	int8_t *may = calloc((CS_MAX_WHO + 1) * (CS_MAX_RULES + 1), 1);

	(void)state;
	assert_non_null(may);
	memset(may, 1, (CS_MAX_WHO + 1) * (CS_MAX_RULES + 1));
	for (size_t i = 0; i < CS_COUNT(counts); i++)
		counts[i] = CS_MAX_WHO / CS_MAX_RULES;
	assert_int_equal(cs_approval_assign(counts, CS_MAX_RULES, may, CS_MAX_WHO, true, have, NULL), 1);
	assert_int_equal(cs_approval_assign(counts, CS_MAX_RULES, may, CS_MAX_WHO - 1, true, have, NULL), 0);
	assert_int_equal(cs_approval_assign(counts, CS_MAX_RULES + 1, may, CS_MAX_WHO, true, have, NULL), CS_EINVAL);
	assert_int_equal(cs_approval_assign(counts, CS_MAX_RULES, may, CS_MAX_WHO + 1, true, have, NULL), CS_EINVAL);
	counts[0] = UINT32_MAX;
	assert_int_equal(cs_approval_assign(counts, 1, may, CS_MAX_WHO, true, have, NULL), 0);
	assert_int_equal(have[0], CS_MAX_WHO);
	free(may);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_approval_assign_equals_brute_force),
		cmocka_unit_test(test_approval_assign_shared_counts_each_rule_alone),
		cmocka_unit_test(test_approval_assign_moves_who_came_first),
		cmocka_unit_test(test_approval_assign_moves_a_whole_chain),
		cmocka_unit_test(test_approval_assign_one_person_fills_one_rule),
		cmocka_unit_test(test_approval_assign_doubt_is_not_yes),
		cmocka_unit_test(test_approval_a088_nothing_needed_is_not_enough),
		cmocka_unit_test(test_approval_assign_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
