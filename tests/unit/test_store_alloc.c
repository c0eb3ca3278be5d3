/* SPDX-License-Identifier: Apache-2.0 */
/* A119 for the store: each allocation fails once, ours and SQLite's own, while a store is opened and in the middle of a
 * transaction. Either all of a transaction is there afterwards or nothing of it. */
#include "alloc_fault.h"
#include "store_fill.h"

#include <sqlite3.h>

/* SQLite's allocations, counted apart from ours. */
static struct {
	sqlite3_mem_methods real;
	size_t calls;
	size_t fail_at;
	bool for_good; /* all after it fail too */
} lite;

static bool lite_fails(void)
{
	lite.calls++;
	return lite.fail_at && (lite.calls == lite.fail_at || (lite.for_good && lite.calls > lite.fail_at));
}

static void *lite_malloc(int n)
{
	return lite_fails() ? NULL : lite.real.xMalloc(n);
}

static void *lite_realloc(void *p, int n)
{
	return lite_fails() ? NULL : lite.real.xRealloc(p, n);
}

static void arm(size_t ours, size_t sqlites, bool for_good)
{
	alloc_fault_reset(ours);
	lite.calls = 0;
	lite.fail_at = sqlites;
	lite.for_good = for_good;
}

static void disarm(void)
{
	arm(0, 0, false);
}

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

	disarm();
	stage_remove(stage);
	free(stage);
	return 0;
}

/* A generation whose texts are not copied, so that only the store allocates. */
static int put_policy_bare(struct cs_store *store, uint64_t request)
{
	char author[] = "bob", comment[] = "more";
	struct cs_generation generation = {.author = author, .comment = comment, .request = request};

	return cs_store_policy_add(store, &generation, "the policy", 10);
}

/* A notice and a name, likewise. */
static int put_outbox_bare(struct cs_store *store)
{
	char text[] = "something happened", name[] = "bob";
	struct cs_notice notice = {.kind = CS_NOTICE_ASKED, .text = text};
	int r = cs_store_tell(store, &notice, 5);

	if (r == 0)
		r = cs_store_tell_later(store, notice.number, 6);
	if (r == 0 && notice.number > 1)
		r = cs_store_told(store, notice.number - 1);
	return r == 0 ? cs_store_set_quiet(store, name, notice.number + 100) : r;
}

/* What a turn of the daemon writes. The event and the vote are made before memory runs out. */
static int one_turn(struct cs_store *store, struct cs_stored *stored, const struct cs_approval *vote,
		    const struct cs_record *record)
{
	struct cs_now now = now_after(BOOT_A, 1);
	uint32_t used = 0;
	int r = cs_store_begin(store);

	if (r < 0)
		return r;
	r = cs_store_mark(store);
	if (r == 0)
		r = cs_store_add(store, stored);
	if (r == 0)
		r = cs_store_vote(store, stored->number, vote);
	if (r == 0 && cs_store_change(store, stored->number, CS_PENDING, CS_APPROVED, &now) != 1)
		r = CS_EIO;
	if (r == 0 && cs_store_use(store, stored->number, &now, &used) != 1)
		r = CS_EIO;
	if (r == 0)
		r = cs_store_append(store, record, stored->number);
	if (r == 0)
		r = put_policy_bare(store, stored->number);
	if (r == 0)
		r = put_outbox_bare(store);
	if (r < 0) {
		cs_store_rollback(store);
		return r;
	}
	return cs_store_commit(store);
}

static void turn_with_failures(struct cs_store *store, bool ours, bool for_good)
{
	struct cs_approval vote = make_vote("bob", CS_VOTE_APPROVE);
	int r = CS_ENOMEM;
	uint64_t start = head_of(store), until = 0;

	for (size_t at = 1; r < 0; at++) {
		struct cs_stored made = make_request((unsigned)(start * 10000 + at), 1, 1000);
		uint8_t bytes[3] = {1, 2, 3};
		struct cs_record record = {.number = start + 1, .bytes = bytes, .n_bytes = 3};

		made.request.uses = 2;
		arm(ours ? at : 0, ours ? 0 : at, for_good);
		r = one_turn(store, &made, &vote, &record);
		disarm();
		assert_true(r == 0 || r == CS_ENOMEM || r == CS_EIO);
		assert_int_equal(head_of(store), start + (r == 0));
		assert_int_equal(is_there(store, start + 1), r == 0);
		assert_int_equal(count_votes(store, start + 1), r == 0);
		assert_int_equal(newest_policy(store), start + (r == 0));
		assert_int_equal(cs_store_quiet(store, "bob", 0, &until), start + (r == 0) > 0);
		assert_true(until == (start + (r == 0) > 0 ? start + 100 + (r == 0) : 0));
		cs_clear(&cs_stored_shape, &made);
	}
	assert_int_equal(state_of(store, start + 1), CS_APPROVED);
	cs_clear(&cs_approval_shape, &vote);
}

static void test_store_a119_ours_fail_in_a_turn(void **state)
{
	struct stage *stage = *state;

	turn_with_failures(stage->store, true, false);
	turn_with_failures(stage->store, true, false);
}

static void test_store_a119_sqlites_fail_in_a_turn(void **state)
{
	struct stage *stage = *state;

	for (int i = 0; i < 4; i++) {
		turn_with_failures(stage->store, false, i % 2);
		cs_store_close(&stage->store); /* so that nothing is cached */
		stage_open(stage);
	}
}

/* A caller that does not look: what is committed is still all or nothing. */
static void test_store_a119_a_caller_that_goes_on(void **state)
{
	struct stage *stage = *state;
	struct cs_store *store = stage->store;
	int r = CS_EIO;

	for (size_t at = 1; r < 0; at++) {
		struct cs_stored made = make_request((unsigned)at, 1, 1000);
		uint8_t byte = 7;
		struct cs_record record = {.number = 1, .bytes = &byte, .n_bytes = 1};

		assert_int_equal(cs_store_begin(store), 0);
		arm(at, 0, false);
		cs_store_add(store, &made);
		disarm();
		cs_store_append(store, &record, 0);
		r = cs_store_commit(store);
		assert_int_equal(head_of(store), r == 0);
		assert_int_equal(is_there(store, 1), r == 0);
		cs_clear(&cs_stored_shape, &made);
	}
}

/* A question that runs out of memory makes SQLite roll back the whole transaction. What is written after it must not
 * stand alone: without the front's look at ops->active the second event does. */
static void test_store_a119_a_question_inside_a_turn(void **state)
{
	struct stage *stage = *state;
	int r = CS_EIO;

	turn_with_failures(stage->store, true, false);
	for (size_t at = 1; r < 0; at++) {
		struct cs_stored stored = {0};
		uint8_t byte = 7;
		struct cs_record record = {.bytes = &byte, .n_bytes = 1};

		cs_store_close(&stage->store);
		stage_open(stage);
		assert_int_equal(cs_store_begin(stage->store), 0);
		for (int i = 0; i < 2; i++) {
			record.number = head_of(stage->store) + 1;
			cs_store_append(stage->store, &record, 0);
			arm(0, at, false);
			cs_store_get(stage->store, 1, &stored);
			disarm();
			cs_clear(&cs_stored_shape, &stored);
		}
		r = cs_store_commit(stage->store);
		assert_int_equal(head_of(stage->store), r == 0 ? 3 : 1);
	}
	assert_int_equal(cs_store_begin(stage->store), 0);
	cs_store_rollback(stage->store);
}

static int keep_going(void *arg, const struct cs_stored *stored)
{
	(void)arg;
	return stored->number == 0;
}

static int ask_outbox(struct cs_store *store)
{
	struct cs_segment *segments = NULL;
	struct cs_notice *notices = NULL;
	uint8_t before[CS_DIGEST_LEN];
	uint64_t a = 0, b = 0;
	uint32_t tries[10];
	size_t n = 0;
	int r = cs_store_notices(store, UINT64_MAX, 10, &notices, tries, &n);

	for (size_t i = 0; notices && i < n; i++)
		cs_clear(&cs_notice_shape, &notices[i]);
	free(notices);
	if (r == 0)
		r = cs_store_count_notices(store, &a, &b);
	if (r == 0)
		r = cs_store_first(store, &a, before);
	if (r == 0)
		r = cs_store_segments(store, &segments, &n);
	for (size_t i = 0; segments && i < n; i++)
		cs_clear(&cs_segment_shape, &segments[i]);
	free(segments);
	if (r == 0)
		r = cs_store_quiet(store, "bob", 0, &a);
	return r < 0 ? r : 0;
}

/* Every question, each answered in full or with an error. */
static int ask_all(struct cs_store *store)
{
	struct cs_now now = now_after(BOOT_B, 60 * MINUTE);
	struct cs_stored stored = {0};
	struct cs_approval *votes = NULL;
	struct cs_record *records = NULL;
	struct cs_generation generation = {0};
	struct cs_generation *generations = NULL;
	char *text = NULL;
	uint8_t id[CS_ID_LEN] = {0};
	uint8_t key[CS_DIGEST_LEN] = {1};
	uint64_t a = 0, b = 0, c = 0, numbers[4];
	size_t n = 0;
	int r = cs_store_get(store, 1, &stored);

	if (r == 0)
		memcpy(id, stored.request.id, sizeof(id));
	cs_clear(&cs_stored_shape, &stored);
	if (r == 0)
		r = cs_store_get_id(store, id, &stored);
	cs_clear(&cs_stored_shape, &stored);
	if (r == 0)
		r = cs_store_votes(store, 1, &votes, &n);
	for (size_t i = 0; votes && i < n; i++)
		cs_clear(&cs_approval_shape, &votes[i]);
	free(votes);
	if (r == 0)
		r = cs_store_list(store, false, 0, 10, keep_going, NULL);
	if (r == 0)
		r = cs_store_records(store, 1, 10, &records, &n);
	for (size_t i = 0; records && i < n; i++)
		cs_clear(&cs_record_shape, &records[i]);
	free(records);
	records = NULL;
	if (r == 0)
		r = cs_store_records_of(store, 1, 10, &records, &n);
	for (size_t i = 0; records && i < n; i++)
		cs_clear(&cs_record_shape, &records[i]);
	free(records);
	if (r == 0)
		r = ask_outbox(store);
	if (r == 0)
		r = cs_store_policy_get(store, 0, &generation, &text);
	cs_clear(&cs_generation_shape, &generation);
	cs_free_str(&text);
	if (r == 0)
		r = cs_store_policies(store, 0, 10, &generations, &n);
	cs_generations_free(&generations, &n);
	if (r == 0)
		r = cs_store_count_open(store, 1000, &a, &b, &c);
	r = r < 0 ? r : cs_store_find_open(store, key, numbers, 4);
	assert_true(r <= 1);
	r = r < 0 ? r : cs_store_find_prefix(store, "0123", &a);
	r = r == CS_ENOENT ? 0 : r;
	r = r < 0 ? r : cs_store_unopposed(store, &now, 0, numbers, 4);
	return r < 0 ? r : cs_store_overdue(store, &now, 0, numbers, 4);
}

static void test_store_a119_every_question(void **state)
{
	struct stage *stage = *state;

	turn_with_failures(stage->store, true, false);
	for (int ours = 0; ours < 2; ours++) {
		int r = CS_ENOMEM;

		for (size_t at = 1; r < 0; at++) {
			if (stage->sqlite) {
				cs_store_close(&stage->store);
				stage_open(stage);
			}
			arm(ours ? at : 0, ours ? 0 : at, false);
			r = ask_all(stage->store);
			disarm();
			assert_true(r == 1 || r == CS_ENOMEM || r == CS_EIO);
		}
	}
}

static void opening(struct stage *stage, bool ours, size_t step)
{
	int r = CS_ENOMEM;

	for (size_t at = 1; r < 0; at += step) {
		struct cs_store *store = NULL;
		char *why = NULL;

		arm(ours ? at : 0, ours ? 0 : at, false);
		r = cs_store_open_sqlite(stage->path, &store, &why);
		disarm();
		assert_true(r == 0 ? store != NULL
				   : store == NULL && (r == CS_ENOMEM || r == CS_EIO || r == CS_ECORRUPT));
		cs_free_str(&why);
		cs_store_close(&store);
	}
	stage_open(stage); /* whatever broke off, the file is sound */
	assert_int_equal(head_of(stage->store), 0);
	cs_store_close(&stage->store);
}

static void test_store_a119_opening(void **state)
{
	struct stage *stage = *state;

	cs_store_close(&stage->store);
	opening(stage, true, 1);
	opening(stage, false, 3); /* a store that is there */
	for (int i = 0; i < 2; i++) { /* and one that is not, or only half */
		assert_int_equal(unlink(stage->path), 0);
		opening(stage, i == 0, i == 0 ? 1 : 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{"memory_a119_turn", test_store_a119_ours_fail_in_a_turn, setup_memory, teardown, NULL},
		{"memory_a119_every_question", test_store_a119_every_question, setup_memory, teardown, NULL},
		{"memory_a119_a_caller_that_goes_on", test_store_a119_a_caller_that_goes_on, setup_memory, teardown,
		 NULL},
		cmocka_unit_test_setup_teardown(test_store_a119_a_caller_that_goes_on, setup_sqlite, teardown),
		cmocka_unit_test_setup_teardown(test_store_a119_ours_fail_in_a_turn, setup_sqlite, teardown),
		cmocka_unit_test_setup_teardown(test_store_a119_sqlites_fail_in_a_turn, setup_sqlite, teardown),
		cmocka_unit_test_setup_teardown(test_store_a119_a_question_inside_a_turn, setup_sqlite, teardown),
		cmocka_unit_test_setup_teardown(test_store_a119_every_question, setup_sqlite, teardown),
		cmocka_unit_test_setup_teardown(test_store_a119_opening, setup_sqlite, teardown),
	};
	sqlite3_mem_methods faulty;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &lite.real) != SQLITE_OK)
		return 1;
	faulty = lite.real;
	faulty.xMalloc = lite_malloc;
	faulty.xRealloc = lite_realloc;
	/* Without look-aside and page cache of its own every allocation comes through here. */
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &faulty) != SQLITE_OK ||
	    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
