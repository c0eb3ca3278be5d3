/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the replay room share. */
#ifndef CS_REPLAY_INTERNAL_H
#define CS_REPLAY_INTERNAL_H

#include "clock.h"
#include "decision.h"
#include "replay.h"

/* A request that is open at this point of the record. */
struct asked {
	uint64_t number;
	uint8_t digest[CS_DIGEST_LEN];
	enum cs_state state; /* PENDING, APPROVED */
	bool debt;           /* of a break-glass … */
	bool broken;         /* … and an event said that it was broken */
	bool by_silence;     /* approved: nobody objected */
	struct cs_heard heard;
	struct cs_request request;
	struct cs_approval *votes; /* that stand, in the order in which they were cast */
	size_t n_votes, cap_votes;
	uint32_t used;
	struct cs_now approved; /* when */
};

/* Somebody was let change the policy, to the text with this digest. */
struct change {
	bool let;
	uint32_t uid;
	uint64_t request; /* 0: permitted at once */
	uint8_t digest[CS_DIGEST_LEN];
};

/* A head that is known from elsewhere. */
struct head {
	uint64_t number;
	uint8_t chain[CS_DIGEST_LEN];
	char from[96];
};

enum {
	RECENT_CLAIMS = 4096, /* of which a session may still be confirmed: within seconds of the claim */
	RECENT_CHANGES = 64,
	RECENT_BOOTS = 64,
	RECENT_CHAINS = 65536 /* chain values behind us, for the heads that voters signed */
};

struct cs_replay {
	struct cs_verifier verifier;
	cs_replay_text_fn text_of;
	void *arg;
	uint64_t after;          /* the record begins behind this event … */
	uint8_t after_chain[CS_DIGEST_LEN];
	bool archived;           /* … and an event said so */
	bool extract;            /* the records of one request, out of their chain */

	struct cs_policy *policy; /* in force; NULL before the first */
	uint8_t policy_digest[CS_DIGEST_LEN];
	uint64_t generation;
	struct change changes[RECENT_CHANGES]; /* a ring: a change follows what lets it in the same turn */
	size_t n_changes;

	struct asked **asked;    /* by number, rising */
	size_t n_asked, cap_asked;
	uint64_t last_request;   /* the highest number that was asked under */
	uint64_t claims[RECENT_CLAIMS]; /* request numbers, a ring */
	size_t n_claims;
	uint8_t (*chains)[CS_DIGEST_LEN]; /* of the last RECENT_CHAINS events, by number */

	struct cs_now clock;     /* of the host, when the last event was decided that says so; no boot before the first */
	bool started;            /* the daemon was started since */
	char boots[RECENT_BOOTS][CS_BOOT_ID_LEN + 1]; /* that the host left, a ring */
	size_t n_boots;

	struct head *heads;      /* by number, rising, once the first record came */
	size_t n_heads, cap_heads, next_head;
	const struct cs_roster **rosters;
	size_t n_rosters, cap_rosters;
	struct cs_replay_sums sums;
	uint64_t bad;
	char why[512];
};

/* One event on its way. */
struct step {
	struct cs_replay *replay;
	struct cs_event event;
};

/* Keeps the first thing that is wrong, with the number of the event it is said of: CS_ECORRUPT. */
int replay_bad(struct cs_replay *replay, uint64_t number, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define BAD(step, ...) replay_bad((step)->replay, (step)->event.number, __VA_ARGS__)

/* The body as this shape; CS_ECORRUPT, said, where it is none. */
int step_body(struct step *step, const struct cs_shape *shape, void *ret_body);

/* policies.c: the policy in force is the one that the event names. 0, CS_ECORRUPT, CS_ENOMEM. */
int step_policy(struct step *step);
int step_start(struct step *step);
int step_generation(struct step *step);
/* What was let is kept where it is a change of the policy: the policy event that follows needs it. */
void change_note(struct cs_replay *replay, const struct cs_action *action, uint32_t uid, uint64_t request);

/* requests.c */
struct asked *asked_find(const struct cs_replay *replay, uint64_t number);
/* The gate of the policy in force that judges it; NULL: there is none. */
const struct cs_gate *judge_of(const struct cs_replay *replay, const struct asked *asked);
void asked_free(struct asked **asked);
void asked_close(struct cs_replay *replay, struct asked *asked);
/* The open request that the event is about, whose digest it names; CS_ECORRUPT, said, where there is none. */
int step_asked(struct step *step, struct asked **ret_asked);
int step_requested(struct step *step);
int step_closed(struct step *step);
int step_reopened(struct step *step);
int step_told(struct step *step);
int step_confirmed(struct step *step);
int step_ran(struct step *step);
void claims_add(struct cs_replay *replay, uint64_t request);

/* votes.c */
int step_voted(struct step *step);

/* signatures.c: a vote is signed where it has to be, and rightly. */
int step_signature(struct step *step, const struct asked *asked, const struct cs_voted_body *body);
/* Every vote that counts in these grounds, which hold one voter for each, is signed where it has to be now, and its
 * signature still stands. */
int signatures_stand(struct step *step, const struct asked *asked, const struct cs_gate *gate,
	const struct cs_grounds *grounds);

/* clocks.c: what an event was decided from says when; never before what stands before it, by the clock of the boot. 0 with
 * *ret_now (NULL: not wanted), CS_ECORRUPT, said. */
int step_clock(struct step *step, const struct cs_grounds *grounds, struct cs_now *ret_now);
/* The same, and it is when the request says that it was made. */
int step_made(struct step *step, const struct cs_request *request, const struct cs_grounds *grounds);
/* The same, and it says rightly how long ago the request was made, as its deadline counts. */
int step_elapsed(struct step *step, const struct asked *asked, const struct cs_grounds *grounds, struct cs_now *ret_now);
/* Has the request waited for people too long? */
bool is_overdue(const struct asked *asked, const struct cs_now *now);
/* An approval is used in its time, the request's and the gate's of then, and not before it may be. 0, CS_ECORRUPT, said. */
int step_in_time(struct step *step, const struct asked *asked, const struct cs_gate *gate, const struct cs_now *now);

/* permits.c */
/* As the authority matches: without the directory where that tells, else with what it said. 0, CS_ENOMEM. */
int replay_match(const struct cs_replay *replay, const struct cs_action *action, const struct cs_grounds *grounds,
	struct cs_match *ret_match);
/* Does the policy in force lead the action to this gate in this scope, by what the record says of who asks? 0 with
 * *ret_gate, CS_ECORRUPT, said. */
int lead_to(struct step *step, const struct cs_action *action, const struct cs_grounds *grounds, const char *gate,
	const char *scope, const struct cs_gate **ret_gate);
/* Decides again and wants this verdict, and with a permit this reason. *ret_decision (NULL: not wanted) is the caller's to
 * clear. */
int decide_again(struct step *step, const struct cs_case *what, enum cs_verdict verdict, enum cs_reason reason,
	struct cs_decision *ret_decision);
int step_permitted(struct step *step);
int step_approved(struct step *step);
int step_claimed(struct step *step);

/* monitored.c: the policy in force leads the action to this gate, which only monitors and would have said this. 0,
 * CS_ECORRUPT, said. */
int permitted_monitored(struct step *step, const struct cs_monitored_body *body);

/* glass.c */
int step_break_glass(struct step *step);
/* Is this the gate by which a break-glass is reviewed? */
bool is_review(const struct cs_policy *policy, const char *gate);
/* What is asked for by such a gate is that review, and nothing that could be run. */
int step_debt(struct step *step, const struct cs_request *request);
/* Has this person broken the glass for this scope, and was it still so by the clock of now (replay->clock)? */
bool is_past_approvals(const struct cs_replay *replay, uint32_t uid, const char *scope);

/* heads.c: heads from elsewhere, and those that voters signed. */
void heads_sort(struct cs_replay *replay);
int heads_check(struct cs_replay *replay, uint64_t number, const uint8_t chain[CS_DIGEST_LEN]);
int heads_end(struct cs_replay *replay);
int step_head(struct step *step, const struct cs_approval *approval);

#endif
