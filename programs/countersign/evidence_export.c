/* SPDX-License-Identifier: Apache-2.0 */
/* countersign evidence export: every record as one line of JSON, with the decoded event beside it for readers. */
#include "evidence_source.h"
#include "mem.h"
#include "options.h"
#include "print.h"

struct exported {
	uint64_t number;
	uint8_t *bytes;
	size_t n_bytes;
	uint8_t chain[CS_DIGEST_LEN];
	struct cs_event event;
};

static const struct cs_field exported_fields[] = {
	CS_U64(exported, number), CS_BLOB(exported, bytes, CS_MAX_EVENT), CS_FIXED(exported, chain, CS_DIGEST_LEN),
	CS_NEST(exported, event, &cs_event_shape)
};

/* A record that is not an event is exported all the same: verify will say what is wrong with it. */
static const struct cs_shape shapes[] = {
	{ .name = "exported", .size = sizeof(struct exported), .fields = exported_fields,
		.n_fields = CS_COUNT(exported_fields) - 1 },
	{ .name = "exported", .size = sizeof(struct exported), .fields = exported_fields,
		.n_fields = CS_COUNT(exported_fields) }
};

static int export_record(void *arg, const struct cs_record *record)
{
	struct exported exported = { .number = record->number, .bytes = record->bytes, .n_bytes = record->n_bytes };
	bool readable = cs_decode_all(&cs_event_shape, record->bytes, record->n_bytes, &exported.event) == 0;
	int status = 0;

	(void)arg;
	for (size_t i = 0; i < CS_DIGEST_LEN; i++)
		exported.chain[i] = record->chain[i];
	status = cs_print_json_line(&shapes[readable ? 1 : 0], &exported);
	cs_clear(&cs_event_shape, &exported.event);
	return status;
}

int cs_run_evidence_export(struct cs_run *run, char **args, size_t n)
{
	char *text = NULL;
	uint64_t last = 0;
	int status = cs_options_read(run, args, n, NULL, 0, 0, 0, &n);

	if (status == 0)
		status = cs_evidence_from_daemon(run, 1, export_record, NULL, &last, &text);
	if (status < 0)
		status = cs_fail(cs_exit_of_error(status), cs_text_or(text, cs_strerror(status)), "evidence",
			"the export is not complete");
	cs_free_str(&text);
	return status;
}
