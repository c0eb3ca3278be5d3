/* SPDX-License-Identifier: Apache-2.0 */
/* What request, repeat and run share: when it is to start. */
#ifndef CS_COMMAND_AHEAD_H
#define CS_COMMAND_AHEAD_H

#include <stdint.h>

/* The value of --at, or NULL (then nothing is written). 0, or CS_EXIT_USAGE after the error was told. */
int cs_read_start(const char *word, uint64_t *ret_wall_ms);

#endif
