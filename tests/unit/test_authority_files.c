/* SPDX-License-Identifier: Apache-2.0 */
/* Files that arguments name: wanted, hashed, and the same at the claim. */
#include "house.h"

static const char gates[] =
	"gate jobs { service = sudo command = \"/usr/bin/perl **\" permission = release.deploy scope = \"project/tomcat\"\n"
	"  %s approval infra { count = 1 role = infra scope = \"*\" } }\n"
	"gate publish { service = sudo command = \"/usr/local/sbin/publish *\" permission = release.deploy\n"
	"  scope = \"project/tomcat\" artefact = { \"%%{1}\", \"%%{1}.asc\" }\n"
	"  approval infra { count = 1 role = infra scope = \"*\" } }\n";

/* A house, a call of `perl SCRIPT`, and the files that travel with it. */
struct scene {
	struct house h;
	struct house_sudo s;
	struct cs_operand operands[3];
	char paths[3][96];
	struct cs_decision held;
};

static char perl[] = "/usr/bin/perl", publish[] = "/usr/local/sbin/publish", none[] = "", asc[] = ".asc";

static void load(struct scene *x, const char *term)
{
	char *added = NULL, *text = NULL;

	assert_int_equal(cs_format(&added, gates, term), 0);
	assert_int_equal(cs_format(&text, "%s%s", house_policy, added), 0);
	house_load(&x->h, text);
	free(added);
	free(text);
}

static void begin(struct scene *x, char *command)
{
	memset(x, 0, sizeof(*x));
	house_open(&x->h);
	load(x, "");
	house_sudo_by(&x->s, ALICE, "alice");
	x->s.submit.action.command = x->s.submit.action.resolved = command;
	x->s.argv[0] = command;
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(x->paths[i], sizeof(x->paths[i]), "%s/file%zu", x->h.dir, i);
		house_write(x->paths[i], i == 0 ? "print 1\n" : "another\n");
		x->operands[i] = (struct cs_operand){ .arg = 1, .suffix = none, .path = x->paths[i] };
	}
	x->s.argv[1] = x->paths[0];
	x->s.submit.action.n_argv = 2;
	x->s.submit.action.operands = x->operands;
	x->s.submit.action.n_operands = 1;
}

static void end(struct scene *x)
{
	cs_clear(&cs_decision_shape, &x->held);
	for (size_t i = 0; i < 3; i++)
		(void)unlink(x->paths[i]);
	house_close(&x->h);
}

/* The program, and these files behind it. */
static struct cs_fds open_all(const struct scene *x, const char *const *files, size_t n)
{
	struct cs_fds fds = { .n = 0 };

	assert_int_equal(cs_fds_add(&fds, open(x->h.program, O_RDONLY | O_CLOEXEC)), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(cs_fds_add(&fds, open(files[i], O_RDONLY | O_CLOEXEC)), 0);
	return fds;
}

static void call_with(struct scene *x, enum cs_call_type type, const void *call, const char *const *files, size_t n,
	struct house_reply *reply)
{
	struct cs_caller caller = house_module(&x->h, 7);
	struct cs_fds fds = open_all(x, files, n);

	cs_authority_call_files(x->h.authority, &caller, type, call, &fds, house_done, reply);
	cs_fds_close(&fds); /* theirs only until the call returns */
	cs_authority_turn(x->h.authority);
}

static int submit(struct scene *x, const char *const *files, size_t n, struct cs_decision *ret)
{
	struct house_reply reply = { 0, 0, &cs_decision_shape, ret };

	memset(ret, 0, sizeof(*ret));
	x->s.submit.opened = n > 0;
	call_with(x, CS_CALL_SUBMIT, &x->s.submit, files, n, &reply);
	assert_int_equal(reply.given, 1);
	return reply.error;
}

static int claim(struct scene *x, const char *const *files, size_t n, struct cs_decision *ret)
{
	struct house_reply reply = { 0, 0, &cs_decision_shape, ret };
	struct cs_claim what = { .has_file = true, .files = (uint32_t)n };

	memset(ret, 0, sizeof(*ret));
	memcpy(what.id, x->held.id, CS_ID_LEN);
	memcpy(what.secret, x->held.secret, CS_ID_LEN);
	call_with(x, CS_CALL_CLAIM, &what, files, n, &reply);
	assert_int_equal(reply.given, 1);
	return reply.error;
}

static void approve(struct scene *x)
{
	assert_int_equal(house_vote(&x->h, CAROL, x->held.number, CS_VOTE_APPROVE), CS_WHY_APPROVED);
}

/* Held with its script. */
static void hold(struct scene *x)
{
	const char *script = x->paths[0];

	x->operands[0].file.present = true;
	assert_int_equal(submit(x, &script, 1, &x->held), 0);
	assert_int_equal(x->held.verdict, CS_HOLD);
	assert_int_equal(x->held.reason, CS_WHY_NEEDS_APPROVAL);
}

static void refused(struct scene *x, const char *const *files, size_t n, enum cs_reason reason)
{
	struct cs_decision d = { 0 };

	assert_int_equal(submit(x, files, n, &d), 0);
	assert_int_equal(d.verdict, CS_DENY);
	assert_int_equal(d.reason, reason);
	cs_clear(&cs_decision_shape, &d);
}

/* Kills: a gate that does not ask for the script; the hash that is not stamped; one from the call that is believed. */
static void test_files_a034_script_is_wanted_and_hashed(void **state)
{
	struct scene x;
	struct cs_decision d = { 0 };
	struct cs_stored stored = { 0 };
	uint8_t digest[CS_DIGEST_LEN];
	int fd = -1;

	(void)state;
	begin(&x, perl);
	assert_int_equal(submit(&x, NULL, 0, &d), 0);
	assert_int_equal(d.verdict, CS_HOLD);
	assert_int_equal(d.reason, CS_WHY_NEEDS_FILES);
	assert_int_equal(d.n_wanted, 1);
	assert_int_equal(d.wanted[0].arg, 1);
	assert_int_equal(d.number, 0);
	cs_clear(&cs_decision_shape, &d);
	memset(x.operands[0].file.sha256, 7, CS_DIGEST_LEN);
	hold(&x);
	assert_int_equal(cs_store_get(x.h.store, x.held.number, &stored), 0);
	fd = open(x.paths[0], O_RDONLY | O_CLOEXEC);
	assert_int_equal(cs_digest_fd(fd, 100, digest), 0);
	cs_close(&fd);
	assert_true(stored.request.action.operands[0].file.present);
	assert_memory_equal(stored.request.action.operands[0].file.sha256, digest, CS_DIGEST_LEN);
	cs_clear(&cs_stored_shape, &stored);
	end(&x);
}

/* Kills: each refusal of files; the count of descriptors. */
static void test_files_a034_refusals(void **state)
{
	struct scene x;
	struct cs_decision d = { 0 };
	const char *files[] = { x.paths[0], "/dev/null" };

	(void)state;
	begin(&x, perl);
	x.s.submit.opened = true;
	assert_int_equal(submit(&x, files, 1, &d), CS_EINVAL); /* two came, and none is named */
	x.operands[0].file.present = true;
	assert_int_equal(submit(&x, files, 2, &d), CS_EINVAL);
	refused(&x, files + 1, 1, CS_WHY_NO_INPUT); /* a device */
	x.operands[0].exposed = true;
	refused(&x, files, 1, CS_WHY_EXPOSED_FILE);
	x.operands[0].exposed = false;
	x.operands[0].arg = 2;
	assert_int_equal(submit(&x, files, 1, &d), CS_EINVAL); /* there is no such argument */
	end(&x);
}

/* Kills: exposed_input, where it denies and where it does not; arguments that were not looked at. */
static void test_files_a036_exposed_input(void **state)
{
	struct scene x;
	const char *script = x.paths[0];

	(void)state;
	begin(&x, perl);
	x.operands[1].exposed = true;
	x.operands[1].arg = 0;
	x.s.submit.action.n_operands = 2;
	hold(&x);
	load(&x, "exposed_input = deny");
	refused(&x, &script, 1, CS_WHY_EXPOSED_INPUT);
	x.operands[1].exposed = false;
	x.s.submit.action.more_operands = true;
	refused(&x, &script, 1, CS_WHY_EXPOSED_INPUT);
	end(&x);
}

/* Kills: a claim that is not compared; one that comes with fewer; the inode; the policy of now that wants more. */
static void test_files_a034_claim(void **state)
{
	static const struct {
		size_t file, n;
		bool rewrite;
		enum cs_verdict verdict;
		enum cs_reason reason;
	} cases[] = {
		{ 0, 1, false, CS_PERMIT, CS_WHY_APPROVED },
		{ 1, 1, false, CS_DENY, CS_WHY_TARGET_CHANGED },
		{ 0, 1, true, CS_DENY, CS_WHY_TARGET_CHANGED }, /* the same text in another file */
		{ 0, 0, false, CS_DENY, CS_WHY_TARGET_CHANGED },
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct scene x;
		struct cs_decision d = { 0 };
		const char *file = x.paths[cases[i].file];

		begin(&x, perl);
		hold(&x);
		approve(&x);
		if (cases[i].rewrite)
			house_write(x.paths[0], "print 1\n");
		assert_int_equal(claim(&x, &file, cases[i].n, &d), 0);
		assert_int_equal(d.verdict, cases[i].verdict);
		assert_int_equal(d.reason, cases[i].reason);
		cs_clear(&cs_decision_shape, &d);
		end(&x);
	}
}

/* Kills: artefacts that are not wanted; one of two that is enough; the second that is taken for the first. */
static void test_files_a036_artefacts(void **state)
{
	struct scene x;
	struct cs_decision d = { 0 };
	const char *both[] = { x.paths[0], x.paths[1] };

	(void)state;
	begin(&x, publish);
	assert_int_equal(submit(&x, NULL, 0, &d), 0);
	assert_int_equal(d.n_wanted, 2);
	assert_string_equal(d.wanted[1].suffix, ".asc");
	cs_clear(&cs_decision_shape, &d);
	x.operands[0].file.present = true;
	refused(&x, both, 1, CS_WHY_NO_INPUT);
	x.operands[1].suffix = asc;
	x.operands[1].file.present = true;
	x.s.submit.action.n_operands = 2;
	assert_int_equal(submit(&x, both, 2, &x.held), 0);
	assert_int_equal(x.held.reason, CS_WHY_NEEDS_APPROVAL);
	approve(&x);
	both[1] = x.paths[2];
	assert_int_equal(claim(&x, both, 2, &d), 0);
	assert_int_equal(d.reason, CS_WHY_TARGET_CHANGED);
	cs_clear(&cs_decision_shape, &d);
	end(&x);
}

/* Large ones are hashed in slices, and a policy that changes meanwhile begins the call again, without them. Kills: the slice;
 * the descriptors that are closed too early; the gate of before. */
static void test_files_a060_large_files_in_slices(void **state)
{
	struct scene x;
	struct house_reply reply = { 0, 0, &cs_decision_shape, &x.held };
	const char *script = x.paths[0];
	int slices = 0;

	(void)state;
	begin(&x, perl);
	assert_int_equal(truncate(x.paths[0], 20 << 20), 0);
	x.operands[0].file.present = x.s.submit.opened = true;
	call_with(&x, CS_CALL_SUBMIT, &x.s.submit, &script, 1, &reply);
	assert_int_equal(reply.given, 0);
	assert_int_equal(cs_authority_measure(x.h.authority), 1);
	load(&x, "reason = required");
	while (cs_authority_measure(x.h.authority) == 1)
		slices++;
	cs_authority_turn(x.h.authority);
	assert_int_equal(reply.given, 1);
	assert_true(slices >= 3);
	assert_int_equal(x.held.reason, CS_WHY_NEEDS_APPROVAL);
	end(&x);
}

/* Kills: the bound of one person; what is still to be hashed at the end and never answered. */
static void test_files_a060_nobody_keeps_the_others_waiting(void **state)
{
	struct scene x;
	struct cs_decision d = { 0 };
	struct house_reply replies[5];
	const char *script = x.paths[0];

	(void)state;
	begin(&x, perl);
	assert_int_equal(truncate(x.paths[0], 20 << 20), 0);
	x.operands[0].file.present = x.s.submit.opened = true;
	for (size_t i = 0; i < 5; i++) {
		replies[i] = (struct house_reply){ 0, 0, &cs_decision_shape, i == 4 ? &d : NULL };
		call_with(&x, CS_CALL_SUBMIT, &x.s.submit, &script, 1, &replies[i]);
		assert_int_equal(replies[i].given, i == 4);
	}
	assert_int_equal(d.verdict, CS_DENY);
	assert_int_equal(d.reason, CS_WHY_LIMIT);
	cs_clear(&cs_decision_shape, &d);
	end(&x);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(replies[i].given, 1);
		assert_int_equal(replies[i].error, CS_EUNAVAIL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_a034_script_is_wanted_and_hashed),
		cmocka_unit_test(test_files_a034_refusals),
		cmocka_unit_test(test_files_a036_exposed_input),
		cmocka_unit_test(test_files_a034_claim),
		cmocka_unit_test(test_files_a036_artefacts),
		cmocka_unit_test(test_files_a060_large_files_in_slices),
		cmocka_unit_test(test_files_a060_nobody_keeps_the_others_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
