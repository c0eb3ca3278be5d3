/* SPDX-License-Identifier: Apache-2.0 */
/* The directory worker against a server that lies in every way that fits into bytes (A084): thousands of conversations
 * on tape, each changed somewhere. Whatever comes, there is one answer to each question, in time, never a yes about
 * somebody else; and when the server is honest again so is the answer, from the same worker.
 *
 * CS_HOSTILE_SEED and CS_HOSTILE_TALKS in the environment repeat a run, or make it longer. */
#include "directory_server.h"
#include "directory_ask.h"
#include "directory_tree.h"
#include "fake_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum {
	DEADLINE = 1000, /* the least that can be configured; of honest questions */
	SHORT = 300,     /* what those who ask the liars have left */
	MARGIN = 700, /* a busy machine's */
	LANES = 24,
	TALKS = 1000,
	HANDSHAKE_CPU_MS = 500, /* in 2 s */
	TOO_MUCH = 10,
	TOO_MUCH_CPU_MS = 150, /* of each, with a sanitizer */
	NOTICE_MS = 20,   /* in which the worker hears that its connection was closed */
	HONEST_EVERY = 4, /* conversations */
	HONEST_MS = 6000, /* after the last lie: a spoiled connection is found out, a stuck worker replaced */
	GROWTH_MAX = 24 * 1024, /* KiB of one worker between the first third and the end */
	GROWTH_SANITIZED = 192 * 1024 /* under a sanitizer, which keeps up to so much of what TLS freed */
};

static struct server server;
static struct fake fake;
static uint64_t seed = 20240607;
static unsigned talks = TALKS;
static struct fake_lane *record, *lanes[LANES];

/* The sanitizer would keep hundreds of MiB of what each worker freed. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4:detect_leaks=1";
}

/* A worker has no standard error: what a sanitizer has to say about it goes to a file. */
__attribute__((weak)) void __sanitizer_set_report_path(const char *path);

/* --- Questions --- */

enum { QUESTIONS = 3 };
static struct cs_answer honest[QUESTIONS];
static char alice[] = "alice", member_text[] = "member", owner_text[] = "owner", cn_text[] = "cn",
	    triple_text[] = "nisNetgroupTriple", tomcat_dn[] = "cn=tomcat," PROJECTS, projects_dn[] = PROJECTS,
	    release_dn[] = "cn=release," NETGROUPS;
static char *wanted_texts[] = { cn_text };

static int put_question(struct cs_directory *directory, size_t which, uint64_t left_ms, cs_answer_fn done, void *arg)
{
	struct cs_subject subject = { 2001, CS_NO_UID, alice };
	struct cs_group_query queries[] = {
		{ .where = CS_GROUP_AT, .dn = tomcat_dn, .listed = owner_text, .wanted = wanted_texts, .n_wanted = 1 },
		{ .where = CS_GROUPS_BELOW, .dn = projects_dn, .listed = member_text },
	};
	struct cs_listing_query listings[] = {
		{ .where = CS_GROUP_AT, .dn = tomcat_dn, .listed = owner_text },
		{ .where = CS_NETGROUP, .dn = release_dn, .listed = triple_text },
	};
	struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	if (which == 1) {
		question.queries = queries;
		question.n_queries = CS_COUNT(queries);
	} else if (which == 2) {
		question.listings = listings;
		question.n_listings = CS_COUNT(listings);
	}
	const struct cs_terms terms = { .until_ms = cs_boot_ms() + left_ms };
	return cs_directory_ask(directory, &question, &terms, done, arg);
}

static bool is_as_honest(const struct cs_answer *answer, size_t which)
{
	const struct cs_answer *h = &honest[which];
	if (answer->n_facts != 1 || answer->facts[0].known != CS_KNOWN_YES ||
	    answer->facts[0].n_memberships != h->facts[0].n_memberships || answer->n_listings != h->n_listings ||
	    strcmp(answer->facts[0].person.id, h->facts[0].person.id) != 0)
		return false;
	for (size_t i = 0; i < h->n_listings; i++)
		if (answer->listings[i].known != CS_KNOWN_YES || answer->listings[i].n_dns != h->listings[i].n_dns)
			return false;
	return true;
}

/* --- Directories --- */

static const struct {
	const char *scheme, *options;
	enum fake_orders orders;
} kinds[] = {
	{ "ldap", "insecure_loopback = true SIMPLE", FAKE_REPLAY },
	{ "ldapi", "sasl_external = true", FAKE_REPLAY },
	{ "ldapi", "SIMPLE", FAKE_REPLAY },
	{ "ldap", "starttls = true ca_file = \"DIR/ca.pem\" SIMPLE", FAKE_PASS },
	{ "ldaps", "ca_file = \"DIR/ca.pem\" SIMPLE", FAKE_PASS },
};

/* Few with TLS: it costs most of the time. */
static size_t kind_of(size_t lane)
{
	return lane < CS_COUNT(kinds) ? lane : lane % 3;
}

static struct cs_directory *open_at(const struct fake_lane *lane, const char *options)
{
	char text[4096], more[1024] = "";
	struct cs_problem problem = { 0 };
	const char *dir = strstr(options, "DIR"), *simple = strstr(options, "SIMPLE");
	size_t n = simple != NULL ? (size_t)(simple - options) : strlen(options);
	(void)snprintf(more, sizeof(more), "%.*s%s%.*s", dir != NULL ? (int)(dir - options) : (int)n, options,
		dir != NULL ? server.dir : "", dir != NULL ? (int)(n - (size_t)(dir - options) - 3) : 0,
		dir != NULL ? dir + 3 : "");
	if (simple != NULL)
		(void)snprintf(more + strlen(more), sizeof(more) - strlen(more),
			"bind_dn = \"cn=countersign," BASE "\" bind_secret_file = \"%s/secret\"", server.dir);
	(void)snprintf(text, sizeof(text), "directory { uri = \"%s\" %s people_base = \"" PEOPLE "\" deadline = 1s }",
		lane->uri, more);
	struct cs_directory *directory = open_text(text, &problem);
	if (directory == NULL) {
		char *why = cs_problem_text(&problem);
		print_message("%s\n%s\n", text, why);
		free(why);
	}
	cs_problem_clear(&problem);
	assert_non_null(directory);
	return directory;
}

/* The newest child of this process. */
static pid_t newest_child(void)
{
	char path[64], text[2048] = "";
	pid_t found = 0;
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	size_t n = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	text[n] = '\0';
	for (char *rest = NULL, *word = strtok_r(text, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest))
		found = (pid_t)atoi(word);
	assert_int_not_equal(found, 0);
	return found;
}

static long resident_kib(pid_t pid)
{
	char path[64];
	long size = 0, resident = 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	(void)fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Open descriptors; 0 where this user may not look. */
static unsigned descriptors(pid_t pid)
{
	char command[96];
	unsigned n = 0;
	(void)snprintf(command, sizeof(command), "ls /proc/%d/fd 2>/dev/null | wc -l", (int)pid);
	FILE *file = popen(command, "re");
	assert_non_null(file);
	if (fscanf(file, "%u", &n) != 1)
		n = 0;
	(void)pclose(file);
	return n;
}

/* --- Conversations --- */

struct talker {
	struct cs_directory *directory;
	struct fake_lane *lane;
	pid_t worker;
	uint64_t chance;
	size_t which;
	bool honest; /* this one is with an honest server */
	unsigned done;
	uint64_t amends_ms; /* since when */
	uint32_t lie;
	bool sure;
	bool waiting;
	uint64_t ask_ms; /* not before */
	unsigned answers;
	uint64_t asked_ms;
	long resident_third;
};

static struct {
	unsigned talks, honest, honest_doubts, yes[FAKE_LIES], no[FAKE_LIES], doubt[FAKE_LIES], ended, stuck;
	uint64_t slowest;
	bool over; /* what is still under way is doubt by closing, whenever that is */
} total;

static const char *lie_name(const struct talker *t)
{
	return t->honest ? "honest" : fake_lies[t->lie].name;
}

static uint64_t deadline_of(const struct talker *t)
{
	return t->honest ? DEADLINE : SHORT;
}

/* An answer may be a lie, but not about whom it is, and not out of shape. */
static void check_answer(const struct talker *t, const struct cs_answer *answer)
{
	const struct cs_facts *facts = &answer->facts[0];
	assert_int_equal(answer->n_facts, 1);
	assert_int_equal(answer->n_listings, t->which == 2 ? 2 : 0);
	if (facts->known == CS_KNOWN_YES) {
		assert_int_equal(facts->person.uid, 2001);
		assert_string_equal(facts->person.name, "alice");
		assert_true(strlen(facts->person.id) > 0 && strlen(facts->person.dn) > 0);
	} else if (facts->known == CS_KNOWN_DOUBT) {
		if (facts->doubt == NULL || *facts->doubt == '\0')
			fail_msg("doubt without a cause: %s", lie_name(t));
	}
	if (t->sure && facts->known != CS_KNOWN_DOUBT)
		fail_msg("seed %llu: %s is no doubt", (unsigned long long)seed, lie_name(t));
}

static void count_answer(struct talker *t, const struct cs_answer *answer)
{
	enum cs_known known = answer->facts[0].known;
	if (!t->honest) {
		unsigned *counts = known == CS_KNOWN_YES ? total.yes : known == CS_KNOWN_NO ? total.no : total.doubt;
		counts[t->lie]++;
		total.talks++;
		t->done++;
	} else if (is_as_honest(answer, t->which)) {
		total.honest++;
		t->honest = false;
		t->done++;
	} else {
		total.honest_doubts++;
		if (getenv("CS_TEST_DOUBTS") != NULL)
			print_message("after %s: %s\n", fake_lies[t->lie].name, answer->facts[0].doubt);
		if (cs_boot_ms() - t->amends_ms > HONEST_MS)
			fail_msg("seed %llu: still no answer after %s, by %s: %s", (unsigned long long)seed,
				fake_lies[t->lie].name, t->lane->uri, answer->facts[0].doubt);
	}
}

static void take(void *arg, const struct cs_answer *answer)
{
	struct talker *t = arg;
	uint64_t took = total.over ? 0 : cs_boot_ms() - t->asked_ms;
	t->answers++;
	t->waiting = false;
	check_answer(t, answer);
	if (total.over)
		return;
	if (took > total.slowest)
		total.slowest = took;
	if (took > deadline_of(t) + MARGIN)
		fail_msg("seed %llu: %s took %llu ms", (unsigned long long)seed, lie_name(t), (unsigned long long)took);
	count_answer(t, answer);
}

static void order_next(struct talker *t)
{
	t->ask_ms = cs_boot_ms() + NOTICE_MS;
	if (t->honest)
		return; /* once more */
	t->which = fake_random(&t->chance) % QUESTIONS;
	t->honest = t->done % HONEST_EVERY == HONEST_EVERY - 1;
	t->sure = false;
	if (t->honest) {
		t->amends_ms = cs_boot_ms();
		fake_amend(&fake, t->lane, fake_random(&t->chance) % 2 == 0);
		return;
	}
	t->lie = (uint32_t)(fake_random(&t->chance) % FAKE_LIES);
	bool on = fake_random(&t->chance) % 2 == 0;
	uint32_t first = (uint32_t)(fake_random(&t->chance) % 6);
	if (on && fake_random(&t->chance) % 2 == 0)
		first = 0;
	/* Most begin on a new connection: little can be said on one that hangs already. */
	fake_amend(&fake, t->lane, fake_random(&t->chance) % 8 != 0);
	t->sure = fake_lies[t->lie].sure && on && first == 0;
	if (t->lane->orders == FAKE_PASS && fake_lies[t->lie].tell == lie_code)
		t->sure = false; /* under TLS there is no code to be seen */
	fake_order(t->lane, t->lie, first, on);
}

static void watch_worker(struct talker *t)
{
	if (kill(t->worker, 0) == 0)
		return;
	int ok = 0;
	const char *why = cs_directory_state(t->directory, &ok);
	if (strstr(why, "stuck") != NULL && getenv("CS_TEST_DOUBTS") != NULL)
		print_message("stuck after %s%s, %s\n", fake_lies[t->lie].name, t->honest ? ", then honest" : "",
			t->lane->uri);
	if (strstr(why, "stuck") != NULL) { /* libldap waits in more places than it has time limits for */
		total.stuck++;
	} else {
		print_message("seed %llu: the worker is another one after %s: %s\n", (unsigned long long)seed,
			lie_name(t), why);
		total.ended++;
	}
	t->worker = newest_child();
}

static void talk(struct talker *all, size_t n)
{
	struct pollfd fds[LANES];
	uint64_t now = cs_boot_ms(), wait = 50;
	for (size_t i = 0; i < n; i++) {
		struct talker *t = &all[i];
		if (!t->waiting && t->ask_ms == 0)
			order_next(t);
		if (!t->waiting && t->ask_ms <= now) {
			t->ask_ms = 0;
			t->waiting = true;
			t->answers = 0;
			t->asked_ms = cs_boot_ms();
			assert_int_equal(put_question(t->directory, t->which, deadline_of(t), take, t), 0);
		}
		fds[i] = (struct pollfd){ .fd = cs_directory_fd(t->directory), .events = POLLIN };
		if (cs_directory_wants_write(t->directory))
			fds[i].events |= POLLOUT;
		uint64_t next = t->ask_ms != 0 ? t->ask_ms : cs_directory_next_ms(t->directory);
		if (next != 0)
			wait = next <= now ? 0 : next - now < wait ? next - now : wait;
	}
	(void)poll(fds, n, (int)wait);
	assert_int_equal(waitpid(fake.pid, NULL, WNOHANG), 0); /* the liar itself */
	for (size_t i = 0; i < n; i++) {
		cs_directory_serve(all[i].directory);
		watch_worker(&all[i]);
		assert_in_range(all[i].answers, 0, 1);
	}
}

static void report(void)
{
	for (size_t i = 0; i < FAKE_LIES; i++)
		print_message("%-24s yes %4u  no %4u  doubt %4u\n", fake_lies[i].name, total.yes[i], total.no[i],
			total.doubt[i]);
	print_message("seed %llu: %u conversations, slowest %llu ms, %u honest ones with %u doubts before, %u workers "
		      "stuck\n", (unsigned long long)seed, total.talks, (unsigned long long)total.slowest, total.honest,
		total.honest_doubts, total.stuck);
}

static void test_a084_mutated_conversations(void **state)
{
	(void)state;
	static struct talker all[LANES];
	for (size_t i = 0; i < LANES; i++) {
		all[i] = (struct talker){ .lane = lanes[i], .chance = seed ^ (i + 1) * 0x9e3779b97f4a7c15ULL,
			.directory = open_at(lanes[i], kinds[kind_of(i)].options) };
		all[i].worker = newest_child();
	}
	unsigned end = total.talks + talks, third = total.talks + talks / 3;
	while (total.talks < end) {
		talk(all, LANES);
		for (size_t i = 0; third != 0 && total.talks > third && i < LANES; i++)
			all[i].resident_third = resident_kib(all[i].worker);
		third = total.talks > third ? 0 : third;
	}
	report();
	total.over = true;
	for (size_t i = 0; i < LANES; i++) {
		long resident = resident_kib(all[i].worker);
		unsigned fds = descriptors(all[i].worker);
		if (getenv("CS_TEST_DOUBTS") != NULL)
			print_message("worker %zu: %ld to %ld KiB, %u descriptors\n", i, all[i].resident_third,
				resident, fds);
		assert_in_range(fds, 0, 8);
		long most = __sanitizer_set_report_path != NULL ? GROWTH_SANITIZED : GROWTH_MAX;
		if (resident > all[i].resident_third + most)
			fail_msg("worker %zu grew from %ld to %ld KiB", i, all[i].resident_third, resident);
		cs_directory_close(&all[i].directory);
	}
	assert_int_equal(total.ended, 0);
}

/* One conversation on a new connection, with t's lie from this reply on. */
static void lie_to(struct talker *t, uint32_t first, bool on)
{
	fake_amend(&fake, t->lane, true);
	for (uint64_t end = cs_boot_ms() + NOTICE_MS; cs_boot_ms() < end;)
		turn(t->directory, NOTICE_MS);
	fake_order(t->lane, t->lie, first, on);
	t->waiting = true;
	t->asked_ms = cs_boot_ms();
	assert_int_equal(put_question(t->directory, t->which, SHORT, take, t), 0);
	while (t->waiting)
		turn(t->directory, 100);
}

/* Lies in every place of a conversation, told one after the other: what is sure is sure wherever it begins. */
static void test_a084_every_lie_in_every_place(void **state)
{
	(void)state;
	struct talker t = { .lane = lanes[0], .directory = open_at(lanes[0], kinds[0].options), .which = 1 };
	t.worker = newest_child();
	for (uint32_t lie = 0; lie < FAKE_LIES; lie++) {
		for (uint32_t round = 0; round < 20; round++) {
			uint32_t first = round % 5; /* bind, person, lock, two groups */
			t.lie = lie;
			t.sure = fake_lies[lie].sure && first < 2 && round < 10;
			lie_to(&t, first, round < 10);
			watch_worker(&t);
		}
	}
	cs_directory_close(&t.directory);
	assert_int_equal(total.ended, 0);
}

/* A server that takes connections and says these bytes to each of them, then nothing. */
static pid_t liar(unsigned *ret_port, const char *bytes, size_t n)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 16) == 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*ret_port = ntohs(address.sin_port);
	pid_t pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			int one = accept(fd, NULL, NULL);
			(void)!write(one, bytes, n);
		}
	}
	(void)close(fd);
	return pid;
}

static void test_a084_bytes_before_any_question_are_doubt(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t n;
	} lies[] = {
		{ "", 0 },
		{ "HTTP/1.1 400 Bad Request\r\n\r\n", 28 },
		{ "\x30\x84\x7f\xff\xff\xff\x02\x01\x01", 9 },          /* a message of 2 GiB */
		{ "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04", 11 }, /* the beginning of a good bind result */
		{ "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00\x30\x0c\x02\x01\x02\x65\x07\x0a\x01\x00"
		  "\x04\x00", 26 },
	};
	for (size_t i = 0; i < CS_COUNT(lies); i++) {
		unsigned port = 0;
		pid_t pid = liar(&port, lies[i].bytes, lies[i].n);
		struct fake_lane lane = { .port = port };
		(void)snprintf(lane.uri, sizeof(lane.uri), "ldap://127.0.0.1:%u", port);
		struct cs_directory *directory = open_at(&lane, "insecure_loopback = true SIMPLE");
		uint64_t begin = cs_boot_ms();
		enum cs_known answer = known(directory, 2001, "alice");
		uint64_t took = cs_boot_ms() - begin;
		cs_directory_close(&directory);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		assert_int_equal(answer, CS_KNOWN_DOUBT);
		assert_in_range(took, 0, DEADLINE + MARGIN);
	}
}

/* --- A server that takes connections and says nothing --- */

/* Time of the processor that a process has used, in ms. */
static long processor_ms(pid_t pid)
{
	char path[64];
	unsigned long user = 0, system_time = 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	if (fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system_time) != 2)
		user = system_time = 0;
	(void)fclose(file);
	return (long)(user + system_time) * 1000 / sysconf(_SC_CLK_TCK);
}

/* libldap with GnuTLS waits for the other's part of the handshake in a loop, whatever time limits it was given. */
static void test_a083_silence_in_a_handshake_costs_no_processor(void **state)
{
	(void)state;
	static const char *const options[] = { "ca_file = \"DIR/ca.pem\" SIMPLE",
		"starttls = true ca_file = \"DIR/ca.pem\" SIMPLE" };
	for (size_t i = 0; i < CS_COUNT(options); i++) {
		struct fake_lane lane = { .port = 0 };
		(void)snprintf(lane.uri, sizeof(lane.uri), i == 0 ? "ldaps://127.0.0.1:%u" : "ldap://127.0.0.1:%u",
			i == 0 ? server.tls_port : server.port);
		struct cs_directory *directory = open_at(&lane, options[i]);
		pid_t worker = newest_child();
		assert_int_equal(known(directory, 2001, "alice"), CS_KNOWN_YES);
		(void)kill(server.pid, SIGSTOP);
		assert_int_equal(waitpid(server.pid, NULL, WUNTRACED), server.pid); /* all its threads stand still */
		for (int k = 0; k < 3; k++) {
			enum cs_known answer = known(directory, 2001, "alice");
			if (answer != CS_KNOWN_DOUBT)
				(void)kill(server.pid, SIGCONT);
			assert_int_equal(answer, CS_KNOWN_DOUBT);
		}
		bool same = kill(worker, 0) == 0;
		long before = same ? processor_ms(worker) : 0;
		uint64_t begin = cs_boot_ms();
		while (cs_boot_ms() < begin + 2000)
			turn(directory, 100);
		long used = same && kill(worker, 0) == 0 ? processor_ms(worker) - before : -1;
		(void)kill(server.pid, SIGCONT);
		uint64_t end = cs_boot_ms() + HONEST_MS;
		while (known(directory, 2001, "alice") != CS_KNOWN_YES)
			assert_true(cs_boot_ms() < end);
		cs_directory_close(&directory);
		assert_int_not_equal(used, -1); /* not because it was stuck and another one took its place */
		assert_in_range(used, 0, HANDSHAKE_CPU_MS);
	}
}

/* Half of these entries fit into a message. None may keep the worker busy, for many ask it at the same time. */
static void test_a084_an_entry_of_too_much_costs_little(void **state)
{
	(void)state;
	struct talker t = { .lane = lanes[0], .directory = open_at(lanes[0], kinds[0].options), .which = 1 };
	pid_t worker = newest_child();
	long before = processor_ms(worker), used = 0;
	for (uint32_t lie = 0; lie < FAKE_LIES; lie++) {
		if (fake_lies[lie].tell != lie_many_attributes && fake_lies[lie].tell != lie_many_values)
			continue;
		for (uint32_t round = 0; round < TOO_MUCH; round++) {
			t.lie = lie;
			lie_to(&t, 1 + round % 2, true);
		}
	}
	used = kill(worker, 0) == 0 ? processor_ms(worker) - before : -1;
	cs_directory_close(&t.directory);
	print_message("entries of too much: %ld ms of processor each\n", used / (2 * TOO_MUCH));
	assert_in_range(used, 0, 2 * TOO_MUCH * TOO_MUCH_CPU_MS);
}

static void record_all(void)
{
	const char *const options[] = { "SIMPLE", "sasl_external = true" };
	for (size_t i = 0; i < CS_COUNT(options); i++) {
		struct cs_directory *directory = open_at(record, options[i]);
		for (size_t which = 0; which < QUESTIONS; which++) {
			struct heard heard = { 0 };
			assert_int_equal(put_question(directory, which, DEADLINE, hear, &heard), 0);
			wait_for(directory, &heard);
			assert_int_equal(heard.times, 1);
			if (heard.answer.facts[0].known != CS_KNOWN_YES)
				fail_msg("%s", heard.answer.facts[0].doubt);
			cs_clear(&cs_answer_shape, &honest[which]);
			honest[which] = heard.answer;
		}
		cs_directory_close(&directory);
	}
	assert_int_equal(honest[1].facts[0].n_memberships, 2);
	assert_int_equal(honest[2].listings[0].n_dns, 2);
	assert_in_range(*fake.recorded, 6, 100);
}

static int start_fake(void **state)
{
	(void)state;
	fake_init(&fake, &server);
	record = fake_add(&fake, "ldapi", server.dir, FAKE_RECORD, seed);
	for (size_t i = 0; i < LANES; i++)
		lanes[i] = fake_add(&fake, kinds[kind_of(i)].scheme, server.dir, kinds[kind_of(i)].orders,
			seed);
	fake_start(&fake);
	record_all();
	return 0;
}

static int end_fake(void **state)
{
	(void)state;
	for (size_t which = 0; which < QUESTIONS; which++)
		cs_clear(&cs_answer_shape, &honest[which]);
	fake_end(&fake);
	return 0;
}

static void read_environment(void)
{
	static char path[128];
	const char *text = getenv("CS_HOSTILE_SEED");
	if (text != NULL)
		seed = strtoull(text, NULL, 10);
	text = getenv("CS_HOSTILE_TALKS");
	if (text != NULL)
		talks = (unsigned)strtoul(text, NULL, 10);
	(void)snprintf(path, sizeof(path), "/tmp/countersign-hostile-%d", (int)getpid());
	if (__sanitizer_set_report_path != NULL)
		__sanitizer_set_report_path(path);
}

int main(void)
{
	read_environment();
	int r = server_make(&server, TREE_LDIF);
	if (r == 0) {
		const struct CMUnitTest tests[] = {
			cmocka_unit_test(test_a084_bytes_before_any_question_are_doubt),
			cmocka_unit_test(test_a084_an_entry_of_too_much_costs_little),
			cmocka_unit_test(test_a083_silence_in_a_handshake_costs_no_processor),
			cmocka_unit_test(test_a084_every_lie_in_every_place),
			cmocka_unit_test(test_a084_mutated_conversations),
		};
		r = cmocka_run_group_tests(tests, start_fake, end_fake);
	}
	if (r != 77)
		server_remove(&server);
	return r < 0 ? 1 : r;
}
