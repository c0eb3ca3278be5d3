/* SPDX-License-Identifier: Apache-2.0 */
/* The file of people and groups: what it refuses with a line, and what happens when it changes under the daemon. */
#include "clock.h"
#include "directory.h"
#include "mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char path[] = "/tmp/countersign-people-XXXXXX";

static const struct {
	const char *text;
	unsigned line;
	const char *says;
} refused[] = {
	{"person Alice { uid = 2001 }", 1, "not a login name"},
	{"person alice { }", 1, "uid"},
	{"person alice {\n uid = 0 }", 2, "uid: is no number"},
	{"person alice {\n uid = 65534 }", 2, "uid: is no number"},
	{"person alice {\n uid = 4294967295 }", 2, "uid: is no number"},
	{"person alice {\n uid = -1 }", 2, "uid: is no number"},
	{"person alice { uid = 1 id = \"\" }", 1, "id: is empty"},
	{"person alice { uid = 1 dn = \"alice\" }", 1, "dn: is no DN"},
	{"person alice { uid = 1 }\nperson bob { uid = 1 }", 2, "uid: another person"},
	{"person alice { uid = 1 id = x }\nperson bob { uid = 2 id = x }", 2, "id: another person"},
	{"person alice { uid = 1 dn = \"uid=x\" }\nperson bob { uid = 2 dn = \"UID=X\" }", 2, "dn: another person"},
	{"person alice { uid = 1 }\nperson alice { uid = 2 }", 2, "alice"},
	{"person alice { uid = 1 sudo = true }", 1, "sudo"},
	{"group g { dn = \"g\" }", 1, "dn: is no DN"},
	{"group g { dn = \"cn=g\" }\ngroup h { dn = \"CN=g\" }", 2, "dn: another group"},
	{"person a { uid = 1 dn = \"cn=g,dc=x\" }\ngroup h { dn = \"cn=g, dc=X\" }", 2, "dn: another group or person"},
	{"group g { dn = \"cn=g\" }\nnetgroup n { dn = \"cn=g\" }", 2, "dn: another group"},
	{"netgroup n { dn = \"n\" }", 1, "dn: is no DN"},
	{"netgroup n { dn = \"cn=n\"\n hosts = { a, \"b c\" } }", 2, "hosts: are host names"},
	{"netgroup n { dn = \"cn=n\"\n netgroups = \"a,b\" }", 2, "netgroups: are named by their cn"},
	{"group g { dn = \"cn=g\"\n listed member { people = { nobody } } }", 2, "no person nobody"},
	{"person x { uid = 1 }\ngroup g { dn = \"cn=g\"\n listed \"a b\" { people = { x } } }", 3, "no attribute name"},
	{"group g { dn = \"cn=g\"\n attribute \"a=\" { value = x } }", 2, "no attribute name"},
};

static void test_a014_refusals_name_the_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(refused); i++) {
		struct cs_problem problem = { 0 };
		struct cs_directory *fixed = NULL;
		assert_int_equal(cs_directory_open_people(refused[i].text, "people.conf", &fixed, &problem), CS_ECONF);
		assert_null(fixed);
		if (problem.text == NULL || strstr(problem.text, refused[i].says) == NULL ||
		    problem.line != refused[i].line)
			fail_msg("%s\ngives: line %u: %s", refused[i].text, problem.line, problem.text);
		assert_string_equal(problem.file, "people.conf");
		cs_problem_clear(&problem);
	}
}

static void put(const char *text, mode_t mode)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

struct seen {
	unsigned times;
	enum cs_known known;
	char doubt[512];
};

static void see(void *arg, const struct cs_answer *answer)
{
	struct seen *seen = arg;
	seen->times++;
	seen->known = answer->facts[0].known;
	(void)snprintf(seen->doubt, sizeof(seen->doubt), "%s", answer->facts[0].doubt);
}

static struct seen ask(struct cs_directory *fixed, uint32_t uid)
{
	struct seen seen = { 0 };
	struct cs_subject subject = { .uid = uid, .login_uid = CS_NO_UID };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	assert_int_equal(cs_directory_ask(fixed, &question, NULL, see, &seen), 0);
	assert_int_equal(seen.times, 1);
	return seen;
}

/* Opens the file at path as an option of this name. */
static struct cs_directory *open_file(const char *option, struct cs_problem *problem)
{
	static const struct cs_conf_option options[] = {
		{ "directory", CS_CONF_SECTION, true, cs_directory_options },
		{ NULL, CS_CONF_STR, false, NULL },
	};
	char text[256];
	struct cs_conf *conf = NULL;
	struct cs_directory *directory = NULL;
	(void)snprintf(text, sizeof(text), "directory { %s = \"%s\" }", option, path);
	assert_int_equal(cs_conf_parse(text, "test.conf", options, &conf, problem), 0);
	(void)cs_directory_open(cs_conf_section(cs_conf_top(conf), "directory", 0), geteuid(), &directory, problem);
	cs_conf_free(&conf);
	return directory;
}

struct texts {
	const char *option, *first, *other, *ruined;
};

/* The same in both forms: uid 2001 is alice; then 20010 is; then nothing can be read. */
static void check_changes(const struct texts *texts)
{
	struct cs_problem problem = { 0 };
	int ok = 0;
	put(texts->first, 0644);
	struct cs_directory *directory = open_file(texts->option, &problem);
	assert_non_null(directory);
	assert_int_equal(ask(directory, 2001).known, CS_KNOWN_YES);
	assert_int_equal(ask(directory, 2002).known, CS_KNOWN_NO);

	put(texts->other, 0644);
	assert_int_equal(ask(directory, 2001).known, CS_KNOWN_NO);
	assert_int_equal(ask(directory, 20010).known, CS_KNOWN_YES);

	put(texts->ruined, 0644);
	struct seen seen = ask(directory, 20010);
	assert_int_equal(seen.known, CS_KNOWN_DOUBT);
	assert_non_null(strstr(seen.doubt, path));
	assert_int_equal(ask(directory, 2999).known, CS_KNOWN_DOUBT);
	(void)cs_directory_state(directory, &ok);
	assert_int_equal(ok, 0);

	put(texts->first, 0666);
	assert_int_equal(ask(directory, 2001).known, CS_KNOWN_DOUBT);
	put(texts->first, 0644);
	assert_int_equal(ask(directory, 2001).known, CS_KNOWN_YES);

	/* who is taken out stays out, also of what is read again */
	assert_int_equal(cs_directory_without(directory, "bob"), CS_ENOENT);
	assert_int_equal(cs_directory_without(directory, "alice"), 0);
	assert_int_equal(ask(directory, 2001).known, CS_KNOWN_NO);
	put(texts->other, 0644);
	assert_int_equal(ask(directory, 20010).known, CS_KNOWN_NO);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(ask(directory, 2001).known, CS_KNOWN_DOUBT);
	cs_directory_close(&directory);
	assert_null(open_file(texts->option, &problem));
	assert_non_null(problem.text);
	cs_problem_clear(&problem);
}

static void test_a079_changes_are_read_and_ruin_is_doubt(void **state)
{
	(void)state;
	const struct texts fixed = { "file", "person alice { uid = 2001 }\n", "person alice { uid = 20010 }\n",
		"person alice { uid = 20010 } oops\n" };
	const struct texts ldif = { "ldif", "dn: uid=alice,dc=x\nuid: alice\nuidNumber: 2001\n",
		"dn: uid=alice,dc=x\nuid: alice\nuidNumber: 20010\n", "dn: uid=alice,dc=x\nuid: alice\nuidNumber\n" };
	check_changes(&fixed);
	check_changes(&ldif);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a014_refusals_name_the_line),
		cmocka_unit_test(test_a079_changes_are_read_and_ruin_is_doubt),
	};
	int fd = mkstemp(path);
	if (fd < 0)
		return 1;
	(void)close(fd);
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	return r;
}
