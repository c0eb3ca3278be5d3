/* SPDX-License-Identifier: Apache-2.0 */
/* Identical calls share one request: whoever asks for the same again takes up what is open, whether somebody waits for
 * it or it is parked. */
#include "internal.h"
#include "mem.h"
#include <string.h>

enum { JOIN_NOT, JOIN_PENDING, JOIN_COOLING, JOIN_APPROVED };

/* One who logged in as somebody else is not the one who asked, whatever his uid is by now: his approvers would be looked
 * at as if he were (A104). */
static int same_login(const struct cs_subject *asked, const struct cs_subject *asks)
{
	return asks->login_uid == CS_NO_UID || asks->login_uid == asks->uid || asks->login_uid == asked->login_uid;
}

/* What is asked for ahead finds what was asked for the same start. What is to run now does not wait for people who are
 * asked about tomorrow; but what they approved already it knows. */
static int same_start(const struct task *task, const struct cs_stored *stored)
{
	const struct cs_submit *submit = task->call;

	if (submit->ahead)
		return stored->request.start_wall_ms == submit->start_wall_ms;
	return stored->state == CS_APPROVED || stored->request.start_wall_ms <= task->now.wall_ms;
}

/* How good it is to find this request, which is loaded: best one that may be used. One of another gate or scope, by
 * which other people were asked, is none. */
static int rank(const struct task *task)
{
	const struct cs_submit *submit = task->call;
	const struct cs_stored *stored = &task->stored;

	if (stored_overdue(stored, &task->now, NULL) ||
		strcmp(stored->request.gate, cs_gate_name(task->match.gate)) != 0 ||
		strcmp(stored->request.scope, task->match.scope) != 0 ||
		!same_login(&stored->request.subject, &submit->subject) || !same_start(task, stored))
		return JOIN_NOT;
	if (stored->state != CS_APPROVED)
		return JOIN_PENDING;
	return stored_cooling(task->authority, stored, &task->now, NULL) ? JOIN_COOLING : JOIN_APPROVED;
}

int join_find(struct task *task)
{
	uint64_t numbers[64], found = 0;
	int n = cs_store_find_open(task->authority->store, task->key, numbers, CS_COUNT(numbers));
	int best = JOIN_NOT, r = n < 0 ? n : 0;

	for (int i = 0; r == 0 && i < n && best != JOIN_APPROVED; i++) {
		r = task_load(task, numbers[i]);
		if (r == 0 && rank(task) > best) {
			best = rank(task);
			found = numbers[i];
		}
	}
	if (r < 0)
		return r;
	if (best == JOIN_NOT) {
		task_unload(task); /* the votes of one that is over must not count for a new one */
		return 0;
	}
	r = task->stored.number == found ? 0 : task_load(task, found);
	return r < 0 ? r : 1;
}

int join_still(struct task *task)
{
	uint64_t number = task->stored.number, version = task->stored.version;
	enum cs_state was = task->stored.state;

	if (number == 0)
		return 0;
	if (task_load(task, number) < 0 || task->stored.state != was || task->stored.version != version ||
		stored_overdue(&task->stored, &task->now, NULL))
		return CS_ECONFLICT;
	return 1;
}
