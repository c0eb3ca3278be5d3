/* SPDX-License-Identifier: Apache-2.0 */
/* countersign report: the evidence summed up, of the daemon or of exports. */
#include "clock.h"
#include "evidence_source.h"
#include "mem.h"
#include "options.h"
#include "policy.h"
#include "print.h"
#include "progress.h"
#include "tally.h"
#include "text.h"
#include "view.h"

struct report {
	struct cs_run *run;
	struct cs_tally tally;
	struct cs_progress progress;
	size_t done;
};

static int add_record(void *arg, const struct cs_record *record)
{
	struct report *report = arg;

	cs_progress_at(&report->progress, ++report->done);
	return cs_tally_add(&report->tally, record);
}

static int add_line(void *arg, const struct cs_export_line *line)
{
	return line->kind == CS_LINE_RECORD ? add_record(arg, &line->record) : 0;
}

/* How many there are is known of the daemon's record alone. */
static int walk_daemon(struct report *report, char **ret_text)
{
	struct cs_evidence_ends ends = { 0 };
	uint64_t last = 0;
	int r = cs_evidence_ends(report->run, &ends, ret_text);

	if (r != 0)
		return r;
	cs_progress_begin(&report->progress, "events", (size_t)(ends.last - ends.first + 1));
	return cs_evidence_from_daemon(report->run, ends.first, add_record, report, &last, ret_text);
}

static int walk(struct report *report, const struct cs_words *files, char **ret_text)
{
	int r = files->n == 0 ? walk_daemon(report, ret_text) : 0;

	for (size_t i = 0; r == 0 && i < files->n; i++) {
		cs_progress_begin(&report->progress, "events", 0);
		r = cs_evidence_from_file(files->at[i], add_line, report, ret_text);
		cs_progress_end(&report->progress);
	}
	cs_progress_end(&report->progress);
	return r;
}

static int print_tally(const struct cs_run *run, const struct cs_tally *tally)
{
	struct cs_buf out;

	if (run->json)
		return cs_print_json(&cs_tally_shape, tally);
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_view_tally(&out, &run->look, tally);
	return cs_print_wrapped(&run->look, &out, CS_TALLY_GOES_ON);
}

/* "7d" is a week ago; else a date or a moment. */
static int read_moment(const char *word, uint64_t *ret_wall_ms)
{
	struct cs_now now = { 0 };
	uint64_t span = 0;

	if (word == NULL)
		return 0;
	if (cs_parse_span(word, &span) == 0 && cs_now_read(&now) == 0 && now.wall_ms > span)
		*ret_wall_ms = now.wall_ms - span;
	else if (cs_moment_parse(word, ret_wall_ms) != 0)
		return cs_fail(CS_EXIT_USAGE, "is no moment", word, "write it as 7d, 2026-11-01 or 2026-11-01T08:00Z");
	return 0;
}

static int tell(struct report *report, const struct cs_words *files)
{
	char *text = NULL;
	int status = walk(report, files, &text);

	if (status < 0)
		status = cs_fail(cs_exit_of_error(status), cs_text_or(text, cs_strerror(status)),
			files->n > 0 ? files->at[0] : "evidence", "nothing is said about it");
	cs_free_str(&text);
	if (status != 0)
		return status;
	cs_tally_finish(&report->tally);
	status = print_tally(report->run, &report->tally);
	return status == 0 && report->tally.unreadable > 0
		? cs_fail(CS_EXIT_NO, "some events could not be read", "evidence", "see `countersign evidence verify`") : status;
}

int cs_run_report(struct cs_run *run, char **args, size_t n)
{
	struct report report = { .run = run };
	const char *since = NULL, *until = NULL, *gate = NULL;
	struct cs_words files = { .n = 0 };
	const struct cs_option options[] = { { "--since", NULL, &since, NULL }, { "--until", NULL, &until, NULL },
		{ "--gate", NULL, &gate, NULL }, { "--file", NULL, NULL, &files } };
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n);

	if (status != 0 || run->help)
		return status;
	status = read_moment(since, &report.tally.since_wall_ms);
	if (status == 0)
		status = read_moment(until, &report.tally.until_wall_ms);
	if (status == 0 && gate != NULL && (report.tally.only = cs_dup(gate)) == NULL)
		status = cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "report", "");
	if (status == 0)
		status = tell(&report, &files);
	cs_tally_clear(&report.tally);
	return status;
}
