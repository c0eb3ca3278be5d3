/* SPDX-License-Identifier: Apache-2.0 */
/* One process, one loop. A turn of the loop reads calls, lets the authority decide, commits once, and answers. */
#include "server_internal.h"
#include "clock.h"
#include "file.h"
#include "log.h"
#include "mem.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct server *s = arg;

	(void)what;
	if (number == SIGHUP) { /* a signal names neither a policy nor who wants it */
		cs_log(LOG_NOTICE,
			"SIGHUP changes nothing: `countersign policy apply` puts a policy in force, and another "
				   "countersignd.conf needs a restart");
		return;
	}
	cs_log(LOG_INFO, "stopping");
	s->stop = true;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	struct timeval tv = { 0 };
	uint64_t ms = 0;

	(void)fd;
	(void)what;
	nudge_begin(s->nudge);
	ms = cs_authority_tick(s->authority);
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000) * 1000;
	teller_wake(s->teller);
	logins_again(s);
	(void)event_add(s->tick, &tv);
}

static void on_directory(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	nudge_begin(s->nudge);
	cs_directory_serve(s->directory);
}

static void free_event(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

/* The worker's descriptor changes when it is restarted. */
static void watch_directory(struct server *s)
{
	int fd = cs_directory_fd(s->directory);
	uint64_t next = cs_directory_next_ms(s->directory), now = cs_boot_ms();

	if (fd != s->directory_fd) {
		free_event(&s->directory_read);
		free_event(&s->directory_write);
		s->directory_fd = fd;
		if (fd >= 0) {
			s->directory_read = event_new(s->base, fd, EV_READ | EV_PERSIST, on_directory, s);
			s->directory_write = event_new(s->base, fd, EV_WRITE | EV_PERSIST, on_directory, s);
			if (s->directory_read)
				(void)event_add(s->directory_read, NULL);
		}
	}
	if (s->directory_write && cs_directory_wants_write(s->directory))
		(void)event_add(s->directory_write, NULL);
	else if (s->directory_write)
		(void)event_del(s->directory_write);
	if (next) {
		uint64_t ms = next > now ? next - now : 0;
		struct timeval tv = { .tv_sec = (time_t)(ms / 1000),
			.tv_usec = (suseconds_t)(ms % 1000) * 1000 + 1000 };

		(void)event_add(s->directory_timer, &tv);
	} else {
		(void)event_del(s->directory_timer);
	}
}

/* Who looks after the directory learns from the log when a server ceases to answer, and why. */
static void log_directory(struct server *s)
{
	int ok = 0;

	for (char *text = cs_directory_event(s->directory, &ok); text; text = cs_directory_event(s->directory, &ok)) {
		cs_log(ok == 1 ? LOG_NOTICE : LOG_WARNING, "%s", text);
		free(text);
	}
}

/* Commits, answers, lets waiters look, and closes what is over. What looking or closing recorded is committed too, and
 * whoever watches hears of all of it. */
static void end_turn(struct server *s)
{
	cs_authority_turn(s->authority);
	for (struct connection *c = s->connections; c; c = c->next)
		if (c->look && !c->closing && c->waiting)
			wait_look(c);
		else if (c->look && !c->closing && c->attending)
			attend_look(c);
		else if (c->look && !c->closing && c->screening)
			screen_look(c);
	reap(s);
	logins_look(s);
	cs_authority_turn(s->authority);
	if (teller_work(s->teller) == 1)
		cs_authority_turn(s->authority);
	for (struct connection *c = s->connections; c; c = c->next)
		if (c->look && c->watching && !c->closing)
			watch_look(c);
	log_directory(s);
	watch_directory(s);
}

static int make_events(struct server *s)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	struct timeval soon = { .tv_sec = 1 };
	int ok = 1;

	for (int door = CS_DOOR_MODULE; door <= CS_DOOR_PEOPLE; door++) {
		if (listen(s->listen_fd[door], SOMAXCONN) < 0)
			return CS_EIO;
		s->listen_event[door] = event_new(s->base, s->listen_fd[door], EV_READ | EV_PERSIST, on_accept, s);
		ok = ok && s->listen_event[door] && event_add(s->listen_event[door], NULL) == 0;
	}
	for (size_t i = 0; i < CS_COUNT(numbers); i++) {
		s->signals[i] = evsignal_new(s->base, numbers[i], on_signal, s);
		ok = ok && s->signals[i] && event_add(s->signals[i], NULL) == 0;
	}
	s->tick = evtimer_new(s->base, on_tick, s);
	s->directory_timer = evtimer_new(s->base, on_directory, s);
	ok = ok && s->tick && s->directory_timer && event_add(s->tick, &soon) == 0;
	return ok ? 0 : CS_ENOMEM;
}

static size_t descriptor_limit(void)
{
	struct rlimit limit = { 0, 0 };

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 256;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < 256)
		return 256;
	return limit.rlim_cur > 1000000 ? 1000000 : (size_t)limit.rlim_cur;
}

/* Most connections come, ask once and go. What is added and taken away between two waits never reaches the kernel then;
 * and what does, does so after the answers. No descriptor here is a duplicate of another, which that would forbid. */
static struct event_base *make_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config && event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
		base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return base;
}

int server_new(int module_fd, int people_fd, uint32_t root_uid, struct server **ret_server)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		return CS_ENOMEM;
	s->listen_fd[CS_DOOR_NONE] = -1;
	s->listen_fd[CS_DOOR_MODULE] = module_fd;
	s->listen_fd[CS_DOOR_PEOPLE] = people_fd;
	s->directory_fd = -1;
	s->root_uid = root_uid;
	s->change = 1;
	/* A connection takes two descriptors: itself and one that was passed. Root's modules may pass more, and only for as
	 * long as a call takes. */
	s->max_connections = (descriptor_limit() - RESERVED_FDS) / 2;
	s->base = make_base();
	if (!s->base) {
		free(s);
		return CS_ENOMEM;
	}
	*ret_server = s;
	return 0;
}

int server_run(struct server *s, struct cs_authority *authority, struct cs_directory *directory, struct cs_notify *notify,
	struct cs_ender *ender)
{
	bool hashes = false;
	int r = 0;

	s->authority = authority;
	s->directory = directory;
	r = make_events(s);
	if (r == 0)
		r = nudge_new(&s->nudge);
	if (r == 0 && notify)
		r = teller_new(s->base, authority, notify, &s->teller);
	if (r == 0 && ender)
		r = logins_open(s, ender);
	while (r == 0 && s->failed == 0 && !s->stop) {
		watch_directory(s);
		/* While there is something to hash, nobody waits for an event. */
		if (event_base_loop(s->base, EVLOOP_ONCE | (hashes ? EVLOOP_NONBLOCK : 0)) < 0)
			r = CS_EIO;
		nudge_begin(s->nudge);
		hashes = cs_authority_measure(s->authority) == 1;
		end_turn(s);
		nudge_end(s->nudge);
	}
	nudge_begin(s->nudge);
	cs_authority_stops(authority);
	for (struct connection *c = s->connections; c; c = c->next)
		c->closing = true;
	reap(s);
	cs_authority_turn(authority);
	return r < 0 ? r : s->failed;
}

void server_free(struct server **server)
{
	struct server *s = *server;

	if (!s)
		return;
	for (size_t i = 0; i < CS_COUNT(s->listen_event); i++) {
		free_event(&s->listen_event[i]);
		free_event(&s->signals[i]);
		cs_close(&s->listen_fd[i]);
	}
	free_event(&s->tick);
	free_event(&s->directory_read);
	free_event(&s->directory_write);
	free_event(&s->directory_timer);
	teller_free(&s->teller);
	logins_close(s);
	event_base_free(s->base);
	nudge_free(&s->nudge); /* what waits at the doors is closed by now */
	free(s);
	*server = NULL;
}
