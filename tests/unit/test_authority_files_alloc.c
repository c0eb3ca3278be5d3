/* SPDX-License-Identifier: Apache-2.0 */
/* Files that travel with a call while memory is short: what a program asks for its caller, what a module submits, the claim, and what is
 * hashed in slices. Each allocation of each fails once: nothing is held without its files, nothing is released that is not the
 * same, and no descriptor is kept. */
#include "alloc_fault.h"
#include "house.h"
#include "internal.h"
#include <dirent.h>

static const char policy[] =
	"service sudo { unmatched = permit } service run { unmatched = permit }\n"
	"permission release.deploy { label = \"Deploy\" } permission release.approve { label = \"Approve\" }\n"
	"role pmc { permissions = { release.deploy, release.approve } }\n"
	"assignment owners { role = pmc scope = \"project/%{cn}\" below = \"ou=project\" listed = owner }\n"
	"gate own { service = run command = \"/usr/bin/perl **\" permission = release.deploy scope = \"project/tomcat\"\n"
	"  exposed_file = permit approval committee { count = 1 permission = release.approve } }\n"
	"gate jobs { service = sudo command = \"/usr/bin/perl **\" permission = release.deploy scope = \"project/tomcat\"\n"
	"  approval committee { count = 1 permission = release.approve } }\n";

static char run[] = "run", perl[] = "/usr/bin/perl", none[] = "", script_name[] = "job.pl", cwd[] = "/";

/* A house, a script, and what came of the call that was made with it. */
struct scene {
	struct house h;
	char script[96];
	int given, error;
	enum cs_verdict verdict;
	enum cs_reason reason;
	struct cs_claim claim; /* id and secret of what is held */
	uint64_t number;
};

static unsigned descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

static void done(void *arg, int error, const char *text, const void *reply)
{
	const struct cs_decision *decision = reply;
	struct scene *x = arg;

	(void)text;
	x->given++;
	x->error = error;
	if (error < 0)
		return;
	x->verdict = decision->verdict;
	x->reason = decision->reason;
	x->number = decision->number;
	memcpy(x->claim.id, decision->id, CS_ID_LEN);
	memcpy(x->claim.secret, decision->secret, CS_ID_LEN);
}

static void begin(struct scene *x, off_t bytes)
{
	memset(x, 0, sizeof(*x));
	house_open(&x->h);
	house_load(&x->h, policy);
	(void)snprintf(x->script, sizeof(x->script), "%s/script", x->h.dir);
	house_write(x->script, "print 1\n");
	if (bytes > 0)
		assert_int_equal(truncate(x->script, bytes), 0);
}

static void end(struct scene *x)
{
	(void)unlink(x->script);
	house_close(&x->h);
}

/* Makes the call with the program and its script, and all that follows until it is answered; 1 when no allocation of it failed. */
static int make(struct scene *x, size_t fail_at, struct cs_caller caller, enum cs_call_type type, const void *call)
{
	struct cs_fds fds = { .n = 0 };
	unsigned before = descriptors();
	int over = 0;

	assert_int_equal(cs_fds_add(&fds, open(x->h.program, O_RDONLY | O_CLOEXEC)), 0);
	assert_int_equal(cs_fds_add(&fds, open(x->script, O_RDONLY | O_CLOEXEC)), 0);
	x->given = x->error = 0;
	x->verdict = CS_DENY;
	x->reason = CS_WHY_NONE;
	alloc_fault_reset(fail_at);
	cs_authority_call_files(x->h.authority, &caller, type, call, &fds, done, x);
	cs_fds_close(&fds);
	cs_authority_turn(x->h.authority);
	while (cs_authority_measure(x->h.authority) == 1)
		;
	cs_authority_turn(x->h.authority);
	over = alloc_fault.calls < fail_at;
	alloc_fault_reset(0);
	assert_int_equal(x->given, 1);
	assert_int_equal(descriptors(), before);
	assert_true(x->error == 0 || !over);
	return over;
}

/* Held with what was hashed and its event, or neither. */
static void held_with_script(struct scene *x, int over)
{
	static const uint8_t nothing[CS_DIGEST_LEN];
	struct cs_stored stored = { 0 };
	bool held = x->verdict == CS_HOLD;

	assert_int_not_equal(x->verdict, CS_PERMIT);
	assert_true(held || !over);
	assert_true(house_events(&x->h, CS_EVENT_REQUESTED, CS_WHY_NEEDS_APPROVAL) <= 1);
	if (!held)
		return;
	assert_int_equal(x->reason, CS_WHY_NEEDS_APPROVAL);
	assert_int_equal(house_events(&x->h, CS_EVENT_REQUESTED, CS_WHY_NEEDS_APPROVAL), 1);
	assert_int_equal(cs_store_get(x->h.store, x->number, &stored), 0);
	assert_true(stored.request.action.file.present);
	assert_int_equal(stored.request.action.n_operands, 1);
	assert_true(stored.request.action.operands[0].file.present);
	assert_memory_not_equal(stored.request.action.operands[0].file.sha256, nothing, CS_DIGEST_LEN);
	cs_clear(&cs_stored_shape, &stored);
}

static struct cs_caller person(uint64_t connection)
{
	struct cs_caller caller = house_person(ALICE);

	caller.connection = connection;
	caller.gid = ALICE;
	return caller;
}

static int ask_files(struct scene *x, size_t fail_at)
{
	char *argv[] = { perl, script_name };
	struct cs_wanted files[] = { { .arg = 1, .suffix = none } };
	const struct cs_ask ask = { .service = run, .command = perl, .argv = argv, .n_argv = 2, .cwd = cwd, .may_wait = true,
		.has_file = true, .files = files, .n_files = 1, .opened = true };

	return make(x, fail_at, person(5), CS_CALL_ASK, &ask);
}

static int ask_once(size_t fail_at)
{
	struct scene x;
	int over = 0;

	begin(&x, 0);
	over = ask_files(&x, fail_at);
	held_with_script(&x, over);
	end(&x);
	return over;
}

static int submit_files(struct scene *x, size_t fail_at)
{
	struct cs_operand operands[] = { { .arg = 1, .suffix = none, .path = x->script, .file = { .present = true } } };
	struct house_sudo s;

	house_sudo_by(&s, ALICE, "alice");
	s.argv[0] = perl;
	s.argv[1] = x->script;
	s.submit.action.n_argv = 2;
	s.submit.action.command = s.submit.action.resolved = perl;
	s.submit.action.operands = operands;
	s.submit.action.n_operands = 1;
	s.submit.opened = true;
	return make(x, fail_at, house_module(&x->h, 7), CS_CALL_SUBMIT, &s.submit);
}

static int submit_once(size_t fail_at)
{
	struct scene x;
	int over = 0;

	begin(&x, 0);
	over = submit_files(&x, fail_at);
	held_with_script(&x, over);
	end(&x);
	return over;
}

/* So large that it is hashed in slices. */
static int slices_once(size_t fail_at)
{
	struct scene x;
	int over = 0;

	begin(&x, 9 << 20);
	over = submit_files(&x, fail_at);
	held_with_script(&x, over);
	end(&x);
	return over;
}

/* Released once where it is the same, never where it is not; what failed before it was recorded may be claimed again.
 * Kills: a hash that was not made and is taken for the same. */
static int claim_script(size_t fail_at, bool other)
{
	struct scene x;
	int over = 0;
	enum cs_state state = CS_STATE_NONE;

	begin(&x, 0);
	(void)ask_files(&x, SIZE_MAX);
	held_with_script(&x, 1);
	assert_int_equal(house_vote(&x.h, BOB, x.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
	if (other)
		house_write(x.script, "print 2\n");
	x.claim.has_file = true;
	x.claim.files = 1;
	{
		const struct cs_claim claim = x.claim;
		const uint64_t number = x.number;

		over = make(&x, fail_at, person(5), CS_CALL_CLAIM, &claim);
		state = house_state(&x.h, number);
	}
	assert_true(x.verdict != CS_PERMIT || (!other && state == CS_USED));
	assert_true(!over || (other ? x.reason == CS_WHY_TARGET_CHANGED : x.verdict == CS_PERMIT));
	assert_int_equal(house_events(&x.h, CS_EVENT_CLAIMED, CS_WHY_APPROVED), state == CS_USED);
	end(&x);
	return over;
}

static int claim_once(size_t fail_at)
{
	return claim_script(fail_at, false);
}

static int claim_other_once(size_t fail_at)
{
	return claim_script(fail_at, true);
}

#define EVERY(name) \
	static void test_authority_a119_files_##name(void **state) \
	{ \
		(void)state; \
		for (size_t at = 1; name##_once(at) == 0; at++) \
			assert_true(at < 5000); \
	}

EVERY(ask)
EVERY(submit)
EVERY(slices)
EVERY(claim)
EVERY(claim_other)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authority_a119_files_ask),
		cmocka_unit_test(test_authority_a119_files_submit),
		cmocka_unit_test(test_authority_a119_files_slices),
		cmocka_unit_test(test_authority_a119_files_claim),
		cmocka_unit_test(test_authority_a119_files_claim_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
