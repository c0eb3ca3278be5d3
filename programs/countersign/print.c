/* SPDX-License-Identifier: Apache-2.0 */
/* Printing a noun as JSON on standard output. */
#include "print.h"
#include "command.h"
#include "json.h"
#include "mem.h"

static int print_object(const struct cs_shape *shape, const void *obj, bool pretty)
{
	struct cs_buf out;
	char *text = NULL;
	int r = cs_json_text(shape, obj, pretty, &text);

	if (r != 0)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "JSON", "");
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "%s\n", text);
	cs_free_str(&text);
	return cs_print(&out);
}

int cs_print_json(const struct cs_shape *shape, const void *obj)
{
	return print_object(shape, obj, true);
}

int cs_print_json_line(const struct cs_shape *shape, const void *obj)
{
	return print_object(shape, obj, false);
}
