/* SPDX-License-Identifier: Apache-2.0 */
/* countersign watch: how requests stand, and what runs because of one. On a terminal the picture as it is, drawn again when it changes; in a pipe one line a change. */
#include "clock.h"
#include "home.h"
#include "mem.h"
#include "options.h"
#include "outcome.h"
#include "print.h"
#include "text.h"
#include "view.h"
#include "view_parts.h"
#include "watch_screen.h"
#include "which.h"

#include <stdio.h>
#include <string.h>

#define CLEAR   "\033[H\033[2J"
#define FOOTER  "\nCtrl-C ends this.\n"
/* How long after it was used its terminal may be told for the first time. */
enum { BEGINS_MS = 5000 };
/* How often the times on a terminal are brought up to date though nothing changed. */
enum { DRAW_MS = 5000 };

static void put_now(struct cs_buf *out)
{
	struct cs_now now;
	char when[21];

	if (cs_now_read(&now) != 0)
		return;
	cs_time_text(now.wall_ms, when);
	cs_put(out, "%s  ", when);
}

static bool draws(const struct cs_run *run)
{
	return run->look.redraw && run->look.width > 0 && !run->json;
}

/* --- One request -------------------------------------------------------------------------------------------------- */

static const struct cs_approval *vote_of(const struct cs_decision *decision, const struct cs_approval *vote)
{
	for (size_t i = 0; i < decision->n_votes; i++) {
		if (strcmp(cs_text_or(decision->votes[i].person.id, ""), cs_text_or(vote->person.id, "")) == 0)
			return &decision->votes[i];
	}
	return NULL;
}

static void put_vote_line(struct cs_buf *out, uint64_t number, const char *what, const struct cs_approval *vote,
	const char *comment)
{
	put_now(out);
	cs_put(out, "#%llu  %s by ", (unsigned long long)number, what);
	cs_escape(out, cs_text_or(vote->person.name, "-"));
	if (cs_given(comment)) {
		cs_put(out, ": ");
		cs_escape(out, comment);
	}
	cs_put(out, "\n");
}

/* Votes that are new, changed or gone. */
static void put_votes_between(struct cs_buf *out, const struct cs_decision *before, const struct cs_decision *now)
{
	for (size_t i = 0; i < now->n_votes; i++) {
		const struct cs_approval *vote = &now->votes[i], *old = vote_of(before, vote);

		if (old == NULL || old->vote != vote->vote || old->wall_ms != vote->wall_ms)
			put_vote_line(out, now->number, vote->vote == CS_VOTE_APPROVE ? "approved" : "rejected", vote,
				vote->comment);
	}
	for (size_t i = 0; i < before->n_votes; i++) {
		if (vote_of(now, &before->votes[i]) == NULL)
			put_vote_line(out, now->number, "vote withdrawn", &before->votes[i], "");
	}
}

/* Nothing where nothing changed. */
static int print_change(const struct cs_run *run, const struct cs_show_answer *before, const struct cs_show_answer *now)
{
	struct cs_buf out;
	bool first = before->decision.number == 0;

	if (!first && before->decision.version == now->decision.version &&
		before->decision.state == now->decision.state)
		return 0;
	if (run->json)
		return cs_print_request_json(now, false);
	cs_buf_init(&out, CS_OUTPUT_MAX);
	put_votes_between(&out, &before->decision, &now->decision);
	if (first || before->decision.state != now->decision.state) {
		put_now(&out);
		cs_view_outcome(&out, now);
	}
	return cs_print(&out);
}

static int draw_request(struct cs_run *run, const struct cs_show_answer *answer)
{
	struct cs_buf out;

	cs_look_at_output(&run->look); /* the window may have another size by now */
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, CLEAR);
	cs_view_request(&out, &run->look, answer, true);
	if (cs_is_open(answer->decision.state))
		cs_put(&out, FOOTER);
	else
		cs_view_outcome(&out, answer);
	return cs_print(&out);
}

/* It was used, and others look on at what it runs: it is waited for where it was used just now. */
static int watch_what_runs(struct cs_run *run, const struct cs_show_answer *before, const struct cs_show_answer *now,
	bool *ret_shown)
{
	bool news = before->decision.number != 0 && before->decision.used < now->decision.used;

	if (now->mine || now->decision.watch == CS_WATCH_NONE || now->decision.used == 0)
		return 0;
	return cs_watch_screen(run, now, news ? cs_boot_ms() + BEGINS_MS : 0, ret_shown);
}

static int watch_request(struct cs_follow *follow, uint64_t number)
{
	const struct cs_show call = { .number = number };
	struct cs_show_answer before = { 0 }, now = { 0 };
	struct cs_run *run = follow->run;
	bool shown = false;
	char where[40];
	int status = cs_follow_next(follow, 0);

	snprintf(where, sizeof(where), "request %llu", (unsigned long long)number);
	while (status == 0) {
		status = cs_follow_ask(follow, CS_CALL_SHOW, &call, where, &now);
		if (status != 0)
			break;
		status = draws(run) ? draw_request(run, &now) : print_change(run, &before, &now);
		if (status == 0)
			status = watch_what_runs(run, &before, &now, &shown);
		cs_clear(&cs_show_answer_shape, &before);
		before = now;
		now = (struct cs_show_answer){ 0 };
		if (status != 0 || shown || !cs_is_open(before.decision.state))
			break;
		status = cs_follow_next(follow, draws(run) ? DRAW_MS : UINT32_MAX);
	}
	if (status == 0 && !shown)
		status = cs_exit_of_state(before.decision.state);
	cs_clear(&cs_show_answer_shape, &before);
	return status;
}

/* --- All of them -------------------------------------------------------------------------------------------------- */

static const struct cs_list_row *row_of(const struct cs_list_answer *list, uint64_t number)
{
	for (size_t i = 0; i < list->n_rows; i++) {
		if (list->rows[i].number == number)
			return &list->rows[i];
	}
	return NULL;
}

/* At first what is open; then whatever is new or stands differently. */
static bool is_news(const struct cs_list_row *row, const struct cs_list_answer *before, bool first)
{
	const struct cs_list_row *old = row_of(before, row->number);

	if (first)
		return cs_is_open(row->state);
	return old == NULL ? before->n_rows == 0 || row->number > before->rows[before->n_rows - 1].number
			   : old->state != row->state || old->missing != row->missing || old->waits != row->waits;
}

static void put_row(struct cs_buf *out, const struct cs_list_row *row)
{
	put_now(out);
	cs_put(out, "#%llu  %s", (unsigned long long)row->number, cs_state_name(row->state));
	if (row->state == CS_PENDING) {
		cs_put(out, ", ");
		cs_put_people(out, row->missing);
		cs_put(out, " missing%s", row->waits ? ", waits for your vote" : "");
	}
	cs_put(out, "  ");
	cs_escape(out, cs_text_or(row->requester, "-"));
	cs_put(out, "  ");
	cs_put_shown(out, row->line);
	cs_put(out, "\n");
}

/* The oldest first, as it happened. */
static int print_news(const struct cs_run *run, const struct cs_list_answer *before, const struct cs_list_answer *now,
	bool first)
{
	int status = 0;

	for (size_t i = now->n_rows; status == 0 && i > 0; i--) {
		const struct cs_list_row *row = &now->rows[i - 1];
		struct cs_buf out;

		if (!is_news(row, before, first))
			continue;
		cs_buf_init(&out, CS_OUTPUT_MAX);
		if (run->json) {
			status = cs_print_json_line(&cs_list_row_shape, row);
		} else {
			put_row(&out, row);
			status = cs_print(&out);
		}
		cs_buf_clear(&out);
	}
	return status;
}

static int draw_home(struct cs_follow *follow)
{
	struct cs_home home = { 0 };
	struct cs_buf out;
	int status = cs_home_fetch(follow, &home);
	int r = 0;

	if (status != 0)
		return status;
	cs_look_at_output(&follow->run->look);
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, CLEAR);
	r = cs_home_view(&out, &follow->run->look, &home);
	cs_put(&out, FOOTER);
	cs_clear(&cs_home_shape, &home);
	if (r == 0)
		return cs_print(&out);
	cs_buf_clear(&out);
	return cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), "watch", "");
}

static int watch_all(struct cs_follow *follow)
{
	const struct cs_list call = { .all = true };
	struct cs_list_answer before = { 0 }, now = { 0 };
	bool first = true;
	int status = cs_follow_next(follow, 0);

	while (status == 0) {
		if (draws(follow->run)) {
			status = draw_home(follow);
		} else {
			status = cs_follow_ask(follow, CS_CALL_LIST, &call, "", &now);
			if (status == 0)
				status = print_news(follow->run, &before, &now, first);
			cs_clear(&cs_list_answer_shape, &before);
			before = now;
			now = (struct cs_list_answer){ 0 };
			first = false;
		}
		if (status == 0)
			status = cs_follow_next(follow, draws(follow->run) ? DRAW_MS : UINT32_MAX);
	}
	cs_clear(&cs_list_answer_shape, &before);
	return status;
}

int cs_run_watch(struct cs_run *run, char **args, size_t n)
{
	struct cs_follow follow = { .run = run };
	uint64_t number = 0;
	int status = cs_options_read(run, args, n, NULL, 0, 0, 1, &n);

	if (status != 0 || n == 0)
		return status != 0 ? status : watch_all(&follow);
	status = cs_find_request(run, args[0], &number);
	return status != 0 ? status : watch_request(&follow, number);
}
