/* SPDX-License-Identifier: Apache-2.0 */
/* The client: connect, check the server, one call, one reply, one deadline. Linked statically into the modules, so:
 * no getenv, no threads, no signal handlers, no exit, no log; every descriptor close-on-exec. */
#ifndef CS_CLIENT_H
#define CS_CLIENT_H

#include "wire.h"
#include <sys/types.h>

#define CS_SOCKET_DIR "/run/countersign"

struct cs_client;

struct cs_client_options {
	const char *path;      /* of the socket */
	uid_t server_uid;      /* who must be behind it (SO_PEERCRED): countersignd's user. 0 is accepted as well, because
	                        * under socket activation systemd called listen(); then the folder's owner is what counts */
	uint32_t connect_ms;   /* deadline for connecting; 0 means 900, so that an absent daemon denies within a second */
};

/* Connects, checks that the socket's folder belongs to root and nobody else may write it, checks the server's
 * credentials, says hello. 0 and *ret_client, or CS_EUNAVAIL (absent, refused, deadline), CS_EUNTRUSTED, CS_EINTR, CS_ENOMEM.
 * On failure *ret_why (may be NULL; static text) says what. */
int cs_client_open(const struct cs_client_options *options, struct cs_client **ret_client, const char **ret_why);

/* One call, one reply, within deadline_ms. pass_fd is -1 or a descriptor that stays the caller's. *ret_reply is sized
 * by the message's reply shape; clear it with cs_clear. Errors of the server come back as themselves with *ret_text
 * (allocated, the caller frees; NULL where this side failed; ret_text itself may be NULL). Of this side: CS_ETIMEDOUT, CS_EUNAVAIL (closed), CS_EPROTO, CS_EINTR (a signal with a
 * handler arrived: the connection is then of no more use). After any of these, close. */
int cs_client_call(struct cs_client *client, enum cs_call_type type, const void *call, int pass_fd, uint32_t deadline_ms,
	void *ret_reply, char **ret_text);

/* The descriptors that travel with the next call, behind its pass_fd; they stay the caller's, open until the call was sent.
 * NULL: none. CS_ETOOBIG: more than CS_MAX_WANTED. */
int cs_client_attach(struct cs_client *client, const struct cs_fds *files);

/* The descriptor, for poll by a caller that watches something else as well; -1 for NULL. */
int cs_client_fd(const struct cs_client *client);

/* Split form of the same for a caller that watches other descriptors while it waits: send now, then finish when
 * poll says readable. cs_client_finish returns CS_EBUSY with *ret_text NULL while the reply is incomplete (a server that
 * answers CS_EBUSY sends a text, which may be empty). */
int cs_client_send(struct cs_client *client, enum cs_call_type type, const void *call, int pass_fd);
int cs_client_finish(struct cs_client *client, void *ret_reply, char **ret_text);

/* Lets go of a good connection without closing it, frees the client, sets NULL. It stays open, close-on-exec, until
 * cs_client_resume finds it again in this process or in one that was forked from it: so the session phase of sudo speaks
 * on the very connection on which its approval plugin was answered. A connection that went wrong, or that cannot be marked as
 * left, is closed. */
void cs_client_leave(struct cs_client **client);

/* Finds the connection to options->path that was left open and takes it over; one that somebody in this process still uses is
 * not left. One that came with exec is not taken: it is not
 * close-on-exec, so whoever started the program may have made it. Descriptors below last are looked at.
 * 0; CS_ENOENT (there is none), CS_EUNTRUSTED, CS_ENOMEM. */
int cs_client_resume(const struct cs_client_options *options, int last, struct cs_client **ret_client);

/* Registers this process, a login, with the helper that ends it when the daemon says so (end.h); options->path is end.sock. The
 * connection is closed again: the helper holds the process by its pidfd. Within ms milliseconds. 0; CS_EUNAVAIL, CS_EUNTRUSTED,
 * CS_ETIMEDOUT, CS_EPROTO, CS_EBUSY (it has no room), CS_EINTR, CS_ENOMEM, with *ret_why (may be NULL; static). */
int cs_client_register(const struct cs_client_options *options, const struct cs_attend *attend, uint32_t ms,
	const char **ret_why);

/* Closes, frees, sets NULL. */
void cs_client_close(struct cs_client **client);

#endif
