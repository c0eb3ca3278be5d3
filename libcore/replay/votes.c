/* SPDX-License-Identifier: Apache-2.0 */
/* Votes: each by somebody who could give it when he did, about exactly this request. */
#include "replay_internal.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

static const char *name_of(const struct cs_approval *approval)
{
	return approval->person.name ? approval->person.name : "";
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* It is about this request, by the person whom the event and the directory name. */
static int is_his(struct step *step, const struct asked *asked, const struct cs_voted_body *body)
{
	const struct cs_approval *approval = &body->approval;
	const struct cs_person *told = NULL;

	if (memcmp(approval->digest, asked->digest, CS_DIGEST_LEN) != 0)
		return BAD(step, "the vote of %s is about another request", name_of(approval));
	if (body->grounds.n_voters < 1 || body->grounds.voters[0].known != CS_KNOWN_YES)
		return BAD(step, "nothing is recorded of who voted");
	told = &body->grounds.voters[0].person;
	if (!told->id || !*told->id || !same_text(told->id, approval->person.id) ||
		!same_text(told->id, step->event.actor_id) || told->uid != approval->person.uid ||
		told->uid != step->event.actor_uid)
		return BAD(step, "the vote of %s is by another person than is recorded with it", name_of(approval));
	if (told->locked)
		return BAD(step, "%s was locked", name_of(approval));
	return 0;
}

/* Did one of the two log in as the other, or both as one? */
static bool share_login(uint32_t login, uint32_t uid, uint32_t other_login, uint32_t other_uid)
{
	return (login != CS_NO_UID && (login == other_uid || login == other_login)) ||
	       (other_login != CS_NO_UID && other_login == uid);
}

/* Nobody votes on what he asked, by no account, except where the gate says so. */
static int is_not_the_requester(struct step *step, const struct asked *asked, const struct cs_voted_body *body)
{
	const struct cs_request *request = &asked->request;
	const struct cs_approval *approval = &body->approval;
	const struct cs_person *person = &body->grounds.voters[0].person;
	int same = cs_same_human(person, &request->requester);

	if (same != 1 && approval->self)
		return BAD(step, "the vote of %s is marked as the requester's own", name_of(approval));
	if (same == 1 && request->self_approval && approval->self)
		return 0;
	if (same != 0 || share_login(approval->login_uid, person->uid, request->subject.login_uid, request->subject.uid))
		return BAD(step, "%s asked for it, and voted", name_of(approval));
	return 0;
}

/* Nor twice, by two accounts. */
static int is_independent(struct step *step, const struct asked *asked, const struct cs_voted_body *body)
{
	const struct cs_approval *approval = &body->approval;
	const struct cs_person *person = &body->grounds.voters[0].person;
	int r = is_not_the_requester(step, asked, body);

	for (size_t i = 0; r == 0 && i < asked->n_votes; i++) {
		const struct cs_approval *other = &asked->votes[i];

		if (!same_text(other->person.id, person->id) &&
			(cs_same_human(person, &other->person) != 0 ||
				share_login(approval->login_uid, person->uid, other->login_uid, other->person.uid)))
			r = BAD(step, "%s voted already, as %s", name_of(approval), name_of(other));
	}
	return r;
}

/* The rule of the gate with this name; SIZE_MAX: none. */
static size_t rule_of(const struct cs_gate *gate, const char *name)
{
	for (size_t i = 0; i < cs_gate_rules(gate); i++)
		if (strcmp(cs_gate_rule_name(gate, i), name) == 0)
			return i;
	return SIZE_MAX;
}

static int is_entitled(struct step *step, const struct asked *asked, const struct cs_voted_body *body,
	const struct cs_gate *gate)
{
	const struct cs_approval *approval = &body->approval;

	if (approval->n_rules == 0)
		return BAD(step, "%s could fill no rule", name_of(approval));
	for (size_t i = 0; i < approval->n_rules; i++) {
		size_t rule = rule_of(gate, approval->rules[i]);
		int r = rule == SIZE_MAX ? 0 : cs_policy_may_fill(step->replay->policy, &body->grounds.voters[0], gate,
			rule, asked->request.scope, NULL);

		if (r == CS_ENOMEM)
			return r;
		if (r != 1)
			return BAD(step, "%s could not fill rule %s", name_of(approval), approval->rules[i]);
		if (body->grounds.elapsed_ms < cs_gate_rule_after_ms(gate, rule))
			return BAD(step, "rule %s was not open yet", approval->rules[i]);
	}
	return 0;
}

/* The rules of an approval were open to its voter, by the votes that stood before it. A no takes away, whichever rule it
 * names. */
static int was_open(struct step *step, const struct asked *asked, const struct cs_voted_body *body,
	const struct cs_gate *gate)
{
	const struct cs_approval *approval = &body->approval;
	struct cs_grounds before = body->grounds; /* a view, without the voter */
	bool open[CS_MAX_RULES] = { false };
	size_t of_rule[CS_MAX_RULES];
	struct cs_case what = { 0 };
	int r = 0;

	if (approval->vote != CS_VOTE_APPROVE || !cs_gate_staged(gate))
		return 0;
	before.voters++;
	before.n_voters--;
	if (cs_grounds_case(step->replay->policy, gate, &asked->request, asked->votes, asked->n_votes, &before, of_rule,
		&what) < 0)
		return BAD(step, "the vote of %s was cast after %zu others, and %zu votes stood", name_of(approval),
			before.n_voters, asked->n_votes);
	r = cs_rules_open(&what, approval->person.id, open);
	for (size_t i = 0; r == 0 && i < approval->n_rules; i++)
		if (!open[rule_of(gate, approval->rules[i])])
			r = BAD(step, "rule %s was not open to %s yet", approval->rules[i], name_of(approval));
	return r;
}

/* An earlier vote of the same person counts no more. */
static void forget(struct asked *asked, const char *id)
{
	for (size_t i = 0; i < asked->n_votes; i++) {
		if (!same_text(asked->votes[i].person.id, id))
			continue;
		cs_clear(&cs_approval_shape, &asked->votes[i]);
		memmove(&asked->votes[i], &asked->votes[i + 1], (--asked->n_votes - i) * sizeof(*asked->votes));
		return;
	}
}

static int stand(struct asked *asked, struct cs_approval *approval)
{
	forget(asked, approval->person.id);
	if (approval->vote == CS_VOTE_WITHDRAW)
		return 0;
	if (cs_reserve((void **)&asked->votes, &asked->cap_votes, asked->n_votes, 1, sizeof(*asked->votes)) < 0)
		return CS_ENOMEM;
	asked->votes[asked->n_votes++] = *approval;
	memset(approval, 0, sizeof(*approval));
	return 0;
}

static int check_vote(struct step *step, const struct asked *asked, const struct cs_voted_body *body)
{
	const struct cs_gate *gate = judge_of(step->replay, asked);
	int r = is_his(step, asked, body);

	if (r == 0 && body->approval.vote == CS_VOTE_WITHDRAW)
		return 0; /* it only takes away */
	if (r == 0)
		r = is_independent(step, asked, body);
	if (r == 0 && !gate)
		r = BAD(step, "its policy has no gate %s", asked->request.gate);
	if (r == 0)
		r = is_entitled(step, asked, body, gate);
	if (r == 0)
		r = was_open(step, asked, body, gate);
	if (r == 0)
		r = step_signature(step, asked, body);
	return r;
}

int step_voted(struct step *step)
{
	struct cs_voted_body body = { 0 };
	struct asked *asked = NULL;
	int r = step->replay->policy ? step_asked(step, &asked) : BAD(step, "no policy is in force");

	if (r == 0)
		r = step_body(step, &cs_voted_body_shape, &body);
	if (r == 0)
		r = step_elapsed(step, asked, &body.grounds, NULL);
	if (r == 0)
		r = check_vote(step, asked, &body);
	if (r == 0)
		r = stand(asked, &body.approval);
	step->replay->sums.votes += r == 0;
	cs_clear(&cs_voted_body_shape, &body);
	return r;
}
