/* SPDX-License-Identifier: Apache-2.0 */
#include "teller.h"
#include "log.h"
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

enum { STATE_MAX = 512 };

struct teller {
	struct cs_authority *authority;
	struct cs_notify *notify;
	struct event *readable;
	bool awake;
	char state[STATE_MAX];
};

/* Who looks after mail learns from the log why nobody gets any: what programs print is logged, escaped. */
static void done(void *arg, uint64_t number, bool told, const char *text)
{
	struct teller *teller = arg;

	if (!told)
		cs_log(LOG_WARNING, "notice %llu was not told and is tried again: %s", (unsigned long long)number, text);
	else if (*text)
		cs_log(LOG_INFO, "notice %llu was told: %s", (unsigned long long)number, text);
	if (told)
		(void)snprintf(teller->state, sizeof(teller->state), "the last try succeeded");
	else
		(void)snprintf(teller->state, sizeof(teller->state), "the last try failed: %.400s", text);
	cs_authority_told(teller->authority, number, told, text);
	teller->awake = true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct teller *teller = arg;

	(void)fd;
	(void)what;
	cs_notify_serve(teller->notify, done, teller);
	if (cs_notify_fd(teller->notify) >= 0) {
		teller->awake = true; /* a worker may have said that it listens */
		return;
	}
	(void)event_del(teller->readable);
	cs_log(LOG_ERR, "the notify worker and its keeper were ended: nobody is told until countersignd is restarted");
	(void)snprintf(teller->state, sizeof(teller->state), "nobody is told: its processes were ended; restart countersignd");
}

int teller_new(struct event_base *base, struct cs_authority *authority, struct cs_notify *notify,
	struct teller **ret_teller)
{
	struct teller *teller = calloc(1, sizeof(*teller));

	if (!teller)
		return CS_ENOMEM;
	teller->authority = authority;
	teller->notify = notify;
	(void)snprintf(teller->state, sizeof(teller->state), "nothing was told yet");
	teller->readable = event_new(base, cs_notify_fd(notify), EV_READ | EV_PERSIST, on_readable, teller);
	if (!teller->readable || event_add(teller->readable, NULL) < 0) {
		teller_free(&teller);
		return CS_ENOMEM;
	}
	*ret_teller = teller;
	return 0;
}

void teller_free(struct teller **teller)
{
	if (*teller && (*teller)->readable)
		event_free((*teller)->readable);
	free(*teller);
	*teller = NULL;
}

void teller_wake(struct teller *teller)
{
	if (teller)
		teller->awake = true;
}

static int hand(void *arg, const struct cs_notice *notice)
{
	struct teller *teller = arg;

	return cs_notify_tell(teller->notify, notice);
}

int teller_work(struct teller *teller)
{
	if (!teller || !teller->awake || cs_notify_room(teller->notify) == 0)
		return 0;
	teller->awake = false;
	cs_authority_tell(teller->authority, hand, teller);
	return 1;
}

const char *teller_state(const struct teller *teller)
{
	return teller->state;
}
