/* SPDX-License-Identifier: Apache-2.0 */
/* countersign policy try: what would be decided of one action, and what would still be missing. */
#include "mem.h"
#include "print.h"
#include "text.h"
#include "trial.h"
#include "view.h"

static int exit_of(const struct cs_decision *decision)
{
	if (decision->verdict == CS_PERMIT)
		return CS_EXIT_YES;
	if (decision->reason == CS_WHY_DOUBT)
		return CS_EXIT_DOUBT;
	return decision->verdict == CS_HOLD ? CS_EXIT_PENDING : CS_EXIT_NO;
}

/* The verdicts are far apart in number, so this is no table. */
static enum cs_style style_of(enum cs_verdict verdict)
{
	if (verdict == CS_PERMIT)
		return CS_GREEN;
	return verdict == CS_HOLD ? CS_YELLOW : CS_RED;
}

static void put_decision(struct cs_buf *out, const struct cs_look *look, const struct cs_decision *decision)
{
	cs_put_styled(out, look, style_of(decision->verdict), cs_verdict_name(decision->verdict));
	cs_put(out, " (%s): ", cs_reason_name(decision->reason));
	cs_escape(out, cs_text_or(decision->text, ""));
	if (decision->verdict == CS_HOLD && out->len > 0 && out->data[out->len - 1] == '.')
		out->len--; /* the sentence goes on */
	if (decision->verdict == CS_HOLD)
		cs_view_missing(out, decision);
	cs_put(out, "\n");
	if (decision->gate != NULL && *decision->gate != '\0') {
		cs_put(out, "  gate ");
		cs_escape(out, decision->gate);
		cs_put(out, *cs_text_or(decision->scope, "") == '\0' ? "" : ", scope ");
		cs_escape(out, cs_text_or(decision->scope, ""));
		cs_put(out, "\n");
	}
}

static int try(struct cs_run *run, const struct cs_source_options *options, struct cs_trial *trial)
{
	struct cs_source source;
	struct cs_decision decision = { 0 };
	struct cs_buf out;
	int status = cs_source_open(run, options, true, &source);

	trial->wall_ms = source.wall_ms;
	if (status == 0)
		status = cs_trial_decide(&source, trial, &decision);
	if (status == 0 && trial->stranger != NULL)
		status = cs_fail(CS_EXIT_NO, "the directory does not know this voter", trial->stranger, "");
	if (status == 0 && run->json) {
		status = cs_print_json(&cs_decision_shape, &decision);
	} else if (status == 0) {
		cs_buf_init(&out, CS_OUTPUT_MAX);
		put_decision(&out, &run->look, &decision);
		status = cs_print_wrapped(&run->look, &out, CS_LINE_GOES_ON);
	}
	if (status == 0)
		status = exit_of(&decision);
	cs_clear(&cs_decision_shape, &decision);
	cs_source_close(&source);
	return status;
}

int cs_run_policy_try(struct cs_run *run, char **args, size_t n)
{
	struct cs_source_options options = { 0 };
	struct cs_words approved = { 0 }, rejected = { 0 };
	struct cs_trial trial = { .approved_by = approved.at, .rejected_by = rejected.at };
	struct cs_option rows[CS_SOURCE_ROWS + 5];
	const char *after = NULL;
	int status = 0;

	cs_source_rows(&options, rows);
	rows[CS_SOURCE_ROWS] = (struct cs_option){ "--host", NULL, &trial.host, NULL };
	rows[CS_SOURCE_ROWS + 1] = (struct cs_option){ "--peer", NULL, &trial.peer, NULL };
	rows[CS_SOURCE_ROWS + 2] = (struct cs_option){ "--approved-by", NULL, NULL, &approved };
	rows[CS_SOURCE_ROWS + 3] = (struct cs_option){ "--rejected-by", NULL, NULL, &rejected };
	rows[CS_SOURCE_ROWS + 4] = (struct cs_option){ "--after", NULL, &after, NULL };
	status = cs_options_read(run, args, n, rows, CS_COUNT(rows), 2, SIZE_MAX, &n);
	if (status != 0)
		return status;
	if (after != NULL && cs_parse_span(after, &trial.elapsed_ms) != 0)
		return cs_fail(CS_EXIT_USAGE, "is no span of time such as 30m or 72h", after, "");
	trial.user = args[0];
	trial.service = args[1];
	trial.words = args + 2;
	trial.n_words = n - 2;
	trial.n_approved_by = approved.n;
	trial.n_rejected_by = rejected.n;
	return try(run, &options, &trial);
}
