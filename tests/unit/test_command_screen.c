/* SPDX-License-Identifier: Apache-2.0 */
/* What passed over somebody else's terminal, and what of it reaches one's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "screen_text.h"
#include "mem.h"
#include <stdio.h>
#include <string.h>

#define RESET "\033[0m\033[?25h\033[?7h"

static void shows(bool plain, const char *in, size_t n, const char *expected)
{
	struct cs_screen_text text = { .plain = plain };
	struct cs_buf out;

	cs_buf_init(&out, 1 << 20);
	cs_screen_text_put(&text, (const uint8_t *)in, n, &out);
	cs_screen_text_end(&text, &out);
	cs_buf_put_u8(&out, 0);
	assert_int_equal(cs_buf_error(&out), 0);
	if (!plain) {
		assert_true(out.len > strlen(RESET));
		out.len -= 1 + strlen(RESET);
		assert_memory_equal(out.data + out.len, RESET, strlen(RESET));
		out.data[out.len] = '\0';
	}
	assert_string_equal((const char *)out.data, expected);
	cs_buf_clear(&out);
}

struct shown {
	const char *in, *terminal, *plain; /* NULL: as in; nothing of sequences */
};

static void all(const struct shown *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		shows(false, cases[i].in, strlen(cases[i].in), cases[i].terminal ? cases[i].terminal : cases[i].in);
		shows(true, cases[i].in, strlen(cases[i].in), cases[i].plain ? cases[i].plain : "");
	}
}

static void letters_and_lines_pass(void **state)
{
	static const struct shown cases[] = {
		{ "one\ttwo\n", NULL, "one\ttwo\n" },
		{ "one\r\ntwo\b", NULL, "one\ntwo" },
		{ "caf\303\251 \346\227\245 \360\237\230\200", NULL, "caf\303\251 \346\227\245 \360\237\230\200" },
		{ "a\\x1b", NULL, "a\\x1b" },
	};

	(void)state;
	all(cases, CS_COUNT(cases));
}

static void what_moves_and_colours_passes(void **state)
{
	static const struct shown cases[] = {
		{ "\033[1;31m", NULL, NULL }, { "\033[m", NULL, NULL }, { "\033[38;5;8m", NULL, NULL }, { "\033[48;2;8;8;8m", NULL, NULL },
		{ "\033[38:5:8m", NULL, NULL }, { "\033[2J", NULL, NULL }, { "\033[10;20H", NULL, NULL }, { "\033[K", NULL, NULL },
		{ "\0337\0338\033M\033D\033E", NULL, NULL }, { "\033[s\033[u", NULL, NULL }, { "\033[?25l\033[?7l", NULL, NULL },
	};

	(void)state;
	all(cases, CS_COUNT(cases));
	shows(false, "\033[?1049hx", 9, "\033[?1049hx\033[?1049l"); /* and the terminal is as it was */
	shows(false, "\033[2;5r", 6, "\033[2;5r\033[r");
}

/* Titles, the clipboard, questions whose answer would be typed, keys, modes, letters that are not seen, what was seen before.
 * Kills: each rule of is_harmless; hold_string; hold_short. */
static void test_a047_nothing_answers_copies_or_hides(void **state)
{
	static const char *const left_out[] = {
		"\033]0;title\a", "\033]2;title\033\\", "\033]52;c;Y2FuYXJ5\a", "\033]8;;http://x\033\\", "\033]10;?\a",
		"\033P+q544e\033\\", "\033P$q\"p\033\\", "\033_G\033\\", "\033^x\033\\", "\033Xx\033\\", "\033[6n", "\033[?6n",
		"\033[5n", "\033[c", "\033[>c", "\033[=c", "\033Z", "\033[21t", "\033[18t", "\033[8;1;1t", "\033[x",
		"\033[?1000h", "\033[?2004h", "\033[?1h", "\033[4h", "\033[20h", "\033[3J", "\033[?3J", "\033[8m", "\033[1;8m",
		"\033[38;5;8;8m", "\033[!p", "\033[1 q", "\033[5i", "\033[1;2;3s", "\033c", "\033(0", "\033)B", "\033=", "\033>",
		"\033#8", "\033 F", "\033[99999m", "\a", "\005", "\016", "\017", "\013", "\014", "\177", "\001", "\033[100b",
		"\033[?1049;25h", "\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17m",
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(left_out); i++) {
		char in[128];

		(void)snprintf(in, sizeof(in), "a%sb", left_out[i]);
		shows(false, in, strlen(in), "ab");
		shows(true, in, strlen(in), "ab");
	}
	shows(false, "a\0b", 3, "ab");
}

/* What does not end hides nothing; what is no letter is seen. Kills: STRING_MAX; SEQUENCE_MAX; show_held. */
static void test_a047_nothing_is_hidden_from_who_looks(void **state)
{
	static const struct shown cases[] = {
		{ "\033]0;never\nseen", "\\x1B]0;never\nseen", "\\x1B]0;never\nseen" },
		{ "\033]0;a\033x", "\\x1B]0;a\\x1Bx", "\\x1B]0;a\\x1Bx" },
		{ "\033[1\nx", "\\x1B[1\nx", "\\x1B[1\nx" },
		{ "\033\033\033[Ax", "\\x1B\\x1B\033[Ax", "\\x1B\\x1Bx" },
		{ "\033", "\\x1B", "\\x1B" },
		{ "\302\2336n", "\\u{009B}6n", "\\u{009B}6n" },
		{ "\2336n", "\\x9B6n", "\\x9B6n" },
		{ "\342\200\256txet", "\\u{202E}txet", "\\u{202E}txet" },
		{ "\303x", "\\xC3x", "\\xC3x" },
		{ "\303", "\\xC3", "\\xC3" },
		{ "\300\200\355\240\200", "\\xC0\\x80\\xED\\xA0\\x80", "\\xC0\\x80\\xED\\xA0\\x80" },
	};
	char in[400], expected[400];

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		shows(false, cases[i].in, strlen(cases[i].in), cases[i].terminal);
		shows(true, cases[i].in, strlen(cases[i].in), cases[i].plain);
	}
	memset(in, 'x', sizeof(in));
	memcpy(in, "\033]0;", 4);
	in[399] = '\0';
	(void)snprintf(expected, sizeof(expected), "\\x1B%.390s", in + 1);
	shows(true, in, 391, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_and_lines_pass),
		cmocka_unit_test(what_moves_and_colours_passes),
		cmocka_unit_test(test_a047_nothing_answers_copies_or_hides),
		cmocka_unit_test(test_a047_nothing_is_hidden_from_who_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
