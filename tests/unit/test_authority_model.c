/* SPDX-License-Identifier: Apache-2.0 */
/* The life of requests as an explicit-state model: everything that can happen, in every order, until nothing new comes
 * of it, against the real authority on the memory store. After each step the promises of the threat model are checked
 * against a count that this test makes for itself.
 *
 * A state is the heap of the authority, its store and its directory, which is kept whole and put back (arena.h) for each
 * thing that can happen in it; whatever was not there yet is gone on from. States are the same when nothing that matters
 * later differs (fingerprint): numbers and moments are reduced to which request is open and how long it has been.
 *
 * alice asks on two connections (or on one), for what one of infra and one more must approve (or, while the policy is
 * strict, two of infra and one more). bob is an owner, carol is of infra, erin is both. */
#include "arena.h"
#include "house.h"
#include "internal.h"

#if defined(__SANITIZE_ADDRESS__)
#define COMPLETE 0 /* a step takes ten times as long: fewer people, fewer things that happen. …_plain has them all */
#else
#define COMPLETE 1
#endif

enum {
	CONNECTIONS = COMPLETE ? 2 : 1,
	LOOKED_AT = 3,                      /* so many requests are looked at: at most two can be open */
	NEST = 4,                           /* states that are kept; then only the path to one is */
	STEPS_MAX = 1024,                   /* of one path */
	STATES_MAX = 1 << 20,
	PATHS_MAX = 1 << 18,
	MINUTES = 60000,
	QUANTUM = 11 * MINUTES,             /* how long nothing happens */
	LIFETIME = 20 * MINUTES,            /* so that one quantum is waited through, and two are too long */
	USE_WITHIN = 15 * MINUTES,
	WALL_STEP = 60 * MINUTES,
	REJECTS_MAX = 1,                    /* before a restart; a third makes the next ask wait (test_authority_*) */
	APPROVERS = 3
};

static const uint32_t uids[APPROVERS] = { BOB, CAROL, ERIN };
enum { I_BOB, I_CAROL, I_ERIN };

/* What this test knows of one request, apart from the authority. */
struct own {
	enum cs_state state;
	unsigned permits, claimed;
	struct cs_now made, approved;
	enum cs_vote votes[APPROVERS];
	bool was_infra[APPROVERS], was_owner[APPROVERS]; /* when they voted */
};

struct own_world {
	struct cs_decision held[CONNECTIONS]; /* what a connection was told when it was held; number 0: nothing */
	bool carol_left, alice_left, strict;  /* not in infra; no owner; the strict policy is in force */
	bool wall_ahead;
	unsigned rejects, boots;
	struct own own[LOOKED_AT + 1];        /* of the newest; see own_of */
	uint64_t number;                      /* the newest request */
	struct cs_verifier verifier;          /* of the evidence so far */
	bool again;                           /* on a path that was walked, and looked at, before */
	uint16_t n_path;
	uint8_t path[STEPS_MAX];
};

/* How far the search is. */
static struct {
	size_t n_states, n_steps, n_permits, n_paths, deepest;
	size_t ended[CS_UNANSWERED + 1], reopened, restarted;
	uint64_t *seen;
	struct path {
		uint8_t *steps;
		uint16_t n;
	} *paths; /* to states from which it is to go on */
} search;

static struct house house;
static struct own_world world;
static struct cs_directory *directories[4]; /* for each set of who left */

static struct own *own_of(uint64_t number)
{
	return world.own + number % (LOOKED_AT + 1);
}

static uint64_t oldest_looked_at(void)
{
	return world.number >= LOOKED_AT ? world.number - LOOKED_AT + 1 : 1;
}

/* --- The world's own count ---------------------------------------------------------------------------------------- */

static bool is_infra(size_t who)
{
	return who == I_ERIN || (who == I_CAROL && !world.carol_left);
}

static bool is_owner(size_t who)
{
	return who == I_BOB || who == I_ERIN;
}

/* Do the votes that stand suffice, by who is entitled at this moment and was when he voted? Nobody counts twice, and
 * whoever asked not at all. */
static bool suffices(uint64_t number)
{
	const struct own *own = own_of(number);
	unsigned infra = 0, all = 0, needed = world.strict ? 2 : 1;

	for (size_t i = 0; i < APPROVERS; i++) {
		bool for_infra = own->was_infra[i] && is_infra(i);

		if (own->votes[i] == CS_VOTE_REJECT)
			return false;
		infra += own->votes[i] == CS_VOTE_APPROVE && for_infra;
		all += own->votes[i] == CS_VOTE_APPROVE && (for_infra || (own->was_owner[i] && is_owner(i)));
	}
	return !world.alice_left && infra >= needed && all >= needed + 1;
}

static bool over(const struct cs_now *since, uint64_t span)
{
	if (strcmp(since->boot_id, house_now.boot_id) == 0)
		return house_now.boot_ms - since->boot_ms >= span;
	return house_now.wall_ms + 60000 < since->wall_ms ||
		(house_now.wall_ms > since->wall_ms && house_now.wall_ms - since->wall_ms >= span);
}

static bool is_open(enum cs_state state)
{
	return state == CS_PENDING || state == CS_APPROVED;
}

static bool is_over(uint64_t number)
{
	const struct own *own = own_of(number);

	return own->state == CS_APPROVED ? over(&own->approved, USE_WITHIN) : over(&own->made, LIFETIME);
}

/* Somebody is let in. */
static void note_permit(const struct cs_decision *d)
{
	uint64_t n = d->number;

	if (d->verdict != CS_PERMIT)
		return;
	assert_int_equal(d->reason, CS_WHY_APPROVED);
	assert_in_range(n, 1, world.number);
	assert_true(suffices(n));
	assert_true(is_open(own_of(n)->state)); /* what was closed never opens again */
	assert_false(is_over(n));
	assert_int_equal(house_state(&house, n), CS_USED);
	assert_int_equal(own_of(n)->permits++, 0);
	search.n_permits++;
}

/* --- What has to hold after every step ---------------------------------------------------------------------------- */

static void note_new(uint64_t n, const struct cs_stored *stored)
{
	assert_int_equal(n, world.number + 1);
	*own_of(n) = (struct own){ 0 };
	assert_string_equal(stored->request.requester.id, "id-alice");
	assert_false(world.alice_left);
	world.number = n;
	own_of(n)->made = house_now;
}

static void note_change(uint64_t n, enum cs_state to)
{
	struct own *own = own_of(n);

	assert_true(is_open(own->state)); /* what is closed stays as it is */
	assert_false(is_over(n) && is_open(to));
	if (to == CS_APPROVED) {
		assert_true(suffices(n));
		own->approved = house_now;
	} else if (to == CS_PENDING) {
		assert_false(suffices(n));
		search.reopened++;
	} else {
		search.ended[to]++;
	}
}

/* The votes that stand are those that this test knows of: the last one of each, and nobody's who asked. */
static void check_votes(uint64_t n)
{
	struct cs_approval *votes = NULL;
	size_t n_votes = 0, known = 0;

	assert_int_equal(cs_store_votes(house.store, n, &votes, &n_votes), 0);
	for (size_t i = 0; i < n_votes; i++) {
		for (size_t who = 0; who < APPROVERS; who++)
			known += votes[i].person.uid == uids[who] && votes[i].vote == own_of(n)->votes[who];
		cs_clear(&cs_approval_shape, &votes[i]);
	}
	assert_int_equal(known, n_votes);
	for (size_t who = 0; who < APPROVERS; who++)
		known -= own_of(n)->votes[who] != CS_VOTE_NONE;
	assert_int_equal(known, 0);
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

/* The chain goes on from where it was last looked at, and each use is in it once. Every permit is derived again, from the
 * record alone. */
static void check_evidence(void)
{
	struct cs_record *records = NULL;
	bool claimed = false;
	size_t n = 0;

	assert_int_equal(cs_store_records(house.store, world.verifier.number + 1, 100000, &records, &n), 0);
	for (size_t i = 0; i < n; i++) {
		struct cs_event event = { 0 };

		assert_int_equal(cs_verifier_next(&world.verifier, &records[i]), 0);
		assert_int_equal(cs_decode_all(&cs_event_shape, records[i].bytes, records[i].n_bytes, &event), 0);
		own_of(event.request)->claimed += event.kind == CS_EVENT_CLAIMED;
		claimed = claimed || event.kind == CS_EVENT_CLAIMED;
		cs_clear(&cs_event_shape, &event);
		cs_clear(&cs_record_shape, &records[i]);
	}
	free(records);
	if (claimed)
		house_replay(&house);
	for (uint64_t number = oldest_looked_at(); number <= world.number; number++)
		assert_int_equal(own_of(number)->claimed, own_of(number)->permits);
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

static bool is_refusal(enum cs_reason reason)
{
	return reason == CS_WHY_DOUBT || (reason >= CS_WHY_SELF && reason <= CS_WHY_NOT_INDEPENDENT) ||
		reason == CS_WHY_LIMIT || reason == CS_WHY_STORE;
}

static void do_vote(size_t who, enum cs_vote vote)
{
	struct own *own = own_of(world.number);
	enum cs_reason reason = house_vote(&house, uids[who], world.number, vote);

	if (is_refusal(reason))
		return;
	assert_true(is_open(own->state));
	assert_false(is_over(world.number));
	assert_true(vote == CS_VOTE_WITHDRAW || is_infra(who) || is_owner(who));
	assert_true(vote != own->votes[who]);
	own->votes[who] = vote == CS_VOTE_WITHDRAW ? CS_VOTE_NONE : vote;
	own->was_infra[who] = is_infra(who);
	own->was_owner[who] = is_owner(who);
	world.rejects += vote == CS_VOTE_REJECT;
	assert_int_equal(house_state(&house, world.number) == CS_APPROVED, suffices(world.number)); /* counted anew */
}

static void do_approve(unsigned who)
{
	do_vote(who, CS_VOTE_APPROVE);
}

static void do_reject(unsigned who)
{
	do_vote(who, CS_VOTE_REJECT);
}

static void do_withdraw(unsigned who)
{
	do_vote(who, CS_VOTE_WITHDRAW);
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

static void cancel_by(const struct cs_caller *caller, const struct cs_cancel *cancel)
{
	struct cs_decision reply = { 0 };

	(void)house_call(&house, caller, CS_CALL_CANCEL, cancel, -1, &cs_decision_shape, &reply);
	assert_true(reply.verdict == CS_DENY);
	cs_clear(&cs_decision_shape, &reply);
}

static void do_cancel(unsigned unused)
{
	const struct cs_caller caller = house_person(ALICE);
	const struct cs_cancel cancel = { .number = world.number };

	(void)unused;
	cancel_by(&caller, &cancel);
}

/* Ctrl-C where it is held, and the process is gone. */
static void do_interrupt(unsigned c)
{
	const struct cs_caller caller = house_module(&house, c + 1);
	struct cs_cancel cancel = { 0 };

	memcpy(cancel.id, world.held[c].id, CS_ID_LEN);
	memcpy(cancel.secret, world.held[c].secret, CS_ID_LEN);
	cancel_by(&caller, &cancel);
	do_gone(c);
}

static void do_pass(unsigned tick)
{
	house_pass(QUANTUM);
	if (tick)
		(void)cs_authority_tick(house.authority);
	cs_authority_turn(house.authority);
}

/* The directory of who left now. */
static void change_directory(void)
{
	house.directory = directories[world.carol_left + 2 * world.alice_left];
	house.authority->directory = house.directory;
}

static void do_move(unsigned who)
{
	bool *left = who == CAROL ? &world.carol_left : &world.alice_left;

	*left = !*left;
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

static void do_policy(unsigned unused)
{
	char *text = policy_text(!world.strict);

	(void)unused;
	world.strict = !world.strict;
	house_load(&house, text);
	free(text);
}

/* Somebody sets the clock on the wall. */
static void do_wall(unsigned unused)
{
	(void)unused;
	world.wall_ahead = !world.wall_ahead;
	house_now.wall_ms += world.wall_ahead ? (uint64_t)WALL_STEP : -(uint64_t)WALL_STEP;
}

/* Everything that was not committed is gone, and every connection. Nothing that was committed is. */
static void restart(void)
{
	uint64_t first = 0, after = 0;
	uint8_t chain[CS_DIGEST_LEN];

	cs_store_rollback(house.store);
	assert_int_equal(cs_store_head(house.store, &first, chain), 0);
	assert_true(world.again || first == world.verifier.number);
	assert_true(world.again || memcmp(chain, world.verifier.chain, CS_DIGEST_LEN) == 0);
	house_open_authority(&house); /* one that crashed within a turn freed nothing */
	assert_int_equal(cs_store_head(house.store, &after, chain), 0);
	assert_int_equal(after, first + 1); /* that it began to serve */
	for (unsigned c = 0; c < CONNECTIONS; c++)
		cs_clear(&cs_decision_shape, &world.held[c]);
	world.rejects = 0;
	search.restarted++;
}

static void do_crash(unsigned reboot)
{
	cs_authority_close(&house.authority); /* between turns it holds nothing that is not committed */
	if (reboot) {
		house_now.boot_ms = 1000;
		(void)snprintf(house_now.boot_id, sizeof(house_now.boot_id), "boot-%u", ++world.boots);
	}
	restart();
}

static void not_told(void *arg, int error, const char *text, const void *reply)
{
	(void)arg, (void)error, (void)text, (void)reply;
	fail_msg("somebody was told what is not committed");
}

/* The crash comes after a call was worked through and before its turn ended. */
static void do_crash_in_claim(unsigned c)
{
	struct cs_caller caller = house_module(&house, c + 1);
	struct cs_claim claim = { .has_file = true };
	FILE *f = fopen(house.program, "r");

	assert_non_null(f);
	memcpy(claim.id, world.held[c].id, CS_ID_LEN);
	memcpy(claim.secret, world.held[c].secret, CS_ID_LEN);
	cs_authority_call(house.authority, &caller, CS_CALL_CLAIM, &claim, fileno(f), not_told, NULL);
	(void)fclose(f);
	restart();
}

static void do_crash_in_vote(unsigned who)
{
	struct cs_caller caller = house_person(uids[who]);
	struct cs_vote_call call = { .number = world.number, .vote = CS_VOTE_APPROVE };
	char code[CS_CODE_LEN + 1];

	house_digest(&house, world.number, call.digest);
	cs_check_code(call.digest, code);
	call.check_code = code;
	cs_authority_call(house.authority, &caller, CS_CALL_VOTE, &call, -1, not_told, NULL);
	restart();
}

/* --- When it can happen ------------------------------------------------------------------------------------------- */

static bool can_submit(unsigned c)
{
	return world.held[c].number == 0;
}

static bool is_held(unsigned c)
{
	return world.held[c].number != 0;
}

static bool newest_is_open(unsigned unused)
{
	(void)unused;
	return is_open(own_of(world.number)->state);
}

static bool can_vote(unsigned who)
{
	return newest_is_open(0) && own_of(world.number)->votes[who] != CS_VOTE_APPROVE;
}

static bool can_reject(unsigned who)
{
	(void)who;
	return newest_is_open(0) && world.rejects < REJECTS_MAX;
}

static bool has_voted(unsigned who)
{
	return newest_is_open(0) && own_of(world.number)->votes[who] != CS_VOTE_NONE;
}

static bool always(unsigned unused)
{
	(void)unused;
	return true;
}

/* What is over and was not looked after is gone on with, but not for ever. */
static bool none_is_over(unsigned unused)
{
	(void)unused;
	for (uint64_t n = oldest_looked_at(); n <= world.number; n++)
		if (is_open(own_of(n)->state) && is_over(n))
			return false;
	return newest_is_open(0);
}

/* Of what was made before a reboot the record knows the clock on the wall alone (libcore/replay/permits.c, in_time): that
 * it is set then is more than a replay can follow. */
static bool can_set_clock(unsigned unused)
{
	(void)unused;
	for (uint64_t n = oldest_looked_at(); n <= world.number; n++)
		if (is_open(own_of(n)->state) && strcmp(own_of(n)->made.boot_id, house_now.boot_id) != 0)
			return false;
	return newest_is_open(0);
}

static bool is_approved(unsigned c)
{
	return is_held(c) && own_of(world.held[c].number)->state == CS_APPROVED;
}

/* Is there anything that a crash takes away? What it must not take is looked at whenever it comes. */
static bool can_lose(unsigned unused)
{
	(void)unused;
	return world.rejects > 0 || is_held(0) || is_held(CONNECTIONS - 1);
}

static const struct {
	const char *name;
	void (*happens)(unsigned of);
	bool (*can)(unsigned of);
	unsigned of;
	bool always; /* also where the model is not complete */
} happenings[] = {
	{ "submit 1", do_submit, can_submit, 0, true },
	{ "submit 2", do_submit, can_submit, CONNECTIONS - 1, COMPLETE },
	{ "bob approves", do_approve, can_vote, I_BOB, true },
	{ "carol approves", do_approve, can_vote, I_CAROL, true },
	{ "erin approves", do_approve, can_vote, I_ERIN, COMPLETE },
	{ "bob rejects", do_reject, can_reject, I_BOB, true },
	{ "bob withdraws", do_withdraw, has_voted, I_BOB, true },
	{ "carol withdraws", do_withdraw, has_voted, I_CAROL, true },
	{ "erin withdraws", do_withdraw, has_voted, I_ERIN, COMPLETE },
	{ "alice cancels", do_cancel, newest_is_open, 0, true },
	{ "claim 1", do_claim, is_held, 0, true },
	{ "claim 2", do_claim, is_held, CONNECTIONS - 1, COMPLETE },
	{ "gone 1", do_gone, is_held, 0, true },
	{ "gone 2", do_gone, is_held, CONNECTIONS - 1, COMPLETE },
	{ "Ctrl-C 1", do_interrupt, is_held, 0, true },
	{ "Ctrl-C 2", do_interrupt, is_held, CONNECTIONS - 1, COMPLETE },
	{ "time passes unseen", do_pass, none_is_over, false, true },
	{ "time passes", do_pass, newest_is_open, true, true },
	{ "carol moves", do_move, always, CAROL, true },
	{ "alice moves", do_move, always, ALICE, COMPLETE },
	{ "the policy changes", do_policy, always, 0, COMPLETE },
	{ "the clock is set", do_wall, can_set_clock, 0, COMPLETE },
	{ "crash", do_crash, can_lose, false, true },
	{ "reboot", do_crash, newest_is_open, true, COMPLETE },
	{ "crash in claim 1", do_crash_in_claim, is_approved, 0, true },
	{ "crash while carol approves", do_crash_in_vote, can_vote, I_CAROL, true },
};

static bool can_happen(size_t what)
{
	return happenings[what].always && happenings[what].can(happenings[what].of);
}

static void happen(size_t what)
{
	assert_true(world.n_path < STEPS_MAX);
	world.path[world.n_path++] = (uint8_t)what;
	happenings[what].happens(happenings[what].of);
	check_states();
	if (!world.again)
		check_evidence();
}

/* What changes nothing: whoever asked has no vote, under any of his accounts; nor has one whom no rule names. */
static void try_in_vain(void)
{
	static const uint32_t nobodies[] = { ALICE, ALICE_ADM, DAVE };

	for (size_t i = 0; newest_is_open(0) && i < CS_COUNT(nobodies); i++) {
		enum cs_reason reason = house_vote(&house, nobodies[i], world.number, CS_VOTE_APPROVE);

		assert_true(reason == CS_WHY_STATE || reason == (nobodies[i] == DAVE ? CS_WHY_NOT_APPROVER : CS_WHY_SELF));
	}
	check_states();
	check_evidence();
}

/* --- States ------------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15) ^ (hash >> 29);
}

/* What is over stays over: then it does not matter for how long. */
static uint64_t mix_time(uint64_t hash, const struct cs_now *since, uint64_t span)
{
	bool here = strcmp(since->boot_id, house_now.boot_id) == 0;

	if (over(since, span))
		return mix(hash, 1);
	hash = mix(hash, here ? 2 + house_now.boot_ms - since->boot_ms : 0);
	return mix(hash, house_now.wall_ms - since->wall_ms);
}

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
		sum += of; /* in whichever order they were cast */
		cs_clear(&cs_approval_shape, &votes[i]);
	}
	free(votes);
	for (size_t who = 0; who < APPROVERS; who++)
		if (own_of(n)->votes[who] == CS_VOTE_APPROVE)
			hash = mix(hash, own_of(n)->was_infra[who] + 2u * own_of(n)->was_owner[who] + 4u * who);
	return mix(hash, sum);
}

static uint64_t mix_request(uint64_t hash, uint64_t n)
{
	const struct own *own = own_of(n);
	struct cs_stored stored = { 0 };
	bool same_policy = false;

	assert_int_equal(cs_store_get(house.store, n, &stored), 0);
	same_policy = memcmp(stored.request.policy_digest, house.authority->policy_digest, CS_DIGEST_LEN) == 0;
	hash = mix(hash, (uint64_t)own->state + 16 * (world.number - n));
	hash = mix(hash, stored.version == 1); /* nobody ever voted: it ends another way */
	cs_clear(&cs_stored_shape, &stored);
	if (is_over(n))
		return hash;
	hash = mix_time(hash, &own->made, LIFETIME);
	if (own->state == CS_APPROVED)
		hash = mix_time(hash, &own->approved, USE_WITHIN);
	return mix_votes(mix(hash, same_policy), n);
}

/* What a connection waits for. */
static uint64_t waits_for(unsigned c)
{
	uint64_t n = world.held[c].number;
	bool lives = n && live_find(house.authority, world.held[c].id, world.held[c].secret) != NULL;

	return n == 0 ? 0 : (is_open(own_of(n)->state) && n >= oldest_looked_at() ? 2 * (world.number - n) + 2 : 100) + lives;
}

/* Two worlds with the same fingerprint have the same future, but for what is only told or recorded: releases that wait
 * for their session, refused votes that are counted, and numbers; and for which of two connections is which. */
static uint64_t fingerprint(void)
{
	uint64_t hash = mix(world.carol_left + 2u * world.alice_left + 4u * world.strict + 8u * world.wall_ahead,
		world.rejects);
	uint64_t one = waits_for(0), other = waits_for(CONNECTIONS - 1);

	for (uint64_t n = oldest_looked_at(); n <= world.number; n++)
		if (is_open(own_of(n)->state))
			hash = mix_request(hash, n);
	return mix(mix(hash, one < other ? one : other), one < other ? other : one) | 1;
}

static bool is_new(uint64_t hash)
{
	size_t at = hash % STATES_MAX;

	while (search.seen[at] != 0 && search.seen[at] != hash)
		at = (at + 1) % STATES_MAX;
	if (search.seen[at] == hash)
		return false;
	assert_true(++search.n_states < STATES_MAX / 2);
	search.seen[at] = hash;
	return true;
}

/* --- Walking ------------------------------------------------------------------------------------------------------ */

/* Once, by the process that saw the step fail; those that wait for it only end. */
/* All of a state, to be put back. */
struct moment {
	void *heap;
	struct house house;
	struct own_world world;
	struct cs_now now;
};

static struct moment *moment_keep(void)
{
	struct moment *moment = __real_malloc(sizeof(*moment));

	assert_non_null(moment);
	*moment = (struct moment){ arena_keep(), house, world, house_now };
	return moment;
}

static void moment_put_back(const struct moment *moment)
{
	arena_put_back(moment->heap);
	house = moment->house;
	world = moment->world;
	house_now = moment->now;
}

static void moment_forget(struct moment *moment)
{
	arena_forget(moment->heap);
	__real_free(moment);
}

static void keep_path(void)
{
	struct path *path = &search.paths[search.n_paths++];

	assert_true(search.n_paths < PATHS_MAX);
	path->n = world.n_path;
	path->steps = __real_malloc(world.n_path + 1u);
	assert_non_null(path->steps);
	memcpy(path->steps, world.path, world.n_path);
}

static void explore(unsigned nest);

/* One thing happens, and if that is new, everything that can happen after it. */
static void step(size_t what, unsigned nest)
{
	happen(what);
	if (++search.n_steps % 50000 == 0 && getenv("MODEL_SHOW"))
		print_message("%zu steps, %zu states, %zu paths\n", search.n_steps, search.n_states, search.n_paths);
	if (!is_new(fingerprint()))
		return;
	if (world.n_path > search.deepest)
		search.deepest = world.n_path;
	try_in_vain();
	if (nest == 0)
		keep_path();
	else
		explore(nest - 1);
}

static void explore(unsigned nest)
{
	struct moment *moment = moment_keep();

	for (size_t what = 0; what < CS_COUNT(happenings); what++) {
		moment_put_back(moment);
		if (can_happen(what))
			step(what, nest);
	}
	moment_forget(moment);
}

/* From a state whose path was kept. */
static void resume(size_t at)
{
	const struct path path = search.paths[at];

	world.again = true;
	for (size_t i = 0; i < path.n; i++)
		happen(path.steps[i]);
	world.again = false;
	check_evidence();
	__real_free(path.steps);
	explore(NEST);
}

static void name_people(size_t i)
{
	(void)snprintf(house.people, sizeof(house.people), "%s/people%zu.conf", house.dir, i);
}

static void open_directories(void)
{
	(void)unlink(house.people);
	for (size_t i = 0; i < CS_COUNT(directories); i++) {
		struct cs_conf *conf = NULL;
		struct cs_problem problem = { 0 };
		char *text = NULL;

		name_people(i);
		house_set_people(&house, i & 2 ? "bob, erin" : "alice, bob, erin", i & 1 ? "erin" : "carol, erin");
		assert_int_equal(cs_format(&text, "directory { file = \"%s\" }\n", house.people), 0);
		assert_int_equal(cs_conf_parse(text, "house", house_directory, &conf, &problem), 0);
		if (cs_directory_open(cs_conf_section(cs_conf_top(conf), "directory", 0), getuid(), &directories[i],
			&problem) < 0)
			fail_msg("%s:%u: %s", problem.file, problem.line, problem.text);
		cs_conf_free(&conf);
		free(text);
	}
}

static void begin(void)
{
	char *text = policy_text(false);

	house_write(house.policy, text);
	free(text);
	house_now = (struct cs_now){ .boot_ms = 1000, .wall_ms = 1790000000000, .boot_id = "boot-0" };
	cs_verifier_init(&world.verifier);
	assert_int_equal(cs_store_open_memory(&house.store), 0);
	house.directory = directories[0];
	house_open_authority(&house);
	check_evidence();
}

static int setup(void **state)
{
	(void)state;
	search.seen = calloc(STATES_MAX, sizeof(*search.seen));
	search.paths = calloc(PATHS_MAX, sizeof(*search.paths));
	assert_true(search.seen && search.paths);
	arena_open();
	house_build_files(&house);
	open_directories();
	begin();
	return 0;
}

/* Where a promise is broken, by what it came to that. Everything that the rooms hold goes with the arena. */
static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < world.n_path; i++)
		print_error("%s%s", happenings[world.path[i]].name, i + 1 < world.n_path ? ", " : "\n");
	for (size_t i = 0; i < CS_COUNT(directories); i++) {
		name_people(i);
		(void)unlink(house.people);
	}
	(void)unlink(house.policy);
	(void)unlink(house.program);
	(void)rmdir(house.dir);
	arena_close();
	free(search.paths);
	free(search.seen);
	return 0;
}

static void test_authority_a091_a092_all_orders(void **state)
{
	struct moment *first = moment_keep();

	(void)state;
	keep_path();
	for (size_t at = 0; at < search.n_paths; at++) {
		moment_put_back(first);
		resume(at);
	}
	moment_put_back(first);
	moment_forget(first);
	print_message("%zu states, %zu steps, %zu of them permits; the longest path has %zu steps; %zu were kept\n",
		search.n_states, search.n_steps, search.n_permits, search.deepest, search.n_paths);
	assert_true(search.n_states > 1000 && search.n_permits > 20);
	assert_true(search.reopened > 0 && search.restarted > 0);
	for (enum cs_state end = CS_REJECTED; end <= CS_UNANSWERED; end++)
		assert_true(search.ended[end] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
		test_authority_a091_a092_all_orders, setup, teardown) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
