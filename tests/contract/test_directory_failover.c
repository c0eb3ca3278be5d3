/* SPDX-License-Identifier: Apache-2.0 */
/* Several servers, real ones: whichever way the first fails, the second answers in time, and the first is asked again
 * when it is back. */
#include "directory_server.h"
#include "directory_ask.h"
#include "directory_tree.h"
#include "forwarder.h"

#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define DEADLINE 2000
#define DEADLINE_TEXT "2s"
#define SHARE 633           /* of one server while there is another */
#define SOON 500             /* ms: a busy machine's time for a question that waits for nothing */
#define LATE 600             /* ms of slack where a deadline is measured */

#define CROWD "ou=crowd," GROUPS
enum { CROWD_SIZE = 1200 };

static struct server one, two;
static char member_text[] = "member", crowd_dn[] = CROWD, bob_name[] = "bob";

/* A worker under test and how it came to be. */
struct world {
	struct cs_directory *directory;
	struct forwarder *between; /* the first server and the worker */
	char first[128], second[128];
};

/* All threads of it stand still from here on. */
static void stop(const struct server *stopped)
{
	(void)kill(stopped->pid, SIGSTOP);
	assert_int_equal(waitpid(stopped->pid, NULL, WUNTRACED), stopped->pid);
}

/* Also after a test that failed: the next one finds servers that run. */
static int resume(void **state)
{
	(void)state;
	if (one.pid > 0)
		(void)kill(one.pid, SIGCONT);
	if (two.pid > 0)
		(void)kill(two.pid, SIGCONT);
	return 0;
}

static void end_world(struct world *world)
{
	cs_directory_close(&world->directory);
	forwarder_end(&world->between);
	(void)resume(NULL);
}

static struct cs_directory *open_uris(const char *uris, const char *more)
{
	char text[2048];
	struct cs_problem problem = { 0 };
	(void)snprintf(text, sizeof(text),
		"directory { uri = { %s } bind_dn = \"cn=countersign," BASE "\" bind_secret_file = \"%s/secret\" "
		"people_base = \"" PEOPLE "\" %s %s }", uris, one.dir,
		strstr(more, "deadline") != NULL ? "" : "deadline = " DEADLINE_TEXT, more);
	struct cs_directory *directory = open_text(text, &problem);
	if (directory == NULL) {
		char *why = cs_problem_text(&problem);
		print_message("%s\n", why);
		free(why);
	}
	cs_problem_clear(&problem);
	assert_non_null(directory);
	return directory;
}

static void open_pair(struct world *world)
{
	char uris[300];
	(void)snprintf(uris, sizeof(uris), "\"%s\", \"%s\"", world->first, world->second);
	world->directory = open_uris(uris, "insecure_loopback = true");
}

static void name_ports(struct world *world, unsigned first, unsigned second)
{
	*world = (struct world){ 0 };
	(void)snprintf(world->first, sizeof(world->first), "ldap://127.0.0.1:%u", first);
	(void)snprintf(world->second, sizeof(world->second), "ldap://127.0.0.1:%u", second);
}

/* Both servers, the first by way of a forwarder. */
static void make_world(struct world *world, enum way way)
{
	struct forwarder *between = forwarder_start(one.port);
	name_ports(world, between->port, two.port);
	world->between = between;
	atomic_store(&between->way, (int)way);
	open_pair(world);
}

/* Who answered for bob; NULL: doubt, which *ret_doubt tells when it is asked for. How long it took. */
static const char *who_answers(const struct world *world, uint64_t *ret_ms, char *ret_doubt)
{
	uint64_t begin = cs_boot_ms();
	struct cs_answer answer = ask_one(world->directory, 2003, "bob", NULL, 0);
	*ret_ms = cs_boot_ms() - begin;
	assert_int_equal(answer.n_facts, 1);
	const struct cs_facts *facts = &answer.facts[0];
	const char *who = NULL;
	if (facts->known == CS_KNOWN_YES && strcmp(facts->source, world->first) == 0)
		who = world->first;
	else if (facts->known == CS_KNOWN_YES && strcmp(facts->source, world->second) == 0)
		who = world->second;
	else
		assert_int_equal(facts->known, CS_KNOWN_DOUBT);
	if (ret_doubt != NULL)
		(void)snprintf(ret_doubt, 1024, "%s", facts->doubt);
	else if (who == NULL)
		print_message("doubt: %s\n", facts->doubt);
	cs_clear(&cs_answer_shape, &answer);
	return who;
}

/* Asks until this server answers; the loop ends for sure. */
static void wait_until(const struct world *world, const char *who)
{
	uint64_t end = cs_boot_ms() + OPEN_ENDED, took = 0;
	while (who_answers(world, &took, NULL) != who) {
		assert_true(cs_boot_ms() < end);
		turn(world->directory, 20);
	}
}

/* What the log would have got since: how many lines that begin or end so. */
struct told {
	unsigned ceased, again;
	char last[600];
};

static void take_told(const struct world *world, struct told *told)
{
	int ok = 0;
	for (char *text = cs_directory_event(world->directory, &ok); text != NULL;
	     text = cs_directory_event(world->directory, &ok)) {
		*(ok == 1 ? &told->again : &told->ceased) += 1;
		(void)snprintf(told->last, sizeof(told->last), "%s", text);
		free(text);
	}
}

static void check_second_in(const struct world *world, uint64_t most_ms)
{
	uint64_t took = 0;
	assert_ptr_equal(who_answers(world, &took, NULL), world->second);
	if (took > most_ms)
		fail_msg("%u ms", (unsigned)took);
}

static void check_first_in(const struct world *world, uint64_t most_ms)
{
	uint64_t took = 0;
	assert_ptr_equal(who_answers(world, &took, NULL), world->first);
	assert_in_range(took, 0, most_ms);
}

static void wait_for_connects(const struct world *world, unsigned n)
{
	uint64_t end = cs_boot_ms() + OPEN_ENDED;
	while (atomic_load(&world->between->connects) < n) {
		assert_true(cs_boot_ms() < end);
		turn(world->directory, 20);
	}
}

/* --- The first fails --- */

static void test_a083_refused_first_costs_nothing(void **state)
{
	(void)state;
	struct world world;
	struct told told = { 0 };
	name_ports(&world, free_port(), two.port);
	open_pair(&world);
	check_second_in(&world, SOON);
	check_second_in(&world, SOON);
	take_told(&world, &told);
	assert_int_equal(told.ceased, 1);
	assert_int_equal(told.again, 0);
	assert_non_null(strstr(told.last, world.first));
	assert_non_null(strstr(told.last, "Can't contact LDAP server"));
	int ok = 0;
	const char *text = cs_directory_state(world.directory, &ok);
	assert_int_equal(ok, 1);
	assert_non_null(strstr(text, " answers; "));
	assert_non_null(strstr(text, " does not since "));
	end_world(&world);
}

static void test_a083_stopped_first_is_left_and_found_again(void **state)
{
	(void)state;
	struct world world;
	struct told told = { 0 };
	name_ports(&world, one.port, two.port);
	open_pair(&world);
	wait_until(&world, world.first);
	take_told(&world, &told);
	stop(&one);
	check_second_in(&world, SHARE + LATE);
	for (int i = 0; i < 20; i++)
		check_second_in(&world, SOON);
	(void)kill(one.pid, SIGCONT);
	wait_until(&world, world.first);
	take_told(&world, &told);
	assert_int_equal(told.ceased, 1);
	assert_int_equal(told.again, 1);
	assert_non_null(strstr(told.last, "answers again"));
	end_world(&world);
}

static void test_a083_first_that_hangs_from_the_start(void **state)
{
	(void)state;
	struct world world;
	make_world(&world, WAY_HOLD);
	check_second_in(&world, SHARE + LATE);
	for (int i = 0; i < 50; i++) /* while threads hang on it */
		check_second_in(&world, SOON);
	atomic_store(&world.between->way, WAY_THROUGH);
	wait_until(&world, world.first);
	end_world(&world);
}

/* A search is under way, then the connection ends in this way. */
static void check_lost_during_search(enum way way)
{
	struct world world;
	struct heard heard = { 0 };
	struct cs_subject subject = { 2003, CS_NO_UID, bob_name };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	make_world(&world, WAY_THROUGH);
	wait_until(&world, world.first);
	atomic_store(&world.between->way, (int)(way == WAY_REFUSE ? WAY_HOLD : way));
	uint64_t begin = cs_boot_ms();
	assert_int_equal(cs_directory_ask(world.directory, &question, NULL, hear, &heard), 0);
	if (way == WAY_REFUSE) { /* the server is killed while it works on it */
		turn(world.directory, 20);
		(void)kill(world.between->pid, SIGKILL);
	}
	wait_for(world.directory, &heard);
	assert_in_range(cs_boot_ms() - begin, 0, SHARE - 50);
	assert_int_equal(heard.times, 1);
	assert_int_equal(heard.answer.facts[0].known, CS_KNOWN_YES);
	assert_string_equal(heard.answer.facts[0].source, world.second);
	cs_clear(&cs_answer_shape, &heard.answer);
	end_world(&world);
}

static void test_lost_during_a_search(void **state)
{
	(void)state;
	check_lost_during_search(WAY_REFUSE);
}

static void test_half_closed_during_a_search(void **state)
{
	(void)state;
	check_lost_during_search(WAY_HALF_CLOSE);
}

static void test_restarted_first_is_asked_again(void **state)
{
	(void)state;
	struct world world;
	struct told told = { 0 };
	name_ports(&world, one.port, two.port);
	open_pair(&world);
	wait_until(&world, world.first);
	for (int i = 0; i < 2; i++) {
		server_end(&one, i == 0 ? SIGTERM : SIGKILL);
		check_second_in(&world, SOON);
		assert_int_equal(server_start(&one), 0);
		wait_until(&world, world.first);
	}
	take_told(&world, &told);
	assert_int_equal(told.ceased, 2);
	assert_int_equal(told.again, 2);
	end_world(&world);
}

/* A server that is down, and then is up but refuses the bind, says both in the log; and that it is over.
 * Teeth: without tell_cause's second line the log has the first cause only. */
static void test_another_cause_is_told_too(void **state)
{
	(void)state;
	struct world world;
	struct told told = { 0 };
	char uris[160];
	uint64_t end = cs_boot_ms() + OPEN_ENDED, took = 0;
	make_world(&world, WAY_REFUSE);
	cs_directory_close(&world.directory);
	(void)snprintf(uris, sizeof(uris), "\"%s\"", world.first);
	world.directory = open_uris(uris, "insecure_loopback = true");
	assert_null(who_answers(&world, &took, NULL));
	take_told(&world, &told);
	assert_int_equal(told.ceased, 1);
	assert_int_equal(server_modify(&one, "dn: cn=countersign," BASE "\nchangetype: modify\nreplace: userPassword\n"
		"userPassword: other\n"), 0);
	atomic_store(&world.between->way, (int)WAY_THROUGH);
	while (told.ceased < 2 && cs_boot_ms() < end) {
		(void)who_answers(&world, &took, NULL);
		turn(world.directory, 100);
		take_told(&world, &told);
	}
	assert_int_equal(told.ceased, 2);
	assert_non_null(strstr(told.last, "but now: "));
	assert_non_null(strstr(told.last, "Invalid credentials"));
	assert_int_equal(server_modify(&one, "dn: cn=countersign," BASE "\nchangetype: modify\nreplace: userPassword\n"
		"userPassword: " PASSWORD "\n"), 0);
	wait_until(&world, world.first);
	take_told(&world, &told);
	assert_int_equal(told.again, 1);
	end_world(&world);
}

/* Servers end connections that are idle; that is no failure, and the next question finds a new one. */
static void test_idle_end_is_no_failure(void **state)
{
	(void)state;
	struct world world;
	struct told told = { 0 };
	make_world(&world, WAY_THROUGH);
	wait_until(&world, world.first);
	unsigned before = atomic_load(&world.between->connects);
	assert_int_equal(kill(world.between->pid, SIGUSR1), 0);
	wait_for_connects(&world, before + 1);
	check_first_in(&world, SOON);
	take_told(&world, &told);
	assert_int_equal(told.ceased, 0);
	assert_int_equal(told.again, 0);
	end_world(&world);
}

/* --- All fail --- */

static void check_all_named(const struct world *world, uint64_t most_ms)
{
	char doubt[1024];
	uint64_t took = 0;
	assert_null(who_answers(world, &took, doubt));
	if (took > most_ms || strstr(doubt, world->first) == NULL || strstr(doubt, world->second) == NULL)
		fail_msg("%u ms: %s", (unsigned)took, doubt);
}

static void test_a083_all_refused_is_doubt_that_names_each(void **state)
{
	(void)state;
	struct world world;
	struct told told = { 0 };
	int ok = 1;
	name_ports(&world, free_port(), free_port());
	open_pair(&world);
	for (int i = 0; i < 3; i++)
		check_all_named(&world, 2 * SOON + LATE);
	const char *text = cs_directory_state(world.directory, &ok);
	assert_int_equal(ok, 0);
	assert_non_null(strstr(text, "no directory server answers since"));
	assert_non_null(strstr(text, world.first));
	assert_non_null(strstr(text, world.second));
	take_told(&world, &told);
	assert_int_equal(told.ceased, 2);
	end_world(&world);
}

static void test_a083_all_stopped_is_doubt_in_time(void **state)
{
	(void)state;
	struct world world;
	name_ports(&world, one.port, two.port);
	open_pair(&world);
	wait_until(&world, world.first);
	stop(&one);
	stop(&two);
	for (int i = 0; i < 3; i++)
		check_all_named(&world, DEADLINE + LATE);
	(void)kill(two.pid, SIGCONT);
	wait_until(&world, world.second);
	(void)kill(one.pid, SIGCONT);
	wait_until(&world, world.first);
	end_world(&world);
}

/* --- Back-off, pool, load --- */

static void test_back_off_grows(void **state)
{
	(void)state;
	struct world world;
	make_world(&world, WAY_REFUSE);
	wait_for_connects(&world, 3);
	unsigned long long first = atomic_load(&world.between->connect_ms[0]),
			   second = atomic_load(&world.between->connect_ms[1]),
			   third = atomic_load(&world.between->connect_ms[2]);
	assert_in_range(second - first, 950, 1600);
	assert_in_range(third - second, 1900, 2600);
	/* questions go past it meanwhile */
	for (int i = 0; i < 100; i++)
		check_second_in(&world, SOON);
	assert_int_equal(atomic_load(&world.between->connects), 3);
	end_world(&world);
}

static void ask_many(const struct world *world, struct heard *heard, size_t n)
{
	struct cs_subject subject = { 2003, CS_NO_UID, bob_name };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	for (size_t i = 0; i < n; i++)
		assert_int_equal(cs_directory_ask(world->directory, &question, NULL, hear, &heard[i]), 0);
}

static void check_many(const struct world *world, struct heard *heard, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		wait_for(world->directory, &heard[i]);
		assert_int_equal(heard[i].times, 1);
		if (heard[i].answer.facts[0].known != CS_KNOWN_YES)
			fail_msg("%u: %s", (unsigned)i, heard[i].answer.facts[0].doubt);
	}
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_answer_shape, &heard[i].answer);
}

static void test_second_connection_only_under_load(void **state)
{
	(void)state;
	struct world world;
	struct heard heard[60] = { 0 };
	uint64_t took = 0;
	make_world(&world, WAY_THROUGH);
	for (int i = 0; i < 50; i++)
		assert_ptr_equal(who_answers(&world, &took, NULL), world.first);
	assert_int_equal(atomic_load(&world.between->most_open), 1);
	atomic_store(&world.between->way, WAY_LATE);
	ask_many(&world, heard, CS_COUNT(heard));
	check_many(&world, heard, CS_COUNT(heard));
	assert_in_range(atomic_load(&world.between->most_open), 2, 4);
	end_world(&world);
}

static void test_two_hundred_questions_while_the_first_hangs(void **state)
{
	(void)state;
	static struct heard heard[200];
	struct world world;
	memset(heard, 0, sizeof(heard));
	make_world(&world, WAY_THROUGH);
	wait_until(&world, world.first);
	atomic_store(&world.between->way, WAY_HOLD);
	uint64_t begin = cs_boot_ms();
	ask_many(&world, heard, CS_COUNT(heard));
	check_many(&world, heard, CS_COUNT(heard));
	print_message("200 questions past a server that hangs: %u ms\n", (unsigned)(cs_boot_ms() - begin));
	assert_in_range(cs_boot_ms() - begin, 0, DEADLINE);
	end_world(&world);
}

/* --- The worker's loop --- */

static pid_t worker_pid(const struct world *world)
{
	char path[64], text[512] = "";
	pid_t found = 0;
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	size_t n = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	text[n] = '\0';
	char *rest = NULL;
	for (char *word = strtok_r(text, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest)) {
		pid_t pid = (pid_t)atoi(word);
		if (pid != one.pid && pid != two.pid && (world->between == NULL || pid != world->between->pid))
			found = pid;
	}
	assert_int_not_equal(found, 0);
	return found;
}

/* Half a TLS record must not stop the loop (A083); nor must a server that reads nothing. */
static void test_a083_bytes_that_trickle_do_not_stop_the_loop(void **state)
{
	(void)state;
	struct world world = { 0 };
	char uris[300], more[300];
	uint64_t took = 0, end = 0;
	world.between = forwarder_start(one.tls_port);
	(void)snprintf(world.first, sizeof(world.first), "ldaps://127.0.0.1:%u", world.between->port);
	(void)snprintf(world.second, sizeof(world.second), "ldaps://127.0.0.1:%u", two.tls_port);
	(void)snprintf(uris, sizeof(uris), "\"%s\", \"%s\"", world.first, world.second);
	(void)snprintf(more, sizeof(more), "ca_file = \"%s/both.pem\"", one.dir);
	world.directory = open_uris(uris, more);
	wait_until(&world, world.first);
	pid_t worker = worker_pid(&world);
	atomic_store(&world.between->way, WAY_SLOW);
	for (end = cs_boot_ms() + DEADLINE + 1000; cs_boot_ms() < end;)
		if (who_answers(&world, &took, NULL) == NULL || took > DEADLINE)
			fail_msg("after %u ms", (unsigned)took);
	assert_int_equal(worker_pid(&world), worker);
	end_world(&world);
}

static void test_a083_little_time_is_enough_to_go_elsewhere(void **state)
{
	(void)state;
	struct world world;
	struct heard heard = { 0 };
	struct cs_subject subject = { 2003, CS_NO_UID, bob_name };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	make_world(&world, WAY_THROUGH);
	wait_until(&world, world.first);
	wait_until(&world, world.first);
	atomic_store(&world.between->way, WAY_HOLD);
	const struct cs_terms terms = { .until_ms = cs_boot_ms() + DEADLINE / 2 };
	assert_int_equal(cs_directory_ask(world.directory, &question, &terms, hear, &heard), 0);
	wait_for(world.directory, &heard);
	assert_true(cs_boot_ms() < terms.until_ms);
	assert_int_equal(heard.answer.facts[0].known, CS_KNOWN_YES);
	cs_clear(&cs_answer_shape, &heard.answer);
	end_world(&world);
}

/* --- Pages --- */

/* The groups below the crowd that list bob; -1: doubt. */
static int crowd_of(struct cs_directory *directory)
{
	struct cs_group_query query = { .where = CS_GROUPS_BELOW, .dn = crowd_dn, .listed = member_text };
	struct cs_answer answer = ask_one(directory, 2003, "bob", &query, 1);
	assert_int_equal(answer.n_facts, 1);
	int n = answer.facts[0].known == CS_KNOWN_YES ? (int)answer.facts[0].n_memberships : -1;
	if (n < 0)
		print_message("doubt: %s\n", answer.facts[0].doubt);
	cs_clear(&cs_answer_shape, &answer);
	return n;
}

static void restart_with_limits(const char *limits)
{
	server_end(&two, SIGTERM);
	assert_int_equal(run_in(&two, "grep -v ^limits slapd.conf >plain.conf; "
		"sed 's/^overlay ppolicy/%s\\n&/' plain.conf >slapd.conf", limits), 0);
	assert_int_equal(server_start(&two), 0);
}

static void test_a077_more_than_a_server_brings_at_once_comes_in_pages(void **state)
{
	(void)state;
	static const struct {
		const char *limits;
		int n;
	} cases[] = {
		{ "limits * size.soft=600 size.hard=600 size.prtotal=unlimited", CROWD_SIZE },
		{ "limits * size.soft=600 size.hard=4096 size.prtotal=unlimited", CROWD_SIZE },
		{ "limits * size.soft=600 size.hard=600 size.prtotal=700", -1 },
		{ "limits * size.soft=600 size.hard=600 size.prtotal=disabled", -1 },
		{ "limits * size.soft=600 size.hard=600", -1 },
		{ "limits * size=unlimited", CROWD_SIZE },
	};
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		char uris[300];
		restart_with_limits(cases[i].limits);
		(void)snprintf(uris, sizeof(uris), "\"ldap://127.0.0.1:%u\"", two.port);
		struct cs_directory *directory = open_uris(uris, "insecure_loopback = true");
		int n = crowd_of(directory);
		cs_directory_close(&directory);
		if (n != cases[i].n)
			fail_msg("%s: %d", cases[i].limits, n);
	}
}

/* Several at once: slapd keeps one such state a connection. */
static void test_pages_at_the_same_time(void **state)
{
	(void)state;
	struct heard heard[10] = { 0 };
	char uris[300];
	struct cs_subject subject = { 2003, CS_NO_UID, bob_name };
	struct cs_group_query query = { .where = CS_GROUPS_BELOW, .dn = crowd_dn, .listed = member_text };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1, .queries = &query,
		.n_queries = 1 };
	restart_with_limits("limits * size.soft=600 size.hard=600 size.prtotal=unlimited");
	(void)snprintf(uris, sizeof(uris), "\"ldap://127.0.0.1:%u\"", two.port);
	struct cs_directory *directory = open_uris(uris, "insecure_loopback = true deadline = 30s");
	for (size_t i = 0; i < CS_COUNT(heard); i++)
		assert_int_equal(cs_directory_ask(directory, &question, NULL, hear, &heard[i]), 0);
	for (size_t i = 0; i < CS_COUNT(heard); i++) {
		wait_for(directory, &heard[i]);
		if (heard[i].answer.facts[0].n_memberships != CROWD_SIZE)
			fail_msg("%u: %s", (unsigned)i, heard[i].answer.facts[0].doubt);
		cs_clear(&cs_answer_shape, &heard[i].answer);
	}
	cs_directory_close(&directory);
	restart_with_limits("");
}

static char *whole_tree(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	if (file == NULL)
		abort();
	(void)fputs(TREE_LDIF UNIT("crowd", GROUPS), file);
	for (int i = 0; i < CROWD_SIZE; i++)
		(void)fprintf(file, "dn: cn=c%d," CROWD "\nobjectClass: groupOfNames\ncn: c%d\n" MEMBER("bob") "\n", i,
			i);
	if (fclose(file) != 0)
		abort();
	return text;
}

int main(void)
{
	char *text = whole_tree();
	int r = server_make(&one, text);
	if (r == 0)
		r = server_make(&two, text);
	free(text);
	if (r == 0 && run_in(&one, "cat ca.pem %s/ca.pem >both.pem", two.dir) != 0)
		r = -1;
	if (r == 0) {
		const struct CMUnitTest tests[] = {
			cmocka_unit_test_teardown(test_a083_refused_first_costs_nothing, resume),
			cmocka_unit_test_teardown(test_a083_stopped_first_is_left_and_found_again, resume),
			cmocka_unit_test_teardown(test_a083_first_that_hangs_from_the_start, resume),
			cmocka_unit_test_teardown(test_lost_during_a_search, resume),
			cmocka_unit_test_teardown(test_half_closed_during_a_search, resume),
			cmocka_unit_test_teardown(test_restarted_first_is_asked_again, resume),
			cmocka_unit_test_teardown(test_another_cause_is_told_too, resume),
			cmocka_unit_test_teardown(test_idle_end_is_no_failure, resume),
			cmocka_unit_test_teardown(test_a083_all_refused_is_doubt_that_names_each, resume),
			cmocka_unit_test_teardown(test_a083_all_stopped_is_doubt_in_time, resume),
			cmocka_unit_test_teardown(test_back_off_grows, resume),
			cmocka_unit_test_teardown(test_second_connection_only_under_load, resume),
			cmocka_unit_test_teardown(test_two_hundred_questions_while_the_first_hangs, resume),
			cmocka_unit_test_teardown(test_a083_bytes_that_trickle_do_not_stop_the_loop, resume),
			cmocka_unit_test_teardown(test_a083_little_time_is_enough_to_go_elsewhere, resume),
			cmocka_unit_test_teardown(test_a077_more_than_a_server_brings_at_once_comes_in_pages, resume),
			cmocka_unit_test_teardown(test_pages_at_the_same_time, resume),
		};
		r = cmocka_run_group_tests(tests, NULL, NULL);
	}
	if (r != 77) {
		server_remove(&one);
		server_remove(&two);
	}
	return r < 0 ? 1 : r;
}
