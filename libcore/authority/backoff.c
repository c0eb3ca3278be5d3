/* SPDX-License-Identifier: Apache-2.0 */
/* Who was refused again and again waits longer and longer before he may ask again, so that nobody wears approvers down
 * (A094). */
#include "internal.h"
#include <string.h>

#define SPAN_MS (UINT64_C(60) * 60 * 1000) /* what is longer ago does not count; and the longest wait */
#define FIRST_MS (UINT64_C(60) * 1000)

static const struct refusals *find(const struct cs_authority *a, uint32_t uid)
{
	for (size_t i = 0; i < BACK_OFF_UIDS; i++)
		if (a->refusals[i].n > 0 && a->refusals[i].uid == uid)
			return &a->refusals[i];
	return NULL;
}

static uint64_t last_of(const struct refusals *of)
{
	return of->n > 0 ? of->at_ms[of->n - 1] : 0;
}

/* The uid's own place, or an empty one, or that of whoever was refused longest ago. */
static struct refusals *place_of(struct cs_authority *a, uint32_t uid)
{
	struct refusals *best = &a->refusals[0];

	for (size_t i = 0; i < BACK_OFF_UIDS; i++) {
		if (a->refusals[i].n > 0 && a->refusals[i].uid == uid)
			return &a->refusals[i];
		if (last_of(&a->refusals[i]) < last_of(best))
			best = &a->refusals[i];
	}
	*best = (struct refusals){ .uid = uid };
	return best;
}

void backoff_note(struct cs_authority *a, uint32_t uid, const struct cs_now *now)
{
	struct refusals *of = place_of(a, uid);

	if (of->n == BACK_OFF_KEPT) {
		memmove(of->at_ms, of->at_ms + 1, (BACK_OFF_KEPT - 1) * sizeof(of->at_ms[0]));
		of->n--;
	}
	of->at_ms[of->n++] = now->boot_ms;
}

uint64_t backoff_left(const struct cs_authority *a, uint32_t uid, const struct cs_now *now)
{
	const struct refusals *of = find(a, uid);
	unsigned lately = 0;
	uint64_t wait = FIRST_MS, gone = 0;

	for (size_t i = 0; of && i < of->n; i++)
		lately += now->boot_ms - of->at_ms[i] < SPAN_MS;
	if (lately < BACK_OFF_FREE)
		return 0;
	for (unsigned i = BACK_OFF_FREE; i < lately && wait < SPAN_MS; i++)
		wait *= 2;
	wait = wait < SPAN_MS ? wait : SPAN_MS;
	gone = now->boot_ms - last_of(of);
	return gone < wait ? wait - gone : 0;
}
