/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people: styles, tables, and standard output itself. */
#include "output.h"
#include "clock.h"
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

/* On a narrower terminal lines are left as they are. */
#define WRAPPED_MIN  8

void cs_look_at_output(struct cs_look *ret_look)
{
	cs_look_at(STDOUT_FILENO, ret_look);
}

void cs_look_at(int fd, struct cs_look *ret_look)
{
	struct winsize size;
	struct cs_now now;
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	*ret_look = (struct cs_look){ 0 };
	if (cs_now_read(&now) == 0)
		ret_look->wall_ms = now.wall_ms;
	if (isatty(fd) != 1)
		return;
	ret_look->colour = (no_color == NULL || *no_color == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
	ret_look->redraw = term != NULL && strcmp(term, "dumb") != 0;
	ret_look->width = 80;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
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

size_t cs_columns(const char *text)
{
	size_t columns = 0, n = 0;

	for (; *text != '\0'; text += n)
		columns += cs_text_columns(text, &n);
	return columns;
}

void cs_put_cut(struct cs_buf *out, const char *text, size_t width)
{
	size_t columns = 0, end = 0, n = 0;

	if (cs_columns(text) <= width) {
		cs_put(out, "%s", text);
		return;
	}
	if (width == 0)
		return;
	while ((columns += cs_text_columns(text + end, &n)) < width)
		end += n;
	cs_buf_put(out, text, end);
	cs_put(out, "…");
}

static void put_spaces(struct cs_buf *out, size_t n)
{
	while (n-- > 0)
		cs_buf_put(out, " ", 1);
}

/* The bytes of one character and the columns it takes, or of one change of colour, which takes none. */
static size_t next_piece(const char *text, size_t n, size_t *ret_columns)
{
	const char *end = memchr(text, 'm', n);
	size_t used = 0;

	*ret_columns = 0;
	if (*text == '\033')
		return end == NULL ? n : (size_t)(end - text) + 1;
	*ret_columns = cs_text_columns(text, &used);
	return used;
}

/* Does the word that text begins with fit into room columns? */
static bool word_fits(const char *text, size_t n, size_t room)
{
	size_t columns = 0, used = 0, wide = 0;

	for (size_t at = 0; at < n && text[at] != ' ' && columns <= room; at += used) {
		used = next_piece(text + at, n - at, &wide);
		columns += wide;
	}
	return columns <= room;
}

/* How much of a line of n bytes fits into room columns; where not all of it does up to the last blank after a word. Where
 * there is none, or the next word fits into no line, that has next columns, it is *ret_divided. */
static size_t fitting(const char *text, size_t n, size_t room, size_t next, bool *ret_divided)
{
	size_t columns = 0, blank = 0, full = 0, used = 0, wide = 0;
	bool word = false;

	*ret_divided = false;
	for (size_t at = 0; at < n; at += used) {
		used = next_piece(text + at, n - at, &wide);
		if (wide == 0)
			continue;
		if (text[at] == ' ' && word)
			blank = at;
		columns += wide;
		if (columns < room)
			full = at + used;
		if (columns > room) {
			*ret_divided = blank == 0 || !word_fits(text + blank + 1, n - blank - 1, next);
			return *ret_divided ? full : blank;
		}
		word = word || text[at] != ' ';
	}
	return n;
}

static void put_wrapped_line(struct cs_buf *out, const char *text, size_t n, size_t width, size_t indent)
{
	bool divided = false;
	size_t used = fitting(text, n, width, width - indent, &divided);

	while (used < n) {
		cs_buf_put(out, text, used);
		cs_put(out, divided ? "\\\n" : "\n");
		put_spaces(out, indent);
		text += used + (divided ? 0 : 1);
		n -= used + (divided ? 0 : 1);
		used = fitting(text, n, width - indent, width - indent, &divided);
	}
	cs_buf_put(out, text, n);
}

void cs_put_wrapped(struct cs_buf *out, const struct cs_look *look, struct cs_buf *text, size_t indent)
{
	const char *at = NULL;
	size_t left = text->len, n = 0;

	cs_buf_put(text, "", 1); /* a character that is not whole ends there */
	at = (const char *)text->data;
	if (cs_buf_error(text) != 0) {
		out->error = out->error == 0 ? cs_buf_error(text) : out->error;
		cs_buf_clear(text);
		return;
	}
	if (indent > look->width / 2)
		indent = look->width / 2;
	for (; left > 0; at += n, left -= n) {
		const char *end = memchr(at, '\n', left);

		n = end == NULL ? left : (size_t)(end - at) + 1;
		if (look->width < WRAPPED_MIN) {
			cs_buf_put(out, at, n);
			continue;
		}
		put_wrapped_line(out, at, end == NULL ? n : n - 1, look->width, indent);
		cs_buf_put(out, "\n", end == NULL ? 0 : 1);
	}
	cs_buf_clear(text);
}

void cs_put_ahead(struct cs_buf *out, const struct cs_look *look, uint64_t ms, const char *between)
{
	char span[16], when[21];

	cs_span_text(ms, span);
	cs_put(out, "%s", span);
	if (look->wall_ms == 0)
		return;
	cs_time_text(look->wall_ms + ms, when);
	cs_put(out, "%s%s", between, when);
}

void cs_put_moment(struct cs_buf *out, const struct cs_look *look, uint64_t wall_ms)
{
	char span[16], when[21];
	bool ahead = wall_ms > look->wall_ms;

	cs_time_text(wall_ms, when);
	cs_put(out, "%s", when);
	if (look->wall_ms == 0)
		return;
	cs_span_text(ahead ? wall_ms - look->wall_ms : look->wall_ms - wall_ms, span);
	cs_put(out, ahead ? ", in %s" : ", %s ago", span);
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

int cs_print_wrapped(const struct cs_look *look, struct cs_buf *out, size_t indent)
{
	struct cs_buf wrapped;

	cs_buf_init(&wrapped, CS_OUTPUT_MAX);
	cs_put_wrapped(&wrapped, look, out, indent);
	return cs_print(&wrapped);
}

#define LEFT_OUT SIZE_MAX /* the width of a column that is not shown */

static size_t sum(const size_t *widths, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += widths[i] == LEFT_OUT ? 0 : widths[i] + (total > 0 ? 2 : 0);
	return total;
}

/* Takes what is over the terminal's width from the columns that give way. */
static void narrow(const struct cs_look *look, const struct cs_column *columns, size_t n, size_t *widths)
{
	for (size_t i = n; i > 0; i--) {
		size_t total = sum(widths, n), over = total > look->width ? total - look->width : 0;
		size_t least = columns[i - 1].least, room = widths[i - 1] > least ? widths[i - 1] - least : 0;

		if (least > 0 && widths[i - 1] != LEFT_OUT)
			widths[i - 1] -= over < room ? over : room;
	}
}

/* The column that is missed least; n: there is none. */
static size_t least_missed(const struct cs_column *columns, size_t n, const size_t *widths)
{
	size_t least = n;

	for (size_t i = 0; i < n; i++) {
		if (columns[i].spare > 0 && widths[i] != LEFT_OUT &&
			(least == n || columns[i].spare > columns[least].spare))
			least = i;
	}
	return least;
}

/* wanted is what each column would like; what is left out is left out there too, and the others share what it took. */
static void fit(const struct cs_look *look, const struct cs_column *columns, size_t n, size_t *wanted, size_t *ret_widths)
{
	for (;;) {
		size_t least = n;

		memcpy(ret_widths, wanted, n * sizeof(*wanted));
		if (look->width == 0)
			return;
		narrow(look, columns, n, ret_widths);
		if (sum(ret_widths, n) > look->width)
			least = least_missed(columns, n, wanted);
		if (least == n)
			return;
		wanted[least] = LEFT_OUT;
	}
}

static void measure(const struct cs_column *columns, size_t n_columns, char *const *cells, size_t n_rows,
	size_t *ret_widths)
{
	for (size_t c = 0; c < n_columns; c++) {
		ret_widths[c] = columns[0].title == NULL ? 0 : cs_columns(columns[c].title);
		for (size_t r = 0; r < n_rows; r++) {
			size_t width = cs_columns(cells[r * n_columns + c]);

			if (width > ret_widths[c])
				ret_widths[c] = width;
		}
	}
}

/* "sudo /usr/local/sbin/deploy tomcat" as "sudo …/deploy tomcat", and cut behind where that is still too long. */
static void put_cut_folder(struct cs_buf *out, const char *text, size_t width)
{
	const char *path = strchr(text, '/'), *end = path == NULL ? NULL : path + strcspn(path, " "), *name = path;
	char *shorter = NULL;

	for (const char *at = path; at != end; at++)
		name = *at == '/' ? at : name;
	if (name == path) {
		cs_put_cut(out, text, width);
		return;
	}
	if (cs_format(&shorter, "%.*s…%s", (int)(path - text), text, name) != 0)
		out->error = CS_ENOMEM;
	else
		cs_put_cut(out, shorter, width);
	cs_free_str(&shorter);
}

/* One cell, padded; the last of a line without blanks behind it. left is what remains of the line. */
static void put_cell(struct cs_buf *out, const struct cs_look *look, const struct cs_column *column, const char *text,
	enum cs_style style, size_t width, bool last, size_t left)
{
	size_t room = look->width > 0 && left < width ? left : width;
	size_t pad = 0;
	struct cs_buf cut;

	cs_buf_init(&cut, CS_OUTPUT_MAX);
	if (column->path && cs_columns(text) > room)
		put_cut_folder(&cut, text, room);
	else
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

/* One line of a table; of the titles where cells is NULL. */
static void put_row(struct cs_buf *out, const struct cs_look *look, const struct cs_column *columns, size_t n,
	char *const *cells, const enum cs_style *styles, const size_t *widths)
{
	size_t used = 0, last = n;

	while (last > 0 && widths[last - 1] == LEFT_OUT)
		last--;
	for (size_t c = 0; c < last; c++) {
		const char *text = cells == NULL ? columns[c].title : cells[c];
		enum cs_style style = cells == NULL ? CS_BOLD : styles == NULL ? CS_PLAIN : styles[c];

		if (widths[c] == LEFT_OUT)
			continue;
		if (used > 0 && (look->width == 0 || used + 2 < look->width))
			put_spaces(out, 2);
		used += used > 0 ? 2 : 0;
		put_cell(out, look, &columns[c], text, style, widths[c], c + 1 == last,
			used < look->width ? look->width - used : 0);
		used += widths[c];
	}
	cs_buf_put(out, "\n", 1);
}

int cs_put_table(struct cs_buf *out, const struct cs_look *look, const struct cs_column *columns, size_t n_columns,
	char *const *cells, const enum cs_style *styles, size_t n_rows)
{
	size_t *wanted = calloc(2 * n_columns + 1, sizeof(*wanted)), *widths = wanted == NULL ? NULL : wanted + n_columns;

	if (widths == NULL)
		return CS_ENOMEM;
	measure(columns, n_columns, cells, n_rows, wanted);
	fit(look, columns, n_columns, wanted, widths);
	if (columns[0].title != NULL)
		put_row(out, look, columns, n_columns, NULL, NULL, widths);
	for (size_t r = 0; r < n_rows; r++)
		put_row(out, look, columns, n_columns, cells + r * n_columns,
			styles == NULL ? NULL : styles + r * n_columns, widths);
	free(wanted);
	return 0;
}
