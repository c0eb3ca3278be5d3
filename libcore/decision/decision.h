/* SPDX-License-Identifier: Apache-2.0 */
/* The decision: deny, permit or hold, from the policy, the facts and the votes. Pure: no clock, no socket, no database,
 * so that the authority, `countersign policy test` and `policy try` all ask the same function. */
#ifndef CS_DECISION_H
#define CS_DECISION_H

#include "model.h"
#include "policy.h"

/* Everything a decision depends on. */
struct cs_case {
	const struct cs_policy *policy;
	const struct cs_gate *gate;
	const char *scope;
	const struct cs_action *action;   /* for what the gate approves by itself; NULL: nothing */
	uint64_t wall_ms;                 /* the same: now */
	uint64_t elapsed_ms;              /* since it was asked, as its deadline counts: escalation, lazy consensus */
	const char *boot;                 /* for the record: the clock that deadlines were counted with; nothing is decided */
	uint64_t boot_ms;                 /* by it. NULL: none */
	const struct cs_person *asked_by; /* at claim and vote: the person who asked; NULL at submit */
	const struct cs_facts *requester;
	const struct cs_approval *votes;  /* approvals only count where their facts say so now */
	const struct cs_facts *voters;    /* one per vote, same order */
	size_t n_votes;
	const struct cs_listing *listings;  /* who could fill each rule: one per listing query of each rule */
	const size_t *listings_of_rule;    /* how many listings each rule has; NULL: nobody asked who could */
};

/* Deny, permit or hold, with the reason, and what is missing in decision->needs, missing and objection_ms. text is the
 * reason's sentence or says more. 0, or a negative error, in which case *ret_decision is zero, which denies.
 *
 * A requester whom the gate exempts and who has the gate's permission is permitted with CS_WHY_EXEMPT, and what the gate
 * approves by itself with CS_WHY_AUTOMATIC, and text says by which exemption or section; not with asked_by: what was
 * asked of others is answered by them.
 *
 * Approved (CS_WHY_APPROVED) is what has all rules without an alternative and those of one alternative filled by one
 * assignment of the voters. An approval may fill a rule that is among approval.rules and that its voter may fill now. A
 * voter counts once, and not where he is the same human as an earlier one or as the requester; where the gate takes
 * self-approval, the account that asked counts like anybody. A rule that counts a part of who could (majority, all)
 * counts the people listed and named for it, each entry once, without the requester (with him where his own vote counts);
 * where they are not known for sure, it is not filled and the decision is in doubt.
 *
 * A reject by somebody who can fill a rule, then or now, that says nothing of rejects denies (CS_WHY_REJECTED). Others
 * only count: it is denied when the rules could not be met any more by everybody else. Without any reject a gate with
 * objections permits when their time is over (CS_WHY_NO_OBJECTION), if everybody who could fill a rule is known, and
 * somebody could fill each. Where nobody could ever meet the rules it is CS_WHY_UNSATISFIABLE, and text names a rule that
 * stays short and who is left. */
int cs_decide(const struct cs_case *what, struct cs_decision *ret_decision);

/* What a gate that only monitors would have said, deny or hold: "It would have been held: Other people have to approve this
 * first; missing: 2 × Approve in project/tomcat, from bob or carol". Unescaped; the caller frees. NULL when out of memory. */
char *cs_monitored_text(const struct cs_decision *would);

/* Is this gate the review of a break-glass (cs_policy_glass), which no action meets? What it is about has happened: the
 * requester needs no right, and nothing but enough approvals ends it. A reject only counts, and no want of people refuses
 * it. asked_by is who broke the glass, known perhaps by uid alone. */
bool cs_gate_reviews(const struct cs_gate *gate);

/* Which rules a vote of this person, cast now, may count for: its time has come, and its stage is reached: one assignment
 * of the votes that stand fills all rules of earlier stages, those without an alternative and, of a rule with one, its own;
 * else any whole alternative's. Where one person does not fill both, the vote of his that stands is left out of that:
 * nobody comes before himself. person is the id of the voter, NULL nobody in particular. ret_open has room for
 * cs_gate_rules. An approval counts for a rule only if it is among approval.rules, which were written when it was cast, and
 * its voter may fill it now. 0, CS_ENOMEM. */
int cs_rules_open(const struct cs_case *what, const char *person, bool *ret_open);
/* Has the gate rules of several stages, so that who voted before decides what is open? */
bool cs_gate_staged(const struct cs_gate *gate);

/* Everything that a decision was made from, for the evidence: memberships that decide nothing in this gate and scope
 * (cs_policy_matters), and listings where no rule counts a part of those who could, are left out where the decision and
 * the match stay the same without them. match are the n_match listings that matching needed. 0, CS_ENOMEM, CS_ETOOBIG (it
 * does not fit CS_GROUNDS_BYTES when encoded). */
#define CS_GROUNDS_BYTES (CS_MAX_EVENT - 16384)
int cs_grounds_freeze(const struct cs_case *what, const struct cs_listing *match, size_t n_match,
	struct cs_grounds *ret_grounds);
/* The same for a plain right or a role: the person's memberships that can matter there. wall_ms: when. */
int cs_grounds_freeze_right(const struct cs_policy *policy, const struct cs_facts *facts, const struct cs_sought *sought,
	uint64_t wall_ms, struct cs_grounds *ret_grounds);
/* The other way: a view of the grounds as a case, to decide again. Nothing is copied; ret_of_rule has room for
 * CS_MAX_RULES, and the case points to it. request gives the scope, the action and who asked; votes are those that
 * stood. 0, CS_ECORRUPT where they do not belong together. */
int cs_grounds_case(const struct cs_policy *policy, const struct cs_gate *gate, const struct cs_request *request,
	const struct cs_approval *votes, size_t n_votes, const struct cs_grounds *grounds, size_t *ret_of_rule,
	struct cs_case *ret_case);

/* How far the rules of a gate are filled by the votes as they were frozen when they were cast. Of the case it takes the
 * policy, gate, scope, elapsed_ms and votes; with the requester and the listings too it names who could fill each, and
 * counts a part of them (majority, all) exactly, where it else takes one more than there are. 0 or CS_E…. */
int cs_needs_frozen(const struct cs_case *what, struct cs_need **ret_needs, size_t *ret_count);
#define CS_WHO_BYTES 32768 /* of the names of those who could vote, in one decision */
#define CS_WHO_OTHERS "(and others)" /* the last of them, where there are more */
/* Names who could fill each need beside those who do, the requester left out unless the gate takes his own vote. Of the
 * case it takes the policy, gate, scope, requester and listings. 0, CS_ENOMEM. */
int cs_needs_who(const struct cs_case *what, struct cs_need *needs, size_t n_needs);
/* How many people are missing over what is needed always and the nearest alternative: one whose time has come before
 * one that waits for it, then the one with the fewest missing. */
uint32_t cs_needs_missing(const struct cs_need *needs, size_t n_needs);
void cs_needs_free(struct cs_need **needs, size_t *n_needs);

/* --- Who was told (heard.c) ---------------------------------------------------------------------------------------- */

/* Login names of who heard of a request that goes ahead unless somebody objects, and of who was to hear and could not be
 * told, as its events say one after the other. Zero is nobody. */
struct cs_heard {
	char **told;
	size_t n_told;
	char **untold;
	size_t n_untold;
};
void cs_heard_clear(struct cs_heard *heard);
/* Follows one event: these were told, or given up. Who is told later is given up no more. 0, CS_ENOMEM. */
int cs_heard_follow(struct cs_heard *heard, bool told, char *const *names, size_t n);
/* Does silence count, where these are the needs of the decision that says so (CS_WHY_NO_OBJECTION)? Nobody was given up, and
 * for each rule that is not filled all who could still fill it are named, and one of them was told; where there is nobody
 * left who did not agree, nobody's silence is counted. */
bool cs_heard_suffices(const struct cs_heard *heard, const struct cs_need *needs, size_t n_needs);

/* --- Lock-out (lockout.c) ----------------------------------------------------------------------------------------- */

/* One requester of one gate in one scope whose request could never be approved. */
struct cs_lockout {
	size_t requester; /* index into people */
	struct cs_need *needs; /* how far everybody else together would fill the rules */
	size_t n_needs;
};

/* Can the gate's rules be met in the scope by these people, with each person who may ask there removed in turn (and
 * whoever is the same human)? Exempt people are left out: they need nobody. people are facts that answer the policy's
 * queries; *ret_may_ask is how many may ask. Appends to *ret_lockouts, at most max. 1: always; 0: not for those
 * appended; CS_EDOUBT: some facts are doubt, and without them it cannot be met; CS_ENOMEM. */
int cs_lockout_check(const struct cs_policy *policy, const struct cs_gate *gate, const char *scope,
	const struct cs_facts *people, size_t n_people, size_t max, size_t *ret_may_ask,
	struct cs_lockout **ret_lockouts, size_t *ret_count);
void cs_lockouts_free(struct cs_lockout **lockouts, size_t *count);

#endif
