/* SPDX-License-Identifier: Apache-2.0 */
/* What a forger who knows the chain's formula could still have put into a record: a break-glass that nobody recorded or
 * that was never reviewed, terms that nobody looked at, and votes whose signatures do not stand any more (A105, A110,
 * A127). Every chain is right; without the check that its test names nothing would be wrong with it. */
#include "scribe_key.h"

#define RIGHTS \
	"permission deploy { } permission approve { }\n" \
	"role deployer { permissions = deploy }\n" \
	"role checker { permissions = approve }\n" \
	"assignment deployers { role = deployer scope = \"*\" group = \"cn=deployers,ou=g\" listed = member }\n" \
	"assignment checkers { role = checker scope = \"*\" group = \"cn=checkers,ou=g\" listed = member }\n"
#define GATE(terms) \
	"gate deploy { service = sudo command = \"/bin/deploy *\" permission = deploy " terms "\n" \
	"  approval check { count = 1 permission = approve } }\n"
#define GLASS \
	"break_glass oncall { scope = \"*\" uid = { 3001, 3004 } lasts = 15m\n" \
	"  approval review { count = 2 role = checker scope = \"*\" } }\n"
#define PLAIN RIGHTS GATE("") GLASS
#define SIGNED RIGHTS GATE("signature = required") GLASS

enum { MINUTE = 60000 };

struct story {
	struct scribe scribe;
	struct member alice, bob, carol, dave;
	struct scribed asked, debt, next;
};

static void story_open(struct story *s, const char *policy)
{
	memset(s, 0, sizeof(*s));
	scribe_open(&s->scribe, policy);
	member_make(&s->alice, "alice", 1);
	member_make(&s->bob, "bob", 2);
	member_make(&s->carol, "carol", 3);
	member_make(&s->dave, "dave", 4);
	member_join(&s->alice, s->scribe.policy, "deployers");
	member_join(&s->bob, s->scribe.policy, "checkers");
	member_join(&s->carol, s->scribe.policy, "checkers");
	scribe_request(&s->scribe, &s->asked, &s->alice, "deploy", "tomcat");
}

static void story_close(struct story *s)
{
	scribe_forget(&s->asked);
	scribe_forget(&s->debt);
	scribe_forget(&s->next);
	scribe_close(&s->scribe);
}

static int text_of(void *arg, const uint8_t digest[CS_DIGEST_LEN], char **ret_text)
{
	static const char *const texts[] = { PLAIN, SIGNED };
	uint8_t found[CS_DIGEST_LEN];

	(void)arg;
	for (size_t i = 0; i < CS_COUNT(texts); i++) {
		assert_int_equal(cs_digest(CS_DOMAIN_POLICY, texts[i], strlen(texts[i]), found), 0);
		if (memcmp(found, digest, CS_DIGEST_LEN) != 0)
			continue;
		*ret_text = cs_dup(texts[i]);
		assert_non_null(*ret_text);
		return 0;
	}
	return CS_ENOENT;
}

/* says NULL: the record is whole. Else its last event is the first that is wrong, and why says this. */
static void assert_story(const struct story *s, const char *says)
{
	struct cs_replay *replay = NULL;
	int r = 0;

	assert_int_equal(cs_replay_new(text_of, NULL, &replay), 0);
	for (size_t i = 0; r == 0 && i < s->scribe.n; i++)
		r = cs_replay_next(replay, &s->scribe.records[i]);
	if (r == 0)
		r = cs_replay_end(replay, s->scribe.head);
	if (says ? r != CS_ECORRUPT || !strstr(cs_replay_why(replay), says) || cs_replay_bad(replay) != s->scribe.head
		 : r != 0)
		fail_msg("event %llu: %s", (unsigned long long)cs_replay_bad(replay), cs_replay_why(replay));
	cs_replay_free(&replay);
}

/* --- Break-glass -------------------------------------------------------------------------------------------------- */

/* Its review as the authority asks for it. */
static void debt_make(struct story *s, struct scribed *debt, const struct member *who)
{
	struct cs_action *action = &debt->request.action;

	scribe_request(&s->scribe, debt, who, "break-glass oncall", "oncall");
	debt->argv[0] = scribe_word("break-glass.review");
	action->service = scribe_word("countersign");
	action->command = debt->argv[0];
	debt->request.scope = scribe_word("*");
	debt->request.session_ms = 15 * MINUTE;
}

static void put_debt(struct story *s, struct scribed *debt, const struct member *who)
{
	struct cs_requested_body body = { .request = debt->request, .grounds = { .wall_ms = s->scribe.wall_ms,
		.boot = scribe_word(s->scribe.boot), .boot_ms = scribe_boot_ms(&s->scribe) } };
	struct cs_event event;

	scribe_digest(debt);
	event = scribe_event(debt, CS_EVENT_REQUESTED, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	scribe_by(&event, &who->facts.person);
	scribe_put(&s->scribe, &event, &cs_requested_body_shape, &body);
}

static void put_glass(struct story *s, const struct scribed *debt, const struct member *who)
{
	struct cs_event event = scribe_event(debt, CS_EVENT_BREAK_GLASS, CS_PERMIT, CS_WHY_BREAK_GLASS);

	scribe_by(&event, &who->facts.person);
	scribe_put(&s->scribe, &event, NULL, NULL);
}

static void break_glass(struct story *s, struct scribed *debt, const struct member *who)
{
	debt_make(s, debt, who);
	put_debt(s, debt, who);
	put_glass(s, debt, who);
}

static void test_a105_an_honest_break_glass(void **state)
{
	struct story s;

	(void)state;
	story_open(&s, PLAIN);
	break_glass(&s, &s.debt, &s.alice);
	scribe_permit(&s.scribe, &s.asked, &s.alice, CS_WHY_BREAK_GLASS);
	scribe_vote(&s.scribe, &s.debt, &s.bob, CS_VOTE_APPROVE);
	scribe_vote(&s.scribe, &s.debt, &s.carol, CS_VOTE_APPROVE);
	scribe_decide(&s.scribe, &s.debt, &s.alice, CS_EVENT_APPROVED);
	scribe_decide(&s.scribe, &s.debt, &s.alice, CS_EVENT_CLAIMED);
	break_glass(&s, &s.next, &s.alice);
	assert_story(&s, NULL);
	story_close(&s);
}

/* A review that is asked for opens nothing: the event that says so is what is checked, and told. Kills: not looking for
 * that event in is_past_approvals. */
static void test_a105_permitted_without_the_event_that_says_it(void **state)
{
	struct story s;

	(void)state;
	story_open(&s, PLAIN);
	debt_make(&s, &s.debt, &s.alice);
	s.debt.request.session_ms = UINT64_C(1000) * 24 * 60 * MINUTE; /* and for ever */
	put_debt(&s, &s.debt, &s.alice);
	scribe_permit(&s.scribe, &s.asked, &s.alice, CS_WHY_BREAK_GLASS);
	assert_story(&s, "had not broken the glass");
	story_close(&s);
}

static void test_a105_permitted_after_its_time(void **state)
{
	struct story s;

	(void)state;
	story_open(&s, PLAIN);
	break_glass(&s, &s.debt, &s.alice);
	s.scribe.wall_ms += 17 * MINUTE;
	scribe_permit(&s.scribe, &s.asked, &s.alice, CS_WHY_BREAK_GLASS);
	assert_story(&s, "or its time was over");
	story_close(&s);
}

/* Written as if it were of a later time, to last until then. Kills: not comparing the two times. */
static void test_a105_broken_at_another_time(void **state)
{
	struct story s;

	(void)state;
	story_open(&s, PLAIN);
	debt_make(&s, &s.debt, &s.alice);
	s.debt.request.created_wall_ms += 2 * MINUTE;
	put_debt(&s, &s.debt, &s.alice);
	assert_story(&s, "made at another time");
	story_close(&s);
	story_open(&s, PLAIN);
	scribe_set_clock(&s.scribe, 2 * MINUTE);
	debt_make(&s, &s.debt, &s.alice);
	put_debt(&s, &s.debt, &s.alice);
	scribe_set_clock(&s.scribe, -2 * (int64_t)MINUTE);
	put_glass(&s, &s.debt, &s.alice);
	assert_story(&s, "later than it was broken");
	story_close(&s);
}

static void test_a105_broken_by_another_or_twice(void **state)
{
	struct story s;

	(void)state;
	story_open(&s, PLAIN);
	break_glass(&s, &s.debt, &s.bob); /* whom the policy does not name */
	assert_story(&s, "does not name uid 3002");
	story_close(&s);
	story_open(&s, PLAIN);
	break_glass(&s, &s.debt, &s.alice);
	break_glass(&s, &s.next, &s.dave); /* whom it names, with the first not reviewed */
	assert_story(&s, "was not reviewed");
	story_close(&s);
	story_open(&s, PLAIN);
	break_glass(&s, &s.debt, &s.alice);
	put_glass(&s, &s.debt, &s.alice);
	assert_story(&s, "was broken already");
	story_close(&s);
}

/* A debt ends when it is reviewed, and not otherwise. Kills: taking the event of any request that ends for it. */
static void test_a105_a_debt_does_not_go_away(void **state)
{
	static const enum cs_event_kind kinds[] = { CS_EVENT_CANCELLED, CS_EVENT_EXPIRED, CS_EVENT_REJECTED };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(kinds); i++) {
		struct story s;

		story_open(&s, PLAIN);
		break_glass(&s, &s.debt, &s.alice);
		scribe_plain(&s.scribe, &s.debt, kinds[i], CS_DENY);
		assert_story(&s, "is the review of a break-glass, which ends when two others approved it");
		story_close(&s);
	}
}

/* Reviewers agreed that it was all right; not that this is run. Kills: not looking at what the review asks for. */
static void test_a105_a_review_of_something_else(void **state)
{
	struct story s;

	(void)state;
	story_open(&s, PLAIN);
	debt_make(&s, &s.debt, &s.alice);
	s.debt.request.action = s.asked.request.action;
	put_debt(&s, &s.debt, &s.alice);
	assert_story(&s, "is no review");
	story_close(&s);
}

/* --- Terms -------------------------------------------------------------------------------------------------------- */

/* Where nothing is recorded of who asked, the terms are checked all the same. Kills: going on before terms_hold. */
static void test_a110_easier_terms_of_somebody_unknown(void **state)
{
	static const char *const says[] = { "may be used more often", "takes the requester's own vote",
		"waits longer", "may be used longer", "asks for less than the signatures" };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(says); i++) {
		struct story s;

		story_open(&s, i == 4 ? SIGNED : PLAIN);
		s.asked.request.uses = i == 0 ? 2 : 1;
		s.asked.request.self_approval = i == 1;
		s.asked.request.lifetime_ms += i == 2;
		s.asked.request.use_within_ms += i == 3;
		put_debt(&s, &s.asked, &s.alice); /* which records nothing of her */
		assert_story(&s, says[i]);
		story_close(&s);
	}
}

static void test_a110_a_gate_that_is_none(void **state)
{
	struct story s;

	(void)state;
	story_open(&s, PLAIN);
	s.asked.request.gate = scribe_word("another");
	put_debt(&s, &s.asked, &s.alice);
	assert_story(&s, "has no gate another");
	story_close(&s);
}

/* --- Signatures --------------------------------------------------------------------------------------------------- */

/* What is wrong with the story of one signed vote that was enough. */
enum wrong { NOTHING, OVER, REVOKED, OTHER_TITLE };

static void signed_story(enum wrong wrong, const char *says)
{
	char *others[] = { scribe_word("SHA256:another") };
	struct scribe_key bob;
	struct cs_approval vote;
	struct story s;

	story_open(&s, SIGNED);
	scribe_key_open(&bob, &s.bob);
	s.asked.request.assurance = scribe_word("signature");
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	vote = scribe_approval(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	scribe_sign(&bob, &s.scribe, 5 * MINUTE, &vote);
	if (wrong == OTHER_TITLE)
		vote.assurance = scribe_word("ssh-ed25519 SHA256:another");
	scribe_put_vote(&s.scribe, &s.asked, &vote, &s.bob.facts);
	scribe_keep_vote(&s.asked, &vote, &s.bob.facts);
	if (wrong != OTHER_TITLE) {
		scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_APPROVED);
		s.scribe.wall_ms += wrong == OVER ? 5 * MINUTE + 1 : 0;
		if (wrong == REVOKED)
			s.asked.voters[0].person.keys = others;
		scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	}
	assert_story(&s, says);
	scribe_key_close(&bob);
	story_close(&s);
}

/* Kills: counting a vote at the claim without its signature's time, or without its key. */
static void test_a127_signatures_stand_when_they_are_used(void **state)
{
	(void)state;
	signed_story(NOTHING, NULL);
	signed_story(OVER, "the signature of bob was over");
	signed_story(REVOKED, "the key that signed for bob is not one of bob's any more");
	signed_story(OTHER_TITLE, "says that it was signed with another key");
}

/* The policy that is in force when somebody votes asks for signatures. Kills: asking only the request. */
static void test_a120_unsigned_under_a_policy_that_wants_signatures(void **state)
{
	struct story s;

	(void)state;
	story_open(&s, PLAIN);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	scribe_policy(&s.scribe, SIGNED, 0, 0);
	scribe_vote(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	assert_story(&s, "the vote of bob is not signed, and had to be");
	story_close(&s);
}

/* … and so does the one that is in force when the votes are counted. Kills: counting votes as they were cast. */
static void test_a120_unsigned_when_the_policy_came_to_want_signatures(void **state)
{
	struct story s;

	(void)state;
	story_open(&s, PLAIN);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	scribe_vote(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_APPROVED);
	scribe_policy(&s.scribe, SIGNED, 0, 0);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	assert_story(&s, "the vote of bob is not signed, and had to be");
	story_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a105_an_honest_break_glass),
		cmocka_unit_test(test_a105_permitted_without_the_event_that_says_it),
		cmocka_unit_test(test_a105_permitted_after_its_time),
		cmocka_unit_test(test_a105_broken_at_another_time),
		cmocka_unit_test(test_a105_broken_by_another_or_twice),
		cmocka_unit_test(test_a105_a_debt_does_not_go_away),
		cmocka_unit_test(test_a105_a_review_of_something_else),
		cmocka_unit_test(test_a110_easier_terms_of_somebody_unknown),
		cmocka_unit_test(test_a110_a_gate_that_is_none),
		cmocka_unit_test(test_a127_signatures_stand_when_they_are_used),
		cmocka_unit_test(test_a120_unsigned_under_a_policy_that_wants_signatures),
		cmocka_unit_test(test_a120_unsigned_when_the_policy_came_to_want_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
