/* SPDX-License-Identifier: Apache-2.0 */
/* A gate that only monitors, through the whole authority: nothing is held or denied by it, no request is made, and the
 * record says what would have been. Closing the house derives each of these permits again. */
#include "house.h"

#define RIGHTS \
	"service sudo { unmatched = permit }\nservice sshd { unmatched = permit }\n" \
	"permission release.deploy { label = \"Deploy\" } permission release.approve { label = \"Approve\" }\n" \
	"role pmc { permissions = { release.deploy, release.approve } }\n" \
	"role infra { permissions = release.approve }\n" \
	"assignment owners { role = pmc scope = \"project/%{cn}\" below = \"ou=project\" listed = owner }\n" \
	"assignment infra { role = infra scope = \"*\" group = \"cn=infra,ou=groups\" listed = member }\n"
#define DEPLOY \
	"gate deploy { service = { sudo, sshd, \"app-release\" } mode = monitor permission = release.deploy scope = \"project/tomcat\"\n"
#define INFRA "  approval infra { count = 2 role = infra scope = \"*\" }\n"

/* The newest event of a permit, and its body. */
struct seen {
	struct cs_event event;
	struct cs_monitored_body body;
};

static void seen_clear(struct seen *seen)
{
	cs_clear(&cs_event_shape, &seen->event);
	cs_clear(&cs_monitored_body_shape, &seen->body);
}

static void newest(struct house *h, struct seen *seen)
{
	struct cs_record *records = NULL;
	size_t n = 0;

	memset(seen, 0, sizeof(*seen));
	assert_int_equal(cs_store_records(h->store, 1, 10000, &records, &n), 0);
	assert_true(n > 0);
	assert_int_equal(cs_decode_all(&cs_event_shape, records[n - 1].bytes, records[n - 1].n_bytes, &seen->event), 0);
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_record_shape, &records[i]);
	free(records);
	assert_int_equal(seen->event.kind, CS_EVENT_PERMITTED);
	assert_int_equal(seen->event.reason, CS_WHY_MONITORED);
	assert_string_equal(seen->event.gate, "deploy");
	assert_int_equal(seen->event.request, 0);
	assert_int_equal(cs_decode_all(&cs_monitored_body_shape, seen->event.body, seen->event.n_body, &seen->body), 0);
}

/* Asks, and wants it permitted with nothing made, and recorded with what would have been. */
static void let_on(struct house *h, const struct house_sudo *s, enum cs_verdict verdict, enum cs_reason reason, const char *says)
{
	unsigned requests = house_events(h, CS_EVENT_REQUESTED, CS_WHY_NEEDS_APPROVAL);
	struct cs_decision d = { 0 };
	struct seen seen;

	assert_int_equal(house_submit(h, s, 7, &d), 0);
	if (d.verdict != CS_PERMIT || d.reason != CS_WHY_MONITORED)
		fail_msg("%s: %s: %s", cs_verdict_name(d.verdict), cs_reason_name(d.reason), d.text);
	assert_int_equal(d.number, 0);
	assert_false(d.attend);
	newest(h, &seen);
	if (seen.body.verdict != verdict || seen.body.reason != reason)
		fail_msg("would be %s: %s", cs_verdict_name(seen.body.verdict), cs_reason_name(seen.body.reason));
	if (!strstr(seen.event.text, says))
		fail_msg("\"%s\" does not say \"%s\"", seen.event.text, says);
	assert_int_equal(house_events(h, CS_EVENT_REQUESTED, CS_WHY_NEEDS_APPROVAL), requests);
	seen_clear(&seen);
	cs_clear(&cs_decision_shape, &d);
}

static void begin(struct house *h, const char *gates)
{
	char *text = NULL;

	house_open(h);
	assert_int_equal(cs_format(&text, "%s%s", RIGHTS, gates), 0);
	house_load(h, text);
	free(text);
}

/* Kills: the hold (submit_monitored_decision left out of submit_resume); needs that do not reach the record; a text that does
 * not name who is missing. */
static void test_authority_monitor_would_have_been_held(void **state)
{
	struct house_sudo s;
	struct house h;
	struct seen seen;

	(void)state;
	begin(&h, DEPLOY INFRA "}\n");
	house_sudo_by(&s, ALICE, "alice");
	let_on(&h, &s, CS_HOLD, CS_WHY_NEEDS_APPROVAL,
		"It would have been held: Other people have to approve this first; missing: 2 × ");
	newest(&h, &seen);
	assert_int_equal(seen.body.n_needs, 1);
	assert_string_equal(seen.body.needs[0].rule, "infra");
	assert_int_equal(seen.body.needs[0].count, 2);
	assert_int_equal(seen.body.needs[0].have, 0);
	assert_int_equal(seen.body.needs[0].n_who, 2);
	assert_non_null(strstr(seen.event.text, "from carol or erin"));
	assert_non_null(strstr(seen.event.text, "; reason: release day"));
	assert_string_equal(seen.body.permitted.scope, "project/tomcat");
	seen_clear(&seen);
	s.submit.may_wait = false;
	let_on(&h, &s, CS_HOLD, CS_WHY_NEEDS_APPROVAL, "held");
	s.submit.only_ask = true; /* as the account phase of sshd */
	let_on(&h, &s, CS_HOLD, CS_WHY_NEEDS_APPROVAL, "held");
	house_close(&h);
}

/* Kills, each for one kind of denial: a submit_deny that became submit_refuse. */
static void test_authority_monitor_would_have_been_denied(void **state)
{
	static char exposed[] = "LD_PRELOAD=/tmp/x.so", *env[] = { exposed };
	struct house_sudo s;
	struct house h;

	(void)state;
	begin(&h, DEPLOY INFRA "}\n");
	house_sudo_by(&s, CAROL, "carol");
	let_on(&h, &s, CS_DENY, CS_WHY_NO_PERMISSION,
		"It would have been denied: You do not hold the permission that this needs (from ");
	house_sudo_by(&s, 4711, "nobody-knows");
	let_on(&h, &s, CS_DENY, CS_WHY_UNKNOWN_PERSON, "does not know this person");
	house_sudo_by(&s, FRANK, "frank");
	let_on(&h, &s, CS_DENY, CS_WHY_LOCKED_PERSON, "locked");
	house_sudo_by(&s, ALICE, "alice");
	s.submit.action.exposed = true;
	let_on(&h, &s, CS_DENY, CS_WHY_EXPOSED_FILE, "Others than root");
	s.submit.action.exposed = false;
	s.submit.action.option_refused = true;
	let_on(&h, &s, CS_DENY, CS_WHY_OPTION, "changed root directory");
	s.submit.action.option_refused = false;
	s.submit.action.env = env;
	s.submit.action.n_env = 1;
	let_on(&h, &s, CS_DENY, CS_WHY_ENVIRONMENT, "would change what runs");
	s.submit.action.n_env = 0;
	s.submit.has_file = false;
	let_on(&h, &s, CS_DENY, CS_WHY_NO_FILE, "could not be opened");
	s.submit.has_file = true;
	house_set_people(&h, "alice", "alice-adm"); /* the same human: nobody could approve */
	let_on(&h, &s, CS_DENY, CS_WHY_UNSATISFIABLE, "Too few people");
	house_close(&h);
}

/* What is missing in the call, and conditions and arguments of the gate. */
static void test_authority_monitor_conditions(void **state)
{
	struct house_sudo s;
	struct house h;

	(void)state;
	begin(&h, DEPLOY INFRA " reason = required }\n");
	house_sudo_by(&s, ALICE, "alice");
	s.submit.reason = NULL;
	let_on(&h, &s, CS_HOLD, CS_WHY_NEEDS_REASON, "A reason is needed for this request; missing: 2 × ");
	house_load(&h, RIGHTS DEPLOY INFRA " time = \"2020-01-01T00:00Z/2020-01-02T00:00Z\" }\n");
	let_on(&h, &s, CS_DENY, CS_WHY_CONDITION, "gate deploy guards this, but only");
	house_load(&h, RIGHTS DEPLOY INFRA " command = \"/usr/local/sbin/deploy-release httpd\" }\n");
	let_on(&h, &s, CS_DENY, CS_WHY_ARGUMENTS, "but not with these arguments");
	house_close(&h);
}

/* A directory that cannot tell: nothing is held, and the record says so. Kills: a doubt about the person that denies. */
static void test_authority_monitor_doubt(void **state)
{
	struct house_sudo s;
	struct house h;

	(void)state;
	begin(&h, DEPLOY INFRA "}\n");
	house_sudo_by(&s, ALICE, "alice");
	house_write(h.people, "this is no directory\n");
	let_on(&h, &s, CS_DENY, CS_WHY_DOUBT, "It would have been denied: ");
	house_close(&h);
}

#define HOLIDAY "gate holiday { service = sudo deny = \"No releases\" exempt oncall { role = infra scope = \"*\" } }\n"

/* What another gate denies, or holds, is denied and held as ever. Kills: gates in the order of the file alone. */
static void test_authority_monitor_leaves_other_gates_alone(void **state)
{
	struct cs_decision d = { 0 };
	struct house_sudo s;
	struct house h;

	(void)state;
	begin(&h, DEPLOY INFRA "}\n" HOLIDAY);
	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(d.verdict, CS_DENY);
	assert_int_equal(d.reason, CS_WHY_DENY_GATE);
	cs_clear(&cs_decision_shape, &d);
	house_sudo_by(&s, CAROL, "carol"); /* exempt from the freeze, and without the gate's permission */
	let_on(&h, &s, CS_DENY, CS_WHY_NO_PERMISSION, "denied");
	house_write(h.people, "this is no directory\n");
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(d.verdict, CS_DENY);
	assert_int_equal(d.reason, CS_WHY_DENY_GATE);
	cs_clear(&cs_decision_shape, &d);
	house_set_people(&h, "alice", "carol, erin");
	house_load(&h, RIGHTS DEPLOY INFRA "}\n"
		"gate strict { service = sudo command = \"/usr/local/sbin/deploy-release **\" permission = release.deploy\n"
		"  scope = \"project/tomcat\" approval infra { count = 1 role = infra scope = \"*\" } }\n");
	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(&h, &s, 8, &d), 0);
	assert_int_equal(d.verdict, CS_HOLD);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* A gate that needs nobody for him, or exempts him, says the same in both modes. */
static void test_authority_monitor_what_is_permitted_anyway(void **state)
{
	struct cs_decision d = { 0 };
	struct house_sudo s;
	struct house h;

	(void)state;
	begin(&h, DEPLOY "}\n");
	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(d.verdict, CS_PERMIT);
	assert_int_equal(d.reason, CS_WHY_HAS_RIGHT);
	cs_clear(&cs_decision_shape, &d);
	house_load(&h, RIGHTS DEPLOY INFRA " exempt owner { permission = release.approve } }\n");
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(d.reason, CS_WHY_EXEMPT);
	cs_clear(&cs_decision_shape, &d);
	house_sudo_by(&s, 0, "root");
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(d.reason, CS_WHY_ROOT);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* The session phase of sudo confirms it, once and on its connection. */
static void test_authority_monitor_is_confirmed(void **state)
{
	static char sudo[] = "sudo";
	struct cs_confirm call = { .subject = { .uid = ALICE, .login_uid = CS_NO_UID }, .service = sudo };
	struct cs_decision reply = { 0 };
	struct cs_caller caller;
	struct house_sudo s;
	struct house h;

	(void)state;
	begin(&h, DEPLOY INFRA "}\n");
	caller = house_module(&h, 7);
	house_sudo_by(&s, ALICE, "alice");
	let_on(&h, &s, CS_HOLD, CS_WHY_NEEDS_APPROVAL, "held");
	assert_int_equal(house_call(&h, &caller, CS_CALL_CONFIRM, &call, -1, &cs_decision_shape, &reply), 0);
	assert_int_equal(reply.verdict, CS_PERMIT);
	assert_false(reply.attend);
	cs_clear(&cs_decision_shape, &reply);
	assert_int_equal(house_call(&h, &caller, CS_CALL_CONFIRM, &call, -1, &cs_decision_shape, &reply), 0);
	assert_int_equal(reply.verdict, CS_DENY);
	cs_clear(&cs_decision_shape, &reply);
	house_close(&h);
}

/* Asked for ahead: nothing runs now, and nobody has to be asked. */
static void test_authority_monitor_asked_ahead(void **state)
{
	struct cs_decision d = { 0 };
	struct house_sudo s;
	struct house h;

	(void)state;
	begin(&h, DEPLOY INFRA "}\n");
	house_sudo_by(&s, ALICE, "alice");
	s.submit.ahead = true;
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(d.verdict, CS_DENY);
	assert_int_equal(d.reason, CS_WHY_NOT_WAITING);
	assert_int_equal(d.number, 0);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* A program asks by a gate: by that one it goes on, and is told why; by another, which does not guard this, it does not,
 * whether the gate that does would hold it or is outside its conditions. Kills: is_other_gate for CS_MATCH_GATE alone. */
static void test_authority_monitor_a_program_asks(void **state)
{
	static char service[] = "app-release", gate[] = "deploy", other[] = "other", word[] = "delete", *argv[] = { word };
	static const char *const policies[] = { RIGHTS DEPLOY INFRA "}\n",
		RIGHTS DEPLOY INFRA " time = \"2020-01-01T00:00Z/2020-01-02T00:00Z\" }\n" };
	struct cs_ask ask = { .service = service, .command = word, .argv = argv, .n_argv = 1, .may_wait = true };
	struct cs_decision d = { 0 };
	struct cs_caller caller = house_person(ALICE);
	struct house h;

	(void)state;
	house_open(&h);
	for (size_t i = 0; i < CS_COUNT(policies); i++) {
		house_load(&h, policies[i]);
		ask.gate = gate;
		assert_int_equal(house_call(&h, &caller, CS_CALL_ASK, &ask, -1, &cs_decision_shape, &d), 0);
		assert_int_equal(d.verdict, CS_PERMIT);
		assert_int_equal(d.reason, CS_WHY_MONITORED);
		assert_non_null(strstr(d.text, "It would have been "));
		cs_clear(&cs_decision_shape, &d);
		ask.gate = other;
		assert_int_equal(house_call(&h, &caller, CS_CALL_ASK, &ask, -1, &cs_decision_shape, &d), 0);
		assert_int_equal(d.verdict, CS_DENY);
		assert_int_equal(d.reason, CS_WHY_UNMATCHED);
		cs_clear(&cs_decision_shape, &d);
	}
	house_close(&h);
}

/* Who waits goes on waiting and is released as ever; who asks from now on does not wait. Back at enforcing it holds. */
static void test_authority_monitor_while_somebody_waits(void **state)
{
	static const char enforced[] = RIGHTS
		"gate deploy { service = sudo permission = release.deploy scope = \"project/tomcat\"\n"
		"  approval infra { count = 1 role = infra scope = \"*\" } }\n";
	static const char monitored[] = RIGHTS
		"gate deploy { service = sudo mode = monitor permission = release.deploy scope = \"project/tomcat\"\n"
		"  approval infra { count = 1 role = infra scope = \"*\" } }\n";
	struct cs_decision held = { 0 }, d = { 0 };
	struct house_sudo s;
	struct house h;

	(void)state;
	house_open(&h);
	house_load(&h, enforced);
	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(&h, &s, 9, &held), 0);
	assert_int_equal(held.verdict, CS_HOLD);
	house_load(&h, monitored);
	let_on(&h, &s, CS_HOLD, CS_WHY_NEEDS_APPROVAL, "held");
	assert_int_equal(house_state(&h, held.number), CS_PENDING);
	assert_int_equal(house_vote(&h, CAROL, held.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	let_on(&h, &s, CS_HOLD, CS_WHY_NEEDS_APPROVAL, "held"); /* nor does it use up what others wait for */
	assert_int_equal(house_claim(&h, &held, 9, &d), 0);
	assert_int_equal(d.verdict, CS_PERMIT);
	assert_int_equal(d.reason, CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	house_load(&h, enforced);
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(d.verdict, CS_HOLD);
	cs_clear(&cs_decision_shape, &d);
	cs_clear(&cs_decision_shape, &held);
	house_close(&h);
}

/* Without a record it is no permit. Kills: a submit_deny in submit_conclude, which would also never end. */
static void test_authority_monitor_no_record_no_permit(void **state)
{
	char *argv[3], *longest = malloc(CS_MAX_ARG + 1);
	struct cs_decision d = { 0 };
	struct house_sudo s;
	struct house h;

	(void)state;
	assert_non_null(longest);
	memset(longest, 'x', CS_MAX_ARG);
	longest[CS_MAX_ARG] = '\0';
	begin(&h, DEPLOY INFRA "}\n");
	house_sudo_by(&s, ALICE, "alice");
	argv[0] = s.argv[0];
	argv[1] = argv[2] = longest;
	s.submit.action.argv = argv;
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(d.verdict, CS_DENY);
	assert_int_equal(d.reason, CS_WHY_BAD_CALL);
	cs_clear(&cs_decision_shape, &d);
	free(longest);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority_monitor_would_have_been_held),
		cmocka_unit_test(test_authority_monitor_would_have_been_denied),
		cmocka_unit_test(test_authority_monitor_conditions),
		cmocka_unit_test(test_authority_monitor_doubt),
		cmocka_unit_test(test_authority_monitor_leaves_other_gates_alone),
		cmocka_unit_test(test_authority_monitor_what_is_permitted_anyway),
		cmocka_unit_test(test_authority_monitor_is_confirmed),
		cmocka_unit_test(test_authority_monitor_asked_ahead),
		cmocka_unit_test(test_authority_monitor_a_program_asks),
		cmocka_unit_test(test_authority_monitor_while_somebody_waits),
		cmocka_unit_test(test_authority_monitor_no_record_no_permit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
