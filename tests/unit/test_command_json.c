/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from shapes: what is raw, what is escaped, what is never written; and the reading of exported records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "calls.h"
#include "export_line.h"
#include "json.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

static char *text_of(const struct cs_shape *shape, const void *obj)
{
	char *text = NULL;

	assert_int_equal(cs_json_text(shape, obj, false, &text), 0);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("%s is not in %s", part, text);
}

static void secret_is_never_written(void **state)
{
	struct cs_decision decision = { .number = 4 };
	char *text = NULL;

	(void)state;
	memset(decision.secret, 0xab, sizeof(decision.secret));
	text = text_of(&cs_decision_shape, &decision);
	assert_null(strstr(text, "secret"));
	assert_null(strstr(text, "abab"));
	assert_has(text, "\"number\":4");
	free(text);
}

static void enums_are_names_and_digests_hex(void **state)
{
	struct cs_vote_call call = { .number = 7, .vote = CS_VOTE_APPROVE };
	char *text = NULL;

	(void)state;
	call.digest[0] = 0x0f;
	text = text_of(&cs_vote_call_shape, &call);
	assert_has(text, "\"vote\":\"approve\"");
	assert_has(text, "\"digest\":\"0f00000000000000000000000000000000000000000000000000000000000000\"");
	assert_has(text, "\"comment\":\"\"");
	free(text);
}

static void text_is_raw_and_printed_as_ascii_a130(void **state)
{
	char comment[] = "a\nb\"\\ \033[2K \xe2\x80\xae \x7f";
	struct cs_vote_call call = { .comment = comment };
	char *text = text_of(&cs_vote_call_shape, &call);

	(void)state;
	assert_has(text, "\"comment\":\"a\\nb\\\"\\\\ \\u001B[2K \\u202E \\u007f\"");
	assert_null(strstr(text, "_escaped"));
	for (const char *at = text; *at != '\0'; at++)
		assert_true(*at >= ' ' && *at < 0x7f);
	free(text);
}

static void bytes_that_are_no_utf8_are_escaped_and_marked(void **state)
{
	char comment[] = "a\xff\\";
	struct cs_vote_call call = { .comment = comment };
	char *text = text_of(&cs_vote_call_shape, &call);

	(void)state;
	assert_has(text, "\"comment\":\"a\\\\xFF\\\\\\\\\",\"comment_escaped\":true");
	free(text);
}

static void list_with_one_bad_item_is_escaped_whole(void **state)
{
	char first[] = "a\\", second[] = "\xc3";
	char *argv[] = { first, second };
	struct cs_action action = { .argv = argv, .n_argv = 2 };
	char *text = text_of(&cs_action_shape, &action);

	(void)state;
	assert_has(text, "\"argv\":[\"a\\\\\\\\\",\"\\\\xC3\"],\"argv_escaped\":true");
	assert_null(strstr(text, "env_escaped"));
	free(text);
}

static void large_numbers_keep_their_value(void **state)
{
	struct cs_file file = { .inode = UINT64_MAX, .device = INT64_MAX, .uid = CS_NO_UID };
	char *text = text_of(&cs_file_shape, &file);

	(void)state;
	assert_has(text, "\"inode\":\"18446744073709551615\"");
	assert_has(text, "\"device\":9223372036854775807");
	assert_has(text, "\"uid\":4294967295");
	free(text);
}

static void arrays_and_nests_are_walked(void **state)
{
	char name[] = "carol", rule[] = "infra";
	char *who[] = { name };
	struct cs_need need = { .rule = rule, .count = 1, .who = who, .n_who = 1 };
	struct cs_show_answer answer = { .may_vote = true };
	char *text = NULL;

	(void)state;
	answer.decision.needs = &need;
	answer.decision.n_needs = 1;
	text = text_of(&cs_show_answer_shape, &answer);
	assert_has(text, "\"needs\":[{\"rule\":\"infra\"");
	assert_has(text, "\"who\":[\"carol\"]");
	assert_has(text, "\"may_vote\":true");
	assert_null(strstr(text, "secret"));
	free(text);
}

#define CHAIN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void record_is_read_back(void **state)
{
	static const char line[] =
		"{\"number\":12,\"bytes\":\"c0ffee\",\"chain\":\"" CHAIN "\",\"event\":{\"number\":99}}";
	struct cs_export_line read = { 0 };
	const char *why = "";

	(void)state;
	assert_int_equal(cs_export_line_read(line, strlen(line), &read, &why), 0);
	assert_int_equal(read.kind, CS_LINE_RECORD);
	assert_int_equal(read.record.number, 12);
	assert_int_equal(read.record.n_bytes, 3);
	assert_memory_equal(read.record.bytes, "\xc0\xff\xee", 3);
	assert_int_equal(read.record.chain[31], 0xff);
	cs_export_line_clear(&read);
}

static void other_lines_are_read_back(void **state)
{
	static const char policy[] = "{\"policy\":\"" CHAIN "\",\"text\":\"permission \\u00e9 {}\\n\"}";
	static const char after[] = " { \"after\" : 7 , \"chain\":\"" CHAIN "\"}\r";
	struct cs_export_line read = { 0 };
	const char *why = "";

	(void)state;
	assert_int_equal(cs_export_line_read(policy, strlen(policy), &read, &why), 0);
	assert_int_equal(read.kind, CS_LINE_POLICY);
	assert_string_equal(read.text, "permission \xc3\xa9 {}\n");
	assert_int_equal(read.digest[31], 0xff);
	cs_export_line_clear(&read);
	assert_int_equal(cs_export_line_read(after, strlen(after), &read, &why), 0);
	assert_int_equal(read.kind, CS_LINE_AFTER);
	assert_int_equal(read.record.number, 7);
	cs_export_line_clear(&read);
}

static void bad_records_are_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"[]",
		"12",
		"{}",
		"{\"number\":12,\"bytes\":\"c0ffe\",\"chain\":\"" CHAIN "\"}",
		"{\"number\":12,\"bytes\":\"zz\",\"chain\":\"" CHAIN "\"}",
		"{\"number\":12,\"bytes\":\"c0\",\"chain\":\"00\"}",
		"{\"number\":-1,\"bytes\":\"c0\",\"chain\":\"" CHAIN "\"}",
		"{\"number\":0,\"bytes\":\"c0\",\"chain\":\"" CHAIN "\"}",
		"{\"number\":\"1\",\"bytes\":\"c0\",\"chain\":\"" CHAIN "\"}",
		"{\"number\":1,\"number\":2,\"bytes\":\"c0\",\"chain\":\"" CHAIN "\"}",
		"{\"number\":1,\"bytes\":\"c0\",\"chain\":\"" CHAIN "00\"}",
		"{\"number\":1,\"bytes\":\"c0\",\"chain\":\"" CHAIN "\"} x",
		"{\"number\":1,\"bytes\":\"c0\",\"chain\":\"" CHAIN "\"",
		"{\"number\":1,\"bytes\":\"c0\",\"chain\":\"" CHAIN "\",\"event\":{\"a\":[1}",
		"{\"number\":1,\"bytes\":\"c0\",\"chain\":\"" CHAIN "\",\"event\":\"open\\\"}",
		"{\"number\":1,\"bytes\":\"c0\",\"bytes\":\"c1\",\"chain\":\"" CHAIN "\"}",
		"{\"number\":1,\"bytes\":\"c0\",\"chain\":\"" CHAIN "\",\"chain\":\"" CHAIN "\"}",
		"{\"number\":18446744073709551616,\"bytes\":\"c0\",\"chain\":\"" CHAIN "\"}",
		"{\"number\":1,\"chain\":\"" CHAIN "\"}",
		"{\"policy\":\"c0\",\"text\":\"x\"}",
		"{\"policy\":\"" CHAIN "\"}",
		"{\"policy\":\"" CHAIN "\",\"text\":\"x\",\"text\":\"y\"}",
		"{\"after\":0,\"chain\":\"" CHAIN "\"}",
		"{\"after\":1}",
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(lines); i++) {
		struct cs_export_line read = { .record.number = 77 };
		const char *why = NULL;

		if (cs_export_line_read(lines[i], strlen(lines[i]), &read, &why) != CS_EPROTO)
			fail_msg("taken: %s", lines[i]);
		assert_non_null(why);
		assert_int_equal(read.record.number, 77);
		assert_null(read.record.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secret_is_never_written),
		cmocka_unit_test(enums_are_names_and_digests_hex),
		cmocka_unit_test(text_is_raw_and_printed_as_ascii_a130),
		cmocka_unit_test(bytes_that_are_no_utf8_are_escaped_and_marked),
		cmocka_unit_test(list_with_one_bad_item_is_escaped_whole),
		cmocka_unit_test(large_numbers_keep_their_value),
		cmocka_unit_test(arrays_and_nests_are_walked),
		cmocka_unit_test(record_is_read_back),
		cmocka_unit_test(other_lines_are_read_back),
		cmocka_unit_test(bad_records_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
