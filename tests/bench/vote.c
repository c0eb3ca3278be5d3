/* SPDX-License-Identifier: Apache-2.0 */
/* bench_vote SOCKET SERVER_UID WORD: waits until a request whose line has the word is pending, approves it, and prints
 * when its call went out, in nanoseconds of CLOCK_MONOTONIC. Runs as the approver. */
#include "ask.h"
#include "stats.h"

/* The number of a pending request with this word, or 0. */
static uint64_t pending(struct cs_client *client, const char *word)
{
	const struct cs_list list = {0};
	struct cs_list_answer answer;
	uint64_t number = 0;

	ask(client, CS_CALL_LIST, &list, -1, &answer);
	for (size_t i = 0; i < answer.n_rows; i++)
		if (answer.rows[i].state == CS_PENDING && strstr(answer.rows[i].line, word))
			number = answer.rows[i].number;
	cs_clear(&cs_list_answer_shape, &answer);
	return number;
}

int main(int argc, char **argv)
{
	char code[CS_CODE_LEN + 1];
	struct cs_client *client = NULL;
	struct cs_vote_call vote;
	struct cs_decision decision;
	uint64_t number = 0, called = 0;

	if (argc != 4)
		return 2;
	client = ask_open(argv[1], (uid_t)strtoul(argv[2], NULL, 10));
	for (int tries = 0; number == 0 && tries < 2000; tries++) {
		number = pending(client, argv[3]);
		if (number == 0)
			(void)usleep(5000);
	}
	if (number == 0)
		ask_die("nothing is pending", CS_ETIMEDOUT);
	(void)usleep(20000); /* until the requester's side waits */
	ask_vote(client, number, &vote, code);
	called = stats_now_ns();
	ask(client, CS_CALL_VOTE, &vote, -1, &decision);
	ask_approved(&decision);
	(void)printf("%llu\n", (unsigned long long)called);
	cs_client_close(&client);
	return 0;
}
