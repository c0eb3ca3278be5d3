/* SPDX-License-Identifier: Apache-2.0 */
/* Roles that exclude each other: who holds two of them holds none; within a request different people fill the rules. */
#include "test_policy_world.h"

#define MARA "uid=mara,ou=people"

/* senior is deployer, head is auditor; other has a right of its own and one that deployer has, too. */
#define ROLES                                                                                                          \
	"permission deploy { }\npermission audit { }\npermission lead { }\npermission look { }\n"                      \
	"role deployer { permissions = { deploy, look } }\nrole auditor { permissions = { audit, look } }\n"           \
	"role senior { inherits = deployer permissions = lead }\nrole head { inherits = auditor }\n"                   \
	"role other { permissions = look in x { permissions = deploy } }\nrole third { permissions = lead }\n"
#define HOLD(role) "assignment " #role " { role = " #role " scope = \"x/%{cn}\" below = \"ou=g\" listed = " #role " }\n"
#define HOLD_ALL   HOLD(deployer) HOLD(auditor) HOLD(senior) HOLD(head) HOLD(other) HOLD(third)
#define WIDE       "assignment wide { role = auditor scope = \"*\" group = \"cn=all,ou=g\" listed = wide }\n"
#define NAMED      "assignment named { role = auditor scope = \"x/a\" person = \"" MARA "\" }\n"
#define SET(text)  "exclusive set { roles = { deployer, auditor } " text " }\n"

enum { DEPLOYER, AUDITOR, SENIOR, HEAD, OTHER, THIRD, EVERYWHERE, N_QUERIES };

static struct cs_policy *policy;

static int no_policy(void **state)
{
	(void)state;
	cs_policy_free(&policy);
	return 0;
}

static void load(const char *more)
{
	char *text = NULL;

	cs_policy_free(&policy);
	assert_int_equal(cs_format(&text, "%s%s", ROLES HOLD_ALL WIDE, more), 0);
	policy = parse(text);
	free(text);
}

static void list_cn(struct member *who, uint32_t query, const char *cn)
{
	list_as(who, query, "cn=g,ou=g", "cn", cn, NULL);
}

static int has(const struct member *who, const char *permission, const char *scope, enum cs_reason *ret_reason)
{
	struct cs_held held = {0};
	int silent = cs_policy_has_right(policy, &who->facts, permission, scope, NULL);
	int r = cs_policy_has_right(policy, &who->facts, permission, scope, &held);

	assert_int_equal(silent, r);
	assert_true((held.because != NULL) == (r == 1 || held.reason == CS_WHY_EXCLUSIVE));
	*ret_reason = held.reason;
	cs_held_clear(&held);
	return r;
}

/* Two memberships (query and cn), and what is left of a right. */
struct two {
	uint32_t query[2];
	const char *cn[2];
	const char *permission, *scope;
	enum cs_reason expected;
};

static void check_table(const struct two *cases, size_t n)
{
	struct member who;
	enum cs_reason reason;

	for (size_t i = 0; i < n; i++) {
		/* Whichever of them the directory tells first. */
		for (size_t first = 0; first < 2; first++) {
			make_member(&who, MARA);
			for (size_t k = 0; k < 2; k++) {
				size_t at = (first + k) % 2;

				if (cases[i].cn[at])
					list_cn(&who, cases[i].query[at], cases[i].cn[at]);
			}
			int r = has(&who, cases[i].permission, cases[i].scope, &reason);

			if (reason != cases[i].expected || (r == 1) != (reason == CS_WHY_HAS_RIGHT))
				fail_msg("case %zu.%zu: %d, %s", i, first, r, cs_name_of(cs_reason_names, (int)reason));
		}
	}
}

#define YES  CS_WHY_HAS_RIGHT
#define NO   CS_WHY_NO_PERMISSION
#define EXCL CS_WHY_EXCLUSIVE

static void test_exclusive_in_one_scope(void **state)
{
	static const struct two cases[] = {
		{{DEPLOYER, AUDITOR}, {"a", NULL}, "deploy", "x/a", YES},
		{{DEPLOYER, AUDITOR}, {"a", "a"}, "deploy", "x/a", EXCL},
		{{DEPLOYER, AUDITOR}, {"a", "a"}, "audit", "x/a", EXCL},
		{{DEPLOYER, AUDITOR}, {"a", "a"}, "look", "x/a", EXCL},
		{{DEPLOYER, AUDITOR}, {"a", "a"}, "deploy", "x/a/deeper", EXCL},
		{{DEPLOYER, AUDITOR}, {"a", "a"}, "lead", "x/a", NO},
		{{DEPLOYER, AUDITOR}, {"a", "a"}, "deploy", "x/b", NO},
		{{DEPLOYER, AUDITOR}, {"a", "b"}, "deploy", "x/a", YES}, /* in two scopes: each counts in its own */
		{{DEPLOYER, AUDITOR}, {"a", "b"}, "audit", "x/b", YES},
		{{DEPLOYER, EVERYWHERE}, {"a", ""}, "deploy", "x/a", EXCL}, /* both contain x/a … */
		{{DEPLOYER, EVERYWHERE}, {"a", ""}, "audit", "x/a/b", EXCL},
		{{DEPLOYER, EVERYWHERE}, {"a", ""}, "audit", "x/b", YES}, /* … and only one x/b */
		{{DEPLOYER, EVERYWHERE}, {"a", ""}, "audit", "*", YES},
		{{SENIOR, AUDITOR}, {"a", "a"}, "lead", "x/a", EXCL}, /* who holds senior holds deployer */
		{{SENIOR, AUDITOR}, {"a", "a"}, "audit", "x/a", EXCL},
		{{SENIOR, HEAD}, {"a", "a"}, "deploy", "x/a", EXCL},
		{{SENIOR, HEAD}, {"a", "a"}, "audit", "x/a", EXCL},
		{{SENIOR, DEPLOYER}, {"a", "a"}, "deploy", "x/a", YES}, /* one of them, twice */
		{{OTHER, AUDITOR}, {"a", "a"}, "audit", "x/a", YES},
		{{DEPLOYER, AUDITOR}, {"no word", "a"}, "audit", "x/a", YES}, /* gives nothing, so it is not held */
	};

	(void)state;
	load(SET(""));
	check_table(cases, CS_COUNT(cases));
	load(SET("within = scope"));
	check_table(cases, CS_COUNT(cases));
}

static void test_exclusive_anywhere(void **state)
{
	static const struct two cases[] = {
		{{DEPLOYER, AUDITOR}, {"a", NULL}, "deploy", "x/a", YES},
		{{DEPLOYER, AUDITOR}, {"a", "a"}, "deploy", "x/a", EXCL},
		{{DEPLOYER, AUDITOR}, {"a", "b"}, "deploy", "x/a", EXCL},
		{{DEPLOYER, AUDITOR}, {"a", "b"}, "audit", "x/b", EXCL},
		{{DEPLOYER, EVERYWHERE}, {"a", ""}, "audit", "*", EXCL},
		{{SENIOR, HEAD}, {"a", "b"}, "lead", "x/a", EXCL},
		{{DEPLOYER, DEPLOYER}, {"a", "b"}, "deploy", "x/b", YES},
		{{DEPLOYER, AUDITOR}, {"a", "no word"}, "deploy", "x/a", YES},
		{{DEPLOYER, THIRD}, {"a", "a"}, "deploy", "x/a", YES},
	};

	(void)state;
	load(SET("within = anywhere"));
	check_table(cases, CS_COUNT(cases));
}

/* Within a request is no matter of what is held. */
static void test_exclusive_within_request_is_held(void **state)
{
	static const struct two cases[] = {
		{{DEPLOYER, AUDITOR}, {"a", "a"}, "deploy", "x/a", YES},
		{{DEPLOYER, AUDITOR}, {"a", "a"}, "audit", "x/a", YES},
	};
	struct member who;
	char **lines = NULL;
	size_t n = 0;

	(void)state;
	/* Also where a static set holds one of them. */
	load(SET("within = request") "exclusive more { roles = { deployer, third } }\n");
	check_table(cases, CS_COUNT(cases));
	load(SET("within = request"));
	check_table(cases, CS_COUNT(cases));
	make_member(&who, MARA);
	list_cn(&who, DEPLOYER, "a");
	list_cn(&who, AUDITOR, "a");
	assert_int_equal(cs_policy_violations(policy, &who.facts, &lines, &n), 0);
	assert_int_equal(n, 0);
}

/* A right that another role gives as well stays. */
static void test_exclusive_leaves_other_roles(void **state)
{
	struct cs_held held = {0};
	struct member who;
	enum cs_reason reason;

	(void)state;
	load(SET(""));
	make_member(&who, MARA);
	list_cn(&who, DEPLOYER, "a");
	list_cn(&who, AUDITOR, "a");
	list_cn(&who, OTHER, "a");
	assert_int_equal(has(&who, "audit", "x/a", &reason), 0);
	assert_int_equal(reason, CS_WHY_EXCLUSIVE);
	assert_int_equal(cs_policy_has_right(policy, &who.facts, "deploy", "x/a", &held), 1);
	assert_string_equal(held.because, "role other in x/a by other of cn=g,ou=g");
	cs_held_clear(&held);
	assert_int_equal(has(&who, "look", "x/a", &reason), 1);
}

static void test_exclusive_says_which(void **state)
{
	struct cs_held held = {0};
	struct member who;

	(void)state;
	load(SET("") NAMED);
	make_member(&who, "UID=Mara, ou=people");
	list_cn(&who, SENIOR, "a");
	assert_int_equal(cs_policy_has_right(policy, &who.facts, "deploy", "x/a", &held), 0);
	assert_int_equal(held.reason, CS_WHY_EXCLUSIVE);
	assert_string_equal(held.because, "roles deployer and auditor exclude each other (exclusive set): "
					  "role senior in x/a by senior of cn=g,ou=g; role auditor in x/a by name");
	cs_held_clear(&held);
}

/* Roles are wanted as such, too; groups and people are none. */
static void test_exclusive_in_rules(void **state)
{
	const struct cs_gate *gate;
	struct cs_held held = {0};
	struct member who;

	(void)state;
	load(SET("") "gate g { service = sudo permission = look scope = \"x/a\" "
		     "approval role { count = 1 role = deployer } approval permission { count = 1 permission = lead } "
		     "approval group { count = 1 group = \"cn=g,ou=g\" listed = deployer } "
		     "approval person { count = 1 person = \"" MARA "\" } exempt e { role = auditor } }\n");
	gate = cs_policy_gate(policy, "g");
	make_member(&who, MARA);
	list_cn(&who, SENIOR, "a");
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 0, "x/a", NULL), 1);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 1, "x/a", NULL), 1);
	list_cn(&who, AUDITOR, "a");
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 0, "x/a", &held), 0);
	assert_int_equal(held.reason, CS_WHY_EXCLUSIVE);
	cs_held_clear(&held);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 1, "x/a", NULL), 0);
	assert_int_equal(cs_policy_exempt(policy, &who.facts, gate, "x/a", &held), 0);
	assert_int_equal(held.reason, CS_WHY_EXCLUSIVE);
	cs_held_clear(&held);
	list_cn(&who, N_QUERIES, "a");
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 2, "x/a", NULL), 1);
	assert_int_equal(cs_policy_may_fill(policy, &who.facts, gate, 3, "x/a", NULL), 1);
}

/* What cannot be told is not made a no by another role (A079); nor does a locked account break anything. */
static void test_exclusive_a079_doubt(void **state)
{
	struct member who;
	enum cs_reason reason;
	char **lines = NULL;
	size_t n = 0;

	(void)state;
	load(SET(""));
	make_member(&who, MARA);
	list_cn(&who, DEPLOYER, "a");
	list_cn(&who, AUDITOR, "a");
	who.facts.known = CS_KNOWN_DOUBT;
	assert_int_equal(has(&who, "deploy", "x/a", &reason), CS_EDOUBT);
	assert_int_equal(reason, CS_WHY_DOUBT);
	assert_int_equal(cs_policy_violations(policy, &who.facts, &lines, &n), CS_EDOUBT);
	who.facts.known = CS_KNOWN_YES;
	who.facts.person.locked = true;
	assert_int_equal(has(&who, "deploy", "x/a", &reason), 0);
	assert_int_equal(reason, CS_WHY_LOCKED_PERSON);
	assert_int_equal(cs_policy_violations(policy, &who.facts, &lines, &n), 0);
	assert_int_equal(n, 0);
	assert_null(lines);
}

/* A condition that fails: the role is not held, so it excludes nothing. */
static void test_exclusive_respects_conditions(void **state)
{
	struct member who;
	enum cs_reason reason;

	(void)state;
	load(SET("within = anywhere") "assignment cond { role = auditor scope = \"y\" below = \"ou=h\" listed = member "
				      "unless = \"t=gone\" }\n");
	make_member(&who, MARA);
	list_cn(&who, DEPLOYER, "a");
	list_as(&who, N_QUERIES, "cn=h,ou=h", "t", "gone", NULL);
	assert_int_equal(has(&who, "deploy", "x/a", &reason), 1);
	who.attributes[1][0].value = (char *)(uintptr_t) "here";
	assert_int_equal(has(&who, "deploy", "x/a", &reason), 0);
	assert_int_equal(reason, CS_WHY_EXCLUSIVE);
}

static void assert_violations(const struct member *who, const char *expected)
{
	char **lines = NULL, *text = NULL;
	size_t n = 0, len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(cs_strv_add(&lines, &n, "before"), 0);
	assert_int_equal(cs_policy_violations(policy, &who->facts, &lines, &n), 0);
	for (size_t i = 1; i < n; i++)
		fprintf(out, "%s\n", lines[i]);
	fclose(out);
	assert_string_equal(lines[0], "before");
	assert_string_equal(text, expected);
	free(text);
	cs_free_strv(&lines, &n);
}

static void test_exclusive_violations(void **state)
{
	struct member who;

	(void)state;
	load(SET("") "exclusive more { roles = { third, auditor, other } within = anywhere }\n");
	make_member(&who, MARA);
	list_cn(&who, DEPLOYER, "a");
	list_cn(&who, AUDITOR, "b");
	assert_violations(&who, "");
	list_cn(&who, EVERYWHERE, "");
	assert_violations(&who,
			  "roles deployer and auditor exclude each other (exclusive set): role deployer in x/a by "
			  "deployer of cn=g,ou=g; role auditor in * by wide of cn=g,ou=g\n");
	list_cn(&who, OTHER, "z");
	assert_violations(&who,
			  "roles deployer and auditor exclude each other (exclusive set): role deployer in x/a by "
			  "deployer of cn=g,ou=g; role auditor in * by wide of cn=g,ou=g\n"
			  "roles auditor and other exclude each other (exclusive more): role auditor in x/b by "
			  "auditor of cn=g,ou=g; role other in x/z by other of cn=g,ou=g\n");
	who.facts.known = CS_KNOWN_NO;
	assert_violations(&who, "");
}

static void test_exclusive_explained(void **state)
{
	struct member who;
	char **steps = NULL;
	size_t n = 0;

	(void)state;
	load(SET(""));
	make_member(&who, MARA);
	list_cn(&who, DEPLOYER, "a");
	list_cn(&who, AUDITOR, "a");
	assert_int_equal(cs_policy_explain(policy, &who.facts, "audit", "x/a", &steps, &n), 0);
	assert_int_equal(n, 6);
	assert_string_equal(steps[2],
			    "role auditor in x/a: by assignment auditor, auditor of cn=g,ou=g; it does not count: "
			    "roles deployer and auditor exclude each other (exclusive set): role deployer in x/a by "
			    "deployer of cn=g,ou=g; role auditor in x/a by auditor of cn=g,ou=g");
	assert_string_equal(steps[5],
			    "not held: of roles that exclude each other none counts; give up all but one of them");
	cs_free_strv(&steps, &n);
}

/* What a person holds leaves out what does not count where the role is held. */
static void test_exclusive_rights_of(void **state)
{
	struct cs_right_held *rights = NULL;
	struct member who;
	size_t n = 0;

	(void)state;
	load(SET(""));
	make_member(&who, MARA);
	list_cn(&who, DEPLOYER, "a");
	list_cn(&who, DEPLOYER, "b");
	list_cn(&who, AUDITOR, "a");
	assert_int_equal(cs_policy_rights_of(policy, &who.facts, &rights, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(rights[0].scope, "x/b");
	assert_string_equal(rights[0].permission, "deploy");
	assert_string_equal(rights[1].permission, "look");
	cs_rights_held_free(&rights, &n);
}

static void test_exclusive_refused(void **state)
{
#define BAD(text) ROLES "exclusive set {\n" text "}\n"
	static const struct {
		const char *text;
		unsigned line;
		const char *says;
	} cases[] = {
		{BAD(""), 11, "roles"},
		{BAD("roles = { }\n"), 12, "empty"},
		{BAD("roles = deployer\n"), 12, "names one role"},
		{BAD("roles = { deployer, deployer }\n"), 12, "stands twice"},
		{BAD("roles = { deployer, auditer }\n"), 12, "did you mean \"auditor\"?"},
		{BAD("roles = { deployer, senior }\n"), 12, "role senior inherits role deployer"},
		{BAD("roles = { senior, auditor, deployer }\nwithin = request\n"), 12,
		 "role senior inherits role deployer"},
		{ROLES "role both { inherits = { senior, head } }\nexclusive set {\nroles = { auditor, deployer }\n}\n",
		 13, "role both inherits both auditor and deployer"},
		{ROLES "role both { inherits = { senior, head } }\nexclusive set {\nroles = { auditor, deployer }\n"
		       "within = request\n}\n",
		 13, "nobody could hold it"},
		{BAD("roles = { deployer, auditor }\nwithin = host\n"), 13,
		 "within is scope, anywhere or request, not \"host\""},
		{ROLES SET("") SET(""), 12, "set"},
		{ROLES "exclusive \"a b\" { roles = { deployer, auditor } }\n", 11, "the name of"},
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++)
		assert_text_refused(cases[i].text, cases[i].line, cases[i].says);
}

static void test_exclusive_counts(void **state)
{
	struct cs_policy_counts counts;

	(void)state;
	load(SET("") "exclusive more { roles = { other, third } within = request }\n");
	cs_policy_count(policy, &counts);
	assert_int_equal(counts.exclusives, 2);
}

/* --- Rules that different people fill --------------------------------------------------------------------------------
 */

#define GATE(people, rules)                                                                                            \
	"gate g { service = sudo permission = look scope = \"x/a\" people = " people " " rules " }\n"
#define BY(name, want) "approval " name " { count = 1 " want " } "

static void test_exclusive_blocks(void **state)
{
	static const struct {
		const char *text;
		uint8_t expected[4];
		size_t rules;
	} cases[] = {
		{GATE("distinct", BY("a", "role = deployer") BY("b", "role = auditor") BY("c", "role = third")),
		 {0, 0, 0},
		 3},
		{GATE("shared", BY("a", "role = deployer") BY("b", "role = auditor") BY("c", "role = third")),
		 {0, 1, 2},
		 3},
		{SET("within = scope") GATE("shared", BY("a", "role = deployer") BY("b", "role = auditor")), {0, 1}, 2},
		{SET("within = request")
			 GATE("shared", BY("c", "role = third") BY("a", "role = deployer") BY("b", "role = auditor")),
		 {0, 1, 1},
		 3},
		/* By what they inherit, and by permission. */
		{SET("within = request") GATE("shared", BY("a", "role = senior") BY("b", "permission = audit")),
		 {0, 0},
		 2},
		{SET("within = request") GATE("shared", BY("a", "permission = lead") BY("b", "role = head")),
		 {0, 0},
		 2},
		/* Both could be filled by one of the roles only. */
		{SET("within = request") GATE("shared", BY("a", "role = deployer") BY("b", "role = senior")),
		 {0, 1},
		 2},
		{SET("within = request") GATE("shared", BY("a", "permission = look") BY("b", "permission = look")),
		 {0, 0},
		 2},
		/* Groups and people are no roles. */
		{SET("within = request") GATE("shared", BY("a", "role = deployer") BY("b", "person = \"" MARA "\"")
								BY("c", "group = \"cn=x\" listed = y")),
		 {0, 1, 2},
		 3},
		/* Two sets that share a rule. */
		{SET("within = request") "exclusive more { roles = { auditor, third } within = request }\n" GATE(
			 "shared", BY("c", "role = third") BY("o", "role = other") BY("a", "role = deployer")
					   BY("b", "role = auditor")),
		 {0, 1, 0, 0},
		 4},
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		uint8_t block[CS_MAX_RULES];
		const struct cs_gate *gate;

		load(cases[i].text);
		gate = cs_policy_gate(policy, "g");
		assert_int_equal(cs_gate_rules(gate), cases[i].rules);
		cs_gate_blocks(policy, gate, block);
		/* Only whether two are the same matters. */
		for (size_t a = 0; a < cases[i].rules; a++)
			for (size_t b = 0; b < a; b++)
				if ((block[a] == block[b]) != (cases[i].expected[a] == cases[i].expected[b]))
					fail_msg("case %zu: rules %zu and %zu", i, b, a);
	}
}

/* `other` deploys in x alone, so it could fill a rule there and not in y. */
static void test_exclusive_blocks_know_kinds(void **state)
{
	uint8_t block[CS_MAX_RULES];

	(void)state;
	load("exclusive more { roles = { other, third } within = request }\n"
	     "assignment all { role = deployer scope = \"*\" group = \"cn=all,ou=g\" listed = deployers }\n" GATE(
		     "shared", BY("a", "permission = deploy") BY("b", "role = third")
				       BY("c", "permission = deploy scope = \"y/a\"")));
	cs_gate_blocks(policy, cs_policy_gate(policy, "g"), block);
	assert_int_equal(block[0], block[1]);
	assert_int_not_equal(block[2], block[1]);
}

#define TEST(name) cmocka_unit_test_teardown(test_exclusive_##name, no_policy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_one_scope),
		TEST(anywhere),
		TEST(within_request_is_held),
		TEST(leaves_other_roles),
		TEST(says_which),
		TEST(in_rules),
		TEST(a079_doubt),
		TEST(respects_conditions),
		TEST(violations),
		TEST(explained),
		TEST(rights_of),
		TEST(refused),
		TEST(counts),
		TEST(blocks),
		TEST(blocks_know_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
