/* SPDX-License-Identifier: Apache-2.0 */
/* Writing what a door needs, and putting back what was there. */
#include "enable.h"
#include "crypto.h"
#include "mem.h"

#include <countersign/error.h>
#include <stdlib.h>
#include <string.h>

static int kept_path(const char *path, char **ret_kept)
{
	return cs_format(ret_kept, "%s" CS_ENABLE_KEPT, path);
}

static int keep(const struct cs_host *host, const struct cs_enable_edit *edit)
{
	char *kept = NULL;
	int r = edit->there ? kept_path(edit->path, &kept) : 0;

	if (r == 0 && edit->there)
		r = cs_host_write(host, kept, edit->old, edit->n_old, &edit->st);
	free(kept);
	return r;
}

/* Between the plan and now somebody else may have written: what he wrote is not to be lost. */
static int still_is(const struct cs_host *host, const struct cs_enable_edit *edit)
{
	char *text = NULL;
	size_t len = 0;
	int r = cs_host_read(host, edit->path, &text, &len);

	if (r == CS_ENOENT)
		r = edit->there ? CS_ECONFLICT : 0;
	else if (r == 0)
		r = edit->there && len == edit->n_old && memcmp(text, edit->old, len) == 0 ? 0 : CS_ECONFLICT;
	free(text);
	return r;
}

int cs_enable_write(const struct cs_host *host, const struct cs_enable_plan *plan)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->n; i++)
		r = keep(host, &plan->edits[i]);
	for (size_t i = 0; r == 0 && i < plan->n; i++) {
		r = still_is(host, &plan->edits[i]);
		if (r == 0)
			r = cs_host_write(host, plan->edits[i].path, plan->edits[i].new, plan->edits[i].n_new, &plan->edits[i].st);
	}
	return r;
}

/* --- Back ----------------------------------------------------------------------------------------------------------- */

static bool is(const uint8_t digest[CS_ENABLE_DIGEST], const char *text, size_t len)
{
	uint8_t found[CS_ENABLE_DIGEST];

	return cs_digest("countersign-enable", text, len, found) == 0 && memcmp(found, digest, sizeof(found)) == 0;
}

/* 1: put back byte for byte; 0: the copy is not what was kept. */
static int restore(const struct cs_host *host, const struct cs_enable_change *change)
{
	const struct stat st = { .st_mode = S_IFREG | change->mode, .st_uid = change->uid, .st_gid = change->gid };
	char *kept = NULL, *text = NULL;
	size_t len = 0;
	int r = 0;

	if (!change->there)
		return cs_host_remove(host, change->path) == 0 ? 1 : CS_EIO;
	r = kept_path(change->path, &kept);
	if (r == 0)
		r = cs_host_read(host, kept, &text, &len);
	if (r == 0)
		r = is(change->old_digest, text, len) ? 1 : 0;
	if (r == 1) {
		r = cs_host_write(host, change->path, text, len, &st);
		r = r == 0 ? 1 : r;
	}
	free(text);
	free(kept);
	return r == CS_ENOENT ? 0 : r;
}

/* What cannot be read any more (a link that leads round, a folder, too much of it) is kept beside, and makes way. */
static int make_way(const struct cs_host *host, const struct cs_enable_change *change)
{
	char *aside = NULL;
	int r = cs_format(&aside, "%s" CS_ENABLE_DAMAGED, change->path);

	if (r == 0)
		r = cs_host_move(host, change->path, aside);
	free(aside);
	return r;
}

/* Puts back what nobody touched since. Everything else is left to take_lines, which looks at it next. */
static int put_back(const struct cs_host *host, const struct cs_enable_change *change, bool *changed)
{
	char *text = NULL;
	size_t len = 0;
	int r = cs_host_read(host, change->path, &text, &len);
	bool ours = r == 0 && is(change->new_digest, text, len), old = r == 0 && is(change->old_digest, text, len);

	free(text);
	if (r == CS_ENOMEM)
		return r;
	if (old || (r == CS_ENOENT && !change->there))
		return 0;
	if (r == CS_EIO || r == CS_ETOOBIG) {
		*changed = true;
		r = make_way(host, change) == 0 ? CS_ENOENT : CS_EIO;
	}
	if (ours || r == CS_ENOENT) {
		r = restore(host, change);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	*changed = true;
	return 0;
}

static int take_lines(const struct cs_host *host, const struct cs_enable_door *door)
{
	struct cs_enable_plan plan = { 0 };
	int first = cs_enable_plan_out(host, door, &plan);

	for (size_t i = plan.n; i > 0; i--) {
		const struct cs_enable_edit *edit = &plan.edits[i - 1];
		int r = cs_host_write(host, edit->path, edit->new, edit->n_new, &edit->st);

		first = first == 0 ? r : first;
	}
	cs_enable_plan_clear(&plan);
	return first;
}

static int remove_beside(const struct cs_host *host, const char *path, const char *ending)
{
	char *beside = NULL;
	int r = cs_format(&beside, "%s%s", path, ending);

	if (r == 0)
		r = cs_host_remove(host, beside);
	free(beside);
	return r;
}

/* The record first: what is left of a copy without one is no more than a file, and the next one takes it away. */
static int forget(const struct cs_host *host, const struct cs_enable_door *door)
{
	char *path = NULL;
	int r = cs_format(&path, CS_ENABLE_FOLDER "/%s", door->name);

	if (r == 0)
		r = cs_host_remove(host, path);
	cs_free_str(&path);
	for (size_t i = 0; r == 0 && i < CS_ENABLE_FILES && door->files[i].path != NULL; i++) {
		r = cs_host_real(host, door->files[i].path, &path);
		if (r == CS_ENOENT)
			r = cs_set(&path, door->files[i].path);
		if (r == 0)
			r = remove_beside(host, path, CS_ENABLE_KEPT);
		if (r == 0)
			r = remove_beside(host, path, CS_HOST_DRAFT);
		cs_free_str(&path);
	}
	return r;
}

int cs_enable_take_back(const struct cs_host *host, const struct cs_enable_door *door, bool off, bool *ret_changed)
{
	struct cs_enable_record record = { 0 };
	bool changed = false;
	int first = cs_enable_record_read(host, door, &record), r = 0;

	if (first < 0)
		return first;
	for (size_t i = record.n_changes; i > 0; i--) {
		r = put_back(host, &record.changes[i - 1], &changed);
		first = first == 0 ? r : first;
	}
	r = off || changed ? take_lines(host, door) : 0;
	first = first == 0 ? r : first;
	if (first == 0)
		first = forget(host, door);
	cs_clear(&cs_enable_record_shape, &record);
	if (ret_changed != NULL)
		*ret_changed = changed;
	return first;
}
