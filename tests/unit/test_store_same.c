/* SPDX-License-Identifier: Apache-2.0 */
/* Both backends do the same: a long random run of calls is made on SQLite and on memory; every answer is compared. */
#include "store_fill.h"

enum { STEPS = 6000, KEYS = 4, PEOPLE = 3 };

struct pair {
	struct cs_store *stores[2];
	uint64_t random;
	unsigned made;
	struct cs_now now;
};

static unsigned rnd(struct pair *pair, unsigned n)
{
	pair->random = pair->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(pair->random >> 33) % n;
}

static int add(struct pair *pair, int which, unsigned a, unsigned b)
{
	struct cs_stored made = make_request(a % 8 == 0 ? pair->made / 2 : pair->made, b % KEYS, b % PEOPLE);
	int r;

	assert_int_equal(cs_set(&made.request.boot, pair->now.boot_id), 0);
	made.request.created_boot_ms = pair->now.boot_ms;
	made.request.created_wall_ms = pair->now.wall_ms;
	r = cs_store_add(pair->stores[which], &made);
	r = r == 0 ? (int)made.number : r;
	cs_clear(&cs_stored_shape, &made);
	return r;
}

static int change(struct pair *pair, int which, unsigned a, unsigned b)
{
	return cs_store_change(pair->stores[which], a % (pair->made + 2), (enum cs_state)(b % 3),
			       (enum cs_state)(b / 3 % 7), &pair->now);
}

static int vote(struct pair *pair, int which, unsigned a, unsigned b)
{
	char id[16];

	snprintf(id, sizeof(id), "p%u", b % PEOPLE);
	return put_vote(pair->stores[which], a % (pair->made + 2), id, b % 2 ? CS_VOTE_APPROVE : CS_VOTE_REJECT);
}

static int append(struct pair *pair, int which, unsigned a, unsigned b)
{
	uint8_t bytes[2] = {(uint8_t)a, (uint8_t)b};
	struct cs_record record = {
		.number = head_of(pair->stores[which]) + (a % 5 != 0), .bytes = bytes, .n_bytes = b % 3, .chain = {1}};

	return cs_store_append(pair->stores[which], &record, 0);
}

static int begin(struct pair *pair, int which, unsigned a, unsigned b)
{
	(void)a, (void)b;
	return cs_store_begin(pair->stores[which]);
}

static int mark(struct pair *pair, int which, unsigned a, unsigned b)
{
	(void)a, (void)b;
	return cs_store_mark(pair->stores[which]);
}

static int undo(struct pair *pair, int which, unsigned a, unsigned b)
{
	(void)a, (void)b;
	return cs_store_undo(pair->stores[which]);
}

static int end(struct pair *pair, int which, unsigned a, unsigned b)
{
	(void)b;
	if (a % 4)
		return cs_store_commit(pair->stores[which]);
	cs_store_rollback(pair->stores[which]);
	return 0;
}

static int policy(struct pair *pair, int which, unsigned a, unsigned b)
{
	struct cs_generation made = make_generation(a % 100);
	int r;

	made.request = b % 4 ? 0 : a % (pair->made + 2);
	r = cs_store_policy_add(pair->stores[which], &made, "some text", b % 10);
	r = r == 0 ? (int)made.number : r;
	cs_clear(&cs_generation_shape, &made);
	return r;
}

/* Each several times by its weight. */
static int (*const steps[])(struct pair *pair, int which, unsigned a, unsigned b) = {
	add, add, add, change, change, change, change, vote, vote, vote, append, append, policy, begin, begin, mark,
		undo, end,
};

static void same_request(struct pair *pair, uint64_t number)
{
	struct cs_stored one = {0}, two = {0};
	int r = cs_store_get(pair->stores[0], number, &one);

	assert_int_equal(cs_store_get(pair->stores[1], number, &two), r);
	assert_true(r == 0 || r == CS_ENOENT);
	assert_true(fill_same(&cs_stored_shape, &one, &two));
	assert_int_equal(count_votes(pair->stores[0], number), count_votes(pair->stores[1], number));
	cs_clear(&cs_stored_shape, &one);
	cs_clear(&cs_stored_shape, &two);
}

static void same_policies(struct pair *pair)
{
	struct cs_generation *found[2] = {NULL};
	uint64_t before = rnd(pair, 40);
	size_t n[2] = {0}, max = rnd(pair, 20);

	for (int i = 0; i < 2; i++)
		assert_int_equal(cs_store_policies(pair->stores[i], before, max, &found[i], &n[i]), 0);
	assert_int_equal(n[0], n[1]);
	for (size_t i = 0; i < n[0]; i++)
		assert_true(fill_same(&cs_generation_shape, &found[0][i], &found[1][i]));
	for (int i = 0; i < 2; i++)
		cs_generations_free(&found[i], &n[i]);
}

static void same_questions(struct pair *pair)
{
	uint64_t counts[2][3] = {{0}}, numbers[2][32] = {{0}}, heads[2];
	uint8_t chains[2][CS_DIGEST_LEN], key[CS_DIGEST_LEN] = {(uint8_t)rnd(pair, KEYS)};
	unsigned uid = rnd(pair, PEOPLE);
	int found[2], due[2];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(cs_store_count_open(pair->stores[i], uid, &counts[i][0], &counts[i][1], &counts[i][2]),
				 0);
		assert_int_equal(cs_store_head(pair->stores[i], &heads[i], chains[i]), 0);
		found[i] = cs_store_find_open(pair->stores[i], key, numbers[i], 16);
		due[i] = cs_store_overdue(pair->stores[i], &pair->now, numbers[i] + 16, 16);
	}
	assert_memory_equal(counts[0], counts[1], sizeof(counts[0]));
	assert_int_equal(heads[0], heads[1]);
	assert_memory_equal(chains[0], chains[1], sizeof(chains[0]));
	assert_int_equal(found[0], found[1]);
	assert_int_equal(due[0], due[1]);
	assert_memory_equal(numbers[0], numbers[1], sizeof(numbers[0]));
}

/* Time goes on; now and then the machine starts anew, with a wall clock that may be off. */
static void pass_time(struct pair *pair)
{
	static const char *const boots[] = {BOOT_A, BOOT_B, "00000000-0000-4000-8000-000000000000"};
	unsigned ms = rnd(pair, MINUTE / 10);

	pair->now.boot_ms += ms;
	pair->now.wall_ms += ms;
	if (rnd(pair, 150) != 0)
		return;
	snprintf(pair->now.boot_id, sizeof(pair->now.boot_id), "%s", boots[rnd(pair, 3)]);
	pair->now.wall_ms += rnd(pair, 20 * MINUTE);
	pair->now.wall_ms -= rnd(pair, 20 * MINUTE);
}

static void test_store_both_backends_answer_the_same(void **state)
{
	struct stage sqlite = {.sqlite = true}, memory = {0};
	struct pair pair = {.random = 4711, .now = now_after(BOOT_A, 0)};
	unsigned well = 0;

	(void)state;
	stage_folder(&sqlite);
	stage_open(&sqlite);
	stage_open(&memory);
	pair.stores[0] = sqlite.store;
	pair.stores[1] = memory.store;
	for (int i = 0; i < STEPS; i++) {
		unsigned step = rnd(&pair, CS_COUNT(steps)), a = rnd(&pair, 1u << 30), b = rnd(&pair, 1u << 30);
		int r = steps[step](&pair, 0, a, b);

		if (steps[step](&pair, 1, a, b) != r)
			fail_msg("step %d (%u, %u, %u): SQLite answers %d", i, step, a, b, r);
		pair.made += steps[step] == add;
		well += r >= 0;
		pass_time(&pair);
		same_request(&pair, rnd(&pair, pair.made + 2));
		if (i % 8 == 0) {
			same_questions(&pair);
			same_policies(&pair);
		}
	}
	assert_in_range(well, STEPS / 4, STEPS);
	for (uint64_t number = 0; number < pair.made; number++)
		same_request(&pair, number);
	cs_store_close(&memory.store);
	stage_remove(&sqlite);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_store_both_backends_answer_the_same)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
