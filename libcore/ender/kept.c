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

int kept_write(int fd, size_t slot, const struct registered *entry)
{
	uint8_t bytes[RECORD] = { 0 };
	struct cs_buf out;
	struct cs_now now;
	int r = cs_now_read(&now);

	cs_buf_init(&out, RECORD - 4);
	if (r == 0 && entry)
		r = put(entry, now.boot_id, &out);
	if (r == 0 && entry) {
		bytes[0] = (uint8_t)(out.len >> 8);
		bytes[1] = (uint8_t)out.len;
		memcpy(bytes + 2, out.data, out.len);
	}
	if (r == 0 && pwrite(fd, bytes, sizeof(bytes), (off_t)(slot * RECORD)) != (ssize_t)sizeof(bytes))
		r = CS_EIO;
	cs_buf_clear(&out);
	return r;
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
	if (r == 0 || cur.error == CS_ENOMEM)
		r = cs_cursor_end(&cur);
	cs_free_str(&boot);
	if (r < 0) {
		cs_clear(&cs_login_shape, &entry.login);
		return r;
	}
	*ret_entry = entry;
	return 0;
}

/* 1: the process that registered is still there, and open; 0: it is over. CS_EIO. */
static int find(struct registered *entry)
{
	uint64_t start = 0;
	int r = process_open(entry->pid, &entry->pidfd);

	if (r < 0)
		return r == CS_ENOENT ? 0 : r;
	if (process_start(entry->pidfd, entry->pid, &start) < 0)
		return process_is_over(entry->pidfd) ? 0 : CS_EIO;
	return start == entry->start;
}

int kept_read(int fd, size_t slot, struct registered *ret_entry)
{
	struct registered entry = { .pidfd = -1 };
	uint8_t bytes[RECORD];
	struct cs_now now;
	ssize_t n = pread(fd, bytes, sizeof(bytes), (off_t)(slot * RECORD));
	int r = n < 0 ? CS_EIO : cs_now_read(&now);

	if (r == 0)
		r = kept_parse(bytes, (size_t)n, now.boot_id, &entry);
	if (r < 0)
		return r == CS_EIO || r == CS_ENOMEM ? r : 0;
	r = find(&entry);
	if (r == 1) {
		*ret_entry = entry;
		return 1;
	}
	cs_close(&entry.pidfd);
	cs_clear(&cs_login_shape, &entry.login);
	return r;
}
