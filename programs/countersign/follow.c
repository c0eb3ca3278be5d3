/* SPDX-License-Identifier: Apache-2.0 */
/* Asking again and again. */
#include "follow.h"
#include "clock.h"
#include "mem.h"

#include <stdio.h>
#include <time.h>

enum { PAUSE_FIRST_MS = 100, PAUSE_MAX_MS = 30000, WATCH_MAX_MS = 10000, CALM_MS = 200 };

/* What passes by itself; everything else is the last word. */
static bool passes(int error)
{
	return error == CS_EUNAVAIL || error == CS_ETIMEDOUT || error == CS_EPROTO || error == CS_EBUSY ||
	       error == CS_EDOUBT || error == CS_EIO;
}

/* How long there is still, at most ms. */
static uint32_t left(const struct cs_follow *follow, uint32_t ms)
{
	uint64_t now = cs_boot_ms();

	if (follow->until_ms == 0)
		return ms;
	if (now >= follow->until_ms)
		return 0;
	return follow->until_ms - now < ms ? (uint32_t)(follow->until_ms - now) : ms;
}

static void sleep_ms(uint32_t ms)
{
	const struct timespec span = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&span, NULL);
}

static void pause_once(struct cs_follow *follow, int error, const char *text)
{
	if (!follow->told)
		(void)cs_fail(0, cs_text_or(text, cs_strerror(error)), "", "it is asked again until it answers; Ctrl-C ends "
									   "this");
	follow->told = true;
	follow->seen = 0; /* a daemon that begins again counts from the beginning */
	follow->pause_ms = follow->pause_ms == 0 ? PAUSE_FIRST_MS : 2 * follow->pause_ms;
	if (follow->pause_ms > PAUSE_MAX_MS)
		follow->pause_ms = PAUSE_MAX_MS;
	sleep_ms(left(follow, follow->pause_ms));
}

static void it_answers(struct cs_follow *follow)
{
	if (follow->told)
		fputs("countersign: countersignd answers again\n", stderr);
	follow->told = false;
	follow->begun = true;
	follow->pause_ms = 0;
}

int cs_follow_ask(struct cs_follow *follow, enum cs_call_type type, const void *call, const char *where, void *ret_reply)
{
	for (;;) {
		char *text = NULL;
		int r = cs_ask_quietly(follow->run, type, call, ret_reply, &text);
		int status = 0;

		if (r == 0) {
			it_answers(follow);
			return 0;
		}
		if (!follow->begun || !passes(r))
			status = cs_fail_call(r, text, where);
		else if (follow->until_ms != 0 && left(follow, 1) == 0)
			status = CS_EXIT_PENDING;
		else
			pause_once(follow, r, text);
		cs_free_str(&text);
		if (status != 0)
			return status;
	}
}

int cs_follow_next(struct cs_follow *follow, uint32_t wait_ms)
{
	struct cs_watch call = { .seen = follow->seen };
	struct cs_watch_answer answer = { 0 };
	int status = 0;

	if (follow->until_ms != 0 && left(follow, 1) == 0)
		return CS_EXIT_PENDING;
	call.wait_ms = left(follow, wait_ms < WATCH_MAX_MS ? wait_ms : WATCH_MAX_MS);
	status = cs_follow_ask(follow, CS_CALL_WATCH, &call, "", &answer);
	if (status != 0)
		return status;
	/* A busy host changes all the time: what changes together is looked at together. */
	if (follow->seen != 0 && answer.change != follow->seen)
		sleep_ms(left(follow, CALM_MS));
	follow->seen = answer.change;
	return 0;
}
