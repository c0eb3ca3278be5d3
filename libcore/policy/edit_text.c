/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and changing a role in the text of a policy, so that all else stays as it is written. The scanner knows what
 * conf/guard.c lets through: words, texts in quotes, { } = and commas, and three forms of comments. */
#include "edit.h"
#include "mem.h"

#include <stdlib.h>
#include <string.h>

#include <countersign/error.h>

/* --- Lexemes --------------------------------------------------------------------------------------------------- */

/* WORD also stands for a text in quotes; a separator is its own character. */
enum { END = 0, WORD = 'w' };

struct lexeme {
	int kind;
	struct piece at;
	struct piece inner; /* of a word: without its quotes */
};

static size_t skip_blanks(const char *text, size_t at)
{
	for (;;) {
		at += strspn(text + at, " \t\n");
		if (text[at] == '#' || (text[at] == '/' && text[at + 1] == '/')) {
			at += strcspn(text + at, "\n");
		} else if (text[at] == '/' && text[at + 1] == '*') {
			const char *end = strstr(text + at + 2, "*/");

			at = end ? (size_t)(end + 2 - text) : at + strlen(text + at);
		} else {
			return at;
		}
	}
}

static struct lexeme quoted(const char *text, size_t at)
{
	const char quote = text[at];
	size_t end = at + 1;

	while (text[end] && text[end] != quote)
		end += text[end] == '\\' && text[end + 1] ? 2 : 1;
	if (!text[end])
		return (struct lexeme){.kind = END, .at = {end, end}};
	return (struct lexeme){WORD, {at, end + 1}, {at + 1, end}};
}

static struct lexeme next(const char *text, size_t at)
{
	size_t end;

	at = skip_blanks(text, at);
	if (text[at] == '"' || text[at] == '\'')
		return quoted(text, at);
	if (text[at] && strchr("{}=,", text[at]))
		return (struct lexeme){text[at], {at, at + 1}, {at, at}};
	end = at + strcspn(text + at, " \t\n{}=,\"'");
	return (struct lexeme){end > at ? WORD : END, {at, end}, {at, end}};
}

static bool says(const char *text, const struct lexeme *lexeme, const char *s)
{
	size_t len = lexeme->inner.to - lexeme->inner.from;

	return strlen(s) == len && memcmp(text + lexeme->inner.from, s, len) == 0;
}

/* --- Statements ------------------------------------------------------------------------------------------------- */

/* `key = value`, `key = { … }` or `key title { … }`. */
struct statement {
	struct lexeme key, title;
	bool section;
	bool braces;        /* a section, or a list in braces */
	struct piece value; /* between the braces, or the single value */
	struct piece whole;
};

/* The place of the brace that closes the one before `at`; of the end where none does. */
static size_t closing(const char *text, size_t at)
{
	for (size_t depth = 1;;) {
		struct lexeme lexeme = next(text, at);

		depth += lexeme.kind == '{';
		depth -= lexeme.kind == '}';
		if (depth == 0 || lexeme.kind == END)
			return lexeme.at.from;
		at = lexeme.at.to;
	}
}

/* The statement at `at`: false where there is none any more. */
static bool statement_at(const char *text, size_t at, struct statement *ret)
{
	struct statement s = {.key = next(text, at)};
	struct lexeme lexeme = next(text, s.key.at.to);

	if (s.key.kind != WORD)
		return false;
	s.section = lexeme.kind != '=';
	s.title = lexeme;
	if (lexeme.kind == '=' || lexeme.kind == WORD)
		lexeme = next(text, lexeme.at.to);
	s.braces = lexeme.kind == '{';
	s.value = lexeme.at;
	if (s.braces)
		s.value = (struct piece){lexeme.at.to, closing(text, lexeme.at.to)};
	s.whole = (struct piece){s.key.at.from, s.value.to + s.braces};
	if (lexeme.kind == END || (s.braces && !text[s.value.to]) || (s.section && !s.braces))
		return false;
	*ret = s;
	return true;
}

/* The first statement from `at` with this key and, for a section, this title (NULL: any). */
static bool find(const char *text, size_t at, const char *key, const char *title, struct statement *ret)
{
	while (statement_at(text, at, ret)) {
		if (says(text, &ret->key, key) && (!title || (ret->section && says(text, &ret->title, title))))
			return true;
		at = ret->whole.to;
	}
	return false;
}

bool cs_edit_find_role(const char *text, const char *name, struct piece *ret_role)
{
	struct statement found;
	size_t at = 0;
	bool any = false;

	while (find(text, at, "role", name, &found)) {
		*ret_role = found.whole;
		at = found.whole.to;
		any = true;
		if (name)
			break;
	}
	return any;
}

size_t cs_edit_behind(const char *text, size_t end, bool *ret_apart)
{
	size_t at = end + strspn(text + end, " \t");

	if (text[at] == '#' || (text[at] == '/' && text[at + 1] == '/'))
		at += strcspn(text + at, "\n");
	*ret_apart = text[at] != '\n';
	if (text[at] == '\n')
		return at + 1;
	return text[at] ? end : at;
}

/* --- Changing --------------------------------------------------------------------------------------------------- */

int cs_edit_replace(char **text, struct piece piece, const char *with)
{
	size_t len = strlen(*text), n = strlen(with), rest = len - piece.to;
	char *changed = malloc(piece.from + n + rest + 1);

	if (!changed)
		return CS_ENOMEM;
	memcpy(changed, *text, piece.from);
	memcpy(changed + piece.from, with, n);
	memcpy(changed + piece.from + n, *text + piece.to, rest + 1);
	free(*text);
	*text = changed;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes a piece out, and with it the blanks that only it needed: its line where nothing else stands there. */
static int take_out(char **text, struct piece piece)
{
	const char *s = *text;
	size_t begin = piece.from, end = piece.to;

	while (begin > 0 && is_blank(s[begin - 1]))
		begin--;
	while (is_blank(s[end]))
		end++;
	if (s[end] == '\n' && begin > 0 && s[begin - 1] == '\n')
		end++;
	else if (s[end] != '\n')
		begin = piece.from;
	return cs_edit_replace(text, (struct piece){begin, end}, "");
}

/* Writes `key = value` or a section at the end of a section: on a line of its own where the closing brace has one. */
static int add_statement(char **text, const struct statement *section, const char *format, const char *value)
{
	const char *s = *text;
	size_t close = section->value.to, begin = close;
	char *line = NULL, *indent;
	int r;

	while (begin > section->value.from && is_blank(s[begin - 1]))
		begin--;
	if (begin == section->value.from || s[begin - 1] != '\n') {
		r = cs_format(&line, "%s%s = %s ", is_blank(s[close - 1]) ? "" : " ", format, value);
		begin = close;
	} else {
		indent = strndup(s + begin, close - begin);
		r = indent ? cs_format(&line, "%s\t%s = %s\n", indent, format, value) : CS_ENOMEM;
		free(indent);
	}
	if (r == 0)
		r = cs_edit_replace(text, (struct piece){begin, begin}, line);
	free(line);
	return r;
}

/* `in KIND { permissions = p }`, in the same way. */
static int add_kind(char **text, const struct statement *section, const char *kind, const char *permission)
{
	char *begin = NULL, *value = NULL;
	const char *s = *text;
	size_t close = section->value.to, line = close;
	int r;

	while (line > section->value.from && is_blank(s[line - 1]))
		line--;
	if (line == section->value.from || s[line - 1] != '\n') {
		r = cs_format(&begin, "in %s { permissions", kind);
		if (r == 0)
			r = cs_format(&value, "%s }", permission);
	} else {
		r = cs_format(&begin, "in %s {\n%.*s\t\tpermissions", kind, (int)(close - line), s + line);
		if (r == 0)
			r = cs_format(&value, "%s\n%.*s\t}", permission, (int)(close - line), s + line);
	}
	if (r == 0)
		r = add_statement(text, section, begin, value);
	free(begin);
	free(value);
	return r;
}

/* The values of a list, one after the other: the word, and the comma behind it (empty where there is none). */
static bool value_at(const char *text, const struct statement *key, size_t at, struct lexeme *ret_value,
		     struct piece *ret_comma)
{
	struct lexeme lexeme = next(text, at);

	if (lexeme.kind != WORD || lexeme.at.to > key->value.to)
		return false;
	*ret_value = lexeme;
	lexeme = next(text, ret_value->at.to);
	*ret_comma = lexeme.kind == ',' && lexeme.at.to <= key->value.to ? lexeme.at : (struct piece){0, 0};
	return true;
}

static size_t behind(const struct lexeme *value, const struct piece *comma)
{
	return comma->to ? comma->to : value->at.to;
}

static int add_value(char **text, const struct statement *key, const char *permission)
{
	struct lexeme value, last = {0};
	struct piece comma;
	char *with = NULL;
	int r;

	if (!key->braces) {
		r = cs_format(&with, "{ %.*s, %s }", (int)(key->value.to - key->value.from), *text + key->value.from,
			      permission);
		last.at = key->value;
	} else {
		for (size_t at = key->value.from; value_at(*text, key, at, &value, &comma); at = behind(&value, &comma))
			last = value;
		last.at.from = last.at.to;
		r = cs_format(&with, ", %s", permission);
	}
	if (r == 0)
		r = last.at.to ? cs_edit_replace(text, last.at, with) : CS_ENOENT;
	free(with);
	return r;
}

/* Of several values, so that no comma is left over: behind the value, or before it where it is the last. */
static int drop_value(char **text, const struct statement *key, const char *permission)
{
	struct lexeme value, found = {0};
	struct piece comma, before = {0, 0}, found_comma = {0, 0}, found_before = {0, 0};
	int r = 0;

	for (size_t at = key->value.from; value_at(*text, key, at, &value, &comma); at = behind(&value, &comma)) {
		if (says(*text, &value, permission)) {
			found = value;
			found_comma = comma;
			found_before = before;
		}
		before = comma;
	}
	if (found.kind != WORD)
		return CS_ENOENT;
	if (found_comma.to)
		r = cs_edit_replace(text, found_comma, "");
	if (r == 0)
		r = take_out(text, found.at);
	return r == 0 && !found_comma.to && found_before.to ? cs_edit_replace(text, found_before, "") : r;
}

static size_t count_values(const char *text, const struct statement *key)
{
	struct lexeme value;
	struct piece comma;
	size_t n = 0;

	if (!key->braces)
		return 1;
	for (size_t at = key->value.from; value_at(text, key, at, &value, &comma); at = behind(&value, &comma))
		n++;
	return n;
}

int cs_edit_grant(char **role, const char *kind, const char *permission)
{
	struct statement section, key;

	if (!statement_at(*role, 0, &section))
		return CS_ENOENT;
	if (kind && !find(*role, section.value.from, "in", kind, &key))
		return add_kind(role, &section, kind, permission);
	if (kind)
		section = key;
	if (find(*role, section.value.from, "permissions", NULL, &key))
		return add_value(role, &key, permission);
	return add_statement(role, &section, "permissions", permission);
}

int cs_edit_revoke(char **role, const char *kind, const char *permission)
{
	struct statement section, key;

	if (!statement_at(*role, 0, &section))
		return CS_ENOENT;
	if (kind && !find(*role, section.value.from, "in", kind, &section))
		return CS_ENOENT;
	if (!find(*role, section.value.from, "permissions", NULL, &key))
		return CS_ENOENT;
	if (count_values(*role, &key) > 1)
		return drop_value(role, &key, permission);
	return take_out(role, kind ? section.whole : key.whole);
}
