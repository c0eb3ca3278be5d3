/* SPDX-License-Identifier: Apache-2.0 */
/* The file of people and groups: what it refuses with a line, and what happens when it changes under the daemon. */
#include "clock.h"
#include "fixed.h"
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
	{"group g { dn = \"cn=g\"\n listed member { people = { nobody } } }", 2, "no person nobody"},
	{"person x { uid = 1 }\ngroup g { dn = \"cn=g\"\n listed \"a b\" { people = { x } } }", 3, "no attribute name"},
	{"group g { dn = \"cn=g\"\n attribute \"a=\" { value = x } }", 2, "no attribute name"},
};

static void test_a014_refusals_name_the_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(refused); i++) {
		struct cs_problem problem = { 0 };
		void *fixed = NULL;
		assert_int_equal(cs_fixed_parse(refused[i].text, "people.conf", &fixed, &problem), CS_ECONF);
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

static struct seen ask(void *fixed, uint32_t uid)
{
	struct seen seen = { 0 };
	struct cs_subject subject = { .uid = uid, .login_uid = CS_NO_UID };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	assert_int_equal(cs_fixed_backend.ask(fixed, &question, see, &seen), 0);
	assert_int_equal(seen.times, 1);
	return seen;
}

static void test_a079_changes_are_read_and_ruin_is_doubt(void **state)
{
	(void)state;
	struct cs_problem problem = { 0 };
	void *fixed = NULL;
	int ok = 0;
	put("person alice { uid = 2001 }\n", 0644);
	assert_int_equal(cs_fixed_open(path, geteuid(), &fixed, &problem), 0);
	assert_int_equal(ask(fixed, 2001).known, CS_KNOWN_YES);
	assert_int_equal(ask(fixed, 2002).known, CS_KNOWN_NO);

	put("person alice { uid = 20010 }\n", 0644);
	assert_int_equal(ask(fixed, 2001).known, CS_KNOWN_NO);
	assert_int_equal(ask(fixed, 20010).known, CS_KNOWN_YES);

	put("person alice { uid = 20010 } oops\n", 0644);
	struct seen seen = ask(fixed, 20010);
	assert_int_equal(seen.known, CS_KNOWN_DOUBT);
	assert_non_null(strstr(seen.doubt, path));
	assert_int_equal(ask(fixed, 2999).known, CS_KNOWN_DOUBT);
	(void)cs_fixed_backend.state(fixed, &ok);
	assert_int_equal(ok, 0);

	put("person alice { uid = 2001 }\n", 0666);
	assert_int_equal(ask(fixed, 2001).known, CS_KNOWN_DOUBT);
	put("person alice { uid = 2001 }\n", 0644);
	assert_int_equal(ask(fixed, 2001).known, CS_KNOWN_YES);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ask(fixed, 2001).known, CS_KNOWN_DOUBT);
	cs_fixed_backend.close(fixed);
	assert_int_equal(cs_fixed_open(path, geteuid(), &fixed, &problem), CS_ECONF);
	assert_non_null(problem.text);
	cs_problem_clear(&problem);
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
