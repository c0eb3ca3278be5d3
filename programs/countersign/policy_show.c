/* SPDX-License-Identifier: Apache-2.0 */
/* countersign policy show: the text of a generation as it was applied, byte for byte. */
#include "mem.h"
#include "options.h"
#include "policy_text.h"
#include "print.h"

#include <string.h>

/* What is printed with --json. */
struct shown {
	struct cs_generation generation;
	char *text;
};

static const struct cs_field shown_fields[] = {
	CS_NEST(shown, generation, &cs_generation_shape), CS_STR(shown, text, CS_POLICY_TEXT_MAX)
};
static const struct cs_shape shown_shape = CS_SHAPE("shown", shown, shown_fields);

/* A file or a pipe gets the bytes; a terminal must not act on any of them. */
static void put_text(struct cs_buf *out, const struct cs_look *look, const char *text)
{
	size_t n = strlen(text);

	if (look->width == 0) {
		cs_buf_put(out, text, n);
		return;
	}
	for (size_t at = 0; at < n; at++) {
		size_t plain = strcspn(text + at, "\n\t");
		char *piece = strndup(text + at, plain);

		if (piece == NULL)
			out->error = CS_ENOMEM;
		cs_put_shown(out, piece);
		cs_free_str(&piece);
		at += plain;
		if (at < n)
			cs_buf_put(out, text + at, 1);
	}
}

int cs_run_policy_show(struct cs_run *run, char **args, size_t n)
{
	struct shown shown = { 0 };
	struct cs_buf out;
	uint64_t number = 0;
	int status = cs_options_read(run, args, n, NULL, 0, 0, 1, &n);

	if (status == 0 && n > 0)
		status = cs_read_generation(args[0], &number);
	if (status == 0)
		status = cs_policy_text_fetch(run, number, &shown.generation, &shown.text);
	if (status == 0 && run->json) {
		status = cs_print_json(&shown_shape, &shown);
	} else if (status == 0) {
		cs_buf_init(&out, CS_OUTPUT_MAX);
		put_text(&out, &run->look, shown.text);
		status = cs_print(&out);
	}
	cs_clear(&shown_shape, &shown);
	return status;
}
