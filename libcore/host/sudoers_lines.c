/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of sudoers and of what it includes. They serve to say where something stands, and to hand the text of another
 * machine to sudo's parser; what they mean is that parser's to say. */
#include "sudoers.h"
#include "countersign/error.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"

enum { LINES_MAX = 20000, DEPTH_MAX = 128, FILES_MAX = 4096 };

static int add_line(struct cs_sudoers *sudoers, const char *file, unsigned number, const char *text)
{
	struct cs_sudoers_line line = { .at.line = number };
	int r = sudoers->n_lines >= LINES_MAX ? CS_ETOOBIG
		: cs_reserve((void **)&sudoers->lines, &sudoers->cap_lines, sudoers->n_lines, 1, sizeof(line));

	if (r == 0)
		r = cs_set(&line.at.file, file);
	if (r == 0)
		r = cs_set(&line.text, text);
	if (r < 0) {
		cs_free_str(&line.at.file);
		return r;
	}
	sudoers->lines[sudoers->n_lines++] = line;
	return 0;
}

/* What is behind "@include" or "#includedir"; NULL: the line is none. */
static const char *after_directive(const char *line, bool *ret_folder)
{
	static const struct {
		const char *name;
		bool folder;
	} directives[] = { { "includedir", true }, { "include", false } };

	line += strspn(line, BLANKS);
	if (line[0] != '@' && line[0] != '#')
		return NULL;
	for (size_t i = 0; i < CS_COUNT(directives); i++) {
		size_t n = strlen(directives[i].name);

		if (strncmp(line + 1, directives[i].name, n) != 0 || line[1 + n] == '\0' || !strchr(BLANKS, line[1 + n]))
			continue;
		*ret_folder = directives[i].folder;
		return line + 1 + n + strspn(line + 1 + n, BLANKS);
	}
	return NULL;
}

/* The path that is named: quotes and backslashes taken away, relative to the folder of the file that names it. */
static int named_path(const char *word, const char *from, char **ret_path)
{
	char *name = malloc(strlen(word) + 1);
	size_t n = 0, folder = strrchr(from, '/') != NULL ? (size_t)(strrchr(from, '/') - from) : 0;
	bool quoted = *word == '"';
	int r = 0;

	if (name == NULL)
		return CS_ENOMEM;
	for (word += quoted; *word != '\0' && (quoted ? *word != '"' : strchr(BLANKS, *word) == NULL); word++) {
		if (*word == '\\' && word[1] != '\0')
			word++;
		name[n++] = *word;
	}
	name[n] = '\0';
	r = name[0] == '/' ? cs_set(ret_path, name) : cs_format(ret_path, "%.*s/%s", (int)folder, from, name);
	free(name);
	return r;
}

static int add_file(const struct cs_host *host, const char *path, unsigned depth, struct cs_sudoers *sudoers);

static int add_folder(const struct cs_host *host, const char *path, unsigned depth, struct cs_sudoers *sudoers)
{
	char **names = NULL;
	size_t n = 0;
	int r = cs_host_list(host, path, &names, &n);

	if (r == CS_ENOENT || r == CS_EIO)
		return 0; /* sudo goes on without */
	for (size_t i = 0; r == 0 && i < n; i++) {
		char *file = NULL;

		if (strchr(names[i], '.') != NULL || names[i][strlen(names[i]) - 1] == '~')
			continue;
		r = cs_format(&file, "%s/%s", path, names[i]);
		if (r == 0)
			r = add_file(host, file, depth, sudoers);
		free(file);
	}
	cs_free_strv(&names, &n);
	return r;
}

static int take_line(const struct cs_host *host, const char *path, unsigned number, const char *line, unsigned depth,
	struct cs_sudoers *sudoers)
{
	bool folder = false;
	const char *word = after_directive(line, &folder);
	char *named = NULL;
	int r = 0;

	if (word == NULL)
		return add_line(sudoers, path, number, line);
	if (depth >= DEPTH_MAX)
		return 0;
	r = named_path(word, path, &named);
	if (r == 0)
		r = folder ? add_folder(host, named, depth + 1, sudoers) : add_file(host, named, depth + 1, sudoers);
	free(named);
	return r;
}

/* A backslash before the newline continues; whether the two are one word is sudo's to say. */
static char *next_line(char **at, unsigned *number)
{
	char *start = *at, *to = start, *from = start;

	if (*start == '\0')
		return NULL;
	for (; *from != '\0' && *from != '\n'; from++) {
		if (from[0] == '\\' && from[1] == '\n') {
			from++;
			(*number)++;
			*to++ = ' ';
			continue;
		}
		*to++ = *from;
	}
	(*number)++;
	*at = *from == '\n' ? from + 1 : from;
	*to = '\0';
	return start;
}

static int add_file(const struct cs_host *host, const char *path, unsigned depth, struct cs_sudoers *sudoers)
{
	char *text = NULL, *at = NULL, *line = NULL;
	size_t len = 0;
	unsigned number = 0, first = 1;
	int r = cs_host_read(host, path, &text, &len);

	if (r == CS_ENOENT || r == CS_EIO)
		return 0; /* the parser says it */
	if (r == 0)
		r = sudoers->n_files < FILES_MAX ? cs_strv_add(&sudoers->files, &sudoers->n_files, path) : CS_ETOOBIG;
	for (at = text; r == 0 && (line = next_line(&at, &number)) != NULL; first = number + 1)
		r = take_line(host, path, first, line, depth, sudoers);
	free(text);
	return r;
}

int cs_sudoers_take_lines(const struct cs_host *host, const char *path, struct cs_sudoers *sudoers)
{
	return add_file(host, path, 0, sudoers);
}
