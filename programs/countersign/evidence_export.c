/* SPDX-License-Identifier: Apache-2.0 */
/* countersign evidence export: every record as one line of JSON, with the decoded event beside it for readers, and before
 * the first event that a policy decided a line with its text. */
#include "evidence_export.h"
#include "clock.h"
#include "mem.h"
#include "options.h"
#include "policy.h"
#include "print.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* --- A record ----------------------------------------------------------------------------------------------------- */

struct exported {
	uint64_t number;
	uint8_t *bytes;
	size_t n_bytes;
	uint8_t chain[CS_DIGEST_LEN];
	struct cs_event event;
	union {
		struct cs_in_force in_force;
		struct cs_permitted_body permitted;
		struct cs_monitored_body monitored;
		struct cs_requested_body requested;
		struct cs_voted_body voted;
		struct cs_grounds grounds;
		struct cs_segment segment;
		struct cs_told_body told;
	} body;
};

const struct cs_shape *cs_body_shape(const struct cs_event *event)
{
	static const struct {
		enum cs_event_kind kind;
		const struct cs_shape *shape;
	} bodies[] = {
		{ CS_EVENT_START, &cs_in_force_shape }, { CS_EVENT_POLICY, &cs_in_force_shape },
		{ CS_EVENT_PERMITTED, &cs_permitted_body_shape }, { CS_EVENT_DENIED, &cs_permitted_body_shape },
		{ CS_EVENT_REQUESTED, &cs_requested_body_shape }, { CS_EVENT_VOTED, &cs_voted_body_shape },
		{ CS_EVENT_APPROVED, &cs_grounds_shape }, { CS_EVENT_CLAIMED, &cs_grounds_shape },
		{ CS_EVENT_ARCHIVED, &cs_segment_shape }, { CS_EVENT_TOLD, &cs_told_body_shape },
		{ CS_EVENT_UNTOLD, &cs_told_body_shape },
	};

	if (event->kind == CS_EVENT_PERMITTED && event->reason == CS_WHY_MONITORED)
		return &cs_monitored_body_shape;
	for (size_t i = 0; i < CS_COUNT(bodies); i++)
		if (bodies[i].kind == event->kind)
			return bodies[i].shape;
	return NULL;
}

/* Decodes the record and, where it is one of its kind, its body. The shape of the body; NULL: there is none to show. */
static const struct cs_shape *decode(const struct cs_record *record, struct exported *exported, bool *ret_event)
{
	const struct cs_shape *body = NULL;

	exported->number = record->number;
	exported->bytes = record->bytes; /* a view */
	exported->n_bytes = record->n_bytes;
	memcpy(exported->chain, record->chain, CS_DIGEST_LEN);
	*ret_event = cs_decode_all(&cs_event_shape, record->bytes, record->n_bytes, &exported->event) == 0;
	if (*ret_event && exported->event.n_body > 0)
		body = cs_body_shape(&exported->event);
	if (body && cs_decode_all(body, exported->event.body, exported->event.n_body, &exported->body) != 0)
		body = NULL;
	return body;
}

static void let_go(struct exported *exported, const struct cs_shape *body)
{
	if (body)
		cs_clear(body, &exported->body);
	cs_clear(&cs_event_shape, &exported->event);
}

/* A record that is not an event is exported all the same: verify will say what is wrong with it. */
char *cs_export_record(const struct cs_record *record)
{
	struct cs_shape event_shape = cs_event_shape;
	struct cs_field fields[] = {
		CS_U64(exported, number), CS_BLOB(exported, bytes, CS_MAX_EVENT), CS_FIXED(exported, chain, CS_DIGEST_LEN),
		CS_NEST(exported, event, &event_shape), CS_NEST(exported, body, NULL)
	};
	struct cs_shape shape = { .name = "exported", .size = sizeof(struct exported), .fields = fields };
	struct exported exported = { 0 };
	bool readable = false;
	const struct cs_shape *body = decode(record, &exported, &readable);
	char *text = NULL;

	shape.n_fields = CS_COUNT(fields) - (body ? 0 : 1) - (readable ? 0 : 1);
	fields[CS_COUNT(fields) - 1].shape = body;
	event_shape.n_fields -= body != NULL; /* the encoded body is the last; it stands decoded beside the event */
	if (cs_json_text(&shape, &exported, false, &text) < 0)
		text = NULL;
	let_go(&exported, body);
	return text;
}

enum { EVENT_FIELDS_MAX = 32 };

/* The event's own fields, and its body decoded. */
char *cs_export_event(const struct cs_record *record)
{
	static const struct cs_field body_field = CS_NEST(exported, body, NULL);
	struct cs_field fields[EVENT_FIELDS_MAX + 1];
	struct cs_shape shape = { .name = "event", .size = sizeof(struct exported), .fields = fields };
	struct exported exported = { 0 };
	bool readable = false;
	const struct cs_shape *body = decode(record, &exported, &readable);
	char *text = NULL;

	shape.n_fields = cs_event_shape.n_fields < EVENT_FIELDS_MAX ? cs_event_shape.n_fields : EVENT_FIELDS_MAX;
	for (size_t i = 0; i < shape.n_fields; i++) {
		fields[i] = cs_event_shape.fields[i];
		fields[i].offset += offsetof(struct exported, event);
		fields[i].count_offset += offsetof(struct exported, event);
	}
	if (body) {
		fields[shape.n_fields - 1] = body_field;
		fields[shape.n_fields - 1].shape = body;
	}
	if (cs_json_text(&shape, &exported, false, &text) < 0)
		text = NULL;
	let_go(&exported, body);
	return text;
}

/* --- Other lines -------------------------------------------------------------------------------------------------- */

struct policy_line {
	uint8_t policy[CS_DIGEST_LEN];
	char *text;
};

static const struct cs_field policy_fields[] = {
	CS_FIXED(policy_line, policy, CS_DIGEST_LEN), CS_STR(policy_line, text, CS_POLICY_TEXT_MAX)
};
static const struct cs_shape policy_shape = { .name = "policy", .size = sizeof(struct policy_line),
	.fields = policy_fields, .n_fields = CS_COUNT(policy_fields) };

char *cs_export_policy(const uint8_t digest[CS_DIGEST_LEN], const char *text)
{
	struct policy_line line;
	char *json = NULL;

	memcpy(line.policy, digest, CS_DIGEST_LEN);
	memcpy(&line.text, &text, sizeof(text)); /* a view */
	return cs_json_text(&policy_shape, &line, false, &json) == 0 ? json : NULL;
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static const uint8_t none[CS_DIGEST_LEN];

static int put_line(struct cs_exporter *exporter, char *line)
{
	int r = line ? exporter->put(exporter->arg, line) : CS_ENOMEM;

	free(line);
	return r;
}

/* The text of the policy that the event names, where the last line of that kind was of another. */
static int put_policy(struct cs_exporter *exporter, const struct cs_record *record)
{
	struct cs_event event = { 0 };
	char *text = NULL;
	int r = cs_decode_all(&cs_event_shape, record->bytes, record->n_bytes, &event);

	if (r == 0 && memcmp(event.policy_digest, exporter->policy, CS_DIGEST_LEN) != 0 &&
		memcmp(event.policy_digest, none, CS_DIGEST_LEN) != 0) {
		memcpy(exporter->policy, event.policy_digest, CS_DIGEST_LEN);
		r = cs_evidence_policy(exporter->run, event.policy_digest, &text);
		if (r == 0)
			r = put_line(exporter, cs_export_policy(event.policy_digest, text));
		if (r == CS_ENOENT)
			r = 0; /* verify will say that it is missing */
	}
	free(text);
	cs_clear(&cs_event_shape, &event);
	return r == CS_EPROTO || r == CS_ETOOBIG ? 0 : r; /* no event: verify says so */
}

static int put_record(void *arg, const struct cs_record *record)
{
	struct cs_exporter *exporter = arg;
	int r = 0;

	if (record->number > exporter->to)
		return 1;
	if (record->number < exporter->from) { /* the one before: what is exported follows it */
		char *line = NULL;
		char hex[2 * CS_DIGEST_LEN + 1];

		cs_hex(record->chain, CS_DIGEST_LEN, hex);
		if (cs_format(&line, "{\"after\":%llu,\"chain\":\"%s\"}", (unsigned long long)record->number, hex) < 0)
			return CS_ENOMEM;
		return put_line(exporter, line);
	}
	r = put_policy(exporter, record);
	return r == 0 ? put_line(exporter, cs_export_record(record)) : r;
}

int cs_export(struct cs_exporter *exporter, char **ret_text)
{
	struct cs_evidence_ends ends = { 0 };
	struct cs_record before = { 0 };
	uint64_t last = 0;
	int r = cs_evidence_ends(exporter->run, &ends, ret_text);

	if (r == 0 && exporter->from <= ends.first && ends.first > 1) {
		exporter->from = ends.first;
		before.number = ends.first - 1;
		memcpy(before.chain, ends.before, CS_DIGEST_LEN);
		r = put_record(exporter, &before);
	}
	if (r == 0)
		r = cs_evidence_from_daemon(exporter->run,
			exporter->from > ends.first && exporter->from > 1 ? exporter->from - 1 : exporter->from,
			put_record, exporter, &last, ret_text);
	return r == 1 ? 0 : r;
}

/* --- The subcommand ----------------------------------------------------------------------------------------------- */

static int print_line(void *arg, const char *line)
{
	struct cs_buf out;

	(void)arg;
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "%s\n", line);
	return cs_print(&out);
}

int cs_run_evidence_export(struct cs_run *run, char **args, size_t n)
{
	struct cs_exporter exporter = { .run = run, .from = 1, .to = UINT64_MAX, .put = print_line };
	const char *from = NULL, *to = NULL;
	const struct cs_option options[] = { { "--from", NULL, &from, NULL }, { "--to", NULL, &to, NULL } };
	char *text = NULL;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 0, 0, &n);

	if (status != 0 || run->help)
		return status;
	if (from != NULL)
		status = cs_read_number(from, &exporter.from);
	if (status == 0 && to != NULL)
		status = cs_read_number(to, &exporter.to);
	if (status == 0)
		status = cs_export(&exporter, &text);
	if (status < 0)
		status = cs_fail(cs_exit_of_error(status), cs_text_or(text, cs_strerror(status)), "evidence",
			"the export is not complete");
	cs_free_str(&text);
	return status;
}
