/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what the helper that ends logins hears, and as a record of its file. What is taken is the same when it is
 * written again; what is refused leaves nothing behind. */
#include "end.h"
#include "ender_internal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void frames(const uint8_t *data, size_t size)
{
	struct cs_login login = { 0 };
	enum cs_end_frame frame = CS_END_GREETING;
	struct cs_buf in, again;
	int r = 1;

	cs_buf_init(&in, size);
	cs_buf_put(&in, data, size);
	while (r == 1) {
		size_t before = in.len;
		const uint8_t *at = data + (size - before);

		r = cs_end_take(&in, &frame, &login);
		if (r != 1)
			break;
		cs_buf_init(&again, CS_FRAME_MAX);
		if (cs_end_put(&again, frame, &login) != 0 || again.len != before - in.len ||
			memcmp(again.data, at, again.len) != 0)
			abort();
		cs_buf_clear(&again);
		cs_clear(&cs_login_shape, &login);
	}
	if (login.attend.tty)
		abort();
	cs_buf_clear(&in);
}

static void record(const uint8_t *data, size_t size)
{
	struct registered entry = { .pidfd = -1 };

	if (kept_parse(data, size, "01234567-89ab-cdef-0123-456789abcdef", &entry) != 0 && entry.login.attend.tty)
		abort();
	if (entry.pidfd != -1 || entry.kill_ms != 0)
		abort();
	cs_clear(&cs_login_shape, &entry.login);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	frames(data, size);
	record(data, size);
	return 0;
}
