/* SPDX-License-Identifier: Apache-2.0 */
/* A notice as people get it: a template, filled for one sink. Every value is escaped for it, so that what a requester
 * wrote makes no header, no line and no link of its own (A095, A102). */
#ifndef CS_COMMAND_NOTICE_RENDER_H
#define CS_COMMAND_NOTICE_RENDER_H

#include "model.h"

enum cs_sink {
	CS_SINK_NONE = 0,
	CS_SINK_TEXT = 1, /* a terminal, a file: every byte shown (cs_escape) */
	CS_SINK_MAIL = 2, /* RFC 5322 with lines that end in a newline, for sendmail -t: the template's lines up to the
	                   * first empty one are headers, values in them RFC 2047 where they have to be; the rest is
	                   * quoted-printable (RFC 2045) */
	CS_SINK_CHAT = 3  /* {"text": "…"}, as incoming webhooks of chats take it; nothing in a value is markup, a mention
	                   * or a link */
};
extern const struct cs_names cs_sink_names[]; /* "text", "mail", "chat" */

struct cs_rendering {
	enum cs_sink sink;
	const char *domain; /* mail: behind each recipient; NULL: the local one */
	const char *from;   /* mail; NULL: what sendmail says */
};

/* In a template %{name} is a value, %{?name} at the beginning of a line leaves the line out where there is no value, %% a
 * percent sign. Names are title, kind, number, request, event, recipients, requester, host, gate, scope, reason, line,
 * text, command, state, when, until. Appended to out. 0; CS_EPROTO with *ret_why a static text and *ret_line the
 * template's line (0: none); CS_ENOENT: nobody there has a login name that mail could go to; CS_ETOOBIG, CS_ENOMEM. */
int cs_notice_render(const struct cs_rendering *rendering, const char *template, const struct cs_notice *notice,
	struct cs_buf *out, const char **ret_why, unsigned *ret_line);

/* notice_mail.c: what stands before the template's own headers, one of those headers (name, colon, value), and the body.
 * 0 or CS_E… as above. */
int cs_mail_headers(const struct cs_rendering *rendering, const struct cs_notice *notice, struct cs_buf *out);
int cs_mail_header(const char *line, struct cs_buf *out);
void cs_mail_body(const char *text, struct cs_buf *out);

#endif
