/* SPDX-License-Identifier: Apache-2.0 */
/* What others take home of the evidence: a receipt that the host signed, for whoever may see the request; and segments,
 * which leave the store whole, or not at all. */
#include "house.h"
#include "evidence.h"
#include "ssh_signature.h"

static struct cs_host_key *host_key;

static void open_house(struct house *h)
{
	struct cs_authority_options options;
	struct cs_problem problem = { 0 };

	house_build(h);
	assert_int_equal(cs_store_open_memory(&h->store), 0);
	options = house_options(h);
	options.host_key = host_key;
	assert_int_equal(cs_authority_open(&options, h->store, h->directory, &h->authority, &problem), 0);
}

/* Asked by alice, approved by bob and carol, used. */
static uint64_t used(struct house *h)
{
	struct house_sudo s;
	struct cs_decision held = { 0 }, reply = { 0 };
	uint64_t number = 0;

	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(h, &s, 7, &held), 0);
	number = held.number;
	assert_int_equal(house_vote(h, BOB, number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(h, CAROL, number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(house_claim(h, &held, 7, &reply), 0);
	assert_int_equal(reply.verdict, CS_PERMIT);
	cs_clear(&cs_decision_shape, &held);
	cs_clear(&cs_decision_shape, &reply);
	return number;
}

static int receipt_of(struct house *h, uint32_t uid, uint64_t number, struct cs_receipt_answer *ret)
{
	struct cs_caller caller = house_person(uid);
	struct cs_show call = { .number = number };

	return house_call(h, &caller, CS_CALL_RECEIPT, &call, -1, &cs_receipt_answer_shape, ret);
}

static int verify(const struct cs_receipt_answer *receipt, struct cs_ssh_key *ret_key)
{
	struct cs_receipt_answer message = *receipt; /* a view */
	struct cs_buf bytes;
	int r = 0;

	message.signature = NULL;
	message.n_signature = 0;
	cs_buf_init(&bytes, 1 << 20);
	assert_int_equal(cs_encode(&cs_receipt_answer_shape, &message, &bytes), 0);
	r = cs_ssh_verify(receipt->signature, receipt->n_signature, CS_NAMESPACE_RECEIPT, bytes.data, bytes.len, ret_key,
		NULL);
	cs_buf_clear(&bytes);
	return r;
}

/* --- Receipts ----------------------------------------------------------------------------------------------------- */

static void test_receipt_holds_every_event_of_the_request_and_is_signed(void **state)
{
	struct cs_receipt_answer receipt = { 0 };
	struct cs_ssh_key key = { 0 }, own = { 0 };
	struct house h;
	uint64_t number = 0;

	(void)state;
	open_house(&h);
	number = used(&h);
	assert_int_equal(receipt_of(&h, ALICE, number, &receipt), 0);
	assert_int_equal(receipt.n_records, 5); /* requested, voted, voted, approved, claimed */
	assert_string_equal(receipt.host, "rel1");
	assert_true(receipt.head_number >= receipt.records[4].number);
	assert_int_equal(verify(&receipt, &key), 0);
	assert_int_equal(cs_ssh_key_read_line(receipt.host_key, &own), 0);
	assert_string_equal(key.fingerprint, own.fingerprint);
	/* one bit of one record */
	receipt.records[2].bytes[receipt.records[2].n_bytes - 1] ^= 1;
	assert_int_equal(verify(&receipt, &key), CS_EPERM);
	cs_clear(&cs_receipt_answer_shape, &receipt);
	house_close(&h);
}

static void test_receipt_is_for_who_may_see_the_request(void **state)
{
	static const struct { uint32_t uid; int error; } cases[] = { { 0, 0 }, { ALICE, 0 }, { BOB, 0 }, { CAROL, 0 },
		{ DAVE, CS_ENOENT }, { 4711, CS_ENOENT } };
	struct cs_receipt_answer receipt = { 0 };
	struct house h;
	uint64_t number = 0;

	(void)state;
	open_house(&h);
	number = used(&h);
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		assert_int_equal(receipt_of(&h, cases[i].uid, number, &receipt), cases[i].error);
		cs_clear(&cs_receipt_answer_shape, &receipt);
	}
	assert_int_equal(receipt_of(&h, 0, number + 1, &receipt), CS_ENOENT);
	house_close(&h);
}

static void test_receipt_needs_a_host_key(void **state)
{
	struct cs_receipt_answer receipt = { 0 };
	struct house h;

	(void)state;
	house_open(&h);
	assert_int_equal(receipt_of(&h, ALICE, used(&h), &receipt), CS_EUNAVAIL);
	house_close(&h);
}

/* --- Segments ----------------------------------------------------------------------------------------------------- */

/* The segment of everything from the first event to this one. */
static void segment_to(struct house *h, uint64_t last, struct cs_segment *ret_segment)
{
	struct cs_record *records = NULL;
	size_t n = 0;

	memset(ret_segment, 0, sizeof(*ret_segment));
	assert_int_equal(cs_store_first(h->store, &ret_segment->first, ret_segment->before), 0);
	assert_int_equal(cs_store_records(h->store, last, 1, &records, &n), 0);
	assert_int_equal(n, 1);
	ret_segment->last = last;
	memcpy(ret_segment->chain, records[0].chain, CS_DIGEST_LEN);
	assert_int_equal(cs_format(&ret_segment->file, "evidence-%012llu-%012llu.jsonl",
		(unsigned long long)ret_segment->first, (unsigned long long)last), 0);
	cs_clear(&cs_record_shape, &records[0]);
	free(records);
}

static int archive(struct house *h, uint32_t uid, const struct cs_segment *segment, struct cs_archive_answer *ret)
{
	struct cs_caller caller = house_person(uid);
	struct cs_archive call = { .segment = *segment }; /* a view */

	return house_call(h, &caller, CS_CALL_ARCHIVE, &call, -1, &cs_archive_answer_shape, ret);
}

static uint64_t head_of(struct house *h)
{
	uint8_t chain[CS_DIGEST_LEN];
	uint64_t number = 0;

	assert_int_equal(cs_store_head(h->store, &number, chain), 0);
	return number;
}

static void test_segment_leaves_the_store_and_the_record_says_so(void **state)
{
	struct cs_archive_answer answer = { 0 };
	struct cs_segment segment;
	uint8_t before[CS_DIGEST_LEN];
	uint64_t last = 0, first = 0;
	struct house h;

	(void)state;
	open_house(&h);
	(void)used(&h);
	last = head_of(&h);
	(void)used(&h);
	segment_to(&h, last, &segment);
	assert_int_equal(archive(&h, 0, &segment, &answer), 0);
	assert_int_equal(answer.event, head_of(&h));
	assert_true(answer.n_signature > 0);
	assert_int_equal(cs_store_first(h.store, &first, before), 0);
	assert_int_equal(first, last + 1);
	assert_memory_equal(before, segment.chain, CS_DIGEST_LEN);
	assert_int_equal(house_events(&h, CS_EVENT_ARCHIVED, CS_WHY_NONE), 1);
	cs_clear(&cs_archive_answer_shape, &answer);
	/* a second time it is not there any more */
	assert_int_equal(archive(&h, 0, &segment, &answer), CS_ECONFLICT);
	cs_clear(&cs_segment_shape, &segment);
	house_close(&h); /* replays what is left */
}

static void test_segment_is_not_cut_where_a_request_is_open(void **state)
{
	struct cs_archive_answer answer = { 0 };
	struct cs_segment segment;
	struct house_sudo s;
	struct cs_decision held = { 0 };
	uint64_t open_at = 0, head = 0;
	struct house h;

	(void)state;
	open_house(&h);
	(void)used(&h);
	open_at = head_of(&h) + 1;
	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(&h, &s, 9, &held), 0);
	(void)house_vote(&h, BOB, held.number, CS_VOTE_APPROVE);
	head = head_of(&h);
	segment_to(&h, open_at, &segment);
	assert_int_equal(archive(&h, 0, &segment, &answer), CS_ECONFLICT);
	cs_clear(&cs_segment_shape, &segment);
	assert_int_equal(head_of(&h), head);
	segment_to(&h, open_at - 1, &segment); /* before it was asked */
	assert_int_equal(archive(&h, 0, &segment, &answer), 0);
	cs_clear(&cs_archive_answer_shape, &answer);
	cs_clear(&cs_segment_shape, &segment);
	cs_clear(&cs_decision_shape, &held);
	house_close(&h);
}

static void test_a110_segment_that_does_not_fit_is_refused(void **state)
{
	struct cs_archive_answer answer = { 0 };
	struct cs_segment segment;
	uint64_t head = 0;
	struct house h;

	(void)state;
	open_house(&h);
	(void)used(&h);
	head = head_of(&h);
	segment_to(&h, head - 2, &segment);
	segment.chain[0] ^= 1;
	assert_int_equal(archive(&h, 0, &segment, &answer), CS_ECONFLICT);
	segment.chain[0] ^= 1;
	segment.before[0] ^= 1;
	assert_int_equal(archive(&h, 0, &segment, &answer), CS_ECONFLICT);
	segment.before[0] ^= 1;
	/* only root */
	assert_int_equal(archive(&h, ALICE, &segment, &answer), CS_EPERM);
	cs_clear(&cs_segment_shape, &segment);
	/* the last event stays */
	segment_to(&h, head, &segment);
	assert_int_equal(archive(&h, 0, &segment, &answer), CS_ECONFLICT);
	assert_int_equal(head_of(&h), head);
	cs_clear(&cs_segment_shape, &segment);
	house_close(&h);
}

static void test_a135_segment_names_are_numbers(void **state)
{
	static const char *const names[] = { "", "evidence.jsonl", "../evidence-000000000001-000000000003.jsonl",
		"evidence-1-3.jsonl", "evidence-000000000001-000000000004.jsonl" };
	struct cs_archive_answer answer = { 0 };
	struct cs_segment segment;
	struct house h;

	(void)state;
	open_house(&h);
	(void)used(&h);
	segment_to(&h, 3, &segment);
	for (size_t i = 0; i < CS_COUNT(names); i++) {
		assert_int_equal(cs_set(&segment.file, names[i]), 0);
		assert_int_equal(archive(&h, 0, &segment, &answer), CS_EINVAL);
	}
	cs_clear(&cs_segment_shape, &segment);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_receipt_holds_every_event_of_the_request_and_is_signed),
		cmocka_unit_test(test_receipt_is_for_who_may_see_the_request),
		cmocka_unit_test(test_receipt_needs_a_host_key),
		cmocka_unit_test(test_segment_leaves_the_store_and_the_record_says_so),
		cmocka_unit_test(test_segment_is_not_cut_where_a_request_is_open),
		cmocka_unit_test(test_a110_segment_that_does_not_fit_is_refused),
		cmocka_unit_test(test_a135_segment_names_are_numbers),
	};
	int failed = 0;

	if (cs_host_key_make(&host_key) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	cs_host_key_free(&host_key);
	return failed;
}
