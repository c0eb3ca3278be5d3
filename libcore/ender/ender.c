/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's end of the helper, and what the helper gives up before it serves. */
#include "ender.h"
#include "confine.h"
#include "ender_internal.h"
#include "file.h"
#include "mem.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct cs_ender {
	int fd;
	pid_t pid;
	bool gone;   /* the descriptor stays until it is closed, for those who watch it */
	bool untold; /* what was heard last could not be told */
	struct cs_login heard;
	enum cs_end_frame frame;
	struct cs_buf in;
};

/* --- The helper ---------------------------------------------------------------------------------------------------- */

/* Of root's rights the one to signal, and never another. */
static int keep_kill(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .effective = 1u << CAP_KILL, .permitted = 1u << CAP_KILL } };
	struct __user_cap_data_struct got[2] = { { 0 } };

	if (syscall(SYS_capset, &header, data) != 0 || syscall(SYS_capget, &header, got) != 0)
		return CS_EPERM;
	return got[0].permitted == 1u << CAP_KILL && got[1].permitted == 0 && got[0].inheritable == 0 ? 0 : CS_EPERM;
}

/* It keeps rights over the change of ids, and only as long as that takes. */
static int become(const struct cs_ender_settings *settings)
{
	bool is_root = geteuid() == 0;
	int r = is_root && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ? CS_EPERM : 0;

	if (r == 0)
		r = cs_confine_ids(settings->uid, settings->gid, NULL);
	if (r == 0 && is_root)
		r = keep_kill();
	return r;
}

static void raise_descriptors(void)
{
	struct rlimit limit = { 0, 0 };

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static _Noreturn void run(const struct cs_ender_settings *settings, int socket, int kept, pid_t daemon)
{
	int listen_fd = settings->listen_fd;
	int *fds[] = { &socket, &listen_fd, &kept };

	(void)umask(077);
	raise_descriptors();
	if (cs_confine_signals() < 0 || cs_confine_descriptors(fds, CS_COUNT(fds)) < 0 ||
		become(settings) < 0 || cs_confine_process(daemon, true) < 0 || clearenv() != 0 || chdir("/") < 0)
		_exit(1);
	ender_serve(settings, socket, listen_fd, kept);
}

/* --- Life ---------------------------------------------------------------------------------------------------------- */

/* Root's, and nobody else's to read: it is not the daemon's to change either. */
static int open_kept(const char *folder, int *ret_fd)
{
	char *path = NULL;
	struct stat st;
	int fd = -1, r = cs_format(&path, "%s/logins", folder);

	if (r == 0)
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	free(path);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		cs_close(&fd);
		return CS_EIO;
	}
	*ret_fd = fd;
	return 0;
}

int cs_ender_open(const struct cs_ender_settings *settings, struct cs_ender **ret_ender)
{
	struct cs_ender *ender = calloc(1, sizeof(*ender));
	int ends[2] = { -1, -1 }, kept = -1;
	pid_t daemon = getpid();
	int r = ender ? open_kept(settings->folder, &kept) : CS_ENOMEM;

	/* From here on a login may register: it waits for the helper. */
	if (r == 0 && (listen(settings->listen_fd, PEERS) < 0 ||
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0))
		r = CS_EIO;
	if (r == 0) {
		ender->pid = fork();
		if (ender->pid == 0)
			run(settings, ends[1], kept, daemon);
		r = ender->pid < 0 ? CS_EIO : 0;
	}
	cs_close(&ends[1]);
	cs_close(&kept);
	if (r < 0) {
		cs_close(&ends[0]);
		free(ender);
		return r;
	}
	ender->fd = ends[0];
	cs_buf_init(&ender->in, (size_t)4 * 1024 * 1024);
	*ret_ender = ender;
	return 0;
}

void cs_ender_close(struct cs_ender **ender)
{
	struct cs_ender *gone = *ender;

	if (!gone)
		return;
	cs_close(&gone->fd);
	(void)kill(gone->pid, SIGKILL);
	while (waitpid(gone->pid, NULL, 0) < 0 && errno == EINTR)
		;
	cs_clear(&cs_login_shape, &gone->heard);
	cs_buf_clear(&gone->in);
	free(gone);
	*ender = NULL;
}

int cs_ender_fd(const struct cs_ender *ender)
{
	return ender->gone ? -1 : ender->fd;
}

/* --- Words --------------------------------------------------------------------------------------------------------- */

/* One frame; it is done with when whoever hears of it took it. 1; 0: there is none. */
static int tell_next(struct cs_ender *ender, cs_ender_fn told, void *arg)
{
	int r = ender->untold ? 1 : cs_end_take(&ender->in, &ender->frame, &ender->heard);

	if (r != 1)
		return r;
	ender->untold = true;
	if (ender->frame == CS_END_RUNS || ender->frame == CS_END_OVER)
		r = told(arg, ender->frame == CS_END_RUNS, &ender->heard);
	if (r < 0)
		return r;
	ender->untold = false;
	cs_clear(&cs_login_shape, &ender->heard);
	return 1;
}

int cs_ender_hear(struct cs_ender *ender, cs_ender_fn told, void *arg)
{
	int r = ender->gone ? CS_EUNAVAIL : cs_frame_recv(ender->fd, &ender->in, NULL);

	r = r > 0 || r == CS_EBUSY || r == CS_EINTR ? 1 : CS_EUNAVAIL;
	while (r == 1)
		r = tell_next(ender, told, arg);
	if (r == 0 || r == CS_ENOMEM)
		return r;
	ender->gone = true;
	return CS_EUNAVAIL;
}

int cs_ender_end(struct cs_ender *ender, uint64_t registration)
{
	struct cs_login login = { .registration = registration };
	struct cs_buf out;
	int r = ender->gone ? CS_EUNAVAIL : 0;

	cs_buf_init(&out, CS_FRAME_MAX);
	if (r == 0)
		r = cs_end_put(&out, CS_END_END, &login);
	/* A frame goes out as a whole or not at all while the helper reads: it is a hundred bytes. */
	if (r == 0)
		r = cs_frame_send(ender->fd, &out, NULL);
	cs_buf_clear(&out);
	return r > 0 ? 0 : r < 0 ? r : CS_EIO;
}
