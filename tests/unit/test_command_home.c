/* SPDX-License-Identifier: Apache-2.0 */
/* What a person sees, whole, at the widths of terminals and in a pipe; and the same for programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "home.h"
#include "json.h"
#include "mem.h"
#include "outcome.h"
#include "summary.h"
#include "view.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T(text) ((char[]){ text })
#define NOW_MS  (UINT64_C(1795291208) * 1000) /* 2026-11-21T20:00:08Z */

static char *taken(struct cs_buf *buf)
{
	char *text = NULL;

	cs_buf_put_u8(buf, 0);
	assert_int_equal(cs_buf_error(buf), 0);
	text = strdup((const char *)buf->data);
	cs_buf_clear(buf);
	assert_non_null(text);
	return text;
}

static void assert_text(char *text, const char *expected)
{
	if (strcmp(text, expected) != 0)
		fail_msg("this came:\n%s\nand this was expected:\n%s", text, expected);
	free(text);
}

static void assert_fits(const char *text, size_t width)
{
	char *copy = strdup(text), *rest = copy;

	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
		if (cs_columns(line) > width)
			fail_msg("wider than %zu: %s", width, line);
	}
	free(copy);
}

/* --- The command alone and list ------------------------------------------------------------------------------------ */

static struct cs_list_row rows[] = {
	{ .number = 112, .state = CS_PENDING, .requester = T("alice"), .gate = T("deploy"), .scope = T("project/tomcat"),
		.line = T("sudo /usr/local/sbin/deploy-release tomcat 10.1"), .remaining_ms = 843000, .missing = 1,
		.waits = true },
	{ .number = 9, .state = CS_PENDING, .requester = T("carol\033[2K"), .gate = T("archive"), .scope = T("*"),
		.line = T("sudo /usr/local/sbin/archive \\x1B"), .remaining_ms = 7200000, .missing = 2, .waits = true },
};
static struct cs_list_row own[] = {
	{ .number = 8, .state = CS_APPROVED, .requester = T("bob"), .gate = T("deploy"), .scope = T("project/tomcat"),
		.line = T("sudo /usr/local/sbin/deploy-release tomcat 9.9"), .remaining_ms = 60000, .mine = true },
	{ .number = 7, .state = CS_PENDING, .requester = T("bob"), .gate = T("deploy"), .scope = T("project/tomcat"),
		.line = T("sudo /usr/local/sbin/deploy-release tomcat 9.8"), .remaining_ms = 60000, .missing = 1,
		.mine = true },
};

static char *home(size_t width, size_t n_waiting, size_t n_mine)
{
	struct cs_home home = { .waiting = rows, .n_waiting = n_waiting, .mine = own, .n_mine = n_mine };
	struct cs_look look = { .width = width };
	struct cs_buf buf;

	cs_buf_init(&buf, CS_OUTPUT_MAX);
	assert_int_equal(cs_home_view(&buf, &look, &home), 0);
	return taken(&buf);
}

static void nothing_is_one_line(void **state)
{
	(void)state;
	assert_text(home(0, 0, 0), "Nothing waits for you, and you asked for nothing.\n");
}

static void in_a_pipe_nothing_is_cut(void **state)
{
	(void)state;
	assert_text(home(0, 2, 2),
		"Requests wait for your vote:\n"
		"  #112  alice         sudo /usr/local/sbin/deploy-release tomcat 10.1  14m 03s left\n"
		"  #9    carol\\x1B[2K  sudo /usr/local/sbin/archive \\x1B                2h 00m left\n"
		"Look at it, then approve or reject it: countersign show 112\n"
		"You asked for:\n"
		"  #8  you  sudo /usr/local/sbin/deploy-release tomcat 9.9  approved, 1m 00s left\n"
		"  #7  you  sudo /usr/local/sbin/deploy-release tomcat 9.8  1 person missing, 1m 00s left\n"
		"Who approved it, and who could: countersign show 8\n");
}

static void eighty_columns(void **state)
{
	(void)state;
	assert_text(home(80, 1, 2),
		"One request waits for your vote:\n"
		"  #112  alice  sudo /usr/local/sbin/deploy-release tomcat 10.1  14m 03s left\n"
		"Look at it, then approve or reject it: countersign show 112\n"
		"You asked for:\n"
		"  #8  you  sudo …/deploy-release tomcat 9.9        approved, 1m 00s left\n"
		"  #7  you  sudo …/deploy-release tomcat 9.8        1 person missing, 1m 00s left\n"
		"Who approved it, and who could: countersign show 8\n");
}

/* The times give way first: what is to be done is what counts. */
static void forty_columns(void **state)
{
	char *text = home(40, 2, 0);

	(void)state;
	assert_non_null(strstr(text, "  #112  alice         sudo …/deploy-rel…\n"));
	assert_non_null(strstr(text, "  #9    carol\\x1B[2K  sudo …/archive \\x…\n"));
	assert_null(strstr(text, "left"));
	free(text);
}

static char *list(size_t width)
{
	struct cs_list_answer answer = { .rows = rows, .n_rows = 2 };
	struct cs_look look = { .width = width };
	struct cs_buf buf;

	cs_buf_init(&buf, CS_OUTPUT_MAX);
	assert_int_equal(cs_view_list(&buf, &look, &answer), 0);
	return taken(&buf);
}

static void list_at_every_width(void **state)
{
	(void)state;
	assert_text(list(120), "NUMBER  STATE    REQUESTER     GATE     WHAT                                             "
			       "WAITS-FOR  TIME-LEFT\n"
			       "   112  pending  alice         deploy   sudo /usr/local/sbin/deploy-release tomcat 10.1  "
			       "your vote  14m 03s\n"
			       "     9  pending  carol\\x1B[2K  archive  sudo /usr/local/sbin/archive \\x1B                "
			       "your vote  2h 00m\n");
	assert_text(list(80), "NUMBER  STATE    REQUESTER     WHAT                         WAITS-FOR  TIME-LEFT\n"
			      "   112  pending  alice         sudo …/deploy-release tomc…  your vote  14m 03s\n"
			      "     9  pending  carol\\x1B[2K  sudo …/archive \\x1B          your vote  2h 00m\n");
	assert_text(list(40), "NUMBER  REQUESTER     WHAT\n"
			      "   112  alice         sudo …/deploy-rel…\n"
			      "     9  carol\\x1B[2K  sudo …/archive \\x…\n");
	for (size_t width = 10; width < 130; width++) {
		char *text = list(width);

		assert_fits(text, width);
		free(text);
	}
}

static void the_next_page_is_a_command(void **state)
{
	struct cs_list_answer answer = { .rows = rows, .n_rows = 2, .more = true };
	struct cs_list call = { .all = true, .waiting = true };
	struct cs_buf buf;

	(void)state;
	cs_buf_init(&buf, CS_OUTPUT_MAX);
	cs_view_more(&buf, &call, &answer);
	assert_text(taken(&buf), "There are more: countersign list --all --waiting --before 9\n");
	answer.more = false;
	cs_buf_init(&buf, CS_OUTPUT_MAX);
	cs_view_more(&buf, &call, &answer);
	assert_text(taken(&buf), "");
}

/* --- One request, whole --------------------------------------------------------------------------------------------- */

static char *who[] = { T("carol"), T("erin"), T("(and others)") }, *by[] = { T("bob") }, *argv[] = { T("deploy") };
static struct cs_need needs[] = {
	{ .rule = T("pmc"), .label = T("2 × Committee"), .count = 2, .have = 1, .by = by, .n_by = 1, .who = who,
		.n_who = 3, .stage = 1, .open = true, .against = 1 },
	{ .rule = T("infra"), .label = T("1 × Infrastructure"), .count = 1, .who = who, .n_who = 1, .stage = 2 },
	{ .rule = T("board"), .label = T("1 × Board"), .count = 1, .stage = 1, .alternative = T("board"),
		.opens_in_ms = 720000 },
};
static struct cs_approval votes[] = {
	{ .vote = CS_VOTE_APPROVE, .person = { .name = T("bob"), .id = T("b") }, .comment = T("Looks good to me"),
		.wall_ms = NOW_MS - 60000, .assurance = T("ssh-ed25519 SHA256:abc") },
	{ .vote = CS_VOTE_REJECT, .person = { .name = T("dave"), .id = T("d") }, .wall_ms = NOW_MS - 30000,
		.assurance = T("local-uid") },
	{ .vote = CS_VOTE_APPROVE, .person = { .name = T("alice"), .id = T("a") }, .wall_ms = NOW_MS - 20000,
		.assurance = T("local-uid"), .self = true },
};

static struct cs_show_answer full = {
	.request = { .subject = { .uid = 10001, .login_uid = CS_NO_UID, .name = T("alice") },
		.gate = T("deploy"), .scope = T("project/tomcat"), .reason = T("a hole"), .assurance = T("local-uid"),
		.created_wall_ms = NOW_MS - 120000, .lifetime_ms = 3600000, .use_within_ms = 600000, .uses = 3,
		.start_wall_ms = NOW_MS + 7200000, .session_ms = 3600000, .self_approval = true,
		.action = { .service = T("sudo"), .command = T("/usr/local/sbin/deploy"), .argv = argv, .n_argv = 1,
			.host = T("rel1"), .cwd = T("/"), .target_name = T("root") } },
	.decision = { .number = 12, .state = CS_PENDING, .needs = needs, .n_needs = 3, .votes = votes, .n_votes = 3,
		.missing = 2, .remaining_ms = 843000, .uses = 3, .used = 1, .objection_ms = 3600000, .waiting = 2 },
	.may_vote = true,
};

static struct cs_show_answer answer_of(void)
{
	struct cs_show_answer answer = full;

	memset(answer.request.id, 0xab, CS_ID_LEN);
	return answer;
}

static void a_request_says_all_of_it(void **state)
{
	static const char *const lines[] = {
		"Request 12  pending  2 people missing  14m 03s left, until 2026-11-21T20:14:11Z\n",
		"\n  not before    2026-11-21T22:00:08Z, in 2h 00m\n",
		"\n  goes ahead    in 1h 00m, at 2026-11-21T21:00:08Z, if nobody objects\n",
		"\n  uses          1 of 3 so far\n",
		"\n  session       what it starts is ended after 1h 00m\n",
		"\n  note          self-approval is on: the requester's own vote counts as one person's\n",
		"\n  on line       2 sessions wait for it\n",
		"\n  asked         2026-11-21T19:58:08Z, 2m 00s ago; open for 1h 00m, then to be used within 10m 00s\n",
		"\n  id            abababababababababababababababab\n",
		"\n  needs         [ ] 2 × Committee: has 1 of 2, by bob; could be approved by carol or erin or (and others); "
		"stage 1; 1 against\n"
		"                [-] 1 × Infrastructure: has 0 of 1; could be approved by carol; stage 2; opens after stage 1\n"
		"                [-] 1 × Board: has 0 of 1; stage 1; one way: board; opens in 12m 00s, at "
		"2026-11-21T20:12:08Z\n"
		"  votes         approve by bob at 2026-11-21T19:59:08Z (ssh-ed25519 SHA256:abc): Looks good to me\n"
		"                reject by dave at 2026-11-21T19:59:38Z (local-uid)\n"
		"                approve by alice at 2026-11-21T19:59:48Z (local-uid) [the requester's own]\n",
		"\n  may you vote  yes: countersign approve 12\n",
	};
	struct cs_show_answer answer = answer_of();
	struct cs_look look = { .wall_ms = NOW_MS };
	struct cs_buf buf;
	char *text = NULL;

	(void)state;
	cs_buf_init(&buf, CS_OUTPUT_MAX);
	cs_view_request(&buf, &look, &answer, false);
	text = taken(&buf);
	for (size_t i = 0; i < CS_COUNT(lines); i++) {
		if (strstr(text, lines[i]) == NULL)
			fail_msg("this is missing:\n%s\nin:\n%s", lines[i], text);
	}
	free(text);
}

static char *outcome(enum cs_state how, bool mine)
{
	struct cs_show_answer answer = answer_of();
	struct cs_buf buf;

	answer.decision.state = how;
	answer.decision.n_needs = 0;
	answer.mine = mine;
	cs_buf_init(&buf, CS_OUTPUT_MAX);
	cs_view_outcome(&buf, &answer);
	return taken(&buf);
}

static void outcomes_are_told_apart_in_one_line(void **state)
{
	(void)state;
	assert_text(outcome(CS_PENDING, false), "request 12 is still pending\n");
	assert_text(outcome(CS_APPROVED, false), "request 12 is approved\n");
	assert_text(outcome(CS_APPROVED, true), "request 12 is approved; run the same command again to use it\n");
	assert_text(outcome(CS_REJECTED, true), "request 12 was rejected by dave\n");
	assert_text(outcome(CS_CANCELLED, true), "request 12 was cancelled\n");
	assert_text(outcome(CS_USED, true), "request 12 was approved and used\n");
	assert_text(outcome(CS_EXPIRED, false), "request 12 expired: not enough people answered, or it was not used, in time\n");
	assert_text(outcome(CS_UNANSWERED, true),
		"request 12 expired: nobody answered in time; `countersign repeat` asks again\n");
}

/* --- For programs ---------------------------------------------------------------------------------------------------- */

/* The walk-through of a forge's protected environments (shared names: countersign(1), JSON). */
static void summary_has_the_promised_names(void **state)
{
	struct cs_show_answer answer = answer_of();
	struct cs_summary summary = { 0 };
	char *text = NULL;

	(void)state;
	assert_int_equal(cs_summary_of(&answer.decision, &summary), 0);
	assert_int_equal(cs_json_text(&cs_summary_shape, &summary, false, &text), 0);
	assert_text(text,
		"{\"status\":\"pending\",\"pending_approval_count\":2,\"approvals\":["
		"{\"user\":\"bob\",\"status\":\"approved\",\"created_at\":\"2026-11-21T19:59:08Z\","
		"\"comment\":\"Looks good to me\",\"assurance\":\"ssh-ed25519 SHA256:abc\",\"self\":false},"
		"{\"user\":\"dave\",\"status\":\"rejected\",\"created_at\":\"2026-11-21T19:59:38Z\","
		"\"comment\":\"\",\"assurance\":\"local-uid\",\"self\":false},"
		"{\"user\":\"alice\",\"status\":\"approved\",\"created_at\":\"2026-11-21T19:59:48Z\","
		"\"comment\":\"\",\"assurance\":\"local-uid\",\"self\":true}],\"approval_summary\":["
		"{\"rule\":\"pmc\",\"label\":\"2 \\u00D7 Committee\",\"count\":2,\"have\":1,\"missing\":1,\"stage\":1,"
		"\"alternative\":\"\",\"open\":true,\"opens_in_ms\":0,\"against\":1,\"approvals\":["
		"{\"user\":\"bob\",\"status\":\"approved\",\"created_at\":\"2026-11-21T19:59:08Z\","
		"\"comment\":\"Looks good to me\",\"assurance\":\"ssh-ed25519 SHA256:abc\",\"self\":false}],"
		"\"could\":[\"carol\",\"erin\",\"(and others)\"]},"
		"{\"rule\":\"infra\",\"label\":\"1 \\u00D7 Infrastructure\",\"count\":1,\"have\":0,\"missing\":1,\"stage\":2,"
		"\"alternative\":\"\",\"open\":false,\"opens_in_ms\":0,\"against\":0,\"approvals\":[],\"could\":[\"carol\"]},"
		"{\"rule\":\"board\",\"label\":\"1 \\u00D7 Board\",\"count\":1,\"have\":0,\"missing\":1,\"stage\":1,"
		"\"alternative\":\"board\",\"open\":false,\"opens_in_ms\":720000,\"against\":0,\"approvals\":[],"
		"\"could\":[]}]}");
	cs_clear(&cs_summary_shape, &summary);
}

/* What is decided waits for nobody, whatever the daemon last counted. */
static void nobody_is_missing_where_it_is_decided(void **state)
{
	struct cs_show_answer answer = answer_of();
	struct cs_summary summary = { 0 };

	(void)state;
	answer.decision.state = CS_REJECTED;
	assert_int_equal(cs_summary_of(&answer.decision, &summary), 0);
	assert_int_equal(summary.pending_approval_count, 0);
	assert_string_equal(summary.status, "rejected");
	cs_clear(&cs_summary_shape, &summary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_one_line),
		cmocka_unit_test(in_a_pipe_nothing_is_cut),
		cmocka_unit_test(eighty_columns),
		cmocka_unit_test(forty_columns),
		cmocka_unit_test(list_at_every_width),
		cmocka_unit_test(the_next_page_is_a_command),
		cmocka_unit_test(a_request_says_all_of_it),
		cmocka_unit_test(outcomes_are_told_apart_in_one_line),
		cmocka_unit_test(summary_has_the_promised_names),
		cmocka_unit_test(nobody_is_missing_where_it_is_decided),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
