/* SPDX-License-Identifier: Apache-2.0 */
/* Every section below etc/examples/directory is one that the daemon takes. */
#include "directory.h"
#include "mem.h"
#include "settings.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { TEXT_MAX = 8192 };

static char folder[] = "/tmp/countersign-examples-XXXXXX";

/* The files that the sections name; here they lie in a folder of the test's own. */
static const char *const elsewhere[] = { "/etc/countersign/", "/etc/ipa/" };
/* One key of countersign@EXAMPLE, as ktutil writes it. */
static const char keytab[] =
	"\5\2\0\0\0\51\0\1\0\7EXAMPLE\0\13countersign\0\0\0\1\0\0\0\0\1\0\22\0\4\1\2\3\4";
static const char line[] = "x\n";
static const struct {
	const char *name;
	mode_t mode;
	const char *bytes;
	size_t n;
} files[] = {
	{ "ldap-ca.pem", 0644, line, sizeof(line) - 1 },
	{ "ca.crt", 0644, line, sizeof(line) - 1 },
	{ "ldap.secret", 0600, line, sizeof(line) - 1 },
	{ "countersign.keytab", 0600, keytab, sizeof(keytab) - 1 },
};

static void put(size_t i)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, files[i].mode);
	assert_true(fd >= 0 && write(fd, files[i].bytes, files[i].n) == (ssize_t)files[i].n);
	assert_true(fchmod(fd, files[i].mode) == 0 && close(fd) == 0);
}

static void read_text(const char *name, char *text)
{
	char path[512];
	(void)snprintf(path, sizeof(path), "%s/etc/examples/directory/%s", CS_SOURCE_DIR, name);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	size_t n = fread(text, 1, TEXT_MAX - 1, file);
	assert_true(n > 0 && n < TEXT_MAX - 1);
	text[n] = '\0';
	(void)fclose(file);
}

static void move_here(char *text)
{
	for (size_t i = 0; i < CS_COUNT(elsewhere); i++) {
		char moved[TEXT_MAX];
		char *found = strstr(text, elsewhere[i]);
		while (found != NULL) {
			*found = '\0';
			(void)snprintf(moved, sizeof(moved), "%s%s/%s", text, folder, found + strlen(elsewhere[i]));
			(void)snprintf(text, TEXT_MAX, "%s", moved);
			found = strstr(text, elsewhere[i]);
		}
	}
}

static void check(const char *name)
{
	static const struct cs_conf_option options[] = {
		{ "directory", CS_CONF_SECTION, true, cs_directory_options },
		{ NULL, CS_CONF_STR, false, NULL },
	};
	struct cs_conf *conf = NULL;
	struct cs_problem problem = { 0 };
	struct cs_settings settings = { 0 };
	struct cs_secrets secrets = { 0 };
	char text[TEXT_MAX];
	read_text(name, text);
	move_here(text);
	if (cs_conf_parse(text, name, options, &conf, &problem) != 0 ||
	    cs_settings_read(cs_conf_section(cs_conf_top(conf), "directory", 0), geteuid(), &settings, &secrets,
			     &problem) != 0)
		fail_msg("%s, line %u: %s", name, problem.line, problem.text);
	cs_secrets_clear(&secrets);
	cs_settings_clear(&settings);
	cs_conf_free(&conf);
}

static void test_every_section_is_taken(void **state)
{
	(void)state;
	unsigned seen = 0;
	DIR *dir = opendir(CS_SOURCE_DIR "/etc/examples/directory");
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (strstr(entry->d_name, ".conf") == NULL)
			continue;
		check(entry->d_name);
		seen++;
	}
	(void)closedir(dir);
	assert_true(seen >= 10);
}

static int make_files(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	for (size_t i = 0; i < CS_COUNT(files); i++)
		put(i);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(files); i++) {
		char path[128];
		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
		(void)unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_section_is_taken) };
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
