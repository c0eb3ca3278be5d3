/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy file may say, and that everything else refuses the whole file with its line and a reason. */
#include "test_policy_world.h"

#include <errno.h>

static int match(const struct cs_policy *policy, const struct cs_action *action, struct cs_match *ret_match)
{
	struct cs_circumstances now = {.action = action};

	return cs_policy_match(policy, &now, ret_match);
}

/* What a text is refused for: the line counts from the first line after RIGHTS (0: no RIGHTS before it). */
struct refusal {
	const char *text;
	unsigned line;
	const char *says;
};

static void assert_refused(const char *before, unsigned lines, const struct refusal *refusal)
{
	struct cs_problem problem = {0};
	struct cs_policy *policy = NULL;
	char *text = NULL;
	int r;

	assert_int_equal(cs_format(&text, "%s%s", before, refusal->text), 0);
	r = cs_policy_parse(text, "policy.conf", &policy, &problem);
	if (r != CS_ECONF)
		fail_msg("not refused (%d): %s", r, refusal->text);
	assert_null(policy);
	assert_non_null(problem.text);
	if (!strstr(problem.text, refusal->says))
		fail_msg("\"%s\" does not say \"%s\" of: %s", problem.text, refusal->says, refusal->text);
	if (problem.line != lines + refusal->line)
		fail_msg("line %u instead of %u: %s", problem.line, lines + refusal->line, refusal->text);
	assert_string_equal(problem.file, "policy.conf");
	cs_problem_clear(&problem);
	free(text);
}

#define REFUSED(before, lines, cases)                                                                                  \
	for (size_t i = 0; i < CS_COUNT(cases); i++)                                                                   \
	assert_refused((before), (lines), &(cases)[i])

#define GATE   "gate g {\nservice = sudo\npermission = release.deploy\nscope = \"project/x\"\n"
#define RULE   GATE "approval a {\n"
#define DENIES "gate g {\nservice = sudo\ndeny = \"no\"\n"

static void test_policy_refuses_form(void **state)
{
	static const struct refusal cases[] = {
		{GATE "lifetim = 3m\n}\n", 5, "lifetim"},
		{GATE "valid = \"Mon-Fri\"\n}\n", 5, "valid"},
		{"gates g {\n}\n", 1, "gates"},
		{"gate g {\npermission = release.deploy\n}\n", 1, "service"},
		{GATE "}\ngate g {\nservice = sshd\ndeny = \"no\"\n}\n", 6, "g"},
		{GATE "permission = release.stage\n}\n", 5, "permission"},
		{"service sudo {\nunmatched = maybe\n}\n", 2, "unmatched is permit or deny, not \"maybe\""},
		{"service sudo {\n}\n", 1, "unmatched"},
		{"service \"su do\" {\nunmatched = deny\n}\n", 1, "\"su do\""},
		{"permission \"a b\" {\n}\n", 1, "\"a b\""},
		{"permission a {\nlabel = \"\"\n}\n", 2, "empty"},
		{"role \"-x\" {\n}\n", 1, "\"-x\""},
		{"role x {\npermissions = { }\n}\n", 2, "empty"},
		{"role x {\ninherits = { }\n}\n", 2, "empty"},
		{"role x {\npermissions = { host.login, host.login }\n}\n", 2, "stands twice"},
	};

	(void)state;
	REFUSED(RIGHTS, RIGHTS_LINES, cases);
}

static void test_policy_refuses_unknown_names(void **state)
{
	static const struct refusal cases[] = {
		{"role x {\npermissions = { host.login, release.deplyo }\n}\n", 2, "did you mean \"release.deploy\"?"},
		{"role x {\ninherits = inffra\n}\n", 2, "no role is called \"inffra\"; did you mean \"infra\"?"},
		{"role x {\ninherits = something-else\n}\n", 2, "no role is called \"something-else\"; define it"},
		{"assignment x {\nrole = PMC\nscope = \"*\"\ngroup = \"cn=x\"\nlisted = member\n}\n", 2,
		 "no role is called \"PMC\""},
		{"gate g {\nservice = sudo\npermission = release.deploi\n}\n", 3, "did you mean \"release.deploy\"?"},
		{RULE "count = 1\nrole = imfra\n}\n}\n", 7, "did you mean \"infra\"?"},
		{RULE "count = 1\npermission = infra\n}\n}\n", 7, "no permission is called \"infra\""},
	};

	(void)state;
	REFUSED(RIGHTS, RIGHTS_LINES, cases);
}

static void test_policy_refuses_circles(void **state)
{
	static const struct refusal cases[] = {
		{"role a {\ninherits = a\n}\n", 1, "a -> a"},
		{"role x {\ninherits = a\n}\nrole a {\ninherits = b\n}\nrole b {\ninherits = c\n}\nrole c {\ninherits "
		 "= a\n}\n",
		 4, "circle: a -> b -> c -> a"},
	};

	(void)state;
	REFUSED("", 0, cases);
}

/* A diamond is no circle. */
static void test_policy_takes_a_diamond(void **state)
{
	struct cs_policy *policy = parse("permission p { }\nrole a { inherits = { b, c } }\nrole b { inherits = d }\n"
					 "role c { inherits = d }\nrole d { permissions = p }\n"
					 "assignment x { role = a scope = \"*\" group = \"cn=x\" listed = member }\n");
	struct somebody who;

	(void)state;
	make_somebody(&who);
	list_in(&who, 0, "x");
	assert_int_equal(cs_policy_has_right(policy, &who.facts, "p", "*", NULL), 1);
	cs_policy_free(&policy);
}

/* Counts that nobody or everybody meets (A088). */
static void test_policy_a088_count(void **state)
{
	static const struct refusal cases[] = {
		{RULE "count = 0\npermission = release.approve\n}\n}\n", 6, "count is 1 at least and 100 at most"},
		{RULE "count = 101\npermission = release.approve\n}\n}\n", 6, "count is 1 at least"},
		{RULE "permission = release.approve\n}\n}\n", 5, "count"},
		{RULE "count = -1\npermission = release.approve\n}\n}\n", 6, "count"},
		{RULE "count = 1\n}\n}\n", 5, "does not say who"},
		{RULE "count = 1\npermission = release.approve\nrole = pmc\n}\n}\n", 8,
		 "approval a names permission and role; it takes one of permission, role, group and person"},
		{RULE "count = 1\ngroup = \"cn=x\"\nlisted = member\nrole = pmc\n}\n}\n", 7, "names role and group"},
		{RULE "count = 1\nperson = \"cn=x\"\npermission = host.login\n}\n}\n", 7,
		 "names permission and person"},
		{RULE "count = 1\ngroup = \"cn=x\"\n}\n}\n", 5, "a group goes with listed"},
		{RULE "count = 1\ngroup = \"cn=x\"\nlisted = \"mem ber\"\n}\n}\n", 8, "\"mem ber\""},
		{RULE "count = 1\ngroup = infra\nlisted = member\n}\n}\n", 7, "group is a DN"},
		{RULE "count = 1\nrole = pmc\nlisted = member\n}\n}\n", 8, "listed goes with group"},
		{RULE "count = 1\ngroup = \"cn=x\"\nlisted = member\nscope = \"*\"\n}\n}\n", 9,
		 "a scope goes with permission or role"},
		{RULE "count = 1\nperson = \"cn=x\"\nscope = \"*\"\n}\n}\n", 8, "a scope goes with permission or role"},
		{RULE "count = 1\nperson = alice\n}\n}\n", 7, "person"},
		{RULE "count = 1\nperson = { }\n}\n}\n", 7, "empty"},
		{RULE "count = 2\nperson = { \"cn=x\", \"CN=X\" }\n}\n}\n", 7, "twice"},
		{RULE "count = 3\nperson = { \"cn=x\", \"cn=y\" }\n}\n}\n", 6,
		 "approval a asks for 3 people and names 2, so nobody could ever fill it"},
	};
	struct cs_policy *policy = parse(RIGHTS RULE "count = 100\npermission = release.approve\n}\n}\n");

	(void)state;
	assert_int_equal(cs_gate_rule_count(cs_policy_gate(policy, "g"), 0), 100);
	cs_policy_free(&policy);
	REFUSED(RIGHTS, RIGHTS_LINES, cases);
}

/* Rules and gates that nobody could ever fill or pass (A088, threat model rule 8). */
static void test_policy_a088_unreachable(void **state)
{
	static const struct refusal cases[] = {
		{"role x {\npermissions = host.login\n}\n" RULE "count = 1\nrole = x\n}\n}\n", 10,
		 "no assignment gives it"},
		{"permission lone {\n}\n" RULE "count = 1\npermission = lone\n}\n}\n", 9,
		 "no assignment gives a role with it"},
		{"permission lone {\n}\ngate g {\nservice = sudo\npermission = lone\n}\n", 5,
		 "no assignment gives a role with it"},
		{"gate g {\nservice = sudo\npermission = release.deploy\n}\n", 3, "in the scope \"*\", and nobody"},
		{"gate g {\nservice = sudo\npermission = release.deploy\nscope = \"projects/x\"\n}\n", 3,
		 "\"projects/x\""},
		{"gate g {\nservice = sudo\npermission = release.deploy\nscope = project\n}\n", 3, "\"project\""},
		{RULE "count = 1\nrole = pmc\nscope = \"host/x\"\n}\n}\n", 7, "\"host/x\""},
		{"gate g {\nservice = sudo\n}\n", 1, "neither which permission the requester needs nor that it denies"},
	};

	(void)state;
	REFUSED(RIGHTS, RIGHTS_LINES, cases);
}

/* An exemption that would leave nobody to be approved (A088), and the forms of the others. */
static void test_policy_a088_exemptions(void **state)
{
	static const struct refusal cases[] = {
		{GATE "exempt a {\npermission = release.deploy\n}\n}\n", 6,
		 "exemption a would exempt everybody who may ask"},
		{GATE "exempt a {\npermission = release.deploy\nscope = \"project/x\"\n}\n}\n", 6,
		 "would exempt everybody"},
		{GATE "exempt a {\npermission = release.deploy\nscope = \"project/x/docs\"\n}\n}\n", 6,
		 "would exempt everybody"},
		{"gate g {\nservice = sudo\ncommand = \"/x %{a}\"\npermission = release.deploy\nscope = "
		 "\"project/%{a}\"\n"
		 "exempt a {\npermission = release.deploy\nscope = \"project/%{a}\"\n}\n}\n",
		 7, "would exempt everybody"},
		{GATE "exempt a {\ncount = 1\nrole = pmc\n}\n}\n", 6, "count"},
		{GATE "exempt a {\npermission = release.approve\nrole = pmc\n}\n}\n", 7, "names permission and role"},
		{GATE "exempt a {\nrole = pmc\nscope = \"host/%{host}\"\n}\n}\n", 7, "exemption a uses %{host}"},
		{GATE "exempt \"a b\" {\nrole = pmc\n}\n}\n", 5, "the name of this exemption"},
		{GATE "exempt a {\nrole = pmc\n}\nexempt a {\nrole = infra\n}\n}\n", 8, "given twice"},
	};
	static const char *const good[] = {
		GATE "exempt a {\npermission = release.deploy\nscope = \"*\"\n}\n}\n",
		GATE "exempt a {\npermission = release.deploy\nscope = \"project/y\"\n}\n}\n",
		GATE "exempt a {\npermission = release.approve\n}\nexempt b {\nrole = committer\n}\n}\n",
		GATE
		"exempt a {\nperson = { \"cn=x\", \"cn=y\" }\n}\nexempt b {\ngroup = \"cn=x\"\nlisted = owner\n}\n}\n",
		DENIES "exempt a {\npermission = host.login\n}\n}\n",
	};

	(void)state;
	REFUSED(RIGHTS, RIGHTS_LINES, cases);
	for (size_t i = 0; i < CS_COUNT(good); i++) {
		char *text = NULL;

		assert_int_equal(cs_format(&text, "%s%s", RIGHTS, good[i]), 0);
		struct cs_policy *policy = parse(text);

		cs_policy_free(&policy);
		free(text);
	}
}

/* What is read is what is told. */
static void test_policy_new_terms_of_a_gate(void **state)
{
	struct cs_policy *policy =
		parse(RIGHTS "gate g { service = sudo permission = host.login time = { \"Mon-Fri\", \"Sat "
			     "08:00-12:00\" } peer = local "
			     "netgroup = \"cn=h\" use_within = 1h use_after = 15m "
			     "approval group { count = 2 group = \"cn=security, ou=groups,dc=x\" listed = member } "
			     "approval one { count = 1 group = \"cn=lone\" listed = owner } "
			     "approval two { count = 1 person = { \"uid=alice,dc=x\", \"uid=bob,dc=x\" } } "
			     "approval three { count = 2 person = { \"uid=a\", \"uid=b\", \"cn=c\\\\, d,dc=x\" } } }\n"
			     "gate no { service = sudo deny = \"No\" }\n");
	static const char *const labels[] = {"2 × member of cn=security,…", "1 × owner of cn=lone", "1 × alice or bob",
					     "2 × a, b or c\\, d"};
	const struct cs_gate *gate = cs_policy_gate_at(policy, 0), *no = cs_policy_gate_at(policy, 1);

	(void)state;
	assert_int_equal(cs_policy_gates(policy), 2);
	assert_null(cs_policy_gate_at(policy, 2));
	assert_ptr_equal(gate, cs_policy_gate(policy, "g"));
	assert_int_equal(cs_gate_use_after_ms(gate), 15 * 60 * 1000);
	assert_int_equal(cs_gate_use_after_ms(no), 0);
	assert_false(cs_gate_denies(gate));
	assert_true(cs_gate_denies(no));
	assert_string_equal(cs_gate_scope(gate), "*");
	assert_string_equal(cs_gate_scope(no), "*");
	for (size_t i = 0; i < CS_COUNT(labels); i++) {
		char *label = cs_gate_rule_label(policy, gate, i, "*");

		assert_string_equal(label, labels[i]);
		free(label);
	}
	cs_policy_free(&policy);
}

/* Many names are counted, not listed. */
static void test_policy_label_of_many_people(void **state)
{
	char text[4096];
	size_t len = (size_t)snprintf(text, sizeof(text),
				      "%sgate g { service = sudo permission = host.login approval a { "
				      "count = 2 person = { \"uid=p0\"",
				      RIGHTS);
	char *label;

	(void)state;
	for (int i = 1; i < 20; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, ", \"uid=p%d\"", i);
	snprintf(text + len, sizeof(text) - len, " } } }\n");
	struct cs_policy *policy = parse(text);

	label = cs_gate_rule_label(policy, cs_policy_gate(policy, "g"), 0, "*");
	assert_string_equal(label, "2 × p0, p1, p2, p3, p4, p5, p6 or 13 others");
	free(label);
	cs_policy_free(&policy);
}

static void test_policy_refuses_scopes(void **state)
{
	static const struct refusal cases[] = {
		{GATE "command = \"/sbin/x *\"\n}\ngate h {\nservice = sudo\npermission = host.login\nscope = "
		      "\"host/%{x}\"\n}\n",
		 10, "no command that could define it"},
		{"gate h {\nservice = sudo\ncommand = { \"/sbin/x %{a}\", \"/sbin/y %{b}\" }\npermission = host.login\n"
		 "scope = \"host/%{a}\"\n}\n",
		 5, "which the command \"/sbin/y %{b}\" does not define"},
		{"gate h {\nservice = sudo\npermission = host.login\nscope = \"%{host}\"\n}\n", 4, "the first part"},
		{"gate h {\nservice = sudo\npermission = host.login\nscope = \"host/%{host}%{host}\"\n}\n", 4,
		 "one %{name}"},
		{"gate h {\nservice = sudo\npermission = host.login\nscope = \"host/%{ho st}\"\n}\n", 4,
		 "written %{name}"},
		{"gate h {\nservice = sudo\npermission = host.login\nscope = \"host/%{host\"\n}\n", 4,
		 "written %{name}"},
		{"gate h {\nservice = sudo\npermission = host.login\nscope = \"host/%host\"\n}\n", 4, "is not one"},
		{"gate h {\nservice = sudo\npermission = host.login\nscope = \"\"\n}\n", 4, "a part is empty"},
		{"gate h {\nservice = sudo\npermission = host.login\nscope = \"/host\"\n}\n", 4, "a part is empty"},
		{"gate h {\nservice = sudo\npermission = host.login\nscope = \"host/\"\n}\n", 4, "a part is empty"},
		{"gate h {\nservice = sudo\npermission = host.login\nscope = \"host//x\"\n}\n", 4, "a part is empty"},
		{"gate h {\nservice = sudo\npermission = host.login\nscope = \"host/*\"\n}\n", 4, "is not one"},
		{"gate h {\nservice = sudo\npermission = host.login\nscope = \"host/..\"\n}\n", 4, "is not one"},
		{"gate h {\nservice = sudo\npermission = host.login\nscope = \"host/-%{host}\"\n}\n", 4, "is not one"},
		{RULE "count = 1\nrole = infra\nscope = \"host/%{host}\"\n}\n}\n", 8,
		 "which the gate's scope \"project/x\" does not use"},
		{"assignment x {\nrole = pmc\nscope = \"project/%{my_cn}\"\nbelow = \"ou=x\"\nlisted = member\n}\n", 3,
		 "attribute"},
		{"assignment x {\nrole = pmc\nscope = \"%{cn}\"\nbelow = \"ou=x\"\nlisted = member\n}\n", 3,
		 "the first part"},
	};

	(void)state;
	REFUSED(RIGHTS, RIGHTS_LINES, cases);
}

#define COMMAND(c)                                                                                                     \
	{                                                                                                              \
		GATE "command = \"" c "\"\n}\n", 5, "command"                                                          \
	}

static void test_policy_refuses_commands(void **state)
{
	static const struct refusal cases[] = {
		COMMAND(""),
		COMMAND(" /sbin/x"),
		COMMAND("sbin/x"),
		COMMAND("deploy"),
		COMMAND("-x"),
		COMMAND("de*"),
		{"gate h {\nservice = { shop, sudo-i }\npermission = host.login\ncommand = project.delete\n}\n", 4,
		 "for sudo-i it begins with an absolute path"},
		{"gate h {\nservice = shop\npermission = host.login\ncommand = \"project/delete\"\n}\n", 4,
		 "or with the name of an action"},
		COMMAND("/"),
		COMMAND("/sbin//x"),
		COMMAND("/sbin/../x"),
		COMMAND("/sbin/./x"),
		COMMAND("/sbin/x/"),
		COMMAND("/sbin/.."),
		COMMAND("/sbin/*"),
		COMMAND("/sbin/%{x}"),
		{GATE "command = \"/sbin/x tom*\"\n}\n", 5, "write one word per argument"},
		{GATE "command = \"/sbin/x a%{b}\"\n}\n", 5, "write one word per argument"},
		{GATE "command = \"/sbin/x %{b}c\"\n}\n", 5, "write one word per argument"},
		{GATE "command = \"/sbin/x %{b\"\n}\n", 5, "write one word per argument"},
		{GATE "command = \"/sbin/x %{}\"\n}\n", 5, "write one word per argument"},
		{GATE "command = \"/sbin/x %{a}%{b}\"\n}\n", 5, "write one word per argument"},
		{GATE "command = \"/sbin/x ***\"\n}\n", 5, "write one word per argument"},
		{GATE "command = \"/sbin/x ** y\"\n}\n", 5, "only be the last word"},
		{GATE "command = \"/sbin/x %{a} %{a}\"\n}\n", 5, "one name captures two arguments"},
		{GATE "command = \"/sbin/x %{host}\"\n}\n", 5, "%{host} is the host's name"},
		{GATE "command = \"/sbin/x 'a b'\"\n}\n", 5, "quotes and backslashes"},
		{GATE "command = { }\n}\n", 5, "empty"},
		{GATE "command = { \"/sbin/x\", \"/sbin/x\" }\n}\n", 5, "stands twice"},
	};

	(void)state;
	REFUSED(RIGHTS, RIGHTS_LINES, cases);
}

static void test_policy_refuses_gate_values(void **state)
{
	static const struct refusal cases[] = {
		{GATE "lifetime = 9s\n}\n", 5, "lifetime is 10 s at least and 168 h at most"},
		{GATE "lifetime = 8d\n}\n", 5, "lifetime is 10 s"},
		{GATE "lifetime = 10\n}\n", 5, "lifetime"},
		{GATE "use_within = 4s\n}\n", 5, "use_within is 5 s at least and 24 h at most"},
		{GATE "use_within = 25h\n}\n", 5, "use_within is 5 s"},
		{GATE "people = all\n}\n", 5, "people is shared or distinct"},
		{GATE "reason = yes\n}\n", 5, "reason is required or optional"},
		{GATE "use_after = 5s\n}\n", 5, "gate g asks for none"},
		{RULE "count = 1\nrole = pmc\n}\nuse_after = 10m\n}\n", 9, "shorter than use_within"},
		{RULE "count = 1\nrole = pmc\n}\nuse_within = 1m\nuse_after = 1m\n}\n", 10, "shorter than use_within"},
		{RULE "count = 1\nrole = pmc\n}\nuse_after = 0s\n}\n", 9, "use_after"},
		{GATE "netgroup = { }\n}\n", 5, "empty"},
		{GATE "netgroup = hosts\n}\n", 5, "netgroup is a DN such as"},
		{GATE "netgroup = { \"cn=a\", \"cn=a\" }\n}\n", 5, "stands twice"},
		{GATE "peer = { }\n}\n", 5, "empty"},
		{GATE "peer = \"192.0.2.1/24\"\n}\n", 5, "the range \"192.0.2.1/24\" is refused: the address has bits"},
		{GATE "peer = { local, local }\n}\n", 5, "stands twice"},
		{GATE "peer = bastion\n}\n", 5, "no address"},
		{GATE "time = { }\n}\n", 5, "empty"},
		{GATE "time = \"08:00-08:00\"\n}\n", 5,
		 "the window \"08:00-08:00\" is refused: it ends when it begins"},
		{GATE "time = { \"Mon\", \"2026-02-30T00:00Z/2026-03-01T00:00Z\" }\n}\n", 5, "has to exist"},
		{GATE "exposed_file = true\n}\n", 5, "exposed_file is permit or deny"},
		{GATE "exposed_input = no\n}\n", 5, "exposed_input is deny or permit"},
		{GATE "mode = watch\n}\n", 5, "mode is monitor or enforce"},
		{"gate g {\nservice = { sudo, countersign }\npermission = host.login\nmode = monitor\n}\n", 4,
		 "anybody could change the policy"},
		{GATE "class = { }\n}\n", 5, "empty"},
		{GATE "class = plain\n}\n", 5, "class is open-ended or edit, not \"plain\""},
		{GATE "class = shell\n}\n", 5, "class is open-ended or edit"},
		{GATE "artefact = { }\n}\n", 5, "empty"},
		{GATE "artefact = \"%{0}\"\n}\n", 5, "is no artefact"},
		{GATE "artefact = \"%{16384}\"\n}\n", 5, "is no artefact"},
		{GATE "artefact = \"%{1}/x\"\n}\n", 5, "is no artefact"},
		{GATE "artefact = \"x%{1}\"\n}\n", 5, "is no artefact"},
		{GATE "artefact = \"%{project}\"\n}\n", 5, "is no artefact"},
		{GATE "artefact = { \"%{1}\", \"%{1}\" }\n}\n", 5, "stands twice"},
		{GATE "artefact = { \"%{1}\", \"%{2}\", \"%{3}\", \"%{4}\", \"%{5}\", \"%{6}\", \"%{7}\", \"%{8}\", "
		 "\"%{9}\" }\n}\n", 5, "more than 8"},
		{GATE "host = { }\n}\n", 5, "empty"},
		{GATE "host = \"rel[12]\"\n}\n", 5, "no host name"},
		{GATE "host = \"\"\n}\n", 5, "no host name"},
		{"gate g {\nservice = { }\ndeny = \"no\"\n}\n", 2, "empty"},
		{"gate g {\nservice = \"sud*\"\ndeny = \"no\"\n}\n", 2, "patterns are not known here"},
		{"gate g {\nservice = { sudo, \"s d\" }\ndeny = \"no\"\n}\n", 2, "\"s d\" is no name of a service"},
		{"gate \"g/h\" {\nservice = sudo\ndeny = \"no\"\n}\n", 1, "\"g/h\""},
	};

	(void)state;
	REFUSED(RIGHTS, RIGHTS_LINES, cases);
}

static void test_policy_refuses_terms_in_deny_gate(void **state)
{
	static const struct refusal cases[] = {
		{DENIES "permission = host.login\n}\n", 4, "gate g denies, so permission"},
		{DENIES "scope = \"*\"\n}\n", 4, "so scope"},
		{DENIES "people = shared\n}\n", 4, "so people"},
		{DENIES "reason = required\n}\n", 4, "so reason"},
		{DENIES "lifetime = 1m\n}\n", 4, "so lifetime"},
		{DENIES "use_within = 1m\n}\n", 4, "so use_within"},
		{DENIES "use_after = 1s\n}\n", 4, "so use_after"},
		{DENIES "exempt a {\nrole = nobody\n}\n}\n", 5, "no role is called"},
		{DENIES "exempt a {\nrole = infra\nscope = \"host/%{host}\"\n}\n}\n", 6,
		 "gate's scope \"*\" does not use"},
		{DENIES "exempt a {\n}\n}\n", 4, "exemption a does not say who"},
		{DENIES "exposed_file = deny\n}\n", 4, "so exposed_file"},
		{DENIES "exposed_input = deny\n}\n", 4, "so exposed_input"},
		{DENIES "mode = monitor\n}\n", 4, "so mode"},
		{DENIES "artefact = \"%{1}\"\n}\n", 4, "so artefact"},
		{DENIES "approval a {\ncount = 1\nrole = infra\n}\n}\n", 4, "so an approval"},
		{"gate g {\nservice = sudo\ndeny = \"\"\n}\n", 3, "deny is empty"},
	};

	(void)state;
	REFUSED(RIGHTS, RIGHTS_LINES, cases);
}

#define ASSIGN(rest) "assignment x {\nrole = pmc\nscope = \"project/%{cn}\"\n" rest "}\n"

static void test_policy_refuses_assignments(void **state)
{
	static const struct refusal cases[] = {
		{ASSIGN("listed = member\n"), 1, "either one group"},
		{ASSIGN("listed = member\ngroup = \"cn=a\"\nbelow = \"ou=b\"\n"), 6, "not both"},
		{ASSIGN("below = \"ou=b\"\n"), 1, "listed"},
		{ASSIGN("listed = \"mem ber\"\nbelow = \"ou=b\"\n"), 4, "\"mem ber\""},
		{ASSIGN("listed = \"1member\"\nbelow = \"ou=b\"\n"), 4, "\"1member\""},
		{ASSIGN("listed = \"\"\nbelow = \"ou=b\"\n"), 4, "\"\""},
		{ASSIGN("listed = member\nbelow = \"\"\n"), 5, "is a DN"},
		{ASSIGN("listed = member\nbelow = \"infra\"\n"), 5, "is a DN"},
		{ASSIGN("listed = member\nbelow = \"cn=infra,groups\"\n"), 5, "is a DN"},
		{ASSIGN("listed = member\nbelow = \"=infra\"\n"), 5, "is a DN"},
		{ASSIGN("listed = member\nbelow = \"cn=\"\n"), 5, "is a DN"},
		{ASSIGN("listed = member\nbelow = \"cn=a,\"\n"), 5, "is a DN"},
		{ASSIGN("listed = owner\nbelow = \"" PROJECTS "\"\n"), 1, "says the same as assignment project-owners"},
		{ASSIGN("listed = OWNER\nbelow = \"OU=project,ou=groups,dc=example,dc=ORG\"\n"), 1, "says the same"},
	};
	static const char *const good[] = {"cn=a", "cn=a+sn=b,dc=c", "CN=Doe\\\\, Jane, dc=x", "2.5.4.3=x,dc=y",
					   "cn = x , dc=y"};
	char text[2048];

	(void)state;
	REFUSED(RIGHTS, RIGHTS_LINES, cases);
	for (size_t i = 0; i < CS_COUNT(good); i++) {
		snprintf(text, sizeof(text),
			 "permission p { }\nrole a { }\nassignment x { role = a scope = \"*\" listed = member group = "
			 "\"%s\" }\n",
			 good[i]);
		struct cs_policy *policy = parse(text);

		cs_policy_free(&policy);
	}
}

/* Appends n times a line in which %zu is the number. */
static char *repeat(const char *before, const char *head, const char *tail, size_t n)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	fputs(before, out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%zu%s\n", head, i, tail);
	fclose(out);
	return text;
}

static void test_policy_refuses_too_many(void **state)
{
	static const struct {
		const char *before, *head, *tail, *end;
		size_t most;
		const char *says;
	} cases[] = {
		{GATE, "approval r", " { count = 1 permission = release.approve }", "}\n", CS_MAX_RULES,
		 "more than 32 approvals"},
		{GATE, "exempt r", " { role = pmc }", "}\n", CS_MAX_RULES, "more than 32 exemptions"},
		{"role q0 { }\n", "role r", " { }", "", 1024 - 5, "more than 1024 roles"},
		{"permission q0 { }\n", "permission p", " { }", "", 16384 - 5, "more than 16384 of permission"},
		{"", "gate g", " { service = s deny = \"no\" }", "", 16384, "more than 16384 of gate"},
		{"gate g { service = s deny = \"no\" peer = {\n", "\"10.0.0.", "\",", "} }\n", 16,
		 "peer has more than 16 values"},
		{"gate g { service = s deny = \"no\" netgroup = {\n", "\"cn=", "\",", "} }\n", 16,
		 "netgroup has more than 16 values"},
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		for (size_t more = 0; more < 2; more++) {
			char *body = repeat(cases[i].before, cases[i].head, cases[i].tail, cases[i].most + more),
			     *text = NULL;
			struct cs_problem problem = {0};
			struct cs_policy *policy = NULL;

			assert_int_equal(cs_format(&text, "%s%s%s", RIGHTS, body, cases[i].end), 0);
			int r = cs_policy_parse(text, "policy.conf", &policy, &problem);

			assert_int_equal(r, more ? CS_ECONF : 0);
			if (more)
				assert_non_null(strstr(problem.text, cases[i].says));
			cs_policy_free(&policy);
			cs_problem_clear(&problem);
			free(body);
			free(text);
		}
	}
}

/* A file that was cut to nothing is not a policy that denies everything: the old one is kept. */
static void test_policy_refuses_nothing(void **state)
{
	static const char *const nothing[] = {"", "\n", "# all of it is a comment\n"};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(nothing); i++) {
		struct cs_problem problem = {0};
		struct cs_policy *policy = NULL;

		assert_int_equal(cs_policy_parse(nothing[i], "policy.conf", &policy, &problem), CS_ECONF);
		assert_non_null(strstr(problem.text, "says nothing"));
		cs_problem_clear(&problem);
	}
}

/* Every group that is asked for singly is one question; there is a bound. */
static void test_policy_refuses_too_many_queries(void **state)
{
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct cs_problem problem = {0};
		struct cs_policy *policy = NULL;
		char *text = NULL;
		size_t len = 0, n = 0;
		FILE *out = open_memstream(&text, &len);

		fputs("permission p { } role r { }\n", out);
		for (size_t i = 0; i < CS_MAX_QUERIES + more; i++)
			fprintf(out, "assignment a%zu { role = r scope = \"*\" listed = member group = \"cn=%zu\" }\n",
				i, i);
		fclose(out);
		assert_int_equal(cs_policy_parse(text, "policy.conf", &policy, &problem), more ? CS_ECONF : 0);
		if (more) {
			assert_non_null(strstr(problem.text, "more than 256 questions"));
			assert_int_equal(problem.line, CS_MAX_QUERIES + 2);
		} else {
			cs_policy_queries(policy, &n);
			assert_int_equal(n, CS_MAX_QUERIES);
		}
		cs_policy_free(&policy);
		cs_problem_clear(&problem);
		free(text);
	}
}

/* Netgroups of the whole policy: each is a question about every action of its service. */
static void test_policy_refuses_too_many_netgroups(void **state)
{
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct cs_problem problem = {0};
		struct cs_policy *policy = NULL;
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		for (size_t i = 0; i < 128 + more; i++)
			fprintf(out,
				"gate g%zu { service = s deny = \"no\" netgroup = { \"cn=n%zu\", \"CN=N%zu\", "
				"\"Cn=n0\" } }\n",
				i, i, i / 2 + 1);
		fclose(out);
		assert_int_equal(cs_policy_parse(text, "policy.conf", &policy, &problem), more ? CS_ECONF : 0);
		if (more)
			assert_string_equal(problem.text, "more than 128 netgroups");
		cs_policy_free(&policy);
		cs_problem_clear(&problem);
		free(text);
	}
}

/* As much as may be sent; one byte more is refused before it is read. */
static void test_policy_size(void **state)
{
	static const char head[] = "service sudo { unmatched = deny }\n#";
	size_t size = CS_POLICY_TEXT_MAX;
	char *text = malloc(size + 2);
	struct cs_problem problem = {0};
	struct cs_policy *policy = NULL;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size + 1);
	for (size_t i = 0; i + 100 < size; i += 100)
		memcpy(text + i, "\n#", 2);
	memcpy(text, head, strlen(head));
	text[size] = '\0';
	policy = parse(text);
	cs_policy_free(&policy);
	text[size] = 'x';
	text[size + 1] = '\0';
	assert_int_equal(cs_policy_parse(text, "policy.conf", &policy, &problem), CS_ECONF);
	assert_non_null(strstr(problem.text, "longer than 16 MiB"));
	cs_problem_clear(&problem);
	free(text);
}

static char *read_whole(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t cap = 0;

	if (!in)
		fail_msg("%s: %s", path, strerror(errno));
	if (getdelim(&text, &cap, '\0', in) < 0)
		fail_msg("%s cannot be read", path);
	fclose(in);
	return text;
}

/* Takes "#" off the lines of the default that are meant to be uncommented ("#gate …", not "# prose"). */
static void uncomment(char *text)
{
	for (char *at = text; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		if (at[0] == '#' && at[1] != ' ' && at[1] != '\n' && at[1] != '\0')
			at[0] = ' ';
	}
}

/* The file that is installed permits nothing, and what it offers in comments is right. */
static void test_policy_default_fails_closed(void **state)
{
	static const char *const services[] = {"sudo", "sudo-i", "sudoedit", "sshd", "login", "su"};
	char *text = read_whole(CS_SOURCE_DIR "/etc/policy.conf");
	struct cs_policy *policy = parse(text);
	struct cs_policy_counts counts;
	struct cs_match met;
	struct doing doing;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(services); i++) {
		make_action(&doing, services[i], "h", "/bin/sh", NULL);
		assert_int_equal(match(policy, &doing.action, &met), 0);
		assert_int_equal(met.kind, CS_MATCH_NONE);
		assert_false(met.unmatched_permits);
		cs_match_clear(&met);
	}
	cs_policy_free(&policy);
	uncomment(text);
	policy = parse(text);
	cs_policy_count(policy, &counts);
	assert_true(counts.gates >= 2 && counts.services >= 2 && counts.assignments >= 1);
	cs_policy_free(&policy);
	free(text);
}

static void test_policy_example_release_deployment(void **state)
{
	char *text = read_whole(CS_SOURCE_DIR "/etc/examples/release-deployment/policy.conf");
	struct cs_policy *policy = parse(text);
	struct cs_match met;
	struct doing doing;

	(void)state;
	make_action(&doing, "sudo", "rel1", "/usr/local/sbin/deploy-release", "tomcat", "10.1", NULL);
	assert_int_equal(match(policy, &doing.action, &met), 0);
	assert_int_equal(met.kind, CS_MATCH_GATE);
	assert_string_equal(met.scope, "project/tomcat");
	assert_int_equal(cs_gate_rules(met.gate), 2);
	assert_true(cs_gate_needs_reason(met.gate));
	cs_match_clear(&met);
	make_action(&doing, "sshd", "rel1", "", NULL);
	assert_int_equal(match(policy, &doing.action, &met), 0);
	assert_int_equal(met.kind, CS_MATCH_GATE);
	cs_match_clear(&met);
	make_action(&doing, "sudo", "rel1", "/bin/bash", NULL);
	assert_int_equal(match(policy, &doing.action, &met), 0);
	assert_int_equal(met.kind, CS_MATCH_DENY);
	cs_match_clear(&met);
	cs_policy_free(&policy);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_refuses_form),
		cmocka_unit_test(test_policy_refuses_unknown_names),
		cmocka_unit_test(test_policy_refuses_circles),
		cmocka_unit_test(test_policy_takes_a_diamond),
		cmocka_unit_test(test_policy_a088_count),
		cmocka_unit_test(test_policy_a088_unreachable),
		cmocka_unit_test(test_policy_a088_exemptions),
		cmocka_unit_test(test_policy_new_terms_of_a_gate),
		cmocka_unit_test(test_policy_label_of_many_people),
		cmocka_unit_test(test_policy_refuses_scopes),
		cmocka_unit_test(test_policy_refuses_commands),
		cmocka_unit_test(test_policy_refuses_gate_values),
		cmocka_unit_test(test_policy_refuses_terms_in_deny_gate),
		cmocka_unit_test(test_policy_refuses_assignments),
		cmocka_unit_test(test_policy_refuses_too_many),
		cmocka_unit_test(test_policy_refuses_too_many_queries),
		cmocka_unit_test(test_policy_refuses_too_many_netgroups),
		cmocka_unit_test(test_policy_size),
		cmocka_unit_test(test_policy_refuses_nothing),
		cmocka_unit_test(test_policy_default_fails_closed),
		cmocka_unit_test(test_policy_example_release_deployment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
