/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a machine: links stay inside, owners and modes up to the root; sudo.conf, sudoers and sshd_config as their
 * programs read them. */
#include "host_tree.h"
#include "mem.h"
#include "pam.h"
#include "program.h"
#include "sshd.h"
#include "sudo_conf.h"
#include "sudoers.h"
#include "walk.h"

#include "countersign/error.h"

/* --- The root ------------------------------------------------------------------------------------------------------- */

/* Kills openat in the place of openat2: the link would lead to this machine's own file. */
static void test_links_stay_inside(void **state)
{
	struct tree *tree = *state;
	char *text = NULL, *path = NULL;
	size_t len = 0;

	tree_write(tree, "/etc/real", "inside\n");
	tree_link(tree, "/etc/absolute", "/etc/real");
	tree_link(tree, "/etc/up", "../../../../../../etc/real");
	tree_link(tree, "/etc/out", "/proc/version");
	assert_int_equal(cs_host_read(&tree->host, "/etc/absolute", &text, &len), 0);
	assert_string_equal(text, "inside\n");
	free(text);
	assert_int_equal(cs_host_real(&tree->host, "/etc/up", &path), 0);
	assert_string_equal(path, "/etc/real");
	free(path);
	assert_int_equal(cs_host_read(&tree->host, "/etc/out", &text, &len), CS_ENOENT);
	assert_int_equal(cs_host_read(&tree->host, "/etc", &text, &len), CS_EIO);
	assert_int_equal(cs_host_read(&tree->host, "relative", &text, &len), CS_EIO);
}

static void test_sealed_names_the_first_open_part(void **state)
{
	struct tree *tree = *state;
	char full[PATH_MAX], *open = NULL;

	tree_write(tree, "/usr/lib/x/y.so", "");
	assert_int_equal(cs_host_sealed(&tree->host, "/usr/lib/x/y.so", &open), 1);
	assert_null(open);
	tree_path(tree, "/usr/lib", full);
	assert_int_equal(chmod(full, 01777), 0);
	tree_link(tree, "/opt/y.so", "/usr/lib/x/y.so");
	assert_int_equal(cs_host_sealed(&tree->host, "/opt/y.so", &open), 0);
	assert_string_equal(open, "/usr/lib");
	free(open);
	assert_int_equal(cs_host_sealed(&tree->host, "/opt/gone", &open), CS_ENOENT);
}

/* --- sudo.conf ------------------------------------------------------------------------------------------------------ */

static void test_sudo_conf_words(void **state)
{
	static const char text[] = "# Plugin a a.so\nplugin one one.so x y # z\n  PLUGIN\ttwo \\\n  two.so\nPlugins three three.so\n"
				   "Plugin\nPath plugin_dir /opt/p/\nSet x y\nDebug a b c\nPlugin four a\\\n";
	struct cs_sudo_conf conf = { 0 };
	char *path = NULL;
	(void)state;

	assert_int_equal(cs_sudo_conf_parse(text, sizeof(text) - 1, &conf), 0);
	assert_int_equal(conf.n, 8);
	assert_int_equal(conf.lines[0].what, CS_SUDO_CONF_PLUGIN);
	assert_int_equal(conf.lines[0].line, 2);
	assert_int_equal(conf.lines[0].n_words, 4);
	assert_int_equal(conf.lines[1].line, 4);
	assert_string_equal(conf.lines[1].words[1], "two.so");
	assert_int_equal(conf.lines[2].what, CS_SUDO_CONF_OTHER);
	assert_int_equal(conf.lines[3].what, CS_SUDO_CONF_OTHER); /* no blank behind the keyword */
	assert_int_equal(conf.lines[4].what, CS_SUDO_CONF_PATH);
	assert_int_equal(conf.lines[7].n_words, 2);
	assert_int_equal(cs_sudo_conf_plugin_file(&conf, &conf.lines[0], &path), 0);
	assert_string_equal(path, "/opt/p/one.so");
	free(path);
	assert_int_equal(cs_sudo_conf_plugin_file(&conf, &conf.lines[4], &path), CS_ENOENT);
	cs_sudo_conf_clear(&conf);
}

static void test_sudo_conf_owner_and_mode(void **state)
{
	static const struct {
		mode_t mode;
		bool refused;
	} cases[] = { { 0644, false }, { 0600, false }, { 0664, true }, { 0646, true } };
	struct tree *tree = *state;
	struct cs_sudo_conf conf = { 0 };
	char full[PATH_MAX];

	assert_int_equal(cs_sudo_conf_read(&tree->host, &conf), 0);
	assert_false(conf.there);
	tree_write(tree, CS_SUDO_CONF, "Plugin a b\n");
	tree_path(tree, CS_SUDO_CONF, full);
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		assert_int_equal(chmod(full, cases[i].mode), 0);
		assert_int_equal(cs_sudo_conf_read(&tree->host, &conf), 0);
		assert_true(conf.there);
		assert_int_equal(conf.refused != NULL, cases[i].refused);
		cs_sudo_conf_clear(&conf);
	}
}

/* --- sudoers -------------------------------------------------------------------------------------------------------- */

static void test_sudoers_lines_and_includes(void **state)
{
	struct tree *tree = *state;
	struct cs_sudoers sudoers = { 0 };

	tree_write(tree, CS_SUDOERS, "Defaults env_reset, \\\n  !pam_session\n@include \"local file\"\n#includedir /etc/sudoers.d\nend\n");
	tree_write(tree, "/etc/local file", "one\n");
	tree_write(tree, "/etc/sudoers.d/b", "three\n");
	tree_write(tree, "/etc/sudoers.d/a", "two\n");
	tree_write(tree, "/etc/sudoers.d/c.bak", "no\n");
	tree_write(tree, "/etc/sudoers.d/d~", "no\n");
	assert_int_equal(cs_sudoers_take_lines(&tree->host, CS_SUDOERS, &sudoers), 0);
	assert_int_equal(sudoers.n_lines, 5);
	assert_int_equal(sudoers.lines[0].at.line, 1);
	assert_string_equal(sudoers.lines[1].text, "one");
	assert_string_equal(sudoers.lines[1].at.file, "/etc/local file");
	assert_string_equal(sudoers.lines[2].text, "two");
	assert_string_equal(sudoers.lines[sudoers.n_lines - 1].text, "end");
	assert_int_equal(sudoers.lines[sudoers.n_lines - 1].at.line, 5);
	cs_sudoers_clear(&sudoers);
}

/* Each kills the count of files that are read in all: the number of reads doubles with each step. */
static void test_files_that_include_themselves_twice(void **state)
{
	struct tree *tree = *state;
	struct cs_sudoers sudoers = { 0 };
	struct cs_pam_stack stack = { 0 };
	struct cs_sshd sshd = { 0 };

	tree_write(tree, CS_SUDOERS, "@include /etc/sudoers\n@include /etc/sudoers\n");
	assert_int_equal(cs_sudoers_take_lines(&tree->host, CS_SUDOERS, &sudoers), CS_ETOOBIG);
	cs_sudoers_clear(&sudoers);
	tree_write(tree, "/etc/pam.d/ring", "@include ring\n@include ring\n");
	assert_int_equal(cs_pam_stack_read(&tree->host, "ring", CS_PAM_ACCOUNT, &stack), 0); /* refused at the bound of depth */
	assert_non_null(stack.lines.damage.file);
	cs_pam_stack_clear(&stack);
	tree_write(tree, "/etc/pam.d/ring", "account include ring\nauth include ring\n@include ring\n");
	(void)cs_pam_stack_read(&tree->host, "ring", CS_PAM_ACCOUNT, &stack);
	cs_pam_stack_clear(&stack);
	tree_write(tree, CS_SSHD_CONFIG, "Include sshd_config\nInclude sshd_config\n");
	assert_int_equal(cs_sshd_take_lines(&tree->host, CS_SSHD_CONFIG, &sshd), CS_ETOOBIG);
	cs_sshd_clear(&sshd);
}

static void test_sudoers_by_sudos_own_parser(void **state)
{
	struct tree *tree = *state;
	struct cs_sudoers sudoers = { 0 };

	if (access("/usr/bin/cvtsudoers", X_OK) != 0 || access("/usr/sbin/visudo", X_OK) != 0)
		skip();
	tree_write(tree, CS_SUDOERS,
		"Defaults use_pty\nDefaults:alice,%ops !pam_session\nUser_Alias A = alice, !%:role\n"
		"A ALL=(bob) NOPASSWD: /bin/ls, !/bin/sh\n%:pmc ALL = sha256:0bMXN53sFT4rVZvLmrJ9lBRLgbYLmYmqMcTvcCuXoyg= /usr/bin/id\n");
	assert_int_equal(cs_sudoers_read(&tree->host, &sudoers), 0);
	assert_null(sudoers.unknown);
	assert_null(sudoers.wrong);
	assert_int_equal(sudoers.n_options, 2);
	assert_string_equal(sudoers.options[1].name, "pam_session");
	assert_true(sudoers.options[1].off);
	assert_string_equal(sudoers.options[1].scope, "alice, %ops");
	assert_int_equal(sudoers.options[1].at.line, 2);
	assert_int_equal(sudoers.n_rules, 2);
	assert_true(sudoers.rules[0].nopasswd && sudoers.rules[0].plugin_unless && sudoers.rules[0].command_unless);
	assert_int_equal(sudoers.rules[0].at.line, 4);
	assert_string_equal(sudoers.rules[0].runas, "bob");
	assert_true(sudoers.rules[1].plugin_group && sudoers.rules[1].digest && !sudoers.rules[1].command_unless);
	cs_sudoers_clear(&sudoers);
}

static void test_sudoers_json_that_is_none(void **state)
{
	static const char *const texts[] = { "", "[]", "{", "{\"Defaults\": 3, \"User_Specs\": [1, {\"Cmnd_Specs\": [[]]}]}" };
	(void)state;

	for (size_t i = 0; i < CS_COUNT(texts); i++) {
		struct cs_sudoers sudoers = { 0 };
		int r = cs_sudoers_take_json(&sudoers, texts[i], strlen(texts[i]));

		assert_true(i < 3 ? r == CS_EPROTO : r == 0);
		cs_sudoers_clear(&sudoers);
	}
}

/* --- sshd ----------------------------------------------------------------------------------------------------------- */

static void test_sshd_config(void **state)
{
	struct tree *tree = *state;
	struct cs_sshd sshd = { 0 };

	tree_write(tree, CS_SSHD_CONFIG,
		"# UsePAM no\nInclude /etc/ssh/sshd_config.d/*.conf\nUSEPAM = \"yes\"\nUsePAM no\nMatch User bob\n  ForceCommand a b \n"
		"Match all\nMaxStartups 3\n");
	tree_write(tree, "/etc/ssh/sshd_config.d/x.conf", "LoginGraceTime 9\nMatch Group g\nForceCommand z\n");
	tree_write(tree, "/etc/ssh/sshd_config.d/x.off", "UsePAM no\n");
	assert_int_equal(cs_sshd_read(&tree->host, &sshd), 0);
	assert_int_equal(sshd.n_blocks, 3);
	assert_string_equal(cs_sshd_value(&sshd, 0, "usepam"), "yes");
	assert_int_equal(cs_sshd_place(&sshd, 0, "usepam").line, 3);
	assert_string_equal(cs_sshd_value(&sshd, 0, "logingracetime"), "9");
	assert_string_equal(cs_sshd_value(&sshd, 0, "maxstartups"), "3");
	assert_string_equal(cs_sshd_value(&sshd, 0, "forcecommand"), "none");
	assert_string_equal(cs_sshd_value(&sshd, 1, "forcecommand"), "z");
	assert_string_equal(cs_sshd_value(&sshd, 2, "forcecommand"), "a b");
	assert_string_equal(cs_sshd_value(&sshd, 2, "usepam"), "yes");
	assert_int_equal(cs_sshd_take_test(&sshd, 0, "usepam no\nport 22\n"), 0);
	assert_string_equal(cs_sshd_value(&sshd, 0, "usepam"), "no");
	cs_sshd_clear(&sshd);
}

/* --- Programs ------------------------------------------------------------------------------------------------------- */

static void test_program_is_bounded(void **state)
{
	static const char *const echo[] = { "/bin/cat", NULL }, *const gone[] = { "/bin/not-there", NULL },
				 *const hangs[] = { "/bin/sleep", "600", NULL }, *const endless[] = { "/usr/bin/yes", NULL };
	struct cs_program_said said = { 0 };
	(void)state;

	assert_int_equal(cs_program_ask(echo, "a\nb\n", 4, 60000, 100, &said), 0);
	assert_string_equal(said.out, "a\nb\n");
	assert_int_equal(said.status, 0);
	cs_program_said_clear(&said);
	assert_int_equal(cs_program_ask(gone, NULL, 0, 60000, 100, &said), CS_ENOENT);
	assert_int_equal(cs_program_ask(hangs, NULL, 0, 50, 100, &said), CS_ETIMEDOUT);
	assert_int_equal(cs_program_ask(endless, NULL, 0, 60000, 100000, &said), CS_ETOOBIG);
}

/* --- The walk ------------------------------------------------------------------------------------------------------- */

static int remember(void *arg, const char *path, const struct stat *st, uint64_t capabilities)
{
	char *seen = arg;

	assert_int_equal(capabilities, 0);
	strcat(strcat(seen, path), (st->st_mode & S_ISUID) != 0 ? " u;" : " g;");
	return 0;
}

static void test_walk_finds_what_is_setuid(void **state)
{
	struct tree *tree = *state;
	char seen[4096] = "", full[PATH_MAX];
	struct cs_walk walk = { .found = remember, .arg = seen };

	tree_write(tree, "/usr/bin/one", "");
	tree_path(tree, "/usr/bin/one", full);
	assert_int_equal(chmod(full, 04755), 0);
	tree_write(tree, "/usr/bin/two", "");
	tree_path(tree, "/usr/bin/two", full);
	assert_int_equal(chmod(full, 04644), 0); /* nobody can run it */
	tree_link(tree, "/usr/bin/three", "one");
	assert_int_equal(cs_host_walk(&tree->host, &walk), 0);
	if (walk.skipped > 0)
		skip(); /* this file system honours no setuid */
	assert_string_equal(seen, "/usr/bin/one u;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_links_stay_inside, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_sealed_names_the_first_open_part, tree_setup, tree_teardown),
		cmocka_unit_test(test_sudo_conf_words),
		cmocka_unit_test_setup_teardown(test_sudo_conf_owner_and_mode, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_sudoers_lines_and_includes, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_files_that_include_themselves_twice, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_sudoers_by_sudos_own_parser, tree_setup, tree_teardown),
		cmocka_unit_test(test_sudoers_json_that_is_none),
		cmocka_unit_test_setup_teardown(test_sshd_config, tree_setup, tree_teardown),
		cmocka_unit_test(test_program_is_bounded),
		cmocka_unit_test_setup_teardown(test_walk_finds_what_is_setuid, tree_setup, tree_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
