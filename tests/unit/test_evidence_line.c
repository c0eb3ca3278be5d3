/* SPDX-License-Identifier: Apache-2.0 */
/* One event, one line, whatever stands in it. */
#include "evidence.h"
#include "mem.h"
#include "shape_fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct cs_event claimed(void)
{
	return (struct cs_event){.number = 12,
				 .wall_ms = UINT64_C(1795291208000),
				 .kind = CS_EVENT_CLAIMED,
				 .request = 4,
				 .actor_uid = 1000,
				 .actor_name = cs_dup("alice"),
				 .verdict = CS_PERMIT,
				 .reason = CS_WHY_APPROVED,
				 .gate = cs_dup("deploy"),
				 .text = cs_dup("sudo /usr/local/sbin/deploy-release tomcat 10.1")};
}

static void expect(const struct cs_event *event, const char *wanted)
{
	char *line = cs_event_line(event);

	assert_non_null(line);
	assert_string_equal(line, wanted);
	free(line);
}

static void test_evidence_line_of_a_claim(void **state)
{
	struct cs_event event = claimed();

	(void)state;
	expect(&event, "12  2026-11-21T20:00:08Z  claimed  #4  alice  "
		"sudo /usr/local/sbin/deploy-release tomcat 10.1  (gate deploy, approved)");
	cs_clear(&cs_event_shape, &event);
}

/* A vote that was taken back is not told like one that approves. */
static void test_evidence_line_of_a_vote(void **state)
{
	static const struct {
		enum cs_vote vote;
		const char *tail;
	} votes[] = {{CS_VOTE_APPROVE, "  (gate deploy, approve, needs-approval)"},
		     {CS_VOTE_REJECT, "  (gate deploy, reject, needs-approval)"},
		     {CS_VOTE_WITHDRAW, "  (gate deploy, withdraw, needs-approval)"}};

	(void)state;
	for (size_t i = 0; i <= CS_COUNT(votes); i++) {
		struct cs_voted_body body = {.approval.vote = i < CS_COUNT(votes) ? votes[i].vote : CS_VOTE_APPROVE};
		struct cs_event event = claimed();
		struct cs_buf bytes;
		char *line = NULL;

		cs_buf_init(&bytes, CS_MAX_EVENT);
		assert_int_equal(cs_encode(&cs_voted_body_shape, &body, &bytes), 0);
		event.kind = CS_EVENT_VOTED;
		event.reason = CS_WHY_NEEDS_APPROVAL;
		event.body = bytes.data;
		event.n_body = bytes.len - (i == CS_COUNT(votes) ? 1 : 0); /* the last one is cut short */
		line = cs_event_line(&event);
		assert_non_null(strstr(line, i < CS_COUNT(votes) ? votes[i].tail
								  : "  (gate deploy, unreadable vote, needs-approval)"));
		free(line);
		cs_clear(&cs_event_shape, &event);
	}
}

static void test_evidence_line_of_little(void **state)
{
	struct cs_event event = {.number = 1, .kind = CS_EVENT_START, .actor_uid = CS_NO_UID};

	(void)state;
	expect(&event, "1  1970-01-01T00:00:00Z  start  -  -  (no gate)");
	event.actor_uid = 0;
	expect(&event, "1  1970-01-01T00:00:00Z  start  -  uid:0  (no gate)");
	event.wall_ms = UINT64_MAX;
	event.kind = (enum cs_event_kind)77;
	expect(&event, "1  after year 9999  unknown  -  uid:0  (no gate)");
}

/* Were any of the texts put without cs_escape, there would be a second record to read. */
static void test_evidence_a130_a_made_up_record_stays_in_its_line(void **state)
{
	static const char forged[] =
		"x\n13  2026-11-21T20:00:09Z  claimed  #5  mallory  \x1b[2K\x1b[1G sudo\r(gate deploy)\xe2\x80\xae\xff";
	struct cs_event event = claimed();
	char **const texts[] = {&event.actor_name, &event.gate, &event.text};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(texts); i++) {
		char *line;

		assert_int_equal(cs_set(texts[i], forged), 0);
		line = cs_event_line(&event);
		assert_non_null(line);
		for (const char *at = line; *at; at++)
			assert_true((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f);
		assert_non_null(strstr(line, "\\n13"));
		assert_non_null(strstr(line, "\\u{202E}\\xFF"));
		free(line);
	}
	cs_clear(&cs_event_shape, &event);
}

static void test_evidence_a130_columns_are_not_forged(void **state)
{
	struct cs_event event = claimed();

	(void)state;
	assert_int_equal(cs_set(&event.actor_name, "bob  sudo"), 0);
	assert_int_equal(cs_set(&event.gate, ""), 0);
	assert_int_equal(cs_set(&event.text, "login  (gate deploy, approved)"), 0);
	event.reason = CS_WHY_NONE;
	expect(&event,
	       "12  2026-11-21T20:00:08Z  claimed  #4  bob\\x20\\x20sudo  login  (gate deploy, approved)  (no gate)");
	cs_clear(&cs_event_shape, &event);
}

static void test_evidence_line_of_the_largest(void **state)
{
	struct cs_event event;
	char *line;

	(void)state;
	fill_struct(&cs_event_shape, &event, FILL_FULL);
	memset(event.text, '\x01', CS_MAX_TEXT);
	memset(event.actor_name, '\x02', strlen(event.actor_name));
	line = cs_event_line(&event);
	assert_non_null(line);
	assert_true(strlen(line) > (size_t)4 * CS_MAX_TEXT);
	free(line);
	cs_clear(&cs_event_shape, &event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evidence_line_of_a_claim),
		cmocka_unit_test(test_evidence_line_of_a_vote),
		cmocka_unit_test(test_evidence_line_of_little),
		cmocka_unit_test(test_evidence_a130_a_made_up_record_stays_in_its_line),
		cmocka_unit_test(test_evidence_a130_columns_are_not_forged),
		cmocka_unit_test(test_evidence_line_of_the_largest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
