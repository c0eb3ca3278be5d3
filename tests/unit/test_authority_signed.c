/* SPDX-License-Identifier: Apache-2.0 */
/* Signed votes in the authority, with real signatures of all four kinds: what counts, what does not, and what counts no
 * more at the claim. Every story is told with both stores. The signer is tests/support/ssh_signer.h. */
#include "house.h"
#include "roster.h"
#include "ssh_signer.h"

#define BOTH_STORES(test) \
	{ #test " (memory)", test, NULL, NULL, (void *)(uintptr_t)0 }, \
	{ #test " (sqlite)", test, NULL, NULL, (void *)(uintptr_t)1 }

#define DAY UINT64_C(86400000)

static struct signer bob, carol, erin, other; /* ed25519, sk-ecdsa, sk-ed25519, ecdsa */

struct signed_house {
	struct house h;
	char roster[96], seen[96], sqlite[96];
	uint64_t version;
};

static int make_keys(void **state)
{
	(void)state;
	signer_make(&bob, CS_SSH_ED25519);
	signer_make(&carol, CS_SSH_SK_ECDSA);
	signer_make(&erin, CS_SSH_SK_ED25519);
	signer_make(&other, CS_SSH_ECDSA);
	return 0;
}

static int clear_keys(void **state)
{
	(void)state;
	signer_clear(&bob);
	signer_clear(&carol);
	signer_clear(&erin);
	signer_clear(&other);
	return 0;
}

/* --- The house ----------------------------------------------------------------------------------------------------- */

/* bob's and carol's entries in the directory have these keys. */
static void set_people(struct signed_house *s, const char *of_bob, const char *of_carol)
{
	char *text = NULL;

	assert_int_equal(cs_format(&text,
				 "person alice { uid = 2001 id = \"id-alice\" dn = \"uid=alice,ou=people\" }\n"
				 "person bob { uid = 2003 id = \"id-bob\" dn = \"uid=bob,ou=people\" key = \"%s\" }\n"
				 "person carol { uid = 2004 id = \"id-carol\" dn = \"uid=carol,ou=people\" key = \"%s\" }\n"
				 "person erin { uid = 2006 id = \"id-erin\" dn = \"uid=erin,ou=people\" key = \"%s\" }\n"
				 "group tomcat { dn = \"cn=tomcat,ou=project\" attribute cn { value = tomcat }\n"
				 "  listed owner { people = { alice, bob, erin } } }\n"
				 "group infra { dn = \"cn=infra,ou=groups\" attribute cn { value = infra }\n"
				 "  listed member { people = { carol } } }\n",
				 of_bob, of_carol, erin.line), 0);
	house_write(s->h.people, text);
	free(text);
}

/* The roster of now; a key that is NULL is nobody's. */
static void set_roster(struct signed_house *s, const char *of_bob, const char *of_carol)
{
	char *text = NULL;

	assert_int_equal(cs_format(&text,
				 "version = %llu\nperson id-bob { name = bob %s%s%s }\n"
				 "person id-carol { name = carol hardware_only = %s %s%s%s }\n"
				 "person id-erin { name = erin key \"%s\" {} }\n",
				 (unsigned long long)++s->version, of_bob ? "key \"" : "", of_bob ? of_bob : "",
				 of_bob ? "\" {}" : "", of_carol == carol.line ? "true" : "false",
				 of_carol ? "key \"" : "", of_carol ? of_carol : "", of_carol ? "\" {}" : "", erin.line), 0);
	house_write(s->roster, text);
	free(text);
}

static char *policy_with(const char *signature)
{
	const char *at = strstr(house_policy, "  reason = required lifetime");
	char *text = NULL;

	assert_non_null(at);
	assert_int_equal(cs_format(&text, "%.*s  signature = %s\n%s", (int)(at - house_policy), house_policy, signature, at),
		0);
	return text;
}

static void open_house(void **state, struct signed_house *s, const char *signature)
{
	struct cs_roster_settings settings = { .owner = getuid() };
	char *policy = policy_with(signature);

	memset(s, 0, sizeof(*s));
	house_build(&s->h);
	(void)snprintf(s->roster, sizeof(s->roster), "%s/roster", s->h.dir);
	(void)snprintf(s->seen, sizeof(s->seen), "%s/roster.seen", s->h.dir);
	(void)snprintf(s->sqlite, sizeof(s->sqlite), "%s/store.db", s->h.dir);
	settings.path = s->roster;
	settings.seen = s->seen;
	assert_int_equal(cs_roster_open(&settings, &s->h.roster), 0);
	if (*state)
		assert_int_equal(cs_store_open_sqlite(s->sqlite, &s->h.store, NULL), 0);
	else
		assert_int_equal(cs_store_open_memory(&s->h.store), 0);
	house_write(s->h.policy, policy);
	free(policy);
	set_people(s, bob.line, carol.line);
	set_roster(s, bob.line, carol.line);
	house_open_authority(&s->h);
}

static void close_house(struct signed_house *s)
{
	static const char *const files[] = { "", "-wal", "-shm", ".lock" };
	struct cs_roster_source *roster = s->h.roster;
	char path[128];

	house_replay(&s->h);
	cs_directory_close(&s->h.directory);
	cs_authority_close(&s->h.authority);
	cs_store_close(&s->h.store);
	for (size_t i = 0; i < CS_COUNT(files); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", s->sqlite, files[i]);
		(void)unlink(path);
	}
	(void)unlink(s->roster);
	(void)unlink(s->seen);
	house_close(&s->h);
	cs_roster_close(&roster);
}

/* alice asks on connection 7 and is held. */
static uint64_t hold(struct signed_house *s, struct cs_decision *d)
{
	struct house_sudo sudo;

	house_sudo_by(&sudo, ALICE, "alice");
	assert_int_equal(house_submit(&s->h, &sudo, 7, d), 0);
	if (d->verdict != CS_HOLD)
		fail_msg("not held: %s (%s)", cs_reason_name(d->reason), d->text);
	return d->number;
}

static enum cs_reason claim(struct signed_house *s, const struct cs_decision *d, enum cs_verdict expected)
{
	struct cs_decision reply = { 0 };
	enum cs_reason reason = CS_WHY_NONE;

	assert_int_equal(house_claim(&s->h, d, 7, &reply), 0);
	assert_int_equal(reply.verdict, expected);
	reason = reply.reason;
	cs_clear(&cs_decision_shape, &reply);
	return reason;
}

/* --- Votes --------------------------------------------------------------------------------------------------------- */

/* A vote as its approver's machine would make it; each part can be made wrong. */
struct ballot_of {
	uint32_t uid;             /* who sends it */
	enum cs_vote vote;
	const char *person;       /* in the statement */
	struct signer *signer;    /* NULL: not signed */
	const char *name_space;   /* NULL: that of the vote */
	uint64_t not_after;
	const uint8_t *digest;    /* in the statement; NULL: the call's */
	int other_digest, other_time, other_head; /* in the statement than in the call */
	uint64_t later;           /* than the head of now */
	int other_chain;
};

static struct ballot_of by(uint32_t uid, const char *person, struct signer *signer)
{
	return (struct ballot_of){ .uid = uid, .vote = CS_VOTE_APPROVE, .person = person, .signer = signer,
		.not_after = house_now.wall_ms + DAY };
}

static void sign(const struct ballot_of *b, const struct cs_vote_call *call, struct cs_buf *out)
{
	char person[64];
	struct cs_approval approval = { .vote = b->vote, .not_after_wall_ms = call->not_after_wall_ms + (b->other_time ? 1 : 0),
		.head_number = call->head_number + (b->other_head ? 1 : 0) };
	struct cs_buf statement;

	(void)snprintf(person, sizeof(person), "%s", b->person);
	approval.person.id = person;
	memcpy(approval.digest, b->digest ? b->digest : call->digest, CS_DIGEST_LEN);
	approval.digest[0] ^= b->other_digest ? 1 : 0;
	memcpy(approval.head_chain, call->head_chain, CS_DIGEST_LEN);
	cs_buf_init(&statement, 1024);
	assert_int_equal(cs_statement_encode(&approval, &statement), 0);
	signer_sign(b->signer, b->name_space ? b->name_space : cs_vote_namespace(b->vote), statement.data, statement.len, out);
	cs_buf_clear(&statement);
}

/* The reason of the reply; says (may be NULL) has to stand in its text. */
static enum cs_reason send(struct signed_house *s, uint64_t number, const struct ballot_of *b, const char *says)
{
	struct cs_caller caller = house_person(b->uid);
	struct cs_vote_call call = { .number = number, .vote = b->vote };
	struct cs_decision reply = { 0 };
	struct cs_buf signature;
	char code[CS_CODE_LEN + 1];
	enum cs_reason reason = CS_WHY_NONE;

	assert_int_equal(cs_store_head(s->h.store, &call.head_number, call.head_chain), 0);
	call.head_number += b->later;
	call.head_chain[0] ^= b->other_chain ? 1 : 0;
	house_digest(&s->h, number, call.digest);
	cs_check_code(call.digest, code);
	call.check_code = code;
	cs_buf_init(&signature, CS_MAX_SIGNATURE);
	if (b->signer) {
		call.not_after_wall_ms = b->not_after;
		sign(b, &call, &signature);
		call.signature = signature.data;
		call.n_signature = signature.len;
	}
	assert_int_equal(house_call(&s->h, &caller, CS_CALL_VOTE, &call, -1, &cs_decision_shape, &reply), 0);
	reason = reply.reason;
	if (says && !strstr(reply.text, says))
		fail_msg("\"%s\" says nothing of \"%s\"", reply.text, says);
	cs_clear(&cs_decision_shape, &reply);
	cs_buf_clear(&signature);
	return reason;
}

static enum cs_reason vote(struct signed_house *s, uint64_t number, uint32_t uid, const char *person, struct signer *signer)
{
	struct ballot_of b = by(uid, person, signer);

	return send(s, number, &b, NULL);
}

static void approve_by_both(struct signed_house *s, uint64_t number)
{
	assert_int_equal(vote(s, number, BOB, "id-bob", &bob), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(vote(s, number, CAROL, "id-carol", &carol), CS_WHY_APPROVED);
}

/* --- What counts --------------------------------------------------------------------------------------------------- */

static void test_authority_signed_votes_release(void **state)
{
	struct signed_house s;
	struct cs_decision d = { 0 };
	struct cs_approval *votes = NULL;
	struct cs_stored stored = { 0 };
	char title[CS_SSH_TITLE_MAX + 1];
	size_t n = 0;

	open_house(state, &s, "required");
	hold(&s, &d);
	approve_by_both(&s, d.number);
	assert_int_equal(cs_store_get(s.h.store, d.number, &stored), 0);
	assert_string_equal(stored.request.assurance, "signature");
	cs_clear(&cs_stored_shape, &stored);
	assert_int_equal(cs_store_votes(s.h.store, d.number, &votes, &n), 0);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		cs_ssh_key_title(i == 0 ? &bob.key : &carol.key, title);
		assert_string_equal(votes[i].assurance, title);
		assert_true(votes[i].n_signature > 0);
		assert_true(votes[i].head_number > 0);
		cs_clear(&cs_approval_shape, &votes[i]);
	}
	free(votes);
	assert_int_equal(claim(&s, &d, CS_PERMIT), CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&s);
}

/* A104, A120: whoever is root here can be bob's uid, and that is not enough. Kills: leaving out wants_signature. */
static void test_authority_a120_a_uid_is_not_enough(void **state)
{
	struct signed_house s;
	struct cs_decision d = { 0 };
	struct ballot_of b = by(BOB, "id-bob", NULL);

	open_house(state, &s, "required");
	hold(&s, &d);
	assert_int_equal(send(&s, d.number, &b, "have to be signed with your ssh key"), CS_WHY_SIGNATURE);
	b.vote = CS_VOTE_REJECT;
	assert_int_equal(send(&s, d.number, &b, "have to be signed"), CS_WHY_SIGNATURE);
	assert_int_equal(vote(&s, d.number, BOB, "id-bob", &other), CS_WHY_KEY);
	assert_int_equal(vote(&s, d.number, 0, "id-bob", &bob), CS_WHY_NOT_APPROVER);
	/* his signature does not travel with somebody else's uid */
	assert_int_equal(vote(&s, d.number, CAROL, "id-bob", &bob), CS_WHY_SIGNATURE);
	assert_int_equal(house_state(&s.h, d.number), CS_PENDING);
	cs_clear(&cs_decision_shape, &d);
	close_house(&s);
}

/* Where a signature is optional it is named what it is, and a wrong one is refused all the same. */
static void test_authority_optional_signatures(void **state)
{
	struct signed_house s;
	struct cs_decision d = { 0 };
	struct ballot_of b = by(BOB, "id-bob", &bob);
	struct cs_approval *votes = NULL;
	size_t n = 0;

	open_house(state, &s, "optional");
	hold(&s, &d);
	b.other_digest = 1;
	assert_int_equal(send(&s, d.number, &b, "not one of this vote"), CS_WHY_SIGNATURE);
	assert_int_equal(vote(&s, d.number, BOB, "id-bob", NULL), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(vote(&s, d.number, CAROL, "id-carol", &carol), CS_WHY_APPROVED);
	assert_int_equal(cs_store_votes(s.h.store, d.number, &votes, &n), 0);
	assert_string_equal(votes[0].assurance, "local-uid");
	assert_non_null(strstr(votes[1].assurance, "sk-ecdsa-sha2-nistp256@openssh.com SHA256:"));
	for (size_t i = 0; i < n; i++)
		cs_clear(&cs_approval_shape, &votes[i]);
	free(votes);
	assert_int_equal(claim(&s, &d, CS_PERMIT), CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&s);
}

/* A121: a statement of another kind, of another request, person, time or head. */
static void test_authority_a121_a_signature_is_of_one_vote(void **state)
{
	static const char *const spaces[] = { CS_NAMESPACE_REJECT, CS_NAMESPACE_ROSTER, CS_NAMESPACE_RECEIPT, "file", "git" };
	struct signed_house s;
	struct cs_decision d = { 0 };
	struct ballot_of b = by(BOB, "id-bob", &bob);

	open_house(state, &s, "required");
	hold(&s, &d);
	for (size_t i = 0; i < CS_COUNT(spaces); i++) {
		b.name_space = spaces[i];
		assert_int_equal(send(&s, d.number, &b, "something else"), CS_WHY_SIGNATURE);
	}
	b = by(BOB, "id-bob", &bob);
	b.vote = CS_VOTE_REJECT;
	b.name_space = CS_NAMESPACE_APPROVE;
	assert_int_equal(send(&s, d.number, &b, NULL), CS_WHY_SIGNATURE);
	b = by(BOB, "id-bob", &bob);
	b.other_digest = 1;
	assert_int_equal(send(&s, d.number, &b, NULL), CS_WHY_SIGNATURE);
	b = by(BOB, "id-bob", &bob);
	b.other_time = 1;
	assert_int_equal(send(&s, d.number, &b, NULL), CS_WHY_SIGNATURE);
	b = by(BOB, "id-bob", &bob);
	b.other_head = 1;
	assert_int_equal(send(&s, d.number, &b, NULL), CS_WHY_SIGNATURE);
	assert_int_equal(vote(&s, d.number, BOB, "id-carol", &bob), CS_WHY_SIGNATURE);
	assert_int_equal(house_state(&s.h, d.number), CS_PENDING);
	assert_int_equal(vote(&s, d.number, BOB, "id-bob", &bob), CS_WHY_NEEDS_APPROVAL);
	cs_clear(&cs_decision_shape, &d);
	close_house(&s);
}

static void digest_of(const struct cs_request *request, uint8_t ret_digest[CS_DIGEST_LEN])
{
	struct cs_buf bytes;

	cs_buf_init(&bytes, 1 << 20);
	assert_int_equal(cs_request_encode(request, &bytes), 0);
	assert_int_equal(cs_digest(CS_DOMAIN_REQUEST, bytes.data, bytes.len, ret_digest), 0);
	cs_buf_clear(&bytes);
}

/* A116: what bob approved of the same words on another host, in another boot, at another time, or of the one asked before,
 * is worth nothing here. Kills: leaving host, boot, id or time out of what is digested. */
static void test_authority_a116_what_was_approved_elsewhere(void **state)
{
	struct signed_house s;
	struct cs_decision before = { 0 }, d = { 0 };
	struct cs_stored stored = { 0 };
	struct ballot_of b = by(BOB, "id-bob", &bob);
	struct cs_request *request = &stored.request;
	uint8_t digest[CS_DIGEST_LEN];

	open_house(state, &s, "required");
	hold(&s, &before);
	house_digest(&s.h, before.number, digest);
	assert_int_equal(vote(&s, before.number, BOB, "id-bob", &bob), CS_WHY_NEEDS_APPROVAL);
	b.vote = CS_VOTE_REJECT;
	assert_int_equal(send(&s, before.number, &b, NULL), CS_WHY_REJECTED);
	b.vote = CS_VOTE_APPROVE;
	hold(&s, &d);
	b.digest = digest;
	assert_int_equal(send(&s, d.number, &b, "not one of this vote"), CS_WHY_SIGNATURE);
	assert_int_equal(cs_store_get(s.h.store, d.number, &stored), 0);
	digest_of(request, digest);
	assert_memory_equal(digest, stored.digest, CS_DIGEST_LEN); /* this is how it is done */
	for (size_t i = 0; i < 4; i++) {
		struct cs_request elsewhere = *request; /* a view */
		char other_host[] = "rel2", other_boot[] = "another boot";

		elsewhere.action.host = i == 0 ? other_host : request->action.host;
		elsewhere.boot = i == 1 ? other_boot : request->boot;
		elsewhere.id[0] ^= i == 2;
		elsewhere.created_wall_ms += i == 3;
		digest_of(&elsewhere, digest);
		assert_int_equal(send(&s, d.number, &b, "not one of this vote"), CS_WHY_SIGNATURE);
	}
	assert_int_equal(house_state(&s.h, d.number), CS_PENDING);
	cs_clear(&cs_stored_shape, &stored);
	cs_clear(&cs_decision_shape, &before);
	cs_clear(&cs_decision_shape, &d);
	close_house(&s);
}

/* A131: who has seen what this record does not hold is told, and votes nothing into it; and nobody can write into his vote
 * what would have every later check call the record broken. Kills: leaving out signed_head. */
static void test_authority_a131_what_a_voter_saw_is_in_the_record(void **state)
{
	struct signed_house s;
	struct cs_decision d = { 0 };
	struct ballot_of b = by(BOB, "id-bob", &bob);

	open_house(state, &s, "required");
	hold(&s, &d);
	b.later = 1;
	assert_int_equal(send(&s, d.number, &b, "does not hold what you saw"), CS_WHY_SIGNATURE);
	b.later = UINT64_C(1) << 62;
	assert_int_equal(send(&s, d.number, &b, "put back or written anew"), CS_WHY_SIGNATURE);
	b.later = 0;
	b.other_chain = 1;
	assert_int_equal(send(&s, d.number, &b, "does not hold what you saw"), CS_WHY_SIGNATURE);
	assert_int_equal(house_state(&s.h, d.number), CS_PENDING);
	assert_int_equal(house_events(&s.h, CS_EVENT_VOTE_REFUSED, CS_WHY_SIGNATURE), 3);
	approve_by_both(&s, d.number);
	assert_int_equal(claim(&s, &d, CS_PERMIT), CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&s); /* and is whole */
}

static void test_authority_a_signature_has_its_time(void **state)
{
	struct signed_house s;
	struct cs_decision d = { 0 };
	struct ballot_of b = by(BOB, "id-bob", &bob);

	open_house(state, &s, "required");
	hold(&s, &d);
	b.not_after = house_now.wall_ms - 1;
	assert_int_equal(send(&s, d.number, &b, "is over"), CS_WHY_SIGNATURE);
	b.not_after = house_now.wall_ms + 7 * DAY + 1;
	assert_int_equal(send(&s, d.number, &b, "at most 7 days"), CS_WHY_SIGNATURE);
	b.not_after = UINT64_MAX;
	assert_int_equal(send(&s, d.number, &b, "at most 7 days"), CS_WHY_SIGNATURE);
	b.not_after = house_now.wall_ms + 60000;
	assert_int_equal(send(&s, d.number, &b, NULL), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(vote(&s, d.number, CAROL, "id-carol", &carol), CS_WHY_APPROVED);
	house_pass(60001);
	assert_int_equal(claim(&s, &d, CS_DENY), CS_WHY_APPROVER_LOST);
	cs_clear(&cs_decision_shape, &d);
	close_house(&s);
}

/* A122: with a forwarded agent root can ask for signatures, but nobody touches the key. */
static void test_authority_a122_a_security_key_is_touched(void **state)
{
	struct signed_house s;
	struct cs_decision d = { 0 };
	struct ballot_of b = by(CAROL, "id-carol", &carol);

	open_house(state, &s, "required");
	hold(&s, &d);
	carol.flags = 0;
	assert_int_equal(send(&s, d.number, &b, "nobody touched"), CS_WHY_SIGNATURE);
	carol.flags = SIGNER_PRESENT;
	/* and where only such keys count the roster takes no other of hers */
	set_roster(&s, carol.line, carol.line);
	assert_int_equal(send(&s, d.number, &b, "cannot be used"), CS_WHY_DOUBT);
	s.version--;
	set_roster(&s, bob.line, carol.line);
	assert_int_equal(send(&s, d.number, &b, NULL), CS_WHY_NEEDS_APPROVAL);
	cs_clear(&cs_decision_shape, &d);
	close_house(&s);
}

/* A123: one key of two people, in the directory: they are one human. (In the roster: test_roster_file.c.) */
static void test_authority_a123_one_key_is_one_human(void **state)
{
	struct signed_house s;
	struct cs_decision d = { 0 };

	open_house(state, &s, "required");
	set_people(&s, bob.line, bob.line);
	hold(&s, &d);
	assert_int_equal(vote(&s, d.number, BOB, "id-bob", &bob), CS_WHY_NEEDS_APPROVAL);
	assert_int_not_equal(vote(&s, d.number, CAROL, "id-carol", &bob), CS_WHY_APPROVED);
	assert_int_not_equal(vote(&s, d.number, CAROL, "id-carol", &carol), CS_WHY_APPROVED);
	assert_int_equal(house_state(&s.h, d.number), CS_PENDING);
	cs_clear(&cs_decision_shape, &d);
	close_house(&s);
}

/* A128: a key counts in both or not at all. Kills: leaving out check_directory, or check_roster. */
static void test_authority_a128_directory_and_roster(void **state)
{
	struct signed_house s;
	struct cs_decision d = { 0 };
	struct ballot_of b = by(BOB, "id-bob", &other);

	open_house(state, &s, "required");
	hold(&s, &d);
	set_people(&s, other.line, carol.line);
	assert_int_equal(send(&s, d.number, &b, "is not yours in the roster"), CS_WHY_KEY);
	set_people(&s, bob.line, carol.line);
	set_roster(&s, other.line, carol.line);
	assert_int_equal(send(&s, d.number, &b, "not in your entry of the directory"), CS_WHY_KEY);
	/* somebody else's in the roster */
	set_people(&s, other.line, carol.line);
	set_roster(&s, NULL, other.line);
	assert_int_equal(send(&s, d.number, &b, "is not yours in the roster"), CS_WHY_KEY);
	set_roster(&s, other.line, carol.line);
	assert_int_equal(send(&s, d.number, &b, NULL), CS_WHY_NEEDS_APPROVAL);
	cs_clear(&cs_decision_shape, &d);
	close_house(&s);
}

/* A127: a key that was taken away between vote and use counts no more. Kills: leaving signed_check out of count_begin. */
static void test_authority_a127_a_revoked_key_at_claim(void **state)
{
	for (int where = 0; where < 2; where++) {
		struct signed_house s;
		struct cs_decision d = { 0 };

		open_house(state, &s, "required");
		hold(&s, &d);
		approve_by_both(&s, d.number);
		if (where == 0)
			set_roster(&s, NULL, carol.line);
		else
			set_people(&s, other.line, carol.line);
		assert_int_equal(claim(&s, &d, CS_DENY), CS_WHY_APPROVER_LOST);
		assert_int_not_equal(house_state(&s.h, d.number), CS_USED);
		cs_clear(&cs_decision_shape, &d);
		close_house(&s);
	}
}

/* A roster that cannot be read says nothing: nobody votes, nothing is released, and nothing is spent by it. */
static void test_authority_a_broken_roster_is_doubt(void **state)
{
	struct signed_house s;
	struct house_sudo sudo;
	struct cs_decision d = { 0 };
	struct ballot_of b = by(BOB, "id-bob", &bob);

	open_house(state, &s, "required");
	hold(&s, &d);
	house_write(s.roster, "version = 2\nperson {\n");
	assert_int_equal(send(&s, d.number, &b, "countersign status says why"), CS_WHY_DOUBT);
	set_roster(&s, bob.line, carol.line);
	approve_by_both(&s, d.number);
	house_write(s.roster, "version = 3\nperson {\n");
	assert_int_equal(claim(&s, &d, CS_DENY), CS_WHY_DOUBT);
	assert_int_equal(house_state(&s.h, d.number), CS_APPROVED);
	set_roster(&s, bob.line, carol.line);
	/* the next identical call uses it */
	cs_clear(&cs_decision_shape, &d);
	house_sudo_by(&sudo, ALICE, "alice");
	assert_int_equal(house_submit(&s.h, &sudo, 8, &d), 0);
	assert_int_equal(d.verdict, CS_PERMIT);
	assert_int_equal(d.reason, CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	close_house(&s);
}

static void test_authority_without_a_roster_nobody_signs(void **state)
{
	struct signed_house s;
	struct cs_decision d = { 0 };
	struct ballot_of b = by(BOB, "id-bob", &bob);

	open_house(state, &s, "required");
	assert_int_equal(unlink(s.roster), 0);
	hold(&s, &d);
	assert_int_equal(send(&s, d.number, &b, "countersign roster add"), CS_WHY_KEY);
	cs_clear(&cs_decision_shape, &d);
	close_house(&s);
}

/* A policy that asks for signatures now asks them of votes that were cast without. */
static void test_authority_a_policy_that_asks_for_signatures(void **state)
{
	struct signed_house s;
	struct cs_decision d = { 0 };
	char *policy = policy_with("required");

	open_house(state, &s, "optional");
	hold(&s, &d);
	assert_int_equal(vote(&s, d.number, BOB, "id-bob", NULL), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(vote(&s, d.number, CAROL, "id-carol", NULL), CS_WHY_APPROVED);
	house_load(&s.h, policy);
	assert_int_not_equal(claim(&s, &d, CS_DENY), CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	free(policy);
	close_house(&s);
}

/* A120: whoever is root here could take back what stands in his way. Kills: leaving out the check in nothing_stands. */
static void test_authority_a120_a_signed_reject_is_not_taken_back(void **state)
{
	static const char committee[] = "approval committee { count = 1 ";
	struct signed_house s;
	struct cs_decision d = { 0 };
	struct ballot_of b = by(BOB, "id-bob", &bob);
	char *policy = policy_with("required"), *counting = NULL, *at = strstr(policy, committee);

	open_house(state, &s, "required");
	assert_int_equal(cs_format(&counting, "%.*s%sreject = counts %s", (int)(at - policy), policy, committee,
				 at + strlen(committee)), 0);
	house_load(&s.h, counting);
	hold(&s, &d);
	b.vote = CS_VOTE_REJECT;
	assert_int_equal(send(&s, d.number, &b, NULL), CS_WHY_NEEDS_APPROVAL);
	b.vote = CS_VOTE_WITHDRAW;
	b.signer = NULL;
	assert_int_equal(send(&s, d.number, &b, "not taken back"), CS_WHY_SIGNATURE);
	assert_int_equal(vote(&s, d.number, BOB, "id-bob", &bob), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(send(&s, d.number, &b, NULL), CS_WHY_NEEDS_APPROVAL); /* an approval is */
	cs_clear(&cs_decision_shape, &d);
	free(policy);
	free(counting);
	close_house(&s);
}

/* Status says what there is; and what is wrong with it. */
static void test_authority_status_says_the_roster(void **state)
{
	struct signed_house s;
	struct cs_caller caller = house_person(0);
	struct cs_empty empty = { 0 };
	struct cs_status status = { 0 };

	open_house(state, &s, "required");
	assert_int_equal(house_call(&s.h, &caller, CS_CALL_STATUS, &empty, -1, &cs_status_shape, &status), 0);
	assert_string_equal(status.roster, "3 keys of 3 people, version 1");
	assert_string_equal(status.host_key, "");
	cs_clear(&cs_status_shape, &status);
	house_write(s.roster, "version = 2\nperson {\n");
	assert_int_equal(house_call(&s.h, &caller, CS_CALL_STATUS, &empty, -1, &cs_status_shape, &status), 0);
	assert_non_null(strstr(status.roster, "refused: "));
	cs_clear(&cs_status_shape, &status);
	close_house(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH_STORES(test_authority_signed_votes_release),
		BOTH_STORES(test_authority_a120_a_uid_is_not_enough),
		BOTH_STORES(test_authority_optional_signatures),
		BOTH_STORES(test_authority_a121_a_signature_is_of_one_vote),
		BOTH_STORES(test_authority_a116_what_was_approved_elsewhere),
		BOTH_STORES(test_authority_a131_what_a_voter_saw_is_in_the_record),
		BOTH_STORES(test_authority_a_signature_has_its_time),
		BOTH_STORES(test_authority_a122_a_security_key_is_touched),
		BOTH_STORES(test_authority_a123_one_key_is_one_human),
		BOTH_STORES(test_authority_a128_directory_and_roster),
		BOTH_STORES(test_authority_a127_a_revoked_key_at_claim),
		BOTH_STORES(test_authority_a_broken_roster_is_doubt),
		BOTH_STORES(test_authority_without_a_roster_nobody_signs),
		BOTH_STORES(test_authority_a_policy_that_asks_for_signatures),
		BOTH_STORES(test_authority_a120_a_signed_reject_is_not_taken_back),
		BOTH_STORES(test_authority_status_says_the_roster),
	};
	return cmocka_run_group_tests(tests, make_keys, clear_keys);
}
