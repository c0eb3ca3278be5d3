/* SPDX-License-Identifier: Apache-2.0 */
/* The scripted daemon of the module tests. */
#include "fake_daemon.h"
#include "wire.h"
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FAKE_CONNECTIONS 8

struct connection {
	int fd;
	struct cs_fds passed;
	bool greeted;
	struct cs_buf in;
};

struct state {
	const struct fake_options *options;
	struct fake_seen *seen;
	struct connection connections[FAKE_CONNECTIONS];
	size_t step;
	bool signalling;
};

static void drop(struct connection *c)
{
	if (c->fd != -1)
		close(c->fd);
	cs_fds_close(&c->passed);
	cs_buf_clear(&c->in);
	c->fd = -1;
	c->greeted = false;
}

static void write_all(struct connection *c, const uint8_t *bytes, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(c->fd, bytes, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		bytes += sent;
		n -= (size_t)sent;
	}
}

static void send_reply(struct connection *c, const struct fake_step *step)
{
	const struct cs_message *message = cs_message_find((unsigned)step->call);
	struct cs_buf out;

	cs_buf_init(&out, CS_FRAME_MAX + 64u);
	if (cs_wire_put_reply(&out, message, step->error, step->text, step->reply) != 0)
		_exit(9);
	if (step->act == FAKE_OTHER_TYPE)
		out.data[4] = CS_CALL_STATUS | CS_WIRE_REPLY;
	if (step->act == FAKE_BAD_VERDICT) /* after length, type, error and an empty text */
		out.data[4 + 1 + 4 + 4 + 3] ^= 1;
	write_all(c, out.data, step->act == FAKE_CUT ? out.len / 2 : out.len);
	if (step->act == FAKE_TWICE)
		write_all(c, out.data, out.len);
	cs_buf_clear(&out);
}

static void note_call(struct state *state, struct connection *c, unsigned type, const uint8_t *payload, size_t len)
{
	struct fake_seen *seen = state->seen;
	struct stat st;

	if (seen->n_calls >= FAKE_CALLS || len > FAKE_PAYLOAD)
		_exit(8);
	seen->calls[seen->n_calls].type = type;
	seen->calls[seen->n_calls].len = len;
	memcpy(seen->calls[seen->n_calls].payload, payload, len);
	seen->calls[seen->n_calls].has_fd = c->passed.n > 0;
	if (c->passed.n > 0 && fstat(c->passed.fds[0], &st) == 0)
		seen->calls[seen->n_calls].inode = st.st_ino;
	cs_fds_close(&c->passed);
	seen->n_calls++;
}

static void act(struct state *state, struct connection *c, unsigned type)
{
	static const uint8_t garbage[] = { 0xff, 0xff, 0xff, 0xff, 'n', 'o', 'n', 'e' };
	const struct fake_step *step = &state->options->steps[state->step];

	if (state->step >= state->options->n_steps || (unsigned)step->call != type) {
		state->seen->unexpected++;
		drop(c);
		return;
	}
	state->step++;
	state->signalling = step->act == FAKE_SIGNAL;
	switch (step->act) {
	case FAKE_REPLY:
	case FAKE_ERROR:
	case FAKE_CUT:
	case FAKE_TWICE:
	case FAKE_OTHER_TYPE:
	case FAKE_BAD_VERDICT:
		send_reply(c, step);
		break;
	case FAKE_CLOSE:
		drop(c);
		break;
	case FAKE_GARBAGE:
		write_all(c, garbage, sizeof(garbage));
		break;
	case FAKE_NOTIFY:
		if (write(state->options->notify_fd, "!", 1) != 1)
			_exit(7);
		break;
	case FAKE_SILENT:
	case FAKE_SIGNAL:
		break;
	}
}

static void take_frames(struct state *state, struct connection *c)
{
	uint8_t type = 0;
	const uint8_t *payload = NULL;
	size_t len = 0, total = 0;

	if (!c->greeted && c->in.len >= CS_WIRE_HELLO_LEN) {
		if (cs_wire_check_hello(c->in.data) != 0)
			_exit(6);
		cs_buf_consume(&c->in, CS_WIRE_HELLO_LEN);
		c->greeted = true;
	}
	while (c->fd != -1 && c->greeted && cs_frame_get(&c->in, &type, &payload, &len, &total) == 1) {
		note_call(state, c, type, payload, len);
		cs_buf_consume(&c->in, total);
		act(state, c, type);
	}
}

static void take_connection(struct state *state, int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd == -1)
		return;
	state->seen->connections++;
	for (size_t i = 0; i < FAKE_CONNECTIONS; i++) {
		if (state->connections[i].fd != -1)
			continue;
		state->connections[i].fd = fd;
		cs_buf_init(&state->connections[i].in, CS_FRAME_MAX + 64u);
		return;
	}
	close(fd);
}

static void take_bytes(struct state *state, struct connection *c)
{
	if (cs_frame_recv(c->fd, &c->in, &c->passed) <= 0) {
		drop(c);
		state->signalling = false;
		state->seen->ended++;
		return;
	}
	take_frames(state, c);
}

static void serve(struct state *state, int listener)
{
	for (;;) {
		struct pollfd fds[FAKE_CONNECTIONS + 1];

		for (size_t i = 0; i < FAKE_CONNECTIONS; i++)
			fds[i] = (struct pollfd){ .fd = state->connections[i].fd, .events = POLLIN };
		fds[FAKE_CONNECTIONS] = (struct pollfd){ .fd = listener, .events = POLLIN };
		if (poll(fds, FAKE_CONNECTIONS + 1, state->signalling ? 10 : -1) == 0)
			kill(state->seen->victim, SIGINT);
		if (fds[FAKE_CONNECTIONS].revents != 0)
			take_connection(state, listener);
		for (size_t i = 0; i < FAKE_CONNECTIONS; i++)
			if (fds[i].fd != -1 && fds[i].revents != 0)
				take_bytes(state, &state->connections[i]);
	}
}

static void run(const struct fake *fake, const struct fake_options *options)
{
	static struct state state;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	state = (struct state){ .options = options, .seen = fake->seen };
	for (size_t i = 0; i < FAKE_CONNECTIONS; i++)
		state.connections[i].fd = -1;
	serve(&state, fake->listener);
}

static int listen_at(const char *path, uid_t as)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (as != geteuid())
		assert_int_equal(seteuid(as), 0);
	assert_int_equal(listen(fd, 16), 0);
	if (as != getuid())
		assert_int_equal(seteuid(getuid()), 0);
	return fd;
}

void fake_kill(struct fake *fake)
{
	if (fake->pid <= 0)
		return;
	kill(fake->pid, SIGKILL);
	waitpid(fake->pid, NULL, 0);
	fake->pid = 0;
}

void fake_start(struct fake *fake, const struct fake_options *options)
{
	memset(fake, 0, sizeof(*fake));
	memcpy(fake->folder, "/tmp/cs-fake-XXXXXX", sizeof("/tmp/cs-fake-XXXXXX"));
	assert_non_null(mkdtemp(fake->folder));
	assert_int_equal(chmod(fake->folder, options->folder_mode != 0 ? options->folder_mode : 0700), 0);
	(void)snprintf(fake->path, sizeof(fake->path), "%s/module.sock", fake->folder);
	fake->seen = mmap(NULL, sizeof(*fake->seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(fake->seen, MAP_FAILED);
	fake->seen->victim = getpid();
	fake->listener = listen_at(fake->path, options->listen_as);
	fake->pid = fork();
	assert_int_not_equal(fake->pid, -1);
	if (fake->pid == 0) {
		run(fake, options);
		_exit(0);
	}
	close(fake->listener); /* so that the socket is dead once the process is */
	fake->listener = -1;
	if (options->dead)
		fake_kill(fake);
}

void fake_stop(struct fake *fake)
{
	fake_kill(fake);
	if (fake->seen != NULL)
		munmap(fake->seen, sizeof(*fake->seen));
	unlink(fake->path);
	rmdir(fake->folder);
	memset(fake, 0, sizeof(*fake));
}

void fake_call(const struct fake *fake, unsigned n, void *ret_call)
{
	assert_true(n < fake->seen->n_calls);
	assert_int_equal(cs_wire_get_call(cs_message_find(fake->seen->calls[n].type), fake->seen->calls[n].payload,
				 fake->seen->calls[n].len, ret_call),
		0);
}
