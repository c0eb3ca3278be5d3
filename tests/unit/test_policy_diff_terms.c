/* SPDX-License-Identifier: Apache-2.0 */
/* What changes in how approvals are counted, given and used, in what approves itself, and in who may go past them:
 * every key has an effect, and whatever is not surely stronger is weaker. */
#include "test_policy_changes.h"

#define WHO                                                                                                            \
	"permission p { }\nrole r { permissions = p }\nrole s { inherits = r }\n"                                      \
	"assignment a { role = s scope = \"*\" group = \"cn=g,ou=x\" listed = m }\n"
#define ONE      "approval x { count = 1 role = r } "
#define GATE(in) "gate g { service = sudo permission = p lifetime = 2d " in " }"
#define SAYS(in) GATE(ONE in)
#define RULE(in) GATE("approval x { " in " }")
#define A        "\"uid=a,ou=p\""
#define B        "\"uid=b,ou=p\""
#define C        "\"uid=c,ou=p\""

static const struct diff_case keys_cases[] = {
	{SAYS(""), SAYS("self_approval = permit"), {"weaker|gate g|self_approval: deny -> permit"}},
	{SAYS("self_approval = permit"),
	 SAYS("self_approval = deny"),
	 {"stronger|gate g|self_approval: permit -> deny"}},
	{SAYS(""), SAYS("signature = required"), {"stronger|gate g|signature: optional -> required"}},
	{SAYS("signature = required"), SAYS(""), {"weaker|gate g|signature: required -> optional"}},
	{SAYS(""), SAYS("objections = 1h"), {"weaker|gate g|objections: none -> 1h"}},
	{SAYS("objections = 1h"), SAYS("objections = 2h"), {"stronger|gate g|objections: 1h -> 2h"}},
	{SAYS("objections = 2h"), SAYS("objections = 1h"), {"weaker|gate g|objections: 2h -> 1h"}},
	{SAYS("objections = 1h"), SAYS(""), {"stronger|gate g|objections: 1h -> none"}},
	{SAYS(""), SAYS("uses = 2"), {"weaker|gate g|uses: 1 -> 2"}},
	{SAYS("uses = any"), SAYS("uses = 1000"), {"stronger|gate g|uses: any -> 1000"}},
	{SAYS("uses = 3"), SAYS("uses = any"), {"weaker|gate g|uses: 3 -> any"}},
	{SAYS(""), SAYS("uses = 1"), {NULL}},
	{SAYS(""), SAYS("ahead = 7d"), {"weaker|gate g|ahead: none -> 7d"}},
	{SAYS("ahead = 7d"), SAYS("ahead = 1d"), {"stronger|gate g|ahead: 7d -> 1d"}},
	{SAYS(""), SAYS("session = 1h"), {"stronger|gate g|session: none -> 1h"}},
	{SAYS("session = 1h"), SAYS("session = 2h"), {"weaker|gate g|session: 1h -> 2h"}},
	{SAYS("session = 1h"), SAYS(""), {"weaker|gate g|session: 1h -> none"}},
	{SAYS(""), SAYS("watch = allowed"), {"stronger|gate g|watch: none -> allowed"}},
	{SAYS("watch = required"),
	 SAYS("watch = allowed"),
	 {"weaker|gate g|watch: required -> allowed", "weaker|gate g|watch_grace: 1m -> none"}},
	{SAYS(""),
	 SAYS("watch = required"),
	 {"stronger|gate g|watch: none -> required", "stronger|gate g|watch_grace: none -> 1m"}},
	{SAYS("watch = required"),
	 SAYS("watch = required watch_grace = 2m"),
	 {"weaker|gate g|watch_grace: 1m -> 2m"}},
	{SAYS(""), SAYS("remind = 5m"), {"same|gate g|remind: none -> 5m"}},
};

static void test_policy_diff_keys(void **state)
{
	(void)state;
	expect_all(WHO, keys_cases, CS_COUNT(keys_cases));
}

static const struct diff_case counts_cases[] = {
	{RULE("count = 1 role = r"),
	 RULE("count = majority role = r"),
	 {"stronger|gate g|approval x: 1 person -> majority"}},
	{RULE("count = 2 role = r"),
	 RULE("count = majority role = r"),
	 {"weaker|gate g|approval x: 2 people -> majority"}},
	{RULE("count = 2 role = r"), RULE("count = all role = r"), {"weaker|gate g|approval x: 2 people -> all"}},
	{RULE("count = majority role = r"),
	 RULE("count = all role = r"),
	 {"stronger|gate g|approval x: majority -> all"}},
	{RULE("count = all role = r"),
	 RULE("count = majority role = r"),
	 {"weaker|gate g|approval x: all -> majority"}},
	{RULE("count = all role = r"), RULE("count = 100 role = r"), {"weaker|gate g|approval x: all -> 100"}},
	{RULE("count = 1 role = r"),
	 RULE("count = 1 role = r stage = 1 after = 5m alternative = z"),
	 {"weaker|gate g|approval x: after 0s -> 5m", "weaker|gate g|approval x: alternative none -> z"}},
	{RULE("count = 1 role = r reject = counts"),
	 RULE("count = 1 role = r"),
	 {"stronger|gate g|approval x: reject counts -> ends"}},
	{RULE("count = 1 role = r"),
	 RULE("count = 1 role = r reject = counts"),
	 {"weaker|gate g|approval x: reject ends -> counts"}},
	{RULE("count = 1 role = r after = 5m"),
	 RULE("count = 1 role = r after = 1m"),
	 {"weaker|gate g|approval x: after 5m -> 1m"}},
	/* With fewer people, a part of them is fewer, and fewer may object. */
	{RULE("count = 1 person = { " A ", " B ", " C " }"),
	 RULE("count = 1 person = { " A ", " B " }"),
	 {"stronger|gate g|approval x: no longer uid=c,ou=p"}},
	{RULE("count = majority person = { " A ", " B ", " C " }"),
	 RULE("count = majority person = { " A ", " B " }"),
	 {"weaker|gate g|approval x: no longer uid=c,ou=p"}},
	{RULE("count = all person = { " A ", " B " }"),
	 RULE("count = all person = { " A ", " B ", " C " }"),
	 {"weaker|gate g|approval x: now also uid=c,ou=p"}},
	{GATE("objections = 1h approval x { count = 1 person = { " A ", " B " } }"),
	 GATE("objections = 1h approval x { count = 1 person = " A " }"),
	 {"weaker|gate g|approval x: no longer uid=b,ou=p"}},
	{GATE("objections = 1h exempt e { person = { " A ", " B " } } " ONE),
	 GATE("objections = 1h exempt e { person = " A " } " ONE),
	 {"stronger|gate g|exempt e: no longer uid=b,ou=p"}},
};

static void test_policy_diff_counts(void **state)
{
	(void)state;
	expect_all(WHO, counts_cases, CS_COUNT(counts_cases));
}

#define TWO(in) "approval y { count = 1 role = s " in " } "

static const struct diff_case ways_cases[] = {
	{SAYS(""),
	 SAYS(TWO("")),
	 {"stronger|gate g|approval y (1) is new", "stronger|gate g|approval y: 1 of role s in *"}},
	{SAYS(""),
	 SAYS(TWO("stage = 2 after = 1m alternative = z reject = counts")),
	 {"stronger|gate g|approval y (1) is new", "stronger|gate g|approval y: 1 of role s in *",
	  "stronger|gate g|approval y: stage 2", "stronger|gate g|approval y: after 1m",
	  "stronger|gate g|approval y: alternative z", "stronger|gate g|approval y: reject counts"}},
	/* Another way to what was asked for already. */
	{SAYS("approval a { count = 1 role = r alternative = z }"),
	 SAYS("approval a { count = 1 role = r alternative = z } approval b { count = 2 role = s alternative = w }"),
	 {"weaker|gate g|approval b (2) is new", "weaker|gate g|approval b: 2 of role s in *",
	  "weaker|gate g|approval b: alternative w"}},
	{SAYS("approval a { count = 1 role = r alternative = z }"),
	 SAYS("approval a { count = 1 role = r alternative = z } approval b { count = 2 role = s alternative = z }"),
	 {"stronger|gate g|approval b (2) is new", "stronger|gate g|approval b: 2 of role s in *",
	  "stronger|gate g|approval b: alternative z"}},
	/* Those of the second stage cannot say no before the new one of the first is filled. */
	{SAYS(TWO("stage = 2")),
	 SAYS(TWO("stage = 2") "approval z { count = 1 role = s }"),
	 {"weaker|gate g|approval z (1) is new", "weaker|gate g|approval z: 1 of role s in *"}},
	{SAYS(TWO("stage = 2")), SAYS(TWO("")), {"weaker|gate g|approval y: stage 2 -> 1"}},
	{SAYS(TWO("")), SAYS(TWO("stage = 2")), {"weaker|gate g|approval y: stage 1 -> 2"}},
	{SAYS("approval b { count = majority role = s alternative = z }"),
	 SAYS(""),
	 {"weaker|gate g|approval b (majority) is not asked for any more"}},
};

static void test_policy_diff_ways(void **state)
{
	(void)state;
	expect_all(WHO, ways_cases, CS_COUNT(ways_cases));
}

/* Whoever loses a right is asked no more. Where a part of all has to agree, or any of them may object, that is weaker:
 * kills a loss that is called stronger. */
static const struct diff_case lost_cases[] = {
	{"role t { permissions = p } assignment b { role = t scope = x group = \"cn=h,ou=x\" listed = m }\n" RULE(
		 "count = majority permission = p"),
	 "role t { permissions = p }\n" RULE("count = majority permission = p"),
	 {"weaker|assignment b|listed as m of cn=h,ou=x: loses (of whom a part has to agree, or any may object) p in x",
	  "stronger|assignment b|listed as m of cn=h,ou=x: loses role t in x", "same|assignment b|is gone"}},
	{"assignment b { role = r scope = x group = \"cn=h,ou=x\" listed = m }\n" GATE("objections = 1h " ONE),
	 GATE("objections = 1h " ONE),
	 {"weaker|assignment b|listed as m of cn=h,ou=x: loses (of whom a part has to agree, or any may object) role r "
	  "in x",
	  "stronger|assignment b|listed as m of cn=h,ou=x: loses p in x", "same|assignment b|is gone"}},
	{"assignment b { role = r scope = x group = \"cn=h,ou=x\" listed = m }\n" SAYS(""),
	 SAYS(""),
	 {"stronger|assignment b|listed as m of cn=h,ou=x: loses role r in x",
	  "stronger|assignment b|listed as m of cn=h,ou=x: loses p in x", "same|assignment b|is gone"}},
	{"assignment b { role = r scope = x group = \"cn=h,ou=x\" listed = m }\n" GATE("objections = 1h " ONE),
	 "assignment b { role = r scope = x group = \"cn=h,ou=x\" listed = m at_least = 2 }\n" GATE(
		 "objections = 1h " ONE),
	 {"weaker|assignment b|at_least of those listed as m of cn=h,ou=x: none -> 2"}},
	{GATE("objections = 1h " ONE),
	 GATE("objections = 1h " ONE) "\nrole q { }\nexclusive e { roles = { q, s } }",
	 {"weaker|exclusive e|is new: keeps its roles apart, within scope", "same|role q|is new"}},
};

static void test_policy_diff_lost(void **state)
{
	(void)state;
	expect_all(WHO, lost_cases, CS_COUNT(lost_cases));
}

#define AUTO(in) SAYS("automatic n { " in " }")

static const struct diff_case automatic_cases[] = {
	{SAYS(""),
	 AUTO("command = \"/a b\" time = Mon peer = local role = s"),
	 {"weaker|gate g|automatic n approves by itself", "weaker|gate g|automatic n: command: /a b",
	  "weaker|gate g|automatic n: time: Mon", "weaker|gate g|automatic n: peer: local",
	  "weaker|gate g|automatic n: role s in *"}},
	{SAYS(""), AUTO(""), {"weaker|gate g|automatic n approves by itself, for whoever may ask"}},
	{AUTO("time = Mon"), SAYS(""), {"stronger|gate g|automatic n is gone"}},
	{AUTO("command = { \"/a\", \"/b\" }"),
	 AUTO("command = \"/a\""),
	 {"stronger|gate g|automatic n: command: /a, /b -> /a"}},
	{AUTO("command = \"/a\""), AUTO("command = \"/b\""), {"weaker|gate g|automatic n: command: /a -> /b"}},
	{AUTO("command = \"/a\""), AUTO(""), {"weaker|gate g|automatic n: command: /a -> any"}},
	{AUTO(""), AUTO("time = Mon"), {"stronger|gate g|automatic n: time: always -> Mon"}},
	{AUTO("peer = local"), AUTO(""), {"weaker|gate g|automatic n: peer: local -> any"}},
	{AUTO(""),
	 AUTO("role = s"),
	 {"stronger|gate g|automatic n: no longer for whoever may ask", "stronger|gate g|automatic n: role s in *"}},
	{AUTO("role = s"), AUTO(""), {"weaker|gate g|automatic n: for whoever may ask now"}},
	{AUTO("role = s"), AUTO("role = r"), {"weaker|gate g|automatic n: role s -> role r"}},
	{AUTO("role = s"), AUTO("role = s scope = x"), {"weaker|gate g|automatic n: in * -> in x"}},
	{AUTO("person = { " A ", " B " }"), AUTO("person = " A), {"stronger|gate g|automatic n: no longer uid=b,ou=p"}},
};

static void test_policy_diff_automatic(void **state)
{
	(void)state;
	expect_all(WHO, automatic_cases, CS_COUNT(automatic_cases));
}

#define GLASS(in)  "break_glass b { scope = host " in " }"
#define REVIEW(n)  "approval v { count = " n " role = s }"
#define UIDS(uids) GLASS("uid = { " uids " } " REVIEW("2"))
#define LASTS(in)  GLASS("uid = 7 " in REVIEW("2"))

static const struct diff_case glass_cases[] = {
	{"",
	 GLASS("uid = { 8, 7 } signature = required " REVIEW("2")),
	 {"weaker|break_glass b|is new: past the approvals in host for 30m",
	  "weaker|break_glass b|uid 7: may go past the approvals",
	  "weaker|break_glass b|uid 8: may go past the approvals",
	  "weaker|gate break-glass b|approval v: 2 of role s in host",
	  "weaker|gate break-glass b|signature: required"}},
	{UIDS("7"), "", {"stronger|break_glass b|is gone: where it was used and not reviewed yet, another break_glass for "
			 "host says who reviews that, and without one nobody can"}},
	{UIDS("7, 8"),
	 UIDS("8, 9"),
	 {"weaker|break_glass b|uid 9: may go past the approvals now",
	  "stronger|break_glass b|uid 7: may not go past the approvals any more"}},
	{LASTS(""), LASTS("lasts = 1h "), {"weaker|break_glass b|lasts: 30m -> 1h"}},
	{LASTS(""), LASTS("lasts = 1m "), {"stronger|break_glass b|lasts: 30m -> 1m"}},
	{LASTS(""), LASTS("signature = required "), {"stronger|gate break-glass b|signature: optional -> required"}},
	{GLASS("uid = 7 " REVIEW("3")),
	 GLASS("uid = 7 " REVIEW("2")),
	 {"weaker|gate break-glass b|approval v: 3 people -> 2"}},
	{"break_glass b { scope = host uid = 7 " REVIEW("2") " }",
	 "break_glass b { scope = \"host/a\" uid = 7 " REVIEW("2") " }",
	 {"weaker|break_glass b|scope: host -> host/a"}},
	{UIDS("7, 8"), UIDS("8, 7"), {NULL}},
};

static void test_policy_diff_glass(void **state)
{
	(void)state;
	expect_all(WHO, glass_cases, CS_COUNT(glass_cases));
}

/* A gate that is new under another name hides none of it. */
static const struct diff_case renamed_cases[] = {
	{"gate f { service = login permission = p }",
	 "gate f { service = login permission = p } "
	 "gate g { service = sudo permission = p objections = 5m self_approval = permit uses = 2 session = 1h remind = "
	 "1m "
	 "approval x { count = all role = r reject = counts } automatic n { } }",
	 {"weaker|gate g|is new: guards sudo; needs p and approval by x",
	  "weaker|gate g|approval x: all of role r in *", "weaker|gate g|approval x: reject counts",
	  "weaker|gate g|automatic n approves by itself, for whoever may ask", "weaker|gate g|lifetime: 30m",
	  "weaker|gate g|use_within: 10m", "weaker|gate g|self_approval: permit", "weaker|gate g|objections: 5m",
	  "weaker|gate g|uses: 2", "weaker|gate g|session: 1h", "weaker|gate g|remind: 1m"}},
};

static void test_policy_diff_new_gate_says_all(void **state)
{
	(void)state;
	expect_all(WHO, renamed_cases, CS_COUNT(renamed_cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_diff_keys),
		cmocka_unit_test(test_policy_diff_counts),
		cmocka_unit_test(test_policy_diff_ways),
		cmocka_unit_test(test_policy_diff_lost),
		cmocka_unit_test(test_policy_diff_automatic),
		cmocka_unit_test(test_policy_diff_glass),
		cmocka_unit_test(test_policy_diff_new_gate_says_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
