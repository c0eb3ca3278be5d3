/* SPDX-License-Identifier: Apache-2.0 */
/* The decision itself: pure, one path for every door. Runs at submit, at every vote and again at claim. */
#include "needs_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

enum cs_reason person_refused(const struct cs_facts *facts)
{
	if (facts->known == CS_KNOWN_DOUBT)
		return CS_WHY_DOUBT;
	if (facts->known != CS_KNOWN_YES || !facts->person.id || !*facts->person.id)
		return CS_WHY_UNKNOWN_PERSON;
	if (facts->person.locked)
		return CS_WHY_LOCKED_PERSON;
	return CS_WHY_NONE;
}

/* Why the requester may not ask; CS_WHY_NONE when he may. What there is to say about it, moved out of *ret_text. */
static enum cs_reason requester_refused(const struct cs_case *what, char **ret_text)
{
	enum cs_reason refused = person_refused(what->requester);
	struct cs_held held = { 0 };
	int r = 0;

	if (refused == CS_WHY_DOUBT && what->requester->doubt && *what->requester->doubt)
		*ret_text = cs_dup(what->requester->doubt);
	if (refused != CS_WHY_NONE)
		return refused;
	if (what->asked_by && (!what->asked_by->id || strcmp(what->asked_by->id, what->requester->person.id) != 0))
		return CS_WHY_REQUESTER_LOST; /* the name or uid belongs to somebody else by now */
	r = cs_policy_has_right(what->policy, what->requester, cs_gate_permission(what->gate), what->scope, &held);
	if (r == 0) {
		refused = held.reason == CS_WHY_NONE ? CS_WHY_NO_PERMISSION : held.reason;
		*ret_text = held.because;
		held.because = NULL;
	} else if (r != 1) {
		refused = CS_WHY_DOUBT;
		*ret_text = held.because;
		held.because = NULL;
	}
	cs_held_clear(&held);
	return refused;
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

/* Does this vote count now? 1, 0, CS_EDOUBT. A second account of the requester or of an earlier voter counts
 * nothing. */
static int vote_counts(const struct cs_case *what, size_t p)
{
	const struct cs_facts *voter = &what->voters[p];

	if (what->votes[p].vote != CS_VOTE_APPROVE)
		return 0;
	if (person_refused(voter) != CS_WHY_NONE)
		return voter->known == CS_KNOWN_DOUBT ? CS_EDOUBT : 0;
	if (!what->votes[p].person.id || strcmp(what->votes[p].person.id, voter->person.id) != 0)
		return 0;
	if (cs_same_human(&voter->person, &what->requester->person) != 0)
		return 0;
	for (size_t q = 0; q < p; q++)
		if (cs_same_human(&voter->person, &what->votes[q].person) != 0)
			return 0;
	return 1;
}

/* May this voter fill the rule now? As cs_policy_may_fill; the first text about a doubt is kept. */
static int may_fill(const struct cs_case *what, const struct cs_facts *voter, size_t rule, char **doubt)
{
	struct cs_held held = { 0 };
	int r = cs_policy_may_fill(what->policy, voter, what->gate, rule, what->scope, NULL);

	if (r != CS_EDOUBT || *doubt)
		return r;
	r = cs_policy_may_fill(what->policy, voter, what->gate, rule, what->scope, &held);
	*doubt = held.because;
	held.because = NULL;
	cs_held_clear(&held);
	return r;
}

/* Fills may for every vote. 1 when some vote could not be told, 0 when all could, or CS_ENOMEM. */
static int eligibility(const struct cs_case *what, size_t n_rules, int8_t *may, char **ret_doubt)
{
	int doubt = 0;

	for (size_t p = 0; p < what->n_votes; p++) {
		const struct cs_facts *voter = &what->voters[p];
		int counts = vote_counts(what, p);

		doubt |= counts == CS_EDOUBT;
		if (counts == CS_EDOUBT && !*ret_doubt && voter->doubt && *voter->doubt)
			*ret_doubt = cs_dup(voter->doubt);
		for (size_t i = 0; counts == 1 && i < n_rules; i++) {
			int r = may_fill(what, voter, i, ret_doubt);

			if (r == CS_ENOMEM)
				return r;
			doubt |= r < 0;
			may[p * n_rules + i] = r == 1;
		}
	}
	return doubt;
}

static void conclude(struct cs_decision *decision, enum cs_verdict verdict, enum cs_reason reason)
{
	decision->verdict = verdict;
	decision->reason = reason;
}

static int rejected(const struct cs_case *what)
{
	for (size_t p = 0; p < what->n_votes; p++)
		if (what->votes[p].vote == CS_VOTE_REJECT)
			return 1;
	return 0;
}

/* Who voted, and which rules they fill now: as needs_fill. *ret_doubt: some could not be told; *ret_text: why, where it
 * was said. */
static int fill_now(const struct cs_case *what, struct cs_need *needs, size_t n_rules, int *ret_doubt, char **ret_text)
{
	const struct cs_person **people = calloc(what->n_votes + 1, sizeof(const struct cs_person *));
	int8_t *may = calloc(n_rules * (what->n_votes + 1), 1);
	int r = people && may ? eligibility(what, n_rules, may, ret_text) : CS_ENOMEM;

	for (size_t p = 0; r >= 0 && p < what->n_votes; p++)
		people[p] = &what->votes[p].person;
	if (r >= 0) {
		*ret_doubt = r;
		r = needs_fill(what->policy, what->gate, people, what->n_votes, may, needs, n_rules);
	}
	free(people);
	free(may);
	return r;
}

/* Could the rules surely never be filled? A list that is not to be believed may be too short by mistake. */
static int unsatisfiable(const struct cs_case *what, const struct cs_decision *decision)
{
	return what->listings_of_rule && what->requester->n_unsure == 0 &&
	       needs_satisfiable(what, decision->needs, decision->n_needs) == 0;
}

/* The gate has approval rules and the requester may ask: are they filled? */
static int decide_rules(const struct cs_case *what, struct cs_decision *decision)
{
	size_t n_rules = decision->n_needs;
	char *text = NULL;
	int doubt = 0;
	int filled = fill_now(what, decision->needs, n_rules, &doubt, &text);
	int r = filled < 0 ? filled : 0;

	if (r == 0 && what->listings_of_rule)
		r = cs_needs_who(what, decision->needs, n_rules);
	if (r < 0)
		goto out;
	if (rejected(what))
		conclude(decision, CS_DENY, CS_WHY_REJECTED);
	else if (filled == 1)
		conclude(decision, CS_PERMIT, CS_WHY_APPROVED);
	else if (doubt)
		conclude(decision, CS_HOLD, CS_WHY_DOUBT);
	else if (unsatisfiable(what, decision))
		conclude(decision, CS_DENY, CS_WHY_UNSATISFIABLE);
	else
		conclude(decision, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	if (decision->reason == CS_WHY_DOUBT) {
		decision->text = text;
		text = NULL;
	}
out:
	free(text);
	return r;
}

/* The requester may ask: does he need others? */
static int decide_asked(const struct cs_case *what, struct cs_decision *decision)
{
	int exempt = decision->n_needs > 0 ? exempted(what, &decision->text) : 0;

	if (exempt < 0)
		return exempt;
	if (exempt == 1)
		conclude(decision, CS_PERMIT, CS_WHY_EXEMPT);
	else if (decision->n_needs == 0)
		conclude(decision, CS_PERMIT, CS_WHY_HAS_RIGHT);
	else
		return decide_rules(what, decision);
	return 0;
}

int cs_decide(const struct cs_case *what, struct cs_decision *ret_decision)
{
	struct cs_decision decision = { 0 };
	enum cs_reason refused = CS_WHY_NONE;
	int r = 0;

	memset(ret_decision, 0, sizeof(*ret_decision));
	refused = requester_refused(what, &decision.text);
	r = needs_new(what->policy, what->gate, what->scope, &decision.needs, &decision.n_needs);
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
