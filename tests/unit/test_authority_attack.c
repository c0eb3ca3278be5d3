/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody would try who wants a permit that is not his: the directory or the policy changes between the vote and the
 * claim, silence is taken for consent of people who were never asked, a clock goes back. */
#include "houses.h"
#include "internal.h"

/* The people as they are, but with another text in place of this one. */
static void edit_people(struct house *h, const char *from, const char *to)
{
	char *text = NULL, *edited = NULL, *at = NULL;

	assert_int_equal(cs_format(&text, house_people, "true", "alice, alice-adm, bob, erin, frank", "carol, erin"), 0);
	at = strstr(text, from);
	assert_non_null(at);
	assert_int_equal(cs_format(&edited, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)), 0);
	house_write(h->people, edited);
	free(edited);
	free(text);
}

/* Two who turn out to be one human after both approved are one approval, whichever of their entries tells it. Kills looking
 * only at what an earlier voter's entry said when he voted. */
static void test_authority_a073_voters_turn_out_to_be_one_human(void **state)
{
	static const char *const edits[][2] = { { "human = \"1003\"", "human = \"1004\"" },
		{ "human = \"1004\"", "human = \"1003\"" } };

	for (size_t i = 0; i < CS_COUNT(edits); i++) {
		struct house h;
		struct house_sudo s;
		struct cs_decision d = { 0 };

		open_house(state, &h, RIGHTS DEPLOY BOTH "}\n");
		held(&h, &s, 7, &d);
		assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
		assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
		edit_people(&h, edits[i][0], edits[i][1]);
		claim(&h, &d, 7, CS_DENY, CS_WHY_APPROVER_LOST);
		cs_clear(&cs_decision_shape, &d);
		close_house(&h);
	}
}

/* --- Silence ------------------------------------------------------------------------------------------------------- */

#define LAZY(span) DEPLOY ONE "  lifetime = 4h use_within = 2h objections = " span " }\n"

/* An approval that is lost is not made up for by the silence of people who were told nothing. Kills asking at a claim only
 * whether the time for objections is over. */
static void test_authority_a088_a_lost_vote_is_not_silence_at_claim(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS LAZY("1h"));
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	house_pass(HOUR + MINUTE);
	house_set_people(&h, "alice", "carol");
	claim(&h, &d, 7, CS_DENY, CS_WHY_APPROVER_LOST);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* The same where the vote is taken back. Kills leaving it approved by what is an approval only with people told. */
static void test_authority_a088_a_vote_taken_back_is_not_silence(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS LAZY("1h"));
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	house_pass(HOUR + MINUTE);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_WITHDRAW), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Who was told that he has three hours, or that nothing goes ahead without him, has not agreed by one hour of silence. Kills
 * taking the time from the policy in force alone. */
static void test_authority_a087_a_policy_does_not_shorten_the_time_to_object(void **state)
{
	static const char *const before[] = { RIGHTS LAZY("3h"), RIGHTS DEPLOY ONE "  lifetime = 4h }\n" };

	for (size_t i = 0; i < CS_COUNT(before); i++) {
		struct house h;
		struct house_sudo s;
		struct cs_decision d = { 0 };

		open_house(state, &h, before[i]);
		h.authority->options.tells = true;
		h.authority->options.tell_for_ms = HOUR;
		held(&h, &s, 7, &d);
		everybody_is_told(&h);
		house_load(&h, RIGHTS LAZY("1h"));
		house_pass(HOUR + MINUTE);
		ask(&h, &s, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
		assert_int_equal(house_state(&h, d.number), CS_PENDING);
		cs_clear(&cs_decision_shape, &d);
		close_house(&h);
	}
}

/* --- Terms --------------------------------------------------------------------------------------------------------- */

/* What was approved for many uses has no more of them than the policy of now allows. Kills looking only at what the request
 * says. */
static void test_authority_a087_fewer_uses_by_a_new_policy(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "  uses = any }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	house_load(&h, RIGHTS DEPLOY ONE "  uses = 2 }\n");
	ask(&h, &s, 8, CS_PERMIT, CS_WHY_APPROVED, NULL);
	ask(&h, &s, 9, CS_DENY, CS_WHY_POLICY_CHANGED, NULL);
	ask(&h, &s, 10, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* --- Break-glass --------------------------------------------------------------------------------------------------- */

#define GLASS \
	RIGHTS DEPLOY ONE "}\n" \
	"break_glass oncall { scope = \"project/tomcat\" uid = { 2001 } lasts = 15m\n" \
	"  approval review { count = 2 permission = release.approve } }\n"

static enum cs_reason break_it(struct house *h, uint32_t uid, uint64_t *ret_number)
{
	static char because[] = "the site is down";
	struct cs_caller caller = house_person(uid);
	struct cs_break_glass call = { .reason = because };
	struct cs_break_glass_answer answer = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	assert_int_equal(house_call(h, &caller, CS_CALL_BREAK_GLASS, &call, -1, &cs_break_glass_answer_shape, &answer), 0);
	reason = answer.decision.reason;
	*ret_number = answer.decision.number;
	cs_clear(&cs_break_glass_answer_shape, &answer);
	return reason;
}

/* Who became her by su, from another login, is not past the approvals with her. Kills comparing the uid alone. */
static void test_authority_a104_another_login_does_not_go_through_the_glass(void **state)
{
	struct house h;
	struct house_sudo s;
	uint64_t debt = 0;

	open_house(state, &h, GLASS);
	assert_int_equal(break_it(&h, ALICE, &debt), CS_WHY_BREAK_GLASS);
	house_sudo_by(&s, ALICE, "alice");
	s.submit.subject.login_uid = DAVE;
	ask(&h, &s, 7, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	s.submit.subject.login_uid = ALICE;
	ask(&h, &s, 8, CS_PERMIT, CS_WHY_BREAK_GLASS, NULL);
	close_house(&h);
}

/* A debt does not lapse: a machine that comes up with its clock in the past does not forgive it. Kills asking a debt for its
 * deadline. */
static void test_authority_a093_a_debt_outlives_a_clock_that_went_back(void **state)
{
	struct house h;
	uint64_t debt = 0, again = 0;

	open_house(state, &h, GLASS);
	assert_int_equal(break_it(&h, ALICE, &debt), CS_WHY_BREAK_GLASS);
	(void)snprintf(house_now.boot_id, sizeof(house_now.boot_id), "boot-two");
	house_now.wall_ms -= 10 * MINUTE;
	cs_authority_close(&h.authority);
	house_open_authority(&h);
	tick(&h, 0);
	assert_int_equal(house_state(&h, debt), CS_PENDING);
	assert_int_equal(break_it(&h, ALICE, &again), CS_WHY_DEBT);
	assert_int_equal(house_vote(&h, BOB, debt, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, CAROL, debt, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(house_state(&h, debt), CS_USED);
	close_house(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_STORES(test_authority_a073_voters_turn_out_to_be_one_human),
		BOTH_STORES(test_authority_a088_a_lost_vote_is_not_silence_at_claim),
		BOTH_STORES(test_authority_a088_a_vote_taken_back_is_not_silence),
		BOTH_STORES(test_authority_a087_a_policy_does_not_shorten_the_time_to_object),
		BOTH_STORES(test_authority_a087_fewer_uses_by_a_new_policy),
		BOTH_STORES(test_authority_a104_another_login_does_not_go_through_the_glass),
		BOTH_STORES(test_authority_a093_a_debt_outlives_a_clock_that_went_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
