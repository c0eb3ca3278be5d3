/* SPDX-License-Identifier: Apache-2.0 */
#include "nudge.h"
#include <countersign/error.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#define FIRST_NS 20000000 /* a turn that closes nothing odd is over by then */
#define EVERY_NS 5000000

struct nudge {
	timer_t timer;
	bool on;
};

static void ignore(int number)
{
	(void)number;
}

int nudge_new(struct nudge **ret_nudge)
{
	/* Other calls go on by themselves; a close has nothing to go on with. */
	struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct nudge *nudge = calloc(1, sizeof(*nudge));

	if (!nudge)
		return CS_ENOMEM;
	if (sigaction(SIGALRM, &action, NULL) < 0 || timer_create(CLOCK_MONOTONIC, &event, &nudge->timer) < 0) {
		free(nudge);
		return CS_EIO;
	}
	*ret_nudge = nudge;
	return 0;
}

void nudge_free(struct nudge **nudge)
{
	if (!*nudge)
		return;
	(void)timer_delete((*nudge)->timer);
	free(*nudge);
	*nudge = NULL;
}

void nudge_begin(struct nudge *nudge)
{
	static const struct itimerspec when = { .it_value.tv_nsec = FIRST_NS, .it_interval.tv_nsec = EVERY_NS };

	if (nudge && !nudge->on)
		nudge->on = timer_settime(nudge->timer, 0, &when, NULL) == 0;
}

void nudge_end(struct nudge *nudge)
{
	static const struct itimerspec never;

	if (nudge && nudge->on)
		nudge->on = timer_settime(nudge->timer, 0, &never, NULL) != 0;
}
