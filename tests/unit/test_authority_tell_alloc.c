/* SPDX-License-Identifier: Apache-2.0 */
/* Telling people while memory is short: a notice is in the outbox whole or not at all, with its event. */
#include "alloc_fault.h"
#include "house.h"
#include "internal.h"

static char *bob_carol[] = { (char[]){ "bob" }, (char[]){ "carol" } };

static size_t rows(struct house *h)
{
	uint64_t count = 0, due = 0;

	assert_int_equal(cs_store_count_notices(h->store, &count, &due), 0);
	return (size_t)count;
}

static int take(void *arg, const struct cs_notice *notice)
{
	uint64_t *number = arg;

	*number = notice->number;
	return 0;
}

/* One event with its notices, as a call makes it; the allocation number fail_at fails. 1 when there was none. */
static int once(size_t fail_at, enum cs_event_kind kind, size_t n_rows)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_stored stored = { 0 };
	struct cs_need need = { .count = 1, .open = true, .opens_in_ms = 60000, .who = bob_carol, .n_who = 2 };
	uint64_t handed = 0;
	int r = 0, over = 0;

	house_open(&h);
	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(cs_store_get(h.store, d.number, &stored), 0);
	alloc_fault_reset(fail_at);
	r = record_begin(h.authority);
	if (r == 0)
		r = record_request(h.authority, &stored, CS_EVENT_PARKED, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL, "text", NULL);
	h.authority->options.tells = true;
	if (r == 0)
		r = tell_people(h.authority, &stored, kind, &need, 1);
	if (r < 0)
		record_undo(h.authority);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	cs_authority_turn(h.authority);
	assert_int_equal(rows(&h), r == 0 ? n_rows : 0);
	assert_true(r == 0 || r == CS_ENOMEM || r == CS_EIO);
	assert_true(!over || r == 0);
	/* And handing out: what cannot be looked at or handed over is there the next time. */
	h.authority->options.tell_for_ms = 60000;
	alloc_fault_reset(fail_at);
	cs_authority_tell(h.authority, take, &handed);
	over = over && alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	cs_authority_turn(h.authority);
	cs_authority_told(h.authority, handed, true, "");
	cs_authority_turn(h.authority);
	cs_clear(&cs_stored_shape, &stored);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
	return over;
}

static void test_tell_alloc_all_or_nothing(void **state)
{
	static const struct { enum cs_event_kind kind; size_t rows; } cases[] = {
		{ CS_EVENT_REQUESTED, 4 }, { CS_EVENT_REJECTED, 1 }, { CS_EVENT_BREAK_GLASS, 1 } };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++)
		for (size_t at = 1; once(at, cases[i].kind, cases[i].rows) == 0; at++)
			assert_true(at < 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_tell_alloc_all_or_nothing) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
