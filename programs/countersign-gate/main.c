/* SPDX-License-Identifier: Apache-2.0 */
/* countersign-gate(8): the ForceCommand of sshd. Each session on a connection, be it a shell, a command or sftp, is asked for
 * by itself, and runs once others have approved it. */
#include "asking.h"
#include "mem.h"
#include "session.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As those of `countersign run`. */
enum { GATE_OPEN = 123, GATE_DENIED = 124, GATE_FAILED = 125 };

struct options {
	const char *gate, *shell, *sftp_server, *socket, *server_user;
};

static int fail(const char *what)
{
	(void)fprintf(stderr, "countersign: %s\n", what);
	return GATE_FAILED;
}

/* Nothing but whole long options with a value; what is not known refuses, because a mistyped word must not open anything. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = { { "gate", required_argument, NULL, 'g' },
		{ "shell", required_argument, NULL, 's' }, { "sftp-server", required_argument, NULL, 'f' },
		{ "socket", required_argument, NULL, 'd' }, { "server-user", required_argument, NULL, 'u' },
		{ NULL, 0, NULL, 0 } };
	int c = 0;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+", known, NULL)) != -1) {
		const char **to = c == 'g' ? &o->gate : c == 's' ? &o->shell : c == 'f' ? &o->sftp_server
			: c == 'd' ? &o->socket : c == 'u' ? &o->server_user : NULL;

		if (to == NULL)
			return CS_EINVAL;
		*to = optarg;
	}
	if (optind != argc || (o->shell != NULL && o->shell[0] != '/') ||
		(o->sftp_server != NULL && o->sftp_server[0] != '/'))
		return CS_EINVAL;
	return 0;
}

/* Whoever sent a signal sees what he would of the command. */
static int status_of(enum cs_asking_end end)
{
	int number = cs_signals_caught();

	if (end == CS_ASKED_INTERRUPTED && number != 0) {
		(void)raise(number);
		return 128 + number;
	}
	return end == CS_ASKED_OPEN || end == CS_ASKED_INTERRUPTED ? GATE_OPEN
		: end == CS_ASKED_DENIED			    ? GATE_DENIED
								    : GATE_FAILED;
}

static int ask_and_run(const struct options *o, const struct gate_session *session, struct cs_ask *ask)
{
	/* Without a terminal standard error is a line of its own to sshd, which ends when the client goes away; standard
	 * input may end before that. */
	struct cs_asking asking = { .socket = o->socket, .server_user = o->server_user, .ask = ask, .file = -1,
		.prompts = session->kind != GATE_SFTP, .live = true,
		.watch_fd = isatty(STDERR_FILENO) == 1 ? -1 : STDERR_FILENO, .again = CS_AGAIN_COMMAND,
		.no_reason = "a reason is needed: log in with a terminal (ssh -t), or send COUNTERSIGN_REASON" };
	struct cs_decision decision = { 0 };
	enum cs_asking_end end = cs_asking_run(&asking, &decision);

	cs_clear(&cs_decision_shape, &decision);
	return end == CS_ASKED_PERMITTED ? gate_session_execute(session) : status_of(end);
}

int main(int argc, char **argv)
{
	struct options o = { .socket = CS_SOCKET_DIR, .server_user = "countersign" };
	struct gate_session session;
	const char *reason = getenv("COUNTERSIGN_REASON");
	struct cs_ask ask = { .may_wait = true };
	int status = GATE_FAILED;

	if (read_options(argc, argv, &o) < 0)
		return fail("the options of countersign-gate are wrong; see countersign-gate(8)");
	if (gate_is_under_sshd() != 1)
		return fail("countersign-gate is run by sshd, as its ForceCommand; see countersign-gate(8)");
	if (gate_session_read(o.shell, o.sftp_server, &session) < 0)
		return fail("this account has no login shell");
	if (gate_session_fill(&session, &ask) < 0 || cs_set(&ask.gate, o.gate != NULL ? o.gate : "") < 0 ||
		cs_set(&ask.reason, reason != NULL ? reason : "") < 0)
		status = fail("the command is too large, or there is no memory");
	else
		status = ask_and_run(&o, &session, &ask);
	cs_clear(&cs_ask_shape, &ask);
	return status;
}
