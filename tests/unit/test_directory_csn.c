/* SPDX-License-Identifier: Apache-2.0 */
/* How far a server has come: one number for each server id, compared as nothing else. */
#include "csn.h"

#include <countersign/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define CSN(TIME, COUNT, SID) "202611220215" TIME "Z#" COUNT "#" SID "#000000"

static struct cs_csns of(const char *cookie)
{
	struct cs_csns csns = { 0 };
	assert_int_equal(cs_csns_add_cookie(&csns, cookie, strlen(cookie)), 0);
	return csns;
}

static bool covers(const char *one, const char *other)
{
	const struct cs_csns a = of(one), b = of(other);
	return cs_csns_cover(&a, &b);
}

static void test_each_server_by_itself(void **state)
{
	(void)state;
	assert_true(covers("csn=" CSN("06.000002", "000000", "001"), "csn=" CSN("06.000001", "000000", "001")));
	assert_false(covers("csn=" CSN("06.000001", "000000", "001"), "csn=" CSN("06.000002", "000000", "001")));
	assert_true(covers("csn=" CSN("06.000001", "00000b", "001"), "csn=" CSN("06.000001", "00000a", "001")));
	/* newer by another server says nothing */
	assert_false(covers("csn=" CSN("09.000000", "000000", "002"), "csn=" CSN("06.000001", "000000", "001")));
	assert_true(covers("rid=001,sid=002,csn=" CSN("09.000000", "000000", "002") ";" CSN("06.000001", "000000", "001"),
			   "csn=" CSN("06.000001", "000000", "001")));
	assert_true(covers("rid=000", "rid=000"));
	assert_false(covers("rid=000", "csn=" CSN("06.000001", "000000", "001")));
}

static void test_the_newest_stays(void **state)
{
	struct cs_csns csns = of("csn=" CSN("06.000002", "000000", "001"));
	const struct cs_csns older = of("csn=" CSN("06.000001", "000000", "001"));
	char cookie[CS_CSN_COOKIE];
	(void)state;
	cs_csns_merge(&csns, &older);
	cs_csns_cookie(&csns, cookie);
	assert_string_equal(cookie, "rid=000,csn=" CSN("06.000002", "000000", "001"));
}

static void test_a084_what_is_none_is_refused(void **state)
{
	static const char *const bad[] = { "csn=x", "csn=" CSN("06.000002", "000000", "00"),
		"csn=" CSN("06.00000x", "000000", "001"), "csn=" CSN("06.000002", "00000G", "001"),
		"csn=" CSN("06.000002", "000000", "001") ";;", "csn=" CSN("06.000002", "000000", "001") "0" };
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cs_csns csns = { 0 };
		assert_int_equal(cs_csns_add_cookie(&csns, bad[i], strlen(bad[i])), CS_EPROTO);
	}
}

static void test_a084_too_many_servers(void **state)
{
	struct cs_csns csns = { 0 };
	char csn[] = CSN("06.000002", "000000", "000"), cookie[CS_CSN_COOKIE];
	int r = 0;
	unsigned n = 0;
	(void)state;
	for (; r == 0 && n < 100; n++) {
		csn[31] = (char)('0' + n / 10);
		csn[32] = (char)('0' + n % 10);
		r = cs_csns_add(&csns, csn, CS_CSN_LEN);
	}
	assert_int_equal(r, CS_ETOOBIG);
	assert_int_equal(n, CS_CSN_SERVERS + 1);
	cs_csns_cookie(&csns, cookie);
	assert_int_equal(strlen(cookie), strlen("rid=000,csn=") + CS_CSN_SERVERS * (CS_CSN_LEN + 1) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_server_by_itself),
		cmocka_unit_test(test_the_newest_stays),
		cmocka_unit_test(test_a084_what_is_none_is_refused),
		cmocka_unit_test(test_a084_too_many_servers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
