/* SPDX-License-Identifier: Apache-2.0 */
/* The guard in front of libConfuse: refuses every byte whose reading there would surprise (conf.c lists them), and
 * blanks comments, which libConfuse counts as three lines each. */
#include "parts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <countersign/error.h>

#include "mem.h"
#include "text.h"

#define DEPTH_MAX    8
#define SECTIONS_MAX 131072 /* each costs some kilobytes once it is read */
#define LINE_MAX_LEN 262144 /* libConfuse reads a long token, or a long blank, again and again */

/* The kinds of token; a separator is its own character. */
enum { NOTHING = 0, WORD = 'w', STRING = 's' };

struct brace {
	unsigned line;
	bool list;
};

struct guard {
	char *at; /* in the copy that is returned */
	unsigned line;
	int last; /* kind of the last token */
	unsigned last_line;
	unsigned names; /* words and texts since the statement began, its value not counted */
	bool apart;     /* a blank or a separator stands before at */
	struct brace open[DEPTH_MAX];
	size_t depth;
	const char *name;
	struct cs_conf_places *places;
	struct cs_problem *problem;
};

#define REFUSE(g, where, ...) (cs_problem_set((g)->problem, (g)->name, (where), __VA_ARGS__), CS_ECONF)

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("._-/:@", c) != NULL);
}

static int add_line(struct cs_conf_lines *lines, unsigned line)
{
	int r = cs_reserve((void **)&lines->at, &lines->cap, lines->n, 1, sizeof(*lines->at));
	if (r == 0)
		lines->at[lines->n++] = line;
	return r;
}

static void blank(struct guard *g, size_t n)
{
	for (; n > 0; n--, g->at++) {
		if (*g->at == '\n')
			g->line++;
		else
			*g->at = ' ';
	}
	g->apart = true;
}

static int take_comment(struct guard *g)
{
	if (g->at[0] == '#' || g->at[1] == '/') {
		blank(g, strcspn(g->at, "\n"));
		return 0;
	}
	const char *end = strstr(g->at + 2, "*/");
	if (end == NULL)
		return REFUSE(g, g->line, "the comment that begins here is never closed; end it with */");
	blank(g, (size_t)(end + 2 - g->at));
	return 0;
}

static bool in_list(const struct guard *g)
{
	return g->depth > 0 && g->open[g->depth - 1].list;
}

static int took(struct guard *g, int kind)
{
	bool name = (kind == WORD || kind == STRING) && g->last != '=' && !in_list(g);
	g->names = name ? g->names + 1 : 0;
	g->last = kind;
	g->last_line = g->line;
	g->apart = false;
	if (g->names == 1 && kind == STRING)
		return REFUSE(g, g->line, "a key is written without quotes");
	return 0;
}

static int take_word(struct guard *g)
{
	while (is_word(*g->at)) {
		if (g->at[0] == '/' && (g->at[1] == '/' || g->at[1] == '*'))
			return REFUSE(g, g->line, "'%.2s' inside a word; put the value in double quotes", g->at);
		g->at++;
	}
	return took(g, WORD);
}

static int take_string(struct guard *g)
{
	const char quote = *g->at++;
	while (*g->at != quote) {
		if (*g->at == '\0' || *g->at == '\n')
			return REFUSE(g, g->line, "the quoted text is not closed on its line; end it with %c", quote);
		if (g->at[0] == '$' && g->at[1] == '{')
			return REFUSE(g, g->line, "\"${\" is refused: nothing is taken from the environment");
		if (*g->at == '\\') {
			if (quote == '\'' || (g->at[1] != '"' && g->at[1] != '\\'))
				return REFUSE(g, g->line,
					      "a backslash stands only in double quotes and only as \\\\ or \\\"");
			g->at++;
		}
		g->at++;
	}
	g->at++;
	return took(g, STRING);
}

static int take_open(struct guard *g)
{
	bool list = g->last == '=';
	if (in_list(g))
		return REFUSE(g, g->line, "a list cannot hold another list");
	if (!list && g->last != WORD && g->last != STRING)
		return REFUSE(g, g->line, "'{' without the name of a section before it");
	if (g->depth == DEPTH_MAX)
		return REFUSE(g, g->line, "sections are nested more than %d deep", DEPTH_MAX);
	g->open[g->depth++] = (struct brace){.line = g->last_line, .list = list};
	return 0;
}

static int take_close(struct guard *g)
{
	if (g->depth == 0)
		return REFUSE(g, g->line, "'}' without a '{' before it");
	if (in_list(g) && g->last == '{')
		return REFUSE(g, g->line, "the list is empty; leave the key out instead");
	g->depth--;
	if (g->open[g->depth].list)
		return 0;
	if (g->places->sections.n == SECTIONS_MAX)
		return REFUSE(g, g->line, "more than %d sections", SECTIONS_MAX);
	return add_line(&g->places->sections, g->open[g->depth].line);
}

static int take_equals(struct guard *g)
{
	if (g->last != WORD || in_list(g))
		return REFUSE(g, g->line, "'=' without a key before it");
	return add_line(&g->places->assignments, g->last_line);
}

static int take_comma(struct guard *g)
{
	if (!in_list(g))
		return REFUSE(g, g->line, "a comma is only possible in a list: key = { a, b }");
	return 0;
}

static const struct {
	char separator;
	int (*take)(struct guard *g);
} separators[] = {{'{', take_open}, {'}', take_close}, {'=', take_equals}, {',', take_comma}};

/* 1 when a separator was taken, 0 when there is none. */
static int take_separator(struct guard *g)
{
	for (size_t i = 0; i < CS_COUNT(separators); i++) {
		if (separators[i].separator != *g->at)
			continue;
		int r = separators[i].take(g);
		if (r != 0)
			return r;
		(void)took(g, *g->at++);
		g->apart = true;
		return 1;
	}
	return 0;
}

static int take_blank(struct guard *g)
{
	if (*g->at == '\n')
		g->line++;
	g->at++;
	g->apart = true;
	return 0;
}

static int refuse_byte(struct guard *g)
{
	if (g->at[0] == '$' && g->at[1] == '{')
		return REFUSE(g, g->line, "\"${\" is refused: nothing is taken from the environment");
	if (g->at[0] == '+')
		return REFUSE(g, g->line, "'+' is not possible here; write the whole list after one '='");
	if ((unsigned char)g->at[0] >= 0x80)
		return REFUSE(g, g->line, "letters other than ASCII stand only in quotes");
	return REFUSE(g, g->line, "'%c' is not possible outside quotes; put the value in double quotes", g->at[0]);
}

static int take_token(struct guard *g)
{
	char c = *g->at;
	if (c == ' ' || c == '\t' || c == '\n')
		return take_blank(g);
	int r = take_separator(g);
	if (r != 0)
		return r < 0 ? r : 0;
	bool comment = c == '#' || (c == '/' && (g->at[1] == '/' || g->at[1] == '*'));
	bool quoted = c == '"' || c == '\'';
	if (!comment && !quoted && !is_word(c))
		return refuse_byte(g);
	if (!g->apart)
		return REFUSE(g, g->line, "a blank is missing before '%c'", c);
	if (comment)
		return take_comment(g);
	return quoted ? take_string(g) : take_word(g);
}

/* The bytes at text, which cannot be shown, as one escape. */
static void name_bytes(const char *text, char ret_name[16])
{
	char piece[5] = {0};
	memcpy(piece, text, strnlen(text, sizeof(piece) - 1));
	char *escaped = cs_escaped(piece);
	if (escaped != NULL) {
		escaped[escaped[1] == 'u' ? strcspn(escaped, "}") + 1 : 4] = '\0';
		memcpy(ret_name, escaped, strlen(escaped) + 1);
	}
	free(escaped);
}

/* What no part of the file may hold, comments included: a reader must see what is there. */
static int check_bytes(struct guard *g, const char *text)
{
	const char *start = text;
	unsigned line = 1;
	while (*text != '\0') {
		bool plain = (*text >= ' ' && *text <= '~') || *text == '\n' || *text == '\t';
		size_t n = plain ? 1 : cs_text_shown(text);
		if (*text == '\r')
			return REFUSE(g, line, "a carriage return; save the file with Unix line ends");
		if (n == 0) {
			char bytes[16] = "";
			name_bytes(text, bytes);
			return REFUSE(g, line, "a control or invisible character, or a byte that is not UTF-8: %s",
				      bytes);
		}
		text += n;
		if (text - start > LINE_MAX_LEN)
			return REFUSE(g, line, "the line is longer than %d bytes; break it", LINE_MAX_LEN);
		if (text[-1] == '\n') {
			line++;
			start = text;
		}
	}
	return 0;
}

int cs_conf_guard(const char *text, const char *name, char **ret_text, struct cs_conf_places *ret_places,
		  struct cs_problem *problem)
{
	struct cs_conf_places places = {0};
	struct guard g = {.line = 1, .apart = true, .name = name, .places = &places, .problem = problem};

	char *copy = cs_dup(text);
	if (copy == NULL)
		return CS_ENOMEM;
	g.at = copy;
	int r = check_bytes(&g, text);
	while (r == 0 && *g.at != '\0')
		r = take_token(&g);
	if (r == 0 && g.depth > 0)
		r = REFUSE(&g, g.open[g.depth - 1].line, "the '{' of this line is never closed");
	if (r == 0) {
		*ret_text = copy;
		*ret_places = places;
		return 0;
	}
	free(copy);
	cs_conf_places_clear(&places);
	return r;
}

void cs_conf_places_clear(struct cs_conf_places *places)
{
	free(places->assignments.at);
	free(places->sections.at);
	*places = (struct cs_conf_places){0};
}
