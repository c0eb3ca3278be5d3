/* SPDX-License-Identifier: Apache-2.0 */
/* countersign run: a script's or a job's command, run as who runs this, once the gate lets it; or only asked for. */
#include "ahead.h"
#include "asking.h"
#include "command.h"
#include "file.h"
#include "json.h"
#include "mem.h"
#include "options.h"
#include "run_environment.h"
#include "vote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is not the command's own status: as env(1) and timeout(1) do, and two below them. */
enum { RUN_OPEN = 123, RUN_DENIED = 124, RUN_FAILED = 125, RUN_NOT_RUNNABLE = 126, RUN_NOT_FOUND = 127 };

/* --- What is to run ----------------------------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* In the caller's PATH, as his shell would find it; folders that are not absolute are passed over. */
static int search(const char *name, char **ret_path)
{
	const char *at = getenv("PATH");
	char *path = NULL;

	while (at != NULL && *at != '\0') {
		size_t n = strcspn(at, ":");

		if (at[0] == '/' && cs_format(&path, "%.*s/%s", (int)n, at, name) < 0)
			return CS_ENOMEM;
		if (path != NULL && is_program(path)) {
			*ret_path = path;
			return 0;
		}
		cs_free_str(&path);
		at += n + (at[n] == ':');
	}
	return CS_ENOENT;
}

static int find_command(const char *word, char **ret_path)
{
	char resolved[PATH_MAX];

	if (word[0] == '/')
		return cs_set(ret_path, word);
	if (strchr(word, '/') == NULL)
		return search(word, ret_path);
	return realpath(word, resolved) != NULL ? cs_set(ret_path, resolved) : CS_ENOENT;
}

/* What is hashed is what runs: one descriptor for both. 0, or the exit status after the error was told. */
static int open_command(const char *word, struct cs_ask *ask, int *ret_fd)
{
	struct stat st;
	int r = find_command(word, &ask->command);
	int fd = r == 0 ? open(ask->command, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;

	if (r == CS_ENOENT || (r == 0 && fd < 0 && errno == ENOENT))
		return cs_fail(RUN_NOT_FOUND, "there is no such command", word, "");
	if (r < 0)
		return cs_fail(RUN_FAILED, cs_strerror(r), word, "");
	if (fd < 0)
		return cs_fail(RUN_NOT_RUNNABLE, strerror(errno), word, "it has to be readable, because it is hashed");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		cs_close(&fd);
		return cs_fail(RUN_NOT_RUNNABLE, "this is no file that can be run", word, "");
	}
	*ret_fd = fd;
	return 0;
}

/* --- Asking ------------------------------------------------------------------------------------------------------- */

static int fill_words(struct cs_ask *ask, char **args, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = ask->n_argv < CS_MAX_ARGS ? cs_strv_add(&ask->argv, &ask->n_argv, args[i]) : CS_ETOOBIG;
	return r;
}

static int fill_place(struct cs_ask *ask)
{
	char place[PATH_MAX], tty[CS_MAX_NAME];

	if (getcwd(place, sizeof(place)) == NULL || place[0] != '/')
		return CS_ENOENT;
	if (ttyname_r(STDERR_FILENO, tty, sizeof(tty)) != 0)
		tty[0] = '\0';
	return cs_set(&ask->cwd, place) < 0 || cs_set(&ask->tty, tty) < 0 ? CS_ENOMEM : 0;
}

/* 0, or the exit status after the error was told. */
static int fill(struct cs_ask *ask, const char *gate, const char *reason, char **args, size_t n)
{
	int r = fill_words(ask, args, n);

	if (r == 0 && (cs_set(&ask->service, "run") < 0 || cs_set(&ask->gate, gate) < 0 ||
		cs_set(&ask->reason, reason != NULL ? reason : "") < 0))
		r = CS_ENOMEM;
	if (r < 0)
		return cs_fail(RUN_FAILED, cs_strerror(r), args[0], "");
	r = fill_place(ask);
	return r == 0 ? 0 : cs_fail(RUN_FAILED, "the current folder is not known", args[0], "");
}

/* --- Running ------------------------------------------------------------------------------------------------------ */

/* Does not return where it runs. A script is opened once more by its interpreter, through this very descriptor, which then
 * has to stay open for it. */
static int execute(int fd, char **args, char **env)
{
	(void)signal(SIGPIPE, SIG_DFL); /* main ignores it */
	(void)fexecve(fd, args, env);
	if (errno == ENOENT && fcntl(fd, F_SETFD, 0) == 0)
		(void)fexecve(fd, args, env);
	return cs_fail(errno == ENOENT ? RUN_NOT_FOUND : RUN_NOT_RUNNABLE, strerror(errno), args[0], "");
}

/* Whoever waits for us sees the signal, as he would of the command. */
static int ended_by(int number)
{
	if (number == 0)
		return RUN_OPEN;
	(void)raise(number);
	return 128 + number;
}

static int status_of(enum cs_asking_end asked)
{
	switch (asked) {
	case CS_ASKED_OPEN:
		return RUN_OPEN;
	case CS_ASKED_AHEAD:
		return CS_EXIT_YES;
	case CS_ASKED_DENIED:
		return RUN_DENIED;
	case CS_ASKED_INTERRUPTED:
		return ended_by(cs_signals_caught());
	case CS_ASKED_PERMITTED:
	case CS_ASKED_FAILED:
		break;
	}
	return RUN_FAILED;
}

/* The command does not run, so standard output is ours. */
static int print_json(struct cs_decision *decision, int status)
{
	struct cs_buf out;
	char *text = NULL;

	if (decision->reason == CS_WHY_NONE)
		decision->reason = CS_WHY_UNREACHABLE;
	if (cs_json_text(&cs_decision_shape, decision, true, &text) < 0)
		return RUN_FAILED;
	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "%s\n", text);
	cs_free_str(&text);
	return cs_print(&out) == 0 ? status : RUN_FAILED;
}

/* Of what was asked for ahead: for `countersign wait` in a script. */
static int print_number(uint64_t number, int status)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "%llu\n", (unsigned long long)number);
	return cs_print(&out) == 0 ? status : RUN_FAILED;
}

static int ask_and_run(struct cs_run *run, struct cs_ask *ask, int fd, char **args, char **env)
{
	struct cs_asking asking = { .socket = run->socket, .server_user = run->server_user, .ask = ask, .file = fd,
		.prompts = ask->may_wait, .watch_fd = -1, .again = CS_AGAIN_COMMAND,
		.no_reason = "a reason is needed: give it with --reason" };
	struct cs_decision decision = { 0 };
	enum cs_asking_end asked = cs_asking_run(&asking, &decision);
	int status = RUN_FAILED;

	if (asked != CS_ASKED_PERMITTED) {
		status = status_of(asked);
		if (run->json)
			status = print_json(&decision, status);
		else if (asked == CS_ASKED_AHEAD && decision.number != 0)
			status = print_number(decision.number, status);
	} else {
		status = execute(fd, args, env);
	}
	cs_clear(&cs_decision_shape, &decision);
	return status;
}

int cs_run_run(struct cs_run *run, char **args, size_t n)
{
	const char *gate = NULL, *reason = NULL, *at = NULL;
	struct cs_words kept = { 0 };
	struct cs_ask ask = { 0 };
	bool no_wait = false;
	const struct cs_option options[] = { { "--gate", NULL, &gate, NULL }, { "--reason", NULL, &reason, NULL },
		{ "--env", NULL, NULL, &kept }, { "--no-wait", &no_wait, NULL, NULL },
		{ "--ahead", &ask.ahead, NULL, NULL }, { "--at", NULL, &at, NULL } };
	char **env = NULL;
	int fd = -1;
	size_t words = 0;
	int status = cs_options_read(run, args, n, options, CS_COUNT(options), 1, SIZE_MAX, &words);

	if (run->help)
		return status;
	if (status == 0 && gate == NULL)
		status = cs_fail(RUN_FAILED, "the gate is missing that has to guard it", "--gate", "");
	if (status == 0 && at != NULL && !ask.ahead)
		status = cs_fail(RUN_FAILED, "a start is for what is asked for ahead", "--at", "add --ahead: nothing runs then");
	if (status == 0)
		status = cs_read_start(at, &ask.start_wall_ms);
	if (status == 0)
		status = cs_check_comment(reason);
	if (status != 0)
		return RUN_FAILED;
	args[words] = NULL; /* main's own vector: it has room for its end */
	ask.may_wait = !no_wait;
	status = open_command(args[0], &ask, &fd);
	if (status == 0)
		status = fill(&ask, gate, reason, args, words);
	if (status == 0 && cs_run_environment(&kept, &ask, &env) < 0)
		status = RUN_FAILED;
	if (status == 0)
		status = ask_and_run(run, &ask, fd, args, env);
	cs_clear(&cs_ask_shape, &ask);
	cs_run_environment_free(&env);
	cs_close(&fd);
	return status;
}
