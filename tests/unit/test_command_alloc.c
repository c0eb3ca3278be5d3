/* SPDX-License-Identifier: Apache-2.0 */
/* The tools when memory runs out (A119): whichever allocation fails, nothing that is refused becomes a yes. */
#include "alloc_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "command.h"
#include "mem.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORDS = 12 };

static char folder[] = "/tmp/cs-alloc-XXXXXX";
static char policy[64], other[64], people[64], tests[64];

static const char policy_text[] =
	"permission deploy { }\npermission approve { }\nrole pmc { permissions = { deploy, approve } }\n"
	"role boss { inherits = pmc }\nexclusive apart { roles = { boss, guest } }\nrole guest { permissions = approve "
	"}\n"
	"assignment owners { role = pmc scope = \"p/%{cn}\" below = \"ou=p\" listed = owner }\n"
	"assignment guests { role = guest scope = \"*\" group = \"cn=g\" listed = member }\n"
	"gate d { service = sudo command = \"/bin/d %{p}\" permission = deploy scope = \"p/%{p}\"\n"
	"	approval a { count = 1 permission = approve } }\n";
static const char people_text[] =
	"person alice { uid = 2001 }\nperson bob { uid = 2002 }\nperson zoe { uid = 2003 }\n"
	"group x { dn = \"cn=x,ou=p\" attribute cn { value = x } listed owner { people = { alice, bob } } }\n"
	"group y { dn = \"cn=y,ou=p\" attribute cn { value = y } listed owner { people = { bob } } }\n";
static const char tests_text[] =
	"use { policy = \"policy.conf\" directory = \"people.conf\" }\n"
	"right r { user = zoe permission = deploy scope = \"p/x\" expect = yes }\n"
	"who w { permission = deploy scope = \"p/x\" expect = { alice, zoe } }\n"
	"action a { user = alice service = sudo command = \"/bin/d x\" approved_by = zoe expect = permit gate = d "
	"missing = a }\n";

static void put_file(char path[64], const char *name, const char *text)
{
	FILE *file = NULL;

	snprintf(path, 64, "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	put_file(policy, "policy.conf", policy_text);
	put_file(other, "other.conf", "permission deploy { }\nrole pmc { permissions = deploy }\n"
				      "assignment owners { role = pmc scope = \"*\" below = \"ou=p\" listed = owner "
				      "}\n");
	put_file(people, "people.conf", people_text);
	put_file(tests, "tests.conf", tests_text);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(policy);
	unlink(other);
	unlink(people);
	unlink(tests);
	return rmdir(folder);
}

static int quietly(char **words, size_t n)
{
	char *argv[WORDS + 1] = { NULL };
	int out = dup(1), err = dup(2), null = open("/dev/null", O_WRONLY | O_CLOEXEC), status = 0;

	memcpy(argv, words, n * sizeof(*argv));
	fflush(NULL);
	dup2(null, 1);
	dup2(null, 2);
	status = cs_command_main((int)n, argv);
	fflush(NULL);
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	close(null);
	return status;
}

/* Every allocation fails once, the later ones in wider steps. */
static void fail_each(int expected, char **words, size_t n)
{
	bool done = false;
	size_t failed = 0;

	for (size_t at = 1; !done; at += 1 + at / 64) {
		int status = 0;

		alloc_fault_reset(at);
		status = quietly(words, n);
		done = alloc_fault.calls < at;
		alloc_fault_reset(0);
		if (done)
			assert_int_equal(status, expected);
		else if (status == 0 && expected != 0)
			fail_msg("allocation %zu of %s %s failed, and the answer is yes", at, words[1], words[2]);
		failed++;
	}
	assert_true(failed > 50);
}

#define FAIL_EACH(expected, ...) \
	do { \
		const char *const words_[] = { "countersign", __VA_ARGS__ }; \
		char *copies_[WORDS] = { NULL }; \
		for (size_t i_ = 0; i_ < CS_COUNT(words_); i_++) \
			copies_[i_] = strdup(words_[i_]); \
		fail_each(expected, copies_, CS_COUNT(words_)); \
		for (size_t i_ = 0; i_ < CS_COUNT(words_); i_++) \
			free(copies_[i_]); \
	} while (0)

#define OFFLINE "--policy", policy, "--directory", people

static void rights_a119(void **state)
{
	(void)state;
	FAIL_EACH(1, "can", OFFLINE, "zoe", "deploy", "p/x");
	FAIL_EACH(1, "why-not", OFFLINE, "alice", "deploy", "p/x");
	FAIL_EACH(1, "who-can", OFFLINE, "deploy", "p/none");
	FAIL_EACH(1, "what-can", OFFLINE, "zoe", "--json");
	FAIL_EACH(0, "who-can", OFFLINE, "deploy", "p/x", "--because");
	FAIL_EACH(0, "role", "list", "--policy", policy);
}

static void decisions_a119(void **state)
{
	(void)state;
	FAIL_EACH(CS_EXIT_PENDING, "policy", "try", OFFLINE, "alice", "sudo", "/bin/d x");
	FAIL_EACH(1, "policy", "test", tests);
	FAIL_EACH(1, "policy", "test", tests, "--json");
}

static void checks_a119(void **state)
{
	(void)state;
	FAIL_EACH(1, "policy", "check", policy, "--directory", people);
	FAIL_EACH(1, "policy", "diff", policy, other, "--directory", people);
	FAIL_EACH(0, "role", "define", "bot", "--permission", "deploy", "--policy", policy);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(rights_a119),
		cmocka_unit_test(decisions_a119),
		cmocka_unit_test(checks_a119),
	};
	return cmocka_run_group_tests(all, set_up, tear_down);
}
