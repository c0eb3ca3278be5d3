/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon and its directory worker tell each other: frames (base/frame.h). Neither trusts the other's bytes. */
#ifndef CS_DIRECTORY_MESSAGE_H
#define CS_DIRECTORY_MESSAGE_H

#include "directory.h"

enum cs_message {
	CS_MESSAGE_QUESTION = 1, /* u64 number, terms (u64 fresh_ms, u64 until_ms), question */
	CS_MESSAGE_ANSWER = 2,   /* u64 number, answer */
	CS_MESSAGE_STATE = 3,    /* bool ok, u64 changes, string text */
	CS_MESSAGE_EVENT = 4     /* bool ok, string text */
};

/* How the worker is, told whenever it changes. */
struct cs_message_state {
	bool ok;          /* some server answers, or the replica is live */
	uint64_t changes; /* cs_directory_changes */
	char *text;       /* cs_directory_state, without how long it has been so */
};

/* What is worth a line in the log, told once when it happens: a server ceases to answer, or answers again (ok). */
struct cs_message_event {
	bool ok;
	char *text;
};

#define CS_STATE_TEXT_MAX 1024

/* Each appends one frame to out, or nothing. 0, CS_ETOOBIG, CS_EINVAL, CS_ENOMEM. */
int cs_message_put_question(struct cs_buf *out, uint64_t number, const struct cs_terms *terms,
	const struct cs_question *question);
int cs_message_put_answer(struct cs_buf *out, uint64_t number, const struct cs_answer *answer);
int cs_message_put_state(struct cs_buf *out, const struct cs_message_state *state);
int cs_message_put_event(struct cs_buf *out, const struct cs_message_event *event);

/* Each reads a whole payload. The caller clears question and answer (cs_clear), frees the text.
 * 0, CS_EPROTO, CS_ETOOBIG, CS_ENOMEM. */
int cs_message_get_question(const void *payload, size_t n, uint64_t *ret_number, struct cs_terms *ret_terms,
	struct cs_question *ret_question);
int cs_message_get_answer(const void *payload, size_t n, uint64_t *ret_number, struct cs_answer *ret_answer);
int cs_message_get_state(const void *payload, size_t n, struct cs_message_state *ret_state);
int cs_message_get_event(const void *payload, size_t n, struct cs_message_event *ret_event);

#endif
