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
	made.request.uses = b / KEYS % 4;
	made.request.objection_ms = b / 64 % 3 * MINUTE;
	made.request.start_wall_ms = b / 256 % 3 ? 0 : pair->now.wall_ms + b / 1024 % (20 * MINUTE);
	memset(made.request.id, a % 8 == 1 ? 0x11 : (int)(b % 16), 2); /* prefixes that several have */
	r = cs_store_add(pair->stores[which], &made);
	r = r == 0 ? (int)made.number : r;
	cs_clear(&cs_stored_shape, &made);
	return r;
}

static int change(struct pair *pair, int which, unsigned a, unsigned b)
{
	return cs_store_change(pair->stores[which], a % (pair->made + 2), (enum cs_state)(b % 3),
			       (enum cs_state)(b / 3 % 8), &pair->now);
}

static int vote(struct pair *pair, int which, unsigned a, unsigned b)
{
	char id[16];

	snprintf(id, sizeof(id), "p%u", b % PEOPLE);
	return put_vote(pair->stores[which], a % (pair->made + 2), id, (enum cs_vote)(a / 7 % 4));
}

static int use(struct pair *pair, int which, unsigned a, unsigned b)
{
	uint32_t used = 0;
	int r = cs_store_use(pair->stores[which], a % (pair->made + 2), &pair->now, &used);

	(void)b;
	return r == 1 ? (int)used + 1 : r;
}

static int append(struct pair *pair, int which, unsigned a, unsigned b)
{
	uint8_t bytes[2] = {(uint8_t)a, (uint8_t)b};
	struct cs_record record = {
		.number = head_of(pair->stores[which]) + (a % 5 != 0), .bytes = bytes, .n_bytes = b % 3, .chain = {1}};

	return cs_store_append(pair->stores[which], &record, a % 3 * b);
}

/* Often from where the chain begins here, with what the chain says there. */
static int archive(struct pair *pair, int which, unsigned a, unsigned b)
{
	struct cs_store *store = pair->stores[which];
	struct cs_segment segment = {.wall_ms = a, .file = (char[]){"segment"}};
	struct cs_record *records = NULL;
	size_t n = 0;

	assert_int_equal(cs_store_first(store, &segment.first, segment.before), 0);
	segment.first += a % 8 == 0;
	segment.last = segment.first + b % 16;
	assert_int_equal(cs_store_records(store, segment.last, 1, &records, &n), 0);
	if (n && b % 5)
		memcpy(segment.chain, records[0].chain, CS_DIGEST_LEN);
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_record_shape, &records[i]);
	free(records);
	return cs_store_archive(store, &segment);
}

static int tell(struct pair *pair, int which, unsigned a, unsigned b)
{
	return put_notice(pair->stores[which], "something to tell", (a + b) % 50);
}

/* Told, or to be told again. */
static int deliver(struct pair *pair, int which, unsigned a, unsigned b)
{
	struct cs_store *store = pair->stores[which];

	return b % 3 ? cs_store_told(store, a % (pair->made + 2)) : cs_store_tell_later(store, a % (pair->made + 2),
		b % 70);
}

static int set_quiet(struct pair *pair, int which, unsigned a, unsigned b)
{
	static const char *const names[] = {"zoe", "Zoe", "carol", ""};
	static const uint64_t until[] = {0, 10, 20, UINT64_MAX};

	return cs_store_set_quiet(pair->stores[which], names[a % 4], until[b % 4]);
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
	add, add, add, change, change, change, change, use, use, vote, vote, vote, append, append, append, archive, tell,
	tell, deliver, set_quiet, policy, begin, begin, mark, undo, end,
};

static void same_items(const struct cs_shape *shape, void *one, void *two, size_t n_one, size_t n_two)
{
	assert_int_equal(n_one, n_two);
	for (size_t i = 0; i < n_one; i++) {
		char *a = (char *)one + i * shape->size, *b = (char *)two + i * shape->size;

		assert_true(fill_same(shape, a, b));
		cs_clear(shape, a);
		cs_clear(shape, b);
	}
	free(one);
	free(two);
}

static void same_votes(struct pair *pair, uint64_t number)
{
	struct cs_approval *votes[2] = {NULL};
	size_t n[2] = {0};

	for (int i = 0; i < 2; i++)
		assert_int_equal(cs_store_votes(pair->stores[i], number, &votes[i], &n[i]), 0);
	same_items(&cs_approval_shape, votes[0], votes[1], n[0], n[1]);
}

static void same_request(struct pair *pair, uint64_t number)
{
	struct cs_stored one = {0}, two = {0};
	int r = cs_store_get(pair->stores[0], number, &one);

	assert_int_equal(cs_store_get(pair->stores[1], number, &two), r);
	assert_true(r == 0 || r == CS_ENOENT);
	assert_true(fill_same(&cs_stored_shape, &one, &two));
	same_votes(pair, number);
	cs_clear(&cs_stored_shape, &one);
	cs_clear(&cs_stored_shape, &two);
}

static void same_outbox(struct pair *pair)
{
	struct cs_notice *found[2] = {NULL};
	uint64_t counts[2][2] = {{0}}, until[2] = {0}, wall_ms = rnd(pair, 70);
	uint32_t tries[2][16] = {{0}};
	size_t n[2] = {0}, max = rnd(pair, 16);
	int quiet[2];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(cs_store_notices(pair->stores[i], wall_ms, max, &found[i], tries[i], &n[i]), 0);
		assert_int_equal(cs_store_count_notices(pair->stores[i], &counts[i][0], &counts[i][1]), 0);
		quiet[i] = cs_store_quiet(pair->stores[i], "zoe", wall_ms, &until[i]);
	}
	same_items(&cs_notice_shape, found[0], found[1], n[0], n[1]);
	assert_memory_equal(tries[0], tries[1], sizeof(tries[0]));
	assert_memory_equal(counts[0], counts[1], sizeof(counts[0]));
	assert_int_equal(quiet[0], quiet[1]);
	assert_true(until[0] == until[1]);
}

static void same_chain(struct pair *pair)
{
	struct cs_segment *segments[2] = {NULL};
	struct cs_record *records[2] = {NULL}, *about[2] = {NULL};
	uint64_t from = rnd(pair, pair->made + 1), request = rnd(pair, 5), first[2];
	uint8_t before[2][CS_DIGEST_LEN];
	size_t n[3][2] = {{0}};

	for (int i = 0; i < 2; i++) {
		assert_int_equal(cs_store_first(pair->stores[i], &first[i], before[i]), 0);
		assert_int_equal(cs_store_segments(pair->stores[i], &segments[i], &n[0][i]), 0);
		assert_int_equal(cs_store_records(pair->stores[i], from, 9, &records[i], &n[1][i]), 0);
		assert_int_equal(cs_store_records_of(pair->stores[i], request, 9, &about[i], &n[2][i]), 0);
	}
	assert_int_equal(first[0], first[1]);
	assert_memory_equal(before[0], before[1], CS_DIGEST_LEN);
	same_items(&cs_segment_shape, segments[0], segments[1], n[0][0], n[0][1]);
	same_items(&cs_record_shape, records[0], records[1], n[1][0], n[1][1]);
	same_items(&cs_record_shape, about[0], about[1], n[2][0], n[2][1]);
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
	uint64_t counts[2][3] = {{0}}, numbers[2][64] = {{0}}, heads[2];
	uint8_t chains[2][CS_DIGEST_LEN], key[CS_DIGEST_LEN] = {(uint8_t)rnd(pair, KEYS)};
	unsigned uid = rnd(pair, PEOPLE);
	char prefix[8];
	int found[2], due[2], lazy[2];
	uint64_t after = rnd(pair, 6);

	snprintf(prefix, sizeof(prefix), "%04x%.*s", rnd(pair, 17) * 0x0101, (int)rnd(pair, 3), "00");
	for (int i = 0; i < 2; i++) {
		int r = cs_store_find_prefix(pair->stores[i], prefix, &numbers[i][16]);

		assert_true(r == 0 || r == CS_ENOENT || r == CS_ECONFLICT);
		assert_int_equal(cs_store_count_open(pair->stores[i], uid, &counts[i][0], &counts[i][1], &counts[i][2]),
				 0);
		assert_int_equal(cs_store_head(pair->stores[i], &heads[i], chains[i]), 0);
		found[i] = cs_store_find_open(pair->stores[i], key, numbers[i], 16);
		due[i] = cs_store_overdue(pair->stores[i], &pair->now, after, numbers[i] + 17, 16);
		lazy[i] = cs_store_unopposed(pair->stores[i], &pair->now, after, numbers[i] + 33, 16);
	}
	assert_memory_equal(counts[0], counts[1], sizeof(counts[0]));
	assert_int_equal(heads[0], heads[1]);
	assert_memory_equal(chains[0], chains[1], sizeof(chains[0]));
	assert_int_equal(found[0], found[1]);
	assert_int_equal(due[0], due[1]);
	assert_int_equal(lazy[0], lazy[1]);
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
			same_outbox(&pair);
			same_chain(&pair);
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
