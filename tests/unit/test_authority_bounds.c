/* SPDX-License-Identifier: Apache-2.0 */
/* A060: what was taken in can be looked at. A request that is open fits a frame in every reply that shows it, with all
 * its votes, and a reject always finds room. */
#include "house.h"
#include "wire.h"

enum { CROWD = 250, FIRST = 3000 };

static void fits(enum cs_call_type type, const void *reply)
{
	struct cs_buf out;

	cs_buf_init(&out, 2 * CS_FRAME_MAX);
	if (cs_wire_put_reply(&out, cs_message_find((unsigned)type), 0, NULL, reply) < 0)
		fail_msg("the reply to %s does not fit a frame", cs_message_find((unsigned)type)->name);
	cs_buf_clear(&out);
}

/* Hundreds of people in infra, with long names. */
static void crowd(struct house *h)
{
	FILE *f = NULL;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s.crowd", h->people);
	f = fopen(path, "w");
	assert_non_null(f);
	(void)fprintf(f, "person alice { uid = 2001 id = \"id-alice\" dn = \"uid=alice,ou=people\" human = \"1001\" "
		"}\n");
	for (int i = 0; i < CROWD; i++)
		(void)fprintf(f, "person a-person-with-a-long-name-%03d { uid = %d id = \"id-%d\" dn = "
			"\"uid=p%d,ou=people,ou=%0200d\" }\n", i, FIRST + i, i, i, 0);
	(void)fprintf(f, "group tomcat { dn = \"cn=tomcat,ou=project\" attribute cn { value = \"tomcat\" } listed "
		"owner { people = { alice");
	for (int i = 0; i < CROWD; i++)
		(void)fprintf(f, ", a-person-with-a-long-name-%03d", i);
	(void)fprintf(f, " } } }\ngroup infra { dn = \"cn=infra,ou=groups\" attribute cn { value = \"infra\" } listed "
		"member { people = { ");
	for (int i = 0; i < CROWD; i++)
		(void)fprintf(f, "%sa-person-with-a-long-name-%03d", i ? ", " : "", i);
	(void)fprintf(f, " } } }\n");
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(rename(path, h->people), 0);
}

static int shown(struct house *h, uint32_t uid, uint64_t number)
{
	struct cs_caller caller = house_person(uid);
	struct cs_list list = { 0 };
	struct cs_list_answer rows = { 0 };
	struct cs_show_answer show = { 0 };
	int listed = 0;

	assert_int_equal(house_show(h, uid, number, &show), 0);
	fits(CS_CALL_SHOW, &show);
	cs_clear(&cs_show_answer_shape, &show);
	assert_int_equal(house_call(h, &caller, CS_CALL_LIST, &list, -1, &cs_list_answer_shape, &rows), 0);
	fits(CS_CALL_LIST, &rows);
	for (size_t i = 0; i < rows.n_rows; i++)
		listed |= rows.rows[i].number == number;
	cs_clear(&cs_list_answer_shape, &rows);
	return listed;
}

/* A vote with a comment of the greatest length; its reply has to fit too. */
static enum cs_reason vote(struct house *h, uint32_t uid, uint64_t number, enum cs_vote which)
{
	char comment[CS_MAX_REASON + 1], code[CS_CODE_LEN + 1];
	struct cs_caller caller = house_person(uid);
	struct cs_vote_call call = { .number = number, .vote = which, .comment = comment, .check_code = code };
	struct cs_decision reply = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	memset(comment, 'x', CS_MAX_REASON);
	comment[CS_MAX_REASON] = '\0';
	house_digest(h, number, call.digest);
	cs_check_code(call.digest, code);
	assert_int_equal(house_call(h, &caller, CS_CALL_VOTE, &call, -1, &cs_decision_shape, &reply), 0);
	fits(CS_CALL_VOTE, &reply);
	if (reply.reason == CS_WHY_LIMIT)
		assert_non_null(strstr(reply.text, "vote"));
	reason = reply.reason;
	cs_clear(&cs_decision_shape, &reply);
	return reason;
}

/* How many may approve before there is no more room; then a reject still comes through. */
static void votes_until_full(struct house *h, const struct cs_decision *d)
{
	struct cs_caller module = house_module(h, 7);
	struct cs_wait wait = { .wait_ms = 1 };
	struct cs_decision seen = { 0 };
	unsigned approved = 0;

	for (uint32_t i = 0; i < CROWD - 1; i++) {
		enum cs_reason reason = vote(h, FIRST + i, d->number, CS_VOTE_APPROVE);

		if (reason == CS_WHY_LIMIT)
			break;
		assert_int_equal(reason, CS_WHY_NEEDS_APPROVAL);
		approved++;
	}
	assert_true(approved >= 5);
	assert_true(approved < CROWD - 1);
	assert_int_equal(house_events(h, CS_EVENT_VOTE_REFUSED, CS_WHY_LIMIT), 1);
	assert_int_equal(shown(h, FIRST + CROWD - 1, d->number), 1);
	memcpy(wait.id, d->id, CS_ID_LEN);
	memcpy(wait.secret, d->secret, CS_ID_LEN);
	assert_int_equal(cs_authority_look(h->authority, &module, &wait, &seen), 0);
	fits(CS_CALL_WAIT, &seen);
	cs_clear(&cs_decision_shape, &seen);
	assert_int_equal(vote(h, FIRST + CROWD - 1, d->number, CS_VOTE_REJECT), CS_WHY_REJECTED);
	assert_int_equal(house_state(h, d->number), CS_REJECTED);
}

/* argv and environment of this size in all. */
static void submit_of(struct house *h, size_t size, struct cs_decision *ret)
{
	static char big[CS_MAX_ARG + 1];
	char *argv[16];
	struct house_sudo s;
	size_t n = 3;

	house_sudo_by(&s, ALICE, "alice");
	memcpy(argv, s.argv, sizeof(s.argv));
	memset(big, 'y', sizeof(big) - 1);
	for (; size >= 60000 && n < 15; size -= 60000)
		argv[n++] = big + CS_MAX_ARG - 60000;
	argv[n++] = big + CS_MAX_ARG - size;
	s.submit.action.argv = argv;
	s.submit.action.n_argv = n;
	assert_int_equal(house_submit(h, &s, 7, ret), 0);
	fits(CS_CALL_SUBMIT, ret);
}

static void load_policy(struct house *h, const char *before, const char *between, const char *after)
{
	char *text = NULL;

	assert_int_equal(cs_format(&text, "%.*s%s%s", (int)(before - house_policy), house_policy, between, after), 0);
	house_load(h, text);
	free(text);
}

/* The gate takes any arguments after the first. */
static void any_arguments(struct house *h)
{
	const char *at = strstr(house_policy, "%{project} *\"");

	load_policy(h, at, "%{project} **", at + strlen("%{project} *"));
}

/* The gate with this many rules of this many people each. */
static void many_rules(struct house *h, unsigned rules, const char *people)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(f);
	for (unsigned i = 0; i < rules; i++)
		(void)fprintf(f, "  approval rule-%u-%040d { count = 100 role = infra scope = \"*\" }\n", i, 0);
	(void)fprintf(f, "  people = %s\n", people);
	assert_int_equal(fclose(f), 0);
	load_policy(h, strstr(house_policy, "  approval committee"), text, strstr(house_policy, "  reason = required"));
	free(text);
}

static void test_authority_a060_largest_request_can_be_shown(void **state)
{
	static const size_t sizes[] = { 1000, 60000, 100000, 120000, 125000, 128000, 130000, 131000, 140000, 200000,
		250000 };
	struct house h;
	unsigned held = 0, refused = 0;

	(void)state;
	house_open(&h);
	any_arguments(&h);
	for (size_t i = 0; i < CS_COUNT(sizes); i++) {
		struct cs_decision d = { 0 };

		submit_of(&h, sizes[i], &d);
		if (d.verdict == CS_HOLD) {
			held++;
			assert_int_equal(shown(&h, BOB, d.number), 1);
			assert_int_equal(shown(&h, ALICE, d.number), 1);
			assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
			assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
			assert_int_equal(shown(&h, BOB, d.number), 1);
		} else {
			refused++;
			assert_int_equal(d.reason, CS_WHY_BAD_CALL);
			assert_non_null(strstr(d.text, "too l"));
		}
		cs_clear(&cs_decision_shape, &d);
	}
	assert_true(held >= 4 && refused >= 2);
	house_close(&h);
}

static void test_authority_a060_a_refusal_for_size_is_recorded(void **state)
{
	struct house h;
	struct cs_decision d = { 0 };

	(void)state;
	house_open(&h);
	any_arguments(&h);
	submit_of(&h, 200000, &d);
	assert_int_equal(d.verdict, CS_DENY);
	assert_int_equal(house_events(&h, CS_EVENT_DENIED, CS_WHY_BAD_CALL), 1);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a060_votes_fill_up_and_a_reject_fits(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	house_open(&h);
	crowd(&h);
	many_rules(&h, 2, "distinct");
	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(d.verdict, CS_HOLD);
	fits(CS_CALL_SUBMIT, &d);
	votes_until_full(&h, &d);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_authority_a060_many_rules_and_a_large_group_fit(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	house_open(&h);
	crowd(&h);
	many_rules(&h, 32, "shared");
	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(&h, &s, 7, &d), 0);
	assert_int_equal(d.verdict, CS_HOLD);
	fits(CS_CALL_SUBMIT, &d);
	assert_true(d.needs[0].n_who > 10);
	assert_int_equal(shown(&h, FIRST, d.number), 1);
	votes_until_full(&h, &d);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* Every event comes through, however long, and the pages together are the whole chain. */
static void test_authority_a060_evidence_pages_fit(void **state)
{
	struct house h;
	struct cs_caller root = house_person(0);
	uint64_t next = 1, last = 0;

	(void)state;
	house_open(&h);
	any_arguments(&h);
	for (size_t size = 100000; size < 132000; size += 4000) {
		struct cs_decision d = { 0 };

		submit_of(&h, size, &d);
		cs_clear(&cs_decision_shape, &d);
	}
	do {
		struct cs_evidence_call call = { next, 500 };
		struct cs_evidence_answer page = { 0 };

		assert_int_equal(house_call(&h, &root, CS_CALL_EVIDENCE, &call, -1, &cs_evidence_answer_shape, &page),
			0);
		fits(CS_CALL_EVIDENCE, &page);
		assert_true(page.n_records > 0);
		for (size_t i = 0; i < page.n_records; i++)
			assert_int_equal(page.records[i].number, next++);
		last = page.last;
		cs_clear(&cs_evidence_answer_shape, &page);
	} while (next <= last);
	assert_true(last >= 8);
	house_close(&h);
}

/* Rows of the greatest length, many of them. */
static void test_authority_a060_list_of_long_rows_fits(void **state)
{
	struct house h;
	struct cs_caller root = house_person(0);
	struct cs_list list = { .all = true };
	struct cs_list_answer rows = { 0 };

	(void)state;
	house_open(&h);
	any_arguments(&h);
	for (size_t i = 0; i < 20; i++) {
		struct cs_decision d = { 0 };

		submit_of(&h, 50000 + i, &d);
		cs_clear(&cs_decision_shape, &d);
	}
	assert_int_equal(house_call(&h, &root, CS_CALL_LIST, &list, -1, &cs_list_answer_shape, &rows), 0);
	fits(CS_CALL_LIST, &rows);
	assert_true(rows.n_rows >= 20);
	assert_true(strlen(rows.rows[0].line) <= CS_MAX_TEXT);
	assert_non_null(strstr(rows.rows[0].line, "[more: see show]"));
	cs_clear(&cs_list_answer_shape, &rows);
	house_close(&h);
}

/* What runs, with the longest line and the longest word about its end: a page of it, what whoever attends is told, and the reply to
 * who ended it. Kills: rows without a bound; a text of the end that no answer has room for. */
static void test_authority_a060_what_runs_and_its_end_fit(void **state)
{
	char why[CS_MAX_REASON + 1];
	struct house h;
	struct cs_caller root = house_person(0), module;
	struct cs_decision d = { 0 }, reply = { 0 };
	struct cs_sessions all = { .all = true };
	struct cs_sessions_answer rows = { 0 };
	struct cs_attend attend = { .kind = CS_ATTEND_COMMAND };
	struct cs_attend_answer answer = { 0 };
	struct cs_end end = { .reason = why };

	(void)state;
	memset(why, 'x', CS_MAX_REASON);
	why[CS_MAX_REASON] = '\0';
	house_open(&h);
	any_arguments(&h);
	submit_of(&h, 50000, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(house_claim(&h, &d, 7, &reply), 0);
	assert_int_equal(reply.verdict, CS_PERMIT);
	cs_clear(&cs_decision_shape, &reply);
	attend.number = end.number = d.number;
	memcpy(attend.id, d.id, CS_ID_LEN);
	for (uint64_t i = 0; i < 120; i++) {
		module = house_module(&h, 100 + i);
		assert_int_equal(house_call(&h, &module, CS_CALL_ATTEND, &attend, -1, &cs_attend_answer_shape, &answer), 0);
		cs_clear(&cs_attend_answer_shape, &answer);
	}
	assert_int_equal(house_call(&h, &root, CS_CALL_SESSIONS, &all, -1, &cs_sessions_answer_shape, &rows), 0);
	fits(CS_CALL_SESSIONS, &rows);
	assert_true(rows.more && rows.n_sessions >= 20 && rows.n_sessions < 120);
	assert_true(strlen(rows.sessions[0].line) <= CS_MAX_TEXT);
	cs_clear(&cs_sessions_answer_shape, &rows);
	assert_int_equal(house_call(&h, &root, CS_CALL_END, &end, -1, &cs_decision_shape, &reply), 0);
	assert_int_equal(reply.reason, CS_WHY_ENDED);
	fits(CS_CALL_END, &reply);
	cs_clear(&cs_decision_shape, &reply);
	assert_int_equal(cs_authority_attended(h.authority, &module, &attend, &answer), 0);
	assert_true(answer.end);
	fits(CS_CALL_ATTEND, &answer);
	cs_clear(&cs_attend_answer_shape, &answer);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* --- Programs that ask ------------------------------------------------------------------------------------------------ */

static const char job_policy[] =
	"service run { unmatched = permit }\n"
	"permission release.deploy { label = \"Deploy\" } permission release.approve { label = \"Approve\" }\n"
	"role pmc { permissions = { release.deploy, release.approve } }\n"
	"assignment owners { role = pmc scope = \"project/%{cn}\" below = \"ou=project\" listed = owner }\n"
	"gate job { service = run command = \"/usr/local/sbin/deploy-release %{project} **\" exposed_file = permit\n"
	"  permission = release.deploy scope = \"project/%{project}\"\n"
	"  approval committee { count = 1 permission = release.approve } }\n";

/* As much as a caller can say beside arguments of this size in all. */
static void ask_of(struct house *h, size_t size, struct cs_decision *ret)
{
	static char big[CS_MAX_ARG + 1], reason[CS_MAX_REASON + 1], cwd[CS_MAX_PATH + 1], tty[CS_MAX_NAME + 1], run[] = "run",
		job[] = "job", command[] = "/usr/local/sbin/deploy-release", project[] = "tomcat", env[] = "LANG=C";
	struct cs_caller caller = house_person(ALICE);
	char *argv[16] = { command, project }, *envs[CS_MAX_ENV];
	struct cs_ask call = { .service = run, .gate = job, .command = command, .argv = argv, .cwd = cwd, .env = envs,
		.n_env = CS_MAX_ENV, .tty = tty, .reason = reason, .may_wait = true, .has_file = true };
	int fd = open(h->program, O_RDONLY | O_CLOEXEC);

	memset(big, 'y', sizeof(big) - 1);
	memset(reason, 'r', sizeof(reason) - 1);
	memset(cwd, 'd', sizeof(cwd) - 1);
	cwd[0] = '/';
	memset(tty, 't', sizeof(tty) - 1);
	for (size_t i = 0; i < CS_MAX_ENV; i++)
		envs[i] = env;
	call.n_argv = 2;
	for (; size >= 60000 && call.n_argv < 15; size -= 60000)
		argv[call.n_argv++] = big + CS_MAX_ARG - 60000;
	argv[call.n_argv++] = big + CS_MAX_ARG - size;
	caller.connection = 7;
	assert_int_equal(house_call(h, &caller, CS_CALL_ASK, &call, fd, &cs_decision_shape, ret), 0);
	(void)close(fd);
	fits(CS_CALL_ASK, ret);
}

/* What is held can be shown, waited for, approved and used; what cannot is refused, with its event. Kills: an ask that is held
 * without the look at its size. */
static void test_authority_a060_largest_ask_can_be_shown(void **state)
{
	static const size_t sizes[] = { 0, 60000, 100000, 115000, 120000, 122500, 125000, 127500, 130000, 140000, 200000, 240000 };
	struct house h;
	unsigned held = 0, refused = 0;

	(void)state;
	house_open(&h);
	house_load(&h, job_policy);
	for (size_t i = 0; i < CS_COUNT(sizes); i++) {
		struct cs_decision d = { 0 }, used = { 0 };
		struct cs_caller caller = house_person(ALICE);
		struct cs_claim claim = { .has_file = true };
		int fd = open(h.program, O_RDONLY | O_CLOEXEC);

		caller.connection = 7;
		ask_of(&h, sizes[i], &d);
		if (d.verdict == CS_HOLD) {
			held++;
			assert_int_equal(shown(&h, BOB, d.number), 1);
			assert_int_equal(shown(&h, ALICE, d.number), 1);
			assert_int_equal(vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
			memcpy(claim.id, d.id, CS_ID_LEN);
			memcpy(claim.secret, d.secret, CS_ID_LEN);
			assert_int_equal(house_call(&h, &caller, CS_CALL_CLAIM, &claim, fd, &cs_decision_shape, &used), 0);
			assert_int_equal(used.verdict, CS_PERMIT);
			fits(CS_CALL_CLAIM, &used);
			assert_int_equal(shown(&h, BOB, d.number), 0);
		} else {
			refused++;
			assert_int_equal(d.reason, CS_WHY_BAD_CALL);
			assert_non_null(strstr(d.text, "too l"));
			assert_int_equal(house_events(&h, CS_EVENT_DENIED, CS_WHY_BAD_CALL), refused);
		}
		(void)close(fd);
		cs_clear(&cs_decision_shape, &used);
		cs_clear(&cs_decision_shape, &d);
	}
	assert_true(held >= 4 && refused >= 2);
	house_close(&h);
}

/* --- Who looks on ------------------------------------------------------------------------------------------------------- */

enum { ONLOOKERS = 16, ATTENDS = 100, STREAMS = 101, LOOKS = 200, SHOWN = 12 * CS_MAX_STREAM };

/* alice, and so many more owners than may look on at once, with the longest names that people have. */
static void onlookers(struct house *h)
{
	FILE *f = NULL;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s.onlookers", h->people);
	f = fopen(path, "w");
	assert_non_null(f);
	(void)fprintf(f, "person alice { uid = 2001 id = \"id-alice\" dn = \"uid=alice,ou=people\" human = \"1001\" }\n");
	for (int i = 0; i <= ONLOOKERS; i++)
		(void)fprintf(f, "person p%031d { uid = %d id = \"id-%d\" dn = \"uid=p%d,ou=people\" }\n", i, FIRST + i, i, i);
	(void)fprintf(f, "group tomcat { dn = \"cn=tomcat,ou=project\" attribute cn { value = \"tomcat\" } listed "
		"owner { people = { alice");
	for (int i = 0; i <= ONLOOKERS; i++)
		(void)fprintf(f, ", p%031d", i);
	(void)fprintf(f, " } } }\n");
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(rename(path, h->people), 0);
}

/* `deploy` runs, is attended to, and others may look on. */
static void runs_watched(struct house *h, struct cs_attend *attend, struct cs_attend_answer *answer)
{
	struct cs_caller module = house_module(h, ATTENDS);
	struct cs_decision d = { 0 }, used = { 0 };
	struct house_sudo s;

	load_policy(h, strstr(house_policy, "  approval infra"), "  watch = allowed\n", strstr(house_policy, "  reason = required"));
	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(h, &s, 7, &d), 0);
	if (d.verdict != CS_HOLD)
		fail_msg("%s: %s", cs_reason_name(d.reason), d.text);
	assert_int_equal(vote(h, FIRST, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(house_claim(h, &d, 7, &used), 0);
	assert_int_equal(used.verdict, CS_PERMIT);
	*attend = (struct cs_attend){ .kind = CS_ATTEND_COMMAND, .number = d.number, .pid = 4711 };
	memcpy(attend->id, d.id, CS_ID_LEN);
	assert_int_equal(house_call(h, &module, CS_CALL_ATTEND, attend, -1, &cs_attend_answer_shape, answer), 0);
	cs_clear(&cs_attend_answer_shape, answer);
	cs_clear(&cs_decision_shape, &used);
	cs_clear(&cs_decision_shape, &d);
}

/* More than is kept, in pieces of the greatest length. */
static void streams(struct house *h, const struct cs_attend *attend, struct cs_attend_answer *answer)
{
	static uint8_t piece[CS_MAX_STREAM];
	struct cs_caller module = house_module(h, STREAMS);
	struct cs_stream call = { .number = attend->number, .pid = attend->pid, .kind = CS_STREAM_OUT, .bytes = piece,
		.n_bytes = sizeof(piece) };

	memcpy(call.id, attend->id, CS_ID_LEN);
	for (size_t n = 0; n < SHOWN; n += sizeof(piece)) {
		cs_clear(&cs_attend_answer_shape, answer);
		assert_int_equal(house_call(h, &module, CS_CALL_STREAM, &call, -1, &cs_attend_answer_shape, answer), 0);
		fits(CS_CALL_STREAM, answer);
	}
}

/* Page by page from the first that is kept to the last; how many bytes. */
static size_t looks_at_all(struct house *h, uint32_t uid, uint64_t connection, uint64_t number, struct cs_screen_answer *last)
{
	struct cs_screen call = { .number = number };
	struct cs_caller caller = house_person(uid);
	size_t n = 0;

	caller.connection = connection;
	do {
		cs_clear(&cs_screen_answer_shape, last);
		assert_int_equal(house_call(h, &caller, CS_CALL_SCREEN, &call, -1, &cs_screen_answer_shape, last), 0);
		fits(CS_CALL_SCREEN, last);
		assert_true(call.from == 0 || last->from == call.from);
		n += last->n_bytes;
		call.from = last->from + last->n_bytes;
	} while (call.from < SHOWN && last->n_bytes > 0);
	assert_int_equal(call.from, SHOWN);
	return n;
}

/* Whatever passes over a terminal and whoever looks on: every answer fits, and the pages are all that is kept. Kills: screen_read
 * without its bound; a name of who looks on that is left out; a seventeenth who looks on. */
static void test_authority_a060_a_terminal_and_who_looks_on_fit(void **state)
{
	char why[CS_MAX_REASON + 1];
	struct house h;
	struct cs_attend attend;
	struct cs_attend_answer answer = { 0 };
	struct cs_screen_answer screen = { 0 };
	struct cs_caller module, root = house_person(0), late = house_person(FIRST + ONLOOKERS);
	struct cs_end end = { .reason = why };
	struct cs_screen look = { 0 };
	struct cs_decision reply = { 0 };

	(void)state;
	memset(why, 'x', CS_MAX_REASON);
	why[CS_MAX_REASON] = '\0';
	house_open(&h);
	onlookers(&h);
	runs_watched(&h, &attend, &answer);
	streams(&h, &attend, &answer);
	for (uint32_t i = 0; i < ONLOOKERS; i++)
		assert_int_equal(looks_at_all(&h, FIRST + i, LOOKS + i, attend.number, &screen), 256 * 1024);
	look.number = attend.number;
	late.connection = LOOKS + ONLOOKERS;
	cs_clear(&cs_screen_answer_shape, &screen);
	assert_int_equal(house_call(&h, &late, CS_CALL_SCREEN, &look, -1, &cs_screen_answer_shape, &screen), CS_EBUSY);
	module = house_module(&h, ATTENDS);
	cs_clear(&cs_attend_answer_shape, &answer);
	assert_int_equal(cs_authority_attended(h.authority, &module, &attend, &answer), 0);
	fits(CS_CALL_ATTEND, &answer);
	assert_int_equal(answer.watchers, ONLOOKERS);
	assert_int_equal(strlen(answer.watched_by), ONLOOKERS * 32 + (ONLOOKERS - 1) * 2);
	end.number = attend.number;
	assert_int_equal(house_call(&h, &root, CS_CALL_END, &end, -1, &cs_decision_shape, &reply), 0);
	cs_clear(&cs_decision_shape, &reply);
	cs_authority_gone(h.authority, &module);
	cs_authority_turn(h.authority);
	(void)looks_at_all(&h, FIRST, LOOKS, attend.number, &screen);
	assert_true(screen.over && strlen(screen.text) > CS_MAX_REASON);
	cs_clear(&cs_screen_answer_shape, &screen);
	cs_clear(&cs_attend_answer_shape, &answer);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority_a060_largest_request_can_be_shown),
		cmocka_unit_test(test_authority_a060_a_refusal_for_size_is_recorded),
		cmocka_unit_test(test_authority_a060_votes_fill_up_and_a_reject_fits),
		cmocka_unit_test(test_authority_a060_many_rules_and_a_large_group_fit),
		cmocka_unit_test(test_authority_a060_evidence_pages_fit),
		cmocka_unit_test(test_authority_a060_list_of_long_rows_fits),
		cmocka_unit_test(test_authority_a060_what_runs_and_its_end_fit),
		cmocka_unit_test(test_authority_a060_largest_ask_can_be_shown),
		cmocka_unit_test(test_authority_a060_a_terminal_and_who_looks_on_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
