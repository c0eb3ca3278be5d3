/* SPDX-License-Identifier: Apache-2.0 */
/* countersign, and nothing else: what waits for the caller, what he asked for, and what to type next. */
#include "home.h"
#include "clock.h"
#include "mem.h"
#include "options.h"
#include "print.h"
#include "text.h"
#include "view.h"
#include "view_parts.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 5 };

static const struct cs_field home_fields[] = {
	CS_ARRAY(cs_home, waiting, &cs_list_row_shape, CS_MAX_LIST),
	CS_BOOL(cs_home, more_waiting),
	CS_ARRAY(cs_home, mine, &cs_list_row_shape, CS_MAX_LIST),
	CS_BOOL(cs_home, more_mine),
};
const struct cs_shape cs_home_shape = CS_SHAPE("home", cs_home, home_fields);

static int fetch_rows(struct cs_follow *follow, const struct cs_list *call, struct cs_list_row **rows, size_t *n_rows,
	bool *more)
{
	struct cs_list_answer answer = { 0 };
	int status = cs_follow_ask(follow, CS_CALL_LIST, call, "", &answer);

	if (status != 0)
		return status;
	*rows = answer.rows;
	*n_rows = answer.n_rows;
	*more = answer.more;
	return 0;
}

int cs_home_fetch(struct cs_follow *follow, struct cs_home *ret_home)
{
	const struct cs_list waiting = { .waiting = true }, mine = { .mine = true };
	struct cs_home home = { 0 };
	int status = fetch_rows(follow, &waiting, &home.waiting, &home.n_waiting, &home.more_waiting);

	if (status == 0)
		status = fetch_rows(follow, &mine, &home.mine, &home.n_mine, &home.more_mine);
	if (status != 0) {
		cs_clear(&cs_home_shape, &home);
		return status;
	}
	*ret_home = home;
	return 0;
}

/* --- For people --------------------------------------------------------------------------------------------------- */

enum { NUMBER, WHO, WHAT, STANDS, N_COLUMNS };

static const struct cs_column columns[N_COLUMNS] = {
	{ .title = NULL }, { .title = "" }, { .title = "", .least = 20, .path = true }, { .title = "", .spare = 1 }
};

static char *taken(struct cs_buf *buf)
{
	char *text = NULL;

	cs_buf_put_u8(buf, 0);
	if (cs_buf_error(buf) == 0)
		text = strdup((const char *)buf->data);
	cs_buf_clear(buf);
	return text;
}

/* "2 people missing, 14m 03s left" */
static char *stands(const struct cs_list_row *row)
{
	struct cs_buf text;
	char span[16];

	cs_buf_init(&text, 256);
	cs_span_text(row->remaining_ms, span);
	if (row->state == CS_PENDING && row->mine && row->missing > 0) {
		cs_put_people(&text, row->missing);
		cs_put(&text, " missing, ");
	} else if (row->state == CS_APPROVED) {
		cs_put(&text, "approved, ");
	}
	cs_put(&text, "%s left", span);
	return taken(&text);
}

static char *what(const struct cs_list_row *row)
{
	struct cs_buf text;

	cs_buf_init(&text, CS_OUTPUT_MAX);
	cs_put_shown(&text, row->line);
	return taken(&text);
}

static int fill_cells(const struct cs_list_row *row, char **cells)
{
	(void)cs_format(&cells[NUMBER], "  #%llu", (unsigned long long)row->number);
	cells[WHO] = cs_escaped(row->mine ? "you" : row->requester == NULL ? "" : row->requester);
	cells[WHAT] = what(row);
	cells[STANDS] = stands(row);
	for (size_t c = 0; c < N_COLUMNS; c++) {
		if (cells[c] == NULL)
			return CS_ENOMEM;
	}
	return 0;
}

static int put_rows(struct cs_buf *out, const struct cs_look *look, const struct cs_list_row *rows, size_t n)
{
	size_t shown = n < SHOWN ? n : SHOWN, n_cells = shown * N_COLUMNS;
	char **cells = calloc(n_cells + 1, sizeof(*cells));
	int r = cells == NULL ? CS_ENOMEM : 0;

	for (size_t i = 0; r == 0 && i < shown; i++)
		r = fill_cells(&rows[i], cells + i * N_COLUMNS);
	if (r == 0)
		r = cs_put_table(out, look, columns, N_COLUMNS, cells, NULL, shown);
	cs_free_strv(&cells, &n_cells);
	return r;
}

static void put_rest(struct cs_buf *out, size_t n, bool more, const char *option)
{
	if (n > SHOWN || more)
		cs_put(out, "  … and more: countersign list %s\n", option);
}

static int put_waiting(struct cs_buf *out, const struct cs_look *look, const struct cs_home *home)
{
	int r = 0;

	if (home->n_waiting == 0)
		return 0;
	cs_put_styled(out, look, CS_BOLD, home->n_waiting == 1 && !home->more_waiting ? "One request waits for your vote:"
		: "Requests wait for your vote:");
	cs_put(out, "\n");
	r = put_rows(out, look, home->waiting, home->n_waiting);
	put_rest(out, home->n_waiting, home->more_waiting, "--waiting");
	cs_put(out, "Look at it, then approve or reject it: countersign show %llu\n",
		(unsigned long long)home->waiting[0].number);
	return r;
}

/* What to type about the newest of one's own: use it, or see who could approve it. */
static int put_mine(struct cs_buf *out, const struct cs_look *look, const struct cs_home *home)
{
	int r = 0;

	if (home->n_mine == 0)
		return 0;
	cs_put_styled(out, look, CS_BOLD, "You asked for:");
	cs_put(out, "\n");
	r = put_rows(out, look, home->mine, home->n_mine);
	put_rest(out, home->n_mine, home->more_mine, "--mine");
	cs_put(out, "Who approved it, and who could: countersign show %llu\n", (unsigned long long)home->mine[0].number);
	return r;
}

int cs_home_view(struct cs_buf *out, const struct cs_look *look, const struct cs_home *home)
{
	int r = 0;

	if (home->n_waiting == 0 && home->n_mine == 0) {
		cs_put(out, "Nothing waits for you, and you asked for nothing.\n");
		return 0;
	}
	r = put_waiting(out, look, home);
	if (r == 0)
		r = put_mine(out, look, home);
	return r;
}

int cs_run_home(struct cs_run *run, char **args, size_t n)
{
	struct cs_follow follow = { .run = run };
	struct cs_home home = { 0 };
	struct cs_buf out;
	int status = cs_options_read(run, args, n, NULL, 0, 0, 0, &n);
	int r = 0;

	if (status == 0)
		status = cs_home_fetch(&follow, &home);
	if (status != 0)
		return status;
	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (run->json)
		status = cs_print_json(&cs_home_shape, &home);
	else if ((r = cs_home_view(&out, &run->look, &home)) == 0)
		status = cs_print(&out);
	else
		status = cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "", "");
	cs_buf_clear(&out);
	cs_clear(&cs_home_shape, &home);
	return status;
}
