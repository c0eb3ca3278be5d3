/* SPDX-License-Identifier: Apache-2.0 */
/* Which gate an action meets: services, hosts, paths, arguments, captures, precedence. */
#include "test_policy_world.h"

#define DEPLOY                                                                                                         \
	"gate deploy { service = sudo command = \"/usr/local/sbin/deploy-release %{project} *\" permission = "         \
	"release.deploy "                                                                                              \
	"scope = \"project/%{project}\" approval committee { count = 1 permission = release.approve } }\n"
#define DEPLOY_PATH "/usr/local/sbin/deploy-release"
#define NO_SHELL                                                                                                       \
	"gate no-root-shell { service = sudo command = { \"/bin/sh\", \"/usr/bin/su\" } deny = \"No root shells\" }\n"

static int ask(const struct cs_policy *policy, const struct cs_action *action, struct cs_match *ret_match)
{
	struct cs_circumstances now = {.action = action};

	return cs_policy_match(policy, &now, ret_match);
}

static void match(const struct cs_policy *policy, const struct cs_action *action, enum cs_match_kind kind,
		  const char *gate, const char *scope)
{
	struct cs_match met = {0};

	assert_int_equal(ask(policy, action, &met), 0);
	if (met.kind != kind)
		fail_msg("kind %d instead of %d: %s", met.kind, kind, met.text ? met.text : "");
	assert_string_equal(met.gate ? cs_gate_name(met.gate) : "", gate);
	assert_string_equal(met.scope ? met.scope : "", scope);
	assert_int_equal(met.text != NULL, kind == CS_MATCH_DENY || kind == CS_MATCH_ARGUMENTS);
	cs_match_clear(&met);
}

/* One line a case: arguments of the deploy command, and what comes of them. */
static void test_policy_match_arguments(void **state)
{
	static const struct {
		const char *args[4];
		enum cs_match_kind kind;
		const char *scope;
	} cases[] = {
		{{"tomcat", "10.1"}, CS_MATCH_GATE, "project/tomcat"},
		{{"httpd", "-rf"}, CS_MATCH_GATE, "project/httpd"},
		{{"httpd", ""}, CS_MATCH_GATE, "project/httpd"},
		{{NULL}, CS_MATCH_ARGUMENTS, ""},
		{{"tomcat"}, CS_MATCH_ARGUMENTS, ""},
		{{"tomcat", "10.1", "--force"}, CS_MATCH_ARGUMENTS, ""},
		{{"", "10.1"}, CS_MATCH_ARGUMENTS, ""},
		{{"*", "10.1"}, CS_MATCH_ARGUMENTS, ""},
		{{"..", "10.1"}, CS_MATCH_ARGUMENTS, ""},
		{{"tomcat/x", "10.1"}, CS_MATCH_ARGUMENTS, ""},
		{{"tom cat", "10.1"}, CS_MATCH_ARGUMENTS, ""},
		{{"tomcat\n", "10.1"}, CS_MATCH_ARGUMENTS, ""},
		{{"-tomcat", "10.1"}, CS_MATCH_ARGUMENTS, ""},
		{{"%{project}", "10.1"}, CS_MATCH_ARGUMENTS, ""},
		{{"t\xc3\xb6mcat", "10.1"}, CS_MATCH_ARGUMENTS, ""},
	};
	struct cs_policy *policy = parse(RIGHTS "service sudo { unmatched = permit }\n" DEPLOY);
	struct doing doing;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		make_action(&doing, "sudo", "rel1", DEPLOY_PATH, cases[i].args[0], cases[i].args[1], cases[i].args[2],
			    NULL);
		match(policy, &doing.action, cases[i].kind, cases[i].kind == CS_MATCH_GATE ? "deploy" : "",
		      cases[i].scope);
	}
	cs_policy_free(&policy);
}

/* A scope that does not fit is a denial, never a shorter scope (A013). */
static void test_policy_a013_capture_too_long(void **state)
{
	struct cs_policy *policy = parse(RIGHTS DEPLOY);
	struct doing doing;
	char word[252];

	(void)state;
	memset(word, 'a', sizeof(word) - 1);
	word[251] = '\0';
	make_action(&doing, "sudo", "rel1", DEPLOY_PATH, word, "1", NULL);
	match(policy, &doing.action, CS_MATCH_ARGUMENTS, "", "");
	cs_policy_free(&policy);
}

static void test_policy_match_unmatched(void **state)
{
	struct cs_policy *policy =
		parse(RIGHTS "service sudo { unmatched = permit }\nservice sshd { unmatched = deny }\n" DEPLOY);
	static const struct {
		const char *service;
		bool permits;
	} cases[] = {{"sudo", true}, {"sshd", false}, {"login", false}, {"sud", false}, {"SUDO", false}, {"", false}};
	struct cs_match met;
	struct doing doing;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		make_action(&doing, cases[i].service, "rel1", "/usr/bin/id", NULL);
		assert_int_equal(ask(policy, &doing.action, &met), 0);
		assert_int_equal(met.kind, CS_MATCH_NONE);
		assert_int_equal(met.unmatched_permits, cases[i].permits);
		assert_null(met.gate);
		cs_match_clear(&met);
	}
	cs_policy_free(&policy);
}

/* The zero answer permits nothing. */
static void test_policy_match_says_nothing_of_a_service(void **state)
{
	struct cs_policy *policy = parse("service sshd { unmatched = permit }\n");
	struct cs_policy_counts counts;
	struct doing doing;

	(void)state;
	make_action(&doing, "sudo", "rel1", "/bin/sh", NULL);
	match(policy, &doing.action, CS_MATCH_NONE, "", "");
	cs_policy_count(policy, &counts);
	assert_int_equal(counts.gates + counts.roles + counts.permissions + counts.assignments + counts.services, 1);
	cs_policy_free(&policy);
}

static void test_policy_match_deny_wins_wherever_it_stands(void **state)
{
	static const char shell[] = "gate shell { service = sudo command = \"/bin/sh\" permission = host.login }\n";
	static const char all[] = "gate all { service = sudo permission = host.login }\n";
	char text[4096];
	struct doing doing;

	(void)state;
	make_action(&doing, "sudo", "rel1", "/bin/sh", "-c", "id", NULL);
	for (int order = 0; order < 4; order++) {
		snprintf(text, sizeof(text), "%s%s%s", RIGHTS, order & 1 ? shell : NO_SHELL,
			 order & 1 ? NO_SHELL : (order & 2 ? all : shell));
		struct cs_policy *policy = parse(text);

		match(policy, &doing.action, CS_MATCH_DENY, "no-root-shell", "");
		cs_policy_free(&policy);
	}
}

/* Captures of a deny gate need not be words to be denied. */
static void test_policy_match_deny_takes_any_capture(void **state)
{
	struct cs_policy *policy =
		parse(RIGHTS "gate no { service = sudo command = \"/sbin/x %{what}\" deny = \"No\" }\n"
			     "gate all { service = sudo permission = host.login }\n");
	struct doing doing;

	(void)state;
	make_action(&doing, "sudo", "rel1", "/sbin/x", "a/b", NULL);
	match(policy, &doing.action, CS_MATCH_DENY, "no", "");
	cs_policy_free(&policy);
}

static void test_policy_match_first_of_file(void **state)
{
	struct cs_policy *policy = parse(RIGHTS DEPLOY "gate any-deploy { service = sudo command = \"" DEPLOY_PATH
						       "\" permission = host.login scope = \"host/%{host}\" }\n"
						       "gate all { service = sudo permission = host.login }\n");
	struct doing doing;

	(void)state;
	make_action(&doing, "sudo", "rel1", DEPLOY_PATH, "tomcat", "10.1", NULL);
	match(policy, &doing.action, CS_MATCH_GATE, "deploy", "project/tomcat");
	make_action(&doing, "sudo", "rel1", DEPLOY_PATH, "--list", NULL);
	match(policy, &doing.action, CS_MATCH_GATE, "any-deploy", "host/rel1");
	make_action(&doing, "sudo", "rel1", "/usr/bin/id", NULL);
	match(policy, &doing.action, CS_MATCH_GATE, "all", "*");
	/* A value that is no word does not choose another gate. */
	make_action(&doing, "sudo", "rel1", DEPLOY_PATH, "a/b", "10.1", NULL);
	match(policy, &doing.action, CS_MATCH_ARGUMENTS, "", "");
	cs_policy_free(&policy);
}

static void test_policy_match_words(void **state)
{
	static const struct {
		const char *words;
		const char *args[4];
		bool meets;
	} cases[] = {
		{"", {NULL}, true},
		{"", {"a", "b"}, true},
		{" restart nginx", {"restart", "nginx"}, true},
		{" restart nginx", {"restart", "nginx", "x"}, false},
		{" restart nginx", {"restart", "nginxx"}, false},
		{" restart nginx", {"restart", "Nginx"}, false},
		{" restart nginx", {"restart nginx"}, false},
		{" restart", {NULL}, false},
		{"\trestart  *", {"restart", "a b"}, true},
		{" *", {NULL}, false},
		{" *", {""}, true},
		{" *", {"a", "b"}, false},
		{" **", {NULL}, true},
		{" a **", {"a"}, true},
		{" a **", {"a", "b", "c"}, true},
		{" a **", {"b"}, false},
		{" a * **", {"a"}, false},
		{" a?[b]", {"a?[b]"}, true},
		{" a?[b]", {"axb"}, false},
	};
	char text[4096];
	struct doing doing;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		snprintf(text, sizeof(text),
			 "%sgate g { service = sudo command = \"/sbin/x%s\" permission = host.login }\n", RIGHTS,
			 cases[i].words);
		struct cs_policy *policy = parse(text);

		make_action(&doing, "sudo", "rel1", "/sbin/x", cases[i].args[0], cases[i].args[1], cases[i].args[2],
			    NULL);
		match(policy, &doing.action, cases[i].meets ? CS_MATCH_GATE : CS_MATCH_ARGUMENTS,
		      cases[i].meets ? "g" : "", cases[i].meets ? "*" : "");
		cs_policy_free(&policy);
	}
}

/* What a path resolves to counts on both sides. */
static void test_policy_match_resolved(void **state)
{
	struct cs_policy *policy = parse(RIGHTS "service sudo { unmatched = permit }\n" NO_SHELL);
	struct doing doing;
	char dash[] = "/usr/bin/dash", other[] = "/usr/bin/id";

	(void)state;
	assert_int_equal(cs_policy_paths(policy), 2);
	assert_string_equal(cs_policy_path(policy, 0), "/bin/sh");
	assert_null(cs_policy_path(policy, 2));
	make_action(&doing, "sudo", "rel1", "/usr/bin/dash", NULL);
	match(policy, &doing.action, CS_MATCH_NONE, "", "");
	assert_int_equal(cs_policy_resolved(policy, 0, "/usr/bin/dash"), 0);
	match(policy, &doing.action, CS_MATCH_DENY, "no-root-shell", "");
	make_action(&doing, "sudo", "rel1", "/home/alice/sh", NULL);
	doing.action.resolved = dash;
	match(policy, &doing.action, CS_MATCH_DENY, "no-root-shell", "");
	make_action(&doing, "sudo", "rel1", "/bin/sh", NULL);
	doing.action.resolved = other;
	match(policy, &doing.action, CS_MATCH_DENY, "no-root-shell", "");
	assert_int_equal(cs_policy_resolved(policy, 2, "/usr/bin/dash"), CS_EINVAL);
	assert_int_equal(cs_policy_resolved(policy, 0, "dash"), CS_EINVAL);
	cs_policy_free(&policy);
}

/* A spelling that nobody resolved is not taken for another file. */
static void test_policy_match_doubtful_path(void **state)
{
	static const char *const paths[] = {"/bin//sh", "/usr/../bin/sh", "/bin/./sh", "/bin/sh/", "sh"};
	struct cs_policy *policy = parse(RIGHTS "service sudo { unmatched = permit }\n" NO_SHELL);
	struct doing doing;
	char other[] = "/usr/bin/id";

	(void)state;
	for (size_t i = 0; i < CS_COUNT(paths); i++) {
		make_action(&doing, "sudo", "rel1", paths[i], NULL);
		match(policy, &doing.action, CS_MATCH_ARGUMENTS, "", "");
		doing.action.resolved = other;
		match(policy, &doing.action, CS_MATCH_NONE, "", "");
	}
	cs_policy_free(&policy);
}

static void test_policy_match_hosts(void **state)
{
	static const struct {
		const char *host;
		bool meets;
	} cases[] = {{"rel1", true}, {"REL1", true}, {"rel", true}, {"prerel1", false},
		     {"db", true},   {"db2", false}, {"", true}};
	struct cs_policy *policy = parse(RIGHTS "service sshd { unmatched = permit }\n"
						"gate login { service = sshd host = { \"Rel*\", db } permission = "
						"host.login approval peer { count = 1 role = infra } }\n");
	struct doing doing;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		make_action(&doing, "sshd", cases[i].host, "", NULL);
		match(policy, &doing.action, cases[i].meets ? CS_MATCH_GATE : CS_MATCH_NONE,
		      cases[i].meets ? "login" : "", cases[i].meets ? "*" : "");
	}
	cs_policy_free(&policy);
}

/* %{host} needs a host that is a word. */
static void test_policy_match_host_capture(void **state)
{
	struct cs_policy *policy = parse(
		RIGHTS "gate login { service = { sshd, login } permission = host.login scope = \"host/%{host}\" }\n");
	struct doing doing;

	(void)state;
	make_action(&doing, "login", "rel1.example.org", "", NULL);
	match(policy, &doing.action, CS_MATCH_GATE, "login", "host/rel1.example.org");
	make_action(&doing, "sshd", "rel1/x", "", NULL);
	match(policy, &doing.action, CS_MATCH_ARGUMENTS, "", "");
	make_action(&doing, "sshd", "", "", NULL);
	match(policy, &doing.action, CS_MATCH_ARGUMENTS, "", "");
	doing.action.host = NULL;
	match(policy, &doing.action, CS_MATCH_ARGUMENTS, "", "");
	cs_policy_free(&policy);
}

/* The path of another service or host is no business of this one. */
static void test_policy_match_path_is_per_service(void **state)
{
	struct cs_policy *policy =
		parse(RIGHTS "service sudoedit { unmatched = permit }\nservice sudo { unmatched = permit }\n"
			     "gate g { service = sudo host = rel1 command = \"/sbin/x a\" permission = host.login }\n");
	struct doing doing;

	(void)state;
	make_action(&doing, "sudo", "rel1", "/sbin/x", "b", NULL);
	match(policy, &doing.action, CS_MATCH_ARGUMENTS, "", "");
	make_action(&doing, "sudo", "rel2", "/sbin/x", "b", NULL);
	match(policy, &doing.action, CS_MATCH_NONE, "", "");
	make_action(&doing, "sudoedit", "rel1", "/sbin/x", "b", NULL);
	match(policy, &doing.action, CS_MATCH_NONE, "", "");
	cs_policy_free(&policy);
}

/* A captured argument has to be a word also where the scope does not use it. */
static void test_policy_match_unused_capture(void **state)
{
	struct cs_policy *policy =
		parse(RIGHTS "gate g { service = sudo command = \"/sbin/x %{a}\" permission = host.login }\n");
	struct doing doing;

	(void)state;
	make_action(&doing, "sudo", "rel1", "/sbin/x", "word", NULL);
	match(policy, &doing.action, CS_MATCH_GATE, "g", "*");
	make_action(&doing, "sudo", "rel1", "/sbin/x", "a/b", NULL);
	match(policy, &doing.action, CS_MATCH_ARGUMENTS, "", "");
	cs_policy_free(&policy);
}

static void test_policy_match_names_what_the_gate_takes(void **state)
{
	struct cs_policy *policy = parse(RIGHTS DEPLOY);
	struct cs_match met;
	struct doing doing;

	(void)state;
	make_action(&doing, "sudo", "rel1", DEPLOY_PATH, "tomcat", NULL);
	assert_int_equal(ask(policy, &doing.action, &met), 0);
	assert_non_null(strstr(met.text, DEPLOY_PATH " %{project} *"));
	cs_match_clear(&met);
	cs_policy_free(&policy);
}

/* A gate with a class is met by that alone, before the next of the file; where it cannot be told which file a command is, it
 * cannot be told that it has another class either. Kills: the class that is not looked at; doubt that leads past the gate. */
static void test_policy_match_a046_class(void **state)
{
	static const char gates[] = RIGHTS "gate open { service = { sudo, sudoedit } class = { open-ended, edit } permission = host.login }\n"
				    "gate rest { service = sudo permission = host.login }\n";
	struct cs_policy *classes = parse(gates);
	struct cs_match met = {0};
	struct doing doing;

	(void)state;
	make_action(&doing, "sudo", "rel1", "/usr/bin/less", "x", NULL);
	match(classes, &doing.action, CS_MATCH_GATE, "open", "*");
	make_action(&doing, "sudoedit", "rel1", "/usr/bin/id", "x", NULL);
	match(classes, &doing.action, CS_MATCH_GATE, "open", "*");
	make_action(&doing, "sudo", "rel1", "/usr/bin/id", NULL);
	match(classes, &doing.action, CS_MATCH_GATE, "rest", "*");
	cs_policy_free(&classes);
	classes = parse(RIGHTS "service sudo { unmatched = permit }\n"
			"gate open { service = sudo class = open-ended permission = host.login }\n");
	make_action(&doing, "sudo", "rel1", "/usr/bin/../bin/x", NULL);
	doing.action.resolved = NULL;
	assert_int_equal(ask(classes, &doing.action, &met), 0);
	assert_int_equal(met.kind, CS_MATCH_ARGUMENTS);
	cs_match_clear(&met);
	cs_policy_free(&classes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_match_arguments),
		cmocka_unit_test(test_policy_match_a046_class),
		cmocka_unit_test(test_policy_a013_capture_too_long),
		cmocka_unit_test(test_policy_match_unmatched),
		cmocka_unit_test(test_policy_match_says_nothing_of_a_service),
		cmocka_unit_test(test_policy_match_deny_wins_wherever_it_stands),
		cmocka_unit_test(test_policy_match_deny_takes_any_capture),
		cmocka_unit_test(test_policy_match_first_of_file),
		cmocka_unit_test(test_policy_match_words),
		cmocka_unit_test(test_policy_match_resolved),
		cmocka_unit_test(test_policy_match_doubtful_path),
		cmocka_unit_test(test_policy_match_hosts),
		cmocka_unit_test(test_policy_match_host_capture),
		cmocka_unit_test(test_policy_match_path_is_per_service),
		cmocka_unit_test(test_policy_match_unused_capture),
		cmocka_unit_test(test_policy_match_names_what_the_gate_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
