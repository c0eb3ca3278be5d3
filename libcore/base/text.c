/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside: what may be shown as it is, and the small grammars of names, numbers and times. */
#include "text.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <countersign/error.h>

#include "mem.h"

#define ESCAPED_MAX (1024u * 1024u)
#define NOBODY_UID  UINT32_C(65534)
#define MAX_UID     UINT64_C(4294967294)
#define DAY_S       UINT64_C(86400)

/* Code points that are never shown as they are: controls, format characters, blanks other than the space, what is
 * invisible by definition, and private use. Sorted. Noncharacters at the end of each plane are tested beside it. */
static const struct range {
	uint32_t first;
	uint32_t last;
} hidden[] = {
	{0x0000, 0x001F},    /* C0 */
	{0x007F, 0x00A0},    /* DEL, C1, no-break space */
	{0x00AD, 0x00AD},    /* soft hyphen */
	{0x034F, 0x034F},    /* combining grapheme joiner: invisible */
	{0x0600, 0x0605},    /* Arabic number signs */
	{0x061C, 0x061C},    /* Arabic letter mark */
	{0x06DD, 0x06DD},    /* Arabic end of ayah */
	{0x070F, 0x070F},    /* Syriac abbreviation mark */
	{0x0890, 0x0891},    /* Arabic pound and piastre marks */
	{0x08E2, 0x08E2},    /* Arabic disputed end of ayah */
	{0x115F, 0x1160},    /* Hangul fillers */
	{0x1680, 0x1680},    /* Ogham space */
	{0x17B4, 0x17B5},    /* Khmer inherent vowels: invisible */
	{0x180B, 0x180F},    /* Mongolian selectors and vowel separator */
	{0x2000, 0x200F},    /* blanks, zero-width, LRM, RLM */
	{0x2028, 0x202F},    /* line and paragraph separator, bidi, narrow no-break space */
	{0x205F, 0x206F},    /* blanks, invisible operators, bidi isolates, deprecated formats */
	{0x2800, 0x2800},    /* Braille blank */
	{0x3000, 0x3000},    /* ideographic space */
	{0x3164, 0x3164},    /* Hangul filler */
	{0xD800, 0xF8FF},    /* surrogates, private use */
	{0xFDD0, 0xFDEF},    /* noncharacters */
	{0xFE00, 0xFE0F},    /* variation selectors */
	{0xFEFF, 0xFEFF},    /* byte order mark */
	{0xFFA0, 0xFFA0},    /* half-width Hangul filler */
	{0xFFF0, 0xFFFC},    /* interlinear annotation, object replacement */
	{0x110BD, 0x110BD},  /* Kaithi number sign */
	{0x110CD, 0x110CD},  /* Kaithi number sign above */
	{0x13430, 0x1345F},  /* Egyptian hieroglyph format controls */
	{0x1BCA0, 0x1BCA3},  /* shorthand format controls */
	{0x1D159, 0x1D159},  /* musical null notehead */
	{0x1D173, 0x1D17A},  /* musical beams and slurs */
	{0xE0000, 0xE0FFF},  /* tags, variation selectors */
	{0xF0000, 0x10FFFF}, /* private use */
};

/* What a terminal shows two columns wide. Sorted. */
static const struct range wide[] = {
	{0x1100, 0x115F},    /* Hangul */
	{0x231A, 0x231B},    /* signs that are shown as pictures, from here on */
	{0x2329, 0x232A},
	{0x23E9, 0x23F3},
	{0x25FD, 0x25FE},
	{0x2614, 0x26FD},
	{0x2705, 0x2705},
	{0x270A, 0x270B},
	{0x2728, 0x2728},
	{0x274C, 0x2757},
	{0x2795, 0x27BF},
	{0x2B1B, 0x2B55},
	{0x2E80, 0xA4CF},    /* Chinese, Japanese, Korean, Yi */
	{0xA960, 0xA97C},
	{0xAC00, 0xD7A3},
	{0xF900, 0xFAFF},
	{0xFE10, 0xFE6F},
	{0xFF01, 0xFFE6},
	{0x16FE0, 0x18DFF},  /* Tangut, Khitan */
	{0x1AFF0, 0x1B2FF},  /* Kana */
	{0x1F000, 0x1FAFF},  /* pictures */
	{0x20000, 0x3FFFD},
};

static bool is_in(const struct range *ranges, size_t n, uint32_t cp)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (cp > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && cp >= ranges[low].first;
}

static bool is_hidden(uint32_t cp)
{
	return (cp & 0xFFFE) == 0xFFFE || is_in(hidden, CS_COUNT(hidden), cp);
}

/* The length of the UTF-8 sequence at s and its code point; 0 when it is none (overlong, surrogate, cut off, beyond
 * U+10FFFF). Stops at the terminating NUL, which is no continuation byte. */
static size_t decode(const unsigned char *s, uint32_t *ret_cp)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};

	for (size_t extra = 0; extra < CS_COUNT(forms); extra++) {
		if ((s[0] & forms[extra].mask) != forms[extra].lead)
			continue;
		uint32_t cp = s[0] & (unsigned char)~forms[extra].mask;
		for (size_t i = 1; i <= extra; i++) {
			if ((s[i] & 0xC0) != 0x80)
				return 0;
			cp = cp << 6 | (s[i] & 0x3Fu);
		}
		if (cp < forms[extra].least || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
			return 0;
		*ret_cp = cp;
		return extra + 1;
	}
	return 0;
}

static void put_text(struct cs_buf *out, const char *text)
{
	cs_buf_put(out, text, strlen(text));
}

static void put_hidden(struct cs_buf *out, uint32_t cp)
{
	char text[16];
	if (cp == '\n' || cp == '\t') {
		put_text(out, cp == '\n' ? "\\n" : "\\t");
		return;
	}
	(void)snprintf(text, sizeof(text), cp < 0x80 ? "\\x%02X" : "\\u{%04X}", (unsigned)cp);
	put_text(out, text);
}

static void escape(struct cs_buf *out, const char *s, bool ascii)
{
	const unsigned char *at = (const unsigned char *)s;

	/* One put for each code point: where the buffer is full, what is in it ends at a whole one. */
	while (*at != '\0' && cs_buf_error(out) == 0) {
		uint32_t cp = 0;
		size_t n = decode(at, &cp);
		if (n == 0) {
			char text[8];
			(void)snprintf(text, sizeof(text), "\\x%02X", (unsigned)*at);
			put_text(out, text);
			n = 1;
		} else if (cp == '\\') {
			put_text(out, "\\\\");
		} else if (is_hidden(cp) || (ascii && cp > '~')) {
			put_hidden(out, cp);
		} else {
			cs_buf_put(out, at, n);
		}
		at += n;
	}
}

void cs_escape(struct cs_buf *out, const char *s)
{
	escape(out, s, false);
}

void cs_escape_ascii(struct cs_buf *out, const char *s)
{
	escape(out, s, true);
}

size_t cs_text_shown(const char *s)
{
	uint32_t cp = 0;
	size_t n = decode((const unsigned char *)s, &cp);
	return n > 0 && !is_hidden(cp) ? n : 0;
}

size_t cs_text_columns(const char *s, size_t *ret_bytes)
{
	uint32_t cp = 0;
	size_t n = decode((const unsigned char *)s, &cp);

	*ret_bytes = n > 0 ? n : 1;
	return n > 0 && is_in(wide, CS_COUNT(wide), cp) ? 2 : 1;
}

char *cs_escaped(const char *s)
{
	struct cs_buf out;
	cs_buf_init(&out, ESCAPED_MAX + 1);
	cs_escape(&out, s);
	cs_buf_put_u8(&out, 0);
	if (cs_buf_error(&out) != 0) {
		cs_buf_clear(&out);
		return NULL;
	}
	return (char *)out.data;
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

#define DIGITS "0123456789"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

int cs_is_word(const char *s, size_t max)
{
	size_t n = strspn(s, LOWER UPPER DIGITS "._-");
	return n > 0 && n <= max && s[n] == '\0' && !is_one_of(s[0], "-.");
}

int cs_is_login(const char *s)
{
	size_t n = strspn(s, LOWER DIGITS "._-");
	return n > 0 && n <= 32 && s[n] == '\0' && s[0] != '-';
}

/* Parses the n decimal digits at s, at most limit. */
static int parse_number(const char *s, size_t n, uint64_t limit, uint64_t *ret)
{
	uint64_t value = 0;
	if (n == 0)
		return CS_EINVAL;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)(s[i] - '0');
		if (value > (limit - digit) / 10)
			return CS_EINVAL;
		value = value * 10 + digit;
	}
	*ret = value;
	return 0;
}

int cs_parse_uid(const char *s, uint32_t *ret_uid)
{
	uint64_t value = 0;
	size_t n = strspn(s, DIGITS);

	if (s[n] != '\0' || (n > 1 && s[0] == '0'))
		return CS_EINVAL;
	if (parse_number(s, n, MAX_UID, &value) != 0 || value == NOBODY_UID)
		return CS_EINVAL;
	*ret_uid = (uint32_t)value;
	return 0;
}

int cs_parse_span(const char *s, uint64_t *ret_ms)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', DAY_S}};
	uint64_t value = 0;
	size_t n = strspn(s, DIGITS);

	if (s[n] == '\0' || s[n + 1] != '\0' || parse_number(s, n, 365 * DAY_S, &value) != 0 || value == 0)
		return CS_EINVAL;
	for (size_t i = 0; i < CS_COUNT(units); i++) {
		if (units[i].unit != s[n])
			continue;
		if (value > 365 * DAY_S / units[i].seconds)
			return CS_EINVAL;
		*ret_ms = value * units[i].seconds * 1000;
		return 0;
	}
	return CS_EINVAL;
}

int cs_glob(const char *pattern, const char *s)
{
	const char *star = NULL; /* the last '*' seen, and where its run began: only that one is ever extended */
	const char *run = NULL;

	while (*s != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			run = s;
		} else if (*pattern == *s) {
			pattern++;
			s++;
		} else if (star != NULL) {
			pattern = star + 1;
			s = ++run;
		} else {
			return 0;
		}
	}
	pattern += strspn(pattern, "*");
	return *pattern == '\0';
}

void cs_hex(const void *bytes, size_t n, char *hex)
{
	const uint8_t *at = bytes;
	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = "0123456789abcdef"[at[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[at[i] & 15];
	}
	hex[2 * n] = '\0';
}

/* The digit's value and 1 over it; 0 for what is no digit. Exports are read by this, a few kilobytes an event. */
#define HEX_DIGITS \
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, \
	['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, \
	['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16

int cs_unhex_part(const char *hex, void *ret_bytes, size_t n)
{
	static const uint8_t digits[256] = {HEX_DIGITS};
	const unsigned char *at = (const unsigned char *)hex;
	uint8_t *out = ret_bytes;

	for (size_t i = 0; i < n; i++) {
		uint8_t high = digits[at[2 * i]];
		uint8_t low = high ? digits[at[2 * i + 1]] : 0;

		if (low == 0)
			return CS_EINVAL;
		out[i] = (uint8_t)((high - 1) << 4 | (low - 1));
	}
	return 0;
}

int cs_unhex(const char *hex, void *ret_bytes, size_t n)
{
	size_t digits = strspn(hex, DIGITS "abcdefABCDEF");

	if (n > SIZE_MAX / 2 || digits != 2 * n || hex[digits] != '\0')
		return CS_EINVAL;
	return cs_unhex_part(hex, ret_bytes, n);
}
