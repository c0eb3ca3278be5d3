/* SPDX-License-Identifier: Apache-2.0 */
/* What people do while requests are pending: ask, list, vote.
 *
 *   bench_waiting fill SERVER_UID FOLDER COMMAND COUNT REQUESTER...
 *       makes so many pending requests, of these people in turn
 *   bench_waiting votes SERVER_UID FOLDER COMMAND COUNT CONNECTIONS REQUESTER VOTER
 *       how many votes a second are answered, each of them stored durably: of one connection, one after another, and of
 *       all connections at the same time. So many of each, each on a request of its own
 *   bench_waiting pairs SERVER_UID EMPTY FULL COMMAND ROUNDS REQUESTER VOTER OTHER
 *       what a list, a request and a vote take at the daemon of FULL over that of EMPTY, each pair one after the other.
 *       The list is that of OTHER, whom one request concerns; and as a second figure that of the voter, a page of it
 *
 * FOLDER, EMPTY and FULL are those of a daemon's sockets. What was measured is withdrawn. Runs as root. One JSON
 * object. */
#include "ask.h"
#include "stats.h"

#include <poll.h>
#include <pwd.h>

static uid_t server_uid;
static unsigned made; /* requests so far: each is a different one */

static uid_t uid_of(const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw)
		ask_die(name, CS_ENOENT);
	return pw->pw_uid;
}

static struct cs_client *module(const char *folder)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/module.sock", folder);
	return ask_open(path, server_uid);
}

static struct cs_client *person(const char *folder, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/people.sock", folder);
	return ask_open_as(uid_of(name), path, server_uid);
}

static uint64_t submit(struct cs_client *client, char *name, const char *command)
{
	const struct cs_subject subject = {.uid = uid_of(name), .login_uid = CS_NO_UID, .name = name};
	struct cs_decision decision;
	uint64_t number = 0;

	ask_submit(client, &subject, "jobs", command, ++made, -1, &decision);
	number = decision.number;
	cs_clear(&cs_decision_shape, &decision);
	return number;
}

static void cancel(struct cs_client *client, uint64_t number)
{
	const struct cs_cancel call = {.number = number};
	struct cs_decision decision;

	ask(client, CS_CALL_CANCEL, &call, -1, &decision);
	cs_clear(&cs_decision_shape, &decision);
}

static void *many(size_t n, size_t size)
{
	void *items = calloc(n + 1, size);

	if (!items)
		ask_die("calloc", CS_ENOMEM);
	return items;
}

/* --- fill ---------------------------------------------------------------------------------------------------------- */

static int fill(char **argv, int argc)
{
	struct cs_client *client = module(argv[0]);
	unsigned long count = strtoul(argv[2], NULL, 10);

	for (unsigned long i = 0; i < count; i++)
		(void)submit(client, argv[3 + i % (unsigned long)(argc - 3)], argv[1]);
	cs_client_close(&client);
	return 0;
}

/* --- votes --------------------------------------------------------------------------------------------------------- */

struct ballot {
	struct cs_vote_call vote;
	char code[CS_CODE_LEN + 1];
};

static double one_at_a_time(struct cs_client *client, const struct ballot *ballots, size_t n)
{
	uint64_t begin = stats_now_ns();
	struct cs_decision decision;

	for (size_t i = 0; i < n; i++) {
		ask(client, CS_CALL_VOTE, &ballots[i].vote, -1, &decision);
		ask_approved(&decision);
	}
	return (double)n * 1e9 / (double)(stats_now_ns() - begin);
}

static void send_vote(struct cs_client *client, const struct ballot *ballot)
{
	int r = cs_client_send(client, CS_CALL_VOTE, &ballot->vote, -1);

	if (r < 0)
		ask_die("vote", r);
}

/* Is the answer there? */
static bool answered(struct cs_client *client)
{
	struct cs_decision decision;
	char *text = NULL;
	int r = cs_client_finish(client, &decision, &text);

	if (r == CS_EBUSY && !text)
		return false;
	if (r < 0)
		ask_die(text ? text : "vote", r);
	ask_approved(&decision);
	return true;
}

/* Every connection sends its next vote when it has its answer. */
static double at_once(struct cs_client **clients, size_t n_clients, const struct ballot *ballots, size_t n)
{
	struct pollfd *fds = many(n_clients, sizeof(*fds));
	uint64_t begin = stats_now_ns();
	size_t sent = 0, done = 0;

	for (; sent < n_clients && sent < n; sent++) {
		fds[sent] = (struct pollfd){.fd = cs_client_fd(clients[sent]), .events = POLLIN};
		send_vote(clients[sent], &ballots[sent]);
	}
	while (done < n && poll(fds, n_clients, -1) > 0)
		for (size_t i = 0; i < n_clients; i++) {
			if (fds[i].revents == 0 || !answered(clients[i]))
				continue;
			done++;
			if (sent < n)
				send_vote(clients[i], &ballots[sent++]);
		}
	free(fds);
	return (double)n * 1e9 / (double)(stats_now_ns() - begin);
}

static int votes(char **argv)
{
	size_t count = strtoul(argv[2], NULL, 10), n_clients = strtoul(argv[3], NULL, 10);
	struct cs_client *asks = module(argv[0]), *requester = NULL;
	struct cs_client **voters = many(n_clients, sizeof(struct cs_client *));
	struct ballot *ballots = many(2 * count, sizeof(*ballots));
	double single = 0, crowd = 0;

	voters[0] = person(argv[0], argv[5]);
	for (size_t i = 0; i < 2 * count; i++)
		ask_vote(voters[0], submit(asks, argv[4], argv[1]), &ballots[i].vote, ballots[i].code);
	single = one_at_a_time(voters[0], ballots, count);
	for (size_t i = 1; i < n_clients; i++) /* not earlier: one that says nothing for 10 s is closed */
		voters[i] = person(argv[0], argv[5]);
	crowd = at_once(voters, n_clients, ballots + count, count);
	requester = person(argv[0], argv[4]);
	for (size_t i = 0; i < 2 * count; i++)
		cancel(requester, ballots[i].vote.number);
	(void)printf("{\"one_at_a_time\": %.0f, \"at_once\": %.0f}\n", single, crowd);
	for (size_t i = 0; i < n_clients; i++)
		cs_client_close(&voters[i]);
	cs_client_close(&requester);
	cs_client_close(&asks);
	free(voters);
	free(ballots);
	return 0;
}

/* --- pairs --------------------------------------------------------------------------------------------------------- */

enum { LIST, SUBMIT, VOTE, PAGE, N_MEASURED };
static const char *const names[N_MEASURED] = {"list", "submit", "vote", "page"};

struct side {
	struct cs_client *asks, *requester, *voter, *other;
	double *ns[N_MEASURED];
};

static struct side side_open(const char *folder, char **people, size_t rounds)
{
	struct side side = {module(folder), person(folder, people[0]), person(folder, people[1]),
		person(folder, people[2]), {NULL}};

	for (int i = 0; i < N_MEASURED; i++)
		side.ns[i] = many(rounds, sizeof(double));
	return side;
}

static void side_close(struct side *side)
{
	cs_client_close(&side->asks);
	cs_client_close(&side->requester);
	cs_client_close(&side->voter);
	cs_client_close(&side->other);
	for (int i = 0; i < N_MEASURED; i++)
		free(side->ns[i]);
}

static double list_ns(struct cs_client *client, size_t *ret_rows)
{
	const struct cs_list list = {0};
	struct cs_list_answer answer;
	uint64_t begin = stats_now_ns();
	double took = 0;

	ask(client, CS_CALL_LIST, &list, -1, &answer);
	took = (double)(stats_now_ns() - begin);
	*ret_rows = answer.n_rows;
	cs_clear(&cs_list_answer_shape, &answer);
	return took;
}

static void round_of(struct side *side, size_t round, char *requester, const char *command)
{
	struct cs_vote_call vote;
	struct cs_decision decision;
	char code[CS_CODE_LEN + 1];
	size_t rows = 0;
	uint64_t begin = 0, number = 0;

	side->ns[LIST][round] = list_ns(side->other, &rows);
	if (rows != 1)
		ask_die("the other's list", CS_ECORRUPT);
	side->ns[PAGE][round] = list_ns(side->voter, &rows);
	begin = stats_now_ns();
	number = submit(side->asks, requester, command);
	side->ns[SUBMIT][round] = (double)(stats_now_ns() - begin);
	ask_vote(side->voter, number, &vote, code);
	begin = stats_now_ns();
	ask(side->voter, CS_CALL_VOTE, &vote, -1, &decision);
	side->ns[VOTE][round] = (double)(stats_now_ns() - begin);
	ask_approved(&decision);
	cancel(side->requester, number);
}

/* Which of the two comes first changes from round to round. */
static int pairs(char **argv)
{
	size_t rounds = strtoul(argv[3], NULL, 10);
	struct side sides[2] = {side_open(argv[0], argv + 4, rounds), side_open(argv[1], argv + 4, rounds)};
	double *ratios = many(rounds, sizeof(double));

	for (size_t i = 0; i < rounds; i++)
		for (size_t k = 0; k < 2; k++)
			round_of(&sides[(i + k) % 2], i, argv[4], argv[2]);
	for (int m = 0; m < N_MEASURED; m++) {
		for (size_t i = 0; i < rounds; i++)
			ratios[i] = sides[1].ns[m][i] / sides[0].ns[m][i];
		(void)printf("%s\"%s\": %.3f, \"%s_ms\": %.4f, \"%s_empty_ms\": %.4f", m ? ", " : "{", names[m],
			stats_median(ratios, rounds), names[m], stats_median(sides[1].ns[m], rounds) / 1e6, names[m],
			stats_median(sides[0].ns[m], rounds) / 1e6);
	}
	(void)puts("}");
	free(ratios);
	side_close(&sides[0]);
	side_close(&sides[1]);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	server_uid = argc > 2 ? (uid_t)strtoul(argv[2], NULL, 10) : 0;
	made = (unsigned)getpid() << 12; /* not what an earlier one asked for */
	if (strcmp(what, "fill") == 0 && argc > 6)
		return fill(argv + 3, argc - 3);
	if (strcmp(what, "votes") == 0 && argc == 9)
		return votes(argv + 3);
	if (strcmp(what, "pairs") == 0 && argc == 10)
		return pairs(argv + 3);
	(void)fputs("usage: see the beginning of tests/bench/waiting.c\n", stderr);
	return 2;
}
