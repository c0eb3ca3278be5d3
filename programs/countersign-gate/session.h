/* SPDX-License-Identifier: Apache-2.0 */
/* What an ssh client wants of this session, and how that is run. */
#ifndef CS_GATE_SESSION_H
#define CS_GATE_SESSION_H

#include "calls.h"

enum gate_kind {
	GATE_SHELL = 0, /* a login shell */
	GATE_COMMAND,   /* ssh host COMMAND; scp -O and git are such */
	GATE_SFTP       /* sftp, and scp as it is now */
};

struct gate_session {
	enum gate_kind kind;
	const char *command;     /* SSH_ORIGINAL_COMMAND; of GATE_COMMAND */
	const char *shell;       /* that runs it */
	const char *sftp_server;
	char home_shell[256];    /* the person's own, where none was named */
};

/* Was this started by sshd, for a session? Whoever starts it by himself gets no more by it; but a line of sshd_config that
 * misses its aim shall not look as if it guarded something. */
int gate_is_under_sshd(void);

/* From the environment that sshd made. shell and sftp_server: what the command line says; NULL: the person's login shell, the
 * one of OpenSSH. 0; CS_ENOENT: this uid has no account. */
int gate_session_read(const char *shell, const char *sftp_server, struct gate_session *ret_session);

/* As what others approve: the word "shell", "command" with the command as it came, "sftp"; and from where. 0, CS_ETOOBIG,
 * CS_ENOMEM. */
int gate_session_fill(const struct gate_session *session, struct cs_ask *ask);

/* Runs it in the place of this process. Returns an exit status (126, 127) only where it cannot. */
int gate_session_execute(const struct gate_session *session);

#endif
