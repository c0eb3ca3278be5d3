/* SPDX-License-Identifier: Apache-2.0 */
/* Printing a noun as JSON on standard output. */
#include "print.h"
#include "command.h"
#include "json.h"
#include "mem.h"
#include "summary.h"

static int print_parts(const struct cs_json_part *parts, size_t n, bool pretty)
{
	struct cs_buf out;
	char *text = NULL;
	int r = cs_json_joined(parts, n, pretty, &text);

	if (r != 0)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "JSON", "");
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "%s\n", text);
	cs_free_str(&text);
	return cs_print(&out);
}

int cs_print_json(const struct cs_shape *shape, const void *obj)
{
	const struct cs_json_part part = { shape, obj };

	return print_parts(&part, 1, true);
}

int cs_print_json_line(const struct cs_shape *shape, const void *obj)
{
	const struct cs_json_part part = { shape, obj };

	return print_parts(&part, 1, false);
}

int cs_print_request_json(const struct cs_show_answer *answer, bool pretty)
{
	struct cs_summary summary = { 0 };
	const struct cs_json_part parts[] = { { &cs_summary_shape, &summary }, { &cs_show_answer_shape, answer } };
	int r = cs_summary_of(&answer->decision, &summary);
	int status = r == 0 ? print_parts(parts, CS_COUNT(parts), pretty)
		: cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "JSON", "");

	cs_clear(&cs_summary_shape, &summary);
	return status;
}
