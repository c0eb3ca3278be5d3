/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the payload of any call or reply: the first byte is the frame's type. What is taken encodes to the very
 * same bytes again; what is refused leaves nothing behind. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_again(const struct cs_shape *shape, const void *obj, const uint8_t *bytes, size_t len)
{
	struct cs_buf out;

	cs_buf_init(&out, len);
	if (cs_encode(shape, obj, &out) != 0 || out.len != len || (len > 0 && memcmp(out.data, bytes, len) != 0))
		abort();
	cs_buf_clear(&out);
}

static void all_zero(const void *obj, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((const uint8_t *)obj)[i] != 0)
			abort();
}

static void try_call(const struct cs_message *message, const uint8_t *payload, size_t len)
{
	void *call = calloc(1, message->call->size);

	if (!call)
		return;
	if (cs_wire_get_call(message, payload, len, call) == 0)
		same_again(message->call, call, payload, len);
	else
		all_zero(call, message->call->size);
	cs_clear(message->call, call);
	free(call);
}

static void try_reply(const struct cs_message *message, const uint8_t *payload, size_t len)
{
	void *reply = calloc(1, message->reply->size);
	char *text = NULL;

	if (!reply)
		return;
	if (cs_wire_get_reply(message, payload, len, reply, &text) != 0)
		all_zero(reply, message->reply->size);
	else if (text || memcmp(payload, "\0\0\0\0", 4) != 0)
		abort();
	cs_clear(message->reply, reply);
	free(reply);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cs_message *message = NULL;

	if (size < 1)
		return 0;
	message = cs_message_find(data[0] & ~CS_WIRE_REPLY);
	if (!message)
		return 0;
	if (data[0] & CS_WIRE_REPLY)
		try_reply(message, data + 1, size - 1);
	else
		try_call(message, data + 1, size - 1);
	return 0;
}
