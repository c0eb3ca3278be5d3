/* SPDX-License-Identifier: Apache-2.0 */
/* bench_removal SOCKET SERVER_UID ROUNDS FIRST URI ADMIN_DN PASSWORD: how long after the directory server has taken
 * somebody out of a group a module is refused, asking again and again; and as the bare figure the change itself. Each
 * round takes another person. Milliseconds. Runs as root. One JSON object. */
#include "client.h"
#include "stats.h"

#include <ldap.h>
#include <stdio.h>
#include <string.h>

enum { CALL_MS = 10000, PATIENCE_S = 60 };

#define PEOPLE "ou=people,dc=example,dc=org"
#define PROJECTS "ou=project,ou=groups,dc=example,dc=org"

static struct cs_client_options options;

static void die(const char *what)
{
	(void)fprintf(stderr, "bench_removal: %s\n", what);
	exit(1);
}

static int is_permitted(unsigned long i)
{
	char user[32], permission[] = "release.deploy", scope[48];
	struct cs_right right = {user, permission, scope};
	struct cs_right_answer answer = {0};
	struct cs_client *client = NULL;
	const char *why = NULL;
	int permitted = 0;

	(void)snprintf(user, sizeof(user), "p%06lu", i);
	(void)snprintf(scope, sizeof(scope), "project/of-%s", user);
	if (cs_client_open(&options, &client, &why) < 0)
		die(why);
	if (cs_client_call(client, CS_CALL_RIGHT, &right, -1, CALL_MS, &answer, NULL) < 0)
		die("the call failed");
	permitted = answer.verdict == CS_PERMIT;
	cs_client_close(&client);
	cs_clear(&cs_right_answer_shape, &answer);
	return permitted;
}

static void take_out(LDAP *ld, unsigned long i)
{
	char dn[256], value[256], owner[] = "owner";
	char *values[] = {value, NULL};
	LDAPMod change = {.mod_op = LDAP_MOD_DELETE, .mod_type = owner, .mod_values = values};
	LDAPMod *changes[] = {&change, NULL};

	(void)snprintf(dn, sizeof(dn), "cn=of-p%06lu," PROJECTS, i);
	(void)snprintf(value, sizeof(value), "uid=p%06lu," PEOPLE, i);
	if (ldap_modify_ext_s(ld, dn, changes, NULL, NULL) != 0)
		die("the directory did not take the change");
}

static LDAP *bind_to(const char *uri, const char *dn, char *secret)
{
	struct berval password = {strlen(secret), secret};
	int version = LDAP_VERSION3;
	LDAP *ld = NULL;

	if (ldap_initialize(&ld, uri) != 0 || ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version) != 0 ||
	    ldap_sasl_bind_s(ld, dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL) != 0)
		die("the directory does not let us in");
	return ld;
}

int main(int argc, char **argv)
{
	size_t n = argc == 8 ? strtoul(argv[3], NULL, 10) : 0;
	unsigned long first = argc == 8 ? strtoul(argv[4], NULL, 10) : 0;
	double *took = calloc(n + 1, sizeof(*took)), *bare = calloc(n + 1, sizeof(*bare)), median = 0;
	LDAP *ld = NULL;

	if (n == 0 || !took || !bare) {
		(void)fputs("usage: bench_removal SOCKET SERVER_UID ROUNDS FIRST URI ADMIN_DN PASSWORD\n", stderr);
		return 2;
	}
	options = (struct cs_client_options){.path = argv[1], .server_uid = (uid_t)strtoul(argv[2], NULL, 10)};
	ld = bind_to(argv[5], argv[6], argv[7]);
	for (size_t i = 0; i < n; i++) {
		uint64_t begin = 0, done = 0;

		if (!is_permitted(first + i) || !is_permitted(first + i))
			die("not permitted before");
		begin = stats_now_ns();
		take_out(ld, first + i);
		done = stats_now_ns();
		while (is_permitted(first + i))
			if (stats_now_ns() - done > PATIENCE_S * UINT64_C(1000000000))
				die("still permitted after a minute");
		took[i] = (double)(stats_now_ns() - done) / 1e6;
		bare[i] = (double)(done - begin) / 1e6;
	}
	(void)ldap_unbind_ext_s(ld, NULL, NULL);
	median = stats_median(took, n);
	(void)printf("{\"ms\": %.3f, \"most_ms\": %.3f, \"bare_ms\": %.3f}\n", median, took[n - 1],
		     stats_median(bare, n));
	free(took);
	free(bare);
	return 0;
}
