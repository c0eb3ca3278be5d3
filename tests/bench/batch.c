/* SPDX-License-Identifier: Apache-2.0 */
/* bench_batch SOCKET SERVER_UID QUESTIONS ROUNDS USER...: what one call with so many has_right questions about these
 * people takes through the daemon's socket, and, as the bare figure, an empty status call. Medians, each pair one after
 * the other. Runs as root. One JSON object. */
#include "ask.h"
#include "stats.h"

/* Each person, each of four scopes, in turn. */
static struct cs_rights make_questions(char **users, size_t n_users, size_t n)
{
	static char permission[] = "release.deploy",
		    scopes[][32] = {"project/tomcat", "project/httpd", "project/none", "*"};
	struct cs_rights rights = {calloc(n, sizeof(*rights.asked)), n};

	if (!rights.asked)
		exit(1);
	for (size_t i = 0; i < n; i++)
		rights.asked[i] = (struct cs_right_asked){users[i % n_users], permission, scopes[i / n_users % 4]};
	return rights;
}

static double status_ms(struct cs_client *client)
{
	const struct cs_empty empty = {0};
	struct cs_status status;
	uint64_t begin = stats_now_ns();

	ask(client, CS_CALL_STATUS, &empty, -1, &status);
	cs_clear(&cs_status_shape, &status);
	return (double)(stats_now_ns() - begin) / 1e6;
}

static double rights_ms(struct cs_client *client, const struct cs_rights *rights, size_t *ret_permitted)
{
	struct cs_rights_answer answer;
	uint64_t begin = stats_now_ns();
	double took = 0;

	ask(client, CS_CALL_RIGHTS, rights, -1, &answer);
	took = (double)(stats_now_ns() - begin) / 1e6;
	*ret_permitted = 0;
	for (size_t i = 0; i < answer.n_told; i++) {
		*ret_permitted += answer.told[i].verdict == CS_PERMIT;
		if (answer.told[i].reason == CS_WHY_DOUBT || answer.told[i].reason == CS_WHY_BAD_CALL ||
		    answer.n_told != rights->n_asked) {
			(void)fprintf(stderr, "bench_batch: %s\n", cs_reason_name(answer.told[i].reason));
			exit(1);
		}
	}
	cs_clear(&cs_rights_answer_shape, &answer);
	return took;
}

int main(int argc, char **argv)
{
	size_t n = argc > 5 ? strtoul(argv[3], NULL, 10) : 0, rounds = argc > 5 ? strtoul(argv[4], NULL, 10) : 0,
	       permitted = 0;
	struct cs_client *client = NULL;
	struct cs_rights rights;
	double *value = NULL, *bare = NULL;

	if (n == 0 || rounds == 0) {
		(void)fputs("usage: bench_batch SOCKET SERVER_UID QUESTIONS ROUNDS USER...\n", stderr);
		return 2;
	}
	value = calloc(rounds, sizeof(*value));
	bare = calloc(rounds, sizeof(*bare));
	if (!value || !bare) {
		perror("calloc");
		return 1;
	}
	client = ask_open(argv[1], (uid_t)strtoul(argv[2], NULL, 10));
	rights = make_questions(argv + 5, (size_t)argc - 5, n);
	for (size_t i = 0; i < rounds; i++) {
		value[i] = rights_ms(client, &rights, &permitted);
		bare[i] = status_ms(client);
	}
	(void)printf("{\"ms\": %.3f, \"bare_ms\": %.3f, \"permitted\": %zu}\n", stats_median(value, rounds),
		     stats_median(bare, rounds), permitted);
	free(rights.asked);
	free(value);
	free(bare);
	cs_client_close(&client);
	return 0;
}
