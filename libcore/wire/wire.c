/* SPDX-License-Identifier: Apache-2.0 */
/* The table of messages, and putting them into frames. */
#include "wire.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

#define MODULE (1u << CS_DOOR_MODULE)
#define PEOPLE (1u << CS_DOOR_PEOPLE)

static const struct cs_message messages[] = {
	/* type, name, shape of the call, shape of the reply, doors, root only, takes a descriptor */
	{ CS_CALL_SUBMIT, "submit", &cs_submit_shape, &cs_decision_shape, MODULE, false, true },
	{ CS_CALL_WAIT, "wait", &cs_wait_shape, &cs_decision_shape, MODULE | PEOPLE, false, false },
	{ CS_CALL_CLAIM, "claim", &cs_claim_shape, &cs_decision_shape, MODULE | PEOPLE, false, true },
	{ CS_CALL_CONFIRM, "confirm", &cs_confirm_shape, &cs_decision_shape, MODULE, false, false },
	{ CS_CALL_CANCEL, "cancel", &cs_cancel_shape, &cs_decision_shape, MODULE | PEOPLE, false, false },
	{ CS_CALL_RIGHT, "right", &cs_right_shape, &cs_right_answer_shape, MODULE | PEOPLE, false, false },
	{ CS_CALL_LIST, "list", &cs_list_shape, &cs_list_answer_shape, PEOPLE, false, false },
	{ CS_CALL_SHOW, "show", &cs_show_shape, &cs_show_answer_shape, PEOPLE, false, false },
	{ CS_CALL_VOTE, "vote", &cs_vote_call_shape, &cs_decision_shape, PEOPLE, false, false },
	{ CS_CALL_STATUS, "status", &cs_empty_shape, &cs_status_shape, PEOPLE, false, false },
	{ CS_CALL_EVIDENCE, "evidence", &cs_evidence_call_shape, &cs_evidence_answer_shape, PEOPLE, true, false },
	{ CS_CALL_RIGHTS, "rights", &cs_rights_shape, &cs_rights_answer_shape, PEOPLE, false, false },
	{ CS_CALL_DIRECTORY, "directory", &cs_question_shape, &cs_answer_shape, PEOPLE, true, false },
	{ CS_CALL_APPLY, "apply", &cs_apply_shape, &cs_apply_answer_shape, PEOPLE, false, true },
	{ CS_CALL_HISTORY, "history", &cs_history_shape, &cs_history_answer_shape, PEOPLE, true, false },
	{ CS_CALL_POLICY, "policy", &cs_policy_call_shape, &cs_policy_answer_shape, PEOPLE, true, false },
	{ CS_CALL_WATCH, "watch", &cs_watch_shape, &cs_watch_answer_shape, PEOPLE, false, false },
	{ CS_CALL_BREAK_GLASS, "break-glass", &cs_break_glass_shape, &cs_break_glass_answer_shape, PEOPLE, false, false },
	{ CS_CALL_RECEIPT, "receipt", &cs_show_shape, &cs_receipt_answer_shape, PEOPLE, false, false },
	{ CS_CALL_QUIET, "quiet", &cs_quiet_shape, &cs_quiet_answer_shape, PEOPLE, false, false },
	{ CS_CALL_ARCHIVE, "archive", &cs_archive_shape, &cs_archive_answer_shape, PEOPLE, true, false },
	{ CS_CALL_ASK, "ask", &cs_ask_shape, &cs_decision_shape, PEOPLE, false, true },
	{ CS_CALL_ATTEND, "attend", &cs_attend_shape, &cs_attend_answer_shape, MODULE, false, false },
	{ CS_CALL_SESSIONS, "sessions", &cs_sessions_shape, &cs_sessions_answer_shape, PEOPLE, false, false },
	{ CS_CALL_END, "end", &cs_end_shape, &cs_decision_shape, PEOPLE, false, false },
	{ CS_CALL_STREAM, "stream", &cs_stream_shape, &cs_attend_answer_shape, MODULE, false, false },
	{ CS_CALL_SCREEN, "screen", &cs_screen_shape, &cs_screen_answer_shape, PEOPLE, false, false },
	{ CS_CALL_ROLE, "role", &cs_has_role_shape, &cs_right_answer_shape, MODULE, false, false },
};

_Static_assert(CS_FRAME_FDS == CS_MAX_WANTED + 1, "what runs, and what is hashed beside it, travel with one call");

const struct cs_message *cs_message_find(unsigned type)
{
	for (size_t i = 0; i < CS_COUNT(messages); i++)
		if ((unsigned)messages[i].type == type)
			return &messages[i];
	return NULL;
}

void cs_wire_put_hello(struct cs_buf *out)
{
	cs_buf_put(out, CS_WIRE_MAGIC, 4);
	cs_buf_put_u32(out, CS_WIRE_VERSION);
}

int cs_wire_check_hello(const uint8_t bytes[CS_WIRE_HELLO_LEN])
{
	struct cs_cursor cur;

	cs_cursor_init(&cur, bytes + 4, CS_WIRE_HELLO_LEN - 4);
	if (memcmp(bytes, CS_WIRE_MAGIC, 4) != 0)
		return CS_EPROTO;
	return cs_cursor_u32(&cur) == CS_WIRE_VERSION ? 0 : CS_EVERSION;
}

int cs_wire_put_call(struct cs_buf *out, const struct cs_message *message, const void *call)
{
	struct cs_buf payload;
	int r = 0;

	cs_buf_init(&payload, CS_FRAME_MAX);
	r = cs_encode(message->call, call, &payload);
	if (r == 0)
		r = cs_frame_put(out, (uint8_t)message->type, &payload);
	cs_buf_clear(&payload);
	return r;
}

int cs_wire_put_reply(struct cs_buf *out, const struct cs_message *message, int error, const char *text,
	const void *reply)
{
	struct cs_buf payload;
	int r = 0;

	if (error > 0 || (error == 0 && !reply))
		return CS_EINVAL;
	if (text && strlen(text) > CS_MAX_TEXT)
		return CS_ETOOBIG; /* the other side would refuse it */
	cs_buf_init(&payload, CS_FRAME_MAX);
	cs_buf_put_u32(&payload, (uint32_t)-error);
	cs_buf_put_cstr(&payload, text);
	r = cs_buf_error(&payload);
	if (r == 0 && error == 0)
		r = cs_encode(message->reply, reply, &payload);
	if (r == 0)
		r = cs_frame_put(out, (uint8_t)((unsigned)message->type | CS_WIRE_REPLY), &payload);
	cs_buf_clear(&payload);
	return r;
}

int cs_wire_get_call(const struct cs_message *message, const uint8_t *payload, size_t len, void *ret_call)
{
	return cs_decode_all(message->call, payload, len, ret_call);
}

/* Errors travel as positive numbers; one that this side does not know is still an error. */
static int error_from(uint32_t number)
{
	return number <= 255 ? -(int)number : CS_EPROTO;
}

int cs_wire_get_reply(const struct cs_message *message, const uint8_t *payload, size_t len, void *ret_reply,
	char **ret_text)
{
	struct cs_cursor cur;
	uint32_t error = 0;
	char *text = NULL;
	int r = 0;

	*ret_text = NULL;
	memset(ret_reply, 0, message->reply->size);
	cs_cursor_init(&cur, payload, len);
	error = cs_cursor_u32(&cur);
	text = cs_cursor_cstr(&cur, CS_MAX_TEXT);
	if (cur.error) {
		r = cur.error;
	} else if (error == 0) {
		r = cs_decode(message->reply, &cur, ret_reply);
		if (r == 0 && (r = cs_cursor_end(&cur)) < 0)
			cs_clear(message->reply, ret_reply);
	} else {
		r = cs_cursor_end(&cur);
		if (r == 0) {
			r = error_from(error);
			*ret_text = text;
			text = NULL;
		}
	}
	free(text);
	return r;
}
