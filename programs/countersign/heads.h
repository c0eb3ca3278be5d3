/* SPDX-License-Identifier: Apache-2.0 */
/* The heads of the evidence that this person saw when voting: kept in his home, and signed over in his next vote, so that
 * whoever rewrites the evidence has to find all approvers and their homes. `countersign evidence verify --receipts` reads
 * them. */
#ifndef CS_COMMAND_HEADS_H
#define CS_COMMAND_HEADS_H

#include "calls.h"

/* The last head that was kept of this host: 1; 0 where there is none, or it cannot be read. */
int cs_heads_last(const char *host, uint64_t *ret_number, uint8_t ret_chain[CS_DIGEST_LEN]);

/* Keeps the head that was shown with a request, after the vote on it. A failure is told, and is none of the vote. */
void cs_heads_keep(const struct cs_show_answer *shown, enum cs_vote vote);

#endif
