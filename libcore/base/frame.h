/* SPDX-License-Identifier: Apache-2.0 */
/* Frames on a stream: uint32 length of what follows, byte type, payload. Used on both sockets and between the
 * daemon and its directory worker. Nothing here knows what a type means. */
#ifndef CS_BASE_FRAME_H
#define CS_BASE_FRAME_H

#include "buf.h"

#define CS_FRAME_MAX (256u * 1024u) /* bytes after the length field */
#define CS_FRAME_FDS 17              /* descriptors that may travel with one message: a program and what it is given */

/* Open descriptors, in order. All zero: none. */
struct cs_fds {
	int fds[CS_FRAME_FDS];
	size_t n;
};
/* Closes them; none are left. */
void cs_fds_close(struct cs_fds *fds);
/* Adds one, which is as before the caller's where there is no room: 0, CS_ETOOBIG. */
int cs_fds_add(struct cs_fds *fds, int fd);

/* Appends one frame to out. 0, CS_ETOOBIG, CS_ENOMEM. On failure out is unchanged. */
int cs_frame_put(struct cs_buf *out, uint8_t type, const struct cs_buf *payload);

/* Looks at the front of in. 1: a whole frame is there: *ret_type; *ret_payload and *ret_len point into in; call
 * cs_buf_consume(in, *ret_total) when done. 0: more bytes are needed. CS_ETOOBIG, CS_EPROTO: close the stream. */
int cs_frame_get(const struct cs_buf *in, uint8_t *ret_type, const uint8_t **ret_payload, size_t *ret_len,
		 size_t *ret_total);

/* Calls each for every whole frame at the front of in, and takes it away when each returned 0; anything else ends it
 * and is returned. each leaves in alone. 0, or what cs_frame_get says. */
typedef int (*cs_frame_fn)(void *arg, uint8_t type, const uint8_t *payload, size_t n);
int cs_frame_each(struct cs_buf *in, cs_frame_fn each, void *arg);

/* Reads what is there from fd into in (one recvmsg, at most 64 KiB), never waiting, receiving at most CS_FRAME_FDS
 * descriptors. ret_fds may be NULL: then no descriptor is received, and the kernel drops
 * what came, without what its file system does at a close (FUSE asks whoever mounted it, and waits). Else it is filled with close-on-exec
 * descriptors or left as it is; more while it still holds some is CS_EPROTO. Returns bytes
 * read, 0 at end of file, CS_EIO, CS_EBUSY (would block), CS_EINTR, CS_ETOOBIG, or CS_EPROTO (more descriptors than that:
 * all that came are closed). */
int cs_frame_recv(int fd, struct cs_buf *in, struct cs_fds *ret_fds);

/* Writes from the front of out as much as fd takes, never waiting, with these descriptors (or NULL) attached to the first
 * byte, never raising SIGPIPE; consumes what was written. Returns bytes written, CS_EIO, CS_EBUSY, CS_EINTR. */
int cs_frame_send(int fd, struct cs_buf *out, const struct cs_fds *pass);

#endif
