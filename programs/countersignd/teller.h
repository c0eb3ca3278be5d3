/* SPDX-License-Identifier: Apache-2.0 */
/* Between the authority's outbox and the notify worker: notices go out, and how they fared comes back. */
#ifndef CS_DAEMON_TELLER_H
#define CS_DAEMON_TELLER_H

#include "authority.h"
#include "notify.h"

struct event_base;
struct teller;

/* All stay the caller's. 0, CS_ENOMEM. */
int teller_new(struct event_base *base, struct cs_authority *authority, struct cs_notify *notify,
	struct teller **ret_teller);
void teller_free(struct teller **teller);
/* There may be something to tell: a second went by, or something was recorded. teller may be NULL. */
void teller_wake(struct teller *teller);
/* At the end of a turn, when all of it is committed. 1 when the authority has another turn to end; 0. teller may be
 * NULL. */
int teller_work(struct teller *teller);
/* What status says: "all told", "the last try failed: …". Owned by the teller. */
const char *teller_state(const struct teller *teller);

#endif
