/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: every allocation of a replay fails once (A119). The replay says that there was none, and nothing else: no record is
 * called broken, and none is called whole, for want of memory. */
#include "alloc_fault.h"
#include "scribe.h"

#define POLICY \
	"permission deploy { } permission approve { }\n" \
	"role deployer { permissions = deploy } role checker { permissions = approve }\n" \
	"assignment deployers { role = deployer scope = \"*\" group = \"cn=deployers,ou=g\" listed = member }\n" \
	"assignment checkers { role = checker scope = \"*\" group = \"cn=checkers,ou=g\" listed = member }\n" \
	"gate deploy { service = sudo command = \"/bin/deploy *\" permission = deploy\n" \
	"  approval check { count = 1 permission = approve } }\n"

static int text_of(void *arg, const uint8_t digest[CS_DIGEST_LEN], char **ret_text)
{
	(void)arg;
	(void)digest;
	*ret_text = cs_dup(POLICY);
	return *ret_text ? 0 : CS_ENOMEM;
}

/* 0, or CS_ENOMEM. */
static int replay(const struct scribe *s, size_t fail_at)
{
	struct cs_replay_sums sums;
	struct cs_replay *replayed = NULL;
	int r = 0;

	alloc_fault_reset(fail_at);
	r = cs_replay_new(text_of, NULL, &replayed);
	if (r == 0)
		r = cs_replay_know(replayed, 1, s->records[0].chain, "the log");
	for (size_t i = 0; r == 0 && i < s->n; i++)
		r = cs_replay_next(replayed, &s->records[i]);
	if (r == 0)
		r = cs_replay_end(replayed, s->head);
	if (replayed)
		assert_string_equal(cs_replay_why(replayed), "");
	if (r == 0) {
		cs_replay_sum(replayed, &sums);
		assert_int_equal(sums.permits, 1);
	}
	cs_replay_free(&replayed);
	return r;
}

static void write_story(struct scribe *s, struct member *alice, struct member *bob, struct scribed *asked)
{
	scribe_open(s, POLICY);
	member_make(alice, "alice", 1);
	member_make(bob, "bob", 2);
	member_join(alice, s->policy, "deployers");
	member_join(bob, s->policy, "checkers");
	scribe_request(s, asked, alice, "deploy", "tomcat");
	scribe_ask(s, asked, alice);
	scribe_vote(s, asked, bob, CS_VOTE_APPROVE);
	scribe_decide(s, asked, alice, CS_EVENT_APPROVED);
	scribe_decide(s, asked, alice, CS_EVENT_CLAIMED);
	scribe_plain(s, asked, CS_EVENT_CONFIRMED, CS_PERMIT);
}

static void test_replay_a119_every_allocation_fails_once(void **state)
{
	struct member alice, bob;
	struct scribed asked;
	struct scribe s;
	size_t at = 0;
	int r = CS_ENOMEM;

	(void)state;
	write_story(&s, &alice, &bob, &asked);
	while (r == CS_ENOMEM)
		r = replay(&s, ++at);
	alloc_fault_reset(0);
	assert_int_equal(r, 0);
	assert_true(at > 300);
	scribe_forget(&asked);
	scribe_close(&s);
}

static void test_grounds_a119_every_allocation_fails_once(void **state)
{
	struct member alice, bob;
	struct scribed asked;
	struct scribe s;
	size_t at = 0;
	int r = CS_ENOMEM;

	(void)state;
	write_story(&s, &alice, &bob, &asked);
	while (r == CS_ENOMEM) {
		struct cs_case what = scribe_case(&s, &asked, &alice.facts);
		struct cs_grounds grounds = { 0 };

		alloc_fault_reset(++at);
		r = cs_grounds_freeze(&what, NULL, 0, &grounds);
		cs_clear(&cs_grounds_shape, &grounds);
	}
	alloc_fault_reset(0);
	assert_int_equal(r, 0);
	assert_true(at > 20);
	scribe_forget(&asked);
	scribe_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_a119_every_allocation_fails_once),
		cmocka_unit_test(test_grounds_a119_every_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
