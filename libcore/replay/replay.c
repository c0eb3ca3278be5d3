/* SPDX-License-Identifier: Apache-2.0 */
/* Record after record: the chain, then what the event says. */
#include "replay_internal.h"
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int replay_bad(struct cs_replay *replay, uint64_t number, const char *format, ...)
{
	va_list args;

	if (replay->bad)
		return CS_ECORRUPT;
	va_start(args, format);
	(void)vsnprintf(replay->why, sizeof(replay->why), format, args);
	va_end(args);
	replay->bad = number;
	return CS_ECORRUPT;
}

int step_body(struct step *step, const struct cs_shape *shape, void *ret_body)
{
	int r = cs_decode_all(shape, step->event.body, step->event.n_body, ret_body);

	return r == 0 || r == CS_ENOMEM ? r : BAD(step, "its body is none of a %s event",
		cs_name_of(cs_event_names, (int)step->event.kind));
}

int cs_replay_new(cs_replay_text_fn text_of, void *arg, struct cs_replay **ret_replay)
{
	struct cs_replay *replay = calloc(1, sizeof(*replay));

	if (replay)
		replay->chains = calloc(RECENT_CHAINS, sizeof(*replay->chains));
	if (!replay || !replay->chains) {
		free(replay);
		return CS_ENOMEM;
	}
	cs_verifier_init(&replay->verifier);
	replay->text_of = text_of;
	replay->arg = arg;
	*ret_replay = replay;
	return 0;
}

void cs_replay_free(struct cs_replay **replay)
{
	struct cs_replay *gone = *replay;

	if (!gone)
		return;
	for (size_t i = 0; i < gone->n_asked; i++)
		asked_free(&gone->asked[i]);
	free(gone->asked);
	free(gone->heads);
	free(gone->chains);
	free(gone->rosters);
	cs_policy_free(&gone->policy);
	free(gone);
	*replay = NULL;
}

void cs_replay_after(struct cs_replay *replay, uint64_t number, const uint8_t chain[CS_DIGEST_LEN], bool part)
{
	replay->archived = part;
	replay->after = replay->verifier.number = number;
	memcpy(replay->verifier.chain, chain, CS_DIGEST_LEN);
	memcpy(replay->after_chain, chain, CS_DIGEST_LEN);
}

void cs_replay_extract(struct cs_replay *replay)
{
	replay->extract = true;
}

/* --- One event ---------------------------------------------------------------------------------------------------- */

/* What says nothing of requests, or only that nothing was permitted. */
static int step_plain(struct step *step)
{
	(void)step;
	return 0;
}

/* A part of the record was moved out: what is read here begins behind one of these, or goes through it. */
static int step_archived(struct step *step)
{
	struct cs_replay *replay = step->replay;
	struct cs_segment segment = { 0 };
	int r = step_body(step, &cs_segment_shape, &segment);

	if (r == 0 && segment.last == replay->after && replay->after > 0) {
		replay->archived = true;
		if (memcmp(segment.chain, replay->after_chain, CS_DIGEST_LEN) != 0)
			r = BAD(step, "it says that event %llu was moved out with another chain value than the one that "
				      "this record goes on from", (unsigned long long)segment.last);
	}
	if (r == 0 && segment.last >= step->event.number)
		r = BAD(step, "it says that events were moved out which come after it");
	cs_clear(&cs_segment_shape, &segment);
	return r;
}

static const struct {
	enum cs_event_kind kind;
	int (*step)(struct step *step);
	bool permits; /* such an event may have the verdict permit */
} steps[] = {
	{ CS_EVENT_START, step_start, false },
	{ CS_EVENT_POLICY, step_generation, true },
	{ CS_EVENT_PERMITTED, step_permitted, true },
	{ CS_EVENT_DENIED, step_plain, false },
	{ CS_EVENT_REQUESTED, step_requested, false },
	{ CS_EVENT_VOTED, step_voted, false },
	{ CS_EVENT_VOTE_REFUSED, step_plain, false },
	{ CS_EVENT_APPROVED, step_approved, true },
	{ CS_EVENT_REJECTED, step_closed, false },
	{ CS_EVENT_CANCELLED, step_closed, false },
	{ CS_EVENT_EXPIRED, step_closed, false },
	{ CS_EVENT_CLAIMED, step_claimed, true },
	{ CS_EVENT_CONFIRMED, step_confirmed, true },
	{ CS_EVENT_PARKED, step_plain, false },
	{ CS_EVENT_UNCONFIRMED, step_confirmed, true },
	{ CS_EVENT_REOPENED, step_reopened, false },
	{ CS_EVENT_BREAK_GLASS, step_break_glass, true },
	{ CS_EVENT_DRILL, step_plain, true }, /* it opens nothing */
	{ CS_EVENT_ARCHIVED, step_archived, false },
	{ CS_EVENT_UNTOLD, step_told, false },
	{ CS_EVENT_TOLD, step_told, false },
	{ CS_EVENT_ENDED, step_ran, false },
	{ CS_EVENT_CLOSED, step_ran, false },
	{ CS_EVENT_WATCHED, step_ran, false },
};

static int step_kind(struct step *step)
{
	for (size_t i = 0; i < CS_COUNT(steps); i++) {
		if (steps[i].kind != step->event.kind)
			continue;
		if (step->event.verdict == CS_PERMIT && !steps[i].permits)
			return BAD(step, "it says permit, which a %s event never does",
				cs_name_of(cs_event_names, (int)step->event.kind));
		return steps[i].step(step);
	}
	return BAD(step, "it is of a kind that this program does not know");
}

/* The chain's own words, without the event's number, which is told beside them. */
static int chain_bad(struct cs_replay *replay)
{
	const char *why = replay->verifier.why;
	char prefix[40];
	size_t n = (size_t)snprintf(prefix, sizeof(prefix), "event %llu",
		(unsigned long long)replay->verifier.bad);

	if (strncmp(why, prefix, n) == 0)
		why += n + (why[n] == ':') + (why[n] == ':' || why[n] == ' ');
	return replay_bad(replay, replay->verifier.bad, "%s", why);
}

/* Its place in the chain, and the event. */
static int read_chained(struct step *step, const struct cs_record *record)
{
	struct cs_replay *replay = step->replay;
	int r = 0;

	if (replay->sums.events == 0)
		heads_sort(replay);
	r = cs_verifier_read(&replay->verifier, record, &step->event);
	if (r == CS_ECORRUPT)
		return chain_bad(replay);
	return r == 0 ? heads_check(replay, record->number, record->chain) : r;
}

/* Out of the chain its number is all there is of its place. */
static int read_extract(struct step *step, const struct cs_record *record)
{
	struct cs_replay *replay = step->replay;
	int r = cs_decode_all(&cs_event_shape, record->bytes, record->n_bytes, &step->event);

	if (r < 0 && r != CS_ENOMEM)
		return replay_bad(replay, record->number, "is not a record");
	if (r < 0)
		return r;
	if (step->event.number != record->number || record->number <= replay->verifier.number)
		return replay_bad(replay, record->number, "it does not come after event %llu",
			(unsigned long long)replay->verifier.number);
	replay->verifier.number = record->number;
	memcpy(replay->verifier.chain, record->chain, CS_DIGEST_LEN);
	return 0;
}

int cs_replay_next(struct cs_replay *replay, const struct cs_record *record)
{
	struct step step = { .replay = replay };
	int r = replay->bad ? CS_ECORRUPT : 0;

	if (r == 0)
		r = replay->extract ? read_extract(&step, record) : read_chained(&step, record);
	if (r == 0)
		r = step_policy(&step);
	if (r == 0)
		r = step_kind(&step);
	cs_clear(&cs_event_shape, &step.event);
	if (r == 0)
		replay->sums.events++;
	return r;
}

/* --- The end ------------------------------------------------------------------------------------------------------ */

int cs_replay_end(struct cs_replay *replay, uint64_t last)
{
	unsigned long long number = replay->verifier.number;

	if (replay->bad)
		return CS_ECORRUPT;
	if (replay->sums.events == 0)
		heads_sort(replay);
	if (replay->verifier.number < last)
		return replay_bad(replay, number + 1, "is missing: the record ends with event %llu, and its source says "
			"that event %llu is the last", number, (unsigned long long)last);
	if (replay->after > 0 && !replay->archived)
		return replay_bad(replay, replay->after, "is missing, with all before it: no event says that it was "
			"moved out into a segment");
	return heads_end(replay);
}

void cs_replay_sum(const struct cs_replay *replay, struct cs_replay_sums *ret_sums)
{
	*ret_sums = replay->sums;
	ret_sums->open = replay->n_asked;
	for (size_t i = 0; i < replay->n_asked; i++)
		ret_sums->debts += replay->asked[i]->debt;
	ret_sums->head_number = replay->verifier.number;
	memcpy(ret_sums->head_chain, replay->verifier.chain, CS_DIGEST_LEN);
}

const char *cs_replay_why(const struct cs_replay *replay)
{
	return replay->why;
}

uint64_t cs_replay_bad(const struct cs_replay *replay)
{
	return replay->bad;
}
