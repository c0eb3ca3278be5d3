/* SPDX-License-Identifier: Apache-2.0 */
/* sudoers: what it says, by sudo's own parser (cvtsudoers, visudo), and on which line, by a look at the files. */
#ifndef CS_HOST_SUDOERS_H
#define CS_HOST_SUDOERS_H

#include "host.h"

#define CS_SUDOERS "/etc/sudoers"

/* One option of a Defaults line. */
struct cs_sudoers_option {
	char *name;       /* without "!" */
	bool off;         /* "!name" */
	char *value;      /* "" where it has none; of a list its words, with blanks between */
	char *scope;      /* "": always; else for whom, where or for what, as "alice, %ops" */
	struct cs_place at;
};

/* One part of a rule: whoever is in users may run commands as runas. */
struct cs_sudoers_rule {
	char *users, *runas, *commands; /* as sudoers has them, with ", " between; aliases by their names */
	bool nopasswd;
	bool digest;           /* a command is tied to a sha256 or the like */
	bool plugin_group;     /* "%:name" is among the users */
	bool plugin_unless;    /* "!%:name" is, or is among those that they may become */
	bool command_unless;   /* "!command" is among the commands */
	struct cs_place at;
};

/* A line of the files, includes in their places, continuations joined. */
struct cs_sudoers_line {
	struct cs_place at;
	char *text;
};

struct cs_sudoers {
	bool there;
	char **files; /* every one that was read, in this order */
	size_t n_files;
	struct cs_sudoers_line *lines;
	size_t n_lines, cap_lines;
	struct cs_sudoers_option *options;
	size_t n_options, cap_options;
	struct cs_sudoers_rule *rules;
	size_t n_rules, cap_rules;
	char *wrong;     /* what visudo says against it, its first line; NULL: nothing */
	char *unknown;   /* why options and rules could not be read (no cvtsudoers, …); NULL: they were */
};

/* On this machine sudo's programs read the files themselves; of another one they are given the text. 0, also where there
 * is no file; CS_ETOOBIG; CS_ENOMEM. Clear with cs_sudoers_clear, also a zero one. */
int cs_sudoers_read(const struct cs_host *host, struct cs_sudoers *ret_sudoers);
void cs_sudoers_clear(struct cs_sudoers *sudoers);

/* Takes options and rules from what cvtsudoers -f json printed. 0; CS_EPROTO; CS_ENOMEM. */
int cs_sudoers_take_json(struct cs_sudoers *sudoers, const char *json, size_t n);

/* The files of sudoers alone: lines and files. */
int cs_sudoers_take_lines(const struct cs_host *host, const char *path, struct cs_sudoers *sudoers);

#endif
