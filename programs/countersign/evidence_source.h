/* SPDX-License-Identifier: Apache-2.0 */
/* Where the evidence subcommands get records from: the daemon, or an export. */
#ifndef CS_COMMAND_EVIDENCE_SOURCE_H
#define CS_COMMAND_EVIDENCE_SOURCE_H

#include "command.h"

/* Called for each record in turn. 0 goes on; anything else ends the walk and is returned. */
typedef int (*cs_record_fn)(void *arg, const struct cs_record *record);

/* Every record of the daemon from a number on. *ret_last is the number of the newest event that the daemon names.
 * 0, what each returned, or a negative error with *ret_text as cs_ask_quietly. */
int cs_evidence_from_daemon(struct cs_run *run, uint64_t from, cs_record_fn each, void *arg, uint64_t *ret_last,
	char **ret_text);

/* Every record of an export ("-" is standard input). CS_EPROTO: *ret_text says which line and why, the caller frees.
 * Else 0, what each returned, CS_ENOENT, CS_EPERM, CS_EIO, CS_ETOOBIG, CS_ENOMEM. */
int cs_evidence_from_file(const char *path, cs_record_fn each, void *arg, char **ret_text);

#endif
