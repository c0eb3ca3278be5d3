/* SPDX-License-Identifier: Apache-2.0 */
/* Who heard of a request that goes ahead unless somebody objects: it is recorded when they were told, and read again where
 * silence is to be counted. */
#include "tell.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

/* --- Recording it -------------------------------------------------------------------------------------------------- */

/* Whom this notice of the request is for: 0 with no names where it is a draft, or is gone. 0 or CS_E…. */
static int recipients_of(struct cs_authority *a, uint64_t request, uint64_t number, struct cs_told_body *ret_body)
{
	struct cs_notice *notices = NULL;
	size_t n = 0;
	int r = cs_store_notices_of(a->store, request, &notices, &n);

	for (size_t i = 0; i < n; i++) {
		if (r == 0 && notices[i].number == number && !is_draft(&notices[i])) {
			ret_body->recipients = notices[i].recipients;
			ret_body->n_recipients = notices[i].n_recipients;
			notices[i].recipients = NULL;
			notices[i].n_recipients = 0;
		}
		cs_clear(&cs_notice_shape, &notices[i]);
	}
	free(notices);
	return r;
}

static bool asks_for_votes(enum cs_notice_kind kind)
{
	return kind == CS_NOTICE_ASKED || kind == CS_NOTICE_ESCALATED || kind == CS_NOTICE_REMINDER;
}

static int record_heard(struct cs_authority *a, const struct cs_stored *stored, enum cs_event_kind kind, const char *text,
	const struct cs_told_body *body)
{
	struct telling telling = { .kind = kind, .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL, .text = text };

	if (body->n_recipients > 0) {
		telling.shape = &cs_told_body_shape;
		telling.body = body;
	}
	return record_told(a, stored, &telling);
}

int heard_told(struct cs_authority *a, const struct sent *sent)
{
	struct cs_told_body body = { 0 };
	struct cs_stored stored = { 0 };
	int r = sent->request == 0 || !asks_for_votes(sent->kind) ? CS_ENOENT
		: cs_store_get(a->store, sent->request, &stored);

	if (r == 0 && stored.state == CS_PENDING && stored.request.objection_ms > 0)
		r = recipients_of(a, sent->request, sent->number, &body);
	if (r == 0 && body.n_recipients > 0)
		r = record_heard(a, &stored, CS_EVENT_TOLD, "they were told, and may object", &body);
	cs_clear(&cs_told_body_shape, &body);
	cs_clear(&cs_stored_shape, &stored);
	return r == CS_ENOENT ? 0 : r;
}

/* Nothing was asked of them, so they need not hear that it is handled either. */
static int forget(struct cs_authority *a, const struct cs_stored *stored, const struct cs_told_body *body)
{
	const struct whom gone = { .names = body->recipients, .n = body->n_recipients }; /* a view */
	struct cs_now now;
	int r = a->options.now(&now);

	r = r == 0 && body->n_recipients > 0 ? rows_forget(a, stored, &gone, now.wall_ms) : r;
	return r < 0 ? r : 0;
}

int heard_not(struct cs_authority *a, const struct sent *sent, const char *text)
{
	struct cs_told_body body = { 0 };
	struct cs_stored stored = { 0 };
	int r = sent->request == 0 ? CS_ENOENT : cs_store_get(a->store, sent->request, &stored);

	if (r == 0 && (sent->kind == CS_NOTICE_ASKED || sent->kind == CS_NOTICE_ESCALATED))
		r = recipients_of(a, sent->request, sent->number, &body);
	if (r == 0)
		r = forget(a, &stored, &body);
	if (r == 0)
		r = record_heard(a, &stored, CS_EVENT_UNTOLD, text, &body);
	cs_clear(&cs_told_body_shape, &body);
	cs_clear(&cs_stored_shape, &stored);
	return r == CS_ENOENT ? 0 : r;
}

/* --- Reading it ---------------------------------------------------------------------------------------------------- */

static int follow(struct cs_heard *heard, const struct cs_record *record)
{
	struct cs_told_body body = { 0 };
	struct cs_event event = { 0 };
	int r = cs_decode_all(&cs_event_shape, record->bytes, record->n_bytes, &event);
	bool told = event.kind == CS_EVENT_TOLD;

	if (r == 0 && (told || (event.kind == CS_EVENT_UNTOLD && event.n_body > 0)))
		r = cs_decode_all(&cs_told_body_shape, event.body, event.n_body, &body);
	if (r == 0)
		r = cs_heard_follow(heard, told, body.recipients, body.n_recipients);
	cs_clear(&cs_told_body_shape, &body);
	cs_clear(&cs_event_shape, &event);
	return r;
}

static int heard_of(struct cs_authority *a, uint64_t request, struct cs_heard *heard)
{
	struct cs_record *records = NULL;
	size_t n = 0;
	int r = cs_store_records_of(a->store, request, INT32_MAX, &records, &n); /* none may hide another */

	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			r = follow(heard, &records[i]);
		cs_clear(&cs_record_shape, &records[i]);
	}
	free(records);
	return r;
}

int tell_reached(struct cs_authority *a, const struct cs_stored *stored, const struct cs_need *needs, size_t n_needs)
{
	struct cs_heard heard = { 0 };
	struct rows rows = { 0 };
	int r = a->options.tells ? rows_look(a, stored->number, &rows) : CS_ENOENT;

	if (r == 0)
		r = rows.waits ? CS_ENOENT : heard_of(a, stored->number, &heard);
	if (r == 0)
		r = cs_heard_suffices(&heard, needs, n_needs);
	cs_heard_clear(&heard);
	whom_clear(&rows.told);
	return r == CS_ENOENT ? 0 : r;
}
