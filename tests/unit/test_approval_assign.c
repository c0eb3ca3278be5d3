/* SPDX-License-Identifier: Apache-2.0 */
/* People to rules: by hand where greed fails, against a brute-force oracle everywhere else. */
#include "approval.h"
#include "mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ORACLE_PEOPLE 8
#define ORACLE_RULES 5
#define ORACLE_COUNT 3
#define ORACLE_VECTORS 1024 /* (ORACLE_COUNT + 1) to the power of ORACLE_RULES */

struct problem {
	uint32_t counts[ORACLE_RULES];
	uint8_t block[ORACLE_RULES];
	size_t n_rules;
	int8_t may[ORACLE_PEOPLE * ORACLE_RULES];
	size_t n_people;
};

static const uint8_t apart[ORACLE_RULES] = {0, 1, 2, 3, 4};

/* A fixed sequence, so that a failure can be repeated. */
static uint32_t draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % below;
}

static struct problem random_problem(uint64_t *seed)
{
	static const int8_t values[] = {1, 1, 1, 0, 0, -1, 2};
	static const uint8_t numbers[] = {0, 1, 7, 200, 255};
	struct problem problem = {.n_rules = 1 + draw(seed, ORACLE_RULES), .n_people = draw(seed, ORACLE_PEOPLE + 1)};
	uint32_t n_blocks = 1 + draw(seed, ORACLE_RULES);

	for (size_t i = 0; i < problem.n_rules; i++) {
		problem.counts[i] = 1 + draw(seed, ORACLE_COUNT);
		problem.block[i] = numbers[draw(seed, n_blocks)];
	}
	for (size_t i = 0; i < problem.n_people * problem.n_rules; i++)
		problem.may[i] = values[draw(seed, CS_COUNT(values))];
	return problem;
}

/* What can be reached at best. */
struct best {
	uint32_t total;
	bool whole;
};

static uint32_t digit(uint32_t vector, size_t rule)
{
	return vector >> (2 * rule) & 3;
}

/* Has this block come before this rule? */
static bool begins(const struct problem *problem, size_t rule)
{
	for (size_t i = 0; i < rule; i++)
		if (problem->block[i] == problem->block[rule])
			return false;
	return true;
}

/* One person fills none or one rule of the block of `first`: everything that can be reached by that. */
static void spread(const struct problem *problem, size_t person, size_t first, uint8_t *reached)
{
	uint8_t before[ORACLE_VECTORS];

	memcpy(before, reached, sizeof(before));
	for (uint32_t vector = 0; vector < ORACLE_VECTORS; vector++) {
		for (size_t rule = first; before[vector] && rule < problem->n_rules; rule++)
			if (problem->block[rule] == problem->block[first] &&
				problem->may[person * problem->n_rules + rule] == 1 &&
				digit(vector, rule) < problem->counts[rule])
				reached[vector + (UINT32_C(1) << (2 * rule))] = 1;
	}
}

/* Every way to send each person to one rule or to none of each block: all numbers of people a rule that can be reached,
 * as vectors with two bits a rule. */
static struct best oracle(const struct problem *problem)
{
	uint8_t reached[ORACLE_VECTORS] = {1};
	struct best best = {0};

	for (size_t person = 0; person < problem->n_people; person++)
		for (size_t rule = 0; rule < problem->n_rules; rule++)
			if (begins(problem, rule))
				spread(problem, person, rule, reached);
	for (uint32_t vector = 0; vector < ORACLE_VECTORS; vector++) {
		uint32_t total = 0;
		bool whole = true;

		if (!reached[vector])
			continue;
		for (size_t rule = 0; rule < problem->n_rules; rule++) {
			total += digit(vector, rule);
			whole = whole && digit(vector, rule) == problem->counts[rule];
		}
		best.total = total > best.total ? total : best.total;
		best.whole = best.whole || whole;
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

/* filled agrees with have, sends nobody where he may not go, and nobody to two rules of one block. */
static void check_filled(const struct problem *problem, const uint32_t *have, const uint8_t *filled)
{
	uint32_t of_rule[ORACLE_RULES] = {0};

	for (size_t person = 0; person < problem->n_people; person++) {
		uint32_t of_block[256] = {0};

		for (size_t rule = 0; rule < problem->n_rules; rule++) {
			uint8_t fills = filled[person * problem->n_rules + rule];

			assert_true(fills <= 1);
			of_rule[rule] += fills;
			of_block[problem->block[rule]] += fills;
			assert_true(of_block[problem->block[rule]] <= 1);
			if (fills == 1)
				assert_int_equal(problem->may[person * problem->n_rules + rule], 1);
		}
	}
	for (size_t rule = 0; rule < problem->n_rules; rule++) {
		assert_int_equal(of_rule[rule], have[rule]);
		assert_true(have[rule] <= problem->counts[rule]);
	}
}

/* Solves it and asks the oracle; what the answer was. */
static int check_problem(const struct problem *problem)
{
	uint32_t have[ORACLE_RULES] = {0}, alone[ORACLE_RULES] = {0};
	uint8_t filled[ORACLE_PEOPLE * ORACLE_RULES];
	struct best best = oracle(problem);
	int r = 0;

	memset(filled, 0xff, sizeof(filled));
	r = cs_approval_assign(problem->counts, problem->n_rules, problem->may, problem->n_people, problem->block, have,
		filled);
	assert_int_equal(r, best.whole ? 1 : 0);
	assert_int_equal(sum(have, problem->n_rules), best.total);
	check_filled(problem, have, filled);
	assert_int_equal(cs_approval_assign(problem->counts, problem->n_rules, problem->may, problem->n_people,
		problem->block, alone, NULL), r);
	assert_memory_equal(alone, have, sizeof(have));
	return r;
}

static void test_approval_assign_equals_brute_force(void **state)
{
	uint64_t seed = 1;
	size_t whole = 0, short_of = 0;

	(void)state;
	for (size_t i = 0; i < 24000; i++) {
		struct problem problem = random_problem(&seed);
		int r = check_problem(&problem);

		whole += r == 1;
		short_of += r == 0;
	}
	assert_true(whole > 2000);
	assert_true(short_of > 2000);
}

/* Every problem of a few people and rules, with counts of 1 and 2 and every way to part the rules into blocks. */
static void each_tiny(size_t n_people, size_t n_rules, size_t *ret_seen)
{
	size_t cells = n_people * n_rules, partitions = 1;

	for (size_t i = 0; i < n_rules; i++)
		partitions *= n_rules;
	for (size_t counts = 0; counts < (size_t)1 << n_rules; counts++)
		for (size_t partition = 0; partition < partitions; partition++)
			for (size_t may = 0; may < (size_t)1 << cells; may++) {
				struct problem problem = {.n_rules = n_rules, .n_people = n_people};

				for (size_t i = 0, left = partition; i < n_rules; i++, left /= n_rules) {
					problem.counts[i] = 1 + (counts >> i & 1);
					problem.block[i] = (uint8_t)(left % n_rules);
				}
				for (size_t i = 0; i < cells; i++)
					problem.may[i] = may >> i & 1;
				(void)check_problem(&problem);
				++*ret_seen;
			}
}

static void test_approval_assign_equals_brute_force_in_every_tiny_case(void **state)
{
	size_t seen = 0;

	(void)state;
	for (size_t n_rules = 1; n_rules <= 3; n_rules++)
		for (size_t n_people = 0; n_people * n_rules <= 6; n_people++)
			each_tiny(n_people, n_rules, &seen);
	assert_true(seen > 15000);
}

/* No block is one block. */
static void test_approval_assign_null_is_one_block(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		struct problem problem = random_problem(&seed);
		uint32_t have[ORACLE_RULES] = {0}, expected[ORACLE_RULES] = {0};
		int r = 0;

		memset(problem.block, 3, sizeof(problem.block));
		r = cs_approval_assign(problem.counts, problem.n_rules, problem.may, problem.n_people, NULL, have,
			NULL);
		assert_int_equal(cs_approval_assign(problem.counts, problem.n_rules, problem.may, problem.n_people,
			problem.block, expected, NULL), r);
		assert_memory_equal(have, expected, sizeof(have));
		assert_int_equal(r, oracle(&problem).whole ? 1 : 0);
	}
}

/* dave holds two roles that exclude each other within a request (rules 0 and 1); the third rule does not mind. */
static void test_approval_assign_blocks_part_only_their_own_rules(void **state)
{
	const uint32_t counts[] = {1, 1, 1};
	const uint8_t block[] = {9, 9, 4};
	const int8_t alone[] = {1, 1, 1}, with_carol[] = {1, 1, 1, /* carol */ 0, 1, 0};
	uint32_t have[3] = {0};

	(void)state;
	assert_int_equal(cs_approval_assign(counts, 3, alone, 1, block, have, NULL), 0);
	assert_int_equal(have[0] + have[1], 1);
	assert_int_equal(have[2], 1);
	assert_int_equal(cs_approval_assign(counts, 3, with_carol, 2, block, have, NULL), 1);
	assert_int_equal(cs_approval_assign(counts, 3, alone, 1, apart, have, NULL), 1);
}

/* bob may fill both rules, carol only the first. Whoever takes the first that fits gives bob the first rule. */
static void test_approval_assign_moves_who_came_first(void **state)
{
	const uint32_t counts[] = {1, 1};
	const int8_t may[] = {1, 1, /* bob */ 1, 0 /* carol */};
	uint32_t have[2] = {0};
	uint8_t filled[4] = {0};

	(void)state;
	assert_int_equal(cs_approval_assign(counts, 2, may, 2, NULL, have, filled), 1);
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
	assert_int_equal(cs_approval_assign(counts, CS_MAX_RULES, may, CS_MAX_RULES, NULL, have, NULL), 1);
	assert_int_equal(sum(have, CS_MAX_RULES), CS_MAX_RULES);
}

static void test_approval_assign_one_person_fills_one_rule(void **state)
{
	const uint32_t counts[] = {1, 1};
	const int8_t may[] = {1, 1};
	uint32_t have[2] = {9, 9};

	(void)state;
	assert_int_equal(cs_approval_assign(counts, 2, may, 1, NULL, have, NULL), 0);
	assert_int_equal(have[0] + have[1], 1);
	assert_int_equal(cs_approval_assign(counts, 2, may, 1, apart, have, NULL), 1);
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

			assert_int_equal(cs_approval_assign(counts, 1, &doubts[i], 1, distinct == 1 ? NULL
				: apart, &have, &filled), 0);
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
		assert_int_equal(cs_approval_assign(none, 2, may, 1, distinct == 1 ? NULL : apart, have, filled),
			CS_EINVAL);
		assert_int_equal(cs_approval_assign(none + 1, 1, may, 1, distinct == 1 ? NULL : apart, have, filled),
			CS_EINVAL);
		assert_int_equal(cs_approval_assign(one, 0, may, 1, distinct == 1 ? NULL : apart, have, filled),
			CS_EINVAL);
		assert_int_equal(cs_approval_assign(NULL, 0, NULL, 0, distinct == 1 ? NULL : apart, have, filled),
			CS_EINVAL);
		assert_int_equal(cs_approval_assign(one, 1, NULL, 1, distinct == 1 ? NULL : apart, have, filled),
			CS_EINVAL);
		assert_int_equal(have[0], 7);
		assert_int_equal(have[1], 7);
		assert_int_equal(filled[0], 7);
		assert_int_equal(filled[1], 7);
		assert_int_equal(cs_approval_assign(one, 1, NULL, 0, distinct == 1 ? NULL : apart, have, NULL), 0);
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
	assert_int_equal(cs_approval_assign(counts, CS_MAX_RULES, may, CS_MAX_WHO, NULL, have, NULL), 1);
	assert_int_equal(cs_approval_assign(counts, CS_MAX_RULES, may, CS_MAX_WHO - 1, NULL, have, NULL), 0);
	assert_int_equal(cs_approval_assign(counts, CS_MAX_RULES + 1, may, CS_MAX_WHO, NULL, have, NULL), CS_EINVAL);
	assert_int_equal(cs_approval_assign(counts, CS_MAX_RULES, may, CS_MAX_WHO + 1, NULL, have, NULL), CS_EINVAL);
	counts[0] = UINT32_MAX;
	assert_int_equal(cs_approval_assign(counts, 1, may, CS_MAX_WHO, NULL, have, NULL), 0);
	assert_int_equal(have[0], CS_MAX_WHO);
	free(may);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_approval_assign_equals_brute_force),
		cmocka_unit_test(test_approval_assign_equals_brute_force_in_every_tiny_case),
		cmocka_unit_test(test_approval_assign_null_is_one_block),
		cmocka_unit_test(test_approval_assign_blocks_part_only_their_own_rules),
		cmocka_unit_test(test_approval_assign_moves_who_came_first),
		cmocka_unit_test(test_approval_assign_moves_a_whole_chain),
		cmocka_unit_test(test_approval_assign_one_person_fills_one_rule),
		cmocka_unit_test(test_approval_assign_doubt_is_not_yes),
		cmocka_unit_test(test_approval_a088_nothing_needed_is_not_enough),
		cmocka_unit_test(test_approval_assign_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
