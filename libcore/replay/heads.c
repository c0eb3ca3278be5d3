/* SPDX-License-Identifier: Apache-2.0 */
/* Heads that are known from elsewhere: a log on another machine, the approvers' own files, what they signed. */
#include "replay_internal.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cs_replay_know(struct cs_replay *replay, uint64_t number, const uint8_t chain[CS_DIGEST_LEN], const char *from)
{
	struct head *head = NULL;

	if (cs_reserve((void **)&replay->heads, &replay->cap_heads, replay->n_heads, 1, sizeof(*head)) < 0)
		return CS_ENOMEM;
	head = &replay->heads[replay->n_heads++];
	head->number = number;
	memcpy(head->chain, chain, CS_DIGEST_LEN);
	(void)snprintf(head->from, sizeof(head->from), "%s", from);
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct head *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* What lies before the record cannot be compared with it. */
void heads_sort(struct cs_replay *replay)
{
	if (replay->n_heads > 1)
		qsort(replay->heads, replay->n_heads, sizeof(*replay->heads), by_number);
	while (replay->next_head < replay->n_heads && replay->heads[replay->next_head].number < replay->after)
		replay->next_head++;
	while (replay->next_head < replay->n_heads && replay->after > 0 && !replay->bad &&
		replay->heads[replay->next_head].number == replay->after)
		(void)heads_check(replay, replay->after, replay->after_chain);
}

int heads_check(struct cs_replay *replay, uint64_t number, const uint8_t chain[CS_DIGEST_LEN])
{
	memcpy(replay->chains[number % RECENT_CHAINS], chain, CS_DIGEST_LEN);
	while (replay->next_head < replay->n_heads && replay->heads[replay->next_head].number == number) {
		const struct head *head = &replay->heads[replay->next_head++];

		if (memcmp(head->chain, chain, CS_DIGEST_LEN) != 0)
			return replay_bad(replay, number, "is not the one that was known from %s: the record up to here "
				"was written anew", head->from);
	}
	return 0;
}

int heads_end(struct cs_replay *replay)
{
	const struct head *head = NULL;

	if (replay->bad)
		return CS_ECORRUPT;
	if (replay->next_head >= replay->n_heads)
		return 0;
	head = &replay->heads[replay->next_head];
	return replay_bad(replay, replay->verifier.number + 1, "is missing: the record ends with event %llu, but event "
		"%llu is known from %s", (unsigned long long)replay->verifier.number, (unsigned long long)head->number,
		head->from);
}

/* A voter signed what he last saw of the record: it has to be this record. What lies too far behind is no longer here. */
int step_head(struct step *step, const struct cs_approval *approval)
{
	const struct cs_replay *replay = step->replay;
	uint64_t number = approval->head_number;

	if (number == 0)
		return 0;
	if (number >= step->event.number)
		return BAD(step, "its voter had seen event %llu, which came later", (unsigned long long)number);
	if (replay->extract || number <= replay->after || step->event.number - number >= RECENT_CHAINS)
		return 0;
	if (memcmp(replay->chains[number % RECENT_CHAINS], approval->head_chain, CS_DIGEST_LEN) != 0)
		return BAD(step, "its voter had seen another event %llu: the record was written anew",
			(unsigned long long)number);
	return 0;
}
