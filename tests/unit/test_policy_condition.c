/* SPDX-License-Identifier: Apache-2.0 */
/* Which gate counts where it depends on the time, the address, the person or a netgroup, and that none of them opens a
 * way around a gate. */
#include "test_policy_world.h"

#define PERMIT_REST "service sudo { unmatched = permit }\nservice sshd { unmatched = permit }\n"
#define HOSTS       "cn=release-hosts,ou=netgroup,dc=example,dc=org"
#define OTHERS      "cn=other-hosts,ou=netgroup,dc=example,dc=org"
#define LOGIN       "service = sshd permission = host.login "
#define ALICE       "uid=alice,ou=people,dc=example,dc=org"

/* What a question is asked with, and what comes of it. */
struct trial {
	struct doing doing;
	struct cs_circumstances now;
	struct cs_match met;
};

static void make_trial(struct trial *trial, const char *service, const char *path)
{
	memset(trial, 0, sizeof(*trial));
	make_action(&trial->doing, service, "rel1", path, NULL);
	trial->now.action = &trial->doing.action;
	assert_int_equal(cs_moment_parse("2026-11-16T12:00Z", &trial->now.wall_ms), 0);
}

static void at(struct trial *trial, const char *moment)
{
	assert_int_equal(cs_moment_parse(moment, &trial->now.wall_ms), 0);
}

static void from(struct trial *trial, const char *peer)
{
	trial->doing.action.peer = (char *)(uintptr_t)peer;
}

/* says: a part of the text, or the name of the gate that guards. */
static void expect(const struct cs_policy *policy, struct trial *trial, enum cs_match_kind kind, const char *says)
{
	const char *told;

	assert_int_equal(cs_policy_match(policy, &trial->now, &trial->met), 0);
	told = trial->met.kind == CS_MATCH_GATE ? cs_gate_name(trial->met.gate)
	       : trial->met.text                ? trial->met.text
						: "";
	if (trial->met.kind != kind || !strstr(told, says))
		fail_msg("kind %d instead of %d: \"%s\" does not say \"%s\"", trial->met.kind, kind, told, says);
	assert_int_equal(trial->met.text != NULL, kind == CS_MATCH_DENY || kind == CS_MATCH_ARGUMENTS ||
							  kind == CS_MATCH_CONDITION || kind == CS_MATCH_DOUBT);
	if (kind != CS_MATCH_NONE)
		assert_false(trial->met.unmatched_permits);
	cs_match_clear(&trial->met);
}

/* A condition that fails denies, also where what is unmatched would be permitted. */
static void test_policy_condition_never_falls_through(void **state)
{
	struct cs_policy *policy =
		parse(RIGHTS PERMIT_REST "gate login { " LOGIN
					 "time = { \"Mon-Fri 08:00-18:00\", \"Sat 10:00-12:00 +01:00\" } "
					 "peer = { \"192.0.2.0/24\", \"2001:db8::/32\" } }\n");
	struct trial trial;

	(void)state;
	make_trial(&trial, "sshd", "");
	from(&trial, "192.0.2.7");
	expect(policy, &trial, CS_MATCH_GATE, "login");
	from(&trial, "::ffff:192.0.2.7");
	expect(policy, &trial, CS_MATCH_GATE, "login");
	from(&trial, "192.0.3.7");
	expect(policy, &trial, CS_MATCH_CONDITION,
	       "gate login guards this, but only from 192.0.2.0/24 or 2001:db8::/32");
	from(&trial, "");
	expect(policy, &trial, CS_MATCH_CONDITION, "only from 192.0.2.0/24");
	from(&trial, "unknown");
	expect(policy, &trial, CS_MATCH_CONDITION, "it could not be told where this comes from");
	from(&trial, "192.0.2.7");
	at(&trial, "2026-11-16T18:00Z");
	expect(policy, &trial, CS_MATCH_CONDITION,
	       "gate login guards this, but only Mon-Fri 08:00-18:00 UTC or Sat 10:00-12:00 +01:00");
	from(&trial, "192.0.3.7");
	expect(policy, &trial, CS_MATCH_CONDITION, "+01:00, and only from 192.0.2.0/24");
	cs_policy_free(&policy);
}

/* The next gate in the file counts where the conditions of the first fail; where all fail, all are named. */
static void test_policy_condition_next_gate(void **state)
{
	struct cs_policy *policy =
		parse(RIGHTS PERMIT_REST "gate day { " LOGIN "time = \"08:00-18:00\" }\n"
					 "gate night { " LOGIN "time = \"20:00-06:00\" scope = \"host/x\" }\n");
	struct trial trial;

	(void)state;
	make_trial(&trial, "sshd", "");
	expect(policy, &trial, CS_MATCH_GATE, "day");
	at(&trial, "2026-11-16T21:00Z");
	expect(policy, &trial, CS_MATCH_GATE, "night");
	at(&trial, "2026-11-16T19:00Z");
	expect(policy, &trial, CS_MATCH_CONDITION,
	       "gate day guards this, but only 08:00-18:00 UTC; gate night guards this, but only 20:00-06:00 UTC");
	cs_policy_free(&policy);
}

/* Outside its conditions a gate with terms still names its command. */
static void test_policy_condition_names_the_command(void **state)
{
	struct cs_policy *policy =
		parse(RIGHTS PERMIT_REST
		      "gate g { service = sudo command = \"/sbin/x a\" permission = host.login time = "
		      "\"08:00-09:00\" }\n"
		      "gate no { service = sudo command = \"/sbin/y a\" deny = \"No\" time = \"08:00-09:00\" }\n");
	struct trial trial;

	(void)state;
	make_trial(&trial, "sudo", "/sbin/x");
	expect(policy, &trial, CS_MATCH_ARGUMENTS, "gate g guards this command");
	/* A deny gate that sleeps is as if it were not there. */
	make_trial(&trial, "sudo", "/sbin/y");
	expect(policy, &trial, CS_MATCH_NONE, "");
	at(&trial, "2026-11-16T08:30Z");
	expect(policy, &trial, CS_MATCH_ARGUMENTS, "gate no names this command");
	cs_policy_free(&policy);
}

#define FREEZE                                                                                                         \
	"gate holidays { service = sudo command = \"/sbin/deploy\" time = "                                            \
	"\"2026-12-20T00:00Z/2027-01-04T08:00Z\" deny = \"No releases over the holidays\" "                            \
	"exempt oncall { person = \"" ALICE "\" } exempt infra { role = infra } }\n"
#define DEPLOY_ANY "gate deploy { service = sudo command = \"/sbin/deploy **\" permission = host.login }\n"

/* Listed for the one query about the members of infra. */
static void make_infra(const struct cs_policy *policy, struct somebody *who)
{
	size_t n = 0;
	const struct cs_group_query *queries = cs_policy_queries(policy, &n);

	make_somebody(who);
	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(queries[i].listed, "member") == 0 && strstr(queries[i].dn, "infra"))
			list_in(who, i, "infra");
	}
	assert_int_equal(who->facts.n_memberships, 1);
	strcpy(who->text[0], INFRA);
}

static void test_policy_freeze_with_exemption(void **state)
{
	static char alice[] = ALICE, bob[] = "uid=bob,ou=people,dc=example,dc=org", id[] = "id-2";
	struct cs_policy *policy = parse(RIGHTS PERMIT_REST DEPLOY_ANY FREEZE);
	struct cs_facts person = {.known = CS_KNOWN_YES, .person = {.id = id, .dn = bob}};
	struct somebody infra;
	struct trial trial;

	(void)state;
	make_trial(&trial, "sudo", "/sbin/deploy");
	expect(policy, &trial, CS_MATCH_GATE, "deploy"); /* nobody has to be asked about outside the freeze */
	at(&trial, "2026-12-20T00:00Z");
	expect(policy, &trial, CS_MATCH_ASK, "");
	trial.now.person = &person;
	expect(policy, &trial, CS_MATCH_DENY, "No releases over the holidays");
	person.person.dn = alice;
	expect(policy, &trial, CS_MATCH_GATE, "deploy");
	person.person.locked = true;
	expect(policy, &trial, CS_MATCH_DENY, "No releases");
	person.person.locked = false;
	person.known = CS_KNOWN_NO;
	expect(policy, &trial, CS_MATCH_DENY, "No releases");
	person.known = CS_KNOWN_DOUBT;
	expect(policy, &trial, CS_MATCH_DENY, "holidays (it could not be told whether you are exempt)");
	make_infra(policy, &infra);
	trial.now.person = &infra.facts;
	expect(policy, &trial, CS_MATCH_GATE, "deploy");
	at(&trial, "2027-01-04T08:00Z");
	trial.now.person = NULL;
	expect(policy, &trial, CS_MATCH_GATE, "deploy");
	cs_policy_free(&policy);
}

/* Another deny gate is enough: nobody is asked about, and an exemption from one is none from the other. */
static void test_policy_exemption_is_of_one_gate(void **state)
{
	static char alice[] = ALICE, id[] = "id-2";
	struct cs_facts person = {.known = CS_KNOWN_YES, .person = {.id = id, .dn = alice}};
	struct cs_policy *policy = parse(RIGHTS FREEZE "gate never { service = sudo deny = \"Never\" }\n" DEPLOY_ANY);
	struct trial trial;

	(void)state;
	make_trial(&trial, "sudo", "/sbin/deploy");
	at(&trial, "2026-12-24T00:00Z");
	expect(policy, &trial, CS_MATCH_DENY, "Never");
	trial.now.person = &person;
	expect(policy, &trial, CS_MATCH_DENY, "Never");
	cs_policy_free(&policy);
}

/* Whoever is exempt from a denial that nothing else guards is left to what is unmatched. */
static void test_policy_exempt_is_as_if_not_there(void **state)
{
	static char alice[] = ALICE, id[] = "id-2";
	struct cs_facts person = {.known = CS_KNOWN_YES, .person = {.id = id, .dn = alice}};
	struct cs_policy *policy = parse(PERMIT_REST "gate no { service = sudo command = \"/bin/sh\" deny = \"No\" "
						     "exempt a { person = \"" ALICE "\" } }\n");
	struct trial trial;

	(void)state;
	make_trial(&trial, "sudo", "/bin/sh");
	expect(policy, &trial, CS_MATCH_ASK, "");
	trial.now.person = &person;
	assert_int_equal(cs_policy_match(policy, &trial.now, &trial.met), 0);
	assert_int_equal(trial.met.kind, CS_MATCH_NONE);
	assert_true(trial.met.unmatched_permits);
	cs_match_clear(&trial.met);
	cs_policy_free(&policy);
}

/* An address that cannot be read never opens a gate, and never slips past one that denies. */
static void test_policy_unreadable_peer(void **state)
{
	struct cs_policy *policy =
		parse(RIGHTS PERMIT_REST
		      "gate outside { service = sshd peer = \"198.51.100.0/24\" deny = \"Not from there\" }\n"
		      "gate console { service = login peer = local permission = host.login }\n"
		      "gate all { " LOGIN "}\n");
	struct trial trial;

	(void)state;
	make_trial(&trial, "sshd", "");
	from(&trial, "198.51.100.9");
	expect(policy, &trial, CS_MATCH_DENY, "Not from there");
	from(&trial, "192.0.2.1");
	expect(policy, &trial, CS_MATCH_GATE, "all");
	from(&trial, "");
	expect(policy, &trial, CS_MATCH_GATE, "all");
	from(&trial, "unknown");
	expect(policy, &trial, CS_MATCH_DENY, "Not from there (it could not be told where this comes from)");
	make_trial(&trial, "login", "");
	expect(policy, &trial, CS_MATCH_GATE, "console");
	from(&trial, "unknown");
	expect(policy, &trial, CS_MATCH_CONDITION, "only from local, and it could not be told");
	cs_policy_free(&policy);
}

/* The answers about the netgroups, in the order in which they were asked for. */
struct answers {
	struct cs_listing listings[2];
	char *hosts[2];
};

static void answer(struct trial *trial, struct answers *answers, size_t i, enum cs_known known, const char *host)
{
	answers->hosts[i] = (char *)(uintptr_t)host;
	answers->listings[i] = (struct cs_listing){.known = known, .dns = &answers->hosts[i], .n_dns = host ? 1 : 0};
	trial->now.listings = answers->listings;
	trial->now.n_listings = i + 1;
}

static void test_policy_netgroup(void **state)
{
	static const struct {
		enum cs_known known;
		const char *listed, *host;
		enum cs_match_kind kind;
	} cases[] = {
		{CS_KNOWN_YES, "rel1", "rel1", CS_MATCH_GATE},
		{CS_KNOWN_YES, "REL1", "rel1", CS_MATCH_GATE},
		{CS_KNOWN_YES, "rel1", "Rel1.Example.org", CS_MATCH_GATE},
		{CS_KNOWN_YES, "rel1.example.org", "rel1", CS_MATCH_GATE},
		{CS_KNOWN_YES, "rel1.example.org", "rel1.example.org", CS_MATCH_GATE},
		{CS_KNOWN_YES, "rel1.example.org", "rel1.example.net", CS_MATCH_NONE},
		{CS_KNOWN_YES, "rel1", "rel11", CS_MATCH_NONE},
		{CS_KNOWN_YES, "rel1", "rel", CS_MATCH_NONE},
		{CS_KNOWN_YES, "rel*", "rel1", CS_MATCH_NONE},
		{CS_KNOWN_YES, "*", "rel1", CS_MATCH_GATE},
		{CS_KNOWN_YES, "", "rel1", CS_MATCH_NONE},
		{CS_KNOWN_YES, NULL, "rel1", CS_MATCH_NONE},
		{CS_KNOWN_YES, NULL, "build7", CS_MATCH_GATE}, /* by its pattern */
		{CS_KNOWN_NO, NULL, "rel1", CS_MATCH_DOUBT}, /* no such netgroup, or it may not be read */
		{CS_KNOWN_NO, NULL, "build7", CS_MATCH_GATE},
		{CS_KNOWN_DOUBT, "rel1", "rel1", CS_MATCH_DOUBT},
		{CS_KNOWN_DOUBT, NULL, "build7", CS_MATCH_GATE},
		{CS_KNOWN_YES, NULL, "", CS_MATCH_GATE}, /* a host that could not be told meets every gate */
		{CS_KNOWN_DOUBT, NULL, "", CS_MATCH_GATE},
		{(enum cs_known)7, "rel1", "rel1", CS_MATCH_DOUBT},
	};
	struct cs_policy *policy =
		parse(RIGHTS PERMIT_REST "gate login { " LOGIN "host = \"build*\" netgroup = \"" HOSTS "\" }\n");
	struct cs_listing_query *queries = NULL;
	struct answers answers;
	struct trial trial;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		make_trial(&trial, "sshd", "");
		strcpy(trial.doing.text[1], cases[i].host);
		answer(&trial, &answers, 0, cases[i].known, cases[i].listed);
		assert_int_equal(cs_policy_match(policy, &trial.now, &trial.met), 0);
		if (trial.met.kind != cases[i].kind)
			fail_msg("case %zu: %d", i, trial.met.kind);
		cs_match_clear(&trial.met);
	}
	make_trial(&trial, "sshd", "");
	expect(policy, &trial, CS_MATCH_ASK, "");
	strcpy(trial.doing.text[1], "build7");
	expect(policy, &trial, CS_MATCH_GATE, "login");
	assert_int_equal(cs_policy_match_needs(policy, &trial.doing.action, &queries, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(queries[0].where, CS_NETGROUP);
	assert_string_equal(queries[0].dn, HOSTS);
	assert_string_equal(queries[0].listed, "nisNetgroupTriple");
	cs_clear(&cs_listing_query_shape, &queries[0]);
	free(queries);
	/* No netgroup is asked for where no gate of the service names one. */
	queries = NULL;
	n = 0;
	make_trial(&trial, "sudo", "/bin/sh");
	assert_int_equal(cs_policy_match_needs(policy, &trial.doing.action, &queries, &n), 0);
	assert_int_equal(n, 0);
	assert_null(queries);
	expect(policy, &trial, CS_MATCH_NONE, "");
	cs_policy_free(&policy);
}

/* The directory that cannot tell is never a reason to skip a gate (A079). */
static void test_policy_a079_netgroup_doubt(void **state)
{
	struct cs_policy *policy = parse(RIGHTS PERMIT_REST "gate strict { " LOGIN "netgroup = \"" HOSTS "\" }\n"
							    "gate wide { " LOGIN "scope = \"host/%{host}\" }\n"
							    "gate later { " LOGIN "netgroup = \"" OTHERS "\" }\n");
	struct answers answers;
	struct trial trial;

	(void)state;
	make_trial(&trial, "sshd", "");
	expect(policy, &trial, CS_MATCH_ASK, "");
	answer(&trial, &answers, 0, CS_KNOWN_DOUBT, NULL);
	answer(&trial, &answers, 1, CS_KNOWN_YES, NULL);
	expect(policy, &trial, CS_MATCH_DOUBT,
	       "gate strict guards the hosts of a netgroup, and the directory could not");
	/* A gate further down than the one that counts changes nothing. */
	answer(&trial, &answers, 0, CS_KNOWN_YES, NULL);
	answer(&trial, &answers, 1, CS_KNOWN_DOUBT, NULL);
	expect(policy, &trial, CS_MATCH_GATE, "wide");
	/* An answer that is missing is doubt. */
	trial.now.n_listings = 0;
	expect(policy, &trial, CS_MATCH_DOUBT, "gate strict");
	cs_policy_free(&policy);
}

/* A deny gate of a netgroup that cannot be told denies, and is not asked about where all is denied anyway. */
static void test_policy_a079_netgroup_of_a_denial(void **state)
{
	struct cs_policy *policy =
		parse(RIGHTS PERMIT_REST
		      "gate no { service = sudo command = \"/bin/sh\" netgroup = \"" HOSTS "\" deny = \"No\" }\n"
		      "gate g { service = sudo command = \"/bin/sh -c\" permission = host.login }\n"
		      "gate only { service = sudo command = \"/bin/ls\" netgroup = \"" HOSTS "\" deny = \"No\" }\n");
	struct answers answers;
	struct trial trial;

	(void)state;
	make_trial(&trial, "sudo", "/bin/sh");
	expect(policy, &trial, CS_MATCH_ARGUMENTS, "gate g"); /* denied on every host */
	make_trial(&trial, "sudo", "/bin/ls");
	expect(policy, &trial, CS_MATCH_ASK, "");
	answer(&trial, &answers, 0, CS_KNOWN_DOUBT, NULL);
	expect(policy, &trial, CS_MATCH_DOUBT, "gate only");
	answer(&trial, &answers, 0, CS_KNOWN_YES, "rel1");
	expect(policy, &trial, CS_MATCH_DENY, "No");
	answer(&trial, &answers, 0, CS_KNOWN_YES, "rel2");
	expect(policy, &trial, CS_MATCH_NONE, "");
	cs_policy_free(&policy);
}

/* Whether a gate names the command is a question too, where nothing else does. */
static void test_policy_a079_netgroup_of_a_name(void **state)
{
	struct cs_policy *policy = parse(
		RIGHTS PERMIT_REST
		"gate g { service = sudo command = \"/sbin/x a\" permission = host.login netgroup = \"" HOSTS "\" }\n"
		"gate t { service = sudo command = \"/sbin/y\" permission = host.login netgroup = \"" HOSTS
		"\" time = \"08:00-09:00\" }\n"
		"gate n { service = sudo command = \"/sbin/z a\" deny = \"No\" netgroup = \"" HOSTS "\" }\n");
	static const char *const paths[] = {"/sbin/x", "/sbin/y", "/sbin/z"};
	static const enum cs_match_kind inside[] = {CS_MATCH_ARGUMENTS, CS_MATCH_CONDITION, CS_MATCH_ARGUMENTS};
	struct answers answers;
	struct trial trial;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(paths); i++) {
		make_trial(&trial, "sudo", paths[i]);
		expect(policy, &trial, CS_MATCH_ASK, "");
		answer(&trial, &answers, 0, CS_KNOWN_DOUBT, NULL);
		expect(policy, &trial, CS_MATCH_DOUBT, "the directory could not tell");
		answer(&trial, &answers, 0, CS_KNOWN_YES, "rel1");
		expect(policy, &trial, inside[i], "gate ");
		answer(&trial, &answers, 0, CS_KNOWN_NO, NULL);
		expect(policy, &trial, CS_MATCH_DOUBT, "the directory could not tell");
		answer(&trial, &answers, 0, CS_KNOWN_YES, "rel9");
		expect(policy, &trial, CS_MATCH_NONE, "");
	}
	cs_policy_free(&policy);
}

/* Netgroups are asked for by service, each once, in an order that does not depend on which gate is met. */
static void test_policy_netgroup_needs(void **state)
{
	struct cs_policy *policy =
		parse(RIGHTS "gate a { service = sudo permission = host.login netgroup = \"cn=only-sudo\" }\n"
			     "gate b { " LOGIN "netgroup = { \"" OTHERS "\", \"" HOSTS "\" } }\n"
			     "gate c { " LOGIN "netgroup = \"CN=release-hosts, OU=netgroup,dc=example,dc=org\" }\n");
	struct cs_listing_query *queries = NULL;
	struct answers answers;
	struct trial trial;
	size_t n = 0;

	(void)state;
	make_trial(&trial, "sshd", "");
	assert_int_equal(cs_policy_match_needs(policy, &trial.doing.action, &queries, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(queries[0].dn, OTHERS);
	assert_string_equal(queries[1].dn, HOSTS);
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_listing_query_shape, &queries[i]);
	free(queries);
	answer(&trial, &answers, 0, CS_KNOWN_YES, NULL);
	answer(&trial, &answers, 1, CS_KNOWN_YES, "rel1");
	expect(policy, &trial, CS_MATCH_GATE, "b");
	answer(&trial, &answers, 0, CS_KNOWN_YES, "rel1");
	answer(&trial, &answers, 1, CS_KNOWN_NO, NULL);
	expect(policy, &trial, CS_MATCH_GATE, "b");
	cs_policy_free(&policy);
}

/* A name is an application's action; for sudo it is never anything but a doubtful file. */
static void test_policy_action_names(void **state)
{
	struct cs_policy *policy =
		parse(RIGHTS PERMIT_REST
		      "service shop { unmatched = permit }\n"
		      "gate delete { service = shop command = \"project.delete %{project} **\" permission = "
		      "release.deploy scope = \"project/%{project}\" }\n"
		      "gate no { service = shop command = project.drop deny = \"No\" }\n"
		      "gate sh { service = { sudo, sudo-i, sudoedit } command = \"/bin/sh\" deny = \"No\" }\n");
	static const char *const services[] = {"sudo", "sudo-i", "sudoedit"};
	struct trial trial;

	(void)state;
	assert_int_equal(cs_policy_paths(policy), 1);
	assert_string_equal(cs_policy_path(policy, 0), "/bin/sh");
	make_trial(&trial, "shop", "project.delete");
	expect(policy, &trial, CS_MATCH_ARGUMENTS, "gate delete guards this command");
	make_action(&trial.doing, "shop", "rel1", "project.delete", "tomcat", "x", NULL);
	expect(policy, &trial, CS_MATCH_GATE, "delete");
	make_action(&trial.doing, "shop", "rel1", "project.delete", "a/b", NULL);
	expect(policy, &trial, CS_MATCH_ARGUMENTS, "must be one word");
	make_trial(&trial, "shop", "project.drop");
	expect(policy, &trial, CS_MATCH_DENY, "No");
	make_trial(&trial, "shop", "project.create");
	expect(policy, &trial, CS_MATCH_NONE, "");
	make_trial(&trial, "shop", "Project.drop");
	expect(policy, &trial, CS_MATCH_NONE, "");
	/* What is neither a path nor a name could be anything. */
	make_trial(&trial, "shop", "project/drop");
	expect(policy, &trial, CS_MATCH_ARGUMENTS, "");
	make_trial(&trial, "shop", "-drop");
	expect(policy, &trial, CS_MATCH_ARGUMENTS, "");
	for (size_t i = 0; i < CS_COUNT(services); i++) {
		make_trial(&trial, services[i], "sh");
		expect(policy, &trial, CS_MATCH_ARGUMENTS, "could not be told which file");
		make_trial(&trial, services[i], "project.delete");
		expect(policy, &trial, CS_MATCH_ARGUMENTS, "could not be told which file");
		make_trial(&trial, services[i], "/bin/sh");
		expect(policy, &trial, CS_MATCH_DENY, "No");
	}
	cs_policy_free(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_condition_never_falls_through),
		cmocka_unit_test(test_policy_condition_next_gate),
		cmocka_unit_test(test_policy_condition_names_the_command),
		cmocka_unit_test(test_policy_freeze_with_exemption),
		cmocka_unit_test(test_policy_exemption_is_of_one_gate),
		cmocka_unit_test(test_policy_exempt_is_as_if_not_there),
		cmocka_unit_test(test_policy_unreadable_peer),
		cmocka_unit_test(test_policy_netgroup),
		cmocka_unit_test(test_policy_a079_netgroup_doubt),
		cmocka_unit_test(test_policy_a079_netgroup_of_a_denial),
		cmocka_unit_test(test_policy_a079_netgroup_of_a_name),
		cmocka_unit_test(test_policy_netgroup_needs),
		cmocka_unit_test(test_policy_action_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
