/* SPDX-License-Identifier: Apache-2.0 */
/* Does a vote count, and for which rules? */
#include "ballot.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* --- Which rules it counts for ------------------------------------------------------------------------------------- */

/* Keeps a rule that the voter may fill, with what it counts on and who said so when. */
static int take_rule(struct ballot *b, size_t rule, const char *because)
{
	struct cs_approval *approval = &b->approval;
	char *told = facts_told(b->voter.facts, &b->task->now), *text = NULL;
	int r = told ? cs_format(&text, "%s, %s", because, told) : CS_ENOMEM;

	if (r == 0)
		r = cs_strv_add(&approval->rules, &approval->n_rules, cs_gate_rule_name(b->gate, rule));
	if (r == 0)
		r = cs_strv_add(&approval->because, &approval->n_because, text);
	free(told);
	free(text);
	return r;
}

size_t ballot_rules(const struct ballot *b)
{
	size_t n = cs_gate_rules(b->gate);

	for (size_t i = 0; i < n; i++)
		if (cs_gate_rule_counts_rejects(b->gate, i))
			return n;
	return b->approval.vote == CS_VOTE_REJECT ? 1 : n;
}

/* Which rules a vote may count for now. What that was told from is kept for the record. */
static int rules_open(struct ballot *b, bool *ret_open)
{
	struct count count = { 0 };
	int r = count_begin(b->task, b->gate, &b->answer->facts[1], b->answer->facts + 2, b->answer, &count);

	if (r == 0)
		r = cs_rules_open(&count.what, b->voter.facts->person.id, ret_open);
	free(b->known);
	b->known = count.voters;
	count.voters = NULL;
	count_clear(&count);
	return r;
}

/* What the voter may fill of the open rules goes into the vote. One that could not be told counts as one he may not
 * fill, and takes nothing from the others. CS_WHY_NOT_YET: he could fill only what is not open. */
static enum cs_reason take_rules(struct ballot *b, const bool *open, char **ret_text)
{
	size_t enough = ballot_rules(b);
	bool doubt = false, later = false;

	for (size_t i = 0; i < cs_gate_rules(b->gate) && b->approval.n_rules < enough; i++) {
		struct cs_held held = { 0 };
		int r = cs_policy_may_fill(b->task->authority->policy, b->voter.facts, b->gate, i,
			b->task->stored.request.scope, &held);

		later = later || (r == 1 && !open[i]);
		if (r == 1 && open[i])
			r = take_rule(b, i, held.because);
		else if (r == CS_EDOUBT && !doubt) {
			*ret_text = held.because;
			held.because = NULL;
		}
		doubt = doubt || r == CS_EDOUBT;
		cs_held_clear(&held);
		if (r < 0 && r != CS_EDOUBT)
			return CS_WHY_STORE;
	}
	if (b->approval.n_rules == 0)
		return later ? CS_WHY_NOT_YET : doubt ? CS_WHY_DOUBT : CS_WHY_NOT_APPROVER;
	cs_free_str(ret_text);
	return CS_WHY_NONE;
}

/* --- Why not ------------------------------------------------------------------------------------------------------- */

enum { WHO_TOLD = 3 };

static void put(struct cs_buf *out, const char *text)
{
	cs_buf_put(out, text, strlen(text));
}

static void put_need(struct cs_buf *out, const struct cs_need *need, bool first)
{
	size_t n = need->n_who < WHO_TOLD ? need->n_who : WHO_TOLD;

	put(out, first ? "" : "; or ");
	put(out, need->label ? need->label : need->rule);
	for (size_t i = 0; i < n; i++) {
		put(out, i == 0 ? ": " : ", ");
		put(out, need->who[i]);
	}
	put(out, n < need->n_who ? ", and others" : "");
}

/* What it takes, and who has it. NULL where that is too much to say, or there is no memory. */
static char *entitled_text(const struct cs_need *needs, size_t n_needs)
{
	struct cs_buf out;
	char *text = NULL;

	cs_buf_init(&out, CS_MAX_TEXT);
	put(&out, NO_PERMISSION_TEXT "it takes ");
	for (size_t i = 0; i < n_needs; i++)
		put_need(&out, &needs[i], i == 0);
	put(&out, ".");
	cs_buf_put_u8(&out, 0);
	if (n_needs > 0 && cs_buf_error(&out) == 0)
		text = cs_dup((const char *)out.data);
	cs_buf_clear(&out);
	return text;
}

/* What is waited for first. */
static char *not_yet_text(const struct cs_need *needs, size_t n_needs)
{
	char *text = NULL, span[16];
	uint64_t least = 0;

	for (size_t i = 0; i < n_needs; i++) {
		if (needs[i].open && needs[i].have < needs[i].count) {
			(void)cs_format(&text, "It is not your turn yet: first it takes %s.", needs[i].label);
			return text;
		}
		if (needs[i].opens_in_ms > 0 && (least == 0 || needs[i].opens_in_ms < least))
			least = needs[i].opens_in_ms;
	}
	cs_span_text(least, span);
	if (least > 0)
		(void)cs_format(&text, "It is not your turn yet: that begins in %s.", span);
	return text;
}

/* Says what it takes to vote, or what comes first. */
static char *missing_text(struct ballot *b, enum cs_reason reason)
{
	struct cs_need *needs = NULL;
	size_t n_needs = 0;
	struct count count = { 0 };
	char *text = NULL;
	int r = count_begin(b->task, b->gate, &b->answer->facts[1], b->answer->facts + 2, b->answer, &count);

	if (r == 0)
		r = cs_needs_frozen(&count.what, &needs, &n_needs);
	if (r == 0)
		text = reason == CS_WHY_NOT_YET ? not_yet_text(needs, n_needs) : entitled_text(needs, n_needs);
	cs_needs_free(&needs, &n_needs);
	count_clear(&count);
	return text;
}

static const struct cs_approval *standing_of(const struct ballot *b)
{
	return b->voter.standing < b->task->n_votes ? &b->task->votes[b->voter.standing] : NULL;
}

/* Would it count for a rule for which the vote that stands does not? */
static bool counts_for_more(const struct cs_approval *approval, const struct cs_approval *standing)
{
	for (size_t i = 0; i < approval->n_rules; i++)
		if (cs_strv_has(standing->rules, standing->n_rules, approval->rules[i]) != 1)
			return true;
	return false;
}

/* The same once more; a signature is worth a vote of its own. */
static enum cs_reason voted_already(const struct ballot *b, char **ret_text)
{
	const struct cs_approval *standing = standing_of(b);
	bool rejected = b->approval.vote == CS_VOTE_REJECT;

	if (!standing || standing->vote != b->approval.vote || counts_for_more(&b->approval, standing) ||
		(b->approval.n_signature > 0 && standing->n_signature == 0))
		return CS_WHY_NONE;
	*ret_text = cs_dup(rejected ? NO_PERMISSION_TEXT "you rejected it already, and that stands."
		: NO_PERMISSION_TEXT "you approved it already, and that stands until you reject it or take it back.");
	return CS_WHY_VOTED;
}

/* An approval that could never be used is none. A condition that does not hold now may hold again when it is used; and
 * a reject always counts. */
static enum cs_reason approve_refused(struct ballot *b, char **ret_text)
{
	const struct cs_gate *gate = NULL;
	enum cs_reason reason = CS_WHY_NONE;

	if (b->approval.vote != CS_VOTE_APPROVE || cs_gate_reviews(b->gate))
		return CS_WHY_NONE;
	reason = match_again(b->task, &b->answer->facts[1], b->answer, &gate, ret_text);
	return reason == CS_WHY_CONDITION ? CS_WHY_NONE : reason;
}

static int code_matches(const struct task *task)
{
	const struct cs_vote_call *call = task->call;
	char code[CS_CODE_LEN + 1];

	if (call->vote != CS_VOTE_APPROVE)
		return 1;
	cs_check_code(task->stored.digest, code);
	return call->check_code && strcmp(call->check_code, code) == 0;
}

static enum cs_reason entitled(struct ballot *b, char **ret_text)
{
	bool open[CS_MAX_RULES] = { false };
	enum cs_reason refused = rules_open(b, open) < 0 ? CS_WHY_STORE : take_rules(b, open, ret_text);

	if (refused == CS_WHY_NOT_YET || refused == CS_WHY_NOT_APPROVER) {
		free(*ret_text);
		*ret_text = missing_text(b, refused);
	}
	return refused;
}

/* Taking back needs no right: it is one's own. */
static enum cs_reason nothing_stands(const struct ballot *b, char **ret_text)
{
	const struct cs_approval *standing = standing_of(b);

	/* Taking an approval back takes something away. Taking back a reject gives something, and nobody signs for it. */
	if (standing && standing->vote == CS_VOTE_REJECT && signed_wanted(b->task)) {
		*ret_text = cs_dup("A signed rejection is not taken back; approve instead, with a signature.");
		return CS_WHY_SIGNATURE;
	}
	if (standing)
		return CS_WHY_NONE;
	*ret_text = cs_dup(NO_PERMISSION_TEXT "no vote of yours stands that you could take back.");
	return CS_WHY_NOT_APPROVER;
}

enum cs_reason ballot_refused(struct ballot *b, char **ret_text)
{
	enum cs_reason refused = CS_WHY_NONE;

	if (!b->gate) {
		*ret_text = glass_orphan_text(b->task->authority, &b->task->stored);
		return CS_WHY_POLICY_CHANGED;
	}
	if (facts_stale(b->task, b->answer->facts, b->answer->n_facts, cs_gate_fresh_ms(b->gate), "the gate", ret_text))
		return CS_WHY_DOUBT;
	if (b->approval.vote == CS_VOTE_WITHDRAW)
		return nothing_stands(b, ret_text);
	refused = entitled(b, ret_text);
	if (refused == CS_WHY_NONE)
		refused = voted_already(b, ret_text);
	if (refused == CS_WHY_NONE && !code_matches(b->task))
		refused = CS_WHY_CODE;
	if (refused == CS_WHY_NONE)
		refused = approve_refused(b, ret_text);
	if (refused == CS_WHY_NONE)
		refused = signed_check(b->task, b->voter.facts, &b->approval, ret_text);
	if (refused == CS_WHY_NONE)
		refused = signed_head(b->task, &b->approval, ret_text);
	return refused;
}
