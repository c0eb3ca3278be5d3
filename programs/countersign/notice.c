/* SPDX-License-Identifier: Apache-2.0 */
/* countersign notice: for programs that tell people; reads a notice, prints it as a mail, a text or a chat's message. */
#include "options.h"
#include "file.h"
#include "mem.h"
#include "notice_render.h"
#include "notify.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef CS_NOTIFY_DIR
#error "CS_NOTIFY_DIR is given by CMake"
#endif

enum { TEMPLATE_MAX = 64 * 1024 };

static int read_notice(struct cs_notice *ret_notice)
{
	const char *why = "";
	char *text = malloc(CS_NOTICE_JSON_MAX + 1);
	size_t n = text ? fread(text, 1, CS_NOTICE_JSON_MAX + 1, stdin) : 0;
	int status = 0, r = 0;

	if (!text || ferror(stdin)) {
		free(text);
		return cs_fail(CS_EXIT_INTERNAL, "the notice cannot be read", "standard input", "");
	}
	r = cs_notice_from_json(text, n, ret_notice, &why);
	if (r < 0)
		status = cs_fail(r == CS_EPROTO ? CS_EXIT_USAGE : CS_EXIT_INTERNAL, "that is no notice", why,
			"countersignd writes one to the standard input of the programs it runs");
	free(text);
	return status;
}

static int read_template(const char *file, enum cs_sink sink, char **ret_text)
{
	struct cs_problem problem = { 0 };
	char *path = NULL, *told = NULL;
	size_t n = 0;
	int r = file ? cs_format(&path, "%s", file)
		: cs_format(&path, "%s/%s.template", CS_NOTIFY_DIR, cs_name_of(cs_sink_names, (int)sink));
	int status = 0;

	if (r == 0)
		r = cs_file_read(path, getuid(), CS_FILE_TEXT, TEMPLATE_MAX, ret_text, &n, &problem);
	if (r < 0) {
		told = cs_problem_text(&problem);
		status = cs_fail(CS_EXIT_USAGE, "the template cannot be used", told ? told : cs_strerror(r), "");
	}
	free(told);
	free(path);
	cs_problem_clear(&problem);
	return status;
}

static int fail_render(int r, const char *why, unsigned line)
{
	char where[40];

	(void)snprintf(where, sizeof(where), "line %u", line);
	if (r == CS_EPROTO)
		return cs_fail(CS_EXIT_USAGE, "the template cannot be filled", where, why);
	if (r == CS_ENOENT)
		return cs_fail(CS_EXIT_NO, "no recipient has a login name that mail could go to", "", "");
	return cs_fail(CS_EXIT_INTERNAL, "the notice cannot be written", cs_strerror(r), "");
}

/* What stands in a header or an address is ours to check. */
static int check(const struct cs_rendering *rendering)
{
	if (rendering->domain && cs_is_word(rendering->domain, 255) != 1)
		return cs_fail(CS_EXIT_USAGE, "that is no domain", rendering->domain, "");
	for (const char *at = rendering->from; at && *at; at++)
		if (*at < ' ' || *at > '~')
			return cs_fail(CS_EXIT_USAGE, "an address has ASCII letters only", rendering->from, "");
	return 0;
}

static int print_notice(const struct cs_rendering *rendering, const char *file)
{
	struct cs_notice notice = { 0 };
	struct cs_buf out;
	char *template = NULL;
	const char *why = "";
	unsigned line = 0;
	int r = 0, status = read_template(file, rendering->sink, &template);

	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (status == 0)
		status = read_notice(&notice);
	if (status == 0)
		r = cs_notice_render(rendering, template, &notice, &out, &why, &line);
	if (r < 0)
		status = fail_render(r, why, line);
	if (status == 0)
		status = cs_print(&out);
	cs_buf_clear(&out);
	cs_clear(&cs_notice_shape, &notice);
	free(template);
	return status;
}

int cs_run_notice(struct cs_run *run, char **args, size_t n)
{
	const char *as = NULL, *file = NULL;
	struct cs_rendering rendering = { 0 };
	const struct cs_option options[] = { { "--as", NULL, &as, NULL }, { "--template", NULL, &file, NULL },
		{ "--domain", NULL, &rendering.domain, NULL }, { "--from", NULL, &rendering.from, NULL } };
	int sink = CS_SINK_NONE;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n);

	if (status != 0 || run->help)
		return status;
	if (!as || cs_value_of(cs_sink_names, as, &sink) != 1)
		return cs_fail(CS_EXIT_USAGE, "--as is one of text, mail and chat", as ? as : "", "");
	rendering.sink = (enum cs_sink)sink;
	status = check(&rendering);
	return status == 0 ? print_notice(&rendering, file) : status;
}
