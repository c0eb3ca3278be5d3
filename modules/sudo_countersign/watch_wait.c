/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting inside sudo, while nobody looks on. */
#include "watch_wait.h"
#include "clock.h"
#include "countersign/error.h"
#include "mem.h"
#include <errno.h>
#include <poll.h>
#include <time.h>

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM };

void cs_watch_hold_signals(sigset_t *ret_mask)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, ret_mask);
}

void cs_watch_let_signals(const sigset_t *mask)
{
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
}

int cs_watch_wait(int fd, uint64_t until_ms)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };
	uint64_t now = cs_boot_ms(), left = until_ms > now ? until_ms - now : 0;
	struct timespec span = { .tv_sec = (time_t)(left / 1000), .tv_nsec = (long)(left % 1000) * 1000000 };
	sigset_t held;

	(void)sigfillset(&held);
	for (size_t i = 0; i < CS_COUNT(ending); i++)
		(void)sigdelset(&held, ending[i]);
	if (ppoll(&polled, fd != -1 ? 1 : 0, &span, &held) >= 0)
		return 0;
	return errno == EINTR ? CS_EINTR : CS_EIO;
}
