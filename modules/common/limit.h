/* SPDX-License-Identifier: Apache-2.0 */
/* How long what sudo starts may last. */
#ifndef CS_PAM_HOLD_LIMIT_H
#define CS_PAM_HOLD_LIMIT_H

#include <stdint.h>

/* Has this process, which is sudo, get SIGALRM after so long; 0: no limit. sudo answers that signal by ending its command:
 * HUP, TERM, and 2 seconds later KILL. The timer is neither alarm(2)'s, which sudo's own -T would set anew, nor inherited by
 * what sudo starts, and it goes on while the machine sleeps. 0, CS_EIO. */
int cs_limit_session(uint64_t ms);

#endif
