/* SPDX-License-Identifier: Apache-2.0 */
/* countersign evidence verify */
#include "evidence.h"
#include "evidence_source.h"
#include "mem.h"
#include "options.h"
#include "print.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is printed with --json. */
struct verified {
	bool whole;
	uint64_t events;
	uint64_t permits;
	uint64_t head_number;
	uint8_t head[CS_DIGEST_LEN];
	uint64_t bad;
	char *why;
};

static const struct cs_field verified_fields[] = {
	CS_BOOL(verified, whole), CS_U64(verified, events), CS_U64(verified, permits), CS_U64(verified, head_number),
	CS_FIXED(verified, head, CS_DIGEST_LEN), CS_U64(verified, bad), CS_STR(verified, why, CS_MAX_TEXT)
};
static const struct cs_shape verified_shape = {
	.name = "verified", .size = sizeof(struct verified), .fields = verified_fields,
	.n_fields = CS_COUNT(verified_fields)
};

struct check {
	struct cs_verifier verifier;
	char *why;    /* what is wrong; NULL while all is well */
	uint64_t bad;
};

static int blame(struct check *check, uint64_t number, const char *why)
{
	check->bad = number;
	return cs_set(&check->why, why) == 0 ? CS_ECORRUPT : CS_ENOMEM;
}

static int check_record(void *arg, const struct cs_record *record)
{
	struct check *check = arg;
	int r = cs_verifier_next(&check->verifier, record);

	return r == CS_ECORRUPT ? blame(check, check->verifier.bad, check->verifier.why) : r;
}

static int check_end(struct check *check, uint64_t last)
{
	static const uint8_t none[CS_DIGEST_LEN];
	int r = cs_verifier_end(&check->verifier, 0, none);

	if (r == CS_ECORRUPT)
		return blame(check, check->verifier.bad, check->verifier.why);
	if (r == 0 && check->verifier.number < last)
		return blame(check, check->verifier.number + 1, "is missing, and there are later ones");
	if (r == 0 && check->verifier.number == 0)
		return blame(check, 1, "there is no event at all");
	return r;
}

/* "57:abc…" as status and verify print it. */
static int read_head(const char *text, struct check *check)
{
	uint8_t head[CS_DIGEST_LEN];
	uint64_t number = 0;
	char *end = NULL;

	if (text == NULL)
		return 0;
	number = text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
	if (number != 0 && *end == ':' && strlen(end + 1) == 2 * CS_DIGEST_LEN &&
		cs_unhex(end + 1, head, sizeof(head)) == 0) {
		cs_verifier_know(&check->verifier, number, head);
		return 0;
	}
	return cs_fail(CS_EXIT_USAGE, "not a head", text, "give NUMBER:HEX as `countersign evidence verify` prints it");
}

static int walk(struct cs_run *run, const char *path, struct check *check, char **ret_text)
{
	uint64_t last = 0;
	int r = 0;

	if (path != NULL)
		r = cs_evidence_from_file(path, check_record, check, ret_text);
	else
		r = cs_evidence_from_daemon(run, 1, check_record, check, &last, ret_text);
	if (r == CS_EPROTO && path != NULL)
		return blame(check, check->verifier.number + 1, *ret_text == NULL ? "it is not a record" : *ret_text);
	if (r == CS_ECORRUPT && check->why == NULL)
		return blame(check, check->verifier.number + 1, *ret_text == NULL ? "it could not be read" : *ret_text);
	return r == 0 ? check_end(check, last) : r;
}

/* The verifier names the event itself; once in the line is enough. */
static const char *without_event(const char *why, uint64_t bad)
{
	char prefix[40];
	size_t n = (size_t)snprintf(prefix, sizeof(prefix), "event %llu", (unsigned long long)bad);

	if (strncmp(why, prefix, n) != 0 || (why[n] != ':' && why[n] != ' '))
		return why;
	return why[n] == ':' && why[n + 1] == ' ' ? why + n + 2 : why + n + 1;
}

static int print_text(const struct check *check)
{
	char hex[2 * CS_DIGEST_LEN + 1];
	unsigned long long events = check->verifier.number;
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	if (check->why == NULL) {
		cs_hex(check->verifier.chain, CS_DIGEST_LEN, hex);
		cs_put(&out, "evidence: %llu event%s, whole; head %llu:%s\n", events,
			 events == 1 ? "" : "s", events, hex);
	} else {
		cs_put(&out, "evidence is broken at event %llu: ", (unsigned long long)check->bad);
		cs_escape(&out, without_event(check->why, check->bad));
		cs_put(&out, "\n");
	}
	return cs_print(&out);
}

static int print_result(const struct cs_run *run, const struct check *check)
{
	struct verified verified = { .whole = check->why == NULL, .events = check->verifier.number,
		.permits = check->verifier.permits, .head_number = check->verifier.number,
		.bad = check->bad, .why = check->why };
	int status = 0;

	memcpy(verified.head, check->verifier.chain, CS_DIGEST_LEN);
	status = run->json ? cs_print_json(&verified_shape, &verified) : print_text(check);
	return status != 0 ? status : verified.whole ? CS_EXIT_YES : CS_EXIT_NO;
}

int cs_run_evidence_verify(struct cs_run *run, char **args, size_t n)
{
	struct check check = { 0 };
	const char *head = NULL;
	const struct cs_option options[] = { { "--head", NULL, &head, NULL } };
	char *text = NULL;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 1, &n);
	int r = 0;

	cs_verifier_init(&check.verifier);
	if (status == 0)
		status = read_head(head, &check);
	if (status != 0)
		return status;
	r = walk(run, n > 0 ? args[0] : NULL, &check, &text);
	if (r == 0 || r == CS_ECORRUPT)
		status = print_result(run, &check);
	else
		status = cs_fail(cs_exit_of_error(r), cs_text_or(text, cs_strerror(r)),
			n > 0 ? args[0] : "evidence", "nothing is said about the evidence");
	cs_free_str(&check.why);
	cs_free_str(&text);
	return status;
}
