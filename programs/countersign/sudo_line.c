/* SPDX-License-Identifier: Apache-2.0 */
/* Running sudo for the caller. */
#include "sudo_line.h"
#include "mem.h"
#include "outcome.h"
#include "print.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SUDO_CONF "/etc/sudo.conf"
#define PLUGIN    "sudo_countersign"
/* How the plugin's words begin when a request was made ahead: modules/sudo_countersign. */
#define ASKED "countersign: request "

enum { LINE_MAX_BYTES = 8192 };

/* --- Words -------------------------------------------------------------------------------------------------------- */

static bool is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-";

	return *word != '\0' && strspn(word, plain) == strlen(word);
}

void cs_put_words(struct cs_buf *out, char *const *argv)
{
	for (size_t i = 0; argv[i] != NULL; i++) {
		cs_put(out, i > 0 ? " " : "");
		if (is_plain(argv[i])) {
			cs_put(out, "%s", argv[i]);
			continue;
		}
		cs_put(out, "'");
		for (const char *at = argv[i]; *at != '\0';) {
			size_t n = strcspn(at, "'");
			char *piece = strndup(at, n);

			cs_escape(out, piece == NULL ? "" : piece);
			cs_free_str(&piece);
			at += n;
			if (*at == '\'') {
				cs_put(out, "'\\''");
				at++;
			}
		}
		cs_put(out, "'");
	}
}

/* --- Will it ask? ------------------------------------------------------------------------------------------------- */

/* "Plugin sudo_countersign sudo_countersign.so …" */
static bool names_plugin(const char *line)
{
	line += strspn(line, " \t");
	if (strncmp(line, "Plugin", 6) != 0 || strspn(line + 6, " \t") == 0)
		return false;
	line += 6 + strspn(line + 6, " \t");
	return strncmp(line, PLUGIN, strlen(PLUGIN)) == 0 && strspn(line + strlen(PLUGIN), " \t") > 0;
}

/* A sudo without the plugin runs the command, whatever its environment says. */
static int check_sudo_asks(struct cs_run *run)
{
	const struct cs_empty call = { 0 };
	struct cs_status status = { 0 };
	FILE *file = NULL;
	char line[LINE_MAX_BYTES];
	bool found = false;
	int r = cs_ask(run, CS_CALL_STATUS, &call, "", &status);

	if (r != 0)
		return r;
	cs_clear(&cs_status_shape, &status);
	file = fopen(SUDO_CONF, "re");
	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		found = names_plugin(line);
	if (file != NULL)
		(void)fclose(file);
	return found ? 0 : cs_fail(CS_EXIT_UNAVAILABLE, "sudo on this host does not ask, and would run the command",
		SUDO_CONF, "an administrator has to name the plugin there; nothing was run");
}

/* --- Running it --------------------------------------------------------------------------------------------------- */

static int set_environment(const struct cs_sudo_line *line, bool ahead)
{
	char start[24];
	int r = unsetenv("COUNTERSIGN_AHEAD") | unsetenv("COUNTERSIGN_START");

	snprintf(start, sizeof(start), "%llu", (unsigned long long)line->start_wall_ms);
	if (line->reason != NULL)
		r |= setenv("COUNTERSIGN_REASON", line->reason, 1);
	if (ahead)
		r |= setenv("COUNTERSIGN_AHEAD", "1", 1);
	if (ahead && line->start_wall_ms != 0)
		r |= setenv("COUNTERSIGN_START", start, 1);
	if (r == 0 && line->cwd != NULL)
		r = chdir(line->cwd);
	return r == 0 ? 0 : -1;
}

int cs_become_sudo(const struct cs_sudo_line *line)
{
	if (set_environment(line, false) != 0)
		return cs_fail(CS_EXIT_NO, "cannot go there", cs_text_or(line->cwd, "."), strerror(errno));
	signal(SIGPIPE, SIG_DFL);
	execvp(line->argv[0], line->argv);
	return cs_fail(CS_EXIT_NO, "cannot be run", line->argv[0], strerror(errno));
}

static pid_t start(const struct cs_sudo_line *line, int out)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	if (set_environment(line, true) == 0 && dup2(out, STDOUT_FILENO) >= 0) {
		signal(SIGPIPE, SIG_DFL);
		execvp(line->argv[0], line->argv);
	}
	_exit(cs_fail(127, "cannot be run", line->argv[0], strerror(errno)));
}

/* Passes on what the plugin says and finds the request's number in it. Nothing else writes there: no command runs. */
static uint64_t relay(int fd, FILE *to)
{
	FILE *from = fdopen(fd, "r");
	char line[LINE_MAX_BYTES];
	unsigned long long number = 0;

	if (from == NULL) {
		close(fd);
		return 0;
	}
	while (fgets(line, sizeof(line), from) != NULL) {
		if (number == 0 && strncmp(line, ASKED, strlen(ASKED)) == 0)
			number = strtoull(line + strlen(ASKED), NULL, 10);
		fputs(line, to);
	}
	(void)fclose(from);
	return number;
}

static int run_sudo(const struct cs_run *run, const struct cs_sudo_line *line, uint64_t *ret_number)
{
	int fds[2] = { -1, -1 };
	int ended = 0;
	pid_t child = -1;

	fflush(stdout);
	if (pipe2(fds, O_CLOEXEC) == 0)
		child = start(line, fds[1]);
	close(fds[1]);
	if (child < 0) {
		close(fds[0]);
		return cs_fail(CS_EXIT_INTERNAL, "cannot be run", line->argv[0], strerror(errno));
	}
	*ret_number = relay(fds[0], run->json ? stderr : stdout);
	while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
		;
	if (*ret_number != 0)
		return 0;
	/* sudo or its plugin has said why. */
	return WIFEXITED(ended) && WEXITSTATUS(ended) != 0 ? CS_EXIT_NO
		: cs_fail(CS_EXIT_INTERNAL, "no request was made", line->argv[0], "tell an administrator");
}

static int say_later(const struct cs_sudo_line *line)
{
	struct cs_buf out;

	cs_buf_init(&out, CS_OUTPUT_MAX);
	cs_put(&out, "    then run    ");
	cs_put_words(&out, line->argv);
	cs_put(&out, "\n");
	return cs_print(&out);
}

static int print_asked(struct cs_run *run, uint64_t number)
{
	const struct cs_show call = { .number = number };
	struct cs_show_answer answer = { 0 };
	int status = cs_ask(run, CS_CALL_SHOW, &call, "", &answer);

	if (status == 0)
		status = cs_print_request_json(&answer, true);
	cs_clear(&cs_show_answer_shape, &answer);
	return status;
}

int cs_ask_ahead(struct cs_run *run, const struct cs_sudo_line *line)
{
	struct cs_follow follow = { .run = run };
	uint64_t number = 0;
	int status = check_sudo_asks(run);

	cs_hang_up(run); /* sudo may ask for a password first */
	if (status == 0)
		status = run_sudo(run, line, &number);
	if (status == 0 && !run->json)
		status = say_later(line);
	if (status != 0)
		return status;
	if (line->wait)
		return cs_wait_for(&follow, number);
	return run->json ? print_asked(run, number) : 0;
}
