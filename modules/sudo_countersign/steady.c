/* SPDX-License-Identifier: Apache-2.0 */
#include "steady.h"
#include "countersign/error.h"
#include "file.h"
#include "mem.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGAIN_MS 200
#define TEXT_MAX 4096 /* PIPE_BUF */

/* Past the hard limit where root may, as everywhere but in a container without CAP_SYS_RESOURCE; else up to it. */
static void lift(__rlimit_resource_t what)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(what, &limit) == 0 || getrlimit(what, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(what, &limit);
}

void cs_steady_limits(void)
{
	static const __rlimit_resource_t limits[] = { RLIMIT_CPU, RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_FSIZE };

	for (size_t i = 0; i < CS_COUNT(limits); i++)
		lift(limits[i]);
}

/* In a session of its own no terminal stops it, and it ends with sudo. It goes on asking: between sudo's last look and its
 * stop the first time may be lost. */
static _Noreturn void wake(pid_t sudo, int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != sudo || setsid() < 0)
		_exit(1);
	while (poll(&p, 1, ms) < 0 && errno == EINTR)
		;
	for (;;) {
		(void)kill(sudo, SIGCONT);
		(void)poll(NULL, 0, AGAIN_MS);
	}
}

int cs_steady_wake(int fd, int ms, pid_t *ret_waker)
{
	pid_t sudo = getpid();
	pid_t waker = fork();

	if (waker == 0)
		wake(sudo, fd, ms);
	if (waker < 0)
		return CS_EIO;
	*ret_waker = waker;
	return 0;
}

void cs_steady_awake(pid_t *waker)
{
	if (*waker <= 0)
		return;
	(void)kill(*waker, SIGKILL);
	while (waitpid(*waker, NULL, 0) < 0 && errno == EINTR)
		;
	*waker = -1;
}

/* A pipe that can be written to takes so much without blocking (POSIX, PIPE_BUF); a terminal is opened so that it never does,
 * and would stop whoever writes in the background where its owner wants that (stty tostop). */
void cs_steady_say(const char *text)
{
	int terminal = open("/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	struct pollfd p = { .fd = terminal != -1 ? terminal : STDERR_FILENO, .events = POLLOUT };
	size_t len = strlen(text);
	sigset_t stop, before;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	if (pthread_sigmask(SIG_BLOCK, &stop, &before) != 0)
		goto out;
	if (terminal != -1 || (poll(&p, 1, 0) == 1 && p.revents == POLLOUT))
		(void)!write(p.fd, text, len < TEXT_MAX ? len : TEXT_MAX);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
out:
	cs_close(&terminal);
}
