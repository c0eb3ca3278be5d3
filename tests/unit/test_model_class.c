/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of command it is, and which of its arguments it runs. */
#include "mem.h"
#include "model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define MAX_WORDS 12

struct example {
	const char *line; /* the command and its arguments, in blanks */
	enum cs_class class;
	const char *scripts; /* the indexes, in blanks */
	const char *resolved;
};

static void split(const char *line, char *words, size_t size, struct cs_action *action, char *argv[MAX_WORDS])
{
	char *at = NULL;

	assert_true(strlen(line) < size);
	strcpy(words, line);
	for (char *word = strtok_r(words, " ", &at); word; word = strtok_r(NULL, " ", &at)) {
		assert_true(action->n_argv < MAX_WORDS);
		argv[action->n_argv++] = word;
	}
	action->argv = argv;
	action->command = argv[0];
}

static void check(const struct example *example)
{
	char words[256], resolved[128], service[] = "sudo", indexes[64] = "";
	char *argv[MAX_WORDS];
	struct cs_action action = { .service = service, .resolved = resolved };
	uint32_t scripts[CS_MAX_WANTED];
	size_t n = 0;

	split(example->line, words, sizeof(words), &action, argv);
	(void)snprintf(resolved, sizeof(resolved), "%s", example->resolved ? example->resolved : action.command);
	n = cs_action_scripts(&action, scripts);
	for (size_t i = 0; i < n; i++)
		(void)snprintf(indexes + strlen(indexes), sizeof(indexes) - strlen(indexes), "%s%u", i > 0 ? " " : "",
			(unsigned)scripts[i]);
	if (cs_action_class(&action) != example->class || strcmp(indexes, example->scripts) != 0)
		fail_msg("%s: class %s, scripts \"%s\"", example->line,
			cs_name_of(cs_class_names, (int)cs_action_class(&action)), indexes);
}

/* Kills: a row that is left out; a letter that is left out of takes, inside or files (the wrong argument is the script);
 * the version behind a name; a wrapper that is not looked behind. */
static void test_class_a046_table(void **state)
{
	static const struct example examples[] = {
		{ "/usr/local/sbin/deploy-release tomcat 10.1", CS_CLASS_PLAIN, "", NULL },
		{ "/usr/bin/systemctl restart tomcat", CS_CLASS_PLAIN, "", NULL },
		{ "/usr/bin/systemctl edit tomcat", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/bin/cat /etc/shadow", CS_CLASS_PLAIN, "", NULL },
		{ "/bin/bash", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/bin/bash -c id", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/bin/bash -s x", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/bin/bash ./x.sh y.sh", CS_CLASS_OPEN_ENDED, "1", NULL },
		{ "/bin/bash -eux ./x.sh", CS_CLASS_OPEN_ENDED, "2", NULL },
		{ "/bin/bash -o pipefail -e ./x.sh", CS_CLASS_OPEN_ENDED, "4", NULL },
		{ "/bin/bash -euo pipefail ./x.sh", CS_CLASS_OPEN_ENDED, "3", NULL },
		{ "/bin/bash +x -- ./x.sh", CS_CLASS_OPEN_ENDED, "3", NULL },
		{ "/bin/bash --rcfile r x.sh", CS_CLASS_OPEN_ENDED, "2 3", NULL },
		{ "/bin/bash --rcfile=r x.sh", CS_CLASS_OPEN_ENDED, "1 2", NULL },
		{ "/bin/bash -", CS_CLASS_OPEN_ENDED, "1", NULL },
		{ "/usr/bin/python3.11 -W ignore -u x.py y", CS_CLASS_OPEN_ENDED, "4", NULL },
		{ "/usr/bin/python3 -m http.server x.py", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/usr/bin/perl -ne print x", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/usr/bin/perl -w x.pl", CS_CLASS_OPEN_ENDED, "2", NULL },
		{ "/usr/bin/perldoc x.pl", CS_CLASS_PLAIN, "", NULL },
		{ "/usr/bin/awk {print} file", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/usr/bin/awk -F : -f a.awk -fb.awk file", CS_CLASS_OPEN_ENDED, "4 5", NULL },
		{ "/usr/bin/gawk --file a.awk --exec=b.awk file", CS_CLASS_OPEN_ENDED, "2 3", NULL },
		{ "/usr/bin/sed -n -f s.sed file", CS_CLASS_OPEN_ENDED, "3", NULL },
		{ "/usr/bin/make -C dir -f M all", CS_CLASS_OPEN_ENDED, "4", NULL },
		{ "/usr/bin/env A=b ./x", CS_CLASS_OPEN_ENDED, "2", NULL },
		{ "/usr/bin/env -u A -C / bash -e x.sh", CS_CLASS_OPEN_ENDED, "7", NULL },
		{ "/usr/bin/env -S bash x.sh", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/usr/bin/timeout 5 /opt/x/run y", CS_CLASS_OPEN_ENDED, "2", NULL },
		{ "/usr/bin/nice -n 5 timeout -k 3 5 sh x.sh", CS_CLASS_OPEN_ENDED, "8", NULL },
		{ "/usr/bin/xargs -n 1 /bin/rm", CS_CLASS_OPEN_ENDED, "3", NULL },
		{ "/usr/bin/xargs rm", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/usr/bin/find / -name x -delete", CS_CLASS_PLAIN, "", NULL },
		{ "/usr/bin/find / -exec rm {} ;", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/usr/bin/find / -okdir rm {} ;", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/bin/tar -xzf a.tgz -C /srv", CS_CLASS_PLAIN, "", NULL },
		{ "/bin/tar xf a.tgz --to-command=sh", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/bin/tar xf a.tgz --to-com sh", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/bin/tar cIf sh a.tgz", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/bin/tar -cf a -I sh x", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/bin/tar -xf a -- x", CS_CLASS_PLAIN, "", NULL },
		{ "/usr/bin/vi x", CS_CLASS_OPEN_ENDED, "", "/usr/bin/vim.basic" },
		{ "/usr/bin/less x", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/usr/local/bin/friendly x", CS_CLASS_OPEN_ENDED, "1", "/usr/bin/bash" },
		{ "/usr/local/bin/awk -v x", CS_CLASS_OPEN_ENDED, "2", "/usr/bin/bash" },
		{ "/bin/sh x", CS_CLASS_OPEN_ENDED, "1", "/bin/busybox" },
		{ "/bin/busybox sh -e x", CS_CLASS_OPEN_ENDED, "3", NULL },
		{ "/bin/busybox", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "/bin/busybox busybox sh x", CS_CLASS_OPEN_ENDED, "", NULL },
		{ "project.delete x", CS_CLASS_PLAIN, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(examples); i++)
		check(&examples[i]);
}

/* Kills: sudoedit judged by its editor alone. */
static void test_class_a037_sudoedit_is_its_own(void **state)
{
	char service[] = "sudoedit", command[] = "/usr/bin/vim", dashes[] = "--", file[] = "/etc/motd";
	char *argv[] = { command, dashes, file };
	struct cs_action action = { .service = service, .command = command, .argv = argv, .n_argv = 3 };
	uint32_t scripts[CS_MAX_WANTED];

	(void)state;
	assert_int_equal(cs_action_class(&action), CS_CLASS_EDIT);
	assert_int_equal(cs_action_scripts(&action, scripts), 0);
}

/* Kills: the bound on the scripts; the bound on wrappers. */
static void test_class_a046_bounds(void **state)
{
	char service[] = "sudo", command[] = "/usr/bin/awk", option[] = "-f", file[] = "x", env[] = "env";
	char *argv[64] = { command };
	struct cs_action action = { .service = service, .command = command, .argv = argv, .n_argv = 61 };
	uint32_t scripts[CS_MAX_WANTED];

	(void)state;
	for (size_t i = 1; i < 61; i++)
		argv[i] = i % 2 ? option : file;
	assert_int_equal(cs_action_scripts(&action, scripts), 30); /* told, though not listed */
	for (size_t i = 0; i < 64; i++)
		argv[i] = env;
	action.n_argv = 64;
	action.command = env;
	assert_int_equal(cs_action_scripts(&action, scripts), 0);
	action.n_argv = 0;
	assert_int_equal(cs_action_class(&action), CS_CLASS_PLAIN);
	assert_int_equal(cs_action_class(&(struct cs_action){ .service = service, .command = command }), CS_CLASS_OPEN_ENDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_class_a046_table),
		cmocka_unit_test(test_class_a037_sudoedit_is_its_own),
		cmocka_unit_test(test_class_a046_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
