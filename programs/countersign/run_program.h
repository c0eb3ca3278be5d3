/* SPDX-License-Identifier: Apache-2.0 */
/* Running ssh-keygen and ssh-add: found on the PATH, never through a shell. */
#ifndef CS_COMMAND_RUN_PROGRAM_H
#define CS_COMMAND_RUN_PROGRAM_H

#include "buf.h"
#include <stdbool.h>

/* Runs argv with these n bytes as its standard input; what it prints, at most 64 KiB, is appended to out. quiet: its
 * complaints are not shown. It may ask on the terminal. Returns its exit status, or CS_ENOENT (there is no such program),
 * CS_EIO, CS_ETOOBIG, CS_ENOMEM. */
int cs_run_program(const char *const *argv, const void *input, size_t n, bool quiet, struct cs_buf *out);

#endif
