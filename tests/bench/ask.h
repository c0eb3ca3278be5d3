/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to the daemon, for the measuring programs. Whatever goes wrong ends the program. */
#ifndef CS_BENCH_ASK_H
#define CS_BENCH_ASK_H

#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void ask_die(const char *what, int error)
{
	(void)fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, cs_strerror(error));
	exit(1);
}

static inline void ask(struct cs_client *client, enum cs_call_type type, const void *sent, int fd, void *ret_reply)
{
	char *text = NULL;
	int r = cs_client_call(client, type, sent, fd, 30000, ret_reply, &text);

	if (r < 0)
		ask_die(text ? text : "call", r);
	free(text);
}

/* The daemon takes the credentials of this moment. */
static inline struct cs_client *ask_open(const char *path, uid_t server_uid)
{
	struct cs_client_options options = {.path = path, .server_uid = server_uid, .connect_ms = 5000};
	struct cs_client *client = NULL;
	const char *why = NULL;
	int r = cs_client_open(&options, &client, &why);

	if (r < 0)
		ask_die(why ? why : path, r);
	return client;
}

/* The same as another user; root comes back afterwards. */
static inline struct cs_client *ask_open_as(uid_t uid, const char *path, uid_t server_uid)
{
	struct cs_client *client = NULL;

	if (seteuid(uid) < 0) {
		perror("seteuid");
		exit(1);
	}
	client = ask_open(path, server_uid);
	if (seteuid(0) < 0) {
		perror("seteuid");
		exit(1);
	}
	return client;
}

/* A new request of this subject for the command with number i as its argument; fd: the command's file, or -1. Cleared by
 * the caller. */
static inline void ask_submit(struct cs_client *client, const struct cs_subject *subject, const char *service,
	const char *command, unsigned i, int fd, struct cs_decision *ret_decision)
{
	char version[32], name[256], of[32], *argv[] = {name, version}, cwd[] = "/", target[] = "root";
	struct cs_submit call = {.subject = *subject, .may_wait = fd >= 0, .has_file = fd >= 0,
		.action = {.service = of, .command = name, .resolved = fd >= 0 ? name : NULL, .argv = argv, .n_argv = 2, .cwd = cwd,
			.target_name = target}};

	(void)snprintf(name, sizeof(name), "%s", command);
	(void)snprintf(of, sizeof(of), "%s", service);
	(void)snprintf(version, sizeof(version), "10.%u", i);
	ask(client, CS_CALL_SUBMIT, &call, fd, ret_decision);
	if (ret_decision->verdict != (fd >= 0 ? CS_HOLD : CS_DENY) || ret_decision->number == 0)
		ask_die(cs_reason_name(ret_decision->reason), CS_EPERM);
}

/* An approval of a request that was looked at. */
static inline void ask_vote(struct cs_client *client, uint64_t number, struct cs_vote_call *ret_vote,
	char ret_code[CS_CODE_LEN + 1])
{
	const struct cs_show show = {.number = number};
	struct cs_show_answer answer;

	ask(client, CS_CALL_SHOW, &show, -1, &answer);
	*ret_vote = (struct cs_vote_call){.number = number, .vote = CS_VOTE_APPROVE, .check_code = ret_code};
	memcpy(ret_vote->digest, answer.digest, sizeof(ret_vote->digest));
	cs_clear(&cs_show_answer_shape, &answer);
	cs_check_code(ret_vote->digest, ret_code);
}

/* The vote was one, and it was enough. Clears the decision. */
static inline void ask_approved(struct cs_decision *decision)
{
	if (decision->state != CS_APPROVED)
		ask_die(decision->text ? decision->text : cs_reason_name(decision->reason), CS_EPERM);
	cs_clear(&cs_decision_shape, decision);
}

#endif
