/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration when memory runs out (A119): each allocation of ours fails once. libConfuse's own are not reached. */
#include "alloc_fault.h"
#include "conf_schema.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <countersign/error.h>

/* Parses with the n-th allocation failing, for every n until none fails; what comes out at the end must be last. */
static void fail_each(const char *text, int last)
{
	int r = CS_ENOMEM;
	size_t failed = 0;

	for (size_t at = 1; at < 500; at++) {
		struct cs_problem problem = {0};
		struct cs_conf *conf = NULL;
		alloc_fault_reset(at);
		r = cs_conf_parse(text, "t.conf", schema, &conf, &problem);
		if (alloc_fault.calls < at) {
			assert_int_equal(r, last);
			at = 500;
		} else {
			/* Never a tree; a problem whose message lost a part is still a refusal. */
			assert_true(r == CS_ENOMEM || (last != 0 && r == CS_ECONF));
			assert_null(conf);
			failed++;
		}
		alloc_fault_reset(0);
		cs_conf_free(&conf);
		cs_problem_clear(&problem);
	}
	assert_true(failed >= 5);
}

static void test_conf_a119_good_file(void **state)
{
	(void)state;
	fail_each("groups = { a, b }\ngate g { service = x approval r { count = 1 } lifetime = 1m loud = no }\n", 0);
}

static void test_conf_a119_refused_files(void **state)
{
	(void)state;
	fail_each("gate g { servce = x }\n", CS_ECONF);
	fail_each("limits { open = many }\n", CS_ECONF);
	fail_each("socket = a\nsocket = b\n", CS_ECONF);
	fail_each("gate g { }\n", CS_ECONF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conf_a119_good_file),
		cmocka_unit_test(test_conf_a119_refused_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
