/* SPDX-License-Identifier: Apache-2.0 */
/* What travels to another machine and back, which key signs there, and the heads that are kept: with the real ssh-keygen
 * and ssh-agent, in a home of the test's own. */
#include "bundle.h"
#include "heads.h"
#include "mem.h"
#include "roster.h"
#include "ssh_signature.h"
#include "text.h"
#include "vote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char home[] = "/tmp/cs-signing-XXXXXX";
static char roster[128];

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
	char command[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	assert_int_equal(system(command), 0);
}

static void read_file(const char *name, char *text, size_t max)
{
	char path[256];
	FILE *file = NULL;
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", home, name);
	file = fopen(path, "re");
	assert_non_null(file);
	n = fread(text, 1, max - 1, file);
	text[n] = '\0';
	(void)fclose(file);
}

/* The caller's key in ~/.ssh, another that only an agent would have, and one that is nobody's. */
static int make_home(void **state)
{
	char known[512], agent[512], *text = NULL;
	const struct passwd *me = getpwuid(getuid());
	FILE *file = NULL;

	(void)state;
	assert_non_null(mkdtemp(home));
	assert_int_equal(setenv("HOME", home, 1), 0);
	assert_int_equal(unsetenv("SSH_AUTH_SOCK") | unsetenv("COUNTERSIGN_KEY") | unsetenv("XDG_STATE_HOME"), 0);
	run("mkdir %s/.ssh && ssh-keygen -q -t ed25519 -N '' -C '' -f %s/.ssh/id_ed25519", home, home);
	run("ssh-keygen -q -t ecdsa -b 256 -N '' -C '' -f %s/agent && ssh-keygen -q -t ed25519 -N '' -C '' -f %s/other", home,
		home);
	read_file(".ssh/id_ed25519.pub", known, sizeof(known));
	read_file("agent.pub", agent, sizeof(agent));
	known[strcspn(known, "\n")] = agent[strcspn(agent, "\n")] = '\0';
	(void)snprintf(roster, sizeof(roster), "%s/roster", home);
	assert_int_equal(cs_format(&text, "version = 1\nperson \"id-me\" { name = \"%s\" key \"%s\" {} key \"%s\" {} }\n",
				 me->pw_name, known, agent), 0);
	file = fopen(roster, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	free(text);
	return 0;
}

static int remove_home(void **state)
{
	(void)state;
	run("rm -r %s", home);
	return 0;
}

static struct cs_show_answer request_of(uint64_t head)
{
	static char host[] = "rel1", gate[] = "deploy", service[] = "sudo", name[] = "alice", assurance[] = "signature";
	struct cs_show_answer shown = { .may_vote = true, .head_number = head };

	shown.request.version = 3;
	shown.request.action.host = host;
	shown.request.action.service = service;
	shown.request.gate = gate;
	shown.request.subject.name = name;
	shown.request.assurance = assurance;
	shown.decision.number = 12;
	memset(shown.head_chain, (int)head, CS_DIGEST_LEN);
	assert_int_equal(cs_request_digest(&shown.request, shown.digest), 0);
	return shown;
}

static void check_signature(const struct cs_vote_call *call, const char *person)
{
	struct cs_approval approval = { .vote = call->vote, .not_after_wall_ms = call->not_after_wall_ms,
		.head_number = call->head_number };
	char id[64];
	struct cs_ssh_key key;
	struct cs_buf statement;

	(void)snprintf(id, sizeof(id), "%s", person);
	approval.person.id = id;
	memcpy(approval.digest, call->digest, CS_DIGEST_LEN);
	memcpy(approval.head_chain, call->head_chain, CS_DIGEST_LEN);
	cs_buf_init(&statement, 1024);
	assert_int_equal(cs_statement_encode(&approval, &statement), 0);
	assert_int_equal(cs_ssh_verify(call->signature, call->n_signature, cs_vote_namespace(call->vote), statement.data,
				 statement.len, &key, NULL), 0);
	cs_buf_clear(&statement);
}

static int sign(const struct cs_sign_options *options, struct cs_vote_call *call, char **ret_title)
{
	struct cs_show_answer shown = request_of(7);
	struct cs_signer signer = { 0 };
	char *why = NULL, *none = NULL;
	int status = cs_signer_find(options, &signer, &why);

	assert_int_equal(status, 0);
	assert_int_equal(cs_make_vote(&shown, CS_VOTE_APPROVE, "0042", NULL, call), 0);
	status = signer.n_keys > 0 ? cs_signer_sign(options, &signer, call, ret_title, &none) : CS_ENOENT;
	assert_int_equal(status == CS_ENOENT, why != NULL || none != NULL);
	if (status == 0)
		check_signature(call, "id-me");
	free(why);
	free(none);
	cs_clear(&cs_signer_shape, &signer);
	return status;
}

static void test_command_signs_with_the_key_in_ssh(void **state)
{
	const struct cs_sign_options options = { .roster = roster };
	struct cs_vote_call call = { 0 };
	char *title = NULL;
	(void)state;

	assert_int_equal(sign(&options, &call, &title), 0);
	assert_non_null(strstr(title, "ssh-ed25519 SHA256:"));
	assert_true(call.not_after_wall_ms > 0);
	free(title);
	cs_clear(&cs_vote_call_shape, &call);
}

/* A key of the agent comes first, and needs no file. */
static void test_command_signs_with_the_agent(void **state)
{
	const struct cs_sign_options options = { .roster = roster };
	struct cs_vote_call call = { 0 };
	char *title = NULL, path[128], pid[64];
	(void)state;

	(void)snprintf(path, sizeof(path), "%s/socket", home);
	run("cd %s && ssh-agent -a %s | sed -n 's/^SSH_AGENT_PID=\\([0-9]*\\).*/\\1/p' > pid", home, path);
	assert_int_equal(setenv("SSH_AUTH_SOCK", path, 1), 0);
	run("ssh-add -q %s/agent && mv %s/agent %s/gone", home, home, home);
	assert_int_equal(sign(&options, &call, &title), 0);
	assert_non_null(strstr(title, "ecdsa-sha2-nistp256 SHA256:"));
	free(title);
	cs_clear(&cs_vote_call_shape, &call);
	read_file("pid", pid, sizeof(pid));
	assert_int_equal(kill((pid_t)strtol(pid, NULL, 10), SIGTERM), 0);
	assert_int_equal(unsetenv("SSH_AUTH_SOCK"), 0);
	run("mv %s/gone %s/agent", home, home);
}

static void test_command_signs_with_the_key_that_is_named(void **state)
{
	char path[128];
	struct cs_sign_options options = { .roster = roster, .key = path };
	struct cs_vote_call call = { 0 };
	char *title = NULL;
	(void)state;

	(void)snprintf(path, sizeof(path), "%s/agent", home);
	assert_int_equal(sign(&options, &call, &title), 0);
	assert_non_null(strstr(title, "ecdsa-sha2-nistp256"));
	cs_free_str(&title);
	cs_clear(&cs_vote_call_shape, &call);
	/* one that the roster does not have */
	(void)snprintf(path, sizeof(path), "%s/other", home);
	assert_int_equal(sign(&options, &call, &title), CS_ENOENT);
	cs_clear(&cs_vote_call_shape, &call);
	/* no roster at all */
	options = (struct cs_sign_options){ .roster = "/nonexistent/roster" };
	assert_int_equal(sign(&options, &call, &title), CS_ENOENT);
	cs_clear(&cs_vote_call_shape, &call);
}

/* --- Bundles ------------------------------------------------------------------------------------------------------- */

/* What a function prints on standard output, in a file of the home. */
static int printed(int (*print)(void *arg), void *arg, const char *name, char *text, size_t max)
{
	char path[128];
	int kept = dup(STDOUT_FILENO), status = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", home, name);
	(void)fflush(stdout);
	assert_non_null(freopen(path, "we", stdout));
	status = print(arg);
	(void)fflush(stdout);
	assert_true(dup2(kept, STDOUT_FILENO) >= 0);
	(void)close(kept);
	read_file(name, text, max);
	return status;
}

static int print_bundle(void *arg)
{
	const struct cs_sign_options options = { .roster = roster };

	return cs_bundle_print(&options, arg);
}

static int print_vote(void *arg)
{
	return cs_bundle_print_vote(arg);
}

/* The digest is computed where it is signed: a bundle cannot say another. Kills: leaving out cs_request_digest. */
static void test_command_a_bundle_there_and_a_vote_back(void **state)
{
	static char text[65536], spaced[65536 + 64];
	struct cs_show_answer shown = request_of(7);
	struct cs_bundle bundle = { 0 };
	struct cs_vote_call call = { 0 }, back = { 0 };
	char *title = NULL, *none = NULL;
	const struct cs_sign_options options = { 0 };
	uint8_t digest[CS_DIGEST_LEN];
	(void)state;

	memcpy(digest, shown.digest, CS_DIGEST_LEN);
	memset(shown.digest, 0xee, CS_DIGEST_LEN);
	assert_int_equal(printed(print_bundle, &shown, "bundle", text, sizeof(text)), 0);
	(void)snprintf(spaced, sizeof(spaced), "Look at this:\r\n\r\n  %s\r\n-- \r\nalice\r\n", text);
	assert_int_equal(cs_bundle_read(spaced, strlen(spaced), &bundle), 0);
	assert_memory_equal(bundle.shown.digest, digest, CS_DIGEST_LEN);
	assert_string_equal(bundle.signer.person, "id-me");
	assert_int_equal(bundle.signer.n_keys, 2);
	assert_int_equal(bundle.shown.decision.number, 12);
	assert_int_equal(cs_make_vote(&bundle.shown, CS_VOTE_REJECT, NULL, "no", &call), 0);
	assert_int_equal(cs_signer_sign(&options, &bundle.signer, &call, &title, &none), 0);
	assert_int_equal(printed(print_vote, &call, "vote", text, sizeof(text)), 0);
	assert_int_equal(cs_bundle_read_vote(text, strlen(text), &back), 0);
	check_signature(&back, "id-me");
	assert_string_equal(back.comment, "no");
	/* neither is the other, and half of one is none */
	assert_int_equal(cs_bundle_read(text, strlen(text), &bundle), CS_EPROTO);
	assert_int_equal(cs_bundle_read_vote(text, strlen(text) / 2, &call), CS_EPROTO);
	free(title);
	cs_clear(&cs_bundle_shape, &bundle);
	cs_clear(&cs_vote_call_shape, &call);
	cs_clear(&cs_vote_call_shape, &back);
}

/* --- Heads --------------------------------------------------------------------------------------------------------- */

static void test_command_keeps_the_heads_it_saw(void **state)
{
	struct cs_show_answer shown = request_of(7);
	uint8_t chain[CS_DIGEST_LEN];
	uint64_t number = 0;
	char text[4096], hex[2 * CS_DIGEST_LEN + 1];
	struct stat st;
	(void)state;

	assert_int_equal(cs_heads_last("rel1", &number, chain), 0);
	cs_heads_keep(&shown, CS_VOTE_APPROVE);
	shown = request_of(9);
	cs_heads_keep(&shown, CS_VOTE_REJECT);
	assert_int_equal(cs_heads_last("rel1", &number, chain), 1);
	assert_int_equal(number, 9);
	assert_memory_equal(chain, shown.head_chain, CS_DIGEST_LEN);
	assert_int_equal(cs_heads_last("rel2", &number, chain), 0);
	read_file(".local/state/countersign/receipts", text, sizeof(text));
	cs_hex(shown.head_chain, CS_DIGEST_LEN, hex);
	assert_non_null(strstr(text, "{\"host\": \"rel1\", \"number\": 7, \"chain\": \"0707"));
	assert_non_null(strstr(text, hex));
	(void)snprintf(text, sizeof(text), "%s/.local/state/countersign/receipts", home);
	assert_int_equal(stat(text, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_signs_with_the_key_in_ssh),
		cmocka_unit_test(test_command_signs_with_the_agent),
		cmocka_unit_test(test_command_signs_with_the_key_that_is_named),
		cmocka_unit_test(test_command_a_bundle_there_and_a_vote_back),
		cmocka_unit_test(test_command_keeps_the_heads_it_saw),
	};

	if (system("command -v ssh-keygen >/dev/null && command -v ssh-agent >/dev/null") != 0) {
		(void)puts("there is no ssh-keygen or ssh-agent; install openssh-client");
		return 77;
	}
	return cmocka_run_group_tests(tests, make_home, remove_home);
}
