/* SPDX-License-Identifier: Apache-2.0 */
/* Binding the sockets as root, then giving root up. */
#include "sockets.h"
#include "countersign/error.h"
#include "mem.h"
#include "text.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(struct cs_problem *problem, const char *path, const char *what)
{
	cs_problem_set(problem, path, 0, "%s: %s", what, strerror(errno));
	return CS_EIO;
}

static int address(const char *path, struct sockaddr_un *ret_address)
{
	memset(ret_address, 0, sizeof(*ret_address));
	ret_address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(ret_address->sun_path))
		return CS_ETOOBIG;
	memcpy(ret_address->sun_path, path, strlen(path) + 1);
	return 0;
}

static int make_dir(const char *dir, struct cs_problem *problem)
{
	struct stat st;
	mode_t old = umask(022);
	int r = mkdir(dir, 0755);

	(void)umask(old);
	if (r < 0 && errno != EEXIST)
		return fail(problem, dir, "the socket folder could not be made");
	if (lstat(dir, &st) < 0)
		return fail(problem, dir, "the socket folder could not be looked at");
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022)) {
		cs_problem_set(problem, dir, 0, "has to be a folder that belongs to uid %u and that nobody else may write", geteuid());
		return CS_EUNTRUSTED;
	}
	return 0;
}

int sockets_lock(const char *dir, int *ret_fd, struct cs_problem *problem)
{
	char path[128];
	int fd = -1;
	int r = make_dir(dir, problem);

	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/lock", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(problem, path, "the lock could not be opened");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		cs_problem_set(problem, dir, 0, "another countersignd serves here already");
		cs_close(&fd);
		return CS_EEXIST;
	}
	*ret_fd = fd;
	return 0;
}

int socket_bind(const char *dir, const char *name, unsigned mode, int *ret_fd, struct cs_problem *problem)
{
	char path[128];
	struct sockaddr_un there;
	int fd = -1, r = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	r = address(path, &there);
	if (r < 0) {
		cs_problem_set(problem, path, 0, "the path is too long for a socket");
		return r;
	}
	(void)unlink(path); /* a stale one: nobody else serves here */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0) {
		mode_t old = umask(0177);

		r = bind(fd, (const struct sockaddr *)&there, sizeof(there));
		(void)umask(old);
	}
	if (fd < 0 || r < 0 || chmod(path, (mode_t)mode) < 0) {
		r = fail(problem, path, "the socket could not be made");
		cs_close(&fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* The process has these supplementary groups and no others. */
static bool has_groups(const gid_t *groups, int n)
{
	gid_t got[2] = { 0 };
	int n_got = getgroups(CS_COUNT(got), got); /* fails where there are more */

	return n_got == n && (n == 0 || got[0] == groups[0]);
}

static bool is_only(uid_t uid, gid_t gid)
{
	uid_t r = 0, e = 0, s = 0;
	gid_t rg = 0, eg = 0, sg = 0;

	return getresuid(&r, &e, &s) == 0 && getresgid(&rg, &eg, &sg) == 0 && r == uid && e == uid && s == uid &&
	       rg == gid && eg == gid && sg == gid;
}

int privileges_drop(uid_t uid, gid_t gid, const gid_t *group, struct cs_problem *problem)
{
	struct rlimit none = { 0, 0 };
	int n = group != NULL ? 1 : 0;
	bool is_root = geteuid() == 0; /* else the groups are those of whoever started us */

	if (n == 1 && *group == 0) {
		cs_problem_set(problem, "countersignd", 0, "group root is not kept");
		return CS_EUNTRUSTED;
	}
	if (is_root && (setgroups((size_t)n, group) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0))
		return fail(problem, "countersignd", "root could not be given up");
	if (!is_only(uid, gid) || (is_root && !has_groups(group, n))) {
		cs_problem_set(problem, "countersignd", 0, "root was not given up in full");
		return CS_EUNTRUSTED;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
		setrlimit(RLIMIT_CORE, &none) < 0)
		return fail(problem, "countersignd", "the process could not be confined");
	return 0;
}

int socket_peer(int fd, uint32_t *ret_uid, int32_t *ret_pid)
{
	struct ucred cred = { .pid = -1, .uid = UINT32_MAX, .gid = UINT32_MAX };
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 || len != sizeof(cred) || cred.uid == UINT32_MAX)
		return CS_EUNTRUSTED;
	*ret_uid = cred.uid;
	*ret_pid = cred.pid;
	return 0;
}

uint32_t socket_peer_gid(int fd)
{
	struct ucred cred = { .pid = -1, .uid = UINT32_MAX, .gid = UINT32_MAX };
	socklen_t len = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 || len != sizeof(cred) ? UINT32_MAX : cred.gid;
}

uint32_t process_login_uid(int32_t pid)
{
	char path[40], text[16] = { 0 };
	uint32_t uid = UINT32_MAX;
	ssize_t n = -1;
	int fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/%ld/loginuid", (long)pid);
	fd = pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd != -1)
		n = read(fd, text, sizeof(text) - 1);
	cs_close(&fd);
	return n > 0 && cs_parse_uid(text, &uid) == 0 ? uid : UINT32_MAX;
}

#define TEST_UID 1

static void connect_as_other(const struct sockaddr_un *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setresgid(TEST_UID, TEST_UID, TEST_UID) < 0 || setresuid(TEST_UID, TEST_UID, TEST_UID) < 0 ||
		connect(fd, (const struct sockaddr *)name, sizeof(*name)) < 0)
		_exit(1);
	_exit(0);
}

int sockets_self_test(const char *dir, struct cs_problem *problem)
{
	char path[128];
	struct sockaddr_un name;
	struct pollfd ready = { .events = POLLIN };
	uint32_t uid = UINT32_MAX;
	int32_t pid = -1;
	pid_t child = -1;
	int fd = -1, peer = -1, status = 0;
	int r = socket_bind(dir, "selftest.sock", 0666, &fd, problem);

	(void)snprintf(path, sizeof(path), "%s/selftest.sock", dir);
	if (r == 0 && (address(path, &name) < 0 || listen(fd, 1) < 0 || (child = fork()) < 0))
		r = fail(problem, path, "the check of peer credentials could not be made");
	if (child == 0)
		connect_as_other(&name);
	ready.fd = fd;
	if (r == 0 && poll(&ready, 1, 2000) == 1 && (peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		(void)socket_peer(peer, &uid, &pid);
	if (child > 0)
		(void)waitpid(child, &status, 0);
	if (r == 0 && uid != TEST_UID) {
		cs_problem_set(problem, path, 0,
			"the kernel does not show who connects (uid %u was seen as %u): do not run countersignd in a user namespace",
			(unsigned)TEST_UID, (unsigned)uid);
		r = CS_EUNTRUSTED;
	}
	cs_close(&peer);
	cs_close(&fd);
	(void)unlink(path);
	return r;
}
