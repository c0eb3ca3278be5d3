/* SPDX-License-Identifier: Apache-2.0 */
/* countersign repeat: the command of an earlier request once more, asked for like any other. */
#include "repeat.h"
#include "ahead.h"
#include "mem.h"
#include "options.h"
#include "sudo_line.h"
#include "vote.h"
#include "which.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- What sudo would make of it ------------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* sudo puts the word that was typed into argv[0]: the path, or its last part. */
static bool typed_plainly(const struct cs_action *action)
{
	const char *word = action->n_argv > 0 ? action->argv[0] : NULL;

	if (word == NULL || action->command == NULL || action->command[0] != '/')
		return false;
	return strcmp(word, action->command) == 0 || strcmp(word, base_name(action->command)) == 0;
}

/* A variable that sudo let through is there again where the caller has it still. */
static bool environment_comes_again(const struct cs_action *action)
{
	for (size_t i = 0; i < action->n_env; i++) {
		const char *variable = action->env[i] == NULL ? "" : action->env[i];
		size_t n = strcspn(variable, "=");
		char *name = strndup(variable, n);
		const char *value = name == NULL ? NULL : getenv(name);
		bool same = value != NULL && variable[n] == '=' && strcmp(value, variable + n + 1) == 0;

		cs_free_str(&name);
		if (!same)
			return false;
	}
	return true;
}

static bool has_group(const struct cs_action *action, gid_t group)
{
	for (size_t i = 0; i < action->n_target_groups; i++) {
		if (action->target_groups[i] == group)
			return true;
	}
	return false;
}

/* sudo gives the groups that the accounts of this host say now. */
static bool groups_come_again(const struct cs_action *action, const struct passwd *target)
{
	int n = CS_MAX_GROUPS;
	gid_t *groups = calloc(CS_MAX_GROUPS, sizeof(*groups));
	bool same = groups != NULL && getgrouplist(target->pw_name, action->target_gid, groups, &n) >= 0 &&
		    (size_t)n == action->n_target_groups;

	for (int i = 0; same && i < n; i++)
		same = has_group(action, groups[i]);
	free(groups);
	return same;
}

static const char *cannot(const struct cs_action *action, const struct passwd *target)
{
	if (action->service == NULL || strcmp(action->service, "sudo") != 0)
		return "only what sudo was asked to run can be repeated";
	if (action->option_refused || !typed_plainly(action))
		return "it was not asked for as a plain command: type it again";
	if (target == NULL)
		return "there is no account any more as which it ran";
	if (!groups_come_again(action, target))
		return "sudo would give it other groups today: type it again";
	if (!environment_comes_again(action))
		return "it was asked for with variables that you do not have now: type it again";
	return NULL;
}

static int add_number(char ***words, size_t *n, const char *option, uint32_t id)
{
	char text[16];
	int r = cs_strv_add(words, n, option);

	snprintf(text, sizeof(text), "#%lu", (unsigned long)id);
	return r != 0 ? r : cs_strv_add(words, n, text);
}

static int add_words(const struct cs_action *action, const struct passwd *target, char ***words, size_t *n)
{
	int r = cs_strv_add(words, n, "sudo");

	if (r == 0 && action->target_uid != 0)
		r = add_number(words, n, "-u", action->target_uid);
	if (r == 0 && action->target_gid != target->pw_gid)
		r = add_number(words, n, "-g", action->target_gid);
	if (r == 0)
		r = cs_strv_add(words, n, "--");
	for (size_t i = 0; r == 0 && i < action->n_argv; i++)
		r = cs_strv_add(words, n, action->argv[i] == NULL ? "" : action->argv[i]);
	return r;
}

int cs_repeat_words(const struct cs_action *action, char ***ret_words, size_t *ret_n, const char **ret_why)
{
	const struct passwd *target = getpwuid(action->target_uid);
	const char *why = cannot(action, target);
	char **words = NULL, **ended = NULL;
	size_t n = 0;

	*ret_why = why;
	if (why != NULL)
		return CS_EINVAL;
	if (add_words(action, target, &words, &n) != 0 ||
		(ended = reallocarray(words, n + 1, sizeof(*words))) == NULL) {
		cs_free_strv(&words, &n);
		return CS_ENOMEM;
	}
	ended[n] = NULL;
	*ret_words = ended;
	*ret_n = n;
	return 0;
}

/* --- The subcommand ------------------------------------------------------------------------------------------------- */

static int say_line(const struct cs_sudo_line *line)
{
	struct cs_buf out;
	int status = 0;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put_words(&out, line->argv);
	cs_put(&out, "\n");
	/* What the command itself prints comes on standard output. */
	if (cs_buf_error(&out) != 0 || fwrite(out.data, 1, out.len, stderr) != out.len)
		status = CS_EXIT_OUTPUT;
	cs_buf_clear(&out);
	return status;
}

static int repeat(struct cs_run *run, const struct cs_show_answer *answer, struct cs_sudo_line *line, bool ahead)
{
	const struct cs_request *request = &answer->request;
	char **words = NULL, where[40];
	const char *why = NULL;
	size_t n = 0;
	int status = 0, r = 0;

	snprintf(where, sizeof(where), "request %llu", (unsigned long long)answer->decision.number);
	if (!answer->mine)
		return cs_fail(CS_EXIT_NOT_PERMITTED, "you did not ask for it", where, "nothing was run");
	r = cs_repeat_words(&request->action, &words, &n, &why);
	if (r != 0)
		return cs_fail(r == CS_EINVAL ? CS_EXIT_NO : CS_EXIT_INTERNAL, cs_text_or(why, cs_strerror(r)), where,
			"nothing was run");
	line->argv = words;
	line->cwd = request->action.cwd;
	if (line->reason == NULL && request->reason != NULL && *request->reason != '\0')
		line->reason = request->reason;
	cs_hang_up(run);
	status = say_line(line);
	if (status == 0)
		status = ahead ? cs_ask_ahead(run, line) : cs_become_sudo(line);
	cs_free_strv(&words, &n);
	return status;
}

int cs_run_repeat(struct cs_run *run, char **args, size_t n)
{
	struct cs_sudo_line line = { 0 };
	struct cs_show_answer answer = { 0 };
	const char *at = NULL;
	bool ahead = false;
	const struct cs_option options[] = { { "--at", NULL, &at, NULL }, { "--ahead", &ahead, NULL, NULL },
		{ "--reason", NULL, &line.reason, NULL }, { "--wait", &line.wait, NULL, NULL } };
	uint64_t number = 0;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 1, 1, &n);

	ahead = ahead || at != NULL || line.wait || run->json;
	if (status == 0)
		status = cs_read_start(at, &line.start_wall_ms);
	if (status == 0)
		status = cs_check_comment(line.reason);
	if (status == 0)
		status = cs_find_request(run, args[0], &number);
	if (status == 0)
		status = cs_fetch_request(run, number, &answer);
	if (status == 0)
		status = repeat(run, &answer, &line, ahead);
	cs_clear(&cs_show_answer_shape, &answer);
	return status;
}
