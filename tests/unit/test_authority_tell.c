/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told what: which rows each event puts into the outbox, what is moot when it is due, and what is tried again. */
#include "house.h"
#include "internal.h"

#define WITH_HOUSE(h) struct house h; house_open(&h); h.authority->options.tell_for_ms = 3600000
#define MINUTE UINT64_C(60000)
#define HOUR (60 * MINUTE)

enum { MOST = 64 };

/* --- A request, and what happens to it ------------------------------------------------------------------------------ */

/* alice asks; nothing is told by that, so that each test says what is. */
static uint64_t ask(struct house *h)
{
	struct house_sudo s;
	struct cs_decision d = { 0 };
	uint64_t number = 0;

	h->authority->options.tells = false;
	house_sudo_by(&s, ALICE, "alice");
	assert_int_equal(house_submit(h, &s, 7, &d), 0);
	assert_int_equal(d.verdict, CS_HOLD);
	number = d.number;
	cs_clear(&cs_decision_shape, &d);
	return number;
}

static void vote(struct house *h, uint64_t number, uint32_t uid, enum cs_vote as)
{
	h->authority->options.tells = false;
	(void)house_vote(h, uid, number, as);
}

/* Something is recorded that changes nothing, and people are told as if it were this event: the record stays one that can be
 * derived again. */
static void happens(struct house *h, uint64_t number, enum cs_event_kind kind, const struct cs_person *actor,
	const char *text, const struct cs_need *needs, size_t n_needs)
{
	struct cs_authority *a = h->authority;
	struct cs_stored stored = { 0 };

	h->no_replay = true; /* events without what they are about */
	assert_int_equal(cs_store_get(a->store, number, &stored), 0);
	a->options.tells = false;
	assert_int_equal(record_begin(a), 0);
	assert_int_equal(record_request(a, &stored, CS_EVENT_PARKED, CS_HOLD, CS_WHY_NEEDS_APPROVAL, actor, text, NULL), 0);
	a->options.tells = true;
	assert_int_equal(tell_people(a, &stored, kind, needs, n_needs), 0);
	cs_authority_turn(a);
	cs_clear(&cs_stored_shape, &stored);
}

static char *bob_carol[] = { (char[]){ "bob" }, (char[]){ "carol" }, (char[]){ "alice" }, (char[]){ "(and others)" } };
static char *erin_dave[] = { (char[]){ "erin" }, (char[]){ "dave" }, (char[]){ "bob" } };

/* Two rules of one: bob and carol can fill the first, erin, dave and bob the second. */
static void needs_of(struct cs_need needs[2], bool second_open, uint64_t opens_in_ms)
{
	memset(needs, 0, 2 * sizeof(*needs));
	needs[0] = (struct cs_need){ .count = 1, .open = true, .who = bob_carol, .n_who = 4 };
	needs[1] = (struct cs_need){ .count = 1, .open = second_open, .opens_in_ms = opens_in_ms, .who = erin_dave,
		.n_who = 3 };
}

static void requested(struct house *h, uint64_t number)
{
	struct cs_need needs[2];

	needs_of(needs, false, 0);
	happens(h, number, CS_EVENT_REQUESTED, NULL, "release day", needs, 2);
}

/* --- The outbox ------------------------------------------------------------------------------------------------------ */

/* Every row by the time it is due: "asked:bob,carol reminder*:bob,carol"; a star is a draft. */
static void rows_are(struct house *h, const char *wanted)
{
	struct cs_notice *notices = NULL;
	uint32_t tries[MOST];
	char text[1024] = "";
	size_t n = 0;

	assert_int_equal(cs_store_notices(h->store, UINT64_MAX, MOST, &notices, tries, &n), 0);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s%s:", i ? " " : "",
			cs_name_of(cs_notice_names, (int)notices[i].kind), *notices[i].text ? "" : "*");
		for (size_t k = 0; k < notices[i].n_recipients; k++)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", k ? "," : "",
				notices[i].recipients[k]);
		cs_clear(&cs_notice_shape, &notices[i]);
	}
	free(notices);
	assert_string_equal(text, wanted);
}

static struct cs_notice first_row(struct house *h)
{
	struct cs_notice *notices = NULL, first = { 0 };
	uint32_t tries = 0;
	size_t n = 0;

	assert_int_equal(cs_store_notices(h->store, UINT64_MAX, 1, &notices, &tries, &n), 0);
	assert_int_equal(n, 1);
	first = notices[0];
	free(notices);
	return first;
}

/* What was handed out since the last look: "asked:bob,carol". */
struct post_box {
	char text[1024];
	uint64_t numbers[MOST];
	size_t n;
	bool full;
};

static int take(void *arg, const struct cs_notice *notice)
{
	struct post_box *box = arg;

	if (box->full)
		return CS_EBUSY;
	(void)snprintf(box->text + strlen(box->text), sizeof(box->text) - strlen(box->text), "%s%s:", box->n ? " " : "",
		cs_name_of(cs_notice_names, (int)notice->kind));
	for (size_t k = 0; k < notice->n_recipients; k++)
		(void)snprintf(box->text + strlen(box->text), sizeof(box->text) - strlen(box->text), "%s%s",
			k ? "," : "", notice->recipients[k]);
	box->numbers[box->n++] = notice->number;
	return 0;
}

/* A look is a turn of its own, and so is leaving out who cannot vote; what they put into the outbox is handed out after that. */
static void deliver(struct house *h, struct post_box *box)
{
	h->authority->options.tells = true;
	*box = (struct post_box){ .full = box->full };
	for (int i = 0; i < 5; i++) {
		cs_authority_tell(h->authority, take, box);
		cs_authority_turn(h->authority);
	}
}

static void all_told(struct house *h, const struct post_box *box)
{
	for (size_t i = 0; i < box->n; i++)
		cs_authority_told(h->authority, box->numbers[i], true, "");
	cs_authority_turn(h->authority);
}

/* From now on requests go ahead after 30 minutes unless somebody objects. */
static void make_lazy(struct house *h)
{
	static const char before[] = "permission = release.deploy scope = \"project/%{project}\"";
	const char *at = strstr(house_policy, before);
	char *text = NULL;

	assert_non_null(at);
	assert_int_equal(cs_format(&text, "%.*s%s objections = 30m lifetime = 2h %s", (int)(at - house_policy), house_policy,
		before, at + strlen(before)), 0);
	(void)memcpy(strstr(text, "lifetime = 30m"), "              ", 14);
	house_load(h, text);
	free(text);
}

/* Would silence count now of those who can fill the first rule, bob and carol; and of the second too, which is erin's and
 * dave's? */
static int reached_of(struct house *h, uint64_t number, size_t n_needs)
{
	struct cs_need needs[2];
	struct cs_stored stored = { 0 };
	int r = cs_store_get(h->store, number, &stored);

	assert_int_equal(r, 0);
	needs_of(needs, true, 0);
	needs[0].n_who = 2;
	needs[1].n_who = 2;
	r = tell_reached(h->authority, &stored, needs, n_needs);
	cs_clear(&cs_stored_shape, &stored);
	return r;
}

static int reached(struct house *h, uint64_t number)
{
	return reached_of(h, number, 1);
}

static unsigned untold_events(struct house *h)
{
	return house_events(h, CS_EVENT_UNTOLD, CS_WHY_NEEDS_APPROVAL);
}

/* --- Asking ---------------------------------------------------------------------------------------------------------- */

/* Kills asking for rules that are not open, or telling the requester to approve himself. */
static void test_tell_n6_who_can_approve_now_is_asked(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = ask(&h);
	struct cs_notice row = { 0 };

	(void)state;
	requested(&h, number);
	rows_are(&h, "asked:bob,carol reminder*:bob,carol handled*:bob,carol");
	row = first_row(&h);
	assert_int_equal(row.request, number);
	assert_int_equal(row.event, h.authority->head);
	assert_string_equal(row.requester, "alice");
	assert_string_equal(row.host, "rel1");
	assert_string_equal(row.gate, "deploy");
	assert_string_equal(row.scope, "project/tomcat");
	assert_string_equal(row.reason, "release day");
	assert_string_equal(row.command, "countersign show 1");
	assert_int_equal(row.state, CS_PENDING);
	assert_true(row.deadline_wall_ms > house_now.wall_ms);
	cs_clear(&cs_notice_shape, &row);
	house_close(&h);
}

/* Where no program is configured the outbox stays empty. */
static void test_tell_nothing_is_kept_where_nothing_is_told(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = ask(&h);
	struct cs_stored stored = { 0 };
	struct cs_need needs[2];

	(void)state;
	needs_of(needs, true, 0);
	assert_int_equal(cs_store_get(h.store, number, &stored), 0);
	assert_int_equal(tell_people(h.authority, &stored, CS_EVENT_REQUESTED, needs, 2), 0);
	rows_are(&h, "");
	assert_int_equal(reached(&h, number), 0);
	assert_int_equal(untold_events(&h), 0);
	cs_clear(&cs_stored_shape, &stored);
	house_close(&h);
}

/* Arguments may be secrets: they are told only where the host says so. */
static void test_tell_a134_arguments_stay_at_home(void **state)
{
	WITH_HOUSE(h);
	struct cs_notice row = { 0 };

	(void)state;
	requested(&h, ask(&h));
	row = first_row(&h);
	assert_string_equal(row.line, "sudo /usr/local/sbin/deploy-release …");
	cs_clear(&cs_notice_shape, &row);
	house_close(&h);
	house_open(&h);
	h.authority->options.tell_arguments = true;
	requested(&h, ask(&h));
	row = first_row(&h);
	assert_string_equal(row.line, "sudo /usr/local/sbin/deploy-release tomcat 10.1");
	cs_clear(&cs_notice_shape, &row);
	house_close(&h);
}

static void test_tell_a_later_stage_is_told_when_it_opens(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = ask(&h);
	struct cs_need needs[2];

	(void)state;
	requested(&h, number);
	vote(&h, number, CAROL, CS_VOTE_APPROVE);
	needs_of(needs, true, 0);
	needs[0].have = 1;
	happens(&h, number, CS_EVENT_VOTED, NULL, NULL, needs, 2);
	/* bob was told already, though for another rule */
	rows_are(&h, "asked:bob,carol escalated:erin,dave reminder*:bob,carol handled*:bob,carol handled*:erin,dave");
	happens(&h, number, CS_EVENT_VOTED, NULL, NULL, needs, 2);
	rows_are(&h, "asked:bob,carol escalated:erin,dave reminder*:bob,carol handled*:bob,carol handled*:erin,dave");
	house_close(&h);
}

/* --- How it ends ----------------------------------------------------------------------------------------------------- */

static struct cs_person person(char *name, uint32_t uid)
{
	return (struct cs_person){ .name = name, .uid = uid };
}

static void ends(enum cs_event_kind kind, uint32_t voter, enum cs_vote as, struct cs_person actor, const char *why,
	const char *rows, const char *text)
{
	WITH_HOUSE(h);
	uint64_t number = ask(&h);
	struct cs_notice row = { 0 };

	requested(&h, number);
	if (voter)
		vote(&h, number, voter, as);
	happens(&h, number, kind, actor.name ? &actor : NULL, why, NULL, 0);
	rows_are(&h, rows);
	row = first_row(&h);
	assert_non_null(strstr(row.text, text));
	assert_int_equal(row.deadline_wall_ms, 0); /* nothing is asked any more */
	cs_clear(&cs_notice_shape, &row);
	house_close(&h);
}

static void test_tell_n7_n10_how_it_ended(void **state)
{
	static char alice[] = "alice", bob[] = "bob", root[] = "root";
	const struct cs_person nobody = { 0 };

	(void)state;
	ends(CS_EVENT_APPROVED, BOB, CS_VOTE_APPROVE, person(bob, BOB), "go", "handled:carol outcome:alice",
		"Approved by bob: go. Nothing is asked of you any more.");
	ends(CS_EVENT_REJECTED, BOB, CS_VOTE_REJECT, person(bob, BOB), "no", "handled:carol outcome:alice", "Rejected by bob: no");
	ends(CS_EVENT_CANCELLED, 0, CS_VOTE_NONE, person(alice, ALICE), NULL, "handled:bob,carol", "Withdrawn by alice");
	ends(CS_EVENT_CANCELLED, 0, CS_VOTE_NONE, person(root, 0), NULL, "handled:bob,carol outcome:alice",
		"Withdrawn by root");
	ends(CS_EVENT_EXPIRED, 0, CS_VOTE_NONE, nobody, "nobody answered in time", "handled:bob,carol outcome:alice",
		"Over: nobody answered in time");
}

static void test_tell_reopened_is_asked_again(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = ask(&h);
	struct cs_need needs[2];
	struct post_box box = { 0 };

	(void)state;
	requested(&h, number);
	deliver(&h, &box);
	all_told(&h, &box);
	happens(&h, number, CS_EVENT_APPROVED, NULL, NULL, NULL, 0);
	deliver(&h, &box);
	all_told(&h, &box);
	rows_are(&h, "");
	needs_of(needs, true, 0);
	happens(&h, number, CS_EVENT_REOPENED, NULL, NULL, needs, 2);
	rows_are(&h, "asked:bob,carol,erin,dave reminder*:bob,carol,erin,dave handled*:bob,carol,erin,dave");
	house_close(&h);
}

/* A sentence that is too long for a notice is cut between two letters, and says so; it never fails the event. */
static void test_tell_a_long_comment_is_cut(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = ask(&h);
	char comment[CS_MAX_TEXT + 1];
	struct cs_notice row = { 0 };

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(comment); i += 2)
		memcpy(comment + i, "\xc3\xa4", 2);
	comment[CS_MAX_TEXT] = '\0';
	requested(&h, number);
	happens(&h, number, CS_EVENT_REJECTED, NULL, comment, NULL, 0);
	row = first_row(&h);
	assert_true(strlen(row.text) <= CS_MAX_TEXT);
	assert_string_equal(row.text + strlen(row.text) - 8, "\xc3\xa4 [cut]");
	cs_clear(&cs_notice_shape, &row);
	house_close(&h);
}

/* --- Left alone ------------------------------------------------------------------------------------------------------ */

static void be_quiet(struct house *h, uint32_t uid, enum cs_quiet_kind kind, uint64_t until, bool quiet)
{
	struct cs_caller caller = house_person(uid);
	struct cs_quiet call = { .kind = kind, .until_wall_ms = until };
	struct cs_quiet_answer answer = { 0 };

	assert_int_equal(house_call(h, &caller, CS_CALL_QUIET, &call, -1, &cs_quiet_answer_shape, &answer), 0);
	assert_int_equal(answer.quiet, quiet);
	assert_true(answer.until_wall_ms == (quiet ? until : 0));
}

static void test_tell_quiet_people_are_left_out(void **state)
{
	WITH_HOUSE(h);
	struct cs_caller stranger = house_person(4242);
	struct cs_quiet call = { .kind = CS_QUIET_ON };

	(void)state;
	be_quiet(&h, BOB, CS_QUIET_SHOW, 0, false);
	be_quiet(&h, BOB, CS_QUIET_ON, house_now.wall_ms + MINUTE, true);
	be_quiet(&h, BOB, CS_QUIET_SHOW, house_now.wall_ms + MINUTE, true);
	assert_int_equal(house_call(&h, &stranger, CS_CALL_QUIET, &call, -1, &cs_quiet_answer_shape, NULL), CS_EPERM);
	call.until_wall_ms = house_now.wall_ms;
	stranger = house_person(BOB);
	assert_int_equal(house_call(&h, &stranger, CS_CALL_QUIET, &call, -1, &cs_quiet_answer_shape, NULL), CS_EINVAL);
	requested(&h, ask(&h));
	rows_are(&h, "asked:carol reminder*:carol handled*:carol");
	house_close(&h);

	house_open(&h);
	be_quiet(&h, BOB, CS_QUIET_ON, house_now.wall_ms + MINUTE, true);
	house_pass(MINUTE);
	be_quiet(&h, BOB, CS_QUIET_SHOW, 0, false);
	be_quiet(&h, BOB, CS_QUIET_ON, 0, true); /* for ever */
	house_pass(1000 * MINUTE);
	be_quiet(&h, BOB, CS_QUIET_SHOW, 0, true);
	be_quiet(&h, BOB, CS_QUIET_OFF, 0, false);
	requested(&h, ask(&h));
	rows_are(&h, "asked:bob,carol reminder*:bob,carol handled*:bob,carol");
	house_close(&h);
}

/* Silence of people who were not told means nothing. */
static void test_tell_where_nobody_can_be_told_it_is_recorded(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = ask(&h);

	(void)state;
	be_quiet(&h, BOB, CS_QUIET_ON, 0, true);
	be_quiet(&h, CAROL, CS_QUIET_ON, 0, true);
	requested(&h, number);
	rows_are(&h, "reminder*:"); /* somebody else may be there by then */
	assert_int_equal(untold_events(&h), 1);
	assert_int_equal(reached(&h, number), 0);
	house_close(&h);
}

static void test_tell_break_glass_is_loud(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = ask(&h);
	struct cs_need needs[2];
	struct cs_notice row = { 0 };

	(void)state;
	be_quiet(&h, BOB, CS_QUIET_ON, 0, true);
	needs_of(needs, false, 0);
	happens(&h, number, CS_EVENT_BREAK_GLASS, NULL, "the release is broken", needs, 2);
	rows_are(&h, "break-glass:bob,carol,erin,dave");
	row = first_row(&h);
	assert_string_equal(row.text, "alice went past the approvals of project/tomcat: the release is broken");
	cs_clear(&cs_notice_shape, &row);
	happens(&h, number, CS_EVENT_DRILL, NULL, "a try", needs, 2);
	rows_are(&h, "break-glass:bob,carol,erin,dave drill:bob,carol,erin,dave");
	house_close(&h);
}

/* --- Too much -------------------------------------------------------------------------------------------------------- */

static void test_tell_a094_who_asks_too_much_is_told_of_later(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = 0;
	struct post_box box = { 0 };

	(void)state;
	make_lazy(&h);
	number = ask(&h);
	for (int i = 0; i < 20; i++) {
		requested(&h, number);
		deliver(&h, &box);
		assert_non_null(strstr(box.text, "asked:bob,carol"));
		all_told(&h, &box);
		happens(&h, number, CS_EVENT_CANCELLED, NULL, NULL, NULL, 0);
		deliver(&h, &box);
		all_told(&h, &box);
	}
	rows_are(&h, "");
	requested(&h, number);
	rows_are(&h, "asked*:");
	assert_int_equal(reached(&h, number), 0);
	requested(&h, number);
	assert_int_equal(untold_events(&h), 1); /* once for a span, however many there are */
	deliver(&h, &box);
	assert_string_equal(box.text, "");
	house_pass(10 * MINUTE);
	deliver(&h, &box);
	assert_non_null(strstr(box.text, "asked:"));
	all_told(&h, &box);
	assert_int_equal(reached(&h, number), 1);
	house_close(&h);
}

/* --- When it is due -------------------------------------------------------------------------------------------------- */

static void test_tell_n8_a_reminder_goes_to_who_still_can(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = ask(&h);
	struct post_box box = { 0 };
	struct cs_stored stored = { 0 };

	(void)state;
	assert_int_equal(cs_store_get(h.store, number, &stored), 0);
	requested(&h, number);
	deliver(&h, &box);
	all_told(&h, &box);
	vote(&h, number, BOB, CS_VOTE_APPROVE);
	house_set_people(&h, "alice, bob, erin", "dave"); /* carol left, dave came */
	house_pass(stored.request.lifetime_ms / 2 - 1);
	deliver(&h, &box);
	assert_string_equal(box.text, "");
	house_pass(1);
	deliver(&h, &box);
	assert_string_equal(box.text, "reminder:dave"); /* bob's rule is filled, and he voted */
	all_told(&h, &box);
	rows_are(&h, "handled*:bob,carol");
	cs_clear(&cs_stored_shape, &stored);
	house_close(&h);
}

static void test_tell_a_reminder_is_moot_when_it_ended(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = ask(&h);
	struct post_box box = { 0 };
	struct cs_stored stored = { 0 };

	(void)state;
	assert_int_equal(cs_store_get(h.store, number, &stored), 0);
	requested(&h, number);
	vote(&h, number, BOB, CS_VOTE_REJECT); /* nobody was told of it: the drafts are still there */
	house_pass(stored.request.lifetime_ms / 2);
	deliver(&h, &box);
	assert_string_equal(box.text, ""); /* what was not handed out before is not asked any more either */
	rows_are(&h, "handled*:bob,carol");
	house_pass(stored.request.lifetime_ms + 25 * 60 * MINUTE);
	deliver(&h, &box);
	rows_are(&h, ""); /* and nothing is kept for ever */
	cs_clear(&cs_stored_shape, &stored);
	house_close(&h);
}

static void test_tell_an_escalation_is_told_when_its_time_comes(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = ask(&h);
	struct cs_need needs[2];
	struct post_box box = { 0 };

	(void)state;
	needs_of(needs, false, 5 * MINUTE);
	happens(&h, number, CS_EVENT_REQUESTED, NULL, NULL, needs, 2);
	rows_are(&h, "asked:bob,carol escalated*:erin,dave,bob reminder*:bob,carol handled*:bob,carol");
	deliver(&h, &box);
	assert_string_equal(box.text, "asked:bob,carol");
	all_told(&h, &box);
	house_pass(5 * MINUTE);
	deliver(&h, &box);
	assert_string_equal(box.text, "escalated:erin"); /* who is listed now, was not told yet, and is not locked */
	all_told(&h, &box);
	house_close(&h);
}

static void told_of_people(struct house *h, const char *people, const char *wanted, int silence_counts)
{
	uint64_t number = 0;
	struct post_box box = { 0 };

	make_lazy(h);
	number = ask(h);
	house_write(h->people, people);
	requested(h, number);
	rows_are(h, "asked:bob,carol reminder*:bob,carol handled*:bob,carol");
	deliver(h, &box);
	assert_string_equal(box.text, wanted);
	all_told(h, &box);
	assert_int_equal(reached(h, number), silence_counts);
	/* who was not asked is not told that it is handled either, nor reminded */
	house_pass(60 * MINUTE);
	deliver(h, &box);
	assert_true(!strstr(box.text, "bob") == !strstr(wanted, "bob"));
	all_told(h, &box);
	happens(h, number, CS_EVENT_EXPIRED, NULL, NULL, NULL, 0);
	deliver(h, &box);
	assert_true(!strstr(box.text, "bob") == !strstr(wanted, "bob"));
}

#define ALICE_ENTRY "person alice { uid = 2001 id = \"id-alice\" dn = \"uid=alice,ou=people\" human = \"1001\" }\n"
#define BOB_ENTRY "person bob { uid = 2003 id = \"id-bob\" dn = \"uid=bob,ou=people\" human = \"%s\" locked = %s }\n"
#define GROUPS \
	"group tomcat { dn = \"cn=tomcat,ou=project\" attribute cn { value = \"tomcat\" }\n" \
	"  listed owner { people = { alice, bob } } }\n" \
	"group infra { dn = \"cn=infra,ou=groups\" listed member { people = { carol } } }\n" \
	"person carol { uid = 2004 id = \"id-carol\" dn = \"uid=carol,ou=people\" human = \"1004\" locked = %s }\n"

/* A list still names people who cannot vote any more: locked, gone, or the requester once more. They are not asked; and where
 * nobody is left, nobody's silence means anything. Without the look before it is told, both would be asked. */
static void test_tell_n6_who_cannot_vote_is_not_asked(void **state)
{
	static const struct { const char *human, *bob, *carol, *wanted; int silence_counts; } cases[] = {
		{ "1003", "false", "false", "asked:bob,carol", 1 },
		{ "1003", "true", "false", "asked:carol", 1 },
		{ "1001", "false", "false", "asked:carol", 1 },
		{ "1003", "true", "true", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		WITH_HOUSE(h);
		char *people = NULL;

		assert_int_equal(cs_format(&people, ALICE_ENTRY BOB_ENTRY GROUPS, cases[i].human, cases[i].bob,
			cases[i].carol), 0);
		told_of_people(&h, people, cases[i].wanted, cases[i].silence_counts);
		assert_int_equal(untold_events(&h), cases[i].silence_counts ? 0 : 1);
		free(people);
		house_close(&h);
	}
}

/* Gone from the directory, while names are what people log in with; and a directory that cannot tell leaves nobody out. */
static void test_tell_n6_who_is_gone_is_not_asked(void **state)
{
	(void)state;
	{
		WITH_HOUSE(h);

		told_of_people(&h, ALICE_ENTRY "person carol { uid = 2004 id = \"id-carol\" dn = \"uid=carol,ou=people\" }\n"
			"group infra { dn = \"cn=infra,ou=groups\" listed member { people = { carol } } }\n", "asked:carol", 1);
		house_close(&h);
	}
	{
		WITH_HOUSE(h);
		uint64_t number = ask(&h);
		struct post_box box = { 0 };

		requested(&h, number);
		house_write(h.people, "no directory at all");
		deliver(&h, &box);
		assert_string_equal(box.text, "asked:bob,carol");
		all_told(&h, &box);
		house_close(&h);
	}
}

/* Who could was not known when it was asked: it is looked up. */
static void test_tell_who_could_is_looked_up_where_nobody_said(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = 0;
	struct post_box box = { 0 };

	(void)state;
	make_lazy(&h);
	number = ask(&h);
	happens(&h, number, CS_EVENT_REQUESTED, NULL, NULL, NULL, 0);
	rows_are(&h, "asked*:");
	assert_int_equal(reached(&h, number), 0);
	deliver(&h, &box);
	assert_non_null(strstr(box.text, "bob"));
	assert_non_null(strstr(box.text, "carol"));
	assert_null(strstr(box.text, "alice"));
	assert_int_equal(reached(&h, number), 0); /* on its way */
	all_told(&h, &box);
	assert_int_equal(reached(&h, number), 1);
	house_close(&h);
}

static void test_tell_what_the_directory_cannot_say_is_asked_again(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = ask(&h);
	struct post_box box = { 0 };

	(void)state;
	happens(&h, number, CS_EVENT_REQUESTED, NULL, NULL, NULL, 0);
	house_write(h.people, "person {"); /* nobody can read that */
	deliver(&h, &box);
	assert_string_equal(box.text, "");
	rows_are(&h, "asked*:");
	house_set_people(&h, "alice, bob", "carol");
	deliver(&h, &box);
	assert_string_equal(box.text, ""); /* not at once */
	house_pass(10000);
	deliver(&h, &box);
	assert_string_equal(box.text, "asked:bob,carol");
	house_close(&h);
}

/* --- Handing out ----------------------------------------------------------------------------------------------------- */

static void test_tell_what_is_on_its_way_is_not_handed_out_twice(void **state)
{
	WITH_HOUSE(h);
	struct post_box box = { .full = true };

	(void)state;
	requested(&h, ask(&h));
	deliver(&h, &box);
	assert_string_equal(box.text, "");
	box.full = false;
	deliver(&h, &box);
	assert_string_equal(box.text, "asked:bob,carol");
	deliver(&h, &box);
	assert_string_equal(box.text, "");
	house_close(&h);
}

/* N9: what was handed out and not told is handed out again by the next daemon. */
static void test_tell_n9_at_least_once(void **state)
{
	WITH_HOUSE(h);
	struct post_box box = { 0 };

	(void)state;
	requested(&h, ask(&h));
	deliver(&h, &box);
	assert_string_equal(box.text, "asked:bob,carol");
	cs_authority_close(&h.authority);
	house_open_authority(&h);
	h.authority->options.tell_for_ms = 3600000;
	deliver(&h, &box);
	assert_string_equal(box.text, "asked:bob,carol");
	all_told(&h, &box);
	deliver(&h, &box);
	assert_string_equal(box.text, "");
	house_close(&h);
}

static void test_tell_what_failed_waits_longer_each_time_and_is_given_up(void **state)
{
	static const uint64_t waits[] = { 10, 20, 40, 80, 160, 320, 600, 600, 600, 600, 600 };
	WITH_HOUSE(h);
	uint64_t number = ask(&h);
	struct post_box box = { 0 };

	(void)state;
	h.authority->options.tell_for_ms = 3000 * 1000;
	/* longer than the request would wait: that it is still asked is another matter */
	happens(&h, number, CS_EVENT_EXPIRED, NULL, NULL, NULL, 0);
	for (size_t i = 0; i < CS_COUNT(waits); i++) {
		deliver(&h, &box);
		if (box.n == 0)
			break;
		assert_string_equal(box.text, "outcome:alice");
		assert_int_equal(untold_events(&h), 0);
		cs_authority_told(h.authority, box.numbers[0], false, "no relay");
		cs_authority_turn(h.authority);
		if (untold_events(&h) == 1)
			break;
		house_pass(waits[i] * 1000 - 1);
		deliver(&h, &box);
		assert_string_equal(box.text, "");
		house_pass(1);
	}
	assert_int_equal(untold_events(&h), 1);
	rows_are(&h, "");
	house_close(&h);
}

/* People who were to be asked and could not be told were not asked. */
static void test_tell_what_was_given_up_reached_nobody(void **state)
{
	WITH_HOUSE(h);
	uint64_t number = 0;
	struct post_box box = { 0 };

	(void)state;
	make_lazy(&h);
	number = ask(&h);
	h.authority->options.tell_for_ms = 0;
	requested(&h, number);
	deliver(&h, &box);
	house_pass(1);
	cs_authority_told(h.authority, box.numbers[0], false, "no relay");
	cs_authority_turn(h.authority);
	assert_int_equal(untold_events(&h), 1);
	assert_int_equal(reached(&h, number), 0);
	house_close(&h);
}

/* Lazy consensus: nobody objects who was not told. Kills letting silence count where nothing was told. */
static void test_tell_silence_counts_of_people_who_were_told(void **state)
{
	WITH_HOUSE(h);
	struct post_box box = { 0 };
	uint64_t number = 0;

	(void)state;
	make_lazy(&h);
	number = ask(&h);
	house_pass(31 * MINUTE);
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	assert_int_equal(house_state(&h, number), CS_PENDING);
	requested(&h, number);
	deliver(&h, &box);
	house_pass(2 * MINUTE);
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	assert_int_equal(house_state(&h, number), CS_PENDING); /* on its way */
	all_told(&h, &box);
	house_pass(2 * MINUTE);
	(void)cs_authority_tick(h.authority);
	cs_authority_turn(h.authority);
	assert_int_equal(house_state(&h, number), CS_APPROVED);
	house_close(&h);
}

/* Of each rule somebody has to know of it: that bob does says nothing of what only erin could object to, who wants to be left
 * alone. Who agreed is not asked any more. Kills counting whoever was told for all rules. */
static void test_tell_silence_of_one_rule_is_not_that_of_another(void **state)
{
	WITH_HOUSE(h);
	struct cs_need needs[2];
	struct post_box box = { 0 };
	uint64_t number = 0;

	(void)state;
	make_lazy(&h);
	number = ask(&h);
	requested(&h, number);
	deliver(&h, &box);
	all_told(&h, &box);
	assert_int_equal(reached_of(&h, number, 1), 1);
	assert_int_equal(reached_of(&h, number, 2), 0);
	needs_of(needs, true, 0);
	happens(&h, number, CS_EVENT_VOTED, NULL, NULL, needs, 2); /* erin and dave are asked too */
	assert_int_equal(reached_of(&h, number, 1), 0); /* not before they were told */
	deliver(&h, &box);
	assert_string_equal(box.text, "escalated:erin,dave");
	assert_int_equal(reached_of(&h, number, 2), 0);
	all_told(&h, &box);
	assert_int_equal(reached_of(&h, number, 2), 1);
	assert_int_equal(house_events(&h, CS_EVENT_TOLD, CS_WHY_NEEDS_APPROVAL), 2);
	house_close(&h);
}

/* One who could not be told is enough: he might have objected. Where he is told later, with the reminder, it counts again.
 * And what is given up takes nothing from what others are still to be told. */
static void test_tell_one_who_was_given_up_is_one_too_many(void **state)
{
	WITH_HOUSE(h);
	struct cs_need needs[2];
	struct post_box box = { 0 };
	uint64_t number = 0;

	(void)state;
	make_lazy(&h);
	number = ask(&h);
	requested(&h, number);
	deliver(&h, &box);
	all_told(&h, &box);
	needs_of(needs, true, 0);
	happens(&h, number, CS_EVENT_VOTED, NULL, NULL, needs, 2);
	deliver(&h, &box);
	h.authority->options.tell_for_ms = 0;
	house_pass(1);
	cs_authority_told(h.authority, box.numbers[0], false, "no relay");
	cs_authority_turn(h.authority);
	assert_int_equal(untold_events(&h), 1);
	assert_int_equal(reached_of(&h, number, 1), 0);
	rows_are(&h, "reminder*:bob,carol handled*:bob,carol");
	h.authority->options.tell_for_ms = HOUR;
	happens(&h, number, CS_EVENT_VOTED, NULL, NULL, needs, 2);
	deliver(&h, &box);
	assert_string_equal(box.text, "escalated:erin,dave");
	all_told(&h, &box);
	assert_int_equal(reached_of(&h, number, 2), 1);
	house_close(&h);
}

/* Who was told is in the record; of requests that do not go ahead by silence nothing is kept. */
static void test_tell_who_was_told_is_recorded_where_silence_counts(void **state)
{
	(void)state;
	for (int lazy = 0; lazy < 2; lazy++) {
		WITH_HOUSE(h);
		struct post_box box = { 0 };
		uint64_t number = 0;

		if (lazy)
			make_lazy(&h);
		number = ask(&h);
		requested(&h, number);
		deliver(&h, &box);
		all_told(&h, &box);
		assert_int_equal(house_events(&h, CS_EVENT_TOLD, CS_WHY_NEEDS_APPROVAL), lazy);
		house_close(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tell_n6_who_can_approve_now_is_asked),
		cmocka_unit_test(test_tell_nothing_is_kept_where_nothing_is_told),
		cmocka_unit_test(test_tell_a134_arguments_stay_at_home),
		cmocka_unit_test(test_tell_a_later_stage_is_told_when_it_opens),
		cmocka_unit_test(test_tell_n7_n10_how_it_ended),
		cmocka_unit_test(test_tell_reopened_is_asked_again),
		cmocka_unit_test(test_tell_a_long_comment_is_cut),
		cmocka_unit_test(test_tell_quiet_people_are_left_out),
		cmocka_unit_test(test_tell_where_nobody_can_be_told_it_is_recorded),
		cmocka_unit_test(test_tell_break_glass_is_loud),
		cmocka_unit_test(test_tell_a094_who_asks_too_much_is_told_of_later),
		cmocka_unit_test(test_tell_n8_a_reminder_goes_to_who_still_can),
		cmocka_unit_test(test_tell_a_reminder_is_moot_when_it_ended),
		cmocka_unit_test(test_tell_an_escalation_is_told_when_its_time_comes),
		cmocka_unit_test(test_tell_n6_who_cannot_vote_is_not_asked),
		cmocka_unit_test(test_tell_n6_who_is_gone_is_not_asked),
		cmocka_unit_test(test_tell_who_could_is_looked_up_where_nobody_said),
		cmocka_unit_test(test_tell_what_the_directory_cannot_say_is_asked_again),
		cmocka_unit_test(test_tell_what_is_on_its_way_is_not_handed_out_twice),
		cmocka_unit_test(test_tell_n9_at_least_once),
		cmocka_unit_test(test_tell_what_failed_waits_longer_each_time_and_is_given_up),
		cmocka_unit_test(test_tell_what_was_given_up_reached_nobody),
		cmocka_unit_test(test_tell_silence_counts_of_people_who_were_told),
		cmocka_unit_test(test_tell_silence_of_one_rule_is_not_that_of_another),
		cmocka_unit_test(test_tell_one_who_was_given_up_is_one_too_many),
		cmocka_unit_test(test_tell_who_was_told_is_recorded_where_silence_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
