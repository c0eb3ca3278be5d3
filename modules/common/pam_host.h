/* SPDX-License-Identifier: Apache-2.0 */
/* What the PAM modules share: who asks for what, as PAM and the kernel say it; the daemon; the one table from an
 * answer to a PAM code. Only verdict CS_PERMIT becomes PAM_SUCCESS. */
#ifndef CS_MODULES_PAM_HOST_H
#define CS_MODULES_PAM_HOST_H

#include "args.h"
#include "client.h"
#include "say.h"
#include <security/pam_modules.h>

struct cs_pam {
	pam_handle_t *pamh;
	int flags;
	struct cs_args args;
	struct cs_submit submit;  /* subject and action; no groups yet */
	bool local_root;          /* root itself, not over the network */
	bool interactive;         /* somebody is there and waits */
	bool at_terminal;         /* a program that somebody runs in his shell, as su */
	struct cs_client_options options;
	struct cs_client *client; /* NULL until cs_pam_connect */
};

/* Reads the arguments and the PAM items. 0, or a negative error that was told and logged: CS_EINVAL for wrong arguments,
 * CS_EPERM where nobody can tell who it is. End with cs_pam_end either way. */
int cs_pam_start(struct cs_pam *host, enum cs_module module, pam_handle_t *pamh, int flags, int argc, const char **argv);

/* The PAM code where that failed. Root on this machine goes on, with a warning in the log: the line is his to mend. */
int cs_pam_not_started(const struct cs_pam *host, int error);

/* Connects to the daemon. 0, or a negative error with *ret_why. */
int cs_pam_connect(struct cs_pam *host, const char **ret_why);

/* Adds all groups of the target user to the action. 0, or a negative error. */
int cs_pam_add_groups(struct cs_pam *host);

void cs_pam_end(struct cs_pam *host);

/* The PAM code of a verdict. */
int cs_pam_code(enum cs_verdict verdict);

/* The PAM code where no verdict was reached; tells and logs it. Root on this machine goes on, with a warning in the
 * log, when the daemon could not be asked (why and text as in cs_say_error). */
int cs_pam_failed(struct cs_pam *host, int error, const char *why, const char *text);

/* 1 when root on this machine goes on although the daemon cannot record it (cs_could_not_record), which is logged; else 0. */
int cs_pam_permits_unrecorded_root(struct cs_pam *host, const struct cs_decision *decision);

/* Shows lines, each as one message: of an error always, of information unless PAM_SILENT. Takes text over and frees it;
 * NULL counts as out of memory. 0, CS_EPERM when the conversation failed, CS_ENOMEM. */
int cs_pam_info(struct cs_pam *host, char *text);
int cs_pam_error(struct cs_pam *host, char *text);

#endif
