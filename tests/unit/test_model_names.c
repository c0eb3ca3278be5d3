/* SPDX-License-Identifier: Apache-2.0 */
/* Every enum value of the headers has a name of its own, found by reading the headers. */
#include "calls.h"
#include "header_values.h"
#include "mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct table {
	const char *file;
	const char *prefix; /* of the enum's members */
	const struct cs_names *names;
	int least; /* how many the header has at least: a prefix that matches nothing proves nothing */
};

static const struct table tables[] = {
	{"include/countersign/types.h", "CS_WHY_", cs_reason_names, 40},
	{"include/countersign/types.h", "CS_VOTE_", cs_vote_names, 3},
	{"include/countersign/types.h", "CS_PENDING", cs_state_names, 1},
	{"include/countersign/types.h", "CS_APPROVED", cs_state_names, 1},
	{"include/countersign/types.h", "CS_REJECTED", cs_state_names, 1},
	{"include/countersign/types.h", "CS_CANCELLED", cs_state_names, 1},
	{"include/countersign/types.h", "CS_EXPIRED", cs_state_names, 1},
	{"include/countersign/types.h", "CS_USED", cs_state_names, 1},
	{"include/countersign/types.h", "CS_UNANSWERED", cs_state_names, 1},
	{"libcore/model/model.h", "CS_NOTICE_", cs_notice_names, 8},
	{"libcore/model/calls.h", "CS_QUIET_", cs_quiet_names, 3},
	{"libcore/model/model.h", "CS_CLASS_", cs_class_names, 3},
	{"include/countersign/types.h", "CS_STATE_", cs_state_names, 1},
	{"include/countersign/types.h", "CS_DENY", cs_verdict_names, 1},
	{"include/countersign/types.h", "CS_HOLD", cs_verdict_names, 1},
	{"include/countersign/types.h", "CS_PERMIT", cs_verdict_names, 1},
	{"libcore/model/model.h", "CS_EVENT_", cs_event_names, 16},
	{"libcore/model/model.h", "CS_GROUP", cs_where_names, 2},
};

static void has_name(void *arg, const char *name, int value)
{
	const struct table *table = arg;
	const char *text = cs_name_of(table->names, value);
	int back = ~value;

	(void)name;
	assert_string_not_equal(text, "unknown");
	assert_int_equal(cs_value_of(table->names, text, &back), 1);
	assert_int_equal(back, value);
}

static void test_model_names_every_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(tables); i++) {
		struct table table = tables[i];

		assert_true(header_values(table.file, table.prefix, has_name, &table) >= table.least);
	}
}

/* Names are stable words for programs: lower case, no two alike. */
static void test_model_names_are_words_and_unique(void **state)
{
	const struct cs_names *all[] = {cs_verdict_names, cs_state_names, cs_vote_names, cs_reason_names, cs_known_names,
		cs_where_names, cs_event_names, cs_notice_names, cs_quiet_names};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(all); i++) {
		for (const struct cs_names *a = all[i]; a->name; a++) {
			assert_int_equal(strspn(a->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(a->name));
			assert_true(strlen(a->name) > 0);
			for (const struct cs_names *b = a + 1; b->name; b++) {
				assert_string_not_equal(a->name, b->name);
				assert_int_not_equal(a->value, b->value);
			}
		}
	}
}

static void has_sentence(void *arg, const char *name, int value)
{
	const char *text = cs_reason_text((enum cs_reason)value);

	(void)arg;
	(void)name;
	assert_string_not_equal(text, "unknown");
	assert_true(strlen(text) > 10);
	assert_true(text[strlen(text) - 1] == '.');
}

static void test_model_names_reason_sentences(void **state)
{
	(void)state;
	assert_true(header_values("include/countersign/types.h", "CS_WHY_", has_sentence, NULL) >= 40);
}

static void test_model_names_unknown_numbers(void **state)
{
	int untouched = 77;

	(void)state;
	assert_string_equal(cs_verdict_name((enum cs_verdict)1), "unknown");
	assert_string_equal(cs_state_name((enum cs_state)8), "unknown");
	assert_string_equal(cs_vote_name((enum cs_vote)4), "unknown");
	assert_string_equal(cs_reason_name((enum cs_reason)9999), "unknown");
	assert_non_null(cs_reason_text((enum cs_reason)9999));
	assert_int_equal(cs_value_of(cs_vote_names, "Approve", &untouched), 0);
	assert_int_equal(cs_value_of(cs_vote_names, "", &untouched), 0);
	assert_int_equal(cs_value_of(cs_vote_names, "approve ", &untouched), 0);
	assert_int_equal(untouched, 77);
}

/* The zero value is the safe one, and no single flipped bit makes a permit of anything else. */
static void test_model_names_zero_is_safe(void **state)
{
	const unsigned verdicts[] = {CS_DENY, CS_HOLD, CS_PERMIT};

	(void)state;
	assert_int_equal(CS_DENY, 0);
	assert_int_equal(CS_WHY_NONE, 0);
	assert_int_equal(CS_STATE_NONE, 0);
	assert_int_equal(CS_VOTE_NONE, 0);
	assert_int_equal(CS_KNOWN_NO, 0);
	for (size_t i = 0; i < CS_COUNT(verdicts); i++)
		for (size_t j = i + 1; j < CS_COUNT(verdicts); j++)
			assert_true(__builtin_popcount(verdicts[i] ^ verdicts[j]) >= 4);
}

static void error_has_text(void *arg, const char *name, int value)
{
	char *seen = arg;

	(void)name;
	assert_true(value <= 0 && value > -64);
	assert_non_null(cs_strerror(value));
	assert_true(strlen(cs_strerror(value)) > 0);
	assert_string_not_equal(cs_strerror(value), cs_strerror(-999));
	seen[-value] = 1;
}

static void test_model_names_every_error_has_a_text(void **state)
{
	char seen[64] = {0};

	(void)state;
	assert_true(header_values("include/countersign/error.h", "CS_E", error_has_text, seen) >= 18);
	for (int i = 1; i <= 18; i++)
		assert_int_equal(seen[i], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model_names_every_value),
		cmocka_unit_test(test_model_names_are_words_and_unique),
		cmocka_unit_test(test_model_names_reason_sentences),
		cmocka_unit_test(test_model_names_unknown_numbers),
		cmocka_unit_test(test_model_names_zero_is_safe),
		cmocka_unit_test(test_model_names_every_error_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
