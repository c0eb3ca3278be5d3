/* SPDX-License-Identifier: Apache-2.0 */
/* What a gate says beside its approvals, through the whole authority: exemptions, roles that exclude each other, a
 * waiting time before use, windows that close, netgroups, and what applications do. */
#include "house.h"

#define WITH_HOUSE(h, policy) \
	struct house h; \
	house_open(&(h)); \
	house_load(&(h), policy)

/* house_now is 2026-09-21, a Monday, 14:13:20 UTC. */
#define MINUTE UINT64_C(60000)
#define HOUR (60 * MINUTE)

#define RIGHTS \
	"service sudo { unmatched = permit }\n" \
	"permission release.deploy { } permission release.approve { }\n" \
	"role pmc { permissions = { release.deploy, release.approve } }\n" \
	"role infra { permissions = release.approve }\n" \
	"role oncall { }\n" \
	"assignment owners { role = pmc scope = \"project/%{cn}\" below = \"ou=project\" listed = owner }\n" \
	"assignment infra { role = infra scope = \"*\" group = \"cn=infra,ou=groups\" listed = member }\n" \
	"assignment oncall { role = oncall scope = \"*\" group = \"cn=oncall,ou=groups\" listed = member }\n"
#define DEPLOY \
	"gate deploy { service = sudo command = \"/usr/local/sbin/deploy-release %{project} *\"\n" \
	"  permission = release.deploy scope = \"project/%{project}\"\n"
#define BOTH \
	"  approval committee { count = 1 permission = release.approve }\n" \
	"  approval infra { count = 1 role = infra scope = \"*\" }\n"

static void set_people(struct house *h, const char *owners, const char *infra, const char *oncall, const char *more)
{
	char *text = NULL, *all = NULL;

	assert_int_equal(cs_format(&text, house_people, "true", owners, infra), 0);
	assert_int_equal(cs_format(&all, "%sgroup oncall { dn = \"cn=oncall,ou=groups\"\n"
		"  listed member { people = { %s } } }\n%s", text, oncall, more), 0);
	house_write(h->people, all);
	free(text);
	free(all);
}

static void ask(struct house *h, const struct house_sudo *s, uint64_t connection, enum cs_verdict verdict,
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

/* alice asks on connection 7 and is held; bob and carol approve. */
static void approved(struct house *h, struct house_sudo *s, struct cs_decision *d)
{
	house_sudo_by(s, ALICE, "alice");
	ask(h, s, 7, CS_HOLD, CS_WHY_NEEDS_APPROVAL, d);
	assert_int_equal(house_vote(h, BOB, d->number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(h, CAROL, d->number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
}

static void claim(struct house *h, const struct cs_decision *d, uint64_t connection, enum cs_verdict verdict,
	enum cs_reason reason, struct cs_decision *ret)
{
	struct cs_decision reply = { 0 };

	assert_int_equal(house_claim(h, d, connection, &reply), 0);
	if (reply.verdict != verdict || reply.reason != reason)
		fail_msg("%s: %s: %s", cs_verdict_name(reply.verdict), cs_reason_name(reply.reason), reply.text);
	if (ret)
		*ret = reply;
	else
		cs_clear(&cs_decision_shape, &reply);
}

static void look(struct house *h, const struct cs_decision *held, uint64_t connection, enum cs_verdict verdict,
	enum cs_reason reason, struct cs_decision *ret)
{
	struct cs_caller module = house_module(h, connection);
	struct cs_wait wait = { .wait_ms = 1 };
	struct cs_decision seen = { 0 };

	memcpy(wait.id, held->id, CS_ID_LEN);
	memcpy(wait.secret, held->secret, CS_ID_LEN);
	assert_int_equal(cs_authority_look(h->authority, &module, &wait, &seen), 0);
	assert_string_equal(cs_reason_name(seen.reason), cs_reason_name(reason));
	assert_int_equal(seen.verdict, verdict);
	if (ret)
		*ret = seen;
	else
		cs_clear(&cs_decision_shape, &seen);
}

static void hang_up(struct house *h, uint64_t connection)
{
	struct cs_caller module = house_module(h, connection);

	cs_authority_gone(h->authority, &module);
	cs_authority_turn(h->authority);
}

static void tick(struct house *h)
{
	(void)cs_authority_tick(h->authority);
	cs_authority_turn(h->authority);
}

/* The last event of a kind: 1 and it is filled in, else 0. */
static int last_event(struct house *h, enum cs_event_kind kind, struct cs_event *ret_event)
{
	struct cs_record *records = NULL;
	size_t n = 0;
	int found = 0;

	assert_int_equal(cs_store_records(h->store, 1, 10000, &records, &n), 0);
	for (size_t i = 0; i < n; i++) {
		struct cs_event event = { 0 };

		assert_int_equal(cs_decode_all(&cs_event_shape, records[i].bytes, records[i].n_bytes, &event), 0);
		cs_clear(&cs_record_shape, &records[i]);
		if (event.kind == kind) {
			if (found)
				cs_clear(&cs_event_shape, ret_event);
			*ret_event = event;
			found = 1;
		} else {
			cs_clear(&cs_event_shape, &event);
		}
	}
	free(records);
	return found;
}

/* --- Exemptions --------------------------------------------------------------------------------------------------- */

static void test_conditions_exempt_use_is_recorded(void **state)
{
	WITH_HOUSE(h, RIGHTS DEPLOY BOTH "  exempt standby { role = oncall scope = \"*\" } }\n");
	struct house_sudo s;
	struct cs_event event = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "alice, dave", "");
	house_sudo_by(&s, ALICE, "alice");
	ask(&h, &s, 1, CS_PERMIT, CS_WHY_EXEMPT, NULL);
	assert_int_equal(house_events(&h, CS_EVENT_PERMITTED, CS_WHY_EXEMPT), 1);
	assert_int_equal(last_event(&h, CS_EVENT_PERMITTED, &event), 1);
	assert_int_equal(event.verdict, CS_PERMIT);
	assert_string_equal(event.gate, "deploy");
	assert_string_equal(event.actor_name, "alice");
	assert_non_null(strstr(event.text, "standby"));
	assert_non_null(strstr(event.text, "cn=oncall,ou=groups"));
	assert_true(event.n_body > 0); /* what was done */
	cs_clear(&cs_event_shape, &event);
	house_sudo_by(&s, DAVE, "dave"); /* exempt from approvals, but without the permission */
	ask(&h, &s, 1, CS_DENY, CS_WHY_NO_PERMISSION, NULL);
	house_sudo_by(&s, BOB, "bob");
	ask(&h, &s, 1, CS_HOLD, CS_WHY_NEEDS_APPROVAL, NULL);
	house_write(h.people, "this is no directory\n"); /* doubt exempts nobody */
	house_sudo_by(&s, ALICE, "alice");
	ask(&h, &s, 2, CS_DENY, CS_WHY_DOUBT, NULL);
	house_close(&h);
}

#define FREEZE(window) "gate freeze { service = sudo command = \"/usr/local/sbin/deploy-release\" " window \
	"  deny = \"no releases now\"\n  exempt security { role = oncall scope = \"*\" } }\n"

/* Which gate counts depends on the person: one more question, and the descriptor is still there afterwards. */
static void test_conditions_deny_gate_exempts(void **state)
{
	WITH_HOUSE(h, RIGHTS DEPLOY BOTH "}\n" FREEZE(""));
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "alice", "");
	house_sudo_by(&s, BOB, "bob");
	ask(&h, &s, 1, CS_DENY, CS_WHY_DENY_GATE, &d);
	assert_non_null(strstr(d.text, "no releases now"));
	cs_clear(&cs_decision_shape, &d);
	approved(&h, &s, &d);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED, NULL);
	cs_clear(&cs_decision_shape, &d);
	s.submit.has_file = false;
	ask(&h, &s, 8, CS_DENY, CS_WHY_NO_FILE, NULL);
	house_sudo_by(&s, 65534, "nobody"); /* A004: nobody is asked about */
	ask(&h, &s, 1, CS_DENY, CS_WHY_UNKNOWN_PERSON, NULL);
	house_sudo_by(&s, 0, "root");
	ask(&h, &s, 1, CS_PERMIT, CS_WHY_ROOT, NULL);
	house_close(&h);
}

static void test_conditions_exemption_lost_before_the_claim(void **state)
{
	WITH_HOUSE(h, RIGHTS DEPLOY BOTH "}\n" FREEZE(""));
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "alice", "");
	approved(&h, &s, &d);
	house_write(h.people, "this is no directory\n");
	claim(&h, &d, 7, CS_DENY, CS_WHY_DOUBT, NULL);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED); /* doubt passes */
	set_people(&h, "alice, bob, erin", "carol, erin", "bob", "");
	ask(&h, &s, 9, CS_DENY, CS_WHY_DENY_GATE, NULL);
	set_people(&h, "alice, bob, erin", "carol, erin", "alice", "");
	ask(&h, &s, 9, CS_PERMIT, CS_WHY_APPROVED, NULL);
	cs_clear(&cs_decision_shape, &d);
	approved(&h, &s, &d);
	set_people(&h, "alice, bob, erin", "carol, erin", "bob", "");
	claim(&h, &d, 7, CS_DENY, CS_WHY_DENY_GATE, NULL);
	assert_int_equal(house_state(&h, d.number), CS_CANCELLED); /* spent */
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* What is denied by now is not approved any more; a reject always counts. */
static void test_conditions_votes_on_what_is_denied_by_now(void **state)
{
	WITH_HOUSE(h, RIGHTS DEPLOY BOTH "}\n" FREEZE(""));
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "alice", "");
	house_sudo_by(&s, ALICE, "alice");
	ask(&h, &s, 7, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &d);
	set_people(&h, "alice, bob, erin", "carol, erin", "bob", "");
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_DENY_GATE);
	assert_int_equal(house_state(&h, d.number), CS_PENDING);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_REJECT), CS_WHY_REJECTED);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* --- Roles that exclude each other -------------------------------------------------------------------------------- */

static void test_conditions_dynamic_exclusion_parts_shared_rules(void **state)
{
	static const char shared[] = RIGHTS "exclusive hats { roles = { pmc, infra } within = request }\n" DEPLOY
		"  approval owner { count = 1 role = pmc }\n  approval infra { count = 1 role = infra scope = \"*\" }\n"
		"  people = shared }\n";
	WITH_HOUSE(h, shared);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", "");
	house_sudo_by(&s, ALICE, "alice");
	ask(&h, &s, 7, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &d);
	/* one of her two hats */
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED, NULL);
	cs_clear(&cs_decision_shape, &d);
	set_people(&h, "alice, erin", "erin", "dave", ""); /* she alone cannot be two people */
	ask(&h, &s, 8, CS_DENY, CS_WHY_UNSATISFIABLE, NULL);
	house_load(&h, RIGHTS DEPLOY "  approval owner { count = 1 role = pmc }\n"
		"  approval infra { count = 1 role = infra scope = \"*\" }\n  people = shared }\n");
	ask(&h, &s, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &d);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_conditions_static_exclusion_names_the_roles(void **state)
{
	WITH_HOUSE(h, RIGHTS "exclusive apart { roles = { pmc, infra } within = anywhere }\n" DEPLOY BOTH "}\n");
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", "");
	house_sudo_by(&s, ERIN, "erin");
	ask(&h, &s, 7, CS_DENY, CS_WHY_EXCLUSIVE, &d);
	assert_non_null(strstr(d.text, "pmc"));
	assert_non_null(strstr(d.text, "infra"));
	cs_clear(&cs_decision_shape, &d);
	approved(&h, &s, &d);
	/* to her neither counts */
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_REJECT), CS_WHY_NOT_APPROVER);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* --- A waiting time before use ------------------------------------------------------------------------------------ */

#define COOLING DEPLOY BOTH "  use_after = 5m use_within = 20m lifetime = 30m }\n"

static void test_conditions_cooling_is_waited_for_on_line(void **state)
{
	WITH_HOUSE(h, RIGHTS COOLING);
	struct house_sudo s;
	struct cs_decision d = { 0 }, seen = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", "");
	approved(&h, &s, &d);
	house_pass(20000);
	look(&h, &d, 7, CS_HOLD, CS_WHY_COOLING, &seen);
	assert_int_equal(seen.state, CS_APPROVED);
	assert_int_equal(seen.remaining_ms, 5 * MINUTE - 20000);
	assert_non_null(strstr(seen.text, "4m 40s"));
	cs_clear(&cs_decision_shape, &seen);
	claim(&h, &d, 7, CS_HOLD, CS_WHY_COOLING, &seen); /* too early: not spent, and the connection keeps it */
	assert_int_equal(seen.state, CS_APPROVED);
	assert_int_equal(seen.remaining_ms, 5 * MINUTE - 20000);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	assert_int_equal(house_events(&h, CS_EVENT_DENIED, CS_WHY_COOLING), 0);
	cs_clear(&cs_decision_shape, &seen);
	house_now.wall_ms += HOUR; /* A093: the wall clock has no say within a boot */
	claim(&h, &d, 7, CS_HOLD, CS_WHY_COOLING, NULL);
	house_now.boot_ms += 5 * MINUTE - 20001;
	claim(&h, &d, 7, CS_HOLD, CS_WHY_COOLING, NULL);
	house_now.boot_ms += 1;
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED, NULL);
	assert_int_equal(house_state(&h, d.number), CS_USED);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_conditions_cooling_ends_a_wait_by_itself(void **state)
{
	WITH_HOUSE(h, RIGHTS COOLING);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", "");
	house_load(&h, RIGHTS DEPLOY BOTH "  use_after = 30s }\n");
	approved(&h, &s, &d);
	look(&h, &d, 7, CS_HOLD, CS_WHY_COOLING, NULL);
	house_pass(30000);
	look(&h, &d, 7, CS_HOLD, CS_WHY_APPROVED, NULL);
	assert_int_equal(house_vote(&h, ERIN, d.number, CS_VOTE_REJECT), CS_WHY_REJECTED); /* there is time for that */
	claim(&h, &d, 7, CS_DENY, CS_WHY_REJECTED, NULL);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_conditions_cooling_is_found_by_the_identical_call(void **state)
{
	WITH_HOUSE(h, RIGHTS COOLING);
	struct house_sudo s;
	struct cs_decision d = { 0 }, again = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", "");
	approved(&h, &s, &d);
	hang_up(&h, 7);
	house_pass(MINUTE);
	s.submit.may_wait = false;
	ask(&h, &s, 8, CS_DENY, CS_WHY_NOT_WAITING, &again);
	assert_int_equal(again.number, d.number);
	assert_int_equal(again.state, CS_APPROVED);
	assert_non_null(strstr(again.text, "may be used in 4m 00s"));
	cs_clear(&cs_decision_shape, &again);
	s.submit.may_wait = true;
	ask(&h, &s, 9, CS_HOLD, CS_WHY_COOLING, &again);
	assert_int_equal(again.number, d.number);
	assert_int_equal(again.remaining_ms, 4 * MINUTE);
	look(&h, &again, 9, CS_HOLD, CS_WHY_COOLING, NULL);
	house_pass(MINUTE); /* the time on line is over before the waiting time is */
	look(&h, &again, 9, CS_DENY, CS_WHY_PARKED, NULL);
	cs_clear(&cs_decision_shape, &again);
	house_pass(3 * MINUTE);
	ask(&h, &s, 10, CS_PERMIT, CS_WHY_APPROVED, NULL);
	assert_int_equal(house_state(&h, d.number), CS_USED);
	assert_int_equal(house_events(&h, CS_EVENT_CLAIMED, CS_WHY_APPROVED), 1);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* It is the policy in force that says how long, and everything else is looked at before. */
static void test_conditions_cooling_by_the_policy_in_force(void **state)
{
	WITH_HOUSE(h, RIGHTS COOLING);
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", "");
	approved(&h, &s, &d);
	house_load(&h, RIGHTS DEPLOY BOTH "  use_after = 10m use_within = 20m lifetime = 30m }\n");
	house_pass(5 * MINUTE);
	claim(&h, &d, 7, CS_HOLD, CS_WHY_COOLING, NULL);
	house_load(&h, RIGHTS DEPLOY BOTH "  use_after = 1m use_within = 20m lifetime = 30m }\n");
	set_people(&h, "alice, erin", "carol, erin", "dave", ""); /* bob is no owner any more */
	claim(&h, &d, 7, CS_DENY, CS_WHY_POLICY_CHANGED, NULL);
	cs_clear(&cs_decision_shape, &d);
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", "");
	approved(&h, &s, &d);
	set_people(&h, "alice, erin", "carol, erin", "dave", "");
	claim(&h, &d, 7, CS_DENY, CS_WHY_APPROVER_LOST, NULL); /* told at once, not after the waiting time */
	assert_int_equal(house_state(&h, d.number), CS_CANCELLED);
	cs_clear(&cs_decision_shape, &d);
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", "");
	approved(&h, &s, &d);
	house_pass(20 * MINUTE);
	claim(&h, &d, 7, CS_DENY, CS_WHY_EXPIRED, NULL);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* --- Windows and addresses ---------------------------------------------------------------------------------------- */

static void test_conditions_window_closes_before_the_claim(void **state)
{
	WITH_HOUSE(h, RIGHTS DEPLOY BOTH "  time = \"08:00-14:20\" use_within = 24h }\n");
	struct house_sudo s;
	struct cs_decision d = { 0 }, reply = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", "");
	approved(&h, &s, &d);
	house_pass(6 * MINUTE + 40000); /* 14:20 */
	claim(&h, &d, 7, CS_DENY, CS_WHY_CONDITION, &reply);
	assert_non_null(strstr(reply.text, "08:00-14:20"));
	assert_int_equal(house_state(&h, d.number), CS_APPROVED); /* as it is */
	assert_int_equal(house_events(&h, CS_EVENT_DENIED, CS_WHY_CONDITION), 1);
	cs_clear(&cs_decision_shape, &reply);
	hang_up(&h, 7);
	ask(&h, &s, 8, CS_DENY, CS_WHY_CONDITION, NULL);
	house_pass(17 * HOUR + 40 * MINUTE); /* 08:00 on the next day */
	ask(&h, &s, 8, CS_PERMIT, CS_WHY_APPROVED, NULL);
	assert_int_equal(house_state(&h, d.number), CS_USED);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* Votes may come after the window: when it is used is what counts. */
static void test_conditions_window_closes_before_the_votes(void **state)
{
	WITH_HOUSE(h, RIGHTS DEPLOY BOTH "  time = \"08:00-14:20\" use_within = 24h }\n");
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", "");
	house_sudo_by(&s, ALICE, "alice");
	ask(&h, &s, 7, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &d);
	house_pass(10 * MINUTE);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_DENY, CS_WHY_CONDITION, NULL);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

static void test_conditions_freeze_begins_before_the_claim(void **state)
{
	WITH_HOUSE(h, RIGHTS DEPLOY BOTH "}\n" FREEZE("time = \"2026-09-21T14:20Z/2026-09-22T08:00Z\""));
	struct house_sudo s;
	struct cs_decision d = { 0 }, reply = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", "");
	approved(&h, &s, &d);
	house_pass(6 * MINUTE + 40000);
	claim(&h, &d, 7, CS_DENY, CS_WHY_DENY_GATE, &reply);
	assert_non_null(strstr(reply.text, "no releases now"));
	assert_int_equal(house_state(&h, d.number), CS_CANCELLED);
	cs_clear(&cs_decision_shape, &reply);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* By day others are asked than by night: what one gate's people approved is nothing to the other. */
static void test_conditions_another_gate_counts_by_now(void **state)
{
	static const char two[] = RIGHTS
		"gate day { service = sudo command = \"/usr/local/sbin/deploy-release\" permission = release.deploy\n"
		"  scope = \"project/tomcat\" time = \"08:00-14:20\" use_within = 24h\n" BOTH "}\n"
		"gate night { service = sudo command = \"/usr/local/sbin/deploy-release\" permission = release.deploy\n"
		"  scope = \"project/tomcat\"  approval infra { count = 1 role = infra scope = \"*\" } }\n";
	WITH_HOUSE(h, two);
	struct house_sudo s;
	struct cs_decision d = { 0 }, night = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", "");
	approved(&h, &s, &d);
	house_pass(10 * MINUTE);
	claim(&h, &d, 7, CS_DENY, CS_WHY_CONDITION, NULL);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	ask(&h, &s, 8, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &night);
	assert_string_equal(night.gate, "night");
	assert_int_not_equal(night.number, d.number);
	assert_int_equal(night.n_votes, 0);
	hang_up(&h, 8);
	house_pass(17 * HOUR + 40 * MINUTE);
	ask(&h, &s, 9, CS_PERMIT, CS_WHY_APPROVED, NULL);
	assert_int_equal(house_state(&h, d.number), CS_USED);
	cs_clear(&cs_decision_shape, &d);
	cs_clear(&cs_decision_shape, &night);
	house_close(&h);
}

/* --- Netgroups ---------------------------------------------------------------------------------------------------- */

#define NETGROUP(hosts) "netgroup release { dn = \"cn=release,ou=netgroup\" hosts = { " hosts " } }\n"

static void test_conditions_netgroup_of_this_host(void **state)
{
	WITH_HOUSE(h, RIGHTS DEPLOY BOTH "  netgroup = \"cn=release,ou=netgroup\" }\n");
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", NETGROUP("rel1, rel2"));
	approved(&h, &s, &d);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED, NULL);
	cs_clear(&cs_decision_shape, &d);
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", NETGROUP("rel2"));
	ask(&h, &s, 8, CS_PERMIT, CS_WHY_UNGUARDED, NULL); /* no gate is meant on this host */
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", NETGROUP("rel1"));
	approved(&h, &s, &d);
	house_write(h.people, "this is no directory\n");
	ask(&h, &s, 8, CS_DENY, CS_WHY_DOUBT, NULL); /* A079: never skipped because the directory is away */
	claim(&h, &d, 7, CS_DENY, CS_WHY_DOUBT, NULL);
	assert_int_equal(house_state(&h, d.number), CS_APPROVED);
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", NETGROUP("rel1"));
	ask(&h, &s, 9, CS_PERMIT, CS_WHY_APPROVED, NULL);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* A request that was made under a deny gate that exempts goes on when the gate is gone. */
static void test_conditions_deny_gate_goes_before_the_votes(void **state)
{
	WITH_HOUSE(h, RIGHTS DEPLOY BOTH "}\n" FREEZE(""));
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "alice", "");
	house_sudo_by(&s, ALICE, "alice");
	ask(&h, &s, 7, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &d);
	house_load(&h, RIGHTS DEPLOY BOTH "}\n");
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	claim(&h, &d, 7, CS_PERMIT, CS_WHY_APPROVED, NULL);
	cs_clear(&cs_decision_shape, &d);
	house_close(&h);
}

/* --- Applications ------------------------------------------------------------------------------------------------- */

static void test_conditions_application_runs_no_file(void **state)
{
	static char service[] = "forge", command[] = "project.delete", empty[] = "", sudo[] = "sudo";
	WITH_HOUSE(h, RIGHTS "gate delete { service = forge command = \"project.delete %{project} *\"\n"
		"  permission = release.deploy scope = \"project/%{project}\"\n" BOTH "}\n");
	struct house_sudo s;
	struct cs_decision d = { 0 };

	(void)state;
	set_people(&h, "alice, bob, erin", "carol, erin", "dave", "");
	house_sudo_by(&s, ALICE, "alice");
	s.submit.action.service = service;
	s.submit.action.command = command;
	s.submit.action.resolved = s.submit.action.cwd = empty;
	s.argv[0] = command;
	s.submit.has_file = false;
	s.submit.action.exposed = true; /* means nothing where no file runs */
	ask(&h, &s, 7, CS_HOLD, CS_WHY_NEEDS_APPROVAL, &d);
	assert_int_equal(house_vote(&h, BOB, d.number, CS_VOTE_APPROVE), CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_vote(&h, CAROL, d.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	hang_up(&h, 7);
	ask(&h, &s, 8, CS_PERMIT, CS_WHY_APPROVED, NULL);
	house_pass(3000);
	tick(&h);
	assert_int_equal(house_events(&h, CS_EVENT_UNCONFIRMED, CS_WHY_UNCONFIRMED), 0); /* no session follows */
	s.submit.action.service = sudo; /* sudo runs files */
	cs_clear(&cs_decision_shape, &d);
	assert_int_equal(house_submit(&h, &s, 9, &d), CS_EINVAL);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions_exempt_use_is_recorded),
		cmocka_unit_test(test_conditions_deny_gate_exempts),
		cmocka_unit_test(test_conditions_exemption_lost_before_the_claim),
		cmocka_unit_test(test_conditions_votes_on_what_is_denied_by_now),
		cmocka_unit_test(test_conditions_dynamic_exclusion_parts_shared_rules),
		cmocka_unit_test(test_conditions_static_exclusion_names_the_roles),
		cmocka_unit_test(test_conditions_cooling_is_waited_for_on_line),
		cmocka_unit_test(test_conditions_cooling_ends_a_wait_by_itself),
		cmocka_unit_test(test_conditions_cooling_is_found_by_the_identical_call),
		cmocka_unit_test(test_conditions_cooling_by_the_policy_in_force),
		cmocka_unit_test(test_conditions_window_closes_before_the_claim),
		cmocka_unit_test(test_conditions_window_closes_before_the_votes),
		cmocka_unit_test(test_conditions_freeze_begins_before_the_claim),
		cmocka_unit_test(test_conditions_another_gate_counts_by_now),
		cmocka_unit_test(test_conditions_netgroup_of_this_host),
		cmocka_unit_test(test_conditions_deny_gate_goes_before_the_votes),
		cmocka_unit_test(test_conditions_application_runs_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
