/* SPDX-License-Identifier: Apache-2.0 */
/* What policy apply, policy rollback and the role commands share: show what would change, ask, put it in force. */
#ifndef CS_COMMAND_APPLY_H
#define CS_COMMAND_APPLY_H

#include "options.h"

struct cs_apply_options {
	const char *comment;
	bool yes;       /* ask nothing */
	bool only_show; /* change nothing */
};

/* Their rows for cs_options_read; what a subcommand adds comes behind them. */
enum { CS_APPLY_ROWS = 3 };
void cs_apply_rows(struct cs_apply_options *options, struct cs_option rows[CS_APPLY_ROWS]);
#define CS_APPLY_HELP \
	"  --comment TEXT     why, for the history and for who has to approve it\n" \
	"  --yes              ask nothing\n" \
	"  --only-show        show what would change, and change nothing\n"

/* Does what call says (kind and what belongs to it; base and comment are set here). text is the new policy of
 * CS_APPLY_TEXT, else NULL. Returns the exit status; CS_EXIT_PENDING where others have to approve it first. */
int cs_apply(struct cs_run *run, struct cs_apply *call, const char *text, const struct cs_apply_options *options);

#endif
