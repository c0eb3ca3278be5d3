/* SPDX-License-Identifier: Apache-2.0 */
/* One process, one loop. A turn of the loop reads calls, lets the authority decide, commits once, and answers. */
#include "server.h"
#include "clock.h"
#include "file.h"
#include "log.h"
#include "mem.h"
#include "sockets.h"
#include "teller.h"
#include "text.h"
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEOPLE_PER_UID 32      /* connections of one uid on people.sock (A059) */
#define RESERVED_FDS 64        /* never given to people.sock: store, worker, module.sock */
#define HELLO_SECONDS 10       /* a connection that says nothing is closed */
#define IDLE_SECONDS 600       /* and so is one that asked and then says nothing */
#define WAIT_MAX_MS 60000u
#define WATCHES_PER_UID 16     /* of PEOPLE_PER_UID: who watches has to be able to vote */
#define FAILED_EVERY_MS 10000u

#define MALFORMED_EVERY_MS 1000u

/* One line in a while: who can make lines must not be able to drown the evidence in the log. */
struct quiet {
	uint64_t last_ms;
	unsigned left_out;
};

static bool may_log(struct quiet *quiet, uint64_t every_ms, unsigned *ret_left_out)
{
	uint64_t now = cs_boot_ms();

	if (quiet->last_ms != 0 && now - quiet->last_ms < every_ms) {
		quiet->left_out++;
		return false;
	}
	*ret_left_out = quiet->left_out;
	*quiet = (struct quiet){ .last_ms = now };
	return true;
}

struct connection {
	struct server *server;
	struct cs_caller caller;
	enum cs_door door;
	int32_t pid;   /* for the log only: it may be another's by now (A053) */
	int fd;
	int passed_fd; /* came with the frame that is being read */
	struct cs_buf in, out;
	struct event *readable, *writable, *timer;
	bool greeted;
	bool busy;     /* a call is with the authority, or a wait is parked */
	bool waiting;  /* it is a wait */
	bool watching; /* it is a watch */
	bool look;     /* something that it is parked for changed, or it has just begun */
	bool overdue;  /* its wait is over, changed or not */
	bool closing;  /* freed at the end of the turn */
	struct cs_wait wait;
	uint64_t seen; /* a watch: the change that the caller knows */
	const struct cs_message *message;
	struct connection *next;
};

struct server {
	struct event_base *base;
	struct cs_authority *authority;
	struct cs_directory *directory;
	struct teller *teller;       /* NULL: nothing is told */
	int listen_fd[3];            /* by cs_door */
	struct event *listen_event[3];
	struct event *signals[3];
	struct event *tick;
	struct event *directory_read, *directory_write, *directory_timer;
	int directory_fd;
	struct connection *connections;
	uint64_t next_connection;
	uint64_t malformed;
	uint64_t change; /* rises with every change of any request; 0 is nobody's */
	struct quiet malformed_log, failed_log;
	uint32_t root_uid; /* 0; who started the daemon, where that is an ordinary user */
	size_t n_connections;
	size_t max_connections;
	bool stop;
};

/* --- Replies ------------------------------------------------------------------------------------------------------ */

static void close_later(struct connection *c)
{
	c->closing = true;
	event_active(c->timer, EV_TIMEOUT, 0); /* so that the turn that frees it comes at once */
}

static void flush(struct connection *c)
{
	while (c->out.len > 0) {
		int r = cs_frame_send(c->fd, &c->out, -1);

		if (r == CS_EINTR)
			continue;
		if (r == CS_EBUSY) {
			(void)event_add(c->writable, NULL);
			return;
		}
		if (r < 0) {
			close_later(c);
			return;
		}
	}
	cs_buf_clear(&c->out); /* a thousand parked connections should not keep a buffer each */
	(void)event_del(c->writable);
}

/* The other side has the word, but not for ever. */
static void listen_to(struct connection *c)
{
	static const struct timeval idle = { .tv_sec = IDLE_SECONDS };

	(void)event_add(c->timer, &idle);
}

static void send_reply(struct connection *c, int error, const char *text, const void *reply)
{
	const struct cs_message *message = c->message;
	int r = cs_wire_put_reply(&c->out, message, error, text, reply);

	if (r < 0)
		r = cs_wire_put_reply(&c->out, message, r, "the answer is too large; ask for less", NULL);
	c->busy = false;
	c->waiting = false;
	c->watching = false;
	listen_to(c);
	if (r < 0)
		close_later(c);
	else
		flush(c);
	if (!c->closing && c->in.len > 0)
		event_active(c->readable, EV_READ, 0);
}

/* The authority answers by connection number: the connection may be gone by then. */
struct pending {
	struct server *server;
	uint64_t connection;
};

static struct connection *find_connection(struct server *s, uint64_t number)
{
	for (struct connection *c = s->connections; c; c = c->next)
		if (c->caller.connection == number)
			return c;
	return NULL;
}

static void call_done(void *arg, int error, const char *text, const void *reply)
{
	struct pending *pending = arg;
	struct connection *c = find_connection(pending->server, pending->connection);

	if (c && !c->closing) {
		send_reply(c, error, text, reply);
	} else {
		/* Nobody is there to take it: what it bound to the connection is let go. */
		struct cs_caller gone = { .connection = pending->connection };

		cs_authority_gone(pending->server->authority, &gone);
	}
	free(pending);
}

/* --- Waiting ------------------------------------------------------------------------------------------------------ */

/* Only between turns: what a turn decides is nobody's to see before it is committed. */
static void wait_look(struct connection *c)
{
	struct cs_decision decision = { 0 };
	int r = cs_authority_look(c->server->authority, &c->caller, &c->wait, &decision);

	c->look = false;
	if (r == 0 && !c->overdue && decision.version <= c->wait.seen && decision.reason != CS_WHY_PARKED) {
		cs_clear(&cs_decision_shape, &decision);
		return;
	}
	(void)event_del(c->timer);
	send_reply(c, r, r < 0 ? cs_reason_text(r == CS_EPERM ? CS_WHY_NOT_YOURS : CS_WHY_STORE) : NULL, &decision);
	cs_clear(&cs_decision_shape, &decision);
}

/* Parks the connection until something changes or the time is over; the end of this turn looks for the first time. */
static void park(struct connection *c, uint32_t wait_ms)
{
	uint32_t ms = wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS;
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };

	c->look = true;
	c->overdue = false;
	if (event_add(c->timer, &tv) < 0)
		close_later(c);
}

static void wait_start(struct connection *c, const struct cs_wait *wait)
{
	c->wait = *wait;
	c->waiting = true;
	park(c, wait->wait_ms);
}

/* Says only that something changed: what it was, each asks for himself, and is shown what he may see. */
static void watch_look(struct connection *c)
{
	struct cs_watch_answer answer = { .change = c->server->change };

	c->look = false;
	if (!c->overdue && answer.change == c->seen)
		return;
	(void)event_del(c->timer);
	send_reply(c, 0, NULL, &answer);
}

static size_t watches_of(const struct server *s, uint32_t uid)
{
	size_t n = 0;

	for (const struct connection *c = s->connections; c; c = c->next)
		n += c->watching && c->caller.uid == uid;
	return n;
}

static void watch_start(struct connection *c, const struct cs_watch *watch)
{
	if (watches_of(c->server, c->caller.uid) >= WATCHES_PER_UID) {
		send_reply(c, CS_EBUSY, "you watch too often at the same time; end one of the others", NULL);
		return;
	}
	c->seen = watch->seen;
	c->watching = true;
	park(c, watch->wait_ms);
}

static void changed(void *arg, const uint8_t id[CS_ID_LEN])
{
	struct server *s = arg;

	s->change++;
	for (struct connection *c = s->connections; c; c = c->next)
		if (c->watching || (c->waiting && memcmp(c->wait.id, id, CS_ID_LEN) == 0))
			c->look = true;
}

static void recorded(void *arg, const struct cs_event *event, const uint8_t chain[CS_DIGEST_LEN])
{
	struct server *s = arg;
	char hex[2 * CS_DIGEST_LEN + 1], when[21];

	teller_wake(s ? s->teller : NULL);
	cs_hex(chain, CS_DIGEST_LEN, hex);
	cs_time_text(event->wall_ms, when);
	/* The head comes first: what people wrote stands behind it and cannot pretend to be one. */
	cs_log(LOG_NOTICE, "event %llu head=%s %s %s request=%llu uid=%u user=%s verdict=%s reason=%s gate=%s text=%s",
		(unsigned long long)event->number, hex, when, cs_name_of(cs_event_names, (int)event->kind),
		(unsigned long long)event->request, event->actor_uid, event->actor_name ? event->actor_name : "",
		cs_verdict_name(event->verdict), cs_reason_name(event->reason), event->gate ? event->gate : "",
		event->text ? event->text : "");
}

/* A full disk fails every call; one line in a while says so. */
static void store_failed(void *arg, const char *why)
{
	struct server *s = arg;
	unsigned left_out = 0;

	if (may_log(&s->failed_log, FAILED_EVERY_MS, &left_out))
		cs_log(LOG_ERR, "the store could not write, and what is not recorded is denied: %s", why);
}

static void notice(void *arg, const char *text)
{
	(void)arg;
	cs_log(LOG_WARNING, "%s", text);
}

static void describe(void *arg, struct cs_status *status)
{
	struct server *s = arg;

	status->connections = s->n_connections;
	status->malformed = s->malformed;
	for (struct connection *c = s->connections; c; c = c->next)
		status->waiting += c->waiting;
	status->notify = s->teller ? cs_dup(teller_state(s->teller)) : NULL;
}

struct cs_authority_events server_events(struct server *server)
{
	struct cs_authority_events events = { .recorded = recorded, .notice = notice, .arg = server };

	if (server) {
		events.changed = changed;
		events.failed = store_failed;
		events.describe = describe;
	}
	return events;
}

/* --- Calls -------------------------------------------------------------------------------------------------------- */

static void malformed(struct connection *c, const char *what)
{
	unsigned left_out = 0;

	c->server->malformed++;
	if (may_log(&c->server->malformed_log, MALFORMED_EVERY_MS, &left_out))
		cs_log(LOG_WARNING,
			"%s.sock: uid %u, pid %d: %s; connection closed (%u like it before were not logged)",
			c->door == CS_DOOR_MODULE ? "module" : "people", c->caller.uid, c->pid, what, left_out);
	close_later(c);
}

static int may_call(const struct connection *c, const struct cs_message *message)
{
	if (!(message->doors & (1u << c->door)))
		return 0;
	return !message->root_only || c->caller.uid == c->server->root_uid;
}

static void dispatch(struct connection *c, const struct cs_message *message, void *call)
{
	struct pending *pending = NULL;

	c->busy = true;
	c->message = message;
	if (!may_call(c, message)) {
		send_reply(c, CS_EPERM, message->doors & (1u << c->door) ? "only root may do this"
			: "not through this socket", NULL);
		return;
	}
	if (message->type == CS_CALL_WAIT) {
		wait_start(c, call);
		return;
	}
	if (message->type == CS_CALL_WATCH) {
		watch_start(c, call);
		return;
	}
	pending = calloc(1, sizeof(*pending));
	if (!pending) {
		send_reply(c, CS_ENOMEM, NULL, NULL);
		return;
	}
	pending->server = c->server;
	pending->connection = c->caller.connection;
	cs_authority_call(c->server->authority, &c->caller, message->type, call, message->takes_descriptor
		? c->passed_fd : -1, call_done, pending);
}

static int take_hello(struct connection *c)
{
	int r = 0;

	if (c->in.len < CS_WIRE_HELLO_LEN)
		return 0;
	r = cs_wire_check_hello(c->in.data);
	if (r < 0) {
		malformed(c, r == CS_EVERSION ? "another version of the protocol" : "not our protocol");
		return 0;
	}
	cs_buf_consume(&c->in, CS_WIRE_HELLO_LEN);
	c->greeted = true;
	listen_to(c);
	return 1;
}

/* One frame from the front of what was read, if it is there in full. */
static void take_call(struct connection *c)
{
	const struct cs_message *message = NULL;
	const uint8_t *payload = NULL;
	size_t len = 0, total = 0;
	uint8_t type = 0;
	void *call = NULL;
	int r = cs_frame_get(&c->in, &type, &payload, &len, &total);

	if (r == 0)
		return;
	message = r == 1 ? cs_message_find(type) : NULL;
	call = message ? calloc(1, message->call->size) : NULL;
	if (message && !call) {
		close_later(c);
		return;
	}
	if (!message || cs_wire_get_call(message, payload, len, call) < 0) {
		malformed(c, r != 1 ? "a frame out of bounds" : !message ? "an unknown call" : "a malformed call");
	} else {
		cs_buf_consume(&c->in, total);
		if (c->in.len == 0)
			cs_buf_clear(&c->in);
		dispatch(c, message, call);
		cs_clear(message->call, call);
	}
	free(call);
	cs_close(&c->passed_fd);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;
	int passed = -1;
	int r = 1;

	(void)what;
	if (c->closing)
		return;
	r = cs_frame_recv(fd, &c->in, &passed);
	if (passed >= 0) {
		cs_close(&c->passed_fd);
		c->passed_fd = passed;
	}
	if (r == 0 || (r < 0 && r != CS_EBUSY && r != CS_EINTR)) {
		if (r == CS_EPROTO || r == CS_ETOOBIG)
			malformed(c, "more than the protocol allows");
		close_later(c);
		return;
	}
	if (!c->greeted && !take_hello(c))
		return;
	if (!c->busy && !c->closing)
		take_call(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush(arg);
}

/* Of a connection: the hello or the next call did not come, a wait's time is over, or it is to be closed. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;

	(void)fd;
	(void)what;
	if (c->closing)
		return;
	if (c->waiting || c->watching)
		c->look = c->overdue = true;
	else if (!c->busy)
		close_later(c);
}

/* --- Connections -------------------------------------------------------------------------------------------------- */

static size_t connections_of(const struct server *s, enum cs_door door, uint32_t uid)
{
	size_t n = 0;

	for (const struct connection *c = s->connections; c; c = c->next)
		n += c->door == door && c->caller.uid == uid;
	return n;
}

static void connection_free(struct connection **connection)
{
	struct connection *c = *connection;

	if (!c)
		return;
	if (c->readable)
		event_free(c->readable);
	if (c->writable)
		event_free(c->writable);
	if (c->timer)
		event_free(c->timer);
	cs_buf_clear(&c->in);
	cs_buf_clear(&c->out);
	cs_close(&c->passed_fd);
	cs_close(&c->fd);
	free(c);
	*connection = NULL;
}

static int connection_events(struct connection *c)
{
	struct timeval hello = { .tv_sec = HELLO_SECONDS };

	c->readable = event_new(c->server->base, c->fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(c->server->base, c->fd, EV_WRITE | EV_PERSIST, on_writable, c);
	c->timer = evtimer_new(c->server->base, on_timer, c);
	if (!c->readable || !c->writable || !c->timer || event_add(c->readable, NULL) < 0 ||
		event_add(c->timer, &hello) < 0)
		return CS_ENOMEM;
	return 0;
}

/* Takes over fd. A refusal is a closed connection: the client says that the daemon does not answer. */
static void connection_add(struct server *s, enum cs_door door, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));
	uint32_t uid = CS_NO_UID;
	int32_t pid = -1;
	int refuse = !c || socket_peer(fd, &uid, &pid) < 0;

	refuse |= door == CS_DOOR_MODULE && uid != s->root_uid;
	refuse |= door == CS_DOOR_PEOPLE && connections_of(s, door, uid) >= PEOPLE_PER_UID;
	refuse |= s->n_connections + (door == CS_DOOR_PEOPLE ? RESERVED_FDS : 0) >= s->max_connections;
	if (refuse) {
		free(c);
		cs_close(&fd);
		return;
	}
	c->server = s;
	c->door = door;
	c->fd = fd;
	c->passed_fd = -1;
	c->caller.module = door == CS_DOOR_MODULE;
	c->caller.uid = uid;
	c->caller.login_uid = door == CS_DOOR_PEOPLE ? process_login_uid(pid) : CS_NO_UID;
	c->pid = pid;
	c->caller.connection = ++s->next_connection;
	cs_buf_init(&c->in, CS_FRAME_MAX + 64);
	cs_buf_init(&c->out, 2 * CS_FRAME_MAX);
	if (connection_events(c) < 0) {
		connection_free(&c);
		return;
	}
	c->next = s->connections;
	s->connections = c;
	s->n_connections++;
	on_readable(fd, EV_READ, c); /* a client that knows what it wants has said it by now: one turn less */
}

static void on_accept(evutil_socket_t listen_fd, short what, void *arg)
{
	struct server *s = arg;
	enum cs_door door = listen_fd == s->listen_fd[CS_DOOR_MODULE] ? CS_DOOR_MODULE : CS_DOOR_PEOPLE;

	(void)what;
	for (int i = 0; i < 64; i++) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		connection_add(s, door, fd);
	}
}

static void reap(struct server *s)
{
	struct connection **at = &s->connections;

	while (*at) {
		struct connection *c = *at;

		if (!c->closing) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		s->n_connections--;
		cs_authority_gone(s->authority, &c->caller);
		connection_free(&c);
	}
}

/* --- The loop ----------------------------------------------------------------------------------------------------- */

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
	uint64_t ms = cs_authority_tick(s->authority);
	struct timeval tv = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000) * 1000 };

	(void)fd;
	(void)what;
	teller_wake(s->teller);
	(void)event_add(s->tick, &tv);
}

static void on_directory(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
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
		if (c->look && c->waiting && !c->closing)
			wait_look(c);
	reap(s);
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
	/* A connection takes at most two descriptors: itself and one that was passed. */
	s->max_connections = (descriptor_limit() - RESERVED_FDS) / 2;
	s->base = make_base();
	if (!s->base) {
		free(s);
		return CS_ENOMEM;
	}
	*ret_server = s;
	return 0;
}

int server_run(struct server *s, struct cs_authority *authority, struct cs_directory *directory, struct cs_notify *notify)
{
	int r = 0;

	s->authority = authority;
	s->directory = directory;
	r = make_events(s);
	if (r == 0 && notify)
		r = teller_new(s->base, authority, notify, &s->teller);
	while (r == 0 && !s->stop) {
		watch_directory(s);
		if (event_base_loop(s->base, EVLOOP_ONCE) < 0)
			r = CS_EIO;
		end_turn(s);
	}
	for (struct connection *c = s->connections; c; c = c->next)
		c->closing = true;
	reap(s);
	cs_authority_turn(authority);
	return r;
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
	event_base_free(s->base);
	free(s);
	*server = NULL;
}
