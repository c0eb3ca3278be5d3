/* SPDX-License-Identifier: Apache-2.0 */
/* The helper's process: one loop over those who connect, those who registered, and the daemon. */
#include "ender_internal.h"
#include "file.h"
#include "mem.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct helper {
	const struct cs_ender_settings *settings;
	int daemon, listen_fd, kept;
	struct cs_buf from_daemon, to_daemon;
	uint64_t last; /* registration */
	struct peer peers[PEERS];
	struct registered logins[LOGINS];
	struct pollfd fds[2 + PEERS + LOGINS];
};

/* --- The daemon ---------------------------------------------------------------------------------------------------- */

/* A daemon that does not listen is not waited for, and has to be started anew: it would not know who is in. */
static void tell(struct helper *h, enum cs_end_frame frame, const struct cs_login *login)
{
	if (cs_end_put(&h->to_daemon, frame, login) < 0)
		_exit(1);
}

static void send_daemon(struct helper *h)
{
	int r = 1;

	while (h->to_daemon.len > 0 && r > 0)
		r = cs_frame_send(h->daemon, &h->to_daemon, NULL);
	if (r < 0 && r != CS_EBUSY && r != CS_EINTR)
		_exit(0);
}

/* What it started itself: the shell of su and of login, which would go on without it. */
static void gather(struct registered *entry)
{
	size_t n = 0;

	for (size_t i = 0; i < STARTED; i++)
		cs_close(&entry->started[i]);
	n = process_started(entry->pidfd, entry->pid, entry->started, STARTED);
	while (n < STARTED)
		entry->started[n++] = -1;
}

/* It may be stopped, and would hear of it only when it goes on. */
static void end_login(struct helper *h, uint64_t registration)
{
	for (size_t i = 0; i < LOGINS; i++) {
		struct registered *entry = &h->logins[i];

		if (entry->pidfd < 0 || entry->login.registration != registration || entry->kill_ms > 0)
			continue;
		entry->kill_ms = cs_boot_ms() + KILL_MS;
		gather(entry);
		process_signal(entry->pidfd, SIGTERM);
		process_signal(entry->pidfd, SIGCONT);
	}
}

static void hear_daemon(struct helper *h)
{
	struct cs_login login = { 0 };
	enum cs_end_frame frame = CS_END_GREETING;
	int r = cs_frame_recv(h->daemon, &h->from_daemon, NULL);

	if (r == 0 || (r < 0 && r != CS_EBUSY && r != CS_EINTR))
		_exit(0);
	for (r = 1; r == 1;) {
		r = cs_end_take(&h->from_daemon, &frame, &login);
		if (r == 1 && frame == CS_END_END)
			end_login(h, login.registration);
		if (r == 1)
			cs_clear(&cs_login_shape, &login);
	}
	if (r < 0)
		_exit(1);
}

/* --- Who connects -------------------------------------------------------------------------------------------------- */

static void peer_close(struct peer *peer)
{
	cs_close(&peer->fd);
	cs_close(&peer->pidfd);
	cs_buf_clear(&peer->in);
}

/* A frame is smaller than any socket's buffer, and nothing was sent before it but the greeting. */
static int say(int fd, enum cs_end_frame frame)
{
	struct cs_buf out;
	int r = 0;

	cs_buf_init(&out, CS_FRAME_MAX);
	r = cs_end_put(&out, frame, NULL);
	if (r == 0)
		r = cs_frame_send(fd, &out, NULL);
	r = r > 0 && out.len == 0 ? 0 : CS_EIO;
	cs_buf_clear(&out);
	return r;
}

/* Only root, and only by its own process's descriptor. */
static int peer_take(const struct helper *h, struct peer *peer)
{
	struct ucred cred = { .pid = 0, .uid = (uid_t)UINT32_MAX, .gid = (gid_t)UINT32_MAX };
	socklen_t len = sizeof(cred);

	if (getsockopt(peer->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 || len != sizeof(cred) || cred.pid <= 0 ||
		cred.uid != h->settings->root_uid)
		return CS_EPERM;
	peer->pid = (uint32_t)cred.pid;
	if (process_open(peer->pid, &peer->pidfd) < 0)
		return CS_ENOENT;
	return say(peer->fd, CS_END_GREETING);
}

static void accept_peer(struct helper *h)
{
	int fd = accept4(h->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (size_t i = 0; fd >= 0 && i < PEERS; i++) {
		struct peer *peer = &h->peers[i];

		if (peer->fd >= 0)
			continue;
		*peer = (struct peer){ .fd = fd, .pidfd = -1, .until_ms = cs_boot_ms() + GREETED_MS };
		cs_buf_init(&peer->in, CS_FRAME_MAX);
		fd = -1;
		if (peer_take(h, peer) < 0)
			peer_close(peer);
	}
	cs_close(&fd); /* too many at once */
}

/* --- Who registers ------------------------------------------------------------------------------------------------- */

static void unstarted(struct registered *entry)
{
	for (size_t i = 0; i < STARTED; i++)
		entry->started[i] = -1;
}

/* The pidfd and the login move into a free place. What the next helper would not find again is not taken. */
static int add(struct helper *h, struct registered *entry)
{
	int r = 0;

	for (size_t i = 0; i < LOGINS; i++) {
		if (h->logins[i].pidfd >= 0)
			continue;
		entry->login.registration = ++h->last;
		r = kept_write(h->kept, i, entry);
		if (r < 0)
			return r;
		h->logins[i] = *entry;
		unstarted(&h->logins[i]);
		tell(h, CS_END_RUNS, &entry->login);
		return 0;
	}
	return CS_EBUSY;
}

/* Takes login over where it succeeds. */
static int register_peer(struct helper *h, struct peer *peer, struct cs_login *login)
{
	struct registered entry = { .pidfd = peer->pidfd, .pid = peer->pid, .login = *login };
	int r = login->attend.kind == CS_ATTEND_LOGIN ? process_start(peer->pidfd, peer->pid, &entry.start) : CS_EPROTO;

	entry.login.attend.pid = peer->pid;
	entry.login.attend.since_boot_ms = cs_boot_ms();
	if (r == 0)
		r = add(h, &entry);
	if (r == 0) {
		peer->pidfd = -1;
		memset(login, 0, sizeof(*login));
	}
	return r;
}

static void hear_peer(struct helper *h, struct peer *peer)
{
	struct cs_login login = { 0 };
	enum cs_end_frame frame = CS_END_GREETING;
	int r = cs_frame_recv(peer->fd, &peer->in, NULL);

	if (r == CS_EBUSY || r == CS_EINTR)
		return;
	r = r <= 0 ? CS_EPROTO : cs_end_take(&peer->in, &frame, &login);
	if (r == 0)
		return;
	if (r == 1) {
		r = frame == CS_END_LOGIN ? register_peer(h, peer, &login) : CS_EPROTO;
		(void)say(peer->fd, r == 0 ? CS_END_TAKEN : CS_END_REFUSED);
		cs_clear(&cs_login_shape, &login);
	}
	peer_close(peer);
}

/* --- Who runs ------------------------------------------------------------------------------------------------------ */

/* The login goes on as long as something that it started does. 1: there is such a process, and the entry is its now. */
static int pass_on(struct registered *entry)
{
	for (size_t i = 0; i < STARTED; i++) {
		int fd = entry->started[i];

		entry->started[i] = -1;
		if (fd >= 0 && !process_is_over(fd)) {
			cs_close(&entry->pidfd);
			entry->pidfd = fd;
			return 1;
		}
		cs_close(&fd);
	}
	return 0;
}

/* The file says whose the entry is now; until it does, that is tried again. */
static void keep(const struct helper *h, size_t slot, struct registered *entry)
{
	entry->unkept = process_number(entry->pidfd, &entry->pid) < 0 ||
			process_start(entry->pidfd, entry->pid, &entry->start) < 0 || kept_write(h->kept, slot, entry) < 0;
}

static void login_over(struct helper *h, size_t slot)
{
	struct registered *entry = &h->logins[slot];

	if (pass_on(entry) == 1) {
		keep(h, slot, entry);
		return;
	}
	tell(h, CS_END_OVER, &entry->login);
	(void)kept_write(h->kept, slot, NULL); /* what stands there leads to nobody any more */
	cs_close(&entry->pidfd);
	cs_clear(&cs_login_shape, &entry->login);
}

/* Whoever cannot find them all again leaves it to the next. */
static void find_again(struct helper *h)
{
	struct registered entry = { .pidfd = -1 };

	for (size_t i = 0; i < LOGINS; i++) {
		int r = kept_read(h->kept, i, &entry);

		if (r < 0)
			_exit(1);
		if (r == 0)
			continue;
		entry.login.registration = ++h->last;
		h->logins[i] = entry;
		unstarted(&h->logins[i]);
		tell(h, CS_END_RUNS, &entry.login);
	}
}

/* --- The loop ------------------------------------------------------------------------------------------------------ */

static void kill_login(const struct registered *entry)
{
	process_signal(entry->pidfd, SIGKILL);
	for (size_t i = 0; i < STARTED; i++)
		if (entry->started[i] >= 0)
			process_signal(entry->started[i], SIGKILL);
}

/* Kills it where it did not end, and writes it down where that failed; until when is nothing of that to do. */
static uint64_t look_at_login(const struct helper *h, size_t slot, struct registered *entry, uint64_t now)
{
	bool ends = entry->kill_ms > 0 && !entry->killed;
	uint64_t next = UINT64_MAX;

	if (entry->unkept)
		keep(h, slot, entry);
	if (entry->unkept)
		next = now + AGAIN_MS;
	if (ends && entry->kill_ms <= now) {
		entry->killed = true;
		kill_login(entry);
	} else if (ends && entry->kill_ms < next) {
		next = entry->kill_ms;
	}
	return next;
}

/* Closes those whose time is over, and looks at every login; how long until the next of that; -1: never. */
static int look_at_time(struct helper *h)
{
	uint64_t now = cs_boot_ms(), next = UINT64_MAX;

	for (size_t i = 0; i < PEERS; i++) {
		if (h->peers[i].fd >= 0 && h->peers[i].until_ms <= now)
			peer_close(&h->peers[i]);
		if (h->peers[i].fd >= 0 && h->peers[i].until_ms < next)
			next = h->peers[i].until_ms;
	}
	for (size_t i = 0; i < LOGINS; i++) {
		uint64_t at = h->logins[i].pidfd >= 0 ? look_at_login(h, i, &h->logins[i], now) : UINT64_MAX;

		next = at < next ? at : next;
	}
	return next == UINT64_MAX ? -1 : (int)(next - now);
}

/* poll passes over what is negative. */
static void fill(struct helper *h)
{
	struct pollfd *at = h->fds;

	*at++ = (struct pollfd){ .fd = h->daemon, .events = h->to_daemon.len > 0 ? POLLIN | POLLOUT : POLLIN };
	*at++ = (struct pollfd){ .fd = h->listen_fd, .events = POLLIN };
	for (size_t i = 0; i < PEERS; i++)
		*at++ = (struct pollfd){ .fd = h->peers[i].fd, .events = POLLIN };
	for (size_t i = 0; i < LOGINS; i++)
		*at++ = (struct pollfd){ .fd = h->logins[i].pidfd, .events = POLLIN };
}

static void turn(struct helper *h)
{
	int wait = look_at_time(h);

	send_daemon(h);
	fill(h);
	if (poll(h->fds, CS_COUNT(h->fds), wait) < 0)
		return;
	for (size_t i = 0; i < LOGINS; i++)
		if (h->fds[2 + PEERS + i].revents != 0)
			login_over(h, i);
	for (size_t i = 0; i < PEERS; i++)
		if (h->fds[2 + i].revents != 0)
			hear_peer(h, &h->peers[i]);
	if (h->fds[1].revents != 0)
		accept_peer(h);
	if ((h->fds[0].revents & ~POLLOUT) != 0)
		hear_daemon(h);
}

_Noreturn void ender_serve(const struct cs_ender_settings *settings, int daemon, int listen_fd, int kept)
{
	struct helper *h = calloc(1, sizeof(*h));

	if (!h)
		_exit(1);
	h->settings = settings;
	h->daemon = daemon;
	h->listen_fd = listen_fd;
	h->kept = kept;
	cs_buf_init(&h->from_daemon, CS_FRAME_MAX + 64);
	cs_buf_init(&h->to_daemon, (size_t)4 * 1024 * 1024);
	for (size_t i = 0; i < PEERS; i++)
		h->peers[i].fd = h->peers[i].pidfd = -1;
	for (size_t i = 0; i < LOGINS; i++)
		h->logins[i].pidfd = -1;
	find_again(h);
	for (;;)
		turn(h);
}
