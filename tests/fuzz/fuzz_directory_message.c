/* SPDX-License-Identifier: Apache-2.0 */
/* The frames between the daemon and its worker, either end: malformed ones are refused, good ones keep their bytes. */
#include "answer.h"
#include "frame.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct cs_buf *frame, const uint8_t *payload, size_t n)
{
	const uint8_t *again = NULL;
	uint8_t type = 0;
	size_t n_again = 0, total = 0;
	if (cs_frame_get(frame, &type, &again, &n_again, &total) != 1 || n_again != n || memcmp(again, payload, n) != 0)
		abort();
}

static void try_question(const uint8_t *payload, size_t n)
{
	struct cs_question question = { 0 };
	struct cs_buf out;
	struct cs_terms terms = { 0 };
	uint64_t number = 0;
	if (cs_message_get_question(payload, n, &number, &terms, &question) != 0)
		return;
	cs_buf_init(&out, CS_FRAME_MAX + 8);
	(void)cs_question_check(&question);
	if (cs_message_put_question(&out, number, &terms, &question) != 0)
		abort();
	same(&out, payload, n);
	cs_buf_clear(&out);
	cs_clear(&cs_question_shape, &question);
}

static void try_answer(const uint8_t *payload, size_t n)
{
	struct cs_answer answer = { 0 };
	struct cs_subject subject = { .uid = 2001, .login_uid = CS_NO_UID };
	struct cs_buf out;
	uint64_t number = 0;
	if (cs_message_get_answer(payload, n, &number, &answer) != 0)
		return;
	cs_buf_init(&out, CS_FRAME_MAX + 8);
	if (cs_answer_fits(&answer, &subject, 1, 2, 0) == 1 && answer.facts[0].known == CS_KNOWN_YES &&
	    answer.facts[0].person.uid != 2001)
		abort();
	if (cs_message_put_answer(&out, number, &answer) != 0)
		abort();
	same(&out, payload, n);
	cs_buf_clear(&out);
	cs_clear(&cs_answer_shape, &answer);
}

static void try_state(const uint8_t *payload, size_t n)
{
	struct cs_message_state state = { 0 };
	struct cs_buf out;
	if (cs_message_get_state(payload, n, &state) != 0)
		return;
	cs_buf_init(&out, CS_FRAME_MAX + 8);
	if (cs_message_put_state(&out, &state) != 0)
		abort();
	same(&out, payload, n);
	cs_buf_clear(&out);
	free(state.text);
}

static void try_event(const uint8_t *payload, size_t n)
{
	struct cs_message_event event = { 0 };
	struct cs_buf out;
	if (cs_message_get_event(payload, n, &event) != 0)
		return;
	cs_buf_init(&out, CS_FRAME_MAX + 8);
	if (cs_message_put_event(&out, &event) != 0)
		abort();
	same(&out, payload, n);
	cs_buf_clear(&out);
	free(event.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > CS_FRAME_MAX)
		return 0;
	if (data[0] == CS_MESSAGE_QUESTION)
		try_question(data + 1, size - 1);
	else if (data[0] == CS_MESSAGE_ANSWER)
		try_answer(data + 1, size - 1);
	else if (data[0] == CS_MESSAGE_EVENT)
		try_event(data + 1, size - 1);
	else
		try_state(data + 1, size - 1);
	return 0;
}
