/* SPDX-License-Identifier: Apache-2.0 */
/* What a request needs and who has voted, for people. */
#include "clock.h"
#include "command.h"
#include "text.h"
#include "view.h"
#include "view_parts.h"

static const char *label_of(const struct cs_need *need)
{
	return cs_given(need->label) ? need->label : cs_given(need->rule) ? need->rule : "an approval";
}

static bool is_filled(const struct cs_need *need)
{
	return need->count > 0 && need->have >= need->count;
}

/* Why a vote for it would not count yet. */
static void put_not_open(struct cs_buf *out, const struct cs_look *look, const struct cs_need *need)
{
	if (need->opens_in_ms > 0) {
		cs_put(out, "; opens in ");
		cs_put_ahead(out, look, need->opens_in_ms, ", at ");
	} else if (need->stage > 1) {
		cs_put(out, "; opens after stage %u", (unsigned)need->stage - 1);
	} else {
		cs_put(out, "; not open");
	}
}

/* What sets it apart from a plain rule. */
static void put_kind(struct cs_buf *out, const struct cs_need *need, bool staged)
{
	if (staged)
		cs_put(out, "; stage %u", (unsigned)need->stage);
	if (cs_given(need->alternative)) {
		cs_put(out, "; one way: ");
		cs_escape(out, need->alternative);
	}
	if (need->against > 0)
		cs_put(out, "; %u against", (unsigned)need->against);
}

static void put_need(struct cs_buf *out, const struct cs_look *look, const struct cs_need *need, bool staged)
{
	bool filled = is_filled(need), closed = !filled && !need->open;

	cs_put_styled(out, look, filled ? CS_GREEN : closed ? CS_DIM : CS_YELLOW, filled ? "[x] " : closed ? "[-] "
		: "[ ] ");
	cs_escape(out, label_of(need));
	cs_put(out, ": has %u of %u", (unsigned)need->have, (unsigned)need->count);
	cs_put_names(out, ", by ", ", ", need->by, need->n_by);
	if (!filled)
		cs_put_names(out, "; could be approved by ", " or ", need->who, need->n_who);
	put_kind(out, need, staged);
	if (closed)
		put_not_open(out, look, need);
	cs_put(out, "\n");
}

void cs_view_needs(struct cs_buf *out, const struct cs_look *look, const struct cs_decision *decision)
{
	bool staged = false;

	for (size_t i = 0; i < decision->n_needs; i++)
		staged = staged || decision->needs[i].stage > 1;
	for (size_t i = 0; i < decision->n_needs; i++) {
		cs_put(out, CS_LABEL, i == 0 ? "needs" : "");
		put_need(out, look, &decision->needs[i], staged);
	}
}

/* The memberships that a vote counted on, each with the rule it fills. */
static void put_because(struct cs_buf *out, const struct cs_approval *vote)
{
	for (size_t i = 0; i < vote->n_because; i++) {
		cs_put(out, CS_LABEL, "");
		if (i < vote->n_rules) {
			cs_put(out, "for ");
			cs_escape(out, cs_text_or(vote->rules[i], "-"));
			cs_put(out, ": ");
		}
		cs_escape(out, cs_text_or(vote->because[i], "-"));
		cs_put(out, "\n");
	}
}

static void put_vote(struct cs_buf *out, const struct cs_look *look, const struct cs_approval *vote)
{
	char when[21];

	cs_time_text(vote->wall_ms, when);
	cs_put_styled(out, look, vote->vote == CS_VOTE_APPROVE ? CS_GREEN : CS_RED, cs_vote_name(vote->vote));
	cs_put(out, " by ");
	cs_escape(out, cs_text_or(vote->person.name, ""));
	cs_put(out, " at %s", when);
	if (cs_given(vote->assurance)) {
		cs_put(out, " (");
		cs_escape(out, vote->assurance);
		cs_put(out, ")");
	}
	if (vote->self)
		cs_put(out, " [the requester's own]");
	if (cs_given(vote->comment)) {
		cs_put(out, ": ");
		cs_escape(out, vote->comment);
	}
	cs_put(out, "\n");
}

void cs_view_votes(struct cs_buf *out, const struct cs_look *look, const struct cs_decision *decision, bool brief)
{
	for (size_t i = 0; i < decision->n_votes; i++) {
		cs_put(out, CS_LABEL, i == 0 ? "votes" : "");
		put_vote(out, look, &decision->votes[i]);
		if (!brief)
			put_because(out, &decision->votes[i]);
	}
}

void cs_view_missing(struct cs_buf *out, const struct cs_decision *decision)
{
	size_t told = 0;

	for (size_t i = 0; i < decision->n_needs; i++) {
		const struct cs_need *need = &decision->needs[i];

		if (need->have >= need->count)
			continue;
		cs_put(out, "%s", told++ == 0 ? "; still missing: " : "; ");
		cs_escape(out, label_of(need));
		if (need->have > 0)
			cs_put(out, ", %u more", (unsigned)(need->count - need->have));
		cs_put_names(out, ", from ", " or ", need->who, need->n_who);
	}
}
