/* SPDX-License-Identifier: Apache-2.0 */
/* How far the rules of a gate are filled, and by whom. */
#include "needs_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

void cs_needs_free(struct cs_need **needs, size_t *n_needs)
{
	for (size_t i = 0; *needs && i < *n_needs; i++)
		cs_clear(&cs_need_shape, &(*needs)[i]);
	free(*needs);
	*needs = NULL;
	*n_needs = 0;
}

int needs_new(const struct cs_policy *policy, const struct cs_gate *gate, const char *scope, uint64_t elapsed_ms,
	struct cs_need **ret_needs, size_t *ret_count)
{
	size_t n = cs_gate_rules(gate);
	struct cs_need *needs = calloc(n + 1, sizeof(*needs));

	if (!needs)
		return CS_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		uint64_t after_ms = cs_gate_rule_after_ms(gate, i);

		needs[i].rule = cs_dup(cs_gate_rule_name(gate, i));
		needs[i].label = cs_gate_rule_label(policy, gate, i, scope);
		needs[i].alternative = cs_dup(cs_gate_rule_alternative(gate, i));
		needs[i].count = cs_gate_rule_count(gate, i);
		needs[i].stage = cs_gate_rule_stage(gate, i);
		needs[i].opens_in_ms = after_ms > elapsed_ms ? after_ms - elapsed_ms : 0;
		if (!needs[i].rule || !needs[i].label || !needs[i].alternative) {
			cs_needs_free(&needs, &n);
			return CS_ENOMEM;
		}
	}
	*ret_needs = needs;
	*ret_count = n;
	return 0;
}

/* --- How far it is ------------------------------------------------------------------------------------------------- */

static const char *alternative_of(const struct cs_need *need)
{
	return need->alternative ? need->alternative : "";
}

static uint32_t missing_of(const struct cs_need *need)
{
	return need->count > need->have ? need->count - need->have : 0;
}

/* How far the rules with this word are from being filled: the lower half is how many are missing, and one whose time has
 * not come is further than any other. */
static uint64_t distance(const struct cs_need *needs, size_t n_needs, const char *alternative)
{
	uint64_t missing = 0;
	bool waits = false;

	for (size_t i = 0; i < n_needs; i++) {
		if (strcmp(alternative_of(&needs[i]), alternative) != 0)
			continue;
		missing += missing_of(&needs[i]);
		waits = waits || needs[i].opens_in_ms > 0;
	}
	return missing > 0 && waits ? missing | UINT64_C(1) << 32 : missing;
}

/* The word of the nearest alternative; "" where there is none. */
static const char *nearest(const struct cs_need *needs, size_t n_needs)
{
	uint64_t least = UINT64_MAX;
	const char *word = "";

	for (size_t i = 0; i < n_needs; i++) {
		uint64_t away = *alternative_of(&needs[i]) ? distance(needs, n_needs, needs[i].alternative) : UINT64_MAX;

		if (away >= least)
			continue;
		least = away;
		word = needs[i].alternative;
	}
	return word;
}

uint32_t cs_needs_missing(const struct cs_need *needs, size_t n_needs)
{
	const char *word = nearest(needs, n_needs);

	return (uint32_t)distance(needs, n_needs, "") + (*word ? (uint32_t)distance(needs, n_needs, word) : 0);
}

/* --- Filling them -------------------------------------------------------------------------------------------------- */

/* Writes what one assignment gives one rule. */
static int put(const struct crew *crew, const struct cs_person *const *people, size_t rule, const uint32_t *have,
	const uint8_t *filled, struct cs_need *need)
{
	need->have = have[rule];
	for (size_t p = 0; p < crew->n_people; p++) {
		const char *name = people[p]->name ? people[p]->name : "";

		if (filled[p * crew->n_rules + rule] == 1 && cs_strv_add(&need->by, &need->n_by, name) < 0)
			return CS_ENOMEM;
	}
	return 0;
}

/* Fills one way, and writes what the rules among `told` have. 1, 0, CS_ENOMEM. */
static int fill_way(const struct crew *crew, const struct cs_person *const *people, uint32_t way, uint32_t told,
	struct cs_need *needs)
{
	uint32_t have[CS_MAX_RULES];
	uint8_t *filled = calloc(crew->n_people + 1, crew->n_rules + 1);
	int r = filled ? crew_fill(crew, way, have, filled) : CS_ENOMEM;

	for (size_t i = 0; r >= 0 && i < crew->n_rules; i++)
		if (has_rule(told, i) && put(crew, people, i, have, filled, &needs[i]) < 0)
			r = CS_ENOMEM;
	free(filled);
	return r;
}

/* The way whose assignment tells who fills the base rules. */
static uint32_t nearest_way(const struct crew *crew, const struct cs_need *needs)
{
	const char *word = nearest(needs, crew->n_rules);

	for (size_t k = 0; k < crew->ways.n; k++)
		for (size_t i = 0; *word && i < crew->n_rules; i++)
			if (has_rule(crew->ways.way[k] & ~crew->ways.base, i) && strcmp(needs[i].alternative, word) == 0)
				return crew->ways.way[k];
	return crew->ways.base;
}

int needs_fill(const struct crew *crew, const struct cs_person *const *people, struct cs_need *needs)
{
	int whole = 0, r = 0;

	for (size_t i = 0; i < crew->n_rules; i++)
		needs[i].count = crew->counts[i];
	for (size_t k = 0; r >= 0 && k < crew->ways.n; k++) {
		r = fill_way(crew, people, crew->ways.way[k], crew->ways.way[k] & ~crew->ways.base, needs);
		whole = whole || r == 1;
	}
	if (r >= 0)
		r = fill_way(crew, people, nearest_way(crew, needs), crew->ways.base, needs);
	for (size_t i = 0; r >= 0 && i < crew->n_rules; i++) {
		int reached = needs[i].opens_in_ms == 0 ? crew_reaches(crew, i) : 0;

		needs[i].open = reached == 1;
		r = reached < 0 ? reached : r;
	}
	return r < 0 ? r : whole;
}

bool cs_gate_staged(const struct cs_gate *gate)
{
	for (size_t i = 1; i < cs_gate_rules(gate); i++)
		if (cs_gate_rule_stage(gate, i) != cs_gate_rule_stage(gate, 0))
			return true;
	return false;
}

/* The vote of this person that stands; n_votes: none. */
static size_t standing_of(const struct cs_case *what, const char *person)
{
	size_t p = 0;

	while (p < what->n_votes && !(person && what->votes[p].person.id && strcmp(what->votes[p].person.id, person) == 0))
		p++;
	return p;
}

/* Is the stage of this rule reached without this vote, which cannot fill the rule and another one of its block? 1, 0,
 * CS_ENOMEM. */
static int reached_without(struct tally *tally, size_t vote, size_t rule)
{
	struct crew *crew = &tally->crew;
	int8_t *may = &tally->may[vote * crew->n_rules], kept[CS_MAX_RULES];
	uint8_t block[CS_MAX_RULES] = { 0 };
	int r = 0;

	cs_gate_blocks(crew->policy, crew->gate, block);
	memcpy(kept, may, crew->n_rules);
	for (size_t i = 0; i < crew->n_rules; i++)
		may[i] = block[i] == block[rule] ? 0 : may[i];
	r = crew_reaches(crew, rule);
	memcpy(may, kept, crew->n_rules);
	return r;
}

int cs_rules_open(const struct cs_case *what, const char *person, bool *ret_open)
{
	struct tally tally;
	bool open[CS_MAX_RULES] = { false };
	size_t vote = standing_of(what, person);
	int r = tally_make(what, &tally);

	for (size_t i = 0; r >= 0 && i < tally.crew.n_rules; i++) {
		r = cs_gate_rule_after_ms(what->gate, i) > what->elapsed_ms ? 0
			: vote < what->n_votes ? reached_without(&tally, vote, i) : crew_reaches(&tally.crew, i);
		open[i] = r == 1;
	}
	if (r >= 0)
		memcpy(ret_open, open, tally.crew.n_rules * sizeof(*open));
	tally_clear(&tally);
	return r < 0 ? r : 0;
}

/* --- As the votes say themselves ----------------------------------------------------------------------------------- */

/* Votes as a crew: each may fill what it was cast for. *ret_may is the caller's. */
static int frozen_crew(const struct cs_case *what, struct crew *crew, int8_t **ret_may,
	const struct cs_person ***ret_people)
{
	const struct cs_person **people = calloc(what->n_votes + 1, sizeof(const struct cs_person *));
	int8_t *may = calloc(what->n_votes + 1, crew->n_rules + 1);

	*ret_may = may;
	*ret_people = people;
	for (size_t p = 0; people && may && p < what->n_votes; p++) {
		const struct cs_approval *vote = &what->votes[p];

		people[p] = &vote->person;
		for (size_t i = 0; i < crew->n_rules; i++)
			may[p * crew->n_rules + i] =
				vote->vote == CS_VOTE_APPROVE &&
				cs_strv_has(vote->rules, vote->n_rules, cs_gate_rule_name(what->gate, i)) == 1;
	}
	crew->may = may;
	crew->n_people = what->n_votes;
	return people && may ? 0 : CS_ENOMEM;
}

/* A part of those who could is only known where they were listed. Else it takes one more than there are. */
static int frozen_count(const struct cs_case *what, size_t rule, struct crew *crew)
{
	char *because = NULL;
	uint32_t n = 0;
	int r = CS_EDOUBT;

	if (what->listings_of_rule && what->requester)
		r = who_count(what, rule, SIZE_MAX, &n, &because);
	free(because);
	if (r == CS_EDOUBT) {
		n = 1;
		for (size_t p = 0; p < crew->n_people; p++)
			n += crew->may[p * crew->n_rules + rule] == 1;
	} else if (r == 0) {
		n = quorum_part(cs_gate_rule_quorum(what->gate, rule), n);
	}
	crew->counts[rule] = n;
	return r == CS_EDOUBT ? 0 : r;
}

/* Rejects that stand, by what they were cast for. */
static uint32_t frozen_against(const struct cs_case *what, size_t rule)
{
	uint32_t n = 0;

	for (size_t p = 0; p < what->n_votes; p++)
		n += what->votes[p].vote == CS_VOTE_REJECT &&
		     cs_strv_has(what->votes[p].rules, what->votes[p].n_rules, cs_gate_rule_name(what->gate, rule)) == 1;
	return counts_rejects(what->gate, rule) ? n : 0;
}

static int fill_frozen(const struct cs_case *what, struct cs_need *needs)
{
	const struct cs_person **people = NULL;
	int8_t *may = NULL;
	struct crew crew;
	int r = crew_make(what->policy, what->gate, &crew);

	if (r == 0)
		r = frozen_crew(what, &crew, &may, &people);
	for (size_t i = 0; r == 0 && i < crew.n_rules; i++) {
		if (cs_gate_rule_quorum(what->gate, i) != CS_QUORUM_COUNT)
			r = frozen_count(what, i, &crew);
		needs[i].against = frozen_against(what, i);
	}
	if (r == 0)
		r = needs_fill(&crew, people, needs);
	free(people);
	free(may);
	return r;
}

int cs_needs_frozen(const struct cs_case *what, struct cs_need **ret_needs, size_t *ret_count)
{
	struct cs_need *needs = NULL;
	size_t n = 0;
	int r = needs_new(what->policy, what->gate, what->scope, what->elapsed_ms, &needs, &n);

	if (r == 0 && n > 0)
		r = fill_frozen(what, needs);
	if (r >= 0 && what->listings_of_rule && what->requester)
		r = cs_needs_who(what, needs, n);
	if (r < 0) {
		cs_needs_free(&needs, &n);
		return r;
	}
	*ret_needs = needs;
	*ret_count = n;
	return 0;
}
