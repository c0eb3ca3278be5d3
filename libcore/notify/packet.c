/* SPDX-License-Identifier: Apache-2.0 */
/* Packets between the daemon and its notify worker. */
#include "notify_internal.h"
#include <errno.h>
#include <sys/socket.h>

int packet_send(int fd, const struct cs_buf *packet)
{
	ssize_t n = 0;

	do
		n = send(fd, packet->data, packet->len, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	return errno == EAGAIN || errno == ENOBUFS ? CS_EBUSY : CS_EUNAVAIL;
}

int packet_recv(int fd, struct cs_buf *packet)
{
	ssize_t n = 0;

	cs_buf_clear(packet);
	if (cs_buf_room(packet, PACKET_MAX) < 0)
		return CS_EUNAVAIL;
	do
		n = recv(fd, packet->data, PACKET_MAX, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : CS_EUNAVAIL;
	packet->len = (size_t)n;
	return n == 0 ? CS_EUNAVAIL : 1;
}
