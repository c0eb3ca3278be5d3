/* SPDX-License-Identifier: Apache-2.0 */
/* The network line of the person who logs in. sshd does not notice during a session hold that its client went away, and
 * signals nobody; the socket is a descriptor of the same process and shows it. */
#ifndef CS_HOLD_LINE_H
#define CS_HOLD_LINE_H

/* The descriptor of this process that is connected to the client of ssh_connection, which is sshd's "client-address
 * client-port server-address server-port" (may be NULL); it stays sshd's. -1 when there is none: nothing is watched then. */
int cs_line_find(const char *ssh_connection);

#endif
