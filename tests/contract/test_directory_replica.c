/* SPDX-License-Identifier: Apache-2.0 */
/* The replica against a real slapd with syncprov: every kind of change, whatever may come between the two, and the same
 * answers as a lookup gives. */
#include "directory_server.h"
#include "directory_ask.h"
#include "directory_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <cmocka.h>

#define OTHER    "ou=other,dc=example,dc=org"
#define HIDDEN   "ou=hidden,dc=example,dc=org"
#define STAFF    "ou=staff," PEOPLE
#define CHANGE(DN, TYPE) "dn: " DN "\nchangetype: " TYPE "\n"
#define MODIFY(DN, WHAT, ATTRIBUTE, VALUE)                                                                             \
	CHANGE(DN, "modify") WHAT ": " ATTRIBUTE "\n" ATTRIBUTE ": " VALUE "\n\n"
#define MOVE(DN, RDN, TO) CHANGE(DN, "modrdn") "newrdn: " RDN "\ndeleteoldrdn: 1\nnewsuperior: " TO "\n\n"
#define DEVICE(CN, BELOW) CHANGE("cn=" CN "," BELOW, "add") "objectClass: device\ncn: " CN "\n\n"

enum { WAIT_MS = 60000, PEOPLE_MANY = 20000, BATCHES = 20, CHANGES_A_BATCH = 50 };

/* Its clients may have everything, but for what is hidden. */
static const struct server_extra with_syncprov = { .global = "moduleload syncprov",
	.database = "limits dn.exact=\"cn=countersign," BASE "\" size=unlimited\n"
		    "maxsize 268435456\n"
		    "index objectClass,uid,uidNumber,member,owner,cn,entryUUID,entryCSN eq\n"
		    "access to dn.subtree=\"" HIDDEN "\" by * none\n"
		    "overlay syncprov" };

static struct server server;
static struct cs_directory *replica, *lookup;
static char tomcat[] = "cn=tomcat," PROJECTS, httpd[] = "cn=httpd," PROJECTS, infra[] = "cn=infra," GROUPS;
static char groups[] = GROUPS, member[] = "member", owner[] = "owner", cn[] = "cn", category[] = "businessCategory";
static char *wanted[] = { cn, category };

static char tree[32768];

/* --- Asking --- */

/* Whoever waits for doubt need not wait long; who must not be told any has time, however busy the machine is. */
static const char short_deadline[] = "2s", long_deadline[] = "14s";

static struct cs_directory *open_mode(const struct server *at, const char *mode, const char *deadline)
{
	char text[2048];
	struct cs_problem problem = { 0 };
	(void)snprintf(text, sizeof(text),
		       "directory { uri = \"%s\" bind_dn = \"cn=countersign," BASE "\" mode = %s\n"
		       "bind_secret_file = \"%s/secret\" people_base = \"" PEOPLE "\" groups_base = \"" GROUPS "\"\n"
		       "person_attribute = employeeNumber locked_filter = \"(employeeType=locked)\" deadline = %s }",
		       at->ldapi, mode, at->dir, deadline);
	struct cs_directory *directory = open_text(text, &problem);
	if (directory == NULL)
		(void)fprintf(stderr, "%s\n", cs_problem_text(&problem));
	return directory;
}

/* Everybody who is named, all groups, and listings. */
static struct cs_answer ask_all(struct cs_directory *directory, uint64_t fresh_ms)
{
	static char names[][16] = { "alice", "alice-adm", "bob", "carol", "lena", "eve", "mallory" };
	struct cs_subject subjects[CS_COUNT(names)];
	struct cs_group_query queries[] = {
		{ .where = CS_GROUP_AT, .dn = tomcat, .listed = owner, .wanted = wanted, .n_wanted = 2 },
		{ .where = CS_GROUP_AT, .dn = httpd, .listed = member, .wanted = wanted, .n_wanted = 2 },
		{ .where = CS_GROUP_AT, .dn = infra, .listed = member },
		{ .where = CS_GROUPS_BELOW, .dn = groups, .listed = member, .wanted = wanted, .n_wanted = 2 },
		{ .where = CS_GROUPS_BELOW, .dn = groups, .listed = owner, .wanted = wanted, .n_wanted = 2 },
	};
	struct cs_listing_query listings[] = {
		{ .where = CS_GROUP_AT, .dn = tomcat, .listed = owner },
		{ .where = CS_GROUPS_BELOW, .dn = groups, .listed = member },
	};
	for (size_t i = 0; i < CS_COUNT(names); i++)
		subjects[i] = (struct cs_subject){ CS_NO_UID, CS_NO_UID, names[i] };
	const struct cs_question question = { .subjects = subjects, .n_subjects = CS_COUNT(names), .queries = queries,
		.n_queries = CS_COUNT(queries), .listings = listings, .n_listings = CS_COUNT(listings) };
	const struct cs_terms terms = { .fresh_ms = fresh_ms };
	struct heard heard = { 0 };
	assert_int_equal(cs_directory_ask(directory, &question, &terms, hear, &heard), 0);
	wait_for(directory, &heard);
	assert_int_equal(heard.times, 1);
	return heard.answer;
}

static bool is_by_replica(const struct cs_answer *answer)
{
	return strncmp(answer->facts[0].source, "replica of ", 11) == 0;
}

/* One person and one group, as a decision asks. */
static struct cs_answer ask_member(const char *name, char *dn)
{
	struct cs_group_query query = { .where = CS_GROUP_AT, .dn = dn, .listed = member };
	return ask_one(replica, CS_NO_UID, name, &query, 1);
}

/* An answer by the replica that was certainly so at this moment or later. */
static struct cs_answer ask_since(uint64_t since_ms)
{
	uint64_t end = cs_boot_ms() + WAIT_MS;
	for (;;) {
		struct cs_answer answer = ask_all(replica, 0);
		if (is_by_replica(&answer) && answer.facts[0].boot_ms >= since_ms)
			return answer;
		cs_clear(&cs_answer_shape, &answer);
		if (cs_boot_ms() > end)
			fail_msg("no replica: %s", cs_directory_state(replica, &(int){ 0 }));
		turn(replica, 20);
	}
}

static int wait_live(void **state)
{
	(void)state;
	struct cs_answer answer = ask_since(1);
	cs_clear(&cs_answer_shape, &answer);
	return 0;
}

static void wait_text(const char *text)
{
	uint64_t end = cs_boot_ms() + WAIT_MS;
	while (strstr(cs_directory_state(replica, &(int){ 0 }), text) == NULL) {
		if (cs_boot_ms() > end)
			fail_msg("not %s: %s", text, cs_directory_state(replica, &(int){ 0 }));
		turn(replica, 50);
	}
}

static void change(const char *ldif)
{
	if (server_modify(&server, ldif) != 0) {
		(void)run_in(&server, "tail -3 commands.log >/proc/%d/fd/2", (int)getpid());
		fail_msg("refused: %s", ldif);
	}
}

/* Everything that was changed so far is there. */
static void settle(void)
{
	struct cs_answer answer = ask_since(cs_boot_ms());
	cs_clear(&cs_answer_shape, &answer);
}

/* --- One change each --- */

static bool is_listed(const char *name, char *dn)
{
	struct cs_answer answer = ask_member(name, dn);
	assert_true(is_by_replica(&answer));
	bool listed = answer.facts[0].n_memberships == 1;
	cs_clear(&cs_answer_shape, &answer);
	return listed;
}

/* As soon as a change was told, the answer is another. How long that takes is printed. */
static void test_a079_a_removed_member_is_gone_at_once(void **state)
{
	(void)state;
	assert_true(is_listed("carol", httpd));
	uint64_t before = cs_directory_changes(replica);
	struct timespec from, to;
	change(MODIFY("cn=httpd," PROJECTS, "delete", "member", "uid=carol," PEOPLE));
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	while (cs_directory_changes(replica) == before)
		turn(replica, 1000);
	assert_false(is_listed("carol", httpd));
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	print_message("removed member refused %.2f ms after ldapmodify ended\n",
		      (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
	change(MODIFY("cn=httpd," PROJECTS, "add", "member", "uid=carol," PEOPLE));
	settle();
	assert_true(is_listed("carol", httpd));
}

static enum cs_known known_by_replica(const char *name, bool *ret_locked)
{
	settle();
	struct cs_answer answer = ask_member(name, infra);
	assert_true(is_by_replica(&answer));
	enum cs_known result = answer.facts[0].known;
	*ret_locked = answer.facts[0].person.locked;
	cs_clear(&cs_answer_shape, &answer);
	return result;
}

static void test_a080_locked_by_filter_and_by_attribute(void **state)
{
	bool locked = false;
	(void)state;
	change(MODIFY("uid=bob," PEOPLE, "add", "employeeType", "locked"));
	assert_int_equal(known_by_replica("bob", &locked), CS_KNOWN_YES);
	assert_true(locked);
	change(MODIFY("uid=bob," PEOPLE, "delete", "employeeType", "locked"));
	struct cs_answer answer = ask_since(cs_boot_ms());
	assert_false(answer.facts[2].person.locked);
	cs_clear(&cs_answer_shape, &answer);
	change(MODIFY("uid=bob," PEOPLE, "add", "shadowExpire", "1"));
	assert_int_equal(known_by_replica("bob", &locked), CS_KNOWN_YES);
	assert_true(locked);
	change(MODIFY("uid=bob," PEOPLE, "delete", "shadowExpire", "1"));
	assert_int_equal(known_by_replica("bob", &locked), CS_KNOWN_YES);
	assert_false(locked);
}

#define EVE CHANGE("uid=eve," PEOPLE, "add")                                                                           \
	"objectClass: inetOrgPerson\nobjectClass: posixAccount\nuid: eve\ncn: eve\n"                     \
	"sn: eve\nuidNumber: 2050\ngidNumber: 1\nhomeDirectory: /\n\n"

static void test_people_come_and_go(void **state)
{
	bool locked = false;
	(void)state;
	assert_int_equal(known_by_replica("eve", &locked), CS_KNOWN_NO);
	change(EVE);
	assert_int_equal(known_by_replica("eve", &locked), CS_KNOWN_YES);
	change(MOVE("uid=eve," PEOPLE, "uid=mallory", PEOPLE));
	assert_int_equal(known_by_replica("eve", &locked), CS_KNOWN_NO);
	assert_int_equal(known_by_replica("mallory", &locked), CS_KNOWN_YES);
	change(MOVE("uid=mallory," PEOPLE, "uid=mallory", OTHER));
	assert_int_equal(known_by_replica("mallory", &locked), CS_KNOWN_NO);
	change(MOVE("uid=mallory," OTHER, "uid=mallory", PEOPLE));
	assert_int_equal(known_by_replica("mallory", &locked), CS_KNOWN_YES);
	change(CHANGE("uid=mallory," PEOPLE, "delete"));
	assert_int_equal(known_by_replica("mallory", &locked), CS_KNOWN_NO);
}

/* Who has the name of somebody who was deleted is somebody else (A072). */
static void test_a072_a_new_person_of_an_old_name(void **state)
{
	(void)state;
	change(EVE);
	settle();
	struct cs_answer first = ask_member("eve", infra);
	change(CHANGE("uid=eve," PEOPLE, "delete") "\n" EVE);
	settle();
	struct cs_answer second = ask_member("eve", infra);
	assert_true(is_by_replica(&first) && is_by_replica(&second));
	assert_string_not_equal(first.facts[0].person.id, second.facts[0].person.id);
	cs_clear(&cs_answer_shape, &first);
	cs_clear(&cs_answer_shape, &second);
	change(CHANGE("uid=eve," PEOPLE, "delete"));
}

static void test_groups_come_and_go(void **state)
{
	(void)state;
	assert_true(is_listed("carol", infra));
	change(MOVE("cn=infra," GROUPS, "cn=infra", OTHER));
	settle();
	assert_false(is_listed("carol", infra));
	change(MOVE("cn=infra," OTHER, "cn=infra", GROUPS));
	settle();
	assert_true(is_listed("carol", infra));
	change(MOVE("cn=infra," GROUPS, "cn=infrastructure", GROUPS));
	settle();
	assert_false(is_listed("carol", infra));
	change(CHANGE("cn=infrastructure," GROUPS, "delete"));
	settle();
	assert_false(is_listed("carol", infra));
	change("dn: cn=infra," GROUPS "\nchangetype: add\nobjectClass: groupOfNames\ncn: infra\n" MEMBER("carol"));
	settle();
	assert_true(is_listed("carol", infra));
}

/* --- Moves of whole subtrees, of which the server tells only the root --- */

static void expect_after_resync(const char *name, enum cs_known expected)
{
	struct cs_subject subject = { CS_NO_UID, CS_NO_UID, NULL };
	char copy[32];
	(void)snprintf(copy, sizeof(copy), "%s", name);
	subject.name = copy;
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	uint64_t end = cs_boot_ms() + WAIT_MS;
	bool live = false;
	for (; !live && cs_boot_ms() < end; turn(replica, 20)) {
		struct cs_answer answer = ask(replica, &question);
		live = is_by_replica(&answer);
		if (live)
			assert_int_equal(answer.facts[0].known, expected);
		cs_clear(&cs_answer_shape, &answer);
	}
	assert_true(live);
}

static void test_subtrees_that_move(void **state)
{
	static const struct {
		const char *ldif;
		enum cs_known known;
	} steps[] = {
		{ MOVE(STAFF, "ou=former", PEOPLE), CS_KNOWN_YES },
		{ MOVE("ou=former," PEOPLE, "ou=former", OTHER), CS_KNOWN_NO },
		{ MOVE("ou=former," OTHER, "ou=staff", PEOPLE), CS_KNOWN_YES },
	};
	bool locked = false;
	(void)state;
	assert_int_equal(known_by_replica("dora", &locked), CS_KNOWN_YES);
	for (size_t i = 0; i < CS_COUNT(steps); i++) {
		change(steps[i].ldif);
		expect_after_resync("dora", steps[i].known);
	}
	struct cs_answer answer = ask_one(replica, CS_NO_UID, "dora", NULL, 0);
	assert_string_equal(answer.facts[0].person.dn, "uid=dora," STAFF);
	cs_clear(&cs_answer_shape, &answer);
}

/* --- Current or not --- */

static void test_changes_elsewhere_leave_it_live(void **state)
{
	(void)state;
	uint64_t before = cs_directory_changes(replica);
	change(DEVICE("d1", OTHER));
	change(MODIFY(OTHER, "replace", "description", "x"));
	change(CHANGE("cn=d1," OTHER, "delete")); /* of which the server tells nobody who did not have it */
	struct cs_answer answer = ask_since(cs_boot_ms());
	cs_clear(&cs_answer_shape, &answer);
	change(DEVICE("d2", PEOPLE));
	change(CHANGE("cn=d2," PEOPLE, "delete"));
	uint64_t now = cs_boot_ms();
	for (int i = 0; i < 2; i++) { /* one beat after another */
		answer = ask_since(now);
		now = answer.facts[0].boot_ms + 1;
		cs_clear(&cs_answer_shape, &answer);
	}
	assert_true(cs_directory_changes(replica) <= before + 2); /* the device below people_base came and went */
}

/* What the bind identity may not see makes the server newer than what it sends: then nothing is certain. */
static void test_provider_and_replica_apart(void **state)
{
	(void)state;
	change(DEVICE("d3", HIDDEN));
	struct cs_answer answer = ask_since(cs_boot_ms());
	cs_clear(&cs_answer_shape, &answer);
	uint64_t before = cs_directory_changes(replica), end = cs_boot_ms() + WAIT_MS;
	change(CHANGE("cn=d3," HIDDEN, "delete"));
	bool by_replica = true;
	while (by_replica && cs_boot_ms() < end) {
		answer = ask_all(replica, 0);
		by_replica = is_by_replica(&answer);
		if (by_replica)
			assert_true(cs_boot_ms() - answer.facts[0].boot_ms <= 2100);
		assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
		cs_clear(&cs_answer_shape, &answer);
		turn(replica, 100);
	}
	assert_false(by_replica);
	assert_true(cs_directory_changes(replica) > before);
	wait_text("the server has what it did not send");
	(void)wait_live(NULL);
}

static void test_freshness_that_is_asked_for(void **state)
{
	bool by_lookup = false;
	(void)state;
	for (int i = 0; i < 200 && !by_lookup; i++) {
		struct cs_answer answer = ask_all(replica, 1);
		by_lookup = !is_by_replica(&answer);
		if (by_lookup)
			assert_string_equal(answer.facts[0].source, server.ldapi);
		cs_clear(&cs_answer_shape, &answer);
		turn(replica, 5);
	}
	assert_true(by_lookup);
	struct cs_answer answer = ask_all(replica, 5000);
	assert_true(is_by_replica(&answer));
	cs_clear(&cs_answer_shape, &answer);
}

/* --- The same as a lookup --- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Values of one attribute have no order. */
static int by_attribute(const void *a, const void *b)
{
	const struct cs_attribute *x = a, *y = b;
	int r = strcmp(x->name, y->name);
	return r != 0 ? r : strcmp(x->value, y->value);
}

/* What may differ: who answered, when, and in which order people are listed. */
static void make_comparable(struct cs_answer *answer, struct cs_buf *out)
{
	for (size_t i = 0; i < answer->n_facts; i++) {
		assert_int_equal(cs_set(&answer->facts[i].source, ""), 0);
		answer->facts[i].boot_ms = 0;
		if (answer->facts[i].n_aliases > 1)
			qsort(answer->facts[i].aliases, answer->facts[i].n_aliases, sizeof(char *), by_text);
		for (size_t m = 0; m < answer->facts[i].n_memberships; m++) {
			struct cs_membership *one = &answer->facts[i].memberships[m];
			if (one->n_attributes > 1)
				qsort(one->attributes, one->n_attributes, sizeof(*one->attributes), by_attribute);
		}
	}
	for (size_t i = 0; i < answer->n_listings; i++) {
		struct cs_listing *listing = &answer->listings[i];
		if (listing->n_dns > 1) {
			qsort(listing->dns, listing->n_dns, sizeof(char *), by_text);
			qsort(listing->names, listing->n_names, sizeof(char *), by_text);
		}
	}
	cs_buf_init(out, 1024 * 1024);
	assert_int_equal(cs_encode(&cs_answer_shape, answer, out), 0);
}

static void compare(unsigned batch)
{
	struct cs_answer followed = ask_since(cs_boot_ms()), looked = ask_all(lookup, 0);
	struct cs_buf a, b;
	make_comparable(&followed, &a);
	make_comparable(&looked, &b);
	for (size_t i = 0; i < looked.n_facts; i++)
		if (followed.facts[i].known != looked.facts[i].known ||
		    followed.facts[i].person.locked != looked.facts[i].person.locked ||
		    followed.facts[i].n_memberships != looked.facts[i].n_memberships)
			fail_msg("batch %u, person %zu: %d %d %zu, and looked up %d %d %zu (%s)", batch, i,
				 (int)followed.facts[i].known, followed.facts[i].person.locked,
				 followed.facts[i].n_memberships, (int)looked.facts[i].known,
				 looked.facts[i].person.locked, looked.facts[i].n_memberships,
				 looked.facts[i].doubt);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	cs_buf_clear(&a);
	cs_buf_clear(&b);
	cs_clear(&cs_answer_shape, &followed);
	cs_clear(&cs_answer_shape, &looked);
}

static uint32_t random_state = 12345;

static unsigned dice(unsigned sides)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 16) % sides;
}

/* Any of them may be refused (no such value, the last member): that is a change less. */
static void random_change(FILE *out)
{
	static const char *const people[] = { "alice", "alice-adm", "bob", "carol", "lena", "eve", "mallory" };
	static const char *const dns[] = { "cn=tomcat," PROJECTS, "cn=httpd," PROJECTS, "cn=infra," GROUPS,
		"cn=approvers," GROUPS, "cn=new," GROUPS };
	const char *person = people[dice(CS_COUNT(people))], *dn = dns[dice(CS_COUNT(dns))];
	switch (dice(8)) {
	case 0:
	case 1:
	case 2:
		(void)fprintf(out, "dn: %s\nchangetype: modify\n%s: %s\n%s: uid=%s," PEOPLE "\n\n", dn,
			      dice(2) ? "add" : "delete", dice(2) ? "member" : "owner", "member", person);
		break;
	case 3:
		(void)fprintf(out, "dn: %s\nchangetype: modify\nreplace: owner\nowner: uid=%s," PEOPLE "\n\n", dn,
			      person);
		break;
	case 4:
		(void)fprintf(out, "dn: uid=%s," PEOPLE "\nchangetype: modify\n%s: employeeType\n"
			      "employeeType: locked\n\n", person, dice(2) ? "add" : "delete");
		break;
	case 5:
		(void)fprintf(out, "dn: cn=new," GROUPS "\nchangetype: %s",
			      dice(2) ? "delete\n\n" : "add\nobjectClass: groupOfNames\ncn: new\n" MEMBER("bob") "\n");
		break;
	case 6:
		(void)fprintf(out, "%s", dice(2) ? EVE : CHANGE("uid=eve," PEOPLE, "delete") "\n");
		break;
	default:
		(void)fprintf(out, "dn: uid=%s," PEOPLE "\nchangetype: modrdn\nnewrdn: uid=%s\ndeleteoldrdn: 1\n"
			      "newsuperior: %s\n\n", dice(2) ? "eve" : "mallory", dice(2) ? "eve" : "mallory",
			      dice(3) ? PEOPLE : OTHER);
	}
}

static void test_random_changes(void **state)
{
	(void)state;
	for (unsigned batch = 0; batch < BATCHES; batch++) {
		char path[128];
		(void)snprintf(path, sizeof(path), "%s/random.ldif", server.dir);
		FILE *out = fopen(path, "we");
		assert_non_null(out);
		for (unsigned i = 0; i < CHANGES_A_BATCH; i++)
			random_change(out);
		assert_int_equal(fclose(out), 0);
		(void)run_in(&server, "ldapmodify -c -M -Q -Y EXTERNAL -H %s -f random.ldif", server.ldapi);
		compare(batch);
	}
}

/* --- The provider goes away --- */

static void expect_doubt(void)
{
	uint64_t from = cs_boot_ms();
	struct cs_answer answer = ask_all(replica, 0);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_DOUBT);
	assert_true(*answer.facts[0].doubt != '\0');
	assert_true(cs_boot_ms() - from < 3000);
	cs_clear(&cs_answer_shape, &answer);
}

static void test_a079_provider_killed(void **state)
{
	(void)state;
	uint64_t before = cs_directory_changes(replica);
	server_end(&server, SIGKILL);
	while (cs_directory_changes(replica) == before)
		turn(replica, 1000);
	expect_doubt();
	wait_text("no replica: connection lost");
	assert_int_equal(server_start(&server), 0);
	(void)wait_live(NULL);
}

static void test_a083_provider_stopped(void **state)
{
	(void)state;
	uint64_t before = cs_directory_changes(replica);
	assert_int_equal(kill(server.pid, SIGSTOP), 0);
	while (cs_directory_changes(replica) == before)
		turn(replica, 1000);
	expect_doubt();
	assert_int_equal(kill(server.pid, SIGCONT), 0);
	(void)wait_live(NULL);
}

static void test_attributes_are_learned(void **state)
{
	char mail[] = "description";
	char *more[] = { mail };
	struct cs_group_query query = {
		.where = CS_GROUP_AT, .dn = tomcat, .listed = member, .wanted = more, .n_wanted = 1 };
	(void)state;
	struct cs_answer answer = ask_one(replica, CS_NO_UID, "carol", &query, 1);
	assert_string_equal(answer.facts[0].source, server.ldapi);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	uint64_t end = cs_boot_ms() + WAIT_MS;
	while (!is_by_replica(&answer) && cs_boot_ms() < end) {
		cs_clear(&cs_answer_shape, &answer);
		turn(replica, 20);
		answer = ask_one(replica, CS_NO_UID, "carol", &query, 1);
	}
	assert_true(is_by_replica(&answer));
	cs_clear(&cs_answer_shape, &answer);
}

/* What asks for an attribute for the first time is looked up, and so is everything behind it that asks for it as well,
 * though it comes before the session ends that has not got it. */
static void test_a079_attributes_are_learned_once(void **state)
{
	char alice[] = "alice", location[] = "seeAlso", dn[] = "cn=approvers," GROUPS;
	struct cs_subject subject = { CS_NO_UID, CS_NO_UID, alice };
	struct cs_group_query query = { .where = CS_GROUP_AT, .dn = dn, .listed = location };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1, .queries = &query, .n_queries = 1 };
	struct heard heard[4] = { 0 };
	(void)state;
	change(MODIFY("cn=approvers," GROUPS, "add", "seeAlso", "uid=alice," PEOPLE));
	settle();
	for (size_t i = 0; i < CS_COUNT(heard); i++)
		assert_int_equal(cs_directory_ask(replica, &question, NULL, hear, &heard[i]), 0);
	for (size_t i = 0; i < CS_COUNT(heard); i++) {
		wait_for(replica, &heard[i]);
		assert_int_equal(heard[i].times, 1);
		assert_false(is_by_replica(&heard[i].answer));
		assert_int_equal(heard[i].answer.facts[0].n_memberships, 1);
		cs_clear(&cs_answer_shape, &heard[i].answer);
	}
}

/* Which letters are one beyond ASCII the server alone knows. */
static void test_a075_other_letters(void **state)
{
	(void)state;
	change(MODIFY("cn=httpd," PROJECTS, "add", "member", "cn=J\303\226RG," PEOPLE));
	settle();
	struct cs_answer answer = ask_member("joerg", httpd);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	assert_int_equal(answer.facts[0].n_memberships, 1);
	cs_clear(&cs_answer_shape, &answer);
	change(MODIFY("cn=httpd," PROJECTS, "delete", "member", "cn=j\303\266rg," PEOPLE));
	settle();
}

static void test_what_is_not_followed_is_looked_up(void **state)
{
	char elsewhere[] = "cn=approvers," PEOPLE, any[] = "cn=any," NETGROUPS, triple[] = "nisNetgroupTriple";
	(void)state;
	struct cs_answer answer = ask_member("alice", elsewhere);
	assert_string_equal(answer.facts[0].source, server.ldapi);
	assert_int_equal(answer.facts[0].n_memberships, 1);
	cs_clear(&cs_answer_shape, &answer);
	struct cs_listing_query listing = { .where = CS_NETGROUP, .dn = any, .listed = triple };
	const struct cs_question question = { .listings = &listing, .n_listings = 1 };
	answer = ask(replica, &question);
	assert_int_equal(answer.listings[0].known, CS_KNOWN_YES);
	cs_clear(&cs_answer_shape, &answer);
}

/* --- Another server: without syncrepl, and with many people --- */

static void test_provider_without_syncrepl(void **state)
{
	struct server plain = { 0 };
	(void)state;
	assert_int_equal(server_make(&plain, TREE_LDIF), 0);
	struct cs_directory *kept = replica;
	replica = open_mode(&plain, "replica", long_deadline);
	assert_non_null(replica);
	assert_int_equal(known(replica, 2001, "alice"), CS_KNOWN_YES);
	wait_text("no replica: the server does not offer syncrepl");
	struct cs_answer answer = ask_one(replica, 2001, "alice", NULL, 0);
	assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
	assert_string_equal(answer.facts[0].source, plain.ldapi);
	cs_clear(&cs_answer_shape, &answer);
	cs_directory_close(&replica);
	replica = kept;
	server_remove(&plain);
}

static char *many_people(void)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	assert_non_null(out);
	(void)fputs(TREE_LDIF, out);
	for (unsigned i = 0; i < PEOPLE_MANY; i++)
		(void)fprintf(out, "dn: uid=u%u," PEOPLE "\nobjectClass: account\nobjectClass: posixAccount\nuid: u%u\n"
			      "cn: u%u\nuidNumber: %u\ngidNumber: 1\nhomeDirectory: /\n\n", i, i, i, 100000 + i);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* While everything comes, each question is answered by a search. */
static void test_a_large_refresh_holds_nobody_up(void **state)
{
	struct server large = { 0 };
	char *text = many_people();
	unsigned by_lookup = 0;
	uint64_t slowest = 0;
	bool live = false;
	(void)state;
	assert_int_equal(server_make_with(&large, text, &with_syncprov), 0);
	free(text);
	struct cs_directory *many = open_mode(&large, "replica", long_deadline);
	assert_non_null(many);
	for (uint64_t end = cs_boot_ms() + WAIT_MS; !live && cs_boot_ms() < end;) {
		uint64_t from = cs_boot_ms();
		struct cs_answer answer = ask_one(many, 2001, "alice", NULL, 0);
		slowest = cs_boot_ms() - from > slowest ? cs_boot_ms() - from : slowest;
		assert_int_equal(answer.facts[0].known, CS_KNOWN_YES);
		live = is_by_replica(&answer);
		by_lookup += !live;
		cs_clear(&cs_answer_shape, &answer);
	}
	assert_true(live && by_lookup > 0);
	print_message("%u lookups until %d people were there; the slowest took %lu ms\n", by_lookup, PEOPLE_MANY,
		      (unsigned long)slowest);
	assert_int_equal(known(many, 100000 + PEOPLE_MANY - 1, "u19999"), CS_KNOWN_YES);
	cs_directory_close(&many);
	server_remove(&large);
}

#define LIVE(F) cmocka_unit_test_setup(F, wait_live)

int main(void)
{
	(void)snprintf(tree, sizeof(tree), "%s%s", TREE_LDIF,
		       UNIT("other", BASE) UNIT("hidden", BASE) UNIT("staff", PEOPLE)
		       "dn: uid=dora," STAFF "\nobjectClass: account\nobjectClass: posixAccount\nuid: dora\ncn: dora\n"
		       "uidNumber: 2060\ngidNumber: 1\nhomeDirectory: /\n\n"
		       "dn:: Y249asO2cmcsb3U9cGVvcGxlLGRjPWV4YW1wbGUsZGM9b3Jn\nobjectClass: account\n"
		       "objectClass: posixAccount\nuid: joerg\ncn:: asO2cmc=\nuidNumber: 2061\ngidNumber: 1\n"
		       "homeDirectory: /\n\n");
	int r = server_make_with(&server, tree, &with_syncprov);
	if (r == 0) {
		const struct CMUnitTest tests[] = {
			LIVE(test_a079_a_removed_member_is_gone_at_once),
			LIVE(test_a080_locked_by_filter_and_by_attribute),
			LIVE(test_people_come_and_go),
			LIVE(test_a072_a_new_person_of_an_old_name),
			LIVE(test_groups_come_and_go),
			LIVE(test_subtrees_that_move),
			LIVE(test_changes_elsewhere_leave_it_live),
			LIVE(test_provider_and_replica_apart),
			LIVE(test_freshness_that_is_asked_for),
			LIVE(test_random_changes),
			LIVE(test_a079_provider_killed),
			LIVE(test_a083_provider_stopped),
			LIVE(test_attributes_are_learned),
			LIVE(test_a079_attributes_are_learned_once),
			LIVE(test_a075_other_letters),
			LIVE(test_what_is_not_followed_is_looked_up),
			cmocka_unit_test(test_provider_without_syncrepl),
			cmocka_unit_test(test_a_large_refresh_holds_nobody_up),
		};
		replica = open_mode(&server, "replica", short_deadline);
		lookup = open_mode(&server, "lookup", long_deadline);
		r = replica != NULL && lookup != NULL ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
		cs_directory_close(&replica);
		cs_directory_close(&lookup);
	}
	if (r != 77)
		server_remove(&server);
	return r < 0 ? 1 : r;
}
