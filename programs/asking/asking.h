/* SPDX-License-Identifier: Apache-2.0 */
/* A program asks for whoever runs it, and he sees what it waits for, as under sudo: `countersign run` and
 * countersign-gate. */
#ifndef CS_ASKING_H
#define CS_ASKING_H

#include "hold.h"
#include "say.h"

enum cs_asking_end {
	CS_ASKED_DENIED = 0, /* refused, rejected, withdrawn by somebody else */
	CS_ASKED_PERMITTED,
	CS_ASKED_OPEN,        /* nobody waits any more, and the request goes on */
	CS_ASKED_AHEAD,       /* that alone was wanted: the request is there, or nobody has to approve it (its number is 0) */
	CS_ASKED_FAILED,      /* no decision could be had */
	CS_ASKED_INTERRUPTED  /* by a signal, or the person went away; withdrawn or left open, as was said */
};

struct cs_asking {
	/* given */
	const char *socket;      /* the folder of people.sock */
	const char *server_user; /* whose process must be behind it */
	struct cs_ask *ask;      /* has_file and reason are set here */
	int file;                /* what is to run, open for reading, and stays the caller's; or -1 */
	bool prompts;            /* a reason may be asked on the terminal */
	bool live;               /* tell what happens while it waits also where there is no terminal */
	int watch_fd;            /* hangs up when the person goes away; -1: the terminal, where there is one */
	enum cs_again again;
	const char *no_reason;   /* what to do where a reason is needed and cannot be asked for; static */
	/* found */
	struct cs_client *client;
	struct cs_action action; /* the words of ask, and the files that they name */
	struct cs_client_options options;
	int terminal;            /* /dev/tty, or -1 */
	uint64_t told_ms;
};

/* Asks, waits while it is held, claims. Everything a person has to read is told: on the terminal, without one on standard
 * error. Only CS_ASKED_PERMITTED lets anything go on. *ret_decision is what was decided last, all zero where nothing was;
 * clear it with cs_clear. */
enum cs_asking_end cs_asking_run(struct cs_asking *asking, struct cs_decision *ret_decision);

/* signals.c: INT, QUIT, TERM and HUP end a wait from here on; one that is ignored stays so. */
void cs_signals_catch(void);
/* The last of them that came; 0: none. */
int cs_signals_caught(void);
/* They do what they did before. */
void cs_signals_restore(void);

#endif
