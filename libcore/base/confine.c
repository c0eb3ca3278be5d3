/* SPDX-License-Identifier: Apache-2.0 */
#include "confine.h"
#include "countersign/error.h"
#include "mem.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int cs_confine_signals(void)
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

int cs_confine_descriptors(int *const *kept, size_t n)
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

int cs_confine_ids(uid_t uid, gid_t gid, const gid_t *group)
{
	uid_t ruid = 0, euid = 0, suid = 0;
	gid_t rgid = 0, egid = 0, sgid = 0;
	if (uid == 0)
		return 0;
	if (geteuid() == 0 && (setgroups(group ? 1 : 0, group) != 0 || setresgid(gid, gid, gid) != 0 ||
			       setresuid(uid, uid, uid) != 0))
		return CS_EPERM;
	if (getresuid(&ruid, &euid, &suid) != 0 || getresgid(&rgid, &egid, &sgid) != 0)
		return CS_EPERM;
	if (ruid != uid || euid != uid || suid != uid)
		return CS_EPERM;
	if (rgid != gid || egid != gid || sgid != gid)
		return CS_EPERM;
	return setuid(0) == 0 ? CS_EPERM : 0;
}

int cs_confine_process(pid_t parent, bool no_new_privileges)
{
	const struct rlimit no_core = {0, 0};
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
		return CS_EPERM;
	if (no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return CS_EPERM;
	if (getppid() != parent) /* it died before the first line took effect */
		return CS_EPERM;
	return setrlimit(RLIMIT_CORE, &no_core) == 0 ? 0 : CS_EPERM;
}
