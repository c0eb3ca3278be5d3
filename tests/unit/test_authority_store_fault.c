/* SPDX-License-Identifier: Apache-2.0 */
/* A106, A133, A136: the n-th call to the store fails, for every n of a whole story, once or for the rest of the step.
 * Nobody is let in without a committed record, no state stands without its event, and it heals. */
#include "story.h"

static struct {
	const struct cs_store_ops *real;
	bool armed;
	bool sticky;      /* all calls after the n-th fail too, until the faults are taken away */
	bool late;        /* a commit that fails has happened all the same */
	unsigned calls;
	unsigned fail_at;
	unsigned paused;
} fault;

static void story_pause(void)
{
	fault.paused++;
}

static void story_resume(void)
{
	fault.paused--;
}

static bool fails(void)
{
	if (!fault.armed || fault.paused)
		return false;
	fault.calls++;
	return fault.calls == fault.fail_at || (fault.sticky && fault.calls > fault.fail_at &&
		fault.calls < fault.fail_at + 12);
}

#define FAULTY(name, parameters, arguments) \
	static int faulty_##name parameters \
	{ \
		return fails() ? CS_EIO : fault.real->name arguments; \
	}

FAULTY(begin, (struct cs_store * s), (s))
FAULTY(mark, (struct cs_store * s, bool again), (s, again))
FAULTY(undo, (struct cs_store * s), (s))
FAULTY(add, (struct cs_store * s, const struct cs_row *row, uint64_t *ret), (s, row, ret))
FAULTY(get, (struct cs_store * s, uint64_t number, struct cs_row *ret), (s, number, ret))
FAULTY(find_open, (struct cs_store * s, const uint8_t *key, uint64_t *ret, size_t max), (s, key, ret, max))
FAULTY(change, (struct cs_store * s, uint64_t n, enum cs_state from, enum cs_state to, const struct cs_now *now),
	(s, n, from, to, now))
FAULTY(use, (struct cs_store * s, uint64_t n, const struct cs_now *now, uint32_t *ret), (s, n, now, ret))
FAULTY(find_id, (struct cs_store * s, const uint8_t *low, const uint8_t *high, uint64_t *ret, size_t max),
	(s, low, high, ret, max))
FAULTY(voter, (struct cs_store * s, uint64_t n, const char *id, struct cs_voter *ret), (s, n, id, ret))
FAULTY(vote, (struct cs_store * s, uint64_t n, const char *id, enum cs_vote vote, const struct cs_bytes *body),
	(s, n, id, vote, body))
FAULTY(unopposed, (struct cs_store * s, const struct cs_now *now, uint64_t after, uint64_t *ret, size_t max),
	(s, now, after, ret, max))
FAULTY(tell, (struct cs_store * s, const struct cs_bytes *body, uint64_t request, uint64_t due, uint64_t *ret),
	(s, body, request, due, ret))
FAULTY(quiet, (struct cs_store * s, const char *name, uint64_t *ret), (s, name, ret))
FAULTY(votes, (struct cs_store * s, uint64_t n, struct cs_bytes **ret, size_t *ret_n), (s, n, ret, ret_n))
FAULTY(list, (struct cs_store * s, bool open, uint64_t before, uint64_t *ret, size_t max), (s, open, before, ret, max))
FAULTY(list_of, (struct cs_store * s, const struct cs_which *which, uint64_t before, uint64_t *ret, size_t max),
	(s, which, before, ret, max))
FAULTY(next_place, (struct cs_store * s, const uint8_t *after, uint8_t *ret, uint64_t *ret_number),
	(s, after, ret, ret_number))
FAULTY(overdue, (struct cs_store * s, const struct cs_now *now, uint64_t after, uint64_t *ret, size_t max),
	(s, now, after, ret, max))
FAULTY(count_open, (struct cs_store * s, uint32_t uid, uint64_t *a, uint64_t *b, uint64_t *c), (s, uid, a, b, c))
FAULTY(head, (struct cs_store * s, uint64_t *ret, uint8_t *chain), (s, ret, chain))
FAULTY(append, (struct cs_store * s, const struct cs_record *record, uint64_t request), (s, record, request))
FAULTY(records, (struct cs_store * s, uint64_t from, size_t max, struct cs_record **ret, size_t *ret_n),
	(s, from, max, ret, ret_n))

FAULTY(policy_add, (struct cs_store * s, const struct cs_generation *generation, const struct cs_bytes *text),
	(s, generation, text))
FAULTY(policies, (struct cs_store * s, uint64_t before, size_t max, struct cs_generation **ret, size_t *ret_n),
	(s, before, max, ret, ret_n))
FAULTY(policy_text, (struct cs_store * s, uint64_t number, struct cs_bytes *ret), (s, number, ret))

static int faulty_commit(struct cs_store *s)
{
	bool bad = fails();

	if (bad && !fault.late)
		return CS_EIO;
	return fault.real->commit(s) < 0 || bad ? CS_EIO : 0;
}

/* The house with every call of its store counted. */
static void open_faulty(struct house *h, struct cs_store_ops *ops)
{
	fault.real = h->store->ops;
	*ops = *fault.real;
	ops->begin = faulty_begin;
	ops->mark = faulty_mark;
	ops->undo = faulty_undo;
	ops->commit = faulty_commit;
	ops->add = faulty_add;
	ops->get = faulty_get;
	ops->find_open = faulty_find_open;
	ops->change = faulty_change;
	ops->use = faulty_use;
	ops->find_id = faulty_find_id;
	ops->voter = faulty_voter;
	ops->vote = faulty_vote;
	ops->unopposed = faulty_unopposed;
	ops->tell = faulty_tell;
	ops->quiet = faulty_quiet;
	ops->votes = faulty_votes;
	ops->list = faulty_list;
	ops->list_of = faulty_list_of;
	ops->next_place = faulty_next_place;
	ops->overdue = faulty_overdue;
	ops->count_open = faulty_count_open;
	ops->head = faulty_head;
	ops->append = faulty_append;
	ops->records = faulty_records;
	ops->policy_add = faulty_policy_add;
	ops->policies = faulty_policies;
	ops->policy_text = faulty_policy_text;
	h->store->ops = ops;
}

/* Returns false when the part ends before the n-th call. */
static bool tell_with_fault(void (*part)(struct house *h), unsigned n, bool sticky, bool late)
{
	struct house h;
	struct cs_store_ops ops;
	bool fired = false;

	memset(&fault, 0, sizeof(fault));
	house_build_files(&h);
	story_open(&h, late);
	open_faulty(&h, &ops);
	fault.fail_at = n;
	fault.sticky = sticky;
	fault.late = late;
	fault.armed = true;
	part(&h);
	fault.armed = false;
	fired = fault.calls >= n;
	if (getenv("STORY_SHOW"))
		print_message("fault %u\n", n);
	story_heals(&h);
	h.store->ops = fault.real;
	house_close(&h);
	return fired;
}

static void tell_with_every_fault(void (*part)(struct house *h), bool sticky, bool late)
{
	unsigned n = 1;

	while (tell_with_fault(part, n, sticky, late))
		n++;
	assert_true(n > 5);
}

static void test_authority_a106_story_without_faults(void **state)
{
	(void)state;
	assert_false(tell_with_fault(story_tell, 1000000, false, false));
	assert_int_equal(story.permits[1], 1);
}

/* Each part of the story by itself: the n-th call of it fails; it and those after it; it is a commit that has happened all
 * the same (A107). */
#define PART(name) \
	static void test_authority_a106_##name##_one_call_fails(void **state) \
	{ \
		(void)state; \
		tell_with_every_fault(story_##name, false, false); \
	} \
	static void test_authority_a106_##name##_calls_fail_in_a_row(void **state) \
	{ \
		(void)state; \
		tell_with_every_fault(story_##name, true, false); \
	} \
	static void test_authority_a107_##name##_commits_that_fail_have_happened(void **state) \
	{ \
		(void)state; \
		tell_with_every_fault(story_##name, false, true); \
	}

PART(used)
PART(outright)
PART(looks)
PART(rejected)
PART(changed)
PART(joined)
PART(ahead)
PART(silent)
PART(applied)
PART(parked)
PART(withdrawn)

#define TESTS(name) \
	cmocka_unit_test(test_authority_a106_##name##_one_call_fails), \
	cmocka_unit_test(test_authority_a106_##name##_calls_fail_in_a_row), \
	cmocka_unit_test(test_authority_a107_##name##_commits_that_fail_have_happened)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority_a106_story_without_faults),
		TESTS(used),
		TESTS(outright),
		TESTS(looks),
		TESTS(rejected),
		TESTS(changed),
		TESTS(joined),
		TESTS(ahead),
		TESTS(silent),
		TESTS(applied),
		TESTS(parked),
		TESTS(withdrawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
