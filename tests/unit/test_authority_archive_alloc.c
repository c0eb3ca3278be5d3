/* SPDX-License-Identifier: Apache-2.0 */
/* A segment leaves the store while memory is short (A119): whoever is told after the commit that it did not go finds all of
 * it still there. (An answer for which there was no memory to wait comes before the commit, and says nothing of it: the
 * command looks again.) Kills: signing what was taken out only after it was. */
#include "house.h"
#include "alloc_fault.h"
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

/* Events that nobody waits for. */
static void fill(struct house *h)
{
	struct cs_decision held = { 0 };
	struct house_sudo s;

	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(h, &s, 7, &held), 0);
	(void)house_vote(h, BOB, held.number, CS_VOTE_APPROVE);
	(void)house_vote(h, CAROL, held.number, CS_VOTE_REJECT);
	cs_clear(&cs_decision_shape, &held);
}

static void segment_of_all(struct house *h, struct cs_segment *ret_segment)
{
	memset(ret_segment, 0, sizeof(*ret_segment));
	assert_int_equal(cs_store_head(h->store, &ret_segment->last, ret_segment->chain), 0);
	assert_int_equal(cs_store_first(h->store, &ret_segment->first, ret_segment->before), 0);
	assert_int_equal(cs_format(&ret_segment->file, "evidence-%012llu-%012llu.jsonl",
		(unsigned long long)ret_segment->first, (unsigned long long)ret_segment->last), 0);
}

static void told(void *arg, int error, const char *text, const void *reply)
{
	int *ret = arg;

	(void)text;
	*ret = error == 0 && !reply ? CS_ENOMEM : error;
}

static void test_authority_a119_archived(void **state)
{
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct cs_caller root = house_person(0);
		struct cs_segment segment;
		struct cs_archive call;
		uint8_t before[CS_DIGEST_LEN];
		uint64_t first = 0;
		struct house h;
		bool early = false;
		int r = 1;

		open_house(&h);
		fill(&h);
		segment_of_all(&h, &segment);
		fill(&h); /* the last event stays */
		call = (struct cs_archive){ .segment = segment }; /* a view */
		alloc_fault_reset(n);
		cs_authority_call(h.authority, &root, CS_CALL_ARCHIVE, &call, -1, told, &r);
		early = r != 1;
		cs_authority_turn(h.authority);
		failed = alloc_fault.calls >= n;
		alloc_fault_reset(0);
		assert_int_equal(cs_store_first(h.store, &first, before), 0);
		if (!early && first != (r == 0 ? segment.last + 1 : 1))
			fail_msg("allocation %zu: the answer is %d, and the store begins with %llu", n, r,
				(unsigned long long)first);
		cs_clear(&cs_segment_shape, &segment);
		house_close(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_authority_a119_archived) };
	int failed = 0;

	if (cs_host_key_make(&host_key) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	cs_host_key_free(&host_key);
	return failed;
}
