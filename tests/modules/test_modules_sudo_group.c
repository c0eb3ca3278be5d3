/* SPDX-License-Identifier: Apache-2.0 */
/* The group plugin, loaded and called as sudoers does, against a scripted daemon. Whatever happens, query says 1 or 0 and
 * nothing else, and 1 only for a permit (A048). */
#include "clock.h"
#include "fake_daemon.h"
#include "log_catcher.h"
#include "mem.h"
#include "plugin.h"
#include <dirent.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sudo_plugin.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MANY 4

struct scene {
	const char *user; /* NULL: games */
	uint32_t uid;     /* 0: games' own */
	bool no_passwd, root;
	const char *names[MANY];  /* asked one after the other; none: pmc@project/tomcat */
	const char *option;       /* behind socket=, server_uid= and timeout= */
	int version;              /* 0: the right one */
	const struct fake_step *steps;
	size_t n_steps;
	bool dead;
};

static struct {
	int answers[MANY];
	uint64_t took_ms;
	int left_open; /* descriptors, by the plugin */
	struct fake_seen seen;
} saw;

static struct cs_right_answer yes = { .verdict = CS_PERMIT, .reason = CS_WHY_HAS_RIGHT },
	no = { .verdict = CS_DENY, .reason = CS_WHY_NO_PERMISSION },
	doubt = { .verdict = CS_DENY, .reason = CS_WHY_DOUBT, .text = T("ldaps://a did not answer\nin time") },
	held = { .verdict = CS_HOLD, .reason = CS_WHY_HAS_RIGHT };

#define ROLE(r) ANSWER(CS_CALL_ROLE, r)

__attribute__((format(printf, 2, 3))) static int print(int type, const char *format, ...)
{
	(void)type;
	fail_msg("the plugin printed: %s", format); /* sudo -l and cvtsudoers ask as well */
	return -1;
}

static const struct sudoers_group_plugin *load(void)
{
	const struct sudoers_group_plugin *plugin = plugin_symbol("group_plugin");

	assert_int_equal(SUDO_API_VERSION_GET_MAJOR(plugin->version), 1);
	return plugin;
}

static int open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		n++;
	closedir(folder);
	return n;
}

/* Short only where no answer comes: a busy machine is not to look like a daemon that hangs. */
static char *timeout_of(const struct scene *scene)
{
	static char brief[] = "timeout=1", patient[] = "timeout=20";

	for (size_t i = 0; i < scene->n_steps; i++)
		if (scene->steps[i].act == FAKE_SILENT)
			return brief;
	return patient;
}

static void call_plugin(const struct scene *scene, const struct fake *fake)
{
	const struct sudoers_group_plugin *plugin = load();
	char socket[160], server[40], *arguments[] = { socket, server, timeout_of(scene),
		(char *)(uintptr_t)scene->option, NULL };
	const char *user = scene->user != NULL ? scene->user : "games";
	struct passwd pwd = { .pw_name = T("games"), .pw_uid = scene->uid != 0 ? scene->uid : 5 };

	(void)snprintf(socket, sizeof(socket), "socket=%s", fake->path);
	(void)snprintf(server, sizeof(server), "server_uid=%u", (unsigned)geteuid());
	saw.left_open = -open_descriptors();
	if (scene->root)
		pwd = (struct passwd){ .pw_name = T("root") };
	assert_int_equal(plugin->init(scene->version != 0 ? scene->version : GROUP_API_VERSION, print, arguments), 1);
	saw.took_ms = cs_boot_ms();
	for (size_t i = 0; i < MANY && (i == 0 || scene->names[i] != NULL); i++) {
		saw.answers[i] = plugin->query(scene->root ? "root" : user,
			scene->names[i] != NULL ? scene->names[i] : "pmc@project/tomcat", scene->no_passwd ? NULL : &pwd);
		if (saw.answers[i] != 0 && saw.answers[i] != 1)
			fail_msg("query said %d", saw.answers[i]);
	}
	saw.took_ms = cs_boot_ms() - saw.took_ms;
	plugin->cleanup();
	saw.left_open += open_descriptors();
}

/* The answer to the first question. */
static int play(struct scene scene)
{
	struct fake fake;
	struct fake_options how = { .steps = scene.steps, .n_steps = scene.n_steps, .listen_as = geteuid(),
		.dead = scene.dead };

	memset(&saw, 0, sizeof(saw));
	logged_forget();
	fake_start(&fake, &how);
	call_plugin(&scene, &fake);
	saw.seen = *fake.seen;
	fake_stop(&fake);
	assert_int_equal(saw.seen.unexpected, 0);
	return saw.answers[0];
}

/* Kills: any answer but the verdict's in judge. */
static void test_group_yes_and_no(void **state)
{
	struct cs_has_role call = { 0 };
	struct fake fake = { .seen = &saw.seen };

	(void)state;
	assert_int_equal(play(SCENE(STEPS(ROLE(&yes)))), 1);
	assert_string_equal(logged(), "");
	fake_call(&fake, 0, &call);
	assert_int_equal(call.subject.uid, 5);
	assert_string_equal(call.subject.name, "games");
	assert_string_equal(call.role, "pmc");
	assert_string_equal(call.scope, "project/tomcat");
	cs_clear(&cs_has_role_shape, &call);
	assert_int_equal(play(SCENE(STEPS(ROLE(&no)))), 0);
	assert_string_equal(logged(), ""); /* who has not the role is nothing to tell: it is so in every sudo */
	assert_int_equal(play(SCENE(STEPS(ROLE(&held)))), 0);
}

/* Kills: -1 for what could not be told, which sudoers in LDAP takes for a member. */
static void test_group_a048_what_could_not_be_told_is_0(void **state)
{
	static const enum fake_act acts[] = { FAKE_CLOSE, FAKE_GARBAGE, FAKE_CUT, FAKE_OTHER_TYPE, FAKE_BAD_VERDICT,
		FAKE_SILENT };

	(void)state;
	assert_int_equal(play(SCENE(STEPS(ROLE(&doubt)))), 0);
	assert_non_null(strstr(logged(), "%:pmc@project/tomcat is not granted"));
	assert_non_null(strstr(logged(), "did not answer\\nin time"));
	for (size_t i = 0; i < CS_COUNT(acts); i++) {
		assert_int_equal(play(SCENE(STEPS({ .call = CS_CALL_ROLE, .act = acts[i], .reply = &yes }))), 0);
		assert_non_null(strstr(logged(), "countersignd does not answer"));
	}
	assert_int_equal(play(SCENE(STEPS({ .call = CS_CALL_ROLE, .act = FAKE_ERROR, .error = CS_ENOENT,
		.text = "the policy has no such role" }))), 0);
	assert_non_null(strstr(logged(), "refuses the question: the policy has no such role"));
	assert_int_equal(play(SCENE(.dead = true)), 0);
	assert_non_null(strstr(logged(), "it is not running"));
}

/* Kills: a connection for each question. */
static void test_group_one_connection_for_all_questions(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.names = { "a@*", "b@*", "c@*", "d@*" }, STEPS(ROLE(&no), ROLE(&yes),
		{ .call = CS_CALL_ROLE, .act = FAKE_ERROR, .error = CS_ENOENT, .text = "none" }, ROLE(&yes)))), 0);
	assert_int_equal(saw.answers[1], 1);
	assert_int_equal(saw.answers[2], 0);
	assert_int_equal(saw.answers[3], 1);
	assert_int_equal(saw.seen.connections, 1);
	assert_int_equal(saw.left_open, 0);
}

/* However many rules there are, a daemon that hangs costs one deadline. Kills: left_ms set anew for each question. */
static void test_group_a067_a_hung_daemon_is_waited_for_once(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.names = { "a@*", "b@*", "c@*", "d@*" },
				 STEPS({ .call = CS_CALL_ROLE, .act = FAKE_SILENT }))), 0);
	assert_int_equal(saw.answers[3], 0);
	assert_int_equal(saw.seen.n_calls, 1);
	assert_true(saw.took_ms >= 900 && saw.took_ms < 2500);
}

/* Kills: a name that is cut or guessed at instead of refused. */
static void test_group_a013_names_that_are_none(void **state)
{
	static const char *const bad[] = { "", "@", "pmc", "pmc@", "@project/tomcat", "pmc@project@tomcat", "pmc@@",
		"p mc@x", "-pmc@x", "pmc\n@x", "../pmc@x" };
	char *long_role = malloc(CS_MAX_NAME + 4), *long_scope = malloc(CS_MAX_SCOPE + 4);

	(void)state;
	assert_non_null(long_role);
	assert_non_null(long_scope);
	memset(long_role, 'a', CS_MAX_NAME + 1);
	memcpy(long_role + CS_MAX_NAME + 1, "@x", 3);
	memset(long_scope, 'a', CS_MAX_SCOPE + 3);
	long_scope[1] = '@';
	long_scope[CS_MAX_SCOPE + 3] = '\0';
	for (size_t i = 0; i < CS_COUNT(bad); i++) {
		assert_int_equal(play(SCENE(.names = { bad[i] }, STEPS(ROLE(&yes)))), 0);
		assert_int_equal(saw.seen.connections, 0);
		assert_non_null(strstr(logged(), "it is no role@scope"));
		assert_null(strstr(logged(), "pmc\n@"));
	}
	assert_int_equal(play(SCENE(.names = { long_role }, STEPS(ROLE(&yes)))), 0);
	assert_int_equal(saw.seen.connections, 0);
	assert_int_equal(play(SCENE(.names = { long_scope }, STEPS(ROLE(&yes)))), 0);
	assert_int_equal(saw.seen.connections, 0);
	free(long_role);
	free(long_scope);
}

/* Kills: asking for whom the directory cannot know. */
static void test_group_a004_who_is_nobody_has_no_role(void **state)
{
	(void)state;
	assert_int_equal(play(SCENE(.no_passwd = true, STEPS(ROLE(&yes)))), 0);
	assert_int_equal(play(SCENE(.root = true, STEPS(ROLE(&yes)))), 0);
	assert_int_equal(play(SCENE(.uid = 65534, STEPS(ROLE(&yes)))), 0);
	assert_int_equal(saw.seen.connections, 0);
	assert_int_equal(play(SCENE(.uid = CS_NO_UID, STEPS(ROLE(&yes)))), 0);
	assert_int_equal(saw.seen.connections, 0);
	assert_int_equal(play(SCENE(.user = "Games", STEPS(ROLE(&yes)))), 0);
	assert_int_equal(play(SCENE(.user = "#5", STEPS(ROLE(&yes)))), 0);
	assert_int_equal(play(SCENE(.user = "gamesman", STEPS(ROLE(&yes)))), 0);
	assert_int_equal(saw.seen.connections, 0);
	assert_string_equal(logged(), "");
}

/* Kills: going on with the defaults after a word that means nothing. */
static void test_group_a014_bad_arguments_and_versions(void **state)
{
	static const char *const bad[] = { "debug", "timeout=2", "confirm", "permission=a", "sock=/x", "" };

	(void)state;
	for (size_t i = 0; i < CS_COUNT(bad); i++) {
		assert_int_equal(play(SCENE(.option = bad[i], STEPS(ROLE(&yes)))), 0);
		assert_int_equal(saw.seen.connections, 0);
		assert_non_null(strstr(logged(), "nobody has any role"));
	}
	assert_int_equal(play(SCENE(.version = (int)SUDO_API_MKVERSION(2, 0), STEPS(ROLE(&yes)))), 0);
	assert_int_equal(saw.seen.connections, 0);
	assert_non_null(strstr(logged(), "another version"));
	assert_int_equal(play(SCENE(.version = (int)SUDO_API_MKVERSION(1, 7), STEPS(ROLE(&yes)))), 1);
}

/* After cleanup, and before init, nobody is asked. */
static void test_group_without_init_is_0(void **state)
{
	const struct sudoers_group_plugin *plugin = load();
	struct passwd pwd = { .pw_name = T("games"), .pw_uid = 5 };

	(void)state;
	plugin->cleanup();
	plugin->cleanup();
	assert_int_equal(plugin->query("games", "pmc@project/tomcat", &pwd), 0);
	assert_int_equal(plugin->init(GROUP_API_VERSION, print, NULL), 1);
	plugin->cleanup();
	assert_int_equal(plugin->query("games", "pmc@project/tomcat", &pwd), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group_yes_and_no),
		cmocka_unit_test(test_group_a048_what_could_not_be_told_is_0),
		cmocka_unit_test(test_group_one_connection_for_all_questions),
		cmocka_unit_test(test_group_a067_a_hung_daemon_is_waited_for_once),
		cmocka_unit_test(test_group_a013_names_that_are_none),
		cmocka_unit_test(test_group_a004_who_is_nobody_has_no_role),
		cmocka_unit_test(test_group_a014_bad_arguments_and_versions),
		cmocka_unit_test(test_group_without_init_is_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
