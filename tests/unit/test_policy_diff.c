/* SPDX-License-Identifier: Apache-2.0 */
/* What changes from one policy to the next: one line a change, and whether it is weaker, stronger or the same. */
#include "test_policy_changes.h"

#include <time.h>

#define P "permission p { }\npermission q { }\n"
#define G "cn=g,ou=x"

/* --- Rights ---------------------------------------------------------------------------------------------------- */

#define HELD "assignment a { role = r scope = \"x/%{cn}\" below = \"ou=x\" listed = owner }\n"

static const struct diff_case roles_cases[] = {
	{"role r { permissions = p }", "role r { permissions = p }", {NULL}},
	{"role r { permissions = { p, q } }", "role r { permissions = { q, p } }", {NULL}},
	{"role r { permissions = p }",
	 "role r { permissions = { p, q } }",
	 {"weaker|role r|listed as owner of a group below ou=x: gains q in x/%{cn}"}},
	{"role r { permissions = { p, q } }",
	 "role r { permissions = p }",
	 {"stronger|role r|listed as owner of a group below ou=x: loses q in x/%{cn}"}},
	{"role r { permissions = p }",
	 "role r { permissions = q }",
	 {"weaker|role r|listed as owner of a group below ou=x: gains q in x/%{cn}",
	  "stronger|role r|listed as owner of a group below ou=x: loses p in x/%{cn}"}},
	/* Where the right comes from does not matter. */
	{"role r { permissions = p inherits = s } role s { }",
	 "role r { inherits = s } role s { permissions = p }",
	 {NULL}},
	/* Who counts as a role may fill rules. */
	{"role r { permissions = p } role s { permissions = p }",
	 "role r { inherits = s } role s { permissions = p }",
	 {"weaker|role r|listed as owner of a group below ou=x: gains role s in x/%{cn}"}},
	{"role r { inherits = s } role s { permissions = p }",
	 "role r { permissions = p } role s { permissions = p }",
	 {"stronger|role r|listed as owner of a group below ou=x: loses role s in x/%{cn}"}},
	/* Only the kind of scope that the role is held in counts. */
	{"role r { permissions = p }",
	 "role r { permissions = p in x { permissions = q } }",
	 {"weaker|role r|listed as owner of a group below ou=x: gains q in x/%{cn}"}},
	{"role r { permissions = p }", "role r { permissions = p in y { permissions = q } }", {NULL}},
	{"role r { permissions = { p, q } }", "role r { permissions = p in x { permissions = q } }", {NULL}},
	{"role r { permissions = p }", "role r { label = \"R\" permissions = p }", {"same|role r|label: r -> R"}},
	{"role r { permissions = p }",
	 "role r { permissions = p } role new { permissions = q }",
	 {"same|role new|is new"}},
	{"role r { permissions = p } role old { permissions = q }",
	 "role r { permissions = p }",
	 {"same|role old|is gone"}},
	{"role r { permissions = p }", "role r { permissions = p } permission new { }", {"same|permission new|is new"}},
};

static void test_policy_diff_roles(void **state)
{
	(void)state;
	expect_all(P HELD, roles_cases, CS_COUNT(roles_cases));
}

/* One role, held by three assignments: a line for each. */
static const struct diff_case role_held_thrice_cases[] = {
	{"role r { permissions = p }",
	 "role r { permissions = { p, q } }",
	 {"weaker|role r|listed as owner of a group below ou=x: gains q in x/%{cn}",
	  "weaker|role r|listed as member of cn=g,ou=x: gains q in *",
	  "weaker|role r|person uid=a,ou=p: gains q in x/one"}},
};

static void test_policy_diff_role_held_thrice(void **state)
{
	(void)state;
	expect_all(P HELD "assignment b { role = r scope = \"*\" group = \"" G "\" listed = member }\n"
			  "assignment c { role = r scope = \"x/one\" person = \"uid=a,ou=p\" }\n",
		   role_held_thrice_cases, CS_COUNT(role_held_thrice_cases));
}

#define A(rest) "assignment a { role = r " rest " }"
#define AT_G    "group = \"" G "\" listed = member"

static const struct diff_case assignments_cases[] = {
	{"",
	 A("scope = x " AT_G),
	 {"weaker|assignment a|listed as member of cn=g,ou=x: gains role r in x",
	  "weaker|assignment a|listed as member of cn=g,ou=x: gains p in x", "same|assignment a|is new"}},
	{A("scope = x " AT_G),
	 "",
	 {"stronger|assignment a|listed as member of cn=g,ou=x: loses role r in x",
	  "stronger|assignment a|listed as member of cn=g,ou=x: loses p in x", "same|assignment a|is gone"}},
	{A("scope = x " AT_G),
	 "assignment b { role = r scope = x " AT_G " }",
	 {"same|assignment a|is gone", "same|assignment b|is new"}},
	{A("scope = x " AT_G), A("label = \"L\" scope = x " AT_G), {"same|assignment a|label: none -> L"}},
	{A("scope = x " AT_G), A("scope = x group = \"CN=G,OU=x\" listed = Member"), {NULL}},
	/* A narrower scope takes away; the smaller scope is no gain. */
	{A("scope = \"*\" " AT_G),
	 A("scope = x " AT_G),
	 {"stronger|assignment a|listed as member of cn=g,ou=x: loses role r in *",
	  "stronger|assignment a|listed as member of cn=g,ou=x: loses p in *"}},
	{A("scope = x " AT_G),
	 A("scope = \"x/one\" " AT_G),
	 {"stronger|assignment a|listed as member of cn=g,ou=x: loses role r in x",
	  "stronger|assignment a|listed as member of cn=g,ou=x: loses p in x"}},
	{A("scope = \"x/one\" " AT_G),
	 A("scope = x " AT_G),
	 {"weaker|assignment a|listed as member of cn=g,ou=x: gains role r in x",
	  "weaker|assignment a|listed as member of cn=g,ou=x: gains p in x"}},
	/* Whole parts only. */
	{A("scope = x " AT_G),
	 A("scope = x2 " AT_G),
	 {"weaker|assignment a|listed as member of cn=g,ou=x: gains role r in x2",
	  "weaker|assignment a|listed as member of cn=g,ou=x: gains p in x2",
	  "stronger|assignment a|listed as member of cn=g,ou=x: loses role r in x",
	  "stronger|assignment a|listed as member of cn=g,ou=x: loses p in x"}},
	/* A condition more takes away, a condition less gives. */
	{A("scope = x " AT_G),
	 A("scope = x " AT_G " where = \"t=wg\""),
	 {"stronger|assignment a|listed as member of cn=g,ou=x: loses role r in x",
	  "stronger|assignment a|listed as member of cn=g,ou=x: loses p in x"}},
	{A("scope = x " AT_G " where = \"t=wg\""),
	 A("scope = x " AT_G " where = { \"t=wg\", \"u=v\" }"),
	 {"stronger|assignment a|listed as member of cn=g,ou=x where t=wg: loses role r in x",
	  "stronger|assignment a|listed as member of cn=g,ou=x where t=wg: loses p in x"}},
	{A("scope = x " AT_G " where = { \"t=wg\", \"u=v\" }"),
	 A("scope = x " AT_G " where = { \"U=V\", \"t=WG\" }"),
	 {NULL}},
	{A("scope = x " AT_G " where = \"t=wg\""),
	 A("scope = x " AT_G),
	 {"weaker|assignment a|listed as member of cn=g,ou=x: gains role r in x",
	  "weaker|assignment a|listed as member of cn=g,ou=x: gains p in x"}},
	{A("scope = x " AT_G),
	 A("scope = x " AT_G " unless = \"t=old\""),
	 {"stronger|assignment a|listed as member of cn=g,ou=x: loses role r in x",
	  "stronger|assignment a|listed as member of cn=g,ou=x: loses p in x"}},
	{A("scope = x " AT_G " unless = \"t=old\""),
	 A("scope = x " AT_G " where = \"t=old\""),
	 {"weaker|assignment a|listed as member of cn=g,ou=x where t=old: gains role r in x",
	  "weaker|assignment a|listed as member of cn=g,ou=x where t=old: gains p in x",
	  "stronger|assignment a|listed as member of cn=g,ou=x unless t=old: loses role r in x",
	  "stronger|assignment a|listed as member of cn=g,ou=x unless t=old: loses p in x"}},
	/* People by name, each on his own. */
	{A("scope = x person = { \"uid=a,ou=p\", \"uid=b,ou=p\" }"),
	 A("scope = x person = { \"uid=c,ou=p\", \"uid=b,ou=p\" }"),
	 {"weaker|assignment a|person uid=c,ou=p: gains role r in x",
	  "weaker|assignment a|person uid=c,ou=p: gains p in x",
	  "stronger|assignment a|person uid=a,ou=p: loses role r in x",
	  "stronger|assignment a|person uid=a,ou=p: loses p in x"}},
	{A("scope = x " AT_G),
	 A("scope = x below = \"" G "\" listed = member"),
	 {"weaker|assignment a|listed as member of a group below cn=g,ou=x: gains role r in x",
	  "weaker|assignment a|listed as member of a group below cn=g,ou=x: gains p in x",
	  "stronger|assignment a|listed as member of cn=g,ou=x: loses role r in x",
	  "stronger|assignment a|listed as member of cn=g,ou=x: loses p in x"}},
};

static void test_policy_diff_assignments(void **state)
{
	(void)state;
	expect_all(P "role r { permissions = p }\n", assignments_cases, CS_COUNT(assignments_cases));
}

/* A role held in "*" carries what it carries in a kind of scope in all scopes of that kind. */
static const struct diff_case kinds_everywhere_cases[] = {
	{A("scope = \"*\" " AT_G),
	 A("scope = wg " AT_G),
	 {"stronger|assignment a|listed as member of cn=g,ou=x: loses role r in *",
	  "stronger|assignment a|listed as member of cn=g,ou=x: loses p in *"}},
	{A("scope = wg " AT_G),
	 A("scope = \"*\" " AT_G),
	 {"weaker|assignment a|listed as member of cn=g,ou=x: gains role r in *",
	  "weaker|assignment a|listed as member of cn=g,ou=x: gains p in *"}},
	{A("scope = rg " AT_G),
	 A("scope = \"*\" " AT_G),
	 {"weaker|assignment a|listed as member of cn=g,ou=x: gains role r in *",
	  "weaker|assignment a|listed as member of cn=g,ou=x: gains p in *",
	  "weaker|assignment a|listed as member of cn=g,ou=x: gains q in wg"}},
};

static void test_policy_diff_kinds_everywhere(void **state)
{
	(void)state;
	expect_all(P "role r { permissions = p in wg { permissions = q } }\n", kinds_everywhere_cases,
		   CS_COUNT(kinds_everywhere_cases));
}

/* --- Exclusive roles ------------------------------------------------------------------------------------------- */

#define TWO                                                                                                            \
	P "role r { permissions = p }\nrole s { permissions = q }\nrole t { }\n"                                       \
	  "assignment b { role = s scope = x person = \"uid=a,ou=p\" }\n"
#define RS "exclusive e { roles = { r, s } }"

static const struct diff_case exclusives_cases[] = {
	{"", RS, {"stronger|exclusive e|is new: keeps its roles apart, within scope"}},
	{RS, "", {"weaker|exclusive e|is gone: its roles may be held together"}},
	{RS, "exclusive e { roles = { s, r } }", {NULL}},
	{RS, "exclusive e { roles = { r, s, t } }", {"stronger|exclusive e|role t is one of them now"}},
	{"exclusive e { roles = { r, s, t } }", RS, {"weaker|exclusive e|role t is not one of them any more"}},
	{RS, "exclusive e { roles = { r, s } within = anywhere }", {"stronger|exclusive e|within: scope -> anywhere"}},
	{"exclusive e { roles = { r, s } within = anywhere }", RS, {"weaker|exclusive e|within: anywhere -> scope"}},
	{RS, "exclusive e { roles = { r, s } within = request }", {"weaker|exclusive e|within: scope -> request"}},
	{"exclusive e { roles = { r, s } within = request }", RS, {"weaker|exclusive e|within: request -> scope"}},
	/* Who loses an exclusive role may get back what it took away. */
	{RS " " A("scope = x person = \"uid=a,ou=p\""),
	 RS,
	 {"weaker|assignment a|person uid=a,ou=p: loses (and with it what it excludes) role r in x",
	  "stronger|assignment a|person uid=a,ou=p: loses p in x", "same|assignment a|is gone"}},
	/* The same right, but not by a role that excludes another any more. */
	{RS " role u { permissions = { p, q } inherits = r } assignment a { role = u scope = x " AT_G " }",
	 RS " role u { permissions = { p, q } } assignment a { role = u scope = x " AT_G " }"
	    " assignment c { role = r scope = x " AT_G " }",
	 {"weaker|role u|listed as member of cn=g,ou=x: gains role u in x",
	  "weaker|role u|listed as member of cn=g,ou=x: gains p in x",
	  "weaker|role u|listed as member of cn=g,ou=x: gains q in x", "same|assignment c|is new"}},
};

static void test_policy_diff_exclusives(void **state)
{
	(void)state;
	expect_all(TWO, exclusives_cases, CS_COUNT(exclusives_cases));
}

/* --- Gates ----------------------------------------------------------------------------------------------------- */

#define WHO                                                                                                            \
	P "role r { permissions = { p, q } }\nrole s { permissions = { p, q } }\n" A(                                  \
		"scope = \"*\" " AT_G) "\n"                                                                            \
				       "assignment b { role = s scope = \"*\" group = \"cn=h,ou=x\" listed = member "  \
				       "}\n"
#define FREE      "service sudo { unmatched = permit }\n"
#define GATE(in)  "gate g { service = sudo " in " }"
#define RULE(in)  GATE("permission = p approval a { " in " }")
#define RULES(in) GATE("permission = p approval a { count = 1 role = r } approval b { count = 1 role = s } " in)
#define DENY(in)  GATE("deny = \"no\" " in)

static const struct diff_case guarded_cases[] = {
	{GATE("permission = p command = \"/a\""), GATE("permission = p command = \"/a\""), {NULL}},
	{GATE("permission = p command = \"/a\""), "", {"weaker|gate g|is gone: guarded sudo: /a; needs p alone"}},
	{"", GATE("permission = p command = \"/a\""), {"weaker|gate g|is new: guards sudo: /a; needs p alone"}},
	{FREE,
	 FREE GATE("permission = p command = \"/a\" approval a { count = 1 role = r }"),
	 {"stronger|gate g|is new: guards sudo: /a; needs p and approval by a",
	  "stronger|gate g|approval a: 1 of role r in *", "stronger|gate g|lifetime: 30m",
	  "stronger|gate g|use_within: 10m"}},
	/* Another gate guarded something of this service before: the new one could be a way around it. */
	{FREE "gate f { service = sudo command = \"/b\" deny = \"no\" }",
	 FREE "gate f { service = sudo command = \"/b\" deny = \"no\" }" GATE("permission = p command = \"/a\""),
	 {"weaker|gate g|is new: guards sudo: /a; needs p alone"}},
	/* Without a gate only root may change the policy, whatever unmatched says. */
	{"service countersign { unmatched = permit }",
	 "service countersign { unmatched = permit } gate g { service = countersign permission = p }",
	 {"weaker|gate g|is new: guards countersign; needs p alone"}},
	{"", DENY("command = \"/a\""), {"stronger|gate g|is new: denies sudo: /a"}},
	{DENY(""), "", {"weaker|gate g|is gone: denied sudo"}},
	{GATE("permission = p command = { \"/a\", \"/b\" }"),
	 GATE("permission = p command = \"/a\""),
	 {"weaker|gate g|does not guard command /b any more"}},
	{FREE GATE("permission = p command = \"/a\""),
	 FREE GATE("permission = p command = { \"/a\", \"/b\" }"),
	 {"weaker|gate g|guards command /b now"}},
	{GATE("permission = p command = \"/a\""),
	 GATE("permission = p"),
	 {"weaker|gate g|guards commands: some -> every"}},
	{GATE("permission = p"),
	 GATE("permission = p command = \"/a\""),
	 {"weaker|gate g|guards commands: every -> some"}},
	{GATE("permission = p command = { \"/a x\", \"/a *\" }"),
	 GATE("permission = p command = { \"/a *\", \"/a x\" }"),
	 {"weaker|gate g|its commands are tried in another order"}},
	{DENY("command = { \"/a\", \"/b\" }"), DENY("command = { \"/b\", \"/a\" }"), {NULL}},
	{DENY("command = { \"/a\", \"/b\" }"),
	 DENY("command = { \"/b\", \"/c\" }"),
	 {"weaker|gate g|does not guard command /a any more", "stronger|gate g|guards command /c now"}},
	/* What a gate names with other arguments is denied to those as well whom it exempts. */
	{DENY("command = \"/a x\" exempt e { role = r scope = \"*\" }"),
	 DENY("command = \"/a\" exempt e { role = r scope = \"*\" }"),
	 {"weaker|gate g|does not guard command /a x any more", "weaker|gate g|guards command /a now"}},
	{FREE "gate g { service = sshd permission = p }",
	 FREE "gate g { service = { sudo, sshd } permission = p }",
	 {"stronger|gate g|guards service sudo now"}},
	{"gate g { service = sshd permission = p }",
	 "gate g { service = { sudo, sshd } permission = p }",
	 {"weaker|gate g|guards service sudo now"}},
	{"gate g { service = { sudo, sshd } permission = p }",
	 "gate g { service = sshd permission = p }",
	 {"weaker|gate g|does not guard service sudo any more"}},
	{FREE GATE("permission = p host = one"),
	 FREE GATE("permission = p"),
	 {"stronger|gate g|guards hosts: some -> every"}},
	{GATE("permission = p"), GATE("permission = p host = one"), {"weaker|gate g|guards hosts: every -> some"}},
	{FREE GATE("permission = p host = one"),
	 FREE GATE("permission = p host = { two, ONE }"),
	 {"stronger|gate g|guards host two now"}},
	{GATE("permission = p host = one"),
	 GATE("permission = p host = two"),
	 {"weaker|gate g|does not guard host one any more", "weaker|gate g|guards host two now"}},
	{DENY("host = one netgroup = \"cn=n,ou=x\""),
	 DENY("host = one netgroup = \"cn=m,ou=x\""),
	 {"weaker|gate g|does not guard the hosts of netgroup cn=n,ou=x any more",
	  "stronger|gate g|guards the hosts of netgroup cn=m,ou=x now"}},
	{GATE("permission = p netgroup = \"cn=n,ou=x\""),
	 GATE("permission = p"),
	 {"weaker|gate g|guards hosts: some -> every"}},
};

static void test_policy_diff_guarded(void **state)
{
	(void)state;
	expect_all(WHO, guarded_cases, CS_COUNT(guarded_cases));
}

#define DAY   "time = \"08:00-18:00\""
#define NIGHT "time = { \"08:00-18:00\", \"20:00-22:00\" }"

static const struct diff_case conditions_cases[] = {
	{GATE("permission = p"), GATE("permission = p " DAY), {"stronger|gate g|time: always -> 08:00-18:00"}},
	{GATE("permission = p " DAY), GATE("permission = p"), {"weaker|gate g|time: 08:00-18:00 -> always"}},
	{GATE("permission = p " DAY),
	 GATE("permission = p " NIGHT),
	 {"weaker|gate g|time: 08:00-18:00 -> 08:00-18:00, 20:00-22:00"}},
	{GATE("permission = p " NIGHT),
	 GATE("permission = p " DAY),
	 {"stronger|gate g|time: 08:00-18:00, 20:00-22:00 -> 08:00-18:00"}},
	{GATE("permission = p " DAY),
	 GATE("permission = p time = \"09:00-17:00\""),
	 {"weaker|gate g|time: 08:00-18:00 -> 09:00-17:00"}},
	/* Outside its time another gate counts, with whatever that asks for. */
	{GATE("permission = p") " gate h { service = sudo permission = q }",
	 GATE("permission = p " DAY) " gate h { service = sudo permission = q }",
	 {"weaker|gate g|time: always -> 08:00-18:00"}},
	{GATE("permission = p") " gate h { service = sshd permission = q }",
	 GATE("permission = p " DAY) " gate h { service = sshd permission = q }",
	 {"stronger|gate g|time: always -> 08:00-18:00"}},
	{"gate g { service = countersign command = \"policy.apply weaker **\" permission = p }"
	 "gate h { service = countersign command = \"policy.apply same **\" permission = p }",
	 "gate g { service = countersign command = \"policy.apply weaker **\" permission = p " DAY " }"
	 "gate h { service = countersign command = \"policy.apply same **\" permission = p }",
	 {"stronger|gate g|time: always -> 08:00-18:00"}},
	{GATE("permission = p"),
	 GATE("permission = p peer = \"192.0.2.0/24\""),
	 {"stronger|gate g|peer: any -> 192.0.2.0/24"}},
	{GATE("permission = p peer = { local, \"192.0.2.0/24\" }"),
	 GATE("permission = p peer = { \"192.0.2.0/24\", local }"),
	 {NULL}},
	{GATE("permission = p peer = local"),
	 GATE("permission = p peer = \"192.0.2.0/24\""),
	 {"weaker|gate g|peer: local -> 192.0.2.0/24"}},
	/* A deny gate the other way round. */
	{DENY(""), DENY(DAY), {"weaker|gate g|time: always -> 08:00-18:00"}},
	{DENY(DAY), DENY(""), {"stronger|gate g|time: 08:00-18:00 -> always"}},
	{DENY(DAY), DENY(NIGHT), {"stronger|gate g|time: 08:00-18:00 -> 08:00-18:00, 20:00-22:00"}},
	{DENY(NIGHT), DENY(DAY), {"weaker|gate g|time: 08:00-18:00, 20:00-22:00 -> 08:00-18:00"}},
	{DENY(DAY), DENY("time = \"09:00-17:00\""), {"weaker|gate g|time: 08:00-18:00 -> 09:00-17:00"}},
};

static void test_policy_diff_conditions(void **state)
{
	(void)state;
	expect_all(WHO, conditions_cases, CS_COUNT(conditions_cases));
}

static const struct diff_case terms_cases[] = {
	{GATE("permission = p"), GATE("permission = q"), {"weaker|gate g|permission: p -> q"}},
	{GATE("permission = p"), GATE("permission = p scope = x"), {"weaker|gate g|scope: * -> x"}},
	{GATE("permission = p"), GATE("permission = p scope = \"*\""), {NULL}},
	{GATE("permission = p"),
	 GATE("permission = p reason = required"),
	 {"stronger|gate g|reason: optional -> required"}},
	{GATE("permission = p reason = required"),
	 GATE("permission = p"),
	 {"weaker|gate g|reason: required -> optional"}},
	{GATE("permission = p"),
	 GATE("permission = p exposed_file = permit"),
	 {"weaker|gate g|exposed_file: deny -> permit"}},
	{GATE("permission = p"),
	 GATE("permission = p exposed_input = deny"),
	 {"stronger|gate g|exposed_input: permit -> deny"}},
	{GATE("permission = p artefact = { \"%{1}\", \"%{2}.asc\" }"),
	 GATE("permission = p artefact = { \"%{1}\", \"%{3}\" }"),
	 {"weaker|gate g|does not hash any more the file %{2}.asc", "stronger|gate g|hashes the file %{3}"}},
	{GATE("permission = p"), GATE("permission = p mode = monitor"), {"weaker|gate g|mode: enforce -> monitor"}},
	{GATE("permission = p mode = monitor"), GATE("permission = p"), {"stronger|gate g|mode: monitor -> enforce"}},
	{GATE("permission = p mode = monitor"), GATE("permission = p mode = monitor"), {NULL}},
	/* It took nothing from the other gate as long as it monitored. */
	{GATE("permission = p mode = monitor") " gate h { service = sudo permission = q }",
	 GATE("permission = p") " gate h { service = sudo permission = q }",
	 {"weaker|gate g|mode: monitor -> enforce"}},
	{GATE("permission = p mode = monitor") " gate h { service = sudo permission = q mode = monitor }",
	 GATE("permission = p") " gate h { service = sudo permission = q mode = monitor }",
	 {"stronger|gate g|mode: monitor -> enforce"}},
	{GATE("permission = p"), GATE("permission = p class = edit"), {"weaker|gate g|guards classes: every -> some"}},
	{GATE("permission = p class = edit"),
	 GATE("permission = p class = { edit, open-ended }"),
	 {"weaker|gate g|guards class open-ended now"}}, /* nothing else permitted those */
	{GATE("permission = p class = { edit, open-ended }"),
	 GATE("permission = p class = edit"),
	 {"weaker|gate g|does not guard class open-ended any more"}},
	{DENY("class = edit"), DENY(""), {"stronger|gate g|guards classes: some -> every"}},
	{GATE("permission = p exposed_file = permit"),
	 GATE("permission = p exposed_file = deny"),
	 {"stronger|gate g|exposed_file: permit -> deny"}},
	{GATE("permission = p"), GATE("permission = p lifetime = 1h"), {"weaker|gate g|lifetime: 30m -> 1h"}},
	{GATE("permission = p"), GATE("permission = p lifetime = 90s"), {"stronger|gate g|lifetime: 30m -> 90s"}},
	{GATE("permission = p lifetime = 1d"),
	 GATE("permission = p lifetime = 25h"),
	 {"weaker|gate g|lifetime: 1d -> 25h"}},
	{GATE("permission = p"), GATE("permission = p use_within = 11m"), {"weaker|gate g|use_within: 10m -> 11m"}},
	{GATE("permission = p use_within = 11m"), GATE("permission = p"), {"stronger|gate g|use_within: 11m -> 10m"}},
	{RULE("count = 1 role = r"),
	 GATE("permission = p use_after = 5m approval a { count = 1 role = r }"),
	 {"stronger|gate g|use_after: none -> 5m"}},
	{GATE("permission = p use_after = 5m approval a { count = 1 role = r }"),
	 GATE("permission = p use_after = 4m approval a { count = 1 role = r }"),
	 {"weaker|gate g|use_after: 5m -> 4m"}},
	{GATE("permission = p"), DENY(""), {"stronger|gate g|needs p -> denies"}},
	{GATE("permission = p"), DENY(DAY), {"weaker|gate g|needs p -> denies", "weaker|gate g|time: 08:00-18:00"}},
	{GATE("permission = p"), DENY("exempt e { role = r scope = \"*\" }"),
	 {"weaker|gate g|needs p -> denies", "weaker|gate g|exempt e: role r in *"}},
	{DENY(""), GATE("permission = p"), {"weaker|gate g|denies -> needs p"}},
	{DENY(""), GATE("deny = \"never\""), {"same|gate g|text: no -> never"}},
	{DENY(""), DENY("exempt e { role = r scope = \"*\" }"), {"weaker|gate g|exempt e (role r): is new",
	 "weaker|gate g|exempt e: role r in *"}},
	{DENY("exempt e { role = r scope = \"*\" }"), DENY(""), {"stronger|gate g|exempt e (role r): is gone"}},
	{GATE("permission = p"),
	 GATE("permission = p exempt e { person = \"uid=a,ou=p\" }"),
	 {"weaker|gate g|exempt e (people by name): is new", "weaker|gate g|exempt e: person uid=a,ou=p"}},
	{GATE("permission = p exempt e { role = r }"),
	 GATE("permission = p exempt e { role = s }"),
	 {"weaker|gate g|exempt e: role r -> role s"}},
	{GATE("permission = p exempt e { role = r }"),
	 GATE("permission = p exempt e { role = r scope = x }"),
	 {"weaker|gate g|exempt e: in * -> in x"}},
};

static void test_policy_diff_terms(void **state)
{
	(void)state;
	expect_all(WHO, terms_cases, CS_COUNT(terms_cases));
}

static const struct diff_case rules_cases[] = {
	{RULE("count = 2 role = r"), RULE("count = 1 role = r"), {"weaker|gate g|approval a: 2 people -> 1"}},
	{RULE("count = 1 role = r"), RULE("count = 3 role = r"), {"stronger|gate g|approval a: 1 person -> 3"}},
	{RULE("count = 1 role = r"), RULE("count = 1 role = s"), {"weaker|gate g|approval a: role r -> role s"}},
	{RULE("count = 1 role = r"),
	 RULE("count = 1 permission = p"),
	 {"weaker|gate g|approval a: role r -> permission p"}},
	{RULE("count = 1 role = r"),
	 RULE("count = 1 group = \"" G "\" listed = member"),
	 {"weaker|gate g|approval a: role r -> group cn=g,ou=x by member"}},
	{RULE("count = 1 group = \"" G "\" listed = owner"),
	 RULE("count = 1 group = \"" G "\" listed = member"),
	 {"weaker|gate g|approval a: group cn=g,ou=x by owner -> group cn=g,ou=x by member"}},
	{RULE("count = 1 person = { \"uid=a,ou=p\", \"uid=b,ou=p\" }"),
	 RULE("count = 1 person = { \"uid=b,ou=p\", \"uid=c,ou=p\" }"),
	 {"weaker|gate g|approval a: now also uid=c,ou=p", "stronger|gate g|approval a: no longer uid=a,ou=p"}},
	{RULE("count = 1 role = r"), RULE("count = 1 role = r scope = x"), {"weaker|gate g|approval a: in * -> in x"}},
	{RULE("count = 1 role = r"), RULE("count = 1 role = r scope = \"*\""), {NULL}},
	{RULE("count = 1 role = r"),
	 GATE("permission = p"),
	 {"weaker|gate g|approval a (1) is not asked for any more"}},
	{GATE("permission = p"), RULE("count = 1 role = r"),
	 {"stronger|gate g|approval a (1) is new", "stronger|gate g|approval a: 1 of role r in *"}},
	{RULES(""),
	 RULES("people = shared"),
	 {"weaker|gate g|approvals a and b: different people -> one person may fill both"}},
	{RULES("people = shared"),
	 RULES(""),
	 {"stronger|gate g|approvals a and b: one person may fill both -> different people"}},
	{RULES("people = shared"),
	 RULES("people = shared") " exclusive e { roles = { r, s } within = request }",
	 {"stronger|exclusive e|is new: keeps its roles apart, within request",
	  "stronger|gate g|approvals a and b: one person may fill both -> different people"}},
	{RULES("people = shared") " exclusive e { roles = { r, s } within = request }",
	 RULES("people = shared"),
	 {"weaker|exclusive e|is gone: its roles may be held together",
	  "weaker|gate g|approvals a and b: different people -> one person may fill both"}},
	/* With one rule nobody fills two. */
	{RULE("count = 2 role = r"), GATE("permission = p people = shared approval a { count = 2 role = r }"), {NULL}},
};

static void test_policy_diff_rules(void **state)
{
	(void)state;
	expect_all(WHO, rules_cases, CS_COUNT(rules_cases));
}

#define FIRST  "gate f { service = sudo command = \"/a x\" permission = p }\n"
#define SECOND "gate g { service = sudo command = \"/b *\" permission = q }\n"
#define LOGIN  "gate l { service = sshd permission = q }\n"
#define DENIED "gate n { service = sudo deny = \"no\" }\n"
#define THIRD  "gate h { service = sudo command = \"/a y\" permission = q }\n"
#define REST   "gate k { service = sudo command = \"/b x **\" permission = q }\n"
static const struct diff_case order_cases[] = {
	{FIRST LOGIN DENIED, DENIED LOGIN FIRST, {NULL}},
	/* Two paths may be one file. */
	{FIRST SECOND LOGIN,
	 LOGIN SECOND FIRST,
	 {"weaker|gate f|gate g stands before it now; the first that an action meets counts"}},
	/* Other arguments are another action. */
	{FIRST THIRD, THIRD FIRST, {NULL}},
	{FIRST REST, REST FIRST, {"weaker|gate f|gate k stands before it now; the first that an action meets counts"}},
	{FIRST THIRD SECOND,
	 SECOND FIRST THIRD,
	 {"weaker|gate f|gate g stands before it now; the first that an action meets counts",
	  "weaker|gate h|gate g stands before it now; the first that an action meets counts"}},
};

static void test_policy_diff_order(void **state)
{
	(void)state;
	expect_all(WHO, order_cases, CS_COUNT(order_cases));
}

static const struct diff_case services_cases[] = {
	{"service s { unmatched = permit }",
	 "service s { unmatched = deny }",
	 {"stronger|service s|what no gate guards: permitted -> denied"}},
	{"service s { unmatched = deny }",
	 "service s { unmatched = permit }",
	 {"weaker|service s|what no gate guards: denied -> permitted"}},
	{"", "service s { unmatched = permit }", {"weaker|service s|what no gate guards: denied -> permitted"}},
	{"service s { unmatched = permit }", "", {"stronger|service s|what no gate guards: permitted -> denied"}},
	{"", "service s { unmatched = deny }", {"same|service s|is new"}},
	{"service s { unmatched = deny }", "", {"same|service s|is gone"}},
};

static void test_policy_diff_services(void **state)
{
	(void)state;
	expect_all(P, services_cases, CS_COUNT(services_cases));
}

/* --- The whole
 * ------------------------------------------------------------------------------------------------- */

static void test_policy_diff_effect(void **state)
{
	const struct cs_change changes[] = {{CS_EFFECT_NONE, NULL, NULL},
					    {CS_EFFECT_STRONGER, NULL, NULL},
					    {CS_EFFECT_WEAKER, NULL, NULL},
					    {CS_EFFECT_NONE, NULL, NULL}};

	(void)state;
	assert_int_equal(cs_changes_effect(NULL, 0), CS_EFFECT_NONE);
	assert_int_equal(cs_changes_effect(changes, 1), CS_EFFECT_NONE);
	assert_int_equal(cs_changes_effect(changes, 2), CS_EFFECT_STRONGER);
	assert_int_equal(cs_changes_effect(changes, 4), CS_EFFECT_WEAKER);
	assert_int_equal(cs_changes_effect(changes + 3, 1), CS_EFFECT_NONE);
	cs_changes_free(NULL, NULL);
}

/* Whoever agrees to a change sees nothing but its lines. A gate with another name, and an approval with another name,
 * stand for those that are gone: all that they ask for is told, and who may give it. Teeth: without cs_diff_new_terms
 * mallory, the exemption and the single host are nowhere. */
static const struct diff_case renamed_cases[] = {
	{RULE("count = 2 role = r"),
	 "gate h { service = sudo permission = p scope = x host = one netgroup = \"cn=n,ou=n\" time = \"08:00-18:00\" "
	 "peer = local people = shared exposed_file = permit approval a { count = 1 person = \"uid=mallory,ou=p\" } }",
	 {"weaker|gate g|is gone: guarded sudo; needs p and approval by a",
	  "weaker|gate h|is new: guards sudo; needs p and approval by a", "weaker|gate h|only on hosts one",
	  "weaker|gate h|only on the hosts of netgroups cn=n,ou=n", "weaker|gate h|peer: local",
	  "weaker|gate h|time: 08:00-18:00", "weaker|gate h|approval a: 1 of person uid=mallory,ou=p",
	  "weaker|gate h|scope: x", "weaker|gate h|people: shared", "weaker|gate h|exposed_file: permit",
	  "weaker|gate h|lifetime: 30m", "weaker|gate h|use_within: 10m"}},
	{GATE("permission = p"),
	 "gate h { service = sudo permission = p exempt e { group = \"cn=g,ou=x\" listed = owner } }",
	 {"weaker|gate g|is gone: guarded sudo; needs p alone", "weaker|gate h|is new: guards sudo; needs p alone",
	  "weaker|gate h|exempt e: group cn=g,ou=x by owner"}},
	{RULE("count = 2 role = r"),
	 GATE("permission = p approval b { count = 1 person = { \"uid=mallory,ou=p\", \"uid=a,ou=p\" } }"),
	 {"weaker|gate g|approval a (2) is not asked for any more", "stronger|gate g|approval b (1) is new",
	  "stronger|gate g|approval b: 1 of person uid=mallory,ou=p",
	  "stronger|gate g|approval b: 1 of person uid=a,ou=p"}},
	{RULE("count = 1 role = r"),
	 RULE("count = 1 person = \"uid=mallory,ou=p\""),
	 {"weaker|gate g|approval a: role r -> people by name",
	  "weaker|gate g|approval a: 1 of person uid=mallory,ou=p"}},
};

static void test_policy_diff_another_name_hides_nothing(void **state)
{
	(void)state;
	expect_all(WHO, renamed_cases, CS_COUNT(renamed_cases));
}

/* Nor does a long list in front of it: what is cut is the list. */
static void test_policy_diff_length_hides_nothing(void **state)
{
	struct cs_buf conditions, commands;
	struct cs_policy *a, *b;
	struct cs_change *changes = NULL;
	char *after = NULL;
	size_t n = 0, found = 0;

	(void)state;
	cs_buf_init(&conditions, 1u << 20);
	cs_buf_init(&commands, 1u << 20);
	for (unsigned i = 0; i < 16; i++) {
		char text[1024];
		int len = snprintf(text, sizeof(text), "%s\"description=%0900u\"", i ? ", " : "", i);

		cs_buf_put(&conditions, text, (size_t)len);
		len = snprintf(text, sizeof(text), "%s\"/bin/%0900u\"", i ? ", " : "", i);
		cs_buf_put(&commands, text, (size_t)len);
	}
	cs_buf_put_u8(&conditions, 0);
	cs_buf_put_u8(&commands, 0);
	assert_int_equal(cs_format(&after, WHO "assignment c { role = r scope = x " AT_G " unless = { %s } }\n"
					   "assignment d { role = r scope = y group = \"cn=m,ou=x\" listed = member "
					   "unless = { %s } }\n"
					   "gate h { service = sudo permission = p command = { %s } }\n",
				   (const char *)conditions.data, (const char *)conditions.data,
				   (const char *)commands.data),
			 0);
	a = parse(WHO);
	b = parse(after);
	assert_int_equal(cs_policy_diff(a, b, &changes, &n), 0);
	for (size_t i = 0; i < n; i++)
		found += strstr(changes[i].text, "…: gains p in y") || strstr(changes[i].text, "…; needs p alone");
	assert_int_equal(found, 2);
	cs_buf_clear(&conditions);
	cs_buf_clear(&commands);
	cs_changes_free(&changes, &n);
	cs_policy_free(&a);
	cs_policy_free(&b);
	free(after);
}

/* Everybody waits while policies are compared. Of very many gates not all are compared with each other, and what is not
 * known counts as weaker. Teeth: without LOOKS_MAX this takes minutes, and all of it is stronger. */
static void test_policy_diff_of_many_gates_ends(void **state)
{
	enum { MANY_GATES = 3000 };
	static const char *const times[] = {"", "time = \"08:00-18:00\""};
	struct cs_policy *policies[2];
	struct cs_change *changes = NULL;
	size_t n = 0, stronger = 0;
	clock_t began;

	(void)state;
	for (size_t p = 0; p < CS_COUNT(times); p++) {
		struct cs_buf text;
		char gate[512];

		cs_buf_init(&text, 1u << 24);
		cs_buf_put(&text, WHO, strlen(WHO));
		for (unsigned i = 0; i < MANY_GATES; i++) {
			int len = snprintf(gate, sizeof(gate),
					   "gate g%u { service = app "
					   "command = { a%u, b%u, c%u, d%u, e%u, f%u, h%u, i%u } "
					   "permission = p %s }\n",
					   i, i, i, i, i, i, i, i, i, times[p]);

			cs_buf_put(&text, gate, (size_t)len);
		}
		cs_buf_put_u8(&text, 0);
		policies[p] = parse((const char *)text.data);
		cs_buf_clear(&text);
	}
	began = clock();
	assert_int_equal(cs_policy_diff(policies[0], policies[1], &changes, &n), 0);
	assert_true((clock() - began) / CLOCKS_PER_SEC < 30);
	assert_int_equal(n, MANY_GATES);
	for (size_t i = 0; i < n; i++)
		stronger += changes[i].effect == CS_EFFECT_STRONGER;
	assert_true(stronger > 0 && stronger < n); /* told as far as it was seen */
	cs_changes_free(&changes, &n);
	cs_policy_free(&policies[0]);
	cs_policy_free(&policies[1]);
}

/* A change travels to people, so no text may be longer than the wire takes. */
static void test_policy_diff_text_is_bounded(void **state)
{
	char long_text[3 * CS_MAX_REASON / 2], *before = NULL, *after = NULL;
	struct cs_buf people;
	struct cs_policy *a, *b;
	struct cs_change *changes = NULL;
	size_t n = 0;
	struct cs_buf out;

	(void)state;
	cs_buf_init(&people, 1u << 20);
	for (unsigned i = 0; i < 200; i++) {
		int len = snprintf(long_text, sizeof(long_text), "%s\"/bin/%0100u\"", i ? ", " : "", i);

		cs_buf_put(&people, long_text, (size_t)len);
	}
	cs_buf_put_u8(&people, 0);
	assert_int_equal(cs_format(&before, WHO "gate g { service = sudo command = { %s } deny = \"no\" }",
				   (const char *)people.data),
			 0);
	assert_int_equal(cs_format(&after, WHO "gate h { service = sudo command = { %s } deny = \"no\" }",
				   (const char *)people.data),
			 0);
	a = parse(before);
	b = parse(after);
	assert_int_equal(cs_policy_diff(a, b, &changes, &n), 0);
	assert_int_equal(n, 2);
	cs_buf_init(&out, 1u << 20);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(cs_encode(&cs_change_shape, &changes[i], &out), 0);
		assert_string_equal(changes[i].text + strlen(changes[i].text) - strlen("…"), "…");
	}
	cs_buf_clear(&out);
	cs_buf_clear(&people);
	cs_changes_free(&changes, &n);
	cs_policy_free(&a);
	cs_policy_free(&b);
	free(before);
	free(after);
}

/* What is too much to list is counted, with its effect. */
static void test_policy_diff_many(void **state)
{
	enum { PEOPLE = 1000, PERMISSIONS = 20 };
	struct cs_buf text;
	struct cs_policy *a, *b;
	struct cs_change *changes = NULL;
	size_t n = 0;

	(void)state;
	cs_buf_init(&text, 1u << 20);
	for (unsigned i = 0; i < PERMISSIONS; i++) {
		char line[64];

		cs_buf_put(&text, line, (size_t)snprintf(line, sizeof(line), "permission p%u { }\n", i));
	}
	cs_buf_put_u8(&text, 0);
	a = parse((const char *)text.data);
	text.len--;
	cs_buf_put(&text, "role r { permissions = { p0", 27);
	for (unsigned i = 1; i < PERMISSIONS; i++) {
		char line[64];

		cs_buf_put(&text, line, (size_t)snprintf(line, sizeof(line), ", p%u", i));
	}
	cs_buf_put(&text, " } }\nassignment a { role = r scope = x person = { ", 50);
	for (unsigned i = 0; i < PEOPLE; i++) {
		char line[64];

		cs_buf_put(&text, line, (size_t)snprintf(line, sizeof(line), "%s\"uid=u%u,ou=p\"", i ? ", " : "", i));
	}
	cs_buf_put(&text, " } }\n", 6);
	b = parse((const char *)text.data);
	assert_int_equal(cs_policy_diff(a, b, &changes, &n), 0);
	assert_int_equal(n, 16384 + 1 + 2); /* the listed, the rest, and the role and the assignment by name */
	assert_int_equal(changes[16384].effect, CS_EFFECT_WEAKER);
	assert_string_equal(changes[16384].text, "4616 more changes of this effect");
	cs_changes_free(&changes, &n);
	assert_int_equal(cs_policy_diff(b, a, &changes, &n), 0);
	assert_string_equal(changes[16384].text, "4616 more changes of this effect");
	assert_int_equal(changes[16384].effect, CS_EFFECT_STRONGER);
	cs_changes_free(&changes, &n);
	cs_policy_free(&a);
	cs_policy_free(&b);
	cs_buf_clear(&text);
}

/* --- Ages and floors ------------------------------------------------------------------------------------------- */

#define IN_G(name, role, rest)                                                                                         \
	"assignment " name " { role = " role " scope = \"*\" group = \"cn=g,ou=x\" listed = m " rest " }\n"
#define IN_H    "assignment h { role = s scope = \"*\" group = \"cn=h,ou=x\" listed = m }\n"
#define FLOORS  "role r { permissions = p }\nrole s { permissions = q }\n"
#define OF_G    "at_least of those listed as m of cn=g,ou=x: "
#define LOSES_G "stronger|assignment a|listed as m of cn=g,ou=x: loses "
#define BY_G    "gate g { service = sudo permission = q approval x { count = 1 group = \"cn=g,ou=x\" listed = m } }"

static const struct diff_case fresh_cases[] = {
	{"permission z { fresh = 5s }", "permission z { fresh = 5s }", {NULL}},
	{"permission z { fresh = 5s }", "permission z { fresh = 90s }", {"weaker|permission z|fresh: 5s -> 90s"}},
	{"permission z { fresh = 5s }", "permission z { }", {"weaker|permission z|fresh: 5s -> none"}},
	{"permission z { }", "permission z { fresh = 0s }", {"stronger|permission z|fresh: none -> 0s"}},
	{"permission z { fresh = 0s }", "permission z { fresh = 1s }", {"weaker|permission z|fresh: 0s -> 1s"}},
	{FLOORS IN_G("a", "r", "") "gate g { service = sudo permission = p fresh = 10s }",
	 FLOORS IN_G("a", "r", "") "gate g { service = sudo permission = p }",
	 {"weaker|gate g|fresh: 10s -> none"}},
	{FLOORS IN_G("a", "r", "") "gate g { service = sudo permission = p fresh = 10s }",
	 FLOORS IN_G("a", "r", "") "gate g { service = sudo permission = p fresh = 0s }",
	 {"stronger|gate g|fresh: 10s -> 0s"}},
	{FLOORS IN_G("a", "r", ""),
	 FLOORS IN_G("a", "r", "at_least = 3"),
	 {"stronger|assignment a|" OF_G "none -> 3"}},
	{FLOORS IN_G("a", "r", "at_least = 3"),
	 FLOORS IN_G("a", "r", "at_least = 2"),
	 {"weaker|assignment a|" OF_G "3 -> 2"}},
	/* The largest counts, so what one sets is another's too. */
	{FLOORS IN_G("a", "r", "at_least = 3") IN_G("b", "s", ""),
	 FLOORS IN_G("a", "r", "") IN_G("b", "s", "at_least = 3"),
	 {NULL}},
	{FLOORS IN_G("a", "r", "at_least = 3") IN_G("b", "s", ""),
	 FLOORS IN_G("b", "s", ""),
	 {"weaker|assignment b|" OF_G "3 -> none", LOSES_G "role r in *", LOSES_G "p in *", "same|assignment a|is gone"}},
	/* A gate's approval by the group loses the floor with the last assignment that sets it. */
	{FLOORS IN_G("a", "r", "at_least = 3") IN_H BY_G,
	 FLOORS IN_H BY_G,
	 {"weaker|gate g|" OF_G "3 -> none", LOSES_G "role r in *", LOSES_G "p in *", "same|assignment a|is gone"}},
	{FLOORS "assignment a { role = r scope = \"*\" below = \"ou=x\" listed = m at_least = 2 }",
	 FLOORS "assignment a { role = r scope = \"*\" below = \"OU=x\" listed = M }",
	 {"weaker|assignment a|at_least of those listed as M of a group below OU=x: 2 -> none"}},
};

static void test_policy_diff_a079_ages_and_floors(void **state)
{
	(void)state;
	expect_all(P, fresh_cases, CS_COUNT(fresh_cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_diff_roles),           cmocka_unit_test(test_policy_diff_role_held_thrice),
		cmocka_unit_test(test_policy_diff_assignments),     cmocka_unit_test(test_policy_diff_kinds_everywhere),
		cmocka_unit_test(test_policy_diff_exclusives),      cmocka_unit_test(test_policy_diff_guarded),
		cmocka_unit_test(test_policy_diff_conditions),      cmocka_unit_test(test_policy_diff_terms),
		cmocka_unit_test(test_policy_diff_rules),           cmocka_unit_test(test_policy_diff_order),
		cmocka_unit_test(test_policy_diff_services),        cmocka_unit_test(test_policy_diff_effect),
		cmocka_unit_test(test_policy_diff_another_name_hides_nothing),
		cmocka_unit_test(test_policy_diff_length_hides_nothing),
		cmocka_unit_test(test_policy_diff_of_many_gates_ends),
		cmocka_unit_test(test_policy_diff_text_is_bounded), cmocka_unit_test(test_policy_diff_a079_ages_and_floors),
		cmocka_unit_test(test_policy_diff_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
