/* SPDX-License-Identifier: Apache-2.0 */
/* What people see while memory is short: an error or a whole picture, never a wrong one (A119). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "alloc_fault.h"
#include "home.h"
#include "json.h"
#include "mem.h"
#include "outcome.h"
#include "summary.h"
#include "view.h"
#include "which.h"
#include <stdlib.h>
#include <string.h>

#define T(text) ((char[]){ text })

static char *who[] = { T("carol"), T("erin") }, *by[] = { T("bob") };
static struct cs_list_row rows[] = {
	{ .number = 4, .state = CS_PENDING, .requester = T("alice\033"), .line = T("sudo /bin/x \033"), .missing = 1,
		.waits = true },
	{ .number = 3, .state = CS_APPROVED, .requester = T("bob"), .line = T("sudo /bin/y"), .mine = true },
};
static struct cs_need needs[] = { { .rule = T("a"), .label = T("2 × A"), .count = 2, .have = 1, .by = by, .n_by = 1,
	.who = who, .n_who = 2, .open = true, .alternative = T("x"), .stage = 1 } };
static struct cs_approval votes[] = { { .vote = CS_VOTE_APPROVE, .person = { .name = T("bob") }, .comment = T("\033") } };
static struct cs_show_answer shown = { .decision = { .number = 4, .state = CS_PENDING, .needs = needs, .n_needs = 1,
	.votes = votes, .n_votes = 1, .missing = 1 } };

/* Each says 0 where it succeeded, with its text in *ret_text, or a negative error. */
static int take(struct cs_buf *buf, int r, char **ret_text)
{
	cs_buf_put_u8(buf, 0);
	if (r == 0)
		r = cs_buf_error(buf);
	if (r == 0 && (*ret_text = strdup((const char *)buf->data)) == NULL)
		r = CS_ENOMEM;
	cs_buf_clear(buf);
	return r;
}

static int home_text(char **ret_text)
{
	const struct cs_home home = { .waiting = rows, .n_waiting = 1, .mine = rows + 1, .n_mine = 1 };
	const struct cs_look look = { .width = 80, .wall_ms = 1 };
	struct cs_buf buf;

	cs_buf_init(&buf, CS_OUTPUT_MAX);
	return take(&buf, cs_home_view(&buf, &look, &home), ret_text);
}

static int list_text(char **ret_text)
{
	const struct cs_list_answer answer = { .rows = rows, .n_rows = 2, .more = true };
	const struct cs_list call = { .all = true };
	const struct cs_look look = { .width = 60 };
	struct cs_buf buf;
	int r = 0;

	cs_buf_init(&buf, CS_OUTPUT_MAX);
	r = cs_view_list(&buf, &look, &answer);
	cs_view_more(&buf, &call, &answer);
	return take(&buf, r, ret_text);
}

static int request_text(char **ret_text)
{
	const struct cs_look look = { .wall_ms = 1 };
	struct cs_buf buf;

	cs_buf_init(&buf, CS_OUTPUT_MAX);
	cs_view_request(&buf, &look, &shown, false);
	cs_view_outcome(&buf, &shown);
	return take(&buf, 0, ret_text);
}

static int summary_text(char **ret_text)
{
	struct cs_summary summary = { 0 };
	const struct cs_json_part parts[] = { { &cs_summary_shape, &summary }, { &cs_show_answer_shape, &shown } };
	int r = cs_summary_of(&shown.decision, &summary);

	if (r == 0)
		r = cs_json_joined(parts, CS_COUNT(parts), false, ret_text);
	cs_clear(&cs_summary_shape, &summary);
	return r;
}

static int prefix_text(char **ret_text)
{
	struct cs_show call = { 0 };
	int r = cs_which_parse("ABCD", &call);

	if (r == 0)
		*ret_text = call.prefix;
	return r;
}

static void everything_is_whole_or_an_error_a119(void **state)
{
	int (*const makers[])(char **ret_text) = { home_text, list_text, request_text, summary_text, prefix_text };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(makers); i++) {
		char *whole = NULL;
		bool done = false;

		assert_int_equal(makers[i](&whole), 0);
		for (size_t at = 1; !done; at++) {
			char *text = NULL;
			int r = 0;

			alloc_fault_reset(at);
			r = makers[i](&text);
			done = alloc_fault.calls < at;
			alloc_fault_reset(0);
			if (r == 0)
				assert_string_equal(text, whole);
			else
				assert_int_equal(r, CS_ENOMEM);
			assert_true(!done || r == 0);
			free(text);
		}
		free(whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_whole_or_an_error_a119),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
