/* SPDX-License-Identifier: Apache-2.0 */
/* Notices whose time has come: they are handed out, and come back as told or to be tried again. Drafts are looked at: is the
 * request still open, and who can approve it now? */
#include "tell.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* --- What is on its way -------------------------------------------------------------------------------------------- */

struct sent *sent_of(struct cs_authority *a, uint64_t number)
{
	for (size_t i = 0; i < SENT_MAX; i++)
		if (a->sent[i].number == number)
			return &a->sent[i];
	return NULL;
}

/* Given back, not told: in a transaction of its own turn. Never more often than each ten seconds. */
static int again(struct cs_authority *a, uint64_t number, uint32_t tries, uint64_t wall_ms)
{
	uint64_t wait = AGAIN_LEAST_MS << (tries < 10 ? tries : 10);

	return cs_store_tell_later(a->store, number, wall_ms + (wait < AGAIN_MOST_MS ? wait : AGAIN_MOST_MS));
}

/* Nobody took it for as long as notices are tried. Where people were to be asked, they were not: no silence of theirs
 * means anything then (tell_reached). */
static int give_up(struct cs_authority *a, const struct sent *sent, const char *why)
{
	char *text = NULL;
	int r = cs_format(&text, "notice %llu (%s) was not told: %.1000s", (unsigned long long)sent->number,
		cs_name_of(cs_notice_names, (int)sent->kind), why);

	if (r == 0)
		r = heard_not(a, sent, text);
	if (r == 0)
		r = cs_store_told(a->store, sent->number);
	free(text);
	return r;
}

/* A program took it. */
static int taken(struct cs_authority *a, const struct sent *sent)
{
	int r = heard_told(a, sent);

	return r < 0 ? r : cs_store_told(a->store, sent->number);
}

void cs_authority_told(struct cs_authority *a, uint64_t number, bool told, const char *why)
{
	struct sent *entry = number ? sent_of(a, number) : NULL;
	struct sent sent = { 0 };
	struct cs_now now;
	int r = entry ? a->options.now(&now) : CS_ENOENT;

	if (entry) {
		sent = *entry;
		*entry = (struct sent){ 0 };
	}
	if (r == 0)
		r = record_begin(a);
	if (r < 0)
		return; /* it is still in the outbox, and will be told again */
	if (told)
		r = taken(a, &sent);
	else if (now.wall_ms > sent.wall_ms && now.wall_ms - sent.wall_ms >= a->options.tell_for_ms)
		r = give_up(a, &sent, why ? why : "");
	else
		r = again(a, number, sent.tries, now.wall_ms);
	if (r < 0 && r != CS_ENOENT)
		record_undo(a);
}

/* --- Drafts -------------------------------------------------------------------------------------------------------- */

/* A draft that is looked at is a call of the authority to itself; its call is the draft. */
static void look_drop(struct task *task, int r)
{
	struct cs_authority *a = task->authority;
	const struct cs_notice *draft = task->call;
	struct cs_empty reply = { 0 };

	if (r == 0)
		r = cs_store_told(a->store, draft->number);
	if (r == CS_ENOENT)
		r = 0;
	if (r < 0)
		record_undo(a);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		task_reply(task, &reply);
}

/* It is moot. */
static void look_moot(struct task *task)
{
	int r = record_begin(task->authority);

	if (r < 0)
		task_fail(task, r, NULL);
	else
		look_drop(task, 0);
}

static bool listings_doubted(const struct cs_answer *answer)
{
	for (size_t i = 0; i < answer->n_listings; i++)
		if (answer->listings[i].known == CS_KNOWN_DOUBT)
			return true;
	return false;
}

/* What the directory does not say now, the draft says as it was when it was written. */
static int whom_of_draft(struct cs_authority *a, const struct cs_stored *stored, const struct cs_notice *draft,
	struct whom *whom)
{
	struct whom done = { 0 };
	int r = whom_done(a, stored, &done);

	if (r == 0)
		r = whom_add_all(whom, &done, draft->recipients, draft->n_recipients);
	whom_clear(&done);
	return r;
}

static int remind(struct cs_authority *a, const struct cs_stored *stored, const struct cs_now *now,
	const struct cs_notice *draft, const struct cs_need *needs, size_t n_needs)
{
	struct whom done = { 0 }, whom = { 0 };
	int r = n_needs > 0 ? whom_done(a, stored, &done) : whom_of_draft(a, stored, draft, &whom);

	if (r == 0)
		r = whom_can(&whom, &done, needs, n_needs);
	if (r == 0)
		r = post_asked(a, stored, draft->kind, now->wall_ms, 0, &whom);
	whom_clear(&done);
	whom_clear(&whom);
	return r;
}

static int tell_passed_over(struct cs_authority *a, const struct cs_stored *stored, const struct cs_now *now,
	enum cs_notice_kind kind, const struct cs_need *needs, size_t n_needs)
{
	struct whom done = { 0 }, whom = { 0 };
	int r = whom_add(&done, NULL, stored->request.subject.name);

	for (size_t i = 0; r == 0 && i < n_needs; i++)
		r = whom_add_all(&whom, &done, needs[i].who, needs[i].n_who);
	if (r == 0)
		r = post_loud(a, stored, kind, now->wall_ms, stored->request.reason ? stored->request.reason : "", &whom);
	if (r == 0 && whom.n == 0)
		r = untold(a, stored, "nobody can be told of it");
	whom_clear(&done);
	whom_clear(&whom);
	return r;
}

/* needs: none where the directory could not tell who could. */
static int look_tell(struct task *task, const struct cs_need *needs, size_t n_needs)
{
	struct cs_authority *a = task->authority;
	const struct cs_notice *draft = task->call;
	const struct cs_stored *stored = &task->stored;

	switch (draft->kind) {
	case CS_NOTICE_ASKED:
		return ask_now(a, stored, &task->now, needs, n_needs);
	case CS_NOTICE_ESCALATED:
		return n_needs > 0 ? ask_more(a, stored, &task->now, needs, n_needs)
			: remind(a, stored, &task->now, draft, needs, n_needs);
	case CS_NOTICE_REMINDER:
		return remind(a, stored, &task->now, draft, needs, n_needs);
	case CS_NOTICE_BREAK_GLASS:
	case CS_NOTICE_DRILL:
		return tell_passed_over(a, stored, &task->now, draft->kind, needs, n_needs);
	case CS_NOTICE_NONE:
	case CS_NOTICE_HANDLED:
	case CS_NOTICE_OUTCOME:
		break;
	}
	return 0;
}

/* Reminders and escalations are for those who were meant, where nobody can say who it is now; without anybody, it waits. */
static bool can_do_without(const struct cs_notice *draft)
{
	return draft->n_recipients > 0 && (draft->kind == CS_NOTICE_REMINDER || draft->kind == CS_NOTICE_ESCALATED);
}

static uint64_t elapsed_ms(const struct task *task)
{
	uint64_t left = 0;

	if (stored_overdue(&task->stored, &task->now, &left))
		return 0;
	return task->stored.request.lifetime_ms - left;
}

static void look_resume(struct task *task, const struct cs_answer *answer)
{
	const struct cs_notice *draft = task->call;
	bool doubted = listings_doubted(answer);
	struct cs_decision decision = { 0 };
	struct cs_case what = { 0 };
	int r = task_load(task, task->stored.number);

	if (r == 0 && (task->stored.state != CS_PENDING || answer->n_facts != task->n_votes + 1)) {
		task_fail(task, CS_ECONFLICT, NULL); /* it moved on meanwhile: looked at again */
		return;
	}
	if (r == 0 && doubted && !can_do_without(draft)) {
		task_fail(task, CS_EDOUBT, NULL);
		return;
	}
	what.policy = task->authority->policy;
	what.gate = request_gate(task->authority, &task->stored.request);
	what.scope = task->stored.request.scope;
	what.elapsed_ms = elapsed_ms(task);
	what.asked_by = &task->stored.request.requester;
	what.requester = &answer->facts[0];
	what.votes = task->votes;
	what.voters = answer->facts + 1;
	what.n_votes = task->n_votes;
	what.listings = answer->listings;
	what.listings_of_rule = task->listings_of_rule;
	if (r == 0 && !doubted)
		r = what.gate ? cs_decide(&what, &decision) : CS_ECONFLICT;
	if (r == 0 && !doubted && decision.n_needs == 0)
		r = CS_EDOUBT; /* of who asked it, for instance */
	if (r == 0)
		r = record_begin(task->authority);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		look_drop(task, look_tell(task, decision.needs, decision.n_needs));
	cs_clear(&cs_decision_shape, &decision);
}

/* Whom an open request was told to is kept as long as it is open. */
static bool look_is_moot(const struct task *task)
{
	const struct cs_notice *draft = task->call;
	const struct cs_stored *stored = &task->stored;

	if (draft->kind == CS_NOTICE_BREAK_GLASS || draft->kind == CS_NOTICE_DRILL)
		return false;
	return stored->state != CS_PENDING || stored_overdue(stored, &task->now, NULL) == 1 ||
	       !request_gate(task->authority, &stored->request);
}

static void look_start(struct task *task)
{
	const struct cs_notice *draft = task->call;
	const struct cs_subject *requester = &task->stored.request.subject;
	const struct cs_gate *gate = NULL;
	int r = task_load(task, draft->request);

	if (r == CS_ENOENT || (r == 0 && look_is_moot(task))) {
		look_moot(task);
		return;
	}
	gate = r == 0 ? request_gate(task->authority, &task->stored.request) : NULL;
	if (r == 0 && (draft->kind == CS_NOTICE_HANDLED || !gate))
		r = CS_ECONFLICT;
	if (r == 0)
		r = task_ask_subject(task, requester->uid, requester->name);
	if (r == 0)
		r = task_ask_voters(task);
	if (r == 0)
		r = task_ask_groups(task);
	if (r == 0)
		r = task_ask_listings(task, gate, task->stored.request.scope);
	if (r < 0)
		task_fail(task, r, NULL);
	else
		task_ask(task, CS_FRESH_ANY, look_resume);
}

/* What could not be looked at now waits like what could not be told. */
static void look_done(void *arg, int error, const char *text, const void *reply)
{
	struct look *look = arg;

	(void)reply;
	cs_authority_told(look->authority, look->number, error == 0, text);
	free(look);
}

static void look_at(struct cs_authority *a, const struct cs_notice *draft)
{
	static const struct handler handler = { CS_CALL_NONE, &cs_notice_shape, &cs_empty_shape, look_start };
	struct cs_caller nobody = { .uid = CS_NO_UID };
	struct look *look = malloc(sizeof(*look));

	if (!look) {
		cs_authority_told(a, draft->number, false, NULL);
		return;
	}
	look->authority = a;
	look->number = draft->number;
	task_begin(a, &nobody, &handler, draft, NULL, look_done, look);
}

/* --- Handing out --------------------------------------------------------------------------------------------------- */

static bool still_true(struct cs_authority *a, const struct cs_notice *notice)
{
	struct cs_stored stored = { 0 };
	struct cs_now now;
	bool open = true;

	if (notice->request == 0 || notice->kind > CS_NOTICE_ESCALATED || a->options.now(&now) < 0)
		return true;
	if (cs_store_get(a->store, notice->request, &stored) == 0)
		open = stored.state == CS_PENDING && stored_overdue(&stored, &now, NULL) == 0;
	cs_clear(&cs_stored_shape, &stored);
	return open;
}

/* Is it for people who are to vote, so that it matters whether they still can? */
static bool asks(const struct cs_notice *notice)
{
	return notice->request != 0 && notice->n_recipients > 0 &&
	       (notice->kind == CS_NOTICE_ASKED || notice->kind == CS_NOTICE_ESCALATED ||
		       notice->kind == CS_NOTICE_REMINDER);
}

/* Drafts and recipients are looked at first. */
static void take_up(struct cs_authority *a, const struct cs_notice *notice, uint32_t tries)
{
	struct sent *slot = sent_of(a, 0);

	if (!slot)
		return;
	*slot = (struct sent){ .number = notice->number, .request = notice->request, .wall_ms = notice->wall_ms,
		.tries = tries, .kind = notice->kind };
	if (is_draft(notice))
		look_at(a, notice);
	else if (asks(notice))
		whom_check(a, notice, slot);
	else
		slot->check = CHECKED;
}

static void give_out(struct cs_authority *a, const struct cs_notice *notice, uint32_t tries, cs_hand_fn hand, void *arg)
{
	struct sent *slot = NULL;

	if (!sent_of(a, notice->number))
		take_up(a, notice, tries);
	slot = sent_of(a, notice->number);
	if (!slot || slot->check != CHECKED)
		return; /* on its way, or there is no room */
	slot->check = UNCHECKED;
	if (!still_true(a, notice))
		cs_authority_told(a, notice->number, true, NULL);
	else if (hand(arg, notice) < 0)
		*slot = (struct sent){ 0 };
}

/* What was looked at and is not there any more. */
static void drop_checked(struct cs_authority *a)
{
	for (size_t i = 0; i < SENT_MAX; i++)
		if (a->sent[i].check == CHECKED)
			a->sent[i] = (struct sent){ 0 };
}

void cs_authority_tell(struct cs_authority *a, cs_hand_fn hand, void *arg)
{
	struct cs_notice *notices = NULL;
	uint32_t tries[2 * SENT_MAX];
	size_t n = 0;
	struct cs_now now;

	if (!a->options.tells || a->in_transaction || a->options.now(&now) < 0 ||
		cs_store_notices(a->store, now.wall_ms, CS_COUNT(tries), &notices, tries, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		give_out(a, &notices[i], tries[i], hand, arg);
		cs_clear(&cs_notice_shape, &notices[i]);
	}
	free(notices);
	drop_checked(a);
}
