/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of the evidence that are known from elsewhere: said on the command line, in the daemon's log, in the files that
 * approvers keep. */
#ifndef CS_COMMAND_EVIDENCE_HEADS_H
#define CS_COMMAND_EVIDENCE_HEADS_H

#include "options.h"
#include "replay.h"

struct cs_head_options {
	struct cs_words heads;    /* NUMBER:HEX */
	struct cs_words logs;     /* files of syslog or journal lines */
	struct cs_words receipts; /* files of lines that `countersign approve` keeps */
	const char *host;         /* of these only */
};

/* Tells them all to the replay; *ret_count is how many. 0, or the exit status after the error was told. */
int cs_heads_read(const struct cs_head_options *options, struct cs_replay *replay, size_t *ret_count);

#endif
