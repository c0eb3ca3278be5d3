/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people: gathered in a buffer, printed once, and a failure to print is a failure. */
#ifndef CS_COMMAND_OUTPUT_H
#define CS_COMMAND_OUTPUT_H

#include "buf.h"
#include <stdbool.h>
#include <stdint.h>

#define CS_OUTPUT_MAX (64u * 1024u * 1024u)

/* How standard output is to look. */
struct cs_look {
	bool colour;
	size_t width; /* columns of the terminal; 0: not a terminal, nothing is cut */
	bool redraw;  /* a terminal that can be drawn on again */
	uint64_t wall_ms; /* now; 0: moments are not said beside time spans */
};

enum cs_style { CS_PLAIN = 0, CS_BOLD, CS_DIM, CS_GREEN, CS_YELLOW, CS_RED };

/* Colour and width of standard output: only for a terminal; NO_COLOR and TERM=dumb take the colour away. And the time of
 * now. */
void cs_look_at_output(struct cs_look *ret_look);
/* The same of another descriptor than standard output. */
void cs_look_at(int fd, struct cs_look *ret_look);

/* Appends formatted text. What comes from outside goes through cs_escaped first. */
void cs_put(struct cs_buf *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends safe text in a style. */
void cs_put_styled(struct cs_buf *out, const struct cs_look *look, enum cs_style style, const char *text);
/* Appends text that the daemon escaped already (cs_action_line): printable ASCII as it is, the rest escaped, so that
 * backslashes are not doubled and yet nothing reaches the terminal raw. */
void cs_put_shown(struct cs_buf *out, const char *text);

/* How many columns of a terminal UTF-8 text takes, at most. */
size_t cs_columns(const char *text);
/* Appends at most width columns of text; what is cut ends in "…". */
void cs_put_cut(struct cs_buf *out, const char *text, size_t width);

/* Appends the lines of text, whose colours are those of cs_put_styled, and clears it. On a terminal no line is wider than
 * that: it goes on below after so many blanks (at most half of the width), instead of the blank where it was divided. A
 * word that has to be divided ends in a backslash, which is no other character's: what is shown escaped has none alone. */
#define CS_LINE_GOES_ON 8u /* where nothing stands in columns */
void cs_put_wrapped(struct cs_buf *out, const struct cs_look *look, struct cs_buf *text, size_t indent);

/* Appends a time span from now and, where look knows the time, the moment: "14m 03s, until 2026-11-21T20:14:11Z" with
 * between ", until ". */
void cs_put_ahead(struct cs_buf *out, const struct cs_look *look, uint64_t ms, const char *between);
/* Appends a moment and how far that is: "2026-11-21T20:14:11Z, in 14m 03s" or "…, 2m 10s ago". */
void cs_put_moment(struct cs_buf *out, const struct cs_look *look, uint64_t wall_ms);

/* Writes all of it to standard output and clears it; the second one after cs_put_wrapped. An exit status: 0, CS_EXIT_OUTPUT or CS_EXIT_INTERNAL, told. */
int cs_print(struct cs_buf *out);
int cs_print_wrapped(const struct cs_look *look, struct cs_buf *out, size_t indent);

struct cs_column {
	const char *title; /* of the first column NULL: no line of titles */
	bool right;    /* numbers */
	unsigned least; /* gives way when the terminal is narrow, down to so many columns; 0: never */
	unsigned spare; /* left out when that is not enough: the highest first; 0: never */
	bool path;      /* of the first path in a text that is too long its folder is cut first */
};

/* Appends a table: a line of titles, then n_rows lines. cells and styles (may be NULL) are row after row, safe text. On a
 * terminal no line is wider than that. 0, CS_ENOMEM. */
int cs_put_table(struct cs_buf *out, const struct cs_look *look, const struct cs_column *columns, size_t n_columns,
	char *const *cells, const enum cs_style *styles, size_t n_rows);

#endif
