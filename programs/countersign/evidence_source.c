/* SPDX-License-Identifier: Apache-2.0 */
/* Where the evidence subcommands get records from: the daemon, or an export. */
#include "evidence_source.h"
#include "mem.h"
#include "policy_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BATCH 64u
/* A policy's text is the longest line: six bytes for one where it is written as \u00XX. */
#define LINE_MAX_BYTES (6u * (size_t)CS_POLICY_TEXT_MAX + 1024u)
#define PIECE_BYTES 65536u

/* --- The daemon --------------------------------------------------------------------------------------------------- */

int cs_evidence_ends(struct cs_run *run, struct cs_evidence_ends *ret_ends, char **ret_text)
{
	struct cs_evidence_call call = { .from = 1, .count = 1 };
	struct cs_evidence_answer answer = { 0 };
	int r = cs_ask_quietly(run, CS_CALL_EVIDENCE, &call, &answer, ret_text);

	if (r != 0)
		return r;
	ret_ends->first = answer.first;
	ret_ends->last = answer.last;
	memcpy(ret_ends->before, answer.before, sizeof(answer.before));
	cs_clear(&cs_evidence_answer_shape, &answer);
	return 0;
}

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
		call.from = got > 0 ? answer.records[got - 1].number + 1 : call.from;
		*ret_last = answer.last;
		cs_clear(&cs_evidence_answer_shape, &answer);
	} while (r == 0 && got > 0 && call.from <= *ret_last);
	return r;
}

/* The newest generation that has the text: others with the same digest have the same. */
struct sought {
	const uint8_t *digest;
	uint64_t number;
};

static int seek(void *arg, const struct cs_generation *generation)
{
	struct sought *sought = arg;

	if (memcmp(generation->digest, sought->digest, CS_DIGEST_LEN) == 0)
		sought->number = generation->number;
	return sought->number != 0;
}

int cs_evidence_policy(struct cs_run *run, const uint8_t digest[CS_DIGEST_LEN], char **ret_text)
{
	struct sought sought = { .digest = digest };
	struct cs_generation generation = { 0 };
	int status = cs_generations_each(run, seek, &sought);

	if (sought.number == 0)
		return status == 0 ? CS_ENOENT : CS_EUNAVAIL;
	status = cs_policy_text_fetch(run, sought.number, &generation, ret_text);
	cs_clear(&cs_generation_shape, &generation);
	return status == 0 ? 0 : CS_EUNAVAIL;
}

/* --- Files -------------------------------------------------------------------------------------------------------- */

struct lines {
	cs_text_line_fn each;
	void *arg;
	unsigned long at;
	char **ret_text;
};

static int one_line(struct lines *lines, const char *line, size_t n)
{
	lines->at++;
	return lines->each(lines->arg, lines->at, line, n);
}

/* Whole lines out of the buffer; what is left of it is the beginning of the next. */
static int whole_lines(struct lines *lines, struct cs_buf *pending, size_t fresh)
{
	size_t done = 0;
	const uint8_t *newline = NULL;
	int r = 0;

	while (r == 0 && (newline = memchr(pending->data + fresh, '\n', pending->len - fresh)) != NULL) {
		size_t end = (size_t)(newline - pending->data);

		r = one_line(lines, (const char *)pending->data + done, end - done);
		done = fresh = end + 1;
	}
	cs_buf_consume(pending, done);
	return r;
}

static int read_lines(FILE *file, struct lines *lines)
{
	char piece[PIECE_BYTES];
	struct cs_buf pending;
	size_t n = 0;
	int r = 0;

	cs_buf_init(&pending, LINE_MAX_BYTES);
	while (r == 0 && (n = fread(piece, 1, sizeof(piece), file)) > 0) {
		size_t before = pending.len;

		cs_buf_put(&pending, piece, n);
		r = cs_buf_error(&pending);
		if (r == 0)
			r = whole_lines(lines, &pending, before);
	}
	if (r == 0 && ferror(file))
		r = CS_EIO;
	if (r == 0 && pending.len > 0)
		r = one_line(lines, (const char *)pending.data, pending.len);
	if (cs_buf_error(&pending) == CS_ETOOBIG) {
		(void)cs_format(lines->ret_text, "line %lu is not a record: it is too long", lines->at + 1);
		r = CS_EPROTO;
	}
	cs_buf_clear(&pending);
	return r;
}

int cs_each_line(const char *path, cs_text_line_fn each, void *arg, char **ret_text)
{
	struct lines lines = { each, arg, 0, ret_text };
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	int r = 0;

	if (file == NULL)
		return errno == ENOENT ? CS_ENOENT : errno == EACCES ? CS_EPERM : CS_EIO;
	r = read_lines(file, &lines);
	if (!standard)
		fclose(file);
	return r;
}

struct export {
	cs_line_fn each;
	void *arg;
	char **ret_text;
};

static int export_line(void *arg, unsigned long at, const char *text, size_t n)
{
	struct export *export = arg;
	struct cs_export_line line = { 0 };
	const char *why = NULL;
	int r = cs_export_line_read(text, n, &line, &why);

	if (r == CS_EPROTO)
		(void)cs_format(export->ret_text, "line %lu is not a record: %s", at, why);
	if (r == 0)
		r = export->each(export->arg, &line);
	cs_export_line_clear(&line);
	return r;
}

int cs_evidence_from_file(const char *path, cs_line_fn each, void *arg, char **ret_text)
{
	struct export export = { each, arg, ret_text };

	return cs_each_line(path, export_line, &export, ret_text);
}
