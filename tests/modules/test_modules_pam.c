/* SPDX-License-Identifier: Apache-2.0 */
/* Both PAM modules through libpam, with the service files of their own, against a scripted daemon: the exact code of
 * every entry point for every kind of answer. */
#include "clock.h"
#include "decisions.h"
#include "log_catcher.h"
#include "mem.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <security/pam_appl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum phase { ACCOUNT, SESSION, CLOSE_SESSION, AUTH, SETCRED, PASSWORD };

struct scene {
	const char *service, *user; /* NULL: sshd, daemon */
	const char *rhost, *tty;    /* NULL: an address and "ssh", unless local */
	bool local;                 /* rhost and tty as they are, also NULL */
	const char *ruser;
	const char *arguments; /* behind socket= and server_uid= */
	const char *socket;    /* instead of the daemon's own; with server_uid= where that is meant */
	const char *reason;    /* what the person types; NULL: a prompt fails */
	bool deaf;             /* no message reaches anybody */
	bool silent;           /* PAM_SILENT */
	uid_t real_uid;        /* 0: as it is; only root may choose another */
	const struct fake_step *steps;
	size_t n_steps;
	const char *environment; /* NAME=VALUE of the PAM environment */
	int notify_fd;
	bool other_server; /* uid 65534 listens */
	bool dead;
};

/* What the last scene left behind. */
static struct {
	char info[8192], error[8192];
	char prompt[8192]; /* the last one */
	unsigned prompts;
	char carried[2048]; /* COUNTERSIGN_REASON of the PAM environment at the end */
	struct fake_seen seen;
	uint64_t took_ms;
} saw;

/* --- One run through libpam --------------------------------------------------------------------------------------- */

static void append(char *to, size_t size, const char *text)
{
	size_t used = strlen(to);

	(void)snprintf(to + used, size - used, "%s\n", text);
}

static int converse(int n, const struct pam_message **messages, struct pam_response **ret, void *arg)
{
	const struct scene *scene = arg;
	struct pam_response *replies = calloc((size_t)n, sizeof(*replies));

	for (int i = 0; i < n; i++) {
		if (messages[i]->msg_style == PAM_TEXT_INFO)
			append(saw.info, sizeof(saw.info), messages[i]->msg);
		else if (messages[i]->msg_style == PAM_ERROR_MSG)
			append(saw.error, sizeof(saw.error), messages[i]->msg);
		else {
			saw.prompts++;
			(void)snprintf(saw.prompt, sizeof(saw.prompt), "%s", messages[i]->msg);
		}
		if (scene->deaf || (messages[i]->msg_style == PAM_PROMPT_ECHO_ON && scene->reason == NULL)) {
			free(replies);
			return PAM_CONV_ERR;
		}
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON)
			replies[i].resp = strdup(scene->reason);
	}
	*ret = replies;
	return PAM_SUCCESS;
}

/* A service file has no way to write a blank in a path, and a checkout may have one: it names links beside itself. */
static void link_modules(const char *folder, int (*make)(const char *target, const char *name))
{
	static const struct {
		const char *module, *name;
	} links[] = { { CS_PAM_ACCOUNT, "account.so" }, { CS_PAM_HOLD, "hold.so" } };

	for (size_t i = 0; i < CS_COUNT(links); i++) {
		char name[128];

		(void)snprintf(name, sizeof(name), "%s/%s", folder, links[i].name);
		assert_int_equal(make(links[i].module, name), 0);
	}
}

static int unlink_name(const char *target, const char *name)
{
	(void)target;
	return unlink(name);
}

static void write_service(const char *folder, const struct scene *scene, const char *path, enum phase phase)
{
	static const struct {
		const char *type, *module;
		unsigned phases;
	} lines[] = { { "account", "account.so", 1u << ACCOUNT },
		{ "session", "hold.so", 1u << SESSION | 1u << CLOSE_SESSION },
		{ "auth", "account.so", 1u << AUTH | 1u << SETCRED }, { "password", "account.so", 1u << PASSWORD } };
	char name[128];
	FILE *file = NULL;

	(void)snprintf(name, sizeof(name), "%s/%s", folder, scene->service);
	file = fopen(name, "we");
	assert_non_null(file);
	for (size_t i = 0; i < CS_COUNT(lines); i++) {
		if ((lines[i].phases & (1u << phase)) == 0)
			continue; /* libpam logs what a module does not have */
		(void)fprintf(file, "%s required %s/%s ", lines[i].type, folder, lines[i].module);
		if (scene->socket != NULL)
			(void)fprintf(file, "%s %s\n", scene->socket, scene->arguments != NULL ? scene->arguments : "");
		else
			(void)fprintf(file, "socket=%s server_uid=%u %s\n", path, (unsigned)geteuid(),
				scene->arguments != NULL ? scene->arguments : "");
		/* libpam remembers a failure of the first module; the second shows that only 0 gets past it. */
		(void)fprintf(file, "%s required pam_permit.so\n", lines[i].type);
	}
	assert_int_equal(fclose(file), 0);
}

static void set_item(pam_handle_t *pamh, int type, const char *value)
{
	if (value != NULL)
		assert_int_equal(pam_set_item(pamh, type, value), PAM_SUCCESS);
}

static int go(pam_handle_t *pamh, enum phase phase, int flags)
{
	switch (phase) {
	case ACCOUNT:
		return pam_acct_mgmt(pamh, flags);
	case SESSION:
		return pam_open_session(pamh, flags);
	case CLOSE_SESSION:
		return pam_close_session(pamh, flags);
	case AUTH:
		return pam_authenticate(pamh, flags);
	case SETCRED:
		return pam_setcred(pamh, flags);
	case PASSWORD:
		return pam_chauthtok(pamh, flags);
	}
	return -1;
}

static int run_libpam(const struct scene *scene, enum phase phase, const char *folder)
{
	struct pam_conv conv = { .conv = converse };
	const char *carried = NULL;
	pam_handle_t *pamh = NULL;
	int code = 0;

	memcpy(&conv.appdata_ptr, &scene, sizeof(scene));
	assert_int_equal(pam_start_confdir(scene->service, scene->user, &conv, folder, &pamh), PAM_SUCCESS);
	logged_forget();
	set_item(pamh, PAM_RHOST, scene->rhost);
	set_item(pamh, PAM_RUSER, scene->ruser);
	set_item(pamh, PAM_TTY, scene->tty);
	if (scene->environment != NULL)
		assert_int_equal(pam_putenv(pamh, scene->environment), PAM_SUCCESS);
	if (scene->real_uid != getuid())
		assert_int_equal(setresuid(scene->real_uid, 0, 0), 0);
	saw.took_ms = cs_boot_ms();
	code = go(pamh, phase, scene->silent ? PAM_SILENT : 0);
	saw.took_ms = cs_boot_ms() - saw.took_ms;
	if (scene->real_uid != 0 && geteuid() == 0)
		assert_int_equal(setresuid(0, 0, 0), 0);
	carried = pam_getenv(pamh, "COUNTERSIGN_REASON");
	(void)snprintf(saw.carried, sizeof(saw.carried), "%s", carried != NULL ? carried : "");
	assert_int_equal(pam_end(pamh, code), PAM_SUCCESS);
	return code;
}

static void fill_defaults(struct scene *scene)
{
	if (scene->service == NULL)
		scene->service = "sshd";
	if (scene->user == NULL)
		scene->user = "daemon";
	if (scene->rhost == NULL && !scene->local)
		scene->rhost = "192.0.2.7";
	if (scene->tty == NULL && !scene->local)
		scene->tty = "ssh";
	if (scene->real_uid == 0)
		scene->real_uid = getuid();
}

static int play(enum phase phase, struct scene scene)
{
	char folder[] = "/tmp/cs-pam-XXXXXX", file[160];
	struct fake fake;
	struct fake_options how = { .steps = scene.steps, .n_steps = scene.n_steps, .notify_fd = scene.notify_fd,
		.listen_as = scene.other_server ? 65534 : geteuid(), .dead = scene.dead };
	int code = 0;

	fill_defaults(&scene);
	memset(&saw, 0, sizeof(saw));
	logged_forget();
	fake_start(&fake, &how);
	assert_non_null(mkdtemp(folder));
	link_modules(folder, symlink);
	write_service(folder, &scene, fake.path, phase);
	logged_forget();
	code = run_libpam(&scene, phase, folder);
	(void)snprintf(file, sizeof(file), "%s/%s", folder, scene.service);
	unlink(file);
	link_modules(folder, unlink_name);
	rmdir(folder);
	saw.seen = *fake.seen;
	fake_stop(&fake);
	assert_int_equal(saw.seen.unexpected, 0);
	return code;
}

static void seen_call(unsigned n, void *ret_call)
{
	struct fake fake = { .seen = &saw.seen };

	fake_call(&fake, n, ret_call);
}

/* --- Account ------------------------------------------------------------------------------------------------------ */

static void test_pam_account_permit(void **state)
{
	struct cs_submit submit = { 0 };

	(void)state;
	assert_int_equal(play(ACCOUNT, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), PAM_SUCCESS);
	assert_string_equal(saw.error, "");
	seen_call(0, &submit);
	assert_true(submit.only_ask); /* A009: nothing is held in account */
	assert_false(submit.asked_again); /* by nobody: this permit is the one to record */
	assert_false(submit.has_file);
	assert_int_equal(submit.subject.uid, 1);
	assert_string_equal(submit.subject.name, "daemon");
	assert_string_equal(submit.action.service, "sshd");
	assert_string_equal(submit.action.peer, "192.0.2.7");
	assert_string_equal(submit.action.tty, "ssh");
	assert_int_equal(submit.action.target_uid, 1);
	cs_clear(&cs_submit_shape, &submit);
}

static void test_pam_a001_account_deny(void **state)
{
	(void)state;
	assert_int_equal(play(ACCOUNT, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_deny)))), PAM_PERM_DENIED);
	assert_non_null(strstr(saw.error, "no \\x1B[31mright")); /* A097: escaped */
	assert_non_null(strstr(saw.error, "[no-permission]"));
}

static void test_pam_a009_account_hold(void **state)
{
	struct cs_submit submit = { 0 };

	(void)state;
	assert_int_equal(play(ACCOUNT, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_only_hold)))), PAM_PERM_DENIED);
	assert_non_null(strstr(logged(), "hold=session"));
	assert_int_equal(play(ACCOUNT, SCENE(.arguments = "hold=session", STEPS(ANSWER(CS_CALL_SUBMIT, &d_only_hold)))),
		PAM_SUCCESS);
	assert_int_equal(play(ACCOUNT, SCENE(.arguments = "hold=session", STEPS(ANSWER(CS_CALL_SUBMIT, &d_deny)))),
		PAM_PERM_DENIED);
	seen_call(0, &submit);
	assert_true(submit.only_ask && submit.asked_again);
	cs_clear(&cs_submit_shape, &submit);
}

/* The same scene each time: the account phase is told that this login will be held, then the front asks ahead. */
#define FRONT(...) .arguments = "hold=session front timeout=1", STEPS(ANSWER(CS_CALL_SUBMIT, &d_only_hold), __VA_ARGS__)

/* Kills: a front whose request is no request ahead, or is another than the hold's; one that waits. */
static void test_pam_front_asks_ahead_and_shows(void **state)
{
	struct cs_submit submit = { 0 };

	(void)state;
	assert_int_equal(play(ACCOUNT, SCENE(.reason = "", FRONT(ANSWER(CS_CALL_SUBMIT, &d_ahead)))), PAM_SUCCESS);
	assert_int_equal(saw.prompts, 1);
	assert_non_null(strstr(saw.prompt, "request 4711"));
	assert_non_null(strstr(saw.prompt, "0425"));
	assert_non_null(strstr(saw.prompt, "Press Enter"));
	assert_string_equal(saw.info, "");
	assert_string_equal(saw.carried, "");
	seen_call(1, &submit);
	assert_true(submit.ahead && !submit.only_ask && !submit.asked_again && !submit.may_wait && submit.start_wall_ms == 0);
	assert_true(submit.action.n_target_groups > 0);
	cs_clear(&cs_submit_shape, &submit);
	/* what is approved already is used without a word */
	assert_int_equal(play(ACCOUNT, SCENE(FRONT(ANSWER(CS_CALL_SUBMIT, &d_ahead_approved)))), PAM_SUCCESS);
	assert_int_equal(saw.prompts, 0);
}

static void test_pam_front_asks_for_the_reason(void **state)
{
	struct cs_submit submit = { 0 };

	(void)state;
	assert_int_equal(play(ACCOUNT, SCENE(.reason = "release 10.1", FRONT(ANSWER(CS_CALL_SUBMIT, &d_needs_reason),
				 ANSWER(CS_CALL_SUBMIT, &d_ahead)))),
		PAM_SUCCESS);
	assert_int_equal(saw.prompts, 2);
	assert_string_equal(saw.carried, "release 10.1");
	seen_call(2, &submit);
	assert_string_equal(submit.reason, "release 10.1");
	cs_clear(&cs_submit_shape, &submit);
	/* still not enough, or none given */
	assert_int_equal(play(ACCOUNT, SCENE(.reason = "x", FRONT(ANSWER(CS_CALL_SUBMIT, &d_needs_reason),
				 ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))),
		PAM_PERM_DENIED);
	assert_int_equal(play(ACCOUNT, SCENE(.reason = "", FRONT(ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))),
		PAM_PERM_DENIED);
	assert_int_equal(saw.prompts, 3);
	assert_non_null(strstr(saw.error, "a reason is needed"));
}

/* A060. Kills: a reason that is cut. */
static void test_pam_a060_front_bounds_the_reason(void **state)
{
	char *reason = malloc(CS_MAX_REASON + 2);

	(void)state;
	memset(reason, 'r', CS_MAX_REASON + 1);
	reason[CS_MAX_REASON + 1] = '\0';
	assert_int_equal(play(ACCOUNT, SCENE(.reason = reason, FRONT(ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))),
		PAM_PERM_DENIED);
	assert_int_equal(saw.prompts, 3);
	assert_string_equal(saw.carried, "");
	free(reason);
}

/* Where nobody can be asked the session phase does it alone, and holds. */
static void test_pam_front_where_nobody_can_be_asked(void **state)
{
	(void)state;
	assert_int_equal(play(ACCOUNT, SCENE(FRONT(ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))), PAM_SUCCESS);
	assert_int_equal(play(ACCOUNT, SCENE(FRONT(ANSWER(CS_CALL_SUBMIT, &d_ahead)))), PAM_SUCCESS);
	assert_int_equal(play(ACCOUNT, SCENE(.silent = true, .arguments = "hold=session front",
		STEPS(ANSWER(CS_CALL_SUBMIT, &d_only_hold)))), PAM_SUCCESS);
	assert_int_equal(play(ACCOUNT, SCENE(.service = "cron", .arguments = "hold=session front",
		STEPS(ANSWER(CS_CALL_SUBMIT, &d_only_hold)))), PAM_SUCCESS);
	assert_int_equal(saw.seen.n_calls, 1);
}

/* Kills: a front that takes any other answer for one that lets on. */
static void test_pam_a001_front_without_a_good_answer(void **state)
{
	static const enum fake_act acts[] = { FAKE_CLOSE, FAKE_GARBAGE, FAKE_CUT, FAKE_OTHER_TYPE, FAKE_BAD_VERDICT,
		FAKE_SILENT };
	struct cs_decision *const answers[] = { &d_deny, &d_permit, &d_held, &d_only_hold, &d_approved, &d_used };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(acts); i++)
		assert_int_equal(play(ACCOUNT, SCENE(.reason = "x", FRONT({ .call = CS_CALL_SUBMIT, .act = acts[i],
								   .reply = &d_ahead }))),
			PAM_PERM_DENIED);
	for (size_t i = 0; i < CS_COUNT(answers); i++)
		assert_int_equal(play(ACCOUNT, SCENE(.reason = "x", FRONT(ANSWER(CS_CALL_SUBMIT, answers[i])))),
			PAM_PERM_DENIED);
	assert_int_equal(play(ACCOUNT, SCENE(.arguments = "front")), PAM_SERVICE_ERR);
	assert_int_equal(play(ACCOUNT, SCENE(.arguments = "hold=session front=yes")), PAM_SERVICE_ERR);
}

static void test_pam_account_right(void **state)
{
	static struct cs_right_answer yes = { .verdict = CS_PERMIT, .reason = CS_WHY_HAS_RIGHT };
	static char no_text[] = "no such right";
	static struct cs_right_answer no = { .verdict = CS_DENY, .reason = CS_WHY_NO_PERMISSION, .text = no_text };
	static struct cs_right_answer odd = { .verdict = CS_HOLD, .reason = CS_WHY_NEEDS_APPROVAL };
	struct cs_right call = { 0 };

	(void)state;
	assert_int_equal(play(ACCOUNT, SCENE(.arguments = "permission=host.login scope=host/rel1",
				 STEPS(ANSWER(CS_CALL_RIGHT, &yes)))),
		PAM_SUCCESS);
	seen_call(0, &call);
	assert_string_equal(call.user, "daemon");
	assert_string_equal(call.permission, "host.login");
	assert_string_equal(call.scope, "host/rel1");
	cs_clear(&cs_right_shape, &call);
	assert_int_equal(play(ACCOUNT, SCENE(.arguments = "permission=host.login", STEPS(ANSWER(CS_CALL_RIGHT, &no)))),
		PAM_PERM_DENIED);
	assert_non_null(strstr(saw.error, "no such right"));
	assert_int_equal(play(ACCOUNT, SCENE(.arguments = "permission=host.login", STEPS(ANSWER(CS_CALL_RIGHT, &odd)))),
		PAM_PERM_DENIED);
}

/* Every way of not answering denies, in both modules, and takes no longer than its deadline. */
static void test_pam_a001_no_good_answer(void **state)
{
	static const enum fake_act acts[] = { FAKE_CLOSE, FAKE_GARBAGE, FAKE_CUT, FAKE_OTHER_TYPE, FAKE_BAD_VERDICT,
		FAKE_SILENT };
	static const enum cs_call_type calls[] = { CS_CALL_SUBMIT, CS_CALL_RIGHT, CS_CALL_SUBMIT, CS_CALL_CONFIRM };
	static const char *const arguments[] = { "timeout=1", "timeout=1 permission=a.b", "timeout=1",
		"timeout=1 confirm" };
	static struct cs_right_answer yes = { .verdict = CS_PERMIT, .reason = CS_WHY_HAS_RIGHT };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(acts); i++) {
		for (size_t k = 0; k < CS_COUNT(calls); k++) {
			const void *reply = calls[k] == CS_CALL_RIGHT ? (const void *)&yes : (const void *)&d_permit;
			struct scene scene = SCENE(.arguments = arguments[k],
				STEPS({ .call = calls[k], .act = acts[i], .reply = reply }));

			assert_int_equal(play(k < 2 ? ACCOUNT : SESSION, scene), PAM_PERM_DENIED);
			assert_non_null(strstr(saw.error, "countersignd does not answer"));
			assert_true(saw.took_ms < 2000);
			assert_int_equal(saw.seen.n_calls, 1);
		}
	}
}

static void test_pam_server_error_denies(void **state)
{
	static const struct fake_step steps[] = { { .call = CS_CALL_SUBMIT, .act = FAKE_ERROR, .error = CS_EINVAL,
		.text = "subject" } };

	(void)state;
	assert_int_equal(play(ACCOUNT, SCENE(.steps = steps, .n_steps = 1)), PAM_PERM_DENIED);
	assert_non_null(strstr(saw.error, "subject"));
	assert_int_equal(play(SESSION, SCENE(.steps = steps, .n_steps = 1)), PAM_PERM_DENIED);
}

static void test_pam_a067_absent_daemon(void **state)
{
	(void)state;
	assert_int_equal(play(ACCOUNT, SCENE(.dead = true)), PAM_PERM_DENIED);
	assert_non_null(strstr(saw.error, "countersignd does not answer (it is not running)"));
	assert_non_null(strstr(saw.error, "the root console is not affected"));
	assert_true(saw.took_ms < 1000);
	assert_int_equal(play(SESSION, SCENE(.dead = true)), PAM_PERM_DENIED);
	assert_true(saw.took_ms < 1000);
	assert_int_equal(play(SESSION, SCENE(.dead = true, .arguments = "confirm")), PAM_PERM_DENIED);
}

static void test_pam_a057_wrong_server(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	for (enum phase phase = ACCOUNT; phase <= SESSION; phase++) {
		assert_int_equal(play(phase, SCENE(.other_server = true, STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))),
			PAM_PERM_DENIED);
		assert_non_null(strstr(saw.error, "another user answers on its socket"));
		assert_int_equal(saw.seen.n_calls, 0);
	}
}

/* --- Arguments ---------------------------------------------------------------------------------------------------- */

static void test_pam_a014_bad_arguments(void **state)
{
	static const struct {
		enum phase phase;
		const char *arguments, *named;
	} cases[] = {
		{ ACCOUNT, "nullok", "nullok" },
		{ ACCOUNT, "debug", "debug" },
		{ ACCOUNT, "permision=a.b", "permision=a.b" },
		{ ACCOUNT, "perm=a.b", "perm=a.b" },
		{ ACCOUNT, "permission=", "permission=" },
		{ ACCOUNT, "permission", "permission" },
		{ ACCOUNT, "scope=host/x", "scope= needs permission=" },
		{ ACCOUNT, "permission=a permission=b", "permission=b" },
		{ ACCOUNT, "hold=auth", "hold=auth" },
		{ ACCOUNT, "hold=session permission=a", "exclude" },
		{ ACCOUNT, "confirm", "confirm" },
		{ ACCOUNT, "timeout=0", "timeout=0" },
		{ ACCOUNT, "timeout=61", "timeout=61" },
		{ ACCOUNT, "timeout=-1", "timeout=-1" },
		{ ACCOUNT, "timeout=5s", "timeout=5s" },
		{ ACCOUNT, "server=countersign", "exclude" },
		{ ACCOUNT, "server_uid=0", "server_uid=0" }, /* a second one */
		{ ACCOUNT, "[Timeout=5\033]", "Timeout=5\\x1B" },
		{ SESSION, "permission=a", "permission=a" },
		{ SESSION, "confirm=yes", "confirm=yes" },
		{ SESSION, "hold=session", "hold=session" },
		{ SESSION, "confirm confirm", "confirm" },
		{ SESSION, "interactive", "interactive" },
		{ SESSION, "interactive=", "interactive=" },
		{ SESSION, "interactive=maybe", "interactive=maybe" },
		{ SESSION, "interactive=yes interactive=yes", "interactive=yes" },
		{ SESSION, "confirm interactive=no", "exclude" },
		{ ACCOUNT, "interactive=yes", "interactive=yes" },
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct scene scene = SCENE(.arguments = cases[i].arguments, STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)));

		assert_int_equal(play(cases[i].phase, scene), PAM_SERVICE_ERR);
		assert_int_equal(saw.seen.connections, 0);
		if (strstr(logged(), cases[i].named) == NULL)
			fail_msg("%s is not named in: %s", cases[i].named, logged());
		assert_non_null(strstr(logged(), "everybody but root on this machine is denied"));
		assert_non_null(strstr(saw.error, "set up wrongly"));
	}
}

/* A mistyped word is no lock: whoever is root already mends the line. Kills: cs_pam_not_started, and giving it to anybody else. */
static void test_pam_a010_bad_arguments_leave_root_in(void **state)
{
	static const enum phase phases[] = { ACCOUNT, SESSION };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(phases); i++) {
		assert_int_equal(play(phases[i], SCENE(.service = "login", .user = "root", .tty = "/dev/tty1", .local = true, .arguments = "nullok",
			STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), PAM_SUCCESS);
		assert_int_equal(saw.seen.connections, 0);
		assert_non_null(strstr(logged(), "permitted root"));
		assert_int_equal(play(phases[i], SCENE(.service = "login", .user = "root", .tty = "/dev/tty1", .local = true, .rhost = "192.0.2.1",
			.arguments = "nullok", STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), PAM_SERVICE_ERR);
	}
}

static void test_pam_a014_bad_socket_and_server(void **state)
{
	static const char *const sockets[] = { "socket=module.sock", "socket=", "server_uid=-1",
		"server_uid=4294967295",
		"server_uid=99999999999", "server_uid=0x0", "server=", "server=-x", "server=Root" };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(sockets); i++) {
		assert_int_equal(play(ACCOUNT, SCENE(.socket = sockets[i])), PAM_SERVICE_ERR);
		assert_int_equal(play(SESSION, SCENE(.socket = sockets[i])), PAM_SERVICE_ERR);
		assert_non_null(strstr(logged(), sockets[i]));
	}
}

/* A name that nobody has is no typing error of the line: the daemon cannot be told from others, so it cannot be
 * asked. */
static void test_pam_unknown_server_user(void **state)
{
	(void)state;
	assert_int_equal(play(ACCOUNT, SCENE(.socket = "server=no-such-user-here")), PAM_PERM_DENIED);
	assert_non_null(strstr(saw.error, "its user could not be looked up"));
}

/* --- Who asks ----------------------------------------------------------------------------------------------------- */

static void test_pam_a003_unknown_user(void **state)
{
	(void)state;
	assert_int_equal(play(ACCOUNT, SCENE(.user = "no-such-user-here", STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))),
		PAM_PERM_DENIED);
	assert_int_equal(play(SESSION, SCENE(.user = "no-such-user-here", STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))),
		PAM_PERM_DENIED);
	assert_int_equal(saw.seen.connections, 0);
	/* "#1234" is sudo's way of naming a target, and nobody's to log in with */
	assert_int_equal(play(ACCOUNT, SCENE(.user = "#0", STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), PAM_PERM_DENIED);
	assert_int_equal(play(ACCOUNT, SCENE(.service = "login", .local = true, .user = "#0", .dead = true)),
		PAM_PERM_DENIED);
	assert_int_equal(play(SESSION, SCENE(.service = "sudo", .user = "#4294967295", .arguments = "confirm",
				 STEPS(ANSWER(CS_CALL_CONFIRM, &d_confirmed)))),
		PAM_PERM_DENIED);
	assert_int_equal(saw.seen.connections, 0);
}

static void test_pam_a029_peer(void **state)
{
	static const struct {
		const char *rhost, *tty, *peer;
	} cases[] = {
		{ "192.0.2.7", "ssh", "192.0.2.7" },      { "2001:db8::7", "ssh", "2001:db8::7" },
		{ "bob.example.org", "ssh", "unknown" },  { "192.0.2.7 ", "ssh", "unknown" },
		{ "1", "ssh", "unknown" },                { NULL, "ssh", "unknown" },
		{ "", "ssh", "unknown" },                 { NULL, "/dev/tty1", "" },
		{ NULL, NULL, "" },                       { "localhost", "/dev/tty1", "unknown" },
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++) {
		struct cs_submit submit = { 0 };
		struct scene scene = SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)));

		scene.local = true;
		scene.rhost = cases[i].rhost;
		scene.tty = cases[i].tty;
		assert_int_equal(play(ACCOUNT, scene), PAM_SUCCESS);
		seen_call(0, &submit);
		assert_string_equal(submit.action.peer, cases[i].peer);
		cs_clear(&cs_submit_shape, &submit);
	}
}

/* su is asked for by the kernel's real uid, whatever PAM_RUSER says; PAM_USER is whom he becomes (A028). */
static void test_pam_a028_su_asks_for_the_real_uid(void **state)
{
	static const char *const rusers[] = { "root", "games", "no-such-user-here", NULL };

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < CS_COUNT(rusers); i++) {
		struct cs_submit submit = { 0 };
		struct scene scene = SCENE(.service = "su", .user = "root", .real_uid = 5,
			STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)));

		scene.ruser = rusers[i];
		scene.local = true;
		scene.tty = "pts/1";
		assert_int_equal(play(ACCOUNT, scene), PAM_SUCCESS);
		seen_call(0, &submit);
		assert_int_equal(submit.subject.uid, 5);
		assert_string_equal(submit.subject.name, "games");
		assert_int_equal(submit.action.target_uid, 0);
		cs_clear(&cs_submit_shape, &submit);
	}
}

/* sudoedit has made root its real uid by the time of its session, and sudo says in PAM_RUSER who called it: kills tells in
 * the table of services. What nobody says makes nobody root without the daemon. */
static void test_pam_a028_sudo_tells_who_called_it(void **state)
{
	struct scene scene = SCENE(.service = "sudo", .user = "root", .ruser = "games", .arguments = "confirm",
		STEPS(ANSWER(CS_CALL_CONFIRM, &d_confirmed)));
	struct cs_confirm call = { 0 };

	(void)state;
	if (geteuid() != 0)
		skip();
	scene.local = true;
	scene.tty = "/dev/pts/1";
	assert_int_equal(play(SESSION, scene), PAM_SUCCESS);
	seen_call(0, &call);
	assert_int_equal(call.subject.uid, 5);
	assert_string_equal(call.subject.name, "games");
	cs_clear(&cs_confirm_shape, &call);
	scene.n_steps = 0;
	scene.dead = true;
	assert_int_equal(play(SESSION, scene), PAM_PERM_DENIED);
	scene.ruser = NULL; /* Defaults !pam_ruser */
	assert_int_equal(play(SESSION, scene), PAM_PERM_DENIED);
	scene.ruser = "no-such-user-here";
	assert_int_equal(play(SESSION, scene), PAM_PERM_DENIED);
	scene.ruser = "root";
	assert_int_equal(play(SESSION, scene), PAM_SUCCESS);
	scene.ruser = "root";
	scene.real_uid = 5; /* said, and not so */
	assert_int_equal(play(SESSION, scene), PAM_PERM_DENIED);
}

/* --- Root's console ----------------------------------------------------------------------------------------------- */

static void test_pam_a010_root_console_without_daemon(void **state)
{
	static const struct fake_step silent[] = { { .call = CS_CALL_SUBMIT, .act = FAKE_SILENT } };
	struct scene console = SCENE(.service = "login", .user = "root", .tty = "/dev/tty1", .dead = true);

	(void)state;
	console.local = true;
	for (enum phase phase = ACCOUNT; phase <= SESSION; phase++) {
		assert_int_equal(play(phase, console), PAM_SUCCESS);
		assert_non_null(strstr(logged(), "<4>"));
		assert_non_null(strstr(logged(), "permitted root without countersignd: not recorded"));
	}
	console.arguments = "permission=host.login";
	assert_int_equal(play(ACCOUNT, console), PAM_SUCCESS);
	console.arguments = "timeout=1";
	console.dead = false;
	console.steps = silent;
	console.n_steps = 1;
	assert_int_equal(play(ACCOUNT, console), PAM_SUCCESS);
}

static void test_pam_a010_root_is_recorded_where_the_daemon_answers(void **state)
{
	static struct cs_decision root = { .verdict = CS_PERMIT, .reason = CS_WHY_ROOT };
	struct scene console = SCENE(.service = "login", .user = "root", .tty = "/dev/tty1",
		.arguments = "permission=host.login", STEPS(ANSWER(CS_CALL_SUBMIT, &root)));

	(void)state;
	console.local = true;
	assert_int_equal(play(ACCOUNT, console), PAM_SUCCESS);
	assert_int_equal(saw.seen.n_calls, 1);
	assert_string_equal(logged(), "");
	console.steps = (const struct fake_step[]){ ANSWER(CS_CALL_SUBMIT, &d_deny) }; /* an answer is an answer */
	assert_int_equal(play(ACCOUNT, console), PAM_PERM_DENIED);
}

/* A full disk is answered with a denial, and root is who clears it (A010, A106). Nobody else gets in by that. */
static void test_pam_a010_root_console_with_a_full_disk(void **state)
{
	static struct cs_decision full = { .verdict = CS_DENY, .reason = CS_WHY_STORE };
	struct scene console = SCENE(.service = "login", .user = "root", .tty = "/dev/tty1",
		STEPS(ANSWER(CS_CALL_SUBMIT, &full)));
	struct scene remote = SCENE(.user = "root", STEPS(ANSWER(CS_CALL_SUBMIT, &full)));

	(void)state;
	console.local = true;
	for (enum phase phase = ACCOUNT; phase <= SESSION; phase++) {
		assert_int_equal(play(phase, console), PAM_SUCCESS);
		assert_non_null(strstr(logged(), "permitted root without countersignd: not recorded"));
		assert_int_equal(play(phase, remote), PAM_PERM_DENIED);
		assert_int_equal(play(phase, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &full)))), PAM_PERM_DENIED);
	}
}

static void test_pam_remote_root_needs_the_daemon(void **state)
{
	struct scene remote = SCENE(.user = "root", .dead = true);

	(void)state;
	assert_int_equal(play(ACCOUNT, remote), PAM_PERM_DENIED);
	remote.local = true; /* sshd that could not tell */
	remote.tty = "ssh";
	assert_int_equal(play(ACCOUNT, remote), PAM_PERM_DENIED);
	assert_int_equal(play(SESSION, remote), PAM_PERM_DENIED);
}

/* Somebody who becomes root by su is not root on his console. */
static void test_pam_su_to_root_needs_the_daemon(void **state)
{
	struct scene su = SCENE(.service = "su", .user = "root", .ruser = "root", .tty = "pts/1", .real_uid = 5,
		.dead = true);

	(void)state;
	if (geteuid() != 0)
		skip();
	su.local = true;
	assert_int_equal(play(ACCOUNT, su), PAM_PERM_DENIED);
	assert_int_equal(play(SESSION, su), PAM_PERM_DENIED);
}

static void test_pam_a010_held_root_is_answered(void **state)
{
	struct scene console = SCENE(.service = "login", .user = "root", .tty = "/dev/tty1", .arguments = "timeout=1",
		STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), { .call = CS_CALL_WAIT, .act = FAKE_CLOSE }));

	(void)state;
	console.local = true;
	assert_int_equal(play(SESSION, console), PAM_PERM_DENIED);
}

/* --- Session: hold ------------------------------------------------------------------------------------------------ */

static void test_pam_hold_permit_at_once(void **state)
{
	struct cs_submit submit = { 0 };

	(void)state;
	assert_int_equal(play(SESSION, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit)))), PAM_SUCCESS);
	assert_string_equal(saw.info, "");
	seen_call(0, &submit);
	assert_false(submit.only_ask || submit.asked_again);
	assert_true(submit.may_wait);
	assert_true(submit.action.n_target_groups >= 1);
	cs_clear(&cs_submit_shape, &submit);
	assert_int_equal(play(SESSION, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_deny)))), PAM_PERM_DENIED);
}

static void test_pam_hold_approved_then_claimed(void **state)
{
	struct cs_wait wait = { 0 };
	struct cs_claim claim = { 0 };

	(void)state;
	assert_int_equal(play(SESSION, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_held_on),
				 ANSWER(CS_CALL_WAIT, &d_half), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_used)))),
		PAM_SUCCESS);
	seen_call(1, &wait);
	assert_memory_equal(wait.id, d_held.id, CS_ID_LEN);
	assert_memory_equal(wait.secret, d_held.secret, CS_ID_LEN);
	assert_int_equal(wait.seen, 1);
	assert_true(wait.wait_ms <= 10000);
	seen_call(3, &wait);
	assert_int_equal(wait.seen, 2);
	seen_call(4, &claim);
	assert_memory_equal(claim.secret, d_held.secret, CS_ID_LEN);
	assert_int_equal(saw.seen.connections, 1);
	assert_non_null(strstr(saw.info, "request 4711"));
	assert_non_null(strstr(saw.info, "0425"));
	assert_non_null(strstr(saw.info, "deploy in project/tomcat"));
	assert_non_null(strstr(saw.info, "bob, carol"));
	assert_non_null(strstr(saw.info, "erin\\x1B[2K"));
	assert_non_null(strstr(saw.info, "countersign approve 4711"));
	assert_non_null(strstr(saw.info, "bob approved: fine\\nby me"));
	assert_non_null(strstr(saw.info, "still needed: 1 x Infrastructure"));
	assert_null(strchr(saw.info, '\033'));
}

static void test_pam_hold_rejected(void **state)
{
	(void)state;
	assert_int_equal(play(SESSION,
		SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_rejected)))), PAM_PERM_DENIED);
	assert_non_null(strstr(saw.error, "request 4711 was rejected by bob: not today"));
}

static void test_pam_a080_claim_refused(void **state)
{
	(void)state;
	assert_int_equal(play(SESSION, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_lost)))),
		PAM_PERM_DENIED);
	assert_non_null(strstr(saw.error, "approver-lost"));
}

/* Only a claim opens what was held: a wait that says permit is a protocol error, and a claim that says hold is waited on. */
static void test_pam_a001_only_a_claim_opens(void **state)
{
	(void)state;
	assert_int_equal(play(SESSION,
		SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_wait_permit)))), PAM_PERM_DENIED);
	assert_int_equal(play(SESSION, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_held), ANSWER(CS_CALL_WAIT, &d_wait_permit)))),
		PAM_PERM_DENIED);
	assert_int_equal(play(SESSION, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_held), ANSWER(CS_CALL_WAIT, &d_rejected)))),
		PAM_PERM_DENIED);
	assert_int_equal(play(SESSION, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_only_hold)))), PAM_PERM_DENIED);
}

/* Approved, and the gate has a waiting time: it is told, waited for, and used then. */
static void test_pam_cooling_is_waited_for(void **state)
{
	struct cs_wait wait = { 0 };

	(void)state;
	assert_int_equal(play(SESSION, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_cooling),
				 ANSWER(CS_CALL_WAIT, &d_nearly), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_used)))),
		PAM_SUCCESS);
	assert_non_null(strstr(saw.info, "request 4711 is approved; it may be used in 9m 30s"));
	seen_call(3, &wait);
	assert_int_equal(wait.wait_ms, 250);
	assert_int_equal(play(SESSION,
		SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_cooling), ANSWER(CS_CALL_WAIT, &d_cooling_parked)))),
		PAM_PERM_DENIED);
	assert_non_null(strstr(saw.info, "request 4711 is approved; it may be used in 9m 30s"));
	assert_non_null(strstr(saw.error, "it may be used in 4m 00s"));
	assert_non_null(strstr(saw.error, "log in again then"));
}

static void test_pam_hold_parked(void **state)
{
	(void)state;
	assert_int_equal(play(SESSION, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_parked)))),
		PAM_PERM_DENIED);
	assert_non_null(strstr(saw.error, "request 4711 stays open"));
	assert_non_null(strstr(saw.error, "0425"));
	assert_non_null(strstr(saw.error, "log in again after it is approved"));
}

static void test_pam_parked_and_approved_meanwhile(void **state)
{
	(void)state;
	assert_int_equal(play(SESSION, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_used)))), PAM_SUCCESS);
	assert_int_equal(play(SESSION, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_again), ANSWER(CS_CALL_CLAIM, &d_used)))),
		PAM_SUCCESS);
}

static void test_pam_a001_bad_answers_while_held(void **state)
{
	static const enum fake_act acts[] = { FAKE_CLOSE, FAKE_GARBAGE, FAKE_CUT, FAKE_OTHER_TYPE, FAKE_BAD_VERDICT };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(acts); i++) {
		if (acts[i] == FAKE_CUT)
			continue; /* a wait has its slice of ten seconds; the claim below covers it */
		assert_int_equal(play(SESSION, SCENE(.arguments = "timeout=1", STEPS(ANSWER(CS_CALL_SUBMIT, &d_held),
					 { .call = CS_CALL_WAIT, .act = acts[i], .reply = &d_approved }))),
			PAM_PERM_DENIED);
	}
	for (size_t i = 0; i < CS_COUNT(acts); i++)
		assert_int_equal(play(SESSION, SCENE(.arguments = "timeout=1", STEPS(ANSWER(CS_CALL_SUBMIT, &d_held),
					 ANSWER(CS_CALL_WAIT, &d_approved),
					 { .call = CS_CALL_CLAIM, .act = acts[i], .reply = &d_used }))),
			PAM_PERM_DENIED);
}

static void on_signal(int number)
{
	(void)number;
}

static void test_pam_a043_signal_while_held(void **state)
{
	struct sigaction action = { .sa_handler = on_signal }, old;

	(void)state;
	assert_int_equal(sigaction(SIGINT, &action, &old), 0);
	assert_int_equal(play(SESSION,
		SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), { .call = CS_CALL_WAIT, .act = FAKE_SIGNAL }))),
		PAM_PERM_DENIED);
	assert_int_equal(play(SESSION, SCENE(STEPS({ .call = CS_CALL_SUBMIT, .act = FAKE_SIGNAL }))), PAM_PERM_DENIED);
	assert_int_equal(play(ACCOUNT, SCENE(STEPS({ .call = CS_CALL_SUBMIT, .act = FAKE_SIGNAL }))), PAM_PERM_DENIED);
	assert_int_equal(play(SESSION,
		SCENE(.arguments = "confirm", STEPS({ .call = CS_CALL_CONFIRM, .act = FAKE_SIGNAL }))),
		PAM_PERM_DENIED);
	assert_int_equal(sigaction(SIGINT, &old, NULL), 0);
}

/* The client of an ssh login: connects, waits for a byte, and is gone. Gives sshd's end of the connection. */
static int connect_client(int listener, const struct sockaddr_in *address, const int notify[2], pid_t *ret_pid)
{
	char byte = 0;
	int fd = -1;

	*ret_pid = fork();
	if (*ret_pid == 0) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
			_exit(1);
		close(notify[1]);
		_exit(read(notify[0], &byte, 1) == 1 ? 0 : 2);
	}
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

static void test_pam_a023_client_goes_away(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(address);
	int notify[2], fd = -1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid = 0;

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(pipe2(notify, O_CLOEXEC), 0);
	fd = connect_client(listener, &address, notify, &pid);
	assert_int_not_equal(fd, -1);
	/* A028: what pam_env may have put there is not looked at */
	assert_int_equal(play(SESSION, SCENE(.rhost = "127.0.0.1", .environment = "SSH_CONNECTION=192.0.2.7 7 192.0.2.8 8",
				 .notify_fd = notify[1],
				 STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), { .call = CS_CALL_WAIT, .act = FAKE_NOTIFY }))),
		PAM_PERM_DENIED);
	assert_int_equal(saw.seen.n_calls, 2); /* parked, not cancelled */
	assert_true(saw.took_ms < 5000);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(fd);
	close(listener);
	close(notify[0]);
	close(notify[1]);
}

static void test_pam_hold_nobody_listens(void **state)
{
	(void)state;
	assert_int_equal(play(SESSION, SCENE(.deaf = true, STEPS(ANSWER(CS_CALL_SUBMIT, &d_held)))), PAM_PERM_DENIED);
	assert_int_equal(saw.seen.n_calls, 1); /* the connection closes, and the daemon parks the request */
}

/* Does a session of this service wait for approval? */
static bool waits(const char *service, const char *tty, const char *arguments)
{
	struct cs_submit submit = { 0 };
	struct scene scene = SCENE(.service = service, .tty = tty, .arguments = arguments, .local = true,
		STEPS(ANSWER(CS_CALL_SUBMIT, &d_not_waiting)));
	bool waited = false;

	assert_int_equal(play(SESSION, scene), PAM_PERM_DENIED);
	seen_call(0, &submit);
	waited = submit.may_wait;
	assert_non_null(strstr(saw.error, "request 4711 stays open"));
	cs_clear(&cs_submit_shape, &submit);
	return waited;
}

/* The table of pam_countersign_hold(8). Kills: one word changed in services.c; a service that nobody knows being held. */
static void test_pam_a030_who_waits(void **state)
{
	static const struct {
		const char *service, *tty;
		bool waits;
	} cases[] = {
		{ "sshd", "ssh", true }, { "sshd", NULL, true }, { "login", "/dev/tty1", true }, { "remote", NULL, true },
		{ "su", "pts/1", true }, { "su", NULL, false }, { "su", "", false }, { "su-l", "pts/1", true },
		{ "su-l", NULL, false }, { "sudo", "/dev/pts/1", true }, { "sudo", NULL, false },
		{ "sudo-i", "/dev/pts/1", true }, { "sudo-i", NULL, false }, { "runuser", "pts/1", true },
		{ "runuser", NULL, false }, { "runuser-l", NULL, false }, { "cron", "cron", false },
		{ "crond", "cron", false }, { "atd", "atd", false }, { "systemd-user", NULL, false },
		{ "vsftpd", "ftp", false }, { "sshd2", "ssh", false }, { "gdm", "pts/1", false },
	};

	(void)state;
	for (size_t i = 0; i < CS_COUNT(cases); i++)
		if (waits(cases[i].service, cases[i].tty, NULL) != cases[i].waits)
			fail_msg("%s with the terminal %s", cases[i].service, cases[i].tty ? cases[i].tty : "-");
}

static void test_pam_a030_the_administrator_says_who_waits(void **state)
{
	(void)state;
	assert_true(waits("sshd2", "ssh", "interactive=yes"));
	assert_true(waits("gdm-password", ":0", "interactive=yes"));
	assert_false(waits("sshd", "ssh", "interactive=no"));
	assert_false(waits("su", "pts/1", "interactive=no"));
}

/* su shows information on standard output, where the command's own goes: kills at_terminal in cs_pam_info. */
static void test_pam_su_keeps_standard_output_clean(void **state)
{
	static const struct fake_step steps[] = { ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_rejected) };
	struct scene scene = SCENE(.service = "su", .tty = "pts/1", .local = true, .steps = steps, .n_steps = 2);

	(void)state;
	assert_int_equal(play(SESSION, scene), PAM_PERM_DENIED);
	assert_string_equal(saw.info, "");
	assert_non_null(strstr(saw.error, "4711"));
	scene.service = "login";
	assert_int_equal(play(SESSION, scene), PAM_PERM_DENIED);
	assert_non_null(strstr(saw.info, "4711"));
}

static void test_pam_hold_reason(void **state)
{
	struct cs_submit submit = { 0 };

	(void)state;
	assert_int_equal(play(SESSION, SCENE(.reason = "release 10.1", STEPS(ANSWER(CS_CALL_SUBMIT, &d_needs_reason),
				 ANSWER(CS_CALL_SUBMIT, &d_used)))),
		PAM_SUCCESS);
	assert_int_equal(saw.prompts, 1);
	seen_call(1, &submit);
	assert_string_equal(submit.reason, "release 10.1");
	cs_clear(&cs_submit_shape, &submit);
	/* none, nobody to ask, or still not enough */
	assert_int_equal(play(SESSION, SCENE(.reason = "", STEPS(ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))),
		PAM_PERM_DENIED);
	assert_non_null(strstr(saw.error, "a reason is needed"));
	assert_int_equal(play(SESSION, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))), PAM_PERM_DENIED);
	assert_int_equal(play(SESSION, SCENE(.reason = "x", STEPS(ANSWER(CS_CALL_SUBMIT, &d_needs_reason),
				 ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))),
		PAM_PERM_DENIED);
	assert_int_equal(play(SESSION, SCENE(.reason = "x", .silent = true,
		STEPS(ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))), PAM_PERM_DENIED);
	assert_int_equal(saw.prompts, 0);
}

/* Kills: a reason that stays in the environment, or that is not sent. */
static void test_pam_hold_takes_the_reason_of_the_front(void **state)
{
	struct cs_submit submit = { 0 };

	(void)state;
	assert_int_equal(play(SESSION, SCENE(.environment = "COUNTERSIGN_REASON=release 10.1",
				 STEPS(ANSWER(CS_CALL_SUBMIT, &d_used)))),
		PAM_SUCCESS);
	seen_call(0, &submit);
	assert_string_equal(submit.reason, "release 10.1");
	assert_string_equal(saw.carried, "");
	assert_int_equal(saw.prompts, 0);
	cs_clear(&cs_submit_shape, &submit);
}

static void test_pam_a060_reason_too_long(void **state)
{
	static char carried[CS_MAX_REASON + 64] = "COUNTERSIGN_REASON=";
	struct cs_submit submit = { 0 };

	char *reason = malloc(CS_MAX_REASON + 2);

	(void)state;
	memset(reason, 'r', CS_MAX_REASON + 1);
	reason[CS_MAX_REASON + 1] = '\0';
	assert_int_equal(play(SESSION, SCENE(.reason = reason, STEPS(ANSWER(CS_CALL_SUBMIT, &d_needs_reason)))),
		PAM_PERM_DENIED);
	assert_int_equal(saw.seen.n_calls, 1);
	assert_non_null(strstr(saw.error, "too large"));
	strcat(carried, reason);
	assert_int_equal(play(SESSION, SCENE(.environment = carried, STEPS(ANSWER(CS_CALL_SUBMIT, &d_used)))), PAM_SUCCESS);
	assert_string_equal(saw.carried, "");
	seen_call(0, &submit);
	assert_string_equal(submit.reason, "");
	cs_clear(&cs_submit_shape, &submit);
	free(reason);
}

static void test_pam_silent_holds_without_words(void **state)
{
	(void)state;
	assert_int_equal(play(SESSION,
		SCENE(.silent = true, STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_approved),
				 ANSWER(CS_CALL_CLAIM, &d_used)))),
		PAM_SUCCESS);
	assert_string_equal(saw.info, "");
}

/* --- Session: confirm --------------------------------------------------------------------------------------------- */

/* Kills: leaving out cs_limit_session, or setting it before the daemon has confirmed. */
static void test_pam_a_session_gets_its_time_limit(void **state)
{
	const struct timespec soon = { .tv_sec = 20 }, now = { 0 };
	struct scene scene = SCENE(.service = "sudo", .user = "games", .ruser = "root", .arguments = "confirm",
		.silent = true, .local = true, .tty = "/dev/pts/1", STEPS(ANSWER(CS_CALL_CONFIRM, &d_limited)));
	sigset_t alarm_set, old;

	(void)state;
	sigemptyset(&alarm_set);
	sigaddset(&alarm_set, SIGALRM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &alarm_set, &old), 0);
	assert_int_equal(play(SESSION, scene), PAM_SUCCESS);
	assert_int_equal(sigtimedwait(&alarm_set, NULL, &soon), SIGALRM);
	d_limited.verdict = CS_DENY;
	assert_int_equal(play(SESSION, scene), PAM_PERM_DENIED);
	d_limited.verdict = CS_PERMIT;
	assert_int_equal(sigtimedwait(&alarm_set, NULL, &now), -1);
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
}

static void test_pam_a032_confirm(void **state)
{
	struct cs_confirm call = { 0 };
	struct scene scene = SCENE(.service = "sudo-i", .user = "games", .ruser = "root", .arguments = "confirm",
		.silent = true, STEPS(ANSWER(CS_CALL_CONFIRM, &d_confirmed)));

	(void)state;
	scene.local = true;
	scene.tty = "/dev/pts/1";
	assert_int_equal(play(SESSION, scene), PAM_SUCCESS);
	seen_call(0, &call);
	assert_int_equal(call.subject.uid, getuid());
	assert_int_equal(call.target_uid, 5);
	assert_string_equal(call.service, "sudo");
	cs_clear(&cs_confirm_shape, &call);
	scene.service = "sudo";
	scene.steps = (const struct fake_step[]){ ANSWER(CS_CALL_CONFIRM, &d_unconfirmed) };
	assert_int_equal(play(SESSION, scene), PAM_PERM_DENIED);
	assert_non_null(strstr(saw.error, "unconfirmed")); /* said also under PAM_SILENT, which sudo always sets */
	scene.steps = (const struct fake_step[]){ ANSWER(CS_CALL_CONFIRM, &d_only_hold) };
	assert_int_equal(play(SESSION, scene), PAM_PERM_DENIED);
}

static void test_pam_a032_confirm_names_the_real_uid(void **state)
{
	struct cs_confirm call = { 0 };
	struct scene scene = SCENE(.service = "sudo", .user = "#1234567", .ruser = "root", .arguments = "confirm",
		.real_uid = 5, STEPS(ANSWER(CS_CALL_CONFIRM, &d_confirmed)));

	(void)state;
	if (geteuid() != 0)
		skip();
	scene.local = true;
	assert_int_equal(play(SESSION, scene), PAM_SUCCESS);
	seen_call(0, &call);
	assert_int_equal(call.subject.uid, 5);
	assert_string_equal(call.subject.name, "games");
	assert_int_equal(call.target_uid, 1234567);
	cs_clear(&cs_confirm_shape, &call);
}

/* --- The other entry points --------------------------------------------------------------------------------------- */

/* A006: a module in the wrong phase is no silent success. */
static void test_pam_a006_other_phases(void **state)
{
	(void)state;
	assert_int_equal(play(AUTH, SCENE()), PAM_MODULE_UNKNOWN);
	assert_int_equal(play(SETCRED, SCENE()), PAM_MODULE_UNKNOWN);
	assert_int_equal(play(PASSWORD, SCENE()), PAM_MODULE_UNKNOWN);
}

static void test_pam_close_session(void **state)
{
	(void)state;
	assert_int_equal(play(CLOSE_SESSION, SCENE()), PAM_SUCCESS);
	assert_int_equal(saw.seen.connections, 0);
}

static unsigned open_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += access("/proc/self/fd", F_OK) == 0 && fcntl(fd, F_GETFD) != -1;
	return n;
}

static void test_pam_a016_no_descriptor_is_left(void **state)
{
	unsigned before = open_descriptors();

	(void)state;
	(void)play(ACCOUNT, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_permit))));
	(void)play(ACCOUNT, SCENE(STEPS({ .call = CS_CALL_SUBMIT, .act = FAKE_GARBAGE })));
	(void)play(SESSION, SCENE(STEPS(ANSWER(CS_CALL_SUBMIT, &d_held), ANSWER(CS_CALL_WAIT, &d_rejected))));
	(void)play(SESSION, SCENE(.dead = true));
	assert_int_equal(open_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pam_account_permit),
		cmocka_unit_test(test_pam_a001_account_deny),
		cmocka_unit_test(test_pam_a009_account_hold),
		cmocka_unit_test(test_pam_front_asks_ahead_and_shows),
		cmocka_unit_test(test_pam_front_asks_for_the_reason),
		cmocka_unit_test(test_pam_a060_front_bounds_the_reason),
		cmocka_unit_test(test_pam_front_where_nobody_can_be_asked),
		cmocka_unit_test(test_pam_a001_front_without_a_good_answer),
		cmocka_unit_test(test_pam_account_right),
		cmocka_unit_test(test_pam_a001_no_good_answer),
		cmocka_unit_test(test_pam_server_error_denies),
		cmocka_unit_test(test_pam_a067_absent_daemon),
		cmocka_unit_test(test_pam_a057_wrong_server),
		cmocka_unit_test(test_pam_a014_bad_arguments),
		cmocka_unit_test(test_pam_a010_bad_arguments_leave_root_in),
		cmocka_unit_test(test_pam_a014_bad_socket_and_server),
		cmocka_unit_test(test_pam_unknown_server_user),
		cmocka_unit_test(test_pam_a003_unknown_user),
		cmocka_unit_test(test_pam_a029_peer),
		cmocka_unit_test(test_pam_a028_su_asks_for_the_real_uid),
		cmocka_unit_test(test_pam_a028_sudo_tells_who_called_it),
		cmocka_unit_test(test_pam_a010_root_console_without_daemon),
		cmocka_unit_test(test_pam_a010_root_is_recorded_where_the_daemon_answers),
		cmocka_unit_test(test_pam_a010_root_console_with_a_full_disk),
		cmocka_unit_test(test_pam_remote_root_needs_the_daemon),
		cmocka_unit_test(test_pam_su_to_root_needs_the_daemon),
		cmocka_unit_test(test_pam_a010_held_root_is_answered),
		cmocka_unit_test(test_pam_hold_permit_at_once),
		cmocka_unit_test(test_pam_hold_approved_then_claimed),
		cmocka_unit_test(test_pam_hold_rejected),
		cmocka_unit_test(test_pam_a080_claim_refused),
		cmocka_unit_test(test_pam_a001_only_a_claim_opens),
		cmocka_unit_test(test_pam_cooling_is_waited_for),
		cmocka_unit_test(test_pam_hold_parked),
		cmocka_unit_test(test_pam_parked_and_approved_meanwhile),
		cmocka_unit_test(test_pam_a001_bad_answers_while_held),
		cmocka_unit_test(test_pam_a043_signal_while_held),
		cmocka_unit_test(test_pam_a023_client_goes_away),
		cmocka_unit_test(test_pam_hold_nobody_listens),
		cmocka_unit_test(test_pam_a030_who_waits),
		cmocka_unit_test(test_pam_a030_the_administrator_says_who_waits),
		cmocka_unit_test(test_pam_su_keeps_standard_output_clean),
		cmocka_unit_test(test_pam_hold_reason),
		cmocka_unit_test(test_pam_hold_takes_the_reason_of_the_front),
		cmocka_unit_test(test_pam_a060_reason_too_long),
		cmocka_unit_test(test_pam_silent_holds_without_words),
		cmocka_unit_test(test_pam_a032_confirm),
		cmocka_unit_test(test_pam_a_session_gets_its_time_limit),
		cmocka_unit_test(test_pam_a032_confirm_names_the_real_uid),
		cmocka_unit_test(test_pam_a006_other_phases),
		cmocka_unit_test(test_pam_close_session),
		cmocka_unit_test(test_pam_a016_no_descriptor_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
