/* SPDX-License-Identifier: Apache-2.0 */
/* What every store does: each case runs against SQLite and against memory. */
#include "store_fill.h"

static int setup(void **state, bool sqlite)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	assert_non_null(stage);
	stage->sqlite = sqlite;
	stage_folder(stage);
	stage_open(stage);
	*state = stage;
	return 0;
}

static int setup_sqlite(void **state)
{
	return setup(state, true);
}

static int setup_memory(void **state)
{
	return setup(state, false);
}

static int teardown(void **state)
{
	struct stage *stage = *state;

	stage_remove(stage);
	free(stage);
	return 0;
}

static struct cs_store *begun(void **state)
{
	struct stage *stage = *state;

	assert_int_equal(cs_store_begin(stage->store), 0);
	return stage->store;
}

/* --- Requests ----------------------------------------------------------------------------------------------------- */

static void test_store_add_and_get(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_stored made = make_request(7, 1, 1000);
	struct cs_stored back = {0};
	struct cs_stored by_id = {0};

	assert_int_equal(cs_store_add(store, &made), 0);
	assert_int_equal(made.number, 1);
	assert_int_equal(made.version, 1);
	assert_int_equal(made.state, CS_PENDING);
	assert_string_equal(made.since_boot, BOOT_A);
	assert_int_equal(made.since_boot_ms, 1000000);
	assert_int_equal(cs_store_commit(store), 0);
	assert_int_equal(cs_store_get(store, 1, &back), 0);
	assert_true(fill_same(&cs_stored_shape, &made, &back));
	assert_int_equal(cs_store_get_id(store, made.request.id, &by_id), 0);
	assert_true(fill_same(&cs_stored_shape, &made, &by_id));
	cs_clear(&cs_stored_shape, &back);
	assert_int_equal(cs_store_get(store, 2, &back), CS_ENOENT);
	assert_int_equal(cs_store_get(store, 0, &back), CS_ENOENT);
	assert_int_equal(cs_store_get(store, UINT64_MAX, &back), CS_ENOENT);
	made.request.id[0]++;
	assert_int_equal(cs_store_get_id(store, made.request.id, &back), CS_ENOENT);
	assert_true(fill_all_zero(&back, sizeof(back)));
	cs_clear(&cs_stored_shape, &by_id);
	cs_clear(&cs_stored_shape, &made);
}

static void test_store_since_of_the_caller(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_stored made = make_request(7, 1, 1000);
	struct cs_stored back = {0};

	made.since_boot = cs_dup(BOOT_B);
	made.since_boot_ms = 5;
	made.since_wall_ms = 6;
	made.state = CS_PENDING;
	assert_int_equal(cs_store_add(store, &made), 0);
	assert_int_equal(cs_store_get(store, made.number, &back), 0);
	assert_string_equal(back.since_boot, BOOT_B);
	assert_int_equal(back.since_boot_ms, 5);
	assert_int_equal(back.since_wall_ms, 6);
	cs_clear(&cs_stored_shape, &back);
	cs_clear(&cs_stored_shape, &made);
}

static void test_store_duplicate_is_refused(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_stored same_id = make_request(1, 1, 1000);
	struct cs_stored same_digest = make_request(2, 1, 1000);

	put_request(store, 1, 1, 1000);
	same_id.digest[31] = 9;
	assert_int_equal(cs_store_add(store, &same_id), CS_EEXIST);
	memset(same_digest.digest, 0, sizeof(same_digest.digest));
	same_digest.digest[0] = 1;
	assert_int_equal(cs_store_add(store, &same_digest), CS_EEXIST);
	assert_int_equal(same_digest.number, 0);
	assert_int_equal(put_request(store, 3, 1, 1000), 2);
	assert_int_equal(cs_store_commit(store), 0);
	assert_true(is_there(store, 2));
	cs_clear(&cs_stored_shape, &same_id);
	cs_clear(&cs_stored_shape, &same_digest);
}

static void test_store_out_of_range_is_refused(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_stored made = make_request(1, 1, 1000);
	struct cs_now late = {.boot_ms = UINT64_MAX, .boot_id = BOOT_A};
	uint64_t numbers[1];

	made.request.lifetime_ms = UINT64_MAX;
	assert_int_equal(cs_store_add(store, &made), CS_EINVAL);
	made.request.lifetime_ms = 1;
	made.request.created_wall_ms = UINT64_C(1) << 63;
	assert_int_equal(cs_store_add(store, &made), CS_EINVAL);
	made.request.created_wall_ms = 1;
	made.request.objection_ms = UINT64_MAX;
	assert_int_equal(cs_store_add(store, &made), CS_EINVAL);
	made.request.objection_ms = 0;
	made.request.start_wall_ms = UINT64_MAX;
	assert_int_equal(cs_store_add(store, &made), CS_EINVAL);
	made.request.start_wall_ms = 0;
	made.state = CS_APPROVED;
	assert_int_equal(cs_store_add(store, &made), CS_EINVAL);
	made.state = CS_PENDING;
	assert_int_equal(cs_set(&made.request.boot, BOOT_A "x"), 0);
	assert_int_equal(cs_store_add(store, &made), CS_EINVAL);
	assert_int_equal(cs_set(&made.request.boot, BOOT_A), 0);
	assert_int_equal(cs_store_add(store, &made), 0);
	assert_int_equal(cs_store_change(store, made.number, CS_PENDING, CS_APPROVED, &late), CS_EINVAL);
	assert_int_equal(cs_store_overdue(store, &late, 0, numbers, 1), CS_EINVAL);
	cs_clear(&cs_stored_shape, &made);
}

static void test_store_find_open_newest_first(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now now = now_after(BOOT_A, 1);
	uint8_t key[CS_DIGEST_LEN] = {5};
	uint64_t numbers[8] = {0};

	for (unsigned i = 1; i <= 6; i++)
		put_request(store, i, i == 3 ? 4 : 5, 1000);
	assert_int_equal(cs_store_change(store, 5, CS_PENDING, CS_REJECTED, &now), 1);
	assert_int_equal(cs_store_change(store, 4, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(cs_store_change(store, 2, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(cs_store_change(store, 2, CS_APPROVED, CS_USED, &now), 1);
	assert_int_equal(cs_store_find_open(store, key, numbers, 8), 3);
	assert_int_equal(numbers[0], 6);
	assert_int_equal(numbers[1], 4);
	assert_int_equal(numbers[2], 1);
	assert_int_equal(cs_store_find_open(store, key, numbers, 2), 2);
	assert_int_equal(numbers[1], 4);
	assert_int_equal(cs_store_find_open(store, key, numbers, 0), 0);
	key[31] = 1;
	assert_int_equal(cs_store_find_open(store, key, numbers, 8), 0);
}

/* Eight claims of one approved request: exactly one is answered 1. With "AND state = ?2" taken out of the UPDATE all
 * are. */
static void test_store_a091_change_is_conditional(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now now = now_after(BOOT_B, 77);
	struct cs_stored back = {0};
	int used = 0;

	put_request(store, 1, 1, 1000);
	assert_int_equal(cs_store_change(store, 1, CS_APPROVED, CS_USED, &now), 0);
	assert_int_equal(version_of(store, 1), 1);
	assert_int_equal(cs_store_change(store, 1, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(cs_store_get(store, 1, &back), 0);
	assert_int_equal(back.state, CS_APPROVED);
	assert_int_equal(back.version, 2);
	assert_int_equal(back.since_boot_ms, now.boot_ms);
	assert_int_equal(back.since_wall_ms, now.wall_ms);
	assert_string_equal(back.since_boot, BOOT_B);
	cs_clear(&cs_stored_shape, &back);
	for (int i = 0; i < 8; i++) {
		int r = cs_store_change(store, 1, CS_APPROVED, CS_USED, &now);

		assert_true(r == 0 || r == 1);
		used += r;
		assert_int_equal(cs_store_commit(store), 0);
		assert_int_equal(cs_store_begin(store), 0);
	}
	assert_int_equal(used, 1);
	assert_int_equal(version_of(store, 1), 3);
	assert_int_equal(cs_store_change(store, 2, CS_PENDING, CS_APPROVED, &now), 0);
	assert_int_equal(cs_store_change(store, UINT64_MAX, CS_PENDING, CS_APPROVED, &now), 0);
}

static void test_store_a092_closed_stays_closed(void **state)
{
	static const enum cs_state closed[] = {CS_REJECTED, CS_CANCELLED, CS_EXPIRED, CS_USED, CS_UNANSWERED};
	struct cs_store *store = begun(state);
	struct cs_now now = now_after(BOOT_A, 1);

	for (unsigned i = 0; i < CS_COUNT(closed); i++) {
		uint64_t number = put_request(store, i + 1, 1, 1000);

		assert_int_equal(cs_store_change(store, number, CS_PENDING, closed[i], &now), 1);
		assert_int_equal(cs_store_change(store, number, closed[i], CS_APPROVED, &now), CS_EINVAL);
		assert_int_equal(cs_store_change(store, number, CS_PENDING, CS_APPROVED, &now), 0);
		assert_int_equal(cs_store_change(store, number, CS_APPROVED, CS_USED, &now), 0);
		assert_int_equal(state_of(store, number), closed[i]);
	}
	assert_int_equal(cs_store_change(store, 1, CS_PENDING, CS_PENDING, &now), CS_EINVAL);
	assert_int_equal(cs_store_change(store, 1, CS_PENDING, CS_STATE_NONE, &now), CS_EINVAL);
	assert_int_equal(cs_store_change(store, 1, CS_STATE_NONE, CS_APPROVED, &now), CS_EINVAL);
	assert_int_equal(cs_store_commit(store), 0);
}

/* An approval of three uses: three are answered 1, whoever asks how often, and the time of the approval does not begin
 * anew with each. With "AND used < max(uses, 1)" taken out of the UPDATE the fourth is one too. */
static void test_store_a091_uses_are_counted(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now approved = now_after(BOOT_A, 1), later = now_after(BOOT_B, 99);
	struct cs_stored back = {0};
	uint32_t used = 77;

	put_uses(store, 1, 3);
	assert_int_equal(cs_store_use(store, 1, &later, &used), 0);
	assert_int_equal(cs_store_change(store, 1, CS_PENDING, CS_APPROVED, &approved), 1);
	for (uint32_t i = 1; i <= 2; i++) {
		assert_int_equal(cs_store_use(store, 1, &later, &used), 1);
		assert_int_equal(used, i);
		assert_int_equal(cs_store_get(store, 1, &back), 0);
		assert_true(back.state == CS_APPROVED && back.used == i && back.since_wall_ms == approved.wall_ms);
		assert_int_equal(back.version, 2 + i);
		cs_clear(&cs_stored_shape, &back);
	}
	assert_int_equal(cs_store_use(store, 1, &later, &used), 1);
	assert_int_equal(used, 3);
	assert_int_equal(cs_store_get(store, 1, &back), 0);
	assert_true(back.state == CS_USED && back.used == 3 && back.since_wall_ms == later.wall_ms);
	assert_string_equal(back.since_boot, BOOT_B);
	cs_clear(&cs_stored_shape, &back);
	used = 77;
	assert_int_equal(cs_store_use(store, 1, &later, &used), 0);
	assert_int_equal(cs_store_use(store, 2, &later, &used), 0);
	assert_int_equal(cs_store_use(store, UINT64_MAX, &later, &used), 0);
	assert_int_equal(used, 77);
	later.wall_ms = UINT64_MAX;
	assert_int_equal(cs_store_use(store, 1, &later, &used), CS_EINVAL);
}

/* No number is one use; any number ends at none that anybody reaches; a withdrawn approval keeps what was used. */
static void test_store_uses_one_and_any(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now now = now_after(BOOT_A, 1), made = now_after(BOOT_A, 0);
	uint32_t used = 0;

	put_uses(store, 1, 0);
	put_uses(store, 2, CS_USES_ANY);
	for (uint64_t number = 1; number <= 2; number++)
		assert_int_equal(cs_store_change(store, number, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(cs_store_use(store, 1, &now, &used), 1);
	assert_int_equal(state_of(store, 1), CS_USED);
	for (uint32_t i = 1; i <= 100; i++)
		assert_true(cs_store_use(store, 2, &now, &used) == 1 && used == i);
	assert_int_equal(state_of(store, 2), CS_APPROVED);
	assert_int_equal(cs_store_change(store, 2, CS_APPROVED, CS_PENDING, &made), 1);
	assert_int_equal(cs_store_use(store, 2, &now, &used), 0);
	assert_int_equal(cs_store_change(store, 2, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(cs_store_use(store, 2, &now, &used), 1);
	assert_int_equal(used, 101);
}

static void test_store_find_prefix(void **state)
{
	static const struct {
		const char *hex;
		int r;
		uint64_t number;
	} cases[] = {{"a1b2c", 0, 1}, {"A1B2C", 0, 1}, {"a1b2d", 0, 2}, {"a1b2", CS_ECONFLICT, 0},
		{"a1b2d30000000000000000000000000f", 0, 2}, {"a1b2d30000000000000000000000000e", CS_ENOENT, 0},
		{"ffff", 0, 3}, {"0000", 0, 4}, {"a1b", CS_EINVAL, 0}, {"", CS_EINVAL, 0}, {"a1bx", CS_EINVAL, 0},
		{"a1b2d30000000000000000000000000f0", CS_EINVAL, 0}, {"a1b2e", CS_ENOENT, 0}};
	static const uint8_t ids[][CS_ID_LEN] = {{0xa1, 0xb2, 0xc3}, {0xa1, 0xb2, 0xd3, [15] = 0x0f},
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0}};
	struct cs_store *store = begun(state);

	for (unsigned i = 0; i < CS_COUNT(ids); i++) {
		struct cs_stored made = make_request(i + 1, 1, 1000);

		memcpy(made.request.id, ids[i], CS_ID_LEN);
		assert_int_equal(cs_store_add(store, &made), 0);
		cs_clear(&cs_stored_shape, &made);
	}
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		uint64_t number = 0;

		assert_int_equal(cs_store_find_prefix(store, cases[i].hex, &number), cases[i].r);
		assert_int_equal(number, cases[i].number);
	}
}

struct walk {
	struct cs_store *store;
	uint64_t numbers[256];
	size_t n;
	size_t stop_at;
};

/* Notes the number; reads votes and the request again on the way. */
static int note(void *arg, const struct cs_stored *stored)
{
	struct walk *walk = arg;

	walk->numbers[walk->n++] = stored->number;
	assert_int_equal(count_votes(walk->store, stored->number), 0);
	assert_int_equal(version_of(walk->store, stored->number), stored->version);
	return walk->stop_at && walk->n == walk->stop_at ? 42 : 0;
}

static void test_store_list(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now now = now_after(BOOT_A, 1);
	struct walk all = {.store = store};
	struct walk open = {.store = store};
	struct walk few = {.store = store};
	struct walk ended = {.store = store, .stop_at = 70};
	struct walk page = {.store = store};

	for (unsigned i = 1; i <= 150; i++)
		put_request(store, i, 1, 1000);
	for (uint64_t i = 2; i <= 150; i += 2)
		assert_int_equal(cs_store_change(store, i, CS_PENDING, CS_CANCELLED, &now), 1);
	assert_int_equal(cs_store_list(store, false, 0, 1000, note, &all), 0);
	assert_int_equal(all.n, 150);
	for (size_t i = 0; i < all.n; i++)
		assert_int_equal(all.numbers[i], 150 - i);
	assert_int_equal(cs_store_list(store, true, 0, 1000, note, &open), 0);
	assert_int_equal(open.n, 75);
	for (size_t i = 0; i < open.n; i++)
		assert_int_equal(open.numbers[i], 149 - 2 * i);
	assert_int_equal(cs_store_list(store, false, 0, 65, note, &few), 0);
	assert_int_equal(few.n, 65);
	assert_int_equal(cs_store_list(store, false, 0, 1000, note, &ended), 42);
	assert_int_equal(ended.n, 70);
	assert_int_equal(cs_store_list(store, true, 0, 0, note, NULL), 0);
	/* A page goes on where the last one ended. */
	page.n = 0;
	assert_int_equal(cs_store_list(store, true, 75, 3, note, &page), 0);
	assert_true(page.n == 3 && page.numbers[0] == 73 && page.numbers[2] == 69);
	page.n = 0;
	assert_int_equal(cs_store_list(store, false, 3, 1000, note, &page), 0);
	assert_true(page.n == 2 && page.numbers[0] == 2 && page.numbers[1] == 1);
	page.n = 0;
	assert_int_equal(cs_store_list(store, false, UINT64_MAX, 1, note, &page), 0);
	assert_int_equal(page.numbers[0], 150);
	page.n = 0;
	assert_int_equal(cs_store_list(store, false, 1, 1000, note, &page), 0);
	assert_int_equal(page.n, 0);
}

/* Kills: a group that forgets the state, the bound or the order; a place that is told twice. */
static void test_store_list_of_a_group(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now now = now_after(BOOT_A, 1);
	struct cs_which of_uid = {.group = CS_GROUP_UID, .uid = 2}, of_person = {.group = CS_GROUP_PERSON, .key = {1}},
		of_place = {.group = CS_GROUP_PLACE, .key = {2}}, of_nobody = {.group = CS_GROUP_PLACE, .key = {9}};
	uint8_t key[CS_DIGEST_LEN] = {0};
	uint64_t numbers[8], number = 0;

	for (unsigned i = 1; i <= 12; i++) {
		struct cs_stored made = make_request(i, 1, i % 4); /* uid 2: 2, 6, 10 */

		made.person_key[0] = (uint8_t)(i % 2); /* 1: 1, 3, 5, 7, 9, 11 */
		made.place_key[0] = (uint8_t)(i % 3);  /* 2: 2, 5, 8, 11 */
		assert_int_equal(cs_store_add(store, &made), 0);
		cs_clear(&cs_stored_shape, &made);
	}
	assert_int_equal(cs_store_change(store, 5, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(cs_store_change(store, 6, CS_PENDING, CS_CANCELLED, &now), 1);
	assert_int_equal(cs_store_change(store, 11, CS_PENDING, CS_EXPIRED, &now), 1);
	assert_int_equal(cs_store_list_of(store, &of_uid, 0, numbers, 8), 2);
	assert_true(numbers[0] == 10 && numbers[1] == 2);
	assert_int_equal(cs_store_list_of(store, &of_person, 9, numbers, 3), 3);
	assert_true(numbers[0] == 7 && numbers[1] == 5 && numbers[2] == 3);
	assert_int_equal(cs_store_list_of(store, &of_place, UINT64_MAX, numbers, 8), 3);
	assert_true(numbers[0] == 8 && numbers[1] == 5 && numbers[2] == 2);
	assert_int_equal(cs_store_list_of(store, &of_nobody, 0, numbers, 8), 0);
	for (int place = 0; place < 3; place++) {
		assert_int_equal(cs_store_next_place(store, place == 0 ? NULL : key, key, &number), 1);
		assert_int_equal(key[0], place);
		assert_int_equal(number % 3, place);
	}
	assert_int_equal(cs_store_next_place(store, key, key, &number), 0);
	/* What is closed is in no place. */
	assert_int_equal(cs_store_change(store, 2, CS_PENDING, CS_EXPIRED, &now), 1);
	assert_int_equal(cs_store_change(store, 5, CS_APPROVED, CS_EXPIRED, &now), 1);
	assert_int_equal(cs_store_change(store, 8, CS_PENDING, CS_EXPIRED, &now), 1);
	assert_int_equal(cs_store_list_of(store, &of_place, 0, numbers, 8), 0);
	key[0] = 1;
	assert_int_equal(cs_store_next_place(store, key, key, &number), 0);
}

static void test_store_count_open(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now now = now_after(BOOT_A, 1);
	uint64_t of_uid = 9, pending = 9, approved = 9;

	assert_int_equal(cs_store_count_open(store, 1000, &of_uid, &pending, &approved), 0);
	assert_true(of_uid == 0 && pending == 0 && approved == 0);
	for (unsigned i = 1; i <= 7; i++)
		put_request(store, i, 1, i <= 3 ? 4294967294u : 1001);
	assert_int_equal(cs_store_change(store, 1, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(cs_store_change(store, 4, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(cs_store_change(store, 2, CS_PENDING, CS_EXPIRED, &now), 1);
	assert_int_equal(cs_store_count_open(store, 4294967294u, &of_uid, &pending, &approved), 0);
	assert_true(of_uid == 2 && pending == 4 && approved == 2);
	assert_int_equal(cs_store_count_open(store, 1001, &of_uid, &pending, &approved), 0);
	assert_int_equal(of_uid, 4);
	assert_int_equal(cs_store_count_open(store, 1002, &of_uid, &pending, &approved), 0);
	assert_int_equal(of_uid, 0);
}

/* --- Deadlines ---------------------------------------------------------------------------------------------------- */

static int overdue_at(struct cs_store *store, const char *boot, int64_t ms, uint64_t numbers[16])
{
	struct cs_now now = now_after(boot, ms);

	return cs_store_overdue(store, &now, 0, numbers, 16);
}

static void test_store_a093_overdue_in_the_same_boot(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now late_wall = now_after(BOOT_A, 60);
	struct cs_now now = now_after(BOOT_A, 60);
	uint64_t numbers[16] = {0};

	for (unsigned i = 1; i <= 4; i++)
		put_request(store, i, 1, 1000);
	assert_int_equal(cs_store_change(store, 2, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(cs_store_change(store, 3, CS_PENDING, CS_CANCELLED, &now), 1);
	/* Only the clock of this boot counts, whatever the wall says. */
	late_wall.wall_ms += 365 * UINT64_C(86400000);
	assert_int_equal(cs_store_overdue(store, &late_wall, 0, numbers, 16), 0);
	late_wall.wall_ms = 1;
	assert_int_equal(cs_store_overdue(store, &late_wall, 0, numbers, 16), 0);
	assert_int_equal(overdue_at(store, BOOT_A, 5 * MINUTE + 59, numbers), 0);
	assert_int_equal(overdue_at(store, BOOT_A, 5 * MINUTE + 60, numbers), 1);
	assert_int_equal(numbers[0], 2);
	assert_int_equal(overdue_at(store, BOOT_A, 10 * MINUTE - 1, numbers), 1);
	assert_int_equal(overdue_at(store, BOOT_A, 10 * MINUTE, numbers), 3);
	assert_true(numbers[0] == 1 && numbers[1] == 2 && numbers[2] == 4);
	now = now_after(BOOT_A, 10 * MINUTE);
	assert_int_equal(cs_store_overdue(store, &now, 0, numbers, 2), 2);
	assert_int_equal(cs_store_overdue(store, &now, 0, numbers, 0), 0);
}

/* Page after page: what stays open on one does not hide the next. Kills naming the oldest each time. */
static void test_store_a093_pages_of_what_is_due(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now now = now_after(BOOT_A, 3 * MINUTE), late = now_after(BOOT_A, 10 * MINUTE);
	uint64_t numbers[4] = {0};

	for (unsigned i = 1; i <= 5; i++) {
		struct cs_stored made = make_request(i, 1, 1000);

		made.request.objection_ms = 2 * MINUTE;
		assert_int_equal(cs_store_add(store, &made), 0);
		cs_clear(&cs_stored_shape, &made);
	}
	for (unsigned i = 0; i < 2; i++) {
		int (*ask)(struct cs_store *, const struct cs_now *, uint64_t, uint64_t *, size_t) =
			i == 0 ? cs_store_unopposed : cs_store_overdue;
		const struct cs_now *then = i == 0 ? &now : &late;

		assert_int_equal(ask(store, then, 0, numbers, 2), 2);
		assert_true(numbers[0] == 1 && numbers[1] == 2);
		assert_int_equal(ask(store, then, 2, numbers, 2), 2);
		assert_true(numbers[0] == 3 && numbers[1] == 4);
		assert_int_equal(ask(store, then, 4, numbers, 2), 1);
		assert_int_equal(numbers[0], 5);
		assert_int_equal(ask(store, then, 5, numbers, 2), 0);
		/* after a reboot the same */
		(void)snprintf(now.boot_id, sizeof(now.boot_id), "%s", BOOT_B);
		(void)snprintf(late.boot_id, sizeof(late.boot_id), "%s", BOOT_B);
		assert_int_equal(ask(store, then, 3, numbers, 4), 2);
		assert_true(numbers[0] == 4 && numbers[1] == 5);
		(void)snprintf(late.boot_id, sizeof(late.boot_id), "%s", BOOT_A);
	}
}

static void test_store_a093_overdue_after_a_reboot(void **state)
{
	static const char *const other[] = {BOOT_B, "00000000-0000-4000-8000-000000000000"};
	struct cs_store *store = begun(state);
	uint64_t numbers[16] = {0};

	put_request(store, 1, 1, 1000);
	put_request(store, 2, 1, 1000);
	for (size_t i = 0; i < CS_COUNT(other); i++) { /* one sorts before boot A, one behind */
		struct cs_now now = now_after(other[i], 10 * MINUTE - 1);

		now.boot_ms = 3;
		assert_int_equal(cs_store_overdue(store, &now, 0, numbers, 16), 0);
		now.boot_ms = UINT64_C(1) << 40;
		assert_int_equal(cs_store_overdue(store, &now, 0, numbers, 16), 0);
		now.wall_ms++;
		now.boot_ms = 3;
		assert_int_equal(cs_store_overdue(store, &now, 0, numbers, 16), 2);
		assert_true(numbers[0] == 1 && numbers[1] == 2);
	}
}

static void test_store_a093_overdue_when_the_clock_went_back(void **state)
{
	struct cs_store *store = begun(state);
	uint64_t numbers[16] = {0};

	put_request(store, 1, 1, 1000);
	assert_int_equal(overdue_at(store, BOOT_B, -60000, numbers), 0);
	assert_int_equal(overdue_at(store, BOOT_B, -60001, numbers), 1);
	assert_int_equal(numbers[0], 1);
	assert_int_equal(overdue_at(store, "00000000-0000-4000-8000-000000000000", -60001, numbers), 1);
}

/* Asked for ahead: an approval waits for its use from its start on, and the wall clock that is set afterwards does not
 * move that. Without cs_use_span_ms in cs_row_overdue, or without start_wall_ms in the index, the first is over. */
static void test_store_a093_overdue_when_asked_for_ahead(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now approved = now_after(BOOT_A, MINUTE), moved = now_after(BOOT_A, 34 * MINUTE);
	uint64_t numbers[16] = {0};

	for (unsigned i = 1; i <= 2; i++) {
		struct cs_stored made = make_request(i, 1, 1000);

		made.request.lifetime_ms = 40 * MINUTE;
		made.request.start_wall_ms = made.request.created_wall_ms + (i == 1 ? 30 * MINUTE : 0);
		assert_int_equal(cs_store_add(store, &made), 0);
		assert_int_equal(cs_store_change(store, i, CS_PENDING, CS_APPROVED, &approved), 1);
		cs_clear(&cs_stored_shape, &made);
	}
	assert_int_equal(overdue_at(store, BOOT_A, 6 * MINUTE - 1, numbers), 0);
	assert_int_equal(overdue_at(store, BOOT_A, 6 * MINUTE, numbers), 1);
	assert_int_equal(numbers[0], 2);
	moved.wall_ms += 365 * UINT64_C(86400000);
	assert_int_equal(cs_store_overdue(store, &moved, 0, numbers, 16), 1);
	assert_int_equal(overdue_at(store, BOOT_A, 35 * MINUTE - 1, numbers), 1);
	assert_int_equal(overdue_at(store, BOOT_B, 35 * MINUTE - 1, numbers), 1);
	assert_int_equal(overdue_at(store, BOOT_A, 35 * MINUTE, numbers), 2);
	assert_int_equal(overdue_at(store, BOOT_B, 35 * MINUTE, numbers), 2);
}

/* An approval that was taken back waits as long as it would have waited without it. */
static void test_store_a_reopened_request_keeps_its_deadline(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now made = now_after(BOOT_A, 0), now = now_after(BOOT_A, 7 * MINUTE);
	uint64_t numbers[16] = {0};
	uint64_t of_uid = 9, pending = 9, approved = 9;

	put_request(store, 1, 1, 1000);
	assert_int_equal(cs_store_change(store, 1, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(cs_store_change(store, 1, CS_APPROVED, CS_PENDING, &made), 1);
	assert_int_equal(cs_store_count_open(store, 1000, &of_uid, &pending, &approved), 0);
	assert_true(of_uid == 1 && pending == 1 && approved == 0);
	assert_int_equal(overdue_at(store, BOOT_A, 10 * MINUTE - 1, numbers), 0);
	assert_int_equal(overdue_at(store, BOOT_A, 10 * MINUTE, numbers), 1);
}

static int unopposed_at(struct cs_store *store, const char *boot, int64_t ms, uint64_t numbers[16])
{
	struct cs_now now = now_after(boot, ms);

	return cs_store_unopposed(store, &now, 0, numbers, 16);
}

/* A clock that is not believed opens nothing: without the look at cs_row_overdue the last assertion finds one. */
static void test_store_a093_unopposed(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now now = now_after(BOOT_A, 1);
	uint64_t numbers[16] = {0};

	for (unsigned i = 1; i <= 4; i++) {
		struct cs_stored made = make_request(i, 1, 1000);

		made.request.objection_ms = i == 1 ? 0 : i * MINUTE;
		assert_int_equal(cs_store_add(store, &made), 0);
		cs_clear(&cs_stored_shape, &made);
	}
	assert_int_equal(unopposed_at(store, BOOT_A, 2 * MINUTE - 1, numbers), 0);
	assert_int_equal(unopposed_at(store, BOOT_A, 2 * MINUTE, numbers), 1);
	assert_int_equal(numbers[0], 2);
	assert_int_equal(unopposed_at(store, BOOT_B, 3 * MINUTE, numbers), 2);
	assert_int_equal(unopposed_at(store, "00000000-0000-4000-8000-000000000000", 4 * MINUTE, numbers), 3);
	assert_true(numbers[0] == 2 && numbers[1] == 3 && numbers[2] == 4);
	assert_int_equal(cs_store_change(store, 3, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(cs_store_change(store, 4, CS_PENDING, CS_REJECTED, &now), 1);
	assert_int_equal(unopposed_at(store, BOOT_A, 9 * MINUTE, numbers), 1);
	assert_int_equal(unopposed_at(store, BOOT_A, 10 * MINUTE, numbers), 0); /* overdue: it expires */
	assert_int_equal(unopposed_at(store, BOOT_B, -60001, numbers), 0);
	assert_int_equal(unopposed_at(store, BOOT_A, -1, numbers), 0);
}

/* --- Votes -------------------------------------------------------------------------------------------------------- */

/* Persons and votes that stand, such as "zoe+ carol-". */
static void votes_are(struct cs_store *store, uint64_t number, const char *wanted)
{
	struct cs_approval *votes = NULL;
	char text[256] = "";
	size_t n = 0;

	assert_int_equal(cs_store_votes(store, number, &votes, &n), 0);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, "%s%s%c", len ? " " : "", votes[i].person.id,
			votes[i].vote == CS_VOTE_APPROVE ? '+' : '-');
		cs_clear(&cs_approval_shape, &votes[i]);
	}
	free(votes);
	assert_string_equal(text, wanted);
}

static void test_store_the_latest_vote_stands(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_approval carol = make_vote("carol", CS_VOTE_REJECT);
	struct cs_approval *votes = NULL;
	size_t n = 0;

	put_request(store, 1, 1, 1000);
	put_request(store, 2, 1, 1000);
	votes_are(store, 1, "");
	assert_int_equal(put_vote(store, 1, "zoe", CS_VOTE_APPROVE), 0);
	assert_int_equal(cs_store_vote(store, 1, &carol), 0);
	assert_int_equal(put_vote(store, 1, "Carol", CS_VOTE_APPROVE), 0);
	assert_int_equal(put_vote(store, 2, "zoe", CS_VOTE_APPROVE), 0);
	votes_are(store, 1, "zoe+ carol- Carol+");
	assert_int_equal(cs_store_votes(store, 1, &votes, &n), 0);
	assert_true(fill_same(&cs_approval_shape, &votes[1], &carol));
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_approval_shape, &votes[i]);
	free(votes);
	assert_int_equal(put_vote(store, 1, "zoe", CS_VOTE_REJECT), 0);
	votes_are(store, 1, "carol- Carol+ zoe-");
	assert_int_equal(put_vote(store, 1, "carol", CS_VOTE_WITHDRAW), 0);
	votes_are(store, 1, "Carol+ zoe-");
	assert_int_equal(put_vote(store, 1, "carol", CS_VOTE_APPROVE), 0);
	assert_int_equal(put_vote(store, 1, "carol", CS_VOTE_APPROVE), 0);
	votes_are(store, 1, "Carol+ zoe- carol+");
	votes_are(store, 2, "zoe+");
	assert_int_equal(version_of(store, 1), 8);
	assert_int_equal(version_of(store, 2), 2);
	assert_int_equal(count_votes(store, 9), 0);
	assert_int_equal(cs_store_commit(store), 0);
	cs_clear(&cs_approval_shape, &carol);
}

/* One person cannot fill the store with votes, and can always take an approval back, or say no. Kills: gives() of a reject that
 * is more than 0, or of nothing that is no less than that of an approval; > for >=. */
static void test_store_votes_of_one_person_are_bounded(void **state)
{
	struct cs_store *store = begun(state);

	put_request(store, 1, 1, 1000);
	for (int i = 0; i < CS_STORE_VOTES_MOST; i++) {
		assert_int_equal(put_vote(store, 1, "bob", i % 2 ? CS_VOTE_APPROVE : CS_VOTE_REJECT), 0);
		assert_int_equal(put_vote(store, 1, "dave", i % 2 ? CS_VOTE_APPROVE : CS_VOTE_REJECT), 0);
	}
	assert_int_equal(put_vote(store, 1, "bob", CS_VOTE_APPROVE), CS_EPERM);
	assert_int_equal(put_vote(store, 1, "carol", CS_VOTE_APPROVE), 0);
	votes_are(store, 1, "bob+ dave+ carol+");
	assert_int_equal(put_vote(store, 1, "bob", CS_VOTE_WITHDRAW), 0);
	assert_int_equal(put_vote(store, 1, "bob", CS_VOTE_WITHDRAW), CS_EPERM);
	assert_int_equal(put_vote(store, 1, "bob", CS_VOTE_APPROVE), CS_EPERM);
	votes_are(store, 1, "dave+ carol+");
	assert_int_equal(put_vote(store, 1, "bob", CS_VOTE_REJECT), 0);
	assert_int_equal(put_vote(store, 1, "dave", CS_VOTE_REJECT), 0);
	for (enum cs_vote vote = CS_VOTE_APPROVE; vote <= CS_VOTE_WITHDRAW; vote++) {
		assert_int_equal(put_vote(store, 1, "bob", vote), CS_EPERM);
		assert_int_equal(put_vote(store, 1, "dave", vote), CS_EPERM);
	}
	votes_are(store, 1, "carol+ bob- dave-");
	assert_int_equal(cs_store_commit(store), 0);
}

static void test_store_votes_that_are_refused(void **state)
{
	struct cs_store *store = begun(state);

	put_request(store, 1, 1, 1000);
	assert_int_equal(put_vote(store, 1, "", CS_VOTE_APPROVE), CS_EINVAL);
	assert_int_equal(put_vote(store, 1, "bob", CS_VOTE_NONE), CS_EINVAL);
	assert_int_equal(put_vote(store, 2, "bob", CS_VOTE_APPROVE), CS_ENOENT);
	assert_int_equal(put_vote(store, UINT64_MAX, "bob", CS_VOTE_APPROVE), CS_ENOENT);
	assert_int_equal(version_of(store, 1), 1);
	for (int i = 0; i < CS_MAX_VOTES; i++) {
		char id[16];

		snprintf(id, sizeof(id), "person%d", i);
		assert_int_equal(put_vote(store, 1, id, CS_VOTE_APPROVE), 0);
	}
	assert_int_equal(put_vote(store, 1, "one too many", CS_VOTE_APPROVE), CS_EBUSY);
	assert_int_equal(put_vote(store, 1, "person7", CS_VOTE_WITHDRAW), 0);
	assert_int_equal(put_vote(store, 1, "one too many", CS_VOTE_APPROVE), CS_EBUSY);
	assert_int_equal(put_vote(store, 1, "person7", CS_VOTE_REJECT), 0);
	assert_int_equal(count_votes(store, 1), CS_MAX_VOTES);
	assert_int_equal(cs_store_commit(store), 0);
}

/* --- Transactions ------------------------------------------------------------------------------------------------- */

static void test_store_rollback_leaves_nothing(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now now = now_after(BOOT_A, 1);
	uint64_t count = 9, due = 9;
	uint32_t used = 0;

	put_request(store, 1, 1, 1000);
	assert_int_equal(cs_store_commit(store), 0);
	assert_int_equal(cs_store_begin(store), 0);
	put_request(store, 2, 1, 1000);
	assert_int_equal(cs_store_change(store, 1, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(put_vote(store, 1, "bob", CS_VOTE_APPROVE), 0);
	assert_int_equal(put_event(store, CS_EVENT_START, "x"), 0);
	assert_int_equal(head_of(store), 1);
	assert_int_equal(cs_store_use(store, 1, &now, &used), 1);
	assert_int_equal(put_notice(store, "x", 1), 1);
	assert_int_equal(cs_store_set_quiet(store, "bob", 5), 0);
	cs_store_rollback(store);
	assert_int_equal(cs_store_count_notices(store, &count, &due), 0);
	assert_true(count == 0 && due == UINT64_MAX);
	assert_int_equal(cs_store_quiet(store, "bob", 4, &due), 0);
	assert_false(is_there(store, 2));
	assert_int_equal(state_of(store, 1), CS_PENDING);
	assert_int_equal(version_of(store, 1), 1);
	assert_int_equal(count_votes(store, 1), 0);
	assert_int_equal(head_of(store), 0);
	cs_store_rollback(store);
	assert_int_equal(cs_store_begin(store), 0);
	assert_int_equal(put_request(store, 2, 1, 1000), 2);
	assert_int_equal(cs_store_commit(store), 0);
}

static void test_store_undo_goes_back_to_the_mark(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now now = now_after(BOOT_A, 1);

	assert_int_equal(cs_store_undo(store), CS_ECONFLICT);
	put_request(store, 1, 1, 1000);
	assert_int_equal(cs_store_mark(store), 0);
	put_request(store, 2, 1, 1000);
	assert_int_equal(put_event(store, CS_EVENT_REQUESTED, "kept by the second mark"), 0);
	assert_int_equal(cs_store_mark(store), 0);
	assert_int_equal(put_request(store, 3, 1, 1000), 3);
	assert_int_equal(cs_store_change(store, 1, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(cs_store_change(store, 1, CS_APPROVED, CS_USED, &now), 1);
	assert_int_equal(put_vote(store, 2, "bob", CS_VOTE_APPROVE), 0);
	assert_int_equal(put_event(store, CS_EVENT_CLAIMED, "undone"), 0);
	assert_int_equal(cs_store_undo(store), 0);
	assert_false(is_there(store, 3));
	assert_int_equal(state_of(store, 1), CS_PENDING);
	assert_int_equal(count_votes(store, 2), 0);
	assert_int_equal(head_of(store), 1);
	assert_int_equal(put_request(store, 4, 1, 1000), 3);
	assert_int_equal(cs_store_undo(store), 0); /* the mark is still there */
	assert_false(is_there(store, 3));
	assert_int_equal(put_request(store, 5, 1, 1000), 3);
	assert_int_equal(put_vote(store, 2, "bob", CS_VOTE_APPROVE), 0);
	assert_int_equal(cs_store_commit(store), 0);
	assert_true(is_there(store, 2) && is_there(store, 3));
	assert_int_equal(count_votes(store, 2), 1);
	assert_int_equal(version_of(store, 2), 2);
	assert_int_equal(head_of(store), 1);
	assert_int_equal(cs_store_begin(store), 0);
	assert_int_equal(cs_store_undo(store), CS_ECONFLICT); /* a mark ends with its transaction */
}

static void test_store_changes_need_a_transaction(void **state)
{
	struct cs_store *store = ((struct stage *)*state)->store;
	struct cs_stored made = make_request(1, 1, 1000);
	struct cs_now now = now_after(BOOT_A, 1);

	assert_int_equal(cs_store_add(store, &made), CS_ECONFLICT);
	assert_int_equal(cs_store_change(store, 1, CS_PENDING, CS_APPROVED, &now), CS_ECONFLICT);
	assert_int_equal(put_vote(store, 1, "bob", CS_VOTE_APPROVE), CS_ECONFLICT);
	assert_int_equal(put_event(store, CS_EVENT_START, "x"), CS_ECONFLICT);
	assert_int_equal(cs_store_use(store, 1, &now, &(uint32_t){0}), CS_ECONFLICT);
	assert_int_equal(cs_store_archive(store, &(struct cs_segment){.first = 1}), CS_ECONFLICT);
	assert_int_equal(put_notice(store, "x", 1), CS_ECONFLICT);
	assert_int_equal(cs_store_told(store, 1), CS_ECONFLICT);
	assert_int_equal(cs_store_tell_later(store, 1, 1), CS_ECONFLICT);
	assert_int_equal(cs_store_set_quiet(store, "bob", 1), CS_ECONFLICT);
	assert_int_equal(cs_store_mark(store), CS_ECONFLICT);
	assert_int_equal(cs_store_undo(store), CS_ECONFLICT);
	assert_int_equal(cs_store_commit(store), CS_ECONFLICT);
	assert_string_not_equal(cs_store_error(store), "");
	assert_false(is_there(store, 1));
	assert_int_equal(cs_store_begin(store), 0);
	assert_int_equal(cs_store_begin(store), CS_ECONFLICT);
	assert_int_equal(cs_store_add(store, &made), 0);
	cs_store_close(&((struct stage *)*state)->store); /* open transactions end with the store */
	cs_clear(&cs_stored_shape, &made);
}

/* --- Events ------------------------------------------------------------------------------------------------------- */

static void test_store_append_follows_the_head(void **state)
{
	struct cs_store *store = begun(state);
	uint8_t one = 1;
	struct cs_record record = {.number = 2, .bytes = &one, .n_bytes = 1, .chain = {7}};
	uint8_t chain[CS_DIGEST_LEN] = {9};
	uint64_t number = 9;

	assert_int_equal(cs_store_head(store, &number, chain), 0);
	assert_int_equal(number, 0);
	assert_true(fill_all_zero(chain, sizeof(chain)));
	assert_int_equal(cs_store_append(store, &record, 0), CS_ECONFLICT);
	record.number = 0;
	assert_int_equal(cs_store_append(store, &record, 0), CS_ECONFLICT);
	record.number = 1;
	assert_int_equal(cs_store_append(store, &record, 0), 0);
	assert_int_equal(cs_store_append(store, &record, 0), CS_ECONFLICT);
	record.number = 3;
	assert_int_equal(cs_store_append(store, &record, 0), CS_ECONFLICT);
	record.number = 2;
	record.n_bytes = 0;
	assert_int_equal(cs_store_append(store, &record, 0), CS_EINVAL);
	record.n_bytes = CS_MAX_EVENT + 1;
	assert_int_equal(cs_store_append(store, &record, 0), CS_EINVAL);
	assert_int_equal(cs_store_commit(store), 0);
	assert_int_equal(cs_store_head(store, &number, chain), 0);
	assert_int_equal(number, 1);
	assert_int_equal(chain[0], 7);
}

static void test_store_records_in_pages(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_record *records = NULL;
	struct cs_verifier verifier;
	size_t n = 9;

	for (int i = 0; i < 10; i++)
		assert_int_equal(put_event(store, i % 2 ? CS_EVENT_CLAIMED : CS_EVENT_VOTED, "something"), 0);
	assert_int_equal(cs_store_commit(store), 0);
	assert_int_equal(cs_store_records(store, 4, 3, &records, &n), 0);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(records[i].number, 4 + i);
		cs_clear(&cs_record_shape, &records[i]);
	}
	free(records);
	assert_int_equal(cs_store_records(store, 11, 3, &records, &n), 0);
	assert_int_equal(n, 0);
	free(records);
	assert_int_equal(cs_store_records(store, 1, 0, &records, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(cs_store_records(store, UINT64_MAX, 5, &records, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(verify_store(store, &verifier), 0);
	assert_int_equal(verifier.number, 10);
	assert_int_equal(verifier.permits, 5);
}

/* Numbers of the records about a request, at most max, as a decimal text. */
static void records_are(struct cs_store *store, uint64_t request, size_t max, const char *wanted)
{
	struct cs_record *records = NULL;
	char text[256] = "";
	size_t n = 0;

	assert_int_equal(cs_store_records_of(store, request, max, &records, &n), 0);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, "%s%llu", len ? " " : "",
			(unsigned long long)records[i].number);
		cs_clear(&cs_record_shape, &records[i]);
	}
	free(records);
	assert_string_equal(text, wanted);
}

static void test_store_records_of_a_request(void **state)
{
	static const uint64_t about[] = {1, 0, 2, 1, 1, 0, 2};
	struct cs_store *store = begun(state);

	for (size_t i = 0; i < CS_COUNT(about); i++)
		assert_int_equal(put_event_of(store, CS_EVENT_VOTED, "x", about[i]), 0);
	assert_int_equal(put_event_of(store, CS_EVENT_VOTED, "x", UINT64_MAX), CS_EINVAL);
	records_are(store, 1, 100, "1 4 5");
	records_are(store, 1, 2, "1 4");
	records_are(store, 2, 100, "3 7");
	records_are(store, 3, 100, "");
	records_are(store, 0, 100, "");
	records_are(store, UINT64_MAX, 100, "");
	records_are(store, 1, 0, "");
	assert_int_equal(cs_store_commit(store), 0);
}

/* The segment of the events from first to last as they are here; wrong: one byte of its chain is not. */
static int archive(struct cs_store *store, uint64_t first, uint64_t last, bool wrong)
{
	struct cs_segment segment = {.first = first, .last = last, .wall_ms = 77, .sha256 = {last & 0xff}};
	struct cs_record *records = NULL;
	uint64_t number = 0;
	size_t n = 0;
	int r;

	assert_int_equal(cs_store_first(store, &number, segment.before), 0);
	assert_int_equal(cs_store_records(store, last, 1, &records, &n), 0);
	if (n == 1) {
		memcpy(segment.chain, records[0].chain, CS_DIGEST_LEN);
		cs_clear(&cs_record_shape, &records[0]);
	}
	free(records);
	segment.chain[31] = (uint8_t)(segment.chain[31] ^ (wrong ? 1 : 0));
	assert_int_equal(cs_set(&segment.file, "events.cseg"), 0);
	r = cs_store_archive(store, &segment);
	cs_clear(&cs_segment_shape, &segment);
	return r;
}

static void first_is(struct cs_store *store, uint64_t wanted)
{
	uint8_t before[CS_DIGEST_LEN];
	uint64_t first = 0;

	assert_int_equal(cs_store_first(store, &first, before), 0);
	assert_int_equal(first, wanted);
	assert_true(fill_all_zero(before, sizeof(before)) == (wanted == 1));
}

static void test_store_a_segment_is_taken_out_whole(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_segment *segments = NULL;
	struct cs_record *records = NULL;
	size_t n = 0;

	first_is(store, 1);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(put_event_of(store, CS_EVENT_VOTED, "x", 1 + i % 2), 0);
	first_is(store, 1);
	assert_int_equal(archive(store, 1, 4, false), 0);
	assert_int_equal(archive(store, 5, 7, false), 0);
	assert_int_equal(cs_store_commit(store), 0);
	first_is(store, 8);
	assert_int_equal(head_of(store), 10);
	assert_int_equal(cs_store_records(store, 1, 100, &records, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(records[0].number, 8);
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_record_shape, &records[i]);
	free(records);
	records_are(store, 1, 100, "9");
	records_are(store, 2, 1, "8");
	assert_int_equal(cs_store_segments(store, &segments, &n), 0);
	assert_int_equal(n, 2);
	assert_true(segments[0].first == 1 && segments[0].last == 4 && segments[1].first == 5 &&
		segments[1].last == 7 && segments[1].wall_ms == 77 && segments[1].sha256[0] == 7);
	assert_memory_equal(segments[0].chain, segments[1].before, CS_DIGEST_LEN);
	assert_string_equal(segments[1].file, "events.cseg");
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_segment_shape, &segments[i]);
	free(segments);
	assert_int_equal(cs_store_begin(store), 0);
	assert_int_equal(put_event(store, CS_EVENT_VOTED, "goes on"), 0);
	assert_int_equal(cs_store_commit(store), 0);
}

/* Nothing but the oldest events goes, and never the last one: with any of the comparisons of segment_fits taken out one
 * of these is taken. */
static void test_store_a_segment_that_does_not_fit(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_segment segment = {.first = 1, .last = 1};

	assert_int_equal(archive(store, 1, 1, false), CS_ECONFLICT);
	for (int i = 0; i < 5; i++)
		assert_int_equal(put_event(store, CS_EVENT_VOTED, "x"), 0);
	assert_int_equal(archive(store, 2, 3, false), CS_ECONFLICT);
	assert_int_equal(archive(store, 0, 3, false), CS_ECONFLICT);
	assert_int_equal(archive(store, 1, 0, false), CS_ECONFLICT);
	assert_int_equal(archive(store, 1, 3, true), CS_ECONFLICT);
	assert_int_equal(archive(store, 1, 5, false), CS_ECONFLICT);
	assert_int_equal(archive(store, 1, 6, false), CS_ECONFLICT);
	assert_int_equal(archive(store, 1, UINT64_MAX, false), CS_ECONFLICT);
	assert_int_equal(cs_store_archive(store, &segment), CS_EINVAL);
	assert_int_equal(cs_set(&segment.file, "../x"), 0);
	assert_int_equal(cs_store_archive(store, &segment), CS_EINVAL);
	assert_int_equal(cs_set(&segment.file, "x"), 0);
	segment.wall_ms = UINT64_MAX;
	assert_int_equal(cs_store_archive(store, &segment), CS_EINVAL);
	segment.wall_ms = 0;
	segment.before[0] = 1;
	assert_int_equal(cs_store_archive(store, &segment), CS_ECONFLICT);
	cs_clear(&cs_segment_shape, &segment);
	first_is(store, 1);
	assert_int_equal(cs_store_mark(store), 0);
	assert_int_equal(archive(store, 1, 3, false), 0);
	first_is(store, 4);
	assert_int_equal(cs_store_undo(store), 0);
	first_is(store, 1);
	assert_int_equal(archive(store, 1, 4, false), 0);
	assert_int_equal(archive(store, 1, 4, false), CS_ECONFLICT);
	assert_int_equal(cs_store_commit(store), 0);
	first_is(store, 5);
}

/* --- The outbox --------------------------------------------------------------------------------------------------- */

/* Numbers and tries of what is due, such as "3:0 1:2". */
static void due_are(struct cs_store *store, uint64_t wall_ms, size_t max, const char *wanted)
{
	struct cs_notice *notices = NULL;
	uint32_t tries[16] = {0};
	char text[256] = "";
	size_t n = 0;

	assert_int_equal(cs_store_notices(store, wall_ms, max, &notices, tries, &n), 0);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, "%s%llu:%u", len ? " " : "",
			(unsigned long long)notices[i].number, (unsigned)tries[i]);
		cs_clear(&cs_notice_shape, &notices[i]);
	}
	free(notices);
	assert_string_equal(text, wanted);
}

static void count_is(struct cs_store *store, uint64_t wanted, uint64_t wanted_due)
{
	uint64_t count = 99, due = 99;

	assert_int_equal(cs_store_count_notices(store, &count, &due), 0);
	assert_int_equal(count, wanted);
	assert_true(due == wanted_due);
}

static void test_store_notices_when_they_are_due(void **state)
{
	struct cs_store *store = begun(state);

	count_is(store, 0, UINT64_MAX);
	due_are(store, UINT64_MAX, 16, "");
	assert_int_equal(put_notice(store, "a", 100), 1);
	assert_int_equal(put_notice(store, "b", 50), 2);
	assert_int_equal(put_notice(store, "c", 50), 3);
	assert_int_equal(put_notice(store, "d", 70), 4);
	count_is(store, 4, 50);
	due_are(store, 49, 16, "");
	due_are(store, 50, 16, "2:0 3:0");
	due_are(store, UINT64_MAX, 16, "2:0 3:0 4:0 1:0");
	due_are(store, UINT64_MAX, 3, "2:0 3:0 4:0");
	due_are(store, UINT64_MAX, 0, "");
	assert_int_equal(cs_store_tell_later(store, 2, 90), 0);
	assert_int_equal(cs_store_told(store, 3), 0);
	due_are(store, 90, 16, "4:0 2:1");
	count_is(store, 3, 70);
	assert_int_equal(cs_store_told(store, 3), CS_ENOENT);
	assert_int_equal(cs_store_tell_later(store, 3, 1), CS_ENOENT);
	assert_int_equal(cs_store_told(store, 0), CS_ENOENT);
	assert_int_equal(cs_store_told(store, UINT64_MAX), CS_ENOENT);
	assert_int_equal(cs_store_tell_later(store, 5, 1), CS_ENOENT);
	assert_int_equal(cs_store_tell_later(store, 1, UINT64_MAX), CS_EINVAL);
	assert_int_equal(put_notice(store, "e", UINT64_MAX), CS_EINVAL);
	assert_int_equal(cs_store_commit(store), 0);
	assert_int_equal(cs_store_begin(store), 0);
	assert_int_equal(cs_store_told(store, 4), 0);
	assert_int_equal(cs_store_tell_later(store, 2, 200), 0);
	assert_int_equal(put_notice(store, "f", 1), 5);
	cs_store_rollback(store);
	due_are(store, UINT64_MAX, 16, "4:0 2:1 1:0");
	assert_int_equal(cs_store_begin(store), 0);
	for (uint64_t number = 1; number <= 4; number++)
		assert_int_equal(cs_store_told(store, number), number == 3 ? CS_ENOENT : 0);
	count_is(store, 0, UINT64_MAX);
	assert_int_equal(put_notice(store, "f", 1), 5); /* a number is never given again */
}

/* Those about one request, due or not, and none that was told. */
static void test_store_notices_of_a_request(void **state)
{
	static const uint64_t requests[] = {7, 0, 7, 8, 7};
	struct cs_store *store = begun(state);
	struct cs_notice *notices = NULL;
	size_t n = 0;

	for (size_t i = 0; i < CS_COUNT(requests); i++) {
		struct cs_notice notice = {.kind = CS_NOTICE_ASKED, .request = requests[i]};

		assert_int_equal(cs_store_tell(store, &notice, 100 - i), 0);
	}
	assert_int_equal(cs_store_told(store, 3), 0);
	assert_int_equal(cs_store_commit(store), 0);
	assert_int_equal(cs_store_notices_of(store, 7, &notices, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(notices[0].number, 1);
	assert_int_equal(notices[1].number, 5);
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_notice_shape, &notices[i]);
	free(notices);
	assert_int_equal(cs_store_notices_of(store, 9, &notices, &n), 0);
	assert_int_equal(n, 0);
	free(notices);
	assert_int_equal(cs_store_notices_of(store, UINT64_MAX, &notices, &n), CS_EINVAL);
}

static void test_store_notices_come_back_whole(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_notice made = {0}, *back = NULL;
	uint32_t tries = 9;
	size_t n = 0;

	fill_struct(&cs_notice_shape, &made, FILL_SMALL);
	assert_int_equal(cs_set(&made.text, "\x1b[2K'); DROP TABLE notice;-- \xff"), 0);
	assert_int_equal(cs_store_tell(store, &made, 5), 0);
	assert_int_equal(made.number, 1);
	assert_int_equal(cs_store_commit(store), 0);
	assert_int_equal(cs_store_notices(store, 5, 1, &back, &tries, &n), 0);
	assert_true(n == 1 && tries == 0);
	assert_true(fill_same(&cs_notice_shape, &made, &back[0]));
	cs_clear(&cs_notice_shape, &back[0]);
	free(back);
	cs_clear(&cs_notice_shape, &made);
}

static void test_store_quiet(void **state)
{
	struct cs_store *store = begun(state);
	char long_name[CS_MAX_NAME + 2];
	uint64_t until = 7;

	memset(long_name, 'n', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(cs_store_quiet(store, "bob", 0, &until), 0);
	assert_int_equal(cs_store_set_quiet(store, "bob", 1000), 0);
	assert_int_equal(cs_store_set_quiet(store, "Bob", UINT64_MAX), 0);
	assert_int_equal(cs_store_quiet(store, "bob", 1000, &until), 0);
	assert_int_equal(until, 7);
	assert_int_equal(cs_store_quiet(store, "bob", 999, &until), 1);
	assert_int_equal(until, 1000);
	assert_int_equal(cs_store_quiet(store, "Bob", UINT64_MAX, &until), 1);
	assert_true(until == UINT64_MAX);
	assert_int_equal(cs_store_set_quiet(store, "bob", 2000), 0);
	assert_int_equal(cs_store_commit(store), 0);
	assert_int_equal(cs_store_begin(store), 0);
	assert_int_equal(cs_store_set_quiet(store, "bob", 0), 0);
	assert_int_equal(cs_store_set_quiet(store, "nobody", 0), 0);
	assert_int_equal(cs_store_quiet(store, "bob", 0, &until), 0);
	cs_store_rollback(store);
	assert_int_equal(cs_store_quiet(store, "bob", 1500, &until), 1);
	assert_int_equal(until, 2000);
	assert_int_equal(cs_store_begin(store), 0);
	assert_int_equal(cs_store_set_quiet(store, "", 1), CS_EINVAL);
	assert_int_equal(cs_store_set_quiet(store, NULL, 1), CS_EINVAL);
	assert_int_equal(cs_store_set_quiet(store, long_name, 1), CS_EINVAL);
	long_name[CS_MAX_NAME] = '\0';
	assert_int_equal(cs_store_set_quiet(store, long_name, 1), 0);
	assert_int_equal(cs_store_quiet(store, long_name, 0, &until), 1);
	assert_int_equal(cs_store_quiet(store, NULL, 0, &until), 0);
	assert_int_equal(cs_store_commit(store), 0);
}

/* --- Hostile text ------------------------------------------------------------------------------------------------- */

static void test_store_a102_text_is_kept_raw(void **state)
{
	static const char nasty[] = "Robert'); DROP TABLE request;--\n\x1b[2K\"%s\\\xff\xfe ?1 \xe2\x80\xae";
	struct cs_store *store = begun(state);
	struct cs_stored made = make_request(1, 1, 1000);
	struct cs_stored back = {0};
	struct cs_approval *votes = NULL;
	size_t n = 0;

	assert_int_equal(cs_set(&made.request.reason, nasty), 0);
	assert_int_equal(cs_set(&made.request.subject.name, nasty), 0);
	assert_int_equal(cs_set(&made.request.action.argv[0], nasty), 0);
	assert_int_equal(cs_store_add(store, &made), 0);
	assert_int_equal(put_vote(store, 1, nasty, CS_VOTE_APPROVE), 0);
	assert_int_equal(put_event(store, CS_EVENT_REQUESTED, nasty), 0);
	assert_int_equal(cs_store_commit(store), 0);
	assert_int_equal(cs_store_get(store, 1, &back), 0);
	assert_string_equal(back.request.reason, nasty);
	assert_string_equal(back.request.subject.name, nasty);
	assert_string_equal(back.request.action.argv[0], nasty);
	assert_int_equal(cs_store_votes(store, 1, &votes, &n), 0);
	assert_int_equal(n, 1);
	assert_string_equal(votes[0].person.id, nasty);
	cs_clear(&cs_approval_shape, &votes[0]);
	free(votes);
	cs_clear(&cs_stored_shape, &back);
	cs_clear(&cs_stored_shape, &made);
}

/* A request may be large; what is over the bound is refused whole and spoils nothing. */
static void test_store_large_requests(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_stored made = make_request(1, 1, 1000);
	char *big = malloc(CS_MAX_ARG + 1);

	assert_non_null(big);
	memset(big, 'a', CS_MAX_ARG);
	big[CS_MAX_ARG] = '\0';
	for (int i = 0; i < 13; i++)
		assert_int_equal(cs_strv_add(&made.request.action.argv, &made.request.action.n_argv, big), 0);
	assert_int_equal(cs_store_add(store, &made), 0);
	assert_true(is_there(store, 1));
	made.request.id[0]++;
	made.digest[0]++;
	for (int i = 0; i < 4; i++)
		assert_int_equal(cs_strv_add(&made.request.action.argv, &made.request.action.n_argv, big), 0);
	assert_int_equal(cs_store_add(store, &made), CS_ETOOBIG);
	assert_int_equal(cs_store_commit(store), 0);
	assert_true(is_there(store, 1) && !is_there(store, 2));
	free(big);
	cs_clear(&cs_stored_shape, &made);
}

/* --- Policies ----------------------------------------------------------------------------------------------------- */

static void test_store_policies_are_numbered(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_generation made = make_generation(1);
	struct cs_generation back = {0};
	char *text = NULL;

	assert_int_equal(cs_store_policy_get(store, 0, &back, &text), CS_ENOENT);
	assert_true(fill_all_zero(&back, sizeof(back)));
	put_request(store, 1, 1, 1000);
	made.request = 1;
	made.number = 77; /* the store's to give */
	assert_int_equal(cs_store_policy_add(store, &made, "first, and more", 5), 0);
	assert_int_equal(made.number, 1);
	assert_int_equal(made.size, 5);
	assert_int_equal(put_policy(store, 2, "second"), 2);
	assert_int_equal(cs_store_commit(store), 0);
	assert_int_equal(cs_store_policy_get(store, 1, &back, &text), 0);
	assert_true(fill_same(&cs_generation_shape, &made, &back));
	assert_string_equal(text, "first");
	cs_free_str(&text);
	cs_clear(&cs_generation_shape, &back);
	assert_int_equal(cs_store_policy_get(store, 0, &back, &text), 0);
	assert_int_equal(back.number, 2);
	assert_int_equal(back.request, 0);
	assert_string_equal(text, "second");
	cs_free_str(&text);
	cs_clear(&cs_generation_shape, &back);
	assert_int_equal(cs_store_policy_get(store, 3, &back, &text), CS_ENOENT);
	assert_int_equal(cs_store_policy_get(store, UINT64_MAX, &back, &text), CS_ENOENT);
	assert_null(text);
	cs_clear(&cs_generation_shape, &made);
}

static void test_store_policies_newest_first(void **state)
{
	static const struct {
		uint64_t before;
		size_t max;
		size_t n;
		uint64_t first;
	} cases[] = {{0, 10, 5, 5}, {0, 2, 2, 5}, {4, 10, 3, 3}, {4, 1, 1, 3}, {2, 9, 1, 1}, {1, 9, 0, 0},
		{99, 9, 5, 5},
		{UINT64_MAX, 9, 5, 5}, {0, 0, 0, 0}};
	struct cs_store *store = begun(state);

	for (unsigned i = 1; i <= 5; i++)
		assert_int_equal(put_policy(store, i, "text"), i);
	assert_int_equal(cs_store_commit(store), 0);
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_generation *found = NULL;
		size_t n = 99;

		assert_int_equal(cs_store_policies(store, cases[i].before, cases[i].max, &found, &n), 0);
		assert_int_equal(n, cases[i].n);
		for (size_t k = 0; k < n; k++) {
			struct cs_generation made = make_generation((unsigned)(cases[i].first - k));

			made.number = cases[i].first - k;
			made.size = 4;
			assert_true(fill_same(&cs_generation_shape, &made, &found[k]));
			cs_clear(&cs_generation_shape, &made);
		}
		cs_generations_free(&found, &n);
	}
}

static void test_store_policies_that_are_refused(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_generation made = make_generation(1);
	char long_text[CS_MAX_REASON + 2];
	char *big = malloc(CS_POLICY_TEXT_MAX + 1);

	assert_non_null(big);
	memset(big, '#', CS_POLICY_TEXT_MAX + 1);
	memset(long_text, 'a', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_int_equal(cs_store_policy_add(store, &made, big, CS_POLICY_TEXT_MAX + 1), CS_ETOOBIG);
	assert_int_equal(cs_store_policy_add(store, &made, "", 0), CS_EINVAL);
	assert_int_equal(cs_store_policy_add(store, &made, "a\0b", 3), CS_EINVAL);
	made.wall_ms = UINT64_MAX;
	assert_int_equal(cs_store_policy_add(store, &made, "text", 4), CS_EINVAL);
	made.wall_ms = 1;
	made.request = 1;
	assert_int_equal(cs_store_policy_add(store, &made, "text", 4), CS_ENOENT);
	made.request = UINT64_MAX;
	assert_int_equal(cs_store_policy_add(store, &made, "text", 4), CS_ENOENT);
	made.request = 0;
	assert_int_equal(cs_set(&made.comment, long_text), 0);
	assert_int_equal(cs_store_policy_add(store, &made, "text", 4), CS_ETOOBIG);
	assert_int_equal(cs_set(&made.comment, NULL), 0);
	assert_int_equal(made.number, 0);
	assert_int_equal(cs_store_policy_add(store, &made, big, CS_POLICY_TEXT_MAX), 0);
	assert_int_equal(made.number, 1);
	assert_int_equal(cs_store_commit(store), 0); /* what was refused spoiled nothing */
	assert_int_equal(newest_policy(store), 1);
	free(big);
	cs_clear(&cs_generation_shape, &made);
}

static void test_store_policies_and_transactions(void **state)
{
	struct cs_store *store = ((struct stage *)*state)->store;

	assert_int_equal(put_policy(store, 1, "text"), CS_ECONFLICT);
	assert_int_equal(cs_store_begin(store), 0);
	assert_int_equal(put_policy(store, 1, "rolled back"), 1);
	assert_int_equal(newest_policy(store), 1); /* what a transaction changed it sees */
	cs_store_rollback(store);
	assert_int_equal(newest_policy(store), 0);
	assert_int_equal(cs_store_begin(store), 0);
	assert_int_equal(put_policy(store, 1, "kept"), 1);
	assert_int_equal(cs_store_mark(store), 0);
	assert_int_equal(put_policy(store, 2, "undone"), 2);
	assert_int_equal(put_event(store, CS_EVENT_POLICY, "undone"), 0);
	assert_int_equal(cs_store_undo(store), 0);
	assert_int_equal(newest_policy(store), 1);
	assert_int_equal(head_of(store), 0);
	assert_int_equal(put_policy(store, 3, "instead"), 2);
	assert_int_equal(cs_store_commit(store), 0);
	assert_int_equal(newest_policy(store), 2);
}

/* Bytes that are no UTF-8 and signs that mean something in SQL come back as they went in. */
static void test_store_a102_policies_are_kept_raw(void **state)
{
	static const char odd[] = "'; DROP TABLE policy; -- \xff\xfe \xc3\xa4";
	struct cs_store *store = begun(state);
	struct cs_generation made = make_generation(1);
	struct cs_generation back = {0};
	char *text = NULL;

	assert_int_equal(cs_set(&made.author, odd), 0);
	assert_int_equal(cs_set(&made.comment, odd), 0);
	assert_int_equal(cs_store_policy_add(store, &made, odd, strlen(odd)), 0);
	assert_int_equal(cs_store_commit(store), 0);
	assert_int_equal(cs_store_policy_get(store, 1, &back, &text), 0);
	assert_string_equal(back.author, odd);
	assert_string_equal(back.comment, odd);
	assert_string_equal(text, odd);
	cs_free_str(&text);
	cs_clear(&cs_generation_shape, &back);
	cs_clear(&cs_generation_shape, &made);
}

#define BOTH(f) \
	{"sqlite_" #f, f, setup_sqlite, teardown, NULL}, \
	{"memory_" #f, f, setup_memory, teardown, NULL}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_store_add_and_get),
		BOTH(test_store_since_of_the_caller),
		BOTH(test_store_duplicate_is_refused),
		BOTH(test_store_out_of_range_is_refused),
		BOTH(test_store_find_open_newest_first),
		BOTH(test_store_a091_change_is_conditional),
		BOTH(test_store_a092_closed_stays_closed),
		BOTH(test_store_a091_uses_are_counted),
		BOTH(test_store_uses_one_and_any),
		BOTH(test_store_find_prefix),
		BOTH(test_store_list),
		BOTH(test_store_list_of_a_group),
		BOTH(test_store_count_open),
		BOTH(test_store_a093_overdue_in_the_same_boot),
		BOTH(test_store_a093_pages_of_what_is_due),
		BOTH(test_store_a093_overdue_after_a_reboot),
		BOTH(test_store_a093_overdue_when_the_clock_went_back),
		BOTH(test_store_a093_overdue_when_asked_for_ahead),
		BOTH(test_store_a_reopened_request_keeps_its_deadline),
		BOTH(test_store_a093_unopposed),
		BOTH(test_store_the_latest_vote_stands),
		BOTH(test_store_votes_of_one_person_are_bounded),
		BOTH(test_store_votes_that_are_refused),
		BOTH(test_store_rollback_leaves_nothing),
		BOTH(test_store_undo_goes_back_to_the_mark),
		BOTH(test_store_changes_need_a_transaction),
		BOTH(test_store_append_follows_the_head),
		BOTH(test_store_records_in_pages),
		BOTH(test_store_records_of_a_request),
		BOTH(test_store_a_segment_is_taken_out_whole),
		BOTH(test_store_a_segment_that_does_not_fit),
		BOTH(test_store_notices_when_they_are_due),
		BOTH(test_store_notices_of_a_request),
		BOTH(test_store_notices_come_back_whole),
		BOTH(test_store_quiet),
		BOTH(test_store_a102_text_is_kept_raw),
		BOTH(test_store_large_requests),
		BOTH(test_store_policies_are_numbered),
		BOTH(test_store_policies_newest_first),
		BOTH(test_store_policies_that_are_refused),
		BOTH(test_store_policies_and_transactions),
		BOTH(test_store_a102_policies_are_kept_raw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
