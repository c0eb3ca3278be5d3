/* SPDX-License-Identifier: Apache-2.0 */
/* sudo's lists to a submit call. */
#include "input.h"
#include "operands.h"
#include "args.h"
#include "file.h"
#include "mem.h"
#include "users.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *cs_sudo_value(char *const *list, const char *name)
{
	size_t len = strlen(name);

	for (; list != NULL && *list != NULL; list++)
		if (strncmp(*list, name, len) == 0 && (*list)[len] == '=')
			return *list + len + 1;
	return NULL;
}

int cs_sudo_is_true(char *const *list, const char *name)
{
	const char *value = cs_sudo_value(list, name);

	return value != NULL && strcmp(value, "true") == 0;
}

int cs_sudo_edits(char *const *settings, char *const *command_info)
{
	return cs_sudo_is_true(command_info, "sudoedit") || cs_sudo_is_true(settings, "sudoedit");
}

static int copy_value(char *const *list, const char *name, char **ret)
{
	const char *value = cs_sudo_value(list, name);

	return cs_set(ret, value != NULL ? value : "");
}

/* --- Who, and as whom ------------------------------------------------------------------------------------------------ */

static int fill_subject(const struct cs_sudo_input *input, struct cs_submit *submit, const char **ret_why)
{
	const char *uid = cs_sudo_value(input->user_info, "uid");
	const char *user = cs_sudo_value(input->user_info, "user");

	if (uid == NULL || user == NULL || cs_args_id(uid, &submit->subject.uid) < 0) {
		*ret_why = "sudo did not say who asks";
		return CS_EINVAL;
	}
	submit->subject.login_uid = cs_user_login_uid();
	return cs_set(&submit->subject.name, user);
}

/* With stay_setuid sudo gives the invoking user as runas_uid and the power as runas_euid. */
static int read_target(const struct cs_sudo_input *input, const char *effective, const char *plain, uint32_t *ret_id)
{
	const char *text = cs_sudo_value(input->command_info, effective);

	if (text == NULL)
		text = cs_sudo_value(input->command_info, plain);
	return text != NULL ? cs_args_id(text, ret_id) : CS_EINVAL;
}

/* "0,27,1000" */
static int parse_groups(const char *text, uint32_t **ret_groups, size_t *ret_n)
{
	size_t n = 1, at = 0;
	uint32_t *groups = NULL;

	for (const char *p = text; *p != '\0'; p++)
		n += *p == ',';
	if (n > CS_MAX_GROUPS)
		return CS_ETOOBIG;
	groups = calloc(n, sizeof(*groups));
	if (groups == NULL)
		return CS_ENOMEM;
	while (at < n) {
		char id[16];
		size_t len = strcspn(text, ",");

		if (len >= sizeof(id))
			break;
		memcpy(id, text, len);
		id[len] = '\0';
		if (cs_args_id(id, &groups[at]) < 0)
			break;
		at++;
		text += len + 1;
	}
	if (at < n) {
		free(groups);
		return CS_EINVAL;
	}
	*ret_groups = groups;
	*ret_n = n;
	return 0;
}

static int fill_groups(const struct cs_sudo_input *input, struct cs_action *action)
{
	const char *groups = cs_sudo_value(input->command_info, "runas_groups");

	/* With -P the caller keeps his own groups. */
	if (groups == NULL && cs_sudo_is_true(input->command_info, "preserve_groups"))
		groups = cs_sudo_value(input->user_info, "groups");
	if (groups == NULL || groups[0] == '\0')
		return 0;
	return parse_groups(groups, &action->target_groups, &action->n_target_groups);
}

static int fill_target(const struct cs_sudo_input *input, struct cs_action *action, char **ret_home, const char **ret_why)
{
	struct cs_user user = { 0 };
	int r = 0;

	*ret_why = "sudo did not say as whom it runs";
	if (read_target(input, "runas_euid", "runas_uid", &action->target_uid) < 0 ||
		read_target(input, "runas_egid", "runas_gid", &action->target_gid) < 0)
		return CS_EINVAL;
	r = fill_groups(input, action);
	if (r < 0)
		return r;
	r = cs_user_by_uid(action->target_uid, &user);
	if (r == 0) {
		action->target_name = user.name;
		*ret_home = user.home;
		return 0;
	}
	/* A number without a name is a target too, and a look-up that failed shows the number. */
	return r == CS_ENOMEM ? r : cs_format(&action->target_name, "#%u", (unsigned)action->target_uid);
}

/* --- What ------------------------------------------------------------------------------------------------------------ */

static int fill_command(const struct cs_sudo_input *input, struct cs_action *action, const char **ret_why)
{
	const char *command = cs_sudo_value(input->command_info, "command");
	char resolved[PATH_MAX] = "";

	if (command == NULL || command[0] != '/') {
		*ret_why = "sudo did not say what runs";
		return CS_EINVAL;
	}
	if (realpath(command, resolved) == NULL)
		resolved[0] = '\0';
	action->exposed = resolved[0] == '\0' || cs_way_sealed(command) != 1;
	if (cs_set(&action->command, command) < 0 || cs_set(&action->resolved, resolved) < 0)
		return CS_ENOMEM;
	for (char *const *arg = input->run_argv; arg != NULL && *arg != NULL; arg++) {
		if (action->n_argv >= CS_MAX_ARGS)
			return CS_ETOOBIG;
		if (cs_strv_add(&action->argv, &action->n_argv, *arg) < 0)
			return CS_ENOMEM;
	}
	*ret_why = "the command has no arguments, not even its own name";
	return action->n_argv > 0 ? 0 : CS_EINVAL;
}

static int fill_place(const struct cs_sudo_input *input, struct cs_action *action, const char **ret_why)
{
	const char *cwd = cs_sudo_value(input->command_info, "cwd");
	int edits = cs_sudo_edits(input->settings, input->command_info);

	if (cwd == NULL)
		cwd = cs_sudo_value(input->user_info, "cwd");
	if (cwd == NULL || cwd[0] != '/') {
		*ret_why = "the current folder is not known";
		return CS_EINVAL;
	}
	action->option_refused = cs_sudo_value(input->settings, "remote_host") != NULL ||
				 cs_sudo_value(input->settings, "cmnd_chroot") != NULL ||
				 cs_sudo_value(input->command_info, "chroot") != NULL;
	if (cs_set(&action->cwd, cwd) < 0 || cs_set(&action->service, edits ? "sudoedit" : "sudo") < 0)
		return CS_ENOMEM;
	return copy_value(input->user_info, "tty", &action->tty);
}

static int fill_environment(const struct cs_sudo_input *input, struct cs_action *action, const char *home)
{
	for (char *const *variable = input->run_envp; variable != NULL && *variable != NULL; variable++) {
		if (cs_sudo_env_is_plain(*variable, home) == 1)
			continue;
		if (action->n_env >= CS_MAX_ENV)
			return CS_ETOOBIG;
		if (cs_strv_add(&action->env, &action->n_env, *variable) < 0)
			return CS_ENOMEM;
	}
	return 0;
}

const char *cs_sudo_folder(const struct cs_sudo_input *input)
{
	return cs_sudo_value(input->command_info, "cwd");
}

/* --- How it is asked ------------------------------------------------------------------------------------------------- */

/* Milliseconds since 1970. */
static int parse_moment(const char *text, uint64_t *ret_wall_ms)
{
	uint64_t wall_ms = 0;
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 15 || text[n] != '\0')
		return CS_EINVAL;
	for (; *text != '\0'; text++)
		wall_ms = wall_ms * 10 + (uint64_t)(*text - '0');
	*ret_wall_ms = wall_ms;
	return 0;
}

/* What the caller's environment says of the asking. It can only take away: what is asked for ahead does not run. */
static int fill_asking(const struct cs_sudo_input *input, struct cs_submit *submit, const char **ret_why)
{
	const char *ahead = cs_sudo_value(input->submit_envp, "COUNTERSIGN_AHEAD");
	const char *start = cs_sudo_value(input->submit_envp, "COUNTERSIGN_START");

	submit->ahead = ahead != NULL;
	*ret_why = "COUNTERSIGN_AHEAD has another value than 1";
	if (ahead != NULL && strcmp(ahead, "1") != 0)
		return CS_EINVAL;
	*ret_why = "COUNTERSIGN_START is for what is asked for ahead: use `countersign request --at`";
	if (start != NULL && (ahead == NULL || parse_moment(start, &submit->start_wall_ms) < 0))
		return CS_EINVAL;
	submit->may_wait = ahead == NULL && !cs_sudo_is_true(input->settings, "noninteractive");
	return copy_value(input->submit_envp, "COUNTERSIGN_REASON", &submit->reason);
}

int cs_sudo_fill(const struct cs_sudo_input *input, struct cs_submit *ret_submit, const char **ret_why)
{
	struct cs_action *action = &ret_submit->action;
	char *home = NULL;
	int r = fill_subject(input, ret_submit, ret_why);

	if (r == 0)
		r = fill_target(input, action, &home, ret_why);
	if (r == 0)
		r = fill_command(input, action, ret_why);
	if (r == 0)
		r = fill_place(input, action, ret_why);
	if (r == 0)
		r = cs_operands_list(cs_sudo_folder(input), action);
	if (r == 0)
		r = fill_environment(input, action, home);
	if (r == 0)
		r = fill_asking(input, ret_submit, ret_why);
	if (r != CS_EINVAL)
		*ret_why = NULL;
	cs_free_str(&home);
	return r;
}

int cs_sudo_open_command(const struct cs_sudo_input *input)
{
	const char *execfd = cs_sudo_value(input->command_info, "execfd");
	const char *command = cs_sudo_value(input->command_info, "command");
	uint32_t fd = 0;

	/* This very file is executed, whatever the path leads to by then. */
	if (execfd != NULL)
		return cs_args_id(execfd, &fd) == 0 && fd <= INT_MAX ? fcntl((int)fd, F_DUPFD_CLOEXEC, 3) : -1;
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	return command != NULL ? open(command, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
}
