/* SPDX-License-Identifier: Apache-2.0 */
/* How a reason that was asked for in the account phase travels to the session phase: in the PAM environment, which sshd
 * carries from one of its processes to the other. It is what the person typed and nothing else: it decides nothing. */
#ifndef CS_MODULES_CARRY_H
#define CS_MODULES_CARRY_H

#include <security/pam_modules.h>

#define CS_REASON_VARIABLE "COUNTERSIGN_REASON"

/* Keeps a reason of at most CS_MAX_REASON bytes. 0, CS_ETOOBIG, CS_ENOMEM. */
int cs_carry_put(pam_handle_t *pamh, const char *reason);

/* Takes it out of the PAM environment, so that no session sees it. 0 and *ret_reason (allocated; NULL where there is
 * none, or one that is too long), CS_ENOMEM. */
int cs_carry_take(pam_handle_t *pamh, char **ret_reason);

#endif
