/* SPDX-License-Identifier: Apache-2.0 */
/* Single calls while memory is short: break-glass and its drill, what a program asks, also at a gate that only monitors, being left alone, a stranger's vote, and the look at whom to
 * tell. Each allocation of each fails once; what was answered has to be so, and what is recorded has to follow. */
#include "alloc_fault.h"
#include "house.h"
#include "internal.h"

static const char policy[] =
	"service sudo { unmatched = permit }\n"
	"permission release.deploy { label = \"Deploy\" } permission release.approve { label = \"Approve\" }\n"
	"role pmc { permissions = { release.deploy, release.approve } } role infra { permissions = release.approve }\n"
	"assignment owners { role = pmc scope = \"project/%{cn}\" below = \"ou=project\" listed = owner }\n"
	"assignment infra { role = infra scope = \"*\" group = \"cn=infra,ou=groups\" listed = member }\n"
	"gate deploy { service = sudo command = \"/usr/local/sbin/deploy-release %{project} *\"\n"
	"  permission = release.deploy scope = \"project/%{project}\"\n"
	"  approval committee { count = 1 permission = release.approve } }\n"
	"gate delete { service = \"app-projects\" command = \"delete %{project}\"\n"
	"  permission = release.deploy scope = \"project/%{project}\"\n"
	"  approval committee { count = 1 permission = release.approve } }\n"
	"gate watch { service = \"app-watched\" mode = monitor permission = release.deploy scope = \"project/tomcat\"\n"
	"  approval committee { count = 1 permission = release.approve } }\n"
	"break_glass oncall { scope = \"project\" uid = 2001 lasts = 15m\n"
	"  approval review { count = 2 role = infra scope = \"*\" } }\n";

/* What a call came to, without an allocation of its own. */
struct outcome {
	int given, error;
	enum cs_verdict verdict;
	enum cs_reason reason;
	bool quiet;
};

static void take_decision(struct outcome *outcome, const struct cs_decision *decision)
{
	outcome->verdict = decision->verdict;
	outcome->reason = decision->reason;
}

static void done_vote(void *arg, int error, const char *text, const void *reply)
{
	struct outcome *outcome = arg;

	(void)text;
	outcome->given++;
	outcome->error = error;
	if (error == 0)
		take_decision(outcome, reply);
}

static void done_glass(void *arg, int error, const char *text, const void *reply)
{
	const struct cs_break_glass_answer *answer = reply;

	done_vote(arg, error, text, error == 0 ? &answer->decision : NULL);
}

static void done_quiet(void *arg, int error, const char *text, const void *reply)
{
	struct outcome *outcome = arg;

	(void)text;
	outcome->given++;
	outcome->error = error;
	if (error == 0)
		outcome->quiet = ((const struct cs_quiet_answer *)reply)->quiet;
}

static unsigned events_of(struct house *h, enum cs_event_kind kind)
{
	struct cs_record *records = NULL;
	unsigned found = 0;
	size_t n = 0;

	assert_int_equal(cs_store_records(h->store, 1, 1000, &records, &n), 0);
	for (size_t i = 0; i < n; i++) {
		struct cs_event event = { 0 };

		assert_int_equal(cs_decode_all(&cs_event_shape, records[i].bytes, records[i].n_bytes, &event), 0);
		found += event.kind == kind;
		cs_clear(&cs_event_shape, &event);
		cs_clear(&cs_record_shape, &records[i]);
	}
	free(records);
	return found;
}

/* Makes the call; 1 when no allocation of it failed. */
static int make(struct house *h, size_t fail_at, uint32_t uid, enum cs_call_type type, const void *call, cs_reply_fn done,
	struct outcome *outcome)
{
	struct cs_caller caller = house_person(uid);
	int over = 0;

	*outcome = (struct outcome){ 0 };
	alloc_fault_reset(fail_at);
	cs_authority_call(h->authority, &caller, type, call, -1, done, outcome);
	cs_authority_turn(h->authority);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	assert_int_equal(outcome->given, 1);
	assert_true(outcome->error == 0 || !over); /* with all the memory that it wants it is answered */
	return over;
}

static void begin(struct house *h)
{
	house_open(h);
	house_load(h, policy);
}

static int glass_once(size_t fail_at)
{
	static char because[] = "the site is down";
	const struct cs_break_glass asked = { .reason = because };
	struct outcome outcome;
	struct house h;
	int over = 0;

	begin(&h);
	h.authority->options.tells = true;
	over = make(&h, fail_at, ALICE, CS_CALL_BREAK_GLASS, &asked, done_glass, &outcome);
	if (outcome.verdict == CS_PERMIT)
		assert_int_equal(outcome.reason, CS_WHY_BREAK_GLASS);
	if (outcome.verdict == CS_PERMIT || over)
		assert_int_equal(events_of(&h, CS_EVENT_BREAK_GLASS), 1);
	/* its event and its debt, or neither */
	assert_int_equal(events_of(&h, CS_EVENT_BREAK_GLASS), events_of(&h, CS_EVENT_REQUESTED));
	assert_true(events_of(&h, CS_EVENT_BREAK_GLASS) <= 1);
	house_close(&h);
	return over;
}

static int drill_once(size_t fail_at)
{
	const struct cs_break_glass asked = { .drill = true };
	struct outcome outcome;
	struct house h;
	int over = 0;

	begin(&h);
	h.authority->options.tells = true;
	over = make(&h, fail_at, ALICE, CS_CALL_BREAK_GLASS, &asked, done_glass, &outcome);
	assert_true(events_of(&h, CS_EVENT_DRILL) <= 1);
	if (over)
		assert_int_equal(events_of(&h, CS_EVENT_DRILL), 1);
	assert_int_equal(events_of(&h, CS_EVENT_BREAK_GLASS), 0);
	assert_int_equal(events_of(&h, CS_EVENT_REQUESTED), 0);
	house_close(&h);
	return over;
}

/* A program asks: its request and its event, or neither; and never a permit, whatever is missing. */
static int ask_once(size_t fail_at)
{
	static char service[] = "app-projects", gate[] = "delete", word[] = "delete", name[] = "tomcat", reason[] = "moved";
	char *argv[] = { word, name };
	const struct cs_ask asked = { .service = service, .gate = gate, .command = word, .argv = argv, .n_argv = 2,
		.reason = reason, .may_wait = true };
	struct outcome outcome;
	struct house h;
	int over = 0;

	begin(&h);
	over = make(&h, fail_at, ALICE, CS_CALL_ASK, &asked, done_vote, &outcome);
	assert_true(outcome.verdict == CS_HOLD || outcome.verdict == CS_DENY);
	if (over)
		assert_int_equal(outcome.verdict, CS_HOLD);
	if (outcome.verdict == CS_HOLD)
		assert_int_equal(outcome.reason, CS_WHY_NEEDS_APPROVAL);
	if (outcome.verdict == CS_HOLD)
		assert_int_equal(events_of(&h, CS_EVENT_REQUESTED), 1);
	assert_true(events_of(&h, CS_EVENT_REQUESTED) <= 1);
	house_close(&h);
	return over;
}

/* At a gate that only monitors: permitted with its event, or denied without one. */
static int monitored_once(size_t fail_at)
{
	static char service[] = "app-watched", word[] = "delete";
	char *argv[] = { word };
	const struct cs_ask asked = { .service = service, .command = word, .argv = argv, .n_argv = 1 };
	struct outcome outcome;
	struct house h;
	int over = 0;

	begin(&h);
	over = make(&h, fail_at, ALICE, CS_CALL_ASK, &asked, done_vote, &outcome);
	assert_int_equal(outcome.verdict == CS_PERMIT, outcome.reason == CS_WHY_MONITORED);
	assert_true(outcome.verdict == CS_PERMIT || !over);
	if (outcome.verdict == CS_PERMIT)
		assert_int_equal(events_of(&h, CS_EVENT_PERMITTED), 1);
	assert_int_equal(events_of(&h, CS_EVENT_REQUESTED), 0);
	house_close(&h);
	return over;
}

static int quiet_once(size_t fail_at)
{
	const struct cs_quiet asked = { .kind = CS_QUIET_ON };
	struct outcome outcome;
	struct house h;
	uint64_t until = 0;
	int over = 0;

	begin(&h);
	over = make(&h, fail_at, BOB, CS_CALL_QUIET, &asked, done_quiet, &outcome);
	assert_int_equal(outcome.quiet, outcome.error == 0);
	if (outcome.quiet)
		assert_int_equal(cs_store_quiet(h.store, "bob", house_now.wall_ms, &until), 1);
	house_close(&h);
	return over;
}

/* alice's request waits. */
static uint64_t asked_by_alice(struct house *h)
{
	struct cs_decision d = { 0 };
	struct house_sudo s;
	uint64_t number = 0;

	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(h, &s, 7, &d), 0);
	assert_int_equal(d.verdict, CS_HOLD);
	number = d.number;
	cs_clear(&cs_decision_shape, &d);
	return number;
}

static int stranger_once(size_t fail_at)
{
	struct cs_vote_call call = { .vote = CS_VOTE_APPROVE };
	struct outcome outcome;
	struct house h;
	int over = 0;

	begin(&h);
	call.number = asked_by_alice(&h);
	over = make(&h, fail_at, DAVE, CS_CALL_VOTE, &call, done_vote, &outcome);
	assert_int_equal(outcome.verdict, CS_DENY);
	assert_true(outcome.reason != CS_WHY_DIGEST);
	if (outcome.reason == CS_WHY_NOT_APPROVER)
		assert_int_equal(events_of(&h, CS_EVENT_VOTE_REFUSED), 1);
	if (over)
		assert_int_equal(outcome.reason, CS_WHY_NOT_APPROVER);
	assert_int_equal(house_state(&h, call.number), CS_PENDING);
	house_close(&h);
	return over;
}

struct told {
	uint64_t numbers[16];
	size_t n;
	unsigned bob, carol;
};

static int take(void *arg, const struct cs_notice *notice)
{
	struct told *told = arg;

	assert_true(told->n < CS_COUNT(told->numbers));
	told->numbers[told->n++] = notice->number;
	for (size_t i = 0; notice->kind == CS_NOTICE_ASKED && i < notice->n_recipients; i++) {
		told->bob += strcmp(notice->recipients[i], "bob") == 0;
		told->carol += strcmp(notice->recipients[i], "carol") == 0;
	}
	return 0;
}

/* All rounds that the notice of one request takes. Twice it is tried: what failed for want of memory comes again. */
static void tell(struct house *h, struct told *told)
{
	for (int i = 0; i < 6; i++) {
		told->n = 0;
		cs_authority_tell(h->authority, take, told);
		cs_authority_turn(h->authority);
		for (size_t k = 0; k < told->n; k++)
			cs_authority_told(h->authority, told->numbers[k], true, "");
		cs_authority_turn(h->authority);
	}
}

static int check_once(size_t fail_at)
{
	struct told told = { 0 };
	struct house h;
	int over = 0;

	begin(&h);
	h.authority->options.tells = true;
	h.authority->options.tell_for_ms = 3600000;
	(void)asked_by_alice(&h);
	house_write(h.people,
		"person alice { uid = 2001 id = \"id-alice\" dn = \"uid=alice,ou=people\" human = \"1001\" }\n"
		"person bob { uid = 2003 id = \"id-bob\" dn = \"uid=bob,ou=people\" human = \"1003\" locked = true }\n"
		"person carol { uid = 2004 id = \"id-carol\" dn = \"uid=carol,ou=people\" human = \"1004\" }\n"
		"group infra { dn = \"cn=infra,ou=groups\" listed member { people = { bob, carol } } }\n");
	alloc_fault_reset(fail_at);
	tell(&h, &told);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	house_pass(60000);
	tell(&h, &told);
	assert_true(told.carol >= 1); /* whatever failed, who can vote is asked */
	assert_true(!over || (told.carol == 1 && told.bob == 0));
	house_close(&h);
	return over;
}

#define EVERY(name) \
	static void test_authority_a119_##name(void **state) \
	{ \
		(void)state; \
		for (size_t at = 1; name##_once(at) == 0; at++) \
			assert_true(at < 5000); \
	}

EVERY(glass)
EVERY(drill)
EVERY(ask)
EVERY(monitored)
EVERY(quiet)
EVERY(stranger)
EVERY(check)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority_a119_glass), cmocka_unit_test(test_authority_a119_drill),
		cmocka_unit_test(test_authority_a119_ask), cmocka_unit_test(test_authority_a119_monitored),
		cmocka_unit_test(test_authority_a119_quiet), cmocka_unit_test(test_authority_a119_stranger),
		cmocka_unit_test(test_authority_a119_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
