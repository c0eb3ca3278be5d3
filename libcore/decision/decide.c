/* SPDX-License-Identifier: Apache-2.0 */
/* The decision itself: pure, one path for every door. Runs at submit, at every vote and again at claim. */
#include "needs_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

bool cs_gate_reviews(const struct cs_gate *gate)
{
	return *cs_gate_permission(gate) == '\0' && !cs_gate_denies(gate);
}

/* Why the requester may not ask without the gate's permission; CS_WHY_NONE when he may. */
static enum cs_reason permission_refused(int held, struct cs_held *why)
{
	if (held == 1)
		return CS_WHY_NONE;
	if (held < 0)
		return CS_WHY_DOUBT;
	return why->reason == CS_WHY_NONE ? CS_WHY_NO_PERMISSION : why->reason;
}

/* Why the requester may not ask; CS_WHY_NONE when he may. What there is to say about it, moved out of *ret_text. 0,
 * CS_ENOMEM: that is no doubt about him. */
static int requester_refused(const struct cs_case *what, enum cs_reason *ret_refused, char **ret_text)
{
	struct cs_held held = { 0 };
	int r = 0;

	*ret_refused = person_refused(what->requester);
	if (cs_gate_reviews(what->gate)) { /* nobody asks for a review by itself */
		*ret_refused = what->asked_by ? CS_WHY_NONE : CS_WHY_UNKNOWN_PERSON;
		return 0;
	}
	if (*ret_refused == CS_WHY_DOUBT && what->requester->doubt && *what->requester->doubt)
		*ret_text = cs_dup(what->requester->doubt);
	if (*ret_refused != CS_WHY_NONE)
		return 0;
	if (what->asked_by && (!what->asked_by->id || strcmp(what->asked_by->id, what->requester->person.id) != 0)) {
		*ret_refused = CS_WHY_REQUESTER_LOST; /* the name or uid belongs to somebody else by now */
		return 0;
	}
	r = cs_policy_has_right(what->policy, what->requester, cs_gate_permission(what->gate), what->scope, &held);
	*ret_refused = permission_refused(r, &held);
	if (*ret_refused != CS_WHY_NONE) {
		*ret_text = held.because;
		held.because = NULL;
	}
	cs_held_clear(&held);
	return r == CS_ENOMEM ? r : 0;
}

/* Does the gate need nobody else for this person? 1 with the exemption's text, 0, CS_ENOMEM. Doubt never exempts. What
 * was asked of others is answered by them: an exemption that came later takes nothing back. */
static int exempted(const struct cs_case *what, char **ret_text)
{
	struct cs_held held = { 0 };
	int r = what->asked_by ? 0 : cs_policy_exempt(what->policy, what->requester, what->gate, what->scope, &held);

	if (r == 1) {
		*ret_text = held.because;
		held.because = NULL;
	}
	cs_held_clear(&held);
	return r == 1 || r == CS_ENOMEM ? r : 0;
}

static void conclude(struct cs_decision *decision, enum cs_verdict verdict, enum cs_reason reason)
{
	decision->verdict = verdict;
	decision->reason = reason;
}

/* --- The rules ----------------------------------------------------------------------------------------------------- */

enum { NAMED = 8 }; /* names in one sentence */

static int put_names(const struct cs_need *need, struct cs_buf *out)
{
	size_t n = need->n_who < NAMED ? need->n_who : NAMED;

	for (size_t i = 0; i < n; i++) {
		const char *before = i == 0 ? "; only " : i + 1 == need->n_who ? " and " : ", ";

		cs_buf_put(out, before, strlen(before));
		cs_buf_put(out, need->who[i], strlen(need->who[i]));
	}
	cs_buf_put(out, n == 0 ? "; nobody" : "", n == 0 ? 8 : 0);
	cs_buf_put(out, n < need->n_who ? " and others" : "", n < need->n_who ? 11 : 0);
	return cs_buf_error(out);
}

/* Which rule stays short, and who is left for it: "Too few people could approve this: 2 × Approve in project/tomcat
 * needs 2 more; only carol could." */
static int say_short(const struct cs_need *need, struct cs_decision *decision)
{
	const char *sentence = cs_reason_text(decision->reason);
	uint32_t more = need->count > need->have ? need->count - need->have : need->count;
	struct cs_buf names;
	int r = 0;

	cs_buf_init(&names, CS_MAX_TEXT);
	r = put_names(need, &names);
	cs_buf_put_u8(&names, 0);
	if (r == 0 && cs_buf_error(&names) == 0)
		r = cs_format(&decision->text, "%.*s: %s needs %u more%s could.", (int)strlen(sentence) - 1, sentence,
			need->label, (unsigned)more, (const char *)names.data);
	cs_buf_clear(&names);
	if (decision->text && strlen(decision->text) > CS_MAX_TEXT)
		cs_free_str(&decision->text); /* the sentence alone, then */
	return r == CS_ENOMEM ? r : 0;
}

/* Could the rules surely never be filled, and is that because of those who rejected? A list that is not to be believed
 * may be too short by mistake. */
static int decide_hopeless(const struct cs_case *what, const struct tally *tally, struct cs_decision *decision)
{
	size_t rule = 0;
	int r = 0;

	if (!what->listings_of_rule || what->requester->n_unsure > 0 || cs_gate_reviews(what->gate))
		return 0;
	r = who_suffice(what, &tally->crew, true, &rule);
	if (r == 0 && tally->n_rejects > 0 && who_suffice(what, &tally->crew, false, &rule) == 1) {
		conclude(decision, CS_DENY, CS_WHY_REJECTED);
		return 1;
	}
	if (r != 0)
		return r == CS_ENOMEM ? r : 0;
	conclude(decision, CS_DENY, CS_WHY_UNSATISFIABLE);
	r = rule < decision->n_needs ? say_short(&decision->needs[rule], decision) : 0;
	return r < 0 ? r : 1;
}

/* Lazy consensus: its time is over, nobody objected, and everybody who could have is known. 1, 0, CS_EDOUBT with
 * *ret_because, CS_ENOMEM. */
static int unopposed(const struct cs_case *what, const struct tally *tally, char **ret_because)
{
	uint64_t span = cs_gate_objection_ms(what->gate);
	uint32_t listed = 0;
	int r = 0;

	if (span == 0 || what->elapsed_ms < span || tally->n_rejects > 0)
		return 0;
	for (size_t i = 0; r == 0 && i < tally->crew.n_rules; i++) {
		r = who_count(what, i, 1, &listed, ret_because);
		if (r == 0 && listed == 0)
			return 0;
	}
	return r < 0 ? r : tally->doubt ? CS_EDOUBT : 1;
}

/* What people said, and what time brings. */
static int conclude_rules(const struct cs_case *what, struct tally *tally, int filled, struct cs_decision *decision)
{
	int quiet = filled == 1 || tally->ended ? 0 : unopposed(what, tally, &tally->because);
	int r = quiet == CS_ENOMEM ? quiet : 0;

	if (tally->ended)
		conclude(decision, CS_DENY, CS_WHY_REJECTED);
	else if (filled == 1)
		conclude(decision, CS_PERMIT, CS_WHY_APPROVED);
	else if (quiet == 1)
		conclude(decision, CS_PERMIT, CS_WHY_NO_OBJECTION);
	else if (tally->doubt || quiet == CS_EDOUBT)
		conclude(decision, CS_HOLD, CS_WHY_DOUBT);
	else
		r = r < 0 ? r : decide_hopeless(what, tally, decision);
	if (r == 0 && decision->reason == CS_WHY_NONE)
		conclude(decision, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	if (decision->reason == CS_WHY_DOUBT) {
		decision->text = tally->because;
		tally->because = NULL;
	}
	return r < 0 ? r : 0;
}

static void tell_time(const struct cs_case *what, const struct tally *tally, struct cs_decision *decision)
{
	uint64_t span = cs_gate_objection_ms(what->gate);

	decision->missing = cs_needs_missing(decision->needs, decision->n_needs);
	if (decision->verdict == CS_HOLD && tally->n_rejects == 0 && span > what->elapsed_ms)
		decision->objection_ms = span - what->elapsed_ms;
}

/* The gate has approval rules and the requester may ask: are they filled? */
static int decide_rules(const struct cs_case *what, struct cs_decision *decision)
{
	struct tally tally;
	int r = tally_make(what, &tally), filled = 0;

	for (size_t i = 0; r == 0 && i < decision->n_needs; i++)
		decision->needs[i].against = counts_rejects(what->gate, i) ? tally.against[i] : 0;
	if (r == 0) {
		filled = needs_fill(&tally.crew, tally.people, decision->needs);
		r = filled < 0 ? filled : 0;
	}
	if (r == 0 && what->listings_of_rule)
		r = cs_needs_who(what, decision->needs, decision->n_needs);
	if (r == 0)
		r = conclude_rules(what, &tally, filled, decision);
	if (r == 0)
		tell_time(what, &tally, decision);
	tally_clear(&tally);
	return r;
}

/* Does the gate approve it by itself? Only what is asked just now: what was asked of others is answered by them. */
static int automatic(const struct cs_case *what, char **ret_text)
{
	struct cs_held held = { 0 };
	int r = what->asked_by || !what->action ? 0
		: cs_policy_automatic(what->policy, what->requester, what->gate, what->scope, what->action, what->wall_ms,
			&held);

	if (r == 1) {
		*ret_text = held.because;
		held.because = NULL;
	}
	cs_held_clear(&held);
	return r == 1 || r == CS_ENOMEM ? r : 0;
}

/* The requester may ask: does he need others? */
static int decide_asked(const struct cs_case *what, struct cs_decision *decision)
{
	int r = decision->n_needs > 0 ? exempted(what, &decision->text) : 0;

	if (r == 1)
		conclude(decision, CS_PERMIT, CS_WHY_EXEMPT);
	if (r != 0)
		return r < 0 ? r : 0;
	if (decision->n_needs == 0) {
		conclude(decision, CS_PERMIT, CS_WHY_HAS_RIGHT);
		return 0;
	}
	r = automatic(what, &decision->text);
	if (r == 1)
		conclude(decision, CS_PERMIT, CS_WHY_AUTOMATIC);
	return r < 0 ? r : r == 1 ? 0 : decide_rules(what, decision);
}

int cs_decide(const struct cs_case *what, struct cs_decision *ret_decision)
{
	struct cs_decision decision = { 0 };
	enum cs_reason refused = CS_WHY_NONE;
	int r = 0;

	memset(ret_decision, 0, sizeof(*ret_decision));
	r = requester_refused(what, &refused, &decision.text);
	if (r == 0)
		r = needs_new(what->policy, what->gate, what->scope, what->elapsed_ms, &decision.needs, &decision.n_needs);
	if (r == 0 && refused != CS_WHY_NONE)
		conclude(&decision, CS_DENY, refused);
	else if (r == 0)
		r = decide_asked(what, &decision);
	if (r == 0 && !decision.text && !(decision.text = cs_dup(cs_reason_text(decision.reason))))
		r = CS_ENOMEM;
	if (r < 0) {
		cs_clear(&cs_decision_shape, &decision);
		return r;
	}
	*ret_decision = decision;
	return 0;
}
