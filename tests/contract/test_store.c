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
	made.state = CS_APPROVED;
	assert_int_equal(cs_store_add(store, &made), CS_EINVAL);
	made.state = CS_PENDING;
	assert_int_equal(cs_set(&made.request.boot, BOOT_A "x"), 0);
	assert_int_equal(cs_store_add(store, &made), CS_EINVAL);
	assert_int_equal(cs_set(&made.request.boot, BOOT_A), 0);
	assert_int_equal(cs_store_add(store, &made), 0);
	assert_int_equal(cs_store_change(store, made.number, CS_PENDING, CS_APPROVED, &late), CS_EINVAL);
	assert_int_equal(cs_store_overdue(store, &late, numbers, 1), CS_EINVAL);
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
	static const enum cs_state closed[] = {CS_REJECTED, CS_CANCELLED, CS_EXPIRED, CS_USED};
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

	for (unsigned i = 1; i <= 150; i++)
		put_request(store, i, 1, 1000);
	for (uint64_t i = 2; i <= 150; i += 2)
		assert_int_equal(cs_store_change(store, i, CS_PENDING, CS_CANCELLED, &now), 1);
	assert_int_equal(cs_store_list(store, false, 1000, note, &all), 0);
	assert_int_equal(all.n, 150);
	for (size_t i = 0; i < all.n; i++)
		assert_int_equal(all.numbers[i], 150 - i);
	assert_int_equal(cs_store_list(store, true, 1000, note, &open), 0);
	assert_int_equal(open.n, 75);
	for (size_t i = 0; i < open.n; i++)
		assert_int_equal(open.numbers[i], 149 - 2 * i);
	assert_int_equal(cs_store_list(store, false, 65, note, &few), 0);
	assert_int_equal(few.n, 65);
	assert_int_equal(cs_store_list(store, false, 1000, note, &ended), 42);
	assert_int_equal(ended.n, 70);
	assert_int_equal(cs_store_list(store, true, 0, note, NULL), 0);
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

	return cs_store_overdue(store, &now, numbers, 16);
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
	assert_int_equal(cs_store_overdue(store, &late_wall, numbers, 16), 0);
	late_wall.wall_ms = 1;
	assert_int_equal(cs_store_overdue(store, &late_wall, numbers, 16), 0);
	assert_int_equal(overdue_at(store, BOOT_A, 5 * MINUTE + 59, numbers), 0);
	assert_int_equal(overdue_at(store, BOOT_A, 5 * MINUTE + 60, numbers), 1);
	assert_int_equal(numbers[0], 2);
	assert_int_equal(overdue_at(store, BOOT_A, 10 * MINUTE - 1, numbers), 1);
	assert_int_equal(overdue_at(store, BOOT_A, 10 * MINUTE, numbers), 3);
	assert_true(numbers[0] == 1 && numbers[1] == 2 && numbers[2] == 4);
	now = now_after(BOOT_A, 10 * MINUTE);
	assert_int_equal(cs_store_overdue(store, &now, numbers, 2), 2);
	assert_int_equal(cs_store_overdue(store, &now, numbers, 0), 0);
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
		assert_int_equal(cs_store_overdue(store, &now, numbers, 16), 0);
		now.boot_ms = UINT64_C(1) << 40;
		assert_int_equal(cs_store_overdue(store, &now, numbers, 16), 0);
		now.wall_ms++;
		now.boot_ms = 3;
		assert_int_equal(cs_store_overdue(store, &now, numbers, 16), 2);
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

/* --- Votes -------------------------------------------------------------------------------------------------------- */

static void test_store_votes_one_per_person(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_approval carol = make_vote("carol", CS_VOTE_REJECT);
	struct cs_approval *votes = NULL;
	size_t n = 0;

	put_request(store, 1, 1, 1000);
	put_request(store, 2, 1, 1000);
	assert_int_equal(put_vote(store, 1, "zoe", CS_VOTE_APPROVE), 0);
	assert_int_equal(cs_store_vote(store, 1, &carol), 0);
	assert_int_equal(put_vote(store, 1, "zoe", CS_VOTE_REJECT), CS_EEXIST);
	assert_int_equal(put_vote(store, 1, "carol", CS_VOTE_APPROVE), CS_EEXIST);
	assert_int_equal(put_vote(store, 1, "Carol", CS_VOTE_APPROVE), 0);
	assert_int_equal(put_vote(store, 2, "zoe", CS_VOTE_APPROVE), 0);
	assert_int_equal(version_of(store, 1), 4);
	assert_int_equal(version_of(store, 2), 2);
	assert_int_equal(cs_store_votes(store, 1, &votes, &n), 0);
	assert_int_equal(n, 3);
	assert_string_equal(votes[0].person.id, "zoe");
	assert_int_equal(votes[0].vote, CS_VOTE_APPROVE);
	assert_true(fill_same(&cs_approval_shape, &votes[1], &carol));
	assert_string_equal(votes[2].person.id, "Carol");
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_approval_shape, &votes[i]);
	free(votes);
	assert_int_equal(count_votes(store, 9), 0);
	cs_clear(&cs_approval_shape, &carol);
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
	assert_int_equal(count_votes(store, 1), CS_MAX_VOTES);
	assert_int_equal(cs_store_commit(store), 0);
}

/* --- Transactions ------------------------------------------------------------------------------------------------- */

static void test_store_rollback_leaves_nothing(void **state)
{
	struct cs_store *store = begun(state);
	struct cs_now now = now_after(BOOT_A, 1);

	put_request(store, 1, 1, 1000);
	assert_int_equal(cs_store_commit(store), 0);
	assert_int_equal(cs_store_begin(store), 0);
	put_request(store, 2, 1, 1000);
	assert_int_equal(cs_store_change(store, 1, CS_PENDING, CS_APPROVED, &now), 1);
	assert_int_equal(put_vote(store, 1, "bob", CS_VOTE_APPROVE), 0);
	assert_int_equal(put_event(store, CS_EVENT_START, "x"), 0);
	assert_int_equal(head_of(store), 1);
	cs_store_rollback(store);
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
	assert_int_equal(put_vote(store, 1, nasty, CS_VOTE_APPROVE), CS_EEXIST);
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
		BOTH(test_store_list),
		BOTH(test_store_count_open),
		BOTH(test_store_a093_overdue_in_the_same_boot),
		BOTH(test_store_a093_overdue_after_a_reboot),
		BOTH(test_store_a093_overdue_when_the_clock_went_back),
		BOTH(test_store_votes_one_per_person),
		BOTH(test_store_votes_that_are_refused),
		BOTH(test_store_rollback_leaves_nothing),
		BOTH(test_store_undo_goes_back_to_the_mark),
		BOTH(test_store_changes_need_a_transaction),
		BOTH(test_store_append_follows_the_head),
		BOTH(test_store_records_in_pages),
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
