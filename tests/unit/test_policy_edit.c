/* SPDX-License-Identifier: Apache-2.0 */
/* One change of a policy's text: what is written elsewhere stays, byte for byte, and what was not asked is refused. */
#include "test_policy_world.h"

#include <unistd.h>

#define HEAD "permission p { }\npermission q { fresh = 0s }\npermission r.s { fresh = 24h }\n"
#define TAIL                                                                                                           \
	"# the last line: role a { permissions = { nothing } }\n"                                                      \
	"gate g { service = sudo deny = \"role a { permissions = { p } }\" }\n"

enum { MAX_NAMES = 3 };

struct edit_case {
	enum cs_edit_kind kind;
	const char *role, *scope_kind;
	const char *permissions[MAX_NAMES];
	const char *before, *after; /* after NULL: refused */
	const char *problem;        /* a part of it */
};

static int edit_one(const char *text, const struct edit_case *c, char **ret_text, struct cs_problem *problem)
{
	struct cs_edit edit = {.kind = c->kind, .role = c->role, .scope_kind = c->scope_kind};
	char *names[MAX_NAMES];

	edit.permissions = names;
	for (; edit.n_permissions < MAX_NAMES && c->permissions[edit.n_permissions]; edit.n_permissions++)
		names[edit.n_permissions] = (char *)(uintptr_t)c->permissions[edit.n_permissions];
	return cs_policy_edit(text, "policy.conf", &edit, ret_text, problem);
}

static void expect_edit(const struct edit_case *c)
{
	struct cs_problem problem = {0};
	char *before = NULL, *after = NULL, *result = NULL;
	int r;

	assert_int_equal(cs_format(&before, HEAD "%s" TAIL, c->before), 0);
	assert_int_equal(cs_format(&after, HEAD "%s" TAIL, c->after ? c->after : ""), 0);
	r = edit_one(before, c, &result, &problem);
	if (c->after && r != 0)
		fail_msg("refused (%d): %s\n%s", r, problem.text ? problem.text : "", before);
	if (c->after)
		assert_string_equal(result, after);
	if (!c->after && (r != CS_ECONF || result || !problem.text || !strstr(problem.text, c->problem)))
		fail_msg("%d \"%s\", not \"%s\"\n%s", r, problem.text ? problem.text : "", c->problem, before);
	cs_problem_clear(&problem);
	free(before);
	free(after);
	free(result);
}

#define GRANT  CS_EDIT_GRANT
#define REVOKE CS_EDIT_REVOKE

static const struct edit_case grant_cases[] = {
	{GRANT, "a", NULL, {"q"}, "role a { permissions = { p } }\n", "role a { permissions = { p, q } }\n", NULL},
	{GRANT, "a", "", {"q"}, "role a { permissions = p }\n", "role a { permissions = { p, q } }\n", NULL},
	{GRANT,
	 "a",
	 NULL,
	 {"q", "r.s"},
	 "role a { permissions = p }\n",
	 "role a { permissions = { p, q, r.s } }\n",
	 NULL},
	{GRANT,
	 "a",
	 NULL,
	 {"q"},
	 "role a { permissions = { p, r.s, } }\n",
	 "role a { permissions = { p, r.s, q, } }\n",
	 NULL},
	{GRANT,
	 "a",
	 NULL,
	 {"q"},
	 "role a { permissions = { \"p\" } }\n",
	 "role a { permissions = { \"p\", q } }\n",
	 NULL},
	{GRANT, "a", NULL, {"q"}, "role a { permissions = 'p' }\n", "role a { permissions = { 'p', q } }\n", NULL},
	{GRANT, "a", NULL, {"q"}, "role 'a'{permissions={p}}\n", "role 'a'{permissions={p, q}}\n", NULL},
	{GRANT, "a", NULL, {"q"}, "role a { }\n", "role a { permissions = q }\n", NULL},
	{GRANT, "a", NULL, {"q"}, "role a {}\n", "role a { permissions = q }\n", NULL},
	{GRANT,
	 "a",
	 NULL,
	 {"q", "p"},
	 "role a { label = \"permissions = { p }\" }\n",
	 "role a { label = \"permissions = { p }\" permissions = { q, p } }\n",
	 NULL},
	{GRANT,
	 "a",
	 NULL,
	 {"q"},
	 "role a {\n\tlabel = \"}\"\n}\n",
	 "role a {\n\tlabel = \"}\"\n\tpermissions = q\n}\n",
	 NULL},
	{GRANT,
	 "a",
	 NULL,
	 {"q"},
	 "\trole a {\n\t\t# nothing }\n\t}\n",
	 "\trole a {\n\t\t# nothing }\n\t\tpermissions = q\n\t}\n",
	 NULL},
	{GRANT,
	 "a",
	 NULL,
	 {"q"},
	 "role a { // nothing }\n\tlabel = x }\n",
	 "role a { // nothing }\n\tlabel = x permissions = q }\n",
	 NULL},
	{GRANT,
	 "a",
	 NULL,
	 {"q"},
	 "role a {\n\tpermissions = {\n\t\tp, # why }\n\t\tr.s /* { */\n\t} }\n",
	 "role a {\n\tpermissions = {\n\t\tp, # why }\n\t\tr.s, q /* { */\n\t} }\n",
	 NULL},
	/* Among other roles, and what looks like it. */
	{GRANT,
	 "a",
	 NULL,
	 {"q"},
	 "# role a { permissions = { p } }\n/* role a { permissions = p } */\nrole b { label = \"role a { \\\" "
	 "{ \" }"
	 " role a { permissions = p } role c { permissions = p }\n",
	 "# role a { permissions = { p } }\n/* role a { permissions = p } */\nrole b { label = \"role a { \\\" "
	 "{ \" }"
	 " role a { permissions = { p, q } } role c { permissions = p }\n",
	 NULL},
	/* An inherited permission may be listed as well. */
	{GRANT,
	 "a",
	 NULL,
	 {"q"},
	 "role a { inherits = b } role b { permissions = q }\n",
	 "role a { inherits = b permissions = q } role b { permissions = q }\n",
	 NULL},
	/* In one kind of scope. */
	{GRANT,
	 "a",
	 "wg",
	 {"q"},
	 "role a { permissions = p }\n",
	 "role a { permissions = p in wg { permissions = q } }\n",
	 NULL},
	{GRANT,
	 "a",
	 "wg",
	 {"q", "p"},
	 "role a {\n\tpermissions = r.s\n}\n",
	 "role a {\n\tpermissions = r.s\n\tin wg {\n\t\tpermissions = { q, p }\n\t}\n}\n",
	 NULL},
	{GRANT,
	 "a",
	 "wg",
	 {"q"},
	 "role a { in rg { permissions = p } in wg { permissions = p } }\n",
	 "role a { in rg { permissions = p } in wg { permissions = { p, q } } }\n",
	 NULL},
	{GRANT,
	 "a",
	 NULL,
	 {"q"},
	 "role a { in wg { permissions = p } }\n",
	 "role a { in wg { permissions = p } permissions = q }\n",
	 NULL},
	{GRANT,
	 "a",
	 "wg",
	 {"p"},
	 "role a { permissions = p }\n",
	 "role a { permissions = p in wg { permissions = p } }\n",
	 NULL},
};

static void test_policy_edit_grant(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(grant_cases); i++)
		expect_edit(&grant_cases[i]);
}

static const struct edit_case revoke_cases[] = {
	{REVOKE, "a", NULL, {"p"}, "role a { permissions = { p, q } }\n", "role a { permissions = { q } }\n", NULL},
	{REVOKE, "a", NULL, {"q"}, "role a { permissions = { p, q } }\n", "role a { permissions = { p } }\n", NULL},
	{REVOKE,
	 "a",
	 NULL,
	 {"q"},
	 "role a { permissions = { p, q, r.s } }\n",
	 "role a { permissions = { p, r.s } }\n",
	 NULL},
	{REVOKE,
	 "a",
	 NULL,
	 {"q", "p"},
	 "role a { permissions = { p, q, r.s } }\n",
	 "role a { permissions = { r.s } }\n",
	 NULL},
	{REVOKE, "a", NULL, {"q"}, "role a { permissions = { p, q, } }\n", "role a { permissions = { p, } }\n", NULL},
	{REVOKE, "a", NULL, {"q"}, "role a{permissions={p,\"q\"}}\n", "role a{permissions={p}}\n", NULL},
	{REVOKE, "a", NULL, {"p"}, "role a { permissions = p }\n", "role a { }\n", NULL},
	{REVOKE,
	 "a",
	 NULL,
	 {"p", "q"},
	 "role a { label = x permissions = { q, p } inherits = b } role b { }\n",
	 "role a { label = x inherits = b } role b { }\n",
	 NULL},
	{REVOKE,
	 "a",
	 NULL,
	 {"p"},
	 "role a {\n\tlabel = x\n\tpermissions = p\n\tinherits = b\n} role b { }\n",
	 "role a {\n\tlabel = x\n\tinherits = b\n} role b { }\n",
	 NULL},
	{REVOKE,
	 "a",
	 NULL,
	 {"p"},
	 "role a {\n\tlabel = x\n\tpermissions = p # why\n}\n",
	 "role a {\n\tlabel = x\n\t# why\n}\n",
	 NULL},
	{REVOKE,
	 "a",
	 NULL,
	 {"q"},
	 "role a {\n\tpermissions = {\n\t\tp,\n\t\tq,\n\t\tr.s\n\t}\n}\n",
	 "role a {\n\tpermissions = {\n\t\tp,\n\t\tr.s\n\t}\n}\n",
	 NULL},
	{REVOKE,
	 "a",
	 NULL,
	 {"r.s"},
	 "role a {\n\tpermissions = {\n\t\tp, # one, two\n\t\tq,\n\t\tr.s\n\t}\n}\n",
	 "role a {\n\tpermissions = {\n\t\tp, # one, two\n\t\tq\n\t}\n}\n",
	 NULL},
	{REVOKE,
	 "a",
	 NULL,
	 {"p"},
	 "role a { permissions = { p /* q, */ , q } }\n",
	 "role a { permissions = { /* q, */  q } }\n",
	 NULL},
	{REVOKE,
	 "a",
	 "wg",
	 {"p"},
	 "role a { permissions = p in wg { permissions = { p, q } } }\n",
	 "role a { permissions = p in wg { permissions = { q } } }\n",
	 NULL},
	{REVOKE,
	 "a",
	 "wg",
	 {"p"},
	 "role a {\n\tpermissions = p\n\tin wg {\n\t\tpermissions = p\n\t}\n}\n",
	 "role a {\n\tpermissions = p\n}\n",
	 NULL},
	{REVOKE,
	 "a",
	 "wg",
	 {"p"},
	 "role a { in rg { permissions = p } in wg { permissions = p } }\n",
	 "role a { in rg { permissions = p } }\n",
	 NULL},
	{REVOKE,
	 "a",
	 NULL,
	 {"p"},
	 "role a { in wg { permissions = p } permissions = p }\n",
	 "role a { in wg { permissions = p } }\n",
	 NULL},
};

static void test_policy_edit_revoke(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(revoke_cases); i++)
		expect_edit(&revoke_cases[i]);
}

static const struct edit_case refused_cases[] = {
	{GRANT, "committr", NULL, {"p"}, "role committer { }\n", NULL, "did you mean \"committer\"?"},
	{GRANT, "a", NULL, {"r.z"}, "role a { }\n", NULL, "no permission is called \"r.z\"; did you mean \"r.s\"?"},
	{GRANT, "a", NULL, {"nothing.like.it"}, "role a { }\n", NULL, "no permission is called"},
	{GRANT, "a", NULL, {"p"}, "role a { permissions = p }\n", NULL, "role a has p already"},
	{GRANT, "a", NULL, {"q", "q"}, "role a { permissions = p }\n", NULL, "\"q\" stands twice"},
	{GRANT, "a", "wg", {"p"}, "role a { in wg { permissions = p } }\n", NULL, "role a has p already"},
	{GRANT, "a", NULL, {NULL}, "role a { }\n", NULL, "no permission is named"},
	{GRANT, NULL, NULL, {"p"}, "role a { }\n", NULL, "is no name of a role"},
	{GRANT, "a b", NULL, {"p"}, "role a { }\n", NULL, "is no name of a role"},
	{GRANT, "a", "w g", {"p"}, "role a { }\n", NULL, "\"w g\" is no kind of scope"},
	{GRANT, "a", "x { permissions = p } in wg", {"p"}, "role a { }\n", NULL, "is no kind of scope"},
	{GRANT, "a", NULL, {"p"}, "role a { permissions = nothing }\n", NULL, "no permission is called \"nothing\""},
	{REVOKE, "a", NULL, {"q"}, "role a { permissions = p }\n", NULL, "role a does not have q"},
	{REVOKE, "a", "wg", {"q"}, "role a { permissions = p }\n", NULL, "role a does not have q in wg"},
	{REVOKE,
	 "a",
	 NULL,
	 {"q"},
	 "role a { inherits = b } role b { inherits = c } role c { permissions = q }\n",
	 NULL,
	 "role a has q from role c, which it inherits; revoke it there"},
	{REVOKE,
	 "a",
	 "wg",
	 {"q"},
	 "role a { inherits = b } role b { in wg { permissions = q } }\n",
	 NULL,
	 "role a has q from role b"},
	{REVOKE,
	 "a",
	 "wg",
	 {"p"},
	 "role a { permissions = p }\n",
	 NULL,
	 "role a has p in every kind of scope, not in wg alone"},
	{REVOKE, "a", NULL, {"p"}, "role a { in wg { permissions = p } }\n", NULL, "role a has p only in wg"},
	{REVOKE, "a", NULL, {"p", "p"}, "role a { permissions = { p, q } }\n", NULL, "cannot change"},
	{CS_EDIT_NONE, "a", NULL, {"p"}, "role a { }\n", NULL, "no change is asked for"},
	/* What nobody could use any more is refused by the loader. */
	{REVOKE,
	 "a",
	 NULL,
	 {"p"},
	 "role a { permissions = p } assignment a { role = a scope = \"*\" person = \"uid=a,ou=p\" }"
	 " gate h { service = sudo permission = p }\n",
	 NULL,
	 "gate h"},
};

static void test_policy_edit_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(refused_cases); i++)
		expect_edit(&refused_cases[i]);
}

/* --- New roles -------------------------------------------------------------------------------------------------- */

struct define_case {
	const char *role, *label;
	const char *permissions[MAX_NAMES], *inherits[MAX_NAMES];
	const char *before, *after, *problem;
};

static size_t names(char *ret_names[MAX_NAMES], const char *const *from)
{
	size_t n = 0;

	for (; n < MAX_NAMES && from[n]; n++)
		ret_names[n] = (char *)(uintptr_t)from[n];
	return n;
}

static void expect_role(const struct define_case *c)
{
	char *permissions[MAX_NAMES], *inherits[MAX_NAMES], *result = NULL;
	struct cs_edit edit = {.kind = CS_EDIT_DEFINE, .role = c->role, .label = c->label, .scope_kind = "ignored"};
	struct cs_problem problem = {0};
	int r;

	edit.permissions = permissions;
	edit.n_permissions = names(permissions, c->permissions);
	edit.inherits = inherits;
	edit.n_inherits = names(inherits, c->inherits);
	r = cs_policy_edit(c->before, "policy.conf", &edit, &result, &problem);
	if (c->after && r != 0)
		fail_msg("refused (%d): %s\n%s", r, problem.text ? problem.text : "", c->before);
	if (c->after)
		assert_string_equal(result, c->after);
	if (!c->after && (r != CS_ECONF || result || !problem.text || !strstr(problem.text, c->problem)))
		fail_msg("%d \"%s\", not \"%s\"\n%s", r, problem.text ? problem.text : "", c->problem, c->before);
	cs_problem_clear(&problem);
	free(result);
}

#define PERMS "permission p { }\npermission q { }\n"

static const struct define_case define_cases[] = {
	{"a", NULL, {NULL}, {NULL}, PERMS, PERMS "role a {\n}\n", NULL},
	{"a",
	 "The A",
	 {"p"},
	 {NULL},
	 PERMS "# end",
	 PERMS "# end\nrole a {\n\tlabel       = \"The A\"\n\tpermissions = p\n}\n",
	 NULL},
	{"a",
	 "",
	 {"q", "p"},
	 {"b"},
	 PERMS "role b {\n}\nrole c { } # last }\n\n# gates\nservice s { unmatched = deny }\n",
	 PERMS "role b {\n}\nrole c { } # last }\nrole a {\n\tinherits    = b\n\tpermissions = { q, p "
	       "}\n}\n\n# gates\n"
	       "service s { unmatched = deny }\n",
	 NULL},
	{"a",
	 "say \"A\\B\"",
	 {NULL},
	 {"c", "b"},
	 PERMS "role b { } role c { } service s { unmatched = deny }",
	 PERMS "role b { } role c { }\nrole a {\n\tlabel       = \"say \\\"A\\\\B\\\"\"\n\tinherits    = { c, "
	       "b }\n}\n"
	       " service s { unmatched = deny }",
	 NULL},
	{"a", NULL, {NULL}, {NULL}, PERMS "role b { }", PERMS "role b { }\nrole a {\n}\n", NULL},
	{"a", "Größe", {NULL}, {NULL}, PERMS, PERMS "role a {\n\tlabel       = \"Größe\"\n}\n", NULL},
	{"a", NULL, {NULL}, {NULL}, PERMS "role a { }\n", NULL, "role a exists already"},
	{"a", NULL, {"x.p"}, {NULL}, PERMS, NULL, "no permission is called \"x.p\""},
	{"a", NULL, {NULL}, {"committr"}, PERMS "role committer { }\n", NULL, "did you mean \"committer\"?"},
	{"a", NULL, {NULL}, {"a"}, PERMS, NULL, "no role is called \"a\""},
	{"a", NULL, {"p", "p"}, {NULL}, PERMS, NULL, "\"p\" stands twice"},
	{"-a", NULL, {NULL}, {NULL}, PERMS, NULL, "is no name of a role"},
	{"a { } role b", NULL, {NULL}, {NULL}, PERMS, NULL, "is no name of a role"},
	{"a", "two\nlines", {NULL}, {NULL}, PERMS, NULL, ""},
	{"a", "${HOME}", {NULL}, {NULL}, PERMS, NULL, "environment"},
	{"a",
	 "x\" permissions = \"p",
	 {NULL},
	 {NULL},
	 PERMS,
	 PERMS "role a {\n\tlabel       = \"x\\\" permissions = \\\"p\"\n}\n",
	 NULL},
};

static void test_policy_edit_define(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(define_cases); i++)
		expect_role(&define_cases[i]);
}

/* The example of the documentation, changed and changed back. */
static void test_policy_edit_example(void **state)
{
	static const struct edit_case grant = {
		.kind = GRANT, .role = "committer", .permissions = {"release.deploy", NULL}};
	static const struct edit_case revoke = {
		.kind = REVOKE, .role = "committer", .permissions = {"release.deploy", NULL}};
	char *text = NULL, *more = NULL, *again = NULL;
	size_t len = 0;
	struct cs_policy *a, *b;
	struct cs_change *changes = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(cs_file_read(CS_SOURCE_DIR "/etc/examples/release-deployment/policy.conf", getuid(), 0,
				      1 << 20, &text, &len, NULL),
			 0);
	assert_int_equal(edit_one(text, &grant, &more, NULL), 0);
	assert_int_equal(edit_one(more, &revoke, &again, NULL), 0);
	a = parse(text);
	b = parse(more);
	assert_int_equal(cs_policy_diff(a, b, &changes, &n), 0);
	assert_int_equal(cs_changes_effect(changes, n), CS_EFFECT_WEAKER);
	assert_int_equal(n, 1); /* the owners inherit it, but hold it already */
	assert_string_equal(changes[0].what, "role committer");
	cs_changes_free(&changes, &n);
	cs_policy_free(&b);
	b = parse(again);
	assert_int_equal(cs_policy_diff(a, b, &changes, &n), 0);
	assert_int_equal(n, 0);
	cs_changes_free(&changes, &n);
	cs_policy_free(&a);
	cs_policy_free(&b);
	free(text);
	free(more);
	free(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_edit_grant),   cmocka_unit_test(test_policy_edit_revoke),
		cmocka_unit_test(test_policy_edit_refused), cmocka_unit_test(test_policy_edit_define),
		cmocka_unit_test(test_policy_edit_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
