/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a notice, and behind a NUL as the template: refused, or what comes out keeps its promises: a mail's headers
 * are ASCII lines with a name or folded ones, a text shows every byte, a chat's message is one line. */
#include "mem.h"
#include "notice_render.h"
#include "notify.h"
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

static void check_line(const char *line, size_t n)
{
	require(n <= 998);
	for (size_t i = 0; i < n; i++)
		require(line[i] >= ' ' && line[i] <= '~');
}

static void check_mail(const char *text)
{
	const char *body = strstr(text, "\n\n");

	require(body != NULL);
	while (*text) {
		size_t n = strcspn(text, "\n");

		require(text[n] == '\n');
		check_line(text, n);
		require(text > body || *text == ' ' || isalnum((unsigned char)*text) || *text == '-' || n == 0);
		text += n + 1;
	}
}

static void render(enum cs_sink sink, const char *template, const struct cs_notice *notice)
{
	struct cs_rendering rendering = { .sink = sink, .domain = "example.org", .from = "x@example.org" };
	struct cs_buf out;
	const char *why = NULL;
	unsigned line = 0;
	int r = 0;

	cs_buf_init(&out, 4 * 1024 * 1024);
	r = cs_notice_render(&rendering, template, notice, &out, &why, &line);
	cs_buf_put_u8(&out, 0);
	require(r <= 0 && (r != CS_EPROTO || why != NULL));
	if (r == 0 && cs_buf_error(&out) == 0) {
		const char *text = (const char *)out.data;

		for (const char *at = text; *at; at++)
			require((unsigned char)*at >= ' ' || *at == '\n');
		if (sink == CS_SINK_MAIL)
			check_mail(text);
		if (sink == CS_SINK_CHAT)
			require(strchr(text, '\n') == text + strlen(text) - 1);
	}
	cs_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t n = nul ? (size_t)(nul - data) : size;
	char *template = strndup(nul ? (const char *)nul + 1 : "Subject: %{title}\n\n%{text} %{reason}\n",
		nul ? size - n - 1 : 4096);
	struct cs_notice notice = { 0 };
	const char *why = NULL;
	int r = cs_notice_from_json((const char *)data, n, &notice, &why);

	require(template != NULL && (r == 0 || (r == CS_EPROTO && why != NULL) || r == CS_ENOMEM));
	if (r == 0) {
		char *json = NULL;

		require(cs_notice_to_json(&notice, &json) == 0 && strchr(json, '\n') == NULL);
		free(json);
		for (int sink = CS_SINK_TEXT; sink <= CS_SINK_CHAT; sink++)
			render((enum cs_sink)sink, template, &notice);
		cs_clear(&cs_notice_shape, &notice);
	}
	free(template);
	return 0;
}
