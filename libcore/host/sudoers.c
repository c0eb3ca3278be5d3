/* SPDX-License-Identifier: Apache-2.0 */
/* sudoers through sudo's own programs. */
#include "sudoers.h"
#include "buf.h"
#include "countersign/error.h"
#include "mem.h"
#include "program.h"

#include <stdlib.h>
#include <string.h>

enum { SAID_MAX = 8 * 1024 * 1024, PATIENCE_MS = 10000, TEXT_MAX = 16 * 1024 * 1024 };

/* The first line of what a program complained about. */
static int first_line(const char *text, const char *otherwise, char **ret_line)
{
	size_t n = strcspn(text, "\n");

	return n > 0 ? cs_format(ret_line, "%.*s", (int)(n < 500 ? n : 500), text) : cs_set(ret_line, otherwise);
}

/* All lines as one text, for the files of another machine. */
static int join(const struct cs_sudoers *sudoers, struct cs_buf *out)
{
	for (size_t i = 0; i < sudoers->n_lines; i++) {
		cs_buf_put(out, sudoers->lines[i].text, strlen(sudoers->lines[i].text));
		cs_buf_put(out, "\n", 1);
	}
	return cs_buf_error(out);
}

static int ask_visudo(const struct cs_host *host, const struct cs_buf *text, struct cs_sudoers *sudoers)
{
	static const char *const here[] = { "/usr/sbin/visudo", "-c", NULL };
	static const char *const elsewhere[] = { "/usr/sbin/visudo", "-c", "-f", "-", NULL };
	struct cs_program_said said = { 0 };
	int r = cs_program_ask(host->live ? here : elsewhere, (const char *)text->data, text->len, PATIENCE_MS, SAID_MAX, &said);

	if (r == CS_ENOMEM)
		return r;
	if (r == 0 && said.status != 0)
		r = first_line(said.err, "visudo refuses it", &sudoers->wrong);
	else
		r = 0; /* cvtsudoers says why there is no answer */
	cs_program_said_clear(&said);
	return r;
}

static int ask_cvtsudoers(const struct cs_host *host, const struct cs_buf *text, struct cs_sudoers *sudoers)
{
	static const char *const here[] = { "/usr/bin/cvtsudoers", "-f", "json", CS_SUDOERS, NULL };
	static const char *const elsewhere[] = { "/usr/bin/cvtsudoers", "-f", "json", "-", NULL };
	struct cs_program_said said = { 0 };
	int r = cs_program_ask(host->live ? here : elsewhere, (const char *)text->data, text->len, PATIENCE_MS, SAID_MAX, &said);

	if (r == 0 && said.status == 0)
		r = cs_sudoers_take_json(sudoers, said.out, said.n_out);
	else if (r == 0)
		r = first_line(said.err, "cvtsudoers cannot read it", &sudoers->unknown);
	else if (r != CS_ENOMEM)
		r = cs_format(&sudoers->unknown, "/usr/bin/cvtsudoers: %s", cs_strerror(r));
	if (r == CS_EPROTO)
		r = cs_set(&sudoers->unknown, "cvtsudoers printed no JSON that could be read");
	cs_program_said_clear(&said);
	return r;
}

int cs_sudoers_read(const struct cs_host *host, struct cs_sudoers *ret_sudoers)
{
	struct cs_sudoers sudoers = { 0 };
	struct cs_buf text;
	struct stat st;
	int r = cs_host_look(host, CS_SUDOERS, &st);

	cs_buf_init(&text, TEXT_MAX);
	sudoers.there = r == 0;
	if (r == 0)
		r = cs_sudoers_take_lines(host, CS_SUDOERS, &sudoers);
	if (r == 0 && !host->live)
		r = join(&sudoers, &text);
	if (r == 0)
		r = ask_visudo(host, &text, &sudoers);
	if (r == 0)
		r = ask_cvtsudoers(host, &text, &sudoers);
	cs_buf_clear(&text);
	if (r < 0 && r != CS_ENOENT && r != CS_EIO) {
		cs_sudoers_clear(&sudoers);
		return r;
	}
	*ret_sudoers = sudoers;
	return 0;
}
