/* SPDX-License-Identifier: Apache-2.0 */
/* The sudo line that stands for an earlier request: exactly that, or none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mem.h"
#include "output.h"
#include "repeat.h"
#include "sudo_line.h"
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#define T(text) ((char[]){ text })

static char deploy[] = "deploy", tomcat[] = "tom cat", hostile[] = "it's\033[2K", login[] = "-deploy", other[] = "other",
	    sudoedit[] = "sudoedit";
static char *argv[] = { deploy, tomcat, T("-x") };
static uint32_t groups[256];

/* As sudo would give it on this host: as root with root's groups. */
static struct cs_action plain(void)
{
	static char service[] = "sudo", command[] = "/usr/local/sbin/deploy", cwd[] = "/";
	struct cs_action action = { .service = service, .command = command, .cwd = cwd, .argv = argv, .n_argv = 3,
		.target_groups = groups };
	const struct passwd *root = getpwuid(0);
	int n = (int)CS_COUNT(groups);

	assert_non_null(root);
	action.target_gid = root->pw_gid;
	assert_true(getgrouplist(root->pw_name, root->pw_gid, groups, &n) >= 0);
	action.n_target_groups = (size_t)n;
	return action;
}

static void assert_line(const struct cs_action *action, const char *expected)
{
	char **words = NULL;
	const char *why = NULL;
	struct cs_buf buf;
	size_t n = 0;

	if (cs_repeat_words(action, &words, &n, &why) != 0)
		fail_msg("refused: %s", why);
	assert_null(words[n]);
	cs_buf_init(&buf, 4096);
	cs_put_words(&buf, words);
	cs_buf_put_u8(&buf, 0);
	assert_string_equal((const char *)buf.data, expected);
	cs_buf_clear(&buf);
	cs_free_strv(&words, &n);
}

static void assert_refused(const struct cs_action *action, const char *expected)
{
	char **words = NULL;
	const char *why = NULL;
	size_t n = 0;

	assert_int_equal(cs_repeat_words(action, &words, &n, &why), CS_EINVAL);
	assert_null(words);
	assert_non_null(strstr(why, expected));
}

static void the_line_is_what_was_typed(void **state)
{
	struct cs_action action = plain();

	(void)state;
	assert_line(&action, "sudo -- deploy 'tom cat' -x");
	argv[0] = action.command;
	assert_line(&action, "sudo -- /usr/local/sbin/deploy 'tom cat' -x");
	argv[1] = hostile;
	assert_line(&action, "sudo -- /usr/local/sbin/deploy 'it'\\''s\\x1B[2K' -x");
	argv[0] = deploy;
	argv[1] = tomcat;
}

/* Kills: naming the account, which may be another's number by now; leaving the group to sudo. */
static void another_target_is_named_by_number(void **state)
{
	struct cs_action action = plain();
	const struct passwd *daemon = getpwuid(1);
	int n = (int)CS_COUNT(groups);

	(void)state;
	if (daemon == NULL)
		skip();
	action.target_uid = 1;
	action.target_gid = daemon->pw_gid;
	assert_true(getgrouplist(daemon->pw_name, daemon->pw_gid, groups, &n) >= 0);
	action.n_target_groups = (size_t)n;
	assert_line(&action, "sudo -u '#1' -- deploy 'tom cat' -x");
	action.target_gid = 4;
	n = (int)CS_COUNT(groups);
	assert_true(getgrouplist(daemon->pw_name, 4, groups, &n) >= 0);
	action.n_target_groups = (size_t)n;
	assert_line(&action, "sudo -u '#1' -g '#4' -- deploy 'tom cat' -x");
}

static void what_a_line_cannot_reproduce_is_refused(void **state)
{
	struct cs_action action = plain();
	char *env[] = { T("MODE=fast") };

	(void)state;
	action.service = sudoedit;
	assert_refused(&action, "only what sudo was asked to run");
	action = plain();
	argv[0] = login; /* a login shell's */
	assert_refused(&action, "not asked for as a plain command");
	argv[0] = other;
	assert_refused(&action, "not asked for as a plain command");
	argv[0] = deploy;
	action.option_refused = true;
	assert_refused(&action, "not asked for as a plain command");
	action = plain();
	action.n_target_groups++; /* one more than root has today */
	groups[action.n_target_groups - 1] = 4242;
	assert_refused(&action, "other groups");
	action = plain();
	action.target_uid = 4294967294u;
	assert_refused(&action, "no account any more");
	action = plain();
	action.env = env;
	action.n_env = 1;
	unsetenv("MODE");
	assert_refused(&action, "variables that you do not have");
	setenv("MODE", "slow", 1);
	assert_refused(&action, "variables that you do not have");
	setenv("MODE", "fast", 1);
	assert_line(&action, "sudo -- deploy 'tom cat' -x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_is_what_was_typed),
		cmocka_unit_test(another_target_is_named_by_number),
		cmocka_unit_test(what_a_line_cannot_reproduce_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
