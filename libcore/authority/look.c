/* SPDX-License-Identifier: Apache-2.0 */
/* Where a request stands: for replies, and for the module that waits for it. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* How long until it goes ahead if nobody objects; 0: not so, or it is over. */
static uint64_t objection_left(const struct cs_stored *stored, const struct cs_now *now)
{
	uint64_t span = stored->request.objection_ms, gone = stored_elapsed(stored, now);

	return stored->state == CS_PENDING && gone < span ? span - gone : 0;
}

static int copy_votes(const struct cs_approval *votes, size_t n_votes, struct cs_decision *d)
{
	int r = 0;

	d->votes = calloc(n_votes + 1, sizeof(*d->votes));
	if (!d->votes)
		return CS_ENOMEM;
	for (; r == 0 && d->n_votes < n_votes; d->n_votes += r == 0)
		r = cs_copy(&cs_approval_shape, &votes[d->n_votes], &d->votes[d->n_votes]);
	return r;
}

int decision_of(struct cs_authority *a, const struct cs_stored *stored, const struct cs_approval *votes, size_t n_votes,
	const struct cs_now *now, struct cs_decision *ret_decision)
{
	const struct cs_request *request = &stored->request;
	struct cs_decision d = { .number = stored->number, .state = stored->state, .version = stored->version,
		.uses = stored_uses(stored), .used = stored->used, .start_wall_ms = request->start_wall_ms,
		.objection_ms = objection_left(stored, now), .session_ms = stored_session_ms(a, stored),
		.watch = stored_watch(a, stored), .watch_grace_ms = stored_watch_grace_ms(a, stored) };
	int r = copy_votes(votes, n_votes, &d);

	memcpy(d.id, request->id, CS_ID_LEN);
	d.gate = cs_dup(request->gate);
	d.scope = cs_dup(request->scope);
	d.waiting = live_count(a, stored->number);
	if (stored->state == CS_PENDING)
		(void)stored_overdue(stored, now, &d.remaining_ms);
	else if (stored->state == CS_APPROVED)
		(void)stored_use_over(a, stored, now, &d.remaining_ms);
	if (!d.gate || !d.scope)
		r = CS_ENOMEM;
	if (r < 0) {
		cs_clear(&cs_decision_shape, &d);
		return r;
	}
	*ret_decision = d;
	return 0;
}

void decision_needs(struct cs_decision *decision, struct cs_decision *from)
{
	cs_needs_free(&decision->needs, &decision->n_needs);
	decision->needs = from->needs;
	decision->n_needs = from->n_needs;
	from->needs = NULL;
	from->n_needs = 0;
	decision->missing = decision->state == CS_PENDING ? cs_needs_missing(decision->needs, decision->n_needs) : 0;
}

int needs_frozen(const struct cs_authority *a, const struct cs_stored *stored, const struct cs_approval *votes,
	size_t n_votes, const struct cs_now *now, struct cs_need **ret_needs, size_t *ret_count)
{
	const struct cs_case what = { .policy = a->policy, .gate = request_gate(a, &stored->request),
		.scope = stored->request.scope, .elapsed_ms = stored_elapsed(stored, now), .votes = votes,
		.n_votes = n_votes };

	return what.gate ? cs_needs_frozen(&what, ret_needs, ret_count) : 0;
}

void votes_free(struct cs_approval **votes, size_t *n)
{
	for (size_t i = 0; *votes && i < *n; i++)
		cs_clear(&cs_approval_shape, &(*votes)[i]);
	free(*votes);
	*votes = NULL;
	*n = 0;
}

/* --- The waiting module ------------------------------------------------------------------------------------------- */

/* Rules open with time, though nothing else happens: who could fill them is as it was. */
static void open_with_time(const struct cs_need *now, size_t n, struct cs_decision *decision)
{
	for (size_t i = 0; n == decision->n_needs && i < n; i++) {
		decision->needs[i].open = now[i].open;
		decision->needs[i].opens_in_ms = now[i].opens_in_ms;
	}
}

static int look_needs(struct cs_authority *a, const struct live *live, const struct cs_stored *stored,
	const struct cs_now *now, struct cs_decision *decision)
{
	struct cs_need *needs = NULL;
	size_t n_needs = 0;
	int r = 0;

	decision->needs = calloc(live->n_needs + 1, sizeof(*decision->needs));
	if (!decision->needs)
		return CS_ENOMEM;
	for (; r == 0 && decision->n_needs < live->n_needs; decision->n_needs += r == 0)
		r = cs_copy(&cs_need_shape, &live->needs[decision->n_needs], &decision->needs[decision->n_needs]);
	if (r == 0 && stored->state == CS_PENDING)
		r = needs_frozen(a, stored, decision->votes, decision->n_votes, now, &needs, &n_needs);
	if (r == 0)
		open_with_time(needs, n_needs, decision);
	cs_needs_free(&needs, &n_needs);
	decision->missing = stored->state == CS_PENDING ? cs_needs_missing(decision->needs, decision->n_needs) : 0;
	return r;
}

static char *look_text(const struct cs_decision *decision, bool cools)
{
	if (cools)
		return cooling_text(decision->remaining_ms);
	return cs_dup(decision->reason == CS_WHY_USED ? USED_ELSEWHERE_TEXT : cs_reason_text(decision->reason));
}

static int look_fill(struct cs_authority *a, struct live *live, const struct cs_stored *stored,
	const struct cs_now *now, struct cs_decision *decision)
{
	uint64_t held = now->boot_ms > live->since_ms ? now->boot_ms - live->since_ms : 0;
	bool cools = !stored_overdue(stored, now, NULL) && stored_cooling(a, stored, now, &decision->remaining_ms);
	int r = look_needs(a, live, stored, now, decision);

	if (r < 0)
		return r;
	decision->hold_ms = held < a->options.hold_ms ? a->options.hold_ms - held : 0;
	decision->reason = cools ? CS_WHY_COOLING : cs_state_reason(stored->state);
	decision->verdict = stored->state == CS_PENDING || stored->state == CS_APPROVED ? CS_HOLD : CS_DENY;
	if ((stored->state == CS_PENDING || cools) && decision->hold_ms == 0) {
		decision->verdict = CS_DENY;
		decision->reason = CS_WHY_PARKED;
	}
	decision->text = look_text(decision, cools);
	return decision->text ? 0 : CS_ENOMEM;
}

int cs_authority_look(struct cs_authority *a, const struct cs_caller *caller, const struct cs_wait *wait,
	struct cs_decision *ret_decision)
{
	struct live *live = live_find(a, wait->id, wait->secret);
	struct cs_decision decision = { 0 };
	struct cs_stored stored = { 0 };
	struct cs_approval *votes = NULL;
	size_t n_votes = 0;
	struct cs_now now;
	int r = 0;

	if (!live || live->connection != caller->connection)
		return CS_EPERM;
	r = a->options.now(&now);
	if (r == 0)
		r = cs_store_get(a->store, live->number, &stored);
	if (r == 0)
		r = cs_store_votes(a->store, live->number, &votes, &n_votes);
	if (r == 0)
		r = decision_of(a, &stored, votes, n_votes, &now, &decision);
	if (r == 0)
		r = look_fill(a, live, &stored, &now, &decision);
	if (r == 0 && decision.reason == CS_WHY_PARKED)
		(void)live_park(a, live, &stored);
	votes_free(&votes, &n_votes);
	cs_clear(&cs_stored_shape, &stored);
	if (r < 0) {
		cs_clear(&cs_decision_shape, &decision);
		return r;
	}
	*ret_decision = decision;
	return 0;
}
