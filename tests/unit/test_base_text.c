/* SPDX-License-Identifier: Apache-2.0 */
/* Escaping and the small grammars of names, numbers and times. */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <countersign/error.h>

#include "mem.h"

static void check(const char *in, const char *expected)
{
	char *got = cs_escaped(in);
	assert_non_null(got);
	assert_string_equal(got, expected);
	cs_free_str(&got);
}

static void test_base_a097_escape_table(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"", ""},
		{"plain ~!@#$%^&*() text", "plain ~!@#$%^&*() text"},
		{"a\\b", "a\\\\b"},
		{"\\x1B", "\\\\x1B"}, /* what looks like an escape is told from one */
		{"two\nlines\tand\rmore", "two\\nlines\\tand\\x0Dmore"},
		{"\x1b[2K\x1b[1Gsafe", "\\x1B[2K\\x1B[1Gsafe"},
		{"\x01\x7f", "\\x01\\x7F"},
		{"\xc2\x80\xc2\x9b"
		 "31m",
		 "\\u{0080}\\u{009B}31m"},
		{"a\u202Eb", "a\\u{202E}b"},
		{"\u2066x\u2069", "\\u{2066}x\\u{2069}"},
		{"pay\u200Bpal\u200F\uFEFF\u00AD", "pay\\u{200B}pal\\u{200F}\\u{FEFF}\\u{00AD}"},
		{"\u2028\u2029", "\\u{2028}\\u{2029}"},
		{"\u00A0\u2007\u202F\u3000", "\\u{00A0}\\u{2007}\\u{202F}\\u{3000}"},
		{"\U000E0041\U000E007F", "\\u{E0041}\\u{E007F}"},
		{"\uE000\U000F0000\U0010FFFD", "\\u{E000}\\u{F0000}\\u{10FFFD}"},
		{"\uFDD0\uFFFE\U0001FFFF", "\\u{FDD0}\\u{FFFE}\\u{1FFFF}"},
		{"\u115F\u3164\uFFA0\u2800\uFE0F", "\\u{115F}\\u{3164}\\u{FFA0}\\u{2800}\\u{FE0F}"},
		{"e\u0301 \u0159\u4e2d\u0645\U0001F600\uFFFD", "e\u0301 \u0159\u4e2d\u0645\U0001F600\uFFFD"},
		{"\xc0\xaf", "\\xC0\\xAF"},                   /* overlong */
		{"\xe0\x80\xaf", "\\xE0\\x80\\xAF"},          /* overlong */
		{"\xf0\x80\x80\xaf", "\\xF0\\x80\\x80\\xAF"}, /* overlong */
		{"\xed\xa0\x80", "\\xED\\xA0\\x80"},          /* surrogate */
		{"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"}, /* beyond U+10FFFF */
		{"\xf8\x88\x80\x80\x80", "\\xF8\\x88\\x80\\x80\\x80"},
		{"\x80\xbf", "\\x80\\xBF"},
		{"caf\xc3", "caf\\xC3"}, /* cut off: the end of the string is not read over */
		{"\xe4\xb8", "\\xE4\\xB8"},
		{"\xff\xfe", "\\xFF\\xFE"},
		{"\xc3(", "\\xC3("},
	};
	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++)
		check(cases[i].in, cases[i].out);
}

static void encode(uint32_t cp, char out[5])
{
	size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	static const unsigned lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
	memset(out, 0, 5);
	for (size_t i = n; i > 1; i--, cp >>= 6)
		out[i - 1] = (char)(0x80 | (cp & 0x3F));
	out[0] = (char)(lead[n] | cp);
}

/* The format characters, blanks and separators of Unicode 15, counted one by one: none may reach a terminal. */
static void test_base_a097_every_format_character_is_hidden(void **state)
{
	static const uint32_t ranges[][2] = {
		{0x1, 0x1F},        {0x7F, 0x9F},       {0xAD, 0xAD},        {0x600, 0x605},     {0x61C, 0x61C},
		{0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},      {0x8E2, 0x8E2},     {0x1680, 0x1680},
		{0x180E, 0x180E},   {0x2000, 0x200F},   {0x2028, 0x202F},    {0x205F, 0x2064},   {0x2066, 0x206F},
		{0x3000, 0x3000},   {0xE000, 0xF8FF},   {0xFEFF, 0xFEFF},    {0xFFF9, 0xFFFB},   {0x110BD, 0x110BD},
		{0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3},  {0x1D173, 0x1D17A}, {0xE0001, 0xE0001},
		{0xE0020, 0xE007F}, {0xE0100, 0xE01EF}, {0xF0000, 0x10FFFF},
	};
	char text[5], expected[16];
	(void)state;

	for (size_t i = 0; i < CS_COUNT(ranges); i++) {
		for (uint32_t cp = ranges[i][0]; cp <= ranges[i][1]; cp++) {
			if (cp == '\n' || cp == '\t')
				continue;
			encode(cp, text);
			assert_int_equal(cs_text_shown(text), 0);
			(void)snprintf(expected, sizeof(expected), cp < 0x80 ? "\\x%02X" : "\\u{%04X}", (unsigned)cp);
			check(text, expected);
		}
	}
}

static void test_base_ordinary_letters_are_shown(void **state)
{
	static const uint32_t ranges[][2] = {
		{0x20, 0x5B},     {0x5D, 0x7E},     {0xA1, 0xAC},       {0xAE, 0x34E},      {0x350, 0x36F},
		{0x391, 0x3A1},   {0x400, 0x52F},   {0x5D0, 0x5EA},     {0x621, 0x64A},     {0x2010, 0x2027},
		{0x4E00, 0x9FFF}, {0xAC00, 0xD7A3}, {0x1F600, 0x1F64F}, {0x20000, 0x2A6DF},
	};
	char text[5];
	(void)state;

	for (size_t i = 0; i < CS_COUNT(ranges); i++) {
		for (uint32_t cp = ranges[i][0]; cp <= ranges[i][1]; cp++) {
			encode(cp, text);
			assert_int_equal(cs_text_shown(text), strlen(text));
			check(text, text);
		}
	}
}

static void test_base_escape_is_bounded(void **state)
{
	char *big = malloc((1u << 20) + 2);
	struct cs_buf out;
	(void)state;

	assert_non_null(big);
	memset(big, 'x', 1u << 20);
	big[1u << 20] = '\0';
	check(big, big);
	big[1u << 20] = 'x';
	big[(1u << 20) + 1] = '\0';
	assert_null(cs_escaped(big));
	/* A full buffer ends at a whole escape. */
	cs_buf_init(&out, 6);
	cs_escape(&out, "ab\x01\x02");
	assert_int_equal(cs_buf_error(&out), CS_ETOOBIG);
	assert_int_equal(out.len, 6);
	assert_memory_equal(out.data, "ab\\x01", 6);
	cs_buf_clear(&out);
	free(big);
}

static void test_base_words(void **state)
{
	static const struct {
		const char *s;
		size_t max;
		int word, login;
	} cases[] = {
		{"alice", 32, 1, 1},
		{"a", 1, 1, 1},
		{"", 32, 0, 0},
		{"10.1-rc_2", 32, 1, 1},
		{"Alice", 32, 1, 0},
		{"-x", 32, 0, 0},
		{".x", 32, 0, 1},
		{"..", 32, 0, 1},
		{"a/b", 32, 0, 0},
		{"a b", 32, 0, 0},
		{"a*", 32, 0, 0},
		{"a\n", 32, 0, 0},
		{"\xef\xbd\x81", 32, 0, 0}, /* full-width a (A072) */
		{"a)(uid=*", 32, 0, 0},     /* A071 */
		{"ab", 1, 0, 1},
		{"abcdefghijklmnopqrstuvwxyz012345", 32, 1, 1},
		{"abcdefghijklmnopqrstuvwxyz0123456", 64, 1, 0},
	};
	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		assert_int_equal(cs_is_word(cases[i].s, cases[i].max), cases[i].word);
		assert_int_equal(cs_is_login(cases[i].s), cases[i].login);
	}
}

static void test_base_a004_uids(void **state)
{
	static const struct {
		const char *s;
		uint32_t uid; /* 7: refused, the result is left alone */
	} cases[] = {
		{"0", 0},
		{"1000", 1000},
		{"65533", 65533},
		{"65534", 7},
		{"65535", 65535},
		{"4294967294", 4294967294},
		{"4294967295", 7},
		{"4294967296", 7},
		{"2147483648", 2147483648},
		{"-1", 7},
		{"+1", 7},
		{" 1", 7},
		{"1 ", 7},
		{"", 7},
		{"01", 7},
		{"00", 7},
		{"0x10", 7},
		{"1e3", 7},
		{"18446744073709551616", 7},
		{"99999999999999999999999999999999", 7},
	};
	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		uint32_t uid = 7;
		assert_int_equal(cs_parse_uid(cases[i].s, &uid), cases[i].uid == 7 ? CS_EINVAL : 0);
		assert_int_equal(uid, cases[i].uid);
	}
}

static void test_base_spans(void **state)
{
	static const struct {
		const char *s;
		uint64_t ms; /* 7: refused */
	} cases[] = {
		{"1s", 1000},
		{"90s", 90000},
		{"15m", 900000},
		{"2h", 7200000},
		{"1d", 86400000},
		{"365d", 31536000000},
		{"31536000s", 31536000000},
		{"8760h", 31536000000},
		{"366d", 7},
		{"31536001s", 7},
		{"8761h", 7},
		{"525601m", 7},
		{"0s", 7},
		{"0d", 7},
		{"", 7},
		{"s", 7},
		{"10", 7},
		{"10S", 7},
		{"10w", 7},
		{"1.5h", 7},
		{"-1s", 7},
		{"1s ", 7},
		{" 1s", 7},
		{"1h30m", 7},
		{"1 s", 7},
		{"18446744073709551617s", 7},
		{"99999999999999999999d", 7},
	};
	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		uint64_t ms = 7;
		assert_int_equal(cs_parse_span(cases[i].s, &ms), cases[i].ms == 7 ? CS_EINVAL : 0);
		assert_true(ms == cases[i].ms);
	}
}

static void test_base_globs(void **state)
{
	static const struct {
		const char *pattern, *s;
		int match;
	} cases[] = {
		{"", "", 1},           {"", "a", 0},
		{"*", "", 1},          {"*", "anything", 1},
		{"rel*", "rel1", 1},   {"rel*", "rel", 1},
		{"rel*", "xrel1", 0},  {"*1", "rel1", 1},
		{"*1", "rel12", 0},    {"r*l*1", "rxlyl1", 1},
		{"a*b*c", "abcbc", 1}, {"a*b*c", "acb", 0},
		{"**", "x", 1},        {"a**b", "ab", 1},
		{"?", "x", 0},         {"?", "?", 1},
		{"[a]", "a", 0},       {"[a]", "[a]", 1},
		{"a", "A", 0},         {"\\*", "*", 0},
		{"\\*", "\\x", 1},     {"a", "ab", 0},
		{"ab", "a", 0},        {"*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0},
	};
	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++)
		assert_int_equal(cs_glob(cases[i].pattern, cases[i].s), cases[i].match);
}

static void test_base_hex(void **state)
{
	static const uint8_t bytes[] = {0x00, 0xff, 0x1a, 0xB2};
	static const char *const refused[] = {"",         "00ff1ab",  "00ff1ab2 ", "00ff1ab200",
					      "0xff1ab2", "00ff1abg", " 0ff1ab2"};
	uint8_t back[4] = {7, 7, 7, 7};
	char hex[9];
	(void)state;

	cs_hex(bytes, 4, hex);
	assert_string_equal(hex, "00ff1ab2");
	for (size_t i = 0; i < CS_COUNT(refused); i++)
		assert_int_equal(cs_unhex(refused[i], back, 4), CS_EINVAL);
	assert_int_equal(back[0], 7);
	assert_int_equal(cs_unhex("00FF1aB2", back, 4), 0);
	assert_memory_equal(back, bytes, 4);
	cs_hex(bytes, 0, hex);
	assert_string_equal(hex, "");
	assert_int_equal(cs_unhex("", back, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base_a097_escape_table),
		cmocka_unit_test(test_base_a097_every_format_character_is_hidden),
		cmocka_unit_test(test_base_ordinary_letters_are_shown),
		cmocka_unit_test(test_base_escape_is_bounded),
		cmocka_unit_test(test_base_words),
		cmocka_unit_test(test_base_a004_uids),
		cmocka_unit_test(test_base_spans),
		cmocka_unit_test(test_base_globs),
		cmocka_unit_test(test_base_hex),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
