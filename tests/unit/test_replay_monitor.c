/* SPDX-License-Identifier: Apache-2.0 */
/* What a gate that only monitors let through, replayed: an honest record is whole, and a permit that says so of a gate that
 * enforces, or says something else than the gate would have said, is found (A110). */
#include "scribe.h"

#define RIGHTS \
	"service sudo { unmatched = permit }\n" \
	"permission deploy { } permission approve { }\n" \
	"role deployer { permissions = deploy }\nrole checker { permissions = approve }\n" \
	"assignment deployers { role = deployer scope = \"*\" group = \"cn=deployers,ou=g\" listed = member }\n" \
	"assignment checkers { role = checker scope = \"*\" group = \"cn=checkers,ou=g\" listed = member }\n"
#define GATE(more) \
	RIGHTS "gate deploy { service = sudo command = \"/bin/deploy *\" permission = deploy " more "\n" \
	       "  approval check { count = 2 permission = approve } }\n"
#define MONITORS GATE("mode = monitor")
#define ENFORCES GATE("")
#define LATER    GATE("mode = monitor time = \"2020-01-01T00:00Z/2020-01-02T00:00Z\"")
#define REASONED GATE("mode = monitor reason = required")
#define BEHIND   MONITORS "gate strict { service = sudo permission = deploy approval check { count = 2 permission = approve } }\n"

struct story {
	struct scribe scribe;
	struct member alice, bob, carol;
	struct scribed asked;
	struct cs_monitored_body body; /* honest, until the test changes it */
	struct cs_event event;
	struct cs_need need;
};

static int text_of(void *arg, const uint8_t digest[CS_DIGEST_LEN], char **ret_text)
{
	const struct story *s = arg;

	if (memcmp(digest, s->scribe.digest, CS_DIGEST_LEN) != 0)
		return CS_ENOENT;
	*ret_text = cs_dup(s->scribe.text);
	return *ret_text ? 0 : CS_ENOMEM;
}

static void story_open(struct story *s, const char *policy)
{
	struct cs_case what;

	memset(s, 0, sizeof(*s));
	scribe_open(&s->scribe, policy);
	member_make(&s->alice, "alice", 1);
	member_make(&s->bob, "bob", 2);
	member_make(&s->carol, "carol", 3);
	member_join(&s->alice, s->scribe.policy, "deployers");
	member_join(&s->bob, s->scribe.policy, "checkers");
	member_join(&s->carol, s->scribe.policy, "checkers");
	scribe_request(&s->scribe, &s->asked, &s->alice, "deploy", "tomcat");
	/* sudo's file was hashed */
	s->asked.request.action.file.present = true;
	s->need = (struct cs_need){ .rule = scribe_word("check"), .label = scribe_word("2 × approve"), .count = 2 };
	s->body = (struct cs_monitored_body){ .permitted = { .subject = s->asked.request.subject,
		.action = s->asked.request.action, .scope = s->asked.request.scope }, .verdict = CS_HOLD,
		.reason = CS_WHY_NEEDS_APPROVAL, .needs = &s->need, .n_needs = 1 };
	s->event = (struct cs_event){ .kind = CS_EVENT_PERMITTED, .verdict = CS_PERMIT, .reason = CS_WHY_MONITORED,
		.gate = s->asked.request.gate };
	scribe_by(&s->event, &s->alice.facts.person);
	what = scribe_case(&s->scribe, &s->asked, &s->alice.facts);
	what.asked_by = NULL;
	assert_int_equal(cs_grounds_freeze(&what, NULL, 0, &s->body.permitted.grounds), 0);
}

/* Ends the story: "" where the record is whole. */
static void expect(struct story *s, const char *says)
{
	struct cs_replay *replay = NULL;
	int r = 0;

	scribe_put(&s->scribe, &s->event, &cs_monitored_body_shape, &s->body);
	assert_int_equal(cs_replay_new(text_of, s, &replay), 0);
	for (size_t i = 0; r == 0 && i < s->scribe.n; i++)
		r = cs_replay_next(replay, &s->scribe.records[i]);
	if (r == 0)
		r = cs_replay_end(replay, s->scribe.head);
	if ((r != 0) != (*says != '\0') || !strstr(cs_replay_why(replay), says))
		fail_msg("%d: \"%s\" does not say \"%s\"", r, cs_replay_why(replay), says);
	cs_replay_free(&replay);
	cs_clear(&cs_grounds_shape, &s->body.permitted.grounds);
	scribe_forget(&s->asked);
	scribe_close(&s->scribe);
}

static void test_replay_monitor_honest(void **state)
{
	struct story s;

	(void)state;
	story_open(&s, MONITORS);
	expect(&s, "");
	story_open(&s, LATER);
	s.body.verdict = CS_DENY;
	s.body.reason = CS_WHY_CONDITION;
	s.body.n_needs = 0;
	s.body.permitted.scope = scribe_word("");
	expect(&s, "");
	story_open(&s, REASONED);
	s.body.reason = CS_WHY_NEEDS_REASON;
	expect(&s, "");
}

/* Kills: found.monitored that is not looked at in permitted_monitored, one for each way. */
static void test_a110_monitored_at_a_gate_that_enforces(void **state)
{
	static const char *const policies[] = { ENFORCES, BEHIND };
	struct story s;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(policies); i++) {
		story_open(&s, policies[i]);
		expect(&s, "does not lead this to a gate deploy");
	}
	story_open(&s, MONITORS);
	s.body.permitted.action.command = s.asked.argv[0] = scribe_word("/bin/other");
	expect(&s, "does not lead this to a gate deploy");
	story_open(&s, MONITORS);
	s.event.gate = scribe_word("other");
	expect(&s, "does not lead this to a gate other");
	story_open(&s, MONITORS);
	s.body.permitted.scope = scribe_word("project/tomcat");
	expect(&s, "in project/tomcat that only monitors");
}

/* Kills: who it is about, each alone. */
static void test_a110_monitored_another_person(void **state)
{
	struct story s;

	(void)state;
	story_open(&s, MONITORS);
	s.event.actor_uid = 2;
	expect(&s, "another uid was permitted than asked");
	story_open(&s, MONITORS);
	s.body.permitted.subject.uid = s.event.actor_uid = 2;
	expect(&s, "is about uid 3001, and uid 2 was permitted");
}

/* What would have been is not what anybody likes to have it. Kills: would_be, each of its parts. */
static void test_a110_monitored_something_else(void **state)
{
	static const struct {
		enum cs_verdict verdict;
		enum cs_reason reason;
		const char *says;
	} cases[] = {
		{ CS_PERMIT, CS_WHY_HAS_RIGHT, "neither that it would have been denied nor that it would have been held" },
		{ CS_DENY, CS_WHY_NO_PERMISSION, "would have said hold (needs-approval)" },
		{ CS_DENY, CS_WHY_NEEDS_APPROVAL, "would have said hold (needs-approval)" },
		{ CS_DENY, CS_WHY_OPTION, "would not have said deny (option)" },
		{ CS_DENY, CS_WHY_EXPOSED_FILE, "would not have said deny (exposed-file)" },
		{ CS_DENY, CS_WHY_NO_FILE, "would not have said deny (no-file)" },
		{ CS_DENY, CS_WHY_NO_INPUT, "would not have said deny (no-input)" },
		{ CS_HOLD, CS_WHY_NEEDS_REASON, "would not have said hold (needs-reason)" },
		{ CS_DENY, CS_WHY_CONDITION, "would have said hold (needs-approval)" },
	};
	struct story s;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		story_open(&s, MONITORS);
		s.body.verdict = cases[i].verdict;
		s.body.reason = cases[i].reason;
		expect(&s, cases[i].says);
	}
	story_open(&s, MONITORS);
	s.need.count = 1;
	expect(&s, "others would have been missing");
	story_open(&s, MONITORS);
	s.body.n_needs = 0;
	expect(&s, "others would have been missing");
	story_open(&s, LATER);
	s.body.permitted.scope = scribe_word("");
	expect(&s, "would not have said hold (needs-approval)");
}

/* A plain body does not do, and no other reason takes this one. Kills: step_permitted that does not look at the reason. */
static void test_a110_monitored_body(void **state)
{
	struct story s;

	(void)state;
	story_open(&s, MONITORS);
	s.event.reason = CS_WHY_HAS_RIGHT;
	expect(&s, "its body is none of a permitted event");
	story_open(&s, MONITORS);
	scribe_put(&s.scribe, &s.event, &cs_permitted_body_shape, &s.body.permitted);
	expect(&s, "its body is none of a permitted event");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay_monitor_honest),
		cmocka_unit_test(test_a110_monitored_at_a_gate_that_enforces),
		cmocka_unit_test(test_a110_monitored_another_person),
		cmocka_unit_test(test_a110_monitored_something_else),
		cmocka_unit_test(test_a110_monitored_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
