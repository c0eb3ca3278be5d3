/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody else's terminal, made harmless. */
#include "screen_text.h"
#include "mem.h"
#include "text.h"

#include <string.h>

enum { SEQUENCE_MAX = 64, STRING_MAX = 256, NUMBERS_MAX = 16, DIGITS_MAX = 4 };

#define ESC '\033'

static void put_text(struct cs_buf *out, const char *text)
{
	cs_buf_put(out, text, strlen(text));
}

/* --- Sequences ------------------------------------------------------------------------------------------------------- */

/* The numbers between first and end: at most NUMBERS_MAX, of few digits; one that is not there is 0. How many; -1. */
static int numbers(const char *first, const char *end, unsigned values[NUMBERS_MAX])
{
	int n = 0, digits = 0;

	values[0] = 0;
	for (const char *at = first; at < end; at++) {
		if (*at == ';' || *at == ':') {
			if (++n == NUMBERS_MAX)
				return -1;
			values[n] = 0;
			digits = 0;
		} else if (*at < '0' || *at > '9' || ++digits > DIGITS_MAX) {
			return -1;
		} else {
			values[n] = values[n] * 10 + (unsigned)(*at - '0');
		}
	}
	return n + 1;
}

/* Colours and the like, but not letters that are there and not seen. */
static bool colours(const unsigned *values, int n)
{
	for (int i = 0; i < n; i++) {
		if (values[i] == 8)
			return false;
		if ((values[i] == 38 || values[i] == 48 || values[i] == 58) && i + 1 < n)
			i += values[i + 1] == 5 ? 2 : values[i + 1] == 2 ? 4 : 0;
	}
	return true;
}

/* Cursor, erasing, inserting, scrolling. Not the lines that have left the screen: they are what was seen. */
static bool moves(char last, const unsigned *values, int n)
{
	if (last == 'J')
		return n == 1 && values[0] <= 2;
	return strchr("ABCDEFGHIKLMPSTXZ@`adefr", last) != NULL || (strchr("su", last) != NULL && n == 1 && values[0] == 0);
}

/* The cursor is seen or not, lines go on or not, and the other screen. */
static bool switches(struct cs_screen_text *text, char last, unsigned value)
{
	if (last != 'h' && last != 'l')
		return false;
	if (value == 47 || value == 1047 || value == 1049)
		text->alternate = last == 'h';
	return value == 7 || value == 25 || value == 47 || value == 1047 || value == 1049;
}

static bool is_harmless(struct cs_screen_text *text)
{
	const char *first = text->held + 2, *end = text->held + text->n - 1;
	unsigned values[NUMBERS_MAX];
	bool own = *first == '?';
	int n = numbers(own ? first + 1 : first, end, values);

	if (n < 0)
		return false;
	if (own)
		return n == 1 && switches(text, *end, values[0]);
	text->region = text->region || *end == 'r';
	return *end == 'm' ? colours(values, n) : moves(*end, values, n);
}

/* --- Byte by byte ---------------------------------------------------------------------------------------------------- */

static void forget(struct cs_screen_text *text)
{
	text->n = 0;
}

static void show_held(struct cs_screen_text *text, struct cs_buf *out)
{
	text->held[text->n] = '\0';
	cs_escape(out, text->held);
	forget(text);
}

static void pass_held(struct cs_screen_text *text, struct cs_buf *out)
{
	if (!text->plain)
		cs_buf_put(out, text->held, text->n);
	forget(text);
}

/* A byte that stands for itself. What rings, or changes the letters, is left out. */
static void put_byte(const struct cs_screen_text *text, unsigned char byte, struct cs_buf *out)
{
	const char alone[2] = { (char)byte, '\0' };

	if ((byte >= ' ' && byte <= '~') || byte == '\n' || byte == '\t' ||
		(!text->plain && (byte == '\r' || byte == '\b')))
		cs_buf_put(out, &byte, 1);
	else if (byte >= 0x80)
		cs_escape(out, alone);
}

/* Where the byte belongs to what is held it is held too: 1. 0: it does not. */
static int hold_letter(struct cs_screen_text *text, unsigned char byte, struct cs_buf *out)
{
	unsigned char lead = (unsigned char)text->held[0];
	size_t whole = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

	if ((byte & 0xc0) != 0x80)
		return 0;
	text->held[text->n++] = (char)byte;
	if (text->n < whole)
		return 1;
	text->held[text->n] = '\0';
	if (cs_text_shown(text->held) == text->n)
		put_text(out, text->held);
	else
		cs_escape(out, text->held);
	forget(text);
	return 1;
}

static int hold_control(struct cs_screen_text *text, unsigned char byte, struct cs_buf *out)
{
	if (byte < ' ' || byte > '~' || text->n >= SEQUENCE_MAX)
		return 0;
	text->held[text->n++] = (char)byte;
	if (byte < '@')
		return 1;
	if (is_harmless(text))
		pass_held(text, out);
	forget(text);
	return 1;
}

/* A title, a clipboard, a question: it ends with BEL or ESC \. */
static int hold_string(struct cs_screen_text *text, unsigned char byte)
{
	bool ends = text->held[text->n - 1] == ESC && text->n > 2;

	if (text->n >= STRING_MAX || (ends && byte != '\\') || (byte < ' ' && byte != '\a' && byte != ESC) || byte == 0x7f)
		return 0;
	text->held[text->n++] = (char)byte;
	if (byte == '\a' || ends)
		forget(text);
	return 1;
}

/* Of two bytes, or with more between them, such as the choice of letters. */
static int hold_short(struct cs_screen_text *text, unsigned char byte, struct cs_buf *out)
{
	if (byte < ' ' || byte > '~' || text->n >= SEQUENCE_MAX)
		return 0;
	text->held[text->n++] = (char)byte;
	if (byte < '0' || (text->n == 2 && strchr("[]PX^_", byte) != NULL))
		return 1;
	if (text->n == 2 && strchr("78DEM", byte) != NULL)
		pass_held(text, out);
	forget(text);
	return 1;
}

static int hold(struct cs_screen_text *text, unsigned char byte, struct cs_buf *out)
{
	if (text->held[0] != ESC)
		return hold_letter(text, byte, out);
	if (text->n > 1 && text->held[1] == '[')
		return hold_control(text, byte, out);
	if (text->n > 1 && strchr("]PX^_", text->held[1]) != NULL)
		return hold_string(text, byte);
	return hold_short(text, byte, out);
}

void cs_screen_text_put(struct cs_screen_text *text, const uint8_t *bytes, size_t n, struct cs_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (text->n > 0 && hold(text, bytes[i], out) == 1)
			continue;
		if (text->n > 0)
			show_held(text, out);
		if (bytes[i] == ESC || (bytes[i] >= 0xc2 && bytes[i] <= 0xf4))
			text->held[text->n++] = (char)bytes[i];
		else
			put_byte(text, bytes[i], out);
	}
}

void cs_screen_text_end(struct cs_screen_text *text, struct cs_buf *out)
{
	if (text->n > 0)
		show_held(text, out);
	if (text->plain)
		return;
	if (text->region)
		put_text(out, "\033[r");
	if (text->alternate)
		put_text(out, "\033[?1049l");
	put_text(out, "\033[0m\033[?25h\033[?7h");
	text->alternate = text->region = false;
}
