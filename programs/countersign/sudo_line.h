/* SPDX-License-Identifier: Apache-2.0 */
/* Running sudo for the caller: it alone resolves what a command line stands for, and its plugin asks. */
#ifndef CS_COMMAND_SUDO_LINE_H
#define CS_COMMAND_SUDO_LINE_H

#include "command.h"

/* What goes with it. */
struct cs_sudo_line {
	char *const *argv;  /* ends with NULL; the first word is sudo */
	const char *cwd;    /* where it runs; NULL: here */
	const char *reason; /* NULL: sudo asks where the gate wants one */
	uint64_t start_wall_ms; /* ahead: not before; 0: at once */
	bool wait;              /* ahead: until it is decided */
};

/* Appends the words as a shell would take them, escaped. */
void cs_put_words(struct cs_buf *out, char *const *argv);

/* Asks ahead: runs sudo so that nothing of it runs, only the request is made. Refuses where sudo on this host would not
 * ask, because then the command would run. An exit status, told. */
int cs_ask_ahead(struct cs_run *run, const struct cs_sudo_line *line);

/* Becomes sudo. Returns only where that fails: an exit status, told. */
int cs_become_sudo(const struct cs_sudo_line *line);

#endif
