/* SPDX-License-Identifier: Apache-2.0 */
/* How old the directory's word may be, what is remembered of it, who said it, and lists that are not to be believed. */
#include "house.h"
#include "backend.h"
#include "evidence.h"

#define SERVER "ldaps://ldap2.example.org"

#define POLICY(login, gate) \
	"service sudo { unmatched = permit }\n" \
	"permission release.deploy { label = \"Deploy\" }\n" \
	"permission release.approve { label = \"Approve\" }\n" \
	"permission host.login { label = \"Log in\" " login " }\n" \
	"role pmc { permissions = { release.deploy, release.approve } }\n" \
	"role infra { permissions = { release.approve, host.login } }\n" \
	"assignment owners { role = pmc scope = \"project/%{cn}\" below = \"ou=project\" listed = owner }\n" \
	"assignment infra { role = infra scope = \"*\" group = \"cn=infra,ou=groups\" listed = member at_least = 2 }\n" \
	"gate deploy { service = sudo command = \"/usr/local/sbin/deploy-release %{project} *\"\n" \
	"  permission = release.deploy scope = \"project/%{project}\" " gate "\n" \
	"  approval committee { count = 1 permission = release.approve }\n" \
	"  approval infra { count = 1 role = infra scope = \"*\" } }\n" \
	"gate login { service = sshd permission = host.login }\n"

enum { Q_OWNERS, Q_INFRA }; /* the policy's queries */

/* A directory that says what the house's does, but as old, as slowly and with the doubts that a test wants. */
struct teller {
	const struct cs_backend *under;
	void *self;
	uint64_t age_ms, takes_ms, changes;
	bool unsure; /* what infra lists */
	struct house *forgets; /* after the next answer alice owns nothing any more */
	unsigned asked, subjects; /* the last question's */
	struct cs_terms terms[4];
	uint64_t asked_ms[4];
	cs_answer_fn done;
	void *arg;
};
static struct teller teller;

static char server[] = SERVER, too_few[] = "cn=infra,ou=groups lists 1, and at_least says 2";

static void retell(void *arg, const struct cs_answer *answer)
{
	struct cs_answer told = { 0 };
	struct cs_unsure unsure = { Q_INFRA, too_few };

	(void)arg;
	assert_int_equal(cs_copy(&cs_answer_shape, answer, &told), 0);
	for (size_t i = 0; i < told.n_facts; i++) {
		struct cs_facts *facts = &told.facts[i];

		facts->boot_ms = house_now.boot_ms - teller.age_ms;
		assert_int_equal(cs_set(&facts->source, server), 0);
		for (; facts->n_unsure > 0; facts->n_unsure--) /* only the test says what is not believed */
			cs_clear(&cs_unsure_shape, &facts->unsure[facts->n_unsure - 1]);
		free(facts->unsure);
		facts->unsure = NULL;
		if (!teller.unsure || facts->known != CS_KNOWN_YES)
			continue;
		facts->unsure = calloc(1, sizeof(*facts->unsure));
		assert_int_equal(cs_copy(&cs_unsure_shape, &unsure, facts->unsure), 0);
		facts->n_unsure = 1;
	}
	house_pass(teller.takes_ms);
	if (teller.forgets)
		house_set_people(teller.forgets, "bob", "carol, erin");
	teller.forgets = NULL;
	teller.done(teller.arg, &told);
	cs_clear(&cs_answer_shape, &told);
}

static int teller_ask(void *self, const struct cs_question *question, const struct cs_terms *terms, cs_answer_fn done,
	void *arg)
{
	(void)self;
	teller.terms[teller.asked % CS_COUNT(teller.terms)] = *terms;
	teller.asked_ms[teller.asked % CS_COUNT(teller.terms)] = house_now.boot_ms;
	teller.asked++;
	teller.subjects = (unsigned)question->n_subjects;
	teller.done = done;
	teller.arg = arg;
	return teller.under->ask(teller.self, question, terms, retell, NULL);
}

static uint64_t teller_changes(void *self)
{
	(void)self;
	return teller.changes;
}

static unsigned recorded;
static char recorded_text[512];

static void keep_event(struct house *h, const struct cs_event *event, const uint8_t chain[CS_DIGEST_LEN])
{
	(void)h;
	(void)chain;
	recorded++;
	(void)snprintf(recorded_text, sizeof(recorded_text), "%s", event->text ? event->text : "");
}

/* The members of cs_directory that are put in between. */
struct front {
	const struct cs_backend *backend;
	void *self;
};

static void open_with(struct house *h, const char *policy)
{
	static struct cs_backend backend;
	struct front *front = NULL;

	house_open(h);
	memcpy(&front, &h->directory, sizeof(front));
	teller = (struct teller){ .under = front->backend, .self = front->self };
	backend = *front->backend;
	backend.ask = teller_ask;
	backend.changes = teller_changes;
	front->backend = &backend;
	house_load(h, policy);
	h->recorded = keep_event;
	recorded = 0;
	teller.asked = 0;
}

#define WITH_POLICY(h, text) struct house h; open_with(&h, text)

static void login_right(struct house *h, struct cs_right_answer *ret_answer)
{
	static char carol[] = "carol", permission[] = "host.login", scope[] = "host/rel1";
	struct cs_right right = { carol, permission, scope };
	struct cs_caller module = house_module(h, 3);

	assert_int_equal(house_call(h, &module, CS_CALL_RIGHT, &right, -1, &cs_right_answer_shape, ret_answer), 0);
}

/* The right is asked for: what comes out, how often the directory was asked and how often it was recorded till then. */
#define EXPECT_RIGHT(h, expected_reason, n_asked, n_recorded) \
	do { \
		struct cs_right_answer right_ = { 0 }; \
		login_right(h, &right_); \
		assert_int_equal(right_.reason, expected_reason); \
		assert_int_equal(right_.verdict, (expected_reason) == CS_WHY_HAS_RIGHT ? CS_PERMIT : CS_DENY); \
		assert_int_equal(teller.asked, n_asked); \
		assert_int_equal(recorded, n_recorded); \
		cs_clear(&cs_right_answer_shape, &right_); \
	} while (0)

static void test_authority_a079_right_is_remembered_30_s_at_most(void **state)
{
	WITH_POLICY(h, POLICY("fresh = 24h", ""));

	(void)state;
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 1, 1);
	house_pass(29000);
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 1, 1);
	house_pass(1001);
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 2, 2);
	house_close(&h);
}

static void test_authority_a079_right_is_remembered_as_its_permission_wants(void **state)
{
	WITH_POLICY(h, POLICY("fresh = 5s", ""));

	(void)state;
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 1, 1);
	assert_int_equal(teller.terms[0].fresh_ms, 5000);
	house_pass(4999);
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 1, 1);
	house_pass(1);
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 2, 1); /* the record still stands for the same answer */
	house_pass(25001);
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 3, 2);
	/* What was 3 s old already is remembered for the rest only. */
	house_pass(60000);
	teller.age_ms = 3000;
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 4, 3);
	house_pass(2000);
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 5, 3);
	house_close(&h);
}

static void test_authority_a079_right_that_is_asked_each_time(void **state)
{
	WITH_POLICY(h, POLICY("fresh = 0s", ""));

	(void)state;
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 1, 1);
	assert_int_equal(teller.terms[0].fresh_ms, 1);
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 2, 1);
	house_set_people(&h, "alice, bob", "erin, dave");
	EXPECT_RIGHT(&h, CS_WHY_NO_PERMISSION, 3, 2); /* another answer is recorded at once */
	EXPECT_RIGHT(&h, CS_WHY_NO_PERMISSION, 4, 2);
	teller.unsure = true;
	EXPECT_RIGHT(&h, CS_WHY_DOUBT, 5, 3);
	teller.unsure = false;
	house_set_people(&h, "alice, bob", "erin, carol");
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 6, 4);
	teller.age_ms = 2;
	EXPECT_RIGHT(&h, CS_WHY_DOUBT, 7, 5);
	house_close(&h);
}

static void test_authority_a079_right_dies_with_a_change_of_the_directory(void **state)
{
	WITH_POLICY(h, POLICY("", ""));

	(void)state;
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 1, 1);
	EXPECT_RIGHT(&h, CS_WHY_HAS_RIGHT, 1, 1);
	teller.changes++;
	house_set_people(&h, "alice, bob", "erin, dave");
	EXPECT_RIGHT(&h, CS_WHY_NO_PERMISSION, 2, 2);
	EXPECT_RIGHT(&h, CS_WHY_NO_PERMISSION, 2, 2);
	house_close(&h);
}

static void test_authority_right_tells_source_and_age(void **state)
{
	static char permission[] = "host.login", scope[] = "host/rel1", nobody[] = "";
	WITH_POLICY(h, POLICY("", ""));
	struct cs_right right = { nobody, permission, scope };
	struct cs_right_answer answer = { 0 };
	struct cs_caller carol = house_person(CAROL);

	(void)state;
	teller.age_ms = 4000;
	assert_int_equal(house_call(&h, &carol, CS_CALL_RIGHT, &right, -1, &cs_right_answer_shape, &answer), 0);
	assert_int_equal(answer.verdict, CS_PERMIT);
	assert_string_equal(answer.source, SERVER);
	assert_int_equal(answer.age_ms, 4000);
	cs_clear(&cs_right_answer_shape, &answer);
	login_right(&h, &answer);
	cs_clear(&cs_right_answer_shape, &answer);
	assert_string_equal(recorded_text, "host.login in host/rel1, from " SERVER ", 4s old");
	house_pass(7000);
	login_right(&h, &answer); /* remembered: the age is that of the facts */
	assert_int_equal(teller.asked, 2);
	assert_string_equal(answer.source, SERVER);
	assert_int_equal(answer.age_ms, 11000);
	cs_clear(&cs_right_answer_shape, &answer);
	house_close(&h);
}

/* --- Gates -------------------------------------------------------------------------------------------------------- */

static void expect_submit(struct house *h, enum cs_verdict verdict, enum cs_reason reason, const char *text,
	struct cs_decision *ret)
{
	struct house_sudo s;

	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(h, &s, 7, ret), 0);
	if (ret->verdict != verdict || ret->reason != reason)
		fail_msg("%s (%s): %s", cs_verdict_name(ret->verdict), cs_reason_name(ret->reason), ret->text);
	if (text)
		assert_string_equal(ret->text, text);
}

static void expect_claim(struct house *h, const struct cs_decision *held, enum cs_verdict verdict,
	enum cs_reason reason, const char *text)
{
	struct cs_decision reply = { 0 };

	assert_int_equal(house_claim(h, held, 7, &reply), 0);
	if (reply.verdict != verdict || reply.reason != reason)
		fail_msg("%s (%s): %s", cs_verdict_name(reply.verdict), cs_reason_name(reply.reason), reply.text);
	if (text)
		assert_string_equal(reply.text, text);
	cs_clear(&cs_decision_shape, &reply);
}

#define OLD "the directory's word from " SERVER " is 7s old, and the gate wants 5s"

static void test_authority_a080_old_word_asks_votes_and_claims_nothing(void **state)
{
	WITH_POLICY(h, POLICY("", "fresh = 5s"));
	struct cs_decision d = { 0 };

	(void)state;
	teller.age_ms = 7000;
	expect_submit(&h, CS_DENY, CS_WHY_DOUBT, OLD, &d);
	cs_clear(&cs_decision_shape, &d);
	teller.age_ms = 5000;
	expect_submit(&h, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL, &d);
	assert_int_equal(teller.terms[1].fresh_ms, 5000);
	teller.age_ms = 7000;
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_DOUBT);
	assert_string_equal(recorded_text, OLD);
	teller.age_ms = 0;
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(teller.terms[(teller.asked - 1) % CS_COUNT(teller.terms)].fresh_ms, 5000);
	teller.age_ms = 7000;
	expect_claim(&h, &d, CS_DENY, CS_WHY_DOUBT, OLD);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED); /* it passes, so nothing is spent */
	cs_clear(&cs_decision_shape, &d);
	teller.age_ms = 4000;
	expect_submit(&h, CS_PERMIT, CS_WHY_APPROVED, NULL, &d);
	assert_non_null(strstr(recorded_text, "(from " SERVER ", 4s old)"));
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

#define FREEZE "gate freeze { service = sudo deny = \"frozen\" exempt owner { permission = release.deploy scope = \"project/tomcat\" } }\n"

/* A gate that only monitors goes on and says so; but not where the old word is also what kept a deny gate away, and not where
 * that gate came to deny between two questions. Kills: submit_deny for each submit_refuse in refused_in_doubt. */
static void test_authority_monitor_old_word(void **state)
{
	WITH_POLICY(h, POLICY("", "fresh = 5s mode = monitor"));
	struct cs_decision d = { 0 };

	(void)state;
	teller.age_ms = 7000;
	expect_submit(&h, CS_PERMIT, CS_WHY_MONITORED, NULL, &d);
	assert_non_null(strstr(recorded_text, "It would have been denied: " OLD));
	cs_clear(&cs_decision_shape, &d);
	teller.age_ms = 0;
	house_load(&h, POLICY("", "fresh = 5s mode = monitor") FREEZE);
	expect_submit(&h, CS_PERMIT, CS_WHY_MONITORED, NULL, &d);
	cs_clear(&cs_decision_shape, &d);
	teller.age_ms = 7000;
	expect_submit(&h, CS_DENY, CS_WHY_DOUBT, OLD, &d);
	cs_clear(&cs_decision_shape, &d);
	teller.age_ms = 0;
	teller.forgets = &h;
	expect_submit(&h, CS_DENY, CS_WHY_DOUBT, "What guards this changed while it was looked at; run it again.", &d);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a080_permission_of_a_gate_counts_for_it(void **state)
{
	static char service[] = "sshd", none[] = "", carol[] = "carol";
	WITH_POLICY(h, POLICY("fresh = 2s", ""));
	struct cs_submit submit = { .subject = { CAROL, CS_NO_UID, carol }, .action = { .service = service,
		.command = none } };
	struct cs_caller module = house_module(&h, 7);
	struct cs_decision d = { 0 };

	(void)state;
	teller.age_ms = 3000;
	assert_int_equal(house_call(&h, &module, CS_CALL_SUBMIT, &submit, -1, &cs_decision_shape, &d), 0);
	assert_int_equal(d.verdict, CS_DENY);
	assert_int_equal(d.reason, CS_WHY_DOUBT);
	assert_string_equal(d.text, "the directory's word from " SERVER " is 3s old, and the gate wants 2s");
	assert_int_equal(teller.terms[0].fresh_ms, 2000);
	cs_clear(&cs_decision_shape, &d);
	teller.age_ms = 1000;
	assert_int_equal(house_call(&h, &module, CS_CALL_SUBMIT, &submit, -1, &cs_decision_shape, &d), 0);
	assert_int_equal(d.verdict, CS_PERMIT);
	assert_null(strstr(d.text, SERVER)); /* for people; the event keeps it */
	assert_non_null(strstr(recorded_text, "(from " SERVER ", 1s old)"));
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* Approvers and claims are never answered from anything remembered (A079, A080): each asks about everybody anew. */
static void test_authority_a080_votes_and_claims_ask_each_time(void **state)
{
	WITH_POLICY(h, POLICY("", ""));
	struct cs_decision d = { 0 };
	unsigned asked = 0;

	(void)state;
	expect_submit(&h, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL, &d);
	asked = teller.asked;
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(teller.asked, ++asked);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(teller.asked, ++asked);
	assert_int_equal(teller.subjects, 3); /* the voter, the requester, who voted before */
	house_set_people(&h, "alice, bob", "erin, dave"); /* carol is gone, in the same millisecond */
	expect_claim(&h, &d, CS_DENY, CS_WHY_APPROVER_LOST, NULL);
	assert_int_equal(teller.asked, ++asked);
	assert_int_equal(teller.subjects, 3);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a083_two_questions_share_one_deadline(void **state)
{
	static char shell[] = "/bin/sh";
	WITH_POLICY(h, POLICY("", "") "gate shells { service = sudo command = \"/bin/sh\" deny = \"no\"\n"
		"  exempt infra { role = infra scope = \"*\" } }\n"
		"gate sh { service = sudo command = \"/bin/sh\" permission = host.login }\n");
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	house_sudo_by(&s, CAROL, "carol");
	s.submit.action.command = s.submit.action.resolved = s.argv[0] = shell;
	s.submit.action.n_argv = 1;
	teller.takes_ms = 1000;
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(d.verdict, CS_PERMIT);
	assert_int_equal(teller.asked, 2);
	assert_int_equal(teller.terms[0].until_ms - teller.asked_ms[0], 3000);
	assert_int_equal(teller.terms[1].until_ms, teller.terms[0].until_ms);
	cs_clear(&cs_decision_shape, &d);
	teller.takes_ms = 5000; /* nothing is left for the second */
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(teller.asked, 4);
	assert_int_equal(teller.terms[3].until_ms, teller.asked_ms[3]);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* --- Lists that are not to be believed ----------------------------------------------------------------------------- */

static void test_authority_a079_unsure_list_counts_no_approver(void **state)
{
	WITH_POLICY(h, POLICY("", ""));
	struct cs_decision d = { 0 };

	(void)state;
	teller.unsure = true;
	expect_submit(&h, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL, &d); /* her right does not touch the list */
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_DOUBT);
	assert_string_equal(recorded_text, too_few);
	assert_int_equal(house_vote(&h, DAVE, d.number, CS_VOTE_APPROVE), CS_WHY_DOUBT); /* nor is he surely no */
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	teller.unsure = false;
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	teller.unsure = true;
	expect_claim(&h, &d, CS_DENY, CS_WHY_DOUBT, too_few);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	teller.unsure = false;
	expect_submit(&h, CS_PERMIT, CS_WHY_APPROVED, NULL, &d);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* An emptied group makes a request neither hopeless nor anybody's to ask. */
static void test_authority_a079_unsure_list_is_not_an_empty_one(void **state)
{
	WITH_POLICY(h, POLICY("", ""));
	struct cs_decision d = { 0 };

	(void)state;
	house_set_people(&h, "alice, bob", "alice");
	expect_submit(&h, CS_DENY, CS_WHY_UNSATISFIABLE, NULL, &d);
	cs_clear(&cs_decision_shape, &d);
	teller.unsure = true;
	expect_submit(&h, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL, &d);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* --- What is kept -------------------------------------------------------------------------------------------------- */

static bool holds(const struct cs_record *records, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (memmem(records[i].bytes, records[i].n_bytes, text, strlen(text)))
			return true;
	return false;
}

static void test_authority_votes_keep_source_and_age(void **state)
{
	WITH_POLICY(h, POLICY("", ""));
	struct cs_show_answer show = { 0 };
	struct cs_decision d = { 0 };
	struct cs_record *records = NULL;
	size_t n = 0;
	static const char because[] =
		"role infra in * by member of cn=infra,ou=groups, from " SERVER ", 4s old";

	(void)state;
	expect_submit(&h, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL, &d);
	teller.age_ms = 4000;
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_show(&h, BOB, d.number, &show), 0);
	assert_int_equal(show.decision.n_votes, 1);
	assert_int_equal(show.decision.votes[0].n_because, 2);
	assert_string_equal(show.decision.votes[0].because[1], because);
	assert_int_equal(cs_store_records(h.store, 1, 100, &records, &n), 0);
	assert_true(holds(records, n, because));
	while (n > 0)
		cs_clear(&cs_record_shape, &records[--n]);
	free(records);
	cs_clear(&cs_show_answer_shape, &show);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority_a079_right_is_remembered_30_s_at_most),
		cmocka_unit_test(test_authority_a079_right_is_remembered_as_its_permission_wants),
		cmocka_unit_test(test_authority_a079_right_that_is_asked_each_time),
		cmocka_unit_test(test_authority_a079_right_dies_with_a_change_of_the_directory),
		cmocka_unit_test(test_authority_right_tells_source_and_age),
		cmocka_unit_test(test_authority_a080_old_word_asks_votes_and_claims_nothing),
		cmocka_unit_test(test_authority_monitor_old_word),
		cmocka_unit_test(test_authority_a080_permission_of_a_gate_counts_for_it),
		cmocka_unit_test(test_authority_a080_votes_and_claims_ask_each_time),
		cmocka_unit_test(test_authority_a083_two_questions_share_one_deadline),
		cmocka_unit_test(test_authority_a079_unsure_list_counts_no_approver),
		cmocka_unit_test(test_authority_a079_unsure_list_is_not_an_empty_one),
		cmocka_unit_test(test_authority_votes_keep_source_and_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
