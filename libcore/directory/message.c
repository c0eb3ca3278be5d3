/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes and decodes the frames between the daemon and its directory worker. */
#include "frame.h"
#include "mem.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

static int finish(struct cs_buf *out, enum cs_message type, struct cs_buf *payload, int r)
{
	if (r == 0)
		r = cs_buf_error(payload);
	if (r == 0)
		r = cs_frame_put(out, (uint8_t)type, payload);
	cs_buf_clear(payload);
	return r;
}

int cs_message_put_question(struct cs_buf *out, uint64_t number, const struct cs_terms *terms,
	const struct cs_question *question)
{
	struct cs_buf payload;
	cs_buf_init(&payload, CS_FRAME_MAX);
	cs_buf_put_u64(&payload, number);
	cs_buf_put_u64(&payload, terms->fresh_ms);
	cs_buf_put_u64(&payload, terms->until_ms);
	return finish(out, CS_MESSAGE_QUESTION, &payload, cs_encode(&cs_question_shape, question, &payload));
}

int cs_message_put_answer(struct cs_buf *out, uint64_t number, const struct cs_answer *answer)
{
	struct cs_buf payload;
	cs_buf_init(&payload, CS_FRAME_MAX);
	cs_buf_put_u64(&payload, number);
	return finish(out, CS_MESSAGE_ANSWER, &payload, cs_encode(&cs_answer_shape, answer, &payload));
}

int cs_message_put_state(struct cs_buf *out, const struct cs_message_state *state)
{
	struct cs_buf payload;
	cs_buf_init(&payload, CS_FRAME_MAX);
	cs_buf_put_u8(&payload, state->ok ? 1 : 0);
	cs_buf_put_u64(&payload, state->changes);
	cs_buf_put_string(&payload, state->text, strnlen(state->text, CS_STATE_TEXT_MAX));
	return finish(out, CS_MESSAGE_STATE, &payload, 0);
}

int cs_message_put_event(struct cs_buf *out, const struct cs_message_event *event)
{
	struct cs_buf payload;
	cs_buf_init(&payload, CS_FRAME_MAX);
	cs_buf_put_u8(&payload, event->ok ? 1 : 0);
	cs_buf_put_string(&payload, event->text, strnlen(event->text, CS_STATE_TEXT_MAX));
	return finish(out, CS_MESSAGE_EVENT, &payload, 0);
}

static int read_all(const struct cs_shape *shape, struct cs_cursor *cur, void *obj)
{
	if (cur->error != 0)
		return cur->error;
	int r = cs_decode(shape, cur, obj);
	if (r != 0)
		return r;
	r = cs_cursor_end(cur);
	if (r != 0)
		cs_clear(shape, obj);
	return r;
}

int cs_message_get_question(const void *payload, size_t n, uint64_t *ret_number, struct cs_terms *ret_terms,
	struct cs_question *ret_question)
{
	struct cs_question question = { 0 };
	struct cs_cursor cur;
	cs_cursor_init(&cur, payload, n);
	uint64_t number = cs_cursor_u64(&cur);
	struct cs_terms terms = { .fresh_ms = cs_cursor_u64(&cur) };
	terms.until_ms = cs_cursor_u64(&cur);
	int r = read_all(&cs_question_shape, &cur, &question);
	if (r != 0)
		return r;
	*ret_number = number;
	*ret_terms = terms;
	*ret_question = question;
	return 0;
}

int cs_message_get_answer(const void *payload, size_t n, uint64_t *ret_number, struct cs_answer *ret_answer)
{
	struct cs_answer answer = { 0 };
	struct cs_cursor cur;
	cs_cursor_init(&cur, payload, n);
	uint64_t number = cs_cursor_u64(&cur);
	int r = read_all(&cs_answer_shape, &cur, &answer);
	if (r != 0)
		return r;
	*ret_number = number;
	*ret_answer = answer;
	return 0;
}

/* What ends a payload: a text. */
static int read_text(struct cs_cursor *cur, uint8_t ok, char **ret_text)
{
	char *text = cs_cursor_cstr(cur, CS_STATE_TEXT_MAX);
	int r = cs_cursor_end(cur);
	if (r == 0 && ok > 1)
		r = CS_EPROTO;
	if (r == 0 && text == NULL)
		r = CS_ENOMEM;
	if (r != 0)
		free(text);
	else
		*ret_text = text;
	return r;
}

int cs_message_get_state(const void *payload, size_t n, struct cs_message_state *ret_state)
{
	struct cs_cursor cur;
	cs_cursor_init(&cur, payload, n);
	uint8_t ok = cs_cursor_u8(&cur);
	struct cs_message_state state = { .ok = ok == 1, .changes = cs_cursor_u64(&cur) };
	int r = read_text(&cur, ok, &state.text);
	if (r == 0)
		*ret_state = state;
	return r;
}

int cs_message_get_event(const void *payload, size_t n, struct cs_message_event *ret_event)
{
	struct cs_cursor cur;
	cs_cursor_init(&cur, payload, n);
	uint8_t ok = cs_cursor_u8(&cur);
	struct cs_message_event event = { .ok = ok == 1 };
	int r = read_text(&cur, ok, &event.text);
	if (r == 0)
		*ret_event = event;
	return r;
}
