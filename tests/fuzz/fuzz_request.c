/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a stored request: the digest is over the encoding, so there must be exactly one; and whatever the
 * request says, its line is one line of printable text. */
#include "clock.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one_encoding(const struct cs_request *request, const uint8_t *data, size_t size)
{
	struct cs_buf out;

	cs_buf_init(&out, size);
	if (cs_request_encode(request, &out) != 0 || out.len != size || memcmp(out.data, data, size) != 0)
		abort();
	cs_buf_clear(&out);
}

static void one_line(const struct cs_action *action)
{
	char *line = cs_action_line(action);

	for (const char *p = line; p && *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			abort();
	free(line);
}

static void deadline(const struct cs_request *request)
{
	const struct cs_now now = {.boot_ms = 1000000, .wall_ms = 1800000000000, .boot_id = "here"};
	uint64_t remaining = 0;
	int passed = cs_deadline_passed(request->boot, request->created_boot_ms, request->created_wall_ms, request->lifetime_ms,
		&now, &remaining);

	if ((passed != 0 && passed != 1) || (passed == 1) != (remaining == 0) || remaining > request->lifetime_ms)
		abort();
}

static void key_is_stable(const struct cs_request *request)
{
	struct cs_action other = request->action;
	struct cs_buf a, b;
	char tty[] = "another";

	other.tty = tty;
	cs_buf_init(&a, 64u * 1024u * 1024u);
	cs_buf_init(&b, 64u * 1024u * 1024u);
	if (cs_action_key_encode(&request->subject, &request->action, &a) != 0
			|| cs_action_key_encode(&request->subject, &other, &b) != 0)
		abort();
	if (a.len != b.len || memcmp(a.data, b.data, a.len) != 0)
		abort();
	cs_buf_clear(&a);
	cs_buf_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_request request;
	const char *what = NULL;

	if (cs_decode_all(&cs_request_shape, data, size, &request) != 0)
		return 0;
	one_encoding(&request, data, size);
	one_line(&request.action);
	deadline(&request);
	key_is_stable(&request);
	if (cs_action_check(&request.action, &what) == 0 && what)
		abort();
	if (cs_same_human(&request.requester, &request.requester) == 0)
		abort();
	cs_clear(&cs_request_shape, &request);
	return 0;
}
