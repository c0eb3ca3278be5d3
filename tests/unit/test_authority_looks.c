/* SPDX-License-Identifier: Apache-2.0 */
/* What people see of requests: how far they are, what waits for whom, and one by the beginning of its id; and what the
 * record holds of how it was decided. */
#include "houses.h"
#include "internal.h"

static int list_by(struct house *h, uint32_t uid, struct cs_list list, struct cs_list_answer *ret)
{
	struct cs_caller caller = house_person(uid);

	return house_call(h, &caller, CS_CALL_LIST, &list, -1, &cs_list_answer_shape, ret);
}

static size_t waiting_for(struct house *h, uint32_t uid)
{
	struct cs_list_answer rows = { 0 };
	size_t n = 0;

	assert_int_equal(list_by(h, uid, (struct cs_list){ .waiting = true }, &rows), 0);
	n = rows.n_rows;
	for (size_t i = 0; i < n; i++)
		assert_true(rows.rows[i].waits);
	cs_clear(&cs_list_answer_shape, &rows);
	return n;
}

/* Only where a vote would count now, of somebody who has not voted. */
static void test_authority_u2_what_waits_for_me(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };

	open_house(state, &h, RIGHTS DEPLOY "  approval one { count = 2 role = pmc stage = 1 }\n"
		"  approval two { count = 1 role = infra scope = \"*\" stage = 2 } }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(waiting_for(&h, ALICE), 0);
	assert_int_equal(waiting_for(&h, ALICE_ADM), 0);
	assert_int_equal(waiting_for(&h, BOB), 1);
	assert_int_equal(waiting_for(&h, CAROL), 0); /* not yet */
	assert_int_equal(waiting_for(&h, DAVE), 0);
	assert_int_equal(waiting_for(&h, 0), 0);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(waiting_for(&h, BOB), 0);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(waiting_for(&h, CAROL), 1);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(waiting_for(&h, CAROL), 0);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

static void test_authority_list_goes_on_below_a_number(void **state)
{
	static char versions[5][8];
	struct house h;
	struct house_sudo s;
	struct cs_list_answer rows = { 0 };

	open_house(state, &h, RIGHTS DEPLOY ONE "}\n");
	for (int i = 0; i < 5; i++) {
		house_sudo_by(&s, ALICE, "alice");
		(void)snprintf(versions[i], sizeof(versions[i]), "1.%d", i);
		s.argv[2] = versions[i];
		ask(&h, &s, 7, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	}
	assert_int_equal(list_by(&h, BOB, (struct cs_list){ .before = 3 }, &rows), 0);
	assert_int_equal(rows.n_rows, 2);
	assert_int_equal(rows.rows[0].number, 2);
	assert_int_equal(rows.rows[0].missing, 1);
	cs_clear(&cs_list_answer_shape, &rows);
	close_house(&h);
}

/* --- By the beginning of its id ------------------------------------------------------------------------------------ */

static int show_by(struct house *h, uint32_t uid, const char *prefix, uint64_t *ret_number)
{
	struct cs_caller caller = house_person(uid);
	char copy[40];
	struct cs_show show = { .prefix = copy };
	struct cs_show_answer answer = { 0 };
	int r = 0;

	(void)snprintf(copy, sizeof(copy), "%s", prefix);
	r = house_call(h, &caller, CS_CALL_SHOW, &show, -1, &cs_show_answer_shape, &answer);
	*ret_number = answer.decision.number;
	cs_clear(&cs_show_answer_shape, &answer);
	return r;
}

/* Stores a request like this one with an id that begins with these bytes, asked by somebody of another project. */
static void store_like(struct house *h, uint64_t number, const uint8_t start[3], const char *scope)
{
	struct cs_stored stored = { 0 };
	struct cs_now now;

	assert_int_equal(cs_store_get(h->store, number, &stored), 0);
	assert_int_equal(house_clock(&now), 0);
	memcpy(stored.request.id, start, 3);
	stored.digest[0] ^= start[2] + 1;
	stored.state = CS_STATE_NONE;
	assert_int_equal(cs_set(&stored.request.scope, scope), 0);
	assert_int_equal(cs_store_begin(h->store), 0);
	assert_int_equal(cs_store_add(h->store, &stored), 0);
	assert_int_equal(cs_store_commit(h->store), 0);
	cs_clear(&cs_stored_shape, &stored);
}

/* n more requests of alice, in a place that only others see, but each 20th where the first one is. */
static void store_many(struct house *h, uint64_t number, unsigned n)
{
	struct cs_stored stored = { 0 }, other = { 0 };

	assert_int_equal(cs_store_get(h->store, number, &stored), 0);
	assert_int_equal(cs_store_begin(h->store), 0);
	for (unsigned i = 1; i <= n; i++) {
		assert_int_equal(cs_copy(&cs_stored_shape, &stored, &other), 0);
		memcpy(other.request.id, &i, sizeof(i));
		memcpy(other.digest, &i, sizeof(i));
		other.state = CS_STATE_NONE;
		if (i % 20 != 0)
			assert_int_equal(cs_set(&other.request.scope, "project/other"), 0);
		assert_int_equal(concern_keys(&other), 0);
		assert_int_equal(cs_store_add(h->store, &other), 0);
		cs_clear(&cs_stored_shape, &other);
	}
	assert_int_equal(cs_store_commit(h->store), 0);
	cs_clear(&cs_stored_shape, &stored);
}

/* However many requests of others are open. Kills: a walk over all of them that ends before; pages that leave one out or
 * tell one twice; a request that is told for each reason for which he may see it. */
static void test_authority_a_list_finds_what_concerns_its_reader(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_list_answer rows = { 0 };
	struct cs_list call = { 0 };
	uint64_t expected = 2102;

	open_house(state, &h, RIGHTS DEPLOY "  approval committee { count = 1 role = pmc } }\n");
	held(&h, &s, 7, &d);
	house_sudo_by(&s, BOB, "bob"); /* his own, and in a place of his */
	ask(&h, &s, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	store_many(&h, d.number, 2100); /* 3 to 2102 */
	assert_int_equal(list_by(&h, BOB, call, &rows), 0);
	assert_int_equal(rows.n_rows, 100);
	assert_true(rows.more);
	for (size_t i = 0; i < rows.n_rows; i++, expected -= 20)
		assert_int_equal(rows.rows[i].number, expected);
	call.before = rows.rows[99].number;
	cs_clear(&cs_list_answer_shape, &rows);
	assert_int_equal(list_by(&h, BOB, call, &rows), 0);
	assert_int_equal(rows.n_rows, 7);
	for (size_t i = 0; i < 5; i++, expected -= 20)
		assert_int_equal(rows.rows[i].number, expected);
	assert_int_equal(rows.rows[5].number, 2);
	assert_int_equal(rows.rows[6].number, 1);
	assert_false(rows.more);
	cs_clear(&cs_list_answer_shape, &rows);
	assert_int_equal(list_by(&h, BOB, (struct cs_list){ .mine = true }, &rows), 0);
	assert_int_equal(rows.n_rows, 1);
	assert_int_equal(rows.rows[0].number, 2);
	cs_clear(&cs_list_answer_shape, &rows);
	assert_int_equal(list_by(&h, DAVE, (struct cs_list){ 0 }, &rows), 0);
	assert_int_equal(rows.n_rows, 0);
	cs_clear(&cs_list_answer_shape, &rows);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* Ambiguous only among what one may see: that others asked does not show. */
static void test_authority_a_request_by_the_beginning_of_its_id(void **state)
{
	static const uint8_t one[] = { 0xab, 0xcd, 0x01 }, two[] = { 0xab, 0xcd, 0x02 }, three[] = { 0xab, 0xcd, 0x03 };
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };
	uint64_t number = 0;

	open_house(state, &h, RIGHTS DEPLOY "  approval committee { count = 1 role = pmc } }\n");
	held(&h, &s, 7, &d);
	store_like(&h, d.number, one, "project/tomcat");
	assert_int_equal(show_by(&h, BOB, "abcd", &number), 0);
	assert_int_equal(number, 2);
	assert_int_equal(show_by(&h, DAVE, "abcd", &number), CS_ENOENT);
	assert_int_equal(show_by(&h, BOB, "abc", &number), CS_EINVAL);
	assert_int_equal(show_by(&h, BOB, "wxyz", &number), CS_EINVAL);
	assert_int_equal(show_by(&h, BOB, "0000000000", &number), CS_ENOENT);
	store_like(&h, d.number, two, "project/other");
	assert_int_equal(show_by(&h, BOB, "ABCD", &number), 0); /* the other is none that bob may see */
	assert_int_equal(number, 2);
	assert_int_equal(show_by(&h, DAVE, "abcd", &number), CS_ENOENT);
	assert_int_equal(show_by(&h, 0, "abcd", &number), CS_ECONFLICT);
	store_like(&h, d.number, three, "project/tomcat");
	assert_int_equal(show_by(&h, BOB, "abcd", &number), CS_ECONFLICT);
	assert_int_equal(show_by(&h, BOB, "abcd03", &number), 0);
	assert_int_equal(number, 4);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* In full: what is required, who could, what is left of every time; the check code is the requester's alone. */
static void test_authority_show_says_how_far_it_is(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_show_answer show = { 0 };

	open_house(state, &h, RIGHTS DEPLOY BOTH "  uses = 3 objections = 20m session = 1h }\n");
	held(&h, &s, 7, &d);
	assert_int_equal(d.missing, 2);
	assert_int_equal(d.session_ms, HOUR);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	house_pass(MINUTE);
	assert_int_equal(house_show(&h, BOB, d.number, &show), 0);
	assert_int_equal(show.decision.missing, 1);
	assert_int_equal(show.decision.uses, 3);
	assert_int_equal(show.decision.used, 0);
	assert_int_equal(show.decision.waiting, 1);
	assert_int_equal(show.decision.objection_ms, 19 * MINUTE);
	assert_false(show.may_vote);
	assert_non_null(strstr(show.may_vote_text, "take that back"));
	assert_string_equal(show.decision.check_code ? show.decision.check_code : "", "");
	assert_true(show.head_number > 0);
	cs_clear(&cs_show_answer_shape, &show);
	assert_int_equal(house_show(&h, ALICE, d.number, &show), 0);
	assert_int_equal(strlen(show.decision.check_code), CS_CODE_LEN);
	cs_clear(&cs_show_answer_shape, &show);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	assert_int_equal(house_show(&h, ALICE, d.number, &show), 0);
	assert_int_equal(show.decision.used, 1);
	assert_int_equal(show.decision.missing, 0);
	assert_int_equal(show.decision.waiting, 0);
	cs_clear(&cs_show_answer_shape, &show);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* --- The record ---------------------------------------------------------------------------------------------------- */

static void body_of(struct house *h, enum cs_event_kind kind, const struct cs_shape *shape, void *ret)
{
	struct cs_event event = { 0 };

	newest_event(h, kind, &event);
	memset(ret, 0, shape->size);
	assert_int_equal(cs_decode_all(shape, event.body, event.n_body, ret), 0);
	cs_clear(&cs_event_shape, &event);
}

/* Each event holds what it was decided from: who the directory said they were, and how long it had waited. */
static void test_authority_e5_what_decided_is_frozen(void **state)
{
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_requested_body asked;
	struct cs_voted_body voted;
	struct cs_grounds grounds;

	open_house(state, &h, RIGHTS DEPLOY BOTH "}\n");
	held(&h, &s, 7, &d);
	body_of(&h, CS_EVENT_REQUESTED, &cs_requested_body_shape, &asked);
	assert_string_equal(asked.grounds.requester.person.id, "id-alice");
	assert_memory_equal(asked.request.id, d.id, CS_ID_LEN);
	cs_clear(&cs_requested_body_shape, &asked);
	house_pass(MINUTE);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	body_of(&h, CS_EVENT_VOTED, &cs_voted_body_shape, &voted);
	assert_string_equal(voted.approval.assurance, "local-uid");
	assert_int_equal(voted.approval.login_uid, CS_NO_UID);
	assert_int_equal(voted.grounds.n_voters, 1);
	assert_string_equal(voted.grounds.voters[0].person.id, "id-bob");
	assert_true(voted.grounds.voters[0].n_memberships > 0);
	cs_clear(&cs_voted_body_shape, &voted);
	house_pass(MINUTE);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	body_of(&h, CS_EVENT_APPROVED, &cs_grounds_shape, &grounds);
	assert_int_equal(grounds.n_voters, 2);
	assert_int_equal(grounds.elapsed_ms, 2 * MINUTE);
	cs_clear(&cs_grounds_shape, &grounds);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED);
	body_of(&h, CS_EVENT_CLAIMED, &cs_grounds_shape, &grounds);
	assert_int_equal(grounds.n_voters, 2);
	assert_int_equal(grounds.wall_ms, house_now.wall_ms);
	cs_clear(&cs_grounds_shape, &grounds);
	cs_clear(&cs_decision_shape, &d);
	close_house(&h);
}

/* What is permitted or denied without a request is derived again too: with a gate, without one, and past a deny gate that
 * exempts. Closing the house replays it. */
static void test_authority_e5_permits_without_a_request(void **state)
{
	static char id[] = "/usr/bin/id";
	struct house h;
	struct house_sudo s;
	struct cs_permitted_body body;

	open_house(state, &h, RIGHTS DEPLOY ONE "  exempt infra { role = infra scope = \"*\" }\n"
		"  automatic tens { command = \"/usr/local/sbin/deploy-release * 10.1\" } }\n"
		"gate freeze { service = sudo command = \"/usr/bin/id\" deny = \"frozen\"\n"
		"  exempt owners { role = pmc scope = \"project/tomcat\" } }\n");
	house_sudo_by(&s, ERIN, "erin");
	ask(&h, &s, 7, CS_PERMIT, CS_WHY_EXEMPT, NULL);
	body_of(&h, CS_EVENT_PERMITTED, &cs_permitted_body_shape, &body);
	assert_string_equal(body.scope, "project/tomcat");
	assert_string_equal(body.grounds.requester.person.id, "id-erin");
	cs_clear(&cs_permitted_body_shape, &body);
	house_sudo_by(&s, ALICE, "alice");
	ask(&h, &s, 7, CS_PERMIT, CS_WHY_AUTOMATIC, NULL);
	house_sudo_by(&s, 0, "root");
	ask(&h, &s, 7, CS_PERMIT, CS_WHY_ROOT, NULL);
	house_sudo_by(&s, ALICE, "alice");
	s.submit.action.command = s.submit.action.resolved = id;
	ask(&h, &s, 7, CS_PERMIT, CS_WHY_UNGUARDED, NULL);
	body_of(&h, CS_EVENT_PERMITTED, &cs_permitted_body_shape, &body);
	assert_string_equal(body.grounds.requester.person.id, "id-alice");
	assert_int_equal(body.grounds.requester.n_memberships, 1);
	cs_clear(&cs_permitted_body_shape, &body);
	house_sudo_by(&s, DAVE, "dave");
	s.submit.action.command = s.submit.action.resolved = id;
	ask(&h, &s, 7, CS_DENY, CS_WHY_DENY_GATE, NULL);
	close_house(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_STORES(test_authority_u2_what_waits_for_me),
		BOTH_STORES(test_authority_list_goes_on_below_a_number),
		BOTH_STORES(test_authority_a_list_finds_what_concerns_its_reader),
		BOTH_STORES(test_authority_a_request_by_the_beginning_of_its_id),
		BOTH_STORES(test_authority_show_says_how_far_it_is),
		BOTH_STORES(test_authority_e5_what_decided_is_frozen),
		BOTH_STORES(test_authority_e5_permits_without_a_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
