/* SPDX-License-Identifier: Apache-2.0 */
/* Finds sshd's socket among the descriptors of the process. */
#include "line.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#define DESCRIPTORS 256 /* sshd opens its socket long before this many */

/* An IPv4 client of an IPv6 socket is written both as 192.0.2.1 and as ::ffff:192.0.2.1. */
static void as_mapped(struct in_addr from, struct in6_addr *ret_address)
{
	memset(ret_address, 0, sizeof(*ret_address));
	memset(ret_address->s6_addr + 10, 0xff, 2);
	memcpy(ret_address->s6_addr + 12, &from, sizeof(from));
}

static int parse_address(const char *text, struct in6_addr *ret_address)
{
	struct in_addr v4;

	if (inet_pton(AF_INET6, text, ret_address) == 1)
		return 1;
	if (inet_pton(AF_INET, text, &v4) != 1)
		return 0;
	as_mapped(v4, ret_address);
	return 1;
}

static int peer_of(int fd, struct in6_addr *ret_address)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} peer = { .room = { 0 } };
	socklen_t len = sizeof(peer);

	if (getpeername(fd, &peer.any, &len) < 0)
		return 0;
	if (peer.any.sa_family == AF_INET6 && len >= sizeof(peer.v6)) {
		*ret_address = peer.v6.sin6_addr;
		return 1;
	}
	if (peer.any.sa_family == AF_INET && len >= sizeof(peer.v4)) {
		as_mapped(peer.v4.sin_addr, ret_address);
		return 1;
	}
	return 0;
}

int cs_line_find(const char *address)
{
	struct in6_addr wanted = { 0 }, peer;
	int known = parse_address(address, &wanted);

	if (address[0] == '\0')
		return -1;
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (peer_of(fd, &peer) && (!known || memcmp(&peer, &wanted, sizeof(peer)) == 0))
			return fd;
	return -1;
}
