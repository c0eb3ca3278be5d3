/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a door that was connected: enough to put it back, by whoever finds it. */
#include "enable.h"
#include "clock.h"
#include "crypto.h"
#include "file.h"
#include "mem.h"

#include <countersign/error.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

enum { RECORD_MAX = 64 * 1024 };

static const struct cs_names state_names[] = { { CS_ENABLE_WRITING, "writing" }, { CS_ENABLE_WAITING, "waiting" },
	{ CS_ENABLE_DONE, "done" }, { 0, NULL } };

static const struct cs_field change_fields[] = {
	CS_STR(cs_enable_change, path, 4096),
	CS_BOOL(cs_enable_change, there),
	CS_U32(cs_enable_change, mode),
	CS_U32(cs_enable_change, uid),
	CS_U32(cs_enable_change, gid),
	CS_FIXED(cs_enable_change, old_digest, CS_ENABLE_DIGEST),
	CS_FIXED(cs_enable_change, new_digest, CS_ENABLE_DIGEST),
};
static const struct cs_shape change_shape = CS_SHAPE("change", cs_enable_change, change_fields);
static const struct cs_field record_fields[] = {
	CS_ENUM(cs_enable_record, state, state_names),
	CS_U64(cs_enable_record, id),
	CS_STR(cs_enable_record, boot_id, CS_BOOT_ID_LEN),
	CS_U64(cs_enable_record, until_ms),
	CS_U64(cs_enable_record, within_ms),
	CS_ARRAY(cs_enable_record, changes, &change_shape, CS_ENABLE_FILES),
};
const struct cs_shape cs_enable_record_shape = CS_SHAPE("enable", cs_enable_record, record_fields);

static int record_path(const struct cs_enable_door *door, char **ret_path)
{
	return cs_format(ret_path, CS_ENABLE_FOLDER "/%s", door->name);
}

/* 1: nobody but root wrote it. */
static int believed(const struct cs_host *host, const char *path)
{
	char *open = NULL;
	int r = cs_host_sealed(host, path, &open);

	free(open);
	return r;
}

int cs_enable_record_read(const struct cs_host *host, const struct cs_enable_door *door, struct cs_enable_record *ret_record)
{
	struct cs_enable_record record = { 0 };
	char *path = NULL, *text = NULL;
	size_t len = 0;
	int r = record_path(door, &path);

	if (r == 0)
		r = believed(host, path) == 1 ? cs_host_read(host, path, &text, &len) : CS_EUNTRUSTED;
	if (r == 0)
		r = len <= RECORD_MAX ? cs_decode_all(&cs_enable_record_shape, text, len, &record) : CS_ETOOBIG;
	free(text);
	free(path);
	if (r == CS_ENOMEM)
		return r;
	*ret_record = record; /* zeroed where it was not read: nothing is kept */
	return 0;
}

int cs_enable_record_write(const struct cs_host *host, const struct cs_enable_door *door,
	const struct cs_enable_record *record)
{
	const struct stat st = { .st_mode = S_IFREG | 0600, .st_uid = host->owner, .st_gid = host->live ? 0 : getegid() };
	struct cs_buf out;
	char *path = NULL;
	int r = record_path(door, &path);

	cs_buf_init(&out, RECORD_MAX);
	if (r == 0)
		r = cs_encode(&cs_enable_record_shape, record, &out);
	if (r == 0)
		r = cs_host_write(host, path, (const char *)out.data, out.len, &st);
	cs_buf_clear(&out);
	free(path);
	return r;
}

static int change_of(const struct cs_enable_edit *edit, struct cs_enable_change *change)
{
	int r = cs_set(&change->path, edit->path);

	change->there = edit->there;
	change->mode = edit->st.st_mode & 07777;
	change->uid = edit->st.st_uid;
	change->gid = edit->st.st_gid;
	if (r == 0)
		r = cs_digest("countersign-enable", edit->old, edit->n_old, change->old_digest);
	if (r == 0)
		r = cs_digest("countersign-enable", edit->new, edit->n_new, change->new_digest);
	return r;
}

int cs_enable_record_of(const struct cs_enable_plan *plan, uint64_t within_ms, struct cs_enable_record *ret_record)
{
	struct cs_enable_record record = { .state = CS_ENABLE_WRITING, .within_ms = within_ms };
	struct cs_now now;
	int r = cs_now_read(&now);

	if (r == 0 && getrandom(&record.id, sizeof(record.id), 0) != (ssize_t)sizeof(record.id))
		r = CS_EIO;
	if (r == 0)
		r = cs_set(&record.boot_id, now.boot_id);
	if (r == 0 && (record.changes = calloc(plan->n, sizeof(*record.changes))) == NULL)
		r = CS_ENOMEM;
	for (; r == 0 && record.n_changes < plan->n; record.n_changes++)
		r = change_of(&plan->edits[record.n_changes], &record.changes[record.n_changes]);
	if (r < 0) {
		cs_clear(&cs_enable_record_shape, &record);
		return r;
	}
	*ret_record = record;
	return 0;
}

bool cs_enable_is_over(const struct cs_enable_record *record)
{
	struct cs_now now;

	return cs_now_read(&now) < 0 || strcmp(cs_text_or(record->boot_id, ""), now.boot_id) != 0 ||
	       now.boot_ms >= record->until_ms;
}

int cs_enable_lock(const struct cs_host *host)
{
	int r = cs_host_make_folder(host, CS_ENABLE_FOLDER);
	int fd = r == 0 ? cs_host_open_file(host, CS_ENABLE_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) : r;

	while (fd >= 0 && flock(fd, LOCK_EX) != 0)
		if (errno != EINTR) {
			cs_close(&fd);
			return CS_EIO;
		}
	return fd;
}
