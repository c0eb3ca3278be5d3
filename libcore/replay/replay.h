/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence read again: record after record the chain is checked, what was asked and who voted is gathered, and every
 * permit is derived once more from what the record itself holds and the policy's text, at the time that the clock of the
 * boot said. Nothing is believed for standing in the store: no state, no index, no order but the chain's. Pure, and offline. */
#ifndef CS_REPLAY_H
#define CS_REPLAY_H

#include "evidence.h"
#include "roster.h"

struct cs_replay;

/* The text of the policy with this digest (domain CS_DOMAIN_POLICY), allocated; the replay frees it and looks whether it
 * is the right one. 0, CS_ENOENT, or an error that ends the replay. */
typedef int (*cs_replay_text_fn)(void *arg, const uint8_t digest[CS_DIGEST_LEN], char **ret_text);

/* What was seen by now. */
struct cs_replay_sums {
	uint64_t events;
	uint64_t permits;     /* derived: permitted and claimed */
	uint64_t requests, votes, signatures;
	uint64_t without_roster; /* signatures whose keys only what the directory said then gives the voters */
	uint64_t open;        /* requests that are open, debts included */
	uint64_t debts;
	uint64_t head_number; /* of the last good record */
	uint8_t head_chain[CS_DIGEST_LEN];
};

int cs_replay_new(cs_replay_text_fn text_of, void *arg, struct cs_replay **ret_replay);
void cs_replay_free(struct cs_replay **replay);

/* Before the first record: it follows this event, whose chain value is told by others. Which policy is in force is then
 * what the first event says. part: the rest was left out of what is looked at; else an `archived` event has to say that it
 * was moved out. */
void cs_replay_after(struct cs_replay *replay, uint64_t number, const uint8_t chain[CS_DIGEST_LEN], bool part);

/* Before the first record: what comes is all that is recorded of one request, taken out of the chain. Then numbers only rise,
 * the policy is whichever an event names, and where a command that another path leads to is guarded, nobody can tell from it:
 * that the gate is the right one for the action is then believed where the policy does not say otherwise. */
void cs_replay_extract(struct cs_replay *replay);

/* Before the first record: the chain must come through this head, which is known from elsewhere; from says where, for
 * people. Any number of them. 0, CS_ENOMEM. */
int cs_replay_know(struct cs_replay *replay, uint64_t number, const uint8_t chain[CS_DIGEST_LEN], const char *from);

/* Before the first record: a roster of keys that was in use, one of several in time; the caller's, outlives the replay. A
 * signed vote then counts only by a key that one of them gives its voter. Without any, what the directory said of his keys,
 * which is in the record, has to do. 0, CS_ENOMEM. */
int cs_replay_roster(struct cs_replay *replay, const struct cs_roster *roster);

/* The next record. 0; CS_ENOMEM; what the text function returned; CS_ECORRUPT: it does not follow from what came
 * before, see cs_replay_why. What follows an error is not looked at. */
int cs_replay_next(struct cs_replay *replay, const struct cs_record *record);
/* No record follows, and last is what the source says is the last event's number (0: it does not say). 0, CS_ECORRUPT:
 * it is cut off. */
int cs_replay_end(struct cs_replay *replay, uint64_t last);

void cs_replay_sum(const struct cs_replay *replay, struct cs_replay_sums *ret_sums);
/* The first thing that is wrong, and at which event: "a vote of bob, who …". "" and 0 while all is well. */
const char *cs_replay_why(const struct cs_replay *replay);
uint64_t cs_replay_bad(const struct cs_replay *replay);

#endif
