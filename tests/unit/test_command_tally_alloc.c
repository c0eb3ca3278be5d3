/* SPDX-License-Identifier: Apache-2.0 */
/* The report while memory is short (A119): each allocation fails once, and either the report says so or it counts what it would have
 * counted otherwise. */
#include "alloc_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mem.h"
#include "tally.h"
#include <stdio.h>
#include <stdlib.h>

enum { RECORDS = 9 };

static char deploy[] = "deploy", other[] = "other", bob[] = "bob", carol[] = "carol", label[] = "Approve", project[] = "project/x";
static struct cs_record records[RECORDS];
static size_t n_records;

static void record(struct cs_event event, const struct cs_shape *shape, const void *body)
{
	struct cs_record *at = &records[n_records++];
	struct cs_buf inner, outer;

	assert_true(n_records <= RECORDS);
	cs_buf_init(&inner, CS_MAX_EVENT);
	cs_buf_init(&outer, 2 * CS_MAX_EVENT);
	if (shape)
		assert_int_equal(cs_encode(shape, body, &inner), 0);
	event.number = n_records;
	event.wall_ms = n_records;
	event.body = inner.data;
	event.n_body = inner.len;
	assert_int_equal(cs_encode(&cs_event_shape, &event, &outer), 0);
	at->number = event.number;
	at->n_bytes = outer.len;
	at->bytes = malloc(outer.len);
	assert_non_null(at->bytes);
	memcpy(at->bytes, outer.data, outer.len);
	cs_buf_clear(&inner);
	cs_buf_clear(&outer);
}

/* One of each kind that keeps something. */
static int write_records(void **state)
{
	char *who[] = { bob, carol };
	struct cs_need needs[] = { { .label = label, .count = 2, .who = who, .n_who = 2 } };
	const struct cs_monitored_body monitored = { .permitted = { .scope = project }, .verdict = CS_HOLD,
		.reason = CS_WHY_NEEDS_APPROVAL, .needs = needs, .n_needs = 1 };
	const struct cs_grounds grounds = { .elapsed_ms = 1000 };
	const struct cs_voted_body by_bob = { .approval = { .vote = CS_VOTE_APPROVE, .person = { .name = bob } } };
	const struct cs_voted_body by_carol = { .approval = { .vote = CS_VOTE_REJECT, .person = { .name = carol } } };

	(void)state;
	record((struct cs_event){ .kind = CS_EVENT_REQUESTED, .verdict = CS_HOLD, .gate = deploy }, NULL, NULL);
	record((struct cs_event){ .kind = CS_EVENT_VOTED, .gate = deploy }, &cs_voted_body_shape, &by_bob);
	record((struct cs_event){ .kind = CS_EVENT_VOTED, .gate = deploy }, &cs_voted_body_shape, &by_carol);
	record((struct cs_event){ .kind = CS_EVENT_APPROVED, .verdict = CS_PERMIT, .gate = deploy }, &cs_grounds_shape, &grounds);
	for (int i = 0; i < 2; i++)
		record((struct cs_event){ .kind = CS_EVENT_PERMITTED, .verdict = CS_PERMIT, .reason = CS_WHY_MONITORED,
			.gate = other }, &cs_monitored_body_shape, &monitored);
	record((struct cs_event){ .kind = CS_EVENT_BREAK_GLASS, .verdict = CS_PERMIT, .request = 3, .gate = deploy }, NULL, NULL);
	record((struct cs_event){ .kind = CS_EVENT_DENIED }, NULL, NULL);
	return 0;
}

static int forget_records(void **state)
{
	(void)state;
	while (n_records > 0)
		free(records[--n_records].bytes);
	return 0;
}

/* What is told of all of them, and what was said to the last that was counted. */
static int tell(size_t fail_at, bool *ret_over, struct cs_buf *ret_told)
{
	struct cs_tally tally = { 0 };
	int r = 0;

	alloc_fault_reset(fail_at);
	for (size_t i = 0; r == 0 && i < n_records; i++)
		r = cs_tally_add(&tally, &records[i]);
	*ret_over = alloc_fault.calls < fail_at;
	cs_tally_finish(&tally);
	alloc_fault_reset(0);
	cs_buf_init(ret_told, CS_MAX_EVENT);
	assert_int_equal(cs_encode(&cs_tally_shape, &tally, ret_told), 0); /* also what was begun is whole */
	cs_tally_clear(&tally);
	return r;
}

/* Kills: CS_ENOMEM that counts as unreadable; a gate, a person or a length that is left out and not said. */
static void test_tally_a119_counts_all_or_says_so(void **state)
{
	struct cs_buf whole, told;
	bool over = false;

	(void)state;
	assert_int_equal(tell(SIZE_MAX, &over, &whole), 0);
	over = false;
	for (size_t at = 1; !over; at++) {
		int r = tell(at, &over, &told);

		assert_int_equal(r, over ? 0 : CS_ENOMEM);
		if (r == 0) {
			assert_int_equal(told.len, whole.len);
			assert_memory_equal(told.data, whole.data, whole.len);
		}
		cs_buf_clear(&told);
	}
	cs_buf_clear(&whole);
}

/* A length that was not counted is not half there. */
static void test_tally_a119_span(void **state)
{
	struct cs_tally_gate gate = { 0 };

	(void)state;
	alloc_fault_reset(1);
	assert_int_equal(cs_tally_span(&gate, 1000), CS_ENOMEM);
	alloc_fault_reset(0);
	assert_int_equal(cs_tally_span_at(&gate, 50), 0);
	assert_int_equal(cs_tally_span(&gate, 1000), 0);
	assert_true(cs_tally_span_at(&gate, 50) > 0);
	free(gate.spans);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tally_a119_counts_all_or_says_so),
		cmocka_unit_test(test_tally_a119_span),
	};

	return cmocka_run_group_tests(tests, write_records, forget_records);
}
