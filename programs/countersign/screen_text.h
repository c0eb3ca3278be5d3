/* SPDX-License-Identifier: Apache-2.0 */
/* What passed over somebody else's terminal, as it may go to one's own. Whoever is looked at chooses these bytes: nothing of
 * them may answer, be typed, be copied, or stay hidden from who looks on (A047). */
#ifndef CS_COMMAND_SCREEN_TEXT_H
#define CS_COMMAND_SCREEN_TEXT_H

#include "buf.h"
#include <stdbool.h>

/* Zero, but for plain, is the beginning. */
struct cs_screen_text {
	bool plain;       /* not for a terminal: letters and lines alone */
	bool alternate;   /* the other screen is shown */
	bool region;      /* not the whole screen scrolls */
	size_t n;
	char held[260];   /* what is not complete yet */
};

/* Appends what is harmless: letters that cs_text_shown shows, lines, tabs, and of the sequences of a terminal (ECMA-48, xterm)
 * those that move the cursor, erase, scroll and colour. A complete other sequence is left out: titles, questions that a
 * terminal answers, the clipboard, programmable keys, modes. What is no sequence, or does not end within some hundred bytes, is shown
 * escaped, so that nothing hides what comes behind it; and so are bytes that are no UTF-8, and letters that are not seen. */
void cs_screen_text_put(struct cs_screen_text *text, const uint8_t *bytes, size_t n, struct cs_buf *out);

/* The end: what is held is shown escaped, and the terminal is as it was. */
void cs_screen_text_end(struct cs_screen_text *text, struct cs_buf *out);

#endif
