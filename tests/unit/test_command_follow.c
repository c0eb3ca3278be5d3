/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that name a request by a prefix, wait for it, watch it, and take several; the whole program against a server
 * that plays the daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "command_server.h"
#include "crypto.h"

/* --- A request that goes through states ----------------------------------------------------------------------------- */

static enum cs_state states[8]; /* one for each look; the last one stays */
static unsigned looks;
static uint64_t change;
static unsigned restarts; /* so many watches end with the connection */

static void add_vote(struct cs_decision *decision, enum cs_vote vote, const char *name, const char *comment)
{
	struct cs_approval *votes = realloc(decision->votes, (decision->n_votes + 1) * sizeof(*votes));

	assert_non_null(votes);
	decision->votes = votes;
	votes[decision->n_votes] = (struct cs_approval){ .vote = vote, .person = { .name = strdup(name),
		.id = strdup(name) }, .comment = strdup(comment), .wall_ms = 1000 };
	decision->n_votes++;
}

static int show_state(struct cs_show_answer *shown)
{
	size_t at = looks < CS_COUNT(states) ? looks : CS_COUNT(states) - 1;

	while (at > 0 && states[at] == CS_STATE_NONE)
		at--;
	looks++;
	shown->request.subject.name = strdup("alice");
	shown->request.action.service = strdup("sudo");
	shown->request.action.command = strdup("/bin/x");
	shown->decision.number = 4;
	shown->decision.state = states[at];
	shown->decision.version = at + 1;
	if (states[at] != CS_PENDING || at > 0)
		add_vote(&shown->decision, states[at] == CS_REJECTED ? CS_VOTE_REJECT : CS_VOTE_APPROVE, "bob",
			"not on a\nFriday");
	return 0;
}

static int one_life(enum cs_call_type type, const void *call, void *reply, char **text)
{
	const struct cs_watch *watch = call;
	struct cs_watch_answer *told = reply;

	(void)text;
	if (type == CS_CALL_SHOW)
		return show_state(reply);
	assert_int_equal(type, CS_CALL_WATCH);
	assert_true(watch->wait_ms <= 10000);
	if (restarts > 0 && watch->seen != 0) {
		restarts--;
		change = 0; /* it begins again */
		hang_up = true;
		return 0;
	}
	told->change = ++change;
	return 0;
}

static void play(enum cs_state first, enum cs_state last)
{
	memset(states, 0, sizeof(states));
	states[0] = first;
	states[1] = last;
	looks = 0;
	change = 0;
	restarts = 0;
}

static void wait_has_a_status_for_each_end(void **state)
{
	static const struct {
		enum cs_state state;
		int status;
		const char *says;
	} rows[] = { { CS_APPROVED, 0, "request 4 is approved" }, { CS_USED, 0, "request 4 was approved and used" },
		{ CS_REJECTED, 11, "request 4 was rejected by bob: not on a\\nFriday" },
		{ CS_CANCELLED, 12, "request 4 was cancelled" }, { CS_EXPIRED, 13, "request 4 expired" },
		{ CS_UNANSWERED, 14, "nobody answered" } };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(rows); i++) {
		play(CS_PENDING, rows[i].state);
		RUN(one_life, "wait", "#4");
		assert_int_equal(ran.status, rows[i].status);
		assert_has(ran.out, rows[i].says);
		assert_string_equal(ran.err, "");
		assert_int_equal(looks, 2);
	}
}

/* Kills: looking before the change is known, where a vote in between would be slept through. */
static void wait_knows_the_change_before_it_looks(void **state)
{
	(void)state;
	play(CS_APPROVED, CS_APPROVED);
	RUN(one_life, "wait", "4", "--json");
	assert_int_equal(ran.status, 0);
	assert_int_equal(calls[CS_CALL_WATCH], 1);
	assert_int_equal(calls[CS_CALL_SHOW], 1);
	assert_has(ran.out, "\"status\": \"approved\"");
	assert_has(ran.out, "\"approval_summary\": []");
}

static void wait_ends_at_its_timeout(void **state)
{
	(void)state;
	play(CS_PENDING, CS_PENDING);
	RUN(one_life, "wait", "4", "--timeout", "1s");
	assert_int_equal(ran.status, 10);
	assert_has(ran.out, "request 4 is still pending");
	RUN(one_life, "wait", "4", "--timeout", "soon");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
}

static void wait_outlives_a_restart_and_says_so(void **state)
{
	(void)state;
	play(CS_PENDING, CS_APPROVED);
	restarts = 2;
	RUN(one_life, "wait", "4");
	assert_int_equal(ran.status, 0);
	assert_has(ran.err, "it is asked again until it answers");
	assert_has(ran.err, "countersign: countersignd answers again\n");
}

static void an_absent_daemon_is_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(unlink(socket_path), 0);
	RUN(one_life, "wait", "4");
	assert_int_equal(ran.status, CS_EXIT_UNAVAILABLE);
}

/* --- Watching ------------------------------------------------------------------------------------------------------- */

static void watching_one_is_a_line_a_change_in_a_pipe(void **state)
{
	(void)state;
	play(CS_PENDING, CS_PENDING);
	states[2] = CS_USED;
	RUN(one_life, "watch", "4");
	assert_int_equal(ran.status, 0);
	assert_has(ran.out, "request 4 is still pending\n");
	assert_has(ran.out, "#4  approved by bob: not on a\\nFriday\n");
	assert_has(ran.out, "request 4 was approved and used\n");
	assert_null(strchr(ran.out, '\033'));
}

static unsigned screens;
static int screen_error; /* of the first look */

static int show_screen(const struct cs_screen *asked, struct cs_screen_answer *told, char **text)
{
	static const struct {
		uint64_t from;
		const char *bytes;
		bool over;
	} rows[] = { { 0, "first\n", false }, { 0, "first\n", false }, { 6, "red \033[31mred\033]0;title\a\n", false },
		{ 1000, "later", false }, { 1005, "", true } };
	size_t at = screens < CS_COUNT(rows) ? screens : CS_COUNT(rows) - 1;

	if (screen_error < 0) {
		*text = strdup("not for you");
		return screen_error;
	}
	screens++;
	assert_int_equal(asked->number, 4);
	assert_true(at < 3 || asked->session == 9);
	told->session = 9;
	told->from = rows[at].from;
	told->n_bytes = strlen(rows[at].bytes);
	told->bytes = (uint8_t *)strdup(rows[at].bytes);
	told->over = rows[at].over;
	told->text = strdup("ended by bob: no\033");
	return 0;
}

static bool mine;

static int one_that_runs(enum cs_call_type type, const void *call, void *reply, char **text)
{
	int r = type == CS_CALL_SCREEN ? show_screen(call, reply, text) : one_life(type, call, reply, text);

	if (type == CS_CALL_SHOW) {
		struct cs_show_answer *shown = reply;

		shown->mine = mine;
		shown->decision.watch = CS_WATCH_ALLOWED;
		shown->decision.used = shown->decision.state == CS_USED ? 1 : 0;
	}
	return r;
}

static void play_screen(int error, bool own)
{
	play(CS_PENDING, CS_USED);
	screens = 0;
	screen_error = error;
	mine = own;
}

/* What is left out is said; in a pipe there are lines alone. Kills: tell_gap; plain; over. */
static void watching_what_runs_in_a_pipe(void **state)
{
	(void)state;
	play_screen(0, false);
	RUN(one_that_runs, "watch", "4");
	assert_int_equal(ran.status, 0);
	assert_has(ran.out, "first\nred red\nlater");
	assert_null(strchr(ran.out, '\033'));
	assert_has(ran.err, "request 4: 971 bytes were left out here\n");
	assert_has(ran.err, "request 4: ended by bob: no\\x1B\n");
	play_screen(0, false);
	RUN(one_that_runs, "watch", "--json", "4");
	assert_int_equal(ran.status, 0);
	assert_has(ran.out, "\"over\":true");
	play_screen(0, true); /* one's own is none to look at */
	RUN(one_that_runs, "watch", "4");
	assert_int_equal(ran.status, 0);
	assert_int_equal(screens, 0);
}

static void watching_what_runs_is_refused(void **state)
{
	static const struct {
		int error, status;
	} rows[] = { { CS_EPERM, CS_EXIT_NOT_PERMITTED }, { CS_EDOUBT, CS_EXIT_DOUBT } };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(rows); i++) {
		play_screen(rows[i].error, false);
		RUN(one_that_runs, "watch", "4");
		assert_int_equal(ran.status, rows[i].status);
		assert_has(ran.err, "not for you");
	}
}

static void watching_one_on_a_terminal_draws_it_again(void **state)
{
	const char *const words[] = { "watch", "4" };

	(void)state;
	play(CS_PENDING, CS_REJECTED);
	setenv("TERM", "xterm", 1);
	run_on_terminal(one_life, NULL, words, 2);
	assert_int_equal(ran.status, 11);
	assert_has(ran.out, "\033[H\033[2JRequest 4  pending");
	assert_has(ran.out, "Ctrl-C ends this.");
	assert_has(ran.out, "\033[H\033[2JRequest 4  rejected");
	play(CS_PENDING, CS_REJECTED);
	setenv("TERM", "dumb", 1);
	run_on_terminal(one_life, NULL, words, 2);
	assert_null(strchr(ran.out, '\033'));
	assert_has(ran.out, "rejected by bob");
}

static unsigned lists;

static void add_row(struct cs_list_answer *list, uint64_t number, enum cs_state how, uint32_t missing)
{
	struct cs_list_row *row = &list->rows[list->n_rows++];

	row->number = number;
	row->state = how;
	row->missing = missing;
	row->requester = strdup("alice");
	row->line = strdup("sudo /bin/x");
	memset(row->id, number == 5 ? 0xab : 0xac, CS_ID_LEN);
}

/* 3 is closed from the beginning; 4 is approved; 5 is new. Then the end. */
static int some_lists(enum cs_call_type type, const void *call, void *reply, char **text)
{
	struct cs_list_answer *list = reply;

	if (type == CS_CALL_WATCH) {
		((struct cs_watch_answer *)reply)->change = ++change;
		return 0;
	}
	assert_int_equal(type, CS_CALL_LIST);
	assert_true(((const struct cs_list *)call)->all);
	list->rows = calloc(3, sizeof(*list->rows));
	switch (lists++) {
	case 0:
		add_row(list, 4, CS_PENDING, 2);
		break;
	case 1:
		add_row(list, 4, CS_PENDING, 1);
		break;
	case 2:
		add_row(list, 5, CS_PENDING, 1);
		add_row(list, 4, CS_APPROVED, 0);
		break;
	default:
		*text = strdup("the end of this test");
		return CS_EPERM;
	}
	add_row(list, 3, CS_USED, 0);
	return 0;
}

static void watching_all_is_a_line_a_change_in_a_pipe(void **state)
{
	static const char *const lines[] = { "#4  pending, 2 people missing  alice  sudo /bin/x\n",
		"#4  pending, 1 person missing  alice  sudo /bin/x\n", "#4  approved  alice  sudo /bin/x\n",
		"#5  pending, 1 person missing  alice  sudo /bin/x\n" };
	const char *at = NULL;

	(void)state;
	lists = 0;
	change = 0;
	RUN(some_lists, "watch");
	assert_int_equal(ran.status, CS_EXIT_NOT_PERMITTED);
	at = ran.out;
	for (size_t i = 0; i < CS_COUNT(lines); i++) {
		at = strstr(at, lines[i]);
		if (at == NULL)
			fail_msg("%s is not there, or not in order:\n%s", lines[i], ran.out);
	}
	assert_null(strstr(ran.out, "#3"));
	lists = 0;
	RUN(some_lists, "watch", "--json");
	assert_has(ran.out, "\"number\":4,\"state\":\"approved\"");
	for (const char *line = ran.out; *line != '\0'; line = strchr(line, '\n') + 1)
		assert_int_equal(*line, '{');
}

/* --- Naming --------------------------------------------------------------------------------------------------------- */

static int two_begin_so(enum cs_call_type type, const void *call, void *reply, char **text)
{
	const struct cs_show *show = call;
	struct cs_list_answer *list = reply;

	if (type == CS_CALL_SHOW) {
		assert_string_equal(show->prefix, "abab");
		assert_int_equal(show->number, 0);
		*text = strdup("several begin so");
		return CS_ECONFLICT;
	}
	assert_int_equal(type, CS_CALL_LIST);
	list->rows = calloc(3, sizeof(*list->rows));
	add_row(list, 5, CS_PENDING, 1);
	add_row(list, 4, CS_USED, 1);
	return 0;
}

static void several_that_begin_so_are_listed(void **state)
{
	static const char *const commands[] = { "show", "approve", "reject", "cancel", "withdraw", "watch", "wait", "repeat" };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(commands); i++) {
		RUN(two_begin_so, commands[i], "ABAB");
		assert_int_equal(ran.status, CS_EXIT_USAGE);
		assert_has(ran.err, "several requests begin so: abab");
		assert_has(ran.err, "#5  abababababababababababababababab  pending  alice  sudo /bin/x\n");
		assert_null(strstr(ran.err, "#4"));
		assert_int_equal(calls[CS_CALL_VOTE] + calls[CS_CALL_CANCEL], 0);
	}
}

/* --- Several at once, and taking back ------------------------------------------------------------------------------- */

static int cancels(enum cs_call_type type, const void *call, void *reply, char **text)
{
	struct cs_decision *decision = reply;

	assert_int_equal(type, CS_CALL_CANCEL);
	if (((const struct cs_cancel *)call)->number == 5) {
		*text = strdup("only the requester and root cancel a request");
		return CS_EPERM;
	}
	decision->reason = CS_WHY_CANCELLED;
	return 0;
}

static void one_that_fails_does_not_keep_the_others(void **state)
{
	(void)state;
	RUN(cancels, "cancel", "4", "5", "6");
	assert_int_equal(ran.status, CS_EXIT_NOT_PERMITTED);
	assert_string_equal(ran.out, "request 4 is cancelled\nrequest 6 is cancelled\n");
	assert_has(ran.err, "request 5");
	assert_int_equal(calls[CS_CALL_CANCEL], 3);
}

static enum cs_reason reason_of_withdrawal;

static int withdrawals(enum cs_call_type type, const void *call, void *reply, char **text)
{
	struct cs_show_answer *shown = reply;
	struct cs_decision *decision = reply;
	struct cs_buf bytes;

	(void)call;
	(void)text;
	if (type == CS_CALL_SHOW) {
		shown->decision.number = 4;
		cs_buf_init(&bytes, 65536);
		assert_int_equal(cs_request_encode(&shown->request, &bytes), 0);
		assert_int_equal(cs_digest(CS_DOMAIN_REQUEST, bytes.data, bytes.len, shown->digest), 0);
		cs_buf_clear(&bytes);
		return 0;
	}
	assert_int_equal(type, CS_CALL_VOTE);
	decision->reason = reason_of_withdrawal;
	decision->state = CS_PENDING;
	return 0;
}

static void a_vote_is_taken_back_without_a_code(void **state)
{
	(void)state;
	reason_of_withdrawal = CS_WHY_NEEDS_APPROVAL;
	RUN(withdrawals, "withdraw", "4", "--comment", "I was wrong");
	assert_int_equal(ran.status, 0);
	assert_int_equal(voted.vote, CS_VOTE_WITHDRAW);
	assert_int_equal(voted.number, 4);
	assert_string_equal(voted.comment, "I was wrong");
	assert_string_equal(ran.out, "your vote on request 4 is withdrawn; it is pending\n");
	reason_of_withdrawal = CS_WHY_STATE;
	RUN(withdrawals, "withdraw", "4");
	assert_int_equal(ran.status, 1);
	assert_has(ran.err, "nothing was withdrawn");
}

/* --- Asking ahead --------------------------------------------------------------------------------------------------- */

static int no_call(enum cs_call_type type, const void *call, void *reply, char **text)
{
	(void)call;
	(void)reply;
	(void)text;
	fail_msg("no call was due, but %d came", (int)type);
	return CS_EINVAL;
}

static void what_cannot_be_asked_ahead_is_refused_before_anything(void **state)
{
	(void)state;
	RUN(no_call, "request");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
	RUN(no_call, "request", "--", "rm", "-rf", "/");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
	assert_has(ran.err, "only a sudo command can be asked for ahead: rm");
	RUN(no_call, "request", "--", "sudo");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
	RUN(no_call, "request", "--at", "yesterday", "--", "sudo", "true");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
	assert_has(ran.err, "write it as 2026-11-21T22:00, 22:00 or +2h");
	/* a start is nothing for a command that runs now */
	RUN(no_call, "list", "--at", "22:00");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
	RUN(no_call, "--at", "22:00");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
}

static int only_status(enum cs_call_type type, const void *call, void *reply, char **text)
{
	(void)call;
	(void)reply;
	(void)text;
	assert_int_equal(type, CS_CALL_STATUS);
	return 0;
}

static bool sudo_asks_here(void)
{
	FILE *file = fopen("/etc/sudo.conf", "re");
	char line[4096];
	bool found = false;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		found = found || strncmp(line, "Plugin sudo_countersign", 23) == 0;
	if (file != NULL)
		fclose(file);
	return found;
}

/* Kills: leaving out the look at sudo.conf: a sudo without the plugin would run it. */
static void a_sudo_that_does_not_ask_is_not_run(void **state)
{
	(void)state;
	if (sudo_asks_here())
		skip();
	RUN(only_status, "request", "--", "sudo", "/bin/false");
	assert_int_equal(ran.status, CS_EXIT_UNAVAILABLE);
	assert_has(ran.err, "sudo on this host does not ask, and would run the command");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wait_has_a_status_for_each_end),
		TEST(wait_knows_the_change_before_it_looks),
		TEST(wait_ends_at_its_timeout),
		TEST(wait_outlives_a_restart_and_says_so),
		TEST(an_absent_daemon_is_not_waited_for),
		TEST(watching_one_is_a_line_a_change_in_a_pipe),
		TEST(watching_what_runs_in_a_pipe),
		TEST(watching_what_runs_is_refused),
		TEST(watching_one_on_a_terminal_draws_it_again),
		TEST(watching_all_is_a_line_a_change_in_a_pipe),
		TEST(several_that_begin_so_are_listed),
		TEST(one_that_fails_does_not_keep_the_others),
		TEST(a_vote_is_taken_back_without_a_code),
		TEST(what_cannot_be_asked_ahead_is_refused_before_anything),
		TEST(a_sudo_that_does_not_ask_is_not_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
