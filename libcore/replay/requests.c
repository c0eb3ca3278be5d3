/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that are open at this point of the record. Those that are closed are forgotten: what comes for one of them
 * later finds none. */
#include "replay_internal.h"
#include "crypto.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

/* Where the request with this number is, or would be. */
static size_t asked_at(const struct cs_replay *replay, uint64_t number)
{
	size_t from = 0, until = replay->n_asked;

	while (from < until) {
		size_t middle = from + (until - from) / 2;

		if (replay->asked[middle]->number < number)
			from = middle + 1;
		else
			until = middle;
	}
	return from;
}

struct asked *asked_find(const struct cs_replay *replay, uint64_t number)
{
	size_t at = asked_at(replay, number);

	return at < replay->n_asked && replay->asked[at]->number == number ? replay->asked[at] : NULL;
}

/* Numbers rise, so it is the last. */
static int asked_add(struct cs_replay *replay, struct asked **asked)
{
	if (cs_reserve((void **)&replay->asked, &replay->cap_asked, replay->n_asked, 1, sizeof(struct asked *)) < 0)
		return CS_ENOMEM;
	replay->last_request = (*asked)->number;
	replay->asked[replay->n_asked++] = *asked;
	*asked = NULL;
	return 0;
}

const struct cs_gate *judge_of(const struct cs_replay *replay, const struct asked *asked)
{
	return cs_policy_judge(replay->policy, asked->request.gate, asked->request.scope);
}

void asked_free(struct asked **asked)
{
	struct asked *gone = *asked;

	if (!gone)
		return;
	cs_clear(&cs_request_shape, &gone->request);
	cs_heard_clear(&gone->heard);
	for (size_t i = 0; i < gone->n_votes; i++)
		cs_clear(&cs_approval_shape, &gone->votes[i]);
	free(gone->votes);
	free(gone);
	*asked = NULL;
}

void asked_close(struct cs_replay *replay, struct asked *asked)
{
	size_t at = asked_at(replay, asked->number);

	memmove(&replay->asked[at], &replay->asked[at + 1], (--replay->n_asked - at) * sizeof(struct asked *));
	asked_free(&asked);
}

int step_asked(struct step *step, struct asked **ret_asked)
{
	const struct cs_event *event = &step->event;
	struct asked *asked = asked_find(step->replay, event->request);

	if (!asked)
		return event->request > step->replay->last_request
			       ? BAD(step, "it is about request %llu, which nobody made",
					 (unsigned long long)event->request)
			       : BAD(step, "it is about request %llu, which is not open any more",
					 (unsigned long long)event->request);
	if (memcmp(asked->digest, event->digest, CS_DIGEST_LEN) != 0)
		return BAD(step, "it names another digest than request %llu has", (unsigned long long)event->request);
	*ret_asked = asked;
	return 0;
}

/* --- Asked -------------------------------------------------------------------------------------------------------- */

static int digest_of(const struct cs_request *request, uint8_t ret_digest[CS_DIGEST_LEN])
{
	struct cs_buf bytes;
	int r = 0;

	cs_buf_init(&bytes, CS_MAX_EVENT);
	r = cs_request_encode(request, &bytes);
	if (r == 0)
		r = cs_digest(CS_DOMAIN_REQUEST, bytes.data, bytes.len, ret_digest);
	cs_buf_clear(&bytes);
	return r;
}

/* The event says of the request what the request says of itself. */
static int agrees(struct step *step, const struct cs_request *request)
{
	const struct cs_event *event = &step->event;
	uint8_t digest[CS_DIGEST_LEN];
	int r = digest_of(request, digest);

	if (r < 0)
		return r;
	if (memcmp(digest, event->digest, CS_DIGEST_LEN) != 0)
		return BAD(step, "what was asked is not what its digest says");
	if (memcmp(request->policy_digest, event->policy_digest, CS_DIGEST_LEN) != 0)
		return BAD(step, "it was asked under another policy than was in force");
	if (event->request <= step->replay->last_request)
		return BAD(step, "request %llu comes after request %llu", (unsigned long long)event->request,
			(unsigned long long)step->replay->last_request);
	if (request->requester.uid != event->actor_uid)
		return BAD(step, "another than the requester asked");
	return 0;
}

/* The terms that were written into the request are those of its gate, and no easier ones. */
static int terms_hold(struct step *step, const struct cs_request *request, const struct cs_gate *gate)
{
	uint64_t ahead_ms = request->start_wall_ms > request->created_wall_ms
				    ? request->start_wall_ms - request->created_wall_ms : 0;
	const char *what = NULL;

	if (request->lifetime_ms > cs_gate_lifetime_ms(gate) + ahead_ms)
		what = "waits longer";
	else if (request->use_within_ms > cs_gate_use_within_ms(gate))
		what = "may be used longer";
	else if (request->uses > cs_gate_uses(gate))
		what = "may be used more often";
	else if (request->self_approval && !cs_gate_takes_self_approval(gate))
		what = "takes the requester's own vote, unlike what";
	else if (cs_gate_needs_signature(gate) && strcmp(request->assurance, "signature") != 0)
		what = "asks for less than the signatures that";
	else if (request->objection_ms != cs_gate_objection_ms(gate))
		what = "waits for objections otherwise";
	else if (cs_gate_session_ms(gate) != 0 &&
		 (request->session_ms == 0 || request->session_ms > cs_gate_session_ms(gate)))
		what = "lets a session last longer";
	else if (request->watch < cs_gate_watch(gate))
		what = "is watched less";
	return what ? BAD(step, "request %llu %s than its gate allows", (unsigned long long)step->event.request, what)
		    : 0;
}

/* Whoever asked may ask, and has to ask others. */
static int has_to_ask(struct step *step, const struct cs_requested_body *body, const struct cs_gate *gate)
{
	size_t of_rule[CS_MAX_RULES];
	struct cs_case what = { 0 };

	if (cs_grounds_case(step->replay->policy, gate, &body->request, NULL, 0, &body->grounds, of_rule, &what) < 0)
		return BAD(step, "what it was decided from does not belong together");
	return decide_again(step, &what, CS_HOLD, CS_WHY_NONE, NULL);
}

/* More was known than fits a record. It permits nothing yet: the claim will have to. */
static bool is_nothing(const struct cs_grounds *grounds)
{
	return grounds->requester.known == CS_KNOWN_NO && grounds->n_match == 0;
}

/* The review of a break-glass is asked for by a gate that meets no action. */
static int step_requested_body(struct step *step, const struct cs_requested_body *body, bool *ret_debt)
{
	const struct cs_request *request = &body->request;
	const struct cs_gate *gate = NULL;
	int r = agrees(step, request);

	if (r == 0)
		r = step_made(step, request, &body->grounds);
	if (r == 0 && !step->replay->policy)
		r = BAD(step, "no policy is in force");
	if (r < 0)
		return r;
	*ret_debt = is_review(step->replay->policy, request->gate);
	if (*ret_debt)
		return step_debt(step, request);
	if (!is_nothing(&body->grounds))
		r = lead_to(step, &request->action, &body->grounds, request->gate, request->scope, &gate);
	else if (!(gate = cs_policy_gate(step->replay->policy, request->gate)))
		r = BAD(step, "its policy has no gate %s", request->gate);
	if (r == 0)
		r = terms_hold(step, request, gate);
	return r == 0 && !is_nothing(&body->grounds) ? has_to_ask(step, body, gate) : r;
}

int step_requested(struct step *step)
{
	struct cs_requested_body body = { 0 };
	struct asked *asked = NULL;
	bool debt = false;
	int r = step_body(step, &cs_requested_body_shape, &body);

	if (r == 0)
		r = step_requested_body(step, &body, &debt);
	if (r == 0 && !(asked = calloc(1, sizeof(*asked))))
		r = CS_ENOMEM;
	if (r == 0) {
		asked->number = step->event.request;
		memcpy(asked->digest, step->event.digest, CS_DIGEST_LEN);
		asked->state = CS_PENDING;
		asked->debt = debt;
		asked->request = body.request;
		memset(&body.request, 0, sizeof(body.request));
		r = asked_add(step->replay, &asked);
		step->replay->sums.requests += r == 0;
	}
	asked_free(&asked);
	cs_clear(&cs_requested_body_shape, &body);
	return r;
}

/* --- Closed, and open again --------------------------------------------------------------------------------------- */

int step_closed(struct step *step)
{
	struct asked *asked = NULL;
	int r = step_asked(step, &asked);

	if (r == 0 && asked->debt)
		r = BAD(step, "request %llu is the review of a break-glass, which ends when two others approved it",
			(unsigned long long)asked->number);
	if (r == 0)
		asked_close(step->replay, asked);
	return r;
}

int step_reopened(struct step *step)
{
	struct asked *asked = NULL;
	int r = step_asked(step, &asked);

	if (r == 0 && asked->state != CS_APPROVED)
		r = BAD(step, "request %llu was not approved", (unsigned long long)asked->number);
	if (r == 0)
		asked->state = CS_PENDING;
	return r;
}

/* --- Told ---------------------------------------------------------------------------------------------------------- */

/* Who heard of a request, which matters as long as it waits for objections; that somebody did not, is told later too. */
int step_told(struct step *step)
{
	struct asked *asked = asked_find(step->replay, step->event.request);
	struct cs_told_body body = { 0 };
	int r = 0;

	if (!asked || asked->request.objection_ms == 0)
		return 0;
	if (step->event.kind == CS_EVENT_TOLD || step->event.n_body > 0)
		r = step_body(step, &cs_told_body_shape, &body);
	if (r == 0)
		r = cs_heard_follow(&asked->heard, step->event.kind == CS_EVENT_TOLD, body.recipients, body.n_recipients);
	cs_clear(&cs_told_body_shape, &body);
	return r;
}

/* --- Confirmed ---------------------------------------------------------------------------------------------------- */

void claims_add(struct cs_replay *replay, uint64_t request)
{
	replay->claims[replay->n_claims++ % RECENT_CLAIMS] = request;
}

int step_confirmed(struct step *step)
{
	struct cs_replay *replay = step->replay;
	size_t n = replay->n_claims < RECENT_CLAIMS ? replay->n_claims : RECENT_CLAIMS;

	for (size_t i = 1; i <= n; i++)
		if (replay->claims[(replay->n_claims - i) % RECENT_CLAIMS] == step->event.request)
			return 0;
	return replay->after > 0 ? 0 : BAD(step, "request %llu was not released before",
		(unsigned long long)step->event.request);
}

/* --- Ran ---------------------------------------------------------------------------------------------------------- */

/* It permits nothing, and what runs may do so for days: only that there was such a request. */
int step_ran(struct step *step)
{
	struct cs_replay *replay = step->replay;

	if (step->event.request > 0 && (replay->after > 0 || step->event.request <= replay->last_request))
		return 0;
	return BAD(step, "it is about request %llu, which nobody made", (unsigned long long)step->event.request);
}
