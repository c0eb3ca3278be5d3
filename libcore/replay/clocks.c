/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks: what was decided is in time by the clock that the authority counted with then, CLOCK_BOOTTIME within a boot of the
 * host and the wall clock across boots (cs_deadline_passed). Each event says how both stood. The first only ever rises until
 * the host boots again, so an event that lies about it has to lie between those beside it. */
#include "replay_internal.h"

#include <stdio.h>
#include <string.h>

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static bool is_left(const struct cs_replay *replay, const char *boot)
{
	size_t n = least(replay->n_boots, RECENT_BOOTS);

	for (size_t i = 0; i < n; i++)
		if (strcmp(replay->boots[i], boot) == 0)
			return true;
	return false;
}

/* Another boot: the daemon was started in it, which has an event, and none comes twice. Of a receipt and at the beginning
 * neither is known. */
static int boots(struct step *step, const struct cs_now *now)
{
	struct cs_replay *replay = step->replay;

	if (is_left(replay, now->boot_id))
		return BAD(step, "the host had left the boot in which it was decided");
	if (*replay->clock.boot_id && !replay->started && !replay->extract)
		return BAD(step, "it was decided in another boot of the host, in which the daemon was not started");
	if (*replay->clock.boot_id)
		memcpy(replay->boots[replay->n_boots++ % RECENT_BOOTS], replay->clock.boot_id, sizeof(now->boot_id));
	return 0;
}

int step_clock(struct step *step, const struct cs_grounds *grounds, struct cs_now *ret_now)
{
	struct cs_replay *replay = step->replay;
	struct cs_now now = { .boot_ms = grounds->boot_ms, .wall_ms = grounds->wall_ms };
	size_t len = grounds->boot ? strlen(grounds->boot) : 0;
	int r = 0;

	if (len == 0 || len > CS_BOOT_ID_LEN)
		return BAD(step, "it does not say in which boot of the host it was decided");
	memcpy(now.boot_id, grounds->boot, len);
	if (strcmp(now.boot_id, replay->clock.boot_id) != 0)
		r = boots(step, &now);
	else if (now.boot_ms < replay->clock.boot_ms)
		r = BAD(step, "it was decided before what stands before it, by a clock that is never set");
	if (r < 0)
		return r;
	replay->started = false;
	replay->clock = now;
	if (ret_now)
		*ret_now = now;
	return 0;
}

static bool passed(const struct cs_now *since, uint64_t span_ms, const struct cs_now *now)
{
	return cs_deadline_passed(since->boot_id, since->boot_ms, since->wall_ms, span_ms, now, NULL);
}

/* --- Requests ----------------------------------------------------------------------------------------------------- */

static bool passed_since_made(const struct cs_request *request, uint64_t span_ms, const struct cs_now *now,
	uint64_t *ret_left_ms)
{
	return cs_deadline_passed(request->boot, request->created_boot_ms, request->created_wall_ms, span_ms, now, ret_left_ms);
}

int step_made(struct step *step, const struct cs_request *request, const struct cs_grounds *grounds)
{
	struct cs_now now;
	int r = step_clock(step, grounds, &now);

	if (r == 0 && (!request->boot || strcmp(request->boot, now.boot_id) != 0 || request->created_boot_ms != now.boot_ms ||
			      request->created_wall_ms != now.wall_ms))
		r = BAD(step, "request %llu says that it was made at another time", (unsigned long long)step->event.request);
	return r;
}

int step_elapsed(struct step *step, const struct asked *asked, const struct cs_grounds *grounds, struct cs_now *ret_now)
{
	uint64_t left_ms = 0, gone_ms = 0;
	struct cs_now now;
	int r = step_clock(step, grounds, &now);

	if (r < 0)
		return r;
	/* a clock that is not believed opens nothing */
	gone_ms = passed_since_made(&asked->request, UINT64_MAX, &now, &left_ms) ? 0 : UINT64_MAX - left_ms;
	if (grounds->elapsed_ms != gone_ms)
		return BAD(step, "it says that request %llu was made %llu ms before, and by the clock it was %llu ms",
			(unsigned long long)asked->number, (unsigned long long)grounds->elapsed_ms, (unsigned long long)gone_ms);
	if (ret_now)
		*ret_now = now;
	return 0;
}

bool is_overdue(const struct asked *asked, const struct cs_now *now)
{
	return !asked->debt && passed_since_made(&asked->request, asked->request.lifetime_ms, now, NULL);
}

int step_in_time(struct step *step, const struct asked *asked, const struct cs_gate *gate, const struct cs_now *now)
{
	const struct cs_request *request = &asked->request;
	const struct cs_now *since = &asked->approved;
	uint64_t within_ms = least(cs_gate_use_within_ms(gate), request->use_within_ms);
	uint64_t ahead_ms = request->start_wall_ms > since->wall_ms ? request->start_wall_ms - since->wall_ms : 0;
	uint64_t cooling_ms = most(cs_gate_use_after_ms(gate), ahead_ms);

	if (passed(since, cs_use_span_ms(since->wall_ms, request->start_wall_ms, within_ms), now))
		return BAD(step, "the time to use the approval was over");
	if (cooling_ms == 0 || passed(since, cooling_ms, now))
		return 0;
	return ahead_ms == cooling_ms ? BAD(step, "it was asked for a later time")
				      : BAD(step, "the waiting time of gate %s was not over", request->gate);
}
