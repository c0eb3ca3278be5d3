/* SPDX-License-Identifier: Apache-2.0 */
/* sudo.conf: comments, continuations, keywords in any case, and what sudo demands of the file. */
#include "sudo_conf.h"
#include "countersign/error.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"
#define PLUGIN_FOLDER "/usr/libexec/sudo"

enum { LINES_MAX = 4096 };

static const struct {
	const char *name;
	enum cs_sudo_conf_what what;
} keywords[] = {
	{ "Debug", CS_SUDO_CONF_DEBUG },
	{ "Path", CS_SUDO_CONF_PATH },
	{ "Plugin", CS_SUDO_CONF_PLUGIN },
	{ "Set", CS_SUDO_CONF_SET },
};

/* A keyword is one only with a blank behind it. Returns what follows, or the line itself. */
static char *after_keyword(char *line, enum cs_sudo_conf_what *ret_what)
{
	for (size_t i = 0; i < CS_COUNT(keywords); i++) {
		size_t len = strlen(keywords[i].name);

		if (strncasecmp(line, keywords[i].name, len) == 0 && line[len] != '\0' &&
			strchr(BLANKS, line[len]) != NULL) {
			*ret_what = keywords[i].what;
			return line + len;
		}
	}
	*ret_what = CS_SUDO_CONF_OTHER;
	return line;
}

static int add_line(struct cs_sudo_conf *conf, char *text, unsigned number)
{
	struct cs_sudo_conf_line line = { .line = number };
	char *at = after_keyword(text, &line.what), *rest = NULL, *word = NULL;
	int r = conf->n >= LINES_MAX ? CS_ETOOBIG
		: cs_reserve((void **)&conf->lines, &conf->cap, conf->n, 1, sizeof(*conf->lines));

	for (word = strtok_r(at, BLANKS, &rest); r == 0 && word != NULL; word = strtok_r(NULL, BLANKS, &rest))
		r = cs_strv_add(&line.words, &line.n_words, word);
	if (r < 0) {
		cs_free_strv(&line.words, &line.n_words);
		return r;
	}
	conf->lines[conf->n++] = line;
	return 0;
}

static size_t trimmed(const char *line, size_t len, const char *what)
{
	while (len > 0 && strchr(what, line[len - 1]) != NULL)
		len--;
	return len;
}

/* One line of the file, cut at a comment; true when the next one continues it. */
static bool cut(char *line)
{
	size_t len = trimmed(line, strlen(line), "\r\n");
	char *comment = NULL;

	line[len] = '\0';
	comment = strchr(line, '#');
	if (comment != NULL) {
		*comment = '\0';
	} else if (len > 0 && line[len - 1] == '\\' && (len == 1 || line[len - 2] != '\\')) {
		line[len - 1] = '\0';
		return true;
	}
	line[trimmed(line, strlen(line), BLANKS)] = '\0';
	return false;
}

static int append(char **whole, const char *part)
{
	char *longer = NULL;
	int r = cs_format(&longer, "%s%s", *whole != NULL ? *whole : "", part + strspn(part, BLANKS));

	if (r == 0) {
		free(*whole);
		*whole = longer;
	}
	return r;
}

int cs_sudo_conf_parse(const char *text, size_t len, struct cs_sudo_conf *ret_conf)
{
	struct cs_sudo_conf conf = { .there = true };
	char *whole = NULL;
	unsigned number = 0;
	int r = 0;

	for (size_t at = 0; r == 0 && at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end != NULL ? (size_t)(end - text) + 1 - at : len - at;
		char *line = strndup(text + at, n);
		bool more = line != NULL && cut(line);

		number++;
		at += n;
		r = line != NULL ? append(&whole, line) : CS_ENOMEM;
		free(line);
		if (r < 0 || (more && at < len))
			continue;
		if (whole[0] != '\0')
			r = add_line(&conf, whole, number);
		cs_free_str(&whole);
	}
	free(whole);
	if (r < 0) {
		cs_sudo_conf_clear(&conf);
		return r;
	}
	*ret_conf = conf;
	return 0;
}

static const char *refusal(const struct stat *st, uid_t owner)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	if (st->st_uid != owner)
		return "does not belong to root";
	if ((st->st_mode & S_IWOTH) != 0)
		return "is writable by everybody";
	return (st->st_mode & S_IWGRP) != 0 ? "is writable by its group" : NULL;
}

int cs_sudo_conf_read(const struct cs_host *host, struct cs_sudo_conf *ret_conf)
{
	struct cs_sudo_conf conf = { 0 };
	struct stat st;
	char *text = NULL;
	size_t len = 0;
	int r = cs_host_look(host, CS_SUDO_CONF, &st);

	if (r == 0 && !S_ISREG(st.st_mode))
		conf.there = true;
	else if (r == 0)
		r = cs_host_read(host, CS_SUDO_CONF, &text, &len);
	if (text != NULL)
		r = cs_sudo_conf_parse(text, len, &conf);
	free(text);
	if (r < 0 && r != CS_ENOENT)
		return r;
	if (r == 0)
		conf.refused = refusal(&st, host->owner);
	*ret_conf = conf;
	return 0;
}

void cs_sudo_conf_clear(struct cs_sudo_conf *conf)
{
	for (size_t i = 0; i < conf->n; i++)
		cs_free_strv(&conf->lines[i].words, &conf->lines[i].n_words);
	free(conf->lines);
	memset(conf, 0, sizeof(*conf));
}

bool cs_sudo_conf_lacks_recorder(const struct cs_sudo_conf *conf)
{
	for (size_t i = 0; i < conf->n; i++) {
		const struct cs_sudo_conf_line *line = &conf->lines[i];

		if (line->what == CS_SUDO_CONF_PLUGIN && line->n_words > 1 && strcmp(line->words[0], "sudoers_audit") != 0 &&
			strncmp(line->words[0], "sudo_countersign", strlen("sudo_countersign")) != 0)
			return false;
	}
	return true;
}

static const char *plugin_folder(const struct cs_sudo_conf *conf)
{
	const char *folder = PLUGIN_FOLDER;

	for (size_t i = 0; i < conf->n; i++) {
		const struct cs_sudo_conf_line *line = &conf->lines[i];

		if (line->what == CS_SUDO_CONF_PATH && line->n_words > 0 && strcasecmp(line->words[0], "plugin_dir") == 0)
			folder = line->n_words > 1 ? line->words[1] : "";
	}
	return folder;
}

int cs_sudo_conf_plugin_file(const struct cs_sudo_conf *conf, const struct cs_sudo_conf_line *line, char **ret_path)
{
	const char *path = line->what == CS_SUDO_CONF_PLUGIN && line->n_words > 1 ? line->words[1] : NULL;
	const char *folder = plugin_folder(conf);

	if (path == NULL)
		return CS_ENOENT;
	if (path[0] == '/')
		return cs_format(ret_path, "%s", path);
	return cs_format(ret_path, "%s%s%s", folder, folder[0] != '\0' && folder[strlen(folder) - 1] != '/' ? "/" : "", path);
}
