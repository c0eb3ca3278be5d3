/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a mail of a filled template: headers that hold one line whatever is in them, and a body in ASCII. */
#include "mem.h"
#include "notice_render.h"
#include "output.h"
#include "text.h"

#include <ctype.h>
#include <string.h>

enum {
	PLAIN_MAX = 200, /* bytes of a header's value that goes as it is; lines are 998 at most */
	WORD_MAX = 45,   /* bytes of text in one encoded word: 75 characters with its frame (RFC 2047, 2) */
	BODY_MAX = 76    /* characters of a line of quoted-printable (RFC 2045, 6.7) */
};

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static void put_base64(struct cs_buf *out, const char *text, size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t bits = (uint32_t)(unsigned char)text[i] << 16;

		if (i + 1 < n)
			bits |= (uint32_t)(unsigned char)text[i + 1] << 8;
		if (i + 2 < n)
			bits |= (unsigned char)text[i + 2];
		cs_put(out, "%c%c%c%c", letters[bits >> 18], letters[bits >> 12 & 63],
			i + 1 < n ? letters[bits >> 6 & 63] : '=', i + 2 < n ? letters[bits & 63] : '=');
	}
}

/* As many bytes as fit an encoded word and end with a whole character. */
static size_t word_len(const char *text)
{
	size_t n = strlen(text);

	if (n <= WORD_MAX)
		return n;
	for (n = WORD_MAX; n > 1 && ((unsigned char)text[n] & 0xc0u) == 0x80u;)
		n--;
	return n;
}

int cs_mail_header(const char *line, struct cs_buf *out)
{
	const char *colon = strstr(line, ": "), *value = colon ? colon + 2 : NULL;

	for (const char *at = line; colon && at < colon; at++)
		if (!isalnum((unsigned char)*at) && *at != '-')
			colon = NULL;
	if (!colon || colon == line)
		return CS_EPROTO;
	cs_buf_put(out, line, (size_t)(value - line));
	if (is_printable(value) && strlen(value) <= PLAIN_MAX && !strstr(value, "=?")) {
		cs_put(out, "%s\n", value);
		return cs_buf_error(out);
	}
	while (*value) {
		size_t n = word_len(value);

		cs_put(out, "=?UTF-8?B?");
		put_base64(out, value, n);
		value += n;
		cs_put(out, "?=%s", *value ? "\n " : "");
	}
	cs_put(out, "\n");
	return cs_buf_error(out);
}

/* Login names and nothing else stand in an address. */
static int put_recipients(const struct cs_rendering *rendering, const struct cs_notice *notice, struct cs_buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < notice->n_recipients; i++) {
		if (cs_is_login(notice->recipients[i]) != 1)
			continue;
		cs_put(out, "%s%s%s%s", n ? ",\n " : "To: ", notice->recipients[i], rendering->domain ? "@" : "",
			rendering->domain ? rendering->domain : "");
		n++;
	}
	cs_put(out, n ? "\n" : "");
	return n ? cs_buf_error(out) : CS_ENOENT;
}

/* The same notice has the same id however often it is sent, so that mail programs show it once. */
int cs_mail_headers(const struct cs_rendering *rendering, const struct cs_notice *notice, struct cs_buf *out)
{
	bool named = notice->host && cs_is_word(notice->host, CS_MAX_NAME) == 1;
	int r = 0;

	if (rendering->from)
		cs_put(out, "From: %s\n", rendering->from);
	r = put_recipients(rendering, notice, out);
	cs_put(out, "Message-ID: <countersign.%llu.%llu@%s>\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n"
		    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n",
		(unsigned long long)notice->event, (unsigned long long)notice->number, named ? notice->host : "countersign");
	return r == 0 ? cs_buf_error(out) : r;
}

/* Must this byte be encoded? A dot or "From " that begins a line would mean something on the way. */
static bool must_encode(const char *at, size_t column, bool ends_line)
{
	unsigned char c = (unsigned char)*at;

	return c > '~' || c < ' ' || c == '=' || (c == ' ' && ends_line) || (column == 0 && (c == '.' || c == 'F'));
}

void cs_mail_body(const char *text, struct cs_buf *out)
{
	size_t column = 0;

	cs_put(out, "\n");
	for (; *text; text++) {
		bool encode = must_encode(text, column, text[1] == '\n' || text[1] == '\0');
		size_t width = encode ? 3 : 1;

		if (*text == '\n') {
			cs_put(out, "\n");
			column = 0;
			continue;
		}
		if (column + width > BODY_MAX - 1) { /* a soft line break takes one */
			cs_put(out, "=\n");
			column = 0;
			encode = must_encode(text, column, text[1] == '\n' || text[1] == '\0');
			width = encode ? 3 : 1;
		}
		if (encode)
			cs_put(out, "=%02X", (unsigned char)*text);
		else
			cs_buf_put_u8(out, (uint8_t)*text);
		column += width;
	}
}
