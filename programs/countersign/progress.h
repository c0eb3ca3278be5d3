/* SPDX-License-Identifier: Apache-2.0 */
/* How far something that takes long has come: on standard error, only on a terminal, and only after two seconds. */
#ifndef CS_COMMAND_PROGRESS_H
#define CS_COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cs_progress {
	const char *what; /* "scopes" */
	size_t total; /* 0: nobody knows */
	bool terminal;
	bool shown;
	uint64_t next_ms;
};

void cs_progress_begin(struct cs_progress *progress, const char *what, size_t total);
void cs_progress_at(struct cs_progress *progress, size_t done);
/* Where there is nothing to count: for whom one waits. */
void cs_progress_wait(struct cs_progress *progress, const char *whom);
/* Takes the line away again. */
void cs_progress_end(struct cs_progress *progress);

/* "1,200" into 28 bytes. */
void cs_number_text(uint64_t number, char ret_text[28]);

#endif
