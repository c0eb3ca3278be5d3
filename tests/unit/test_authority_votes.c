/* SPDX-License-Identifier: Apache-2.0 */
/* Votes: changed and taken back, refused and why, counted as everything is when it counts. */
#include "houses.h"

#define COUNTED DEPLOY "  approval three { count = 2 permission = release.approve reject = counts } }\n"

/* approve, reject, withdraw: the last one counts. Where votes were added up instead, the last approve would be one too
 * many. */
static void test_authority_a14_the_last_vote_of_a_person_counts(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS COUNTED);
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_REJECT), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_WITHDRAW), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	refused(&h, BOB, d.number, CS_VOTE_WITHDRAW, CS_WHY_NOT_APPROVER, "no vote of yours stands");
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	assert_int_equal(house_events(&h, CS_EVENT_VOTED, CS_WHY_NEEDS_APPROVAL), 5);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* What is approved waits for people again when a vote that it needs is taken back, with the time that it had from the
 * beginning. Without the recount the claim would permit. */
static void test_authority_a080_a_vote_taken_back_reopens(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY BOTH "  lifetime = 30m use_within = 10m }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	house_pass(20 * MINUTE);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_WITHDRAW), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_events(&h, CS_EVENT_REOPENED, CS_WHY_NEEDS_APPROVAL), 1);
	saw(&h, &d, 7, CS_DENY, CS_WHY_PARKED);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_WITHDRAW), CS_WHY_NEEDS_APPROVAL);
	tick(&h, 10 * MINUTE - 1);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	tick(&h, 1);
	assert_int_equal(house_state(&h, d.number), CS_EXPIRED); /* somebody had answered */
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Taken back between the moment that the module sees the approval and its claim: it is not used, and goes on waiting as
 * before. Were it a denial, the session would be refused though its request is open. */
static void test_authority_a092_taken_back_before_the_claim(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, reply = { 0 };

	open_house(state, &h, RIGHTS DEPLOY BOTH "}\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	saw(&h, &d, 7, CS_HOLD, CS_WHY_APPROVED);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_WITHDRAW), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_claim(&h, &d, 7, &reply), 0);
	assert_int_equal(reply.verdict, CS_HOLD);
	assert_int_equal(reply.state, CS_PENDING);
	assert_int_equal(reply.n_needs, 2);
	assert_int_equal(reply.missing, 1);
	cs_clear(&cs_decision_shape, &reply);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* One who is not needed may go. */
static void test_authority_a_vote_that_is_not_needed_may_be_taken_back(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY "  approval one { count = 1 permission = release.approve stage = 1 }\n"
		"  approval two { count = 1 role = infra scope = \"*\" stage = 2 } people = shared }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_WITHDRAW), CS_WHY_APPROVED); /* erin fills both */
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Changing one's mind after the approval: a no ends it. */
static void test_authority_a092_approve_may_become_reject(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	refused(&h, CAROL, d.number, CS_VOTE_APPROVE, CS_WHY_STATE, "approved it already");
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_REJECT), CS_WHY_REJECTED);
	claim(&h, &d, 7, CS_DENY, CS_WHY_REJECTED);
	refused(&h, BOB, d.number, CS_VOTE_WITHDRAW, CS_WHY_STATE, "not open any more");
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Where a no only counts, it ends a request that cannot be met any more, and not before. */
static void test_authority_rejects_that_count(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS COUNTED);
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_REJECT), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_REJECT), CS_WHY_NEEDS_APPROVAL); /* frank is left */
	assert_int_equal(house_events(&h, CS_EVENT_REOPENED, CS_WHY_NEEDS_APPROVAL), 1);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_REJECT), CS_WHY_REJECTED);
	assert_int_equal(house_events(&h, CS_EVENT_REJECTED, CS_WHY_REJECTED), 1);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Whoever may not vote reads the same words, and why. */
static void test_authority_refused_votes_say_why(void **state)
{
	static const char no[] = "You do not have permission to approve or reject this request: ";
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY BOTH "}\n");
	held(&h, &s, 7, &d);
	refused(&h, ALICE, d.number, CS_VOTE_APPROVE, CS_WHY_SELF, no);
	refused(&h, ALICE_ADM, d.number, CS_VOTE_REJECT, CS_WHY_SELF, no);
	refused(&h, DAVE, d.number, CS_VOTE_APPROVE, CS_WHY_NOT_APPROVER, no);
	refused(&h, DAVE, d.number, CS_VOTE_REJECT, CS_WHY_NOT_APPROVER, "it takes 1 × Approve");
	refused(&h, DAVE, d.number, CS_VOTE_APPROVE, CS_WHY_NOT_APPROVER, "bob");
	refused(&h, FRANK, d.number, CS_VOTE_APPROVE, CS_WHY_LOCKED_PERSON, no);
	refused(&h, 4242, d.number, CS_VOTE_APPROVE, CS_WHY_NOT_APPROVER, no);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	refused(&h, BOB, d.number, CS_VOTE_APPROVE, CS_WHY_VOTED, no);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

static size_t records_of(struct house *h, uint64_t number)
{
	struct cs_record *records = NULL;
	size_t n = 0;

	assert_int_equal(cs_store_records_of(h->store, number, 1000, &records, &n), 0);
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_record_shape, &records[i]);
	free(records);
	return n;
}

/* A vote by number alone, as whoever may not see the request can send it. */
static void vote_blindly(struct house *h, uint32_t uid, uint64_t number, struct cs_decision *ret)
{
	static char code[] = "0000";
	struct cs_caller caller = house_person(uid);
	struct cs_vote_call call = { .number = number, .vote = CS_VOTE_APPROVE, .check_code = code };

	assert_int_equal(house_call(h, &caller, CS_CALL_VOTE, &call, -1, &cs_decision_shape, ret), 0);
}

static void stranger_reads(struct house *h, uint32_t uid, uint64_t number)
{
	struct cs_decision reply = { 0 }, nothing = { .verdict = CS_DENY, .reason = CS_WHY_NOT_APPROVER };
	struct cs_buf got, expected;

	vote_blindly(h, uid, number, &reply);
	assert_int_equal(cs_format(&nothing.text, "You do not have permission to approve or reject this request: there is "
		"no request %llu that waits for you.", (unsigned long long)number), 0);
	cs_buf_init(&got, 65536);
	cs_buf_init(&expected, 65536);
	assert_int_equal(cs_encode(&cs_decision_shape, &reply, &got), 0);
	assert_int_equal(cs_encode(&cs_decision_shape, &nothing, &expected), 0);
	assert_int_equal(got.len, expected.len);
	assert_memory_equal(got.data, expected.data, got.len); /* and not one field more */
	cs_buf_clear(&got);
	cs_buf_clear(&expected);
	cs_clear(&cs_decision_shape, &reply);
	cs_clear(&cs_decision_shape, &nothing);
}

/* Whoever may not see a request is told the same as where there is none, and that he tried is recorded: not with the
 * request, whose receipt would grow with it, and not without end, however many uids he has. Without the look at who may
 * see it, the reason "digest" would say that it is there. */
static void test_authority_a091_a_stranger_learns_nothing_by_voting(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, reply = { 0 };
	unsigned changes = 0;

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	held(&h, &s, 7, &d);
	changes = h.changes;
	stranger_reads(&h, DAVE, d.number);
	stranger_reads(&h, DAVE, d.number + 1);
	stranger_reads(&h, 4242, d.number);
	stranger_reads(&h, 4242, 0);
	assert_int_equal(house_events(&h, CS_EVENT_VOTE_REFUSED, CS_WHY_NOT_APPROVER), 2);
	for (uint32_t i = 0; i < 30; i++) {
		stranger_reads(&h, DAVE, d.number);
		stranger_reads(&h, 100000 + i, d.number);
	}
	assert_int_equal(house_events(&h, CS_EVENT_VOTE_REFUSED, CS_WHY_NOT_APPROVER), 40);
	house_pass(MINUTE);
	stranger_reads(&h, DAVE, d.number);
	assert_int_equal(house_events(&h, CS_EVENT_VOTE_REFUSED, CS_WHY_NOT_APPROVER), 41);
	assert_int_equal(h.changes, changes);
	assert_int_equal(records_of(&h, d.number), 1);
	/* who may see it reads what is wrong */
	vote_blindly(&h, BOB, d.number, &reply);
	assert_int_equal(reply.reason, CS_WHY_DIGEST);
	cs_clear(&cs_decision_shape, &reply);
	vote_blindly(&h, ALICE, d.number, &reply);
	assert_int_equal(reply.reason, CS_WHY_DIGEST);
	cs_clear(&cs_decision_shape, &reply);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

static void expect_vote(struct house *h, uint32_t uid, uint32_t login, uint64_t number, enum cs_reason reason,
	const char *words)
{
	struct cs_decision reply = { 0 };

	vote_from(h, uid, login, number, CS_VOTE_APPROVE, &reply);
	if (reply.reason != reason || !strstr(reply.text, words))
		fail_msg("%s: %s", cs_reason_name(reply.reason), reply.text);
	cs_clear(&cs_decision_shape, &reply);
}

/* su does not make another human: who logged in as the requester, or as somebody who voted, in either order. */
static void test_authority_a104_login_of_another_is_not_independent(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY "  approval two { count = 3 permission = release.approve } }\n");
	house_sudo_by(&s, ALICE, "alice");
	s.submit.subject.login_uid = ALICE;
	ask(&h, &s, 7, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &d);
	expect_vote(&h, BOB, ALICE, d.number, CS_WHY_NOT_INDEPENDENT, "that of the requester, alice");
	expect_vote(&h, CAROL, BOB, d.number, CS_WHY_NEEDS_APPROVAL, "");
	expect_vote(&h, BOB, BOB, d.number, CS_WHY_NOT_INDEPENDENT, "carol");
	expect_vote(&h, ERIN, CAROL, d.number, CS_WHY_NOT_INDEPENDENT, "carol");
	expect_vote(&h, ERIN, BOB, d.number, CS_WHY_NOT_INDEPENDENT, "carol");
	expect_vote(&h, ERIN, ERIN, d.number, CS_WHY_NEEDS_APPROVAL, "");
	assert_int_equal(house_events(&h, CS_EVENT_VOTE_REFUSED, CS_WHY_NOT_INDEPENDENT), 4);
	cs_clear(&cs_decision_shape, &d);
	/* alice was reached by bob with su: bob does not approve what that session asks */
	house_sudo_by(&s, ALICE, "alice");
	s.submit.subject.login_uid = BOB;
	s.argv[2] = s.argv[1];
	ask(&h, &s, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &d);
	expect_vote(&h, BOB, CS_NO_UID, d.number, CS_WHY_NOT_INDEPENDENT, "alice");
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

static void set_keys(struct house *h, const char *alice, const char *bob, const char *carol)
{
	char *text = NULL;

	assert_int_equal(cs_format(&text,
		"person alice { uid = 2001 id = \"id-alice\" dn = \"uid=alice,ou=people\" key = { \"%s\" } }\n"
		"person bob { uid = 2003 id = \"id-bob\" dn = \"uid=bob,ou=people\" key = { \"%s\" } }\n"
		"person carol { uid = 2004 id = \"id-carol\" dn = \"uid=carol,ou=people\" key = { \"%s\" } }\n"
		"group tomcat { dn = \"cn=tomcat,ou=project\" attribute cn { value = \"tomcat\" }\n"
		"  listed owner { people = { alice, bob, carol } } }\n"
		"group infra { dn = \"cn=infra,ou=groups\" listed member { people = { carol } } }\n", alice, bob, carol), 0);
	house_write(h->people, text);
	free(text);
}

#define KEY_ONE "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ03kIih0ueqr5VED2N46JIXVbA6f+kUcRz16BYeZFps"
#define KEY_TWO "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHjVfPAgg3HPRkX1aiDUe/qyX2zTHK6IICRGEVb2CjWO"
#define KEY_THREE "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKA4NJYvpKcK6px/lsPuIEfvnZyih+Z+obOwMFbQpjQr"

/* One key, two people: neither an approver of the other's request nor a second approver, by the keys of now. */
static void test_authority_a123_one_key_is_one_human(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY "  approval two { count = 2 permission = release.approve } }\n");
	set_keys(&h, KEY_ONE, KEY_ONE, KEY_TWO);
	held(&h, &s, 7, &d);
	refused(&h, BOB, d.number, CS_VOTE_APPROVE, CS_WHY_NOT_INDEPENDENT, "ssh key in common");
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	set_keys(&h, KEY_ONE, KEY_THREE, KEY_THREE); /* carol's entry has bob's key by now */
	refused(&h, BOB, d.number, CS_VOTE_APPROVE, CS_WHY_NOT_INDEPENDENT, "carol");
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* A gate that takes the requester's own vote counts it as one person's, and every record says that it does. Without the
 * mark at one place, some event would lack it. */
static void test_authority_a10_self_approval_counts_once_and_is_marked(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_record *records = NULL;
	size_t n = 0, marked = 0;

	open_house(state, &h, RIGHTS DEPLOY "  approval two { count = 2 permission = release.approve }\n"
		"  self_approval = permit }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, ALICE, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	refused(&h, ALICE, d.number, CS_VOTE_APPROVE, CS_WHY_VOTED, "already");
	refused(&h, ALICE_ADM, d.number, CS_VOTE_APPROVE, CS_WHY_SELF, "under whichever account");
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	assert_int_equal(cs_store_records_of(h.store, d.number, 100, &records, &n), 0);
	for (size_t i = 0; i < n; i++) {
		struct cs_event event = { 0 };

		assert_int_equal(cs_decode_all(&cs_event_shape, records[i].bytes, records[i].n_bytes, &event), 0);
		marked += strstr(event.text, "[self-approval on]") != NULL;
		cs_clear(&cs_event_shape, &event);
		cs_clear(&cs_record_shape, &records[i]);
	}
	free(records);
	assert_true(n >= 6);
	assert_int_equal(marked, n);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* In order: who comes later is told so, and what is to come first; when it is his turn his vote counts. */
static void test_authority_a20_stages_in_order(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY "  approval one { count = 1 role = pmc stage = 1 }\n"
		"  approval two { count = 1 role = infra scope = \"*\" stage = 2 } }\n");
	held(&h, &s, 7, &d);
	refused(&h, CAROL, d.number, CS_VOTE_APPROVE, CS_WHY_NOT_YET, "not your turn yet: first it takes 1");
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* A vote counts for what was open when it was cast: erin could fill both stages, so the same vote again is a new one once
 * the second is open. */
static void test_authority_a20_the_same_vote_counts_for_the_next_stage(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY "  approval one { count = 1 role = pmc stage = 1 }\n"
		"  approval two { count = 1 role = infra scope = \"*\" stage = 2 } people = shared }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Nobody comes before himself: erin could fill either stage, and fills the first alone. Her second vote is not for the
 * second stage until somebody else has filled the first; else bob, who comes last, would have been asked first. Kills
 * counting a voter's own vote where it is asked what is open to him. */
static void test_authority_a20_nobody_comes_before_himself(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY "  approval one { count = 1 role = pmc stage = 1 }\n"
		"  approval two { count = 1 role = infra scope = \"*\" stage = 2 } }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	refused(&h, ERIN, d.number, CS_VOTE_APPROVE, CS_WHY_VOTED, "approved it already");
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Escalation: the second way opens with time, for the voter and for whoever waits, though nothing else happens. */
static void test_authority_a21_escalation_opens_with_time(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 }, seen = { 0 };

	open_house(state, &h, RIGHTS DEPLOY "  approval committee { count = 2 role = pmc alternative = committee }\n"
		"  approval board { count = 1 role = infra scope = \"*\" alternative = board after = 20s } }\n");
	held(&h, &s, 7, &d);
	refused(&h, CAROL, d.number, CS_VOTE_APPROVE, CS_WHY_NOT_YET, "not your turn yet");
	look(&h, &d, 7, &seen);
	assert_int_equal(seen.n_needs, 2);
	assert_false(seen.needs[1].open);
	assert_int_equal(seen.needs[1].opens_in_ms, 20000);
	cs_clear(&cs_decision_shape, &seen);
	house_pass(20000);
	look(&h, &d, 7, &seen);
	assert_true(seen.needs[1].open);
	cs_clear(&cs_decision_shape, &seen);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Where only signed votes count, one that is not signed is refused. */
static void test_authority_a104_unsigned_votes_are_refused_where_signatures_count(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_show_answer show = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "  signature = required }\n");
	held(&h, &s, 7, &d);
	refused(&h, BOB, d.number, CS_VOTE_APPROVE, CS_WHY_SIGNATURE, "signed");
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	assert_int_equal(house_show(&h, ALICE, d.number, &show), 0);
	assert_string_equal(show.request.assurance, "signature");
	cs_clear(&cs_show_answer_shape, &show);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* A gate that asks for signatures by now takes nothing that was cast without. Without the check at the claim it would. */
static void test_authority_a110_votes_are_authenticated_again_at_claim(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	house_load(&h, RIGHTS DEPLOY ONE "  signature = required }\n");
	claim(&h, &d, 7, CS_DENY, CS_WHY_POLICY_CHANGED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* --- Again and again ---------------------------------------------------------------------------------------------- */

/* Votes one after the other, each another than before, as often as one person may; the last is this one. */
static void change_often(struct house *h, uint32_t uid, uint64_t number, enum cs_vote other, enum cs_vote last)
{
	for (int i = 0; i < CS_STORE_VOTES_MOST; i++)
		assert_int_equal(house_vote(h, uid, number, i % 2 ? last : other), CS_WHY_NEEDS_APPROVAL);
}

/* Each vote is an event and is told to people. Nothing that is refused changes what stands, not after a restart either, and
 * others vote as before. Kills: a limit in memory alone, one that counts all people together, or none. */
static void test_authority_votes_of_one_person_are_few(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS COUNTED);
	held(&h, &s, 7, &d);
	change_often(&h, BOB, d.number, CS_VOTE_APPROVE, CS_VOTE_WITHDRAW);
	refused(&h, BOB, d.number, CS_VOTE_APPROVE, CS_WHY_LIMIT, "none of yours stands");
	cs_authority_close(&h.authority);
	house_open_authority(&h);
	refused(&h, BOB, d.number, CS_VOTE_APPROVE, CS_WHY_LIMIT, "none of yours stands");
	assert_int_equal(house_events(&h, CS_EVENT_VOTED, CS_WHY_NEEDS_APPROVAL), CS_STORE_VOTES_MOST);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_REJECT), CS_WHY_NEEDS_APPROVAL);
	refused(&h, BOB, d.number, CS_VOTE_WITHDRAW, CS_WHY_LIMIT, "your rejection stands");
	refused(&h, BOB, d.number, CS_VOTE_APPROVE, CS_WHY_LIMIT, "your rejection stands");
	assert_int_equal(house_events(&h, CS_EVENT_VOTED, CS_WHY_NEEDS_APPROVAL), CS_STORE_VOTES_MOST + 2);
	assert_int_equal(house_events(&h, CS_EVENT_VOTE_REFUSED, CS_WHY_LIMIT), 4);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* An approval can be taken back however often the vote was changed, and what it approved is open again: nothing is used. Kills:
 * a limit that counts what takes away. */
static void test_authority_an_approval_is_taken_back_however_often_it_was_changed(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS COUNTED);
	held(&h, &s, 7, &d);
	change_often(&h, BOB, d.number, CS_VOTE_REJECT, CS_VOTE_APPROVE);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_WITHDRAW), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	refused(&h, BOB, d.number, CS_VOTE_APPROVE, CS_WHY_LIMIT, "none of yours stands");
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_REJECT), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_events(&h, CS_EVENT_VOTED, CS_WHY_NEEDS_APPROVAL), CS_STORE_VOTES_MOST + 3);
	assert_int_equal(house_events(&h, CS_EVENT_CLAIMED, CS_WHY_APPROVED), 0);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_STORES(test_authority_a14_the_last_vote_of_a_person_counts),
		BOTH_STORES(test_authority_a080_a_vote_taken_back_reopens),
		BOTH_STORES(test_authority_a092_taken_back_before_the_claim),
		BOTH_STORES(test_authority_a_vote_that_is_not_needed_may_be_taken_back),
		BOTH_STORES(test_authority_a092_approve_may_become_reject),
		BOTH_STORES(test_authority_rejects_that_count),
		BOTH_STORES(test_authority_refused_votes_say_why),
		BOTH_STORES(test_authority_a091_a_stranger_learns_nothing_by_voting),
		BOTH_STORES(test_authority_a104_login_of_another_is_not_independent),
		BOTH_STORES(test_authority_a123_one_key_is_one_human),
		BOTH_STORES(test_authority_a10_self_approval_counts_once_and_is_marked),
		BOTH_STORES(test_authority_a20_stages_in_order),
		BOTH_STORES(test_authority_a20_the_same_vote_counts_for_the_next_stage),
		BOTH_STORES(test_authority_a20_nobody_comes_before_himself),
		BOTH_STORES(test_authority_a21_escalation_opens_with_time),
		BOTH_STORES(test_authority_a104_unsigned_votes_are_refused_where_signatures_count),
		BOTH_STORES(test_authority_a110_votes_are_authenticated_again_at_claim),
		BOTH_STORES(test_authority_votes_of_one_person_are_few),
		BOTH_STORES(test_authority_an_approval_is_taken_back_however_often_it_was_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
