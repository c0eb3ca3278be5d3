/* SPDX-License-Identifier: Apache-2.0 */
/* A fake LDAP server in a process of its own. It stands between the worker and a real slapd and keeps what both say
 * (record), says it again with the message ids put right (replay), and tells lies while it does: fake_lies.h.
 *
 * A lane is one address to connect to, with orders in shared memory that the test changes while the server runs. */
#ifndef CS_TEST_FAKE_SERVER_H
#define CS_TEST_FAKE_SERVER_H

#include "directory_server.h"
#include "fake_lies.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <time.h>

enum {
	FAKE_LANES = 64,
	FAKE_CONNECTIONS = 512,
	FAKE_DRIP_MS = 60 /* between two bytes where it is slow by the byte */
};

enum fake_orders {
	FAKE_RECORD = 0, /* pass on, and keep it for the lanes that replay */
	FAKE_PASS = 1,   /* pass on; lies change the bytes as they come */
	FAKE_REPLAY = 2
};

struct fake_lane {
	char uri[512], path[96]; /* path: of the socket, "" with TCP */
	unsigned port;
	int listener;
	_Atomic uint32_t orders;
	_Atomic uint32_t lie; /* number in fake_lies; FAKE_HONEST */
	_Atomic uint32_t first; /* reply of this conversation, counted from 0, that it is told at */
	_Atomic uint32_t on;    /* and at all that follow */
	_Atomic uint32_t replies; /* so far in this conversation; the test sets it to 0 */
	_Atomic uint32_t told;    /* lies */
	_Atomic uint32_t amends;  /* raised: what lies were told on is closed */
	uint64_t chance;
};

struct fake {
	pid_t pid;
	int wake[2];
	struct fake_lane *lanes; /* shared */
	size_t n_lanes;
	char upstream[2][96]; /* of the real one: its socket, and its TLS port */
	_Atomic uint32_t *recorded; /* exchanges; shared */
};

/* --- The server's process --- */

struct fake_connection {
	int client, server; /* server: -1 where nothing is passed on */
	struct fake_lane *lane;
	struct bytes from_client, to_server, from_server, to_client;
	size_t stop_at;
	enum fake_then then;
	bool drip, deaf, lied;
	uint32_t amends;
	uint64_t next_ms;
	struct fake_open { int32_t msgid; size_t exchange; } open[16];
	size_t n_open;
};

struct fake_process {
	struct fake *fake;
	struct fake_tape tape;
	struct fake_connection connections[FAKE_CONNECTIONS];
	size_t n;
};

static inline uint64_t fake_now_ms(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline void fake_close(struct fake_process *p, size_t i)
{
	struct fake_connection *c = &p->connections[i];
	if (c->client >= 0)
		(void)close(c->client);
	if (c->server >= 0)
		(void)close(c->server);
	bytes_clear(&c->from_client);
	bytes_clear(&c->to_server);
	bytes_clear(&c->from_server);
	bytes_clear(&c->to_client);
	*c = p->connections[--p->n];
}

static inline int fake_connect_up(const struct fake *fake, const struct fake_lane *lane)
{
	if (lane->path[0] == '\0' && atoi(fake->upstream[1]) > 0 && strncmp(lane->uri, "ldaps:", 6) == 0) {
		const struct sockaddr_in address = { .sin_family = AF_INET,
			.sin_port = htons((uint16_t)atoi(fake->upstream[1])),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
			return fd;
		(void)close(fd);
		return -1;
	}
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", fake->upstream[0]);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static inline void fake_accept(struct fake_process *p, struct fake_lane *lane)
{
	int fd = accept4(lane->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (p->n == FAKE_CONNECTIONS) {
		(void)close(fd);
		return;
	}
	p->connections[p->n++] = (struct fake_connection){ .client = fd, .lane = lane, .stop_at = SIZE_MAX,
		.server = lane->orders == FAKE_REPLAY ? -1 : fake_connect_up(p->fake, lane), .amends = lane->amends };
}

/* Is this reply to be a lie? */
static inline bool fake_is_due(struct fake_lane *lane)
{
	uint32_t number = lane->replies++;
	return lane->lie != FAKE_HONEST && (number == lane->first || (lane->on && number > lane->first));
}

static inline void fake_lie_about(struct fake_process *p, struct fake_connection *c, struct fake_parts *parts,
	int32_t msgid)
{
	struct fake_lie_state lie = { .chance = &c->lane->chance, .parts = parts, .tape = &p->tape, .msgid = msgid,
		.stop_at = SIZE_MAX };
	fake_lies[c->lane->lie].tell(&lie);
	c->lane->told++;
	c->lied = true;
	if (lie.stop_at != SIZE_MAX && c->stop_at == SIZE_MAX) {
		c->stop_at = c->to_client.n + lie.stop_at;
		c->then = lie.then;
	}
	c->drip |= lie.drip;
}

static inline void fake_say(struct fake_connection *c, const struct fake_parts *parts)
{
	for (size_t i = 0; i < parts->n; i++)
		bytes_add(&c->to_client, parts->items[i].data, parts->items[i].n);
	if (c->then == FAKE_THEN_NOTHING)
		c->stop_at = SIZE_MAX;
}

/* --- Replaying --- */

static inline void fake_answer(struct fake_process *p, struct fake_connection *c, const uint8_t *message, size_t n)
{
	struct element op;
	struct fake_parts parts = { 0 };
	int32_t msgid = 0;
	if (ber_read_message(message, n, &msgid, &op) != 1 || op.tag == 0x42) {
		c->deaf = true;
		c->then = FAKE_THEN_CLOSE;
		c->stop_at = c->to_client.n;
		return;
	}
	if (op.tag == 0x50) /* abandoned: never answered */
		return;
	const struct fake_exchange *exchange = fake_tape_find(&p->tape, message + op.at, op.head + op.n);
	if (exchange != NULL)
		fake_tape_say(exchange, msgid, &parts);
	else
		fake_refuse(msgid, op.tag, &parts);
	if (fake_is_due(c->lane))
		fake_lie_about(p, c, &parts, msgid);
	fake_say(c, &parts);
	fake_parts_clear(&parts);
}

/* --- Passing on --- */

static inline void fake_note_request(struct fake_process *p, struct fake_connection *c, const uint8_t *message,
	size_t n)
{
	struct element op;
	int32_t msgid = 0;
	if (c->lane->orders != FAKE_RECORD || ber_read_message(message, n, &msgid, &op) != 1 || op.tag == 0x42 ||
	    op.tag == 0x50 || c->n_open == sizeof(c->open) / sizeof(c->open[0]))
		return;
	size_t exchange = fake_tape_begin(&p->tape, message + op.at, op.head + op.n);
	if (exchange != SIZE_MAX)
		c->open[c->n_open++] = (struct fake_open){ msgid, exchange };
}

static inline void fake_note_reply(struct fake_process *p, struct fake_connection *c, const uint8_t *message, size_t n)
{
	struct element op;
	int32_t msgid = 0;
	if (c->lane->orders != FAKE_RECORD || ber_read_message(message, n, &msgid, &op) != 1)
		return;
	for (size_t i = 0; i < c->n_open; i++) {
		if (c->open[i].msgid != msgid)
			continue;
		if (fake_tape_add(&p->tape, c->open[i].exchange, message, n, &op) == 1) {
			c->open[i] = c->open[--c->n_open];
			++*p->fake->recorded;
		}
		return;
	}
}

/* Whole messages that came from the client: to be answered, or noted and passed on. */
static inline void fake_take_requests(struct fake_process *p, struct fake_connection *c)
{
	struct element e;
	while (!c->deaf && ber_read(c->from_client.data, c->from_client.n, 0, &e) == 1) {
		if (c->server < 0)
			fake_answer(p, c, c->from_client.data, e.head + e.n);
		else
			fake_note_request(p, c, c->from_client.data, e.head + e.n);
		bytes_drop_front(&c->from_client, e.head + e.n);
	}
}

static inline void fake_take_replies(struct fake_process *p, struct fake_connection *c, const uint8_t *data, size_t n)
{
	struct element e;
	if (c->lane->orders == FAKE_PASS && fake_is_due(c->lane)) { /* whatever it is, also TLS */
		struct fake_parts parts = { 0 };
		fake_parts_add(&parts, data, n);
		fake_lie_about(p, c, &parts, 1);
		fake_say(c, &parts);
		fake_parts_clear(&parts);
		return;
	}
	bytes_add(&c->to_client, data, n);
	if (c->lane->orders != FAKE_RECORD)
		return;
	bytes_add(&c->from_server, data, n);
	while (ber_read(c->from_server.data, c->from_server.n, 0, &e) == 1) {
		fake_note_reply(p, c, c->from_server.data, e.head + e.n);
		bytes_drop_front(&c->from_server, e.head + e.n);
	}
}

/* --- Reading and writing --- */

/* false: it is over. */
static inline bool fake_read_client(struct fake_process *p, struct fake_connection *c)
{
	static uint8_t data[65536];
	ssize_t n = recv(c->client, data, sizeof(data), MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return false;
	if (n < 0 || c->deaf)
		return true;
	if (c->server >= 0) {
		for (ssize_t sent = 0; sent < n;) {
			ssize_t r = send(c->server, data + sent, (size_t)(n - sent), MSG_NOSIGNAL);
			if (r <= 0)
				return false;
			sent += r;
		}
		if (c->lane->orders != FAKE_RECORD)
			return true;
	}
	bytes_add(&c->from_client, data, (size_t)n);
	fake_take_requests(p, c);
	return true;
}

static inline bool fake_read_server(struct fake_process *p, struct fake_connection *c)
{
	static uint8_t data[65536];
	ssize_t n = recv(c->server, data, sizeof(data), MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return false;
	if (n > 0 && !c->deaf)
		fake_take_replies(p, c, data, (size_t)n);
	return true;
}

static inline bool fake_stop(struct fake_connection *c)
{
	c->deaf = true;
	c->to_client.n = 0;
	c->stop_at = SIZE_MAX;
	if (c->then == FAKE_THEN_HALF_CLOSE)
		(void)shutdown(c->client, SHUT_WR);
	return c->then != FAKE_THEN_CLOSE;
}

static inline bool fake_write(struct fake_connection *c)
{
	while (c->to_client.n > 0 || c->stop_at == 0) {
		if (c->stop_at == 0)
			return fake_stop(c);
		if (c->drip && c->next_ms > fake_now_ms())
			return true;
		size_t n = c->to_client.n < c->stop_at ? c->to_client.n : c->stop_at;
		ssize_t r = send(c->client, c->to_client.data, c->drip ? 1 : n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (r < 0)
			return errno == EAGAIN || errno == EINTR;
		bytes_drop_front(&c->to_client, (size_t)r);
		c->stop_at -= c->stop_at == SIZE_MAX ? 0 : (size_t)r;
		c->next_ms = fake_now_ms() + FAKE_DRIP_MS;
	}
	return true;
}

static inline bool fake_serve_one(struct fake_process *p, struct fake_connection *c, short client, short server)
{
	if (c->lied && c->amends != c->lane->amends)
		return false;
	c->amends = c->lane->amends;
	if ((client & (POLLIN | POLLHUP | POLLERR)) != 0 && !fake_read_client(p, c))
		return false;
	if ((server & (POLLIN | POLLHUP | POLLERR)) != 0 && !fake_read_server(p, c))
		return false;
	return fake_write(c);
}

static inline void fake_turn(struct fake_process *p)
{
	static struct pollfd fds[1 + FAKE_LANES + 2 * FAKE_CONNECTIONS];
	size_t n = 0, lanes = p->fake->n_lanes, was = p->n;
	int wait = -1;
	fds[n++] = (struct pollfd){ .fd = p->fake->wake[0], .events = POLLIN };
	for (size_t i = 0; i < lanes; i++)
		fds[n++] = (struct pollfd){ .fd = p->fake->lanes[i].listener, .events = POLLIN };
	for (size_t i = 0; i < was; i++) {
		const struct fake_connection *c = &p->connections[i];
		bool write = c->to_client.n > 0 && !c->drip;
		wait = c->to_client.n > 0 && c->drip ? FAKE_DRIP_MS / 4 : wait;
		fds[n++] = (struct pollfd){ .fd = c->client, .events = (short)(POLLIN | (write ? POLLOUT : 0)) };
		fds[n++] = (struct pollfd){ .fd = c->server, .events = POLLIN };
	}
	(void)poll(fds, n, wait);
	if (fds[0].revents != 0) {
		char waste[64];
		if (read(p->fake->wake[0], waste, sizeof(waste)) == 0)
			_exit(0);
	}
	for (size_t i = was; i > 0; i--) { /* downwards: the last takes the place of one that goes */
		const struct pollfd *at = &fds[1 + lanes + 2 * (i - 1)];
		if (!fake_serve_one(p, &p->connections[i - 1], at[0].revents, at[1].revents))
			fake_close(p, i - 1);
	}
	for (size_t i = 0; i < lanes; i++)
		if (fds[1 + i].revents != 0)
			fake_accept(p, &p->fake->lanes[i]);
}

/* --- From the test --- */

/* Not started yet. upstream: the real one. */
static inline void fake_init(struct fake *fake, const struct server *upstream)
{
	size_t size = FAKE_LANES * sizeof(*fake->lanes) + sizeof(*fake->recorded);
	uint8_t *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*fake = (struct fake){ 0 };
	if (shared == MAP_FAILED || pipe(fake->wake) != 0)
		abort();
	fake->lanes = (struct fake_lane *)(void *)shared;
	fake->recorded = (_Atomic uint32_t *)(void *)(shared + FAKE_LANES * sizeof(*fake->lanes));
	(void)snprintf(fake->upstream[0], sizeof(fake->upstream[0]), "%s/socket", upstream->dir);
	(void)snprintf(fake->upstream[1], sizeof(fake->upstream[1]), "%u", upstream->tls_port);
}

static inline int fake_listen(int family, const void *address, socklen_t n)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, address, n) != 0 || listen(fd, 64) != 0)
		abort();
	return fd;
}

/* One more address; scheme: ldapi (a socket in that folder), ldap, ldaps. Before fake_start. */
static inline struct fake_lane *fake_add(struct fake *fake, const char *scheme, const char *dir,
	enum fake_orders orders, uint64_t seed)
{
	size_t number = fake->n_lanes++;
	struct fake_lane *lane = &fake->lanes[number];
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(address);
	if (number >= FAKE_LANES)
		abort();
	lane->orders = orders;
	lane->lie = FAKE_HONEST;
	lane->chance = seed * 0x9e3779b97f4a7c15ULL + number + 1;
	if (strcmp(scheme, "ldapi") == 0) {
		(void)snprintf(lane->path, sizeof(lane->path), "%s/fake%zu", dir, number);
		(void)snprintf(local.sun_path, sizeof(local.sun_path), "%s", lane->path);
		lane->listener = fake_listen(AF_UNIX, &local, sizeof(local));
		(void)snprintf(lane->uri, sizeof(lane->uri), "ldapi://%%2Ftmp%%2F%s%%2Ffake%zu", dir + 5, number);
		return lane;
	}
	lane->listener = fake_listen(AF_INET, &address, sizeof(address));
	if (getsockname(lane->listener, (struct sockaddr *)&address, &n) != 0)
		abort();
	lane->port = ntohs(address.sin_port);
	(void)snprintf(lane->uri, sizeof(lane->uri), "%s://127.0.0.1:%u", scheme, lane->port);
	return lane;
}

static inline void fake_start(struct fake *fake)
{
	fake->pid = fork();
	if (fake->pid == 0) {
		static struct fake_process process;
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(fake->wake[1]);
		process.fake = fake;
		for (;;)
			fake_turn(&process);
	}
	if (fake->pid < 0)
		abort();
	(void)close(fake->wake[0]);
	for (size_t i = 0; i < fake->n_lanes; i++) {
		(void)close(fake->lanes[i].listener);
	}
}

/* Lies from now on, until fake_amends. */
static inline void fake_order(struct fake_lane *lane, uint32_t lie, uint32_t first, bool on)
{
	lane->lie = FAKE_HONEST; /* nothing in between is half of each */
	lane->replies = 0;
	lane->told = 0;
	lane->first = first;
	lane->on = on;
	lane->lie = lie;
}

/* Honest from now on. close: what was lied on is closed, as by a restart; else it stays as it is. */
static inline void fake_amend(struct fake *fake, struct fake_lane *lane, bool close_lied)
{
	lane->lie = FAKE_HONEST;
	if (close_lied) {
		lane->amends++;
		(void)!write(fake->wake[1], "", 1);
	}
}

static inline void fake_end(struct fake *fake)
{
	(void)kill(fake->pid, SIGKILL);
	while (waitpid(fake->pid, NULL, 0) < 0 && errno == EINTR)
		;
	(void)close(fake->wake[1]);
	fake->pid = 0;
}

#endif
