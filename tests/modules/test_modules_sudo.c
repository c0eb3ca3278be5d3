/* SPDX-License-Identifier: Apache-2.0 */
/* The sudo plugin, loaded and called as sudo does, against a scripted daemon. open never says 0 (sudo would run the
 * command without the plugin), and check says 1 only for a permit. */
#include "clock.h"
#include "decisions.h"
#include "input.h"
#include "log_catcher.h"
#include "mem.h"
#include "plugin.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sudo_plugin.h>
#include <sys/socket.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS 16

struct scene {
	/* Each replaces the usual list when it is not empty; "!name" takes one away from the usual list. */
	const char *settings[WORDS], *user_info[WORDS], *command_info[WORDS];
	const char *submit_env[WORDS], *run_env[WORDS], *argv[WORDS];
	const char *options[WORDS]; /* behind socket= and server_uid= */
	char *const *huge_argv;     /* instead of argv */
	char *const *huge_env;
	bool no_socket_option;
	const char *typed; /* at the prompt; NULL: there is nobody */
	bool root;         /* root itself asks; else uid 5 where the test runs as root */
	bool blind;        /* printing fails */
	unsigned version;
	const struct fake_step *steps;
	size_t n_steps;
	bool other_server;
	bool speaks; /* on standard output, where nothing runs that could */
	bool dead;
	bool inside; /* in the same process as the scene before it: what that permitted runs */
	int notify_fd;
	rlim_t files; /* how many descriptors it may have open; 0: as many as there are */
};

static struct {
	int open, check;
	char out[16384];   /* what went to standard output */
	char said[16384];  /* what went to the terminal or standard error */
	char errstr[8192];
	unsigned prompts;
	uint64_t took_ms;
	struct fake_seen seen;
} saw;

static const struct scene *now_playing;

/* --- A small sudo ------------------------------------------------------------------------------------------------- */

static int converse(int n, const struct sudo_conv_message messages[], struct sudo_conv_reply replies[],
	struct sudo_conv_callback *callback)
{
	(void)callback;
	assert_int_equal(n, 1);
	assert_int_equal(messages[0].msg_type & 0xff, SUDO_CONV_PROMPT_ECHO_ON);
	saw.prompts++;
	if (now_playing->typed == NULL)
		return -1;
	replies[0].reply = strdup(now_playing->typed);
	return 0;
}

__attribute__((format(printf, 2, 3))) static int print(int type, const char *format, ...)
{
	char *to = type == SUDO_CONV_INFO_MSG ? saw.out : saw.said;
	size_t used = strlen(to);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(to + used, sizeof(saw.said) - used, format, args);
	va_end(args);
	return now_playing->blind ? -1 : 1;
}

static int is_taken_away(const char *const *list, const char *word)
{
	for (size_t i = 0; i < WORDS && list[i] != NULL; i++)
		if (list[i][0] == '!' && strncmp(list[i] + 1, word, strlen(list[i] + 1)) == 0)
			return 1;
	return 0;
}

/* The usual words that are not taken away, then the scene's own. */
static char **words(const char *const *usual, const char *const *own)
{
	char **list = NULL;
	size_t n = 0;

	for (size_t i = 0; i < WORDS && own[i] != NULL; i++)
		if (own[i][0] != '!')
			assert_int_equal(cs_strv_add(&list, &n, own[i]), 0);
	for (size_t i = 0; usual[i] != NULL; i++)
		if (!is_taken_away(own, usual[i]))
			assert_int_equal(cs_strv_add(&list, &n, usual[i]), 0);
	list = reallocarray(list, n + 1, sizeof(*list));
	assert_non_null(list);
	list[n] = NULL;
	return list;
}

static void free_words(char **list)
{
	for (size_t i = 0; list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

static char **options_of(const struct scene *scene, const struct fake *fake)
{
	char socket[160], server[40];
	const char *usual[] = { socket, server, NULL }, *none[] = { NULL };

	(void)snprintf(socket, sizeof(socket), "socket=%s", fake->path);
	(void)snprintf(server, sizeof(server), "server_uid=%u", (unsigned)geteuid());
	return words(scene->no_socket_option ? none : usual, scene->options);
}

static const struct approval_plugin *load(void)
{
	const struct approval_plugin *plugin = plugin_symbol("sudo_countersign");

	assert_int_equal(plugin->type, SUDO_APPROVAL_PLUGIN);
	assert_int_equal(SUDO_API_VERSION_GET_MAJOR(plugin->version), 1);
	assert_non_null(plugin->check);
	return plugin;
}

static void call_plugin(const struct scene *scene, const struct fake *fake)
{
	static const char *const settings[] = { "progname=sudo", NULL };
	static const char *const nobody_special[] = { "user=games", "uid=5", "gid=60", "groups=60,100", "cwd=/usr",
		"tty=/dev/pts/9", "host=here", NULL };
	static const char *const root[] = { "user=root", "uid=0", "gid=0", "groups=0", "cwd=/usr", "tty=/dev/pts/9",
		NULL };
	static const char *const command[] = { "command=/usr/bin/true", "runas_uid=0", "runas_gid=0",
		"runas_groups=0,4", NULL };
	static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin", "LANG=C.UTF-8", "HOME=/root",
		"SUDO_USER=games", NULL };
	static const char *const argv[] = { "true", "tomcat", "10.1\033[1G", NULL };
	static const char *const none[] = { NULL };
	const struct approval_plugin *plugin = load();
	char **lists[] = { words(settings, scene->settings), words(scene->root ? root : nobody_special,
		scene->user_info),
		words(command, scene->command_info), words(none, scene->submit_env), words(environment, scene->run_env),
		words(scene->argv[0] != NULL ? none : argv, scene->argv), options_of(scene, fake) };
	const char *errstr = NULL;
	struct rlimit all, few;

	if (!scene->root && getuid() == 0)
		assert_int_equal(setresuid(5, 0, 0), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	few = (struct rlimit){ .rlim_cur = scene->files != 0 ? scene->files : all.rlim_cur, .rlim_max = all.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	saw.took_ms = cs_boot_ms();
	saw.open = plugin->open(scene->version != 0 ? scene->version : SUDO_API_MKVERSION(1, 20), converse, print,
		lists[0], lists[1], 1, lists[5], lists[3], lists[6], &errstr);
	saw.check = plugin->check(lists[2], scene->huge_argv != NULL ? scene->huge_argv : lists[5],
		scene->huge_env != NULL ? scene->huge_env : lists[4], &errstr);
	saw.took_ms = cs_boot_ms() - saw.took_ms;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
	if (errstr != NULL)
		(void)snprintf(saw.errstr, sizeof(saw.errstr), "%s", errstr);
	plugin->close();
	if (geteuid() == 0)
		assert_int_equal(setresuid(0, 0, 0), 0);
	for (size_t i = 0; i < CS_COUNT(lists); i++)
		free_words(lists[i]);
}

static int play(struct scene scene)
{
	struct fake fake;
	struct fake_options how = { .steps = scene.steps, .n_steps = scene.n_steps, .notify_fd = scene.notify_fd,
		.listen_as = scene.other_server ? 65534 : geteuid(), .dead = scene.dead };

	if (!scene.inside)
		plugin_unload();
	memset(&saw, 0, sizeof(saw));
	logged_forget();
	now_playing = &scene;
	fake_start(&fake, &how);
	call_plugin(&scene, &fake);
	saw.seen = *fake.seen;
	fake_stop(&fake);
	now_playing = NULL;
	assert_int_equal(saw.open, 1); /* A031: in every scene */
	assert_int_equal(saw.seen.unexpected, 0);
	if (!scene.speaks)
		assert_string_equal(saw.out, ""); /* the command's own output stays clean */
	return saw.check;
}

static void seen_call(unsigned n, void *ret_call)
{
	struct fake fake = { .seen = &saw.seen };

	fake_call(&fake, n, ret_call);
}

/* The submit of a scene that is permitted. */
static struct cs_submit submit_of(struct scene scene)
{
	static const struct fake_step permit[] = { ANSWER(CS_CALL_SUBMIT, &d_permit) };
	struct cs_submit submit = { 0 };

	scene.steps = permit;
	scene.n_steps = 1;
	assert_int_equal(play(scene), 1);
	seen_call(0, &submit);
	return submit;
}

/* --- Verdicts ----------------------------------------------------------------------------------------------------- */

static void test_sudo_a031_open_and_check(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), 1);
	assert_string_equal(saw.said, "");
	assert_string_equal(saw.errstr, "");
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_deny)))), 0);
	assert_non_null(strstr(saw.said, "no \\x1B[31mright [no-permission]"));
	assert_non_null(strstr(saw.errstr, "[no-permission]"));
	assert_null(strchr(saw.errstr, '\n'));
}

static void test_sudo_a031_version(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.version = SUDO_API_MKVERSION(2, 0), STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))),
		-1);
	assert_int_equal(saw.seen.connections, 0);
	assert_int_equal(play(SCENE(.version = SUDO_API_MKVERSION(1, 15), STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))),
		1);
	assert_int_equal(play(SCENE(.version = SUDO_API_MKVERSION(1, 99), STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))),
		1);
}

static void test_sudo_a014_bad_options(void **state)
{
	static const char *const bad[] = { "debug", "timeout=0", "timeout=", "timeout", "confirm", "permission=a",
		"hold=session",
		"server=games", "server_uid=5", "socket=/x", "Socket=/x", "scope=x", "sock=/x", "time=3", "timeouts=3",
		"" };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(bad); i++) {
		assert_int_equal(play(SCENE(.options = { bad[i] }, STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), -1);
		assert_int_equal(saw.seen.connections, 0);
		assert_non_null(strstr(saw.said, "in sudo.conf"));
		assert_non_null(strstr(logged(), "everybody is denied"));
		/* root itself too: a line that is set up wrongly is mended, not passed */
		assert_int_equal(play(SCENE(.root = true, .options = { bad[i] })), -1);
	}
}

static void test_sudo_a033_no_good_answer(void **state)
{
	static const enum fake_act acts[] = { FAKE_CLOSE, FAKE_GARBAGE, FAKE_CUT, FAKE_OTHER_TYPE, FAKE_BAD_VERDICT,
		FAKE_SILENT };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(acts); i++) {
		assert_int_equal(play(SCENE(.options = { "timeout=1" },
					 STEPS({ .call = CS_CALL_SUBMIT, .act = acts[i], .reply = &d_permit }))),
			-1);
		assert_non_null(strstr(saw.said, "countersignd does not answer"));
		assert_true(saw.took_ms < 2000);
	}
	assert_int_equal(play(SCENE(STEPS({ .call = CS_CALL_SUBMIT, .act = FAKE_ERROR, .error = CS_EINVAL,
		.text = "cwd" }))), -1);
	assert_non_null(strstr(saw.said, "cwd"));
}

/* However many descriptors sudo was left, nothing runs that the daemon did not permit. sudo lifts most limits before it loads
 * plugins; this one does not count on that. Kills: what cannot be opened, taken for what is not needed. */
static void test_sudo_a033_no_descriptor_left(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (rlim_t files = 1; files < 64; files++) { /* until there are as many as it takes */
		assert_int_not_equal(play(SCENE(.files = files, STEPS(ANSWER(CS_CALL_SUBMIT, &d_deny)))), 1);
		failed += saw.check == -1;
		if (play(SCENE(.files = files, STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_approved),
			    ANSWER(CS_CALL_CLAIM, &d_used)))) == 1)
			break;
	}
	assert_int_equal(saw.check, 1);
	assert_int_equal(saw.seen.n_calls, 3);
	assert_in_range(failed, 3, 60);
}

static void test_sudo_a067_absent_daemon(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.dead = true)), -1);
	assert_true(saw.took_ms < 1000);
	assert_non_null(strstr(saw.said, "countersignd does not answer (it is not running)"));
	assert_non_null(strstr(saw.errstr, "countersignd does not answer"));
}

static void test_sudo_a010_root_itself_without_daemon(void **state)
{
	static struct cs_decision full = { .verdict = CS_DENY, .reason = CS_WHY_STORE };

	(void)state;
	/* nobody else gets in with a full disk */
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &full)))), 0);
	if (geteuid() != 0)
		skip();
	assert_int_equal(play(SCENE(.root = true, .dead = true)), 1);
	assert_non_null(strstr(logged(), "<4>"));
	assert_non_null(strstr(logged(), "permitted root without countersignd: not recorded"));
	/* with a daemon root is asked about and recorded, and its answer counts */
	assert_int_equal(play(SCENE(.root = true, STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), 1);
	assert_int_equal(saw.seen.n_calls, 1);
	assert_int_equal(play(SCENE(.root = true, STEPS(ANSWER(CS_CALL_SUBMIT, &d_deny)))), 0);
	assert_int_equal(play(SCENE(.root = true, STEPS(ANSWER(CS_CALL_SUBMIT, &full)))), 1);
	assert_non_null(strstr(logged(), "permitted root without countersignd: not recorded"));
	assert_int_equal(play(SCENE(.root = true, STEPS(ANSWER(CS_CALL_SUBMIT, &d_held),
		{ .call = CS_CALL_WAIT, .act = FAKE_CLOSE }))), -1);
}

/* Root's name or number in sudo's list alone makes nobody root. */
static void test_sudo_a004_claimed_root(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(play(SCENE(.user_info = { "uid=0", "user=root" }, .dead = true)), -1);
	assert_int_equal(play(SCENE(.root = true, .user_info = { "uid=5", "user=games" }, .dead = true)), -1);
}

static void test_sudo_a057_wrong_server(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(play(SCENE(.other_server = true, STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), -1);
	assert_int_equal(saw.seen.n_calls, 0);
	assert_non_null(strstr(saw.said, "another user answers on its socket"));
}

/* --- Holding ------------------------------------------------------------------------------------------------------ */

static void test_sudo_a034_hold_approved_claimed_with_the_file(void **state)
{
	struct cs_claim claim = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(stat("/usr/bin/true", &st), 0);
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_held_on),
				 ANSWER(CS_CALL_WAIT, &d_half), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_used)))),
		1);
	assert_true(saw.seen.calls[0].has_fd);
	assert_int_equal(saw.seen.calls[0].inode, st.st_ino);
	assert_true(saw.seen.calls[4].has_fd); /* opened again for the claim */
	assert_int_equal(saw.seen.calls[4].inode, st.st_ino);
	seen_call(4, &claim);
	assert_true(claim.has_file);
	assert_memory_equal(claim.id, d_held.id, CS_ID_LEN);
	assert_memory_equal(claim.secret, d_held.secret, CS_ID_LEN);
	assert_int_equal(saw.seen.connections, 1);
	assert_non_null(strstr(saw.said, "request 4711 is held"));
	assert_non_null(strstr(saw.said, "check code  0425"));
	assert_non_null(strstr(saw.said, "1 x Approve a deployment in project/tomcat: bob, carol"));
	assert_non_null(strstr(saw.said, "open for    30m 00s, held here for 10m 00s"));
	assert_non_null(strstr(saw.said, "bob approved: fine\\nby me\n"));
	assert_non_null(strstr(saw.said, "still needed: 1 x Infrastructure (everywhere): carol, erin\\x1B[2K\n"));
	assert_non_null(strstr(saw.said, "request 4711 is approved"));
	assert_null(strchr(saw.said, '\033'));
}

/* Kills: telling votes by their number alone, which says nothing where one is taken back. */
static void test_sudo_stages_and_other_sessions_are_told(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_staged), ANSWER(CS_CALL_WAIT, &d_second_stage),
				 ANSWER(CS_CALL_WAIT, &d_taken_back), ANSWER(CS_CALL_WAIT, &d_rejected)))),
		0);
	assert_non_null(strstr(saw.said, "    needed      1 x Committee: bob, carol\n"));
	assert_non_null(strstr(saw.said, "    later       1 x Infrastructure, after stage 1: carol\n"));
	assert_non_null(strstr(saw.said, "                1 x Board, one way: board, in 12m 00s\n"));
	assert_non_null(strstr(saw.said, "    goes ahead  in 1h 00m if nobody objects\n"));
	assert_non_null(strstr(saw.said, "another session waits for it too\n"));
	assert_non_null(strstr(saw.said, "countersign: bob approved: fine\\nby me\n"
					 "countersign: still needed: 1 x Infrastructure: carol\n"
					 "countersign: no other session waits for it any more\n"
					 "countersign: bob took the vote back\n"
					 "countersign: still needed: 1 x Committee: bob, carol\n"
					 "countersign: later: 1 x Infrastructure, after stage 1: carol\n"));
}

/* --- Asking ahead ------------------------------------------------------------------------------------------------- */

static void test_sudo_ahead_is_said_on_standard_output_and_nothing_runs(void **state)
{
	struct cs_submit submit = { 0 };

	(void)state;
	assert_int_equal(play(SCENE(.speaks = true, .submit_env = { "COUNTERSIGN_AHEAD=1", "COUNTERSIGN_START=1795298400000",
					    "COUNTERSIGN_REASON=tonight" },
				 STEPS(ANSWER(CS_CALL_SUBMIT, &d_ahead)))),
		0);
	seen_call(0, &submit);
	assert_true(submit.ahead && !submit.may_wait);
	assert_int_equal(submit.start_wall_ms, 1795298400000);
	assert_string_equal(submit.reason, "tonight");
	cs_clear(&cs_submit_shape, &submit);
	assert_int_equal(strncmp(saw.out, "countersign: request 4711 is asked for ahead\n", 45), 0);
	assert_non_null(strstr(saw.out, "    check code  0425\n"));
	assert_non_null(strstr(saw.out, "    needed      1 x Approve a deployment in project/tomcat: bob, carol\n"));
	assert_non_null(strstr(saw.out, "    not before  2026-11-21T22:00:00Z\n"));
	assert_string_equal(saw.said, "");
}

/* Kills: leaving out conclude_ahead, where a permit would run the command now. */
static void test_sudo_ahead_never_runs_whatever_is_decided(void **state)
{
	static struct cs_decision *const answers[] = { &d_permit, &d_used, &d_again, &d_deny, &d_approved, &d_held,
		&d_cooling };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(answers); i++)
		assert_int_equal(play(SCENE(.speaks = true, .submit_env = { "COUNTERSIGN_AHEAD=1" },
					 STEPS(ANSWER(CS_CALL_SUBMIT, answers[i])))),
			0);
	assert_int_equal(play(SCENE(.submit_env = { "COUNTERSIGN_AHEAD=1" },
				 STEPS({ .call = CS_CALL_SUBMIT, .act = FAKE_CLOSE }))), -1);
	assert_int_equal(play(SCENE(.root = true, .submit_env = { "COUNTERSIGN_AHEAD=1" }, .dead = true)), -1);
}

/* Kills taking what nobody has to be asked for, which has no number, for a request that is open. */
static void test_sudo_ahead_nobody_has_to_be_asked(void **state)
{
	struct cs_decision free_to_run = { .verdict = CS_DENY, .reason = CS_WHY_NOT_WAITING };

	(void)state;
	assert_int_equal(play(SCENE(.speaks = true, .submit_env = { "COUNTERSIGN_AHEAD=1" },
				 STEPS(ANSWER(CS_CALL_SUBMIT, &free_to_run)))), 0);
	assert_string_equal(saw.out, "");
	assert_non_null(strstr(saw.said, "nobody has to approve this"));
	assert_null(strstr(saw.said, "request 0"));
}

static void test_sudo_ahead_that_makes_no_sense_is_refused(void **state)
{
	static const char *const words[][2] = { { "COUNTERSIGN_AHEAD=0", NULL }, { "COUNTERSIGN_AHEAD=", NULL },
		{ "COUNTERSIGN_START=1795298400000", NULL }, { "COUNTERSIGN_AHEAD=1", "COUNTERSIGN_START=tomorrow" },
		{ "COUNTERSIGN_AHEAD=1", "COUNTERSIGN_START=" }, { "COUNTERSIGN_AHEAD=1", "COUNTERSIGN_START=-1" },
		{ "COUNTERSIGN_AHEAD=1", "COUNTERSIGN_START=9999999999999999" } };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(words); i++) {
		assert_int_equal(play(SCENE(.submit_env = { words[i][0], words[i][1] },
					 STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), -1);
		assert_int_equal(saw.seen.n_calls, 0);
		assert_non_null(strstr(saw.said, "COUNTERSIGN_"));
	}
}

static void test_sudo_hold_rejected(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_rejected)))), 0);
	assert_non_null(strstr(saw.said, "request 4711 was rejected by bob: not today"));
	assert_non_null(strstr(saw.errstr, "request 4711 was rejected by bob: not today"));
}

static void test_sudo_a080_claim_refused(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_lost)))),
		0);
	assert_non_null(strstr(saw.said, "[approver-lost, request 4711]"));
}

static void test_sudo_a033_only_a_claim_opens(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_wait_permit)))), -1);
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_held), ANSWER(CS_CALL_WAIT, &d_wait_permit)))),
		-1);
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_only_hold)))), 0);
}

/* A vote was taken back before the claim: it is told, and waited for again. */
static void test_sudo_a092_reopened_before_the_claim(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_held), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_used)))),
		1);
	assert_non_null(strstr(saw.said, "took the vote back"));
	assert_non_null(strstr(saw.said, "still needed"));
}

/* Approved, and the gate has a waiting time: it is told, waited for without asking all the time, and used then. */
static void test_sudo_cooling_is_waited_for(void **state)
{
	struct cs_wait wait = { 0 };

	(void)state;
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_cooling),
				 ANSWER(CS_CALL_WAIT, &d_nearly), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_used)))),
		1);
	assert_non_null(strstr(saw.said, "carol approved\n"));
	assert_non_null(strstr(saw.said, "request 4711 is approved; it may be used in 9m 30s\n"));
	seen_call(2, &wait);
	assert_int_equal(wait.seen, 3);
	assert_true(wait.wait_ms >= 5000 && wait.wait_ms <= 60000);
	seen_call(3, &wait);
	assert_int_equal(wait.wait_ms, 250);
	/* the claim says that it is too early still */
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_nearly), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_used)))),
		1);
	/* the identical call finds it like that */
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_cooling), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_used)))),
		1);
	assert_non_null(strstr(saw.said, "request 4711 is approved; it may be used in 9m 30s\n"));
	assert_null(strstr(saw.said, "is held until others approve it"));
	/* and it may be rejected meanwhile */
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_cooling), ANSWER(CS_CALL_WAIT, &d_rejected)))), 0);
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_cooling), ANSWER(CS_CALL_WAIT, &d_wait_permit)))),
		-1);
}

static void test_sudo_cooling_parked(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_cooling),
		ANSWER(CS_CALL_WAIT, &d_cooling_parked)))), 0);
	assert_non_null(strstr(saw.said, "request 4711 is approved; it may be used in 4m 00s\n"));
	assert_non_null(strstr(saw.said, "run the same command again then"));
	assert_null(strstr(saw.said, "after it is approved"));
	assert_int_equal(play(SCENE(.settings = { "noninteractive=true" },
		STEPS(ANSWER(CS_CALL_SUBMIT, &d_cooling_later)))), 0);
	assert_non_null(strstr(saw.said, "it may be used in 4m 00s"));
}

static void test_sudo_parked(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_parked)))), 0);
	assert_non_null(strstr(saw.said, "request 4711 stays open for 30m 00s; its check code is 0425"));
	assert_non_null(strstr(saw.said, "run the same command again after it is approved"));
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_used)))), 1);
	assert_non_null(strstr(saw.said, "request 4711 is approved"));
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_again), ANSWER(CS_CALL_CLAIM, &d_used)))), 1);
}

static void test_sudo_a033_bad_answers_while_held(void **state)
{
	static const enum fake_act acts[] = { FAKE_CLOSE, FAKE_GARBAGE, FAKE_OTHER_TYPE, FAKE_BAD_VERDICT };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(acts); i++) {
		assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held),
					 { .call = CS_CALL_WAIT, .act = acts[i], .reply = &d_approved }))),
			-1);
		assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_approved),
					 { .call = CS_CALL_CLAIM, .act = acts[i], .reply = &d_used }))),
			-1);
	}
	assert_int_equal(play(SCENE(.options = { "timeout=1" }, STEPS(ANSWER(CS_CALL_SUBMIT, &d_held),
				 ANSWER(CS_CALL_WAIT, &d_approved), { .call = CS_CALL_CLAIM, .act = FAKE_CUT,
					.reply = &d_used }))),
		-1);
}

static void test_sudo_a050_noninteractive(void **state)
{
	struct cs_submit submit = { 0 };

	(void)state;
	assert_int_equal(play(SCENE(.settings = { "noninteractive=true" },
		STEPS(ANSWER(CS_CALL_SUBMIT, &d_not_waiting)))), 0);
	seen_call(0, &submit);
	assert_false(submit.may_wait);
	cs_clear(&cs_submit_shape, &submit);
	assert_non_null(strstr(saw.said, "request 4711 stays open"));
	assert_non_null(strstr(saw.said, "0425"));
	assert_int_equal(play(SCENE(.settings = { "noninteractive=true" }, .typed = "because",
				 STEPS(ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))),
		-1);
	assert_int_equal(saw.prompts, 0);
	assert_non_null(strstr(saw.said, "COUNTERSIGN_REASON"));
	submit = submit_of(SCENE());
	assert_true(submit.may_wait);
	cs_clear(&cs_submit_shape, &submit);
}

static void test_sudo_reason(void **state)
{
	struct cs_submit submit = { 0 };

	(void)state;
	assert_int_equal(play(SCENE(.typed = "release 10.1", STEPS(ANSWER(CS_CALL_SUBMIT, &d_needs_reason),
				 ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_rejected)))),
		0);
	assert_int_equal(saw.prompts, 1);
	seen_call(1, &submit);
	assert_string_equal(submit.reason, "release 10.1");
	assert_true(saw.seen.calls[1].has_fd);
	cs_clear(&cs_submit_shape, &submit);
	submit = submit_of(SCENE(.submit_env = { "A=b", "COUNTERSIGN_REASONS=no",
		"COUNTERSIGN_REASON=from the environment" }));
	assert_string_equal(submit.reason, "from the environment");
	cs_clear(&cs_submit_shape, &submit);
	assert_int_equal(play(SCENE(.typed = "  ", STEPS(ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))), -1);
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))), -1);
	assert_non_null(strstr(saw.said, "a reason is needed"));
	assert_int_equal(play(SCENE(.typed = "x", STEPS(ANSWER(CS_CALL_SUBMIT, &d_needs_reason),
				 ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))),
		0);
	assert_int_equal(saw.prompts, 1);
}

/* --- Signals and terminals ---------------------------------------------------------------------------------------- */

static void on_signal(int number)
{
	(void)number;
}

static void test_sudo_a043_signal_cancels(void **state)
{
	struct sigaction action = { .sa_handler = on_signal }, old;
	struct cs_cancel cancel = { 0 };

	(void)state;
	assert_int_equal(sigaction(SIGINT, &action, &old), 0);
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), { .call = CS_CALL_WAIT, .act = FAKE_SIGNAL },
				 ANSWER(CS_CALL_CANCEL, &d_cancelled)))),
		-1);
	assert_int_equal(saw.seen.n_calls, 3);
	assert_int_equal(saw.seen.connections, 2);
	seen_call(2, &cancel);
	assert_int_equal(cancel.number, 4711);
	assert_memory_equal(cancel.id, d_held.id, CS_ID_LEN);
	assert_memory_equal(cancel.secret, d_held.secret, CS_ID_LEN);
	assert_non_null(strstr(saw.said, "request 4711 is cancelled"));
	/* another session of the same person waits for the same: this one only leaves */
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), { .call = CS_CALL_WAIT, .act = FAKE_SIGNAL },
				 ANSWER(CS_CALL_CANCEL, &d_still_wanted)))),
		-1);
	assert_non_null(strstr(saw.said, "request 4711 stays open: Another of your sessions waits for it still"));
	assert_null(strstr(saw.said, "cancelled"));
	/* at the first question, and at the claim, where the daemon may have said yes */
	assert_int_equal(play(SCENE(STEPS({ .call = CS_CALL_SUBMIT, .act = FAKE_SIGNAL }))), -1);
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_approved),
				 { .call = CS_CALL_CLAIM, .act = FAKE_SIGNAL }, ANSWER(CS_CALL_CANCEL, &d_cancelled)))),
		-1);
	assert_int_equal(sigaction(SIGINT, &old, NULL), 0);
}

/* A child with a terminal of its own, which goes away when the daemon has the wait. */
static int play_at_terminal(int master, int notify[2], bool blind)
{
	int slave = -1;

	if (setsid() == -1 || signal(SIGHUP, SIG_IGN) == SIG_ERR)
		return 3;
	slave = open(ptsname(master), O_RDWR | O_CLOEXEC);
	if (slave == -1 || ioctl(slave, TIOCSCTTY, 0) != 0)
		return 4;
	close(master);
	close(notify[0]);
	if (play(SCENE(.notify_fd = notify[1], .blind = blind, STEPS(ANSWER(CS_CALL_SUBMIT, &d_held),
		    { .call = CS_CALL_WAIT, .act = FAKE_NOTIFY }, ANSWER(CS_CALL_CANCEL, &d_cancelled)))) != -1)
		return 5;
	if (saw.seen.connections != 1 || saw.seen.n_calls != (blind ? 1 : 2))
		return 6; /* it was cancelled, which parking must not be */
	return strstr(saw.said, "request 4711 stays open") != NULL ? 0 : 7;
}

static void terminal_case(bool blind)
{
	int notify[2], status = 0, master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char byte = 0;
	pid_t pid = 0;

	assert_int_not_equal(master, -1);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	assert_int_equal(pipe2(notify, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		_exit(play_at_terminal(master, notify, blind));
	close(notify[1]);
	if (!blind)
		assert_int_equal(read(notify[0], &byte, 1), 1);
	if (!blind)
		close(master); /* hang up */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	if (blind)
		close(master);
	close(notify[0]);
}

/* Kills: the look at the terminal in ask_reason; sudo takes the first line of what is piped into the command for the reason then. */
static void test_sudo_a050_without_a_terminal_no_reason_is_read(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(setsid() == -1 || play(SCENE(.typed = "typed", STEPS(ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))) != -1 ||
			saw.prompts != 0 || strstr(saw.said, "no terminal") == NULL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* What is said in a session without a terminal: 0 when it is just these lines. */
static int play_without_terminal(struct scene scene, const char *const lines[2])
{
	char *at = saw.said;

	if (setsid() == -1 || play(scene) != 1)
		return 3;
	for (size_t i = 0; i < 2; i++) {
		size_t len = strcspn(at, "\n");

		if (strncmp(at, lines[i], strlen(lines[i])) != 0)
			return 4 + (int)i;
		at += len + 1;
	}
	return *at == '\0' ? 0 : 6;
}

/* Kills: the block and the votes, which nobody looks at, in a log. */
static void test_sudo_a050_without_a_terminal_waiting_is_one_line(void **state)
{
	static const struct fake_step steps[] = { ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_half),
		ANSWER(CS_CALL_WAIT, &d_approved), ANSWER(CS_CALL_CLAIM, &d_used) };
	static const char *const lines[] = { "countersign: request 4711 is held until others approve it: check code 0425, "
		"countersign approve 4711, for 10m 00s", "countersign: request 4711 is approved, and used now" };
	int status = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(play_without_terminal(SCENE(.steps = steps, .n_steps = CS_COUNT(steps)), lines));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_sudo_terminal_goes_away_and_the_request_is_parked(void **state)
{
	(void)state;
	terminal_case(false);
}

static void test_sudo_printing_fails_and_the_request_is_parked(void **state)
{
	(void)state;
	terminal_case(true);
}

/* --- What runs inside what runs (intercept) ----------------------------------------------------------------------- */

static struct cs_decision attended = { .verdict = CS_PERMIT, .reason = CS_WHY_APPROVED, .number = 4711, .attend = true };

/* Kills: nested that is not told, or told of the first; what a denial leaves behind; a connection that is left for a session line
 * that does not come. */
static void test_sudo_a040_what_runs_inside_is_told(void **state)
{
	struct cs_submit submit = { 0 };

	(void)state;
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_deny)))), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(play(SCENE(.inside = true, STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), 1);
		seen_call(0, &submit);
		assert_int_equal(submit.nested, i > 0);
		cs_clear(&cs_submit_shape, &submit);
	}
}

/* Kills: a prompt while what runs could be told to end; the reason that was given for it, not taken over. */
static void test_sudo_a040_inside_nobody_is_asked_to_type(void **state)
{
	static const struct fake_step steps[] = { ANSWER(CS_CALL_SUBMIT, &d_needs_reason), ANSWER(CS_CALL_SUBMIT, &d_permit) };
	struct cs_submit submit = { 0 };

	(void)state;
	assert_int_equal(play(SCENE(.submit_env = { "COUNTERSIGN_REASON=monthly" }, STEPS(ANSWER(CS_CALL_SUBMIT, &attended)))), 1);
	assert_int_equal(play(SCENE(.inside = true, .typed = "typed", .steps = steps, .n_steps = 2)), 1);
	assert_int_equal(saw.prompts, 0);
	seen_call(1, &submit);
	assert_string_equal(submit.reason, "monthly");
	cs_clear(&cs_submit_shape, &submit);
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &attended)))), 1);
	assert_int_equal(play(SCENE(.inside = true, .typed = "typed", .steps = steps, .n_steps = 1)), -1);
	assert_int_equal(saw.prompts, 0);
	assert_non_null(strstr(saw.said, "COUNTERSIGN_REASON"));
	/* What nobody attends to nobody ends. */
	assert_int_equal(play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), 1);
	assert_int_equal(play(SCENE(.inside = true, .typed = "typed", .steps = steps, .n_steps = 2)), 1);
	assert_int_equal(saw.prompts, 1);
}

/* --- What is asked ------------------------------------------------------------------------------------------------ */

static void test_sudo_submit_in_full(void **state)
{
	struct cs_submit s = submit_of(SCENE());
	char resolved[4096];

	(void)state;
	assert_int_equal(s.subject.uid, 5);
	assert_string_equal(s.subject.name, "games");
	assert_string_equal(s.action.service, "sudo");
	assert_string_equal(s.action.command, "/usr/bin/true");
	assert_non_null(realpath("/usr/bin/true", resolved));
	assert_string_equal(s.action.resolved, resolved);
	assert_int_equal(s.action.n_argv, 3);
	assert_string_equal(s.action.argv[0], "true");
	assert_string_equal(s.action.argv[2], "10.1\033[1G"); /* raw: escaped where it is shown */
	assert_int_equal(s.action.target_uid, 0);
	assert_int_equal(s.action.target_gid, 0);
	assert_int_equal(s.action.n_target_groups, 2);
	assert_int_equal(s.action.target_groups[1], 4);
	assert_string_equal(s.action.target_name, "root");
	assert_string_equal(s.action.cwd, "/usr");
	assert_string_equal(s.action.tty, "/dev/pts/9");
	assert_int_equal(s.action.n_env, 0);
	assert_false(s.action.option_refused);
	assert_false(s.action.exposed);
	assert_true(s.has_file);
	assert_false(s.only_ask);
	cs_clear(&cs_submit_shape, &s);
}

static void test_sudo_a039_options(void **state)
{
	static const struct scene scenes[] = { { .settings = { "remote_host=other" } },
		{ .settings = { "cmnd_chroot=/srv" } },
		{ .command_info = { "chroot=/srv" } } };
	struct cs_submit s = { 0 };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(scenes); i++) {
		s = submit_of(scenes[i]);
		assert_true(s.action.option_refused);
		cs_clear(&cs_submit_shape, &s);
	}
	s = submit_of(SCENE(.command_info = { "cwd=/srv/work" }));
	assert_string_equal(s.action.cwd, "/srv/work");
	cs_clear(&cs_submit_shape, &s);
}

static void test_sudo_a037_sudoedit(void **state)
{
	struct cs_submit s = submit_of(SCENE(.command_info = { "sudoedit=true" },
		.argv = { "vi", "--", "/etc/hosts" }));

	(void)state;
	assert_string_equal(s.action.service, "sudoedit");
	assert_int_equal(s.action.n_argv, 3);
	cs_clear(&cs_submit_shape, &s);
	s = submit_of(SCENE(.settings = { "sudoedit=true" }));
	assert_string_equal(s.action.service, "sudoedit");
	cs_clear(&cs_submit_shape, &s);
}

/* The power is what counts: with stay_setuid it stands in runas_euid; with -P the groups are the caller's. */
static void test_sudo_a045_target(void **state)
{
	struct cs_submit s = submit_of(SCENE(.command_info = { "runas_uid=5", "runas_euid=0", "runas_gid=60",
						   "runas_egid=0", "!runas_uid=0", "!runas_gid=0" }));

	(void)state;
	assert_int_equal(s.action.target_uid, 0);
	assert_int_equal(s.action.target_gid, 0);
	cs_clear(&cs_submit_shape, &s);
	s = submit_of(SCENE(.command_info = { "!runas_groups", "preserve_groups=true", "!runas_uid",
		"runas_uid=1234567" }));
	assert_int_equal(s.action.n_target_groups, 2);
	assert_int_equal(s.action.target_groups[0], 60);
	assert_int_equal(s.action.target_uid, 1234567);
	assert_string_equal(s.action.target_name, "#1234567");
	cs_clear(&cs_submit_shape, &s);
	s = submit_of(SCENE(.command_info = { "!runas_uid", "runas_uid=65534" }));
	assert_int_equal(s.action.target_uid, 65534);
	cs_clear(&cs_submit_shape, &s);
}

static void test_sudo_a038_environment(void **state)
{
	struct cs_submit s = submit_of(SCENE(.run_env = { "LD_PRELOAD=/tmp/x.so", "BASH_ENV=/x", "SUDO_EDITOR=vi",
		"LC_ALL=C", "!PATH",
						   "PATH=/tmp:/usr/bin" }));

	(void)state;
	assert_int_equal(s.action.n_env, 4);
	assert_int_equal(cs_strv_has(s.action.env, s.action.n_env, "LD_PRELOAD=/tmp/x.so"), 1);
	assert_int_equal(cs_strv_has(s.action.env, s.action.n_env, "BASH_ENV=/x"), 1);
	assert_int_equal(cs_strv_has(s.action.env, s.action.n_env, "SUDO_EDITOR=vi"), 1);
	assert_int_equal(cs_strv_has(s.action.env, s.action.n_env, "PATH=/tmp:/usr/bin"), 1);
	cs_clear(&cs_submit_shape, &s);
}

static void test_sudo_a038_plain_variables(void **state)
{
	static const struct {
		const char *variable;
		int plain;
	} cases[] = {
		{ "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1 },
		{ "PATH=", 0 },
		{ "PATH=/usr/bin:", 0 },
		{ "PATH=:/usr/bin", 0 },
		{ "PATH=/usr/bin:.", 0 },
		{ "PATH=/usr/bin:/home/alice/bin", 0 },
		{ "PATH=/usr/bin/../../tmp", 0 },
		{ "HOME=/root", 1 },
		{ "HOME=/home/alice", 0 },
		{ "LANG=de_DE.UTF-8", 1 },
		{ "LANG=/tmp/x", 0 },
		{ "LC_TIME=C", 1 },
		{ "LC_ALL=../x", 0 },
		{ "TERM=xterm-256color", 1 },
		{ "TERM=/tmp/x", 0 },
		{ "TZ=Europe/Berlin", 1 },
		{ "TZ=:/etc/x", 0 },
		{ "TZ=/etc/x", 0 },
		{ "TZ=../../etc/x", 0 },
		{ "PS1=\\u@\\h:\\w\\$ ", 1 },
		{ "PS1=$(id)", 0 },
		{ "PS1=`id`", 0 },
		{ "PS1=${x@P}", 0 },
		{ "SUDO_USER=alice", 1 },
		{ "SUDO_ASKPASS=/x", 0 },
		{ "SUDO_EDITOR=/x", 0 },
		{ "LOGNAME=root", 1 },
		{ "LOGNAMES=root", 0 },
		{ "BASH_FUNC_ls%%=() { id; }", 0 },
		{ "IFS=x", 0 },
		{ "PYTHONPATH=/x", 0 },
		{ "no equals sign", 0 },
		{ "=x", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++)
		if (cs_sudo_env_is_plain(cases[i].variable, "/root") != cases[i].plain)
			fail_msg("%s", cases[i].variable);
	assert_int_equal(cs_sudo_env_is_plain("HOME=", NULL), 0);
}

static void test_sudo_a060_nothing_is_cut(void **state)
{
	char *environment[CS_MAX_ENV + 2], *arguments[CS_MAX_ARGS + 2], *big = malloc(CS_MAX_ARG + 2);
	char *one_big[] = { T("true"), big, NULL };
	char variable[] = "A=b", argument[] = "a";

	(void)state;
	for (size_t i = 0; i <= CS_MAX_ENV; i++)
		environment[i] = variable;
	environment[CS_MAX_ENV + 1] = NULL;
	for (size_t i = 0; i <= CS_MAX_ARGS; i++)
		arguments[i] = argument;
	arguments[CS_MAX_ARGS + 1] = NULL;
	memset(big, 'b', CS_MAX_ARG + 1);
	big[CS_MAX_ARG + 1] = '\0';
	assert_int_equal(play(SCENE(.huge_env = environment, STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), -1);
	assert_non_null(strstr(saw.said, "too large"));
	assert_int_equal(play(SCENE(.huge_argv = arguments, STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), -1);
	assert_int_equal(play(SCENE(.huge_argv = one_big, STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), -1);
	assert_int_equal(saw.seen.n_calls, 0);
	/* root too: what cannot be asked is not "no daemon" */
	assert_int_equal(play(SCENE(.root = true, .huge_argv = one_big)), -1);
	free(big);
}

static void test_sudo_missing_facts(void **state)
{
	static const struct scene scenes[] = {
		{ .user_info = { "!uid" } },
		{ .user_info = { "!user" } },
		{ .user_info = { "uid=-1", "!uid=5" } },
		{ .user_info = { "uid=4294967295", "!uid=5" } },
		{ .user_info = { "!cwd" } },
		{ .user_info = { "cwd=relative", "!cwd=/" } },
		{ .command_info = { "!command" } },
		{ .command_info = { "command=true", "!command=/" } },
		{ .command_info = { "!runas_uid" } },
		{ .command_info = { "!runas_gid" } },
		{ .command_info = { "runas_groups=0,,1", "!runas_groups=0" } },
		{ .command_info = { "runas_groups=0,x", "!runas_groups=0" } },
		{ .command_info = { "runas_groups=0,99999999999999999999", "!runas_groups=0" } },
	};
	char *no_argv[] = { NULL };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(scenes); i++) {
		assert_int_equal(play(scenes[i]), -1);
		assert_int_equal(saw.seen.connections, 0);
		assert_true(strlen(saw.said) > 0);
	}
	assert_int_equal(play(SCENE(.huge_argv = no_argv)), -1); /* A068: argc 0 */
}

static void make_script(char *folder, char *path, size_t size, mode_t folder_mode)
{
	int fd = -1;

	assert_non_null(mkdtemp(folder));
	assert_int_equal(chmod(folder, folder_mode), 0);
	(void)snprintf(path, size, "command=%s/script", folder);
	fd = open(path + strlen("command="), O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_int_not_equal(fd, -1);
	close(fd);
}

static void test_sudo_a034_exposed_file(void **state)
{
	char folder[] = "/tmp/cs-sudo-XXXXXX", command[80];
	struct cs_submit s = { 0 };

	(void)state;
	make_script(folder, command, sizeof(command), 0755);
	s = submit_of(SCENE(.command_info = { command, "!command=/usr" }));
	assert_true(s.action.exposed); /* /tmp is above it */
	assert_true(s.has_file);
	cs_clear(&cs_submit_shape, &s);
	unlink(command + strlen("command="));
	s = submit_of(SCENE(.command_info = { command, "!command=/usr" }));
	assert_true(s.action.exposed);
	assert_false(s.has_file);
	assert_false(saw.seen.calls[0].has_fd);
	assert_string_equal(s.action.resolved, "");
	cs_clear(&cs_submit_shape, &s);
	rmdir(folder);
}

/* A FIFO in place of the command does not stop sudo for ever. */
static void test_sudo_fifo_does_not_block(void **state)
{
	char folder[] = "/tmp/cs-sudo-XXXXXX", command[80];
	struct cs_submit s = { 0 };

	(void)state;
	make_script(folder, command, sizeof(command), 0755);
	unlink(command + strlen("command="));
	assert_int_equal(mkfifo(command + strlen("command="), 0700), 0);
	s = submit_of(SCENE(.command_info = { command, "!command=/usr" }));
	assert_true(saw.took_ms < 2000);
	cs_clear(&cs_submit_shape, &s);
	unlink(command + strlen("command="));
	rmdir(folder);
}

static void test_sudo_a034_execfd_is_what_is_sent(void **state)
{
	char word[40];
	struct stat st;
	int fd = open("/usr/bin/false", O_RDONLY | O_CLOEXEC);
	struct cs_submit s = { 0 };

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	(void)snprintf(word, sizeof(word), "execfd=%d", fd);
	s = submit_of(SCENE(.command_info = { word }));
	assert_int_equal(saw.seen.calls[0].inode, st.st_ino);
	assert_int_not_equal(fcntl(fd, F_GETFD), -1); /* sudo still has it */
	cs_clear(&cs_submit_shape, &s);
	close(fd);
	s = submit_of(SCENE(.command_info = { "execfd=x" }));
	assert_false(s.has_file);
	cs_clear(&cs_submit_shape, &s);
}

static unsigned open_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* What was released leaves its connection for the session phase; it does not survive exec. Nothing else is left. */
static void test_sudo_a016_only_a_release_leaves_a_descriptor(void **state)
{
	unsigned before = open_descriptors();
	int left = fcntl(0, F_DUPFD_CLOEXEC, 3); /* the lowest that is free, which the connection will take or pass */

	(void)state;
	assert_true(left >= 3);
	(void)close(left);
	(void)play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit))));
	assert_int_equal(open_descriptors(), before + 1);
	for (int fd = left; fd < 256 && open_descriptors() > before; fd++) {
		struct sockaddr_un peer;
		socklen_t len = sizeof(peer);

		if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && peer.sun_family == AF_UNIX) {
			assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
			(void)close(fd);
		}
	}
	assert_int_equal(open_descriptors(), before);
	(void)play(SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_approved),
		ANSWER(CS_CALL_CLAIM, &d_lost))));
	(void)play(SCENE(STEPS({ .call = CS_CALL_SUBMIT, .act = FAKE_GARBAGE })));
	(void)play(SCENE(.dead = true));
	assert_int_equal(open_descriptors(), before);
}

static int run_all(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sudo_a031_open_and_check),
		cmocka_unit_test(test_sudo_a031_version),
		cmocka_unit_test(test_sudo_a014_bad_options),
		cmocka_unit_test(test_sudo_a033_no_good_answer),
		cmocka_unit_test(test_sudo_a033_no_descriptor_left),
		cmocka_unit_test(test_sudo_a067_absent_daemon),
		cmocka_unit_test(test_sudo_a010_root_itself_without_daemon),
		cmocka_unit_test(test_sudo_a004_claimed_root),
		cmocka_unit_test(test_sudo_a057_wrong_server),
		cmocka_unit_test(test_sudo_a034_hold_approved_claimed_with_the_file),
		cmocka_unit_test(test_sudo_hold_rejected),
		cmocka_unit_test(test_sudo_stages_and_other_sessions_are_told),
		cmocka_unit_test(test_sudo_ahead_is_said_on_standard_output_and_nothing_runs),
		cmocka_unit_test(test_sudo_ahead_never_runs_whatever_is_decided),
		cmocka_unit_test(test_sudo_ahead_nobody_has_to_be_asked),
		cmocka_unit_test(test_sudo_ahead_that_makes_no_sense_is_refused),
		cmocka_unit_test(test_sudo_a080_claim_refused),
		cmocka_unit_test(test_sudo_a033_only_a_claim_opens),
		cmocka_unit_test(test_sudo_a092_reopened_before_the_claim),
		cmocka_unit_test(test_sudo_cooling_is_waited_for),
		cmocka_unit_test(test_sudo_cooling_parked),
		cmocka_unit_test(test_sudo_parked),
		cmocka_unit_test(test_sudo_a033_bad_answers_while_held),
		cmocka_unit_test(test_sudo_a050_noninteractive),
		cmocka_unit_test(test_sudo_reason),
		cmocka_unit_test(test_sudo_a043_signal_cancels),
		cmocka_unit_test(test_sudo_a050_without_a_terminal_no_reason_is_read),
		cmocka_unit_test(test_sudo_a050_without_a_terminal_waiting_is_one_line),
		cmocka_unit_test(test_sudo_terminal_goes_away_and_the_request_is_parked),
		cmocka_unit_test(test_sudo_printing_fails_and_the_request_is_parked),
		cmocka_unit_test(test_sudo_a040_what_runs_inside_is_told),
		cmocka_unit_test(test_sudo_a040_inside_nobody_is_asked_to_type),
		cmocka_unit_test(test_sudo_submit_in_full),
		cmocka_unit_test(test_sudo_a039_options),
		cmocka_unit_test(test_sudo_a037_sudoedit),
		cmocka_unit_test(test_sudo_a045_target),
		cmocka_unit_test(test_sudo_a038_environment),
		cmocka_unit_test(test_sudo_a038_plain_variables),
		cmocka_unit_test(test_sudo_a060_nothing_is_cut),
		cmocka_unit_test(test_sudo_missing_facts),
		cmocka_unit_test(test_sudo_a034_exposed_file),
		cmocka_unit_test(test_sudo_fifo_does_not_block),
		cmocka_unit_test(test_sudo_a034_execfd_is_what_is_sent),
		cmocka_unit_test(test_sudo_a016_only_a_release_leaves_a_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A session of its own with a terminal of its own: whether the tests were started at one must not matter. */
static int at_own_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave = -1;

	if (setsid() == -1 || master == -1 || grantpt(master) != 0 || unlockpt(master) != 0)
		return -1;
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	return slave != -1 ? ioctl(slave, TIOCSCTTY, 0) : -1;
}

int main(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		exit(at_own_terminal() != 0 || run_all() != 0);
	if (pid == -1 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 1;
	return WEXITSTATUS(status);
}
