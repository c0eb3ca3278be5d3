/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people: styles, tables, and standard output itself. */
#include "output.h"
#include "command.h"
#include "mem.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The narrowest a flexible column gets. */
#define FLEXIBLE_MIN 12

void cs_look_at_output(struct cs_look *ret_look)
{
	struct winsize size;
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	*ret_look = (struct cs_look){ 0 };
	if (isatty(STDOUT_FILENO) != 1)
		return;
	ret_look->colour = (no_color == NULL || *no_color == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
	ret_look->width = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		ret_look->width = size.ws_col;
}

void cs_put(struct cs_buf *out, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int n = 0;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		if (out->error == 0)
			out->error = CS_ENOMEM;
		return;
	}
	cs_buf_put(out, text, (size_t)n);
	free(text);
}

void cs_put_styled(struct cs_buf *out, const struct cs_look *look, enum cs_style style, const char *text)
{
	static const char *const codes[] = {
		[CS_PLAIN] = "", [CS_BOLD] = "1", [CS_DIM] = "2", [CS_GREEN] = "32", [CS_YELLOW] = "33", [CS_RED] = "31"
	};

	if (look->colour && style != CS_PLAIN)
		cs_put(out, "\033[%sm%s\033[0m", codes[style], text);
	else
		cs_put(out, "%s", text);
}

void cs_put_shown(struct cs_buf *out, const char *text)
{
	const char *at = text == NULL ? "" : text;

	while (*at != '\0') {
		size_t plain = 0, strange = 0;
		char *piece = NULL;

		while (at[plain] >= ' ' && at[plain] <= '~')
			plain++;
		cs_buf_put(out, at, plain);
		at += plain;
		while (at[strange] != '\0' && (at[strange] < ' ' || at[strange] > '~'))
			strange++;
		piece = strndup(at, strange);
		if (piece == NULL) {
			if (out->error == 0)
				out->error = CS_ENOMEM;
			return;
		}
		cs_escape(out, piece);
		cs_free_str(&piece);
		at += strange;
	}
}

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0u) != 0x80u;
}

size_t cs_columns(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += begins_character(*text) ? 1 : 0;
	return n;
}

void cs_put_cut(struct cs_buf *out, const char *text, size_t width)
{
	size_t columns = 0, end = 0;

	if (cs_columns(text) <= width) {
		cs_put(out, "%s", text);
		return;
	}
	if (width == 0)
		return;
	for (end = 0; text[end] != '\0'; end++) {
		if (begins_character(text[end]) && columns++ == width - 1)
			break;
	}
	cs_buf_put(out, text, end);
	cs_put(out, "…");
}

int cs_print(struct cs_buf *out)
{
	int error = cs_buf_error(out);
	size_t written = 0;

	if (error == 0 && out->len > 0)
		written = fwrite(out->data, 1, out->len, stdout);
	if (error == 0 && (written != out->len || fflush(stdout) != 0)) {
		error = errno;
		cs_buf_clear(out);
		/* A reader that has seen enough is no news; the exit status still says that not all was printed. */
		if (error == EPIPE)
			return CS_EXIT_OUTPUT;
		return cs_fail(CS_EXIT_OUTPUT, "could not print", "standard output", strerror(error));
	}
	cs_buf_clear(out);
	return error == 0 ? 0 : cs_fail(CS_EXIT_INTERNAL, cs_strerror(error), "standard output", "");
}

static size_t sum(const size_t *widths, size_t n)
{
	size_t total = n > 0 ? 2 * (n - 1) : 0;

	for (size_t i = 0; i < n; i++)
		total += widths[i];
	return total;
}

/* Takes what is over the terminal's width from the flexible columns. */
static void narrow(const struct cs_look *look, const struct cs_column *columns, size_t n, size_t *widths)
{
	for (size_t i = n; i > 0 && look->width > 0; i--) {
		size_t total = sum(widths, n), over = total > look->width ? total - look->width : 0;
		size_t room = widths[i - 1] > FLEXIBLE_MIN ? widths[i - 1] - FLEXIBLE_MIN : 0;

		if (columns[i - 1].flexible)
			widths[i - 1] -= over < room ? over : room;
	}
}

static void measure(const struct cs_look *look, const struct cs_column *columns, size_t n_columns, char *const *cells,
	size_t n_rows, size_t *ret_widths)
{
	for (size_t c = 0; c < n_columns; c++) {
		ret_widths[c] = cs_columns(columns[c].title);
		for (size_t r = 0; r < n_rows; r++) {
			size_t width = cs_columns(cells[r * n_columns + c]);

			if (width > ret_widths[c])
				ret_widths[c] = width;
		}
	}
	narrow(look, columns, n_columns, ret_widths);
}

static void put_spaces(struct cs_buf *out, size_t n)
{
	while (n-- > 0)
		cs_buf_put(out, " ", 1);
}

/* One cell, padded; the last of a line without blanks behind it. left is what remains of the line. */
static void put_cell(struct cs_buf *out, const struct cs_look *look, const struct cs_column *column, const char *text,
	enum cs_style style, size_t width, bool last, size_t left)
{
	size_t room = look->width > 0 && left < width ? left : width;
	size_t pad = 0;
	struct cs_buf cut;

	cs_buf_init(&cut, CS_OUTPUT_MAX);
	cs_put_cut(&cut, text, room);
	cs_buf_put_u8(&cut, 0);
	if (cs_buf_error(&cut) != 0) {
		out->error = CS_ENOMEM;
		goto out;
	}
	pad = room - cs_columns((const char *)cut.data);
	if (column->right)
		put_spaces(out, pad);
	cs_put_styled(out, look, style, (const char *)cut.data);
	if (!column->right && !last)
		put_spaces(out, pad);
out:
	cs_buf_clear(&cut);
}

int cs_put_table(struct cs_buf *out, const struct cs_look *look, const struct cs_column *columns, size_t n_columns,
	char *const *cells, const enum cs_style *styles, size_t n_rows)
{
	size_t *widths = calloc(n_columns > 0 ? n_columns : 1, sizeof(*widths));

	if (widths == NULL)
		return CS_ENOMEM;
	measure(look, columns, n_columns, cells, n_rows, widths);
	for (size_t r = 0; r <= n_rows; r++) {
		size_t used = 0;

		for (size_t c = 0; c < n_columns; c++) {
			size_t at = r == 0 ? 0 : (r - 1) * n_columns + c;
			const char *text = r == 0 ? columns[c].title : cells[at];
			enum cs_style style = r == 0 ? CS_BOLD : styles == NULL ? CS_PLAIN : styles[at];

			if (c > 0 && (look->width == 0 || used + 2 < look->width))
				put_spaces(out, 2);
			used += c > 0 ? 2 : 0;
			put_cell(out, look, &columns[c], text, style, widths[c], c + 1 == n_columns,
				used < look->width ? look->width - used : 0);
			used += widths[c];
		}
		cs_buf_put(out, "\n", 1);
	}
	free(widths);
	return 0;
}
