/* SPDX-License-Identifier: Apache-2.0 */
/* The life of requests as an explicit-state model: everything that can happen, in every order, until nothing new comes
 * of it, against the real authority on the memory store. After each step the promises of the threat model are checked
 * against a count that this test makes for itself; the evidence is checked, and every permit derived again from it.
 *
 * A state is the heap of the authority, its store and its directory, which is kept whole and put back (arena.h) for each
 * thing that can happen in it. Of a state that waits for its turn only the step that led to it is kept; the shortest way
 * is walked again. States are the same when nothing that matters later differs (fingerprint). Nothing bounds how long a
 * way may be: each search ends where every step leads to a state that was there before.
 *
 * What may happen in each world is in the table at its end. alice, and in one world bob, ask for what one of infra and one
 * more must approve (or, while the policy is strict, two of infra and one more). alice, who has a second account, bob and
 * erin are owners, carol and erin are of infra; who is of infra may approve what the owners may. */
#include "arena.h"
#include "house.h"
#include "internal.h"

enum {
	CONNECTIONS = 2,
	LOOKED_AT = 5,           /* so many requests are looked at, the newest: what is older must be closed */
	DEEPEST = 256,           /* steps of one path: far more than the longest shortest one */
	STATES_MAX = 1 << 18,
	MINUTES = 60000,
	QUANTUM = 11 * MINUTES,  /* how long nothing happens */
	LIFETIME = 20 * MINUTES, /* so that one quantum is waited through, and two are too long */
	USE_WITHIN = 15 * MINUTES,
	WALL_STEP = 60 * MINUTES
};

enum { I_ALICE, I_BOB, I_CAROL, I_ERIN, PEOPLE };
static const struct {
	uint32_t uid;
	const char *name;
} people[PEOPLE] = { { ALICE, "alice" }, { BOB, "bob" }, { CAROL, "carol" }, { ERIN, "erin" } };

/* What may be left out of a world. */
enum { POLICY = 1, CLOCK = 2, REBOOT = 4, ALICE_MOVES = 8, CAROL_MOVES = 16, CRASH = 32 };

struct instance {
	const char *name;
	unsigned n_connections;
	unsigned asks[CONNECTIONS]; /* who asks on each */
	unsigned approvers;         /* a bit for each of people */
	unsigned without;
};

/* One thing that can happen in it. */
struct thing {
	const struct kind *kind;
	unsigned who, asker, connection;
};

static struct {
	const struct instance *of;
	struct thing things[64];
	size_t n_things;
} may;

/* What this test knows of one request, apart from the authority. */
struct own {
	enum cs_state state;
	enum cs_state told;             /* by the evidence */
	unsigned asker, permits, votes_cast;
	unsigned told_claims, told_votes;
	struct cs_now made, approved;
	enum cs_vote votes[PEOPLE];
	bool was_infra[PEOPLE], was_owner[PEOPLE]; /* when they voted */
};

static struct own_world {
	struct cs_decision held[CONNECTIONS]; /* what a connection was told when it was held; number 0: nothing */
	bool lives[CONNECTIONS];              /* it was not used up: nothing has been decided on a claim of it */
	bool asked[CONNECTIONS];              /* it made the request, or was left it: its Ctrl-C withdraws it */
	bool carol_left, alice_left, strict;  /* infra, for the owners; the owners; the strict policy is in force */
	int wall;                             /* so many steps ahead of where it was before anything was open */
	unsigned boots;
	unsigned asking;                      /* who asks just now */
	struct own own[LOOKED_AT + 1];        /* of the newest; see own_of */
	uint64_t number;                      /* the newest request */
	struct cs_verifier verifier;          /* of the evidence so far */
	bool again;                           /* on a path that was walked, and looked at, before */
	bool closed;                          /* this step closed a request */
} world;

/* How far the search is. */
static struct {
	uint64_t *seen;
	struct state {
		uint32_t parent;
		uint8_t step;
		uint8_t depth;
	} *states; /* in the order in which they were found: the first is the beginning */
	size_t n_states, at;
	size_t what; /* the step that is taken from `at` */
	size_t n_steps, n_permits, n_reopened, n_restarted, ended[CS_UNANSWERED + 1];
} search;

static struct house house;
static struct cs_directory *directories[4]; /* for each set of who left */

static struct own *own_of(uint64_t number)
{
	return world.own + number % (LOOKED_AT + 1);
}

static uint64_t oldest_looked_at(void)
{
	return world.number >= LOOKED_AT ? world.number - LOOKED_AT + 1 : 1;
}

static bool is_open(uint64_t number)
{
	return own_of(number)->state == CS_PENDING || own_of(number)->state == CS_APPROVED;
}

/* The newest open request of somebody; 0: none. */
static uint64_t open_of(unsigned asker)
{
	for (uint64_t n = world.number; n >= oldest_looked_at(); n--)
		if (is_open(n) && own_of(n)->asker == asker)
			return n;
	return 0;
}

/* --- The world's own count ---------------------------------------------------------------------------------------- */

static bool is_infra(size_t who)
{
	return who == I_ERIN || (who == I_CAROL && !world.carol_left);
}

static bool is_owner(size_t who)
{
	return who == I_BOB || who == I_ERIN || (who == I_ALICE && !world.alice_left) ||
		(who == I_CAROL && world.carol_left);
}

/* Do the votes that stand suffice, by who is entitled at this moment and was when he voted? Nobody counts twice, and
 * whoever asked not at all; and he has to be entitled himself. */
static bool suffices(uint64_t number)
{
	const struct own *own = own_of(number);
	unsigned infra = 0, all = 0, needed = world.strict ? 2 : 1;

	for (size_t i = 0; i < PEOPLE; i++) {
		bool for_infra = own->was_infra[i] && is_infra(i);

		if (own->votes[i] == CS_VOTE_REJECT)
			return false;
		if (own->votes[i] != CS_VOTE_APPROVE || i == own->asker)
			continue;
		infra += for_infra;
		all += (own->was_infra[i] || own->was_owner[i]) && (is_infra(i) || is_owner(i));
	}
	return is_owner(own->asker) && infra >= needed && all >= needed + 1;
}

static bool is_here(const struct cs_now *since)
{
	return strcmp(since->boot_id, house_now.boot_id) == 0;
}

static bool over(const struct cs_now *since, uint64_t span)
{
	if (is_here(since))
		return house_now.boot_ms - since->boot_ms >= span;
	return house_now.wall_ms + 60000 < since->wall_ms ||
		(house_now.wall_ms > since->wall_ms && house_now.wall_ms - since->wall_ms >= span);
}

static bool is_over(uint64_t number)
{
	const struct own *own = own_of(number);

	return own->state == CS_APPROVED ? over(&own->approved, USE_WITHIN) : over(&own->made, LIFETIME);
}

static bool may_be_used(uint64_t number)
{
	return own_of(number)->state == CS_APPROVED && !is_over(number) && suffices(number);
}

/* Somebody is let in. */
static void note_permit(const struct cs_decision *d)
{
	uint64_t n = d->number;

	if (d->verdict != CS_PERMIT)
		return;
	assert_int_equal(d->reason, CS_WHY_APPROVED);
	assert_in_range(n, oldest_looked_at(), world.number);
	assert_true(is_open(n)); /* what was closed never opens again */
	assert_false(is_over(n));
	assert_true(suffices(n));
	assert_int_equal(own_of(n)->asker, world.asking); /* nobody uses what another asked for */
	assert_int_equal(house_state(&house, n), CS_USED);
	assert_int_equal(own_of(n)->permits++, 0);
	search.n_permits += !world.again;
}

/* --- What has to hold after every step ---------------------------------------------------------------------------- */

static void note_new(uint64_t n, const struct cs_stored *stored)
{
	assert_int_equal(n, world.number + 1);
	assert_int_equal(stored->request.requester.uid, people[world.asking].uid);
	assert_true(is_owner(world.asking));
	assert_int_equal(open_of(world.asking) == 0 || is_over(open_of(world.asking)), true); /* else they are one */
	world.number = n;
	assert_false(is_open(n)); /* whose place it takes */
	*own_of(n) = (struct own){ .asker = world.asking, .made = house_now };
}

static void note_change(uint64_t n, enum cs_state to)
{
	struct own *own = own_of(n);

	assert_true(is_open(n)); /* what is closed stays as it is */
	world.closed = to != CS_PENDING && to != CS_APPROVED;
	assert_false(is_over(n) && !world.closed);
	if (to == CS_APPROVED) {
		assert_true(suffices(n));
		own->approved = house_now;
	} else if (to == CS_PENDING) {
		assert_false(suffices(n));
	} else if (to == CS_EXPIRED || to == CS_UNANSWERED) {
		assert_true(is_over(n));
		assert_int_equal(to == CS_UNANSWERED, own->votes_cast == 0);
	}
	if (world.again)
		return;
	search.n_reopened += to == CS_PENDING;
	search.ended[to] += world.closed;
}

/* The votes that stand are those that this test knows of: the last one of each, and nobody's who asked. */
static void check_votes(uint64_t n)
{
	struct cs_approval *votes = NULL;
	size_t n_votes = 0, known = 0;

	assert_int_equal(cs_store_votes(house.store, n, &votes, &n_votes), 0);
	for (size_t i = 0; i < n_votes; i++) {
		for (size_t who = 0; who < PEOPLE; who++)
			known += votes[i].person.uid == people[who].uid && votes[i].vote == own_of(n)->votes[who];
		cs_clear(&cs_approval_shape, &votes[i]);
	}
	assert_int_equal(known, n_votes);
	for (size_t who = 0; who < PEOPLE; who++)
		known -= own_of(n)->votes[who] != CS_VOTE_NONE;
	assert_int_equal(known, 0);
	assert_int_equal(own_of(n)->votes[own_of(n)->asker], CS_VOTE_NONE);
	free(votes);
}

static void check_states(void)
{
	for (uint64_t n = oldest_looked_at(); n <= world.number + 1; n++) {
		struct cs_stored stored = { 0 };

		if (cs_store_get(house.store, n, &stored) < 0)
			continue;
		if (n > world.number)
			note_new(n, &stored);
		else if (stored.state != own_of(n)->state)
			note_change(n, stored.state);
		own_of(n)->state = stored.state;
		assert_int_equal(stored.state == CS_USED, own_of(n)->permits);
		assert_int_equal(stored.used, own_of(n)->permits);
		check_votes(n);
		cs_clear(&cs_stored_shape, &stored);
	}
}

static void note_event(const struct cs_event *event)
{
	static const struct {
		enum cs_event_kind kind;
		enum cs_state state;
	} ends[] = { { CS_EVENT_REQUESTED, CS_PENDING }, { CS_EVENT_APPROVED, CS_APPROVED },
		{ CS_EVENT_REOPENED, CS_PENDING }, { CS_EVENT_REJECTED, CS_REJECTED },
		{ CS_EVENT_CANCELLED, CS_CANCELLED }, { CS_EVENT_EXPIRED, CS_EXPIRED }, { CS_EVENT_CLAIMED, CS_USED } };
	struct own *own = own_of(event->request);

	for (size_t i = 0; i < CS_COUNT(ends); i++)
		if (ends[i].kind == event->kind)
			own->told = ends[i].state;
	if (event->kind == CS_EVENT_EXPIRED && event->reason == CS_WHY_UNANSWERED)
		own->told = CS_UNANSWERED;
	own->told_claims += event->kind == CS_EVENT_CLAIMED;
	own->told_votes += event->kind == CS_EVENT_VOTED;
}

/* The chain goes on from where it was last looked at; each use and each vote is in it once, and what became of each
 * request. Every permit is derived again, from the record alone. */
static void check_evidence(void)
{
	struct cs_record *records = NULL;
	bool claimed = false;
	size_t n = 0;

	arena_is_open = false; /* nothing of this is part of the state */
	assert_int_equal(cs_store_records(house.store, world.verifier.number + 1, 100000, &records, &n), 0);
	for (size_t i = 0; i < n; i++) {
		struct cs_event event = { 0 };

		assert_int_equal(cs_verifier_read(&world.verifier, &records[i], &event), 0);
		if (event.request >= oldest_looked_at())
			note_event(&event);
		claimed = claimed || event.kind == CS_EVENT_CLAIMED;
		cs_clear(&cs_event_shape, &event);
		cs_clear(&cs_record_shape, &records[i]);
	}
	free(records);
	if (claimed)
		house_replay(&house);
	arena_is_open = true;
	for (uint64_t number = oldest_looked_at(); number <= world.number; number++) {
		assert_int_equal(own_of(number)->told, own_of(number)->state);
		assert_int_equal(own_of(number)->told_claims, own_of(number)->permits);
		assert_int_equal(own_of(number)->told_votes, own_of(number)->votes_cast);
	}
}

/* --- What can happen ---------------------------------------------------------------------------------------------- */

static void submit_call(const struct thing *t, struct house_sudo *ret_call)
{
	world.asking = t->asker;
	house_sudo_by(ret_call, people[t->asker].uid, people[t->asker].name);
}

/* What is approved is found, and spent where it does not hold any more. Who has the right may ask while there are enough
 * who could approve: the strict policy takes two of infra. */
static void check_submitted(const struct thing *t, enum cs_verdict verdict)
{
	uint64_t open = open_of(t->asker);
	bool approved = open != 0 && own_of(open)->state == CS_APPROVED && !is_over(open);
	bool may_ask = is_owner(t->asker) && (!world.strict || !world.carol_left);

	assert_int_equal(verdict != CS_DENY, may_ask && (!approved || suffices(open)));
	assert_true(verdict == CS_PERMIT || !approved || !may_be_used(open));
}

static void do_submit(const struct thing *t)
{
	struct house_sudo s;
	struct cs_decision d = { 0 };

	submit_call(t, &s);
	assert_int_equal(house_submit(&house, &s, t->connection + 1, &d), 0);
	check_submitted(t, d.verdict);
	assert_true(d.number == 0 || d.number > world.number || own_of(d.number)->asker == t->asker);
	note_permit(&d);
	if (d.verdict == CS_HOLD) {
		cs_clear(&cs_decision_shape, &world.held[t->connection]);
		world.held[t->connection] = d;
		world.lives[t->connection] = true;
		world.asked[t->connection] = d.number > world.number;
	} else {
		cs_clear(&cs_decision_shape, &d);
	}
}

static bool is_refusal(enum cs_reason reason)
{
	return reason == CS_WHY_DOUBT || (reason >= CS_WHY_SELF && reason <= CS_WHY_NOT_INDEPENDENT) ||
		reason == CS_WHY_LIMIT || reason == CS_WHY_STORE;
}

static void do_vote(const struct thing *t, enum cs_vote vote)
{
	uint64_t n = open_of(t->asker);
	struct own *own = own_of(n);
	enum cs_reason reason = house_vote(&house, people[t->who].uid, n, vote);

	if (is_refusal(reason)) {
		/* what is one's own is taken back whenever it is open */
		assert_true(vote != CS_VOTE_WITHDRAW || is_over(n));
		return;
	}
	assert_false(is_over(n));
	assert_true(vote == CS_VOTE_WITHDRAW || is_infra(t->who) || is_owner(t->who));
	assert_true(vote != own->votes[t->who] || is_infra(t->who) != own->was_infra[t->who]);
	own->votes[t->who] = vote == CS_VOTE_WITHDRAW ? CS_VOTE_NONE : vote;
	own->votes_cast++;
	own->was_infra[t->who] = is_infra(t->who);
	own->was_owner[t->who] = is_owner(t->who);
	assert_int_equal(house_state(&house, n) == CS_APPROVED, suffices(n)); /* counted anew */
	assert_int_equal(house_state(&house, n) == CS_REJECTED, vote == CS_VOTE_REJECT);
	/* Who is rejected again and again waits until he may ask again (A094, test_authority_life): that is over by now. */
	memset(house.authority->refusals, 0, sizeof(house.authority->refusals));
}

static void do_approve(const struct thing *t)
{
	do_vote(t, CS_VOTE_APPROVE);
}

static void do_reject(const struct thing *t)
{
	do_vote(t, CS_VOTE_REJECT);
}

static void do_withdraw(const struct thing *t)
{
	do_vote(t, CS_VOTE_WITHDRAW);
}

/* It permits what it must, and nothing else. */
static void do_claim(const struct thing *t)
{
	const struct cs_decision *held = &world.held[t->connection];
	uint64_t n = held->number;
	bool looked_at = n >= oldest_looked_at() && own_of(n)->state == CS_APPROVED && !is_over(n);
	bool usable = looked_at && world.lives[t->connection] && suffices(n);
	struct cs_decision reply = { 0 };

	world.asking = t->asker;
	assert_int_equal(house_claim(&house, held, t->connection + 1, &reply), 0);
	assert_int_equal(reply.verdict == CS_PERMIT, usable);
	if (looked_at && world.lives[t->connection] && !usable)
		assert_int_equal(house_state(&house, n), CS_CANCELLED); /* what does not hold any more is spent */
	world.lives[t->connection] = world.lives[t->connection] && !looked_at;
	note_permit(&reply);
	cs_clear(&cs_decision_shape, &reply);
}

static void do_gone(const struct thing *t)
{
	struct cs_caller caller = house_module(&house, t->connection + 1);

	cs_authority_gone(house.authority, &caller);
	cs_authority_turn(house.authority);
	cs_clear(&cs_decision_shape, &world.held[t->connection]);
}

static void cancel_by(const struct cs_caller *caller, const struct cs_cancel *cancel)
{
	struct cs_decision reply = { 0 };

	(void)house_call(&house, caller, CS_CALL_CANCEL, cancel, -1, &cs_decision_shape, &reply);
	assert_true(reply.verdict == CS_DENY);
	cs_clear(&cs_decision_shape, &reply);
}

static void do_cancel(const struct thing *t)
{
	const struct cs_caller caller = house_person(people[t->asker].uid);
	const struct cs_cancel cancel = { .number = open_of(t->asker) };

	cancel_by(&caller, &cancel);
	assert_int_equal(house_state(&house, cancel.number), CS_CANCELLED);
}

/* Ctrl-C where it is held, and the process is gone. What the other call waits for too stays open, and is left to it; so
 * does what was asked for before. */
static void do_interrupt(const struct thing *t)
{
	const struct cs_caller caller = house_module(&house, t->connection + 1);
	uint64_t n = world.held[t->connection].number;
	bool was_open = n >= oldest_looked_at() && is_open(n);
	bool shared = world.held[!t->connection].number == n && world.lives[!t->connection];
	struct cs_cancel cancel = { 0 };

	memcpy(cancel.id, world.held[t->connection].id, CS_ID_LEN);
	memcpy(cancel.secret, world.held[t->connection].secret, CS_ID_LEN);
	cancel_by(&caller, &cancel);
	if (was_open)
		assert_int_equal(house_state(&house, n) == CS_CANCELLED, world.asked[t->connection] && !shared);
	world.asked[!t->connection] = world.asked[!t->connection] || (shared && world.asked[t->connection]);
	do_gone(t);
}

/* Time goes by before the daemon looks at it again. */
static void do_pass(const struct thing *t)
{
	(void)t;
	house_pass(QUANTUM);
	cs_authority_turn(house.authority);
}

static void do_tick(const struct thing *t)
{
	(void)t;
	(void)cs_authority_tick(house.authority);
	cs_authority_turn(house.authority);
	for (uint64_t n = oldest_looked_at(); n <= world.number; n++)
		assert_false(is_open(n) && is_over(n) && house_state(&house, n) == own_of(n)->state);
}

/* The directory of who left now. */
static void change_directory(void)
{
	house.directory = directories[world.carol_left + 2 * world.alice_left];
	house.authority->directory = house.directory;
}

static void do_carol_moves(const struct thing *t)
{
	(void)t;
	world.carol_left = !world.carol_left;
	change_directory();
}

static void do_alice_moves(const struct thing *t)
{
	(void)t;
	world.alice_left = !world.alice_left;
	change_directory();
}

static char *policy_text(bool strict)
{
	const char *lines = strstr(house_policy, "  reason = required");
	char *text = NULL, *at = NULL;

	assert_non_null(lines);
	assert_int_equal(cs_format(&text, "%.*s  reason = required lifetime = 20m use_within = 15m }\n%s",
		(int)(lines - house_policy), house_policy, strstr(lines, "gate login")), 0);
	at = strstr(text, "count = 1 role");
	assert_non_null(at);
	at[8] = strict ? '2' : '1';
	return text;
}

static void do_policy(const struct thing *t)
{
	char *text = policy_text(!world.strict);

	(void)t;
	world.strict = !world.strict;
	house_load(&house, text);
	free(text);
}

/* Somebody sets the clock on the wall. */
static void set_wall(int steps)
{
	world.wall += steps;
	house_now.wall_ms += (uint64_t)(int64_t)(steps * (int)WALL_STEP);
}

static void do_wall_ahead(const struct thing *t)
{
	(void)t;
	set_wall(1);
}

static void do_wall_back(const struct thing *t)
{
	(void)t;
	set_wall(-1);
}

/* A connection is parked when it is gone, and not by itself after a while: that is the same to the request
 * (test_authority_flow). */
static void open_authority(void)
{
	house_open_authority(&house);
	house.authority->options.hold_ms = UINT64_MAX / 2;
}

/* Everything that was not committed is gone, and every connection. Nothing that was committed is; and what a connection was
 * told before is worth nothing. */
static void restart(void)
{
	uint64_t first = 0, after = 0;
	uint8_t chain[CS_DIGEST_LEN];

	cs_store_rollback(house.store);
	assert_int_equal(cs_store_head(house.store, &first, chain), 0);
	assert_true(world.again || first == world.verifier.number);
	assert_true(world.again || memcmp(chain, world.verifier.chain, CS_DIGEST_LEN) == 0);
	open_authority(); /* one that crashed within a turn freed nothing */
	assert_int_equal(cs_store_head(house.store, &after, chain), 0);
	assert_int_equal(after, first + 1); /* that it began to serve */
	for (unsigned c = 0; c < CONNECTIONS; c++) {
		struct cs_decision reply = { 0 };

		if (world.held[c].number == 0)
			continue;
		assert_int_equal(house_claim(&house, &world.held[c], c + 1, &reply), 0);
		assert_int_equal(reply.verdict, CS_DENY);
		cs_clear(&cs_decision_shape, &reply);
		cs_clear(&cs_decision_shape, &world.held[c]);
	}
	search.n_restarted += !world.again;
}

static void do_crash(const struct thing *t)
{
	(void)t;
	cs_authority_close(&house.authority); /* between turns it holds nothing that is not committed */
	restart();
}

static void do_reboot(const struct thing *t)
{
	cs_authority_close(&house.authority);
	house_now.boot_ms = 1000;
	(void)snprintf(house_now.boot_id, sizeof(house_now.boot_id), "boot-%u", ++world.boots);
	restart();
	(void)t;
}

static void not_told(void *arg, int error, const char *text, const void *reply)
{
	(void)arg, (void)error, (void)text, (void)reply;
	fail_msg("somebody was told what is not committed");
}

/* The crash comes after a call was worked through and before its turn ended. */
static void crash_in(const struct cs_caller *caller, enum cs_call_type type, const void *call, bool with_file)
{
	FILE *f = with_file ? fopen(house.program, "r") : NULL;

	assert_true(f || !with_file);
	cs_authority_call(house.authority, caller, type, call, f ? fileno(f) : -1, not_told, NULL);
	if (f)
		(void)fclose(f);
	restart();
}

static void do_crash_in_submit(const struct thing *t)
{
	struct cs_caller caller = house_module(&house, t->connection + 1);
	struct house_sudo s;

	submit_call(t, &s);
	crash_in(&caller, CS_CALL_SUBMIT, &s.submit, true);
}

static void do_crash_in_claim(const struct thing *t)
{
	struct cs_caller caller = house_module(&house, t->connection + 1);
	struct cs_claim claim = { .has_file = true };

	memcpy(claim.id, world.held[t->connection].id, CS_ID_LEN);
	memcpy(claim.secret, world.held[t->connection].secret, CS_ID_LEN);
	crash_in(&caller, CS_CALL_CLAIM, &claim, true);
}

static void do_crash_in_vote(const struct thing *t)
{
	struct cs_caller caller = house_person(people[t->who].uid);
	struct cs_vote_call call = { .number = open_of(t->asker), .vote = CS_VOTE_APPROVE };
	char code[CS_CODE_LEN + 1];

	house_digest(&house, call.number, call.digest);
	cs_check_code(call.digest, code);
	call.check_code = code;
	crash_in(&caller, CS_CALL_VOTE, &call, false);
}

/* --- When it can happen ------------------------------------------------------------------------------------------- */

static bool always(const struct thing *t)
{
	(void)t;
	return true;
}

static bool can_submit(const struct thing *t)
{
	return world.held[t->connection].number == 0;
}

static bool is_held(const struct thing *t)
{
	return world.held[t->connection].number != 0;
}

static bool has_open(const struct thing *t)
{
	return open_of(t->asker) != 0;
}

static bool can_approve(const struct thing *t)
{
	const struct own *own = own_of(open_of(t->asker));

	return has_open(t) && (own->votes[t->who] != CS_VOTE_APPROVE || own->was_infra[t->who] != is_infra(t->who));
}

static bool has_voted(const struct thing *t)
{
	return has_open(t) && own_of(open_of(t->asker))->votes[t->who] != CS_VOTE_NONE;
}

/* How many are open, and how many of them are over. */
static unsigned count_open(unsigned *ret_over, bool *ret_elsewhere)
{
	unsigned open = 0;

	*ret_over = 0;
	*ret_elsewhere = false;
	for (uint64_t n = oldest_looked_at(); n <= world.number; n++) {
		open += is_open(n);
		*ret_over += is_open(n) && is_over(n);
		*ret_elsewhere = *ret_elsewhere || (is_open(n) && !is_here(&own_of(n)->made));
	}
	return open;
}

/* What is over and was not looked after is gone on with, but not for ever: then the daemon looks first. */
static bool can_pass(const struct thing *t)
{
	unsigned n_over = 0;
	bool elsewhere = false;

	(void)t;
	return count_open(&n_over, &elsewhere) > 0 && n_over == 0;
}

static bool any_is_over(const struct thing *t)
{
	unsigned n_over = 0;
	bool elsewhere = false;

	(void)t;
	(void)count_open(&n_over, &elsewhere);
	return n_over > 0;
}

static bool any_is_open(const struct thing *t)
{
	unsigned n_over = 0;
	bool elsewhere = false;

	(void)t;
	return count_open(&n_over, &elsewhere) > 0;
}

/* What was made before a reboot goes by the clock on the wall: that it is set then is left to unit_replay_clocks, because
 * own_of knows of each request only how long ago it was made. */
static bool can_set_wall(int steps)
{
	unsigned n_over = 0;
	bool elsewhere = false;

	return count_open(&n_over, &elsewhere) > 0 && !elsewhere && abs(world.wall + steps) <= 1;
}

static bool can_set_ahead(const struct thing *t)
{
	(void)t;
	return can_set_wall(1);
}

static bool can_set_back(const struct thing *t)
{
	(void)t;
	return can_set_wall(-1);
}

static bool is_approved(const struct thing *t)
{
	uint64_t n = world.held[t->connection].number;

	return n != 0 && n >= oldest_looked_at() && own_of(n)->state == CS_APPROVED;
}

/* Is there anything that a crash takes away? */
static bool can_lose(const struct thing *t)
{
	return world.held[0].number != 0 || world.held[1].number != 0 || any_is_open(t);
}

enum of { ONCE, FIRST, CONNECTION, ASKER, VOTER, CAROL_VOTES };

static const struct kind {
	const char *name;
	void (*happens)(const struct thing *t);
	bool (*can)(const struct thing *t);
	enum of of;
	unsigned of_what; /* what the instance may be without */
} kinds[] = {
	{ "asks", do_submit, can_submit, CONNECTION, 0 },
	{ "approves", do_approve, can_approve, VOTER, 0 },
	{ "rejects", do_reject, has_open, VOTER, 0 },
	{ "takes the vote back", do_withdraw, has_voted, VOTER, 0 },
	{ "cancels", do_cancel, has_open, ASKER, 0 },
	{ "claims", do_claim, is_held, CONNECTION, 0 },
	{ "is gone", do_gone, is_held, CONNECTION, 0 },
	{ "gets Ctrl-C", do_interrupt, is_held, CONNECTION, 0 },
	{ "time passes", do_pass, can_pass, ONCE, 0 },
	{ "the daemon looks at the time", do_tick, any_is_over, ONCE, 0 },
	{ "carol moves from infra to the owners, or back", do_carol_moves, always, ONCE, CAROL_MOVES },
	{ "alice leaves or joins the owners", do_alice_moves, always, ONCE, ALICE_MOVES },
	{ "the policy changes", do_policy, always, ONCE, POLICY },
	{ "the clock is set ahead", do_wall_ahead, can_set_ahead, ONCE, CLOCK },
	{ "the clock is set back", do_wall_back, can_set_back, ONCE, CLOCK },
	{ "the daemon crashes", do_crash, can_lose, ONCE, CRASH },
	{ "the host boots again", do_reboot, any_is_open, ONCE, REBOOT },
	{ "asks, and the daemon crashes", do_crash_in_submit, can_submit, FIRST, CRASH },
	{ "claims, and the daemon crashes", do_crash_in_claim, is_approved, FIRST, CRASH },
	{ "approves, and the daemon crashes", do_crash_in_vote, can_approve, CAROL_VOTES, CRASH },
};

static void add_thing(const struct kind *kind, unsigned who, unsigned connection)
{
	assert_true(may.n_things < CS_COUNT(may.things));
	may.things[may.n_things++] = (struct thing){ kind, who, may.of->asks[connection], connection };
}

/* For whoever may vote on it, and does not ask for it. */
static void add_votes(const struct kind *kind, unsigned connection)
{
	for (unsigned who = 0; who < PEOPLE; who++)
		if ((may.of->approvers & 1u << who) && who != may.of->asks[connection])
			add_thing(kind, who, connection);
}

static void add_kind(const struct kind *kind)
{
	unsigned askers = may.of->asks[0] == may.of->asks[1] ? 1 : CONNECTIONS;

	if (kind->of == ONCE || kind->of == FIRST)
		add_thing(kind, 0, 0);
	for (unsigned c = 0; c < may.of->n_connections && kind->of == CONNECTION; c++)
		add_thing(kind, 0, c);
	for (unsigned c = 0; c < askers && kind->of == ASKER; c++)
		add_thing(kind, 0, c);
	for (unsigned c = 0; c < askers && kind->of == VOTER; c++)
		add_votes(kind, c);
	for (unsigned c = 0; c < askers && kind->of == CAROL_VOTES; c++)
		add_thing(kind, I_CAROL, c);
}

static void collect_things(const struct instance *of)
{
	memset(&may, 0, sizeof(may));
	may.of = of;
	for (size_t i = 0; i < CS_COUNT(kinds); i++)
		if (!(kinds[i].of_what & of->without))
			add_kind(&kinds[i]);
}

static void tell_thing(const struct thing *t)
{
	const char *asker = people[t->asker].name;

	if (t->kind->of == ONCE)
		print_error("%s\n", t->kind->name);
	else if (t->kind->of == CONNECTION || t->kind->of == FIRST)
		print_error("connection %u of %s %s\n", t->connection + 1, asker, t->kind->name);
	else if (t->kind->of == ASKER)
		print_error("%s %s\n", asker, t->kind->name);
	else
		print_error("%s %s (what %s asked)\n", people[t->who].name, t->kind->name, asker);
}

/* --- What changes nothing ----------------------------------------------------------------------------------------- */

static void check_unchanged(void)
{
	for (uint64_t n = oldest_looked_at(); n <= world.number; n++)
		assert_int_equal(house_state(&house, n), own_of(n)->state);
	check_states();
}

/* Whoever asked has no vote, under any of his accounts; nor has one whom no rule names, nor root. Others can neither cancel
 * nor use it. */
static void try_in_vain(void)
{
	static const uint32_t nobodies[] = { DAVE, 0 };
	const struct cs_caller erin = house_person(ERIN);

	for (unsigned c = 0; c < may.of->n_connections; c++) {
		struct cs_cancel cancel = { .number = open_of(may.of->asks[c]) };

		if (cancel.number == 0)
			continue;
		for (size_t i = 0; i < CS_COUNT(nobodies); i++)
			(void)house_vote(&house, nobodies[i], cancel.number, CS_VOTE_APPROVE);
		(void)house_vote(&house, people[may.of->asks[c]].uid, cancel.number, CS_VOTE_APPROVE);
		if (may.of->asks[c] == I_ALICE)
			(void)house_vote(&house, ALICE_ADM, cancel.number, CS_VOTE_APPROVE);
		cancel_by(&erin, &cancel);
	}
	for (unsigned c = 0; c < CONNECTIONS; c++) {
		struct cs_decision reply = { 0 };

		if (world.held[c].number == 0)
			continue;
		assert_int_equal(house_claim(&house, &world.held[c], CONNECTIONS + 1, &reply), 0);
		assert_int_equal(reply.verdict, CS_DENY);
		cs_clear(&cs_decision_shape, &reply);
	}
	check_unchanged();
	check_evidence();
}

/* What was closed in this step takes no votes, and is not cancelled again. */
static void try_closed(void)
{
	for (uint64_t n = oldest_looked_at(); n <= world.number; n++) {
		const struct cs_caller asker = house_person(people[own_of(n)->asker].uid);
		const struct cs_cancel cancel = { .number = n };

		if (is_open(n))
			continue;
		for (unsigned who = 0; who < PEOPLE; who++)
			(void)house_vote(&house, people[who].uid, n, who % 2 ? CS_VOTE_APPROVE : CS_VOTE_WITHDRAW);
		cancel_by(&asker, &cancel);
	}
	check_unchanged();
}

static void happen(size_t what)
{
	const struct thing *t = &may.things[what];
	unsigned n_over = 0;
	bool elsewhere = false;

	world.closed = false;
	t->kind->happens(t);
	check_states();
	if (world.closed && !world.again)
		try_closed();
	if (count_open(&n_over, &elsewhere) == 0)
		world.wall = 0; /* nothing is left that was made before it was set */
	if (!world.again)
		check_evidence();
}

/* --- States ------------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ hash >> 29;
}

/* In another boot the boot clock says nothing any more. What is over stays over: then it matters why, and not for how
 * long. */
static uint64_t mix_time(uint64_t hash, const struct cs_now *since, uint64_t span)
{
	if (over(since, span))
		return mix(hash, is_here(since) ? 1 : house_now.wall_ms < since->wall_ms ? 3 : 5);
	hash = mix(hash, is_here(since) ? 2 + house_now.boot_ms - since->boot_ms : 0);
	return mix(hash, house_now.wall_ms - since->wall_ms);
}

/* Of a vote it matters whose it is, what it says and which rules it may fill. Not in which order they came, nor how often
 * somebody voted before: how many votes fit is for test_store_same and test_authority_bounds. */
static uint64_t mix_votes(uint64_t hash, uint64_t n)
{
	struct cs_approval *votes = NULL;
	uint64_t sum = 0;
	size_t n_votes = 0;

	assert_int_equal(cs_store_votes(house.store, n, &votes, &n_votes), 0);
	for (size_t i = 0; i < n_votes; i++) {
		uint64_t of = mix(votes[i].person.uid, (uint64_t)votes[i].vote);

		for (size_t k = 0; k < votes[i].n_rules; k++)
			of = mix(of, (uint64_t)votes[i].rules[k][0]);
		sum += of;
		cs_clear(&cs_approval_shape, &votes[i]);
	}
	free(votes);
	for (size_t who = 0; who < PEOPLE; who++)
		if (own_of(n)->votes[who] == CS_VOTE_APPROVE)
			hash = mix(hash, own_of(n)->was_infra[who] + 2u * own_of(n)->was_owner[who] + 4u * who);
	return mix(hash, sum);
}

/* The time from which the store counts: that which this test counts from, unless something is wrong, which then is gone on
 * from as a state of its own. */
static uint64_t mix_since(uint64_t hash, const struct cs_stored *stored)
{
	struct cs_now since = { .boot_ms = stored->since_boot_ms, .wall_ms = stored->since_wall_ms };

	(void)snprintf(since.boot_id, sizeof(since.boot_id), "%s", stored->since_boot);
	return mix_time(mix(hash, stored->used), &since, stored->state == CS_APPROVED ? USE_WITHIN : LIFETIME);
}

static uint64_t mix_request(uint64_t hash, uint64_t n)
{
	const struct own *own = own_of(n);
	struct cs_stored stored = { 0 };
	bool same_policy = false;

	assert_int_equal(cs_store_get(house.store, n, &stored), 0);
	same_policy = memcmp(stored.request.policy_digest, house.authority->policy_digest, CS_DIGEST_LEN) == 0;
	hash = mix(hash, (uint64_t)own->state + 16u * own->asker);
	hash = mix(hash, stored.version == 1); /* nobody ever voted: it ends another way */
	hash = mix_since(hash, &stored);
	cs_clear(&cs_stored_shape, &stored);
	hash = mix_time(hash, &own->made, LIFETIME);
	if (is_over(n))
		return hash; /* it only ends, and no vote counts any more */
	if (own->state == CS_APPROVED)
		hash = mix_time(hash, &own->approved, USE_WITHIN);
	return mix_votes(mix(hash, same_policy), n);
}

/* What a connection waits for: which of the open requests, or one that is closed, whether it may still claim or
 * withdraw it, and whether the daemon knows so. */
static uint64_t waits_for(unsigned c)
{
	const struct cs_decision *held = &world.held[c];
	const struct live *live = NULL;
	uint64_t rank = 1, lives = world.lives[c] + 2u * world.asked[c];

	if (held->number == 0)
		return 0;
	live = live_find(house.authority, held->id, held->secret);
	lives += live ? 4u + 8u * live->asked : 0;
	for (uint64_t n = oldest_looked_at(); n <= world.number; n++) {
		if (!is_open(n))
			continue;
		rank++;
		if (n == held->number)
			return 16 * rank + lives;
	}
	return 16 + (lives & 4); /* there is nothing left to claim or to withdraw */
}

/* Two worlds with the same fingerprint have the same future, but for what is only told or recorded: releases that wait
 * for their session, refused votes that are counted, requests that are closed, and numbers. Where one person asks on two
 * connections it does not matter which is which. */
static uint64_t fingerprint(void)
{
	uint64_t hash = mix(1, world.carol_left + 2u * world.alice_left + 4u * world.strict);
	uint64_t one = waits_for(0), other = waits_for(1);
	bool twins = may.of->asks[0] == may.of->asks[1], elsewhere = false;
	unsigned n_over = 0, n_open = count_open(&n_over, &elsewhere);

	for (uint64_t n = oldest_looked_at(); n <= world.number; n++)
		if (is_open(n))
			hash = mix_request(hash, n);
	hash = mix(hash, elsewhere || n_open == n_over ? 0 : (uint64_t)(world.wall + 2));
	return mix(mix(hash, twins && one > other ? other : one), twins && one > other ? one : other) | 1;
}

/* Keeps the state that this step led to, unless it was there before. */
static bool is_new(uint64_t hash)
{
	size_t at = hash % (2u * STATES_MAX);

	while (search.seen[at] != 0 && search.seen[at] != hash)
		at = (at + 1) % (2u * STATES_MAX);
	if (search.seen[at] == hash)
		return false;
	assert_true(search.n_states < STATES_MAX);
	search.seen[at] = hash;
	search.states[search.n_states++] = (struct state){ (uint32_t)search.at, (uint8_t)search.what,
		(uint8_t)(search.states[search.at].depth + 1) };
	return true;
}

/* --- Walking ------------------------------------------------------------------------------------------------------ */

/* All of a state, to be put back. */
struct moment {
	void *heap;
	struct house house;
	struct own_world world;
	struct cs_now now;
};

static void moment_keep(struct moment *ret_moment)
{
	*ret_moment = (struct moment){ arena_keep(), house, world, house_now };
}

static void moment_forget(struct moment *moment)
{
	arena_forget(moment->heap);
	moment->heap = NULL;
}

static void moment_put_back(const struct moment *moment)
{
	arena_put_back(moment->heap);
	house = moment->house;
	world = moment->world;
	house_now = moment->now;
}

static size_t steps_to(size_t state, uint8_t ret_steps[DEEPEST])
{
	size_t n = search.states[state].depth;

	for (size_t i = n; i-- > 0; state = search.states[state].parent)
		ret_steps[i] = search.states[state].step;
	return n;
}

/* From the beginning; `near` is where the last walk ended one step before its end, and often where this one does. */
static void walk_to(const struct moment *first, size_t state, struct moment *near, size_t *near_state)
{
	uint8_t steps[DEEPEST];
	size_t n = steps_to(state, steps), parent = search.states[state].parent;

	moment_put_back(parent == *near_state ? near : first);
	world.again = true;
	for (size_t i = parent == *near_state ? n - (n > 0) : 0; i < n; i++) {
		if (i + 1 == n && parent != *near_state) {
			moment_forget(near);
			moment_keep(near);
			*near_state = parent;
		}
		happen(steps[i]);
	}
	world.again = false;
	check_evidence();
}

/* Everything that can happen in a state. */
static void expand(const struct moment *first, size_t state, struct moment *near, size_t *near_state)
{
	struct moment here;

	search.at = state;
	search.what = SIZE_MAX;
	walk_to(first, state, near, near_state);
	moment_keep(&here);
	for (size_t what = 0; what < may.n_things; what++) {
		moment_put_back(&here);
		if (!may.things[what].kind->can(&may.things[what]))
			continue;
		search.what = what;
		search.n_steps++;
		happen(what);
		if (is_new(fingerprint()))
			try_in_vain();
	}
	moment_forget(&here);
}

static void open_directory(size_t left, struct cs_directory **ret_directory)
{
	struct cs_conf *conf = NULL;
	struct cs_problem problem = { 0 };
	char *text = NULL, owners[64];

	(void)snprintf(house.people, sizeof(house.people), "%s/people%zu.conf", house.dir, left);
	(void)snprintf(owners, sizeof(owners), "%s%salice-adm, bob, erin", left & 2 ? "" : "alice, ", left & 1 ? "carol, " : "");
	house_set_people(&house, owners, left & 1 ? "erin" : "carol, erin");
	assert_int_equal(cs_format(&text, "directory { file = \"%s\" }\n", house.people), 0);
	assert_int_equal(cs_conf_parse(text, "house", house_directory, &conf, &problem), 0);
	if (cs_directory_open(cs_conf_section(cs_conf_top(conf), "directory", 0), getuid(), ret_directory, &problem) < 0)
		fail_msg("%s:%u: %s", problem.file, problem.line, problem.text);
	cs_conf_free(&conf);
	free(text);
}

/* Has them read now, and not in each state anew: what was written just now is read until it is old enough to be believed. */
static void read_directories(void)
{
	for (size_t i = 0; i < CS_COUNT(directories); i++)
		for (uint64_t before = 0; before != cs_directory_changes(directories[i]);)
			before = cs_directory_changes(directories[i]);
}

static void begin(void)
{
	char *text = policy_text(false);

	(void)unlink(house.people);
	for (size_t i = 0; i < CS_COUNT(directories); i++)
		open_directory(i, &directories[i]);
	read_directories();
	house_write(house.policy, text);
	free(text);
	memset(&world, 0, sizeof(world));
	house_now = (struct cs_now){ .boot_ms = 1000, .wall_ms = 1790000000000, .boot_id = "boot-0" };
	cs_verifier_init(&world.verifier);
	assert_int_equal(cs_store_open_memory(&house.store), 0);
	house.directory = directories[0];
	open_authority();
	check_evidence();
}

static int setup(void **state)
{
	collect_things(*state);
	memset(&search, 0, sizeof(search));
	search.seen = calloc(2u * STATES_MAX, sizeof(*search.seen));
	search.states = calloc(STATES_MAX, sizeof(*search.states));
	assert_true(search.seen && search.states);
	arena_open();
	house_build_files(&house);
	begin();
	return 0;
}

/* Where a promise was broken: by what it came to that. */
static void tell_path(void)
{
	uint8_t steps[DEEPEST];
	size_t n = steps_to(search.at, steps);

	for (size_t i = 0; i < n; i++)
		tell_thing(&may.things[steps[i]]);
	if (search.what < may.n_things)
		tell_thing(&may.things[search.what]);
}

/* Everything that the rooms hold goes with the arena. */
static int teardown(void **state)
{
	(void)state;
	if (search.at + 1 < search.n_states)
		tell_path();
	for (size_t i = 0; i < CS_COUNT(directories); i++) {
		(void)snprintf(house.people, sizeof(house.people), "%s/people%zu.conf", house.dir, i);
		(void)unlink(house.people);
	}
	(void)unlink(house.policy);
	(void)unlink(house.program);
	(void)rmdir(house.dir);
	arena_close();
	free(search.states);
	free(search.seen);
	return 0;
}

static void tell_figures(void)
{
	print_message("%s: %zu states, %zu steps; the farthest is %u steps away\n", may.of->name, search.n_states,
		search.n_steps, search.states[search.n_states - 1].depth);
	print_message("  %zu permits, %zu opened again, %zu restarts; ended:", search.n_permits, search.n_reopened,
		search.n_restarted);
	for (enum cs_state end = CS_REJECTED; end <= CS_UNANSWERED; end++)
		if (search.ended[end] > 0)
			print_message(" %zu %s", search.ended[end], cs_state_name(end));
	print_message("\n");
}

static void test_authority_a091_a092_all_orders(void **state)
{
	struct moment first, near = { 0 };
	size_t near_state = SIZE_MAX;

	(void)state;
	moment_keep(&first);
	search.states[0] = (struct state){ 0 };
	search.n_states = 1;
	for (size_t at = 0; at < search.n_states; at++) {
		assert_true(search.states[at].depth < DEEPEST - 1);
		expand(&first, at, &near, &near_state);
		if (at % 1000 == 0 && getenv("MODEL_SHOW"))
			print_message("%zu of %zu states, %zu steps, %zu bytes\n", at, search.n_states, search.n_steps, arena->top);
	}
	search.at = search.n_states;
	moment_forget(&near);
	moment_forget(&first);
	tell_figures();
	assert_true(search.n_permits > 0 && search.n_reopened > 0);
	assert_true((may.of->without & CRASH) || search.n_restarted > 0);
	for (enum cs_state end = CS_REJECTED; end <= CS_UNANSWERED; end++)
		assert_true(search.ended[end] > 0);
}

#if defined(__SANITIZE_ADDRESS__)
/* Where a step takes eight times as long: small worlds, parts of those of unit_authority_model_plain. */
static struct instance instances[] = {
	{ "one call, crashes", 1, { I_ALICE, I_ALICE }, 1u << I_BOB | 1u << I_CAROL, POLICY | CLOCK | ALICE_MOVES },
	{ "one call, clocks", 1, { I_ALICE, I_ALICE }, 1u << I_BOB | 1u << I_CAROL, POLICY | ALICE_MOVES | CAROL_MOVES | CRASH },
	{ "one call, policies", 1, { I_ALICE, I_ALICE }, 1u << I_BOB | 1u << I_CAROL, CLOCK | REBOOT | CAROL_MOVES },
	{ "two calls", 2, { I_ALICE, I_ALICE }, 1u << I_BOB | 1u << I_CAROL,
		POLICY | CLOCK | REBOOT | ALICE_MOVES | CAROL_MOVES },
};
#else
static struct instance instances[] = {
	{ "one call, three approvers", 1, { I_ALICE, I_ALICE }, 1u << I_BOB | 1u << I_CAROL | 1u << I_ERIN, CLOCK },
	{ "one call, two approvers, clocks", 1, { I_ALICE, I_ALICE }, 1u << I_BOB | 1u << I_CAROL, ALICE_MOVES | POLICY },
	{ "two calls of one person, two approvers", 2, { I_ALICE, I_ALICE }, 1u << I_BOB | 1u << I_CAROL, CLOCK | REBOOT },
	{ "two calls of one person, three approvers", 2, { I_ALICE, I_ALICE }, 1u << I_BOB | 1u << I_CAROL | 1u << I_ERIN,
		POLICY | CLOCK | REBOOT | ALICE_MOVES },
	{ "two people ask, and approve for each other", 2, { I_ALICE, I_BOB }, 1u << I_ALICE | 1u << I_BOB | 1u << I_CAROL,
		POLICY | CLOCK | REBOOT | ALICE_MOVES | CAROL_MOVES | CRASH },
};
#endif

/* With an argument, the worlds whose names it matches. */
int main(int argc, char **argv)
{
	struct CMUnitTest tests[CS_COUNT(instances)];

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	for (size_t i = 0; i < CS_COUNT(instances); i++)
		tests[i] = (struct CMUnitTest){ instances[i].name, test_authority_a091_a092_all_orders, setup, teardown,
			&instances[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
