/* SPDX-License-Identifier: Apache-2.0 */
/* A session of ssh. */
#include "session.h"
#include "mem.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SFTP_SERVER "/usr/lib/openssh/sftp-server"
#define ANCESTORS   4 /* sshd, the person's shell that it runs a forced command by, and what that leaves between */

/* --- Under sshd? -------------------------------------------------------------------------------------------------- */

/* "PID (comm) S PPID …": comm may hold anything, so its end is the last parenthesis. */
static int read_process(long pid, char *ret_name, size_t size, long *ret_parent)
{
	char path[40], line[512];
	char *open_at = NULL, *close_at = NULL;
	FILE *file = NULL;
	size_t n = 0;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return CS_ENOENT;
	n = fread(line, 1, sizeof(line) - 1, file);
	(void)fclose(file);
	line[n] = '\0';
	open_at = strchr(line, '(');
	close_at = strrchr(line, ')');
	if (open_at == NULL || close_at == NULL || close_at < open_at || strlen(close_at) < 5)
		return CS_EPROTO;
	*close_at = '\0';
	(void)snprintf(ret_name, size, "%s", open_at + 1);
	*ret_parent = strtol(close_at + 4, NULL, 10);
	return 0;
}

int gate_is_under_sshd(void)
{
	long pid = (long)getppid();
	char name[32];

	if (getenv("SSH_CONNECTION") == NULL)
		return 0;
	for (int i = 0; i < ANCESTORS && pid > 1; i++) {
		long parent = 0;

		if (read_process(pid, name, sizeof(name), &parent) < 0)
			return 0;
		if (strcmp(name, "sshd") == 0 || strcmp(name, "sshd-session") == 0)
			return 1;
		pid = parent;
	}
	return 0;
}

/* --- What is wanted ----------------------------------------------------------------------------------------------- */

static int find_shell(struct gate_session *session)
{
	const struct passwd *entry = getpwuid(getuid());
	const char *shell = entry != NULL && entry->pw_shell != NULL && entry->pw_shell[0] != '\0' ? entry->pw_shell : "/bin/sh";

	if (entry == NULL || strlen(shell) >= sizeof(session->home_shell))
		return CS_ENOENT;
	(void)snprintf(session->home_shell, sizeof(session->home_shell), "%s", shell);
	session->shell = session->home_shell;
	return 0;
}

/* For a subsystem sshd gives the command that sshd_config has for it. */
static enum gate_kind kind_of(const char *command, const char *sftp_server)
{
	if (command == NULL)
		return GATE_SHELL;
	return strcmp(command, "internal-sftp") == 0 || strcmp(command, sftp_server) == 0 ? GATE_SFTP : GATE_COMMAND;
}

int gate_session_read(const char *shell, const char *sftp_server, struct gate_session *ret_session)
{
	*ret_session = (struct gate_session){ .command = getenv("SSH_ORIGINAL_COMMAND"), .shell = shell,
		.sftp_server = sftp_server != NULL ? sftp_server : SFTP_SERVER };
	ret_session->kind = kind_of(ret_session->command, ret_session->sftp_server);
	return shell != NULL ? 0 : find_shell(ret_session);
}

/* "SSH_CLIENT=192.0.2.1": without its port, which is another one the next time. */
static int fill_peer(struct cs_ask *ask)
{
	const char *from = getenv("SSH_CONNECTION");
	char *variable = NULL;
	int r = 0;

	if (from == NULL)
		return 0;
	r = cs_format(&variable, "SSH_CLIENT=%.*s", (int)strcspn(from, " "), from);
	if (r == 0)
		r = cs_strv_add(&ask->env, &ask->n_env, variable);
	cs_free_str(&variable);
	return r;
}

int gate_session_fill(const struct gate_session *session, struct cs_ask *ask)
{
	static const char *const words[] = { [GATE_SHELL] = "shell", [GATE_COMMAND] = "command", [GATE_SFTP] = "sftp" };
	const char *word = words[session->kind];
	char tty[CS_MAX_NAME];
	int r = cs_strv_add(&ask->argv, &ask->n_argv, word);

	if (ttyname_r(STDIN_FILENO, tty, sizeof(tty)) != 0)
		tty[0] = '\0';
	if (r == 0 && session->kind == GATE_COMMAND)
		r = strlen(session->command) < CS_MAX_ARG ? cs_strv_add(&ask->argv, &ask->n_argv, session->command)
			: CS_ETOOBIG;
	if (r == 0 && (cs_set(&ask->service, "ssh-command") < 0 || cs_set(&ask->command, word) < 0 ||
		cs_set(&ask->tty, tty) < 0))
		r = CS_ENOMEM;
	return r == 0 ? fill_peer(ask) : r;
}

/* --- Running it --------------------------------------------------------------------------------------------------- */

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

int gate_session_execute(const struct gate_session *session)
{
	const char *program = session->kind == GATE_SFTP ? session->sftp_server : session->shell;
	char *name = NULL;

	(void)unsetenv("COUNTERSIGN_REASON");
	/* A login shell is one whose name begins with '-': that is how sshd itself starts it. */
	if (cs_format(&name, "%s%s", session->kind == GATE_SHELL ? "-" : "", base_of(program)) < 0)
		return 126;
	if (session->kind == GATE_COMMAND)
		(void)execl(program, name, "-c", session->command, (char *)NULL);
	else
		(void)execl(program, name, (char *)NULL);
	(void)fprintf(stderr, "countersign: %s: %s\n", program, strerror(errno));
	cs_free_str(&name);
	return errno == ENOENT ? 127 : 126;
}
