/* SPDX-License-Identifier: Apache-2.0 */
/* libcountersign as another program uses it: only the public headers and the shared library. */
#include "decisions.h"
#include "mem.h"
#include <countersign/client.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int ask(enum fake_act act, struct cs_right_answer *answer, int error, enum cs_reason *ret_reason)
{
	const struct fake_step steps[] = { { .call = CS_CALL_RIGHT, .act = act, .reply = answer, .error = error,
		.text = "" } };
	struct fake_options how = { .steps = steps, .n_steps = 1, .listen_as = geteuid() };
	struct cs_right call = { 0 };
	struct fake fake;
	int r = 0;

	fake_start(&fake, &how);
	r = cs_has_right(fake.path, "alice", "release.deploy", "project/tomcat", ret_reason);
	assert_int_equal(fake.seen->n_calls, 1);
	fake_call(&fake, 0, &call);
	assert_string_equal(call.user, "alice");
	assert_string_equal(call.permission, "release.deploy");
	assert_string_equal(call.scope, "project/tomcat");
	cs_clear(&cs_right_shape, &call);
	fake_stop(&fake);
	return r;
}

static void test_library_yes_no_and_neither(void **state)
{
	struct cs_right_answer yes = { .verdict = CS_PERMIT, .reason = CS_WHY_HAS_RIGHT };
	struct cs_right_answer no = { .verdict = CS_DENY, .reason = CS_WHY_NO_PERMISSION };
	struct cs_right_answer odd = { .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL };
	enum cs_reason reason = CS_WHY_NONE;

	(void)state;
	assert_int_equal(ask(FAKE_REPLY, &yes, 0, &reason), 1);
	assert_int_equal(reason, CS_WHY_HAS_RIGHT);
	assert_int_equal(ask(FAKE_REPLY, &yes, 0, NULL), 1);
	assert_int_equal(ask(FAKE_REPLY, &no, 0, &reason), 0);
	assert_int_equal(reason, CS_WHY_NO_PERMISSION);
	assert_int_equal(ask(FAKE_REPLY, &odd, 0, &reason), 0);
	assert_int_equal(ask(FAKE_ERROR, &yes, CS_EPERM, &reason), CS_EPERM);
	assert_int_equal(reason, CS_WHY_UNREACHABLE);
	assert_int_equal(ask(FAKE_CLOSE, &yes, 0, &reason), CS_EUNAVAIL);
	assert_int_equal(ask(FAKE_BAD_VERDICT, &yes, 0, &reason), CS_EPROTO);
}

static void test_library_nobody_there(void **state)
{
	enum cs_reason reason = CS_WHY_NONE;

	(void)state;
	assert_int_equal(cs_has_right("/nowhere/people.sock", NULL, "a.b", "*", &reason), CS_EUNAVAIL);
	assert_int_equal(reason, CS_WHY_UNREACHABLE);
	assert_int_equal(cs_has_right("relative", NULL, "a.b", "*", NULL), CS_EINVAL);
	assert_int_equal(cs_has_right(NULL, NULL, NULL, "*", NULL), CS_EINVAL);
	assert_int_equal(cs_has_right(NULL, NULL, "a.b", NULL, NULL), CS_EINVAL);
}

/* Three questions; told is what the daemon tells of them. */
static int ask_three(enum fake_act act, struct cs_right_told *told, size_t n_told, int error,
	struct cs_right_result results[3])
{
	static const struct cs_right_question questions[] = { { "alice", "release.deploy", "project/tomcat" },
		{ "bob", "release.deploy", "project/tomcat" }, { NULL, "no.such", "*" } };
	struct cs_rights_answer answer = { told, n_told };
	const struct fake_step steps[] = { { .call = CS_CALL_RIGHTS, .act = act, .reply = &answer, .error = error,
		.text = "" } };
	struct fake_options how = { .steps = steps, .n_steps = 1, .listen_as = geteuid() };
	struct cs_rights call = { 0 };
	struct fake fake;
	int r = 0;

	memset(results, 0x5a, 3 * sizeof(*results));
	fake_start(&fake, &how);
	r = cs_has_rights(fake.path, questions, 3, results);
	assert_int_equal(fake.seen->n_calls, 1);
	fake_call(&fake, 0, &call);
	assert_int_equal(call.n_asked, 3);
	assert_string_equal(call.asked[0].user, "alice");
	assert_string_equal(call.asked[1].user, "bob");
	assert_string_equal(call.asked[2].user, "");
	assert_string_equal(call.asked[2].permission, "no.such");
	assert_string_equal(call.asked[0].scope, "project/tomcat");
	cs_clear(&cs_rights_shape, &call);
	fake_stop(&fake);
	return r;
}

static void all_denied(const struct cs_right_result *results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(results[i].verdict, CS_DENY);
		assert_int_equal(results[i].reason, CS_WHY_UNREACHABLE);
	}
}

static void test_library_many_at_once(void **state)
{
	struct cs_right_told told[] = { { CS_PERMIT, CS_WHY_HAS_RIGHT }, { CS_DENY, CS_WHY_NO_PERMISSION },
		{ CS_DENY, CS_WHY_BAD_CALL }, { CS_PERMIT, CS_WHY_HAS_RIGHT } };
	struct cs_right_told held[] = { { CS_HOLD, CS_WHY_NEEDS_APPROVAL }, { CS_PERMIT, CS_WHY_HAS_RIGHT },
		{ CS_DENY, 0 } };
	struct cs_right_result results[3];

	(void)state;
	assert_int_equal(ask_three(FAKE_REPLY, told, 3, 0, results), 0);
	assert_int_equal(results[0].verdict, CS_PERMIT);
	assert_int_equal(results[0].reason, CS_WHY_HAS_RIGHT);
	assert_int_equal(results[1].verdict, CS_DENY);
	assert_int_equal(results[1].reason, CS_WHY_NO_PERMISSION);
	assert_int_equal(results[2].reason, CS_WHY_BAD_CALL);
	assert_int_equal(ask_three(FAKE_REPLY, held, 3, 0, results), 0);
	assert_int_equal(results[0].verdict, CS_DENY);
	assert_int_equal(results[1].verdict, CS_PERMIT);
}

static void test_library_many_are_all_denied_on_errors(void **state)
{
	struct cs_right_told told[] = { { CS_PERMIT, CS_WHY_HAS_RIGHT }, { CS_PERMIT, CS_WHY_HAS_RIGHT },
		{ CS_PERMIT, CS_WHY_HAS_RIGHT }, { CS_PERMIT, CS_WHY_HAS_RIGHT } };
	const struct cs_right_question bad[] = { { NULL, "a.b", "*" }, { NULL, "a.b", NULL } };
	struct cs_right_result results[3];

	(void)state;
	assert_int_equal(ask_three(FAKE_REPLY, told, 2, 0, results), CS_EPROTO);
	all_denied(results, 3);
	assert_int_equal(ask_three(FAKE_REPLY, told, 4, 0, results), CS_EPROTO);
	all_denied(results, 3);
	assert_int_equal(ask_three(FAKE_ERROR, told, 3, CS_EPERM, results), CS_EPERM);
	all_denied(results, 3);
	assert_int_equal(ask_three(FAKE_OTHER_TYPE, told, 3, 0, results), CS_EPROTO);
	all_denied(results, 3);
	assert_int_equal(ask_three(FAKE_CLOSE, told, 3, 0, results), CS_EUNAVAIL);
	all_denied(results, 3);
	memset(results, 0x5a, sizeof(results));
	assert_int_equal(cs_has_rights("/nowhere/people.sock", bad, 2, results), CS_EINVAL);
	all_denied(results, 2);
	assert_int_equal(results[2].verdict, 0x5a5a5a5a); /* not one more than was asked */
	assert_int_equal(cs_has_rights("/nowhere/people.sock", bad, 1, results), CS_EUNAVAIL);
	all_denied(results, 1);
}

/* More than one call holds: 300 questions are asked in two, and an error of the second denies the first as well. */
static void test_library_many_in_batches(void **state)
{
	static struct cs_right_told told[256];
	static struct cs_right_question questions[300];
	static struct cs_right_result results[300];
	struct cs_rights_answer first = { told, 256 }, second = { told, 44 };
	struct fake_step steps[] = { { .call = CS_CALL_RIGHTS, .act = FAKE_REPLY, .reply = &first },
		{ .call = CS_CALL_RIGHTS, .act = FAKE_REPLY, .reply = &second, .text = "" } };
	struct fake_options how = { .steps = steps, .n_steps = 2, .listen_as = geteuid() };

	(void)state;
	for (size_t i = 0; i < 256; i++)
		told[i] = (struct cs_right_told){ i % 2 ? CS_PERMIT : CS_DENY, i % 2 ? CS_WHY_HAS_RIGHT
			: CS_WHY_NO_PERMISSION };
	for (size_t i = 0; i < 300; i++)
		questions[i] = (struct cs_right_question){ NULL, "a.b", "*" };
	for (int fails = 0; fails < 2; fails++) {
		struct fake fake;

		steps[1].act = fails ? FAKE_ERROR : FAKE_REPLY;
		steps[1].error = fails ? CS_EBUSY : 0;
		fake_start(&fake, &how);
		assert_int_equal(cs_has_rights(fake.path, questions, 300, results), fails ? CS_EBUSY : 0);
		assert_int_equal(fake.seen->n_calls, 2);
		assert_int_equal(fake.seen->connections, 1);
		fake_stop(&fake);
		if (fails)
			all_denied(results, 300);
		for (size_t i = 0; !fails && i < 300; i++)
			assert_int_equal(results[i].verdict, told[i % 256].verdict);
	}
}

/* --- What others have to agree to --------------------------------------------------------------------------------- */

struct app {
	struct fake fake;
	struct cs_app_request *request;
	struct cs_app_answer answer;
};

static const char *const app_arguments[] = { "tomcat" };
static const struct cs_app_action app_delete = { .service = "app-projects", .gate = "delete-project", .command = "delete",
	.arguments = app_arguments, .n_arguments = 1, .reason = "moved" };
static struct cs_decision app_held = { .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL, .state = CS_PENDING,
	.number = 12, .id = { 1, 2, 3 }, .secret = { 9, 8, 7 }, .check_code = T("4711"), .version = 5, .missing = 2,
	.text = T("two\npeople") };
static struct cs_decision app_approved = { .verdict = CS_HOLD, .reason = CS_WHY_APPROVED, .state = CS_APPROVED, .number = 12,
	.version = 6 };
static struct cs_decision app_permit = { .verdict = CS_PERMIT, .reason = CS_WHY_APPROVED, .state = CS_USED, .number = 12 };

/* Asks for this, with these answers of the daemon after another. */
static int app_ask_for(struct app *app, const struct cs_app_action *action, struct fake_step *steps, size_t n)
{
	struct fake_options how = { .steps = steps, .n_steps = n, .listen_as = geteuid() };

	memset(app, 0x5a, sizeof(*app));
	for (size_t i = 0; i < n; i++)
		steps[i].text = "";
	fake_start(&app->fake, &how);
	return cs_app_submit(app->fake.path, action, &app->request, &app->answer);
}

static int app_ask(struct app *app, struct fake_step *steps, size_t n)
{
	return app_ask_for(app, &app_delete, steps, n);
}

static void app_end(struct app *app)
{
	cs_app_close(&app->request);
	assert_null(app->request);
	cs_app_close(&app->request);
	fake_stop(&app->fake);
}

static void test_library_app_asks_waits_and_claims(void **state)
{
	struct fake_step steps[] = { { .call = CS_CALL_ASK, .reply = &app_held }, { .call = CS_CALL_WAIT, .reply = &app_approved },
		{ .call = CS_CALL_CLAIM, .reply = &app_permit } };
	struct cs_claim claim = { 0 };
	struct cs_wait wait = { 0 };
	struct cs_ask ask = { 0 };
	struct app app;

	(void)state;
	assert_int_equal(app_ask(&app, steps, 3), 0);
	assert_int_equal(app.answer.verdict, CS_HOLD);
	assert_int_equal(app.answer.number, 12);
	assert_int_equal(app.answer.missing, 2);
	assert_string_equal(app.answer.check_code, "4711");
	assert_string_equal(app.answer.text, "two\\npeople"); /* escaped: it goes to a terminal */
	fake_call(&app.fake, 0, &ask);
	assert_string_equal(ask.service, "app-projects");
	assert_string_equal(ask.gate, "delete-project");
	assert_int_equal(ask.n_argv, 2);
	assert_string_equal(ask.argv[0], "delete");
	assert_string_equal(ask.argv[1], "tomcat");
	assert_true(ask.may_wait);
	assert_false(ask.for_another);
	cs_clear(&cs_ask_shape, &ask);
	assert_int_equal(cs_app_wait(app.request, 100, &app.answer), 0);
	assert_int_equal(app.answer.state, CS_APPROVED);
	fake_call(&app.fake, 1, &wait);
	assert_int_equal(wait.seen, 5);
	assert_memory_equal(wait.secret, app_held.secret, CS_ID_LEN);
	assert_int_equal(cs_app_claim(app.request, &app.answer), 0);
	assert_int_equal(app.answer.verdict, CS_PERMIT);
	fake_call(&app.fake, 2, &claim);
	assert_memory_equal(claim.id, app_held.id, CS_ID_LEN);
	assert_memory_equal(claim.secret, app_held.secret, CS_ID_LEN);
	assert_int_equal(app.fake.seen->connections, 1);
	app_end(&app);
}

/* Root, which has uid 0 as well, is a user like any other here. Kills taking 0 for nobody, and a refusal for an answer. */
static void test_library_app_asks_for_whom_it_serves(void **state)
{
	const uid_t users[] = { 5001, 0 };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(users); i++) {
		struct fake_step steps[] = { { .call = CS_CALL_ASK, .reply = &app_held } };
		struct fake_step refuses[] = { { .call = CS_CALL_ASK, .act = FAKE_ERROR, .error = CS_EPERM } };
		struct cs_app_action action = app_delete;
		struct cs_ask ask = { 0 };
		struct app app;

		action.user = &users[i];
		assert_int_equal(app_ask_for(&app, &action, steps, 1), 0);
		fake_call(&app.fake, 0, &ask);
		assert_true(ask.for_another);
		assert_int_equal(ask.for_uid, users[i]);
		cs_clear(&cs_ask_shape, &ask);
		app_end(&app);
		assert_int_equal(app_ask_for(&app, &action, refuses, 1), CS_EPERM);
		assert_int_equal(app.answer.verdict, CS_DENY);
		assert_null(app.request);
		app_end(&app);
	}
}

/* Kills taking the reply to a wait or a cancel for a permit. */
static void test_library_app_is_permitted_by_a_claim_alone(void **state)
{
	struct fake_step waits[] = { { .call = CS_CALL_ASK, .reply = &app_held }, { .call = CS_CALL_WAIT, .reply = &app_permit } };
	struct fake_step cancels[] = { { .call = CS_CALL_ASK, .reply = &app_held },
		{ .call = CS_CALL_CANCEL, .reply = &app_permit } };
	struct app app;

	(void)state;
	assert_int_equal(app_ask(&app, waits, 2), 0);
	assert_int_equal(cs_app_wait(app.request, 100, &app.answer), CS_EPROTO);
	assert_int_equal(app.answer.verdict, CS_DENY);
	app_end(&app);
	assert_int_equal(app_ask(&app, cancels, 2), 0);
	assert_int_equal(cs_app_cancel(app.request, &app.answer), CS_EPROTO);
	assert_int_equal(app.answer.verdict, CS_DENY);
	app_end(&app);
}

static void test_library_app_at_once(void **state)
{
	static struct cs_decision reason = { .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_REASON };
	static struct cs_decision denied = { .verdict = CS_DENY, .reason = CS_WHY_NO_PERMISSION };
	struct fake_step steps[] = { { .call = CS_CALL_ASK, .reply = &app_permit } };
	struct app app;

	(void)state;
	assert_int_equal(app_ask(&app, steps, 1), 0);
	assert_int_equal(app.answer.verdict, CS_PERMIT);
	assert_null(app.request);
	app_end(&app);
	steps[0].reply = &denied;
	assert_int_equal(app_ask(&app, steps, 1), 0);
	assert_int_equal(app.answer.verdict, CS_DENY);
	assert_null(app.request);
	app_end(&app);
	steps[0].reply = &reason; /* a hold that nobody holds would be waited for without end */
	assert_int_equal(app_ask(&app, steps, 1), 0);
	assert_int_equal(app.answer.verdict, CS_DENY);
	assert_int_equal(app.answer.reason, CS_WHY_NEEDS_REASON);
	assert_null(app.request);
	app_end(&app);
}

static void test_library_app_errors_deny(void **state)
{
	static const struct {
		enum fake_act act;
		int error, expected;
	} cases[] = { { FAKE_CLOSE, 0, CS_EUNAVAIL }, { FAKE_GARBAGE, 0, CS_EPROTO }, { FAKE_OTHER_TYPE, 0, CS_EPROTO },
		{ FAKE_BAD_VERDICT, 0, CS_EPROTO }, { FAKE_ERROR, CS_EINVAL, CS_EINVAL }, { FAKE_ERROR, CS_EBUSY, CS_EBUSY } };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct fake_step steps[] = { { .call = CS_CALL_ASK, .act = cases[i].act, .reply = &app_permit,
			.error = cases[i].error } };
		struct fake_step later[] = { { .call = CS_CALL_ASK, .reply = &app_held }, { .call = CS_CALL_CLAIM,
			.act = cases[i].act, .reply = &app_permit, .error = cases[i].error } };
		struct app app;

		assert_int_equal(app_ask(&app, steps, 1), cases[i].expected);
		assert_int_equal(app.answer.verdict, CS_DENY);
		assert_int_equal(app.answer.reason, CS_WHY_UNREACHABLE);
		assert_null(app.request);
		app_end(&app);
		assert_int_equal(app_ask(&app, later, 2), 0);
		assert_int_equal(cs_app_claim(app.request, &app.answer), cases[i].expected);
		assert_int_equal(app.answer.verdict, CS_DENY);
		app_end(&app);
	}
}

static void test_library_app_words_that_make_no_sense(void **state)
{
	static const char *const hole[] = { "tomcat", NULL };
	const struct cs_app_action bad[] = { { .command = "delete" }, { .service = "app-x" },
		{ .service = "app-x", .command = "/bin/sh" }, { .service = "app-x", .command = "" },
		{ .service = "app-x", .command = "delete", .n_arguments = 1 },
		{ .service = "app-x", .command = "delete", .arguments = hole, .n_arguments = 2 } };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(bad); i++) {
		struct cs_app_request *request = NULL;
		struct cs_app_answer answer;

		memset(&answer, 0x5a, sizeof(answer));
		assert_int_equal(cs_app_submit("/nowhere/people.sock", &bad[i], &request, &answer), CS_EINVAL);
		assert_int_equal(answer.verdict, CS_DENY);
	}
}

static void test_library_names(void **state)
{
	(void)state;
	assert_string_equal(cs_verdict_name(CS_PERMIT), "permit");
	assert_string_equal(cs_state_name(CS_PENDING), "pending");
	assert_string_equal(cs_vote_name(CS_VOTE_REJECT), "reject");
	assert_string_equal(cs_reason_name(CS_WHY_UNREACHABLE), "unreachable");
	assert_true(strlen(cs_reason_text(CS_WHY_UNREACHABLE)) > 0);
	assert_true(strlen(cs_strerror(CS_EDOUBT)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_library_yes_no_and_neither),
		cmocka_unit_test(test_library_nobody_there),
		cmocka_unit_test(test_library_many_at_once),
		cmocka_unit_test(test_library_many_are_all_denied_on_errors),
		cmocka_unit_test(test_library_many_in_batches),
		cmocka_unit_test(test_library_app_asks_waits_and_claims),
		cmocka_unit_test(test_library_app_asks_for_whom_it_serves),
		cmocka_unit_test(test_library_app_is_permitted_by_a_claim_alone),
		cmocka_unit_test(test_library_app_at_once),
		cmocka_unit_test(test_library_app_errors_deny),
		cmocka_unit_test(test_library_app_words_that_make_no_sense),
		cmocka_unit_test(test_library_names),
	};

	if (geteuid() != 0) {
		print_message("skipped: the library asks nobody but root and the user countersign\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
