/* SPDX-License-Identifier: Apache-2.0 */
/* countersign policy history: who put which generation in force, when and why. */
#include "clock.h"
#include "mem.h"
#include "options.h"
#include "policy_text.h"
#include "print.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 5 };

/* What is printed with --json, and one row a generation for people. */
struct history {
	struct cs_generation *generations;
	size_t n_generations, cap;
	char **cells;
	size_t n_cells;
};

static const struct cs_field history_fields[] = {
	CS_ARRAY(history, generations, &cs_generation_shape, SIZE_MAX)
};
static const struct cs_shape history_shape = CS_SHAPE("history", history, history_fields);

static int keep(void *arg, const struct cs_generation *generation)
{
	struct history *history = arg;
	int r = cs_reserve((void **)&history->generations, &history->cap, history->n_generations, 1,
		sizeof(*generation));

	if (r == 0)
		r = cs_copy(&cs_generation_shape, generation, &history->generations[history->n_generations]);
	if (r != 0)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "policy", "");
	history->n_generations++;
	return 0;
}

static int add_cell(struct history *history, const char *text)
{
	char *escaped = cs_escaped(text == NULL ? "" : text);
	int r = escaped == NULL ? CS_ENOMEM : cs_strv_add(&history->cells, &history->n_cells, escaped);

	cs_free_str(&escaped);
	return r;
}

static int add_row(struct history *history, const struct cs_generation *generation)
{
	char number[24], request[24] = "", when[21];
	int r = 0;

	snprintf(number, sizeof(number), "%llu", (unsigned long long)generation->number);
	if (generation->request != 0)
		snprintf(request, sizeof(request), "%llu", (unsigned long long)generation->request);
	cs_time_text(generation->wall_ms, when);
	r = add_cell(history, number);
	if (r == 0)
		r = add_cell(history, when);
	if (r == 0)
		r = add_cell(history, generation->author);
	if (r == 0)
		r = add_cell(history, request);
	return r == 0 ? add_cell(history, generation->comment) : r;
}

static int print_table(const struct cs_run *run, struct history *history)
{
	static const struct cs_column columns[COLUMNS] = { { .title = "GENERATION", .right = true },
		{ .title = "IN FORCE SINCE" }, { .title = "BY" }, { .title = "REQUEST", .right = true },
		{ .title = "COMMENT", .least = 12 } };
	struct cs_buf out;
	int r = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	for (size_t i = 0; r == 0 && i < history->n_generations; i++)
		r = add_row(history, &history->generations[i]);
	if (r == 0)
		r = cs_put_table(&out, &run->look, columns, COLUMNS, history->cells, NULL, history->n_generations);
	if (r == 0)
		return cs_print(&out);
	cs_buf_clear(&out);
	return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "policy", "");
}

int cs_run_policy_history(struct cs_run *run, char **args, size_t n)
{
	struct history history = { 0 };
	int status = cs_options_read(run, args, n, NULL, 0, 0, 0, &n);

	if (status == 0)
		status = cs_generations_each(run, keep, &history);
	if (status == 0)
		status = run->json ? cs_print_json(&history_shape, &history) : print_table(run, &history);
	cs_free_strv(&history.cells, &history.n_cells);
	cs_clear(&history_shape, &history);
	return status;
}
