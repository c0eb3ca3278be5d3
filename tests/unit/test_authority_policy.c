/* SPDX-License-Identifier: Apache-2.0 */
/* The policy's generations: the first, those that follow, who may put one in force and who learns what, and what
 * happens when something comes between. And many rights at once. */
#include "house.h"
#include "internal.h"
#include "frame.h"
#include "text.h"
#include "ops.h"

#define SEALED (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)

/* Carol and erin (infra) may change the policy; owners of tomcat (alice, bob, erin, …) have to agree where it
 * weakens. */
#define PEOPLE \
	"service sudo { unmatched = permit }\n" \
	"permission release.deploy { label = \"Deploy\" }\n" \
	"permission release.approve { label = \"Approve\" }\n" \
	"permission policy.apply { label = \"Change the policy\" }\n" \
	"permission policy.approve { label = \"Approve a policy\" }\n" \
	"role pmc { permissions = { release.deploy, policy.approve } }\n" \
	"role infra { permissions = { release.approve, policy.apply } }\n" \
	"assignment owners { role = pmc scope = \"*\" below = \"ou=project\" listed = owner }\n" \
	"assignment infra { role = infra scope = \"*\" group = \"cn=infra,ou=groups\" listed = member }\n" \
	"gate deploy { service = sudo command = \"/usr/local/sbin/deploy-release %{project} *\"\n" \
	"  permission = release.deploy\n" \
	"  approval infra { count = 1 permission = release.approve } }\n"
#define GUARD \
	"gate policy { service = countersign\n" \
	"  command = { \"policy.apply weaker **\", \"policy.apply same **\" } permission = policy.apply\n" \
	"  approval owners { count = 1 permission = policy.approve } }\n" \
	"gate policy-stronger { service = countersign command = \"policy.apply stronger **\"\n" \
	"  permission = policy.apply }\n"

static const char open_policy[] = PEOPLE;         /* no gate on policy.apply */
static const char guarded[] = PEOPLE GUARD;
#define SHELLS "gate shells { service = sudo command = \"/bin/sh\" deny = \"no shells\" }\n"
static const char stricter[] = PEOPLE GUARD SHELLS;
static const char stricter_still[] = PEOPLE GUARD SHELLS
	"gate su { service = sudo command = \"/bin/su\" deny = \"no su\" }\n";

#define WITH_HOUSE(h) \
	struct house h; \
	house_open(&(h))

static void in_force(struct house *h, uint64_t number, const char *author, const char *comment)
{
	struct cs_caller root = house_person(0);
	struct cs_empty empty = { 0 };
	struct cs_status status = { 0 };
	struct cs_generation newest = { 0 };

	assert_int_equal(house_call(h, &root, CS_CALL_STATUS, &empty, -1, &cs_status_shape, &status), 0);
	assert_int_equal(status.policy_generation, number);
	assert_int_equal(cs_store_policy_get(h->store, 0, &newest, NULL), 0);
	assert_int_equal(newest.number, number);
	assert_memory_equal(newest.digest, status.policy_digest, CS_DIGEST_LEN);
	assert_int_equal(newest.wall_ms, status.policy_wall_ms);
	assert_string_equal(newest.author, author);
	assert_string_equal(newest.comment, comment);
	cs_clear(&cs_generation_shape, &newest);
	cs_clear(&cs_status_shape, &status);
}

/* Every event that a new generation left; *ret_last is the last one, of which body is decoded to *ret_body. */
static unsigned policy_events(struct house *h, struct cs_event *ret_last, struct cs_generation *ret_body)
{
	struct cs_in_force in_force = { 0 };
	struct cs_record *records = NULL;
	size_t n = 0;
	unsigned found = 0;

	assert_int_equal(cs_store_records(h->store, 1, 10000, &records, &n), 0);
	for (size_t i = 0; i < n; i++) {
		struct cs_event event = { 0 };

		assert_int_equal(cs_decode_all(&cs_event_shape, records[i].bytes, records[i].n_bytes, &event), 0);
		if (event.kind == CS_EVENT_POLICY) {
			found++;
			cs_clear(&cs_event_shape, ret_last);
			*ret_last = event;
		} else {
			cs_clear(&cs_event_shape, &event);
		}
		cs_clear(&cs_record_shape, &records[i]);
	}
	free(records);
	assert_int_equal(cs_decode_all(&cs_in_force_shape, ret_last->body, ret_last->n_body, &in_force), 0);
	*ret_body = in_force.generation;
	memset(&in_force.generation, 0, sizeof(in_force.generation));
	cs_clear(&cs_in_force_shape, &in_force);
	return found;
}

static void open_with_policy(struct house *h, const char *text)
{
	house_build(h);
	house_write(h->policy, text);
	assert_int_equal(cs_store_open_memory(&h->store), 0);
	house_open_authority(h);
}

/* Applies and expects that it is not in force afterwards; the number of the request, if there is one. */
static uint64_t refused(struct house *h, uint32_t uid, const char *text, enum cs_reason reason)
{
	struct cs_apply_answer answer = { 0 };
	uint64_t number = 0;

	assert_int_equal(house_apply(h, uid, text, 0, false, &answer), 0);
	assert_false(answer.applied);
	assert_true(answer.decision.verdict != CS_PERMIT);
	if (answer.decision.reason != reason)
		fail_msg("refused because %s: %s", cs_reason_name(answer.decision.reason), answer.text);
	number = answer.decision.number;
	cs_clear(&cs_apply_answer_shape, &answer);
	return number;
}

static void applied(struct house *h, uint32_t uid, const char *text, uint64_t number, enum cs_reason reason)
{
	struct cs_apply_answer answer = { 0 };

	assert_int_equal(house_apply(h, uid, text, 0, false, &answer), 0);
	if (!answer.applied)
		fail_msg("refused because %s: %s", cs_reason_name(answer.decision.reason), answer.text);
	assert_int_equal(answer.generation.number, number);
	assert_int_equal(answer.decision.reason, reason);
	cs_clear(&cs_apply_answer_shape, &answer);
}

/* --- Generations -------------------------------------------------------------------------------------------------- */

static void test_policy_first_generation_is_the_file(void **state)
{
	WITH_HOUSE(h);
	struct cs_event event = { 0 };
	struct cs_generation body = { 0 };
	char *comment = NULL;
	uint8_t digest[CS_DIGEST_LEN];

	(void)state;
	assert_int_equal(cs_format(&comment, "from %s", h.policy), 0);
	in_force(&h, 1, "root", comment);
	assert_int_equal(policy_events(&h, &event, &body), 1);
	assert_int_equal(event.number, 2); /* after the start */
	assert_int_equal(event.verdict, CS_PERMIT);
	assert_string_equal(event.actor_name, "root");
	assert_int_equal(strncmp(event.text, "generation 1: from ", 19), 0);
	assert_int_equal(cs_digest(CS_DOMAIN_POLICY, house_policy, strlen(house_policy), digest), 0);
	assert_memory_equal(event.policy_digest, digest, CS_DIGEST_LEN);
	assert_memory_equal(body.digest, digest, CS_DIGEST_LEN);
	assert_int_equal(body.number, 1);
	assert_int_equal(body.size, strlen(house_policy));
	assert_int_equal(body.request, 0);
	assert_int_equal(h.notices, 0);
	cs_clear(&cs_generation_shape, &body);
	cs_clear(&cs_event_shape, &event);
	free(comment);
	house_close(&h);
}

static void test_policy_root_puts_the_next_in_force(void **state)
{
	static char why[] = "no shells from now on";
	struct cs_apply call = { .kind = CS_APPLY_TEXT, .base = 1, .comment = why };
	struct house h;
	struct cs_apply_answer answer = { 0 };
	struct cs_event event = { 0 };
	struct cs_generation body = { 0 };
	int fd = house_memfd(guarded, SEALED);

	(void)state;
	open_with_policy(&h, open_policy);
	assert_int_equal(cs_digest(CS_DOMAIN_POLICY, guarded, strlen(guarded), call.digest), 0);
	house_pass(5000);
	assert_int_equal(house_apply_call(&h, 0, &call, fd, &answer), 0);
	assert_true(answer.applied);
	assert_int_equal(answer.decision.reason, CS_WHY_ROOT);
	/* carol may change the policy now, and nobody but root could */
	assert_int_equal(answer.effect, CS_EFFECT_WEAKER);
	assert_true(answer.n_changes > 0);
	assert_int_equal(answer.generation.number, 2);
	assert_int_equal(answer.generation.wall_ms, house_now.wall_ms);
	in_force(&h, 2, "root", why);
	assert_int_equal(policy_events(&h, &event, &body), 2);
	assert_string_equal(event.text, "generation 2: no shells from now on");
	assert_memory_equal(event.policy_digest, call.digest, CS_DIGEST_LEN);
	assert_memory_equal(body.digest, call.digest, CS_DIGEST_LEN);
	cs_clear(&cs_apply_answer_shape, &answer);
	/* Whoever asks again because the answer was lost is told that it is so; nothing is added. */
	assert_int_equal(house_apply_call(&h, ERIN, &call, fd, &answer), 0);
	assert_true(answer.applied);
	assert_int_equal(answer.n_changes, 0);
	in_force(&h, 2, "root", why);
	cs_clear(&cs_apply_answer_shape, &answer);
	cs_clear(&cs_generation_shape, &body);
	cs_clear(&cs_event_shape, &event);
	(void)close(fd);
	house_close(&h);
}

static void test_policy_text_with_a_mistake_is_refused(void **state)
{
	WITH_HOUSE(h);
	struct cs_apply_answer answer = { 0 };
	char *text = NULL;

	(void)state;
	assert_int_equal(cs_format(&text, "%s\n\ngate broken {\n", house_policy), 0);
	assert_int_equal(house_apply(&h, 0, text, 0, false, &answer), 0);
	assert_false(answer.applied);
	assert_int_equal(answer.decision.verdict, CS_DENY);
	assert_int_equal(answer.decision.reason, CS_WHY_BAD_CALL);
	assert_int_equal(strncmp(answer.text, "policy:", 7), 0);
	assert_int_equal(answer.generation.number, 1);
	cs_clear(&cs_apply_answer_shape, &answer);
	(void)refused(&h, 0, "# nothing\n", CS_WHY_BAD_CALL);
	assert_int_equal(house_events(&h, CS_EVENT_POLICY, CS_WHY_NONE), 1);
	free(text);
	house_close(&h);
}

static void test_policy_restart_takes_the_newest(void **state)
{
	WITH_HOUSE(h);
	struct cs_event event = { 0 };
	struct cs_generation body = { 0 };

	(void)state;
	house_load(&h, open_policy);
	house_load(&h, guarded);
	cs_authority_close(&h.authority);
	house_open_authority(&h);
	in_force(&h, 3, "root", "");
	assert_int_equal(policy_events(&h, &event, &body), 3); /* none for the start */
	assert_int_equal(house_events(&h, CS_EVENT_START, CS_WHY_NONE), 2);
	assert_int_equal(h.notices, 1);
	assert_non_null(strstr(h.notice, "policy.conf is not generation 3, which is in force"));
	assert_non_null(strstr(h.notice, "countersign policy apply"));
	(void)refused(&h, 0, open_policy, CS_WHY_UNKNOWN_PERSON); /* it is that one which judges */
	cs_clear(&cs_generation_shape, &body);
	cs_clear(&cs_event_shape, &event);
	house_close(&h);
}

/* A gate that waits for objections does not go ahead on a host that tells nobody: root reads so when it comes into force, at
 * each start, and not where people are told. Without the look at what the host tells it would be said always, or never. */
static void test_policy_silence_that_cannot_count_is_said(void **state)
{
	static const char lazy[] = "service sudo { unmatched = permit }\n"
		"permission release.approve { label = \"Approve\" } role infra { permissions = release.approve }\n"
		"assignment infra { role = infra scope = \"*\" group = \"cn=infra,ou=groups\" listed = member }\n"
		"gate shorten { service = sudo command = \"/bin/true\" permission = release.approve scope = \"*\"\n"
		"  approval one { count = 1 role = infra scope = \"*\" } objections = 5m lifetime = 1h }\n";
	WITH_HOUSE(h);

	(void)state;
	house_load(&h, lazy);
	assert_int_equal(h.notices, 1);
	assert_non_null(strstr(h.notice, "gate shorten waits for objections, and this host tells nobody"));
	assert_non_null(strstr(h.notice, "it waits for approvals"));
	h.authority->options.tells = true;
	house_load(&h, lazy);
	assert_int_equal(h.notices, 1);
	house_write(h.policy, lazy); /* nothing to say of the file */
	cs_authority_close(&h.authority);
	house_open_authority(&h);
	assert_int_equal(h.notices, 2);
	assert_non_null(strstr(h.notice, "gate shorten"));
	house_load(&h, open_policy);
	assert_int_equal(h.notices, 2);
	house_close(&h);
}

static void test_policy_file_is_compared_at_the_start(void **state)
{
	WITH_HOUSE(h);

	(void)state;
	cs_authority_close(&h.authority);
	house_open_authority(&h);
	assert_int_equal(h.notices, 0); /* the same */
	cs_authority_close(&h.authority);
	house_write(h.policy, "gate broken {\n"); /* only compared, never read as a policy */
	house_open_authority(&h);
	assert_int_equal(h.notices, 1);
	cs_authority_close(&h.authority);
	assert_int_equal(unlink(h.policy), 0);
	house_open_authority(&h);
	assert_int_equal(h.notices, 1); /* nobody is misled by a file that is not there */
	house_close(&h);
}

/* The n-th generation's text, from the store, may be one that this program no longer takes. */
static void put_raw(struct house *h, const char *text)
{
	struct cs_generation generation = { .wall_ms = 1 };

	h->no_replay = true;
	assert_int_equal(cs_digest(CS_DOMAIN_POLICY, text, strlen(text), generation.digest), 0);
	assert_int_equal(cs_store_begin(h->store), 0);
	assert_int_equal(cs_store_policy_add(h->store, &generation, text, strlen(text)), 0);
	assert_int_equal(cs_store_commit(h->store), 0);
}

static void test_policy_generation_that_does_not_parse_refuses_the_start(void **state)
{
	WITH_HOUSE(h);
	struct cs_authority_options options = house_options(&h);
	struct cs_problem problem = { 0 };
	struct cs_generation generation = { 0 };
	struct cs_event event = { 0 };
	struct cs_generation body = { 0 };
	uint64_t head = 0;
	uint8_t chain[CS_DIGEST_LEN];

	(void)state;
	cs_authority_close(&h.authority);
	put_raw(&h, "service sudo { unmatched = permit }\n\npermission a.b { labels = 1 }\n");
	assert_int_equal(cs_store_head(h.store, &head, chain), 0);
	assert_int_equal(cs_authority_open(&options, h.store, h.directory, &h.authority, &problem), CS_ECONF);
	assert_null(h.authority);
	assert_non_null(strstr(problem.text, "generation 2 of the policy, line 3: "));
	assert_non_null(strstr(problem.text, "countersignd --apply-policy FILE"));
	cs_problem_clear(&problem);
	assert_int_equal(cs_store_head(h.store, &options.hold_ms, chain), 0);
	assert_int_equal(options.hold_ms, head); /* nothing of the start is recorded */
	options = house_options(&h);
	assert_int_equal(cs_authority_force_policy(&options, h.store, "gate broken {\n", "FILE", &generation, &problem),
		CS_ECONF);
	cs_problem_clear(&problem);
	assert_int_equal(cs_authority_force_policy(&options, h.store, guarded, "/root/policy", &generation, &problem),
		0);
	assert_int_equal(generation.number, 3);
	cs_clear(&cs_generation_shape, &generation);
	house_open_authority(&h);
	in_force(&h, 3, "root", "by root at the console, past every gate: /root/policy");
	assert_int_equal(policy_events(&h, &event, &body), 2);
	assert_string_equal(event.text, "generation 3: by root at the console, past every gate: /root/policy");
	cs_clear(&cs_generation_shape, &body);
	cs_clear(&cs_event_shape, &event);
	house_close(&h);
}

/* A generation whose text was changed behind the daemon's back is not taken (A110). */
static void test_policy_a110_text_that_is_not_its_digest_refuses_the_start(void **state)
{
	WITH_HOUSE(h);
	struct cs_authority_options options = house_options(&h);
	struct cs_problem problem = { 0 };
	struct cs_generation generation = { .wall_ms = 1, .digest = { 1 } };

	(void)state;
	cs_authority_close(&h.authority);
	assert_int_equal(cs_store_begin(h.store), 0);
	assert_int_equal(cs_store_policy_add(h.store, &generation, house_policy, strlen(house_policy)), 0);
	assert_int_equal(cs_store_commit(h.store), 0);
	assert_int_equal(cs_authority_open(&options, h.store, h.directory, &h.authority, &problem), CS_ECORRUPT);
	assert_non_null(strstr(problem.text, "generation 2"));
	cs_problem_clear(&problem);
	house_close(&h);
}

/* --- Who may ------------------------------------------------------------------------------------------------------ */

static void test_policy_without_a_gate_only_root_may(void **state)
{
	static const char permits[] = "service countersign { unmatched = permit }\n" PEOPLE;
	struct house h;
	struct cs_apply_answer answer = { 0 };

	(void)state;
	open_with_policy(&h, permits);
	for (int show = 0; show < 2; show++) {
		assert_int_equal(house_apply(&h, CAROL, guarded, 0, show, &answer), CS_EPERM);
		assert_int_equal(house_apply(&h, DAVE, guarded, 0, show, &answer), CS_EPERM);
	}
	applied(&h, 0, guarded, 2, CS_WHY_ROOT);
	house_close(&h);
}

/* A gate of other hosts guards nothing here: root alone may, and `unmatched` changes nothing about that. Teeth: without
 * the host in the action every gate seems to mean this host, so that root is kept out, and carol let in where
 * `unmatched` permits. */
static void test_policy_gate_of_another_host_guards_nothing_here(void **state)
{
	static const char elsewhere[] =
		"gate policy { service = countersign host = \"rel2\" command = \"policy.apply **\"\n"
		"  permission = policy.apply approval owners { count = 1 permission = policy.approve } }\n";
	static const char *const unmatched[] = { "", "service countersign { unmatched = permit }\n" };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(unmatched); i++) {
		struct house h;
		struct cs_apply_answer answer = { 0 };
		char *text = NULL;

		assert_true(cs_format(&text, "%s%s%s", unmatched[i], PEOPLE, elsewhere) >= 0);
		open_with_policy(&h, text);
		assert_int_equal(house_apply(&h, CAROL, open_policy, 0, false, &answer), CS_EPERM);
		cs_clear(&cs_apply_answer_shape, &answer);
		assert_int_equal(house_events(&h, CS_EVENT_POLICY, CS_WHY_NONE), 1);
		applied(&h, 0, open_policy, 2, CS_WHY_ROOT);
		free(text);
		house_close(&h);
	}
}

/* A clock that, when it is asked for the n-th time, takes this host out of the netgroup. */
static struct {
	struct house *house;
	unsigned asked, at;
} leaving;

#define NETGROUP(host) "netgroup all { dn = \"cn=all,ou=netgroup\" hosts = " host " }\n"

static void write_netgroup(struct house *h, const char *netgroup)
{
	char *people = NULL, *text = NULL;

	assert_true(cs_format(&people, house_people, "true", "alice, bob, erin", "carol, erin") >= 0);
	assert_true(cs_format(&text, "%s%s", people, netgroup) >= 0);
	house_write(h->people, text);
	free(people);
	free(text);
}

static int leaving_clock(struct cs_now *ret_now)
{
	if (++leaving.asked == leaving.at)
		write_netgroup(leaving.house, NETGROUP("rel9"));
	return house_clock(ret_now);
}

/* Whenever the gate's netgroup loses this host, between any two steps: carol is asked for approval or refused, and
 * never let in because nothing guards it any more and `unmatched` permits. Teeth: without unguarded() in apply_decided. */
static void test_policy_gate_that_goes_meanwhile(void **state)
{
	static const char text[] = "service countersign { unmatched = permit }\n" PEOPLE
		"gate policy { service = countersign netgroup = \"cn=all,ou=netgroup\" command = \"policy.apply **\"\n"
		"  permission = policy.apply approval owners { count = 1 permission = policy.approve } }\n";

	(void)state;
	for (unsigned at = 1; at < 12; at++) {
		struct house h;
		struct cs_authority_options options;
		struct cs_problem problem = { 0 };
		struct cs_apply_answer answer = { 0 };

		house_build(&h);
		house_write(h.policy, text);
		write_netgroup(&h, NETGROUP("rel1"));
		assert_int_equal(cs_store_open_memory(&h.store), 0);
		options = house_options(&h);
		options.now = leaving_clock;
		leaving.house = &h;
		leaving.asked = leaving.at = 0;
		assert_int_equal(cs_authority_open(&options, h.store, h.directory, &h.authority, &problem), 0);
		leaving.at = leaving.asked + at;
		(void)house_apply(&h, CAROL, open_policy, 0, false, &answer);
		assert_false(answer.applied);
		assert_int_equal(house_events(&h, CS_EVENT_POLICY, CS_WHY_NONE), 1);
		cs_clear(&cs_apply_answer_shape, &answer);
		house_close(&h);
	}
}

/* What the approver is shown: from which generation to which text, and every change. */
static void check_request(struct house *h, uint64_t number, const char *text)
{
	struct cs_show_answer show = { 0 };
	const struct cs_action *action = &show.request.action;
	uint8_t digest[CS_DIGEST_LEN], named[CS_DIGEST_LEN];

	assert_int_equal(house_show(h, BOB, number, &show), 0);
	assert_true(show.may_vote);
	assert_string_equal(action->service, "countersign");
	assert_string_equal(action->host, "rel1");
	assert_string_equal(action->command, "policy.apply");
	assert_true(action->n_argv >= 5);
	assert_string_equal(action->argv[0], "policy.apply");
	assert_string_equal(action->argv[1], "weaker");
	assert_string_equal(action->argv[2], "generation 1");
	assert_int_equal(strncmp(action->argv[3], "sha256:", 7), 0);
	assert_int_equal(cs_unhex(action->argv[3] + 7, named, CS_DIGEST_LEN), 0);
	assert_int_equal(cs_digest(CS_DOMAIN_POLICY, text, strlen(text), digest), 0);
	assert_memory_equal(named, digest, CS_DIGEST_LEN);
	assert_int_equal(strncmp(action->argv[4], "weaker: gate policy: ", 21), 0);
	assert_string_equal(show.request.requester.name, "carol");
	cs_clear(&cs_show_answer_shape, &show);
}

/* The policy in force judges its successor: one that takes the gate away needs what that gate says. */
static void test_policy_weaker_needs_the_others(void **state)
{
	struct house h;
	struct cs_event event = { 0 };
	struct cs_generation body = { 0 };
	uint64_t number = 0;

	(void)state;
	open_with_policy(&h, guarded);
	number = refused(&h, CAROL, open_policy, CS_WHY_NOT_WAITING);
	assert_true(number > 0);
	check_request(&h, number, open_policy);
	assert_int_equal(refused(&h, CAROL, open_policy, CS_WHY_NOT_WAITING), number); /* the same request */
	assert_int_equal(house_vote(&h, ALICE, number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_int_equal(house_state(&h, number), CS_APPROVED);
	applied(&h, CAROL, open_policy, 2, CS_WHY_APPROVED);
	assert_int_equal(house_state(&h, number), CS_USED);
	in_force(&h, 2, "carol", "");
	assert_int_equal(policy_events(&h, &event, &body), 2);
	assert_int_equal(event.request, number);
	assert_string_equal(event.actor_name, "carol");
	assert_string_equal(event.actor_id, "id-carol");
	assert_int_equal(event.actor_uid, CAROL);
	assert_int_equal(body.request, number);
	house_pass(5000);
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	assert_int_equal(house_events(&h, CS_EVENT_UNCONFIRMED, CS_WHY_UNCONFIRMED), 0); /* no session belongs to it */
	cs_clear(&cs_generation_shape, &body);
	cs_clear(&cs_event_shape, &event);
	house_close(&h);
}

static void test_policy_rejected_is_not_applied(void **state)
{
	struct house h;
	uint64_t number = 0;

	(void)state;
	open_with_policy(&h, guarded);
	number = refused(&h, CAROL, open_policy, CS_WHY_NOT_WAITING);
	assert_int_equal(house_vote(&h, BOB, number, CS_VOTE_REJECT), CS_WHY_REJECTED);
	assert_true(refused(&h, CAROL, open_policy, CS_WHY_NOT_WAITING) != number);
	assert_int_equal(house_events(&h, CS_EVENT_POLICY, CS_WHY_NONE), 1);
	house_close(&h);
}

/* A086: what was approved is one text. Another with the same effect is another request. */
static void test_policy_a086_another_text_needs_another_approval(void **state)
{
	static const char also[] = PEOPLE "# and a remark\n";
	struct house h;
	uint64_t number = 0;

	(void)state;
	open_with_policy(&h, guarded);
	number = refused(&h, CAROL, open_policy, CS_WHY_NOT_WAITING);
	assert_int_equal(house_vote(&h, BOB, number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	assert_true(refused(&h, CAROL, also, CS_WHY_NOT_WAITING) != number);
	(void)refused(&h, ERIN, open_policy, CS_WHY_NOT_WAITING); /* nor may somebody else use it */
	assert_int_equal(house_state(&h, number), CS_APPROVED);
	house_close(&h);
}

static void test_policy_stronger_by_the_permission_alone(void **state)
{
	struct house h;

	(void)state;
	open_with_policy(&h, guarded);
	applied(&h, CAROL, stricter, 2, CS_WHY_HAS_RIGHT);
	in_force(&h, 2, "carol", "");
	house_close(&h);
}

/* Root is judged like anybody once there is a gate. */
static void test_policy_root_is_guarded_too(void **state)
{
	struct house h;

	(void)state;
	open_with_policy(&h, guarded);
	(void)refused(&h, 0, open_policy, CS_WHY_UNKNOWN_PERSON);
	(void)refused(&h, 0, stricter, CS_WHY_UNKNOWN_PERSON);
	assert_int_equal(house_events(&h, CS_EVENT_POLICY, CS_WHY_NONE), 1);
	house_close(&h);
}

/* Without the permission nobody is told what a text would change, or whether it is one. */
static void test_policy_nothing_leaks(void **state)
{
	struct house h;
	struct cs_apply_answer answer = { 0 };
	struct cs_apply rollback = { .kind = CS_APPLY_ROLLBACK, .number = 1, .only_show = true };
	uint64_t before = 0, after = 0;
	uint8_t chain[CS_DIGEST_LEN];

	(void)state;
	open_with_policy(&h, guarded);
	assert_int_equal(cs_store_head(h.store, &before, chain), 0);
	for (int show = 0; show < 2; show++) {
		assert_int_equal(house_apply(&h, DAVE, open_policy, 0, show, &answer), CS_EPERM);
		/* who may only approve it */
		assert_int_equal(house_apply(&h, BOB, open_policy, 0, show, &answer), CS_EPERM);
		assert_int_equal(house_apply(&h, DAVE, "gate broken {\n", 0, show, &answer), CS_EPERM);
		assert_int_equal(house_apply(&h, DAVE, guarded, 0, show, &answer), CS_EPERM); /* is it in force? */
		assert_int_equal(house_apply(&h, 4711, open_policy, 0, show, &answer), CS_EPERM);
	}
	assert_int_equal(house_apply_call(&h, BOB, &rollback, -1, &answer), CS_EPERM);
	assert_int_equal(house_apply(&h, CAROL, open_policy, 0, true, &answer), 0);
	assert_false(answer.applied);
	assert_int_equal(answer.effect, CS_EFFECT_WEAKER);
	assert_true(answer.n_changes > 0);
	assert_int_equal(answer.decision.number, 0);
	cs_clear(&cs_apply_answer_shape, &answer);
	assert_int_equal(house_apply(&h, 0, open_policy, 0, true, &answer), 0);
	assert_true(answer.n_changes > 0);
	cs_clear(&cs_apply_answer_shape, &answer);
	assert_int_equal(cs_store_head(h.store, &after, chain), 0);
	assert_int_equal(before, after); /* looking changes nothing, and being refused fills no disk */
	house_close(&h);
}

static void test_policy_rollback_and_grant_are_guarded(void **state)
{
	static char pmc[] = "pmc", permission[] = "policy.apply";
	char *permissions[] = { permission };
	struct cs_apply rollback = { .kind = CS_APPLY_ROLLBACK, .number = 1 };
	struct cs_apply grant = { .kind = CS_APPLY_GRANT, .role = pmc, .permissions = permissions, .n_permissions = 1 };
	struct house h;
	struct cs_apply_answer answer = { 0 };
	uint64_t number = 0;

	(void)state;
	open_with_policy(&h, guarded);
	applied(&h, CAROL, stricter, 2, CS_WHY_HAS_RIGHT);
	assert_int_equal(house_apply_call(&h, CAROL, &rollback, -1, &answer), 0);
	assert_int_equal(answer.decision.reason, CS_WHY_NOT_WAITING);
	assert_int_equal(answer.effect, CS_EFFECT_WEAKER);
	number = answer.decision.number;
	cs_clear(&cs_apply_answer_shape, &answer);
	assert_int_equal(house_apply_call(&h, CAROL, &grant, -1, &answer), 0);
	assert_int_equal(answer.decision.reason, CS_WHY_NOT_WAITING);
	assert_true(answer.decision.number != number);
	in_force(&h, 2, "carol", "");
	assert_int_equal(house_vote(&h, BOB, answer.decision.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	cs_clear(&cs_apply_answer_shape, &answer);
	assert_int_equal(house_apply_call(&h, CAROL, &grant, -1, &answer), 0);
	assert_true(answer.applied);
	in_force(&h, 3, "carol", "role grant pmc policy.apply");
	cs_clear(&cs_apply_answer_shape, &answer);
	rollback.number = 2;
	assert_int_equal(house_apply_call(&h, CAROL, &rollback, -1, &answer), 0);
	assert_true(answer.applied); /* what was given is taken away: stronger */
	in_force(&h, 4, "carol", "rollback to 2");
	cs_clear(&cs_apply_answer_shape, &answer);
	rollback.number = 5;
	assert_int_equal(house_apply_call(&h, CAROL, &rollback, -1, &answer), 0);
	assert_int_equal(answer.decision.reason, CS_WHY_BAD_CALL);
	assert_string_equal(answer.text, "there is no generation with this number");
	cs_clear(&cs_apply_answer_shape, &answer);
	house_close(&h);
}

/* --- What comes between ------------------------------------------------------------------------------------------- */

static void test_policy_base_has_to_be_in_force(void **state)
{
	struct house h;
	struct cs_apply_answer answer = { 0 };

	(void)state;
	open_with_policy(&h, guarded);
	applied(&h, CAROL, stricter, 2, CS_WHY_HAS_RIGHT);
	assert_int_equal(house_apply(&h, ERIN, stricter_still, 1, false, &answer), 0);
	assert_false(answer.applied);
	assert_int_equal(answer.decision.verdict, CS_DENY);
	assert_int_equal(answer.decision.reason, CS_WHY_POLICY_CHANGED);
	assert_string_equal(answer.text, "generation 2 by carol came in between; look at the change again");
	assert_int_equal(answer.generation.number, 2);
	cs_clear(&cs_apply_answer_shape, &answer);
	assert_int_equal(house_apply(&h, ERIN, stricter_still, 2, false, &answer), 0);
	assert_true(answer.applied);
	cs_clear(&cs_apply_answer_shape, &answer);
	house_close(&h);
}

static int start_apply(struct house *h, uint32_t uid, const char *text, struct house_reply *reply)
{
	struct cs_apply call = { .kind = CS_APPLY_TEXT };
	struct cs_caller caller = house_person(uid);
	int fd = house_memfd(text, SEALED);

	assert_int_equal(cs_digest(CS_DOMAIN_POLICY, text, strlen(text), call.digest), 0);
	cs_authority_call(h->authority, &caller, CS_CALL_APPLY, &call, fd, house_done, reply);
	return close(fd);
}

/* Two in one turn, both judged by generation 1: the second is not put upon a policy that it was never compared with. */
static void test_policy_two_at_once(void **state)
{
	struct house h;
	struct cs_apply_answer one = { 0 }, two = { 0 };
	struct house_reply first = { 0, 0, &cs_apply_answer_shape, &one }, second = { 0, 0, &cs_apply_answer_shape,
		&two };

	(void)state;
	open_with_policy(&h, guarded);
	assert_int_equal(start_apply(&h, CAROL, stricter, &first), 0);
	assert_int_equal(start_apply(&h, ERIN, stricter_still, &second), 0);
	for (int i = 0; i < 3; i++)
		cs_authority_turn(h.authority);
	assert_int_equal(first.given, 1);
	assert_int_equal(second.given, 1);
	assert_true(one.applied);
	assert_false(two.applied);
	assert_int_equal(two.decision.reason, CS_WHY_POLICY_CHANGED);
	assert_int_equal(two.decision.verdict, CS_DENY);
	in_force(&h, 2, "carol", "");
	cs_clear(&cs_apply_answer_shape, &one);
	cs_clear(&cs_apply_answer_shape, &two);
	house_close(&h);
}

/* An approval was for a change of generation 1. Where another came in between, it is asked for again. */
static void test_policy_a087_approval_of_an_older_base_is_not_used(void **state)
{
	struct house h;
	uint64_t number = 0;

	(void)state;
	open_with_policy(&h, guarded);
	number = refused(&h, CAROL, open_policy, CS_WHY_NOT_WAITING);
	assert_int_equal(house_vote(&h, BOB, number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	applied(&h, ERIN, stricter, 2, CS_WHY_HAS_RIGHT);
	assert_true(refused(&h, CAROL, open_policy, CS_WHY_NOT_WAITING) != number);
	in_force(&h, 2, "erin", "");
	house_close(&h);
}

static struct {
	const struct cs_store_ops *real;
	struct cs_store_ops ops;
	unsigned commits; /* how many go well before one fails */
} broken;

static int broken_commit(struct cs_store *store)
{
	return broken.commits-- == 0 ? CS_EIO : broken.real->commit(store);
}

/* No record, no policy: the one before is back, and decides (A106). */
static void test_policy_a106_commit_that_fails_brings_the_old_one_back(void **state)
{
	static char id[] = "/usr/bin/id";
	struct house h;
	struct house_sudo s;
	struct cs_decision d = { 0 };
	struct cs_apply_answer one = { 0 }, two = { 0 };
	struct house_reply first = { 0, 0, &cs_apply_answer_shape, &one }, second = { 0, 0, &cs_apply_answer_shape,
		&two };
	char *comment = NULL;

	(void)state;
	open_with_policy(&h, open_policy);
	broken.real = h.store->ops;
	broken.ops = *broken.real;
	broken.ops.commit = broken_commit;
	h.store->ops = &broken.ops;
	broken.commits = 0;
	assert_int_equal(start_apply(&h, 0, "service sudo { unmatched = deny }\n", &first), 0);
	/* and one more upon it */
	assert_int_equal(start_apply(&h, 0, "service sshd { unmatched = deny }\n", &second), 0);
	cs_authority_turn(h.authority);
	assert_int_equal(first.given + second.given, 2);
	assert_int_equal(first.error, CS_EIO);
	assert_int_equal(second.error, CS_EIO);
	h.store->ops = broken.real;
	assert_int_equal(cs_format(&comment, "from %s", h.policy), 0);
	in_force(&h, 1, "root", comment);
	house_sudo_by(&s, DAVE, "dave");
	s.submit.action.command = s.submit.action.resolved = id;
	assert_int_equal(house_submit(&h, &s, 1, &d), 0);
	assert_int_equal(d.reason, CS_WHY_UNGUARDED);
	cs_clear(&cs_decision_shape, &d);
	applied(&h, 0, guarded, 2, CS_WHY_ROOT);
	free(comment);
	house_close(&h);
}

/* The claim is committed and the policy is not: what was approved is used up, and nothing changed (A136). */
static void test_policy_a136_claimed_and_not_applied(void **state)
{
	struct house h;
	struct cs_apply_answer answer = { 0 };
	uint64_t number = 0;

	(void)state;
	open_with_policy(&h, guarded);
	number = refused(&h, CAROL, open_policy, CS_WHY_NOT_WAITING);
	assert_int_equal(house_vote(&h, BOB, number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	broken.real = h.store->ops;
	broken.ops = *broken.real;
	broken.ops.commit = broken_commit;
	h.store->ops = &broken.ops;
	broken.commits = 1;
	assert_int_equal(house_apply(&h, CAROL, open_policy, 0, false, &answer), CS_EIO);
	h.store->ops = broken.real;
	assert_int_equal(house_state(&h, number), CS_USED);
	assert_int_equal(house_events(&h, CS_EVENT_POLICY, CS_WHY_NONE), 1);
	assert_true(refused(&h, CAROL, open_policy, CS_WHY_NOT_WAITING) != number);
	house_close(&h);
}

/* --- The descriptor ----------------------------------------------------------------------------------------------- */

static void refused_fd(struct house *h, int fd, const char *text, const char *why)
{
	struct cs_apply call = { .kind = CS_APPLY_TEXT };
	struct cs_apply_answer answer = { 0 };

	assert_int_equal(cs_digest(CS_DOMAIN_POLICY, text, strlen(text), call.digest), 0);
	assert_int_equal(house_apply_call(h, 0, &call, fd, &answer), 0);
	assert_false(answer.applied);
	assert_int_equal(answer.decision.reason, CS_WHY_BAD_CALL);
	assert_string_equal(answer.text, why);
	cs_clear(&cs_apply_answer_shape, &answer);
	if (fd >= 0)
		(void)close(fd);
}

/* A pipe would block the loop, and a file could be another one when it is read again. */
static void test_policy_descriptor_has_to_be_sealed(void **state)
{
	static const char unsealed[] = "the text has to come in a sealed memfd";
	static const int parts[] = { 0, F_SEAL_WRITE, F_SEAL_WRITE | F_SEAL_GROW, F_SEAL_WRITE | F_SEAL_SHRINK,
		F_SEAL_GROW | F_SEAL_SHRINK };
	struct house h;
	int ends[2] = { -1, -1 };

	(void)state;
	open_with_policy(&h, open_policy);
	for (size_t i = 0; i < CS_COUNT(parts); i++)
		refused_fd(&h, house_memfd(guarded, parts[i]), guarded, unsealed);
	house_write(h.program, guarded);
	refused_fd(&h, open(h.program, O_RDONLY | O_CLOEXEC), guarded, unsealed);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	refused_fd(&h, ends[0], guarded, unsealed);
	(void)close(ends[1]);
	refused_fd(&h, -1, guarded, unsealed);
	refused_fd(&h, house_memfd("", SEALED), "", "the text is empty");
	refused_fd(&h, house_memfd(guarded, SEALED), stricter, "the text is not the one that the call names");
	assert_int_equal(house_events(&h, CS_EVENT_POLICY, CS_WHY_NONE), 1);
	house_close(&h);
}

static void test_policy_text_is_bounded(void **state)
{
	struct house h;
	int fd = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	(void)state;
	open_with_policy(&h, open_policy);
	assert_int_equal(ftruncate(fd, (off_t)CS_POLICY_TEXT_MAX + 1), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, SEALED), 0);
	refused_fd(&h, fd, guarded, "the text is too large");
	fd = memfd_create("policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(write(fd, "a\0b", 3), 3);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, SEALED), 0);
	refused_fd(&h, fd, guarded, "the text holds a NUL");
	house_close(&h);
}

/* More changes than a request holds: the answer and the request say how many were left out. */
static void test_policy_many_changes(void **state)
{
	struct house h;
	struct cs_apply_answer answer = { 0 };
	struct cs_show_answer show = { 0 };
	struct cs_buf text;
	static const char more[] = "assignment more { role = infra scope = \"*\" person = \"uid=dave,ou=people\" }\n";
	const char *last = NULL;

	(void)state;
	open_with_policy(&h, guarded);
	cs_buf_init(&text, 1 << 20);
	cs_buf_put(&text, guarded, strlen(guarded));
	for (int i = 0; i < 2 * CS_MAX_CHANGES; i++) {
		char gate[256];
		int n = snprintf(gate, sizeof(gate),
			"gate g%d { service = sudo command = \"/usr/bin/p%d\" permission = release.deploy }\n", i, i);

		cs_buf_put(&text, gate, (size_t)n);
	}
	cs_buf_put(&text, more, sizeof(more));
	assert_int_equal(house_apply(&h, CAROL, (const char *)text.data, 0, false, &answer), 0);
	if (answer.decision.reason != CS_WHY_NOT_WAITING)
		fail_msg("%s: %s", cs_reason_name(answer.decision.reason), answer.text);
	assert_true(answer.more);
	assert_true(answer.n_changes > 100 && answer.n_changes <= CS_MAX_CHANGES);
	assert_int_equal(answer.changes[0].effect, CS_EFFECT_WEAKER);
	assert_int_equal(house_show(&h, BOB, answer.decision.number, &show), 0);
	assert_int_equal(show.request.action.n_argv, 4 + answer.n_changes + 1);
	last = show.request.action.argv[show.request.action.n_argv - 1];
	assert_int_equal(strncmp(last, "… and ", 8), 0);
	assert_non_null(strstr(last, " more"));
	cs_clear(&cs_show_answer_shape, &show);
	cs_clear(&cs_apply_answer_shape, &answer);
	cs_buf_clear(&text);
	house_close(&h);
}

/* --- Reading it --------------------------------------------------------------------------------------------------- */

static void test_policy_history_and_text(void **state)
{
	WITH_HOUSE(h);
	struct cs_caller root = house_person(0), dave = house_person(DAVE);
	struct cs_history history = { 0 };
	struct cs_history_answer told = { 0 };
	struct cs_policy_call call = { 0 };
	struct cs_policy_answer piece = { 0 };

	(void)state;
	house_load(&h, open_policy);
	house_load(&h, guarded);
	assert_int_equal(house_call(&h, &root, CS_CALL_HISTORY, &history, -1, &cs_history_answer_shape, &told), 0);
	assert_int_equal(told.n_generations, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(told.generations[i].number, 3 - i);
	assert_int_equal(told.generations[0].size, strlen(guarded));
	cs_clear(&cs_history_answer_shape, &told);
	history.before = 2;
	assert_int_equal(house_call(&h, &root, CS_CALL_HISTORY, &history, -1, &cs_history_answer_shape, &told), 0);
	assert_int_equal(told.n_generations, 1);
	cs_clear(&cs_history_answer_shape, &told);
	assert_int_equal(house_call(&h, &dave, CS_CALL_HISTORY, &history, -1, &cs_history_answer_shape, &told),
		CS_EPERM);
	call.offset = 10;
	assert_int_equal(house_call(&h, &root, CS_CALL_POLICY, &call, -1, &cs_policy_answer_shape, &piece), 0);
	assert_int_equal(piece.generation.number, 3);
	assert_int_equal(piece.n_text, strlen(guarded) - 10);
	assert_memory_equal(piece.text, guarded + 10, piece.n_text);
	cs_clear(&cs_policy_answer_shape, &piece);
	call = (struct cs_policy_call){ 2, 1 << 20 };
	assert_int_equal(house_call(&h, &root, CS_CALL_POLICY, &call, -1, &cs_policy_answer_shape, &piece), 0);
	assert_int_equal(piece.generation.number, 2);
	assert_int_equal(piece.n_text, 0);
	cs_clear(&cs_policy_answer_shape, &piece);
	call.number = 4;
	assert_int_equal(house_call(&h, &root, CS_CALL_POLICY, &call, -1, &cs_policy_answer_shape, &piece), CS_ENOENT);
	assert_int_equal(house_call(&h, &dave, CS_CALL_POLICY, &call, -1, &cs_policy_answer_shape, &piece), CS_EPERM);
	house_close(&h);
}

/* A long history is told in pieces that fit a frame, and a long text too. */
static void test_policy_history_and_text_in_pieces(void **state)
{
	WITH_HOUSE(h);
	struct cs_caller root = house_person(0);
	struct cs_history history = { 0 };
	struct cs_policy_call call = { .number = 2 };
	char *comment = calloc(1, CS_MAX_REASON + 1), *text = calloc(1, 3 * CS_MAX_EVENT);
	struct cs_generation generation = { .wall_ms = 1, .comment = comment };
	uint64_t seen = 0;
	size_t read = 0;

	(void)state;
	memset(comment, 'c', CS_MAX_REASON);
	memset(text, '#', 2 * CS_MAX_EVENT + 7);
	assert_int_equal(cs_store_begin(h.store), 0);
	for (int i = 2; i <= 400; i++)
		assert_int_equal(cs_store_policy_add(h.store, &generation, text, i == 2 ? strlen(text) : 1), 0);
	assert_int_equal(cs_store_commit(h.store), 0);
	do {
		struct cs_history_answer told = { 0 };
		struct cs_buf frame;

		assert_int_equal(house_call(&h, &root, CS_CALL_HISTORY, &history, -1, &cs_history_answer_shape, &told),
			0);
		cs_buf_init(&frame, CS_FRAME_MAX - 64);
		assert_int_equal(cs_encode(&cs_history_answer_shape, &told, &frame), 0);
		cs_buf_clear(&frame);
		assert_true(told.n_generations > 0);
		seen += told.n_generations;
		history.before = told.generations[told.n_generations - 1].number;
		cs_clear(&cs_history_answer_shape, &told);
	} while (history.before > 1);
	assert_int_equal(seen, 400);
	while (read < strlen(text)) {
		struct cs_policy_answer piece = { 0 };

		call.offset = read;
		assert_int_equal(house_call(&h, &root, CS_CALL_POLICY, &call, -1, &cs_policy_answer_shape, &piece), 0);
		assert_true(piece.n_text > 0 && piece.n_text <= CS_MAX_EVENT);
		assert_memory_equal(piece.text, text + read, piece.n_text);
		read += piece.n_text;
		cs_clear(&cs_policy_answer_shape, &piece);
	}
	assert_int_equal(read, strlen(text));
	free(comment);
	free(text);
	house_close(&h);
}

static void test_policy_doors(void **state)
{
	WITH_HOUSE(h);
	struct cs_caller module = house_module(&h, 7);
	struct cs_apply apply = { .kind = CS_APPLY_ROLLBACK, .number = 1 };
	struct cs_apply_answer answer = { 0 };
	struct cs_caller root = house_person(0);

	(void)state;
	assert_int_equal(house_call(&h, &module, CS_CALL_APPLY, &apply, -1, &cs_apply_answer_shape, &answer), CS_EPERM);
	apply.kind = CS_APPLY_NONE;
	assert_int_equal(house_call(&h, &root, CS_CALL_APPLY, &apply, -1, &cs_apply_answer_shape, &answer), CS_EINVAL);
	house_close(&h);
}

/* --- The directory ------------------------------------------------------------------------------------------------ */

static void test_directory_is_for_root(void **state)
{
	static char bob[] = "bob", dn[] = "cn=infra,ou=groups", member[] = "member";
	WITH_HOUSE(h);
	struct cs_caller root = house_person(0), dave = house_person(DAVE);
	struct cs_subject subjects[] = { { CS_NO_UID, CS_NO_UID, bob }, { CAROL, CS_NO_UID, NULL } };
	struct cs_group_query queries[] = { { CS_GROUP_AT, dn, member, NULL, 0, 0 } };
	struct cs_question question = { subjects, 2, queries, 1, NULL, 0 };
	struct cs_answer answer = { 0 };

	(void)state;
	assert_int_equal(house_call(&h, &dave, CS_CALL_DIRECTORY, &question, -1, &cs_answer_shape, &answer), CS_EPERM);
	assert_int_equal(house_call(&h, &root, CS_CALL_DIRECTORY, &question, -1, &cs_answer_shape, &answer), 0);
	assert_int_equal(answer.n_facts, 2);
	assert_int_equal(answer.facts[0].person.uid, BOB);
	assert_int_equal(answer.facts[0].n_memberships, 0);
	assert_string_equal(answer.facts[1].person.name, "carol");
	assert_int_equal(answer.facts[1].n_memberships, 1);
	cs_clear(&cs_answer_shape, &answer);
	house_close(&h);
}

/* --- Many rights at once ------------------------------------------------------------------------------------------ */

static void test_rights_many_at_once(void **state)
{
	static char alice[] = "alice", carol[] = "carol", nobody[] = "nobody", frank[] = "frank",
		deploy[] = "release.deploy",
		    approve[] = "release.approve", none[] = "no.such", tomcat[] = "project/tomcat", empty[] = "";
	WITH_HOUSE(h);
	struct cs_right_asked asked[] = { { alice, deploy, tomcat }, { carol, deploy, tomcat },
		{ alice, approve, tomcat },
		{ carol, approve, tomcat }, { nobody, deploy, tomcat }, { alice, none, tomcat },
		{ alice, deploy, empty },
		{ frank, deploy, tomcat } };
	static const enum cs_reason reasons[] = { CS_WHY_HAS_RIGHT, CS_WHY_NO_PERMISSION, CS_WHY_HAS_RIGHT,
		CS_WHY_HAS_RIGHT, CS_WHY_UNKNOWN_PERSON, CS_WHY_BAD_CALL, CS_WHY_BAD_CALL, CS_WHY_LOCKED_PERSON };
	struct cs_rights call = { asked, CS_COUNT(asked) };
	struct cs_rights_answer told = { 0 };
	struct cs_caller root = house_person(0), module = house_module(&h, 7);

	(void)state;
	assert_int_equal(house_call(&h, &root, CS_CALL_RIGHTS, &call, -1, &cs_rights_answer_shape, &told), 0);
	assert_int_equal(told.n_told, CS_COUNT(asked));
	for (size_t i = 0; i < told.n_told; i++) {
		assert_int_equal(told.told[i].reason, reasons[i]);
		assert_int_equal(told.told[i].verdict, reasons[i] == CS_WHY_HAS_RIGHT ? CS_PERMIT : CS_DENY);
	}
	cs_clear(&cs_rights_answer_shape, &told);
	assert_int_equal(house_call(&h, &module, CS_CALL_RIGHTS, &call, -1, &cs_rights_answer_shape, &told), CS_EPERM);
	call.n_asked = 0;
	assert_int_equal(house_call(&h, &root, CS_CALL_RIGHTS, &call, -1, &cs_rights_answer_shape, &told), 0);
	assert_int_equal(told.n_told, 0);
	asked[1].user = empty;
	call.n_asked = 2;
	assert_int_equal(house_call(&h, &root, CS_CALL_RIGHTS, &call, -1, &cs_rights_answer_shape, &told), CS_EINVAL);
	house_close(&h);
}

/* Of others nothing is told, not even beside one's own. */
static void test_rights_of_others_are_for_root(void **state)
{
	static char alice[] = "alice", carol[] = "carol", deploy[] = "release.deploy", tomcat[] = "project/tomcat";
	WITH_HOUSE(h);
	struct cs_right_asked asked[] = { { NULL, deploy, tomcat }, { alice, deploy, tomcat },
		{ carol, deploy, tomcat } };
	struct cs_rights call = { asked, 2 };
	struct cs_rights_answer told = { 0 };
	struct cs_caller me = house_person(ALICE);

	(void)state;
	assert_int_equal(house_call(&h, &me, CS_CALL_RIGHTS, &call, -1, &cs_rights_answer_shape, &told), 0);
	assert_int_equal(told.told[0].verdict, CS_PERMIT);
	assert_int_equal(told.told[1].verdict, CS_PERMIT);
	cs_clear(&cs_rights_answer_shape, &told);
	call.n_asked = 3;
	assert_int_equal(house_call(&h, &me, CS_CALL_RIGHTS, &call, -1, &cs_rights_answer_shape, &told), CS_EPERM);
	assert_null(told.told);
	house_close(&h);
}

static void test_rights_people_are_bounded(void **state)
{
	static struct cs_right_asked asked[CS_MAX_SUBJECTS + 1];
	static char names[CS_MAX_SUBJECTS + 1][8], deploy[] = "release.deploy", tomcat[] = "project/tomcat";
	WITH_HOUSE(h);
	struct cs_rights call = { asked, CS_MAX_SUBJECTS + 1 };
	struct cs_rights_answer told = { 0 };
	struct cs_caller root = house_person(0);

	(void)state;
	for (size_t i = 0; i < CS_COUNT(asked); i++) {
		(void)snprintf(names[i], sizeof(names[i]), "p%zu", i);
		asked[i] = (struct cs_right_asked){ names[i], deploy, tomcat };
	}
	assert_int_equal(house_call(&h, &root, CS_CALL_RIGHTS, &call, -1, &cs_rights_answer_shape, &told), CS_ETOOBIG);
	asked[CS_MAX_SUBJECTS].user = names[0]; /* the same person again is nobody more */
	assert_int_equal(house_call(&h, &root, CS_CALL_RIGHTS, &call, -1, &cs_rights_answer_shape, &told), 0);
	assert_int_equal(told.n_told, CS_MAX_SUBJECTS + 1);
	cs_clear(&cs_rights_answer_shape, &told);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_first_generation_is_the_file),
		cmocka_unit_test(test_policy_root_puts_the_next_in_force),
		cmocka_unit_test(test_policy_text_with_a_mistake_is_refused),
		cmocka_unit_test(test_policy_restart_takes_the_newest),
		cmocka_unit_test(test_policy_silence_that_cannot_count_is_said),
		cmocka_unit_test(test_policy_file_is_compared_at_the_start),
		cmocka_unit_test(test_policy_generation_that_does_not_parse_refuses_the_start),
		cmocka_unit_test(test_policy_a110_text_that_is_not_its_digest_refuses_the_start),
		cmocka_unit_test(test_policy_without_a_gate_only_root_may),
		cmocka_unit_test(test_policy_gate_of_another_host_guards_nothing_here),
		cmocka_unit_test(test_policy_gate_that_goes_meanwhile),
		cmocka_unit_test(test_policy_weaker_needs_the_others),
		cmocka_unit_test(test_policy_rejected_is_not_applied),
		cmocka_unit_test(test_policy_a086_another_text_needs_another_approval),
		cmocka_unit_test(test_policy_stronger_by_the_permission_alone),
		cmocka_unit_test(test_policy_root_is_guarded_too),
		cmocka_unit_test(test_policy_nothing_leaks),
		cmocka_unit_test(test_policy_rollback_and_grant_are_guarded),
		cmocka_unit_test(test_policy_base_has_to_be_in_force),
		cmocka_unit_test(test_policy_two_at_once),
		cmocka_unit_test(test_policy_a087_approval_of_an_older_base_is_not_used),
		cmocka_unit_test(test_policy_a106_commit_that_fails_brings_the_old_one_back),
		cmocka_unit_test(test_policy_a136_claimed_and_not_applied),
		cmocka_unit_test(test_policy_descriptor_has_to_be_sealed),
		cmocka_unit_test(test_policy_text_is_bounded),
		cmocka_unit_test(test_policy_many_changes),
		cmocka_unit_test(test_policy_history_and_text),
		cmocka_unit_test(test_policy_history_and_text_in_pieces),
		cmocka_unit_test(test_policy_doors),
		cmocka_unit_test(test_directory_is_for_root),
		cmocka_unit_test(test_rights_many_at_once),
		cmocka_unit_test(test_rights_of_others_are_for_root),
		cmocka_unit_test(test_rights_people_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
