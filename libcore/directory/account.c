/* SPDX-License-Identifier: Apache-2.0 */
/* Locked, expired, disabled: every attribute by which some directory says it, as a table. What cannot be read is doubt,
 * never "open". */
#include "mem.h"
#include "person.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { VALUES_MAX = 64, NUMBER_MAX = 24, DAY_SECONDS = 86400, DAYS_MAX = 100000000 };

#define UAC_DISABLED 0x2
#define UAC_LOCKOUT 0x10
#define FILETIME_NEVER INT64_MAX
#define FILETIME_SECOND 10000000
#define FILETIME_1970 11644473600 /* seconds from 1601 */

/* Each reads one value into the account. 0, CS_EPROTO (it is none), CS_ENOMEM. */
typedef int (*read_fn)(const struct cs_bytes *value, struct cs_account *account);

/* --- Values --- */

static int read_number(const struct cs_bytes *value, int64_t *ret_number)
{
	char text[NUMBER_MAX + 1];
	char *end = NULL;
	if (value->len == 0 || value->len > NUMBER_MAX)
		return CS_EPROTO;
	memcpy(text, value->data, value->len);
	text[value->len] = '\0';
	if (*text != '-' && (*text < '0' || *text > '9')) /* strtoll takes blanks and '+' */
		return CS_EPROTO;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (errno != 0 || end != text + value->len || end[-1] == '-')
		return CS_EPROTO;
	*ret_number = number;
	return 0;
}

/* Two digits at *p, which must be from low to high. */
static int read_pair(const char **p, const char *end, int low, int high, int *ret_pair)
{
	const char *s = *p;
	if (end - s < 2 || s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return CS_EPROTO;
	int pair = (s[0] - '0') * 10 + (s[1] - '0');
	if (pair < low || pair > high)
		return CS_EPROTO;
	*p = s + 2;
	*ret_pair = pair;
	return 0;
}

static int has_pair(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

/* "Z", "+0100" or "-01", which has to end it. */
static int read_zone(const char *p, const char *end, int64_t *ret_seconds)
{
	int hours = 0, minutes = 0, sign = 0;
	if (p < end && *p == 'Z' && p + 1 == end) {
		*ret_seconds = 0;
		return 0;
	}
	if (p == end || (*p != '+' && *p != '-'))
		return CS_EPROTO;
	sign = *p++ == '+' ? 1 : -1;
	if (read_pair(&p, end, 0, 23, &hours) != 0 || (p < end && read_pair(&p, end, 0, 59, &minutes) != 0) || p != end)
		return CS_EPROTO;
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return 0;
}

/* RFC 4517 3.3.13: YYYYMMDDHH[MM[SS]][fraction]zone. Fractions of a second are left out; one of a minute or an hour,
 * which nobody writes, is not read. */
static int read_time(const struct cs_bytes *value, int64_t *ret_seconds)
{
	const char *p = value->data, *end = value->data + value->len;
	int century = 0, year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
	int64_t zone = 0;
	if (read_pair(&p, end, 0, 99, &century) != 0 || read_pair(&p, end, 0, 99, &year) != 0 ||
	    read_pair(&p, end, 1, 12, &month) != 0 || read_pair(&p, end, 1, 31, &day) != 0 ||
	    read_pair(&p, end, 0, 23, &hour) != 0)
		return CS_EPROTO;
	if (has_pair(p, end) && read_pair(&p, end, 0, 59, &minute) != 0)
		return CS_EPROTO;
	bool has_seconds = has_pair(p, end);
	if (has_seconds && read_pair(&p, end, 0, 60, &second) != 0)
		return CS_EPROTO;
	if (p < end && (*p == '.' || *p == ',')) {
		if (!has_seconds || !has_pair(++p, end))
			return CS_EPROTO;
		while (has_pair(p, end))
			p++;
	}
	if (read_zone(p, end, &zone) != 0)
		return CS_EPROTO;
	struct tm tm = { .tm_year = century * 100 + year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour,
		.tm_min = minute, .tm_sec = second };
	*ret_seconds = timegm(&tm) - zone;
	return tm.tm_mon == month - 1 ? 0 : CS_EPROTO; /* else there is no such day */
}

/* The earliest end counts; one that lies before 1970 is over. */
static void ends_at(struct cs_account *account, int64_t seconds)
{
	if (seconds <= 0)
		account->locked = true;
	else if (account->ends_s == 0 || (uint64_t)seconds < account->ends_s)
		account->ends_s = (uint64_t)seconds;
}

/* --- What attributes say --- */

/* OpenLDAP's ppolicy: there while it is locked, for ever (000001010000Z) or for a time. */
static int take_presence(const struct cs_bytes *value, struct cs_account *account)
{
	(void)value;
	account->locked = true;
	return 0;
}

static int take_flag(const struct cs_bytes *value, struct cs_account *account)
{
	if (value->len == 4 && strncasecmp(value->data, "TRUE", 4) == 0)
		account->locked = true;
	else if (value->len != 5 || strncasecmp(value->data, "FALSE", 5) != 0)
		return CS_EPROTO;
	return 0;
}

static int take_end(const struct cs_bytes *value, struct cs_account *account)
{
	int64_t seconds = 0;
	if (read_time(value, &seconds) != 0)
		return CS_EPROTO;
	ends_at(account, seconds);
	return 0;
}

static int take_start(const struct cs_bytes *value, struct cs_account *account)
{
	int64_t seconds = 0;
	if (read_time(value, &seconds) != 0)
		return CS_EPROTO;
	if (seconds > 0 && (uint64_t)seconds > account->starts_s)
		account->starts_s = (uint64_t)seconds;
	return 0;
}

/* shadow(5): the first day on which it is over, counted from 1970; below 0 there is none. */
static int take_last_day(const struct cs_bytes *value, struct cs_account *account)
{
	int64_t days = 0;
	if (read_number(value, &days) != 0 || days > DAYS_MAX)
		return CS_EPROTO;
	if (days >= 0)
		ends_at(account, days * DAY_SECONDS);
	return 0;
}

static int take_bits(const struct cs_bytes *value, uint32_t closing, struct cs_account *account)
{
	int64_t bits = 0;
	if (read_number(value, &bits) != 0 || bits < INT32_MIN || bits > UINT32_MAX)
		return CS_EPROTO;
	if (((uint32_t)bits & closing) != 0)
		account->locked = true;
	return 0;
}

static int take_control(const struct cs_bytes *value, struct cs_account *account)
{
	return take_bits(value, UAC_DISABLED | UAC_LOCKOUT, account);
}

/* Active Directory computes the lock-out; the stored bits are never set by it. */
static int take_computed(const struct cs_bytes *value, struct cs_account *account)
{
	return take_bits(value, UAC_LOCKOUT, account);
}

static int take_filetime(const struct cs_bytes *value, struct cs_account *account)
{
	int64_t ticks = 0;
	if (read_number(value, &ticks) != 0 || ticks < 0)
		return CS_EPROTO;
	if (ticks != 0 && ticks != FILETIME_NEVER)
		ends_at(account, ticks / FILETIME_SECOND - FILETIME_1970);
	return 0;
}

/* 389: who holds one of the roles of disabled accounts. */
static int take_role(const struct cs_bytes *value, struct cs_account *account)
{
	static const char *const roles[] = { "cn=nsdisabledrole,", "cn=nsmanageddisabledrole," };
	char dn[CS_MAX_DN + 1], key[CS_MAX_DN + 1];
	if (value->len > CS_MAX_DN || memchr(value->data, '\0', value->len) != NULL)
		return CS_EPROTO;
	memcpy(dn, value->data, value->len);
	dn[value->len] = '\0';
	if (!cs_dn_is_valid(dn) || cs_dn_key(dn, key) != 0)
		return CS_EPROTO;
	for (size_t i = 0; i < CS_COUNT(roles); i++)
		if (strncmp(key, roles[i], strlen(roles[i])) == 0)
			account->locked = true;
	return 0;
}

/* In the order of cs_account_attributes. */
static const struct {
	read_fn read;
	const char *is_not;
	size_t max;
} rules[] = {
	{ take_last_day, "a number of days", 1 },
	{ take_presence, "", VALUES_MAX },
	{ take_start, "a time", 1 },
	{ take_end, "a time", 1 },
	{ take_flag, "TRUE or FALSE", 1 },
	{ take_flag, "TRUE or FALSE", 1 },
	{ take_role, "a DN", VALUES_MAX },
	{ take_end, "a time", 1 },
	{ take_control, "a number", 1 },
	{ take_computed, "a number", 1 },
	{ take_filetime, "a time", 1 },
};

const char *const cs_account_attributes[] = {
	"shadowExpire", "pwdAccountLockedTime", "pwdStartTime", "pwdEndTime", "nsAccountLock", "loginDisabled",
	"nsRoleDN", "krbPrincipalExpiration", "userAccountControl", "msDS-User-Account-Control-Computed",
	"accountExpires", NULL,
};
_Static_assert(CS_COUNT(rules) + 1 == CS_COUNT(cs_account_attributes), "one rule for each attribute");

/* --- Accounts --- */

static int unclear(struct cs_account *account, const char *attribute, const char *verb, const char *what)
{
	return account->unclear != NULL ? 0 : cs_format(&account->unclear, "attribute %s %s %s", attribute, verb, what);
}

int cs_account_read(const struct cs_entry_source *source, struct cs_account *ret_account)
{
	struct cs_bytes values[VALUES_MAX];
	*ret_account = (struct cs_account){ 0 };
	for (size_t i = 0; i < CS_COUNT(rules); i++) {
		const char *attribute = cs_account_attributes[i];
		size_t n = 0;
		int r = source->values(source->entry, attribute, values, CS_COUNT(values), &n);
		if (r == 0 && n > rules[i].max)
			r = unclear(ret_account, attribute, "has", "too many values");
		else
			for (size_t k = 0; k < n && r == 0; k++)
				r = rules[i].read(&values[k], ret_account);
		if (r == CS_EPROTO)
			r = unclear(ret_account, attribute, "is not", rules[i].is_not);
		if (r != 0)
			return r;
	}
	return 0;
}

int cs_account_is_closed(const struct cs_account *account, uint64_t now_s)
{
	return account->locked || now_s < account->starts_s || (account->ends_s != 0 && now_s >= account->ends_s);
}
