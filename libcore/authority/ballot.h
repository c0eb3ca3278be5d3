/* SPDX-License-Identifier: Apache-2.0 */
/* A vote on its way: what the files about it share. */
#ifndef CS_AUTHORITY_BALLOT_H
#define CS_AUTHORITY_BALLOT_H

#include "internal.h"

struct ballot {
	struct task *task;
	const struct cs_answer *answer; /* the voter, the requester, then who voted before */
	const struct cs_gate *gate;     /* NULL: the policy has it no more */
	struct voter voter;
	struct cs_approval approval;
	struct cs_facts *known;         /* a view: who voted before, as it was looked at for which rules are open */
	struct cs_approval *before;     /* votes that stood before this one */
	size_t n_before;
	bool too_often;                 /* it is not taken: CS_STORE_VOTES_MOST */
};

/* ballot.c: why a vote of somebody who may vote does not count; CS_WHY_NONE when it does, and the rules it counts for
 * are in the approval. *ret_text (owned) where there is more to say. */
enum cs_reason ballot_refused(struct ballot *b, char **ret_text);
/* One rule is all that a reject needs, and so it stays small; unless rejects are counted, rule by rule. */
size_t ballot_rules(const struct ballot *b);

/* cast.c: stores the vote, counts all of them and does what follows, each with its event. Between record_begin and
 * record_end. *ret_now is the decision of now. 0; CS_EBUSY: there is no room for it; too_often and CS_E…: he voted too often;
 * CS_E…. */
int ballot_cast(struct ballot *b, struct cs_decision *ret_now);

#endif
