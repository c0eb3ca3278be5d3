/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a record by hand, event after event, as the authority would; a test may put down whatever it likes instead, and
 * the chain is right all the same: the forger knows the formula. */
#ifndef CS_TEST_SCRIBE_H
#define CS_TEST_SCRIBE_H

#include "clock.h"
#include "committee.h"
#include "crypto.h"
#include "replay.h"

struct scribe {
	struct cs_record *records;
	size_t n, cap;
	uint64_t head;
	uint8_t chain[CS_DIGEST_LEN];
	struct cs_policy *policy;
	struct cs_policy *past[4]; /* requests name what is theirs */
	size_t n_past;
	const char *text;
	uint8_t digest[CS_DIGEST_LEN];
	uint64_t generation, requests, wall_ms;
	const char *boot;
	uint64_t booted_wall_ms; /* when the host booted, by the wall clock of now */
};

/* A request that was made, and its votes that stand. */
struct scribed {
	uint64_t number;
	struct cs_request request; /* a view of the test's people and texts */
	uint8_t digest[CS_DIGEST_LEN];
	struct cs_approval votes[8];
	struct cs_facts voters[8];
	size_t n_votes;
	char *rules[CS_MAX_RULES];
	char *argv[3];
	char id[CS_ID_LEN];
};

static inline char *scribe_word(const char *text) /* only const is cast away */
{
	char *word = NULL;

	memcpy(&word, &text, sizeof(word));
	return word;
}

/* CLOCK_BOOTTIME: it goes on as the wall clock does, where that is not set. */
static inline uint64_t scribe_boot_ms(const struct scribe *s)
{
	return s->wall_ms - s->booted_wall_ms;
}

/* The wall clock is set; nothing else moves. */
static inline void scribe_set_clock(struct scribe *s, int64_t by_ms)
{
	s->wall_ms += (uint64_t)by_ms;
	s->booted_wall_ms += (uint64_t)by_ms;
}

/* Seals the event as the next record. */
static inline void scribe_put(struct scribe *s, struct cs_event *event, const struct cs_shape *shape, const void *body)
{
	struct cs_buf bytes;

	cs_buf_init(&bytes, CS_MAX_EVENT);
	if (shape)
		assert_int_equal(cs_encode(shape, body, &bytes), 0);
	event->wall_ms = s->wall_ms;
	memcpy(event->policy_digest, s->digest, CS_DIGEST_LEN);
	event->body = bytes.data;
	event->n_body = bytes.len;
	assert_int_equal(cs_reserve((void **)&s->records, &s->cap, s->n, 1, sizeof(*s->records)), 0);
	assert_int_equal(cs_evidence_seal(s->head, s->chain, event, &s->records[s->n]), 0);
	s->head = s->records[s->n].number;
	memcpy(s->chain, s->records[s->n++].chain, CS_DIGEST_LEN);
	event->body = NULL;
	event->n_body = 0;
	cs_buf_clear(&bytes);
}

static inline void scribe_start(struct scribe *s)
{
	struct cs_event event = { .kind = CS_EVENT_START };
	struct cs_in_force in_force = { .generation = { .number = s->generation } };

	memcpy(in_force.generation.digest, s->digest, CS_DIGEST_LEN);
	scribe_put(s, &event, s->policy ? &cs_in_force_shape : NULL, &in_force);
}

static inline void scribe_policy(struct scribe *s, const char *text, uint32_t uid, uint64_t request)
{
	struct cs_event event = { .kind = CS_EVENT_POLICY, .verdict = CS_PERMIT, .actor_uid = uid, .request = request };
	struct cs_in_force in_force = { .generation = { .number = ++s->generation, .uid = uid, .request = request } };

	assert_true(s->n_past < CS_COUNT(s->past));
	s->past[s->n_past++] = s->policy = committee_parse(text);
	s->text = text;
	assert_int_equal(cs_digest(CS_DOMAIN_POLICY, text, strlen(text), s->digest), 0);
	memcpy(in_force.generation.digest, s->digest, CS_DIGEST_LEN);
	scribe_put(s, &event, &cs_in_force_shape, &in_force);
}

static inline void scribe_open(struct scribe *s, const char *text)
{
	memset(s, 0, sizeof(*s));
	s->wall_ms = UINT64_C(1795000000000);
	s->booted_wall_ms = s->wall_ms - 1000000;
	s->boot = "boot-one";
	scribe_start(s);
	scribe_policy(s, text, 0, 0);
}

static inline void scribe_close(struct scribe *s)
{
	for (size_t i = 0; i < s->n; i++)
		cs_clear(&cs_record_shape, &s->records[i]);
	free(s->records);
	for (size_t i = 0; i < s->n_past; i++)
		cs_policy_free(&s->past[i]);
}

/* What is to be done: "/bin/deploy WORD" by sudo. */
static inline struct cs_action scribe_action(struct scribed *asked, const char *word)
{
	asked->argv[0] = scribe_word("/bin/deploy");
	asked->argv[1] = scribe_word(word);
	return (struct cs_action){ .service = scribe_word("sudo"), .host = scribe_word("rel1"),
		.command = asked->argv[0], .argv = asked->argv, .n_argv = 2 };
}

/* A request as its gate would have it; what differs is the test's. */
static inline void scribe_request(struct scribe *s, struct scribed *asked, const struct member *who, const char *gate,
	const char *word)
{
	const struct cs_gate *found = cs_policy_gate(s->policy, gate);
	struct cs_request *request = &asked->request;

	memset(asked, 0, sizeof(*asked));
	*request = (struct cs_request){ .version = 3, .boot = scribe_word(s->boot), .requester = who->facts.person,
		.subject = { .uid = who->facts.person.uid, .login_uid = CS_NO_UID, .name = who->facts.person.name },
		.action = scribe_action(asked, word), .gate = scribe_word(gate), .reason = scribe_word("because"),
		.scope = scribe_word(cs_gate_scope(found)), .assurance = scribe_word("local-uid"),
		.created_wall_ms = s->wall_ms, .created_boot_ms = scribe_boot_ms(s), .uses = 1, .lifetime_ms = cs_gate_lifetime_ms(found),
		.use_within_ms = cs_gate_use_within_ms(found), .session_ms = cs_gate_session_ms(found),
		.objection_ms = cs_gate_objection_ms(found) };
	memcpy(request->policy_digest, s->digest, CS_DIGEST_LEN);
	memcpy(request->id, &s->requests, sizeof(s->requests));
	asked->number = ++s->requests;
}

static inline void scribe_digest(struct scribed *asked)
{
	struct cs_buf bytes;

	cs_buf_init(&bytes, CS_MAX_EVENT);
	assert_int_equal(cs_request_encode(&asked->request, &bytes), 0);
	assert_int_equal(cs_digest(CS_DOMAIN_REQUEST, bytes.data, bytes.len, asked->digest), 0);
	cs_buf_clear(&bytes);
}

/* The host boots again, and the daemon with it. */
static inline void scribe_reboot(struct scribe *s, const char *boot)
{
	s->boot = boot;
	s->booted_wall_ms = s->wall_ms - 1000;
	scribe_start(s);
}

/* How long ago it was asked, as its deadline counts. */
static inline uint64_t scribe_elapsed(const struct scribe *s, const struct cs_request *request)
{
	struct cs_now now = { .boot_ms = scribe_boot_ms(s), .wall_ms = s->wall_ms };
	uint64_t left = 0;

	(void)snprintf(now.boot_id, sizeof(now.boot_id), "%s", s->boot);
	return cs_deadline_passed(request->boot, request->created_boot_ms, request->created_wall_ms, UINT64_MAX, &now, &left)
		? 0 : UINT64_MAX - left;
}

static inline struct cs_case scribe_case(const struct scribe *s, const struct scribed *asked,
	const struct cs_facts *requester)
{
	return (struct cs_case){ .policy = s->policy, .gate = cs_policy_gate(s->policy, asked->request.gate),
		.scope = asked->request.scope, .action = &asked->request.action, .wall_ms = s->wall_ms,
		.elapsed_ms = scribe_elapsed(s, &asked->request), .boot = s->boot, .boot_ms = scribe_boot_ms(s),
		.asked_by = &asked->request.requester,
		.requester = requester, .votes = asked->votes, .voters = asked->voters, .n_votes = asked->n_votes };
}

static inline struct cs_event scribe_event(const struct scribed *asked, enum cs_event_kind kind,
	enum cs_verdict verdict, enum cs_reason reason)
{
	struct cs_event event = { .kind = kind, .request = asked->number, .verdict = verdict, .reason = reason,
		.gate = asked->request.gate, .actor_uid = CS_NO_UID };

	memcpy(event.digest, asked->digest, CS_DIGEST_LEN);
	return event;
}

static inline void scribe_by(struct cs_event *event, const struct cs_person *who)
{
	event->actor_uid = who->uid;
	event->actor_id = who->id;
	event->actor_name = who->name;
}

static inline void scribe_ask(struct scribe *s, struct scribed *asked, const struct member *who)
{
	struct cs_requested_body body = { .request = asked->request };
	struct cs_case what = scribe_case(s, asked, &who->facts);
	struct cs_event event;

	what.asked_by = NULL;
	scribe_digest(asked);
	event = scribe_event(asked, CS_EVENT_REQUESTED, CS_HOLD, CS_WHY_NEEDS_APPROVAL);
	scribe_by(&event, &who->facts.person);
	assert_int_equal(cs_grounds_freeze(&what, NULL, 0, &body.grounds), 0);
	scribe_put(s, &event, &cs_requested_body_shape, &body);
	cs_clear(&cs_grounds_shape, &body.grounds);
}

/* A vote for the gate's rules that the member may fill now. */
static inline struct cs_approval scribe_approval(const struct scribe *s, struct scribed *asked,
	const struct member *who, enum cs_vote vote)
{
	const struct cs_gate *gate = cs_policy_gate(s->policy, asked->request.gate);
	struct cs_approval approval = vote_of(who, vote);
	char **rules = calloc(CS_MAX_RULES, sizeof(*rules)); /* the votes' until the end: scribe_forget */

	assert_non_null(rules);
	memcpy(approval.digest, asked->digest, CS_DIGEST_LEN);
	approval.assurance = scribe_word("local-uid");
	approval.login_uid = CS_NO_UID;
	approval.rules = rules;
	for (size_t i = 0; i < cs_gate_rules(gate); i++)
		if (cs_policy_may_fill(s->policy, &who->facts, gate, i, asked->request.scope, NULL) == 1)
			rules[approval.n_rules++] = scribe_word(cs_gate_rule_name(gate, i));
	return approval;
}

static inline void scribe_put_vote(struct scribe *s, struct scribed *asked, const struct cs_approval *approval,
	const struct cs_facts *facts)
{
	struct cs_voted_body body = { .approval = *approval };
	struct cs_facts voters[1 + CS_COUNT(asked->voters)] = { *facts }; /* views */
	struct cs_event event = scribe_event(asked, CS_EVENT_VOTED, CS_HOLD, CS_WHY_NEEDS_APPROVAL);

	body.grounds.wall_ms = s->wall_ms;
	body.grounds.elapsed_ms = scribe_elapsed(s, &asked->request);
	body.grounds.boot = scribe_word(s->boot);
	body.grounds.boot_ms = scribe_boot_ms(s);
	body.grounds.requester = (struct cs_facts){ .known = CS_KNOWN_YES, .person = asked->request.requester };
	body.grounds.voters = voters;
	body.grounds.n_voters = 1;
	if (approval->vote == CS_VOTE_APPROVE && cs_gate_staged(cs_policy_gate(s->policy, asked->request.gate)))
		for (size_t i = 0; i < asked->n_votes; i++)
			voters[body.grounds.n_voters++] = asked->voters[i];
	scribe_by(&event, &approval->person);
	scribe_put(s, &event, &cs_voted_body_shape, &body);
}

static inline void scribe_keep_vote(struct scribed *asked, const struct cs_approval *approval,
	const struct cs_facts *facts)
{
	asked->votes[asked->n_votes] = *approval;
	asked->voters[asked->n_votes++] = *facts;
}

static inline void scribe_vote(struct scribe *s, struct scribed *asked, const struct member *who, enum cs_vote vote)
{
	struct cs_approval approval = scribe_approval(s, asked, who, vote);

	scribe_put_vote(s, asked, &approval, &who->facts);
	scribe_keep_vote(asked, &approval, &who->facts);
}

static inline void scribe_forget(struct scribed *asked)
{
	for (size_t i = 0; i < asked->n_votes; i++)
		free(asked->votes[i].rules);
	asked->n_votes = 0;
}

/* An event whose body is nothing but what it was decided from: approved, claimed. */
static inline void scribe_decide(struct scribe *s, struct scribed *asked, const struct member *requester,
	enum cs_event_kind kind)
{
	struct cs_case what = scribe_case(s, asked, &requester->facts);
	struct cs_event event = scribe_event(asked, kind, CS_PERMIT, CS_WHY_APPROVED);
	struct cs_grounds grounds = { 0 };

	assert_int_equal(cs_grounds_freeze(&what, NULL, 0, &grounds), 0);
	scribe_put(s, &event, &cs_grounds_shape, &grounds);
	cs_clear(&cs_grounds_shape, &grounds);
}

static inline void scribe_plain(struct scribe *s, const struct scribed *asked, enum cs_event_kind kind,
	enum cs_verdict verdict)
{
	struct cs_event event = scribe_event(asked, kind, verdict, CS_WHY_NONE);

	scribe_put(s, &event, NULL, NULL);
}

/* Permitted at once by the gate. */
static inline void scribe_permit(struct scribe *s, struct scribed *asked, const struct member *who,
	enum cs_reason reason)
{
	struct cs_case what = scribe_case(s, asked, &who->facts);
	struct cs_permitted_body body = { .subject = asked->request.subject, .action = asked->request.action,
		.scope = asked->request.scope };
	struct cs_event event = { .kind = CS_EVENT_PERMITTED, .verdict = CS_PERMIT, .reason = reason,
		.gate = asked->request.gate };

	what.asked_by = NULL;
	scribe_by(&event, &who->facts.person);
	assert_int_equal(cs_grounds_freeze(&what, NULL, 0, &body.grounds), 0);
	scribe_put(s, &event, &cs_permitted_body_shape, &body);
	cs_clear(&cs_grounds_shape, &body.grounds);
}

#endif
