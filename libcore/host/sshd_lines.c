/* SPDX-License-Identifier: Apache-2.0 */
/* sshd_config: keywords, Include and Match. Source: sshd_config(5). */
#include "sshd.h"
#include "countersign/error.h"
#include "mem.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\r"

enum { LINES_MAX = 20000, BLOCKS_MAX = 256, DEPTH_MAX = 16, FILES_MAX = 4096 };

struct reading {
	const struct cs_host *host;
	struct cs_sshd *sshd;
	size_t block;
	unsigned depth;
	unsigned files;
};

static int add_block(struct cs_sshd *sshd, const char *file, unsigned line, const char *criteria)
{
	struct cs_sshd_block block = { .at.line = line };
	int r = sshd->n_blocks >= BLOCKS_MAX ? CS_ETOOBIG
		: cs_reserve((void **)&sshd->blocks, &sshd->cap_blocks, sshd->n_blocks, 1, sizeof(block));

	if (r == 0)
		r = cs_set(&block.at.file, file);
	if (r == 0)
		r = cs_set(&block.criteria, criteria);
	if (r < 0) {
		cs_free_str(&block.at.file);
		return r;
	}
	sshd->blocks[sshd->n_blocks++] = block;
	return 0;
}

static int add_line(struct reading *reading, const char *file, unsigned number, const char *key, const char *value)
{
	struct cs_sshd *sshd = reading->sshd;
	struct cs_sshd_line line = { .at.line = number, .block = reading->block };
	int r = sshd->n_lines >= LINES_MAX ? CS_ETOOBIG
		: cs_reserve((void **)&sshd->lines, &sshd->cap_lines, sshd->n_lines, 1, sizeof(line));

	if (r == 0)
		r = cs_set(&line.at.file, file);
	if (r == 0)
		r = cs_set(&line.key, key);
	if (r == 0)
		r = cs_set(&line.value, value);
	if (r < 0) {
		cs_free_str(&line.at.file);
		cs_free_str(&line.key);
		return r;
	}
	sshd->lines[sshd->n_lines++] = line;
	return 0;
}

static int add_file(struct reading *reading, const char *path);

/* The files that a pattern names: its last component may have wildcards. */
static int include_pattern(struct reading *reading, const char *pattern)
{
	const char *slash = strrchr(pattern, '/');
	char *folder = slash != NULL ? strndup(pattern, slash == pattern ? 1 : (size_t)(slash - pattern)) : NULL;
	char **names = NULL;
	size_t n = 0;
	int r = folder != NULL ? cs_host_list(reading->host, folder, &names, &n) : CS_ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++) {
		char *path = NULL;

		if (fnmatch(slash + 1, names[i], FNM_PERIOD) != 0)
			continue;
		r = cs_format(&path, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, names[i]);
		if (r == 0)
			r = add_file(reading, path);
		free(path);
	}
	cs_free_strv(&names, &n);
	free(folder);
	return r == CS_ENOENT || r == CS_EIO ? 0 : r;
}

static int include(struct reading *reading, char *value)
{
	char *rest = NULL, *word = NULL;
	int r = 0;

	for (word = strtok_r(value, " \t\"", &rest); r == 0 && word != NULL; word = strtok_r(NULL, " \t\"", &rest)) {
		char *pattern = NULL;

		r = word[0] == '/' ? cs_set(&pattern, word) : cs_format(&pattern, "/etc/ssh/%s", word);
		if (r == 0)
			r = include_pattern(reading, pattern);
		free(pattern);
	}
	return r;
}

/* Cuts the value out of what follows the keyword: blanks and one '=' in front, blanks behind, one pair of quotes. */
static char *value_of(char *at, bool after_equals)
{
	size_t n = 0;

	at += strspn(at, BLANKS);
	if (!after_equals && *at == '=')
		at += 1 + strspn(at + 1, BLANKS);
	n = strlen(at);
	while (n > 0 && strchr(BLANKS, at[n - 1]) != NULL)
		at[--n] = '\0';
	if (n > 1 && at[0] == '"' && at[n - 1] == '"' && strchr(at + 1, '"') == at + n - 1) {
		at[n - 1] = '\0';
		at++;
	}
	return at;
}

static int take_match(struct reading *reading, const char *file, unsigned number, const char *criteria)
{
	int r = 0;

	if (strcasecmp(criteria, "all") == 0) {
		reading->block = 0;
		return 0;
	}
	r = add_block(reading->sshd, file, number, criteria);
	if (r == 0)
		reading->block = reading->sshd->n_blocks - 1;
	return r;
}

static int take_line(struct reading *reading, const char *file, unsigned number, char *line)
{
	char *key = line + strspn(line, BLANKS), *value = NULL;
	size_t n = strcspn(key, BLANKS "=");

	if (*key == '\0' || *key == '#')
		return 0;
	value = key + n;
	if (*value != '\0') {
		char end = *value;

		*value++ = '\0';
		value = value_of(value, end == '=');
	}
	for (size_t i = 0; i < n; i++)
		key[i] = (char)tolower((unsigned char)key[i]);
	if (strcmp(key, "match") == 0)
		return take_match(reading, file, number, value);
	if (strcmp(key, "include") == 0 && reading->depth < DEPTH_MAX)
		return include(reading, value);
	return add_line(reading, file, number, key, value);
}

/* A Match in an included file ends with it. */
static int add_file(struct reading *reading, const char *path)
{
	size_t block = reading->block, len = 0;
	char *text = NULL, *rest = NULL;
	unsigned number = 0;
	int r = reading->files++ < FILES_MAX ? cs_host_read(reading->host, path, &text, &len) : CS_ETOOBIG;

	if (r == CS_ENOENT || r == CS_EIO)
		return reading->depth == 0 ? r : 0;
	reading->depth++;
	rest = text;
	for (char *line = NULL; r == 0 && (line = strsep(&rest, "\n")) != NULL;)
		r = take_line(reading, path, ++number, line);
	reading->depth--;
	reading->block = block;
	free(text);
	return r;
}

int cs_sshd_take_lines(const struct cs_host *host, const char *path, struct cs_sshd *sshd)
{
	struct reading reading = { .host = host, .sshd = sshd };
	int r = add_block(sshd, path, 0, "");

	return r == 0 ? add_file(&reading, path) : r;
}
