/* SPDX-License-Identifier: Apache-2.0 */
/* Every order of a small set of things that can happen to requests, to a depth of DEPTH, against the real authority on
 * the memory store. Orders that lead to the same state are gone on from once. After each step the promises of the
 * threat model are checked against a count that this test makes for itself. */
#include "house.h"
#include "evidence.h"
#include <sys/time.h>

#if defined(__SANITIZE_ADDRESS__)
enum { DEPTH = 5 }; /* where each step takes ten times as long */
#else
enum { DEPTH = 6 };
#endif
enum { REQUESTS = 3, STATES = 1 << 17, CONNECTIONS = 2 };

/* What this test knows of the world, apart from the authority. */
struct world {
	struct cs_decision held[CONNECTIONS]; /* what a connection was told when it was held; number 0: nothing */
	bool carol_left, alice_left, strict;  /* not in infra; no owner; the policy asks for two of infra */
	enum cs_state state[REQUESTS + 1];
	unsigned permits[REQUESTS + 1];
	uint64_t approved_at[REQUESTS + 1], made_at[REQUESTS + 1];
	uint64_t number; /* the newest request */
	struct cs_decision last;
};

static struct house house;
static struct world world;
static bool world_written; /* the files are not as the house builds them */

/* --- The world's own count ---------------------------------------------------------------------------------------- */

/* Do these approvals suffice, by who is entitled at this moment? Nobody counts twice, and the requester not at all. */
static bool suffices(uint64_t number)
{
	struct cs_approval *votes = NULL;
	size_t n = 0;
	unsigned infra = 0, all = 0, needed = world.strict ? 2 : 1;
	bool rejected = false;

	assert_int_equal(cs_store_votes(house.store, number, &votes, &n), 0);
	for (size_t i = 0; i < n; i++) {
		uint32_t uid = votes[i].person.uid;
		bool is_infra = uid == ERIN || (uid == CAROL && !world.carol_left);

		assert_true(uid == BOB || uid == CAROL || uid == ERIN);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(votes[i].person.id, votes[k].person.id);
		rejected |= votes[i].vote == CS_VOTE_REJECT;
		infra += is_infra;
		all += is_infra || uid == BOB;
	}
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_approval_shape, &votes[i]);
	free(votes);
	return !rejected && !world.alice_left && infra >= needed && all >= needed + 1;
}

static void note_permit(const struct cs_decision *d)
{
	uint64_t n = d->number;

	if (d->verdict != CS_PERMIT)
		return;
	assert_int_equal(d->reason, CS_WHY_APPROVED);
	assert_in_range(n, 1, REQUESTS);
	assert_true(suffices(n));
	assert_true(world.state[n] == CS_APPROVED || world.state[n] == CS_PENDING);
	assert_int_equal(house_state(&house, n), CS_USED);
	assert_int_equal(world.permits[n]++, 0);
	if (world.state[n] == CS_APPROVED)
		assert_true(house_now.boot_ms - world.approved_at[n] < 10 * 60000);
	else
		assert_true(house_now.boot_ms - world.made_at[n] < 30 * 60000);
}

static bool is_open(enum cs_state state)
{
	return state == CS_PENDING || state == CS_APPROVED;
}

static void check_states(void)
{
	for (uint64_t n = 1; n <= REQUESTS; n++) {
		struct cs_stored stored = { 0 };

		if (cs_store_get(house.store, n, &stored) == 0) {
			if (world.state[n] == CS_STATE_NONE) {
				world.made_at[n] = house_now.boot_ms;
				world.number = n;
				assert_string_equal(stored.request.requester.id, "id-alice");
			} else if (stored.state != world.state[n]) {
				assert_true(is_open(world.state[n])); /* what is closed stays as it is */
				assert_true(stored.state != CS_PENDING);
				if (stored.state == CS_APPROVED) {
					assert_true(suffices(n));
					world.approved_at[n] = house_now.boot_ms;
				}
			}
			assert_int_equal(stored.state == CS_USED, world.permits[n]);
			world.state[n] = stored.state;
		}
		cs_clear(&cs_stored_shape, &stored);
	}
}

static void check_evidence(void)
{
	struct cs_record *records = NULL;
	struct cs_verifier verifier;
	unsigned claimed[REQUESTS + 1] = { 0 };
	size_t n = 0;

	cs_verifier_init(&verifier);
	assert_int_equal(cs_store_records(house.store, 1, 1000, &records, &n), 0);
	for (size_t i = 0; i < n; i++) {
		struct cs_event event = { 0 };

		assert_int_equal(cs_verifier_next(&verifier, &records[i]), 0);
		assert_int_equal(cs_decode_all(&cs_event_shape, records[i].bytes, records[i].n_bytes, &event), 0);
		claimed[event.request] += event.kind == CS_EVENT_CLAIMED;
		cs_clear(&cs_event_shape, &event);
		cs_clear(&cs_record_shape, &records[i]);
	}
	free(records);
	for (size_t i = 1; i <= REQUESTS; i++)
		assert_int_equal(claimed[i], world.permits[i]);
}

/* --- What can happen ---------------------------------------------------------------------------------------------- */

static void do_submit(unsigned c)
{
	struct house_sudo s;
	struct cs_decision d = { 0 };

	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(&house, &s, c + 1, &d), 0);
	note_permit(&d);
	if (d.verdict == CS_HOLD) {
		cs_clear(&cs_decision_shape, &world.held[c]);
		world.held[c] = d;
	} else {
		cs_clear(&cs_decision_shape, &d);
	}
}

static void do_vote(uint32_t uid, enum cs_vote vote)
{
	enum cs_reason reason = house_vote(&house, uid, world.number, vote);

	if (uid == ALICE || uid == ALICE_ADM)
		assert_true(reason == CS_WHY_SELF || reason == CS_WHY_STATE);
}

static void do_claim(unsigned c)
{
	struct cs_decision reply = { 0 };

	assert_int_equal(house_claim(&house, &world.held[c], c + 1, &reply), 0);
	note_permit(&reply);
	cs_clear(&cs_decision_shape, &reply);
}

static void do_gone(unsigned c)
{
	struct cs_caller caller = house_module(&house, c + 1);

	cs_authority_gone(house.authority, &caller);
	cs_authority_turn(house.authority);
	cs_clear(&cs_decision_shape, &world.held[c]);
}

static void do_cancel(unsigned unused)
{
	struct cs_caller caller = house_person(ALICE);
	struct cs_cancel cancel = { .number = world.number };

	(void)unused;
	(void)house_call(&house, &caller, CS_CALL_CANCEL, &cancel, -1, &cs_decision_shape, &world.last);
	cs_clear(&cs_decision_shape, &world.last);
}

static void do_pass(unsigned tick)
{
	house_pass(11 * 60000);
	if (tick)
		(void)cs_authority_tick(house.authority);
	cs_authority_turn(house.authority);
}

static void write_people(void)
{
	house_set_people(&house, world.alice_left ? "bob, erin" : "alice, bob, erin", world.carol_left ? "erin"
		: "carol, erin");
	world_written = true;
}

static void do_policy(unsigned unused)
{
	char *text = cs_dup(house_policy), *at = strstr(text, "count = 1 role");

	(void)unused;
	world.strict = !world.strict;
	at[8] = world.strict ? '2' : '1';
	house_load(&house, text);
	world_written = true;
	free(text);
}

static void do_approve(unsigned uid)
{
	do_vote(uid, CS_VOTE_APPROVE);
}

static void do_reject(unsigned uid)
{
	do_vote(uid, CS_VOTE_REJECT);
}

static void do_move(unsigned uid)
{
	bool *left = uid == CAROL ? &world.carol_left : &world.alice_left;

	*left = !*left;
	write_people();
}

static bool can_submit(unsigned c)
{
	return world.state[REQUESTS] == CS_STATE_NONE && world.held[c].number == 0;
}

static bool is_held(unsigned c)
{
	return world.held[c].number != 0;
}

static bool is_asked(unsigned unused)
{
	(void)unused;
	return world.number != 0;
}

static bool always(unsigned unused)
{
	(void)unused;
	return true;
}

static const struct {
	void (*happens)(unsigned of);
	bool (*can)(unsigned of);
	unsigned of;
} happenings[] = {
	{ do_submit, can_submit, 0 },
	{ do_submit, can_submit, 1 },
	{ do_approve, is_asked, BOB },
	{ do_approve, is_asked, CAROL },
	{ do_approve, is_asked, ERIN },
	{ do_approve, is_asked, ALICE },
	{ do_reject, is_asked, BOB },
	{ do_cancel, is_asked, 0 },
	{ do_claim, is_held, 0 },
	{ do_claim, is_held, 1 },
	{ do_gone, is_held, 0 },
	{ do_pass, always, false },
	{ do_pass, always, true },
	{ do_move, always, CAROL },
	{ do_move, always, ALICE },
	{ do_policy, always, 0 },
};

static void happen(size_t what)
{
	happenings[what].happens(happenings[what].of);
	check_states();
}

/* --- Walking ------------------------------------------------------------------------------------------------------ */

static void begin(void)
{
	for (unsigned c = 0; c < CONNECTIONS; c++)
		cs_clear(&cs_decision_shape, &world.held[c]);
	memset(&world, 0, sizeof(world));
	house_now.boot_ms = 1000000;
	house_now.wall_ms = 1790000000000;
	if (world_written) {
		write_people();
		house_write(house.policy, house_policy);
		world_written = false;
	}
	assert_int_equal(cs_store_open_memory(&house.store), 0);
	house_open_authority(&house);
}

static void end(void)
{
	cs_authority_close(&house.authority);
	cs_store_close(&house.store);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15) ^ (hash >> 29);
}

/* Two worlds with the same fingerprint have the same future: nothing else is kept anywhere. */
static uint64_t fingerprint(void)
{
	uint64_t hash = mix(world.carol_left + 2u * world.alice_left + 4u * world.strict, world.number);

	for (uint64_t n = 1; n <= REQUESTS; n++) {
		struct cs_approval *votes = NULL;
		struct cs_stored stored = { 0 };
		size_t n_votes = 0;

		if (cs_store_get(house.store, n, &stored) < 0)
			continue;
		hash = mix(hash, (uint64_t)stored.state);
		hash = mix(hash, house_now.boot_ms - (stored.state == CS_APPROVED ? stored.since_boot_ms
			: world.made_at[n]));
		hash = mix(hash, stored.request.policy_digest[0]);
		assert_int_equal(cs_store_votes(house.store, n, &votes, &n_votes), 0);
		for (size_t i = 0; i < n_votes; i++) {
			hash = mix(hash, votes[i].person.uid * 4u + (unsigned)votes[i].vote);
			cs_clear(&cs_approval_shape, &votes[i]);
		}
		free(votes);
		cs_clear(&cs_stored_shape, &stored);
	}
	for (unsigned c = 0; c < CONNECTIONS; c++)
		hash = mix(hash, world.held[c].number);
	return hash | 1;
}

struct path {
	uint8_t steps[DEPTH];
	uint8_t n;
	uint32_t can; /* which happenings are possible after it */
};

static struct path *frontier;
static size_t n_frontier;
static uint64_t *seen;
static size_t n_seen, n_steps, n_permits;

static bool is_new(uint64_t hash)
{
	size_t at = hash % STATES;

	while (seen[at] != 0 && seen[at] != hash)
		at = (at + 1) % STATES;
	if (seen[at] == hash)
		return false;
	assert_true(++n_seen < STATES / 2);
	seen[at] = hash;
	return true;
}

static uint32_t possible(void)
{
	uint32_t can = 0;

	for (size_t i = 0; i < CS_COUNT(happenings); i++)
		can |= (uint32_t)happenings[i].can(happenings[i].of) << i;
	return can;
}

/* One more step after this path; true when it leads to where nothing led before. */
static bool walk(const struct path *path, size_t next, struct path *ret_longer)
{
	bool fresh = false;

	begin();
	for (unsigned i = 0; i < path->n; i++)
		happen(path->steps[i]);
	happen(next);
	check_evidence(); /* of the steps before it was checked when they were new */
	n_steps++;
	for (size_t i = 1; i <= REQUESTS; i++)
		n_permits += world.permits[i];
	fresh = is_new(fingerprint());
	*ret_longer = *path;
	ret_longer->steps[ret_longer->n++] = (uint8_t)next;
	ret_longer->can = possible();
	end();
	return fresh;
}

static void expand(const struct path *path)
{
	struct path longer;

	for (size_t next = 0; next < CS_COUNT(happenings); next++)
		if ((path->can >> next & 1) && walk(path, next, &longer) && longer.n < DEPTH)
			frontier[n_frontier++] = longer;
}

static void test_authority_a091_a092_all_orders(void **state)
{
	(void)state;
	frontier = calloc(STATES, sizeof(*frontier));
	seen = calloc(STATES, sizeof(*seen));
	assert_true(frontier && seen);
	house_build(&house);
	world_written = true;
	frontier[0].can = 1; /* alice asks; then anything may happen */
	n_frontier = 1;
	for (size_t at = 0; at < n_frontier; at++)
		expand(&frontier[at]);
	print_message("%zu states, %zu steps, %zu of them in a world with a permit\n", n_seen, n_steps, n_permits);
	assert_true(n_seen > 1000);
	assert_true(n_permits > 20);
	for (unsigned c = 0; c < CONNECTIONS; c++)
		cs_clear(&cs_decision_shape, &world.held[c]);
	house_close(&house);
	free(frontier);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_authority_a091_a092_all_orders) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
