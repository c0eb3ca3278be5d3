/* SPDX-License-Identifier: Apache-2.0 */
/* People and groups in memory when memory runs out (A119): every allocation fails once, while a file is read and while
 * a question is answered. Never a wrong answer, never a leak. */
#include "alloc_fault.h"
#include "directory.h"
#include "mem.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char ldif[] =
	"dn: uid=alice,dc=x\nuid: alice\nuid: al\nuidNumber: 2001\nemployeeNumber: 7\n\n"
	"dn: uid=adm,dc=x\nuid: adm\nuidNumber: 2002\nuidNumber: 2003\nemployeeNumber: 7\n\n"
	"dn: cn=team,dc=x\ncn: team\nmail: a@x\nmail: b@x\nmember: uid=alice,dc=x\nmember: uid=bob,dc=x\n\n"
	"dn: cn=net,dc=x\nobjectClass: nisNetgroup\nnisNetgroupTriple: (rel1,,)\nmemberNisNetgroup: deep\n\n"
	"dn: cn=deep,dc=x\nobjectClass: nisNetgroup\nnisNetgroupTriple: (rel2,,)\n\n";
static const char people[] =
	"person alice { uid = 2001 human = 7 }\nperson adm { uid = 2002 human = 7 }\n"
	"person bob { uid = 2004 }\n"
	"group team { dn = \"cn=team,dc=x\" attribute cn { value = team } attribute mail { value = { a, b } }\n"
	"listed member { people = { alice, bob } } }\n"
	"netgroup net { dn = \"cn=net,dc=x\" hosts = rel1 netgroups = deep }\n"
	"netgroup deep { dn = \"cn=deep,dc=x\" hosts = rel2 }\n";

static int open_ldif(struct cs_directory **ret_directory, struct cs_problem *problem)
{
	static const struct cs_ldif_options options = { .person_attribute = "employeeNumber" };
	return cs_directory_open_ldif(ldif, strlen(ldif), "x.ldif", &options, ret_directory, problem);
}

static int open_people(struct cs_directory **ret_directory, struct cs_problem *problem)
{
	return cs_directory_open_people(people, "x.conf", ret_directory, problem);
}

static int open_unix(struct cs_directory **ret_directory, struct cs_problem *problem)
{
	static const char unix_text[] = "root:x:0:0::/:/bin/sh\nalice:x:2001:3000::/:/bin/sh\nbob:*:2002:1::/:\n\0"
					"users:x:100:alice,bob\nrelease:x:3000:bob,eve\n\0alice:*:1::::::\n";
	return cs_directory_open_unix(unix_text, sizeof(unix_text) - 1, "texts", ret_directory, problem);
}

typedef int (*open_fn)(struct cs_directory **ret_directory, struct cs_problem *problem);

static void fail_each_open(open_fn open)
{
	size_t failed = 0;
	for (size_t at = 1; at < 5000; at++) {
		struct cs_problem problem = { 0 };
		struct cs_directory *directory = NULL;
		alloc_fault_reset(at);
		int r = open(&directory, &problem);
		bool whole = alloc_fault.calls < at;
		alloc_fault_reset(0);
		if (r == 0)
			assert_non_null(directory);
		else
			assert_null(directory);
		if (r != 0 && r != CS_ENOMEM)
			assert_true(r == CS_ECONF && !whole);
		failed += r != 0;
		cs_directory_close(&directory);
		cs_problem_clear(&problem);
		if (whole) {
			assert_int_equal(r, 0);
			break;
		}
	}
	assert_true(failed > 25);
}

static void test_a119_reading(void **state)
{
	(void)state;
	fail_each_open(open_ldif);
	fail_each_open(open_people);
	fail_each_open(open_unix);
}

/* Whatever failed, what is told is true, and what is whole is all of it. */
static void check(void *arg, const struct cs_answer *answer)
{
	bool *whole = arg;
	*whole = true;
	const struct cs_facts *facts = &answer->facts[0];
	assert_int_equal(answer->n_facts, 1);
	assert_int_equal(answer->n_listings, 2);
	if (facts->known == CS_KNOWN_YES) {
		assert_string_equal(facts->person.name, "alice");
		assert_int_equal(facts->person.uid, 2001);
		assert_string_equal(facts->person.human, "7");
		assert_int_equal(facts->n_memberships, 1);
		assert_int_equal(facts->memberships[0].n_attributes, 3);
		assert_int_equal(facts->n_aliases, 1);
	} else {
		assert_int_equal(facts->known, CS_KNOWN_DOUBT);
		assert_int_equal(facts->n_memberships, 0);
		*whole = false;
	}
	for (size_t i = 0; i < 2; i++) {
		assert_int_not_equal(answer->listings[i].known, CS_KNOWN_NO);
		assert_int_equal(answer->listings[i].n_dns, answer->listings[i].known == CS_KNOWN_YES ? 2 : 0);
		*whole = *whole && answer->listings[i].known == CS_KNOWN_YES;
	}
}

static void fail_each_answer(open_fn open)
{
	struct cs_directory *directory = NULL;
	char alice[] = "alice", team[] = "cn=team,dc=x", net[] = "cn=net,dc=x", member[] = "member", cn[] = "cn",
	     mail[] = "mail", triple[] = "nisNetgroupTriple";
	char *wanted[] = { cn, mail };
	struct cs_subject subject = { 2001, CS_NO_UID, alice };
	struct cs_group_query query = { CS_GROUPS_BELOW, team, member, wanted, 2, 0 };
	struct cs_listing_query listings[] = { { .where = CS_GROUP_AT, .dn = team, .listed = member },
		{ .where = CS_NETGROUP, .dn = net, .listed = triple } };
	const struct cs_question question = { &subject, 1, &query, 1, listings, 2 };
	size_t failed = 0;
	bool over = false;
	assert_int_equal(open(&directory, NULL), 0);
	for (size_t at = 1; at < 1000 && !over; at++) {
		bool whole = false;
		alloc_fault_reset(at);
		int r = cs_directory_ask(directory, &question, NULL, check, &whole);
		over = alloc_fault.calls < at;
		alloc_fault_reset(0);
		assert_true(r == 0 || r == CS_ENOMEM);
		assert_true(!over || whole);
		failed += !whole;
	}
	assert_true(over && failed > 20);
	cs_directory_close(&directory);
}

static void test_a119_answering(void **state)
{
	(void)state;
	fail_each_answer(open_ldif);
	fail_each_answer(open_people);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a119_reading),
		cmocka_unit_test(test_a119_answering),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
