/* SPDX-License-Identifier: Apache-2.0 */
/* Where the evidence subcommands get records from: the daemon, or an export. */
#include "evidence_source.h"
#include "json.h"
#include "mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BATCH 64u
/* A record of CS_MAX_EVENT bytes takes twice that as "bytes", and its decoded form, where every byte may be written
 * as "\u00XX" or be hexadecimal, again no more than eight times. */
#define LINE_MAX_BYTES (16u * (size_t)CS_MAX_EVENT)

int cs_evidence_from_daemon(struct cs_run *run, uint64_t from, cs_record_fn each, void *arg, uint64_t *ret_last,
	char **ret_text)
{
	struct cs_evidence_call call = { .from = from, .count = BATCH };
	struct cs_evidence_answer answer = { 0 };
	size_t got = 0;
	int r = 0;

	do {
		r = cs_ask_quietly(run, CS_CALL_EVIDENCE, &call, &answer, ret_text);
		if (r != 0)
			return r;
		for (size_t i = 0; r == 0 && i < answer.n_records; i++)
			r = each(arg, &answer.records[i]);
		got = answer.n_records;
		call.from += got;
		*ret_last = answer.last;
		cs_clear(&cs_evidence_answer_shape, &answer);
	} while (r == 0 && got > 0 && call.from <= *ret_last);
	return r;
}

/* One line without its newline into line. 1: a line; 0: the end; CS_ETOOBIG, CS_ENOMEM, CS_EIO. */
static int read_line(FILE *file, struct cs_buf *line)
{
	int c = 0;

	line->len = 0;
	while ((c = getc_unlocked(file)) != EOF && c != '\n') {
		cs_buf_put_u8(line, (uint8_t)c);
		if (cs_buf_error(line) != 0)
			return cs_buf_error(line);
	}
	if (c == EOF && ferror(file))
		return CS_EIO;
	return c == '\n' || line->len > 0 ? 1 : 0;
}

static int each_line(FILE *file, struct cs_buf *line, cs_record_fn each, void *arg, char **ret_text)
{
	struct cs_record record = { 0 };
	const char *why = NULL;
	unsigned long at = 0;
	int r = 0;

	while ((r = read_line(file, line)) == 1) {
		at++;
		r = cs_json_record((const char *)line->data, line->len, &record, &why);
		if (r == CS_EPROTO)
			(void)cs_format(ret_text, "line %lu is not a record: %s", at, why);
		if (r != 0)
			return r;
		r = each(arg, &record);
		cs_clear(&cs_record_shape, &record);
		if (r != 0)
			return r;
	}
	if (r == CS_ETOOBIG)
		(void)cs_format(ret_text, "line %lu is not a record: it is too long", at + 1);
	return r == CS_ETOOBIG ? CS_EPROTO : r;
}

int cs_evidence_from_file(const char *path, cs_record_fn each, void *arg, char **ret_text)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	struct cs_buf line;
	int r = 0;

	if (file == NULL)
		return errno == ENOENT ? CS_ENOENT : errno == EACCES ? CS_EPERM : CS_EIO;
	cs_buf_init(&line, LINE_MAX_BYTES);
	r = each_line(file, &line, each, arg, ret_text);
	cs_buf_clear(&line);
	if (!standard)
		fclose(file);
	return r;
}
