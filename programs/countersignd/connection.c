/* SPDX-License-Identifier: Apache-2.0 */
/* Who is connected, and what goes back and forth: frames in, one call at a time, replies out. */
#include "server_internal.h"
#include "file.h"
#include "log.h"
#include "mem.h"
#include "sockets.h"
#include <stdlib.h>
#include <sys/socket.h>

#define PEOPLE_PER_UID 32      /* connections of one uid on people.sock (A059) */
#define PASSED_PER_UID 32      /* descriptors that came over them with calls that are not answered yet */
#define HELLO_SECONDS 10       /* a connection that says nothing is closed */
#define IDLE_SECONDS 600       /* and so is one that asked and then says nothing */
#define MALFORMED_EVERY_MS 1000u

/* --- Replies ------------------------------------------------------------------------------------------------------ */

void close_later(struct connection *c)
{
	c->closing = true;
	event_active(c->timer, EV_TIMEOUT, 0); /* so that the turn that frees it comes at once */
}

static void flush(struct connection *c)
{
	while (c->out.len > 0) {
		int r = cs_frame_send(c->fd, &c->out, NULL);

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

/* The other side has the word, but not for ever. Only who attends may be silent: it says that something runs. */
static void listen_to(struct connection *c)
{
	static const struct timeval idle = { .tv_sec = IDLE_SECONDS };

	if (c->attends) /* as long as what it attends to runs */
		(void)event_del(c->timer);
	else
		(void)event_add(c->timer, &idle);
}

void send_reply(struct connection *c, int error, const char *text, const void *reply)
{
	const struct cs_message *message = c->message;
	int r = cs_wire_put_reply(&c->out, message, error, text, reply);

	if (r < 0)
		r = cs_wire_put_reply(&c->out, message, r, "the answer is too large; ask for less", NULL);
	c->busy = false;
	c->n_passed = c->passed.n;
	c->waiting = false;
	c->watching = false;
	c->attending = false;
	c->screening = false;
	listen_to(c);
	if (r < 0)
		close_later(c);
	else
		flush(c);
	if (!c->closing && c->in.len > 0)
		event_active(c->readable, EV_READ, 0);
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
	cs_fds_close(&c->passed);
	if (!c->busy)
		c->n_passed = 0;
}

/* One person's descriptors are bounded over all his connections, so that nobody uses up those of the others (A059). */
static bool passes_too_many(const struct connection *c)
{
	size_t n = 0;

	for (const struct connection *other = c->server->connections; other; other = other->next)
		n += other->door == c->door && other->caller.uid == c->caller.uid ? other->n_passed : 0;
	return c->door == CS_DOOR_PEOPLE && c->n_passed > 0 && n > PASSED_PER_UID;
}

/* To close a file can take as long as whoever mounted its file system likes (FUSE), and nothing ends that: so nobody's are
 * received where none can be wanted. */
static bool takes_files(const struct connection *c)
{
	return c->door == CS_DOOR_MODULE || c->caller.uid == c->server->root_uid ||
	       cs_authority_takes_files(c->server->authority);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;
	struct cs_fds passed = { .n = 0 };
	int r = 1;

	(void)what;
	if (c->closing)
		return;
	nudge_begin(c->server->nudge);
	r = cs_frame_recv(fd, &c->in, takes_files(c) ? &passed : NULL);
	if (passed.n > 0) {
		cs_fds_close(&c->passed);
		c->passed = passed;
		c->n_passed = (c->busy ? c->n_passed : 0) + passed.n;
	}
	if (passed.n > 0 && passes_too_many(c))
		r = CS_EPROTO;
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
	if (c->waiting || c->watching || c->attending || c->screening)
		c->look = c->overdue = true;
	else if (!c->busy)
		close_later(c);
}

/* --- Coming and going --------------------------------------------------------------------------------------------- */

struct connection *find_connection(struct server *s, uint64_t number)
{
	for (struct connection *c = s->connections; c; c = c->next)
		if (c->caller.connection == number)
			return c;
	return NULL;
}

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
	cs_fds_close(&c->passed);
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
	c->caller.module = door == CS_DOOR_MODULE;
	c->caller.uid = uid;
	c->caller.gid = socket_peer_gid(fd);
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

void on_accept(evutil_socket_t listen_fd, short what, void *arg)
{
	struct server *s = arg;
	enum cs_door door = listen_fd == s->listen_fd[CS_DOOR_MODULE] ? CS_DOOR_MODULE : CS_DOOR_PEOPLE;

	(void)what;
	nudge_begin(s->nudge);
	for (int i = 0; i < 64; i++) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		connection_add(s, door, fd);
	}
}

void reap(struct server *s)
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
