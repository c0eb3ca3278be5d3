/* SPDX-License-Identifier: Apache-2.0 */
/* Where the evidence subcommands get records from: the daemon, or an export. */
#ifndef CS_COMMAND_EVIDENCE_SOURCE_H
#define CS_COMMAND_EVIDENCE_SOURCE_H

#include "command.h"
#include "export_line.h"

/* Called for each record in turn. 0 goes on; anything else ends the walk and is returned. */
typedef int (*cs_record_fn)(void *arg, const struct cs_record *record);

/* What the daemon says of its record as a whole. */
struct cs_evidence_ends {
	uint64_t first; /* that is in its store */
	uint8_t before[CS_DIGEST_LEN];
	uint64_t last;
};
int cs_evidence_ends(struct cs_run *run, struct cs_evidence_ends *ret_ends, char **ret_text);

/* Every record of the daemon from a number on. *ret_last is the number of the newest event that the daemon names.
 * 0, what each returned, or a negative error with *ret_text as cs_ask_quietly. */
int cs_evidence_from_daemon(struct cs_run *run, uint64_t from, cs_record_fn each, void *arg, uint64_t *ret_last,
	char **ret_text);

/* Every line of an export ("-" is standard input). CS_EPROTO: *ret_text says which line and why, the caller frees.
 * Else 0, what each returned, CS_ENOENT, CS_EPERM, CS_EIO, CS_ETOOBIG, CS_ENOMEM. */
typedef int (*cs_line_fn)(void *arg, const struct cs_export_line *line);
int cs_evidence_from_file(const char *path, cs_line_fn each, void *arg, char **ret_text);

/* Every line of a text file, without its newline. 0, what each returned, CS_EPROTO (*ret_text: line … is too long), or as
 * above. */
typedef int (*cs_text_line_fn)(void *arg, unsigned long at, const char *line, size_t n);
int cs_each_line(const char *path, cs_text_line_fn each, void *arg, char **ret_text);

/* The daemon's text of the policy with this digest. As cs_replay_text_fn; CS_EUNAVAIL after the error was told. */
int cs_evidence_policy(struct cs_run *run, const uint8_t digest[CS_DIGEST_LEN], char **ret_text);

#endif
