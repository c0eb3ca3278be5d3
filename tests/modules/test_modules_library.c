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
		cmocka_unit_test(test_library_names),
	};

	if (geteuid() != 0) {
		print_message("skipped: the library asks nobody but root and the user countersign\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
