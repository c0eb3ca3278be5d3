/* SPDX-License-Identifier: Apache-2.0 */
/* What the votes are worth now: who counts, for which rules, and against which. */
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

/* The requester's own vote where the gate takes it: by the very account that asked. */
static bool own_vote_counts(const struct cs_case *what, const struct cs_facts *voter)
{
	const char *id = what->requester->person.id;

	return cs_gate_takes_self_approval(what->gate) && id && *id && strcmp(voter->person.id, id) == 0;
}

/* Is the voter the requester, by whichever account? 0 when certainly not. Who broke a glass may be known by uid alone, then
 * and now. */
static int is_requester(const struct cs_case *what, const struct cs_person *voter)
{
	const struct cs_facts *requester = what->requester;

	if (!cs_gate_reviews(what->gate))
		return cs_same_human(voter, &requester->person);
	if (cs_same_human(voter, what->asked_by) != 0)
		return 1;
	return requester->known == CS_KNOWN_NO ? 0
		: requester->known == CS_KNOWN_DOUBT ? CS_EDOUBT : cs_same_human(voter, &requester->person);
}

/* Is this person the same human as who cast vote q, as that one was known then, or is told of now? */
static bool is_voter(const struct cs_case *what, size_t q, const struct cs_person *person)
{
	return cs_same_human(person, &what->votes[q].person) != 0 ||
	       (what->voters[q].known == CS_KNOWN_YES && cs_same_human(person, &what->voters[q].person) != 0);
}

/* Does this approval count now? 1, 0, CS_EDOUBT. A second account of the requester or of an earlier voter counts
 * nothing. */
static int vote_counts(const struct cs_case *what, size_t p)
{
	const struct cs_facts *voter = &what->voters[p];
	int same = 0;

	if (what->votes[p].vote != CS_VOTE_APPROVE)
		return 0;
	if (person_refused(voter) != CS_WHY_NONE)
		return voter->known == CS_KNOWN_DOUBT ? CS_EDOUBT : 0;
	if (!what->votes[p].person.id || strcmp(what->votes[p].person.id, voter->person.id) != 0)
		return 0;
	same = is_requester(what, &voter->person);
	if (same != 0 && !own_vote_counts(what, voter))
		return same == CS_EDOUBT && cs_gate_reviews(what->gate) ? CS_EDOUBT : 0;
	for (size_t q = 0; q < p; q++)
		if (is_voter(what, q, &voter->person))
			return 0;
	return 1;
}

/* Was the rule open, and the voter able to fill it, when the vote was cast? */
static bool was_cast_for(const struct cs_case *what, size_t p, size_t rule)
{
	const struct cs_approval *vote = &what->votes[p];

	return cs_strv_has(vote->rules, vote->n_rules, cs_gate_rule_name(what->gate, rule)) == 1;
}

/* May this voter fill the rule now? As cs_policy_may_fill; the first text about a doubt is kept. */
static int may_fill(const struct cs_case *what, const struct cs_facts *voter, size_t rule, char **because)
{
	struct cs_held held = { 0 };
	int r = cs_policy_may_fill(what->policy, voter, what->gate, rule, what->scope, NULL);

	if (r != CS_EDOUBT || *because)
		return r;
	r = cs_policy_may_fill(what->policy, voter, what->gate, rule, what->scope, &held);
	*because = held.because;
	held.because = NULL;
	cs_held_clear(&held);
	return r;
}

/* One approval: which rules it may fill. 0, CS_ENOMEM. */
static int count_approval(const struct cs_case *what, size_t p, struct tally *tally)
{
	const struct cs_facts *voter = &what->voters[p];
	size_t n_rules = tally->crew.n_rules;
	int counts = vote_counts(what, p);

	if (counts == CS_EDOUBT) {
		tally->doubt = true;
		if (!tally->because && voter->doubt && *voter->doubt)
			tally->because = cs_dup(voter->doubt);
	}
	for (size_t i = 0; counts == 1 && i < n_rules; i++) {
		int r = was_cast_for(what, p, i) ? may_fill(what, voter, i, &tally->because) : 0;

		if (r == CS_ENOMEM)
			return r;
		tally->doubt = tally->doubt || r < 0;
		tally->may[p * n_rules + i] = r == 1;
	}
	return 0;
}

/* One reject. It ends the request where he can fill a rule for which rejects do not only count, or where nothing says
 * for what he was asked. What cannot be told of him now takes nothing from what was told when he rejected. */
static int count_reject(const struct cs_case *what, size_t p, struct tally *tally)
{
	bool concerns = false;

	tally->n_rejects++;
	for (size_t i = 0; i < tally->crew.n_rules; i++) {
		int r = was_cast_for(what, p, i) ? 1
			: cs_policy_may_fill(what->policy, &what->voters[p], what->gate, i, what->scope, NULL);

		if (r == CS_ENOMEM)
			return r;
		if (r != 1)
			continue;
		concerns = true;
		tally->against[i]++;
		tally->ended = tally->ended || !counts_rejects(what->gate, i);
	}
	tally->ended = tally->ended || (!concerns && !cs_gate_reviews(what->gate));
	return 0;
}

/* How many a rule needs that counts a part of who could fill it, and who is of those: nobody else makes a majority of them,
 * whatever else is said of him. Where they cannot be told, nobody fills it. */
static int count_electorate(const struct cs_case *what, size_t rule, struct tally *tally)
{
	enum cs_quorum quorum = cs_gate_rule_quorum(what->gate, rule);
	size_t n_rules = tally->crew.n_rules;
	char *because = NULL;
	bool *elects = NULL;
	uint32_t n = 0;
	int r = 0;

	if (quorum == CS_QUORUM_COUNT)
		return 0;
	elects = calloc(what->n_votes + 1, sizeof(*elects));
	r = elects ? who_elect(what, rule, &n, elects, &because) : CS_ENOMEM;
	for (size_t p = 0; (r == 0 || r == CS_EDOUBT) && p < what->n_votes; p++)
		tally->may[p * n_rules + rule] = elects[p] ? tally->may[p * n_rules + rule] : 0;
	if (r == CS_EDOUBT) {
		tally->doubt = true;
		if (!tally->because) {
			tally->because = because;
			because = NULL;
		}
		r = 0;
	} else if (r == 0) {
		tally->crew.counts[rule] = quorum_part(quorum, n);
	}
	free(elects);
	free(because);
	return r;
}

int tally_make(const struct cs_case *what, struct tally *ret_tally)
{
	struct tally *tally = ret_tally;
	int r = 0;

	memset(tally, 0, sizeof(*tally));
	r = crew_make(what->policy, what->gate, &tally->crew);
	tally->people = calloc(what->n_votes + 1, sizeof(const struct cs_person *));
	tally->may = calloc(what->n_votes + 1, tally->crew.n_rules + 1);
	if (r == 0 && (!tally->people || !tally->may))
		r = CS_ENOMEM;
	for (size_t p = 0; r == 0 && p < what->n_votes; p++) {
		tally->people[p] = &what->votes[p].person;
		r = what->votes[p].vote == CS_VOTE_REJECT ? count_reject(what, p, tally) : count_approval(what, p, tally);
	}
	for (size_t i = 0; r == 0 && i < tally->crew.n_rules; i++)
		r = count_electorate(what, i, tally);
	tally->crew.may = tally->may;
	tally->crew.n_people = what->n_votes;
	return r;
}

void tally_clear(struct tally *tally)
{
	free(tally->may);
	free(tally->people);
	free(tally->because);
	*tally = (struct tally){ 0 };
}
