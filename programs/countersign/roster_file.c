/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and replacing the roster's file. */
#include "roster_file.h"
#include "command.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void roster_file_clear(struct roster_file *file)
{
	cs_free_str(&file->text);
	cs_roster_free(&file->roster);
}

int roster_file_read(const char *path, bool may_lack, struct roster_file *file)
{
	struct cs_problem problem = { 0 };
	char *text = NULL;
	int r = 0;

	file->path = path ? path : CS_ROSTER_FILE;
	r = cs_file_read(file->path, geteuid(), CS_FILE_TEXT, CS_ROSTER_TEXT_MAX, &file->text, &file->n, &problem);
	if (r == 0)
		r = cs_roster_parse(file->text, file->path, &file->roster, &problem);
	if (r < 0 && !(r == CS_ENOENT && may_lack)) {
		text = cs_problem_text(&problem);
		r = cs_fail(r == CS_ENOMEM ? CS_EXIT_INTERNAL : CS_EXIT_NO, cs_text_or(text, cs_strerror(r)), "", "");
		cs_free_str(&text);
	} else {
		r = 0;
	}
	cs_problem_clear(&problem);
	return r;
}

/* Under another name first; an interrupted change leaves the old roster. */
int roster_file_write(const char *path, const struct cs_buf *text)
{
	char *draft = NULL;
	int fd = -1, r = cs_format(&draft, "%s.new", path) == 0 ? 0 : CS_ENOMEM;

	if (r == 0) {
		(void)unlink(draft);
		fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd < 0 || write(fd, text->data, text->len) != (ssize_t)text->len || fchmod(fd, 0644) != 0 ||
		    fsync(fd) != 0 || rename(draft, path) != 0)
			r = CS_EIO;
	}
	if (r < 0) {
		int e = errno;

		(void)(draft && fd >= 0 ? unlink(draft) : 0);
		r = cs_fail(e == EACCES || e == EPERM ? CS_EXIT_NOT_PERMITTED : CS_EXIT_OUTPUT,
			r == CS_ENOMEM ? cs_strerror(r) : strerrordesc_np(e), path, "the roster is root's to change");
	}
	cs_close(&fd);
	free(draft);
	return r;
}
