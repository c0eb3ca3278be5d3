/* SPDX-License-Identifier: Apache-2.0 */
/* Lines for the person who is held. */
#include "say.h"
#include "clock.h"
#include "mem.h"
#include "text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WHO_SHOWN 8u
#define SAY_MAX (4u * 1024u * 1024u)

static void put(struct cs_buf *out, const char *text)
{
	cs_buf_put(out, text, strlen(text));
}

static void put_outside(struct cs_buf *out, const char *text)
{
	cs_escape(out, text != NULL ? text : "");
}

static void put_number(struct cs_buf *out, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	put(out, text);
}

static void put_span(struct cs_buf *out, uint64_t ms)
{
	char text[16];

	cs_span_text(ms, text);
	put(out, text);
}

static char *finish(struct cs_buf *out)
{
	char *text = NULL;

	cs_buf_put_u8(out, 0);
	if (cs_buf_error(out) == 0)
		text = cs_dup((const char *)out->data);
	cs_buf_clear(out);
	return text;
}

static void put_names(struct cs_buf *out, char *const *names, size_t n)
{
	for (size_t i = 0; i < n && i < WHO_SHOWN; i++) {
		put(out, i > 0 ? ", " : "");
		put_outside(out, names[i]);
	}
	if (n > WHO_SHOWN) {
		put(out, " and ");
		put_number(out, n - WHO_SHOWN);
		put(out, " more");
	}
}

/* From when on a vote counts for it, and that it is one way of several. */
static void put_stage(struct cs_buf *out, const struct cs_need *need)
{
	if (need->alternative != NULL && need->alternative[0] != '\0') {
		put(out, ", one way: ");
		put_outside(out, need->alternative);
	}
	if (need->open)
		return;
	if (need->opens_in_ms > 0) {
		put(out, ", in ");
		put_span(out, need->opens_in_ms);
	} else if (need->stage > 1) {
		put(out, ", after stage ");
		put_number(out, need->stage - 1);
	}
}

static void put_need(struct cs_buf *out, const struct cs_need *need)
{
	put_outside(out, need->label);
	if (need->count != 1 || need->have != 0) {
		put(out, ", ");
		put_number(out, need->have);
		put(out, " of ");
		put_number(out, need->count);
		put(out, " so far");
	}
	put_stage(out, need);
	if (need->n_who > 0) {
		put(out, ": ");
		put_names(out, need->who, need->n_who);
	}
	put(out, "\n");
}

static int is_missing(const struct cs_need *need)
{
	return need->have < need->count;
}

static void put_gate(struct cs_buf *out, const struct cs_decision *now)
{
	put(out, "    gate        ");
	put_outside(out, now->gate);
	if (now->scope != NULL && now->scope[0] != '\0') {
		put(out, " in ");
		put_outside(out, now->scope);
	}
	put(out, "\n");
}

static void put_time(struct cs_buf *out, const struct cs_decision *now)
{
	put(out, "    open for    ");
	put_span(out, now->remaining_ms);
	if (now->hold_ms > 0 && now->hold_ms < now->remaining_ms) {
		put(out, ", held here for ");
		put_span(out, now->hold_ms);
	}
	put(out, "\n");
}

/* The gate has people wait between the approval and its use. */
static void put_cooling(struct cs_buf *out, const struct cs_decision *now)
{
	put(out, "countersign: request ");
	put_number(out, now->number);
	put(out, " is approved; it may be used in ");
	put_span(out, now->remaining_ms);
	put(out, "\n");
}

static char *say_cooling(const struct cs_decision *now, enum cs_again again)
{
	struct cs_buf out;

	cs_buf_init(&out, SAY_MAX);
	put_cooling(&out, now);
	put_gate(&out, now);
	if (again == CS_AGAIN_COMMAND)
		put(&out, "    Ctrl-C withdraws it\n");
	return finish(&out);
}

/* What is missing: first what a vote counts for now, then what comes later. */
static void put_needs(struct cs_buf *out, const struct cs_decision *now)
{
	const char *leads[] = { "    needed      ", "    later       " };

	for (int later = 0; later <= 1; later++) {
		const char *lead = leads[later];

		for (size_t i = 0; i < now->n_needs; i++) {
			if (!is_missing(&now->needs[i]) || now->needs[i].open == (later == 1))
				continue;
			put(out, lead);
			put_need(out, &now->needs[i]);
			lead = "                ";
		}
	}
}

static void put_moment(struct cs_buf *out, const char *label, uint64_t wall_ms)
{
	char when[21];

	cs_time_text(wall_ms, when);
	put(out, label);
	put(out, when);
	put(out, "\n");
}

/* Everything about a request that people have to approve still. */
static void put_open_request(struct cs_buf *out, const struct cs_decision *now)
{
	put(out, "    check code  ");
	put_outside(out, now->check_code);
	put(out, "\n");
	put_gate(out, now);
	put_needs(out, now);
	if (now->objection_ms > 0) {
		put(out, "    goes ahead  in ");
		put_span(out, now->objection_ms);
		put(out, " if nobody objects\n");
	}
	put(out, "    they run    countersign approve ");
	put_number(out, now->number);
	put(out, "\n");
	put_time(out, now);
	if (now->start_wall_ms > 0)
		put_moment(out, "    not before  ", now->start_wall_ms);
}

char *cs_say_held(const struct cs_decision *now, enum cs_again again)
{
	struct cs_buf out;

	if (now->reason == CS_WHY_COOLING)
		return say_cooling(now, again);
	cs_buf_init(&out, SAY_MAX);
	put(&out, "countersign: request ");
	put_number(&out, now->number);
	put(&out, " is held until others approve it\n");
	put_open_request(&out, now);
	if (now->waiting > 1)
		put(&out, "    beside you  another session waits for it too\n");
	if (again == CS_AGAIN_COMMAND)
		put(&out, "    Ctrl-C withdraws it\n");
	return finish(&out);
}

char *cs_say_waits(const struct cs_decision *now)
{
	struct cs_buf out;

	cs_buf_init(&out, SAY_MAX);
	put(&out, "countersign: request ");
	put_number(&out, now->number);
	put(&out, now->state == CS_APPROVED ? " is approved and waits for its time" : " is held until others approve it");
	put(&out, ": check code ");
	put_outside(&out, now->check_code);
	put(&out, ", countersign approve ");
	put_number(&out, now->number);
	put(&out, ", for ");
	put_span(&out, now->hold_ms > 0 && now->hold_ms < now->remaining_ms ? now->hold_ms : now->remaining_ms);
	put(&out, "\n");
	return finish(&out);
}

char *cs_say_ahead(const struct cs_decision *now)
{
	struct cs_buf out;

	cs_buf_init(&out, SAY_MAX);
	if (now->number == 0) {
		put(&out, "countersign: nobody has to approve this: run it when you want to\n");
		return finish(&out);
	}
	put(&out, "countersign: request ");
	put_number(&out, now->number);
	if (now->state == CS_APPROVED) {
		put(&out, " is approved already\n");
		put_gate(&out, now);
		if (now->start_wall_ms > 0)
			put_moment(&out, "    not before  ", now->start_wall_ms);
	} else {
		put(&out, " is asked for ahead\n");
		put_open_request(&out, now);
	}
	return finish(&out);
}

static void put_vote(struct cs_buf *out, const struct cs_approval *vote)
{
	put_outside(out, vote->person.name);
	put(out, vote->vote == CS_VOTE_APPROVE ? " approved" : " rejected");
	if (vote->comment != NULL && vote->comment[0] != '\0') {
		put(out, ": ");
		put_outside(out, vote->comment);
	}
}

static const struct cs_approval *vote_of(const struct cs_decision *decision, const struct cs_approval *vote)
{
	const char *name = vote->person.name != NULL ? vote->person.name : "";

	for (size_t i = 0; i < decision->n_votes; i++) {
		const char *other = decision->votes[i].person.name;

		if (strcmp(other != NULL ? other : "", name) == 0)
			return &decision->votes[i];
	}
	return NULL;
}

/* 1 when there was any. */
static int put_vote_changes(struct cs_buf *out, const struct cs_decision *before, const struct cs_decision *now)
{
	int changed = 0;

	for (size_t i = 0; i < now->n_votes; i++) {
		const struct cs_approval *vote = &now->votes[i], *old = vote_of(before, vote);

		if (old != NULL && old->vote == vote->vote && old->wall_ms == vote->wall_ms)
			continue;
		put(out, "countersign: ");
		put_vote(out, vote);
		put(out, "\n");
		changed = 1;
	}
	for (size_t i = 0; i < before->n_votes; i++) {
		if (vote_of(now, &before->votes[i]) != NULL)
			continue;
		put(out, "countersign: ");
		put_outside(out, before->votes[i].person.name);
		put(out, " took the vote back\n");
		changed = 1;
	}
	return changed;
}

static const struct cs_need *need_of(const struct cs_decision *decision, const struct cs_need *need)
{
	for (size_t i = 0; i < decision->n_needs; i++)
		if (need->rule != NULL && decision->needs[i].rule != NULL &&
			strcmp(decision->needs[i].rule, need->rule) == 0)
			return &decision->needs[i];
	return NULL;
}

/* 1 when a rule takes votes now that did not before. */
static int has_opened(const struct cs_decision *before, const struct cs_decision *now)
{
	for (size_t i = 0; i < now->n_needs; i++) {
		const struct cs_need *old = need_of(before, &now->needs[i]);

		if (now->needs[i].open && old != NULL && !old->open)
			return 1;
	}
	return 0;
}

static void put_still_needed(struct cs_buf *out, const struct cs_decision *now)
{
	for (size_t i = 0; i < now->n_needs; i++) {
		if (!is_missing(&now->needs[i]))
			continue;
		put(out, now->needs[i].open ? "countersign: still needed: " : "countersign: later: ");
		put_need(out, &now->needs[i]);
	}
}

char *cs_say_changes(const struct cs_decision *before, const struct cs_decision *now)
{
	struct cs_buf out;
	int changed = 0;

	cs_buf_init(&out, SAY_MAX);
	changed = put_vote_changes(&out, before, now);
	if (changed || has_opened(before, now))
		put_still_needed(&out, now);
	if (now->waiting > 1 && before->waiting <= 1)
		put(&out, "countersign: another session waits for it too\n");
	if (now->waiting == 1 && before->waiting > 1)
		put(&out, "countersign: no other session waits for it any more\n");
	if (changed && now->reason == CS_WHY_COOLING)
		put_cooling(&out, now);
	return finish(&out);
}

char *cs_say_time(const struct cs_decision *now)
{
	struct cs_buf out;
	int on_line = now->hold_ms > 0 && now->hold_ms < now->remaining_ms;

	cs_buf_init(&out, SAY_MAX);
	if (now->reason == CS_WHY_COOLING) {
		put_cooling(&out, now);
		return finish(&out);
	}
	put(&out, "countersign: request ");
	put_number(&out, now->number);
	put(&out, on_line ? " is held for another " : " is open for another ");
	put_span(&out, on_line ? now->hold_ms : now->remaining_ms);
	put(&out, "\n");
	return finish(&out);
}

/* --- The end of it ------------------------------------------------------------------------------------------------ */

static const struct cs_approval *find_rejection(const struct cs_decision *now)
{
	for (size_t i = now->n_votes; i > 0; i--)
		if (now->votes[i - 1].vote == CS_VOTE_REJECT)
			return &now->votes[i - 1];
	return NULL;
}

static void put_rejected(struct cs_buf *out, const struct cs_decision *now, const struct cs_approval *vote)
{
	put(out, "countersign: request ");
	put_number(out, now->number);
	put(out, " was rejected by ");
	put_outside(out, vote->person.name);
	if (vote->comment != NULL && vote->comment[0] != '\0') {
		put(out, ": ");
		put_outside(out, vote->comment);
	}
	put(out, "\n");
}

static void put_later(struct cs_buf *out, const struct cs_decision *now, enum cs_again again)
{
	put_cooling(out, now);
	put(out, again == CS_AGAIN_COMMAND ? "countersign: run the same command again then\n" :
					     "countersign: log in again then\n");
}

static void put_open(struct cs_buf *out, const struct cs_decision *now, const char *code, enum cs_again again)
{
	put(out, "countersign: request ");
	put_number(out, now->number);
	put(out, " stays open");
	if (now->remaining_ms > 0) {
		put(out, " for ");
		put_span(out, now->remaining_ms);
	}
	if (code != NULL && code[0] != '\0') {
		put(out, "; its check code is ");
		put_outside(out, code);
	}
	put(out, again == CS_AGAIN_COMMAND ? "; run the same command again after it is approved\n" :
					     "; log in again after it is approved\n");
}

/* Our own sentence is the default; the daemon's may say more, such as a deny gate's text or the directory's doubt. */
static void put_reason(struct cs_buf *out, const struct cs_decision *now)
{
	put(out, "countersign: denied: ");
	put_outside(out, now->text != NULL && now->text[0] != '\0' ? now->text : cs_reason_text(now->reason));
	put(out, " [");
	put(out, cs_reason_name(now->reason));
	if (now->number != 0) {
		put(out, ", request ");
		put_number(out, now->number);
	}
	put(out, "]\n");
}

/* Nobody waits any more, and the request goes on. */
static int is_open(const struct cs_decision *now)
{
	return now->reason == CS_WHY_PARKED || now->reason == CS_WHY_NOT_WAITING;
}

char *cs_say_denied(const struct cs_decision *now, const struct cs_decision *held, enum cs_again again)
{
	const struct cs_approval *rejection = now->reason == CS_WHY_REJECTED ? find_rejection(now) : NULL;
	const char *code = held != NULL ? held->check_code : now->check_code;
	struct cs_buf out;

	cs_buf_init(&out, SAY_MAX);
	if (rejection != NULL)
		put_rejected(&out, now, rejection);
	else if (is_open(now) && now->state == CS_APPROVED)
		put_later(&out, now, again);
	else if (is_open(now))
		put_open(&out, now, code, again);
	else
		put_reason(&out, now);
	return finish(&out);
}

char *cs_say_withdrawn(uint64_t number, int error, const struct cs_decision *reply)
{
	struct cs_buf out;

	cs_buf_init(&out, SAY_MAX);
	put(&out, "countersign: request ");
	put_number(&out, number);
	if (error == 0 && reply->reason == CS_WHY_CANCELLED) {
		put(&out, " is cancelled\n");
	} else if (error == 0) {
		put(&out, " stays open: ");
		put_outside(&out, reply->text);
		put(&out, "\n");
	} else {
		put(&out, " stays open: countersignd did not answer; countersign cancel ");
		put_number(&out, number);
		put(&out, " withdraws it\n");
	}
	return finish(&out);
}

static const char *error_text(int error)
{
	static const struct {
		int error;
		const char *text;
	} texts[] = {
		{ CS_ETOOBIG, "the command line, its environment or the reason is too large" },
		{ CS_EINTR, "interrupted" },
		{ CS_EUNTRUSTED, "what answers is not to be trusted" },
		{ CS_EPROTO, "its answer makes no sense" },
		{ CS_ETIMEDOUT, "no answer in time" },
		{ CS_EUNAVAIL, "the connection ended" },
	};

	for (size_t i = 0; i < CS_COUNT(texts); i++)
		if (texts[i].error == error)
			return texts[i].text;
	return cs_strerror(error);
}

static int is_absence(int error)
{
	return error == CS_EUNAVAIL || error == CS_ETIMEDOUT || error == CS_EUNTRUSTED || error == CS_EPROTO;
}

char *cs_say_error(int error, const char *why, const char *text)
{
	struct cs_buf out;

	cs_buf_init(&out, SAY_MAX);
	if (text == NULL && is_absence(error)) {
		put(&out, "countersign: countersignd does not answer (");
		put_outside(&out, why != NULL ? why : error_text(error));
		put(&out, "): access denied; the root console is not affected\n");
		return finish(&out);
	}
	put(&out, "countersign: denied: ");
	put_outside(&out, why != NULL ? why : error_text(error));
	if (text != NULL && text[0] != '\0') {
		put(&out, ": ");
		put_outside(&out, text);
	}
	put(&out, "\n");
	return finish(&out);
}
