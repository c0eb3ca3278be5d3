/* SPDX-License-Identifier: Apache-2.0 */
/* One action tried out: what would be decided, without a request and without a daemon. */
#ifndef CS_COMMAND_TRIAL_H
#define CS_COMMAND_TRIAL_H

#include "decision.h"
#include "source.h"

struct cs_trial {
	const char *user;
	const char *service;
	char *const *words; /* the command and its arguments; a single one is split at its blanks; none: a login */
	size_t n_words;
	const char *host;   /* NULL: this one */
	const char *peer;   /* NULL: local */
	uint64_t wall_ms;
	uint64_t elapsed_ms; /* since it was asked of others; 0: it is asked now. The votes are cast now, one after the
	                      * other, approvals first */
	char *const *approved_by;
	size_t n_approved_by;
	char *const *rejected_by;
	size_t n_rejected_by;
	const char *stranger; /* set: the first voter whom the directory does not know; his vote counts for nothing */
};

/* What the daemon would decide of such an action with these votes: match, then cs_decide. What only a host can tell
 * (who may change the file, options of sudo) is taken as harmless, and a reason as given. The decision names the gate
 * and the scope. 0, or the exit status after the error was told. Clear it with cs_clear. */
int cs_trial_decide(struct cs_source *source, struct cs_trial *trial, struct cs_decision *ret_decision);

#endif
