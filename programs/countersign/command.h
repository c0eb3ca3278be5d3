/* SPDX-License-Identifier: Apache-2.0 */
/* The command `countersign`: what its subcommands share. One file a subcommand; the table of them is commands.c. */
#ifndef CS_COMMAND_H
#define CS_COMMAND_H

#include "calls.h"
#include "output.h"
#include <stdbool.h>

/* Exit statuses, as in countersign(1). */
enum cs_exit {
	CS_EXIT_YES = 0,
	CS_EXIT_NO = 1,
	CS_EXIT_USAGE = 2,
	CS_EXIT_DOUBT = 3,
	CS_EXIT_WARNING = 4, /* of doctor alone */
	CS_EXIT_PENDING = 10,
	CS_EXIT_REJECTED = 11,
	CS_EXIT_CANCELLED = 12,
	CS_EXIT_EXPIRED = 13,
	CS_EXIT_UNANSWERED = 14,
	CS_EXIT_UNAVAILABLE = 69,
	CS_EXIT_INTERNAL = 70,
	CS_EXIT_OUTPUT = 74,
	CS_EXIT_NOT_PERMITTED = 77
};

struct cs_client;
struct cs_run;

/* One subcommand. run gets the words after the name and returns an exit status. */
struct cs_command {
	const char *name;    /* one word or two: "list", "policy check" */
	const char *usage;   /* what follows the name */
	const char *summary; /* one line */
	const char *details; /* options, one a line; "" when there are none of its own */
	int (*run)(struct cs_run *run, char **args, size_t n);
};

/* One run of the program. */
struct cs_run {
	const struct cs_command *command;
	bool json;
	bool help;
	bool version;
	const char *socket;      /* the folder of people.sock */
	const char *server_user; /* whose process must be behind it */
	struct cs_look look;
	struct cs_client *client;
};

/* The program: everything but main. */
int cs_command_main(int argc, char **argv);

/* The row that the first word or the first two words name; *ret_words says how many. NULL: there is none. */
const struct cs_command *cs_command_find(char *const *words, size_t n, size_t *ret_words);
/* Rows in the order of the manual; NULL past the end. */
const struct cs_command *cs_command_at(size_t i);
/* The text of `countersign help` (command NULL) or of one subcommand's help, appended to out. */
void cs_command_help(struct cs_buf *out, const struct cs_command *command);

/* One error line on standard error: "countersign: what: where: what next", every part escaped, empty parts left out.
 * Returns status. */
int cs_fail(int status, const char *what, const char *where, const char *next);

/* text, or where it is NULL or empty the other. */
const char *cs_text_or(const char *text, const char *otherwise);

/* The exit status that belongs to an error, a state (as `show` answers), a reason code. */
int cs_exit_of_error(int error);
int cs_exit_of_state(enum cs_state state);
int cs_exit_of_reason(enum cs_reason reason);

/* One call to the daemon and its reply, over one connection that lasts until cs_hang_up. 0, or the exit status after
 * the error was told. where names what the call is about ("request 4"). Clear *ret_reply with cs_clear. */
int cs_ask(struct cs_run *run, enum cs_call_type type, const void *call, const char *where, void *ret_reply);
/* The same with a descriptor that travels along and stays the caller's; -1: none. */
int cs_ask_passing(struct cs_run *run, enum cs_call_type type, const void *call, int fd, const char *where,
	void *ret_reply);
/* Tells how a call failed: text is the server's or NULL. Returns the exit status. */
int cs_fail_call(int error, const char *text, const char *where);
/* The same without telling: 0 or a negative error; *ret_text (may be NULL) is the server's text, the caller frees. */
int cs_ask_quietly(struct cs_run *run, enum cs_call_type type, const void *call, void *ret_reply, char **ret_text);
void cs_hang_up(struct cs_run *run);

/* Reads a request's number, with or without '#'. 0, or CS_EXIT_USAGE after the error was told. */
int cs_read_number(const char *word, uint64_t *ret_number);

/* Asks a person on the terminal: one line from standard input, without the newline and blanks around it, at most max
 * bytes. The caller frees. CS_EUNAVAIL: there is no terminal. CS_EIO: end of input. CS_ETOOBIG. */
int cs_prompt(const char *question, size_t max, char **ret_answer);

/* The subcommands. */
int cs_run_home(struct cs_run *run, char **args, size_t n);
int cs_run_watch(struct cs_run *run, char **args, size_t n);
int cs_run_wait(struct cs_run *run, char **args, size_t n);
int cs_run_request(struct cs_run *run, char **args, size_t n);
int cs_run_repeat(struct cs_run *run, char **args, size_t n);
int cs_run_run(struct cs_run *run, char **args, size_t n);
int cs_run_withdraw(struct cs_run *run, char **args, size_t n);
int cs_run_list(struct cs_run *run, char **args, size_t n);
int cs_run_show(struct cs_run *run, char **args, size_t n);
int cs_run_approve(struct cs_run *run, char **args, size_t n);
int cs_run_reject(struct cs_run *run, char **args, size_t n);
int cs_run_sign(struct cs_run *run, char **args, size_t n);
int cs_run_submit_vote(struct cs_run *run, char **args, size_t n);
int cs_run_roster_list(struct cs_run *run, char **args, size_t n);
int cs_run_roster_add(struct cs_run *run, char **args, size_t n);
int cs_run_roster_remove(struct cs_run *run, char **args, size_t n);
int cs_run_roster_verify(struct cs_run *run, char **args, size_t n);
int cs_run_roster_sign(struct cs_run *run, char **args, size_t n);
int cs_run_cancel(struct cs_run *run, char **args, size_t n);
int cs_run_sessions(struct cs_run *run, char **args, size_t n);
int cs_run_end(struct cs_run *run, char **args, size_t n);
int cs_run_break_glass(struct cs_run *run, char **args, size_t n);
int cs_run_drill(struct cs_run *run, char **args, size_t n);
int cs_run_can(struct cs_run *run, char **args, size_t n);
int cs_run_why(struct cs_run *run, char **args, size_t n);
int cs_run_why_not(struct cs_run *run, char **args, size_t n);
int cs_run_who_can(struct cs_run *run, char **args, size_t n);
int cs_run_what_can(struct cs_run *run, char **args, size_t n);
int cs_run_policy_check(struct cs_run *run, char **args, size_t n);
int cs_run_policy_test(struct cs_run *run, char **args, size_t n);
int cs_run_policy_try(struct cs_run *run, char **args, size_t n);
int cs_run_policy_diff(struct cs_run *run, char **args, size_t n);
int cs_run_policy_apply(struct cs_run *run, char **args, size_t n);
int cs_run_policy_history(struct cs_run *run, char **args, size_t n);
int cs_run_policy_show(struct cs_run *run, char **args, size_t n);
int cs_run_policy_rollback(struct cs_run *run, char **args, size_t n);
int cs_run_role_list(struct cs_run *run, char **args, size_t n);
int cs_run_role_grant(struct cs_run *run, char **args, size_t n);
int cs_run_role_revoke(struct cs_run *run, char **args, size_t n);
int cs_run_role_define(struct cs_run *run, char **args, size_t n);
int cs_run_evidence_verify(struct cs_run *run, char **args, size_t n);
int cs_run_evidence_export(struct cs_run *run, char **args, size_t n);
int cs_run_evidence_archive(struct cs_run *run, char **args, size_t n);
int cs_run_receipt(struct cs_run *run, char **args, size_t n);
int cs_run_report(struct cs_run *run, char **args, size_t n);
int cs_run_evidence_show(struct cs_run *run, char **args, size_t n);
int cs_run_directory_test(struct cs_run *run, char **args, size_t n);
int cs_run_notice(struct cs_run *run, char **args, size_t n);
int cs_run_quiet(struct cs_run *run, char **args, size_t n);
int cs_run_status(struct cs_run *run, char **args, size_t n);
int cs_run_doctor(struct cs_run *run, char **args, size_t n);
int cs_run_enable(struct cs_run *run, char **args, size_t n);
int cs_run_disable(struct cs_run *run, char **args, size_t n);
int cs_run_help(struct cs_run *run, char **args, size_t n);

#endif
