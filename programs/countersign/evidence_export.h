/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of an export. */
#ifndef CS_COMMAND_EVIDENCE_EXPORT_H
#define CS_COMMAND_EVIDENCE_EXPORT_H

#include "evidence_source.h"
#include "json.h"

/* What such an event is about: the shape of its body; NULL: it has none. */
const struct cs_shape *cs_body_shape(const struct cs_event *event);

/* A record, and a policy's text, as one line without its newline; the caller frees. NULL: out of memory. */
char *cs_export_record(const struct cs_record *record);
/* The same of the event alone. */
char *cs_export_event(const struct cs_record *record);
char *cs_export_policy(const uint8_t digest[CS_DIGEST_LEN], const char *text);

struct cs_exporter {
	struct cs_run *run;
	uint64_t from, to; /* numbers of events, both included */
	int (*put)(void *arg, const char *line); /* 0 goes on; an exit status, or a negative error, ends it */
	void *arg;
	uint8_t policy[CS_DIGEST_LEN]; /* whose text was put last; zero */
};
/* Puts every line of the daemon's record. 0, what put returned, or a negative error with *ret_text as cs_ask_quietly. */
int cs_export(struct cs_exporter *exporter, char **ret_text);

#endif
