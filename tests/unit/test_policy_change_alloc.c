/* SPDX-License-Identifier: Apache-2.0 */
/* A119: the n-th allocation fails while two policies are compared or one is edited. Either all of the answer comes or
 * none of it: a change is never left out for want of memory. */
#include "alloc_fault.h"
#include "test_policy_world.h"

#define RIGHTS_OF(more)                                                                                                \
	"permission p { }\npermission q { }\nrole r { permissions = p " more " }\nrole s { permissions = q }\n"        \
	"role s2 { permissions = { p, q } }\n"                                                                         \
	"assignment a { role = r scope = \"*\" below = \"ou=g\" listed = member at_least = 2 where = \"t=wg\" }\n"                  \
	"assignment b { role = s scope = \"x/one\" person = { \"uid=a,ou=p\", \"uid=b,ou=p\" } }\n"                    \
	"assignment c { role = s scope = \"*\" group = \"cn=g,ou=g\" listed = owner }\n"

static const char before_text[] = RIGHTS_OF(
	"") "permission z { }\nservice sudo { unmatched = permit }\nexclusive e { roles = { r, s } within = request }\n"
	    "gate g { service = sudo command = { \"/a\", \"/b\" } host = one permission = p people = shared "
	    "approval one { count = 2 role = r } approval two { count = 1 role = s } time = \"08:00-18:00\" }\n"
	    "gate h { service = sudo permission = q }\ngate i { service = sudo deny = \"no\" }\n"
	    "break_glass b { scope = x uid = 7 approval r { count = 2 role = s } }\n";
static const char after_text[] =
	RIGHTS_OF("label = \"R\" in wg { permissions = q }") "exclusive f { roles = { r, s } }\n"
							     "permission z { fresh = 1s }\n"
							     "assignment z { role = s scope = \"*\" below = "
							     "\"ou=g\" listed = member at_least = 3 }\n"
							     "gate h { service = { sudo, sshd } permission = p "
							     "netgroup = \"cn=n,ou=n\" }\n"
							     "gate g { service = sudo command = { \"/a\", \"/c\" } "
							     "permission = q lifetime = 1h "
							     "approval one { count = 1 person = \"uid=a,ou=p\" } "
							     "objections = 5m approval two { count = majority role = s } "
							     "automatic n { command = \"/a\" time = Mon role = r } "
							     "exempt x { role = r scope = \"*\" } }\n"
							     "break_glass b { scope = \"*\" uid = 8 approval r { count = "
							     "all role = s } approval q { count = 1 role = s } }\n"
							     "break_glass c { scope = x uid = 7 approval r { count = 2 "
							     "role = s } }\n";

static void clear_changes(struct cs_change **changes, size_t *n)
{
	cs_changes_free(changes, n);
	assert_null(*changes);
}

static void test_policy_a119_diff(void **state)
{
	struct cs_policy *a = parse(before_text), *b = parse(after_text);
	struct cs_change *whole = NULL, *changes = NULL;
	size_t n_whole = 0, n = 0, fail_at = 0;
	int r = CS_ENOMEM;

	(void)state;
	assert_int_equal(cs_policy_diff(a, b, &whole, &n_whole), 0);
	assert_true(n_whole > 20);
	while (r == CS_ENOMEM) {
		alloc_fault_reset(++fail_at);
		r = cs_policy_diff(a, b, &changes, &n);
		alloc_fault_reset(0);
		if (r == CS_ENOMEM)
			assert_null(changes);
	}
	assert_int_equal(r, 0);
	assert_true(fail_at > 60);
	assert_int_equal(n, n_whole);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(changes[i].effect, whole[i].effect);
		assert_string_equal(changes[i].what, whole[i].what);
		assert_string_equal(changes[i].text, whole[i].text);
	}
	clear_changes(&changes, &n);
	clear_changes(&whole, &n_whole);
	cs_policy_free(&a);
	cs_policy_free(&b);
}

/* Memory that fails inside libConfuse ends the process by itself, so it is not tried here. */
static void edit_with_faults(const struct cs_edit *edit)
{
	struct cs_problem problem = {0};
	char *whole = NULL, *text = NULL;
	size_t fail_at = 0;
	bool fired;

	assert_int_equal(cs_policy_edit(before_text, "policy.conf", edit, &whole, &problem), 0);
	do {
		int r;

		alloc_fault_reset(++fail_at);
		r = cs_policy_edit(before_text, "policy.conf", edit, &text, &problem);
		fired = alloc_fault.calls >= fail_at;
		alloc_fault_reset(0);
		/* Where a message could not be written, what failed is not known, but that it failed is. */
		assert_true((r == 0) == (text != NULL));
		assert_true(r == 0 || r == CS_ENOMEM || r == CS_ECONF);
		if (text)
			assert_string_equal(text, whole);
		cs_problem_clear(&problem);
		cs_free_str(&text);
	} while (fired);
	assert_true(fail_at > 200);
	free(whole);
}

static void test_policy_a119_edit(void **state)
{
	char p[] = "p", q[] = "q", r[] = "r", *one[] = {q}, *other[] = {p}, *inherits[] = {r};

	(void)state;
	edit_with_faults(&(struct cs_edit){.kind = CS_EDIT_GRANT, .role = "r", .permissions = one, .n_permissions = 1});
	edit_with_faults(&(struct cs_edit){
		.kind = CS_EDIT_GRANT, .role = "r", .scope_kind = "wg", .permissions = one, .n_permissions = 1});
	edit_with_faults(&(struct cs_edit){
		.kind = CS_EDIT_DEFINE, .role = "n", .label = "N", .inherits = inherits, .n_inherits = 1});
	edit_with_faults(
		&(struct cs_edit){.kind = CS_EDIT_REVOKE, .role = "s2", .permissions = other, .n_permissions = 1});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_a119_diff),
		cmocka_unit_test(test_policy_a119_edit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
