/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: options anywhere, unknown ones refused, words counted; and the table of subcommands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "options.h"
#include "mem.h"
#include <stdio.h>
#include <string.h>

static const struct cs_command probe = { "probe", "", "", "", NULL };

struct parsed {
	struct cs_run run;
	bool all;
	const char *code;
	size_t words;
	int status;
};

static struct parsed parse(char **args, size_t n, size_t min, size_t max)
{
	struct parsed parsed = { .run = { .command = &probe, .socket = "default", .server_user = "countersign" },
		.words = 99 };
	const struct cs_option options[] = { { "--all", &parsed.all, NULL, NULL },
		{ "--code", NULL, &parsed.code, NULL } };

	parsed.status = cs_options_read(&parsed.run, args, n, options, CS_COUNT(options), min, max, &parsed.words);
	return parsed;
}

#define PARSE(min, max, ...) \
	char *args[] = { __VA_ARGS__ }; \
	struct parsed parsed = parse(args, CS_COUNT(args), min, max)

static char w4[] = "4", w5[] = "5", all[] = "--all", code[] = "--code", code_joined[] = "--code=0042", c0042[] = "0042",
	    json[] = "--json", dashes[] = "--", bad[] = "--frobnicate", flag_value[] = "--all=yes", shorter[] = "--al",
	    dash[] = "-", socket_option[] = "--socket", folder[] = "/tmp/x", help[] = "--help",
	    empty_value[] = "--code=";

static void options_stand_anywhere(void **state)
{
	(void)state;
	PARSE(1, 1, all, w4, code, c0042, json, socket_option, folder);
	assert_int_equal(parsed.status, 0);
	assert_int_equal(parsed.words, 1);
	assert_string_equal(args[0], "4");
	assert_true(parsed.all && parsed.run.json);
	assert_string_equal(parsed.code, "0042");
	assert_string_equal(parsed.run.socket, "/tmp/x");
}

static void value_may_be_joined(void **state)
{
	(void)state;
	PARSE(0, 0, code_joined);
	assert_int_equal(parsed.status, 0);
	assert_string_equal(parsed.code, "0042");
}

static void empty_value_is_a_value(void **state)
{
	(void)state;
	PARSE(0, 1, empty_value, w4);
	assert_int_equal(parsed.status, 0);
	assert_string_equal(parsed.code, "");
	assert_int_equal(parsed.words, 1);
}

static void dashes_end_options(void **state)
{
	(void)state;
	PARSE(0, 2, dashes, all, dash);
	assert_int_equal(parsed.status, 0);
	assert_int_equal(parsed.words, 2);
	assert_false(parsed.all);
	assert_string_equal(args[0], "--all");
}

static void repeated_option_gathers_its_values(void **state)
{
	struct cs_run run = { .command = &probe };
	struct cs_words words = { 0 };
	const struct cs_option options[] = { { "--code", NULL, NULL, &words } };
	char *args[] = { code, w4, code_joined, w5, code, c0042 };
	static char *many[2 * CS_WORDS_MAX + 2];
	size_t n = 0;

	(void)state;
	assert_int_equal(cs_options_read(&run, args, CS_COUNT(args), options, 1, 1, 1, &n), 0);
	assert_string_equal(args[0], "5");
	assert_int_equal(words.n, 3);
	assert_string_equal(words.at[0], "4");
	assert_string_equal(words.at[1], "0042");
	assert_string_equal(words.at[2], "0042");
	words.n = 0;
	for (size_t i = 0; i < CS_COUNT(many); i += 2) {
		many[i] = code;
		many[i + 1] = w4;
	}
	assert_int_equal(cs_options_read(&run, many, CS_COUNT(many), options, 1, 0, 0, &n), CS_EXIT_USAGE);
	assert_int_equal(words.n, CS_WORDS_MAX);
}

static void unknown_option_is_refused(void **state)
{
	(void)state;
	PARSE(0, 9, w4, bad);
	assert_int_equal(parsed.status, CS_EXIT_USAGE);
}

static void abbreviation_is_refused(void **state)
{
	(void)state;
	PARSE(0, 9, shorter);
	assert_int_equal(parsed.status, CS_EXIT_USAGE);
	assert_false(parsed.all);
}

static void flag_with_value_is_refused(void **state)
{
	(void)state;
	PARSE(0, 9, flag_value);
	assert_int_equal(parsed.status, CS_EXIT_USAGE);
}

static void option_without_its_value_is_refused(void **state)
{
	(void)state;
	PARSE(0, 9, w4, code);
	assert_int_equal(parsed.status, CS_EXIT_USAGE);
	assert_null(parsed.code);
}

static void too_many_and_too_few_words_are_refused(void **state)
{
	(void)state;
	{
		PARSE(1, 1, w4, w5);
		assert_int_equal(parsed.status, CS_EXIT_USAGE);
	}
	{
		PARSE(1, 1, json);
		assert_int_equal(parsed.status, CS_EXIT_USAGE);
	}
}

static void help_is_not_counted(void **state)
{
	(void)state;
	PARSE(1, 1, help);
	assert_true(parsed.run.help);
	assert_int_not_equal(parsed.status, 0);
}

static void numbers_are_read_whole(void **state)
{
	static const char *const wrong[] = { "", "#", "0", "-1", "+1", "1x", " 1", "1 ", "0x1", "18446744073709551617",
		"１" };
	uint64_t number = 0;

	(void)state;
	assert_int_equal(cs_read_number("4711", &number), 0);
	assert_int_equal(number, 4711);
	assert_int_equal(cs_read_number("#12", &number), 0);
	assert_int_equal(number, 12);
	for (size_t i = 0; i < CS_COUNT(wrong); i++) {
		assert_int_equal(cs_read_number(wrong[i], &number), CS_EXIT_USAGE);
		assert_int_equal(number, 12);
	}
}

static void commands_are_found_by_one_word_or_two(void **state)
{
	char policy[] = "policy", check[] = "check", list[] = "list", nonsense[] = "lis";
	char *two[] = { policy, check }, *one[] = { list, check };
	char *none[] = { nonsense }, *half[] = { policy };
	size_t words = 0;

	(void)state;
	assert_string_equal(cs_command_find(two, 2, &words)->name, "policy check");
	assert_int_equal(words, 2);
	assert_string_equal(cs_command_find(one, 2, &words)->name, "list");
	assert_int_equal(words, 1);
	assert_null(cs_command_find(none, 1, &words));
	assert_null(cs_command_find(half, 1, &words));
	assert_null(cs_command_find(NULL, 0, &words));
}

/* What the help promises and what the manual describes are the same commands. */
static void every_command_is_in_the_manual(void **state)
{
	static char manual[65536];
	FILE *file = fopen(CS_SOURCE_DIR "/docs/man/countersign.1", "re");
	size_t n = 0;

	(void)state;
	assert_non_null(file);
	n = fread(manual, 1, sizeof(manual) - 1, file);
	fclose(file);
	manual[n] = '\0';
	for (size_t i = 0; cs_command_at(i) != NULL; i++) {
		char heading[64];

		snprintf(heading, sizeof(heading), ".It Cm %s", cs_command_at(i)->name);
		if (strstr(manual, heading) == NULL)
			fail_msg("not in countersign(1): %s", cs_command_at(i)->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_anywhere),
		cmocka_unit_test(value_may_be_joined),
		cmocka_unit_test(empty_value_is_a_value),
		cmocka_unit_test(dashes_end_options),
		cmocka_unit_test(repeated_option_gathers_its_values),
		cmocka_unit_test(unknown_option_is_refused),
		cmocka_unit_test(abbreviation_is_refused),
		cmocka_unit_test(flag_with_value_is_refused),
		cmocka_unit_test(option_without_its_value_is_refused),
		cmocka_unit_test(too_many_and_too_few_words_are_refused),
		cmocka_unit_test(help_is_not_counted),
		cmocka_unit_test(numbers_are_read_whole),
		cmocka_unit_test(commands_are_found_by_one_word_or_two),
		cmocka_unit_test(every_command_is_in_the_manual),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
