/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for the caller and what he asked for: what `countersign` alone shows and `watch` follows. */
#ifndef CS_COMMAND_HOME_H
#define CS_COMMAND_HOME_H

#include "follow.h"

struct cs_home {
	struct cs_list_row *waiting; /* for the caller's vote; newest first */
	size_t n_waiting;
	bool more_waiting;
	struct cs_list_row *mine;    /* open ones that he asked for */
	size_t n_mine;
	bool more_mine;
};
extern const struct cs_shape cs_home_shape;

/* Asks for both. 0, or an exit status after the error was told. Clear with cs_clear. */
int cs_home_fetch(struct cs_follow *follow, struct cs_home *ret_home);

/* Appends it in a few lines, with the command to type next. 0, CS_ENOMEM. */
int cs_home_view(struct cs_buf *out, const struct cs_look *look, const struct cs_home *home);

#endif
