/* SPDX-License-Identifier: Apache-2.0 */
/* Frames on a stream socket, with a few descriptors travelling beside the bytes. */
#include "frame.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <countersign/error.h>

#include "file.h"

#define LENGTH_SIZE 4u
/* On the stack, so that a waiting connection holds no empty buffer, and small, because it may be somebody's thread. */
#define CHUNK    (16u * 1024u)
#define SEND_MAX (1024u * 1024u)
/* One more than is allowed, so that one too many is seen here; what does not fit either the kernel closes, and says so. */
#define FDS_SEEN (CS_FRAME_FDS + 1)

int cs_frame_put(struct cs_buf *out, uint8_t type, const struct cs_buf *payload)
{
	size_t n = payload != NULL ? payload->len : 0;
	if (payload != NULL && payload->error != 0)
		return payload->error;
	if (n > CS_FRAME_MAX - 1)
		return CS_ETOOBIG;
	int r = cs_buf_room(out, LENGTH_SIZE + 1 + n);
	if (r != 0)
		return r;
	cs_buf_put_u32(out, (uint32_t)(n + 1));
	cs_buf_put_u8(out, type);
	if (n > 0)
		cs_buf_put(out, payload->data, n);
	return 0;
}

int cs_frame_get(const struct cs_buf *in, uint8_t *ret_type, const uint8_t **ret_payload, size_t *ret_len,
		 size_t *ret_total)
{
	if (in->len < LENGTH_SIZE)
		return 0;
	struct cs_cursor cur;
	cs_cursor_init(&cur, in->data, in->len);
	size_t n = cs_cursor_u32(&cur);
	if (n == 0)
		return CS_EPROTO;
	if (n > CS_FRAME_MAX)
		return CS_ETOOBIG;
	if (in->len - LENGTH_SIZE < n)
		return 0;
	*ret_type = cs_cursor_u8(&cur);
	*ret_payload = cur.at;
	*ret_len = n - 1;
	*ret_total = LENGTH_SIZE + n;
	return 1;
}

int cs_frame_each(struct cs_buf *in, cs_frame_fn each, void *arg)
{
	for (;;) {
		uint8_t type = 0;
		const uint8_t *payload = NULL;
		size_t n = 0, total = 0;
		int r = cs_frame_get(in, &type, &payload, &n, &total);
		if (r != 1)
			return r;
		r = each(arg, type, payload, n);
		if (r != 0)
			return r;
		cs_buf_consume(in, total);
	}
}

static int from_errno(int e)
{
	if (e == EAGAIN) /* the same as EWOULDBLOCK on Linux */
		return CS_EBUSY;
	return e == EINTR ? CS_EINTR : CS_EIO;
}

void cs_fds_close(struct cs_fds *fds)
{
	for (size_t i = 0; i < fds->n; i++)
		cs_close(&fds->fds[i]);
	fds->n = 0;
}

int cs_fds_add(struct cs_fds *fds, int fd)
{
	if (fds->n >= CS_FRAME_FDS)
		return CS_ETOOBIG;
	fds->fds[fds->n++] = fd;
	return 0;
}

/* Else the close of a connection that somebody passed could take as long as he likes. */
static void no_linger(int fd)
{
	const struct linger none = {.l_onoff = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

/* Collects the descriptors of a message, and closes those that are too many. 0, CS_EPROTO: some were. */
static int collect_fds(struct msghdr *msg, struct cs_fds *fds)
{
	int r = (msg->msg_flags & MSG_CTRUNC) != 0 ? CS_EPROTO : 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len < CMSG_LEN(0))
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int got = -1;
			memcpy(&got, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			no_linger(got);
			if (cs_fds_add(fds, got) == 0)
				continue;
			r = CS_EPROTO;
			cs_close(&got);
		}
	}
	return r;
}

static int receive(int fd, uint8_t *chunk, size_t max, size_t *ret_n, struct cs_fds *ret_passed)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(FDS_SEEN * sizeof(int))];
	} control = {.space = {0}};
	struct iovec iov = {.iov_base = chunk, .iov_len = max};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (ret_passed != NULL) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0)
		return from_errno(errno);
	if (ret_passed != NULL && collect_fds(&msg, ret_passed) < 0) {
		cs_fds_close(ret_passed);
		explicit_bzero(chunk, (size_t)n);
		return CS_EPROTO;
	}
	*ret_n = (size_t)n;
	return 0;
}

int cs_frame_recv(int fd, struct cs_buf *in, struct cs_fds *ret_fds)
{
	/* Everything else is zeroed by the compiler; here that would cost more than all that reads the message. */
	uint8_t chunk[CHUNK] __attribute__((uninitialized));
	struct cs_fds passed = {.n = 0};
	size_t n = 0;

	if (in->error != 0)
		return in->error;
	if (in->len >= in->max)
		return CS_ETOOBIG;
	size_t room = in->max - in->len;
	int r = receive(fd, chunk, room < CHUNK ? room : CHUNK, &n, ret_fds != NULL ? &passed : NULL);
	if (r != 0)
		return r;

	if (n > 0)
		r = cs_buf_room(in, n);
	if (r == 0 && passed.n > 0 && ret_fds->n > 0)
		r = CS_EPROTO;
	if (r != 0)
		goto out;
	cs_buf_put(in, chunk, n);
	if (passed.n > 0 && n > 0) {
		*ret_fds = passed;
		passed.n = 0;
	}
	r = (int)n;
out:
	explicit_bzero(chunk, n);
	cs_fds_close(&passed);
	return r;
}

static void attach(struct msghdr *msg, void *space, const struct cs_fds *pass)
{
	size_t bytes = pass->n * sizeof(int);

	msg->msg_control = space;
	msg->msg_controllen = CMSG_SPACE(bytes);
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(c), pass->fds, bytes);
}

int cs_frame_send(int fd, struct cs_buf *out, const struct cs_fds *pass)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(CS_FRAME_FDS * sizeof(int))];
	} control = {.space = {0}};
	size_t len = out->len < SEND_MAX ? out->len : SEND_MAX;
	struct iovec iov = {.iov_base = out->data, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	bool passes = pass != NULL && pass->n > 0;

	if (out->error != 0)
		return out->error;
	if (len == 0)
		return passes ? CS_EINVAL : 0;
	if (passes)
		attach(&msg, control.space, pass);
	ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return from_errno(errno);
	cs_buf_consume(out, (size_t)n);
	return (int)n;
}
