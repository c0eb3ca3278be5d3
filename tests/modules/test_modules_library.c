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
	const struct fake_step steps[] = { { .call = CS_CALL_RIGHT, .act = act, .reply = answer, .error = error, .text = "" } };
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
		cmocka_unit_test(test_library_names),
	};

	if (geteuid() != 0) {
		print_message("skipped: the library asks nobody but root and the user countersign\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
