/* SPDX-License-Identifier: Apache-2.0 */
/* glibc's parsers of the account files over bytes at hand. Only they decide what a line says, so that nobody is
 * somebody else here than at the login. */
#include "unix_text.h"
#include "countersign/error.h"
#include "mem.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_LONGEST = 1024 * 1024, STREAM_BUFFER = 4096 };

union entry {
	struct passwd passwd;
	struct group group;
	struct spwd shadow;
};

/* The next entry in the buffer. 0 and its name; an error number, ENOENT at the end. */
typedef int (*next_fn)(FILE *stream, union entry *entry, char *buffer, size_t size, const char **ret_name);

static int next_passwd(FILE *stream, union entry *entry, char *buffer, size_t size, const char **ret_name)
{
	struct passwd *got = NULL;
	int e = fgetpwent_r(stream, &entry->passwd, buffer, size, &got);
	if (e == 0)
		*ret_name = got->pw_name;
	return e;
}

static int next_group(FILE *stream, union entry *entry, char *buffer, size_t size, const char **ret_name)
{
	struct group *got = NULL;
	int e = fgetgrent_r(stream, &entry->group, buffer, size, &got);
	if (e == 0)
		*ret_name = got->gr_name;
	return e;
}

static int next_shadow(FILE *stream, union entry *entry, char *buffer, size_t size, const char **ret_name)
{
	struct spwd *got = NULL;
	int e = fgetspent_r(stream, &entry->shadow, buffer, size, &got);
	if (e == 0)
		*ret_name = got->sp_namp;
	return e;
}

static const struct kind {
	const char *name;
	next_fn next;
	bool may_be_empty; /* where every password is in passwd */
} kinds[] = {
	[CS_UNIX_PASSWD] = { "passwd", next_passwd, false },
	[CS_UNIX_GROUP] = { "group", next_group, false },
	[CS_UNIX_SHADOW] = { "shadow", next_shadow, true },
};

const char *cs_unix_file_name(enum cs_unix_file file)
{
	return kinds[file].name;
}

/* One pass over a text. */
struct pass {
	const struct kind *kind;
	struct cs_problem *problem;
	const char *text;
	size_t n;
	size_t at;       /* where the next line begins that glibc has not read */
	unsigned line;   /* its number */
	unsigned data;   /* the last line that is more than a comment */
	char *buffer;    /* room for any of the lines, as glibc splits it */
	size_t size;
	char stream[STREAM_BUFFER];
};

static int refuse(const struct pass *pass, unsigned line, const char *text)
{
	cs_problem_set(pass->problem, pass->kind->name, line, "%s", text);
	return CS_ECONF;
}

/* The longest line decides how much room is needed, with a pointer for each name of a list. */
static int measure(struct pass *pass)
{
	size_t longest = 0, most = 0;
	const char *end = pass->text + pass->n;
	unsigned number = 1;
	for (const char *line = pass->text; line < end; number++) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t names = 1, length = 0;
		if (stop == NULL)
			return refuse(pass, number, "is cut off: its last line has no end");
		length = (size_t)(stop - line);
		if (length > LINE_LONGEST)
			return refuse(pass, number, "is longer than 1 MiB");
		for (const char *p = line; p < stop; p++)
			names += *p == ',';
		longest = length > longest ? length : longest;
		most = names > most ? names : most;
		line = stop + 1;
	}
	pass->size = longest + 64 + (most + 3) * sizeof(char *);
	return 0;
}

static bool is_data(const char *line)
{
	while (*line != '\n' && isspace((unsigned char)*line))
		line++;
	return *line != '\n' && *line != '\0' && *line != '#';
}

/* Goes on to where glibc is, past so many lines of data; more of them are lines that it skipped. */
static int catch_up(struct pass *pass, size_t end, unsigned expected)
{
	unsigned first = 0, seen = 0;
	while (pass->at < end) {
		const char *line = pass->text + pass->at;
		const char *stop = memchr(line, '\n', pass->n - pass->at);
		if (is_data(line)) {
			first = seen++ == 0 ? pass->line : first;
			pass->data = pass->line;
		}
		pass->at = stop != NULL ? (size_t)(stop - pass->text) + 1 : pass->n;
		pass->line++;
	}
	return seen <= expected ? 0 : refuse(pass, first, "cannot be read");
}

static int walk(struct pass *pass, FILE *stream, cs_unix_fn each, void *arg)
{
	for (;;) {
		union entry entry;
		const char *name = NULL;
		int e = pass->kind->next(stream, &entry, pass->buffer, pass->size, &name);
		off_t end = ftello(stream);
		if (e == ENOENT)
			return catch_up(pass, pass->n, 0);
		if (e != 0 || end < 0)
			return refuse(pass, pass->line, "cannot be read");
		int r = catch_up(pass, (size_t)end, 1);
		if (r == 0 && *name != '+' && *name != '-')
			r = each(arg, &entry, pass->data);
		if (r != 0)
			return r;
	}
}

static int read_stream(struct pass *pass, char *text, cs_unix_fn each, void *arg)
{
	FILE *stream = fmemopen(text, pass->n, "r");
	if (stream == NULL)
		return CS_ENOMEM;
	int r = setvbuf(stream, pass->stream, _IOFBF, sizeof(pass->stream)) == 0 ? walk(pass, stream, each, arg)
									       : CS_ENOMEM;
	(void)fclose(stream);
	explicit_bzero(pass->stream, sizeof(pass->stream));
	return r;
}

int cs_unix_each(enum cs_unix_file file, char *text, size_t n, cs_unix_fn each, void *arg, struct cs_problem *problem)
{
	struct pass pass = { .kind = &kinds[file], .problem = problem, .text = text, .n = n, .line = 1 };
	int r = measure(&pass);
	if (r != 0)
		return r;
	if (n == 0)
		return pass.kind->may_be_empty ? 0 : refuse(&pass, 0, "is empty");
	pass.buffer = malloc(pass.size);
	if (pass.buffer == NULL)
		return CS_ENOMEM;
	r = read_stream(&pass, text, each, arg);
	explicit_bzero(pass.buffer, pass.size);
	free(pass.buffer);
	return r;
}
