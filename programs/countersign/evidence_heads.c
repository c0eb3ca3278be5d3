/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of the evidence that are known from elsewhere. */
#include "evidence_heads.h"
#include "evidence_source.h"
#include "mem.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct cs_replay *replay;
	const char *path, *host;
	char *seen; /* the host of the receipts */
	size_t count;
	bool mixed;
};

static int know(struct reading *reading, uint64_t number, const uint8_t chain[CS_DIGEST_LEN], unsigned long line)
{
	char from[96];

	if (line > 0)
		(void)snprintf(from, sizeof(from), "line %lu of %.60s", line, reading->path);
	else
		(void)snprintf(from, sizeof(from), "the command line");
	reading->count++;
	return cs_replay_know(reading->replay, number, chain, from);
}

/* "57:abc…", as status and verify print it, and "57 head=abc…", as the log has it. */
static int read_head(const char *text, const char *between, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN])
{
	size_t digits = strspn(text, "0123456789");
	size_t n = strlen(between);

	if (digits == 0 || digits > 19 || strncmp(text + digits, between, n) != 0 ||
		strnlen(text + digits + n, (size_t)2 * CS_DIGEST_LEN) != (size_t)2 * CS_DIGEST_LEN ||
		cs_unhex_part(text + digits + n, ret_chain, CS_DIGEST_LEN) != 0)
		return 0;
	*ret_number = strtoull(text, NULL, 10);
	return *ret_number > 0;
}

static int say(struct reading *reading, const char *text)
{
	uint8_t chain[CS_DIGEST_LEN];
	uint64_t number = 0;
	const char *colon = strchr(text, ':');

	if (!colon || strlen(colon) != (size_t)2 * CS_DIGEST_LEN + 1 || !read_head(text, ":", &number, chain))
		return cs_fail(CS_EXIT_USAGE, "not a head", text,
			"give NUMBER:HEX as `countersign evidence verify` prints it");
	return know(reading, number, chain, 0) == 0 ? 0
		: cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "--head", "");
}

/* --- The log ------------------------------------------------------------------------------------------------------ */

/* Where the daemon's own words begin: behind "countersignd: " or "countersignd[123]: ", or with the line, as it writes to
 * standard error. The head comes first in them, so what people wrote cannot pretend to be one. NULL: not a line of it. */
static const char *message_of(const char *line)
{
	static const char name[] = "countersignd";
	const char *at = strstr(line, name);

	if (strncmp(line, "event ", 6) == 0)
		return line;
	for (; at; at = strstr(at + 1, name)) {
		const char *end = at + sizeof(name) - 1;

		if (*end == '[')
			end += 1 + strspn(end + 1, "0123456789");
		end += *end == ']';
		if (strncmp(end, ": ", 2) == 0)
			return end + 2;
	}
	return NULL;
}

static int log_line(void *arg, unsigned long at, const char *line, size_t n)
{
	struct reading *reading = arg;
	char begin[512]; /* the head stands before what people wrote */
	uint8_t chain[CS_DIGEST_LEN];
	uint64_t number = 0;
	const char *message = NULL;

	n = n < sizeof(begin) - 1 ? n : sizeof(begin) - 1;
	memcpy(begin, line, n);
	begin[n] = '\0';
	message = message_of(begin);
	if (!message || strncmp(message, "event ", 6) != 0 || !read_head(message + 6, " head=", &number, chain))
		return 0;
	return know(reading, number, chain, at);
}

/* --- What approvers keep ------------------------------------------------------------------------------------------ */

static int receipt_line(void *arg, unsigned long at, const char *text, size_t n)
{
	struct reading *reading = arg;
	struct cs_export_line line = { 0 };
	const char *why = NULL;
	int r = n == 0 ? 0 : cs_export_line_read(text, n, &line, &why);

	if (n == 0)
		return 0;
	if (r == 0 && line.kind != CS_LINE_HEAD)
		r = CS_EPROTO;
	if (r == 0 && (!reading->host || strcmp(line.text, reading->host) == 0)) {
		if (!reading->seen)
			r = cs_set(&reading->seen, line.text);
		reading->mixed = reading->mixed || (r == 0 && strcmp(reading->seen, line.text) != 0);
		if (r == 0)
			r = know(reading, line.record.number, line.record.chain, at);
	}
	cs_export_line_clear(&line);
	return r;
}

static int read_files(struct reading *reading, const struct cs_words *files, cs_text_line_fn each)
{
	for (size_t i = 0; i < files->n; i++) {
		char *text = NULL;
		int r = 0;

		reading->path = files->at[i];
		r = cs_each_line(files->at[i], each, reading, &text);
		cs_free_str(&text);
		if (r != 0)
			return cs_fail(r == CS_EPROTO ? CS_EXIT_NO : cs_exit_of_error(r),
				r == CS_EPROTO ? "this is no file of heads" : cs_strerror(r), files->at[i], "");
	}
	return 0;
}

int cs_heads_read(const struct cs_head_options *options, struct cs_replay *replay, size_t *ret_count)
{
	struct reading reading = { .replay = replay, .host = options->host };
	int status = 0;

	for (size_t i = 0; status == 0 && i < options->heads.n; i++)
		status = say(&reading, options->heads.at[i]);
	if (status == 0)
		status = read_files(&reading, &options->logs, log_line);
	if (status == 0)
		status = read_files(&reading, &options->receipts, receipt_line);
	if (status == 0 && reading.mixed)
		status = cs_fail(CS_EXIT_USAGE, "these receipts are of several hosts", reading.path,
			"say with --host whose evidence this is");
	cs_free_str(&reading.seen);
	*ret_count = reading.count;
	return status;
}
