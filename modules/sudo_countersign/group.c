/* SPDX-License-Identifier: Apache-2.0 */
/* sudoers' group plugin: %:role@scope is whoever has the role in the scope. It only ever grants: whatever goes wrong is 0,
 * exactly, because sudoers in LDAP tests the answer for truth and would take an error for a member. In a rule that takes
 * away (!%:role@scope) 0 is what runs the command, and so every failure would: sudo_countersign(8) warns of such rules. */
#include "args.h"
#include "client.h"
#include "clock.h"
#include "mem.h"
#include "text.h"
#include "users.h"
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sudo_plugin.h>
#include <syslog.h>

#define NOBODY 65534u

/* The interface has no place for it: one sudo process has one of these. */
static struct group {
	struct cs_args args;
	struct cs_client *client; /* one for all questions */
	uint64_t left_ms;         /* how long sudo may still wait for answers, all of them together */
} group;

/* why may be NULL. */
static void complain(const char *name, const char *what, const char *why)
{
	char *shown = cs_escaped(name), *because = cs_escaped(why != NULL ? why : "");

	syslog(LOG_AUTHPRIV | LOG_WARNING, "sudo_countersign: %%:%s is not granted: %s%s%s", shown != NULL ? shown : "?",
		what, because != NULL && because[0] != '\0' ? ": " : "", because != NULL ? because : "");
	cs_free_str(&shown);
	cs_free_str(&because);
}

/* --- What is asked ------------------------------------------------------------------------------------------------ */

/* One '@'; the daemon says what is a scope. */
static int parse_name(const char *name, struct cs_has_role *call)
{
	const char *at = strchr(name, '@');
	size_t len = at != NULL ? (size_t)(at - name) : 0;

	if (len == 0 || len > CS_MAX_NAME || at[1] == '\0' || strlen(at + 1) > CS_MAX_SCOPE || strchr(at + 1, '@') != NULL)
		return CS_EINVAL;
	call->role = strndup(name, len);
	if (call->role == NULL || cs_set(&call->scope, at + 1) < 0)
		return CS_ENOMEM;
	return cs_is_word(call->role, CS_MAX_NAME) == 1 ? 0 : CS_EINVAL;
}

/* Root is nobody in the directory, and so is who has no number. */
static int is_somebody(const char *user, const struct passwd *pwd)
{
	return pwd != NULL && pwd->pw_uid != 0 && pwd->pw_uid != NOBODY && pwd->pw_uid != CS_NO_UID &&
	       cs_is_login(user) == 1 && strcmp(user, pwd->pw_name) == 0;
}

static int fill(const char *user, const char *name, const struct passwd *pwd, struct cs_has_role *call)
{
	int r = parse_name(name, call);

	if (r == CS_EINVAL)
		complain(name, "it is no role@scope", NULL);
	if (r < 0)
		return r;
	call->subject.uid = (uint32_t)pwd->pw_uid;
	call->subject.login_uid = cs_user_login_uid();
	return cs_set(&call->subject.name, user);
}

/* --- Asking ------------------------------------------------------------------------------------------------------- */

static int connect_once(const char **ret_why)
{
	struct cs_client_options options = { .path = group.args.socket };
	uint32_t server = CS_NO_UID;

	if (group.client != NULL)
		return 0;
	if (cs_args_server_uid(&group.args, &server) < 0) {
		*ret_why = "its user could not be looked up";
		return CS_EUNAVAIL;
	}
	options.server_uid = (uid_t)server;
	return cs_client_open(&options, &group.client, ret_why);
}

/* Who does not answer is not asked again by this sudo. */
static void give_up(void)
{
	cs_client_close(&group.client);
	group.left_ms = 0;
}

static int judge(const char *name, const struct cs_right_answer *answer)
{
	if (answer->verdict == CS_PERMIT)
		return 1;
	if (answer->reason == CS_WHY_DOUBT || answer->reason == CS_WHY_STORE)
		complain(name, cs_reason_text(answer->reason), answer->text);
	return 0;
}

static int ask(const char *name, const struct cs_has_role *call)
{
	struct cs_right_answer answer = { 0 };
	const char *why = NULL;
	char *text = NULL;
	uint64_t begun = cs_boot_ms(), took = 0;
	int member = 0;
	int r = connect_once(&why);

	if (r == 0)
		r = cs_client_call(group.client, CS_CALL_ROLE, call, -1, (uint32_t)group.left_ms, &answer, &text);
	took = cs_boot_ms() - begun;
	group.left_ms -= took < group.left_ms ? took : group.left_ms;
	if (r == 0)
		member = judge(name, &answer);
	else if (text != NULL)
		complain(name, "countersignd refuses the question", text);
	else {
		complain(name, "countersignd does not answer", why != NULL ? why : cs_strerror(r));
		give_up();
	}
	cs_free_str(&text);
	cs_clear(&cs_right_answer_shape, &answer);
	return member;
}

static int query(const char *user, const char *name, const struct passwd *pwd)
{
	struct cs_has_role call = { 0 };
	int member = 0;

	if (is_somebody(user, pwd) && group.left_ms > 0 && fill(user, name, pwd, &call) == 0)
		member = ask(name, &call) == 1;
	cs_clear(&cs_has_role_shape, &call);
	return member;
}

/* --- Beginning and end -------------------------------------------------------------------------------------------- */

static void cleanup(void)
{
	cs_client_close(&group.client);
	memset(&group, 0, sizeof(group));
}

static void refuse_arguments(const struct cs_args_problem *problem)
{
	char *argument = cs_escaped(problem->argument != NULL ? problem->argument : "");

	syslog(LOG_AUTHPRIV | LOG_ERR, "sudo_countersign: group_plugin in sudoers: argument %s %s: nobody has any role",
		argument != NULL ? argument : "?", problem->what);
	cs_free_str(&argument);
}

/* Always 1: one that fails to begin is unloaded, with the same answers and no word of why. */
static int init(int version, sudo_printf_t sudo_plugin_printf, char *const arguments[])
{
	struct cs_args_problem problem = { 0 };
	size_t n = 0;

	(void)sudo_plugin_printf;
	cleanup();
	if (SUDO_API_VERSION_GET_MAJOR((unsigned)version) != GROUP_API_VERSION_MAJOR) {
		syslog(LOG_AUTHPRIV | LOG_ERR, "sudo_countersign: this sudo speaks another version of the group plugin "
			"interface: nobody has any role");
		return 1;
	}
	while (arguments != NULL && arguments[n] != NULL)
		n++;
	if (cs_args_parse(CS_MODULE_SUDO, n, (const char *const *)arguments, &group.args, &problem) == 0)
		group.left_ms = group.args.timeout_ms;
	else
		refuse_arguments(&problem);
	return 1;
}

__attribute__((visibility("default"))) extern struct sudoers_group_plugin group_plugin;

struct sudoers_group_plugin group_plugin = {
	.version = GROUP_API_VERSION,
	.init = init,
	.cleanup = cleanup,
	.query = query,
};
