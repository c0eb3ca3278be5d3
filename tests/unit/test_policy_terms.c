/* SPDX-License-Identifier: Apache-2.0 */
/* The terms of a gate beside who may fill its rules: how they are counted and in which order, what it approves by
 * itself, and who may go past it. */
#include "test_policy_world.h"

#define AT(n) (RIGHTS_LINES + (n))
#define HOUR  UINT64_C(3600000)
#define GATE  "gate g {\nservice = sudo\npermission = release.deploy\nscope = \"project/x\"\nlifetime = 2d\n"
#define ONE   "approval one { count = 1 role = pmc }\n"
#define ALICE "uid=alice,ou=people,dc=x"
#define BOB   "uid=bob,ou=people,dc=x"
#define CAROL "uid=carol,ou=people,dc=x"

static struct cs_policy *parse_with_rights(const char *text)
{
	struct cs_policy *policy;
	char *whole = NULL;

	assert_int_equal(cs_format(&whole, "%s%s", RIGHTS, text), 0);
	policy = parse(whole);
	free(whole);
	return policy;
}

static void refused(unsigned line, const char *says, const char *text)
{
	char *whole = NULL;

	assert_int_equal(cs_format(&whole, "%s%s", RIGHTS, text), 0);
	assert_text_refused(whole, AT(line), says);
	free(whole);
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static void test_policy_terms_are_read(void **state)
{
	struct cs_policy *policy = parse_with_rights(
		GATE "objections = 1d self_approval = permit signature = required uses = 3 session = 1h remind = 10m\n"
		     "approval a { count = 2 role = pmc reject = counts }\n"
		     "approval b { count = majority role = committer }\n"
		     "approval c { count = all person = { \"" ALICE "\", \"" BOB "\" } }\n}\n");
	const struct cs_gate *gate = cs_policy_gate(policy, "g");

	(void)state;
	assert_int_equal(cs_gate_objection_ms(gate), 24 * HOUR);
	assert_true(cs_gate_takes_self_approval(gate));
	assert_true(cs_gate_needs_signature(gate));
	assert_int_equal(cs_gate_uses(gate), 3);
	assert_int_equal(cs_gate_session_ms(gate), HOUR);
	assert_int_equal(cs_gate_remind_ms(gate), HOUR / 6);
	assert_int_equal(cs_gate_ahead_ms(gate), 0);
	assert_int_equal(cs_gate_watch(gate), CS_WATCH_NONE);
	assert_int_equal(cs_gate_watch_grace_ms(gate), 0);
	assert_int_equal(cs_gate_rule_quorum(gate, 0), CS_QUORUM_COUNT);
	assert_int_equal(cs_gate_rule_count(gate, 0), 2);
	assert_true(cs_gate_rule_counts_rejects(gate, 0));
	assert_int_equal(cs_gate_rule_quorum(gate, 1), CS_QUORUM_MAJORITY);
	assert_int_equal(cs_gate_rule_count(gate, 1), 1);
	assert_false(cs_gate_rule_counts_rejects(gate, 1));
	assert_int_equal(cs_gate_rule_quorum(gate, 2), CS_QUORUM_ALL);
	cs_policy_free(&policy);
}

static void test_policy_terms_of_watching(void **state)
{
	static const struct {
		const char *says;
		enum cs_watch_rule watch;
		uint64_t grace_ms;
	} cases[] = {
		{"watch = allowed", CS_WATCH_ALLOWED, 0},
		{"watch = required", CS_WATCH_REQUIRED, HOUR / 60},
		{"watch = required watch_grace = 5s", CS_WATCH_REQUIRED, 5000},
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_policy *policy = NULL;
		char *text = NULL;

		assert_int_equal(cs_format(&text, GATE "%s\n" ONE "}\n", cases[i].says), 0);
		policy = parse_with_rights(text);
		assert_int_equal(cs_gate_watch(cs_policy_gate(policy, "g")), cases[i].watch);
		assert_int_equal(cs_gate_watch_grace_ms(cs_policy_gate(policy, "g")), cases[i].grace_ms);
		cs_policy_free(&policy);
		cs_free_str(&text);
	}
	refused(6, "watch is required or allowed", GATE "watch = yes\n" ONE "}\n");
	refused(6, "watch_grace is 5 s at least and 1 h at most", GATE "watch = required watch_grace = 1s\n" ONE "}\n");
	refused(6, "watch_grace is 5 s at least", GATE "watch = required watch_grace = 2h\n" ONE "}\n");
	refused(6, "gate g does not say watch = required", GATE "watch_grace = 60s\n" ONE "}\n");
	refused(6, "gate g does not say watch = required", GATE "watch = allowed watch_grace = 60s\n" ONE "}\n");
	refused(5, "watch is kept for commands under sudo, whose terminal others can look at, and gate h guards sshd",
		"gate h {\nservice = { sudo, sshd }\npermission = host.login\nscope = \"*\"\nwatch = allowed\n"
		"approval a { count = 1 role = infra }\n}\n");
}

static void test_policy_terms_order_of_rules(void **state)
{
	struct cs_policy *policy = parse_with_rights(
		GATE "ahead = 7d uses = 1\n" ONE
		     "approval two { count = 1 role = infra stage = 2 alternative = usual }\n"
		     "approval three { count = 1 role = pmc stage = 2 alternative = board after = 30m }\n}\n");
	const struct cs_gate *gate = cs_policy_gate(policy, "g");

	(void)state;
	assert_int_equal(cs_gate_ahead_ms(gate), 7 * 24 * HOUR);
	assert_int_equal(cs_gate_rule_stage(gate, 0), 1);
	assert_string_equal(cs_gate_rule_alternative(gate, 0), "");
	assert_int_equal(cs_gate_rule_after_ms(gate, 0), 0);
	assert_int_equal(cs_gate_rule_stage(gate, 2), 2);
	assert_string_equal(cs_gate_rule_alternative(gate, 2), "board");
	assert_int_equal(cs_gate_rule_after_ms(gate, 2), HOUR / 2);
	cs_policy_free(&policy);
}

/* What is not said is the strictest: kills a default that is switched. */
static void test_policy_terms_defaults(void **state)
{
	struct cs_policy *policy = parse_with_rights(GATE ONE "}\n");
	const struct cs_gate *gate = cs_policy_gate(policy, "g");

	(void)state;
	assert_int_equal(cs_gate_uses(gate), 1);
	assert_int_equal(cs_gate_objection_ms(gate) + cs_gate_ahead_ms(gate) + cs_gate_session_ms(gate) +
				 cs_gate_remind_ms(gate),
			 0);
	assert_false(cs_gate_takes_self_approval(gate));
	assert_false(cs_gate_needs_signature(gate));
	assert_false(cs_gate_rule_counts_rejects(gate, 0));
	assert_int_equal(cs_gate_rule_stage(gate, 0), 1);
	cs_policy_free(&policy);
	policy = parse_with_rights(GATE ONE "uses = any\n}\n");
	assert_true(cs_gate_uses(cs_policy_gate(policy, "g")) == CS_USES_ANY);
	cs_policy_free(&policy);
}

static void assert_label(const char *rule, const char *label)
{
	struct cs_policy *policy;
	char *text = NULL, *is;

	assert_int_equal(cs_format(&text, GATE "%s\n}\n", rule), 0);
	policy = parse_with_rights(text);
	is = cs_gate_rule_label(policy, cs_policy_gate(policy, "g"), 0, "project/x");
	assert_string_equal(is, label);
	free(is);
	free(text);
	cs_policy_free(&policy);
}

static void test_policy_terms_labels(void **state)
{
	(void)state;
	assert_label("approval a { count = majority role = pmc }", "majority of PMC member in project/x");
	assert_label("approval a { count = all role = infra scope = \"*\" }", "all of Infrastructure (everywhere)");
	assert_label("approval a { count = 2 role = pmc after = 30m }", "2 × PMC member in project/x, from 30m on");
	assert_label("approval a { count = all person = { \"" ALICE "\", \"" BOB "\" } after = 1h }",
		     "all of alice or bob, from 1h on");
	assert_label("approval a { count = majority group = \"cn=x,dc=y\" listed = member }",
		     "majority of member of cn=x,…");
}

/* --- What is refused ---------------------------------------------------------------------------------------------- */

static void test_policy_a088_quorum_refused(void **state)
{
	(void)state;
	refused(6, "count is 1 at least and 100 at most, or majority or all",
		GATE "approval a { count = 0 role = pmc }\n}\n");
	refused(6, "not \"half\"", GATE "approval a { count = half role = pmc }\n}\n");
	refused(6, "not \"Majority\"", GATE "approval a { count = Majority role = pmc }\n}\n");
	refused(6, "not \"02\"", GATE "approval a { count = 02 role = pmc }\n}\n");
	refused(6, "empty", GATE "approval a { count = all person = {} }\n}\n");
	refused(6, "reject is counts or ends", GATE "approval a { count = 1 role = pmc reject = veto }\n}\n");
	refused(6, "did you mean \"pmc\"?", GATE "approval a { count = majority role = pcm }\n}\n");
}

static void test_policy_stages_refused(void **state)
{
	(void)state;
	refused(6, "stage is 1 at least and 9 at most", GATE "approval a { count = 1 role = pmc stage = 0 }\n}\n");
	refused(6, "stage is 1 at least", GATE "approval a { count = 1 role = pmc stage = 10 }\n}\n");
	refused(7, "approval b is in stage 3, and no approval is in stage 2",
		GATE ONE "approval b { count = 1 role = infra stage = 3 }\n}\n");
	refused(6, "no approval is in stage 1", GATE "approval b { count = 1 role = infra stage = 2 }\n}\n");
	refused(7, "alternative board has nothing in stage 1, where alternative usual has",
		GATE "approval a { count = 1 role = pmc alternative = usual }\n"
		     "approval b { count = 1 role = infra stage = 2 alternative = board }\n}\n");
	refused(6, "alternative is a word", GATE "approval a { count = 1 role = pmc alternative = \"a b\" }\n}\n");
	refused(6, "alternative is a word", GATE "approval a { count = 1 role = pmc alternative = \"\" }\n}\n");
}

static void test_policy_times_refused(void **state)
{
	(void)state;
	refused(6, "after is shorter than the gate's lifetime",
		GATE "approval a { count = 1 role = pmc after = 2d }\n}\n");
	refused(6, "objections is shorter than lifetime", GATE "objections = 2d\n" ONE "}\n");
	refused(6, "objections is 1 s at least", GATE "objections = 8d\n" ONE "}\n");
	refused(8, "could not object",
		GATE "objections = 1h\n" ONE "approval b { count = 1 role = infra stage = 2 }\n}\n");
	refused(7, "could not object", GATE "objections = 1h\napproval a { count = 1 role = pmc after = 5m }\n}\n");
	refused(6, "remind is shorter than lifetime", GATE "remind = 2d\n" ONE "}\n");
	refused(6, "ahead is 60 s at least and 720 h at most", GATE "ahead = 31d\n" ONE "}\n");
	refused(6, "uses does not go with ahead", GATE "uses = 2 ahead = 1d\n" ONE "}\n");
	refused(6, "uses is a number from 1 to 1000, or any", GATE "uses = 0\n" ONE "}\n");
	refused(6, "uses is a number", GATE "uses = 1001\n" ONE "}\n");
	refused(6, "uses is a number", GATE "uses = -1\n" ONE "}\n");
	refused(6, "session is 1 s at least and 168 h at most", GATE "session = 8d\n" ONE "}\n");
	refused(6, "self_approval is permit or deny", GATE "self_approval = yes\n" ONE "}\n");
	refused(6, "signature is required or optional", GATE "signature = permit\n" ONE "}\n");
}

/* A limit that nothing enforces, and terms of approvals that nobody is asked for, would be promises that are not kept.
 */
static void test_policy_idle_terms_refused(void **state)
{
	static const char *const terms[] = {
		"objections = 1h", "self_approval = permit", "signature = required", "uses = 2",
		"ahead = 1d",      "session = 1h",           "remind = 1m",          "watch = allowed"};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(terms); i++) {
		char *text = NULL;

		assert_int_equal(cs_format(&text, GATE "%s\n}\n", terms[i]), 0);
		refused(6, "goes with approvals, and gate g asks for none", text);
		cs_free_str(&text);
		assert_int_equal(cs_format(&text, "gate g {\nservice = sudo\ndeny = \"no\"\n%s\n}\n", terms[i]), 0);
		refused(4, "gate g denies, so", text);
		cs_free_str(&text);
	}
	refused(6, "asks for no approval, so there is none to give", GATE "automatic a { command = \"/bin/x\" }\n}\n");
	refused(5, "session is kept for sudo and for logins, and gate h guards mirror",
		"gate h {\nservice = { sudo, sshd, mirror }\npermission = host.login\nscope = \"*\"\nsession = 1h\n"
		"approval a { count = 1 role = infra }\n}\n");
}

/* Named people are too few only where they really are: kills an assignment that is greedy, and one that forgets
 * alternatives. */
static void test_policy_a088_named_people_too_few(void **state)
{
	struct cs_policy *policy;

	(void)state;
	refused(6, "asks for 2 people and names 1", GATE "approval a { count = 2 person = \"" ALICE "\" }\n}\n");
	refused(7, "approval b could never be filled",
		GATE "approval a { count = 1 person = \"" ALICE "\" }\napproval b { count = 1 person = \"" ALICE
		     "\" }\n}\n");
	refused(8, "approval c could never be filled",
		GATE "approval a { count = 1 person = { \"" ALICE "\", \"" BOB "\" } }\n"
		     "approval b { count = 1 person = { \"" ALICE "\", \"" BOB "\" } }\n"
		     "approval c { count = 1 person = \"" BOB "\" }\n}\n");
	refused(7, "could never be filled",
		GATE "approval a { count = 1 person = \"" ALICE "\" }\n"
		     "approval b { count = 1 person = \"" ALICE "\" alternative = x }\n"
		     "approval c { count = 1 person = \"" BOB "\" alternative = y }\n}\n");
	policy = parse_with_rights(GATE "people = shared\napproval a { count = 1 person = \"" ALICE "\" }\n"
					"approval b { count = 1 person = \"" ALICE "\" }\n}\n");
	cs_policy_free(&policy);
	refused(8, "approval c could never be filled",
		GATE "approval a { count = 1 person = { \"" ALICE "\", \"" BOB "\" } }\n"
		     "approval b { count = 1 person = \"" ALICE "\" }\n"
		     "approval c { count = 1 person = \"" ALICE "\" alternative = x }\n"
		     "approval d { count = 1 person = \"" CAROL "\" alternative = y }\n}\n");
	policy = parse_with_rights(GATE "approval a { count = 1 person = { \"" ALICE "\", \"" BOB "\" } }\n"
					"approval b { count = 1 person = \"" ALICE "\" }\n"
					"approval c { count = 1 person = \"" CAROL "\" alternative = x }\n"
					"approval d { count = 1 person = \"" CAROL "\" alternative = y }\n}\n");
	cs_policy_free(&policy);
}

/* --- Automatic approvals ------------------------------------------------------------------------------------------ */

static void test_policy_automatic_refused(void **state)
{
	(void)state;
	refused(8, "captures nothing", GATE ONE "automatic a {\ncommand = \"/bin/x %{project}\"\n}\n}\n");
	refused(8, "begins with an absolute path", GATE ONE "automatic a {\ncommand = reload\n}\n}\n");
	refused(8, "the window \"Foo\" is refused", GATE ONE "automatic a {\ntime = Foo\n}\n}\n");
	refused(8, "the range \"x\" is refused", GATE ONE "automatic a {\npeer = x\n}\n}\n");
	refused(8, "says scope and not who", GATE ONE "automatic a {\nscope = \"*\"\n}\n}\n");
	refused(8, "says listed and not who", GATE ONE "automatic a {\nlisted = member\n}\n}\n");
	refused(8, "names permission and role", GATE ONE "automatic a {\nrole = pmc\npermission = host.login\n}\n}\n");
	refused(8, "did you mean \"pmc\"?", GATE ONE "automatic a {\nrole = pmd\n}\n}\n");
	refused(8, "unknown key 'cuont'", GATE ONE "automatic a {\ncuont = 1\n}\n}\n");
}

#define MONDAY   UINT64_C(1764590400000) /* 2025-12-01T12:00Z */
#define SATURDAY (MONDAY + 5 * 24 * HOUR)

static const char automatic_policy[] =
	"gate g {\nservice = sudo\npermission = release.deploy\nscope = \"project/%{p}\"\n"
	"command = \"/usr/bin/deploy %{p} **\"\n" ONE
	"automatic repeat { command = \"/usr/bin/deploy tomcat again\" time = \"Mon-Fri\" }\n"
	"automatic infra { role = infra scope = \"*\" command = \"/usr/bin/deploy * now\" }\n"
	"automatic ops { group = \"cn=ops,ou=groups\" listed = member peer = \"192.0.2.0/24\" }\n}\n";

static int automatic(const struct cs_policy *policy, const struct somebody *who, const struct doing *doing,
		     uint64_t wall_ms, struct cs_held *held)
{
	return cs_policy_automatic(policy, &who->facts, cs_policy_gate(policy, "g"), "project/tomcat", &doing->action,
				   wall_ms, held);
}

/* All that a section says has to hold: kills any one of the four checks that is left out. */
static void test_policy_automatic_takes_all_it_says(void **state)
{
	struct cs_policy *policy = parse_with_rights(automatic_policy);
	struct cs_held held = {0};
	struct somebody who;
	struct doing doing;

	(void)state;
	make_somebody(&who);
	make_action(&doing, "sudo", "h", "/usr/bin/deploy", "tomcat", "again", NULL);
	assert_int_equal(automatic(policy, &who, &doing, MONDAY, &held), 1);
	assert_int_equal(held.reason, CS_WHY_AUTOMATIC);
	assert_string_equal(held.because, "automatic repeat");
	cs_held_clear(&held);
	assert_int_equal(automatic(policy, &who, &doing, MONDAY, NULL), 1);
	assert_int_equal(automatic(policy, &who, &doing, SATURDAY, &held), 0);
	assert_int_not_equal(held.reason, CS_WHY_AUTOMATIC);
	assert_null(held.because);
	make_action(&doing, "sudo", "h", "/usr/bin/deploy", "tomcat", "again", "and", NULL);
	assert_int_equal(automatic(policy, &who, &doing, MONDAY, NULL), 0);
	make_action(&doing, "sudo", "h", "/usr/bin/deploy", "x", "now", NULL);
	assert_int_equal(automatic(policy, &who, &doing, MONDAY, NULL), 0);
	list_in(&who, Q_INFRA, "infra");
	assert_int_equal(automatic(policy, &who, &doing, MONDAY, &held), 1);
	assert_string_equal(held.because, "automatic infra: role infra in * by member of cn=infra,ou=groups");
	cs_held_clear(&held);
	assert_int_equal(cs_policy_automatic(policy, &who.facts, cs_policy_gate(policy, "g"), "project/tomcat", NULL,
					     MONDAY, NULL),
			 0);
	cs_policy_free(&policy);
}

/* Its group is among what the directory is asked, and an address that cannot be read is doubt and no yes: kills the
 * section that is forgotten where queries are made one. */
static void test_policy_automatic_group_and_doubt(void **state)
{
	struct cs_policy *policy = parse_with_rights(automatic_policy);
	struct somebody who;
	struct doing doing;
	size_t n;
	const struct cs_group_query *queries = cs_policy_queries(policy, &n);
	struct cs_held held = {0};

	(void)state;
	assert_int_equal(n, 5);
	assert_string_equal(queries[4].dn, "cn=ops,ou=groups");
	make_somebody(&who);
	list_in(&who, 4, "ops");
	make_action(&doing, "sudo", "h", "/usr/bin/deploy", "tomcat", "x", NULL);
	doing.action.peer = (char *)(uintptr_t) "192.0.2.7";
	assert_int_equal(automatic(policy, &who, &doing, MONDAY, &held), 1);
	assert_string_equal(held.because, "automatic ops: member of cn=ops,ou=groups");
	cs_held_clear(&held);
	doing.action.peer = (char *)(uintptr_t) "192.0.3.7";
	assert_int_equal(automatic(policy, &who, &doing, MONDAY, NULL), 0);
	doing.action.peer = (char *)(uintptr_t) "somewhere";
	assert_int_equal(automatic(policy, &who, &doing, MONDAY, &held), CS_EDOUBT);
	assert_int_equal(held.reason, CS_WHY_DOUBT);
	doing.action.peer = (char *)(uintptr_t) "192.0.2.7";
	who.facts.known = CS_KNOWN_DOUBT;
	assert_int_equal(automatic(policy, &who, &doing, MONDAY, NULL), CS_EDOUBT);
	who.facts.known = CS_KNOWN_YES;
	who.facts.person.locked = true;
	assert_int_equal(automatic(policy, &who, &doing, MONDAY, NULL), 0);
	cs_policy_free(&policy);
}

/* --- Break-glass -------------------------------------------------------------------------------------------------- */

#define GLASS "break_glass night {\nscope = host\nuid = { 1001, 1000 }\nlasts = 1h\n"
#define TWO   "approval review { count = 2 role = root }\n"

static void test_policy_glass_is_read(void **state)
{
	struct cs_policy *policy = parse_with_rights(
		GLASS
		"signature = required\n" TWO "approval also { count = 1 group = \"cn=b,dc=x\" listed = member }\n}\n"
		"break_glass all { scope = \"*\" uid = 7 approval review { count = 2 person = { \"" ALICE "\", \"" BOB
		"\", \"" CAROL "\" } } }\n");
	struct cs_glass glass, all;
	size_t n;

	(void)state;
	assert_int_equal(cs_policy_glasses(policy), 2);
	assert_int_equal(cs_policy_glass(policy, 2, &glass), CS_ENOENT);
	assert_int_equal(cs_policy_glass(policy, 0, &glass), 0);
	assert_int_equal(cs_policy_glass(policy, 1, &all), 0);
	assert_string_equal(glass.name, "night");
	assert_string_equal(glass.scope, "host");
	assert_int_equal(glass.n_uids, 2);
	assert_int_equal(glass.uids[0], 1000);
	assert_int_equal(glass.uids[1], 1001);
	assert_int_equal(glass.lasts_ms, HOUR);
	assert_int_equal(all.lasts_ms, HOUR / 2);
	assert_ptr_equal(cs_policy_gate(policy, "break-glass night"), glass.review);
	assert_string_equal(cs_gate_name(all.review), "break-glass all");
	assert_int_equal(cs_gate_rules(glass.review), 2);
	assert_string_equal(cs_gate_permission(glass.review), "");
	assert_string_equal(cs_gate_scope(glass.review), "host");
	assert_false(cs_gate_denies(glass.review));
	assert_true(cs_gate_needs_signature(glass.review));
	assert_false(cs_gate_needs_signature(all.review));
	(void)cs_policy_queries(policy, &n);
	assert_int_equal(n, 5);
	(void)cs_policy_named_people(policy, &n);
	assert_int_equal(n, 3);
	assert_int_equal(cs_policy_gates(policy), 0);
	assert_null(cs_policy_gate_at(policy, 0));
	cs_policy_free(&policy);
}

/* The review decides like any gate, but no action meets it: kills a match that walks through reviews. */
static void test_policy_glass_review_is_met_by_nothing(void **state)
{
	struct cs_policy *policy = parse_with_rights("service countersign { unmatched = deny }\n" GLASS TWO "}\n");
	const struct cs_gate *review = cs_policy_gate(policy, "break-glass night");
	struct doing doing;
	struct cs_circumstances now = {.action = &doing.action};
	struct cs_match match = {0};
	struct somebody who;

	(void)state;
	make_action(&doing, "countersign", "h", "break-glass.review", "night", NULL);
	assert_int_equal(cs_policy_match(policy, &now, &match), 0);
	assert_int_equal(match.kind, CS_MATCH_NONE);
	cs_match_clear(&match);
	make_somebody(&who);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, review, 0, "host", NULL), 0);
	list_in(&who, Q_CHIEFS, "infra");
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, review, 0, "host", NULL), 1);
	cs_policy_free(&policy);
}

static void test_policy_glass_covers(void **state)
{
	struct cs_glass host = {.scope = "host/a"}, all = {.scope = "*"};

	(void)state;
	assert_int_equal(cs_policy_glass_covers(&host, "host/a"), 1);
	assert_int_equal(cs_policy_glass_covers(&host, "host/a/b"), 1);
	assert_int_equal(cs_policy_glass_covers(&host, "host/ab"), 0);
	assert_int_equal(cs_policy_glass_covers(&host, "host"), 0);
	assert_int_equal(cs_policy_glass_covers(&host, "*"), 0);
	assert_int_equal(cs_policy_glass_covers(&host, "host/a/"), 0);
	assert_int_equal(cs_policy_glass_covers(&all, "host/a"), 1);
	assert_int_equal(cs_policy_glass_covers(&all, "*"), 1);
	assert_int_equal(cs_policy_glass_covers(&all, ""), 0);
}

static void test_policy_glass_refused(void **state)
{
	(void)state;
	refused(1, "needs the key 'uid'", "break_glass a {\nscope = host\n" TWO "}\n");
	refused(1, "needs the key 'scope'", "break_glass a {\nuid = 1\n" TWO "}\n");
	refused(3, "empty", "break_glass a {\nscope = host\nuid = {}\n" TWO "}\n");
	refused(3, "not of root", "break_glass a {\nscope = host\nuid = { 1000, 0 }\n" TWO "}\n");
	refused(3, "not \"65534\"", "break_glass a {\nscope = host\nuid = 65534\n" TWO "}\n");
	refused(3, "not \"4294967295\"", "break_glass a {\nscope = host\nuid = 4294967295\n" TWO "}\n");
	refused(3, "not \"alice\"", "break_glass a {\nscope = host\nuid = alice\n" TWO "}\n");
	refused(3, "\"1000\" stands twice in uid",
		"break_glass a {\nscope = host\nuid = { 1000, 7, 1000 }\n" TWO "}\n");
	refused(2, "stands for one place", "break_glass a {\nscope = \"host/%{host}\"\nuid = 1\n" TWO "}\n");
	refused(2, "the scope \"\" is not one", "break_glass a {\nscope = \"\"\nuid = 1\n" TWO "}\n");
	refused(4, "lasts is 1 s at least and 24 h at most",
		"break_glass a {\nscope = host\nuid = 1\nlasts = 2d\n" TWO "}\n");
	refused(4, "signature is required or optional",
		"break_glass a {\nscope = host\nuid = 1\nsignature = no " TWO "}\n");
	refused(1, "the name of this break_glass", "break_glass \"a b\" { scope = host uid = 1 " TWO "}\n");
	refused(5, "no assignment gives it",
		"break_glass a {\nscope = host\nuid = 1\napproval r {\ncount = 2 role = nobody\n} }\nrole nobody { "
		"}\n");
}

/* Two others at the least, whichever way the rules are met: kills an alternative that is cheaper than it looks. */
static void test_policy_glass_review_of_two(void **state)
{
	static const char *const cases[] = {
		"approval a { count = 1 role = root }\n",
		"approval a { count = all role = root }\n",
		"approval a { count = majority person = { \"" ALICE "\", \"" BOB "\" } }\n",
		"approval a { count = all person = { \"" ALICE "\", \"" BOB "\" } }\n",
		("approval a { count = 2 role = root alternative = x }\napproval b { count = 1 role = infra alternative "
		"= y }\n"),
		"",
	};
	struct cs_policy *policy;
	char *text = NULL;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		assert_int_equal(cs_format(&text, GLASS "%s}\n", cases[i]), 0);
		refused(1, "reviewed by two others at least", text);
		cs_free_str(&text);
	}
	policy = parse_with_rights(GLASS
				   "approval a { count = 1 role = root }\napproval b { count = 1 role = infra }\n}\n");
	cs_policy_free(&policy);
	policy = parse_with_rights(
		GLASS "approval a { count = 1 role = root }\napproval b { count = 1 role = infra alternative = y }\n"
		      "approval c { count = 2 role = infra alternative = z }\n}\n");
	cs_policy_free(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_terms_are_read),
		cmocka_unit_test(test_policy_terms_of_watching),
		cmocka_unit_test(test_policy_terms_order_of_rules),
		cmocka_unit_test(test_policy_terms_defaults),
		cmocka_unit_test(test_policy_terms_labels),
		cmocka_unit_test(test_policy_a088_quorum_refused),
		cmocka_unit_test(test_policy_stages_refused),
		cmocka_unit_test(test_policy_times_refused),
		cmocka_unit_test(test_policy_idle_terms_refused),
		cmocka_unit_test(test_policy_a088_named_people_too_few),
		cmocka_unit_test(test_policy_automatic_refused),
		cmocka_unit_test(test_policy_automatic_takes_all_it_says),
		cmocka_unit_test(test_policy_automatic_group_and_doubt),
		cmocka_unit_test(test_policy_glass_is_read),
		cmocka_unit_test(test_policy_glass_review_is_met_by_nothing),
		cmocka_unit_test(test_policy_glass_covers),
		cmocka_unit_test(test_policy_glass_refused),
		cmocka_unit_test(test_policy_glass_review_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
