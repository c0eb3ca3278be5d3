/* SPDX-License-Identifier: Apache-2.0 */
/* Telling people: a notice is handed to the configured programs, as one JSON object on their standard input. They run
 * in a worker process of their own, never through a shell, so that a program that hangs, fails or talks too much holds
 * nobody. What is to be told stays in the store's outbox until a program took it: nothing is lost with either process. */
#ifndef CS_NOTIFY_H
#define CS_NOTIFY_H

#include "model.h"
#include <sys/types.h>

struct cs_notify;

enum {
	CS_NOTIFY_PROGRAMS = 8, /* at most */
	CS_NOTIFY_SLOTS = 8     /* notices that are with the worker at a time */
};

struct cs_notify_settings {
	char *const *programs; /* absolute paths; the caller's until the worker is forked */
	size_t n_programs;
	uint64_t timeout_ms;   /* a program that runs longer is killed with all that it started */
	uid_t uid;             /* whom they run as; 0: nothing changes */
	gid_t gid;
	const gid_t *group;    /* the one supplementary group, such as tty; NULL: none */
};

/* Forks the worker and the process that starts it again when it dies. Before the store and the directory are opened
 * and root is given up: nothing of them is in it then, and the daemon forks no more for it. Unlike the daemon's other
 * children it may run set-group-id programs, which many a sendmail is. 0, CS_EIO, CS_ENOMEM, CS_EINVAL (too many
 * programs). */
int cs_notify_open(const struct cs_notify_settings *settings, struct cs_notify **ret_notify);
/* Ends both processes, and every program that runs. */
void cs_notify_close(struct cs_notify **notify);

/* Hands over a notice. 0; CS_EBUSY: as many as fit are with the worker, or it does not listen just now; CS_EEXIST: it
 * has this one; CS_EUNAVAIL: the processes are gone; CS_ETOOBIG, CS_ENOMEM. */
int cs_notify_tell(struct cs_notify *notify, const struct cs_notice *notice);

/* A notice is done with. told: every program took it (exit status 0); else it is to be handed over again later, and the
 * programs that took it are not run for it again (as long as this process lives). text says what failed, or what the
 * programs printed; "" when there is nothing to say. Unescaped, at most 4 KiB. */
typedef void (*cs_notify_fn)(void *arg, uint64_t number, bool told, const char *text);

/* To be watched for reading; -1 when the processes are gone. */
int cs_notify_fd(const struct cs_notify *notify);
/* Takes what the worker said. Never waits. done hands nothing over itself. */
void cs_notify_serve(struct cs_notify *notify, cs_notify_fn done, void *arg);
/* The room there is: how many more cs_notify_tell takes. 0 when the processes are gone. */
size_t cs_notify_room(const struct cs_notify *notify);

/* json.c: a notice as one JSON object in one line, without a newline. The names are those of the struct's members,
 * enums are their names, times milliseconds since 1970; "schema" is CS_NOTICE_SCHEMA, "when" and "until" are the times
 * for people. Text is raw, as it came; a text that is not UTF-8 is written as cs_escape shows it, and "NAME_escaped":
 * true stands beside it. Only ASCII. 0, CS_ENOMEM, CS_EINVAL. */
#define CS_NOTICE_SCHEMA "countersign-notice/1"
int cs_notice_to_json(const struct cs_notice *notice, char **ret_text);
/* And back. Unknown members are ignored, bounds are kept. 0; CS_EPROTO with *ret_why a static text; CS_ENOMEM. Clear
 * with cs_clear(&cs_notice_shape). */
int cs_notice_from_json(const char *text, size_t n, struct cs_notice *ret_notice, const char **ret_why);
#define CS_NOTICE_JSON_MAX (1024u * 1024u)

#endif
