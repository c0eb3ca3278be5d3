/* SPDX-License-Identifier: Apache-2.0 */
/* The record replayed while clocks are set and hosts boot: what the authority let in time is in time, by the clock that it
 * counted with; and whoever writes another time into the record has to agree with all that stands beside it (A093, A110). */
#include "scribe.h"

#define POLICY \
	"permission deploy { } permission approve { }\n" \
	"role deployer { permissions = deploy }\n" \
	"role checker { permissions = approve }\n" \
	"assignment deployers { role = deployer scope = \"*\" group = \"cn=deployers,ou=g\" listed = member }\n" \
	"assignment checkers { role = checker scope = \"*\" group = \"cn=checkers,ou=g\" listed = member }\n" \
	"gate deploy { service = sudo command = \"/bin/deploy *\" permission = deploy\n" \
	"  use_within = 10m use_after = 1m lifetime = 2h approval check { count = 1 permission = approve } }\n" \
	"break_glass oncall { scope = \"*\" uid = 3001 lasts = 15m\n" \
	"  approval review { count = 2 role = checker scope = \"*\" } }\n"

enum { MINUTE = 60000, HOUR = 60 * MINUTE, WITHIN = 10 * MINUTE, AFTER = MINUTE };

struct story {
	struct scribe scribe;
	struct member alice, bob, carol;
	struct scribed asked, debt;
};

static void story_open(struct story *s)
{
	memset(s, 0, sizeof(*s));
	scribe_open(&s->scribe, POLICY);
	member_make(&s->alice, "alice", 1);
	member_make(&s->bob, "bob", 2);
	member_make(&s->carol, "carol", 3);
	member_join(&s->alice, s->scribe.policy, "deployers");
	member_join(&s->bob, s->scribe.policy, "checkers");
	member_join(&s->carol, s->scribe.policy, "checkers");
	scribe_request(&s->scribe, &s->asked, &s->alice, "deploy", "tomcat");
	scribe_ask(&s->scribe, &s->asked, &s->alice);
}

static void approve(struct story *s)
{
	scribe_vote(&s->scribe, &s->asked, &s->bob, CS_VOTE_APPROVE);
	scribe_decide(&s->scribe, &s->asked, &s->alice, CS_EVENT_APPROVED);
}

static void claim(struct story *s)
{
	scribe_decide(&s->scribe, &s->asked, &s->alice, CS_EVENT_CLAIMED);
}

static void pass(struct story *s, uint64_t ms)
{
	s->scribe.wall_ms += ms;
}

static int text_of(void *arg, const uint8_t digest[CS_DIGEST_LEN], char **ret_text)
{
	(void)arg;
	(void)digest;
	*ret_text = cs_dup(POLICY);
	return *ret_text ? 0 : CS_ENOMEM;
}

/* says NULL: the record is whole. Else its last event is the first that is wrong, and why says this. Ends the story. */
static void assert_story(struct story *s, const char *says)
{
	struct cs_replay *replay = NULL;
	int r = 0;

	assert_int_equal(cs_replay_new(text_of, NULL, &replay), 0);
	for (size_t i = 0; r == 0 && i < s->scribe.n; i++)
		r = cs_replay_next(replay, &s->scribe.records[i]);
	if (says ? r != CS_ECORRUPT || !strstr(cs_replay_why(replay), says) || cs_replay_bad(replay) != s->scribe.head
		 : r != 0)
		fail_msg("event %llu: %s", (unsigned long long)cs_replay_bad(replay), cs_replay_why(replay));
	cs_replay_free(&replay);
	scribe_forget(&s->asked);
	scribe_forget(&s->debt);
	scribe_close(&s->scribe);
}

/* --- What is in time ---------------------------------------------------------------------------------------------- */

/* Within a boot the wall clock decides nothing, whenever it was asked. Kills: the wall clock in passed, and counting from when
 * it was asked, which was in another boot. */
static void test_clocks_a093_the_wall_clock_is_set_before_the_use(void **state)
{
	static const int64_t sets[] = { 0, WITHIN, 24 * HOUR, -(int64_t)WITHIN, -24 * (int64_t)HOUR };

	(void)state;
	for (size_t i = 0; i < 2 * CS_COUNT(sets); i++) {
		struct story s;

		story_open(&s);
		if (i % 2)
			scribe_reboot(&s.scribe, "boot-two");
		approve(&s);
		scribe_set_clock(&s.scribe, sets[i / 2]);
		pass(&s, AFTER);
		claim(&s);
		assert_story(&s, NULL);
	}
}

/* The same, and it is too late or too early by the clock that counts. */
static void test_clocks_a110_used_too_late_or_too_early_whatever_the_wall_clock_says(void **state)
{
	static const struct {
		uint64_t after;
		const char *says;
	} uses[] = { { AFTER - 1, "waiting time" }, { AFTER, NULL }, { WITHIN - 1, NULL }, { WITHIN, "was over" } };
	static const int64_t sets[] = { 0, HOUR, -(int64_t)HOUR };

	(void)state;
	for (size_t i = 0; i < 2 * CS_COUNT(uses) * CS_COUNT(sets); i++) {
		size_t use = i / 2 % CS_COUNT(uses);
		struct story s;

		story_open(&s);
		if (i % 2)
			scribe_reboot(&s.scribe, "boot-two");
		approve(&s);
		scribe_set_clock(&s.scribe, sets[i / 2 / CS_COUNT(uses)]);
		pass(&s, uses[use].after);
		claim(&s);
		assert_story(&s, uses[use].says);
	}
}

/* Across a boot the wall clock is all there is, and one that went back is not believed. */
static void test_clocks_a093_the_host_boots_before_the_use(void **state)
{
	static const struct {
		int64_t set;
		const char *says;
	} sets[] = { { 0, NULL }, { WITHIN, "was over" }, { -(int64_t)HOUR, "was over" } };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(sets); i++) {
		struct story s;

		story_open(&s);
		approve(&s);
		scribe_set_clock(&s.scribe, sets[i].set);
		pass(&s, AFTER);
		scribe_reboot(&s.scribe, "boot-two");
		claim(&s);
		assert_story(&s, sets[i].says);
	}
}

/* An approval for later counts from its start on, and the start is counted as everything else. */
static void test_clocks_a093_asked_for_later(void **state)
{
	static const struct {
		uint64_t after;
		const char *says;
	} uses[] = { { HOUR - 1, "asked for a later time" }, { HOUR, NULL }, { HOUR + WITHIN, "was over" } };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(uses); i++) {
		struct story s;

		story_open(&s);
		scribe_request(&s.scribe, &s.asked, &s.alice, "deploy", "httpd");
		s.asked.request.start_wall_ms = s.scribe.wall_ms + HOUR;
		scribe_ask(&s.scribe, &s.asked, &s.alice);
		approve(&s);
		scribe_set_clock(&s.scribe, -10 * (int64_t)MINUTE);
		pass(&s, uses[i].after);
		claim(&s);
		assert_story(&s, uses[i].says);
	}
}

/* --- Break-glass -------------------------------------------------------------------------------------------------- */

static void break_glass(struct story *s)
{
	struct scribed *debt = &s->debt;
	struct cs_requested_body body = { .grounds = { .wall_ms = s->scribe.wall_ms, .boot = scribe_word(s->scribe.boot),
		.boot_ms = scribe_boot_ms(&s->scribe) } };
	struct cs_event event;

	scribe_request(&s->scribe, debt, &s->alice, "break-glass oncall", "oncall");
	debt->argv[0] = scribe_word("break-glass.review");
	debt->request.action.service = scribe_word("countersign");
	debt->request.action.command = debt->argv[0];
	debt->request.scope = scribe_word("*");
	debt->request.session_ms = 15 * MINUTE;
	body.request = debt->request;
	scribe_digest(debt);
	event = scribe_event(debt, CS_EVENT_REQUESTED, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	scribe_by(&event, &s->alice.facts.person);
	scribe_put(&s->scribe, &event, &cs_requested_body_shape, &body);
	event = scribe_event(debt, CS_EVENT_BREAK_GLASS, CS_PERMIT, CS_WHY_BREAK_GLASS);
	scribe_by(&event, &s->alice.facts.person);
	scribe_put(&s->scribe, &event, NULL, NULL);
}

/* How long it is open is counted as the authority counts it, to the millisecond. Kills: the wall clock in is_over, with or
 * without a minute of grace. */
static void test_clocks_a105_break_glass_is_open_by_the_clock_of_the_boot(void **state)
{
	static const int64_t sets[] = { 0, HOUR, -(int64_t)HOUR };

	(void)state;
	for (size_t i = 0; i < 2 * CS_COUNT(sets); i++) {
		struct story s;

		story_open(&s);
		break_glass(&s);
		scribe_set_clock(&s.scribe, sets[i / 2]);
		pass(&s, 15 * MINUTE - (i % 2 == 0));
		scribe_permit(&s.scribe, &s.asked, &s.alice, CS_WHY_BREAK_GLASS);
		assert_story(&s, i % 2 == 0 ? NULL : "or its time was over");
	}
}

/* A review has no end: it can be done whatever a clock says, also one that went back and ends everything else. Kills: is_overdue
 * that does not ask for a debt. */
static void test_clocks_a105_a_review_is_never_overdue(void **state)
{
	struct story s;

	(void)state;
	story_open(&s);
	break_glass(&s);
	scribe_set_clock(&s.scribe, -(int64_t)HOUR);
	scribe_reboot(&s.scribe, "boot-two");
	scribe_vote(&s.scribe, &s.debt, &s.bob, CS_VOTE_APPROVE);
	scribe_vote(&s.scribe, &s.debt, &s.carol, CS_VOTE_APPROVE);
	scribe_decide(&s.scribe, &s.debt, &s.alice, CS_EVENT_APPROVED);
	scribe_decide(&s.scribe, &s.debt, &s.alice, CS_EVENT_CLAIMED);
	assert_story(&s, NULL);
}

/* --- Lies --------------------------------------------------------------------------------------------------------- */

enum lie {
	EARLIER,   /* the clock of the boot as it stood before: it would be in time */
	NO_BOOT, LONG_BOOT, /* no clock at all */
	NEW_BOOT,  /* one in which the daemon never was, and the wall clock set back */
	OLD_BOOT,  /* the one that the host left */
	ELAPSED,   /* another span since it was asked than the clock says */
	LIES
};

/* A claim long after its time, written as if it were in time; what stands before it says otherwise. Kills: a line each of
 * step_clock, boots and step_elapsed. */
static void test_clocks_a110_a_claim_that_lies_about_the_time(void **state)
{
	static const char *const says[LIES] = { "by a clock that is never set", "does not say in which boot",
		"does not say in which boot", "the daemon was not started", "the host had left the boot", "by the clock it was" };
	char longer[CS_BOOT_ID_LEN + 2] = { 0 };

	(void)state;
	memset(longer, 'b', sizeof(longer) - 1);
	for (enum lie lie = EARLIER; lie < LIES; lie++) {
		struct scribed other = { 0 };
		struct scribe then;
		struct story s;

		story_open(&s);
		approve(&s);
		pass(&s, AFTER);
		then = s.scribe;
		pass(&s, lie == ELAPSED ? 0 : WITHIN);
		if (lie == OLD_BOOT)
			scribe_reboot(&s.scribe, "boot-two");
		scribe_request(&s.scribe, &other, &s.alice, "deploy", "httpd");
		scribe_ask(&s.scribe, &other, &s.alice); /* an event beside it */
		s.scribe.wall_ms = then.wall_ms;
		s.scribe.booted_wall_ms = then.booted_wall_ms;
		s.scribe.boot = lie == NO_BOOT ? "" : lie == LONG_BOOT ? longer : lie == NEW_BOOT ? "boot-new" : then.boot;
		if (lie == ELAPSED)
			s.asked.request.created_boot_ms += 1; /* of which the grounds are made; the record has the right one */
		claim(&s);
		assert_story(&s, says[lie]);
	}
}

/* A request that says another time than its event: it would have longer. Kills: one of the comparisons in step_made. */
static void test_clocks_a110_asked_at_another_time(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct story s;

		story_open(&s);
		scribe_request(&s.scribe, &s.asked, &s.alice, "deploy", "httpd");
		s.asked.request.created_boot_ms += i == 0;
		s.asked.request.created_wall_ms += i == 1;
		s.asked.request.boot = scribe_word(i == 2 ? "boot-two" : s.scribe.boot);
		scribe_ask(&s.scribe, &s.asked, &s.alice);
		assert_story(&s, i < 3 ? "made at another time" : NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clocks_a093_the_wall_clock_is_set_before_the_use),
		cmocka_unit_test(test_clocks_a110_used_too_late_or_too_early_whatever_the_wall_clock_says),
		cmocka_unit_test(test_clocks_a093_the_host_boots_before_the_use),
		cmocka_unit_test(test_clocks_a093_asked_for_later),
		cmocka_unit_test(test_clocks_a105_break_glass_is_open_by_the_clock_of_the_boot),
		cmocka_unit_test(test_clocks_a105_a_review_is_never_overdue),
		cmocka_unit_test(test_clocks_a110_a_claim_that_lies_about_the_time),
		cmocka_unit_test(test_clocks_a110_asked_at_another_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
