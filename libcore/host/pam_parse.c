/* SPDX-License-Identifier: Apache-2.0 */
/* One file of /etc/pam.d, line by line, with libpam's own ideas of blanks, comments, continuations and brackets. */
#include "pam.h"
#include "pam_control.h"
#include "countersign/error.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \n\t"

static const char *const phases[] = { "", "auth", "account", "password", "session" };

const char *cs_pam_phase_name(enum cs_pam_phase phase)
{
	return (size_t)phase < CS_COUNT(phases) ? phases[phase] : "";
}

/* --- The lines as libpam puts them together ------------------------------------------------------------------------ */

struct source {
	const char *text;
	size_t len, at;
	unsigned line; /* of what was read last */
};

/* The next line of the file, with its newline, into a text that ends at a NUL as C's do. 1; 0 at the end; CS_ENOMEM. */
static int physical(struct source *source, char **ret_line)
{
	const char *start = source->text + source->at;
	const char *end = memchr(start, '\n', source->len - source->at);
	size_t n = end != NULL ? (size_t)(end - start) + 1 : source->len - source->at;

	if (n == 0)
		return 0;
	*ret_line = strndup(start, n);
	if (*ret_line == NULL)
		return CS_ENOMEM;
	source->at += n;
	source->line++;
	return 1;
}

/* Takes away what is behind a continuing backslash; true when there was one. */
static bool continues(char *line)
{
	char *s = line + strlen(line);

	while (s > line && strchr(BLANKS, s[-1]) != NULL)
		s--;
	if (s == line || s[-1] != '\\')
		return false;
	s[-1] = ' ';
	*s = '\0';
	return true;
}

static int append(char **whole, const char *part)
{
	char *longer = NULL;
	int r = cs_format(&longer, "%s%s", *whole != NULL ? *whole : "", part);

	if (r == 0) {
		free(*whole);
		*whole = longer;
	}
	return r;
}

/* The next line with something in it, continuations joined. 1; 0; CS_EPROTO: libpam gives the file up here. */
static int logical(struct source *source, char **ret_line, unsigned *ret_first)
{
	char *whole = NULL;
	bool more = true;
	int r = 1;

	while (more) {
		char *line = NULL, *start = NULL, *comment = NULL;

		r = physical(source, &line);
		if (r != 1)
			break;
		start = line + strspn(line, BLANKS);
		if (*start == '\0' || *start == '#') {
			free(line);
			continue;
		}
		if (whole == NULL)
			*ret_first = source->line;
		comment = strchr(start, '#');
		if (comment != NULL)
			*comment = '\0';
		more = comment == NULL && continues(start);
		r = append(&whole, start) == 0 ? 1 : CS_ENOMEM;
		free(line);
		if (r != 1)
			break;
	}
	if (r == 0 && whole != NULL)
		r = CS_EPROTO; /* the file ends within a continued line */
	if (r == 1) {
		*ret_line = whole;
		whole = NULL;
	}
	free(whole);
	return r;
}

/* --- Words ---------------------------------------------------------------------------------------------------------- */

/* The next word, cut out of the line; "[…]" is one, without the brackets, and "\]" in it is "]". NULL at the end. */
static char *word(char **next)
{
	char *from = *next != NULL ? *next + strspn(*next, BLANKS) : NULL, *to = NULL, *end = NULL;

	if (from == NULL || *from == '\0') {
		*next = NULL;
		return NULL;
	}
	if (*from != '[') {
		end = from + strcspn(from, BLANKS);
	} else {
		from++;
		for (to = end = from; *end != '\0' && *end != ']'; to++, end++) {
			if (end[0] == '\\' && end[1] == ']')
				end++;
			*to = *end;
		}
		if (to != end)
			*to = '\0';
	}
	if (*end != '\0')
		*end++ = '\0';
	*next = *end != '\0' ? end : NULL;
	return from;
}

static enum cs_pam_phase phase_of(const char *name)
{
	for (size_t i = 1; i < CS_COUNT(phases); i++)
		if (strcasecmp(name, phases[i]) == 0)
			return (enum cs_pam_phase)i;
	return CS_PAM_ANY;
}

/* --- A line --------------------------------------------------------------------------------------------------------- */

static void broken(struct cs_pam_line *line, const char *why)
{
	line->what = CS_PAM_BROKEN;
	line->wrong = why;
	for (size_t i = 0; i < CS_PAM_CODES; i++)
		line->actions[i] = CS_PAM_BAD;
}

static enum cs_pam_what what_of(const char *control)
{
	if (strcasecmp(control, "include") == 0)
		return CS_PAM_INCLUDE;
	return strcasecmp(control, "substack") == 0 ? CS_PAM_SUBSTACK : CS_PAM_MODULE;
}

static int read_rest(struct cs_pam_line *line, const char *control, char **next)
{
	const char *module = word(next), *argument = NULL;
	int r = cs_set(&line->control, control);

	if (r == 0 && module != NULL)
		r = cs_set(&line->module, module);
	while (r == 0 && (argument = word(next)) != NULL)
		r = cs_strv_add(&line->args, &line->n_args, argument);
	if (r < 0)
		return r;
	if (line->what != CS_PAM_BROKEN)
		line->what = what_of(control);
	if (line->what == CS_PAM_MODULE)
		cs_pam_read_control(line);
	if (module == NULL && line->what != CS_PAM_BROKEN)
		broken(line, "no module is named");
	return 0;
}

static int read_words(struct cs_pam_line *line, char *text)
{
	char *next = text, *type = word(&next), *control = NULL;

	if (type == NULL) {
		broken(line, "nothing is named");
		return 0;
	}
	if (strcasecmp(type, "@include") == 0) {
		const char *file = word(&next);

		line->what = CS_PAM_AT_INCLUDE;
		return file != NULL ? cs_set(&line->module, file) : 0;
	}
	line->what = CS_PAM_MODULE;
	line->silent = type[0] == '-';
	line->phase = phase_of(type + line->silent);
	if (line->phase == CS_PAM_ANY)
		broken(line, "it begins with none of auth, account, password and session");
	control = word(&next);
	if (control == NULL) {
		broken(line, "no control and no module is named");
		return 0;
	}
	return read_rest(line, control, &next);
}

static void line_clear(struct cs_pam_line *line)
{
	cs_free_str(&line->at.file);
	cs_free_str(&line->control);
	cs_free_str(&line->module);
	cs_free_strv(&line->args, &line->n_args);
	memset(line, 0, sizeof(*line));
}

static int add_line(struct cs_pam_lines *lines, char *text, const char *file, unsigned number_)
{
	struct cs_pam_line line = { .at.line = number_ };
	int r = lines->n >= CS_PAM_STEPS_MAX ? CS_ETOOBIG
		: cs_reserve((void **)&lines->at, &lines->cap, lines->n, 1, sizeof(*lines->at));

	if (r == 0)
		r = cs_set(&line.at.file, file);
	if (r == 0)
		r = read_words(&line, text);
	if (r < 0) {
		line_clear(&line);
		return r;
	}
	lines->at[lines->n++] = line;
	return 0;
}

static int damage(struct cs_pam_lines *lines, const char *file, unsigned line, const char *why)
{
	if (lines->damage.file != NULL)
		return 0;
	lines->damage.line = line;
	lines->why = why;
	return cs_set(&lines->damage.file, file);
}

/* libpam has room for so many bytes of a line, with what it continues; what is longer is read in pieces. */
static int check_line(struct cs_pam_lines *lines, const char *text, const char *file, unsigned line)
{
	if (strlen(text) <= CS_PAM_LINE_MAX)
		return 0;
	return damage(lines, file, line, "the line is longer than the 1023 bytes that libpam reads at once");
}

int cs_pam_parse(const char *text, size_t len, const char *file, struct cs_pam_lines *ret_lines)
{
	struct source source = { text, len, 0, 0 };
	struct cs_pam_lines lines = { 0 };
	char *line = NULL;
	unsigned first = 0;
	int r = memchr(text, '\0', len) != NULL ? damage(&lines, file, 0, "it holds a NUL byte") : 0;

	while (r == 0 && (r = logical(&source, &line, &first)) == 1) {
		r = check_line(&lines, line, file, first);
		if (r == 0)
			r = add_line(&lines, line, file, first);
		cs_free_str(&line);
	}
	if (r == CS_EPROTO)
		r = damage(&lines, file, first, "the file ends within a continued line");
	if (r < 0) {
		cs_pam_lines_clear(&lines);
		return r;
	}
	*ret_lines = lines;
	return 0;
}

void cs_pam_lines_clear(struct cs_pam_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		line_clear(&lines->at[i]);
	free(lines->at);
	cs_free_str(&lines->damage.file);
	memset(lines, 0, sizeof(*lines));
}

const char *cs_pam_module_name(const struct cs_pam_line *line)
{
	const char *slash = line->module != NULL ? strrchr(line->module, '/') : NULL;

	if (slash != NULL)
		return slash + 1;
	return line->module != NULL ? line->module : "";
}
