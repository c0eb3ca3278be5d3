/* SPDX-License-Identifier: Apache-2.0 */
/* A real login: an sshd of our own for one connection on the loopback address, with keys made for it, and the machine's
 * own /etc/pam.d/sshd. */
#include "enable.h"
#include "file.h"
#include "mem.h"

#include <arpa/inet.h>
#include <countersign/error.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct login {
	char folder[sizeof("/run/countersign-try-XXXXXX")];
	char *key, *host_key, *config, *port;
	int listener;
	pid_t sshd;
};

static int make_key(const char *path, char **ret_said)
{
	const char *const argv[] = { "/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path, NULL };

	return cs_enable_try_program(argv, ret_said);
}

static int write_config(const struct login *login)
{
	int fd = open(login->config, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), n = -1;

	if (fd == -1)
		return CS_EIO;
	n = dprintf(fd, "HostKey %s\nAuthorizedKeysFile %s.pub\nUsePAM yes\nPubkeyAuthentication yes\n"
			"PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
			"StrictModes no\nPermitUserRC no\nPrintMotd no\nPidFile none\nDisableForwarding yes\n"
			"ForceCommand /usr/bin/true\n",
		login->host_key, login->key);
	cs_close(&fd);
	return n > 0 ? 0 : CS_EIO;
}

/* The folder can be entered by who logs in: sshd reads the key as that user. */
static int make_folder(struct login *login)
{
	strcpy(login->folder, "/run/countersign-try-XXXXXX");
	if (mkdtemp(login->folder) == NULL || chmod(login->folder, 0711) != 0)
		return CS_EIO;
	if (cs_format(&login->key, "%s/key", login->folder) < 0 || cs_format(&login->host_key, "%s/host", login->folder) < 0 ||
		cs_format(&login->config, "%s/config", login->folder) < 0)
		return CS_ENOMEM;
	return 0;
}

static int listen_here(struct login *login)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	login->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (login->listener == -1 || bind(login->listener, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(login->listener, 1) != 0 || getsockname(login->listener, (struct sockaddr *)&address, &len) != 0)
		return CS_EIO;
	return cs_format(&login->port, "%u", (unsigned)ntohs(address.sin_port));
}

/* In the child, which ends with its parent: the first connection is sshd's standard input. */
static void serve(const struct login *login)
{
	char program[] = "/usr/sbin/sshd", once[] = "-i", from[] = "-f", path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *argv[] = { program, once, from, login->config, NULL }, *environment[] = { path, NULL };
	int connection = -1, nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || nothing == -1 || (connection = accept(login->listener, NULL, NULL)) == -1)
		_exit(1);
	if (dup2(connection, STDIN_FILENO) != -1 && dup2(connection, STDOUT_FILENO) != -1 && dup2(nothing, STDERR_FILENO) != -1)
		(void)execve(program, argv, environment);
	_exit(1);
}

static int log_in(struct login *login, const char *user, char **ret_said)
{
	const char *const argv[] = { "/usr/bin/ssh", "-F", "none", "-T", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o",
		"IdentityAgent=none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
		"LogLevel=ERROR", "-i", login->key, "-p", login->port, "-l", user, "127.0.0.1", "true", NULL };

	login->sshd = fork();
	if (login->sshd == -1)
		return CS_EIO;
	if (login->sshd == 0)
		serve(login);
	cs_close(&login->listener);
	return cs_enable_try_program(argv, ret_said);
}

static void clean_up(struct login *login)
{
	static const char *const names[] = { "key", "key.pub", "host", "host.pub", "config" };

	if (login->sshd > 0) {
		(void)kill(login->sshd, SIGKILL);
		(void)waitpid(login->sshd, NULL, 0);
	}
	for (size_t i = 0; login->folder[0] != '\0' && i < CS_COUNT(names); i++) {
		char *path = NULL;

		if (cs_format(&path, "%s/%s", login->folder, names[i]) == 0)
			(void)unlink(path);
		free(path);
	}
	if (login->folder[0] != '\0')
		(void)rmdir(login->folder);
	cs_close(&login->listener);
	free(login->key);
	free(login->host_key);
	free(login->config);
	free(login->port);
}

/* First whether the machine's own sshd would start: the one that is tried has a configuration of its own. */
int cs_enable_try_sshd(const char *user, char **ret_said)
{
	static const char *const test[] = { "/usr/sbin/sshd", "-t", NULL };
	struct login login = { .listener = -1 };
	int r = cs_enable_try_program(test, ret_said);

	if (r < 0)
		return r;
	r = make_folder(&login);
	if (r == 0)
		r = make_key(login.key, ret_said);
	if (r == 0)
		r = make_key(login.host_key, ret_said);
	if (r == 0)
		r = write_config(&login);
	if (r == 0)
		r = listen_here(&login);
	if (r == 0)
		r = log_in(&login, user != NULL ? user : "root", ret_said);
	if (r == CS_EIO)
		r = cs_set(ret_said, "no login could be tried") == 0 ? CS_ENOENT : CS_ENOMEM;
	clean_up(&login);
	return r;
}
