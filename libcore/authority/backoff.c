/* SPDX-License-Identifier: Apache-2.0 */
/* Who was refused again and again waits longer and longer before he may ask again, so that nobody wears approvers down
 * (A094). */
#include "internal.h"
#include <stdio.h>
#include <string.h>

#define SPAN_MS (UINT64_C(60) * 60 * 1000) /* what is longer ago does not count; and the longest wait */
#define FIRST_MS (UINT64_C(60) * 1000)

/* What all accounts of one human have in common, where that is known; else his id. No uid: a second account has another. */
static void name_of(const struct cs_person *person, char ret_who[CS_MAX_NAME + 2])
{
	bool human = person->human && *person->human;

	(void)snprintf(ret_who, CS_MAX_NAME + 2, "%c%s", human ? 'h' : 'i',
		human ? person->human : person->id ? person->id : "");
}

static const struct refusals *find(const struct cs_authority *a, const char *who)
{
	for (size_t i = 0; i < BACK_OFF_PEOPLE; i++)
		if (a->refusals[i].n > 0 && strcmp(a->refusals[i].who, who) == 0)
			return &a->refusals[i];
	return NULL;
}

static uint64_t last_of(const struct refusals *of)
{
	return of->n > 0 ? of->at_ms[of->n - 1] : 0;
}

/* His own place, or an empty one, or that of whoever was refused longest ago. */
static struct refusals *place_of(struct cs_authority *a, const char *who)
{
	struct refusals *best = &a->refusals[0];

	for (size_t i = 0; i < BACK_OFF_PEOPLE; i++) {
		if (a->refusals[i].n > 0 && strcmp(a->refusals[i].who, who) == 0)
			return &a->refusals[i];
		if (last_of(&a->refusals[i]) < last_of(best))
			best = &a->refusals[i];
	}
	*best = (struct refusals){ 0 };
	(void)snprintf(best->who, sizeof(best->who), "%s", who);
	return best;
}

void backoff_note(struct cs_authority *a, const struct cs_person *person, const struct cs_now *now)
{
	char who[CS_MAX_NAME + 2];
	struct refusals *of = NULL;

	name_of(person, who);
	of = place_of(a, who);
	if (of->n == BACK_OFF_KEPT) {
		memmove(of->at_ms, of->at_ms + 1, (BACK_OFF_KEPT - 1) * sizeof(of->at_ms[0]));
		of->n--;
	}
	of->at_ms[of->n++] = now->boot_ms;
}

uint64_t backoff_left(const struct cs_authority *a, const struct cs_person *person, const struct cs_now *now)
{
	char who[CS_MAX_NAME + 2];
	const struct refusals *of = NULL;
	unsigned lately = 0;
	uint64_t wait = FIRST_MS, gone = 0;

	name_of(person, who);
	of = find(a, who);
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
