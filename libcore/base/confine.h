/* SPDX-License-Identifier: Apache-2.0 */
/* Right after fork: a process that works for the daemon gives up what it does not need. Each part says what it takes
 * away; who needs which is the caller's. */
#ifndef CS_BASE_CONFINE_H
#define CS_BASE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Every signal as the kernel has it but SIGPIPE, which is ignored; none blocked. 0, CS_EIO. */
int cs_confine_signals(void);

/* Leaves /dev/null on 0, 1 and 2, and these n descriptors; -1 stands for none. Each gets another number, in their
 * order, and is closed on exec. 0, CS_EIO. */
int cs_confine_descriptors(int *const *kept, size_t n);

/* Becomes uid and gid for good, with no supplementary group but this one (NULL: none at all); uid 0: nothing changes.
 * Verified. 0, CS_EPERM. */
int cs_confine_ids(uid_t uid, gid_t gid, const gid_t *group);

/* Ends with its parent, leaves no core file and cannot be traced; with no_new_privileges nothing that it runs gains any.
 * After the change of ids, which would undo the first. 0, CS_EPERM (also where the parent is gone already). */
int cs_confine_process(pid_t parent, bool no_new_privileges);

#endif
