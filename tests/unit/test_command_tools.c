/* SPDX-License-Identifier: Apache-2.0 */
/* The tools for policies, offline: the whole program in a child process, with a policy and people from files. */
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
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXAMPLES CS_SOURCE_DIR "/etc/examples/"

/* --- Files ------------------------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/cs-tools-XXXXXX";
static const char *const names[] = { "policy.conf", "other.conf", "people.conf", "people.ldif", "tests.conf" };
static char paths[CS_COUNT(names)][64];
enum { POLICY, OTHER, PEOPLE, LDIF, TESTS };

static const char policy_text[] =
	"service sudo { unmatched = permit }\n"
	"permission deploy { label = \"Deploy\" }\n"
	"permission approve { label = \"Approve\" }\n"
	"permission audit { label = \"Audit\" }\n"
	"role pmc { label = \"PMC member\" permissions = { deploy, approve } }\n"
	"role auditor { permissions = { audit } }\n"
	"exclusive apart { roles = { pmc, auditor } }\n"
	"assignment owners { role = pmc scope = \"project/%{cn}\" below = \"ou=project\" listed = owner }\n"
	"assignment auditors { role = auditor scope = \"*\" group = \"cn=audit\" listed = member }\n"
	"gate deploy { service = sudo command = \"/bin/deploy %{project} **\" permission = deploy\n"
	"	scope = \"project/%{project}\" approval committee { count = 1 permission = approve } }\n"
	"gate night { service = sudo command = \"/bin/night\" permission = audit host = \"rel*\"\n"
	"	time = \"08:00-18:00\" peer = \"192.0.2.0/24\" }\n";

/* bob and robert are one human; lea is locked; two is in both roles. */
static const char people_text[] =
	"person alice { uid = 2001 }\n"
	"person bob { uid = 2002 human = b }\n"
	"person robert { uid = 2003 human = b }\n"
	"person lea { uid = 2004 locked = true }\n"
	"person two { uid = 2005 }\n"
	"person zoe { uid = 2006 }\n"
	"group big { dn = \"cn=big,ou=project\" attribute cn { value = big } listed owner { people = { alice, bob, "
	"robert, lea } } }\n"
	"group lone { dn = \"cn=lone,ou=project\" attribute cn { value = lone } listed owner { people = { bob, robert "
	"} } }\n"
	"group audit { dn = \"cn=audit\" listed member { people = { zoe } } }\n";

/* twin is two entries: nothing can be told of him. */
static const char ldif_text[] =
	"dn: uid=alice,ou=people\nobjectClass: posixAccount\nuid: alice\nuidNumber: 2001\n\n"
	"dn: uid=twin,ou=a\nobjectClass: posixAccount\nuid: twin\nuidNumber: 2002\n\n"
	"dn: uid=twin,ou=b\nobjectClass: posixAccount\nuid: twin\nuidNumber: 2003\n\n"
	"dn: cn=big,ou=project\ncn: big\nowner: uid=alice,ou=people\nowner: uid=twin,ou=a\nowner: "
	"uid=ghost,ou=people\n";

static void put_file(int which, const char *text)
{
	FILE *file = fopen(paths[which], "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(paths[which], 0644), 0);
}

/* The text with one piece of it replaced, into the file. */
static void put_changed(int which, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *changed = NULL;

	assert_non_null(at);
	assert_int_equal(cs_format(&changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)), 0);
	put_file(which, changed);
	free(changed);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	for (size_t i = 0; i < CS_COUNT(names); i++)
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, names[i]);
	put_file(POLICY, policy_text);
	put_file(OTHER, policy_text);
	put_file(PEOPLE, people_text);
	put_file(LDIF, ldif_text);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(names); i++)
		unlink(paths[i]);
	return rmdir(folder);
}

/* --- The program ------------------------------------------------------------------------------------------------- */

static struct {
	int status;
	char out[1u << 16];
	char err[1u << 14];
} ran;

static int temporary(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static void take(int fd, char *text, size_t max)
{
	ssize_t n = pread(fd, text, max - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
}

static void run_child(const char *const *words, size_t n, const char *input)
{
	static char *kept[32];
	char *argv[32] = { NULL };
	size_t used = 0;
	int in = temporary();

	assert_int_equal(write(in, input, strlen(input)), strlen(input));
	lseek(in, 0, SEEK_SET);
	dup2(in, 0);
	argv[used++] = strdup("countersign");
	argv[used++] = strdup("--socket");
	argv[used++] = strdup("/nonexistent");
	argv[used++] = strdup("--server-user");
	argv[used++] = strdup("root");
	for (size_t i = 0; i < n; i++)
		argv[used++] = strdup(words[i]);
	memcpy(kept, argv, sizeof(kept));
	/* Not _exit: a sanitizer looks for leaks of the program at exit and changes the status. */
	exit(cs_command_main((int)used, argv));
}

static void run(const char *const *words, size_t n, const char *input)
{
	int out = temporary(), err = temporary(), status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		dup2(out, 1);
		dup2(err, 2);
		run_child(words, n, input);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	ran.status = WEXITSTATUS(status);
	take(out, ran.out, sizeof(ran.out));
	take(err, ran.err, sizeof(ran.err));
}

#define RUN(...) \
	do { \
		const char *const words_[] = { __VA_ARGS__ }; \
		run(words_, CS_COUNT(words_), ""); \
	} while (0)

#define OFFLINE "--policy", paths[POLICY], "--directory", paths[PEOPLE]

static void assert_status(int status)
{
	if (ran.status != status)
		fail_msg("exit status %d instead of %d:\n%s%s", ran.status, status, ran.out, ran.err);
}

static void assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_hasnt(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		fail_msg("\"%s\" is in:\n%s", part, text);
}

/* --- Rights ------------------------------------------------------------------------------------------------------ */

static void can_answers_without_a_daemon(void **state)
{
	(void)state;
	RUN("can", OFFLINE, "alice", "deploy", "project/big");
	assert_status(0);
	assert_string_equal(ran.out, "yes\n");
	RUN("can", OFFLINE, "alice", "deploy", "project/lone");
	assert_status(1);
	assert_string_equal(ran.out, "no\n");
	RUN("can", OFFLINE, "lea", "deploy", "project/big");
	assert_status(1);
	RUN("can", OFFLINE, "alice", "deplyo", "project/big");
	assert_status(1);
	assert_has(ran.err, "the policy has no such permission: deplyo");
	RUN("can", "--policy", paths[POLICY], "alice", "deploy", "project/big");
	assert_status(CS_EXIT_UNAVAILABLE);
}

/* Could-not-tell is its own answer everywhere, and never a yes. */
static void doubt_is_never_a_yes(void **state)
{
	(void)state;
	RUN("can", "--policy", paths[POLICY], "--ldif", paths[LDIF], "twin", "deploy", "project/big");
	assert_status(CS_EXIT_DOUBT);
	assert_string_equal(ran.out, "could not tell\n");
	RUN("why-not", "--policy", paths[POLICY], "--ldif", paths[LDIF], "twin", "deploy", "project/big");
	assert_status(CS_EXIT_DOUBT);
	RUN("what-can", "--policy", paths[POLICY], "--ldif", paths[LDIF], "twin");
	assert_status(CS_EXIT_DOUBT);
	RUN("who-can", "--policy", paths[POLICY], "--ldif", paths[LDIF], "deploy", "project/big");
	assert_status(CS_EXIT_DOUBT);
	assert_string_equal(ran.out, "alice\ntwin  (could not tell)\n");
	RUN("policy", "try", "--policy", paths[POLICY], "--ldif", paths[LDIF], "twin", "sudo", "/bin/deploy big");
	assert_status(CS_EXIT_DOUBT);
	RUN("policy", "check", paths[POLICY], "--ldif", paths[LDIF]);
	assert_int_not_equal(ran.status, 0);
	assert_has(ran.out, "twin: could not be told");
	RUN("policy", "diff", paths[POLICY], paths[OTHER], "--ldif", paths[LDIF]);
	assert_status(CS_EXIT_DOUBT);
}

static void why_and_why_not_tell_the_same_steps(void **state)
{
	const char *missing = NULL;

	(void)state;
	RUN("why", OFFLINE, "alice", "deploy", "project/big");
	assert_status(0);
	assert_has(ran.out, "role pmc in project/big: by assignment owners, owner of cn=big,ou=project\n");
	assert_has(ran.out, "\nfrom ");
	assert_has(ran.out, ", 0s old\n");
	RUN("why-not", OFFLINE, "alice", "deploy", "project/big");
	assert_status(1);
	assert_has(ran.out, "it is held\n");
	RUN("why-not", OFFLINE, "alice", "deploy", "project/lone");
	assert_status(0);
	missing = strchr(ran.out, '\n');
	assert_non_null(missing);
	assert_int_equal(strncmp(missing, "\n  not held: role pmc in project/lone would supply it", 52), 0);
	assert_has(ran.out, "  permission deploy is in role pmc (PMC member)\n");
}

static void who_can_is_exact(void **state)
{
	(void)state;
	RUN("who-can", OFFLINE, "deploy", "project/big");
	assert_status(0);
	assert_string_equal(ran.out, "alice\nbob\nlea  (locked: holds nothing)\nrobert\n");
	RUN("who-can", OFFLINE, "deploy", "project/lone", "--because");
	assert_string_equal(ran.out,
		"bob\n  role pmc in project/lone by owner of cn=lone,ou=project\n"
		"robert\n  role pmc in project/lone by owner of cn=lone,ou=project\n");
	RUN("who-can", OFFLINE, "deploy", "project/none");
	assert_status(1);
	assert_string_equal(ran.out, "Nobody.\n");
	RUN("who-can", OFFLINE, "deploy", "project/big", "--json");
	assert_has(ran.out, "\"user\": \"lea\",\n      \"held\": \"no\",\n      \"reason\": \"locked-person\"");
}

static void exclusive_roles_count_for_nothing(void **state)
{
	(void)state;
	put_changed(PEOPLE, people_text, "people = { zoe }", "people = { zoe, alice }");
	RUN("who-can", OFFLINE, "deploy", "project/big");
	assert_has(ran.out, "alice  (holds roles that exclude each other: neither counts)\n");
	RUN("policy", "check", paths[POLICY], "--directory", paths[PEOPLE]);
	assert_has(ran.out, "warning: alice: ");
}

static void what_can_lists_scopes_and_grounds(void **state)
{
	(void)state;
	RUN("what-can", OFFLINE, "alice");
	assert_status(0);
	assert_has(ran.out,
		"project/big\n  approve  (Approve)  by role pmc in project/big by owner of cn=big,ou=project\n  "
		"deploy");
	RUN("what-can", OFFLINE, "zoe");
	assert_has(ran.out, "everywhere (*)\n  audit");
	RUN("what-can", OFFLINE, "lea");
	assert_status(1);
	assert_string_equal(ran.out, "Nothing: the account is locked.\n");
	RUN("what-can", OFFLINE, "nobody-here");
	assert_status(1);
	assert_has(ran.out, "does not know this person");
}

/* All accounts of a human go; a name that is spelled wrong is no answer. */
static void without_takes_the_human_out(void **state)
{
	(void)state;
	RUN("who-can", OFFLINE, "--without", "robert", "deploy", "project/big");
	assert_string_equal(ran.out, "alice\nlea  (locked: holds nothing)\n");
	RUN("can", OFFLINE, "--without", "bob", "--without", "alice", "robert", "deploy", "project/big");
	assert_status(1);
	RUN("can", OFFLINE, "--without", "bbo", "alice", "deploy", "project/big");
	assert_status(1);
	assert_string_equal(ran.out, "");
	assert_has(ran.err, "does not know this person: bbo");
}

/* --- Actions ----------------------------------------------------------------------------------------------------- */

static void try_says_what_would_be_decided(void **state)
{
	(void)state;
	RUN("policy", "try", OFFLINE, "alice", "sudo", "/bin/deploy big 1.0");
	assert_status(CS_EXIT_PENDING);
	assert_has(ran.out, "hold (needs-approval): ");
	assert_has(ran.out, "gate deploy, scope project/big\n");
	RUN("policy", "try", OFFLINE, "alice", "sudo", "/bin/deploy", "big", "--approved-by", "bob");
	assert_status(0);
	RUN("policy", "try", OFFLINE, "alice", "sudo", "/bin/deploy", "big", "--approved-by", "bob", "--rejected-by",
		"robert");
	assert_status(1);
	assert_has(ran.out, "deny (rejected)");
	RUN("policy", "try", OFFLINE, "bob", "sudo", "/bin/deploy", "big", "--approved-by", "robert");
	assert_status(CS_EXIT_PENDING);
	RUN("policy", "try", OFFLINE, "alice", "sudo", "/bin/deploy", "big", "--approved-by", "bbo");
	assert_status(1);
	assert_has(ran.err, "does not know this voter: bbo");
	RUN("policy", "try", OFFLINE, "alice", "sudo", "/bin/true");
	assert_status(0);
	assert_has(ran.out, "permit (unguarded)");
	RUN("policy", "try", OFFLINE, "alice", "ftp", "--", "/bin/x", "-l");
	assert_status(1);
	assert_has(ran.out, "deny (unmatched)");
}

static void host_peer_and_time_are_conditions(void **state)
{
	(void)state;
	RUN("policy", "try", OFFLINE, "zoe", "sudo", "/bin/night", "--host", "rel1", "--peer", "192.0.2.9", "--as-of",
		"2026-11-21T12:00Z");
	assert_status(0);
	assert_has(ran.out, "permit (has-right)");
	RUN("policy", "try", OFFLINE, "zoe", "sudo", "/bin/night", "--host", "rel1", "--peer", "192.0.2.9", "--as-of",
		"2026-11-21T19:00Z");
	assert_status(1);
	assert_has(ran.out, "deny (condition)");
	RUN("policy", "try", OFFLINE, "zoe", "sudo", "/bin/night", "--host", "rel1", "--peer", "198.51.100.1",
		"--as-of",
		"2026-11-21T12:00Z");
	assert_has(ran.out, "deny (condition)");
	RUN("policy", "try", OFFLINE, "zoe", "sudo", "/bin/night", "--host", "web1", "--peer", "192.0.2.9");
	assert_has(ran.out, "permit (unguarded)");
	RUN("policy", "try", OFFLINE, "zoe", "sudo", "/bin/night", "--as-of", "tomorrow");
	assert_status(CS_EXIT_USAGE);
}

/* --- Tests of policies ------------------------------------------------------------------------------------------- */

#define USE "use { policy = \"policy.conf\" directory = \"people.conf\" host = rel1 peer = \"192.0.2.9\" at = " \
	"\"2026-11-21T12:00Z\" }\n"
#define GOOD \
	USE "right r { user = alice permission = deploy scope = \"project/big\" expect = yes }\n" \
	"right l { user = lea permission = deploy scope = \"project/big\" expect = no }\n" \
	"who w { permission = deploy scope = \"project/big\" expect = { robert, alice, bob } }\n" \
	"who n { permission = deploy scope = \"project/none\" nobody = true }\n" \
	"action a { user = alice service = sudo command = \"/bin/deploy big\" expect = hold reason = needs-approval\n" \
	"	gate = deploy scope = \"project/big\" missing = committee }\n" \
	"action b { user = alice service = sudo command = { \"/bin/deploy\", big } approved_by = bob\n" \
	"	expect = permit }\n" \
	"action d { user = zoe service = sudo command = \"/bin/night\" expect = permit gate = night }\n" \
	"action e { user = zoe service = sudo command = \"/bin/night\" at = \"2026-11-21T19:00Z\"\n" \
	"	expect = deny reason = condition }\n"

static void expectations_that_hold_pass(void **state)
{
	(void)state;
	put_file(TESTS, GOOD);
	RUN("policy", "test", paths[TESTS]);
	assert_status(0);
	assert_string_equal(ran.out, "8 passed, 0 failed\n");
	RUN("policy", "test", paths[TESTS], paths[TESTS], "--json");
	assert_status(0);
	assert_has(ran.out, "\"passed\": 16");
}

/* Every single expectation can fail, each by itself, and says what came instead. */
static void every_expectation_can_fail(void **state)
{
	static const struct {
		const char *from, *to, *told;
	} rows[] = {
		{ "expect = yes", "expect = no", "expected no\n  got      yes (has-right)\n" },
		{ "expect = yes", "expect = doubt", "got      yes (has-right)\n" },
		{ "expect = no }", "expect = yes }", "got      no (locked-person)\n" },
		{ "{ robert, alice, bob }", "{ robert, alice }", "because  bob holds it: role pmc" },
		{ "{ robert, alice, bob }", "{ robert, alice, bob, zoe }", "zoe does not hold it" },
		{ "{ robert, alice, bob }", "{ robert, alice, bob, lea }", "lea does not hold it" },
		{ "nobody = true", "expect = alice", "expected alice\n  got      nobody\n" },
		{ "project/none\" nobody", "project/lone\" nobody", "expected nobody\n  got      bob, robert\n" },
		{ "expect = hold", "expect = deny", "got      hold, reason needs-approval, gate deploy" },
		{ "reason = needs-approval", "reason = parked", "expected hold, reason parked" },
		{ "gate = deploy", "gate = deplo", "gate deplo," },
		{ "scope = \"project/big\" missing", "scope = \"project/bigger\" missing", "scope project/bigger" },
		{ "missing = committee", "missing = { committee, infra }", "missing committee and infra" },
		{ "approved_by = bob", "approved_by = alice", "got      hold" },
		{ "approved_by = bob", "approved_by = { bob, bbo }", "bbo voted: the directory does not know" },
		{ "approved_by = bob", "rejected_by = bob", "got      deny, reason rejected" },
		{ "permission = deploy scope = \"project/big\" expect = yes",
		"permission = deplyo scope = \"project/big\" expect = yes",
			"got      the policy has no permission deplyo\n" },
		{ "peer = \"192.0.2.9\"", "peer = \"198.51.100.1\"", "got      deny, reason condition" },
		{ "host = rel1", "host = web1", "got      permit, reason unguarded" },
		{ "at = \"2026-11-21T19:00Z\"", "at = \"2026-11-21T12:00Z\"", "got      permit, reason has-right" },
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(rows); i++) {
		put_changed(TESTS, GOOD, rows[i].from, rows[i].to);
		RUN("policy", "test", paths[TESTS]);
		assert_status(1);
		assert_has(ran.out, rows[i].told);
		assert_has(ran.out, "failed: ");
		assert_hasnt(ran.out, "8 passed");
	}
}

static void test_file_with_a_mistake_is_refused(void **state)
{
	static const struct {
		const char *text, *told;
	} rows[] = {
		{ "", "the file expects nothing" },
		{ USE, "the file expects nothing" },
		{ USE "right r { user = alice permission = deploy scope = x expect = maybe }\n",
		"tests.conf:2: expect: takes yes" },
		{ USE "who w { permission = deploy scope = x }\n", "tests.conf:2: expect: write who" },
		{ USE "who w { permission = deploy scope = x expect = a nobody = true }\n",
		"tests.conf:2: expect: write who" },
		{ USE "action a { user = x service = y expect = perhaps }\n", "tests.conf:2: expect: takes permit" },
		{ USE "action a { user = x service = y at = noon expect = deny }\n", "tests.conf:2: at: is no moment" },
		{ USE "action a { usr = x }\n", "unknown key 'usr'" },
		{ "use { policy = \"gone.conf\" directory = \"people.conf\" }\nright r { user = a permission = b scope "
		"= c expect = no }\n",
			"gone.conf" },
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(rows); i++) {
		put_file(TESTS, rows[i].text);
		RUN("policy", "test", paths[TESTS]);
		assert_status(1);
		assert_has(ran.err, rows[i].told);
		assert_hasnt(ran.out, "passed");
	}
}

/* What is named on the command line counts instead of what the file says. */
static void command_line_comes_before_the_file(void **state)
{
	(void)state;
	put_file(TESTS, GOOD);
	put_changed(OTHER, policy_text, "permissions = { deploy, approve }", "permissions = { approve }");
	RUN("policy", "test", paths[TESTS], "--policy", paths[OTHER]);
	assert_status(1);
	RUN("policy", "test", paths[TESTS], "--ldif", paths[LDIF]);
	assert_status(1);
	assert_has(ran.out, "got      deny, reason unknown-person, gate night");
	RUN("policy", "test", paths[TESTS], "--without", "bob");
	assert_status(1);
	assert_has(ran.out, "got      alice\n");
}

static void examples_say_what_they_are_expected_to(void **state)
{
	static const char *const examples[] = { EXAMPLES "foundation/tests.conf", EXAMPLES "package-index/tests.conf",
		EXAMPLES "protected-environments/tests.conf", EXAMPLES "standards-body/tests.conf",
		EXAMPLES "release-deployment/tests.conf" };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(examples); i++) {
		RUN("policy", "test", examples[i]);
		assert_status(0);
		assert_has(ran.out, " passed, 0 failed\n");
	}
}

/* --- check ------------------------------------------------------------------------------------------------------- */

/* Both owners of lone are one human, so nobody else could approve what he asks (A010, A073). */
static void check_names_who_is_locked_out_a010_a073(void **state)
{
	(void)state;
	RUN("policy", "check", paths[POLICY], "--directory", paths[PEOPLE]);
	assert_status(1);
	assert_has(ran.out,
		"cannot be approved: gate deploy in project/lone: if bob or robert asks, too few could approve: "
			    "committee has 0 of 1\n");
	assert_has(ran.out, "policy.conf: 2 requests could not be approved\n");
	assert_hasnt(ran.out, "project/big");
	RUN("policy", "check", paths[POLICY], "--directory", paths[PEOPLE], "--json");
	assert_status(1);
	assert_has(ran.out, "\"ok\": false");
	assert_has(ran.out, "\"scope\": \"project/lone\",\n      \"elsewhere\": false,\n      \"requester\": \"bob\"");
	put_changed(PEOPLE, people_text, "people = { bob, robert }", "people = { bob, alice }");
	RUN("policy", "check", paths[POLICY], "--directory", paths[PEOPLE]);
	assert_status(0);
	assert_has(ran.out, "people 5, scopes checked 3\n");
	assert_has(ran.out, "policy.conf: ok\n");
}

static void check_without_each_person_in_turn(void **state)
{
	(void)state;
	put_changed(PEOPLE, people_text, "people = { bob, robert }", "people = { bob, alice }");
	RUN("policy", "check", paths[POLICY], "--directory", paths[PEOPLE], "--without", "alice");
	assert_status(1);
	assert_has(ran.out, "in project/lone: if bob asks");
}

/* In a scope in which nobody is listed only who holds it everywhere may ask: to be seen, but mostly there is none. */
static void check_notes_what_fails_elsewhere(void **state)
{
	static const char chief[] = "role chief { permissions = deploy }\n"
				    "assignment chiefs { role = chief scope = project group = \"cn=audit\" listed = "
				    "member }\n";
	char *text = NULL;

	(void)state;
	put_changed(PEOPLE, people_text, "people = { bob, robert }", "people = { bob, alice }");
	assert_int_equal(cs_format(&text, "%s%s", policy_text, chief), 0);
	put_file(POLICY, text);
	RUN("policy", "check", paths[POLICY], "--directory", paths[PEOPLE]);
	assert_status(0);
	assert_has(ran.out, "note: gate deploy, any other scope project/%{project}: if zoe asks");
	free(text);
}

static void warnings_fail_only_where_asked(void **state)
{
	(void)state;
	put_file(PEOPLE, people_text);
	put_changed(LDIF, ldif_text, "dn: uid=twin,ou=a", "dn: uid=bert,ou=people");
	put_changed(LDIF, "dn: uid=alice,ou=people\nobjectClass: posixAccount\nuid: alice\nuidNumber: 2001\n\n"
			  "dn: uid=bert,ou=people\nobjectClass: posixAccount\nuid: bert\nuidNumber: 2002\n\n"
			  "dn: cn=big,ou=project\ncn: big\nowner: uid=alice,ou=people\nowner: "
			  "uid=bert,ou=people\nowner: X\n",
		"owner: X", "owner: uid=ghost,ou=people");
	RUN("policy", "check", paths[POLICY], "--ldif", paths[LDIF]);
	assert_status(0);
	assert_has(ran.out, "warning: ghost is listed, and the directory does not know this person\n");
	RUN("policy", "check", paths[POLICY], "--ldif", paths[LDIF], "--strict");
	assert_status(1);
	assert_has(ran.out, "gate night: sudo tells no address");
	assert_has(ran.out, "policy.conf: 2 warnings\n");
}

static void check_reads_standard_input(void **state)
{
	const char *const words[] = { "policy", "check", "-" };

	(void)state;
	run(words, CS_COUNT(words), policy_text);
	assert_status(0);
	assert_has(ran.out, "standard input: ok\n");
	run(words, CS_COUNT(words), "role x {\n");
	assert_status(1);
	assert_has(ran.err, "standard input:");
	RUN("policy", "check", paths[POLICY], "--policy", paths[POLICY]);
	assert_status(CS_EXIT_USAGE);
	RUN("policy", "check", paths[POLICY], "--ldif", paths[LDIF], "--directory", paths[PEOPLE]);
	assert_status(CS_EXIT_USAGE);
	RUN("policy", "check", paths[POLICY], "--person-attribute", "x");
	assert_status(CS_EXIT_USAGE);
	RUN("policy", "check", paths[POLICY], "--schema", "ad");
	assert_status(CS_EXIT_USAGE);
	RUN("policy", "check", paths[POLICY], "--ldif", paths[LDIF], "--schema", "novell");
	assert_status(1);
	assert_has(ran.err, "schema: is none of rfc2307bis");
}

/* --- diff and edit ----------------------------------------------------------------------------------------------- */

static void diff_answers_as_diff_does(void **state)
{
	(void)state;
	RUN("policy", "diff", paths[POLICY], paths[OTHER]);
	assert_status(0);
	assert_string_equal(ran.out, "");
	put_changed(OTHER, policy_text, "permissions = { audit }", "permissions = { audit, approve }");
	RUN("policy", "diff", paths[POLICY], paths[OTHER], "--directory", paths[PEOPLE]);
	assert_status(1);
	assert_has(ran.out, "weaker: ");
	assert_has(ran.out, "people\n  zoe gains approve in *\n");
	RUN("policy", "diff", paths[OTHER], paths[POLICY], "--directory", paths[PEOPLE]);
	assert_status(1);
	assert_has(ran.out, "stronger: ");
	assert_has(ran.out, "people\n  zoe loses approve in *\n");
	RUN("policy", "diff", paths[POLICY], paths[OTHER], "--directory", paths[PEOPLE], "--json");
	assert_status(1);
	assert_has(ran.out, "\"effect\": \"weaker\"");
	assert_has(ran.out, "\"user\": \"zoe\",\n      \"gains\": true");
	put_file(OTHER, "role x {\n");
	RUN("policy", "diff", paths[POLICY], paths[OTHER]);
	assert_status(2);
	RUN("policy", "diff", paths[OTHER], paths[POLICY]);
	assert_status(2);
	RUN("policy", "diff", paths[POLICY], "3");
	assert_status(CS_EXIT_UNAVAILABLE);
}

static void edited_text_comes_out_and_nothing_is_written(void **state)
{
	char *text = NULL;

	(void)state;
	RUN("role", "grant", "auditor", "approve", "--policy", paths[POLICY]);
	assert_status(0);
	put_file(OTHER, ran.out);
	RUN("policy", "diff", paths[POLICY], paths[OTHER], "--directory", paths[PEOPLE]);
	assert_has(ran.out, "people\n  zoe gains approve in *\n");
	RUN("role", "revoke", "auditor", "approve", "--policy", paths[OTHER]);
	assert_status(0);
	put_file(OTHER, ran.out);
	RUN("policy", "diff", paths[POLICY], paths[OTHER]);
	assert_status(0);
	RUN("role", "define", "bot", "--label", "Bot", "--permission", "audit", "--inherits", "pmc", "--policy",
		paths[POLICY]);
	assert_status(0);
	text = strdup(ran.out);
	put_file(OTHER, text);
	free(text);
	RUN("role", "list", "--policy", paths[OTHER]);
	assert_has(ran.out, "bot  (Bot)\n  inherits pmc\n  audit\n");
	RUN("role", "grant", "auditr", "approve", "--policy", paths[POLICY]);
	assert_status(1);
	assert_has(ran.err, "auditor");
}

/* --- Hostile text ------------------------------------------------------------------------------------------------ */

static void nothing_reaches_the_terminal_raw_a097(void **state)
{
	(void)state;
	RUN("can", OFFLINE, "alice", "de\033[2Kploy", "project/big");
	assert_null(strchr(ran.err, '\033'));
	RUN("why", OFFLINE, "alice", "deploy", "pro\033ject\n/big");
	assert_null(strchr(ran.out, '\033'));
	RUN("policy", "try", OFFLINE, "alice", "sudo", "/bin/deploy", "b\033ig");
	assert_status(1);
	assert_null(strchr(ran.out, '\033'));
	RUN("what-can", OFFLINE, "al\033ice", "--json");
	assert_null(strchr(ran.out, '\033'));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(can_answers_without_a_daemon),
		TEST(doubt_is_never_a_yes),
		TEST(why_and_why_not_tell_the_same_steps),
		TEST(who_can_is_exact),
		TEST(exclusive_roles_count_for_nothing),
		TEST(what_can_lists_scopes_and_grounds),
		TEST(without_takes_the_human_out),
		TEST(try_says_what_would_be_decided),
		TEST(host_peer_and_time_are_conditions),
		TEST(expectations_that_hold_pass),
		TEST(every_expectation_can_fail),
		TEST(test_file_with_a_mistake_is_refused),
		TEST(command_line_comes_before_the_file),
		TEST(examples_say_what_they_are_expected_to),
		TEST(check_names_who_is_locked_out_a010_a073),
		TEST(check_without_each_person_in_turn),
		TEST(check_notes_what_fails_elsewhere),
		TEST(warnings_fail_only_where_asked),
		TEST(check_reads_standard_input),
		TEST(diff_answers_as_diff_does),
		TEST(edited_text_comes_out_and_nothing_is_written),
		TEST(nothing_reaches_the_terminal_raw_a097),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
