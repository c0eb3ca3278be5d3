/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts of a host as a directory: what passwd, group and shadow say of somebody, which states of them are doubt,
 * and which local accounts make people of another directory doubtful. */
#include "answer.h"
#include "mem.h"
#include "unix.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define ROOT "root:x:0:0:root:/root:/bin/bash\n"
#define ALICE "alice:x:2001:2001:Alice:/home/alice:/bin/bash\n"
#define BOB "bob:x:2002:100:Bob,,,:/home/bob:/bin/sh\n"
#define GROUPS "root:x:0:\nusers:x:100:\nalice:x:2001:\nrelease:x:3000:alice\n"
#define KEY "alice:$6$salt$hash:20000:0:99999:7:::\n"

/* --- Asking --- */

struct seen {
	unsigned times;
	enum cs_known known;
	bool locked;
	bool listed; /* in cn=release, as member and as memberUid */
	char id[300];
	char doubt[512];
};

static char release[] = "cn=release,ou=groups,o=unix", member[] = "member", member_uid[] = "memberUid", cn[] = "cn";
static char *wanted[] = { cn };

static void see(void *arg, const struct cs_answer *answer)
{
	struct seen *seen = arg;
	const struct cs_facts *facts = &answer->facts[0];
	assert_int_equal(answer->n_facts, 1);
	seen->times++;
	seen->known = facts->known;
	seen->locked = facts->person.locked;
	seen->listed = facts->n_memberships == 2;
	assert_true(facts->n_memberships == 0 || facts->n_memberships == 2);
	(void)snprintf(seen->id, sizeof(seen->id), "%s", facts->person.id != NULL ? facts->person.id : "");
	(void)snprintf(seen->doubt, sizeof(seen->doubt), "%s", facts->doubt != NULL ? facts->doubt : "");
	for (size_t i = 0; i < facts->n_memberships; i++) {
		assert_string_equal(facts->memberships[i].group_dn, release);
		assert_string_equal(facts->memberships[i].attributes[0].value, "release");
	}
}

static struct seen ask(struct cs_directory *directory, uint32_t uid, const char *name)
{
	struct seen seen = { 0 };
	char *copy = cs_dup(name);
	struct cs_subject subject = { .uid = uid, .login_uid = CS_NO_UID, .name = copy };
	struct cs_group_query queries[] = {
		{ .where = CS_GROUP_AT, .dn = release, .listed = member, .wanted = wanted, .n_wanted = 1 },
		{ .where = CS_GROUP_AT, .dn = release, .listed = member_uid, .wanted = wanted, .n_wanted = 1 } };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1, .queries = queries, .n_queries = 2 };
	assert_int_equal(cs_directory_ask(directory, &question, NULL, see, &seen), 0);
	assert_int_equal(seen.times, 1);
	if (seen.known == CS_KNOWN_DOUBT)
		assert_string_not_equal(seen.doubt, "");
	free(copy);
	return seen;
}

static int open_texts(const char *passwd, const char *group, const char *shadow, struct cs_directory **ret_directory,
	struct cs_problem *problem)
{
	size_t lengths[] = { strlen(passwd) + 1, strlen(group) + 1, strlen(shadow) };
	char *text = malloc(lengths[0] + lengths[1] + lengths[2] + 1);
	assert_non_null(text);
	memcpy(text, passwd, lengths[0]);
	memcpy(text + lengths[0], group, lengths[1]);
	memcpy(text + lengths[0] + lengths[1], shadow, lengths[2] + 1);
	int r = cs_directory_open_unix(text, lengths[0] + lengths[1] + lengths[2], "texts", ret_directory, problem);
	free(text);
	return r;
}

/* --- What the files say --- */

enum { NO = CS_KNOWN_NO, YES = CS_KNOWN_YES, DOUBT = CS_KNOWN_DOUBT };

static const struct row {
	const char *what, *passwd, *group, *shadow;
	uint32_t uid;
	const char *name;
	int known;
	bool locked, listed;
} rows[] = {
	{ "by number", ROOT ALICE, GROUPS, KEY, 2001, NULL, YES, false, true },
	{ "by name", ROOT ALICE, GROUPS, KEY, CS_NO_UID, "alice", YES, false, true },
	{ "by both", ROOT ALICE, GROUPS, KEY, 2001, "alice", YES, false, true },
	{ "a name with another's number", ROOT ALICE BOB, GROUPS, KEY "bob:*:::::::\n", 2002, "alice", NO, false, false },
	{ "nobody has the number", ROOT ALICE, GROUPS, KEY, 2009, NULL, NO, false, false },
	{ "no member", ROOT ALICE BOB, GROUPS, KEY "bob:*:::::::\n", 2002, NULL, YES, false, false },
	{ "by the primary group", "carol:x:2003:3000::/:/bin/sh\n", GROUPS, "carol:*:::::::\n", 2003, NULL, YES, false, true },
	{ "a name that begins the same", "al:x:2004:1::/:/bin/sh\n", GROUPS, "al:*:::::::\n", 2004, NULL, YES, false, false },
	{ "in another case", "alice:x:2001:1::/:/bin/sh\n", "release:x:3000:ALICE\n", KEY, 2001, NULL, YES, false, false },
	{ "one of many", ROOT ALICE, "release:x:3000:x,y,alice,z\n", KEY, 2001, NULL, YES, false, true },
	{ "root is nobody's account", ROOT, GROUPS, "root:*:::::::\n", 0, "root", NO, false, false },
	{ "a system account", "web:x:999:999::/:/bin/sh\n", GROUPS, "web:*:::::::\n", 999, "web", NO, false, false },
	{ "the first number of people", "web:x:1000:9::/:/bin/sh\n", GROUPS, "web:*:::::::\n", 1000, "web", YES, false, false },
	{ "nobody", "nobody:x:65534:65534::/:/bin/sh\n", GROUPS, "", 65534, "nobody", NO, false, false },
	{ "no login name", "Alice:x:2001:1::/:/bin/sh\n", GROUPS, "Alice:*:::::::\n", 2001, NULL, NO, false, false },
	{ "a comment and an empty line", "# x\n\n" ALICE, "\n# x\n" GROUPS, "\n" KEY, 2001, NULL, YES, false, true },
	{ "NIS", ALICE "+::::::\n-eve\n", GROUPS "+:::\n", KEY "+::::::::\n", 2001, NULL, YES, false, true },
	/* locks */
	{ "usermod -L", ALICE, GROUPS, "alice:!$6$x:1::::::\n", 2001, NULL, YES, true, true },
	{ "usermod -L without a password", ALICE, GROUPS, "alice:!*:1::::::\n", 2001, NULL, YES, true, true },
	{ "no password", ALICE, GROUPS, "alice:!:1::::::\n", 2001, NULL, YES, false, true },
	{ "no password ever", ALICE, GROUPS, "alice:!!:1::::::\n", 2001, NULL, YES, false, true },
	{ "ssh keys alone", ALICE, GROUPS, "alice:*:1::::::\n", 2001, NULL, YES, false, true },
	{ "locked in passwd", "alice:!$6$x:2001:1::/:/bin/sh\n", GROUPS, "", 2001, NULL, YES, true, true },
	{ "a password in passwd", "alice:$6$x:2001:1::/:/bin/sh\n", GROUPS, "", 2001, NULL, YES, false, true },
	{ "nologin", "alice:x:2001:1::/:/usr/sbin/nologin\n", GROUPS, KEY, 2001, NULL, YES, true, true },
	{ "false", "alice:x:2001:1::/:/bin/false\n", GROUPS, KEY, 2001, NULL, YES, true, true },
	{ "no shell said", "alice:x:2001:1::/:\n", GROUPS, KEY, 2001, NULL, YES, false, true },
	{ "chage -E 0", ALICE, GROUPS, "alice:*:20000:0:99999:7::0:\n", 2001, NULL, YES, true, true },
	{ "over long ago", ALICE, GROUPS, "alice:*:20000:0:99999:7::1:\n", 2001, NULL, YES, true, true },
	{ "over some day", ALICE, GROUPS, "alice:*:20000:0:99999:7::99999:\n", 2001, NULL, YES, false, true },
	{ "inactive", ALICE, GROUPS, "alice:*:10000:0:90:7:30::\n", 2001, NULL, YES, true, true },
	{ "an old password", ALICE, GROUPS, "alice:*:10000:0:90:7:::\n", 2001, NULL, YES, false, true },
	/* doubt */
	{ "no line in shadow", ALICE, GROUPS, "", 2001, NULL, DOUBT, false, false },
	{ "two in shadow", ALICE, GROUPS, KEY KEY, 2001, NULL, DOUBT, false, false },
	{ "a name twice, first number", ALICE BOB "alice:x:2003:1::/:/bin/sh\n", GROUPS, KEY, 2001, NULL, DOUBT, false, false },
	{ "a name twice, second number", ALICE BOB "alice:x:2003:1::/:/bin/sh\n", GROUPS, KEY, 2003, NULL, DOUBT, false, false },
	{ "a name twice, whoever is between", ALICE BOB "alice:x:2003:1::/:/bin/sh\n", GROUPS, KEY "bob:*:::::::\n", 2002, NULL,
	  YES, false, false },
	{ "a name twice", ALICE "alice:x:2003:1::/:/bin/sh\n", GROUPS, KEY, CS_NO_UID, "alice", DOUBT, false, false },
	{ "a system account's name", "alice:x:9:9::/:/bin/sh\n" ALICE, GROUPS, KEY, 2001, "alice", DOUBT, false, false },
	{ "a number twice", ALICE "al:x:2001:1::/:/bin/sh\n", GROUPS, KEY "al:*:::::::\n", 2001, NULL, DOUBT, false, false },
	{ "a number twice, by name", ALICE "al:x:2001:1::/:/bin/sh\n", GROUPS, KEY "al:*:::::::\n", CS_NO_UID, "alice", DOUBT,
	  false, false },
	{ "a number twice, by both", ALICE "al:x:2001:1::/:/bin/sh\n", GROUPS, KEY "al:*:::::::\n", 2001, "alice", DOUBT, false,
	  false },
	{ "two groups have his number", "alice:x:2001:3000::/:/bin/sh\n", "release:x:3000:\nother:x:3000:\n", KEY, 2001, NULL,
	  DOUBT, false, false },
	{ "two groups have a number, listed by name", ALICE, "release:x:3000:alice\nother:x:3000:\n", KEY, 2001, NULL, YES, false,
	  true },
};

static void test_what_the_files_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct cs_problem problem = { 0 };
		struct cs_directory *directory = NULL;
		if (open_texts(row->passwd, row->group, row->shadow, &directory, &problem) != 0)
			fail_msg("%s: %s:%u: %s", row->what, problem.file, problem.line, problem.text);
		struct seen seen = ask(directory, row->uid, row->name);
		if ((int)seen.known != row->known || seen.locked != row->locked || seen.listed != row->listed)
			fail_msg("%s: known %d, locked %d, listed %d, %s", row->what, (int)seen.known, seen.locked,
				 seen.listed, seen.doubt);
		cs_directory_close(&directory);
	}
}

static void test_a072_a_number_that_is_given_again_is_another_person(void **state)
{
	(void)state;
	static const char *const passwds[] = { ALICE, "alice:x:2005:1::/:/bin/sh\n", "eve:x:2001:1::/:/bin/sh\n" };
	static const char *const ids[] = { "alice:2001", "alice:2005", "eve:2001" };
	static const uint32_t uids[] = { 2001, 2005, 2001 };
	for (size_t i = 0; i < CS_COUNT(passwds); i++) {
		struct cs_directory *directory = NULL;
		assert_int_equal(open_texts(passwds[i], GROUPS, KEY "eve:*:::::::\n", &directory, NULL), 0);
		assert_string_equal(ask(directory, uids[i], NULL).id, ids[i]);
		cs_directory_close(&directory);
	}
}

static const struct {
	const char *passwd, *group, *shadow, *file;
	unsigned line;
	const char *says;
} refused[] = {
	{ "", GROUPS, KEY, "passwd", 0, "is empty" },
	{ ALICE, "", KEY, "group", 0, "is empty" },
	{ ROOT "alice:x:2001:2001:Alice", GROUPS, KEY, "passwd", 2, "is cut off" },
	{ ALICE, "users:x:100:\nrelease:x:3000:alice,bo", KEY, "group", 2, "is cut off" },
	{ ALICE, GROUPS, "alice:$6$x:1::::::", "shadow", 1, "is cut off" },
	{ ROOT "alice\n", GROUPS, KEY, "passwd", 2, "cannot be read" },
	{ "alice:x:none:1::/:/bin/sh\n" ROOT, GROUPS, KEY, "passwd", 1, "cannot be read" },
	{ "#\n\nalice:x:2001x:1::/:/bin/sh\n" ROOT, GROUPS, KEY, "passwd", 3, "cannot be read" },
	{ ALICE, "release:x:alice\n" GROUPS, KEY, "group", 1, "cannot be read" },
	{ ALICE, GROUPS, "bob\n" KEY, "shadow", 1, "cannot be read" },
	{ ALICE, GROUPS "release:x:3001:bob\n", KEY, "group", 5, "has the name of another group" },
	{ ALICE, GROUPS "Release:x:3001:bob\n", KEY, "group", 5, "has the name of another group" },
	{ ALICE, GROUPS ":x:3001:bob\n", KEY, "group", 5, "has no name" },
};

static void test_a014_what_cannot_be_read_is_refused_with_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(refused); i++) {
		struct cs_problem problem = { 0 };
		struct cs_directory *directory = NULL;
		int r = open_texts(refused[i].passwd, refused[i].group, refused[i].shadow, &directory, &problem);
		if (r != CS_ECONF || problem.text == NULL || strstr(problem.text, refused[i].says) == NULL ||
		    problem.line != refused[i].line || strcmp(problem.file, refused[i].file) != 0)
			fail_msg("%zu gives %d, %s:%u: %s", i, r, problem.file, problem.line, problem.text);
		cs_problem_clear(&problem);
	}
}

static void test_too_long_a_line_is_refused(void **state)
{
	(void)state;
	static char line[1024 * 1024 + 100];
	struct cs_problem problem = { 0 };
	struct cs_directory *directory = NULL;
	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 2] = '\n';
	assert_int_equal(open_texts(line, GROUPS, KEY, &directory, &problem), CS_ECONF);
	assert_non_null(strstr(problem.text, "is longer than"));
	cs_problem_clear(&problem);
}

/* --- Lists --- */

struct listing {
	enum cs_known known;
	size_t n;
	bool has_alice;
};

static void see_listing(void *arg, const struct cs_answer *answer)
{
	struct listing *listing = arg;
	listing->known = answer->listings[0].known;
	listing->n = answer->listings[0].n_dns;
	listing->has_alice = cs_strv_has(answer->listings[0].dns, listing->n, "uid=alice,ou=people,o=unix") == 1;
}

static struct listing ask_listing(struct cs_directory *directory)
{
	struct listing seen = { 0 };
	struct cs_listing_query query = { .where = CS_GROUP_AT, .dn = release, .listed = member };
	const struct cs_question question = { .listings = &query, .n_listings = 1 };
	assert_int_equal(cs_directory_ask(directory, &question, NULL, see_listing, &seen), 0);
	return seen;
}

static void test_a077_ten_thousand_members(void **state)
{
	(void)state;
	enum { MEMBERS = 10000 };
	struct cs_directory *directory = NULL;
	char *passwd = NULL, *group = NULL;
	size_t n_passwd = 0, n_group = 0;
	FILE *accounts = open_memstream(&passwd, &n_passwd), *groups = open_memstream(&group, &n_group);
	assert_true(accounts != NULL && groups != NULL);
	(void)fputs("release:x:3000:", groups);
	for (unsigned i = 0; i < MEMBERS; i++) {
		(void)fprintf(accounts, "m%u:*:%u:1::/:/bin/sh\n", i, 10000 + i);
		(void)fprintf(groups, "m%u,", i);
	}
	(void)fputs("alice:*:2001:3000::/:/bin/sh\n", accounts);
	(void)fputs("alice,m1,m2\n", groups);
	assert_int_equal(fclose(accounts) | fclose(groups), 0);
	assert_int_equal(open_texts(passwd, group, "", &directory, NULL), 0);
	struct listing listing = ask_listing(directory);
	assert_int_equal(listing.known, CS_KNOWN_YES);
	assert_int_equal(listing.n, MEMBERS + 1);
	assert_true(listing.has_alice);
	assert_true(ask(directory, 19999, "m9999").listed);
	assert_true(ask(directory, 2001, NULL).listed);
	cs_directory_close(&directory);
	free(passwd);
	free(group);
}

static void test_a_group_with_an_odd_name(void **state)
{
	(void)state;
	struct cs_directory *directory = NULL;
	assert_int_equal(open_texts(ALICE, "#a,\n a+b=c, d\\:x:3001:alice\nrelease:x:1:alice\n", KEY, &directory, NULL), 0);
	assert_true(ask(directory, 2001, NULL).listed);
	cs_directory_close(&directory);
}

/* --- Files that change --- */

static char folder[] = "/tmp/countersign-unix-XXXXXX";
enum { PASSWD, GROUP, SHADOW, PEOPLE };
static char paths[4][64];

static void put(int which, const char *text, mode_t mode)
{
	char temporary[80];
	(void)snprintf(temporary, sizeof(temporary), "%s+", paths[which]);
	FILE *file = fopen(temporary, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(temporary, mode), 0);
	assert_int_equal(rename(temporary, paths[which]), 0);
}

static void put_all(void)
{
	put(PASSWD, ROOT ALICE BOB, 0644);
	put(GROUP, GROUPS, 0644);
	put(SHADOW, KEY "bob:*:::::::\n", 0640);
}

static struct cs_directory *open_section(const char *body)
{
	static const struct cs_conf_option options[] = {
		{ "directory", CS_CONF_SECTION, true, cs_directory_options },
		{ NULL, CS_CONF_STR, false, NULL },
	};
	char text[256];
	struct cs_conf *conf = NULL;
	struct cs_problem problem = { 0 };
	struct cs_directory *directory = NULL;
	(void)snprintf(text, sizeof(text), "directory { %s }", body);
	assert_int_equal(cs_conf_parse(text, "test.conf", options, &conf, &problem), 0);
	(void)cs_directory_open(cs_conf_section(cs_conf_top(conf), "directory", 0), geteuid(), &directory, &problem);
	cs_conf_free(&conf);
	cs_problem_clear(&problem);
	return directory;
}

static void test_a079_a_change_of_any_file_counts_at_once(void **state)
{
	(void)state;
	put_all();
	struct cs_directory *directory = open_section("unix = true");
	assert_non_null(directory);
	assert_true(ask(directory, 2001, "alice").listed);
	uint64_t changes = cs_directory_changes(directory);

	put(GROUP, "root:x:0:\nusers:x:100:\nrelease:x:3000:bob\n", 0644);
	assert_true(cs_directory_changes(directory) > changes);
	assert_false(ask(directory, 2001, "alice").listed);
	assert_true(ask(directory, 2002, "bob").listed);
	put(SHADOW, KEY "bob:!*:::::::\n", 0640);
	assert_true(ask(directory, 2002, "bob").locked);
	put(PASSWD, ROOT BOB, 0644);
	assert_int_equal(ask(directory, 2001, "alice").known, CS_KNOWN_NO);
	cs_directory_close(&directory);
}

static void check_event(struct cs_directory *directory, int expected_ok, const char *says)
{
	int ok = -1;
	char *text = cs_directory_event(directory, &ok);
	if (says == NULL) {
		assert_null(text);
		return;
	}
	assert_non_null(text);
	assert_int_equal(ok, expected_ok);
	assert_non_null(strstr(text, says));
	free(text);
}

/* Teeth: a backend without memory_event leaves no line, though everybody is denied. */
static void test_files_that_cannot_be_used_leave_a_line(void **state)
{
	(void)state;
	put_all();
	struct cs_directory *directory = open_section("unix = true");
	check_event(directory, 0, NULL);
	put(GROUP, "no group\n", 0644);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(directory, 2001, "alice").known, CS_KNOWN_DOUBT);
	check_event(directory, 0, "cannot be used: ");
	check_event(directory, 0, NULL); /* and the doubt of each question has the same cause */
	put_all();
	assert_int_equal(ask(directory, 2001, "alice").known, CS_KNOWN_YES);
	check_event(directory, 1, "can be used again");
	check_event(directory, 0, NULL);
	cs_directory_close(&directory);
}

/* The size and, within one tick of the clock, the times stay the same. */
static void test_a079_a_second_change_within_a_tick_is_seen(void **state)
{
	(void)state;
	static const char *const texts[] = { "alice:!!hash:1::::::\n", "alice:$1hash:1::::::\n" };
	put_all();
	put(SHADOW, texts[1], 0640);
	struct cs_directory *directory = open_section("unix = true");
	for (unsigned i = 0; i < 200; i++) {
		FILE *file = fopen(paths[SHADOW], "r+e");
		assert_non_null(file);
		assert_true(fputs(texts[i % 2], file) >= 0);
		assert_int_equal(fclose(file), 0);
		if (ask(directory, 2001, "alice").locked != (i % 2 == 0))
			fail_msg("change %u was not seen", i);
	}
	cs_directory_close(&directory);
}

static void test_what_is_half_written_is_doubt(void **state)
{
	(void)state;
	static const struct {
		int which;
		const char *text;
		mode_t mode;
	} states[] = {
		{ PASSWD, "", 0644 }, { PASSWD, ROOT ALICE "bob:x:20", 0644 }, { PASSWD, ROOT ALICE, 0666 },
		{ GROUP, "", 0644 }, { GROUP, "release:x:3000:alice", 0644 }, { GROUP, GROUPS, 0664 },
		{ SHADOW, "", 0640 }, { SHADOW, "alice:$6$", 0640 }, { SHADOW, KEY, 0644 },
	};
	put_all();
	struct cs_directory *directory = open_section("unix = true");
	for (size_t i = 0; i < CS_COUNT(states); i++) {
		int ok = 1;
		put(states[i].which, states[i].text, states[i].mode);
		struct seen seen = ask(directory, 2001, "alice");
		if (seen.known != CS_KNOWN_DOUBT)
			fail_msg("state %zu is %d", i, (int)seen.known);
		(void)cs_directory_state(directory, &ok);
		assert_int_equal(ok, i == 6); /* an empty shadow is doubt for each account by itself */
		put_all();
		assert_int_equal(ask(directory, 2001, "alice").known, CS_KNOWN_YES);
	}
	assert_int_equal(unlink(paths[SHADOW]), 0);
	struct seen seen = ask(directory, 2001, "alice");
	assert_int_equal(seen.known, CS_KNOWN_DOUBT);
	assert_non_null(strstr(seen.doubt, paths[SHADOW]));
	cs_directory_close(&directory);
	assert_null(open_section("unix = true"));
}

static const char without_alice[] = ROOT BOB, nobody_listed[] = "users:x:100:\nrelease:x:3000:\n";

/* Alice is either an account or in the group, at no moment both. */
static void swap_for_ever(void)
{
	for (;;) {
		put(PASSWD, without_alice, 0644);
		put(GROUP, GROUPS, 0644);
		put(GROUP, nobody_listed, 0644);
		put(PASSWD, ROOT ALICE BOB, 0644);
	}
}

static void test_files_of_different_moments_are_no_yes(void **state)
{
	(void)state;
	put_all();
	put(GROUP, nobody_listed, 0644);
	struct cs_directory *directory = open_section("unix = true");
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		swap_for_ever();
	unsigned wrong = 0;
	for (unsigned i = 0; i < 400; i++) {
		struct seen seen = ask(directory, 2001, "alice");
		wrong += seen.known == CS_KNOWN_YES && seen.listed;
	}
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(wrong, 0);
	/* Where files never rest all of that may be doubt; where they rest it ends. */
	put_all();
	struct seen seen = ask(directory, 2001, "alice");
	assert_true(seen.known == CS_KNOWN_YES && seen.listed);
	cs_directory_close(&directory);
}

static void test_which_group_reads_shadow(void **state)
{
	(void)state;
	static const struct {
		gid_t gid;
		mode_t mode;
		int needed;
	} owners[] = { { 42, 0640, 1 }, { 0, 0640, 0 }, { 42, 0600, 0 } };
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < CS_COUNT(owners); i++) {
		gid_t gid = 4711;
		put_all();
		assert_int_equal(chown(paths[SHADOW], 0, owners[i].gid), 0);
		assert_int_equal(chmod(paths[SHADOW], owners[i].mode), 0);
		struct cs_directory *directory = open_section("unix = true");
		assert_int_equal(cs_directory_group(directory, &gid), owners[i].needed);
		assert_int_equal(gid, owners[i].needed ? owners[i].gid : 4711);
		cs_directory_close(&directory);
	}
}

/* Until the files are old enough that what was read of them holds. */
static void wait_until_quiet(struct cs_directory *directory)
{
	uint64_t changes = cs_directory_changes(directory), before = 0;
	do {
		before = changes;
		changes = cs_directory_changes(directory);
	} while (changes != before);
}

/* What root could read, nobody can. */
static void test_after_root_is_given_up_shadow_is_read_anew(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	put_all();
	assert_int_equal(chmod(folder, 0755) | chmod(paths[SHADOW], 0600), 0);
	struct cs_directory *directory = open_section("unix = true");
	wait_until_quiet(directory);
	assert_int_equal(ask(directory, 2001, "alice").known, CS_KNOWN_YES);
	assert_int_equal(seteuid(65534), 0);
	struct seen seen = ask(directory, 2001, "alice");
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(seen.known, CS_KNOWN_DOUBT);
	assert_non_null(strstr(seen.doubt, paths[SHADOW]));
	cs_directory_close(&directory);
}

/* --- Local accounts beside another directory --- */

static void check_local(const char *passwd, int known, const char *says)
{
	put(PASSWD, passwd, 0644);
	put(PEOPLE, "person alice { uid = 2001 }\ngroup g { dn = \"cn=release,ou=groups,o=unix\" attribute cn { value = release } "
		    "listed member { people = { alice } } listed memberUid { people = { alice } } }\n", 0644);
	char body[128];
	(void)snprintf(body, sizeof(body), "file = \"%s\"", paths[PEOPLE]);
	struct cs_directory *directory = open_section(body);
	assert_non_null(directory);
	static const struct {
		uint32_t uid;
		const char *name;
	} subjects[] = { { 2001, NULL }, { 2001, "alice" }, { CS_NO_UID, "alice" } };
	for (size_t i = 0; i < CS_COUNT(subjects); i++) {
		struct seen seen = ask(directory, subjects[i].uid, subjects[i].name);
		if ((int)seen.known != known || seen.listed != (known == YES) || strstr(seen.doubt, says) == NULL)
			fail_msg("%s%zu: %d %s", passwd, i, (int)seen.known, seen.doubt);
	}
	assert_int_equal(ask(directory, 2002, NULL).known, CS_KNOWN_NO);
	cs_directory_close(&directory);
}

static void test_a072_a_local_account_with_somebody_elses_number(void **state)
{
	(void)state;
	cs_directory_set_local(paths[PASSWD]);
	check_local(ROOT, YES, "");
	check_local(ROOT BOB, YES, "");
	check_local(ROOT ALICE, YES, "");
	check_local(ROOT "+::::::\n", YES, "");
	check_local(ROOT "mallory:x:2001:1::/:/bin/sh\n", DOUBT, "uid 2001 of alice is also the local account mallory");
	check_local(ALICE "mallory:x:2001:1::/:/bin/sh\n", DOUBT, "uid 2001 of alice is also the local account mallory");
	check_local(ROOT "alice:x:2005:1::/:/bin/sh\n", DOUBT, "the local account alice has uid 2005, not 2001");
	check_local(ALICE "alice:x:2005:1::/:/bin/sh\n", DOUBT, "the local account alice has uid 2005, not 2001");
	check_local("", DOUBT, "is empty");
	check_local(ROOT "mallory:x:2001", DOUBT, "is cut off");
	cs_directory_set_local("/nonexistent/passwd");
	check_local(ROOT, DOUBT, "/nonexistent/passwd");
	cs_directory_set_local(NULL);
	check_local(ROOT "mallory:x:2001:1::/:/bin/sh\n", YES, "");
}

static void test_a_new_local_account_counts_at_once(void **state)
{
	(void)state;
	int ok = 0;
	char body[128];
	cs_directory_set_local(paths[PASSWD]);
	put(PASSWD, ROOT, 0644);
	put(PEOPLE, "person alice { uid = 2001 }\n", 0644);
	(void)snprintf(body, sizeof(body), "file = \"%s\"", paths[PEOPLE]);
	struct cs_directory *directory = open_section(body);
	(void)cs_directory_state(directory, &ok);
	assert_int_equal(ok, 1);
	assert_int_equal(ask(directory, 2001, NULL).known, CS_KNOWN_YES);
	uint64_t changes = cs_directory_changes(directory);
	put(PASSWD, ROOT "mallory:x:2001:1::/:/bin/sh\n", 0644);
	assert_true(cs_directory_changes(directory) > changes);
	assert_int_equal(ask(directory, 2001, NULL).known, CS_KNOWN_DOUBT);
	assert_int_equal(unlink(paths[PASSWD]), 0);
	assert_non_null(strstr(cs_directory_state(directory, &ok), paths[PASSWD]));
	assert_int_equal(ok, 0);
	cs_directory_close(&directory);
}

/* Every subject of a question is compared, not only the first. */
static void see_three(void *arg, const struct cs_answer *answer)
{
	unsigned *times = arg;
	++*times;
	assert_int_equal(answer->n_facts, 3);
	assert_int_equal(answer->facts[0].known, CS_KNOWN_YES);
	assert_int_equal(answer->facts[1].known, CS_KNOWN_DOUBT);
	assert_string_equal(answer->facts[1].doubt, "uid 2002 of bob is also the local account mallory");
	assert_int_equal(answer->facts[1].n_memberships, 0);
	assert_int_equal(answer->facts[1].person.uid, CS_NO_UID);
	assert_int_equal(answer->facts[2].known, CS_KNOWN_YES);
}

static void test_every_subject_is_compared(void **state)
{
	(void)state;
	struct cs_subject subjects[] = { { 2001, CS_NO_UID, NULL }, { 2002, CS_NO_UID, NULL }, { 2003, CS_NO_UID, NULL } };
	const struct cs_question question = { .subjects = subjects, .n_subjects = CS_COUNT(subjects) };
	char body[128];
	unsigned times = 0;
	cs_directory_set_local(paths[PASSWD]);
	put(PASSWD, ROOT "mallory:x:2002:1::/:/bin/sh\n", 0644);
	put(PEOPLE, "person alice { uid = 2001 }\nperson bob { uid = 2002 }\nperson carol { uid = 2003 }\n", 0644);
	(void)snprintf(body, sizeof(body), "file = \"%s\"", paths[PEOPLE]);
	struct cs_directory *directory = open_section(body);
	assert_int_equal(cs_directory_ask(directory, &question, NULL, see_three, &times), 0);
	assert_int_equal(times, 1);
	cs_directory_close(&directory);
}

int main(void)
{
	static const char *const names[] = { "passwd", "group", "shadow", "people" };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_the_files_say),
		cmocka_unit_test(test_a072_a_number_that_is_given_again_is_another_person),
		cmocka_unit_test(test_a014_what_cannot_be_read_is_refused_with_its_line),
		cmocka_unit_test(test_too_long_a_line_is_refused),
		cmocka_unit_test(test_a077_ten_thousand_members),
		cmocka_unit_test(test_a_group_with_an_odd_name),
		cmocka_unit_test(test_a079_a_change_of_any_file_counts_at_once),
		cmocka_unit_test(test_files_that_cannot_be_used_leave_a_line),
		cmocka_unit_test(test_a079_a_second_change_within_a_tick_is_seen),
		cmocka_unit_test(test_what_is_half_written_is_doubt),
		cmocka_unit_test(test_files_of_different_moments_are_no_yes),
		cmocka_unit_test(test_which_group_reads_shadow),
		cmocka_unit_test(test_after_root_is_given_up_shadow_is_read_anew),
		cmocka_unit_test(test_a072_a_local_account_with_somebody_elses_number),
		cmocka_unit_test(test_a_new_local_account_counts_at_once),
		cmocka_unit_test(test_every_subject_is_compared),
	};
	if (mkdtemp(folder) == NULL)
		return 1;
	for (size_t i = 0; i < CS_COUNT(names); i++)
		(void)snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, names[i]);
	const struct cs_unix_files files = { paths[PASSWD], paths[GROUP], paths[SHADOW], false };
	cs_directory_set_unix_files(&files);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < CS_COUNT(names); i++)
		(void)unlink(paths[i]);
	(void)rmdir(folder);
	return failed;
}
