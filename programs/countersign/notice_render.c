/* SPDX-License-Identifier: Apache-2.0 */
#include "notice_render.h"
#include "clock.h"
#include "mem.h"
#include "output.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { RENDERED_MAX = 1024 * 1024 };

const struct cs_names cs_sink_names[] = { { CS_SINK_TEXT, "text" }, { CS_SINK_MAIL, "mail" }, { CS_SINK_CHAT, "chat" },
	{ 0, NULL } };

/* --- Values -------------------------------------------------------------------------------------------------------- */

static const char *const titles[] = {
	[CS_NOTICE_NONE] = "", [CS_NOTICE_ASKED] = "Approval needed", [CS_NOTICE_REMINDER] = "Approval still needed",
	[CS_NOTICE_ESCALATED] = "Approval needed from you now", [CS_NOTICE_HANDLED] = "Already handled",
	[CS_NOTICE_OUTCOME] = "Your request", [CS_NOTICE_BREAK_GLASS] = "BREAK-GLASS",
	[CS_NOTICE_DRILL] = "Break-glass drill",
};

static char *joined(char *const *names, size_t n)
{
	char *text = cs_dup("");

	for (size_t i = 0; text && i < n; i++) {
		char *longer = NULL;
		int r = cs_format(&longer, "%s%s%s", text, i ? ", " : "", names[i]);

		free(text);
		text = r == 0 ? longer : NULL;
	}
	return text;
}

static char *number_text(uint64_t number)
{
	char *text = NULL;

	return cs_format(&text, "%llu", (unsigned long long)number) == 0 ? text : NULL;
}

static char *time_text(uint64_t wall_ms)
{
	char text[21] = "";

	if (wall_ms != 0)
		cs_time_text(wall_ms, text);
	return cs_dup(text);
}

enum value {
	VALUE_TITLE, VALUE_KIND, VALUE_NUMBER, VALUE_REQUEST, VALUE_EVENT, VALUE_RECIPIENTS, VALUE_REQUESTER, VALUE_HOST,
	VALUE_GATE, VALUE_SCOPE, VALUE_REASON, VALUE_LINE, VALUE_TEXT, VALUE_COMMAND, VALUE_STATE, VALUE_WHEN, VALUE_UNTIL
};
static const struct cs_names value_names[] = { { VALUE_TITLE, "title" }, { VALUE_KIND, "kind" },
	{ VALUE_NUMBER, "number" }, { VALUE_REQUEST, "request" }, { VALUE_EVENT, "event" },
	{ VALUE_RECIPIENTS, "recipients" }, { VALUE_REQUESTER, "requester" }, { VALUE_HOST, "host" },
	{ VALUE_GATE, "gate" }, { VALUE_SCOPE, "scope" }, { VALUE_REASON, "reason" }, { VALUE_LINE, "line" },
	{ VALUE_TEXT, "text" }, { VALUE_COMMAND, "command" }, { VALUE_STATE, "state" }, { VALUE_WHEN, "when" },
	{ VALUE_UNTIL, "until" }, { 0, NULL } };

/* As it came. The caller frees; NULL when out of memory. */
static char *raw_value(const struct cs_notice *notice, enum value value)
{
	switch (value) {
	case VALUE_TITLE:
		return cs_dup((size_t)notice->kind < CS_COUNT(titles) ? titles[notice->kind] : "");
	case VALUE_KIND:
		return cs_dup(cs_name_of(cs_notice_names, (int)notice->kind));
	case VALUE_NUMBER:
		return number_text(notice->number);
	case VALUE_REQUEST:
		return notice->request ? number_text(notice->request) : cs_dup("");
	case VALUE_EVENT:
		return number_text(notice->event);
	case VALUE_RECIPIENTS:
		return joined(notice->recipients, notice->n_recipients);
	case VALUE_REQUESTER:
		return cs_dup(notice->requester);
	case VALUE_HOST:
		return cs_dup(notice->host);
	case VALUE_GATE:
		return cs_dup(notice->gate);
	case VALUE_SCOPE:
		return cs_dup(notice->scope);
	case VALUE_REASON:
		return cs_dup(notice->reason);
	case VALUE_LINE:
		return cs_dup(notice->line);
	case VALUE_TEXT:
		return cs_dup(notice->text);
	case VALUE_COMMAND:
		return cs_dup(notice->command);
	case VALUE_STATE:
		return cs_dup(notice->state ? cs_state_name(notice->state) : "");
	case VALUE_WHEN:
		return time_text(notice->wall_ms);
	case VALUE_UNTIL:
		return time_text(notice->deadline_wall_ms);
	}
	return NULL;
}

/* --- Escaping ------------------------------------------------------------------------------------------------------ */

/* Programs that show text make a link of what looks like one, and "approve here" of somebody who wants to be approved
 * shall not be a link. */
static size_t link_at(const char *text)
{
	return strncmp(text, "://", 3) == 0 ? 3 : 0;
}

static void put_chat(struct cs_buf *out, const char *at)
{
	static const char markup[] = "@`[]~|*#";

	if (*at == '&')
		cs_put(out, "&amp;");
	else if (*at == '<')
		cs_put(out, "&lt;");
	else if (*at == '>')
		cs_put(out, "&gt;");
	else if (strchr(markup, *at))
		cs_put(out, "\\x%02X", (unsigned char)*at);
	else
		cs_buf_put_u8(out, (uint8_t)*at);
}

/* shown: text that shows every byte already. */
static void put_escaped(struct cs_buf *out, enum cs_sink sink, const char *shown)
{
	while (*shown) {
		size_t link = link_at(shown);

		if (link)
			cs_put(out, ":\\x2F\\x2F");
		else if (sink == CS_SINK_CHAT)
			put_chat(out, shown);
		else
			cs_buf_put_u8(out, (uint8_t)*shown);
		shown += link ? link : 1;
	}
}

/* The daemon escaped the line already: its backslashes are not doubled. */
static int put_value(struct cs_buf *out, enum cs_sink sink, enum value value, const char *raw)
{
	struct cs_buf shown;
	int r = 0;

	cs_buf_init(&shown, RENDERED_MAX);
	if (value == VALUE_LINE)
		cs_put_shown(&shown, raw);
	else
		cs_escape(&shown, raw);
	cs_buf_put_u8(&shown, 0);
	r = cs_buf_error(&shown);
	if (r == 0)
		put_escaped(out, sink, (const char *)shown.data);
	cs_buf_clear(&shown);
	return r == 0 ? cs_buf_error(out) : r;
}

/* --- Templates ----------------------------------------------------------------------------------------------------- */

struct filling {
	const struct cs_rendering *rendering;
	const struct cs_notice *notice;
	const char *why;
};

/* "%{name}" or "%{?name}" at *at, which is moved behind it. 0 with the value; CS_EPROTO. */
static int take_name(struct filling *f, const char **at, bool asks, enum value *ret_value)
{
	const char *name = *at + (asks ? 3 : 2), *end = strchr(name, '}');
	char word[32];
	int value = 0;

	f->why = "%{ has no } behind a name";
	if (!end || (size_t)(end - name) >= sizeof(word))
		return CS_EPROTO;
	memcpy(word, name, (size_t)(end - name));
	word[end - name] = '\0';
	f->why = "there is no value of this name; see the table in countersign(1)";
	if (cs_value_of(value_names, word, &value) != 1)
		return CS_EPROTO;
	*at = end + 1;
	*ret_value = (enum value)value;
	return 0;
}

/* 1: the line begins with %{?name}, which is taken off, and there is no such value. */
static int leaves_out(struct filling *f, const char **at)
{
	enum value value = VALUE_TITLE;
	char *raw = NULL;
	int r = 0;

	while (r == 0 && strncmp(*at, "%{?", 3) == 0) {
		r = take_name(f, at, true, &value);
		if (r < 0)
			return r;
		raw = raw_value(f->notice, value);
		r = !raw ? CS_ENOMEM : !*raw;
		free(raw);
	}
	return r;
}

static int put_part(struct filling *f, const char **at, struct cs_buf *out)
{
	enum value value = VALUE_TITLE;
	size_t n = cs_text_shown(*at);
	char *raw = NULL;
	int r = 0;

	if (strncmp(*at, "%%", 2) == 0) {
		cs_buf_put_u8(out, '%');
		*at += 2;
		return 0;
	}
	if (**at == '%') {
		f->why = "a percent sign is written as %%";
		if ((*at)[1] != '{')
			return CS_EPROTO;
		r = take_name(f, at, false, &value);
		raw = r == 0 ? raw_value(f->notice, value) : NULL;
		if (r == 0)
			r = raw ? put_value(out, f->rendering->sink, value, raw) : CS_ENOMEM;
		free(raw);
		return r;
	}
	f->why = "the template holds what cannot be shown; write UTF-8, and blanks instead of tabs";
	if (n == 0)
		return CS_EPROTO;
	cs_buf_put(out, *at, n);
	*at += n;
	return 0;
}

/* One line of the template, filled. 0 with NULL: it is left out. */
static int fill_line(struct filling *f, const char *at, char **ret_line)
{
	struct cs_buf line;
	int r = leaves_out(f, &at);

	*ret_line = NULL;
	if (r != 0)
		return r < 0 ? r : 0;
	cs_buf_init(&line, RENDERED_MAX);
	while (r == 0 && *at)
		r = put_part(f, &at, &line);
	cs_buf_put_u8(&line, 0);
	if (r == 0)
		r = cs_buf_error(&line);
	if (r == 0 && !(*ret_line = strdup((const char *)line.data)))
		r = CS_ENOMEM;
	cs_buf_clear(&line);
	return r;
}

/* --- Sinks --------------------------------------------------------------------------------------------------------- */

static void put_json_text(struct cs_buf *out, const char *text)
{
	cs_put(out, "{\"text\":\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			cs_put(out, "\\%c", *text);
		else if (*text == '\n')
			cs_put(out, "\\n");
		else
			cs_buf_put_u8(out, (uint8_t)*text);
	}
	cs_put(out, "\"}\n");
}

struct letter_of {
	struct cs_buf body;
	struct cs_buf *out;
	bool in_body; /* of a mail: the headers are over */
};

static int put_line(const struct cs_rendering *rendering, struct letter_of *letter, const char *line)
{
	if (rendering->sink == CS_SINK_MAIL && !letter->in_body) {
		letter->in_body = *line == '\0';
		return *line ? cs_mail_header(line, letter->out) : 0;
	}
	cs_buf_put(&letter->body, line, strlen(line));
	cs_buf_put_u8(&letter->body, '\n');
	return cs_buf_error(&letter->body);
}

static int finish(const struct cs_rendering *rendering, struct letter_of *letter)
{
	const char *body = NULL;

	cs_buf_put_u8(&letter->body, 0);
	if (cs_buf_error(&letter->body) < 0)
		return cs_buf_error(&letter->body);
	body = (const char *)letter->body.data;
	if (rendering->sink == CS_SINK_MAIL)
		cs_mail_body(body, letter->out);
	else if (rendering->sink == CS_SINK_CHAT)
		put_json_text(letter->out, body);
	else
		cs_buf_put(letter->out, body, strlen(body));
	return cs_buf_error(letter->out);
}

int cs_notice_render(const struct cs_rendering *rendering, const char *template, const struct cs_notice *notice,
	struct cs_buf *out, const char **ret_why, unsigned *ret_line)
{
	struct filling f = { .rendering = rendering, .notice = notice };
	struct letter_of letter = { .out = out };
	char *copy = cs_dup(template), *rest = copy, *at = NULL;
	int r = !copy ? CS_ENOMEM : rendering->sink == CS_SINK_MAIL ? cs_mail_headers(rendering, notice, out) : 0;

	*ret_line = 0;
	cs_buf_init(&letter.body, RENDERED_MAX);
	while (r == 0 && rest && *rest) {
		char *line = NULL;

		at = strsep(&rest, "\n");
		++*ret_line;
		r = fill_line(&f, at, &line);
		if (r == 0 && line)
			r = put_line(rendering, &letter, line);
		if (r == CS_EPROTO && line)
			f.why = "a header of the mail is a name, a colon and a value";
		free(line);
	}
	if (r == 0)
		r = finish(rendering, &letter);
	if (r == CS_EPROTO)
		*ret_why = f.why;
	cs_buf_clear(&letter.body);
	free(copy);
	return r;
}
