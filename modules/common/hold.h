/* SPDX-License-Identifier: Apache-2.0 */
/* One action from the question to the end: submit, wait while it is held, claim what was approved. The same order for
 * sudo and for PAM; what a person sees and is asked is the caller's. */
#ifndef CS_MODULES_HOLD_H
#define CS_MODULES_HOLD_H

#include "client.h"
#include <signal.h>

struct cs_hold_ops {
	/* What is to run, opened anew: a descriptor, which is closed here, or -1. NULL when nothing is executed. */
	int (*open_file)(void *arg);
	/* The daemon wants to see files: marks those of the operands that are there (file.present). NULL: none ever
	 * is. 0 or a negative error. */
	int (*want_files)(void *arg, const struct cs_decision *decision);
	/* Such an operand, opened anew: a descriptor, which is closed here, or -1. NULL with want_files. */
	int (*open_operand)(void *arg, const struct cs_operand *operand);
	/* Asks the person for a reason. 0 and *ret_reason (not empty, allocated), or a negative error. */
	int (*ask_reason)(void *arg, char **ret_reason);
	/* Shows where it stands. before is NULL at first. Called after every wait, changed or not. A negative return ends
	 * the hold: nobody is there any more. */
	int (*tell)(void *arg, const struct cs_decision *before, const struct cs_decision *now);
	/* What the caller has to hear meanwhile, beside this: a descriptor, or -1; hear is called when it can be read, and
	 * ends the hold by a signal if it wants to. NULL, both: there is nothing. */
	int (*beside)(void *arg);
	void (*hear)(void *arg);
};

struct cs_hold {
	/* given */
	struct cs_client *client; /* open, and stays the caller's */
	struct cs_submit *submit; /* has_file and reason are set here; NULL where ask is given */
	struct cs_ask *ask;       /* the same, of a program that asks for its caller, on people.sock; else NULL */
	struct cs_action *action; /* whose operands are opened: the submit's, or what ask says as far as they need it */
	uint32_t timeout_ms;      /* of one answer */
	int watch_fd;             /* the person's terminal or line, whose hang-up ends the hold; or -1 */
	const struct cs_hold_ops *ops;
	void *arg;
	/* found */
	struct cs_decision first; /* the reply that began the hold; number 0 when nothing was held */
	char *text;               /* what the server said beside an error */
	bool gone;                /* the terminal hung up, or tell failed */
	sigset_t outside;         /* the caller's signal mask, for waiting and for ask_reason */
};

/* 0 and *ret_decision: only verdict CS_PERMIT opens, and it comes only from the reply to a submit or a claim. A verdict
 * of CS_HOLD never comes back: what is not permitted at the end is CS_DENY. Or a negative error; then nothing opens. */
int cs_hold_run(struct cs_hold *hold, struct cs_decision *ret_decision);

/* Withdraws what is held, over a connection of its own, because the first waits for its reply. It has to be open still.
 * 0 and *ret_decision (CS_WHY_CANCELLED: it is withdrawn; else it stays open, and text says for whom); or a negative
 * error. */
int cs_hold_cancel(const struct cs_hold *hold, const struct cs_client_options *options,
	struct cs_decision *ret_decision);

/* What came of asking ahead: 1 when the request is there, open or approved already, or when nobody has to approve it: then its
 * number is 0. 0: it is denied. */
int cs_asked_ahead(const struct cs_decision *decision);

/* 1 when an error says that countersignd could not be asked, so that no decision can be had: what must not lock root out
 * of the machine's own console. 0 for what was refused, interrupted or wrong on this side. */
int cs_could_not_ask(int error);

/* 1 when the answer is none: the daemon is there, but cannot record what it decides (a full disk). Everybody is denied by
 * that but root itself on this machine, who has to be able to clear it; then CS_EIO stands for it in cs_could_not_ask. */
int cs_could_not_record(const struct cs_decision *decision);

void cs_hold_clear(struct cs_hold *hold);

#endif
