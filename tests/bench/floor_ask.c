/* SPDX-License-Identifier: Apache-2.0 */
/* The least that can be done to ask a daemon at all. */
#include "floor.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int call(int fd, char first)
{
	const char text[FLOOR_CALL] = {first};
	char reply[FLOOR_REPLY];
	size_t have = 0;

	if (send(fd, text, sizeof(text), MSG_NOSIGNAL) != (ssize_t)sizeof(text))
		return -1;
	while (have < sizeof(reply)) {
		ssize_t n = read(fd, reply + have, sizeof(reply) - have);

		if (n <= 0)
			return -1;
		have += (size_t)n;
	}
	return 0;
}

int floor_ask(char first)
{
	const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = FLOOR_SOCKET};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = -1;

	if (fd < 0)
		return r;
	if (connect(fd, (const struct sockaddr *)&name, sizeof(name)) == 0)
		r = call(fd, first);
	(void)close(fd);
	return r;
}
