/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of a module, as they stand in pam.d or sudo.conf. One table; anything that is not in it is an error,
 * so that a mistyped word never switches something off (A014). */
#ifndef CS_MODULES_ARGS_H
#define CS_MODULES_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits: which module reads its arguments. */
enum cs_module { CS_MODULE_ACCOUNT = 1, CS_MODULE_HOLD = 2, CS_MODULE_SUDO = 4 };

#define CS_DEFAULT_SOCKET "/run/countersign/module.sock"
#define CS_DEFAULT_SERVER "countersign"

/* Strings point into the arguments or are static; nothing is owned. */
struct cs_args {
	const char *socket;
	const char *server;     /* the daemon's user name; NULL when server_uid was given */
	uint32_t server_uid;    /* meant only when server is NULL */
	const char *permission; /* NULL when not given */
	const char *scope;      /* NULL when not given */
	bool hold_in_session;   /* hold=session */
	bool front;             /* front: asks before the hold */
	bool confirm;
	bool interactive_given; /* interactive=: what the administrator says, not the table of services */
	bool interactive;
	uint32_t timeout_ms;    /* how long one answer may take */
};

/* What is wrong with the arguments: the argument as it stands (not escaped; it may be NULL) and a static text. */
struct cs_args_problem {
	const char *argument;
	const char *what;
};

/* Fills *ret_args with the defaults and the n arguments of this module. 0; CS_EINVAL with *ret_problem. */
int cs_args_parse(enum cs_module module, size_t n, const char *const *arguments, struct cs_args *ret_args,
	struct cs_args_problem *ret_problem);

/* The uid of the daemon's user: server_uid or the look-up of server. 0, CS_ENOENT (no such user), CS_EIO, CS_ENOMEM. */
int cs_args_server_uid(const struct cs_args *args, uint32_t *ret_uid);

/* A decimal uid or gid: whole string, no sign, at most 4294967294. 0, CS_EINVAL. */
int cs_args_id(const char *text, uint32_t *ret_id);

#endif
