/* SPDX-License-Identifier: Apache-2.0 */
/* countersign sessions: who is in because of which request, and what runs. */
#include "clock.h"
#include "mem.h"
#include "options.h"
#include "print.h"
#include "text.h"
#include "view_parts.h"
#include "which.h"

#include <stdlib.h>

enum { NUMBER, KIND, REQUESTER, GATE, WHAT, TTY, FOR, TIME_LEFT, WATCHED_BY, N_COLUMNS };

static const struct cs_column columns[N_COLUMNS] = {
	{ .title = "NUMBER", .right = true }, { .title = "KIND", .spare = 2 }, { .title = "REQUESTER", .least = 12 },
	{ .title = "GATE", .least = 12, .spare = 4 }, { .title = "WHAT", .least = 20, .path = true },
	{ .title = "TTY", .spare = 3 }, { .title = "FOR" }, { .title = "TIME-LEFT", .spare = 1 },
	{ .title = "WATCHED-BY", .least = 10, .spare = 5 }
};

static char *time_left(const struct cs_session *session)
{
	char span[16] = "-";

	if (session->ending)
		return cs_dup("is ending");
	if (session->ends_in_ms > 0)
		cs_span_text(session->ends_in_ms, span);
	return cs_dup(span);
}

static char *shown(const char *text)
{
	return cs_escaped(cs_given(text) ? text : "-");
}

/* Who looks on; where nobody does, whether that is a matter of anybody. */
static char *watched_by(const struct cs_session *session)
{
	if (cs_given(session->watched_by))
		return cs_escaped(session->watched_by);
	return cs_dup(session->watch == CS_WATCH_REQUIRED ? "nobody!" : session->watch == CS_WATCH_ALLOWED ? "nobody" : "-");
}

static int fill_row(const struct cs_session *session, uint64_t wall_ms, char **cells)
{
	char span[16];

	cs_span_text(wall_ms > session->since_wall_ms ? wall_ms - session->since_wall_ms : 0, span);
	(void)cs_format(&cells[NUMBER], "%llu", (unsigned long long)session->number);
	cells[KIND] = cs_dup(cs_name_of(cs_attend_names, (int)session->kind));
	cells[REQUESTER] = shown(session->requester);
	cells[GATE] = shown(session->gate);
	cells[WHAT] = shown(session->line);
	cells[TTY] = shown(session->tty);
	cells[FOR] = cs_dup(span);
	cells[TIME_LEFT] = time_left(session);
	cells[WATCHED_BY] = watched_by(session);
	for (size_t c = 0; c < N_COLUMNS; c++)
		if (cells[c] == NULL)
			return CS_ENOMEM;
	return 0;
}

static int put_table(struct cs_buf *out, const struct cs_look *look, const struct cs_sessions_answer *answer)
{
	size_t n = answer->n_sessions * N_COLUMNS;
	char **cells = calloc(n + 1, sizeof(*cells));
	struct cs_now now = { 0 };
	int r = cells != NULL ? cs_now_read(&now) : CS_ENOMEM;

	for (size_t i = 0; r == 0 && i < answer->n_sessions; i++)
		r = fill_row(&answer->sessions[i], now.wall_ms, cells + i * N_COLUMNS);
	if (r == 0)
		r = cs_put_table(out, look, columns, N_COLUMNS, cells, NULL, answer->n_sessions);
	cs_free_strv(&cells, &n);
	return r;
}

static int print_sessions(struct cs_run *run, const struct cs_sessions *call, const struct cs_sessions_answer *answer)
{
	struct cs_buf out;
	int r = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (answer->n_sessions == 0)
		cs_put(&out, call->mine ? "Nothing of yours runs.\n" : "Nothing runs that you may see.\n");
	else
		r = put_table(&out, &run->look, answer);
	if (r != 0) {
		cs_buf_clear(&out);
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "sessions", "");
	}
	if (answer->more)
		cs_put(&out, "There are more: countersign sessions REQUEST asks about one.\n");
	return cs_print(&out);
}

int cs_run_sessions(struct cs_run *run, char **args, size_t n)
{
	struct cs_sessions call = { 0 };
	struct cs_sessions_answer answer = { 0 };
	const struct cs_option options[] = { { "--mine", &call.mine, NULL, NULL } };
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 1, &n);

	if (status == 0 && n > 0)
		status = cs_find_request(run, args[0], &call.number);
	if (status == 0)
		status = cs_ask(run, CS_CALL_SESSIONS, &call, "sessions", &answer);
	if (status != 0)
		return status;
	status = run->json ? cs_print_json(&cs_sessions_answer_shape, &answer) : print_sessions(run, &call, &answer);
	cs_clear(&cs_sessions_answer_shape, &answer);
	return status;
}
