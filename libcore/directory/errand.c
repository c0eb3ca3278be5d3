/* SPDX-License-Identifier: Apache-2.0 */
/* A thread with one thing to do. All that two threads share is done and abandoned, both below the lock. */
#include "errand.h"
#include "countersign/error.h"
#include "file.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { STACK_BYTES = 1024 * 1024 };

struct cs_errand {
	pthread_mutex_t lock;
	pthread_t thread;
	struct cs_errand_calls calls;
	void *arg;
	int fd;
	bool done;
	bool abandoned;
};

static void errand_free(struct cs_errand *errand)
{
	(void)pthread_mutex_destroy(&errand->lock);
	cs_close(&errand->fd);
	free(errand);
}

static void *errand_run(void *arg)
{
	struct cs_errand *errand = arg;
	static const uint64_t one = 1;
	errand->calls.run(errand->arg);
	(void)pthread_mutex_lock(&errand->lock);
	bool abandoned = errand->abandoned;
	errand->done = true;
	if (!abandoned)
		(void)!write(errand->fd, &one, sizeof(one));
	(void)pthread_mutex_unlock(&errand->lock); /* from here on it is the owner's, unless he gave it up */
	if (abandoned) {
		errand->calls.drop(errand->arg);
		errand_free(errand);
	}
	return NULL;
}

/* Signals are the loop's. */
static int start_thread(struct cs_errand *errand)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	if (pthread_attr_init(&attributes) != 0)
		return CS_ENOMEM;
	(void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int r = pthread_create(&errand->thread, &attributes, errand_run, errand) == 0 ? 0 : CS_EIO;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	return r;
}

int cs_errand_start(const struct cs_errand_calls *calls, void *arg, struct cs_errand **ret_errand)
{
	struct cs_errand *errand = calloc(1, sizeof(*errand));
	if (errand == NULL)
		return CS_ENOMEM;
	errand->calls = *calls;
	errand->arg = arg;
	errand->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int r = errand->fd >= 0 && pthread_mutex_init(&errand->lock, NULL) == 0 ? 0 : CS_EIO;
	if (r == 0)
		r = start_thread(errand);
	if (r != 0) {
		errand_free(errand);
		return r;
	}
	*ret_errand = errand;
	return 0;
}

int cs_errand_fd(const struct cs_errand *errand)
{
	return errand->fd;
}

bool cs_errand_take(struct cs_errand **errand)
{
	struct cs_errand *e = *errand;
	(void)pthread_mutex_lock(&e->lock);
	bool done = e->done;
	(void)pthread_mutex_unlock(&e->lock);
	if (!done)
		return false;
	(void)pthread_join(e->thread, NULL);
	errand_free(e);
	*errand = NULL;
	return true;
}

void cs_errand_abandon(struct cs_errand **errand)
{
	struct cs_errand *e = *errand;
	if (e == NULL)
		return;
	*errand = NULL;
	(void)pthread_mutex_lock(&e->lock);
	bool done = e->done;
	e->abandoned = true;
	if (!done)
		(void)pthread_detach(e->thread);
	(void)pthread_mutex_unlock(&e->lock);
	if (!done)
		return;
	(void)pthread_join(e->thread, NULL);
	e->calls.drop(e->arg);
	errand_free(e);
}
