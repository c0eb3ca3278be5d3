/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider may say, and what comes of it, without a provider: entries that come, change and go; lies; and when
 * what is held may be called current. */
#include "mem.h"
#include "replica_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PEOPLE "ou=people,dc=org"
#define GROUPS "ou=groups,dc=org"
#define CSN(N) "rid=000,csn=2026112202150" N ".000000Z#000000#000#000000"

static struct cs_settings settings;
static struct cs_replica *replica;

static int start(void **state)
{
	(void)state;
	assert_int_equal(cs_schema_preset("rfc2307bis", &settings.schema), 0);
	assert_int_equal(cs_set(&settings.people_base, PEOPLE), 0);
	assert_int_equal(cs_set(&settings.groups_base, GROUPS), 0);
	assert_int_equal(cs_set(&settings.locked_filter, "(x=*)"), 0);
	assert_int_equal(cs_replica_new(&settings, NULL, NULL, &replica), 0);
	assert_int_equal(cs_tree_new(&replica->tree), 0);
	cs_tree_count_children(replica->tree);
	assert_int_equal(cs_strv_add(&replica->attributes, &replica->n_attributes, "member"), 0);
	replica->phase = PHASE_FOLLOW;
	replica->n_contexts = 1;
	for (unsigned i = FLOW_TRACK; i < FLOWS; i++)
		replica->flows[i] = (struct flow){ .used = i != FLOW_TRACK + 1, .refreshed = true };
	return 0;
}

static int end(void **state)
{
	(void)state;
	cs_replica_free(&replica);
	cs_settings_clear(&settings);
	return 0;
}

static int tell(unsigned flow, enum cs_sync_change change, uint8_t id, const char *dn, const struct cs_sync_value *values,
	size_t n)
{
	const struct cs_sync_entry entry = { change, { [15] = id }, dn, values, n };
	return replica_take(replica, flow, &entry);
}

#define VALUE(NAME, TEXT) { NAME, { TEXT, sizeof(TEXT) - 1 } }

static int tell_person(uint8_t id, const char *dn)
{
	const struct cs_sync_value values[] = { VALUE("uid", "alice"), VALUE("uidNumber", "2001"),
		VALUE("entryUUID", "00000000-0000-4000-8000-000000000001"), VALUE("hasSubordinates", "FALSE") };
	return tell(FLOW_PEOPLE, CS_SYNC_PUT, id, dn, values, CS_COUNT(values));
}

static int tell_group(uint8_t id, const char *dn, const char *who)
{
	const struct cs_sync_value values[] = { { "member", { who, strlen(who) } }, { "member", { who, strlen(who) } } };
	return tell(FLOW_GROUPS, CS_SYNC_PUT, id, dn, values, CS_COUNT(values));
}

static int tell_secret(uint8_t id, const char *dn)
{
	const struct cs_sync_value values[] = { VALUE("hasSubordinates", "FALSE"), VALUE("userPassword", "secret") };
	return tell(FLOW_GROUPS, CS_SYNC_PUT, id, dn, values, CS_COUNT(values));
}

static size_t memberships(enum cs_known *ret_known, bool *ret_locked)
{
	char name[] = "alice", dn[] = GROUPS, listed[] = "member";
	struct cs_subject subject = { CS_NO_UID, CS_NO_UID, name };
	struct cs_group_query query = { .where = CS_GROUPS_BELOW, .dn = dn, .listed = listed };
	const struct cs_question question = { .subjects = &subject, .n_subjects = 1, .queries = &query, .n_queries = 1 };
	struct cs_facts facts = { 0 };
	struct cs_answer answer = { .facts = &facts, .n_facts = 1 };
	assert_int_equal(cs_tree_answer(replica->tree, &settings, &question, &answer), 0);
	size_t n = facts.n_memberships;
	*ret_known = facts.known;
	*ret_locked = facts.person.locked;
	cs_clear(&cs_facts_shape, &facts);
	return n;
}

static void test_entries_come_change_and_go(void **state)
{
	enum cs_known known = CS_KNOWN_DOUBT;
	bool locked = false;
	(void)state;
	for (int finished = 0; finished < 2; finished++) {
		assert_int_equal(tell_person(1, "uid=alice," PEOPLE), 0);
		assert_int_equal(tell_group(2, "cn=a," GROUPS, "UID=Alice, " PEOPLE), 0);
		assert_int_equal(tell_group(3, "cn=b," GROUPS, "uid=alice," PEOPLE), 0);
		assert_int_equal(memberships(&known, &locked), 2);
		assert_int_equal(known, CS_KNOWN_YES);
		assert_int_equal(tell_group(2, "cn=a," GROUPS, "uid=bob," PEOPLE), 0);
		assert_int_equal(memberships(&known, &locked), 1);
		assert_int_equal(tell(FLOW_GROUPS, CS_SYNC_GONE, 3, "cn=b," GROUPS, NULL, 0), 0);
		assert_int_equal(memberships(&known, &locked), 0);
		assert_int_equal(tell_group(2, "cn=a," GROUPS, "uid=alice," PEOPLE), 0);
		assert_int_equal(tell_person(1, "uid=alicia," PEOPLE), 0); /* who is listed is somebody else now */
		assert_int_equal(memberships(&known, &locked), 0);
		assert_int_equal(tell(FLOW_PEOPLE, CS_SYNC_GONE, 1, "", NULL, 0), 0);
		assert_int_equal(memberships(&known, &locked), 0);
		assert_int_equal(known, CS_KNOWN_NO);
		assert_int_equal(cs_tree_finish(replica->tree), 0);
	}
}

static void test_nobody_asked_for_a_password(void **state)
{
	(void)state;
	assert_int_equal(tell_secret(2, "cn=a," GROUPS), CS_ENOENT);
	assert_int_equal(cs_tree_find_attribute(replica->tree, "userPassword"), CS_TREE_NONE);
	for (size_t i = 0; i < replica->tree->n_pool; i += strlen(replica->tree->pool + i) + 1)
		assert_string_not_equal(replica->tree->pool + i, "secret");
}

static void test_a084_lies_begin_anew(void **state)
{
	const struct cs_sync_value children[] = { VALUE("hasSubordinates", "TRUE") };
	(void)state;
	assert_int_equal(tell_person(1, "uid=alice," PEOPLE), 0);
	assert_int_equal(tell_person(2, "uid=alice," PEOPLE), CS_EDOUBT);        /* one DN, two entries */
	assert_int_equal(tell_person(3, "uid=alice,ou=elsewhere"), CS_EDOUBT);   /* outside */
	assert_int_equal(tell_person(4, "no name at all"), CS_EDOUBT);
	assert_int_equal(tell_person(5, ""), CS_EDOUBT);
	assert_int_equal(tell(FLOW_ROOT, CS_SYNC_PUT, 6, "", NULL, 0), CS_EPROTO);
	assert_int_equal(tell(FLOW_OTHERS, CS_SYNC_PUT, 7, "ou=staff," PEOPLE, children, 1), CS_EDOUBT);
	assert_int_equal(tell(FLOW_PEOPLE, CS_SYNC_GONE, 99, "uid=nobody," PEOPLE, NULL, 0), 0);
	replica->phase = PHASE_REFRESH;
	replica->flows[FLOW_PEOPLE].refreshed = false;
	assert_int_equal(tell_person(1, "uid=alicia," PEOPLE), CS_EDOUBT);       /* one UUID twice in one refresh */
}

/* The server tells only of the root of what moves. */
static void test_subtrees(void **state)
{
	(void)state;
	assert_int_equal(tell(FLOW_OTHERS, CS_SYNC_PUT, 1, "ou=staff," PEOPLE, NULL, 0), 0);
	assert_int_equal(tell_person(2, "uid=alice,ou=staff," PEOPLE), 0);
	assert_int_equal(tell(FLOW_OTHERS, CS_SYNC_PUT, 1, "OU=Staff," PEOPLE, NULL, 0), 0);
	assert_int_equal(tell(FLOW_OTHERS, CS_SYNC_PUT, 1, "ou=former," PEOPLE, NULL, 0), CS_EDOUBT);
	assert_int_equal(tell(FLOW_OTHERS, CS_SYNC_GONE, 1, "ou=former,dc=org", NULL, 0), CS_EDOUBT);
	assert_int_equal(tell(FLOW_PEOPLE, CS_SYNC_GONE, 2, "uid=alice,ou=staff," PEOPLE, NULL, 0), 0);
	assert_int_equal(tell(FLOW_OTHERS, CS_SYNC_GONE, 1, "ou=staff," PEOPLE, NULL, 0), 0);
}

/* Whoever is deleted is let go by locked_filter as well: he must not be open in between. */
static void test_a080_locked_until_everything_has_come(void **state)
{
	enum cs_known known = CS_KNOWN_DOUBT;
	bool locked = false;
	(void)state;
	assert_int_equal(tell(FLOW_LOCKED, CS_SYNC_PUT, 1, "uid=alice," PEOPLE, NULL, 0), 0);
	assert_int_equal(tell_person(1, "uid=alice," PEOPLE), 0);
	(void)memberships(&known, &locked);
	assert_true(locked);
	assert_int_equal(tell(FLOW_LOCKED, CS_SYNC_GONE, 1, "uid=alice," PEOPLE, NULL, 0), 0);
	(void)memberships(&known, &locked);
	assert_true(locked);
	uint64_t before = replica->changes;
	replica_settle(replica, replica->held.n_released);
	assert_true(replica->changes > before);
	(void)memberships(&known, &locked);
	assert_false(locked);
	assert_int_equal(tell(FLOW_LOCKED, CS_SYNC_PUT, 1, "uid=alice," PEOPLE, NULL, 0), 0);
	assert_int_equal(tell(FLOW_LOCKED, CS_SYNC_GONE, 1, "uid=alice," PEOPLE, NULL, 0), 0);
	assert_int_equal(tell(FLOW_LOCKED, CS_SYNC_PUT, 1, "uid=alice," PEOPLE, NULL, 0), 0);
	replica_settle(replica, replica->held.n_released);
	(void)memberships(&known, &locked);
	assert_true(locked); /* let go, and locked again */
}

static void cookie(unsigned flow, const char *text)
{
	assert_int_equal(replica_cookie(replica, flow, text, strlen(text)), 0);
}

static void track(enum cs_sync_change change, const char *dn, const char *text)
{
	const struct cs_sync_entry entry = { .change = change, .dn = dn };
	assert_int_equal(replica_track(replica, 0, &entry), 0);
	cookie(FLOW_TRACK, text);
}

static bool covers(const char *text)
{
	struct cs_csns told[REPLICA_CONTEXTS] = { 0 };
	assert_int_equal(cs_csns_add_cookie(&told[0], text, strlen(text)), 0);
	return replica_covers(replica, told);
}

static void all_at(const char *text)
{
	for (unsigned i = FLOW_TRACK; i < FLOWS; i++)
		if (replica->flows[i].used)
			cookie(i, text);
}

static void test_a079_current_only_with_every_change(void **state)
{
	(void)state;
	all_at(CSN("1"));
	assert_true(covers(CSN("1")));
	assert_false(covers(CSN("2"))); /* the server has more */
	track(CS_SYNC_PUT, "cn=x," GROUPS, CSN("2"));
	assert_false(covers(CSN("2"))); /* told to the track first */
	all_at(CSN("2"));
	assert_true(covers(CSN("2")));
	replica->flows[FLOW_GROUPS].refreshed = false;
	assert_false(covers(CSN("2")));
}

static void track_gone(uint8_t id, const char *text)
{
	const struct cs_sync_entry entry = { .change = CS_SYNC_GONE, .uuid = { [15] = id }, .dn = "" };
	assert_int_equal(replica_track(replica, 0, &entry), 0);
	cookie(FLOW_TRACK, text);
}

static void test_a079_deletes_that_nobody_was_told_of(void **state)
{
	(void)state;
	all_at(CSN("1"));
	assert_int_equal(tell_person(1, "uid=alice," PEOPLE), 0);
	assert_int_equal(tell_group(2, "cn=a," GROUPS, "uid=alice," PEOPLE), 0);
	track_gone(9, CSN("2"));
	assert_true(covers(CSN("2"))); /* nobody had it */
	track_gone(2, CSN("3"));
	assert_false(covers(CSN("3")));
	assert_int_equal(tell(FLOW_GROUPS, CS_SYNC_GONE, 2, "cn=a," GROUPS, NULL, 0), 0);
	assert_true(covers(CSN("3")));
	track(CS_SYNC_PUT, "cn=y," GROUPS, CSN("4"));
	track_gone(3, CSN("5"));
	assert_false(covers(CSN("5"))); /* what came before the delete is still to come, and may be what was deleted */
	assert_int_equal(tell_group(3, "cn=y," GROUPS, "uid=alice," PEOPLE), 0);
	all_at(CSN("4"));
	assert_false(covers(CSN("5")));
	assert_int_equal(tell(FLOW_GROUPS, CS_SYNC_GONE, 3, "cn=y," GROUPS, NULL, 0), 0);
	assert_true(covers(CSN("5")));
}

/* That a later delete was heard of by one flow tells nothing of an earlier one that another has to hear of. */
static void test_a079_two_deletes(void **state)
{
	(void)state;
	all_at(CSN("1"));
	assert_int_equal(tell_person(1, "uid=alice," PEOPLE), 0);
	assert_int_equal(tell(FLOW_OTHERS, CS_SYNC_PUT, 2, "ou=x," PEOPLE, NULL, 0), 0);
	track_gone(1, CSN("2"));
	track_gone(2, CSN("3"));
	assert_int_equal(tell(FLOW_OTHERS, CS_SYNC_GONE, 2, "ou=x," PEOPLE, NULL, 0), 0);
	cookie(FLOW_OTHERS, CSN("3"));
	assert_false(covers(CSN("3"))); /* alice is still here */
	assert_int_equal(tell(FLOW_PEOPLE, CS_SYNC_GONE, 1, "uid=alice," PEOPLE, NULL, 0), 0);
	assert_true(covers(CSN("3")));
	assert_int_equal(replica->contexts[0].n_deleted, 0); /* and it is forgotten */
}

/* He is let go by a beat that was asked for after it, not by an older one. */
static void test_a080_an_older_beat_lets_nobody_go(void **state)
{
	enum cs_known known = CS_KNOWN_DOUBT;
	bool locked = false;
	(void)state;
	assert_int_equal(tell(FLOW_LOCKED, CS_SYNC_PUT, 1, "uid=alice," PEOPLE, NULL, 0), 0);
	assert_int_equal(tell(FLOW_LOCKED, CS_SYNC_PUT, 2, "uid=bob," PEOPLE, NULL, 0), 0);
	assert_int_equal(tell_person(1, "uid=alice," PEOPLE), 0);
	assert_int_equal(tell(FLOW_LOCKED, CS_SYNC_GONE, 2, "uid=bob," PEOPLE, NULL, 0), 0);
	size_t then = replica->held.n_released;
	assert_int_equal(tell(FLOW_LOCKED, CS_SYNC_GONE, 1, "uid=alice," PEOPLE, NULL, 0), 0);
	replica_settle(replica, then);
	(void)memberships(&known, &locked);
	assert_true(locked);
	replica_settle(replica, replica->held.n_released);
	(void)memberships(&known, &locked);
	assert_false(locked);
}

static void test_a079_a_server_that_tells_less(void **state)
{
	(void)state;
	assert_true(replica_went_back(replica)); /* it tells nothing */
	assert_int_equal(cs_csns_add_cookie(&replica->contexts[0].now, CSN("2"), sizeof(CSN("2")) - 1), 0);
	assert_false(replica_went_back(replica));
	replica->claim[0] = replica->contexts[0].now;
	assert_false(replica_went_back(replica));
	replica->contexts[0].now = (struct cs_csns){ 0 };
	assert_int_equal(cs_csns_add_cookie(&replica->contexts[0].now, CSN("1"), sizeof(CSN("1")) - 1), 0);
	assert_true(replica_went_back(replica));
}

/* A server finds values whatever their case and blanks; two who are found by one are nobody (A072). */
static void test_a072_blanks_in_a_login(void **state)
{
	const struct cs_sync_value values[] = { VALUE("uid", " Alice "), VALUE("uidNumber", "2002"),
		VALUE("entryUUID", "00000000-0000-4000-8000-000000000002") };
	enum cs_known known = CS_KNOWN_DOUBT;
	bool locked = false;
	(void)state;
	assert_int_equal(tell_person(1, "uid=alice," PEOPLE), 0);
	(void)memberships(&known, &locked);
	assert_int_equal(known, CS_KNOWN_YES);
	assert_int_equal(tell(FLOW_PEOPLE, CS_SYNC_PUT, 2, "cn=other," PEOPLE, values, CS_COUNT(values)), 0);
	(void)memberships(&known, &locked);
	assert_int_equal(known, CS_KNOWN_DOUBT);
}

/* Whoever changes a large list again and again fills no more memory than he may. */
static void test_a084_large_lists_change_often(void **state)
{
	enum { MANY = 20000, TIMES = 400 };
	static char names[MANY][48];
	static struct cs_sync_value values[MANY];
	int r = 0;
	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		int n = snprintf(names[i], sizeof(names[i]), "uid=u%zu," PEOPLE, i);
		values[i] = (struct cs_sync_value){ "member", { names[i], (size_t)n } };
	}
	for (size_t i = 0; i < TIMES && r == 0; i++) {
		r = tell(FLOW_GROUPS, CS_SYNC_PUT, 1, "cn=large," GROUPS, values, MANY);
		assert_true(cs_tree_bytes(replica->tree) < (size_t)128 * 1024 * 1024);
	}
	assert_int_equal(r, CS_EDOUBT); /* begins anew */
}

#define TEST(F) cmocka_unit_test_setup_teardown(F, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_entries_come_change_and_go),
		TEST(test_nobody_asked_for_a_password),
		TEST(test_a084_lies_begin_anew),
		TEST(test_subtrees),
		TEST(test_a080_locked_until_everything_has_come),
		TEST(test_a079_current_only_with_every_change),
		TEST(test_a079_deletes_that_nobody_was_told_of),
		TEST(test_a079_two_deletes),
		TEST(test_a080_an_older_beat_lets_nobody_go),
		TEST(test_a079_a_server_that_tells_less),
		TEST(test_a072_blanks_in_a_login),
		TEST(test_a084_large_lists_change_often),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
