/* SPDX-License-Identifier: Apache-2.0 */
/* What a held person reads: whole lines, everything from outside escaped. Each function returns allocated text whose
 * lines end with a newline, "" when there is nothing to say, and NULL only when out of memory. */
#ifndef CS_MODULES_SAY_H
#define CS_MODULES_SAY_H

#include "model.h"

/* What a person does to use an approval later: run the command or log in again. */
enum cs_again { CS_AGAIN_COMMAND, CS_AGAIN_LOGIN };

/* The first block of a hold: number, check code, gate, what is needed and who can give it, how to approve; where it is
 * approved and only waits for its time, when it may be used. */
char *cs_say_held(const struct cs_decision *now, enum cs_again again);

/* The same in one line, for a log: who waits where nobody looks on is told no more until the end. */
char *cs_say_waits(const struct cs_decision *now);

/* What was asked for ahead: number, check code, gate, who could approve it, until when, and from when it may be used. Or
 * that it is approved already, or, where there is no request, that nobody has to approve it. */
char *cs_say_ahead(const struct cs_decision *now);

/* One line for each vote that is new, changed or taken back; where there is one, what is still missing, and which rules a
 * vote counts for only from now on; and a line where another session waits for it too, or does not any more. */
char *cs_say_changes(const struct cs_decision *before, const struct cs_decision *now);

/* How much time is left on the line and for the request. */
char *cs_say_time(const struct cs_decision *now);

/* Why it does not go on, and what can be done. held is the first reply of the hold, or NULL: it knows the check
 * code. */
char *cs_say_denied(const struct cs_decision *now, const struct cs_decision *held, enum cs_again again);

/* How withdrawing it went: error of the call, and its reply where that is 0. */
char *cs_say_withdrawn(uint64_t number, int error, const struct cs_decision *reply);

/* No decision was reached. text is what the server said (may be NULL), why a static text of the client (may be
 * NULL). */
char *cs_say_error(int error, const char *why, const char *text);

#endif
