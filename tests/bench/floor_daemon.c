/* SPDX-License-Identifier: Apache-2.0 */
/* The floor's daemon: takes a connection, reads a message, writes a reply, and knows nothing. */
#include "floor.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void answer(int fd)
{
	static const char reply[FLOOR_REPLY];
	char call[FLOOR_CALL];
	size_t have = 0;

	while (have < sizeof(call)) {
		ssize_t n = read(fd, call + have, sizeof(call) - have);

		if (n <= 0)
			return;
		have += (size_t)n;
	}
	(void)send(fd, reply, sizeof(reply), MSG_NOSIGNAL);
}

int main(void)
{
	const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = FLOOR_SOCKET};
	int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)unlink(FLOOR_SOCKET);
	if (listening < 0 || bind(listening, (const struct sockaddr *)&name, sizeof(name)) < 0 || listen(listening, 128) < 0) {
		perror(FLOOR_SOCKET);
		return 1;
	}
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		answer(fd);
		(void)close(fd);
	}
}
