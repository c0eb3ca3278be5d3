/* SPDX-License-Identifier: Apache-2.0 */
/* Gates that only monitor: they come behind all others, and open nothing that another gate, or the service, keeps shut. */
#include "test_policy_world.h"

#define WATCH "gate watch { service = sudo mode = monitor permission = host.login "
#define FREE  "service sudo { unmatched = permit }\n"
#define SHUT  "service sudo { unmatched = deny }\n"
#define HOSTS "cn=release-hosts,ou=netgroup,dc=example,dc=org"

/* What comes of `sudo COMMAND ARGUMENT` on rel1 at noon of a Monday, with a netgroup of which this much is known. */
struct asked {
	const char *gates;
	const char *command, *argument;
	bool told;
	enum cs_known known; /* told: of the netgroup, which holds rel1 */
	enum cs_match_kind kind;
	bool monitored;
	const char *gate; /* NULL: none is named */
};

static void match_one(const struct asked *asked)
{
	struct cs_policy *policy = parse(asked->gates);
	struct doing doing;
	struct cs_circumstances now = {.action = &doing.action};
	char host[] = "rel1", *hosts[] = {host};
	struct cs_listing listing = {.known = asked->known, .dns = hosts, .n_dns = 1};
	struct cs_facts person = {.known = CS_KNOWN_YES};
	struct cs_match met = {0};
	const char *gate;

	make_action(&doing, "sudo", "rel1", asked->command, asked->argument, NULL);
	assert_int_equal(cs_moment_parse("2026-11-16T12:00Z", &now.wall_ms), 0);
	if (asked->told) {
		now.listings = &listing;
		now.n_listings = 1;
		now.person = &person;
	}
	assert_int_equal(cs_policy_match(policy, &now, &met), 0);
	gate = met.gate ? cs_gate_name(met.gate) : "none";
	if (met.kind != asked->kind || met.monitored != asked->monitored || strcmp(gate, asked->gate ? asked->gate : "none") != 0)
		fail_msg("%s: kind %d monitored %d gate %s instead of %d %d %s", asked->gates, met.kind, met.monitored, gate,
			 asked->kind, asked->monitored, asked->gate ? asked->gate : "none");
	cs_match_clear(&met);
	cs_policy_free(&policy);
}

static void match_all(const struct asked *asked, size_t n)
{
	for (size_t i = 0; i < n; i++)
		match_one(&asked[i]);
}

#define STRICT "gate strict { service = sudo command = \"/bin/x\" permission = host.login }\n"

/* Wherever it stands. Kills: gates in the order of the file alone; conditions or arguments of a gate that enforces which no
 * longer deny because one that monitors takes the action. */
static void test_policy_monitor_opens_no_other_gate(void **state)
{
	static const struct asked asked[] = {
		{RIGHTS FREE WATCH "}\n" STRICT, "/bin/x", "a", false, 0, CS_MATCH_GATE, false, "strict"},
		{RIGHTS FREE STRICT WATCH "}\n", "/bin/x", "a", false, 0, CS_MATCH_GATE, false, "strict"},
		{RIGHTS FREE WATCH "}\n" STRICT, "/bin/y", "a", false, 0, CS_MATCH_GATE, true, "watch"},
		{RIGHTS FREE WATCH "}\n gate no { service = sudo deny = \"No\" }\n", "/bin/x", "a", false, 0,
		 CS_MATCH_DENY, false, "no"},
		{RIGHTS FREE WATCH "}\n gate night { service = sudo permission = host.login time = \"20:00-22:00\" }\n",
		 "/bin/x", "a", false, 0, CS_MATCH_CONDITION, false, NULL},
		{RIGHTS FREE WATCH "}\n gate one { service = sudo permission = host.login command = \"/bin/x b\" }\n",
		 "/bin/x", "a", false, 0, CS_MATCH_ARGUMENTS, false, NULL},
	};

	(void)state;
	match_all(asked, CS_COUNT(asked));
}

/* Kills: a deny gate that names the command and denies what it does not mean. */
static void test_policy_monitor_beside_a_denial_of_other_arguments(void **state)
{
	static const struct asked asked[] = {
		{RIGHTS FREE WATCH "}\n gate no { service = sudo command = \"/bin/x --force\" deny = \"No\" }\n", "/bin/x",
		 "a", false, 0, CS_MATCH_GATE, true, "watch"},
		{RIGHTS FREE WATCH "}\n gate no { service = sudo command = \"/bin/x --force\" deny = \"No\" }\n", "/bin/x",
		 "--force", false, 0, CS_MATCH_DENY, false, "no"},
		/* The gate that monitors does not take it either: then it is denied, as without it. */
		{RIGHTS FREE WATCH "command = \"/bin/x b\" }\n"
				   "gate no { service = sudo command = \"/bin/x --force\" deny = \"No\" }\n",
		 "/bin/x", "a", false, 0, CS_MATCH_ARGUMENTS, false, NULL},
	};

	(void)state;
	match_all(asked, CS_COUNT(asked));
}

/* Outside its conditions and with other arguments it would deny. What the service denies when no gate names it stays denied.
 * Kills: cs_match.monitored for whatever a gate that monitors has a word in. */
static void test_policy_monitor_what_it_would_deny(void **state)
{
	static const struct asked asked[] = {
		{RIGHTS FREE WATCH "time = \"20:00-22:00\" }\n", "/bin/x", "a", false, 0, CS_MATCH_CONDITION, true, "watch"},
		{RIGHTS SHUT WATCH "time = \"20:00-22:00\" }\n", "/bin/x", "a", false, 0, CS_MATCH_CONDITION, true, "watch"},
		{RIGHTS FREE WATCH "command = \"/bin/x b\" }\n", "/bin/x", "a", false, 0, CS_MATCH_ARGUMENTS, true, "watch"},
		{RIGHTS SHUT WATCH "command = \"/bin/x b\" }\n", "/bin/x", "a", false, 0, CS_MATCH_ARGUMENTS, false, NULL},
		{RIGHTS FREE WATCH "command = \"/bin/x %{n}\" scope = \"host/%{n}\" }\n", "/bin/x", "a b", false, 0,
		 CS_MATCH_ARGUMENTS, true, "watch"},
		{RIGHTS SHUT WATCH "command = \"/bin/x %{n}\" scope = \"host/%{n}\" }\n", "/bin/x", "a b", false, 0,
		 CS_MATCH_ARGUMENTS, true, "watch"},
		{RIGHTS FREE WATCH "command = \"/bin/x b\" }\n", "/bin/y", "a", false, 0, CS_MATCH_NONE, false, NULL},
		{RIGHTS SHUT WATCH "command = \"/bin/x b\" }\n", "/bin/y", "a", false, 0, CS_MATCH_NONE, false, NULL},
	};

	(void)state;
	match_all(asked, CS_COUNT(asked));
}

#define STRICT_THERE "gate strict { service = sudo netgroup = \"" HOSTS "\" permission = host.login }\n"

/* Kills: a doubt that leads past a gate that enforces and may be met. */
static void test_policy_monitor_doubt(void **state)
{
	static const struct asked asked[] = {
		/* Perhaps the gate that enforces. */
		{RIGHTS FREE WATCH "}\n" STRICT_THERE, "/bin/x", "a", false, 0, CS_MATCH_ASK, false, NULL},
		{RIGHTS FREE WATCH "}\n" STRICT_THERE, "/bin/x", "a", true, CS_KNOWN_DOUBT, CS_MATCH_DOUBT, false, NULL},
		{RIGHTS FREE WATCH "}\n" STRICT_THERE, "/bin/x", "a", true, CS_KNOWN_YES, CS_MATCH_GATE, false, "strict"},
		/* Perhaps the one that monitors, and otherwise whatever the service says. */
		{RIGHTS FREE WATCH "netgroup = \"" HOSTS "\" }\n", "/bin/x", "a", false, 0, CS_MATCH_ASK, false, NULL},
		{RIGHTS FREE WATCH "netgroup = \"" HOSTS "\" }\n", "/bin/x", "a", true, CS_KNOWN_DOUBT, CS_MATCH_DOUBT, true,
		 "watch"},
		{RIGHTS SHUT WATCH "netgroup = \"" HOSTS "\" }\n", "/bin/x", "a", true, CS_KNOWN_DOUBT, CS_MATCH_DOUBT,
		 false, NULL},
		{RIGHTS SHUT WATCH "netgroup = \"" HOSTS "\" }\n", "/bin/x", "a", true, CS_KNOWN_YES, CS_MATCH_GATE, true,
		 "watch"},
		/* A deny gate names it, and the one that monitors may be for another host. */
		{RIGHTS FREE WATCH "netgroup = \"" HOSTS "\" }\n"
				   "gate no { service = sudo command = \"/bin/x --force\" deny = \"No\" }\n",
		 "/bin/x", "a", false, 0, CS_MATCH_ASK, false, NULL},
		{RIGHTS FREE WATCH "netgroup = \"" HOSTS "\" }\n"
				   "gate no { service = sudo command = \"/bin/x --force\" deny = \"No\" }\n",
		 "/bin/x", "a", true, CS_KNOWN_DOUBT, CS_MATCH_ARGUMENTS, false, NULL},
		{RIGHTS FREE WATCH "netgroup = \"" HOSTS "\" }\n"
				   "gate no { service = sudo command = \"/bin/x --force\" deny = \"No\" }\n",
		 "/bin/x", "a", true, CS_KNOWN_YES, CS_MATCH_GATE, true, "watch"},
	};

	(void)state;
	match_all(asked, CS_COUNT(asked));
}

static void test_policy_monitor_is_counted(void **state)
{
	struct cs_policy *policy = parse(RIGHTS WATCH "}\n" STRICT);
	struct cs_policy_counts counts;

	(void)state;
	cs_policy_count(policy, &counts);
	assert_int_equal(counts.gates, 2);
	assert_int_equal(counts.monitoring, 1);
	assert_true(cs_gate_monitors(cs_policy_gate(policy, "watch")));
	assert_false(cs_gate_monitors(cs_policy_gate(policy, "strict")));
	cs_policy_free(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_monitor_opens_no_other_gate),
		cmocka_unit_test(test_policy_monitor_beside_a_denial_of_other_arguments),
		cmocka_unit_test(test_policy_monitor_what_it_would_deny),
		cmocka_unit_test(test_policy_monitor_doubt),
		cmocka_unit_test(test_policy_monitor_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
