/* SPDX-License-Identifier: Apache-2.0 */
/* The timer of a session. It is set here and not by the plugin, because sudo -b forks in between; after the session line
 * it is this process that watches over the command. */
#include "limit.h"
#include "countersign/error.h"
#include <signal.h>
#include <time.h>

int cs_limit_session(uint64_t ms)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimerspec when = { .it_value = { .tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000 } };
	timer_t timer;

	if (ms == 0)
		return 0;
	if (timer_create(CLOCK_BOOTTIME, &event, &timer) < 0)
		return CS_EIO;
	if (timer_settime(timer, 0, &when, NULL) < 0) {
		(void)timer_delete(timer);
		return CS_EIO;
	}
	return 0;
}
