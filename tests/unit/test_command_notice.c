/* SPDX-License-Identifier: Apache-2.0 */
/* A notice as mail, text and chat: what a requester wrote makes no header, no line, no link and no markup of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mem.h"
#include "notice_render.h"
#include "notify.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *people[] = { (char[]){ "bob" }, (char[]){ "carol" } };

/* Strings are the caller's, and none is freed. */
static struct cs_notice notice_with(const char *reason)
{
	static char alice[] = "alice", host[] = "rel1", text[] = "alice asks for approval.",
		    line[] = "sudo /usr/local/sbin/deploy-release …", command[] = "countersign show 12";
	struct cs_notice notice = { .number = 3, .kind = CS_NOTICE_ASKED, .request = 12, .event = 40,
		.wall_ms = 1790000000000, .deadline_wall_ms = 1790001800000, .recipients = people, .n_recipients = 2,
		.requester = alice, .host = host, .text = text, .line = line, .command = command, .state = CS_PENDING };

	memcpy(&notice.reason, &reason, sizeof(reason));
	return notice;
}

static int render(enum cs_sink sink, const char *template, const struct cs_notice *notice, char **ret_text)
{
	struct cs_rendering rendering = { .sink = sink, .domain = sink == CS_SINK_MAIL ? "example.org" : NULL };
	struct cs_buf out;
	const char *why = NULL;
	unsigned line = 0;
	int r = 0;

	cs_buf_init(&out, 4 * 1024 * 1024);
	r = cs_notice_render(&rendering, template, notice, &out, &why, &line);
	cs_buf_put_u8(&out, 0);
	assert_int_equal(cs_buf_error(&out), 0);
	*ret_text = r == 0 ? strdup((const char *)out.data) : NULL;
	if (r == CS_EPROTO)
		assert_non_null(why);
	cs_buf_clear(&out);
	return r;
}

static void gives(enum cs_sink sink, const char *template, const char *reason, const char *wanted)
{
	struct cs_notice notice = notice_with(reason);
	char *text = NULL;

	assert_int_equal(render(sink, template, &notice, &text), 0);
	assert_string_equal(text, wanted);
	free(text);
}

static void test_notice_values(void **state)
{
	(void)state;
	gives(CS_SINK_TEXT, "%{title}|%{kind}|%{number}|%{request}|%{event}|%{recipients}|%{requester}|%{host}|%{state}", "",
		"Approval needed|asked|3|12|40|bob, carol|alice|rel1|pending\n");
	gives(CS_SINK_TEXT, "%{line}\n%{text}\n%{command}\n%{until}\n%{when}", "",
		"sudo /usr/local/sbin/deploy-release …\nalice asks for approval.\ncountersign show 12\n"
		"2026-09-21T14:43:20Z\n2026-09-21T14:13:20Z\n");
	gives(CS_SINK_TEXT, "a\n%{?reason}Reason: %{reason}\n100%%\n", "", "a\n100%\n");
	gives(CS_SINK_TEXT, "a\n%{?reason}%{?until}Reason: %{reason}\n", "x", "a\nReason: x\n");
}

static void test_notice_templates_that_are_wrong(void **state)
{
	static const char *const wrong[] = { "%{nothing}", "%{reason", "100%", "%x", "a\tb", "\xff", "\x1b[2J", "%{?reason",
		"x %{?reason}" };
	struct cs_notice notice = notice_with("x");
	char *text = NULL;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(wrong); i++)
		assert_int_equal(render(CS_SINK_TEXT, wrong[i], &notice, &text), CS_EPROTO);
	assert_int_equal(render(CS_SINK_MAIL, "no header\n\nbody\n", &notice, &text), CS_EPROTO);
	assert_int_equal(render(CS_SINK_MAIL, "X Y: z\n\nbody\n", &notice, &text), CS_EPROTO);
}

/* A097, A102: nothing moves the cursor, and one value is one line. */
static void test_notice_a097_a_terminal_shows_every_byte(void **state)
{
	(void)state;
	gives(CS_SINK_TEXT, "Reason: %{reason}", "ok\x1b[2K\rApproved\nrm \\ \xe2\x80\xae \xff",
		"Reason: ok\\x1B[2K\\x0DApproved\\nrm \\\\ \\u{202E} \\xFF\n");
	gives(CS_SINK_TEXT, "%{reason}", "%{host} %%", "%{host} %%\n"); /* a value is no template */
}

/* A095, A102: a requester writes no header, no recipient and no link. */
static void test_notice_a102_a_mail_has_the_headers_of_its_template(void **state)
{
	static const char head[] =
		"To: bob@example.org,\n carol@example.org\nMessage-ID: <countersign.40.3@rel1>\n"
		"Auto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
		"Content-Transfer-Encoding: quoted-printable\n";
	char wanted[2048];

	(void)state;
	(void)snprintf(wanted, sizeof(wanted), "%sSubject: ok\\nBcc: eve@example.org\\n\\nhi\n\nbody\n", head);
	gives(CS_SINK_MAIL, "Subject: %{reason}\n\nbody\n", "ok\nBcc: eve@example.org\n\nhi", wanted);
	(void)snprintf(wanted, sizeof(wanted), "%sSubject: =?UTF-8?B?TcO2cmRlciA9P1VURi04P1E/eD89?=\n\n", head);
	gives(CS_SINK_MAIL, "Subject: %{reason}\n\n", "M\xc3\xb6rder =?UTF-8?Q?x?=", wanted);
	(void)snprintf(wanted, sizeof(wanted), "%sSubject: s\n\n=2E\n=46rom me\na=3Db =C3=A4 https:\\x2F\\x2Fevil=20\n", head);
	gives(CS_SINK_MAIL, "Subject: s\n\n.\nFrom me\n%{reason} \n", "a=b \xc3\xa4 https://evil", wanted);
}

static char *read_template(const char *name)
{
	char path[512], *text = calloc(1, 65536);
	FILE *file = NULL;

	(void)snprintf(path, sizeof(path), "%s/etc/notify/templates/%s", CS_SOURCE_DIR, name);
	file = fopen(path, "re");
	assert_true(file && text && fread(text, 1, 65535, file) > 0);
	assert_int_equal(fclose(file), 0);
	return text;
}

/* A095: nothing that a mail scanner could follow, in what we deliver and in what others write into it: it names the command
 * to run. Kills: a link in a template, and values that are put as they came. */
static void test_notice_a095_nothing_to_click(void **state)
{
	static const struct { const char *name; enum cs_sink sink; } cases[] = { { "mail.template", CS_SINK_MAIL },
		{ "chat.template", CS_SINK_CHAT }, { "text.template", CS_SINK_TEXT } };
	char link[] = "<a href=\"https://evil.example/approve\">yes</a> http://evil.example";
	struct cs_notice notice = notice_with(link);

	(void)state;
	notice.requester = notice.host = notice.gate = notice.scope = notice.line = notice.text = link;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		char *template = read_template(cases[i].name), *text = NULL;

		assert_int_equal(render(cases[i].sink, template, &notice, &text), 0);
		assert_null(strstr(text, "://"));
		assert_non_null(strstr(text, "countersign show 12"));
		if (cases[i].sink == CS_SINK_MAIL)
			assert_null(strstr(text, "text/html"));
		free(template);
		free(text);
	}
}

/* Every line that goes out is one that mail systems take, and what is encoded is whole characters. */
static void test_notice_long_values_are_folded(void **state)
{
	char reason[CS_MAX_REASON + 1] = "";
	struct cs_notice notice = notice_with(reason);
	char *text = NULL, *rest = NULL, *line = NULL;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(reason); i += 2)
		memcpy(reason + i, "\xc3\xa4", 2);
	reason[CS_MAX_REASON] = '\0';
	assert_int_equal(render(CS_SINK_MAIL, "Subject: %{reason}\n\n%{reason}\n", &notice, &text), 0);
	rest = text;
	for (line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		assert_true(strlen(line) <= 85);
		if (strncmp(line, " =?", 3) == 0)
			assert_true(strlen(line) <= 76);
		assert_null(strstr(line, "=C3=\n"));
	}
	free(text);
}

/* Names come from a directory: what is no login name is no address. */
static void test_notice_only_login_names_get_mail(void **state)
{
	char *strange[] = { (char[]){ "-oQ/tmp" }, (char[]){ "a@evil.example" }, (char[]){ "x\nBcc: eve" },
		(char[]){ "Bob Smith" }, (char[]){ "bob" } };
	struct cs_notice notice = notice_with("");
	char *text = NULL;

	(void)state;
	notice.recipients = strange;
	notice.n_recipients = 5;
	assert_int_equal(render(CS_SINK_MAIL, "Subject: s\n\n", &notice, &text), 0);
	assert_int_equal(strncmp(text, "To: bob@example.org\nMessage-ID", 30), 0);
	free(text);
	notice.n_recipients = 4;
	assert_int_equal(render(CS_SINK_MAIL, "Subject: s\n\n", &notice, &text), CS_ENOENT);
}

static void test_notice_a_chat_gets_no_markup(void **state)
{
	(void)state;
	gives(CS_SINK_CHAT, "%{host}: %{reason}\nrun \"%{command}\"", "<!channel> @all [here](http://evil) `x` a_b & \"q\" \\",
		"{\"text\":\"rel1: &lt;!channel&gt; \\\\x40all \\\\x5Bhere\\\\x5D(http:\\\\x2F\\\\x2Fevil) \\\\x60x\\\\x60 a_b "
		"&amp; \\\"q\\\" \\\\\\\\\\nrun \\\"countersign show 12\\\"\\n\"}\n");
}

/* --- JSON ------------------------------------------------------------------------------------------------------------ */

static int reads(const char *json, struct cs_notice *notice)
{
	const char *why = NULL;
	int r = cs_notice_from_json(json, strlen(json), notice, &why);

	if (r == CS_EPROTO)
		assert_non_null(why);
	return r;
}

#define SCHEMA "\"schema\":\"countersign-notice/1\""

static void test_notice_json_that_is_refused(void **state)
{
	static const char *const wrong[] = { "", "[]", "{}", "{\"kind\":\"asked\"}", "{" SCHEMA "}",
		"{" SCHEMA ",\"kind\":\"none\"}", "{" SCHEMA ",\"kind\":\"else\"}", "{" SCHEMA ",\"kind\":2}",
		"{" SCHEMA ",\"kind\":\"asked\",\"number\":-1}", "{" SCHEMA ",\"kind\":\"asked\",\"number\":\"1\"}",
		"{" SCHEMA ",\"kind\":\"asked\",\"host\":7}", "{" SCHEMA ",\"kind\":\"asked\",\"recipients\":\"bob\"}",
		"{" SCHEMA ",\"kind\":\"asked\",\"recipients\":[1]}", "{" SCHEMA ",\"kind\":\"asked\",\"host\":\"a\\u0000b\"}",
		"{" SCHEMA ",\"kind\":\"asked\",\"kind\":\"asked\"}", "{" SCHEMA ",\"kind\":\"asked\"} x" };
	struct cs_notice notice = { 0 };
	char *json = NULL, name[CS_MAX_NAME + 2];

	(void)state;
	for (size_t i = 0; i < CS_COUNT(wrong); i++)
		assert_int_equal(reads(wrong[i], &notice), CS_EPROTO);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(cs_format(&json, "{" SCHEMA ",\"kind\":\"asked\",\"host\":\"%s\"}", name), 0);
	assert_int_equal(reads(json, &notice), CS_EPROTO);
	free(json);
	assert_int_equal(cs_format(&json, "{" SCHEMA ",\"kind\":\"asked\",\"recipients\":[\"%s\"]}", name), 0);
	assert_int_equal(reads(json, &notice), CS_EPROTO);
	free(json);
	assert_int_equal(reads("{" SCHEMA ",\"kind\":\"asked\",\"new\":1}", &notice), 0);
	cs_clear(&cs_notice_shape, &notice);
}

static void test_notice_json_there_and_back(void **state)
{
	struct cs_notice notice = notice_with("a\n\"b\" \\ \xc3\xa4"), back = { 0 };
	char *json = NULL;

	(void)state;
	assert_int_equal(cs_notice_to_json(&notice, &json), 0);
	assert_null(strchr(json, '\n'));
	assert_int_equal(reads(json, &back), 0);
	assert_int_equal(back.number, notice.number);
	assert_int_equal(back.state, CS_PENDING);
	assert_true(back.deadline_wall_ms == notice.deadline_wall_ms);
	assert_string_equal(back.reason, notice.reason);
	assert_string_equal(back.line, notice.line);
	assert_int_equal(back.n_recipients, 2);
	cs_clear(&cs_notice_shape, &back);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notice_values),
		cmocka_unit_test(test_notice_templates_that_are_wrong),
		cmocka_unit_test(test_notice_a097_a_terminal_shows_every_byte),
		cmocka_unit_test(test_notice_a102_a_mail_has_the_headers_of_its_template),
		cmocka_unit_test(test_notice_a095_nothing_to_click),
		cmocka_unit_test(test_notice_long_values_are_folded),
		cmocka_unit_test(test_notice_only_login_names_get_mail),
		cmocka_unit_test(test_notice_a_chat_gets_no_markup),
		cmocka_unit_test(test_notice_json_that_is_refused),
		cmocka_unit_test(test_notice_json_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
