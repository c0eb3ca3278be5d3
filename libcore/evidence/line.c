/* SPDX-License-Identifier: Apache-2.0 */
/* One event as one line of text. Whatever stands in it, it makes one line and cannot look like another (A130). */
#include "evidence.h"
#include "clock.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_BYTES = 4 * CS_MAX_EVENT };

static void put(struct cs_buf *out, const char *s)
{
	while (*s)
		cs_buf_put_u8(out, (uint8_t)*s++);
}

/* A word between the columns: a blank in it would look like the end of its column. */
static void put_word(struct cs_buf *out, const char *s)
{
	char *escaped = cs_escaped(s ? s : "");

	if (!escaped && !out->error)
		out->error = CS_ENOMEM;
	for (const char *at = escaped; at && *at; at++)
		if (*at == ' ')
			put(out, "\\x20");
		else
			cs_buf_put_u8(out, (uint8_t)*at);
	free(escaped);
}

static void put_head(struct cs_buf *out, const struct cs_event *event)
{
	char number[24];
	char time[21];

	cs_time_text(event->wall_ms, time);
	snprintf(number, sizeof(number), "%llu  ", (unsigned long long)event->number);
	put(out, number);
	put(out, time);
	put(out, "  ");
	put(out, cs_name_of(cs_event_names, (int)event->kind));
	put(out, "  ");
	if (event->request) {
		snprintf(number, sizeof(number), "#%llu", (unsigned long long)event->request);
		put(out, number);
	} else {
		put(out, "-");
	}
}

static void put_actor(struct cs_buf *out, const struct cs_event *event)
{
	char uid[24];

	put(out, "  ");
	if (event->actor_name && event->actor_name[0]) {
		put_word(out, event->actor_name);
	} else if (event->actor_uid != CS_NO_UID) {
		snprintf(uid, sizeof(uid), "uid:%u", (unsigned)event->actor_uid);
		put(out, uid);
	} else {
		put(out, "-");
	}
}

/* Which vote it was: approve, reject, or one that was taken back. */
static void put_vote(struct cs_buf *out, const struct cs_event *event)
{
	struct cs_voted_body body = {0};
	int r = cs_decode_all(&cs_voted_body_shape, event->body, event->n_body, &body);

	if (r == CS_ENOMEM && !out->error)
		out->error = CS_ENOMEM;
	put(out, ", ");
	put(out, r == 0 ? cs_vote_name(body.approval.vote) : "unreadable vote");
	cs_clear(&cs_voted_body_shape, &body);
}

/* The last parenthesis of a line is always this one, so that a text cannot pretend it. */
static void put_tail(struct cs_buf *out, const struct cs_event *event)
{
	if (event->gate && event->gate[0]) {
		put(out, "  (gate ");
		put_word(out, event->gate);
	} else {
		put(out, "  (no gate");
	}
	if (event->kind == CS_EVENT_VOTED)
		put_vote(out, event);
	if (event->reason != CS_WHY_NONE) {
		put(out, ", ");
		put(out, cs_reason_name(event->reason));
	}
	put(out, ")");
}

char *cs_event_line(const struct cs_event *event)
{
	struct cs_buf out;
	char *line = NULL;

	cs_buf_init(&out, LINE_MAX_BYTES);
	put_head(&out, event);
	put_actor(&out, event);
	if (event->text && event->text[0]) {
		put(&out, "  ");
		cs_escape(&out, event->text);
	}
	put_tail(&out, event);
	cs_buf_put_u8(&out, '\0');
	if (cs_buf_error(&out) == 0) {
		line = (char *)out.data;
		out.data = NULL;
		out.len = out.cap = 0;
	}
	cs_buf_clear(&out);
	return line;
}
