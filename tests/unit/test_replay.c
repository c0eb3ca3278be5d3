/* SPDX-License-Identifier: Apache-2.0 */
/* The record replayed: an honest one is whole, and whatever somebody who knows the chain's formula puts down instead is
 * found (A110, A131, A132). Each test of a forgery tells one honest story, changes one thing in it and computes the chain
 * anew; without the check that it names, nothing would be wrong with it. */
#include "scribe_key.h"

#define RIGHTS \
	"permission deploy { } permission approve { } permission login { }\n" \
	"role deployer { permissions = deploy }\n" \
	"role checker { permissions = approve }\n" \
	"assignment deployers { role = deployer scope = \"*\" group = \"cn=deployers,ou=g\" listed = member }\n" \
	"assignment checkers { role = checker scope = \"*\" group = \"cn=checkers,ou=g\" listed = member }\n" \
	"assignment chiefs { role = deployer scope = \"*\" group = \"cn=chiefs,ou=g\" listed = member }\n"
#define GATE \
	"gate deploy { service = sudo command = \"/bin/deploy *\" permission = deploy\n" \
	"  approval check { count = 2 permission = approve }\n" \
	"  exempt chief { group = \"cn=chiefs,ou=g\" listed = member } lifetime = 2h }\n"
#define LOGIN "gate free { service = login permission = deploy }\n service su { unmatched = permit }\n"
#define POLICY RIGHTS GATE LOGIN
#define EASIER RIGHTS \
	"gate deploy { service = sudo command = \"/bin/deploy *\" permission = deploy\n" \
	"  approval check { count = 1 permission = approve } }\n" LOGIN

#define LAZY RIGHTS \
	"gate deploy { service = sudo command = \"/bin/deploy *\" permission = deploy objections = 1h lifetime = 2h\n" \
	"  approval check { count = 1 permission = approve } }\n" LOGIN
#define OFTEN RIGHTS \
	"gate deploy { service = sudo command = \"/bin/deploy *\" permission = deploy uses = 3\n" \
	"  approval check { count = 2 permission = approve } }\n" LOGIN
#define HASTY RIGHTS \
	"gate deploy { service = sudo command = \"/bin/deploy *\" permission = deploy use_within = 2m\n" \
	"  approval check { count = 2 permission = approve } }\n" LOGIN
#define STAGED RIGHTS \
	"gate deploy { service = sudo command = \"/bin/deploy *\" permission = deploy\n" \
	"  approval check { count = 1 permission = approve }\n" \
	"  approval chief { count = 1 stage = 2 group = \"cn=chiefs,ou=g\" listed = member } }\n" LOGIN

struct story {
	struct scribe scribe;
	struct member alice, bob, carol, dave, erin;
	struct scribed asked, other;
};

static void story_open(struct story *s)
{
	memset(s, 0, sizeof(*s));
	scribe_open(&s->scribe, POLICY);
	member_make(&s->alice, "alice", 1);
	member_make(&s->bob, "bob", 2);
	member_make(&s->carol, "carol", 3);
	member_make(&s->dave, "dave", 4);
	member_make(&s->erin, "erin", 5);
	member_join(&s->alice, s->scribe.policy, "deployers");
	member_join(&s->bob, s->scribe.policy, "checkers");
	member_join(&s->carol, s->scribe.policy, "checkers");
	member_join(&s->erin, s->scribe.policy, "chiefs");
	scribe_request(&s->scribe, &s->asked, &s->alice, "deploy", "tomcat");
}

/* Asked by alice, approved by bob and carol. */
static void story_approve(struct story *s)
{
	scribe_ask(&s->scribe, &s->asked, &s->alice);
	scribe_vote(&s->scribe, &s->asked, &s->bob, CS_VOTE_APPROVE);
	s->scribe.wall_ms += 1000;
	scribe_vote(&s->scribe, &s->asked, &s->carol, CS_VOTE_APPROVE);
	scribe_decide(&s->scribe, &s->asked, &s->alice, CS_EVENT_APPROVED);
}

static void story_close(struct story *s)
{
	scribe_forget(&s->asked);
	scribe_forget(&s->other);
	scribe_close(&s->scribe);
}

static int text_of(void *arg, const uint8_t digest[CS_DIGEST_LEN], char **ret_text)
{
	static const char *const texts[] = { POLICY, EASIER, LAZY, OFTEN, STAGED, HASTY };
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

static int feed(struct cs_replay *replay, const struct scribe *scribe, size_t from)
{
	int r = 0;

	for (size_t i = from; r == 0 && i < scribe->n; i++)
		r = cs_replay_next(replay, &scribe->records[i]);
	return r == 0 ? cs_replay_end(replay, scribe->head) : r;
}

static void assert_whole(const struct story *s, uint64_t permits)
{
	struct cs_replay_sums sums;
	struct cs_replay *replay = NULL;
	int r = 0;

	assert_int_equal(cs_replay_new(text_of, NULL, &replay), 0);
	r = feed(replay, &s->scribe, 0);
	if (r != 0)
		fail_msg("event %llu: %s", (unsigned long long)cs_replay_bad(replay), cs_replay_why(replay));
	cs_replay_sum(replay, &sums);
	assert_int_equal(sums.permits, permits);
	assert_int_equal(sums.events, s->scribe.n);
	assert_int_equal(sums.head_number, s->scribe.head);
	cs_replay_free(&replay);
}

/* The last event is the first that is wrong, and why says this; whatever is fed afterwards changes nothing. */
static void assert_forged(const struct story *s, const char *says)
{
	struct cs_replay *replay = NULL;

	assert_int_equal(cs_replay_new(text_of, NULL, &replay), 0);
	assert_int_equal(feed(replay, &s->scribe, 0), CS_ECORRUPT);
	if (!strstr(cs_replay_why(replay), says) || cs_replay_bad(replay) != s->scribe.head)
		fail_msg("event %llu: %s", (unsigned long long)cs_replay_bad(replay), cs_replay_why(replay));
	assert_int_equal(cs_replay_next(replay, &s->scribe.records[0]), CS_ECORRUPT);
	cs_replay_free(&replay);
}

/* --- Honest ------------------------------------------------------------------------------------------------------- */

static void test_replay_derives_an_honest_record(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	story_approve(&s);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	scribe_plain(&s.scribe, &s.asked, CS_EVENT_CONFIRMED, CS_PERMIT);
	scribe_start(&s.scribe);
	scribe_request(&s.scribe, &s.other, &s.erin, "deploy", "httpd");
	scribe_permit(&s.scribe, &s.other, &s.erin, CS_WHY_EXEMPT);
	scribe_request(&s.scribe, &s.other, &s.alice, "deploy", "httpd");
	scribe_ask(&s.scribe, &s.other, &s.alice);
	scribe_plain(&s.scribe, &s.other, CS_EVENT_CANCELLED, CS_DENY);
	assert_whole(&s, 2);
	story_close(&s);
}

static void test_replay_follows_votes_that_are_changed_and_taken_back(void **state)
{
	struct cs_approval back;
	struct story s;

	(void)state;
	story_open(&s);
	story_approve(&s);
	back = scribe_approval(&s.scribe, &s.asked, &s.bob, CS_VOTE_WITHDRAW);
	scribe_put_vote(&s.scribe, &s.asked, &back, &s.bob.facts);
	scribe_plain(&s.scribe, &s.asked, CS_EVENT_REOPENED, CS_HOLD);
	free(back.rules);
	free(s.asked.votes[0].rules);
	s.asked.votes[0] = s.asked.votes[1];
	s.asked.voters[0] = s.asked.voters[1];
	s.asked.n_votes = 1;
	scribe_vote(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_APPROVED);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	assert_whole(&s, 1);
	story_close(&s);
}

static void test_replay_follows_a_change_of_the_policy(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	scribe_vote(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	scribe_policy(&s.scribe, EASIER, 0, 0);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_APPROVED);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	assert_whole(&s, 1);
	story_close(&s);
}

/* --- Forged ------------------------------------------------------------------------------------------------------- */

static void test_a110_vote_by_somebody_not_entitled(void **state)
{
	static char check[] = "check";
	char *rules[] = { check };
	struct cs_approval vote;
	struct story s;

	(void)state;
	story_open(&s);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	vote = vote_of(&s.dave, CS_VOTE_APPROVE);
	memcpy(vote.digest, s.asked.digest, CS_DIGEST_LEN);
	vote.rules = rules;
	vote.n_rules = 1;
	scribe_put_vote(&s.scribe, &s.asked, &vote, &s.dave.facts);
	assert_forged(&s, "dave could not fill rule check");
	story_close(&s);
}

static void test_a110_vote_with_the_facts_of_another(void **state)
{
	struct cs_approval vote;
	struct story s;

	(void)state;
	story_open(&s);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	vote = scribe_approval(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	vote.person = s.dave.facts.person;
	scribe_put_vote(&s.scribe, &s.asked, &vote, &s.bob.facts);
	assert_forged(&s, "by another person than is recorded");
	free(vote.rules);
	story_close(&s);
}

static void test_a110_vote_by_the_requester(void **state)
{
	struct cs_approval vote;
	struct story s;

	(void)state;
	story_open(&s);
	member_join(&s.alice, s.scribe.policy, "checkers");
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	vote = scribe_approval(&s.scribe, &s.asked, &s.alice, CS_VOTE_APPROVE);
	vote.self = true;
	scribe_put_vote(&s.scribe, &s.asked, &vote, &s.alice.facts);
	assert_forged(&s, "alice asked for it, and voted");
	free(vote.rules);
	story_close(&s);
}

static void test_a110_vote_moved_to_another_request(void **state)
{
	struct cs_approval vote;
	struct story s;

	(void)state;
	story_open(&s);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	scribe_request(&s.scribe, &s.other, &s.alice, "deploy", "httpd");
	scribe_ask(&s.scribe, &s.other, &s.alice);
	vote = scribe_approval(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	scribe_put_vote(&s.scribe, &s.other, &vote, &s.bob.facts);
	assert_forged(&s, "the vote of bob is about another request");
	free(vote.rules);
	story_close(&s);
}

static void test_a110_approved_without_the_votes(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	scribe_vote(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_APPROVED);
	assert_forged(&s, "decided again it is hold (needs-approval)");
	story_close(&s);
}

/* Votes that nobody recorded, in the grounds alone. */
static void test_a110_approved_by_votes_that_were_not_cast(void **state)
{
	struct cs_approval vote;
	struct story s;

	(void)state;
	story_open(&s);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	scribe_vote(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	vote = scribe_approval(&s.scribe, &s.asked, &s.carol, CS_VOTE_APPROVE);
	scribe_keep_vote(&s.asked, &vote, &s.carol.facts);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_APPROVED);
	assert_forged(&s, "decided from 2 voters, and 1 votes stand");
	story_close(&s);
}

static void test_a110_claimed_without_approval(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	scribe_vote(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	assert_forged(&s, "request 1 is not approved");
	story_close(&s);
}

static void test_a110_claimed_twice(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	story_approve(&s);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	assert_forged(&s, "request 1, which is not open any more");
	story_close(&s);
}

static void test_a110_claimed_after_it_was_closed(void **state)
{
	static const enum cs_event_kind closed[] = { CS_EVENT_CANCELLED, CS_EVENT_REJECTED, CS_EVENT_EXPIRED };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(closed); i++) {
		struct story s;

		story_open(&s);
		story_approve(&s);
		scribe_plain(&s.scribe, &s.asked, closed[i], CS_DENY);
		scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
		assert_forged(&s, "request 1, which is not open any more");
		story_close(&s);
	}
}

static void test_a110_claimed_after_a_vote_was_taken_back(void **state)
{
	struct cs_approval back;
	struct story s;

	(void)state;
	story_open(&s);
	story_approve(&s);
	back = scribe_approval(&s.scribe, &s.asked, &s.bob, CS_VOTE_WITHDRAW);
	scribe_put_vote(&s.scribe, &s.asked, &back, &s.bob.facts);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	assert_forged(&s, "decided from 2 voters, and 1 votes stand");
	free(back.rules);
	story_close(&s);
}

static void test_a110_claimed_when_its_time_was_over(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	story_approve(&s);
	s.scribe.wall_ms += s.asked.request.use_within_ms;
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	assert_forged(&s, "the time to use the approval was over");
	story_close(&s);
}

static void test_a110_approved_when_its_time_was_over(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	scribe_vote(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	scribe_vote(&s.scribe, &s.asked, &s.carol, CS_VOTE_APPROVE);
	s.scribe.wall_ms += s.asked.request.lifetime_ms;
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_APPROVED);
	assert_forged(&s, "the time of request 1 was over");
	story_close(&s);
}

static void test_a110_claimed_by_a_requester_who_lost_the_right(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	story_approve(&s);
	s.alice.facts.n_memberships = 0;
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	assert_forged(&s, "decided again it is deny (no-permission)");
	story_close(&s);
}

static void test_a110_claimed_with_the_facts_of_another(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	story_approve(&s);
	scribe_decide(&s.scribe, &s.asked, &s.erin, CS_EVENT_CLAIMED);
	assert_forged(&s, "decided again it is deny (requester-lost)");
	story_close(&s);
}

static void test_a110_request_changed_after_it_was_approved(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	story_approve(&s);
	s.asked.argv[1] = scribe_word("everything");
	scribe_digest(&s.asked);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	assert_forged(&s, "names another digest than request 1 has");
	story_close(&s);
}

/* The body says another thing than the digest that the event names and that was voted on. */
static void test_a110_request_whose_digest_is_not_its_own(void **state)
{
	struct cs_requested_body body = { 0 };
	struct cs_event event;
	struct story s;

	(void)state;
	story_open(&s);
	scribe_digest(&s.asked);
	event = scribe_event(&s.asked, CS_EVENT_REQUESTED, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	scribe_by(&event, &s.alice.facts.person);
	body.request = s.asked.request;
	body.request.reason = scribe_word("another");
	scribe_put(&s.scribe, &event, &cs_requested_body_shape, &body);
	assert_forged(&s, "not what its digest says");
	story_close(&s);
}

static void test_a110_request_with_easier_terms_than_its_gate(void **state)
{
	static const char *const says[] = { "may be used more often", "takes the requester's own vote",
		"waits longer", "may be used longer", "waits for objections otherwise" };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(says); i++) {
		struct cs_request *request = NULL;
		struct story s;

		story_open(&s);
		request = &s.asked.request;
		request->uses = i == 0 ? 2 : 1;
		request->self_approval = i == 1;
		request->lifetime_ms += i == 2;
		request->use_within_ms += i == 3;
		request->objection_ms = i == 4 ? 1 : 0;
		scribe_ask(&s.scribe, &s.asked, &s.alice);
		assert_forged(&s, says[i]);
		story_close(&s);
	}
}

static void test_a110_request_of_another_gate(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	s.asked.request.action.service = scribe_word("login");
	s.asked.request.action.command = scribe_word("");
	s.asked.request.action.n_argv = 0;
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	assert_forged(&s, "does not lead what was asked to gate deploy");
	story_close(&s);
}

static void test_a110_permitted_by_a_right_that_is_not_held(void **state)
{
	static const enum cs_reason reasons[] = { CS_WHY_HAS_RIGHT, CS_WHY_EXEMPT, CS_WHY_AUTOMATIC,
		CS_WHY_APPROVED, CS_WHY_UNGUARDED, CS_WHY_ROOT, CS_WHY_BREAK_GLASS, CS_WHY_NONE };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(reasons); i++) {
		struct story s;

		story_open(&s);
		scribe_permit(&s.scribe, &s.asked, &s.alice, reasons[i]);
		assert_forged(&s, "");
		story_close(&s);
	}
}

/* What sudo's group plugin was told: the role stands where else the target is (permitted_right). */
static void permit_role(struct story *s, const char *role)
{
	struct cs_permitted_body body = { .subject = s->asked.request.subject, .scope = scribe_word("*") };
	struct cs_event event = { .kind = CS_EVENT_PERMITTED, .verdict = CS_PERMIT, .reason = CS_WHY_HAS_RIGHT };
	struct cs_sought sought = { .role = "deployer", .scope = "*" };

	body.action.target_name = scribe_word(role);
	scribe_by(&event, &s->alice.facts.person);
	assert_int_equal(cs_grounds_freeze_right(s->scribe.policy, &s->alice.facts, &sought, 1, &body.grounds), 0);
	body.grounds.boot = cs_dup(s->scribe.boot);
	body.grounds.boot_ms = scribe_boot_ms(&s->scribe);
	scribe_put(&s->scribe, &event, &cs_permitted_body_shape, &body);
	cs_clear(&cs_grounds_shape, &body.grounds);
}

static void test_a110_permitted_by_a_role(void **state)
{
	static const char *const others[] = { "checker", "deploy" }; /* the second is a permission that is held */
	char says[64];

	(void)state;
	for (size_t i = 0; i < CS_COUNT(others); i++) {
		struct story s;

		story_open(&s);
		permit_role(&s, "deployer");
		assert_whole(&s, 1);
		permit_role(&s, others[i]);
		(void)snprintf(says, sizeof(says), "the role %s in * is not held", others[i]);
		assert_forged(&s, says);
		story_close(&s);
	}
}

static void test_a110_permitted_by_the_facts_of_another(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	scribe_request(&s.scribe, &s.other, &s.dave, "deploy", "httpd");
	s.dave.facts.memberships[0] = s.erin.facts.memberships[0];
	s.dave.facts.n_memberships = 1;
	scribe_permit(&s.scribe, &s.other, &s.dave, CS_WHY_EXEMPT);
	assert_whole(&s, 1); /* with dave's own facts it is derived … */
	s.dave.facts.person = s.erin.facts.person;
	scribe_permit(&s.scribe, &s.other, &s.dave, CS_WHY_EXEMPT);
	assert_forged(&s, "another uid was permitted than asked"); /* … and with erin's it is not */
	story_close(&s);
}

static void test_a110_another_policy(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	scribe_vote(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	/* nobody put it in force */
	s.scribe.past[s.scribe.n_past++] = s.scribe.policy = committee_parse(EASIER);
	assert_int_equal(cs_digest(CS_DOMAIN_POLICY, EASIER, strlen(EASIER), s.scribe.digest), 0);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_APPROVED);
	assert_forged(&s, "another policy than the one that was put in force last");
	story_close(&s);
}

static void test_a110_policy_put_in_force_by_somebody(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	scribe_policy(&s.scribe, EASIER, 3001, 0);
	assert_forged(&s, "nothing before it lets uid 3001");
	story_close(&s);
	story_open(&s);
	scribe_policy(&s.scribe, EASIER, 3001, 7);
	assert_forged(&s, "nothing before it lets uid 3001");
	story_close(&s);
}

static void test_a110_policy_whose_text_nobody_has(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	scribe_policy(&s.scribe, RIGHTS GATE, 0, 0);
	assert_forged(&s, "nobody told the text of the policy");
	story_close(&s);
}

static void test_a110_request_number_twice(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	scribe_plain(&s.scribe, &s.asked, CS_EVENT_CANCELLED, CS_DENY);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	assert_forged(&s, "request 1 comes after request 1");
	story_close(&s);
}

static void test_a110_permit_of_a_kind_that_permits_nothing(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	scribe_plain(&s.scribe, &s.asked, CS_EVENT_PARKED, CS_PERMIT);
	assert_forged(&s, "it says permit, which a parked event never does");
	story_close(&s);
	story_open(&s);
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	scribe_plain(&s.scribe, &s.asked, CS_EVENT_CONFIRMED, CS_PERMIT);
	assert_forged(&s, "was not released before");
	story_close(&s);
}

static void test_a110_bodies_that_are_none(void **state)
{
	static const enum cs_event_kind kinds[] = { CS_EVENT_POLICY, CS_EVENT_PERMITTED, CS_EVENT_REQUESTED,
		CS_EVENT_VOTED, CS_EVENT_APPROVED, CS_EVENT_ARCHIVED, CS_EVENT_START };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(kinds); i++) {
		struct story s;

		story_open(&s);
		scribe_ask(&s.scribe, &s.asked, &s.alice);
		scribe_plain(&s.scribe, &s.asked, kinds[i], CS_DENY);
		assert_forged(&s, "its body is none");
		story_close(&s);
	}
}

static void test_a110_votes_of_one_human(void **state)
{
	struct cs_approval vote;
	struct story s;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		story_open(&s);
		scribe_ask(&s.scribe, &s.asked, &s.alice);
		scribe_vote(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
		vote = scribe_approval(&s.scribe, &s.asked, &s.carol, CS_VOTE_APPROVE);
		vote.login_uid = i == 0 ? s.bob.facts.person.uid : i == 1 ? s.alice.facts.person.uid : CS_NO_UID;
		if (i == 2) {
			(void)snprintf(s.carol.human, sizeof(s.carol.human), "7");
			(void)snprintf(s.bob.human, sizeof(s.bob.human), "7");
			/* bob's vote is on record without that; the next request knows it */
			scribe_forget(&s.asked);
			scribe_request(&s.scribe, &s.asked, &s.alice, "deploy", "httpd");
			scribe_ask(&s.scribe, &s.asked, &s.alice);
			scribe_vote(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
			memcpy(vote.digest, s.asked.digest, CS_DIGEST_LEN);
		}
		scribe_put_vote(&s.scribe, &s.asked, &vote, &s.carol.facts);
		assert_forged(&s, i == 1 ? "carol asked for it, and voted" : "carol voted already, as bob");
		free(vote.rules);
		story_close(&s);
	}
}

/* What was approved for ten minutes may be used for two where the policy in force says so. Kills believing the request. */
static void test_a087_used_longer_than_the_policy_of_now_lets(void **state)
{
	static const uint64_t waits[] = { 2 * 60 * 1000 - 1, 2 * 60 * 1000 };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(waits); i++) {
		struct story s;

		story_open(&s);
		assert_true(s.asked.request.use_within_ms > 2 * 60 * 1000);
		story_approve(&s);
		scribe_policy(&s.scribe, HASTY, 0, 0);
		s.scribe.wall_ms += waits[i];
		scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
		if (i == 0)
			assert_whole(&s, 1);
		else
			assert_forged(&s, "the time to use the approval was over");
		story_close(&s);
	}
}

/* Stages: which rules were open when a vote was cast follows from the votes before it. carol could fill both. */
static void story_open_staged(struct story *s)
{
	story_open(s);
	scribe_policy(&s->scribe, STAGED, 0, 0);
	member_join(&s->carol, s->scribe.policy, "chiefs");
	scribe_forget(&s->asked);
	scribe_request(&s->scribe, &s->asked, &s->alice, "deploy", "tomcat");
	scribe_ask(&s->scribe, &s->asked, &s->alice);
}

static void test_replay_follows_stages(void **state)
{
	struct story s;

	(void)state;
	story_open_staged(&s);
	scribe_vote(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	scribe_vote(&s.scribe, &s.asked, &s.carol, CS_VOTE_APPROVE);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_APPROVED);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	assert_whole(&s, 1);
	story_close(&s);
}

/* For the second stage before anybody filled the first; after nobody but himself had; and with a voter before it who is
 * none of those whose votes stand. Kills believing the rules that a vote says it was cast for. */
static void test_a110_votes_out_of_their_order(void **state)
{
	struct cs_approval vote;
	struct story s;

	(void)state;
	story_open_staged(&s);
	scribe_vote(&s.scribe, &s.asked, &s.carol, CS_VOTE_APPROVE);
	assert_forged(&s, "rule chief was not open to carol yet");
	story_close(&s);

	story_open_staged(&s);
	vote = scribe_approval(&s.scribe, &s.asked, &s.carol, CS_VOTE_APPROVE);
	vote.n_rules = 1;
	scribe_put_vote(&s.scribe, &s.asked, &vote, &s.carol.facts);
	assert_whole(&s, 0);
	scribe_keep_vote(&s.asked, &vote, &s.carol.facts);
	vote.n_rules = 2;
	scribe_put_vote(&s.scribe, &s.asked, &vote, &s.carol.facts);
	assert_forged(&s, "rule chief was not open to carol yet");
	story_close(&s);

	story_open_staged(&s);
	vote = scribe_approval(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	scribe_keep_vote(&s.asked, &vote, &s.bob.facts);
	vote = scribe_approval(&s.scribe, &s.asked, &s.carol, CS_VOTE_APPROVE);
	scribe_put_vote(&s.scribe, &s.asked, &vote, &s.carol.facts);
	assert_forged(&s, "the vote of carol was cast after 1 others, and 0 votes stood");
	free(vote.rules);
	story_close(&s);
}

/* Lazy consensus: who could object is listed; nobody did. */
static void be_silent(struct story *s, enum cs_event_kind kind, uint64_t elapsed_ms)
{
	struct cs_event event = scribe_event(&s->asked, kind, CS_PERMIT, CS_WHY_NO_OBJECTION);
	struct member *people[] = { &s->bob, &s->carol };
	struct listing listing;
	size_t of_rule[] = { 1 };
	struct cs_case what;
	struct cs_grounds grounds = { 0 };

	s->scribe.wall_ms += elapsed_ms - scribe_elapsed(&s->scribe, &s->asked.request);
	what = scribe_case(&s->scribe, &s->asked, &s->alice.facts);
	listing_make(&listing, people, 2);
	what.listings = &listing.listing;
	what.listings_of_rule = of_rule;
	assert_int_equal(cs_grounds_freeze(&what, NULL, 0, &grounds), 0);
	scribe_put(&s->scribe, &event, &cs_grounds_shape, &grounds);
	cs_clear(&cs_grounds_shape, &grounds);
}

enum { OBJECTIONS_MS = 60 * 60 * 1000 };

static void lazy_open(struct story *s)
{
	story_open(s);
	scribe_policy(&s->scribe, LAZY, 0, 0);
	scribe_request(&s->scribe, &s->asked, &s->alice, "deploy", "tomcat");
	assert_int_equal(s->asked.request.objection_ms, OBJECTIONS_MS);
	scribe_ask(&s->scribe, &s->asked, &s->alice);
}

static void tell(struct story *s, enum cs_event_kind kind, const char *first, const char *second)
{
	char *names[] = { scribe_word(first), scribe_word(second) };
	struct cs_told_body body = { .recipients = names, .n_recipients = second ? 2 : 1 };
	struct cs_event event = scribe_event(&s->asked, kind, CS_HOLD, CS_WHY_NEEDS_APPROVAL);

	scribe_put(&s->scribe, &event, &cs_told_body_shape, &body);
}

/* Silence of people who were not told: nobody; others than those who could object; and one who was to be told and was not.
 * Kills believing the daemon that they were. */
static void test_a110_silence_of_people_who_were_not_told(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct story s;

		lazy_open(&s);
		if (i > 0)
			tell(&s, CS_EVENT_TOLD, i == 1 ? "dave" : "bob", NULL);
		if (i > 1)
			tell(&s, CS_EVENT_UNTOLD, "carol", NULL);
		be_silent(&s, CS_EVENT_APPROVED, OBJECTIONS_MS);
		assert_forged(&s, "not everybody who could object to request 2 was told of it");
		story_close(&s);
	}
}

static void test_replay_follows_who_was_told_later(void **state)
{
	struct story s;

	(void)state;
	lazy_open(&s);
	tell(&s, CS_EVENT_TOLD, "bob", NULL);
	tell(&s, CS_EVENT_UNTOLD, "carol", "dave");
	tell(&s, CS_EVENT_TOLD, "dave", "carol");
	be_silent(&s, CS_EVENT_APPROVED, OBJECTIONS_MS);
	assert_whole(&s, 0);
	story_close(&s);
}

static void test_replay_derives_that_nobody_objected(void **state)
{
	struct story s;

	(void)state;
	lazy_open(&s);
	tell(&s, CS_EVENT_TOLD, "bob", "carol");
	be_silent(&s, CS_EVENT_APPROVED, OBJECTIONS_MS);
	be_silent(&s, CS_EVENT_CLAIMED, OBJECTIONS_MS + 1);
	assert_whole(&s, 1);
	story_close(&s);
}

static void test_a110_silence_that_was_none(void **state)
{
	struct story s;

	(void)state;
	lazy_open(&s); /* too short */
	be_silent(&s, CS_EVENT_APPROVED, OBJECTIONS_MS - 1);
	assert_forged(&s, "decided again it is hold");
	story_close(&s);
	lazy_open(&s); /* somebody objected */
	scribe_vote(&s.scribe, &s.asked, &s.bob, CS_VOTE_REJECT);
	be_silent(&s, CS_EVENT_APPROVED, OBJECTIONS_MS);
	assert_forged(&s, "decided again it is");
	story_close(&s);
	story_open(&s); /* asked without it: a policy that came later brought it */
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	scribe_policy(&s.scribe, LAZY, 0, 0);
	be_silent(&s, CS_EVENT_APPROVED, OBJECTIONS_MS);
	assert_forged(&s, "the time for objections to request 1 was not over");
	story_close(&s);
}

static void test_a110_used_more_often_than_the_policy_of_now_lets(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	scribe_policy(&s.scribe, OFTEN, 0, 0);
	scribe_request(&s.scribe, &s.asked, &s.alice, "deploy", "tomcat");
	s.asked.request.uses = 3;
	story_approve(&s);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	assert_whole(&s, 2);
	scribe_policy(&s.scribe, POLICY, 0, 0);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	assert_forged(&s, "does not let it be used once more");
	story_close(&s);
}

/* --- Signed votes ------------------------------------------------------------------------------------------------- */

/* What is wrong with the one signed vote of the story. */
enum wrong { NOTHING, UNSIGNED, OTHER_VOTE, OTHER_REQUEST, OTHER_KEY, TOO_LATE, LATER_HEAD, OTHER_HEAD, OTHER_TIME };

static void signed_story(enum wrong wrong, const char *says)
{
	struct scribe_key bob, other;
	struct cs_approval vote;
	struct story s;

	story_open(&s);
	scribe_key_open(&bob, &s.bob);
	scribe_key_open(&other, NULL);
	s.asked.request.assurance = scribe_word("signature");
	scribe_ask(&s.scribe, &s.asked, &s.alice);
	vote = scribe_approval(&s.scribe, &s.asked, &s.bob, CS_VOTE_APPROVE);
	vote.head_number = wrong == LATER_HEAD ? s.scribe.head + 1 : s.scribe.head;
	memcpy(vote.head_chain, s.scribe.chain, CS_DIGEST_LEN);
	vote.head_chain[0] ^= wrong == OTHER_HEAD;
	vote.vote = wrong == OTHER_VOTE ? CS_VOTE_REJECT : CS_VOTE_APPROVE;
	vote.digest[0] ^= wrong == OTHER_REQUEST;
	if (wrong != UNSIGNED)
		scribe_sign(wrong == OTHER_KEY ? &other : &bob, &s.scribe, 60000, &vote);
	vote.vote = CS_VOTE_APPROVE;
	vote.digest[0] ^= wrong == OTHER_REQUEST;
	vote.not_after_wall_ms += wrong == OTHER_TIME;
	s.scribe.wall_ms += wrong == TOO_LATE ? 60001 : 0;
	scribe_put_vote(&s.scribe, &s.asked, &vote, &s.bob.facts);
	if (wrong == NOTHING)
		assert_whole(&s, 0);
	else
		assert_forged(&s, says);
	free(vote.rules);
	scribe_key_close(&bob);
	scribe_key_close(&other);
	story_close(&s);
}

static void test_a110_votes_that_are_not_signed_rightly(void **state)
{
	(void)state;
	signed_story(NOTHING, "");
	signed_story(UNSIGNED, "the vote of bob is not signed, and had to be");
	signed_story(OTHER_VOTE, "the signature of bob is not one of this vote");
	signed_story(OTHER_REQUEST, "the signature of bob is not one of this vote");
	signed_story(OTHER_TIME, "the signature of bob is not one of this vote");
	signed_story(OTHER_KEY, "was not one of bob");
	signed_story(TOO_LATE, "signed for a time that was over");
	signed_story(LATER_HEAD, "which came later");
	signed_story(OTHER_HEAD, "the record was written anew");
}

/* --- Heads -------------------------------------------------------------------------------------------------------- */

static int replay_knowing(const struct story *s, uint64_t number, const uint8_t chain[CS_DIGEST_LEN], char why[512])
{
	struct cs_replay *replay = NULL;
	int r = 0;

	assert_int_equal(cs_replay_new(text_of, NULL, &replay), 0);
	assert_int_equal(cs_replay_know(replay, 1, s->scribe.records[0].chain, "the log, line 1"), 0);
	assert_int_equal(cs_replay_know(replay, number, chain, "bob's receipts"), 0);
	r = feed(replay, &s->scribe, 0);
	(void)snprintf(why, 512, "%s", cs_replay_why(replay));
	cs_replay_free(&replay);
	return r;
}

static void test_a131_heads_from_elsewhere(void **state)
{
	uint8_t other[CS_DIGEST_LEN];
	char why[512];
	struct story s;

	(void)state;
	story_open(&s);
	story_approve(&s);
	for (size_t i = 0; i < s.scribe.n; i++) {
		assert_int_equal(replay_knowing(&s, i + 1, s.scribe.records[i].chain, why), 0);
		memcpy(other, s.scribe.records[i].chain, sizeof(other));
		other[31] ^= 1;
		assert_int_equal(replay_knowing(&s, i + 1, other, why), CS_ECORRUPT);
		assert_non_null(strstr(why, "known from bob's receipts"));
	}
	assert_int_equal(replay_knowing(&s, s.scribe.n + 1, other, why), CS_ECORRUPT);
	assert_non_null(strstr(why, "is known from bob's receipts"));
	story_close(&s);
}

/* Cut off at its end, and the source itself says how long it should be. */
static void test_a131_cut_off(void **state)
{
	struct cs_replay *replay = NULL;
	struct story s;

	(void)state;
	story_open(&s);
	story_approve(&s);
	assert_int_equal(cs_replay_new(text_of, NULL, &replay), 0);
	for (size_t i = 0; i + 1 < s.scribe.n; i++)
		assert_int_equal(cs_replay_next(replay, &s.scribe.records[i]), 0);
	assert_int_equal(cs_replay_end(replay, s.scribe.head), CS_ECORRUPT);
	assert_int_equal(cs_replay_bad(replay), s.scribe.head);
	cs_replay_free(&replay);
	story_close(&s);
}

/* --- After what was moved out ------------------------------------------------------------------------------------- */

static int replay_after(const struct story *s, size_t cut, const uint8_t chain[CS_DIGEST_LEN], char why[512])
{
	struct cs_replay *replay = NULL;
	int r = 0;

	assert_int_equal(cs_replay_new(text_of, NULL, &replay), 0);
	cs_replay_after(replay, s->scribe.records[cut - 1].number, chain, false);
	r = feed(replay, &s->scribe, cut);
	(void)snprintf(why, 512, "%s", cs_replay_why(replay));
	cs_replay_free(&replay);
	return r;
}

static void test_replay_goes_on_after_a_segment(void **state)
{
	struct cs_event event = { .kind = CS_EVENT_ARCHIVED };
	struct cs_segment segment = { .first = 1 };
	char why[512];
	size_t cut = 0;
	struct story s;

	(void)state;
	story_open(&s);
	story_approve(&s);
	scribe_decide(&s.scribe, &s.asked, &s.alice, CS_EVENT_CLAIMED);
	cut = s.scribe.n;
	scribe_request(&s.scribe, &s.other, &s.erin, "deploy", "httpd");
	scribe_permit(&s.scribe, &s.other, &s.erin, CS_WHY_EXEMPT);
	/* nobody says that anything was moved out */
	assert_int_equal(replay_after(&s, cut, s.scribe.records[cut - 1].chain, why), CS_ECORRUPT);
	assert_non_null(strstr(why, "no event says that it was moved out"));
	segment.last = s.scribe.records[cut - 1].number;
	memcpy(segment.chain, s.scribe.records[cut - 1].chain, CS_DIGEST_LEN);
	scribe_put(&s.scribe, &event, &cs_segment_shape, &segment);
	assert_int_equal(replay_after(&s, cut, s.scribe.records[cut - 1].chain, why), 0);
	assert_whole(&s, 2); /* and the whole, as if nothing had been cut */
	/* another past before the same rest */
	assert_int_equal(replay_after(&s, cut, s.scribe.records[cut - 2].chain, why), CS_ECORRUPT);
	story_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_derives_an_honest_record),
		cmocka_unit_test(test_replay_follows_votes_that_are_changed_and_taken_back),
		cmocka_unit_test(test_replay_follows_a_change_of_the_policy),
		cmocka_unit_test(test_a110_vote_by_somebody_not_entitled),
		cmocka_unit_test(test_a110_vote_with_the_facts_of_another),
		cmocka_unit_test(test_a110_vote_by_the_requester),
		cmocka_unit_test(test_a110_vote_moved_to_another_request),
		cmocka_unit_test(test_a110_approved_without_the_votes),
		cmocka_unit_test(test_a110_approved_by_votes_that_were_not_cast),
		cmocka_unit_test(test_a110_claimed_without_approval),
		cmocka_unit_test(test_a110_claimed_twice),
		cmocka_unit_test(test_a110_claimed_after_it_was_closed),
		cmocka_unit_test(test_a110_claimed_after_a_vote_was_taken_back),
		cmocka_unit_test(test_a110_claimed_when_its_time_was_over),
		cmocka_unit_test(test_a110_approved_when_its_time_was_over),
		cmocka_unit_test(test_a110_claimed_by_a_requester_who_lost_the_right),
		cmocka_unit_test(test_a110_claimed_with_the_facts_of_another),
		cmocka_unit_test(test_a110_request_changed_after_it_was_approved),
		cmocka_unit_test(test_a110_request_whose_digest_is_not_its_own),
		cmocka_unit_test(test_a110_request_with_easier_terms_than_its_gate),
		cmocka_unit_test(test_a110_request_of_another_gate),
		cmocka_unit_test(test_a110_permitted_by_a_right_that_is_not_held),
		cmocka_unit_test(test_a110_permitted_by_a_role),
		cmocka_unit_test(test_a110_permitted_by_the_facts_of_another),
		cmocka_unit_test(test_a110_another_policy),
		cmocka_unit_test(test_a110_policy_put_in_force_by_somebody),
		cmocka_unit_test(test_a110_policy_whose_text_nobody_has),
		cmocka_unit_test(test_a110_request_number_twice),
		cmocka_unit_test(test_a110_permit_of_a_kind_that_permits_nothing),
		cmocka_unit_test(test_a110_bodies_that_are_none),
		cmocka_unit_test(test_a110_votes_of_one_human),
		cmocka_unit_test(test_a087_used_longer_than_the_policy_of_now_lets),
		cmocka_unit_test(test_replay_follows_stages),
		cmocka_unit_test(test_a110_votes_out_of_their_order),
		cmocka_unit_test(test_replay_derives_that_nobody_objected),
		cmocka_unit_test(test_a110_silence_of_people_who_were_not_told),
		cmocka_unit_test(test_replay_follows_who_was_told_later),
		cmocka_unit_test(test_a110_silence_that_was_none),
		cmocka_unit_test(test_a110_used_more_often_than_the_policy_of_now_lets),
		cmocka_unit_test(test_a110_votes_that_are_not_signed_rightly),
		cmocka_unit_test(test_a131_heads_from_elsewhere),
		cmocka_unit_test(test_a131_cut_off),
		cmocka_unit_test(test_replay_goes_on_after_a_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
