/* SPDX-License-Identifier: Apache-2.0 */
/* What time and lost connections bring. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

#define UNCONFIRMED_MS 2000 /* A007: a release that no session confirmed by then is an alarm */
#define UNOPPOSED_MS 5000   /* so often it is looked whether nobody objected */

void cs_authority_gone(struct cs_authority *a, const struct cs_caller *caller)
{
	struct live *next = NULL;

	for (struct live *live = a->live; live; live = next) {
		struct cs_stored stored = { 0 };

		next = live->next;
		if (live->connection != caller->connection)
			continue;
		if (cs_store_get(a->store, live->number, &stored) == 0 &&
			(stored.state == CS_PENDING || stored.state == CS_APPROVED))
			(void)live_park(a, live, &stored);
		else
			live_drop(a, live);
		cs_clear(&cs_stored_shape, &stored);
	}
	for (struct release *release = a->releases; release; release = release->next)
		if (release->connection == caller->connection)
			release->connection = 0;
	session_gone(a, caller->connection);
	stream_gone(a, caller->connection);
	watchers_gone(a, caller->connection);
}

/* --- Over ---------------------------------------------------------------------------------------------------------- */

/* Nobody ever voted: the version counts votes, those that were taken back too. */
static bool unanswered(const struct cs_stored *stored)
{
	return stored->state == CS_PENDING && stored->version == 1;
}

static int record_expiry(struct cs_authority *a, struct cs_stored *stored, const struct cs_now *now)
{
	bool silent = unanswered(stored), approved = stored->state == CS_APPROVED;
	enum cs_state to = cs_state_after(stored->state, silent ? CS_STEP_LAPSE : CS_STEP_EXPIRE);
	int r = to == CS_STATE_NONE ? CS_ECONFLICT : cs_store_change(a->store, stored->number, stored->state, to, now);

	if (r != 1)
		return r;
	stored->state = to;
	return record_request(a, stored, CS_EVENT_EXPIRED, CS_DENY, cs_state_reason(to), NULL,
		silent	   ? "nobody answered in time"
		: !approved	   ? "not enough people answered in time"
		: stored->used > 0 ? "the time in which it could be used is over"
				   : "approved but not used in time", NULL);
}

static int expire(struct cs_authority *a, uint64_t number, const struct cs_now *now)
{
	struct cs_stored stored = { 0 };
	int r = cs_store_get(a->store, number, &stored);

	if (r == 0 && stored_overdue(&stored, now, NULL)) {
		r = record_begin(a);
		if (r == 0) {
			r = record_expiry(a, &stored, now);
			if (r < 0)
				record_undo(a);
		}
	}
	cs_clear(&cs_stored_shape, &stored);
	return r < 0 ? r : 0;
}

/* --- Nobody objected ------------------------------------------------------------------------------------------------ */

static void unopposed_resume(struct task *task, const struct cs_answer *answer)
{
	const struct cs_gate *gate = request_gate(task->authority, &task->stored.request);
	uint64_t version = task->stored.version;
	int r = task_load(task, task->stored.number);

	/* What was voted meanwhile, or is not to be told for sure, is looked at again later. */
	if (r == 0 && gate && task->stored.state == CS_PENDING && task->stored.version == version &&
		!stored_overdue(&task->stored, &task->now, NULL) &&
		!facts_stale(task, answer->facts, answer->n_facts, cs_gate_fresh_ms(gate), "the gate", &task->told))
		(void)count_again(task, gate, answer);
	task_decide(task, CS_DENY, CS_WHY_NONE, NULL);
}

static void unopposed_start(struct task *task)
{
	const struct cs_show *call = task->call;
	int r = task_load(task, call->number);
	const struct cs_request *request = &task->stored.request;
	const struct cs_gate *gate = r == 0 ? request_gate(task->authority, request) : NULL;

	r = gate ? 0 : CS_ENOENT;
	if (r == 0)
		r = task_ask_subject(task, request->subject.uid, request->subject.name);
	if (r == 0)
		r = task_ask_voters(task);
	if (r == 0)
		r = task_ask_groups(task);
	if (r == 0)
		r = task_ask_listings(task, gate, request->scope);
	if (r == 0)
		r = task_ask_match(task, &request->action);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		task_ask(task, cs_policy_service_fresh_ms(task->authority->policy, request->action.service),
			unopposed_resume);
}

static void unopposed_done(void *arg, int error, const char *text, const void *reply)
{
	(void)arg;
	(void)error;
	(void)text;
	(void)reply;
}

/* Asks the directory about each request that goes ahead unless somebody objected in time: about the requester and
 * whoever could have. */
static void look_for_unopposed(struct cs_authority *a, const struct cs_now *now)
{
	static const struct handler handler = { CS_CALL_NONE, &cs_show_shape, &cs_decision_shape, unopposed_start };
	const struct cs_caller nobody = { .uid = CS_NO_UID, .login_uid = CS_NO_UID };
	uint64_t numbers[256];
	int n = 0;

	if (now->boot_ms < a->unopposed_ms)
		return;
	n = cs_store_unopposed(a->store, now, a->unopposed_after, numbers, CS_COUNT(numbers));
	a->unopposed_after = n == (int)CS_COUNT(numbers) ? numbers[n - 1] : 0;
	for (int i = 0; i < n; i++) {
		const struct cs_show call = { .number = numbers[i] };

		task_begin(a, &nobody, &handler, &call, NULL, unopposed_done, NULL);
	}
	if (n != 0)
		a->unopposed_ms = now->boot_ms + UNOPPOSED_MS;
}

/* --- Releases -------------------------------------------------------------------------------------------------------- */

/* An alarm that could not be recorded is tried again at the next tick. */
static void alarm_unconfirmed(struct cs_authority *a, struct release *release)
{
	struct cs_stored stored = { 0 };
	int r = cs_store_get(a->store, release->number, &stored);

	if (r == 0)
		r = record_begin(a);
	if (r == 0) {
		r = record_request(a, &stored, CS_EVENT_UNCONFIRMED, CS_PERMIT, CS_WHY_UNCONFIRMED,
			&stored.request.requester,
			"released, but no PAM session line asked countersignd about it", NULL);
		if (r < 0)
			record_undo(a);
	}
	if (r == 0)
		release->alarm_turn = a->turn;
	cs_clear(&cs_stored_shape, &stored);
}

static void drop_old_releases(struct cs_authority *a, const struct cs_now *now)
{
	struct release **at = &a->releases;

	while (*at) {
		struct release *release = *at;
		uint64_t age = 0;

		/* sudo waits, before it opens the session, for somebody to look on: for watch_grace at most */
		if (release->number && screens_wait(a, release->number))
			release->at_ms = now->boot_ms;
		age = now->boot_ms - release->at_ms;
		if (release->number && !release->alarm_turn && age > UNCONFIRMED_MS)
			alarm_unconfirmed(a, release);
		if (age > a->options.confirm_ms) {
			*at = release->next;
			free(release);
		} else {
			at = &release->next;
		}
	}
}

uint64_t cs_authority_tick(struct cs_authority *a)
{
	uint64_t overdue[64];
	struct cs_now now;
	int n = 0, failed = 0;

	if (a->options.now(&now) < 0)
		return 1000;
	n = cs_store_overdue(a->store, &now, a->overdue_after, overdue, CS_COUNT(overdue));
	/* What stays open all the same, because it is a debt or its bytes are damaged, must not keep the others alive. */
	a->overdue_after = n == (int)CS_COUNT(overdue) ? overdue[n - 1] : 0;
	for (int i = 0; i < n; i++)
		failed |= expire(a, overdue[i], &now) < 0;
	look_for_unopposed(a, &now);
	watchers_look(a, &now);
	sessions_look(a, &now);
	drop_old_releases(a, &now);
	return n == (int)CS_COUNT(overdue) && !failed ? 1 : 1000;
}
