/* SPDX-License-Identifier: Apache-2.0 */
/* Moments, time windows and address ranges: their edges, and what is refused. */
#include "test_policy_world.h"

#include <time.h>

static uint64_t moment(const char *text)
{
	uint64_t ms = 0;

	if (cs_moment_parse(text, &ms) != 0)
		fail_msg("no moment: %s", text);
	return ms;
}

static void test_policy_moment(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} cases[] = {
		{"1970-01-01", 0},
		{"1970-01-01T00:00Z", 0},
		{"1970-01-01T00:01", 60},
		{"1970-01-01T02:00+02:00", 0},
		{"1969-12-31T22:00-02:00", UINT64_MAX},
		{"2000-02-29T12:00Z", 951825600},
		{"2026-11-21T12:00Z", 1795262400},
		{"2026-11-21T12:00:09Z", 1795262409},
		{"2026-11-21T24:00Z", 1795305600},
		{"2038-01-19T03:14:07Z", 2147483647},
		{"2038-01-19T03:14:08Z", 2147483648},
		{"2100-02-28T24:00Z", 4107542400},
		{"9999-12-31T23:59:59Z", 253402300799},
	};
	uint64_t ms = 7;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		if (cases[i].seconds == UINT64_MAX)
			assert_int_equal(cs_moment_parse(cases[i].text, &ms), CS_EINVAL);
		else if (moment(cases[i].text) != cases[i].seconds * 1000)
			fail_msg("%s: %llu", cases[i].text, (unsigned long long)moment(cases[i].text));
	}
	assert_int_equal(ms, 7);
}

static void test_policy_moment_refuses(void **state)
{
	static const char *const bad[] = {
		"",
		"2026",
		"2026-11",
		"2026-1-21",
		"26-11-21",
		"2026-00-10",
		"2026-13-10",
		"2026-11-00",
		"2026-11-31",
		"2026-02-29",
		"2100-02-29",
		"1900-02-28",
		"2026-11-21T",
		"2026-11-21T12",
		"2026-11-21T12:60Z",
		"2026-11-21T24:01Z",
		"2026-11-21T25:00Z",
		"2026-11-21T24:00:01Z",
		"2026-11-21T12:00:60Z",
		"2026-11-21T12:00:5Z",
		"2026-11-21T12:00:05.5Z",
		"2026-11-21 12:00Z",
		"2026-11-21t12:00z",
		"2026-11-21T12:00ZZ",
		"2026-11-21T12:00+2:00",
		"2026-11-21T12:00+14:01",
		"2026-11-21T12:00 +02:00",
		" 2026-11-21",
		"2026-11-21 ",
		"2026-11-21Z",
		"+2026-11-21",
		"1970-01-01T00:00+00:01",
		"2026/11/21",
	};
	uint64_t ms = 7;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(bad); i++) {
		if (cs_moment_parse(bad[i], &ms) != CS_EINVAL)
			fail_msg("not refused: %s", bad[i]);
	}
	assert_int_equal(ms, 7);
	assert_int_equal(cs_moment_parse("2024-02-29", &ms), 0);
	assert_int_equal(cs_moment_parse("2000-02-29", &ms), 0);
}

static struct cs_window window(const char *text)
{
	struct cs_window window = {0};
	const char *what = "";

	if (cs_window_parse(text, &window, &what) != 0)
		fail_msg("%s: %s", text, what);
	return window;
}

/* 2026-11-16 is a Monday. */
static void test_policy_window_edges(void **state)
{
	static const struct {
		const char *window, *moment;
		bool holds;
	} cases[] = {
		{"08:00-18:00", "2026-11-16T07:59:59Z", false},
		{"08:00-18:00", "2026-11-16T08:00Z", true},
		{"08:00-18:00", "2026-11-16T17:59:59Z", true},
		{"08:00-18:00", "2026-11-16T18:00Z", false},
		{"08:00-18:00", "2026-11-22T12:00Z", true},
		{"00:00-24:00", "2026-11-22T23:59:59Z", true},
		{"00:00-00:01", "2026-11-22T00:00:59Z", true},
		{"00:00-00:01", "2026-11-22T00:01Z", false},
		{"22:00-00:00", "2026-11-16T23:59:59Z", true},
		{"22:00-00:00", "2026-11-17T00:00Z", false},
		{"Mon-Fri 08:00-18:00", "2026-11-16T08:00Z", true},
		{"Mon-Fri 08:00-18:00", "2026-11-20T17:59:59Z", true},
		{"Mon-Fri 08:00-18:00", "2026-11-21T08:00Z", false},
		{"Mon-Fri 08:00-18:00", "2026-11-15T08:00Z", false},
		{"Sat,Sun", "2026-11-20T23:59:59Z", false},
		{"Sat,Sun", "2026-11-21T00:00Z", true},
		{"Sat,Sun", "2026-11-22T23:59:59Z", true},
		{"Sat,Sun", "2026-11-23T00:00Z", false},
		{"Fri-Mon", "2026-11-22T12:00Z", true},
		{"Fri-Mon", "2026-11-23T12:00Z", true},
		{"Fri-Mon", "2026-11-24T12:00Z", false},
		{"Fri-Mon", "2026-11-19T12:00Z", false},
		{"Mon-Tue,Thu", "2026-11-18T12:00Z", false},
		{"Mon-Tue,Thu", "2026-11-19T12:00Z", true},
		/* Over midnight: the day is the one on which it begins. */
		{"Fri 22:00-06:00", "2026-11-20T21:59:59Z", false},
		{"Fri 22:00-06:00", "2026-11-20T22:00Z", true},
		{"Fri 22:00-06:00", "2026-11-21T05:59:59Z", true},
		{"Fri 22:00-06:00", "2026-11-21T06:00Z", false},
		{"Fri 22:00-06:00", "2026-11-21T22:00Z", false},
		{"Fri 22:00-06:00", "2026-11-20T05:00Z", false},
		{"Sun 22:00-06:00", "2026-11-23T05:59:59Z", true},
		{"Sun 22:00-06:00", "2026-11-22T05:59:59Z", false},
		/* An offset, also over the end of the week. */
		{"Mon-Fri 08:00-18:00 +02:00", "2026-11-16T06:00Z", true},
		{"Mon-Fri 08:00-18:00 +02:00", "2026-11-16T05:59:59Z", false},
		{"Mon-Fri 08:00-18:00 +02:00", "2026-11-16T16:00Z", false},
		{"Mon 00:00-01:00 +02:00", "2026-11-15T22:00Z", true},
		{"Mon 00:00-01:00 +02:00", "2026-11-16T00:00Z", false},
		{"Sun 23:00-24:00 -05:30", "2026-11-23T04:30Z", true},
		{"Sun 23:00-24:00 -05:30", "2026-11-23T05:30Z", false},
		{"Sun 23:00-01:00 -05:30", "2026-11-23T06:29:59Z", true},
		{"Sat,Sun -14:00", "2026-11-23T13:59:59Z", true},
		{"Sat,Sun -14:00", "2026-11-21T13:59:59Z", false},
		{"08:00-09:00 +00:00", "2026-11-16T08:00Z", true},
		/* The first and the last days that a clock may show. */
		{"Thu", "1970-01-01T00:00Z", true},
		{"Wed", "1970-01-01T00:00Z", false},
		{"Wed 23:00-24:00 -01:00", "1970-01-01T00:59:59Z", true},
		{"Wed 23:00-01:00 -14:00", "1970-01-01T14:30Z", true},
		{"Tue", "2038-01-19T03:14:08Z", true},
		{"Fri", "9999-12-31T23:59:59Z", true},
		{"Thu", "2024-02-29T12:00Z", true},
		{"Fri", "2024-03-01T00:00Z", true},
		{"Mon", "2100-03-01T00:00Z", true},
		/* Once. */
		{"2026-12-20T00:00Z/2027-01-04T08:00Z", "2026-12-19T23:59:59Z", false},
		{"2026-12-20T00:00Z/2027-01-04T08:00Z", "2026-12-20T00:00Z", true},
		{"2026-12-20T00:00Z/2027-01-04T08:00Z", "2027-01-04T07:59:59Z", true},
		{"2026-12-20T00:00Z/2027-01-04T08:00Z", "2027-01-04T08:00Z", false},
		{"2026-12-20T00:00+01:00/2026-12-21T00:00+01:00", "2026-12-19T23:00Z", true},
		{"2026-12-20T00:00+01:00/2026-12-21T00:00+01:00", "2026-12-20T23:00Z", false},
		{"2024-02-29T00:00Z/2024-02-29T24:00Z", "2024-02-29T23:59:59Z", true},
		{"2024-02-29T00:00Z/2024-02-29T24:00Z", "2024-03-01T00:00Z", false},
		{"2038-01-19T03:14:07Z/2038-01-19T03:14:08Z", "2038-01-19T03:14:07Z", true},
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_window w = window(cases[i].window);

		if (cs_window_holds(&w, moment(cases[i].moment)) != cases[i].holds)
			fail_msg("%s at %s is not %d", cases[i].window, cases[i].moment, cases[i].holds);
	}
}

/* The last millisecond before the end still counts, and no clock value does harm. */
static void test_policy_window_milliseconds(void **state)
{
	struct cs_window weekly = window("08:00-18:00"), once = window("2026-12-20T00:00Z/2026-12-20T00:01Z");
	uint64_t end = moment("2026-11-16T18:00Z"), late = moment("2026-12-20T00:01Z");

	(void)state;
	assert_int_equal(cs_window_holds(&weekly, end - 1), 1);
	assert_int_equal(cs_window_holds(&weekly, end), 0);
	assert_int_equal(cs_window_holds(&once, late - 1), 1);
	assert_int_equal(cs_window_holds(&once, late), 0);
	assert_int_equal(cs_window_holds(&once, UINT64_MAX), 0);
	assert_in_range(cs_window_holds(&weekly, UINT64_MAX), 0, 1);
}

/* Every hour of some years, against the calendar of libc. */
static void test_policy_window_against_libc(void **state)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const int64_t starts[] = {0, 951782400 - 86400 * 3, 2147483647 - 86400 * 400, 4107456000 - 86400 * 2};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(starts); i++) {
		for (int64_t hour = 0; hour < 24 * 800; hour += 5) {
			time_t now = (time_t)(starts[i] + hour * 3600);
			char text[64];
			struct tm tm;

			assert_non_null(gmtime_r(&now, &tm));
			for (int day = 0; day < 7; day++) {
				struct cs_window w = window(days[day]);

				assert_int_equal(cs_window_holds(&w, (uint64_t)now * 1000), tm.tm_wday == day);
			}
			snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
				 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
			assert_int_equal(moment(text), (uint64_t)now * 1000);
		}
	}
}

static void test_policy_window_refuses(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "a window is written"},
		{" ", "a window is written"},
		{"+02:00", "a window is written"},
		{"always", "days are written"},
		{"mon", "days are written"},
		{"MON", "days are written"},
		{"Monday", "a window is written"},
		{"Mon-", "days are written"},
		{"Mon,", "days are written"},
		{"Mon-Fri,Wed", "a day twice"},
		{"Sat,Sat", "a day twice"},
		{"Mon-Sun,Mon", "a day twice"},
		{"08:00", "times are written"},
		{"8:00-18:00", "times are written"},
		{"08:00-18", "times are written"},
		{"08:00-25:00", "times are written"},
		{"08:60-18:00", "times are written"},
		{"08:00-24:01", "times are written"},
		{"24:00-08:00", "times are written"},
		{"08:00-08:00", "never holds"},
		{"00:00-00:00", "never holds"},
		{"Mon 24:00-24:00", "times are written"},
		{"08:00-18:00 02:00", "a window is written"},
		{"08:00-18:00 +2:00", "an offset"},
		{"08:00-18:00 +14:01", "an offset"},
		{"08:00-18:00 +02:00 ", NULL},
		{"08:00-18:00+02:00", "a window is written"},
		{"Mon08:00-18:00", "a window is written"},
		{"08:00-18:00 Mon", "a window is written"},
		{"08:00-18:00 Z", "a window is written"},
		{" Mon", "a window is written"},
		{"08:00-12:00,13:00-18:00", "a window is written"},
		{"2026-12-20/2027-01-04", "a moment is written"},
		{"2026-12-20T00:00Z/", "a moment is written"},
		{"/2026-12-20T00:00Z", "a moment is written"},
		{"2026-12-20T00:00Z/P1D", "a moment is written"},
		{"2026-02-29T00:00Z/2026-03-04T00:00Z", "has to exist"},
		{"2026-12-20T00:00Z/2026-12-32T00:00Z", "has to exist"},
		{"2026-12-20T00:00Z/2026-12-20T00:00Z", "never holds"},
		{"2026-12-20T00:00Z/2026-12-19T00:00Z", "never holds"},
		{"2026-12-20T00:00Z/2026-12-20T01:00+01:00", "never holds"},
		{"2026-12-20T00:00Z/2026-12-21T00:00Z ", "a moment is written"},
		{"2026-12-20T00:00Z/2026-12-21T00:00Z/2026-12-22T00:00Z", "a moment is written"},
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_window w = {.days = 99};
		const char *what = NULL;
		int r = cs_window_parse(cases[i].text, &w, &what);

		if (!cases[i].says) {
			assert_int_equal(r, 0);
			continue;
		}
		if (r != CS_ECONF || !what || !strstr(what, cases[i].says))
			fail_msg("\"%s\": %d %s", cases[i].text, r, what ? what : "");
		assert_int_equal(w.days, 99);
	}
}

static void test_policy_range(void **state)
{
	static const struct {
		const char *range, *peer;
		int holds;
	} cases[] = {
		{"192.0.2.0/24", "192.0.2.0", 1},
		{"192.0.2.0/24", "192.0.2.255", 1},
		{"192.0.2.0/24", "192.0.3.0", 0},
		{"192.0.2.0/24", "192.0.1.255", 0},
		{"192.0.2.1", "192.0.2.1", 1},
		{"192.0.2.1", "192.0.2.2", 0},
		{"192.0.2.128/25", "192.0.2.127", 0},
		{"192.0.2.128/25", "192.0.2.128", 1},
		{"0.0.0.0/0", "255.255.255.255", 1},
		{"0.0.0.0/0", "2001:db8::1", 0},
		{"0.0.0.0/0", "", 0},
		{"::/0", "2001:db8::1", 1},
		{"::/0", "192.0.2.1", 0},
		{"::/0", "::ffff:192.0.2.1", 0},
		{"2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 1},
		{"2001:db8::/32", "2001:db9::", 0},
		{"2001:db8::/33", "2001:db8:8000::", 0},
		{"2001:db8::1", "2001:DB8:0:0::1", 1},
		{"2001:db8::1/128", "2001:db8::2", 0},
		/* IPv4 inside IPv6 is the IPv4 address, on both sides. */
		{"192.0.2.0/24", "::ffff:192.0.2.7", 1},
		{"192.0.2.0/24", "::FFFF:c000:207", 1},
		{"192.0.2.0/24", "::ffff:192.0.3.7", 0},
		{"::ffff:192.0.2.0/120", "192.0.2.7", 1},
		{"::ffff:192.0.2.0/120", "::ffff:192.0.2.7", 1},
		{"::ffff:192.0.2.0/120", "192.0.3.7", 0},
		{"::ffff:0:0/96", "192.0.3.7", 1},
		{"::ffff:192.0.2.1", "192.0.2.1", 1},
		{"::192.0.2.1", "192.0.2.1", 0},
		{"fe80::/10", "fe80::1%eth0", 1},
		{"local", "", 1},
		{"local", "192.0.2.1", 0},
		{"local", "127.0.0.1", 0},
		{"192.0.2.0/24", "", 0},
		/* What cannot be read is neither inside nor outside. */
		{"192.0.2.0/24", "unknown", CS_EDOUBT},
		{"192.0.2.0/24", "192.0.2.1 ", CS_EDOUBT},
		{"192.0.2.0/24", "192.0.2", CS_EDOUBT},
		{"192.0.2.0/24", "192.0.2.1.evil.example", CS_EDOUBT},
		{"192.0.2.0/24", "0300.0.2.1", CS_EDOUBT},
		{"192.0.2.0/24", "192.0.2.1%eth0", CS_EDOUBT},
		{"::/0", "fe80::1%", CS_EDOUBT},
		{"::/0", "%", CS_EDOUBT},
		{"::/0", "::1::", CS_EDOUBT},
		{"::/0", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", CS_EDOUBT},
		{"local", "unknown", CS_EDOUBT},
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_range range = {0};
		const char *what = NULL;

		if (cs_range_parse(cases[i].range, &range, &what) != 0)
			fail_msg("%s: %s", cases[i].range, what ? what : "");
		if (cs_range_holds(&range, cases[i].peer) != cases[i].holds)
			fail_msg("%s of %s is not %d", cases[i].peer, cases[i].range, cases[i].holds);
		if (!*cases[i].peer)
			assert_int_equal(cs_range_holds(&range, NULL), cases[i].holds);
	}
}

static void test_policy_range_refuses(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "no address"},
		{"/24", "no address"},
		{"Local", "no address"},
		{"localhost", "no address"},
		{"*", "no address"},
		{"192.0.2", "no address"},
		{"192.0.2.0.0", "no address"},
		{"192.0.2.0 /24", "no address"},
		{"192.0.02.0/24", "no address"},
		{"256.0.0.0/8", "no address"},
		{"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", "no address"},
		{"fe80::%eth0/64", "no address"},
		{"192.0.2.0/", "the length"},
		{"192.0.2.0/33", "the length"},
		{"192.0.2.0/024", "the length"},
		{"192.0.2.0/24 ", "the length"},
		{"192.0.2.0/-1", "the length"},
		{"192.0.2.0/255.255.255.0", "the length"},
		{"192.0.2.0/4294967320", "the length"},
		{"2001:db8::/129", "the length"},
		{"192.0.2.1/24", "beyond the length"},
		{"192.0.2.0/22", "beyond the length"},
		{"0.0.0.1/0", "beyond the length"},
		{"2001:db8::1/64", "beyond the length"},
		{"::ffff:192.0.2.0/95", "beyond the length"},
		{"::ffff:192.0.2.1/120", "beyond the length"},
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_range range = {.bits = 99};
		const char *what = NULL;

		if (cs_range_parse(cases[i].text, &range, &what) != CS_ECONF || !what || !strstr(what, cases[i].says))
			fail_msg("\"%s\": %s", cases[i].text, what ? what : "");
		assert_int_equal(range.bits, 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_moment),
		cmocka_unit_test(test_policy_moment_refuses),
		cmocka_unit_test(test_policy_window_edges),
		cmocka_unit_test(test_policy_window_milliseconds),
		cmocka_unit_test(test_policy_window_against_libc),
		cmocka_unit_test(test_policy_window_refuses),
		cmocka_unit_test(test_policy_range),
		cmocka_unit_test(test_policy_range_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
