/* SPDX-License-Identifier: Apache-2.0 */
/* countersign evidence show: one event, one line. */
#include "evidence.h"
#include "evidence_export.h"
#include "mem.h"
#include "options.h"
#include "print.h"

#include <stdio.h>

static int print_line(const struct cs_run *run, const struct cs_event *event)
{
	char *line = cs_event_line(event);
	struct cs_buf out;

	if (line == NULL)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "evidence", "");
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put_shown(&out, line);
	cs_put(&out, "\n");
	cs_free_str(&line);
	return cs_print_wrapped(&run->look, &out, CS_LINE_GOES_ON);
}

static int print_json(const struct cs_record *record)
{
	char *line = cs_export_event(record);
	struct cs_buf out;

	if (line == NULL)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "evidence", "");
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "%s\n", line);
	cs_free_str(&line);
	return cs_print(&out);
}

static int show_record(void *arg, const struct cs_record *record)
{
	const struct cs_run *run = arg;
	struct cs_event event = { 0 };
	char where[40];
	int status = 0;

	snprintf(where, sizeof(where), "event %llu", (unsigned long long)record->number);
	if (cs_decode_all(&cs_event_shape, record->bytes, record->n_bytes, &event) != 0)
		return cs_fail(CS_EXIT_NO, "this is not a readable event", where, "see `countersign evidence verify`");
	status = run->json ? print_json(record) : print_line(run, &event);
	cs_clear(&cs_event_shape, &event);
	return status;
}

int cs_run_evidence_show(struct cs_run *run, char **args, size_t n)
{
	const char *from_word = NULL;
	const struct cs_option options[] = { { "--from", NULL, &from_word, NULL } };
	char *text = NULL;
	uint64_t from = 1, last = 0;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n);

	if (status == 0 && from_word != NULL)
		status = cs_read_number(from_word, &from);
	if (status == 0)
		status = cs_evidence_from_daemon(run, from, show_record, run, &last, &text);
	if (status < 0)
		status = cs_fail(cs_exit_of_error(status), cs_text_or(text, cs_strerror(status)), "evidence", "");
	cs_free_str(&text);
	return status;
}
