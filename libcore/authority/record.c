/* SPDX-License-Identifier: Apache-2.0 */
/* Changes and their events: one transaction a turn, one mark a call, and the chain's head kept in step with both. */
#include "internal.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* The record is what everything waits for: that it cannot be written is for people to know at once. */
static int trouble(struct cs_authority *a, int r)
{
	if (r < 0 && a->options.events.failed)
		a->options.events.failed(a->options.events.arg, cs_store_error(a->store));
	return r;
}

int record_begin(struct cs_authority *a)
{
	int r = 0;

	if (!a->in_transaction) {
		r = trouble(a, cs_store_begin(a->store));
		if (r < 0)
			return r;
		a->in_transaction = true;
		a->begin_head = a->head;
		memcpy(a->begin_chain, a->chain, sizeof(a->chain));
	}
	a->mark++;
	a->mark_head = a->head;
	memcpy(a->mark_chain, a->chain, sizeof(a->chain));
	return cs_store_mark(a->store);
}

static void news_free(struct news *news)
{
	cs_clear(&cs_event_shape, &news->event);
	free(news);
}

void record_undo(struct cs_authority *a)
{
	struct news **at = &a->news;

	if (!a->in_transaction)
		return; /* it could not even be begun: the last mark is of an earlier turn and must stay as it is */
	(void)cs_store_undo(a->store);
	a->head = a->mark_head;
	memcpy(a->chain, a->mark_chain, sizeof(a->chain));
	while (*at) {
		struct news *news = *at;

		if (news->mark == a->mark) {
			*at = news->next;
			news_free(news);
		} else {
			at = &news->next;
		}
	}
	a->news_end = at;
}

static struct news *news_add(struct cs_authority *a)
{
	struct news *news = calloc(1, sizeof(*news));

	if (!news)
		return NULL;
	news->mark = a->mark;
	*a->news_end = news;
	a->news_end = &news->next;
	return news;
}

int record_event(struct cs_authority *a, struct cs_event *event)
{
	struct cs_record record = { 0 };
	struct news *news = NULL;
	struct cs_now now;
	int r = a->options.now(&now);

	if (r < 0)
		return r;
	event->wall_ms = now.wall_ms;
	memcpy(event->policy_digest, a->policy_digest, CS_DIGEST_LEN);
	r = cs_evidence_seal(a->head, a->chain, event, &record);
	if (r == 0)
		r = cs_store_append(a->store, &record, event->request);
	if (r == 0 && !(news = news_add(a)))
		r = CS_ENOMEM;
	if (r == 0)
		r = cs_copy(&cs_event_shape, event, &news->event);
	if (r == 0) {
		memcpy(news->chain, record.chain, CS_DIGEST_LEN);
		memcpy(a->chain, record.chain, CS_DIGEST_LEN);
		a->head = record.number;
	}
	cs_clear(&cs_record_shape, &record);
	return r;
}

/* After the commit the waiters of this request look again. */
static int record_changed(struct cs_authority *a, const uint8_t id[CS_ID_LEN])
{
	struct news *news = news_add(a);

	if (!news)
		return CS_ENOMEM;
	news->changed = true;
	memcpy(news->id, id, CS_ID_LEN);
	return 0;
}

/* With the names of who would have been missing, or where those make it too long without them. */
static int monitored_body(const struct task *task, const struct cs_permitted_body *permitted, struct cs_buf *out)
{
	struct cs_need needs[CS_MAX_RULES]; /* a view */
	struct cs_monitored_body body = { .permitted = *permitted, .verdict = task->would.verdict,
		.reason = task->would.reason, .needs = needs };
	int r = 0;

	for (; body.n_needs < task->would.n_needs && body.n_needs < CS_MAX_RULES; body.n_needs++)
		needs[body.n_needs] = task->would.needs[body.n_needs];
	r = cs_encode(&cs_monitored_body_shape, &body, out);
	if (r != CS_ETOOBIG)
		return r;
	cs_buf_clear(out);
	cs_buf_init(out, CS_MAX_EVENT);
	for (size_t i = 0; i < body.n_needs; i++)
		needs[i].n_who = 0;
	return cs_encode(&cs_monitored_body_shape, &body, out);
}

static int outright_body(const struct task *task, enum cs_reason reason, struct cs_buf *out)
{
	const struct cs_submit *submit = task->call;
	struct cs_permitted_body body = { .subject = submit->subject, .action = submit->action,
		.scope = task->match.scope, .grounds = task->grounds }; /* a view */
	struct cs_now now = task->now;

	if (body.grounds.wall_ms == 0)
		body.grounds.wall_ms = now.wall_ms; /* nothing was asked; a gate's times were looked at all the same */
	if (!body.grounds.boot) {
		body.grounds.boot = now.boot_id;
		body.grounds.boot_ms = now.boot_ms;
	}
	if (reason == CS_WHY_MONITORED)
		return monitored_body(task, &body, out);
	return cs_encode(&cs_permitted_body_shape, &body, out);
}

/* The event of a verdict without a request; body may be NULL. */
static int outright(struct task *task, enum cs_event_kind kind, enum cs_verdict verdict, enum cs_reason reason,
	const char *gate, const char *text, const struct cs_buf *body)
{
	const struct cs_submit *submit = task->call;
	struct cs_event event = { .kind = kind, .actor_uid = submit->subject.uid, .verdict = verdict, .reason = reason };
	char *copies[] = { cs_dup(submit->subject.name), cs_dup(gate), cs_dup(text) };
	int r = copies[0] && copies[1] && copies[2] ? 0 : CS_ENOMEM;

	event.actor_name = copies[0];
	event.gate = copies[1];
	event.text = copies[2];
	event.body = body ? body->data : NULL;
	event.n_body = body ? body->len : 0;
	if (r == 0)
		r = record_event(task->authority, &event);
	for (size_t i = 0; i < CS_COUNT(copies); i++)
		free(copies[i]);
	return r;
}

/* Evidence names what was decided: the whole action goes in as the body, and what the directory said. A denial of what is
 * too long for that is recorded without it. */
int record_outright(struct task *task, enum cs_event_kind kind, enum cs_verdict verdict, enum cs_reason reason,
	const char *gate, const char *text)
{
	struct cs_buf body;
	int r = 0;

	cs_buf_init(&body, CS_MAX_EVENT);
	r = outright_body(task, reason, &body);
	if (r == 0)
		r = outright(task, kind, verdict, reason, gate, text, &body);
	if (r == CS_ETOOBIG && verdict == CS_DENY)
		r = outright(task, kind, verdict, reason, gate, text, NULL);
	cs_buf_clear(&body);
	return r;
}

/* The text of an event: every record of a request whose gate takes the requester's own vote says so. NULL: out of
 * memory. */
static char *text_of(const struct cs_stored *stored, const char *text)
{
	const char *said = text ? text : "";
	char *marked = NULL;

	if (!stored->request.self_approval)
		return cs_dup(said);
	return cs_format(&marked, "%s%s[self-approval on]", said, *said ? " " : "") == 0 ? marked : NULL;
}

static int request_event(struct cs_authority *a, const struct cs_stored *stored, const struct telling *telling,
	const struct cs_buf *body)
{
	const struct cs_person *actor = telling->actor;
	struct cs_event event = { .kind = telling->kind, .request = stored->number, .actor_uid = CS_NO_UID,
		.verdict = telling->verdict, .reason = telling->reason, .gate = stored->request.gate };
	char *text = text_of(stored, telling->text);
	int r = text ? 0 : CS_ENOMEM;

	memcpy(event.digest, stored->digest, CS_DIGEST_LEN);
	if (actor) {
		event.actor_uid = actor->uid;
		event.actor_name = actor->name;
		event.actor_id = actor->id;
	}
	event.text = text;
	event.body = body ? body->data : NULL;
	event.n_body = body ? body->len : 0;
	if (r == 0)
		r = record_event(a, &event);
	if (r == 0)
		r = record_changed(a, stored->request.id);
	free(text);
	return r;
}

int record_told(struct cs_authority *a, const struct cs_stored *stored, const struct telling *telling)
{
	struct cs_buf body;
	int r = 0;

	cs_buf_init(&body, CS_MAX_EVENT);
	if (telling->shape)
		r = cs_encode(telling->shape, telling->body, &body);
	if (r == 0)
		r = request_event(a, stored, telling, telling->shape ? &body : NULL);
	if (r == 0)
		r = tell_people(a, stored, telling->kind, telling->needs, telling->n_needs);
	cs_buf_clear(&body);
	return r;
}

int record_request(struct cs_authority *a, const struct cs_stored *stored, enum cs_event_kind kind,
	enum cs_verdict verdict, enum cs_reason reason, const struct cs_person *actor, const char *text, struct cs_buf *body)
{
	struct telling telling = { .kind = kind, .verdict = verdict, .reason = reason, .actor = actor, .text = text };
	int r = request_event(a, stored, &telling, body);

	return r == 0 ? tell_people(a, stored, kind, NULL, 0) : r;
}

/* --- The end of a turn --------------------------------------------------------------------------------------------- */

void record_forget(struct cs_authority *a)
{
	while (a->news) {
		struct news *news = a->news;

		a->news = news->next;
		news_free(news);
	}
	a->news_end = &a->news;
}

/* A disk that fails may have kept what it denied to have written, a generation of the policy too. What the record says is
 * in force is what counts from now on: what comes after it is read with that. */
static bool policy_was_kept(struct cs_authority *a)
{
	struct cs_generation newest = { 0 };
	bool kept = a->unsettled && cs_store_policy_get(a->store, 0, &newest, NULL) == 0 &&
		    newest.number == a->generation.number;

	cs_clear(&cs_generation_shape, &newest);
	return kept;
}

/* Nothing of a turn whose commit failed may stay: neither the chain nor who was released. */
static void forget_turn(struct cs_authority *a)
{
	struct live *next_live = NULL;
	struct release **at = &a->releases;

	for (struct live *live = a->live; live; live = next_live) {
		next_live = live->next;
		if (live->turn == a->turn)
			live_drop(a, live);
	}
	while (*at) {
		struct release *release = *at;

		if (release->alarm_turn == a->turn)
			release->alarm_turn = 0;
		if (release->turn == a->turn) {
			*at = release->next;
			free(release);
		} else {
			at = &release->next;
		}
	}
	sessions_forget_turn(a);
	rights_forget(a);
	policy_settle(a, policy_was_kept(a));
	/* The store knows best where the chain ends. */
	if (cs_store_head(a->store, &a->head, a->chain) < 0) {
		a->head = a->begin_head;
		memcpy(a->chain, a->begin_chain, sizeof(a->chain));
	}
	record_forget(a);
}

static void answer_give(struct answer *answer, bool committed)
{
	if (committed) {
		answer->done(answer->arg, answer->error, answer->text, answer->reply);
	} else if (answer->shape == &cs_decision_shape) {
		struct cs_decision denied = { 0 };

		denied.reason = CS_WHY_STORE;
		denied.text = cs_dup(cs_reason_text(CS_WHY_STORE));
		answer->done(answer->arg, 0, NULL, &denied);
		cs_clear(&cs_decision_shape, &denied);
	} else {
		answer->done(answer->arg, CS_EIO, cs_reason_text(CS_WHY_STORE), NULL);
	}
	if (answer->reply)
		cs_clear(answer->shape, answer->reply);
	free(answer->reply);
	free(answer->text);
	free(answer);
}

static void tell(struct cs_authority *a, struct news *list)
{
	const struct cs_authority_events *events = &a->options.events;

	while (list) {
		struct news *news = list;

		list = news->next;
		if (news->changed && events->changed)
			events->changed(events->arg, news->id);
		else if (!news->changed && events->recorded)
			events->recorded(events->arg, &news->event, news->chain);
		news_free(news);
	}
}

int record_turn(struct cs_authority *a)
{
	struct answer *answers = a->answers;
	struct news *news = NULL;
	bool committed = true;

	if (a->in_transaction) {
		a->in_transaction = false;
		committed = trouble(a, cs_store_commit(a->store)) == 0;
		if (committed)
			policy_settle(a, true);
		else
			forget_turn(a);
	}
	a->turn++;
	/* Who hears an answer may begin the next turn, which is not committed yet: its news are not among these. */
	news = a->news;
	a->news = NULL;
	a->news_end = &a->news;
	a->answers = NULL;
	a->answers_end = &a->answers;
	while (answers) {
		struct answer *answer = answers;

		answers = answer->next;
		answer_give(answer, committed);
	}
	tell(a, news);
	return committed;
}

void cs_authority_turn(struct cs_authority *a)
{
	(void)record_turn(a);
}
