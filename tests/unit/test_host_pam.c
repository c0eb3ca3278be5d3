/* SPDX-License-Identifier: Apache-2.0 */
/* pam.d: lines as libpam reads them, includes in their places, and the ways past a line; random stacks are held against
 * the real libpam. */
#include "host_tree.h"
#include "mem.h"
#include "pam.h"

#include <security/pam_appl.h>

#include "countersign/error.h"

enum { STACKS = 1500, FILES = 3 };

/* libpam itself forgets what it has read of a file that it refuses. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libpam.so";
}

/* --- Lines ---------------------------------------------------------------------------------------------------------- */

static struct cs_pam_lines parse(const char *text)
{
	struct cs_pam_lines lines = { 0 };

	assert_int_equal(cs_pam_parse(text, strlen(text), "/etc/pam.d/x", &lines), 0);
	return lines;
}

static void test_words_and_places(void **state)
{
	struct cs_pam_lines lines = parse("# a comment\n\n  account\trequired pam_a.so one [two three] # four\n"
					  "-Session [success=2 default=die] pam_b.so \\\n# between\n x=y\n@include common\n"
					  "auth substack inner\n");
	(void)state;
	assert_int_equal(lines.n, 4);
	assert_null(lines.damage.file);
	assert_int_equal(lines.at[0].at.line, 3);
	assert_int_equal(lines.at[0].phase, CS_PAM_ACCOUNT);
	assert_string_equal(lines.at[0].control, "required");
	assert_int_equal(lines.at[0].n_args, 2);
	assert_string_equal(lines.at[0].args[1], "two three");
	assert_int_equal(lines.at[1].at.line, 4);
	assert_true(lines.at[1].silent);
	assert_int_equal(lines.at[1].phase, CS_PAM_SESSION);
	assert_int_equal(lines.at[1].actions[0], 2);
	assert_int_equal(lines.at[1].actions[7], CS_PAM_DIE);
	assert_string_equal(lines.at[1].args[0], "x=y");
	assert_int_equal(lines.at[2].what, CS_PAM_AT_INCLUDE);
	assert_string_equal(lines.at[2].module, "common");
	assert_int_equal(lines.at[3].what, CS_PAM_SUBSTACK);
	cs_pam_lines_clear(&lines);
}

static void test_what_is_wrong_fails(void **state)
{
	static const char *const texts[] = { "acount required pam_a.so\n", "account\n", "account required\n", "[\n" };
	(void)state;
	for (size_t i = 0; i < CS_COUNT(texts); i++) {
		struct cs_pam_lines lines = parse(texts[i]);

		assert_int_equal(lines.n, 1);
		assert_int_equal(lines.at[0].what, CS_PAM_BROKEN);
		assert_non_null(lines.at[0].wrong);
		cs_pam_lines_clear(&lines);
	}
	struct cs_pam_lines lines = parse("account [succes=ok] pam_a.so\naccount requird pam_a.so\n");
	for (size_t i = 0; i < 2; i++) {
		assert_non_null(lines.at[i].wrong);
		assert_int_equal(lines.at[i].actions[0], CS_PAM_BAD);
	}
	cs_pam_lines_clear(&lines);
}

static void test_damage(void **state)
{
	char text[1200];
	struct cs_pam_lines lines = parse("account required pam_a.so \\\n");
	(void)state;
	assert_string_equal(lines.damage.file, "/etc/pam.d/x");
	assert_int_equal(lines.damage.line, 1);
	cs_pam_lines_clear(&lines);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	lines = parse(text);
	assert_non_null(lines.damage.file);
	cs_pam_lines_clear(&lines);
	assert_int_equal(cs_pam_parse("auth\0", 5, "x", &lines), 0);
	assert_non_null(lines.damage.file);
	cs_pam_lines_clear(&lines);
}

/* --- Stacks --------------------------------------------------------------------------------------------------------- */

static void test_includes_missing_files_and_cycles(void **state)
{
	struct tree *tree = *state;
	struct cs_pam_stack stack = { 0 };

	tree_write(tree, "/etc/pam.d/a", "account required pam_1.so\naccount include b\nsession include gone\n@include c\n");
	tree_write(tree, "/etc/pam.d/b", "account substack c\nsession required pam_no.so\n");
	tree_write(tree, "/etc/pam.d/c", "account required pam_2.so\n");
	tree_write(tree, "/etc/pam.d/other", "session required pam_deny.so\npassword required pam_deny.so\n");
	tree_write(tree, "/etc/pam.d/ring", "account include ring\n");
	assert_int_equal(cs_pam_stack_read(&tree->host, "a", CS_PAM_ACCOUNT, &stack), 0);
	assert_int_equal(stack.lines.n, 4);
	assert_int_equal(stack.lines.at[1].what, CS_PAM_SUBSTACK);
	assert_int_equal(stack.lines.at[2].level, 1);
	assert_string_equal(stack.lines.at[2].at.file, "/etc/pam.d/c");
	assert_int_equal(stack.lines.at[3].level, 0);
	cs_pam_stack_clear(&stack);

	assert_int_equal(cs_pam_stack_read(&tree->host, "a", CS_PAM_SESSION, &stack), 0);
	assert_int_equal(stack.lines.n, 1);
	assert_int_equal(stack.lines.at[0].what, CS_PAM_BROKEN);
	assert_string_equal(stack.lines.at[0].at.file, "/etc/pam.d/a");
	assert_int_equal(stack.lines.at[0].at.line, 3);
	cs_pam_stack_clear(&stack);

	assert_int_equal(cs_pam_stack_read(&tree->host, "a", CS_PAM_PASSWORD, &stack), 0);
	assert_true(stack.from_other);
	assert_false(stack.no_file);
	assert_int_equal(stack.lines.n, 1);
	cs_pam_stack_clear(&stack);

	assert_int_equal(cs_pam_stack_read(&tree->host, "nobody", CS_PAM_SESSION, &stack), 0);
	assert_true(stack.from_other && stack.no_file);
	cs_pam_stack_clear(&stack);

	assert_int_equal(cs_pam_stack_read(&tree->host, "ring", CS_PAM_ACCOUNT, &stack), 0);
	assert_int_equal(stack.lines.n, 1);
	assert_int_equal(stack.lines.at[0].what, CS_PAM_BROKEN);
	cs_pam_stack_clear(&stack);
}

/* --- Ways past a line ----------------------------------------------------------------------------------------------- */

/* Our line is the one with "ours.so"; expected: 'n' none, 'c' called and not counted, 's' skipped, 'r' skipped only for
 * who has to change his password. blame is a line number. */
static const struct {
	const char *text;
	char expected;
	unsigned blame;
} ways[] = {
	{ "account required ours.so\n", 'n', 0 },
	{ "account requisite ours.so\naccount required pam_permit.so\n", 'n', 0 },
	{ "account optional ours.so\naccount required pam_unix.so\n", 'c', 1 },
	{ "account optional ours.so\n", 'n', 0 }, /* alone its denial counts: nothing else succeeded */
	{ "account sufficient ours.so\naccount required pam_unix.so\n", 'c', 1 },
	{ "account [success=ok default=ignore] ours.so\naccount required pam_unix.so\n", 'c', 1 },
	{ "account [success=ok perm_denied=1 default=die] ours.so\naccount required pam_deny.so\naccount required pam_permit.so\n",
		'c', 1 },
	{ "account [success=ok default=die] ours.so\naccount required pam_unix.so\n", 'n', 0 },
	{ "account sufficient pam_localuser.so\naccount required ours.so\n", 's', 1 },
	{ "account [success=done default=ignore] pam_x.so\naccount required ours.so\n", 's', 1 },
	{ "account [success=1 default=ignore] pam_x.so\naccount required ours.so\naccount required pam_permit.so\n", 's', 1 },
	{ "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\naccount requisite pam_deny.so\n"
	  "account required pam_permit.so\naccount required ours.so\n", 'r', 1 },
	{ "account required ours.so\naccount [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"
	  "account requisite pam_deny.so\naccount required pam_permit.so\n", 'n', 0 },
	{ "account [default=1] pam_permit.so\naccount requisite pam_deny.so\naccount required pam_permit.so\n"
	  "account required ours.so\n", 'n', 0 },
	{ "account required ours.so\naccount [default=reset] pam_x.so\naccount required pam_permit.so\n", 'c', 1 },
	{ "account required pam_a.so\naccount sufficient pam_deny.so\naccount required ours.so\n", 'n', 0 },
};

static size_t find_ours(const struct cs_pam_stack *stack, bool *ours)
{
	size_t n = 0;

	for (size_t i = 0; i < stack->lines.n; i++) {
		ours[i] = strcmp(cs_pam_module_name(&stack->lines.at[i]), "ours.so") == 0;
		n += ours[i];
	}
	return n;
}

static void test_a002_ways_past_a_line(void **state)
{
	struct tree *tree = *state;

	for (size_t i = 0; i < CS_COUNT(ways); i++) {
		struct cs_pam_stack stack = { 0 };
		struct cs_pam_escape escape = { 0 };
		bool ours[16] = { false };

		tree_write(tree, "/etc/pam.d/way", ways[i].text);
		assert_int_equal(cs_pam_stack_read(&tree->host, "way", CS_PAM_ACCOUNT, &stack), 0);
		assert_int_equal(find_ours(&stack, ours), 1);
		int r = cs_pam_stack_escape(&stack, ours, PAM_PERM_DENIED, &escape);
		char found = r != 1 ? 'n' : escape.called ? 'c' : escape.result == PAM_SUCCESS ? 's' : 'r';
		if (found != ways[i].expected)
			fail_msg("case %zu: %c instead of %c: %s", i, found, ways[i].expected, ways[i].text);
		if (r == 1)
			assert_int_equal(stack.lines.at[escape.blame].at.line, ways[i].blame);
		cs_pam_stack_clear(&stack);
	}
}

/* A sufficient line within a substack ends only that. */
static void test_substack_ends_only_itself(void **state)
{
	struct tree *tree = *state;
	struct cs_pam_stack stack = { 0 };
	struct cs_pam_escape escape = { 0 };
	bool ours[8] = { false };

	tree_write(tree, "/etc/pam.d/inner", "account sufficient pam_x.so\n");
	tree_write(tree, "/etc/pam.d/sub", "account substack inner\naccount required ours.so\n");
	tree_write(tree, "/etc/pam.d/inc", "account include inner\naccount required ours.so\n");
	assert_int_equal(cs_pam_stack_read(&tree->host, "sub", CS_PAM_ACCOUNT, &stack), 0);
	assert_int_equal(find_ours(&stack, ours), 1);
	assert_int_equal(cs_pam_stack_escape(&stack, ours, PAM_PERM_DENIED, &escape), 0);
	cs_pam_stack_clear(&stack);
	memset(ours, 0, sizeof(ours));
	assert_int_equal(cs_pam_stack_read(&tree->host, "inc", CS_PAM_ACCOUNT, &stack), 0);
	assert_int_equal(find_ours(&stack, ours), 1);
	assert_int_equal(cs_pam_stack_escape(&stack, ours, PAM_PERM_DENIED, &escape), 1);
	assert_string_equal(stack.lines.at[escape.blame].at.file, "/etc/pam.d/inner");
	cs_pam_stack_clear(&stack);
}

/* --- Random stacks, and the real libpam ------------------------------------------------------------------------------ */

static uint32_t seed = 1;

static unsigned pick(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static const char *const random_controls[] = { "required", "requisite", "sufficient", "optional", "Required",
	"[success=1 default=ignore]", "[success=ok new_authtok_reqd=done default=bad]", "[default=done]", "[default=2]",
	"[success=reset default=bad]", "[perm_denied=ignore default=die success=ok]", "[ignore=ok default=die]", "[success=9]",
	"[default=ok]", "nonsense", "[success=ok default=reset]" };
static const char *const random_codes[] = { "success", "perm_denied", "new_authtok_reqd", "ignore", "acct_expired",
	"user_unknown" };
static const int random_numbers[] = { PAM_SUCCESS, PAM_PERM_DENIED, PAM_NEW_AUTHTOK_REQD, PAM_IGNORE, PAM_ACCT_EXPIRED,
	PAM_USER_UNKNOWN };

/* Debian's libpam looks for what is included in /etc/pam.d, whatever its folder is: so it has an absolute path here. */
static void random_line(const struct tree *tree, char *line, size_t size, unsigned file)
{
	unsigned what = pick(24);
	const char *inner = pick(30) == 0 ? "gone" : file + 1 < FILES ? (file == 0 ? "one" : "two") : "gone";

	if (what < 2 && file + 1 < FILES)
		snprintf(line, size, "account %s %s/etc/pam.d/%s\n", what == 0 ? "include" : "substack", tree->root, inner);
	else if (what == 2 && file + 1 < FILES)
		snprintf(line, size, "@include %s/etc/pam.d/%s\n", tree->root, inner);
	else if (what == 3)
		snprintf(line, size, "account %s pam_permit.so\n", random_controls[pick(CS_COUNT(random_controls))]);
	else if (what == 4)
		snprintf(line, size, "-account %s pam_not_there.so\n", random_controls[pick(CS_COUNT(random_controls))]);
	else if (what == 5)
		snprintf(line, size, "session required pam_debug.so # not of this phase\n");
	else if (what == 6 && pick(8) == 0)
		snprintf(line, size, "accout required pam_debug.so\n");
	else
		snprintf(line, size, "account %s%s pam_debug.so acct=%s\n", random_controls[pick(CS_COUNT(random_controls))],
			pick(6) == 0 ? " \\\n # between\n" : "", random_codes[pick(CS_COUNT(random_codes))]);
}

static void random_file(struct tree *tree, const char *path, unsigned file)
{
	char text[8192] = "";
	unsigned n = file == 0 ? 1 + pick(5) : pick(4);

	if (file == 0) /* never without a line of the phase: "other" is that of the machine */
		snprintf(text, sizeof(text), "account optional pam_debug.so acct=ignore\n");
	for (unsigned i = 0; i < n; i++)
		random_line(tree, text + strlen(text), sizeof(text) - strlen(text), file);
	tree_write(tree, path, text);
}

static void random_files(struct tree *tree)
{
	static const char *const paths[FILES] = { "/etc/pam.d/zero", "/etc/pam.d/one", "/etc/pam.d/two" };

	for (unsigned i = 0; i < FILES; i++)
		random_file(tree, paths[i], i);
}

/* What the module of a line returns. */
static int code_of(const struct cs_pam_line *line)
{
	if (strcmp(cs_pam_module_name(line), "pam_permit.so") == 0)
		return PAM_SUCCESS;
	if (strcmp(cs_pam_module_name(line), "pam_not_there.so") == 0)
		return PAM_MODULE_UNKNOWN;
	for (size_t i = 0; i < CS_COUNT(random_codes) && line->n_args > 0; i++)
		if (strcmp(line->args[0] + strlen("acct="), random_codes[i]) == 0)
			return random_numbers[i];
	return PAM_SUCCESS;
}

static int say_nothing(int n, const struct pam_message **messages, struct pam_response **ret_responses, void *arg)
{
	(void)messages;
	(void)arg;
	*ret_responses = calloc((size_t)n, sizeof(**ret_responses));
	return *ret_responses != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int real_result(const struct tree *tree)
{
	struct pam_conv conv = { say_nothing, NULL };
	pam_handle_t *pamh = NULL;
	char folder[PATH_MAX];
	int code = 0;

	tree_path(tree, "/etc/pam.d", folder);
	code = pam_start_confdir("zero", "nobody", &conv, folder, &pamh);
	if (code == PAM_SUCCESS)
		code = pam_acct_mgmt(pamh, 0);
	if (pamh != NULL)
		(void)pam_end(pamh, code);
	return code;
}

static void read_zero(const struct tree *tree, struct cs_pam_stack *ret_stack)
{
	char service[PATH_MAX];
	struct cs_host machine;

	tree_path(tree, "/etc/pam.d/zero", service);
	assert_int_equal(cs_host_open(NULL, &machine), 0);
	assert_int_equal(cs_pam_stack_read(&machine, service, CS_PAM_ACCOUNT, ret_stack), 0);
	assert_false(ret_stack->from_other);
	cs_host_close(&machine);
}

static int our_result(const struct tree *tree)
{
	struct cs_pam_stack stack = { 0 };
	int codes[CS_PAM_STEPS_MAX] = { 0 }, code = 0;

	read_zero(tree, &stack);
	for (size_t i = 0; i < stack.lines.n; i++)
		codes[i] = code_of(&stack.lines.at[i]);
	code = cs_pam_stack_result(&stack, codes, NULL);
	cs_pam_stack_clear(&stack);
	return code;
}

static void fail_stack(const struct tree *tree, const char *what, unsigned number, int wanted, int got)
{
	char *zero = tree_read(tree, "/etc/pam.d/zero"), *one = tree_read(tree, "/etc/pam.d/one"),
	     *two = tree_read(tree, "/etc/pam.d/two");

	fail_msg("stack %u, %s: %d, and we say %d\n--\n%s--\n%s--\n%s", number, what, wanted, got, zero, one, two);
}

/* Kills, for example, a jump that counts the lines of a substack one by one. */
static void test_random_stacks_end_as_in_libpam(void **state)
{
	struct tree *tree = *state;
	unsigned granted = 0;

	tree_write(tree, "/etc/pam.d/other", "account required pam_deny.so\n");
	for (unsigned i = 0; i < STACKS; i++) {
		int real = 0, ours = 0;

		random_files(tree);
		real = real_result(tree);
		ours = our_result(tree);
		if (real != ours)
			fail_stack(tree, "results", i, real, ours);
		granted += real == PAM_SUCCESS;
	}
	assert_in_range(granted, STACKS / 20, STACKS * 19 / 20);
}

/* Whether any results of the others let the phase succeed, by trying all of them. */
static bool tried(const struct cs_pam_stack *stack, const bool *ours, int *codes, size_t at)
{
	static const int possible[] = { PAM_SUCCESS, PAM_NEW_AUTHTOK_REQD, PAM_IGNORE, PAM_PERM_DENIED, PAM_AUTH_ERR };

	if (at == stack->lines.n)
		return cs_pam_stack_result(stack, codes, NULL) == PAM_SUCCESS;
	for (size_t i = 0; i < CS_COUNT(possible); i++) {
		codes[at] = ours[at] ? PAM_PERM_DENIED : possible[i];
		if (!ours[at] && strcmp(cs_pam_module_name(&stack->lines.at[at]), "pam_permit.so") == 0)
			codes[at] = PAM_SUCCESS;
		if (tried(stack, ours, codes, at + 1))
			return true;
	}
	return false;
}

static void test_random_ways_are_found_as_by_trying(void **state)
{
	struct tree *tree = *state;
	unsigned compared = 0, found = 0;

	for (unsigned i = 0; i < STACKS; i++) {
		struct cs_pam_stack stack = { 0 };
		struct cs_pam_escape escape = { 0 };
		bool ours[64] = { false };
		int codes[64] = { 0 };

		random_files(tree);
		read_zero(tree, &stack);
		if (stack.lines.n > 0 && stack.lines.n <= 6 && stack.lines.damage.file == NULL) {
			ours[pick((unsigned)stack.lines.n)] = true;
			bool truth = tried(&stack, ours, codes, 0);
			int r = cs_pam_stack_escape(&stack, ours, PAM_PERM_DENIED, &escape);
			assert_in_range(r, 0, 1);
			if (truth != (r == 1 && escape.result == PAM_SUCCESS))
				fail_stack(tree, "ways", i, truth, r);
			compared++;
			found += truth;
		}
		cs_pam_stack_clear(&stack);
	}
	assert_true(compared > STACKS / 2 && found > compared / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_and_places),
		cmocka_unit_test(test_what_is_wrong_fails),
		cmocka_unit_test(test_damage),
		cmocka_unit_test_setup_teardown(test_includes_missing_files_and_cycles, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_a002_ways_past_a_line, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_substack_ends_only_itself, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_random_stacks_end_as_in_libpam, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_random_ways_are_found_as_by_trying, tree_setup, tree_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
