/* SPDX-License-Identifier: Apache-2.0 */
/* Looking on at what a request runs. */
#ifndef CS_COMMAND_WATCH_SCREEN_H
#define CS_COMMAND_WATCH_SCREEN_H

#include "calls.h"
#include "command.h"

/* Shows its terminal until it is over or the person leaves, who may end it. Where nothing runs yet that is waited for until the boot
 * time until_ms (0: not at all). *ret_shown: whether something ran, and the result is the exit status of having looked on; else
 * it is 0, or an exit status after the error was told. */
int cs_watch_screen(struct cs_run *run, const struct cs_show_answer *request, uint64_t until_ms, bool *ret_shown);

#endif
