/* SPDX-License-Identifier: Apache-2.0 */
/* How a request stands or ended, in one line. */
#ifndef CS_COMMAND_OUTCOME_H
#define CS_COMMAND_OUTCOME_H

#include "calls.h"
#include "follow.h"
#include "output.h"

/* Appends "request 12 was rejected by bob: not on a Friday" and the like, with a newline; to the requester also what to do
 * next. */
void cs_view_outcome(struct cs_buf *out, const struct cs_show_answer *answer);

/* Follows a request until it is decided or the follow's time is over; says the outcome in one line, or prints the request
 * as JSON. The exit status of its state. */
int cs_wait_for(struct cs_follow *follow, uint64_t number);

#endif
