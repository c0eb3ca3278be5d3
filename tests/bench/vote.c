/* SPDX-License-Identifier: Apache-2.0 */
/* bench_vote SOCKET SERVER_UID: waits until one request is pending, approves it, and prints when its call went out, in
 * nanoseconds of CLOCK_MONOTONIC. Runs as the approver. */
#include "client.h"
#include "stats.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void die(const char *what, int error)
{
	(void)fprintf(stderr, "bench_vote: %s: %s\n", what, cs_strerror(error));
	exit(1);
}

static void call(struct cs_client *client, enum cs_call_type type, const void *sent, void *ret_reply)
{
	char *text = NULL;
	int r = cs_client_call(client, type, sent, -1, 10000, ret_reply, &text);

	if (r < 0)
		die(text ? text : "call", r);
	free(text);
}

/* The number of a pending request, or 0. */
static uint64_t pending(struct cs_client *client)
{
	const struct cs_list list = {0};
	struct cs_list_answer answer;
	uint64_t number = 0;

	call(client, CS_CALL_LIST, &list, &answer);
	for (size_t i = 0; i < answer.n_rows; i++)
		if (answer.rows[i].state == CS_PENDING)
			number = answer.rows[i].number;
	cs_clear(&cs_list_answer_shape, &answer);
	return number;
}

static void approve(struct cs_client *client, uint64_t number)
{
	const struct cs_show show = {.number = number};
	struct cs_vote_call vote = {.number = number, .vote = CS_VOTE_APPROVE};
	char code[CS_CODE_LEN + 1];
	struct cs_show_answer answer;
	struct cs_decision decision;
	uint64_t called = 0;

	call(client, CS_CALL_SHOW, &show, &answer);
	memcpy(vote.digest, answer.digest, sizeof(vote.digest));
	cs_clear(&cs_show_answer_shape, &answer);
	cs_check_code(vote.digest, code);
	vote.check_code = code;
	called = stats_now_ns();
	call(client, CS_CALL_VOTE, &vote, &decision);
	if (decision.state != CS_APPROVED) {
		(void)fprintf(stderr, "bench_vote: %s %s\n", cs_reason_name(decision.reason), decision.text ? decision.text : "");
		exit(1);
	}
	cs_clear(&cs_decision_shape, &decision);
	(void)printf("%llu\n", (unsigned long long)called);
}

int main(int argc, char **argv)
{
	struct cs_client_options options = {0};
	struct cs_client *client = NULL;
	uint64_t number = 0;
	int r = 0;

	if (argc != 3)
		return 2;
	options.path = argv[1];
	options.server_uid = (uid_t)strtoul(argv[2], NULL, 10);
	r = cs_client_open(&options, &client, NULL);
	if (r < 0)
		die(options.path, r);
	for (int tries = 0; number == 0 && tries < 2000; tries++) {
		number = pending(client);
		if (number == 0)
			(void)usleep(5000);
	}
	if (number == 0)
		die("nothing is pending", CS_ETIMEDOUT);
	(void)usleep(20000); /* until the requester's side waits */
	approve(client, number);
	cs_client_close(&client);
	return 0;
}
