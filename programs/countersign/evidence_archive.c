/* SPDX-License-Identifier: Apache-2.0 */
/* countersign evidence archive: a whole segment of the record is written to a file, replayed, made durable, and only then
 * taken out of the store, in one transaction with the event that says so. */
#include "crypto.h"
#include "evidence_export.h"
#include "mem.h"
#include "options.h"
#include "policy.h"
#include "replay.h"
#include "ssh_signature.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEGMENT_BYTES (UINT64_C(1) << 40)

struct archive {
	struct cs_run *run;
	int folder;
	const char *to; /* the folder's name, for people */
	char name[64];  /* the segment's */
	FILE *file;
	struct cs_evidence_ends ends;
	struct cs_segment segment;
	uint64_t before_ms; /* with a date: what happened then or later stays */
	struct cs_replay *replay;
	uint8_t digest[CS_DIGEST_LEN]; /* of the policy whose text was written last */
	char *text;
};

static int failed(const struct archive *archive, const char *what)
{
	return cs_fail(CS_EXIT_OUTPUT, what, archive->to, strerror(errno));
}

/* --- Which events ------------------------------------------------------------------------------------------------- */

/* The last event before the date. */
static int look_at_time(void *arg, const struct cs_record *record)
{
	struct archive *archive = arg;
	struct cs_event event = { 0 };
	int r = cs_decode_all(&cs_event_shape, record->bytes, record->n_bytes, &event);
	bool older = r == 0 && event.wall_ms < archive->before_ms;

	cs_clear(&cs_event_shape, &event);
	if (older)
		archive->segment.last = record->number;
	return r < 0 ? r : !older;
}

static int find_last(struct archive *archive, const char *before, char **ret_text)
{
	uint64_t last = 0;
	int r = 0;

	if (strspn(before, "0123456789") == strlen(before) && *before != '\0' && strlen(before) < 19) {
		archive->segment.last = strtoull(before, NULL, 10) - 1;
		return archive->segment.last > archive->ends.last ? CS_EINVAL : 0;
	}
	r = cs_moment_parse(before, &archive->before_ms);
	if (r == 0)
		r = cs_evidence_from_daemon(archive->run, archive->segment.first, look_at_time, archive, &last, ret_text);
	return r == 1 ? 0 : r;
}

static int choose(struct archive *archive, const char *before)
{
	char *text = NULL;
	int status = 0;
	int r = cs_evidence_ends(archive->run, &archive->ends, &text);

	if (r == 0) {
		archive->segment.first = archive->ends.first;
		memcpy(archive->segment.before, archive->ends.before, CS_DIGEST_LEN);
		r = find_last(archive, before, &text);
	}
	if (r == CS_EINVAL)
		status = cs_fail(CS_EXIT_USAGE, "neither an event's number nor a date", before,
			"such as 4711 or 2026-01-01");
	else if (r < 0)
		status = cs_fail(cs_exit_of_error(r), cs_text_or(text, cs_strerror(r)), "evidence", "nothing was archived");
	else if (archive->segment.last < archive->segment.first)
		status = cs_fail(CS_EXIT_NO, "there is nothing before that", before, "nothing was archived");
	else if (archive->segment.last >= archive->ends.last)
		status = cs_fail(CS_EXIT_NO, "the last event stays in the store", before, "nothing was archived");
	cs_free_str(&text);
	return status;
}

/* --- Writing and replaying ---------------------------------------------------------------------------------------- */

static int text_of(void *arg, const uint8_t digest[CS_DIGEST_LEN], char **ret_text)
{
	const struct archive *archive = arg;

	if (!archive->text || memcmp(archive->digest, digest, CS_DIGEST_LEN) != 0)
		return CS_ENOENT;
	return (*ret_text = cs_dup(archive->text)) ? 0 : CS_ENOMEM;
}

/* What is checked is what was written: the line is read as whoever checks the file will read it. */
static int replay_line(struct archive *archive, const char *text)
{
	struct cs_export_line line = { 0 };
	const char *why = NULL;
	int r = cs_export_line_read(text, strlen(text), &line, &why);

	if (r == 0 && line.kind == CS_LINE_RECORD) {
		memcpy(archive->segment.chain, line.record.chain, CS_DIGEST_LEN);
		r = cs_replay_next(archive->replay, &line.record);
	} else if (r == 0 && line.kind == CS_LINE_AFTER) {
		cs_replay_after(archive->replay, line.record.number, line.record.chain, true);
	} else if (r == 0 && line.kind == CS_LINE_POLICY) {
		memcpy(archive->digest, line.digest, CS_DIGEST_LEN);
		r = cs_set(&archive->text, line.text);
	}
	cs_export_line_clear(&line);
	return r;
}

static int put_line(void *arg, const char *line)
{
	struct archive *archive = arg;

	if (fputs(line, archive->file) == EOF || fputc('\n', archive->file) == EOF)
		return failed(archive, "cannot write");
	return replay_line(archive, line);
}

/* The replay says what does not follow, or what is not over yet. 0, or the status after it was told. */
static int judge(struct archive *archive, int r)
{
	struct cs_replay_sums sums;
	char where[40];

	if (r == 0)
		r = cs_replay_end(archive->replay, archive->segment.last);
	(void)snprintf(where, sizeof(where), "event %llu", (unsigned long long)cs_replay_bad(archive->replay));
	if (r == CS_ECORRUPT)
		return cs_fail(CS_EXIT_NO, cs_replay_why(archive->replay), where,
			"nothing was archived; see `countersign evidence verify`");
	if (r < 0)
		return cs_fail(cs_exit_of_error(r), cs_strerror(r), "evidence", "nothing was archived");
	cs_replay_sum(archive->replay, &sums);
	return sums.open == 0 ? 0 : cs_fail(CS_EXIT_NO, "a request that was made before that was not closed then", archive->name,
		"nothing was archived; name a later event or an earlier one");
}

static int write_segment(struct archive *archive)
{
	struct cs_exporter exporter = { .run = archive->run, .from = archive->segment.first,
		.to = archive->segment.last, .put = put_line, .arg = archive };
	char *text = NULL;
	int r = cs_replay_new(text_of, archive, &archive->replay);
	int status = 0;

	if (r == 0)
		r = cs_export(&exporter, &text);
	status = r > 0 ? r : text != NULL ? cs_fail(cs_exit_of_error(r), text, "evidence", "nothing was archived")
					: judge(archive, r);
	if (status == 0 && (fflush(archive->file) == EOF || fsync(fileno(archive->file)) < 0))
		status = failed(archive, "cannot write");
	if (status == 0 && cs_digest_fd(fileno(archive->file), SEGMENT_BYTES, archive->segment.sha256) < 0)
		status = failed(archive, "cannot read back");
	cs_free_str(&text);
	return status;
}

/* A new file in the folder: numbers are all there is in its name (A135). */
static int open_new(struct archive *archive, const char *name, const char *mode, FILE **ret_file)
{
	int fd = openat(archive->folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return failed(archive, "cannot make the file");
	*ret_file = fdopen(fd, mode);
	if (*ret_file == NULL) {
		close(fd);
		return failed(archive, "cannot make the file");
	}
	return 0;
}

/* --- Taking it out of the store ------------------------------------------------------------------------------------ */

static int write_beside(struct archive *archive, const char *suffix, const void *bytes, size_t n)
{
	char name[96];
	FILE *file = NULL;
	int status = 0;

	(void)snprintf(name, sizeof(name), "%s%s", archive->name, suffix);
	status = open_new(archive, name, "w", &file);
	if (status != 0)
		return status;
	if (fwrite(bytes, 1, n, file) != n || fflush(file) == EOF || fsync(fileno(file)) < 0)
		status = failed(archive, "cannot write");
	fclose(file);
	return status;
}

/* What the host signed, and its signature, so that ssh-keygen -Y verify can look at both. */
static int keep_signature(struct archive *archive, const struct cs_archive_answer *answer)
{
	struct cs_buf bytes, armored;
	int status = 0, r = 0;

	cs_buf_init(&bytes, CS_MAX_EVENT);
	cs_buf_init(&armored, CS_SSH_ARMORED_MAX);
	r = cs_encode(&cs_segment_shape, &answer->segment, &bytes);
	if (r == 0)
		r = cs_ssh_armor(answer->signature, answer->n_signature, &armored);
	if (r < 0)
		status = cs_fail(CS_EXIT_INTERNAL, cs_strerror(r), archive->name, "the segment's signature was not kept");
	if (status == 0)
		status = write_beside(archive, ".segment", bytes.data, bytes.len);
	if (status == 0)
		status = write_beside(archive, ".segment.sig", armored.data, armored.len);
	cs_buf_clear(&bytes);
	cs_buf_clear(&armored);
	return status;
}

static int print_archived(const struct archive *archive, uint64_t event)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "archived events %llu to %llu in ", (unsigned long long)archive->segment.first,
		(unsigned long long)archive->segment.last);
	cs_escape(&out, archive->to);
	cs_put(&out, "/%s; event %llu says so\n", archive->name, (unsigned long long)event);
	return cs_print(&out);
}

/* The answer may have been lost behind the commit, and then the file is all that there is of these events: it goes only
 * where the store is known to have them still. */
static void remove_copy(struct archive *archive)
{
	struct cs_evidence_ends ends = { 0 };
	char *text = NULL;
	int r = cs_evidence_ends(archive->run, &ends, &text);

	cs_free_str(&text);
	if (r == 0 && ends.first == archive->segment.first)
		(void)unlinkat(archive->folder, archive->name, 0);
	else
		(void)cs_fail(0, r == 0 ? "these events left the store all the same; the file was kept"
			: "it is not known whether these events left the store; the file was kept", archive->name,
			"compare it with `countersign evidence verify` before you remove anything");
}

static int take_out(struct archive *archive)
{
	struct cs_archive call = { .segment = archive->segment }; /* a view */
	struct cs_archive_answer answer = { 0 };
	int status = 0;

	call.segment.file = archive->name;
	status = cs_ask(archive->run, CS_CALL_ARCHIVE, &call, archive->name, &answer);
	if (status != 0) {
		remove_copy(archive);
		return status;
	}
	if (answer.n_signature > 0)
		status = keep_signature(archive, &answer);
	if (status == 0)
		status = print_archived(archive, answer.event);
	cs_clear(&cs_archive_answer_shape, &answer);
	return status;
}

static int archive_to(struct archive *archive)
{
	int status = 0;

	(void)snprintf(archive->name, sizeof(archive->name), "evidence-%012llu-%012llu.jsonl",
		(unsigned long long)archive->segment.first, (unsigned long long)archive->segment.last);
	status = open_new(archive, archive->name, "w+", &archive->file);
	if (status != 0)
		return status;
	status = write_segment(archive);
	if (status == 0 && fsync(archive->folder) < 0)
		status = failed(archive, "cannot write");
	if (status != 0)
		(void)unlinkat(archive->folder, archive->name, 0);
	return status == 0 ? take_out(archive) : status;
}

int cs_run_evidence_archive(struct cs_run *run, char **args, size_t n)
{
	struct archive archive = { .run = run, .folder = -1 };
	const char *before = NULL;
	const struct cs_option options[] = { { "--before", NULL, &before, NULL }, { "--to", NULL, &archive.to, NULL } };
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n);

	if (status != 0 || run->help)
		return status;
	if (before == NULL || archive.to == NULL)
		return cs_fail(CS_EXIT_USAGE, "say what goes with --before, and where to with --to", "evidence archive",
			"see `countersign help evidence archive`");
	archive.folder = open(archive.to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (archive.folder < 0)
		return failed(&archive, "cannot open the folder");
	status = choose(&archive, before);
	if (status == 0)
		status = archive_to(&archive);
	if (archive.file != NULL)
		fclose(archive.file);
	close(archive.folder);
	cs_replay_free(&archive.replay);
	cs_free_str(&archive.text);
	return status;
}
