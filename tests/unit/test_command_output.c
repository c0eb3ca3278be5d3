/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and text for people: what is cut, what never is, and that nothing raw reaches the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mem.h"
#include "output.h"
#include "text.h"
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static char *taken(struct cs_buf *buf)
{
	char *text = NULL;

	cs_buf_put_u8(buf, 0);
	assert_int_equal(cs_buf_error(buf), 0);
	text = strdup((const char *)buf->data);
	cs_buf_clear(buf);
	assert_non_null(text);
	return text;
}

static char *cut(const char *text, size_t width)
{
	struct cs_buf buf;

	cs_buf_init(&buf, 4096);
	cs_put_cut(&buf, text, width);
	return taken(&buf);
}

static void assert_text(char *got, const char *expected)
{
	assert_string_equal(got, expected);
	free(got);
}

static void what_is_cut_says_so(void **state)
{
	(void)state;
	assert_text(cut("abcdef", 6), "abcdef");
	assert_text(cut("abcdef", 5), "abcd…");
	assert_text(cut("abcdef", 1), "…");
	assert_text(cut("abcdef", 0), "");
	assert_text(cut("äöüäöü", 3), "äö…");
	assert_text(cut("äöü", 3), "äöü");
}

/* What wraps begins a line of its own, which could look like another row. Kills: counting characters. */
static void test_a097_wide_characters_do_not_wrap(void **state)
{
	(void)state;
	assert_text(cut("漢字漢字", 8), "漢字漢字");
	assert_text(cut("漢字漢字", 7), "漢字漢…");
	assert_text(cut("漢字漢字", 6), "漢字…");
	assert_text(cut("漢字", 1), "…");
	assert_text(cut("a\xff\xff\xff", 3), "a\xff…");
	assert_int_equal(cs_columns("a漢🙂"), 5);
}

/* Against the C library, which knows every character: never narrower. */
static void test_a097_no_character_is_wider_than_it_counts(void **state)
{
	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	for (wchar_t cp = 1; cp <= 0x10FFFF; cp++) {
		char text[MB_LEN_MAX + 1] = "";
		mbstate_t shift = { 0 };
		size_t n = wcrtomb(text, cp, &shift), bytes = 0;

		if (n == (size_t)-1 || cs_text_shown(text) == 0)
			continue;
		if ((int)cs_text_columns(text, &bytes) < wcwidth(cp) || bytes != n)
			fail_msg("U+%04X takes %d columns", (unsigned)cp, wcwidth(cp));
	}
}

static const struct cs_column columns[] = { { .title = "NO", .right = true }, { .title = "WHAT", .least = 12 },
	{ .title = "LEFT" } };

static char *table(const struct cs_look *look, const enum cs_style *styles)
{
	char one[] = "7", twelve[] = "12", what[] = "sudo /usr/local/sbin/deploy-release tomcat", login[] = "login",
	     left[] = "9s", none[] = "-";
	char *cells[] = { one, what, left, twelve, login, none };
	struct cs_buf buf;

	cs_buf_init(&buf, 65536);
	assert_int_equal(cs_put_table(&buf, look, columns, 3, cells, styles, 2), 0);
	return taken(&buf);
}

static void table_in_a_pipe_is_never_cut(void **state)
{
	struct cs_look look = { 0 };

	(void)state;
	assert_text(table(&look, NULL), "NO  WHAT                                        LEFT\n"
					" 7  sudo /usr/local/sbin/deploy-release tomcat  9s\n"
					"12  login                                       -\n");
}

static void table_on_a_terminal_fits(void **state)
{
	struct cs_look look = { .width = 30 };

	(void)state;
	assert_text(table(&look, NULL), "NO  WHAT                  LEFT\n"
					" 7  sudo /usr/local/sbi…  9s\n"
					"12  login                 -\n");
}

/* Which command it is, and not where it lies, is what a narrow list is read for. */
static void folder_of_a_path_is_cut_first(void **state)
{
	static const struct cs_column path[] = { { .title = NULL, .least = 8, .path = true } };
	const struct {
		size_t width;
		const char *text, *expected;
	} cases[] = { { 42, "sudo /usr/local/sbin/deploy-release tomcat", "sudo /usr/local/sbin/deploy-release tomcat\n" },
		{ 41, "sudo /usr/local/sbin/deploy-release tomcat", "sudo …/deploy-release tomcat\n" },
		{ 20, "sudo /usr/local/sbin/deploy-release tomcat", "sudo …/deploy-relea…\n" },
		{ 10, "sudo /bin/ls /etc/passwd", "sudo …/ls…\n" }, { 8, "sudo /ls-la", "sudo /l…\n" },
		{ 8, "a login here", "a login…\n" } };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_look look = { .width = cases[i].width };
		char *cell = strdup(cases[i].text);
		struct cs_buf buf;

		cs_buf_init(&buf, 4096);
		assert_int_equal(cs_put_table(&buf, &look, path, 1, &cell, NULL, 1), 0);
		assert_text(taken(&buf), cases[i].expected);
		free(cell);
	}
}

static void narrowest_terminal_gets_no_longer_lines(void **state)
{
	(void)state;
	for (size_t width = 1; width < 40; width++) {
		struct cs_look look = { .width = width };
		char *text = table(&look, NULL), *rest = text;

		for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
			assert_true(cs_columns(line) <= width);
		free(text);
	}
}

static void colours_do_not_move_columns(void **state)
{
	const enum cs_style styles[] = { CS_PLAIN, CS_GREEN, CS_PLAIN, CS_PLAIN, CS_RED, CS_PLAIN };
	struct cs_look plain = { .width = 60 }, colour = { .width = 60, .colour = true };
	char *without = table(&plain, styles), *with = table(&colour, styles), *to = with;

	(void)state;
	assert_non_null(strstr(with, "\033[32msudo"));
	for (const char *from = with; *from != '\0'; from++) {
		if (*from != '\033')
			*to++ = *from;
		else
			from += strcspn(from, "m");
	}
	*to = '\0';
	assert_string_equal(with, without);
	free(with);
	free(without);
}

static char *wrapped(const char *text, size_t width, size_t indent)
{
	const struct cs_look look = { .width = width };
	struct cs_buf from, to;

	cs_buf_init(&from, 4096);
	cs_buf_init(&to, 4096);
	cs_buf_put(&from, text, strlen(text));
	cs_put_wrapped(&to, &look, &from, indent);
	assert_int_equal(from.len, 0);
	return taken(&to);
}

/* Kills: a line that goes on at the left edge, where the terminal put it before and a long argument could look like a row
 * of ours. */
static void long_line_goes_on_to_the_right(void **state)
{
	(void)state;
	assert_text(wrapped("  reason   one two three\n  x        y\n", 20, 11),
		"  reason   one two\n          three\n  x        y\n");
	assert_text(wrapped("  reason   one two three\nno end", 0, 11), "  reason   one two three\nno end");
	assert_text(wrapped("  reason   one two three", 24, 11), "  reason   one two three");
	assert_text(wrapped("äöü äöü äö", 8, 4), "äöü äöü\n    äö");
	assert_text(wrapped("\033[1mäöü\033[0m äöü äö\n", 8, 4), "\033[1mäöü\033[0m äöü\n    äö\n");
	assert_text(wrapped("", 20, 4), "");
	assert_text(wrapped("\n\n", 20, 4), "\n\n");
}

/* A word that is divided says so; a blank that is taken out never stands for part of a word. */
static void divided_word_ends_in_a_backslash(void **state)
{
	(void)state;
	assert_text(wrapped("0123456789abcdef", 10, 2), "012345678\\\n  9abcdef");
	assert_text(wrapped("0123456789 abcdef", 10, 2), "0123456789\n  abcdef");
	assert_text(wrapped("0123456789   abc", 10, 2), "0123456789\n    abc");
	/* what fits into no line begins where it stands */
	assert_text(wrapped("  id   0123456789", 12, 6), "  id   0123\\\n      456789");
}

static void no_wrapped_line_is_wider_than_the_terminal(void **state)
{
	const char *text = "  argv[1]       = a\\x1b[2K äöü a-word-that-is-much-longer-than-any-terminal-here and some more\n"
			   "  needs         [ ] 1 × Infrastructure (everywhere): has 0 of 1; could be approved by carol\n";

	(void)state;
	for (size_t width = 8; width < 120; width++) {
		char *got = wrapped(text, width, 18), *rest = got;

		for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
			assert_true(cs_columns(line) <= width);
		free(got);
	}
}

static void no_colour_without_leave(void **state)
{
	struct cs_look look = { 0 };
	struct cs_buf buf;

	(void)state;
	cs_buf_init(&buf, 100);
	cs_put_styled(&buf, &look, CS_RED, "x");
	assert_text(taken(&buf), "x");
}

static void shown_text_keeps_backslashes_and_escapes_the_rest_a097(void **state)
{
	struct cs_buf buf;

	(void)state;
	cs_buf_init(&buf, 1000);
	cs_put_shown(&buf, "a\\x1B b\033[2K\n\xe2\x80\xae\xff z");
	assert_text(taken(&buf), "a\\x1B b\\x1B[2K\\n\\u{202E}\\xFF z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_cut_says_so),
		cmocka_unit_test(test_a097_wide_characters_do_not_wrap),
		cmocka_unit_test(test_a097_no_character_is_wider_than_it_counts),
		cmocka_unit_test(table_in_a_pipe_is_never_cut),
		cmocka_unit_test(table_on_a_terminal_fits),
		cmocka_unit_test(narrowest_terminal_gets_no_longer_lines),
		cmocka_unit_test(colours_do_not_move_columns),
		cmocka_unit_test(folder_of_a_path_is_cut_first), cmocka_unit_test(long_line_goes_on_to_the_right), cmocka_unit_test(divided_word_ends_in_a_backslash),
		cmocka_unit_test(no_wrapped_line_is_wider_than_the_terminal),
		cmocka_unit_test(no_colour_without_leave),
		cmocka_unit_test(shown_text_keeps_backslashes_and_escapes_the_rest_a097),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
