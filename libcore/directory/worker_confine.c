/* SPDX-License-Identifier: Apache-2.0 */
/* The directory worker gives up everything that it does not need, before it speaks to anybody. */
#include "countersign/error.h"
#include "file.h"
#include "mem.h"
#include "worker.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read before /etc/krb5.conf, so that it has precedence: whoever answers for DNS must not choose the server's name,
 * whose key is all that says who it is where there is no TLS. */
static const char strict_krb5[] = "[libdefaults]\n\tdns_canonicalize_hostname = false\n\trdns = false\n";

static int reset_signals(void)
{
	for (int number = 1; number < _NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP)
			(void)signal(number, SIG_DFL);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return CS_EIO;
	sigset_t none;
	(void)sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) == 0 ? 0 : CS_EIO;
}

/* Leaves /dev/null on 0, 1 and 2, and these descriptors; -1 stands for none. Each gets another number, in their
 * order. */
static int close_others(int *const *kept, size_t n)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	unsigned from = 3;
	if (null < 0)
		return CS_EIO;
	for (size_t i = 0, least = 3; i < n; i++) {
		if (*kept[i] < 0)
			continue;
		*kept[i] = fcntl(*kept[i], F_DUPFD_CLOEXEC, (int)least);
		if (*kept[i] < 3)
			return CS_EIO;
		least = (size_t)*kept[i] + 1;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(null, i) < 0)
			return CS_EIO;
	for (size_t i = 0; i < n; i++) {
		unsigned fd = (unsigned)*kept[i];
		if (*kept[i] < 0)
			continue;
		if (fd > from && close_range(from, fd - 1, 0) != 0)
			return CS_EIO;
		from = fd + 1;
	}
	return close_range(from, UINT_MAX, 0) == 0 ? 0 : CS_EIO;
}

static int drop_ids(const struct cs_directory_ids *ids)
{
	uid_t ruid = 0, euid = 0, suid = 0;
	gid_t rgid = 0, egid = 0, sgid = 0;
	if (ids->uid == 0)
		return 0;
	if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(ids->gid, ids->gid, ids->gid) != 0 ||
			       setresuid(ids->uid, ids->uid, ids->uid) != 0))
		return CS_EPERM;
	if (getresuid(&ruid, &euid, &suid) != 0 || getresgid(&rgid, &egid, &sgid) != 0)
		return CS_EPERM;
	if (ruid != ids->uid || euid != ids->uid || suid != ids->uid)
		return CS_EPERM;
	if (rgid != ids->gid || egid != ids->gid || sgid != ids->gid)
		return CS_EPERM;
	return setuid(0) == 0 ? CS_EPERM : 0;
}

/* After the change of ids, which would undo the first two. */
static int confine(pid_t parent)
{
	const struct rlimit no_core = {0, 0};
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return CS_EPERM;
	if (getppid() != parent) /* it died before the first line took effect */
		return CS_EPERM;
	return setrlimit(RLIMIT_CORE, &no_core) == 0 ? 0 : CS_EPERM;
}

static int set_krb5(const char *keytab)
{
	char path[CS_SEALED_PATH + 64];
	int fd = memfd_create("countersign-krb5", 0); /* stays open: read again whenever a context is made */
	if (fd < 0 || write(fd, strict_krb5, sizeof(strict_krb5) - 1) != (ssize_t)(sizeof(strict_krb5) - 1))
		return CS_EIO;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d:/etc/krb5.conf", fd);
	if (setenv("KRB5_CONFIG", path, 1) != 0)
		return CS_EIO;
	(void)snprintf(path, sizeof(path), "FILE:%s", keytab);
	if (setenv("KRB5_CLIENT_KTNAME", path, 1) != 0 || setenv("KRB5CCNAME", "MEMORY:countersign", 1) != 0)
		return CS_EIO;
	return 0;
}

/* libldap reads ldap.conf, .ldaprc and LDAP… variables, its TLS and Kerberos libraries have variables of their own
 * (A015, A082). */
static int clean_surroundings(const struct cs_credentials *credentials)
{
	(void)umask(077);
	if (clearenv() != 0 || setenv("LDAPNOINIT", "1", 1) != 0 || chdir("/") != 0)
		return CS_EIO;
	return *credentials->keytab != '\0' ? set_krb5(credentials->keytab) : 0;
}

static int keep(int *socket, struct cs_sealed *sealed)
{
	int *kept[1 + CS_SECRETS] = {socket};
	for (size_t i = 0; i < CS_SECRETS; i++)
		kept[1 + i] = &sealed->fd[i];
	return close_others(kept, CS_COUNT(kept));
}

int cs_worker_confine(const struct cs_worker_start *start, int *ret_socket, struct cs_credentials *ret_credentials)
{
	struct cs_sealed sealed = *start->sealed;
	int socket = start->socket;
	int r = reset_signals();
	if (r == 0)
		r = keep(&socket, &sealed);
	if (r == 0)
		r = cs_credentials_take(&sealed, ret_credentials);
	if (r == 0)
		r = drop_ids(&start->ids);
	if (r == 0)
		r = confine(start->parent);
	if (r == 0)
		r = clean_surroundings(ret_credentials);
	if (r == 0)
		*ret_socket = socket;
	return r;
}
