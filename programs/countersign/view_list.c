/* SPDX-License-Identifier: Apache-2.0 */
/* The table of requests, for people. */
#include "clock.h"
#include "mem.h"
#include "text.h"
#include "view.h"
#include "view_parts.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBER, STATE, REQUESTER, GATE, WHAT, WAITS_FOR, TIME_LEFT, N_COLUMNS };

static const struct cs_column columns[N_COLUMNS] = {
	{ .title = "NUMBER", .right = true }, { .title = "STATE", .spare = 2 }, { .title = "REQUESTER", .least = 12 },
	{ .title = "GATE", .least = 12, .spare = 4 }, { .title = "WHAT", .least = 20, .path = true },
	{ .title = "WAITS-FOR", .spare = 3 }, { .title = "TIME-LEFT", .spare = 1 }
};

/* What cs_put_shown makes of a text, as a string. */
static char *shown(const char *text)
{
	struct cs_buf out;
	char *ret = NULL;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put_shown(&out, text);
	cs_buf_put_u8(&out, 0);
	if (cs_buf_error(&out) == 0)
		ret = strdup((const char *)out.data);
	cs_buf_clear(&out);
	return ret;
}

static char *waits_for(const struct cs_list_row *row)
{
	char *text = NULL;

	if (row->waits)
		return cs_dup("your vote");
	if (row->state == CS_APPROVED)
		return cs_dup("its use");
	if (row->state != CS_PENDING)
		return cs_dup("-");
	if (cs_format(&text, "%u %s", (unsigned)row->missing, row->missing == 1 ? "person" : "people") != 0)
		return NULL;
	return text;
}

static int fill_row(const struct cs_list_row *row, char **cells, enum cs_style *styles)
{
	char span[16] = "-";

	if (cs_is_open(row->state))
		cs_span_text(row->remaining_ms, span);
	styles[STATE] = cs_state_style(row->state);
	styles[WAITS_FOR] = row->waits ? CS_BOLD : CS_PLAIN;
	(void)cs_format(&cells[NUMBER], "%llu", (unsigned long long)row->number);
	cells[STATE] = cs_dup(cs_state_name(row->state));
	cells[REQUESTER] = cs_escaped(row->requester == NULL ? "" : row->requester);
	cells[GATE] = cs_escaped(row->gate == NULL ? "" : row->gate);
	cells[WHAT] = shown(row->line);
	cells[WAITS_FOR] = waits_for(row);
	cells[TIME_LEFT] = cs_dup(span);
	for (size_t c = 0; c < N_COLUMNS; c++) {
		if (cells[c] == NULL)
			return CS_ENOMEM;
	}
	return 0;
}

int cs_view_list(struct cs_buf *out, const struct cs_look *look, const struct cs_list_answer *answer)
{
	size_t n = answer->n_rows * N_COLUMNS;
	char **cells = calloc(n + 1, sizeof(*cells));
	enum cs_style *styles = calloc(n + 1, sizeof(*styles));
	int r = CS_ENOMEM;

	if (cells == NULL || styles == NULL)
		goto out;
	for (size_t i = 0; i < answer->n_rows; i++) {
		r = fill_row(&answer->rows[i], cells + i * N_COLUMNS, styles + i * N_COLUMNS);
		if (r != 0)
			goto out;
	}
	r = cs_put_table(out, look, columns, N_COLUMNS, cells, styles, answer->n_rows);
out:
	cs_free_strv(&cells, &n);
	free(styles);
	return r;
}


void cs_view_more(struct cs_buf *out, const struct cs_list *call, const struct cs_list_answer *answer)
{
	if (!answer->more || answer->n_rows == 0)
		return;
	cs_put(out, "There are more: countersign list%s%s%s --before %llu\n", call->all ? " --all" : "",
		call->mine ? " --mine" : "", call->waiting ? " --waiting" : "",
		(unsigned long long)answer->rows[answer->n_rows - 1].number);
}
