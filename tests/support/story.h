/* SPDX-License-Identifier: Apache-2.0 */
/* One whole story (asked, voted, used, rejected, parked, withdrawn, expired, …) during which something may fail at any
 * point, and what has to hold after every step of it, whatever failed. The test that includes this says how to pause
 * its faults (story_pause, story_resume), so that looking is not counted. */
#ifndef CS_TEST_STORY_H
#define CS_TEST_STORY_H

#include "house.h"
#include "evidence.h"
#include "internal.h"
#include "ops.h"

static void story_pause(void);
static void story_resume(void);

enum { STORY_MAX = 64 };

static struct {
	uint64_t told;                /* number of the last event that was told */
	unsigned permits[STORY_MAX];  /* for each request: how often somebody was told that he may */
	unsigned outright;            /* permits without a request */
	uint64_t connection;
	enum cs_reason last;          /* of a claim */
	uint64_t generation;          /* the newest that somebody was told is in force */
	bool lossy;                   /* an event may be kept though the store said that it is not: then it is not
	                               * told */
} story;

/* --- What has to hold --------------------------------------------------------------------------------------------- */

/* What is told goes into the log of another machine: it has to be committed by then, all of it, in order. */
static inline void story_recorded(struct house *h, const struct cs_event *event, const uint8_t chain[CS_DIGEST_LEN])
{
	struct cs_record *records = NULL;
	size_t n = 0;

	story_pause();
	assert_false(h->store->open);
	if (story.lossy)
		assert_true(event->number > story.told);
	else
		assert_int_equal(event->number, story.told + 1);
	story.told = event->number;
	assert_int_equal(cs_store_records(h->store, event->number, 1, &records, &n), 0);
	assert_int_equal(n, 1);
	assert_memory_equal(records[0].chain, chain, CS_DIGEST_LEN);
	cs_clear(&cs_record_shape, &records[0]);
	free(records);
	story_resume();
}

/* What the evidence says of one request: how many events of each kind, and what each person said last. */
struct story_tally {
	unsigned of[CS_EVENT_TOLD + 1];
	struct {
		char id[32];
		enum cs_vote vote;
	} said[8];
};

static inline void story_said(struct story_tally *tally, const struct cs_event *event)
{
	struct cs_voted_body body = { 0 };
	size_t i = 0;

	assert_int_equal(cs_decode_all(&cs_voted_body_shape, event->body, event->n_body, &body), 0);
	while (i + 1 < CS_COUNT(tally->said) && *tally->said[i].id &&
		strcmp(tally->said[i].id, body.approval.person.id) != 0)
		i++;
	(void)snprintf(tally->said[i].id, sizeof(tally->said[i].id), "%s", body.approval.person.id);
	tally->said[i].vote = body.approval.vote;
	cs_clear(&cs_voted_body_shape, &body);
}

/* The votes that stand are what each person said last, and nothing else. */
static inline void story_check_votes(struct house *h, uint64_t number, const struct story_tally *tally)
{
	struct cs_approval *votes = NULL;
	size_t n_votes = 0, stand = 0;

	assert_int_equal(cs_store_votes(h->store, number, &votes, &n_votes), 0);
	for (size_t i = 0; i < CS_COUNT(tally->said); i++) {
		bool found = false;

		if (!*tally->said[i].id || tally->said[i].vote == CS_VOTE_WITHDRAW)
			continue;
		stand++;
		for (size_t k = 0; k < n_votes; k++)
			found = found || (strcmp(votes[k].person.id, tally->said[i].id) == 0 &&
					  votes[k].vote == tally->said[i].vote);
		assert_true(found);
	}
	assert_int_equal(n_votes, stand);
	for (size_t i = 0; i < n_votes; i++)
		cs_clear(&cs_approval_shape, &votes[i]);
	free(votes);
}

static inline void story_count(struct house *h, struct story_tally tallies[STORY_MAX])
{
	struct cs_record *records = NULL;
	struct cs_verifier verifier;
	size_t n = 0;

	cs_verifier_init(&verifier);
	assert_int_equal(cs_store_records(h->store, 1, 100000, &records, &n), 0);
	for (size_t i = 0; i < n; i++) {
		struct cs_event event = { 0 };

		if (cs_verifier_next(&verifier, &records[i]) < 0)
			fail_msg("the evidence does not verify: %s", verifier.why);
		assert_int_equal(cs_decode_all(&cs_event_shape, records[i].bytes, records[i].n_bytes, &event), 0);
		assert_true(event.request < STORY_MAX);
		tallies[event.request].of[event.kind]++;
		if (event.kind == CS_EVENT_VOTED)
			story_said(&tallies[event.request], &event);
		cs_clear(&cs_event_shape, &event);
		cs_clear(&cs_record_shape, &records[i]);
	}
	if (!story.lossy)
		assert_int_equal(story.told, n);
	free(records);
}

/* No state without its event, and no event without its state. */
static inline void story_check_request(struct house *h, const struct cs_stored *stored, const struct story_tally *tally)
{
	unsigned opened = tally->of[CS_EVENT_APPROVED] - tally->of[CS_EVENT_REOPENED];

	assert_int_equal(tally->of[CS_EVENT_REQUESTED], 1);
	assert_int_equal(tally->of[CS_EVENT_CLAIMED], stored->used);
	assert_int_equal(tally->of[CS_EVENT_REJECTED], stored->state == CS_REJECTED);
	assert_int_equal(tally->of[CS_EVENT_CANCELLED], stored->state == CS_CANCELLED);
	assert_int_equal(tally->of[CS_EVENT_EXPIRED],
		stored->state == CS_EXPIRED || stored->state == CS_UNANSWERED);
	assert_int_equal(stored->state == CS_USED, stored->used >= stored->request.uses);
	assert_true(opened <= 1);
	if (stored->state == CS_PENDING)
		assert_int_equal(opened, 0);
	if (stored->state == CS_APPROVED || stored->state == CS_USED)
		assert_int_equal(opened, 1);
	assert_true(story.permits[stored->number] <= stored->used); /* never more often, never without the record */
	story_check_votes(h, stored->number, tally);
}

/* No generation without its event, and no event without its generation. */
static inline void story_check_policy(struct house *h, unsigned events)
{
	struct cs_generation newest = { 0 };

	assert_int_equal(cs_store_policy_get(h->store, 0, &newest, NULL), 0);
	assert_int_equal(newest.number, events);
	assert_true(story.generation <= newest.number);
	cs_clear(&cs_generation_shape, &newest);
}

static inline void story_check(struct house *h)
{
	struct story_tally tallies[STORY_MAX] = { 0 };
	bool there = true;

	story_pause();
	assert_false(h->store->open);
	story_count(h, tallies);
	for (uint64_t number = 1; number < STORY_MAX; number++) {
		struct cs_stored stored = { 0 };

		there = there && cs_store_get(h->store, number, &stored) == 0; /* numbers have no gaps */
		if (there) {
			story_check_request(h, &stored, &tallies[number]);
			cs_clear(&cs_stored_shape, &stored);
		} else {
			assert_int_equal(tallies[number].of[CS_EVENT_REQUESTED], 0);
		}
	}
	assert_true(story.outright <= tallies[0].of[CS_EVENT_PERMITTED]);
	story_check_policy(h, tallies[0].of[CS_EVENT_POLICY]);
	story_resume();
}

/* --- Steps -------------------------------------------------------------------------------------------------------- */

static inline void story_done(void *arg, int error, const char *text, const void *reply)
{
	story_pause();
	house_done(arg, error, text, reply);
	story_resume();
}

static inline int story_call(struct house *h, const struct cs_caller *caller, enum cs_call_type type, const void *call,
	int fd, const struct cs_shape *shape, void *ret_reply)
{
	struct house_reply r = { 0, 0, shape, ret_reply };

	memset(ret_reply, 0, shape->size);
	cs_authority_call(h->authority, caller, type, call, fd, story_done, &r);
	cs_authority_turn(h->authority);
	assert_int_equal(r.given, 1);
	return r.error;
}

/* Whatever is told to a module that waits to let somebody in. */
static inline void story_note(int error, const struct cs_decision *d)
{
	if (error < 0 || d->verdict != CS_PERMIT)
		return;
	assert_true(d->number < STORY_MAX);
	if (d->number)
		story.permits[d->number]++;
	else
		story.outright++;
}

/* Submits on a connection of its own; *ret_number 0 where nothing is held. */
static inline void story_submit(struct house *h, const struct house_sudo *s, struct cs_decision *ret)
{
	struct cs_caller caller = house_module(h, ++story.connection);
	FILE *f = NULL;
	int r = 0;

	story_pause();
	f = fopen(h->program, "r");
	assert_non_null(f);
	story_resume();
	r = story_call(h, &caller, CS_CALL_SUBMIT, &s->submit, fileno(f), &cs_decision_shape, ret);
	story_pause();
	(void)fclose(f);
	story_resume();
	story_note(r, ret);
	story_check(h);
}

static inline void story_ask(struct house *h, struct cs_decision *ret)
{
	struct house_sudo s;

	house_sudo_by(&s, ALICE, "alice");
	story_submit(h, &s, ret);
}

static inline void story_vote(struct house *h, uint32_t uid, uint64_t number, enum cs_vote vote)
{
	static char comment[] = "a comment";
	struct cs_caller caller = house_person(uid);
	struct cs_vote_call call = { .number = number, .vote = vote, .comment = comment };
	struct cs_decision reply = { 0 };
	char code[CS_CODE_LEN + 1];

	if (number == 0)
		return;
	story_pause();
	house_digest(h, number, call.digest);
	story_resume();
	cs_check_code(call.digest, code);
	call.check_code = code;
	(void)story_call(h, &caller, CS_CALL_VOTE, &call, -1, &cs_decision_shape, &reply);
	cs_clear(&cs_decision_shape, &reply);
	story_check(h);
}

/* The number of the newest request that is open; 0. What a reply did not tell is found out like this. */
static inline uint64_t story_newest(struct house *h)
{
	uint64_t found = 0;
	bool there = true;

	story_pause();
	for (uint64_t number = 1; there && number < STORY_MAX; number++) {
		struct cs_stored stored = { 0 };

		there = cs_store_get(h->store, number, &stored) == 0;
		if (stored.state == CS_PENDING || stored.state == CS_APPROVED)
			found = number;
		cs_clear(&cs_stored_shape, &stored);
	}
	story_resume();
	return found;
}

static inline void story_look(struct house *h, const struct cs_decision *held)
{
	struct cs_caller caller = house_module(h, story.connection);
	struct cs_decision seen = { 0 };
	struct cs_wait wait = { .wait_ms = 1 };

	memcpy(wait.id, held->id, CS_ID_LEN);
	memcpy(wait.secret, held->secret, CS_ID_LEN);
	if (cs_authority_look(h->authority, &caller, &wait, &seen) == 0)
		assert_true(seen.verdict != CS_PERMIT);
	cs_clear(&cs_decision_shape, &seen);
	cs_authority_turn(h->authority);
	story_check(h);
}

static inline void story_claim_on(struct house *h, const struct cs_decision *held, uint64_t connection)
{
	struct cs_caller caller = house_module(h, connection);
	struct cs_claim claim = { .has_file = true };
	struct cs_decision reply = { 0 };
	FILE *f = NULL;
	int r = 0;

	memcpy(claim.id, held->id, CS_ID_LEN);
	memcpy(claim.secret, held->secret, CS_ID_LEN);
	story_pause();
	f = fopen(h->program, "r");
	assert_non_null(f);
	story_resume();
	r = story_call(h, &caller, CS_CALL_CLAIM, &claim, fileno(f), &cs_decision_shape, &reply);
	story_pause();
	(void)fclose(f);
	story_resume();
	story_note(r, &reply);
	story.last = r < 0 ? CS_WHY_NONE : reply.reason;
	cs_clear(&cs_decision_shape, &reply);
	story_check(h);
}

static inline void story_claim(struct house *h, const struct cs_decision *held)
{
	story_claim_on(h, held, story.connection);
}

static inline void story_confirm(struct house *h)
{
	static char alice[] = "alice", service[] = "sudo";
	struct cs_caller caller = house_module(h, story.connection);
	struct cs_confirm confirm = { .subject = { ALICE, CS_NO_UID, alice }, .target_uid = 0, .service = service };
	struct cs_decision reply = { 0 };

	(void)story_call(h, &caller, CS_CALL_CONFIRM, &confirm, -1, &cs_decision_shape, &reply);
	cs_clear(&cs_decision_shape, &reply);
	story_check(h);
}

static inline void story_gone(struct house *h)
{
	struct cs_caller caller = house_module(h, story.connection);

	cs_authority_gone(h->authority, &caller);
	cs_authority_turn(h->authority);
	story_check(h);
}

static inline void story_cancel(struct house *h, uint64_t number)
{
	struct cs_caller caller = house_person(ALICE);
	struct cs_cancel cancel = { .number = number };
	struct cs_decision reply = { 0 };

	(void)story_call(h, &caller, CS_CALL_CANCEL, &cancel, -1, &cs_decision_shape, &reply);
	cs_clear(&cs_decision_shape, &reply);
	story_check(h);
}

static inline void story_tick(struct house *h, uint64_t ms)
{
	house_pass(ms);
	(void)cs_authority_tick(h->authority);
	cs_authority_turn(h->authority);
	story_check(h);
}

static inline void story_looks(struct house *h)
{
	static char bob_name[] = "bob", permission[] = "release.deploy", scope[] = "project/tomcat";
	struct cs_caller bob = house_person(BOB), root = house_person(0), module = house_module(h, ++story.connection);
	struct cs_right right = { bob_name, permission, scope };
	struct cs_right_answer held = { 0 };
	struct cs_list list = { .all = true };
	struct cs_list_answer rows = { 0 };
	struct cs_show show = { .number = 1 };
	struct cs_show_answer shown = { 0 };
	struct cs_empty empty = { 0 };
	struct cs_status status = { 0 };
	struct cs_evidence_call from = { 1, 100 };
	struct cs_evidence_answer records = { 0 };

	(void)story_call(h, &module, CS_CALL_RIGHT, &right, -1, &cs_right_answer_shape, &held);
	cs_clear(&cs_right_answer_shape, &held);
	(void)story_call(h, &bob, CS_CALL_RIGHT, &right, -1, &cs_right_answer_shape, &held);
	cs_clear(&cs_right_answer_shape, &held);
	(void)story_call(h, &bob, CS_CALL_LIST, &list, -1, &cs_list_answer_shape, &rows);
	cs_clear(&cs_list_answer_shape, &rows);
	(void)story_call(h, &bob, CS_CALL_SHOW, &show, -1, &cs_show_answer_shape, &shown);
	cs_clear(&cs_show_answer_shape, &shown);
	(void)story_call(h, &bob, CS_CALL_STATUS, &empty, -1, &cs_status_shape, &status);
	cs_clear(&cs_status_shape, &status);
	(void)story_call(h, &root, CS_CALL_EVIDENCE, &from, -1, &cs_evidence_answer_shape, &records);
	cs_clear(&cs_evidence_answer_shape, &records);
	story_check(h);
}

/* Root puts another text in force, which says the same: what was decided before still counts afterwards. */
static inline void story_applied(struct house *h)
{
	struct cs_caller caller = house_person(0);
	struct cs_apply call = { .kind = CS_APPLY_TEXT };
	struct cs_apply_answer answer = { 0 };
	char *text = NULL;
	int fd = -1, r = 0;

	story_pause();
	assert_int_equal(cs_format(&text, "%s# connection %llu\n", house_policy,
		(unsigned long long)++story.connection), 0);
	assert_int_equal(cs_digest(CS_DOMAIN_POLICY, text, strlen(text), call.digest), 0);
	fd = house_memfd(text, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
	story_resume();
	r = story_call(h, &caller, CS_CALL_APPLY, &call, fd, &cs_apply_answer_shape, &answer);
	if (r == 0 && answer.applied)
		story.generation = answer.generation.number;
	cs_clear(&cs_apply_answer_shape, &answer);
	(void)close(fd);
	free(text);
	story_check(h);
}

/* --- The story ---------------------------------------------------------------------------------------------------- */

static inline void story_used(struct house *h)
{
	struct cs_decision d = { 0 };

	story_ask(h, &d);
	story_vote(h, BOB, d.number, CS_VOTE_APPROVE);
	story_look(h, &d);
	story_vote(h, CAROL, d.number, CS_VOTE_APPROVE);
	story_claim(h, &d);
	story_claim(h, &d);
	story_confirm(h);
	story_gone(h);
	cs_clear(&cs_decision_shape, &d);
}

/* The house's policy with a waiting time and a deny gate that only owners are exempt from, or as it was. */
static inline void story_set_cooling(struct house *h, bool cooling)
{
	const char *at = strstr(house_policy, "use_within");
	char *text = NULL;

	story_pause();
	assert_non_null(at);
	if (cooling)
		assert_int_equal(cs_format(&text, "%.*suse_after = 30s %s"
			"gate freeze { service = sudo command = \"/usr/local/sbin/deploy-release\" deny = \"frozen\"\n"
			"  exempt owners { role = pmc scope = \"project/tomcat\" } }\n", (int)(at - house_policy),
			house_policy, at), 0);
	house_load(h, cooling ? text : house_policy);
	free(text);
	story_resume();
}

static inline void story_cooled(struct house *h)
{
	struct cs_decision d = { 0 };

	story_set_cooling(h, true);
	story_ask(h, &d);
	story_vote(h, BOB, d.number, CS_VOTE_APPROVE);
	story_vote(h, CAROL, d.number, CS_VOTE_APPROVE);
	story_look(h, &d);
	story_claim(h, &d);
	assert_int_equal(story.permits[d.number], 0);
	story_gone(h);
	cs_clear(&cs_decision_shape, &d);
	story_ask(h, &d);
	house_pass(30000);
	story_claim(h, &d);
	story_confirm(h);
	story_gone(h);
	cs_clear(&cs_decision_shape, &d);
	story_set_cooling(h, false);
}

/* The house's policy with other terms of its gate, or as it was. */
static inline void story_set_terms(struct house *h, const char *terms)
{
	const char *at = strstr(house_policy, "use_within");
	char *text = NULL;

	story_pause();
	assert_non_null(at);
	assert_int_equal(cs_format(&text, "%.*s%s %s", (int)(at - house_policy), house_policy, terms, at), 0);
	house_load(h, text);
	free(text);
	story_resume();
}

/* Votes are taken back and changed, before and after they sufficed. */
static inline void story_changed(struct house *h)
{
	struct cs_decision d = { 0 };

	story_ask(h, &d);
	story_vote(h, BOB, d.number, CS_VOTE_APPROVE);
	story_vote(h, BOB, d.number, CS_VOTE_WITHDRAW);
	story_vote(h, BOB, d.number, CS_VOTE_APPROVE);
	story_vote(h, CAROL, d.number, CS_VOTE_APPROVE);
	story_vote(h, CAROL, d.number, CS_VOTE_WITHDRAW);
	story_claim(h, &d);
	story_look(h, &d);
	story_vote(h, ERIN, d.number, CS_VOTE_APPROVE);
	story_vote(h, BOB, d.number, CS_VOTE_REJECT);
	story_claim(h, &d);
	story_gone(h);
	cs_clear(&cs_decision_shape, &d);
}

/* Two sessions wait for one request that may be used twice; a third finds it used. */
static inline void story_joined(struct house *h)
{
	struct cs_decision first = { 0 }, second = { 0 }, third = { 0 };

	story_set_terms(h, "uses = 2");
	story_ask(h, &first);
	story_ask(h, &second);
	story_ask(h, &third);
	story_vote(h, BOB, story_newest(h), CS_VOTE_APPROVE);
	story_vote(h, CAROL, story_newest(h), CS_VOTE_APPROVE);
	story_claim_on(h, &first, story.connection - 2);
	story_claim_on(h, &second, story.connection - 1);
	story_claim_on(h, &third, story.connection);
	story_look(h, &third);
	story_gone(h);
	cs_clear(&cs_decision_shape, &first);
	cs_clear(&cs_decision_shape, &second);
	cs_clear(&cs_decision_shape, &third);
	story_set_terms(h, "");
}

/* Asked for ahead, approved, too early, in time. */
static inline void story_ahead(struct house *h)
{
	struct house_sudo s;
	struct cs_decision d = { 0 };

	story_set_terms(h, "ahead = 1h");
	house_sudo_by(&s, ALICE, "alice");
	s.submit.ahead = true;
	s.submit.start_wall_ms = house_now.wall_ms + 60000;
	story_submit(h, &s, &d);
	assert_true(d.verdict != CS_PERMIT);
	cs_clear(&cs_decision_shape, &d);
	story_vote(h, BOB, story_newest(h), CS_VOTE_APPROVE);
	story_vote(h, CAROL, story_newest(h), CS_VOTE_APPROVE);
	story_ask(h, &d);
	story_claim(h, &d);
	story_gone(h);
	cs_clear(&cs_decision_shape, &d);
	house_pass(60000);
	story_ask(h, &d);
	story_gone(h);
	cs_clear(&cs_decision_shape, &d);
	story_set_terms(h, "");
}

struct story_told {
	uint64_t numbers[16];
	size_t n;
};

static inline int story_take(void *arg, const struct cs_notice *notice)
{
	struct story_told *told = arg;

	if (told->n == CS_COUNT(told->numbers))
		return CS_EBUSY;
	told->numbers[told->n++] = notice->number;
	return 0;
}

/* A program takes every notice that is due. */
static inline void story_notices(struct house *h)
{
	struct story_told told = { 0 };

	cs_authority_tell(h->authority, story_take, &told);
	cs_authority_turn(h->authority);
	for (size_t i = 0; i < told.n; i++)
		cs_authority_told(h->authority, told.numbers[i], true, "");
	cs_authority_turn(h->authority);
	story_check(h);
}

/* Nobody objects, of those who were told. */
static inline void story_silent(struct house *h)
{
	struct cs_decision d = { 0 };

	story_set_terms(h, "objections = 5m");
	h->authority->options.tells = true;
	h->authority->options.tell_for_ms = 3600000;
	story_ask(h, &d);
	story_gone(h);
	story_notices(h);
	cs_clear(&cs_decision_shape, &d);
	story_tick(h, 5 * 60000);
	story_tick(h, 5000);
	story_ask(h, &d);
	story_gone(h);
	cs_clear(&cs_decision_shape, &d);
	h->authority->options.tells = false;
	story_set_terms(h, "");
}

static inline void story_rejected(struct house *h)
{
	struct cs_decision d = { 0 };

	story_ask(h, &d);
	story_vote(h, ALICE_ADM, d.number, CS_VOTE_APPROVE);
	story_vote(h, ERIN, d.number, CS_VOTE_REJECT);
	story_claim(h, &d);
	story_gone(h);
	cs_clear(&cs_decision_shape, &d);
}

static inline void story_parked(struct house *h)
{
	struct cs_decision d = { 0 };

	story_ask(h, &d);
	story_gone(h);
	story_vote(h, BOB, story_newest(h), CS_VOTE_APPROVE);
	story_vote(h, CAROL, story_newest(h), CS_VOTE_APPROVE);
	cs_clear(&cs_decision_shape, &d);
	story_ask(h, &d);
	story_gone(h);
	cs_clear(&cs_decision_shape, &d);
}

static inline void story_withdrawn(struct house *h)
{
	struct cs_decision d = { 0 };

	story_ask(h, &d);
	story_cancel(h, story_newest(h));
	story_gone(h);
	cs_clear(&cs_decision_shape, &d);
	story_ask(h, &d);
	story_tick(h, 31 * 60000);
	story_gone(h);
	cs_clear(&cs_decision_shape, &d);
}

static inline void story_outright(struct house *h)
{
	static char id[] = "/usr/bin/id", sh[] = "/bin/sh";
	struct house_sudo s;
	struct cs_decision d = { 0 };

	house_sudo_by(&s, DAVE, "dave");
	s.submit.action.command = s.submit.action.resolved = id;
	story_submit(h, &s, &d);
	cs_clear(&cs_decision_shape, &d);
	s.submit.action.command = s.submit.action.resolved = sh;
	story_submit(h, &s, &d);
	assert_true(d.verdict != CS_PERMIT);
	cs_clear(&cs_decision_shape, &d);
	house_sudo_by(&s, DAVE, "dave");
	story_submit(h, &s, &d);
	assert_true(d.verdict != CS_PERMIT);
	cs_clear(&cs_decision_shape, &d);
}

/* Afterwards everything works again: an identical call is let in after two approvals, if not at once. */
static inline void story_heals(struct house *h)
{
	struct cs_decision d = { 0 };
	unsigned permits = 0;
	uint64_t number = 0;

	for (uint64_t connection = 1; connection <= story.connection; connection++) {
		struct cs_caller caller = house_module(h, connection);

		cs_authority_gone(h->authority, &caller);
	}
	cs_authority_turn(h->authority);
	story_ask(h, &d);
	if (d.verdict == CS_DENY && d.number != 0) { /* what was approved under other terms is spent; this is a new one */
		cs_clear(&cs_decision_shape, &d);
		story_ask(h, &d);
	}
	number = d.number;
	if (number == 0)
		fail_msg("not healed: %s: %s", cs_reason_name(d.reason), d.text);
	if (d.verdict == CS_HOLD) {
		story_vote(h, BOB, number, CS_VOTE_APPROVE);
		story_vote(h, CAROL, number, CS_VOTE_APPROVE);
		story_claim(h, &d);
	}
	for (size_t i = 0; i < STORY_MAX; i++)
		permits += story.permits[i];
	if (permits == 0)
		fail_msg("not healed: the claim says %s", cs_reason_name(story.last));
	assert_true(story.permits[number] >= 1); /* and not more often than the record says: story_check */
	cs_clear(&cs_decision_shape, &d);
}

/* In a house whose files are built. */
static inline void story_open(struct house *h, bool lossy)
{
	memset(&story, 0, sizeof(story));
	story.lossy = lossy;
	house_open_directory(h);
	h->recorded = story_recorded;
	assert_int_equal(cs_store_open_memory(&h->store), 0);
	house_open_authority(h);
}

static inline void story_tell(struct house *h)
{
	story_used(h);
	story_outright(h);
	story_looks(h);
	story_rejected(h);
	story_changed(h);
	story_joined(h);
	story_ahead(h);
	story_silent(h);
	story_applied(h);
	story_parked(h);
	story_withdrawn(h);
}

#endif
