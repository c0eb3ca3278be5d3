/* SPDX-License-Identifier: Apache-2.0 */
/* How nouns are shown to people. Everything a person supplied is escaped; one argument a line. */
#ifndef CS_COMMAND_VIEW_H
#define CS_COMMAND_VIEW_H

#include "calls.h"
#include "output.h"

/* Appends the whole request, or (brief) what a person needs to decide on it. */
void cs_view_request(struct cs_buf *out, const struct cs_look *look, const struct cs_show_answer *answer, bool brief);

/* Its parts, one line each: what is needed and who could supply it; the votes, and (not brief) what each counted on. */
void cs_view_needs(struct cs_buf *out, const struct cs_look *look, const struct cs_decision *decision);
void cs_view_votes(struct cs_buf *out, const struct cs_look *look, const struct cs_decision *decision, bool brief);

/* Appends the table of requests. 0, CS_ENOMEM. */
int cs_view_list(struct cs_buf *out, const struct cs_look *look, const struct cs_list_answer *answer);

/* Appends the command that lists what comes after these, where there is more. */
void cs_view_more(struct cs_buf *out, const struct cs_list *call, const struct cs_list_answer *answer);

/* Appends "approved; still missing: …" or what else a vote led to, without a newline. */
void cs_view_missing(struct cs_buf *out, const struct cs_decision *decision);

/* The style of a state. */
enum cs_style cs_state_style(enum cs_state state);

/* Appends a report. It goes on below CS_TALLY_GOES_ON. */
struct cs_tally;
#define CS_TALLY_GOES_ON 18u
void cs_view_tally(struct cs_buf *out, const struct cs_look *look, const struct cs_tally *tally);

void cs_view_status(struct cs_buf *out, const struct cs_look *look, const struct cs_status *status);

#endif
