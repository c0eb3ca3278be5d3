/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol: the table of calls, hello, and calls and replies through frames. */
#include "header_values.h"
#include "shape_fill.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define M (1u << CS_DOOR_MODULE)
#define P (1u << CS_DOOR_PEOPLE)

/* Who may make which call, written down a second time. */
static const struct cs_message expected[] = {
	{CS_CALL_SUBMIT, "submit", &cs_submit_shape, &cs_decision_shape, M, false, true},
	{CS_CALL_WAIT, "wait", &cs_wait_shape, &cs_decision_shape, M | P, false, false},
	{CS_CALL_CLAIM, "claim", &cs_claim_shape, &cs_decision_shape, M | P, false, true},
	{CS_CALL_CONFIRM, "confirm", &cs_confirm_shape, &cs_decision_shape, M, false, false},
	{CS_CALL_CANCEL, "cancel", &cs_cancel_shape, &cs_decision_shape, M | P, false, false},
	{CS_CALL_RIGHT, "right", &cs_right_shape, &cs_right_answer_shape, M | P, false, false},
	{CS_CALL_LIST, "list", &cs_list_shape, &cs_list_answer_shape, P, false, false},
	{CS_CALL_SHOW, "show", &cs_show_shape, &cs_show_answer_shape, P, false, false},
	{CS_CALL_VOTE, "vote", &cs_vote_call_shape, &cs_decision_shape, P, false, false},
	{CS_CALL_STATUS, "status", &cs_empty_shape, &cs_status_shape, P, false, false},
	{CS_CALL_EVIDENCE, "evidence", &cs_evidence_call_shape, &cs_evidence_answer_shape, P, true, false},
	{CS_CALL_RIGHTS, "rights", &cs_rights_shape, &cs_rights_answer_shape, P, false, false},
	{CS_CALL_DIRECTORY, "directory", &cs_question_shape, &cs_answer_shape, P, true, false},
	{CS_CALL_APPLY, "apply", &cs_apply_shape, &cs_apply_answer_shape, P, false, true},
	{CS_CALL_HISTORY, "history", &cs_history_shape, &cs_history_answer_shape, P, true, false},
	{CS_CALL_POLICY, "policy", &cs_policy_call_shape, &cs_policy_answer_shape, P, true, false},
	{CS_CALL_WATCH, "watch", &cs_watch_shape, &cs_watch_answer_shape, P, false, false},
	{CS_CALL_BREAK_GLASS, "break-glass", &cs_break_glass_shape, &cs_break_glass_answer_shape, P, false, false},
	{CS_CALL_RECEIPT, "receipt", &cs_show_shape, &cs_receipt_answer_shape, P, false, false},
	{CS_CALL_QUIET, "quiet", &cs_quiet_shape, &cs_quiet_answer_shape, P, false, false},
	{CS_CALL_ROLE, "role", &cs_has_role_shape, &cs_right_answer_shape, M, false, false},
	{CS_CALL_ARCHIVE, "archive", &cs_archive_shape, &cs_archive_answer_shape, P, true, false},
	{CS_CALL_ASK, "ask", &cs_ask_shape, &cs_decision_shape, P, false, true},
	{CS_CALL_ATTEND, "attend", &cs_attend_shape, &cs_attend_answer_shape, M, false, false},
	{CS_CALL_SESSIONS, "sessions", &cs_sessions_shape, &cs_sessions_answer_shape, P, false, false},
	{CS_CALL_END, "end", &cs_end_shape, &cs_decision_shape, P, false, false},
	{CS_CALL_STREAM, "stream", &cs_stream_shape, &cs_attend_answer_shape, M, false, false},
	{CS_CALL_SCREEN, "screen", &cs_screen_shape, &cs_screen_answer_shape, P, false, false},
};

static void test_wire_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(expected); i++) {
		const struct cs_message *found = cs_message_find(expected[i].type);

		assert_non_null(found);
		assert_int_equal(found->type, expected[i].type);
		assert_string_equal(found->name, expected[i].name);
		assert_ptr_equal(found->call, expected[i].call);
		assert_ptr_equal(found->reply, expected[i].reply);
		assert_int_equal(found->doors, expected[i].doors);
		assert_int_equal(found->root_only, expected[i].root_only);
		assert_int_equal(found->takes_descriptor, expected[i].takes_descriptor);
	}
}

static void has_row(void *arg, const char *name, int value)
{
	(void)arg;
	(void)name;
	if (value == CS_CALL_NONE)
		assert_null(cs_message_find((unsigned)value));
	else
		assert_non_null(cs_message_find((unsigned)value));
}

static void test_wire_every_call_has_a_row_and_no_other_number(void **state)
{
	int rows = 0;

	(void)state;
	assert_int_equal(header_values("libcore/model/calls.h", "CS_CALL_", has_row, NULL),
		(int)CS_COUNT(expected) + 1);
	for (unsigned type = 0; type < 1024; type++)
		rows += cs_message_find(type) != NULL;
	assert_int_equal(rows, (int)CS_COUNT(expected));
	assert_null(cs_message_find(CS_CALL_SUBMIT | CS_WIRE_REPLY));
	assert_null(cs_message_find(UINT32_MAX));
}

/* On people.sock nobody says who he is: no call through that door has a field for it (A052). The names there are, in
 * "right", "rights" and "directory", ask about somebody and are for root. */
static bool names_a_caller(const struct cs_shape *shape)
{
	static const char *const words[] = {"uid", "login_uid", "pid", "name", "subject", "person", "caller",
		"approver"};

	for (size_t i = 0; i < shape->n_fields; i++) {
		for (size_t j = 0; j < CS_COUNT(words); j++)
			if (strcmp(shape->fields[i].name, words[j]) == 0)
				return true;
		if (shape->fields[i].shape && names_a_caller(shape->fields[i].shape))
			return true;
	}
	return false;
}

static void test_wire_a052_no_identity_on_people_sock(void **state)
{
	(void)state;
	assert_true(names_a_caller(&cs_submit_shape));
	for (size_t i = 0; i < CS_COUNT(expected); i++)
		if (expected[i].type == CS_CALL_DIRECTORY)
			assert_true(cs_message_find(expected[i].type)->root_only);
		else if (cs_message_find(expected[i].type)->doors & P)
			assert_false(names_a_caller(cs_message_find(expected[i].type)->call));
}

static void test_wire_hello(void **state)
{
	struct cs_buf out;
	uint8_t bytes[CS_WIRE_HELLO_LEN];

	(void)state;
	cs_buf_init(&out, 64);
	cs_wire_put_hello(&out);
	assert_int_equal(out.len, CS_WIRE_HELLO_LEN);
	assert_memory_equal(out.data, "CSGN\0\0\0\5", CS_WIRE_HELLO_LEN);
	assert_int_equal(cs_wire_check_hello(out.data), 0);
	for (size_t i = 0; i < CS_WIRE_HELLO_LEN; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(bytes, out.data, sizeof(bytes));
			bytes[i] ^= (uint8_t)(1u << bit);
			assert_int_equal(cs_wire_check_hello(bytes), i < 4 ? CS_EPROTO : CS_EVERSION);
		}
	}
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(cs_wire_check_hello(bytes), CS_EPROTO);
	cs_buf_clear(&out);
}

/* The one frame in out: its payload, with its type checked. */
static const uint8_t *the_frame(const struct cs_buf *out, unsigned type, size_t *ret_len)
{
	const uint8_t *payload = NULL;
	size_t total = 0;
	uint8_t got = 0;

	assert_int_equal(cs_frame_get(out, &got, &payload, ret_len, &total), 1);
	assert_int_equal(got, type);
	assert_int_equal(total, out->len);
	return payload;
}

static void test_wire_call_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(expected); i++) {
		const struct cs_message *message = cs_message_find(expected[i].type);

		for (enum fill_mode mode = FILL_EMPTY; mode <= FILL_SMALL; mode++) {
			void *call = fill_alloc(1, message->call->size), *back = fill_alloc(1, message->call->size);
			const uint8_t *payload = NULL;
			struct cs_buf out;
			size_t len = 0;

			fill_struct(message->call, call, mode);
			cs_buf_init(&out, FILL_MAX);
			assert_int_equal(cs_wire_put_call(&out, message, call), 0);
			payload = the_frame(&out, message->type, &len);
			memset(back, 0xa5, message->call->size);
			assert_int_equal(cs_wire_get_call(message, payload, len, back), 0);
			assert_true(fill_same(message->call, call, back));
			cs_clear(message->call, back);
			for (size_t n = 0; n < len; n++) {
				assert_true(cs_wire_get_call(message, payload, n, back) < 0);
				assert_true(fill_all_zero(back, message->call->size));
			}
			cs_buf_clear(&out);
			cs_clear(message->call, call);
			free(call);
			free(back);
		}
	}
}

static void check_reply(const struct cs_message *message, enum fill_mode mode)
{
	void *reply = fill_alloc(1, message->reply->size), *back = fill_alloc(1, message->reply->size);
	const uint8_t *payload = NULL;
	char *text = NULL;
	struct cs_buf out;
	size_t len = 0;

	fill_struct(message->reply, reply, mode);
	cs_buf_init(&out, FILL_MAX);
	assert_int_equal(cs_wire_put_reply(&out, message, 0, "", reply), 0);
	payload = the_frame(&out, message->type | CS_WIRE_REPLY, &len);
	memset(back, 0xa5, message->reply->size);
	assert_int_equal(cs_wire_get_reply(message, payload, len, back, &text), 0);
	assert_null(text);
	assert_true(fill_same(message->reply, reply, back));
	cs_clear(message->reply, back);
	for (size_t n = 0; n < len; n++) {
		assert_int_equal(cs_wire_get_reply(message, payload, n, back, &text), CS_EPROTO);
		assert_null(text);
		assert_true(fill_all_zero(back, message->reply->size));
	}
	cs_buf_clear(&out);
	cs_clear(message->reply, reply);
	free(reply);
	free(back);
}

static void test_wire_reply_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < CS_COUNT(expected); i++) {
		check_reply(cs_message_find(expected[i].type), FILL_EMPTY);
		check_reply(cs_message_find(expected[i].type), FILL_SMALL);
	}
}

static void error_round_trip(void *arg, const char *name, int error)
{
	const struct cs_message *message = cs_message_find(CS_CALL_VOTE);
	struct cs_decision back;
	const uint8_t *payload = NULL;
	char *text = NULL;
	struct cs_buf out;
	size_t len = 0;

	(void)arg;
	(void)name;
	cs_buf_init(&out, FILL_MAX);
	assert_int_equal(cs_wire_put_reply(&out, message, error, "why it is so", NULL), 0);
	payload = the_frame(&out, CS_CALL_VOTE | CS_WIRE_REPLY, &len);
	memset(&back, 0xa5, sizeof(back));
	assert_int_equal(cs_wire_get_reply(message, payload, len, &back, &text), error);
	assert_string_equal(text, "why it is so");
	assert_true(fill_all_zero(&back, sizeof(back)));
	free(text);
	text = NULL;
	for (size_t n = 0; n < len; n++) {
		assert_int_equal(cs_wire_get_reply(message, payload, n, &back, &text), CS_EPROTO);
		assert_null(text);
	}
	cs_buf_clear(&out);
}

static void test_wire_error_round_trip(void **state)
{
	(void)state;
	assert_int_equal(header_values("include/countersign/error.h", "CS_E", error_round_trip, NULL), 18);
}

/* Whatever number an error has, it never reads as success, and what follows it is not taken for a reply. */
static void test_wire_unknown_error_is_an_error(void **state)
{
	static const uint32_t numbers[] = {19, 255, 256, 0x7fffffff, 0x80000000, 0xffffffff};
	const struct cs_message *message = cs_message_find(CS_CALL_VOTE);

	(void)state;
	for (size_t i = 0; i < CS_COUNT(numbers); i++) {
		struct cs_decision back;
		struct cs_buf payload;
		char *text = NULL;

		cs_buf_init(&payload, 1024);
		cs_buf_put_u32(&payload, numbers[i]);
		cs_buf_put_cstr(&payload, "odd");
		assert_true(cs_wire_get_reply(message, payload.data, payload.len, &back, &text) < 0);
		assert_true(fill_all_zero(&back, sizeof(back)));
		free(text);
		text = NULL;
		cs_buf_put_u8(&payload, 0);
		assert_int_equal(cs_wire_get_reply(message, payload.data, payload.len, &back, &text), CS_EPROTO);
		assert_null(text);
		cs_buf_clear(&payload);
	}
}

static void test_wire_put_reply_refuses_nonsense(void **state)
{
	const struct cs_message *message = cs_message_find(CS_CALL_STATUS);
	char *text = fill_string(CS_MAX_TEXT + 1);
	struct cs_status status = {0};
	struct cs_buf out;

	(void)state;
	cs_buf_init(&out, FILL_MAX);
	cs_buf_put(&out, "before", 6);
	assert_int_equal(cs_wire_put_reply(&out, message, 5, "", &status), CS_EINVAL);
	assert_int_equal(cs_wire_put_reply(&out, message, 0, "", NULL), CS_EINVAL);
	assert_int_equal(cs_wire_put_reply(&out, message, CS_EIO, text, NULL), CS_ETOOBIG);
	assert_int_equal(out.len, 6);
	assert_int_equal(cs_buf_error(&out), 0);
	text[CS_MAX_TEXT] = 0;
	assert_int_equal(cs_wire_put_reply(&out, message, CS_EIO, text, NULL), 0);
	cs_buf_clear(&out);
	free(text);
}

/* A call that is over a bound or does not fit into a frame leaves out as it was. */
static void test_wire_a060_oversized_call(void **state)
{
	char *argv[8];
	struct cs_submit submit = {.action = {.argv = argv, .n_argv = CS_COUNT(argv)}};
	const struct cs_message *message = cs_message_find(CS_CALL_SUBMIT);
	struct cs_buf out;

	(void)state;
	for (size_t i = 0; i < CS_COUNT(argv); i++)
		argv[i] = fill_string(CS_MAX_ARG);
	cs_buf_init(&out, FILL_MAX);
	cs_buf_put(&out, "before", 6);
	assert_int_equal(cs_wire_put_call(&out, message, &submit), CS_ETOOBIG);
	assert_int_equal(out.len, 6);
	assert_int_equal(cs_buf_error(&out), 0);
	submit.action.n_argv = 3;
	assert_int_equal(cs_wire_put_call(&out, message, &submit), 0);
	submit.reason = fill_string(CS_MAX_REASON + 1);
	assert_int_equal(cs_wire_put_call(&out, message, &submit), CS_ETOOBIG);
	free(submit.reason);
	for (size_t i = 0; i < CS_COUNT(argv); i++)
		free(argv[i]);
	cs_buf_clear(&out);
}

/* Two calls written one after the other are two frames. */
static void test_wire_calls_in_a_row(void **state)
{
	const struct cs_message *show = cs_message_find(CS_CALL_SHOW), *list = cs_message_find(CS_CALL_LIST);
	const uint8_t *payload = NULL;
	size_t len = 0, total = 0;
	uint8_t type = 0;
	struct cs_buf out;

	(void)state;
	cs_buf_init(&out, FILL_MAX);
	assert_int_equal(cs_wire_put_call(&out, show, &(struct cs_show){.number = 4711}), 0);
	assert_int_equal(cs_wire_put_call(&out, list, &(struct cs_list){.mine = true}), 0);
	assert_int_equal(cs_frame_get(&out, &type, &payload, &len, &total), 1);
	assert_int_equal(type, CS_CALL_SHOW);
	cs_buf_consume(&out, total);
	payload = the_frame(&out, CS_CALL_LIST, &len);
	assert_int_equal(len, 11);
	assert_memory_equal(payload, "\0\1\0\0\0\0\0\0\0\0", 11);
	cs_buf_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire_table),
		cmocka_unit_test(test_wire_every_call_has_a_row_and_no_other_number),
		cmocka_unit_test(test_wire_a052_no_identity_on_people_sock),
		cmocka_unit_test(test_wire_hello),
		cmocka_unit_test(test_wire_call_round_trip),
		cmocka_unit_test(test_wire_reply_round_trip),
		cmocka_unit_test(test_wire_error_round_trip),
		cmocka_unit_test(test_wire_unknown_error_is_an_error),
		cmocka_unit_test(test_wire_put_reply_refuses_nonsense),
		cmocka_unit_test(test_wire_a060_oversized_call),
		cmocka_unit_test(test_wire_calls_in_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
