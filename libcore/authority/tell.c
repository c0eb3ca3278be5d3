/* SPDX-License-Identifier: Apache-2.0 */
/* Telling people: what is to be told goes into the outbox in the transaction of the event that it tells of. */
#include "tell.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* --- How it ended -------------------------------------------------------------------------------------------------- */

/* The event that was just recorded: it is the newest of what is told after the commit. */
static const struct cs_event *last_event(const struct cs_authority *a)
{
	const struct cs_event *event = NULL;

	for (const struct news *news = a->news; news; news = news->next)
		if (!news->changed)
			event = &news->event;
	return event;
}

/* "Rejected by bob: not today." Who did it is whom the event names. */
static char *ended_text(enum cs_event_kind kind, const struct cs_event *event)
{
	static const char *const words[] = { [CS_EVENT_APPROVED] = "Approved", [CS_EVENT_REJECTED] = "Rejected",
		[CS_EVENT_CANCELLED] = "Withdrawn", [CS_EVENT_EXPIRED] = "Over" };
	const char *who = event && event->actor_name ? event->actor_name : "", *why = event && event->text ? event->text : "";
	char *text = NULL;

	(void)cs_format(&text, "%s%s%s%s%s", words[kind], *who ? " by " : "", who, *why ? ": " : "", why);
	return text;
}

static bool is_moot(const struct cs_notice *notice)
{
	return is_draft(notice) || notice->kind == CS_NOTICE_REMINDER || notice->kind == CS_NOTICE_ESCALATED ||
	       notice->kind == CS_NOTICE_ASKED;
}

static int tell_others(struct cs_authority *a, const struct cs_stored *stored, const struct letter *letter,
	const struct whom *told, const struct cs_event *event)
{
	struct letter handled = *letter;
	struct whom done = { 0 }, whom = { 0 };
	char *text = NULL;
	int r = cs_format(&text, "%s. Nothing is asked of you any more.", letter->text);

	handled.kind = CS_NOTICE_HANDLED;
	handled.text = text;
	if (r == 0)
		r = whom_done(a, stored, &done);
	if (r == 0 && event)
		r = whom_add(&done, NULL, event->actor_name);
	if (r == 0)
		r = whom_add_all(&whom, &done, told->names, told->n);
	if (r == 0)
		r = whom_willing(a, letter->wall_ms, &whom);
	if (r == 0 && whom.n > 0)
		r = post(a, stored, &handled, &whom);
	free(text);
	whom_clear(&done);
	whom_clear(&whom);
	return r;
}

/* Who withdrew it himself knows. */
static int tell_requester(struct cs_authority *a, const struct cs_stored *stored, const struct letter *letter,
	const struct cs_event *event)
{
	struct letter outcome = *letter;
	struct whom whom = { 0 };
	int r = 0;

	if (letter->state == CS_CANCELLED && event && event->actor_uid == stored->request.subject.uid)
		return 0;
	outcome.kind = CS_NOTICE_OUTCOME;
	r = whom_add(&whom, NULL, stored->request.subject.name);
	if (r == 0)
		r = whom_willing(a, letter->wall_ms, &whom);
	if (r == 0 && whom.n > 0)
		r = post(a, stored, &outcome, &whom);
	whom_clear(&whom);
	return r;
}

static int tell_ended(struct cs_authority *a, const struct cs_stored *stored, enum cs_event_kind kind,
	const struct cs_now *now)
{
	static const enum cs_state states[] = { [CS_EVENT_APPROVED] = CS_APPROVED, [CS_EVENT_REJECTED] = CS_REJECTED,
		[CS_EVENT_CANCELLED] = CS_CANCELLED, [CS_EVENT_EXPIRED] = CS_EXPIRED };
	const struct cs_event *event = last_event(a);
	struct letter letter = { .wall_ms = now->wall_ms, .due_wall_ms = now->wall_ms,
		.state = stored->state == CS_UNANSWERED ? CS_UNANSWERED : states[kind] };
	char *text = ended_text(kind, event);
	struct rows rows = { 0 };
	int r = text ? rows_look(a, stored->number, &rows) : CS_ENOMEM;

	letter.text = text;
	if (r == 0)
		r = rows_drop(a, stored->number, is_moot);
	if (r == 0)
		r = tell_others(a, stored, &letter, &rows.told, event);
	if (r == 0)
		r = tell_requester(a, stored, &letter, event);
	free(text);
	whom_clear(&rows.told);
	return r;
}

/* --- Break-glass --------------------------------------------------------------------------------------------------- */

static const char *text_of(const char *text)
{
	return text ? text : "";
}

/* Everybody who was passed over, also who wants to be left alone. */
int post_loud(struct cs_authority *a, const struct cs_stored *stored, enum cs_notice_kind kind, uint64_t wall_ms,
	const char *what, const struct whom *whom)
{
	struct letter letter = { .kind = kind, .wall_ms = wall_ms, .due_wall_ms = wall_ms, .state = stored->state };
	char *text = NULL;
	int r = cs_format(&text, "%s%s went past the approvals of %s%s%s",
		kind == CS_NOTICE_DRILL ? "Only an exercise: " : "", text_of(stored->request.subject.name),
		*text_of(stored->request.scope) ? stored->request.scope : "this host", *what ? ": " : ".", what);

	letter.text = text;
	if (r == 0 && whom->n > 0)
		r = post(a, stored, &letter, whom);
	free(text);
	return r;
}

static int tell_loud(struct cs_authority *a, const struct cs_stored *stored, enum cs_notice_kind kind,
	const struct cs_now *now, const struct cs_need *needs, size_t n_needs)
{
	const struct cs_event *event = last_event(a);
	const char *what = event && event->text ? event->text : "";
	struct whom done = { 0 }, whom = { 0 };
	int r = whom_add(&done, NULL, stored->request.subject.name);

	for (size_t i = 0; r == 0 && i < n_needs; i++)
		r = whom_add_all(&whom, &done, needs[i].who, needs[i].n_who);
	if (r == 0)
		r = whom.n > 0 || stored->number == 0 ? post_loud(a, stored, kind, now->wall_ms, what, &whom)
			: ask_soon(a, stored, kind, now);
	whom_clear(&done);
	whom_clear(&whom);
	return r;
}

/* --- Events -------------------------------------------------------------------------------------------------------- */

static int tell_asked(struct cs_authority *a, const struct cs_stored *stored, const struct cs_now *now,
	const struct cs_need *needs, size_t n_needs)
{
	return n_needs > 0 ? ask_now(a, stored, now, needs, n_needs) : ask_soon(a, stored, CS_NOTICE_ASKED, now);
}

int tell_people(struct cs_authority *a, const struct cs_stored *stored, enum cs_event_kind kind,
	const struct cs_need *needs, size_t n_needs)
{
	struct cs_now now;
	int r = 0;

	if (!a->options.tells)
		return 0;
	r = a->options.now(&now);
	if (r < 0)
		return r;
	if (kind == CS_EVENT_REQUESTED || kind == CS_EVENT_REOPENED)
		return tell_asked(a, stored, &now, needs, n_needs);
	if (kind == CS_EVENT_VOTED)
		return stored->state == CS_PENDING ? ask_more(a, stored, &now, needs, n_needs) : 0;
	if (kind == CS_EVENT_APPROVED || kind == CS_EVENT_REJECTED || kind == CS_EVENT_CANCELLED || kind == CS_EVENT_EXPIRED)
		return tell_ended(a, stored, kind, &now);
	if (kind == CS_EVENT_BREAK_GLASS)
		return tell_loud(a, stored, CS_NOTICE_BREAK_GLASS, &now, needs, n_needs);
	if (kind == CS_EVENT_DRILL)
		return tell_loud(a, stored, CS_NOTICE_DRILL, &now, needs, n_needs);
	return 0;
}
