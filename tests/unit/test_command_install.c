/* SPDX-License-Identifier: Apache-2.0 */
/* Replacing a file: old or new at every moment, owner and mode kept, the old one back when it is taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "countersign/error.h"
#include "install.h"
#include "mem.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/cs-install-XXXXXX";
static char path[128], previous[160];

static void put_file(const char *name, const char *text, mode_t mode)
{
	FILE *file = fopen(name, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static void assert_file(const char *name, const char *text)
{
	char got[256] = "";
	FILE *file = fopen(name, "re");

	assert_non_null(file);
	got[fread(got, 1, sizeof(got) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(got, text);
}

static size_t files(void)
{
	DIR *dir = opendir(folder);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 2;
}

static int set_up(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/policy.conf", folder);
	snprintf(previous, sizeof(previous), "%s.previous", path);
	put_file(path, "old", 0640);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	unlink(previous);
	return rmdir(folder);
}

static struct cs_install begun(void)
{
	struct cs_install install = { .folder = -1 };

	assert_int_equal(cs_install_begin(path, &install), 0);
	return install;
}

static void replaced_file_has_the_old_mode_and_the_old_is_previous(void **state)
{
	struct cs_install install = begun();
	struct stat st;

	(void)state;
	assert_int_equal(cs_install_replace(&install, "new", 3), 0);
	assert_file(path, "new");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_uid, install.old.st_uid);
	assert_int_equal(cs_install_keep(&install), 0);
	assert_file(previous, "old");
	cs_install_end(&install);
	assert_int_equal(files(), 2);
}

static void undo_brings_the_very_same_file_back(void **state)
{
	struct cs_install install = begun();
	struct stat st;

	(void)state;
	put_file(previous, "older", 0600);
	assert_int_equal(cs_install_replace(&install, "new", 3), 0);
	assert_int_equal(cs_install_undo(&install), 0);
	assert_file(path, "old");
	assert_file(previous, "older");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_ino, install.old.st_ino);
	cs_install_end(&install);
	assert_int_equal(files(), 2);
}

static void twice_in_a_row_keeps_the_last_but_one(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct cs_install install = begun();

		assert_int_equal(cs_install_replace(&install, i == 0 ? "one" : "two", 3), 0);
		assert_int_equal(cs_install_keep(&install), 0);
		cs_install_end(&install);
	}
	assert_file(path, "two");
	assert_file(previous, "one");
	assert_int_equal(files(), 2);
}

static void second_install_at_once_is_refused(void **state)
{
	struct cs_install install = begun(), second = { .folder = -1 };

	(void)state;
	assert_int_equal(cs_install_begin(path, &second), CS_EBUSY);
	cs_install_end(&install);
	assert_int_equal(cs_install_begin(path, &second), 0);
	cs_install_end(&second);
}

static void symlink_is_refused_and_left_alone(void **state)
{
	struct cs_install install = { .folder = -1 };
	char target[160];

	(void)state;
	snprintf(target, sizeof(target), "%s/target", folder);
	assert_int_equal(rename(path, target), 0);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(cs_install_begin(path, &install), CS_EUNTRUSTED);
	assert_file(target, "old");
	assert_int_equal(unlink(target), 0);
}

static void missing_file_and_relative_path_are_refused(void **state)
{
	struct cs_install install = { .folder = -1 };

	(void)state;
	assert_int_equal(cs_install_begin(previous, &install), CS_ENOENT);
	assert_int_equal(cs_install_begin("policy.conf", &install), CS_EINVAL);
	assert_int_equal(cs_install_begin("/tmp/", &install), CS_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			replaced_file_has_the_old_mode_and_the_old_is_previous, set_up, tear_down),
		cmocka_unit_test_setup_teardown(undo_brings_the_very_same_file_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(twice_in_a_row_keeps_the_last_but_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(second_install_at_once_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(symlink_is_refused_and_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(missing_file_and_relative_path_are_refused, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
