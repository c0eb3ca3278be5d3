/* SPDX-License-Identifier: Apache-2.0 */
/* Causes of doubt, each told once while it lasts: whoever looks after the directory learns from the log what nobody
 * could tell, and who can make doubt cannot fill the log with it. */
#ifndef CS_DIRECTORY_CAUSES_H
#define CS_DIRECTORY_CAUSES_H

#include "model.h"

enum {
	CS_CAUSES_MAX = 16,          /* that last at the same time; of more only the number is told */
	CS_CAUSES_LAST_MS = 60000    /* one that did not come up for so long is over */
};

struct cs_cause {
	char *text;
	uint64_t seen_ms;
	bool told;
};

/* All zero is empty. */
struct cs_causes {
	struct cs_cause all[CS_CAUSES_MAX];
	size_t left_out;
};

/* The same but for numbers of milliseconds, which differ each time. */
bool cs_cause_is(const char *one, const char *other);
/* Every doubt of an answer, and what was left out in it. */
void cs_causes_take(struct cs_causes *causes, const struct cs_answer *answer, uint64_t now_ms);
/* A line that is to be told, which the caller frees; NULL when there is none, or no memory. */
char *cs_causes_next(struct cs_causes *causes);
void cs_causes_clear(struct cs_causes *causes);

#endif
