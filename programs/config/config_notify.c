/* SPDX-License-Identifier: Apache-2.0 */
/* The notify section: which programs tell people, and are they ones that only root could have put there? */
#include "config_internal.h"
#include "countersign/error.h"
#include "mem.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PROGRAMS_MAX = 8 };
#define TIMEOUT_MS 30000ull
#define TIMEOUT_MOST_MS (10 * 60 * 1000ull)
#define KEEP_MS (3 * 24 * 3600 * 1000ull)
#define KEEP_LEAST_MS 60000ull

const struct cs_conf_option config_notify_options[] = {
	{ "program", CS_CONF_LIST, true, NULL },
	{ "timeout", CS_CONF_SPAN, false, NULL },
	{ "keep", CS_CONF_SPAN, false, NULL },
	{ "arguments", CS_CONF_BOOL, false, NULL },
	{ "group", CS_CONF_STR, false, NULL },
	{ NULL, CS_CONF_STR, false, NULL },
};

/* What is wrong with a program; NULL when it may be run. Where root started us it and every folder above it are root's
 * alone. It is run by the path without links: whoever may change one of those could name another program later. */
static const char *program_wrong(const char *path, uid_t owner, char resolved[PATH_MAX])
{
	struct stat st;

	if (path[0] != '/')
		return "has to be an absolute path";
	if (!realpath(path, resolved) || lstat(resolved, &st) < 0)
		return "there is no such program";
	if (!S_ISREG(st.st_mode) || !(st.st_mode & S_IXUSR))
		return "is no program that can be run";
	if ((st.st_uid != 0 && st.st_uid != owner) || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return "has to belong to root and to be writable by nobody else";
	if (owner == 0 && cs_path_sealed(resolved) != 1)
		return "is in a folder that somebody else than root may change";
	return NULL;
}

static int wrong(struct cs_problem *problem, const char *path, const struct cs_conf_section *section, const char *key,
	const char *what, const char *text)
{
	cs_problem_set(problem, path, cs_conf_line(section, key), "notify: %s: %s%s%s", key, what, *what ? " " : "", text);
	return CS_ECONF;
}

static int check_programs(struct config_notify *notify, const char *path, const struct cs_conf_section *section,
	uid_t owner, struct cs_problem *problem)
{
	notify->n_programs = cs_conf_list_len(section, "program");
	if (notify->n_programs == 0 || notify->n_programs > PROGRAMS_MAX)
		return wrong(problem, path, section, "program", "", "name one to eight programs");
	notify->programs = calloc(notify->n_programs, sizeof(*notify->programs));
	if (!notify->programs)
		return CS_ENOMEM;
	for (size_t i = 0; i < notify->n_programs; i++) {
		const char *program = cs_conf_list_at(section, "program", i);
		char resolved[PATH_MAX];
		const char *text = program_wrong(program, owner, resolved);

		if (text)
			return wrong(problem, path, section, "program", program, text);
		notify->programs[i] = cs_dup(resolved);
		if (!notify->programs[i])
			return CS_ENOMEM;
	}
	return 0;
}

static int find_group(struct config_notify *notify, const char *path, const struct cs_conf_section *section,
	struct cs_problem *problem)
{
	const char *name = cs_conf_str(section, "group", NULL);
	const struct group *group = NULL;

	if (!name)
		return 0;
	group = getgrnam(name);
	if (!group)
		return wrong(problem, path, section, "group", name, "does not exist");
	if (group->gr_gid == 0)
		return wrong(problem, path, section, "group", name, "is root's");
	notify->has_group = true;
	notify->group = group->gr_gid;
	return 0;
}

int config_read_notify(const char *path, const struct cs_conf_section *section, uid_t owner, struct config_notify *notify,
	struct cs_problem *problem)
{
	int r = 0;

	if (!section)
		return 0;
	notify->timeout_ms = cs_conf_span(section, "timeout", TIMEOUT_MS);
	notify->keep_ms = cs_conf_span(section, "keep", KEEP_MS);
	notify->arguments = cs_conf_bool(section, "arguments", false);
	if (notify->timeout_ms > TIMEOUT_MOST_MS)
		return wrong(problem, path, section, "timeout", "", "has to be from 1s to 10m");
	if (notify->keep_ms < KEEP_LEAST_MS)
		return wrong(problem, path, section, "keep", "", "has to be at least 1m");
	r = check_programs(notify, path, section, owner, problem);
	return r == 0 ? find_group(notify, path, section, problem) : r;
}

void config_notify_clear(struct config_notify *notify)
{
	for (size_t i = 0; notify->programs && i < notify->n_programs; i++)
		free(notify->programs[i]);
	free(notify->programs);
	*notify = (struct config_notify){ 0 };
}
