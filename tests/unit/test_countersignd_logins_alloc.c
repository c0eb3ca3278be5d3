/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's list of logins while memory is short (A119), between an authority and a helper that do as they are told: no login that
 * began is forgotten, no end is, and each is tried again at the tick alone. */
#include "alloc_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mem.h"
#include "server_internal.h"
#include <stdlib.h>
#include <unistd.h>

/* What the authority and the helper answer, and what they were asked. */
static struct {
	int attend_error; /* to whoever begins to attend */
	int end_error;    /* to who is told to end a login */
	bool ends;        /* what runs is to end */
	unsigned attends, ended, gone;
	bool begins, over; /* what the helper says next */
} world;

static char tty[] = "pts/9";

/* --- What logins.c is linked with here ------------------------------------------------------------------------------ */

void cs_authority_call(struct cs_authority *a, const struct cs_caller *caller, enum cs_call_type type, const void *call, int fd,
	cs_reply_fn done, void *arg)
{
	const struct cs_attend_answer answer = { 0 };

	(void)a;
	(void)fd;
	assert_true(caller->module);
	assert_int_equal(type, CS_CALL_ATTEND);
	assert_int_equal(((const struct cs_attend *)call)->number, 7);
	world.attends++;
	done(arg, world.attend_error, NULL, &answer);
}

int cs_authority_attended(struct cs_authority *a, const struct cs_caller *caller, const struct cs_attend *attend,
	struct cs_attend_answer *ret_answer)
{
	char *text = cs_dup("ended by bob");

	(void)a;
	(void)caller;
	(void)attend;
	if (!text)
		return CS_ENOMEM;
	*ret_answer = (struct cs_attend_answer){ .end = world.ends, .text = text };
	return 0;
}

void cs_authority_gone(struct cs_authority *a, const struct cs_caller *caller)
{
	(void)a;
	(void)caller;
	world.gone++;
}

/* As the helper's end does: what could not be told is told again. */
int cs_ender_hear(struct cs_ender *ender, cs_ender_fn told, void *arg)
{
	const struct cs_login login = { .registration = 3, .attend = { .kind = CS_ATTEND_LOGIN, .number = 7, .tty = tty } };

	(void)ender;
	if (world.begins && told(arg, true, &login) < 0)
		return CS_ENOMEM;
	world.begins = false;
	if (world.over && told(arg, false, &login) < 0)
		return CS_ENOMEM;
	world.over = false;
	return 0;
}

int cs_ender_end(struct cs_ender *ender, uint64_t registration)
{
	(void)ender;
	assert_int_equal(registration, 3);
	world.ended += world.end_error == 0;
	return world.end_error;
}

static int ends[2] = { -1, -1 };

int cs_ender_fd(const struct cs_ender *ender)
{
	(void)ender;
	return ends[0];
}

/* --- Cases ----------------------------------------------------------------------------------------------------------- */

static void open_server(struct server *s)
{
	*s = (struct server){ .base = event_base_new() };
	memset(&world, 0, sizeof(world));
	assert_non_null(s->base);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(logins_open(s, NULL), 0);
}

static void close_server(struct server *s)
{
	logins_close(s);
	event_base_free(s->base);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* The helper says what there is to say, and the turn ends. */
static void hears(struct server *s, bool begins, bool over)
{
	world.begins = begins;
	world.over = over;
	event_active(s->ender_event, EV_READ, 0);
	assert_int_equal(event_base_loop(s->base, EVLOOP_NONBLOCK), 0);
	logins_look(s);
}

static void ticks(struct server *s)
{
	logins_again(s);
	logins_look(s);
}

/* Each allocation of a login that begins fails once, and at the tick it is listed. Kills: begins that answers 0 all the same; a tick
 * that does not hear again. */
static void test_countersignd_a119_a_login_that_begins(void **state)
{
	int over = 0;

	(void)state;
	for (size_t at = 1; !over; at++) {
		struct server s;

		open_server(&s);
		alloc_fault_reset(at);
		hears(&s, true, false);
		over = alloc_fault.calls < at;
		alloc_fault_reset(0);
		assert_int_equal(world.attends, world.begins ? 0 : 1);
		assert_int_equal(s.failed, 0);
		ticks(&s);
		assert_int_equal(world.attends, 1);
		assert_false(world.begins);
		ticks(&s);
		assert_int_equal(world.attends, 1);
		world.ends = true;
		logins_changed(&s, (const uint8_t[CS_ID_LEN]){ 0 });
		logins_look(&s);
		assert_int_equal(world.ended, 1);
		hears(&s, false, true);
		assert_int_equal(world.gone, 1);
		close_server(&s);
	}
}

/* Whatever is wrong for now, once a tick; what is for good, never again. Kills: `again` for CS_ENOMEM alone, or in each turn. */
static void test_countersignd_a_login_that_cannot_be_listed_for_now(void **state)
{
	static const int errors[] = { CS_ENOMEM, CS_EIO, CS_ECORRUPT, CS_EPERM };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(errors); i++) {
		bool for_good = errors[i] == CS_EPERM;
		struct server s;

		open_server(&s);
		world.attend_error = errors[i];
		world.ends = true;
		hears(&s, true, false);
		hears(&s, false, false);
		assert_int_equal(world.attends, 1);
		ticks(&s);
		assert_int_equal(world.attends, for_good ? 1 : 2);
		assert_int_equal(world.ended, 0);
		world.attend_error = CS_EEXIST; /* only the answer was lost */
		ticks(&s);
		ticks(&s);
		assert_int_equal(world.attends, for_good ? 1 : 3);
		assert_int_equal(world.ended, for_good ? 0 : 1);
		close_server(&s);
	}
}

/* An end that could not be told is told at the tick, and once. Kills: unended, which is only logged. */
static void test_countersignd_an_end_that_cannot_be_told(void **state)
{
	static const int errors[] = { CS_ENOMEM, CS_EBUSY, CS_EIO };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(errors); i++) {
		struct server s;

		open_server(&s);
		hears(&s, true, false);
		world.ends = true;
		world.end_error = errors[i];
		logins_changed(&s, (const uint8_t[CS_ID_LEN]){ 0 });
		logins_look(&s);
		ticks(&s);
		assert_int_equal(world.ended, 0);
		world.end_error = 0;
		logins_look(&s);
		assert_int_equal(world.ended, 0); /* not in every turn */
		ticks(&s);
		assert_int_equal(world.ended, 1);
		ticks(&s);
		assert_int_equal(world.ended, 1);
		close_server(&s);
	}
}

/* There was no memory to see that it is to end. Kills: look that is not set again in look(). */
static void test_countersignd_a119_an_end_that_is_not_seen(void **state)
{
	int over = 0;

	(void)state;
	for (size_t at = 1; !over; at++) {
		struct server s;

		open_server(&s);
		hears(&s, true, false);
		world.ends = true;
		logins_changed(&s, (const uint8_t[CS_ID_LEN]){ 0 });
		alloc_fault_reset(at);
		logins_look(&s);
		over = alloc_fault.calls < at;
		alloc_fault_reset(0);
		assert_int_equal(world.ended, over);
		logins_look(&s);
		assert_int_equal(world.ended, 1);
		close_server(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_countersignd_a119_a_login_that_begins),
		cmocka_unit_test(test_countersignd_a_login_that_cannot_be_listed_for_now),
		cmocka_unit_test(test_countersignd_an_end_that_cannot_be_told),
		cmocka_unit_test(test_countersignd_a119_an_end_that_is_not_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
