/* SPDX-License-Identifier: Apache-2.0 */
/* Break-glass on the real authority: what it opens and for how long, what it leaves, and what it never does. */
#include "house.h"
#include "ops.h"
#include "replay.h"

enum { NOBODY_KNOWS = 2099, MINUTE = 60000 };

static const char glass_policy[] =
	"service sudo { unmatched = permit }\n"
	"permission release.deploy { label = \"Deploy\" }\n"
	"permission release.approve { label = \"Approve\" }\n"
	"permission policy.change { label = \"Change the policy\" }\n"
	"role pmc { permissions = { release.deploy, release.approve, policy.change } }\n"
	"role infra { permissions = { release.approve } }\n"
	"assignment owners { role = pmc scope = \"project/%%{cn}\" below = \"ou=project\" listed = owner }\n"
	"assignment boss { role = pmc scope = \"*\" person = \"uid=alice,ou=people\" }\n"
	"assignment infra { role = infra scope = \"*\" group = \"cn=infra,ou=groups\" listed = member }\n"
	"gate deploy { service = sudo command = \"/usr/local/sbin/deploy-release %%{project} *\"\n"
	"  permission = release.deploy scope = \"project/%%{project}\"\n"
	"  approval committee { count = 1 permission = release.approve }\n"
	"  approval infra { count = 1 role = infra scope = \"*\" } }\n"
	"gate shells { service = sudo command = \"/bin/sh\" deny = \"no shells\" }\n"
	"break_glass oncall { scope = \"%s\" uid = { %s } lasts = 15m\n"
	"  approval review { count = 2 role = infra scope = \"*\" } }\n"
	"break_glass other { scope = \"wg\" uid = 2003 lasts = 1h\n"
	"  approval review { count = 2 role = infra scope = \"*\" } }\n";

static const char apply_gate[] =
	"gate apply { service = countersign command = \"policy.apply **\" permission = policy.change scope = \"*\"\n"
	"  approval infra { count = 1 role = infra scope = \"*\" } }\n";

static void put_policy(struct house *h, const char *scope, const char *uids)
{
	char *text = NULL;

	assert_int_equal(cs_format(&text, glass_policy, scope, uids), 0);
	house_load(h, text);
	free(text);
}

static void open_house(struct house *h)
{
	house_open(h);
	house_set_people(h, "alice, alice-adm, bob", "carol, dave, erin");
	put_policy(h, "project", "2001, 2002, 2099");
}

static enum cs_reason call(struct house *h, uint32_t uid, const struct cs_break_glass *asked,
	struct cs_break_glass_answer *ret)
{
	struct cs_caller caller = house_person(uid);

	caller.login_uid = CS_NO_UID;
	assert_int_equal(house_call(h, &caller, CS_CALL_BREAK_GLASS, asked, -1, &cs_break_glass_answer_shape, ret), 0);
	return ret->decision.reason;
}

static char because[] = "the site is down";

/* Breaks it; what came out. *ret_number is the debt's. */
static enum cs_reason glass(struct house *h, uint32_t uid, uint64_t *ret_number)
{
	struct cs_break_glass asked = { .reason = because };
	struct cs_break_glass_answer answer = { 0 };
	enum cs_reason reason = call(h, uid, &asked, &answer);

	assert_int_equal(answer.decision.verdict == CS_PERMIT, reason == CS_WHY_BREAK_GLASS);
	if (ret_number)
		*ret_number = answer.decision.number;
	cs_clear(&cs_break_glass_answer_shape, &answer);
	return reason;
}

/* sudo deploy-release by this uid: the reason, which is break-glass only with a permit. */
static enum cs_reason deploy(struct house *h, uint32_t uid, const char *name)
{
	static uint64_t connection = 1;
	struct cs_decision decision = { 0 };
	enum cs_reason reason = CS_WHY_NONE;
	struct house_sudo sudo;

	house_sudo_by(&sudo, uid, name);
	assert_int_equal(house_submit(h, &sudo, connection++, &decision), 0);
	reason = decision.reason;
	assert_int_equal(decision.verdict == CS_PERMIT, reason == CS_WHY_BREAK_GLASS);
	cs_clear(&cs_decision_shape, &decision);
	return reason;
}

static void directory_down(struct house *h)
{
	house_write(h->people, "this is no list of people {");
}

static void reopen(struct house *h)
{
	cs_authority_close(&h->authority);
	house_open_authority(h);
}

static int text_of(void *arg, const uint8_t digest[CS_DIGEST_LEN], char **ret_text)
{
	struct house *h = arg;
	struct cs_generation generation = { 0 };
	int r = 0;

	for (uint64_t number = 1; r == 0; number++) {
		char *text = NULL;
		bool same = false;

		cs_clear(&cs_generation_shape, &generation);
		r = cs_store_policy_get(h->store, number, &generation, &text);
		same = r == 0 && memcmp(generation.digest, digest, CS_DIGEST_LEN) == 0;
		cs_clear(&cs_generation_shape, &generation);
		if (same) {
			*ret_text = text;
			return 0;
		}
		free(text);
	}
	return r;
}

/* Everything that was permitted is derived again from the record alone. */
static void evidence_holds(struct house *h)
{
	struct cs_replay *replay = NULL;
	struct cs_record *records = NULL;
	size_t n = 0;
	int r = 0;

	assert_int_equal(cs_store_records(h->store, 1, 10000, &records, &n), 0);
	assert_int_equal(cs_replay_new(text_of, h, &replay), 0);
	for (size_t i = 0; i < n; i++) {
		r = r == 0 ? cs_replay_next(replay, &records[i]) : r;
		cs_clear(&cs_record_shape, &records[i]);
	}
	if (r != 0 || cs_replay_end(replay, n) != 0)
		fail_msg("event %llu: %s", (unsigned long long)cs_replay_bad(replay), cs_replay_why(replay));
	free(records);
	cs_replay_free(&replay);
}

/* --- What it opens -------------------------------------------------------------------------------------------------- */

static void test_glass_permits_for_its_time_and_records_each_use(void **state)
{
	struct house h;
	uint64_t debt = 0;

	(void)state;
	open_house(&h);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(glass(&h, ALICE, &debt), CS_WHY_BREAK_GLASS);
	assert_int_equal(house_state(&h, debt), CS_PENDING);
	assert_int_equal(house_events(&h, CS_EVENT_BREAK_GLASS, CS_WHY_BREAK_GLASS), 1);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_BREAK_GLASS);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_BREAK_GLASS);
	assert_int_equal(house_events(&h, CS_EVENT_PERMITTED, CS_WHY_BREAK_GLASS), 2);
	assert_int_equal(deploy(&h, BOB, "bob"), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(deploy(&h, ALICE_ADM, "alice-adm"), CS_WHY_NEEDS_APPROVAL); /* named too, and broke nothing */
	house_pass(15 * MINUTE - 1);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_BREAK_GLASS);
	house_pass(1);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_NEEDS_APPROVAL);
	evidence_holds(&h);
	house_close(&h);
}

static void test_glass_lasts_no_longer_than_asked_or_allowed(void **state)
{
	struct cs_break_glass asked = { .reason = because, .lasts_ms = 5 * MINUTE };
	struct cs_break_glass_answer answer = { 0 };
	struct house h;

	(void)state;
	open_house(&h);
	assert_int_equal(call(&h, ALICE, &asked, &answer), CS_WHY_BREAK_GLASS);
	assert_int_equal(answer.until_wall_ms, house_now.wall_ms + 5 * MINUTE);
	assert_string_equal(answer.scope, "project");
	cs_clear(&cs_break_glass_answer_shape, &answer);
	house_pass(5 * MINUTE);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_NEEDS_APPROVAL);
	house_close(&h);
	open_house(&h);
	asked.lasts_ms = 60 * MINUTE;
	assert_int_equal(call(&h, ALICE, &asked, &answer), CS_WHY_BREAK_GLASS);
	assert_int_equal(answer.until_wall_ms, house_now.wall_ms + 15 * MINUTE);
	cs_clear(&cs_break_glass_answer_shape, &answer);
	house_close(&h);
}

/* By uid alone: with the directory down, and for somebody it never knew. */
static void test_glass_needs_no_directory(void **state)
{
	struct house h;
	uint64_t debt = 0;

	(void)state;
	open_house(&h);
	directory_down(&h);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_DOUBT);
	assert_int_equal(glass(&h, ALICE, &debt), CS_WHY_BREAK_GLASS);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_BREAK_GLASS);
	evidence_holds(&h);
	house_close(&h);
	open_house(&h);
	assert_int_equal(deploy(&h, NOBODY_KNOWS, "ghost"), CS_WHY_UNKNOWN_PERSON);
	assert_int_equal(glass(&h, NOBODY_KNOWS, &debt), CS_WHY_BREAK_GLASS);
	assert_int_equal(deploy(&h, NOBODY_KNOWS, "ghost"), CS_WHY_BREAK_GLASS);
	/* and it is reviewed like any other */
	assert_int_equal(house_vote(&h, CAROL, debt, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, ERIN, debt, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	evidence_holds(&h);
	house_close(&h);
}

static void test_glass_opens_nothing_else(void **state)
{
	static char sh[] = "/bin/sh", wiki[] = "wiki";
	struct cs_decision decision = { 0 };
	struct cs_apply_answer apply = { 0 };
	struct house_sudo sudo;
	char *text = NULL, *plain = NULL;
	struct house h;

	(void)state;
	open_house(&h);
	put_policy(&h, "project/tomcat", "2001");
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_BREAK_GLASS);
	/* another scope */
	house_sudo_by(&sudo, ALICE, "alice");
	sudo.argv[1] = wiki;
	assert_int_equal(house_submit(&h, &sudo, 500, &decision), 0);
	assert_int_equal(decision.reason, CS_WHY_NEEDS_APPROVAL);
	cs_clear(&cs_decision_shape, &decision);
	/* a gate that denies; a file that anybody can change */
	house_sudo_by(&sudo, ALICE, "alice");
	sudo.submit.action.command = sudo.submit.action.resolved = sudo.argv[0] = sh;
	sudo.submit.action.n_argv = 1;
	assert_int_equal(house_submit(&h, &sudo, 501, &decision), 0);
	assert_int_equal(decision.reason, CS_WHY_DENY_GATE);
	cs_clear(&cs_decision_shape, &decision);
	house_sudo_by(&sudo, ALICE, "alice");
	sudo.submit.action.exposed = true;
	assert_int_equal(house_submit(&h, &sudo, 502, &decision), 0);
	assert_int_equal(decision.reason, CS_WHY_EXPOSED_FILE);
	cs_clear(&cs_decision_shape, &decision);
	evidence_holds(&h);
	house_close(&h);
	/* and the policy never, in whichever scope: kills leaving that out */
	open_house(&h);
	assert_int_equal(cs_format(&plain, glass_policy, "*", "2001"), 0);
	assert_int_equal(cs_format(&text, "%s%s", plain, apply_gate), 0);
	house_load(&h, text);
	free(text);
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_BREAK_GLASS);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_BREAK_GLASS);
	text = plain;
	assert_int_equal(house_apply(&h, ALICE, text, 0, false, &apply), 0);
	assert_false(apply.applied);
	assert_int_equal(apply.decision.reason, CS_WHY_NOT_WAITING);
	cs_clear(&cs_apply_answer_shape, &apply);
	free(text);
	evidence_holds(&h);
	house_close(&h);
}

/* --- Who ------------------------------------------------------------------------------------------------------------ */

static void test_glass_is_for_whom_the_policy_names(void **state)
{
	struct cs_break_glass asked = { .reason = because };
	struct cs_break_glass_answer answer = { 0 };
	struct cs_caller caller = house_person(ALICE);
	static char wrong[] = "other", blank[] = " \t";
	struct house h;

	(void)state;
	open_house(&h);
	assert_int_equal(glass(&h, CAROL, NULL), CS_WHY_NO_BREAK_GLASS);
	assert_int_equal(house_events(&h, CS_EVENT_DENIED, CS_WHY_NO_BREAK_GLASS), 1);
	asked.glass = wrong; /* which names bob */
	assert_int_equal(call(&h, ALICE, &asked, &answer), CS_WHY_NO_BREAK_GLASS);
	cs_clear(&cs_break_glass_answer_shape, &answer);
	asked.glass = NULL;
	asked.reason = blank;
	assert_int_equal(call(&h, ALICE, &asked, &answer), CS_WHY_NEEDS_REASON);
	cs_clear(&cs_break_glass_answer_shape, &answer);
	/* carol, who became alice: kills believing the uid alone where the login says otherwise */
	asked.reason = because;
	caller.login_uid = CAROL;
	assert_int_equal(house_call(&h, &caller, CS_CALL_BREAK_GLASS, &asked, -1, &cs_break_glass_answer_shape, &answer), 0);
	assert_int_equal(answer.decision.reason, CS_WHY_NO_BREAK_GLASS);
	cs_clear(&cs_break_glass_answer_shape, &answer);
	/* root has no need of it, and a module no right to it */
	caller = house_person(0);
	assert_int_equal(house_call(&h, &caller, CS_CALL_BREAK_GLASS, &asked, -1, &cs_break_glass_answer_shape, NULL),
		CS_EPERM);
	caller = house_module(&h, 7);
	assert_int_equal(house_call(&h, &caller, CS_CALL_BREAK_GLASS, &asked, -1, &cs_break_glass_answer_shape, NULL),
		CS_EPERM);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_NEEDS_APPROVAL);
	house_close(&h);
}

/* Anybody may try, and nobody fills the disk with it. */
static void test_glass_refusals_are_recorded_within_bounds(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	for (int i = 0; i < 100; i++)
		assert_int_equal(glass(&h, CAROL, NULL), CS_WHY_NO_BREAK_GLASS);
	assert_int_equal(house_events(&h, CS_EVENT_DENIED, CS_WHY_NO_BREAK_GLASS), 20);
	house_close(&h);
}

static void test_glass_ends_when_the_policy_names_him_no_more(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_BREAK_GLASS);
	put_policy(&h, "wiki", "2001"); /* another scope */
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_NEEDS_APPROVAL);
	put_policy(&h, "*", "2001"); /* wider than what was broken: that stays as it was */
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_BREAK_GLASS);
	put_policy(&h, "project", "2002");
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_NEEDS_APPROVAL);
	evidence_holds(&h);
	house_close(&h);
}

/* --- The debt ------------------------------------------------------------------------------------------------------- */

static void test_glass_debt_is_for_two_others(void **state)
{
	struct house h;
	uint64_t debt = 0;

	(void)state;
	open_house(&h);
	house_set_people(&h, "alice, alice-adm, bob", "alice, alice-adm, carol, erin");
	assert_int_equal(glass(&h, ALICE, &debt), CS_WHY_BREAK_GLASS);
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_DEBT);
	assert_int_equal(glass(&h, NOBODY_KNOWS, NULL), CS_WHY_DEBT); /* whoever asks */
	assert_int_equal(house_vote(&h, ALICE, debt, CS_VOTE_APPROVE), CS_WHY_SELF);
	assert_int_equal(house_vote(&h, ALICE_ADM, debt, CS_VOTE_APPROVE), CS_WHY_SELF);
	assert_int_equal(house_vote(&h, BOB, debt, CS_VOTE_APPROVE), CS_WHY_NOT_APPROVER);
	assert_int_equal(house_vote(&h, CAROL, debt, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	house_pass(24 * 60 * MINUTE);
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_DEBT); /* it does not lapse */
	assert_int_equal(house_vote(&h, ERIN, debt, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(house_state(&h, debt), CS_USED);
	assert_int_equal(house_events(&h, CS_EVENT_CLAIMED, CS_WHY_APPROVED), 1);
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_BREAK_GLASS);
	evidence_holds(&h);
	house_close(&h);
}

/* A rejected review stays a debt, and open: whoever rejected may change his mind. */
static void test_glass_rejected_review_stays_a_debt(void **state)
{
	struct cs_cancel cancel = { 0 };
	struct cs_caller caller = house_person(ALICE);
	struct cs_decision decision = { 0 };
	struct house h;
	uint64_t debt = 0;

	(void)state;
	open_house(&h);
	assert_int_equal(glass(&h, ALICE, &debt), CS_WHY_BREAK_GLASS);
	assert_int_equal(house_vote(&h, CAROL, debt, CS_VOTE_REJECT), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, DAVE, debt, CS_VOTE_REJECT), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, ERIN, debt, CS_VOTE_REJECT), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_state(&h, debt), CS_PENDING);
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_DEBT);
	/* and is withdrawn by nobody */
	cancel.number = debt;
	assert_int_equal(house_call(&h, &caller, CS_CALL_CANCEL, &cancel, -1, &cs_decision_shape, &decision), CS_ECONFLICT);
	caller.uid = 0;
	assert_int_equal(house_call(&h, &caller, CS_CALL_CANCEL, &cancel, -1, &cs_decision_shape, &decision), CS_ECONFLICT);
	assert_int_equal(house_state(&h, debt), CS_PENDING);
	assert_int_equal(house_vote(&h, CAROL, debt, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, DAVE, debt, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	evidence_holds(&h);
	house_close(&h);
}

/* The section has another name in the policy of now: the debt is still one, the one for the same scope says who reviews it,
 * and the replay knows. Kills finding the review by its name alone. */
static void test_glass_a_renamed_section_reviews_what_is_open(void **state)
{
	struct house h;
	uint64_t debt = 0;
	char *text = NULL;

	(void)state;
	open_house(&h);
	assert_int_equal(glass(&h, ALICE, &debt), CS_WHY_BREAK_GLASS);
	assert_int_equal(house_vote(&h, CAROL, debt, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(cs_format(&text, glass_policy, "project", "2001"), 0);
	memcpy(strstr(text, "oncall"), "nights", 6);
	house_load(&h, text);
	free(text);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_NEEDS_APPROVAL); /* by that name it was not opened */
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_DEBT);
	assert_int_equal(house_vote(&h, ERIN, debt, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(house_state(&h, debt), CS_USED);
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_BREAK_GLASS);
	evidence_holds(&h);
	house_close(&h);
}

/* No section for that scope is left: whoever tries to vote, whoever looks, and the log hear what is to be done. */
static void test_glass_without_a_section_it_is_said_what_to_do(void **state)
{
	static const char says[] = "no break_glass for project, whose approvals would say who reviews request 1: put one in force "
				   "with scope = \"project\"";
	static char comment[] = "";
	struct cs_caller carol = house_person(CAROL);
	struct cs_vote_call call = { .vote = CS_VOTE_APPROVE, .comment = comment };
	struct cs_decision reply = { 0 };
	char *text = NULL;
	struct house h;

	(void)state;
	open_house(&h);
	assert_int_equal(glass(&h, ALICE, &call.number), CS_WHY_BREAK_GLASS);
	assert_int_equal(cs_format(&text, glass_policy, "host", "2001"), 0);
	memcpy(strstr(text, "oncall"), "nights", 6);
	house_load(&h, text);
	free(text);
	assert_non_null(strstr(h.notice, says));
	h.notice[0] = '\0';
	cs_authority_close(&h.authority);
	house_open_authority(&h);
	assert_non_null(strstr(h.notice, says));
	house_digest(&h, call.number, call.digest);
	assert_int_equal(house_call(&h, &carol, CS_CALL_VOTE, &call, -1, &cs_decision_shape, &reply), 0);
	assert_int_equal(reply.reason, CS_WHY_POLICY_CHANGED);
	assert_non_null(strstr(reply.text, says));
	cs_clear(&cs_decision_shape, &reply);
	assert_int_equal(house_state(&h, call.number), CS_PENDING);
	put_policy(&h, "project", "2001");
	assert_int_equal(house_vote(&h, CAROL, call.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, ERIN, call.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	evidence_holds(&h);
	house_close(&h);
}

/* So many debts and no more; the refusal says what to do. One fewer, and it is free. */
static void test_glass_debts_are_bounded(void **state)
{
	struct cs_break_glass asked = { .reason = because };
	struct cs_break_glass_answer answer = { 0 };
	struct cs_stored debt = { 0 };
	struct house h;
	uint64_t number = 0;

	(void)state;
	open_house(&h);
	h.no_replay = true;
	assert_int_equal(glass(&h, ALICE, &number), CS_WHY_BREAK_GLASS);
	assert_int_equal(cs_store_get(h.store, number, &debt), 0);
	assert_int_equal(cs_set(&debt.request.scope, "old/places"), 0);
	for (unsigned i = 0; i < 255; i++) {
		memcpy(debt.request.id, &i, sizeof(i));
		memcpy(debt.digest, &i, sizeof(i));
		assert_int_equal(cs_store_begin(h.store), 0);
		assert_int_equal(cs_store_add(h.store, &debt), 0);
		assert_int_equal(cs_store_commit(h.store), 0);
	}
	cs_clear(&cs_stored_shape, &debt);
	assert_int_equal(call(&h, BOB, &asked, &answer), CS_WHY_DEBT);
	assert_non_null(strstr(answer.decision.text, "256 times"));
	cs_clear(&cs_break_glass_answer_shape, &answer);
	assert_int_equal(house_vote(&h, CAROL, number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, ERIN, number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(call(&h, BOB, &asked, &answer), CS_WHY_BREAK_GLASS);
	cs_clear(&cs_break_glass_answer_shape, &answer);
	house_close(&h);
}

static void test_glass_debt_is_of_its_scope(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_int_equal(glass(&h, BOB, NULL), CS_WHY_BREAK_GLASS); /* in wg */
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_BREAK_GLASS);
	evidence_holds(&h);
	house_close(&h);
	open_house(&h);
	assert_int_equal(glass(&h, BOB, NULL), CS_WHY_BREAK_GLASS);
	put_policy(&h, "*", "2001");
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_DEBT); /* which holds wg */
	evidence_holds(&h);
	house_close(&h);
}

/* Who has looked at it has closed it. */
static void test_glass_a_review_ends_the_window(void **state)
{
	struct house h;
	uint64_t debt = 0;

	(void)state;
	open_house(&h);
	assert_int_equal(glass(&h, ALICE, &debt), CS_WHY_BREAK_GLASS);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_BREAK_GLASS);
	assert_int_equal(house_vote(&h, CAROL, debt, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, ERIN, debt, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_NEEDS_APPROVAL);
	evidence_holds(&h);
	house_close(&h);
}

/* --- Time and restarts ---------------------------------------------------------------------------------------------- */

static void test_glass_outlives_a_restart_until_its_time(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_BREAK_GLASS);
	house_pass(5 * MINUTE);
	reopen(&h);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_BREAK_GLASS);
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_DEBT);
	/* another boot: the wall clock tells */
	(void)snprintf(house_now.boot_id, sizeof(house_now.boot_id), "boot-two");
	house_now.boot_ms = 1000;
	reopen(&h);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_BREAK_GLASS);
	house_pass(10 * MINUTE);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_DEBT);
	evidence_holds(&h);
	house_close(&h);
}

/* A093: a clock that is set back neither makes it longer nor is believed across a reboot. */
static void test_glass_a093_clock_steps(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_BREAK_GLASS);
	house_now.wall_ms -= 60ull * 60 * 1000;
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_BREAK_GLASS);
	house_now.boot_ms += 15 * MINUTE;
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_NEEDS_APPROVAL);
	(void)snprintf(house_now.boot_id, sizeof(house_now.boot_id), "boot-two");
	reopen(&h);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_NEEDS_APPROVAL);
	evidence_holds(&h);
	house_close(&h);
}

/* --- No record, no permit ------------------------------------------------------------------------------------------- */

static bool full;
static const struct cs_store_ops *real_ops;

static int full_begin(struct cs_store *store)
{
	return full ? CS_EIO : real_ops->begin(store);
}

static int full_commit(struct cs_store *store)
{
	if (!full)
		return real_ops->commit(store);
	real_ops->rollback(store);
	return CS_EIO;
}

static void disk(struct house *h, bool is_full, bool at_commit)
{
	static struct cs_store_ops ops;

	if (!real_ops || h->store->ops != &ops)
		real_ops = h->store->ops;
	ops = *real_ops;
	ops.begin = at_commit ? real_ops->begin : full_begin;
	ops.commit = full_commit;
	h->store->ops = &ops;
	full = is_full;
}

static void test_glass_a106_no_record_no_permit(void **state)
{
	struct cs_break_glass asked = { .reason = because };
	struct cs_break_glass_answer answer = { 0 };
	struct cs_caller caller = house_person(ALICE);
	struct house h;

	(void)state;
	caller.login_uid = CS_NO_UID;
	for (int at_commit = 0; at_commit <= 1; at_commit++) {
		int r = 0;

		open_house(&h);
		disk(&h, true, at_commit == 1);
		r = house_call(&h, &caller, CS_CALL_BREAK_GLASS, &asked, -1, &cs_break_glass_answer_shape, &answer);
		assert_true(r < 0 || (answer.decision.verdict == CS_DENY && answer.decision.reason == CS_WHY_STORE));
		cs_clear(&cs_break_glass_answer_shape, &answer);
		assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_STORE);
		full = false;
		assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_NEEDS_APPROVAL); /* nothing was left */
		assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_BREAK_GLASS);
		full = true; /* and what cannot be recorded is not permitted while it is broken either */
		assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_STORE);
		full = false;
		h.store->ops = real_ops;
		house_close(&h);
	}
}

/* --- Drills --------------------------------------------------------------------------------------------------------- */

static bool says(const struct cs_break_glass_answer *answer, const char *text)
{
	for (size_t i = 0; i < answer->n_lines; i++)
		if (strstr(answer->lines[i], text))
			return true;
	return false;
}

static enum cs_reason drill(struct house *h, struct cs_break_glass_answer *ret)
{
	struct cs_break_glass asked = { .drill = true };

	return call(h, ALICE, &asked, ret);
}

static void test_glass_drill_tries_everything_and_opens_nothing(void **state)
{
	struct cs_break_glass_answer answer = { 0 };
	struct house h;

	(void)state;
	open_house(&h);
	assert_int_equal(drill(&h, &answer), CS_WHY_BREAK_GLASS);
	assert_int_equal(answer.decision.verdict, CS_PERMIT);
	assert_int_equal(answer.decision.number, 0);
	assert_true(says(&answer, "policy: break_glass oncall names uid 2001 for project"));
	assert_true(says(&answer, "people: uid 2001 is alice"));
	assert_true(says(&answer, "nobody with uid 2099"));
	assert_true(says(&answer, "review: 2"));
	assert_true(says(&answer, "debt: none"));
	assert_true(says(&answer, "clock: "));
	assert_true(says(&answer, "outbox: empty"));
	assert_true(says(&answer, "store: writes"));
	cs_clear(&cs_break_glass_answer_shape, &answer);
	assert_int_equal(house_events(&h, CS_EVENT_DRILL, CS_WHY_BREAK_GLASS), 1);
	assert_int_equal(house_events(&h, CS_EVENT_BREAK_GLASS, CS_WHY_BREAK_GLASS), 0);
	assert_int_equal(deploy(&h, ALICE, "alice"), CS_WHY_NEEDS_APPROVAL);
	evidence_holds(&h);
	house_close(&h);
}

/* Two accounts that take turns are counted like any two. Kills: one place for all uids with the same remainder. */
static void test_glass_a060_two_who_take_turns_do_not_flood_the_evidence(void **state)
{
	struct house h;

	(void)state;
	open_house(&h);
	for (uint32_t i = 0; i < 60; i++)
		assert_int_equal(glass(&h, i % 2 ? 4242 : 4242 + 64, NULL), CS_WHY_NO_BREAK_GLASS);
	assert_int_equal(house_events(&h, CS_EVENT_DENIED, CS_WHY_NO_BREAK_GLASS), 40);
	house_close(&h);
}

/* Everybody who could review is told of a drill, also who wants to be left alone. Kills: not counting them. */
static void test_glass_a094_drills_are_no_way_to_flood(void **state)
{
	struct cs_break_glass_answer answer = { 0 };
	struct cs_break_glass asked = { .drill = true };
	struct cs_caller caller = house_person(2001);
	struct house h;
	size_t taken = 0;
	int r = 0;

	(void)state;
	open_house(&h);
	for (size_t i = 0; i < 100; i++) {
		r = house_call(&h, &caller, CS_CALL_BREAK_GLASS, &asked, -1, &cs_break_glass_answer_shape, &answer);
		assert_true(r == 0 || r == CS_EBUSY);
		taken += r == 0;
		cs_clear(&cs_break_glass_answer_shape, &answer);
	}
	assert_in_range(taken, 1, 20);
	assert_int_equal(house_events(&h, CS_EVENT_DRILL, CS_WHY_BREAK_GLASS), taken);
	house_now.boot_ms += MINUTE;
	house_now.wall_ms += MINUTE;
	assert_int_equal(drill(&h, &answer), CS_WHY_BREAK_GLASS);
	cs_clear(&cs_break_glass_answer_shape, &answer);
	/* and the glass itself is broken all the same */
	assert_int_equal(glass(&h, 2001, NULL), CS_WHY_BREAK_GLASS);
	house_close(&h);
}

static void test_glass_drill_finds_what_is_wrong(void **state)
{
	struct cs_break_glass_answer answer = { 0 };
	struct house h;

	(void)state;
	open_house(&h);
	house_set_people(&h, "alice", "carol"); /* one is not two */
	assert_int_equal(drill(&h, &answer), CS_WHY_UNSATISFIABLE);
	assert_int_equal(answer.decision.verdict, CS_DENY);
	cs_clear(&cs_break_glass_answer_shape, &answer);
	directory_down(&h);
	assert_int_equal(drill(&h, &answer), CS_WHY_BREAK_GLASS); /* it is not needed */
	assert_true(says(&answer, "could not tell; it is not needed"));
	cs_clear(&cs_break_glass_answer_shape, &answer);
	house_set_people(&h, "alice", "carol, erin");
	assert_int_equal(glass(&h, ALICE, NULL), CS_WHY_BREAK_GLASS);
	assert_int_equal(drill(&h, &answer), CS_WHY_DEBT);
	assert_true(says(&answer, "debt: request 1 was not reviewed"));
	cs_clear(&cs_break_glass_answer_shape, &answer);
	assert_int_equal(house_events(&h, CS_EVENT_DRILL, CS_WHY_DEBT), 1);
	evidence_holds(&h);
	house_close(&h);
	open_house(&h);
	house_now.wall_ms -= 24ull * 60 * MINUTE;
	assert_int_equal(drill(&h, &answer), CS_WHY_STORE);
	assert_true(says(&answer, "it is wrong"));
	cs_clear(&cs_break_glass_answer_shape, &answer);
	evidence_holds(&h);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_glass_permits_for_its_time_and_records_each_use),
		cmocka_unit_test(test_glass_lasts_no_longer_than_asked_or_allowed),
		cmocka_unit_test(test_glass_needs_no_directory),
		cmocka_unit_test(test_glass_opens_nothing_else),
		cmocka_unit_test(test_glass_is_for_whom_the_policy_names),
		cmocka_unit_test(test_glass_refusals_are_recorded_within_bounds),
		cmocka_unit_test(test_glass_ends_when_the_policy_names_him_no_more),
		cmocka_unit_test(test_glass_debt_is_for_two_others),
		cmocka_unit_test(test_glass_rejected_review_stays_a_debt),
		cmocka_unit_test(test_glass_a_renamed_section_reviews_what_is_open),
		cmocka_unit_test(test_glass_without_a_section_it_is_said_what_to_do),
		cmocka_unit_test(test_glass_debts_are_bounded),
		cmocka_unit_test(test_glass_debt_is_of_its_scope),
		cmocka_unit_test(test_glass_a_review_ends_the_window),
		cmocka_unit_test(test_glass_outlives_a_restart_until_its_time),
		cmocka_unit_test(test_glass_a093_clock_steps),
		cmocka_unit_test(test_glass_a106_no_record_no_permit),
		cmocka_unit_test(test_glass_drill_tries_everything_and_opens_nothing),
		cmocka_unit_test(test_glass_a060_two_who_take_turns_do_not_flood_the_evidence),
		cmocka_unit_test(test_glass_a094_drills_are_no_way_to_flood),
		cmocka_unit_test(test_glass_drill_finds_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
