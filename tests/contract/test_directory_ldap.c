/* SPDX-License-Identifier: Apache-2.0 */
/* The LDAP worker against a real slapd: what TLS must refuse, what is doubt and not no, and what happens when the
 * server or the worker stops or dies. */
#include "directory_server.h"
#include "directory_ask.h"
#include "directory_tree.h"

#include <time.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define DEADLINE 1000
#define DEADLINE_TEXT "1s"
#define LATE 600 /* ms: a busy machine's */

#define MANY "ou=many," GROUPS
#define REFS "ou=refs," GROUPS
#define ODD "cn=Frank\\2C (ops) *\\5Cx," PEOPLE

static const char tree[] = TREE_LDIF PERSON("twin1", "2100", "") PERSON("twin2", "2100", "") PERSON(
	"twin3", "2101", "uid: shared\n") PERSON("twin4", "2102", "uid: SHARED\n") PERSON("noid", "2103", "")
	PERSON("LOUD", "2104", "") PERSON("expired", "2105", "shadowExpire: 1000\n") PERSON("lasting", "2106",
											    "shadowExpire: 99999\n")
		PERSON("pwlocked", "2107", "pwdAccountLockedTime: 000001010000Z\n") PERSON("gone", "2108", "") PERSON(
			"zero", "0",
			"") "dn: " ODD "\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\ncn: Frank, (ops) "
				       "*\\x\nsn: x\nuid: frank\n"
			    "uidNumber: 2110\ngidNumber: 1\nhomeDirectory: /\n\n"
			    "dn: cn=*," PEOPLE
			    "\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\ncn: *\nsn: x\nuid: star\n"
			    "uidNumber: 2111\ngidNumber: 1\nhomeDirectory: /\n\n" UNIT("many", GROUPS) UNIT(
				    "refs", GROUPS) UNIT("odd", GROUPS)
				    GROUP("odd", "ou=odd," GROUPS, "member: " ODD "\n") GROUP(
					    "old", "ou=odd," GROUPS,
					    MEMBER("gone")) GROUP("g1", MANY, MEMBER("bob"))
					    GROUP("g2", MANY, MEMBER("bob")) GROUP("g3", MANY, MEMBER("bob")) GROUP(
						    "g4", MANY, MEMBER("bob")) GROUP("g5", MANY, MEMBER("bob"))
						    GROUP("g6", MANY,
							  MEMBER("bob") MEMBER(
								  "alice")) "dn: cn=away," REFS
									    "\nobjectClass: referral\nobjectClass: "
									    "extensibleObject\ncn: away\n"
									    "ref: ldap://elsewhere.invalid/cn=away\n\n";

static struct server server;
static char many_dn[] = MANY, refs_dn[] = REFS, away_dn[] = "cn=away," REFS, odd_dn[] = "ou=odd," GROUPS;
static char member_text[] = "member", owner_text[] = "owner", cn_text[] = "cn", tomcat_dn[] = "cn=tomcat," PROJECTS;
static char *wanted_texts[] = { cn_text };

static struct cs_group_query at(char *dn, char *listed)
{
	return (struct cs_group_query){
		.where = CS_GROUP_AT, .dn = dn, .listed = listed, .wanted = wanted_texts, .n_wanted = 1};
}

static struct cs_group_query below(char *dn, char *listed)
{
	return (struct cs_group_query){ .where = CS_GROUPS_BELOW, .dn = dn, .listed = listed };
}

#define SIMPLE "bind_dn = \"cn=countersign," BASE "\" bind_secret_file = \"%s/secret\""

/* A directory of this URI with more options, which may hold %s for the server's folder, once. */
static struct cs_directory *open_until(const char *deadline, const char *uri, const char *format)
{
	char simple[512], more[512], text[2048];
	struct cs_problem problem = { 0 };
	(void)snprintf(simple, sizeof(simple), SIMPLE, server.dir);
	const char *at_dir = strstr(format, "DIR");
	(void)snprintf(more, sizeof(more), "%.*s%s%s", at_dir != NULL ? (int)(at_dir - format) : (int)strlen(format),
		       format, at_dir != NULL ? server.dir : "", at_dir != NULL ? at_dir + 3 : "");
	(void)snprintf(text, sizeof(text),
		       "directory { uri = \"%s\" %s people_base = \"" PEOPLE "\" deadline = %s %s }", uri,
		       strstr(format, "sasl_external") != NULL ? "" : simple, deadline, more);
	struct cs_directory *directory = open_text(text, &problem);
	if (directory == NULL) {
		char *why = cs_problem_text(&problem);
		(void)fprintf(stderr, "%s\n", why);
		free(why);
	}
	cs_problem_clear(&problem);
	assert_non_null(directory);
	return directory;
}

static struct cs_directory *open_with(const char *uri, const char *format)
{
	return open_until(DEADLINE_TEXT, uri, format);
}

/* Of tests that are not about time. */
static struct cs_directory *open_local(void)
{
	return open_until("20s", server.ldapi, "");
}

static const char *uri(const char *scheme, const char *host, unsigned port)
{
	static char text[128];
	(void)snprintf(text, sizeof(text), "%s://%s:%u", scheme, host, port);
	return text;
}

/* Opens, asks for alice, closes. */
static enum cs_known alice_by(const char *where, const char *format)
{
	struct cs_directory *directory = open_with(where, format);
	enum cs_known result = known(directory, 2001, "alice");
	cs_directory_close(&directory);
	return result;
}

/* --- TLS --- */

static void test_a082_tls_answers(void **state)
{
	(void)state;
	assert_int_equal(alice_by(uri("ldap", "127.0.0.1", server.port), "starttls = true ca_file = \"DIR/ca.pem\""),
			 CS_KNOWN_YES);
	assert_int_equal(alice_by(uri("ldaps", "127.0.0.1", server.tls_port), "ca_file = \"DIR/ca.pem\""),
			 CS_KNOWN_YES);
	assert_int_equal(alice_by(uri("ldap", "127.0.0.1", server.port), "insecure_loopback = true"), CS_KNOWN_YES);
	assert_int_equal(alice_by(server.ldapi, "sasl_external = true"), CS_KNOWN_YES);
}

#define TLS_FAILED "signed by ca_file?)"

/* Doubt, and for this cause. */
static void check_doubt_by(const char *where, const char *format, const char *cause)
{
	struct cs_directory *directory = open_with(where, format);
	struct cs_answer answer = ask_one(directory, 2001, "alice", NULL, 0);
	assert_int_equal(answer.n_facts, 1);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_DOUBT);
	if (strstr(answer.facts[0].doubt, cause) == NULL)
		fail_msg("%s", answer.facts[0].doubt);
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&directory);
}

static void check_tls_refusals(void)
{
	check_doubt_by(uri("ldap", "127.0.0.1", server.port), "starttls = true ca_file = \"DIR/other.pem\"",
		       TLS_FAILED);
	check_doubt_by(uri("ldaps", "127.0.0.1", server.tls_port), "ca_file = \"DIR/other.pem\"", TLS_FAILED);
	/* the certificate is for 127.0.0.1 */
	check_doubt_by(uri("ldaps", "localhost", server.tls_port), "ca_file = \"DIR/ca.pem\"", TLS_FAILED);
}

static void test_a082_wrong_certificates_are_doubt(void **state)
{
	(void)state;
	check_tls_refusals();
}

static void test_a015_a082_surroundings_cannot_weaken_tls(void **state)
{
	(void)state;
	char here[4096], conf[256];
	assert_non_null(getcwd(here, sizeof(here)));
	(void)snprintf(conf, sizeof(conf), "TLS_REQCERT never\nTLS_CACERT %s/ca.pem\n", server.dir);
	write_file(&server, "ldaprc", "%s", conf);
	write_file(&server, ".ldaprc", "%s", conf);
	assert_int_equal(chdir(server.dir), 0);
	(void)setenv("HOME", server.dir, 1);
	(void)setenv("LDAPTLS_REQCERT", "never", 1);
	(void)setenv("LDAPTLS_CACERTDIR", server.dir, 1);
	check_tls_refusals();
	(void)unsetenv("LDAPTLS_REQCERT");
	check_tls_refusals();
	assert_int_equal(chdir(here), 0);
}

static void test_a082_no_starttls_no_answer(void **state)
{
	(void)state;
	server_end(&server, SIGTERM);
	assert_int_equal(run_in(&server, "cp slapd.conf whole.conf && sed -i /^TLS/d slapd.conf"), 0);
	assert_int_equal(server_start(&server), 0);
	check_doubt_by(uri("ldap", "127.0.0.1", server.port), "starttls = true ca_file = \"DIR/ca.pem\"",
		       "StartTLS failed");
	server_end(&server, SIGTERM);
	assert_int_equal(run_in(&server, "cp whole.conf slapd.conf"), 0);
	assert_int_equal(server_start(&server), 0);
}

static void test_a070_wrong_password_is_doubt(void **state)
{
	(void)state;
	write_file(&server, "secret", "wrong\n");
	check_doubt_by(server.ldapi, "", "Invalid credentials");
	write_file(&server, "secret", PASSWORD "\n");
}

/* --- What is doubt --- */

static void test_a003_two_entries_are_doubt(void **state)
{
	struct cs_directory *directory = *state;
	assert_int_equal(known(directory, 2100, ""), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, 2100, "twin1"), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, CS_NO_UID, "twin1"), CS_KNOWN_YES);
	assert_int_equal(known(directory, CS_NO_UID, "shared"), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, 2101, "shared"), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, 2101, "twin3"), CS_KNOWN_YES);
	assert_int_equal(known(directory, 2101, "twin4"), CS_KNOWN_NO);
}

static void test_a072_other_case_is_nobody(void **state)
{
	assert_int_equal(known(*state, CS_NO_UID, "loud"), CS_KNOWN_NO);
	assert_int_equal(known(*state, 2104, "loud"), CS_KNOWN_NO);
	assert_int_equal(known(*state, CS_NO_UID, "zero"), CS_KNOWN_NO);
}

static void test_missing_identity_is_doubt_that_helps(void **state)
{
	struct cs_answer answer = ask_one(*state, 2103, "noid", NULL, 0);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_DOUBT);
	assert_non_null(strstr(answer.facts[0].doubt, "entryUUID is missing"));
	assert_string_equal(answer.facts[0].person.id, "");
	cs_clear(&cs_answer_shape, &answer);
}

static enum cs_known known_in(struct cs_directory *directory, uint32_t uid, const char *name,
			      struct cs_group_query query, size_t *ret_n)
{
	struct cs_answer answer = ask_one(directory, uid, name, &query, 1);
	enum cs_known result = answer.n_facts == 1 ? answer.facts[0].known : (enum cs_known)99;
	*ret_n = answer.n_facts == 1 ? answer.facts[0].n_memberships : 99;
	cs_clear(&cs_answer_shape, &answer);
	return result;
}

static void test_a077_size_limit_is_doubt(void **state)
{
	size_t n = 0;
	assert_int_equal(known_in(*state, 2003, "bob", below(many_dn, member_text), &n), CS_KNOWN_DOUBT);
	assert_int_equal(n, 0);
	assert_int_equal(known_in(*state, 2001, "alice", below(many_dn, member_text), &n), CS_KNOWN_YES);
	assert_int_equal(n, 1);
}

static unsigned lines_with(struct cs_directory *directory, const char *says)
{
	unsigned n = 0;
	int ok = 1;
	for (char *text = cs_directory_event(directory, &ok); text != NULL; text = cs_directory_event(directory, &ok)) {
		n += strstr(text, says) != NULL;
		assert_int_equal(ok, 0);
		free(text);
	}
	return n;
}

/* Teeth: without keep_causes in directory.c the log says nothing, because the server answers. */
static void test_a077_a078_doubt_leaves_one_line_that_says_why(void **state)
{
	size_t n = 0;
	assert_int_equal(lines_with(*state, ""), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(known_in(*state, 2003, "bob", below(many_dn, member_text), &n), CS_KNOWN_DOUBT);
	assert_int_equal(lines_with(*state, "Size limit exceeded"), 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(known_in(*state, 2001, "alice", at(away_dn, member_text), &n), CS_KNOWN_DOUBT);
	assert_int_equal(lines_with(*state, "referral"), 1);
	assert_int_equal(known_in(*state, 2001, "alice", below(many_dn, member_text), &n), CS_KNOWN_YES);
	assert_int_equal(lines_with(*state, ""), 0);
}

static void test_a078_referrals_are_doubt(void **state)
{
	size_t n = 0;
	assert_int_equal(known_in(*state, 2001, "alice", at(away_dn, member_text), &n), CS_KNOWN_DOUBT);
	assert_int_equal(known_in(*state, 2001, "alice", below(refs_dn, member_text), &n), CS_KNOWN_DOUBT);
	struct cs_listing_query listing = { .where = CS_GROUP_AT, .dn = away_dn, .listed = member_text };
	const struct cs_question question = { .listings = &listing, .n_listings = 1 };
	struct cs_answer answer = ask(*state, &question);
	assert_int_equal(answer.listings[0].known, CS_KNOWN_DOUBT);
	cs_clear(&cs_answer_shape, &answer);
}

#define CROWD "cn=crowd,ou=crowds,dc=example,dc=org"
#define THRONG "cn=throng,ou=crowds,dc=example,dc=org"
enum { CROWD_SIZE = 3000, THRONG_SIZE = 9000 }; /* together too long for one answer of the worker */

static char crowd_dn[] = CROWD, throng_dn[] = THRONG;

static void test_listings_are_whole_or_doubt(void **state)
{
	char bob[] = "bob";
	struct cs_subject subject = { 2003, CS_NO_UID, bob };
	struct cs_group_query query = at(tomcat_dn, owner_text);
	struct cs_listing_query listings[] = {
		{ .where = CS_GROUP_AT, .dn = tomcat_dn, .listed = owner_text },
		{ .where = CS_GROUP_AT, .dn = throng_dn, .listed = member_text },
		{ .where = CS_GROUP_AT, .dn = crowd_dn, .listed = member_text },
	};
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1, .queries = &query, .n_queries = 1,
		.listings = listings, .n_listings = CS_COUNT(listings) };
	struct cs_answer answer = ask(*state, &question);
	assert_int_equal(answer.n_listings, CS_COUNT(listings));
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES); /* what fits is told */
	assert_int_equal(answer.facts[0].n_memberships, 1);
	assert_int_equal(answer.listings[0].known, CS_KNOWN_YES);
	assert_true(answer.listings[0].n_names > 0);
	assert_int_equal(answer.listings[1].known, CS_KNOWN_DOUBT);
	assert_int_equal(answer.listings[1].n_dns, 0);
	assert_string_equal(answer.listings[1].doubt, "the answer is too long");
	assert_int_equal(answer.listings[2].known, CS_KNOWN_YES);
	assert_int_equal(answer.listings[2].n_dns, CROWD_SIZE);
	assert_int_equal(answer.listings[2].n_names, CROWD_SIZE);
	assert_string_equal(answer.listings[2].names[CROWD_SIZE - 1], "u2999");
	cs_clear(&cs_answer_shape, &answer);
}

/* The cause of the doubt about one listing; the caller frees. */
static char *doubt_of(struct cs_directory *directory, struct cs_listing_query query)
{
	const struct cs_question question = { .listings = &query, .n_listings = 1 };
	struct cs_answer answer = ask(directory, &question);
	assert_int_equal(answer.n_listings, 1);
	assert_int_equal(answer.listings[0].known, CS_KNOWN_DOUBT);
	char *cause = cs_dup(answer.listings[0].doubt);
	cs_clear(&cs_answer_shape, &answer);
	return cause;
}

static void test_a077_a078_doubtful_listings_say_why(void **state)
{
	char triple[] = "nisNetgroupTriple", lost_dn[] = "cn=lost," NETGROUPS;
	const struct {
		struct cs_listing_query query;
		const char *says;
	} cases[] = {
		{ { .where = CS_NETGROUP, .dn = away_dn, .listed = triple }, "referral" },
		{ { .where = CS_NETGROUP, .dn = lost_dn, .listed = triple }, "referral" },
		{ { .where = CS_NETGROUP, .dn = tomcat_dn, .listed = triple }, "is no netgroup" },
		{ { .where = CS_GROUPS_BELOW, .dn = many_dn, .listed = member_text }, "limit" },
	};
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		char *cause = doubt_of(*state, cases[i].query);
		if (strstr(cause, cases[i].query.dn) != cause || strstr(cause, cases[i].says) == NULL)
			fail_msg("%zu: %s", i, cause);
		free(cause);
	}
}

static void test_a071_special_characters_in_a_dn(void **state)
{
	size_t n = 0;
	assert_int_equal(known_in(*state, 2110, "frank", below(odd_dn, member_text), &n), CS_KNOWN_YES);
	assert_int_equal(n, 1);
	/* this one's DN begins with an asterisk: it must not be taken for a pattern */
	assert_int_equal(known_in(*state, 2111, "star", below(odd_dn, member_text), &n), CS_KNOWN_YES);
	assert_int_equal(n, 0);
}

static bool is_locked(struct cs_directory *directory, uint32_t uid, const char *name)
{
	struct cs_answer answer = ask_one(directory, uid, name, NULL, 0);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	bool locked = answer.facts[0].person.locked;
	cs_clear(&cs_answer_shape, &answer);
	return locked;
}

static void test_locked_by_default(void **state)
{
	assert_true(is_locked(*state, 2107, "pwlocked"));
	assert_true(is_locked(*state, 2105, "expired"));
	assert_false(is_locked(*state, 2106, "lasting"));
}

static void test_deleted_and_born_again(void **state)
{
	size_t n = 0;
	struct cs_answer before = ask_one(*state, 2108, "gone", NULL, 0);
	assert_int_equal(before.facts[0].known, CS_KNOWN_YES);
	assert_int_equal(server_modify(&server, "dn: uid=gone," PEOPLE "\nchangetype: delete\n"), 0);
	assert_int_equal(known_in(*state, 2108, "gone", below(odd_dn, member_text), &n), CS_KNOWN_NO);
	assert_int_equal(n, 0);
	assert_int_equal(server_modify(&server, "dn: uid=gone," PEOPLE "\nchangetype: add\nobjectClass: inetOrgPerson\n"
						"objectClass: posixAccount\nuid: gone\ncn: gone\nsn: gone\nuidNumber: "
						"2108\ngidNumber: 1\nhomeDirectory: /\n"),
			 0);
	struct cs_answer after = ask_one(*state, 2108, "gone", NULL, 0);
	assert_int_equal(after.facts[0].known, CS_KNOWN_YES);
	assert_string_not_equal(before.facts[0].person.id, after.facts[0].person.id);
	cs_clear(&cs_answer_shape, &before);
	cs_clear(&cs_answer_shape, &after);
}

static void test_a080_membership_is_read_afresh(void **state)
{
	size_t n = 0;
	assert_int_equal(known_in(*state, 2001, "alice", at(tomcat_dn, owner_text), &n), CS_KNOWN_YES);
	assert_int_equal(n, 1);
	assert_int_equal(server_modify(&server, "dn: cn=tomcat," PROJECTS "\nchangetype: modify\ndelete: owner\n"
		OWNER("alice")), 0);
	assert_int_equal(known_in(*state, 2001, "alice", at(tomcat_dn, owner_text), &n), CS_KNOWN_YES);
	assert_int_equal(n, 0);
}

/* --- Servers and workers that fail --- */

static void test_a083_a071_stopped_server_is_doubt_in_time(void **state)
{
	struct cs_directory *directory = *state;
	int ok = 1;
	assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_YES);
	(void)kill(server.pid, SIGSTOP);
	assert_int_equal(waitpid(server.pid, NULL, WUNTRACED), server.pid); /* all its threads stand still */
	/* a name that cannot be a login never reaches the server (A071) */
	assert_int_equal(known(directory, CS_NO_UID, "ALICE"), CS_KNOWN_NO);
	assert_int_equal(known(directory, 2001, "*)(uid=*"), CS_KNOWN_NO);
	for (int i = 0; i < 3; i++) { /* the first on the old connection, the others while connecting */
		uint64_t begin = cs_boot_ms();
		enum cs_known answer = known(directory, 2001, "alice");
		uint64_t took = cs_boot_ms() - begin;
		assert_int_equal(answer, CS_KNOWN_DOUBT);
		assert_in_range(took, 0, DEADLINE + LATE);
	}
	assert_non_null(strstr(cs_directory_state(directory, &ok), "does not answer since"));
	assert_int_equal(ok, 0);
	(void)kill(server.pid, SIGCONT);
	uint64_t end = cs_boot_ms() + OPEN_ENDED;
	while (known(directory, 2001, "alice") != CS_KNOWN_YES)
		assert_true(cs_boot_ms() < end);
	assert_non_null(strstr(cs_directory_state(directory, &ok), " answers"));
}

static void test_a079_dead_server_is_doubt_until_it_is_back(void **state)
{
	struct cs_directory *directory = *state;
	assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_YES);
	server_end(&server, SIGKILL);
	assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_DOUBT);
	assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_DOUBT);
	assert_int_equal(server_start(&server), 0);
	assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_YES);
}

static void test_state_recovers_without_questions(void **state)
{
	struct cs_directory *directory = *state;
	int ok = 1;
	uint64_t end = cs_boot_ms() + 10000;
	server_end(&server, SIGTERM);
	while (cs_directory_state(directory, &ok), ok == 1 && cs_boot_ms() < end)
		turn(directory, 1000);
	assert_int_equal(ok, 0);
	assert_int_equal(server_start(&server), 0);
	while (cs_directory_state(directory, &ok), ok == 0 && cs_boot_ms() < end)
		turn(directory, 1000);
	assert_int_equal(ok, 1);
}

/* The newest child of this process that is not the server. */
static pid_t worker_pid(void)
{
	char path[64], text[512] = "";
	pid_t found = 0;
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	size_t n = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	text[n] = '\0';
	for (char *rest = NULL, *word = strtok_r(text, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest))
		if ((pid_t)atoi(word) != server.pid)
			found = (pid_t)atoi(word);
	assert_int_not_equal(found, 0);
	return found;
}

static void test_a065_killed_worker_is_replaced(void **state)
{
	struct cs_directory *directory = *state;
	for (int i = 0; i < 3; i++) {
		pid_t first = worker_pid();
		(void)kill(first, SIGKILL);
		enum cs_known answer = known(directory, 2001, "alice");
		assert_true(answer == CS_KNOWN_DOUBT || answer == CS_KNOWN_YES);
		assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_YES);
		assert_int_not_equal(worker_pid(), first);
	}
}

static void test_a083_stuck_worker_is_replaced(void **state)
{
	struct cs_directory *directory = *state;
	assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_YES);
	pid_t first = worker_pid();
	(void)kill(first, SIGSTOP);
	uint64_t begin = cs_boot_ms();
	assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_DOUBT);
	assert_in_range(cs_boot_ms() - begin, DEADLINE, DEADLINE + LATE);
	uint64_t end = cs_boot_ms() + OPEN_ENDED;
	while (known(directory, 2001, "alice") != CS_KNOWN_YES)
		assert_true(cs_boot_ms() < end);
	assert_int_not_equal(worker_pid(), first);
}

/* Behind a question that has more time. */
static void test_a083_little_time_is_kept_though_the_worker_is_stuck(void **state)
{
	struct cs_directory *directory = *state;
	char name[] = "alice";
	struct cs_subject subject = { .uid = 2001, .login_uid = CS_NO_UID, .name = name };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	struct heard patient = { 0 }, hurried = { 0 };
	assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_YES);
	(void)kill(worker_pid(), SIGSTOP);
	const struct cs_terms little = { .until_ms = cs_boot_ms() + DEADLINE / 4 };
	assert_int_equal(cs_directory_ask(directory, &question, NULL, hear, &patient), 0);
	assert_int_equal(cs_directory_ask(directory, &question, &little, hear, &hurried), 0);
	wait_for(directory, &hurried);
	assert_int_equal(hurried.times, 1);
	assert_int_equal(hurried.answer.facts[0].known, CS_KNOWN_DOUBT);
	assert_int_equal(patient.times, 0);
	wait_for(directory, &patient);
	assert_int_equal(patient.times, 1);
	cs_clear(&cs_answer_shape, &patient.answer);
	cs_clear(&cs_answer_shape, &hurried.answer);
}

static void test_worker_is_confined(void **state)
{
	(void)state;
	const struct cs_directory_ids nobody = { 65534, 65534 }, stay = { 0 };
	char command[256];
	if (geteuid() != 0)
		skip();
	cs_directory_set_ids(&nobody);
	struct cs_directory *directory = open_local();
	enum cs_known answer = known(directory, 2001, "alice");
	pid_t pid = worker_pid();
	(void)snprintf(command, sizeof(command),
		       "grep -Pq '^Uid:\\t65534\\t65534\\t65534\\t65534$' /proc/%d/status && grep -Pq '^Groups:\\t *$' "
		       "/proc/%d/status && "
		       "grep -q '^NoNewPrivs:.1' /proc/%d/status && test $(ls /proc/%d/fd | wc -l) -le 5",
		       pid, pid, pid, pid);
	int status = system(command);
	(void)kill(pid, SIGKILL); /* the next one is confined too */
	(void)known(directory, 2001, "alice");
	enum cs_known again = known(directory, 2001, "alice");
	cs_directory_close(&directory);
	cs_directory_set_ids(&stay);
	assert_int_equal(answer, CS_KNOWN_YES);
	assert_int_equal(status, 0);
	assert_int_equal(again, CS_KNOWN_YES);
}

static void test_two_hundred_questions_at_once(void **state)
{
	uint64_t begin = cs_boot_ms();
	struct cs_directory *directory = *state;
	struct heard heard[200] = { 0 };
	char bob[] = "bob";
	struct cs_subject subject = { 2003, CS_NO_UID, bob };
	struct cs_group_query queries[] = { at(tomcat_dn, owner_text), at(tomcat_dn, member_text) };
	const struct cs_question question = {.subjects = &subject, .n_subjects = 1, .queries = queries, .n_queries = 2};
	for (size_t i = 0; i < CS_COUNT(heard); i++)
		assert_int_equal(cs_directory_ask(directory, &question, NULL, hear, &heard[i]), 0);
	for (size_t i = 0; i < CS_COUNT(heard); i++) {
		wait_for(directory, &heard[i]);
		if (heard[i].answer.facts[0].known != CS_KNOWN_YES)
			print_message("%zu: %s\n", i, heard[i].answer.facts[0].doubt);
		assert_int_equal(heard[i].times, 1);
		assert_int_equal(heard[i].answer.facts[0].known, CS_KNOWN_YES);
		assert_int_equal(heard[i].answer.facts[0].n_memberships, 1);
	}
	print_message("200 questions: %u ms\n", (unsigned)(cs_boot_ms() - begin));
	for (size_t i = 0; i < CS_COUNT(heard); i++) {
		assert_int_equal(heard[i].times, 1);
		cs_clear(&cs_answer_shape, &heard[i].answer);
	}
}

static void count_doubt(void *arg, const struct cs_answer *answer)
{
	if (answer->n_facts == 1 && answer->facts[0].known == CS_KNOWN_DOUBT)
		++*(unsigned *)arg;
}

static void test_a060_limit_and_close_answer_everything(void **state)
{
	(void)state;
	struct cs_directory *directory = open_local();
	char bob[] = "bob";
	struct cs_subject subject = { 2003, CS_NO_UID, bob };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	unsigned doubts = 0, asked = 0;
	int r = 0;
	(void)kill(worker_pid(), SIGSTOP);
	while (asked < 10000 && (r = cs_directory_ask(directory, &question, NULL, count_doubt, &doubts)) == 0)
		asked++;
	assert_int_equal(r, CS_EBUSY);
	assert_int_equal(asked, 4096);
	assert_int_equal(doubts, 0);
	cs_directory_close(&directory);
	assert_null(directory);
	assert_int_equal(doubts, asked);
}

struct chain {
	struct cs_directory *directory;
	unsigned left;
};

static void ask_again(void *arg, const struct cs_answer *answer)
{
	struct chain *chain = arg;
	char bob[] = "bob";
	struct cs_subject subject = { 2003, CS_NO_UID, bob };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	assert_int_equal(answer->facts[0].known, CS_KNOWN_YES);
	if (--chain->left > 0)
		assert_int_equal(cs_directory_ask(chain->directory, &question, NULL, ask_again, chain), 0);
}

static void test_questions_may_be_asked_from_answers(void **state)
{
	struct chain chain = { *state, 50 };
	char bob[] = "bob";
	struct cs_subject subject = { 2003, CS_NO_UID, bob };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	uint64_t end = cs_boot_ms() + OPEN_ENDED;
	assert_int_equal(cs_directory_ask(chain.directory, &question, NULL, ask_again, &chain), 0);
	while (chain.left > 0 && cs_boot_ms() < end)
		turn(chain.directory, 1000);
	assert_int_equal(chain.left, 0);
}

static void test_one_question_is_quick(void **state)
{
	struct cs_group_query queries[] = {at(tomcat_dn, owner_text), at(tomcat_dn, member_text),
					   below(many_dn, owner_text)};
	struct timespec begin, end;
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < 200; i++) {
		struct cs_answer answer = ask_one(*state, 2003, "bob", queries, CS_COUNT(queries));
		assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
		cs_clear(&cs_answer_shape, &answer);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	double each = ((double)(end.tv_sec - begin.tv_sec) * 1e6 + (double)(end.tv_nsec - begin.tv_nsec) / 1e3) / 200;
	print_message("one question with three groups: %.0f us\n", each);
	assert_true(each < 50000);
}

static int setup_brief(void **state)
{
	*state = open_with(server.ldapi, "");
	return 0;
}

static int setup(void **state)
{
	*state = open_local();
	return 0;
}

static int teardown(void **state)
{
	struct cs_directory *directory = *state;
	if (server.pid > 0)
		(void)kill(server.pid, SIGCONT);
	cs_directory_close(&directory);
	return 0;
}

#define WITH(F) cmocka_unit_test_setup_teardown(F, setup, teardown)
#define WITH_BRIEF(F) cmocka_unit_test_setup_teardown(F, setup_brief, teardown)

static void write_crowd(FILE *file, const char *name, unsigned size)
{
	(void)fprintf(file, "dn: cn=%s,ou=crowds,dc=example,dc=org\nobjectClass: groupOfNames\ncn: %s\n", name, name);
	for (unsigned i = 0; i < size; i++)
		(void)fprintf(file, "member: uid=u%u,dc=x\n", i);
	(void)fputs("\n", file);
}

/* The tree with what is too long to write down; a netgroup names one that is elsewhere. */
static char *whole_tree(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	if (file == NULL)
		abort();
	(void)fputs(tree, file);
	(void)fputs(UNIT("crowds", "dc=example,dc=org") NETGROUP("lost", NESTED("far"))
		    "dn: cn=far," NETGROUPS "\nobjectClass: referral\nobjectClass: extensibleObject\ncn: far\n"
		    "ref: ldap://elsewhere.invalid/cn=far\n\n", file);
	write_crowd(file, "crowd", CROWD_SIZE);
	write_crowd(file, "throng", THRONG_SIZE);
	if (fclose(file) != 0)
		abort();
	return text;
}

int main(void)
{
	char *text = whole_tree();
	int r = server_make(&server, text);
	free(text);
	if (r == 0) {
		const struct CMUnitTest tests[] = {
			cmocka_unit_test(test_a082_tls_answers),
			cmocka_unit_test(test_a082_wrong_certificates_are_doubt),
			cmocka_unit_test(test_a015_a082_surroundings_cannot_weaken_tls),
			cmocka_unit_test(test_a082_no_starttls_no_answer),
			cmocka_unit_test(test_a070_wrong_password_is_doubt),
			WITH(test_a003_two_entries_are_doubt),
			WITH(test_a072_other_case_is_nobody),
			WITH(test_missing_identity_is_doubt_that_helps),
			WITH(test_a077_size_limit_is_doubt),
			WITH(test_a077_a078_doubt_leaves_one_line_that_says_why),
			WITH(test_a078_referrals_are_doubt),
			WITH(test_listings_are_whole_or_doubt),
			WITH(test_a077_a078_doubtful_listings_say_why),
			WITH(test_a071_special_characters_in_a_dn),
			WITH(test_locked_by_default),
			WITH(test_deleted_and_born_again),
			WITH(test_a080_membership_is_read_afresh),
			WITH_BRIEF(test_a083_a071_stopped_server_is_doubt_in_time),
			WITH(test_a079_dead_server_is_doubt_until_it_is_back),
			WITH(test_state_recovers_without_questions),
			WITH(test_a065_killed_worker_is_replaced),
			WITH_BRIEF(test_a083_stuck_worker_is_replaced),
			WITH_BRIEF(test_a083_little_time_is_kept_though_the_worker_is_stuck),
			cmocka_unit_test(test_worker_is_confined),
			WITH(test_two_hundred_questions_at_once),
			cmocka_unit_test(test_a060_limit_and_close_answer_everything),
			WITH(test_questions_may_be_asked_from_answers),
			WITH(test_one_question_is_quick),
		};
		r = cmocka_run_group_tests(tests, NULL, NULL);
	}
	if (r != 77)
		server_remove(&server);
	return r < 0 ? 1 : r;
}
