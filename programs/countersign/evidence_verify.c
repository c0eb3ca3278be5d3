/* SPDX-License-Identifier: Apache-2.0 */
/* countersign evidence verify: the chain from its first event to its last, and every permit derived again. */
#include "evidence_heads.h"
#include "evidence_source.h"
#include "file.h"
#include "mem.h"
#include "policy_text.h"
#include "print.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is printed with --json. */
struct verified {
	bool whole;
	uint64_t first, events, permits, requests, votes, signatures, without_roster, open, debts, heads;
	uint64_t head_number;
	uint8_t head[CS_DIGEST_LEN];
	uint64_t bad;
	char *why;
};

static const struct cs_field verified_fields[] = {
	CS_BOOL(verified, whole), CS_U64(verified, first), CS_U64(verified, events), CS_U64(verified, permits),
	CS_U64(verified, requests), CS_U64(verified, votes), CS_U64(verified, signatures),
	CS_U64(verified, without_roster), CS_U64(verified, open),
	CS_U64(verified, debts), CS_U64(verified, heads), CS_U64(verified, head_number),
	CS_FIXED(verified, head, CS_DIGEST_LEN), CS_U64(verified, bad), CS_STR(verified, why, CS_MAX_TEXT)
};
static const struct cs_shape verified_shape = {
	.name = "verified", .size = sizeof(struct verified), .fields = verified_fields,
	.n_fields = CS_COUNT(verified_fields)
};

enum { ROSTERS_MAX = 64 };

struct check {
	struct cs_run *run;
	struct cs_roster *rosters[ROSTERS_MAX];
	size_t n_rosters;
	struct cs_replay *replay;
	bool live;            /* the daemon is asked, for records and for texts */
	bool begun;
	uint64_t after;       /* number of the event before the first */
	uint8_t digest[CS_DIGEST_LEN]; /* of the policy whose text the export told last */
	char *text;
	char *unreadable;     /* a line that is none */
	size_t heads;
};

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static int text_of(void *arg, const uint8_t digest[CS_DIGEST_LEN], char **ret_text)
{
	struct check *check = arg;

	if (check->text && memcmp(check->digest, digest, CS_DIGEST_LEN) == 0)
		return (*ret_text = cs_dup(check->text)) ? 0 : CS_ENOMEM;
	return check->live ? cs_evidence_policy(check->run, digest, ret_text) : CS_ENOENT;
}

static int check_record(void *arg, const struct cs_record *record)
{
	struct check *check = arg;

	check->begun = true;
	return cs_replay_next(check->replay, record);
}

/* Where several files follow each other, the next goes on where the last ended. */
static int check_after(struct check *check, const struct cs_record *after)
{
	struct cs_replay_sums sums;

	if (!check->begun) {
		cs_replay_after(check->replay, after->number, after->chain, true);
		check->after = after->number;
		check->begun = true;
		return 0;
	}
	cs_replay_sum(check->replay, &sums);
	if (sums.head_number == after->number && memcmp(sums.head_chain, after->chain, CS_DIGEST_LEN) == 0)
		return 0;
	return cs_format(&check->unreadable, "this file goes on after event %llu, and the one before ends with event %llu%s",
		       (unsigned long long)after->number, (unsigned long long)sums.head_number,
		       sums.head_number == after->number ? " of another record" : "") < 0 ? CS_ENOMEM : CS_ECORRUPT;
}

static int check_line(void *arg, const struct cs_export_line *line)
{
	struct check *check = arg;

	if (line->kind == CS_LINE_RECORD)
		return check_record(check, &line->record);
	if (line->kind == CS_LINE_AFTER)
		return check_after(check, &line->record);
	if (line->kind != CS_LINE_POLICY)
		return 0;
	memcpy(check->digest, line->digest, CS_DIGEST_LEN);
	return cs_set(&check->text, line->text);
}

static int check_file(struct check *check, const char *path, char **ret_text)
{
	int r = cs_evidence_from_file(path, check_line, check, ret_text);

	if (r != CS_EPROTO)
		return r;
	check->unreadable = *ret_text;
	*ret_text = NULL;
	return CS_ECORRUPT;
}

/* From where the files end, or from the beginning; what was moved out of the store has to be in the files, or an event
 * has to say that it was. */
static int check_daemon(struct check *check, uint64_t *ret_last, char **ret_text)
{
	struct cs_evidence_ends ends = { 0 };
	struct cs_replay_sums sums;
	uint64_t from = 1;
	int r = cs_evidence_ends(check->run, &ends, ret_text);

	if (r == 0 && check->begun) {
		cs_replay_sum(check->replay, &sums);
		from = sums.head_number + 1;
	} else if (r == 0 && ends.first > 1) {
		from = ends.first;
		check->after = ends.first - 1;
		cs_replay_after(check->replay, check->after, ends.before, false);
	}
	return r == 0 ? cs_evidence_from_daemon(check->run, from, check_record, check, ret_last, ret_text) : r;
}

static int walk(struct check *check, char **files, size_t n, char **ret_text)
{
	uint64_t last = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = check_file(check, files[i], ret_text);
	if (r == 0 && check->live)
		r = check_daemon(check, &last, ret_text);
	return r == 0 ? cs_replay_end(check->replay, last) : r;
}

/* --- Telling ------------------------------------------------------------------------------------------------------ */

static void fill(const struct check *check, const struct cs_replay_sums *sums, int r, struct verified *verified)
{
	const char *why = check->unreadable ? check->unreadable : cs_replay_why(check->replay);

	*verified = (struct verified){ .first = check->after + 1, .events = sums->events, .permits = sums->permits,
		.requests = sums->requests, .votes = sums->votes, .signatures = sums->signatures,
		.without_roster = sums->without_roster, .open = sums->open,
		.debts = sums->debts, .heads = check->heads, .head_number = sums->head_number };
	memcpy(verified->head, sums->head_chain, CS_DIGEST_LEN);
	verified->whole = r == 0 && sums->events > 0;
	if (verified->whole)
		return;
	if (r == 0)
		why = "there is no event at all";
	else if (!*why)
		why = "it could not be read";
	memcpy(&verified->why, &why, sizeof(why)); /* a view */
	verified->bad = check->unreadable || cs_replay_bad(check->replay) == 0 ? sums->head_number + 1
										: cs_replay_bad(check->replay);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void put_whole(struct cs_buf *out, const struct verified *v)
{
	char hex[2 * CS_DIGEST_LEN + 1];

	cs_hex(v->head, CS_DIGEST_LEN, hex);
	cs_put(out, "evidence: ");
	if (v->first > 1)
		cs_put(out, "from event %llu on, ", (unsigned long long)v->first);
	cs_put(out, "%llu event%s, whole; head %llu:%s\n", (unsigned long long)v->events, plural(v->events),
		(unsigned long long)v->head_number, hex);
	cs_put(out, "%llu permit%s derived again; %llu request%s, %llu vote%s, %llu of them signed", (unsigned long long)v->permits,
		plural(v->permits), (unsigned long long)v->requests, plural(v->requests), (unsigned long long)v->votes,
		plural(v->votes), (unsigned long long)v->signatures);
	if (v->heads > 0)
		cs_put(out, "; %llu head%s known from elsewhere", (unsigned long long)v->heads, plural(v->heads));
	cs_put(out, "\n");
	if (v->without_roster > 0)
		cs_put(out, "the keys of %llu signed vote%s were compared with no roster: give those of then with --roster FILE\n",
			(unsigned long long)v->without_roster, plural(v->without_roster));
}

static int print_result(const struct cs_run *run, const struct verified *verified)
{
	struct cs_buf out;
	int status = 0;

	if (run->json) {
		status = cs_print_json(&verified_shape, verified);
	} else {
		cs_buf_init(&out, CS_OUTPUT_MAX);
		if (verified->whole) {
			put_whole(&out, verified);
		} else {
			cs_put(&out, "evidence is broken at event %llu: ", (unsigned long long)verified->bad);
			cs_escape(&out, verified->why);
			cs_put(&out, "\n");
		}
		status = cs_print(&out);
	}
	return status != 0 ? status : verified->whole ? CS_EXIT_YES : CS_EXIT_NO;
}

/* The rosters that were in use, in whichever order. 0, or the status after it was told. */
static int read_rosters(struct check *check, const struct cs_words *files)
{
	for (size_t i = 0; i < files->n; i++) {
		struct cs_problem problem = { 0 };
		char *text = NULL;
		size_t n = 0;
		int r = i < ROSTERS_MAX ? cs_file_read(files->at[i], getuid(), CS_FILE_TEXT, CS_ROSTER_TEXT_MAX, &text,
						  &n, &problem)
					: CS_ETOOBIG;

		if (r == 0)
			r = cs_roster_parse(text, files->at[i], &check->rosters[check->n_rosters], &problem);
		if (r == 0)
			r = cs_replay_roster(check->replay, check->rosters[check->n_rosters++]);
		free(text);
		if (r < 0)
			(void)cs_fail_problem(CS_EXIT_NO, files->at[i], r, &problem);
		cs_problem_clear(&problem);
		if (r < 0)
			return CS_EXIT_NO;
	}
	return 0;
}

static int verify(struct check *check, const struct cs_head_options *heads, char **files, size_t n)
{
	struct cs_replay_sums sums;
	struct verified verified;
	char *text = NULL;
	int status = cs_heads_read(heads, check->replay, &check->heads);
	int r = status == 0 ? walk(check, files, n, &text) : 0;

	if (status == 0 && (r == 0 || r == CS_ECORRUPT)) {
		cs_replay_sum(check->replay, &sums);
		fill(check, &sums, r, &verified);
		status = print_result(check->run, &verified);
	} else if (status == 0) {
		status = cs_fail(cs_exit_of_error(r), cs_text_or(text, cs_strerror(r)), n > 0 ? files[0] : "evidence",
			"nothing is said about the evidence");
	}
	cs_free_str(&text);
	return status;
}

int cs_run_evidence_verify(struct cs_run *run, char **args, size_t n)
{
	struct cs_head_options heads = { .host = NULL };
	struct cs_words rosters = { .n = 0 };
	struct check check = { .run = run };
	const struct cs_option options[] = { { "--head", NULL, NULL, &heads.heads },
		{ "--log", NULL, NULL, &heads.logs }, { "--receipts", NULL, NULL, &heads.receipts },
		{ "--host", NULL, &heads.host, NULL }, { "--roster", NULL, NULL, &rosters },
		{ "--live", &check.live, NULL, NULL } };
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, CS_WORDS_MAX, &n);

	if (status != 0 || run->help)
		return status;
	check.live = check.live || n == 0;
	if (cs_replay_new(text_of, &check, &check.replay) < 0)
		return cs_fail(CS_EXIT_INTERNAL, cs_strerror(CS_ENOMEM), "evidence", "");
	status = read_rosters(&check, &rosters);
	if (status == 0)
		status = verify(&check, &heads, args, n);
	cs_replay_free(&check.replay);
	for (size_t i = 0; i < check.n_rosters; i++)
		cs_roster_free(&check.rosters[i]);
	cs_free_str(&check.text);
	cs_free_str(&check.unreadable);
	return status;
}
