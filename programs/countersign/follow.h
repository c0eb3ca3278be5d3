/* SPDX-License-Identifier: Apache-2.0 */
/* Asking again and again: waits until something changed, and outlives a daemon that is restarted. */
#ifndef CS_COMMAND_FOLLOW_H
#define CS_COMMAND_FOLLOW_H

#include "command.h"

struct cs_follow {
	struct cs_run *run;
	uint64_t until_ms; /* boot time at which it ends; 0: never */
	uint64_t seen;     /* the last change the daemon told */
	bool begun;        /* it answered once: from then on its absence is waited out */
	bool told;         /* that it does not answer was said */
	uint32_t pause_ms;
};

/* CS_EXIT_PENDING: the time is over. */

/* One call. A daemon that does not answer, or a directory that cannot tell, is asked again, at first soon and then every 30
 * seconds, which is said once on standard error; but not where it was never heard. 0; CS_EXIT_PENDING; or another exit
 * status after the error was told. */
int cs_follow_ask(struct cs_follow *follow, enum cs_call_type type, const void *call, const char *where, void *ret_reply);

/* Waits until some request may have changed, or for at most wait_ms, or until the time is over. The same results. */
int cs_follow_next(struct cs_follow *follow, uint32_t wait_ms);

#endif
