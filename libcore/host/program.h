/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a program of this machine what it would do: by its absolute path, with nothing of our environment, within a time
 * and with bounded output. */
#ifndef CS_HOST_PROGRAM_H
#define CS_HOST_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include <stdint.h>

struct cs_program_said {
	char *out, *err; /* owned; each has a NUL behind it */
	size_t n_out;
	int status;      /* its exit status; -1: a signal ended it */
};

/* input (may be NULL): its standard input. max: bytes of each output. 0; CS_ENOENT (there is no such program);
 * CS_ETIMEDOUT and CS_ETOOBIG (it was killed); CS_EIO; CS_ENOMEM. Clear with cs_program_said_clear. */
int cs_program_ask(const char *const *argv, const char *input, size_t n_input, uint64_t timeout_ms, size_t max,
	struct cs_program_said *ret_said);
void cs_program_said_clear(struct cs_program_said *said);

#endif
