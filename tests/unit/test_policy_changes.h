/* SPDX-License-Identifier: Apache-2.0 */
/* What two policies have to be told apart by. */
#ifndef TEST_POLICY_CHANGES_H
#define TEST_POLICY_CHANGES_H

#include "test_policy_world.h"

/* A change is written "weaker|gate g|text". */
static inline void expect(const char *before, const char *after, const char *const *lines, size_t n)
{
	struct cs_policy *a = parse(before), *b = parse(after);
	struct cs_change *changes = NULL;
	size_t n_changes = 99;

	assert_int_equal(cs_policy_diff(a, b, &changes, &n_changes), 0);
	for (size_t i = 0; i < n || i < n_changes; i++) {
		char *line = NULL;

		if (i < n_changes)
			assert_int_equal(cs_format(&line, "%s|%s|%s",
				cs_name_of(cs_effect_names, (int)changes[i].effect),
						   changes[i].what, changes[i].text),
					 0);
		if (i >= n || i >= n_changes || strcmp(line, lines[i]) != 0)
			fail_msg("change %zu of\n%s->\n%s is\n%s\nnot\n%s", i, before, after, line ? line : "none",
				 i < n ? lines[i] : "none");
		free(line);
	}
	cs_changes_free(&changes, &n_changes);
	assert_null(changes);
	assert_int_equal(n_changes, 0);
	cs_policy_free(&a);
	cs_policy_free(&b);
}

struct diff_case {
	const char *before, *after;
	const char *lines[12];
};

static inline void expect_all(const char *common, const struct diff_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *before = NULL, *after = NULL;
		size_t lines = 0;

		while (lines < CS_COUNT(cases[i].lines) && cases[i].lines[lines])
			lines++;
		assert_int_equal(cs_format(&before, "%s%s\n", common, cases[i].before), 0);
		assert_int_equal(cs_format(&after, "%s%s\n", common, cases[i].after), 0);
		expect(before, after, cases[i].lines, lines);
		free(before);
		free(after);
	}
}

#endif
