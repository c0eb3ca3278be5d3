/* SPDX-License-Identifier: Apache-2.0 */
/* Printing a noun as JSON on standard output. */
#ifndef CS_COMMAND_PRINT_H
#define CS_COMMAND_PRINT_H

#include "calls.h"

/* Prints one object, readable, with a newline. An exit status: 0, CS_EXIT_OUTPUT or CS_EXIT_INTERNAL, told. */
int cs_print_json(const struct cs_shape *shape, const void *obj);

/* The same on one line. */
int cs_print_json_line(const struct cs_shape *shape, const void *obj);

/* One request: its summary (summary.h) and what the daemon told, in one object. */
int cs_print_request_json(const struct cs_show_answer *answer, bool pretty);

/* What a vote that was taken led to: the newest vote of the decision, as in a summary, where there is one, and the decision. */
int cs_print_vote_json(const struct cs_decision *decision);

#endif
