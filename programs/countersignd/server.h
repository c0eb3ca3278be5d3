/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: connections come in, calls go to the authority, replies go out; a wait is a parked connection. */
#ifndef CS_DAEMON_SERVER_H
#define CS_DAEMON_SERVER_H

#include "authority.h"
#include "wire.h"

struct cs_ender;
struct cs_notify;
struct server;

/* What the authority should call; pass to cs_authority_open before the server has its authority. server NULL: for an
 * authority that serves nobody; what is recorded is logged all the same. */
struct cs_authority_events server_events(struct server *server);

/* Makes the loop around two bound sockets, which become the server's. root_uid: who counts as root on them. 0,
 * CS_ENOMEM. */
int server_new(int module_fd, int people_fd, uint32_t root_uid, struct server **ret_server);
void server_free(struct server **server);

/* Listens and serves until SIGTERM or SIGINT. SIGHUP is logged and changes nothing. notify: NULL where nothing is told; ender: NULL where no
 * login can be ended. 0,
 * CS_EIO. */
int server_run(struct server *server, struct cs_authority *authority, struct cs_directory *directory,
	struct cs_notify *notify, struct cs_ender *ender);

#endif
