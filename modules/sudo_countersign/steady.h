/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever started sudo must not be able to put off the end of what it runs. That its real uid is root's, so that he may not
 * signal it, is the session line's work (pam_countersign_hold); the rest is here: he chose its limits, he stops it with
 * Ctrl-Z, and his is the terminal that it writes to. */
#ifndef CS_SUDO_STEADY_H
#define CS_SUDO_STEADY_H

#include <sys/types.h>

/* sudo has set his limits again before it started the command: none of them is to end sudo before it. Where one cannot be
 * lifted nothing is said: it may never be reached. */
void cs_steady_limits(void);

/* sudo is about to stop itself together with its command. Starts a child that has it go on as soon as something is to be read
 * at fd (-1: nothing ever is), or after ms milliseconds (-1: never). 0 with *ret_waker, CS_EIO. */
int cs_steady_wake(int fd, int ms, pid_t *ret_waker);
/* It goes on: ends the child, and sets -1. */
void cs_steady_awake(pid_t *waker);

/* To the terminal, or where there is none to standard error; what does not take it at once does not get it. */
void cs_steady_say(const char *text);

#endif
