/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to countersignd: the server is checked before it is asked, and every wait has an end. */
#include "client.h"
#include "clock.h"
#include "end.h"
#include "file.h"
#include "mem.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECT_MS 900u /* an absent daemon denies within a second */
#define SEND_MS 5000u   /* for the split form, which has no deadline of its own */

struct cs_client {
	int fd;
	int broken;          /* what made the connection useless; 0 while it is good */
	struct cs_buf hello; /* not sent yet: it travels with the first call */
	struct cs_buf in;
	struct cs_fds files; /* travel with the next call; the caller's */
	const struct cs_message *pending; /* the call whose reply is due; NULL when none is */
};

/* --- Who is behind the socket ------------------------------------------------------------------------------------- */

static int check_folder(const char *path, uid_t server_uid, const char **ret_why)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *slash = strrchr(path, '/');
	size_t len = slash == path ? 1 : (size_t)(slash - path);
	struct stat st;

	memcpy(folder, path, len);
	folder[len] = '\0';
	if (lstat(folder, &st) != 0) {
		*ret_why = "it is not running";
		return CS_EUNAVAIL;
	}
	if (!S_ISDIR(st.st_mode) || (st.st_uid != 0 && st.st_uid != server_uid) || (st.st_mode & 022) != 0) {
		*ret_why = "the folder of its socket could be written by others";
		return CS_EUNTRUSTED;
	}
	return 0;
}

/* SO_PEERCRED on this side says who called listen(). The struct starts as nobody, so that a short answer is no root (A051). */
static int check_peer(int fd, uid_t server_uid, const char **ret_why)
{
	struct ucred cred = { .pid = 0, .uid = (uid_t)CS_NO_UID, .gid = (gid_t)CS_NO_UID };
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0 || len != sizeof(cred) ||
		cred.uid == (uid_t)CS_NO_UID || (cred.uid != server_uid && cred.uid != 0)) {
		*ret_why = "another user answers on its socket";
		return CS_EUNTRUSTED;
	}
	return 0;
}

static int from_connect(int e, const char **ret_why)
{
	static const struct {
		int e;
		int error;
		const char *why;
	} table[] = {
		{ ENOENT, CS_EUNAVAIL, "it is not running" },
		{ ECONNREFUSED, CS_EUNAVAIL, "it is not running" },
		{ EAGAIN, CS_EUNAVAIL, "it takes no connections" },
		{ EACCES, CS_EUNAVAIL, "this user may not use its socket" },
		{ EINTR, CS_EINTR, "a signal ended the wait" },
	};

	for (size_t i = 0; i < CS_COUNT(table); i++) {
		if (table[i].e == e) {
			*ret_why = table[i].why;
			return table[i].error;
		}
	}
	*ret_why = "its socket cannot be connected";
	return CS_EUNAVAIL;
}

/* For a local socket SO_SNDTIMEO bounds the wait for a place in the queue, which poll could not. */
static int connect_within(int fd, const char *path, uint32_t ms, const char **ret_why)
{
	struct timeval limit = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000) * 1000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, path, strlen(path) + 1);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0) {
		*ret_why = "no deadline could be set";
		return CS_EIO;
	}
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return from_connect(errno, ret_why);
	return 0;
}

static int open_socket(const struct cs_client_options *options, int *ret_fd, const char **ret_why)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = CS_EIO;

	if (fd == -1) {
		*ret_why = "no socket could be made";
		return CS_EUNAVAIL;
	}
	r = connect_within(fd, options->path, options->connect_ms != 0 ? options->connect_ms : CONNECT_MS, ret_why);
	if (r == 0)
		r = check_peer(fd, options->server_uid, ret_why);
	if (r < 0)
		cs_close(&fd);
	else
		*ret_fd = fd;
	return r;
}

static int check_options(const struct cs_client_options *options, const char **ret_why)
{
	if (options->path == NULL || options->path[0] != '/') {
		*ret_why = "the path of its socket is not absolute";
		return CS_EINVAL;
	}
	if (strlen(options->path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		*ret_why = "the path of its socket is too long";
		return CS_EINVAL;
	}
	return 0;
}

/* Takes over *fd on success. */
static int new_client(int *fd, struct cs_client **ret_client)
{
	struct cs_client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return CS_ENOMEM;
	client->fd = *fd;
	*fd = -1;
	cs_buf_init(&client->in, CS_FRAME_MAX + 4u);
	cs_buf_init(&client->hello, CS_WIRE_HELLO_LEN);
	*ret_client = client;
	return 0;
}

int cs_client_open(const struct cs_client_options *options, struct cs_client **ret_client, const char **ret_why)
{
	struct cs_client *client = NULL;
	const char *why = "out of memory";
	int fd = -1;
	int r = check_options(options, &why);

	if (r == 0)
		r = check_folder(options->path, options->server_uid, &why);
	if (r == 0)
		r = open_socket(options, &fd, &why);
	if (r == 0)
		r = new_client(&fd, &client);
	if (r == 0) {
		cs_wire_put_hello(&client->hello);
		r = cs_buf_error(&client->hello);
	}
	if (r == 0) {
		*ret_client = client;
		client = NULL;
	} else if (ret_why != NULL) {
		*ret_why = why;
	}
	cs_client_close(&client);
	cs_close(&fd);
	return r;
}

/* --- A connection that is left open and found again ------------------------------------------------------------------ */

/* What nobody looks at on such a socket, and what stays with it through a fork. */
#define LEFT_PRIORITY 5

static int mark_left(int fd)
{
	const int priority = LEFT_PRIORITY;

	return setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority));
}

static int is_left(int fd)
{
	int priority = 0;
	socklen_t len = sizeof(priority);

	return getsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, &len) == 0 && priority == LEFT_PRIORITY;
}

/* Was it made in this program, and does it lead to this socket? */
static int leads_to(int fd, const char *path)
{
	struct sockaddr_un peer = { .sun_family = AF_UNSPEC };
	socklen_t len = sizeof(peer);
	int flags = fcntl(fd, F_GETFD);

	if (flags == -1 || (flags & FD_CLOEXEC) == 0 || getpeername(fd, (struct sockaddr *)&peer, &len) != 0)
		return 0;
	return peer.sun_family == AF_UNIX && len <= sizeof(peer) && len > offsetof(struct sockaddr_un, sun_path) &&
	       strnlen(peer.sun_path, len - offsetof(struct sockaddr_un, sun_path)) < sizeof(peer.sun_path) &&
	       strcmp(peer.sun_path, path) == 0;
}

static int find_left(const char *path, int last)
{
	for (int fd = 3; fd < last; fd++)
		if (leads_to(fd, path) && is_left(fd))
			return fd;
	return -1;
}

void cs_client_leave(struct cs_client **client)
{
	if (*client != NULL && (*client)->broken == 0 && (*client)->pending == NULL && (*client)->hello.len == 0 &&
		mark_left((*client)->fd) == 0)
		(*client)->fd = -1;
	cs_client_close(client);
}

int cs_client_resume(const struct cs_client_options *options, int last, struct cs_client **ret_client)
{
	const char *why = NULL;
	int r = check_options(options, &why);
	int fd = r == 0 ? find_left(options->path, last) : -1;

	if (r < 0)
		return r;
	if (fd == -1)
		return CS_ENOENT;
	r = check_peer(fd, options->server_uid, &why);
	if (r == 0)
		r = new_client(&fd, ret_client);
	cs_close(&fd);
	return r;
}

/* --- One call, one reply ------------------------------------------------------------------------------------------ */

/* A connection on which anything went wrong could hand the reply of one call to the next, so it is of no more use. */
static int break_off(struct cs_client *client, int error)
{
	client->broken = error;
	client->pending = NULL;
	return error;
}

static int wait_ready(int fd, short events, uint64_t deadline)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		uint64_t now = cs_boot_ms();
		uint64_t left = deadline > now ? deadline - now : 0;
		int n = poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left);

		if (n > 0)
			return 0;
		if (n < 0)
			return errno == EINTR ? CS_EINTR : CS_EIO;
		if (cs_boot_ms() >= deadline)
			return CS_ETIMEDOUT;
	}
}

static int send_all(struct cs_client *client, struct cs_buf *out, const struct cs_fds *pass, uint64_t deadline)
{
	while (out->len > 0) {
		int n = cs_frame_send(client->fd, out, pass);

		if (n > 0)
			pass = NULL; /* they went with the first byte */
		else if (n == CS_EBUSY)
			n = wait_ready(client->fd, POLLOUT, deadline);
		if (n < 0)
			return n == CS_EIO ? CS_EUNAVAIL : n;
	}
	return 0;
}

/* The hello goes in front of the first call, in one write: a second one would wake the daemon twice. */
static int put_hello(struct cs_client *client, struct cs_buf *out)
{
	cs_buf_put(out, client->hello.data, client->hello.len);
	cs_buf_clear(&client->hello);
	return cs_buf_error(out);
}

int cs_client_attach(struct cs_client *client, const struct cs_fds *files)
{
	if (files != NULL && files->n > CS_MAX_WANTED)
		return CS_ETOOBIG;
	client->files = files != NULL ? *files : (struct cs_fds){ .n = 0 };
	return 0;
}

/* What travels with this call, and with no other. */
static int take_files(struct cs_client *client, int pass_fd, struct cs_fds *ret_pass)
{
	struct cs_fds files = client->files;
	int r = pass_fd != -1 ? cs_fds_add(ret_pass, pass_fd) : 0;

	client->files.n = 0;
	for (size_t i = 0; r == 0 && i < files.n; i++)
		r = cs_fds_add(ret_pass, files.fds[i]);
	return r;
}

static int send_call(struct cs_client *client, enum cs_call_type type, const void *call, int pass_fd, uint64_t deadline)
{
	const struct cs_message *message = cs_message_find((unsigned)type);
	struct cs_fds pass = { .n = 0 };
	struct cs_buf out;
	int r = take_files(client, pass_fd, &pass);

	if (client->broken != 0)
		return client->broken;
	if (r < 0 || message == NULL || client->pending != NULL || (pass.n > 0 && !message->takes_descriptor))
		return CS_EINVAL;
	cs_buf_init(&out, CS_FRAME_MAX + 4u + CS_WIRE_HELLO_LEN);
	r = put_hello(client, &out);
	if (r < 0) {
		(void)break_off(client, r);
		goto out;
	}
	r = cs_wire_put_call(&out, message, call);
	if (r < 0) {
		if (out.len > 0) /* the hello is lost with the call */
			(void)break_off(client, CS_EUNAVAIL);
		goto out;
	}
	r = send_all(client, &out, &pass, deadline);
	if (r < 0)
		(void)break_off(client, r);
	else
		client->pending = message;
out:
	cs_buf_clear(&out);
	return r;
}

/* Reads what is there. 1: a whole frame has come, 0: more is to come, or an error. */
static int receive(struct cs_client *client)
{
	uint8_t type = 0;
	const uint8_t *payload = NULL;
	size_t len = 0, total = 0;

	for (;;) {
		int r = cs_frame_get(&client->in, &type, &payload, &len, &total);

		if (r != 0)
			return r < 0 ? CS_EPROTO : 1;
		r = cs_frame_recv(client->fd, &client->in, NULL);
		if (r == CS_EBUSY)
			return 0;
		if (r == 0 || r == CS_EIO)
			return CS_EUNAVAIL;
		if (r < 0)
			return r == CS_ETOOBIG ? CS_EPROTO : r;
	}
}

/* The frame in the buffer is the reply to the pending call, and nothing lies behind it. */
static int take_reply(struct cs_client *client, void *ret_reply, char **ret_text)
{
	const struct cs_message *message = client->pending;
	uint8_t type = 0;
	const uint8_t *payload = NULL;
	size_t len = 0, total = 0;
	char *text = NULL;
	int r = 0;

	if (cs_frame_get(&client->in, &type, &payload, &len, &total) != 1 || total != client->in.len ||
		type != ((unsigned)message->type | CS_WIRE_REPLY))
		return break_off(client, CS_EPROTO);
	r = cs_wire_get_reply(message, payload, len, ret_reply, &text);
	cs_buf_clear(&client->in);
	client->pending = NULL;
	if (r < 0 && text == NULL)
		return break_off(client, r);
	if (ret_text != NULL) {
		*ret_text = text;
		text = NULL;
	}
	cs_free_str(&text);
	return r;
}

int cs_client_call(struct cs_client *client, enum cs_call_type type, const void *call, int pass_fd, uint32_t deadline_ms,
	void *ret_reply, char **ret_text)
{
	uint64_t deadline = cs_boot_ms() + deadline_ms;
	int r = send_call(client, type, call, pass_fd, deadline);

	if (ret_text != NULL)
		*ret_text = NULL;
	if (r < 0)
		return r;
	for (;;) {
		r = wait_ready(client->fd, POLLIN, deadline);
		if (r == 0)
			r = receive(client);
		if (r == 1)
			return take_reply(client, ret_reply, ret_text);
		if (r < 0)
			return break_off(client, r);
	}
}

int cs_client_fd(const struct cs_client *client)
{
	return client != NULL ? client->fd : -1;
}

int cs_client_send(struct cs_client *client, enum cs_call_type type, const void *call, int pass_fd)
{
	return send_call(client, type, call, pass_fd, cs_boot_ms() + SEND_MS);
}

int cs_client_finish(struct cs_client *client, void *ret_reply, char **ret_text)
{
	int r = 0;

	if (ret_text != NULL)
		*ret_text = NULL;
	if (client->broken != 0)
		return client->broken;
	if (client->pending == NULL)
		return CS_EINVAL;
	r = receive(client);
	if (r == 0)
		return CS_EBUSY;
	if (r < 0)
		return break_off(client, r);
	return take_reply(client, ret_reply, ret_text);
}

/* --- A login registers itself ---------------------------------------------------------------------------------------- */

static int hear_end(int fd, struct cs_buf *in, uint64_t deadline, enum cs_end_frame *ret_frame)
{
	struct cs_login login = { 0 };

	for (;;) {
		int r = cs_end_take(in, ret_frame, &login);

		if (r == 1)
			cs_clear(&cs_login_shape, &login);
		if (r != 0)
			return r < 0 ? r : 0;
		r = wait_ready(fd, POLLIN, deadline);
		if (r == 0)
			r = cs_frame_recv(fd, in, NULL);
		if (r == 0 || r == CS_EIO)
			return CS_EUNAVAIL;
		if (r < 0 && r != CS_EBUSY)
			return r;
	}
}

static int say_end(int fd, const struct cs_attend *attend, uint64_t deadline)
{
	const struct cs_login login = { .attend = *attend }; /* a view */
	struct cs_buf out;
	int r = 0;

	cs_buf_init(&out, CS_FRAME_MAX);
	r = cs_end_put(&out, CS_END_LOGIN, &login);
	while (r == 0 && out.len > 0) {
		r = cs_frame_send(fd, &out, NULL);
		if (r == CS_EBUSY)
			r = wait_ready(fd, POLLOUT, deadline);
		r = r > 0 ? 0 : r;
	}
	cs_buf_clear(&out);
	return r;
}

int cs_client_register(const struct cs_client_options *options, const struct cs_attend *attend, uint32_t ms,
	const char **ret_why)
{
	uint64_t deadline = cs_boot_ms() + ms;
	enum cs_end_frame frame = CS_END_REFUSED;
	const char *why = "the helper that ends logins did not take it";
	struct cs_buf in;
	int fd = -1;
	int r = check_options(options, &why);

	cs_buf_init(&in, CS_FRAME_MAX);
	if (r == 0)
		r = check_folder(options->path, options->server_uid, &why);
	if (r == 0)
		r = open_socket(options, &fd, &why);
	/* The greeting comes first, or the helper could not be sure whose pidfd it has. */
	if (r == 0)
		r = hear_end(fd, &in, deadline, &frame);
	if (r == 0)
		r = frame == CS_END_GREETING ? say_end(fd, attend, deadline) : CS_EPROTO;
	if (r == 0)
		r = hear_end(fd, &in, deadline, &frame);
	if (r == 0 && frame != CS_END_TAKEN)
		r = CS_EBUSY;
	cs_buf_clear(&in);
	cs_close(&fd);
	if (r < 0 && ret_why != NULL)
		*ret_why = why;
	return r;
}

void cs_client_close(struct cs_client **client)
{
	if (client == NULL || *client == NULL)
		return;
	cs_close(&(*client)->fd);
	cs_buf_clear(&(*client)->hello);
	cs_buf_clear(&(*client)->in);
	free(*client);
	*client = NULL;
}
