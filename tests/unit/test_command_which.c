/* SPDX-License-Identifier: Apache-2.0 */
/* What names a request, and what names a moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mem.h"
#include "when.h"
#include "which.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- Requests ------------------------------------------------------------------------------------------------------ */

static void numbers_with_and_without_a_sign(void **state)
{
	static const struct {
		const char *word;
		uint64_t number;
	} rows[] = { { "12", 12 }, { "#12", 12 }, { "1", 1 }, { "123456789012345678", 123456789012345678 } };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(rows); i++) {
		struct cs_show call = { 0 };

		assert_int_equal(cs_which_parse(rows[i].word, &call), 0);
		assert_int_equal(call.number, rows[i].number);
		assert_null(call.prefix);
	}
}

/* Kills: taking every hexadecimal word for an id, so that 1234 would be no number any more. */
static void a_letter_makes_it_an_id(void **state)
{
	static const char *const words[][2] = { { "12ab", "12ab" }, { "BEEF", "beef" },
		{ "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef" },
		{ "01234567890123456789", "01234567890123456789" } };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(words); i++) {
		struct cs_show call = { 0 };

		assert_int_equal(cs_which_parse(words[i][0], &call), 0);
		assert_int_equal(call.number, 0);
		assert_string_equal(call.prefix, words[i][1]);
		cs_clear(&cs_show_shape, &call);
	}
}

static void nothing_else_is_a_request(void **state)
{
	static const char *const words[] = { "", "#", "0", "#0", "abc", "12abz", "#12ab", "-1", "12 ", "1e3.",
		"0123456789abcdef0123456789abcdef0", "\xc3\xa4" };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(words); i++) {
		struct cs_show call = { 0 };

		if (cs_which_parse(words[i], &call) != CS_EINVAL)
			fail_msg("\"%s\" was taken", words[i]);
		assert_null(call.prefix);
	}
}

/* --- Moments ------------------------------------------------------------------------------------------------------- */

#define NOW_MS (UINT64_C(1795291208) * 1000) /* 2026-11-21T20:00:08Z, a Saturday */

static int utc(void **state)
{
	(void)state;
	return setenv("TZ", "UTC0", 1) | (tzset(), 0);
}

static uint64_t moment(const char *text)
{
	const char *why = NULL;
	uint64_t wall_ms = 0;

	if (cs_when_parse(text, NOW_MS, &wall_ms, &why) != 0)
		fail_msg("%s: %s", text, why);
	return wall_ms / 1000 - NOW_MS / 1000;
}

static void moments_are_those_that_are_meant(void **state)
{
	(void)state;
	assert_int_equal(moment("+2h"), 7200);
	assert_int_equal(moment("+90s"), 90);
	assert_int_equal(moment("22:00"), 7192);
	assert_int_equal(moment("20:00:09"), 1);
	assert_int_equal(moment("20:00"), 86392); /* a little ago: tomorrow */
	assert_int_equal(moment("2026-11-21T22:00"), 7192);
	assert_int_equal(moment("2026-11-21T22:00:08"), 7200);
	assert_int_equal(moment("2026-11-21T22:00Z"), 7192);
	assert_int_equal(moment("2027-01-01T00:00Z") % 60, 52);
}

static void what_is_no_moment_is_refused(void **state)
{
	static const char *const words[] = { "", "+", "2h", "+2", "+-2h", "24:00", "7:00", "12:60", "12:00:60", "12:00Z",
		"2026-02-29T10:00", "2026-13-01T10:00", "2026-11-31T10:00Z", "2026-11-21", "2026-11-21 22:00",
		"2026-11-21T22", "2026-11-21T22:00ZZ", "2026-11-21T22:00+01", "tomorrow", "22:00 ", "99999-01-01T00:00" };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(words); i++) {
		const char *why = NULL;
		uint64_t wall_ms = 7;

		if (cs_when_parse(words[i], NOW_MS, &wall_ms, &why) != CS_EINVAL)
			fail_msg("\"%s\" was taken", words[i]);
		assert_int_equal(wall_ms, 7);
		assert_non_null(why);
	}
}

static void the_past_and_another_year_are_refused_with_their_reason(void **state)
{
	const char *why = NULL;
	uint64_t wall_ms = 0;

	(void)state;
	assert_int_equal(cs_when_parse("2026-11-21T20:00:08Z", NOW_MS, &wall_ms, &why), CS_EINVAL);
	assert_string_equal(why, "that has passed");
	assert_int_equal(cs_when_parse("2028-11-21T20:00Z", NOW_MS, &wall_ms, &why), CS_EINVAL);
	assert_string_equal(why, "that is more than a year ahead");
}

/* Kills: taking mktime's answer as it is, which moves 02:30 of that night to another hour. */
static void an_hour_that_the_clocks_leave_out_is_refused(void **state)
{
	const uint64_t winter_ms = UINT64_C(1774000000) * 1000; /* 2026-03-20T09:46:40Z */
	const char *why = NULL;
	uint64_t wall_ms = 0;

	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	assert_int_equal(cs_when_parse("2026-03-29T02:30", winter_ms, &wall_ms, &why), CS_EINVAL);
	assert_int_equal(cs_when_parse("2026-03-29T03:30", winter_ms, &wall_ms, &why), 0);
	assert_int_equal(wall_ms / 1000, 1774747800); /* 01:30Z */
	assert_int_equal(cs_when_parse("11:00", winter_ms, &wall_ms, &why), 0);
	assert_int_equal(wall_ms / 1000, 1774000800); /* 10:00Z, in an hour's zone */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_with_and_without_a_sign),
		cmocka_unit_test(a_letter_makes_it_an_id),
		cmocka_unit_test(nothing_else_is_a_request),
		cmocka_unit_test_setup(moments_are_those_that_are_meant, utc),
		cmocka_unit_test_setup(what_is_no_moment_is_refused, utc),
		cmocka_unit_test_setup(the_past_and_another_year_are_refused_with_their_reason, utc),
		cmocka_unit_test(an_hour_that_the_clocks_leave_out_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
