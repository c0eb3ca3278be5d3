/* SPDX-License-Identifier: Apache-2.0 */
/* The network line of the person who logs in. sshd does not notice during a session hold that its client went away, and
 * signals nobody; the socket is a descriptor of the same process and shows it. */
#ifndef CS_HOLD_LINE_H
#define CS_HOLD_LINE_H

/* The first descriptor of this process that is connected over the network to address, or to anywhere where address is no
 * number: sshd's own connection comes before any that a library opens. It stays sshd's. -1 when there is none, or address is
 * "" (nothing came over the network): nothing is watched then. sshd's SSH_CONNECTION would say the port as well, but
 * pam_env lets a person's own file say otherwise (A028). */
int cs_line_find(const char *address);

#endif
