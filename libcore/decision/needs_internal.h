/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the decision room share: rules, who fills them, who could, and what the votes are worth. */
#ifndef CS_NEEDS_INTERNAL_H
#define CS_NEEDS_INTERNAL_H

#include "decision.h"

/* --- Sets of rules (ways.c): bit i is rule i of the gate ----------------------------------------------------------- */

/* Which rules together suffice. */
struct ways {
	uint32_t base;              /* needed whatever else is */
	uint32_t way[CS_MAX_RULES]; /* base and one alternative; base alone where there is none */
	size_t n;                   /* at least 1 */
};

static inline bool has_rule(uint32_t rules, size_t rule)
{
	return rules >> rule & 1;
}

/* People, and which rules each may fill. */
struct crew {
	const struct cs_policy *policy;
	const struct cs_gate *gate;
	size_t n_rules;
	struct ways ways;
	uint32_t counts[CS_MAX_RULES];
	const int8_t *may; /* may[p * n_rules + rule]: 1 */
	size_t n_people;
};

/* A crew of nobody; counts are the gate's, 1 where a rule counts a part of who could. 0, CS_EINVAL (too many rules). */
int crew_make(const struct cs_policy *policy, const struct cs_gate *gate, struct crew *ret_crew);
/* Can these rules be filled together, by one assignment? Base rules are filled first, so what they have is the same in
 * every way. 1, 0, CS_ENOMEM. ret_have (CS_MAX_RULES) and ret_filled (n_people * n_rules) may be NULL; what is not among
 * rules is 0 there. */
int crew_fill(const struct crew *crew, uint32_t rules, uint32_t *ret_have, uint8_t *ret_filled);
/* 1 when one way can be filled whole, else 0, CS_ENOMEM. */
int crew_fill_any(const struct crew *crew);
/* Is the stage of this rule reached? 1, 0, CS_ENOMEM. */
int crew_reaches(const struct crew *crew, size_t rule);

/* --- What is told of rules (needs.c) ------------------------------------------------------------------------------- */

/* One need a rule, with its label and terms; nobody counted yet. 0, CS_ENOMEM. */
int needs_new(const struct cs_policy *policy, const struct cs_gate *gate, const char *scope, uint64_t elapsed_ms,
	struct cs_need **ret_needs, size_t *ret_count);
/* Assigns the crew, who are these people, and writes count, have, by and open. Of alternatives each is filled as far as
 * it goes beside the base rules, of which the nearest alternative's assignment is told. 1 (one way is filled whole), 0,
 * CS_ENOMEM. */
int needs_fill(const struct crew *crew, const struct cs_person *const *people, struct cs_need *needs);

/* Does a reject by somebody who can fill this rule only count? */
static inline bool counts_rejects(const struct cs_gate *gate, size_t rule)
{
	return cs_gate_reviews(gate) || cs_gate_rule_counts_rejects(gate, rule);
}

/* --- What the votes are worth (votes.c) ---------------------------------------------------------------------------- */

struct tally {
	struct crew crew;     /* of approvals that count */
	int8_t *may;
	const struct cs_person **people;
	uint32_t against[CS_MAX_RULES];
	size_t n_rejects;     /* all of them */
	bool ended;           /* by a reject that does not only count */
	bool doubt;           /* some vote, or who could fill a rule that counts a part of them, could not be told */
	char *because;        /* and why, where it was said */
};
/* 0 or CS_ENOMEM, CS_EINVAL; to be cleared either way. */
int tally_make(const struct cs_case *what, struct tally *ret_tally);
void tally_clear(struct tally *tally);

/* --- Who could (who.c, crowd.c) ------------------------------------------------------------------------------------ */

/* Different strings, numbered as they come; a hash table. */
struct crowd {
	char **names;
	uint32_t *slots; /* number + 1; 0: free */
	size_t n, n_slots;
};
/* The number of a name, or CS_ENOENT. */
int crowd_find(const struct crowd *crowd, const char *name);
/* The number of a name, which is added when it is new. CS_ENOMEM; CS_ETOOBIG (CS_MAX_LISTING are there). */
int crowd_add(struct crowd *crowd, const char *name);
void crowd_clear(struct crowd *crowd);

/* So many of so many people; never none. */
static inline uint32_t quorum_part(enum cs_quorum quorum, uint32_t people)
{
	uint32_t part = quorum == CS_QUORUM_ALL ? people : people / 2 + 1;

	return part ? part : 1;
}

/* How many people are listed or named for a rule, each once, the requester and his other accounts left out; it is
 * enough to count to `most`. 0, CS_EDOUBT with *ret_because (owned, NULL where nothing was
 * said) where a list is not known or not to be believed, CS_ENOMEM. */
int who_count(const struct cs_case *what, size_t rule, size_t most, uint32_t *ret_n, char **ret_because);

/* The same of all of them, and which votes are of one of them, as their voters are told of now: ret_elects has room for
 * n_votes. */
int who_elect(const struct cs_case *what, size_t rule, uint32_t *ret_n, bool *ret_elects, char **ret_because);

/* Could the people who are listed or named fill one way whole, the requester left out, and whoever rejected where
 * without_rejecters? 1; 0 with *ret_short, a rule that stays short of people; CS_EDOUBT where a list is not known in
 * full and those who are known could not: then it is tried, since this only saves people a wait. CS_ENOMEM. */
int who_suffice(const struct cs_case *what, const struct crew *counts, bool without_rejecters, size_t *ret_short);

/* The reason to deny a person before any right is looked at; CS_WHY_NONE when there is none. */
enum cs_reason person_refused(const struct cs_facts *facts);

#endif
