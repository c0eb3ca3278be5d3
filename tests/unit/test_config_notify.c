/* SPDX-License-Identifier: Apache-2.0 */
/* Which programs are run to tell people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config.h"
#include "countersign/error.h"
#include "file.h"
#include "mem.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/cs-config-XXXXXX";

static char *in_folder(const char *name)
{
	char *path = NULL;

	assert_int_equal(cs_format(&path, "%s/%s", folder, name), 0);
	return path;
}

static char *write_file(const char *name, mode_t mode, const char *text)
{
	char *path = in_folder(name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

/* Reads a configuration that names this program, as somebody who is not root where it is not in a folder of root's. */
static int read_with(const char *program, struct config *ret_config, struct cs_problem *problem)
{
	char *text = NULL, *path = NULL;
	int r = 0;

	assert_int_equal(cs_format(&text, "user = \"daemon\"\nnotify { program = { \"%s\" } }\ndirectory { file = \"/dev/null\" }\n",
		program), 0);
	path = write_file("conf", 0644, text);
	r = config_read(path, getuid() ? getuid() : 1, ret_config, problem);
	assert_int_equal(unlink(path), 0);
	free(path);
	free(text);
	return r;
}

/* A link in a folder of somebody else's leads to a program of root's while we look, and elsewhere when it is run. Kills:
 * running what is named instead of what was looked at. */
static void test_config_a014_a_program_is_the_one_that_was_looked_at(void **state)
{
	char *link = in_folder("mail"), *real = realpath("/bin/sh", NULL);
	struct cs_problem problem = { 0 };
	struct config config = { 0 };

	(void)state;
	assert_int_equal(symlink("/bin/sh", link), 0);
	assert_int_equal(read_with(link, &config, &problem), 0);
	assert_int_equal(config.notify.n_programs, 1);
	assert_string_equal(config.notify.programs[0], real);
	config_clear(&config);
	assert_int_equal(unlink(link), 0);
	free(link);
	free(real);
}

static void test_config_a014_programs_that_are_none(void **state)
{
	static const struct { mode_t mode; const char *says; } cases[] = { { 0644, "no program that can be run" },
		{ 0775, "writable by nobody else" }, { 0757, "writable by nobody else" } };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		char *path = write_file("program", cases[i].mode, "#!/bin/sh\n");
		struct cs_problem problem = { 0 };
		struct config config = { 0 };

		assert_int_equal(read_with(path, &config, &problem), CS_ECONF);
		assert_non_null(strstr(problem.text, cases[i].says));
		cs_problem_clear(&problem);
		assert_int_equal(unlink(path), 0);
		free(path);
	}
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_a014_a_program_is_the_one_that_was_looked_at),
		cmocka_unit_test(test_config_a014_programs_that_are_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
