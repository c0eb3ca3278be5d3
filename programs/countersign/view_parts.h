/* SPDX-License-Identifier: Apache-2.0 */
/* What the views share: a label and a text on a line. */
#ifndef CS_COMMAND_VIEW_PARTS_H
#define CS_COMMAND_VIEW_PARTS_H

#include "calls.h"
#include "output.h"

#define CS_LABEL "  %-13s "
/* Where a line that is too long goes on: further to the right than any text that begins there. */
#define CS_GOES_ON 18u

/* There is a text, and it is not empty. */
bool cs_given(const char *text);

/* A request in this state can still be used, or may come to be. */
bool cs_is_open(enum cs_state state);

/* Appends one line of a label and a text from outside; instead stands where there is none (NULL: no line then). */
void cs_put_text(struct cs_buf *out, const char *label, const char *text, const char *instead);
/* The same of what is to run: nothing beyond printable ASCII is shown as it is (cs_escape_ascii). */
void cs_put_exact(struct cs_buf *out, const char *label, const char *text, const char *instead);
/* Appends one line of a label and a digest. */
void cs_put_digest(struct cs_buf *out, const char *label, const uint8_t digest[CS_DIGEST_LEN]);
/* Appends names from outside: before stands before the first, between before every other; nothing where n is 0. */
void cs_put_names(struct cs_buf *out, const char *before, const char *between, char *const *names, size_t n);
/* view_files.c: appends the action's class, where it is not plain, and the files that its arguments name. */
void cs_view_files(struct cs_buf *out, const struct cs_look *look, const struct cs_action *action);
/* Appends "1 person", "2 people". */
void cs_put_people(struct cs_buf *out, uint32_t n);

#endif
