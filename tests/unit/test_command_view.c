/* SPDX-License-Identifier: Apache-2.0 */
/* What an approver sees: every argument on a line of its own, every byte escaped, nothing left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mem.h"
#include "view.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cs_look plain;

static char *view(const struct cs_show_answer *answer, bool brief)
{
	struct cs_buf buf;
	char *text = NULL;

	cs_buf_init(&buf, CS_OUTPUT_MAX);
	cs_view_request(&buf, &plain, answer, brief);
	cs_buf_put_u8(&buf, 0);
	assert_int_equal(cs_buf_error(&buf), 0);
	text = strdup((const char *)buf.data);
	cs_buf_clear(&buf);
	return text;
}

/* A line that is too long for the terminal goes on in its first column there, and what a requester wrote would begin a
 * line like ours: here the reason says what runs, an argument which is next, and the terminal is as wide as they guessed.
 * Kills: leaving it to the terminal. */
static void test_a097_what_a_requester_wrote_begins_no_line(void **state)
{
	static const size_t widths[] = { 20, 34, 70, 80, 200 };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(widths); i++)
		for (size_t shift = 0; shift <= widths[i]; shift++) {
			struct cs_look look = { .width = widths[i], .colour = shift % 2 };
			struct cs_show_answer answer = { 0 };
			char *forged = NULL, *words[2] = { NULL, NULL };
			struct cs_buf out;

			assert_int_equal(cs_format(&forged, "%*sreason%*s漢%*scommand", (int)shift, "",
				(int)widths[i] - 6, "", (int)widths[i] - 7, ""), 0);
			words[0] = words[1] = answer.request.reason = forged;
			answer.request.action.argv = words;
			answer.request.action.n_argv = 2;
			cs_buf_init(&out, CS_OUTPUT_MAX);
			cs_view_request(&out, &look, &answer, true);
			cs_buf_put_u8(&out, 0);
			assert_int_equal(cs_buf_error(&out), 0);
			for (char *rest = (char *)out.data, *line = NULL; (line = strsep(&rest, "\n"));) {
				assert_false(strncmp(line, "reason", 6) == 0 || strncmp(line, "command", 7) == 0);
				assert_true(look.colour || cs_columns(line) <= look.width);
			}
			cs_buf_clear(&out);
			free(forged);
		}
}

static void assert_line(const char *text, const char *line)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	if (strstr(text, whole) == NULL)
		fail_msg("no line \"%s\" in:\n%s", line, text);
}

static char command[] = "/usr/local/sbin/deploy-release", tomcat[] = "tom cat",
	    hostile[] = "10.1\n  reason        fine\033[2K\xe2\x80\xae", alice[] = "alice", sudo[] = "sudo",
	    variable[] = "MODE=\x1b]0;x", reason[] = "now\n", root[] = "root", home[] = "/home/alice",
	    gate[] = "deploy", scope[] = "project/tomcat", carol[] = "carol", erin[] = "erin", bob[] = "bob",
	    infra[] = "infra", label[] = "1 × Infrastructure (everywhere)", because[] = "role pmc in project/tomcat",
	    code[] = "0042", no[] = "you asked for it yourself", peer[] = "192.0.2.7", sshd[] = "sshd";
static char *argv[] = { command, tomcat, hostile }, *env[] = { variable }, *who[] = { carol, erin }, *by[] = { bob },
	    *becauses[] = { because }, *rules[] = { infra };
static uint32_t groups[] = { 0, 27 };

static struct cs_show_answer example(void)
{
	static struct cs_need needs[2];
	static struct cs_approval vote;
	struct cs_show_answer answer = { 0 };
	struct cs_request *request = &answer.request;

	request->subject = (struct cs_subject){ .uid = 10001, .login_uid = 10001, .name = alice };
	request->action = (struct cs_action){ .service = sudo,
		.command = command,
		.argv = argv,
		.n_argv = 3,
		.target_name = root,
		.target_groups = groups,
		.n_target_groups = 2,
		.cwd = home,
		.env = env,
		.n_env = 1,
		.file = { .present = true, .mode = 0104755, .size = 12 } };
	request->gate = gate;
	request->scope = scope;
	request->reason = reason;
	needs[0] = (struct cs_need){ .rule = infra, .label = label, .count = 1, .who = who, .n_who = 2, .stage = 1,
		.open = true };
	needs[1] = (struct cs_need){ .rule = gate, .count = 1, .have = 1, .by = by, .n_by = 1, .stage = 1,
		.open = true };
	vote = (struct cs_approval){ .vote = CS_VOTE_APPROVE,
		.person = { .name = bob },
		.comment = reason,
		.because = becauses,
		.n_because = 1,
		.rules = rules,
		.n_rules = 1 };
	answer.decision = (struct cs_decision){ .number = 4,
		.state = CS_PENDING,
		.needs = needs,
		.n_needs = 2,
		.votes = &vote,
		.n_votes = 1,
		.remaining_ms = 60000 };
	return answer;
}

/* What runs is shown letter for letter; what people write to each other keeps their letters. Kills: cs_escape for either. */
static void test_a097_what_runs_is_ascii(void **state)
{
	static char program[] = "/opt/\xd0\xb0", look_alike[] = "tomc\xd0\xb0t", hebrew[] = "\xd7\xa9\xd7\x9c", for_what[] = "f\xc3\xbcr";
	char *words[] = { program, look_alike };
	struct cs_show_answer answer = { 0 };

	(void)state;
	answer.request.action = (struct cs_action){ .command = program, .argv = words, .n_argv = 2, .cwd = hebrew };
	answer.request.reason = for_what;
	for (int brief = 0; brief <= 1; brief++) {
		char *text = view(&answer, brief == 1);

		assert_line(text, "  command       /opt/\\u{0430}");
		assert_line(text, "  argv[1]       = tomc\\u{0430}t");
		assert_line(text, "  folder        \\u{05E9}\\u{05DC}");
		assert_line(text, "  reason        f\xc3\xbcr");
		free(text);
	}
}

static void every_argument_has_its_own_line_a099(void **state)
{
	struct cs_show_answer answer = example();

	(void)state;
	for (int brief = 0; brief <= 1; brief++) {
		char *text = view(&answer, brief == 1);

		assert_line(text, "  argv[0]       = /usr/local/sbin/deploy-release");
		assert_line(text, "  argv[1]       = tom cat");
		assert_line(text, "  argv[2]       = 10.1\\n  reason        fine\\x1B[2K\\u{202E}");
		free(text);
	}
}

static void nothing_raw_reaches_the_terminal_a097(void **state)
{
	struct cs_show_answer answer = example();
	char *text = view(&answer, false);

	(void)state;
	for (const char *at = text; *at != '\0'; at++)
		assert_true(*at == '\n' || (unsigned char)*at >= ' ');
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_line(text, "  environment   MODE=\\x1B]0;x");
	assert_line(text, "  reason        now\\n");
	free(text);
}

static void what_decides_is_in_both_views_a038_a045(void **state)
{
	static const char *const lines[] = { "  requester     alice (uid 10001",
		"  as            root (uid 0, gid 0, groups 0 27)", "  folder        /home/alice",
		"  environment   MODE", "\n  sha256        0000", "file          mode 4755, owner 0:0, 12 bytes",
		"  gate          deploy",
		"  scope         project/tomcat", "now\\n" };
	struct cs_show_answer answer = example();

	(void)state;
	for (int brief = 0; brief <= 1; brief++) {
		char *text = view(&answer, brief == 1);

		for (size_t i = 0; i < CS_COUNT(lines); i++) {
			if (strstr(text, lines[i]) == NULL)
				fail_msg("\"%s\" is not in:\n%s", lines[i], text);
		}
		free(text);
	}
}

static void needs_say_who_did_and_who_could(void **state)
{
	struct cs_show_answer answer = example();
	char *text = view(&answer, false);

	(void)state;
	assert_line(text,
		"  needs         [ ] 1 × Infrastructure (everywhere): has 0 of 1; could be approved by carol or erin");
	assert_line(text, "                [x] deploy: has 1 of 1, by bob");
	assert_line(text, "  votes         approve by bob at 1970-01-01T00:00:00Z: now\\n");
	assert_line(text, "                for infra: role pmc in project/tomcat");
	free(text);
}

static void need_of_nobody_is_never_ticked_a088(void **state)
{
	struct cs_show_answer answer = example();
	char *text = NULL;

	(void)state;
	answer.decision.needs[1].count = 0;
	answer.decision.needs[1].have = 0;
	text = view(&answer, false);
	assert_null(strstr(text, "[x]"));
	free(text);
}

static void check_code_and_turn_are_for_the_full_view(void **state)
{
	struct cs_show_answer answer = example();
	char *text = NULL;

	(void)state;
	answer.decision.check_code = code;
	answer.may_vote_text = no;
	text = view(&answer, false);
	assert_line(text, "  check code    0042 (tell it to the people who are to approve)");
	assert_line(text, "  may you vote  you asked for it yourself");
	free(text);
	text = view(&answer, true);
	assert_null(strstr(text, "0042"));
	free(text);
}

static void ssh_login_is_named_as_a_whole_connection_a024(void **state)
{
	struct cs_show_answer answer = example();
	char *text = NULL;

	(void)state;
	answer.request.action = (struct cs_action){ .service = sshd, .peer = peer, .target_name = alice };
	text = view(&answer, true);
	assert_non_null(strstr(text, "a whole ssh connection"));
	assert_line(text, "  from          192.0.2.7");
	assert_line(text, "  command       none: a login");
	free(text);
}

static void exposed_file_is_pointed_out_a034(void **state)
{
	struct cs_show_answer answer = example();
	char *text = NULL;

	(void)state;
	answer.request.action.exposed = true;
	text = view(&answer, true);
	assert_non_null(strstr(text, "others than root can change this file"));
	free(text);
}

static void a_changed_policy_is_told_a087(void **state)
{
	struct cs_show_answer answer = example();
	char *text = NULL;

	(void)state;
	text = view(&answer, true);
	assert_null(strstr(text, "the policy was changed"));
	free(text);
	answer.policy_changed = true;
	text = view(&answer, true);
	assert_non_null(strstr(text, "the policy was changed since it was asked, and the one in force judges it"));
	free(text);
}

/* Who was in a login could not be told where he was. Kills: the line in put_terms; cs_escape in it. */
static void the_end_of_what_ran_is_told(void **state)
{
	static char ended[] = "ended by carol: wrong\x1b[2J release";
	struct cs_show_answer answer = example();
	char *text = view(&answer, true);

	(void)state;
	assert_null(strstr(text, "what ran"));
	free(text);
	answer.ended_text = ended;
	answer.ended_wall_ms = 1784538000000;
	text = view(&answer, true);
	assert_non_null(strstr(text, "what ran      ended by carol: wrong\\x1B[2J release, 2026-"));
	free(text);
}

static void missing_people_are_named_after_a_vote(void **state)
{
	struct cs_show_answer answer = example();
	struct cs_buf buf;

	(void)state;
	cs_buf_init(&buf, 4096);
	cs_view_missing(&buf, &answer.decision);
	cs_buf_put_u8(&buf, 0);
	assert_string_equal(
		(const char *)buf.data, "; still missing: 1 × Infrastructure (everywhere), from carol or erin");
	cs_buf_clear(&buf);
}

static void list_says_what_each_waits_for(void **state)
{
	char line[] = "sudo /bin/x a\\x1B";
	struct cs_list_row rows[] = {
		{ .number = 12,
			.state = CS_PENDING,
			.requester = alice,
			.gate = gate,
			.line = line,
			.missing = 2,
			.remaining_ms = 9000 },
		{ .number = 3,
			.state = CS_APPROVED,
			.requester = alice,
			.gate = gate,
			.line = line,
			.remaining_ms = 9000 },
		{ .number = 2, .state = CS_REJECTED, .requester = hostile, .gate = gate, .line = line, .missing = 1 },
	};
	struct cs_list_answer answer = { .rows = rows, .n_rows = 3, .more = true };
	struct cs_buf buf;

	(void)state;
	cs_buf_init(&buf, 65536);
	rows[2].requester = bob;
	assert_int_equal(cs_view_list(&buf, &plain, &answer), 0);
	cs_buf_put_u8(&buf, 0);
	assert_string_equal((const char *)buf.data,
		"NUMBER  STATE     REQUESTER  GATE    WHAT               WAITS-FOR  TIME-LEFT\n"
		"    12  pending   alice      deploy  sudo /bin/x a\\x1B  2 people   9s\n"
		"     3  approved  alice      deploy  sudo /bin/x a\\x1B  its use    9s\n"
		"     2  rejected  bob        deploy  sudo /bin/x a\\x1B  -          -\n");
	cs_buf_clear(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a097_what_a_requester_wrote_begins_no_line),
		cmocka_unit_test(test_a097_what_runs_is_ascii),
		cmocka_unit_test(every_argument_has_its_own_line_a099),
		cmocka_unit_test(nothing_raw_reaches_the_terminal_a097),
		cmocka_unit_test(what_decides_is_in_both_views_a038_a045),
		cmocka_unit_test(needs_say_who_did_and_who_could),
		cmocka_unit_test(need_of_nobody_is_never_ticked_a088),
		cmocka_unit_test(check_code_and_turn_are_for_the_full_view),
		cmocka_unit_test(ssh_login_is_named_as_a_whole_connection_a024),
		cmocka_unit_test(exposed_file_is_pointed_out_a034),
		cmocka_unit_test(a_changed_policy_is_told_a087),
		cmocka_unit_test(the_end_of_what_ran_is_told),
		cmocka_unit_test(missing_people_are_named_after_a_vote),
		cmocka_unit_test(list_says_what_each_waits_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
