/* SPDX-License-Identifier: Apache-2.0 */
/* What a decision about a right takes through module.sock, as a module asks: connect, one call, close.
 *
 *   bench_decision pairs SOCKET SERVER_UID ROUNDS FIRST PEOPLE
 *       against an empty call of the floor's daemon, each pair one after the other
 *   bench_decision cold SOCKET SERVER_UID ROUNDS FIRST URI BIND_DN SECRET_FILE
 *       against the two searches that its answer needs, with libldap on an open connection; everybody is asked about
 *       once
 *   bench_decision denied SOCKET SERVER_UID ROUNDS FIRST PEOPLE
 *       how long it takes to be denied because the directory cannot tell; the longest
 *
 * It asks in turn about PEOPLE people of the directory that tests/bench/run makes, beginning with number FIRST. Runs as
 * root. One JSON object. */
#include "client.h"
#include "floor.h"
#include "stats.h"

#include <ldap.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CALL_MS = 10000 };

#define PEOPLE "ou=people,dc=example,dc=org"
#define PROJECTS "ou=project,ou=groups,dc=example,dc=org"

static struct cs_client_options options;
static unsigned long first, people;

static void die(const char *what)
{
	(void)fprintf(stderr, "bench_decision: %s\n", what);
	exit(1);
}

static double since_ns(uint64_t begin)
{
	return (double)(stats_now_ns() - begin);
}

/* --- What is measured --- */

/* About person i and the project of-p<i>, which he owns. */
static void ask_right(unsigned long i, struct cs_right_answer *ret_answer)
{
	char user[32], permission[] = "release.deploy", scope[48];
	struct cs_right right = {user, permission, scope};
	struct cs_client *client = NULL;
	const char *why = NULL;
	char *text = NULL;

	(void)snprintf(user, sizeof(user), "p%06lu", i);
	(void)snprintf(scope, sizeof(scope), "project/of-%s", user);
	if (cs_client_open(&options, &client, &why) < 0)
		die(why);
	if (cs_client_call(client, CS_CALL_RIGHT, &right, -1, CALL_MS, ret_answer, &text) < 0)
		die(text ? text : "the call failed");
	cs_client_close(&client);
}

static void decide(unsigned long i)
{
	struct cs_right_answer answer = {0};

	ask_right(i, &answer);
	if (answer.verdict != CS_PERMIT)
		die(answer.text);
	cs_clear(&cs_right_answer_shape, &answer);
}

static void be_denied(size_t rounds)
{
	double most = 0;

	for (size_t i = 0; i < rounds; i++) {
		struct cs_right_answer answer = {0};
		uint64_t begin = stats_now_ns();

		ask_right(first + i, &answer);
		if (since_ns(begin) > most)
			most = since_ns(begin);
		if (answer.verdict != CS_DENY || answer.reason != CS_WHY_DOUBT)
			die("not denied for doubt");
		cs_clear(&cs_right_answer_shape, &answer);
	}
	(void)printf("{\"ms\": %.3f}\n", most / 1e6);
}

static void ask_floor(unsigned long i)
{
	static const char call[FLOOR_CALL];
	const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = FLOOR_SOCKET};
	char reply[FLOOR_REPLY];
	size_t have = 0;
	ssize_t n = 1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)i;
	if (fd < 0 || connect(fd, (const struct sockaddr *)&name, sizeof(name)) < 0 ||
	    send(fd, call, sizeof(call), MSG_NOSIGNAL) != (ssize_t)sizeof(call))
		die("the floor's daemon does not serve");
	while (have < sizeof(reply) && (n = read(fd, reply + have, sizeof(reply) - have)) > 0)
		have += (size_t)n;
	if (n <= 0)
		die("the floor's daemon does not answer");
	(void)close(fd);
}

/* --- pairs --- */

struct sums {
	double *value, *bare, *ratio;
	size_t n;
};

static struct sums sums_new(size_t n)
{
	struct sums sums = {calloc(n, sizeof(double)), calloc(n, sizeof(double)), calloc(n, sizeof(double)), n};

	if (n == 0 || !sums.value || !sums.bare || !sums.ratio)
		die("no rounds, or no memory");
	return sums;
}

static void sums_print(struct sums *sums)
{
	for (size_t i = 0; i < sums->n; i++)
		sums->ratio[i] = sums->value[i] / sums->bare[i];
	(void)printf("{\"ratio\": %.3f, \"ns\": %.0f, \"bare_ns\": %.0f}\n", stats_median(sums->ratio, sums->n),
		     stats_median(sums->value, sums->n), stats_median(sums->bare, sums->n));
	free(sums->value);
	free(sums->bare);
	free(sums->ratio);
}

static void pairs(size_t rounds)
{
	struct sums sums = sums_new(rounds);

	for (size_t i = 0; i < rounds; i++) {
		uint64_t begin = stats_now_ns();

		decide(first + i % people);
		sums.value[i] = since_ns(begin);
		begin = stats_now_ns();
		ask_floor(i);
		sums.bare[i] = since_ns(begin);
	}
	sums_print(&sums);
}

/* --- cold --- */

static LDAP *bind_to(const char *uri, char *dn, const char *secret_file)
{
	char secret[1024] = "";
	struct berval password = {0, secret};
	int version = LDAP_VERSION3;
	LDAP *ld = NULL;
	FILE *file = fopen(secret_file, "re");

	if (!file || !fgets(secret, sizeof(secret), file))
		die("no password");
	(void)fclose(file);
	secret[strcspn(secret, "\n")] = '\0';
	password.bv_len = strlen(secret);
	if (ldap_initialize(&ld, uri) != 0 || ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version) != 0 ||
	    ldap_sasl_bind_s(ld, dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL) != 0)
		die("the directory does not let us in");
	return ld;
}

static void search(LDAP *ld, const char *base, const char *filter, char **attributes)
{
	LDAPMessage *result = NULL;

	if (ldap_search_ext_s(ld, base, LDAP_SCOPE_SUBTREE, filter, attributes, 0, NULL, NULL, NULL, 0, &result) != 0 ||
	    ldap_count_entries(ld, result) != 1)
		die("a search did not find the one entry");
	(void)ldap_msgfree(result);
}

/* As the worker asks: who is it, and which projects does he own. */
static void search_both(LDAP *ld, unsigned long i)
{
	static char uid[] = "uid", number[] = "uidNumber", id[] = "entryUUID", expire[] = "shadowExpire", cn[] = "cn";
	static char *of_person[] = {uid, number, id, expire, NULL}, *of_group[] = {cn, NULL};
	char filter[256];

	(void)snprintf(filter, sizeof(filter), "(&(objectClass=posixAccount)(uid=p%06lu))", i);
	search(ld, PEOPLE, filter, of_person);
	(void)snprintf(filter, sizeof(filter), "(owner=uid=p%06lu," PEOPLE ")", i);
	search(ld, PROJECTS, filter, of_group);
}

static void cold(size_t rounds, char **words)
{
	struct sums sums = sums_new(rounds);
	LDAP *ld = bind_to(words[0], words[1], words[2]);

	for (size_t i = 0; i < rounds; i++) {
		uint64_t begin = stats_now_ns();

		decide(first + i);
		sums.value[i] = since_ns(begin);
		begin = stats_now_ns();
		search_both(ld, first + rounds + i); /* whom slapd has not just read for us */
		sums.bare[i] = since_ns(begin);
	}
	(void)ldap_unbind_ext_s(ld, NULL, NULL);
	sums_print(&sums);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 6 ? argv[1] : "";
	unsigned long much = argc > 6 ? strtoul(argv[4], NULL, 10) : 0;

	if (argc > 6) {
		options = (struct cs_client_options){.path = argv[2], .server_uid = (uid_t)strtoul(argv[3], NULL, 10),
						     .connect_ms = CALL_MS};
		first = strtoul(argv[5], NULL, 10);
		people = strtoul(argv[6], NULL, 10);
	}
	if (strcmp(mode, "pairs") == 0 && argc == 7 && people > 0) {
		pairs(much);
	} else if (strcmp(mode, "denied") == 0 && argc == 7) {
		be_denied(much);
	} else if (strcmp(mode, "cold") == 0 && argc == 9) {
		cold(much, argv + 6);
	} else {
		(void)fputs("usage: see the top of tests/bench/decision.c\n", stderr);
		return 2;
	}
	return 0;
}
