/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a policy file without a daemon, for check and apply. */
#ifndef CS_COMMAND_POLICY_LOAD_H
#define CS_COMMAND_POLICY_LOAD_H

#include "file.h"
#include "policy.h"

#define CS_POLICY_FILE_MAX (1024u * 1024u)

/* Reads and parses a policy file that belongs to root or to owner. *ret_text (may be NULL) is the text as it was
 * read, the caller frees. 0, or a negative error with problem set. */
int cs_policy_load(const char *path, uid_t owner, struct cs_policy_counts *ret_counts, char **ret_text,
	struct cs_problem *problem);

/* Prints "file:line: text" on standard error. Returns status. */
int cs_fail_problem(int status, const char *path, int error, const struct cs_problem *problem);

#endif
