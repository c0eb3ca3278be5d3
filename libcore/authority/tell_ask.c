/* SPDX-License-Identifier: Apache-2.0 */
/* Asking people: who can vote now is told at once, the reminder and what opens later are planned. */
#include "tell.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* --- What ---------------------------------------------------------------------------------------------------------- */

/* What nobody sees in a line, and everybody who is asked should. */
static const char *marks_of(const struct cs_action *action)
{
	enum cs_class class = cs_action_class(action);
	bool exposed = false;

	for (size_t i = 0; i < action->n_operands; i++)
		exposed |= action->operands[i].exposed;
	if (class == CS_CLASS_OPEN_ENDED)
		return exposed ? " [open-ended, mutable input]" : " [open-ended]";
	if (class == CS_CLASS_EDIT)
		return exposed ? " [edit, mutable input]" : " [edit]";
	return exposed ? " [mutable input]" : "";
}

/* What is to be done, for people: without its arguments, which may be secrets (A134), unless the host's configuration says
 * that they are told. */
static char *line_of(const struct cs_authority *a, const struct cs_action *action)
{
	struct cs_action bare = *action;
	char *line = NULL, *marked = NULL;

	if (!a->options.tell_arguments && bare.n_argv > 1)
		bare.n_argv = 1;
	line = cs_action_line(&bare);
	if (line && cs_format(&marked, "%s%s%s", line, bare.n_argv < action->n_argv ? " …" : "", marks_of(action)) == 0) {
		free(line);
		line = marked;
	}
	if (line && strlen(line) > CS_MAX_TEXT) {
		free(line);
		line = cs_dup("(too long to be told)");
	}
	return line;
}

uint64_t deadline_of(const struct cs_stored *stored)
{
	return stored->request.created_wall_ms + stored->request.lifetime_ms;
}

/* All but kind, text and recipients. 0 or CS_E…. */
static int fill(const struct cs_authority *a, const struct cs_stored *stored, uint64_t wall_ms, struct cs_notice *notice)
{
	const struct cs_request *request = &stored->request;

	notice->request = stored->number;
	notice->event = a->head;
	notice->wall_ms = wall_ms;
	notice->requester = cs_dup(request->subject.name);
	notice->host = cs_dup(a->options.host);
	notice->gate = cs_dup(request->gate);
	notice->scope = cs_dup(request->scope);
	notice->reason = cs_dup(request->reason);
	notice->line = line_of(a, &request->action);
	if (cs_format(&notice->command, "countersign show %llu", (unsigned long long)stored->number) < 0)
		return CS_ENOMEM;
	return notice->requester && notice->host && notice->gate && notice->scope && notice->reason && notice->line
		? 0 : CS_ENOMEM;
}

/* What is too long is cut, and says so, between two letters: a notice only points to what `countersign show` says. */
static char *bounded(const char *text)
{
	static const char cut[] = " [cut]";
	size_t keep = CS_MAX_TEXT - (sizeof(cut) - 1);
	char *copy = NULL;

	if (strlen(text) <= CS_MAX_TEXT)
		return cs_dup(text);
	while (keep > 0 && ((unsigned char)text[keep] & 0xc0u) == 0x80u)
		keep--;
	return cs_format(&copy, "%.*s%s", (int)keep, text, cut) == 0 ? copy : NULL;
}

int post(struct cs_authority *a, const struct cs_stored *stored, const struct letter *letter, const struct whom *whom)
{
	struct cs_notice notice = { .kind = letter->kind, .deadline_wall_ms = letter->deadline_wall_ms,
		.state = letter->state };
	size_t at = 0;
	int r = fill(a, stored, letter->wall_ms, &notice);

	notice.text = bounded(letter->text);
	if (r == 0 && !notice.text)
		r = CS_ENOMEM;
	/* A notice has no more room than that; a draft may be for nobody yet. */
	do {
		size_t left = whom->n - at;

		notice.recipients = whom->names ? whom->names + at : NULL;
		notice.n_recipients = left < CS_MAX_RECIPIENTS ? left : CS_MAX_RECIPIENTS;
		if (r == 0)
			r = cs_store_tell(a->store, &notice, letter->due_wall_ms);
		at += notice.n_recipients;
	} while (r == 0 && at < whom->n);
	notice.recipients = NULL; /* they are the caller's */
	notice.n_recipients = 0;
	cs_clear(&cs_notice_shape, &notice);
	return r;
}

int untold(struct cs_authority *a, const struct cs_stored *stored, const char *text)
{
	return record_request(a, stored, CS_EVENT_UNTOLD, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL, text, NULL);
}

/* Those of before, and these. */
int remember(struct cs_authority *a, const struct cs_stored *stored, uint64_t wall_ms, const struct whom *told)
{
	struct letter letter = { .kind = CS_NOTICE_HANDLED, .text = "", .wall_ms = wall_ms,
		.due_wall_ms = deadline_of(stored) + LOOK_AFTER_MS };

	return told->n > 0 ? post(a, stored, &letter, told) : 0;
}

/* --- Asking -------------------------------------------------------------------------------------------------------- */

/* Half of the time before the deadline, a day after it was asked at most, where the policy does not say. 0: none. */
static uint64_t remind_at(const struct cs_authority *a, const struct cs_stored *stored)
{
	const struct cs_gate *gate = request_gate(a, &stored->request);
	uint64_t lifetime = stored->request.lifetime_ms, before = gate ? cs_gate_remind_ms(gate) : 0;

	if (before != 0)
		return before < lifetime ? deadline_of(stored) - before : 0;
	if (lifetime < REMIND_LEAST_MS)
		return 0;
	return stored->request.created_wall_ms + (lifetime / 2 < REMIND_MOST_MS ? lifetime / 2 : REMIND_MOST_MS);
}

/* Drafts for what comes later: the reminder, and each rule that opens with time. */
static int plan(struct cs_authority *a, const struct cs_stored *stored, uint64_t wall_ms, const struct whom *asked,
	const struct cs_need *needs, size_t n_needs)
{
	struct letter letter = { .kind = CS_NOTICE_REMINDER, .text = "", .wall_ms = wall_ms,
		.deadline_wall_ms = deadline_of(stored), .state = CS_PENDING, .due_wall_ms = remind_at(a, stored) };
	int r = letter.due_wall_ms > wall_ms ? post(a, stored, &letter, asked) : 0;

	letter.kind = CS_NOTICE_ESCALATED;
	for (size_t i = 0; r == 0 && i < n_needs; i++) {
		struct whom whom = { 0 };

		if (needs[i].opens_in_ms == 0)
			continue;
		letter.due_wall_ms = wall_ms + needs[i].opens_in_ms;
		r = whom_add_all(&whom, NULL, needs[i].who, needs[i].n_who);
		if (r == 0)
			r = post(a, stored, &letter, &whom);
		whom_clear(&whom);
	}
	return r;
}

/* The uid's own place, or that of whose span began longest ago. */
static struct told_of *place_of(struct cs_authority *a, uint32_t uid)
{
	struct told_of *best = &a->told_of[0];

	for (size_t i = 0; i < TOLD_UIDS; i++) {
		if (a->told_of[i].uid == uid)
			return &a->told_of[i];
		if (a->told_of[i].since_ms < best->since_ms)
			best = &a->told_of[i];
	}
	return best;
}

/* Takes one from what may be told of this uid's requests now. 1; 0: not now, and *ret_again_wall_ms is when. */
static int may_tell(struct cs_authority *a, const struct cs_stored *stored, const struct cs_now *now,
	uint64_t *ret_again_wall_ms, uint32_t *ret_left_out)
{
	uint32_t uid = stored->request.subject.uid;
	struct told_of *of = place_of(a, uid);

	if (of->uid != uid || now->boot_ms - of->since_ms >= TOLD_SPAN_MS)
		*of = (struct told_of){ .uid = uid, .since_ms = now->boot_ms, .before = of->uid == uid ? of->left_out : 0 };
	if (of->count >= TOLD_MOST) {
		*ret_left_out = of->left_out++;
		*ret_again_wall_ms = now->wall_ms + TOLD_SPAN_MS - (now->boot_ms - of->since_ms);
		return 0;
	}
	of->count++;
	*ret_left_out = of->before;
	of->before = 0;
	return 1;
}

/* More than anybody wants to read: it is told later, if it is still true then. Recorded once for a span. */
static int put_off(struct cs_authority *a, const struct cs_stored *stored, const struct cs_now *now, uint64_t again_wall_ms,
	uint32_t left_out)
{
	struct letter letter = { .kind = CS_NOTICE_ASKED, .text = "", .wall_ms = now->wall_ms, .state = CS_PENDING,
		.deadline_wall_ms = deadline_of(stored), .due_wall_ms = again_wall_ms };
	struct whom nobody = { 0 };
	int r = post(a, stored, &letter, &nobody);

	if (r == 0 && left_out == 0)
		r = untold(a, stored, "so much was told of this requester's requests that further ones are told later");
	return r;
}

static char *asked_text(const struct cs_stored *stored, enum cs_notice_kind kind, uint32_t left_out)
{
	const char *name = stored->request.subject.name;
	char *text = NULL;

	if (kind == CS_NOTICE_REMINDER)
		(void)cs_format(&text, "%s still waits for approval.", name);
	else if (kind == CS_NOTICE_ESCALATED)
		(void)cs_format(&text, "%s asks for approval, and from now on you can give it.", name);
	else if (left_out > 0)
		(void)cs_format(&text, "%s asks for approval. You were not told at once: %u requests came in too short a time.",
			name, left_out);
	else if (stored->request.objection_ms > 0)
		(void)cs_format(&text, "%s asks for approval, and goes ahead if nobody objects in time.", name);
	else
		(void)cs_format(&text, "%s asks for approval.", name);
	return text;
}

int post_asked(struct cs_authority *a, const struct cs_stored *stored, enum cs_notice_kind kind, uint64_t wall_ms,
	uint32_t left_out, struct whom *whom)
{
	struct letter letter = { .kind = kind, .wall_ms = wall_ms, .due_wall_ms = wall_ms, .state = CS_PENDING,
		.deadline_wall_ms = deadline_of(stored) };
	char *text = asked_text(stored, kind, left_out);
	int r = text ? whom_willing(a, wall_ms, whom) : CS_ENOMEM;

	letter.text = text;
	if (r == 0 && whom->n > 0)
		r = post(a, stored, &letter, whom);
	free(text);
	return r;
}

int ask_now(struct cs_authority *a, const struct cs_stored *stored, const struct cs_now *now, const struct cs_need *needs,
	size_t n_needs)
{
	struct whom done = { 0 }, whom = { 0 };
	uint64_t again_wall_ms = 0;
	uint32_t left_out = 0;
	int r = whom_done(a, stored, &done);

	if (r == 0)
		r = whom_can(&whom, &done, needs, n_needs);
	if (r == 0 && may_tell(a, stored, now, &again_wall_ms, &left_out) == 0) {
		r = put_off(a, stored, now, again_wall_ms, left_out);
	} else if (r == 0) {
		r = post_asked(a, stored, CS_NOTICE_ASKED, now->wall_ms, left_out, &whom);
		if (r == 0 && whom.n == 0)
			r = untold(a, stored, "nobody who could approve this can be told");
		if (r == 0)
			r = rows_drop(a, stored->number, is_memory);
		if (r == 0)
			r = remember(a, stored, now->wall_ms, &whom);
		if (r == 0)
			r = plan(a, stored, now->wall_ms, &whom, needs, n_needs);
	}
	whom_clear(&done);
	whom_clear(&whom);
	return r;
}

int ask_soon(struct cs_authority *a, const struct cs_stored *stored, enum cs_notice_kind kind,
	const struct cs_now *now)
{
	struct letter letter = { .kind = kind, .text = "", .wall_ms = now->wall_ms, .due_wall_ms = now->wall_ms,
		.state = CS_PENDING, .deadline_wall_ms = deadline_of(stored) };
	struct whom nobody = { 0 };

	return post(a, stored, &letter, &nobody);
}

int ask_more(struct cs_authority *a, const struct cs_stored *stored, const struct cs_now *now, const struct cs_need *needs,
	size_t n_needs)
{
	struct whom done = { 0 }, whom = { 0 };
	struct rows rows = { 0 };
	int r = rows_look(a, stored->number, &rows);

	/* What is told later is told to everybody then; and one that nobody could be told of is known to be so. */
	if (r == 0 && !(rows.asking && rows.told.n == 0)) {
		r = whom_done(a, stored, &done);
		if (r == 0)
			r = whom_add_all(&done, NULL, rows.told.names, rows.told.n);
		if (r == 0)
			r = whom_can(&whom, &done, needs, n_needs);
		if (r == 0 && whom.n > 0)
			r = post_asked(a, stored, CS_NOTICE_ESCALATED, now->wall_ms, 0, &whom);
		if (r == 0)
			r = remember(a, stored, now->wall_ms, &whom);
	}
	whom_clear(&rows.told);
	whom_clear(&done);
	whom_clear(&whom);
	return r;
}
