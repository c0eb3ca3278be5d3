/* SPDX-License-Identifier: Apache-2.0 */
/* What lives only in memory: which connection waits for which request, and which process was released just now. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

struct live *live_find(struct cs_authority *a, const uint8_t id[CS_ID_LEN], const uint8_t secret[CS_ID_LEN])
{
	for (struct live *live = a->live; live; live = live->next)
		if (memcmp(live->id, id, CS_ID_LEN) == 0 && cs_equal_secret(live->secret, secret, CS_ID_LEN) == 1)
			return live;
	return NULL;
}

struct live *live_of(struct cs_authority *a, uint64_t number, const struct live *after)
{
	for (struct live *live = after ? after->next : a->live; live; live = live->next)
		if (live->number == number)
			return live;
	return NULL;
}

uint32_t live_count(struct cs_authority *a, uint64_t number)
{
	uint32_t n = 0;

	for (struct live *live = live_of(a, number, NULL); live; live = live_of(a, number, live))
		n++;
	return n;
}

/* For display while waiting; a copy that fails only shows less. */
static void set_needs(struct live *live, const struct cs_need *needs, size_t n_needs, uint64_t now_ms)
{
	cs_needs_free(&live->needs, &live->n_needs);
	live->needs_ms = now_ms;
	live->needs = calloc(n_needs ? n_needs : 1, sizeof(*live->needs));
	for (size_t i = 0; live->needs && i < n_needs; i++) {
		if (cs_copy(&cs_need_shape, &needs[i], &live->needs[i]) < 0)
			return;
		live->n_needs++;
	}
}

void live_set_needs(struct cs_authority *a, uint64_t number, const struct cs_need *needs, size_t n_needs, uint64_t now_ms)
{
	for (struct live *live = live_of(a, number, NULL); live; live = live_of(a, number, live))
		set_needs(live, needs, n_needs, now_ms);
}

int live_add(struct task *task, uint64_t *ret_hold_ms, struct cs_decision *decision)
{
	struct cs_authority *a = task->authority;
	struct live *live = calloc(1, sizeof(*live));

	if (!live)
		return CS_ENOMEM;
	if (cs_random(live->secret, sizeof(live->secret)) < 0) {
		free(live);
		return CS_EIO;
	}
	memcpy(live->id, task->stored.request.id, CS_ID_LEN);
	memcpy(decision->secret, live->secret, CS_ID_LEN);
	live->connection = task->caller.connection;
	live->number = task->stored.number;
	live->since_ms = task->now.boot_ms;
	live->turn = a->turn;
	live->asked = task->made;
	live->nested = task->nested;
	live->next = a->live;
	a->live = live;
	decision->waiting = live_count(a, live->number); /* this one too, now */
	set_needs(live, decision->needs, decision->n_needs, task->now.boot_ms);
	*ret_hold_ms = a->options.hold_ms;
	return 0;
}

void live_drop(struct cs_authority *a, struct live *live)
{
	for (struct live **at = &a->live; *at; at = &(*at)->next) {
		if (*at != live)
			continue;
		*at = live->next;
		cs_needs_free(&live->needs, &live->n_needs);
		explicit_bzero(live, sizeof(*live));
		free(live);
		return;
	}
}

int live_park(struct cs_authority *a, struct live *live, const struct cs_stored *stored)
{
	const char *text = live_count(a, live->number) > 1 ? "one session stopped waiting; another waits still" : NULL;
	int r = record_begin(a);

	if (r == 0) {
		r = record_request(a, stored, CS_EVENT_PARKED, CS_HOLD, CS_WHY_PARKED, &stored->request.requester, text,
			NULL);
		if (r < 0)
			record_undo(a);
	}
	live_drop(a, live);
	return r;
}

int release_add(struct task *task, const struct cs_action *action, uint32_t uid, uint64_t number)
{
	struct cs_authority *a = task->authority;
	struct release *release = NULL;

	if (!cs_action_runs(action) || !task->caller.module || task->nested)
		return 0; /* a login goes on in the session phase itself, a program by itself, a command inside another in
		           * that one's session: nothing confirms it later */
	release = calloc(1, sizeof(*release));
	if (!release)
		return CS_ENOMEM;
	release->connection = task->caller.connection;
	release->uid = uid;
	release->target_uid = action->target_uid;
	release->number = number;
	release->at_ms = task->now.boot_ms;
	release->turn = a->turn;
	release->next = a->releases;
	a->releases = release;
	return 0;
}
