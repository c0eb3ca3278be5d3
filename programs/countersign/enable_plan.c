/* SPDX-License-Identifier: Apache-2.0 */
/* The doors that can be connected, and what would change for one. */
#include "enable.h"
#include "mem.h"

#include <countersign/error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAM(NAME, LACK, PUT) { "/etc/pam.d/" NAME, NAME, LACK, false, PUT, cs_enable_take_pam }

/* sudo: the plugin before the lines that want its release. */
static const struct cs_enable_door doors[] = {
	{ "sudo", false, { { CS_SUDO_CONF, NULL, true, true, cs_enable_put_plugin, cs_enable_take_plugin },
			PAM("sudo", false, cs_enable_put_confirm), PAM("sudo-i", true, cs_enable_put_confirm) }, "" },
	{ "sshd", true, { { CS_SSHD_CONFIG, NULL, false, false, cs_enable_put_use_pam, cs_enable_take_nothing },
			PAM("sshd", false, cs_enable_put_hold) },
		"Tell sshd that its configuration changed: systemctl reload ssh" },
	{ "su", false, { PAM("su", false, cs_enable_put_hold), PAM("su-l", true, cs_enable_put_hold) }, "" },
};

const struct cs_enable_door *cs_enable_door_at(size_t i)
{
	return i < CS_COUNT(doors) ? &doors[i] : NULL;
}

const struct cs_enable_door *cs_enable_door(const char *name)
{
	for (size_t i = 0; i < CS_COUNT(doors); i++)
		if (strcmp(doors[i].name, name) == 0)
			return &doors[i];
	return NULL;
}

static void edit_clear(struct cs_enable_edit *edit)
{
	free(edit->path);
	free(edit->old);
	free(edit->new);
	memset(edit, 0, sizeof(*edit));
}

void cs_enable_plan_clear(struct cs_enable_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		edit_clear(&plan->edits[i]);
	memset(plan, 0, sizeof(*plan));
}

/* The file as it is; a link stays one, and what it leads to is edited. */
static int read_old(const struct cs_host *host, const struct cs_enable_file *file, struct cs_enable_edit *edit)
{
	int r = cs_host_real(host, file->path, &edit->path);

	if (r == CS_ENOENT) {
		edit->st = (struct stat){ .st_mode = S_IFREG | CS_HOST_NEW_MODE, .st_uid = host->owner,
			.st_gid = host->live ? 0 : getegid() };
		edit->old = cs_dup("");
		return edit->old == NULL || cs_set(&edit->path, file->path) < 0 ? CS_ENOMEM : 0;
	}
	if (r == 0)
		r = cs_host_look(host, edit->path, &edit->st);
	if (r == 0)
		r = cs_host_read(host, edit->path, &edit->old, &edit->n_old);
	edit->there = r == 0;
	return r;
}

/* Hands over what is in the buffer; an empty one stands for no change. */
static int take_new(struct cs_buf *out, struct cs_enable_edit *edit)
{
	size_t len = out->len;

	cs_buf_put_u8(out, 0);
	if (cs_buf_error(out) < 0)
		return cs_buf_error(out);
	edit->new = malloc(len + 1);
	if (edit->new == NULL)
		return CS_ENOMEM;
	memcpy(edit->new, out->data, len + 1);
	edit->n_new = len;
	return 0;
}

static void keep_edit(struct cs_enable_plan *plan, struct cs_enable_edit *edit)
{
	plan->edits[plan->n] = *edit;
	plan->view[plan->n] = (struct cs_host_edit){ .path = edit->path, .text = edit->new, .len = edit->n_new };
	plan->n++;
	memset(edit, 0, sizeof(*edit));
}

/* in: our lines go in; else out of the file. */
static int plan_file(const struct cs_host *host, const struct cs_enable_file *file, bool in, struct cs_enable_plan *plan)
{
	struct cs_enable_edit edit = { 0 };
	struct cs_host view = *host;
	struct cs_buf out;
	int r = read_old(host, file, &edit);

	view.edits = plan->view;
	view.n_edits = plan->n;
	cs_buf_init(&out, 2 * CS_HOST_FILE_MAX);
	if (r == 0 && !edit.there && !(in && file->make))
		r = in && !file->may_lack ? CS_ENOENT : 0;
	else if (r == 0)
		r = in ? file->put(&view, file, edit.old, edit.n_old, plan->front, &out) : file->take(edit.old, edit.n_old, &out);
	if (r == 0)
		r = cs_buf_error(&out);
	if (r == 0 && (in ? out.len > 0 : edit.there && out.len != edit.n_old)) {
		r = take_new(&out, &edit);
		if (r == 0)
			keep_edit(plan, &edit);
	}
	edit_clear(&edit);
	cs_buf_clear(&out);
	return r;
}

int cs_enable_plan(const struct cs_host *host, const struct cs_enable_door *door, bool front, struct cs_enable_plan *ret_plan,
	const char **ret_lacks)
{
	struct cs_enable_plan plan = { .door = door, .front = front };
	size_t i = 0;
	int r = 0;

	for (; r == 0 && i < CS_COUNT(door->files) && door->files[i].path != NULL; i++)
		r = plan_file(host, &door->files[i], true, &plan);
	if (r < 0) {
		*ret_lacks = door->files[i - 1].path;
		cs_enable_plan_clear(&plan);
		return r;
	}
	*ret_plan = plan;
	return 0;
}

/* Also where one file cannot be read: the others are cleaned, and that is told. */
int cs_enable_plan_out(const struct cs_host *host, const struct cs_enable_door *door, struct cs_enable_plan *ret_plan)
{
	struct cs_enable_plan plan = { .door = door };
	int first = 0;

	for (size_t i = 0; i < CS_COUNT(door->files) && door->files[i].path != NULL; i++) {
		int r = plan_file(host, &door->files[i], false, &plan);

		first = first == 0 ? r : first;
	}
	*ret_plan = plan;
	return first;
}
