/* SPDX-License-Identifier: Apache-2.0 */
/* Causes of doubt for the log: each once while it lasts, and never more than a few at a time. */
#include "causes.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void doubt(struct cs_causes *causes, const char *text, uint64_t now)
{
	char copy[200];
	(void)snprintf(copy, sizeof(copy), "%s", text);
	struct cs_facts facts = { .known = CS_KNOWN_DOUBT, .doubt = copy };
	const struct cs_answer answer = { .facts = &facts, .n_facts = 1 };
	cs_causes_take(causes, &answer, now);
}

static void check_next(struct cs_causes *causes, const char *says)
{
	char *line = cs_causes_next(causes);
	if (says == NULL) {
		assert_null(line);
		return;
	}
	assert_non_null(line);
	assert_non_null(strstr(line, says));
	free(line);
}

static void test_each_once_while_it_lasts(void **state)
{
	struct cs_causes causes = { 0 };
	(void)state;
	check_next(&causes, NULL);
	doubt(&causes, "a referral", 1000);
	doubt(&causes, "a referral", 1001);
	check_next(&causes, "could not tell: a referral");
	check_next(&causes, NULL);
	for (uint64_t now = 2000; now < 4 * CS_CAUSES_LAST_MS; now += CS_CAUSES_LAST_MS / 2)
		doubt(&causes, "a referral", now);
	check_next(&causes, NULL);
	doubt(&causes, "a referral", 10 * CS_CAUSES_LAST_MS);
	check_next(&causes, "a referral");
	cs_causes_clear(&causes);
}

static void test_milliseconds_make_no_other_cause(void **state)
{
	(void)state;
	assert_true(cs_cause_is("silent for 833 ms", "silent for 9 ms"));
	assert_true(cs_cause_is("", ""));
	assert_false(cs_cause_is("lists 1", "lists 2"));
	assert_false(cs_cause_is("silent for 833 ms", "silent for 833 ms; lost"));
	assert_false(cs_cause_is("833", "833 ms"));
}

static void test_lists_and_listings_have_causes_too(void **state)
{
	char few[] = "cn=a lists 1, and at_least says 3", limit[] = "Size limit exceeded";
	struct cs_unsure unsure = { 0, few };
	struct cs_facts facts = { .known = CS_KNOWN_YES, .unsure = &unsure, .n_unsure = 1 };
	struct cs_listing listing = { .known = CS_KNOWN_DOUBT, .doubt = limit };
	const struct cs_answer answer = { .facts = &facts, .n_facts = 1, .listings = &listing, .n_listings = 1 };
	struct cs_causes causes = { 0 };
	(void)state;
	cs_causes_take(&causes, &answer, 1);
	check_next(&causes, few);
	check_next(&causes, limit);
	check_next(&causes, NULL);
	cs_causes_clear(&causes);
}

/* Teeth: without the bound whoever makes doubt of a thousand kinds fills the log. */
static void test_a060_who_makes_doubt_does_not_fill_the_log(void **state)
{
	struct cs_causes causes = { 0 };
	unsigned lines = 0;
	char text[32];
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "uid=u%u: odd", i);
		doubt(&causes, text, 1000 + i);
		for (char *line = cs_causes_next(&causes); line != NULL; line = cs_causes_next(&causes)) {
			lines++;
			free(line);
		}
	}
	assert_int_equal(lines, CS_CAUSES_MAX);
	doubt(&causes, "later", 2 * CS_CAUSES_LAST_MS);
	check_next(&causes, "later (984 doubts before");
	cs_causes_clear(&causes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_once_while_it_lasts),
		cmocka_unit_test(test_milliseconds_make_no_other_cause),
		cmocka_unit_test(test_lists_and_listings_have_causes_too),
		cmocka_unit_test(test_a060_who_makes_doubt_does_not_fill_the_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
