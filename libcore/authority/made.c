/* SPDX-License-Identifier: Apache-2.0 */
/* A request is made: what it says is set here once, and never changes. */
#include "internal.h"
#include "mem.h"
#include <string.h>

/* What the gate says of its life. */
static void fill_terms(const struct task *task, struct cs_request *request)
{
	const struct cs_submit *submit = task->call;
	const struct cs_gate *gate = task->match.gate;
	uint64_t start = submit->ahead ? submit->start_wall_ms : 0;
	uint64_t until_start = start > task->now.wall_ms ? start - task->now.wall_ms : 0;

	request->lifetime_ms = cs_gate_lifetime_ms(gate) + until_start; /* ahead_refused has looked at it */
	request->use_within_ms = cs_gate_use_within_ms(gate);
	request->start_wall_ms = start;
	request->uses = cs_gate_uses(gate) ? cs_gate_uses(gate) : 1;
	request->session_ms = cs_gate_session_ms(gate);
	request->watch = cs_gate_watch(gate);
	request->objection_ms = cs_gate_objection_ms(gate);
	request->self_approval = cs_gate_takes_self_approval(gate);
}

static int fill(struct task *task, const struct cs_facts *facts, struct cs_request *request)
{
	struct cs_authority *a = task->authority;
	const struct cs_submit *submit = task->call;
	int r = 0;

	request->version = 3;
	r = cs_random(request->id, sizeof(request->id));
	if (r == 0)
		r = cs_copy(&cs_subject_shape, &submit->subject, &request->subject);
	if (r == 0)
		r = cs_copy(&cs_action_shape, &submit->action, &request->action);
	if (r == 0)
		r = cs_copy(&cs_person_shape, &facts->person, &request->requester);
	if (r < 0)
		return r;
	request->boot = cs_dup(task->now.boot_id);
	request->gate = cs_dup(cs_gate_name(task->match.gate));
	request->scope = cs_dup(task->match.scope);
	request->reason = cs_dup(submit->reason);
	request->assurance = cs_dup(cs_gate_needs_signature(task->match.gate) ? "signature" : "local-uid");
	memcpy(request->policy_digest, a->policy_digest, CS_DIGEST_LEN);
	request->created_wall_ms = task->now.wall_ms;
	request->created_boot_ms = task->now.boot_ms;
	fill_terms(task, request);
	return request->boot && request->gate && request->scope && request->reason && request->assurance ? 0
		: CS_ENOMEM;
}

int request_digest(struct cs_stored *stored)
{
	struct cs_buf bytes;
	int r = 0;

	cs_buf_init(&bytes, CS_MAX_EVENT);
	r = cs_request_encode(&stored->request, &bytes);
	if (r == 0)
		r = cs_digest(CS_DOMAIN_REQUEST, bytes.data, bytes.len, stored->digest);
	cs_buf_clear(&bytes);
	return r;
}

/* Approvers have to be able to look at it, with their votes. */
static int check_size(struct task *task)
{
	int fits = request_fits(task, FIRST_VOTES_BYTES);

	return fits == 0 ? CS_ETOOBIG : fits < 0 ? fits : 0;
}

static int record(struct task *task, const struct cs_grounds *grounds, const struct cs_decision *decision)
{
	struct cs_stored *stored = &task->stored;
	struct cs_requested_body body = { .request = stored->request, .grounds = *grounds }; /* a view */
	struct telling telling = { .kind = CS_EVENT_REQUESTED, .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL,
		.actor = &stored->request.requester, .text = stored->request.reason, .shape = &cs_requested_body_shape,
		.body = &body, .needs = decision->needs, .n_needs = decision->n_needs };

	return record_told(task->authority, stored, &telling);
}

static int store(struct task *task, const struct cs_decision *decision)
{
	const struct cs_grounds none = grounds_at(&task->now);
	int r = record_begin(task->authority);

	if (r < 0)
		return r;
	r = cs_store_add(task->authority->store, &task->stored);
	if (r == 0)
		r = record(task, &task->grounds, decision);
	if (r == CS_ETOOBIG) /* asking permits nothing: where both do not fit, the request is what has to be kept */
		r = record(task, &none, decision);
	if (r < 0)
		record_undo(task->authority);
	return r;
}

int request_make(struct task *task, const struct cs_facts *facts, const struct cs_decision *decision)
{
	struct cs_stored *stored = &task->stored;
	int r = fill(task, facts, &stored->request);

	if (r == 0)
		r = request_digest(stored);
	if (r == 0)
		r = concern_keys(stored);
	if (r < 0)
		return r;
	memcpy(stored->action_key, task->key, CS_DIGEST_LEN);
	stored->state = CS_PENDING;
	stored->since_boot_ms = task->now.boot_ms;
	stored->since_wall_ms = task->now.wall_ms;
	stored->since_boot = cs_dup(task->now.boot_id);
	r = stored->since_boot ? check_size(task) : CS_ENOMEM;
	return r == 0 ? store(task, decision) : r;
}
