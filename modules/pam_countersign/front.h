/* SPDX-License-Identifier: Apache-2.0 */
/* What a person sees before sshd holds his login, which shows nothing itself: the front. */
#ifndef CS_PAM_ACCOUNT_FRONT_H
#define CS_PAM_ACCOUNT_FRONT_H

#include "pam_host.h"

/* For a login that will be held: makes its request ahead, with the reason where the gate wants one, and shows number, check
 * code and who can approve it, in prompts, because sshd shows a prompt at once and any other text later or never. The hold
 * joins that request. Waits for nothing but Enter.
 *
 * PAM_SUCCESS: go on to the session phase, which holds; also where nobody can be asked, as in a login by key. Any other code:
 * the daemon denies it, or was not told a reason that it wants. So it lets nothing through that the hold would not look at. */
int cs_front(struct cs_pam *host);

#endif
