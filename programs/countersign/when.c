/* SPDX-License-Identifier: Apache-2.0 */
/* A moment that a person writes. */
#include "when.h"
#include "countersign/error.h"
#include "mem.h"
#include "text.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#define YEAR_MS (UINT64_C(366) * 24 * 60 * 60 * 1000)

struct moment {
	int year, month, day, hour, minute, second;
	bool utc;
};

/* Exactly n digits; the text behind them, or NULL. */
static const char *take_digits(const char *at, int n, int *ret_number)
{
	int number = 0;

	for (int i = 0; i < n; i++) {
		if (at == NULL || at[i] < '0' || at[i] > '9')
			return NULL;
		number = number * 10 + (at[i] - '0');
	}
	*ret_number = number;
	return at + n;
}

static const char *take(const char *at, char c)
{
	return at != NULL && *at == c ? at + 1 : NULL;
}

/* "HH:MM" and perhaps ":SS". */
static const char *take_clock(const char *at, struct moment *moment)
{
	at = take_digits(at, 2, &moment->hour);
	at = take_digits(take(at, ':'), 2, &moment->minute);
	if (at != NULL && *at == ':')
		at = take_digits(at + 1, 2, &moment->second);
	return at;
}

static int parse_iso(const char *text, struct moment *moment)
{
	const char *at = take_digits(text, 4, &moment->year);

	at = take_digits(take(at, '-'), 2, &moment->month);
	at = take_digits(take(at, '-'), 2, &moment->day);
	at = take_clock(take(at, 'T'), moment);
	moment->utc = at != NULL && *at == 'Z';
	return at != NULL && at[moment->utc ? 1 : 0] == '\0' ? 0 : CS_EINVAL;
}

static bool same_fields(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday && a->tm_hour == b->tm_hour &&
	       a->tm_min == b->tm_min && a->tm_sec == b->tm_sec;
}

/* The calendar turns what it does not have into something else; that is refused. */
static int moment_ms(const struct moment *moment, uint64_t *ret_wall_ms)
{
	struct tm wanted = { .tm_year = moment->year - 1900, .tm_mon = moment->month - 1, .tm_mday = moment->day,
		.tm_hour = moment->hour, .tm_min = moment->minute, .tm_sec = moment->second, .tm_isdst = -1 };
	struct tm got = wanted;
	time_t seconds = moment->utc ? timegm(&got) : mktime(&got);

	if (seconds < 0 || !same_fields(&wanted, &got))
		return CS_EINVAL;
	*ret_wall_ms = (uint64_t)seconds * 1000;
	return 0;
}

/* The next time that a clock on the wall shows it: today, or else tomorrow. */
static int next_clock(const struct moment *clock, uint64_t now_ms, uint64_t *ret_wall_ms)
{
	for (int days = 0; days <= 1; days++) {
		struct moment moment = *clock;
		time_t now = (time_t)(now_ms / 1000);
		struct tm date = { 0 };
		int r = 0;

		if (localtime_r(&now, &date) == NULL)
			return CS_EINVAL;
		date.tm_mday += days;
		date.tm_hour = 12; /* no calendar leaves noon out */
		date.tm_isdst = -1;
		if (mktime(&date) < 0)
			return CS_EINVAL;
		moment.year = date.tm_year + 1900;
		moment.month = date.tm_mon + 1;
		moment.day = date.tm_mday;
		r = moment_ms(&moment, ret_wall_ms);
		if (r != 0 || *ret_wall_ms > now_ms)
			return r;
	}
	return CS_EINVAL;
}

static int parse(const char *text, uint64_t now_ms, uint64_t *ret_wall_ms)
{
	struct moment moment = { 0 };
	const char *end = NULL;
	uint64_t span = 0;

	if (*text == '+') {
		if (cs_parse_span(text + 1, &span) != 0)
			return CS_EINVAL;
		*ret_wall_ms = now_ms + span;
		return 0;
	}
	end = take_clock(text, &moment);
	if (end != NULL && *end == '\0')
		return next_clock(&moment, now_ms, ret_wall_ms);
	moment = (struct moment){ 0 };
	if (parse_iso(text, &moment) != 0)
		return CS_EINVAL;
	return moment_ms(&moment, ret_wall_ms);
}

int cs_when_parse(const char *text, uint64_t now_ms, uint64_t *ret_wall_ms, const char **ret_why)
{
	uint64_t wall_ms = 0;

	*ret_why = "write it as 2026-11-21T22:00, 22:00 or +2h";
	if (parse(text, now_ms, &wall_ms) != 0)
		return CS_EINVAL;
	*ret_why = "that has passed";
	if (wall_ms <= now_ms)
		return CS_EINVAL;
	*ret_why = "that is more than a year ahead";
	if (wall_ms - now_ms > YEAR_MS)
		return CS_EINVAL;
	*ret_wall_ms = wall_ms;
	*ret_why = NULL;
	return 0;
}
