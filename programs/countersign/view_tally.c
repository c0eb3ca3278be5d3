/* SPDX-License-Identifier: Apache-2.0 */
/* A report, for people. */
#include "clock.h"
#include "mem.h"
#include "progress.h"
#include "tally.h"
#include "text.h"
#include "view.h"
#include "view_parts.h"

#include <stdio.h>

enum { PEOPLE_SHOWN = 20, WHO_SHOWN = 4 };

static void put_number(struct cs_buf *out, uint64_t number)
{
	char text[28];

	cs_number_text(number, text);
	cs_put(out, "%s", text);
}

/* "12 approved, 3 rejected": those that are not 0; how many that were. */
struct part {
	uint64_t count;
	const char *what;
};

static size_t put_parts(struct cs_buf *out, const struct part *parts, size_t n)
{
	size_t told = 0;

	for (size_t i = 0; i < n; i++) {
		if (parts[i].count == 0)
			continue;
		cs_put(out, told++ == 0 ? "" : ", ");
		put_number(out, parts[i].count);
		cs_put(out, " %s", parts[i].what);
	}
	return told;
}

/* A line of them; nothing where all are 0. */
static void put_line(struct cs_buf *out, const char *label, const struct part *parts, size_t n)
{
	size_t before = out->len;

	cs_put(out, CS_LABEL, label);
	if (put_parts(out, parts, n) == 0)
		out->len = before;
	else
		cs_put(out, "\n");
}

/* --- One gate ------------------------------------------------------------------------------------------------------- */

static void put_would(struct cs_buf *out, const struct cs_tally_gate *gate)
{
	for (size_t i = 0; i < gate->n_would; i++) {
		cs_put(out, CS_LABEL, "");
		put_number(out, gate->would[i].count);
		cs_put(out, " %s (%s)\n", gate->would[i].verdict == CS_HOLD ? "held" : "denied",
			cs_reason_name(gate->would[i].reason));
	}
}

static void put_missing(struct cs_buf *out, const struct cs_tally_gate *gate)
{
	for (size_t i = 0; i < gate->n_missing; i++) {
		const struct cs_tally_missing *missing = &gate->missing[i];
		size_t shown = missing->n_who < WHO_SHOWN ? missing->n_who : WHO_SHOWN;

		cs_put(out, CS_LABEL, i == 0 ? "missing" : "");
		put_number(out, missing->count);
		cs_put(out, missing->count == 1 ? " time " : " times ");
		cs_escape(out, missing->label ? missing->label : "");
		for (size_t k = 0; k < shown; k++) {
			cs_put(out, k == 0 ? ", from " : " or ");
			cs_escape(out, missing->who[k] ? missing->who[k] : "");
		}
		if (missing->n_who > shown)
			cs_put(out, " or %zu more", missing->n_who - shown);
		cs_put(out, "\n");
	}
}

static void put_spans(struct cs_buf *out, const struct cs_tally_gate *gate)
{
	char median[16], most[16];

	if (gate->approved == 0)
		return;
	cs_span_text(gate->median_ms, median);
	cs_span_text(gate->p90_ms, most);
	cs_put(out, CS_LABEL "%s (median), %s (90 of 100)\n", "approved in", median, most);
}

static void put_gate(struct cs_buf *out, const struct cs_look *look, const struct cs_tally_gate *gate)
{
	const struct part asked[] = { { gate->at_once, "permitted at once" }, { gate->denied, "denied" },
		{ gate->held, "held" }, { gate->break_glass, "past the approvals" } };
	const struct part became[] = { { gate->approved, "approved" }, { gate->rejected, "rejected" },
		{ gate->expired, "expired" }, { gate->cancelled, "cancelled" }, { gate->used, "used" },
		{ gate->ended, "ended" } };
	const struct part monitored[] = { { gate->would_hold, "would have been held" },
		{ gate->would_deny, "would have been denied" } };

	if (cs_given(gate->gate)) {
		cs_put_styled(out, look, CS_BOLD, "gate ");
		cs_escape(out, gate->gate);
	} else {
		cs_put_styled(out, look, CS_BOLD, "no gate");
	}
	cs_put(out, "\n");
	put_line(out, "asked", asked, CS_COUNT(asked));
	put_line(out, "of requests", became, CS_COUNT(became));
	put_spans(out, gate);
	put_line(out, "monitored", monitored, CS_COUNT(monitored));
	put_would(out, gate);
	put_missing(out, gate);
}

/* --- The rest ------------------------------------------------------------------------------------------------------- */

static void put_head(struct cs_buf *out, const struct cs_look *look, const struct cs_tally *tally)
{
	char when[21];

	cs_put_styled(out, look, CS_BOLD, "report");
	if (tally->since_wall_ms > 0) {
		cs_time_text(tally->since_wall_ms, when);
		cs_put(out, " from %s", when);
	}
	if (tally->until_wall_ms > 0) {
		cs_time_text(tally->until_wall_ms, when);
		cs_put(out, " until %s", when);
	}
	cs_put(out, ": ");
	put_number(out, tally->events);
	cs_put(out, " of the events ");
	put_number(out, tally->first);
	cs_put(out, " to ");
	put_number(out, tally->last);
	cs_put(out, "\n");
}

static void put_people(struct cs_buf *out, const struct cs_look *look, const struct cs_tally *tally)
{
	if (tally->n_people > 0) {
		cs_put_styled(out, look, CS_BOLD, "who voted");
		cs_put(out, "\n");
	}
	for (size_t i = 0; i < tally->n_people && i < PEOPLE_SHOWN; i++) {
		const struct cs_tally_person *person = &tally->people[i];
		const struct part parts[] = { { person->approved, "approved" }, { person->rejected, "rejected" } };

		cs_put(out, "  ");
		cs_escape(out, person->name ? person->name : "");
		cs_put(out, ": ");
		if (put_parts(out, parts, CS_COUNT(parts)) == 0)
			cs_put(out, "took back votes");
		cs_put(out, "\n");
	}
	if (tally->n_people > PEOPLE_SHOWN)
		cs_put(out, "  and %zu more (--json lists them)\n", tally->n_people - PEOPLE_SHOWN);
}

static void put_glass(struct cs_buf *out, const struct cs_look *look, const struct cs_tally *tally)
{
	if (tally->broken + tally->n_debts == 0)
		return;
	cs_put_styled(out, look, tally->n_debts > 0 ? CS_YELLOW : CS_PLAIN, "break-glass");
	cs_put(out, ": broken ");
	put_number(out, tally->broken);
	cs_put(out, tally->broken == 1 ? " time" : " times");
	for (size_t i = 0; i < tally->n_debts; i++)
		cs_put(out, "%s%llu", i == 0 ? "; reviews that are open: " : ", ",
			(unsigned long long)tally->debts[i].request);
	cs_put(out, "\n");
}

void cs_view_tally(struct cs_buf *out, const struct cs_look *look, const struct cs_tally *tally)
{
	const struct part others[] = { { tally->root, "of root" }, { tally->unguarded, "that no gate guards" },
		{ tally->rights, "plain rights" } };

	put_head(out, look, tally);
	for (size_t i = 0; i < tally->n_gates; i++)
		put_gate(out, look, &tally->gates[i]);
	if (tally->root + tally->unguarded + tally->rights > 0) {
		cs_put_styled(out, look, CS_BOLD, "without a gate");
		cs_put(out, "\n");
		put_line(out, "permitted", others, CS_COUNT(others));
	}
	put_people(out, look, tally);
	put_glass(out, look, tally);
	if (tally->left_out > 0) {
		put_number(out, tally->left_out);
		cs_put(out, " times a gate, a person, a reason, a rule or a review found no room here and is left out\n");
	}
}
