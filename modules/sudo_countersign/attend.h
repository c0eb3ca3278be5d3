/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of the command that runs is heard by sudo's event loop, which stands still while a command inside it is held
 * (intercept). So whoever holds one listens in its place. */
#ifndef CS_SUDO_ATTEND_H
#define CS_SUDO_ATTEND_H

/* Readable when there is something to hear; -1 where nothing is attended to, or it was told to end already. */
int cs_sudo_attend_fd(void);
/* Hears it, without waiting. An end comes as SIGALRM. */
void cs_sudo_attend_hear(void);
/* Was it told to end by now? Then nobody is asked for anything more that it would run. 1, 0. */
int cs_sudo_attend_ends(void);

#endif
