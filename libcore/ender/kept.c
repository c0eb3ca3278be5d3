/* SPDX-License-Identifier: Apache-2.0 */
/* What is registered, in a file: a record of fixed size for each, written with one call. */
#include "ender_internal.h"
#include "file.h"
#include "mem.h"
#include <string.h>
#include <unistd.h>

static int put(const struct registered *entry, const char *boot_id, struct cs_buf *out)
{
	cs_buf_put_cstr(out, boot_id);
	cs_buf_put_u32(out, entry->pid);
	cs_buf_put_u64(out, entry->start);
	return cs_encode(&cs_login_shape, &entry->login, out);
}

void kept_write(int fd, size_t slot, const struct registered *entry)
{
	uint8_t bytes[RECORD] = { 0 };
	struct cs_buf out;
	struct cs_now now;

	cs_buf_init(&out, RECORD - 4);
	if (entry && cs_now_read(&now) == 0 && put(entry, now.boot_id, &out) == 0) {
		bytes[0] = (uint8_t)(out.len >> 8);
		bytes[1] = (uint8_t)out.len;
		memcpy(bytes + 2, out.data, out.len);
	}
	cs_buf_clear(&out);
	/* What could not be written is not found again by the next helper; this one knows it. */
	(void)!pwrite(fd, bytes, sizeof(bytes), (off_t)(slot * RECORD));
}

int kept_parse(const uint8_t *bytes, size_t n, const char *boot_id, struct registered *ret_entry)
{
	size_t len = n >= 2 ? (size_t)bytes[0] << 8 | bytes[1] : 0;
	struct registered entry = { .pidfd = -1 };
	struct cs_cursor cur;
	char *boot = NULL;
	int r = CS_EPROTO;

	if (len == 0 || len > n - 2)
		return CS_EPROTO;
	cs_cursor_init(&cur, bytes + 2, len);
	boot = cs_cursor_cstr(&cur, CS_BOOT_ID_LEN);
	entry.pid = cs_cursor_u32(&cur);
	entry.start = cs_cursor_u64(&cur);
	if (boot && strcmp(boot, boot_id) == 0)
		r = cs_decode(&cs_login_shape, &cur, &entry.login);
	if (r == 0)
		r = cs_cursor_end(&cur);
	cs_free_str(&boot);
	if (r < 0) {
		cs_clear(&cs_login_shape, &entry.login);
		return r;
	}
	*ret_entry = entry;
	return 0;
}

int kept_read(int fd, size_t slot, struct registered *ret_entry)
{
	struct registered entry = { .pidfd = -1 };
	uint8_t bytes[RECORD];
	uint64_t start = 0;
	struct cs_now now;

	if (pread(fd, bytes, sizeof(bytes), (off_t)(slot * RECORD)) != (ssize_t)sizeof(bytes) || cs_now_read(&now) < 0 ||
		kept_parse(bytes, sizeof(bytes), now.boot_id, &entry) < 0)
		return 0;
	if (process_open(entry.pid, &entry.pidfd) == 0 && process_start(entry.pidfd, entry.pid, &start) == 0 &&
		start == entry.start) {
		*ret_entry = entry;
		return 1;
	}
	cs_close(&entry.pidfd);
	cs_clear(&cs_login_shape, &entry.login);
	return 0;
}
