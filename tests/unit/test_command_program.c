/* SPDX-License-Identifier: Apache-2.0 */
/* The whole program in a child process, against a server in this one that speaks the real protocol and answers as
 * each test wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "command.h"
#include "command_server.h"
#include "crypto.h"
#include "evidence.h"
#include "file.h"
#include "mem.h"
#include "wire.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- Answers ----------------------------------------------------------------------------------------------------- */

static int no_calls(enum cs_call_type type, const void *call, void *reply, char **text)
{
	(void)call;
	(void)reply;
	(void)text;
	fail_msg("no call was due, but %d came", (int)type);
	return CS_EINVAL;
}

static int empty_list(enum cs_call_type type, const void *call, void *reply, char **text)
{
	(void)call;
	(void)reply;
	(void)text;
	return type == CS_CALL_LIST ? 0 : CS_EINVAL;
}

#define LONG_LINE \
	"sudo /usr/local/sbin/deploy-release " \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static int long_list(enum cs_call_type type, const void *call, void *reply, char **text)
{
	struct cs_list_answer *list = reply;

	(void)type;
	(void)call;
	(void)text;
	list->rows = calloc(1, sizeof(*list->rows));
	list->n_rows = 1;
	list->rows[0].number = 4;
	list->rows[0].state = CS_PENDING;
	list->rows[0].missing = 1;
	list->rows[0].remaining_ms = 9000;
	list->rows[0].line = strdup(LONG_LINE);
	list->rows[0].requester = strdup("alice");
	list->rows[0].gate = strdup("deploy");
	return 0;
}

static bool may_vote = true;
static bool other_digest;
static enum cs_state state_shown = CS_PENDING;
static enum cs_reason reason_of_vote = CS_WHY_NEEDS_APPROVAL;

static void fill_request(struct cs_show_answer *shown)
{
	struct cs_buf bytes;

	shown->request.subject.name = strdup("alice");
	shown->request.subject.uid = 10001;
	shown->request.action.service = strdup("sudo");
	shown->request.action.command = strdup("/usr/local/sbin/deploy-release");
	cs_strv_add(&shown->request.action.argv, &shown->request.action.n_argv, "/usr/local/sbin/deploy-release");
	cs_strv_add(&shown->request.action.argv, &shown->request.action.n_argv, "tom\ncat\033[2K");
	cs_buf_init(&bytes, 65536);
	assert_int_equal(cs_request_encode(&shown->request, &bytes), 0);
	assert_int_equal(cs_digest(CS_DOMAIN_REQUEST, bytes.data, bytes.len, shown->digest), 0);
	cs_buf_clear(&bytes);
}

static void fill_needs(struct cs_decision *decision)
{
	decision->needs = calloc(1, sizeof(*decision->needs));
	decision->n_needs = 1;
	decision->needs[0].rule = strdup("infra");
	decision->needs[0].label = strdup("1 × Infrastructure");
	decision->needs[0].count = 1;
	decision->needs[0].open = true;
	cs_strv_add(&decision->needs[0].who, &decision->needs[0].n_who, "carol");
}

static int one_request(enum cs_call_type type, const void *call, void *reply, char **text)
{
	struct cs_show_answer *shown = reply;
	struct cs_decision *decision = type == CS_CALL_SHOW ? &shown->decision : reply;

	(void)call;
	(void)text;
	if (type == CS_CALL_SHOW) {
		fill_request(shown);
		shown->may_vote = may_vote;
		shown->may_vote_text = strdup(may_vote ? "" : "you asked for it yourself");
		shown->digest[0] ^= other_digest ? 1 : 0;
	}
	decision->number = 4;
	decision->state = state_shown;
	decision->remaining_ms = 60000;
	fill_needs(decision);
	if (type == CS_CALL_VOTE)
		decision->reason = reason_of_vote;
	memset(decision->secret, 0xab, CS_ID_LEN);
	return 0;
}

static struct cs_right_answer right;

static int one_right(enum cs_call_type type, const void *call, void *reply, char **text)
{
	struct cs_right_answer *answered = reply;
	const struct cs_right *asked = call;

	assert_int_equal(type, CS_CALL_RIGHT);
	assert_string_equal(asked->user, "alice");
	assert_string_equal(asked->permission, "release.deploy");
	assert_string_equal(asked->scope, "project/tomcat");
	if (right.reason == CS_WHY_STORE) {
		*text = strdup("the directory does not answer");
		return CS_EDOUBT;
	}
	answered->verdict = right.verdict;
	answered->reason = right.reason;
	answered->source = cs_dup(right.source);
	answered->age_ms = right.age_ms;
	cs_strv_add(&answered->steps, &answered->n_steps, "role pmc\nforged");
	return 0;
}

/* --- list and show ----------------------------------------------------------------------------------------------- */

static void alone_it_says_what_waits(void **state)
{
	(void)state;
	run(empty_list, NULL, 0);
	assert_int_equal(ran.status, 0);
	assert_string_equal(ran.out, "Nothing waits for you, and you asked for nothing.\n");
	assert_string_equal(ran.err, "");
	assert_int_equal(calls[CS_CALL_LIST], 2);
	RUN(empty_list, "--json");
	assert_has(ran.out, "\"waiting\": []");
	assert_has(ran.out, "\"mine\": []");
	RUN(empty_list, "--mine");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
}

static void an_empty_list_says_so(void **state)
{
	(void)state;
	RUN(empty_list, "list");
	assert_int_equal(ran.status, 0);
	assert_string_equal(ran.out, "No open requests that you may see.\n");
	RUN(empty_list, "list", "--mine");
	assert_string_equal(ran.out, "You have no open requests.\n");
	RUN(empty_list, "list", "--waiting");
	assert_string_equal(ran.out, "Nothing waits for your vote.\n");
	RUN(empty_list, "list", "--json");
	assert_has(ran.out, "\"rows\": []");
}

static void list_is_cut_on_a_terminal_only(void **state)
{
	const char *const words[] = { "list" };

	(void)state;
	run(long_list, words, 1);
	assert_has(ran.out, LONG_LINE);
	run_on_terminal(long_list, NULL, words, 1);
	assert_int_equal(ran.status, 0);
	assert_null(strstr(ran.out, LONG_LINE));
	assert_has(ran.out, "…");
	assert_has(ran.out, "9s");
}

static void show_says_the_state_by_its_exit_status(void **state)
{
	static const struct {
		enum cs_state state;
		int status;
	} rows[] = { { CS_PENDING, 10 }, { CS_APPROVED, 0 }, { CS_REJECTED, 11 }, { CS_CANCELLED, 12 },
		{ CS_EXPIRED, 13 }, { CS_USED, 0 } };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(rows); i++) {
		state_shown = rows[i].state;
		RUN(one_request, "show", "4");
		assert_int_equal(ran.status, rows[i].status);
		assert_has(ran.out, cs_state_name(rows[i].state));
		RUN(one_request, "show", "4", "--json");
		assert_int_equal(ran.status, rows[i].status);
	}
	state_shown = CS_PENDING;
}

static void show_escapes_what_was_asked_for_a097(void **state)
{
	(void)state;
	RUN(one_request, "show", "#4");
	assert_has(ran.out, "argv[1]       = tom\\ncat\\x1B[2K\n");
	assert_null(strchr(ran.out, '\033'));
	RUN(one_request, "show", "4", "--json");
	assert_has(ran.out, "\"tom\\ncat\\u001B[2K\"");
	assert_null(strstr(ran.out, "abab"));
	assert_null(strchr(ran.out, '\033'));
}

/* --- approve and reject ------------------------------------------------------------------------------------------ */

static void vote_names_the_digest_that_was_shown_a086(void **state)
{
	struct cs_show_answer shown = { 0 };

	(void)state;
	fill_request(&shown);
	RUN(one_request, "approve", "4", "--code", "0042", "--comment", "fine");
	assert_int_equal(ran.status, 0);
	assert_int_equal(calls[CS_CALL_VOTE], 1);
	assert_memory_equal(voted.digest, shown.digest, CS_DIGEST_LEN);
	assert_int_equal(voted.vote, CS_VOTE_APPROVE);
	assert_string_equal(voted.check_code, "0042");
	assert_string_equal(voted.comment, "fine");
	assert_has(ran.out, "argv[1]       = tom\\ncat");
	assert_has(ran.out, "approved; still missing: 1 × Infrastructure, from carol\n");
	cs_clear(&cs_show_answer_shape, &shown);
}

static void digest_that_is_not_of_what_is_shown_stops_everything_a086(void **state)
{
	(void)state;
	other_digest = true;
	RUN(one_request, "approve", "4", "--code", "0042");
	assert_int_equal(ran.status, CS_EXIT_INTERNAL);
	assert_int_equal(calls[CS_CALL_VOTE], 0);
	assert_has(ran.err, "do not vote");
	assert_string_equal(ran.out, "");
	other_digest = false;
}

static void approving_without_code_or_terminal_is_refused_a094(void **state)
{
	(void)state;
	RUN(one_request, "approve", "4");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
	assert_int_equal(calls[CS_CALL_VOTE], 0);
	RUN(one_request, "approve", "4", "--yes");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
	assert_int_equal(calls[CS_CALL_VOTE], 0);
	RUN(no_calls, "approve", "4", "--code", "42");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
}

static void code_is_typed_on_the_terminal_a094(void **state)
{
	const char *const words[] = { "approve", "4" };

	(void)state;
	reason_of_vote = CS_WHY_APPROVED;
	run_on_terminal(one_request, " 0042 \n", words, 2);
	assert_int_equal(ran.status, 0);
	assert_has(ran.out, "Check code (ask the requester): ");
	assert_has(ran.out, "approved; the request can go on now");
	assert_string_equal(voted.check_code, "0042");
	run_on_terminal(one_request, "y\n", words, 2);
	assert_int_equal(ran.status, CS_EXIT_USAGE);
	assert_int_equal(calls[CS_CALL_VOTE], 0);
	run_on_terminal(one_request, "\n", words, 2);
	assert_int_equal(calls[CS_CALL_VOTE], 0);
	reason_of_vote = CS_WHY_NEEDS_APPROVAL;
}

static int unseen(enum cs_call_type type, const void *call, void *reply, char **text)
{
	struct cs_decision *decision = reply;

	(void)call;
	if (type == CS_CALL_SHOW) {
		*text = strdup("there is no such request that you may see");
		return CS_ENOENT;
	}
	decision->reason = reason_of_vote;
	decision->text = strdup("You do not have permission to approve or reject this request: there is no request 4 that "
				"waits for you.");
	return 0;
}

/* Who may not even see it is told that he may not vote, and nothing else; the daemon records that he tried. */
static void vote_on_what_one_may_not_see_is_sent_and_told(void **state)
{
	static const char none[CS_DIGEST_LEN];
	const char *const words[] = { "approve", "reject" };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(words); i++) {
		reason_of_vote = CS_WHY_NOT_APPROVER;
		RUN(unseen, words[i], "4", "--yes");
		assert_int_equal(ran.status, CS_EXIT_NOT_PERMITTED);
		assert_int_equal(calls[CS_CALL_VOTE], 1);
		assert_int_equal(voted.vote, i == 0 ? CS_VOTE_APPROVE : CS_VOTE_REJECT);
		assert_memory_equal(voted.digest, none, CS_DIGEST_LEN);
		assert_string_equal(ran.out, "");
		assert_string_equal(ran.err, "countersign: You do not have permission to approve or reject this request: there "
			"is no request 4 that waits for you: request 4: your vote does not count\n");
		/* a daemon that takes it all the same is not believed */
		reason_of_vote = CS_WHY_APPROVED;
		RUN(unseen, words[i], "4", "--yes");
		assert_int_equal(ran.status, CS_EXIT_INTERNAL);
	}
	reason_of_vote = CS_WHY_NEEDS_APPROVAL;
}

/* Who may not vote is not asked for anything, and the attempt still reaches the daemon, which records it. */
static void refused_vote_is_sent_and_told(void **state)
{
	const char *const words[] = { "approve", "4" };

	(void)state;
	may_vote = false;
	reason_of_vote = CS_WHY_SELF;
	run_on_terminal(one_request, NULL, words, 2);
	assert_int_equal(ran.status, CS_EXIT_NOT_PERMITTED);
	assert_int_equal(calls[CS_CALL_VOTE], 1);
	assert_string_equal(voted.check_code, "");
	assert_null(strstr(ran.out, "Check code"));
	reason_of_vote = CS_WHY_CODE;
	RUN(one_request, "approve", "4");
	assert_int_equal(ran.status, CS_EXIT_NO);
	assert_has(ran.err, "you asked for it yourself");
	may_vote = true;
	RUN(one_request, "approve", "4", "--code", "0000");
	assert_int_equal(ran.status, CS_EXIT_NO);
	assert_has(ran.err, ": request 4: your vote does not count\n");
	assert_null(strstr(ran.err, "."));
	reason_of_vote = CS_WHY_NEEDS_APPROVAL;
}

/* A reply of a kind that this program does not know as yes is never reported as yes. */
static void only_known_reasons_are_an_approval(void **state)
{
	static const enum cs_reason reasons[] = { CS_WHY_NONE, CS_WHY_REJECTED, CS_WHY_STATE, CS_WHY_DOUBT,
		CS_WHY_STORE, CS_WHY_USED, CS_WHY_ROOT };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(reasons); i++) {
		reason_of_vote = reasons[i];
		RUN(one_request, "approve", "4", "--code", "0042");
		assert_int_not_equal(ran.status, 0);
		assert_null(strstr(ran.out, "approved;"));
		RUN(one_request, "approve", "4", "--code", "0042", "--json");
		assert_int_not_equal(ran.status, 0);
	}
	reason_of_vote = CS_WHY_NEEDS_APPROVAL;
}

static void rejection_asks_for_words_on_a_terminal(void **state)
{
	const char *const words[] = { "reject", "4" };

	(void)state;
	reason_of_vote = CS_WHY_REJECTED;
	run_on_terminal(one_request, "not on a Friday\n", words, 2);
	assert_int_equal(ran.status, 0);
	assert_string_equal(voted.comment, "not on a Friday");
	assert_int_equal(voted.vote, CS_VOTE_REJECT);
	RUN(one_request, "reject", "4");
	assert_int_equal(ran.status, 0);
	assert_string_equal(voted.comment, "");
	reason_of_vote = CS_WHY_NEEDS_APPROVAL;
}

static void long_comment_is_refused_before_anything_is_sent_a060(void **state)
{
	char comment[CS_MAX_REASON + 2];

	(void)state;
	memset(comment, 'x', sizeof(comment) - 1);
	comment[sizeof(comment) - 1] = '\0';
	RUN(no_calls, "reject", "4", "--comment", comment);
	assert_int_equal(ran.status, CS_EXIT_USAGE);
}

/* --- can and why ------------------------------------------------------------------------------------------------- */

static void can_has_three_answers(void **state)
{
	static char source[] = "ldaps://ldap2.example.org\033";
	static const char told[] = "from ldaps://ldap2.example.org\\x1B, 4s old\n";
	static const struct {
		enum cs_verdict verdict;
		enum cs_reason reason;
		int status;
		const char *word;
	} rows[] = {
		{ CS_PERMIT, CS_WHY_HAS_RIGHT, 0, "yes\n" },
		{ CS_DENY, CS_WHY_NO_PERMISSION, 1, "no\n" },
		{ CS_DENY, CS_WHY_DOUBT, 3, "could not tell\n" },
		{ CS_HOLD, CS_WHY_NEEDS_APPROVAL, 1, "no\n" },
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(rows); i++) {
		right.verdict = rows[i].verdict;
		right.reason = rows[i].reason;
		RUN(one_right, "can", "alice", "release.deploy", "project/tomcat");
		assert_int_equal(ran.status, rows[i].status);
		assert_string_equal(ran.out, rows[i].word);
		RUN(one_right, "why", "alice", "release.deploy", "project/tomcat");
		assert_int_equal(ran.status, rows[i].status);
		assert_has(ran.out, "  role pmc\\nforged\n");
	}
	right.source = source;
	right.age_ms = 4200;
	for (size_t i = 0; i < 2; i++) {
		RUN(one_right, i == 0 ? "why" : "why-not", "alice", "release.deploy", "project/tomcat");
		assert_non_null(strstr(ran.out, told));
		assert_string_equal(strstr(ran.out, told), told); /* the last line */
	}
	RUN(one_right, "can", "alice", "release.deploy", "project/tomcat");
	assert_null(strstr(ran.out, told));
	RUN(one_right, "--json", "why", "alice", "release.deploy", "project/tomcat");
	assert_has(ran.out, "\"age_ms\": 4200");
	assert_has(ran.out, "\"source\": \"ldaps://ldap2.example.org");
	right.source = NULL;
	right.reason = CS_WHY_STORE;
	RUN(one_right, "can", "alice", "release.deploy", "project/tomcat");
	assert_int_equal(ran.status, CS_EXIT_DOUBT);
	assert_has(ran.err, "the directory does not answer");
	RUN(no_calls, "can", "", "release.deploy", "project/tomcat");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
}

/* --- The daemon away, output away -------------------------------------------------------------------------------- */

static void absent_daemon_is_69(void **state)
{
	(void)state;
	assert_int_equal(unlink(socket_path), 0);
	RUN(no_calls, "status");
	assert_int_equal(ran.status, CS_EXIT_UNAVAILABLE);
	assert_has(ran.err, "countersign: ");
	assert_ptr_equal(strchr(ran.err, '\n'), ran.err + strlen(ran.err) - 1);
}

static void stranger_as_server_is_not_asked_a057(void **state)
{
	(void)state;
	assert_int_equal(chmod(folder, 0777), 0);
	RUN(no_calls, "list");
	assert_int_equal(ran.status, CS_EXIT_UNAVAILABLE);
	assert_int_equal(chmod(folder, 0700), 0);
	RUN(no_calls, "list", "--server-user", "no-such-user-here");
	assert_int_equal(ran.status, CS_EXIT_UNAVAILABLE);
	assert_has(ran.err, "no-such-user-here");
}

static void full_disk_is_an_error(void **state)
{
	const char *const words[] = { "help" };
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		int full = open("/dev/full", O_WRONLY | O_CLOEXEC), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(full, 1);
		dup2(null, 2);
		run_child(words, 1);
	}
	finish(child);
	assert_int_equal(ran.status, CS_EXIT_OUTPUT);
}

static void usage_errors_are_2(void **state)
{
	(void)state;
	RUN(no_calls, "frobnicate");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
	RUN(no_calls, "show");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
	assert_has(ran.err, "usage: countersign show REQUEST");
	RUN(no_calls, "policy");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
	RUN(no_calls, "show", "--help");
	assert_int_equal(ran.status, 0);
	assert_has(ran.out, "Usage: countersign show REQUEST");
}

/* --- Evidence ---------------------------------------------------------------------------------------------------- */

#define EVENTS 150u
static struct cs_record chain[EVENTS];
static uint64_t chain_last = EVENTS;

static int chain_of_events(enum cs_call_type type, const void *call, void *reply, char **text)
{
	const struct cs_evidence_call *asked = call;
	struct cs_evidence_answer *told = reply;

	(void)text;
	assert_int_equal(type, CS_CALL_EVIDENCE);
	assert_true(asked->from > 0);
	told->last = chain_last;
	told->records = calloc(asked->count, sizeof(*told->records));
	for (uint64_t i = asked->from; i <= EVENTS && told->n_records < asked->count && told->n_records < 40; i++)
		assert_int_equal(cs_copy(&cs_record_shape, &chain[i - 1], &told->records[told->n_records++]), 0);
	return 0;
}

static void build_chain(void)
{
	uint8_t head[CS_DIGEST_LEN] = { 0 };

	for (uint64_t i = 0; i < EVENTS; i++) {
		char name[] = "alice\n9  forged";
		struct cs_event event = { .kind = i == 0 ? CS_EVENT_START : CS_EVENT_DENIED, .actor_name = name };

		assert_int_equal(cs_evidence_seal(i, head, &event, &chain[i]), 0);
		memcpy(head, chain[i].chain, sizeof(head));
	}
}

static void free_chain(void)
{
	for (size_t i = 0; i < EVENTS; i++)
		cs_clear(&cs_record_shape, &chain[i]);
}

static char export_path[64], head_text[96];

static void write_export(const char *text, size_t n)
{
	FILE *file = fopen(export_path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static int with_chain(void **state)
{
	int n = snprintf(head_text, sizeof(head_text), "%u:", EVENTS);

	(void)state;
	build_chain();
	for (size_t i = 0; i < CS_DIGEST_LEN; i++)
		n += snprintf(head_text + n, 3, "%02x", chain[EVENTS - 1].chain[i]);
	snprintf(export_path, sizeof(export_path), "%s/export", folder);
	return 0;
}

static int without_chain(void **state)
{
	(void)state;
	unlink(export_path);
	free_chain();
	return 0;
}

static void whole_evidence_is_whole(void **state)
{
	(void)state;
	RUN(chain_of_events, "evidence", "verify");
	assert_int_equal(ran.status, 0);
	assert_has(ran.out, "evidence: 150 events, whole; head ");
	assert_has(ran.out, head_text);
	RUN(chain_of_events, "evidence", "verify", "--head", head_text, "--json");
	assert_int_equal(ran.status, 0);
	assert_has(ran.out, "\"whole\": true");
	assert_has(ran.out, "\"events\": 150");
}

static void one_changed_byte_is_found_a110(void **state)
{
	(void)state;
	chain[11].bytes[chain[11].n_bytes - 1] ^= 1;
	RUN(chain_of_events, "evidence", "verify");
	assert_int_equal(ran.status, 1);
	assert_has(ran.out, "evidence is broken at event 12: its content was changed");
	RUN(chain_of_events, "evidence", "verify", "--json");
	assert_int_equal(ran.status, 1);
	assert_has(ran.out, "\"whole\": false");
	assert_has(ran.out, "\"bad\": 12");
}

static void withheld_end_is_found_a131(void **state)
{
	(void)state;
	chain_last = EVENTS + 7;
	RUN(chain_of_events, "evidence", "verify");
	assert_int_equal(ran.status, 1);
	assert_has(ran.out, "evidence is broken at event 151: is missing");
	chain_last = EVENTS;
}

static void export_is_verified_without_a_daemon_a131(void **state)
{
	char *last = NULL;

	(void)state;
	RUN(chain_of_events, "evidence", "export");
	assert_int_equal(ran.status, 0);
	assert_has(ran.out, "\"actor_name\":\"alice\\n9  forged\"");
	write_export(ran.out, strlen(ran.out));
	RUN(no_calls, "evidence", "verify", export_path, "--head", head_text);
	assert_int_equal(ran.status, 0);
	assert_has(ran.out, "150 events, whole");

	RUN(chain_of_events, "evidence", "export");
	ran.out[strlen(ran.out) - 1] = '\0';
	last = strrchr(ran.out, '\n') + 1;
	write_export(ran.out, (size_t)(last - ran.out) + 10);
	RUN(no_calls, "evidence", "verify", export_path);
	assert_int_equal(ran.status, 1);
	assert_has(ran.out, "evidence is broken at event 150: line 150 is not a record");

	/* Cut at the end of a line the chain is whole in itself: only a head known from elsewhere tells. */
	RUN(chain_of_events, "evidence", "export");
	ran.out[strlen(ran.out) - 1] = '\0';
	last = strrchr(ran.out, '\n') + 1;
	write_export(ran.out, (size_t)(last - ran.out));
	RUN(no_calls, "evidence", "verify", export_path);
	assert_int_equal(ran.status, 0);
	assert_has(ran.out, "149 events");
	RUN(no_calls, "evidence", "verify", export_path, "--head", head_text);
	assert_int_equal(ran.status, 1);
	assert_has(ran.out, "evidence is broken at event 150: is missing");

	write_export("", 0);
	RUN(no_calls, "evidence", "verify", export_path);
	assert_int_equal(ran.status, 1);
	RUN(no_calls, "evidence", "verify", export_path, "--head", "57:abc");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
}

static void event_is_one_line_a130(void **state)
{
	size_t lines = 0;

	(void)state;
	RUN(chain_of_events, "evidence", "show", "--from", "141");
	assert_int_equal(ran.status, 0);
	for (const char *at = ran.out; *at != '\0'; at++)
		lines += *at == '\n' ? 1 : 0;
	assert_int_equal(lines, 10);
	assert_has(ran.out, "alice\\n9");
}

/* --- Policy ------------------------------------------------------------------------------------------------------ */

#define POLICY \
	"permission release.deploy { label = \"Deploy\" }\n" \
	"role pmc { label = \"PMC\" permissions = { release.deploy } }\n" \
	"assignment pmc { role = pmc scope = \"*\" group = \"cn=pmc,dc=example,dc=org\" listed = owner }\n"

static char policy_path[64], candidate[64];
static enum cs_effect effect_shown;
static const char *refused_text, *text_in_force;
static struct cs_apply_answer told; /* what an apply leads to: scalar members only */

static void put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static int with_policy(void **state)
{
	(void)state;
	snprintf(policy_path, sizeof(policy_path), "%s/policy.conf", folder);
	snprintf(candidate, sizeof(candidate), "%s/candidate.conf", folder);
	put_file(policy_path, "# old\n" POLICY);
	put_file(candidate, "# new\n" POLICY);
	effect_shown = CS_EFFECT_STRONGER;
	refused_text = "";
	text_in_force = "# old\n" POLICY;
	told = (struct cs_apply_answer){ .applied = true, .generation.number = 8 };
	return 0;
}

static int without_policy(void **state)
{
	(void)state;
	unlink(policy_path);
	unlink(candidate);
	return 0;
}

static void fill_generation(struct cs_generation *generation, uint64_t number)
{
	generation->number = number;
	generation->wall_ms = 1764000000000u + number * 1000;
	generation->author = strdup(number == 1 ? "root" : "carol\n9 forged");
	generation->comment = strdup("because");
	generation->request = number == 7 ? 12 : 0;
	generation->size = strlen(text_in_force);
	assert_int_equal(cs_digest(CS_DOMAIN_POLICY, text_in_force, strlen(text_in_force), generation->digest), 0);
}

static void show_changes(struct cs_apply_answer *shown)
{
	fill_generation(&shown->generation, 7);
	shown->effect = effect_shown;
	shown->text = strdup(refused_text);
	shown->changes = calloc(1, sizeof(*shown->changes));
	shown->n_changes = 1;
	shown->changes[0].effect = effect_shown;
	shown->changes[0].what = strdup("role pmc");
	shown->changes[0].text = strdup("gains \033[2Krelease.deploy");
}

static int give_piece(const struct cs_policy_call *call, struct cs_policy_answer *reply)
{
	size_t n = strlen(text_in_force), left = call->offset < n ? n - call->offset : 0;

	fill_generation(&reply->generation, call->number == 0 ? 7 : call->number);
	reply->n_text = left > 100 ? 100 : left;
	reply->text = malloc(reply->n_text + 1);
	memcpy(reply->text, text_in_force + call->offset, reply->n_text);
	return 0;
}

static void give_history(const struct cs_history *call, struct cs_history_answer *reply)
{
	uint64_t from = call->before == 0 ? 7 : call->before - 1;

	reply->generations = calloc(3, sizeof(*reply->generations));
	for (uint64_t number = from; number > 0 && reply->n_generations < 3; number--)
		fill_generation(&reply->generations[reply->n_generations++], number);
}

/* A daemon with seven generations; without a directory, so that nobody is told by name. */
static int policy_daemon(enum cs_call_type type, const void *call, void *reply, char **text)
{
	struct cs_status *status = reply;
	const struct cs_apply *apply = call;

	(void)text;
	if (type == CS_CALL_STATUS)
		status->policy_file = strdup(policy_path);
	else if (type == CS_CALL_POLICY)
		return give_piece(call, reply);
	else if (type == CS_CALL_HISTORY)
		give_history(call, reply);
	else if (type == CS_CALL_APPLY && apply->only_show)
		show_changes(reply);
	else if (type == CS_CALL_APPLY) {
		memcpy(reply, &told, sizeof(told));
	} else {
		return CS_EDOUBT;
	}
	return 0;
}

static void unsound_policy_is_refused_before_the_daemon_is_asked_a014(void **state)
{
	char where[96];

	(void)state;
	put_file(candidate, POLICY "gate x {\n");
	RUN(no_calls, "policy", "apply", candidate);
	assert_int_equal(ran.status, 1);
	snprintf(where, sizeof(where), "%s:", candidate);
	assert_int_equal(strncmp(ran.err, where, strlen(where)), 0);
	RUN(no_calls, "policy", "check", candidate);
	assert_int_equal(ran.status, 1);
	assert_int_equal(strncmp(ran.err, where, strlen(where)), 0);
	RUN(no_calls, "policy", "check", candidate, "--json");
	assert_int_equal(ran.status, 1);
	assert_has(ran.out, "\"ok\": false");
	RUN(no_calls, "policy", "check", policy_path);
	assert_int_equal(ran.status, 0);
	assert_has(ran.out, "policy.conf: ok\n");
	assert_has(ran.out, "permissions 1, roles 1");
}

static void applied_policy_is_the_one_that_was_shown(void **state)
{
	const char *text = "# new\n" POLICY;
	uint8_t digest[CS_DIGEST_LEN];

	(void)state;
	RUN(policy_daemon, "policy", "apply", candidate, "--yes", "--comment", "freeze is over");
	assert_int_equal(ran.status, 0);
	assert_has(ran.out,
		"stronger: somebody loses a right, or more is asked\n  role pmc: gains \\x1B[2Krelease.deploy\n");
	assert_has(ran.out, "generation 8 is in force\n");
	assert_null(strchr(ran.out, '\033'));
	assert_int_equal(calls[CS_CALL_APPLY], 2);
	assert_int_equal(applied.kind, CS_APPLY_TEXT);
	assert_int_equal(applied.base, 7);
	assert_string_equal(applied.comment, "freeze is over");
	assert_string_equal(applied_text, text);
	assert_int_equal(applied_seals, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
	assert_int_equal(cs_digest(CS_DOMAIN_POLICY, text, strlen(text), digest), 0);
	assert_memory_equal(applied.digest, digest, CS_DIGEST_LEN);
}

static void without_a_file_the_daemons_own_is_applied(void **state)
{
	(void)state;
	RUN(policy_daemon, "policy", "apply", "--yes");
	assert_int_equal(ran.status, 0);
	assert_string_equal(applied_text, "# old\n" POLICY);
}

static void only_show_changes_nothing(void **state)
{
	(void)state;
	RUN(policy_daemon, "policy", "apply", candidate, "--only-show");
	assert_int_equal(ran.status, 0);
	assert_int_equal(calls[CS_CALL_APPLY], 1);
	assert_has(ran.out, "role pmc: gains");
	RUN(policy_daemon, "policy", "apply", candidate, "--only-show", "--json");
	assert_int_equal(calls[CS_CALL_APPLY], 1);
	assert_has(ran.out, "\"effect\": \"stronger\"");
}

static void nothing_is_applied_unasked(void **state)
{
	(void)state;
	RUN(policy_daemon, "policy", "apply", candidate);
	assert_int_equal(ran.status, CS_EXIT_USAGE);
	assert_int_equal(calls[CS_CALL_APPLY], 1);
	RUN(no_calls, "policy", "apply", candidate, "--json");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
}

/* What lets people do more is not waved through with the yes that one is used to. */
static void weaker_policy_takes_more_than_a_yes(void **state)
{
	const char *const words[] = { "policy", "apply", candidate };

	(void)state;
	run_on_terminal(policy_daemon, "y\n", words, 3);
	assert_int_equal(ran.status, 0);
	assert_int_equal(calls[CS_CALL_APPLY], 2);
	effect_shown = CS_EFFECT_WEAKER;
	run_on_terminal(policy_daemon, "y\n", words, 3);
	assert_int_equal(ran.status, 1);
	assert_int_equal(calls[CS_CALL_APPLY], 1);
	assert_has(ran.out, "nothing was changed");
	run_on_terminal(policy_daemon, "weaker\n", words, 3);
	assert_int_equal(ran.status, 0);
	assert_int_equal(calls[CS_CALL_APPLY], 2);
}

static void change_that_others_approve_is_pending(void **state)
{
	(void)state;
	told = (struct cs_apply_answer){ .decision.reason = CS_WHY_NOT_WAITING, .decision.number = 12 };
	RUN(policy_daemon, "policy", "apply", candidate, "--yes");
	assert_int_equal(ran.status, CS_EXIT_PENDING);
	assert_has(ran.out, "request 12 is open");
	assert_has(ran.out, "run the same command again");
}

static void refused_change_says_why(void **state)
{
	(void)state;
	told = (struct cs_apply_answer){ .decision.reason = CS_WHY_POLICY_CHANGED };
	RUN(policy_daemon, "policy", "apply", candidate, "--yes");
	assert_int_equal(ran.status, 1);
	assert_has(ran.err, "another generation came into force meanwhile");
	told.decision.reason = CS_WHY_NO_PERMISSION;
	RUN(policy_daemon, "policy", "rollback", "3", "--yes");
	assert_int_equal(ran.status, 1);
	assert_has(ran.err, "nothing was changed");
	assert_int_equal(applied.kind, CS_APPLY_ROLLBACK);
	assert_int_equal(applied.number, 3);
	refused_text = "policy:3: role pmc: there is no such permission";
	RUN(policy_daemon, "role", "grant", "pmc", "release.approve", "--yes");
	assert_int_equal(ran.status, 1);
	assert_int_equal(calls[CS_CALL_APPLY], 1);
	assert_has(ran.err, "there is no such permission");
	RUN(no_calls, "policy", "rollback", "current");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
}

static void single_change_says_what_was_typed(void **state)
{
	(void)state;
	RUN(policy_daemon, "role", "grant", "pmc", "release.deploy", "--in", "wg", "--yes", "release.approve");
	assert_int_equal(ran.status, 0);
	assert_int_equal(applied.kind, CS_APPLY_GRANT);
	assert_string_equal(applied.role, "pmc");
	assert_string_equal(applied.scope_kind, "wg");
	assert_int_equal(applied.n_permissions, 2);
	assert_string_equal(applied.permissions[0], "release.deploy");
	assert_string_equal(applied.permissions[1], "release.approve");
	assert_int_equal(applied_seals, 0);
	RUN(policy_daemon, "role", "revoke", "pmc", "release.deploy", "--yes");
	assert_int_equal(applied.kind, CS_APPLY_REVOKE);
	RUN(policy_daemon, "role", "define", "bot", "--label", "Bot", "--permission", "a", "--permission=b",
		"--inherits", "pmc",
		"--yes");
	assert_int_equal(applied.kind, CS_APPLY_DEFINE);
	assert_string_equal(applied.label, "Bot");
	assert_int_equal(applied.n_permissions, 2);
	assert_string_equal(applied.permissions[1], "b");
	assert_int_equal(applied.n_inherits, 1);
	RUN(no_calls, "role", "grant", "pmc");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
}

static void history_comes_in_pieces(void **state)
{
	size_t lines = 0;

	(void)state;
	RUN(policy_daemon, "policy", "history");
	assert_int_equal(ran.status, 0);
	for (const char *at = ran.out; *at != '\0'; at++)
		lines += *at == '\n' ? 1 : 0;
	assert_int_equal(lines, 8);
	assert_int_equal(calls[CS_CALL_HISTORY], 3);
	assert_has(ran.out, "carol\\n9 forged");
	RUN(policy_daemon, "policy", "history", "--json");
	assert_has(ran.out, "\"request\": 12");
}

static void text_that_is_not_the_one_named_is_not_shown(void **state)
{
	(void)state;
	RUN(policy_daemon, "policy", "show");
	assert_int_equal(ran.status, 0);
	assert_string_equal(ran.out, text_in_force);
	assert_true(calls[CS_CALL_POLICY] > 2);
	RUN(policy_daemon, "policy", "show", "3");
	assert_int_equal(ran.status, 0);
	RUN(no_calls, "policy", "show", "three");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
	RUN(no_calls, "policy", "show", "0");
	assert_int_equal(ran.status, CS_EXIT_USAGE);
}

static int other_text(enum cs_call_type type, const void *call, void *reply, char **text)
{
	struct cs_policy_answer *piece = reply;

	if (policy_daemon(type, call, reply, text) == 0 && piece->n_text > 0)
		piece->text[0] ^= 1;
	return 0;
}

static void text_with_another_digest_is_an_error_a110(void **state)
{
	(void)state;
	RUN(other_text, "policy", "show");
	assert_int_equal(ran.status, CS_EXIT_INTERNAL);
	assert_string_equal(ran.out, "");
}

/* The directory is not asked for who cannot be told anyway: the daemon's answer is what counts. */
static void what_if_of_the_past_takes_the_generation_of_then(void **state)
{
	(void)state;
	RUN(policy_daemon, "role", "list", "--policy", "3");
	assert_int_equal(ran.status, 0);
	assert_has(ran.out, "pmc  (PMC)\n  release.deploy\n");
	RUN(policy_daemon, "can", "alice", "release.deploy", "*", "--as-of", "2025-11-24T16:01Z");
	assert_int_equal(ran.status, CS_EXIT_DOUBT);
	assert_int_equal(calls[CS_CALL_RIGHT], 0);
	assert_int_equal(calls[CS_CALL_DIRECTORY], 1);
	RUN(policy_daemon, "can", "alice", "release.deploy", "*", "--as-of", "2020-01-01");
	assert_int_equal(ran.status, 1);
	assert_has(ran.err, "no generation of the policy was in force yet");
}

/* --- Status ------------------------------------------------------------------------------------------------------ */

static bool directory_ok;

static int one_status(enum cs_call_type type, const void *call, void *reply, char **text)
{
	struct cs_status *status = reply;

	(void)call;
	(void)text;
	assert_int_equal(type, CS_CALL_STATUS);
	status->directory_ok = directory_ok;
	status->directory = strdup("ldapi:/// does not answer since \033[31m");
	status->assurance = strdup("local-uid");
	return 0;
}

static void status_is_degraded_without_a_directory(void **state)
{
	(void)state;
	directory_ok = true;
	RUN(one_status, "status");
	assert_int_equal(ran.status, 0);
	assert_has(ran.out, "local-uid: the kernel says who votes");
	assert_null(strchr(ran.out, '\033'));
	directory_ok = false;
	RUN(one_status, "status");
	assert_int_equal(ran.status, 1);
	RUN(one_status, "status", "--json");
	assert_int_equal(ran.status, 1);
}

static int set_up_chain(void **state)
{
	return set_up(state) == 0 ? with_chain(state) : -1;
}

static int tear_down_chain(void **state)
{
	return without_chain(state) == 0 ? tear_down(state) : -1;
}

static int set_up_policy(void **state)
{
	return set_up(state) == 0 ? with_policy(state) : -1;
}

static int tear_down_policy(void **state)
{
	return without_policy(state) == 0 ? tear_down(state) : -1;
}

#define TEST(name)        cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_CHAIN(name)  cmocka_unit_test_setup_teardown(name, set_up_chain, tear_down_chain)
#define TEST_POLICY(name) cmocka_unit_test_setup_teardown(name, set_up_policy, tear_down_policy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(alone_it_says_what_waits),
		TEST(an_empty_list_says_so),
		TEST(list_is_cut_on_a_terminal_only),
		TEST(show_says_the_state_by_its_exit_status),
		TEST(show_escapes_what_was_asked_for_a097),
		TEST(vote_names_the_digest_that_was_shown_a086),
		TEST(digest_that_is_not_of_what_is_shown_stops_everything_a086),
		TEST(approving_without_code_or_terminal_is_refused_a094),
		TEST(code_is_typed_on_the_terminal_a094),
		TEST(vote_on_what_one_may_not_see_is_sent_and_told),
		TEST(refused_vote_is_sent_and_told),
		TEST(only_known_reasons_are_an_approval),
		TEST(rejection_asks_for_words_on_a_terminal),
		TEST(long_comment_is_refused_before_anything_is_sent_a060),
		TEST(can_has_three_answers),
		TEST(absent_daemon_is_69),
		TEST(stranger_as_server_is_not_asked_a057),
		TEST(full_disk_is_an_error),
		TEST(usage_errors_are_2),
		TEST_CHAIN(whole_evidence_is_whole),
		TEST_CHAIN(one_changed_byte_is_found_a110),
		TEST_CHAIN(withheld_end_is_found_a131),
		TEST_CHAIN(export_is_verified_without_a_daemon_a131),
		TEST_CHAIN(event_is_one_line_a130),
		TEST_POLICY(unsound_policy_is_refused_before_the_daemon_is_asked_a014),
		TEST_POLICY(applied_policy_is_the_one_that_was_shown),
		TEST_POLICY(without_a_file_the_daemons_own_is_applied),
		TEST_POLICY(only_show_changes_nothing),
		TEST_POLICY(nothing_is_applied_unasked),
		TEST_POLICY(weaker_policy_takes_more_than_a_yes),
		TEST_POLICY(change_that_others_approve_is_pending),
		TEST_POLICY(refused_change_says_why),
		TEST_POLICY(single_change_says_what_was_typed),
		TEST_POLICY(history_comes_in_pieces),
		TEST_POLICY(text_that_is_not_the_one_named_is_not_shown),
		TEST_POLICY(text_with_another_digest_is_an_error_a110),
		TEST_POLICY(what_if_of_the_past_takes_the_generation_of_then),
		TEST(status_is_degraded_without_a_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
