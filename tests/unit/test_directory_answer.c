/* SPDX-License-Identifier: Apache-2.0 */
/* An answer that contradicts its question is not used, and the messages carry what was put in. */
#include "answer.h"
#include "frame.h"
#include "mem.h"
#include "message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char alice[] = "alice", id[] = "id-1", dn[] = "uid=alice,dc=x", other[] = "bob", empty[] = "", why[] = "why";

static struct cs_facts yes(void)
{
	return (struct cs_facts){ .known = CS_KNOWN_YES, .person = { .id = id, .dn = dn, .name = alice, .uid = 2001 } };
}

static int fits(struct cs_facts facts, uint32_t uid, char *name)
{
	struct cs_membership membership = { .query = 1, .group_dn = dn };
	const struct cs_subject subject = { uid, CS_NO_UID, name };
	if (facts.n_memberships == 1)
		facts.memberships = &membership;
	const struct cs_answer answer = { .facts = &facts, .n_facts = 1 };
	return cs_answer_fits(&answer, &subject, 1, 1, 0);
}

static void test_lies_of_the_worker_are_not_used(void **state)
{
	(void)state;
	struct cs_facts facts = yes();
	assert_int_equal(fits(yes(), 2001, alice), 1);
	assert_int_equal(fits(yes(), CS_NO_UID, alice), 1);
	assert_int_equal(fits(yes(), 2001, empty), 1);
	assert_int_equal(fits(yes(), 2002, alice), 0);
	assert_int_equal(fits(yes(), 2001, other), 0);
	assert_int_equal(fits(yes(), CS_NO_UID, empty), 0);
	facts.person.id = empty;
	assert_int_equal(fits(facts, 2001, alice), 0);
	facts = yes();
	facts.person.uid = 0;
	assert_int_equal(fits(facts, CS_NO_UID, alice), 0);
	facts = yes();
	facts.doubt = why;
	assert_int_equal(fits(facts, 2001, alice), 0);
	facts = yes();
	facts.n_memberships = 1; /* of query 1, where only query 0 was asked */
	assert_int_equal(fits(facts, 2001, alice), 0);
	facts.known = CS_KNOWN_NO;
	assert_int_equal(fits(facts, 2001, alice), 0);
	const struct cs_answer nothing = { 0 };
	const struct cs_subject subject = { 2001, CS_NO_UID, alice };
	assert_int_equal(cs_answer_fits(&nothing, &subject, 1, 0, 0), 0);
	assert_int_equal(cs_answer_fits(&nothing, NULL, 0, 0, 1), 0);
	assert_int_equal(cs_answer_fits(&nothing, NULL, 0, 0, 0), 1);
}

static void test_blank_answers_are_doubt(void **state)
{
	(void)state;
	struct cs_answer answer = { 0 };
	assert_int_equal(cs_answer_blank(2, 1, &answer), 0);
	cs_answer_blame(&answer, "source", "cause");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(answer.facts[i].known, CS_KNOWN_DOUBT);
		assert_int_equal(answer.facts[i].person.uid, CS_NO_UID);
		assert_string_equal(answer.facts[i].doubt, "cause");
		assert_string_equal(answer.facts[i].source, "source");
	}
	assert_int_equal(answer.listings[0].known, CS_KNOWN_DOUBT);
	cs_clear(&cs_answer_shape, &answer);
}

static void test_a063_messages_there_and_back(void **state)
{
	(void)state;
	struct cs_subject subject = { 2001, CS_NO_UID, alice };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1 };
	const struct cs_terms terms = { .fresh_ms = 5, .until_ms = 99 };
	struct cs_terms told = { 0 };
	struct cs_buf out;
	const uint8_t *payload = NULL;
	uint8_t type = 0;
	size_t n = 0, total = 0;
	cs_buf_init(&out, CS_FRAME_MAX);
	assert_int_equal(cs_message_put_question(&out, 7, &terms, &question), 0);
	assert_int_equal(cs_frame_get(&out, &type, &payload, &n, &total), 1);
	assert_int_equal(type, CS_MESSAGE_QUESTION);
	struct cs_question read = { 0 };
	uint64_t number = 0;
	assert_int_equal(cs_message_get_question(payload, n, &number, &told, &read), 0);
	assert_int_equal(number, 7);
	assert_int_equal(told.fresh_ms, 5);
	assert_int_equal(told.until_ms, 99);
	assert_string_equal(read.subjects[0].name, "alice");
	cs_clear(&cs_question_shape, &read);
	for (size_t cut = 0; cut < n; cut++)
		assert_int_not_equal(cs_message_get_question(payload, cut, &number, &told, &read), 0);
	cs_buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lies_of_the_worker_are_not_used),
		cmocka_unit_test(test_blank_answers_are_doubt),
		cmocka_unit_test(test_a063_messages_there_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
