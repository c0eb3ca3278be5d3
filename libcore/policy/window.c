/* SPDX-License-Identifier: Apache-2.0 */
/* Moments and time windows. The calendar is counted here and not by libc: no time zone of the host, no variable of the
 * environment and no table that an update changes can move a window. */
#include "policy_internal.h"

#include <string.h>

#define DAY_MINUTES    1440u
#define HOUR_SECONDS   3600
#define MINUTE_SECONDS 60
#define DAY_SECONDS    86400
#define EVERY_DAY      0x7fu
#define OFFSET_MAX     (14 * 60) /* minutes; no place on earth is further from UTC */

/* --- Reading: each take_… moves on only where it succeeds ------------------------------------------------------------
 */

static bool take(const char **at, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

/* Exactly this many digits. */
static bool take_number(const char **at, size_t digits, unsigned *ret_number)
{
	unsigned number = 0;

	for (size_t i = 0; i < digits; i++) {
		char c = (*at)[i];

		if (c < '0' || c > '9')
			return false;
		number = number * 10 + (unsigned)(c - '0');
	}
	*at += digits;
	*ret_number = number;
	return true;
}

/* "08:30", and "24:00" for the end of a day. */
static bool take_time(const char **at, unsigned *ret_minutes)
{
	const char *s = *at;
	unsigned hours, minutes;

	if (!take_number(&s, 2, &hours) || !take(&s, ":") || !take_number(&s, 2, &minutes))
		return false;
	if (minutes > 59 || hours * 60 + minutes > DAY_MINUTES)
		return false;
	*at = s;
	*ret_minutes = hours * 60 + minutes;
	return true;
}

static bool take_offset(const char **at, int32_t *ret_minutes)
{
	const char *s = *at;
	bool west = *s == '-';
	unsigned minutes;

	if ((!take(&s, "+") && !take(&s, "-")) || !take_time(&s, &minutes) || minutes > OFFSET_MAX)
		return false;
	*at = s;
	*ret_minutes = west ? -(int32_t)minutes : (int32_t)minutes;
	return true;
}

/* --- Moments ---------------------------------------------------------------------------------------------------------
 */

static unsigned month_days(unsigned year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* Days since 1970-01-01, of a day that exists. */
static int64_t day_number(unsigned year, unsigned month, unsigned day)
{
	const unsigned before = year - 1, leaps_until_1970 = 477;
	int64_t days = INT64_C(365) * (year - 1970) + before / 4 - before / 100 + before / 400 - leaps_until_1970;

	for (unsigned m = 1; m < month; m++)
		days += month_days(year, m);
	return days + day - 1;
}

static bool take_date(const char **at, int64_t *ret_seconds)
{
	unsigned year, month, day;

	if (!take_number(at, 4, &year) || !take(at, "-") || !take_number(at, 2, &month) || !take(at, "-") ||
	    !take_number(at, 2, &day))
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return false;
	*ret_seconds = day_number(year, month, day) * DAY_SECONDS;
	return true;
}

/* "T12:00", with seconds or without, and the offset: 'Z', "+02:00" or none, which is UTC as well. */
static bool take_clock(const char **at, int64_t *seconds)
{
	unsigned minutes, second = 0;
	int32_t offset = 0;

	if (!take(at, "T") || !take_time(at, &minutes))
		return false;
	if (take(at, ":") && (!take_number(at, 2, &second) || second > 59))
		return false;
	if (minutes == DAY_MINUTES && second > 0)
		return false;
	if (!take(at, "Z"))
		(void)take_offset(at, &offset);
	*seconds += INT64_C(60) * minutes + second - INT64_C(60) * offset;
	return *seconds >= 0;
}

int cs_moment_parse(const char *text, uint64_t *ret_wall_ms)
{
	const char *at = text;
	int64_t seconds;

	if (!take_date(&at, &seconds) || (*at && !take_clock(&at, &seconds)) || *at)
		return CS_EINVAL;
	*ret_wall_ms = (uint64_t)seconds * 1000;
	return 0;
}

/* --- Windows ---------------------------------------------------------------------------------------------------------
 */

/* From one moment until another. A bare date would leave open whether its day is part of the window. */
static int parse_dated(const char *at, struct cs_window *window, const char **ret_what)
{
	*ret_what = "a moment is written 2026-12-20T00:00Z, and has to exist";
	window->dated = true;
	if (!take_date(&at, &window->from_s) || !take_clock(&at, &window->from_s) || !take(&at, "/") ||
	    !take_date(&at, &window->until_s) || !take_clock(&at, &window->until_s) || *at)
		return CS_ECONF;
	*ret_what = "it ends before it begins, so it never holds";
	return window->until_s > window->from_s ? 0 : CS_ECONF;
}

static bool take_day(const char **at, unsigned *ret_day)
{
	static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

	for (unsigned i = 0; i < 7; i++) {
		if (take(at, names[i])) {
			*ret_day = i;
			return true;
		}
	}
	return false;
}

/* "Mon-Fri", "Sat,Sun", "Fri-Mon": over the end of the week too. */
static int read_days(const char **at, struct cs_window *window, const char **ret_what)
{
	window->days = 0;
	do {
		unsigned day, last;

		*ret_what = "days are written Mon, Tue, Wed, Thu, Fri, Sat, Sun, as \"Mon-Fri\" or \"Sat,Sun\"";
		if (!take_day(at, &day))
			return CS_ECONF;
		last = day;
		if (take(at, "-") && !take_day(at, &last))
			return CS_ECONF;
		*ret_what = "it names a day twice";
		for (;; day = (day + 1) % 7) {
			if (window->days & 1u << day)
				return CS_ECONF;
			window->days |= (uint8_t)(1u << day);
			if (day == last)
				break;
		}
	} while (take(at, ","));
	return 0;
}

static int read_times(const char **at, struct cs_window *window, const char **ret_what)
{
	*ret_what = "times are written 08:00-18:00, from 00:00 to 24:00";
	if (!take_time(at, &window->from_min) || !take(at, "-") || !take_time(at, &window->until_min) ||
	    window->from_min == DAY_MINUTES)
		return CS_ECONF;
	*ret_what = "it ends when it begins, so it never holds; leave the times out for the whole day";
	return window->from_min != window->until_min ? 0 : CS_ECONF;
}

static int read_offset(const char **at, struct cs_window *window, const char **ret_what)
{
	*ret_what = "an offset is written +02:00, and is 14 hours at most";
	return take_offset(at, &window->offset_min) ? 0 : CS_ECONF;
}

/* Days, times and an offset, in this order, with blanks between them. */
static int parse_weekly(const char *at, struct cs_window *window, const char **ret_what)
{
	static const struct {
		const char *begins;
		int (*read)(const char **at, struct cs_window *window, const char **ret_what);
	} fields[] = {
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", read_days},
		{"0123456789", read_times},
		{"+-", read_offset},
	};
	static const char form[] =
		"a window is written \"Mon-Fri 08:00-18:00 +02:00\", with days, times or both, or as "
		"two moments with a '/' between them";
	size_t n = 0;

	window->days = EVERY_DAY;
	window->until_min = DAY_MINUTES;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		int r;

		if (!*at || !strchr(fields[i].begins, *at))
			continue;
		if (fields[i].read == read_offset && n == 0)
			break;
		r = fields[i].read(&at, window, ret_what);
		if (r < 0)
			return r;
		n++;
		if (*at && *at != ' ')
			break;
		at += strspn(at, " ");
	}
	*ret_what = form;
	return n > 0 && !*at ? 0 : CS_ECONF;
}

int cs_window_parse(const char *text, struct cs_window *ret_window, const char **ret_what)
{
	struct cs_window window = {0};
	int r = strchr(text, '/') ? parse_dated(text, &window, ret_what) : parse_weekly(text, &window, ret_what);

	if (r == 0)
		*ret_window = window;
	return r;
}

int cs_window_holds(const struct cs_window *window, uint64_t wall_ms)
{
	int64_t now = (int64_t)(wall_ms / 1000), day;
	unsigned minute, today, yesterday;

	if (window->dated)
		return window->from_s <= now && now < window->until_s;
	now += INT64_C(60) * window->offset_min +
	       INT64_C(7) * DAY_SECONDS; /* never negative, on the same day of the week */
	day = now / DAY_SECONDS;
	minute = (unsigned)(now % DAY_SECONDS / MINUTE_SECONDS);
	today = 1u << (day + 3) % 7; /* 1970-01-01 was a Thursday */
	yesterday = 1u << (day + 2) % 7;
	if (window->from_min < window->until_min)
		return (window->days & today) && minute >= window->from_min && minute < window->until_min;
	return ((window->days & today) && minute >= window->from_min) ||
	       ((window->days & yesterday) && minute < window->until_min);
}
