/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls reach the authority, and how its answers find back. */
#include "server_internal.h"
#include <poll.h>
#include <stdlib.h>

/* The authority answers by connection number: the connection may be gone by then. */
struct pending {
	struct server *server;
	uint64_t connection;
};

static void call_done(void *arg, int error, const char *text, const void *reply)
{
	struct pending *pending = arg;
	struct connection *c = find_connection(pending->server, pending->connection);

	if (c && !c->closing) {
		send_reply(c, error, text, reply);
	} else {
		/* Nobody is there to take it: what it bound to the connection is let go. */
		struct cs_caller gone = { .connection = pending->connection };

		cs_authority_gone(pending->server->authority, &gone);
	}
	free(pending);
}

static int may_call(const struct connection *c, const struct cs_message *message)
{
	if (!(message->doors & (1u << c->door)))
		return 0;
	return !message->root_only || c->caller.uid == c->server->root_uid;
}

/* Its caller gave up while the daemon was stopped or busy, and was denied by that: nothing is released to it any more, no
 * approval is used up, and the record does not say that it was let in. */
static int comes_too_late(const struct connection *c, const struct cs_message *message)
{
	struct pollfd p = { .fd = c->fd };
	int releases = message->type == CS_CALL_SUBMIT || message->type == CS_CALL_ASK || message->type == CS_CALL_CLAIM ||
		       message->type == CS_CALL_CONFIRM;

	return releases && poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}

void dispatch(struct connection *c, const struct cs_message *message, void *call)
{
	static const struct cs_fds none;
	struct pending *pending = NULL;

	c->busy = true;
	c->message = message;
	if (comes_too_late(c, message)) {
		close_later(c);
		return;
	}
	if (!may_call(c, message)) {
		send_reply(c, CS_EPERM, message->doors & (1u << c->door) ? "only root may do this"
			: "not through this socket", NULL);
		return;
	}
	if (c->attends && message->type != CS_CALL_ATTEND && message->type != CS_CALL_STREAM) {
		send_reply(c, CS_EPERM, "this connection attends to what runs, and does nothing else", NULL);
		return;
	}
	c->attends = c->attends || message->type == CS_CALL_ATTEND || message->type == CS_CALL_STREAM;
	if (message->type == CS_CALL_ATTEND && attend_again(c, call) == 1)
		return;
	if (message->type == CS_CALL_SCREEN && screen_again(c, call) == 1)
		return;
	if (message->type == CS_CALL_WAIT) {
		wait_start(c, call);
		return;
	}
	if (message->type == CS_CALL_WATCH) {
		watch_start(c, call);
		return;
	}
	pending = calloc(1, sizeof(*pending));
	if (!pending) {
		send_reply(c, CS_ENOMEM, NULL, NULL);
		return;
	}
	pending->server = c->server;
	pending->connection = c->caller.connection;
	cs_authority_call_files(c->server->authority, &c->caller, message->type, call,
		message->takes_descriptor ? &c->passed : &none, call_done, pending);
}
