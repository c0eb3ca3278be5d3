/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting inside sudo, while nobody looks on: until something comes, a signal says that it is enough, or the time is over. */
#ifndef CS_SUDO_WATCH_WAIT_H
#define CS_SUDO_WATCH_WAIT_H

#include <signal.h>
#include <stdint.h>

/* From here on signals come only while cs_watch_wait waits. *ret_mask is what was blocked before. */
void cs_watch_hold_signals(sigset_t *ret_mask);
void cs_watch_let_signals(const sigset_t *mask);

/* Until fd (-1: none) can be read, or the boot time until_ms. 0 in both cases; CS_EINTR: a signal came that ends sudo's command;
 * CS_EIO. A window that changes, a child that ends and job control are no such signals: sudo hears of them afterwards. */
int cs_watch_wait(int fd, uint64_t until_ms);

#endif
