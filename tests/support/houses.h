/* SPDX-License-Identifier: Apache-2.0 */
/* Stories about the life of a request, each told twice: with the store in memory and with SQLite. A test is registered with
 * BOTH_STORES, opens its house with open_house(state, &house, policy) and closes it with close_house. */
#ifndef CS_TEST_HOUSES_H
#define CS_TEST_HOUSES_H

#include "house.h"

/* house_now is 2026-09-21, a Monday, 14:13:20 UTC. */
#define MINUTE UINT64_C(60000)
#define HOUR (60 * MINUTE)

#define BOTH_STORES(test) \
	{ #test " (memory)", test, NULL, NULL, (void *)(uintptr_t)0 }, \
	{ #test " (sqlite)", test, NULL, NULL, (void *)(uintptr_t)1 }

static char houses_dir[64];

#define RIGHTS \
	"service sudo { unmatched = permit }\n" \
	"permission release.deploy { label = \"Deploy\" } permission release.approve { label = \"Approve\" }\n" \
	"role pmc { permissions = { release.deploy, release.approve } }\n" \
	"role infra { permissions = release.approve }\n" \
	"assignment owners { role = pmc scope = \"project/%{cn}\" below = \"ou=project\" listed = owner }\n" \
	"assignment infra { role = infra scope = \"*\" group = \"cn=infra,ou=groups\" listed = member }\n"
#define DEPLOY \
	"gate deploy { service = sudo command = \"/usr/local/sbin/deploy-release %{project} *\"\n" \
	"  permission = release.deploy scope = \"project/%{project}\"\n"
#define BOTH \
	"  approval committee { count = 1 permission = release.approve }\n" \
	"  approval infra { count = 1 role = infra scope = \"*\" }\n"
#define ONE "  approval committee { count = 1 permission = release.approve }\n"

static inline void open_house(void **state, struct house *h, const char *policy)
{
	struct cs_store *store = NULL;
	char path[96];

	houses_dir[0] = '\0';
	if (*state) {
		(void)snprintf(houses_dir, sizeof(houses_dir), "/tmp/cs-houses-XXXXXX");
		assert_non_null(mkdtemp(houses_dir));
		(void)snprintf(path, sizeof(path), "%s/store.db", houses_dir);
		assert_int_equal(cs_store_open_sqlite(path, &store, NULL), 0);
	} else {
		assert_int_equal(cs_store_open_memory(&store), 0);
	}
	house_open_with(h, store);
	house_load(h, policy);
}

static inline void close_house(struct house *h)
{
	static const char *const files[] = { "", "-wal", "-shm", ".lock" };
	char path[128];

	house_close(h);
	for (size_t i = 0; *houses_dir && i < CS_COUNT(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/store.db%s", houses_dir, files[i]);
		(void)unlink(path);
	}
	if (*houses_dir)
		(void)rmdir(houses_dir);
}

/* Submits, and says what came instead where it is not this. */
static inline void ask(struct house *h, const struct house_sudo *s, uint64_t connection, enum cs_verdict verdict,
	enum cs_reason reason, struct cs_decision *ret)
{
	struct cs_decision d = { 0 };

	assert_int_equal(house_submit(h, s, connection, &d), 0);
	if (d.verdict != verdict || d.reason != reason)
		fail_msg("%s: %s: %s", cs_verdict_name(d.verdict), cs_reason_name(d.reason), d.text);
	if (ret)
		*ret = d;
	else
		cs_clear(&cs_decision_shape, &d);
}

/* alice asks on this connection and is held. */
static inline void held(struct house *h, struct house_sudo *s, uint64_t connection, struct cs_decision *ret)
{
	house_sudo_by(s, ALICE, "alice");
	ask(h, s, connection, CS_HOLD, CS_WHY_NEEDS_APPROVAL, ret);
}

static inline void claim(struct house *h, const struct cs_decision *d, uint64_t connection, enum cs_verdict verdict,
	enum cs_reason reason)
{
	struct cs_decision reply = { 0 };

	assert_int_equal(house_claim(h, d, connection, &reply), 0);
	if (reply.verdict != verdict || reply.reason != reason)
		fail_msg("%s: %s: %s", cs_verdict_name(reply.verdict), cs_reason_name(reply.reason), reply.text);
	cs_clear(&cs_decision_shape, &reply);
}

/* A vote from a session that logged in as login_uid; the whole reply. */
static inline void vote_from(struct house *h, uint32_t uid, uint32_t login_uid, uint64_t number, enum cs_vote vote,
	struct cs_decision *ret)
{
	static char comment[] = "a comment";
	struct cs_caller caller = house_person(uid);
	struct cs_vote_call call = { .number = number, .vote = vote, .comment = comment };
	char code[CS_CODE_LEN + 1];

	caller.login_uid = login_uid;
	house_digest(h, number, call.digest);
	cs_check_code(call.digest, code);
	call.check_code = vote == CS_VOTE_APPROVE ? code : NULL;
	assert_int_equal(house_call(h, &caller, CS_CALL_VOTE, &call, -1, &cs_decision_shape, ret), 0);
}

/* A vote is refused with this reason, and a text with these words. */
static inline void refused(struct house *h, uint32_t uid, uint64_t number, enum cs_vote vote, enum cs_reason reason,
	const char *words)
{
	struct cs_decision reply = { 0 };

	vote_from(h, uid, CS_NO_UID, number, vote, &reply);
	if (reply.verdict != CS_DENY || reply.reason != reason || !strstr(reply.text, words))
		fail_msg("%s: %s", cs_reason_name(reply.reason), reply.text);
	cs_clear(&cs_decision_shape, &reply);
}

static inline void tick(struct house *h, uint64_t ms)
{
	house_pass(ms);
	(void)cs_authority_tick(h->authority);
	cs_authority_turn(h->authority);
}

static inline void gone(struct house *h, uint64_t connection)
{
	struct cs_caller module = house_module(h, connection);

	cs_authority_gone(h->authority, &module);
	cs_authority_turn(h->authority);
}

/* What the waiting connection sees now. */
static inline void look(struct house *h, const struct cs_decision *d, uint64_t connection, struct cs_decision *ret)
{
	struct cs_caller module = house_module(h, connection);
	struct cs_wait wait = { .wait_ms = 1 };

	memcpy(wait.id, d->id, CS_ID_LEN);
	memcpy(wait.secret, d->secret, CS_ID_LEN);
	memset(ret, 0, sizeof(*ret));
	assert_int_equal(cs_authority_look(h->authority, &module, &wait, ret), 0);
	cs_authority_turn(h->authority);
}

static inline void saw(struct house *h, const struct cs_decision *d, uint64_t connection, enum cs_verdict verdict,
	enum cs_reason reason)
{
	struct cs_decision seen = { 0 };

	look(h, d, connection, &seen);
	if (seen.verdict != verdict || seen.reason != reason)
		fail_msg("%s: %s: %s", cs_verdict_name(seen.verdict), cs_reason_name(seen.reason), seen.text);
	cs_clear(&cs_decision_shape, &seen);
}

/* The newest event of a kind, decoded. */
static inline void newest_event(struct house *h, enum cs_event_kind kind, struct cs_event *ret)
{
	struct cs_record *records = NULL;
	size_t n = 0;
	bool found = false;

	memset(ret, 0, sizeof(*ret));
	assert_int_equal(cs_store_records(h->store, 1, 10000, &records, &n), 0);
	for (size_t i = 0; i < n; i++) {
		struct cs_event event = { 0 };

		assert_int_equal(cs_decode_all(&cs_event_shape, records[i].bytes, records[i].n_bytes, &event), 0);
		if (event.kind == kind) {
			cs_clear(&cs_event_shape, ret);
			*ret = event;
			found = true;
		} else {
			cs_clear(&cs_event_shape, &event);
		}
		cs_clear(&cs_record_shape, &records[i]);
	}
	free(records);
	assert_true(found);
}

/* What a program is given to tell. */
struct house_told {
	uint64_t numbers[16];
	size_t n;
};

static inline int house_take_notice(void *arg, const struct cs_notice *notice)
{
	struct house_told *told = arg;

	if (told->n == CS_COUNT(told->numbers))
		return CS_EBUSY;
	told->numbers[told->n++] = notice->number;
	return 0;
}

/* Silence only counts of people who were told: here a program takes every notice. */
static inline void everybody_is_told(struct house *h)
{
	for (int round = 0; round < 3; round++) { /* who cannot vote is left out first, which is a turn of its own */
		struct house_told told = { 0 };

		cs_authority_tell(h->authority, house_take_notice, &told);
		for (size_t i = 0; i < told.n; i++)
			cs_authority_told(h->authority, told.numbers[i], true, "");
		cs_authority_turn(h->authority);
	}
}

#endif
