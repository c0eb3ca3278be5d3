/* SPDX-License-Identifier: Apache-2.0 */
/* countersign evidence archive against a daemon that goes away at the worst moment: once the events are out of the store
 * the file is all that there is of them. Kills: removing it because no answer came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "command_server.h"
#include "evidence.h"
#include <glob.h>

enum { EVENTS = 4 };

/* What the daemon does with the call: refuses it, or loses its answer before or after the commit, and may be gone then. */
enum ends { REFUSED, LOST_BEFORE, LOST_AFTER, GONE };

static enum ends how_it_ends;
static bool archived;
static struct cs_record records[EVENTS];

static void make_records(void)
{
	uint8_t chain[CS_DIGEST_LEN] = { 0 };

	for (size_t i = 0; i < EVENTS; i++) {
		struct cs_event event = { .kind = CS_EVENT_START };

		assert_int_equal(cs_evidence_seal(i, chain, &event, &records[i]), 0);
		memcpy(chain, records[i].chain, CS_DIGEST_LEN);
	}
}

static int give_records(const struct cs_evidence_call *call, struct cs_evidence_answer *reply)
{
	size_t first = archived ? EVENTS - 1 : 0;

	reply->first = first + 1;
	reply->last = EVENTS;
	if (first > 0)
		memcpy(reply->before, records[first - 1].chain, CS_DIGEST_LEN);
	reply->records = calloc(EVENTS, sizeof(*reply->records));
	assert_non_null(reply->records);
	for (size_t i = first; i < EVENTS && reply->n_records < call->count; i++)
		if (records[i].number >= call->from)
			assert_int_equal(cs_copy(&cs_record_shape, &records[i], &reply->records[reply->n_records++]), 0);
	return 0;
}

static int answer_archive(enum cs_call_type type, const void *call, void *reply, char **text)
{
	(void)text;
	if (type == CS_CALL_EVIDENCE) {
		hang_up = how_it_ends == GONE && archived;
		return hang_up ? CS_EIO : give_records(call, reply);
	}
	assert_int_equal(type, CS_CALL_ARCHIVE);
	archived = how_it_ends == LOST_AFTER || how_it_ends == GONE;
	hang_up = how_it_ends != REFUSED;
	return CS_EBUSY;
}

/* How many files there are in the folder afterwards; they are removed. */
static size_t files_left(void)
{
	char pattern[80];
	glob_t found = { 0 };
	size_t n = 0;

	(void)snprintf(pattern, sizeof(pattern), "%s/evidence-*", folder);
	if (glob(pattern, 0, NULL, &found) == 0)
		n = found.gl_pathc;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(unlink(found.gl_pathv[i]), 0);
	globfree(&found);
	return n;
}

static size_t archive_with(enum ends ends)
{
	how_it_ends = ends;
	archived = false;
	RUN(answer_archive, "evidence", "archive", "--before", "4", "--to", folder);
	assert_int_not_equal(ran.status, 0);
	assert_int_equal(calls[CS_CALL_ARCHIVE], 1);
	return files_left();
}

static void test_a131_the_only_copy_is_kept(void **state)
{
	(void)state;
	make_records();
	assert_int_equal(archive_with(REFUSED), 0);
	assert_int_equal(archive_with(LOST_BEFORE), 0);
	assert_int_equal(archive_with(LOST_AFTER), 1);
	assert_has(ran.err, "left the store all the same; the file was kept");
	assert_int_equal(archive_with(GONE), 1);
	assert_has(ran.err, "not known whether these events left the store");
	for (size_t i = 0; i < EVENTS; i++)
		cs_clear(&cs_record_shape, &records[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a131_the_only_copy_is_kept, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
